"""A document as Typst, for `templates/report.typ`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hwlib.report.document import (
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
    picture_name,
    plain,
    quote,
    raw,
    shaped,
    to_json,
    walk,
)
from hwlib.report.sliders import Slider
from hwlib.text import word

DRAWN_WIDTH = re.compile(rb"""<svg[^>]*?\swidth=["']([\d.]+)(pt|px|in|mm|)["']""")
POINTS = {"pt": 1.0, "px": 0.75, "": 0.75, "in": 72.0, "mm": 72 / 25.4}

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


def to_typst(document: Document, *, prefix: str) -> tuple[str, dict[str, bytes]]:
    """Return the document as Typst for `templates/report.typ`, and its pictures by file name.

    Args:
        document: what to set.
        prefix: makes the anchors of headings differ between the parts of one PDF.
    """
    words = {kind: word(f"page.{kind}", document.language) for kind in ("figure", "table")}
    nodes: list[Node] = []
    pictures: dict[str, bytes] = {}
    anchors = {heading.anchor for heading in document.headings}
    for node in _printed(document):
        index = index_of(node)
        is_sticky = not nodes or nodes[-1]["t"] == "Header"  # the part's own heading is above it
        if index is None:
            if node["t"] == "Table":
                nodes += _table(node, "none", "none", is_sticky)
            elif _is_title(node):  # it leads on to what comes next, as a heading does
                nodes += [raw("#block(sticky: true)[", "typst"), node, raw("]", "typst")]
            else:
                nodes.append(node)
            continue
        item, number = document.items[index], document.numbers.get(index)
        caption = pieces(document.caption(index)) if isinstance(item, Figure | Table) else ""
        if isinstance(item, Figure):
            label = quote(f"{words['figure']} {number}") if number else "none"
            name = quote(f"figure-{number}") if number else "none"
            arguments = {"name": name, "label": label, "caption": caption}
            arguments["sticky"] = "true" if is_sticky else "false"
            text, files = _figure(item, arguments)
            pictures |= files
            nodes.append(raw(text, "typst"))
        elif isinstance(item, Table):
            label = quote(f"{words['table']} {number}") if number else "none"
            name = quote(f"table-{number}") if number else "none"
            nodes += _table(node["c"][2], f"({label}, {caption})", name, is_sticky)
        elif isinstance(item, Printed):
            nodes.append({"t": "CodeBlock", "c": [["", [], []], item.text]})
    formulas = _formulas([n for node in nodes for n in walk(node) if n["t"] == "Math"])
    nodes = [_node(node, prefix, anchors, formulas) for node in nodes]
    return pandoc(to_json(nodes), source="json", target="typst"), pictures


def _printed(document: Document) -> list[Node]:
    """Return what is printed: no code, and a figure after the first words below its heading.

    A heading goes where what follows it goes: with a figure it would leave a hole.
    """
    nodes = []
    for node in document.ast:
        index = index_of(node)
        item = document.items[index] if index is not None else None
        is_hidden = isinstance(item, Code) or (isinstance(item, Figure) and item.is_screen_only)
        if not is_hidden:
            nodes.append(node)
    for place in range(len(nodes) - 2):
        first, second, third = nodes[place : place + 3]
        index = index_of(second)
        is_figure = index is not None and isinstance(document.items[index], Figure)
        if first["t"] == "Header" and is_figure and third["t"] == "Para":
            nodes[place + 1], nodes[place + 2] = third, second
    return nodes


def pieces(parts: Sequence[Piece]) -> str:
    """Return a caption as Typst content."""
    return f"[{''.join(_link(part) for part in parts)}]"


def _link(part: Piece) -> str:
    """Return words that lead to another place of the book, as Typst markup."""
    text = f"#{quote(part.text)};"
    if not part.anchor:
        return text
    place = f"#hw-place({quote(part.place)});" if part.place else ""
    return f"{place}#link(label({quote(part.anchor)}))[{text}];"


def _figure(figure: Figure, arguments: Mapping[str, str]) -> tuple[str, dict[str, bytes]]:
    """Return a figure as Typst and its files."""
    if isinstance(figure, Slider):
        return figure.typst(arguments)
    if figure.svg:
        name, content = f"{picture_name(figure.svg)}.svg", figure.svg
        width = f"{drawn_width(figure.svg):.2f}pt"
    else:
        name, content = picture_name(figure.png), figure.png
        width = f"{percent(figure):g}%"
    about = {"path": quote(name), "alt": quote(figure.alt), "width": width, **arguments}
    about["is-lettered"] = "true" if figure.svg or figure.is_lettered else "false"
    return f"#hw-figure({', '.join(f'{key}: {text}' for key, text in about.items())})", {
        name: content
    }


def drawn_width(svg: bytes) -> float:
    """Return the width of a drawing in points, as it was drawn."""
    found = DRAWN_WIDTH.search(svg[:2000])
    if found is None:
        raise RenderError("a figure's SVG does not say how wide it is")
    return float(found[1]) * POINTS[found[2].decode()]


def _is_title(node: Node) -> bool:
    """Whether all of a paragraph is set bold."""
    return node["t"] == "Para" and [part["t"] for part in node["c"]] == ["Strong"]


def _formulas(nodes: list[Node]) -> dict[str, str]:
    """Return each formula (as JSON of its node) as Typst, with the words for a screen reader."""
    blocks = []
    for node in nodes:
        blocks += [{"t": "Para", "c": [node]}, raw(FORMULA_END, "typst")]
    made = pandoc(to_json(blocks), source="json", target="typst").split(FORMULA_END)
    return {
        json.dumps(
            node
        ): f"#hw-math({quote(node['c'][1].strip())})[{NAME.sub(_known, text.strip())}]"
        for node, text in zip(nodes, made, strict=False)
    }


def _known(name: re.Match[str]) -> str:
    return f"\\u{{{DROPPED[name[0]]:x}}}" if name[0] in DROPPED else name[0]


def _table(table: Node, caption: str, name: str, is_sticky: bool) -> list[Node]:
    table = shaped(table)
    dense = "true" if "dense" in table["c"][0][1] else "false"
    sticky = "true" if is_sticky else "false"
    opening = f"#hw-table(caption: {caption}, name: {name}, dense: {dense}, sticky: {sticky})["
    return [raw(opening, "typst"), table, raw("]", "typst")]


def _node(node: Any, prefix: str, anchors: set[str], formulas: dict[str, str]) -> Any:
    """Set formulas and links, and give headings' anchors the part's prefix, all through `node`."""

    def within(inner: Any) -> Any:
        return _node(inner, prefix, anchors, formulas)

    if isinstance(node, list):
        return [within(part) for part in node]
    if not isinstance(node, dict):
        return node
    content = node.get("c")
    if node.get("t") == "Math":
        return {"t": "RawInline", "c": ["typst", formulas[json.dumps(node)]]}
    if node.get("t") == "Span" and "place" in content[0][1]:
        return {"t": "RawInline", "c": ["typst", f"#hw-place({quote(content[0][0])});"]}
    if node.get("t") == "Header":
        level, (anchor, *rest), inlines = content
        return {"t": "Header", "c": [level, [f"{prefix}-{anchor}", *rest], within(inlines)]}
    if node.get("t") == "Link" and not content[2][0].startswith(("http://", "https://")):
        (place, classes, _), inlines, (target, title) = content
        anchor = target.removeprefix("#")
        if "ref" in classes:
            return {"t": "RawInline", "c": ["typst", _link(Piece(plain(inlines), anchor, place))]}
        if anchor not in anchors:
            return {"t": "Span", "c": [["", [], []], within(inlines)]}
        return {"t": "Link", "c": [["", [], []], within(inlines), [f"#{prefix}-{anchor}", title]]}
    return {key: within(value) for key, value in node.items()}
