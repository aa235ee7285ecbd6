"""What all findings share: the sentence, how its numbers are written, when a run is a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

Results = Mapping[str, Any]

MIN_RECORDS = 20  # fewer points of a curve say nothing about its course
SMALL = 0.03  # relative changes below this count as none
TRIAL_STEPS = 100  # a run as short as this bears out nothing


class Sentence(NamedTuple):
    """One finding in Traditional Chinese and in English."""

    zh: str
    en: str


def num(value: float, digits: int = 3) -> str:
    """Write a number to `digits` significant digits, thousands separated, without exponent.

    A negative one has the minus sign that tables have, not a hyphen.
    """
    if value == 0 or not np.isfinite(value):
        written = f"{value:g}"
    elif abs(value) >= 10 ** (digits - 1):
        written = f"{value:,.0f}"
    else:
        written = np.format_float_positional(value, precision=digits, fractional=False, trim="-")
    return written.replace("-", "−")


def is_trial(results: Results) -> bool:
    """Whether the run only tried that everything works, so that no verdict follows from it."""
    return results["num_steps"] < TRIAL_STEPS


def percent(share: float, digits: int = 1) -> str:
    """Write a share as a percentage."""
    if 0 < abs(share) < 0.5 * 10 ** -(digits + 2):
        return f"<{10.0**-digits:g} %"
    return f"{100 * share:.{digits}f} %".replace("-", "−")


def plural(count: int | str, one: str) -> str:
    """Write an English count with its noun: '1 epoch', '1,200 epochs'; a text stands as it is."""
    written = count if isinstance(count, str) else f"{count:,}"
    return f"{written} {one}" if written == "1" else f"{written} {one}s"


def together(sentences: Sequence[Sentence]) -> Sentence:
    """Join sentences to one, without Markdown's marks of emphasis."""
    zh, en = "".join(s.zh for s in sentences), " ".join(s.en for s in sentences)
    return Sentence(zh.replace("**", ""), en.replace("**", ""))


def too_few(count: int) -> list[Sentence]:
    """Say that a curve of `count` points has no course to speak of."""
    return [
        Sentence(
            f"曲線只有 {count} 個點，不足以談走勢。",
            f"The curves have only {plural(count, 'point')}, too few to speak of a course.",
        )
    ]
