"""Sets of images whose faults are known, and what the project's own metrics measure of them."""

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image, ImageFilter

import hwlib
from hwlib.data import Data, load_data
from hwlib.faces.drawing import draw_faces
from hwlib.faces.factors import sample_factors
from hwlib.training.quality import make_feature_networks, sample_quality

SPEC, SIZE, OTHER_SEED = "faces:480", 32, 7_001
ORACLE_STEPS = 30  # enough to tell a face from fog; seconds


def measured(kinds: dict[str, Callable[[Data], np.ndarray]]) -> dict[str, dict]:
    """Return the numbers that results.json would hold of each kind's images."""
    data = load_data(SPEC, SIZE, progress=False)
    config = hwlib.make_config("vae", profile="smoke", data=SPEC, oracle_steps=ORACLE_STEPS)
    tools = make_feature_networks(config, data, torch.device("cpu"))
    return {name: sample_quality(make(data), data, tools)[0] for name, make in kinds.items()}


def _num(data: Data) -> int:
    return len(data.test)


def fresh(data: Data) -> np.ndarray:
    """Real faces that no model has seen: what a perfect generator gives."""
    return draw_faces(sample_factors(_num(data), OTHER_SEED), SIZE)


def copies(data: Data) -> np.ndarray:
    """Training images."""
    return np.array(data.train.images[: _num(data)])


def noise(data: Data) -> np.ndarray:
    """White noise."""
    return np.random.default_rng(0).integers(0, 256, (_num(data), SIZE, SIZE, 3), np.uint8)


def fog(data: Data) -> np.ndarray:
    """The mean face with a breath of each face's colours: what a collapsed VAE gives."""
    faces = fresh(data).astype(np.float32)
    mean, colours = faces.mean(0), faces.mean((1, 2), keepdims=True)
    images = mean + 0.15 * (colours - colours.mean(0))
    return images.round().clip(0, 255).astype(np.uint8)


def one_face(data: Data) -> np.ndarray:
    """One face, again and again, with a little pixel noise."""
    face = fresh(data)[3].astype(np.float32)
    shake = np.random.default_rng(0).normal(0, 2, (_num(data), SIZE, SIZE, 3))
    return (face + shake).round().clip(0, 255).astype(np.uint8)


def six_faces(data: Data) -> np.ndarray:
    """Six good faces, none other: modes are missing."""
    return np.resize(fresh(data)[:6], (_num(data), SIZE, SIZE, 3))


def blurred(data: Data) -> np.ndarray:
    """Unseen faces out of focus."""
    blur = ImageFilter.GaussianBlur(2.2)
    return np.stack([np.asarray(Image.fromarray(face).filter(blur)) for face in fresh(data)])


def lattice(data: Data) -> np.ndarray:
    """Unseen faces under a checkerboard of two pixels."""
    board = 40 * (np.indices((SIZE, SIZE)).sum(0) % 2 * 2 - 1)[..., None]
    return (fresh(data).astype(np.int16) + board).clip(0, 255).astype(np.uint8)


def tinted(data: Data) -> np.ndarray:
    """One face in ten tints: an InfoGAN whose z does nothing."""
    face = fresh(data)[3].astype(np.float32)
    tints = np.random.default_rng(1).uniform(0.6, 1.4, (10, 1, 1, 3))
    images = (face * np.resize(tints, (_num(data), 1, 1, 3))).round().clip(0, 255)
    return images.astype(np.uint8)


def grey(data: Data) -> np.ndarray:
    """Unseen faces without their colours."""
    return np.repeat(fresh(data).mean(-1, keepdims=True), 3, -1).round().astype(np.uint8)


# How each kind is made, what must be said of it, and what must not: known from how it was made.
KINDS = {
    "fresh": (fresh, {"near"}, {"far", "blurred", "noisy", "collapsed", "copied", "missing"}),
    "copies": (copies, {"near", "copied"}, {"far", "blurred", "noisy", "collapsed", "missing"}),
    "noise": (noise, {"far", "noisy", "missing"}, {"near", "blurred", "sharp", "copied"}),
    "fog": (fog, {"far", "blurred", "collapsed", "missing"}, {"near", "noisy", "sharp", "copied"}),
    "one_face": (one_face, {"collapsed", "missing"}, {"near", "varied", "blurred"}),
    "six_faces": (six_faces, {"missing"}, {"near", "varied", "blurred", "noisy"}),
    "blurred": (blurred, {"blurred"}, {"near", "noisy", "sharp", "collapsed", "copied"}),
    "lattice": (lattice, {"noisy"}, {"near", "blurred", "sharp"}),
    "tinted": (tinted, {"missing"}, {"near", "blurred"}),
    "grey": (grey, {"pale"}, {"blurred", "noisy", "colourful"}),
}
