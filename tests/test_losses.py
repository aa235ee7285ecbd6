"""The losses against torch.distributions and closed forms."""

from itertools import product

import numpy as np
import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from hwlib import losses
from hwlib.recipes import RECIPES

FIVE = ("plain", "upsample", "wide", "elbo", "dcgan")


def posterior(batch=5, z_dim=7):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, batch, z_dim, generator=generator).unbind()


def pictures(batch=4, low=0.0, high=1.0):
    generator = torch.Generator().manual_seed(1)
    return (low + (high - low) * torch.rand(2, batch, 3, 8, 8, generator=generator)).unbind()


def test_kl_equals_torch_distributions():
    mu, logvar = posterior()
    q = Independent(Normal(mu, (0.5 * logvar).exp()), 1)
    p = Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)
    torch.testing.assert_close(losses.kl_standard_normal(mu, logvar), kl_divergence(q, p))
    assert not losses.kl_standard_normal(torch.zeros(3, 4), torch.zeros(3, 4)).any()
    with pytest.raises(ValueError, match="must be"):  # else it would broadcast
        losses.kl_standard_normal(torch.zeros(3, 4), torch.zeros(4))


@pytest.mark.parametrize("pixel_range", [(0.0, 1.0), (-1.0, 1.0)])
def test_recon_nats_is_the_gaussian_log_likelihood_up_to_its_constant(pixel_range):
    x, x_hat = pictures(low=pixel_range[0], high=pixel_range[1])
    scale = 2 / (pixel_range[1] - pixel_range[0])  # to [-1, 1], where the variance is 1/2
    nll = -Normal(x_hat * scale, 0.5**0.5).log_prob(x * scale).flatten(1).sum(1)
    constant = 0.5 * x[0].numel() * torch.log(torch.tensor(torch.pi))
    torch.testing.assert_close(losses.recon_nats(x, x_hat, pixel_range), nll - constant)


def test_pixel_errors_follow_their_formulas_and_refuse_shapes_that_would_broadcast():
    x, x_hat = pictures()
    torch.testing.assert_close(losses.pixel_error(x, x_hat, "mse"), (x - x_hat) ** 2)
    torch.testing.assert_close(losses.pixel_error(x, x_hat, "l1"), (x - x_hat).abs())
    bce = -(x * x_hat.log() + (1 - x) * (1 - x_hat).log())
    torch.testing.assert_close(losses.pixel_error(x, x_hat, "bce"), bce)
    with pytest.raises(ValueError, match="alike"):
        losses.pixel_error(torch.zeros(2, 3, 8, 8), torch.zeros(2, 1, 8, 8))
    with pytest.raises(ValueError, match="unknown"):
        losses.pixel_error(torch.zeros(1), torch.zeros(1), "huber")


@pytest.mark.parametrize("recipe", FIVE)
def test_objective_has_the_reductions_of_its_report(recipe):
    x, x_hat = pictures()
    mu, logvar = posterior(batch=4)
    problem = RECIPES[recipe].problems["vae"]
    weight = problem.settings["kl_weight"]
    error, kl_each = (x - x_hat) ** 2, -0.5 * (1 + logvar - mu**2 - logvar.exp())
    kl_of_an_image = kl_each.sum(1).mean()
    by_hand = dict.fromkeys(FIVE, (error.mean(), kl_of_an_image))
    by_hand["elbo"] = error.sum((1, 2, 3)).mean(), kl_of_an_image
    by_hand["dcgan"] = error.sum(), kl_each.sum()
    recon, kl = by_hand[recipe]
    found = problem.objective(x, x_hat, mu, logvar, kl_weight=weight)
    torch.testing.assert_close(found, (recon + weight * kl, recon, kl))


def test_the_displayed_formula_names_the_pixel_error_in_use():
    errors = {"mse": r"(x-\hat{x})^2", "l1": r"|x-\hat{x}|", "bce": r"\log\hat{x}"}
    for recipe, (kind, error) in product(FIVE, errors.items()):
        assert error in RECIPES[recipe].problems["vae"].objective.tex(kind)


def test_gaussian_nll_equals_torch_distributions():
    x, x_hat = pictures()
    log_sigma = torch.tensor(-1.3)
    expected = -Normal(x_hat, log_sigma.exp()).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(losses.gaussian_nll(x, x_hat, log_sigma), expected)
    with pytest.raises(ValueError, match="one number"):
        losses.gaussian_nll(x, x_hat, torch.zeros(3))


def test_adversarial_losses_are_chance_for_logits_of_zero_and_check_their_shapes():
    codes = torch.zeros(4, 2, dtype=torch.long)
    for loss, logits, target, chance, wrong in (
        (losses.adversarial_loss, torch.zeros(5), 1, 2, torch.zeros(5, 1)),
        (losses.adversarial_loss, torch.zeros(5), 0, 2, torch.zeros(5, 1)),
        (losses.attribute_loss, torch.zeros(4, 2), torch.ones(4, 2), 2, torch.zeros(4, 1)),
        (losses.code_loss, torch.zeros(4, 2, 10), codes, 10, torch.zeros(4, 10)),
    ):
        assert loss(logits, target) == pytest.approx(np.log(chance))
        with pytest.raises(ValueError, match="B"):
            loss(wrong, target)


def test_one_sided_smoothing_has_its_minimum_at_the_smoothed_target():
    logits = torch.linspace(-6, 6, 2_001).unsqueeze(1)
    found = torch.stack([losses.adversarial_loss(row, 0.9) for row in logits])
    assert torch.sigmoid(logits[found.argmin()]).item() == pytest.approx(0.9, abs=0.01)


def test_the_gradient_penalty_of_a_linear_d_is_half_its_squared_weight():
    weight = torch.tensor([1.0, 2.0, -3.0])
    x = torch.randn(6, 3, 1, 1, requires_grad=True)
    assert losses.gradient_penalty((x.flatten(1) * weight).sum(1), x) == pytest.approx(7.0)
