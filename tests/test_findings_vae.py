"""What is said of a VAE: flags follow the numbers, each beside an absolute anchor."""

import numpy as np
import pandas as pd
import pytest
from vae_results import (
    DIPPING,
    FALLING,
    MEAN_MSE,
    RESULTS,
    RISING,
    TIME,
    TURNING,
    metrics,
    with_test_points,
)

from hwlib import objectives
from hwlib.findings import setup, vae
from hwlib.recipes import make_config


def values(found, key):
    (one,) = (each.values for each in found if each.key == f"vae.{key}")
    return one


# ---------------------------------------------------------------------------------------- curves


def test_a_reconstruction_loss_falls_or_does_not():
    found = values(vae.curves(metrics(), RESULTS), "recon_course")
    assert found["fell"]
    assert found["ends"] == pytest.approx((1_000, 200), rel=0.01)
    assert found["half"] < 0.15
    assert not found["still_falls"]
    assert not values(vae.curves(metrics(300 + 10 * TIME), RESULTS), "recon_course")["fell"]
    assert values(vae.curves(metrics(300 - 200 * TIME), RESULTS), "recon_course")["still_falls"]


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
    assert values(vae.curves(metrics(kl=kl), RESULTS), "kl_course")["shape"] == shape


def test_c3_prime_needs_a_reconstruction_loss_that_rises_meanwhile():
    kl = 100 - 60 * TIME
    assert values(vae.curves(metrics(200 + 90 * TIME, kl), RESULTS), "kl_course")["is_c3_prime"]
    assert not values(vae.curves(metrics(kl=kl), RESULTS), "kl_course")["is_c3_prime"]


def test_a_handful_of_points_or_steps_is_no_course():
    assert [one.key for one in vae.curves(metrics()[:12], RESULTS)] == ["prose.too_few"]
    assert [one.key for one in vae.curves(metrics(), RESULTS | {"num_steps": 12})] == [
        "prose.trial"
    ]


@pytest.mark.parametrize(
    ("train", "test", "at_end", "kind"),
    [
        (FALLING, TURNING, 250.0, "overfit"),
        (TURNING, TURNING, 444.0, "none"),  # training minimises another balance of the two terms
        (FALLING, FALLING * 1.2, 240.0, "gap"),
        (FALLING, FALLING * 1.01, 202.0, "none"),
    ],
)
def test_overfitting_is_a_test_curve_that_turns_up_alone(train, test, at_end, kind):
    found = vae.gap(with_test_points(train, test), RESULTS | {"neg_elbo_nats": at_end})
    assert values(found, "gap")["kind"] == kind


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
    assert found.values["level"] == level


@pytest.mark.parametrize(
    ("sharpness", "level"), [(900.0, "blurred"), (2_600.0, "real"), (9_000.0, "noisy")]
)
def test_sharpness_is_judged_beside_real_images(sharpness, level):
    results = RESULTS | {"sharpness_reconstructions": sharpness, "sharpness_samples": sharpness}
    looks = vae.reconstructions(results, MEAN_MSE).values["run"]["looks"]
    assert looks["reconstructions"] == looks["sharpness"] == level


def reported(layout="hw4", mse=0.0197, pixel_range=(-1, 1), **changed):
    facts = {"letter": "E", "pixel_range": pixel_range, "layout": layout}
    return vae.reported_mse(RESULTS | changed, mse, **facts).values


def test_a_report_of_the_same_order_fits_its_natural_reading():
    found = reported()
    assert found["is_like"]
    assert found["fits"]
    assert found["ratio"] == pytest.approx(0.0197 / 4 / 0.0045)
    assert not reported(mse=0.000833, pixel_range=(0, 1))["fits"]


@pytest.mark.parametrize(
    ("layout", "steps"),
    [("faces", 1_200), ("mnist", 1_200), ("folder", 1_200), ("celeba", 50), ("faces", 50)],
)
def test_only_trained_photographs_of_faces_are_compared_with_a_report(layout, steps):
    found = reported(layout, num_steps=steps)
    assert not found["is_like"]
    assert found["is_drawn"] == (layout == "faces")


# ---------------------------------------------------------------------------------- latent space


@pytest.mark.parametrize(
    ("distance", "cause"), [(108.0, "blur"), (60.0, "both"), (12.0, "prior"), (None, "unknown")]
)
def test_what_keeps_samples_away_follows_the_reconstructions_share(distance, cause):
    assert vae.samples(RESULTS, distance).values["cause"] == cause


MU = np.random.default_rng(0).normal(size=(200, 5))
LABELS = np.random.default_rng(1).random(200) < 0.4


@pytest.mark.parametrize(
    ("accuracy", "level"), [(0.93, "separated"), (0.72, "partly"), (0.63, "not")]
)
def test_the_probe_is_judged_beside_the_majority_class(accuracy, level):
    results = RESULTS | {"linear_probe_accuracy": accuracy}
    assert vae.probe(results, "Smiling", MU, LABELS).values["level"] == level


@pytest.mark.parametrize(
    ("offset", "level"),
    [(None, "mixed"), ((9.0, 0.0), "apart"), ((0.0, 0.0), "apart"), ((1.5, 0.0), "regions")],
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


def test_only_the_active_latents_are_compared():
    variances = np.concatenate([np.geomspace(2, 0.02, 60), np.full(40, 1e-6)])
    found = vae.latents(variances, RESULTS).values
    assert found["ratio"] == pytest.approx(100)
    assert found["share"] == pytest.approx(variances[:10].sum() / variances.sum())


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
    follows = [(latent, factor) for latent, factor, _ in found.values["follows"]]
    assert follows == [(0, "smile"), (1, "beard")]
    assert found.values["single"] == 1
    assert vae.latent_factors(mu, None, [0]) == []
    assert vae.latent_factors(mu, factors, [2])[0].values["follows"] == []


def path_of(middle):
    """Return three frames of a face that turns dark, with this one between them."""
    ends = np.full((8, 8, 3), 200.0), np.full((8, 8, 3), 40.0)
    return np.stack([ends[0], middle, ends[1]]).astype(np.uint8)


def test_a_cross_fade_is_told_from_a_change_of_features():
    assert vae.interpolation(path_of(np.full((8, 8, 3), 120.0))).values["level"] == "fade"
    halves = np.full((8, 8, 3), 40.0)
    halves[:4] = 200.0
    assert vae.interpolation(path_of(halves)).values["level"] == "features"
    assert vae.interpolation(np.full((3, 8, 8, 3), 90, dtype=np.uint8)).values["are_alike"]


def test_a_path_with_a_jump_is_uneven():
    frames = np.zeros((11, 4, 4, 3), dtype=np.uint8)
    frames[6:] = 200
    assert not vae.interpolation(frames).values["is_even"]
    steps = np.linspace(0, 200, 11).astype(np.uint8)
    assert vae.interpolation(np.tile(steps[:, None, None, None], (1, 4, 4, 3))).values["is_even"]


# ------------------------------------------------------------------------------------ discussion


FORM = objectives.common_form("dcgan")
BEST = np.sqrt(RESULTS["recon_nats"] / FORM.num_values) / 2  # sigma, pixels in [0, 1]


def overall(frame=None, *, sigma_ratio=1.0, **changed):
    frame = metrics() if frame is None else frame
    times = (sigma_ratio * BEST / FORM.sigma_01) ** 2
    objective = objectives.common_form("dcgan", kl_weight=times * FORM.kl_weight)
    about = {"mean_mse": MEAN_MSE, "variances": np.logspace(0.5, -1.5, 100)}
    return vae.overall(RESULTS | changed, frame, objective=objective, **about)


def test_the_next_step_follows_from_the_run():
    assert values(overall(sigma_ratio=4.8), "next_step")["kl"] == "high"
    assert values(overall(sigma_ratio=0.3), "next_step")["kl"] == "low"
    falling = values(overall(metrics(300 - 200 * TIME)), "next_step")
    assert falling["still_falls"]
    assert falling["kl"] == "fits"


# -------------------------------------------------------------------------------------- schedule


def test_what_a_run_shortens_stands_beside_the_reports_own_schedule():
    course, quick = (make_config("vae", "dcgan", profile=p).to_json() for p in ("course", "quick"))
    theirs = [
        next(f for f in setup.schedule(one, course, RESULTS) if f.key == "schedule.report")
        for one in (quick, course)
    ]
    assert theirs[0].values["theirs"]["num_steps"] == 31_250
    assert theirs[1].values["theirs"] == {}
    assert theirs[1].values["changes"] == []
