"""Runs side by side: each problem's images and numbers, and sample quality of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import fmean
from typing import Any

import pandas as pd

from hwlib.registry import CLAIMS, PAGES, PROBLEMS, metrics, metrics_of
from hwlib.report.cells import UNKNOWN, cell, format_metric, metric_label, significant
from hwlib.report.protocols import by_protocol, differences, measured
from hwlib.report.runner import Job
from hwlib.report.runs import (
    Facts,
    by_data,
    by_seed,
    disambiguated,
    grouped,
    identity_of,
    seeds_of,
    short_name,
)
from hwlib.report.strips import Strip, make_galleries
from hwlib.text import fixed, section, word

MSES = ("test_mse_01", "test_mse_11")
FOREIGN = "≠"
Columns = dict[str, Callable[[Sequence[Facts]], str]]  # by head: what it says of the runs of a row


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


def has_comparison(jobs: Sequence[Job]) -> bool:
    """Whether a problem has two jobs, by recipe, data or seed: something to set side by side."""
    return len({job.problem for job in jobs}) < len(jobs)


def comparison(runs: Sequence[Facts], language: str) -> list[Section]:
    """Return all models side by side: at a glance, quality, figures, each problem."""
    return Comparison(runs, language).sections()


def tables_of(sections: Sequence[Section]) -> list[Table]:
    """Return all tables in the order in which they stand."""
    return [t for s in sections for t in (*s.tables, *tables_of(s.parts))]


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


class Comparison:
    """Runs side by side, in one language.

    Attributes:
        runs: all of them; what they share is in no column.
        data_sets: the models on each, and those by how they were measured; see `by_protocol`.
        foreign: ids of those whose distances were measured in another way than most on their data;
            their cells say so.
    """

    def __init__(self, runs: Sequence[Facts], language: str):
        self.runs, self.language, self.words = runs, language, section("compare", language)
        own = [run for run in runs if run.problem == run.job.problem]  # not what it used beside
        by_problem = {problem: [run for run in own if run.problem == problem] for problem in PAGES}
        self.problems = {problem: some for problem, some in by_problem.items() if some}
        models = [run for run in runs if run.problem != CLAIMS]  # claims have no samples
        self.data_sets = [(own, *by_protocol(own)) for own in by_data(models)]
        apart = [run for _, groups, _ in self.data_sets for own in groups[1:] for run in own]
        self.foreign = set(map(id, apart))

    def sections(self) -> list[Section]:
        """Return all of it."""
        tables = tuple(self.overview())
        sections = [Section("overview", self.words["overview"], tables=tables)]
        sections += [self.quality()] if self.data_sets else []
        if (table := self.figures()) is not None:
            note = (self.words["figures_note"],)
            sections.append(Section("figures", self.words["figures"], note, tables=(table,)))
        return sections + [self.problem(problem) for problem in self.problems]

    def overview(self) -> Iterator[Table]:
        """Yield a table a problem, with the numbers that matter most."""
        titles = section("page", self.language)["problems"]
        for problem, runs in self.problems.items():
            yield from self.metric_tables(PAGES[problem].overview, runs, titles[problem])

    def problem(self, problem: str) -> Section:
        """Return a problem's recipes side by side: images, numbers, the reported number."""
        runs, words = self.problems[problem], self.words
        tables: list[Table] = []
        for topic in PAGES[problem].topics:
            names = metrics_of(topic)
            if topic == "training" or any(name in run.results for name in names for run in runs):
                tables += self.metric_tables(names, runs, words["topics"][topic])
        title = section("page", self.language)["problems"][problem]
        if problem == CLAIMS:
            return Section(problem, title, tables=tuple(tables))
        parts = [
            Section(f"{problem}-{g.name}", words[g.name], text=g.text, strips=g.strips)
            for g in make_galleries(runs, self.runs, self.language)
        ]
        parts.append(Section(f"{problem}-numbers", words["numbers"], tables=tuple(tables)))
        table = self.reported(problem)
        if table is None or table.rows:
            text = (words["reported_note" if table else "no_report"],)
            own = (table,) if table else ()
            parts.append(Section(f"{problem}-reported", words["reported"], text, tables=own))
        return Section(problem, title, parts=tuple(parts))

    # ---- a row a run, a column a metric ----------------------------------------------------------

    def metric_tables(
        self,
        names: Sequence[str],
        runs: Sequence[Facts],
        caption: str,
        *,
        is_ranking: bool = False,
    ) -> list[Table]:
        """Return the runs' table, and one of means over seeds where there are several.

        Metrics that no run has are left out. In a ranking the runs are of several problems, and
        real images have a row.
        """
        words, page = self.words, section("page", self.language)
        names = [name for name in names if any(name in run.results for run in runs)]
        is_mixed = len(by_data(runs)) > 1 and any(metrics()[name].by_features for name in names)
        made = [(caption, [[run] for run in runs], False)]
        groups = by_seed(
            [r for r in runs if r.problem in PROBLEMS]
        )  # verdicts have their own seeds
        if any(len(group) > 1 for group in groups):
            made.append((word("compare.spread", self.language, caption=caption), groups, True))
        tables = []
        for title, some, is_mean in made:
            has_brackets = not is_mean and not is_ranking
            columns = self._identity_columns(has_problem=is_ranking, has_seeds=is_mean)
            if has_brackets and any(run.is_failed for run in self.runs):
                columns[page["state"]] = lambda own: page["failed" if own[0].is_failed else "done"]
            right = [False] * len(columns) + [metrics()[name].format != "text" for name in names]
            for name in names:
                head, metric = metric_label(name, self.language), metrics()[name]
                is_beside = any(metric.beside in run.results for run in runs)
                if has_brackets and metric.has_brackets and is_beside:
                    head += f" ({words['floor' if metric.real else 'most']})"
                columns[head] = partial(self._cell, name, has_brackets=has_brackets)
            rows = []
            for own in some:
                cells = tuple(text(own) for text in columns.values())
                rows.append(Row(cells, "" if is_mean else own[0].page, own[0].is_failed))
            cautions = [words["not_comparable"]] * any(FOREIGN in row.cells for row in rows)
            cautions += [words["across_data"]] * is_mixed
            table = Table(title, tuple(columns), tuple(right), tuple(rows), tuple(cautions))
            tables.append(table)
        return tables

    def _identity_columns(self, *, has_problem: bool = False, has_seeds: bool = False) -> Columns:
        """Return the columns that say which run a row is about: recipe, and what is not all alike.

        With `has_seeds` a row is of several, which are named together.
        """
        facts, columns = section("facts", self.language), Columns()
        if has_problem:
            columns[facts["problem"]] = lambda own: short_name(own[0].problem)
        columns[facts["recipe"]] = lambda own: own[0].name
        for name in identity_of(self.runs):
            if name != "seed" or not has_seeds:
                columns[facts[name]] = lambda own, name=name: own[0].setting(name)
        if has_seeds:
            columns[self.words["seeds"]] = seeds_of
        return columns

    def _cell(self, name: str, own: Sequence[Facts], *, has_brackets: bool = False) -> str:
        """Return what a metric's column says of the runs of a row; see `cell`, `foreign`."""
        results = [run.results for run in own]
        written = cell(name, results, self.language, has_brackets=has_brackets)
        is_foreign = metrics()[name].by_features and any(id(run) in self.foreign for run in own)
        return FOREIGN if is_foreign and written != UNKNOWN else written

    # ---- sample quality --------------------------------------------------------------------------

    def quality(self) -> Section:
        """Return the quality of samples: on each data set, and of each way of measuring."""
        words, is_one = self.words, len(self.data_sets) == 1
        parts: list[Section] = []
        for number, measured_runs in enumerate(self.data_sets, start=1):
            parts += self._quality_on(*measured_runs, end="" if is_one else f"-{number}")
        note = [words["quality_note"]] * any(part.tables for part in parts)
        if is_one:
            first, *apart = parts
            return replace(first, text=(*note, *first.text), parts=tuple(apart))
        text = (*note, words["across_data"])
        return Section("quality", words["quality"], text=text, parts=tuple(parts))

    def _quality_on(
        self,
        own: Sequence[Facts],
        groups: Sequence[Sequence[Facts]],
        without: Sequence[tuple[Facts, str]],
        *,
        end: str,
    ) -> Iterator[Section]:
        """Yield a section for each way of measuring on a data set; `end` tells anchors apart."""
        language, words = self.language, self.words
        title = own[0].setting("data") + word("page.sep", language) if end else ""
        text, tables = [], []
        if groups:
            text += measured(groups[0], language)
            tables = _ranking(groups[0], language, words["quality_caption"], marks_best=True)
        if without:
            names = [f"{disambiguated(run.model, run, own)} ({words[why]})" for run, why in without]
            text.append(word("compare.left_out", language, names=names))
        yield Section(f"quality{end}", title + words["quality"], tuple(text), tables=tuple(tables))
        for place, group in enumerate(groups[1:], start=1):
            what = differences(group[0], groups[0][0], language)
            note = word("compare.apart_note", language, differences=what)
            found = _ranking(group, language, words["apart_caption"])
            anchor = f"apart-{place}{end}"
            yield Section(anchor, title + words["apart"], (note,), tables=tuple(found))

    # ---- the reports' own numbers ----------------------------------------------------------------

    def reported(self, problem: str) -> Table | None:
        """Return measured and reported test MSE, a row a reading; None where no report gives one.

        Only here is torch loaded, by the recipes. Of runs that differ by seed alone it is the mean
        that is compared.
        """
        from hwlib.objectives import reported_mses
        from hwlib.recipes import RECIPES

        pairs = {n: r.problems[problem] for n, r in RECIPES.items() if problem in r.problems}
        if not any(pair.reported for pair in pairs.values()):
            return None
        known = [r for r in self.problems[problem] if r.recipe in pairs and MSES[0] in r.results]
        groups, heads = by_seed(known), self.words["reported_heads"]
        columns = self._identity_columns(has_seeds=True)
        if all(len(own) == 1 for own in groups):
            columns.pop(self.words["seeds"])
        num_heads, (share, *read) = len(columns), heads.values()

        def share_run(own: Sequence[Facts]) -> str:
            course, done = pairs[own[0].recipe].settings, own[0].results["num_images"]
            share = done / (course["num_steps"] * course["batch_size"])
            return f"{100 * share:.1f} % (×{own[0].settings.get('width', 1):g})"

        columns[share] = share_run
        for name in MSES:
            columns[metric_label(name, self.language)] = partial(self._cell, name)
        rows = []
        for own in groups:
            ours = fmean(run.results[MSES[0]] for run in own)
            cells = [text(own) for text in columns.values()]
            readings = [
                (
                    f"{one.reported:g}",
                    "[{}, {}]".format(*(fixed(end, 0) for end in one.range_read)),
                    *(format_metric(MSES[0], one.mse_01), format_metric(MSES[1], one.mse_11)),
                    significant(ours / one.mse_01),
                )
                for one in reported_mses()
                if one.recipe == own[0].recipe
            ]
            for more in readings or [[UNKNOWN] * len(read)]:
                rows.append(Row((*cells, *more), own[0].page))
        names = (*columns, *read)
        right = tuple(place >= num_heads for place in range(len(names)))
        meanings = tuple((heads[n], text) for n, text in self.words["reported_meanings"].items())
        caption = self.words["reported_caption"]
        return Table(caption, names, right, tuple(rows), meanings=meanings)

    # ---- the homework's figures ------------------------------------------------------------------

    def figures(self) -> Table | None:
        """Return which figures each recipe has, linked to their places; None for no known problem.

        A row holds the pages of one recipe, data and seed, one of each problem.
        """
        words, facts = self.words, section("facts", self.language)
        own = {problem: runs for problem, runs in self.problems.items() if problem in PROBLEMS}
        all_runs = [run for runs in own.values() for run in runs]
        pages = [same[0] for same in grouped(all_runs, lambda run: run.page)]
        if not pages:
            return None
        identity, order = identity_of(pages), list(dict.fromkeys(run.recipe for run in pages))
        held: dict[tuple[str, ...], dict[str, Facts]] = {}
        for on_data in by_data(pages):
            for run in sorted(on_data, key=lambda run: order.index(run.recipe)):
                name = run.recipe if PROBLEMS[run.problem].study_of else run.name  # of all weights
                held.setdefault((name, *map(run.setting, identity)), {})[run.problem] = run
        names = [(problem, name) for problem in own for name in PROBLEMS[problem].figures]
        rows = []
        for key, page in held.items():
            cells, links = list(key), {}
            for problem, name in names:
                number = page[problem].figures.get(name) if problem in page else None
                if number:
                    links[len(cells)] = f"{page[problem].page}.html#figure-{number}"
                text = f"{word('page.figure', self.language)}\u00a0{number}"
                none = words["none"] if problem in page else UNKNOWN
                cells.append(text if number else none)
            rows.append(Row(tuple(cells), links=links))
        columns = (*(facts[n] for n in ("recipe", *identity)), *(name for _, name in names))
        meanings = tuple((name, words["figure_meanings"][name]) for _, name in names)
        right = (False,) * len(columns)
        return Table(words["figures_caption"], columns, right, tuple(rows), meanings=meanings)


def _ranking(
    runs: Sequence[Facts], language: str, caption: str, *, marks_best: bool = False
) -> list[Table]:
    """Return sample quality of runs that were measured in one way, and means over seeds.

    Real images have the last row: a range, where the runs drew other ones. Of metrics without a
    better end none is best: blurred faces, close to the mean one, are nearly all precise.
    """
    own = Comparison(runs, language)
    first, *means = own.metric_tables(quality_metrics(), runs, caption, is_ranking=True)
    numbers = pd.DataFrame([run.results for run in runs])
    names = [name for name in quality_metrics() if name in numbers]
    num_heads = len(first.columns) - len(names)
    best: dict[int, Any] = {}
    real = [word("compare.real", language), *[""] * (num_heads - 1)]
    for place, name in enumerate(names, start=num_heads):
        known, metric = numbers[name].dropna(), metrics()[name]
        texts = known.map(partial(format_metric, name))
        if marks_best and metric.better and texts.nunique() > 1:
            top = known.idxmin() if metric.better == "lower" else known.idxmax()
            best[place] = texts.index[texts == texts[top]]
        ends = numbers[metric.real].agg(["min", "max"]) if metric.real in numbers else ()
        real.append("–".join(dict.fromkeys(format_metric(name, end) for end in ends)) or UNKNOWN)
    rows = [
        replace(row, best=frozenset(place for place, own in best.items() if number in own))
        for number, row in enumerate(first.rows)
    ]
    return [replace(first, rows=(*rows, Row(tuple(real), is_real=True))), *means]
