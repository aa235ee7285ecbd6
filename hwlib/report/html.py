"""The HTML site of one language: pages that need no network and no other file."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from PIL import Image

from hwlib.report.book import (
    APPENDIX,
    COMPARISON,
    PROBLEM,
    Book,
    Part,
    runs_of,
)
from hwlib.report.compare import comparison, glossary, tables_of
from hwlib.report.document import Document, Figure, unbroken
from hwlib.report.embed import FULL, Detail, addresses
from hwlib.report.entries import shared, short_name, warnings
from hwlib.report.facts import subtitle
from hwlib.report.markup import permalink, picture, to_html
from hwlib.report.strips import cover
from hwlib.report.webfont import FONTS, font_faces
from hwlib.text import LANGUAGES, section, word

TEMPLATES = Path(__file__).parent / "templates"
FONT_PLACE = "/* fonts of this page's Chinese */"  # in base.html.jinja
THUMBNAIL = (640, 360)  # pixels: twice a card's size on the page
# The figure that shows a problem best, where its run has no pictures of its own.
COVERS = ("fig1_4", "fig2_3", "fig3_3", "infogan_code1", "kl_samples", "fig1_3")
INDEX, COMPARE, APPENDICES = "index.html", "compare.html", "appendix.html"


@dataclass(frozen=True)
class Link:
    """Where a link leads, its words, and whether that is the page itself."""

    address: str
    text: str
    is_here: bool = False


@dataclass(frozen=True)
class Chapter:
    """A part of a page that holds several.

    Attributes:
        anchor: its heading's.
        title: its heading.
        body: what stands below.
        kind: a kind of `hwlib.report.book`.
    """

    anchor: str
    title: str
    body: Markup
    kind: str


@dataclass(frozen=True)
class Card:
    """A problem on the title page: address, title, what came of it, and a picture with words."""

    address: str
    title: str
    label: str
    result: str
    reason: str
    image: tuple[str, str] | None
    is_waiting: bool = False


# ---------------------------------------------------------------------- files and places


def file_of(part: Part | None) -> str:
    """Return the file in which a part stands; what is no part stands on the title page."""
    if part is None:
        return INDEX
    if part.kind == PROBLEM:
        return f"{part.name}.html"
    return {COMPARISON: COMPARE, APPENDIX: APPENDICES}.get(part.kind, INDEX)


def files_of(book: Book) -> list[str]:
    """Return the book's HTML files, the title page first."""
    return list(dict.fromkeys([INDEX, *map(file_of, book.parts)]))


def _address(book: Book, here: str, document: Document, prefix: str) -> Callable[[str], str]:
    """Return the function that says where an anchor is, seen from a document in a file."""
    own = {heading.anchor for heading in document.headings}

    def address(anchor: str) -> str:
        if anchor in own:
            return f"#{prefix}{anchor}"
        file = file_of(book.place(anchor))
        return f"#{anchor}" if file == here else f"{file}#{anchor}"

    return address


# ---------------------------------------------------------------------- pages


def render(book: Book, file: str, *, languages: Sequence[str], detail: Detail = FULL) -> str:
    """Return one of the book's pages.

    Args:
        book: in one language.
        file: one of `files_of(book)`.
        languages: those that the reader can switch to.
        detail: how much of their pictures pages keep.

    Raises:
        RenderError: a formula that cannot be set.
    """
    makers = {INDEX: _index, COMPARE: _comparison, APPENDICES: _appendices}
    make = makers.get(file, partial(_problem, file=file))
    text = make(book, common=_common(book, file, languages), detail=detail)
    return _finished(text)


def _problem(book: Book, *, common: Mapping[str, Any], detail: Detail, file: str) -> str:
    problems = book.problems
    place = [file_of(part) for part in problems].index(file)
    part, page = problems[place], problems[place].page
    room = min(detail.most, FULL.most - len((page.decoder or {}).get("weights", "")))
    body = _body(part.document, book, file, most=room)
    document = part.document
    return _set(
        "page.html.jinja",
        common,
        body=body,
        title=part.title,
        page=page,
        result=part.result,
        facts=subtitle(page.facts, book.language),
        headings=[(h.level, h.anchor, h.text) for h in document.headings] if document else [],
        decoder=page.decoder,
        previous=_link(problems[place - 1], book) if place else None,
        next=_link(problems[place + 1], book) if place + 1 < len(problems) else None,
    )


def _index(book: Book, *, common: Mapping[str, Any], detail: Detail) -> str:
    """Return the title page: what was found, the data, the problems, what follows from them."""
    front, language = book.front, book.language
    own = [p for p in book.parts if file_of(p) == INDEX and p.document]
    room = detail.most - 600_000  # cards and faces
    share = room // max(1, len(own))
    chapters = [_chapter(part, book, INDEX, most=share) for part in own]
    names = [part.kind for part in book.parts]
    before = sum(kind != PROBLEM for kind in names[: names.index(PROBLEM)]) if book.problems else 0
    return _set(
        "index.html.jinja",
        common,
        front=front,
        title=front.title,
        faces=_faces(front.image, language),
        findings=_body(front.findings, book, INDEX, most=share, prefix="front-"),
        table=_body(front.table, book, INDEX, most=share, prefix="front-", shift=1),
        before=chapters[:before],
        after=chapters[before:],
        cards=[_card(part, book) for part in book.problems],
        appendices=[(part.name, part.title) for part in book.appendices],
        body=Markup("").join(chapter.body for chapter in chapters),
    )


def _appendices(book: Book, *, common: Mapping[str, Any], detail: Detail) -> str:
    share = detail.most // max(1, len(book.appendices))
    chapters = [_chapter(part, book, APPENDICES, most=share) for part in book.appendices]
    return _set(
        "appendix.html.jinja",
        common,
        title=word("page.appendix", book.language),
        chapters=chapters,
        body=Markup("").join(chapter.body for chapter in chapters),
    )


def _comparison(book: Book, *, common: Mapping[str, Any], detail: Detail) -> str:
    """Return the page that sets all models side by side."""
    language = book.language
    entries = runs_of(book.pages)
    sections = comparison(entries, language)
    return _set(
        "compare.html.jinja",
        common,
        title=word("page.compare", language),
        note=word("compare.note", language),
        words=section("compare", language),
        facts=shared(entries, language),
        warnings=warnings(entries, language),
        sections=sections,
        glossary=glossary(tables_of(sections), language),
        data_address=_data_address,
        first_table=book.comparison_table,
        body="",
    )


# ---------------------------------------------------------------------- parts of pages


def _body(
    document: Document | None, book: Book, here: str, *, most: int, prefix: str = "", shift: int = 0
) -> Markup:
    """Return a document as HTML, its links leading to the files of the book."""
    if document is None:
        return Markup("")
    address = _address(book, here, document, prefix)
    return Markup(to_html(document, most=most, address=address, prefix=prefix, shift=shift))


def _chapter(part: Part, book: Book, here: str, *, most: int) -> Chapter:
    body = _body(part.document, book, here, most=most, prefix=f"{part.name}-", shift=1)
    return Chapter(part.name, part.title, body, part.kind)


def _card(part: Part, book: Book) -> Card:
    page = part.page
    image = cover(page.facts)
    if image is not None:
        alt = word("page.cover", book.language, problem=part.title)
        picture = (_data_address(image, "jpeg"), alt)
    else:
        picture = _thumbnail(part.document)
    label = page.label if _several(book)[page.facts.job.problem] > 1 else ""
    told = (part.result, page.reason, picture, page.is_waiting)
    return Card(file_of(part), page.title, label, *told)


def _faces(image: Figure | None, language: str) -> Markup:
    if image is None:
        return Markup("")
    enlarge = word("page.enlarge", language, label=word("page.figure", language))
    embedded = {} if image.svg else addresses(image.pictures)
    return Markup(picture(image, embedded, enlarge=enlarge))


def _several(book: Book) -> Counter[str]:
    """Return how many jobs there are of each problem."""
    return Counter(part.page.facts.job.problem for part in book.problems)


def _link(part: Part, book: Book, here: str = "") -> Link:
    """Return the link to a problem: short, with its label where there are several of it."""
    problem = part.page.facts.job.problem
    text = short_name(problem, book.language)
    if _several(book)[problem] > 1:
        text = f"{text} {part.page.label}"
    return Link(file_of(part), text, file_of(part) == here)


def _common(book: Book, here: str, languages: Sequence[str]) -> dict[str, Any]:
    """Return what every page needs: words, style, the links to the other pages and languages."""
    language = book.language
    w = section("page", language)
    page = next((p.page for p in book.problems if file_of(p) == here), None)
    more = []
    if book.of_kind(COMPARISON):
        more.append(Link(COMPARE, w["compare"], here == COMPARE))
    if book.appendices:
        more.append(Link(APPENDICES, w["appendix"], here == APPENDICES))
    more.append(Link("report.pdf", w["pdf"]))
    switch = [(LANGUAGES[code], f"../{code}/{here}", code == language) for code in languages]
    return {
        "language": LANGUAGES[language],
        "w": w,
        "say": partial(_say, language),
        "permalink": lambda anchor, text: Markup(permalink(anchor, text, language)),
        "style": _own("style.css"),
        "script": _own("page.js"),
        "report": book.front.title,
        "home": Link(INDEX, w["home"], here == INDEX),
        "problems": [_link(part, book, here) for part in book.problems],
        "more": more,
        "notebook": page.notebook if page else "",
        "switch": switch if len(languages) > 1 else [],
        "command": book.about.command,
    }


def _say(language: str, key: str, **values: Any) -> str:
    return word(f"page.{key}", language, **values)


def _set(template: str, common: Mapping[str, Any], *, body: str, **values: Any) -> str:
    """Return the page, with the scripts and fonts that its body needs."""
    return _template(template).render(
        **common,
        **values,
        body=body,
        math_font=_math_font() if "<math" in body else "",
        slider_script=_own("slider.js") if 'class="track' in body else "",
        decoder_script=_own("decoder.js"),
    )


def _finished(text: str) -> str:
    """Return a page as it is written: with its line breaks kept in order, and its Chinese fonts."""
    text = unbroken(text)
    return text.replace(FONT_PLACE, font_faces(text), 1)


def _own(name: str) -> Markup:
    """Return one of our own scripts or styles, which a page holds whole."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def _thumbnail(document: Document | None) -> tuple[str, str] | None:
    """Return a figure as a small picture in a data address, and its words."""
    figures = document.figures if document else []
    order = [f for name in COVERS for f in figures if f.name == name] or figures
    if not order:
        return None
    with Image.open(BytesIO(order[0].png)) as image:
        small = image.convert("RGB")
    small.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
    file = BytesIO()
    small.save(file, "JPEG", quality=85, optimize=True)
    return _data_address(file.getvalue(), "jpeg"), order[0].alt


def _data_address(picture: bytes, form: str = "png") -> str:
    return f"data:image/{form};base64,{base64.b64encode(picture).decode()}"


@cache
def _math_font() -> str:
    """Return the font for formulas as a data address: many machines have none of their own."""
    return base64.b64encode((FONTS / "HWLabMath.subset.woff").read_bytes()).decode()


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # No space after a comma, where `unbroken` would put one that JSON does not know.
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    return environment.get_template(name)
