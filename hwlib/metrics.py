"""Numbers from tensors, measured the same way for every recipe."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

# A latent whose posterior mean varies less than this over the data carries nothing
# (Burda et al. 2016, section 5).
ACTIVE_VARIANCE = 0.01


def latent_variances(mu: Tensor) -> Tensor:
    """Return the variance of each latent's posterior mean over the data: (N, Z) -> (Z,)."""
    return mu.double().var(0, correction=0)


def active_units(mu: Tensor) -> int:
    """Return how many latents are in use: variance of the mean over the data above 0.01.

    Args:
        mu: (N, Z) posterior means.
    """
    return int((latent_variances(mu) > ACTIVE_VARIANCE).sum())


def sharpness(images: Tensor) -> Tensor:
    """Return the variance of the Laplacian of each picture's luma; blurred pictures have less.

    Args:
        images: (B, C, H, W) in [0, 255], C 3 (RGB) or 1.

    Returns:
        (B,) in squared grey levels (Pech-Pacheco et al. 2000), borders left out.

    Raises:
        ValueError: the pictures have neither one nor three channels.
    """
    channels = images.shape[1]
    if channels not in (1, 3):
        raise ValueError(f"pictures must have 1 or 3 channels, not {channels}")
    weights = [0.299, 0.587, 0.114] if channels == 3 else [1.0]
    luma = (images.float() * images.new_tensor(weights, dtype=torch.float).view(1, -1, 1, 1)).sum(1)
    kernel = luma.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]]).view(1, 1, 3, 3)
    return F.conv2d(luma.unsqueeze(1), kernel).flatten(1).var(1, correction=0)


def majority_floor(labels: np.ndarray) -> float:
    """Return the accuracy of always naming the commoner class: labels (N,) 0/1."""
    rate = float(np.mean(labels))
    return max(rate, 1 - rate)


def linear_probe_accuracy(
    train_mu: np.ndarray, train_labels: np.ndarray, test_mu: np.ndarray, test_labels: np.ndarray
) -> float:
    """Return how well a straight cut through latent space tells an attribute.

    A logistic regression is fitted to the training pictures' latents, each scaled to unit variance,
    and read off on the test pictures.

    Args:
        train_mu: (N, Z) posterior means.
        train_labels: (N,) 0/1, both present.
        test_mu: (M, Z) posterior means.
        test_labels: (M,) 0/1.

    Returns:
        Accuracy on the test pictures, to be read beside `majority_floor`.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2_000))
    probe.fit(train_mu, train_labels)
    return float(probe.score(test_mu, test_labels))
