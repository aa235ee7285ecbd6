"""Sentences on the KL study: each appears when the numbers bear it out, and not else."""

import pytest
from kl_results import KID, KL, MSE, TOLD, WEIGHTS, metrics, results
from sentences import assert_each_in_its_language, assert_same_numbers, assert_tidy

from hwlib import discuss

BETAS = {weight: 4 * weight for weight in TOLD}


def english(sentences):
    return " ".join(s.en for s in sentences)


def with_numbers(name, values):
    """Return results in which the weights' numbers called `name` are `values`."""
    return results(changed={w: {name: v} for w, v in zip(WEIGHTS, values, strict=True)})


# ------------------------------------------------------------------------------ how it was made


def test_the_study_says_its_weights_and_what_they_cost():
    text = english(discuss.kl_made(results()))
    assert "trains 9 VAEs" in text
    assert "λ = 1, 100, 0" in text
    assert "it has 6 weights more (0.001, 0.01, 0.1, 3, 10, 30)" in text
    assert "more" not in english(discuss.kl_made(results(TOLD, told=TOLD)))


# ------------------------------------------------------------------------------ learning curves


def test_a_fall_of_both_and_a_rise_of_the_elbo_are_told_apart():
    curves = {weight: metrics(weight) for weight in TOLD}
    one, hundred, zero, best = discuss.kl_curves(curves)
    assert "both fell together" in one.en
    assert "the two are not the same" in zero.en
    assert "λ = 100" in hundred.en
    assert "of these 3 weights λ = 1 ends lowest" in best.en


def test_an_objective_that_does_not_fall_is_said_not_to():
    frame = metrics(1.0).assign(objective=1020.0, neg_elbo_nats=930.0)
    (found,) = discuss.kl_curves({1.0: frame})
    assert "did not fall" in found.en


def test_an_elbo_that_stays_while_the_objective_falls_is_not_said_to_fall():
    frame = metrics(1.0).assign(neg_elbo_nats=930.0)
    (found,) = discuss.kl_curves({1.0: frame})
    assert "the objective fell, the negative ELBO did not" in found.en


def test_one_lucky_batch_is_no_turn_of_the_elbo():
    frame = metrics(1.0)
    frame.loc[55, "neg_elbo_nats"] *= 0.8
    (found,) = discuss.kl_curves({1.0: frame})
    assert "both fell together" in found.en


def test_an_elbo_that_rises_with_the_objective_is_not_set_against_it():
    frame = metrics(1.0)
    frame.loc[30:, ["neg_elbo_nats", "objective"]] *= 1.2
    (found,) = discuss.kl_curves({1.0: frame})
    assert "the two are not the same" not in found.en


def test_a_short_curve_has_no_course():
    text = english(discuss.kl_curves({1.0: metrics(1.0, num=5)}))
    assert "too few" in text


def test_growth_names_the_first_and_the_last_error():
    (found,) = discuss.kl_growth({1.0: metrics(1.0)})
    assert "when first measured (step 75)" in found.en
    assert "at step 900" in found.en
    assert discuss.kl_growth({1.0: metrics(1.0).drop(columns="test_mse_11")}) == []


# -------------------------------------------------------------------------------------- samples


def test_samples_are_held_against_real_pictures_and_the_best_weight_is_named():
    text = english(discuss.kl_samples(results()))
    assert (
        "λ = 1: KID 8; beside real pictures 3 % of the sharpness and 39 % of the diversity" in text
    )
    assert "samples of λ = 1 have the lowest KID" in text
    assert "lowest KID" not in english(discuss.kl_samples(results(num_steps=12)))


# ------------------------------------------------------------------------ numbers over the weight


def test_a_curve_that_trades_rate_for_distortion_is_said_to():
    assert "the trade that λ is there for" in english(discuss.kl_rate(results()["studies"]))


def test_a_step_that_does_not_trade_is_named():
    errors = [4 * 12_288 * mse for mse in MSE]
    errors[5] = errors[4] / 2
    text = english(discuss.kl_rate(with_numbers("recon_nats", errors)["studies"]))
    assert "from λ = 1 → 3 the error gets smaller;" in text
    rates = [*KL[:4], 2 * KL[3], *KL[5:]]
    text = english(discuss.kl_rate(with_numbers("kl_nats", rates)["studies"]))
    assert "from λ = 0.1 → 1 the code gets longer;" in text


def test_codes_of_next_to_nothing_do_not_get_longer():
    rates = [*KL[:-2], 0.02, 0.03]
    text = english(discuss.kl_rate(with_numbers("kl_nats", rates)["studies"]))
    assert "the trade that λ is there for" in text


def test_collapse_is_named_where_no_latent_is_active():
    assert "With λ = 100 there is none" in english(discuss.kl_active(results()["studies"], 20))
    alive = with_numbers("active_units", [20] * 9)["studies"]
    assert "With none of the weights" in english(discuss.kl_active(alive, 20))


@pytest.mark.parametrize(
    ("kids", "words"),
    [
        (KID, "lowest at λ = 1 (8)"),
        (sorted(KID), "at the smallest weight, λ = 0"),
        (sorted(KID, reverse=True), "at the largest weight, λ = 100"),
    ],
)
def test_the_best_samples_weight_is_found_wherever_it_lies(kids, words):
    assert words in english(discuss.kl_kid(with_numbers("kid", kids)["studies"]))


def test_scores_say_where_each_is_highest_and_whether_they_agree():
    text = english(discuss.kl_scores(results()))
    assert "MIG with λ = 3 (0.050, by chance 0.005)" in text
    assert "SAP with" not in text  # 0.015 between the highest and the lowest
    assert "SAP: the weights differ by less than 0.02" in text
    assert "FactorVAE with λ = 1" in text
    assert "do not peak at one weight" in text


def test_data_without_factors_and_trials_have_no_scores_to_speak_of():
    found = results()
    found["studies"] = [
        {name: part for name, part in row.items() if name != "disentanglement"}
        for row in found["studies"]
    ]
    assert "does not know what its pictures are made from" in english(discuss.kl_scores(found))
    trial = results(num_steps=12, changed={w: {"num_steps": 12} for w in WEIGHTS})
    assert "no conclusion" in english(discuss.kl_scores(trial))


# ---------------------------------------------------------------------------------- the claims


@pytest.mark.parametrize(
    ("errors", "kids", "words"),
    [
        (MSE, KID, "lowest at λ = 1, higher at either end"),
        (MSE, sorted(KID, reverse=True), "C1 holds here, C1' does not"),
        (MSE, sorted(KID), "reconstructions go as C1 says, samples as C1' does"),
        (sorted(MSE, reverse=True), sorted(KID), "C1' holds here, C1 does not"),
        ([0.02] * 9, KID, "the trade of C1 does not show here"),
    ],
)
def test_c1_and_its_opposite_are_decided_by_the_numbers(errors, kids, words):
    changed = {
        w: {"test_mse_01": m, "kid": k} for w, m, k in zip(WEIGHTS, errors, kids, strict=True)
    }
    assert words in english(discuss.kl_overall(results(changed=changed)))


def test_c4_asks_whether_the_largest_weights_pictures_are_alike():
    alike = english(discuss.kl_overall(results()))
    assert "vary <1 % as much as with λ = 1" in alike
    assert "more alike, as C4 says." in alike
    varied = results(changed={100.0: {"diversity_samples": 6.0}})
    assert "C4 does not show" in english(discuss.kl_overall(varied))
    shapeless = results(changed={0.0: {"diversity_samples": 0.005}})
    assert "λ = 0, has even less diversity" in english(discuss.kl_overall(shapeless))
    alone = results((0.0, 1.0), told=(1.0, 0.0))
    assert "C4 (" not in english(discuss.kl_overall(alone))


@pytest.mark.parametrize(
    ("zero", "words"),
    [
        ({}, "as C13 says"),
        ({"kid": 9.0}, "which does not count as useless here"),
        ({"test_mse_01": 0.03}, "it does not reconstruct as well as the best"),
        ({"test_mse_01": 0.03, "kid": 9.0}, "neither half shows"),
    ],
)
def test_c13_has_two_halves(zero, words):
    assert words in english(discuss.kl_overall(results(changed={0.0: zero})))


def test_c13_says_nothing_where_weight_zero_was_not_trained():
    assert "C13 (" not in english(discuss.kl_overall(results(WEIGHTS[1:], told=(1.0, 100.0))))


@pytest.mark.parametrize(
    ("high", "words"),
    [
        ({}, "everything is blurred"),
        ({"sharpness_samples": 90.0}, "no more blurred"),
        ({"sharpness_samples": 60.0}, "a little blurred, too little"),
        (
            {"sharpness_samples": 10.0, "sharpness_reconstructions": 75.0},
            "only one half is blurred",
        ),
    ],
)
def test_c14_asks_for_blur_at_the_largest_weight(high, words):
    changed = {100.0: high, 1.0: {"sharpness_reconstructions": 75.0}}
    assert words in english(discuss.kl_overall(results(changed=changed)))


def test_a_trial_bears_out_nothing_over_the_weight():
    trial = results(changed={w: {"num_steps": 12} for w in WEIGHTS})["studies"]
    assert len(discuss.kl_rate(trial)) == len(discuss.kl_active(trial, 20)) == 1
    assert discuss.kl_kid(trial) == []


def test_a_trial_bears_out_nothing():
    (found,) = discuss.kl_overall(results(num_steps=12))
    assert "no conclusion" in found.en


def test_one_weight_leaves_nothing_to_compare():
    (found,) = discuss.kl_overall(results((1.0,), told=(1.0,)))
    assert "nothing to compare" in found.en


# ------------------------------------------------------------------------------ both languages


def everything():
    """Yield the sentences of every branch."""
    curves = {weight: metrics(weight) for weight in TOLD}
    yield from discuss.kl_curves(curves)
    yield from discuss.kl_growth(curves)
    flat = metrics(1.0).assign(recon_nats=900.0, kl_nats=30.0, neg_elbo_nats=930.0)
    yield from discuss.kl_curves({1.0: flat})
    for found in (
        results(),
        results(TOLD, told=TOLD),
        results(num_steps=12),
        results((1.0,), told=(1.0,)),
        with_numbers("kid", sorted(KID)),
        with_numbers("kid", sorted(KID, reverse=True)),
        with_numbers("recon_nats", [4 * 12_288 * m for m in sorted(MSE, reverse=True)]),
        with_numbers("test_mse_01", sorted(MSE, reverse=True)),
        with_numbers("active_units", [20] * 9),
        results(changed={100.0: {"diversity_samples": 15.0, "sharpness_samples": 90.0}}),
        results(changed={0.0: {"kid": 9.0}}),
        results(changed={0.0: {"test_mse_01": 0.03}}),
        results(changed={0.0: {"test_mse_01": 0.03, "kid": 9.0}}),
    ):
        studies = found["studies"]
        yield from discuss.kl_made(found)
        yield from discuss.kl_samples(found)
        yield from discuss.kl_rate(studies)
        yield from discuss.kl_active(studies, 20)
        yield from discuss.kl_kid(studies)
        yield from discuss.kl_scores(found)
        yield from discuss.kl_overall(found)


def test_both_languages_say_the_same_numbers_tidily():
    found = list(everything())
    assert_same_numbers(found)
    assert_each_in_its_language(found)
    assert_tidy(found)
