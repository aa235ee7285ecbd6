"""What a reader of one language sees of an executed notebook: Markdown, by nbconvert."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from nbconvert.exporters import MarkdownExporter
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from traitlets import Unicode

from hwlib.report.document import Code, Document, Figure, Item, Table, make_document, pandoc
from hwlib.report.sliders import make_slider
from hwlib.report.words import LANGUAGES

TEMPLATE = Path(__file__).parent / "templates" / "notebook.md.jinja"
HIDDEN = {"interactive", "injected-parameters"}


def read_notebook(notebook: NotebookNode, language: str) -> Document:
    """Return what `notebook` shows in `language`.

    Raises:
        RenderError: content that cannot be set.
    """
    chosen = OneLanguage(language=language, enabled=True)
    exporter = MarkdownExporter(template_file=str(TEMPLATE), preprocessors=[chosen])
    markdown, resources = exporter.from_notebook_node(notebook)
    return make_document(markdown, resources["shown"], language)


class OneLanguage(Preprocessor):
    """Keeps what readers of one language see; lists code, figures and tables for the document.

    Kept are prose of this language or of none, the code of all cells but interactive ones and
    injected parameters, and outputs with `hwlib` metadata whose language fits; streams, reprs and
    widgets are dropped. A cell's or an output's metadata `item` is its place in
    `resources["shown"]`, where the template writes a marker.
    """

    language = Unicode(help="a key of LANGUAGES")

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook with what is shown, and `resources` with the list."""
        hidden = HIDDEN | {f"lang-{other}" for other in LANGUAGES if other != self.language}
        kept: list[NotebookNode] = []
        for cell in nb.cells:
            tags = set(cell.metadata.get("tags", ()))
            if tags & hidden or cell.cell_type == "raw" or not cell.source.strip():
                continue
            if cell.cell_type == "code":
                cell.outputs = [output for output in cell.outputs if self._is_shown(output)]
                if kept and kept[-1].cell_type == "code" and not kept[-1].outputs:
                    cell.source = f"{kept.pop().source}\n\n\n{cell.source}"  # one fold
            kept.append(cell)
        nb.cells = kept
        shown: list[Item] = []
        for cell in (cell for cell in kept if cell.cell_type == "code"):
            cell.metadata["item"] = len(shown)
            shown.append(Code(cell.source))
            for output in cell.outputs:
                if (item := _item(output)) is not None:
                    output.metadata["item"] = len(shown)
                    shown.append(item)
        return nb, resources | {"shown": shown}

    def _is_shown(self, output: NotebookNode) -> bool:
        facts = output.get("metadata", {}).get("hwlib") or {}
        forms = {
            "figure": {"image/png"},
            "slider": {"image/png"},
            "table": {"text/markdown", "text/html"},
            "text": {"text/markdown"},
        }
        is_known = forms.get(facts.get("kind"), set()) & output.get("data", {}).keys()
        return bool(is_known) and facts.get("lang", self.language) == self.language


def _item(output: NotebookNode) -> Item | None:
    """Return an output as an item, None where it is text; give every table its Markdown."""
    facts, data = output.metadata.hwlib, output.data
    name, caption = facts.get("name", ""), facts.get("caption", "")
    if facts.kind == "slider":
        return make_slider(base64.b64decode(data["image/png"]), facts)
    if facts.kind == "figure":
        png = base64.b64decode(data["image/png"])
        return Figure(png, name, facts.get("alt", "") or caption, caption, facts.get("width"))
    if facts.kind == "table":
        if "text/markdown" not in data:
            data["text/markdown"] = pandoc(data["text/html"], source="html", target="gfm")
        return Table(name, caption)
    return None
