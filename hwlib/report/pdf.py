"""The PDF of one language: the whole book in one file, by Typst, same bytes from same runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from fontTools.ttLib import TTFont

from hwlib import log
from hwlib.images import decode, encode
from hwlib.report.book import COMPARISON, Book, Part, book_date, runs_of
from hwlib.report.compare import comparison, glossary, tables_of
from hwlib.report.document import DENSE_ROWS, Document, RenderError, unbroken
from hwlib.report.embed import FULL, Detail
from hwlib.report.markup import TEMPLATES, words_of
from hwlib.report.runs import subtitle
from hwlib.report.typst_markup import Source, call, image_name, literal, to_typst
from hwlib.report.webfont import FONTS
from hwlib.text import LANGUAGES, section, width, word, wrap

TYPESET = Path(__file__).with_name("typeset.py")
HEAD_PIECE = re.compile(
    r"（[^）]*）|\([^)]*\)|\[[^\]]*\]|[^\s\u2e80-\uffff]+|(?:(?!（)[\u2e80-\uffff]){1,6}"
)
UNIT = re.compile(r"(?<=[\d\]]) (?=%|nats\b)")  # the space before it, where no line ends
MIN_HEAD_WIDTH = 10  # Latin letters; a table's head is broken into lines no narrower than this
MAX_PASSES = 12  # each one settles at least the next figure or table; five to seven are usual
PNG = b"\x89PNG"
MAX_JPEG_SHARE = 0.9  # of a PNG's size: sheets of faces get smaller than that, curves do not
NO_GLYPH = "□"
JOINERS = "\ufe0f\u200d"  # they make one sign of several


def render_pdf(book: Book, *, detail: Detail = FULL) -> bytes:
    """Return the PDF of a book, its images written as `detail` says.

    Raises:
        RenderError: the text cannot be set.
    """
    images: dict[str, bytes] = {}
    macros = _macros(book, images)
    front, _ = _without_unknown(macros.front(book.front))
    body = "\n\n".join(_part(part, book, macros) for part in book.parts)
    known, date = LANGUAGES[book.language], book_date(book.pages)
    settings = {
        "lang": known.code,
        "region": known.region,
        "spaced": known.spaced,
        "title": book.front.title,
        "author": book.front.author,
        "lab": word("page.lab", book.language),
        "contents": word("page.contents", book.language),
        "depth": 1,  # what a chapter asks stands in the PDF's outline
        "date": Source(f"datetime(year: {date.year}, month: {date.month}, day: {date.day})"),
    }
    main = macros.main(front, body, settings)
    with tempfile.TemporaryDirectory(prefix="hwlib-pdf-") as temporary:
        folder = Path(temporary)
        for name, image in images.items():
            (folder / name).write_bytes(_compact(image, detail))
        (folder / "report.typ").write_bytes((TEMPLATES / "report.typ").read_bytes())
        (folder / "main.typ").write_text(UNIT.sub("\u00a0", unbroken(main)), encoding="utf-8")
        return _compile(folder / "main.typ", date)


def _compact(image: bytes, detail: Detail) -> bytes:
    """Return a PNG as JPEG where that is much smaller: a PDF packs pixels worse than PNG does."""
    if not image.startswith(PNG):
        return image
    jpeg = encode(decode(image).convert("RGB"), "JPEG", **detail.jpeg)
    return jpeg if len(jpeg) < MAX_JPEG_SHARE * len(image) else image


def _compile(main: Path, date: datetime) -> bytes:
    """Set the text, again until figures and tables are as they want to be where they then stand."""
    task = {"main": str(main), "seconds": int(date.timestamp())}
    heights: dict[str, float] = {}
    for _ in range(MAX_PASSES):
        wanted = dict(json.loads(_typeset("heights", {**task, "heights": heights})))
        if wanted == heights:
            break
        heights = wanted
    return _typeset("pdf", {**task, "heights": heights})


def _typeset(goal: str, task: Mapping[str, Any]) -> bytes:
    """Return what one pass gives, made by `typeset.py` in a process of its own."""
    task = {**task, "fonts": str(FONTS)}
    # -P: a file of the reader's, `typst.py` say, must not stand in for a package
    command = [sys.executable, "-P", str(TYPESET), goal]
    done = subprocess.run(command, input=json.dumps(task).encode(), capture_output=True)
    if done.returncode == 0:
        return done.stdout
    lines = done.stderr.decode(errors="replace").strip()
    if done.returncode == 1 and lines.startswith("{"):
        error = json.loads(lines)
        hints = "; ".join(error["hints"])
        raise RenderError(f"PDF: {error['message']}" + (f" ({hints})" if hints else ""))
    last = lines.rpartition("\n")[2]
    raise RenderError(f"PDF: setting it ended with exit code {done.returncode}: {last}")


# ---------------------------------------------------------------------- the book's parts


def _macros(book: Book, images: dict[str, bytes]) -> Any:
    """Return the macros of `book.typ.jinja`, which add the images that they name."""

    def typst(document: Document, prefix: str) -> str:
        text, files = to_typst(document, prefix=prefix)
        images.update(files)
        return text

    def add(image: bytes, suffix: str = "") -> str:
        name = image_name(image) + suffix
        images[name] = image
        return name

    values = {"typst": typst, "add": add, "head": _head, "dense_rows": DENSE_ROWS}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["q"] = literal
    values |= words_of(book.language)
    return environment.get_template("book.typ.jinja").make_module(values)


def _part(part: Part, book: Book, macros: Any) -> str:
    """Return a chapter or an appendix as Typst, with a note on characters that no font has."""
    page, language = part.page, book.language
    if part.kind == COMPARISON:
        sections = comparison(runs_of(book.pages), language)
        meanings = glossary(tables_of(sections), language)
        words = section("compare", language)
        return macros.comparison(part, sections, meanings, words, book.comparison_table)
    facts: list[tuple[str, str]] = []
    if page and (page.reason or len(book.problems) > 1 or not book.front.facts):
        known = {label for label, _ in book.front.facts}
        facts = [pair for pair in subtitle(page.facts, language) if pair[0] not in known]
    text, lost = _without_unknown(macros.part(part, page, facts, part in book.appendices[:1]))
    if lost:
        codes = ", ".join(f"U+{ord(c):04X}" for c in sorted(lost))
        said = word("book.no_glyph", language, count=len(lost), codes=codes)
        log.info(f"{language}, PDF, {part.title}: {said}")
        text += f"\n\n{call('hw-note', said)}"
    return text


def _without_unknown(text: str) -> tuple[str, set[str]]:
    """Return Typst with a sign for each character that no font has, and those characters."""
    suspects = {c for c in text if ord(c) > 0xFF and ord(c) not in _glyphs()}
    text = "".join(c for c in text if c >= " " or c in "\n\t")
    lost = _without_glyph("".join(sorted(suspects))) if suspects else set()
    if lost:
        # what only joins or colours the signs of an emoji goes with them
        some = "".join(map(re.escape, lost))
        text = re.sub(f"[{some}](?:[{some}{JOINERS}\U0001f3fb-\U0001f3ff])*", NO_GLYPH, text)
    return text, lost - set(JOINERS)


@cache
def _without_glyph(characters: str) -> set[str]:
    """Return those of the characters that Typst finds in no font."""
    return set(json.loads(_typeset("glyphs", {"characters": characters})))


@cache
def _glyphs() -> frozenset[int]:
    """Return the code points of the Chinese font, in both weights."""
    found = []
    for path in sorted(FONTS.glob("*.otf")):
        with TTFont(path, lazy=True) as font:
            found.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*found)


def _head(title: str, cells: Iterable[str]) -> str:
    """Return a column's head in lines that are no broader than its cells, if words allow it."""
    pieces = HEAD_PIECE.findall(title)
    room = max(MIN_HEAD_WIDTH, *map(width, (*cells, *pieces)))
    lines = wrap(title, room, HEAD_PIECE)
    return f"[{'#linebreak()'.join(f'#{literal(line)}' for line in lines)}]"
