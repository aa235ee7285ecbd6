"""What a reader of one language sees of an executed notebook: a list of blocks."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from nbformat import NotebookNode

from hwlib.report.words import LANGUAGES


@dataclass(frozen=True)
class Prose:
    """Markdown: a prose cell, or a text made from results."""

    markdown: str


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


@dataclass(frozen=True)
class Table:
    """A table as Markdown, or as HTML where the notebook gives no Markdown."""

    markdown: str
    html: str
    name: str
    caption: str


Block = Prose | Code | Figure | Table


def blocks(notebook: NotebookNode, language: str) -> list[Block]:
    """Return what `notebook` shows in `language`, in its order.

    Kept are prose of this language or of none, the code of all cells but the interactive ones, and
    outputs with `hwlib` metadata whose language fits; streams, reprs and widgets are dropped.

    Args:
        notebook: an executed notebook.
        language: a key of `LANGUAGES`.
    """
    others = {f"lang-{other}" for other in LANGUAGES if other != language}
    found: list[Block] = []
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", ()))
        if tags & others or "interactive" in tags or not cell.source.strip():
            continue
        if cell.cell_type == "markdown":
            found.append(Prose(cell.source))
        elif cell.cell_type == "code":
            if found and isinstance(found[-1], Code):  # nothing was shown in between: one fold
                found[-1] = Code(f"{found[-1].source}\n\n\n{cell.source}")
            else:
                found.append(Code(cell.source))
            found += [b for output in cell.outputs if (b := _block(output, language))]
    return found


def _block(output: NotebookNode, language: str) -> Block | None:
    """Return an output as a block, or None where it is not for this reader."""
    facts = output.get("metadata", {}).get("hwlib")
    if not facts or facts.get("lang", language) != language:
        return None
    data = output.get("data", {})
    kind = facts.get("kind")
    name, caption = facts.get("name", ""), facts.get("caption", "")
    if kind == "figure" and "image/png" in data:
        png = base64.b64decode(data["image/png"])
        return Figure(png, name, facts.get("alt", "") or caption, caption, facts.get("width"))
    if kind == "table" and ("text/markdown" in data or "text/html" in data):
        markdown, html = (data.get(f"text/{form}", "") for form in ("markdown", "html"))
        return Table(markdown, html, name, caption)
    if kind == "text" and "text/markdown" in data:
        return Prose(data["text/markdown"])
    return None
