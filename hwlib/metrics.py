"""Numbers from tensors, measured the same way for every recipe."""

import warnings

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hwlib.thresholds import ACTIVE_VARIANCE

NEIGHBOURS = 5  # k of precision, recall, density and coverage
ROWS_AT_ONCE = 1_000  # of a matrix of distances


def active_units(mu: Tensor) -> int:
    """Return how many latents of `mu` (N, Z) are in use: variance over the data above 0.01."""
    return int((mu.double().var(0, correction=0) > ACTIVE_VARIANCE).sum())


def sharpness(images: Tensor) -> Tensor:
    """Return the variance of the Laplacian of each image's luma; blurred images have less.

    Images (B, C, H, W) in [0, 255], C 3 (RGB) or 1, give (B,) in squared grey levels (Pech-Pacheco
    et al. 2000), borders left out.
    """
    channels = images.shape[1]
    if channels not in (1, 3):
        raise ValueError(f"images must have 1 or 3 channels, not {channels}")
    weights = [0.299, 0.587, 0.114] if channels == 3 else [1.0]
    luma = (images.float() * images.new_tensor(weights, dtype=torch.float).view(1, -1, 1, 1)).sum(1)
    kernel = luma.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]]).view(1, 1, 3, 3)
    return F.conv2d(luma.unsqueeze(1), kernel).flatten(1).var(1, correction=0)


def colourfulness(images: Tensor) -> Tensor:
    """Return how colourful each image looks; grey ones have 0, vivid photographs about 100.

    RGB images (B, 3, H, W) in [0, 255] give (B,) M^(3) of Hasler & Suesstrunk 2003: spread and mean
    of two opponent colour axes.
    """
    if images.shape[1] != 3:
        raise ValueError(f"images must have 3 channels, not {images.shape[1]}")
    red, green, blue = images.float().flatten(2).unbind(1)
    axes = torch.stack([red - green, (red + green) / 2 - blue])  # (2, B, H * W)
    spread = axes.var(2, correction=0).sum(0).sqrt()
    return spread + 0.3 * axes.mean(2).square().sum(0).sqrt()


# ---- two sets of images, by their features ----------------------------------------------------


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """Return the Frechet distance of the Gaussians fitted to two sets (Heusel et al. 2017).

    It is biased upwards for small sets: read it beside that of two sets of real images as large.

    Features (N, F) and (M, F), two at least, give |mu - mu'|^2 + tr(S + S' - 2 (S S')^(1/2)), never
    negative; covariances over N - 1.
    """
    from torchmetrics.image.fid import FrechetInceptionDistance

    identity = nn.Identity()  # these are features already
    identity.num_features = real.shape[1]
    metric = FrechetInceptionDistance(identity)
    metric.update(real.double(), real=True)
    metric.update(fake.double(), real=False)
    return max(0.0, float(metric.compute()))


def kernel_distance(real: Tensor, fake: Tensor) -> float:
    """Return the kernel distance of two sets (Binkowski et al. 2018), with no bias.

    Features (N, F) and (M, F), two at least, give the squared MMD with the kernel
    (x . y / F + 1)^3 over all images at once; around 0, below it as often as above, for two sets of
    one distribution. Of the larger set a fixed draw of min(N, M) is used.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Metric `Kernel Inception Distance` will save all")
        from torchmetrics.image.kid import KernelInceptionDistance

        size = min(len(real), len(fake))
        metric = KernelInceptionDistance(nn.Identity(), subsets=1, subset_size=size)
    metric.update(real.float(), real=True)
    metric.update(fake.float(), real=False)
    with torch.random.fork_rng([]):  # torchmetrics shuffles with the global generator
        torch.manual_seed(0)
        return float(metric.compute()[0])


def neighbour_scores(real: Tensor, fake: Tensor, *, k: int = NEIGHBOURS) -> dict[str, float]:
    """Return by how much two sets lie in each other's balls.

    Each set covers the balls around its members that reach to their k-th nearest fellow. Precision
    and recall (Kynkaanniemi et al. 2019, equation 2) are the shares of fakes in the real images'
    balls and of real images in the fakes'. Of density and coverage (Naeem et al. 2020, equations 5
    and 6) only the real images' balls count, so that one outlying fake spoils nothing: how densely
    fakes lie in them, about 1 for fakes like the real images, and the share of them with a fake.

    Features (N, F) and (M, F) give `precision`, `recall` and `coverage`, 0..1, and `density`, 0 or
    more; with fewer neighbours where a set has not more than `k`.
    """
    real, fake = real.double(), fake.double()
    is_near_real = torch.zeros(len(fake), dtype=torch.bool)
    is_near_fake = torch.zeros(len(real), dtype=torch.bool)
    real_radii, fake_radii = _squared_radii(real, k), _squared_radii(fake, k)
    num_inside, num_covered = 0, 0
    for start in range(0, len(real), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        distances = squared_distances(real[rows], fake)
        is_near_real |= (distances <= real_radii[rows, None]).any(0)
        is_near_fake[rows] = (distances <= fake_radii).any(1)
        is_inside = distances < real_radii[rows, None]
        num_inside += int(is_inside.sum())
        num_covered += int(is_inside.any(1).sum())
    return {
        "precision": float(is_near_real.double().mean()),
        "recall": float(is_near_fake.double().mean()),
        "density": num_inside / (min(k, len(real) - 1) * len(fake)),
        "coverage": num_covered / len(real),
    }


def diversity(features: Tensor) -> float:
    """Return the mean distance between two of the images: features (N, F), N at least 2."""
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
    """Return each image's squared distance to its k-th nearest fellow: (N, F) -> (N,)."""
    k = min(k, len(features) - 1)
    parts = []
    for start in range(0, len(features), ROWS_AT_ONCE):
        distances = squared_distances(features[start : start + ROWS_AT_ONCE], features)
        distances.diagonal(start).zero_()  # itself comes first, whatever the rounding
        parts.append(distances.kthvalue(k + 1, dim=1).values)
    return torch.cat(parts)


# ---- labels and latents -------------------------------------------------------------------------


def majority_accuracy(labels: np.ndarray) -> float:
    """Return the accuracy of always naming the commoner class: labels (N,) 0/1."""
    rate = float(np.mean(labels))
    return max(rate, 1 - rate)


def linear_probe_accuracy(
    train_mu: np.ndarray, train_labels: np.ndarray, test_mu: np.ndarray, test_labels: np.ndarray
) -> float:
    """Return how well a straight cut through latent space tells an attribute.

    A logistic regression is fitted to training images' means (N, Z), each scaled to unit variance,
    with labels 0/1, both present; returned is its accuracy on test images' (M, Z), to be read
    beside `majority_accuracy`.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2_000))
    probe.fit(train_mu, train_labels)
    return float(probe.score(test_mu, test_labels))
