"""The report as a book: a title page, chapters, references and appendices; HTML and PDF set it."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from string import ascii_uppercase
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from hwlib import log
from hwlib.findings import summary, verdicts
from hwlib.report.compare import QUALITY, comparison, has_comparison, tables_of
from hwlib.report.document import (
    Document,
    Figure,
    Table,
    Targets,
    count,
    join,
    make_document,
    resolve,
)
from hwlib.report.entries import Entry, by_data, entries_of, shared, told_apart, warnings
from hwlib.report.facts import Facts, metric_label, number, provenance
from hwlib.report.references import references
from hwlib.report.tables import BESIDE, cell
from hwlib.text import Finding, has_word, name_of, percent, say_all, sentence, word

RESULTS = "results.json"
EPOCH = 946_684_800  # 2000-01-01
FACES = 12  # in a row of the title page's image
ARCHIVES = {"https://arxiv.org/abs/": "arXiv", "https://doi.org/": "doi"}
MARK_ONLY = re.compile(r":?--+:?")

DATA, REPORTS, PROBLEM, COMPARISON = "data", "reports", "problem", "comparison"
CONCLUSION, REFERENCES, APPENDIX = "conclusion", "references", "appendix"


@dataclass(frozen=True, eq=False)  # a page is a key of its own text
class Page:
    """One job in one language, ready to be set.

    Attributes:
        name: stem of its file.
        title: from the notebook, else the problem's name.
        document: None where the job failed before it had one.
        reason: why it failed; empty where it did not.
        trace: last lines of the error.
        notebook: file name of the executed notebook in `notebooks/`, empty where there is none.
        label: what tells it from pages of the same title: recipe, data, seed.
        decoder: what `hwlib.explore.page_decoder` says, None where the page has no decoder.
        is_waiting: whether its notebook has not ended yet; `reason` says so.
    """

    name: str
    title: str
    facts: Facts
    document: Document | None
    reason: str = ""
    trace: str = ""
    notebook: str = ""
    label: str = ""
    decoder: Mapping[str, Any] | None = None
    is_waiting: bool = False

    @property
    def full_title(self) -> str:
        """Title and label."""
        return f"{self.title} · {self.label}" if self.label else self.title


@dataclass(frozen=True)
class About:
    """What a report says of itself.

    Attributes:
        author: who hands it in; empty where nobody is named.
        student_id: the author's number; may be empty.
        command: the command line that made it.
        is_short: whether the appendices are left out.
    """

    author: str = ""
    student_id: str = ""
    command: str = ""
    is_short: bool = False


@dataclass(frozen=True)
class Front:
    """The title page.

    Attributes:
        title: of the whole report.
        author: name and number; empty where neither is known.
        date: in the language's own words.
        facts: data, profile and seed where all jobs share them: label and text.
        warnings: what a reader must know before any number.
        image: real and generated faces, without a number; None where no run has any.
        findings: a list of three to five points.
        table: one table of numbers, None where no job is finished.
    """

    title: str
    author: str
    date: str
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    image: Figure | None
    findings: Document
    table: Document | None


@dataclass(frozen=True, eq=False)
class Part:
    """A chapter or an appendix.

    Attributes:
        name: its anchor: a page's name for a problem, else "data", "reports", "comparison",
            "conclusion", "references", "appendix-metrics", "appendix-losses", "appendix-layers",
            "appendix-claims", "appendix-provenance".
        kind: one of this module's constants.
        title: with its letter, for an appendix.
        document: what stands in it; None for a failed job and for the comparison, whose sections
            `hwlib.report.compare` gives.
        page: a problem's page; None for every other part.
        result: what came of a problem, in one sentence; empty where nothing can be said.
    """

    name: str
    kind: str
    title: str
    document: Document | None
    page: Page | None = None
    result: str = ""


@dataclass(frozen=True, eq=False)
class Book:
    """A report in one language.

    Attributes:
        parts: in their order. Figures and tables are numbered through all of them.
        comparison_table: the number of the comparison's first table.
    """

    language: str
    about: About
    front: Front
    parts: tuple[Part, ...]
    comparison_table: int = 1

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

    def documents(self) -> Iterator[Document]:
        """Yield the documents in their order, the title page's first."""
        yield self.front.findings
        if self.front.table:
            yield self.front.table
        yield from (part.document for part in self.parts if part.document)

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


def runs_of(pages: Sequence[Page]) -> list[Entry]:
    """Return the runs of all jobs."""
    figures = {page.name: page.document.figure_numbers for page in pages if page.document}
    return entries_of([(page.name, page.facts, bool(page.reason)) for page in pages], figures)


def make_book(pages: Sequence[Page], language: str, about: About | None = None) -> Book:
    """Return the book of the jobs, in their order.

    Raises:
        RenderError: a text that cannot be set, or a citation of what is no known reference.
    """
    about = about or About()
    parts = [*_data(pages, language), *_reports(pages, language), *_problems(pages, language)]
    if has_comparison([page.facts.job for page in pages]):
        parts.append(Part(COMPARISON, COMPARISON, word("page.compare", language), None))
    parts.append(_conclusion(pages, language))
    appendices = [] if about.is_short else _appendices(pages, language, about)
    front = _front(pages, language, about)
    room = (
        len(tables_of(comparison(runs_of(pages), language)))
        if has_comparison([page.facts.job for page in pages])
        else 0
    )
    targets, first = _number(front, [*parts, *appendices], room)
    if targets.citations:
        title = word("book.references", language)
        listed = _references(targets, language)
        parts.append(Part(REFERENCES, REFERENCES, title, listed))
    for mark in dict.fromkeys(targets.lost):
        log.info(f"{language}: {{{mark}}} stands for nothing in this report")
    return Book(language, about, front, (*parts, *appendices), first)


def _number(front: Front, parts: Sequence[Part], room: int) -> tuple[Targets, int]:
    """Number figures and tables through the book, and make links of what refers to them.

    Args:
        front: the title page.
        parts: in their order.
        room: how many tables the comparison has.

    Returns:
        what marks stand for, and the number of the comparison's first table.
    """
    targets = Targets(keys=frozenset(references()))
    figures, tables, first = 0, 0, 1
    for part in parts:
        if part.kind == COMPARISON:
            first, tables = tables + 1, tables + room
        if (document := part.document) is None:
            continue
        figures, tables = count(document, figures=figures, tables=tables)
        for known, own in (
            (targets.figures, document.figure_numbers),
            (targets.tables, document.table_numbers),
        ):
            for name, place in own.items():
                known.setdefault(name, place)
    targets.parts = {part.name: part.title for part in parts}
    for document in (front.findings, *(part.document for part in parts if part.document)):
        resolve(document, targets)
    return targets, first


# ---------------------------------------------------------------------- the title page


def _front(pages: Sequence[Page], language: str, about: About) -> Front:
    entries = runs_of(pages)
    date = book_date(pages)
    runs = [page.facts for page in pages if not page.reason]
    found = summary.findings(runs) or [Finding("summary.nothing", {})]
    points = "\n".join(f"- {one.say(language)}" for one in found)
    return Front(
        title=word("page.title", language),
        author=_author(about, language),
        date=word("book.date", language, year=date.year, month=date.month, day=date.day),
        facts=tuple(shared(entries, language)),
        warnings=tuple(warnings(entries, language)),
        image=_faces(runs, language),
        findings=make_document(points, [], language),
        table=_title_table(runs, language),
    )


def _author(about: About, language: str) -> str:
    name, number = about.author.strip(), about.student_id.strip()
    if name and number:
        return word("book.author_and_number", language, name=name, number=number)
    return name or number


def book_date(pages: Sequence[Page]) -> datetime:
    """Return `SOURCE_DATE_EPOCH`, the convention of reproducible builds, or the newest run's day.

    A run's day is that of its results; where there are none it is a fixed one, as the same runs
    are to give the same bytes.
    """
    files = [page.facts.folder / RESULTS for page in pages if page.facts.folder]
    newest = max((file.stat().st_mtime for file in files if file.exists()), default=EPOCH)
    return datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", newest)), UTC)


def _title_table(runs: Sequence[Facts], language: str) -> Document | None:
    frame = summary.table(runs)[language]
    if frame.empty:
        return None
    caption = word("book.title_table", language)
    return _tables([_frame_table("", caption, frame)], language)


def _faces(runs: Sequence[Facts], language: str) -> Figure | None:
    """Return real images above samples of each problem's first run."""
    rows: dict[str, np.ndarray] = {}
    for facts in runs:
        real, made = (_images(facts, name) for name in ("originals", "samples"))
        if real is not None:
            rows.setdefault("", real)
        if made is not None:
            rows.setdefault(facts.problem, made)
    rows = {name: images for name, images in rows.items() if len(images) >= FACES}
    shapes = {images.shape[1:] for images in rows.values()}
    if not rows or len(shapes) > 1:
        return None
    order = ([""] if "" in rows else []) + [name for name in rows if name]
    names = [_row_name(name, language) for name in order]
    return Figure(
        png=_sheet([rows[name][:FACES] for name in order]),
        name="",
        alt=word("book.faces_alt", language, rows=names),
        caption=word("book.faces_caption", language, rows=names),
        width=100.0,
    )


def _images(facts: Facts, name: str) -> np.ndarray | None:
    """Return images (N, H, W, C) of a run, None where it has none that can be read."""
    path = facts.folder / "samples.npz" if facts.folder else None
    if path is None or not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            images = arrays[name] if name in arrays else np.empty(0)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        file = f"{path.parent.name}/samples.npz"
        log.info(f"{file} cannot be read ({error}): no faces of it in the title")
        return None
    return images if images.ndim == 4 and images.dtype == np.uint8 else None


def _row_name(problem: str, language: str) -> str:
    if not problem:
        return word("book.real_row", language)
    model = word(f"page.short.{problem}", language)
    return word("book.samples_row", language, model=model)


def _sheet(rows: Sequence[np.ndarray]) -> bytes:
    """Return rows of images, uint8 (N, H, W, C), as one PNG, twice as large, smoothly."""
    height, width, channels = rows[0].shape[1:]
    gap = 2
    shape = (len(rows) * (height + gap) - gap, FACES * (width + gap) - gap, channels)
    sheet = np.full(shape, 255, np.uint8)
    for i, row in enumerate(rows):
        for j, image in enumerate(row):
            top, left = i * (height + gap), j * (width + gap)
            sheet[top : top + height, left : left + width] = image
    picture = Image.fromarray(sheet.squeeze(-1) if channels == 1 else sheet).convert("RGB")
    picture = picture.resize((2 * shape[1], 2 * shape[0]), Image.Resampling.LANCZOS)
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


# ---------------------------------------------------------------------- chapters


def _data(pages: Sequence[Page], language: str) -> list[Part]:
    """Return what introduces the data: of each data set what its first notebook says."""
    found: dict[str, Document] = {}
    for page in pages:
        if page.document and (extra := page.document.extras.get("data")):
            found.setdefault(page.facts.setting("data"), extra)
    if not found:
        return []
    named = [(name if len(found) > 1 else "", one) for name, one in found.items()]
    return [Part(DATA, DATA, word("book.data", language), join(named, language))]


def _reports(pages: Sequence[Page], language: str) -> list[Part]:
    """Return what the five reports are, with the verdicts on the first data set."""
    data = next(iter(_fingerprints(pages)), "")
    frame = verdicts.reports_table(data, _runs(pages))[language]
    table = _frame_table("reports", word("tables.reports.caption", language), frame)
    document = _tables([table], language, sentence("book.reports", language))
    return [Part(REPORTS, REPORTS, word("book.reports", language), document)]


def _problems(pages: Sequence[Page], language: str) -> list[Part]:
    is_named = len({page.title for page in pages}) < len(pages)
    parts = []
    for page in pages:
        title = page.full_title if is_named else page.title
        found = summary.result(page.facts.problem, page.facts.results)
        result = say_all(found, language=language) if found and not page.reason else ""
        document = None if page.reason else page.document
        parts.append(Part(page.name, PROBLEM, title, _fresh(document), page, result))
    return parts


def _fresh(document: Document | None) -> Document | None:
    """Return a document as it was read: another book may have numbered and linked it before."""
    return document and replace(document, numbers={}, captions={}, cited=[])


def _conclusion(pages: Sequence[Page], language: str) -> Part:
    runs = [page.facts for page in pages if not page.reason]
    found = summary.conclusion(runs)
    known = (verdicts.summary(name, _runs(pages)) for name in _fingerprints(pages))
    found += [one for one in known if one is not None]
    text = "\n\n".join(one.say(language) for one in found)
    title = word("book.conclusion", language)
    return Part(CONCLUSION, CONCLUSION, title, make_document(text, [], language))


def _fingerprints(pages: Sequence[Page]) -> list[str]:
    """Return the data sets of the jobs, each once."""
    found = [page.facts.record.get("data", {}).get("fingerprint", "") for page in pages]
    return [name for name in dict.fromkeys(found) if name]


def _runs(pages: Sequence[Page]) -> Path | None:
    """Return the folder of the runs, beside which verdicts may lie."""
    return next((page.facts.folder.parent for page in pages if page.facts.folder), None)


def _references(targets: Targets, language: str) -> Document:
    """Return the works that are cited, in the order of their numbers."""
    document = Document(language, listed=list(targets.citations))
    for key, place in targets.citations.items():
        work = references()[key]
        here = {"t": "Span", "c": [[f"ref-{key}", ["place"], []], []]}
        words = f"[{place}] {work.short_authors.rstrip('.')}. "
        title = {"t": "Emph", "c": _strings(work.title)}
        back = [["", ["ref", "back"], [["aria-label", _back(place, language)]]]]
        document.ast.append(
            {
                "t": "Para",
                "c": [
                    here,
                    *_strings(words),
                    title,
                    *_strings(f"{_stop(work.title)} {work.where}, {work.year}. "),
                    {
                        "t": "Link",
                        "c": [["", [], []], _strings(_address(work.url)), [work.url, ""]],
                    },
                    {"t": "Space"},
                    {"t": "Link", "c": [*back, _strings("↑"), [f"#cite-{key}", ""]]},
                ],
            }
        )
    return document


def _back(place: int, language: str) -> str:
    return word("book.back_to_text", language, number=f"[{place}]")


def _stop(title: str) -> str:
    """Return what ends a title: nothing where it asks."""
    return "" if title.endswith("?") else "."


def _address(url: str) -> str:
    """Return an address as it is printed: an archive's number, else the host."""
    for start, name in ARCHIVES.items():
        if url.startswith(start):
            return f"{name}:{url.removeprefix(start)}"
    return urlsplit(url).netloc


def _strings(text: str) -> list[dict[str, Any]]:
    """Return words as pandoc's inlines."""
    parts: list[dict[str, Any]] = []
    for place, piece in enumerate(text.split(" ")):
        parts += [{"t": "Space"}] * (place > 0) + [{"t": "Str", "c": piece}] * bool(piece)
    return parts


# ---------------------------------------------------------------------- appendices


def _appendices(pages: Sequence[Page], language: str, about: About) -> list[Part]:
    made = {
        "metrics": _metrics(pages, language),
        "losses": _first_extra(pages, "losses"),
        "layers": _layers(pages, language),
        "claims": _claims(pages, language),
        "provenance": _provenance(pages, language, about),
    }
    known = {name: document for name, document in made.items() if document}
    parts = []
    for letter, (name, document) in zip(ascii_uppercase, known.items(), strict=False):
        title = word(f"book.{name}", language)
        title = word("book.appendix", language, letter=letter, title=title)
        parts.append(Part(f"{APPENDIX}-{name}", APPENDIX, title, document))
    return parts


def _first_extra(pages: Sequence[Page], name: str) -> Document | None:
    found = (page.document.extras for page in pages if page.document)
    return next((_fresh(extras[name]) for extras in found if name in extras), None)


def _layers(pages: Sequence[Page], language: str) -> Document | None:
    found = [
        (page.full_title if page.label else page.title, page.document.extras["layers"])
        for page in pages
        if page.document and "layers" in page.document.extras
    ]
    return join(found, language) if found else None


def _metrics(pages: Sequence[Page], language: str) -> Document | None:
    """Return what the metrics mean, all of them in one table, and how well the classifier reads."""
    entries = [entry for entry in runs_of(pages) if entry.facts.results and not entry.is_failed]
    groups = [group for group in by_data(entries) if group]
    tables = []
    for group in groups:
        several = group[0].facts.setting("data") if len(groups) > 1 else ""
        tables += _metrics_table(group, several, language)
        tables += _classifier_table(group, several, language)
    if not tables:
        return None
    return _tables(tables, language, sentence("metrics.about", language))


def _metrics_table(entries: Sequence[Entry], data: str, language: str) -> list[_Rows]:
    known = {name for entry in entries for name in entry.facts.results}
    names = [name for name in (*QUALITY, "near_copies") if name in known]
    runs = [e for e in entries if any(name in e.facts.results for name in names)]
    if not names:
        return []
    head = [word(f"book.{name}", language) for name in ("metric", "real")]
    rows = [[metric_label(name, language), _beside(name, runs)] for name in names]
    for row, name in zip(rows, names, strict=True):
        row += [cell(name, e.facts.results, language, brackets=False) for e in runs]
    columns = (*head, *(_column(entry, runs, language) for entry in runs))
    return [_Rows("metrics", _caption("metrics_table", data, language), columns, rows)]


def _beside(name: str, entries: Sequence[Entry]) -> str:
    """Return a metric of real images, as the first run that has it says."""
    key = BESIDE[name][0] if name in BESIDE else ""
    known = (e.facts.results[key] for e in entries if key in e.facts.results)
    return next((number(name, amount) for amount in known), "–")


def _column(entry: Entry, entries: Sequence[Entry], language: str) -> str:
    """Return the head of a run's column: its problem, and what else tells it apart."""
    name = word(f"page.short.{entry.facts.problem}", language)
    like = [e for e in entries if e.facts.problem == entry.facts.problem]
    if len({e.facts.recipe for e in like}) > 1:
        name += f" {entry.facts.recipe}"
    if entry.note:
        name += f" {entry.note}"
    return told_apart(name, entry, entries) if len(like) > 1 else name


def _classifier_table(entries: Sequence[Entry], data: str, language: str) -> list[_Rows]:
    read = [e.facts.results.get("oracle", {}) for e in entries]
    known = next((one for one in read if one.get("by_attribute")), None)
    if known is None:
        return []
    rows = [
        [name_of(name, language=language), percent(one["accuracy"]), percent(one["floor"])]
        for name, one in known["by_attribute"].items()
    ]
    mean = word("book.mean", language)
    rows.append([mean, percent(known["accuracy"]), percent(known["floor"])])
    columns = tuple(
        word(f"book.{name}", language) for name in ("attribute", "accuracy", "baseline")
    )
    return [_Rows("classifier", _caption("classifier_table", data, language), columns, rows)]


def _caption(name: str, data: str, language: str) -> str:
    caption = word(f"book.{name}", language)
    return word("book.on_data", language, caption=caption, data=data) if data else caption


def _claims(pages: Sequence[Page], language: str) -> Document | None:
    """Return all claims with their verdicts on the first data set."""
    found = _fingerprints(pages)
    if not found:
        return None
    counts = verdicts.summary(found[0], _runs(pages))
    if counts is None:
        return make_document(sentence("book.claims_untested", language), [], language)
    frame = verdicts.all_known(found[0], _runs(pages))[language]
    table = _frame_table("verdicts", word("tables.verdicts.caption", language), frame)
    text = f"{sentence('book.claims', language)}\n\n{counts.say(language)}"
    return _tables([table], language, text)


def _provenance(pages: Sequence[Page], language: str, about: About) -> Document | None:
    known = [page for page in pages if page.facts.record]
    if not known:
        return None
    facts = [page.facts for page in known]
    notebooks = [page.notebook for page in known]
    made = provenance(facts, language, command=about.command, notebooks=notebooks)
    pairs = list(made.shared)
    if len(known) == 1:  # there is nothing to differ from
        pairs += [(label, texts[0]) for label, texts in made.rows]
    listed = " · ".join(f"**{escape(label)}** {escape(text)}" for label, text in pairs)
    text = f"{sentence('book.provenance', language)}\n\n{listed}"
    if len(known) == 1 or not made.rows:
        return make_document(text, [], language)
    names = [word(f"page.short.{f.job.problem}", language) for f in facts]
    if len(set(names)) < len(names):
        names = [page.name for page in known]
    columns = (word("book.item", language), *names)
    rows = [[label, *texts] for label, texts in made.rows]
    caption = word("book.provenance_table", language)
    return _tables([_Rows("provenance", caption, columns, rows)], language, text)


# ---------------------------------------------------------------------- tables of words


@dataclass(frozen=True)
class _Rows:
    """A table of words, before it is Markdown."""

    name: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def _frame_table(name: str, caption: str, frame: Any) -> _Rows:
    rows = [[str(cell) for cell in row] for row in frame.itertuples(index=False, name=None)]
    return _Rows(name, caption, [str(column) for column in frame.columns], rows)


def _tables(tables: Sequence[_Rows], language: str, text: str = "") -> Document:
    """Return a text and the tables below it."""
    parts = [text]
    for index, table in enumerate(tables):
        parts += [_marker(index), _markdown(table), _marker("end")]
    items = [Table(table.name, table.caption) for table in tables]
    return make_document("\n\n".join(parts), items, language)


def _marker(item: int | str) -> str:
    return f"```{{=hwlib}}\n{item}\n```"


def _markdown(table: _Rows) -> str:
    columns = list(zip(*table.rows, strict=True)) if table.rows else []
    marks = ["--:" if all(map(_is_number, column)) else ":--" for column in columns]
    lines = [table.columns, marks, *table.rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return text if MARK_ONLY.fullmatch(text) else escape(text)


def _is_number(cell: str) -> bool:
    """Whether a cell holds a number, or none."""
    return cell in ("", "–") or cell[:1] in "−<≥≤≈" or cell[:1].isdecimal()


def escape(text: str) -> str:
    """Return words so that Markdown takes nothing in them for its own."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", text.replace("\n", " "))
