"""From Markdown to pandoc's blocks with figures and tables among them: HTML and Typst set these."""

import html
import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import chain, cycle
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
import pandas as pd
import pandocfilters
import pypandoc
from pandocfilters import (
    Code,
    Header,
    HorizontalRule,
    Image,
    LineBreak,
    Link,
    Math,
    Para,
    Plain,
    RawInline,
    Span,
    Str,
    Strong,
)
from PIL.Image import Resampling

from hwlib.images import decode, encode
from hwlib.text import legible, width, word

READER = "gfm+tex_math_dollars+raw_attribute+east_asian_line_breaks"
OWN_READER = READER + "+bracketed_spans+attributes"  # of texts that no reader can edit
REFERENCES = Path(__file__).parents[2] / "report" / "references.toml"
INTERVAL = re.compile(r"(\[[−+-]?[\d.,]*\d), ([−+-]?\d[\d.,]*\\?\])")
WEIGHT = re.compile(r"λ = (?=\d)")
NUMBERED = re.compile(r"(\d+)\s*[-–.]\s*(\d+)")
# {fig:fig1_2}, {table:layers}, {part:appendix-metrics}, [@kingma2014], [@kingma2014; @burda2016]
MARK = re.compile(r"(\{(?:fig|table|part):[\w.-]+\}|\[@[\w-]+(?:; *@[\w-]+)*\])")
TAG = re.compile(r"(<!--.*?-->|<br\b[^>]*>|<img\b[^>]*>)", re.DOTALL | re.IGNORECASE)
VALUE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")  # of an attribute of a tag
KEY = re.compile(r"@([\w-]+)")  # of a reference, in a mark
MARKS = {"figure": "fig", "table": "table"}  # of items, by their kinds
FULL_STOPS = "\u3001\u3002\uff0c\uff0e\uff1a\uff1b\uff01\uff1f"
BOLD_STOP = re.compile(rf"\*\*([^*\n]+?)([{FULL_STOPS}]*)\*\*")
ITEM = "Item"  # a node of ours: an item, its number, its caption's inlines, and its table in a list
# Formats of raw nodes: where an item stands; a mark in a text. No text can name them beforehand.
MARKER, MARKED = (f"hw{token_hex(8)}" for _ in range(2))
MARKER_LINES = re.compile(rf"^```{{={MARKER}}}\n(\d+)\n```$", re.MULTILINE)
# What links may lead to: the network, an address, a place in the report, another of its pages.
ADDRESS = re.compile(r"(?i:https?://|mailto:|#)[^\x00-\x20]*|[\w-]+\.html(?:#[\w.-]*)?", re.ASCII)
FULL_WIDTH_PX = 1400  # an image this wide fills the text where the notebook names no width
MIN_WIDTH = 30  # percent
COLUMNS = {True: 2, False: 6}  # frames beside one another in a film strip: rows, single images
MAX_FRAMES = 6  # of a slider in a film strip
# Of a film strip: the width of the PDF's text, the most height, and a label's.
WIDTH_MM, HEIGHT_MM, LABEL_MM = 158, 135, 6
LONG_CELL = 30  # Latin letters; longer cells wrap
DENSE_ROWS = 12  # tables longer than this are set tighter
MANY_COLUMNS = 6  # so are the columns of tables with more
# On a telephone a table with so many columns is pairs of name and value, a block a row, where it
# has long cells or no more than so many rows; others scroll.
MIN_STACKED_COLUMNS, MAX_STACKED_ROWS = 4, 9

Node = dict[str, Any]


class RenderError(Exception):
    """Content of a notebook that cannot be set: one line that says what and where."""


@dataclass(frozen=True)
class Item:
    """What stands between paragraphs; the macro named by its `kind` sets it."""

    kind: str  # "code", "printed", "table", "figure" or "cover"
    name: str = ""  # without one it has no number
    caption: str = ""
    text: str = ""  # the source of a cell, or what it printed
    is_screen_only: bool = False  # another figure shows the same in print; it has no number


@dataclass(frozen=True)
class Figure(Item):
    """An image with its words."""

    kind: str = "figure"
    png: bytes = b""
    alt: str = ""
    width: float | None = None  # percent of the text's width
    svg: bytes | None = None  # the same drawing, where it is a chart
    is_lettered: bool = False  # it has words on it, which must not get smaller

    @property
    def images(self) -> tuple[bytes, ...]:
        """The images that HTML embeds: PNG, or the chart."""
        return (self.svg or self.png,)

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

    def reduced(self, max_width: int) -> "Figure":
        """Return the figure, as large as before, with at most so many pixels from left to right."""
        width, height = self.size
        if width <= max_width:
            return self
        shape = (max_width, round(height * max_width / width))
        small = decode(self.png).convert("RGB").resize(shape, Resampling.LANCZOS)
        return replace(self, png=encode(small), width=self.percent)


@dataclass(frozen=True)
class Slider(Figure):
    """A figure of sliders over frames; its PNG has a row for each track, frames side by side."""

    # the sliders from above, as `hwlib.show.slider` writes them: title, labels, start
    tracks: Sequence[Mapping[str, Any]] = ()
    scale: int = 1  # how wide one of the frames' pixels is on the screen
    is_wide: bool = False  # whether a frame is a row of images rather than one

    @cached_property
    def frames(self) -> np.ndarray:
        """Each track's frames, uint8 (K, T, H, W, C)."""
        strips = np.asarray(decode(self.png))
        height = len(strips) // len(self.tracks)
        shape = (len(self.tracks), height, len(self.tracks[0]["labels"]), -1, strips[0, 0].size)
        return strips.reshape(shape).swapaxes(1, 2)

    @cached_property
    def images(self) -> tuple[bytes, ...]:
        """Each track's strip as PNG: frames side by side, wide ones below each other."""
        axis = 0 if self.is_wide else 1
        return tuple(encode(np.concatenate(list(row), axis=axis)) for row in self.frames)

    @property
    def film(self) -> list[list[tuple[bytes, str]]]:
        """Each track's frames in a film strip as PNG, with their labels: first and last are in."""
        num_tracks, num_frames, height, width = self.frames.shape[:4]
        columns = COLUMNS[self.is_wide]
        row_mm = WIDTH_MM / columns * height / width + LABEL_MM
        rows = max(1, int(HEIGHT_MM / row_mm) // num_tracks) if self.is_wide else 1
        count = min(num_frames, MAX_FRAMES, rows * columns)
        places = [round(i * (num_frames - 1) / max(1, count - 1)) for i in range(count)]
        return [
            [(encode(frames[i]), track["labels"][i]) for i in places]
            for track, frames in zip(self.tracks, self.frames, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class Document:
    """One job in one language, or one chapter that the book adds."""

    language: str
    title: str = ""  # the notebook's first heading
    ast: Sequence[Node] = ()  # pandoc's blocks, and an `ITEM` for each item
    # made of cells with a tag of their own: "data", "losses", "layers"
    extras: Mapping[str, "Document"] = field(default_factory=dict)

    @property
    def headings(self) -> list[tuple[int, str, str]]:
        """The table of contents: level, anchor and text."""
        own = (node["c"] for node in self.ast if node["t"] == "Header")
        return [(level, anchor, plain(inlines)) for level, (anchor, *_), inlines in own]

    @property
    def items(self) -> list[tuple[Item, int | None]]:
        """The items in their order, each with its number."""
        return [tuple(node["c"][:2]) for node in self.ast if node["t"] == ITEM]

    @property
    def figures(self) -> list[Figure]:
        """The figures in their order."""
        return [item for item, _ in self.items if isinstance(item, Figure)]

    @property
    def figure_numbers(self) -> dict[str, int]:
        """The number of each figure by its name; of several of one name, the first one's."""
        return {i.name: n for i, n in reversed(self.items) if n and i.kind == "figure"}

    @property
    def marks(self) -> dict[str, tuple[str, str]]:
        """The words and the anchor that a mark of each figure and table stands for."""
        return {
            f"{{{MARKS[item.kind]}:{item.name}}}": (
                f"{word(f'page.{item.kind}', self.language)}\u00a0{number}",
                f"{item.kind}-{number}",
            )
            for item, number in reversed(self.items)
            if number
        }

    @cached_property
    def anchors(self) -> set[str]:
        """What links from other parts of a book lead to."""
        found = {anchor for _, anchor in self.marks.values()}
        change(self.ast, lambda kind, part, *_: found.add(part[0][0]) if kind == "Span" else None)
        return found

    def reduce(self, max_width: int) -> None:
        """Let its figures have at most so many pixels from left to right."""
        for node in self.ast:
            if node["t"] == ITEM and type(node["c"][0]) is Figure:  # a slider's strips are cut
                node["c"][0] = node["c"][0].reduced(max_width)
        for extra in self.extras.values():
            extra.reduce(max_width)


# ---------------------------------------------------------------------- Markdown -> document


def make_document(
    markdown: str,
    items: Sequence[Item],
    language: str,
    images: Mapping[str, bytes] | None = None,
    *,
    is_own: bool = False,
) -> Document:
    """Return the document that `markdown` makes, with markers where `items` stand.

    What it holds of HTML or Typst is text, and of links those stay that `ADDRESS` names. Only a
    text of our own, `is_own`, can give its parts names and classes.

    The first heading is its title; every other one gets its level in order and an anchor, the same
    in each language: the question's number, else the heading's. Below a table's marker is the
    table. `images` are those inside prose, as PNG, by their addresses.
    """
    ast: list[Node] = []
    title, level, anchors = "", 1, set()
    lifted: list[Node] = []  # figures without a number out of prose, to stand below it

    def lift(kind: str, content: Any, *_: Any) -> Node | None:
        if kind != "Image":
            return None
        alt, address = plain(content[1]), content[2][0]
        if address not in (images or {}):
            return Str(f"[{alt or address}]")  # it would need the network, or another file
        alt = alt or word("book.own_picture", language)
        lifted.append(item_node(Figure(png=images[address], alt=alt)))
        return Str("")

    # After a full-width stop and before a letter `**` closes nothing in Markdown. Pandoc keeps
    # raw inlines whole.
    text = BOLD_STOP.sub(r"**\1**\2", markdown)
    text = MARK.sub(rf"`\1`{{={MARKED}}}", text)
    blocks = iter(_inert(_blocks(text, len(items), OWN_READER if is_own else READER)))
    for node in blocks:
        if node["t"] == "RawBlock" and node["c"][0] == MARKER:
            item = items[int(node["c"][1])]
            table = next(blocks, None) if item.kind == "table" else None
            if item.kind == "table" and (table is None or table["t"] != "Table"):
                raise RenderError(f"table '{item.name}': its Markdown holds no single table")
            ast.append(item_node(item, table))
            continue
        if node["t"] != "Header":  # in a list or a quotation a heading would have no place
            node = change([node], _without_headings)[0]
        (node,) = change([node], lift)
        if node["t"] == "Table":
            ast.append(item_node(Item("table"), node))
        elif node["t"] == "Header":
            own_level, (_, *attributes), inlines = node["c"]
            words, number = plain(inlines), NUMBERED.match(plain(inlines))
            if own_level == 1 and not title:
                title = words
                continue
            level = min(max(own_level, 2), level + 1)
            anchor = f"q{number[1]}-{number[2]}" if number else ""
            if not anchor or anchor in anchors:
                anchor = f"s{len(anchors) + 1}"
            anchors.add(anchor)
            if inlines and inlines[0]["t"] == "Str" and NUMBERED.match(inlines[0]["c"]):
                inlines = [Span(["", ["number"], []], inlines[:1]), *inlines[1:]]
            ast.append(Header(level, [anchor, *attributes], inlines))
        elif not lifted or node["t"] not in ("Para", "Plain") or plain(node):
            ast.append(node)
        ast += lifted
        lifted.clear()
    return numbered(Document(language, title, ast), Counter())


def _blocks(text: str, num_items: int, reader: str) -> list[Node]:
    """Return the blocks of a Markdown text with its markers.

    A fence or a comment that nobody closed would swallow what follows it: then each piece between
    two markers is read by itself, and costs nothing beyond it.
    """
    blocks = json.loads(_read(text, reader))["blocks"]
    if sum(_is_raw(node, MARKER) for node in blocks) == num_items:
        return blocks
    pieces = MARKER_LINES.split(text)
    blocks = json.loads(_read(pieces[0], reader))["blocks"]
    for place, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        marked = {"t": "RawBlock", "c": [MARKER, place]}
        blocks += [marked, *json.loads(_read(piece, reader))["blocks"]]
    return blocks


def _is_raw(node: Node, form: str) -> bool:
    return node["t"] in ("RawBlock", "RawInline") and node["c"][0] == form


def _inert(blocks: Sequence[Node]) -> list[Node]:
    """Return blocks in which nothing acts but links that `ADDRESS` names.

    Raw parts that are not ours become text; `<img>` is an image and `<br>` a line's end, as a
    notebook shows them, and a comment is none. So become formulas that cannot be set.
    """
    unset = _unset_formulas(blocks)

    def act(kind: str, content: Any, *_: Any) -> Node | list[Node] | None:
        if kind in ("RawBlock", "RawInline") and content[0] not in (MARKER, MARKED):
            nodes = _as_text(content[1]) if content[0] == "html" else [Str(content[1])]
            return nodes if kind == "RawInline" else [Para(nodes)] if nodes else []
        if kind == "Link" and not ADDRESS.fullmatch(content[2][0]):
            return Span(["", [], []], content[1])
        if kind == "Math" and content[1] in unset:
            return Code(["", [], []], content[1].strip())
        return None

    return change(blocks, act)


def _without_headings(kind: str, content: Any, *_: Any) -> Node | None:
    return Para([Strong(content[2])]) if kind == "Header" else None


def _as_text(source: str) -> list[Node]:
    """Return what a reader sees of a piece of HTML."""
    nodes: list[Node] = []
    for piece in filter(str.strip, TAG.split(source.strip())):
        if piece.lower().startswith("<br"):
            nodes.append(LineBreak())
        elif piece.lower().startswith("<img"):
            known = {name.lower(): html.unescape(a or b) for name, a, b in VALUE.findall(piece)}
            alt = [Str(known.get("alt", ""))]
            nodes.append(Image(["", [], []], alt, [known.get("src", ""), ""]))
        elif not piece.startswith("<!--"):
            nodes.append(Str(piece))
    return nodes


def _unset_formulas(blocks: Sequence[Node]) -> set[str]:
    """Return the formulas that pandoc cannot set, by their TeX."""
    found: dict[str, None] = {}

    def see(kind: str, content: Any, *_: Any) -> None:
        if kind == "Math":
            found[content[1]] = None

    change(blocks, see)
    return {tex for tex, is_set in zip(found, _are_set(tuple(found)), strict=True) if not is_set}


@cache
def _are_set(formulas: Sequence[str]) -> list[bool]:
    lines = [
        node
        for tex in formulas
        for node in (HorizontalRule(), Plain([Math({"t": "InlineMath"}, tex)]))
    ]
    shown = write(lines, "html5", "--mathml", "--quiet").split("<hr />")[1:] if lines else []
    return ['<span class="math' not in text for text in shown]


def marker(index: int) -> str:
    """Return the Markdown that marks where an item stands."""
    return f"```{{={MARKER}}}\n{index}\n```"


def item_node(item: Item, table: Node | None = None) -> Node:
    """Return the node of an item, its caption with marks but no names set apart."""
    pieces = MARK.split(item.caption.replace("`", ""))
    inlines = [
        RawInline(MARKED, piece) if is_mark else Str(html.unescape(piece))
        for is_mark, piece in zip(cycle((False, True)), pieces, strict=False)
        if piece
    ]
    return {"t": ITEM, "c": [item, None, inlines, [_shaped(table)] if table else []]}


def join(documents: Sequence[tuple[str, Document]], language: str) -> Document:
    """Return several documents as one, each below a heading of its own; an empty one has none."""
    ast: list[Node] = []
    for title, document in documents:
        if title:
            ast.append(Header(2, [f"s{len(ast)}", [], []], [Str(title)]))
        for node in document.ast:
            if node["t"] == "Header":  # one level down
                level, (_, *rest), inlines = node["c"]
                node = Header(level + bool(title), [f"s{len(ast)}", *rest], inlines)
            ast.append(node)
    return Document(language, ast=ast)


# ---------------------------------------------------------------------- numbers and links


def numbered(document: Document, counts: Counter[str]) -> Document:
    """Return the document with its figures and tables numbered; `counts` has those before them."""
    ast = []
    for node in document.ast:
        if node["t"] == ITEM:
            item, _, *rest = node["c"]
            is_counted = bool(item.name) and not item.is_screen_only
            counts[item.kind] += is_counted
            node = {"t": ITEM, "c": [item, counts[item.kind] if is_counted else None, *rest]}
        ast.append(node)
    return replace(document, ast=ast)


def resolve(
    document: Document,
    marks: Mapping[str, tuple[str, str]],
    citations: dict[str, int],
    lost: list[str],
) -> Document:
    """Return the document with links for all marks in its text and in its captions.

    Its own figures come before those of `marks`, the words and the anchor that each of the book's
    stands for. Added are to `citations` the numbers of works in the order of first use, and to
    `lost` the marks that stand for nothing, which become their own names.
    """
    marks = {**marks, **document.marks}

    def link(kind: str, content: Any, *_: Any) -> list[Node] | None:
        if kind != "RawInline" or content[0] != MARKED:
            return None
        mark, nodes = content[1], []
        if mark in marks:
            return [_link(*marks[mark])]
        for key in KEY.findall(mark):
            if key not in references():
                return [Str(mark)]
            if key not in citations:  # links lead back to the first of each work
                nodes.append(Span([f"cite-{key}", ["place"], []], []))
            number = citations.setdefault(key, len(citations) + 1)
            nodes += [_link(str(number), f"ref-{key}"), Str(", ")]
        if nodes:
            return [Str("["), *nodes[:-1], Str("]")]
        lost.append(mark)
        return [Str(mark.strip("{}").partition(":")[2])]

    return replace(document, ast=change(document.ast, link))


def _link(text: str, anchor: str) -> Node:
    return Link(["", ["ref"], []], [Str(text)], [f"#{anchor}", ""])


@cache
def references() -> Mapping[str, Mapping[str, Any]]:
    """Return the works of `report/references.toml` by their keys: first author and year."""
    return tomllib.loads(REFERENCES.read_text(encoding="utf-8"))


# ---------------------------------------------------------------------- pandoc's nodes


def change(nodes: Sequence[Node], action: Any) -> list[Node]:
    """Return nodes with those replaced for which an action of `pandocfilters.walk` gives others."""
    return pandocfilters.walk(list(nodes), action, "", {})


def plain(nodes: Any) -> str:
    """Return pandoc nodes as plain text; formulas as their TeX."""
    return pandocfilters.stringify(nodes).strip()


def make_table(frame: pd.DataFrame, name: str = "", caption: str = "") -> Node:
    """Return a frame of words as the node of a table, columns of numbers to the right."""
    bare = ["", [], []]

    def row(texts: Sequence[str]) -> list[Any]:
        contents = [[Plain([Str(text)])] for text in texts]
        return [bare, [[bare, {"t": "AlignDefault"}, 1, 1, content] for content in contents]]

    def side(texts: Sequence[str]) -> str:
        known = [text for text in texts if text not in ("", "–")]
        is_number = all(text[0] in "−<≥≤≈" or text[0].isdecimal() for text in known)
        return "AlignRight" if is_number else "AlignLeft"

    frame = frame.astype(str)
    sides = [[{"t": side(texts)}, {"t": "ColWidthDefault"}] for _, texts in frame.items()]
    body = [bare, 0, [], [row(texts) for texts in frame.itertuples(index=False, name=None)]]
    content = [bare, [None, []], sides, [bare, [row(list(frame))]], [body], [bare, []]]
    return item_node(Item("table", name, caption), {"t": "Table", "c": content})


def _shaped(table: Node) -> Node:
    """Drop column widths, which pandoc guesses; mark row headers, long cells and large tables.

    Where a telephone stacks the table, every cell gets the name of its column.
    """
    (anchor, _, pairs), caption, columns, head, bodies, foot = table["c"]
    columns = [[align, {"t": "ColWidthDefault"}] for align, _ in columns]
    bodies = [[own, int(len(columns) > 1), upper, lower] for own, _, upper, lower in bodies]
    below = [cells for _, _, *parts in bodies for part in parts for _, cells in part]
    below += [cells for _, cells in foot[1]]
    heads = [cells for _, cells in head[1]]
    titles = [plain(cell[4]) for cell in heads[0]] if heads else []
    for cell in chain(*heads, *below):
        cell[0] = ["", ["long"] * (width(plain(cell[4])) > LONG_CELL), []]
    is_long = any(cell[0][1] for cell in chain(*below))
    is_stacked = any(titles) and len(columns) >= MIN_STACKED_COLUMNS
    is_stacked &= is_long or len(below) <= MAX_STACKED_ROWS
    is_stacked = is_stacked and all(len(cells) == len(titles) for cells in below)
    for cells in (*heads, *below) if is_stacked else ():
        for cell, title in zip(cells, titles, strict=True):
            cell[0][2].append(["label", title])
    marks = {
        "dense": len(heads) + len(below) > DENSE_ROWS,
        "many": len(columns) > MANY_COLUMNS,
        "stacked": is_stacked,
    }
    attributes = [anchor, [name for name, is_so in marks.items() if is_so], pairs]
    return {"t": "Table", "c": [attributes, caption, columns, head, bodies, foot]}


def unbroken(text: str) -> str:
    """Return a page or a PDF's source so that no line ends within [0, 1] or λ = 3."""
    return WEIGHT.sub("λ\u00a0=\u00a0", INTERVAL.sub("\\1,\u00a0\\2", text))


def write(nodes: Sequence[Node], target: str, *options: str) -> str:
    """Return blocks in the format `target`."""
    whole = {**json.loads(_read("", READER)), "blocks": list(nodes)}
    text = json.dumps(whole, ensure_ascii=False)  # as it is, so that `pandoc` can make it legible
    return pandoc(text, source="json", target=target, options=options)


def pandoc(text: str, *, source: str, target: str, options: Sequence[str] = ()) -> str:
    """Return `text` converted by pypandoc's own pandoc; RenderError: it refuses the text."""
    options = ["--wrap=preserve", *options]
    try:
        return pypandoc.convert_text(legible(text), target, source, options, sandbox=True)
    except RuntimeError as error:
        raise RenderError(f"pandoc: {error}") from None


@cache
def _read(markdown: str, reader: str) -> str:
    """Return Markdown as pandoc's JSON; a book's own texts are read again for each page made."""
    return pandoc(markdown, source=reader, target="json")
