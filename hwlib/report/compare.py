"""Runs side by side: each problem's images and numbers, and sample quality of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from statistics import fmean
from typing import Any

import pandas as pd

from hwlib.registry import CLAIMS, PAGES, PROBLEMS, metrics, metrics_of
from hwlib.report.entries import (
    Entry,
    by_data,
    by_problem,
    by_seed,
    disambiguated,
    grouped,
    identity_of,
)
from hwlib.report.facts import format_metric, metric_label, significant
from hwlib.report.protocols import by_protocol, conditions, format_difference, measured
from hwlib.report.runner import Job
from hwlib.report.strips import Strip, make_galleries
from hwlib.report.tables import (
    UNKNOWN,
    Frame,
    Row,
    Table,
    identity_columns,
    metric_column,
    metric_tables,
)
from hwlib.text import fixed, section, word

MSES = ("test_mse_01", "test_mse_11")


@dataclass(frozen=True)
class Section:
    """A part of the comparison, with its heading's anchor."""

    anchor: str
    title: str
    text: tuple[str, ...] = ()
    strips: tuple[Strip, ...] = ()
    tables: tuple[Table, ...] = ()
    parts: tuple[Section, ...] = ()


def quality_metrics() -> tuple[str, ...]:
    """Return the metrics of sample quality: those that real images have as well."""
    return tuple(name for name, metric in metrics().items() if metric.real)


# ---------------------------------------------------------------------- all of it


def has_comparison(jobs: Sequence[Job]) -> bool:
    """Whether a problem has two jobs, by recipe, data or seed: something to set side by side."""
    problems = [job.problem for job in jobs]
    return len(set(problems)) < len(problems)


def comparison(entries: Sequence[Entry], language: str) -> list[Section]:
    """Return all models side by side: at a glance, quality, figures, each problem."""
    words = section("compare", language)
    models = [entry for entry in entries if entry.facts.problem != CLAIMS]  # claims have no samples
    apart = [group for own in by_data(models) for group, _ in by_protocol(own).apart]
    frame = Frame(language, entries, [entry for group in apart for entry in group])
    tables = tuple(overview(entries, frame))
    sections = [Section("overview", words["overview"], tables=tables)]
    sections += [_quality(models, frame)] if models else []
    if (table := figures_table(entries, language)) is not None:
        text = (words["figures_note"],)
        sections.append(Section("figures", words["figures"], text=text, tables=(table,)))
    return sections + [_problem(p, own, frame) for p, own in by_problem(entries).items()]


def overview(entries: Sequence[Entry], frame: Frame) -> list[Table]:
    """Return a table a problem, with the numbers that matter most; with several seeds their means.

    Args:
        entries: all runs of the report.
        frame: of the report.
    """
    titles = section("page", frame.language)["problems"]
    return [
        table
        for problem, own in by_problem(entries).items()
        for table in metric_tables(PAGES[problem].overview, own, frame, caption=titles[problem])
    ]


def _problem(problem: str, entries: Sequence[Entry], frame: Frame) -> Section:
    """Return a problem's recipes side by side: images, numbers, the number that was reported."""
    language, words = frame.language, section("compare", frame.language)
    tables = []
    for topic in PAGES[problem].topics:
        names = metrics_of(topic)
        has_any = any(name in e.facts.results for name in names for e in entries)
        if has_any or topic == "training":
            notes, caption = conditions(topic, entries, language), words["topics"][topic]
            tables += metric_tables(names, entries, frame, caption=caption, notes=notes)
    title = section("page", language)["problems"][problem]
    if problem == CLAIMS:
        return Section(problem, title, tables=tuple(tables))
    parts = [
        Section(f"{problem}-{g.name}", words[g.name], text=g.text, strips=g.strips)
        for g in make_galleries(entries, frame.everyone, language)
    ]
    parts.append(Section(f"{problem}-numbers", words["numbers"], tables=tuple(tables)))
    table = reported_table(problem, entries, frame)
    if table is None:
        text = (words["no_report"],)
        parts.append(Section(f"{problem}-reported", words["reported"], text))
    elif table.rows:
        text = (words["reported_note"],)
        parts.append(Section(f"{problem}-reported", words["reported"], text, tables=(table,)))
    return Section(problem, title, parts=tuple(parts))


def glossary(tables: Sequence[Table], language: str) -> list[tuple[str, str]]:
    """Return label and meaning of every number that stands in one of the tables."""
    heads = {column for table in tables for column in table.columns}
    known = [
        (metric_label(n, language), m["meaning"]) for n, m in section("metrics", language).items()
    ]
    known += dict.fromkeys(meaning for table in tables for meaning in table.meanings)
    return [
        (label, meaning)
        for label, meaning in known
        if any(head == label or head.startswith(f"{label} (") for head in heads)
    ]


def tables_of(sections: Sequence[Section]) -> list[Table]:
    """Return all tables in the order in which they stand."""
    return [t for s in sections for t in (*s.tables, *tables_of(s.parts))]


# ---------------------------------------------------------------------- sample quality


def _quality(entries: Sequence[Entry], frame: Frame) -> Section:
    """Return the quality of all models' samples: of each data set, and of each way of measuring."""
    words = section("compare", frame.language)
    sets = by_data(entries)
    parts: list[Section] = []
    for number, own in enumerate(sets, start=1):
        parts += _quality_on(own, frame, end=f"-{number}" if len(sets) > 1 else "")
    note = [words["quality_note"]] * any(part.tables for part in parts)
    if len(sets) == 1:
        first, *apart = parts
        return replace(first, text=(*note, *first.text), parts=tuple(apart))
    text = (*note, words["across_data"])
    return Section("quality", words["quality"], text=text, parts=tuple(parts))


def _quality_on(entries: Sequence[Entry], frame: Frame, *, end: str) -> list[Section]:
    """Return the quality of samples on one data set, a section for each way of measuring.

    Args:
        entries: all runs on it.
        frame: of the report.
        end: tells its anchors apart, empty where there is no other data set.
    """
    language, words = frame.language, section("compare", frame.language)
    name = entries[0].facts.setting("data") + word("page.sep", language) if end else ""
    protocols = by_protocol(entries)
    tables: list[Table] = []
    text = []
    if protocols.same:
        text += measured(protocols.same, language)
        tables = _ranking(protocols.same, language, words["quality_caption"], marks_best=True)
    if protocols.without:
        left_out = [
            f"{disambiguated(e.model, e, entries)} ({words[why]})" for e, why in protocols.without
        ]
        text.append(words["left_out"] + words["and"].join(left_out) + words["end"])
    title = name + words["quality"]
    sections = [Section(f"quality{end}", title, tuple(text), tables=tuple(tables))]
    for place, (group, differences) in enumerate(protocols.apart, start=1):
        what = words["and"].join(format_difference(d, language) for d in differences)
        note = words["apart_note"] + what + words["end"]
        found = _ranking(group, language, words["apart_caption"], marks_best=False)
        anchor, title = f"apart-{place}{end}", name + words["apart"]
        sections.append(Section(anchor, title, (note,), tables=tuple(found)))
    return sections


def _ranking(
    entries: Sequence[Entry], language: str, caption: str, *, marks_best: bool
) -> list[Table]:
    """Return sample quality of runs that were measured in one way, and means over seeds."""
    names, frame = quality_metrics(), Frame(language, entries)
    first, *means = metric_tables(names, entries, frame, caption=caption, is_ranking=True)
    numbers = pd.DataFrame([entry.facts.results for entry in entries])
    names = [name for name in names if name in numbers]
    num_heads = len(first.columns) - len(names)
    best = {num_heads + i: _best_rows(name, numbers[name]) for i, name in enumerate(names)}
    rows = [
        replace(row, best=frozenset(i for i, own in best.items() if marks_best and place in own))
        for place, row in enumerate(first.rows)
    ]
    real = [word("compare.real", language), *[""] * (num_heads - 1)]
    real += [_real(name, numbers.get(metrics()[name].real)) for name in names]
    return [replace(first, rows=(*rows, Row(tuple(real), is_real=True))), *means]


def _best_rows(name: str, numbers: pd.Series) -> frozenset[int]:
    """Return the rows that hold a metric's best number; none where all are written alike.

    Of metrics without a better end there is none: blurred faces, close to the mean one, are nearly
    all counted as precise.
    """
    known, better = numbers.dropna(), metrics()[name].better
    texts = known.map(lambda amount: format_metric(name, amount))
    if not better or texts.nunique() < 2:
        return frozenset()
    best = known.idxmin() if better == "lower" else known.idxmax()
    return frozenset(texts.index[texts == texts[best]])


def _real(name: str, numbers: pd.Series | None) -> str:
    """Return the number of real images; its range, where the runs drew other ones."""
    if numbers is None:
        return UNKNOWN
    ends = (numbers.min(), numbers.max())
    return "–".join(dict.fromkeys(format_metric(name, end) for end in ends))


# ---------------------------------------------------------------------- the reports' own numbers


def reported_table(problem: str, entries: Sequence[Entry], frame: Frame) -> Table | None:
    """Return measured and reported test MSE, a row a reading; None where no report gives a number.

    Only here is torch loaded, by the recipes. Of runs that differ by seed alone it is the mean that
    is compared.

    Args:
        problem: of the runs.
        entries: runs of the problem.
        frame: of the report.
    """
    from hwlib.objectives import reported_mses
    from hwlib.recipes import RECIPES

    pairs = {n: r.problems[problem] for n, r in RECIPES.items() if problem in r.problems}
    if not any(pair.reported for pair in pairs.values()):
        return None
    language, words = frame.language, section("compare", frame.language)
    groups = by_seed([e for e in entries if e.facts.recipe in pairs and MSES[0] in e.facts.results])
    columns = identity_columns(frame, has_seeds=True)
    if all(len(group) == 1 for group in groups):
        columns.pop(words["seeds"])
    num_heads, heads = len(columns), words["reported_heads"]
    share, *read = heads.values()
    columns[share] = lambda group: _share(group[0], pairs[group[0].facts.recipe].settings)
    for name in MSES:
        columns[metric_label(name, language)] = metric_column(name, frame)
    rows = []
    for group in groups:
        ours = fmean(entry.facts.results[MSES[0]] for entry in group)
        cells = [text(group) for text in columns.values()]
        readings = [r for r in reported_mses() if r.recipe == group[0].facts.recipe]
        for reading in readings or [None]:
            more = _reading(reading, ours) if reading else [UNKNOWN] * len(read)
            rows.append(Row((*cells, *more), group[0].page))
    names = (*columns, *read)
    right = tuple(place >= num_heads for place in range(len(names)))
    meanings = tuple((head, words["reported_meanings"][name]) for name, head in heads.items())
    return Table(words["reported_caption"], names, right, tuple(rows), meanings=meanings)


def _share(entry: Entry, course: Mapping[str, Any]) -> str:
    """Return how much of the report's schedule was run, and how wide."""
    share = entry.facts.results["num_images"] / (course["num_steps"] * course["batch_size"])
    return f"{100 * share:.1f} % (×{entry.facts.settings.get('width', 1):g})"


def _reading(reading: Any, ours: float) -> list[str]:
    """Return the cells of one reading of a report's number, `ours` with pixels in [0, 1]."""
    low, high = (fixed(end, 0) for end in reading.range_read)
    return [
        f"{reading.reported:g}",
        f"[{low}, {high}]",
        format_metric(MSES[0], reading.mse_01),
        format_metric(MSES[1], reading.mse_11),
        significant(ours / reading.mse_01),
    ]


# ---------------------------------------------------------------------- the homework's figures


def figures_table(entries: Sequence[Entry], language: str) -> Table | None:
    """Return which figures each recipe has, linked to their places; None for no known problem.

    A row holds the pages of one recipe, data and seed, one of each problem.

    Args:
        entries: all runs of the report.
        language: of its words.
    """
    words, facts = section("compare", language), section("facts", language)
    own = {p: some for p, some in by_problem(entries).items() if p in PROBLEMS}
    pages = [
        page[0]
        for page in grouped([e for some in own.values() for e in some], lambda entry: entry.page)
    ]
    if not pages:
        return None
    identity = identity_of(pages)
    held: dict[tuple[Any, ...], dict[str, Entry]] = {}
    for on_data in grouped(pages, lambda entry: entry.data):
        for recipe in dict.fromkeys(entry.facts.recipe for entry in pages):
            for entry in (e for e in on_data if e.facts.recipe == recipe):
                key = (recipe, *(entry.facts.setting(name) for name in identity))
                free = (n for n in count() if entry.facts.problem not in held.get((key, n), {}))
                held.setdefault((key, next(free)), {})[entry.facts.problem] = entry
    names = [(problem, name) for problem in own for name in PROBLEMS[problem].figures]
    rows = []
    for (key, _), page in held.items():
        cells, links = list(key), {}
        for problem, name in names:
            number = page[problem].figures.get(name) if problem in page else None
            if number:
                links[len(cells)] = f"{page[problem].page}.html#figure-{number}"
            text = f"{word('page.figure', language)}\u00a0{number}" if number else words["none"]
            cells.append(text if problem in page else UNKNOWN)
        rows.append(Row(tuple(cells), links=links))
    columns = (*(facts[n] for n in ("recipe", *identity)), *(name for _, name in names))
    meanings = tuple((name, words["figure_meanings"][name]) for _, name in names)
    right = (False,) * len(columns)
    return Table(words["figures_caption"], columns, right, tuple(rows), meanings=meanings)
