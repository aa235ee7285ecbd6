"""The scores of disentanglement on codes whose answer is known."""

import math

import numpy as np
import pandas as pd
import pytest

from hwlib import disentangle
from hwlib.disentangle import DCI, SCORES, dci, factor_vae_score, mig, sap, scores

SIZES = (4, 5, 6)  # of three factors, every combination of which is there equally often
GRID = np.stack(np.meshgrid(*map(np.arange, SIZES), indexing="ij"), -1).reshape(-1, 3)
FACTORS = np.tile(GRID, (10, 1))  # 1,200 rows
RANDOM = np.random.default_rng(0).normal(size=(len(FACTORS), 6))


def quantities(num=1_500, count=4, seed=1):
    return np.random.default_rng(seed).uniform(size=(num, count))


VALUES = quantities()


def gap(codes, factors):
    """Return the mean of the factors' gaps."""
    return np.mean(list(mig(codes, factors).values()))


def split_dci(codes, factors):
    """Return the scores with every fourth image held out."""
    is_kept = np.arange(len(codes)) % 4 == 3
    return dci(codes[~is_kept], factors[~is_kept], (codes[is_kept], factors[is_kept]))


# Each factor in a latent of its own, in whatever order, scale, sign and place.
PERFECT = {
    "out of order, scaled, turned round, shifted": FACTORS[:, [2, 0, 1]] * [-3.0, 0.01, 100] + 7,
    "categorical": FACTORS,
    "renamed": np.stack([np.array([3, 1, 0, 5, 2, 4])[f] for f in FACTORS.T], 1),
    "beside a constant": np.insert(FACTORS.astype(float), 1, 0.5, axis=1),
    "quantities": VALUES,
}


@pytest.mark.parametrize("codes", PERFECT.values(), ids=PERFECT)
def test_a_perfect_code_has_every_score_1(codes):
    factors, of_gap, of_sap, of_dci = FACTORS, 1e-6, 1e-6, 1e-3
    if codes is VALUES:  # the second best latent tells what it shares with the best by chance
        factors, of_gap, of_sap, of_dci = VALUES, 0.01, 0.005, 0.01
    assert gap(codes, factors) == pytest.approx(1, abs=of_gap)
    assert sap(codes, factors) == pytest.approx(1, abs=of_sap)
    assert split_dci(codes, factors) == dict.fromkeys(DCI, pytest.approx(1, abs=of_dci))
    assert factor_vae_score(codes, factors) == 1


def test_a_random_code_has_the_scores_of_chance():
    assert gap(RANDOM, FACTORS) == pytest.approx(0, abs=0.02)
    assert sap(RANDOM, FACTORS) == pytest.approx(0, abs=0.03)
    found = split_dci(RANDOM, FACTORS)
    assert all(found[name] < 0.05 for name in found), found
    # Chance, and what the best of three is above it for each of six latents' votes.
    assert 1 / 3 - 0.05 < factor_vae_score(RANDOM, FACTORS) < 1 / 3 + 0.08


def test_a_factor_in_two_latents_alike_has_no_gap():
    codes = FACTORS[:, [0, 0, 1, 1, 2, 2]].astype(float)
    assert gap(codes, FACTORS) == 0
    assert sap(codes, FACTORS) == 0
    assert mig(codes[:, :5], FACTORS) == {"0": 0.0, "1": 0.0, "2": pytest.approx(1)}
    # Each latent is still in charge of one factor only, and its votes are right.
    assert split_dci(codes, FACTORS)["disentanglement"] == pytest.approx(1)
    assert factor_vae_score(codes, FACTORS) == 1


def test_a_rotation_of_two_factors_takes_their_gaps_and_leaves_the_third():
    factors, codes, half = VALUES, VALUES.copy(), math.sqrt(0.5)
    pair = (factors[:, :2] - factors[:, :2].mean(0)) / factors[:, :2].std(0)
    codes[:, :2] = pair @ np.array([[half, half], [-half, half]])  # by 45 degrees
    gaps = mig(codes, factors)
    assert all(gaps[name] < 0.03 for name in ("0", "1"))
    assert all(gaps[name] == pytest.approx(1, abs=0.01) for name in ("2", "3"))
    assert sap(codes, factors) == pytest.approx(0.5, abs=0.03)
    found = split_dci(codes, factors)
    assert found["informativeness"] > 0.95
    assert found["disentanglement"] < 0.8
    assert found["completeness"] < 0.8
    assert factor_vae_score(codes, factors) < 1


def test_a_latent_with_one_bit_of_four_values_tells_half():
    factor = np.tile(np.arange(4), 200)[:, None]
    # log 2 / log 4, but for Miller's terms, a thousandth here.
    assert gap(factor // 2, factor) == pytest.approx(0.5, abs=1e-3)
    assert gap(np.concatenate([factor // 2, factor % 2], 1), factor) == 0
    # It can name two of four classes: accuracy 1/2, where guessing has 1/4.
    assert sap(factor // 2, factor) == pytest.approx((0.5 - 0.25) / 0.75)


def test_sap_of_a_noisy_line_is_the_squared_correlation_and_of_classes_what_they_explain():
    values = quantities(count=1)
    noisy = values + 0.3 * quantities(count=1, seed=2)
    expected = np.corrcoef(values[:, 0], noisy[:, 0])[0, 1] ** 2
    assert 0.85 < expected < 0.95  # there is noise
    assert sap(noisy, values) == pytest.approx(expected)
    y = np.array([0.0, 1, 2, 3] * 50)[:, None]
    # Groups {0, 1} and {2, 3}: means 0.5 and 2.5 of variance 1, of 1.25 in all.
    assert sap((y > 1.5).astype(int), y) == pytest.approx(1 / 1.25)


def test_dci_predicts_what_is_held_out_by_the_latents_that_tell_most():
    values = quantities(count=2)
    mixed = np.stack([values[:, 0] + 1e-3 * values[:, 1], np.zeros(len(values))], 1)
    found = split_dci(mixed, values)  # one latent of two factors
    assert found["disentanglement"] < 0.1
    assert found["completeness"] == pytest.approx(1)
    wrong = np.random.default_rng(3).permutation(VALUES)
    assert dci(VALUES, VALUES, (VALUES, wrong))["informativeness"] < 0.05
    values = quantities(600, 2)
    noise = np.random.default_rng(4).normal(size=(600, disentangle.FOREST_LATENTS + 20))
    found = split_dci(np.concatenate([noise, values], 1), values)
    assert found["informativeness"] > 0.95
    assert found["disentanglement"] > 0.8


def test_what_does_not_apply_is_left_out_and_codes_that_do_not_vary_have_nothing():
    assert set(split_dci(RANDOM[:, :1], FACTORS)) == {"informativeness", "disentanglement"}
    assert set(split_dci(RANDOM, FACTORS[:, :1])) == {"informativeness", "completeness"}
    assert set(mig(RANDOM, np.insert(FACTORS, 0, 7, axis=1))) == {"1", "2", "3"}
    codes = np.zeros((len(FACTORS), 3))
    assert (gap(codes, FACTORS), sap(codes, FACTORS)) == (0, 0)
    assert set(split_dci(codes, FACTORS).values()) == {0.0}
    assert factor_vae_score(codes, FACTORS) == pytest.approx(1 / 3)
    # Fewer latents than factors limit it too.
    assert factor_vae_score(FACTORS[:, :1], FACTORS) == pytest.approx(1 / 3, abs=0.06)
    assert factor_vae_score(FACTORS[:, :2], FACTORS) < 0.75


def test_all_scores_stand_beside_chance():
    table = pd.DataFrame(FACTORS, columns=["a", "b", "c"])
    table["quantity"] = quantities(len(table), 1)[:, 0]
    table["text"] = np.array(["x", "y"])[FACTORS[:, 0] // 2]
    table["constant"] = 1.0
    found = scores(FACTORS.astype(float), table, (FACTORS.astype(float), table))
    assert found["factors"] == ["a", "b", "c", "quantity", "text"]
    assert (found["num_latents"], found["num_pictures"]) == (3, 1_200)
    assert list(found["mig_by"]) == found["factors"]
    assert found["mig"] == pytest.approx(np.mean(list(found["mig_by"].values())))
    assert set(found["floor"]) == set(SCORES)
    # FactorVAE looks the same for codes of other pictures only by chance.
    assert all(found["floor"][name] < found[name] for name in SCORES)
    assert found["floor"]["mig"] < 0.02


def test_what_does_not_fit_is_refused():
    held_out = RANDOM, FACTORS
    for codes, factors, message in (
        (RANDOM[:-1], FACTORS, r"must be \(N, Z\)"),
        (RANDOM[:, 0], FACTORS, r"must be \(N, Z\)"),
        (RANDOM[:, :0], FACTORS, r"must be \(N, Z\)"),
        (np.where(RANDOM > 3, np.nan, RANDOM), FACTORS, "finite"),
        (RANDOM, np.ones((len(RANDOM), 2)), "no factor varies"),
    ):
        for score, *more in ((mig,), (sap,), (dci, held_out), (factor_vae_score,)):
            with pytest.raises(ValueError, match=message):
                score(codes, factors, *more)
    with pytest.raises(ValueError, match="make a vote"):
        factor_vae_score(RANDOM[:30], np.arange(30)[:, None])
