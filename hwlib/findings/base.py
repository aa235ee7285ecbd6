"""What all findings share: anchors, levels, and when a run is too short to speak of.

In all of them `results` are a run's results.json, and `metrics` its `Run.metrics`.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hwlib.text import Finding, finding
from hwlib.thresholds import MIN_STEPS

Results = Mapping[str, Any]

MIN_RECORDS = 20  # fewer points of a curve say nothing about its course
MIN_CHANGE = 0.03  # relative changes of a curve below this count as none
END_SHARE = 0.1  # of a curve, that is called its end
GREY_LEVELS = 255


def is_trial(results: Results) -> bool:
    """Whether the run only tried that everything works, so that no verdict follows from it."""
    return results["num_steps"] < MIN_STEPS


def trial(results: Results) -> Finding:
    """Say that the run is too short for any conclusion."""
    return finding("prose.trial", steps=results["num_steps"])


def no_course(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say why the run's curves bear out nothing; nothing where they do."""
    if is_trial(results):
        return [trial(results)]
    count = len(metrics)
    return [finding("prose.too_few", count=count)] if count < MIN_RECORDS else []


def end_of(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the last tenth of the records."""
    return metrics.iloc[-max(1, round(len(metrics) * END_SHARE)) :]


def first_above(metrics: pd.DataFrame, column: str, limit: float = 0.9) -> int | None:
    """Return the first step at which a curve is above a limit; None where it never is."""
    steps = metrics.loc[metrics[column] > limit, "step"]
    return int(steps.iloc[0]) if len(steps) else None


def pick(results: Results, *names: str) -> dict[str, Any]:
    """Return some of the results, as a sentence takes them."""
    return {name: results[name] for name in names}


def grade(value: float, least: Mapping[str, float], below: str) -> str:
    """Return the first level whose least value is reached; `below` where none is."""
    return next((level for level, limit in least.items() if value >= limit), below)
