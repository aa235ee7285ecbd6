"""What latents, codes and KL weights do: points, maps and bars."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from hwlib.plots import style
from hwlib.plots.style import (
    attribute_name,
    legend_above,
    plain,
    plain_number,
    short_name,
    styled,
    use_log_scale,
    words,
)
from hwlib.text import signed
from hwlib.thresholds import ACTIVE_VARIANCE

MAX_BARS_APART = 150  # bars between which there is room for a line
MAX_ATTRIBUTES = 14  # columns of a map that a page has room for
MAX_BARS, MIN_BARS = 10, 5
NO_BAR = 0.005  # nats; what is shorter would be written as 0.00
UNKNOWN = "–"

# Blue is less, orange is more: told apart with every common colour blindness. None of them is quite
# a colour of `style`, so that on a dark page they and the words on them stay as they are.
LESS, NEITHER, MORE, ON_PALE = "#0072B3", "#FEFEFE", "#D55E01", "#222223"
CHANGES = LinearSegmentedColormap.from_list("changes", [LESS, NEITHER, MORE])
RATES = LinearSegmentedColormap.from_list("rates", [NEITHER, LESS])
COVERED = 60  # percent: a cell of more has light words on it
ROW_IN = (0.17, 0.26)  # height of a row of a map of changes


@styled
def embedding_scatter(
    xy: np.ndarray,
    labels: np.ndarray | None = None,
    attribute: str | None = None,
    lang: str = "en",
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw points (N, 2) in the plane, coloured by a 0/1 attribute (N,), or grey without one."""
    ax = ax or style.make_axes(style.HIGHEST_IN, width=0.75)
    kinds, palette = np.zeros(len(xy), int), [style.GREY]
    names = [words("no_attribute", lang, count=len(xy))]
    if labels is not None:
        kinds, palette = 1 - np.asarray(labels).astype(int), [style.BLUE, style.ORANGE]
        about = {"attribute": attribute_name(attribute or "", lang)}
        keys = {"attribute_is": kinds == 0, "attribute_is_not": kinds == 1}
        names = [words(key, lang, count=int(own.sum()), **about) for key, own in keys.items()]
    # in the data's order, so that neither group is painted over the other
    x, y = np.asarray(xy).T
    dots = {"s": 11, "alpha": 0.8, "linewidth": 0.3}
    hue = np.array(names)[kinds]
    sns.scatterplot(x=x, y=y, hue=hue, hue_order=names, palette=palette, ax=ax, **dots)
    # distances within the plane mean something, the positions do not: no numbers
    ax.set(xlabel=words("tsne_1", lang), ylabel=words("tsne_2", lang))
    ax.tick_params(labelbottom=False, labelleft=False, length=0)
    ax.grid(visible=False)
    ax.spines[:].set(visible=True, color=style.GREY)
    ax.set_aspect("equal", adjustable="datalim")
    legend_above(ax, ncols=2, markerscale=1.5)
    return ax


@styled
def latent_activity(variances: np.ndarray, lang: str = "en", *, ax: Axes | None = None) -> Axes:
    """Draw the variance of each latent's mean over images, (Z,), largest first."""
    ax = ax or style.make_axes(2.4)
    ordered = np.sort(np.asarray(variances, dtype=float))[::-1]
    rank, is_active = np.arange(1, len(ordered) + 1), ordered > ACTIVE_VARIANCE
    counts = {"total": len(rank), "active": is_active.sum(), "inactive": (~is_active).sum()}
    apart = {"edgecolor": "white", "linewidth": 0.7 if len(rank) <= MAX_BARS_APART else 0}
    looks = {"active": (is_active, style.BLUE), "inactive": (~is_active, style.GREY)}
    named = [
        ax.bar(rank[own], ordered[own], 1, color=colour, label=words(name, lang, **counts), **apart)
        for name, (own, colour) in looks.items()
        if own.any()
    ]
    label = words("threshold", lang, value=f"{ACTIVE_VARIANCE:g}")
    named.append(ax.axhline(ACTIVE_VARIANCE, color=style.ORANGE, linewidth=1.2, label=label))
    ax.set(yscale="log", xlim=(0.5, len(rank) + 0.5))
    ax.set_ylim(bottom=min(ACTIVE_VARIANCE, max(ordered[-1], 1e-7)) / 2)
    ax.yaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_locator(MaxNLocator(9, integer=True))
    ax.grid(visible=False, axis="x")
    ax.set(xlabel=words("latent_rank", lang), ylabel=words("variance", lang))
    legend_above(ax, handles=named)
    return ax


def _heat_map(ax: Axes, shares: pd.DataFrame, *, is_change: bool) -> None:
    """Draw shares from -1 or 0 to 1 as cells with percentages in them; NaN is a pale cell."""
    percent = 100 * shares.fillna(0).astype(float)
    write = signed if is_change else "{:.0f}".format
    cells = percent.round().map(write).mask(shares.isna(), UNKNOWN)
    scale = {"vmin": -100, "cmap": CHANGES} if is_change else {"vmin": 0, "cmap": RATES}
    named = {"annot": cells, "fmt": "", "annot_kws": {"fontsize": 7.5}}
    named |= {"xticklabels": True, "yticklabels": True}
    sns.heatmap(percent, ax=ax, vmax=100, linewidths=1.5, cbar=False, **scale, **named)
    for text, value in zip(ax.texts, percent.to_numpy().flat, strict=True):
        text.set_color(NEITHER if abs(value) > COVERED else ON_PALE)
    ax.tick_params(length=0)
    ax.tick_params(axis="y", rotation=0)
    ax.grid(visible=False)


@styled
def leakage(
    changes: Mapping[str, Mapping[str, float]],
    changes_real: Mapping[str, Mapping[str, float]],
    lang: str = "en",
) -> Figure:
    """Draw what else changes when an attribute is switched, and how real images differ.

    Shown are the switched attributes, and of the others those that change most.

    Args:
        changes: {switched: {attribute: change of its rate among samples, on minus off}}.
        changes_real: the same of real images, with the attribute minus without it; a row or a
            column that is missing stays empty.
    """
    samples = pd.DataFrame.from_dict(changes, orient="index")
    real = pd.DataFrame.from_dict(changes_real, orient="index").reindex_like(samples)
    size = pd.concat([samples, real]).abs().max()
    size[samples.index.intersection(size.index)] = np.inf
    most = size.sort_values(ascending=False, kind="stable").index[:MAX_ATTRIBUTES]
    columns = [name for name in samples if name in most]
    least, room = ROW_IN[0], (style.HIGHEST_IN - 1.5) / 2 / len(samples)
    figsize = (style.COLUMN_IN, 2 * len(samples) * max(min(ROW_IN[1], room), least) + 1.5)
    fig, axes = plt.subplots(2, 1, figsize=figsize, sharex=True)
    unit = words("in_unit", lang, unit=words("points", lang))
    for ax, one, title in zip(axes, (samples, real), ("samples", "real"), strict=True):
        short = {name: short_name(name, lang) for name in (*columns, *samples.index)}
        _heat_map(ax, one[columns].rename(index=short, columns=short), is_change=True)
        ax.set_title(words(f"leakage_{title}", lang) + unit, loc="left")
    axes[0].tick_params(labelbottom=False)
    plt.setp(axes[1].get_xticklabels(), rotation=45, ha="right", rotation_mode="anchor")
    return fig


@styled
def code_attributes(
    meaning: Sequence[Mapping[str, float]],
    code: int = 1,
    lang: str = "en",
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw how common each attribute is among the samples of each value of a code, from 1 on.

    `meaning` has {attribute: rate among its samples} for each value.
    """
    rates = pd.DataFrame(meaning).T  # a row an attribute, a column a value
    spread = (rates.max(axis=1) - rates.min(axis=1)).sort_values(ascending=False, kind="stable")
    rates = rates.loc[spread.index[:MAX_ATTRIBUTES]]
    rates[words("mean", lang)] = rates.mean(axis=1)
    ax = ax or style.make_axes(0.2 * len(rates) + 0.6)
    _heat_map(ax, rates.rename(index=lambda name: attribute_name(name, lang)), is_change=False)
    ax.axvline(len(meaning), color=style.INK, linewidth=0.8)
    ax.set_xlabel(words("code_value", lang, code=code))
    return ax


@styled
def code_nats(
    nats: Sequence[Mapping[str, float]],
    lang: str = "en",
    *,
    least: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the information of each code on attributes or factors, as bars, most first.

    `nats` has a dict a code, {attribute or factor: mutual information in nats}; a line marks the
    `least` nats, below which a bar counts as none.
    """
    codes = [words("code", lang, code=i + 1) for i in range(len(nats))]
    frame = pd.DataFrame(nats, index=codes).T.clip(lower=0)
    most = frame.max(axis=1).sort_values(ascending=False, kind="stable")[:MAX_BARS]
    most = most[(np.arange(len(most)) < MIN_BARS) | (most >= NO_BAR)]
    bars = frame.loc[most.index].rename(index=lambda name: attribute_name(name, lang))
    ax = ax or style.make_axes(0.65 + len(bars) * (0.11 + 0.085 * len(nats)))
    long = bars.rename_axis("name").reset_index().melt("name", var_name="code", value_name="nats")
    colours = {"palette": style.PALETTE[: len(nats)], "saturation": 1}
    sns.barplot(long, x="nats", y="name", hue="code", ax=ax, width=0.76, **colours)
    for container in ax.containers:
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # over the line of `least`
        ax.bar_label(container, fmt="%.2f", padding=2, fontsize=7.5, bbox=paper)
    ax.set_xlim(0, max(1.12 * most.iloc[0], 0.05, 1.3 * (least or 0)))
    if least is not None:
        label, line = words("least_nats", lang, least=f"{least:.2g}"), {"linestyle": style.DASHED}
        ax.axvline(least, color=style.INK, linewidth=0.9, zorder=3, label=label, **line)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.set(xlabel=words("nats", lang), ylabel="")
    ax.get_legend().remove()
    if len(nats) > 1 or least is not None:
        legend_above(ax)
    return ax


# ---------------------------------------------------------------------------------- KL weights

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
    ax, rates, errors = axes["rate"], table["kl_nats"].clip(lower=0), table["recon_nats"]
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
    return fig


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
    least = positive.index.min() if len(positive) else 1
    ax.set_xscale("symlog", linthresh=least, linscale=0.9)  # 0 as far from the least as one decade
    dots = style.DOTS | {"color": style.BLUE}
    # 0 is no neighbour of the others: no line leads to it
    ax.plot(positive, **dots | {"linestyle": "-"})
    if 0 in values.index:
        ax.plot(0, values[0], **dots)
        ax.axvline(least / 2, color=style.GREY, linewidth=0.8, linestyle=(0, (2, 2)))
    # where two weights lie close, the one that is no power of ten goes without a number
    numbered = [
        w for w in values.index if w == 0 or np.isclose(np.log10(w) % 1, [0, 1], atol=0.02).any()
    ]
    numbered = numbered if len(numbered) > 1 else values.index
    ax.set_xticks(numbered, map(plain, numbered))
    ax.set_xticks(values.index, minor=True)
    ax.xaxis.set_minor_formatter("")
    ax.set_xlabel(words("kl_lambda", lang))
