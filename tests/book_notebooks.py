"""Small executed notebooks for the tests of the report as a book."""

from __future__ import annotations

import base64
from io import BytesIO

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="300pt" height="120pt" viewBox="0 0 300 120">'
SVG += '<rect width="300" height="120" fill="#0a6670"/></svg>'
PROSE = "## {number}-1 What is seen?\n\n{text}\n"


def png(colour: tuple[int, int, int] = (10, 102, 112), size: tuple[int, int] = (300, 150)) -> str:
    """Return a picture of one colour as a notebook has it."""
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def figure(name: str, *, caption: str = "", svg: str = "", size=(300, 150)) -> NotebookNode:
    """Return a code cell that shows a figure."""
    data = {"image/png": png(size=size)} | ({"image/svg+xml": svg} if svg else {})
    about = {"kind": "figure", "name": name, "alt": f"alt of {name}"}
    metadata = {"hwlib": about | {"caption": caption or f"Caption of {name}."}}
    return new_code_cell(name, outputs=[new_output("display_data", data, metadata=metadata)])


def table(name: str, *, tags: tuple[str, ...] = ()) -> NotebookNode:
    """Return a code cell that shows a table."""
    data = {"text/markdown": f"| layer of {name} | parameters |\n|--|--:|\n| conv | 128 |"}
    metadata = {"hwlib": {"kind": "table", "name": name, "caption": f"Caption of {name}."}}
    shown = new_output("display_data", data, metadata=metadata)
    return new_code_cell(name, outputs=[shown], metadata={"tags": list(tags)})


def prose(text: str, *, tags: tuple[str, ...] = (), **more) -> NotebookNode:
    """Return a Markdown cell."""
    return new_markdown_cell(text, metadata={"tags": list(tags)}, **more)


def notebook(*cells: NotebookNode, title: str = "# A problem") -> NotebookNode:
    """Return a notebook of these cells, with ids that say where they stand."""
    made = new_notebook(cells=[prose(title), *cells])
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell-{number}"
    return made
