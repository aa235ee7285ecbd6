"""Figures of the reports' claims: every seed's value, the effect with its interval, all at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

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

from hwlib.plots.look import COLUMN_IN, GREEN, GREY, INK, ORANGE, WORDS, styled

Part = Mapping[str, Any]  # one measure of a claim, as in claims.json

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
def claim_values(parts: Sequence[Part], lang: str = "en") -> Figure:
    """Draw a claim's measures below one another: each seed's value by arm, and the effect.

    Where an arm's values are themselves the effects, the effect takes the whole width.

    Args:
        parts: measures as in claims.json, with `name`, `arms` (label -> `text` and `values`, one
            a seed, in `value_unit`), `effects` (one a seed), `effect`, `low`, `high` and `margin`
            in `unit`, `direction` and `verdict`.
        lang: language of the words.
    """
    names = [
        wrapped(part["name"][lang], WIDE_BREADTH if is_effect_alone(part) else NAME_BREADTH)
        for part in parts
    ]
    heights = [
        FRAME_IN + LINE_IN * (name.count("\n") + 1) + _rows_height(part, lang)
        for part, name in zip(parts, names, strict=True)
    ]
    fig = plt.figure(figsize=(COLUMN_IN, sum(heights)))
    grid = fig.add_gridspec(len(parts), 2, height_ratios=heights, width_ratios=(1.7, 1))
    for row, (part, name) in enumerate(zip(parts, names, strict=True)):
        if is_effect_alone(part):
            left = right = fig.add_subplot(grid[row, :])
        else:
            left, right = fig.add_subplot(grid[row, 0]), fig.add_subplot(grid[row, 1])
            _draw_values(left, part, lang)
        left.set_title(name, loc="left")
        right.set_title(WORDS[lang][f"verdict_{part['verdict']}"], loc="right")
        _draw_effect(right, part, lang)
    return fig


def is_effect_alone(part: Part) -> bool:
    """Whether the one arm's values are the effects themselves, so that to show both says no more.

    Args:
        part: a measure, as in claims.json.
    """
    values = [arm["values"] for arm in part["arms"].values()]
    return len(values) == 1 and np.allclose(values[0], part["effects"])


def _rows_height(part: Part, lang: str) -> float:
    """Return the height that the rows of a measure's panels take, in inches."""
    if is_effect_alone(part):
        return EFFECT_IN
    return sum(
        max(ARM_IN, 0.05 + LINE_IN * (name.count("\n") + 1)) for name in _arm_names(part, lang)
    )


def _arm_names(part: Part, lang: str) -> list[str]:
    return [wrapped(arm["text"][lang], ARM_BREADTH) for arm in part["arms"].values()]


def _draw_values(ax: Axes, part: Part, lang: str) -> None:
    """Draw a row of points an arm; a thin line joins what one seed gave."""
    values = np.array([arm["values"] for arm in part["arms"].values()], dtype=float)
    rows = np.arange(len(values))
    ax.plot(values, rows, color=GREY, linewidth=0.6, alpha=0.6, zorder=1)
    for row, own in zip(rows, values, strict=True):
        ax.plot(own, np.full(len(own), row), "o", color=INK, markersize=4.5, alpha=0.55)
        ax.plot(own.mean(), row, "|", color=INK, markersize=15, markeredgewidth=1.6)
    ax.set_yticks(rows, _arm_names(part, lang))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    label = part["value_unit"]
    if values.min() > 0 and values.max() > WIDE_RANGE * values.min():
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=6))
        ax.xaxis.set_minor_formatter(NullFormatter())
        label = label + WORDS[lang]["log_axis"] if label else WORDS[lang]["log_scale"]
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
    ax.set_xlabel(
        WORDS[lang]["effect"] + (WORDS[lang]["in_unit"].format(unit=unit) if unit else "")
    )


# ------------------------------------------------------------------------------- all claims


@styled
def claims_overview(claims: Mapping[str, Mapping[str, Any]], lang: str = "en") -> Figure:
    """Draw each claim's deciding measure, its effect in units of its margin, right as claimed.

    Of several measures with the claim's own verdict it is the one that speaks least for the claim.
    Measures of a difference stand in the upper panel, those of none in the lower one.

    Args:
        claims: by id, each with `verdict` and `parts`, as in claims.json; those without measures
            are left out.
        lang: language of the words.

    Raises:
        ValueError: no claim has a measure.
    """
    words = WORDS[lang]
    rows = [(id, deciding_part(decided)) for id, decided in claims.items() if decided.get("parts")]
    panels = [
        ("claims_differ", [row for row in rows if row[1]["direction"] != "equal"]),
        ("claims_equal", [row for row in rows if row[1]["direction"] == "equal"]),
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
    reach = 1.5 * max(LINEAR, *(abs(end) for _, part in rows for end in _in_margins(part)))
    for ax, (title, own) in zip(axes[:, 0], panels, strict=True):
        ax.set_title(words[title], loc="left")
        _draw_rows(ax, own, reach)
    axes[-1, 0].set_xlabel(words["in_margins"])
    _mark_verdicts(fig, [part["verdict"] for _, part in rows], words)
    return fig


def deciding_part(decided: Mapping[str, Any]) -> Part:
    """Return the measure, of those with the claim's verdict, that speaks least for the claim.

    Args:
        decided: one claim of claims.json, with `verdict` and `parts`.
    """
    own = [part for part in decided["parts"] if part["verdict"] == decided["verdict"]]
    return min(own, key=_strength)


def _strength(part: Part) -> float:
    """Return by how many margins the interval's weaker end lies within the claimed effects."""
    low, _, high = _in_margins(part)
    return 1 - max(-low, high) if part["direction"] == "equal" else low - 1


def _draw_rows(ax: Axes, rows: Sequence[tuple[str, Part]], reach: float) -> None:
    """Draw a row a measure over the band in which it holds."""
    is_equal = rows[0][1]["direction"] == "equal"
    ax.axvspan(-1 if is_equal else 1, 1 if is_equal else reach, color=GREEN, alpha=0.13, lw=0)
    ax.axvline(0, color=GREY, linewidth=0.9)
    for place, (_, part) in enumerate(rows):
        mark = MARKS[part["verdict"]]
        low, middle, high = _in_margins(part)
        ax.plot([low, high], [place, place], color=mark["color"], linewidth=1.8)
        ax.plot(middle, place, markersize=5.5, markeredgewidth=1.3, linestyle="none", **mark)
    ax.set_xscale("symlog", linthresh=LINEAR)
    ax.set_xlim(-reach, reach)
    powers = [power for n in range(1, 9) if (power := 10.0**n) < reach]
    ax.xaxis.set_major_locator(FixedLocator([*(-p for p in powers), -1, 0, 1, *powers]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(_number))
    ax.set_yticks(range(len(rows)), [name for name, _ in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)


def _in_margins(part: Part) -> tuple[float, float, float]:
    """Return interval and effect over the margin, turned so that the claimed side is the right."""
    sign = -1 if part["direction"] == "less" else 1
    ends = [sign * part[name] / part["margin"] for name in ("low", "effect", "high")]
    return tuple(sorted(ends))


def _mark_verdicts(fig: Figure, verdicts: Sequence[str], words: Mapping[str, str]) -> None:
    """Say which mark means which verdict, and what the band is."""
    marks = [
        Line2D([], [], linestyle="none", label=words[f"verdict_{name}"], **mark)
        for name, mark in MARKS.items()
        if name in verdicts
    ]
    band = Patch(facecolor=GREEN, alpha=0.13, label=words["claimed_band"])
    fig.legend(handles=[*marks, band], loc="outside upper center", ncols=len(marks) + 1)
