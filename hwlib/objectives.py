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

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd
import torch

from hwlib.errors import UserError
from hwlib.models.vae import PixelRange
from hwlib.recipes import RECIPES, get_pair, recipes_with
from hwlib.recipes.base import SIGNED, UNIT

# Degree of each pixel error in the pixels' scale; the cross-entropy lives in [0, 1] alone.
DEGREES = {"mse": 2, "l1": 1, "bce": 0}
VAE_RECIPES = tuple(name for name in recipes_with("vae") if RECIPES[name].letter)


@dataclass(frozen=True, kw_only=True)
class CommonForm:
    """One objective as its report writes it, with what it comes to."""

    recipe: str
    kl_weight: float  # its lambda
    batch_size: int  # of one update
    image_size: int = 64
    channels: int = 3
    reconstruction: str = "mse"  # kind of pixel error
    # The decoder's learnt standard deviation, pixels in [0, 1]; None where it is the weights that
    # imply one. With it the loss is the Gaussian's nats per image in every recipe.
    learned_sigma_01: float | None = None
    is_run: bool = False  # whether it is a run's objective, not the report's own

    def __post_init__(self) -> None:
        if self.reconstruction not in DEGREES:
            facts = {"reconstruction": self.reconstruction, "known": list(DEGREES)}
            raise UserError("unknown_reconstruction", **facts)
        if self.learned_sigma_01 is not None and self.reconstruction != "mse":
            raise UserError("sigma_needs_mse", reconstruction=self.reconstruction)

    @cached_property
    def factors(self) -> tuple[float, float]:
        """What turns it into the common form: s, and the beta of lambda = 1.

        Measured on the recipe's reductions, which are linear and treat all values and images alike.
        """
        if self.learned_sigma_01 is not None:
            unit = 2 * (2 * self.learned_sigma_01) ** 2  # 2 sigma^2 with pixels in [-1, 1]
            return 1 / unit, unit
        objective = get_pair(self.recipe, "vae").objective
        one = torch.ones((), dtype=torch.float64)
        errors = one.expand(self.batch_size, self.channels, self.image_size, self.image_size)
        # What one value's error, and one image's KL, adds to the loss.
        per_value = float(objective.reduce_error(errors)) / errors.numel()
        per_image = float(objective.reduce_kl(one.expand(self.batch_size))) / self.batch_size
        low, high = self.pixel_range
        # The cross-entropy is the one error that cannot be moved to [-1, 1].
        to_common = (2 / (high - low)) ** DEGREES[self.reconstruction]
        return per_value * self.batch_size / to_common, per_image / per_value * to_common

    @property
    def beta(self) -> float:
        """Beta of the common form."""
        return self.kl_weight * self.factors[1]

    @property
    def pixel_range(self) -> PixelRange:
        """The range in which the error is taken; [0, 1] with the cross-entropy."""
        return UNIT if self.reconstruction == "bce" else get_pair(self.recipe, "vae").pixel_range

    @property
    def reductions(self) -> tuple[str, str]:
        """Names of the reductions of errors and of the images' KL: "mean", "sum" or "image_sum"."""
        if self.learned_sigma_01 is not None:
            return "image_sum", "mean"
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
        return {one.recipe: self.beta / one.factors[1] for one in alike}


def common_form(recipe: str, **changes: Any) -> CommonForm:
    """Return a recipe's objective in the common form: the report's own but for `changes`."""
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

    The reports' own are for images of the first run's size.
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
    scale = one.factors[0] if one.learned_sigma_01 is None else 1.0
    return metrics.assign(objective=metrics["loss"] / scale)


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
        for range_read in (pair.pixel_range,) if is_stated else (UNIT, SIGNED):
            mse_01 = reported if range_read == UNIT else reported / 4
            found.append(ReportedMSE(recipe, reported, range_read, is_stated, mse_01, 4 * mse_01))
    return found
