"""Each sentence appears when the numbers bear it out, and its opposite when they do not."""

import re

import numpy as np
import pandas as pd
import pytest
from sentences import assert_each_in_its_language, assert_same_numbers, assert_tidy

from hwlib import discuss
from hwlib.discuss import Sentence
from hwlib.discuss.captions import CAPTIONS
from hwlib.recipes import RECIPES, make_config

RESULTS = {
    "num_images": 76_800,
    "num_steps": 1_200,
    "num_epochs": 9.6,
    "num_test_images": 1_000,
    "train_time_s": 125.3,
    "images_per_s": 613.1,
    "test_mse_01": 0.0045,
    "test_mse_11": 0.018,
    "recon_nats": 221.2,
    "kl_nats": 95.5,
    "neg_elbo_nats": 316.7,
    "active_units": 60,
    "sharpness_samples": 900.0,
    "sharpness_real": 2_700.0,
    "linear_probe_accuracy": 0.93,
    "linear_probe_floor": 0.62,
    "linear_probe_attribute": "Male",
}


def english(sentences):
    return " ".join(s.en for s in sentences)


def metrics(recon, kl, **more):
    frame = pd.DataFrame({"recon_nats": recon, "kl_nats": kl, **more})
    frame["epoch"] = np.arange(1, len(frame) + 1) / 10
    frame["neg_elbo_nats"] = frame["recon_nats"] + frame["kl_nats"]
    return frame


TIME = np.linspace(0, 1, 100)
FALLING = 200 + 800 * np.exp(-8 * TIME)


# ---------------------------------------------------------------------------------------- curves


def test_a_falling_reconstruction_is_said_with_its_numbers():
    text = english(discuss.curves(metrics(FALLING, 50 + TIME)))
    assert "fell from 1,000 to 200 nats" in text


def test_a_reconstruction_that_does_not_fall_is_said_too():
    text = english(discuss.curves(metrics(300 + 10 * TIME, 50 + TIME)))
    assert "did not fall" in text


def test_c3_is_confirmed_by_a_fall_and_a_slow_rise_to_a_plateau():
    kl = 40 + 60 * np.exp(-60 * TIME) + 20 * (1 - np.exp(-8 * TIME))
    text = english(discuss.curves(metrics(FALLING, kl)))
    assert "That is what report B saw (C3)" in text
    assert "first fell from" in text


def test_c3_is_denied_where_kl_only_rises():
    text = english(discuss.curves(metrics(FALLING, 20 + 60 * TIME)))
    assert "not so here: it does not fall at first, and there is no plateau yet" in text
    assert "rose from" in text


def test_a_kl_that_falls_all_the_way_is_not_said_to_miss_its_first_fall():
    text = english(discuss.curves(metrics(FALLING, 100 - 60 * TIME)))
    assert "fell from 100 to 40 nats without turning back" in text
    assert "it falls until 100 % of the training" in text
    assert "does not fall at first" not in text


def test_a_kl_that_turns_back_on_its_way_is_said_to():
    wavy = 20 + 60 * TIME + 12 * np.sin(12 * TIME)
    text = english(discuss.curves(metrics(FALLING, wavy)))
    assert "without turning back" not in text
    assert "it turned back by" in text


def test_c3_prime_is_confirmed_only_when_reconstruction_rises_meanwhile():
    falling_kl = 100 - 60 * TIME
    assert "(C3') holds" in english(discuss.curves(metrics(200 + 90 * TIME, falling_kl)))
    text = english(discuss.curves(metrics(FALLING, falling_kl)))
    assert "(C3') holds" not in text
    assert "the KL term falls by" in text


def test_a_flat_kl_is_called_unchanged():
    assert "hardly changed" in english(discuss.curves(metrics(FALLING, 50 + 0.1 * TIME)))


def test_a_handful_of_points_is_no_course():
    (sentence,) = discuss.curves(metrics(FALLING[:12], TIME[:12]))
    assert "only 12 points" in sentence.en


def with_test_curve(train, test):
    points = np.full(100, np.nan)
    points[9::10] = test[9::10]
    return metrics(train - 50, np.full(100, 50.0), test_neg_elbo_nats=points)


def ends(neg_elbo):
    return RESULTS | {"neg_elbo_nats": neg_elbo}


def test_a_test_curve_that_turns_up_is_overfitting():
    test = 300 + 400 * (TIME - 0.4) ** 2
    text = english(discuss.gap(with_test_curve(FALLING, test), ends(250.0)))
    assert "the model overfits" in text
    assert "250 on the entire test set and 200 in training" in text


def test_a_test_curve_that_turns_up_with_the_training_curve_is_no_overfitting():
    rising = 300 + 400 * (TIME - 0.4) ** 2
    text = english(discuss.gap(with_test_curve(rising, rising), ends(444.0)))
    assert "that of the training images rose with it" in text
    assert "no overfitting" in text
    assert "the model overfits" not in text


def test_a_gap_that_still_closes_is_no_overfitting():
    text = english(discuss.gap(with_test_curve(FALLING, FALLING * 1.2), ends(240.0)))
    assert "no overfitting that does harm yet" in text


def test_equal_curves_show_no_overfitting():
    assert "no overfitting is seen" in english(
        discuss.gap(with_test_curve(FALLING, FALLING * 1.01), ends(202.0))
    )


# ------------------------------------------------------------------------------------------- MSE


def test_both_scales_of_the_mse_are_always_said():
    text = english(discuss.mse(RESULTS, None, pixel_range=(-1, 1), layout="hw4"))
    assert "**0.0045** with pixels in [0, 1]" in text
    assert "**0.018** in [-1, 1]" in text
    assert "gives no test MSE" in text


def test_a_report_of_the_same_order_confirms_its_natural_reading():
    text = english(discuss.mse(RESULTS, 0.0197, pixel_range=(-1, 1), layout="hw4"))
    assert "1.09 times this run's" in text
    assert "this reading makes sense" in text


def test_a_report_far_off_gets_the_nearest_reading_called_a_guess():
    results = RESULTS | {"test_mse_01": 0.0026}
    found = discuss.mse(results, 0.000833, pixel_range=(0, 1), layout="hw4")
    text = english(found)
    assert "The report says 0.000833" in text
    assert "a typical error of 7.36 of 255 levels" in text
    assert "pixels in [0, 1], a mean divided by the channels once more" in text
    assert "a guess which the report does not confirm" in text


def test_drawn_faces_are_never_held_against_photographs():
    found = discuss.mse(RESULTS, 0.0197, pixel_range=(-1, 1), layout="faces")
    text = english(found)
    assert "this run has drawn faces" in text
    assert "not to win" in text
    assert "times this run's" not in text


@pytest.mark.parametrize(
    ("layout", "num_steps", "why"),
    [("mnist", 1_200, "other pictures"), ("folder", 1_200, "other pictures"),
     ("celeba", 50, "a trial"), ("faces", 50, "a trial")],
)  # fmt: skip
def test_only_trained_photographs_of_faces_are_held_against_the_report(layout, num_steps, why):
    results = RESULTS | {"num_steps": num_steps}
    text = english(discuss.mse(results, 0.0197, pixel_range=(-1, 1), layout=layout))
    assert f"this run {'is' if num_steps < 100 else 'has'} {why}" in text
    assert "times this run's" not in text


def test_the_readings_of_an_mse_differ_by_range_and_channels():
    values = [r.mse_01 for r in discuss.readings(0.12)]
    assert values == pytest.approx([0.12, 0.04, 0.36, 0.03, 0.01, 0.09])


def test_the_mse_table_reads_the_report_in_either_range():
    tables = discuss.mse_table(RESULTS, 0.0197, pixel_range=(-1, 1))
    english_table = tables["en"]
    assert list(english_table.iloc[:, 1]) == pytest.approx([0.0045, 0.004925, 0.0197])
    assert list(english_table.iloc[:, 2]) == pytest.approx([0.018, 0.0197, 0.0788])
    assert "output range" in english_table.iloc[1, 0]
    assert "output range" not in english_table.iloc[2, 0]
    unstated = discuss.mse_table(RESULTS, 0.0197, pixel_range=None)["en"]
    assert not unstated.iloc[:, 0].str.contains("output range").any()
    assert tables["zh"].shape == english_table.shape
    assert len(discuss.mse_table(RESULTS, None, pixel_range=(0, 1))["en"]) == 1


# ------------------------------------------------------------------------------ samples, latents


@pytest.mark.parametrize(
    ("samples", "words"),
    [(900.0, "blurrier than real"), (2_600.0, "about like real"), (9_000.0, "noise")],
)
def test_sharpness_is_said_as_measured(samples, words):
    assert words in english(discuss.samples(RESULTS | {"sharpness_samples": samples}))


@pytest.mark.parametrize(
    ("count", "words"),
    [(100, "All 100"), (0, "posterior collapse"), (60, "60 of 100 latents are active")],
)
def test_active_latents_are_counted(count, words):
    assert words in english(discuss.active(RESULTS | {"active_units": count}, 100, beta=1.0))


def test_no_kl_term_presses_on_latents_that_it_does_not_weigh():
    assert "pressed to the prior" in english(discuss.active(RESULTS, 100, beta=0.1))
    assert "the other 40 do nothing" in english(discuss.active(RESULTS, 100, beta=0.0))


@pytest.mark.parametrize(
    ("accuracy", "verdict", "report"),
    [
        (0.93, "separates this attribute clearly", "supports report E"),
        (0.72, "separates this attribute in part", "nearer to report C"),
        (0.63, "does not separate this attribute", "nearer to report C"),
    ],
)
def test_the_probe_is_read_against_the_majority(accuracy, verdict, report):
    text = english(discuss.probe(RESULTS | {"linear_probe_accuracy": accuracy}, "Male"))
    assert verdict in text
    assert "62.0 %" in text
    assert report in text


def test_claims_on_male_and_female_are_made_for_that_attribute_only():
    assert "report" not in english(discuss.probe(RESULTS, "Smiling"))


def test_data_without_attributes_are_said_to_have_none():
    assert "no attributes" in english(discuss.probe({}, None))
    assert "single value" in english(discuss.probe({}, "Male"))


def test_a_kl_above_the_reconstruction_is_explained():
    assert len(discuss.balance(RESULTS, beta=1.0)) == 1
    heavy = RESULTS | {"kl_nats": 900.0, "neg_elbo_nats": 1_121.2}
    assert "by a β of 0.123, far below 1" in english(discuss.balance(heavy, beta=0.1229))
    assert english(discuss.balance(heavy, beta=1.0)).endswith("exceeds the reconstruction term.")


# -------------------------------------------------------------------------------------- schedule


def test_what_a_profile_shortens_is_said():
    course = make_config("vae", "dcgan", profile="course").to_json()
    quick = make_config("vae", "dcgan", profile="quick").to_json()
    assert "31,250 → " in english(discuss.schedule(quick, course, RESULTS))
    assert "differs in size" not in english(discuss.schedule(course, course, RESULTS))
    assert "each layer has 0.25 times as many" in english(discuss.schedule(quick, course, RESULTS))
    assert "times as many" not in english(discuss.schedule(course, course, RESULTS))


@pytest.mark.parametrize(
    ("problem", "changed", "told"),
    [
        ("vae", {"z_dim": 20, "num_layers": 2}, "latents 512 → 20, layers 3 → 2"),
        ("gan", {"batch_norm": "on"}, "batch norm recipe → on"),
    ],
)
def test_networks_that_are_not_the_reports_are_never_said_to_be(problem, changed, told):
    course = make_config(problem, "plain", profile="course").to_json()
    results = RESULTS | {"num_images": 1}
    same = english(discuss.schedule(make_config(problem, "plain").to_json(), course, results))
    assert "the structure is the same" in same
    text = english(
        discuss.schedule(make_config(problem, "plain", **changed).to_json(), course, results)
    )
    assert "the structure is the same" not in text
    assert f"The networks themselves are not the report's: {told}." in text
    own = english(discuss.schedule(course | changed, course, results))
    assert "Profile course" not in own


def test_a_smoke_run_is_called_meaningless():
    course = make_config("vae", "dcgan", profile="course").to_json()
    smoke = make_config("vae", "dcgan", profile="smoke").to_json()
    assert "mean nothing" in english(discuss.schedule(smoke, course, RESULTS))


def test_a_look_says_that_its_pictures_are_rough():
    course = make_config("vae", "dcgan", profile="course").to_json()
    look = make_config("vae", "dcgan", profile="look").to_json()
    assert "pictures are rough" in english(discuss.schedule(look, course, RESULTS))


# -------------------------------------------------------------------------------- both languages


def everything():
    course = make_config("vae", "wide", profile="course").to_json()
    yield from discuss.schedule(make_config("vae", "wide").to_json(), course, RESULTS)
    for kl in (20 + 60 * TIME, 100 - 60 * TIME, 50 + 30 * np.sin(3 * TIME)):
        yield from discuss.curves(metrics(FALLING, kl))
    for recipe in RECIPES.values():
        reported = recipe.problems["vae"].reported.get("test_mse")
        for layout in ("hw4", "faces", "mnist"):
            yield from discuss.mse(RESULTS, reported, pixel_range=(0, 1), layout=layout)
    yield from discuss.samples(RESULTS)
    yield from discuss.probe(RESULTS, "Male")
    yield from discuss.overall(
        RESULTS, with_test_curve(FALLING, FALLING * 1.2), z_dim=100, beta=1.0
    )


def test_both_languages_carry_the_same_numbers():
    assert_same_numbers(everything())


def test_chinese_is_chinese_and_english_has_none():
    assert_each_in_its_language(everything())


def test_sentences_are_tidy():
    assert_tidy(everything())


def test_a_share_too_small_to_write_is_not_written_as_zero():
    assert discuss.percent(0.0001) == "<0.1 %"
    assert discuss.percent(0.0) == "0.0 %"
    assert discuss.percent(-0.123) == "−12.3 %"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (0.0196734, "0.0197"),
        (1e-5, "0.00001"),
        (992.3, "992"),
        (31_250.0, "31,250"),
        (-0.00045, "−0.00045"),
        (-1_234.5, "−1,234"),
        (-np.inf, "−inf"),
    ],
)
def test_numbers_are_written_for_readers(value, written):
    assert discuss.num(value) == written


FACTS = {
    "recipe": "dcgan",
    "shape": "3×64×64",
    "facts": Sentence("甲。", "A."),
    "mse_01": "0.004",
    "mse_11": "0.02",
    "count": 1_000,
    "active": 60,
    "total": 100,
    "rows": 4,
    "problem": "infogan",
    "smoothing": 10,
    "attribute": "Smiling",
    "attributes": "Smiling,Male",
    "code": 1,
    "run": "gan-dcgan-1a2b3c4d",
    "movement": Sentence("路", "way"),
}


@pytest.mark.parametrize("name", sorted(CAPTIONS))
def test_every_figure_has_words_in_both_languages(name):
    words = discuss.words(name, **FACTS)
    for kind in words.values():
        assert set(kind) == {"zh", "en"}
        assert all(text and "{" not in text for text in kind.values())


def test_captions_count_no_pictures_or_scores_that_a_run_may_not_have():
    counted = {"fig1_3": r"[Tt]en |十", "gan_nearest": r"[Ee]ight|八", "kl_scores": r"four|四"}
    for name, pattern in counted.items():
        for text in discuss.words(name, **FACTS).values():
            assert not re.search(pattern, text["en"] + text["zh"]), name


def test_alternative_text_has_no_marks_of_emphasis():
    joined = discuss.together([Sentence("**甲**。", "**A**."), Sentence("乙。", "B.")])
    assert joined == Sentence("甲。乙。", "A. B.")
