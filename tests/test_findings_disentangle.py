"""What is found and shown of the scores of disentanglement: beside chance, and beside 1."""

import copy

import pytest

from hwlib.disentangle import SCORES
from hwlib.findings.disentangle import above_chance, disentanglement

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


def without(results, *names):
    results = copy.deepcopy(results)
    for name in names:
        del results["disentanglement"][name]
        del results["disentanglement"]["floor"][name]
    return results


def found(runs):
    return {one.key.partition(".")[2]: one.values for one in disentanglement(runs)}


# -------------------------------------------------------------------------------- a run, or two


def test_a_latent_of_its_own_is_named_with_its_factor():
    several = found({"x": run(0.3)})["several"]
    assert several["factor"] == "background_lightness"
    assert several["value"] == pytest.approx(0.9)
    assert several["own"] == 1
    assert not several["is_chance"]
    assert several["label"] == ""


def test_a_gap_no_better_than_chance_belongs_to_nobody():
    several = found({"x": run(0.03)})["several"]
    assert several["is_chance"]


@pytest.mark.parametrize(("num_latents", "limit"), [(1, 0.25), (3, 0.75), (4, None)])
def test_too_few_latents_limit_the_factor_vae_score(num_latents, limit):
    (one,) = found({"x": run(num_latents=num_latents)}).values()
    assert one["limit"] == limit


def test_a_single_code_has_no_gaps_and_is_measured_by_what_it_tells():
    one = found({"x": infogan(1)})["single"]
    assert (one["factor"], one["is_chance"], one["is_code"]) == ("background_lightness", False, 1)
    assert found({"x": infogan(1, 0.01)})["single"]["is_chance"]


def test_gaps_are_not_compared_where_a_run_has_a_single_code():
    runs = {"K = 1": infogan(1, 0.5, sap=0.9), "K = 2": infogan(2, 0.1)}
    assert found(runs)["best"]["best"] == {}
    runs["K = 2"]["disentanglement"]["factor_vae"] = 0.4
    assert found(runs)["best"]["best"] == {"K = 1": ["factor_vae"]}


def test_runs_are_compared_score_by_score_where_they_differ():
    agreed = found({"a": run(0.1), "b": run(0.3, sap=0.7)})["best"]
    assert agreed["best"] == {"b": ["mig", "sap"]}
    assert not agreed["is_all"]
    mixed = found({"a": run(0.1, sap=0.7), "b": run(0.3)})["best"]
    assert mixed["best"] == {"b": ["mig"], "a": ["sap"]}
    assert found({"a": run(0.3), "b": run(0.31)})["best"]["best"] == {}


def test_a_score_below_chance_makes_no_run_the_better_one():
    below = {"a": run(factor_vae=0.1), "b": run(factor_vae=0.2)}
    assert found(below)["best"]["best"] == {}
    above = {"a": run(factor_vae=0.1), "b": run(factor_vae=0.5)}
    assert found(above)["best"]["best"] == {"b": ["factor_vae"]}


# ---------------------------------------------------------------------------------- several runs


def test_several_runs_say_how_far_the_best_of_them_is_from_chance_and_from_1():
    low = {f"λ = {i}": run(0.04, **dict.fromkeys(SCORES[1:5], 0.2)) for i in range(3)}
    low["λ = 1"] = run(0.08, factor_vae=0.5, **dict.fromkeys(SCORES[1:5], 0.2))
    for one in low.values():
        one["disentanglement"]["factor_vae"] = 0.5
    level = found(low)["level"]
    assert (level["label"], level["value"], level["is_low"]) == ("λ = 1", 0.08, True)
    assert not level["is_chance"]
    assert found(low)["factor"]["label"] == "λ = 1"
    assert not found(low)["factor"]["is_own"]
    assert "best" not in found(low)
    high = {f"λ = {i}": run(0.3, sap=0.9) for i in range(3)}
    assert not found(high)["level"]["is_low"]
    assert found(high)["best"]["best"] == {}
    assert found(high)["factor"]["is_own"]


def test_runs_at_chance_are_named_unless_all_are():
    some = {"λ = 0": run(), "λ = 1": run(), "λ = 100": at_chance()}
    assert found(some)["empty"]["labels"] == ["λ = 100"]
    every = {f"λ = {i}": at_chance() for i in range(3)}
    assert found(every)["level"]["is_chance"]
    assert set(found(every)) == {"level"}


def test_a_trial_bears_out_nothing_and_photographs_have_no_scores():
    assert list(found({"x": run(num_steps=12)})) == ["trial"]
    assert disentanglement({"x": {"num_steps": 2_000}}) == []


def test_above_chance_is_the_share_of_the_way_to_1():
    scores = {"mig": 0.6, "floor": {"mig": 0.2}}
    assert above_chance(scores, "mig") == pytest.approx(0.5)
