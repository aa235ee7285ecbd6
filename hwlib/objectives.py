"""Every report's VAE objective in one common form, and each in the others' terms.

A report's objective is recon + lambda KL, each with a reduction of its own on pixels in a range of
its own (`hwlib.recipes.base.Objective`), so the same lambda means many things. Divided by a factor
s > 0, which moves no minimum, every one of them is

    L / s = mean over the batch of (error + beta KL),

the error summed over all values of an image with pixels in [-1, 1], the KL summed over the latents.
With the squared error that is the lab's `recon_nats` + beta `kl_nats`; divided by beta it is a true
negative ELBO whose decoder is a Gaussian with 2 sigma^2 = beta, up to its constant. So lambda is a
choice of sigma: the noise that the decoder is told to expect (Rybkin et al. 2021).

The coefficients are read off the very functions that train, never written down a second time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd
import torch

from hwlib.errors import UserError
from hwlib.recipes import get_pair, recipes_with
from hwlib.recipes.base import SIGNED, UNIT, PixelRange

GREY_LEVELS = 255  # of a pixel in [0, 1]
# Degree of each pixel error in the pixels' scale; the cross-entropy lives in [0, 1] alone.
DEGREES = {"mse": 2, "l1": 1, "bce": 0}
VAE_RECIPES = tuple(recipes_with("vae"))


# ------------------------------------------------------------------------------ the common form


def pixel_range(recipe: str, reconstruction: str = "mse") -> PixelRange:
    """Return the range in which a recipe's VAE has its pixels; [0, 1] with the cross-entropy."""
    return UNIT if reconstruction == "bce" else get_pair(recipe, "vae").pixel_range


class Factors(NamedTuple):
    """What turns an objective into the common form: s, and the beta of lambda = 1."""

    scale: float
    unit: float


@dataclass(frozen=True, kw_only=True)
class CommonForm:
    """One objective as its report writes it, with what it comes to.

    Attributes:
        recipe: course report.
        kl_weight: its lambda.
        batch_size: of one update.
        image_size: side of the images.
        channels: of the images.
        reconstruction: kind of pixel error.
        learned_sigma_01: the decoder's learnt standard deviation, pixels in [0, 1]; None where it
            is the weights that imply one. With it the loss is the Gaussian's nats per image in
            every recipe.
        is_run: whether it is a run's objective, not the report's own.
    """

    recipe: str
    kl_weight: float
    batch_size: int
    image_size: int = 64
    channels: int = 3
    reconstruction: str = "mse"
    learned_sigma_01: float | None = None
    is_run: bool = False

    def __post_init__(self) -> None:
        if self.reconstruction not in DEGREES:
            facts = {"reconstruction": self.reconstruction, "known": list(DEGREES)}
            raise UserError("unknown_reconstruction", **facts)
        if self.learned_sigma_01 is not None and self.reconstruction != "mse":
            raise UserError("sigma_needs_mse", reconstruction=self.reconstruction)

    @cached_property
    def factors(self) -> Factors:
        """What turns it into the common form, measured on the recipe's reductions.

        They are linear and treat all values and images alike.
        """
        if self.learned_sigma_01 is not None:
            unit = 2 * (2 * self.learned_sigma_01) ** 2  # 2 sigma^2 with pixels in [-1, 1]
            return Factors(1 / unit, unit)
        objective = get_pair(self.recipe, "vae").objective
        one = torch.ones((), dtype=torch.float64)
        errors = one.expand(self.batch_size, self.channels, self.image_size, self.image_size)
        # What one value's error, and one image's KL, adds to the loss.
        per_value = float(objective.reduce_error(errors)) / errors.numel()
        per_image = float(objective.reduce_kl(one.expand(self.batch_size))) / self.batch_size
        low, high = self.pixel_range
        # The cross-entropy is the one error that cannot be moved to [-1, 1].
        to_common = (2 / (high - low)) ** DEGREES[self.reconstruction]
        return Factors(per_value * self.batch_size / to_common, per_image / per_value * to_common)

    @property
    def scale(self) -> float:
        """s of the common form."""
        return self.factors.scale

    @property
    def beta(self) -> float:
        """Beta of the common form."""
        return self.kl_weight * self.factors.unit

    @property
    def pixel_range(self) -> PixelRange:
        """The range in which the error is taken."""
        return pixel_range(self.recipe, self.reconstruction)

    @property
    def reductions(self) -> tuple[str, str]:
        """Names of the reductions of errors and of the images' KL, in `hwlib.recipes.base`."""
        if self.learned_sigma_01 is not None:
            return "image_sum", "mean_of_all"
        objective = get_pair(self.recipe, "vae").objective
        return objective.reduce_error.__name__, objective.reduce_kl.__name__

    @property
    def num_values(self) -> int:
        """Values of one image, C H W."""
        return self.channels * self.image_size**2

    @property
    def sigma_01(self) -> float | None:
        """Standard deviation of the Gaussian decoder with weight 1, pixels in [0, 1].

        None where the error is no Gaussian's; 0 without a KL term, where there is no likelihood.
        """
        if self.learned_sigma_01 is not None and not self.kl_weight:
            return self.learned_sigma_01  # it is learnt whatever the KL weighs
        return math.sqrt(self.beta / 2) / 2 if self.reconstruction == "mse" else None

    @property
    def laplace_01(self) -> float | None:
        """Scale b of the Laplace decoder with weight 1, pixels in [0, 1]; None but for L1."""
        return self.beta / 2 if self.reconstruction == "l1" else None

    @property
    def weights(self) -> dict[str, float]:
        """The lambda that strikes the same balance, in each recipe's convention."""
        alike = (replace(self, recipe=name, learned_sigma_01=None) for name in VAE_RECIPES)
        return {one.recipe: self.beta / one.factors.unit for one in alike}


def common_form(recipe: str, **changes: Any) -> CommonForm:
    """Return a recipe's objective in the common form: the report's own but for `changes`.

    Unknown names, and a learnt sigma with another error than the squared one, are a UserError.
    """
    settings = get_pair(recipe, "vae").settings
    own = {name: settings[name] for name in ("kl_weight", "batch_size")}
    return CommonForm(recipe=recipe, **(own | changes))


def of_run(
    settings: Mapping[str, Any], results: Mapping[str, Any], *, channels: int = 3
) -> CommonForm:
    """Return a VAE run's objective in the common form, by its settings as JSON and its results."""
    names = ("recipe", "kl_weight", "batch_size", "image_size", "reconstruction")
    sigma = results["sigma_01"] if settings["sigma"] == "learned" else None
    own = {name: settings[name] for name in names}
    return CommonForm(**own, channels=channels, learned_sigma_01=sigma, is_run=True)


def common_forms(*runs: CommonForm) -> list[CommonForm]:
    """Return the reports' own objectives, then those of `runs` that are none of them.

    Args:
        runs: from `of_run`; the reports' own are for images of the first one's size.
    """
    sizes = {"image_size": runs[0].image_size, "channels": runs[0].channels} if runs else {}
    found: dict[CommonForm, CommonForm] = {}
    for one in (*(common_form(recipe, **sizes) for recipe in VAE_RECIPES), *runs):
        # Whose it is, and the size of its batch, make no other objective.
        found.setdefault(replace(one, batch_size=0, is_run=False), one)
    return list(found.values())


def with_objective(one: CommonForm, metrics: pd.DataFrame) -> pd.DataFrame:
    """Return a run's learning curves with what it minimised as `objective`, in the common form.

    With the squared error that is `recon_nats` + beta `kl_nats`. A learnt sigma changes as it goes:
    its loss, nats per image already, stands as it is.
    """
    scale = one.scale if one.learned_sigma_01 is None else 1.0
    return metrics.assign(objective=metrics["loss"] / scale)


# -------------------------------------------------------------------- what it says of a run's error


def best_sigma_01(recon_nats: float, num_values: int) -> float:
    """Return the sigma, pixels in [0, 1], under which an image's error is most probable: its root
    mean square, where a decoder that learns its sigma ends (Rybkin et al. 2021)."""
    return math.sqrt(recon_nats / num_values) / 2


def gaussian_neg_elbo(
    recon_nats: float, kl_nats: float, *, num_values: int, sigma_01: float
) -> float:
    """Return the negative ELBO per image under a Gaussian decoder, its constant included.

    It is of the density of pixel values 0 to 255, which are a unit apart: a density of 1 / 256 on
    all of them would give log 256 for each of the `num_values`, C H W. `recon_nats` is the squared
    error summed over an image with pixels in [-1, 1], of a drawn z; `sigma_01`, more than 0, is the
    Gaussian's standard deviation with pixels in [0, 1].
    """
    if sigma_01 <= 0:
        raise ValueError(f"sigma {sigma_01} must be more than 0")
    log_sigma = math.log(GREY_LEVELS * sigma_01)
    error = recon_nats / (8 * sigma_01**2)  # recon_nats / 4 is the error in [0, 1]
    return error + num_values * (log_sigma + 0.5 * math.log(2 * math.pi)) + kl_nats


def bits_per_dim(recon_nats: float, kl_nats: float, *, num_values: int, sigma_01: float) -> float:
    """Return the same bound in bits for each value of an image.

    Published figures are -log2 of the probability of whole pixel values, or of a density with
    uniform noise on them (Theis et al. 2016). Here the Gaussian's density at the pixel
    value stands for its probability: they agree where sigma is more than about one grey level. What
    the Gaussian gives to values outside 0 to 255 is lost, so the figure is rather too high.
    """
    sizes = {"num_values": num_values, "sigma_01": sigma_01}
    return gaussian_neg_elbo(recon_nats, kl_nats, **sizes) / (num_values * math.log(2))


# ---------------------------------------------------------------------------- the reports' own MSE


class ReportedMSE(NamedTuple):
    """A reading of the test MSE that a report gives, as a mean over every value."""

    recipe: str
    reported: float  # as it is printed
    range_read: PixelRange  # of the pixels in which it is taken to be
    is_stated: bool  # whether the report says the range of its network's output
    mse_01: float  # with pixels in [0, 1]
    mse_11: float  # with pixels in [-1, 1]


def reported_mses() -> list[ReportedMSE]:
    """Return each report's test MSE in both ranges.

    No report says in which range it took the error: that of its network's output is the natural
    reading. Where the report does not state that either, both readings stand.
    """
    found = []
    for recipe in VAE_RECIPES:
        pair = get_pair(recipe, "vae")
        reported, is_stated = pair.reported.get("test_mse"), pair.is_range_stated
        if reported is None:
            continue
        for range_read in (pixel_range(recipe),) if is_stated else (UNIT, SIGNED):
            mse_01 = reported if range_read == UNIT else reported / 4
            found.append(ReportedMSE(recipe, reported, range_read, is_stated, mse_01, 4 * mse_01))
    return found
