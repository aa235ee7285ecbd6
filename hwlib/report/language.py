"""What a reader of one language sees of an executed notebook: Markdown, by nbconvert."""

from __future__ import annotations

import base64
import re
from binascii import Error as BadBase64
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from nbconvert.exporters import MarkdownExporter
from nbconvert.preprocessors import Preprocessor
from nbconvert.preprocessors.coalescestreams import CoalesceStreamsPreprocessor
from nbformat import NotebookNode
from PIL import Image, UnidentifiedImageError
from traitlets import Unicode

from hwlib import log
from hwlib.errors import DEFAULT_LANGUAGE
from hwlib.images import decode, encode
from hwlib.report.document import (
    KEY,
    MARK,
    Document,
    Figure,
    Item,
    Lines,
    RenderError,
    Table,
    make_document,
    marker,
    pandoc,
    references,
)
from hwlib.report.sliders import make_slider
from hwlib.text import LANGUAGES, word

TEMPLATE = Path(__file__).parent / "templates" / "notebook.md.jinja"
HIDDEN = {"interactive", "injected-parameters"}
SCREEN = "screen"  # the tag of cells whose figures another one shows in print
# Cells that stand elsewhere in the book, by their tags.
MOVED = {
    "data": "data",
    "appendix-losses": "losses",
    "appendix-layers": "layers",
    "appendix": "layers",
}
MAX_PRINTED_LINES = 60
ATTACHED = "attachment:"
TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
DESCRIPTION = re.compile(r"^\s*<.*>\s*$", re.DOTALL)  # of an object that says nothing to a reader


def read_notebook(notebook: NotebookNode, language: str) -> Document:
    """Return what `notebook` shows in `language`, what stands elsewhere in the book as its extras.

    Raises:
        RenderError: content that cannot be set.
    """
    tags = {tag for cell in notebook.cells for tag in _tags(cell)}
    documents = {
        part: _read(notebook, language, part)
        for part in ("", *dict.fromkeys(MOVED[tag] for tag in MOVED if tag in tags))
    }
    extras = {part: one for part, one in documents.items() if part and one.ast}
    return replace(documents[""], extras=extras)


def _read(notebook: NotebookNode, language: str, part: str) -> Document:
    joined = CoalesceStreamsPreprocessor(enabled=True)
    chosen = OneLanguage(language=language, part=part, enabled=True)
    exporter = MarkdownExporter(
        template_file=str(TEMPLATE), default_preprocessors=[], preprocessors=[joined, chosen]
    )
    markdown, resources = exporter.from_notebook_node(notebook)
    return make_document(markdown, resources["items"], language, resources["images"])


class OneLanguage(Preprocessor):
    """Keeps what readers of one language see of the cells that stand in one part of the book.

    Kept are prose of this language or of none, the code of all cells but interactive ones and
    injected parameters, outputs with `hwlib` metadata whose language fits, and what a reader's own
    cell prints, plots or gives; what goes to standard error, progress for one, is dropped. Cells
    get their Markdown as source, with markers for the items that `resources` then lists.
    """

    language = Unicode(help="a key of LANGUAGES")
    part = Unicode(help="a value of MOVED, or empty for the chapter itself")

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook with what is shown, and `resources` with items and images."""
        items: list[Item] = []
        images: dict[str, bytes] = {}
        nb.cells = self._chosen(nb)
        source = ""
        for cell, after in zip_longest(nb.cells, nb.cells[1:]):
            if cell.cell_type == "markdown":
                cell.source = _checked(_with_attached(cell, images), cell)
                continue
            shown = [x for one in cell.outputs for x in _pieces(one, cell, self.language)]
            source += cell.source
            if not shown and after is not None and after.cell_type == "code":
                source += "\n\n\n"  # one fold
                cell.source = ""
                continue
            texts: list[str] = []
            for piece in [*([] if self.part else [Lines("code", source)]), *shown]:
                if isinstance(piece, str):
                    texts.append(piece)
                else:
                    texts.append(marker(len(items)))
                    items.append(piece)
            cell.source, source = "\n\n".join(texts), ""
        return nb, resources | {"items": items, "images": images}

    def _chosen(self, nb: NotebookNode) -> list[NotebookNode]:
        """Return the cells of this part that readers of this language see.

        Prose that the notebook does not have in this language stands in the default one.
        """
        has = any(f"lang-{self.language}" in _tags(cell) for cell in nb.cells)
        prose = self.language if has else DEFAULT_LANGUAGE
        hidden = HIDDEN | {f"lang-{other}" for other in LANGUAGES if other != prose}
        return [
            cell
            for cell in nb.cells
            if not _tags(cell) & hidden and cell.cell_type != "raw" and cell.source.strip()
            if next((MOVED[tag] for tag in MOVED if tag in _tags(cell)), "") == self.part
        ]


def _tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", ()))


def _pieces(output: NotebookNode, cell: NotebookNode, language: str) -> Iterator[Item | str]:
    """Yield what readers of a language see of an output: items, and Markdown."""
    facts, data = output.get("metadata", {}).get("hwlib"), output.get("data", {})
    if facts is None:
        yield from _own_items(output, data, language)
        return
    if facts.get("lang", language) != language:
        return
    name, caption = facts.get("name", ""), _checked(facts.get("caption", ""), cell)
    if facts.kind == "slider":
        is_screen_only = SCREEN in _tags(cell)
        yield make_slider(base64.b64decode(data["image/png"]), facts, is_screen_only)
    elif facts.kind == "figure":
        yield Figure(
            base64.b64decode(data["image/png"]),
            name,
            facts.get("alt", "") or caption,
            caption,
            facts.get("width"),
            data["image/svg+xml"].encode() if "image/svg+xml" in data else None,
            is_lettered=bool(facts.get("labels")),
        )
    else:
        if facts.kind == "table":
            yield Table(name, caption)
        text = data.get("text/markdown")
        yield _checked(text or pandoc(data["text/html"], source="html", target="gfm"), cell)


def _own_items(output: NotebookNode, data: Mapping[str, str], language: str) -> Iterator[Item]:
    """Yield what a reader's own cell shows: an image, or what it printed or gives."""
    if "image/png" in data:
        png = base64.b64decode(data["image/png"])
        yield Figure(png, "", word("book.own_plot", language), "", None)
        return
    text = output.text if output.get("name") == "stdout" else ""
    if output.output_type == "execute_result":
        text = DESCRIPTION.sub("", data.get("text/plain", ""))
    lines = TERMINAL.sub("", text).rstrip().splitlines()
    if (left := len(lines) - MAX_PRINTED_LINES) > 0:
        half = MAX_PRINTED_LINES // 2
        said = word("book.lines_left_out", language, count=left)
        lines = [*lines[:half], said, *lines[-half:]]
    if lines:
        yield Lines("printed", "\n".join(lines))


def _checked(text: str, cell: NotebookNode) -> str:
    """Return a text of a cell; raise RenderError where it cites what is no known reference."""
    for key in (key for mark in MARK.findall(text) for key in KEY.findall(mark)):
        if key not in references():
            raise RenderError(f"cell {cell.id}: [@{key}] is no reference of references.toml")
    return text


def _with_attached(cell: NotebookNode, images: dict[str, bytes]) -> str:
    """Return a cell's text; what was pasted into it goes to `images` as PNG, by its address.

    The text has an address for each that is no other cell's.
    """
    text = cell.source
    for name, forms in cell.get("attachments", {}).items():
        address = f"{ATTACHED}{cell.id}/{name}"
        text = text.replace(f"{ATTACHED}{name}", address)
        data = next((d for form, d in forms.items() if form.startswith("image/")), "")
        try:
            image = decode(base64.b64decode(data))
            has_alpha = "A" in image.getbands() or "transparency" in image.info
            images[address] = encode(image.convert("RGBA" if has_alpha else "RGB"))
        except (OSError, UnidentifiedImageError, BadBase64, Image.DecompressionBombError) as error:
            log.info_once(
                f"cell {cell.id}: {name} is no image that can be read ({error}); left out"
            )
    return text
