"""Verdicts from a few seeds: paired differences, a t interval, and a margin set beforehand.

What is averaged is one effect a seed: both arms of a comparison share the seed, hence the order of
the images and, where the shapes agree, the first weights. Over n seeds the mean effect has the
95 % interval mean +- t(0.975; n - 1) s / sqrt(n). With three seeds t is 4.30, so the interval
reaches 2.5 standard deviations either way: small effects stay undecided, as they should.

An effect counts from the margin on, which is set before any data are seen:

- "greater" and "less": supported where the whole interval lies beyond the margin in the claimed
  direction; contradicted where the whole interval falls short of it, so that every effect that
  would count is excluded, whether there is none or the opposite.
- "equal" (a claim of no difference): supported where the whole interval lies within plus and minus
  the margin, which is two one-sided tests (Schuirmann 1987), each at 2.5 % since the interval is
  the same 95 % one; contradicted where it lies wholly outside.
- Otherwise undecided.

A claim of several measures is supported where all of them are (so each may be tested at its full
level: Berger 1982), contradicted where at least one is. The intervals are not widened for the
number of claims: of two dozen intervals, one may well miss the true effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from hwlib.claims.base import CONTRADICTED, SUPPORTED, UNDECIDED, Direction

CONFIDENCE = 0.95
MIN_SEEDS = 3

JudgedPart = Mapping[str, Any]  # one measure of a claim, as in claims.json


def t_interval(effects: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    """Return the mean effect and the ends of its 95 % t interval.

    Args:
        effects: one a seed, two at least.

    Raises:
        ValueError: fewer than two effects, or one that is not finite.
    """
    from scipy import stats

    effects = np.asarray(effects, dtype=float)
    if effects.ndim != 1 or len(effects) < 2 or not np.isfinite(effects).all():
        raise ValueError(f"an interval needs two finite effects or more, not {effects.tolist()}")
    mean = float(effects.mean())
    error = float(stats.sem(effects))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(effects) - 1)) * error
    return mean, mean - half, mean + half


class Judgement(NamedTuple):
    """Where an interval lies, and what follows from that.

    Attributes:
        place: "beyond" the margin as claimed, "opposite" beyond it the other way, "short" of it,
            "within" or "outside" it (of a claim of no difference), or "across" it.
        verdict: "supported", "contradicted" or "undecided".
    """

    place: str
    verdict: str


def judge_interval(low: float, high: float, *, direction: Direction, margin: float) -> Judgement:
    """Return what an interval says of a claimed effect.

    Args:
        low: lower end.
        high: upper end.
        direction: of the claimed effect.
        margin: least effect that counts, above 0.
    """
    if direction == "equal":
        if -margin < low and high < margin:
            return Judgement("within", SUPPORTED)
        is_outside = low > margin or high < -margin
        return Judgement("outside", CONTRADICTED) if is_outside else _ACROSS
    if direction == "less":
        low, high = -high, -low
    if low > margin:
        return Judgement("beyond", SUPPORTED)
    if high < margin:
        return Judgement("opposite" if high < -margin else "short", CONTRADICTED)
    return _ACROSS


_ACROSS = Judgement("across", UNDECIDED)


def joined(verdicts: Iterable[str]) -> str:
    """Return the verdict of a claim from those of its measures."""
    verdicts = set(verdicts)
    if CONTRADICTED in verdicts:
        return CONTRADICTED
    return SUPPORTED if verdicts == {SUPPORTED} else UNDECIDED


# ---- which measure decides -----------------------------------------------------------------------


def deciding_part(decided: Mapping[str, Any]) -> JudgedPart:
    """Return the measure, of those with a decided claim's verdict, that speaks least for it."""
    own = [part for part in decided["parts"] if part["verdict"] == decided["verdict"]]
    return min(own, key=_strength)


def in_margins(part: JudgedPart) -> tuple[float, float, float]:
    """Return the interval's low end, the effect and the high end in margins, as claimed upwards."""
    sign = -1 if part["direction"] == "less" else 1
    return tuple(sorted(sign * part[name] / part["margin"] for name in ("low", "effect", "high")))


def _strength(part: JudgedPart) -> float:
    """Return by how many margins the interval's weaker end lies within the claimed effects."""
    low, _, high = in_margins(part)
    return 1 - max(-low, high) if part["direction"] == "equal" else low - 1


def is_effect_alone(part: JudgedPart) -> bool:
    """Whether the effects are all that was measured, so that to show both adds nothing."""
    values = [arm["values"] for arm in part["arms"].values()]
    is_alone = len(values) == 1 and not part.get("beside")
    return is_alone and np.allclose(values[0], part["effects"])
