"""The loss ledger: five objectives in one form, held by the gradients they have."""

import math
import re
from itertools import permutations, product

import pandas as pd
import pytest
import torch
from conftest import without_scores
from torch.distributions import Laplace, Normal

import hwlib
from hwlib import objectives, show
from hwlib.errors import UserError
from hwlib.findings import losses
from hwlib.losses import kl_standard_normal, recon_nats
from hwlib.recipes import get_pair

FIVE = ("plain", "upsample", "wide", "elbo", "dcgan")
SPEC = "faces:96"


def draw(seed, *, batch=3, size=16, channels=3, z_dim=5):
    """Draw pictures and reconstructions in [-1, 1], mu and logvar, in float64."""
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, channels, size, size)
    x, x_hat = (2 * torch.rand(2, *shape, generator=generator, dtype=torch.float64) - 1).unbind()
    mu, logvar = torch.randn(2, batch, z_dim, generator=generator, dtype=torch.float64).unbind()
    return x, *(t.clone().requires_grad_() for t in (x_hat, mu, logvar))


def loss_of(recipe, drawn, kl_weight, reconstruction="mse"):
    """Return a recipe's objective of pictures that are drawn in [-1, 1]."""
    low, high = objectives.common_form(recipe, reconstruction=reconstruction).pixel_range
    x, x_hat, mu, logvar = drawn
    x, x_hat = (low + (high - low) * (value + 1) / 2 for value in (x, x_hat))
    objective = get_pair(recipe, "vae").objective
    loss, _, _ = objective(x, x_hat, mu, logvar, kl_weight=kl_weight, reconstruction=reconstruction)
    return loss


def convert(kl_weight, source, target, **sizes):
    """Return the target's lambda, and the factor that gives its loss the source's gradients."""
    ours, theirs = (objectives.common_form(one, **sizes).factors for one in (source, target))
    return kl_weight * ours[1] / theirs[1], ours[0] / theirs[0]


def gradients(loss, drawn):
    """Return the gradients by x_hat, mu and logvar."""
    return torch.autograd.grad(loss, drawn[1:])


def assert_equal(found, expected):
    """Require gradients that are equal to 1e-5 of the largest, and not nothing."""
    for one, other in zip(found, expected, strict=True):
        assert other.abs().max() > 0
        assert (one - other).abs().max() <= 1e-5 * other.abs().max()


# ------------------------------------------------------------------- equal weights, equal gradients


@pytest.mark.parametrize("reconstruction", objectives.DEGREES)
def test_a_converted_weight_gives_equal_gradients(reconstruction):
    for seed, (source, target) in enumerate(permutations(FIVE, 2)):
        chance = torch.Generator().manual_seed(1_000 + seed)
        batch, half, channels = (int(torch.randint(1, 6, (), generator=chance)) for _ in range(3))
        kl_weight = 10 ** (6 * torch.rand((), generator=chance).item() - 5)
        sizes = {"batch_size": batch, "image_size": 4 * half, "channels": channels}
        drawn = draw(seed, batch=batch, size=4 * half, channels=channels)
        weight, scale = convert(kl_weight, source, target, reconstruction=reconstruction, **sizes)
        theirs = gradients(scale * loss_of(target, drawn, weight, reconstruction), drawn)
        assert_equal(theirs, gradients(loss_of(source, drawn, kl_weight, reconstruction), drawn))


def test_what_was_minimised_is_in_the_common_form_whatever_the_error():
    curves = pd.DataFrame({"loss": [3.0, 2.0], "recon_nats": [9.0, 6.0], "kl_nats": [1.0, 1.0]})
    for recipe, error in product(FIVE, objectives.DEGREES):
        row = objectives.common_form(recipe, reconstruction=error)
        found = objectives.with_objective(row, curves)["objective"]
        assert list(found * row.factors[0]) == pytest.approx([3.0, 2.0])
    learnt = objectives.common_form("wide", kl_weight=1.0, learned_sigma_01=0.1)
    assert list(objectives.with_objective(learnt, curves)["objective"]) == [3.0, 2.0]


@pytest.mark.parametrize("reconstruction", ["mse", "l1"])
@pytest.mark.parametrize("recipe", FIVE)
def test_the_implied_noise_makes_the_objective_a_negative_elbo(recipe, reconstruction):
    x, x_hat, mu, logvar = drawn = draw(3)
    sizes = {"batch_size": 3, "image_size": 16, "reconstruction": reconstruction}
    row = objectives.common_form(recipe, kl_weight=0.2, **sizes)
    noise = Normal(x_hat, 2 * row.sigma_01) if row.sigma_01 else Laplace(x_hat, 2 * row.laplace_01)
    nll = -noise.log_prob(x).flatten(1).sum(1)
    elbo = (nll + kl_standard_normal(mu, logvar)).mean()
    loss = loss_of(recipe, drawn, 0.2, reconstruction)
    assert_equal(gradients(elbo * row.factors[0] * row.beta, drawn), gradients(loss, drawn))


# ------------------------------------------------------------------------- known numbers by hand


def test_what_cannot_be_is_one_line():
    for wrong, key in (
        ({"recipe": "broad"}, "unknown_recipe"),
        ({"reconstruction": "huber"}, "unknown_reconstruction"),
        ({"reconstruction": "l1", "learned_sigma_01": 0.1}, "sigma_needs_mse"),
    ):
        with pytest.raises(UserError) as refused:
            objectives.common_form(**({"recipe": "wide"} | wrong))
        assert refused.value.key == key


def test_what_the_reports_weights_come_to_by_hand():
    values = 3 * 64 * 64
    betas = {row.recipe: row.beta for row in objectives.common_forms()}
    assert betas == pytest.approx(
        {
            "plain": values * 1e-4,  # mean over the values, KL summed over z
            "upsample": values * 1e-5,
            "wide": 4 * values * 1e-5,  # errors in [0, 1] are a quarter of those in [-1, 1]
            "elbo": 4.0,
            "dcgan": 1.0,
        }
    )
    weight, scale = convert(1e-5, "wide", "dcgan", batch_size=128)
    assert (weight, scale) == pytest.approx((0.49152, 1 / (4 * values * 128)))
    # dcgan's weight 1 is the negative ELBO that all runs report: variance 1/2 in [-1, 1]
    assert 2 * objectives.common_form("dcgan").sigma_01 == pytest.approx(math.sqrt(0.5))


# ------------------------------------------------------------------------------ the reports' MSE


def test_a_reports_mse_is_read_once_where_its_range_is_known_and_twice_where_not():
    readings = objectives.reported_mses()
    counts = {r: sum(one.recipe == r for one in readings) for r in FIVE}
    assert counts == {"plain": 2, "upsample": 2, "wide": 1, "elbo": 0, "dcgan": 1}
    known = {one.recipe: one for one in readings if one.is_stated}
    assert known["dcgan"].mse_11 == 0.0197
    assert known["dcgan"].mse_01 == pytest.approx(0.0197 / 4)
    assert known["wide"].mse_01 == 0.000833
    for one in readings:
        assert one.mse_11 == pytest.approx(4 * one.mse_01)


# ----------------------------------------------------------------------------------- a learnt sigma


@pytest.mark.parametrize("recipe", FIVE)
def test_the_ledgers_row_of_a_learnt_sigma_has_its_gradients(recipe):
    low, high = get_pair(recipe, "vae").pixel_range
    x, x_hat, mu, logvar = drawn = draw(9)
    log_sigma = torch.tensor(math.log(0.1 * (high - low)), dtype=torch.float64)
    ours, theirs = (low + (high - low) * (value + 1) / 2 for value in (x, x_hat))
    objective = get_pair(recipe, "vae").objective
    loss, _, _ = objective(ours, theirs, mu, logvar, kl_weight=0.5, log_sigma=log_sigma)
    row = objectives.common_form(
        recipe, kl_weight=0.5, batch_size=3, image_size=16, learned_sigma_01=0.1
    )
    common = recon_nats(x, x_hat, (-1.0, 1.0)) + row.beta * kl_standard_normal(mu, logvar)
    assert_equal(gradients(row.factors[0] * common.mean(), drawn), gradients(loss, drawn))
    assert row.sigma_01 == pytest.approx(0.1 * math.sqrt(0.5))


@pytest.fixture(scope="module")
def learned_run(tmp_path_factory):
    """A short run that learns its sigma, with the ELBO's own weight."""
    own = {"recipe": "elbo", "sigma": "learned", "num_steps": 60, "learning_rate": 1e-3}
    own |= {"profile": "smoke", "data": SPEC, "device": "cpu", "image_size": 32}
    config = hwlib.make_config("vae", **own)
    with without_scores():
        return hwlib.fit(config, runs=tmp_path_factory.mktemp("runs"))


def test_a_learnt_sigma_is_kept_and_told(learned_run):
    vae = learned_run.load_models()["vae"]
    assert learned_run.config.kl_weight == 1
    told = learned_run.results["sigma_01"]
    assert told == pytest.approx(vae.log_sigma.exp().item(), rel=1e-6)  # pixels in [0, 1]
    assert learned_run.metrics["sigma_01"].iloc[-1] == pytest.approx(told, rel=0.1)
    row = objectives.of_run(learned_run.config.to_json(), learned_run.results)
    assert (row.is_run, row.sigma_01) == (True, pytest.approx(told))
    assert row.beta == pytest.approx(8 * told**2)
    course = learned_run.metrics  # it moves to the error
    error = math.sqrt(course["recon_nats"].iloc[-1] / (3 * 32 * 32)) / 2
    assert abs(math.log(course["sigma_01"].iloc[-1] / error)) < 0.25
    assert course["sigma_01"].iloc[-1] != pytest.approx(course["sigma_01"].iloc[0], rel=0.02)


# ------------------------------------------------------------------------------ tables and words


def settings(**changed):
    """Return the settings of a run as JSON has them."""
    return hwlib.make_config("vae", "dcgan", **changed).to_json()


def test_a_run_of_a_reports_own_weight_has_no_row_of_its_own():
    own, other = (objectives.of_run(settings(**s), {}) for s in ({}, {"kl_weight": 7.0}))
    assert [row.recipe for row in objectives.common_forms(own)] == list(FIVE)
    rows = objectives.common_forms(own, other, other)
    assert [(row.recipe, row.is_run) for row in rows[5:]] == [("dcgan", True)]


def test_the_tables_hold_the_ledgers_numbers():
    tables = {name: t["en"] for name, t in losses.ledger_tables(objectives.common_forms()).items()}
    assert list(tables) == ["ledger", "ledger_weights", "ledger_mse"]
    ours = tables["ledger"].set_index("report")
    assert ours.loc["C wide", "β"] == "0.4915"
    assert ours.loc["E dcgan", "implied σ"] == "90.2"
    assert ours.loc["E dcgan", "error term"] == "sum over the batch"
    assert tables["ledger_weights"].set_index("report").loc["C wide", "λ (dcgan)"] == "0.4915"
    mses = tables["ledger_mse"]
    assert list(mses[mses["report"] == "E dcgan"]["MSE, [0, 1]"]) == ["0.004925"]
    both = ["if in [0, 1]", "if in [−1, 1]"]
    assert list(mses[mses["report"] == "B upsample"]["read as"]) == both


def test_both_languages_tabulate_the_same_numbers():
    kinds = ({"kl_weight": 0}, {"reconstruction": "l1"}, {"reconstruction": "bce"})
    rows = [objectives.of_run(settings(**kind), {}) for kind in kinds]
    rows += [objectives.of_run(settings(sigma="learned"), {"sigma_01": 0.05})]
    tables = losses.ledger_tables(objectives.common_forms(*rows)).values()
    results = {"test_mse_01": 0.0048}
    more = [
        losses.mse_tables(results, 0.06, 0.0197, letter="E", pixel_range=stated)
        for stated in ((-1, 1), (0, 1), None)
    ]
    for table in (*tables, *more):
        found = [re.findall(r"[\d,.]*\d", show.to_markdown(table[lang])) for lang in ("zh", "en")]
        assert found[0] == found[1]


def said(row, **results):
    """Return what is said of a run, by the names of the sentences."""
    about = {"num_steps": 1_000, "kl_nats": 50.0} | results
    found = [losses.common(row), *losses.against_error(row, about)]
    return {one.key.removeprefix("losses."): one.values for one in found}


def error_of(sigma_01):
    """Return the nats of an error whose root mean square is `sigma_01` in [0, 1]."""
    return 4 * sigma_01**2 * 3 * 64 * 64


def test_a_sigma_above_the_error_weighs_the_kl_too_much_and_below_too_little():
    row = objectives.common_form("dcgan", is_run=True)
    above = said(row, recon_nats=error_of(row.sigma_01 / 5))["implied_sigma"]
    assert (above["level"], above["factor"]) == ("above", pytest.approx(25))
    below = said(row, recon_nats=error_of(row.sigma_01 * 2))["implied_sigma"]
    assert (below["level"], below["factor"]) == ("below", pytest.approx(4))
    assert said(row, recon_nats=error_of(row.sigma_01 * 1.1))["implied_sigma"]["level"] == "agrees"
    row = objectives.common_form("elbo", kl_weight=1.0, learned_sigma_01=0.05, is_run=True)
    for left, level in ((0.05, "agrees"), (0.02, "above"), (0.1, "below")):
        assert said(row, recon_nats=error_of(left))["learnt_sigma"]["level"] == level


def test_losses_without_a_sigma_are_held_against_no_error():
    for row in (
        objectives.common_form("elbo", kl_weight=0.0),
        objectives.common_form("wide", reconstruction="bce"),
    ):
        assert list(said(row, recon_nats=200.0)) == ["common"]
        assert losses.sigma_ratio(row, {"num_steps": 1_000, "recon_nats": 200.0}) is None
    assert said(objectives.common_form("wide", reconstruction="bce"))["common"]["grey"] is None
