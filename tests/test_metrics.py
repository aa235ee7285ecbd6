"""The measurements on inputs whose answer is known."""

import numpy as np
import pytest
import torch

from hwlib.metrics import (
    active_units,
    latent_variances,
    linear_probe_accuracy,
    majority_floor,
    sharpness,
)


def test_a_flat_picture_has_no_sharpness():
    assert sharpness(torch.full((2, 3, 16, 16), 99.0)).tolist() == [0, 0]


def test_sharpness_is_the_variance_of_the_laplacian():
    image = torch.zeros(1, 1, 5, 5)
    image[0, 0, 2, 2] = 1.0
    laplacian = torch.tensor([0, 1, 0, 1, -4, 1, 0, 1, 0.0])  # of the inner 3 x 3
    torch.testing.assert_close(sharpness(image), laplacian.var(correction=0).view(1))


def test_blurring_lowers_sharpness():
    noise = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 255
    blurred = torch.nn.functional.avg_pool2d(noise, 3, 1, 1)
    assert (sharpness(blurred) < sharpness(noise) / 4).all()


def test_sharpness_refuses_other_channels():
    with pytest.raises(ValueError, match="1 or 3"):
        sharpness(torch.zeros(1, 2, 8, 8))


def test_active_units_counts_the_latents_that_vary():
    mu = torch.zeros(100, 5)
    mu[:, 1] = torch.linspace(-1, 1, 100)  # variance 1/3
    mu[:, 3] = 0.05 * torch.sign(mu[:, 1])  # variance 0.0025: below 0.01
    assert active_units(mu) == 1
    torch.testing.assert_close(latent_variances(mu)[3], torch.tensor(0.0025, dtype=torch.double))


def test_linear_probe_reads_a_linear_attribute_and_not_a_random_one():
    rng = np.random.default_rng(0)
    mu = rng.normal(size=(2_000, 6))
    linear, random = (mu[:, 2] > 0).astype(int), rng.integers(0, 2, 2_000)
    for labels, low, high in ((linear, 0.95, 1.0), (random, 0.4, 0.6)):
        score = linear_probe_accuracy(mu[:1_000], labels[:1_000], mu[1_000:], labels[1_000:])
        assert low <= score <= high


def test_majority_floor_is_the_commoner_classes_share():
    assert majority_floor(np.array([1, 0, 0, 0])) == 0.75
    assert majority_floor(np.array([1, 1, 1, 0])) == 0.75
