"""Figures of the reports' claims: every seed's value, the effect with its interval, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from hwlib.plots import style
from hwlib.plots.style import plain_number, styled, use_log_scale, words
from hwlib.text import word, wrap

Part = Mapping[str, Any]  # one measure of a claim, as in claims.json

# Colour and shape of a verdict: no verdict is told by colour alone.
MARKS = {
    "supported": {"color": style.GREEN, "marker": "o"},
    "contradicted": {"color": style.ORANGE, "marker": "s"},
    "undecided": {"color": style.GREY, "marker": "D", "markerfacecolor": "white"},
}
BAND = {"facecolor": style.GREEN, "alpha": 0.13, "linewidth": 0}  # where a claim holds
NAME_LETTERS = 50  # in a line of a measure's name
WIDE_LETTERS = 78  # the same over the whole width
ARM_LETTERS = 24  # and of an arm's
LINE_IN = 0.165  # height of a line of words
ARM_IN = 0.29  # height of an arm's row
EFFECT_IN = 0.36  # height of an effect that stands alone
FRAME_IN = 0.55  # height of a panel's ticks, label and gap
PAGE_IN = 8  # height that a page has room for: a higher figure would be printed smaller
WIDE_RANGE = 30  # values whose ratio is larger stand on a log axis
LINEAR = 2  # margins on either side of zero where the axis of all effects is linear


class ValueRow(NamedTuple):
    """A row of points: an arm's values, or those of real images.

    Attributes:
        lines: what stands at the row.
        values: one a seed.
        is_compared: whether the values enter the effect; others only stand beside.
    """

    lines: list[str]
    values: Sequence[float]
    is_compared: bool

    @property
    def height(self) -> float:
        """The height that the row takes, in inches."""
        return max(ARM_IN, 0.05 + LINE_IN * len(self.lines))


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
    """
    names, rows, heights = [], [], []
    for part in parts:
        room = NAME_LETTERS if part["arms"] else WIDE_LETTERS
        names.append(wrap(word(f"claims.{id}.parts.{part['name']}", lang), room))
        rows.append(_value_rows(id, part, lang))
        own = sum(row.height for row in rows[-1]) or EFFECT_IN
        heights.append(FRAME_IN + LINE_IN * len(names[-1]) + own)
    fig = plt.figure(figsize=(style.COLUMN_IN, min(sum(heights), PAGE_IN)))
    grid = fig.add_gridspec(len(parts), 2, height_ratios=heights, width_ratios=(1.7, 1))
    for place, (part, name, own) in enumerate(zip(parts, names, rows, strict=True)):
        if own:
            left, right = fig.add_subplot(grid[place, 0]), fig.add_subplot(grid[place, 1])
            _draw_values(left, own, part["value_unit"], lang)
        else:
            left = right = fig.add_subplot(grid[place, :])
        left.set_title("\n".join(name), loc="left")
        verdict = "claims_unsound" if part["reason"] else f"verdict_{part['verdict']}"
        right.set_title(words(verdict, lang), loc="right")
        _draw_effect(right, part, lang)
    return fig


def _value_rows(id: str, part: Part, lang: str) -> list[ValueRow]:
    """Return the rows of a measure: its arms, those shown for comparison, real images."""
    rows = [
        (f"{id}.arms.{label}", arm["values"], not arm["is_reference"])
        for label, arm in part["arms"].items()
    ]
    if rows and (real := part["beside"]):
        rows.append((f"beside.{real['name']}", real["values"], True))
    return [ValueRow(wrap(word(f"claims.{key}", lang), ARM_LETTERS), *row) for key, *row in rows]


def _name_rows(ax: Axes, names: Sequence[str]) -> None:
    """Set names beside rows, from the top down."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)


def _draw_values(ax: Axes, rows: Sequence[ValueRow], unit: str, lang: str) -> None:
    """Draw a row of points an arm; a thin line joins what one seed gave in those compared."""
    values = np.array([row.values for row in rows], dtype=float)
    compared = [place for place, row in enumerate(rows) if row.is_compared]
    ax.plot(values[compared], compared, color=style.GREY, linewidth=0.6, alpha=0.6, zorder=1)
    for place, (row, own) in enumerate(zip(rows, values, strict=True)):
        color = style.INK if row.is_compared else style.GREY
        ax.plot(own, np.full(len(own), place), "o", color=color, markersize=4.5, alpha=0.55)
        ax.plot(own.mean(), place, "|", color=color, markersize=15, markeredgewidth=1.6)
    _name_rows(ax, ["\n".join(row.lines) for row in rows])
    ax.grid(visible=False, axis="y")
    if values.min() > 0 and values.max() > WIDE_RANGE * values.min():
        use_log_scale(ax, "x", num_ticks=6)
        unit = unit + words("log_axis", lang) if unit else words("log_scale", lang)
    else:
        ax.margins(x=0.12)
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.xaxis.set_major_formatter(plain_number)
    ax.set_xlabel(unit)


def _draw_effect(ax: Axes, part: Part, lang: str) -> None:
    """Draw the interval of the mean effect over the band that bears the measure out."""
    mark, margin, effects = MARKS[part["verdict"]], part["margin"], part["effects"]
    band = {"greater": (margin, np.inf), "less": (-np.inf, -margin), "equal": (-margin, margin)}
    claimed = np.array(band[part["direction"]])
    ends = [part["low"], part["high"], *effects, *claimed[np.isfinite(claimed)], 0.0]
    low, high = min(ends), max(ends)
    room = 0.1 * (high - low) or 1.0
    ax.set_xlim(low - room, high + room)
    ax.axvspan(*np.clip(claimed, low - room, high + room), **BAND)
    ax.axvline(0, color=style.GREY, linewidth=0.9)
    ax.plot([part["low"], part["high"]], [0, 0], color=mark["color"], linewidth=2.2)
    ax.plot(part["effect"], 0, markersize=8, markeredgewidth=1.6, linestyle="none", **mark)
    ax.plot(effects, np.full(len(effects), 0.55), "o", color=style.INK, markersize=3, alpha=0.55)
    ax.set_ylim(1, -1)
    ax.yaxis.set_major_locator(NullLocator())
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.xaxis.set_major_formatter(plain_number)
    unit = part["unit"]
    ax.set_xlabel(words("effect", lang) + (words("in_unit", lang, unit=unit) if unit else ""))


# ------------------------------------------------------------------------------- all claims


@styled
def claims_overview(rows: Sequence[tuple], lang: str = "en") -> Figure:
    """Draw each claim's deciding measure, its effect in units of its margin, right as claimed.

    Claims of a difference are above, claims of no difference below.

    Args:
        rows: of each claim its id, its verdict ("supported", "contradicted" or "undecided"),
            whether no difference is claimed, and the interval's low end, mean effect and high end.

    Raises:
        ValueError: there is no row.
    """
    if not rows:
        raise ValueError("no claim has a measure to draw")
    panels = {kind: [row for row in rows if row[2] == kind] for kind in (False, True)}
    panels = {kind: panel for kind, panel in panels.items() if panel}
    heights = [FRAME_IN + 0.19 * len(panel) for panel in panels.values()]
    fig, axes = plt.subplots(
        len(panels),
        1,
        figsize=(style.COLUMN_IN, sum(heights) + 0.35),
        squeeze=False,
        sharex=True,
        gridspec_kw={"height_ratios": heights},
    )
    # one axis for all: far enough for the outermost interval, with some room
    reach = 1.5 * max(LINEAR, *(abs(end) for *_, low, _, high in rows for end in (low, high)))
    for ax, (is_equal, panel) in zip(axes[:, 0], panels.items(), strict=True):
        ax.set_title(words("claims_equal" if is_equal else "claims_differ", lang), loc="left")
        ax.axvspan(*((-1, 1) if is_equal else (1, reach)), **BAND)
        _draw_rows(ax, panel, reach)
    axes[-1, 0].set_xlabel(words("in_margins", lang))
    given = {verdict for _, verdict, *_ in rows}
    handles = [
        Line2D([], [], linestyle="none", label=words(f"verdict_{name}", lang), **mark)
        for name, mark in MARKS.items()
        if name in given
    ]
    handles.append(Patch(label=words("claimed_band", lang), **BAND))
    fig.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return fig


def _draw_rows(ax: Axes, rows: Sequence[tuple], reach: float) -> None:
    """Draw a row a measure."""
    ax.axvline(0, color=style.GREY, linewidth=0.9)
    for place, (_, verdict, _, low, effect, high) in enumerate(rows):
        mark = MARKS[verdict]
        ax.plot([low, high], [place, place], color=mark["color"], linewidth=1.8)
        ax.plot(effect, place, markersize=5.5, markeredgewidth=1.3, linestyle="none", **mark)
    ax.set_xscale("symlog", linthresh=LINEAR)
    ax.set_xlim(-reach, reach)
    powers = [power for n in range(1, 9) if (power := 10.0**n) < reach]
    ax.xaxis.set_major_locator(FixedLocator([*(-p for p in powers), -1, 0, 1, *powers]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(plain_number)
    _name_rows(ax, [id for id, *_ in rows])
