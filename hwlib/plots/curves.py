"""Learning curves, from a table of panels: losses, accuracies, and the scores of snapshots.

They take `Run.metrics`; `smoothing` is how many points before it are averaged into each point.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from hwlib.conditioning import CODE_SIZE
from hwlib.plots import style
from hwlib.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PINK, styled, words
from hwlib.thresholds import HEALTHY_D_ACCURACY

LN2 = math.log(2)  # the loss of an answer of 0, which guesses
TITLE_PAD = 17  # points; the legend stands between title and axes
MAX_PANELS = 3  # side by side in a column's width
STEEP = 8  # times the median: a curve that begins so high needs a log axis
WIDE_RATIO = 1e3  # of a log axis' ends, from which powers of ten are enough
WHOLE = {"clip_on": False, "zorder": 3}  # of marks on the edge of the axes
# What columns that begin so look like: points of the test set, scores of snapshots, and what was
# minimised, above the other curves so that both are seen where they are one.
LOOKS = {
    "test_": style.DOTS,
    "snapshot_": {"marker": "o", "markersize": 4, **WHOLE},
    "objective": {"linestyle": (0, (3, 2)), "zorder": 2.5},
}


class Panel(NamedTuple):
    """What one panel of curves shows."""

    curves: Mapping[str, str]  # a network's letter or one of the figures' words, by column
    colours: Sequence[str] = (BLUE, ORANGE)
    levels: Sequence[tuple[float, str]] = ()  # heights and colours of lines: what guessing gives
    level_name: str = ""  # what the legend calls them
    scale: str = "auto"  # may become logarithmic; "share" is 0 to 100 %, "zero" begins at 0
    band: tuple[float, float] | None = None  # the heights of a band, called "healthy"
    x: str = "step"


# A D that answers 0 to everything pays ln 2 for each kind of image (Goodfellow et al. 2014,
# section 4.1). D's loss sums both kinds, G's has one.
BOTH_KINDS = ((2 * LN2, BLUE), (LN2, ORANGE))
LN_CODES, CODE_SHARE = ((math.log(CODE_SIZE), INK),), ((1 / CODE_SIZE, INK),)
VAE = {
    "recon": Panel({"recon_nats": "train", "test_recon_nats": "test"}, x="epoch"),
    "kl": Panel({"kl_nats": "train", "test_kl_nats": "test"}, x="epoch"),
}
ELBO = {"objective": "kl_trained", "neg_elbo_nats": "kl_neg_elbo"}
ELBO = Panel(ELBO | {"test_neg_elbo_nats": "kl_neg_elbo_test"}, (ORANGE, BLUE, BLUE), x="epoch")
D_ACCURACY = {"d_accuracy_real": "on_real", "d_accuracy_fake": "on_fake"}
GAN = {
    "losses": Panel({"d_loss": "D", "g_loss": "G"}, levels=BOTH_KINDS, level_name="undecided"),
    "d_accuracy": Panel(D_ACCURACY, scale="share", band=HEALTHY_D_ACCURACY),
}
CLASS_LOSSES = Panel({"d_class_loss": "D", "g_class_loss": "G"})
GUESSING_CLASSES = {  # by whether D's attribute loss sums both kinds of images
    None: CLASS_LOSSES,
    False: CLASS_LOSSES._replace(levels=((LN2, INK),), level_name="guess_class_loss"),
    True: CLASS_LOSSES._replace(levels=BOTH_KINDS, level_name="guess_class_losses"),
}
CLASS_ACCURACY = {"class_accuracy_real": "on_real", "class_accuracy_fake": "on_fake"}
CLASS_ACCURACY = Panel(
    CLASS_ACCURACY, levels=((0.5, INK),), level_name="guess_class_accuracy", scale="share"
)
INFOGAN = GAN | {
    "q_loss": Panel({"q_loss": "Q"}, (PINK,), LN_CODES, "guess_loss", "zero"),
    "code_accuracy": Panel({"code_accuracy": "Q"}, (PINK,), CODE_SHARE, "guess_accuracy", "share"),
}
SNAPSHOTS = {
    "snapshot_kid": Panel({"snapshot_kid": ""}),
    "snapshot_diversity": Panel(
        {"snapshot_diversity": ""}, (PINK,), ((1, GREY),), "as_real", "zero"
    ),
    "snapshot_correlation": Panel({"snapshot_correlation": ""}, (ORANGE,)),
    "snapshot_score": Panel({"snapshot_score": ""}, (GREY,)),
}


def _draw_panel(
    ax: Axes, metrics: pd.DataFrame, panel: Panel, title: str, lang: str, *, smoothing: int = 0
) -> None:
    """Draw one panel; where it is smoothed, what was measured stays behind the curves."""
    if panel.band:
        label = words("healthy", lang)
        ax.axhspan(*panel.band, color=GREEN, alpha=0.13, linewidth=0, label=label)
    for (column, name), colour in zip(panel.curves.items(), panel.colours, strict=False):
        if column not in metrics:
            continue
        curve = metrics.set_index(panel.x)[column].dropna()
        look = next((own for start, own in LOOKS.items() if column.startswith(start)), {})
        label = words(name, lang) if len(name) > 1 else name
        if smoothing:
            ax.plot(curve, color=colour, linewidth=0.7, alpha=0.3)
            curve = curve.rolling(smoothing + 1, min_periods=1).mean()
        ax.plot(curve, color=colour, label=label, **look)
    line = {"linewidth": 0.9, "linestyle": style.DASHED}
    for height, colour in panel.levels:
        ax.axhline(height, color=colour, **line)
    if panel.levels:
        colours = {colour for _, colour in panel.levels}
        colour = colours.pop() if len(colours) == 1 else GREY
        ax.plot([], [], color=colour, label=words(panel.level_name, lang), **line)
    values = metrics.filter(panel.curves).stack()
    ax.yaxis.set_major_formatter(style.plain_number)
    if panel.scale == "share":
        ax.set_ylim(-0.02, 1.02)
        ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    elif panel.scale == "zero":
        ax.set_ylim(bottom=0)
    elif len(values) and values.min() > 0 and values.max() > STEEP * values.median():
        is_wide = values.max() > WIDE_RATIO * values.min()
        style.use_log_scale(ax, "y", subs=(1,) if is_wide else (1, 2, 5))
        title += words("log_axis", lang)
    else:
        ax.yaxis.set_major_locator(MaxNLocator(6))
    ax.set_title(title, loc="left", pad=TITLE_PAD)
    ax.set_xlim(left=0)
    is_step = panel.x == "step"
    ax.xaxis.set_major_locator(MaxNLocator(6 if is_step else 7, integer=is_step))
    ax.xaxis.set_major_formatter(style.plain_number)
    ax.set_xlabel(words(panel.x, lang))


@styled
def _draw_panels(
    metrics: pd.DataFrame, panels: Mapping[str, Panel], lang: str, *, smoothing: int = 0
) -> Figure:
    """Draw panels by name, two in a row; of a game the first marks its snapshots and the best."""
    rows = len(panels) // 2
    size = (style.COLUMN_IN, 2.45 if rows == 1 else style.HIGHEST_IN)
    fig, axes = plt.subplots(rows, 2, figsize=size, sharex=True)
    for ax, (name, panel) in zip(axes.flat, panels.items(), strict=True):
        _draw_panel(ax, metrics, panel, words(name, lang), lang, smoothing=smoothing)
        if not ax.get_subplotspec().is_last_row():
            ax.set_xlabel("")
        if panel.x == "step":
            ax.set_xlim(0, max(metrics["step"].iloc[-1], 1))
        best = best_snapshot(metrics)
        if name == "losses" and best is not None:
            label = words("best_snapshot", lang)
            ax.axvline(best, color=GREEN, linewidth=1.1, linestyle=(0, (1, 1.4)), label=label)
            scored = metrics["step"][metrics["snapshot_kid"].notna()]
            marks = {"color": GREEN, "markersize": 4, "clip_on": False, "zorder": 5}
            ax.plot(scored, 0 * scored, "^", transform=ax.get_xaxis_transform(), **marks)
        if name not in SNAPSHOTS:
            style.legend_above(ax)
    return fig


def learning_curves(metrics: pd.DataFrame, lang: str = "en") -> Figure:
    """Draw a VAE's reconstruction and KL over the epochs: training as lines, test as points."""
    return _draw_panels(metrics, VAE, lang)


@styled
def weight_elbo_curves(
    curves: Mapping[float, pd.DataFrame], betas: Mapping[float, float], lang: str = "en"
) -> Figure:
    """Draw the negative ELBO over the epochs beside what was minimised, a panel a weight.

    By weight, `curves` has the metrics, with `objective`, what was minimised in nats of the same
    kind, and `betas` the factor on the KL in it.
    """
    columns = min(MAX_PANELS, len(curves))
    rows = -(-len(curves) // columns)
    size = (style.COLUMN_IN, 0.45 + 2.1 * rows)
    fig, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for ax, (weight, metrics) in zip(axes.flat, curves.items(), strict=False):
        title = f"{style.weight_name(weight)} (β = {betas[weight]:.4g})"
        _draw_panel(ax, metrics, ELBO, title, lang)
        ax.set_title(ax.get_title(loc="left"), loc="left")  # no legend stands below it
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.tick_params(axis="y", labelsize=7.2)
    for ax in axes.flat[len(curves) :]:
        ax.set_visible(False)
    for ax in axes[:, 0]:
        ax.set_ylabel(words("kl_nats_axis", lang))
    handles, labels = axes.flat[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper left", ncols=3, handlelength=1.8)
    return fig


# ---- adversarial runs ----------------------------------------------------------------------------


def best_snapshot(metrics: pd.DataFrame) -> int | None:
    """Return the step of the scored snapshot with the lowest KID; None before the first one."""
    kid = metrics.get("snapshot_kid", pd.Series()).dropna()
    return int(metrics["step"][kid.idxmin()]) if len(kid) else None


def gan_curves(metrics: pd.DataFrame, lang: str = "en", *, smoothing: int = 0) -> Figure:
    """Draw the losses of D and G, and D's accuracy on real and on generated images."""
    return _draw_panels(metrics, GAN, lang, smoothing=smoothing)


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
    losses = GUESSING_CLASSES[class_on_fake]
    panels = GAN | {"class_losses": losses, "class_accuracy": CLASS_ACCURACY}
    return _draw_panels(metrics, panels, lang, smoothing=smoothing)


def infogan_curves(metrics: pd.DataFrame, lang: str = "en", *, smoothing: int = 0) -> Figure:
    """Draw the losses of D and G, D's accuracies, Q's loss, and how often Q reads the code."""
    return _draw_panels(metrics, INFOGAN, lang, smoothing=smoothing)


@styled
def snapshot_curve(
    metrics: pd.DataFrame, lang: str = "en", *, kept_step: int | None = None
) -> Figure:
    """Draw the scores of the snapshots over the steps: KID, and diversity beside real images'.

    Of an ACGAN also the correlation r of labels asked for and shown, and KID / r^4, by which the
    snapshot that is kept is chosen. `kept_step` is the step whose networks the run gives.
    """
    panels = {name: panel for name, panel in SNAPSHOTS.items() if name in metrics}
    fig, best = _draw_panels(metrics, panels, lang), best_snapshot(metrics)
    top = metrics[metrics["step"] == best]
    star = {"marker": "*", "markersize": 12, "color": GREEN, "markeredgecolor": "white"} | WHOLE
    kept = {"color": INK, "linewidth": 0.9, "linestyle": "--"}
    for ax, name in zip(fig.axes, panels, strict=True):
        label = words("best_snapshot", lang)
        ax.plot(top["step"], top[name], linestyle="none", label=label, **star)
        if kept_step not in (None, best):
            ax.axvline(kept_step, label=words("kept_snapshot", lang), **kept)
        style.legend_above(ax)
    return fig
