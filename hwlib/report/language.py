"""What a reader of one language sees of an executed notebook: Markdown, by nbconvert."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from nbconvert.exporters import MarkdownExporter
from nbconvert.preprocessors import (
    CoalesceStreamsPreprocessor,
    Preprocessor,
    TagRemovePreprocessor,
)
from nbformat import NotebookNode
from PIL import Image
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
    Slider,
    make_document,
    marker,
    pandoc,
    references,
)
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
IMAGE_ERRORS = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)  # Pillow's
ATTACHED = "attachment:"
TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# Formulas as JupyterLab knows them beside `$`; code and what stands in `$` is passed over.
FORMULA = re.compile(
    r"""(?P<other>^(?P<fence>```+|~~~+).*?^(?P=fence)|(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)
    |\$\$.*?\$\$|(?<!\\)\$[^$\n]+\$)
    |(?P<block>\\begin\{(?P<name>[a-z]+\*?)\}.*?\\end\{(?P=name)\})
    |\\\\\[(?P<display>.*?)\\\\\]|\\\\\((?P<inline>[^\n]*?)\\\\\)""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
DESCRIPTION = re.compile(r"^\s*<.*>\s*$", re.DOTALL)  # of an object that says nothing to a reader


def read_notebook(notebook: NotebookNode, language: str) -> Document:
    """Return what `notebook` shows in `language`, what stands elsewhere in the book as its extras.

    A table of ours that is none is a RenderError.
    """
    tags = {tag for cell in notebook.cells for tag in _tags(cell)}
    # prose that the notebook does not have in this language stands in the default one
    prose = language if f"lang-{language}" in tags else DEFAULT_LANGUAGE
    hidden = HIDDEN | {f"lang-{other}" for other in LANGUAGES if other != prose}
    steps = [
        TagRemovePreprocessor(remove_cell_tags=hidden, enabled=True),
        CoalesceStreamsPreprocessor(enabled=True),
    ]
    documents: dict[str, Document] = {}
    for part in dict.fromkeys(["", *(MOVED[tag] for tag in MOVED if tag in tags)]):
        chosen = OneLanguage(language=language, part=part, enabled=True)
        exporter = MarkdownExporter(
            template_file=str(TEMPLATE), default_preprocessors=[], preprocessors=[*steps, chosen]
        )
        text, made = exporter.from_notebook_node(notebook)
        documents[part] = make_document(text, made["items"], language, made["images"])
    extras = {part: one for part, one in documents.items() if part and one.ast}
    return replace(documents[""], extras=extras)


class OneLanguage(Preprocessor):
    """Keeps what readers of one language see of the cells that stand in one part of the book.

    Kept are prose, code, outputs with `hwlib` metadata whose language fits, and what a reader's own
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
        nb.cells = [
            cell
            for cell in nb.cells
            if cell.cell_type != "raw" and cell.source.strip()
            if next((MOVED[tag] for tag in MOVED if tag in _tags(cell)), "") == self.part
        ]
        source = ""
        for cell, after in zip_longest(nb.cells, nb.cells[1:]):
            shown: list[Item | str] = []
            if cell.cell_type == "markdown":
                shown.append(_with_attached(cell, images))
            else:
                source += cell.source
                shown += (x for one in cell.outputs for x in _pieces(one, cell, self.language))
                if not shown and after is not None and after.cell_type == "code":
                    source += "\n\n\n"  # one fold
                elif not self.part:
                    shown.insert(0, Item("code", text=source))
                    source = ""
            texts = [x if isinstance(x, str) else x.caption for x in shown]
            for key in KEY.findall("".join(MARK.findall("\n".join(texts)))):
                if key not in references():
                    log.info_once(f"cell {cell.id}: [@{key}] is no reference of references.toml")
            for place, piece in enumerate(shown):
                if isinstance(piece, Item):
                    shown[place] = marker(len(items))
                    items.append(piece)
            cell.source = "\n\n".join(shown)
        return nb, resources | {"items": items, "images": images}


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
    about = {"name": facts.get("name", ""), "caption": facts.get("caption", "")}
    if facts.kind in ("slider", "figure"):
        about["png"] = base64.b64decode(data["image/png"])
        about["alt"] = facts.get("alt") or about["caption"]
    if facts.kind == "slider":
        about |= {name: facts[name] for name in ("tracks", "scale", "is_wide")}
        yield Slider(**about, is_screen_only=SCREEN in _tags(cell))
    elif facts.kind == "figure":
        svg = data["image/svg+xml"].encode() if "image/svg+xml" in data else None
        is_lettered = bool(facts.get("labels"))
        yield Figure(**about, width=facts.get("width"), svg=svg, is_lettered=is_lettered)
    else:
        if facts.kind == "table":
            yield Item("table", **about)
        text = data.get("text/markdown")
        yield text or pandoc(data["text/html"], source="html", target="gfm")


def _own_items(output: NotebookNode, data: Mapping[str, str], language: str) -> Iterator[Item]:
    """Yield what a reader's own cell shows: an image, or what it printed or gives."""
    if "image/png" in data:
        try:
            png = encode(decode(base64.b64decode(data["image/png"])))
        except IMAGE_ERRORS as error:
            log.info_once(f"a plot of an own cell is no image that can be read ({error}); left out")
            return
        yield Figure(png=png, alt=word("book.own_plot", language))
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
        yield Item("printed", text="\n".join(lines))


def _in_dollars(found: re.Match[str]) -> str:
    """Return a formula with the signs that Markdown's reader knows."""
    parts = found.groupdict()
    if (inline := parts["inline"]) is not None:
        return f"${inline.strip()}$"
    tex = parts["block"] or parts["display"]
    return found[0] if tex is None else f"$${' '.join(tex.split())}$$"


def _with_attached(cell: NotebookNode, images: dict[str, bytes]) -> str:
    """Return a cell's text; what was pasted into it goes to `images` as PNG, by its address.

    Its formulas stand in `$`. The text has an address for each that is no other cell's.
    """
    text = FORMULA.sub(_in_dollars, cell.source)
    for name, forms in cell.get("attachments", {}).items():
        address = f"{ATTACHED}{cell.id}/{name}"
        text = text.replace(f"{ATTACHED}{name}", address)
        data = next((d for form, d in forms.items() if form.startswith("image/")), "")
        try:
            images[address] = encode(decode(base64.b64decode(data)).convert("RGBA"))
        except IMAGE_ERRORS as error:
            why = f"is no image that can be read ({error}); left out"
            log.info_once(f"cell {cell.id}: {name} {why}")
    return text
