"""What labels and codes do to pictures: numbers from readings, pure functions."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

CODE_SIZE = 10  # values of one InfoGAN code


def draw_codes(num: int, num_codes: int, generator: torch.Generator) -> Tensor:
    """Draw values of `num_codes` ten-way codes, each equally likely: int64 (num, K)."""
    return torch.randint(CODE_SIZE, (num, num_codes), generator=generator)


def draw_labels(num: int, num_labels: int, generator: torch.Generator) -> Tensor:
    """Draw labels that are on with probability one half: float (num, A) of 0 and 1."""
    return torch.randint(2, (num, num_labels), generator=generator).float()


def one_hot(codes: Tensor) -> Tensor:
    """Write codes (B, K) as G takes them: float (B, K * 10), one 1 among each ten."""
    return F.one_hot(codes, CODE_SIZE).flatten(1).float()
