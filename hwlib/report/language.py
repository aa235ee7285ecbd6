"""What a reader of one language sees of an executed notebook: Markdown, by nbconvert."""

from __future__ import annotations

import base64
import copy
import re
from binascii import Error as BadBase64
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from nbconvert.exporters import MarkdownExporter
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from PIL import Image, UnidentifiedImageError
from traitlets import Unicode

from hwlib import log
from hwlib.errors import DEFAULT_LANGUAGE
from hwlib.report.document import (
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
MAX_PRINTED_LINES = 60
ATTACHED = "attachment:"
TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
DESCRIPTION = re.compile(r"<.*>", re.DOTALL)  # of an object that says nothing to a reader


def read_notebook(notebook: NotebookNode, language: str) -> Document:
    """Return what `notebook` shows in `language`, what stands elsewhere in the book as its extras.

    Raises:
        RenderError: content that cannot be set.
    """
    notebook = copy.deepcopy(notebook)
    pictures = {}
    for cell in notebook.cells:
        pictures |= _attached(cell)
    document = _read(notebook, language, "", pictures)
    tags = {tag for cell in notebook.cells for tag in cell.metadata.get("tags", ())}
    for part in dict.fromkeys(part for tag, part in MOVED.items() if tag in tags):
        extra = _read(notebook, language, part, pictures)
        if extra.ast:
            document.extras[part] = extra
    return document


def _read(
    notebook: NotebookNode, language: str, part: str, pictures: Mapping[str, bytes]
) -> Document:
    chosen = OneLanguage(language=language, part=part, enabled=True)
    exporter = MarkdownExporter(template_file=str(TEMPLATE), preprocessors=[chosen])
    markdown, resources = exporter.from_notebook_node(notebook)
    return make_document(markdown, resources["shown"], language, pictures)


class OneLanguage(Preprocessor):
    """Keeps what readers of one language see; lists code, figures and tables for the document.

    Kept are prose of this language or of none, the code of all cells but interactive ones and
    injected parameters, outputs with `hwlib` metadata whose language fits, and what a reader's own
    cell prints, plots or gives; what goes to standard error, progress for one, is dropped. A cell's
    or an output's metadata `item` is its place in `resources["shown"]`, where the template writes a
    marker.
    """

    language = Unicode(help="a key of LANGUAGES")
    part = Unicode(help="which of the cells: a value of MOVED, or empty for the chapter itself")

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook with what is shown, and `resources` with the list."""
        kept: list[NotebookNode] = []
        for cell in self._chosen(nb):
            if cell.cell_type == "code":
                cell.outputs = [out for out in _merged(cell.outputs) if self._is_shown(out)]
                if kept and kept[-1].cell_type == "code" and not kept[-1].outputs:
                    cell.source = f"{kept.pop().source}\n\n\n{cell.source}"  # one fold
            _check_citations(cell)
            kept.append(cell)
        nb.cells = kept
        shown: list[Item] = []
        for cell in (cell for cell in kept if cell.cell_type == "code"):
            if not self.part:
                cell.metadata["item"] = len(shown)
                shown.append(Code(cell.source))
            for output in cell.outputs:
                if (item := self._item(output, cell)) is not None:
                    # what was printed has no metadata yet
                    output.setdefault("metadata", NotebookNode())["item"] = len(shown)
                    shown.append(item)
        return nb, resources | {"shown": shown}

    def _chosen(self, nb: NotebookNode) -> Iterator[NotebookNode]:
        """Yield the cells of this part that readers of this language see.

        Prose that the notebook does not have in this language stands in the default one.
        """
        has = any(f"lang-{self.language}" in cell.metadata.get("tags", ()) for cell in nb.cells)
        prose = self.language if has else DEFAULT_LANGUAGE
        hidden = HIDDEN | {f"lang-{other}" for other in LANGUAGES if other != prose}
        for cell in nb.cells:
            tags = set(cell.metadata.get("tags", ()))
            if tags & hidden or cell.cell_type == "raw" or not cell.source.strip():
                continue
            if next((MOVED[tag] for tag in MOVED if tag in tags), "") == self.part:
                yield cell

    def _is_shown(self, output: NotebookNode) -> bool:
        facts = output.get("metadata", {}).get("hwlib")
        if facts is None:
            return _is_own(output)
        forms = {
            "figure": {"image/png"},
            "slider": {"image/png"},
            "table": {"text/markdown", "text/html"},
            "text": {"text/markdown"},
        }
        is_known = forms.get(facts.get("kind"), set()) & output.get("data", {}).keys()
        return bool(is_known) and facts.get("lang", self.language) == self.language

    def _item(self, output: NotebookNode, cell: NotebookNode) -> Item | None:
        """Return an output as an item, None where it is text; give every table its Markdown."""
        facts = output.get("metadata", {}).get("hwlib")
        if facts is None:
            return _own_item(output, self.language)
        data = output.data
        name, caption = facts.get("name", ""), facts.get("caption", "")
        if facts.kind == "slider":
            is_screen_only = SCREEN in cell.metadata.get("tags", ())
            return make_slider(base64.b64decode(data["image/png"]), facts, is_screen_only)
        if facts.kind == "figure":
            png = base64.b64decode(data["image/png"])
            svg = data["image/svg+xml"].encode() if "image/svg+xml" in data else None
            alt = facts.get("alt", "") or caption
            is_lettered = bool(facts.get("labels"))
            return Figure(png, name, alt, caption, facts.get("width"), svg, is_lettered=is_lettered)
        if facts.kind == "table":
            if "text/markdown" not in data:
                data["text/markdown"] = pandoc(data["text/html"], source="html", target="gfm")
            return Table(name, caption)
        return None


def _check_citations(cell: NotebookNode) -> None:
    """Raise RenderError where a cell, or what it says, cites what is no known reference."""
    texts = [cell.source] if cell.cell_type == "markdown" else []
    for output in cell.get("outputs", ()):
        facts = output.get("metadata", {}).get("hwlib", {})
        texts += [output.get("data", {}).get("text/markdown", ""), facts.get("caption", "")]
    for mark in (mark for text in texts for mark in MARK.finditer(text)):
        for key in keys_of(mark):
            if key not in references():
                line = f"cell {cell.id}: [@{key}] is no reference of references.toml"
                raise RenderError(line)


# ---------------------------------------------------------------------- a reader's own


def _is_own(output: NotebookNode) -> bool:
    """Whether an output without the project's metadata is a reader's, and can be shown."""
    if output.output_type == "stream":
        return output.name == "stdout" and bool(output.text.strip())
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


def _merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join what was printed in several pieces, with nothing shown between them."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else None
        is_more = output.output_type == "stream" and last and last.output_type == "stream"
        if is_more and last.name == output.name:
            last.text += output.text
        elif output.output_type != "stream" or output.name == "stdout":
            merged.append(output)
    return merged


def _attached(cell: NotebookNode) -> dict[str, bytes]:
    """Take the pictures that were pasted into prose out of a cell, as PNG by their addresses.

    Its text then has an address for each that is no other cell's.
    """
    found = {}
    for name, forms in cell.pop("attachments", {}).items():
        address = f"{ATTACHED}{cell.id}/{name}"
        cell.source = cell.source.replace(f"{ATTACHED}{name}", address)
        data = next((d for form, d in forms.items() if form.startswith("image/")), "")
        try:
            with Image.open(BytesIO(base64.b64decode(data))) as picture:
                file = BytesIO()
                has_alpha = "A" in picture.getbands() or "transparency" in picture.info
                picture.convert("RGBA" if has_alpha else "RGB").save(file, "PNG")
        except (OSError, UnidentifiedImageError, BadBase64, Image.DecompressionBombError) as error:
            what = f"cell {cell.id}: {name}"
            log.info_once(f"{what} is no picture that can be read ({error}); left out")
            continue
        found[address] = file.getvalue()
    return found
