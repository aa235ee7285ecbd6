"""The runs that a report is about, each once: a row of its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hwlib.report.facts import IDENTITY, Facts, value
from hwlib.report.runner import NOTEBOOKS
from hwlib.report.words import FACTS, SHORT, WORDS


@dataclass(frozen=True)
class Entry:
    """A run of one job.

    Attributes:
        page: stem of the page that tells of it.
        note: settings that tell it from an earlier run of the same problem and recipe.
    """

    page: str
    facts: Facts
    is_failed: bool = False
    note: str = ""

    @property
    def name(self) -> str:
        """Recipe and note."""
        return f"{self.facts.recipe} · {self.note}" if self.note else self.facts.recipe

    @property
    def model(self) -> str:
        """Problem, recipe and note."""
        return f"{SHORT.get(self.facts.problem, self.facts.problem)} {self.name}"


def entries_of(jobs: Sequence[tuple[str, Facts, bool]]) -> list[Entry]:
    """Return every run of the jobs (page, facts, whether it failed), each run once.

    The runs that the jobs are about come first; then the others that they used. A KL study has a
    row for each weight that its page tells of.
    """
    mine = [entry for job in jobs for entry in _rows_of(Entry(*job))]
    known = {entry.facts.run for entry in mine}
    also = {o.run: Entry(page, o) for page, facts, _ in jobs for o in facts.others}
    entries: list[Entry] = []
    for entry in [*mine, *(e for run, e in also.items() if run not in known)]:
        like = next((e for e in entries if _kind(e) == _kind(entry)), None)
        note = _difference(like.facts, entry.facts) if like else ""
        entries.append(replace(entry, note=entry.note or note))
    order = list(NOTEBOOKS)
    return sorted(entries, key=lambda entry: order.index(entry.facts.problem))


def _rows_of(entry: Entry) -> list[Entry]:
    """Return a study's VAEs, those of the weights told in full, in its place; else the entry."""
    facts = entry.facts
    if "studies" not in facts.results:
        return [entry]
    studies = {row["kl_weight"]: row for row in facts.results["studies"]}
    shared = {name: part for name, part in facts.results.items() if name != "studies"}
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


def _kind(entry: Entry) -> tuple[str, str]:
    return entry.facts.problem, entry.facts.recipe


def _difference(first: Facts, other: Facts) -> str:
    """Return the settings of `other` that are not those of `first`, as words."""
    if not (first.record and other.record):
        return ""
    names = sorted(first.settings.keys() | other.settings.keys())
    changed = [n for n in names if first.settings.get(n) != other.settings.get(n)]
    return ", ".join(f"{name} = {other.setting(name)}" for name in changed) or other.run


def shared(entries: Sequence[Entry], language: str) -> list[tuple[str, str]]:
    """Return data, profile and seed where they are the same for all: label and text."""
    labels = FACTS[language]
    return [(labels[n], found[0]) for n in IDENTITY if len(found := values_of(entries, n)) == 1]


def values_of(entries: Sequence[Entry], name: str) -> list[str]:
    """Return the texts of a setting over the runs, each once."""
    return list(dict.fromkeys(e.facts.setting(name) for e in entries if name in e.facts.settings))


def warnings(entries: Sequence[Entry], language: str) -> list[str]:
    """Return what a reader must know before any number."""
    is_smoke = any(e.facts.settings.get("profile") == "smoke" for e in entries)
    return [WORDS[language]["smoke"]] if is_smoke else []


def by_problem(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Return the entries of each problem, in the homework's order.

    A run of another problem, which a job has used beside its own, has no row here.
    """
    own = [e for e in entries if e.facts.problem == e.facts.job.problem]
    problems = {p: [e for e in own if e.facts.problem == p] for p in NOTEBOOKS}
    return {problem: some for problem, some in problems.items() if some}
