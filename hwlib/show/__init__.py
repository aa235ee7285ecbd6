"""What a notebook puts on the page: text, figures and tables that carry their language.

Every output made here has `metadata["hwlib"]`, by which the report filters languages. What else a
notebook prints (progress, representations) has none and stays out of reports.
"""

from hwlib.show.cells import number, to_html, to_markdown
from hwlib.show.page import (
    LANGUAGES,
    RUN_MIME,
    figure,
    is_batch,
    run,
    sentences,
    setup,
    table,
    text,
)
from hwlib.show.tables import layer_tables

__all__ = [
    "LANGUAGES",
    "RUN_MIME",
    "figure",
    "is_batch",
    "layer_tables",
    "number",
    "run",
    "sentences",
    "setup",
    "table",
    "text",
    "to_html",
    "to_markdown",
]
