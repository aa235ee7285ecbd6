"""What is found and shown of the scores of disentanglement: beside chance, and beside 1."""

import pytest

from hwlib.disentangle import SCORES
from hwlib.findings.disentangle import disentanglement

FACTORS = ("smile", "tilt", "background_lightness", "own_factor")


def run(mig=0.3, best="background_lightness", num_latents=20, num_steps=2_000, **scores):
    """Return a VAE's results with made-up scores; the gap of `best` is three times the mean."""
    gaps = dict.fromkeys(FACTORS, mig / 3) | {best: 3 * mig}
    found = dict.fromkeys(SCORES, 0.4) | {"mig": mig, "factor_vae": 0.6} | scores
    found |= {"floor": dict.fromkeys(SCORES, 0.004) | {"factor_vae": 0.26}, "mig_by": gaps}
    found |= {"factors": list(FACTORS), "num_latents": num_latents, "num_pictures": 2_000}
    return {"num_steps": num_steps, "disentanglement": found}


def at_chance(**scores):
    """Return the results of a VAE whose latents know nothing."""
    return run(0.005, **dict.fromkeys(SCORES[1:], 0.005) | {"factor_vae": 0.27} | scores)


def infogan(num_codes, mig=0.3, **scores):
    """Return an InfoGAN's results with made-up scores."""
    return run(mig, num_latents=num_codes, **scores) | {"num_codes": num_codes}


def found(runs):
    return {one.key.partition(".")[2]: one.values for one in disentanglement(runs)}


# -------------------------------------------------------------------------------- a run, or two


def test_a_latent_of_its_own_is_named_with_its_factor():
    several = found({"x": run(0.3)})["one"]
    assert several["factor"] == "background_lightness"
    assert several["scores"]["mig_by"]["background_lightness"] == pytest.approx(0.9)
    assert several["own"] == 1
    assert not several["is_chance"]


def test_a_gap_no_better_than_chance_belongs_to_nobody():
    several = found({"x": run(0.03)})["one"]
    assert several["is_chance"]


@pytest.mark.parametrize(("num_latents", "limit"), [(1, "0.25"), (3, "0.75"), (4, "exceed")])
def test_too_few_latents_limit_the_factor_vae_score(num_latents, limit):
    (one,) = disentanglement({"x": run(num_latents=num_latents)})
    assert (f"cannot exceed {limit}" in one.say("en")) == (num_latents < len(FACTORS))


def test_a_single_code_has_no_gaps_and_is_measured_by_what_it_tells():
    one = found({"x": infogan(1)})["one"]
    assert (one["factor"], one["is_chance"], one["is_code"]) == ("background_lightness", False, 1)
    assert found({"x": infogan(1, 0.01)})["one"]["is_chance"]


# ---------------------------------------------------------------------------------- several runs


def test_several_runs_say_how_far_the_best_of_them_is_from_chance_and_from_1():
    low = {f"λ = {i}": run(0.04, **dict.fromkeys(SCORES[1:], 0.3)) for i in range(3)}
    low["λ = 1"] = run(0.08, **dict.fromkeys(SCORES[1:], 0.3))
    level = found(low)["level"]
    assert level["best"][0] == ("mig", "λ = 1", 0.08, 0.004)
    assert (level["is_low"], level["is_chance"]) == (True, False)
    assert found(low)["factor"]["label"] == "λ = 1"
    assert not found(low)["factor"]["is_own"]
    high = {f"λ = {i}": run(0.3, sap=0.9) for i in range(3)}
    assert not found(high)["level"]["is_low"]
    assert found(high)["factor"]["is_own"]


def test_runs_at_chance_disentangle_nothing():
    every = {f"λ = {i}": at_chance() for i in range(3)}
    assert found(every)["level"]["is_chance"]
    assert set(found(every)) == {"level"}
