"""How a table's cells are written, as HTML and as Markdown."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

NONE = "–"  # an empty cell
NO_BREAK = "\u00a0"
RANGE = re.compile(r"\[[^\]]*\d[^\]]*\]")  # "[0, 1]", not "[interval]"
WRITTEN = re.compile(r"[+−<]?\d[\d,.]*( %)?")


def number(value: Any) -> str:
    """Write a cell: whole numbers with thousands separators, others to four digits, no exponent."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return NONE
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
    """Whether every cell that is not empty holds a number, or a number as it is written."""
    values = [value for value in column if not (value is None or value is pd.NA)]
    return bool(values) and all(map(_is_number, values)) and any(v != NONE for v in values)


def _is_number(value: Any) -> bool:
    """Whether a cell is a number, a written one such as "1,200" or "93.1 %", or none."""
    if isinstance(value, str):
        return value == NONE or WRITTEN.fullmatch(value) is not None
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


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
        # a narrow column would break a range or an interval within its brackets
        whole = (RANGE.sub(lambda found: found[0].replace(" ", NO_BREAK), cell) for cell in cells)
        inner = "".join(
            f'<{tag} style="text-align:{side}">{html.escape(cell)}</{tag}>'
            for cell, side in zip(whole, sides, strict=True)
        )
        return f"<tr>{inner}</tr>"

    head = line(map(str, frame.columns), "th")
    rows = [line(map(number, row), "td") for row in frame.itertuples(index=False, name=None)]
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"
