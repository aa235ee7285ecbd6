"""Learning curves of adversarial training: losses, accuracies, and the scores of snapshots."""

from __future__ import annotations

import math
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from hwlib.conditioning import CODE_SIZE
from hwlib.plots.look import (
    BLUE,
    COLUMN_IN,
    GREEN,
    GREY,
    HIGHEST_IN,
    INK,
    ORANGE,
    PINK,
    choose_scale,
    styled,
    words,
)
from hwlib.thresholds import HEALTHY_D_ACCURACY

# What a D that answers 0 to everything pays: ln 2 for each kind of picture (Goodfellow et al. 2014,
# section 4.1). D's loss sums both kinds, G's has one.
UNDECIDED = {"d_loss": 2 * math.log(2), "g_loss": math.log(2)}
GUESSED = math.log(2)  # the attribute loss of an answer of 0 for every attribute
GUESS = {"color": INK, "linewidth": 0.9, "linestyle": (0, (4, 3))}
TITLE_PAD = 17  # points; the legend stands between title and axes

NETWORKS = ("D", "G", "Q")  # called so in every language
LOSSES = (("d_loss", BLUE, "D"), ("g_loss", ORANGE, "G"))
ACCURACIES = (("d_accuracy_real", BLUE, "on_real"), ("d_accuracy_fake", ORANGE, "on_fake"))
CLASS_LOSSES = (("d_class_loss", BLUE, "D"), ("g_class_loss", ORANGE, "G"))
CLASS_ACCURACIES = (
    ("class_accuracy_real", BLUE, "on_real"),
    ("class_accuracy_fake", ORANGE, "on_fake"),
)


def smoothed(values: pd.Series, points: int) -> pd.Series:
    """Average each value with up to `points` values before it."""
    return values.rolling(points + 1, min_periods=1).mean()


def _line(
    ax: Axes, metrics: pd.DataFrame, name: str, *, colour: str, label: str, smoothing: int
) -> None:
    """Draw one curve over the steps; where it is smoothed, what was measured stays behind it."""
    step, values = metrics["step"], metrics[name]
    if smoothing:
        ax.plot(step, values, color=colour, linewidth=0.7, alpha=0.3)
    ax.plot(step, smoothed(values, smoothing), color=colour, label=label)


def _panel(
    ax: Axes, metrics: pd.DataFrame, lines: tuple, title: str, *, lang: str, smoothing: int
) -> None:
    """Draw curves of one kind with their title; `lines` are (column, colour, word)."""
    ax.set_title(words(title, lang), loc="left", pad=TITLE_PAD)
    for name, colour, word in lines:
        named = word if word in NETWORKS else words(word, lang)
        _line(ax, metrics, name, colour=colour, label=named, smoothing=smoothing)


def _finish(ax: Axes, metrics: pd.DataFrame, lang: str, best: int | None) -> None:
    """Set the axis of steps, mark scored snapshots and the best one, and name the lines."""
    is_lowest = ax.get_subplotspec().is_last_row()
    ax.tick_params(labelbottom=is_lowest)
    ax.set_xlabel(words("step", lang) if is_lowest else "")
    ax.set_xlim(0, max(float(metrics["step"].iloc[-1]), 1.0))
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if best is not None:
        label = words("best_snapshot", lang)
        ax.axvline(best, color=GREEN, linewidth=1.1, linestyle=(0, (1, 1.4)), label=label)
        scored = _snapshots(metrics)["step"]
        foot = ax.get_xaxis_transform()
        marks = {"color": GREEN, "markersize": 4, "clip_on": False, "zorder": 5}
        ax.plot(
            scored, np.zeros(len(scored)), linestyle="none", marker="^", transform=foot, **marks
        )
    # the names stand between title and axes, where they can hide no part of a curve
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 0.985),
        ncols=4,
        borderaxespad=0.2,
        handlelength=1.1,
        handletextpad=0.35,
        columnspacing=0.8,
        fontsize=7.5,
    )


def _snapshots(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at which a snapshot was scored."""
    if "snapshot_kid" not in metrics:
        return metrics.iloc[:0]
    return metrics.dropna(subset=["snapshot_kid"])


def best_snapshot(metrics: pd.DataFrame) -> int | None:
    """Return the step of the scored snapshot with the lowest KID; None before the first one."""
    scored = _snapshots(metrics)
    return int(scored.loc[scored["snapshot_kid"].idxmin(), "step"]) if len(scored) else None


def _draw_losses(ax: Axes, metrics: pd.DataFrame, style: dict[str, Any]) -> None:
    """Draw the losses of D and G with what an undecided D gives."""
    _panel(ax, metrics, LOSSES, "losses", **style)
    for name, colour, _ in LOSSES:
        ax.axhline(UNDECIDED[name], color=colour, linewidth=0.8, linestyle=(0, (4, 3)))
    label = words("undecided", style["lang"])
    ax.plot([], [], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), label=label)
    choose_scale(ax, metrics[["d_loss", "g_loss"]].to_numpy().ravel(), style["lang"], pad=TITLE_PAD)


def _draw_accuracies(
    ax: Axes, metrics: pd.DataFrame, lines: tuple, title: str, style: dict[str, Any]
) -> None:
    """Draw accuracies on an axis from 0 to 100 %."""
    _panel(ax, metrics, lines, title, **style)
    ax.set_ylim(-0.02, 1.02)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))


def _draw_d_accuracies(ax: Axes, metrics: pd.DataFrame, style: dict[str, Any]) -> None:
    """Draw D's accuracy on real and on fake pictures, with the band that report B calls healthy."""
    label = words("healthy", style["lang"])
    ax.axhspan(*HEALTHY_D_ACCURACY, color=GREEN, alpha=0.13, linewidth=0, label=label)
    _draw_accuracies(ax, metrics, ACCURACIES, "d_accuracy", style)


@styled
def gan_curves(metrics: pd.DataFrame, lang: str = "en", *, smoothing: int = 0) -> Figure:
    """Draw the losses of D and G, and D's accuracy on real and on fake pictures.

    Args:
        metrics: `Run.metrics`; scored snapshots, where there are some, are marked at the foot.
        lang: language of the words.
        smoothing: points before it that are averaged into each point.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(COLUMN_IN, 2.5))
    style = {"lang": lang, "smoothing": smoothing}
    best = best_snapshot(metrics)
    _draw_losses(left, metrics, style)
    _draw_d_accuracies(right, metrics, style)
    _finish(left, metrics, lang, best)
    _finish(right, metrics, lang, None)
    return fig


def _draw_class_losses(
    ax: Axes, metrics: pd.DataFrame, style: dict[str, Any], *, class_on_fake: bool | None
) -> None:
    """Draw the attribute losses of D and G beside those of guessing."""
    lang = style["lang"]
    _panel(ax, metrics, CLASS_LOSSES, "class_losses", **style)
    if class_on_fake:  # then D's loss is a sum over both kinds of pictures, G's is not
        for (_, colour, _), level in zip(CLASS_LOSSES, (2 * GUESSED, GUESSED), strict=True):
            ax.axhline(level, **GUESS | {"color": colour, "linewidth": 0.8})
        ax.plot([], [], label=words("guess_class_losses", lang), **GUESS | {"color": GREY})
    elif class_on_fake is not None:
        ax.axhline(GUESSED, label=words("guess_class_loss", lang), **GUESS)
    values = metrics[[name for name, _, _ in CLASS_LOSSES]].to_numpy().ravel()
    choose_scale(ax, values, style["lang"], pad=TITLE_PAD)


@styled
def acgan_curves(
    metrics: pd.DataFrame,
    lang: str = "en",
    *,
    smoothing: int = 0,
    class_on_fake: bool | None = None,
) -> Figure:
    """Draw the adversarial losses, the attribute losses, and D's accuracies at both tasks.

    Args:
        metrics: `Run.metrics`.
        lang: language of the words.
        smoothing: points before it that are averaged into each point.
        class_on_fake: whether D's attribute loss sums that of real pictures and that of G's, by
            which the loss of guessing is drawn; where it is not known, as of live curves, it is
            not drawn.
    """
    fig, axes = plt.subplots(2, 2, figsize=(COLUMN_IN, HIGHEST_IN))
    style = {"lang": lang, "smoothing": smoothing}
    best = best_snapshot(metrics)
    _draw_losses(axes[0, 0], metrics, style)
    _draw_d_accuracies(axes[0, 1], metrics, style)
    _draw_class_losses(axes[1, 0], metrics, style, class_on_fake=class_on_fake)
    _draw_accuracies(axes[1, 1], metrics, CLASS_ACCURACIES, "class_accuracy", style)
    axes[1, 1].axhline(0.5, label=words("guess_class_accuracy", lang), **GUESS)
    for ax in axes.flat:
        _finish(ax, metrics, lang, best if ax is axes[0, 0] else None)
    return fig


@styled
def infogan_curves(
    metrics: pd.DataFrame, lang: str = "en", *, smoothing: int = 0, num_codes: int = 1
) -> Figure:
    """Draw the losses of D and G, D's accuracies, Q's loss, and how often Q reads the code.

    Args:
        metrics: `Run.metrics`.
        lang: language of the words.
        smoothing: points before it that are averaged into each point.
        num_codes: ten-way codes; Q's loss is a mean over them.
    """
    fig, axes = plt.subplots(2, 2, figsize=(COLUMN_IN, HIGHEST_IN))
    style = {"lang": lang, "smoothing": smoothing}
    best = best_snapshot(metrics)
    _draw_losses(axes[0, 0], metrics, style)
    _draw_d_accuracies(axes[0, 1], metrics, style)
    _panel(axes[1, 0], metrics, (("q_loss", PINK, "Q"),), "q_loss", **style)
    axes[1, 0].axhline(math.log(CODE_SIZE), label=words("guess_loss", lang), **GUESS)
    axes[1, 0].set_ylim(0, max(math.log(CODE_SIZE), metrics["q_loss"].max()) * 1.08)
    _draw_accuracies(axes[1, 1], metrics, (("code_accuracy", PINK, "Q"),), "code_accuracy", style)
    axes[1, 1].axhline(1 / CODE_SIZE, label=words("guess_accuracy", lang), **GUESS)
    for ax in axes.flat:
        _finish(ax, metrics, lang, best if ax is axes[0, 0] else None)
    return fig


@styled
def snapshot_curve(
    metrics: pd.DataFrame, lang: str = "en", *, kept_step: int | None = None
) -> Figure:
    """Draw the scores of the snapshots over the steps: KID, and diversity beside real pictures'.

    Of an ACGAN also the correlation r of labels asked for and shown, and KID / r^4, by which the
    snapshot that is kept is chosen.

    Args:
        metrics: `Run.metrics` with `snapshot_kid`, `snapshot_diversity` and, of an ACGAN,
            `snapshot_correlation` and `snapshot_score` where a snapshot was scored.
        lang: language of the words.
        kept_step: the step whose networks the run gives; None marks none.
    """
    scored = _snapshots(metrics)
    best = best_snapshot(metrics)
    colours = {"snapshot_kid": BLUE, "snapshot_diversity": PINK}
    if "snapshot_score" in scored:
        colours |= {"snapshot_correlation": ORANGE, "snapshot_score": GREY}
    rows = len(colours) // 2
    size = (COLUMN_IN, 2.4 if rows == 1 else HIGHEST_IN)
    fig, axes = plt.subplots(rows, 2, figsize=size, squeeze=False)
    for ax, (name, colour) in zip(axes.flat, colours.items(), strict=True):
        ax.set_title(words(name, lang), loc="left", pad=TITLE_PAD)
        whole = {"clip_on": False, "zorder": 3}  # the last one stands on the axes' edge
        ax.plot(scored["step"], scored[name], color=colour, marker="o", markersize=4, **whole)
        is_best = scored["step"] == best
        star = {"marker": "*", "markersize": 12, "color": GREEN, "markeredgecolor": "white"} | whole
        label = words("best_snapshot", lang)
        ax.plot(
            scored["step"][is_best], scored[name][is_best], linestyle="none", label=label, **star
        )
        if kept_step is not None and kept_step != best:
            label = words("kept_snapshot", lang)
            ax.axvline(kept_step, color=INK, linewidth=0.9, linestyle="--", label=label)
        choose_scale(ax, scored[name].to_numpy(), lang, pad=TITLE_PAD)
    diversity = axes[0, 1]
    diversity.axhline(
        1, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), label=words("as_real", lang)
    )
    diversity.set_ylim(bottom=0)
    for ax in axes.flat:
        _finish(ax, metrics, lang, None)
    return fig
