"""What a reader of one language sees of an executed notebook: Markdown, by nbconvert."""

from __future__ import annotations

import base64
import re
from binascii import Error as BadBase64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from nbconvert.exporters import MarkdownExporter
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from PIL import Image, UnidentifiedImageError
from traitlets import Unicode

from hwlib import log
from hwlib.errors import DEFAULT_LANGUAGE
from hwlib.images import decode, encode
from hwlib.report.document import (
    END,
    MARK,
    Code,
    Document,
    Figure,
    Item,
    Printed,
    RenderError,
    Table,
    keys_of,
    make_document,
    marker,
    pandoc,
)
from hwlib.report.references import references
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
FORMS = {  # what an output of each kind must have
    "figure": {"image/png"},
    "slider": {"image/png"},
    "table": {"text/markdown", "text/html"},
    "text": {"text/markdown"},
}
MAX_PRINTED_LINES = 60
ATTACHED = "attachment:"
TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
DESCRIPTION = re.compile(r"<.*>", re.DOTALL)  # of an object that says nothing to a reader


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
    chosen = OneLanguage(language=language, part=part, enabled=True)
    exporter = MarkdownExporter(
        template_file=str(TEMPLATE), default_preprocessors=[], preprocessors=[chosen]
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
        cells = self._chosen(nb)
        source = ""
        for cell, after in zip_longest(cells, cells[1:]):
            if cell.cell_type == "markdown":
                text, own = _with_attached(cell)
                images |= own
                cell.source = _checked(text, cell)
                continue
            shown = [one for one in _merged(cell.outputs) if _is_shown(one, self.language)]
            source += cell.source
            if not shown and after is not None and after.cell_type == "code":
                source += "\n\n\n"  # one fold
                cell.source = ""
                continue
            code = [] if self.part else [Code(source)]
            cell.source = self._said(code, shown, cell, items)
            source = ""
        nb.cells = cells
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

    def _said(
        self,
        code: Sequence[Item],
        outputs: Sequence[NotebookNode],
        cell: NotebookNode,
        items: list[Item],
    ) -> str:
        """Return a code cell as Markdown; what its markers stand for goes to `items`."""
        texts: list[str] = []

        def add(item: Item) -> None:
            texts.append(marker(len(items)))
            items.append(item)

        for item in code:
            add(item)
        for output in outputs:
            if (facts := _facts(output)) is None:
                add(_own_item(output, self.language))
                continue
            _checked(facts.get("caption", ""), cell)
            if facts.kind in ("figure", "slider"):
                add(_figure(output.data, facts, is_screen_only=SCREEN in _tags(cell)))
                continue
            if facts.kind == "table":
                add(Table(facts.get("name", ""), facts.get("caption", "")))
            texts.append(_checked(_markdown(output.data), cell))
            texts += [marker(END)] * (facts.kind == "table")
        return "\n\n".join(texts)


def _tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", ()))


def _facts(output: NotebookNode) -> Mapping[str, Any] | None:
    """Return what the project says of an output; None for a reader's own."""
    return output.get("metadata", {}).get("hwlib")


def _merged(outputs: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Join what was printed in several pieces, with nothing shown between them."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else None
        is_stream = output.output_type == "stream"
        if is_stream and last and last.get("name") == output.name:
            merged[-1] = NotebookNode({**last, "text": last.text + output.text})
        elif not is_stream or output.name == "stdout":
            merged.append(output)
    return merged


def _is_shown(output: NotebookNode, language: str) -> bool:
    if (facts := _facts(output)) is None:
        return _is_own(output)
    is_known = FORMS.get(facts.get("kind"), set()) & output.get("data", {}).keys()
    return bool(is_known) and facts.get("lang", language) == language


def _figure(data: Mapping[str, str], facts: Any, *, is_screen_only: bool) -> Figure:
    png = base64.b64decode(data["image/png"])
    if facts.kind == "slider":
        return make_slider(png, facts, is_screen_only)
    caption = facts.get("caption", "")
    return Figure(
        png,
        facts.get("name", ""),
        facts.get("alt", "") or caption,
        caption,
        facts.get("width"),
        data["image/svg+xml"].encode() if "image/svg+xml" in data else None,
        is_lettered=bool(facts.get("labels")),
    )


def _markdown(data: Mapping[str, str]) -> str:
    if "text/markdown" in data:
        return data["text/markdown"]
    return pandoc(data["text/html"], source="html", target="gfm")


def _checked(text: str, cell: NotebookNode) -> str:
    """Return a text of a cell; raise RenderError where it cites what is no known reference."""
    for key in (key for mark in MARK.finditer(text) for key in keys_of(mark)):
        if key not in references():
            raise RenderError(f"cell {cell.id}: [@{key}] is no reference of references.toml")
    return text


# ---------------------------------------------------------------------- a reader's own


def _is_own(output: NotebookNode) -> bool:
    """Whether an output without the project's metadata is a reader's, and can be shown."""
    if output.output_type == "stream":
        return bool(output.text.strip())
    data = output.get("data", {})
    if "image/png" in data:
        return True
    is_result = output.output_type == "execute_result"
    return is_result and not DESCRIPTION.fullmatch(data.get("text/plain", "").strip() or "<>")


def _own_item(output: NotebookNode, language: str) -> Item:
    data = output.get("data", {})
    if "image/png" in data:
        png = base64.b64decode(data["image/png"])
        return Figure(png, "", word("book.own_plot", language), "", None)
    text = output.text if output.output_type == "stream" else data["text/plain"]
    lines = TERMINAL.sub("", text).rstrip().split("\n")
    # a progress bar writes a line again and again
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in lines]
    if (left := len(lines) - MAX_PRINTED_LINES) > 0:
        half = MAX_PRINTED_LINES // 2
        said = word("book.lines_left_out", language, count=left)
        lines = [*lines[:half], said, *lines[-half:]]
    return Printed("\n".join(lines))


def _with_attached(cell: NotebookNode) -> tuple[str, dict[str, bytes]]:
    """Return a cell's text, and the images that were pasted into it as PNG by their addresses.

    The text has an address for each that is no other cell's.
    """
    text, found = cell.source, {}
    for name, forms in cell.get("attachments", {}).items():
        address = f"{ATTACHED}{cell.id}/{name}"
        text = text.replace(f"{ATTACHED}{name}", address)
        data = next((d for form, d in forms.items() if form.startswith("image/")), "")
        try:
            image = decode(base64.b64decode(data))
            has_alpha = "A" in image.getbands() or "transparency" in image.info
            found[address] = encode(image.convert("RGBA" if has_alpha else "RGB"))
        except (OSError, UnidentifiedImageError, BadBase64, Image.DecompressionBombError) as error:
            log.info_once(
                f"cell {cell.id}: {name} is no image that can be read ({error}); left out"
            )
    return text, found
