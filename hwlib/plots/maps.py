"""Maps and bars of attributes: what a switch changes, what a code means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from hwlib.plots.look import (
    COLUMN_IN,
    HIGHEST_IN,
    INK,
    PALETTE,
    attribute_name,
    short_name,
    styled,
    words,
)

MAX_ATTRIBUTES = 14  # columns of a map that a page has room for
MAX_BARS, MIN_BARS = 10, 5
NO_BAR = 0.005  # nats; what is shorter would be written as 0.00
MINUS = "\N{MINUS SIGN}"
NONE = "–"

# Blue is less, orange is more: told apart with every common colour blindness. They are not quite
# the figures' own, so that they stay as they are on a dark page, and so do the words on them.
LESS, MORE, ON_COLOUR = "#0072B3", "#D55E01", "#FEFEFE"
COVERED = 0.6  # a cell that is more opaque than this has light words on it
CELL = 0.94  # side of a cell, of the room that it has
MAX_HEIGHT_OF_ROW = 0.26  # inches


def _heat_map(ax: Axes, values: np.ndarray, *, most: float, write: str) -> None:
    """Draw values (rows, columns) as cells the more opaque the larger they are, with their numbers.

    Args:
        ax: axes to draw on.
        values: NaN is an empty cell.
        most: the size that is drawn opaque.
        write: format of the numbers.
    """
    for (row, column), value in np.ndenumerate(values):
        is_known = not np.isnan(value)
        share = min(abs(value) / most, 1.0) if is_known else 0.0
        corner = (column - CELL / 2, row - CELL / 2)
        colour = to_rgba(LESS if value < 0 or "+" not in write else MORE, share)
        ax.add_patch(Rectangle(corner, CELL, CELL, facecolor=colour, linewidth=0))
        text = write.format(value).replace("-", MINUS) if is_known else NONE
        text = "0" if text in ("+0", MINUS + "0") else text
        colour = ON_COLOUR if share > COVERED else INK
        ax.text(column, row, text, ha="center", va="center", fontsize=7.5, color=colour)
    ax.set_xlim(-0.5, values.shape[1] - 0.5)
    ax.set_ylim(values.shape[0] - 0.5, -0.5)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


def _most_changed(changes: Sequence[Mapping[str, Mapping[str, float]]]) -> list[str]:
    """Return the attributes to show, in the data's order: the switched, then the most changed."""
    switched, names = list(changes[0]), list(next(iter(changes[0].values())))
    size = {
        name: max(abs(row.get(name, 0.0)) for one in changes for row in one.values())
        for name in names
    }
    ranked = sorted(names, key=lambda name: (name not in switched, -size[name]))
    chosen = set(ranked[:MAX_ATTRIBUTES])
    return [name for name in names if name in chosen]


@styled
def leakage(
    changes: Mapping[str, Mapping[str, float]],
    changes_real: Mapping[str, Mapping[str, float]],
    lang: str = "en",
) -> Figure:
    """Draw what else changes when an attribute is switched, and how real pictures differ.

    Args:
        changes: {switched: {attribute: change of its rate among samples, on minus off}}.
        changes_real: the same of real pictures, with the attribute minus without it; a row or a
            column that is missing stays empty.
        lang: language of the words.
    """
    columns = _most_changed([changes, changes_real])
    rows = list(changes)
    height = min(MAX_HEIGHT_OF_ROW, (HIGHEST_IN - 1.5) / 2 / len(rows))
    size = (COLUMN_IN, 2 * len(rows) * max(height, 0.17) + 1.5)
    fig, axes = plt.subplots(2, 1, figsize=size, sharex=True)
    for ax, one, title in (
        (axes[0], changes, "leakage_samples"),
        (axes[1], changes_real, "leakage_real"),
    ):
        cells = [[one.get(row, {}).get(name, np.nan) for name in columns] for row in rows]
        values = 100 * np.array(cells)
        _heat_map(ax, values, most=100, write="{:+.0f}")
        unit = words("in_unit", lang, unit=words("points", lang))
        ax.set_title(words(title, lang) + unit, loc="left")
        ax.set_yticks(range(len(rows)), [short_name(name, lang) for name in rows])
    names = [short_name(name, lang) for name in columns]
    axes[1].set_xticks(range(len(columns)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes[0].tick_params(labelbottom=False)
    return fig


@styled
def code_attributes(
    meaning: Sequence[Mapping[str, float]], code: int = 1, lang: str = "en"
) -> Figure:
    """Draw how common each attribute is among the samples of each value of a code.

    Args:
        meaning: a dict a value of the code: {attribute: rate among its samples}.
        code: which code, counted from 1.
        lang: language of the words.
    """
    names = list(meaning[0])
    rates = np.array([[one[name] for one in meaning] for name in names])  # (attributes, values)
    order = np.argsort(-np.ptp(rates, axis=1), kind="stable")[:MAX_ATTRIBUTES]
    values = 100 * np.column_stack([rates[order], rates[order].mean(1)])
    fig, ax = plt.subplots(figsize=(COLUMN_IN, 0.2 * len(order) + 0.6))
    _heat_map(ax, values, most=100, write="{:.0f}")
    ax.set_yticks(range(len(order)), [attribute_name(names[i], lang) for i in order])
    ax.set_xticks(
        range(values.shape[1]), [*map(str, range(values.shape[1] - 1)), words("mean", lang)]
    )
    ax.axvline(values.shape[1] - 1.5, color=INK, linewidth=0.8)
    ax.set_xlabel(words("code_value", lang, code=code))
    return fig


@styled
def code_nats(
    nats: Sequence[Mapping[str, float]], lang: str = "en", *, least: float | None = None
) -> Figure:
    """Draw what each code tells about attributes or factors, as bars, most told first.

    Args:
        nats: a dict a code: {attribute or factor: mutual information in nats}.
        lang: language of the words.
        least: nats below which a bar counts as none, as a line; None draws none.
    """
    most = {name: max(one[name] for one in nats) for name in nats[0]}
    names = sorted(most, key=lambda name: -most[name])[:MAX_BARS]
    names = [name for i, name in enumerate(names) if i < MIN_BARS or most[name] >= NO_BAR]
    thickness = 0.8 / len(nats)
    height = 0.65 + len(names) * (0.11 + 0.085 * len(nats))
    fig, ax = plt.subplots(figsize=(COLUMN_IN, height))
    places = np.arange(len(names))
    for i, one in enumerate(nats):
        lengths = [max(one[name], 0.0) for name in names]
        offset = places + (i - (len(nats) - 1) / 2) * thickness
        label = words("code", lang, code=i + 1)
        bars = ax.barh(offset, lengths, thickness * 0.9, color=PALETTE[i], label=label)
        written = [f"{length:.2f}" for length in lengths]
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # over the line of `least`
        ax.bar_label(bars, written, padding=2, fontsize=7.5, bbox=paper)
    ax.set_yticks(places, [attribute_name(name, lang) for name in names])
    ax.invert_yaxis()
    ax.set_xlim(0, max(1.12 * most[names[0]], 0.05, 1.3 * (least or 0)))
    if least is not None:
        label = words("least_nats", lang, least=f"{least:.2g}")
        ax.axvline(least, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=3, label=label)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(words("nats", lang))
    if len(nats) > 1 or least is not None:
        ax.legend(loc="lower right")
    return fig
