"""What is said of samples: each word follows its anchor, real images measured in the same way."""

import numpy as np
import pytest
from adversarial_results import gan_results, infogan_results, vae_results

from hwlib import explore
from hwlib.findings import samples
from hwlib.training.quality import closest_pair, thumbnails

FAR = {"frechet": 56.0}  # 28 times the noise floor
GOOD = {"frechet": 2.1, "recall": 0.9, "coverage": 0.95}
SHARP, VARIED = 2_100.0, 14.0  # real images' sharpness and diversity, as `gan_results` has them


@pytest.mark.parametrize(
    ("changes", "name", "level"),
    [
        # how far, in multiples of the noise floor
        ({"frechet": 2.8}, "closeness", "equal"),
        ({"frechet": 21.0}, "closeness", "far"),
        # how varied, by the weaker of recall and coverage
        ({"recall": 0.90, "coverage": 0.95}, "covered", "full"),
        ({"recall": 0.55, "coverage": 0.90}, "covered", "part"),
        ({"recall": 0.90, "coverage": 0.30}, "covered", "few"),
        ({"recall": 0.002, "coverage": 0.15}, "covered", "none"),  # a dense cluster
        ({"recall": 0.80, "coverage": 0.0}, "covered", "none"),  # noise: wide apart, near nothing
        # precision is no praise where samples are far or all alike
        ({"precision": 0.9} | GOOD, "precise", "real"),
        ({"precision": 0.99, "recall": 0.0, "coverage": 0.001} | FAR, "precise", "misleading"),
        ({"precision": 0.85} | GOOD | {"recall": 0.002}, "precise", "misleading"),
        ({"precision": 0.9} | GOOD | FAR, "precise", "misleading"),
        ({"precision": 0.1} | FAR, "precise", "low"),
        # looks, beside real images
        ({"sharpness_samples": 0.001 * SHARP}, "sharpness", "blank"),
        ({"sharpness_samples": 1.2 * SHARP}, "sharpness", "real"),
        ({"sharpness_samples": 4.3 * SHARP}, "sharpness", "noisy"),
        ({"diversity_samples": 0.09 * VARIED}, "diversity", "collapsed"),
        ({"diversity_samples": 0.95 * VARIED}, "diversity", "real"),
        ({"sharpness_reconstructions": 0.2 * SHARP}, "reconstructions", "blurred"),
    ],
)
def test_each_word_follows_its_anchor(changes, name, level):
    found = samples.describe(gan_results(**changes))
    assert (found | found["looks"])[name] == level


@pytest.mark.parametrize(
    ("changes", "level", "look"),
    [
        ({"near_copies": 0.01}, "none", "real"),
        ({"near_copies": 0.2}, "many", "real"),
        ({"near_copies": 0.01, "nearest_ratio": 0.4}, "many", "real"),
        ({"near_copies": 0.3, "sharpness_samples": 20.0}, "many", "blank"),  # fog is near to many
    ],
)
def test_near_copies_stand_beside_what_unseen_images_give(changes, level, look):
    (found,) = samples.copies(gan_results(**changes))
    assert (found.values["level"], found.values["run"]["looks"]["sharpness"]) == (level, look)
    assert found.values["expected"] == 0.01


def images(count, seed=0):
    """Return smooth random images: noise of 8 x 8, enlarged."""
    rng = np.random.default_rng(seed)
    small = rng.integers(256, size=(count, 8, 8, 3), dtype=np.uint8)
    return small.repeat(8, axis=1).repeat(8, axis=2)


def level_of(pairs):
    (found,) = samples.closest_pair(pairs)
    return found.values["level"]


def test_the_closest_pair_is_the_one_that_the_results_have_and_equal_samples_are_found():
    shown, real = images(32), images(200, seed=1)
    pairs = explore.closest_pairs(shown, real, draws=50)
    scale = 255 / np.sqrt(16 * 16 * 3)
    assert pairs["distance"] == pytest.approx(float(closest_pair(thumbnails(shown))) * scale)
    assert pairs["low"] <= pairs["high"]
    assert level_of(pairs) != "same"
    shown[7] = shown[3]
    # squares of rounded numbers are subtracted, so equal images are nearly at no distance
    assert level_of(explore.closest_pairs(shown, real, draws=50)) == "same"


def test_too_few_images_calibrate_nothing():
    assert explore.closest_pairs(images(32), images(64, seed=1)) is None
    assert explore.closest_pairs(images(1), images(64, seed=1)) is None
    assert samples.closest_pair(None) == []


def test_gan_and_vae_are_compared_and_the_larger_number_wins_nothing_within_the_margin():
    def larger(*runs):
        found = samples.gan_vae(*runs)
        return {each.key.rpartition("_")[2]: each.values["larger"] for each in found}

    own = {"sharpness": "gan", "recall": "gan", "colourfulness": "gan"}
    assert larger(gan_results(), vae_results()) == {"ratio": "vae", **own}
    assert set(larger(gan_results(), gan_results()).values()) == {"both"}


RNG = np.random.default_rng(0)


def noise(*shape):
    """Return images whose edges have nothing in common."""
    return RNG.integers(60, 180, (*shape, 16, 16, 3)).astype(np.uint8)


REAL = noise(80)
LATTICE = np.indices((16, 16)).sum(0)[..., np.newaxis] % 2 * 60  # of single pixels


def tinted(images):
    """Return images, each with a colour of its own added."""
    tints = RNG.integers(-40, 40, (*images.shape[:-3], 1, 1, 3))
    return np.clip(images.astype(int) + tints, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("images", "correlation"),
    [
        (tinted(np.repeat(noise(1), 8, axis=0)), 1.0),
        (REAL, 0.0),
        (np.clip(REAL + LATTICE, 0, 255).astype(np.uint8), 0.0),
    ],
)
def test_edges_correlate_in_one_image_however_it_is_tinted(images, correlation):
    assert samples.edge_correlation(images) == pytest.approx(correlation, abs=0.05)


@pytest.mark.parametrize(("sameness", "said"), [(0.95, [True]), (0.0, [])])
def test_one_face_in_ten_tints_is_said_to_be_one_and_faces_that_differ_are_not(sameness, said):
    mixed = sameness * noise(1, 1) + (1 - sameness) * noise(10, 1)
    rows = tinted(np.repeat(mixed, 10, axis=1))  # ten z by ten values
    found = samples.faces(infogan_results(), rows.swapaxes(0, 1), REAL)
    assert [one.values["is_one_face"] for one in found] == said
