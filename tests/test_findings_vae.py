"""What is said of a VAE: flags follow the numbers, each beside an absolute anchor."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from hwlib import text
from hwlib.claims import measures
from hwlib.data import Part
from hwlib.findings import base, data, schedule, vae
from hwlib.recipes import RECIPES, make_config

RESULTS = {
    "num_steps": 1_200,
    "num_images": 76_800,
    "num_epochs": 9.6,
    "num_test_images": 1_000,
    "test_mse_01": 0.0045,
    "test_mse_11": 0.018,
    "recon_nats": 221.2,
    "kl_nats": 95.5,
    "neg_elbo_nats": 316.7,
    "active_units": 60,
    "frechet": 120.0,
    "frechet_real": 5.0,
    "sharpness_samples": 900.0,
    "sharpness_reconstructions": 1_100.0,
    "sharpness_real": 2_700.0,
    "linear_probe_accuracy": 0.93,
    "linear_probe_floor": 0.62,
}
MEAN_MSE = 0.045
TIME = np.linspace(0, 1, 100)
FALLING = 200 + 800 * np.exp(-8 * TIME)
RISING = 20 + 60 * TIME
DIPPING = 40 + 60 * np.exp(-60 * TIME) + 20 * (1 - np.exp(-8 * TIME))


def values(found, key):
    (one,) = (each.values for each in found if each.key == f"vae.{key}")
    return one


def curves(recon=FALLING, kl=RISING, **more):
    frame = pd.DataFrame({"recon_nats": recon, "kl_nats": kl, **more})
    frame["epoch"] = np.arange(1, len(frame) + 1) / 10
    frame["neg_elbo_nats"] = frame["recon_nats"] + frame["kl_nats"]
    return frame


# ---------------------------------------------------------------------------------------- curves


def test_a_reconstruction_loss_falls_or_does_not():
    found = values(vae.curves(curves(), RESULTS), "recon_course")
    assert found["fell"]
    assert (found["first"], found["last"]) == pytest.approx((1_000, 200), rel=0.01)
    assert found["half"] < 0.15
    assert not found["still_falls"]
    assert not values(vae.curves(curves(300 + 10 * TIME), RESULTS), "recon_course")["fell"]
    assert values(vae.curves(curves(300 - 200 * TIME), RESULTS), "recon_course")["still_falls"]


@pytest.mark.parametrize(
    ("kl", "shape"),
    [
        (DIPPING, "dip"),
        (50 + 40 * np.sin(3 * TIME), "peak"),
        (50 + 0.1 * TIME, "flat"),
        (RISING, "rise"),
        (100 - 60 * TIME, "fall"),
    ],
)
def test_the_course_of_the_kl_term_is_named(kl, shape):
    assert values(vae.curves(curves(kl=kl), RESULTS), "kl_course")["shape"] == shape


def test_c3s_parts_are_told_by_the_claims_own_measures():
    for kl in (DIPPING, RISING, 100 - 60 * TIME, 50 + 40 * np.sin(3 * TIME)):
        found = values(vae.curves(curves(kl=kl), RESULTS), "kl_course")
        assert found["falls_fast"] == (measures.early_fall(kl) <= -20)
        assert found["rises_later"] == (measures.later_rise(kl) >= 10)
        assert found["is_plateau"] == (abs(measures.last_change(kl)) <= 5)
        assert vae.trend(kl) == pytest.approx(measures.trend(measures.late(kl)))


def test_c3_prime_needs_a_reconstruction_loss_that_rises_meanwhile():
    kl = 100 - 60 * TIME
    assert values(vae.curves(curves(200 + 90 * TIME, kl), RESULTS), "kl_course")["is_c3_prime"]
    assert not values(vae.curves(curves(kl=kl), RESULTS), "kl_course")["is_c3_prime"]


def test_a_handful_of_points_or_steps_is_no_course():
    assert vae.curves(curves()[:12], RESULTS) == [base.too_few(12)]
    trial = RESULTS | {"num_steps": 12}
    assert vae.curves(curves(), trial) == [base.trial(trial)]


def with_test_points(train, test):
    points = np.full(100, np.nan)
    points[9::10] = test[9::10]
    return curves(train - 50, np.full(100, 50.0), test_neg_elbo_nats=points)


TURNING = 300 + 400 * (TIME - 0.4) ** 2


@pytest.mark.parametrize(
    ("train", "test", "at_end", "kind"),
    [
        (FALLING, TURNING, 250.0, "overfit"),
        (TURNING, TURNING, 444.0, "both"),
        (FALLING, FALLING * 1.2, 240.0, "gap"),
        (FALLING, FALLING * 1.01, 202.0, "none"),
    ],
)
def test_overfitting_is_a_test_curve_that_turns_up_alone(train, test, at_end, kind):
    found = vae.gap(with_test_points(train, test), RESULTS | {"neg_elbo_nats": at_end})
    assert values(found, "gap")["kind"] == kind


def test_a_run_without_test_points_says_nothing_of_overfitting():
    assert vae.gap(curves(), RESULTS) == []


# ------------------------------------------------------------------------------- reconstructions


def test_the_mean_images_error_is_the_variance_of_the_images():
    images = np.random.default_rng(0).integers(0, 256, (1_500, 4, 4, 3), dtype=np.uint8)
    expected = (images / 255).var(0).mean()
    assert vae.mean_image_mse(images) == pytest.approx(expected, rel=1e-4)
    assert vae.mean_image_mse(np.repeat(images[:1], 5, axis=0)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("mse", "level"), [(0.0045, "most"), (0.02, "half"), (0.04, "little"), (0.05, "worse")]
)
def test_reconstructions_are_judged_beside_the_mean_image(mse, level):
    found = vae.reconstructions(RESULTS | {"test_mse_01": mse}, MEAN_MSE)
    assert values(found, "reconstructions")["level"] == level


def test_the_error_is_said_in_grey_levels():
    found = values(vae.reconstructions(RESULTS, MEAN_MSE), "reconstructions")
    assert found["grey"] == pytest.approx(255 * 0.0045**0.5)
    assert found["mean_grey"] == pytest.approx(255 * 0.045**0.5)
    assert found["share"] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("sharpness", "level"), [(900.0, "blurred"), (2_600.0, "real"), (9_000.0, "noisy")]
)
def test_sharpness_is_judged_beside_real_images(sharpness, level):
    results = RESULTS | {"sharpness_reconstructions": sharpness, "sharpness_samples": sharpness}
    assert values(vae.reconstructions(results, MEAN_MSE), "detail")["level"] == level
    assert values(vae.samples(results), "sample_detail")["level"] == level


def test_the_readings_of_an_mse_differ_by_range_and_channels():
    found = [reading.mse_01 for reading in vae.readings(0.12)]
    assert found == pytest.approx([0.12, 0.04, 0.36, 0.03, 0.01, 0.09])


def reported(layout="hw4", mse=0.0197, pixel_range=(-1, 1), **changed):
    facts = {"letter": "E", "pixel_range": pixel_range, "layout": layout}
    return vae.reported_mse(RESULTS | changed, mse, **facts).values


def test_a_report_of_the_same_order_fits_its_natural_reading():
    found = reported()
    assert found["is_like"]
    assert found["fits"]
    assert found["ratio"] == pytest.approx(0.0197 / 4 / 0.0045)


def test_a_report_far_off_gets_the_nearest_reading():
    found = reported(mse=0.000833, pixel_range=(0, 1), test_mse_01=0.0026)
    assert not found["fits"]
    assert (found["nearest_low"], found["nearest_over"]) == (0, "twice")


@pytest.mark.parametrize(
    ("layout", "steps"),
    [("faces", 1_200), ("mnist", 1_200), ("folder", 1_200), ("celeba", 50), ("faces", 50)],
)
def test_only_trained_photographs_of_faces_are_compared_with_a_report(layout, steps):
    found = reported(layout, num_steps=steps)
    assert not found["is_like"]
    assert found["is_drawn"] == (layout == "faces")


def test_a_report_without_an_mse_is_said_to_have_none():
    facts = {"letter": "D", "pixel_range": (0, 1), "layout": "faces"}
    assert vae.reported_mse(RESULTS, None, **facts).key == "vae.no_reported_mse"


# ---------------------------------------------------------------------------------- latent space


@pytest.mark.parametrize(
    ("share", "cause"), [(0.9, "blur"), (0.5, "both"), (0.1, "prior"), (0.0, "prior")]
)
def test_what_keeps_samples_away_follows_the_reconstructions_share(share, cause):
    found = vae.samples(RESULTS, share * RESULTS["frechet"])
    assert values(found, "sample_share")["cause"] == cause


@pytest.mark.parametrize(
    ("accuracy", "level"), [(0.93, "separated"), (0.72, "partly"), (0.63, "not")]
)
def test_the_probe_is_judged_beside_the_majority_class(accuracy, level):
    found = values(vae.probe(RESULTS | {"linear_probe_accuracy": accuracy}, "Smiling"), "probe")
    assert found["level"] == level
    assert (found["errors"], found["floor_errors"]) == (round(1_000 * (1 - accuracy)), 380)


def test_data_without_attributes_or_with_one_value_have_no_probe():
    assert [one.key for one in vae.probe({}, None)] == ["vae.no_probe"]
    assert [one.key for one in vae.probe({}, "Male")] == ["vae.one_class"]


def latent_run(tmp_path, mu, labels):
    np.savez(tmp_path / "latents.npz", test_mu=mu, test_index=np.arange(len(mu)))
    run = SimpleNamespace(path=tmp_path, config=SimpleNamespace(attribute="Male"))
    part = SimpleNamespace(labels=labels[:, None])
    return run, SimpleNamespace(test=part, attributes=("Male",))


@pytest.mark.parametrize("shift", [0.0, 1.0, 8.0])
def test_neighbours_are_counted_as_claim_c18_counts_them(tmp_path, shift):
    rng = np.random.default_rng(0)
    labels = rng.random(200) < 0.4
    mu = rng.normal(size=(200, 5)).astype(np.float32)
    mu[labels] += shift
    expected = measures.neighbour_gain(*latent_run(tmp_path, mu, labels.astype(np.uint8)))
    assert 100 * vae.neighbours_removed(mu, labels) == pytest.approx(expected)


def test_claim_c18_is_named_for_male_and_female_alone():
    rng = np.random.default_rng(0)
    mu, labels = rng.normal(size=(200, 5)), rng.random(200) < 0.4
    assert values(vae.probe(RESULTS, "Male", mu, labels), "neighbours")["is_male"]
    assert not values(vae.probe(RESULTS, "Smiling", mu, labels), "neighbours")["is_male"]


@pytest.mark.parametrize(
    ("offset", "level"),
    [(None, "mixed"), ((9.0, 0.0), "halves"), ((0.0, 0.0), "islands"), ((1.5, 0.0), "regions")],
)
def test_what_a_map_shows_is_said_of_the_map_itself(offset, level):
    rng = np.random.default_rng(0)
    labels = rng.random(400) < 0.4
    xy = rng.normal(size=(400, 2))
    if offset == (0.0, 0.0):  # one group around the other
        angle = rng.uniform(0, 2 * np.pi, 400)
        xy[labels] = 9 * np.stack([np.cos(angle), np.sin(angle)], 1)[labels]
    elif offset:
        xy[labels] += offset
    assert values(vae.map_split(xy, labels), "map_split")["level"] == level
    assert vae.map_split(xy, None) == []


def test_variances_over_two_decades_are_never_about_alike():
    variances = np.logspace(0.5, -1.5, 100)
    found = vae.latents(variances, RESULTS | {"active_units": 100})
    assert found.values["decades"] == pytest.approx(2)
    assert found.values["share"] == pytest.approx(variances[:10].sum() / variances.sum())
    assert found.values["equal_share"] == 0.1
    assert "very unequally" in found.say("en")
    alike = vae.latents(np.full(100, 0.5), RESULTS | {"active_units": 100})
    assert "about equally" in alike.say("en")


def test_only_the_active_latents_span_decades():
    variances = np.concatenate([np.full(60, 0.5), np.full(40, 1e-6)])
    assert vae.latents(variances, RESULTS).values["decades"] == pytest.approx(0)


def test_a_latent_is_named_by_the_known_factor_that_explains_it():
    rng = np.random.default_rng(0)
    mu = rng.normal(size=(500, 3))
    mu[:, 2] *= 0.01  # collapsed
    factors = pd.DataFrame(
        {
            "smile": 2 * mu[:, 0] + 0.1 * rng.normal(size=500),
            "beard": np.where(mu[:, 1] > 0, "full", "none"),
        }
    )
    shares = vae.factor_shares(mu, factors)
    assert shares.loc[0, "smile"] == pytest.approx(
        np.corrcoef(mu[:, 0], factors["smile"])[0, 1] ** 2
    )
    assert shares.loc[1, "beard"] == pytest.approx(2 / np.pi, abs=0.05)
    (found,) = vae.latent_factors(mu, factors, [0, 1, 2])
    told = [(one["latent"], one["factor"]) for one in found.values["follows"]]
    assert told == [(0, "smile"), (1, "beard")]
    assert found.values["single"] == 1
    assert vae.latent_factors(mu, None, [0]) == []
    assert vae.latent_factors(mu, factors, [2])[0].key == "vae.no_latent"


def path_of(middle):
    """Return three frames of a face that turns dark, with this one between them."""
    ends = np.full((8, 8, 3), 200.0), np.full((8, 8, 3), 40.0)
    return np.stack([ends[0], middle, ends[1]]).astype(np.uint8)


def test_a_cross_fade_is_told_from_a_change_of_features():
    assert vae.way(path_of(np.full((8, 8, 3), 120.0))).values["level"] == "fade"
    halves = np.full((8, 8, 3), 40.0)
    halves[:4] = 200.0
    assert vae.way(path_of(halves)).values["level"] == "features"
    assert vae.way(np.full((3, 8, 8, 3), 90, dtype=np.uint8)).values["are_alike"]


def test_a_path_with_a_jump_is_uneven():
    frames = np.zeros((11, 4, 4, 3), dtype=np.uint8)
    frames[6:] = 200
    assert not vae.way(frames).values["is_even"]
    steps = np.linspace(0, 200, 11).astype(np.uint8)
    assert vae.way(np.tile(steps[:, None, None, None], (1, 4, 4, 3))).values["is_even"]


# ------------------------------------------------------------------------------------ discussion


def overall(frame=None, **changed):
    frame = curves() if frame is None else frame
    more = {"mean_mse": MEAN_MSE, "variances": np.logspace(0.5, -1.5, 100)}
    more |= {
        name: changed.pop(name)
        for name in ("sigma_ratio", "reconstruction_frechet")
        if name in changed
    }
    return vae.overall(RESULTS | changed, frame, **more)


def test_a_trial_has_nothing_to_discuss():
    assert [one.key for one in overall(num_steps=50)] == ["prose.trial"]


def test_what_the_model_does_well_is_judged_by_the_noise_floor_and_the_mean_image():
    far = values(overall(), "lesson")
    assert (far["reconstructs"], far["closeness"]) == (True, "far")
    near = values(overall(frechet=6.0), "lesson")
    assert (near["reconstructs"], near["closeness"]) == (True, "equal")
    assert not values(overall(test_mse_01=0.03), "lesson")["reconstructs"]
    assert values(overall(), "lesson")["cause"] == "unknown"
    assert values(overall(reconstruction_frechet=110.0), "lesson")["cause"] == "blur"


def test_sharp_images_are_not_called_blurred():
    sharp = {"sharpness_samples": 2_600.0, "sharpness_reconstructions": 2_700.0}
    assert "vae.blur" not in [one.key for one in overall(**sharp)]


def test_the_next_step_follows_from_the_run():
    assert values(overall(sigma_ratio=4.8), "next_step")["too_much_kl"]
    assert values(overall(sigma_ratio=0.3), "next_step")["too_little_kl"]
    falling = values(overall(curves(300 - 200 * TIME)), "next_step")
    assert falling["still_falls"]
    assert not falling["too_much_kl"]


# -------------------------------------------------------------------------------------- schedule


def told(found, language="en"):
    return text.say_all(found, language=language)


def test_what_a_run_shortens_stands_beside_the_reports_own_schedule():
    course, quick = (make_config("vae", "dcgan", profile=p).to_json() for p in ("course", "quick"))
    assert "31,250 updates" in told(schedule.schedule(quick, course, RESULTS))
    assert "This is the schedule of report E." in told(schedule.schedule(course, course, RESULTS))


def test_networks_that_are_not_the_reports_are_said_to_differ():
    course = make_config("vae", "plain", profile="course").to_json()
    changed = course | {"z_dim": 20, "num_layers": 2}
    (found,) = (
        f for f in schedule.schedule(changed, course, RESULTS) if f.key.endswith("structure")
    )
    assert found.values["changes"] == [("z_dim", 512, 20), ("num_layers", 3, 2)]
    keys = [one.key for one in schedule.schedule(course, course, RESULTS)]
    assert "schedule.structure" not in keys


def test_every_option_of_the_game_has_its_words():
    course = make_config("gan", "dcgan", profile="course").to_json()
    for name, plain in schedule.OPTIONS.items():
        value = "uniform" if plain == "normal" else True if plain is False else plain + 2
        found = schedule.schedule(course | {name: value}, course, RESULTS)
        assert found[-1].values["taken"] == [(name, value)]
        assert all(one.say(language) for one in found for language in text.LANGUAGES)
    assert "options" not in str(schedule.schedule(course, course, RESULTS))


def test_a_trial_is_said_to_be_one():
    smoke = make_config("vae", "dcgan", profile="smoke").to_json()
    found = schedule.schedule(smoke, smoke, RESULTS | {"num_steps": 12})
    assert found[-1].key == "prose.trial"


# -------------------------------------------------------------------------------- both languages


def everything():
    rng = np.random.default_rng(0)
    mu = rng.normal(size=(200, 20)) * np.logspace(0, -1, 20)
    labels = mu[:, 0] > 0
    yield from schedule.schedule(
        make_config("vae", "wide").to_json(),
        make_config("vae", "wide", profile="course", z_dim=20).to_json(),
        RESULTS,
    )
    for problem, recipe in (("gan", "upsample"), ("acgan", "dcgan"), ("infogan", "dcgan")):
        settings = [make_config(problem, recipe, profile=p).to_json() for p in ("quick", "course")]
        yield from schedule.schedule(*settings, RESULTS)
    for kl in (RISING, 100 - 60 * TIME, DIPPING, 50 + 40 * np.sin(3 * TIME), 50 + 0 * TIME):
        yield from vae.curves(curves(kl=kl), RESULTS)
    for train, test in ((FALLING, TURNING), (TURNING, TURNING), (FALLING, FALLING * 1.5)):
        yield from vae.gap(with_test_points(train, test), RESULTS)
    for mse in (0.0045, 0.02, 0.04, 0.05):
        yield from vae.reconstructions(RESULTS | {"test_mse_01": mse}, MEAN_MSE)
    for name, recipe in RECIPES.items():
        problem = recipe.problems["vae"]
        yield text.finding("vae.left_open", recipe=name, letter=recipe.letter)
        for layout in ("hw4", "faces", "mnist"):
            facts = {"letter": recipe.letter, "pixel_range": (0, 1), "layout": layout}
            yield vae.reported_mse(RESULTS, problem.reported.get("test_mse"), **facts)
    for share in (10.0, 50.0, 110.0):
        yield from vae.samples(RESULTS, share)
        yield from overall(reconstruction_frechet=share, sigma_ratio=share / 50)
    for accuracy in (0.99, 0.9, 0.7, 0.62):
        yield from vae.probe(RESULTS | {"linear_probe_accuracy": accuracy}, "Male", mu, labels)
    for scale in (0.0, 1.0, 1.5, 9.0):
        yield from vae.map_split(mu[:, :2] + scale * labels[:, None] * [1, 0], mu[:, 1] > 0)
        yield from vae.map_split(mu[:, 2:4] + scale * labels[:, None] * [1, 0], labels)
    yield from vae.probe({}, None)
    yield from vae.probe({}, "Male")
    for active in (0, 1, 12, 20):
        yield vae.latents(mu.var(0), RESULTS | {"active_units": active})
    yield from vae.latent_factors(mu, pd.DataFrame({"smile": mu[:, 0], "age": labels}), [0, 1])
    yield from vae.latent_factors(mu[:, ::-1] * 1e-3, pd.DataFrame({"smile": labels}), [0])
    for step in (0, 3, 40):
        yield vae.way(
            np.arange(5, dtype=np.uint8)[:, None, None, None]
            * np.full((5, 4, 4, 3), step, np.uint8)
        )
    yield base.too_few(3)
    for layout in ("faces", "hw4", "celeba", "mnist", "folder"):
        images = np.zeros((40, 8, 8, 3), np.uint8)
        part = Part(images, np.eye(40, 3), range(40), None)
        more = {"layout": layout, "attributes": ("Smiling", "Male", "Bangs"), "crop": "hw4"}
        yield from data.introduce(
            SimpleNamespace(train=part, test=part, image_size=8, channels=3, **more)
        )


NUMBER = re.compile(r"\d[\d,.]*\d|\d")
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def test_both_languages_carry_the_same_numbers_each_in_its_own_words():
    for found in everything():
        said = {language: re.sub(r"\[@\w+\]", "", found.say(language)) for language in ("zh", "en")}
        numbers = {language: sorted(NUMBER.findall(words)) for language, words in said.items()}
        # a count of one or two may be a word in one of them
        assert set(numbers["zh"]) ^ set(numbers["en"]) <= {"1", "2", "3"}, found
        assert CHINESE.search(said["zh"])
        assert not CHINESE.search(said["en"]), said["en"]
        assert said["zh"].rstrip("*").endswith("。"), said["zh"]
        assert said["en"].rstrip("*").endswith("."), said["en"]


def test_sentences_are_tidy():
    for found in everything():
        zh, en = found.say("zh"), found.say("en")
        assert not re.search(r"  | [，。；：、]|[，。；：、] |（ | ）", zh), zh
        assert not re.search(r"  | [,.;:]|\( | \)", en), en
        # a Latin letter or a number stands off from Chinese
        assert not re.search(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9%][\u4e00-\u9fff]", zh), zh
