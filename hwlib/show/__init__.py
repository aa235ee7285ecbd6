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
from hwlib.show.tables import (
    acgan_tables,
    comparison_tables,
    infogan_tables,
    layer_tables,
    network_tables,
    oracle_tables,
    quality_tables,
)

__all__ = [
    "LANGUAGES",
    "RUN_MIME",
    "acgan_tables",
    "comparison_tables",
    "figure",
    "infogan_tables",
    "is_batch",
    "layer_tables",
    "network_tables",
    "number",
    "oracle_tables",
    "quality_tables",
    "run",
    "sentences",
    "setup",
    "table",
    "text",
    "to_html",
    "to_markdown",
]
