"""The runs that a report is about, each once: a row of its tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeVar

from hwlib.registry import PAGES
from hwlib.report.facts import IDENTITY, Facts, profile_name, value
from hwlib.text import LANGUAGES, section, word

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """A run of one job.

    Attributes:
        page: stem of the page that it is on.
        note: settings, data and seed aside, that differ from those of an earlier run of the
            same problem and recipe.
        figures: the number of each figure of that page, by name.
    """

    page: str
    facts: Facts
    is_failed: bool = False
    note: str = ""
    figures: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Recipe and note."""
        return f"{self.facts.recipe} · {self.note}" if self.note else self.facts.recipe

    @property
    def model(self) -> str:
        """Problem, recipe and note."""
        return f"{short_name(self.facts.problem)} {self.name}"

    @property
    def data(self) -> str:
        """The data as they were asked for: they name a report's data sets."""
        return str(self.facts.parameters.get("data") or self.facts.settings.get("data", ""))


def short_name(problem: str, language: str = next(iter(LANGUAGES))) -> str:
    """Return what a problem's networks are called: the same in every language but for claims."""
    return section("page", language)["short"].get(problem, problem)


def entries_of(
    jobs: Sequence[tuple[str, Facts, bool]],
    figures: Mapping[str, Mapping[str, int]] | None = None,
) -> list[Entry]:
    """Return every run of the jobs (page, facts, whether it failed).

    Problems come in the homework's order; within one, runs on the same data, of the same recipe and
    with the same settings stand together. Main runs come first, then additional runs, without
    repeats. A KL study has a row for each weight that its page shows in full.

    Args:
        jobs: the pages.
        figures: of each page by its stem, the numbers of its figures by their names.
    """
    figures = figures or {}
    main = [
        entry
        for page, facts, is_failed in jobs
        for entry in _rows_of(Entry(page, facts, is_failed, figures=figures.get(page, {})))
    ]
    known = {entry.facts.run for entry in main}
    also = {o.run: Entry(page, o) for page, facts, _ in jobs for o in facts.others}
    first_of: dict[tuple[str, str, str], Facts] = {}
    entries: list[Entry] = []
    for entry in [*main, *(e for run, e in also.items() if run not in known)]:
        kind = (entry.facts.problem, entry.facts.recipe, entry.data)
        note = _difference(first_of[kind], entry.facts) if kind in first_of else ""
        if entry.facts.record:
            first_of.setdefault(kind, entry.facts)
        entries.append(replace(entry, note=entry.note or note))
    in_homework_order = sorted(entries, key=lambda entry: list(PAGES).index(entry.facts.problem))
    return [
        entry
        for on_problem in grouped(in_homework_order, lambda entry: entry.facts.problem)
        for on_data in grouped(on_problem, lambda entry: entry.data)
        for named in grouped(on_data, lambda entry: entry.name)
        for entry in named
    ]


def _rows_of(entry: Entry) -> list[Entry]:
    """Return a study's VAEs, those of the weights shown in full, in its place; else the entry."""
    facts = entry.facts
    if "studies" not in facts.results:
        return [entry]
    studies = {row["kl_weight"]: row for row in facts.results["studies"]}
    of_all = ("studies", "num_images", "images_per_s")  # of all weights together
    shared = {name: part for name, part in facts.results.items() if name not in of_all}
    rows = []
    for weight in facts.results["kl_weights"]:
        row, settings = studies[weight], {**facts.settings, "kl_weight": weight}
        own = replace(
            facts,
            run=row["run"],
            record={**facts.record, "settings": settings},
            results={**shared, **row},
            folder=facts.folder.parent / row["run"] if facts.folder else None,
        )
        rows.append(replace(entry, facts=own, note=f"λ = {value(weight)}"))
    return rows


def _difference(first: Facts, other: Facts) -> str:
    """Return the settings of `other` that are not those of `first`, as words.

    Data, profile and seed have columns of their own.
    """
    if not other.record:
        return ""
    names = sorted(first.settings.keys() | other.settings.keys())
    changed = [n for n in names if first.settings.get(n) != other.settings.get(n)]
    if not changed:
        return other.run
    own = [name for name in changed if name not in IDENTITY]
    return ", ".join(f"{name} = {other.setting(name)}" for name in own)


# ---- what runs share, and how they differ ----------------------------------------------------


def shared(entries: Sequence[Entry], language: str) -> list[tuple[str, str]]:
    """Return data, profile and seed where they are the same for all: label and text."""
    labels = section("facts", language)
    common = {n: found[0] for n in IDENTITY if len(found := values_of(entries, n)) == 1}
    return [
        (labels[n], profile_name(v, language) if n == "profile" else v) for n, v in common.items()
    ]


def values_of(entries: Sequence[Entry], name: str) -> list[str]:
    """Return the texts of a setting over the runs, each once."""
    return list(dict.fromkeys(e.facts.setting(name) for e in entries if name in e.facts.settings))


def identity_of(entries: Sequence[Entry]) -> list[str]:
    """Return which of data, profile and seed are not the same for all: columns of their own."""
    return [name for name in IDENTITY if len(values_of(entries, name)) > 1]


def disambiguated(name: str, entry: Entry, entries: Sequence[Entry]) -> str:
    """Return the name of one of `entries` with its data and seed, where these are several."""
    return " · ".join([name, *(entry.facts.setting(part) for part in identity_of(entries))])


def seeds_of(entries: Sequence[Entry]) -> str:
    """Return how many seeds and which, as text: '3 (0–2)'."""
    seeds = sorted(entry.facts.settings.get("seed", 0) for entry in entries)
    is_range = len(seeds) > 2 and all(b == a + 1 for a, b in pairwise(seeds))
    listed = f"{seeds[0]}–{seeds[-1]}" if is_range else ", ".join(map(str, seeds))
    return f"{len(seeds)} ({listed})"


def warnings(entries: Sequence[Entry], language: str) -> list[str]:
    """Return what a reader must know before any number."""
    profiles = {e.facts.settings.get("profile") for e in entries}
    return [word(f"page.{name}", language) for name in ("smoke", "preview") if name in profiles]


# ---- groups --------------------------------------------------------------------------------------


def grouped(items: Sequence[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    """Return the items that have the same key together, groups in the order of their first."""
    found: dict[Hashable, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return list(found.values())


def by_problem(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Return the entries of each problem, in the homework's order.

    A run of another problem, which a job has used beside its own, has no row here.
    """
    own = [e for e in entries if e.facts.problem == e.facts.job.problem]
    problems = {p: [e for e in own if e.facts.problem == p] for p in PAGES}
    return {problem: some for problem, some in problems.items() if some}


def by_data(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return the entries of each data set: numbers of two are never put into one.

    Those that failed before their data were known stand with the first.
    """
    first = next((entry.data for entry in entries if entry.data), "")
    return grouped(entries, lambda entry: entry.data or first)


def by_seed(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return the finished entries in groups that differ by their seed alone, each run once.

    What the data and the profile are called plays no part: the data's content and the settings do.
    """

    def key(entry: Entry) -> str:
        settings = {n: v for n, v in entry.facts.settings.items() if n not in IDENTITY}
        parts = [entry.data, entry.facts.record.get("data"), settings]
        return json.dumps(parts, sort_keys=True, default=str)

    finished = [entry for entry in entries if entry.facts.results and not entry.is_failed]
    groups = grouped(finished, key)
    return [[same[0] for same in grouped(own, lambda entry: entry.facts.run)] for own in groups]
