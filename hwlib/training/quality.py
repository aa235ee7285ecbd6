"""How good samples are as pictures, measured the same way for every model.

Distances are taken in the features of a network, the attribute oracle's or Inception's, between
samples and real test pictures; beside each stands the same distance between real training pictures
and the test pictures: no sample can be expected to come nearer. Every distance carries its
protocol, and distances of unequal protocols refuse to be compared.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hwlib.config import Config
from hwlib.data import Data
from hwlib.errors import UserError
from hwlib.io import sha256_of
from hwlib.metrics import (
    NEIGHBOURS,
    colourfulness,
    density_coverage,
    diversity,
    frechet_distance,
    kernel_distance,
    precision_recall,
    sharpness,
    squared_distances,
)
from hwlib.training.batches import image_batches, spread
from hwlib.training.oracle import Oracle, get_oracle, oracle_features

MAX_IMAGES = 5_000  # of each of the two sets that are compared
NUM_SHOWN = 32  # samples that the reports show
NUM_NEAREST = 8  # samples that are shown beside their nearest training picture
THUMBNAIL = 16  # side of the pictures that near copies are looked for in
COPY_QUANTILE = 0.01  # of the test pictures' distances to their nearest training pictures
TRAIN_AT_ONCE = 1_000  # training pictures whose distances are in memory
INCEPTION_FILE = "inception_v3_google-0cc3c7bd.pth"  # torchvision's IMAGENET1K_V1
INCEPTION_SHA256 = "0cc3c7bd"  # its first digits
INCEPTION_SIDE = 299
INCEPTION_BATCH = 25

ESTIMATORS = {
    "frechet": "Gaussians with covariances over N - 1",
    "kid": "unbiased MMD^2 of the kernel (x.y/F + 1)^3, all pictures at once",
    "precision": f"{NEIGHBOURS} nearest neighbours (Kynkaanniemi et al. 2019)",
    "recall": f"{NEIGHBOURS} nearest neighbours (Kynkaanniemi et al. 2019)",
    "density": f"{NEIGHBOURS} nearest neighbours (Naeem et al. 2020)",
    "coverage": f"{NEIGHBOURS} nearest neighbours (Naeem et al. 2020)",
}


# ---- the networks that judge --------------------------------------------------------------------


@dataclass(frozen=True)
class Tools:
    """The networks that judge pictures.

    oracle: reads attributes.
    extractor: `features(x)` of uint8 (B, C, H, W) are what distances are taken in; `name` tells
        the network and its fingerprint. It is the oracle unless another one is asked for.
    """

    oracle: Oracle
    extractor: nn.Module


def make_tools(config: Config, data: Data, device: torch.device) -> Tools:
    """Return the networks that judge a run's pictures; the oracle is trained if need be.

    Raises:
        UserError: as `check_tools`.
    """
    inception = check_tools(config, data, device)
    oracle = get_oracle(data, steps=config.oracle_steps, device=device)
    return Tools(oracle, inception or oracle)


def check_tools(config: Config, data: Data, device: torch.device) -> Inception | None:
    """Return Inception where it is asked for, a frozen network in eval mode.

    Raises:
        UserError: the data has too few pictures for a distance, or Inception's weights are missing.
    """
    if num_quality_images(data) < 2:
        raise UserError(
            "too_few_for_distances", data=data.spec, train=len(data.train), test=len(data.test)
        )
    if config.features != "inception":
        return None
    return Inception(inception_path()).to(device, memory_format=torch.channels_last)


class Inception(nn.Module):
    """Inception v3 as torchvision has it, up to the mean of its last layer over places."""

    def __init__(self, path: Path):
        """Take the weights from `path`.

        Raises:
            UserError: the file is another one, or damaged.
        """
        from torchvision.models import Inception_V3_Weights, inception_v3

        super().__init__()
        digest = sha256_of(path)
        if not digest.startswith(INCEPTION_SHA256):
            raise UserError("inception_other", path=path, file=INCEPTION_FILE, digest=digest[:8])
        self.name = f"inception:{digest[:16]}"
        net = inception_v3(init_weights=False, transform_input=False)
        net.load_state_dict(
            Inception_V3_Weights.IMAGENET1K_V1.get_state_dict(
                model_dir=str(path.parent), file_name=path.name, weights_only=True
            )
        )
        net.AuxLogits, net.fc = None, nn.Identity()
        self.net = net.requires_grad_(False).eval()

    def features(self, x: Tensor) -> Tensor:
        """Map x (B, C, H, W) uint8 to (B, 2048)."""
        return torch.cat([self._features(part) for part in x.split(INCEPTION_BATCH)])

    def _features(self, x: Tensor) -> Tensor:
        x = (x.float() / 127.5 - 1).expand(-1, 3, -1, -1)
        size = (INCEPTION_SIDE, INCEPTION_SIDE)
        return self.net(F.interpolate(x, size, mode="bilinear", antialias=True))


def inception_path() -> Path:
    """Return where Inception's weights are.

    Raises:
        UserError: they are not there.
    """
    given = os.environ.get("HWLIB_INCEPTION")
    path = Path(given) if given else Path(torch.hub.get_dir()) / "checkpoints" / INCEPTION_FILE
    if not path.is_file():
        raise UserError("inception_missing", file=INCEPTION_FILE, path=path)
    return path


# ---- the numbers --------------------------------------------------------------------------------


def num_quality_images(data: Data) -> int:
    """Return how many samples to draw: as many as there are test pictures, at most 5,000."""
    return min(len(data.test), len(data.train), MAX_IMAGES)


def sample_quality(
    samples: np.ndarray, data: Data, tools: Tools
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Measure samples against the test pictures, and real training pictures beside them.

    Args:
        samples: uint8 (N, H, W, C), at least `num_quality_images(data)`, which are measured; the
            first 32 are those that are shown.
        data: the pictures that the model was trained on, and the test pictures.
        tools: the oracle, and the network that gives the features.

    Returns:
        The part of results.json that every problem has, and of samples.npz: `nearest`.
    """
    num = num_quality_images(data)
    if len(samples) < num:
        raise ValueError(f"{num} samples are needed, not {len(samples)}")
    samples = samples[:num]
    real = data.test.images[spread(len(data.test), num)]
    train = data.train.images[spread(len(data.train), num)]
    features = {
        name: oracle_features(tools.extractor, images)
        for name, images in (("test", real), ("samples", samples), ("train", train))
    }
    results: dict[str, Any] = {"oracle": tools.oracle.about}
    results |= distances(features["test"], features["samples"])
    beside = distances(features["test"], features["train"])
    results |= {f"{name}_real": value for name, value in beside.items()}
    results |= protocols(data, tools.extractor, num)
    results |= look(samples, data.test.images)
    results["diversity_samples"] = diversity(features["samples"])
    results["diversity_real"] = diversity(features["test"])
    copies, pictures = copy_numbers(samples, real, data.train.images)
    return results | copies, pictures


def distances(real: Tensor, fake: Tensor) -> dict[str, float]:
    """Return every distance between two sets, by its name in results.json.

    Args:
        real: (N, F) features of real pictures.
        fake: (M, F) features of the pictures that are judged.
    """
    precision, recall = precision_recall(real, fake)
    density, coverage = density_coverage(real, fake)
    return {
        "frechet": frechet_distance(real, fake),
        "kid": kernel_distance(real, fake),
        **{"precision": precision, "recall": recall, "density": density, "coverage": coverage},
    }


def protocols(data: Data, extractor: nn.Module, num: int) -> dict[str, dict[str, Any]]:
    """Return how the distances were measured: `protocol`, shared, and one for each distance."""
    shared = {
        "data": data.fingerprint,
        "crop": data.crop,
        "image_size": data.image_size,
        "channels": data.channels,
        "num_samples": num,
        "num_real": num,
        "features": extractor.name,
    }
    each = {
        f"{name}_protocol": shared | {"estimator": estimator}
        for name, estimator in ESTIMATORS.items()
    }
    return {"protocol": shared} | each


def look(samples: np.ndarray, real: np.ndarray) -> dict[str, float]:
    """Return sharpness and, of colour pictures, colourfulness: uint8 (N, H, W, C) each."""
    results = {}
    for name, images in (("samples", samples), ("real", real)):
        results[f"sharpness_{name}"] = mean_of(sharpness, images)
        if images.shape[-1] == 3:
            results[f"colourfulness_{name}"] = mean_of(colourfulness, images)
    return results


def mean_of(measure: Callable[[Tensor], Tensor], images: np.ndarray) -> float:
    """Return the mean of a per-picture number over uint8 pictures (N, H, W, C)."""
    values = [measure(batch) for batch in image_batches(images, torch.device("cpu"))]
    return float(torch.cat(values).mean())


# ---- near copies --------------------------------------------------------------------------------


def copy_numbers(
    samples: np.ndarray, real: np.ndarray, train: np.ndarray
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Tell whether samples are copies: of training pictures, or of one another.

    Distances are Euclidean, between pictures reduced to 16 x 16. What a fresh picture's distance to
    its nearest training picture is, the test pictures tell.

    Args:
        samples: uint8 (N, H, W, C), of which the first 32 are shown.
        real: uint8 (M, H, W, C) test pictures.
        train: uint8 (T, H, W, C), usually a memory map; it is read in parts.

    Returns:
        `near_copies`, and `nearest_ratio` and `closest_pair_ratio` where real pictures are not
        copies themselves; `nearest` (8, 2, H, W, C), samples beside training pictures.
    """
    fakes, fresh = thumbnails(samples), thumbnails(real)
    distance, index = nearest(torch.cat([fakes, fresh]), train)
    of_samples, of_real = distance[: len(fakes)], distance[len(fakes) :]
    limit = torch.quantile(of_real, COPY_QUANTILE)
    results = {"near_copies": float((of_samples < limit).double().mean())}
    shown = fresh[spread(len(fresh), NUM_SHOWN)]
    for name, value, measure in (
        ("nearest_ratio", of_samples.median(), of_real.median()),
        ("closest_pair_ratio", closest_pair(fakes[:NUM_SHOWN]), closest_pair(shown)),
    ):
        if measure > 0:
            results[name] = float(value / measure)
    rows = of_samples.argsort(stable=True)[:NUM_NEAREST]
    pairs = [(samples[row], train[int(index[row])]) for row in rows.tolist()]
    return results, {"nearest": np.array(pairs)}


def thumbnails(images: np.ndarray) -> Tensor:
    """Reduce pictures to 16 x 16 by their mean: uint8 (N, H, W, C) -> float32 (N, 256 * C)."""
    parts = [
        # Around 0, so that little is lost where squares are subtracted.
        F.adaptive_avg_pool2d(batch.float() / 255 - 0.5, THUMBNAIL).flatten(1)
        for batch in image_batches(images, torch.device("cpu"))
    ]
    return torch.cat(parts)


def nearest(queries: Tensor, train: np.ndarray) -> tuple[Tensor, Tensor]:
    """Return each query's distance to its nearest training picture, and which one that is.

    Args:
        queries: (N, F) thumbnails.
        train: uint8 (T, H, W, C); a thousand at a time are in memory.

    Returns:
        Distances (N,) and rows of `train` (N,).
    """
    best = torch.full((len(queries),), torch.inf)
    index = torch.zeros(len(queries), dtype=torch.long)
    for start in range(0, len(train), TRAIN_AT_ONCE):
        part = thumbnails(train[start : start + TRAIN_AT_ONCE])
        for first in range(0, len(queries), TRAIN_AT_ONCE):
            rows = slice(first, first + TRAIN_AT_ONCE)
            found, where = squared_distances(queries[rows], part).min(1)
            is_nearer = found < best[rows]
            index[rows] = torch.where(is_nearer, where + start, index[rows])
            best[rows] = torch.where(is_nearer, found, best[rows])
    return best.sqrt(), index


def closest_pair(thumbs: Tensor) -> Tensor:
    """Return the smallest distance between two pictures: (N, F) -> 0-dim, infinite for one."""
    squares = squared_distances(thumbs, thumbs)
    squares.fill_diagonal_(torch.inf)
    return squares.min().sqrt()


# ---- snapshots ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class SnapshotScorer:
    """Scores samples while training goes on, against a fixed set of real training pictures."""

    oracle: Oracle
    real: Tensor  # (N, F)
    real_diversity: float

    def score(self, features: Tensor) -> tuple[float, float]:
        """Return KID, and the samples' diversity over the real pictures', by the oracle's features
        (M, F) of the samples."""
        return kernel_distance(self.real, features), diversity(features) / self.real_diversity

    def floor(self) -> float:
        """Return how far from 0 KID is between two halves of the real pictures; 0 for too few."""
        halves = self.real[::2], self.real[1::2]
        return abs(kernel_distance(*halves)) if len(halves[1]) > 1 else 0.0


def snapshot_scorer(data: Data, oracle: Oracle, num: int = 500) -> SnapshotScorer:
    """Take `num` training pictures, evenly spread, as what snapshots are held against."""
    real = oracle_features(oracle, data.train.images[spread(len(data.train), num)])
    return SnapshotScorer(oracle, real, diversity(real))
