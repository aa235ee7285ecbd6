"""The measurements on inputs whose answer is known."""

import numpy as np
import pytest
import torch

from hwlib import metrics


def gauss(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_sharpness_is_the_variance_of_the_laplacian():
    image = torch.zeros(1, 1, 5, 5)
    image[0, 0, 2, 2] = 1.0
    laplacian = torch.tensor([0, 1, 0, 1, -4, 1, 0, 1, 0.0])  # of the inner 3 x 3
    torch.testing.assert_close(metrics.sharpness(image), laplacian.var(correction=0).view(1))


def test_active_units_counts_the_latents_that_vary():
    mu = torch.zeros(100, 5)
    mu[:, 1] = torch.linspace(-1, 1, 100)  # variance 1/3
    mu[:, 3] = 0.05 * torch.sign(mu[:, 1])  # variance 0.0025: below 0.01
    assert metrics.active_units(mu) == 1


def test_linear_probe_reads_a_linear_attribute_and_not_a_random_one():
    rng = np.random.default_rng(0)
    mu = rng.normal(size=(2_000, 6))
    linear, random = (mu[:, 2] > 0).astype(int), rng.integers(0, 2, 2_000)
    for labels, low, high in ((linear, 0.95, 1.0), (random, 0.4, 0.6)):
        parts = mu[:1_000], labels[:1_000], mu[1_000:], labels[1_000:]
        assert low <= metrics.linear_probe_accuracy(*parts) <= high


def test_colourfulness_is_spread_and_mean_of_two_opponent_axes():
    image = torch.zeros(1, 3, 1, 2)
    image[0, :, 0, 0] = torch.tensor([200.0, 100.0, 50.0])  # red - green 100, yellow - blue 100
    # The two pixels have (100, 100) and (0, 0): std 50 and mean 50 on either axis.
    expected = np.hypot(50, 50) + 0.3 * np.hypot(50, 50)
    assert metrics.colourfulness(image).item() == pytest.approx(expected)
    assert metrics.colourfulness(image[:, :1].expand(-1, 3, -1, -1)).item() == 0


def test_frechet_distance_of_a_set_to_itself_shifted_or_scaled():
    x = gauss(200, 8)
    assert metrics.frechet_distance(x, x[torch.randperm(200)]) == pytest.approx(0, abs=1e-6)
    assert metrics.frechet_distance(x, x + 3) == pytest.approx(8 * 9, rel=1e-5)
    x = x.double() - x.double().mean(0)
    # tr(S + 4 S - 2 (4 S S)^(1/2)) = tr(S)
    assert metrics.frechet_distance(x, 2 * x) == pytest.approx(x.var(0).sum().item(), rel=1e-5)


def test_kernel_distance_is_the_unbiased_mmd_of_the_cubic_kernel_with_draws_of_its_own():
    x, y = gauss(7, 4), gauss(7, 4, seed=1) + 0.5
    before = torch.get_rng_state()
    found = metrics.kernel_distance(x, y)
    assert torch.equal(before, torch.get_rng_state())

    def kernel(a, b):
        return float((a @ b / 4 + 1) ** 3)

    pairs = [(i, j) for i in range(7) for j in range(7)]
    within = sum(kernel(s[i], s[j]) for s in (x, y) for i, j in pairs if i != j) / (7 * 6)
    across = sum(kernel(x[i], y[j]) for i, j in pairs) / 7**2
    assert found == pytest.approx(within - 2 * across, rel=1e-4)
    drawn = metrics.kernel_distance(gauss(20, 4), gauss(30, 4, seed=1))
    torch.rand(3)  # of the larger set a fixed draw is used
    assert metrics.kernel_distance(gauss(20, 4), gauss(30, 4, seed=1)) == drawn


def test_samples_of_one_of_two_clusters_are_precise_and_recall_half():
    cluster, other = gauss(200, 2), gauss(200, 2, seed=1) + 100
    fake = gauss(200, 2, seed=2)
    found = metrics.neighbour_scores(torch.cat([cluster, other]), fake)
    assert found["precision"] > 0.9
    assert 0.8 < found["density"] < 1.3
    assert 0.4 < found["recall"] <= 0.5
    assert 0.4 < found["coverage"] <= 0.5
    x = gauss(60, 5)  # a set covers itself, and none far away
    for other, covered in ((x.clone(), 1), (x + 100, 0)):
        assert set(metrics.neighbour_scores(x, other).values()) == {covered}


def test_one_outlier_among_the_fakes_lifts_recall_and_not_coverage():
    real, fake = gauss(60, 2), torch.cat([gauss(4, 2) + 50, gauss(1, 2) - 500])
    found = metrics.neighbour_scores(real, fake, k=4)
    assert found["recall"] == 1  # every ball reaches the outlier
    assert (found["density"], found["coverage"]) == (0, 0)


def test_diversity_is_the_mean_distance_of_pairs_however_many_rows_are_taken_at_once(monkeypatch):
    x, y = gauss(50, 3), gauss(40, 3, seed=1)
    scores = metrics.neighbour_scores(x, y)
    assert metrics.diversity(x) == pytest.approx(torch.pdist(x).mean().item(), rel=1e-5)
    assert metrics.diversity(x[:1].expand(10, -1)) == pytest.approx(0, abs=1e-6)
    monkeypatch.setattr(metrics, "ROWS_AT_ONCE", 7)
    assert metrics.neighbour_scores(x, y) == scores
    assert metrics.diversity(x) == pytest.approx(torch.pdist(x).mean().item(), rel=1e-5)
