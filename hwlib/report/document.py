"""From Markdown to one pandoc document, which HTML and Typst are made from: both say the same."""

from __future__ import annotations

import hashlib
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

from hwlib.text import word

READER = "gfm+tex_math_dollars+raw_attribute+east_asian_line_breaks"
INTERVAL = re.compile(r"(\[[−+-]?[\d.,]*\d), ([−+-]?\d[\d.,]*\\?\])")
WEIGHT = re.compile(r"λ = (?=\d)")
NUMBERED = re.compile(r"(\d+)\s*[-–.]\s*(\d+)")
# {fig:fig1_2}, {table:layers}, {part:appendix-metrics}, [@kingma2014], [@kingma2014; @burda2016]
MARK = re.compile(r"\{(fig|table|part):([\w.-]+)\}|\[@([\w-]+(?:; *@[\w-]+)*)\]")
FULL_STOPS = "\u3001\u3002\uff0c\uff0e\uff1a\uff1b\uff01\uff1f"
BOLD_STOP = re.compile(rf"\*\*([^*\n]+?)([{FULL_STOPS}]*)\*\*")
REFERENCE, CITATION = "hwref", "hwcite"  # formats of the raw inlines that marks become
PIXELS_FULL = 1400  # a picture this wide fills the text where the notebook names no width
LEAST_WIDTH = 30
LONG_CELL = 30  # Latin letters; longer cells wrap
DENSE_ROWS = 12  # tables longer than this are set tighter
MANY_COLUMNS = 6  # so are the columns of tables with more

Node = dict[str, Any]


class RenderError(Exception):
    """Content of a notebook that cannot be set: one line that says what and where."""


@dataclass(frozen=True)
class Code:
    """The source of a code cell."""

    source: str


@dataclass(frozen=True)
class Printed:
    """What a cell printed."""

    text: str


@dataclass(frozen=True)
class Figure:
    """A picture with its words; one without a name, or for the screen alone, has no number."""

    png: bytes
    name: str
    alt: str
    caption: str
    width: float | None  # percent of the text's width
    svg: bytes | None = None  # the same drawing, where it is a chart
    is_screen_only: bool = False  # another figure shows the same in print
    is_lettered: bool = False  # it has words on it, which must not get smaller

    @property
    def pictures(self) -> tuple[bytes, ...]:
        """The pictures that HTML embeds, as PNG."""
        return (self.png,)

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
    """The words of a table, whose rows are in the Markdown; one without a name has no number."""

    name: str
    caption: str


Item = Code | Printed | Figure | Table


@dataclass(frozen=True)
class Heading:
    """An entry of the table of contents."""

    level: int
    anchor: str
    text: str


@dataclass(frozen=True)
class Piece:
    """Some words of a caption.

    Attributes:
        text: the words.
        anchor: where they lead; empty where they lead nowhere.
        place: what leads back to them; empty where nothing does.
    """

    text: str
    anchor: str = ""
    place: str = ""


@dataclass
class Targets:
    """What marks in the text of a book stand for.

    Attributes:
        figures: the number of each figure by its name.
        tables: the same for tables.
        parts: the title of each part by its name.
        citations: the number of each reference by its key; a key is added when it is first met.
        keys: all keys that there are.
        lost: marks that stand for nothing in this book.
    """

    figures: dict[str, int] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    citations: dict[str, int] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    lost: list[str] = field(default_factory=list)


@dataclass
class Document:
    """One job in one language, or one chapter that the book adds.

    Attributes:
        title: the notebook's first heading, as plain text.
        ast: pandoc's blocks, with `hwlib` raw blocks (an index into `items`) where figures, tables
            and code stand.
        items: what the raw blocks stand for.
        numbers: the number of each named figure and each table, counted apart, by index.
        headings: the table of contents.
        captions: of each figure and table by index, once `resolve` has made them.
        cited: the references whose first citation stands here.
        listed: the references that are listed here.
        extras: documents made of cells with a tag of their own: "data", "losses", "layers".
    """

    language: str
    title: str = ""
    ast: list[Node] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    headings: list[Heading] = field(default_factory=list)
    captions: dict[int, list[Piece]] = field(default_factory=dict)
    cited: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    extras: dict[str, Document] = field(default_factory=dict)

    @property
    def figures(self) -> list[Figure]:
        """The figures in their order."""
        return [item for item in self.items if isinstance(item, Figure)]

    @property
    def tables(self) -> list[Table]:
        """The tables in their order."""
        return [item for item in self.items if isinstance(item, Table)]

    @property
    def figure_numbers(self) -> dict[str, int]:
        """The number of each figure by its name; of several of one name, the first one's."""
        return self._numbers_of(Figure)

    @property
    def table_numbers(self) -> dict[str, int]:
        """The same for tables."""
        return self._numbers_of(Table)

    def _numbers_of(self, kind: type) -> dict[str, int]:
        found: dict[str, int] = {}
        for index, number in sorted(self.numbers.items(), key=lambda pair: pair[1]):
            if isinstance(item := self.items[index], kind):
                found.setdefault(item.name, number)
        return found

    @property
    def anchors(self) -> frozenset[str]:
        """What links from other parts of a book lead to."""
        kinds = {Figure: "figure", Table: "table"}
        own = {
            f"{kinds[kind]}-{number}"
            for index, number in self.numbers.items()
            for kind in kinds
            if isinstance(self.items[index], kind)
        }
        own |= {f"cite-{key}" for key in self.cited} | {f"ref-{key}" for key in self.listed}
        return frozenset(own)

    def caption(self, index: int) -> list[Piece]:
        """Return the caption of an item in pieces."""
        return self.captions.get(index) or [Piece(self.items[index].caption)]

    def reduced(self, most: int) -> Document:
        """Return the document with figures of at most `most` pixels from left to right."""
        items = [item.reduced(most) if isinstance(item, Figure) else item for item in self.items]
        extras = {name: document.reduced(most) for name, document in self.extras.items()}
        return replace(self, items=items, extras=extras)


# ---------------------------------------------------------------------- Markdown -> document


def make_document(
    markdown: str, items: Sequence[Item], language: str, pictures: Mapping[str, bytes] | None = None
) -> Document:
    """Return the document that `markdown` makes, with markers where `items` stand.

    Args:
        markdown: the text.
        items: what its markers stand for.
        language: a key of `LANGUAGES`.
        pictures: what pictures inside prose show, as PNG, by their addresses.

    Raises:
        RenderError: Markdown that swallows what follows it.
    """
    document = Document(language, items=list(items))
    read = json.loads(pandoc(_marked(markdown), source=READER, target="json"))
    document.ast = _join_tables(read["blocks"], document)
    _lift_pictures(document, pictures or {})
    count(document)
    _head(document)
    return document


def _marked(markdown: str) -> str:
    """Make raw inlines of marks, which pandoc keeps whole, and let bold end before its stop.

    After a full-width stop and before a letter `**` closes nothing in Markdown.
    """

    def raw(mark: re.Match[str]) -> str:
        if mark[3]:
            return f"`{' '.join(keys_of(mark))}`{{={CITATION}}}"
        return f"`{mark[1]}:{mark[2]}`{{={REFERENCE}}}"

    return MARK.sub(raw, BOLD_STOP.sub(r"**\1**\2", markdown))


def keys_of(mark: re.Match[str]) -> list[str]:
    """Return the keys of a citation; none of a reference to a figure."""
    return [key.strip(" @") for key in mark[3].split(";")] if mark[3] else []


def _join_tables(nodes: list[Node], document: Document) -> list[Node]:
    """Put each table's node into the raw block that announces it, as its third element."""
    joined: list[Node] = []
    found = set()
    nodes = iter(nodes)
    for node in nodes:
        if (index := index_of(node)) is None:
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


def index_of(node: Node) -> int | None:
    """Return which item a node stands for, None for text."""
    if node["t"] == "RawBlock" and node["c"][0] == "hwlib":
        return int(node["c"][1])
    return None


def _lift_pictures(document: Document, pictures: Mapping[str, bytes]) -> None:
    """Make figures without a number of the pictures inside prose, each below its paragraph."""
    nodes: list[Node] = []
    for node in document.ast:
        found = [n for n in walk(node) if n["t"] == "Image"]
        for image in found:
            _, inlines, (target, _) = image["c"]
            alt = plain(inlines)
            if png := pictures.get(target):
                own = word("book.own_picture", document.language)
                document.items.append(Figure(png, "", alt or own, "", None))
                image |= {"t": "Str", "c": ""}
            else:
                image |= {"t": "Str", "c": f"[{alt or target}]"}
        lifted = range(len(document.items) - sum(n["c"] == "" for n in found), len(document.items))
        if not (found and lifted and node["t"] in ("Para", "Plain") and not plain(node)):
            nodes.append(node)
        nodes += [{"t": "RawBlock", "c": ["hwlib", str(index)]} for index in lifted]
    document.ast = nodes


def count(document: Document, *, figures: int = 0, tables: int = 0) -> tuple[int, int]:
    """Number figures and tables, each kind apart, and return the last number of each.

    Args:
        document: what to number.
        figures: how many stand before it.
        tables: the same for tables.
    """
    counts = {Figure: figures, Table: tables}
    document.numbers = {}
    # in the order of the text: pictures inside prose are listed last
    for index in (index_of(node) for node in document.ast):
        item = document.items[index] if index is not None else None
        for kind in counts:
            if isinstance(item, kind) and item.name and not getattr(item, "is_screen_only", False):
                counts[kind] += 1
                document.numbers[index] = counts[kind]
    return counts[Figure], counts[Table]


def resolve(document: Document, targets: Targets) -> None:
    """Make links of all marks in the text and in captions.

    A figure is looked for in the document itself first; a mark that stands for nothing becomes its
    own name and is listed in `targets.lost`.

    Raises:
        RenderError: a citation of no known reference.
    """
    document.ast = _resolved(document.ast, document, targets)
    for index, item in enumerate(document.items):
        if isinstance(item, Figure | Table) and item.caption:
            document.captions[index] = _pieces(item.caption, document, targets)


def _resolved(node: Any, document: Document, targets: Targets) -> Any:
    if isinstance(node, list):
        made: list[Any] = []
        for part in node:
            is_mark = isinstance(part, dict) and part.get("t") == "RawInline"
            if is_mark and part["c"][0] in (REFERENCE, CITATION):
                made += map(_link, _mark_pieces(part["c"][0], part["c"][1], document, targets))
            else:
                made.append(_resolved(part, document, targets))
        return made
    if isinstance(node, dict):
        return {key: _resolved(value, document, targets) for key, value in node.items()}
    return node


def _link(piece: Piece) -> Node:
    text = {"t": "Str", "c": piece.text}
    if not piece.anchor:
        return text
    return {"t": "Link", "c": [[piece.place, ["ref"], []], [text], [f"#{piece.anchor}", ""]]}


def _pieces(caption: str, document: Document, targets: Targets) -> list[Piece]:
    """Return a caption's words and links; names are not set apart in it."""
    caption = caption.replace("`", "")
    pieces, end = [], 0
    for mark in MARK.finditer(caption):
        if words := caption[end : mark.start()]:
            pieces.append(Piece(words))
        name = " ".join(keys_of(mark)) if mark[3] else f"{mark[1]}:{mark[2]}"
        kind = CITATION if mark[3] else REFERENCE
        pieces += _mark_pieces(kind, name, document, targets)
        end = mark.end()
    return [*pieces, Piece(caption[end:])] if caption[end:] else pieces


def _mark_pieces(kind: str, name: str, document: Document, targets: Targets) -> list[Piece]:
    """Return what a mark stands for: 'Figure 3', '[1, 4]'."""
    if kind == CITATION:
        return _citation(name.split(), document, targets)
    kind, _, name = name.partition(":")
    if kind == "part" and name in targets.parts:
        return [Piece(targets.parts[name], name)]
    own = {"fig": document.figure_numbers, "table": document.table_numbers}.get(kind, {})
    known = {"fig": targets.figures, "table": targets.tables}.get(kind, {})
    if (number := own.get(name, known.get(name))) is None:
        targets.lost.append(f"{kind}:{name}")
        return [Piece(name)]
    label = "figure" if kind == "fig" else "table"
    return [Piece(f"{word(f'page.{label}', document.language)}\u00a0{number}", f"{label}-{number}")]


def _citation(keys: Sequence[str], document: Document, targets: Targets) -> list[Piece]:
    pieces = []
    for key in keys:
        if key not in targets.keys:
            raise RenderError(f"[@{key}]: references.toml has no such key")
        place = ""
        if key not in targets.citations:
            targets.citations[key] = len(targets.citations) + 1
            document.cited.append(key)
            place = f"cite-{key}"
        pieces += [Piece(", "), Piece(str(targets.citations[key]), f"ref-{key}", place)]
    return [Piece("["), *pieces[1:], Piece("]")]


def join(documents: Sequence[tuple[str, Document]], language: str) -> Document:
    """Return several documents as one, each below a heading of its own; an empty one has none."""
    joined = Document(language)
    for heading, document in documents:
        first = len(joined.items)
        if heading:
            anchor = f"s{len(joined.headings) + 1}"
            joined.headings.append(Heading(2, anchor, heading))
            text = [{"t": "Str", "c": heading}]
            joined.ast.append({"t": "Header", "c": [2, [anchor, [], []], text]})
        for node in document.ast:
            if (index := index_of(node)) is not None:
                _, _, *table = node["c"]
                node = {"t": "RawBlock", "c": ["hwlib", str(first + index), *table]}
            elif node["t"] == "Header":  # one level down, and in none of the contents
                level, (_, *rest), inlines = node["c"]
                anchor = f"s{first}-{len(joined.ast)}"
                node = {"t": "Header", "c": [level + bool(heading), [anchor, *rest], inlines]}
            joined.ast.append(node)
        joined.items += document.items
    count(joined)
    return joined


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
        nodes.append(node)
    document.ast = nodes


def _anchor(text: str, taken: set[str], count: int) -> str:
    """Return the same anchor in each language: the question's number, else the heading's."""
    number = NUMBERED.match(text)
    anchor = f"q{number[1]}-{number[2]}" if number else f"s{count + 1}"
    return anchor if anchor not in taken else f"s{count + 1}"


def walk(node: Any) -> Iterator[Node]:
    """Yield every pandoc node in `node`, outermost first."""
    if isinstance(node, dict):
        if "t" in node:
            yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def plain(nodes: Any) -> str:
    """Return pandoc nodes as plain text; formulas as their TeX."""
    words = {"Space": " ", "SoftBreak": " ", "LineBreak": " "}
    parts = []
    for node in walk(nodes):
        kind = node["t"]
        if kind == "Str":
            parts.append(node["c"])
        elif kind in ("Code", "Math"):
            parts.append(node["c"][1])
        else:
            parts.append(words.get(kind, ""))
    return "".join(parts).strip()


# ---------------------------------------------------------------------- for both


def raw(text: str, form: str = "html") -> Node:
    """Return text that pandoc hands on as it is."""
    return {"t": "RawBlock", "c": [form, text]}


def to_json(nodes: list[Node]) -> str:
    """Return blocks as a document that pandoc reads."""
    return json.dumps({"pandoc-api-version": api_version(), "meta": {}, "blocks": nodes})


def shaped(table: Node) -> Node:
    """Drop column widths, which pandoc guesses; mark row headers, long cells and large tables."""
    attributes, caption, columns, head, bodies, foot = table["c"]
    columns = [[align, {"t": "ColWidthDefault"}] for align, _ in columns]
    for row in rows_of(table):
        for cell in row[1]:
            is_long = breadth(plain(cell[4])) > LONG_CELL
            cell[0] = ["", ["long"] if is_long else [], []]
    is_dense = sum(1 for _ in rows_of(table)) > DENSE_ROWS
    classes = ["dense"] * is_dense + ["many"] * (len(columns) > MANY_COLUMNS)
    attributes = [attributes[0], classes, attributes[2]]
    bodies = [[own, int(len(columns) > 1), upper, lower] for own, _, upper, lower in bodies]
    return {"t": "Table", "c": [attributes, caption, columns, head, bodies, foot]}


def rows_of(table: Node) -> Iterator[list[Any]]:
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


def size(png: bytes) -> tuple[int, int]:
    """Return the picture's width and height in pixels."""
    with Image.open(BytesIO(png)) as picture:
        return picture.size


def percent(figure: Figure) -> float:
    """Return the figure's width in percent of the text's."""
    if figure.width:
        return float(min(max(figure.width, 10), 100))
    return float(min(100, max(LEAST_WIDTH, round(100 * size(figure.png)[0] / PIXELS_FULL))))


def quote(text: str) -> str:
    """Return `text` as a Typst string."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("\n", "\\n").replace("\t", "\\t") + '"'


def picture_name(png: bytes) -> str:
    """Return the file name of a picture in the PDF's sources, whatever form it takes there."""
    return hashlib.sha256(png).hexdigest()[:20]


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
