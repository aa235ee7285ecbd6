"""From a document to the body of an HTML page: figures embedded, formulas as MathML."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from pandocfilters import Header, Link, RawBlock, RawInline, Span
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from hwlib.images import data_address
from hwlib.report.document import (
    NUMBERED,
    Document,
    Figure,
    Node,
    RenderError,
    change,
    plain,
    rows_of,
    shaped,
    write,
)
from hwlib.report.embed import FULL, addresses
from hwlib.text import section, word

TEMPLATES = Path(__file__).parent / "templates"
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
THIN_SPACE = r'\1<mspace width="0.167em"></mspace>'
EMPTY_HEAD = re.compile(r"<th((?: [^>]*)?)></th>")  # names nothing, so it is no header
# On a telephone a table with so many columns is pairs of name and value, a block a row, where it
# has long cells or no more than so many rows; others scroll.
MIN_COLUMNS, MAX_ROWS = 4, 9

Address = Callable[[str], str]


def to_html(
    document: Document,
    *,
    max_bytes: int = FULL.max_bytes,
    address: Address = "#{}".format,
    prefix: str = "",
    shift: int = 0,
) -> str:
    """Return the body of a page: figures embedded, formulas as MathML, code folded.

    Args:
        document: in one language.
        max_bytes: of all images together; see `addresses`.
        address: where an anchor is, for links of the text.
        prefix: before its headings' anchors, where a page has several documents.
        shift: by how many levels its headings are lower.

    Raises:
        RenderError: a formula that has no MathML.
    """
    embedded = embed(document.figures, max_bytes)
    parts = pieces(document.language, address=address, embedded=embedded, prefix=prefix)
    nodes: list[Node] = []
    for node in document.ast:
        index, item = document.item(node)
        number = document.numbers.get(index)
        if item is None:
            nodes += _table(node, parts) if node["t"] == "Table" else [node]
        elif item.kind == "code":
            source = highlight(item.source, PythonLexer(), HtmlFormatter(nowrap=True))
            nodes.append(_raw(parts.code(Markup(source.rstrip("\n")))))
        elif item.kind == "printed":
            nodes.append(_raw(parts.printed(item.text)))
        elif item.kind == "figure":
            nodes.append(_raw(parts.figure(index, item, number, document.caption(index))))
        else:
            nodes += _table(node["c"][2], parts, number, document.caption(index))

    def finish(kind: str, content: Any, *_: Any) -> Node | None:
        """Give headings their anchors and links to themselves; lead links to their pages."""
        if kind == "Header":
            level, (anchor, *attributes), inlines = content
            inlines = _with_number_apart(inlines)
            if anchor:
                link = parts.permalink(prefix + anchor, plain(inlines))
                inlines = [*inlines, RawInline("html", str(link))]
            return Header(level + shift, [anchor and prefix + anchor, *attributes], inlines)
        if kind == "Link" and content[2][0].startswith("#"):
            attributes, inlines, (target, title) = content
            return Link(attributes, inlines, [address(target[1:]), title])
        return None

    text = write(change(nodes, finish), "html5", "--mathml")
    return _clean_mathml(EMPTY_HEAD.sub(r"<td\1></td>", text))


def embed(figures: list[Figure], max_bytes: int = FULL.max_bytes) -> dict[bytes, str]:
    """Return the data address of each image of figures, charts as drawn from lines."""
    vectors = {f.svg: data_address(f.svg, "image/svg+xml") for f in figures if f.svg}
    pixels = [png for figure in figures for png in figure.images]
    room = max_bytes - sum(len(vectors[f.svg]) for f in figures if f.svg)
    return vectors | addresses(pixels, max_bytes=room)


# ---------------------------------------------------------------------- templates


def pieces(language: str, **values: Any) -> Any:
    """Return the macros of `parts.html.jinja`, with the `values` that they take from a page."""
    return template("parts.html.jinja").make_module({**words_of(language), **values})


def words_of(language: str) -> dict[str, Any]:
    """Return what every template needs to write a language's words."""

    def translate(key: str, **values: Any) -> str:
        return word(key, language, **values)

    return {"w": section("page", language), "word": translate}


@cache
def template(name: str) -> jinja2.Template:
    """Return one of our templates."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # No space after a comma, where `unbroken` would put one that JSON does not know.
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    return environment.get_template(name)


# ---------------------------------------------------------------------- headings, tables, formulas


def _raw(markup: str) -> Node:
    return RawBlock("html", str(markup))


def _with_number_apart(inlines: list[Node]) -> list[Node]:
    """Set the number of a question apart from its words."""
    if inlines and inlines[0]["t"] == "Str" and NUMBERED.match(inlines[0]["c"]):
        return [Span(["", ["number"], []], inlines[:1]), *inlines[1:]]
    return inlines


def _table(
    table: Node, parts: Any, number: int | None = None, caption: list[Node] | None = None
) -> list[Node]:
    """Return a table in a box that scrolls; with its caption above it where it has one."""
    table = _paired(shaped(table))
    is_stacked = "stacked" in table["c"][0][1]
    if caption is None:
        return [_raw(parts.scroll("", is_stacked)), table, _raw("</div>")]
    start = parts.table(number, caption, plain(caption), is_stacked)
    return [_raw(start), table, _raw("</div></figure>")]


def _paired(table: Node) -> Node:
    """Give a table of many columns and few rows the names of its columns in every cell."""
    (anchor, classes, pairs), caption, columns, head, bodies, foot = table["c"]
    heads = [plain(cell[4]) for cell in head[1][0][1]] if head[1] else []
    rows = rows_of(table)
    is_wordy = any("long" in cell[0][1] for row in rows[len(head[1]) :] for cell in row[1])
    is_short = len(rows) - len(head[1]) <= MAX_ROWS
    if not any(heads) or len(columns) < MIN_COLUMNS or not (is_wordy or is_short):
        return table
    if any(len(row[1]) != len(heads) for row in rows):
        return table
    for row in rows:
        for cell, title in zip(row[1], heads, strict=True):
            cell[0][2].append(["label", title])
    attributes = [anchor, [*classes, "stacked"], pairs]
    return {"t": "Table", "c": [attributes, caption, columns, head, bodies, foot]}


def _clean_mathml(text: str) -> str:
    if bad := re.search(r'<span class="math[^>]*>(.*?)</span>', text, re.DOTALL):
        raise RenderError(f"formula cannot be set: {html.unescape(bad[1]).strip()[:80]}")
    text = ANNOTATION.sub(r"\1", text)
    text = text.replace('<mo accent="true">', '<mo accent="true" stretchy="false">')
    return FUNCTION.sub(THIN_SPACE, LIMITED.sub(THIN_SPACE, text))
