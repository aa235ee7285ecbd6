"""What is found of an InfoGAN follows its numbers, each beside its anchor, in every language."""

import math

import numpy as np
import pytest
from adversarial_results import infogan_results, metrics

from hwlib.faces.factors import ATTRIBUTES, FACTORS
from hwlib.findings import infogan

RNG = np.random.default_rng(0)
LN_10 = math.log(10)


def rates(span, *names):
    """Return rates over a code's values: of `names` they go up by `span`, all others stay."""
    return [
        {name: 0.5 + (span * (v / 9 - 0.5) if name in names else 0.0) for name in ATTRIBUTES}
        for v in range(10)
    ]


@pytest.mark.parametrize(
    ("accuracy", "bound", "level", "nats"),
    [
        (0.99, 2.25, "full", 2.25),
        (0.6, 1.2, "part", 1.2),
        (0.1, -3.0, "none", 0),
        # an accuracy that proves more than the bound counts
        (0.97, 0.2, "full", infogan.proven_nats(0.97, LN_10)),
    ],
)
def test_the_code_is_read_against_chance_and_ln_10(accuracy, bound, level, nats):
    results = infogan_results(code_accuracy=accuracy, code_information_nats=bound)
    found = infogan.reading(results)[0].values
    assert found["level"] == level
    assert found["nats"] == pytest.approx(nats, abs=1e-9)


def test_proven_nats_are_none_for_a_guess_and_all_for_no_mistake():
    assert infogan.proven_nats(0.1, LN_10) == pytest.approx(0.0, abs=1e-9)
    assert infogan.proven_nats(1.0, LN_10) == pytest.approx(LN_10)


def test_the_range_by_chance_is_that_of_ten_binomial_rates_and_has_no_meaning():
    draws = RNG.binomial(100, 0.5, (4_000, 10)) / 100
    ranges = draws.max(1) - draws.min(1)
    (expected,) = infogan.spans([{"Male": 0.5}] * 10)["expected"]
    assert expected == pytest.approx(ranges.mean(), rel=0.02)
    limit = infogan.RANGE_99 * expected / infogan.EXPECTED_RANGE
    assert limit == pytest.approx(np.quantile(ranges, 0.99), rel=0.05)
    noise = infogan.spans([dict(enumerate(drawn)) for drawn in draws[:400].T])
    assert noise["is_meant"].mean() == pytest.approx(0.01, abs=0.01)


def test_the_attribute_that_varies_most_is_named_first_with_its_values():
    moved = rates(0.9, "Male")
    for value, rate in enumerate(moved):
        rate["Bangs"] = 0.5 - 0.5 * value / 9
    (found,) = infogan.rates(infogan_results(1, code_meaning=[moved]), 1)
    first, second = found.values["spans"]
    assert (first["name"], first["low_value"], first["high_value"]) == ("Male", 0, 9)
    assert (second["name"], second["low_value"], second["high_value"]) == ("Bangs", 9, 0)
    assert found.values["num_meant"] == 2


def test_what_the_code_tells_has_to_be_above_chance():
    nats = dict.fromkeys(FACTORS, 0.0) | {"hair_style": 0.5, "yaw": 0.04}
    told = infogan_results(1, code_factor_nats=[nats])
    (found,) = infogan.information(told)
    assert list(found.values["nats"]) == ["hair_style"]
    few = told | {"num_test_images": 40}
    assert infogan.min_nats(few) > 0.5
    assert not infogan.information(few)[0].values["is_any"]


@pytest.mark.parametrize(
    ("first", "second", "level"),
    [
        (rates(0.9, "Male"), rates(0.9, "Smiling"), "shared"),
        (rates(0.9, "Male"), rates(0.9, "Male"), "repeated"),
        (rates(0.9, "Male", "Smiling"), rates(0.9, "Bangs", "Smiling"), "partly"),
        (rates(0.9, "Male"), rates(0.05, "Smiling"), "idle"),
    ],
)
def test_two_codes_share_the_work_or_repeat_it(first, second, level):
    (found,) = infogan.two_codes(infogan_results(2, code_meaning=[first, second]))
    assert found.values["level"] == level


@pytest.mark.parametrize(
    ("columns", "is_learned"), [({}, True), ({"q_loss": 2.31, "code_accuracy": 0.1}, False)]
)
def test_qs_curve_stands_beside_chance(columns, is_learned):
    (found,) = infogan.curves(metrics(**columns), infogan_results())
    assert found.values["is_learned"] is is_learned
    assert (found.values["first_step"] is not None) is is_learned
