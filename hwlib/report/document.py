"""From Markdown to one pandoc document, which HTML and Typst are made from: both say the same."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import takewhile
from typing import Any, ClassVar

import pandocfilters
import pypandoc
from pandocfilters import Header, Link, Plain, RawBlock, RawInline, Space, Str
from PIL import Image

from hwlib.images import decode, encode
from hwlib.text import width, word

READER = "gfm+tex_math_dollars+raw_attribute+east_asian_line_breaks"
INTERVAL = re.compile(r"(\[[−+-]?[\d.,]*\d), ([−+-]?\d[\d.,]*\\?\])")
WEIGHT = re.compile(r"λ = (?=\d)")
NUMBERED = re.compile(r"(\d+)\s*[-–.]\s*(\d+)")
# {fig:fig1_2}, {table:layers}, {part:appendix-metrics}, [@kingma2014], [@kingma2014; @burda2016]
MARK = re.compile(r"\{(fig|table|part):([\w.-]+)\}|\[@([\w-]+(?:; *@[\w-]+)*)\]")
KINDS = {"fig": "figure", "table": "table"}  # of items, by their marks
FULL_STOPS = "\u3001\u3002\uff0c\uff0e\uff1a\uff1b\uff01\uff1f"
BOLD_STOP = re.compile(rf"\*\*([^*\n]+?)([{FULL_STOPS}]*)\*\*")
ITEM, REFERENCE, CITATION = "hwlib", "hwref", "hwcite"  # formats of our own raw nodes
END = "end"  # the marker below a table's Markdown
FULL_WIDTH_PX = 1400  # an image this wide fills the text where the notebook names no width
MIN_WIDTH = 30  # percent
LONG_CELL = 30  # Latin letters; longer cells wrap
DENSE_ROWS = 12  # tables longer than this are set tighter
MANY_COLUMNS = 6  # so are the columns of tables with more

Node = dict[str, Any]


class RenderError(Exception):
    """Content of a notebook that cannot be set: one line that says what and where."""


@dataclass(frozen=True)
class Code:
    """The source of a code cell."""

    kind: ClassVar[str] = "code"
    source: str


@dataclass(frozen=True)
class Printed:
    """What a cell printed."""

    kind: ClassVar[str] = "printed"
    text: str


@dataclass(frozen=True)
class Table:
    """The words of a table, whose rows are in the Markdown; one without a name has no number."""

    kind: ClassVar[str] = "table"
    name: str
    caption: str


@dataclass(frozen=True)
class Figure:
    """An image with its words; one without a name, or for the screen alone, has no number."""

    kind: ClassVar[str] = "figure"
    png: bytes
    name: str
    alt: str
    caption: str
    width: float | None  # percent of the text's width
    svg: bytes | None = None  # the same drawing, where it is a chart
    is_screen_only: bool = False  # another figure shows the same in print
    is_lettered: bool = False  # it has words on it, which must not get smaller

    @property
    def images(self) -> tuple[bytes, ...]:
        """The images that HTML embeds, as PNG."""
        return () if self.svg else (self.png,)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return decode(self.png).size

    @property
    def percent(self) -> float:
        """The width in percent of the text's."""
        if self.width:
            return float(min(max(self.width, 10), 100))
        return float(min(100, max(MIN_WIDTH, round(100 * self.size[0] / FULL_WIDTH_PX))))

    def reduced(self, max_width: int) -> Figure:
        """Return the figure, as large as before, with at most so many pixels from left to right."""
        width, height = self.size
        if width <= max_width:
            return self
        shape = (max_width, round(height * max_width / width))
        small = decode(self.png).convert("RGB").resize(shape, Image.Resampling.LANCZOS)
        return replace(self, png=encode(small), width=self.percent)


Item = Code | Printed | Figure | Table


@dataclass(frozen=True)
class Heading:
    """An entry of the table of contents."""

    level: int
    anchor: str
    text: str


@dataclass
class Targets:
    """What marks in the text of a book stand for."""

    numbers: dict[tuple[str, str], int]  # of the book's figures and tables, by kind and name
    parts: Mapping[str, str]  # the title of each part by its name
    keys: frozenset[str]  # all references that there are
    citations: dict[str, int] = field(default_factory=dict)  # numbers in the order of first use
    lost: list[str] = field(default_factory=list)  # marks that stand for nothing in this book


@dataclass(frozen=True, eq=False)
class Document:
    """One job in one language, or one chapter that the book adds."""

    language: str
    title: str = ""  # the notebook's first heading
    ast: Sequence[Node] = ()  # pandoc's blocks, with a raw block (an index) for each item
    items: Sequence[Item] = ()
    numbers: Mapping[int, int] = field(default_factory=dict)  # of figures and tables, by index
    headings: Sequence[Heading] = ()  # the table of contents
    captions: Mapping[int, Sequence[Node]] = field(default_factory=dict)  # by index; see `resolve`
    # made of cells with a tag of their own: "data", "losses", "layers"
    extras: Mapping[str, Document] = field(default_factory=dict)

    @property
    def figures(self) -> list[Figure]:
        """The figures in their order."""
        return [item for item in self.items if isinstance(item, Figure)]

    @cached_property
    def numbers_by_name(self) -> dict[tuple[str, str], int]:
        """The number of each figure and table by kind and name; of several, the first one's."""
        found: dict[tuple[str, str], int] = {}
        for index, number in sorted(self.numbers.items(), key=lambda pair: pair[1]):
            found.setdefault((self.items[index].kind, self.items[index].name), number)
        return found

    @property
    def figure_numbers(self) -> dict[str, int]:
        """The number of each figure by its name."""
        return {n: number for (kind, n), number in self.numbers_by_name.items() if kind == "figure"}

    @cached_property
    def anchors(self) -> frozenset[str]:
        """What links from other parts of a book lead to."""
        own = {f"{self.items[index].kind}-{number}" for index, number in self.numbers.items()}
        marked = walk([self.ast, list(self.captions.values())])
        return frozenset(own | {n["c"][0][0] for n in marked if n["t"] in ("Link", "Span")})

    def item(self, node: Node) -> tuple[int | None, Item | None]:
        """Return which item a node stands for, and the item; None and None for text."""
        index = index_of(node)
        return index, None if index is None else self.items[index]

    def caption(self, index: int) -> Sequence[Node]:
        """Return the caption of an item as pandoc's inlines, texts and links."""
        return self.captions.get(index) or [Str(self.items[index].caption)]

    def reduced(self, max_width: int) -> Document:
        """Return the document with figures of at most so many pixels from left to right."""
        items = [i.reduced(max_width) if isinstance(i, Figure) else i for i in self.items]
        extras = {name: document.reduced(max_width) for name, document in self.extras.items()}
        return replace(self, items=items, extras=extras)


# ---------------------------------------------------------------------- Markdown -> document


def make_document(
    markdown: str,
    items: Sequence[Item],
    language: str,
    images: Mapping[str, bytes] | None = None,
) -> Document:
    """Return the document that `markdown` makes, with markers where `items` stand.

    Args:
        markdown: the text.
        items: what its markers stand for.
        language: a key of `LANGUAGES`.
        images: those inside prose, as PNG, by their addresses.

    Raises:
        RenderError: Markdown that swallows what follows it.
    """
    items = list(items)
    read = json.loads(pandoc(_marked(markdown), source=READER, target="json"))
    nodes = _join_tables(read["blocks"], items)
    nodes = _lift_images(nodes, items, images or {}, language)
    return numbered(_with_headings(Document(language, ast=nodes, items=items)))


def marker(item: int | str) -> str:
    """Return the Markdown that marks where an item stands, or where a table ends."""
    return f"```{{={ITEM}}}\n{item}\n```"


def index_of(node: Node) -> int | None:
    """Return which item a node stands for, None for text."""
    return int(node["c"][1]) if _is_marker(node) else None


def _is_marker(node: Node, text: str = "") -> bool:
    """Whether a node is one of our markers, of this text where one is given."""
    return node["t"] == "RawBlock" and node["c"][0] == ITEM and text in ("", node["c"][1].strip())


def _marked(markdown: str) -> str:
    """Make raw inlines of marks, which pandoc keeps whole, and let bold end before its stop.

    After a full-width stop and before a letter `**` closes nothing in Markdown.
    """

    def raw_inline(mark: re.Match[str]) -> str:
        kind, text = _kind_and_text(mark)
        return f"`{text}`{{={kind}}}"

    return MARK.sub(raw_inline, BOLD_STOP.sub(r"**\1**\2", markdown))


def _kind_and_text(mark: re.Match[str]) -> tuple[str, str]:
    if keys := keys_of(mark):
        return CITATION, " ".join(keys)
    return REFERENCE, f"{mark[1]}:{mark[2]}"


def keys_of(mark: re.Match[str]) -> list[str]:
    """Return the keys of a citation; none of a reference to a figure."""
    return [key.strip(" @") for key in mark[3].split(";")] if mark[3] else []


def _join_tables(blocks: Sequence[Node], items: Sequence[Item]) -> list[Node]:
    """Put each table's node into the raw block that announces it, as its third element."""
    joined: list[Node] = []
    nodes = iter(blocks)
    for node in nodes:
        index = index_of(node)
        if index is not None and isinstance(items[index], Table):
            inner = list(takewhile(lambda n: not _is_marker(n, END), nodes))
            if [n["t"] for n in inner] != ["Table"]:
                name = items[index].name
                raise RenderError(f"table '{name}': its Markdown holds no single table")
            node = {"t": "RawBlock", "c": [ITEM, str(index), *inner]}
        joined.append(node)
    if lost := set(range(len(items))) - {index_of(node) for node in joined}:
        raise RenderError(f"Markdown before item {min(lost)} is not closed (a fence or a comment?)")
    return joined


def _lift_images(
    blocks: Sequence[Node], items: list[Item], images: Mapping[str, bytes], language: str
) -> list[Node]:
    """Make figures without a number of the images inside prose, each below its paragraph."""
    nodes: list[Node] = []
    for node in blocks:
        lifted = []
        for image in [n for n in walk(node) if n["t"] == "Image"]:
            _, inlines, (address, _) = image["c"]
            alt, png = plain(inlines), images.get(address)
            if png:
                lifted.append(RawBlock(ITEM, str(len(items))))
                items.append(Figure(png, "", alt or word("book.own_picture", language), "", None))
            image |= Str("" if png else f"[{alt or address}]")
        is_empty = node["t"] in ("Para", "Plain") and not plain(node)
        nodes += lifted if lifted and is_empty else [node, *lifted]
    return nodes


def _with_headings(document: Document) -> Document:
    """Take the title out; give every other heading its level in order and its anchor."""
    title, nodes, headings, last = "", [], [], 1
    for node in document.ast:
        if node["t"] == "Header":
            level, (_, *attributes), inlines = node["c"]
            text = plain(inlines)
            if level == 1 and not title:
                title = text
                continue
            last = min(max(level, 2), last + 1)
            # the same anchor in each language: the question's number, else the heading's
            number = NUMBERED.match(text)
            anchor = f"q{number[1]}-{number[2]}" if number else ""
            if not anchor or anchor in {heading.anchor for heading in headings}:
                anchor = f"s{len(headings) + 1}"
            headings.append(Heading(last, anchor, text))
            node = Header(last, [anchor, *attributes], inlines)
        nodes.append(node)
    return replace(document, title=title, ast=nodes, headings=headings)


def with_tables(document: Document, tables: Sequence[tuple[Table, Node]]) -> Document:
    """Return a document with tables below it: the words of each, and its node."""
    first = len(document.items)
    nodes = [
        {"t": "RawBlock", "c": [ITEM, str(index), node]}
        for index, (_, node) in enumerate(tables, start=first)
    ]
    items = [*document.items, *(table for table, _ in tables)]
    return numbered(replace(document, ast=[*document.ast, *nodes], items=items))


# ---------------------------------------------------------------------- numbers and links


def numbered(document: Document, *, figures: int = 0, tables: int = 0) -> Document:
    """Return the document with its figures and tables numbered, after so many that stand before."""
    counts, numbers = {"figure": figures, "table": tables}, {}
    # in the order of the text: images inside prose are listed last
    for index, item in map(document.item, document.ast):
        is_counted = getattr(item, "name", "") and not getattr(item, "is_screen_only", False)
        if is_counted:
            counts[item.kind] += 1
            numbers[index] = counts[item.kind]
    return replace(document, numbers=numbers)


def resolve(document: Document, targets: Targets) -> Document:
    """Return the document with links for all marks in its text and in its captions.

    A figure is looked for in the document itself first; a mark that stands for nothing becomes its
    own name and is listed in `targets.lost`.

    Raises:
        RenderError: a citation of no known reference.
    """

    def link(kind: str, content: Any, *_: Any) -> list[Node] | None:
        if kind != "RawInline" or content[0] not in (REFERENCE, CITATION):
            return None
        if content[0] == CITATION:
            return _citation(content[1].split(), targets)
        return [_reference(content[1], document, targets)]

    ast = change(document.ast, link)
    captions = {
        index: change(_caption_inlines(item.caption), link)
        for index, item in enumerate(document.items)
        if getattr(item, "caption", "")
    }
    return replace(document, ast=ast, captions=captions)


def _caption_inlines(caption: str) -> list[Node]:
    """Return a caption's words and marks; names are not set apart in it."""
    caption = caption.replace("`", "")
    nodes, end = [], 0
    for mark in MARK.finditer(caption):
        nodes += [Str(caption[end : mark.start()]), RawInline(*_kind_and_text(mark))]
        end = mark.end()
    return [node for node in (*nodes, Str(caption[end:])) if node["c"]]


def _reference(mark: str, document: Document, targets: Targets) -> Node:
    """Return what a mark stands for: 'Figure 3'."""
    kind, _, name = mark.partition(":")
    if kind == "part" and name in targets.parts:
        return _link(targets.parts[name], name)
    key = (KINDS.get(kind, ""), name)
    number = document.numbers_by_name.get(key, targets.numbers.get(key))
    if number is None:
        targets.lost.append(mark)
        return Str(name)
    label = word(f"page.{key[0]}", document.language)
    return _link(f"{label}\u00a0{number}", f"{key[0]}-{number}")


def _citation(keys: Sequence[str], targets: Targets) -> list[Node]:
    """Return what a citation stands for: '[1, 4]'; links lead back to the first of each work."""
    nodes = []
    for key in keys:
        if key not in targets.keys:
            raise RenderError(f"[@{key}]: references.toml has no such key")
        place = "" if key in targets.citations else f"cite-{key}"
        number = targets.citations.setdefault(key, len(targets.citations) + 1)
        nodes += [Str(", "), _link(str(number), f"ref-{key}", place)]
    return [Str("["), *nodes[1:], Str("]")]


def _link(text: str, anchor: str, place: str = "") -> Node:
    return Link([place, ["ref"], []], [Str(text)], [f"#{anchor}", ""])


def join(documents: Sequence[tuple[str, Document]], language: str) -> Document:
    """Return several documents as one, each below a heading of its own; an empty one has none."""
    ast: list[Node] = []
    items: list[Item] = []
    headings: list[Heading] = []
    for title, document in documents:
        first = len(items)
        if title:
            anchor = f"s{len(headings) + 1}"
            headings.append(Heading(2, anchor, title))
            ast.append(Header(2, [anchor, [], []], [Str(title)]))
        for node in document.ast:
            if (index := index_of(node)) is not None:
                node = {"t": "RawBlock", "c": [ITEM, str(first + index), *node["c"][2:]]}
            elif node["t"] == "Header":  # one level down, and in none of the contents
                level, (_, *rest), inlines = node["c"]
                node = Header(level + bool(title), [f"s{first}-{len(ast)}", *rest], inlines)
            ast.append(node)
        items += document.items
    return numbered(Document(language, ast=ast, items=items, headings=headings))


# ---------------------------------------------------------------------- pandoc's nodes


def walk(node: Any) -> Iterator[Node]:
    """Yield every pandoc node in `node`, outermost first."""
    if isinstance(node, dict) and "t" in node:
        yield node
    if isinstance(node, dict | list | tuple):
        for part in node.values() if isinstance(node, dict) else node:
            yield from walk(part)


def change(nodes: Sequence[Node], action: Any) -> list[Node]:
    """Return nodes with those replaced for which an action of `pandocfilters.walk` gives others."""
    return pandocfilters.walk(list(nodes), action, "", {})


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


def strings(text: str) -> list[Node]:
    """Return words as pandoc's inlines."""
    nodes: list[Node] = []
    for place, piece in enumerate(text.replace("\n", " ").split(" ")):
        nodes += [Space()] * (place > 0) + [Str(piece)] * bool(piece)
    return nodes


def make_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Node:
    """Return a table of words as a node, columns of numbers to the right."""
    bare = ["", [], []]

    def row(texts: Sequence[str]) -> list[Any]:
        contents = [[Plain(strings(text))] if text else [] for text in texts]
        return [bare, [[bare, {"t": "AlignDefault"}, 1, 1, content] for content in contents]]

    across = list(zip(*rows, strict=True)) or [("-",)] * len(columns)
    sides = ["AlignRight" if all(map(_is_number, cells)) else "AlignLeft" for cells in across]
    widths = [[{"t": side}, {"t": "ColWidthDefault"}] for side in sides]
    body = [bare, 0, [], list(map(row, rows))]
    content = [bare, [None, []], widths, [bare, [row(columns)]], [body], [bare, []]]
    return {"t": "Table", "c": content}


def _is_number(cell: str) -> bool:
    """Whether a cell holds a number, or none."""
    return cell in ("", "–") or cell[0] in "−<≥≤≈" or cell[0].isdecimal()


def shaped(table: Node) -> Node:
    """Drop column widths, which pandoc guesses; mark row headers, long cells and large tables."""
    (anchor, _, pairs), caption, columns, head, bodies, foot = table["c"]
    columns = [[align, {"t": "ColWidthDefault"}] for align, _ in columns]
    rows = rows_of(table)
    for row in rows:
        for cell in row[1]:
            is_long = width(plain(cell[4])) > LONG_CELL
            cell[0] = ["", ["long"] if is_long else [], []]
    classes = ["dense"] * (len(rows) > DENSE_ROWS) + ["many"] * (len(columns) > MANY_COLUMNS)
    bodies = [[own, int(len(columns) > 1), upper, lower] for own, _, upper, lower in bodies]
    return {"t": "Table", "c": [[anchor, classes, pairs], caption, columns, head, bodies, foot]}


def rows_of(table: Node) -> list[Any]:
    """Return a table's rows: head, bodies, foot."""
    _, _, _, head, bodies, foot = table["c"]
    inner = [row for _, _, upper, lower in bodies for row in (*upper, *lower)]
    return [*head[1], *inner, *foot[1]]


def unbroken(text: str) -> str:
    """Return a page or a PDF's source so that no line ends within [0, 1] or λ = 3."""
    return WEIGHT.sub("λ\u00a0=\u00a0", INTERVAL.sub("\\1,\u00a0\\2", text))


def write(nodes: Sequence[Node], target: str, *options: str) -> str:
    """Return blocks in the format `target`."""
    document = {"pandoc-api-version": _api_version(), "meta": {}, "blocks": list(nodes)}
    return pandoc(json.dumps(document), source="json", target=target, options=options)


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
def _api_version() -> list[int]:
    """Return the version of pandoc's document model."""
    return json.loads(pandoc("", source="gfm", target="json"))["pandoc-api-version"]
