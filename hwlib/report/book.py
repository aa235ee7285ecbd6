"""The report as a book: a title page, chapters, references and appendices; HTML and PDF set it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwlib.report.document import Document, Figure
from hwlib.report.facts import Facts

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
    """

    name: str
    kind: str
    title: str
    document: Document | None
    page: Page | None = None


@dataclass(frozen=True, eq=False)
class Book:
    """A report in one language.

    Attributes:
        parts: in their order. Figures and tables are numbered through all of them.
    """

    language: str
    about: About
    front: Front
    parts: tuple[Part, ...]

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


def make_book(pages: Sequence[Page], language: str, about: About | None = None) -> Book:
    """Return the book of the jobs, in their order.

    Raises:
        RenderError: a text that cannot be set, or a reference that is not known.
    """
    raise NotImplementedError
