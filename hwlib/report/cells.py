"""Metrics of runs as text, the same in every language: one number, or the mean of several runs."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from hwlib.registry import Metric, metrics
from hwlib.text import fixed, section, thousands, word

UNKNOWN = "–"
SIGNIFICANT_DIGITS = 3
MAX_DECIMALS = {"mse": 5, "percent": 1}  # of a mean, as single runs have them; else four


def metric_label(name: str, language: str) -> str:
    """Return what a metric is called, its unit in brackets where the number does not say it."""
    metric = section("metrics", language)[name]
    if not metric["unit"]:
        return metric["label"]
    return word("page.with_unit", language, label=metric["label"], unit=metric["unit"])


def value(amount: Any) -> str:
    """Return any JSON value as one line of text."""
    if amount in (None, "", {}, [], ()):
        return UNKNOWN
    if isinstance(amount, Mapping):
        return " · ".join(f"{name} {value(part)}" for name, part in amount.items())
    if isinstance(amount, list | tuple):
        return ", ".join(map(value, amount))
    if isinstance(amount, float):
        return f"{amount:.6g}"
    if isinstance(amount, str) and Path(amount).is_absolute():
        return Path(amount).name  # where it lies on this machine is no reader's business
    return str(amount)


def format_metric(name: str, amount: Any) -> str:
    """Return a metric as text; of a list each, with commas."""
    if isinstance(amount, list | tuple) and amount:
        return ", ".join(format_metric(name, part) for part in amount)
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return value(amount)
    kind = metrics().get(name, Metric()).format
    if kind == "percent":
        return f"{100 * amount:.1f} %"
    if kind == "digits":
        return significant(amount)
    if kind == "count" or isinstance(amount, int):
        return thousands(round(amount))
    if kind == "mse":
        return f"{amount:.5f}"
    return f"{amount:,.1f}" if abs(amount) >= 100 else f"{amount:.4g}"


def significant(amount: float) -> str:
    """Return `amount` with three digits that count and at most four decimals."""
    size = math.floor(math.log10(abs(amount))) if amount else 0
    return fixed(amount, min(4, max(0, SIGNIFICANT_DIGITS - 1 - size)))


def cell(
    name: str, results: Sequence[Mapping[str, Any]], language: str, *, has_brackets: bool = False
) -> str:
    """Return a metric as text, of several runs its mean and sample standard deviation (over n - 1).

    What is equal in all runs stands alone; where some runs lack the number, it says of how many it
    is. Of a list each is written, with commas. Without any number it is '–'. With `has_brackets` a
    run's number for real images stands behind its own.
    """
    known, metric = [result[name] for result in results if name in result], metrics().get(name)
    if name == "attribute":
        return value(results[0].get("attributes") or results[0].get(name))
    if not known:
        return UNKNOWN
    if name == "collapse" and len(known) > 1:
        text = word("compare.of_runs", language, count=sum(map(bool, known)), runs=len(known))
    elif name == "collapse":
        signs, words = section("page", language)["signs"], section("compare", language)
        parts = [(f"{one['step']:,}", signs[one["sign"]]) for one in known[0]]
        said = [word("compare.collapse_at", language, step=step, sign=sign) for step, sign in parts]
        text = words["and"].join(said) or words["none"]
    elif isinstance(known[0], list | tuple):
        text = ", ".join(_mean_sd(name, parts) for parts in zip(*known, strict=True))
    else:
        text = _mean_sd(name, known)
    if has_brackets and metric.has_brackets and metric.beside in results[0]:
        text += f"\u00a0({format_metric(name, results[0][metric.beside])})"
    return text if len(known) == len(results) else f"{text} (n\u00a0=\u00a0{len(known)})"


def _mean_sd(name: str, amounts: Sequence[Any]) -> str:
    """Return mean and standard deviation, the latter to two digits, with as many decimals each."""
    if all(amount == amounts[0] for amount in amounts):
        return format_metric(name, amounts[0])
    kind = metrics()[name].format
    factor, unit = (100, " %") if kind == "percent" else (1, "")
    mean, deviation = factor * fmean(amounts), factor * stdev(amounts)
    decimals = max(0, 1 - math.floor(math.log10(deviation)))
    decimals = 1 if unit else min(MAX_DECIMALS.get(kind, 4), decimals)
    return f"{fixed(mean, decimals)}\u00a0±\u00a0{fixed(deviation, decimals)}{unit}"
