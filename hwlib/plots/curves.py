"""Learning curves, from a table of panels: losses, accuracies, and the scores of snapshots.

They take `Run.metrics`; `smoothing` is how many points before it are averaged into each point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from hwlib.conditioning import CODE_SIZE
from hwlib.plots.style import (
    BLUE,
    COLUMN_IN,
    DASHED,
    DOTS,
    GREEN,
    GREY,
    HIGHEST_IN,
    INK,
    ORANGE,
    PINK,
    choose_scale,
    legend_above,
    plain_number,
    styled,
    weight_name,
    words,
)
from hwlib.thresholds import HEALTHY_D_ACCURACY

LN2 = math.log(2)  # the loss of an answer of 0, which guesses
TITLE_PAD = 17  # points; the legend stands between title and axes
NETWORKS = ("D", "G", "Q", "")  # called so in every language
MAX_PANELS = 3  # side by side in a column's width


class Panel(NamedTuple):
    """What one panel of curves shows.

    Attributes:
        curves: (colour, name) by column of the metrics; the name is a network's or one of the
            figures' words. Columns of the test set are points, where there are values.
        levels: (height, colour) of the lines across it: what guessing gives.
        level_name: what the legend calls them.
        scale: "auto" may become logarithmic, "share" goes from 0 to 100 %, "zero" begins at 0.
        band: the heights of a band behind the curves, which the legend calls "healthy".
    """

    curves: Mapping[str, tuple[str, str]]
    levels: Sequence[tuple[float, str]] = ()
    level_name: str = ""
    scale: str = "auto"
    band: tuple[float, float] | None = None


def _real_fake(name: str, **more: Any) -> Panel:
    curves = {f"{name}_real": (BLUE, "on_real"), f"{name}_fake": (ORANGE, "on_fake")}
    return Panel(curves, scale="share", **more)


# A D that answers 0 to everything pays ln 2 for each kind of image (Goodfellow et al. 2014,
# section 4.1). D's loss sums both kinds, G's has one.
BOTH_KINDS = ((2 * LN2, BLUE), (LN2, ORANGE))
LN_CODES, CODE_SHARE = ((math.log(CODE_SIZE), INK),), ((1 / CODE_SIZE, INK),)
PANELS = {
    "recon": Panel({"recon_nats": (BLUE, "train"), "test_recon_nats": (ORANGE, "test")}),
    "kl": Panel({"kl_nats": (BLUE, "train"), "test_kl_nats": (ORANGE, "test")}),
    "elbo": Panel(
        {
            "objective": (ORANGE, "kl_trained"),
            "neg_elbo_nats": (BLUE, "kl_neg_elbo"),
            "test_neg_elbo_nats": (BLUE, "kl_neg_elbo_test"),
        }
    ),
    "losses": Panel({"d_loss": (BLUE, "D"), "g_loss": (ORANGE, "G")}, BOTH_KINDS, "undecided"),
    "d_accuracy": _real_fake("d_accuracy", band=HEALTHY_D_ACCURACY),
    "class_losses": Panel({"d_class_loss": (BLUE, "D"), "g_class_loss": (ORANGE, "G")}),
    "class_accuracy": _real_fake(
        "class_accuracy", levels=((0.5, INK),), level_name="guess_class_accuracy"
    ),
    "q_loss": Panel({"q_loss": (PINK, "Q")}, LN_CODES, "guess_loss", "zero"),
    "code_accuracy": Panel({"code_accuracy": (PINK, "Q")}, CODE_SHARE, "guess_accuracy", "share"),
    "snapshot_kid": Panel({"snapshot_kid": (BLUE, "")}),
    "snapshot_diversity": Panel(
        {"snapshot_diversity": (PINK, "")}, ((1, GREY),), "as_real", "zero"
    ),
    "snapshot_correlation": Panel({"snapshot_correlation": (ORANGE, "")}),
    "snapshot_score": Panel({"snapshot_score": (GREY, "")}),
}
WHOLE = {"clip_on": False, "zorder": 3}  # of marks on the edge of the axes


def _draw_panel(
    ax: Axes,
    metrics: pd.DataFrame,
    panel: Panel,
    title: str,
    *,
    x: str,
    lang: str,
    smoothing: int = 0,
    pad: float | None = TITLE_PAD,
) -> None:
    """Draw one panel with its title, over the column `x`: the steps or the epochs.

    Where curves are smoothed, what was measured stays behind them.
    """
    if panel.band:
        label = words("healthy", lang)
        ax.axhspan(*panel.band, color=GREEN, alpha=0.13, linewidth=0, label=label)
    curves = {column: own for column, own in panel.curves.items() if column in metrics}
    for column, (colour, name) in curves.items():
        curve = metrics[[x, column]].dropna()
        look = {"color": colour, "label": name if name in NETWORKS else words(name, lang)}
        if column.startswith("test_"):
            look |= DOTS
        elif column.startswith("snapshot_"):
            look |= {"marker": "o", "markersize": 4, **WHOLE}
        elif column == "objective":  # above the others, so that both are seen where they are one
            look |= {"linestyle": (0, (3, 2)), "zorder": 2.5}
        values = curve[column]
        if smoothing:
            ax.plot(curve[x], values, color=colour, linewidth=0.7, alpha=0.3)
            values = values.rolling(smoothing + 1, min_periods=1).mean()
        ax.plot(curve[x], values, **look)
    line = {"linewidth": 0.9, "linestyle": DASHED}
    for height, colour in panel.levels:
        ax.axhline(height, color=colour, **line)
    if panel.levels:
        colours = {colour for _, colour in panel.levels}
        colour = colours.pop() if len(colours) == 1 else GREY
        ax.plot([], [], color=colour, label=words(panel.level_name, lang), **line)
    values = metrics[[*curves]].to_numpy().ravel()
    if panel.scale == "share":
        ax.set_ylim(-0.02, 1.02)
        ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    elif panel.scale == "zero":
        ax.yaxis.set_major_formatter(plain_number)
        ax.set_ylim(0, 1.08 * max(np.nanmax(values), *(height for height, _ in panel.levels)))
    elif choose_scale(ax, values[~np.isnan(values)]):
        title += words("log_axis", lang)
    ax.set_title(title, loc="left", pad=pad)


def _finish(ax: Axes, metrics: pd.DataFrame, lang: str, *, best: int | None = None) -> None:
    """Set the axis of steps, mark scored snapshots and the best one, and name the lines."""
    is_lowest = ax.get_subplotspec().is_last_row()
    ax.tick_params(labelbottom=is_lowest)
    ax.set_xlabel(words("step", lang) if is_lowest else "")
    ax.set_xlim(0, max(float(metrics["step"].iloc[-1]), 1.0))
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.xaxis.set_major_formatter(plain_number)
    if best is not None:
        label = words("best_snapshot", lang)
        ax.axvline(best, color=GREEN, linewidth=1.1, linestyle=(0, (1, 1.4)), label=label)
        scored = _scored(metrics)["step"]
        marks = {"color": GREEN, "marker": "^", "markersize": 4, "clip_on": False, "zorder": 5}
        at_foot = {"transform": ax.get_xaxis_transform(), "linestyle": "none"}
        ax.plot(scored, np.zeros(len(scored)), **marks, **at_foot)
    legend_above(ax)


def _finish_epochs(ax: Axes, lang: str, *, num_ticks: int) -> None:
    """Set the axis of epochs."""
    ax.set_xlabel(words("epoch", lang))
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(num_ticks))


def _scored(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at which a snapshot was scored."""
    if "snapshot_kid" not in metrics:
        return metrics.iloc[:0]
    return metrics.dropna(subset=["snapshot_kid"])


def best_snapshot(metrics: pd.DataFrame) -> int | None:
    """Return the step of the scored snapshot with the lowest KID; None before the first one."""
    scored = _scored(metrics)
    return int(scored.loc[scored["snapshot_kid"].idxmin(), "step"]) if len(scored) else None


@styled
def learning_curves(metrics: pd.DataFrame, lang: str = "en") -> Figure:
    """Draw a VAE's reconstruction and KL over the epochs: training as lines, test as points."""
    fig, axes = plt.subplots(1, 2, figsize=(COLUMN_IN, 2.4))
    for ax, name in zip(axes, ("recon", "kl"), strict=True):
        _draw_panel(ax, metrics, PANELS[name], words(name, lang), x="epoch", lang=lang)
        _finish_epochs(ax, lang, num_ticks=7)
        legend_above(ax)
    return fig


@styled
def weight_elbo_curves(
    curves: Mapping[float, pd.DataFrame], betas: Mapping[float, float], lang: str = "en"
) -> Figure:
    """Draw the negative ELBO over the epochs beside what was minimised, a panel a weight.

    Args:
        curves: metrics by weight, with `objective`, what was minimised in nats of the same kind.
        betas: by weight, the factor on the KL in what was minimised.
    """
    columns = min(MAX_PANELS, len(curves))
    rows = -(-len(curves) // columns)
    size = (COLUMN_IN, 0.45 + 2.1 * rows)
    fig, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for ax, (weight, metrics) in zip(axes.flat, curves.items(), strict=False):
        title = f"{weight_name(weight)} (β = {betas[weight]:.4g})"
        _draw_panel(ax, metrics, PANELS["elbo"], title, x="epoch", lang=lang, pad=None)
        _finish_epochs(ax, lang, num_ticks=5)
        ax.tick_params(axis="y", labelsize=7.2)
    for ax in axes.flat[len(curves) :]:
        ax.set_visible(False)
    for ax in axes[:, 0]:
        ax.set_ylabel(words("kl_nats_axis", lang))
    handles, labels = axes.flat[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper left", ncols=3, handlelength=1.8)
    return fig


@styled
def _adversarial_curves(
    metrics: pd.DataFrame,
    names: Sequence[str],
    lang: str,
    smoothing: int,
    panels: Mapping[str, Panel] = PANELS,
) -> Figure:
    """Draw panels, two in a row; the first one marks the snapshots."""
    rows = len(names) // 2
    size = (COLUMN_IN, 2.5 if rows == 1 else HIGHEST_IN)
    fig, axes = plt.subplots(rows, 2, figsize=size)
    for ax, name in zip(axes.flat, names, strict=True):
        over = {"x": "step", "lang": lang, "smoothing": smoothing}
        _draw_panel(ax, metrics, panels[name], words(name, lang), **over)
        _finish(ax, metrics, lang, best=best_snapshot(metrics) if name == "losses" else None)
    return fig


def gan_curves(metrics: pd.DataFrame, lang: str = "en", *, smoothing: int = 0) -> Figure:
    """Draw the losses of D and G, and D's accuracy on real and on generated images.

    Scored snapshots, where there are some, are marked at the foot.
    """
    return _adversarial_curves(metrics, ("losses", "d_accuracy"), lang, smoothing)


def acgan_curves(
    metrics: pd.DataFrame,
    lang: str = "en",
    *,
    smoothing: int = 0,
    class_on_fake: bool | None = None,
) -> Figure:
    """Draw the adversarial losses, the attribute losses, and D's accuracies at both tasks.

    `class_on_fake` says whether D's attribute loss sums that of real images and that of G's, by
    which the loss of guessing is drawn; where it is not known, as of live curves, it is not drawn.
    """
    guessing = {
        None: {},
        False: {"levels": ((LN2, INK),), "level_name": "guess_class_loss"},
        True: {"levels": BOTH_KINDS, "level_name": "guess_class_losses"},
    }
    panels = PANELS | {"class_losses": PANELS["class_losses"]._replace(**guessing[class_on_fake])}
    names = ("losses", "d_accuracy", "class_losses", "class_accuracy")
    return _adversarial_curves(metrics, names, lang, smoothing, panels)


def infogan_curves(metrics: pd.DataFrame, lang: str = "en", *, smoothing: int = 0) -> Figure:
    """Draw the losses of D and G, D's accuracies, Q's loss, and how often Q reads the code."""
    names = ("losses", "d_accuracy", "q_loss", "code_accuracy")
    return _adversarial_curves(metrics, names, lang, smoothing)


@styled
def snapshot_curve(
    metrics: pd.DataFrame, lang: str = "en", *, kept_step: int | None = None
) -> Figure:
    """Draw the scores of the snapshots over the steps: KID, and diversity beside real images'.

    Of an ACGAN also the correlation r of labels asked for and shown, and KID / r^4, by which the
    snapshot that is kept is chosen. `kept_step` is the step whose networks the run gives.
    """
    scored, best = _scored(metrics), best_snapshot(metrics)
    names = [name for name in PANELS if name.startswith("snapshot_") and name in metrics]
    rows = len(names) // 2
    size = (COLUMN_IN, 2.4 if rows == 1 else HIGHEST_IN)
    fig, axes = plt.subplots(rows, 2, figsize=size)
    star = {"marker": "*", "markersize": 12, "color": GREEN, "markeredgecolor": "white"} | WHOLE
    kept = {"color": INK, "linewidth": 0.9, "linestyle": "--"}
    for ax, name in zip(axes.flat, names, strict=True):
        _draw_panel(ax, scored, PANELS[name], words(name, lang), x="step", lang=lang)
        top = scored[scored["step"] == best]
        label = words("best_snapshot", lang)
        ax.plot(top["step"], top[name], linestyle="none", label=label, **star)
        if kept_step not in (None, best):
            ax.axvline(kept_step, label=words("kept_snapshot", lang), **kept)
        _finish(ax, metrics, lang)
    return fig
