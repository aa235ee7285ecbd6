"""The report as a book: a title page, chapters, references and appendices; HTML and PDF set it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import numpy as np
from pandocfilters import Para, Str, Strong
from PIL import Image

from hwlib import log
from hwlib.findings import claims, summary
from hwlib.images import encode, to_image
from hwlib.registry import metrics
from hwlib.report.cells import cell, format_metric, metric_label
from hwlib.report.compare import (
    Section,
    comparison,
    glossary,
    has_comparison,
    quality_metrics,
    tables_of,
)
from hwlib.report.document import (
    Cover,
    Document,
    Node,
    Table,
    item_node,
    join,
    make_document,
    make_table,
    numbered,
    references,
    resolve,
)
from hwlib.report.facts import provenance
from hwlib.report.markup import template, words_of
from hwlib.report.runner import RESULTS
from hwlib.report.runs import Facts, by_data, disambiguated, rows_of, shared, warnings
from hwlib.report.strips import images_of, make_sheet
from hwlib.text import Finding, has_word, name_of, percent, say_all, section, sentence, word

EPOCH = 946_684_800  # 2000-01-01
FACES = 12  # in a row of the title page's image

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

    @property
    def run(self) -> Facts:
        """The job's run, and where it is shown."""
        figures = self.document.figure_numbers if self.document else {}
        is_failed = bool(self.reason)
        return replace(self.facts, page=self.name, is_failed=is_failed, figures=figures)


@dataclass(frozen=True)
class About:
    """What a report says of itself."""

    author: str = ""
    student_id: str = ""
    command: str = ""
    is_short: bool = False  # whether the appendices are left out


@dataclass(frozen=True, eq=False)
class Part:
    """A chapter or an appendix."""

    name: str  # its anchor: a page's name for a problem, "data", "appendix-metrics"
    kind: str  # one of this module's constants
    title: str
    document: Document | None = None  # None for a failed job, and for the comparison
    page: Page | None = None  # of a problem
    result: str = ""  # what came of a problem, in one sentence
    sections: Sequence[Section] = ()  # of the comparison, as are
    glossary: Sequence[tuple[str, str]] = ()  # its numbers' labels and meanings
    first_table: int = 1  # the number of its first table


@dataclass(frozen=True, eq=False)
class Book:
    """A report in one language; its figures and tables are numbered through all parts."""

    language: str
    date: datetime
    title: str
    author: str  # name and number
    day: str  # the date in words
    facts: Sequence[tuple[str, str]]  # data, profile and seed where all jobs share them
    warnings: Sequence[str]  # what a reader must know before any number
    cover: Document | None  # real and generated faces
    findings: Document  # a list of three to five points
    table: Document | None  # of the title page; None where no job is finished
    parts: tuple[Part, ...] = ()

    @property
    def problems(self) -> tuple[Part, ...]:
        """The chapters of the jobs."""
        return tuple(part for part in self.parts if part.kind == PROBLEM)

    @property
    def appendices(self) -> tuple[Part, ...]:
        """What stands after the references."""
        return tuple(part for part in self.parts if part.kind == APPENDIX)

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


def make_book(pages: Sequence[Page], language: str, about: About | None = None) -> Book:
    """Return the book of the jobs, in their order.

    Raises:
        RenderError: a text that cannot be set, or a citation of what is no known reference.
    """
    own = _Maker(pages, language, about or About())
    counts: Counter[str] = Counter()

    def numbered_part(part: Part) -> Part:
        return replace(part, document=part.document and numbered(part.document, counts))

    parts = [numbered_part(part) for part in (*own.data(), own.reports(), *own.problems())]
    if has_comparison([page.facts.job for page in pages]):
        known = [replace(part.page, document=part.document).run for part in parts if part.page]
        sections = comparison(rows_of(known), language)
        tables, title = tables_of(sections), word("page.compare", language)
        about_tables = {"first_table": counts["table"] + 1, "glossary": glossary(tables, language)}
        parts.append(Part(COMPARISON, COMPARISON, title, sections=sections, **about_tables))
        counts["table"] += len(tables)
    appendices = [] if own.about.is_short else own.appendices()
    parts += [numbered_part(part) for part in (own.conclusion(), *appendices)]
    marks = {f"{{part:{part.name}}}": (part.title, part.name) for part in parts}
    for part in reversed(parts):  # of several of one name the first
        marks |= part.document.marks if part.document else {}
    citations, lost = {}, []
    book = own.title_page()
    findings = resolve(book.findings, marks, citations, lost)
    parts = [
        replace(part, document=part.document and resolve(part.document, marks, citations, lost))
        for part in parts
    ]
    if citations:
        works = [{**references()[key], "key": key} for key in citations]
        text = template("references.md.jinja").render(words_of(language), works=works)
        part = own.part(REFERENCES, own.document(text))
        parts.insert(len(parts) - len(appendices), part)
    for mark in dict.fromkeys(lost):
        log.info(f"{language}: {mark} stands for nothing in this report")
    return replace(book, findings=findings, parts=tuple(parts))


def book_date(pages: Sequence[Page]) -> datetime:
    """Return `SOURCE_DATE_EPOCH`, the convention of reproducible builds, or the newest run's day.

    A run's day is that of its results; where there are none it is a fixed one, as the same runs
    are to give the same bytes.
    """
    files = [page.facts.folder / RESULTS for page in pages if page.facts.folder]
    newest = max((file.stat().st_mtime for file in files if file.exists()), default=EPOCH)
    return datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", newest)), UTC)


def _table(name: str, caption: str, columns: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Node:
    return item_node(Table(name, caption), make_table(columns, rows))


@dataclass(frozen=True)
class _Maker:
    """Makes a book's parts of the jobs' pages."""

    pages: Sequence[Page]
    language: str
    about: About

    @cached_property
    def facts(self) -> list[Facts]:
        """Of the jobs that did not fail."""
        return [page.facts for page in self.pages if not page.reason]

    @cached_property
    def runs(self) -> list[Facts]:
        """The runs of all jobs."""
        return rows_of([page.run for page in self.pages])

    @cached_property
    def fingerprints(self) -> list[str]:
        """Those of the jobs' data sets, each once."""
        found = [page.facts.record.get("data", {}).get("fingerprint") for page in self.pages]
        return [name for name in dict.fromkeys(found) if name]

    @cached_property
    def folder(self) -> Path | None:
        """The folder of the runs, beside which verdicts may lie."""
        folders = (page.facts.folder for page in self.pages)
        return next((folder.parent for folder in folders if folder), None)

    def say(self, name: str, /, **values: Any) -> str:
        """Return words of `book.toml`."""
        return word(f"book.{name}", self.language, **values)

    def part(self, name: str, document: Document) -> Part:
        """Return the part that `book.toml` has a title for."""
        return Part(name, name, self.say(name), document)

    def document(self, text: str = "", *nodes: Node) -> Document:
        """Return a text and the nodes below it."""
        made = make_document(text, [], self.language)
        return replace(made, ast=[*made.ast, *nodes])

    # ------------------------------------------------------------------ the title page

    def title_page(self) -> Book:
        """Return a book of a title page alone."""
        date = book_date(self.pages)
        found = summary.findings(self.facts) or [Finding("summary.nothing", {})]
        points = "\n".join(f"- {one.say(self.language)}" for one in found)
        name, number = self.about.author.strip(), self.about.student_id.strip()
        frame = summary.table(self.facts)[self.language]
        table = _table("", self.say("title_table"), frame.columns, frame.to_numpy())
        return Book(
            self.language,
            date,
            title=word("page.title", self.language),
            author=self.say("author_and_number", name=name, number=number),
            day=self.say("date", year=date.year, month=date.month, day=date.day),
            facts=shared(self.runs, self.language),
            warnings=warnings(self.runs, self.language),
            cover=self.cover(),
            findings=self.document(points),
            table=None if frame.empty else self.document("", table),
        )

    def cover(self) -> Document | None:
        """Return real images above samples of each problem's first run, twice as large."""
        rows: dict[str, np.ndarray] = {}
        for facts in self.facts:
            for problem, name in (("", "originals"), (facts.problem, "samples")):
                images = images_of(facts, name, FACES)
                if images is not None and images.ndim == 4:
                    rows.setdefault(problem, images[:FACES])
        if len({images.shape for images in rows.values()}) != 1:
            return None
        order = sorted(rows, key=bool)  # real ones first
        short = section("page", self.language)["short"]
        names = [self.say("samples_row" if p else "real_row", model=short.get(p)) for p in order]
        sheet = to_image(make_sheet([rows[problem] for problem in order])).convert("RGB")
        large = sheet.resize((2 * sheet.width, 2 * sheet.height), Image.Resampling.LANCZOS)
        alt, caption = (self.say(f"faces_{part}", rows=names) for part in ("alt", "caption"))
        return self.document("", item_node(Cover(encode(large), "", alt, caption, 100.0)))

    # ------------------------------------------------------------------ chapters

    def data(self) -> list[Part]:
        """Return what introduces the data: of each data set what its first notebook says."""
        found: dict[str, Document] = {}
        for page in self.pages:
            if page.document and (extra := page.document.extras.get("data")):
                found.setdefault(page.facts.setting("data"), extra)
        named = [(name if len(found) > 1 else "", one) for name, one in found.items()]
        return [self.part(DATA, join(named, self.language))] if found else []

    def reports(self) -> Part:
        """Return what the five reports are, with the verdicts on the first data set."""
        frame = claims.reports_table(next(iter(self.fingerprints), ""), self.folder)
        frame, caption = frame[self.language], word("tables.reports.caption", self.language)
        table = _table("reports", caption, frame.columns, frame.to_numpy())
        return self.part(REPORTS, self.document(sentence("book.reports", self.language), table))

    def problems(self) -> Iterator[Part]:
        """Yield a chapter a job."""
        is_named = len({page.title for page in self.pages}) < len(self.pages)
        for page in self.pages:
            title = page.full_title if is_named else page.title
            found = summary.result(page.facts.problem, page.facts.results)
            result = say_all(found, language=self.language) if found and not page.reason else ""
            document = None if page.reason else page.document
            yield Part(page.name, PROBLEM, title, document, page, result)

    def conclusion(self) -> Part:
        """Return what follows from all problems, and from the claims."""
        known = (claims.summary(name, self.folder) for name in self.fingerprints)
        found = [*summary.conclusion(self.facts), *(one for one in known if one is not None)]
        text = "\n\n".join(one.say(self.language) for one in found)
        return self.part(CONCLUSION, self.document(text))

    # ------------------------------------------------------------------ appendices

    def appendices(self) -> list[Part]:
        """Return those that the jobs have something for, in letters."""

        def extras(name: str) -> list[tuple[str, Document]]:
            return [
                (page.full_title, page.document.extras[name])
                for page in self.pages
                if page.document and name in page.document.extras
            ]

        made = {
            "metrics": self.metrics(),
            "losses": next((one for _, one in extras("losses")), None),
            "layers": join(extras("layers"), self.language),
            "claims": self.claims(),
            "provenance": self.provenance(),
        }
        known = [(name, one) for name, one in made.items() if one is not None and one.ast]
        return [
            Part(
                f"{APPENDIX}-{name}",
                APPENDIX,
                self.say("appendix", letter=letter, title=self.say(name)),
                document,
            )
            for letter, (name, document) in zip(ascii_uppercase, known, strict=False)
        ]

    def metrics(self) -> Document | None:
        """Return what the metrics mean, all in one table, and how well the classifier reads."""
        groups = by_data([run for run in self.runs if run.results and not run.is_failed])
        tables = []
        for runs in filter(None, groups):
            data = runs[0].setting("data") if len(groups) > 1 else ""
            tables += [*self.metrics_table(runs, data), *self.classifier_table(runs, data)]
        text = sentence("metrics.about", self.language)
        return self.document(text, *tables) if tables else None

    def metrics_table(self, runs: Sequence[Facts], data: str) -> Iterator[Node]:
        """Yield a row a metric, a column a run, of those that have any."""
        names = [
            name
            for name in (*quality_metrics(), "near_copies")
            if any(name in run.results for run in runs)
        ]
        runs = [run for run in runs if any(name in run.results for name in names)]
        if not names:
            return
        rows = []
        for name in names:
            key = metrics()[name].real
            known = [format_metric(name, r.results[key]) for r in runs if key in r.results]
            cells = [cell(name, [run.results], self.language) for run in runs]
            rows.append([metric_label(name, self.language), (*known, "–")[0], *cells])
        columns = [self.say("metric"), self.say("real"), *(self.column(run, runs) for run in runs)]
        caption = self.say("on_data", caption=self.say("metrics_table"), data=data)
        yield _table("metrics", caption, columns, rows)

    def column(self, run: Facts, runs: Sequence[Facts]) -> str:
        """Return the head of a run's column: its problem, and what else tells it apart."""
        like = [other for other in runs if other.problem == run.problem]
        is_recipe_named = len({other.recipe for other in like}) > 1
        names = [word(f"page.short.{run.problem}", self.language)]
        names += [run.recipe] * is_recipe_named + [run.note] * bool(run.note)
        return disambiguated(" ".join(names), run, runs) if len(like) > 1 else " ".join(names)

    def classifier_table(self, runs: Sequence[Facts], data: str) -> Iterator[Node]:
        """Yield how well the attribute classifier reads each attribute, where a run says so."""
        read = (run.results.get("oracle", {}) for run in runs)
        for known in [one for one in read if one.get("by_attribute")][:1]:
            parts = known["by_attribute"].items()
            named = {name_of(n, language=self.language): one for n, one in parts}
            rows = [
                [name, percent(one["accuracy"]), percent(one["floor"])]
                for name, one in (*named.items(), (self.say("mean"), known))
            ]
            columns = [self.say(name) for name in ("attribute", "accuracy", "baseline")]
            caption = self.say("on_data", caption=self.say("classifier_table"), data=data)
            yield _table("classifier", caption, columns, rows)

    def claims(self) -> Document | None:
        """Return all claims with their verdicts on the first data set."""
        if not self.fingerprints:
            return None
        counts = claims.summary(self.fingerprints[0], self.folder)
        if counts is None:
            return self.document(sentence("book.claims_untested", self.language))
        frame = claims.all_known(self.fingerprints[0], self.folder)[self.language]
        caption = word("tables.verdicts.caption", self.language)
        table = _table("verdicts", caption, frame.columns, frame.to_numpy())
        text = f"{sentence('book.claims', self.language)}\n\n{counts.say(self.language)}"
        return self.document(text, table)

    def provenance(self) -> Document | None:
        """Return what made the report: what all jobs share in a line, the rest in a table."""
        known = [page for page in self.pages if page.facts.record]
        if not known:
            return None
        notebooks = [page.notebook for page in known]
        rows = provenance([page.facts for page in known], self.language, notebooks=notebooks)
        if self.about.command:
            command = [self.about.command] * len(known)
            rows.insert(0, (word("facts.command", self.language), command))
        line, differing = [], []
        for label, texts in rows:
            if len(set(texts)) > 1:
                differing.append([label, *texts])
            else:
                line += [Str(" · "), Strong([Str(label)]), Str(f" {texts[0]}")]
        nodes = [Para(line[1:])]
        if differing:
            names = [word(f"page.short.{page.facts.job.problem}", self.language) for page in known]
            if len(set(names)) < len(names):
                names = [page.name for page in known]
            columns = (self.say("item"), *names)
            nodes.append(_table("provenance", self.say("provenance_table"), columns, differing))
        return self.document(sentence("book.provenance", self.language), *nodes)
