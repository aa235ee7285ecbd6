"""Draws faces from their factors, in signed distances: no picture, font or brush is read.

Each part of a face is a shape given by a distance (negative inside), so that its edge can be
smoothed exactly at any size. Layers are painted from back to front: background, hair behind the
head, body, ears, head, features, hair in front, glasses. Relief on skin and hair is one number
a pixel, the tone, that layers add to (light) or take from (shade) before it becomes colour.

Only +, -, *, /, square root, minimum, maximum and floor touch the pixels; IEEE fixes every bit of
these, so pictures do not depend on the number of threads or on how a batch is cut. (That is also
why this is NumPy: it runs chunks in plain threads and leaves PyTorch's thread count alone.)

Coordinates: x to the right and y down, both [-1, 1] on the canvas; u and v are the same seen from
the head, after its tilt, with the eyes near v = -0.06 and the chin near v = 0.72.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd

from hwlib.data import palette
from hwlib.data.factors import FACTORS, LEVELS, check_columns
from hwlib.errors import UserError

_CHUNK_PIXELS = 64 * 64 * 24


def draw_faces(factors: pd.DataFrame, image_size: int = 64) -> np.ndarray:
    """Draw one face for each row of a table of factors.

    Args:
        factors: N rows with every column of `FACTORS`, as `sample_factors` makes them.
        image_size: height and width S of a picture in pixels, 8 or more.

    Returns:
        uint8 (N, S, S, 3), sRGB. A row's picture depends on that row and S alone.

    Raises:
        UserError: a column or a level is unknown, or the size is too small.
    """
    if image_size < 8:
        raise UserError(f"image_size {image_size}: too small for a face, give 8 or more")
    check_columns(factors, set(FACTORS))
    images = np.empty((len(factors), image_size, image_size, 3), dtype=np.uint8)
    if len(factors) == 0:
        return images
    look = _look(factors)
    step = max(1, _CHUNK_PIXELS // image_size**2)

    def draw(start: int) -> None:
        part = SimpleNamespace(**{k: v[start : start + step] for k, v in look.items()})
        images[start : start + step] = _draw_chunk(part, image_size)

    # At most one thread a core; NumPy lets the others run while it computes.
    with ThreadPoolExecutor(min(_num_cores(), 16)) as pool:
        list(pool.map(draw, range(0, len(factors), step)))
    return images


def _num_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# --- From factors to lengths and colours, one value a face ----------------------------------------


def _look(factors: pd.DataFrame) -> dict[str, np.ndarray]:
    """Everything the layers need: float32 (N, 1, 1) numbers and flags, (N, 3, 1, 1) colours."""
    f = SimpleNamespace(**{name: factors[name].to_numpy() for name in FACTORS})
    numbers, colours = _numbers(f), _colours(f)
    for name, levels in LEVELS.items():
        unknown = sorted(set(map(str, factors[name])) - set(levels))
        if unknown:
            raise UserError(f"factor {name}: unknown {unknown[0]!r}, choose from {', '.join(levels)}")
        column = getattr(f, name)
        numbers |= {f"{name}_{level}": column == level for level in levels}
    look = {k: np.asarray(v, dtype=np.float32)[:, None, None] for k, v in numbers.items()}
    for name, value in colours.items():
        tones = value if isinstance(value, tuple) else (value,)
        stacked = [np.clip(t, 0, 1).astype(np.float32)[:, :, None, None] for t in tones]
        look[name] = stacked[0] if len(stacked) == 1 else np.stack(stacked, axis=1)
    look["noise"] = _uniforms(f.detail, 48)[:, :, None, None]
    return look


def _uniforms(seeds: np.ndarray, num: int) -> np.ndarray:
    """Uniform float32 (N, num) by a hash of each row's seed (SplitMix64)."""
    with np.errstate(over="ignore"):
        count = np.arange(1, num + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = seeds.astype(np.uint64)[:, None] * np.uint64(0xD1342543DE82EF95) + count
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return ((x >> np.uint64(40)).astype(np.float64) / 2.0**24).astype(np.float32)


def _numbers(f: SimpleNamespace) -> dict:
    """Lengths in head units, and strengths, from the factors."""
    m = f.masculinity
    width = 0.558 + 0.026 * m + 0.035 * f.face_width
    smile, opened = f.smile, f.mouth_open
    angle = 0.16 * f.tilt
    light = np.stack([f.light_x * 0.75, np.full(len(m), -0.42), 0.80 - 0.15 * f.light_contrast])
    light = light / np.sqrt((light**2).sum(0))
    loose = np.isin(f.hair_style, ("bob", "long"))
    coily, cropped = f.hair_texture == "coily", f.hair_style == "cropped"
    tight = np.isin(f.hair_style, ("bun", "ponytail")) | ((f.hair_texture == "smooth") & ~loose)
    volume = 0.070 + 0.085 * f.hair_volume
    volume = np.where(tight, 0.035 + 0.035 * f.hair_volume, volume)
    quiff = (f.hair_style == "short") & (f.hair_texture == "smooth") & (m > 0.5) & (f.bangs < 0.5)
    volume = np.where(quiff, 0.08 + 0.07 * f.hair_volume, volume)
    volume = np.where(cropped, 0.012 + 0.02 * f.hair_volume, volume)
    volume = np.where(coily & ~cropped, 0.15 + 0.11 * f.hair_volume, volume)
    wavy = f.hair_texture == "wavy"
    swept = loose & ~coily & (f.bangs < 0.5)
    swoop = (f.hair_style == "short") & ~coily & (f.bangs < 0.5) & ((f.hair_texture != "smooth") | (m > 0.5))
    side = np.where(f.hair_part > 0, -1.0, 1.0)
    peak = np.select([swept, swoop], [0.20 * f.hair_part, -0.22 * side - 0.08 * f.hair_part * (m > 0.5)], 0.04 * f.hair_part)
    return {
        # pose and light
        "cos": np.cos(angle), "sin": np.sin(angle), "yaw": f.yaw,
        "scale": 1.0 / (0.975 + 0.05 * f.zoom), "shift": 0.05 * f.shift_x,
        "light_x": light[0], "light_y": light[1], "light_z": light[2],
        "contrast": 0.62 + 0.50 * f.light_contrast,
        # head
        "width": width, "top": np.full(len(m), 0.755), "chin_y": 0.795 + 0.035 * f.face_length + 0.012 * m,
        "square": np.clip(f.jaw, 0, 1), "taper": 0.15 + 0.21 * f.chin - 0.06 * f.jaw - 0.03 * m,
        "cheekbones": f.cheekbones, "age": f.age, "freckles": f.freckles, "m": m,
        "neck": 0.235 + 0.105 * m, "shoulders": 0.88 - 0.045 * m, "tone": f.skin_tone,
        # eyes and brows
        "eye_x": 0.250 + 0.022 * f.eye_spacing, "eye_y": -0.055 + 0.0 * m,
        "eye_w": (0.152 - 0.008 * m) * (1 + 0.11 * f.eye_size),
        "eye_h": (0.100 - 0.020 * m) * (1 + 0.15 * f.eye_size + 0.20 * f.eye_open) * (1 - 0.10 * smile),
        "eye_low": (0.056 - 0.008 * m) * (1 + 0.10 * f.eye_size) * (1 - 0.42 * smile),
        "eye_tilt": 0.012 + 0.028 * f.eye_tilt, "iris_r": 0.082 * (1 + 0.09 * f.eye_size) - 0.006 * m,
        "gaze_x": 0.045 * f.gaze_x, "gaze_y": 0.022 * f.gaze_y,
        "brow_y": -0.265 + 0.045 * m - 0.032 * f.brow_height - 0.008 * smile,
        "brow_t": (0.021 + 0.021 * m) * (1 + 0.30 * f.brow_thickness),
        "brow_arch": 0.040 + 0.026 * f.brow_arch - 0.014 * m, "brow_slope": 0.020 * f.brow_arch - 0.01 * m,
        "brow_w": 0.170 + 0.012 * m,
        "makeup": f.makeup,
        # nose and mouth
        "nose_w": 0.086 + 0.020 * f.nose_width + 0.014 * m, "nose_y": 0.205 + 0.035 * f.nose_length,
        "mouth_y": 0.435 + 0.012 * f.face_length + 0.015 * f.nose_length - 0.015 * smile,
        "mouth_w": (0.180 + 0.020 * f.mouth_width) * (1 + 0.36 * smile) + 0.008 * m,
        "lift": 0.112 * smile + 0.006, "opened": opened,
        "gap_up": 0.012 * opened + 0.018 * opened * smile, "gap_low": opened * (0.075 + 0.045 * opened),
        "lip_up": 0.026 + 0.048 * f.lip_fullness - 0.006 * smile,
        "lip_low": 0.036 + 0.066 * f.lip_fullness - 0.008 * smile,
        "smile": smile, "lipstick": f.lipstick,
        # hair
        "volume": volume * np.where(loose | coily, 1.0, 0.55 - 0.15 * m), "lift_top": volume * np.where(quiff, 1.35, 1.15) + np.where(quiff, 0.03, -0.01),
        "loose": loose, "tight": tight, "swept": swept,
        "part": 0.20 * f.hair_part, "peak": peak, "hairline": -0.530 - 0.050 * f.hairline + 0.01 * m,
        "nape": np.where(coily, 0.72, 0.44), "quiff": (f.hair_style == "short") & (~tight | quiff) & ~coily,
        "ragged": np.select([cropped, swoop, tight], [0.003, 0.012, 0.005], 0.003),
        "swoop": swoop, "side": side, "crest": 0.03 + 0.07 * f.hair_volume, "fade": 0.012 + 0.20 * cropped + 0.10 * (m * ~loose),
        "parting": swept, "tufts": 0.020 * ((f.hair_style == "short") & (f.hair_texture == "straight")),
        "boxy": np.where(swept, 0.10, 0.22 + 0.42 * m - 0.25 * swoop), "pointed": np.where(swept, 0.42, 0.0),
        "opening": width * np.select([cropped, loose, tight], [0.95, 0.90 - 0.10 * f.hair_volume, 0.97], 0.94),
        "length": np.select(
            [f.hair_style == "long", f.hair_style == "bob"],
            [1.05 + 0.25 * f.hair_length, 0.50 + 0.10 * f.hair_length],
            0.05 + 0.09 * f.hair_length,
        ),
        "wave": np.where(wavy, 0.055 + 0.020 * f.hair_volume, 0.0) * np.where(loose, 1.0, 0.6),
        "streaks": np.select([cropped | coily, f.hair_texture == "straight", wavy], [0.07, 1.0, 0.65], 0.42),
        "bang": f.bangs > 0.5, "bang_y": -0.40 + 0.17 * f.bangs, "bang_slope": np.where(f.hair_style == "short", 0.10, 0.05) * f.hair_part,
    }  # fmt: skip


def _colours(f: SimpleNamespace) -> dict:
    """Colours and ramps of colours from the factors."""
    skin = palette.skin(f.skin_tone, f.skin_undertone)
    hair = palette.hair(f.hair_colour, f.hair_shade)
    warmth = f.light_warmth[:, None]
    dark_brows = np.isin(f.hair_colour, ("blond", "grey"))
    brow = palette.mix(hair[1] * 0.62, hair[0] * 0.9 + skin[0] * 0.15, np.where(dark_brows, 0.35, 0.6))
    brow[f.hair_colour == "dyed"] = (0.20, 0.13, 0.11)
    return {
        "skin": skin,
        "hair": hair,
        "brow": brow,
        "iris": palette.iris(f.eye_colour),
        "lip": palette.lips(f.skin_tone, skin[1], f.lipstick, f.lipstick_hue),
        "eye_shadow": palette.eye_shadow(f.skin_tone, f.makeup_hue),
        "blush": palette.blush(skin[1]),
        "cloth": palette.cloth(f.clothes_hue, f.clothes_lightness),
        "cloth2": palette.cloth(f.clothes_hue + 0.45, 1 - f.clothes_lightness),
        "back": palette.background(f.background_hue, f.background_lightness),
        "tint": 1 + warmth * np.array([0.030, 0.004, -0.045]),
    }


# --- Brush ---------------------------------------------------------------------------------------


def _smooth(t: np.ndarray) -> np.ndarray:
    """Smooth step: 0 below 0, 1 above 1."""
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def _bump(q: np.ndarray) -> np.ndarray:
    """A soft hill over a squared distance q: 1 at 0, 0 from 1 on."""
    t = np.maximum(1.0 - q, 0.0)
    return t * t


def _wave(t: np.ndarray) -> np.ndarray:
    """sin(2 pi t) to within 0.06, from parabolas."""
    t = t - np.floor(t + 0.5)
    return 8.0 * t * (1.0 - 2.0 * np.abs(t))


def _hypot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sqrt(a * a + b * b)


def _radial(du: np.ndarray, dv: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Distance to the curve r = 1 measured along the ray from the centre (r is 1-homogeneous)."""
    return _hypot(du, dv) * (1.0 - 1.0 / np.maximum(r, 1e-3))


@dataclass
class _Pen:
    """A window on a batch of pictures: where its pixels lie, and their colours to paint over."""

    image: np.ndarray  # (B, 3, h, w)
    x: np.ndarray  # (B, h, w), body coordinates
    y: np.ndarray
    u: np.ndarray  # (B, h, w), head coordinates
    v: np.ndarray
    pixel: np.ndarray  # (B, 1, 1), a pixel's side in head units

    def window(self, left: float, right: float, top: float, bottom: float) -> "_Pen":
        """The part of the canvas between these edges, given in canvas coordinates."""
        size = self.image.shape[-1]
        lo = [max(0, int(np.floor((e + 1) / 2 * size))) for e in (top, left)]
        hi = [min(size, max(1, int(np.ceil((e + 1) / 2 * size)))) for e in (bottom, right)]
        rows, columns = (slice(min(a, b - 1), b) for a, b in zip(lo, hi, strict=True))
        cut = (slice(None), rows, columns)
        return _Pen(
            self.image[:, :, rows, columns],
            self.x[cut], self.y[cut], self.u[cut], self.v[cut], self.pixel,
        )  # fmt: skip

    def cover(self, distance: np.ndarray, blur: float = 0.0) -> np.ndarray:
        """Share of each pixel that lies inside; `blur` widens the edge, in head units."""
        return np.clip(0.5 - distance / (self.pixel + blur), 0.0, 1.0)

    def line(self, distance: np.ndarray, half_width) -> np.ndarray:
        """Share of each pixel that a stroke covers, right for strokes thinner than a pixel too."""
        inner = np.clip(0.5 + (half_width - distance) / self.pixel, 0.0, 1.0)
        return np.maximum(inner - np.clip(0.5 - (half_width + distance) / self.pixel, 0.0, 1.0), 0.0)

    def paint(self, mask: np.ndarray, colour: np.ndarray) -> None:
        """Lay `colour` (B, 3, 1, 1) or (B, 3, h, w) over the picture where `mask` (B, h, w) is 1."""
        change = colour - self.image
        change *= mask[:, None]
        self.image += change

    def detail(self, frequency) -> np.ndarray:
        """1 where waves of this many cycles a unit can be seen at this size, 0 where they alias."""
        return np.clip(1.7 - 3.4 * frequency * self.pixel, 0.0, 1.0)


def _shade(ramp: np.ndarray, tone: np.ndarray) -> np.ndarray:
    """Colours (B, 3, h, w) of a ramp (B, 3, 3, 1, 1): shadow at -1, itself at 0, light at 1."""
    tone = np.clip(tone, -1.0, 1.0)[:, None]
    shadow, base, light = ramp[:, 0], ramp[:, 1], ramp[:, 2]
    return base + np.maximum(tone, 0.0) * (light - base) + np.minimum(tone, 0.0) * (base - shadow)


def _draw_chunk(f: SimpleNamespace, size: int) -> np.ndarray:
    """uint8 (B, S, S, 3) of a few faces."""
    pen = _canvas(f, size)
    _paint_background(pen, f)
    head = _head_distance(f, pen.u, pen.v)
    hair = _hair_shape(pen, f)
    _paint_back_hair(pen, f, hair)
    _paint_body(pen, f)
    _paint_ears(pen, f)
    _paint_head(pen, f, head, hair)
    _paint_beard(pen, f, head)
    _paint_mouth(pen, f)
    _paint_nose(pen, f)
    for side in (-1.0, 1.0):
        _paint_eye(pen, f, side)
        _paint_brow(pen, f, side)
    _paint_front_hair(pen, f, hair)
    _paint_glasses(pen, f)
    _paint_earrings(pen, f)
    image = pen.image * f.tint
    np.clip(image, 0.0, 1.0, out=image)
    image *= 255.0
    image += 0.5
    return image.astype(np.uint8).transpose(0, 2, 3, 1)


def _canvas(f: SimpleNamespace, size: int) -> _Pen:
    centres = ((np.arange(size) + 0.5) * (2.0 / size) - 1.0).astype(np.float32)
    x = (centres[None, None, :] - f.shift) * f.scale
    y = (centres[None, :, None] + 0.02) * f.scale
    pivot = np.float32(0.6)
    u = f.cos * x + f.sin * (y - pivot)
    v = f.cos * (y - pivot) - f.sin * x + pivot
    x, y = (np.broadcast_to(a, u.shape) for a in (x, y))
    image = np.empty((len(u), 3, size, size), dtype=np.float32)
    return _Pen(image, x, y, u, v, np.float32(2.0 / size) * f.scale)


# --- Background ----------------------------------------------------------------------------------


def _paint_background(pen: _Pen, f: SimpleNamespace) -> None:
    x, y, n = pen.x, pen.y, f.noise
    slope = (n[:, 0] - 0.5) * 0.8
    tone = -0.75 * (y + slope * x) * (f.background_gradient + f.background_bokeh)

    glow = _bump(((x - 0.5 * f.light_x) ** 2 + (y + 0.25) ** 2) / 1.9)
    tone = tone + f.background_glow * (1.9 * glow - 0.9)

    edge = x * (n[:, 1] - 0.5) * 1.2 + y - (n[:, 2] - 0.6) * 0.9
    tone = tone + f.background_halves * (0.85 * (2.0 * pen.cover(edge, 0.02) - 1.0) - 0.15 * y)

    far = -0.25 + 0.3 * n[:, 3] + 0.10 * _wave(0.55 * x + n[:, 4]) + 0.03 * _wave(1.7 * x + n[:, 5])
    near = far + 0.32 + 0.09 * _wave(0.45 * x + n[:, 6])
    hills = 0.95 - 0.35 * (y + 1.0) - 0.75 * pen.cover(far - y, 0.03)
    hills = hills - 0.75 * pen.cover(near - y, 0.03)
    tone = tone + f.background_hills * hills

    for k in range(6):  # discs of light out of focus
        cx, cy = n[:, 8 + k] * 2.4 - 1.2, n[:, 14 + k] * 1.7 - 1.1
        radius = 0.14 + 0.16 * n[:, 20 + k]
        disc = pen.cover(_hypot(x - cx, y - cy) - radius, 0.05)
        tone = tone + f.background_bokeh * (0.30 + 0.25 * n[:, 21 + k]) * disc
    pen.image[...] = _shade(f.back, tone)


# --- Head ----------------------------------------------------------------------------------------


def _head_distance(f: SimpleNamespace, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Distance to the outline of the face: an ellipse above, jaw and chin below."""
    t = v + 0.08
    low = np.maximum(t, 0.0) / f.chin_y
    q = low + np.minimum(t, 0.0) / f.top
    uc = u - 0.075 * f.yaw * np.minimum(low * 1.3, 1.0)
    a = uc / (f.width * (1.0 - f.taper * low * low))
    a2, q2 = a * a, q * q
    ellipse = np.sqrt(a2 + q2)
    box = np.sqrt(np.sqrt(a2 * a2 + q2 * q2))
    square = f.square * np.minimum(low * 2.0, 1.0)
    return _radial(uc, t, ellipse + square * (box - ellipse))


def _axis(f: SimpleNamespace, depth: float) -> np.ndarray:
    """Where the middle of the face lies at a feature that stands out by `depth`."""
    return depth * f.yaw


def _paint_ears(pen: _Pen, f: SimpleNamespace) -> None:
    for side in (-1.0, 1.0):
        p = pen.window(-0.95, -0.3, -0.45, 0.45) if side < 0 else pen.window(0.3, 0.95, -0.45, 0.45)
        # the ear on the side we turn to hides behind the cheek
        du = side * p.u - (f.width - 0.004 - 0.06 * np.maximum(side * f.yaw, 0.0))
        dv = p.v - 0.055
        r = _hypot((du + 0.14 * dv) / 0.080, dv / 0.160)
        distance = _radial(du, dv, r)
        inner = _bump(((du - 0.015) / 0.05) ** 2 + ((dv + 0.01) / 0.11) ** 2)
        tone = -0.18 + 0.45 * side * f.light_x - 0.75 * inner
        tone = tone + 0.35 * _bump((distance + 0.02) ** 2 / 0.0005)
        p.paint(p.cover(distance), _shade(f.skin, tone * f.contrast))


def _paint_head(pen: _Pen, f: SimpleNamespace, head: np.ndarray, hair: SimpleNamespace) -> None:
    p = pen
    tone = _skin_tone(p, f, head)
    # what the hair throws on the skin
    edge = hair.opening + 0.10 * np.maximum(f.light_x * p.u * -1.0, -0.3)
    tone = tone - 0.75 * _smooth(1.0 + edge / 0.16) * (1.0 - 0.75 * f.hair_style_cropped)
    below = hair.bang
    tone = tone - 0.85 * f.bang * _smooth(1.0 - below / 0.11)
    colour = _shade(f.skin, tone * f.contrast)
    _tint_cheeks(p, f, colour)
    p.paint(p.cover(head), colour)


def _skin_tone(p: _Pen, f: SimpleNamespace, head: np.ndarray) -> np.ndarray:
    """Light and shade on the face: a rounded head, then hills and hollows."""
    u, v = p.u, p.v
    lx = f.light_x
    nx, ny = u / 0.62, (v - 0.02) / 0.95
    nz = np.sqrt(np.maximum(1.0 - 0.85 * (nx * nx + ny * ny), 0.02))
    lit = nx * f.light_x + ny * f.light_y + nz * f.light_z
    tone = 1.15 * lit - 0.78
    # rim of the face turns away
    tone = tone - 0.30 * _smooth(1.0 + head / 0.16)
    # forehead, chin, bridge
    ax = _axis(f, 0.13)
    tone = tone + 0.24 * _bump(((u - ax - 0.16 * lx) / 0.34) ** 2 + ((v + 0.36) / 0.20) ** 2)
    chin_v = f.chin_y - 0.16
    tone = tone + 0.26 * _bump(((u - 0.11 * f.yaw - 0.03 * lx) / 0.13) ** 2 + ((v - chin_v) / 0.08) ** 2)
    # hollow under the lower lip
    lip_v = f.mouth_y + f.lip_low + f.gap_low + 0.045
    tone = tone - 0.42 * _bump(((u - _axis(f, 0.15)) / 0.15) ** 2 + ((v - lip_v) / 0.05) ** 2)
    for side in (-1.0, 1.0):
        tone = tone + _side_tone(f, u, v, side)
    return tone


def _side_tone(f: SimpleNamespace, u: np.ndarray, v: np.ndarray, side: float) -> np.ndarray:
    """Socket, cheek, fold and bag of one half of the face."""
    turn = 1.0 - 0.16 * side * f.yaw
    s = side * (u - _axis(f, 0.13)) / turn
    lit = 1.0 + 0.5 * side * f.light_x
    # eye socket, deeper beside the nose
    tone = -0.30 * _bump(((s - 0.235) / 0.21) ** 2 + ((v + 0.11) / 0.14) ** 2)
    tone -= (0.28 + 0.12 * f.m) * _bump(((s - 0.085) / 0.075) ** 2 + ((v + 0.10) / 0.11) ** 2)
    # the apple of the cheek, rounder with a smile
    cheek_v = 0.195 - 0.035 * f.smile
    apple = _bump(((s - 0.315) / 0.17) ** 2 + ((v - cheek_v) / 0.12) ** 2)
    tone += (0.12 + 0.30 * f.smile) * lit * apple
    # high cheekbones: a bright ridge that runs up to the ear, and a dark hollow under it
    ridge = v - 0.115 + 0.36 * (s - 0.33)
    tone += 0.58 * f.cheekbones * lit * _bump(((s - 0.38) / 0.24) ** 2 + (ridge / 0.085) ** 2)
    hollow = v - 0.325 + 0.50 * (s - 0.36)
    tone -= 0.80 * f.cheekbones * _bump(((s - 0.43) / 0.27) ** 2 + (hollow / 0.120) ** 2)
    # fold from the nose to the corner of the mouth
    corner = f.mouth_w * 1.12
    along = np.clip((v - f.nose_y + 0.02) / (f.mouth_y - f.nose_y), 0.0, 1.25)
    fold = s - (f.nose_w * 1.18 + (corner - f.nose_w * 1.18) * along * (1.35 - 0.35 * along))
    strength = (0.50 * f.smile + 0.42 * f.age) * _bump((along - 0.62) ** 2 / 0.40)
    tone -= strength * _bump(fold * fold / 0.0016)
    # line under the eye
    bag = v - (f.eye_y + f.eye_low + 0.055) + 1.5 * (s - 0.22) ** 2
    tone -= (0.12 + 0.40 * f.age) * _bump(((s - 0.21) / 0.15) ** 2 + (bag / 0.035) ** 2)
    return tone


def _tint_cheeks(p: _Pen, f: SimpleNamespace, colour: np.ndarray) -> None:
    """Blush, freckles, and the bluish jaw of a shaved man, mixed into the skin's colour."""
    u, v = p.u, p.v
    blush = np.zeros_like(u)
    for side in (-1.0, 1.0):
        s = side * (u - _axis(f, 0.13)) / (1.0 - 0.16 * side * f.yaw)
        slant = v - 0.185 + (0.05 + 0.30 * f.makeup) * (s - 0.33)
        blush += _bump(((s - 0.36) / 0.27) ** 2 + (slant / (0.17 - 0.02 * f.makeup)) ** 2)
    blush += 0.45 * _bump(((u - _axis(f, 0.2)) / 0.12) ** 2 + ((v - f.nose_y) / 0.08) ** 2)
    strength = 0.25 - 0.12 * f.m + 0.34 * f.makeup
    colour += (np.minimum(blush, 1.0) * strength)[:, None] * (f.blush - colour)

    dots = _dots(u * 16.0, v * 16.0, f.noise[:, 30], np.float32(0.29))
    band = _bump(((u - _axis(f, 0.15)) / 0.48) ** 2 + ((v - 0.14) / 0.19) ** 2)
    freckle = 0.70 * f.freckles * dots * np.minimum(2.2 * band, 1.0)
    colour += freckle[:, None] * (f.skin[:, 0] * np.float32(1.02) - colour)


def _fraction(t: np.ndarray) -> np.ndarray:
    return t - np.floor(t)


def _dots(a: np.ndarray, b: np.ndarray, seed: np.ndarray, radius) -> np.ndarray:
    """One soft dot at a random place in each unit cell of the plane (a, b)."""
    ca, cb = np.floor(a), np.floor(b)
    h1 = _fraction((ca * 0.1031 + 7.3 * seed) * (cb * 0.1173 + 3.1 + seed))
    h1 = _fraction(h1 * 41.7 + ca * 0.3819 + cb * 0.7549)
    h2 = _fraction(h1 * 57.3 + cb * 0.2360)
    da, db = a - ca - 0.3 - 0.4 * h1, b - cb - 0.3 - 0.4 * h2
    return _bump((da * da + db * db) / (radius * (0.4 + 0.8 * h1)) ** 2)


# --- Body ----------------------------------------------------------------------------------------


def _paint_body(pen: _Pen, f: SimpleNamespace) -> None:
    p = pen.window(-1.0, 1.0, 0.15, 1.0)
    x, y = p.x, p.y
    ax = np.abs(x)
    lean = x - 0.35 * (p.x - p.u) * np.clip(1.5 - y, 0.0, 1.0)
    neck = np.maximum(np.abs(lean) - f.neck - 0.10 * np.maximum(y - 0.78, 0.0), 0.2 - y)
    beyond = np.maximum(ax - f.neck, 0.0)
    line = f.shoulders - 0.10 * _bump(beyond * beyond / 0.05) + (0.15 - 0.10 * f.m) * beyond
    shoulders = line - y
    body = np.minimum(neck, shoulders)
    # the head throws its shadow on the neck
    shadow = _head_distance(f, p.u - 0.10 * f.light_x * -1.0, p.v - 0.11)
    tone = 0.30 * f.light_x * lean / f.neck - 0.12 - 0.95 * _smooth(0.5 - shadow / 0.10)
    collar = _bump((y - f.shoulders - 0.03 + 0.12 * ax) ** 2 / 0.0012) * np.minimum(ax * 5.0, 1.0)
    tone = tone + 0.28 * collar * (ax > 0.0)
    p.paint(p.cover(body), _shade(f.skin, tone * f.contrast))
    _paint_clothes(p, f, shoulders)


def _paint_clothes(p: _Pen, f: SimpleNamespace, shoulders: np.ndarray) -> None:
    x, y = p.x, p.y
    ax = np.abs(x)
    drop = y - f.shoulders
    round_neck = 0.05 - drop + 0.0 * ax
    crew = np.maximum(round_neck - 0.75 * np.maximum(ax - 0.10, 0.0), shoulders)
    v_neck = np.maximum((f.neck + 0.06 - ax) * 0.75 - 0.75 * np.maximum(-drop + 0.02, 0.0)
                        - 0.62 * np.maximum(drop - 0.0, 0.0) * 1.0, shoulders)
    turtle = np.maximum(np.minimum(ax - f.neck - 0.035, shoulders), 0.745 - y - 0.12 * ax * ax)
    straps = np.maximum(np.minimum(0.155 - drop, np.abs(ax - 0.47) - 0.045), shoulders + 0.004)
    cloth = (
        f.clothes_crew * crew + f.clothes_v_neck * v_neck + f.clothes_turtleneck * turtle
        + f.clothes_straps * straps + (f.clothes_shirt + f.clothes_jacket) * crew
    )  # fmt: skip
    tone = 0.35 * f.light_x * x - 0.10 - 0.35 * _bump((cloth + 0.01) ** 2 / 0.0012)
    folds = _wave(1.9 * x + 1.3 * y * np.clip(3.0 * x, -1.0, 1.0) + f.noise[:, 7])
    tone = tone + 0.11 * folds - 0.25 * np.maximum(drop - 0.05, 0.0)
    ribs = f.clothes_turtleneck * p.detail(9.0) * _wave(9.0 * x / (f.neck + 0.03) * 0.35)
    colour = _shade(f.cloth, tone + 0.18 * ribs)
    stripes = (f.noise[:, 9] > 0.72) * (f.clothes_crew + f.clothes_v_neck)
    band = stripes * np.clip(0.5 + _wave(6.5 * (y - 0.15 * ax * ax)) / (13.0 * p.pixel), 0.0, 1.0)
    colour = colour + (0.8 * band)[:, None] * (_shade(f.cloth2, tone) - colour)
    p.paint(p.cover(cloth), colour)

    # lapels over a shirt, or a shirt's collar
    outer = (ax - 0.10 - 0.50 * np.maximum(1.02 - y, 0.0)) * 0.8
    jacket = np.maximum(-outer, shoulders)
    lapel_tone = tone - 0.30 - 0.5 * _bump((outer - 0.015) ** 2 / 0.0006)
    p.paint(f.clothes_jacket * p.cover(jacket), _shade(f.cloth2, lapel_tone))
    wing = np.maximum(np.abs(ax - f.neck * 0.80 - 0.02 + 0.25 * drop) - 0.10, np.abs(drop + 0.35 * ax - 0.09) - 0.085)
    p.paint(f.clothes_shirt * p.cover(wing - 0.01), _shade(f.cloth, tone + 0.30))
    p.paint(f.clothes_shirt * 0.6 * p.line(np.abs(wing - 0.01), 0.006), f.cloth[:, 0])


# --- Beard, mouth, nose --------------------------------------------------------------------------


def _paint_beard(pen: _Pen, f: SimpleNamespace, head: np.ndarray) -> None:
    rows = slice(None)
    p = pen.window(-0.85, 0.85, -0.05, 0.95)
    size = pen.image.shape[-1]
    h, w = p.u.shape[-2:]
    # the same cut of the head's distance
    top = int(np.floor((-0.05 + 1) / 2 * size))
    left = int(np.floor((-0.85 + 1) / 2 * size))
    edge = head[rows, top : top + h, left : left + w]
    u, v = p.u, p.v
    a = np.abs(u - _axis(f, 0.12))
    mouth = v - f.mouth_y
    cheek = 0.36 - 1.05 * np.maximum(a - 0.20, 0.0) - 0.25 * np.maximum(a - 0.38, 0.0)
    full = _smooth(0.5 + (v - cheek) / 0.16)
    droop = 0.30 * np.maximum(a - 0.03, 0.0) - f.lift * (a / f.mouth_w) ** 2 * 0.8
    tash = _bump((a / (1.28 * f.mouth_w + 0.02)) ** 2 + ((mouth + 0.082 - droop + f.gap_up) / 0.058) ** 2)
    tash = np.minimum(2.2 * tash, 1.0)
    goatee = _smooth(1.3 - ((a / 0.20) ** 2 + ((mouth - 0.17) / 0.21) ** 2))
    goatee = np.maximum(goatee, tash)
    full = np.maximum(full * (1 - 0.75 * _bump((a / 0.15) ** 2 + ((mouth + 0.19) / 0.12) ** 2)), tash)
    fan = (p.u - _axis(f, 0.14)) / (0.30 + np.maximum(v, 0.0))
    curl = 0.05 * _wave(3.0 * v + f.noise[:, 32]) * np.sign(fan)
    grain = _wave(9.0 * (fan + curl) + f.noise[:, 31]) + 0.8 * p.detail(16.0) * _wave(21.0 * (fan + curl))
    fuzz = np.float32(1.0)
    shaved = 0.10 * f.m * (f.beard_none + f.beard_moustache + f.beard_goatee)
    dots = _dots(u * 41.0 + 9.0 * v, v * 41.0 - 9.0 * u, f.noise[:, 33], np.float32(0.55))
    stubble = f.beard_stubble * (0.36 + 0.16 * p.detail(18.0) * (2 * dots - 0.6))
    alpha = full * (0.93 * f.beard_full * fuzz + stubble + shaved)
    alpha = np.maximum(alpha, f.beard_goatee * 0.92 * goatee * fuzz)
    alpha = np.maximum(alpha, f.beard_moustache * 0.95 * tash * fuzz)
    tone = -0.55 + 0.75 * (u * f.light_x * 1.2 + 0.25) * np.clip(-edge * 5.0, 0.0, 1.0) - 0.5 * (v - 0.4)
    tone = tone + 0.15 * grain
    p.paint(alpha * p.cover(edge + 0.004), _shade(f.hair, tone))


def _paint_mouth(pen: _Pen, f: SimpleNamespace) -> None:
    p = pen.window(-0.6, 0.6, 0.05, 0.85)
    turn = 1.0 - 0.06 * np.abs(f.yaw)
    mu = p.u - _axis(f, 0.155)
    a = mu / (f.mouth_w * turn)
    a = a + 0.06 * f.yaw * (1.0 - np.minimum(a * a, 1.0))
    crooked = (f.noise[:, 40] - 0.5) * 0.035
    dv = p.v - f.mouth_y + f.lift * (a * a - 0.35) + crooked * a
    arch = np.maximum(1.0 - a * a, 0.0)
    tall = np.sqrt(arch) * 0.45 + arch * 0.55
    gap_up, gap_low = f.gap_up * tall, f.gap_low * tall
    cupid = 1.0 - 0.34 * _bump((a / 0.26) ** 2) + 0.10 * _bump(((np.abs(a) - 0.30) / 0.3) ** 2)
    top = -gap_up - f.lip_up * (0.25 * tall + 0.75 * arch) * cupid
    bottom = gap_low + f.lip_low * (0.45 * tall + 0.55 * arch) - 0.004
    shape = np.maximum(np.maximum(top - dv, dv - bottom), (np.abs(a) - 1.0) * f.mouth_w)

    # lips: the upper one in its own shade, the lower one full and glossy
    depth = f.lip_low + 1e-4
    lower = (dv - gap_low) / depth
    gloss = _bump(((a - 0.18 * f.light_x) / 0.52) ** 2 + ((lower - 0.45) / 0.38) ** 2)
    tone = 0.34 * gloss * (0.55 + 0.75 * f.lipstick)
    tone = tone - 0.30 * np.clip(0.5 - dv / (p.pixel + 0.01), 0.0, 1.0) - 0.20 * _smooth(lower * 2.2 - 1.5)
    lip = f.lip * (1.0 + np.minimum(tone, 0.0))[:, None]
    lip = lip + np.maximum(tone, 0.0)[:, None] * (1.0 - lip)
    p.paint(p.cover(shape), lip)

    inside = np.maximum(np.maximum(-gap_up - dv, dv - gap_low), (np.abs(a) - 0.97) * f.mouth_w)
    _paint_teeth(p, f, a, dv, gap_up, gap_low, inside)
    # where the lips meet, and the corners
    corner = _bump(((np.abs(a) - 1.0) / 0.16) ** 2 + (dv / 0.030) ** 2)
    seam = p.line(np.abs(dv + 0.006 * cupid * (1 - a * a)), 0.0075) * p.cover((np.abs(a) - 1.02) * f.mouth_w)
    dark = f.skin[:, 0] * np.float32(0.50)
    p.paint((0.80 * seam * (f.opened < 0.3)), dark * np.float32(0.9))
    p.paint(0.62 * corner, dark)


def _paint_teeth(p: _Pen, f, a, dv, gap_up, gap_low, inside) -> None:
    """The open mouth: dark, with upper teeth and a tongue."""
    open_mask = p.cover(inside) * (f.opened > 0.3)
    deep = np.zeros_like(f.lip) + np.array([0.20, 0.045, 0.06], np.float32)[:, None, None]
    p.paint(open_mask, deep)
    tongue = _bump((a / 0.62) ** 2 + ((dv - gap_low) / (0.06 + 0.0 * gap_low)) ** 2)
    p.paint(open_mask * np.minimum(1.8 * tongue, 0.9), deep * 0 + np.array([0.74, 0.30, 0.32], np.float32)[:, None, None])
    row = dv + gap_up - (0.034 + 0.034 * f.smile) * np.sqrt(np.maximum(1.0 - (a / 0.93) ** 2, 0.0))
    gaps = 1.0 - 0.16 * p.detail(11.0) * _bump(_wave(2.9 * a + 0.25) ** 2 * 9.0)
    shade = np.float32(0.985) - 0.22 * a * a - 0.10 * _smooth(-(dv + gap_up) / 0.02 + 1.0)
    ivory = np.array([1.0, 0.975, 0.93], np.float32)[None, :, None, None]
    p.paint(open_mask * p.cover(row), (shade * gaps)[:, None] * ivory)


def _paint_nose(pen: _Pen, f: SimpleNamespace) -> None:
    p = pen.window(-0.5, 0.5, -0.45, 0.5)
    # the ridge leans with the turn of the head: little between the eyes, most at the tip
    t = np.clip((p.v + 0.16) / (f.nose_y + 0.16), 0.0, 1.0)
    ridge = (0.135 + 0.085 * t * t) * f.yaw
    s = p.u - ridge
    away = s * np.sign(f.light_x + 0.0001) * -1.0  # positive on the shaded side
    hard = 0.55 + 0.45 * np.abs(f.light_x)
    body = _smooth(2.2 - np.abs(p.v - 0.02) * 8.0 + 1.2) * (p.v < f.nose_y + 0.03)
    length = _smooth((p.v + 0.22) / 0.14) * _smooth((f.nose_y + 0.02 - p.v) / 0.06)
    wide = 0.040 + 0.052 * t * t
    side = _bump(((away - wide) / 0.055) ** 2) * length
    shade = f.skin[:, 0]
    light = f.skin[:, 2]
    p.paint(0.46 * hard * f.contrast * side, shade)
    p.paint(0.42 * f.contrast * _bump(((s - 0.012 * f.light_x) / 0.030) ** 2) * length, light)
    del body
    # ball of the nose, wings, shadow below
    dv = p.v - f.nose_y
    nw = f.nose_w
    under = _bump((s / (nw * 1.45)) ** 2 + ((dv - 0.050) / 0.040) ** 2)
    p.paint(0.62 * under, shade)
    for sgn in (-1.0, 1.0):
        wing_u = sgn * s - nw * (0.98 - 0.14 * sgn * f.yaw)
        ring = _hypot(wing_u / 0.042, (dv + 0.002) / 0.050)
        arc = _bump((ring - 1.0) ** 2 / 0.16) * _smooth(wing_u / 0.03 + 0.45)
        p.paint(0.50 * arc, shade)
        nostril = _hypot((sgn * s - nw * 0.52) / (nw * 0.40), (dv - 0.034 + 0.10 * (sgn * s - nw * 0.5)) / 0.017)
        p.paint(0.80 * p.cover((nostril - 1.0) * 0.017, 0.012), shade * np.float32(0.52))
    tip = _bump(((s - 0.25 * nw * f.light_x) / (nw * 0.62)) ** 2 + ((dv + 0.018) / 0.048) ** 2)
    p.paint(0.55 * f.contrast * tip, light)


# --- Eyes and brows ------------------------------------------------------------------------------


def _eye_frame(p: _Pen, f: SimpleNamespace, side: float):
    """Coordinates in an eye: a from the inner (-1) to the outer corner (1), b down, turn's width."""
    turn = 1.0 - 0.17 * side * f.yaw
    centre = _axis(f, 0.135) + side * f.eye_x * turn
    width = f.eye_w * (1.0 - 0.12 * side * f.yaw)
    a = side * (p.u - centre) / width
    b = p.v - f.eye_y + f.eye_tilt * a
    return a, b, width


def _paint_eye(pen: _Pen, f: SimpleNamespace, side: float) -> None:
    p = pen.window(-0.75, 0.12, -0.62, 0.25) if side < 0 else pen.window(-0.12, 0.75, -0.62, 0.25)
    a, b, width = _eye_frame(p, f, side)
    arch = 1.0 - a * a
    lid = -f.eye_h * (arch * (1.0 - 0.16 * a) + 0.0)
    low = f.eye_low * arch * (1.0 + 0.30 * a)
    _paint_lid(p, f, a, b, lid)
    white = np.maximum(np.maximum(lid - b, b - low), (np.abs(a) - 1.0) * width)
    shape = p.cover(white)

    # the ball: shaded under the lid and toward the corners
    ball = 1.0 - 0.34 * _smooth(1.0 - (b - lid) / 0.055) - 0.16 * a * a
    eyeball = np.array([0.975, 0.96, 0.955], np.float32)[None, :, None, None]
    p.paint(shape, ball[:, None] * eyeball)
    _paint_iris(p, f, side, a, b, lid, width, shape)

    # inner corner, lower rim
    p.paint(0.75 * shape * _bump(((a + 0.98) / 0.20) ** 2), f.lip * np.float32(0.95))
    dark = f.brow * np.float32(0.30) + np.array([0.02, 0.012, 0.015], np.float32)[None, :, None, None]
    reach = p.cover((np.abs(a) - 1.02) * width)
    liner = 0.30 + 0.70 * f.makeup
    p.paint((0.30 + 0.50 * f.makeup) * p.line(np.abs(b - low), 0.0055 + 0.0045 * f.makeup) * reach * _smooth(a + 1.2), dark)
    # upper lashes: a stroke that grows outward and, with make-up, ends in a wing
    out = np.clip(0.5 * (a + 1.0), 0.0, 1.25)
    half = 0.0085 + (0.0075 + 0.0055 * (1 - f.m) + 0.016 * f.makeup) * out
    wing = 1.04 + 0.05 * (1 - f.m) + 0.20 * f.makeup
    path = np.where(a > 0.92, -(0.10 + 0.16 * f.makeup) * (a - 0.92) - f.eye_h * 0.13, lid)
    stroke = p.line(np.abs(b - path + 0.35 * half), half * np.clip((wing - a) / 0.22, 0.0, 1.0))
    stroke = stroke * p.cover((-a - 1.03) * width)
    p.paint(np.minimum(stroke, 0.96), dark)
    _paint_lashes(p, f, a, b, lid, dark, liner)


def _paint_lid(p: _Pen, f, a, b, lid) -> None:
    """Eye shadow, the lid's own roundness, and its crease."""
    up = lid - b  # height above the lashes
    zone = _bump((np.maximum(np.abs(a - 0.12) - 0.35, 0.0) / 0.95) ** 2)
    spread = _smooth(1.0 - np.maximum(up, 0.0) / (0.105 + 0.035 * a)) * _smooth(1.0 + up / 0.03)
    around = _bump(((a - 0.30) / 1.25) ** 2 + ((b + 0.01) / 0.135) ** 2)
    p.paint(f.makeup * np.minimum(0.86 * zone * spread + 0.45 * around, 0.88), f.eye_shadow)
    lid_light = _bump((a / 0.75) ** 2 + ((up - 0.026) / 0.024) ** 2)
    p.paint(0.34 * f.contrast * lid_light * (1 - 0.35 * f.makeup), f.skin[:, 2])
    crease_h = 0.040 - 0.010 * f.m + 0.012 * (1.0 - np.minimum(a * a, 1.0))
    crease = p.line(np.abs(up - crease_h), 0.0065) * _smooth(1.6 - 1.5 * np.abs(a))
    p.paint(0.62 * crease, f.skin[:, 0] * np.float32(0.82))


def _paint_iris(p: _Pen, f, side, a, b, lid, width, shape) -> None:
    iu = a * width - side * f.gaze_x - 0.004
    iv = b - f.gaze_y + 0.018 - f.eye_tilt * a
    radius = f.iris_r
    r = _hypot(iu, iv)
    disc = p.cover(r - radius) * shape
    # light falls through the iris: dark above and at the rim, bright below
    q = r / radius
    tone = 1.0 + 0.55 * (iv / radius) - 0.60 * _smooth(q * 3.2 - 2.2)
    rays = 0.16 * p.detail(22.0) * _wave(iu / (np.abs(iv) + 0.02) * 1.7 + f.noise[:, 42])
    p.paint(disc, f.iris * (tone + rays + 0.1)[:, None])
    black = np.array([0.03, 0.02, 0.025], np.float32)[None, :, None, None]
    p.paint(p.cover(r - radius * 0.44) * shape, black)
    p.paint(0.45 * shape * _smooth(1.0 - (b - lid) / 0.035), black)
    # catch-lights
    su = side * iu
    hu, hv = su - 0.030 * f.light_x - 0.008 * np.sign(f.light_x), iv + 0.028
    p.paint(p.cover(_hypot(hu, hv) - 0.0215) * 0.97, np.ones_like(f.iris))
    p.paint(p.cover(_hypot(su + 0.026 * np.sign(f.light_x), iv - 0.034) - 0.011) * 0.55 * shape, np.ones_like(f.iris))


def _paint_lashes(p: _Pen, f, a, b, lid, dark, liner) -> None:
    """Single lashes, seen only in large pictures."""
    length = (0.020 + 0.030 * np.clip(0.5 * (a + 1.0), 0, 1)) * (1 - 0.75 * f.m) * (0.7 + 0.6 * f.makeup)
    up = lid - b
    lean = a - 5.5 * up * (0.25 + a)
    comb = np.clip(_wave(lean * 5.2) - 0.25 - up / np.maximum(length, 1e-3), 0.0, 1.0)
    zone = (up > 0.0) * (np.abs(a + 0.0) < 1.05) * (up < length)
    p.paint(0.9 * np.minimum(comb * 2.2, 1.0) * zone * p.detail(24.0) * liner, dark)


def _paint_brow(pen: _Pen, f: SimpleNamespace, side: float) -> None:
    p = pen.window(-0.75, 0.12, -0.72, 0.1) if side < 0 else pen.window(-0.12, 0.75, -0.72, 0.1)
    turn = 1.0 - 0.17 * side * f.yaw
    centre = _axis(f, 0.130) + side * (f.eye_x + 0.012) * turn
    width = f.brow_w * (1.0 - 0.10 * side * f.yaw)
    a = side * (p.u - centre) / width
    raised = (f.noise[:, 41] - 0.5) * 0.028 * side
    curve = f.brow_y + raised + f.brow_arch * ((a - 0.32) ** 2 - 0.45) * 1.05 - f.brow_slope * a
    half = f.brow_t * np.clip(1.08 - 0.62 * np.maximum(a + 0.25, 0.0), 0.12, 1.0)
    distance = np.abs(p.v - curve) - half
    ends = np.maximum(np.abs(a) - 1.0, 0.0)
    mask = p.cover(distance + 0.25 * ends, 0.010) * p.cover((np.abs(a) - 1.03) * width, 0.03)
    hairs = _wave(a * 11.0 - (p.v - curve) * 30.0 + f.noise[:, 43])
    mask = mask * (0.90 + 0.10 * p.detail(22.0) * hairs)
    p.paint(np.clip(mask * (0.86 + 0.1 * f.m), 0.0, 1.0), f.brow)


# --- Hair ----------------------------------------------------------------------------------------


def _hair_shape(pen: _Pen, f: SimpleNamespace) -> SimpleNamespace:
    """Distances to the hair's outline, to the opening for the face, and above the bangs' edge."""
    u, v, n = pen.u, pen.v, f.noise
    groove = u - f.peak * (1.0 + 0.25 * (v - f.hairline))
    sign = np.clip(4.0 * groove, -1.0, 1.0)
    radial, radial_density = _strands_from_crown(f, u, v)
    # outline: waves push it in and out, coils make it bumpy, straight short hair has tips
    ripple = _wave(1.55 * v + 0.31 * sign + n[:, 34]) + 0.45 * _wave(2.7 * v + 0.2 * sign + n[:, 33])
    sway = f.wave * ripple * _smooth((v + 0.80) / 0.5) * sign
    t = v + 0.10
    q = np.maximum(t, 0.0) / f.nape + np.minimum(t, 0.0) / (f.top + f.lift_top)
    half = f.width + f.volume
    uc = u - 0.02 * f.yaw - 0.25 * f.part * f.quiff * _smooth(-2.0 * t)
    outline = _radial(u, t, _hypot((uc + sway) / half, q))
    coil = np.abs(_wave(3.1 * u + 2.3 * v + n[:, 35])) + np.abs(_wave(2.2 * u - 3.3 * v + n[:, 36]))
    outline = outline - f.hair_texture_coily * (1 - 0.8 * f.hair_style_cropped) * 0.030 * coil
    tufts = _wave(2.6 * u + 0.8 * v + n[:, 32]) + 0.7 * _wave(5.3 * u - 1.2 * v + n[:, 31])
    outline = outline - f.swoop * f.crest * _bump(((u + 0.20 * f.side) / 0.55) ** 2) * (t < 0.0)
    outline = outline - f.tufts * tufts * _smooth(-2.2 * t - 0.2)

    tips = _wave(radial * 3.1 + n[:, 37]) + 0.6 * _wave(radial * 7.3 + n[:, 38])
    tips = tips * (0.030 * f.hair_texture_straight + 0.022 * f.hair_texture_wavy)
    end = f.length + tips - 0.12 * (u / half) ** 2 * f.hair_style_bob
    flare = 1.0 + (0.12 * f.hair_style_long - 0.10 * f.hair_style_bob) * np.maximum(t, 0.0)
    curtain = np.maximum(np.maximum(np.abs(u + sway) - half * flare, -t), v - end)
    whole = np.where(f.loose > 0.5, np.minimum(outline, curtain), outline)

    opening = _opening(f, u + 0.7 * sway, v)
    jag = _wave(radial * 4.3 + n[:, 39]) * 0.035 + _wave(radial * 9.1 + n[:, 40]) * 0.022
    bang_edge = f.bang_y + f.bang_slope * u * 2.0 + 0.10 * u * u
    bang_edge = bang_edge + jag * (1.0 - 0.5 * f.hair_texture_wavy)
    bang_edge = bang_edge + 0.03 * f.hair_texture_wavy * _wave(1.6 * u + n[:, 39])

    # strands of parted hair follow the opening's edge round to the outline
    room = np.maximum(opening - whole, 0.08)
    swept = 0.34 * opening / room + f.wave * 0.55 * ripple * sign + 0.21 * (groove > 0.0)
    phi = np.where(f.swept > 0.5, swept, radial)
    density = np.where(f.swept > 0.5, 0.34 / room, radial_density)
    # short hair rises from the forehead and bends over to one side, round a point beside the brow
    turn = _hypot(u - 0.42 * f.side, (v + 0.30) * 1.15)
    phi = np.where(f.swoop > 0.5, 1.25 * turn + 0.9 * f.wave * ripple + 0.16 * u * f.side, phi)
    density = np.where(f.swoop > 0.5, np.float32(1.3), density)
    return SimpleNamespace(
        whole=whole, opening=opening, bang=v - bang_edge, phi=phi, density=density, ripple=ripple,
        groove=groove,
    )


def _opening(f: SimpleNamespace, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Distance to the gap in the hair through which the face is seen; its top is at the parting."""
    t = np.minimum(v + 0.06, 0.0)
    du = u - f.peak
    a = np.abs(du) / np.where(du > 0.0, f.opening - f.peak, f.opening + f.peak)
    q = t / (f.hairline + 0.06 - 0.035 * (1.0 - f.swept) * f.m * _wave(1.5 * u + 0.25))
    round_ = _hypot(a, q)
    pointed = (a + q) * 0.86
    a2, q2 = a * a, q * q
    box = np.sqrt(np.sqrt(a2 * a2 + q2 * q2))
    r = round_ + f.boxy * (box - round_) + f.pointed * (np.maximum(pointed, a) - round_)
    return _radial(du, t, r) + f.ragged * (
        _wave(5.0 * u + f.noise[:, 39]) + _wave(11.0 * u + f.noise[:, 40])
    ) * _smooth(-8.0 * t)


def _strands_from_crown(
    f: SimpleNamespace, u: np.ndarray, v: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A number that stays the same along a strand, and how fast it changes across strands.

    These strands leave the crown, spread over the skull and hang down.
    """
    fall = np.maximum(v + 0.98 + 0.05 * np.abs(u - f.part), 0.03)
    spread = fall / (fall + 0.32) * 1.25
    du = u - f.part * (1.0 - np.minimum(fall, 1.0))
    ripple = _wave(1.55 * v + 0.31 * np.clip(4.0 * du, -1.0, 1.0) + 0.5 * np.abs(du) + f.noise[:, 34])
    phi = (du + 0.95 * f.wave * ripple * _smooth((v + 0.8) / 0.4)) / spread
    return phi, (1.0 + 0.6 * np.abs(phi)) / spread


def _hair_tone(p: _Pen, f: SimpleNamespace, hair: SimpleNamespace) -> np.ndarray:
    """Light and shade on hair: the round of the head, strands, waves or coils, and a gloss."""
    u, v, n = p.u, p.v, f.noise
    tone = 0.55 * u * f.light_x - 0.28 * (v + 0.35) - 0.10
    tone = tone - 0.38 * _smooth(1.0 + hair.whole / 0.13)
    strands = np.zeros_like(u)
    for k, (frequency, weight) in enumerate(((2.3, 0.30), (5.2, 0.42), (11.0, 0.42), (23.0, 0.36))):
        visible = np.clip(1.8 - 3.2 * frequency * hair.density * p.pixel, 0.0, 1.0)
        strands += weight * visible * _wave(frequency * hair.phi + n[:, 26 + k])
    tone = tone + 0.62 * f.streaks * strands
    crest = _wave(1.55 * v + 0.31 * np.clip(4.0 * hair.groove, -1.0, 1.0) + 0.9 * hair.phi + n[:, 34] + 0.25)
    tone = tone + f.hair_texture_wavy * 0.46 * crest * _smooth((v + 1.05) / 0.35)
    speckle = _dots(u * 34.0, v * 34.0, n[:, 35], np.float32(0.6)) - 0.35
    tone = tone + 0.55 * f.hair_style_cropped * p.detail(17.0) * speckle
    tone = tone + f.hair_texture_coily * (1.0 - 0.6 * f.hair_style_cropped) * _coils(p, f)
    # gloss: a band round the head, broken by the strands
    bend = np.minimum((u - 0.35 * f.light_x) ** 2, 0.6)
    band = v + 0.70 - 0.36 * bend + 0.05 * strands
    gloss = _bump((band / (0.13 - 0.03 * f.streaks)) ** 2) * (0.70 + 0.50 * strands)
    matte = 1.0 - 0.9 * f.hair_texture_coily - 0.55 * f.hair_style_cropped
    matte = matte - 0.35 * f.hair_texture_wavy
    lower = _bump(((v - 0.12 - 0.2 * n[:, 44]) / 0.24) ** 2) * f.loose * f.hair_texture_straight
    tone = tone + np.maximum(gloss, 0.0) * (0.72 + 0.16 * f.hair_texture_straight) * matte
    return tone + 0.5 * lower * (0.30 + 0.5 * strands)


def _coils(p: _Pen, f: SimpleNamespace) -> np.ndarray:
    """Tone of curls: warped waves that cross one another, in two sizes."""
    u, v, n1, n2 = p.u, p.v, f.noise[:, 35], f.noise[:, 36]
    a = 3.7 * u + 0.42 * _wave(1.7 * v + n1) + 0.24 * _wave(3.9 * v + 1.3 * u + n2)
    b = 3.7 * v + 0.42 * _wave(1.8 * u + n2) + 0.24 * _wave(3.6 * u - 1.1 * v + n1)
    curls = _wave(a) * _wave(b) + 0.5 * _wave(0.5 * a + n1) * _wave(0.5 * b + n2)
    fine = _wave(2.2 * a + 0.4 * b) * _wave(2.2 * b - 0.4 * a)
    return 0.52 * curls + 0.55 * p.detail(8.5) * fine


def _paint_back_hair(pen: _Pen, f: SimpleNamespace, hair: SimpleNamespace) -> None:
    u, v = pen.u, pen.v
    hair.tone = _hair_tone(pen, f, hair)
    inner = _smooth(1.1 - np.abs(u) / (f.width + 0.05))
    tone = hair.tone - 0.45 - 0.65 * inner * (v > 0.1)
    bun_x = 0.30 * f.part
    bun_r = _hypot(u - bun_x, (v + 0.90) * 1.12)
    bun = bun_r - 0.235
    # a tail that springs from behind the head, swings out and narrows to its tip
    t = (v + 0.62) / 1.50
    swing = 0.40 + 1.22 * t * (1.0 - t) - 0.06 * t
    wag = 0.045 * _wave(1.1 * t + f.noise[:, 45]) + 0.6 * f.wave * hair.ripple
    tail_u = np.sign(f.part + 1e-6) * u - swing - wag * np.minimum(np.maximum(t, 0.0) * 2.0, 1.0)
    girth = 0.150 * np.sqrt(np.maximum(1.0 - t * t, 0.0)) * (0.55 + 0.45 * _smooth(t * 4.0))
    tail = np.maximum(np.abs(tail_u) - girth, -t * 1.5)
    whole = np.where(f.hair_style_bun > 0.5, np.minimum(hair.whole, bun), hair.whole)
    whole = np.where(f.hair_style_ponytail > 0.5, np.minimum(whole, tail), whole)
    curl = _wave(4.2 * bun_r + 0.5 * (u - bun_x) + f.noise[:, 46])
    in_bun = f.hair_style_bun * pen.cover(bun)
    round_ = _bump(((u - bun_x - 0.06 * f.light_x) ** 2 + (v + 0.96) ** 2) / 0.045)
    tone = tone + in_bun * (0.45 * round_ + 0.28 * curl - tone - 0.18)
    in_tail = f.hair_style_ponytail * pen.cover(tail)
    lock = _wave(6.0 * tail_u + f.noise[:, 47]) + 0.7 * pen.detail(14.0) * _wave(14.0 * tail_u)
    belly = 0.55 * _bump(((t - 0.33) / 0.30) ** 2) - 0.25
    tone = tone + in_tail * (belly + 0.26 * lock - 0.5 * np.abs(tail_u) / 0.15 - tone + 0.1)
    pen.paint(pen.cover(whole, 0.004), _shade(f.hair, tone))


def _paint_front_hair(pen: _Pen, f: SimpleNamespace, hair: SimpleNamespace) -> None:
    u, v = pen.u, pen.v
    # short hair ends above the ear in a sideburn
    sides = v - np.where(f.loose > 0.5, np.float32(3.0), 0.0 + 0.10 * f.m + f.length * 0.5)
    soft = 0.008 + 0.045 * f.hair_style_cropped + 0.02 * f.tight
    mask = np.minimum(pen.cover(hair.whole), pen.cover(-hair.opening, soft))
    mask = np.minimum(mask, pen.cover(sides, f.fade)) * (1.0 - 0.14 * f.hair_style_cropped)
    fringe = np.maximum(np.maximum(hair.bang, np.abs(u) - f.width * 0.99), hair.whole)
    mask = np.maximum(mask, f.bang * pen.cover(fringe, 0.008))
    tone = hair.tone + 0.10
    rim = _smooth(1.0 - hair.opening / 0.10) * (1 - f.bang * _smooth(0.5 - 4.0 * v))
    tone = tone - (0.40 - 0.22 * f.tight) * rim
    tone = tone - 0.28 * f.bang * _smooth(1.0 + hair.bang / 0.10) * _smooth(0.7 - 4.0 * v)
    pen.paint(mask, _shade(f.hair, tone))
    # the parting: a dark groove with a line of scalp in it
    groove = hair.groove
    above = _smooth((f.hairline - v) / 0.03) * _smooth((v + 0.90) / 0.08) * f.parting
    pen.paint(0.55 * above * _bump(groove * groove / 0.0016), f.hair[:, 0])
    pen.paint(0.55 * above * pen.line(np.abs(groove), 0.007), f.skin[:, 0])
    # a few fine hairs cross the hairline
    wisps = pen.line(np.abs(_wave(hair.phi * 4.0 + f.noise[:, 39])) * 0.06, 0.004)
    near = _bump((hair.opening / 0.045) ** 2) * (v < -0.2) * (1 - f.hair_style_cropped)
    pen.paint(0.35 * wisps * near * pen.detail(20.0) * (1 - f.swept), f.hair[:, 1])


# --- What is worn --------------------------------------------------------------------------------


def _paint_glasses(pen: _Pen, f: SimpleNamespace) -> None:
    worn = 1.0 - f.glasses_none
    if not worn.any():
        return
    p = pen.window(-0.9, 0.9, -0.6, 0.4)
    pick = (f.noise[:, 22] > 0.5).astype(np.float32)[:, None]
    dark = np.array([0.09, 0.08, 0.09], np.float32)[None, :, None, None]
    tortoise = np.array([0.42, 0.22, 0.10], np.float32)[None, :, None, None]
    frame = dark + pick * (tortoise - dark)
    for side in (-1.0, 1.0):
        a, b, _ = _eye_frame(p, f, side)
        du = a * f.eye_w
        dv = b - f.eye_tilt * a - 0.012
        ring = _hypot(du, dv) - 0.195
        box = _hypot(np.maximum(np.abs(du - 0.005) - 0.120, 0.0), np.maximum(np.abs(dv) - 0.075, 0.0)) - 0.075
        lens = f.glasses_round * ring + f.glasses_square * box
        glare = _bump(((du * side + dv * 0.8 + 0.06) / 0.05) ** 2) * p.cover(lens)
        p.paint(worn * (0.06 * p.cover(lens) + 0.16 * glare), np.ones_like(f.iris))
        p.paint(worn * 0.92 * p.line(np.abs(lens), 0.0135), frame)
        arm = np.maximum(np.abs(dv + 0.03) - 0.012, np.maximum(0.18 - du, side * p.u - f.width - 0.03))
        p.paint(worn * 0.92 * p.cover(arm), frame)
    s = p.u - _axis(f, 0.135)
    bridge = np.abs(p.v - f.eye_y + 0.022 - 1.6 * s * s)
    p.paint(worn * 0.92 * p.line(bridge, 0.0125) * p.cover(np.abs(s) - 0.062), frame)


def _paint_earrings(pen: _Pen, f: SimpleNamespace) -> None:
    worn = (1.0 - f.earrings_none)
    if not worn.any():
        return
    gold = np.array([0.95, 0.76, 0.34], np.float32)[None, :, None, None]
    pearl = np.array([0.97, 0.95, 0.93], np.float32)[None, :, None, None]
    metal = gold + (f.noise[:, 23] > 0.6)[:, None] * (pearl - gold)
    for side in (-1.0, 1.0):
        p = pen.window(-1.0, -0.3, -0.05, 0.75) if side < 0 else pen.window(0.3, 1.0, -0.05, 0.75)
        du = side * p.u - (f.width + 0.008 - 0.06 * np.maximum(side * f.yaw, 0.0))
        dv = p.v - 0.225
        stud = _hypot(du, dv) - 0.034
        drop = np.minimum(stud + 0.012, _hypot(du, (dv - 0.13) * 0.62) - 0.045)
        drop = np.minimum(drop, np.maximum(np.abs(du) - 0.006, np.abs(dv - 0.05) - 0.06))
        hoop = np.abs(_hypot(du, dv - 0.085) - 0.085) - 0.013
        shape = f.earrings_stud * stud + f.earrings_drop * drop + f.earrings_hoop * hoop
        hidden = (1.0 - f.loose)
        shine = _bump(((du - 0.01 * f.light_x) ** 2 + (dv + 0.008) ** 2) / 0.0009)
        p.paint(worn * hidden * p.cover(shape), metal * (0.86 + 0.25 * shine)[:, None])
