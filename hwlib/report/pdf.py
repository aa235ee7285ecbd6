"""The PDF of one language: one file for all jobs, by Typst, the same bytes from the same runs."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import typst
from fontTools.ttLib import TTFont

from hwlib.report.document import RenderError, quote, to_typst, unbroken
from hwlib.report.facts import subtitle, summary, trust
from hwlib.report.html import FONTS, TEMPLATES, Page
from hwlib.report.words import LANGUAGES, WORDS

# a-2u: a missing glyph is an error, not a box. ua-1: tagged, with alternative text on everything.
STANDARDS = ["a-2u", "ua-1"]
# The columns that fit a page beside what the run was; the rest is in the chapters.
SUMMARY_METRICS = ("num_parameters", "num_steps", "train_time_s", "test_mse_01", "test_mse_11")
PASSES = 20  # each one settles at least the next figure of every chapter
EPOCH = 946_684_800  # PDF/A wants a date and the same runs want the same bytes: 2000-01-01


def render_pdf(pages: Sequence[Page], language: str, *, title: str, command: str) -> bytes:
    """Return the PDF of all jobs.

    Args:
        pages: the jobs.
        language: a key of `LANGUAGES`.
        title: of the whole report.
        command: the command line as it was typed.

    Raises:
        RenderError: the text cannot be set, for example for want of a glyph.
    """
    pictures: dict[str, bytes] = {}
    chapters = []
    for page in pages:
        text, own = _chapter(page, pages, language, command=command)
        pictures |= own
        chapters.append(text)
    main = _main("\n\n".join(chapters), pages, language, title=title)
    with tempfile.TemporaryDirectory(prefix="hwlib-pdf-") as temporary:
        folder = Path(temporary)
        for name, png in pictures.items():
            (folder / name).write_bytes(png)
        (folder / "report.typ").write_bytes((TEMPLATES / "report.typ").read_bytes())
        (folder / "main.typ").write_text(unbroken(main), encoding="utf-8")
        try:
            return _compile(folder / "main.typ")
        except typst.TypstError as error:
            hints = "; ".join(error.hints)
            raise RenderError(f"PDF: {error.message}" + (f" ({hints})" if hints else "")) from None


def _compile(main: Path) -> bytes:
    """Set the text, again until each figure has the height that it wants where it then stands."""
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[FONTS])
    options = {"root": main.parent, "font_paths": fonts}
    heights: dict[str, float] = {}
    for _ in range(PASSES):
        options["sys_inputs"] = {"heights": json.dumps(heights)}
        wanted = dict(json.loads(typst.query(main, "<hw-height>", field="value", **options)))
        if wanted == heights:
            break
        heights = wanted
    return typst.compile(main, pdf_standards=STANDARDS, timestamp=_date(), **options)


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
        "depth": "3" if len(pages) == 1 else "2",
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
    same = [p for p in pages if p.title == page.title]
    title = page.title if len(same) == 1 else f"{page.title}\u00a0·\u00a0{page.facts.job.recipe}"
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
        words["trust_note"],
        f"#hw-pairs({columns}, ({cells},), {caption})",
    ]
    return "\n\n".join(parts), pictures


def _summary(pages: Sequence[Page], language: str) -> str:
    """Return the first page's table: what was run, and the numbers that fit."""
    facts, failed = [page.facts for page in pages], [bool(page.reason) for page in pages]
    table = summary(facts, failed, language, metrics=SUMMARY_METRICS, short=True)
    head = ", ".join(map(_cell, table.columns))
    cells = ", ".join(_cell(text) for row in table.rows for text in row)
    aligned = ", ".join("left" if i < table.first else "right" for i in range(len(table.columns)))
    return (
        f"#hw-table(figure(kind: table, table(columns: {len(table.columns)}, align: ({aligned}), "
        f"table.header({head}), table.hline(), {cells})))"
    )


def _cell(text: str) -> str:
    return f"[#{_string(text)}]"


def _pair(label: str, text: str) -> str:
    return f"({_string(label)}, {_string(text)})"


def _string(text: str) -> str:
    """Return words that came from outside as a Typst string; what has no glyph becomes '?'."""
    return quote("".join(c if c in "\n\t" or ord(c) in _glyphs() else "?" for c in text))


@cache
def _glyphs() -> frozenset[int]:
    """Return the code points of the Chinese font, in both weights."""
    found = []
    for path in sorted(FONTS.glob("*.otf")):
        with TTFont(path, lazy=True) as font:
            found.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*found)
