"""Colours of the drawn faces: one dark, middle and light tone for skin, hair, cloth and background.

Everything here works on one number a face and returns sRGB in [0, 1] as (N, 3).
"""

from collections.abc import Sequence

import numpy as np

Ramp = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Three colours (N, 3): in shadow, as it is, in the light."""

_SKIN = (
    (0.990, 0.880, 0.820),
    (0.970, 0.805, 0.700),
    (0.905, 0.700, 0.560),
    (0.800, 0.575, 0.425),
    (0.620, 0.415, 0.295),
    (0.440, 0.285, 0.205),
)
_HAIR = {  # from hair_shade 0 to 1
    "black": ((0.075, 0.070, 0.090), (0.130, 0.115, 0.125)),
    "brown": ((0.330, 0.190, 0.110), (0.520, 0.335, 0.205)),
    "blond": ((0.820, 0.610, 0.280), (0.950, 0.840, 0.560)),
    "red": ((0.600, 0.150, 0.080), (0.840, 0.380, 0.130)),
    "grey": ((0.520, 0.530, 0.560), (0.830, 0.840, 0.870)),
}
_IRIS = (
    (0.00, (0.23, 0.12, 0.06)),
    (0.20, (0.42, 0.24, 0.11)),
    (0.32, (0.56, 0.39, 0.17)),
    (0.55, (0.36, 0.50, 0.24)),
    (0.80, (0.24, 0.50, 0.72)),
    (1.00, (0.50, 0.59, 0.66)),
)
_LIPSTICK = ((0.90, 0.33, 0.26), (0.80, 0.07, 0.13), (0.56, 0.08, 0.27), (0.93, 0.25, 0.50))
_SHADOW = ((0.50, 0.27, 0.14), (0.46, 0.15, 0.42), (0.16, 0.25, 0.60), (0.06, 0.45, 0.45))


def oklch(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """sRGB (N, 3) of OKLCH colours (Ottosson 2020); hue counts turns, not degrees."""
    a, b = chroma * np.cos(2 * np.pi * hue), chroma * np.sin(2 * np.pi * hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.stack(
        [
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        ],
        axis=-1,
    )
    linear = np.clip(linear, 0.0, 1.0)
    return np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def mix(first, second, share) -> np.ndarray:
    """`first` where `share` is 0, `second` where it is 1; `share` is a number or (N,)."""
    share = np.asarray(share, dtype=float)
    share = share[:, None] if share.ndim == 1 else share
    return np.asarray(first) + share * (np.asarray(second) - np.asarray(first))


def _along(stops: Sequence, position: np.ndarray, at: Sequence[float] | None = None) -> np.ndarray:
    """Colours (N, 3) at `position` along stops that lie at `at` (evenly in [0, 1] by default)."""
    at = np.linspace(0, 1, len(stops)) if at is None else at
    return np.stack(
        [np.interp(position, at, [stop[c] for stop in stops]) for c in range(3)], axis=-1
    )


def skin(tone: np.ndarray, undertone: np.ndarray) -> Ramp:
    """Skin: shadows are redder, not greyer; dark skin keeps clear highlights."""
    warm = np.array([0.010, 0.014, -0.034])
    cool = np.array([0.006, -0.020, 0.012])
    base = _along(_SKIN, tone)
    base = (
        base + np.maximum(undertone, 0)[:, None] * warm + np.maximum(-undertone, 0)[:, None] * cool
    )
    shadow = base * np.array([0.660, 0.480, 0.450]) + np.array([0.012, 0.004, 0.028])
    light = mix(base, (1.0, 0.965, 0.90), 0.62 - 0.20 * tone)
    return shadow, np.clip(base, 0, 1), light


def hair(colour: np.ndarray, shade: np.ndarray) -> Ramp:
    """Hair: black shines bluish, the others in a lighter tone of their own."""
    base = oklch(0.60 + 0.08 * np.sin(9 * shade), 0.135 + 0 * shade, 0.47 + 0.55 * shade)
    light = mix(base, (1.0, 1.0, 1.0), 0.50)
    gloss = {
        "black": ((0.46, 0.50, 0.60), 0.62),
        "brown": ((0.93, 0.70, 0.46), 0.58),
        "blond": ((1.00, 0.97, 0.82), 0.72),
        "red": ((1.00, 0.68, 0.36), 0.58),
        "grey": ((1.00, 1.00, 1.00), 0.70),
    }
    for name, (low, high) in _HAIR.items():
        rows = colour == name
        base[rows] = mix(np.array(low)[None], np.array(high)[None], shade[rows])
        light[rows] = mix(base[rows], gloss[name][0], gloss[name][1])
    shadow = base * np.array([0.42, 0.36, 0.40])
    shadow[colour == "blond"] = base[colour == "blond"] * np.array([0.62, 0.50, 0.40])
    shadow[colour == "grey"] = base[colour == "grey"] * np.array([0.52, 0.52, 0.58])
    return shadow, base, light


def iris(position: np.ndarray) -> np.ndarray:
    """Iris (N, 3) from dark brown over green and blue to grey."""
    return _along([c for _, c in _IRIS], position, [p for p, _ in _IRIS])


def lips(tone: np.ndarray, skin_base: np.ndarray, lipstick: np.ndarray, hue: np.ndarray):
    """Lips (N, 3): a rosy skin, over which lipstick lies."""
    bare = skin_base * np.array([0.89, 0.69, 0.66]) + np.array([0.015, 0.0, 0.005])
    paint = _along(_LIPSTICK, hue, (0.0, 0.35, 0.70, 1.0))
    paint = paint * (1.04 - 0.14 * tone)[:, None]
    return mix(bare, paint, 0.92 * lipstick)


def eye_shadow(tone: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """Eye shadow (N, 3): bronze, plum, blue, teal."""
    return np.clip(_along(_SHADOW, hue) * (1.15 - 0.35 * tone)[:, None], 0, 1)


def blush(skin_base: np.ndarray) -> np.ndarray:
    """The red (N, 3) that shows in cheeks of this skin."""
    return mix(skin_base * np.array([1.0, 0.62, 0.60]), (0.86, 0.24, 0.27), 0.38)


def cloth(hue: np.ndarray, lightness: np.ndarray) -> Ramp:
    """Cloth: muted in the dark and light, clearer between."""
    middle = 1 - np.abs(2 * lightness - 1)
    base = oklch(0.26 + 0.66 * lightness, 0.035 + 0.105 * middle, hue)
    return base * np.array([0.60, 0.58, 0.66]), base, mix(base, (1.0, 1.0, 1.0), 0.28)


def background(hue: np.ndarray, lightness: np.ndarray) -> Ramp:
    """Background: three neighbouring hues, the lightest one warm."""
    level, chroma = 0.42 + 0.45 * lightness, 0.045 + 0.045 * np.sin(np.pi * lightness)
    return (
        oklch(level - 0.13, chroma * 1.05, hue + 0.06),
        oklch(level, chroma, hue),
        oklch(level + 0.11, chroma * 0.75, hue - 0.10),
    )
