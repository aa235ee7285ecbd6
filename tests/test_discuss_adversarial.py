"""Sentences on GAN, ACGAN and InfoGAN: each appears when the numbers bear it out, and not else."""

import re

import numpy as np
import pytest
from adversarial_results import (
    NUM_POINTS,
    PROTOCOL,
    TIME,
    acgan_results,
    gan_results,
    infogan_results,
    metrics,
    vae_results,
)
from sentences import assert_each_in_its_language, assert_same_numbers, assert_tidy

from hwlib import discuss
from hwlib.data.factors import ATTRIBUTES, FACTORS
from hwlib.discuss import Sentence
from hwlib.discuss.distances import NUM_SHOWN, differing
from hwlib.discuss.infogan import HAIR, POSE
from hwlib.discuss.names import named, tidy
from hwlib.plots import ATTRIBUTES_ZH, FACTORS_ZH
from hwlib.recipes import make_config
from hwlib.training import quality

BROKEN = [{"sign": "d_loss_zero", "step": 900}]
GONE = [{"sign": "diversity_gone", "step": 1_400}]


FAR = {"frechet": 300.0, "frechet_real": 2.0}  # 150 times the noise floor: samples like noise


def english(sentences):
    return " ".join(s.en for s in sentences)


def chinese(sentences):
    return "".join(s.zh for s in sentences)


def neighbours(num_samples, num_train, num=8):
    """Return samples beside training pictures, so many different ones of each."""
    rng = np.random.default_rng(0)
    samples, train = (
        rng.integers(256, size=(count, 16, 16, 3), dtype=np.uint8)[np.arange(num) % count]
        for count in (num_samples, num_train)
    )
    return np.stack([samples, train], axis=1)


# --------------------------------------------------------------------------------------- balance


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [(0.68, "within the 60–75 %"), (0.9, "D has the upper hand"), (0.5, "G has the upper hand")],
)
def test_ds_accuracy_is_held_against_the_band_of_report_b(accuracy, words):
    results = gan_results(d_accuracy_real=accuracy, d_accuracy_fake=accuracy)
    assert words in english(discuss.gan_curves(metrics(), results))


@pytest.mark.parametrize(
    ("accuracy", "last_kid", "words"),
    [
        (0.68, 0.021, "which agrees with report B (C7)"),
        (0.90, 0.021, "C7 does not hold here"),
        (0.68, 0.11, "that band is no warrant"),
        (0.90, 0.11, "which agrees with C7: out of the band"),
    ],
)
def test_c7_is_judged_by_whether_training_was_sound(accuracy, last_kid, words):
    results = gan_results(d_accuracy_real=accuracy, d_accuracy_fake=accuracy, last_kid=last_kid)
    text = english(discuss.gan_curves(metrics(), results))
    assert words in text
    assert text.count("C7") == 1


def test_c7_is_left_open_where_samples_are_far_from_real_pictures():
    text = english(discuss.gan_curves(metrics(), gan_results(frechet=100.0, frechet_real=2.0)))
    assert "50 times the noise floor" in text
    assert "and with it C7, is left open" in text


def test_c7_is_left_open_of_unsound_training_too_where_samples_are_far_from_real_pictures():
    for accuracy in (0.68, 0.9):
        results = gan_results(d_accuracy_real=accuracy, d_accuracy_fake=accuracy, last_kid=0.11)
        found = discuss.gan_curves(metrics(), results | FAR)
        text = english(found)
        assert "and C7 is left open" in text
        assert "150 times the noise floor" in text
        assert "C7 也就無從判斷" in chinese(found)
        assert "no warrant" not in text
        assert "agrees with" not in text


def test_a_curve_that_was_never_in_the_band_is_not_given_a_share_of_nothing():
    inside = discuss.gan_curves(metrics(), gan_results())
    assert "100 % of the curve's points lie in it" in english(inside)
    assert "整條曲線有 100 % 的點落在這個範圍" in chinese(inside)
    frame = metrics(d_accuracy_real=0.9, d_accuracy_fake=0.9)
    outside = discuss.gan_curves(frame, gan_results())
    assert "none of the curve's points lie in it" in english(outside)
    assert "整條曲線沒有任何一點落在這個範圍" in chinese(outside)
    assert "0 % of the curve's" not in english(outside)


def test_diversity_that_grew_but_never_was_high_is_not_called_lost():
    scored = metrics()["snapshot_kid"].notna()
    grows = np.where(scored, 0.11 + 0.19 * TIME, np.nan)
    results = gan_results(collapse=GONE, final_diversity=0.29)
    text = english(discuss.gan_curves(metrics(snapshot_diversity=grows), results))
    assert "mode collapse" not in text
    low = metrics(snapshot_diversity=np.where(scored, 0.05 + 0.001 * TIME, np.nan))
    assert "mode collapse" in english(discuss.gan_curves(low, results))


def test_a_run_that_collapsed_is_never_called_sound():
    results = gan_results(collapse=GONE, final_diversity=0.12)
    text = english(discuss.gan_curves(metrics(), results))
    assert "no sign of collapse" not in text.lower()
    assert "Training was sound" not in text


def test_diversity_that_still_grows_at_the_end_is_not_called_lost():
    results = gan_results(collapse=GONE, final_diversity=0.92)
    assert "mode collapse" not in english(discuss.gan_curves(metrics(), results))
    falls = np.where(metrics()["snapshot_kid"].notna(), 0.9 - 0.2 * TIME, np.nan)
    text = english(discuss.gan_curves(metrics(snapshot_diversity=falls), results))
    assert "mode collapse: at step 1,400" in text


@pytest.mark.parametrize(
    ("d_loss", "words"),
    [(1.386, "hardly tell real"), (1.0, "tells some of them apart"), (0.1, "D is far ahead")],
)
def test_ds_loss_is_held_against_one_that_cannot_tell(d_loss, words):
    frame = metrics(d_loss=d_loss + 0.001 * TIME)
    text = english(discuss.gan_curves(frame, gan_results()))
    assert words in text
    assert "1.39 and 0.693" in text


# ----------------------------------------------------------------------------------------- jumps


def losses(sign):
    rng = np.random.default_rng(1)
    jumps, other = rng.normal(size=(2, NUM_POINTS))
    other = sign * jumps if sign else other
    return metrics(g_loss=3 + jumps, d_loss=3 + other)


@pytest.mark.parametrize(
    ("sign", "words"),
    [(-1, "as report B saw (C8"), (1, "opposite of report B's C8"), (0, "does not show")],
)
def test_c8_follows_the_correlation_of_the_two_losses(sign, words):
    text = english(discuss.gan_curves(losses(sign), gan_results()))
    assert words in text
    assert text.count("C8") == 1


def test_losses_that_do_not_move_say_nothing_of_jumps():
    frame = metrics(g_loss=1.0, d_loss=1.0)
    assert "C8" not in english(discuss.gan_curves(frame, gan_results()))


# -------------------------------------------------------------------------------------- collapse


def test_a_run_without_signs_says_that_c9_did_not_come_up():
    text = english(discuss.gan_curves(metrics(), gan_results()))
    assert "No sign of collapse" in text
    assert "C9 did not come up" in text


def test_c9_is_denied_where_samples_got_better_after_ds_loss_was_zero():
    text = english(discuss.gan_curves(metrics(), gan_results(collapse=BROKEN)))
    assert "By step 900" in text
    assert "against report C's C9" in text


def test_c9_is_confirmed_where_samples_never_got_better_again():
    worse = np.where(metrics()["snapshot_kid"].notna(), 0.02 + 0.1 * TIME, np.nan)
    frame = metrics(snapshot_kid=worse)
    text = english(discuss.gan_curves(frame, gan_results(collapse=BROKEN)))
    assert "as report C says (C9), G could no longer learn" in text


def test_lost_diversity_is_called_mode_collapse_with_its_step():
    results = gan_results(collapse=GONE, final_diversity=0.12)
    text = english(discuss.gan_curves(metrics(), results))
    assert "mode collapse: at step 1,400" in text
    assert "12 % of real pictures'" in text


# ------------------------------------------------------------------------------------- snapshots


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"best_step": 2_000, "last_kid": 0.021}, "lowest KID is that of the last snapshot"),
        ({"best_step": 1_800}, "about as good: no late break"),
        ({"best_step": 500, "last_kid": 0.09}, "an earlier snapshot beats the last"),
    ],
)
def test_c12_follows_the_best_and_the_last_snapshot(changes, words):
    text = english(discuss.snapshots(metrics(), gan_results(**changes)))
    assert words in text
    assert "12 snapshots were scored in 3.4 % of all time" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"best_step": 2_000, "last_kid": 0.021}, "lowest KID is that of the last snapshot"),
        ({"best_step": 1_800}, "about as good; but"),
        ({"best_step": 500, "last_kid": 0.09}, "got worse afterwards and ended at 0.09; but"),
    ],
)
def test_c12_is_left_open_where_samples_are_far_from_real_pictures(changes, words):
    found = discuss.snapshots(metrics(), gan_results(**changes) | FAR)
    text = english(found)
    assert words in text
    assert "whether there was a late break as in report A (C12) is left open" in text
    assert "後期崩壞（C12）無從判斷" in chinese(found)
    assert text.count("C12") == 1
    assert "as report A says" not in text


def test_how_well_the_kept_acgan_listens_is_told_beside_the_snapshots_range():
    frame = metrics()
    kept = int(frame.dropna(subset=["snapshot_kid"])["step"].iloc[5])
    is_kept = frame["step"] == kept
    listens = np.where(frame["snapshot_kid"].notna(), np.where(is_kept, 0.91, 0.05), np.nan)
    results = gan_results(kept_step=kept)
    found = discuss.snapshots(frame.assign(snapshot_correlation=listens), results)
    text = english(found)
    assert "correlate by 0.91, of the last snapshot by 0.05; the snapshots range from" in text
    assert "no longer does: as report A says (C12)" in text
    even = frame.assign(snapshot_correlation=np.where(listens > 0, 0.9, np.nan))
    assert "no late break as in report A (C12)" in english(discuss.snapshots(even, results))
    assert "correlate" not in english(discuss.snapshots(frame, results))


def test_training_that_ends_deaf_to_its_label_is_not_called_sound():
    frame = metrics()
    scored = frame["snapshot_kid"].notna()
    kept = int(frame.loc[scored, "step"].iloc[5])
    listens = np.where(scored, np.where(frame["step"] == kept, 0.91, 0.05), np.nan)
    found = discuss.gan_curves(
        frame.assign(snapshot_correlation=listens), gan_results(kept_step=kept)
    )
    assert "labels' correlation fell from 0.91, where kept, to 0.05" in english(found)
    assert "Training was sound" not in english(found)


def test_a_kid_below_zero_has_the_minus_sign_of_the_tables():
    below = np.where(metrics()["snapshot_kid"].notna(), -0.001 + 0.002 * TIME, np.nan)
    frame = metrics(snapshot_kid=below, snapshot_correlation=below)
    results = gan_results(best_kid=-0.00123, last_kid=-0.00045, collapse=BROKEN, kept_step=20)
    for said in (
        english(discuss.gan_curves(frame, results)),
        english(discuss.snapshots(frame, results)),
    ):
        assert "−0.00" in said
        assert "-0" not in said


# --------------------------------------------------------------------------------------- quality


def test_the_distance_is_read_against_the_noise_floor():
    assert "6 times the floor" in english(discuss.quality(gan_results()))
    near = english(discuss.quality(gan_results(frechet=2.4)))
    assert "can hardly be told from real pictures" in near
    assert "some way from" not in near


def test_far_from_real_pictures_no_side_is_called_good():
    far = gan_results(frechet_real=2.0, frechet=90.0, precision=0.9, coverage=0.1)
    text = english(discuss.quality(far))
    assert "45 times the floor: samples are far from real pictures" in text
    assert "single pictures are good" not in text


@pytest.mark.parametrize("problem", ["gan", "acgan", "infogan"])
def test_far_from_real_pictures_the_caution_stands_first(problem):
    results, overall = {
        "gan": (gan_results, lambda r: discuss.gan_overall(r, metrics())),
        "acgan": (acgan_results, lambda r: discuss.acgan_overall(r, metrics())),
        "infogan": (infogan_results, lambda r: discuss.infogan_overall(r, metrics())),
    }[problem]
    caution = "samples are far from real pictures, and what is measured on them means little"
    far = overall(results(**FAR))
    assert caution in far[0].en
    assert "由樣本量到的數字因此不可盡信" in far[0].zh
    near = overall(results())
    assert len(near) == len(far)
    assert "noise floor" not in near[0].en


@pytest.mark.parametrize("sharpness", [400.0, 2_000.0, 9_000.0])
def test_samples_like_noise_are_called_neither_blurred_nor_sharp(sharpness):
    found = discuss.pictures(gan_results(sharpness_samples=sharpness, **FAR))
    assert found[0].en.startswith("The samples' sharpness (variance of the Laplacian) is")
    assert found[0].en.endswith("%).")
    assert not re.search(r"blurr|noise or broken|which is|about", english(found))
    assert not re.search(r"模糊|雜訊|偏低|偏高|相近", chinese(found))


@pytest.mark.parametrize(
    ("precision", "coverage", "words"),
    [
        (0.90, 0.40, "variety is what lacks"),
        (0.40, 0.92, "single pictures are what lacks"),
        (0.90, 0.93, "both come near real pictures"),
        (0.50, 0.50, "both lack about as much"),
        (1.00, 0.84, "both come near real pictures"),
    ],
)
def test_precision_and_coverage_say_which_side_is_weak(precision, coverage, words):
    results = gan_results(precision=precision, coverage=coverage)
    assert words in english(discuss.quality(results))


def test_a_run_without_distances_says_nothing_of_them():
    assert discuss.quality({"num_steps": 2_000}) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"near_copies": 0.01}, "no copying is seen"),
        ({"near_copies": 0.03}, "somewhat more than expected"),
        ({"near_copies": 0.2}, "look memorised"),
        ({"near_copies": 0.01, "nearest_ratio": 0.4}, "look memorised"),
        ({"closest_pair_ratio": 0.9}, "no two are alike"),
        ({"closest_pair_ratio": 0.2}, "two of them are much alike"),
    ],
)
def test_copies_are_said_as_measured(changes, words):
    assert words in english(discuss.copies(gan_results(**changes)))


def test_test_pictures_that_are_copies_themselves_say_nothing_of_copying():
    results = gan_results(near_copies=0.0)
    del results["nearest_ratio"]
    copies, alike = discuss.copies(results)
    assert "At least half of the test pictures are copies of training pictures" in copies.en
    assert "near to a training picture" not in copies.en
    assert "32 samples shown" in alike.en
    del results["closest_pair_ratio"]
    assert len(discuss.copies(results)) == 1


@pytest.mark.parametrize(("num", "shown"), [(1_000, 32), (12, 12)])
def test_the_most_alike_are_said_to_be_of_as_many_as_were_looked_at(num, shown):
    of = PROTOCOL | {"num_samples": num, "num_real": num}
    _, alike = discuss.copies(gan_results(protocol=of))
    assert f"of the {shown} samples shown" in alike.en
    assert f"of {shown} real pictures" in alike.en
    assert f"{shown} 張樣本" in alike.zh
    assert NUM_SHOWN == quality.NUM_SHOWN


@pytest.mark.parametrize(
    ("value", "words"), [(30.0, "which is low"), (44.0, "about the same"), (60.0, "which is high")]
)
def test_colours_are_read_against_real_pictures(value, words):
    text = english(discuss.pictures(gan_results(colourfulness_samples=value)))
    assert f"colourfulness is {value:g}" in text
    assert words in text


def test_grey_pictures_have_no_colourfulness():
    results = gan_results()
    del results["colourfulness_samples"]
    assert "colourfulness" not in english(discuss.pictures(results))
    assert "C6" not in english(discuss.gan_vae(results, vae_results()))


def test_the_protocol_names_features_counts_and_the_oracles_accuracy():
    text = english(discuss.protocol(gan_results()))
    for part in ("1,000 samples", "`oracle:fedcba9876543210`", "95.8 %", "71.3 %", "64×64"):
        assert part in text


def test_features_without_attributes_are_not_called_an_attribute_oracle():
    oracle = {"kind": "rotation", "accuracy": 0.9, "floor": 0.25}
    text = english(discuss.protocol(gan_results(oracle=oracle)))
    assert "how a picture is turned" in text
    assert "attribute oracle" not in text
    inception = gan_results(protocol=PROTOCOL | {"features": "inception:0011223344556677"})
    assert "the Inception network" in english(discuss.protocol(inception))
    both = english(discuss.protocol(inception | {"oracle": oracle}))
    assert "the Inception network" in both
    assert "turned" not in both


# ----------------------------------------------------------------------------------- GAN and VAE


def test_a_vae_that_is_blurred_and_alike_bears_out_c5_and_c6():
    text = english(discuss.gan_vae(gan_results(), vae_results()))
    assert "nearer to the mean face, as C5 says" in text
    assert "more colourful, as C6 says" in text
    assert "the GAN's samples are nearer to real pictures" in text


def test_a_vae_that_is_sharp_and_colourful_speaks_against_them():
    vae = vae_results(sharpness_samples=2_000.0, colourfulness_samples=60.0, frechet=5.0)
    text = english(discuss.gan_vae(gan_results(), vae))
    assert "not blurrier, against C5" in text
    assert "against C6" in text
    assert "the VAE's samples are nearer to real pictures" in text


def test_distances_that_hardly_differ_are_called_alike():
    vae = vae_results(frechet=41.21)
    text = english(discuss.gan_vae(gan_results(frechet=41.20), vae))
    assert "both are about as near to real pictures" in text
    assert "samples are nearer" not in text
    further = english(discuss.gan_vae(gan_results(frechet=44.0), vae))
    assert "the VAE's samples are nearer to real pictures" in further


def test_a_vae_that_is_only_blurred_bears_out_half_of_c5():
    vae = vae_results(diversity_samples=14.0, colourfulness_samples=41.5)
    text = english(discuss.gan_vae(gan_results(), vae))
    assert "C5 holds by half" in text
    assert "C6 does not show" in text


def test_distances_of_unequal_protocols_are_not_compared():
    other = vae_results(frechet_protocol=PROTOCOL | {"num_samples": 500})
    text = english(discuss.gan_vae(gan_results(), other))
    assert "(`num_samples`), so they are not compared" in text
    assert "31" not in text
    assert differing(gan_results(), other, "frechet") == ["num_samples"]
    assert differing(gan_results(), other, "kid") == []
    assert differing(gan_results(), {"num_steps": 2_000}, "kid") == ["missing"]


# ----------------------------------------------------------------------------------------- ACGAN


def with_accuracy(accuracy, *, seen, floor=0.6):
    results = acgan_results(attribute_accuracy_by={"Smiling": accuracy})
    results["oracle"]["by_attribute"]["Smiling"] = {"accuracy": seen, "floor": floor}
    return results


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [
        (0.97, "G's are more typical than real pictures"),
        (0.92, "clear control"),
        (0.75, "works, but not reliably"),
        (0.52, "hardly does anything"),
    ],
)
def test_control_is_read_against_what_the_oracle_can_see(accuracy, words):
    text = english(discuss.control(with_accuracy(accuracy, seen=0.96)))
    assert f"**{accuracy:.1%}**".replace("%", " %") in text
    assert words in text


@pytest.mark.parametrize("accuracy", [1.0, 0.9])
def test_samples_that_are_read_as_well_as_real_pictures_are_not_called_more_typical(accuracy):
    text = english(discuss.control(with_accuracy(accuracy, seen=accuracy)))
    assert "less than for the samples" not in text
    assert "clear control" in text


def test_an_oracle_that_is_no_better_than_guessing_judges_nothing():
    text = english(discuss.control(with_accuracy(0.97, seen=0.79, floor=0.78)))
    assert "not to be relied on" in text
    assert "more typical" not in text


def test_many_attributes_are_summed_up_and_the_extremes_named():
    results = acgan_results(*ATTRIBUTES[:6])
    assert len(discuss.control(results)) == 1
    (sentence,) = discuss.hardest(results)
    assert "Heavy_Makeup is the hardest" in sentence.en
    assert "Bangs the easiest" in sentence.en


def test_one_attribute_has_no_hardest_and_equal_ones_are_called_equal():
    assert discuss.hardest(acgan_results()) == []
    equal = acgan_results("Male", "Bangs", attribute_accuracy_by={"Male": 0.9, "Bangs": 0.91})
    assert "to the same degree" in english(discuss.hardest(equal))


def with_leak(leak, real):
    changes = dict.fromkeys(ATTRIBUTES, 0.0) | {"Smiling": 0.9, "High_Cheekbones": leak}
    there = dict.fromkeys(ATTRIBUTES, 0.01) | {"Smiling": 1.0, "High_Cheekbones": real}
    return acgan_results(leakage={"Smiling": changes}, leakage_real={"Smiling": there})


@pytest.mark.parametrize(
    ("leak", "real", "words"),
    [
        (0.02, 0.6, "the others hardly change"),
        (0.55, 0.6, "much as in the data, which G follows"),
        (0.3, 0.6, "keeps them apart in part"),
        (0.8, 0.3, "exaggerates what the data has"),
        (-0.3, 0.6, "G's own doing"),
    ],
)
def test_the_strongest_leak_is_read_against_the_data(leak, real, words):
    text = english(discuss.leakage(with_leak(leak, real)))
    assert words in text
    assert "High_Cheekbones" in text


def test_the_switched_attribute_is_never_its_own_leak():
    text = english(discuss.leakage(with_leak(0.55, 0.6)))
    assert "+90" not in text
    assert "Smiling leaks" not in text


def test_leaks_that_follow_the_data_are_said_to_come_from_it():
    assert "come from the data" in english(discuss.leakage(with_leak(0.55, 0.6)))
    opposite = with_leak(0.55, -0.6)
    assert "in part at most" in english(discuss.leakage(opposite))


def test_an_attribute_that_is_constant_in_the_data_still_has_its_leak_said():
    results = with_leak(0.55, 0.6) | {"leakage_real": {}}
    text = english(discuss.leakage(results))
    assert "+55 percentage points." in text
    assert "real pictures" not in text


def test_a_label_that_does_nothing_has_no_leaks():
    still = dict.fromkeys(ATTRIBUTES, 0.0)
    results = acgan_results(leakage={"Smiling": still})
    (sentence,) = discuss.leakage(results)
    assert "Switching Smiling hardly changes even that" in sentence.en


def test_of_many_switches_only_the_strongest_leaks_are_told():
    found = discuss.leakage(acgan_results(*ATTRIBUTES))
    assert len(found) == 4


def test_a_d_that_knows_its_training_pictures_by_heart_is_noticed():
    good = english(discuss.acgan_curves(metrics(), acgan_results(class_accuracy_test=0.95)))
    bad = english(discuss.acgan_curves(metrics(), acgan_results(class_accuracy_test=0.8)))
    assert "no sign that it only knows" in good
    assert "it knows some training pictures by heart" in bad


def test_c11_is_judged_for_networks_with_batch_norm_only():
    def text(recipe, batch_norm="recipe", **changes):
        config = make_config("acgan", recipe, batch_norm=batch_norm)
        return english(discuss.acgan_overall(acgan_results(**changes), metrics(), config=config))

    assert "that does not hold here" in text("dcgan")
    assert "a single run cannot tell" in text("dcgan", attribute_accuracy=0.6)
    assert "C11" not in text("plain")
    assert "C11" not in english(discuss.acgan_overall(acgan_results(), metrics()))
    assert "that does not hold here" in text("plain", "on")
    assert "C11" not in text("dcgan", "off")
    assert "C11" not in text("plain", "off")


# --------------------------------------------------------------------------------------- InfoGAN


@pytest.mark.parametrize(
    ("nats", "words"),
    [
        (2.2, "nearly all of the code"),
        (1.2, "only a part of the code"),
        (0.2, "only a part of the code"),
        (-0.1, "Q can hardly read the code"),
        (-0.5, "Q can hardly read the code"),
    ],
)
def test_the_bound_is_read_against_ln_10(nats, words):
    results = infogan_results(code_information_nats=nats, code_accuracy=0.1)
    text = english(discuss.code_reading(results))
    assert words in text
    assert "ln 10 = 2.3" in text
    assert "proves" not in text


def test_an_accuracy_that_proves_more_than_the_bound_is_said_to():
    results = infogan_results(code_information_nats=1.62, code_accuracy=0.996)
    text = english(discuss.code_reading(results))
    assert "the accuracy alone proves 2.27 nats: nearly all of the code" in text
    sure = infogan_results(code_information_nats=2.2, code_accuracy=0.996)
    assert "proves" not in english(discuss.code_reading(sure))
    partly = discuss.code_reading(infogan_results(code_information_nats=0.6, code_accuracy=0.95))
    assert "proves 1.99 nats, yet still only a part of the code" in english(partly)
    assert "由答對率可知至少有 1.99 nats，但仍只有一部分的編碼呈現在影像裡" in chinese(partly)


def test_a_code_that_q_reads_half_of_the_time_is_not_said_to_be_missing_from_the_picture():
    results = infogan_results(
        2, code_accuracy=0.54, code_information_nats=0.3, code_variance_share=[0.094, 0.091]
    )
    found = [*discuss.code_reading(results), *discuss.code_share(results)]
    assert "that is 13 %" in english(found)
    assert "yet still only a part of the code is in the picture" in english(found)
    assert "both code and noise change the picture" in english(found)
    assert "只有一部分的編碼呈現在影像裡" in chinese(found)
    assert "編碼與雜訊都會改變畫面" in chinese(found)
    assert "hardly" not in english(found[:1])


def test_shares_that_come_to_one_leave_nothing_to_decide_together():
    results = infogan_results(2, code_variance_share=[0.17, 0.14], noise_variance_share=0.71)
    assert "hardly anything is left for them" in english(discuss.code_share(results))
    results = infogan_results(code_variance_share=[0.3], noise_variance_share=0.4)
    assert "the rest they decide together" in english(discuss.code_share(results))


@pytest.mark.parametrize(
    ("code", "noise", "words"),
    [
        (0.3, 0.4, "both code and noise change the picture"),
        (0.01, 0.8, "moves the picture little"),
        (0.7, 0.01, "G hardly heeds its noise"),
    ],
)
def test_what_a_network_ignores_is_said(code, noise, words):
    results = infogan_results(code_variance_share=[code], noise_variance_share=noise)
    assert words in english(discuss.code_share(results))


def test_the_idle_one_of_two_codes_is_named():
    results = infogan_results(2, code_variance_share=[0.3, 0.01])
    assert "code 2 moves the picture little" in english(discuss.code_share(results))


def factors(**nats):
    return [dict.fromkeys(FACTORS, 0.0) | nats]


@pytest.mark.parametrize(
    ("nats", "words"),
    [
        ({"hair_style": 0.9, "yaw": 0.5}, "and so it does here"),
        ({"hair_style": 0.9, "glasses": 0.5}, "next is not pose but glasses"),
        ({"hair_style": 0.9, "glasses": 0.01}, "hair alone, hair_style; nothing but hair"),
        ({"background": 0.9, "hair_style": 0.2}, "not so here: the strongest is background"),
    ],
)
def test_c22_follows_the_strongest_factors(nats, words):
    results = infogan_results(code_factor_nats=factors(**nats))
    assert words in english(discuss.code_meaning(results))


def test_c22_is_left_open_where_samples_are_far_from_real_pictures():
    for nats in ({"hair_style": 0.9, "yaw": 0.5}, {"background": 0.9, "hair_style": 0.2}):
        results = infogan_results(code_factor_nats=factors(**nats), **FAR)
        found = discuss.code_meaning(results)
        assert "with samples still far from real pictures that is left open" in english(found)
        assert "（C22）：樣本離真實影像還很遠，這次無從判斷" in chinese(found)
        assert english(found).count("C22") == 1
    nothing = infogan_results(code_factor_nats=factors(), **FAR)
    assert "C22" not in english(discuss.code_meaning(nothing))


def test_poses_that_a_data_set_does_not_know_are_left_open():
    results = infogan_results()
    del results["code_factor_nats"]
    results["code_attribute_nats"] = [dict.fromkeys(ATTRIBUTES, 0.0) | {"Black_Hair": 0.3}]
    assert "does not know poses" in english(discuss.code_meaning(results))


def test_a_code_that_goes_with_nothing_is_given_no_meaning():
    results = infogan_results(code_factor_nats=factors())
    text = english(discuss.code_meaning(results))
    assert "goes with hardly anything" in text
    assert "C22" not in text


def test_few_test_pictures_need_more_to_name_a_meaning():
    told = factors(hair_style=0.2)
    many = discuss.code_meaning(infogan_results(code_factor_nats=told))
    few = discuss.code_meaning(infogan_results(code_factor_nats=told, num_test_images=75))
    assert "tells most about hair_style" in english(many)
    assert "goes with hardly anything" in english(few)


def test_values_that_do_not_differ_in_samples_are_said_not_to():
    same = [[dict.fromkeys(ATTRIBUTES, 0.3)] * 10]
    text = english(discuss.code_meaning(infogan_results(code_meaning=same)))
    assert "do not differ in any attribute" in text
    assert "30 %" not in text


def test_what_is_told_most_has_its_rates_and_only_the_widest_is_said_to_differ_most():
    def said(male, smiling, told="Male"):
        rates = [dict.fromkeys(ATTRIBUTES, 0.3) for _ in range(10)]
        rates[2] |= {"Male": male, "Smiling": smiling}
        nats = [dict.fromkeys(FACTORS, 0.0) | dict.fromkeys(ATTRIBUTES, 0.0) | {told: 0.4}]
        return english(
            discuss.code_meaning(infogan_results(code_meaning=[rates], code_factor_nats=nats))
        )

    other = said(0.85, 0.95)
    assert "the rate of Male goes from 30 % with value 0 to 85 % with value 2" in other
    assert "but Smiling differs most, from 30 % with value 0 to 95 % with value 2" in other
    own = "among samples Male differs most, from 30 % with value 0 to 95 % with value 2"
    assert own in said(0.95, 0.85)
    assert own in said(0.95, 0.95)
    still = said(0.31, 0.95)  # too small a change to speak of
    assert "rate of Male" not in still
    assert "among samples Smiling differs most" in still
    factor = said(0.3, 0.95, told="glasses")
    assert "among samples Smiling differs most" in factor


def test_each_code_gets_its_own_meaning():
    results = infogan_results(2)
    text = english(discuss.code_meaning(results))
    assert "code 1 tells most about masculinity" in text
    assert "code 2 tells most about" in text


def test_data_without_attributes_leave_the_meaning_to_the_eye():
    results = infogan_results()
    for name in ("code_factor_nats", "code_attribute_nats", "code_meaning"):
        del results[name]
    assert "only the eye" in english(discuss.code_meaning(results))


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [(0.93, "found the classes by itself"), (0.6, "others are mixed"), (0.2, "not the classes")],
)
def test_the_matching_of_classes_is_judged(accuracy, words):
    matching = [*"712026538", ""]
    results = infogan_results(code_class_accuracy=accuracy, code_class_matching=matching)
    text = english(discuss.code_classes(results))
    assert words in text
    assert "0→7" in text
    assert "9→–" in text
    assert discuss.code_classes(infogan_results()) == []


def test_a_q_that_never_learnt_is_said_so():
    text = english(
        discuss.infogan_curves(metrics(q_loss=2.3, code_accuracy=0.1), infogan_results())
    )
    assert "Q did not learn" in text
    assert "Q did not" not in english(discuss.infogan_curves(metrics(), infogan_results()))
    unsure = metrics(q_loss=2.2, code_accuracy=0.54)  # says little of what it reads, yet reads it
    assert "Q did not" not in english(discuss.infogan_curves(unsure, infogan_results()))


# ------------------------------------------------------------------------------- trials, schedule

VERDICTS = re.compile(
    r"C\d|clear|hardly|memorised|alike|sound|near real|lack|low\b|high\b|exaggerates|part of the"
    r"|blurrier|about like|above real"
)


@pytest.mark.parametrize(
    "said",
    [
        lambda: discuss.gan_curves(metrics(), gan_results(num_steps=12)),
        lambda: discuss.gan_curves(metrics(12), gan_results()),
        lambda: discuss.snapshots(metrics(), gan_results(num_steps=12)),
        lambda: discuss.quality(gan_results(num_steps=12)),
        lambda: discuss.copies(gan_results(num_steps=12)),
        lambda: discuss.pictures(gan_results(num_steps=12)),
        lambda: discuss.pictures(gan_results(num_steps=12, sharpness_samples=400.0)),
        lambda: discuss.pictures(gan_results(num_steps=12, sharpness_samples=9_000.0)),
        lambda: discuss.gan_overall(gan_results(num_steps=12), metrics()),
        lambda: discuss.gan_vae(gan_results(num_steps=12), vae_results()),
        lambda: discuss.gan_vae(gan_results(), vae_results(num_steps=12)),
        lambda: discuss.acgan_curves(metrics(), acgan_results(num_steps=12)),
        lambda: discuss.control(acgan_results(num_steps=12)),
        lambda: discuss.leakage(acgan_results(num_steps=12)),
        lambda: discuss.hardest(acgan_results("Male", "Bangs", num_steps=12)),
        lambda: discuss.acgan_overall(
            acgan_results(num_steps=12), metrics(), config=make_config("acgan", "dcgan")
        ),
        lambda: discuss.infogan_curves(metrics(), infogan_results(num_steps=12)),
        lambda: discuss.code_reading(infogan_results(num_steps=12)),
        lambda: discuss.code_share(infogan_results(num_steps=12)),
        lambda: discuss.code_meaning(infogan_results(num_steps=12)),
        lambda: discuss.infogan_overall(infogan_results(num_steps=12), metrics()),
    ],
)
def test_a_trial_gets_no_verdict(said):
    text = english(said())
    assert not VERDICTS.search(text), text


@pytest.mark.parametrize(
    ("curves", "results"),
    [
        (discuss.gan_curves, gan_results),
        (discuss.acgan_curves, acgan_results),
        (discuss.infogan_curves, infogan_results),
    ],
)
def test_the_curves_of_a_trial_are_no_matter_of_their_points(curves, results):
    (trial,) = curves(metrics(90), results(num_steps=90))
    assert trial.en == "90 updates bear out no conclusion."
    (few,) = curves(metrics(12), results())
    assert "only 12 points" in few.en


def test_the_sharpness_of_a_trial_is_told_without_a_verdict():
    first = discuss.pictures(gan_results(num_steps=12))[0]
    assert first.en.endswith("is 1,900, that of real pictures 2,100 (90 %).")
    assert "銳利度" in first.zh


@pytest.mark.parametrize("problem", ["gan", "acgan", "infogan"])
def test_an_adversarial_schedule_says_its_loss_and_the_options_taken(problem):
    course = make_config(problem, "dcgan", profile="course").to_json()
    plain = english(discuss.schedule(course, course, gan_results()))
    assert "binary cross-entropy" in plain
    assert "reconstruction" not in plain
    assert "Taken besides" not in plain
    options = {"ema": 0.998, "noise": "uniform", "d_updates": 2, "flip": True}
    taken = make_config(problem, "dcgan", profile="course", **options).to_json()
    text = english(discuss.schedule(taken, course, gan_results()))
    for words in ("weights 0.998", "uniform z", "2 updates of D for each of G", "mirrored"):
        assert words in text


# -------------------------------------------------------------------------------- both languages


def everything():
    for problem in ("gan", "acgan", "infogan"):
        course = make_config(problem, "dcgan", profile="course").to_json()
        settings = make_config(problem, "dcgan", ema=0.99, r1=10.0, d_width=0.5).to_json()
        yield from discuss.schedule(settings, course, gan_results())
    for accuracy in (0.5, 0.68, 0.9):
        for kid in (0.021, 0.1):
            for collapse in ([], BROKEN, GONE, BROKEN + GONE):
                results = gan_results(
                    d_accuracy_real=accuracy, last_kid=kid, collapse=collapse, best_step=1_000
                )
                yield from discuss.gan_curves(metrics(), results)
                yield from discuss.gan_overall(results, metrics())
    for sign in (-1, 0, 1):
        yield from discuss.gan_curves(losses(sign), gan_results(best_step=2_000))
    for problem_results in (gan_results(), gan_results(near_copies=0.5, closest_pair_ratio=0.1)):
        yield from discuss.copies(problem_results)
        yield from discuss.protocol(problem_results)
        yield from discuss.quality(problem_results)
    for vae in (vae_results(), vae_results(sharpness_samples=3e3, colourfulness_samples=90.0)):
        yield from discuss.gan_vae(gan_results(), vae)
    yield from discuss.gan_vae(gan_results(), vae_results(frechet_protocol={}))
    yield from discuss.gan_vae(gan_results(), vae_results(frechet=12.0))
    yield from discuss.pictures(gan_results(num_steps=12))
    without = gan_results(protocol=PROTOCOL | {"num_samples": 9, "num_real": 9})
    del without["nearest_ratio"]
    yield from discuss.copies(without)
    below = gan_results(best_kid=-0.0012, last_kid=-0.0004, kid=-0.0003)
    yield from discuss.gan_overall(below, metrics(snapshot_kid=-0.001))
    yield from discuss.gan_curves(metrics(), gan_results(num_steps=90))
    outside = metrics(d_accuracy_real=0.9, d_accuracy_fake=0.9)
    for kid in (0.021, 0.1):
        far = gan_results(last_kid=kid, **FAR)
        yield from discuss.gan_overall(far, outside)
        yield from discuss.infogan_overall(infogan_results(last_kid=kid, **FAR), outside)
    for accuracy, nats in ((0.996, 1.62), (0.95, 0.6), (0.54, 0.3), (0.1, -0.1)):
        results = infogan_results(code_accuracy=accuracy, code_information_nats=nats)
        yield from discuss.code_reading(results)
    for names in (("Smiling",), ("Smiling", "Male", "Eyeglasses"), ATTRIBUTES):
        results = acgan_results(*names)
        yield from discuss.acgan_curves(metrics(), results)
        yield from discuss.control(results)
        yield from discuss.leakage(results)
        config = make_config("acgan", "wide")
        yield from discuss.acgan_overall(results, metrics(), config=config)
    for num_codes in (1, 2):
        results = infogan_results(
            num_codes, code_class_accuracy=0.9, code_class_matching=[*"0123456789"]
        )
        yield from discuss.infogan_curves(metrics(), results)
        yield from discuss.code_reading(results)
        yield from discuss.code_share(results)
        yield from discuss.code_meaning(results)
        yield from discuss.code_classes(results)
        yield from discuss.infogan_overall(results, metrics())
    for nats in (
        {"hair_style": 0.9},
        {"hair_style": 0.9, "yaw": 0.5},
        {"hair_style": 0.9, "glasses": 0.5},
        {"Male": 0.9},
        {},
    ):
        yield from discuss.code_meaning(infogan_results(code_factor_nats=factors(**nats)))
    for sample, train in ((8, 8), (8, 3), (8, 1), (1, 1)):
        yield from discuss.nearest(neighbours(sample, train))


def test_both_languages_carry_the_same_numbers():
    assert_same_numbers(everything())


def test_chinese_is_chinese_and_english_has_none():
    assert_each_in_its_language(everything())


def test_sentences_are_tidy():
    assert_tidy(everything())


def test_a_name_without_chinese_words_stands_between_spaces():
    assert named("Smiling") == Sentence("微笑（Smiling）", "Smiling")
    assert named("Left_Handed").zh == " Left_Handed "
    assert tidy(Sentence("切換 Left_Handed ，", "")).zh == "切換 Left_Handed，"


def test_every_attribute_and_factor_of_the_drawn_faces_has_a_chinese_name():
    assert set(ATTRIBUTES) <= set(ATTRIBUTES_ZH)
    assert set(FACTORS_ZH) == set(FACTORS)
    assert set(FACTORS) >= POSE
    assert {name for name in HAIR if name.islower()} <= set(FACTORS)
    assert len(set(FACTORS_ZH.values())) == len(FACTORS_ZH)


# The names in CelebA's list_attr_celeba.txt, in its order.
CELEBA = (
    *("5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs"),
    *("Big_Lips", "Big_Nose", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows"),
    *("Chubby", "Double_Chin", "Eyeglasses", "Goatee", "Gray_Hair", "Heavy_Makeup"),
    *("High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache", "Narrow_Eyes", "No_Beard"),
    *("Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks", "Sideburns"),
    *("Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat"),
    *("Wearing_Lipstick", "Wearing_Necklace", "Wearing_Necktie", "Young"),
)


def test_all_forty_attributes_of_celeba_have_a_chinese_name_of_their_own():
    assert len(CELEBA) == 40
    assert tuple(ATTRIBUTES_ZH) == CELEBA
    assert len(set(ATTRIBUTES_ZH.values())) == 40
    assert all("\u4e00" <= char <= "\u9fff" for name in ATTRIBUTES_ZH.values() for char in name)


# -------------------------------------------------------------------------------------- captions


def test_nearest_samples_that_are_all_one_or_share_a_training_picture_are_said_to():
    assert discuss.nearest(neighbours(8, 8)) == []
    (few,) = discuss.nearest(neighbours(8, 3))
    assert "only 3 different training pictures" in few.en
    (one,) = discuss.nearest(neighbours(8, 1))
    assert one.en == "One and the same training picture is nearest to all 8."
    both = discuss.nearest(neighbours(1, 1))
    assert both[0].en == "All 8 samples look like one and the same."
    assert len(both) == 2
    grey = neighbours(1, 8)
    grey[:, 0] = np.clip(grey[:, 0].astype(int) + np.arange(8).reshape(-1, 1, 1, 1) // 4, 0, 255)
    assert "look like one" in english(discuss.nearest(grey))
    assert discuss.nearest(neighbours(1, 1, num=1)) == []


def test_the_caption_of_the_nearest_says_which_distance_it_goes_by():
    facts = discuss.together(discuss.nearest(neighbours(8, 1)))
    words = discuss.words("gan_nearest", count=6, facts=facts)
    for lang, said in (("zh", "6 張"), ("en", "6 samples")):
        assert said in words["caption"][lang]
        assert said in words["alt"][lang]
    assert "16×16" in words["caption"]["en"]
    assert "not by features" in words["caption"]["en"]
    assert "16×16" in words["caption"]["zh"]
    for lang, said in (("zh", "同一張訓練影像"), ("en", "the same training picture")):
        assert said in words["caption"][lang]
        assert said in words["alt"][lang]


@pytest.mark.parametrize(
    ("name", "facts", "chosen"),
    [
        ("acgan_leakage", {"count": 1_000}, "those switched"),
        ("infogan_meaning", {"code": 1}, "between the values of the code"),
    ],
)
def test_a_map_that_leaves_attributes_out_says_how_many_and_how_it_chose(name, facts, chosen):
    few = discuss.words(name, num_known=14, **facts)["caption"]
    many = discuss.words(name, num_known=40, **facts)["caption"]
    assert many["en"].startswith(few["en"])
    assert "Of 40 attributes 14 are shown" in many["en"]
    assert "26 are left out" in many["en"]
    assert chosen in many["en"]
    assert "40 個屬性中只畫出 14 個" in many["zh"]
    assert "其餘 26 個" in many["zh"]
    assert "attributes 14" not in few["en"]


def test_the_caption_of_a_code_speaks_of_others_only_where_there_are_some():
    one, two = (discuss.words("infogan_code", code=1, num_codes=n)["caption"] for n in (1, 2))
    assert one["en"] == "The ten values of code 1 (columns) with ten z (rows)."
    assert "其他" not in one["zh"]
    assert "other codes stay the same" in two["en"]
    assert "其他編碼固定不變" in two["zh"]


def test_bars_that_count_as_none_are_told_with_the_level_that_names_meanings():
    results = infogan_results()
    least = discuss.least_nats(results)
    assert least == 0.05
    assert discuss.least_nats(results | {"num_test_images": 100}) > 0.2
    for name in ("infogan_factors", "infogan_attributes"):
        words = discuss.words(name, least=least)["caption"]
        assert "below 0.05 nats" in words["en"]
        assert "不到 0.05 nats" in words["zh"]
        assert "dashed" not in discuss.words(name)["caption"]["en"]


@pytest.mark.parametrize("name", ["fig3_2", "infogan_curves"])
def test_the_captions_of_curves_explain_triangles_band_and_guesses(name):
    words = discuss.words(name, smoothing=0)["caption"]
    for said in ("triangles, snapshots", "green band", "guessing the", "2 ln 2"):
        assert said in words["en"]
    for said in ("三角形", "綠色帶", "亂猜"):
        assert said in words["zh"]


def test_names_of_networks_stand_apart_from_chinese_words():
    for problem in ("gan", "acgan", "infogan"):
        facts = {"recipe": "dcgan", "problem": problem}
        for name in ("gan_architecture", "networks"):
            for text in discuss.words(name, **facts).values():
                assert not re.search(r"[A-Za-z][\u4e00-\u9fff]|[\u4e00-\u9fff][A-Za-z]", text["zh"])


def test_a_single_epoch_or_snapshot_is_no_plural():
    settings = make_config("gan", "dcgan").to_json()
    results = gan_results(num_epochs=1.0)
    text = english(discuss.schedule(settings, settings, results))
    assert "(1 epoch, 128,000 images)" in text
    assert "(16 epochs," in english(discuss.schedule(settings, settings, gan_results()))
    frame = metrics()
    frame.loc[frame.index[:-1], "snapshot_kid"] = np.nan
    assert "1 snapshot was scored" in english(discuss.snapshots(frame, results))
