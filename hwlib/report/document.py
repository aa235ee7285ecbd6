"""From Markdown to one pandoc document, and from that to HTML and Typst: both say the same."""

from __future__ import annotations

import hashlib
import html
import json
import re
import subprocess
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from io import BytesIO
from typing import Any

import pypandoc
from PIL import Image
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from hwlib.report.embed import FULL, addresses
from hwlib.report.words import WORDS

READER = "gfm+tex_math_dollars+raw_attribute+east_asian_line_breaks"
INTERVAL = re.compile(r"(\[[−+-]?[\d.,]*\d), ([−+-]?\d[\d.,]*\\?\])")
WEIGHT = re.compile(r"λ = (?=\d)")
NUMBERED = re.compile(r"(\d+)\s*[-–.]\s*(\d+)")
ANNOTATION = re.compile(
    r"<semantics>(.*?)<annotation encoding=\"application/x-tex\">.*?</annotation></semantics>",
    re.DOTALL,
)
# 'log p' has a thin space that 'log(' has not; MathML leaves both without.
FUNCTION = re.compile(
    r"(?<!<msub>)(?<!<msup>)(?<!<munder>)"
    r"(<mi[^>]*>(?:log|ln|exp|sin|cos|tan|arg|det|max|min)</mi>"
    r"(?:<mo>(?:&#8289;|\u2061)</mo></mrow>)?)"
    r"(?=\s*<m(?!o))"
)
PIXELS_FULL = 1400  # a picture this wide fills the text where the notebook names no width
LEAST_WIDTH = 30
LONG_CELL = 30  # Latin letters; longer cells wrap
DENSE_ROWS = 12  # tables longer than this are set tighter
MANY_COLUMNS = 6  # so are the columns of tables with more
EMPTY_HEAD = re.compile(r"<th((?: [^>]*)?)></th>")  # names nothing, so it is no header

# Names in formulas that pandoc writes and Typst has dropped, with their code points.
DROPPED = {
    "dot.circle": 0x2299,
    "times.circle": 0x2297,
    "minus.circle": 0x2296,
    "eq.circle": 0x229C,
    "dash.circle": 0x229D,
    "div.circle": 0x2A38,
    "lt.circle": 0x29C0,
    "gt.circle": 0x29C1,
    "parallel.circle": 0x29B7,
    "perp.circle": 0x29B9,
    "dot.circle.big": 0x2A00,
    "times.circle.big": 0x2A02,
    "sect": 0x2229,
    "sect.sq": 0x2293,
    "sect.big": 0x22C2,
    "sect.double": 0x22D2,
    "bracket.l.double": 0x27E6,
    "bracket.r.double": 0x27E7,
    "brace.l.double": 0x2983,
    "brace.r.double": 0x2984,
    "paren.l.double": 0x2985,
    "paren.r.double": 0x2986,
    "quote.angle.l.single": 0x2039,
    "quote.angle.r.single": 0x203A,
    "quote.angle.l.double": 0x00AB,
    "quote.angle.r.double": 0x00BB,
}
NAME = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z]+(?:\.[A-Za-z]+)*')
FORMULA_END = "// end of formula"

Node = dict[str, Any]


class RenderError(Exception):
    """Content of a notebook that cannot be set: one line that says what and where."""


@dataclass(frozen=True)
class Code:
    """The source of a code cell."""

    source: str


@dataclass(frozen=True)
class Figure:
    """A picture with its words."""

    png: bytes
    name: str
    alt: str
    caption: str
    width: float | None  # percent of the text's width

    @property
    def pictures(self) -> tuple[bytes, ...]:
        """The pictures that HTML embeds, as PNG."""
        return (self.png,)

    def html(self, number: int, addresses: Mapping[bytes, str]) -> str:
        """Return what stands above the caption.

        Args:
            number: the figure's.
            addresses: a data address for each of `pictures`.
        """
        width, height = size(self.png)
        alt = html.escape(self.alt, quote=True)
        return (
            f'<div class="card" style="--width: {percent(self):g}%"><img'
            f' src="{addresses[self.png]}" alt="{alt}" width="{width}" height="{height}"></div>'
        )

    def typst(self, label: str, *, is_sticky: bool) -> tuple[str, dict[str, bytes]]:
        """Return the whole figure as Typst, and its pictures by file name.

        Args:
            label: "Figure 1", as a Typst string.
            is_sticky: whether it stays with the heading before it.
        """
        name = picture_name(self.png)
        # A claim's figure is rows of words and numbers: it keeps about the size it was drawn in.
        is_wordy = self.name.startswith("claim")
        arguments = (
            f"path: {quote(name)}, alt: {quote(self.alt)}, label: {label}, "
            f"caption: {quote(self.caption)}, width: {percent(self):g}%"
            f"{', sticky: true' if is_sticky else ''}"
            f"{', most: 150mm, least: 0.85' if is_wordy else ''}"
        )
        return f"#hw-figure({arguments})", {name: self.png}

    def reduced(self, most: int) -> Figure:
        """Return the figure, as large as before, with at most so many pixels from left to right."""
        width, height = size(self.png)
        if width <= most:
            return self
        file = BytesIO()
        with Image.open(BytesIO(self.png)) as picture:
            shape = (most, round(height * most / width))
            picture.convert("RGB").resize(shape, Image.Resampling.LANCZOS).save(file, "PNG")
        return replace(self, png=file.getvalue(), width=percent(self))


@dataclass(frozen=True)
class Table:
    """The words of a table; its rows are in the Markdown."""

    name: str
    caption: str


Item = Code | Figure | Table


@dataclass(frozen=True)
class Heading:
    """An entry of the table of contents."""

    level: int
    anchor: str
    text: str


@dataclass
class Document:
    """One job in one language.

    Attributes:
        title: the notebook's first heading, as plain text.
        ast: pandoc's blocks, with `hwlib` raw blocks (an index into `items`) where figures, tables
            and code stand.
        items: what the raw blocks stand for.
        numbers: the number of each figure and table, counted apart, by index.
        headings: the table of contents.
    """

    language: str
    title: str = ""
    ast: list[Node] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    headings: list[Heading] = field(default_factory=list)

    @property
    def figures(self) -> list[Figure]:
        """The figures in their order."""
        return [item for item in self.items if isinstance(item, Figure)]

    @property
    def figure_numbers(self) -> dict[str, int]:
        """The number of each figure by its name; of several of one name, the first one's."""
        found: dict[str, int] = {}
        for index, number in sorted(self.numbers.items(), key=lambda pair: pair[1]):
            if isinstance(item := self.items[index], Figure):
                found.setdefault(item.name, number)
        return found

    def reduced(self, most: int) -> Document:
        """Return the document with figures of at most `most` pixels from left to right."""
        items = [item.reduced(most) if isinstance(item, Figure) else item for item in self.items]
        return replace(self, items=items)

    @property
    def tables(self) -> list[Table]:
        """The tables in their order."""
        return [item for item in self.items if isinstance(item, Table)]


# ---------------------------------------------------------------------- Markdown -> document


def make_document(markdown: str, items: Sequence[Item], language: str) -> Document:
    """Return the document that `markdown` makes, with markers where `items` stand.

    Raises:
        RenderError: Markdown that swallows what follows it, or a picture inside prose.
    """
    document = Document(language, items=list(items))
    read = json.loads(pandoc(markdown, source=READER, target="json"))
    document.ast = _join_tables(read["blocks"], document)
    _count(document)
    _head(document)
    return document


def _join_tables(nodes: list[Node], document: Document) -> list[Node]:
    """Put each table's node into the raw block that announces it, as its third element."""
    joined: list[Node] = []
    found = set()
    nodes = iter(nodes)
    for node in nodes:
        if (index := _index(node)) is None:
            joined.append(node)
            continue
        found.add(index)
        if isinstance(document.items[index], Table):
            inner = list(_until_end(nodes))
            tables = [n for n in inner if n["t"] == "Table"]
            if len(tables) != 1 or len(inner) != 1:
                name = document.items[index].name
                raise RenderError(f"table '{name}': its Markdown holds no single table")
            node = {"t": "RawBlock", "c": [*node["c"], tables[0]]}
        joined.append(node)
    if lost := set(range(len(document.items))) - found:
        raise RenderError(f"Markdown before item {min(lost)} is not closed (a fence or a comment?)")
    return joined


def _until_end(nodes: Iterator[Node]) -> Iterator[Node]:
    for node in nodes:
        if node["t"] == "RawBlock" and node["c"][0] == "hwlib" and node["c"][1].strip() == "end":
            return
        yield node


def _index(node: Node) -> int | None:
    if node["t"] == "RawBlock" and node["c"][0] == "hwlib":
        return int(node["c"][1])
    return None


def _count(document: Document) -> None:
    """Number figures and tables, each kind apart."""
    counts = {Figure: 0, Table: 0}
    for index, item in enumerate(document.items):
        for kind in counts:
            if isinstance(item, kind):
                counts[kind] += 1
                document.numbers[index] = counts[kind]


def _head(document: Document) -> None:
    """Take the title out; give every other heading its level in order and its anchor."""
    nodes, last = [], 1
    for node in document.ast:
        if node["t"] == "Header":
            level, attributes, inlines = node["c"]
            if level == 1 and not document.title:
                document.title = plain(inlines)
                continue
            level = min(max(level, 2), last + 1)
            last = level
            text = plain(inlines)
            anchor = _anchor(text, {h.anchor for h in document.headings}, len(document.headings))
            document.headings.append(Heading(level, anchor, text))
            node = {"t": "Header", "c": [level, [anchor, *attributes[1:]], inlines]}
        elif any(n["t"] == "Image" for n in _walk(node)):
            raise RenderError("a picture inside prose has no number and no second language")
        nodes.append(node)
    document.ast = nodes


def _anchor(text: str, taken: set[str], count: int) -> str:
    """Return the same anchor in each language: the question's number, else the heading's."""
    number = NUMBERED.match(text)
    anchor = f"q{number[1]}-{number[2]}" if number else f"s{count + 1}"
    return anchor if anchor not in taken else f"s{count + 1}"


def _walk(node: Any) -> Iterator[Node]:
    """Yield every pandoc node in `node`, outermost first."""
    if isinstance(node, dict):
        if "t" in node:
            yield node
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)


def plain(nodes: Any) -> str:
    """Return pandoc nodes as plain text; formulas as their TeX."""
    words = {"Space": " ", "SoftBreak": " ", "LineBreak": " "}
    parts = []
    for node in _walk(nodes):
        kind = node["t"]
        if kind == "Str":
            parts.append(node["c"])
        elif kind in ("Code", "Math"):
            parts.append(node["c"][1])
        else:
            parts.append(words.get(kind, ""))
    return "".join(parts).strip()


# ---------------------------------------------------------------------- document -> HTML


def to_html(document: Document, *, most: int = FULL.most) -> str:
    """Return the body of the page: figures embedded, formulas as MathML, code folded.

    Args:
        document: what to set.
        most: characters of all pictures together; see `addresses`.

    Raises:
        RenderError: a formula that has no MathML.
    """
    words = WORDS[document.language]
    pictures = [png for figure in document.figures for png in figure.pictures]
    embedded = addresses(pictures, most=most)
    nodes: list[Node] = []
    for node in document.ast:
        index = _index(node)
        if index is None:
            is_table = node["t"] == "Table"
            nodes += _scrolling(_shaped(node)) if is_table else [_numbered(node)]
            continue
        item, number = document.items[index], document.numbers.get(index)
        if isinstance(item, Code):
            nodes.append(_raw(_code_html(item, words["code"])))
        elif isinstance(item, Figure):
            nodes.append(_raw(_figure_html(item, number, words["figure"], embedded)))
        elif isinstance(item, Table):
            name = f"{words['table']} {number}"
            table = _scrolling(_shaped(node["c"][2]), label=f"{name} {item.caption}")
            label = f'<span class="label">{name}</span>'
            opening = f'<figure class="table" id="table-{number}"><figcaption>{label} '
            opening += f"{html.escape(item.caption)}</figcaption>"
            nodes += [_raw(opening), *table, _raw("</figure>")]
    text = pandoc(_json(nodes), source="json", target="html5", options=("--mathml",))
    return _clean_mathml(EMPTY_HEAD.sub(r"<td\1></td>", text))


def _clean_mathml(text: str) -> str:
    if bad := re.search(r'<span class="math[^>]*>(.*?)</span>', text, re.DOTALL):
        raise RenderError(f"formula cannot be set: {html.unescape(bad[1]).strip()[:80]}")
    text = ANNOTATION.sub(r"\1", text)
    text = text.replace('<mo accent="true">', '<mo accent="true" stretchy="false">')
    return FUNCTION.sub(r'\1<mspace width="0.167em"></mspace>', text)


def _raw(text: str, form: str = "html") -> Node:
    return {"t": "RawBlock", "c": [form, text]}


def _json(nodes: list[Node]) -> str:
    return json.dumps({"pandoc-api-version": api_version(), "meta": {}, "blocks": nodes})


def _shaped(table: Node) -> Node:
    """Drop column widths, which pandoc guesses; mark row headers, long cells and large tables."""
    attributes, caption, columns, head, bodies, foot = table["c"]
    columns = [[align, {"t": "ColWidthDefault"}] for align, _ in columns]
    for row in _rows(table):
        for cell in row[1]:
            is_long = breadth(plain(cell[4])) > LONG_CELL
            cell[0] = ["", ["long"] if is_long else [], []]
    is_dense = sum(1 for _ in _rows(table)) > DENSE_ROWS
    classes = ["dense"] * is_dense + ["many"] * (len(columns) > MANY_COLUMNS)
    attributes = [attributes[0], classes, attributes[2]]
    bodies = [[own, int(len(columns) > 1), upper, lower] for own, _, upper, lower in bodies]
    return {"t": "Table", "c": [attributes, caption, columns, head, bodies, foot]}


def _rows(table: Node) -> Iterator[list[Any]]:
    """Yield a table's rows: head, bodies, foot."""
    _, _, _, head, bodies, foot = table["c"]
    yield from head[1]
    for _, _, upper, lower in bodies:
        yield from upper
        yield from lower
    yield from foot[1]


def breadth(text: str) -> int:
    """Return a text's width, in Latin letters: a Chinese character is two wide."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _scrolling(table: Node, *, label: str = "") -> list[Node]:
    """Put a table into a box of its own that scrolls, by keyboard too, and not the page."""
    name = f' role="region" aria-label="{html.escape(label, quote=True)}"' if label else ""
    return [_raw(f'<div class="scroll" tabindex="0"{name}>'), table, _raw("</div>")]


def _numbered(node: Node) -> Node:
    """Set the number of a question apart: '1-2 Learning curves'."""
    if node["t"] != "Header":
        return node
    level, attributes, inlines = node["c"]
    if inlines and inlines[0]["t"] == "Str" and NUMBERED.match(inlines[0]["c"]):
        number = {"t": "Span", "c": [["", ["number"], []], [inlines[0]]]}
        return {"t": "Header", "c": [level, attributes, [number, *inlines[1:]]]}
    return node


def _code_html(code: Code, word: str) -> str:
    shown = highlight(code.source, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n")
    return (
        f'<details class="code"><summary>{word}</summary>'
        f'<pre tabindex="0"><code>{shown}</code></pre></details>'
    )


def _figure_html(figure: Figure, number: int, word: str, embedded: Mapping[bytes, str]) -> str:
    return (
        f'<figure id="figure-{number}">{figure.html(number, embedded)}'
        f'<figcaption><span class="label">{word} {number}</span> {html.escape(figure.caption)}'
        "</figcaption></figure>"
    )


def picture_name(png: bytes) -> str:
    """Return the file name of a picture in the PDF's sources, whatever form it takes there."""
    return hashlib.sha256(png).hexdigest()[:20]


def size(png: bytes) -> tuple[int, int]:
    """Return the picture's width and height in pixels."""
    with Image.open(BytesIO(png)) as picture:
        return picture.size


def percent(figure: Figure) -> float:
    """Return the figure's width in percent of the text's."""
    if figure.width:
        return float(min(max(figure.width, 10), 100))
    return float(min(100, max(LEAST_WIDTH, round(100 * size(figure.png)[0] / PIXELS_FULL))))


# ---------------------------------------------------------------------- document -> Typst


def to_typst(document: Document, *, prefix: str) -> tuple[str, dict[str, bytes]]:
    """Return the document as Typst for `templates/report.typ`, and its pictures by file name.

    Args:
        document: what to set.
        prefix: makes anchors differ between the jobs of one PDF.
    """
    words = WORDS[document.language]
    nodes: list[Node] = []
    pictures: dict[str, bytes] = {}
    anchors = {heading.anchor for heading in document.headings}
    for node in document.ast:
        index = _index(node)
        is_sticky = bool(nodes) and nodes[-1]["t"] == "Header"
        if index is None:
            if node["t"] == "Table":
                nodes += _typst_table(node, "none", is_sticky)
            elif _is_title(node):  # it leads on to what comes next, as a heading does
                nodes += [_raw("#block(sticky: true)[", "typst"), node, _raw("]", "typst")]
            else:
                nodes.append(node)
            continue
        item, number = document.items[index], document.numbers.get(index)
        if isinstance(item, Figure):
            label = quote(f"{words['figure']} {number}")
            text, files = item.typst(label, is_sticky=is_sticky)
            pictures |= files
            nodes.append(_raw(text, "typst"))
        elif isinstance(item, Table):
            label = quote(f"{words['table']} {number}")
            caption = f"({label}, {quote(item.caption)})"
            nodes += _typst_table(node["c"][2], caption, is_sticky)
    formulas = _typst_formulas([n for node in nodes for n in _walk(node) if n["t"] == "Math"])
    nodes = [_typst_node(node, prefix, anchors, formulas) for node in nodes]
    return pandoc(_json(nodes), source="json", target="typst"), pictures


def _is_title(node: Node) -> bool:
    """Whether all of a paragraph is set bold."""
    return node["t"] == "Para" and [part["t"] for part in node["c"]] == ["Strong"]


def _typst_formulas(nodes: list[Node]) -> dict[str, str]:
    """Return each formula (as JSON of its node) as Typst, with the words for a screen reader."""
    blocks = []
    for node in nodes:
        blocks += [{"t": "Para", "c": [node]}, _raw(FORMULA_END, "typst")]
    made = pandoc(_json(blocks), source="json", target="typst").split(FORMULA_END)
    return {
        json.dumps(
            node
        ): f"#hw-math({quote(node['c'][1].strip())})[{NAME.sub(_known, text.strip())}]"
        for node, text in zip(nodes, made, strict=False)
    }


def _known(name: re.Match[str]) -> str:
    return f"\\u{{{DROPPED[name[0]]:x}}}" if name[0] in DROPPED else name[0]


def _typst_table(table: Node, caption: str, is_sticky: bool) -> list[Node]:
    table = _shaped(table)
    dense = "true" if "dense" in table["c"][0][1] else "false"
    sticky = "true" if is_sticky else "false"
    opening = f"#hw-table(caption: {caption}, dense: {dense}, sticky: {sticky})["
    return [_raw(opening, "typst"), table, _raw("]", "typst")]


def _typst_node(node: Any, prefix: str, anchors: set[str], formulas: dict[str, str]) -> Any:
    """Set formulas, and give anchors and links the job's prefix, everywhere in `node`."""
    if isinstance(node, list):
        return [_typst_node(part, prefix, anchors, formulas) for part in node]
    if not isinstance(node, dict):
        return node
    content = node.get("c")
    if node.get("t") == "Math":
        return {"t": "RawInline", "c": ["typst", formulas[json.dumps(node)]]}
    if node.get("t") == "Header":
        level, (anchor, *rest), inlines = content
        inlines = _typst_node(inlines, prefix, anchors, formulas)
        return {"t": "Header", "c": [level, [f"{prefix}-{anchor}", *rest], inlines]}
    if node.get("t") == "Link" and not content[2][0].startswith(("http://", "https://")):
        attributes, inlines, (target, title) = content
        inlines = _typst_node(inlines, prefix, anchors, formulas)
        if target.removeprefix("#") not in anchors:
            return {"t": "Span", "c": [attributes, inlines]}
        return {"t": "Link", "c": [attributes, inlines, [f"#{prefix}-{target[1:]}", title]]}
    return {key: _typst_node(value, prefix, anchors, formulas) for key, value in node.items()}


def quote(text: str) -> str:
    """Return `text` as a Typst string."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("\n", "\\n").replace("\t", "\\t") + '"'


def unbroken(text: str) -> str:
    """Return a page or a PDF's source so that no line ends within [0, 1] or λ = 3."""
    return WEIGHT.sub("λ\u00a0=\u00a0", INTERVAL.sub("\\1,\u00a0\\2", text))


# ---------------------------------------------------------------------- pandoc


def pandoc(text: str, *, source: str, target: str, options: Sequence[str] = ()) -> str:
    """Return `text` converted by the pandoc that the pypandoc wheel carries.

    Raises:
        RenderError: pandoc refuses the text.
    """
    command = [pypandoc.get_pandoc_path(), "--sandbox", "--wrap=preserve", *options]
    command += ["--from", source, "--to", target]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    if done.returncode:
        raise RenderError(f"pandoc: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()


@cache
def api_version() -> list[int]:
    """Return the version of pandoc's document model."""
    return json.loads(pandoc("", source="gfm", target="json"))["pandoc-api-version"]
