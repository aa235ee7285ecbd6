"""What a recipe is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor, nn

from hwlib.losses import gaussian_nll, kl_standard_normal, pixel_error

# The homework's training set; the reports' epochs are turned into steps by it, so that 'course'
# means the author's number of updates whatever the data.
HOMEWORK_IMAGES = 40_000

PixelRange = tuple[float, float]
UNIT: PixelRange = (0.0, 1.0)  # after a sigmoid
SIGNED: PixelRange = (-1.0, 1.0)  # after a tanh


PIXEL_ERRORS = {
    "mse": r"(x-\hat{x})^2",
    "l1": r"|x-\hat{x}|",
    "bce": r"\left(-x\log\hat{x}-(1-x)\log(1-\hat{x})\right)",
}

# With a learnt sigma the error has a scale of its own, so every recipe has the one loss.
LEARNED_SIGMA = (
    r"\mathcal{L} = \frac{1}{B}\sum\left(\frac{(x-\hat{x})^2}{2\sigma^2} + \log\sigma"
    r" + \frac{1}{2}\log 2\pi\right) + \lambda\,\frac{1}{B}\sum D_{\mathrm{KL}}"
)

Reduction = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Objective:
    """A report's VAE loss, reductions as the report has them: recon + kl_weight * kl."""

    formula: str  # TeX, for the squared error
    reduce_error: Reduction  # (B, C, H, W) squared (or other) errors -> 0-dim
    reduce_kl: Reduction  # (B,) nats, summed over Z -> 0-dim

    def __call__(
        self,
        x: Tensor,
        x_hat: Tensor,
        mu: Tensor,
        logvar: Tensor,
        *,
        kl_weight: float,
        reconstruction: str = "mse",
        log_sigma: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the loss that is minimised and its two terms, unweighted, each 0-dim.

        Args:
            x: (B, C, H, W) pictures.
            x_hat: (B, C, H, W) reconstructions.
            mu: (B, Z) means.
            logvar: (B, Z) log variances.
            kl_weight: the report's lambda; this is the one place that applies it.
            reconstruction: kind of pixel error.
            log_sigma: 0-dim logarithm of the decoder's learnt standard deviation; with one, both
                terms are nats per image, averaged over the batch, whatever the report's reductions.
        """
        if log_sigma is not None:
            recon = gaussian_nll(x, x_hat, log_sigma).mean()
            kl = kl_standard_normal(mu, logvar).mean()
            return recon + kl_weight * kl, recon, kl
        recon = self.reduce_error(pixel_error(x, x_hat, reconstruction))
        kl = self.reduce_kl(kl_standard_normal(mu, logvar))
        return recon + kl_weight * kl, recon, kl

    def tex(self, reconstruction: str = "mse", sigma: str = "fixed") -> str:
        """Return the loss as TeX, with the pixel error and the sigma that are in use."""
        if sigma == "learned":
            return LEARNED_SIGMA
        return self.formula.replace(PIXEL_ERRORS["mse"], PIXEL_ERRORS[reconstruction])


@dataclass(frozen=True)
class Problem:
    """One pair (recipe, problem): networks, schedule, and what the report says.

    Attributes:
        build: builds the networks by name; keyword arguments width, z_dim, image_size, channels,
            and pixel_range where a VAE's is not to be the report's; all but the VAE know d_width,
            the ACGAN num_labels, the InfoGAN num_codes.
        settings: the report's own schedule, profile 'course'.
        quick: what profile 'quick' changes, never the structure: narrower networks, fewer steps,
            and smaller batches, as many updates teach more than many pictures; for the KL study,
            of many VAEs, larger steps too; for dcgan's ACGAN more snapshots to choose from.
        slow: what 'quick' changes further on a processor without bfloat16, which took three to five
            times as long: networks narrower still, fewer steps, and larger ones where they helped.
        objective: a VAE's loss.
        has_batch_norm: whether an adversarial pair's networks have it; where they have not, `build`
            knows `batch_norm`, which puts it in.
        reported: numbers that the report gives, by the names of results.json where they fit.
    """

    build: Callable[..., dict[str, nn.Module]]
    settings: Mapping[str, Any]
    quick: Mapping[str, Any]
    slow: Mapping[str, Any] = field(default_factory=dict)
    objective: Objective | None = None
    has_batch_norm: bool = True
    reported: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """One course report."""

    name: str
    letter: str
    problems: Mapping[str, Problem]


# The homework's weights and a finer sweep over five decades, in multiples of a recipe's own weight:
# decades, and half decades from 1 on, where the curves bend.
KL_TIMES = (1.0, 100.0, 0.0)
KL_SWEEP_TIMES = (0.001, 0.01, 0.1, 1.0, 3.0, 10.0, 30.0, 100.0)
KL_BATCH = 32


def kl_study(vae: Problem, *, quick: Mapping[str, Any] | None = None) -> Problem:
    """Return the KL study of a recipe's VAE: its settings with several weights for one.

    Args:
        vae: the recipe's VAE.
        quick: what profile 'quick' changes; by default a third of the VAE's updates
            at 'quick', in batches of 32.
    """
    settings = dict(vae.settings)
    own = settings.pop("kl_weight")
    weights = {
        name: tuple(float(f"{own * times:.6g}") for times in several)
        for name, several in (("kl_weights", KL_TIMES), ("kl_sweep", KL_SWEEP_TIMES))
    }
    if quick is None:
        fewer = {"batch_size": KL_BATCH, "num_steps": vae.quick["num_steps"] // 3}
        quick = {**vae.quick, **fewer}
    return replace(vae, settings=settings | weights, quick=quick, slow={})


def steps(epochs: int, batch_size: int) -> int:
    """Return the updates that `epochs` over the homework's training set take."""
    return round(epochs * HOMEWORK_IMAGES / batch_size)


def mean_of_all(values: Tensor) -> Tensor:
    """Average over everything."""
    return values.mean()


def sum_of_all(values: Tensor) -> Tensor:
    """Sum over everything, the batch included."""
    return values.sum()


def image_sum(values: Tensor) -> Tensor:
    """Sum over each image, average over the batch."""
    return values.flatten(1).sum(1).mean()


MEAN_OBJECTIVE = Objective(
    r"\mathcal{L} = \frac{1}{B\,C\,H\,W}\sum (x-\hat{x})^2"
    r" + \lambda\,\frac{1}{B}\sum D_{\mathrm{KL}}",
    mean_of_all,
    mean_of_all,
)
SUM_OBJECTIVE = Objective(
    r"\mathcal{L} = \sum (x-\hat{x})^2 + \lambda\,\sum D_{\mathrm{KL}}", sum_of_all, sum_of_all
)
IMAGE_SUM_OBJECTIVE = Objective(
    r"\mathcal{L} = \frac{1}{B}\sum (x-\hat{x})^2 + \lambda\,\frac{1}{B}\sum D_{\mathrm{KL}}",
    image_sum,
    mean_of_all,
)
