"""Verdicts from a few seeds: paired differences, a t interval, and a margin set beforehand.

What is averaged is one effect a seed: both arms of a comparison share the seed, hence the order of
the images and, where the shapes agree, the first weights. With three seeds the 95 % t interval
reaches 2.5 standard deviations either way: small effects stay undecided, as they should.

- "greater" and "less" are supported where the whole interval lies beyond the margin as claimed, and
  contradicted where it falls short of it: every effect that would count is excluded.
- "equal" is supported where the whole interval lies within plus and minus the margin, which is two
  one-sided tests (Schuirmann 1987), each at 2.5 %; contradicted where it lies wholly outside.

A claim of several measures is supported where all of them are (so each may be tested at its full
level: Berger 1982), contradicted where at least one is. The intervals are not widened for the
number of claims: of two dozen intervals, one may well miss the true effect.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from hwlib.claims.catalogue import NotApplicable

SUPPORTED, CONTRADICTED = "supported", "contradicted"
UNDECIDED, NOT_APPLICABLE = "undecided", "not_applicable"
VERDICTS = (SUPPORTED, CONTRADICTED, UNDECIDED, NOT_APPLICABLE)

CONFIDENCE = 0.95
MIN_SEEDS = 3

JudgedPart = Mapping[str, Any]  # one measure of a claim, as in claims.json


# ---- from values to effects ----------------------------------------------------------------------


class Comparison(NamedTuple):
    """How values become one effect a seed, on the scale on which it is averaged."""

    effects: Callable[[np.ndarray], np.ndarray]  # (A, S) of A arms and S seeds to (S,)
    display: Callable[[Any], Any]  # from that scale to what is shown; rising
    unit: str = "%"  # of what is shown; "" is the values' own
    is_change: bool = True  # so that its sign means more or less


def _ratio(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the logarithms of ratios: what multiplies is averaged as those."""
    if (first <= 0).any() or (second <= 0).any():
        raise NotApplicable("zero_value")  # which has no ratio to anything
    return np.log(first) - np.log(second)


def _percent(log_ratio: Any) -> Any:
    """Return ratios as changes in percent: +100 is twice as much, -50 half as much."""
    return 100 * np.expm1(log_ratio)


COMPARISONS: Mapping[str, Comparison] = {
    # The value itself, of one arm.
    "value": Comparison(lambda x: x[0], lambda effect: effect, "", False),
    # The same of a value that is itself a change in percent, averaged as a ratio is.
    "change": Comparison(lambda x: np.log1p(x[0] / 100), _percent),
    # How many times the second the first is; that as a change; where less counts as no more.
    "times": Comparison(lambda x: _ratio(x[0], x[1]), np.exp, "×", False),
    "ratio": Comparison(lambda x: _ratio(x[0], x[1]), _percent),
    "excess": Comparison(lambda x: np.maximum(_ratio(x[0], x[1]), 0), _percent),
    # How much more the first has than the lowest of all, itself included.
    "regret": Comparison(lambda x: _ratio(x[0], x.min(axis=0)), _percent),
}


def t_interval(effects: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    """Return the mean effect and the ends of its 95 % t interval, or a ValueError."""
    from scipy import stats  # slow to load

    effects = np.asarray(effects, dtype=float)
    if len(effects) < 2 or not np.isfinite(effects).all():
        raise ValueError(f"an interval needs two finite effects or more, not {effects.tolist()}")
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(effects) - 1) * stats.sem(effects))
    mean = float(effects.mean())
    return mean, mean - half, mean + half


# ---- from an interval to a verdict ---------------------------------------------------------------

# Where an interval may lie: beyond the margin as claimed, beyond it the other way, short of it; of
# a claim of no difference within the margin or outside; across the margin.
VERDICT_OF = {"beyond": SUPPORTED, "opposite": CONTRADICTED, "short": CONTRADICTED}
VERDICT_OF |= {"within": SUPPORTED, "outside": CONTRADICTED, "across": UNDECIDED}


def in_margins(part: JudgedPart) -> tuple[float, float, float]:
    """Return the interval's low end, the effect and the high end in margins, as claimed upwards."""
    sign = -1 if part["direction"] == "less" else 1
    return tuple(sorted(sign * part[name] / part["margin"] for name in ("low", "effect", "high")))


def judge_interval(part: JudgedPart) -> dict[str, str]:
    """Return the `place` of a measure's interval, see `VERDICT_OF`, and the `verdict`."""
    low, _, high = in_margins(part)
    if part["direction"] == "equal":
        places = {"within": low > -1 and high < 1, "outside": low > 1 or high < -1}
    else:
        places = {"beyond": low > 1, "opposite": high < -1, "short": high < 1}
    place = next((place for place, is_there in places.items() if is_there), "across")
    return {"place": place, "verdict": VERDICT_OF[place]}


def joined(verdicts: Iterable[str]) -> str:
    """Return the verdict of a claim from those of its measures."""
    verdicts = set(verdicts)
    return next(one for one in (CONTRADICTED, UNDECIDED, SUPPORTED) if one in verdicts)


# ---- which measure decides -----------------------------------------------------------------------


def deciding_part(decided: Mapping[str, Any]) -> JudgedPart:
    """Return the measure, of those with a decided claim's verdict, that speaks least for it."""

    def strength(part: JudgedPart) -> float:  # of the interval's weaker end, in margins
        low, _, high = in_margins(part)
        return 1 - max(-low, high) if part["direction"] == "equal" else low - 1

    own = [part for part in decided["parts"] if part["verdict"] == decided["verdict"]]
    return min(own, key=strength)


def is_effect_alone(part: JudgedPart) -> bool:
    """Whether the effects are all that was measured, so that to show both adds nothing."""
    values = [arm["values"] for arm in part["arms"].values()]
    is_alone = len(values) == 1 and not part.get("beside")
    return is_alone and np.allclose(values[0], part["effects"])
