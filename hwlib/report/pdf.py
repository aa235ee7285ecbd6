"""The PDF of one language: the whole book in one file, by Typst, same bytes from same runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont
from PIL import Image

from hwlib import log
from hwlib.report.book import APPENDIX, COMPARISON, REFERENCES, Book, Part, book_date, runs_of
from hwlib.report.compare import Section, Table, comparison, glossary, tables_of
from hwlib.report.document import (
    DENSE_ROWS,
    RenderError,
    breadth,
    picture_name,
    quote,
    unbroken,
)
from hwlib.report.embed import FULL, Detail
from hwlib.report.facts import subtitle
from hwlib.report.strips import Strip
from hwlib.report.typst_markup import to_typst
from hwlib.report.webfont import FONTS
from hwlib.text import LANGUAGES, section, word

TEMPLATES = Path(__file__).parent / "templates"
TYPESET = Path(__file__).with_name("typeset.py")
HEAD_PART = re.compile(
    r"（[^）]*）|\([^)]*\)|\[[^\]]*\]|[^\s\u2e80-\uffff]+|(?:(?!（)[\u2e80-\uffff]){1,6}"
)
UNIT = re.compile(r"(?<=[\d\]]) (?=%|nats\b)")  # the space before it, where no line ends
HEAD_BREADTH = 10  # Latin letters; a table's head is broken into lines no narrower than this
PASSES = 12  # each one settles at least the next figure or table; five to seven are usual
PNG = b"\x89PNG"
WORTH = 0.9  # of a PNG: sheets of faces get smaller than that as JPEG, curves and tables do not
NO_GLYPH = "□"
JOINERS = "\ufe0f\u200d"  # they make one sign of several


def render_pdf(book: Book, *, detail: Detail = FULL) -> bytes:
    """Return the PDF of a book.

    Args:
        book: what to set.
        detail: how its pictures are written.

    Raises:
        RenderError: the text cannot be set.
    """
    pictures: dict[str, bytes] = {}
    chapters = []
    for part in book.parts:
        text, own = _part(part, book)
        pictures |= own
        chapters.append(text)
    front, own = _front(book)
    pictures |= own
    main = _main("\n\n".join(chapters), front, book)
    with tempfile.TemporaryDirectory(prefix="hwlib-pdf-") as temporary:
        folder = Path(temporary)
        for name, content in pictures.items():
            (folder / name).write_bytes(_compact(content, detail))
        (folder / "report.typ").write_bytes((TEMPLATES / "report.typ").read_bytes())
        (folder / "main.typ").write_text(UNIT.sub("\u00a0", unbroken(main)), encoding="utf-8")
        return _compile(folder / "main.typ", book_date(book.pages))


def _compact(picture: bytes, detail: Detail) -> bytes:
    """Return a PNG as JPEG where that is much smaller: a PDF packs pixels worse than PNG does."""
    if not picture.startswith(PNG):
        return picture
    file = BytesIO()
    with Image.open(BytesIO(picture)) as image:
        image.convert("RGB").save(file, "JPEG", **detail.jpeg)
    return file.getvalue() if len(file.getvalue()) < WORTH * len(picture) else picture


def _compile(main: Path, date: datetime) -> bytes:
    """Set the text, again until figures and tables are as they want to be where they then stand."""
    task = {"main": str(main), "seconds": int(date.timestamp())}
    heights: dict[str, float] = {}
    for _ in range(PASSES):
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
    told = done.stderr.decode(errors="replace").strip()
    if done.returncode == 1 and told.startswith("{"):
        error = json.loads(told)
        hints = "; ".join(error["hints"])
        raise RenderError(f"PDF: {error['message']}" + (f" ({hints})" if hints else ""))
    last = told.rpartition("\n")[2]
    raise RenderError(f"PDF: setting it ended with exit code {done.returncode}: {last}")


def _main(body: str, front: str, book: Book) -> str:
    known, date = LANGUAGES[book.language], book_date(book.pages)
    words = {name: quote(word(f"page.{name}", book.language)) for name in ("lab", "contents")}
    settings = {
        "lang": quote(known.code),
        "region": quote(known.region),
        "spaced": "true" if known.spaced else "false",
        "title": quote(book.front.title),
        "author": quote(book.front.author),
        **words,
        "depth": "1",  # what a chapter asks stands in the PDF's outline
        "date": f"datetime(year: {date.year}, month: {date.month}, day: {date.day})",
    }
    arguments = ", ".join(f"{name}: {text}" for name, text in settings.items())
    return f'#import "report.typ": *\n\n#report({arguments})[\n{front}\n][\n{body}\n]\n'


def _front(book: Book) -> tuple[str, dict[str, bytes]]:
    """Return the title page and its pictures."""
    front, words = book.front, section("page", book.language)
    findings, pictures = to_typst(front.findings, prefix="front")
    parts = [f"#hw-title({quote(front.title)}, {quote(front.author)}, {quote(front.date)})"]
    if front.facts:
        parts.append(
            f"#hw-facts(({', '.join(_pair(label, text) for label, text in front.facts)},))"
        )
    parts += [_par(text) for text in front.warnings]
    if front.image:
        name = picture_name(front.image.png)
        pictures[name] = front.image.png
        about = (quote(name), quote(front.image.alt), quote(front.image.caption))
        parts.append(f"#hw-cover({', '.join(about)})")
    parts.append(f"#hw-label({quote(words['findings'])})\n\n{findings}")
    if front.table:
        table, _ = to_typst(front.table, prefix="front-table")
        parts.append(table)
    return _clean("\n\n".join(parts), book.language)[0], pictures


def _part(part: Part, book: Book) -> tuple[str, dict[str, bytes]]:
    """Return a chapter or an appendix as Typst, and its pictures."""
    words = section("page", book.language)
    pictures: dict[str, bytes] = {}
    title = quote(part.title).replace(" · ", "\u00a0·\u00a0")
    parts = [f"#hw-chapter({title}, {quote(part.name)})"]
    if part in book.appendices[:1]:  # the body ends here
        parts.insert(0, "#pagebreak(weak: true)")
    page = part.page
    if page is not None and (page.reason or len(book.problems) > 1 or not book.front.facts):
        known = {label for label, _ in book.front.facts}
        facts = [pair for pair in subtitle(page.facts, book.language) if pair[0] not in known]
        if facts:
            listed = ", ".join(_pair(label, text) for label, text in facts)
            parts.append(f"#hw-facts(({listed},))")
    if page is not None and page.reason:
        said = ("failed", "failed_title", "failed_note")
        arguments = [quote(words[name]) for name in said]
        arguments += [quote(page.reason), quote(words["failed_lines"]), quote(page.trace)]
        parts.append(f"#hw-failed({', '.join(arguments)})")
    elif part.kind == COMPARISON:
        text, pictures = _comparison(book)
        return f"#hw-landscape[\n{parts[0]}\n\n{text}\n]", pictures
    elif part.document:
        body, pictures = to_typst(part.document, prefix=part.name)
        style = {REFERENCES: "hw-references", APPENDIX: "hw-appendix"}.get(part.kind)
        parts.append(f"#{style}[\n{body}\n]" if style else body)
    text, lost = _clean("\n\n".join(parts), book.language)
    if lost:
        codes = ", ".join(f"U+{ord(c):04X}" for c in sorted(lost))
        said = word("book.no_glyph", book.language, count=len(lost), codes=codes)
        log.info(f"{book.language}, PDF, {part.title}: {said}")
        text += f"\n\n#hw-note({quote(said)})"
    return text, pictures


def _clean(text: str, language: str) -> tuple[str, set[str]]:
    """Return Typst with a sign for each character that no font has, and those characters."""
    suspects = {c for c in text if ord(c) > 0xFF and ord(c) not in _glyphs()}
    text = "".join(c for c in text if c >= " " or c in "\n\t")
    lost = _without_glyph("".join(sorted(suspects))) if suspects else set()
    if not lost:
        return text, lost
    # what only joins or colours the signs of an emoji goes with them
    some = "".join(map(re.escape, lost))
    return re.sub(f"[{some}](?:[{some}\ufe0f\u200d\U0001f3fb-\U0001f3ff])*", NO_GLYPH, text), {
        c for c in lost if c not in JOINERS
    }


@cache
def _without_glyph(characters: str) -> set[str]:
    """Return those of the characters that Typst finds in no font."""
    return set(json.loads(_typeset("glyphs", {"characters": characters})))


def _comparison(book: Book) -> tuple[str, dict[str, bytes]]:
    """Return the chapter that sets all models side by side, and its pictures."""
    language = book.language
    words = section("page", language)
    sections = comparison(runs_of(book.pages), language)
    pictures: dict[str, bytes] = {}
    count = iter(range(book.comparison_table, book.comparison_table + len(tables_of(sections))))

    def content(own: Section, level: int) -> list[str]:
        parts = [f"#heading(level: {level}, {quote(own.title)})"]
        pars = [_par(text) for text in own.text]
        if own.strips or own.tables:  # the words say what to see there
            pars = [f"#block(sticky: true)[{par}]" for par in pars]
        parts += pars
        if own.strips:
            parts.append(_strips(own.strips, pictures))
        for table in own.tables:
            label = f"{words['table']} {next(count)}"
            is_sticky = parts[-1].startswith(("#heading", "#block(sticky"))
            parts.append(_table(table, label, table.caption, is_sticky=is_sticky))
        for inner in own.parts:
            parts += content(inner, level + 1)
        return parts

    own = section("compare", language)
    parts = [_par(own["note"])]
    for each in sections:
        parts += content(each, 2)
    if meanings := glossary(tables_of(sections), language):
        cells = ", ".join(_pair(label, text) for label, text in meanings)
        parts.append(f"#heading(level: 2, {quote(own['glossary'])})")
        parts.append(f"#hw-meanings(({cells},))")
    return "\n\n".join(parts), pictures


def _strips(strips: Sequence[Strip], pictures: dict[str, bytes]) -> str:
    rows = []
    for strip in strips:
        name = f"{picture_name(strip.jpeg)}.jpg"
        pictures[name] = strip.jpeg
        rows.append(f"({quote(strip.label)}, {quote(name)}, {quote(strip.alt)})")
    return f"#hw-strips(({', '.join(rows)},))"


def _table(table: Table, label: str, caption: str, *, is_sticky: bool = False) -> str:
    """Return a table of words as Typst; a sticky one stays with what stands before it."""
    columns = zip(table.columns, *(row.cells for row in table.rows), strict=True)
    head = ", ".join(_head(title, max(map(breadth, cells))) for title, *cells in columns)
    cells: list[str] = []
    for row in table.rows:
        cells += ["table.hline(stroke: 0.4pt)"] * row.is_real
        shown = enumerate(map(_cell, row.cells))
        cells += [f"strong({text})" if i in row.best else text for i, text in shown]
    aligned = ", ".join("right" if right else "left" for right in table.right)
    notes = "".join(f"{quote(note)}, " for note in table.notes)
    is_dense = "true" if len(table.rows) > DENSE_ROWS else "false"
    return (
        f"#hw-table(caption: {_pair(label, caption)}, dense: {is_dense}, narrow: true, "
        f"sticky: {'true' if is_sticky else 'false'}, notes: ({notes}), "
        f"figure(kind: table, table(columns: {len(table.columns)}, align: ({aligned}), "
        f"table.header({head}), table.hline(), {', '.join(cells)})))"
    )


def _head(title: str, room: int) -> str:
    """Return a column's head in lines that are no broader than its cells, if words allow it."""
    parts = list(HEAD_PART.finditer(title))
    room = max(room, HEAD_BREADTH, *(breadth(part[0]) for part in parts))
    lines = [""]
    for part in parts:
        gap = " " if title[: part.start()].endswith(" ") and lines[-1] else ""
        if not lines[-1] or breadth(lines[-1] + gap + part[0]) <= room:
            lines[-1] += gap + part[0]
        else:
            lines.append(part[0])
    return f"[{'#linebreak()'.join(f'#{quote(line)}' for line in lines)}]"


def _par(text: str) -> str:
    return f"#par({quote(text)})"


def _cell(text: str) -> str:
    return f"[#{quote(text)}]"


def _pair(label: str, text: str) -> str:
    return f"({quote(label)}, {quote(text)})"


@cache
def _glyphs() -> frozenset[int]:
    """Return the code points of the Chinese font, in both weights."""
    found = []
    for path in sorted(FONTS.glob("*.otf")):
        with TTFont(path, lazy=True) as font:
            found.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*found)
