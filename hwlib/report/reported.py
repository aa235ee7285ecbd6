"""What was measured here beside the number that the original report printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from hwlib.report.entries import Entry, by_seed, identity_of
from hwlib.report.facts import metric_label, number, significant
from hwlib.report.spread import seeds_of, spread
from hwlib.report.tables import Frame, Row, Table
from hwlib.text import section

MEASURED = ("test_mse_01", "test_mse_11")
COLUMNS = ("share", "printed", "range", "read_01", "read_11", "ratio")


def reported_table(problem: str, entries: Sequence[Entry], frame: Frame) -> Table | None:
    """Return measured and reported test MSE, a row a reading; None where no report gives a number.

    Only here is torch loaded, by the recipes. Of runs that differ by seed
    alone it is the mean that is compared.

    Args:
        problem: of the runs.
        entries: runs of the problem.
        frame: of the report.
    """
    from hwlib.objectives import reported_mses
    from hwlib.recipes import RECIPES

    recipes = {n: r.problems[problem] for n, r in RECIPES.items() if problem in r.problems}
    if not any(pair.reported for pair in recipes.values()):
        return None
    readings: dict[str, list[Any]] = {}
    for reading in reported_mses():
        readings.setdefault(reading.recipe, []).append(reading)
    language, words = frame.language, section("compare", frame.language)
    known = [e for e in entries if e.facts.recipe in recipes and "test_mse_01" in e.facts.results]
    groups = by_seed(known)
    has_seeds = any(len(group) > 1 for group in groups)
    identity = [name for name in identity_of(frame.everyone) if name != "seed"]
    facts = section("facts", language)
    head = [facts[n] for n in ("recipe", *identity)] + [words["seeds"]] * has_seeds
    rows = []
    for group in groups:
        facts, results = group[0].facts, [entry.facts.results for entry in group]
        first = [group[0].name, *(facts.setting(n) for n in identity)]
        first += [seeds_of(group)] * has_seeds
        first += [_share(facts.settings, results[0], recipes[facts.recipe].settings)]
        first += [spread(name, results, language) for name in MEASURED]
        ours = fmean(result["test_mse_01"] for result in results)
        for reading in readings.get(facts.recipe, [None]):
            cells = [*first, *(_reading(reading, ours) if reading else ["–"] * 5)]
            rows.append(Row(tuple(cells), group[0].page))
    names = words["reported_heads"]
    columns = (*head, names["share"], *(metric_label(name, language) for name in MEASURED))
    columns += tuple(names[n] for n in COLUMNS[1:])
    right = (*(False for _ in head), *(True for _ in columns[len(head) :]))
    meanings = tuple((names[name], words["reported_meanings"][name]) for name in COLUMNS)
    return Table(words["reported_caption"], columns, right, tuple(rows), meanings=meanings)


def _share(
    settings: Mapping[str, Any], results: Mapping[str, Any], course: Mapping[str, Any]
) -> str:
    """Return how much of the report's schedule was run, and how wide."""
    share = results["num_images"] / (course["num_steps"] * course["batch_size"])
    return f"{100 * share:.1f} % (×{settings.get('width', 1):g})"


def _reading(reading: Any, ours: float) -> list[str]:
    """Return the cells of one reading of a report's number, `ours` with pixels in [0, 1]."""
    low, high = (f"{end:.0f}".replace("-", "\u2212") for end in reading.range_read)
    return [
        f"{reading.reported:g}",
        f"[{low}, {high}]",
        number("test_mse_01", reading.mse_01),
        number("test_mse_11", reading.mse_11),
        significant(ours / reading.mse_01, 3),
    ]
