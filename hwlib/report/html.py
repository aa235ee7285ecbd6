"""The HTML site of one language: pages that need no network and no other file."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from markupsafe import Markup
from PIL import Image

from hwlib.images import data_address, decode, encode
from hwlib.registry import PAGES, PROBLEMS
from hwlib.report.book import APPENDIX, COMPARISON, PROBLEM, Book, Part, runs_of
from hwlib.report.compare import comparison, glossary, tables_of
from hwlib.report.document import Document, Figure, unbroken
from hwlib.report.embed import FULL, Detail
from hwlib.report.markup import TEMPLATES, embed, pieces, template, to_html, words_of
from hwlib.report.runs import shared, short_name, subtitle, warnings
from hwlib.report.strips import cover
from hwlib.report.webfont import FONTS, font_faces
from hwlib.text import LANGUAGES, section, word

FONT_PLACE = "/* fonts of this page's Chinese */"  # in base.html.jinja
THUMBNAIL_PX = (640, 360)  # twice a card's size on the page
# The figure that shows a problem best, where its run has no images of its own.
COVERS = (*(PROBLEMS[name].cover for name in PAGES if name in PROBLEMS), "fig1_3")
COVER_BYTES = 600_000  # of cards and faces on the title page
INDEX, COMPARE, APPENDICES = "index.html", "compare.html", "appendix.html"


def file_of(part: Part | None) -> str:
    """Return the file in which a part stands; what is no part stands on the title page."""
    if part is not None and part.kind == PROBLEM:
        return f"{part.name}.html"
    return {COMPARISON: COMPARE, APPENDIX: APPENDICES}.get(part and part.kind, INDEX)


def files_of(book: Book) -> list[str]:
    """Return the book's HTML files, the title page first."""
    return list(dict.fromkeys([INDEX, *map(file_of, book.parts)]))


def render(book: Book, file: str, *, languages: Sequence[str], detail: Detail = FULL) -> str:
    """Return one of the book's pages, a file of `files_of(book)`.

    Args:
        book: in one language.
        file: its name.
        languages: those that the reader can switch to.
        detail: how much of its images the page keeps.

    Raises:
        RenderError: a formula that cannot be set.
    """
    own = [part for part in book.parts if file_of(part) == file]
    page = own[0].page if own else None
    values = _common(book, file, languages)
    if page:
        values |= {"page": page, "part": own[0], "place": book.problems.index(own[0])}
        values |= {"title": own[0].title, "facts": subtitle(page.facts, book.language)}
    elif file == INDEX:
        values |= _index(book)
    elif file == COMPARE:
        values |= _comparison(book)
    room = detail.max_bytes - (COVER_BYTES if file == INDEX else 0)
    if page and page.decoder:
        room = min(room, FULL.max_bytes - len(page.decoder.get("weights", "")))
    share = room // max(1, sum(part.document is not None for part in own))

    def body(document: Document | None, prefix: str = "", shift: int = 0) -> Markup:
        """Return a document as HTML, its links leading to the files of the book."""
        if document is None:
            return Markup()
        address = _address(book, file, document, prefix)
        return Markup(
            to_html(document, max_bytes=share, address=address, prefix=prefix, shift=shift)
        )

    names = {INDEX: "index", COMPARE: "compare", APPENDICES: "appendix"}
    text = template(f"{names.get(file, 'page')}.html.jinja").render(values, body=body, parts=own)
    text = unbroken(text)  # before the fonts, in which it has nothing to look for
    return text.replace(FONT_PLACE, font_faces(text), 1)


def _address(book: Book, file: str, document: Document, prefix: str) -> Callable[[str], str]:
    """Return the function that says where an anchor is, seen from a document in a file."""
    own = {heading.anchor for heading in document.headings}

    def address(anchor: str) -> str:
        if anchor in own:
            return f"#{prefix}{anchor}"
        place = file_of(book.place(anchor))
        return f"#{anchor}" if place == file else f"{place}#{anchor}"

    return address


# ---------------------------------------------------------------------- what templates take


def _common(book: Book, file: str, languages: Sequence[str]) -> dict[str, Any]:
    """Return what every page needs: words, style, the links to the other pages and languages."""
    counts = Counter(part.page.facts.job.problem for part in book.problems)
    links = []
    for part in book.problems:
        text = short_name(part.page.facts.job.problem, book.language)
        is_one = counts[part.page.facts.job.problem] == 1
        links.append((file_of(part), text if is_one else f"{text} {part.page.label}"))
    return words_of(book.language) | {
        "book": book,
        "file": file,
        "page": None,
        "language": LANGUAGES[book.language],
        "languages": [(LANGUAGES[code], code) for code in languages],
        "links": links,
        "counts": counts,
        "permalink": pieces(book.language).permalink,
        "read_own": _read_own,
        "math_font": _math_font,
        "data_address": data_address,
    }


def _index(book: Book) -> dict[str, Any]:
    """Return what the title page shows: findings, data, problems, what follows from them."""
    kinds = [part.kind for part in book.parts]
    return {
        "front": book.front,
        "faces": _faces(book.front.image, book.language),
        "first": kinds.index(PROBLEM) if book.problems else 0,
        "card_image": partial(_card_image, language=book.language),
        "file_of": file_of,
    }


def _comparison(book: Book) -> dict[str, Any]:
    """Return what sets all models side by side."""
    entries = runs_of(book.pages)
    sections = comparison(entries, book.language)
    return {
        "words": section("compare", book.language),
        "facts": shared(entries, book.language),
        "warnings": warnings(entries, book.language),
        "sections": sections,
        "glossary": glossary(tables_of(sections), book.language),
    }


# ---------------------------------------------------------------------- images, own files


def _faces(image: Figure | None, language: str) -> Markup:
    if image is None:
        return Markup()
    macros = pieces(language, embedded=embed([image]))
    return macros.image(image, word("page.figure", language))


def _card_image(part: Part, language: str) -> tuple[str, str] | None:
    """Return a problem's image as a data address, and its words: samples, else a figure."""
    if (image := cover(part.page.facts)) is not None:
        return data_address(image, "image/jpeg"), word("page.cover", language, problem=part.title)
    figures = part.document.figures if part.document else []
    order = [f for name in COVERS for f in figures if f.name == name] or figures
    if not order:
        return None
    small = decode(order[0].png).convert("RGB")
    small.thumbnail(THUMBNAIL_PX, Image.Resampling.LANCZOS)
    jpeg = encode(small, "JPEG", quality=85, optimize=True)
    return data_address(jpeg, "image/jpeg"), order[0].alt


def _read_own(name: str) -> Markup:
    """Return one of our own scripts or styles, which a page holds whole."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


@cache
def _math_font() -> str:
    """Return the font for formulas: many machines have none of their own."""
    return base64.b64encode((FONTS / "HWLabMath.subset.woff").read_bytes()).decode()
