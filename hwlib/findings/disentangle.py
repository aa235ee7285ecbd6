"""What the scores of disentanglement bear out, beside chance and beside 1."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hwlib.findings.base import Results, is_trial, trial
from hwlib.text import Finding, finding

Scores = Mapping[str, Any]

MIN_ABOVE = 0.05  # of the way from chance to 1: a score that is less above chance is at chance
MIN_GAP = 0.5  # from which a latent is in charge of a factor by itself
MAX_LOW = 0.5  # of the way from chance to 1: below it a score is nearer to chance


def disentanglement(runs: Mapping[str, Results]) -> list[Finding]:
    """Say how far the latents of each run keep the known factors apart, and which run does so best.

    Nothing where the data does not know what its images are made from. `runs` are results by the
    name that a sentence has them under.
    """
    name = "disentanglement"
    known = {label: run[name] for label, run in runs.items() if name in run}
    if not known:
        return []
    first_run = next(iter(runs.values()))
    if is_trial(first_run):
        return [trial(first_run)]
    if len(known) > 1:
        return _of_many(known)
    (scores,) = known.values()
    by, (mig, chance) = scores["mig_by"], (scores["mig"], scores["floor"]["mig"])
    first = max(by, key=by.get)
    # without a second latent `mig_by` is all that the one tells
    above = by[first] if scores["num_latents"] == 1 else (mig - chance) / (1 - chance)
    about = {"factor": first, "own": sum(gap >= MIN_GAP for gap in by.values())}
    about |= {"is_code": "num_codes" in first_run, "is_chance": above < MIN_ABOVE}
    return [finding("disentangle.one", scores=scores, **about)]


def _of_many(known: Mapping[str, Scores]) -> list[Finding]:
    """Say how far the best of all runs is from chance and from 1, and which factor is best kept."""
    chance = pd.DataFrame({label: scores["floor"] for label, scores in known.items()})
    scores = pd.DataFrame(known).loc[chance.index].astype(float)  # a row a score, a column a run
    highest = ((scores - chance) / (1 - chance)).max().max()
    best = [
        (name, run, scores.loc[name, run], chance.loc[name, run])
        for name, run in scores.idxmax(axis=1).items()
    ]
    flags = {"is_chance": bool(highest < MIN_ABOVE), "is_low": bool(highest < MAX_LOW)}
    found = [finding("disentangle.level", best=best, **flags)]
    if not flags["is_chance"]:
        gaps = pd.DataFrame({label: one["mig_by"] for label, one in known.items()}).stack()
        (factor, owner), gap = gaps.idxmax(), gaps.max()
        about = {"factor": factor, "label": owner, "gap": gap, "is_own": bool(gap >= MIN_GAP)}
        found.append(finding("disentangle.factor", **about))
    return found
