"""The brush of the drawn faces: soft steps and waves, distances, and a window to paint in.

Only +, -, *, /, square root, minimum, maximum and floor touch the pixels; IEEE fixes every bit of
these, so images do not depend on the number of threads or on how a batch is cut.
"""

from dataclasses import dataclass

import numpy as np


def smooth(t: np.ndarray) -> np.ndarray:
    """Smooth step: 0 below 0, 1 above 1."""
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(q: np.ndarray) -> np.ndarray:
    """A soft hill over a squared distance q: 1 at 0, 0 from 1 on."""
    t = np.maximum(1.0 - q, 0.0)
    return t * t


def wave(t: np.ndarray) -> np.ndarray:
    """sin(2 pi t) to within 0.06, from parabolas."""
    t = t - np.floor(t + 0.5)
    return 8.0 * t * (1.0 - 2.0 * np.abs(t))


def hypot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Length of (a, b), by operations that IEEE fixes bit for bit; numpy's hypot is not."""
    return np.sqrt(a * a + b * b)


def radial(du: np.ndarray, dv: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Distance to the curve r = 1 measured along the ray from the centre (r is 1-homogeneous)."""
    return hypot(du, dv) * (1.0 - 1.0 / np.maximum(r, 1e-3))


@dataclass
class Pen:
    """A window on a batch of images: where its pixels lie, and their colours to paint over."""

    image: np.ndarray  # (B, 3, h, w)
    x: np.ndarray  # (B, h, w), body coordinates
    y: np.ndarray
    u: np.ndarray  # (B, h, w), head coordinates
    v: np.ndarray
    pixel: np.ndarray  # (B, 1, 1), a pixel's side in head units
    cut: tuple = ()  # where this window lies in arrays (B, H, W) of the whole canvas

    def window(self, left: float, right: float, top: float, bottom: float) -> "Pen":
        """The part of the canvas between these edges, given in canvas coordinates."""
        size = self.image.shape[-1]
        lo = [max(0, int(np.floor((e + 1) / 2 * size))) for e in (top, left)]
        hi = [min(size, max(1, int(np.ceil((e + 1) / 2 * size)))) for e in (bottom, right)]
        rows, columns = (slice(min(a, b - 1), b) for a, b in zip(lo, hi, strict=True))
        cut = (slice(None), rows, columns)
        return Pen(
            self.image[:, :, rows, columns],
            self.x[cut], self.y[cut], self.u[cut], self.v[cut], self.pixel, cut,
        )  # fmt: skip

    def cover(self, distance: np.ndarray, blur: float = 0.0) -> np.ndarray:
        """Share of each pixel that lies inside; `blur` widens the edge, in head units."""
        return np.clip(0.5 - distance / (self.pixel + blur), 0.0, 1.0)

    def line(self, distance: np.ndarray, half_width) -> np.ndarray:
        """Share of each pixel that a stroke covers, right for strokes thinner than a pixel too."""
        near = np.clip(0.5 + (half_width - distance) / self.pixel, 0.0, 1.0)
        far = np.clip(0.5 - (half_width + distance) / self.pixel, 0.0, 1.0)
        return np.maximum(near - far, 0.0)

    def paint(self, mask: np.ndarray, colour: np.ndarray) -> None:
        """Lay `colour` (B, 3, 1, 1) or (B, 3, h, w) where `mask` (B, h, w) is 1."""
        change = colour - self.image
        change *= mask[:, None]
        self.image += change

    def detail(self, frequency) -> np.ndarray:
        """1 where waves of this many cycles a unit can be seen at this size, 0 where they alias."""
        return np.clip(1.7 - 3.4 * frequency * self.pixel, 0.0, 1.0)


def shade(ramp: np.ndarray, tone: np.ndarray) -> np.ndarray:
    """Colours (B, 3, h, w) of a ramp (B, 3, 3, 1, 1): shadow at -1, itself at 0, light at 1."""
    tone = np.clip(tone, -1.0, 1.0)[:, None]
    shadow, base, light = ramp[:, 0], ramp[:, 1], ramp[:, 2]
    return base + np.maximum(tone, 0.0) * (light - base) + np.minimum(tone, 0.0) * (base - shadow)


def _fraction(t: np.ndarray) -> np.ndarray:
    return t - np.floor(t)


def dots(a: np.ndarray, b: np.ndarray, seed: np.ndarray, radius) -> np.ndarray:
    """One soft dot at a random place in each unit cell of the plane (a, b)."""
    ca, cb = np.floor(a), np.floor(b)
    h1 = _fraction((ca * 0.1031 + 7.3 * seed) * (cb * 0.1173 + 3.1 + seed))
    h1 = _fraction(h1 * 41.7 + ca * 0.3819 + cb * 0.7549)
    h2 = _fraction(h1 * 57.3 + cb * 0.2360)
    da, db = a - ca - 0.22 - 0.56 * h1, b - cb - 0.22 - 0.56 * h2
    return bump((da * da + db * db) / (radius * (0.4 + 0.8 * h1)) ** 2)
