"""How good samples are as images, measured the same way for every model.

Distances are taken in the features of a network, the attribute classifier's or Inception's, between
samples and real test images; beside each stands the same distance between real training images and
the test images, which is its noise floor. Every distance carries its protocol.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hwlib import metrics
from hwlib.config import Config
from hwlib.data import Data
from hwlib.errors import UserError
from hwlib.io import sha256_of
from hwlib.training.attribute_classifier import Classifier, get_classifier, image_features
from hwlib.training.batches import evenly_spaced_rows, map_batches
from hwlib.training.updates import Measured, Results

MAX_IMAGES = 5_000  # of each of the two sets that are compared
NUM_SAMPLES = 64  # samples that are kept
NUM_SHOWN = 32  # samples that the reports show
NUM_NEAREST = 8  # samples that are shown beside their nearest training image
THUMBNAIL = 16  # side of the images that near copies are looked for in
COPY_QUANTILE = 0.01  # of the test images' distances to their nearest training images
TRAIN_AT_ONCE = 1_000  # training images whose distances are in memory
INCEPTION_FILE = "inception_v3_google-0cc3c7bd.pth"  # torchvision's IMAGENET1K_V1
INCEPTION_SHA256 = "0cc3c7bd"  # its first digits
INCEPTION_SIDE = 299
INCEPTION_BATCH = 25

KYNKAANNIEMI = f"{metrics.NEIGHBOURS} nearest neighbours (Kynkaanniemi et al. 2019)"
NAEEM = f"{metrics.NEIGHBOURS} nearest neighbours (Naeem et al. 2020)"
ESTIMATORS = {
    "frechet": "Gaussians with covariances over N - 1",
    "kid": "unbiased MMD^2 of the kernel (x.y/F + 1)^3, all pictures at once",
    **{"precision": KYNKAANNIEMI, "recall": KYNKAANNIEMI, "density": NAEEM, "coverage": NAEEM},
}


# ---- feature networks ---------------------------------------------------------------------------


class FeatureNetworks(NamedTuple):
    """The networks that images are measured with."""

    classifier: Classifier  # reads attributes
    # Distances are taken in its `features(x)` of uint8 (B, C, H, W), and `name` is in their
    # protocol. It is the classifier unless another one is asked for.
    extractor: nn.Module


def make_feature_networks(config: Config, data: Data, device: torch.device) -> FeatureNetworks:
    """Return the networks that measure a run's images; the classifier is trained if need be."""
    inception = check_feature_networks(config, data, device)
    classifier = get_classifier(data, steps=config.oracle_steps, device=device)
    return FeatureNetworks(classifier, inception or classifier)


def check_feature_networks(config: Config, data: Data, device: torch.device) -> "Inception | None":
    """Return Inception where it is asked for, its weights `$HWLIB_INCEPTION` or torch's download.

    Too few images for a distance, and missing weights, are a UserError.
    """
    if num_quality_images(data) < 2:
        sizes = {"train": len(data.train), "test": len(data.test)}
        raise UserError("too_few_for_distances", data=data.spec, **sizes)
    if config.features != "inception":
        return None
    downloads = Path(torch.hub.get_dir()) / "checkpoints"
    path = Path(os.environ.get("HWLIB_INCEPTION") or downloads / INCEPTION_FILE)
    if not path.is_file():
        raise UserError("inception_missing", file=INCEPTION_FILE, path=path)
    return Inception(path).to(device, memory_format=torch.channels_last)


class Inception(nn.Module):
    """Inception v3 as torchvision has it, up to the mean of its last layer over places."""

    def __init__(self, path: Path):
        """Take the weights from `path`; another file, or a damaged one, is a UserError."""
        from torchvision.models import Inception_V3_Weights, inception_v3

        super().__init__()
        digest = sha256_of(path)
        if not digest.startswith(INCEPTION_SHA256):
            raise UserError("inception_other", path=path, file=INCEPTION_FILE, digest=digest[:8])
        self.name = f"inception:{digest[:16]}"
        net = inception_v3(init_weights=False, transform_input=False)
        place = {"model_dir": str(path.parent), "file_name": path.name}
        weights = Inception_V3_Weights.IMAGENET1K_V1
        net.load_state_dict(weights.get_state_dict(**place, weights_only=True))
        net.AuxLogits, net.fc = None, nn.Identity()
        self.net = net.requires_grad_(False).eval()

    def features(self, x: Tensor) -> Tensor:
        """Map x (B, C, H, W) uint8 to (B, 2048)."""
        size = (INCEPTION_SIDE, INCEPTION_SIDE)
        parts = ((x.float() / 127.5 - 1).expand(-1, 3, -1, -1) for x in x.split(INCEPTION_BATCH))
        scaled = (F.interpolate(x, size, mode="bilinear", antialias=True) for x in parts)
        return torch.cat([self.net(x) for x in scaled])


# ---- metrics ------------------------------------------------------------------------------------


def num_quality_images(data: Data) -> int:
    """Return how many samples to draw: as many as there are test images, at most 5,000."""
    return min(len(data.test), len(data.train), MAX_IMAGES)


def sample_quality(samples: np.ndarray, data: Data, networks: FeatureNetworks) -> Measured:
    """Measure samples against the test images, and real training images beside them.

    Of `samples`, uint8 (N, H, W, C), the first `num_quality_images(data)` are measured. They give
    what every problem has: of samples.npz `samples`, the first 64, and `nearest`.
    """
    num, kept = num_quality_images(data), samples[:NUM_SAMPLES]
    samples = samples[:num]
    real, train = (
        part.images[evenly_spaced_rows(len(part), num)] for part in (data.test, data.train)
    )
    of_test, of_samples, of_train = (
        image_features(networks.extractor, images) for images in (real, samples, train)
    )
    protocol = {
        "data": data.fingerprint,
        **{name: getattr(data, name) for name in ("crop", "image_size", "channels")},
        **{"num_samples": num, "num_real": num, "features": networks.extractor.name},
    }
    results: Results = {"oracle": networks.classifier.about, "protocol": protocol}
    for name, estimator in ESTIMATORS.items():
        results[f"{name}_protocol"] = protocol | {"estimator": estimator}
    results |= distances(of_test, of_samples)
    results |= {f"{name}_real": value for name, value in distances(of_test, of_train).items()}
    for name, images in (("samples", samples), ("real", data.test.images)):
        results[f"sharpness_{name}"] = mean_of(metrics.sharpness, images)
        if images.shape[-1] == 3:
            results[f"colourfulness_{name}"] = mean_of(metrics.colourfulness, images)
    results["diversity_samples"] = metrics.diversity(of_samples)
    results["diversity_real"] = metrics.diversity(of_test)
    copies, pairs = copy_results(samples, real, data.train.images)
    return results | copies, {"samples": kept, "nearest": pairs}


def distances(real: Tensor, fake: Tensor) -> dict[str, float]:
    """Return every distance between features (N, F) of real and (M, F) of generated images."""
    return {
        "frechet": metrics.frechet_distance(real, fake),
        "kid": metrics.kernel_distance(real, fake),
        **metrics.neighbour_scores(real, fake),
    }


def mean_of(measure: Callable[[Tensor], Tensor], images: np.ndarray) -> float:
    """Return the mean of a per-image number over uint8 images (N, H, W, C)."""
    return float(map_batches(measure, images).mean())


# ---- near copies --------------------------------------------------------------------------------


def copy_results(
    samples: np.ndarray, real: np.ndarray, train: np.ndarray
) -> tuple[Results, np.ndarray]:
    """Measure whether samples are copies: of training images, or of one another.

    Distances are Euclidean, between images (N, H, W, C) reduced to 16 x 16, held against those of
    the test images `real`. There are ratios where real ones are not copies themselves, and samples
    beside their nearest training images, (8, 2, H, W, C).
    """
    fakes, fresh = thumbnails(samples), thumbnails(real)
    distance, index = nearest(torch.cat([fakes, fresh]), train)
    of_samples, of_real = distance[: len(fakes)], distance[len(fakes) :]
    limit = torch.quantile(of_real, COPY_QUANTILE)
    results = {"near_copies": float((of_samples < limit).double().mean())}
    as_many = fresh[evenly_spaced_rows(len(fresh), NUM_SHOWN)]
    for name, value, measure in (
        ("nearest_ratio", of_samples.median(), of_real.median()),
        ("closest_pair_ratio", closest_pair(fakes[:NUM_SHOWN]), closest_pair(as_many)),
    ):
        if measure > 0:
            results[name] = float(value / measure)
    rows = of_samples.argsort(stable=True)[:NUM_NEAREST]
    return results, np.array([(samples[row], train[int(index[row])]) for row in rows.tolist()])


def thumbnails(images: np.ndarray) -> Tensor:
    """Reduce images to 16 x 16 by their mean: uint8 (N, H, W, C) -> float32 (N, 256 * C)."""

    def reduce(batch: Tensor) -> Tensor:
        # Around 0, so that little is lost where squares are subtracted.
        return F.adaptive_avg_pool2d(batch.float() / 255 - 0.5, THUMBNAIL).flatten(1)

    return map_batches(reduce, images)


def nearest(queries: Tensor, train: np.ndarray) -> tuple[Tensor, Tensor]:
    """Return each thumbnail's (N, F) distance to its nearest of `train` (T, H, W, C), and which."""
    best = torch.full((len(queries),), torch.inf)
    index = torch.zeros(len(queries), dtype=torch.long)
    for start in range(0, len(train), TRAIN_AT_ONCE):
        part = thumbnails(train[start : start + TRAIN_AT_ONCE])
        for first in range(0, len(queries), TRAIN_AT_ONCE):
            rows = slice(first, first + TRAIN_AT_ONCE)
            found, where = metrics.squared_distances(queries[rows], part).min(1)
            is_nearer = found < best[rows]
            index[rows] = torch.where(is_nearer, where + start, index[rows])
            best[rows] = torch.where(is_nearer, found, best[rows])
    return best.sqrt(), index


def closest_pair(thumbs: Tensor) -> Tensor:
    """Return the smallest distance between two images: (N, F) -> 0-dim, infinite for one."""
    squares = metrics.squared_distances(thumbs, thumbs)
    squares.fill_diagonal_(torch.inf)
    return squares.min().sqrt()
