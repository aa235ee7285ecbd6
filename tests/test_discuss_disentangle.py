"""What is said and shown of the scores of disentanglement: only what the numbers bear out."""

import copy
from pathlib import Path

import pytest
from sentences import assert_each_in_its_language, assert_same_numbers, assert_tidy

from hwlib import discuss, show
from hwlib.discuss.disentangle import SCORE_NAMES, above_chance
from hwlib.disentangle import SCORES

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"

FACTORS = ("smile", "tilt", "background_lightness", "own_factor")


def run(mig=0.3, best="background_lightness", num_latents=20, num_steps=2_000, **scores):
    """Return a VAE's results with made-up scores; the gap of `best` is three times the mean."""
    gaps = dict.fromkeys(FACTORS, mig / 3) | {best: 3 * mig}
    found = dict.fromkeys(SCORES, 0.4) | {"mig": mig, "factor_vae": 0.6} | scores
    found |= {"floor": dict.fromkeys(SCORES, 0.004) | {"factor_vae": 0.26}, "mig_by": gaps}
    found |= {"factors": list(FACTORS), "num_latents": num_latents, "num_pictures": 2_000}
    return {"num_steps": num_steps, "disentanglement": found}


def infogan(num_codes, mig=0.3, **scores):
    """Return an InfoGAN's results with made-up scores."""
    return run(mig, num_latents=num_codes, **scores) | {"num_codes": num_codes}


def without(results, *names):
    results = copy.deepcopy(results)
    for name in names:
        del results["disentanglement"][name]
        del results["disentanglement"]["floor"][name]
    return results


def english(runs):
    return " ".join(s.en for s in discuss.disentanglement(runs))


def test_a_latent_of_its_own_is_named_with_its_factor():
    text = english({"x": run(0.3)})
    assert "MIG is 0.300, and 0.004 with the codes handed to the wrong pictures" in text
    assert "most a latent's own is background_lightness, with a gap of 0.900" in text
    assert "1 of 4 factors have a gap of a half or more" in text
    assert "x:" not in text


def test_a_gap_no_better_than_chance_belongs_to_nobody():
    text = english({"x": run(0.03)})
    assert "no latent is in charge of any of the 4 factors" in text
    assert "most a latent's own" not in text


@pytest.mark.parametrize(("num_latents", "is_said"), [(1, True), (3, True), (4, False)])
def test_too_few_latents_are_said_to_limit_the_factor_vae_score(num_latents, is_said):
    text = english({"x": run(num_latents=num_latents)})
    assert ("cannot exceed" in text) is is_said
    if num_latents == 1:
        assert "cannot exceed 0.250" in text


def test_a_single_code_has_no_gaps_and_one_factor_to_be_in_charge_of():
    (one,) = discuss.disentanglement({"x": infogan(1)})
    assert "With one code there is no second, hence neither MIG nor SAP" in one.en
    assert "most about background_lightness, 90.0 % of that factor's entropy" in one.en
    assert "A single code can be in charge of one factor at most" in one.en
    assert "只有一個編碼，沒有第二名可比，所以不看 MIG 與 SAP" in one.zh
    assert "一個編碼最多只能管一個因素，FactorVAE 分數因此不超過 0.250" in one.zh
    assert "各管" not in one.zh
    assert "0.300" not in one.en
    (idle,) = discuss.disentanglement({"x": infogan(1, 0.01)})
    assert "hardly anything about any of the 4 factors, most about background" in idle.en
    assert "與 4 個因素都幾乎無關" in idle.zh


@pytest.mark.parametrize("mig", [0.03, 0.3])
def test_an_infogans_are_codes_and_a_vaes_are_latents(mig):
    (codes,) = discuss.disentanglement({"x": infogan(2, mig)})
    assert "There are but 2 codes" in codes.en
    assert "編碼只有 2 個，最多只能各管一個因素" in codes.zh
    assert "latent" not in codes.en
    assert "隱變數" not in codes.zh
    (latents,) = discuss.disentanglement({"x": run(mig, num_latents=2)})
    assert "There are but 2 latents" in latents.en
    assert "隱變數只有 2 個" in latents.zh
    assert "code " not in latents.en


def test_gaps_are_not_compared_where_a_run_has_a_single_code():
    runs = {"K = 1": infogan(1, 0.5, sap=0.9), "K = 2": infogan(2, 0.1)}
    assert "none is better than another" in english(runs)
    assert "The scores that all runs have differ" in english(runs)
    runs["K = 2"]["disentanglement"]["factor_vae"] = 0.4
    assert "Only FactorVAE tells the runs apart: it is highest with K = 1." in english(runs)
    assert "SAP with" not in english(runs)


def test_runs_are_compared_score_by_score_where_they_differ():
    small, large = run(0.1), run(0.3)
    agreed = {"a": small, "b": run(0.3, sap=0.7)}
    assert "Highest are MIG with b, SAP with b: the scores agree." in english(agreed)
    mixed = {"a": run(0.1, sap=0.7), "b": large}
    assert "Highest are MIG with b, SAP with a: they ask for different" in english(mixed)
    assert "none is better than another" in english({"a": large, "b": run(0.31)})


def test_one_score_that_tells_runs_apart_agrees_with_no_other():
    text = english({"a": run(0.1), "b": run(0.3)})
    assert "Only MIG tells the runs apart: it is highest with b." in text
    assert "agree" not in text


def test_a_score_below_chance_makes_no_run_the_better_one():
    below = {"a": run(factor_vae=0.1), "b": run(factor_vae=0.2)}
    assert "no better than chance" in english(below)
    above = {"a": run(factor_vae=0.1), "b": run(factor_vae=0.5)}
    assert "Only FactorVAE tells the runs apart: it is highest with b." in english(above)


def test_a_trial_bears_out_nothing_and_photographs_have_no_scores():
    assert "bear out no conclusion" in english({"x": run(num_steps=12)})
    assert "MIG" not in english({"x": run(num_steps=12)})
    (none,) = discuss.disentanglement({"x": {"num_steps": 2_000}})
    assert "drawn faces have them" in none.en
    assert "沒有記錄影像由哪些因素構成" in none.zh


def test_above_chance_is_the_share_of_the_way_to_1():
    scores = {"mig": 0.6, "floor": {"mig": 0.2}}
    assert above_chance(scores, "mig") == pytest.approx(0.5)


@pytest.mark.parametrize(
    "runs",
    [
        {"x": run()},
        {"x": run(0.03, num_latents=2)},
        {"x": run(best="own_factor")},
        {"K = 1": run(num_latents=1), "K = 2": run(0.2, num_latents=2, sap=0.7)},
        {"K = 1": infogan(1), "K = 2": infogan(2, 0.2, dci_informativeness=0.7)},
        {"K = 1": infogan(1, 0.01), "K = 2": infogan(2, 0.03)},
        {"λ = 1": run(), "λ = 100": run(0.31)},
        {"λ = 1": run(), "λ = 100": run(0.5)},
        {"x": run(num_steps=12)},
        {"x": {"num_steps": 2_000}},
    ],
)
def test_both_languages_say_the_same(runs):
    found = discuss.disentanglement(runs)
    assert found
    assert_same_numbers(found)
    assert_each_in_its_language(found)
    assert_tidy(found)


def test_every_score_has_its_name():
    assert tuple(SCORE_NAMES) == SCORES


def test_the_table_has_a_row_a_run_and_one_of_chance():
    runs = {"K = 1": without(run(num_latents=1), "dci_completeness"), "K = 2": run(0.1)}
    runs["K = 1"]["disentanglement"]["floor"]["mig"] = 0.5  # of no gap, so the last row is without
    runs["photographs"] = {"num_steps": 2_000}
    tables = show.disentanglement(runs)
    table = tables["en"]
    assert list(table["model"]) == ["K = 1", "K = 2", "by chance"]
    assert list(table["MIG"]) == ["–", "0.100", "0.004"]
    assert list(table["SAP"]) == ["–", "0.400", "0.004"]
    assert list(table["DCI completeness"]) == ["–", "0.400", "0.004"]
    assert list(table["factors"]) == [4, 4, "–"]
    assert tables["zh"].shape == table.shape


def test_prose_and_caption_say_what_the_table_leaves_empty_and_what_it_is_of():
    prose = (NOTEBOOKS / "04_infogan.ipynb").read_text(encoding="utf-8")
    assert "so MIG, SAP and completeness stay empty" in prose
    assert "所以 MIG、SAP 與「集中」都空著" in prose
    caption = discuss.words("disentanglement")["caption"]
    assert caption["en"].startswith("How latents (an InfoGAN's codes) and known factors")
    assert caption["zh"].startswith("隱變數（InfoGAN 是編碼）與已知因素的對應")


def test_the_table_of_a_run_without_chance_has_no_row_of_it():
    results = run()
    del results["disentanglement"]["floor"]
    assert list(show.disentanglement({"x": results})["en"]["model"]) == ["x"]
