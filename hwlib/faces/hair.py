"""The hair of the drawn faces: its outline, its strands, its layers behind and before the head."""

from types import SimpleNamespace

import numpy as np

from hwlib.faces.brush import Pen, bump, dots, hypot, radial, shade, smooth, wave


def hair_shape(pen: Pen, f: SimpleNamespace) -> SimpleNamespace:
    """Distances to the hair's outline, to the opening for the face, and above the bangs' edge."""
    u, v, n = pen.u, pen.v, f.noise
    groove = u - f.peak * (1.0 + 0.25 * (v - f.hairline))
    sign = np.clip(4.0 * groove, -1.0, 1.0)
    fan, fan_density = _strands_from_crown(f, u, v)
    # outline: waves push it in and out, coils make it bumpy, straight short hair has tips
    ripple = wave(1.55 * v + 0.31 * sign + n[:, 34]) + 0.45 * wave(2.7 * v + 0.2 * sign + n[:, 33])
    sway = f.wave * ripple * smooth((v + 0.80) / 0.5) * sign
    t = v + 0.10
    q = np.maximum(t, 0.0) / f.nape + np.minimum(t, 0.0) / (0.755 + f.lift_top)
    half = f.width + f.volume
    uc = u - 0.02 * f.yaw - f.part * f.lean * smooth(-2.0 * t)
    outline = radial(u, t, hypot((uc + sway) / half, q))
    coil = np.abs(wave(3.1 * u + 2.3 * v + n[:, 35])) + np.abs(wave(2.2 * u - 3.3 * v + n[:, 36]))
    outline = outline - f.hair_texture_coily * (1 - 0.8 * f.hair_style_cropped) * 0.030 * coil
    tufts = wave(2.6 * u + 0.8 * v + n[:, 32]) + 0.7 * wave(5.3 * u - 1.2 * v + n[:, 31])
    outline = outline - f.crest * bump(((u + 0.20 * f.side) / 0.55) ** 2) * (t < 0.0)
    outline = outline - f.tufts * tufts * smooth(-2.2 * t - 0.2)

    tips = wave(fan * 3.1 + n[:, 37]) + 0.6 * wave(fan * 7.3 + n[:, 38])
    tips = tips * (0.030 * f.hair_texture_straight + 0.022 * f.hair_texture_wavy)
    end = f.length + tips - 0.12 * (u / half) ** 2 * f.hair_style_bob
    flare = 1.0 + (0.12 * f.hair_style_long - 0.10 * f.hair_style_bob) * np.maximum(t, 0.0)
    curtain = np.maximum(np.abs(uc + sway) - half * flare, v - end)
    hangs = (f.loose > f.hair_texture_coily) & (t > 0.0)
    whole = np.where(hangs, curtain, outline)

    opening = _opening(f, u + 0.7 * sway, v)
    jag = wave(fan * 4.3 + n[:, 39]) * 0.035 + wave(fan * 9.1 + n[:, 40]) * 0.022
    bang_edge = f.bang_y + f.bang_slope * u + 0.10 * u * u
    bang_edge = bang_edge + jag * (1.0 - 0.5 * f.hair_texture_wavy)
    bang_edge = bang_edge + 0.03 * f.hair_texture_wavy * wave(1.6 * u + n[:, 39])

    # strands of parted hair follow the opening's edge round to the outline
    room = np.maximum(opening - whole, 0.08)
    swept = 0.34 * opening / room + f.wave * 0.55 * ripple * sign + 0.21 * (groove > 0.0)
    phi = np.where(f.swept > 0.5, swept, fan)
    density = np.where(f.swept > 0.5, 0.34 / room, fan_density)
    # short hair rises from the forehead and bends over to one side, round a point beside the brow
    turn = hypot(u - 0.42 * f.side, (v + 0.30) * 1.15)
    phi = np.where(f.swoop > 0.5, 1.25 * turn + 0.9 * f.wave * ripple + 0.16 * u * f.side, phi)
    density = np.where(f.swoop > 0.5, np.float32(1.3), density)
    return SimpleNamespace(
        whole=whole,
        opening=opening,
        bang=v - bang_edge,
        phi=phi,
        density=density,
        ripple=ripple,
        groove=groove,
    )


def _opening(f: SimpleNamespace, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Distance to the gap in the hair through which the face is seen; its top is at the parting."""
    t = np.minimum(v + 0.06, 0.0)
    du = u - f.peak
    a = np.abs(du) / np.where(du > 0.0, f.opening - f.peak, f.opening + f.peak)
    q = t / (f.hairline + 0.06 - 0.035 * (1.0 - f.swept) * f.m * wave(1.5 * u + 0.25))
    round_ = hypot(a, q)
    pointed = (a + q) * 0.86
    a2, q2 = a * a, q * q
    box = np.sqrt(np.sqrt(a2 * a2 + q2 * q2))
    r = round_ + f.boxy * (box - round_) + f.pointed * (np.maximum(pointed, a) - round_)
    ragged = wave(5.0 * u + f.noise[:, 39]) + wave(11.0 * u + f.noise[:, 40])
    return radial(du, t, r) + f.ragged * ragged * smooth(-8.0 * t)


def _strands_from_crown(
    f: SimpleNamespace, u: np.ndarray, v: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A number that stays the same along a strand, and how fast it changes across strands.

    These strands leave the crown, spread over the skull and hang down.
    """
    fall = np.maximum(v + 0.98 + 0.05 * np.abs(u - f.part), 0.03)
    spread = fall / (fall + 0.32) * 1.25
    du = u - f.part * (1.0 - np.minimum(fall, 1.0))
    ripple = wave(
        1.55 * v + 0.31 * np.clip(4.0 * du, -1.0, 1.0) + 0.5 * np.abs(du) + f.noise[:, 34]
    )
    phi = (du + 0.95 * f.wave * ripple * smooth((v + 0.8) / 0.4)) / spread
    return phi, (1.0 + 0.6 * np.abs(phi)) / spread


def _hair_tone(p: Pen, f: SimpleNamespace, hair: SimpleNamespace) -> np.ndarray:
    """Light and shade on hair: the round of the head, strands, waves or coils, and a gloss."""
    u, v, n = p.u, p.v, f.noise
    tone = 0.55 * u * f.light_x - 0.28 * (v + 0.35) - 0.10
    tone = tone - 0.38 * smooth(1.0 + hair.whole / 0.13)
    strands = np.zeros_like(u)
    for k, (frequency, weight) in enumerate(((2.3, 0.30), (5.2, 0.42), (11.0, 0.42), (23.0, 0.36))):
        visible = np.clip(1.8 - 3.2 * frequency * hair.density * p.pixel, 0.0, 1.0)
        strands += weight * visible * wave(frequency * hair.phi + n[:, 26 + k])
    tone = tone + 0.62 * f.streaks * strands
    crest = wave(
        1.55 * v + 0.31 * np.clip(4.0 * hair.groove, -1.0, 1.0) + 0.9 * hair.phi + n[:, 34] + 0.25
    )
    tone = tone + f.hair_texture_wavy * 0.46 * crest * smooth((v + 1.05) / 0.35)
    speckle = dots(u * 34.0, v * 34.0, n[:, 35], np.float32(0.6)) - 0.35
    tone = tone + 0.55 * f.hair_style_cropped * p.detail(17.0) * speckle
    tone = tone + f.hair_texture_coily * (1.0 - 0.6 * f.hair_style_cropped) * _coils(p, f)
    # gloss: a band round the head, broken by the strands
    bend = np.minimum((u - 0.35 * f.light_x) ** 2, 0.6)
    band = v + 0.70 - 0.36 * bend + 0.05 * strands
    gloss = bump((band / (0.13 - 0.03 * f.streaks)) ** 2) * (0.70 + 0.50 * strands)
    matte = 1.0 - 0.9 * f.hair_texture_coily - 0.55 * f.hair_style_cropped
    matte = matte - 0.35 * f.hair_texture_wavy
    lower = bump(((v - 0.12 - 0.2 * n[:, 44]) / 0.24) ** 2) * f.loose * f.hair_texture_straight
    tone = tone + np.maximum(gloss, 0.0) * (0.72 + 0.16 * f.hair_texture_straight) * matte
    return tone + 0.5 * lower * (0.30 + 0.5 * strands)


def _coils(p: Pen, f: SimpleNamespace) -> np.ndarray:
    """Tone of curls: warped waves that cross one another, in two sizes."""
    u, v, n1, n2 = p.u, p.v, f.noise[:, 35], f.noise[:, 36]
    a = 3.7 * u + 0.42 * wave(1.7 * v + n1) + 0.24 * wave(3.9 * v + 1.3 * u + n2)
    b = 3.7 * v + 0.42 * wave(1.8 * u + n2) + 0.24 * wave(3.6 * u - 1.1 * v + n1)
    curls = wave(a) * wave(b) + 0.5 * wave(0.5 * a + n1) * wave(0.5 * b + n2)
    fine = wave(2.2 * a + 0.4 * b) * wave(2.2 * b - 0.4 * a)
    return 0.52 * curls + 0.55 * p.detail(8.5) * fine


def paint_back_hair(pen: Pen, f: SimpleNamespace, hair: SimpleNamespace) -> None:
    """Paint what hangs behind the face: loose hair, a bun, a tail."""
    u, v = pen.u, pen.v
    hair.tone = _hair_tone(pen, f, hair)
    inner = smooth(1.1 - np.abs(u) / (f.width + 0.05))
    tone = hair.tone - 0.45 - 0.65 * inner * (v > 0.1)
    bun_x = 0.30 * f.part
    bun_r = hypot(u - bun_x, (v + 0.90) * 1.12)
    bun = bun_r - 0.235
    # a tail that springs from behind the head, swings out and narrows to its tip
    t = (v + 0.62) / 1.50
    swing = 0.40 + 1.22 * t * (1.0 - t) - 0.06 * t
    wag = 0.045 * wave(1.1 * t + f.noise[:, 45]) + 0.6 * f.wave * hair.ripple
    tail_u = np.sign(f.part + 1e-6) * u - swing - wag * np.minimum(np.maximum(t, 0.0) * 2.0, 1.0)
    girth = 0.150 * np.sqrt(np.maximum(1.0 - t * t, 0.0)) * (0.55 + 0.45 * smooth(t * 4.0))
    tail = np.maximum(np.abs(tail_u) - girth, -t * 1.5)
    whole = np.where(f.hair_style_bun > 0.5, np.minimum(hair.whole, bun), hair.whole)
    whole = np.where(f.hair_style_ponytail > 0.5, np.minimum(whole, tail), whole)
    curl = wave(4.2 * bun_r + 0.5 * (u - bun_x) + f.noise[:, 46])
    in_bun = f.hair_style_bun * pen.cover(bun)
    round_ = bump(((u - bun_x - 0.06 * f.light_x) ** 2 + (v + 0.96) ** 2) / 0.045)
    tone = tone + in_bun * (0.45 * round_ + 0.28 * curl - tone - 0.18)
    in_tail = f.hair_style_ponytail * pen.cover(tail)
    lock = wave(6.0 * tail_u + f.noise[:, 47]) + 0.7 * pen.detail(14.0) * wave(14.0 * tail_u)
    belly = 0.55 * bump(((t - 0.33) / 0.30) ** 2) - 0.25
    tone = tone + in_tail * (belly + 0.26 * lock - 0.5 * np.abs(tail_u) / 0.15 - tone + 0.1)
    pen.paint(pen.cover(whole, 0.004), shade(f.hair, tone))


def paint_front_hair(pen: Pen, f: SimpleNamespace, hair: SimpleNamespace) -> None:
    """Paint what lies over the head and the face: the crown, the sides, the fringe."""
    u, v = pen.u, pen.v
    # short hair ends above the ear in a sideburn
    sides = v - np.where(f.loose > 0.5, np.float32(3.0), 0.0 + 0.10 * f.m + f.length * 0.5)
    soft = 0.008 + 0.045 * f.hair_style_cropped + 0.02 * f.tight
    mask = np.minimum(pen.cover(hair.whole), pen.cover(-hair.opening, soft))
    mask = np.minimum(mask, pen.cover(sides, f.fade)) * (1.0 - 0.14 * f.hair_style_cropped)
    fringe = np.maximum(np.maximum(hair.bang, np.abs(u) - f.width * 0.99), hair.whole)
    mask = np.maximum(mask, f.bang * pen.cover(fringe, 0.008))
    tone = hair.tone + 0.10
    rim = smooth(1.0 - hair.opening / 0.10) * (1 - f.bang * smooth(0.5 - 4.0 * v))
    tone = tone - (0.40 - 0.22 * f.tight) * rim
    tone = tone - 0.28 * f.bang * smooth(1.0 + hair.bang / 0.10) * smooth(0.7 - 4.0 * v)
    pen.paint(mask, shade(f.hair, tone))
    # the parting: a dark groove with a line of scalp in it
    groove = hair.groove
    above = smooth((f.hairline - v) / 0.03) * smooth((v + 0.90) / 0.08) * f.swept
    pen.paint(0.55 * above * bump(groove * groove / 0.0016), f.hair[:, 0])
    pen.paint(0.55 * above * pen.line(np.abs(groove), 0.007), f.skin[:, 0])
    # a few fine hairs cross the hairline
    wisps = pen.line(np.abs(wave(hair.phi * 4.0 + f.noise[:, 39])) * 0.06, 0.004)
    near = bump((hair.opening / 0.045) ** 2) * (v < -0.2) * (1 - f.hair_style_cropped)
    pen.paint(0.35 * wisps * near * pen.detail(20.0) * (1 - f.swept), f.hair[:, 1])
