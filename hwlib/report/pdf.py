"""The PDF of one language: the whole book in one file, by Typst, same bytes from same runs."""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from pandocfilters import Header, Link, Math, RawBlock, RawInline, Span, Str

from hwlib import log
from hwlib.images import decode, encode
from hwlib.report.book import Book
from hwlib.report.document import (
    COLUMNS,
    DENSE_ROWS,
    ITEM,
    Document,
    Node,
    RenderError,
    change,
    unbroken,
    write,
)
from hwlib.report.embed import FULL, PNG, Detail
from hwlib.report.markup import FONTS, TEMPLATES, literal, set_item, template, words_of
from hwlib.report.runs import subtitle
from hwlib.text import LANGUAGES, legible, width, word, wrap

TYPESET = Path(__file__).with_name("typeset.py")
REFUSED = 3  # its exit code where Typst cannot set the text
DRAWN_WIDTH = re.compile(rb'<svg[^>]*?\swidth="([\d.]+pt)"')  # as matplotlib writes it
# Names in formulas that pandoc writes and Typst has dropped, with what it has for them.
DROPPED = json.loads((TEMPLATES / "typst_symbols.json").read_bytes())
NAME = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z]+(?:\.[A-Za-z]+)*')
FORMULA = re.compile(r"(?<=\)\[)\$.*?\$(?=\])", re.DOTALL)  # within `hw-math`
HEAD_PIECE = re.compile(
    r"（[^）]*）|\([^)]*\)|\[[^\]]*\]|[^\s\u2e80-\uffff]+|(?:(?!（)[\u2e80-\uffff]){1,6}"
)
ACTIVE = re.compile(r"[=+/-]|\d+\.")  # at the start of a line of Typst
UNIT = re.compile(r"(?<=[\d\]]) (?=%|nats\b)")  # the space before it, where no line ends
MIN_HEAD_WIDTH = 10  # Latin letters; a table's head is broken into lines no narrower than this
MAX_PASSES = 12  # each one settles at least the next figure or table; five to seven are usual
MAX_JPEG_SHARE = 0.9  # of a PNG's size: sheets of faces get smaller than that, curves do not
ONLINE = ("http://", "https://", "mailto:")
NO_GLYPH = "□"
JOINERS = "\ufe0f\u200d"  # they make one sign of several


def render_pdf(book: Book, *, detail: Detail = FULL) -> bytes:
    """Return the PDF of a book, its images as `detail` says; RenderError: it cannot be set."""
    images: dict[str, bytes] = {}
    macros = _macros(book.language, images)
    texts = [macros.front(book), *(macros.part(part, book) for part in book.parts)]
    rare = "".join(sorted({c for c in "".join(texts) if ord(c) > 0xFF}))
    lost = set(json.loads(_typeset("glyphs", {"characters": rare})))
    for place, part in enumerate(book.parts if lost else (), start=1):
        if own := sorted(lost & set(texts[place]) - set(JOINERS)):
            codes = ", ".join(f"U+{ord(character):04X}" for character in own)
            said = word("book.no_glyph", book.language, count=len(own), codes=codes)
            log.info(f"{book.language}, PDF, {part.title}: {said}")
            texts[place] += f"\n\n#hw-note({literal(said)})"
    main = macros.main(book, LANGUAGES[book.language], texts[0], "\n\n".join(texts[1:]))
    main = legible(main)
    if lost:  # what only joins or colours the signs of an emoji goes with them
        some = "".join(map(re.escape, lost))
        main = re.sub(f"[{some}](?:[{some}{JOINERS}\U0001f3fb-\U0001f3ff])*", NO_GLYPH, main)
    with tempfile.TemporaryDirectory(prefix="hwlib-pdf-") as temporary:
        folder = Path(temporary)
        for name, image in images.items():
            (folder / name).write_bytes(_compact(image, detail))
        (folder / "report.typ").write_bytes((TEMPLATES / "report.typ").read_bytes())
        (folder / "main.typ").write_text(UNIT.sub("\u00a0", unbroken(main)), encoding="utf-8")
        return _compile(folder / "main.typ", book.date)


def _compact(image: bytes, detail: Detail) -> bytes:
    """Return a PNG as JPEG where that is much smaller: a PDF packs pixels worse than PNG does."""
    if not image.startswith(PNG):
        return image
    jpeg = encode(decode(image).convert("RGB"), "JPEG", **detail.jpeg)
    return jpeg if len(jpeg) < MAX_JPEG_SHARE * len(image) else image


def _compile(main: Path, date: datetime) -> bytes:
    """Set the text, again until figures and tables are as they want to be where they then stand."""
    task = {"main": str(main), "root": str(main.parent), "seconds": int(date.timestamp())}
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
    if done.returncode == REFUSED:
        raise RenderError(f"PDF: {lines}")
    last = lines.rpartition("\n")[2]
    raise RenderError(f"PDF: setting it ended with exit code {done.returncode}: {last}")


# ---------------------------------------------------------------------- documents as Typst


def to_typst(document: Document, prefix: str, images: dict[str, bytes]) -> str:
    """Return a document as Typst for `report.typ`, and add its images by their file names.

    A prefix makes the anchors of headings differ between the parts of one PDF.
    """
    macros = _macros(document.language, images)
    nodes: list[Node] = []
    for node in _printed(document.ast):
        if node["t"] == ITEM:
            item, number, caption, tables = node["c"]
            # a part's own heading is above the first node
            is_sticky = not nodes or nodes[-1]["t"] == "Header"
            text = macros.item(item, number, tables, is_sticky)
            nodes += set_item("typst", text, caption, tables)
        elif node["t"] == "Para" and [part["t"] for part in node["c"]] == ["Strong"]:
            # all of it is bold: it leads on to what comes next, as a heading does
            start, end = RawBlock("typst", "#block(sticky: true)["), RawBlock("typst", "]")
            nodes += [start, node, end]
        else:
            nodes.append(node)
    own = {anchor for _, anchor, _ in document.headings}

    def finish(kind: str, content: Any, *_: Any) -> list[Node] | Node | None:
        """Give formulas words for a screen reader, and anchors of headings the prefix.

        The first sign of a word that would make a heading, an item or a comment of it, which pandoc
        leaves as it is in a table's cell, is written by its number.
        """
        if kind == "Str" and ACTIVE.match(content):
            first = RawInline("typst", f"\\u{{{ord(content[0]):x}}}")
            return [first, *([Str(content[1:])] if content[1:] else [])]
        if kind == "Math":
            start = f"#hw-math({literal(content[1].strip())})["
            return [RawInline("typst", start), Math(*content), RawInline("typst", "]")]
        if kind == "Span" and "place" in content[0][1]:
            return RawInline("typst", f"#hw-place({literal(content[0][0])});")
        if kind == "Header":
            level, (anchor, *rest), inlines = content
            return Header(level, [f"{prefix}-{anchor}", *rest], inlines)
        if kind == "Link" and not content[2][0].lower().startswith(ONLINE):
            (_, classes, _), inlines, (target, title) = content
            if "ref" in classes:
                return None
            if target.removeprefix("#") not in own:
                return Span(["", [], []], inlines)
            return Link(["", [], []], inlines, [f"#{prefix}-{target[1:]}", title])
        return None

    def known(name: re.Match[str]) -> str:
        return DROPPED.get(name[0], name[0])

    text = write(change(nodes, finish), "typst")
    return FORMULA.sub(lambda formula: NAME.sub(known, formula[0]), text)


def _printed(ast: Sequence[Node]) -> list[Node]:
    """Return what is printed: no code, and a figure after the first words below its heading.

    A heading goes where what follows it goes: with a figure it would leave a hole.
    """

    def kind(node: Node) -> str:
        return node["c"][0].kind if node["t"] == ITEM else node["t"]

    nodes = [
        node
        for node in ast
        if kind(node) != "code" and not (node["t"] == ITEM and node["c"][0].is_screen_only)
    ]
    for place in range(len(nodes) - 2):
        if [*map(kind, nodes[place : place + 3])] == ["Header", "figure", "Para"]:
            nodes[place + 1 : place + 3] = nodes[place + 2], nodes[place + 1]
    return nodes


def _macros(language: str, images: dict[str, bytes]) -> Any:
    """Return the macros of `book.typ.jinja`, which add the images that they name."""

    def add(image: bytes, suffix: str = "") -> str:
        name = hashlib.sha256(image).hexdigest()[:20] + suffix
        images[name] = image
        return name

    values = {"add": add, "typst": partial(to_typst, images=images), "head": _head}
    values["drawn_width"] = lambda svg: DRAWN_WIDTH.search(svg)[1].decode()
    values |= {"dense_rows": DENSE_ROWS, "subtitle": subtitle, "film_columns": COLUMNS}
    return template("book.typ.jinja").make_module(words_of(language) | values)


def _head(title: str, cells: Iterable[str]) -> str:
    """Return a column's head in lines that are no broader than its cells, if words allow it."""
    pieces = HEAD_PIECE.findall(title)
    room = max(MIN_HEAD_WIDTH, *map(width, (*cells, *pieces)))
    lines = wrap(title, room, HEAD_PIECE)
    return f"[{'#linebreak()'.join(f'#{literal(line)}' for line in lines)}]"
