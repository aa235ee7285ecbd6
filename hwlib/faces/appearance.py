"""From a face's factors to the lengths, strengths and colours that the drawing's layers use.

Lengths are in head units: the head is about 1.15 wide and 1.55 tall.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from hwlib.errors import UserError
from hwlib.faces import palette
from hwlib.faces.factors import FACTORS, LEVELS

_NUM_NOISE = 48


def appearance_of(factors: pd.DataFrame) -> dict[str, np.ndarray]:
    """Everything the layers need to know about N faces.

    Args:
        factors: N rows with every column of `FACTORS`.

    Returns:
        float32 arrays by name: numbers and flags (N, 1, 1) (a level of a discrete factor is a flag
        `factor_level`), colours (N, 3, 1, 1), ramps of shadow, middle and light (N, 3, 3, 1, 1),
        and `noise` (N, 48, 1, 1), uniform numbers that follow from `detail`.

    Raises:
        UserError: a discrete factor has an unknown level.
    """
    f = SimpleNamespace(**{name: factors[name].to_numpy() for name in FACTORS})
    numbers = _pose(f) | _head(f) | _eyes(f) | _nose_and_mouth(f) | _hair(f)
    for name, levels in LEVELS.items():
        column = getattr(f, name)
        unknown = sorted(set(map(str, column)) - set(levels))
        if unknown:
            raise UserError("factor_value", name=name, value=repr(unknown[0]), known=levels)
        numbers |= {f"{name}_{level}": column == level for level in levels}
    appearance = {k: np.asarray(v, dtype=np.float32)[:, None, None] for k, v in numbers.items()}
    for name, value in _colours(f).items():
        tones = value if isinstance(value, tuple) else (value,)
        stacked = [np.clip(t, 0, 2).astype(np.float32)[:, :, None, None] for t in tones]
        appearance[name] = stacked[0] if len(stacked) == 1 else np.stack(stacked, axis=1)
    appearance["noise"] = _uniforms(f.detail)[:, :, None, None]
    return appearance


def _uniforms(seeds: np.ndarray) -> np.ndarray:
    """Uniform float32 (N, 48) by a hash of each row's seed (SplitMix64)."""
    count = np.arange(1, _NUM_NOISE + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x = seeds.astype(np.uint64)[:, None] * np.uint64(0xD1342543DE82EF95) + count
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x = x ^ (x >> np.uint64(31))
    return ((x >> np.uint64(40)).astype(np.float64) / 2.0**24).astype(np.float32)


def _pose(f: SimpleNamespace) -> dict:
    """How the head is held, and where the light comes from (a unit vector)."""
    angle = 0.16 * f.tilt
    light = np.stack([0.75 * f.light_x, 0 * f.light_x - 0.42, 0.80 - 0.15 * f.light_contrast])
    light = light / np.sqrt((light**2).sum(axis=0))
    return {
        "cos": np.cos(angle),
        "sin": np.sin(angle),
        "yaw": f.yaw,
        "scale": 1.0 / (0.975 + 0.05 * f.zoom),
        "shift": 0.05 * f.shift_x,
        "light_x": light[0],
        "light_y": light[1],
        "light_z": light[2],
        "contrast": 0.62 + 0.50 * f.light_contrast,
    }


def _head(f: SimpleNamespace) -> dict:
    m = f.masculinity
    return {
        "m": m,
        "age": f.age,
        "freckles": f.freckles,
        "makeup": f.makeup,
        "cheekbones": f.cheekbones,
        "width": _width(f),
        "chin_y": 0.795 + 0.035 * f.face_length + 0.012 * m,
        "square": f.jaw,
        "taper": 0.15 + 0.21 * f.chin - 0.06 * f.jaw - 0.03 * m,
        "neck": 0.235 + 0.105 * m,
        "shoulders": 0.88 - 0.045 * m,
    }


def _width(f: SimpleNamespace) -> np.ndarray:
    """Half the head's width."""
    return 0.558 + 0.026 * f.masculinity + 0.035 * f.face_width


def _eyes(f: SimpleNamespace) -> dict:
    m, smile = f.masculinity, f.smile
    wide = 1 + 0.15 * f.eye_size + 0.20 * f.eye_open
    return {
        "eye_x": 0.250 + 0.022 * f.eye_spacing,
        "eye_w": (0.152 - 0.008 * m) * (1 + 0.11 * f.eye_size),
        "eye_h": (0.100 - 0.020 * m) * wide * (1 - 0.10 * smile),
        "eye_low": (0.056 - 0.008 * m) * (1 + 0.10 * f.eye_size) * (1 - 0.42 * smile),
        "eye_tilt": 0.012 + 0.028 * f.eye_tilt,
        "iris_r": 0.082 * (1 + 0.09 * f.eye_size) - 0.006 * m,
        "gaze_x": 0.045 * f.gaze_x,
        "gaze_y": 0.022 * f.gaze_y,
        "brow_y": -0.265 + 0.045 * m - 0.032 * f.brow_height - 0.008 * smile,
        "brow_t": (0.021 + 0.021 * m) * (1 + 0.30 * f.brow_thickness),
        "brow_w": 0.170 + 0.012 * m,
        "brow_arch": 0.040 + 0.026 * f.brow_arch - 0.014 * m,
        "brow_slope": 0.020 * f.brow_arch - 0.01 * m,
    }


def _nose_and_mouth(f: SimpleNamespace) -> dict:
    m, smile, opened = f.masculinity, f.smile, f.mouth_open
    return {
        "nose_w": 0.086 + 0.020 * f.nose_width + 0.014 * m,
        "nose_y": 0.205 + 0.035 * f.nose_length,
        "mouth_y": 0.435 + 0.012 * f.face_length + 0.015 * f.nose_length - 0.015 * smile,
        "mouth_w": (0.180 + 0.020 * f.mouth_width) * (1 + 0.36 * smile) + 0.008 * m,
        "smile": smile,
        "lift": 0.112 * smile + 0.006,
        "open": opened > 0.3,
        "gap_up": 0.012 * opened + 0.018 * opened * smile,
        "gap_low": opened * (0.075 + 0.045 * opened),
        "lip_up": 0.026 + 0.048 * f.lip_fullness - 0.006 * smile,
        "lip_low": 0.036 + 0.066 * f.lip_fullness - 0.008 * smile,
        "lipstick": f.lipstick,
    }


def _hair(f: SimpleNamespace) -> dict:
    """How the hair lies: outline, opening for the face, and the way its strands run.

    Three ways: swept from a parting (loose or tied back), bent over to one side (short, the
    "swoop"), or straight from the crown (bangs, combed back, cropped).
    """
    m, part = f.masculinity, f.hair_part
    straight, wavy = f.hair_texture == "straight", f.hair_texture == "wavy"
    coily, cropped = f.hair_texture == "coily", f.hair_style == "cropped"
    short, smooth = f.hair_style == "short", f.hair_texture == "smooth"
    loose = np.isin(f.hair_style, ("bob", "long"))
    bound = np.isin(f.hair_style, ("bun", "ponytail"))
    tight = bound | (smooth & ~loose)
    fringe = f.bangs > 0.5
    plain = ~coily & ~cropped & ~fringe
    swept = plain & (loose | (bound & (np.abs(part) > 0.15)))
    swoop = plain & short
    quiff = swoop & smooth
    side = np.where(part > 0, -1.0, 1.0)
    full = f.hair_volume
    volume = np.select(
        [coily & ~cropped, cropped, quiff, tight],
        [0.15 + 0.11 * full, 0.012 + 0.02 * full, 0.08 + 0.07 * full, 0.035 + 0.035 * full],
        0.070 + 0.085 * full,
    )
    return {
        # outline
        "loose": loose,
        "tight": tight,
        "volume": volume * np.where(loose | coily, 1.0, 0.55 - 0.15 * m),
        "lift_top": volume * np.where(quiff, 1.35, 1.15) + np.where(quiff, 0.03, -0.01),
        "lean": 0.25 * (short & (~tight | quiff) & ~coily),
        "nape": np.where(coily, 0.72, 0.44),
        "crest": swoop * (0.03 + 0.07 * full),
        "tufts": 0.020 * (short & straight),
        "wave": wavy * (0.055 + 0.020 * full) * np.where(loose, 1.0, 0.6),
        "length": np.select(
            [f.hair_style == "long", f.hair_style == "bob"],
            [1.05 + 0.25 * f.hair_length, 0.50 + 0.10 * f.hair_length],
            0.05 + 0.09 * f.hair_length,
        ),
        # opening
        "opening": _width(f)
        * np.select([cropped, loose, tight], [0.95, 0.90 - 0.10 * full, 0.97], 0.94),
        "hairline": -0.530 - 0.050 * f.hairline + 0.01 * m,
        "peak": np.select(
            [swept, swoop], [0.20 * part, -0.22 * side - 0.08 * part * (m > 0.5)], 0.04 * part
        ),
        "boxy": np.where(swept, 0.10, 0.22 + 0.42 * m - 0.25 * swoop),
        "pointed": swept * np.where(loose, 0.42, 0.28),
        "ragged": np.select([cropped, swoop, tight], [0.003, 0.012, 0.005], 0.003),
        "fade": 0.012 + 0.20 * cropped + 0.10 * m * ~loose,
        "bang": fringe,
        "bang_y": -0.40 + 0.17 * f.bangs,
        "bang_slope": np.where(short, 0.20, 0.10) * part,
        # strands
        "part": 0.20 * part,
        "side": side,
        "swept": swept,
        "swoop": swoop,
        "streaks": np.select([cropped | coily, straight, wavy], [0.07, 1.0, 0.65], 0.42),
    }


def _colours(f: SimpleNamespace) -> dict:
    skin = palette.skin(f.skin_tone, f.skin_undertone)
    hair = palette.hair(f.hair_colour, f.hair_shade)
    light_hair = np.isin(f.hair_colour, ("blond", "grey"))
    brow = palette.mix(
        hair[1] * 0.62, hair[0] * 0.9 + skin[0] * 0.15, np.where(light_hair, 0.35, 0.6)
    )
    brow[f.hair_colour == "dyed"] = (0.20, 0.13, 0.11)  # only the hair on the head is dyed
    return {
        "skin": skin,
        "hair": hair,
        "brow": brow,
        "lash": brow * 0.30 + np.array([0.02, 0.012, 0.015]),
        "iris": palette.iris(f.eye_colour),
        "lip": palette.lips(f.skin_tone, skin[1], f.lipstick, f.lipstick_hue),
        "eye_shadow": palette.eye_shadow(f.skin_tone, f.makeup_hue),
        "blush": palette.blush(skin[1]),
        "cloth": palette.cloth(f.clothes_hue, f.clothes_lightness),
        "cloth2": palette.cloth(f.clothes_hue + 0.45, 1 - f.clothes_lightness),
        "back": palette.background(f.background_hue, f.background_lightness),
        "tint": 1 + f.light_warmth[:, None] * np.array([0.030, 0.004, -0.045]),
    }
