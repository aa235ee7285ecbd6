"""Numbers of runs as tables of words: a row a run, and a row for runs that differ by seed alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Any

from hwlib.registry import PROBLEMS, metrics
from hwlib.report.entries import Entry, by_data, by_seed, identity_of, seeds_of, short_name
from hwlib.report.facts import MAX_DECIMALS, format_metric, format_of, metric_label, value
from hwlib.text import fixed, section, word

MSE_DECIMALS = 5  # as single runs have it
UNKNOWN, FOREIGN = "–", "≠"
# Heads of columns, and what each says of the runs of a row.
Columns = dict[str, Callable[[Sequence[Entry]], str]]


@dataclass(frozen=True)
class Row:
    """A table's row: its cells, the page that its first one leads to, others' addresses."""

    cells: tuple[str, ...]
    page: str = ""
    is_failed: bool = False
    is_real: bool = False
    best: frozenset[int] = frozenset()
    links: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table in words; `right` says of each column whether it holds numbers."""

    caption: str
    columns: tuple[str, ...]
    right: tuple[bool, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    meanings: tuple[tuple[str, str], ...] = ()  # of columns that are no key numbers


@dataclass(frozen=True)
class Frame:
    """What the tables of one report have in common.

    Attributes:
        language: of its words.
        everyone: all runs of the report; what they share is in no column.
        foreign: those whose distances were measured in another way than the other runs' on their
            data; their cells say so.
    """

    language: str
    everyone: Sequence[Entry]
    foreign: Sequence[Entry] = ()


def metric_tables(
    names: Sequence[str],
    entries: Sequence[Entry],
    frame: Frame,
    *,
    caption: str,
    notes: Sequence[str] = (),
    is_ranking: bool = False,
) -> list[Table]:
    """Return the runs' table, and one of means over seeds where there are several.

    Args:
        names: of metrics; those that no run has are left out.
        entries: the runs.
        frame: of the report.
        caption: what the numbers are.
        notes: what is to stand below the runs' table.
        is_ranking: whether the runs are of several problems, and real images have a row.
    """
    language, words = frame.language, section("compare", frame.language)
    names = [name for name in names if any(name in e.facts.results for e in entries)]
    has_seeds = all(entry.facts.problem in PROBLEMS for entry in entries)  # verdicts have their own
    groups = by_seed(entries) if has_seeds else []
    made = [(caption, [[entry] for entry in entries], False)]
    if any(len(group) > 1 for group in groups):
        made.append((word("compare.spread", language, caption=caption), groups, True))
    is_mixed = len(by_data(entries)) > 1 and any(metrics()[name].by_features for name in names)
    tables = []
    for title, some, of_seeds in made:
        columns = identity_columns(frame, has_problem=is_ranking, has_seeds=of_seeds)
        if not of_seeds and any(entry.is_failed for entry in frame.everyone) and not is_ranking:
            columns |= _state_column(language)
        num_heads, has_brackets = len(columns), not of_seeds and not is_ranking
        for name in names:
            head = _head(name, entries, language) if has_brackets else metric_label(name, language)
            columns[head] = metric_column(name, frame, has_brackets=has_brackets)
        rows = [
            Row(
                tuple(text(group) for text in columns.values()),
                "" if of_seeds else group[0].page,
                group[0].is_failed,
            )
            for group in some
        ]
        right = (*[False] * num_heads, *(metrics()[n].format != "text" for n in names))
        cautions = [words["not_comparable"]] * any(FOREIGN in row.cells for row in rows)
        cautions += [words["across_data"]] * is_mixed
        below = (*([] if of_seeds else notes), *cautions)
        tables.append(Table(title, tuple(columns), right, tuple(rows), below))
    return tables


def identity_columns(
    frame: Frame, *, has_problem: bool = False, has_seeds: bool = False
) -> Columns:
    """Return the columns that say which run a row is about: recipe, and what is not all alike.

    Args:
        frame: of the report.
        has_problem: whether the problem has a column.
        has_seeds: whether a row is of several seeds, which are named together.
    """
    facts, columns = section("facts", frame.language), Columns()
    if has_problem:
        columns[facts["problem"]] = lambda group: short_name(group[0].facts.problem)
    columns[facts["recipe"]] = lambda group: group[0].name
    for name in identity_of(frame.everyone):
        if name != "seed" or not has_seeds:
            columns[facts[name]] = lambda group, name=name: group[0].facts.setting(name)
    if has_seeds:
        columns[section("compare", frame.language)["seeds"]] = seeds_of
    return columns


def _state_column(language: str) -> Columns:
    words = section("page", language)
    return {words["state"]: lambda g: words["failed" if g[0].is_failed else "done"]}


def _head(name: str, entries: Sequence[Entry], language: str) -> str:
    """Return a column's head, with the word for what stands in brackets, if anything does."""
    label, metric = metric_label(name, language), metrics()[name]
    if metric.has_brackets and any(metric.beside in e.facts.results for e in entries):
        return f"{label} ({section('compare', language)['floor' if metric.real else 'most']})"
    return label


def metric_column(
    name: str, frame: Frame, *, has_brackets: bool = False
) -> Callable[[Sequence[Entry]], str]:
    """Return what a metric's column says of a row; see `cell`, `Frame.foreign`."""

    def text(group: Sequence[Entry]) -> str:
        results = [entry.facts.results for entry in group]
        written = cell(name, results, frame.language, has_brackets=has_brackets)
        is_foreign = metrics()[name].by_features and any(e in frame.foreign for e in group)
        return FOREIGN if is_foreign and written != UNKNOWN else written

    return text


# ---- cells ---------------------------------------------------------------------------------------


def cell(
    name: str, results: Sequence[Mapping[str, Any]], language: str, *, has_brackets: bool = False
) -> str:
    """Return a metric as text, of several runs its mean and sample standard deviation (over n - 1).

    What is equal in all runs stands alone; where some runs lack the number, it says of how many it
    is. Of a list each is written, with commas. Without any number it is '–'.

    Args:
        name: a key of results.json.
        results: of the runs, more than none.
        language: of its words.
        has_brackets: whether a run's number for real images stands behind its own.
    """
    if name == "attribute":
        return value(results[0].get("attributes") or results[0].get(name))
    known = [result[name] for result in results if name in result]
    if not known:
        return UNKNOWN
    if name == "collapse":
        text = _collapse(known, language)
    elif isinstance(known[0], list | tuple):
        text = ", ".join(_mean_sd(name, parts) for parts in zip(*known, strict=True))
    else:
        text = _mean_sd(name, known)
    metric = metrics()[name]
    if has_brackets and metric.has_brackets and metric.beside in results[0]:
        text += f"\u00a0({format_metric(name, results[0][metric.beside])})"
    return text if len(known) == len(results) else f"{text} (n\u00a0=\u00a0{len(known)})"


def _collapse(found: Sequence[Sequence[Mapping[str, Any]]], language: str) -> str:
    """Return a run's signs of collapse, or how many of several runs have any."""
    if len(found) > 1:
        return word("compare.of_runs", language, count=sum(map(bool, found)), runs=len(found))
    signs, words = section("page", language)["signs"], section("compare", language)
    parts = [
        word("compare.collapse_at", language, step=f"{c['step']:,}", sign=signs[c["sign"]])
        for c in found[0]
    ]
    return words["and"].join(parts) or words["none"]


def _mean_sd(name: str, amounts: Sequence[Any]) -> str:
    """Return mean and standard deviation, the latter to two digits, with as many decimals each."""
    if all(amount == amounts[0] for amount in amounts):
        return format_metric(name, amounts[0])
    kind, factor, unit = format_of(name), 1, ""
    if kind == "percent":
        factor, unit = 100, " %"
    mean, deviation = factor * fmean(amounts), factor * stdev(amounts)
    most = MSE_DECIMALS if kind == "mse" else MAX_DECIMALS
    decimals = 1 if unit else min(most, max(0, 1 - math.floor(math.log10(deviation))))
    return f"{fixed(mean, decimals)}\u00a0±\u00a0{fixed(deviation, decimals)}{unit}"
