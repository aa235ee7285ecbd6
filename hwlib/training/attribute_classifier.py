"""The attribute classifier: a small CNN that reads an image's attributes, and whose features the
distances between sets of images are taken in.

It is trained once per data set, on real training images only, and kept in the cache. Where the data
has no attributes it learns by which of four quarter turns an image was turned (Gidaris et al.
2018), which needs no labels. Settings, results.json and the cache call it the oracle.
"""

import hashlib
import json
import os
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from hwlib import log
from hwlib.data import Data
from hwlib.data.layouts import LAYOUTS
from hwlib.fingerprint import code_of_modules
from hwlib.io import cache_root, locked, sweep
from hwlib.models.weights import Tensors, load_sealed, save_sealed
from hwlib.runtime import autocast, derive_seed, generator, resolve_precision
from hwlib.training.batches import Batches, evenly_spaced_rows, image_batches, map_batches

CPU = torch.device("cpu")
CHANNELS = (32, 64, 128, 192)  # of the stem and of the three stages; the last is the features' F
BATCH_SIZE = 96
MAX_LR = 8e-3
WARM_UP = 0.25  # share of the steps in which the learning rate rises
WEIGHT_DECAY = 0.05
DROPOUT = 0.3
SHIFT = 16  # training images are shifted by up to a sixteenth of their side
SEED = 0  # one classifier per data set, whatever the run's seed
TURNS = 4
SCALE_IMAGES = 5_000  # training images that the features' mean and std are taken from
MIN_STD_SHARE = 0.05  # of the features' mean std, below which no feature's std counts


class Classifier(nn.Module):
    """Four convolutions down to 4 x 4 places at most, and one linear layer.

    The features are the means of the last layer's maps: what is in an image more than where.
    """

    def __init__(self, data: Data):
        """Build the layers; the stem brings any side to at most 32."""
        super().__init__()
        self.attributes = tuple(data.attributes)  # of the logits; () where it reads quarter turns
        self.about: dict[str, Any] = {}  # kind, held-out accuracy and fingerprint
        self.name = "oracle:"  # and the fingerprint: what protocols call it
        stride = -(-data.image_size // 32)
        side = -(-data.image_size // stride)
        stages = [_conv(data.channels, CHANNELS[0], kernel=stride + 2, stride=stride)]
        for before, after in pairwise(CHANNELS):
            stages += [nn.MaxPool2d(2, ceil_mode=True), _conv(before, after)]
            side = -(-side // 2)
        self.trunk = nn.Sequential(*stages)
        self.dropout = nn.Dropout(DROPOUT)
        self.head = nn.Linear(CHANNELS[-1] * side**2, len(self.attributes) or TURNS)
        self.register_buffer("mean", torch.zeros(CHANNELS[-1]))
        self.register_buffer("std", torch.ones(CHANNELS[-1]))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map x (B, C, H, W) uint8 to logits (B, A), or (B, 4) over quarter turns, and features."""
        maps = self.trunk(x.float() / 127.5 - 1)  # (B, F, S, S), S at most 4
        logits = self.head(self.dropout(maps.flatten(1)))
        return logits, (maps.mean((2, 3)).float() - self.mean) / self.std

    def features(self, x: Tensor) -> Tensor:
        """Map x (B, C, H, W) uint8 to (B, F), mean 0 and std 1 over the training images."""
        return self(x)[1]


def _conv(before: int, after: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(before, after, kernel, stride, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(after), nn.ReLU())


# ---- use ----------------------------------------------------------------------------------------


@torch.no_grad()
def read_images(classifier: Classifier, images: np.ndarray) -> tuple[np.ndarray, Tensor]:
    """Return the attributes that images (N, H, W, C) show, bool (N, A), and features (N, F)."""
    found = [classifier(batch) for batch in image_batches(images, classifier)]
    logits, features = (torch.cat(parts).cpu() for parts in zip(*found, strict=True))
    return (logits[:, : len(classifier.attributes)] > 0).numpy(), features


def image_features(extractor: nn.Module, images: np.ndarray) -> Tensor:
    """Return the features of images: (N, H, W, C) uint8 -> (N, F) float32 on the CPU."""
    return map_batches(extractor.features, images, extractor)


# ---- the cache ----------------------------------------------------------------------------------


def get_classifier(data: Data, *, steps: int = 1_000, device: torch.device = CPU) -> Classifier:
    """Return the frozen classifier of `data`, in eval mode; trained unless the cache has it."""
    version = torch.__version__.split("+")[0]
    text = json.dumps([data.fingerprint, steps, code_of_modules(__name__), version])
    name = f"oracle-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    home = cache_root() / "oracles"
    if (found := _find_classifier(home, name)) is None:  # else nothing is written, nor a lock
        home.mkdir(parents=True, exist_ok=True)
        with locked(home / f"{name}.lock", log.line("training.classifier_waiting")):
            sweep(home, name)
            if (found := _find_classifier(home, name)) is None:
                began, num = time.monotonic(), len(data.attributes)
                facts = {"attributes": num, "images": len(data.train), "steps": steps}
                log.event("training.classifier_begins", **facts)
                trained = train_classifier(data, steps=steps, device=device)
                tensors = {key: t.cpu().contiguous() for key, t in trained.state_dict().items()}
                about = measure_classifier(trained, data)
                about["fingerprint"] = hashlib.sha256(save(tensors)).hexdigest()[:16]
                minutes = (time.monotonic() - began) / 60
                log.event("training.classifier_done", **about, minutes=minutes)
                found = tensors, about
                save_sealed(home, name, *found)
    classifier = Classifier(data)
    tensors, classifier.about = found
    classifier.name += classifier.about["fingerprint"]
    classifier.load_state_dict(tensors)
    return classifier.requires_grad_(False).eval().to(device, memory_format=torch.channels_last)


def _find_classifier(home: Path, name: str) -> tuple[Tensors, dict[str, Any]] | None:
    for path in home.glob(f"{name}-*"):
        if found := load_sealed(path):
            return found
        log.event("training.classifier_damaged", path=path)
    return None


# ---- training -----------------------------------------------------------------------------------


def train_classifier(data: Data, *, steps: int, device: torch.device) -> Classifier:
    """Train a classifier on the training images; the same data gives the same weights."""
    precision, reach = resolve_precision("auto", device), data.image_size // SHIFT
    seed, rise = derive_seed(SEED, "oracle"), max(1, round(WARM_UP * steps))

    def learning_rate(step: int) -> float:  # a straight rise, then half a cosine to 0, of MAX_LR
        fall = 0.5 * (1 + float(np.cos(np.pi * (step - rise) / max(1, steps - rise))))
        return (step + 1) / rise if step < rise else fall

    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        classifier = Classifier(data).to(device, memory_format=torch.channels_last)
        options = {"lr": MAX_LR, "weight_decay": WEIGHT_DECAY, "fused": True}
        optimizer = torch.optim.AdamW(classifier.parameters(), **options)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, learning_rate)
        options = {"flip": LAYOUTS[data.layout].can_flip, "labels": data.train.labels}
        options |= {"batch_size": BATCH_SIZE, "seed": seed, "device": device}
        batches = Batches(data.train.images, **options)
        is_hidden = bool(os.environ.get("HWLIB_BATCH")) or not sys.stderr.isatty()
        bar = {"desc": "attribute classifier", "unit": "step", "disable": is_hidden, "leave": False}
        for step in tqdm(range(steps), **bar):
            x, stream = batches[step], generator(SEED, "oracle-example", step)
            x = shift_images(x, torch.randint(-reach, reach + 1, (2, len(x)), generator=stream))
            if data.attributes:
                loss, labels = F.binary_cross_entropy_with_logits, batches.extras(step)["labels"]
            else:
                labels = torch.randint(0, TURNS, (len(x),), generator=stream).to(device)
                loss, x = F.cross_entropy, turn_images(x, labels)
            with autocast(precision, device):
                logits, _ = classifier(x)
            optimizer.zero_grad(set_to_none=True)
            loss(logits.float(), labels).backward()
            optimizer.step()
            schedule.step()
    rows = evenly_spaced_rows(len(data.train), SCALE_IMAGES)
    features = image_features(classifier.eval(), data.train.images[rows]).double()
    std = features.std(0, correction=0)
    classifier.mean.copy_(features.mean(0))
    # Clamp tiny stds so that rarely active features do not dominate.
    classifier.std.copy_(std.clamp_min(max(MIN_STD_SHARE * float(std.mean()), 1e-6)))
    return classifier


def shift_images(x: Tensor, by: Tensor) -> Tensor:
    """Shift each image of x (B, C, S, S) by whole pixels (2, B), repeating its border."""
    side = x.shape[-1]
    places = (torch.arange(side) - by.unsqueeze(2)).clamp(0, side - 1).to(x.device)  # (2, B, S)
    rows, columns = places[0].unsqueeze(2), places[1].unsqueeze(1)
    which = torch.arange(len(x), device=x.device).view(-1, 1, 1)
    return x.permute(0, 2, 3, 1)[which, rows, columns].permute(0, 3, 1, 2)


def turn_images(x: Tensor, turns: Tensor) -> Tensor:
    """Turn each image of x (B, C, S, S) by its number of quarter turns (B,)."""
    result = x.clone()
    for turn in range(1, TURNS):
        result[turns == turn] = x[turns == turn].rot90(turn, (2, 3))
    return result


@torch.no_grad()
def measure_classifier(classifier: Classifier, data: Data) -> dict[str, Any]:
    """Measure the classifier on the test images.

    Returns `kind`, `accuracy` and `floor`, that of the majority class (both means over attributes),
    and `by_attribute` (name: both).
    """
    images = data.test.images
    if data.attributes:
        readings, _ = read_images(classifier, images)
        right = (readings == data.test.labels.astype(bool)).mean(0)
        rate = data.test.labels.mean(0)
        kind, floor = "attributes", np.maximum(rate, 1 - rate)
    else:

        def are_right(x: Tensor) -> Tensor:
            turned = (classifier(x.rot90(turn, (2, 3)))[0].argmax(1) for turn in range(TURNS))
            return torch.stack([read == turn for turn, read in enumerate(turned)], 1)

        right = map_batches(are_right, images, classifier).numpy()
        kind, floor = "rotation", np.array([1 / TURNS])
    each = zip(data.attributes, right.tolist(), floor.tolist(), strict=False)
    return {
        "kind": kind,
        "accuracy": float(right.mean()),
        "floor": float(floor.mean()),
        "by_attribute": {name: {"accuracy": a, "floor": chance} for name, a, chance in each},
    }
