"""The report as a book: a title page, chapters, references and appendices; HTML and PDF set it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from string import ascii_uppercase
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
from pandocfilters import Emph, Link, Para, Space, Span, Strong
from PIL import Image

from hwlib import log
from hwlib.findings import summary, verdicts
from hwlib.images import encode, to_image
from hwlib.registry import metrics
from hwlib.report.cells import cell, format_metric, metric_label
from hwlib.report.compare import comparison, has_comparison, quality_metrics, tables_of
from hwlib.report.document import (
    Document,
    Figure,
    Node,
    Table,
    Targets,
    join,
    make_document,
    make_table,
    numbered,
    resolve,
    strings,
    with_tables,
)
from hwlib.report.facts import provenance
from hwlib.report.references import references
from hwlib.report.runs import Facts, by_data, disambiguated, rows_of, shared, warnings
from hwlib.report.strips import images_of, make_sheet
from hwlib.text import Finding, has_word, name_of, percent, say_all, section, sentence, word

RESULTS = "results.json"
EPOCH = 946_684_800  # 2000-01-01
FACES = 12  # in a row of the title page's image
ARCHIVES = {"https://arxiv.org/abs/": "arXiv", "https://doi.org/": "doi"}
TableNode = tuple[Table, Node]  # the words of a table, and pandoc's node

DATA, REPORTS, PROBLEM, COMPARISON = "data", "reports", "problem", "comparison"
CONCLUSION, REFERENCES, APPENDIX = "conclusion", "references", "appendix"


@dataclass(frozen=True, eq=False)
class Page:
    """One job in one language, ready to be set."""

    name: str  # stem of its file
    title: str  # from the notebook, else the problem's name
    facts: Facts
    document: Document | None  # None where the job failed before it had one
    reason: str = ""  # why it failed
    trace: str = ""  # last lines of the error
    notebook: str = ""  # file name of the executed notebook in `notebooks/`
    label: str = ""  # tells it from pages of the same title: recipe, data, seed
    decoder: Mapping[str, Any] | None = None  # what `hwlib.explore.page_decoder` says
    is_waiting: bool = False  # whether its notebook has not ended yet; `reason` says so

    @property
    def full_title(self) -> str:
        """Title and label."""
        return f"{self.title} · {self.label}" if self.label else self.title


@dataclass(frozen=True)
class About:
    """What a report says of itself."""

    author: str = ""
    student_id: str = ""
    command: str = ""
    is_short: bool = False  # whether the appendices are left out


@dataclass(frozen=True)
class Front:
    """The title page."""

    title: str
    author: str  # name and number
    date: str
    facts: tuple[tuple[str, str], ...]  # data, profile and seed where all jobs share them
    warnings: tuple[str, ...]  # what a reader must know before any number
    image: Figure | None  # real and generated faces
    findings: Document  # a list of three to five points
    table: Document | None  # None where no job is finished


@dataclass(frozen=True, eq=False)
class Part:
    """A chapter or an appendix."""

    name: str  # its anchor: a page's name for a problem, "data", "appendix-metrics"
    kind: str  # one of this module's constants
    title: str
    document: Document | None  # None for a failed job, and for the comparison
    page: Page | None = None  # of a problem
    result: str = ""  # what came of a problem, in one sentence


@dataclass(frozen=True, eq=False)
class Book:
    """A report in one language; its figures and tables are numbered through all parts."""

    language: str
    about: About
    front: Front
    parts: tuple[Part, ...]
    comparison_table: int = 1  # the number of the comparison's first table

    @property
    def pages(self) -> tuple[Page, ...]:
        """The jobs, their documents as they are numbered here."""
        return tuple(replace(p.page, document=p.document) for p in self.parts if p.page)

    @property
    def problems(self) -> tuple[Part, ...]:
        """The chapters of the jobs."""
        return self.of_kind(PROBLEM)

    @property
    def appendices(self) -> tuple[Part, ...]:
        """What stands after the references."""
        return self.of_kind(APPENDIX)

    def of_kind(self, kind: str) -> tuple[Part, ...]:
        """Return the parts of one kind."""
        return tuple(part for part in self.parts if part.kind == kind)

    def place(self, anchor: str) -> Part | None:
        """Return the part in which an anchor stands, None for the title page.

        Args:
            anchor: "figure-7", "table-3", "ref-kingma2014", "cite-kingma2014" or a part's name.
        """
        named = (p for p in self.parts if p.name == anchor)
        own = (p for p in self.parts if p.document and anchor in p.document.anchors)
        return next(named, None) or next(own, None)


def page_title(document: Document | None, facts: Facts, language: str) -> str:
    """Return the notebook's own title, else the problem's name."""
    if document and document.title:
        return document.title
    problem = f"page.problems.{facts.job.problem}"
    return word(problem if has_word(problem, language) else "page.no_title", language)


def runs_of(pages: Sequence[Page]) -> list[Facts]:
    """Return the runs of all jobs."""
    runs = []
    for page in pages:
        figures = page.document.figure_numbers if page.document else {}
        about = {"page": page.name, "is_failed": bool(page.reason), "figures": figures}
        runs.append(replace(page.facts, **about))
    return rows_of(runs)


def make_book(pages: Sequence[Page], language: str, about: About | None = None) -> Book:
    """Return the book of the jobs, in their order.

    Raises:
        RenderError: a text that cannot be set, or a citation of what is no known reference.
    """
    about = about or About()
    own = _Material(pages, language, about)
    parts = [*_data(own), _reports(own), *_problems(own)]
    num_tables = 0
    if has_comparison([page.facts.job for page in pages]):
        parts.append(Part(COMPARISON, COMPARISON, word("page.compare", language), None))
        num_tables = len(tables_of(comparison(own.entries, language)))
    parts.append(own.part(CONCLUSION, _conclusion(own)))
    appendices = [] if about.is_short else _appendices(own)
    parts, numbers, first = _number([*parts, *appendices], num_tables)
    titles = {part.name: part.title for part in parts}
    targets = Targets(numbers, titles, frozenset(references()))
    front = _front(own)
    front = replace(front, findings=resolve(front.findings, targets))
    parts = [
        replace(part, document=part.document and resolve(part.document, targets)) for part in parts
    ]
    if targets.citations:
        place = len(parts) - len(appendices)
        parts.insert(place, own.part(REFERENCES, _references(targets, language)))
    for mark in dict.fromkeys(targets.lost):
        log.info(f"{language}: {{{mark}}} stands for nothing in this report")
    return Book(language, about, front, tuple(parts), first)


def _number(
    parts: Sequence[Part], num_tables: int
) -> tuple[list[Part], dict[tuple[str, str], int], int]:
    """Number figures and tables through the book, of which the comparison has `num_tables`.

    Returns:
        the parts, the numbers by kind and name, and the number of the comparison's first table.
    """
    counts, first = {"figures": 0, "tables": 0}, 1
    made: list[Part] = []
    numbers: dict[tuple[str, str], int] = {}
    for part in parts:
        if part.kind == COMPARISON:
            first = counts["tables"] + 1
            counts["tables"] += num_tables
        if part.document:
            document = numbered(part.document, **counts)
            kinds = [document.items[index].kind for index in document.numbers]
            counts = {name: number + kinds.count(name[:-1]) for name, number in counts.items()}
            numbers = document.numbers_by_name | numbers
            part = replace(part, document=document)
        made.append(part)
    return made, numbers, first


# ---------------------------------------------------------------------- what a book is made from


@dataclass(frozen=True)
class _Material:
    """The jobs' pages, and what several parts need to know of them."""

    pages: Sequence[Page]
    language: str
    about: About

    @cached_property
    def facts(self) -> list[Facts]:
        """Of the jobs that did not fail."""
        return [page.facts for page in self.pages if not page.reason]

    @cached_property
    def entries(self) -> list[Facts]:
        """The runs of all jobs."""
        return runs_of(self.pages)

    @cached_property
    def data(self) -> list[str]:
        """The fingerprints of the jobs' data sets, each once."""
        found = [page.facts.record.get("data", {}).get("fingerprint") for page in self.pages]
        return [name for name in dict.fromkeys(found) if name]

    @cached_property
    def runs(self) -> Path | None:
        """The folder of the runs, beside which verdicts may lie."""
        folders = (page.facts.folder for page in self.pages)
        return next((folder.parent for folder in folders if folder), None)

    def say(self, name: str, /, **values: Any) -> str:
        """Return words of `book.toml`."""
        return word(f"book.{name}", self.language, **values)

    def part(self, name: str, document: Document) -> Part:
        """Return the part that `book.toml` has a title for."""
        return Part(name, name, self.say(name), document)

    def document(self, text: str = "", *tables: TableNode) -> Document:
        """Return a text and the tables below it."""
        return with_tables(make_document(text, [], self.language), tables)


def _table(
    name: str, caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> TableNode:
    return Table(name, caption), make_table(columns, rows)


def _frame_table(name: str, caption: str, frame: pd.DataFrame) -> TableNode:
    rows = [list(map(str, row)) for row in frame.itertuples(index=False, name=None)]
    return _table(name, caption, list(map(str, frame.columns)), rows)


# ---------------------------------------------------------------------- the title page


def _front(own: _Material) -> Front:
    language, date = own.language, book_date(own.pages)
    found = summary.findings(own.facts) or [Finding("summary.nothing", {})]
    points = "\n".join(f"- {one.say(language)}" for one in found)
    name, number = own.about.author.strip(), own.about.student_id.strip()
    both = own.say("author_and_number", name=name, number=number)
    frame = summary.table(own.facts)[language]
    table = _frame_table("", own.say("title_table"), frame)
    return Front(
        title=word("page.title", language),
        author=both if name and number else name or number,
        date=own.say("date", year=date.year, month=date.month, day=date.day),
        facts=tuple(shared(own.entries, language)),
        warnings=tuple(warnings(own.entries, language)),
        image=_faces(own),
        findings=own.document(points),
        table=None if frame.empty else own.document("", table),
    )


def book_date(pages: Sequence[Page]) -> datetime:
    """Return `SOURCE_DATE_EPOCH`, the convention of reproducible builds, or the newest run's day.

    A run's day is that of its results; where there are none it is a fixed one, as the same runs
    are to give the same bytes.
    """
    files = [page.facts.folder / RESULTS for page in pages if page.facts.folder]
    newest = max((file.stat().st_mtime for file in files if file.exists()), default=EPOCH)
    return datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", newest)), UTC)


def _faces(own: _Material) -> Figure | None:
    """Return real images above samples of each problem's first run, twice as large."""
    rows: dict[str, np.ndarray] = {}
    for facts in own.facts:
        for problem, name in (("", "originals"), (facts.problem, "samples")):
            images = images_of(facts, name, FACES)
            if images is not None and images.ndim == 4:
                rows.setdefault(problem, images[:FACES])
    if len({images.shape for images in rows.values()}) != 1:
        return None
    order = sorted(rows, key=bool)  # real ones first
    short = section("page", own.language)["short"]
    names = [own.say("samples_row", model=short[p]) if p else own.say("real_row") for p in order]
    sheet = to_image(make_sheet([rows[problem] for problem in order])).convert("RGB")
    large = sheet.resize((2 * sheet.width, 2 * sheet.height), Image.Resampling.LANCZOS)
    words = {part: own.say(f"faces_{part}", rows=names) for part in ("alt", "caption")}
    return Figure(png=encode(large), name="", width=100.0, **words)


# ---------------------------------------------------------------------- chapters


def _data(own: _Material) -> list[Part]:
    """Return what introduces the data: of each data set what its first notebook says."""
    found: dict[str, Document] = {}
    for page in own.pages:
        if page.document and (extra := page.document.extras.get("data")):
            found.setdefault(page.facts.setting("data"), extra)
    named = [(name if len(found) > 1 else "", one) for name, one in found.items()]
    return [own.part(DATA, join(named, own.language))] if found else []


def _reports(own: _Material) -> Part:
    """Return what the five reports are, with the verdicts on the first data set."""
    frame = verdicts.reports_table(next(iter(own.data), ""), own.runs)[own.language]
    table = _frame_table("reports", word("tables.reports.caption", own.language), frame)
    return own.part(REPORTS, own.document(sentence("book.reports", own.language), table))


def _problems(own: _Material) -> Iterator[Part]:
    is_named = len({page.title for page in own.pages}) < len(own.pages)
    for page in own.pages:
        title = page.full_title if is_named else page.title
        found = summary.result(page.facts.problem, page.facts.results)
        result = say_all(found, language=own.language) if found and not page.reason else ""
        document = None if page.reason else page.document
        yield Part(page.name, PROBLEM, title, document, page, result)


def _conclusion(own: _Material) -> Document:
    known = (verdicts.summary(name, own.runs) for name in own.data)
    found = [*summary.conclusion(own.facts), *(one for one in known if one is not None)]
    return own.document("\n\n".join(one.say(own.language) for one in found))


def _references(targets: Targets, language: str) -> Document:
    """Return the works that are cited, in the order of their numbers."""
    ast = []
    for key, place in targets.citations.items():
        work = references()[key]
        label = word("book.back_to_text", language, number=f"[{place}]")
        stop = "" if work.title.endswith("?") else "."
        ast.append(
            Para(
                [
                    Span([f"ref-{key}", ["place"], []], []),
                    *strings(f"[{place}] {work.short_authors.rstrip('.')}. "),
                    Emph(strings(work.title)),
                    *strings(f"{stop} {work.where}, {work.year}. "),
                    Link(["", [], []], strings(_printed_address(work.url)), [work.url, ""]),
                    Space(),
                    Link(
                        ["", ["ref", "back"], [["aria-label", label]]],
                        strings("↑"),
                        [f"#cite-{key}", ""],
                    ),
                ]
            )
        )
    return Document(language, ast=ast)


def _printed_address(url: str) -> str:
    """Return an address as it is printed: an archive's number, else the host."""
    for start, name in ARCHIVES.items():
        if url.startswith(start):
            return f"{name}:{url.removeprefix(start)}"
    return urlsplit(url).netloc


# ---------------------------------------------------------------------- appendices


def _appendices(own: _Material) -> list[Part]:
    made = {
        "metrics": _metrics(own),
        "losses": next((one for _, one in _extras(own, "losses")), None),
        "layers": join(_extras(own, "layers"), own.language),
        "claims": _claims(own),
        "provenance": _provenance(own),
    }
    known = [(name, one) for name, one in made.items() if one is not None and one.ast]
    return [
        Part(
            f"{APPENDIX}-{name}",
            APPENDIX,
            own.say("appendix", letter=letter, title=own.say(name)),
            document,
        )
        for letter, (name, document) in zip(ascii_uppercase, known, strict=False)
    ]


def _extras(own: _Material, name: str) -> list[tuple[str, Document]]:
    """Return what the notebooks have of an appendix, with the titles of their pages."""
    return [
        (page.full_title, page.document.extras[name])
        for page in own.pages
        if page.document and name in page.document.extras
    ]


def _metrics(own: _Material) -> Document | None:
    """Return what the metrics mean, all of them in one table, and how well the classifier reads."""
    entries = [entry for entry in own.entries if entry.results and not entry.is_failed]
    groups = [group for group in by_data(entries) if group]
    tables = []
    for group in groups:
        several = group[0].setting("data") if len(groups) > 1 else ""
        tables += [*_metrics_table(own, group, several), *_classifier_table(own, group, several)]
    return own.document(sentence("metrics.about", own.language), *tables) if tables else None


def _metrics_table(own: _Material, entries: Sequence[Facts], data: str) -> list[TableNode]:
    language = own.language
    names = [
        name
        for name in (*quality_metrics(), "near_copies")
        if any(name in entry.results for entry in entries)
    ]
    runs = [e for e in entries if any(name in e.results for name in names)]
    if not names:
        return []
    columns = [own.say("metric"), own.say("real"), *(_column(one, runs, language) for one in runs)]
    rows = [
        [
            metric_label(name, language),
            _beside(name, runs),
            *(cell(name, [one.results], language) for one in runs),
        ]
        for name in names
    ]
    return [_table("metrics", _caption(own, "metrics_table", data), columns, rows)]


def _beside(name: str, entries: Sequence[Facts]) -> str:
    """Return a metric of real images, as the first run that has it says."""
    key = metrics()[name].real
    known = (e.results[key] for e in entries if key in e.results)
    return next((format_metric(name, amount) for amount in known), "–")


def _column(entry: Facts, entries: Sequence[Facts], language: str) -> str:
    """Return the head of a run's column: its problem, and what else tells it apart."""
    name = word(f"page.short.{entry.problem}", language)
    like = [e for e in entries if e.problem == entry.problem]
    if len({e.recipe for e in like}) > 1:
        name += f" {entry.recipe}"
    if entry.note:
        name += f" {entry.note}"
    return disambiguated(name, entry, entries) if len(like) > 1 else name


def _classifier_table(own: _Material, entries: Sequence[Facts], data: str) -> list[TableNode]:
    read = (entry.results.get("oracle", {}) for entry in entries)
    known = next((one for one in read if one.get("by_attribute")), None)
    if known is None:
        return []
    named = {name_of(n, language=own.language): one for n, one in known["by_attribute"].items()}
    rows = [
        [name, percent(one["accuracy"]), percent(one["floor"])]
        for name, one in (*named.items(), (own.say("mean"), known))
    ]
    columns = [own.say(name) for name in ("attribute", "accuracy", "baseline")]
    return [_table("classifier", _caption(own, "classifier_table", data), columns, rows)]


def _caption(own: _Material, name: str, data: str) -> str:
    caption = own.say(name)
    return own.say("on_data", caption=caption, data=data) if data else caption


def _claims(own: _Material) -> Document | None:
    """Return all claims with their verdicts on the first data set."""
    if not own.data:
        return None
    counts = verdicts.summary(own.data[0], own.runs)
    if counts is None:
        return own.document(sentence("book.claims_untested", own.language))
    frame = verdicts.all_known(own.data[0], own.runs)[own.language]
    table = _frame_table("verdicts", word("tables.verdicts.caption", own.language), frame)
    text = f"{sentence('book.claims', own.language)}\n\n{counts.say(own.language)}"
    return own.document(text, table)


def _provenance(own: _Material) -> Document | None:
    """Return what made the report: what all jobs share in a line, what differs in a table."""
    known = [page for page in own.pages if page.facts.record]
    if not known:
        return None
    facts = [page.facts for page in known]
    notebooks = [page.notebook for page in known]
    rows = provenance(facts, own.language, notebooks=notebooks)
    if own.about.command:
        rows.insert(0, (word("facts.command", own.language), [own.about.command] * len(known)))
    shared = [(label, texts[0]) for label, texts in rows if len(set(texts)) == 1]
    line = [
        node
        for label, text in shared
        for node in (*strings(" · "), Strong(strings(label)), Space(), *strings(text))
    ]
    text = own.document(sentence("book.provenance", own.language))
    text = replace(text, ast=[*text.ast, Para(line[3:])])
    differing = [[label, *texts] for label, texts in rows if len(set(texts)) > 1]
    if not differing:
        return text
    names = [word(f"page.short.{f.job.problem}", own.language) for f in facts]
    if len(set(names)) < len(names):
        names = [page.name for page in known]
    columns = (own.say("item"), *names)
    table = _table("provenance", own.say("provenance_table"), columns, differing)
    return with_tables(text, [table])
