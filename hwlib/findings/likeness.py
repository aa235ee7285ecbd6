"""Whether samples of different z are one face: how alike their edges are, beside real images'."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hwlib.findings.base import Results, is_trial, share_of_real
from hwlib.text import Finding, finding

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue (ITU-R BT.601)
# Shares of the way from one image (edges correlate by 1) to what real images differ by.
MAX_ONE_FACE, MAX_FEW_FACES = 0.3, 0.6


def edge_correlation(images: np.ndarray) -> float:
    """Return the mean correlation of the edges of two images, over all pairs.

    Edges are differences of neighbouring grey values at half the resolution: neither a tint nor a
    lattice of single pixels counts.

    Args:
        images: uint8 (N, H, W, C), N at least 2.

    Returns:
        1 where all images have the same edges, about 0 where they have nothing in common.
    """
    count, height, width, channels = images.shape
    grey = images.astype(np.float32) @ (LUMA if channels == 3 else np.ones(1, np.float32))
    grey = grey[:, : height // 2 * 2, : width // 2 * 2]
    small = grey.reshape(count, height // 2, 2, width // 2, 2).mean((2, 4))
    edges = np.concatenate([np.diff(small, axis=a).reshape(count, -1) for a in (1, 2)], axis=1)
    edges -= edges.mean(1, keepdims=True)
    edges /= np.maximum(np.linalg.norm(edges, axis=1, keepdims=True), 1e-6)
    total = float(np.square(edges.sum(0)).sum()) - float(np.square(edges).sum())
    return total / (count * (count - 1))


def share_of_way(correlation: float, real: float) -> float:
    """Return how far images differ, 0 for one image and 1 for as far as real images do."""
    return (1 - correlation) / (1 - real)


def faces(
    results: Results,
    groups: Iterable[np.ndarray],
    real: np.ndarray,
    *,
    switched: Iterable[np.ndarray] = (),
) -> list[Finding]:
    """Say that different z give one face, or few; nothing where they differ as real images do.

    Args:
        groups: images (N, H, W, C) that differ in z alone, one array a condition.
        real: the test images.
        switched: images that differ in the condition alone, one array a z: where they are one face
            too, the condition is said to change little but colours.
    """
    of_real = edge_correlation(real)
    over_z = float(np.mean([edge_correlation(images) for images in groups]))
    share = share_of_way(over_z, of_real)
    if is_trial(results) or share >= MAX_FEW_FACES:
        return []
    rows = [edge_correlation(images) for images in switched]
    over_code = float(np.mean(rows)) if rows else None
    is_one = share < MAX_ONE_FACE
    is_tint = is_one and bool(rows) and share_of_way(over_code, of_real) < MAX_ONE_FACE
    values = {"over_z": over_z, "real": of_real, "over_code": over_code}
    flags = {"is_one_face": is_one, "is_tint": is_tint}
    diversity = share_of_real(results, "diversity")
    return [finding("likeness.faces", **values, diversity=diversity, **flags)]
