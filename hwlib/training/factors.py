"""Scores of disentanglement, on data whose factors are known: the drawn faces."""

from collections.abc import Callable
from typing import Any

import numpy as np

from hwlib.data import Data
from hwlib.disentangle import scores
from hwlib.training.batches import evenly_spaced_rows

# Factors of a drawn face that are asked for: those that show in an image of 64 x 64 pixels (a line
# through its pixels finds half of their variance or more, and half of what hair colours' guesses
# miss) without any two going together (|correlation| below 0.2), so that no latent in charge of one
# is in charge of another by that alone. Jaw and lipstick, for example, go with masculinity.
FACE_FACTORS = (
    *("masculinity", "skin_tone", "hair_colour", "bangs", "smile", "yaw", "tilt", "zoom"),
    *("light_x", "background_hue", "background_lightness", "clothes_lightness"),
)
NUM_FITTED = 2_000  # training images whose codes are scored; forests are fitted to them too
NUM_HELD_OUT = 1_000  # test images that forests predict
MIN_IMAGES = 40  # training and test images that scores need at least


def disentanglement(read: Callable[[np.ndarray, str], np.ndarray], data: Data) -> dict[str, Any]:
    """Return `disentanglement` for results.json; nothing where factors are unknown, or images few.

    `read` gives the codes (N, Z) of images uint8 (N, H, W, C), and takes the name of the part that
    they are of, for its draws.
    """
    parts = []
    for name, part, count in (("train", data.train, NUM_FITTED), ("test", data.test, NUM_HELD_OUT)):
        if part.factors is None or len(part.factors) < MIN_IMAGES:
            return {}
        if not set(FACE_FACTORS) <= set(part.factors.columns):
            return {}  # factors, but not those of the drawn faces
        rows = evenly_spaced_rows(len(part), count)
        parts.append((read(part.images[rows], name), part.factors.loc[rows, list(FACE_FACTORS)]))
    return {"disentanglement": scores(*parts[0], held_out=parts[1])}
