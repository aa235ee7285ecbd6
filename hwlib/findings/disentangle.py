"""What the scores of disentanglement bear out, beside chance and beside 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hwlib.findings.base import Results, is_trial, trial
from hwlib.text import Finding, finding

Scores = Mapping[str, Any]
Known = Mapping[str, Scores]  # by the name that a sentence has a run under

GAPS = ("mig", "sap")  # how far the best latent is ahead of the next: nothing where there is one
MAX_SINGLY = 2  # runs that are described one by one; of more, what they have in common
MIN_ABOVE = 0.05  # of the way from chance to 1: a score that is less above chance is at chance
MIN_GAP = 0.5  # from which a latent is in charge of a factor by itself
MAX_LOW = 0.5  # of the way from chance to 1: below it a score is nearer to chance
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
    if len(known) > MAX_SINGLY:
        level = _level(known)
        # where all are low, the highest of them is no merit
        best = [] if level.values["is_low"] else [_best(known)]
        return [level, *_factor(known), *_at_chance(known), *best]
    is_one = len(known) == 1
    found = [
        _of_one(scores, "" if is_one else name, is_code="num_codes" in runs[name])
        for name, scores in known.items()
    ]
    return found if is_one else [*found, _best(known)]


def known_scores(runs: Mapping[str, Results]) -> dict[str, Scores]:
    """Return the scores of the runs that have any; those of a single latent without MIG and SAP.

    Args:
        runs: results by name.
    """
    known = {}
    for name, run in runs.items():
        if scores := run.get("disentanglement"):
            left_out = GAPS if scores["num_latents"] == 1 else ()
            known[name] = {key: value for key, value in scores.items() if key not in left_out}
            if "floor" in scores:
                floor = {k: value for k, value in scores["floor"].items() if k not in left_out}
                known[name]["floor"] = floor
    return known


def above_chance(scores: Scores, name: str) -> float:
    """Return the share of the way from chance to 1 that a score has come; below 0 if not at all."""
    chance = scores["floor"][name]
    return (scores[name] - chance) / (1 - chance) if chance < 1 else 0.0


def _shared(known: Known) -> list[str]:
    """Return the scores that all runs have, in the order of the first run."""
    first = next(iter(known.values()))
    return [name for name in first["floor"] if all(name in scores for scores in known.values())]


def _of_one(scores: Scores, label: str, *, is_code: bool) -> Finding:
    """Say what one run's latents, or an InfoGAN's codes, keep apart, and what limits them."""
    count, by = scores["num_latents"], scores["mig_by"]
    first, factors = max(by, key=by.get), len(scores["factors"])
    about = {"label": label, "is_code": is_code, "factors": factors}
    best = {"factor": first, "value": by[first]}
    limit = count / factors if count < factors else None
    if count == 1:  # without a second latent `mig_by` is all that the one tells
        is_chance = by[first] < MIN_ABOVE
        return finding("disentangle.single", **about, **best, limit=limit, is_chance=is_chance)
    return finding(
        "disentangle.several",
        **about,
        **best,
        count=count,
        limit=limit,
        mig=scores["mig"],
        chance=scores["floor"]["mig"],
        own=sum(gap >= MIN_GAP for gap in by.values()),
        is_chance=above_chance(scores, "mig") < MIN_ABOVE,
    )


# ---------------------------------------------------------------------------------- several runs


def _level(known: Known) -> Finding:
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
        is_low=max(ways) < MAX_LOW,
    )


def _factor(known: Known) -> list[Finding]:
    """Name the factor that a single latent of any run is most in charge of."""
    gaps = [(gap, label, f) for label, s in known.items() for f, gap in s["mig_by"].items()]
    gap, label, factor = max(gaps, key=lambda one: one[0])
    values = {"factor": factor, "label": label, "gap": gap, "is_own": gap >= MIN_GAP}
    return [finding("disentangle.factor", **values)] if gap >= MIN_ABOVE else []


def _at_chance(known: Known) -> list[Finding]:
    """Name the runs in which no score is above chance, unless that is so of all."""
    names = _shared(known)
    best = {label: max(above_chance(s, n) for n in names) for label, s in known.items()}
    empty = [label for label, way in best.items() if way < MIN_ABOVE]
    is_some = 0 < len(empty) < len(known)
    return [finding("disentangle.empty", labels=empty, share=MIN_ABOVE)] if is_some else []


def _best(known: Known) -> Finding:
    """Say which run has the best of each score, and whether the scores agree."""
    shared, runs = _shared(known), list(known.values())
    best: dict[str, list[str]] = {}  # the scores that are highest for each of the runs
    for name in shared:
        values = [scores[name] for scores in runs]
        is_apart = max(values) - min(values) >= MIN_DIFFERENCE
        if is_apart and max(above_chance(scores, name) for scores in runs) >= MIN_ABOVE:
            label = max(known, key=lambda label, name=name: known[label][name])
            best.setdefault(label, []).append(name)
    is_all = sum(map(len, best.values())) == len(shared)
    return finding("disentangle.best", margin=MIN_DIFFERENCE, best=best, is_all=is_all)
