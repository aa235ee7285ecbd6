"""What is said of an adversarial training: flags follow the numbers, no claim gets a verdict."""

import numpy as np
import pytest
from adversarial_results import TIME, gan_results, metrics
from torch import nn

from hwlib import explore
from hwlib.findings import gan

BROKEN = [{"sign": "d_loss_zero", "step": 900}]
GONE = [{"sign": "diversity_gone", "step": 1_400}]
IS_SCORED = metrics()["snapshot_kid"].notna()


def values(found, key):
    return next((each.values for each in found if each.key == f"gan.{key}"), None)


def keys(found):
    return [each.key.removeprefix("gan.") for each in found]


def accuracy(share, **changes):
    return gan_results(d_accuracy_real=share, d_accuracy_fake=share, **changes)


def scored(column):
    return np.where(IS_SCORED, column, np.nan)


# -------------------------------------------------------------------------------------- the game


@pytest.mark.parametrize(
    ("share", "level"), [(0.5, "guessing"), (0.52, "guessing"), (0.7, "ahead"), (0.97, "won")]
)
def test_how_d_stands_follows_its_accuracy(share, level):
    assert values(gan.game(metrics(), accuracy(share)), "balance")["level"] == level


def test_what_broke_is_told_with_what_became_of_it():
    frame = metrics(snapshot_kid=scored(1 - 0.5 * TIME))
    results = gan_results(collapse=[*BROKEN, *GONE], final_diversity=0.12)
    found = gan.game(frame, results, with_claims=False)
    assert keys(found) == ["balance", "d_loss_zero", "diversity_gone"]
    kids = frame.dropna(subset=["snapshot_kid"]).set_index("step")["snapshot_kid"]
    assert values(found, "d_loss_zero")["then"] == kids[kids.index <= 900].iloc[-1]
    assert values(found, "diversity_gone")["run"]["final_diversity"] == 0.12


# ----------------------------------------------------------------------------------- checkpoints


@pytest.mark.parametrize(
    ("changes", "course"),
    [
        ({"best_step": 2_000, "last_kid": 0.021}, "last"),
        ({"best_step": 1_800}, "even"),
        ({"best_step": 500, "last_kid": 0.09}, "worse"),
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
    results = accuracy(0.99, recall=0.01, best_step=2_000, last_kid=0.021)
    (found,) = gan.next_steps(results, lattice)
    assert found.values["steps"] == ["longer", "lattice", "regularise", "variety"]
    good = gan_results(recall=0.9, coverage=0.95)
    assert gan.next_steps(good, None) == []


# --------------------------------------------------------------------------------------- lattice


def real_images():
    """Return smooth random images, without edges between pixels: uint8 (32, 64, 64, 3)."""
    rng = np.random.default_rng(0)
    waves = np.sin(np.linspace(0, 3, 64) * rng.uniform(1, 4, size=(32, 1)))
    image = waves[:, :, None] * waves[:, None, :]
    noise = rng.normal(size=(32, 64, 64, 3)) * 4
    return np.clip(127 + 80 * image[..., None] + noise, 0, 255).astype(np.uint8)


def with_stripes(images, grey_levels):
    signs = (-1.0) ** np.arange(images.shape[1])
    striped = images + grey_levels * signs[None, :, None, None]
    return np.clip(striped, 0, 255).astype(np.uint8)


TRANSPOSED = nn.Sequential(nn.ConvTranspose2d(3, 3, 4, 2, 1))
RESIZED = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(3, 3, 3, 1, 1))


@pytest.mark.parametrize(("grey_levels", "is_said"), [(0, False), (6, True), (20, True)])
def test_a_lattice_is_said_only_where_the_samples_have_one(grey_levels, is_said):
    real = real_images()
    measured = explore.lattice(TRANSPOSED, with_stripes(real, grey_levels), real)
    found = gan.lattice(measured)
    assert bool(found) == is_said
    if grey_levels:
        assert measured["grey_levels"] == pytest.approx(grey_levels, rel=0.15)


def test_white_noise_has_no_lattice():
    noise = np.random.default_rng(0).integers(256, size=(64, 64, 64, 3), dtype=np.uint8)
    assert gan.lattice(explore.lattice(TRANSPOSED, noise, real_images())) == []


def test_images_of_an_odd_side_have_no_lattice_measured():
    image = np.zeros((4, 15, 15, 1), dtype=np.uint8)
    assert explore.lattice(RESIZED, image, image) is None
    assert gan.lattice(None) == []
