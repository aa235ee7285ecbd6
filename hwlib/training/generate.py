"""Images from a generator: in float32, with draws that a stream's name fixes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hwlib.conditioning import CODE_SIZE, draw_codes, draw_labels, one_hot
from hwlib.config import Config
from hwlib.registry import PROBLEMS
from hwlib.runtime import derive_seed, generator
from hwlib.training.batches import EVAL_BATCH, draw_z, to_uint8

Models = dict[str, nn.Module]
Results = dict[str, Any]
Arrays = dict[str, np.ndarray]
Inputs = tuple[Tensor, Tensor | None]  # noise (N, Z); labels or one-hot codes (N, label_dim)


@torch.no_grad()
def generate(G: nn.Module, z: Tensor, c: Tensor | None = None) -> np.ndarray:
    """Generate uint8 images (N, H, W, C) from noise z (N, Z), in whatever mode G is.

    `c` is (N, label_dim) labels or one-hot codes; None for a plain GAN.
    """
    device = next(G.parameters()).device
    parts = []
    for start in range(0, len(z), EVAL_BATCH):
        rows = slice(start, start + EVAL_BATCH)
        conditions = None if c is None else c[rows].to(device)
        parts.append(to_uint8(G(z[rows].to(device), conditions), G.pixel_range).cpu())
    return torch.cat(parts).numpy()


def draw_inputs(
    G: nn.Module, config: Config, *stream: object, num: int, labels: np.ndarray | None = None
) -> Inputs:
    """Draw what G is given: noise (num, Z), and labels or one-hot codes where it takes any.

    `stream` names the draws. With `labels` (M, A) of images an ACGAN follows their distribution:
    evenly spaced rows in a random order. Without, each label is on half the time.
    """
    z = draw_z(config, *stream, num=num, z_dim=G.z_dim)
    if not G.label_dim:
        return z, None
    names = (*stream, "conditions")
    draws = generator(config.seed, *names)
    if PROBLEMS[config.problem].condition == "codes":
        return z, one_hot(draw_codes(num, G.label_dim // CODE_SIZE, draws))
    if labels is None:
        return z, draw_labels(num, G.label_dim, draws)
    rows = np.linspace(0, len(labels) - 1, num).round().astype(int)
    rows = np.random.default_rng(derive_seed(config.seed, *names)).permutation(rows)
    return z, torch.from_numpy(np.asarray(labels)[rows]).float()
