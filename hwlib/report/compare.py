"""Runs side by side, as tables of words: each problem's numbers, and sample quality of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwlib.report.entries import Entry, by_problem, values_of
from hwlib.report.facts import IDENTITY, VERDICTS, number, value
from hwlib.report.meanings import MEANINGS
from hwlib.report.protocols import DISTANCES, Protocols, by_protocol, different, measured
from hwlib.report.runner import CLAIMS
from hwlib.report.strips import STRIP_IMAGES, Strip, make_strips
from hwlib.report.words import FACTS, METRICS, PROBLEMS, SHORT, SIGNS, TOPICS, WORDS

QUALITY = (*DISTANCES, "sharpness_samples", "colourfulness_samples", "diversity_samples")
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
# Which end of a column is the better one; for the other columns that depends.
BEST: dict[str, Callable[..., float]] = {
    "frechet": min,
    "kid": min,
    "precision": max,
    "recall": max,
    "coverage": max,
}
# Numbers in a feature network's terms: other data or another network makes them other numbers.
BY_FEATURES = frozenset({*DISTANCES, "best_kid", "last_kid", "diversity_samples"})
TEXTS = frozenset({"attribute", "collapse"})  # columns of words, set to the left

VAE_OVERVIEW = (
    *("num_parameters", "num_steps", "train_time_s", "test_mse_01", "test_mse_11"),
    *("neg_elbo_nats", "frechet", "kid"),
)
COUNTS = tuple(f"num_{verdict}" for verdict in VERDICTS)
# What fits a page's width; the rest is in the tables of the comparison.
OVERVIEW = {
    "vae": VAE_OVERVIEW,
    "kl": VAE_OVERVIEW,
    "gan": (
        *("num_steps", "train_time_s", "d_accuracy_real", "d_accuracy_fake", "frechet", "kid"),
        *("precision", "recall", "diversity_samples", "near_copies"),
    ),
    "acgan": (
        *("attribute", "num_steps", "train_time_s", "attribute_accuracy", "attribute_flip_rate"),
        *("d_accuracy_real", "d_accuracy_fake", "frechet", "kid"),
    ),
    "infogan": (
        *("num_codes", "num_steps", "train_time_s", "code_accuracy", "code_information_nats"),
        *("code_variance_share", "code_class_accuracy", "frechet", "kid"),
    ),
    CLAIMS: COUNTS,
}
TRAINING = ("num_parameters", "num_steps", "num_epochs", "train_time_s", "images_per_s")
BALANCE = (
    *("d_accuracy_real", "d_accuracy_fake", "best_step", "best_kid", "last_kid", "kept_step"),
    *("snapshot_share", "collapse"),
)
VARIETY = (
    *("sharpness_samples", "colourfulness_samples", "diversity_samples", "near_copies"),
    *("nearest_ratio", "closest_pair_ratio"),
)
RECONSTRUCTION = (
    *("test_mse_01", "test_mse_11", "neg_elbo_nats", "recon_nats", "kl_nats", "active_units"),
    "linear_probe_accuracy",
)
ATTRIBUTE = ("attribute", "attribute_accuracy", "attribute_flip_rate", "class_accuracy_test")
CODE = (
    *("num_codes", "code_accuracy", "code_information_nats", "code_variance_share"),
    *("noise_variance_share", "code_class_accuracy"),
)
DETAILS: dict[str, dict[str, tuple[str, ...]]] = {
    "vae": {"training": TRAINING, "reconstruction": RECONSTRUCTION, "variety": VARIETY},
    "kl": {"training": TRAINING, "reconstruction": RECONSTRUCTION, "variety": VARIETY},
    "gan": {"training": TRAINING, "balance": BALANCE, "variety": VARIETY},
    "acgan": {
        "training": TRAINING,
        "attribute": ATTRIBUTE,
        "balance": BALANCE,
        "variety": VARIETY,
    },
    "infogan": {"training": TRAINING, "code": CODE, "balance": BALANCE, "variety": VARIETY},
    CLAIMS: {"verdicts": COUNTS},
}


@dataclass(frozen=True)
class Row:
    """A table's row: its cells, and the page that its first one leads to."""

    cells: tuple[str, ...]
    page: str = ""
    is_failed: bool = False
    is_real: bool = False
    best: frozenset[int] = frozenset()


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


# ---------------------------------------------------------------------- tables


def cell(name: str, results: Mapping[str, Any], language: str, *, brackets: bool = True) -> str:
    """Return one number as text, '–' where the run has none."""
    if name == "attribute":
        return value(results.get("attributes") or results.get(name))
    if name not in results:
        return "–"
    if name == "collapse":
        words, signs = WORDS[language], SIGNS[language]
        found = [
            words["collapse_at"].format(step=f"{c['step']:,}", sign=signs.get(c["sign"], c["sign"]))
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
    language: str,
    *,
    caption: str,
    protocols: Protocols,
    everyone: Sequence[Entry] | None = None,
) -> Table:
    """Return a row an entry with those of the numbers `names` that any of them has.

    A number of another protocol than the largest group's is not shown: its cell says so.

    Args:
        names: keys of `METRICS`.
        entries: the rows.
        language: a key of `LANGUAGES`.
        caption: the table's.
        protocols: of all runs of the report.
        everyone: all runs of the report; what they share is in no column.
    """
    words, labels = WORDS[language], METRICS[language]
    everyone = everyone or entries
    names = [n for n in names if any(n in e.facts.results for e in entries)]
    identity = [n for n in IDENTITY if len(values_of(everyone, n)) > 1]
    has_failed = any(e.is_failed for e in everyone)
    head = [FACTS[language]["recipe"], *(FACTS[language][n] for n in identity)]
    head += [words["state"]] * has_failed
    columns = [*head, *(_label(n, entries, labels, words) for n in names)]
    foreign = [e for group, _ in protocols.apart for e in group]
    rows, is_marked = [], False
    for entry in entries:
        cells = [entry.name, *(entry.facts.setting(n) for n in identity)]
        cells += [words["failed" if entry.is_failed else "done"]] * has_failed
        for name in names:
            text = cell(name, entry.facts.results, language)
            if entry in foreign and name in BY_FEATURES and text != "–":
                text, is_marked = "≠", True
            cells.append(text)
        rows.append(Row(tuple(cells), entry.page, entry.is_failed))
    right = (*(False for _ in head), *(n not in TEXTS for n in names))
    notes = (words["not_comparable"],) if is_marked else ()
    return Table(caption, tuple(columns), right, tuple(rows), notes)


def _label(
    name: str, entries: Sequence[Entry], labels: Mapping[str, str], words: Mapping[str, str]
) -> str:
    """Return a column's head, with the word for what stands in brackets, if anything does."""
    if name in BRACKETS and any(BESIDE[name][0] in e.facts.results for e in entries):
        return f"{labels[name]} ({words[BESIDE[name][1]]})"
    return labels[name]


def overview(entries: Sequence[Entry], language: str) -> list[Table]:
    """Return a table a problem, with the numbers that matter most for it."""
    protocols = by_protocol(entries)
    return [
        make_table(
            OVERVIEW[problem],
            own,
            language,
            caption=PROBLEMS[language][problem],
            protocols=protocols,
            everyone=entries,
        )
        for problem, own in by_problem(entries).items()
    ]


# ---------------------------------------------------------------------- the comparison


def comparison(entries: Sequence[Entry], language: str) -> list[Section]:
    """Return all models side by side: sample quality, each problem, and what the columns mean."""
    models = [entry for entry in entries if entry.facts.problem != CLAIMS]  # claims have no samples
    protocols = by_protocol(models)
    problems = []
    for problem, own in by_problem(entries).items():
        tables = [
            make_table(
                names,
                own,
                language,
                caption=TOPICS[language][topic],
                protocols=protocols,
                everyone=entries,
            )
            for topic, names in DETAILS[problem].items()
            if any(name in e.facts.results for e in own for name in names) or topic == "training"
        ]
        title = PROBLEMS[language][problem]
        problems.append(Section(problem, title, tables=tuple(tables)))
    return [_quality(models, protocols, language), *problems, *_ledger(models, language)]


def _quality(entries: Sequence[Entry], protocols: Protocols, language: str) -> Section:
    words = WORDS[language]
    strips = make_strips(entries, language)
    parts = []
    if strips:
        note = words["strips_note"].format(count=STRIP_IMAGES)
        parts.append(Section("samples", words["strips"], text=(note,), strips=strips))
    tables, text = [], []
    if protocols.same:
        text.append(words["quality_note"])
        text += measured(protocols.same, language)
        caption = words["quality_caption"]
        tables.append(_ranking(protocols.same, language, caption=caption, marks_best=True))
    if protocols.without:
        named = [f"{e.model} ({words[why]})" for e, why in protocols.without]
        text.append(words["left_out"] + words["and"].join(named) + words["end"])
    for number_, (group, differences) in enumerate(protocols.apart, start=1):
        said = words["and"].join(different(d, language) for d in differences)
        table = _ranking(group, language, caption=words["apart_caption"], marks_best=False)
        note = words["apart_note"] + said + words["end"]
        anchor = f"apart-{number_}"
        parts.append(Section(anchor, words["apart"], text=(note,), tables=(table,)))
    return Section(
        "quality", words["quality"], text=tuple(text), tables=tuple(tables), parts=tuple(parts)
    )


def _ranking(entries: Sequence[Entry], language: str, *, caption: str, marks_best: bool) -> Table:
    """Return the table of sample quality of runs that were measured in one way."""
    words = WORDS[language]
    names = [n for n in QUALITY if any(n in e.facts.results for e in entries)]
    rows = []
    for entry in entries:
        results = entry.facts.results
        cells = [SHORT[entry.facts.problem], entry.name]
        cells += [cell(name, results, language, brackets=False) for name in names]
        best = [i for i, name in enumerate(names, start=2) if _is_best(entry, name, entries)]
        rows.append(Row(tuple(cells), entry.page, best=frozenset(best if marks_best else ())))
    real = [words["real"], "", *(_real(BESIDE[name][0], name, entries) for name in names)]
    rows.append(Row(tuple(real), is_real=True))
    head = (words["problem_word"], FACTS[language]["recipe"])
    columns = (*head, *(METRICS[language][name] for name in names))
    return Table(caption, columns, (False, False, *(True for _ in names)), tuple(rows))


def _is_best(entry: Entry, name: str, entries: Sequence[Entry]) -> bool:
    known = [e.facts.results[name] for e in entries if name in e.facts.results]
    shown = {number(name, amount) for amount in known}
    if name not in BEST or len(shown) < 2 or name not in entry.facts.results:
        return False
    return number(name, entry.facts.results[name]) == number(name, BEST[name](known))


def _real(key: str, name: str, entries: Sequence[Entry]) -> str:
    """Return the number of real pictures; its range, where the runs drew other ones."""
    known = [e.facts.results[key] for e in entries if key in e.facts.results]
    if not known:
        return "–"
    return "–".join(dict.fromkeys(number(name, end) for end in (min(known), max(known))))


def _ledger(entries: Sequence[Entry], language: str) -> list[Section]:
    """Return the loss ledger, with the VAE runs' own weights, where there is a VAE to speak of.

    Only here is torch loaded, by the recipes whose losses are weighed.
    """
    if not any(entry.facts.problem in ("vae", "kl") for entry in entries):
        return []
    from hwlib.discuss import ledger_meanings, ledger_tables
    from hwlib.discuss import words as words_of
    from hwlib.ledger import of_run, rows

    words = WORDS[language]
    runs = [
        of_run(settings, e.facts.results, channels=e.facts.record["data"]["channels"])
        for e in entries
        if e.facts.problem in ("vae", "kl") and "kl_weight" in (settings := e.facts.settings)
        if e.facts.results
    ]
    listed = rows(*runs)
    shape = f"{listed[0].channels}×{listed[0].image_size}×{listed[0].image_size}"
    meanings = tuple(ledger_meanings(language))
    tables = []
    for name, frames in ledger_tables(listed).items():
        frame = frames[language]
        tables.append(
            Table(
                caption=words_of(name, shape=shape)["caption"][language],
                columns=tuple(frame.columns),
                right=tuple(all(map(_is_written_number, frame[head])) for head in frame.columns),
                rows=tuple(Row(tuple(cells)) for cells in frame.itertuples(index=False, name=None)),
                meanings=meanings,
            )
        )
    return [Section("ledger", words["ledger"], text=(words["ledger_note"],), tables=tuple(tables))]


def _is_written_number(cell: str) -> bool:
    """Whether a cell holds a number, or none."""
    return cell == "–" or cell[:1].isdecimal()


def glossary(tables: Sequence[Table], language: str) -> list[tuple[str, str]]:
    """Return label and meaning of every number that stands in one of the tables."""
    heads = {column for table in tables for column in table.columns}
    labels = METRICS[language]
    known = [(label, MEANINGS[language][name]) for name, label in labels.items()]
    known += dict.fromkeys(meaning for table in tables for meaning in table.meanings)
    return [
        (label, meaning)
        for label, meaning in known
        if any(head == label or head.startswith(f"{label} (") for head in heads)
    ]


def tables_of(sections: Sequence[Section]) -> list[Table]:
    """Return all tables in the order in which they stand."""
    return [t for s in sections for t in (*s.tables, *tables_of(s.parts))]
