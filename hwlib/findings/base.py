"""What all findings share: when a run is a trial, and when a curve is too short to speak of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hwlib.text import Finding, finding
from hwlib.thresholds import MIN_STEPS

Results = Mapping[str, Any]

MIN_RECORDS = 20  # fewer points of a curve say nothing about its course
MIN_CHANGE = 0.03  # relative changes of a curve below this count as none


def is_trial(results: Results) -> bool:
    """Whether the run only tried that everything works, so that no verdict follows from it."""
    return results["num_steps"] < MIN_STEPS


def trial(results: Results) -> Finding:
    """Say that the run is too short for any conclusion."""
    return finding("prose.trial", steps=results["num_steps"])


def too_few(count: int) -> Finding:
    """Say that a curve of `count` points has no course to speak of."""
    return finding("prose.too_few", count=count)
