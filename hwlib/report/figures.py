"""Which of the homework's figures stands where: a row a recipe, a column a figure."""

from __future__ import annotations

from collections.abc import Sequence

from hwlib.report.entries import Entry, by_problem, identity_of
from hwlib.report.tables import Row, Table
from hwlib.report.words import FACTS, WORDS

# The homework's own names of files; where it has none, ours.
FIGURES = {
    "vae": ("fig1_2", "fig1_3", "fig1_4", "fig1_5"),
    "gan": ("fig2_2", "fig2_3"),
    "acgan": ("fig3_2", "fig3_3"),
    "infogan": ("infogan_curves", "infogan_code1", "infogan_pairs"),
    "kl": ("kl_elbo", "kl_growth", "kl_samples", "kl_interpolation"),
}
MEANINGS = {
    "zh": {
        "fig1_2": "VAE 的學習曲線。",
        "fig1_3": "VAE：測試影像與它們的重建。",
        "fig1_4": "VAE：32 張隨機樣本。",
        "fig1_5": "VAE：測試影像在隱空間的 t-SNE，依屬性上色。",
        "fig2_2": "GAN 的學習曲線。",
        "fig2_3": "GAN：32 張隨機樣本。",
        "fig3_2": "ACGAN 的學習曲線。",
        "fig3_3": "ACGAN：十對同一個 z 的影像，屬性打開與關閉。",
        "infogan_curves": "InfoGAN 的學習曲線。",
        "infogan_code1": "InfoGAN：一列一個 z，一欄一個編碼值。",
        "infogan_pairs": "InfoGAN：兩個編碼的一百種組合。",
        "kl_elbo": "KL 權重研究：每個週期的負 ELBO。",
        "kl_growth": "KL 權重研究：訓練途中的重建。",
        "kl_samples": "KL 權重研究：先驗分布的樣本。",
        "kl_interpolation": "KL 權重研究：兩張真實影像之間的內插。",
    },
    "en": {
        "fig1_2": "The VAE's learning curves.",
        "fig1_3": "VAE: test pictures and their reconstructions.",
        "fig1_4": "VAE: 32 random samples.",
        "fig1_5": "VAE: t-SNE of test pictures in latent space, coloured by an attribute.",
        "fig2_2": "The GAN's learning curves.",
        "fig2_3": "GAN: 32 random samples.",
        "fig3_2": "The ACGAN's learning curves.",
        "fig3_3": "ACGAN: ten pairs of one z each, the attribute on and off.",
        "infogan_curves": "The InfoGAN's learning curves.",
        "infogan_code1": "InfoGAN: a row a z, a column a value of the code.",
        "infogan_pairs": "InfoGAN: the hundred combinations of two codes.",
        "kl_elbo": "KL study: the negative ELBO in each epoch.",
        "kl_growth": "KL study: reconstructions along the way.",
        "kl_samples": "KL study: samples from the prior.",
        "kl_interpolation": "KL study: between two real pictures.",
    },
}


def figures_table(entries: Sequence[Entry], language: str) -> Table | None:
    """Return which figures each recipe has, linked to their places; None for no known problem.

    Args:
        entries: all runs of the report.
        language: a key of `LANGUAGES`.
    """
    words = WORDS[language]
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
            text = f"{words['figure']}\u00a0{number}" if number else words["none"]
            cells.append(text if entry else "–")
        made.append(Row(tuple(cells), links=links))
    columns = (*(FACTS[language][n] for n in ("recipe", *identity)), *(name for _, name in names))
    meanings = tuple((name, MEANINGS[language][name]) for _, name in names)
    caption = words["figures_caption"]
    right = tuple(False for _ in columns)
    return Table(caption, columns, right, tuple(made), meanings=meanings)


def _place(entry: Entry) -> tuple[str, str]:
    """Return what a page's row is sorted by, in the order in which they first appear."""
    return entry.data, entry.facts.recipe
