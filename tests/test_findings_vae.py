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
from hwlib.findings import vae


def values(found, key):
    (one,) = (each.values for each in found if each.key == f"vae.{key}")
    return one


@pytest.mark.parametrize(
    ("recon", "fell", "still_falls"),
    [
        (FALLING, True, False),
        (300 + 10 * TIME, False, False),
        (300 - 200 * TIME, True, True),
    ],
)
def test_a_reconstruction_loss_falls_or_does_not(recon, fell, still_falls):
    found = values(vae.curves(metrics(recon), RESULTS), "recon_course")
    assert (found["fell"], found["still_falls"]) == (fell, still_falls)
    assert found["ends"] == pytest.approx((recon[0], recon[-1]))
    assert recon is not FALLING or found["half"] < 0.15
    next_step = values(overall(metrics(recon)), "next_step")
    assert next_step["still_falls"] == still_falls


@pytest.mark.parametrize(
    ("recon", "kl", "shape", "is_c3_prime"),
    [
        (FALLING, DIPPING, "dip", False),
        (FALLING, 50 + 40 * np.sin(3 * TIME), "peak", False),
        (FALLING, 50 + 0.1 * TIME, "flat", False),
        (FALLING, RISING, "rise", False),
        (FALLING, 100 - 60 * TIME, "fall", False),
        (200 + 90 * TIME, 100 - 60 * TIME, "fall", True),  # what C3' needs: one rises meanwhile
    ],
)
def test_the_course_of_the_kl_term_is_named(recon, kl, shape, is_c3_prime):
    found = values(vae.curves(metrics(recon, kl), RESULTS), "kl_course")
    assert (found["shape"], found["is_c3_prime"]) == (shape, is_c3_prime)


def test_a_handful_of_points_or_steps_is_no_course():
    (few,) = vae.curves(metrics()[:12], RESULTS)
    (trial,) = vae.curves(metrics(), RESULTS | {"num_steps": 12})
    assert (few.key, trial.key) == ("prose.too_few", "prose.trial")


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


def test_the_mean_images_error_is_the_variance_of_the_images():
    images = np.random.default_rng(0).integers(0, 256, (1_500, 4, 4, 3), dtype=np.uint8)
    expected = (images / 255).var(0).mean()
    assert vae.mean_image_mse(images) == pytest.approx(expected, rel=1e-4)
    assert vae.mean_image_mse(np.repeat(images[:1], 5, axis=0)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("layout", "steps", "mse", "low", "flags"),
    [
        ("hw4", 1_200, 0.0197, -1, {"is_like": True, "fits": True, "ratio": 0.0197 / 4 / 0.0045}),
        ("hw4", 1_200, 0.000833, 0, {"is_like": True, "fits": False}),
        # only trained photographs of faces are compared with a report
        ("faces", 1_200, 0.0197, -1, {"is_like": False, "is_drawn": True}),
        ("mnist", 1_200, 0.0197, -1, {"is_like": False, "is_drawn": False}),
        ("celeba", 50, 0.0197, -1, {"is_like": False, "is_drawn": False}),
    ],
)
def test_a_report_of_the_same_order_fits_its_natural_reading(layout, steps, mse, low, flags):
    facts = {"letter": "E", "pixel_range": (low, 1), "layout": layout}
    found = vae.reported_mse(RESULTS | {"num_steps": steps}, mse, **facts).values
    assert {name: found[name] for name in flags} == pytest.approx(flags)


RNG = np.random.default_rng(0)
LABELS = RNG.random(400) < 0.4


ANGLE = RNG.uniform(0, 2 * np.pi, 400)
AROUND = 9 * np.stack([np.cos(ANGLE), np.sin(ANGLE)], 1)  # one group around the other


@pytest.mark.parametrize(
    ("offset", "level"),
    [((0, 0), "mixed"), ((9, 0), "apart"), (AROUND, "apart"), ((1.5, 0), "regions")],
)
def test_what_a_map_shows_is_said_of_the_map_itself(offset, level):
    xy = np.random.default_rng(0).normal(size=(400, 2)) + LABELS[:, None] * offset
    assert values(vae.map_split(xy, LABELS), "map_split")["level"] == level
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
    smile = 2 * mu[:, 0] + 0.1 * rng.normal(size=500)
    factors = pd.DataFrame({"smile": smile, "beard": np.where(mu[:, 1] > 0, "full", "none")})
    shares = vae.factor_shares(mu, factors)
    assert shares.loc[0, "smile"] == pytest.approx(np.corrcoef(mu[:, 0], smile)[0, 1] ** 2)
    assert shares.loc[1, "beard"] == pytest.approx(2 / np.pi, abs=0.05)
    (found,) = vae.latent_factors(mu, factors, [0, 1, 2])
    follows = [(latent, factor) for latent, factor, _ in found.values["follows"]]
    assert follows == [(0, "smile"), (1, "beard")]
    assert found.values["single"] == 1
    assert vae.latent_factors(mu, None, [0]) == []


def path_of(*values):
    """Return a path whose frames' upper and lower halves have these grey values."""
    return np.array(values, np.uint8).repeat(4, axis=1)[..., None, None].repeat(3, axis=-1)


@pytest.mark.parametrize(
    ("path", "flags"),
    [
        (path_of((200, 200), (120, 120), (40, 40)), {"level": "fade", "is_even": True}),
        (path_of((200, 200), (200, 40), (40, 40)), {"level": "features"}),
        (path_of((90, 90), (90, 90), (90, 90)), {"are_alike": True}),
        (path_of(*[(0, 0)] * 6, *[(200, 200)] * 5), {"is_even": False}),  # a jump
    ],
)
def test_a_cross_fade_is_told_from_a_change_of_features(path, flags):
    found = vae.interpolation(path).values
    assert {name: found[name] for name in flags} == flags


FORM = objectives.common_form("dcgan")
BEST = np.sqrt(RESULTS["recon_nats"] / FORM.num_values) / 2  # sigma, pixels in [0, 1]


def overall(frame, *, sigma_ratio=1.0):
    times = (sigma_ratio * BEST / FORM.sigma_01) ** 2
    objective = objectives.common_form("dcgan", kl_weight=times * FORM.kl_weight)
    about = {"mean_mse": MEAN_MSE, "variances": np.logspace(0.5, -1.5, 100)}
    return vae.overall(RESULTS, frame, objective=objective, **about)


@pytest.mark.parametrize(("sigma_ratio", "kl"), [(4.8, "high"), (0.3, "low"), (1.0, "fits")])
def test_the_next_step_follows_from_the_weight_of_the_kl_term(sigma_ratio, kl):
    assert values(overall(metrics(), sigma_ratio=sigma_ratio), "next_step")["kl"] == kl
