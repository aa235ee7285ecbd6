"""How a table's cells are written, as HTML and as Markdown."""

import html
import re
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from hwlib.text import Outside

NONE = "–"  # an empty cell
RANGE = re.compile(r"\[[^\]]*\d[^\]]*\]")  # "[0, 1]", not "[interval]"
NUMBER = re.compile(rf"[+−<-]?\d[\d,.]*( %)?|{NONE}")  # as `number` writes them, or none


def number(value: Any) -> str:
    """Write a cell: whole numbers with thousands separators, others to four digits, no exponent."""
    if value is None or value is pd.NA or value != value:  # NaN
        return NONE
    if not isinstance(value, Real) or isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, Integral) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return np.format_float_positional(value, precision=4, fractional=False, trim="-")


def _written(frame: pd.DataFrame) -> tuple[list[Sequence[str]], list[str]]:
    """Return the heads and rows as text, and each column's side: right if it holds numbers."""
    cells = frame.map(number)
    rows = [list(map(str, frame.columns)), *cells.itertuples(index=False, name=None)]
    is_number = (
        bool({*own} - {NONE}) and all(map(NUMBER.fullmatch, own)) for _, own in cells.items()
    )
    return rows, ["right" if right else "left" for right in is_number]


def to_markdown(frame: pd.DataFrame) -> str:
    """Return `frame` (without its index) as a pipe table; its cells are text, not Markdown."""
    (heads, *rows), sides = _written(frame)
    marks = [{"left": ":---", "right": "---:"}[side] for side in sides]
    heads, *rows = ([str(Outside(cell)) for cell in row] for row in (heads, *rows))
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, marks, *rows))


def to_html(frame: pd.DataFrame) -> str:
    """Return `frame` (without its index) as an HTML table with aligned columns."""
    rows, sides = _written(frame)
    lines = []
    for row, tag in zip(rows, ["th", *["td"] * len(frame)], strict=True):
        line = ""
        for cell, side in zip(row, sides, strict=True):
            # a narrow column would break a range or an interval within its brackets
            whole = RANGE.sub(lambda found: found[0].replace(" ", "\u00a0"), cell)
            line += f'<{tag} style="text-align:{side}">{html.escape(whole)}</{tag}>'
        lines.append(f"<tr>{line}</tr>")
    return f"<table><thead>{lines[0]}</thead><tbody>{''.join(lines[1:])}</tbody></table>"
