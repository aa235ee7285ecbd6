"""The loss ledger: five objectives in one form, held by the gradients they have."""

import math
import re
from html import unescape
from itertools import permutations, product

import pandas as pd
import pytest
import torch
from torch.distributions import Laplace, Normal

import hwlib
from hwlib import objectives, show
from hwlib.errors import UserError
from hwlib.findings import losses
from hwlib.losses import kl_standard_normal, recon_nats
from hwlib.recipes import get_pair

FIVE = ("plain", "upsample", "wide", "elbo", "dcgan")


def draw(seed, *, batch=3, size=16, channels=3, z_dim=5):
    """Draw pictures and reconstructions in [-1, 1], mu and logvar, in float64."""
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, channels, size, size)
    x, x_hat = (2 * torch.rand(2, *shape, generator=generator, dtype=torch.float64) - 1).unbind()
    mu, logvar = torch.randn(2, batch, z_dim, generator=generator, dtype=torch.float64).unbind()
    return x, *(t.clone().requires_grad_() for t in (x_hat, mu, logvar))


def loss_of(recipe, drawn, kl_weight, reconstruction="mse", sigma_01=None):
    """Return a recipe's objective of pictures that are drawn in [-1, 1]."""
    low, high = objectives.common_form(recipe, reconstruction=reconstruction).pixel_range
    x, x_hat, mu, logvar = drawn
    x, x_hat = (low + (high - low) * (value + 1) / 2 for value in (x, x_hat))
    given = {"kl_weight": kl_weight, "reconstruction": reconstruction}
    if sigma_01:
        sigma = torch.tensor(sigma_01 * (high - low), dtype=torch.float64)
        given["log_sigma"] = sigma.log()
    return get_pair(recipe, "vae").objective(x, x_hat, mu, logvar, **given)[0]


def convert(kl_weight, source, target, **sizes):
    """Return the target's lambda, and the factor that gives its loss the source's gradients."""
    ours, theirs = (objectives.common_form(one, **sizes).factors for one in (source, target))
    return kl_weight * ours[1] / theirs[1], ours[0] / theirs[0]


def assert_same_gradients(one, other, drawn):
    """Require gradients by x_hat, mu and logvar equal to 1e-5 of the largest, and not nothing."""
    found, expected = (torch.autograd.grad(loss, drawn[1:]) for loss in (one, other))
    for ours, theirs in zip(found, expected, strict=True):
        assert theirs.abs().max() > 0
        assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max()


@pytest.mark.parametrize("reconstruction", objectives.DEGREES)
def test_a_converted_weight_gives_equal_gradients(reconstruction):
    for seed, (source, target) in enumerate(permutations(FIVE, 2)):
        chance = torch.Generator().manual_seed(1_000 + seed)
        batch, half, channels = (int(torch.randint(1, 6, (), generator=chance)) for _ in range(3))
        kl_weight = 10 ** (6 * torch.rand((), generator=chance).item() - 5)
        sizes = {"batch_size": batch, "image_size": 4 * half, "channels": channels}
        drawn = draw(seed, batch=batch, size=4 * half, channels=channels)
        weight, scale = convert(kl_weight, source, target, reconstruction=reconstruction, **sizes)
        theirs = scale * loss_of(target, drawn, weight, reconstruction)
        ours = loss_of(source, drawn, kl_weight, reconstruction)
        assert_same_gradients(theirs, ours, drawn)


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
    assert_same_gradients(elbo * row.factors[0] * row.beta, loss, drawn)


def test_what_the_reports_weights_come_to_by_hand_and_what_cannot_be():
    values = 3 * 64 * 64
    by_hand = {"plain": values * 1e-4}  # mean over the values, KL summed over z
    by_hand |= {"upsample": values * 1e-5}
    by_hand |= {"wide": 4 * values * 1e-5}  # errors in [0, 1] are a quarter of those in [-1, 1]
    by_hand |= {"elbo": 4.0, "dcgan": 1.0}
    betas = {row.recipe: row.beta for row in objectives.common_forms()}
    assert {recipe: betas[recipe] for recipe in FIVE} == pytest.approx(by_hand)
    weight, scale = convert(1e-5, "wide", "dcgan", batch_size=128)
    assert (weight, scale) == pytest.approx((0.49152, 1 / (4 * values * 128)))
    # dcgan's weight 1 is the negative ELBO that all runs report: variance 1/2 in [-1, 1]
    assert 2 * objectives.common_form("dcgan").sigma_01 == pytest.approx(math.sqrt(0.5))
    for wrong, key in (
        ({"recipe": "broad"}, "unknown_recipe"),
        ({"reconstruction": "huber"}, "unknown_reconstruction"),
        ({"reconstruction": "l1", "learned_sigma_01": 0.1}, "sigma_needs_mse"),
    ):
        with pytest.raises(UserError) as refused:
            objectives.common_form(**({"recipe": "wide"} | wrong))
        assert refused.value.key == key


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


@pytest.mark.parametrize("recipe", FIVE)
def test_the_ledgers_row_of_a_learnt_sigma_has_its_gradients(recipe):
    x, x_hat, mu, logvar = drawn = draw(9)
    sizes = {"batch_size": 3, "image_size": 16, "learned_sigma_01": 0.1}
    row = objectives.common_form(recipe, kl_weight=0.5, **sizes)
    common = recon_nats(x, x_hat, (-1.0, 1.0)) + row.beta * kl_standard_normal(mu, logvar)
    loss = loss_of(recipe, drawn, 0.5, sigma_01=0.1)
    assert_same_gradients(row.factors[0] * common.mean(), loss, drawn)
    assert row.sigma_01 == pytest.approx(0.1 * math.sqrt(0.5))


@pytest.mark.usefixtures("_no_scores")
def test_a_learnt_sigma_moves_to_the_error_and_is_kept_and_told(tmp_path):
    own = {"sigma": "learned", "num_steps": 60, "learning_rate": 1e-3, "image_size": 32}
    config = hwlib.make_config("vae", "elbo", "faces:96", "smoke", device="cpu", **own)
    run = hwlib.fit(config, runs=tmp_path)
    vae, told, course = run.load_models()["vae"], run.results["sigma_01"], run.metrics
    assert config.kl_weight == 1  # the ELBO's own weight
    assert told == pytest.approx(vae.log_sigma.exp().item(), rel=1e-6)  # pixels in [0, 1]
    row = objectives.of_run(config.to_json(), run.results)
    assert (row.is_run, row.sigma_01) == (True, pytest.approx(told))
    assert row.beta == pytest.approx(8 * told**2)
    first, *_, last = course["sigma_01"]
    assert last == pytest.approx(told, rel=0.1)
    error = math.sqrt(course["recon_nats"].iloc[-1] / (3 * 32 * 32)) / 2
    assert abs(math.log(last / error)) < 0.25
    assert last != pytest.approx(first, rel=0.02)


def settings(**changed):
    """Return the settings of a run as JSON has them."""
    return hwlib.make_config("vae", "dcgan", **changed).to_json()


def test_a_run_of_a_reports_own_weight_has_no_row_of_its_own():
    own, other = (objectives.of_run(settings(**s), {}) for s in ({}, {"kl_weight": 7.0}))
    assert [row.recipe for row in objectives.common_forms(own)] == list(objectives.VAE_RECIPES)
    rows = objectives.common_forms(own, other, other)
    assert [(row.recipe, row.is_run) for row in rows if row.is_run] == [("dcgan", True)]


def numbers(table):
    return re.findall(r"[\d,.]*\d", unescape(show.to_markdown(table)))


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
    # both languages tabulate the same numbers, of runs too
    kinds = ({"kl_weight": 0}, {"reconstruction": "l1"}, {"reconstruction": "bce"})
    rows = [objectives.of_run(settings(**kind), {}) for kind in kinds]
    rows += [objectives.of_run(settings(sigma="learned"), {"sigma_01": 0.05})]
    tables = [*losses.ledger_tables(objectives.common_forms(*rows)).values()]
    for stated in ((-1, 1), (0, 1), None):
        given = {"letter": "E", "pixel_range": stated}
        tables.append(losses.mse_tables({"test_mse_01": 0.0048}, 0.06, 0.0197, **given))
    for table in tables:
        found = [numbers(table[lang]) for lang in ("zh", "en")]
        assert found[0] == found[1]


def said(row, **results):
    """Return what is said of a run, by the names of the sentences."""
    about = {"num_steps": 1_000, "kl_nats": 50.0} | results
    found = [losses.common(row), *losses.against_error(row, about)]
    return {one.key.removeprefix("losses."): one.values for one in found}


def test_a_sigma_above_the_error_weighs_the_kl_too_much_and_below_too_little():
    implied = objectives.common_form("dcgan", is_run=True)
    learnt = objectives.common_form("elbo", kl_weight=1.0, learned_sigma_01=0.05, is_run=True)
    for row, error_01, told in (
        (implied, implied.sigma_01 / 5, {"level": "above", "factor": pytest.approx(25)}),
        (implied, implied.sigma_01 * 2, {"level": "below", "factor": pytest.approx(4)}),
        (implied, implied.sigma_01 * 1.1, {"level": "agrees"}),
        (learnt, 0.05, {"level": "agrees"}),
        (learnt, 0.02, {"level": "above"}),
        (learnt, 0.1, {"level": "below"}),
    ):
        found = said(row, recon_nats=4 * error_01**2 * 3 * 64 * 64)
        values = found["implied_sigma" if row is implied else "learnt_sigma"]
        assert {name: values[name] for name in told} == told


def test_losses_without_a_sigma_are_held_against_no_error():
    bce = objectives.common_form("wide", reconstruction="bce")
    for row in (objectives.common_form("elbo", kl_weight=0.0), bce):
        assert list(said(row, recon_nats=200.0)) == ["common"]
        assert losses.sigma_ratio(row, {"num_steps": 1_000, "recon_nats": 200.0}) is None
    assert said(bce)["common"]["grey"] is None
