"""What is found of an InfoGAN follows its numbers, each beside its anchor, in every language."""

import math

import numpy as np
import pytest
from adversarial_results import infogan_results, metrics

from hwlib.faces.factors import ATTRIBUTES, FACTORS
from hwlib.findings import infogan

RNG = np.random.default_rng(0)
LN_10 = math.log(10)


def rates(span, *names, num_values=10):
    """Return rates over a code's values: of `names` they go up by `span`, all others stay."""
    return [
        {name: 0.5 + (span * (v / 9 - 0.5) if name in names else 0.0) for name in ATTRIBUTES}
        for v in range(num_values)
    ]


def nats(**told):
    """Return what a code tells of each factor."""
    return {name: told.get(name, 0.0) for name in FACTORS}


# ---------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("accuracy", "bound", "level"),
    [(0.99, 2.25, "full"), (0.6, 1.2, "part"), (0.1, 0.0, "none"), (0.1, -3.0, "none")],
)
def test_the_code_is_read_against_chance_and_ln_10(accuracy, bound, level):
    results = infogan_results(code_accuracy=accuracy, code_information_nats=bound)
    found = infogan.reading(results)[0].values
    assert found["level"] == level
    assert found["nats"] >= 0


def test_an_accuracy_that_proves_more_than_the_bound_counts():
    found = infogan.reading(infogan_results(code_accuracy=0.97, code_information_nats=0.2))[
        0
    ].values
    assert found["level"] == "full"
    assert found["nats"] == pytest.approx(infogan.proven_nats(0.97, LN_10))


def test_proven_nats_are_none_for_a_guess_and_all_for_no_mistake():
    assert infogan.proven_nats(0.1, LN_10) == pytest.approx(0.0, abs=1e-9)
    assert infogan.proven_nats(1.0, LN_10) == pytest.approx(LN_10)


# ---------------------------------------------------------------------------------------- meaning


def test_the_range_by_chance_is_that_of_ten_binomial_rates():
    draws = RNG.binomial(100, 0.5, (4_000, 10)) / 100
    ranges = draws.max(1) - draws.min(1)
    (expected,) = infogan.spans([{"Male": 0.5}] * 10)["expected"]
    assert expected == pytest.approx(ranges.mean(), rel=0.02)
    limit = infogan.RANGE_99 * expected / infogan.EXPECTED_RANGE
    assert limit == pytest.approx(np.quantile(ranges, 0.99), rel=0.05)


def test_a_rate_that_varies_by_chance_has_no_meaning():
    noise = [
        {name: RNG.binomial(100, 0.5) / 100 for name in ("Male", "Smiling")} for _ in range(10)
    ]
    results = infogan_results(1, code_meaning=[noise])
    (found,) = infogan.rates(results, 1)
    assert found.values["num_meant"] == 0


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
    told = infogan_results(1, code_factor_nats=[nats(hair_style=0.5, yaw=0.04)])
    (found,) = infogan.information(told)
    assert list(found.values["nats"]) == ["hair_style"]
    few = told | {"num_test_images": 40}
    assert infogan.min_nats(few) > 0.5
    assert not infogan.information(few)[0].values["is_any"]


# -------------------------------------------------------------------------------------- two codes


@pytest.mark.parametrize(
    ("first", "second", "level"),
    [
        (rates(0.9, "Male"), rates(0.9, "Smiling"), "shared"),
        (rates(0.9, "Male"), rates(0.9, "Male"), "repeated"),
        (rates(0.9, "Male", "Smiling"), rates(0.9, "Bangs", "Smiling"), "partly"),
        (rates(0.9, "Male"), rates(0.05, "Smiling"), "idle"),
        (rates(0.0), rates(0.0), "idle"),
    ],
)
def test_two_codes_share_the_work_or_repeat_it(first, second, level):
    (found,) = infogan.two_codes(infogan_results(2, code_meaning=[first, second]))
    assert found.values["level"] == level
    assert infogan.two_codes(infogan_results(1)) == []


# ------------------------------------------------------------------------------------------ others


def test_qs_curve_stands_beside_chance():
    (found,) = infogan.curves(metrics(), infogan_results())
    assert found.values["is_learned"]
    assert found.values["first_step"] is not None
    never = metrics(q_loss=2.31, code_accuracy=0.1)
    (found,) = infogan.curves(never, infogan_results())
    assert not found.values["is_learned"]
    assert found.values["first_step"] is None
