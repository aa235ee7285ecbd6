"""Mean and spread of a number over runs that differ by their seed alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean, stdev
from typing import Any

from hwlib.report.entries import Entry
from hwlib.report.facts import MOST_DECIMALS, PERCENT, number, value
from hwlib.text import word

MSE_DECIMALS = 5  # as single runs have it


def spread(name: str, results: Sequence[Mapping[str, Any]], language: str) -> str:
    """Return the mean of a number and its sample standard deviation (over n - 1) as text.

    What is equal in all runs stands alone; where some runs lack the number, it says of how many it
    is. Of a list each is told, with commas.

    Args:
        name: a key of results.json.
        results: of the runs, more than none.
        language: of its words.
    """
    if name == "attribute":
        return value(results[0].get("attributes") or results[0].get(name))
    known = [result[name] for result in results if name in result]
    if not known:
        return "–"
    if name == "collapse":
        text = word("compare.of_runs", language, count=sum(map(bool, known)), runs=len(known))
    elif isinstance(known[0], list | tuple):
        text = ", ".join(_told(name, parts) for parts in zip(*known, strict=True))
    else:
        text = _told(name, known)
    return text if len(known) == len(results) else f"{text} (n\u00a0=\u00a0{len(known)})"


def _told(name: str, amounts: Sequence[Any]) -> str:
    """Return mean and standard deviation, the latter to two digits, with as many decimals each."""
    if all(amount == amounts[0] for amount in amounts):
        return number(name, amounts[0])
    factor, unit = (100, " %") if name in PERCENT else (1, "")
    mean, deviation = factor * fmean(amounts), factor * stdev(amounts)
    most = MSE_DECIMALS if name.startswith("test_mse") else MOST_DECIMALS
    decimals = 1 if unit else min(most, max(0, 1 - math.floor(math.log10(deviation))))
    text = f"{mean:,.{decimals}f}\u00a0±\u00a0{deviation:,.{decimals}f}{unit}"
    return text.replace("-", "\u2212")


def seeds_of(entries: Sequence[Entry]) -> str:
    """Return how many seeds and which, as text: '3 (0–2)'."""
    seeds = sorted(entry.facts.settings.get("seed", 0) for entry in entries)
    is_run = len(seeds) > 2 and all(b == a + 1 for a, b in pairwise(seeds))
    listed = f"{seeds[0]}–{seeds[-1]}" if is_run else ", ".join(map(str, seeds))
    return f"{len(seeds)} ({listed})"
