"""The PDF of one language: one file for all jobs, by Typst, the same bytes from the same runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import Image

from hwlib.report.compare import Section, Table, comparison, glossary, overview, tables_of
from hwlib.report.document import (
    DENSE_ROWS,
    RenderError,
    breadth,
    picture_name,
    quote,
    to_typst,
    unbroken,
)
from hwlib.report.embed import FULL, Detail
from hwlib.report.entries import shared, warnings
from hwlib.report.facts import subtitle, trust
from hwlib.report.html import TEMPLATES, Page, has_comparison, runs_of
from hwlib.report.strips import Strip
from hwlib.report.webfont import FONTS
from hwlib.report.words import LANGUAGES, WORDS

TYPESET = Path(__file__).with_name("typeset.py")
DEEP_CONTENTS = 5  # jobs; of more, the contents list the chapters alone
HEAD_PART = re.compile(
    r"（[^）]*）|\([^)]*\)|\[[^\]]*\]|[^\s\u2e80-\uffff]+|(?:(?!（)[\u2e80-\uffff]){1,6}"
)
UNIT = re.compile(r"(?<=[\d\]]) (?=%|nats\b)")  # the space before it, where no line ends
HEAD_BREADTH = 10  # Latin letters; a table's head is broken into lines no narrower than this
PASSES = 40  # each one settles at least the next figure or table of every chapter
PNG = b"\x89PNG"
WORTH = 0.9  # of a PNG: sheets of faces get smaller than that as JPEG, curves and tables do not
EPOCH = 946_684_800  # PDF/A wants a date and the same runs want the same bytes: 2000-01-01


def render_pdf(
    pages: Sequence[Page], language: str, *, title: str, command: str, detail: Detail = FULL
) -> bytes:
    """Return the PDF of all jobs.

    Args:
        pages: the jobs.
        language: a key of `LANGUAGES`.
        title: of the whole report.
        command: the command line as it was typed.
        detail: how its pictures are written.

    Raises:
        RenderError: the text cannot be set, for example for want of a glyph.
    """
    pictures: dict[str, bytes] = {}
    chapters = []
    for page in pages:
        text, own = _chapter(page, pages, language, command=command)
        pictures |= own
        chapters.append(text)
    if has_comparison(pages):
        text, own = _comparison(pages, language)
        pictures |= own
        chapters.append(text)
    main = _main("\n\n".join(chapters), pages, language, title=title)
    with tempfile.TemporaryDirectory(prefix="hwlib-pdf-") as temporary:
        folder = Path(temporary)
        for name, png in pictures.items():
            (folder / name).write_bytes(_compact(png, detail))
        (folder / "report.typ").write_bytes((TEMPLATES / "report.typ").read_bytes())
        (folder / "main.typ").write_text(UNIT.sub("\u00a0", unbroken(main)), encoding="utf-8")
        return _compile(folder / "main.typ")


def _compact(picture: bytes, detail: Detail) -> bytes:
    """Return a PNG as JPEG where that is much smaller: a PDF packs pixels worse than PNG does."""
    if not picture.startswith(PNG):
        return picture
    file = BytesIO()
    with Image.open(BytesIO(picture)) as image:
        image.convert("RGB").save(file, "JPEG", **detail.jpeg)
    return file.getvalue() if len(file.getvalue()) < WORTH * len(picture) else picture


def _compile(main: Path) -> bytes:
    """Set the text, again until figures and tables are as they want to be where they then stand."""
    heights: dict[str, float] = {}
    for _ in range(PASSES):
        wanted = dict(json.loads(_typeset("heights", main, heights)))
        if wanted == heights:
            break
        heights = wanted
    return _typeset("pdf", main, heights)


def _typeset(goal: str, main: Path, heights: dict[str, float]) -> bytes:
    """Return what one pass gives, made by `typeset.py` in a process of its own."""
    task = {"main": str(main), "fonts": str(FONTS), "heights": heights}
    task["seconds"] = int(_date().timestamp())
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


def _main(body: str, pages: Sequence[Page], language: str, *, title: str) -> str:
    words, known = WORDS[language], LANGUAGES[language]
    date = _date()
    settings = {
        "lang": quote(known.code),
        "region": quote(known.region),
        "title": quote(title),
        "subtitle": quote(words["subtitle"]),
        "lab": quote(words["lab"]),
        "contents": quote(words["contents"]),
        "depth": "3" if len(pages) == 1 else "2" if len(pages) <= DEEP_CONTENTS else "1",
        "date": f"datetime(year: {date.year}, month: {date.month}, day: {date.day})",
    }
    arguments = ", ".join(f"{name}: {text}" for name, text in settings.items())
    overview = _summary(pages, language)
    return f'#import "report.typ": *\n\n#report({arguments})[\n{body}\n][\n{overview}\n]\n'


def _date() -> datetime:
    """Return `SOURCE_DATE_EPOCH`, the convention of reproducible builds, or a fixed day."""
    return datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", EPOCH)), UTC)


def _chapter(
    page: Page, pages: Sequence[Page], language: str, *, command: str
) -> tuple[str, dict[str, bytes]]:
    """Return one job as Typst, and its pictures."""
    words = WORDS[language]
    # where one title stands twice, every chapter has its label as well
    is_named = len({p.title for p in pages}) < len(pages)
    title = page.title
    if is_named and page.label:
        title = _known(page.full_title).replace(" · ", "\u00a0·\u00a0")
    facts = ", ".join(_pair(label, text) for label, text in subtitle(page.facts, language))
    parts = [f"#heading(level: 1, {quote(title)})", f"#hw-facts(({facts},))"]
    pictures: dict[str, bytes] = {}
    if page.reason:
        said = ("failed", "failed_title", "failed_note")
        arguments = [quote(words[name]) for name in said]
        arguments += [_string(page.reason), quote(words["failed_lines"]), _string(page.trace)]
        parts.append(f"#hw-failed({', '.join(arguments)})")
    elif page.document:
        body, pictures = to_typst(page.document, prefix=page.name)
        parts.append(body)
    number = len(page.document.tables) + 1 if page.document and not page.reason else 1
    rows = trust(page.facts, language, command=command, notebook=page.notebook)
    cells = ", ".join(_pair(label, text) for label, text in rows)
    caption = _pair(f"{words['table']} {number}", words["trust_caption"])
    columns = _pair(words["item"], words["value"])
    parts += [
        f"#heading(level: 2, {quote(words['trust'])})",
        f"#block(sticky: true)[{words['trust_note']}]",
        f"#hw-pairs({columns}, ({cells},), {caption})",
    ]
    return "\n\n".join(parts), pictures


def _summary(pages: Sequence[Page], language: str) -> str:
    """Return the first page's tables: what was run, and each problem's numbers."""
    entries = runs_of(pages)
    facts = ", ".join(_pair(label, text) for label, text in shared(entries, language))
    tables = overview(entries, language)
    parts = [f"#hw-facts(({facts},))"] if facts else []
    parts += [_par(text) for text in warnings(entries, language)]
    return "\n\n".join([*parts, *(_table(table, table.caption, "") for table in tables)])


def _comparison(pages: Sequence[Page], language: str) -> tuple[str, dict[str, bytes]]:
    """Return the chapter that sets all models side by side, and its pictures."""
    words = WORDS[language]
    sections = comparison(runs_of(pages), language)
    pictures: dict[str, bytes] = {}
    count = iter(range(1, len(tables_of(sections)) + 1))

    def content(section: Section, level: int) -> list[str]:
        parts = [f"#heading(level: {level}, {_string(section.title)})"]
        pars = [_par(text) for text in section.text]
        if section.strips or section.tables:  # the words say what to see there
            pars = [f"#block(sticky: true)[{par}]" for par in pars]
        parts += pars
        if section.strips:
            parts.append(_strips(section.strips, pictures))
        for table in section.tables:
            label = f"{words['table']} {next(count)}"
            is_sticky = parts[-1].startswith(("#heading", "#block(sticky"))
            parts.append(_table(table, label, table.caption, is_sticky=is_sticky))
        for inner in section.parts:
            parts += content(inner, level + 1)
        return parts

    parts = [f"#heading(level: 1, {quote(words['compare'])})", _par(words["compare_note"])]
    for section in sections:
        parts += content(section, 2)
    if meanings := glossary(tables_of(sections), language):
        cells = ", ".join(_pair(label, text) for label, text in meanings)
        parts.append(f"#heading(level: 2, {quote(words['glossary'])})")
        parts.append(f"#hw-meanings(({cells},))")
    return "#hw-landscape[\n" + "\n\n".join(parts) + "\n]", pictures


def _strips(strips: Sequence[Strip], pictures: dict[str, bytes]) -> str:
    rows = []
    for strip in strips:
        name = f"{picture_name(strip.jpeg)}.jpg"
        pictures[name] = strip.jpeg
        rows.append(f"({_string(strip.label)}, {quote(name)}, {_string(strip.alt)})")
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
    notes = "".join(f"{_string(note)}, " for note in table.notes)
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
    return f"[{'#linebreak()'.join(f'#{_string(line)}' for line in lines)}]"


def _par(text: str) -> str:
    return f"#par({_string(text)})"


def _cell(text: str) -> str:
    return f"[#{_string(text)}]"


def _pair(label: str, text: str) -> str:
    return f"({_string(label)}, {_string(text)})"


def _string(text: str) -> str:
    """Return words that came from outside as a Typst string."""
    return quote(_known(text))


def _known(text: str) -> str:
    """Return words that came from outside; what has no glyph becomes '?'."""
    return "".join(c if c in "\n\t\u00a0" or ord(c) in _glyphs() else "?" for c in text)


@cache
def _glyphs() -> frozenset[int]:
    """Return the code points of the Chinese font, in both weights."""
    found = []
    for path in sorted(FONTS.glob("*.otf")):
        with TTFont(path, lazy=True) as font:
            found.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*found)
