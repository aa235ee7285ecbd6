"""Figures of the reports' claims: every seed's value, the effect with its interval, all at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from hwlib.claims.statistics import is_effect_alone
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
NAME_LETTERS = {True: 50, False: 78}  # in a line of a measure's name, beside arms and without
ARM_LETTERS = 24  # and of an arm's
LINE_IN = 0.165  # height of a line of words
ARM_IN = 0.29  # height of an arm's row
EFFECT_IN = 0.36  # height of an effect that stands alone
FRAME_IN = 0.55  # height of a panel's ticks, label and gap
PAGE_IN = 8  # height that a page has room for: a higher figure would be printed smaller
WIDE_RANGE = 30  # values whose ratio is larger stand on a log axis
LINEAR = 2  # margins on either side of zero where the axis of all effects is linear


@styled
def claim_values(id: str, parts: Sequence[Part], lang: str = "en") -> Figure:
    """Draw a claim's measures below one another: each seed's value by arm, and the effect.

    A measure whose values are themselves the effects takes the whole width.

    Args:
        id: of the claim; the names of measures and arms are found under it.
        parts: measures as in claims.json, with `name`, `arms` (label -> `values`, one a seed, in
            `value_unit`), `beside` (real images' values, or None), `effects` (one a seed),
            `effect`, `low`, `high` and `margin` in `unit`, `direction`, `verdict` and `reason`, why
            the runs decide nothing, or None.
    """
    titles, rows, heights = [], [], []
    for part in parts:
        name = word(f"claims.{id}.parts.{part['name']}", lang)
        is_alone = is_effect_alone(part)
        titles.append(wrap(name, NAME_LETTERS[not is_alone]))
        arms = {} if is_alone else part["arms"]
        arms = {f"{id}.arms.{label}": arm for label, arm in arms.items()}
        if arms and (real := part["beside"]):
            arms[f"beside.{real['name']}"] = real | {"is_reference": False}
        names = [wrap(word(f"claims.{key}", lang), ARM_LETTERS) for key in arms]
        rows.append(dict(zip(map("\n".join, names), arms.values(), strict=True)))
        own = sum(max(ARM_IN, 0.05 + LINE_IN * len(lines)) for lines in names) or EFFECT_IN
        heights.append(FRAME_IN + LINE_IN * len(titles[-1]) + own)
    fig, axes = plt.subplot_mosaic(
        [[f"values{i}" if own else i, i] for i, own in enumerate(rows)],
        figsize=(style.COLUMN_IN, min(sum(heights), PAGE_IN)),
        height_ratios=heights,
        width_ratios=(1.7, 1),
    )
    for i, (part, title, own) in enumerate(zip(parts, titles, rows, strict=True)):
        left, right = axes.get(f"values{i}", axes[i]), axes[i]
        if own:
            _draw_values(left, own, part["value_unit"], lang)
        left.set_title("\n".join(title), loc="left")
        verdict = "claims_unsound" if part["reason"] else f"verdict_{part['verdict']}"
        right.set_title(words(verdict, lang), loc="right")
        _draw_effect(right, part, lang)
    return fig


def _name_rows(ax: Axes, names: Sequence[str]) -> None:
    """Set names beside rows, from the top down."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)


def _draw_values(ax: Axes, rows: Mapping[str, Mapping], unit: str, lang: str) -> None:
    """Draw a row of points an arm; a thin line joins what one seed gave in those compared."""
    values = np.array([arm["values"] for arm in rows.values()])
    is_reference = np.array([arm["is_reference"] for arm in rows.values()])
    compared = np.flatnonzero(~is_reference)
    ax.plot(values[compared], compared, color=style.GREY, linewidth=0.6, alpha=0.6, zorder=1)
    for place, own in enumerate(values):
        color = style.GREY if is_reference[place] else style.INK
        ax.plot(own, np.full(len(own), place), "o", color=color, markersize=4.5, alpha=0.55)
        ax.plot(own.mean(), place, "|", color=color, markersize=15, markeredgewidth=1.6)
    _name_rows(ax, [*rows])
    ax.grid(visible=False, axis="y")
    if values.min() > 0 and values.max() > WIDE_RANGE * values.min():
        use_log_scale(ax, "x", num_ticks=6)
        unit = unit + words("log_axis", lang) if unit else words("log_scale", lang)
    else:
        ax.margins(x=0.12)
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.xaxis.set_major_formatter(plain_number)
    ax.set_xlabel(unit)


def _draw_interval(ax: Axes, place: int, part: Mapping[str, Any], **look: Any) -> None:
    """Draw an effect with its interval and the mark of its verdict."""
    ends = [[part["effect"] - part["low"]], [part["high"] - part["effect"]]]
    ax.errorbar(
        part["effect"], place, xerr=ends, linestyle="none", **MARKS[part["verdict"]], **look
    )


def _draw_effect(ax: Axes, part: Part, lang: str) -> None:
    """Draw the interval of the mean effect over the band that bears the measure out."""
    margin, effects = part["margin"], part["effects"]
    band = {"greater": (margin, np.inf), "less": (-np.inf, -margin), "equal": (-margin, margin)}
    claimed = np.array(band[part["direction"]])
    ends = [part["low"], part["high"], *effects, *claimed[np.isfinite(claimed)], 0.0]
    room = 0.1 * np.ptp(ends) or 1.0
    limits = min(ends) - room, max(ends) + room
    ax.axvspan(*np.clip(claimed, *limits), **BAND)
    ax.axvline(0, color=style.GREY, linewidth=0.9)
    _draw_interval(ax, 0, part, elinewidth=2.2, markersize=8, markeredgewidth=1.6)
    ax.plot(effects, np.full(len(effects), 0.55), "o", color=style.INK, markersize=3, alpha=0.55)
    ax.set(xlim=limits, ylim=(1, -1))
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

    Claims of a difference are above, claims of no difference below. A row has the claim's id, its
    verdict ("supported", "contradicted" or "undecided"), whether no difference is claimed, and the
    interval's low end, mean effect and high end. Without a row it raises ValueError.
    """
    if not rows:
        raise ValueError("no claim has a measure to draw")
    table = pd.DataFrame(rows, columns=["id", "verdict", "is_equal", "low", "effect", "high"])
    panels = table.groupby("is_equal")
    heights = FRAME_IN + 0.19 * panels.size()
    size = (style.COLUMN_IN, heights.sum() + 0.35)
    layout = {"figsize": size, "sharex": True, "height_ratios": heights}
    fig, axes = plt.subplots(len(panels), squeeze=False, **layout)
    # one axis for all: far enough for the outermost interval, with some room
    reach = 1.5 * max(LINEAR, table[["low", "high"]].abs().max(axis=None))
    powers = 10.0 ** np.arange(1, np.ceil(np.log10(reach)))
    for ax, (is_equal, panel) in zip(axes[:, 0], panels, strict=True):
        ax.set_title(words("claims_equal" if is_equal else "claims_differ", lang), loc="left")
        band = (-1, 1) if is_equal else (1, reach)
        ax.axvspan(*band, label=words("claimed_band", lang), **BAND)
        ax.axvline(0, color=style.GREY, linewidth=0.9)
        for place, row in enumerate(panel.to_dict("records")):
            label = words(f"verdict_{row['verdict']}", lang)
            look = {"elinewidth": 1.8, "markersize": 5.5, "markeredgewidth": 1.3}
            _draw_interval(ax, place, row, label=label, **look)
        ax.set_xscale("symlog", linthresh=LINEAR)
        ax.set_xlim(-reach, reach)
        ax.xaxis.set_major_locator(FixedLocator([*-powers, -1, 0, 1, *powers]))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(plain_number)
        _name_rows(ax, panel["id"])
    axes[-1, 0].set_xlabel(words("in_margins", lang))
    named = {
        label: handle
        for ax in axes[:, 0]
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    order = [*(words(f"verdict_{name}", lang) for name in MARKS), words("claimed_band", lang)]
    order = [label for label in order if label in named]
    fig.legend([named[label] for label in order], order, loc="outside upper center", ncols=4)
    return fig
