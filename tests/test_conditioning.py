"""The numbers on labels and codes, on inputs whose answer is known."""

import math

import numpy as np
import pytest
import torch

from hwlib import conditioning

WANTED = np.arange(1_000).reshape(-1, 1) % 2 == 0
CODES = np.arange(2_000) % conditioning.CODE_SIZE
SHAPE = (200, 10, 4, 4, 3)  # noises, values of a code, and an image


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_codes_and_labels_take_each_value_equally_often_and_independently():
    labels = conditioning.draw_labels(20_000, 3, stream())
    assert set(labels.unique().tolist()) == {0.0, 1.0}
    assert abs(labels.mean(0) - 0.5).max() < 0.02
    codes = conditioning.draw_codes(20_000, 2, stream())
    assert torch.equal(codes, conditioning.draw_codes(20_000, 2, stream()))
    assert (codes.shape, codes.dtype) == ((20_000, 2), torch.int64)
    places = codes[:2] + torch.tensor([0, 10])  # in one-hot codes, side by side
    assert conditioning.one_hot(codes[:2]).nonzero()[:, 1].tolist() == places.flatten().tolist()
    counts = conditioning.contingency(*codes.numpy().T)
    assert counts.shape == (10, 10)
    assert abs(counts / 20_000 - 0.01).max() < 0.005


@pytest.mark.parametrize("rate", [0.0, 0.1, 1.0])
def test_a_label_that_is_ignored_scores_one_half_however_common_the_attribute(rate, rng):
    same_in_both = np.repeat(rng.random(500) < rate, 2).reshape(-1, 1)
    assert conditioning.attribute_accuracy(same_in_both, WANTED) == [0.5]
    assert conditioning.flip_rate(same_in_both[0::2], same_in_both[1::2]) == [0.0]


def test_labels_that_are_shown_correlate_and_ignored_ones_do_not(rng):
    correlation = conditioning.label_correlation
    labels = rng.random((2_000, 1)) < 0.15  # a rare attribute: never showing it is 85 % right
    assert correlation(labels, labels) == pytest.approx([1])
    assert correlation(~labels, labels) == pytest.approx([-1])
    assert correlation(np.zeros_like(labels), labels) == [0]
    assert abs(correlation(rng.random((2_000, 1)) < 0.15, labels)[0]) < 0.08
    readings = WANTED ^ (np.arange(1_000) < 100).reshape(-1, 1)  # a tenth is wrong
    expected = 2 * conditioning.attribute_accuracy(readings, WANTED) - 1
    assert correlation(readings, WANTED) == pytest.approx(expected)


def test_each_attribute_counts_by_itself_and_flips_in_the_wanted_direction_alone():
    readings = np.array([[1, 0], [1, 1], [0, 0], [1, 1]], bool)
    labels = np.array([[1, 1], [1, 0], [0, 1], [0, 1]], np.uint8)
    assert conditioning.attribute_accuracy(readings, labels).tolist() == [0.75, 0.25]
    on, off = (np.array(v, bool).reshape(-1, 1) for v in ([1, 1, 0, 0], [0, 1, 0, 1]))
    assert conditioning.flip_rate(on, off) == [0.25]
    # leakage is the signed change of each attribute's rate
    on = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0]], np.uint8)
    off = np.array([[0, 1, 1], [0, 1, 0]], np.uint8)
    assert conditioning.leakage(on, off).tolist() == [1.0, -0.5, -0.5]


def test_each_code_is_measured_by_itself_perfectly_read_or_through_a_known_channel():
    codes = conditioning.draw_codes(1_000, 2, stream())
    logits = 200.0 * conditioning.one_hot(codes).unflatten(1, (2, 10))
    assert conditioning.code_accuracy(logits, codes).tolist() == [1.0, 1.0]
    logits[:, 1] = 0
    found = conditioning.code_information(logits, codes).tolist()
    assert found == pytest.approx([math.log(10), 0])
    # A code is read rightly with probability 0.91, else as any other value; Q knows it.
    codes = conditioning.draw_codes(200_000, 1, stream())
    wrong = torch.rand(len(codes), 1, generator=stream(1)) > 0.91
    shift = torch.randint(1, 10, codes.shape, generator=stream(2))
    seen = torch.where(wrong, (codes + shift) % 10, codes)
    logits = (conditioning.one_hot(seen).unflatten(1, (1, 10)) * 0.9 + 0.01).log()
    expected = math.log(10) + 0.91 * math.log(0.91) + 0.09 * math.log(0.01)
    found = conditioning.code_information(logits, codes).item()
    assert found == pytest.approx(expected, abs=0.01)
    assert conditioning.code_accuracy(logits, codes).item() == pytest.approx(0.91, abs=0.005)


def test_shares_of_variance_of_the_code_the_noise_and_both(rng):
    shares = conditioning.variance_shares
    code = np.broadcast_to(rng.normal(size=(1, *SHAPE[1:])), SHAPE)
    noise = np.broadcast_to(rng.normal(size=(SHAPE[0], 1, *SHAPE[2:])), SHAPE)
    joint = rng.normal(size=SHAPE)
    assert shares(code) == pytest.approx((1, 0))
    assert shares(noise) == pytest.approx((0, 1))
    of_code, of_noise = shares(joint)
    assert of_code == pytest.approx(0, abs=0.005)
    assert of_noise == pytest.approx(0, abs=0.02)
    assert shares(np.full((5, 10, 8), 7, np.uint8)) == (0, 0)
    few = [shares(rng.normal(size=(5, 10, 400)))[0] for _ in range(10)]
    assert np.mean(few) < 0.01  # the plain share of sums of squares is 0.18
    # Over its own ten values the code has variance 1, the noise 2, their joint part 1.
    code = (code - code.mean(1, keepdims=True)) / code.std(1, keepdims=True)
    values = code + math.sqrt(2) * noise + joint
    assert shares(values) == pytest.approx((0.25, 0.5), abs=0.02)


def test_what_a_code_tells_about_itself_half_of_itself_a_constant_and_chance(rng):
    information, constant = conditioning.mutual_information, np.zeros(len(CODES), int)
    # The shuffles' mean is taken off a sure ln 10 too: (10-1)^2 / 2N by the chi-square law.
    assert information(CODES, CODES) == pytest.approx(math.log(10) - 81 / 4_000, abs=0.003)
    assert information(CODES, CODES // 5) == pytest.approx(math.log(2), abs=0.005)
    assert information(CODES, constant) == information(constant, CODES) == 0
    # about what is independent of it
    scores = [information(CODES, rng.integers(0, 10, len(CODES))) for _ in range(30)]
    assert abs(np.mean(scores)) < 0.003
    assert max(map(abs, scores)) < 0.02
    classes = rng.integers(0, 4, len(CODES))
    assert information(CODES, classes) == information(CODES, classes)


def test_a_continuous_factor_that_decides_the_code_is_found(rng):
    factor = rng.normal(size=4_000)
    codes = np.clip(np.floor(2 * factor + 5), 0, 9).astype(int)
    strong, bent = (
        conditioning.mutual_information(codes, conditioning.to_classes(values))
        for values in (factor, np.exp(factor))
    )
    assert strong > 1.4
    assert bent == pytest.approx(strong, abs=0.01)


def test_few_values_stay_classes_many_fall_into_ten_and_a_common_one_stays_whole(rng):
    many = np.array([f"name {i:02}" for i in range(30)])
    for values, classes in (
        (np.array([3.5, 1.0, 3.5]), [1, 0, 1]),
        (np.array(["b", "a", "b"], object), [1, 0, 1]),
        (np.array([True, False]), [1, 0]),
        (many, list(range(30))),
    ):
        assert conditioning.to_classes(values).tolist() == classes
    classes = conditioning.to_classes(rng.permutation(5_000) / 7)
    assert np.bincount(classes).tolist() == [500] * 10
    factor = np.concatenate([np.zeros(800), rng.uniform(0.4, 1, 200)])
    classes = conditioning.to_classes(factor)
    assert len(set(classes[:800])) == 1
    assert not set(classes[:800]) & set(classes[800:])


def test_each_class_is_given_away_once():
    # Values 0 and 1 both have mostly class 0; the best pairing gives it to value 0.
    codes = np.array([0] * 10 + [1] * 10)
    classes = np.array([0] * 9 + [1] + [0] * 7 + [1] * 3)
    assert conditioning.match_codes(codes, classes) == (12 / 20, {0: 0, 1: 1})
    order = np.roll(np.arange(10), 3)
    expected = 1, dict(enumerate(order.tolist()))
    assert conditioning.match_codes(CODES, order[CODES]) == expected
    accuracy, matching = conditioning.match_codes(CODES, CODES // 5)  # ten values, two classes
    assert (len(matching), accuracy) == (2, pytest.approx(0.2))
