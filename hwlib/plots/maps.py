"""Maps and bars of attributes: what a switch changes, what a code means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from hwlib.plots.look import (
    BLUE,
    COLUMN_IN,
    INK,
    ORANGE,
    PALETTE,
    attribute_name,
    short_name,
    styled,
    words,
)

MAX_ATTRIBUTES = 14  # columns of a map that a page has room for
MAX_BARS, MIN_BARS = 12, 5
NO_BAR = 0.005  # nats; what is shorter would be written as 0.00
MINUS = "\N{MINUS SIGN}"
NONE = "–"

# Blue is less, white is none, orange is more: told apart with every common colour blindness.
_BLUE_TO_ORANGE = LinearSegmentedColormap.from_list("signed", [BLUE, "white", ORANGE])
SIGNED = _BLUE_TO_ORANGE.with_extremes(bad="#F0F0F0")
RATE = LinearSegmentedColormap.from_list("rate", ["white", "#7FB8D8", BLUE])


def _heat_map(
    ax: Axes,
    values: np.ndarray,
    *,
    colours: LinearSegmentedColormap,
    limits: tuple[float, float],
    write: str,
) -> None:
    """Draw values (rows, columns) as coloured cells with their numbers; NaN is a pale cell."""
    ax.imshow(values, cmap=colours, vmin=limits[0], vmax=limits[1], aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        red, green, blue, _ = colours((value - limits[0]) / (limits[1] - limits[0]))
        is_dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 and not np.isnan(value)
        text = NONE if np.isnan(value) else write.format(value).replace("-", MINUS)
        text = "0" if text in ("+0", MINUS + "0") else text
        colour = "white" if is_dark else INK
        ax.text(column, row, text, ha="center", va="center", fontsize=6.8, color=colour)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    # thin white lines between the cells
    ax.set_xticks(np.arange(values.shape[1] - 1) + 0.5, minor=True)
    ax.set_yticks(np.arange(values.shape[0] - 1) + 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=1.2)
    ax.tick_params(which="minor", length=0)


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
    height = 0.26 * len(rows)
    size = (COLUMN_IN, 2 * height + 1.75)
    fig, axes = plt.subplots(2, 1, figsize=size, sharex=True)
    for ax, one, title in (
        (axes[0], changes, "leakage_samples"),
        (axes[1], changes_real, "leakage_real"),
    ):
        cells = [[one.get(row, {}).get(name, np.nan) for name in columns] for row in rows]
        values = 100 * np.array(cells)
        _heat_map(ax, values, colours=SIGNED, limits=(-100, 100), write="{:+.0f}")
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
    fig, ax = plt.subplots(figsize=(COLUMN_IN, 0.24 * len(order) + 0.6))
    _heat_map(ax, values, colours=RATE, limits=(0, 100), write="{:.0f}")
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
    height = 0.7 + len(names) * (0.14 + 0.1 * len(nats))
    fig, ax = plt.subplots(figsize=(COLUMN_IN, height))
    places = np.arange(len(names))
    for i, one in enumerate(nats):
        lengths = [max(one[name], 0.0) for name in names]
        offset = places + (i - (len(nats) - 1) / 2) * thickness
        label = words("code", lang, code=i + 1)
        bars = ax.barh(offset, lengths, thickness * 0.9, color=PALETTE[i], label=label)
        written = [f"{length:.2f}" for length in lengths]
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # over the line of `least`
        ax.bar_label(bars, written, padding=2, fontsize=6.8, bbox=paper)
    ax.set_yticks(places, [attribute_name(name, lang) for name in names])
    ax.invert_yaxis()
    ax.set_xlim(0, max(1.12 * most[names[0]], 0.05, 1.3 * (least or 0)))
    if least is not None:
        label = words("least_nats", lang, least=f"{least:.2g}")
        ax.axvline(least, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0, label=label)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(words("nats", lang))
    if len(nats) > 1 or least is not None:
        ax.legend(loc="lower right")
    return fig
