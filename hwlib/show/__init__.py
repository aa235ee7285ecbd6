"""What a notebook puts on the page: text, figures and tables that carry their language.

Every output made here has `metadata["hwlib"]`, by which the report filters languages. What else a
notebook prints (progress, representations) has none and stays out of reports.
"""

from hwlib.show.cells import number, to_html, to_markdown
from hwlib.show.kl import kl_tables
from hwlib.show.losses import ledger
from hwlib.show.page import (
    LANGUAGES,
    figure,
    is_batch,
    run,
    sentences,
    setup,
    source,
    table,
    text,
)
from hwlib.show.progress import progress
from hwlib.show.sliders import Track, slider, slider_panel
from hwlib.show.tables import (
    acgan_tables,
    layer_tables,
    network_tables,
)
from hwlib.show.verdicts import claims, claims_markdown, claims_runs, claims_tables

__all__ = [
    "LANGUAGES",
    "Track",
    "acgan_tables",
    "claims",
    "claims_markdown",
    "claims_runs",
    "claims_tables",
    "figure",
    "is_batch",
    "kl_tables",
    "layer_tables",
    "ledger",
    "network_tables",
    "number",
    "progress",
    "run",
    "sentences",
    "setup",
    "slider",
    "slider_panel",
    "source",
    "table",
    "text",
    "to_html",
    "to_markdown",
]
