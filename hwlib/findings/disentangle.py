"""What the scores of disentanglement bear out, beside chance and beside 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hwlib.findings.base import Results, is_trial, trial
from hwlib.text import Finding, finding

Scores = Mapping[str, Any]

GAPS = ("mig", "sap")  # how far the best latent is ahead of the next: nothing where there is one
MAX_TOLD = 2  # runs that are told one by one; of more, what they have in common
MIN_ABOVE = 0.05  # of the way from chance to 1: a score that is less above chance is at chance
MIN_GAP = 0.5  # from which a latent is in charge of a factor by itself
LOW = 0.5  # of the way from chance to 1: below it a score is nearer to chance
MIN_DIFFERENCE = 0.02  # scores of two runs that differ by less are alike


def disentanglement(runs: Mapping[str, Results]) -> list[Finding]:
    """Say how far the latents of each run keep the known factors apart, and which run does so best.

    Args:
        runs: results by the name that a sentence has them under; one run goes without its name.

    Returns:
        nothing where the data does not know what its images are made from.
    """
    known = known_scores(runs)
    if not known:
        return []
    if short := next((runs[name] for name in known if is_trial(runs[name])), None):
        return [trial(short)]
    if len(known) > MAX_TOLD:
        level = _level(known)
        # where all are low, the highest of them is no merit
        best = [] if level.values["is_low"] else _best(known)
        return [level, *_factor(known), *_at_chance(known), *best]
    found = [
        _of_one(scores, "" if len(known) == 1 else name, is_code="num_codes" in runs[name])
        for name, scores in known.items()
    ]
    return found if len(known) == 1 else [*found, *_best(known)]


def known_scores(runs: Mapping[str, Results]) -> dict[str, Scores]:
    """Return the scores of the runs that have any; those of a single latent without the gaps.

    Args:
        runs: results by name.
    """
    known = {name: run["disentanglement"] for name, run in runs.items() if "disentanglement" in run}
    return {
        name: _without_gaps(scores) if scores["num_latents"] == 1 else scores
        for name, scores in known.items()
    }


def _without_gaps(scores: Scores) -> Scores:
    """Return the scores without MIG and SAP, here and by chance."""
    kept = {name: value for name, value in scores.items() if name not in GAPS}
    if "floor" in kept:
        floor = {name: value for name, value in kept["floor"].items() if name not in GAPS}
        kept["floor"] = floor
    return kept


def above_chance(scores: Scores, name: str) -> float:
    """Return the share of the way from chance to 1 that a score has come; below 0 if not at all."""
    chance = scores["floor"][name]
    return (scores[name] - chance) / (1 - chance) if chance < 1 else 0.0


def _shared(known: Mapping[str, Scores]) -> list[str]:
    """Return the scores that all runs have, in the order of the first run."""
    first = next(iter(known.values()))
    return [name for name in first["floor"] if all(name in scores for scores in known.values())]


# ------------------------------------------------------------------------------------- one run


def _of_one(scores: Scores, label: str, *, is_code: bool) -> Finding:
    """Say what one run's codes keep apart, and what limits them.

    Args:
        scores: the run's.
        label: the run's name, or nothing.
        is_code: whether its latents are an InfoGAN's codes.
    """
    count, factors = scores["num_latents"], len(scores["factors"])
    by = scores["mig_by"]
    first = max(by, key=by.get)
    shared = {
        "label": label,
        "is_code": is_code,
        "factor": first,
        "value": by[first],
        "factors": factors,
        "count": count,
        "limit": count / factors if count < factors else None,
    }
    if count == 1:  # without a second latent `mig_by` is all that the one tells
        return finding("disentangle.single", **shared, is_chance=by[first] < MIN_ABOVE)
    return finding(
        "disentangle.several",
        **shared,
        mig=scores["mig"],
        chance=scores["floor"]["mig"],
        own=sum(gap >= MIN_GAP for gap in by.values()),
        is_chance=above_chance(scores, "mig") < MIN_ABOVE,
    )


# ---------------------------------------------------------------------------------- several runs


def _level(known: Mapping[str, Scores]) -> Finding:
    """Say how far the best of all runs is from chance and from 1, by the gap of information."""
    name = "mig" if all("mig" in scores for scores in known.values()) else _shared(known)[0]
    best = max(known, key=lambda label: known[label][name])
    ways = [above_chance(scores, one) for scores in known.values() for one in _shared(known)]
    return finding(
        "disentangle.level",
        score=name,
        label=best,
        value=known[best][name],
        chance=known[best]["floor"][name],
        is_chance=max(ways) < MIN_ABOVE,
        is_low=max(ways) < LOW,
    )


def _factor(known: Mapping[str, Scores]) -> list[Finding]:
    """Name the factor that a single latent of any run is most in charge of."""
    gaps = {
        (label, factor): gap
        for label, scores in known.items()
        for factor, gap in scores["mig_by"].items()
    }
    label, factor = max(gaps, key=gaps.get)
    gap = gaps[label, factor]
    if gap < MIN_ABOVE:
        return []
    return [
        finding("disentangle.factor", factor=factor, label=label, gap=gap, is_own=gap >= MIN_GAP)
    ]


def _at_chance(known: Mapping[str, Scores]) -> list[Finding]:
    """Name the runs in which no score is above chance, unless that is so of all."""
    empty = [
        label
        for label, scores in known.items()
        if all(above_chance(scores, name) < MIN_ABOVE for name in _shared(known))
    ]
    if not empty or len(empty) == len(known):
        return []
    return [finding("disentangle.empty", labels=empty, share=MIN_ABOVE)]


def _best(known: Mapping[str, Scores]) -> list[Finding]:
    """Say which run has the best of each score, and whether the scores agree."""
    shared = _shared(known)
    values = {name: [scores[name] for scores in known.values()] for name in shared}
    telling = [
        name
        for name in shared
        if max(values[name]) - min(values[name]) >= MIN_DIFFERENCE
        and max(above_chance(scores, name) for scores in known.values()) >= MIN_ABOVE
    ]
    best: dict[str, list[str]] = {}  # the scores that are highest for each of the runs
    for name in telling:
        best.setdefault(max(known, key=lambda label, n=name: known[label][n]), []).append(name)
    is_all = len(telling) == len(shared)
    return [finding("disentangle.best", margin=MIN_DIFFERENCE, best=best, is_all=is_all)]
