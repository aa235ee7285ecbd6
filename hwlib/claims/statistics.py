"""Verdicts from a few seeds: paired differences, a t interval, and a margin set beforehand.

What is averaged is one effect a seed: both arms of a comparison share the seed, hence the order of
the pictures and, where the shapes agree, the first weights. Over n seeds the mean effect has the
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

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import stats

from hwlib.claims.base import Direction
from hwlib.discuss.claims import CONTRADICTED, SUPPORTED, UNDECIDED

CONFIDENCE = 0.95
MIN_SEEDS = 3


def t_interval(effects: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    """Return the mean effect and the ends of its 95 % t interval.

    Args:
        effects: one a seed, two at least.

    Raises:
        ValueError: fewer than two effects, or one that is not finite.
    """
    effects = np.asarray(effects, dtype=float)
    if effects.ndim != 1 or len(effects) < 2 or not np.isfinite(effects).all():
        raise ValueError(f"an interval needs two finite effects or more, not {effects.tolist()}")
    mean = float(effects.mean())
    error = float(stats.sem(effects))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(effects) - 1)) * error
    return mean, mean - half, mean + half


def verdict_of(low: float, high: float, *, direction: Direction, margin: float) -> str:
    """Return what an interval says of a claimed effect.

    Args:
        low: lower end.
        high: upper end.
        direction: "greater", "less" or "equal".
        margin: least effect that counts, above 0.

    Returns:
        "supported", "contradicted" or "undecided".

    Raises:
        ValueError: an unknown direction, or a margin that is not above 0.
    """
    if margin <= 0:
        raise ValueError(f"the margin must be above 0, not {margin}")
    if direction == "equal":
        if -margin < low and high < margin:
            return SUPPORTED
        return CONTRADICTED if low > margin or high < -margin else UNDECIDED
    if direction == "less":
        low, high = -high, -low
    elif direction != "greater":
        raise ValueError(f"direction {direction!r} is none of greater, less and equal")
    if low > margin:
        return SUPPORTED
    return CONTRADICTED if high < margin else UNDECIDED


def joined(verdicts: Iterable[str]) -> str:
    """Return the verdict of a claim from those of its measures."""
    verdicts = set(verdicts)
    if CONTRADICTED in verdicts:
        return CONTRADICTED
    return SUPPORTED if verdicts == {SUPPORTED} else UNDECIDED
