"""Numbers from tensors, measured the same way for every recipe."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

# A latent whose posterior mean varies less than this over the data carries nothing
# (Burda et al. 2016, section 5).
ACTIVE_VARIANCE = 0.01

NEIGHBOURS = 5  # k of precision, recall, density and coverage
ROWS_AT_ONCE = 1_000  # of a matrix of distances


class GivenFeatures(nn.Module):
    """Stands where torchmetrics wants a feature network, for features that are there already."""

    def __init__(self, num_features: int):
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        """Return `features` (N, F) as they are."""
        return features


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


def colourfulness(images: Tensor) -> Tensor:
    """Return how colourful each picture looks; grey ones have 0, vivid photographs about 100.

    Args:
        images: (B, 3, H, W) RGB in [0, 255].

    Returns:
        (B,) M^(3) of Hasler & Suesstrunk 2003: spread and mean of two opponent colour axes.

    Raises:
        ValueError: the pictures do not have three channels.
    """
    if images.shape[1] != 3:
        raise ValueError(f"pictures must have 3 channels, not {images.shape[1]}")
    red, green, blue = images.float().flatten(2).unbind(1)
    axes = torch.stack([red - green, (red + green) / 2 - blue])  # (2, B, H * W)
    spread = axes.var(2, correction=0).sum(0).sqrt()
    return spread + 0.3 * axes.mean(2).square().sum(0).sqrt()


# ---- two sets of pictures, by their features ----------------------------------------------------


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """Return the Frechet distance of the Gaussians fitted to two sets (Heusel et al. 2017).

    It is biased upwards for small sets: read it beside the same number of two sets of real
    pictures of the same size.

    Args:
        real: (N, F) features, N at least 2.
        fake: (M, F) features, M at least 2.

    Returns:
        |mu - mu'|^2 + tr(S + S' - 2 (S S')^(1/2)), never negative; covariances over N - 1.
    """
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(GivenFeatures(real.shape[1]))
    metric.update(real.double(), real=True)
    metric.update(fake.double(), real=False)
    return max(0.0, float(metric.compute()))


def kernel_distance(real: Tensor, fake: Tensor) -> float:
    """Return the kernel distance of two sets (Binkowski et al. 2018), with no bias.

    Args:
        real: (N, F) features, N at least 2.
        fake: (M, F) features, M at least 2; of the larger set a fixed draw of min(N, M) is used.

    Returns:
        The squared MMD with the kernel (x . y / F + 1)^3 over all pictures at once; around 0,
        below it as often as above, for two sets of one distribution.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Metric `Kernel Inception Distance` will save all")
        from torchmetrics.image.kid import KernelInceptionDistance

        size = min(len(real), len(fake))
        metric = KernelInceptionDistance(GivenFeatures(real.shape[1]), subsets=1, subset_size=size)
    metric.update(real.float(), real=True)
    metric.update(fake.float(), real=False)
    with torch.random.fork_rng([]):  # torchmetrics shuffles with the global generator
        torch.manual_seed(0)
        return float(metric.compute()[0])


def precision_recall(real: Tensor, fake: Tensor, *, k: int = NEIGHBOURS) -> tuple[float, float]:
    """Return the shares of fakes that look real and of real pictures that fakes reach.

    Each set covers the balls around its members that reach to their k-th nearest fellow
    (Kynkaanniemi et al. 2019, equation 2).

    Args:
        real: (N, F) features.
        fake: (M, F) features.
        k: neighbours; fewer where a set has not more than that.

    Returns:
        Precision and recall, 0..1.
    """
    real, fake = real.double(), fake.double()
    is_near_real = torch.zeros(len(fake), dtype=torch.bool)
    is_near_fake = torch.zeros(len(real), dtype=torch.bool)
    real_radii, fake_radii = _squared_radii(real, k), _squared_radii(fake, k)
    for start in range(0, len(real), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        distances = squared_distances(real[rows], fake)
        is_near_real |= (distances <= real_radii[rows, None]).any(0)
        is_near_fake[rows] = (distances <= fake_radii).any(1)
    return float(is_near_real.double().mean()), float(is_near_fake.double().mean())


def density_coverage(real: Tensor, fake: Tensor, *, k: int = NEIGHBOURS) -> tuple[float, float]:
    """Return how densely fakes lie where real pictures lie, and the share of those with a fake.

    Only the real pictures' balls count, so that one outlying fake spoils nothing
    (Naeem et al. 2020, equations 5 and 6).

    Args:
        real: (N, F) features.
        fake: (M, F) features.
        k: neighbours; fewer where there are not more real pictures than that.

    Returns:
        Density, 0 or more, about 1 for fakes like the real pictures; coverage, 0..1.
    """
    real, fake, k = real.double(), fake.double(), min(k, len(real) - 1)
    radii = _squared_radii(real, k)
    num_inside, num_covered = 0, 0
    for start in range(0, len(real), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        is_inside = squared_distances(real[rows], fake) < radii[rows, None]
        num_inside += int(is_inside.sum())
        num_covered += int(is_inside.any(1).sum())
    return num_inside / (k * len(fake)), num_covered / len(real)


def diversity(features: Tensor) -> float:
    """Return the mean distance between two of the pictures: features (N, F), N at least 2."""
    features, total = features.double(), 0.0
    for start in range(0, len(features), ROWS_AT_ONCE):
        distances = squared_distances(features[start : start + ROWS_AT_ONCE], features).sqrt()
        distances.diagonal(start).zero_()  # to itself
        total += float(distances.sum())
    return total / (len(features) * (len(features) - 1))


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """Return squared Euclidean distances: a (N, F), b (M, F) -> (N, M), never negative."""
    sums = a.square().sum(1, keepdim=True) + b.square().sum(1)
    return torch.addmm(sums, a, b.T, alpha=-2).clamp_min_(0)


def _squared_radii(features: Tensor, k: int) -> Tensor:
    """Return each picture's squared distance to its k-th nearest fellow: (N, F) -> (N,)."""
    k = min(k, len(features) - 1)
    parts = []
    for start in range(0, len(features), ROWS_AT_ONCE):
        distances = squared_distances(features[start : start + ROWS_AT_ONCE], features)
        distances.diagonal(start).zero_()  # itself comes first, whatever the rounding
        parts.append(distances.kthvalue(k + 1, dim=1).values)
    return torch.cat(parts)


# ---- likelihood ---------------------------------------------------------------------------------


@torch.no_grad()
def importance_sampled_nll(
    log_likelihood: Callable[[Tensor], Tensor],
    mu: Tensor,
    logvar: Tensor,
    *,
    num_samples: int,
    generator: torch.Generator | None = None,
    at_once: int = 50,
) -> Tensor:
    """Estimate -log p(x) of each picture, by latents from its posterior (Burda et al. 2016, eq. 8).

    -log (1/K) sum_k w_k with w_k = p(x | z_k) p(z_k) / q(z_k | x), z_k drawn from q, p(z) standard
    normal. Its expectation lies above -log p(x) and falls to it as K grows; K = 1 is one draw of
    the negative ELBO.

    Args:
        log_likelihood: maps latents (S, B, Z) to log p(x | z), (S, B) nats, constants included.
        mu: (B, Z) means of q(z | x).
        logvar: (B, Z) log variances of q(z | x).
        num_samples: K.
        generator: where the noise comes from, on the latents' device; None is torch's own.
        at_once: latents of a picture that are decoded together, S at most; only a matter of memory.

    Returns:
        (B,) nats, summed over all values of an image.

    Raises:
        ValueError: the shapes do not fit, or `num_samples` or `at_once` is below 1.
    """
    if mu.shape != logvar.shape or mu.ndim != 2:
        raise ValueError(f"mu {tuple(mu.shape)} and logvar {tuple(logvar.shape)} must be (B, Z)")
    if min(num_samples, at_once) < 1:
        raise ValueError(f"{num_samples} samples, {at_once} at once: one is the least")
    parts, sigma = [], (0.5 * logvar).exp()
    for start in range(0, num_samples, at_once):
        shape = min(at_once, num_samples - start), *mu.shape
        eps = torch.randn(shape, generator=generator, device=mu.device, dtype=mu.dtype)
        z = mu + sigma * eps
        likelihood = log_likelihood(z)
        if likelihood.shape != shape[:2]:
            raise ValueError(f"log_likelihood gave {tuple(likelihood.shape)}, not {shape[:2]}")
        # log p(z) - log q(z | x); the two constants, Z / 2 log(2 pi), cancel.
        ratio = 0.5 * (eps.square() + logvar - z.square()).sum(2)
        parts.append(likelihood.double() + ratio.double())
    return math.log(num_samples) - torch.cat(parts).logsumexp(0)


# ---- labels and latents -------------------------------------------------------------------------


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
