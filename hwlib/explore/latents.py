"""Walking through latent space: a VAE's codes and the ways between two points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from hwlib.errors import UserError, nearest_name
from hwlib.run import Run
from hwlib.training.batches import to_range, to_uint8

if TYPE_CHECKING:
    from hwlib.data import Data


@torch.no_grad()
def encode(vae: nn.Module, images: np.ndarray) -> np.ndarray:
    """Return the latents' means of pictures: uint8 (N, H, W, C) to float32 (N, Z)."""
    x = to_range(torch.from_numpy(np.array(images)).permute(0, 3, 1, 2), vae.pixel_range)
    return vae.encode(x)[0].numpy()


@torch.no_grad()
def decode(vae: nn.Module, z: np.ndarray) -> np.ndarray:
    """Return the pictures of latents: (N, Z) to uint8 (N, H, W, C), clipped, never rescaled."""
    return to_uint8(vae.decode(torch.as_tensor(z, dtype=torch.float32)), vae.pixel_range).numpy()


def between(a: np.ndarray, b: np.ndarray, share: float, *, is_spherical: bool) -> np.ndarray:
    """Return the point at `share` of the way from latent `a` to latent `b`, (Z,) each.

    The spherical path keeps to the lengths that the two ends have (Shoemake 1985, with the length
    interpolated); for ends in line with the origin it is the straight one.
    """
    straight = (1 - share) * a + share * b
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if not is_spherical or min(lengths) == 0:
        return straight
    cosine = np.clip(a @ b / (lengths[0] * lengths[1]), -1, 1)
    angle = np.arccos(cosine)
    if np.sin(angle) < 1e-4:
        return straight
    direction = np.sin((1 - share) * angle) * a / lengths[0]
    direction = (direction + np.sin(share * angle) * b / lengths[1]) / np.sin(angle)
    return (((1 - share) * lengths[0] + share * lengths[1]) * direction).astype(a.dtype)


def latents(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return the latents that the run kept, and which test images they belong to.

    Returns:
        means, float32 (N, Z); numbers of the test images, (N,).
    """
    with np.load(run.path / "latents.npz", allow_pickle=False) as arrays:
        return arrays["test_mu"], arrays["test_index"]


def most_active(mu: np.ndarray, count: int) -> list[int]:
    """Return the latents, of (N, Z), whose mean varies most over images, most active first."""
    return [int(i) for i in np.argsort(-mu.var(0), kind="stable")[:count]]


def traverse(
    vae: nn.Module, z: np.ndarray, which: Sequence[int], values: Sequence[float]
) -> np.ndarray:
    """Decode a latent with one of its variables at a time set to each value.

    Args:
        z: (Z,), where the others stay.
        which: variables, a row each.
        values: what they are set to, a column each.

    Returns:
        uint8 (len(which), len(values), H, W, C).
    """
    grid = np.tile(np.asarray(z, dtype=np.float32), (len(which), len(values), 1))
    for row, latent in enumerate(which):
        grid[row, :, latent] = values
    frames = decode(vae, grid.reshape(-1, grid.shape[-1]))
    return frames.reshape(len(which), len(values), *frames.shape[1:])


def tsne(mu: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Lay latents out in the plane, neighbours beside neighbours (van der Maaten & Hinton 2008).

    Args:
        mu: (N, Z).
        seed: of the descent.

    Returns:
        (N, 2); the axes, and distances between groups, have no unit.
    """
    from sklearn.manifold import TSNE

    points = np.asarray(mu, dtype=np.float32)
    perplexity = min(30.0, (len(points) - 1) / 3)
    start = "pca" if points.shape[1] > 1 else "random"  # one latent has one principal axis
    return TSNE(perplexity=perplexity, init=start, random_state=seed).fit_transform(points)


def attribute_labels(data: Data, attribute: str | None, index: np.ndarray) -> np.ndarray | None:
    """Return the labels of `attribute` of the test images `index` (N,), 0/1 (N,).

    Returns:
        None where there is no attribute to show.

    Raises:
        UserError: the data does not have this attribute.
    """
    if attribute is None or data.test.labels is None:
        return None
    if attribute not in data.attributes:
        raise UserError(
            "no_attribute",
            name=attribute,
            near=nearest_name(attribute, data.attributes),
            data=data.spec,
            known=list(data.attributes),
        )
    return np.asarray(data.test.labels[index, data.attributes.index(attribute)])
