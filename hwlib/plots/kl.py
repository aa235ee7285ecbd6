"""The KL study's figures: the same things for several weights, and numbers over the weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter
from matplotlib.transforms import Bbox

from hwlib.plots.grids import side_by_side, stack_sheets
from hwlib.plots.look import (
    BLUE,
    COLUMN_IN,
    GREY,
    INK,
    ORANGE,
    PALETTE,
    WORDS,
    choose_scale,
    styled,
)
from hwlib.plots.pictures import compose, draw_sheet, middles

PANELS = 3  # curves side by side in a column's width
MARKERS = "osD^vP"  # so that lines can be told apart without colour
TOGETHER = (0.03, 0.06)  # of a figure's width and height: nearer points share their name
# Where a point's name may stand, in points from it, the best place first.
SIDES = (("left", (4, 5)), ("left", (4, -11)), ("right", (-4, -11)), ("right", (-4, 5)))
DOTS = {"markersize": 4.5, "markeredgecolor": "white", "markeredgewidth": 0.6}
# Of the disentanglement scores, those that a figure has room for, and their names.
SCORES = {
    "mig": "MIG",
    "sap": "SAP",
    "dci_disentanglement": "DCI",
    "factor_vae": "FactorVAE",
}

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
    words = WORDS[lang]
    columns = min(PANELS, len(curves))
    rows = -(-len(curves) // columns)
    size = (COLUMN_IN, 0.45 + 2.1 * rows)
    fig, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for ax, (weight, metrics) in zip(axes.flat, curves.items(), strict=False):
        epoch, trained = metrics["epoch"], metrics["objective"]
        ax.set_title(f"{weight_name(weight)} (β = {betas[weight]:.4g})", loc="left")
        # dashes above the line, so that both are seen where they are one
        dashes = {"linestyle": (0, (3, 2)), "zorder": 2.5}
        ax.plot(epoch, trained, color=ORANGE, label=words["kl_trained"], **dashes)
        ax.plot(epoch, metrics["neg_elbo_nats"], color=BLUE, label=words["kl_neg_elbo"])
        values = [trained.to_numpy(), metrics["neg_elbo_nats"].to_numpy()]
        if "test_neg_elbo_nats" in metrics:
            test = metrics.dropna(subset=["test_neg_elbo_nats"])
            points = test["test_neg_elbo_nats"]
            dots = DOTS | {"color": BLUE, "linestyle": "none", "marker": "o"}
            ax.plot(test["epoch"], points, label=words["kl_neg_elbo_test"], **dots)
            values.append(points.to_numpy())
        choose_scale(ax, np.concatenate(values), lang)
        ax.set_xlabel(words["epoch"])
        ax.set_xlim(left=0)
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.tick_params(axis="y", labelsize=7)
    for ax in axes.flat[len(curves) :]:
        ax.set_visible(False)
    for ax in axes[:, 0]:
        ax.set_ylabel(words["kl_nats_axis"])
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


def weight_reconstructions(
    originals: np.ndarray, reconstructions: Mapping[float, np.ndarray], lang: str = "en"
) -> Axes:
    """Draw the same test pictures once as they are and once as each weight reconstructs them.

    Args:
        originals: uint8 (N, H, W, C).
        reconstructions: by weight, uint8 (N, H, W, C); rows go from small weights to large ones.
        lang: language of the words.
    """
    ordered = sorted(reconstructions.items())
    block = np.stack([pictures for _, pictures in ordered])
    names = [weight_name(weight) for weight, _ in ordered]
    return _picture_blocks([originals[np.newaxis], block], [[WORDS[lang]["test_images"]], names])


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
    words = WORDS[lang]
    labels = [
        [words["kl_at_step"].format(weight=weight_name(weight), step=int(step)) for step in steps]
        for weight in frames
    ]
    count = next(iter(frames.values())).shape[1]
    blocks = [originals[np.newaxis, :count], *frames.values()]
    return _picture_blocks(blocks, [[words["test_images"]], *labels])


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
    return side_by_side({WORDS[lang]["kl_real"]: originals} | named)


def weight_interpolations(frames: Mapping[float, np.ndarray], lang: str = "en") -> Axes:
    """Draw the ways between two test pictures, for each weight the straight and the spherical one.

    Args:
        frames: by weight, uint8 (2, N, H, W, C): straight, spherical.
        lang: language of the words.
    """
    words = WORDS[lang]
    ways = (words["kl_straight"], words["kl_spherical"])
    labels = [[f"{weight_name(weight)}\n{way}" for way in ways] for weight in frames]
    count = next(iter(frames.values())).shape[1]
    shares = [f"{share:.0%}" for share in np.linspace(0, 1, count)]
    return _picture_blocks(list(frames.values()), labels, column_labels=shares)


# ----------------------------------------------------------------------- numbers over the weight


@styled
def rate_distortion(
    studies: Sequence[Study],
    told: Sequence[float] = (),
    lang: str = "en",
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw what a reconstruction's error costs in code, a point a weight.

    Args:
        studies: the study's rows, with `kl_weight`, `kl_nats` (the rate) and `recon_nats` (the
            distortion).
        told: weights that the report tells of in full; they stand out.
        lang: language of the words.
    """
    words = WORDS[lang]
    if ax is None:
        _, ax = plt.subplots(figsize=(COLUMN_IN, 3.3))
    ordered = sorted(studies, key=lambda row: row["kl_weight"])
    # from a rate of one nat on the axis is logarithmic; below, where codes are empty, it is not
    rates = np.array([max(row["kl_nats"], 0.0) for row in ordered])
    errors = np.array([row["recon_nats"] for row in ordered])
    ax.plot(rates, errors, color=GREY, linewidth=1.2, zorder=2)
    for is_told, colour, word in ((False, BLUE, "kl_sweep"), (True, ORANGE, "kl_told")):
        some = [i for i, row in enumerate(ordered) if (row["kl_weight"] in told) == is_told]
        dots = DOTS | {"color": colour, "linestyle": "none", "markersize": 6, "zorder": 3}
        if some:
            ax.plot(rates[some], errors[some], marker="o", label=words[word], **dots)
    label = words["kl_rate"]
    if rates.max() > 30:
        ax.set_xscale("symlog", linthresh=1, linscale=0.5)
        ax.set_xlim(left=-0.15)
        label += words["log_axis"]
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    ax.set_xlabel(label)
    ax.set_ylabel(words["kl_distortion"])
    ax.margins(y=0.12)
    _name_points(ax, np.stack([rates, errors], axis=1), [row["kl_weight"] for row in ordered])
    ax.legend(loc="upper right", handletextpad=0.2)
    return ax


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


def _weight_axis(ax: Axes, weights: Sequence[float], lang: str) -> np.ndarray:
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
    ax.set_xlabel(WORDS[lang]["kl_weight"])
    return np.array([zero if weight == 0 else weight for weight in weights])


def _over_weights(ax: Axes, studies: Sequence[Study], names: Mapping[str, str], lang: str) -> None:
    """Draw numbers of the studies over their weight; names are the labels of the lines."""
    ordered = sorted(studies, key=lambda row: row["kl_weight"])
    places = _weight_axis(ax, [row["kl_weight"] for row in ordered], lang)
    for (key, label), colour, marker in zip(names.items(), PALETTE, MARKERS, strict=False):
        values = np.array([row[key] for row in ordered], dtype=float)
        has_zero = ordered[0]["kl_weight"] == 0
        # 0 is no neighbour of the others on a log axis: no line leads to it
        ax.plot(
            places[has_zero:], values[has_zero:], color=colour, marker=marker, label=label, **DOTS
        )
        if has_zero:
            ax.plot(places[0], values[0], color=colour, marker=marker, **DOTS)


@styled
def weight_numbers(
    studies: Sequence[Study], *, z_dim: int, kid_real: float | None = None, lang: str = "en"
) -> Figure:
    """Draw active latents and the KID of prior samples over the weight.

    Args:
        studies: the study's rows, with `kl_weight`, `active_units` and `kid`.
        z_dim: latents in all.
        kid_real: KID of real training pictures, the floor.
        lang: language of the words.
    """
    words = WORDS[lang]
    fig, (left, right) = plt.subplots(1, 2, figsize=(COLUMN_IN, 2.75))
    left.set_title(words["kl_active"].format(total=z_dim), loc="left")
    _over_weights(left, studies, {"active_units": ""}, lang)
    left.set_ylim(-0.04 * z_dim, 1.06 * z_dim)
    left.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    right.set_title(words["kl_kid"], loc="left")
    _over_weights(right, studies, {"kid": ""}, lang)
    if kid_real is not None:
        line = {"color": ORANGE, "linewidth": 1.2, "linestyle": (0, (4, 1.5))}
        right.axhline(kid_real, label=words["on_real"], **line)
        right.legend(loc="best")
    right.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    return fig


@styled
def weight_scores(studies: Sequence[Study], lang: str = "en", *, ax: Axes | None = None) -> Axes:
    """Draw the disentanglement scores over the weight.

    Args:
        studies: the study's rows, with `kl_weight` and `disentanglement`.
        lang: language of the words.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(COLUMN_IN, 2.75))
    rows = [{"kl_weight": row["kl_weight"], **row["disentanglement"]} for row in studies]
    names = {key: name for key, name in SCORES.items() if all(key in row for row in rows)}
    _over_weights(ax, rows, names, lang)
    for key, colour in zip(names, PALETTE, strict=False):
        chance = np.mean([row["floor"][key] for row in rows])
        ax.axhline(chance, color=colour, linewidth=0.9, linestyle=(0, (1, 1.6)), zorder=1)
    ax.set_ylim(bottom=0)
    ax.set_ylabel(WORDS[lang]["kl_score"])
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.3)
    return ax
