"""What is found and shown of the scores of disentanglement: beside chance, and beside 1."""

import pytest

from hwlib.disentangle import SCORES
from hwlib.findings.disentangle import disentanglement

FACTORS = ("smile", "tilt", "background_lightness", "own_factor")
OTHERS = SCORES[1:]  # than MIG


def run(mig=0.3, num_latents=20, **scores):
    """Return results with made-up scores; the gap of one factor is three times the mean."""
    gaps = dict.fromkeys(FACTORS, mig / 3) | {"background_lightness": 3 * mig}
    found = dict.fromkeys(SCORES, 0.4) | {"mig": mig, "factor_vae": 0.6} | scores
    found |= {"floor": dict.fromkeys(SCORES, 0.004) | {"factor_vae": 0.26}, "mig_by": gaps}
    found |= {"factors": list(FACTORS), "num_latents": num_latents, "num_pictures": 2_000}
    return {"num_steps": 2_000, "disentanglement": found}


def found(*runs, num_codes=None):
    more = {"num_codes": num_codes} if num_codes else {}
    named = {f"λ = {number}": one | more for number, one in enumerate(runs)}
    return {one.key.partition(".")[2]: one.values for one in disentanglement(named)}


def test_a_latent_of_its_own_is_named_with_its_factor_unless_it_is_no_better_than_chance():
    one = found(run(0.3))["one"]
    assert one["factor"] == "background_lightness"
    assert one["scores"]["mig_by"]["background_lightness"] == pytest.approx(0.9)
    assert (one["own"], one["is_chance"]) == (1, False)
    assert found(run(0.03))["one"]["is_chance"]


@pytest.mark.parametrize(("num_latents", "limit"), [(1, "0.25"), (3, "0.75"), (4, "exceed")])
def test_too_few_latents_limit_the_factor_vae_score(num_latents, limit):
    (one,) = disentanglement({"x": run(num_latents=num_latents)})
    assert (f"cannot exceed {limit}" in one.say("en")) == (num_latents < len(FACTORS))


def test_a_single_code_has_no_gaps_and_is_measured_by_what_it_tells():
    one = found(run(num_latents=1), num_codes=1)["one"]
    assert (one["factor"], one["is_chance"], one["is_code"]) == ("background_lightness", False, 1)
    assert found(run(0.01, num_latents=1), num_codes=1)["one"]["is_chance"]


def test_several_runs_say_how_far_the_best_of_them_is_from_chance_and_from_1():
    low = found(*(run(mig, **dict.fromkeys(OTHERS, 0.3)) for mig in (0.04, 0.08, 0.04)))
    assert low["level"]["best"][0] == ("mig", "λ = 1", 0.08, 0.004)
    assert (low["level"]["is_low"], low["level"]["is_chance"]) == (True, False)
    assert (low["factor"]["label"], low["factor"]["is_own"]) == ("λ = 1", False)
    high = found(run(0.3, sap=0.9), run(0.3))
    assert (high["level"]["is_low"], high["factor"]["is_own"]) == (False, True)
    nothing = run(0.005, **dict.fromkeys(OTHERS, 0.005) | {"factor_vae": 0.27})
    at_chance = found(nothing, nothing)
    assert set(at_chance) == {"level"}
    assert at_chance["level"]["is_chance"]
