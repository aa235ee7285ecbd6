"""Which of the homework's figures stands where: a row a recipe, a column a figure."""

from __future__ import annotations

from collections.abc import Sequence

from hwlib.report.entries import Entry, by_problem, identity_of
from hwlib.report.tables import Row, Table
from hwlib.text import section

# The homework's own names of files; where it has none, ours.
FIGURES = {
    "vae": ("fig1_2", "fig1_3", "fig1_4", "fig1_5"),
    "gan": ("fig2_2", "fig2_3"),
    "acgan": ("fig3_2", "fig3_3"),
    "infogan": ("infogan_curves", "infogan_code1", "infogan_pairs"),
    "kl": ("kl_elbo", "kl_growth", "kl_samples", "kl_interpolation"),
}


def figures_table(entries: Sequence[Entry], language: str) -> Table | None:
    """Return which figures each recipe has, linked to their places; None for no known problem.

    Args:
        entries: all runs of the report.
        language: of its words.
    """
    words, figure = section("compare", language), section("page", language)["figure"]
    own = {problem: some for problem, some in by_problem(entries).items() if problem in FIGURES}
    if not own:
        return None
    pages: dict[str, Entry] = {}
    for entry in (entry for some in own.values() for entry in some):
        pages.setdefault(entry.page, entry)
    identity = identity_of(list(pages.values()))
    # a row holds the pages of one recipe, data and seed, one of each problem
    rows: list[tuple[tuple[str, ...], dict[str, Entry]]] = []
    for entry in pages.values():
        key = (entry.facts.recipe, *(entry.facts.setting(name) for name in identity))
        problem = entry.facts.problem
        fitting = (held for known, held in rows if known == key and problem not in held)
        held = next(fitting, None)
        if held is None:
            held = {}
            rows.append((key, held))
        held[problem] = entry
    sets, recipes = (
        list(dict.fromkeys(names)) for names in zip(*(map(_place, pages.values())), strict=True)
    )

    def place(row: tuple[tuple[str, ...], dict[str, Entry]]) -> tuple[int, int]:
        data, recipe = _place(next(iter(row[1].values())))
        return sets.index(data), recipes.index(recipe)

    rows.sort(key=place)
    names = [(problem, name) for problem in own for name in FIGURES[problem]]
    made = []
    for key, held in rows:
        cells, links = list(key), {}
        for problem, name in names:
            entry = held.get(problem)
            number = entry.figures.get(name) if entry else None
            if number:
                links[len(cells)] = f"{entry.page}.html#figure-{number}"
            text = f"{figure}\u00a0{number}" if number else words["none"]
            cells.append(text if entry else "–")
        made.append(Row(tuple(cells), links=links))
    facts = section("facts", language)
    columns = (*(facts[n] for n in ("recipe", *identity)), *(name for _, name in names))
    meanings = tuple((name, words["figure_meanings"][name]) for _, name in names)
    caption = words["figures_caption"]
    right = tuple(False for _ in columns)
    return Table(caption, columns, right, tuple(made), meanings=meanings)


def _place(entry: Entry) -> tuple[str, str]:
    """Return what a page's row is sorted by, in the order in which they first appear."""
    return entry.data, entry.facts.recipe
