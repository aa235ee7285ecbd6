"""What is said of an adversarial training: flags follow the numbers, no claim gets a verdict."""

import numpy as np
import pytest
from adversarial_results import gan_results, metrics
from torch import nn

from hwlib import explore
from hwlib.findings import gan


@pytest.mark.parametrize(
    ("changes", "course"),
    [
        ({"best_step": 2_000, "last_kid": 0.021}, "last"),
        ({"best_step": 1_800}, "even"),
        ({"best_step": 500, "last_kid": 0.028}, "worse"),  # a small part of the gain, yet +33 %
        ({"best_step": 2_000, "num_steps": 12}, "trial"),
    ],
)
def test_longer_training_is_suggested_only_where_the_last_checkpoint_is_the_best(changes, course):
    results = gan_results(**changes)
    (found,) = gan.checkpoint(metrics(), results)
    assert found.values["course"] == course
    steps = [each.values["steps"] for each in gan.next_steps(results, None)]
    assert any("longer" in each for each in steps) == (course == "last")


def test_what_to_try_next_follows_what_was_found():
    lattice = {"peak": 7.0, "peak_real": 1.0, "grey_levels": 5.0, "is_transposed": True}
    won = gan_results(d_accuracy_real=0.99, d_accuracy_fake=0.99, recall=0.01, best_step=2_000)
    (found,) = gan.next_steps(won, lattice)
    assert found.values["steps"] == ["longer", "lattice", "regularise", "variety"]
    assert gan.next_steps(gan_results(recall=0.9, coverage=0.95), None) == []


def real_images():
    """Return smooth random images, without edges between pixels: uint8 (32, 64, 64, 3)."""
    rng = np.random.default_rng(0)
    waves = np.sin(np.linspace(0, 3, 64) * rng.uniform(1, 4, size=(32, 1)))
    image = waves[:, :, None] * waves[:, None, :]
    noise = rng.normal(size=(32, 64, 64, 3)) * 4
    return np.clip(127 + 80 * image[..., None] + noise, 0, 255).astype(np.uint8)


TRANSPOSED = nn.Sequential(nn.ConvTranspose2d(3, 3, 4, 2, 1))


@pytest.mark.parametrize(("grey_levels", "is_said"), [(0, False), (6, True), (20, True)])
def test_a_lattice_is_said_only_where_the_samples_have_one(grey_levels, is_said):
    real = real_images()
    stripes = grey_levels * (-1.0) ** np.arange(64)[:, None, None]
    striped = np.clip(real + stripes, 0, 255).astype(np.uint8)
    measured = explore.lattice(TRANSPOSED, striped, real)
    assert bool(gan.lattice(measured)) == is_said
    if grey_levels:
        assert measured["grey_levels"] == pytest.approx(grey_levels, rel=0.15)


def test_noise_has_no_lattice_and_in_images_of_an_odd_side_none_is_measured():
    noise = np.random.default_rng(0).integers(256, size=(64, 64, 64, 3), dtype=np.uint8)
    assert gan.lattice(explore.lattice(TRANSPOSED, noise, real_images())) == []
    image = np.zeros((4, 15, 15, 1), dtype=np.uint8)
    assert explore.lattice(TRANSPOSED, image, image) is None
    assert gan.lattice(None) == []
