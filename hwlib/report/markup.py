"""From a document to the body of an HTML page: figures embedded, formulas as MathML."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from hwlib.report.document import (
    NUMBERED,
    Code,
    Document,
    Figure,
    Node,
    Piece,
    Printed,
    RenderError,
    Table,
    index_of,
    pandoc,
    percent,
    plain,
    raw,
    rows_of,
    shaped,
    size,
    to_json,
)
from hwlib.report.embed import FULL, addresses
from hwlib.report.sliders import Slider
from hwlib.text import section, word

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
# 'min max' with what each runs over below it.
LIMITED = re.compile(
    r"(<(munder|msub)><mi[^>]*>(?:min|max)</mi>(?:(?!</?m(?:under|sub)>).)*</\2>)(?=\s*<m(?!o|space))"
)
EMPTY_HEAD = re.compile(r"<th((?: [^>]*)?)></th>")  # names nothing, so it is no header
# On a telephone a table with so many columns is pairs of name and value, a block a row, where it
# has long cells or no more than so many rows; others scroll.
LEAST_COLUMNS, MOST_ROWS = 4, 9

Address = Callable[[str], str]


def same_page(anchor: str) -> str:
    """Return where an anchor of the same page is."""
    return f"#{anchor}"


def to_html(
    document: Document,
    *,
    most: int = FULL.most,
    address: Address = same_page,
    prefix: str = "",
    shift: int = 0,
) -> str:
    """Return the body of a page: figures embedded, formulas as MathML, code folded.

    Args:
        document: what to set.
        most: characters of all pictures together; see `addresses`.
        address: where an anchor is, for links of the text.
        prefix: before its headings' anchors, where a page has several documents.
        shift: by how many levels its headings are lower.

    Raises:
        RenderError: a formula that has no MathML.
    """
    drawn = [figure for figure in document.figures if not figure.svg]
    pictures = [png for figure in drawn for png in figure.pictures]
    vectors = sum(len(_svg_address(figure.svg)) for figure in document.figures if figure.svg)
    embedded = addresses(pictures, most=most - vectors)
    nodes: list[Node] = []
    for node in document.ast:
        index = index_of(node)
        if index is None:
            is_table = node["t"] == "Table"
            nodes += (
                scrolling(_paired(shaped(node)))
                if is_table
                else [_heading(node, document.language, prefix, shift)]
            )
            continue
        item = document.items[index]
        if isinstance(item, Code):
            nodes.append(raw(_code(item, document.language)))
        elif isinstance(item, Printed):
            nodes.append(raw(f'<pre class="output" tabindex="0">{html.escape(item.text)}</pre>'))
        elif isinstance(item, Figure):
            nodes.append(raw(_figure(document, index, embedded, address, prefix)))
        elif isinstance(item, Table):
            nodes += _table(document, index, node["c"][2], address)
    nodes = [_linked(node, address) for node in nodes]
    nodes = _cited(nodes, document)
    text = pandoc(to_json(nodes), source="json", target="html5", options=("--mathml",))
    return _clean_mathml(EMPTY_HEAD.sub(r"<td\1></td>", text))


def inline(pieces: Sequence[Piece], address: Address = same_page) -> str:
    """Return a caption's words and links."""
    return "".join(
        f'<a class="ref" href="{html.escape(address(piece.anchor), quote=True)}">'
        f"{html.escape(piece.text)}</a>"
        if piece.anchor
        else html.escape(piece.text)
        for piece in pieces
    )


def scrolling(table: Node, *, label: str = "") -> list[Node]:
    """Put a table into a box of its own that scrolls, by keyboard too, and not the page."""
    name = f' role="region" aria-label="{html.escape(label, quote=True)}"' if label else ""
    is_stacked = "stacked" in table["c"][0][1]
    kind = "scroll stack" if is_stacked else "scroll"
    return [raw(f'<div class="{kind}" tabindex="0"{name}>'), table, raw("</div>")]


# ---------------------------------------------------------------------- headings and links


def _heading(node: Node, language: str, prefix: str, shift: int) -> Node:
    """Set the number of a question apart, and give a heading the link to itself."""
    if node["t"] != "Header":
        return node
    level, (anchor, *attributes), inlines = node["c"]
    anchor = anchor and prefix + anchor
    link = permalink(anchor, plain(inlines), language) if anchor else ""
    if inlines and inlines[0]["t"] == "Str" and NUMBERED.match(inlines[0]["c"]):
        number = {"t": "Span", "c": [["", ["number"], []], [inlines[0]]]}
        inlines = [number, *inlines[1:]]
    made = [*inlines, {"t": "RawInline", "c": ["html", link]}]
    return {"t": "Header", "c": [level + shift, [anchor, *attributes], made]}


def permalink(anchor: str, text: str, language: str) -> str:
    """Return a heading's link to itself; its sign is drawn by the style sheet."""
    words = html.escape(word("page.permalink", language, text=text), quote=True)
    return f'<a class="permalink" href="#{anchor}" aria-label="{words}"></a>'


def _linked(node: Any, address: Address) -> Any:
    """Lead every link to an anchor to the page on which it is."""
    if isinstance(node, list):
        return [_linked(part, address) for part in node]
    if not isinstance(node, dict):
        return node
    if node.get("t") == "Link" and node["c"][2][0].startswith("#"):
        attributes, inlines, (target, title) = node["c"]
        return {"t": "Link", "c": [attributes, inlines, [address(target[1:]), title]]}
    return {key: _linked(part, address) for key, part in node.items()}


def _cited(nodes: list[Node], document: Document) -> list[Node]:
    """Give the first citation of each work the anchor that the list of references leads to."""
    left = list(document.cited)

    def marked(node: Any) -> Any:
        if isinstance(node, list):
            return [marked(part) for part in node]
        if not isinstance(node, dict):
            return node
        if node.get("t") == "Link" and (key := node["c"][2][0].rpartition("#ref-")[2]) in left:
            left.remove(key)
            (_, *rest), inlines, target = node["c"]
            return {"t": "Link", "c": [[f"cite-{key}", *rest], inlines, target]}
        return {name: marked(part) for name, part in node.items()}

    nodes = marked(nodes)
    # one that stands in a caption alone leads back to the top of its chapter
    return (
        [raw("".join(f'<span id="cite-{key}"></span>' for key in left)), *nodes] if left else nodes
    )


# ---------------------------------------------------------------------- figures, tables, code


def _figure(
    document: Document,
    index: int,
    embedded: Mapping[bytes, str],
    address: Address,
    prefix: str,
) -> str:
    """Return a figure with its caption, its number leading to itself."""
    figure, number = document.items[index], document.numbers.get(index)
    words = section("page", document.language)
    label, anchor = "", ""
    if number:
        anchor = f' id="figure-{number}"'
        label = f'<a class="label" href="#figure-{number}">{words["figure"]} {number}</a> '
    name = f"{words['figure']} {number}" if number else words["figure"]
    if isinstance(figure, Slider):
        shown = figure.html(f"{prefix}{index}", embedded, hint=words["slider_hint"])
    else:
        enlarge = word("page.enlarge", document.language, label=name)
        shown = picture(figure, embedded, enlarge=enlarge)
    caption = f"{label}{inline(document.caption(index), address)}".strip()
    below = f"<figcaption>{caption}</figcaption>" if caption else ""
    kind = "" if figure.name else ' class="own"'
    return f"<figure{anchor}{kind}>{shown}{below}</figure>"


def picture(figure: Figure, embedded: Mapping[bytes, str], *, enlarge: str) -> str:
    """Return a picture in its frame; a chart is drawn from lines, and follows the colour scheme.

    Args:
        figure: the picture.
        embedded: data addresses of pictures of pixels.
        enlarge: what the button says that shows it larger.
    """
    width, height = size(figure.png)
    source = _svg_address(figure.svg) if figure.svg else embedded[figure.png]
    kind = "card chart" if figure.svg else "card"
    return (
        f'<div class="{kind}" style="--width: {percent(figure):g}%"'
        f' data-enlarge="{html.escape(enlarge, quote=True)}"><img'
        f' src="{source}" alt="{html.escape(figure.alt, quote=True)}"'
        f' width="{width}" height="{height}"></div>'
    )


def _svg_address(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def _table(document: Document, index: int, table: Node, address: Address) -> list[Node]:
    """Return a table with its caption above it."""
    number, words = document.numbers.get(index), section("page", document.language)
    caption = document.caption(index)
    said = "".join(piece.text for piece in caption)
    anchor, label, name = "", "", said
    if number:
        anchor = f' id="table-{number}"'
        label = f'<a class="label" href="#table-{number}">{words["table"]} {number}</a> '
        name = f"{words['table']} {number} {said}"
    above = f"<figcaption>{label}{inline(caption, address)}</figcaption>" if said else ""
    return [
        raw(f'<figure class="table"{anchor}>{above}'),
        *scrolling(_paired(shaped(table)), label=name),
        raw("</figure>"),
    ]


def _paired(table: Node) -> Node:
    """Give a table of many columns and few rows the names of its columns in every cell."""
    attributes, caption, columns, head, bodies, foot = table["c"]
    rows = [row for _, _, upper, lower in bodies for row in (*upper, *lower)]
    heads = [plain(cell[4]) for cell in head[1][0][1]] if head[1] else []
    is_wordy = any("long" in cell[0][1] for row in rows for cell in row[1])
    if not any(heads) or len(columns) < LEAST_COLUMNS or not (is_wordy or len(rows) <= MOST_ROWS):
        return table
    if any(len(row[1]) != len(heads) for row in rows):
        return table
    for row in rows_of(table):
        for cell, title in zip(row[1], heads, strict=False):
            anchor, classes, pairs = cell[0]
            cell[0] = [anchor, classes, [*pairs, ["label", title]]]
    anchor, classes, pairs = attributes
    return {
        "t": "Table",
        "c": [[anchor, [*classes, "stacked"], pairs], caption, columns, head, bodies, foot],
    }


def _code(code: Code, language: str) -> str:
    shown = highlight(code.source, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n")
    return (
        f'<details class="code"><summary>{word("page.code", language)}</summary>'
        f'<pre tabindex="0"><code>{shown}</code></pre></details>'
    )


# ---------------------------------------------------------------------- formulas


def _clean_mathml(text: str) -> str:
    if bad := re.search(r'<span class="math[^>]*>(.*?)</span>', text, re.DOTALL):
        raise RenderError(f"formula cannot be set: {html.unescape(bad[1]).strip()[:80]}")
    text = ANNOTATION.sub(r"\1", text)
    text = text.replace('<mo accent="true">', '<mo accent="true" stretchy="false">')
    text = LIMITED.sub(r'\1<mspace width="0.167em"></mspace>', text)
    return FUNCTION.sub(r'\1<mspace width="0.167em"></mspace>', text)
