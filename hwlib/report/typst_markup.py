"""A document as Typst, for `templates/report.typ`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pandocfilters import CodeBlock, Header, Link, Para, RawBlock, RawInline, Span

from hwlib.report.document import (
    Document,
    Figure,
    Node,
    RenderError,
    change,
    plain,
    shaped,
    walk,
    write,
)
from hwlib.report.markup import TEMPLATES
from hwlib.report.sliders import Slider
from hwlib.text import word

DRAWN_WIDTH = re.compile(rb"""<svg[^>]*?\swidth=["']([\d.]+)(pt|px|in|mm|)["']""")
POINTS = {"pt": 1.0, "px": 0.75, "": 0.75, "in": 72.0, "mm": 72 / 25.4}
# Names in formulas that pandoc writes and Typst has dropped, with their code points.
DROPPED = json.loads((TEMPLATES / "typst_symbols.json").read_text())
NAME = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z]+(?:\.[A-Za-z]+)*')
FORMULA_END = "// end of formula"


def to_typst(document: Document, *, prefix: str) -> tuple[str, dict[str, bytes]]:
    """Return the document as Typst for `templates/report.typ`, and its images by file name.

    A prefix makes the anchors of headings differ between the parts of one PDF.
    """
    nodes: list[Node] = []
    images: dict[str, bytes] = {}
    for node in _printed(document):
        index, item = document.item(node)
        about: dict[str, Any] = {}
        # the part's own heading is above the first node
        about["sticky"] = not nodes or nodes[-1]["t"] == "Header"
        if item is not None and item.kind in ("figure", "table"):
            about["caption"] = content(document.caption(index))
            about["name"] = about["label"] = None
            if number := document.numbers.get(index):
                about["name"] = f"{item.kind}-{number}"
                about["label"] = f"{word(f'page.{item.kind}', document.language)} {number}"
        if item is None and _is_title(node):  # it leads on to what comes next, as a heading does
            nodes += [_raw("#block(sticky: true)["), node, _raw("]")]
        elif item is None and node["t"] != "Table":
            nodes.append(node)
        elif item is None or item.kind == "table":
            nodes += _table(node if item is None else node["c"][2], about)
        elif item.kind == "figure":
            text, files = _figure(item, about)
            images |= files
            nodes.append(_raw(text))
        else:
            nodes.append(CodeBlock(["", [], []], item.text))
    anchors = {heading.anchor for heading in document.headings}
    return write(_finish(nodes, prefix, anchors), "typst"), images


# ---------------------------------------------------------------------- Typst's own words


class Source(str):
    """Typst as it is to stand."""


def literal(value: Any) -> str:
    """Return a value as Typst writes it: a string, a number, true, none, or an array of them."""
    if isinstance(value, Source):
        return value
    if isinstance(value, str):
        text = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + text.replace("\n", "\\n").replace("\t", "\\t") + '"'
    if isinstance(value, Sequence):
        return f"({''.join(f'{literal(part)}, ' for part in value)})"
    return "none" if value is None else json.dumps(value)


def call(function: str, *values: Any, **named: Any) -> str:
    """Return a call of a function of `report.typ` with literal arguments."""
    arguments = [literal(value) for value in values]
    arguments += [f"{name.replace('_', '-')}: {literal(value)}" for name, value in named.items()]
    return f"#{function}({', '.join(arguments)})"


def content(nodes: Sequence[Node]) -> Source:
    """Return pandoc's inlines, texts and links, as Typst's content."""
    return Source(f"[{''.join(map(_inline, nodes))}]")


def image_name(image: bytes) -> str:
    """Return the file name of an image in the PDF's sources, whatever form it takes there."""
    return hashlib.sha256(image).hexdigest()[:20]


def _inline(node: Node) -> str:
    """Return a text, or words that lead to another place of the book, as Typst markup."""
    if node["t"] == "Str":
        return f"#{literal(node['c'])};"
    (place, _, _), inlines, (target, _) = node["c"]
    start = f"#hw-place({literal(place)});" if place else ""
    anchor = target.removeprefix("#")
    return f"{start}#link(label({literal(anchor)}))[#{literal(plain(inlines))};];"


def _raw(text: str) -> Node:
    return RawBlock("typst", text)


# ---------------------------------------------------------------------- figures, tables


def _printed(document: Document) -> list[Node]:
    """Return what is printed: no code, and a figure after the first words below its heading.

    A heading goes where what follows it goes: with a figure it would leave a hole.
    """
    nodes, kinds = [], []
    for node in document.ast:
        _, item = document.item(node)
        kind = node["t"] if item is None else item.kind
        if kind != "code" and not getattr(item, "is_screen_only", False):
            nodes.append(node)
            kinds.append(kind)
    for place in range(len(nodes) - 2):
        if kinds[place : place + 3] == ["Header", "figure", "Para"]:
            for both in (nodes, kinds):
                both[place + 1 : place + 3] = both[place + 2], both[place + 1]
    return nodes


def _figure(figure: Figure, about: Mapping[str, Any]) -> tuple[str, dict[str, bytes]]:
    """Return a figure as Typst and its files; a slider as a film strip of some frames."""
    if isinstance(figure, Slider):
        film = figure.film
        files = {image_name(png): png for frames in film for png, _ in frames}
        tracks = [
            (track.title, [(image_name(png), label) for png, label in frames])
            for track, frames in zip(figure.tracks, film, strict=True)
        ]
        about = {"tracks": tracks, "columns": figure.columns, "alt": figure.alt, **about}
        return call("hw-film", **about), files
    if figure.svg:
        name, file = f"{image_name(figure.svg)}.svg", figure.svg
        width = Source(f"{drawn_width(figure.svg):.2f}pt")
    else:
        name, file = image_name(figure.png), figure.png
        width = Source(f"{figure.percent:g}%")
    is_lettered = bool(figure.svg) or figure.is_lettered
    about = {"path": name, "alt": figure.alt, "width": width, **about, "is_lettered": is_lettered}
    return call("hw-figure", **about), {name: file}


def drawn_width(svg: bytes) -> float:
    """Return the width of a drawing in points, as it was drawn."""
    found = DRAWN_WIDTH.search(svg[:2000])
    if found is None:
        raise RenderError("a figure's SVG does not say how wide it is")
    return float(found[1]) * POINTS[found[2].decode()]


def _is_title(node: Node) -> bool:
    """Whether all of a paragraph is set bold."""
    return node["t"] == "Para" and [part["t"] for part in node["c"]] == ["Strong"]


def _table(table: Node, about: Mapping[str, Any]) -> list[Node]:
    """Return a table; one of the text, without an item, has no caption."""
    table = shaped(table)
    caption = (about["label"], about["caption"]) if "caption" in about else None
    about = {"name": about.get("name"), "sticky": about["sticky"], "caption": caption}
    start = call("hw-table", dense="dense" in table["c"][0][1], **about)
    return [_raw(f"{start}["), table, _raw("]")]


# ---------------------------------------------------------------------- formulas and links


def _finish(nodes: list[Node], prefix: str, anchors: set[str]) -> list[Node]:
    """Set formulas and links, and give headings' anchors the part's prefix."""
    formulas = _formulas([n for n in walk(nodes) if n["t"] == "Math"])

    def finish(kind: str, content: Any, *_: Any) -> Node | None:
        if kind == "Math":
            return RawInline("typst", formulas[json.dumps(content)])
        if kind == "Span" and "place" in content[0][1]:
            return RawInline("typst", f"#hw-place({literal(content[0][0])});")
        if kind == "Header":
            level, (anchor, *rest), inlines = content
            return Header(level, [f"{prefix}-{anchor}", *rest], inlines)
        if kind == "Link" and not content[2][0].startswith(("http://", "https://")):
            (_, classes, _), inlines, (target, title) = content
            if "ref" in classes:
                return RawInline("typst", _inline(Link(*content)))
            anchor = target.removeprefix("#")
            if anchor not in anchors:
                return Span(["", [], []], inlines)
            return Link(["", [], []], inlines, [f"#{prefix}-{anchor}", title])
        return None

    return change(nodes, finish)


def _formulas(nodes: Sequence[Node]) -> dict[str, str]:
    """Return each formula (as JSON of its content) as Typst, with the words for a screen reader."""
    blocks = [part for node in nodes for part in (Para([node]), _raw(FORMULA_END))]
    texts = write(blocks, "typst").split(FORMULA_END)
    return {
        json.dumps(node["c"]): f"{call('hw-math', node['c'][1].strip())}[{_renamed(text.strip())}]"
        for node, text in zip(nodes, texts, strict=False)
    }


def _renamed(formula: str) -> str:
    """Return a formula with code points for the names that Typst has dropped."""

    def known(name: re.Match[str]) -> str:
        return f"\\u{{{DROPPED[name[0]]}}}" if name[0] in DROPPED else name[0]

    return NAME.sub(known, formula)
