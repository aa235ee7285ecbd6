"""The KL study's figures: the same things for several weights, and numbers over the weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
)
from matplotlib.transforms import Bbox

from hwlib.plots.grids import side_by_side, stack_sheets
from hwlib.plots.look import (
    BLUE,
    COLUMN_IN,
    GREY,
    INK,
    ORANGE,
    choose_scale,
    styled,
    words,
)
from hwlib.plots.pictures import compose, draw_sheet, middles

PANELS = 3  # curves side by side in a column's width
TOGETHER = (0.03, 0.06)  # of a figure's width and height: nearer points share their name
# Where a point's name may stand, in points from it, the best place first.
SIDES = (("left", (4, 5)), ("left", (4, -11)), ("right", (-4, -11)), ("right", (-4, 5)))
DOTS = {"markersize": 4.5, "markeredgecolor": "white", "markeredgewidth": 0.6}
Study = Mapping[str, Any]  # a row of the study's `studies`


def weight_name(weight: float) -> str:
    """Return a KL weight as a figure has it, without exponent."""
    return f"λ = {plain(weight)}"


def plain(value: float) -> str:
    """Write a number without exponent."""
    return np.format_float_positional(value, trim="-")


# ---------------------------------------------------------------------------------------- curves


@styled
def weight_elbo_curves(
    curves: Mapping[float, pd.DataFrame], betas: Mapping[float, float], lang: str = "en"
) -> Figure:
    """Draw the negative ELBO over the epochs beside what was minimised, a panel a weight.

    Args:
        curves: `Run.metrics` by weight; `epoch`, `neg_elbo_nats`, `test_neg_elbo_nats` where
            measured, and `objective`, what was minimised in nats of the same kind.
        betas: by weight, the factor on the KL in what was minimised.
        lang: language of the words.
    """
    columns = min(PANELS, len(curves))
    rows = -(-len(curves) // columns)
    size = (COLUMN_IN, 0.45 + 2.1 * rows)
    fig, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for ax, (weight, metrics) in zip(axes.flat, curves.items(), strict=False):
        epoch, trained = metrics["epoch"], metrics["objective"]
        ax.set_title(f"{weight_name(weight)} (β = {betas[weight]:.4g})", loc="left")
        # dashes above the line, so that both are seen where they are one
        dashes = {"linestyle": (0, (3, 2)), "zorder": 2.5}
        ax.plot(epoch, trained, color=ORANGE, label=words("kl_trained", lang), **dashes)
        ax.plot(epoch, metrics["neg_elbo_nats"], color=BLUE, label=words("kl_neg_elbo", lang))
        values = [trained.to_numpy(), metrics["neg_elbo_nats"].to_numpy()]
        if "test_neg_elbo_nats" in metrics:
            test = metrics.dropna(subset=["test_neg_elbo_nats"])
            points = test["test_neg_elbo_nats"]
            dots = DOTS | {"color": BLUE, "linestyle": "none", "marker": "o"}
            ax.plot(test["epoch"], points, label=words("kl_neg_elbo_test", lang), **dots)
            values.append(points.to_numpy())
        choose_scale(ax, np.concatenate(values), lang)
        ax.set_xlabel(words("epoch", lang))
        ax.set_xlim(left=0)
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.tick_params(axis="y", labelsize=7.2)
    for ax in axes.flat[len(curves) :]:
        ax.set_visible(False)
    for ax in axes[:, 0]:
        ax.set_ylabel(words("kl_nats_axis", lang))
    handles, labels = axes.flat[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper left", ncols=3, handlelength=1.8)
    return fig


# -------------------------------------------------------------------------------------- pictures


def _picture_blocks(
    blocks: Sequence[np.ndarray],
    labels: Sequence[Sequence[str]],
    *,
    column_labels: Sequence[str] | None = None,
) -> Axes:
    """Draw blocks of rows of pictures with a gap between them.

    Args:
        blocks: uint8 (R, N, H, W, C) each, with one N.
        labels: a word for each row of each block.
        column_labels: a word below each column.
    """
    columns = blocks[0].shape[1]
    sheets = [compose(block.reshape(-1, *block.shape[2:]), columns) for block in blocks]
    sheet, tops = stack_sheets(sheets, gap=sheets[0].shape[1] // 40)
    rows = [
        (top + place, word)
        for one, top, own in zip(sheets, tops, labels, strict=True)
        for place, word in middles(one.shape[0], own)
    ]
    return draw_sheet(sheet, rows=rows, columns=middles(sheet.shape[1], column_labels))


def weight_growth(
    originals: np.ndarray,
    frames: Mapping[float, np.ndarray],
    steps: Sequence[int],
    lang: str = "en",
) -> Axes:
    """Draw how reconstructions of the same test pictures improve, a block of rows a weight.

    Args:
        originals: uint8 (N or more, H, W, C).
        frames: by weight, uint8 (T, N, H, W, C).
        steps: (T,), after which they were made.
        lang: language of the words.
    """
    labels = [
        [words("kl_at_step", lang, weight=weight_name(weight), step=int(step)) for step in steps]
        for weight in frames
    ]
    count = next(iter(frames.values())).shape[1]
    blocks = [originals[np.newaxis, :count], *frames.values()]
    return _picture_blocks(blocks, [[words("test_images", lang)], *labels])


def weight_samples(
    originals: np.ndarray, samples: Mapping[float, np.ndarray], lang: str = "en"
) -> Axes:
    """Draw two rows of real pictures, then two rows of samples for each weight.

    Args:
        originals: uint8 (N, H, W, C).
        samples: by weight, uint8 (N, H, W, C).
        lang: language of the words.
    """
    named = {weight_name(weight): pictures for weight, pictures in samples.items()}
    return side_by_side({words("kl_real", lang): originals} | named)


def weight_interpolations(frames: Mapping[float, np.ndarray], lang: str = "en") -> Axes:
    """Draw the straight way between the codes of two test images, a row a weight.

    Args:
        frames: by weight, uint8 (N, H, W, C).
        lang: of no consequence, as a row has its weight for a name.
    """
    block = np.stack(list(frames.values()))
    shares = [f"{share:.0%}" for share in np.linspace(0, 1, block.shape[1])]
    names = [weight_name(weight) for weight in frames]
    return _picture_blocks([block], [names], column_labels=shares)


# ----------------------------------------------------------------------- numbers over the weight


@styled
def weight_sweep(
    studies: Sequence[Study],
    told: Sequence[float] = (),
    *,
    z_dim: int,
    frechet_real: float | None = None,
    lang: str = "en",
) -> Figure:
    """Draw what code, latents and samples become as the weight grows.

    Args:
        studies: the study's rows, with `kl_weight`, `kl_nats` (the rate), `recon_nats` (the
            distortion), `active_units` and, where samples were measured, `frechet`.
        told: weights that are discussed in detail; they stand out.
        z_dim: latents in all.
        frechet_real: of real training images, the noise floor.
        lang: language of the words.
    """
    fig = plt.figure(figsize=(COLUMN_IN, 3.3))
    grid = fig.add_gridspec(2, 2, width_ratios=(1.25, 1))
    left = fig.add_subplot(grid[:, 0])
    active = fig.add_subplot(grid[0, 1])
    active.set_title(words("kl_active", lang, total=z_dim), loc="left")
    _over_weights(active, studies, "active_units")
    active.set_ylim(-0.06 * z_dim, 1.08 * z_dim)
    active.yaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    active.set_xlabel(words("kl_lambda", lang))
    if measured := [row for row in studies if "frechet" in row]:
        _distance(fig.add_subplot(grid[1, 1]), measured, frechet_real, lang)
    _rate_distortion(left, studies, told, lang)  # last: it measures its words, all being laid out
    return fig


def _distance(ax: Axes, studies: Sequence[Study], floor: float | None, lang: str) -> None:
    """Draw the samples' distance from real images over the weight, above the noise floor."""
    ax.set_title(words("kl_frechet", lang) + words("log_axis", lang), loc="left")
    _over_weights(ax, studies, "frechet")
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 3), numticks=6))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    if floor:
        line = {"color": ORANGE, "linewidth": 1.2, "linestyle": (0, (4, 1.5))}
        ax.axhline(floor, label=words("kl_floor", lang), **line)
        ax.legend(loc="center right", borderaxespad=0.2)
    ax.set_xlabel(words("kl_lambda", lang))


def _rate_distortion(ax: Axes, studies: Sequence[Study], told: Sequence[float], lang: str) -> None:
    """Draw what a reconstruction's error costs in code, a point a weight."""
    ordered = sorted(studies, key=lambda row: row["kl_weight"])
    # from a rate of one nat on the axis is logarithmic; below, where codes are empty, it is not
    rates = np.array([max(row["kl_nats"], 0.0) for row in ordered])
    errors = np.array([row["recon_nats"] for row in ordered])
    ax.plot(rates, errors, color=GREY, linewidth=1.2, zorder=2)
    for is_told, colour, word in ((False, BLUE, "kl_sweep"), (True, ORANGE, "kl_told")):
        some = [i for i, row in enumerate(ordered) if (row["kl_weight"] in told) == is_told]
        dots = DOTS | {"color": colour, "linestyle": "none", "markersize": 6, "zorder": 3}
        if some:
            ax.plot(rates[some], errors[some], marker="o", label=words(word, lang), **dots)
    label = words("kl_rate", lang)
    if rates.max() > 30:
        ax.set_xscale("symlog", linthresh=1, linscale=0.5)
        ax.set_xlim(left=-0.15)
        label += words("log_axis", lang)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    ax.set_xlabel(label)
    ax.set_ylabel(words("kl_distortion", lang))
    ax.margins(y=0.12)
    _name_points(ax, np.stack([rates, errors], axis=1), [row["kl_weight"] for row in ordered])
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
        place = {"xytext": SIDES[0][1], "textcoords": "offset points", "fontsize": 7.5}
        name = ax.annotate(text, points[group[0]], color=INK, **place)
        for side, offset in SIDES:
            name.set(position=offset, horizontalalignment=side)
            box = name.get_window_extent().padded(3 * ax.figure.dpi / 72)
            if not box.count_overlaps(taken):
                break
        taken.append(box)


def _weight_axis(ax: Axes, weights: Sequence[float]) -> np.ndarray:
    """Make a log axis of weights on which 0 has a place of its own; return where each one lies."""
    positive = sorted({weight for weight in weights if weight > 0}) or [1.0]
    zero = positive[0] / 10
    ax.set_xscale("log")
    ticks = {weight: plain(weight) for weight in positive}
    if 0 in weights:
        ticks = {zero: "0"} | ticks
        ax.axvline(zero * 10**0.5, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)))
    # where two weights lie close, the one that is no power of ten goes without a number
    shown = [at for at in ticks if at == zero or abs(np.log10(at) - round(np.log10(at))) < 0.02]
    shown = shown if len(shown) > 1 else list(ticks)
    ax.xaxis.set_major_locator(FixedLocator(shown))
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: ticks[min(ticks, key=lambda t: abs(t - value))])
    )
    ax.xaxis.set_minor_locator(FixedLocator(list(ticks)))
    ax.xaxis.set_minor_formatter(NullFormatter())
    return np.array([zero if weight == 0 else weight for weight in weights])


def _over_weights(ax: Axes, studies: Sequence[Study], name: str) -> None:
    """Draw a number of the studies over their weight."""
    ordered = sorted(studies, key=lambda row: row["kl_weight"])
    places = _weight_axis(ax, [row["kl_weight"] for row in ordered])
    values = np.array([row[name] for row in ordered], dtype=float)
    dots = DOTS | {"color": BLUE, "marker": "o"}
    # 0 is no neighbour of the others on a log axis: no line leads to it
    has_zero = ordered[0]["kl_weight"] == 0
    ax.plot(places[has_zero:], values[has_zero:], **dots)
    if has_zero:
        ax.plot(places[:1], values[:1], **dots)
