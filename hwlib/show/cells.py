"""How a table's cells are written, as HTML and as Markdown."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd


def number(value: Any) -> str:
    """Write a cell: whole numbers with thousands separators, others to four digits, no exponent."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return "–"
    if isinstance(value, bool | np.bool_ | str):
        return str(value)
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float | np.floating):
        if abs(value) >= 1_000:
            return f"{value:,.0f}"
        return np.format_float_positional(value, precision=4, fractional=False, trim="-")
    return str(value)


def _is_number_column(column: pd.Series) -> bool:
    """Whether every cell that is not empty holds a number."""
    values = [value for value in column if not (value is None or value is pd.NA)]
    kinds = (int, float, np.integer, np.floating)
    return bool(values) and all(isinstance(v, kinds) and not isinstance(v, bool) for v in values)


def to_markdown(frame: pd.DataFrame) -> str:
    """Return `frame` (without its index) as a pipe table."""

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    marks = ["---:" if _is_number_column(frame[name]) else ":---" for name in frame]
    rows = [line(map(number, row)) for row in frame.itertuples(index=False, name=None)]
    return "\n".join([line(map(str, frame.columns)), line(marks), *rows])


def to_html(frame: pd.DataFrame) -> str:
    """Return `frame` (without its index) as an HTML table with aligned columns."""
    sides = ["right" if _is_number_column(frame[name]) else "left" for name in frame]

    def line(cells: Iterable[str], tag: str) -> str:
        inner = "".join(
            f'<{tag} style="text-align:{side}">{html.escape(cell)}</{tag}>'
            for cell, side in zip(cells, sides, strict=True)
        )
        return f"<tr>{inner}</tr>"

    head = line(map(str, frame.columns), "th")
    rows = [line(map(number, row), "td") for row in frame.itertuples(index=False, name=None)]
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"
