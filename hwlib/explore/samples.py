"""What can be measured on images that a network made, beside real ones measured the same way."""

from typing import Any

import numpy as np
import torch
from torch import nn

from hwlib.metrics import squared_distances
from hwlib.training.quality import NUM_SHOWN, closest_pair, thumbnails

NUM_DRAWS = 1_000  # of real images, as many in each as there are samples
MIDDLE = (5, 95)  # percentiles of the draws
MAX_REAL = 2_000  # real images to draw from
MIN_REAL = 4  # times the samples, before draws of real images differ enough from one another

MIN_SIDE = 16  # of an image whose spectrum has neighbours to compare with
NEIGHBOURS = (4, 5, 6)  # lines away from the highest frequency; nearer ones take part of its energy
NUM_SPECTRA = 500  # images whose spectra are averaged, at most
LUMA = (0.299, 0.587, 0.114)


def closest_pairs(
    samples: np.ndarray, real: np.ndarray, *, draws: int = NUM_DRAWS
) -> dict[str, Any] | None:
    """Measure how alike the closest two samples are, and the closest two of as many real images.

    Of the samples, uint8 (N, H, W, C), the first 32 count, as they are shown; real images, unseen
    ones, are drawn `draws` times, without replacement within a draw.

    Returns:
        `distance`, and `low` and `high`, the 5th and 95th percentile over the draws: RMS of grey
        levels 0..255 between images reduced to 16 x 16; `count` and `draws`. None where there are
        fewer than two samples, or fewer than four times as many real images.
    """
    count = min(NUM_SHOWN, len(samples))
    if count < 2 or len(real) < MIN_REAL * count:
        return None
    ours, others = thumbnails(samples[:count]), thumbnails(np.asarray(real[:MAX_REAL]))
    apart = squared_distances(others, others).fill_diagonal_(torch.inf).numpy()
    rng = np.random.default_rng(0)
    drawn = (rng.choice(len(apart), count, replace=False) for _ in range(draws))
    closest = np.sqrt([apart[np.ix_(rows, rows)].min() for rows in drawn])
    scale = 255 / ours.shape[1] ** 0.5
    low, high = (float(value) for value in np.percentile(closest, MIDDLE) * scale)
    distance = float(closest_pair(ours)) * scale
    return {"distance": distance, "low": low, "high": high, "count": count, "draws": draws}


def lattice(G: nn.Module, samples: np.ndarray, real: np.ndarray) -> dict[str, Any] | None:
    """Measure a pattern that repeats every two pixels, as transposed convolutions leave it.

    Returns:
        `peak` and `peak_real`: the spectrum's power where an image alternates from pixel to pixel,
        times that at frequencies a little lower, about 1 for natural images and for white noise;
        `grey_levels`: the RMS of what exceeds those neighbours; `is_transposed`: whether G has
        transposed convolutions of stride 2. None for images of an odd side or one below 16.
    """
    side = samples.shape[1]
    if side % 2 or side < MIN_SIDE or samples.shape[2] != side:
        return None
    peak, grey_levels = _peak(samples)
    upscaling = [m for m in G.modules() if isinstance(m, nn.ConvTranspose2d) and max(m.stride) > 1]
    about = {"peak_real": _peak(np.asarray(real))[0], "is_transposed": bool(upscaling)}
    return {"peak": peak, "grey_levels": grey_levels} | about


def _peak(images: np.ndarray) -> tuple[float, float]:
    """Return how far the highest frequency stands out, and by how many grey levels (RMS)."""
    images = images[:NUM_SPECTRA].astype(float)
    luma = images @ LUMA if images.shape[-1] == 3 else images[..., 0]
    luma = luma - luma.mean((1, 2), keepdims=True)
    side = luma.shape[1]
    window = np.outer(np.hanning(side), np.hanning(side))
    power = (np.abs(np.fft.fft2(luma * window)) ** 2).mean(0)  # (H, W)
    lines = (power.mean(1) + power.mean(0)) / 2  # of each frequency: its row and its column
    beside = float(np.mean([lines[side // 2 - k] for k in NEIGHBOURS]))
    top = float(lines[side // 2])
    # of a row and a column; the window spreads a third of a line's energy over those beside it
    excess = max(0.0, top - beside) * (2 * side - 1) * 1.5
    grey_levels = float(np.sqrt(excess / (side**2 * (window**2).sum())))
    return (top / beside if beside > 0 else 1.0), grey_levels
