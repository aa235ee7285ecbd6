"""Latent space: a VAE's codes, a generator's inputs, and the ways between two points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from hwlib.conditioning import CODE_SIZE, one_hot
from hwlib.data import load_data
from hwlib.errors import UserError, nearest_name
from hwlib.models.gan import JoinEmbedding
from hwlib.run import Run
from hwlib.training.batches import draw_z, to_range, to_uint8
from hwlib.training.generate import generate as generate_images

if TYPE_CHECKING:
    from hwlib.data import Data

CENTRAL_SHARE = 0.1  # of the test images, those nearest to their mean image


@torch.no_grad()
def encode(vae: nn.Module, images: np.ndarray) -> np.ndarray:
    """Return the latents' means of images: uint8 (N, H, W, C) to float32 (N, Z)."""
    x = to_range(torch.from_numpy(np.array(images)).permute(0, 3, 1, 2), vae.pixel_range)
    return vae.encode(x)[0].numpy()


@torch.no_grad()
def decode(vae: nn.Module, z: np.ndarray) -> np.ndarray:
    """Return the images of latents: (N, Z) to uint8 (N, H, W, C), clipped, never rescaled."""
    return to_uint8(vae.decode(torch.as_tensor(z, dtype=torch.float32)), vae.pixel_range).numpy()


def interpolate(a: np.ndarray, b: np.ndarray, share: float, *, is_spherical: bool) -> np.ndarray:
    """Return the point at `share` of the way from latent `a` to latent `b`, (Z,) each.

    The spherical path keeps to the lengths that the two ends have (Shoemake 1985, with the length
    interpolated); for ends in line with the origin it is the straight one.
    """
    straight = (1 - share) * a + share * b
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if not is_spherical or min(lengths) == 0:
        return straight
    angle = np.arccos(np.clip(a @ b / (lengths[0] * lengths[1]), -1, 1))
    if np.sin(angle) < 1e-4:
        return straight
    direction = np.sin((1 - share) * angle) * a / lengths[0]
    direction = (direction + np.sin(share * angle) * b / lengths[1]) / np.sin(angle)
    return (((1 - share) * lengths[0] + share * lengths[1]) * direction).astype(a.dtype)


def latents(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return the latents' means that a run kept, float32 (N, Z), and their test images, (N,)."""
    with np.load(run.path / "latents.npz", allow_pickle=False) as arrays:
        return arrays["test_mu"], arrays["test_index"]


def most_active(mu: np.ndarray, count: int) -> list[int]:
    """Return the latents, of (N, Z), whose mean varies most over images, most active first."""
    return [int(i) for i in np.argsort(-mu.var(0), kind="stable")[:count]]


def traverse(
    vae: nn.Module, z: np.ndarray, which: Sequence[int], values: Sequence[float]
) -> np.ndarray:
    """Decode z (Z,) with one of its variables at a time set to each value.

    Returns:
        uint8 (len(which), len(values), H, W, C).
    """
    grid = np.tile(np.asarray(z, dtype=np.float32), (len(which), len(values), 1))
    for row, latent in enumerate(which):
        grid[row, :, latent] = values
    frames = decode(vae, grid.reshape(-1, grid.shape[-1]))
    return frames.reshape(len(which), len(values), *frames.shape[1:])


def tsne(mu: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Lay latents (N, Z) out in the plane, (N, 2), neighbours beside neighbours.

    Axes, and distances between groups, have no unit (t-SNE: van der Maaten & Hinton 2008).
    """
    from sklearn.manifold import TSNE

    points = np.asarray(mu, dtype=np.float32)
    perplexity = min(30.0, (len(points) - 1) / 3)
    start = "pca" if points.shape[1] > 1 else "random"  # one latent has one principal axis
    return TSNE(perplexity=perplexity, init=start, random_state=seed).fit_transform(points)


# -------------------------------------------------------------------------------- generators

LatentByIndex = Callable[[int], np.ndarray]  # gives z number n, float32 (Z,): always the same one


def latent_by_index(run: Run, z_dim: int) -> LatentByIndex:
    """Return what gives a run's panels z by its number: noise of the run's own kind."""
    return lambda index: draw_z(run.config, "panel", index, num=1, z_dim=z_dim)[0].numpy()


def generate(G: nn.Module, z: np.ndarray, c: np.ndarray | None = None) -> np.ndarray:
    """Return a generator's images of z (N, Z) and c (N, label_dim) as uint8 (N, H, W, C)."""
    label = None if c is None else torch.as_tensor(c, dtype=torch.float32)
    return generate_images(G, torch.as_tensor(z, dtype=torch.float32), label)


def has_binary_labels(G: nn.Module) -> bool:
    """Whether a generator embeds its labels, and so knows nothing between off and on."""
    return isinstance(G.join, JoinEmbedding)


def switch_attribute(c: np.ndarray, which: int, values: np.ndarray) -> np.ndarray:
    """Return labels c (A,) with one of them set to each of some values: (T, A)."""
    labels = np.tile(np.asarray(c, dtype=np.float32), (len(values), 1))
    labels[:, which] = values
    return labels


def switch_code(codes: Sequence[int], which: int) -> np.ndarray:
    """Return codes as G takes them, one of them set to each of its values: (10, 10 * K)."""
    rows = np.tile(codes, (CODE_SIZE, 1))
    rows[:, which] = range(CODE_SIZE)
    return one_hot(torch.as_tensor(rows)).numpy()


# ------------------------------------------------------------------------------ test images


def data_of(run: Run) -> Data:
    """Open the images that a run learnt from.

    Raises:
        UserError: they are not there any more, or not the same.
    """
    facts, config = run.record["data"], run.config
    skip_bad = bool(facts["num_left_out"])
    data = load_data(config.data, config.image_size, crop=config.crop, skip_bad=skip_bad)
    if data.fingerprint != facts["fingerprint"]:
        raise UserError("data_since_run", data=config.data, run=run.path.name)
    return data


def attribute_labels(data: Data, attribute: str | None, index: np.ndarray) -> np.ndarray | None:
    """Return the labels of an attribute, 0/1 (N,), of the test images `index`; None without one.

    Raises:
        UserError: the data does not have this attribute.
    """
    if attribute is None or data.test.labels is None:
        return None
    if attribute not in data.attributes:
        near, known = nearest_name(attribute, data.attributes), list(data.attributes)
        raise UserError("no_attribute", name=attribute, near=near, data=data.spec, known=known)
    return np.asarray(data.test.labels[index, data.attributes.index(attribute)])


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
