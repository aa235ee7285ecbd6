"""What is found of a KL study: every verdict beside an anchor that is not itself a model."""

import numpy as np
import pytest
from kl_results import ACTIVE, MEAN_ERROR, WEIGHTS, metrics, results

from hwlib import show, text
from hwlib.findings import kl

HALF = 0.3  # of real images' sharpness at half resolution
RNG = np.random.default_rng(0)


def discuss(found=None, inside=0.0):
    given = {"mean_error": MEAN_ERROR, "half": HALF, "z_dim": 20, "course_steps": 40_000}
    said = kl.discussion(found or results(), within={0.0: inside}, **given)
    return {one.key: one.values for one in said}


def noise(shape=(8, 16, 16, 3)):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


LUCKY = metrics(1.0)
LUCKY.loc[55, "neg_elbo_nats"] *= 0.8


@pytest.mark.parametrize(
    ("weight", "frame", "fell", "has_risen"),
    [
        (0.0, metrics(0.0), True, True),
        (1.0, metrics(1.0), True, False),
        (1.0, metrics(1.0).assign(objective=1020.0, neg_elbo_nats=930.0), False, False),
        (1.0, LUCKY, True, False),  # one batch is no turn
    ],
)
def test_an_elbo_that_rises_while_the_objective_falls_is_found(weight, frame, fell, has_risen):
    (one,) = kl.curves({weight: frame}, results())
    assert (one.values["fell"], one.values["lowest"] is not None) == (fell, has_risen)
    assert not has_risen or one.values["lowest"] < one.values["elbo"]


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


@pytest.mark.parametrize(
    ("active", "nats", "error", "flags"),
    [
        (0, 0.0, 1.0, (True, True)),
        (9, 0.5, 0.8, (False, True)),
        (20, 12.0, 0.3, (False, False)),
    ],
)
def test_a_posterior_has_collapsed_where_no_latent_is_active_and_the_mean_image_is_left(
    active, nats, error, flags
):
    own = {"active_units": active, "kl_nats": nats, "test_mse_01": error * MEAN_ERROR}
    found = discuss(results(changed={100.0: own}))["kl.large"]["row"]
    assert (found["is_collapsed"], found["is_nearly"]) == flags
    assert found["saved"] == pytest.approx(1 - error)


def test_weight_zero_says_where_its_codes_lie_beside_the_prior():
    assert discuss()["kl.zero"]["is_outside"]
    assert not discuss(inside=0.97)["kl.zero"]["is_outside"]
    assert "kl.zero" not in discuss(results(WEIGHTS[1:], told=(1.0, 100.0)))
    z = RNG.standard_normal((4_000, 20))
    shares = [kl.share_within_prior(codes) for codes in (z, 0 * z, 3 * z, 0.1 * z + 2)]
    assert shares == pytest.approx([0.99, 1, 0, 0], abs=0.01)


def test_the_table_has_the_anchors_below_the_weights():
    for lang, frame in show.kl_tables(results(), MEAN_ERROR).items():
        heads = text.section("tables", lang)["kl"]
        weights = [text.number(weight, 6) for weight in WEIGHTS]
        assert list(frame[heads["weight"]]) == [*weights, heads["mean_image"], heads["real"]]
        assert list(frame[heads["active"]])[: len(ACTIVE)] == [str(n) for n in ACTIVE]
        assert list(frame[heads["error"]])[-2:] == ["0.056", show.cells.NONE]
        assert list(frame[heads["frechet"]])[-2:] == [show.cells.NONE, "5"]
        assert frame[heads["diversity"]].iloc[0] == "63"
