"""Copies among images: the same picture twice, at two sizes, or compressed anew."""

import numpy as np
from PIL import Image

from hwlib.images import to_image

FINE, COARSE = 16, 4  # sides of the two thumbnails: in grey, in colour
# In grey levels of 255. The nearest of 2.4 billion pairs of MNIST's digits differ by 26 in a fine
# cell; one photograph at half size, as JPEG or not, by at most 20 and by an RMS of 3 (99 in 100).
MAX_FINE_DIFFERENCE, MAX_COARSE_RMS = 20, 3
NUM_AXES, NUM_NEAREST = 12, 8  # principal axes that are searched, images that are compared


def thumbnail(pixels: np.ndarray) -> np.ndarray:
    """Return an image uint8 (S, S, C) as uint8 (FINE² + COARSE² C,): in grey, then in colour."""
    fine, coarse = (
        to_image(pixels).resize((side, side), Image.Resampling.BOX) for side in (FINE, COARSE)
    )
    return np.frombuffer(fine.convert("L").tobytes() + coarse.tobytes(), np.uint8)


def group_copies(thumbnails: np.ndarray) -> np.ndarray:
    """Return the number of each image's group, int (N,), of `thumbnails` uint8 (N, T).

    Images of one group are copies; each is compared with the few that are nearest to it.
    """
    from scipy.sparse import coo_array  # these load slowly
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    fine, coarse = np.split(thumbnails, [FINE**2], axis=1)
    x = coarse - coarse.mean(0, dtype=np.float32)
    x = x @ np.linalg.eigh(x.T @ x)[1][:, -NUM_AXES:]  # no distance grows by it
    radius = MAX_COARSE_RMS * coarse.shape[1] ** 0.5
    distances, nearest = cKDTree(x).query(
        x, k=np.arange(1, NUM_NEAREST + 1), distance_upper_bound=radius
    )
    pairs = []
    for column, is_near in zip(nearest.T, np.isfinite(distances).T, strict=True):
        one, other = np.flatnonzero(is_near), column[is_near]
        difference = np.abs(fine[one].astype(np.int16) - fine[other]).max(1)
        pairs.append(np.stack([one, other])[:, difference <= MAX_FINE_DIFFERENCE])
    one, other = np.concatenate(pairs, axis=1)
    graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(len(fine), len(fine)))
    return connected_components(graph, directed=False)[1]
