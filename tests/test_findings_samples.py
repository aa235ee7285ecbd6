"""What is said of samples: each word follows its anchor, real images measured in the same way."""

import numpy as np
import pytest
from adversarial_results import gan_results, infogan_results, vae_results

from hwlib import explore
from hwlib.findings import samples
from hwlib.training.quality import closest_pair, thumbnails

FAR = {"frechet": 56.0, "frechet_real": 2.0}  # 28 times the noise floor
CALIBRATED = {"low": 18.0, "high": 27.0, "count": 32, "draws": 1_000}


def one(found):
    (only,) = found
    return only.values


# --------------------------------------------------------------------------- how far from real


@pytest.mark.parametrize(
    ("ratio", "closeness"),
    [(0.9, "equal"), (1.4, "equal"), (2.5, "close"), (6, "apart"), (10.5, "far"), (28, "far")],
)
def test_the_distance_is_named_by_multiples_of_the_noise_floor(ratio, closeness):
    results = gan_results(frechet=2.0 * ratio, frechet_real=2.0)
    found = samples.describe(results)
    assert found["closeness"] == closeness
    assert found["ratio"] == pytest.approx(ratio)


@pytest.mark.parametrize(
    ("recall", "coverage", "covered"),
    [
        (0.90, 0.95, "full"),
        (0.55, 0.90, "part"),
        (0.90, 0.30, "few"),
        (0.002, 0.15, "none"),  # a dense cluster
        (0.80, 0.0, "none"),  # noise: wide apart, near nothing
    ],
)
def test_variety_is_the_weaker_of_recall_and_coverage(recall, coverage, covered):
    found = samples.describe(gan_results(recall=recall, coverage=coverage))
    assert found["covered"] == covered


@pytest.mark.parametrize(
    ("changes", "precise"),
    [
        ({"precision": 0.9, "frechet": 2.1, "recall": 0.9, "coverage": 0.95}, "real"),
        ({"precision": 0.99, "recall": 0.0, "coverage": 0.001} | FAR, "misleading"),  # fog
        ({"precision": 0.85, "recall": 0.002, "coverage": 0.15, "frechet": 4.0}, "misleading"),
        ({"precision": 0.9} | FAR, "misleading"),
        ({"precision": 0.1} | FAR, "low"),
    ],
)
def test_precision_is_no_praise_where_samples_are_far_or_all_alike(changes, precise):
    assert samples.describe(gan_results(**changes))["precise"] == precise


# ----------------------------------------------------------------------------------------- looks


@pytest.mark.parametrize(
    ("name", "share", "level"),
    [
        ("sharpness", 0.001, "blank"),
        ("sharpness", 0.2, "blurred"),
        ("sharpness", 1.2, "real"),
        ("sharpness", 4.3, "noisy"),
        ("diversity", 0.09, "collapsed"),
        ("diversity", 0.57, "less"),
        ("diversity", 0.95, "real"),
        ("diversity", 1.5, "more"),
        ("colourfulness", 0.7, "less"),
        ("colourfulness", 1.05, "real"),
        ("colourfulness", 1.5, "more"),
    ],
)
def test_looks_are_named_beside_real_images(name, share, level):
    results = gan_results()
    results[f"{name}_samples"] = share * results[f"{name}_real"]
    assert samples.describe(results)["looks"][name] == level


# ---------------------------------------------------------------------------- alike, and copied


@pytest.mark.parametrize(
    ("distance", "level"), [(1.0, "same"), (14.0, "more"), (22.0, "real"), (40.0, "less")]
)
def test_the_closest_pair_is_held_against_draws_of_real_images(distance, level):
    assert one(samples.closest_pair({"distance": distance, **CALIBRATED}))["level"] == level


@pytest.mark.parametrize(
    ("changes", "level", "look"),
    [
        ({"near_copies": 0.01}, "none", "real"),
        ({"near_copies": 0.03}, "some", "real"),
        ({"near_copies": 0.2}, "many", "real"),
        ({"near_copies": 0.01, "nearest_ratio": 0.4}, "many", "real"),
        ({"near_copies": 0.3, "sharpness_samples": 20.0}, "many", "blank"),  # fog is near to many
    ],
)
def test_near_copies_stand_beside_what_unseen_images_give(changes, level, look):
    values = one(samples.copies(gan_results(**changes)))
    assert (values["level"], values["run"]["looks"]["sharpness"]) == (level, look)
    assert values["expected"] == 0.01


# ------------------------------------------------------------------------------ measured anew


def images(count, seed=0):
    """Return smooth random images: noise of 8 x 8, enlarged."""
    rng = np.random.default_rng(seed)
    small = rng.integers(256, size=(count, 8, 8, 3), dtype=np.uint8)
    return small.repeat(8, axis=1).repeat(8, axis=2)


def test_the_closest_pair_is_the_one_that_the_results_have():
    shown, real = images(32), images(200, seed=1)
    pairs = explore.closest_pairs(shown, real, draws=50)
    scale = 255 / np.sqrt(16 * 16 * 3)
    assert pairs["distance"] == pytest.approx(float(closest_pair(thumbnails(shown))) * scale)
    assert pairs["low"] <= pairs["high"]
    assert one(samples.closest_pair(pairs))["level"] in ("real", "more", "less")


def test_two_equal_samples_are_found():
    shown = images(32)
    shown[7] = shown[3]
    pairs = explore.closest_pairs(shown, images(200, seed=1), draws=50)
    # squares of rounded numbers are subtracted, so equal images are nearly at no distance
    assert one(samples.closest_pair(pairs))["level"] == "same"


def test_too_few_real_images_calibrate_nothing():
    assert explore.closest_pairs(images(32), images(64, seed=1)) is None
    assert explore.closest_pairs(images(1), images(64, seed=1)) is None
    assert samples.closest_pair(None) == []


# ----------------------------------------------------------------------------------- two models


def by_key(found):
    return {each.key.removeprefix("samples.gan_vae_"): each.values for each in found}


def test_gan_and_vae_are_compared_by_distance_sharpness_variety_and_colour():
    found = by_key(samples.gan_vae(gan_results(), vae_results()))
    larger = {name: values["larger"] for name, values in found.items()}
    own = {"sharpness": "gan", "recall": "gan", "colourfulness": "gan"}
    assert larger == {"ratio": "vae", **own}


def test_the_larger_number_wins_nothing_within_the_margin():
    found = by_key(samples.gan_vae(gan_results(), gan_results()))
    assert {values["larger"] for values in found.values()} == {"both"}


def test_noise_is_not_called_the_sharper_one():
    found = samples.gan_vae(gan_results(sharpness_samples=9_000.0, **FAR), vae_results())
    assert "What exceeds 100 % is noise" in " ".join(one.say("en") for one in found)


# --------------------------------------------------------------------------------- one face

RNG = np.random.default_rng(0)


def noise(*shape):
    """Return images whose edges have nothing in common."""
    return RNG.integers(60, 180, (*shape, 16, 16, 3)).astype(np.uint8)


REAL = noise(80)


def tinted(images):
    """Return images, each with a colour of its own added."""
    tints = RNG.integers(-40, 40, (*images.shape[:-3], 1, 1, 3))
    return np.clip(images.astype(int) + tints, 0, 255).astype(np.uint8)


def layout(sameness):
    """Return ten z by ten values: faces that share `sameness` of their edges, each tinted."""
    one, others = noise(1, 1).astype(float), noise(10, 1).astype(float)
    return tinted(np.repeat(sameness * one + (1 - sameness) * others, 10, axis=1))


def found_of(rows, results=None):
    results = infogan_results() if results is None else results
    return samples.faces(results, rows.swapaxes(0, 1), REAL)


def test_edges_of_one_image_correlate_by_one_however_it_is_tinted():
    images = tinted(np.repeat(noise(1), 8, axis=0))
    assert samples.edge_correlation(images) == pytest.approx(1.0, abs=0.02)


def test_edges_of_unlike_images_do_not_correlate():
    assert samples.edge_correlation(REAL) == pytest.approx(0.0, abs=0.02)


def test_a_lattice_of_single_pixels_does_not_make_images_alike():
    lattice = np.indices((16, 16)).sum(0)[np.newaxis, ..., np.newaxis] % 2 * 60
    images = np.clip(REAL.astype(int) + lattice, 0, 255).astype(np.uint8)
    assert samples.edge_correlation(images) < 0.05


def test_one_face_in_ten_tints_is_said_to_be_one():
    (found,) = found_of(layout(0.95))
    assert found.values["is_one_face"]


def test_faces_that_differ_as_real_ones_do_are_not_called_alike():
    assert found_of(layout(0.0)) == []
