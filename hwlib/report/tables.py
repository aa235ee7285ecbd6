"""Numbers of runs as tables of words: a row a run, and a row for runs that differ by seed alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hwlib.report.entries import Entry, by_data, by_seed, identity_of, short_name
from hwlib.report.facts import metric_label, number, value
from hwlib.report.protocols import DISTANCES
from hwlib.report.spread import seeds_of, spread
from hwlib.text import section, word

# What a number is to be read beside, in brackets behind it, and the word for that.
BESIDE = {
    "frechet": ("frechet_real", "floor"),
    "kid": ("kid_real", "floor"),
    "precision": ("precision_real", "floor"),
    "recall": ("recall_real", "floor"),
    "density": ("density_real", "floor"),
    "coverage": ("coverage_real", "floor"),
    "sharpness_samples": ("sharpness_real", "floor"),
    "colourfulness_samples": ("colourfulness_real", "floor"),
    "diversity_samples": ("diversity_real", "floor"),
    "code_information_nats": ("code_entropy_nats", "most"),
}
BRACKETS = frozenset(BESIDE) - {"kid", "precision", "recall", "density", "coverage"}
# Numbers in a feature network's terms: other data or another network makes them other numbers.
BY_FEATURES = frozenset({*DISTANCES, "best_kid", "last_kid", "diversity_samples"})
TEXTS = frozenset({"attribute", "collapse"})  # columns of words, set to the left


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


def cell(name: str, results: Mapping[str, Any], language: str, *, brackets: bool = True) -> str:
    """Return one number as text, '–' where the run has none."""
    if name == "attribute":
        return value(results.get("attributes") or results.get(name))
    if name not in results:
        return "–"
    if name == "collapse":
        words, signs = section("compare", language), section("page", language)["signs"]
        found = [
            word(
                "compare.collapse_at",
                language,
                step=f"{c['step']:,}",
                sign=signs.get(c["sign"], c["sign"]),
            )
            for c in results[name]
        ]
        return words["and"].join(found) or words["none"]
    text = number(name, results[name])
    if brackets and name in BRACKETS and (beside := BESIDE[name][0]) in results:
        text += f"\u00a0({number(name, results[beside])})"
    return text


def make_table(
    names: Sequence[str],
    entries: Sequence[Entry],
    frame: Frame,
    *,
    caption: str,
    notes: Sequence[str] = (),
) -> Table:
    """Return a row an entry with those of the numbers `names` that any of them has.

    Args:
        names: metrics, as in `metrics.toml`.
        entries: the rows.
        frame: of the report.
        caption: the table's.
        notes: what is to stand below it.
    """
    words = section("page", frame.language)
    names = known_names(names, entries)
    identity = identity_of(frame.everyone)
    has_failed = any(e.is_failed for e in frame.everyone)
    head = [section("facts", frame.language)[n] for n in ("recipe", *identity)]
    head += [words["state"]] * has_failed
    columns = [*head, *(_label(n, entries, frame.language) for n in names)]
    rows, is_marked = [], False
    for entry in entries:
        cells = [entry.name, *(entry.facts.setting(n) for n in identity)]
        cells += [words["failed" if entry.is_failed else "done"]] * has_failed
        for name in names:
            text = cell(name, entry.facts.results, frame.language)
            if entry in frame.foreign and name in BY_FEATURES and text != "–":
                text, is_marked = "≠", True
            cells.append(text)
        rows.append(Row(tuple(cells), entry.page, entry.is_failed))
    right = (*(False for _ in head), *(n not in TEXTS for n in names))
    notes = (*notes, *_cautions(names, entries, frame.language, is_marked=is_marked))
    return Table(caption, tuple(columns), right, tuple(rows), notes)


def spread_tables(
    names: Sequence[str],
    entries: Sequence[Entry],
    frame: Frame,
    *,
    caption: str,
    names_problem: bool = False,
) -> list[Table]:
    """Return a table of means with a row for runs that differ by seed alone; none for one seed.

    Args:
        names: metrics, as in `metrics.toml`.
        entries: the runs.
        frame: of the report.
        caption: what the numbers are.
        names_problem: whether the runs are of several problems, which then have a column.
    """
    words = section("compare", frame.language)
    groups = by_seed(entries)
    if all(len(group) == 1 for group in groups):
        return []
    names = known_names(names, entries)
    identity = [name for name in identity_of(frame.everyone) if name != "seed"]
    facts = section("facts", frame.language)
    head = [facts["problem"]] * names_problem
    head += [facts[n] for n in ("recipe", *identity)] + [words["seeds"]]
    rows, is_marked = [], False
    for group in groups:
        first = group[0]
        results = [entry.facts.results for entry in group]
        cells = [short_name(first.facts.problem)] * names_problem
        cells += [first.name, *(first.facts.setting(n) for n in identity), seeds_of(group)]
        for name in names:
            text = spread(name, results, frame.language)
            if name in BY_FEATURES and text != "–" and any(e in frame.foreign for e in group):
                text, is_marked = "≠", True
            cells.append(text)
        rows.append(Row(tuple(cells)))
    right = (*(False for _ in head), *(n not in TEXTS for n in names))
    columns = (*head, *(metric_label(n, frame.language) for n in names))
    notes = _cautions(names, entries, frame.language, is_marked=is_marked)
    title = word("compare.spread", frame.language, caption=caption)
    return [Table(title, columns, right, tuple(rows), notes)]


def known_names(names: Sequence[str], entries: Sequence[Entry]) -> list[str]:
    """Return those of the numbers that any of the runs has."""
    return [n for n in names if any(n in e.facts.results for e in entries)]


def _cautions(
    names: Sequence[str], entries: Sequence[Entry], language: str, *, is_marked: bool
) -> tuple[str, ...]:
    """Return what to mind with distances: other protocols, and other data."""
    words = section("compare", language)
    is_mixed = len(by_data(entries)) > 1 and not BY_FEATURES.isdisjoint(names)
    return (*[words["not_comparable"]] * is_marked, *[words["across_data"]] * is_mixed)


def _label(name: str, entries: Sequence[Entry], language: str) -> str:
    """Return a column's head, with the word for what stands in brackets, if anything does."""
    label = metric_label(name, language)
    if name in BRACKETS and any(BESIDE[name][0] in e.facts.results for e in entries):
        return f"{label} ({section('compare', language)[BESIDE[name][1]]})"
    return label
