"""Draws faces from their factors, in signed distances: no image, font or brush is read.

Each part of a face is a shape given by a distance (negative inside), so that its edge can be
smoothed exactly at any size. Layers are painted from back to front: background, hair behind the
head, body, ears, head, features, hair in front, glasses. Relief on skin and hair is one number
a pixel, the tone, that layers add to (light) or take from (shade) before it becomes colour.

Only +, -, *, /, square root, minimum, maximum and floor touch the pixels; IEEE fixes every bit of
these, so images do not depend on the number of threads or on how a batch is cut. (That is also
why this is NumPy: it runs chunks in plain threads and leaves PyTorch's thread count alone.)

Coordinates: x to the right and y down, both [-1, 1] on the canvas; u and v are the same seen from
the head, after its tilt, with the eyes near v = -0.06 and the chin near v = 0.72.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pandas as pd

from hwlib.errors import UserError
from hwlib.faces.appearance import appearance_of
from hwlib.faces.brush import Pen, bump, dots, hypot, radial, shade, smooth, wave
from hwlib.faces.factors import FACTORS, check_columns
from hwlib.faces.hair import hair_shape, paint_back_hair, paint_front_hair

_CHUNK_PIXELS = 64 * 64 * 24  # what stays in a core's cache
_SIDES = (-1.0, 1.0)  # left and right, as seen
_EYE_Y = np.float32(-0.055)


def _rgb(red: float, green: float, blue: float) -> np.ndarray:
    return np.array([red, green, blue], dtype=np.float32)[None, :, None, None]


_WHITE, _EYEBALL = _rgb(1.0, 1.0, 1.0), _rgb(0.975, 0.96, 0.955)
_PUPIL, _THROAT = _rgb(0.03, 0.02, 0.025), _rgb(0.20, 0.045, 0.06)
_TONGUE, _IVORY = _rgb(0.74, 0.30, 0.32), _rgb(1.0, 0.975, 0.93)
_GOLD, _PEARL = _rgb(0.95, 0.76, 0.34), _rgb(0.97, 0.95, 0.93)
_HORN, _TORTOISE = _rgb(0.09, 0.08, 0.09), _rgb(0.42, 0.22, 0.10)


def draw_faces(factors: pd.DataFrame, image_size: int = 64) -> np.ndarray:
    """Draw one face for each row of a table of factors.

    Args:
        factors: N rows with every column of `FACTORS`, as `sample_factors` makes them.
        image_size: height and width S of an image in pixels, 8 or more.

    Returns:
        uint8 (N, S, S, 3), sRGB. A row's image depends on that row and S alone.

    Raises:
        UserError: a column or a level is unknown, or the size is too small.
    """
    if image_size < 8:
        raise UserError("too_small_face", image_size=image_size)
    check_columns(factors, set(FACTORS))
    images = np.empty((len(factors), image_size, image_size, 3), dtype=np.uint8)
    if len(factors) == 0:
        return images
    appearance = appearance_of(factors)
    step = max(1, _CHUNK_PIXELS // image_size**2)

    def draw(start: int) -> None:
        part = SimpleNamespace(**{k: v[start : start + step] for k, v in appearance.items()})
        images[start : start + step] = _draw_chunk(part, image_size)

    # At most one thread a core; NumPy lets the others run while it computes.
    with ThreadPoolExecutor(min(_num_cores(), 16)) as pool:
        list(pool.map(draw, range(0, len(factors), step)))
    return images


def _num_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# --- One batch -----------------------------------------------------------------------------------


def _draw_chunk(f: SimpleNamespace, size: int) -> np.ndarray:
    """uint8 (B, S, S, 3) of a few faces."""
    pen = _canvas(f, size)
    _paint_background(pen, f)
    head = _head_distance(f, pen.u, pen.v)
    hair = hair_shape(pen, f)
    paint_back_hair(pen, f, hair)
    _paint_body(pen, f)
    _paint_ears(pen, f)
    _paint_head(pen, f, head, hair)
    _paint_beard(pen, f, head)
    _paint_mouth(pen, f)
    _paint_nose(pen, f)
    for side in _SIDES:
        _paint_eye(pen, f, side)
        _paint_brow(pen, f, side)
    paint_front_hair(pen, f, hair)
    _paint_glasses(pen, f)
    _paint_earrings(pen, f)
    image = pen.image * f.tint
    np.clip(image, 0.0, 1.0, out=image)
    image *= 255.0
    image += 0.5
    return image.astype(np.uint8).transpose(0, 2, 3, 1)


def _canvas(f: SimpleNamespace, size: int) -> Pen:
    centres = ((np.arange(size) + 0.5) * (2.0 / size) - 1.0).astype(np.float32)
    x = (centres[None, None, :] - f.shift) * f.scale
    y = (centres[None, :, None] + 0.02) * f.scale
    pivot = np.float32(0.6)
    u = f.cos * x + f.sin * (y - pivot)
    v = f.cos * (y - pivot) - f.sin * x + pivot
    x, y = (np.broadcast_to(a, u.shape) for a in (x, y))
    image = np.empty((len(u), 3, size, size), dtype=np.float32)
    return Pen(image, x, y, u, v, np.float32(2.0 / size) * f.scale)


# --- Background ----------------------------------------------------------------------------------


def _paint_background(pen: Pen, f: SimpleNamespace) -> None:
    x, y, n = pen.x, pen.y, f.noise
    slope = (n[:, 0] - 0.5) * 0.8
    tone = -0.75 * (y + slope * x) * (f.background_gradient + f.background_bokeh)

    glow = bump(((x - 0.5 * f.light_x) ** 2 + (y + 0.25) ** 2) / 1.9)
    tone = tone + f.background_glow * (1.9 * glow - 0.9)

    edge = x * (n[:, 1] - 0.5) * 1.2 + y - (n[:, 2] - 0.6) * 0.9
    tone = tone + f.background_halves * (0.85 * (2.0 * pen.cover(edge, 0.02) - 1.0) - 0.15 * y)

    far = -0.25 + 0.3 * n[:, 3] + 0.10 * wave(0.55 * x + n[:, 4]) + 0.03 * wave(1.7 * x + n[:, 5])
    near = far + 0.32 + 0.09 * wave(0.45 * x + n[:, 6])
    hills = 0.95 - 0.35 * (y + 1.0) - 0.75 * pen.cover(far - y, 0.03)
    hills = hills - 0.75 * pen.cover(near - y, 0.03)
    tone = tone + f.background_hills * hills

    for k in range(6):  # discs of light out of focus
        cx, cy = n[:, 8 + k] * 2.4 - 1.2, n[:, 14 + k] * 1.7 - 1.1
        radius = 0.14 + 0.16 * n[:, 20 + k]
        disc = pen.cover(hypot(x - cx, y - cy) - radius, 0.05)
        tone = tone + f.background_bokeh * (0.30 + 0.25 * n[:, 21 + k]) * disc
    pen.image[...] = shade(f.back, tone)


# --- Head ----------------------------------------------------------------------------------------


def _head_distance(f: SimpleNamespace, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Distance to the outline of the face: an ellipse above, jaw and chin below."""
    t = v + 0.08
    low = np.maximum(t, 0.0) / f.chin_y
    q = low + np.minimum(t, 0.0) / 0.755
    uc = u - 0.075 * f.yaw * np.minimum(low * 1.3, 1.0)
    a = uc / (f.width * (1.0 - f.taper * low * low))
    a2, q2 = a * a, q * q
    ellipse = np.sqrt(a2 + q2)
    box = np.sqrt(np.sqrt(a2 * a2 + q2 * q2))
    square = f.square * np.minimum(low * 2.0, 1.0)
    return radial(uc, t, ellipse + square * (box - ellipse))


def _axis(f: SimpleNamespace, depth: float) -> np.ndarray:
    """Where the middle of the face lies at a feature that stands out by `depth`."""
    return depth * f.yaw


def _paint_ears(pen: Pen, f: SimpleNamespace) -> None:
    for side in _SIDES:
        p = _half(pen, side, -0.3, -0.95, (-0.45, 0.45))
        # the ear on the side we turn to hides behind the cheek
        du = side * p.u - (f.width - 0.004 - 0.06 * np.maximum(side * f.yaw, 0.0))
        dv = p.v - 0.055
        r = hypot((du + 0.14 * dv) / 0.080, dv / 0.160)
        distance = radial(du, dv, r)
        inner = bump(((du - 0.015) / 0.05) ** 2 + ((dv + 0.01) / 0.11) ** 2)
        tone = -0.18 + 0.45 * side * f.light_x - 0.75 * inner
        tone = tone + 0.35 * bump((distance + 0.02) ** 2 / 0.0005)
        p.paint(p.cover(distance), shade(f.skin, tone * f.contrast))


def _paint_head(pen: Pen, f: SimpleNamespace, head: np.ndarray, hair: SimpleNamespace) -> None:
    tone = _skin_tone(pen, f, head)
    # the shadow that hair throws on the skin
    edge = hair.opening - 0.10 * np.minimum(f.light_x * pen.u, 0.3)
    tone = tone - 0.75 * smooth(1.0 + edge / 0.16) * (1.0 - 0.75 * f.hair_style_cropped)
    tone = tone - 0.85 * f.bang * smooth(1.0 - hair.bang / 0.11)
    colour = shade(f.skin, tone * f.contrast)
    _tint_cheeks(pen, f, colour)
    pen.paint(pen.cover(head), colour)


def _skin_tone(p: Pen, f: SimpleNamespace, head: np.ndarray) -> np.ndarray:
    """Light and shade on the face: a rounded head, then hills and hollows."""
    u, v = p.u, p.v
    lx = f.light_x
    nx, ny = u / 0.62, (v - 0.02) / 0.95
    nz = np.sqrt(np.maximum(1.0 - 0.85 * (nx * nx + ny * ny), 0.02))
    lit = nx * f.light_x + ny * f.light_y + nz * f.light_z
    tone = 1.15 * lit - 0.78
    # rim of the face turns away
    tone = tone - 0.30 * smooth(1.0 + head / 0.16)
    # forehead, chin, bridge
    ax = _axis(f, 0.13)
    tone = tone + 0.24 * bump(((u - ax - 0.16 * lx) / 0.34) ** 2 + ((v + 0.36) / 0.20) ** 2)
    chin_v = f.chin_y - 0.16
    tone = tone + 0.26 * bump(
        ((u - 0.11 * f.yaw - 0.03 * lx) / 0.13) ** 2 + ((v - chin_v) / 0.08) ** 2
    )
    # hollow under the lower lip
    lip_v = f.mouth_y + f.lip_low + f.gap_low + 0.045
    tone = tone - 0.42 * bump(((u - _axis(f, 0.15)) / 0.15) ** 2 + ((v - lip_v) / 0.05) ** 2)
    for side in _SIDES:
        tone = tone + _side_tone(f, u, v, side)
    return tone


def _side_tone(f: SimpleNamespace, u: np.ndarray, v: np.ndarray, side: float) -> np.ndarray:
    """Socket, cheek, fold and bag of one half of the face."""
    turn = 1.0 - 0.16 * side * f.yaw
    s = side * (u - _axis(f, 0.13)) / turn
    lit = 1.0 + 0.5 * side * f.light_x
    # eye socket, deeper beside the nose
    tone = -0.30 * bump(((s - 0.235) / 0.21) ** 2 + ((v + 0.11) / 0.14) ** 2)
    tone -= (0.28 + 0.12 * f.m) * bump(((s - 0.085) / 0.075) ** 2 + ((v + 0.10) / 0.11) ** 2)
    # the apple of the cheek, rounder with a smile
    cheek_v = 0.195 - 0.035 * f.smile
    apple = bump(((s - 0.315) / 0.17) ** 2 + ((v - cheek_v) / 0.12) ** 2)
    tone += (0.12 + 0.30 * f.smile) * lit * apple
    # high cheekbones: a bright ridge that runs up to the ear, and a dark hollow under it
    ridge = v - 0.115 + 0.36 * (s - 0.33)
    tone += 0.58 * f.cheekbones * lit * bump(((s - 0.38) / 0.24) ** 2 + (ridge / 0.085) ** 2)
    hollow = v - 0.325 + 0.50 * (s - 0.36)
    tone -= 0.80 * f.cheekbones * bump(((s - 0.43) / 0.27) ** 2 + (hollow / 0.120) ** 2)
    # fold from the nose to the corner of the mouth
    corner = f.mouth_w * 1.12
    along = np.clip((v - f.nose_y + 0.02) / (f.mouth_y - f.nose_y), 0.0, 1.25)
    fold = s - (f.nose_w * 1.18 + (corner - f.nose_w * 1.18) * along * (1.35 - 0.35 * along))
    strength = (0.50 * f.smile + 0.42 * f.age) * bump((along - 0.62) ** 2 / 0.40)
    tone -= strength * bump(fold * fold / 0.0016)
    # lines on an old forehead
    lines = bump(wave(8.5 * (v + 0.10 * s * s) + 0.1) ** 2 * 5.0)
    forehead = bump((s / 0.36) ** 2 + ((v + 0.40) / 0.14) ** 2) * (s > 0.0)
    tone -= 0.30 * f.age * f.age * lines * forehead
    # line under the eye
    bag = v - (_EYE_Y + f.eye_low + 0.055) + 1.5 * (s - 0.22) ** 2
    tone -= (0.12 + 0.40 * f.age) * bump(((s - 0.21) / 0.15) ** 2 + (bag / 0.035) ** 2)
    return tone


def _tint_cheeks(p: Pen, f: SimpleNamespace, colour: np.ndarray) -> None:
    """Mix blush and freckles into the skin's colour, in place."""
    u, v = p.u, p.v
    blush = np.zeros_like(u)
    for side in _SIDES:
        s = side * (u - _axis(f, 0.13)) / (1.0 - 0.16 * side * f.yaw)
        slant = v - 0.185 + (0.05 + 0.30 * f.makeup) * (s - 0.33)
        blush += bump(((s - 0.36) / 0.27) ** 2 + (slant / (0.17 - 0.02 * f.makeup)) ** 2)
    blush += 0.45 * bump(((u - _axis(f, 0.2)) / 0.12) ** 2 + ((v - f.nose_y) / 0.08) ** 2)
    strength = 0.19 - 0.08 * f.m + 0.38 * f.makeup
    colour += (np.minimum(blush, 1.0) * strength)[:, None] * (f.blush - colour)

    spots = dots(u * 16.0, v * 16.0, f.noise[:, 30], np.float32(0.29))
    band = bump(((u - _axis(f, 0.15)) / 0.48) ** 2 + ((v - 0.14) / 0.19) ** 2)
    freckle = 0.70 * f.freckles * spots * np.minimum(2.2 * band, 1.0)
    colour += freckle[:, None] * (f.skin[:, 0] * np.float32(1.02) - colour)


# --- Body ----------------------------------------------------------------------------------------


def _paint_body(pen: Pen, f: SimpleNamespace) -> None:
    p = pen.window(-1.0, 1.0, 0.15, 1.0)
    x, y = p.x, p.y
    ax = np.abs(x)
    lean = x - 0.35 * (p.x - p.u) * np.clip(1.5 - y, 0.0, 1.0)
    neck = np.maximum(np.abs(lean) - f.neck - 0.10 * np.maximum(y - 0.78, 0.0), 0.2 - y)
    beyond = np.maximum(ax - f.neck, 0.0)
    line = f.shoulders - 0.10 * bump(beyond * beyond / 0.05) + (0.15 - 0.10 * f.m) * beyond
    shoulders = line - y
    body = np.minimum(neck, shoulders)
    # the head throws its shadow on the neck
    shadow = _head_distance(f, p.u + 0.10 * f.light_x, p.v - 0.11)
    tone = 0.30 * f.light_x * lean / f.neck - 0.12 - 0.95 * smooth(0.5 - shadow / 0.10)
    collar = bump((y - f.shoulders - 0.03 + 0.12 * ax) ** 2 / 0.0012) * np.minimum(ax * 5.0, 1.0)
    tone = tone + 0.28 * collar
    p.paint(p.cover(body), shade(f.skin, tone * f.contrast))
    _paint_clothes(p, f, shoulders)


def _paint_clothes(p: Pen, f: SimpleNamespace, shoulders: np.ndarray) -> None:
    x, y = p.x, p.y
    ax = np.abs(x)
    drop = y - f.shoulders
    cloth = _cloth_distance(f, ax, y, shoulders)
    tone = 0.35 * f.light_x * x - 0.10 - 0.35 * bump((cloth + 0.01) ** 2 / 0.0012)
    folds = wave(1.9 * x + 1.3 * y * np.clip(3.0 * x, -1.0, 1.0) + f.noise[:, 7])
    tone = tone + 0.11 * folds - 0.25 * np.maximum(drop - 0.05, 0.0)
    ribs = f.clothes_turtleneck * p.detail(9.0) * wave(3.15 * x / (f.neck + 0.03))
    colour = shade(f.cloth, tone + 0.18 * ribs)
    striped = (f.noise[:, 9] > 0.72) * (f.clothes_crew + f.clothes_v_neck)
    band = np.clip(0.5 + wave(6.5 * (y - 0.15 * ax * ax)) / (13.0 * p.pixel), 0.0, 1.0)
    colour += (0.8 * striped * band)[:, None] * (shade(f.cloth2, tone) - colour)
    p.paint(p.cover(cloth), colour)

    # a jacket's lapels over a shirt
    lapel = (ax - 0.10 - 0.50 * np.maximum(1.02 - y, 0.0)) * 0.8
    lapel_tone = tone - 0.30 - 0.5 * bump((lapel - 0.015) ** 2 / 0.0006)
    jacket = p.cover(np.maximum(-lapel, shoulders))
    p.paint(f.clothes_jacket * jacket, shade(f.cloth2, lapel_tone))
    # the two wings of a shirt's collar
    across = np.abs(ax - f.neck * 0.80 - 0.02 + 0.25 * drop) - 0.11
    wing = np.maximum(across, np.abs(drop + 0.35 * ax - 0.09) - 0.095)
    p.paint(f.clothes_shirt * p.cover(wing), shade(f.cloth, tone + 0.30))
    p.paint(f.clothes_shirt * 0.6 * p.line(np.abs(wing), 0.006), f.cloth[:, 0])


def _cloth_distance(f, ax: np.ndarray, y: np.ndarray, shoulders: np.ndarray) -> np.ndarray:
    """Distance to the garment; `ax` is |x|, `shoulders` the distance to the body's upper edge."""
    drop = y - f.shoulders
    crew = np.maximum(0.05 - drop - 0.75 * np.maximum(ax - 0.10, 0.0), shoulders)
    v_neck = 0.75 * (f.neck + 0.06 - ax - np.maximum(0.02 - drop, 0.0)) - 0.62 * np.maximum(drop, 0)
    turtle = np.minimum(ax - f.neck - 0.035, shoulders)
    straps = np.minimum(0.155 - drop, np.abs(ax - 0.47) - 0.045)
    return (
        (f.clothes_crew + f.clothes_shirt + f.clothes_jacket) * crew
        + f.clothes_v_neck * np.maximum(v_neck, shoulders)
        + f.clothes_turtleneck * np.maximum(turtle, 0.745 - y - 0.12 * ax * ax)
        + f.clothes_straps * np.maximum(straps, shoulders + 0.004)
    )


# --- Beard, mouth, nose --------------------------------------------------------------------------


def _paint_beard(pen: Pen, f: SimpleNamespace, head: np.ndarray) -> None:
    p = pen.window(-0.85, 0.85, -0.40, 1.0)
    u, v, edge = p.u, p.v, head[p.cut]
    a = np.abs(u - _axis(f, 0.12))
    full, goatee, moustache = _beard_shapes(f, a, v)
    shaved = 0.10 * f.m * (1.0 - f.beard_full - f.beard_stubble)
    pores = dots(u * 41.0 + 9.0 * v, v * 41.0 - 9.0 * u, f.noise[:, 33], np.float32(0.45))
    stubble = f.beard_stubble * (0.36 + 0.16 * p.detail(18.0) * (2.0 * pores - 0.6))
    alpha = full * (0.93 * f.beard_full + stubble + shaved)
    alpha = np.maximum(alpha, 0.92 * f.beard_goatee * goatee)
    alpha = np.maximum(alpha, 0.95 * f.beard_moustache * moustache)
    # hairs fan out from the mouth
    fan = (u - _axis(f, 0.14)) / (0.30 + np.maximum(v, 0.0))
    fan = fan + 0.05 * wave(3.0 * v + f.noise[:, 32]) * np.sign(fan)
    grain = wave(9.0 * fan + f.noise[:, 31]) + 0.8 * p.detail(16.0) * wave(21.0 * fan)
    lit = (1.2 * u * f.light_x + 0.25) * np.clip(-5.0 * edge, 0.0, 1.0)
    tone = 0.75 * lit - 0.55 - 0.5 * (v - 0.4) + 0.15 * grain
    p.paint(alpha * p.cover(edge + 0.004), shade(f.hair, tone))


def _beard_shapes(f, a: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How dense a full beard, a goatee and a moustache grow; `a` is the distance to the middle."""
    mouth = v - f.mouth_y
    droop = 0.30 * np.maximum(a - 0.03, 0.0) - 0.8 * f.lift * (a / f.mouth_w) ** 2
    lip = (mouth + 0.082 - droop + f.gap_up) / 0.058
    moustache = np.minimum(2.2 * bump((a / (1.36 * f.mouth_w + 0.03)) ** 2 + lip * lip), 1.0)
    chin = smooth(1.3 - ((a / 0.20) ** 2 + ((mouth - 0.17) / 0.21) ** 2))
    cheek = 0.39 - 0.70 * np.maximum(a - 0.22, 0.0) - 1.30 * np.maximum(a - 0.43, 0.0)
    bare = 1.0 - 0.75 * bump((a / 0.15) ** 2 + ((mouth + 0.19) / 0.12) ** 2)
    full = smooth(0.5 + (v - cheek) / 0.13) * bare
    return np.maximum(full, moustache), np.maximum(chin, moustache), moustache


def _paint_mouth(pen: Pen, f: SimpleNamespace) -> None:
    p = pen.window(-0.6, 0.6, 0.05, 0.85)
    a = (p.u - _axis(f, 0.155)) / (f.mouth_w * (1.0 - 0.06 * np.abs(f.yaw)))
    a = a + 0.06 * f.yaw * (1.0 - np.minimum(a * a, 1.0))
    crooked = (f.noise[:, 40] - 0.5) * 0.035
    dv = p.v - f.mouth_y + f.lift * (a * a - 0.35) + crooked * a
    arch = np.maximum(1.0 - a * a, 0.0)
    tall = np.sqrt(arch) * 0.45 + arch * 0.55
    gap_up, gap_low = f.gap_up * tall, f.gap_low * tall
    cupid = 1.0 - 0.34 * bump((a / 0.26) ** 2) + 0.10 * bump(((np.abs(a) - 0.30) / 0.3) ** 2)
    top = -gap_up - f.lip_up * (0.25 * tall + 0.75 * arch) * cupid
    bottom = gap_low + f.lip_low * (0.45 * tall + 0.55 * arch) - 0.004
    ends = (np.abs(a) - 1.0) * f.mouth_w
    shape = np.maximum(np.maximum(top - dv, dv - bottom), ends)

    # the upper lip lies in its own shade, the lower one is full and glossy
    lower = (dv - gap_low) / f.lip_low
    gloss = bump(((a - 0.18 * f.light_x) / 0.52) ** 2 + ((lower - 0.45) / 0.38) ** 2)
    tone = 0.34 * gloss * (0.55 + 0.75 * f.lipstick) - 0.30 * p.cover(dv, 0.01)
    tone = tone - 0.20 * smooth(lower * 2.2 - 1.5)
    lip = f.lip * (1.0 + np.minimum(tone, 0.0))[:, None]
    lip += np.maximum(tone, 0.0)[:, None] * (1.0 - lip)
    p.paint(p.cover(shape), lip)

    inside = np.maximum(np.maximum(-gap_up - dv, dv - gap_low), ends + 0.03 * f.mouth_w)
    _paint_teeth(p, f, a=a, below=dv + gap_up, above=dv - gap_low, mask=f.open * p.cover(inside))
    # where closed lips meet, and the corners
    dark = f.skin[:, 0] * np.float32(0.48)
    seam = p.line(np.abs(dv + 0.006 * cupid * (1.0 - a * a)), 0.0075) * p.cover(ends)
    p.paint(0.80 * (1.0 - f.open) * seam, dark)
    p.paint(0.62 * bump(((np.abs(a) - 1.0) / 0.16) ** 2 + (dv / 0.030) ** 2), dark)


def _paint_teeth(p: Pen, f, *, a, below, above, mask) -> None:
    """The open mouth: dark, with a tongue and the upper teeth."""
    p.paint(mask, _THROAT)
    tongue = bump((a / 0.62) ** 2 + (above / 0.06) ** 2)
    p.paint(mask * np.minimum(1.8 * tongue, 0.9), _TONGUE)
    height = (0.034 + 0.034 * f.smile) * np.sqrt(np.maximum(1.0 - (a / 0.93) ** 2, 0.0))
    gaps = 1.0 - 0.16 * p.detail(11.0) * bump(9.0 * wave(2.9 * a + 0.25) ** 2)
    ivory = 0.985 - 0.22 * a * a - 0.10 * smooth(1.0 - below / 0.02)
    p.paint(mask * p.cover(below - height), (ivory * gaps)[:, None] * _IVORY)


def _paint_nose(pen: Pen, f: SimpleNamespace) -> None:
    p = pen.window(-0.5, 0.5, -0.45, 0.5)
    dark, light = f.skin[:, 0], f.skin[:, 2]
    # the ridge leans with the turn of the head: little between the eyes, most at the tip
    t = np.clip((p.v + 0.16) / (f.nose_y + 0.16), 0.0, 1.0)
    s = p.u - (0.135 + 0.085 * t * t) * f.yaw
    away = -s * np.sign(f.light_x + 1e-4)  # positive on the shaded side
    hard = (0.55 + 0.45 * np.abs(f.light_x)) * f.contrast
    length = smooth((p.v + 0.22) / 0.14) * smooth((f.nose_y + 0.02 - p.v) / 0.06)
    p.paint(0.46 * hard * length * bump(((away - 0.040 - 0.052 * t * t) / 0.055) ** 2), dark)
    ridge = bump(((s - 0.012 * f.light_x) / 0.030) ** 2)
    p.paint(0.42 * f.contrast * length * ridge, light)
    # shadow below, wings, nostrils, and the lit ball
    dv, nw = p.v - f.nose_y, f.nose_w
    p.paint(0.62 * bump((s / (nw * 1.45)) ** 2 + ((dv - 0.050) / 0.040) ** 2), dark)
    for side in _SIDES:
        wing = side * s - nw * (0.98 - 0.14 * side * f.yaw)
        ring = hypot(wing / 0.042, (dv + 0.002) / 0.050)
        p.paint(0.50 * bump((ring - 1.0) ** 2 / 0.16) * smooth(wing / 0.03 + 0.45), dark)
        across = side * s - nw * 0.52
        nostril = hypot(across / (nw * 0.40), (dv - 0.034 + 0.10 * across) / 0.017)
        p.paint(0.80 * p.cover((nostril - 1.0) * 0.017, 0.012), dark * np.float32(0.52))
    tip = bump(((s - 0.25 * nw * f.light_x) / (nw * 0.62)) ** 2 + ((dv + 0.018) / 0.048) ** 2)
    p.paint(0.55 * f.contrast * tip, light)


# --- Eyes and brows ------------------------------------------------------------------------------


def _eye_frame(p: Pen, f: SimpleNamespace, side: float) -> SimpleNamespace:
    """An eye's own coordinates: a from the inner (-1) to the outer corner (1), b down.

    `lid` and `low` are the heights of its upper and lower edge, `up` the height above the lashes.
    """
    centre = _axis(f, 0.135) + side * f.eye_x * (1.0 - 0.17 * side * f.yaw)
    width = f.eye_w * (1.0 - 0.12 * side * f.yaw)
    a = side * (p.u - centre) / width
    b = p.v - _EYE_Y + f.eye_tilt * a
    arch = 1.0 - a * a
    lid = -f.eye_h * arch * (1.0 - 0.16 * a)
    low = f.eye_low * arch * (1.0 + 0.30 * a)
    return SimpleNamespace(side=side, a=a, b=b, width=width, lid=lid, low=low, up=lid - b)


def _paint_eye(pen: Pen, f: SimpleNamespace, side: float) -> None:
    p = _half(pen, side, 0.12, -0.75, (-0.62, 0.25))
    e = _eye_frame(p, f, side)
    _paint_lid(p, f, e)
    shape = p.cover(np.maximum(np.maximum(e.up, e.b - e.low), (np.abs(e.a) - 1.0) * e.width))
    # the ball: shaded under the lid and toward the corners
    ball = 1.0 - 0.34 * smooth(1.0 + e.up / 0.055) - 0.16 * e.a * e.a
    p.paint(shape, ball[:, None] * _EYEBALL)
    _paint_iris(p, f, e, shape)
    p.paint(0.75 * shape * bump(((e.a + 0.98) / 0.20) ** 2), f.lip * np.float32(0.95))

    rim = p.line(np.abs(e.b - e.low), 0.0055 + 0.0045 * f.makeup) * smooth(e.a + 1.2)
    rim = rim * p.cover((np.abs(e.a) - 1.02) * e.width)
    p.paint((0.30 + 0.50 * f.makeup) * rim, f.lash)
    # upper lashes: a stroke that grows outward and, with make-up, ends in a wing
    half = 0.0085 + (0.013 - 0.0055 * f.m + 0.016 * f.makeup) * _outward(e.a)
    wing = 1.09 - 0.05 * f.m + 0.20 * f.makeup
    tail = -(0.10 + 0.16 * f.makeup) * (e.a - 0.92) - 0.13 * f.eye_h
    path = np.where(e.a > 0.92, tail, e.lid)
    stroke = p.line(np.abs(e.b - path + 0.35 * half), half * np.clip((wing - e.a) / 0.22, 0.0, 1.0))
    stroke = stroke * p.cover((-e.a - 1.03) * e.width)
    p.paint(np.minimum(stroke, 0.96), f.lash)
    _paint_lashes(p, f, e)


def _half(pen: Pen, side: float, inner: float, outer: float, rows: tuple[float, float]) -> Pen:
    """The window on one side of the face; `inner` and `outer` as on the left."""
    return pen.window(outer, inner, *rows) if side < 0 else pen.window(-inner, -outer, *rows)


def _outward(a: np.ndarray) -> np.ndarray:
    """0 at an eye's inner corner, 1 at its outer one, a little more beyond."""
    return np.clip(0.5 * (a + 1.0), 0.0, 1.25)


def _paint_lid(p: Pen, f: SimpleNamespace, e: SimpleNamespace) -> None:
    """Eye shadow, the lid's own roundness, and its crease."""
    zone = bump((np.maximum(np.abs(e.a - 0.12) - 0.35, 0.0) / 0.95) ** 2)
    spread = smooth(1.0 - np.maximum(e.up, 0.0) / (0.105 + 0.035 * e.a)) * smooth(1.0 + e.up / 0.03)
    around = bump(((e.a - 0.30) / 1.25) ** 2 + ((e.b + 0.01) / 0.135) ** 2)
    p.paint(f.makeup * np.minimum(0.86 * zone * spread + 0.45 * around, 0.88), f.eye_shadow)
    round_ = bump((e.a / 0.75) ** 2 + ((e.up - 0.026) / 0.024) ** 2)
    p.paint(0.34 * f.contrast * round_ * (1.0 - 0.35 * f.makeup), f.skin[:, 2])
    height = 0.052 - 0.010 * f.m - 0.012 * np.minimum(e.a * e.a, 1.0)
    crease = p.line(np.abs(e.up - height), 0.0065) * smooth(1.6 - 1.5 * np.abs(e.a))
    p.paint(0.62 * crease, f.skin[:, 0] * np.float32(0.82))


def _paint_iris(p: Pen, f: SimpleNamespace, e: SimpleNamespace, shape: np.ndarray) -> None:
    du = e.side * e.a * e.width - f.gaze_x - 0.004 * e.side
    dv = e.b - e.a * f.eye_tilt - f.gaze_y + 0.018
    r = hypot(du, dv)
    # light falls through the iris: dark above and at the rim, bright below
    tone = 1.1 + 0.55 * dv / f.iris_r - 0.60 * smooth(3.2 * r / f.iris_r - 2.2)
    rays = wave(1.7 * du / (np.abs(dv) + 0.02) + f.noise[:, 42])
    tone = tone + 0.16 * p.detail(22.0) * rays
    p.paint(shape * p.cover(r - f.iris_r), f.iris * tone[:, None])
    p.paint(shape * p.cover(r - 0.44 * f.iris_r), _PUPIL)
    p.paint(0.45 * shape * smooth(1.0 + e.up / 0.035), _PUPIL)
    # catch-lights, the large one toward the light
    toward = np.sign(f.light_x)
    large = hypot(du - 0.030 * f.light_x - 0.008 * toward, dv + 0.028) - 0.0215
    small = hypot(du + 0.026 * toward, dv - 0.034) - 0.011
    p.paint(0.97 * p.cover(large), _WHITE)
    p.paint(0.55 * shape * p.cover(small), _WHITE)


def _paint_lashes(p: Pen, f: SimpleNamespace, e: SimpleNamespace) -> None:
    """Single lashes, seen only in large images."""
    length = 0.020 + 0.030 * np.clip(_outward(e.a), 0.0, 1.0)
    length = length * (1.0 - 0.75 * f.m) * (0.7 + 0.6 * f.makeup)
    lean = e.a - 5.5 * e.up * (0.25 + e.a)
    comb = np.clip(wave(5.2 * lean) - 0.25 - e.up / length, 0.0, 1.0)
    comb = np.minimum(2.2 * comb, 1.0) * (e.up > 0.0) * (np.abs(e.a) < 1.05) * (e.up < length)
    p.paint((0.27 + 0.63 * f.makeup) * comb * p.detail(24.0), f.lash)


def _paint_brow(pen: Pen, f: SimpleNamespace, side: float) -> None:
    p = _half(pen, side, 0.12, -0.75, (-0.72, 0.1))
    centre = _axis(f, 0.130) + side * (f.eye_x + 0.012) * (1.0 - 0.17 * side * f.yaw)
    width = f.brow_w * (1.0 - 0.10 * side * f.yaw)
    a = side * (p.u - centre) / width
    raised = (f.noise[:, 41] - 0.5) * 0.028 * side
    curve = f.brow_y + raised + f.brow_arch * ((a - 0.32) ** 2 - 0.45) * 1.05 - f.brow_slope * a
    half = f.brow_t * np.clip(1.08 - 0.62 * np.maximum(a + 0.25, 0.0), 0.12, 1.0)
    half = half * np.clip(0.50 + 1.6 * (a + 1.0), 0.5, 1.0)
    distance = np.abs(p.v - curve) - half
    ends = np.maximum(np.abs(a) - 1.0, 0.0)
    mask = p.cover(distance + 0.25 * ends, 0.010) * p.cover((np.abs(a) - 1.03) * width, 0.03)
    hairs = wave(a * 11.0 - (p.v - curve) * 30.0 + f.noise[:, 43])
    mask = mask * (0.90 + 0.10 * p.detail(22.0) * hairs)
    p.paint(np.clip(mask * (0.86 + 0.1 * f.m), 0.0, 1.0), f.brow)


# --- What is worn --------------------------------------------------------------------------------


def _paint_glasses(pen: Pen, f: SimpleNamespace) -> None:
    worn = 1.0 - f.glasses_none
    if not worn.any():
        return
    p = pen.window(-0.9, 0.9, -0.6, 0.4)
    frame = _HORN + (f.noise[:, 22] > 0.5)[:, None] * (_TORTOISE - _HORN)
    for side in _SIDES:
        e = _eye_frame(p, f, side)
        du = e.a * f.eye_w
        dv = e.b - f.eye_tilt * e.a - 0.012
        far_u, far_v = np.abs(du - 0.005) - 0.120, np.abs(dv) - 0.075
        square = hypot(np.maximum(far_u, 0.0), np.maximum(far_v, 0.0)) - 0.075
        lens = f.glasses_round * (hypot(du, dv) - 0.195) + f.glasses_square * square
        glare = bump(((du * side + dv * 0.8 + 0.06) / 0.05) ** 2)
        p.paint(worn * p.cover(lens) * (0.06 + 0.16 * glare), _WHITE)
        p.paint(0.92 * worn * p.line(np.abs(lens), 0.0135), frame)
        reach = np.maximum(0.18 - du, side * p.u - f.width - 0.03)
        p.paint(0.92 * worn * p.cover(np.maximum(np.abs(dv + 0.03) - 0.012, reach)), frame)
    s = p.u - _axis(f, 0.135)
    bridge = p.line(np.abs(p.v - _EYE_Y + 0.022 - 1.6 * s * s), 0.0125)
    p.paint(0.92 * worn * bridge * p.cover(np.abs(s) - 0.062), frame)


def _paint_earrings(pen: Pen, f: SimpleNamespace) -> None:
    worn = (1.0 - f.earrings_none) * (1.0 - f.loose)
    if not worn.any():
        return
    metal = _GOLD + (f.noise[:, 23] > 0.6)[:, None] * (_PEARL - _GOLD)
    for side in _SIDES:
        p = _half(pen, side, -0.3, -1.0, (-0.05, 0.75))
        du = side * p.u - (f.width + 0.008 - 0.06 * np.maximum(side * f.yaw, 0.0))
        dv = p.v - 0.225
        stud = hypot(du, dv) - 0.034
        pendant = hypot(du, (dv - 0.13) * 0.62) - 0.045
        wire = np.maximum(np.abs(du) - 0.006, np.abs(dv - 0.05) - 0.06)
        drop = np.minimum(np.minimum(stud + 0.012, pendant), wire)
        hoop = np.abs(hypot(du, dv - 0.085) - 0.085) - 0.013
        shape = f.earrings_stud * stud + f.earrings_drop * drop + f.earrings_hoop * hoop
        shine = bump(((du - 0.01 * f.light_x) ** 2 + (dv + 0.008) ** 2) / 0.0009)
        p.paint(worn * p.cover(shape), metal * (0.86 + 0.25 * shine)[:, None])
