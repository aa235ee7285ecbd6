"""What is found of a KL study: every verdict beside an anchor that is not itself a model."""

import numpy as np
import pandas as pd
import pytest
from kl_results import (
    ACTIVE,
    FRECHET,
    MEAN_ERROR,
    MSE,
    REAL,
    TOLD,
    WEIGHTS,
    metrics,
    results,
    with_numbers,
)

from hwlib import show, text
from hwlib.findings import kl

HALF = 0.3  # of real images' sharpness at half resolution
WITHIN = {1.0: 0.99, 100.0: 1.0, 0.0: 0.0}
RNG = np.random.default_rng(0)


def discuss(found=None, within=WITHIN, **other):
    given = {"mean_error": MEAN_ERROR, "half": HALF, "within": within, "z_dim": 20}
    given |= {"course_steps": 40_000}
    return {one.key: one.values for one in kl.discussion(found or results(), **given | other)}


def keys(found):
    return [one.key for one in found]


def noise(shape=(8, 16, 16, 3)):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


# ------------------------------------------------------------------------------ learning curves


def course(frame, weight=1.0):
    (one,) = kl.curves({weight: frame}, results())
    return one.values


def test_an_elbo_that_rises_while_the_objective_falls_is_found():
    found = course(metrics(0.0), 0.0)
    assert found["fell"]
    assert found["lowest"] < found["elbo"]
    assert course(metrics(1.0))["lowest"] is None


def test_an_objective_that_does_not_fall_is_found():
    assert not course(metrics(1.0).assign(objective=1020.0, neg_elbo_nats=930.0))["fell"]


def test_one_lucky_batch_is_no_turn_of_the_elbo():
    frame = metrics(1.0)
    frame.loc[55, "neg_elbo_nats"] *= 0.8
    assert course(frame)["lowest"] is None


def test_the_lowest_elbo_is_that_of_the_test_set_among_the_weights_shown():
    curves = {weight: metrics(weight) for weight in TOLD}
    found = kl.curves(curves, results())[-1]
    assert (found.key, found.values["weight"]) == ("kl.lowest_elbo", 1.0)
    assert found.values["count"] == len(TOLD)
    other = results(changed={100.0: {"neg_elbo_nats": 100.0}})
    assert kl.curves(curves, other)[-1].values["weight"] == 100.0


# ------------------------------------------------------------------------------ reconstructions


def test_reconstructions_stand_beside_the_mean_image_of_what_is_shown():
    originals = noise()
    mean = np.broadcast_to(originals.mean(0).round().astype(np.uint8), originals.shape)
    frames = {
        1.0: np.stack([mean, mean, originals]),
        100.0: np.stack([mean, mean, mean]),
        0.0: np.stack([originals, originals, 255 - originals]),
    }
    found = kl.growth(originals, frames, [1, 2, 3], originals).values
    assert found["rows"][0]["last"] == 0
    assert found["no_better"] == [100.0, 0.0]
    assert found["error"] == pytest.approx((originals / 255).var(0).mean())
    assert found["same"] == [100.0]
    assert found["rows"][0]["spread"] == pytest.approx(1)


# -------------------------------------------------------------------------------------- samples


def test_samples_are_shares_of_real_images_and_multiples_of_the_noise_floor():
    (found,) = kl.samples(results(), HALF)
    one = found.values["rows"][0]
    assert one["sharpness"] == pytest.approx(75 / 2_700)
    assert one["diversity"] == pytest.approx(7.5 / 19)
    assert one["floors"] == pytest.approx(370 / 5)
    assert found.values["alike"] == [100.0]
    assert found.values["best"]["is_blurred"]
    assert found.values["best"]["is_far"]


def test_a_perfect_generator_is_neither_blurred_nor_far():
    perfect = {"sharpness_samples": 2_690.0, "diversity_samples": 19.0, "frechet": 5.2}
    found = results(changed={1.0: perfect})
    assert "kl.blurred" not in discuss(found)
    samples = kl.samples(found, HALF)[0].values["best"]
    assert not samples["is_blurred"]
    assert not samples["is_far"]
    assert kl.sweep(found, MEAN_ERROR)[0].values["best"]["floors"] == pytest.approx(5.2 / 5)


# -------------------------------------------------------------------------------- interpolation


def test_a_cross_fade_is_told_from_a_change_of_shape():
    a, b = noise((2, 16, 16, 3))
    shares = np.linspace(0, 1, 9)[:, None, None, None]
    fade = ((1 - shares) * a + shares * b).astype(np.uint8)
    turn = np.stack([np.roll(a, i, 0) for i in range(9)])
    flat = np.broadcast_to(a, fade.shape)
    found = kl.interpolation({1.0: fade, 0.0: turn, 100.0: flat}, np.stack([a, b])).values
    assert found["same"] == [100.0]
    assert [row["weight"] for row in found["moved"]] == [1.0, 0.0]
    assert found["fades"] == [1.0]


def test_the_pair_that_differs_most_is_taken():
    images = np.zeros((8, 4, 4, 3), np.uint8)
    images[5] = 200
    assert kl.widest_pair(images, 4) == 2


# ------------------------------------------------------------------------ numbers over the weight


@pytest.mark.parametrize(
    ("values", "weight"),
    [(FRECHET, 3.0), (sorted(FRECHET), 0.0), (sorted(FRECHET, reverse=True), 100.0)],
)
def test_the_nearest_samples_are_found_beside_the_noise_floor(values, weight):
    (found,) = kl.sweep(with_numbers("frechet", values), MEAN_ERROR)
    assert found.values["best"]["kl_weight"] == weight
    assert found.values["best"]["floors"] == pytest.approx(min(FRECHET) / 5)


# ----------------------------------------------------------------------------------- discussion


def test_a_posterior_has_collapsed_where_no_latent_is_active_and_the_mean_image_is_left():
    assert discuss()["kl.large"]["row"]["is_collapsed"]
    alive = {"active_units": 9, "kl_nats": 0.5, "test_mse_01": 0.8 * MEAN_ERROR}
    found = discuss(results(changed={100.0: alive}))["kl.large"]["row"]
    assert not found["is_collapsed"]
    assert found["is_nearly"]
    assert found["saved"] == pytest.approx(0.2)
    coded = {"active_units": 20, "kl_nats": 12.0, "test_mse_01": 0.3 * MEAN_ERROR}
    found = discuss(results(changed={100.0: coded}))["kl.large"]["row"]
    assert not found["is_collapsed"]
    assert not found["is_nearly"]


def test_weight_zero_says_where_its_codes_lie_beside_the_prior():
    assert discuss()["kl.zero"]["is_outside"]
    assert not discuss(within={0.0: 0.97})["kl.zero"]["is_outside"]
    assert "kl.zero" not in discuss(results(WEIGHTS[1:], told=(1.0, 100.0)))


def test_fewer_codes_lie_within_the_prior_the_further_they_are_from_it():
    z = RNG.standard_normal((4_000, 20))
    assert kl.share_within_prior(z) == pytest.approx(0.99, abs=0.01)
    assert kl.share_within_prior(0 * z) == 1
    assert kl.share_within_prior(3 * z) < 0.01
    assert kl.share_within_prior(0.1 * z + 2) < 0.01


@pytest.mark.parametrize(
    ("mse", "frechet", "flags"),
    [
        (MSE, FRECHET, (False, False)),  # 3 against 0.001, a fifth more error
        (MSE, sorted(FRECHET), (False, True)),  # 0 against 0.001, as good
        (sorted(MSE), sorted(FRECHET), (True, True)),
    ],
)
def test_reconstructions_and_samples_may_ask_for_different_weights(mse, frechet, flags):
    far = {
        w: {"test_mse_01": a, "frechet": b} for w, a, b in zip(WEIGHTS, mse, frechet, strict=True)
    }
    assert "kl.balance" not in discuss(results(changed=far))  # the nearest of bad ones is no merit
    scale = 5 * results()["frechet_real"] / min(FRECHET)
    near = {
        w: one | {"frechet": scale * one["frechet"], "sharpness_samples": REAL["sharpness_real"]}
        for w, one in far.items()
    }
    found = discuss(results(changed=near))["kl.balance"]
    is_one = found["near"]["kl_weight"] == found["sharp"]["kl_weight"]
    assert (is_one, found["is_equal"]) == flags


def test_blur_is_measured_beside_real_images_at_half_resolution():
    sharp = {100.0: {"sharpness_reconstructions": 900.0, "sharpness_samples": 10.0}}
    for found, is_blurred in ((results(), True), (results(changed=sharp), False)):
        said = text.sentence("kl.large", "en", **discuss(found)["kl.large"])
        assert ("are blurred" in said) == is_blurred


# ---------------------------------------------------------------------------------- the table


def test_the_table_has_the_anchors_below_the_weights():
    for lang, frame in show.kl_tables(results(), MEAN_ERROR).items():
        heads = text.section("tables", lang)["kl"]
        assert isinstance(frame, pd.DataFrame)
        assert list(frame[heads["weight"]]) == [
            *(text.number(weight, 6) for weight in WEIGHTS),
            heads["mean_image"],
            heads["real"],
        ]
        assert list(frame[heads["active"]])[: len(ACTIVE)] == [str(n) for n in ACTIVE]
        assert list(frame[heads["error"]])[-2:] == ["0.056", show.cells.NONE]
        assert list(frame[heads["frechet"]])[-2:] == [show.cells.NONE, "5"]
        assert frame[heads["diversity"]].iloc[0] == "63"
