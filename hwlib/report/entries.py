"""The runs that a report is about, each once: a row of its tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hwlib.report.facts import IDENTITY, Facts, profile_name, value
from hwlib.report.runner import NOTEBOOKS
from hwlib.text import LANGUAGES, section, word


@dataclass(frozen=True)
class Entry:
    """A run of one job.

    Attributes:
        page: stem of the page that tells of it.
        note: settings, data and seed aside, that tell it from an earlier run of the same problem
            and recipe.
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
        """The data as they were asked for: what tells a report's data sets apart."""
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
    with the same settings stand together. The runs that the jobs are about come before the others
    that they used, each of those once. A KL study has a row for each weight that its page tells of.

    Args:
        jobs: the pages.
        figures: of each page by its stem, the numbers of its figures by their names.
    """
    figures = figures or {}
    mine = [
        entry
        for page, facts, is_failed in jobs
        for entry in _rows_of(Entry(page, facts, is_failed, figures=figures.get(page, {})))
    ]
    known = {entry.facts.run for entry in mine}
    also = {o.run: Entry(page, o) for page, facts, _ in jobs for o in facts.others}
    entries: list[Entry] = []
    for entry in [*mine, *(e for run, e in also.items() if run not in known)]:
        like = next((e for e in entries if _kind(e) == _kind(entry) and e.facts.record), None)
        note = _difference(like.facts, entry.facts) if like else ""
        entries.append(replace(entry, note=entry.note or note))
    return _in_order(entries)


def _in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Sort by problem, by data and by name; within each, what came first stays first."""

    def keys(entry: Entry) -> list[tuple[str, ...]]:
        parts = (entry.facts.problem, entry.data, entry.name)
        return [parts[:length] for length in (2, 3)]

    firsts: dict[tuple[str, ...], int] = {}
    for place, entry in enumerate(entries):
        for key in keys(entry):
            firsts.setdefault(key, place)
    order = list(NOTEBOOKS)
    return sorted(
        entries, key=lambda e: (order.index(e.facts.problem), *(firsts[key] for key in keys(e)))
    )


def _rows_of(entry: Entry) -> list[Entry]:
    """Return a study's VAEs, those of the weights told in full, in its place; else the entry."""
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


def _kind(entry: Entry) -> tuple[str, str, str]:
    return entry.facts.problem, entry.facts.recipe, entry.data


def _difference(first: Facts, other: Facts) -> str:
    """Return the settings of `other` that are not those of `first`, as words.

    Data, profile and seed have columns of their own.
    """
    if not (first.record and other.record):
        return ""
    names = sorted(first.settings.keys() | other.settings.keys())
    changed = [n for n in names if first.settings.get(n) != other.settings.get(n)]
    if not changed:
        return other.run
    own = [name for name in changed if name not in IDENTITY]
    return ", ".join(f"{name} = {other.setting(name)}" for name in own)


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


def told_apart(name: str, entry: Entry, entries: Sequence[Entry]) -> str:
    """Return the name of one of `entries` with its data and seed, where these are several."""
    return " · ".join([name, *(entry.facts.setting(part) for part in identity_of(entries))])


def warnings(entries: Sequence[Entry], language: str) -> list[str]:
    """Return what a reader must know before any number."""
    profiles = {e.facts.settings.get("profile") for e in entries}
    return [word(f"page.{name}", language) for name in ("smoke", "preview") if name in profiles]


def by_problem(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Return the entries of each problem, in the homework's order.

    A run of another problem, which a job has used beside its own, has no row here.
    """
    own = [e for e in entries if e.facts.problem == e.facts.job.problem]
    problems = {p: [e for e in own if e.facts.problem == p] for p in NOTEBOOKS}
    return {problem: some for problem, some in problems.items() if some}


def by_data(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return the entries of each data set: numbers of two are never put into one.

    Those that failed before their data were known stand with the first.
    """
    first = next((entry.data for entry in entries if entry.data), "")
    found: dict[str, list[Entry]] = {first: []} if entries else {}
    for entry in entries:
        found.setdefault(entry.data or first, []).append(entry)
    return list(found.values())


def by_seed(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return the finished entries in groups that differ by their seed alone, each run once.

    What the data and the profile are called plays no part: the data's content and the settings do.
    """
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.is_failed or not entry.facts.results:
            continue
        settings = {n: v for n, v in entry.facts.settings.items() if n not in IDENTITY}
        key = [entry.data, entry.facts.record.get("data"), settings]
        group = found.setdefault(json.dumps(key, sort_keys=True, default=str), [])
        if entry.facts.run not in {other.facts.run for other in group}:
            group.append(entry)
    return list(found.values())
