"""Runs side by side: each problem's images and numbers, and sample quality of all."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import fmean

import pandas as pd

from hwlib.registry import CLAIMS, PAGES, PROBLEMS, metrics, metrics_of
from hwlib.report.cells import UNKNOWN, cell, format_metric, metric_label, significant
from hwlib.report.runner import Job
from hwlib.report.runs import (
    Facts,
    by_data,
    by_protocol,
    by_seed,
    differences,
    disambiguated,
    grouped,
    identity_of,
    measured,
    seeds_of,
    short_name,
)
from hwlib.report.strips import Strip, make_galleries
from hwlib.text import fixed, section, word

MSES = ("test_mse_01", "test_mse_11")
FOREIGN = "≠"
QUALITY = [n for n, metric in metrics().items() if metric.real]  # that real images have as well
Numbers = Mapping[str, Mapping[str, int]]  # by a page's name, those of its figures by theirs


@dataclass(frozen=True)
class Row:
    """A table's row: its cells by their heads, and the page that its first one leads to."""

    cells: dict[str, str]
    page: str = ""
    is_failed: bool = False
    is_real: bool = False
    best: Collection[str] = ()  # heads of cells that are the best of their columns
    links: dict[str, str] = field(default_factory=dict)  # addresses that other cells lead to


@dataclass(frozen=True)
class Table:
    """A table in words."""

    caption: str
    rows: Sequence[Row]
    right: Collection[str] = ()  # columns of numbers
    notes: Sequence[str] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)  # of its numbers, by their labels

    @property
    def columns(self) -> dict[str, list[str]]:
        """The texts of each column by its head."""
        return {head: [row.cells[head] for row in self.rows] for head in self.rows[0].cells}


@dataclass(frozen=True)
class Section:
    """A part of the comparison, with its heading's anchor."""

    anchor: str
    title: str
    text: Sequence[str] = ()
    strips: Sequence[Strip] = ()
    tables: Sequence[Table] = ()
    parts: Sequence["Section"] = ()


def has_comparison(jobs: Sequence[Job]) -> bool:
    """Whether a problem has two jobs, by recipe, data or seed: something to set side by side."""
    return len({job.problem for job in jobs}) < len(jobs)


def tables_of(sections: Sequence[Section]) -> list[Table]:
    """Return all tables in the order in which they stand."""
    return [t for s in sections for t in (*s.tables, *tables_of(s.parts))]


class Comparison:
    """Runs side by side, in one language.

    Attributes:
        runs: all of them; what they share is in no column.
        data_sets: the models on each, and those by how they were measured; see `by_protocol`.
        foreign: ids of those whose distances were measured in another way than most on their data;
            their cells say so.
    """

    def __init__(self, runs: Sequence[Facts], language: str, numbers: Numbers):
        self.runs, self.language, self.numbers = runs, language, numbers
        self.words, self.identity = section("compare", language), identity_of(runs)
        own = grouped([run for run in runs if run.problem == run.job.problem], lambda r: r.problem)
        self.problems = {some[0].problem: some for some in own}  # not what a page used beside
        models = [run for run in runs if run.problem != CLAIMS]  # claims have no samples
        self.data_sets = [(own, *by_protocol(own)) for own in by_data(models)]
        apart = [run for _, groups, _ in self.data_sets for own in groups[1:] for run in own]
        self.foreign = set(map(id, apart))

    def sections(self) -> list[Section]:
        """Return all models side by side: at a glance, quality, figures, each problem."""
        titles = section("page", self.language)["problems"]
        tables = [
            table
            for problem, runs in self.problems.items()
            for table in self.metric_tables(PAGES[problem].overview, runs, titles[problem])
        ]
        sections = [Section("overview", self.words["overview"], tables=tables)]
        sections += [self.quality()] if self.data_sets else []
        if (table := self.figures()) is not None:
            note = [self.words["figures_note"]]
            sections.append(Section("figures", self.words["figures"], note, tables=[table]))
        return sections + [self.problem(problem, titles[problem]) for problem in self.problems]

    def problem(self, problem: str, title: str) -> Section:
        """Return a problem's recipes side by side: images, numbers, the reported number."""
        runs, words, tables = self.problems[problem], self.words, []
        for topic in PAGES[problem].topics:
            names = metrics_of(topic)
            if topic == "training" or any(name in run.results for name in names for run in runs):
                tables += self.metric_tables(names, runs, words["topics"][topic])
        if problem not in PROBLEMS:
            return Section(problem, title, tables=tables)
        parts = [
            Section(f"{problem}-{name}", words[name], text=text, strips=strips)
            for name, text, strips in make_galleries(runs, self.runs, self.language)
        ]
        parts.append(Section(f"{problem}-numbers", words["numbers"], tables=tables))
        parts += self.reported(problem)
        return Section(problem, title, parts=parts)

    def metric_tables(
        self, names: Sequence[str], runs: Sequence[Facts], caption: str, is_ranking: bool = False
    ) -> Iterator[Table]:
        """Yield the runs' table, and one of means over seeds where there are several.

        Metrics that no run has are left out. In a ranking the runs are of several problems, and
        real images have a row.
        """
        words, page = self.words, section("page", self.language)
        names = [name for name in names if any(name in run.results for run in runs)]
        is_mixed = len(by_data(runs)) > 1 and any(metrics()[name].by_features for name in names)
        groups = by_seed([run for run in runs if run.problem in PROBLEMS])  # verdicts have own ones
        made = [(caption, [[run] for run in runs])]
        if any(len(group) > 1 for group in groups):
            made.append((word("compare.spread", self.language, caption=caption), groups))
        for title, some in made:
            is_mean, rows = some is groups, []
            has_brackets = not is_mean and not is_ranking
            heads = {name: metric_label(name, self.language) for name in names}
            for name in names if has_brackets else ():
                metric = metrics()[name]
                if metric.has_brackets and any(metric.beside in run.results for run in runs):
                    heads[name] += f" ({words['floor' if metric.real else 'most']})"
            for own in some:
                cells = self._who(own, has_problem=is_ranking, has_seeds=is_mean)
                if has_brackets and any(run.is_failed for run in self.runs):
                    cells[page["state"]] = page["failed" if own[0].is_failed else "done"]
                results = [run.results for run in own]
                is_foreign = any(id(run) in self.foreign for run in own)
                for name in names:
                    text = cell(name, results, self.language, has_brackets=has_brackets)
                    is_apart = is_foreign and metrics()[name].by_features and text != UNKNOWN
                    cells[heads[name]] = FOREIGN if is_apart else text
                link = "" if is_mean else own[0].page
                rows.append(Row(cells, link, own[0].is_failed))
            right = [heads[name] for name in names if metrics()[name].format != "text"]
            is_apart = any(FOREIGN in row.cells.values() for row in rows)
            notes = [words["not_comparable"]] * is_apart
            notes += [words["across_data"]] * is_mixed
            yield Table(title, rows, right, notes, self._meanings(names))

    def _meanings(self, names: Sequence[str]) -> dict[str, str]:
        known = section("metrics", self.language)
        return {metric_label(name, self.language): known[name]["meaning"] for name in names}

    def _who(self, own: Sequence[Facts], *, has_problem=False, has_seeds=False) -> dict[str, str]:
        """Return what says which runs a row is about, by heads: recipe, and what is not all alike.

        With `has_seeds` a row is of several, which are named together.
        """
        labels, first = section("facts", self.language), own[0]
        told = {"problem": short_name(first.problem)} if has_problem else {}
        told["recipe"] = first.name
        told |= {n: first.setting(n) for n in self.identity if n != "seed" or not has_seeds}
        cells = {labels[name]: text for name, text in told.items()}
        return cells | ({self.words["seeds"]: seeds_of(own)} if has_seeds else {})

    def quality(self) -> Section:
        """Return the quality of samples: on each data set, and of each way of measuring."""
        words, language, is_one = self.words, self.language, len(self.data_sets) == 1
        parts: list[Section] = []
        for number, (own, groups, without) in enumerate(self.data_sets, start=1):
            end = "" if is_one else f"-{number}"
            title = own[0].setting("data") + word("page.sep", language) if end else ""
            text = measured(groups[0], language) if groups else []
            names = [f"{disambiguated(r.model, r, own)} ({words[why]})" for r, why in without]
            text += [word("compare.left_out", language, names=names)] if names else []
            tables = _ranking(groups[0], language, "quality") if groups else []
            parts.append(Section(f"quality{end}", title + words["quality"], text, tables=tables))
            for place, group in enumerate(groups[1:], start=1):
                what = differences(group[0], groups[0][0], language)
                text = [word("compare.apart_note", language, differences=what)]
                tables = _ranking(group, language, "apart")
                anchor = f"apart-{place}{end}"
                parts.append(Section(anchor, title + words["apart"], text, tables=tables))
        note = [words["quality_note"]] * any(part.tables for part in parts)
        if is_one:
            return replace(parts[0], text=(*note, *parts[0].text), parts=parts[1:])
        text = (*note, words["across_data"])
        return Section("quality", words["quality"], text=text, parts=parts)

    def reported(self, problem: str) -> list[Section]:
        """Return measured and reported test MSE, a row a reading; nothing where none was measured.

        Only here is torch loaded, by the recipes. Of runs that differ by seed alone it is the mean
        that is compared.
        """
        from hwlib.objectives import reported_mses
        from hwlib.recipes import RECIPES

        words, rows = self.words, []
        pairs = {n: r.problems[problem] for n, r in RECIPES.items() if problem in r.problems}
        about = partial(Section, f"{problem}-reported", words["reported"])
        if not any(pair.reported for pair in pairs.values()):
            return [about([words["no_report"]])]
        known = [r for r in self.problems[problem] if r.recipe in pairs and MSES[0] in r.results]
        groups, heads = by_seed(known), words["reported_heads"]
        for own in groups:
            run, results, who = own[0], [one.results for one in own], self._who(own, has_seeds=True)
            if all(len(group) == 1 for group in groups):
                who.pop(words["seeds"])
            course = pairs[run.recipe].settings
            share = run.results["num_images"] / (course["num_steps"] * course["batch_size"])
            cells = {heads["share"]: f"{100 * share:.1f} % (×{run.settings.get('width', 1):g})"}
            cells |= {metric_label(n, self.language): cell(n, results, self.language) for n in MSES}
            ours = fmean(result[MSES[0]] for result in results)
            readings = [
                {
                    "printed": f"{one.reported:g}",
                    "range": "[{}, {}]".format(*(fixed(end, 0) for end in one.range_read)),
                    "mse_01": format_metric(MSES[0], one.mse_01),
                    "mse_11": format_metric(MSES[1], one.mse_11),
                    "ratio": significant(ours / one.mse_01),
                }
                for one in reported_mses()
                if one.recipe == run.recipe
            ]
            for one in readings or [{}]:
                read = {heads[n]: one.get(n, UNKNOWN) for n in heads if n != "share"}
                rows.append(Row(who | cells | read, run.page))
        if not rows:
            return []
        meanings = {heads[name]: text for name, text in words["reported_meanings"].items()}
        meanings = self._meanings(MSES) | meanings
        table = Table(words["reported_caption"], rows, [*cells, *read], meanings=meanings)
        return [about([words["reported_note"]], tables=[table])]

    def figures(self) -> Table | None:
        """Return which figures each recipe has, linked to their places; None for no known problem.

        A row holds the pages of one recipe, data and seed, one of each problem.
        """
        words = self.words
        own = [problem for problem in self.problems if problem in PROBLEMS]
        runs = [run for problem in own for run in self.problems[problem]]
        pages = [same[0] for same in grouped(runs, lambda run: run.page)]
        if not pages:
            return None
        identity, order = identity_of(pages), list(dict.fromkeys(run.recipe for run in pages))
        heads = [section("facts", self.language)[name] for name in ("recipe", *identity)]
        names = [name for problem in own for name in PROBLEMS[problem].figures]
        figure, rows = word("page.figure", self.language), {}
        for on_data in by_data(pages):
            for run in sorted(on_data, key=lambda run: order.index(run.recipe)):
                problem = PROBLEMS[run.problem]
                recipe = run.recipe if problem.study_of else run.name  # of all weights
                key = (recipe, *map(run.setting, identity))
                cells = dict(zip(heads, key, strict=True)) | dict.fromkeys(names, UNKNOWN)
                row = rows.setdefault(key, Row(cells, links={}))
                for name in problem.figures:
                    number = self.numbers.get(run.page, {}).get(name)
                    row.cells[name] = f"{figure}\u00a0{number}" if number else words["none"]
                    if number:
                        row.links[name] = f"{run.page}.html#figure-{number}"
        meanings = {name: words["figure_meanings"][name] for name in names}
        return Table(words["figures_caption"], [*rows.values()], meanings=meanings)


def _ranking(runs: Sequence[Facts], language: str, kind: str) -> list[Table]:
    """Return sample quality of runs that were measured in one way, and means over seeds.

    Real images have the last row: a range, where the runs drew other ones. Of metrics without a
    better end none is best: blurred faces, close to the mean one, are nearly all precise.
    """
    caption, own = section("compare", language)[f"{kind}_caption"], Comparison(runs, language, {})
    first, *means = own.metric_tables(QUALITY, runs, caption, is_ranking=True)
    numbers = pd.DataFrame([run.results for run in runs])
    best: dict[str, pd.Index] = {}
    real = dict.fromkeys(first.columns, "")
    real[next(iter(real))] = word("compare.real", language)
    for name in filter(numbers.__contains__, QUALITY):
        head, known, metric = metric_label(name, language), numbers[name].dropna(), metrics()[name]
        texts = known.map(partial(format_metric, name))
        if kind == "quality" and metric.better and texts.nunique() > 1:
            top = known.idxmin() if metric.better == "lower" else known.idxmax()
            best[head] = texts.index[texts == texts[top]]
        ends = numbers[metric.real].agg(["min", "max"]) if metric.real in numbers else ()
        real[head] = "–".join(dict.fromkeys(format_metric(name, end) for end in ends)) or UNKNOWN
    rows = [
        replace(row, best=[head for head, own in best.items() if number in own])
        for number, row in enumerate(first.rows)
    ]
    return [replace(first, rows=[*rows, Row(real, is_real=True)]), *means]
