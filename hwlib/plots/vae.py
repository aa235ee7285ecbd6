"""The VAE's figures: learning curves, the latents' t-SNE, and how active they are."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from hwlib.plots.look import (
    BLUE,
    COLUMN_IN,
    GREY,
    HIGHEST_IN,
    ORANGE,
    attribute_name,
    choose_scale,
    styled,
    words,
)
from hwlib.thresholds import ACTIVE_VARIANCE


@styled
def learning_curves(metrics: pd.DataFrame, lang: str = "en") -> Figure:
    """Draw reconstruction and KL over the epochs: training as lines, the test set as points.

    Args:
        metrics: `Run.metrics`; `epoch`, `recon_nats`, `kl_nats`, and `test_...` where measured.
    """
    fig, axes = plt.subplots(1, 2, figsize=(COLUMN_IN, 2.4))
    for ax, term in zip(axes, ("recon", "kl"), strict=True):
        ax.set_title(words(term, lang), loc="left")
        ax.plot(metrics["epoch"], metrics[f"{term}_nats"], color=BLUE, label=words("train", lang))
        values = [metrics[f"{term}_nats"].dropna().to_numpy()]
        if f"test_{term}_nats" in metrics:
            test = metrics.dropna(subset=[f"test_{term}_nats"])
            ax.plot(
                test["epoch"],
                test[f"test_{term}_nats"],
                color=ORANGE,
                linestyle="none",
                marker="o",
                markersize=4.5,
                markeredgecolor="white",
                markeredgewidth=0.6,
                label=words("test", lang),
            )
            values.append(test[f"test_{term}_nats"].to_numpy())
        choose_scale(ax, np.concatenate(values), lang)
        ax.set_xlabel(words("epoch", lang))
        ax.set_xlim(left=0)
        ax.xaxis.set_major_locator(MaxNLocator(7))
        ax.legend(loc="best", handlelength=1.4)
    return fig


@styled
def embedding_scatter(
    xy: np.ndarray,
    labels: np.ndarray | None = None,
    attribute: str | None = None,
    lang: str = "en",
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw points in the plane, coloured by a 0/1 attribute, or grey where there is none.

    Args:
        xy: (N, 2).
        labels: 0/1 (N,), or None.
        attribute: the attribute's name in the data.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(COLUMN_IN * 0.75, HIGHEST_IN))
    dots = {"s": 11, "alpha": 0.8, "linewidths": 0.3, "edgecolors": "white"}
    if labels is None:
        ax.scatter(*xy.T, color=GREY, label=words("no_attribute", lang, count=len(xy)), **dots)
    else:
        labels = np.asarray(labels).astype(bool)
        # one call in the data's order, so that neither group is painted over the other
        colours = np.where(labels, BLUE, ORANGE)
        ax.scatter(*xy.T, c=colours, **dots)
        name = attribute_name(attribute or "", lang)
        for group, word, colour in (
            (labels, "attribute_is", BLUE),
            (~labels, "attribute_is_not", ORANGE),
        ):
            text = words(word, lang, attribute=name, count=int(group.sum()))
            ax.scatter([], [], color=colour, label=text, **(dots | {"s": 26}))
    ax.set_xlabel(words("tsne_1", lang))
    ax.set_ylabel(words("tsne_2", lang))
    # distances within the picture mean something, the positions do not: no numbers
    ax.tick_params(labelbottom=False, labelleft=False, length=0)
    ax.grid(visible=False)
    ax.spines[:].set(visible=True, color=GREY)
    ax.set_aspect("equal", adjustable="datalim")
    ax.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.3, handletextpad=0.2
    )
    return ax


@styled
def latent_activity(variances: np.ndarray, lang: str = "en", *, ax: Axes | None = None) -> Axes:
    """Draw the variance of each latent's mean over images, largest first.

    Args:
        variances: (Z,), of mu over images; a latent above 0.01 is active (Burda et al. 2016).
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(COLUMN_IN, 2.4))
    ordered = np.sort(np.asarray(variances, dtype=float))[::-1]
    rank = np.arange(1, len(ordered) + 1)
    is_active = ordered > ACTIVE_VARIANCE
    floor = min(ACTIVE_VARIANCE, max(ordered.min(), 1e-7)) / 2
    heights = np.maximum(ordered, floor)
    counts = {"active": int(is_active.sum()), "inactive": int((~is_active).sum())}
    for name, group, colour in (("active", is_active, BLUE), ("inactive", ~is_active, GREY)):
        if group.any():
            label = words(name, lang, total=len(ordered), **counts)
            edges = np.append(rank[group] - 0.5, rank[group][-1] + 0.5)
            ax.stairs(heights[group], edges, baseline=floor, fill=True, color=colour, label=label)
    if len(ordered) <= 150:  # room for a line between two bars
        ax.vlines(rank[:-1] + 0.5, floor, heights[:-1], color="white", linewidth=0.7)
    ax.axhline(
        ACTIVE_VARIANCE,
        color=ORANGE,
        linewidth=1.2,
        label=words("threshold", lang, value=f"{ACTIVE_VARIANCE:g}"),
    )
    ax.set_yscale("log")
    ax.set_ylim(bottom=floor)
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_xlim(0.5, len(ordered) + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(9, integer=True))
    ax.grid(visible=False, axis="x")
    ax.set_xlabel(words("latent_rank", lang))
    ax.set_ylabel(words("variance", lang))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.3)
    return ax
