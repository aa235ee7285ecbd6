"""What can be measured on a VAE's reconstructions, and which test images its figures start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from hwlib.metrics import frechet_distance
from hwlib.run import Run
from hwlib.training.attribute_classifier import image_features
from hwlib.training.batches import evenly_spaced_rows
from hwlib.training.evaluate_vae import reconstruct
from hwlib.training.quality import make_feature_networks

if TYPE_CHECKING:
    from hwlib.data import Data

CENTRAL_SHARE = 0.1  # of the test images, those nearest to their mean image


def central_pair(mu: np.ndarray, images: np.ndarray) -> tuple[int, int]:
    """Return two ordinary images that differ: where a figure of latents starts, and ends.

    The first is the one nearest to the mean image, in pixels; the second is, of the tenth of the
    images that is nearest to it, the one whose latents are furthest from the first's.

    Args:
        mu: (N, Z) posterior means.
        images: uint8 (N, H, W, C), which they belong to.
    """
    mean = images.mean(0, dtype=np.float64)
    errors = np.array([np.square(image - mean).mean() for image in images])
    central = np.argsort(errors, kind="stable")[: max(2, round(CENTRAL_SHARE * len(images)))]
    away = np.square(mu[central] - mu[central[0]]).sum(1)
    return int(central[0]), int(central[np.argmax(away)])


def reconstruction_frechet(run: Run, data: Data) -> float | None:
    """Return the Fréchet distance from reconstructed training images to test images.

    It is measured as that of the run's samples is, on as many images and in the same features;
    the noise floor is that of the same training images as they are.

    Args:
        run: a finished run of a VAE.
        data: the images that it was trained on.

    Returns:
        None where the run has no such distance, or its features are not to be had again.
    """
    protocol = run.results.get("frechet_protocol")
    if protocol is None:
        return None
    extractor = make_feature_networks(run.config, data, torch.device("cpu")).extractor
    if extractor.name != protocol["features"]:
        return None
    num = protocol["num_real"]
    test = data.test.images[evenly_spaced_rows(len(data.test), num)]
    train = data.train.images[evenly_spaced_rows(len(data.train), num)]
    made = reconstruct(run.load_models()["vae"], train)
    real, fake = (image_features(extractor, images) for images in (test, made))
    return frechet_distance(real, fake)
