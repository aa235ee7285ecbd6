"""The numbers on labels and codes, on inputs whose answer is known."""

import math

import numpy as np
import pytest
import torch

from hwlib.conditioning import (
    CODE_SIZE,
    attribute_accuracy,
    code_accuracy,
    code_information,
    contingency,
    draw_codes,
    draw_labels,
    flip_rate,
    label_correlation,
    leakage,
    match_codes,
    mutual_information,
    one_hot,
    to_classes,
    variance_shares,
)

CODES = np.arange(2_000) % CODE_SIZE


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- draws ----------------------------------------------------------------------------------------


def test_codes_and_labels_take_each_value_equally_often_and_independently():
    labels = draw_labels(20_000, 3, stream())
    assert set(labels.unique().tolist()) == {0.0, 1.0}
    assert abs(labels.mean(0) - 0.5).max() < 0.02
    codes = draw_codes(20_000, 2, stream())
    assert torch.equal(codes, draw_codes(20_000, 2, stream()))
    assert (codes.shape, codes.dtype) == ((20_000, 2), torch.int64)
    places = codes[:2] + torch.tensor([0, 10])  # in one-hot codes, side by side
    assert one_hot(codes[:2]).nonzero()[:, 1].tolist() == places.flatten().tolist()
    counts = contingency(*codes.numpy().T)
    assert counts.shape == (10, 10)
    assert abs(counts / 20_000 - 0.01).max() < 0.005


# --- labels ---------------------------------------------------------------------------------------

WANTED = np.arange(1_000).reshape(-1, 1) % 2 == 0


@pytest.mark.parametrize("rate", [0.0, 0.1, 1.0])
def test_a_label_that_is_ignored_scores_one_half_however_common_the_attribute(rate, rng):
    same_in_both = np.repeat(rng.random(500) < rate, 2).reshape(-1, 1)
    assert attribute_accuracy(same_in_both, WANTED) == [0.5]
    assert flip_rate(same_in_both[0::2], same_in_both[1::2]) == [0.0]


def test_labels_that_are_shown_correlate_and_ignored_ones_do_not(rng):
    labels = rng.random((2_000, 1)) < 0.15  # a rare attribute: never showing it is 85 % right
    never = np.zeros_like(labels)
    assert label_correlation(labels, labels) == pytest.approx([1])
    assert label_correlation(~labels, labels) == pytest.approx([-1])
    assert label_correlation(never, labels) == [0]
    assert abs(label_correlation(rng.random((2_000, 1)) < 0.15, labels)[0]) < 0.08
    readings = WANTED ^ (np.arange(1_000) < 100).reshape(-1, 1)  # a tenth is wrong
    expected = 2 * attribute_accuracy(readings, WANTED) - 1
    assert label_correlation(readings, WANTED) == pytest.approx(expected)


def test_each_attribute_counts_by_itself_and_flips_in_the_wanted_direction_alone():
    readings = np.array([[1, 0], [1, 1], [0, 0], [1, 1]], bool)
    labels = np.array([[1, 1], [1, 0], [0, 1], [0, 1]], np.uint8)
    assert attribute_accuracy(readings, labels).tolist() == [0.75, 0.25]
    assert attribute_accuracy(WANTED, WANTED) == [1.0]
    assert attribute_accuracy(~WANTED, WANTED) == [0.0]
    on, off = (np.array(v, bool).reshape(-1, 1) for v in ([1, 1, 0, 0], [0, 1, 0, 1]))
    assert flip_rate(on, off) == [0.25]


def test_leakage_is_the_signed_change_of_each_attributes_rate():
    on = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0]], bool)
    off = np.array([[0, 1, 1], [0, 1, 0]], bool)
    assert leakage(on, off).tolist() == [1.0, -0.5, -0.5]
    assert leakage(np.zeros((2, 1), np.uint8), np.ones((2, 1), np.uint8)).tolist() == [-1.0]


# --- codes ----------------------------------------------------------------------------------------


def test_each_code_is_measured_by_itself_and_a_perfectly_read_one_carries_ln_10():
    codes = draw_codes(1_000, 2, stream())
    logits = 200.0 * one_hot(codes).unflatten(1, (2, 10))
    assert code_accuracy(logits, codes).tolist() == [1.0, 1.0]
    logits[:, 1] = 0
    assert code_information(logits, codes).tolist() == pytest.approx([math.log(10), 0])


def test_information_is_that_of_a_known_channel():
    # The code is read rightly with probability 0.91, else as any other value; Q knows it.
    codes = draw_codes(200_000, 1, stream())
    wrong = torch.rand(len(codes), 1, generator=stream(1)) > 0.91
    shift = torch.randint(1, 10, codes.shape, generator=stream(2))
    seen = torch.where(wrong, (codes + shift) % 10, codes)
    q = one_hot(seen).unflatten(1, (1, 10)) * 0.9 + 0.01
    expected = math.log(10) + 0.91 * math.log(0.91) + 0.09 * math.log(0.01)
    assert code_information(q.log(), codes).item() == pytest.approx(expected, abs=0.01)
    assert code_accuracy(q.log(), codes).item() == pytest.approx(0.91, abs=0.005)


# --- variance -------------------------------------------------------------------------------------

SHAPE = (200, 10, 4, 4, 3)


def of_code(rng):
    return np.broadcast_to(rng.normal(size=(1, *SHAPE[1:])), SHAPE)


def of_noise(rng):
    return np.broadcast_to(rng.normal(size=(SHAPE[0], 1, *SHAPE[2:])), SHAPE)


def test_shares_of_the_code_alone_the_noise_alone_and_neither(rng):
    assert variance_shares(of_code(rng)) == pytest.approx((1, 0))
    assert variance_shares(of_noise(rng)) == pytest.approx((0, 1))
    code, noise = variance_shares(rng.normal(size=SHAPE))
    assert code == pytest.approx(0, abs=0.005)
    assert noise == pytest.approx(0, abs=0.02)
    assert variance_shares(np.full((5, 10, 8), 7, np.uint8)) == (0, 0)
    few = [variance_shares(rng.normal(size=(5, 10, 400)))[0] for _ in range(10)]
    assert np.mean(few) < 0.01  # the plain share of sums of squares is 0.18


def test_shares_are_those_of_known_variances(rng):
    # Over its own ten values the code has variance 1, the noise 2, their joint part 1.
    code = of_code(rng)
    code = (code - code.mean(1, keepdims=True)) / code.std(1, keepdims=True)
    values = code + math.sqrt(2) * of_noise(rng) + rng.normal(size=SHAPE)
    assert variance_shares(values) == pytest.approx((0.25, 0.5), abs=0.02)


# --- information about what is known --------------------------------------------------------------


def test_what_a_code_tells_about_itself_half_of_itself_and_a_constant():
    # The shuffles' mean is taken off a sure ln 10 too: (10-1)^2 / 2N by the chi-square law.
    assert mutual_information(CODES, CODES) == pytest.approx(math.log(10) - 81 / 4_000, abs=0.003)
    assert mutual_information(CODES, CODES // 5) == pytest.approx(math.log(2), abs=0.005)
    assert mutual_information(CODES, np.zeros(len(CODES), int)) == 0
    assert mutual_information(np.zeros(len(CODES), int), CODES) == 0


def test_a_code_tells_nothing_about_what_is_independent_of_it(rng):
    scores = [mutual_information(CODES, rng.integers(0, 10, len(CODES))) for _ in range(30)]
    assert abs(np.mean(scores)) < 0.003
    assert max(map(abs, scores)) < 0.02
    classes = rng.integers(0, 4, len(CODES))
    assert mutual_information(CODES, classes) == mutual_information(CODES, classes)


def test_a_continuous_factor_that_decides_the_code_is_found(rng):
    factor = rng.normal(size=4_000)
    codes = np.clip(np.floor(2 * factor + 5), 0, 9).astype(int)
    strong = mutual_information(codes, to_classes(factor))
    assert strong > 1.4
    assert mutual_information(codes, to_classes(np.exp(factor))) == pytest.approx(strong, abs=0.01)


def test_few_valued_numbers_text_and_bools_keep_their_values():
    assert to_classes(np.array([3.5, 1.0, 3.5])).tolist() == [1, 0, 1]
    assert to_classes(np.array(["b", "a", "b"], object)).tolist() == [1, 0, 1]
    assert to_classes(np.array([True, False])).tolist() == [1, 0]
    many = np.array([f"name {i:02}" for i in range(30)])
    assert to_classes(many).tolist() == list(range(30))


def test_many_values_fall_into_ten_full_classes_and_a_common_one_stays_whole(rng):
    classes = to_classes(rng.permutation(5_000) / 7)
    assert np.bincount(classes).tolist() == [500] * 10
    factor = np.concatenate([np.zeros(800), rng.uniform(0.4, 1, 200)])
    classes = to_classes(factor)
    assert len(set(classes[:800])) == 1
    assert not set(classes[:800]) & set(classes[800:])


# --- matching -------------------------------------------------------------------------------------


def test_each_class_is_given_away_once():
    # Values 0 and 1 both have mostly class 0; the best pairing gives it to value 0.
    codes = np.array([0] * 10 + [1] * 10)
    classes = np.array([0] * 9 + [1] + [0] * 7 + [1] * 3)
    accuracy, matching = match_codes(codes, classes)
    assert matching == {0: 0, 1: 1}
    assert accuracy == 12 / 20
    order = np.roll(np.arange(10), 3)
    assert match_codes(CODES, order[CODES]) == (1, dict(enumerate(order.tolist())))
    accuracy, matching = match_codes(CODES, CODES // 5)  # ten values, two classes
    assert (len(matching), accuracy) == (2, pytest.approx(0.2))
