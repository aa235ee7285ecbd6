"""The losses: pure functions, one equation each. Shapes are checked: silent broadcasting is how
losses go wrong."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def kl_standard_normal(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, exp(logvar)) || N(0, I)) of each image (Kingma & Welling 2014, appendix B).

    `mu` and `logvar` (B, Z) give (B,) nats, summed over Z, never negative.
    """
    if mu.shape != logvar.shape or mu.ndim != 2:
        raise ValueError(f"mu {tuple(mu.shape)} and logvar {tuple(logvar.shape)} must be (B, Z)")
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(1)


def pixel_error(x: Tensor, x_hat: Tensor, kind: str = "mse") -> Tensor:
    """The error of every value of images and reconstructions (B, C, H, W), not reduced, as they.

    `kind` is 'mse' (x - x_hat)^2, 'l1' |x - x_hat|, or 'bce' -x log x_hat - (1-x) log(1-x_hat), for
    which both must lie in [0, 1]; it is never negative.
    """
    if x.shape != x_hat.shape:
        raise ValueError(f"x {tuple(x.shape)} and x_hat {tuple(x_hat.shape)} must be alike")
    if kind == "mse":
        return (x - x_hat).square()
    if kind == "l1":
        return (x - x_hat).abs()
    if kind == "bce":
        # torch raises on what is no number; the loss of networks that diverged is to be none either
        known = F.binary_cross_entropy(x_hat.nan_to_num(0.5), x, reduction="none")
        return torch.where(x_hat.isnan(), x_hat, known)
    raise ValueError(f"unknown reconstruction error '{kind}'")


def recon_nats(x: Tensor, x_hat: Tensor, pixel_range: tuple[float, float]) -> Tensor:
    """-log p(x | z) of each image by the one definition that all recipes share.

    p(x | z) is a Gaussian around x_hat with variance 1/2 per value on pixels in [-1, 1], so that
    this is the summed squared error there. Its constant, (C*H*W / 2) log(pi), which no network can
    change, is left out. Images and reconstructions (B, C, H, W) in `pixel_range`, (0, 1) or
    (-1, 1), give (B,) nats, summed over all values of an image.
    """
    low, high = pixel_range
    to_unit = 2 / (high - low)
    return pixel_error(x, x_hat).flatten(1).sum(1) * to_unit**2


def gaussian_nll(x: Tensor, x_hat: Tensor, log_sigma: Tensor) -> Tensor:
    """-log N(x; x_hat, sigma^2 I) of each image, its constant included (Rybkin et al. 2021).

    Images and reconstructions (B, C, H, W), and the 0-dim logarithm of the one standard deviation
    in units of their range, give (B,) nats, summed over all values of an image; of a density, so
    they may be negative.
    """
    if log_sigma.ndim:
        raise ValueError(f"log_sigma {tuple(log_sigma.shape)} must be one number")
    error = pixel_error(x, x_hat).flatten(1)
    constant = log_sigma + 0.5 * math.log(2 * math.pi)
    return 0.5 * error.sum(1) * (-2 * log_sigma).exp() + error.shape[1] * constant


def adversarial_loss(logits: Tensor, target: float) -> Tensor:
    """Binary cross-entropy of D's logits against one target (Goodfellow et al. 2014, section 3).

    The target is 1 for "real", less with one-sided smoothing, and 0 for "fake"; with 1 on fake
    images it is G's non-saturating loss. Logits (B,) give 0-dim nats, averaged over B.
    """
    if logits.ndim != 1:
        raise ValueError(f"logits {tuple(logits.shape)} must be (B,)")
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def attribute_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy of each attribute (Odena et al. 2017, equation 3, with a sigmoid).

    Logits and 0/1 labels (B, A) give 0-dim nats, averaged over B and A.
    """
    if logits.shape != labels.shape or logits.ndim != 2:
        raise ValueError(f"logits {tuple(logits.shape)}, labels {tuple(labels.shape)}: not (B, A)")
    return F.binary_cross_entropy_with_logits(logits, labels)


def code_loss(logits: Tensor, codes: Tensor) -> Tensor:
    """Cross-entropy of each code: H(c) minus this bounds I(c; G(z, c)) from below.

    Q's logits (B, K, N) of K codes (B, K) of N values give 0-dim nats per code, averaged over B and
    K (Chen et al. 2016, equation 5).
    """
    if logits.ndim != 3 or codes.shape != logits.shape[:2]:
        raise ValueError(f"logits {tuple(logits.shape)}, codes {tuple(codes.shape)}: not (B, K, N)")
    return F.cross_entropy(logits.flatten(0, 1), codes.flatten())


def gradient_penalty(real_logits: Tensor, x: Tensor) -> Tensor:
    """Squared gradient of D at the real images (R1; Mescheder et al. 2018, equation 9).

    `real_logits` (B,) are made from `x`, which has a gradient. Returned is half the squared norm,
    averaged over B; the caller multiplies by gamma.
    """
    (gradient,) = torch.autograd.grad(real_logits.sum(), x, create_graph=True)
    return 0.5 * gradient.flatten(1).square().sum(1).mean()
