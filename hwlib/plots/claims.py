"""Figures of the reports' claims: every seed's value, the effect with its interval, all at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)

from hwlib.plots.look import COLUMN_IN, GREEN, GREY, INK, ORANGE, styled, words
from hwlib.text import word

Part = Mapping[str, Any]  # one measure of a claim, as in claims.json


class Row(NamedTuple):
    """What the overview draws of a claim: its deciding measure, in units of its margin.

    Attributes:
        id: of the claim.
        verdict: "supported", "contradicted" or "undecided".
        is_equal: whether no difference is claimed.
        low: lower end of the interval, the claimed side to the right.
        effect: the mean effect.
        high: upper end.
    """

    id: str
    verdict: str
    is_equal: bool
    low: float
    effect: float
    high: float


# Colour and shape of a verdict: no verdict is told by colour alone.
MARKS = {
    "supported": {"color": GREEN, "marker": "o"},
    "contradicted": {"color": ORANGE, "marker": "s"},
    "undecided": {"color": GREY, "marker": "D", "markerfacecolor": "white"},
}
NAME_BREADTH = 50  # Latin letters in a line of a measure's name
WIDE_BREADTH = 78  # the same over the whole width
ARM_BREADTH = 24  # and of an arm's
LINE_IN = 0.165  # height of a line of words
ARM_IN = 0.29  # height of an arm's row
EFFECT_IN = 0.36  # height of an effect that stands alone
FRAME_IN = 0.55  # height of a panel's ticks, label and gap
PAGE_IN = 8  # height that a page has room for: a higher figure would be printed smaller
WIDE_RANGE = 30  # values whose ratio is larger stand on a log axis
LINEAR = 2  # margins on either side of zero where the axis of all effects is linear
# An interval such as [0, 1] and λ = 1 are one piece, a Latin word too, a Chinese character each.
PIECE = re.compile(r"\[[^\]]*\][^\s\u2e80-\uffff]*|λ = [\d.]+|[^\s\u2e80-\uffff]+|[\u2e80-\uffff]")


def _breadth(text: str) -> int:
    """Return how many Latin letters `text` is wide: a Chinese character counts two."""
    return sum(2 if c >= "\u2e80" else 1 for c in text)


def wrapped(text: str, breadth: int) -> str:
    """Break `text` into lines no wider than `breadth` Latin letters where its words allow it."""
    lines = [""]
    for piece in PIECE.finditer(text):
        gap = " " if text[: piece.start()].endswith(" ") and lines[-1] else ""
        # a full stop or a comma never begins a line
        if (
            not lines[-1]
            or piece[0] in "，。；：、）」"
            or (_breadth(lines[-1] + gap + piece[0]) <= breadth)
        ):
            lines[-1] += gap + piece[0]
        else:
            lines.append(piece[0])
    return "\n".join(lines)


def _number(value: float, _: Any = None) -> str:
    return f"{value:,.6g}".replace("-", "−")


def _claimed(part: Part) -> tuple[float, float]:
    """Return the effects that bear a measure out: from where, to where."""
    margin = part["margin"]
    return {
        "greater": (margin, np.inf),
        "less": (-np.inf, -margin),
        "equal": (-margin, margin),
    }[part["direction"]]


@styled
def claim_values(id: str, parts: Sequence[Part], lang: str = "en") -> Figure:
    """Draw a claim's measures below one another: each seed's value by arm, and the effect.

    A measure without `arms`, whose values are themselves the effects, takes the whole width.

    Args:
        id: of the claim; the names of measures and arms are found under it.
        parts: measures as in claims.json, with `name`, `arms` (label -> `values`, one a seed, in
            `value_unit`), `beside` (real images' values, or None), `effects` (one a seed),
            `effect`, `low`, `high` and `margin` in `unit`, `direction`, `verdict` and `reason`, why
            the runs decide nothing, or None.
        lang: language of the words.
    """
    names = [
        wrapped(
            word(f"claims.{id}.parts.{part['name']}", lang),
            NAME_BREADTH if part["arms"] else WIDE_BREADTH,
        )
        for part in parts
    ]
    rows = [_value_rows(id, part, lang) for part in parts]
    heights = [
        FRAME_IN + LINE_IN * (name.count("\n") + 1) + _rows_height(own)
        for name, own in zip(names, rows, strict=True)
    ]
    fig = plt.figure(figsize=(COLUMN_IN, min(sum(heights), PAGE_IN)))
    grid = fig.add_gridspec(len(parts), 2, height_ratios=heights, width_ratios=(1.7, 1))
    for row, (part, name, own) in enumerate(zip(parts, names, rows, strict=True)):
        if own:
            left, right = fig.add_subplot(grid[row, 0]), fig.add_subplot(grid[row, 1])
            _draw_values(left, own, part["value_unit"], lang)
        else:
            left = right = fig.add_subplot(grid[row, :])
        left.set_title(name, loc="left")
        verdict = "claims_unsound" if part["reason"] else f"verdict_{part['verdict']}"
        right.set_title(words(verdict, lang), loc="right")
        _draw_effect(right, part, lang)
    return fig


class ValueRow(NamedTuple):
    """A row of points: an arm's values, or those of real images.

    Attributes:
        name: what stands at the row, in lines.
        values: one a seed.
        is_compared: whether the values enter the effect; others only stand beside.
    """

    name: str
    values: Sequence[float]
    is_compared: bool


def _value_rows(id: str, part: Part, lang: str) -> list[ValueRow]:
    """Return the rows of a measure: its arms, those shown for comparison, real images."""
    rows = [
        ValueRow(
            wrapped(word(f"claims.{id}.arms.{label}", lang), ARM_BREADTH),
            arm["values"],
            not arm["is_reference"],
        )
        for label, arm in part["arms"].items()
    ]
    if part["arms"] and (real := part["beside"]):
        name = wrapped(word(f"claims.beside.{real['name']}", lang), ARM_BREADTH)
        rows.append(ValueRow(name, real["values"], True))
    return rows


def _rows_height(rows: Sequence[ValueRow]) -> float:
    """Return the height that the rows of a measure's panels take, in inches."""
    if not rows:
        return EFFECT_IN
    return sum(max(ARM_IN, 0.05 + LINE_IN * (row.name.count("\n") + 1)) for row in rows)


def _draw_values(ax: Axes, rows: Sequence[ValueRow], unit: str, lang: str) -> None:
    """Draw a row of points an arm; a thin line joins what one seed gave in those compared."""
    values = np.array([row.values for row in rows], dtype=float)
    places = np.arange(len(rows))
    compared = [place for place, row in enumerate(rows) if row.is_compared]
    ax.plot(values[compared], compared, color=GREY, linewidth=0.6, alpha=0.6, zorder=1)
    for place, row, own in zip(places, rows, values, strict=True):
        color = INK if row.is_compared else GREY
        ax.plot(own, np.full(len(own), place), "o", color=color, markersize=4.5, alpha=0.55)
        ax.plot(own.mean(), place, "|", color=color, markersize=15, markeredgewidth=1.6)
    ax.set_yticks(places, [row.name for row in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    label = unit
    if values.min() > 0 and values.max() > WIDE_RANGE * values.min():
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=6))
        ax.xaxis.set_minor_formatter(NullFormatter())
        label = label + words("log_axis", lang) if label else words("log_scale", lang)
    else:
        ax.margins(x=0.12)
        ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.xaxis.set_major_formatter(FuncFormatter(_number))
    if label:
        ax.set_xlabel(label)


def _draw_effect(ax: Axes, part: Part, lang: str) -> None:
    """Draw the interval of the mean effect over the band that bears the measure out."""
    mark, margin = MARKS[part["verdict"]], part["margin"]
    sides = {"greater": [margin], "less": [-margin], "equal": [margin, -margin]}
    ends = [part["low"], part["high"], *part["effects"], *sides[part["direction"]], 0.0]
    low, high = min(ends), max(ends)
    room = 0.1 * (high - low) or 1.0
    ax.set_xlim(low - room, high + room)
    start, end = np.clip(_claimed(part), low - room, high + room)
    ax.axvspan(start, end, color=GREEN, alpha=0.13, linewidth=0)
    ax.axvline(0, color=GREY, linewidth=0.9)
    ax.plot([part["low"], part["high"]], [0, 0], color=mark["color"], linewidth=2.2)
    ax.plot(part["effect"], 0, markersize=8, markeredgewidth=1.6, linestyle="none", **mark)
    effects = part["effects"]
    ax.plot(effects, np.full(len(effects), 0.55), "o", color=INK, markersize=3, alpha=0.55)
    ax.set_ylim(1, -1)
    ax.yaxis.set_major_locator(NullLocator())
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.xaxis.set_major_formatter(FuncFormatter(_number))
    unit = part["unit"]
    ax.set_xlabel(words("effect", lang) + (words("in_unit", lang, unit=unit) if unit else ""))


# ------------------------------------------------------------------------------- all claims


@styled
def claims_overview(rows: Sequence[tuple], lang: str = "en") -> Figure:
    """Draw each claim's deciding measure, its effect in units of its margin, right as claimed.

    Claims of a difference are above, claims of no difference below.

    Args:
        rows: a row a claim, as `Row` has it.
        lang: language of the words.

    Raises:
        ValueError: there is no row.
    """
    rows = [Row(*row) for row in rows]
    panels = [
        ("claims_differ", [row for row in rows if not row.is_equal]),
        ("claims_equal", [row for row in rows if row.is_equal]),
    ]
    panels = [(title, own) for title, own in panels if own]
    if not panels:
        raise ValueError("no claim has a measure to draw")
    heights = [FRAME_IN + 0.19 * len(own) for _, own in panels]
    fig, axes = plt.subplots(
        len(panels),
        1,
        figsize=(COLUMN_IN, sum(heights) + 0.35),
        squeeze=False,
        sharex=True,
        gridspec_kw={"height_ratios": heights},
    )
    # one axis for all: far enough for the outermost interval, with some room
    reach = 1.5 * max(LINEAR, *(abs(end) for row in rows for end in (row.low, row.high)))
    for ax, (title, own) in zip(axes[:, 0], panels, strict=True):
        ax.set_title(words(title, lang), loc="left")
        _draw_rows(ax, own, reach)
    axes[-1, 0].set_xlabel(words("in_margins", lang))
    _mark_verdicts(fig, [row.verdict for row in rows], lang)
    return fig


def _draw_rows(ax: Axes, rows: Sequence[Row], reach: float) -> None:
    """Draw a row a measure over the band in which it holds."""
    is_equal = rows[0].is_equal
    ax.axvspan(-1 if is_equal else 1, 1 if is_equal else reach, color=GREEN, alpha=0.13, lw=0)
    ax.axvline(0, color=GREY, linewidth=0.9)
    for place, row in enumerate(rows):
        mark = MARKS[row.verdict]
        ax.plot([row.low, row.high], [place, place], color=mark["color"], linewidth=1.8)
        ax.plot(row.effect, place, markersize=5.5, markeredgewidth=1.3, linestyle="none", **mark)
    ax.set_xscale("symlog", linthresh=LINEAR)
    ax.set_xlim(-reach, reach)
    powers = [power for n in range(1, 9) if (power := 10.0**n) < reach]
    ax.xaxis.set_major_locator(FixedLocator([*(-p for p in powers), -1, 0, 1, *powers]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(_number))
    ax.set_yticks(range(len(rows)), [row.id for row in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)


def _mark_verdicts(fig: Figure, verdicts: Sequence[str], lang: str) -> None:
    """Say which mark means which verdict, and what the band is."""
    marks = [
        Line2D([], [], linestyle="none", label=words(f"verdict_{name}", lang), **mark)
        for name, mark in MARKS.items()
        if name in verdicts
    ]
    band = Patch(facecolor=GREEN, alpha=0.13, label=words("claimed_band", lang))
    fig.legend(handles=[*marks, band], loc="outside upper center", ncols=len(marks) + 1)
