"""Runs side by side: each problem's pictures and numbers, and sample quality of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hwlib.report.entries import (
    Entry,
    by_data,
    by_problem,
    identity_of,
    short_name,
    told_apart,
)
from hwlib.report.facts import VERDICTS, metric_label, number
from hwlib.report.figures import figures_table
from hwlib.report.protocols import (
    DISTANCES,
    by_protocol,
    conditions,
    different,
    measured,
)
from hwlib.report.reported import reported_table
from hwlib.report.runner import CLAIMS, Job
from hwlib.report.strips import Strip, make_galleries
from hwlib.report.tables import (
    BESIDE,
    Frame,
    Row,
    Table,
    cell,
    known_names,
    make_table,
    spread_tables,
)
from hwlib.text import section, word

QUALITY = (*DISTANCES, "sharpness_samples", "colourfulness_samples", "diversity_samples")
# Which end of a column is the better one; for the other columns that depends: blurred faces, close
# to the mean one, are nearly all counted as precise.
BEST: dict[str, Callable[..., float]] = {
    "frechet": min,
    "kid": min,
    "recall": max,
    "coverage": max,
}
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
class Section:
    """A part of the comparison, with its heading's anchor."""

    anchor: str
    title: str
    text: tuple[str, ...] = ()
    strips: tuple[Strip, ...] = ()
    tables: tuple[Table, ...] = ()
    parts: tuple[Section, ...] = ()


# ---------------------------------------------------------------------- what stands above all


def overview(entries: Sequence[Entry], language: str) -> list[Table]:
    """Return a table a problem, with the numbers that matter most; with several seeds their means.

    Args:
        entries: all runs of the report.
        language: of its words.
    """
    frame = Frame(language, entries, _foreign(entries))
    tables = []
    for problem, own in by_problem(entries).items():
        caption = section("page", language)["problems"][problem]
        tables += _tables(OVERVIEW[problem], own, frame, caption=caption)
    return tables


def _tables(
    names: Sequence[str],
    entries: Sequence[Entry],
    frame: Frame,
    *,
    caption: str,
    notes: Sequence[str] = (),
) -> list[Table]:
    """Return the runs' table, and the one of means over seeds where there are several."""
    tables = [make_table(names, entries, frame, caption=caption, notes=notes)]
    if entries[0].facts.problem != CLAIMS:  # verdicts rest on seeds of their own
        tables += spread_tables(names, entries, frame, caption=caption)
    return tables


def _foreign(entries: Sequence[Entry]) -> list[Entry]:
    """Return the runs that were measured in another way than the most on their data."""
    protocols = [by_protocol(own) for own in by_data(entries)]
    return [entry for p in protocols for group, _ in p.apart for entry in group]


# ---------------------------------------------------------------------- the comparison


def has_comparison(jobs: Sequence[Job]) -> bool:
    """Whether a problem has two jobs, by recipe, data or seed: something to set side by side."""
    problems = [job.problem for job in jobs]
    return len(set(problems)) < len(problems)


def comparison(entries: Sequence[Entry], language: str) -> list[Section]:
    """Return all models side by side: at a glance, quality, figures, each problem."""
    words = section("compare", language)
    models = [entry for entry in entries if entry.facts.problem != CLAIMS]  # claims have no samples
    frame = Frame(language, entries, _foreign(models))
    tables = tuple(overview(entries, language))
    sections = [Section("overview", words["overview"], tables=tables)]
    sections += [_quality(models, frame)] if models else []
    if (table := figures_table(entries, language)) is not None:
        text = (words["figures_note"],)
        sections.append(Section("figures", words["figures"], text=text, tables=(table,)))
    return sections + [_problem(p, own, frame) for p, own in by_problem(entries).items()]


def _problem(problem: str, entries: Sequence[Entry], frame: Frame) -> Section:
    """Return a problem's recipes side by side: pictures, numbers, the number that was reported."""
    language, words = frame.language, section("compare", frame.language)
    tables = []
    for topic, names in DETAILS[problem].items():
        if not known_names(names, entries) and topic != "training":
            continue
        notes = conditions(topic, entries, language)
        tables += _tables(names, entries, frame, caption=words["topics"][topic], notes=notes)
    title = section("page", language)["problems"][problem]
    if problem == CLAIMS:
        return Section(problem, title, tables=tuple(tables))
    parts = [
        Section(f"{problem}-{g.name}", words[g.name], text=g.text, strips=g.strips)
        for g in make_galleries(entries, frame.everyone, language)
    ]
    parts.append(Section(f"{problem}-numbers", words["numbers"], tables=tuple(tables)))
    table = reported_table(problem, entries, frame)
    text = words["no_report"] if table is None else words["reported_note"]
    if table is None or table.rows:
        found = () if table is None else (table,)
        parts.append(Section(f"{problem}-reported", words["reported"], (text,), (), found))
    return Section(problem, title, parts=tuple(parts))


def _quality(entries: Sequence[Entry], frame: Frame) -> Section:
    """Return the quality of all models' samples: of each data set, and of each way of measuring."""
    words = section("compare", frame.language)
    sets = by_data(entries)
    ends = [f"-{number}" if len(sets) > 1 else "" for number in range(1, len(sets) + 1)]
    found = [_quality_on(own, frame, end=end) for own, end in zip(sets, ends, strict=True)]
    note = [words["quality_note"]] * any(one.tables for one in found)
    if len(found) == 1:
        return replace(found[0], text=(*note, *found[0].text))
    parts = []
    for own, one in zip(sets, found, strict=True):
        name = own[0].facts.setting("data") + word("page.sep", frame.language)
        parts += [
            Section(part.anchor, name + part.title, part.text, (), part.tables)
            for part in (one, *one.parts)
        ]
    text = (*note, words["across_data"])
    return Section("quality", words["quality"], text=text, parts=tuple(parts))


def _quality_on(entries: Sequence[Entry], frame: Frame, *, end: str) -> Section:
    """Return the quality of samples on one data set; `end` tells its anchors apart."""
    language, words = frame.language, section("compare", frame.language)
    protocols = by_protocol(entries)
    tables, text, parts = [], [], []
    if protocols.same:
        text += measured(protocols.same, language)
        caption = words["quality_caption"]
        tables = _ranking(protocols.same, frame, caption=caption, marks_best=True)
    if protocols.without:
        named = [
            f"{told_apart(e.model, e, entries)} ({words[why]})" for e, why in protocols.without
        ]
        text.append(words["left_out"] + words["and"].join(named) + words["end"])
    for place, (group, differences) in enumerate(protocols.apart, start=1):
        said = words["and"].join(different(d, language) for d in differences)
        found = _ranking(group, frame, caption=words["apart_caption"], marks_best=False)
        note = words["apart_note"] + said + words["end"]
        parts.append(Section(f"apart-{place}{end}", words["apart"], (note,), (), tuple(found)))
    title = words["quality"]
    return Section(f"quality{end}", title, tuple(text), (), tuple(tables), tuple(parts))


def _ranking(
    entries: Sequence[Entry], frame: Frame, *, caption: str, marks_best: bool
) -> list[Table]:
    """Return sample quality of runs that were measured in one way, and means over seeds."""
    language, words = frame.language, section("compare", frame.language)
    names = known_names(QUALITY, entries)
    identity = identity_of(entries)
    facts = section("facts", language)
    head = [facts["problem"], *(facts[n] for n in ("recipe", *identity))]
    rows = []
    for entry in entries:
        own = entry.facts
        cells = [short_name(own.problem), entry.name, *(own.setting(n) for n in identity)]
        cells += [cell(name, own.results, language, brackets=False) for name in names]
        best = [i for i, n in enumerate(names, start=len(head)) if _is_best(entry, n, entries)]
        rows.append(Row(tuple(cells), entry.page, best=frozenset(best if marks_best else ())))
    real = [words["real"], *[""] * (len(head) - 1)]
    real += [_real(BESIDE[name][0], name, entries) for name in names]
    rows.append(Row(tuple(real), is_real=True))
    columns = (*head, *(metric_label(name, language) for name in names))
    right = (*(False for _ in head), *(True for _ in names))
    frame = Frame(language, entries)
    means = spread_tables(names, entries, frame, caption=caption, names_problem=True)
    return [Table(caption, columns, right, tuple(rows)), *means]


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


def glossary(tables: Sequence[Table], language: str) -> list[tuple[str, str]]:
    """Return label and meaning of every number that stands in one of the tables."""
    heads = {column for table in tables for column in table.columns}
    metrics = section("metrics", language)
    known = [(metric_label(name, language), metrics[name]["meaning"]) for name in metrics]
    known += dict.fromkeys(meaning for table in tables for meaning in table.meanings)
    return [
        (label, meaning)
        for label, meaning in known
        if any(head == label or head.startswith(f"{label} (") for head in heads)
    ]


def tables_of(sections: Sequence[Section]) -> list[Table]:
    """Return all tables in the order in which they stand."""
    return [t for s in sections for t in (*s.tables, *tables_of(s.parts))]
