"""What a recipe is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from hwlib.conditioning import CODE_SIZE
from hwlib.losses import gaussian_nll, kl_standard_normal, pixel_error
from hwlib.models.gan import CodeReader, Discriminator, Generator, Join, JoinValues
from hwlib.models.layers import init_dcgan
from hwlib.models.vae import VAE, PixelRange

# The homework's training set; the reports' epochs are turned into steps by it, so that 'course'
# means the author's number of updates whatever the data.
HOMEWORK_IMAGES = 40_000

UNIT: PixelRange = (0.0, 1.0)  # after a sigmoid
SIGNED: PixelRange = (-1.0, 1.0)  # after a tanh

Models = dict[str, nn.Module]  # by name: {"vae": ...}, or {"G": ..., "D": ...}

PIXEL_ERRORS = {
    "mse": r"(x-\hat{x})^2",
    "l1": r"|x-\hat{x}|",
    "bce": r"\left(-x\log\hat{x}-(1-x)\log(1-\hat{x})\right)",
    "gaussian": r"\left(\frac{(x-\hat{x})^2}{2\sigma^2} + \log\sigma + \frac{1}{2}\log 2\pi\right)",
}

Reduction = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Objective:
    """A report's VAE loss, reductions as the report has them: recon + kl_weight * kl."""

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

        Images `x` and `x_hat` are (B, C, H, W), `mu` and `logvar` (B, Z). This is the one place
        that applies `kl_weight`, the report's lambda. With a `log_sigma`, the 0-dim logarithm of
        the decoder's learnt standard deviation, both terms are nats per image, averaged over the
        batch, whatever the report's reductions.
        """
        divergence = kl_standard_normal(mu, logvar)
        if log_sigma is None:
            recon = self.reduce_error(pixel_error(x, x_hat, reconstruction))
            kl = self.reduce_kl(divergence)
        else:
            recon, kl = gaussian_nll(x, x_hat, log_sigma).mean(), divergence.mean()
        return recon + kl_weight * kl, recon, kl

    def tex(self, reconstruction: str = "mse", sigma: str = "fixed") -> str:
        """Return the loss as TeX, with the pixel error and the sigma that are in use."""
        error, kl = self.reduce_error, self.reduce_kl
        if sigma == "learned":  # the error has a scale of its own, every recipe the one loss
            reconstruction, error, kl = "gaussian", image_sum, torch.mean
        mean = r"\frac{1}{B}"
        of_error = {torch.mean: r"\frac{1}{B\,C\,H\,W}", image_sum: mean}.get(error, "")
        recon = rf"{of_error}\sum {PIXEL_ERRORS[reconstruction]}"
        of_kl = mean if kl is torch.mean else ""
        return rf"\mathcal{{L}} = {recon} + \lambda\,{of_kl}\sum D_{{\mathrm{{KL}}}}"


@dataclass(frozen=True)
class Pair:
    """One recipe's problem: networks, schedule, and what the report says."""

    # Builds the VAE of width, z_dim, image_size, channels and pixel_range, or by `adversarial` all
    # networks by name.
    build: Callable[..., VAE | Models]
    settings: Mapping[str, Any]  # the report's own schedule, profile 'course'
    # What profile 'quick' changes, never the structure: narrower networks, fewer steps, and smaller
    # batches, because the number of updates matters more; for the KL study, of many VAEs, larger
    # steps too; for dcgan's ACGAN more checkpoints to choose from.
    quick: Mapping[str, Any]
    objective: Objective | None = None  # a VAE's loss
    pixel_range: PixelRange = SIGNED  # of a VAE's output
    is_range_stated: bool = False  # in the report; otherwise the lab chose it
    has_batch_norm: bool = True  # between layers of G and D; else `build` knows `batch_norm`
    reported: Mapping[str, float] = field(default_factory=dict)  # by results.json's names


@dataclass(frozen=True)
class Recipe:
    """One course report, or what is set beside them; the name of its file is the recipe's."""

    problems: Mapping[str, Pair]
    letter: str = ""  # the report's; none of today's recipe


def adversarial(
    generator: Callable[..., nn.Module],
    discriminator: Callable[..., Discriminator],
    *,
    join: Callable[[int, int], Join] | None = None,
    reader: Callable[..., CodeReader] | None = None,
    init: Callable[[nn.Module], nn.Module] = init_dcgan,
    d_width: float = 1.0,
) -> Callable[..., Models]:
    """Return the builder of G and D, and of Q where there is a `reader`.

    Args:
        generator: layers that map (B, inputs) to images: (inputs, *, width, image_size, channels).
        discriminator: (*, width, image_size, channels, num_classes), width D's own.
        join: how an ACGAN's labels come in: (z_dim, num_labels).
        reader: an InfoGAN's Q: (*, width, d_width, image_size, num_codes).
        init: draws the first weights.
        d_width: the report's own factor on D's channels.
    """

    def build(
        *,
        width: float,
        z_dim: int,
        image_size: int = 64,
        channels: int = 3,
        d_width: float = d_width,
        num_labels: int = 1,
        num_codes: int = 1,
        code_scale: float = 1.0,
        **options: Any,
    ) -> Models:
        sizes = {"image_size": image_size, "channels": channels, **options}
        d_width, joined, num_classes = width * d_width, None, 0
        if reader:
            joined = JoinValues(z_dim, num_codes * CODE_SIZE, scale=code_scale)
        elif join:
            joined, num_classes = join(z_dim, num_labels), num_labels
        layers = generator(joined.num_inputs if joined else z_dim, width=width, **sizes)
        models: Models = {"G": Generator(layers, z_dim=z_dim, join=joined)}
        models["D"] = discriminator(width=d_width, num_classes=num_classes, **sizes)
        if reader:
            own = {"width": width, "d_width": d_width, "image_size": image_size}
            models["Q"] = reader(**own, num_codes=num_codes)
        return {name: init(model) for name, model in models.items()}

    return build


# The homework's weights and a finer sweep over five decades, in multiples of a recipe's own weight:
# decades, and half decades from 1 on, where the curves bend.
KL_TIMES = (1.0, 100.0, 0.0)
KL_SWEEP_TIMES = (0.001, 0.01, 0.1, 1.0, 3.0, 10.0, 30.0, 100.0)
KL_BATCH = 32


def kl_study(vae: Pair, *, quick: Mapping[str, Any] | None = None) -> Pair:
    """Return the KL study of a recipe's VAE: its settings with several weights for one.

    By default profile 'quick' makes a third of the VAE's updates, in batches of 32.
    """
    settings = dict(vae.settings)
    own = settings.pop("kl_weight")
    for name, several in (("kl_weights", KL_TIMES), ("kl_sweep", KL_SWEEP_TIMES)):
        settings[name] = tuple(float(f"{own * times:.6g}") for times in several)
    fewer = {"batch_size": KL_BATCH, "num_steps": vae.quick["num_steps"] // 3}
    return replace(vae, settings=settings, quick=quick or {**vae.quick, **fewer})


DCGAN_ADAM = {"learning_rate": 2e-4, "adam_betas": (0.5, 0.999)}  # as all the reports have it


def epochs(number: int, batch_size: int) -> dict[str, int]:
    """Return the batch size, and the updates that so many epochs of the homework's set take."""
    num_steps = round(number * HOMEWORK_IMAGES / batch_size)
    return {"num_steps": num_steps, "batch_size": batch_size}


def image_sum(values: Tensor) -> Tensor:
    """Sum over each image, average over the batch."""
    return values.flatten(1).sum(1).mean()


MEAN_OBJECTIVE = Objective(torch.mean, torch.mean)
SUM_OBJECTIVE = Objective(torch.sum, torch.sum)
IMAGE_SUM_OBJECTIVE = Objective(image_sum, torch.mean)
