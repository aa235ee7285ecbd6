"""The KL study's numbers over the weight, and what a reconstruction costs in code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from hwlib.plots import style
from hwlib.plots.style import plain, plain_number, styled, use_log_scale, words

TOGETHER = (0.03, 0.06)  # of a figure's width and height: nearer points share their name
# Where a point's name may stand, in points from it, the best place first.
SIDES = (("left", (4, 5)), ("left", (4, -11)), ("right", (-4, -11)), ("right", (-4, 5)))


@styled
def weight_sweep(
    studies: Sequence[Mapping[str, Any]],
    discussed: Sequence[float] = (),
    *,
    z_dim: int,
    frechet_real: float | None = None,
    lang: str = "en",
) -> Figure:
    """Draw what code, latents and samples become as the weight grows.

    Args:
        studies: the study's rows, with `kl_weight`, `kl_nats` (the rate), `recon_nats` (the
            distortion), `active_units` and, where samples were measured, `frechet`.
        discussed: weights that the report discusses; they stand out.
        z_dim: latents in all.
        frechet_real: of real training images, the noise floor.
    """
    table = pd.DataFrame(studies).set_index("kl_weight").sort_index()
    panels = {"width_ratios": (1.25, 1), "figsize": (style.COLUMN_IN, 3.3)}
    fig, axes = plt.subplot_mosaic([["rate", "active"], ["rate", "distance"]], **panels)
    active, distance = axes["active"], axes["distance"]
    active.set_title(words("kl_active", lang, total=z_dim), loc="left")
    _over_weights(active, table["active_units"], lang)
    active.set_ylim(-0.06 * z_dim, 1.08 * z_dim)
    active.yaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    if "frechet" in table:
        distance.set_title(words("kl_frechet", lang) + words("log_axis", lang), loc="left")
        _over_weights(distance, table["frechet"].dropna(), lang)
        use_log_scale(distance, "y", subs=(1, 3), num_ticks=6)
        if frechet_real:
            line = {"color": style.ORANGE, "linewidth": 1.2, "linestyle": (0, (4, 1.5))}
            distance.axhline(frechet_real, label=words("kl_floor", lang), **line)
            distance.legend(loc="center right", borderaxespad=0.2)
    else:
        distance.remove()
    # last: it measures its words, all being laid out
    _rate_distortion(axes["rate"], table, discussed, lang)
    return fig


def _rate_distortion(ax: Axes, table: pd.DataFrame, discussed: Sequence[float], lang: str) -> None:
    """Draw what a reconstruction's error costs in code, a point a weight."""
    rates, errors = table["kl_nats"].clip(lower=0), table["recon_nats"]
    ax.plot(rates, errors, color=style.GREY, linewidth=1.2, zorder=2)
    is_discussed = table.index.isin(discussed)
    dots = style.DOTS | {"markersize": 6, "zorder": 3}
    looks = {"kl_sweep": (~is_discussed, style.BLUE), "kl_told": (is_discussed, style.ORANGE)}
    for key, (some, colour) in looks.items():
        if some.any():
            ax.plot(rates[some], errors[some], color=colour, label=words(key, lang), **dots)
    label = words("kl_rate", lang)
    # from a rate of one nat on the axis is logarithmic; below, where codes are empty, it is not
    if rates.max() > 30:
        ax.set_xscale("symlog", linthresh=1, linscale=0.5)
        ax.set_xlim(left=-0.15)
        label += words("log_axis", lang)
    ax.xaxis.set_major_formatter(plain_number)
    ax.yaxis.set_major_formatter(plain_number)
    ax.set(xlabel=label, ylabel=words("kl_distortion", lang))
    ax.margins(y=0.12)
    _name_points(ax, np.stack([rates, errors], axis=1), table.index)
    ax.legend(loc="upper right", handletextpad=0.2)


def _name_points(ax: Axes, points: np.ndarray, weights: Sequence[float]) -> None:
    """Write its weight beside each point (N, 2), no two upon each other; near points share one."""
    ax.autoscale_view()
    places = ax.transAxes.inverted().transform(ax.transData.transform(points))
    groups: list[list[int]] = []
    for i, place in enumerate(places):
        if groups and (abs(place - places[groups[-1][0]]) < TOGETHER).all():
            groups[-1].append(i)
        else:
            groups.append([i])
    taken: list[Bbox] = []
    ax.figure.draw_without_rendering()  # sets the layout, and with it how large the words are
    for group in groups:
        text = ", ".join(plain(weights[i]) for i in group)
        name = ax.annotate(
            text, points[group[0]], SIDES[0][1], textcoords="offset points", fontsize=7.5
        )
        for side, offset in SIDES:
            name.set(position=offset, horizontalalignment=side)
            box = name.get_window_extent().padded(3 * ax.figure.dpi / 72)
            if not box.count_overlaps(taken):
                break
        taken.append(box)


def _over_weights(ax: Axes, values: pd.Series, lang: str) -> None:
    """Draw a number of the studies over their weight, on a log axis with a place for 0."""
    positive = values[values.index > 0]
    zero = positive.index[0] / 10 if len(positive) else 0.1
    ticks = {weight or zero: plain(weight) for weight in values.index}
    ax.set_xscale("log")
    dots = style.DOTS | {"color": style.BLUE}
    # 0 is no neighbour of the others on a log axis: no line leads to it
    ax.plot(positive, **dots | {"linestyle": "-"})
    if 0 in values.index:
        ax.plot(zero, values[0], **dots)
        ax.axvline(zero * 10**0.5, color=style.GREY, linewidth=0.8, linestyle=(0, (2, 2)))
    # where two weights lie close, the one that is no power of ten goes without a number
    numbered = [at for at in ticks if at == zero or abs(np.log10(at) - round(np.log10(at))) < 0.02]
    numbered = numbered if len(numbered) > 1 else [*ticks]
    ax.set_xticks(numbered, [ticks[at] for at in numbered])
    ax.set_xticks([*ticks], minor=True)
    ax.xaxis.set_minor_formatter("")
    ax.set_xlabel(words("kl_lambda", lang))
