"""What all findings share: anchors, levels, and when a run is too short to speak of.

In all of them `results` are a run's results.json, and `metrics` its `Run.metrics`.
"""

from __future__ import annotations

import math
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


def pick(results: Results, *names: str) -> dict[str, Any]:
    """Return some of the results, as a sentence takes them."""
    return {name: results[name] for name in names}


def grade(value: float, least: Mapping[str, float], below: str) -> str:
    """Return the first level whose least value is reached; `below` where none is."""
    return next((level for level, limit in least.items() if value >= limit), below)


def share_of_real(results: Results, name: str, images: str = "samples") -> float | None:
    """Return what generated images have as a share of what real ones have; None if unmeasured.

    Args:
        name: "sharpness", "diversity" or "colourfulness".
        images: "samples" or "reconstructions".
    """
    ours, real = results.get(f"{name}_{images}"), results.get(f"{name}_real")
    return ours / real if ours is not None and real else None


def rmse_grey(mse_01: float) -> float:
    """Return the root of an MSE of pixels in [0, 1], in grey levels of 255."""
    return GREY_LEVELS * math.sqrt(mse_01)
