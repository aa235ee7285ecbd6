"""The homework's figures: arrays in, matplotlib axes out; never trains, saves or shows.

Pictures are uint8 (N, H, W, C) and are drawn as they are: enlarged by whole factors, never
stretched in contrast. Every figure is as wide as a 16 cm column, so its text is readable there.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

COLUMN_IN = 6.3  # width of a report's text column, 16 cm
CANVAS_PX = 1200  # about how many pixels wide a sheet of pictures is drawn
ACTIVE_VARIANCE = (
    0.01  # variance of mu above which a latent is active (Burda et al. 2016, section 5)
)

# Okabe and Ito's palette: told apart with every common kind of colour blindness.
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
SKY, YELLOW, PINK, INK, GREY = "#56B4E9", "#E69F00", "#CC79A7", "#222222", "#8A8A8A"
PALETTE = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY)

WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "Conv2d": "卷積",
        "ConvTranspose2d": "轉置卷積",
        "Linear": "全連接",
        "stride": "，步幅 ",
        "epoch": "訓練週期（epoch）",
        "recon": "重建損失（nats／張）",
        "kl": "KL 散度（nats／張）",
        "log_axis": "，對數刻度",
        "train": "訓練",
        "test": "測試",
        "test_images": "測試影像",
        "reconstructions": "重建影像",
        "attribute": "{name} ({attribute})",
        "attribute_is": "{attribute}：是（{count:,} 張）",
        "attribute_is_not": "{attribute}：否（{count:,} 張）",
        "no_attribute": "資料沒有屬性標記，因此不上色（{count:,} 張）",
        "tsne_1": "t-SNE 第一軸（無單位）",
        "tsne_2": "t-SNE 第二軸（無單位）",
        "latent_rank": "隱變數（依活躍程度排序）",
        "variance": "各影像 $\\mu$ 的變異數",
        "active": "活躍：{active:,} / {total:,} 維",
        "inactive": "不活躍：{inactive:,} 維",
        "threshold": "門檻 0.01",
        "encoder": "編碼器",
        "decoder": "解碼器",
        "input": "影像",
        "output": "重建影像",
        "parameters": "參數 {count:,} 個",
        "sampling": "重新參數化",
        "value": "$\\mu$ 改成的數值",
    },
    "en": {
        "Conv2d": "Conv",
        "ConvTranspose2d": "ConvT",
        "Linear": "Linear",
        "stride": ", stride ",
        "epoch": "epoch",
        "recon": "reconstruction (nats per image)",
        "kl": "KL divergence (nats per image)",
        "log_axis": ", log scale",
        "train": "train",
        "test": "test",
        "test_images": "test image",
        "reconstructions": "reconstruction",
        "attribute_is": "{attribute}: yes ({count:,} images)",
        "attribute_is_not": "{attribute}: no ({count:,} images)",
        "no_attribute": "the data has no attributes, so no colours ({count:,} images)",
        "tsne_1": "t-SNE axis 1 (no unit)",
        "tsne_2": "t-SNE axis 2 (no unit)",
        "latent_rank": "latent variable, most active first",
        "variance": "variance of $\\mu$ over images",
        "active": "active: {active:,} of {total:,}",
        "inactive": "inactive: {inactive:,}",
        "threshold": "threshold 0.01",
        "encoder": "Encoder",
        "decoder": "Decoder",
        "input": "image",
        "output": "reconstruction",
        "parameters": "{count:,} parameters",
        "sampling": "reparameterisation",
        "value": "value that $\\mu$ is set to",
    },
}

# The homework's thirteen attributes in Taiwan's usual words.
ATTRIBUTES_ZH = {
    "Bangs": "瀏海",
    "Big_Lips": "厚唇",
    "Black_Hair": "黑髮",
    "Blond_Hair": "金髮",
    "Brown_Hair": "棕髮",
    "Heavy_Makeup": "濃妝",
    "High_Cheekbones": "高顴骨",
    "Male": "男性",
    "Mouth_Slightly_Open": "嘴巴微張",
    "Smiling": "微笑",
    "Straight_Hair": "直髮",
    "Wavy_Hair": "捲髮",
    "Wearing_Lipstick": "擦口紅",
}


class Layer(NamedTuple):
    """One layer of a network as the layer table shows it."""

    part: str  # "encoder", "mu", "logvar" or "decoder"
    name: str  # attribute path inside the network
    kind: str  # class name, e.g. "Conv2d"
    detail: str  # e.g. "4×4, stride 2"
    shape: tuple[int, ...]  # of the output, without the batch
    num_parameters: int


# ---------------------------------------------------------------------------------------- style


@functools.cache
def register_fonts() -> tuple[str, ...]:
    """Make the package's fonts known to matplotlib.

    Returns:
        the family list, first choice first; matplotlib falls back glyph by glyph along it.
    """
    folder = Path(__file__).with_name("fonts")
    families = []
    for path in sorted([*folder.glob("*.otf"), *folder.glob("*.ttf")]):
        font_manager.fontManager.addfont(path)
        families.append(font_manager.get_font(str(path)).family_name)
    return (*dict.fromkeys(families), "DejaVu Sans")


def rc_params() -> dict[str, Any]:
    """Return the settings of matplotlib that make up the figures' one look."""
    return {
        "font.family": list(register_fonts()),
        "font.size": 8.5,
        "axes.titlesize": 9,
        "axes.labelsize": 8.5,
        "xtick.labelsize": 7.5,
        "ytick.labelsize": 7.5,
        "legend.fontsize": 8,
        "legend.frameon": False,
        "figure.dpi": 200,
        "savefig.dpi": "figure",
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "figure.constrained_layout.use": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#555555",
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": "#555555",
        "ytick.color": "#555555",
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#E3E3E3",
        "grid.linewidth": 0.6,
        "lines.linewidth": 1.6,
        "lines.solid_capstyle": "round",
        "mathtext.fontset": "dejavusans",
        "axes.prop_cycle": plt.cycler(color=PALETTE),
    }


def style():
    """Return a context in which matplotlib has the look of the project's figures."""
    return plt.rc_context(rc_params())


def _styled(draw: Callable) -> Callable:
    """Run `draw` within the project's style."""

    @functools.wraps(draw)
    def styled(*args, **kwargs):
        with style():
            return draw(*args, **kwargs)

    return styled


def attribute_name(attribute: str, lang: str) -> str:
    """Return `attribute` in the words of `lang`, with the data's own name kept."""
    if lang == "zh" and attribute in ATTRIBUTES_ZH:
        return WORDS["zh"]["attribute"].format(name=ATTRIBUTES_ZH[attribute], attribute=attribute)
    return attribute


# ------------------------------------------------------------------------------------- pictures


def _as_rgb(images: np.ndarray) -> np.ndarray:
    """Check pictures, uint8 (N, H, W, C), and return them as (N, H, W, 3)."""
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[3] not in (1, 3):
        raise ValueError(
            f"pictures must be uint8 (N, H, W, C) with C 1 or 3, not {images.dtype} {images.shape}"
        )
    return np.repeat(images, 3, axis=3) if images.shape[3] == 1 else images


def enlarge(images: np.ndarray, factor: int) -> np.ndarray:
    """Repeat every pixel `factor` times both ways: uint8 (N, H, W, C) to (N, fH, fW, C)."""
    return np.repeat(np.repeat(images, factor, axis=1), factor, axis=2)


def compose(
    images: np.ndarray, columns: int, *, factor: int | None = None, gap: int | None = None
) -> np.ndarray:
    """Lay pictures out in rows on white, pixel by pixel.

    Args:
        images: uint8 (N, H, W, C), C 1 or 3.
        columns: pictures in a row.
        factor: whole enlargement; None chooses the one that makes the sheet about 1,200 wide.
        gap: white pixels between pictures; None is a thin line in proportion.

    Returns:
        the sheet, uint8 (rows * (H * factor + gap) - gap, likewise, 3).
    """
    images = _as_rgb(images)
    if factor is None:
        factor = max(1, round(CANVAS_PX / (columns * images.shape[2])))
    gap = max(2, round(images.shape[2] * factor / 32)) if gap is None else gap
    num, height, width = len(images), images.shape[1] * factor, images.shape[2] * factor
    rows = -(-num // columns)
    sheet = np.full(
        (rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, dtype=np.uint8
    )
    for i, image in enumerate(enlarge(images, factor)):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def _text_width_in(text: str, points: float) -> float:
    """Estimate the width of `text` in inches: wide glyphs are one em, the others about half."""
    plain = text.replace("$", "").replace("\\mu", "m")
    return sum(1.0 if ord(c) > 0x2E00 else 0.5 for c in plain) * points / 72


def _pixel_axes(sheet: np.ndarray, *, left_in=0.0, bottom_in=0.0, top_in=0.0) -> Axes:
    """Return axes on which each pixel of `sheet` is one pixel of the figure."""
    dpi = sheet.shape[1] / (COLUMN_IN - left_in)
    left, bottom, top = (round(inches * dpi) for inches in (left_in, bottom_in, top_in))
    width, height = left + sheet.shape[1], bottom + top + sheet.shape[0]
    # matplotlib cuts the size down to whole pixels: a hair more keeps the last one
    size = ((width + 1e-3) / dpi, (height + 1e-3) / dpi)
    fig = plt.figure(figsize=size, dpi=dpi, layout="none")
    box = (left / width, bottom / height, sheet.shape[1] / width, sheet.shape[0] / height)
    return fig.add_axes(box)


@_styled
def image_grid(
    images: np.ndarray,
    columns: int = 8,
    *,
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    xlabel: str | None = None,
    factor: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw pictures in rows, pixel-exact: whole enlargement, thin gaps, contrast untouched.

    Args:
        images: uint8 (N, H, W, C), C 1 or 3.
        columns: pictures in a row.
        row_labels: a word left of each row.
        column_labels: a word below each column.
        xlabel: a line below the column labels.
        factor: whole enlargement; None chooses it.
        ax: axes to draw on (then the size is theirs); None makes a figure of the exact size.
    """
    sheet = compose(images, columns, factor=factor)
    rows = -(-len(images) // columns)
    if ax is None:
        points = plt.rcParams["ytick.labelsize"]
        left = max((_text_width_in(word, points) for word in row_labels or ()), default=0)
        bottom = (0.2 if column_labels else 0) + (0.2 if xlabel else 0)
        ax = _pixel_axes(sheet, left_in=left and left + 0.14, bottom_in=bottom)
    ax.imshow(sheet, interpolation="nearest", aspect="equal")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, pad=4)
    # label each row and column at its middle; pixel centres are at whole numbers
    row_step = (sheet.shape[0] + 1) / rows
    column_step = (sheet.shape[1] + 1) / columns
    ax.set_yticks([(i + 0.5) * row_step - 1 for i in range(rows)] if row_labels else [])
    ax.set_xticks([(i + 0.5) * column_step - 1 for i in range(columns)] if column_labels else [])
    if row_labels:
        ax.set_yticklabels(row_labels)
    if column_labels:
        ax.set_xticklabels(column_labels)
    if xlabel:
        ax.set_xlabel(xlabel, labelpad=2)
    return ax


def pairs(
    upper: np.ndarray,
    lower: np.ndarray,
    row_labels: Sequence[str] | None = None,
    *,
    lang: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw one row of pictures above another, uint8 (N, H, W, C) each.

    Args:
        upper: the first row.
        lower: the second row, as many pictures.
        row_labels: words for the two rows; None says test image and reconstruction in `lang`.
    """
    if upper.shape != lower.shape:
        raise ValueError(f"the rows differ in shape: {upper.shape} and {lower.shape}")
    words = WORDS[lang]
    labels = row_labels or (words["test_images"], words["reconstructions"])
    images = np.concatenate([upper, lower])
    return image_grid(images, columns=len(upper), row_labels=labels, ax=ax)


def interpolation(
    frames: np.ndarray, *, row_labels: Sequence[str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw paths through latent space, a row each, with the share of the way below.

    Args:
        frames: uint8 (rows, steps, H, W, C).
    """
    rows, steps = frames.shape[:2]
    shares = [f"{share:.0%}" for share in np.linspace(0, 1, steps)]
    images = frames.reshape(rows * steps, *frames.shape[2:])
    return image_grid(images, steps, row_labels=row_labels, column_labels=shares, ax=ax)


def traversal(
    frames: np.ndarray,
    latents: Sequence[int],
    values: Sequence[float],
    *,
    lang: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw what single latents do: a row a latent, a column a value of it.

    Args:
        frames: uint8 (len(latents), len(values), H, W, C).
        latents: index of the latent in each row.
        values: what it is set to in each column.
    """
    rows, columns = frames.shape[:2]
    return image_grid(
        frames.reshape(rows * columns, *frames.shape[2:]),
        columns,
        row_labels=[f"$z_{{{latent}}}$" for latent in latents],
        column_labels=[f"{value:+g}".replace("-", "−") if value else "0" for value in values],
        xlabel=WORDS[lang]["value"],
        ax=ax,
    )


# --------------------------------------------------------------------------------------- curves


def _choose_scale(ax: Axes, values: np.ndarray, lang: str) -> None:
    """Use a log axis, and say so, where the first steps would flatten all the rest."""
    if values.size and values.min() > 0 and values.max() > 8 * np.median(values):
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.set_title(ax.get_title(loc="left") + WORDS[lang]["log_axis"], loc="left")
    else:
        ax.yaxis.set_major_locator(MaxNLocator(6))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))


@_styled
def learning_curves(metrics: pd.DataFrame, lang: str = "en") -> Figure:
    """Draw reconstruction and KL over the epochs: training as lines, the test set as points.

    Args:
        metrics: `Run.metrics`; `epoch`, `recon_nats`, `kl_nats`, and `test_...` where measured.
    """
    words = WORDS[lang]
    fig, axes = plt.subplots(1, 2, figsize=(COLUMN_IN, 2.75))
    for ax, term in zip(axes, ("recon", "kl"), strict=True):
        ax.set_title(words[term], loc="left")
        ax.plot(metrics["epoch"], metrics[f"{term}_nats"], color=BLUE, label=words["train"])
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
                label=words["test"],
            )
            values.append(test[f"test_{term}_nats"].to_numpy())
        _choose_scale(ax, np.concatenate(values), lang)
        ax.set_xlabel(words["epoch"])
        ax.set_xlim(left=0)
        ax.xaxis.set_major_locator(MaxNLocator(7))
        ax.legend(loc="best", handlelength=1.4)
    return fig


# -------------------------------------------------------------------------------------- latents


@_styled
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
    words = WORDS[lang]
    if ax is None:
        _, ax = plt.subplots(figsize=(COLUMN_IN * 0.78, COLUMN_IN * 0.7))
    dots = {"s": 15, "alpha": 0.8, "linewidths": 0.3, "edgecolors": "white"}
    if labels is None:
        ax.scatter(*xy.T, color=GREY, label=words["no_attribute"].format(count=len(xy)), **dots)
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
            text = words[word].format(attribute=name, count=int(group.sum()))
            ax.scatter([], [], color=colour, label=text, **(dots | {"s": 26}))
    ax.set_xlabel(words["tsne_1"])
    ax.set_ylabel(words["tsne_2"])
    # distances within the picture mean something, the positions do not: no numbers
    ax.tick_params(labelbottom=False, labelleft=False, length=0)
    ax.grid(visible=False)
    ax.spines[:].set(visible=True, color="#CCCCCC")
    ax.set_aspect("equal", adjustable="datalim")
    ax.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.3, handletextpad=0.2
    )
    return ax


@_styled
def latent_activity(variances: np.ndarray, lang: str = "en", *, ax: Axes | None = None) -> Axes:
    """Draw the variance of each latent's mean over images, largest first.

    Args:
        variances: (Z,), of mu over images; a latent above 0.01 is active (Burda et al. 2016).
    """
    words = WORDS[lang]
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
            label = words[name].format(total=len(ordered), **counts)
            edges = np.append(rank[group] - 0.5, rank[group][-1] + 0.5)
            ax.stairs(heights[group], edges, baseline=floor, fill=True, color=colour, label=label)
    if len(ordered) <= 150:  # room for a line between two bars
        ax.vlines(rank[:-1] + 0.5, floor, heights[:-1], color="white", linewidth=0.7)
    ax.axhline(ACTIVE_VARIANCE, color=ORANGE, linewidth=1.2, label=words["threshold"])
    ax.set_yscale("log")
    ax.set_ylim(bottom=floor)
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_xlim(0.5, len(ordered) + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(9, integer=True))
    ax.grid(visible=False, axis="x")
    ax.set_xlabel(words["latent_rank"])
    ax.set_ylabel(words["variance"])
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.3)
    return ax


# -------------------------------------------------------------------------------- block diagram


class Block(NamedTuple):
    """One box of the block diagram: a layer with weights and what follows it."""

    part: str
    kind: str
    detail: str
    extras: str
    shape: tuple[int, ...]
    num_parameters: int


_LEADS = ("Conv2d", "ConvTranspose2d", "Linear")
_SILENT = ("Flatten", "Unflatten", "Identity", "Dropout")
_SHORT = {"BatchNorm2d": "BatchNorm", "BatchNorm1d": "BatchNorm", "AvgPool2d": "AvgPool"}
_TINTS = {"Conv2d": BLUE, "ConvTranspose2d": ORANGE, "Linear": GREEN}
_SOFT = {"fontsize": 6.6, "color": "#555555", "va": "center"}
_CENTRED = {"ha": "center", "va": "center"}
_BOX = (2.3, 0.44)  # inches
_STEP = 0.62
_LEFT, _MIDDLE, _RIGHT = 1.19, COLUMN_IN / 2, COLUMN_IN - 1.19
_HEAD = (0.92, 0.44)
_REACH = 0.72  # from z to mu and to logvar


def blocks(layers: Sequence[Layer]) -> list[Block]:
    """Gather layers into boxes: one with weights and all that follow; upsampling joins the next."""
    boxes: list[list[Layer]] = []
    waiting: list[Layer] = []
    for layer in layers:
        if layer.kind.startswith("Upsample"):
            waiting.append(layer)
        elif layer.kind in _LEADS or not boxes or boxes[-1][0].part != layer.part:
            # what reshapes the latents before the first weights belongs to the box of those weights
            is_prelude = boxes and boxes[-1][0].part == layer.part and not _has_lead(boxes[-1])
            if is_prelude:
                boxes[-1].append(layer)
            else:
                boxes.append([*waiting, layer])
                waiting = []
        else:
            boxes[-1].append(layer)
    return [_block(box) for box in boxes]


def _has_lead(box: list[Layer]) -> bool:
    """Whether a layer with weights of its own is in the box."""
    return any(layer.kind in _LEADS for layer in box)


def _block(box: list[Layer]) -> Block:
    """Describe one box by its first layer with weights."""
    lead = next((layer for layer in box if layer.kind in _LEADS), box[0])
    extras = [
        f"{_SHORT.get(layer.kind, layer.kind)} {layer.detail}".strip()
        for layer in box
        if layer is not lead and layer.kind not in _SILENT
    ]
    after = box[box.index(lead) :]
    pictures = [layer.shape for layer in after if len(layer.shape) == 3]
    return Block(
        part=lead.part,
        kind=lead.kind,
        detail=lead.detail,
        extras=", ".join(extras),
        shape=pictures[-1] if pictures else lead.shape,
        num_parameters=sum(layer.num_parameters for layer in box),
    )


def _tint(colour: str, share: float = 0.16) -> tuple[float, ...]:
    """Mix `colour` into white."""
    return tuple(1 - share * (1 - value) for value in to_rgb(colour))


def _draw_box(ax: Axes, block: Block, title: str, centre: tuple[float, float], size=_BOX) -> None:
    """Draw one box with its layer, what follows it, its output shape and its parameters."""
    (x, y), (width, height) = centre, size
    colour = _TINTS.get(block.kind, GREY)
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=_tint(colour),
            edgecolor=colour,
            linewidth=0.9,
        )
    )
    left, right, shift = x - width / 2 + 0.07, x + width / 2 - 0.07, height * 0.2
    upper = y + shift if block.extras or block.num_parameters else y
    ax.text(left, upper, title, va="center", fontsize=7.6, fontweight="bold")
    shape = "×".join(str(side) for side in block.shape)
    ax.text(right, upper, shape, va="center", ha="right", fontsize=7.6)
    ax.text(left, y - shift, block.extras, **_SOFT)
    if block.num_parameters:
        ax.text(right, y - shift, f"{block.num_parameters:,}", ha="right", **_SOFT)


def _arrow(ax: Axes, *corners: tuple[float, float]) -> None:
    """Draw a line through `corners`, in inches, with a head at its end."""
    ax.plot(*zip(*corners, strict=True), color="#555555", linewidth=1, solid_joinstyle="round")
    head = FancyArrowPatch(
        *corners[-2:],
        arrowstyle="-|>,head_length=3.5,head_width=2",
        shrinkA=0,
        shrinkB=0,
        color="#555555",
        linewidth=1,
    )
    ax.add_patch(head)


def _draw_column(ax: Axes, column: list[tuple[Block, str]], x: float, top: float, *, up: bool):
    """Draw boxes below one another with arrows between neighbours; return the lowest one's y."""
    rows = [top - _STEP * i for i in range(len(column))]
    for (block, title), y in zip(column, rows, strict=True):
        _draw_box(ax, block, title, (x, y))
    half = _BOX[1] / 2
    for above, below in itertools.pairwise(rows):
        ends = (x, above - half), (x, below + half)
        _arrow(ax, *(ends[::-1] if up else ends))
    return rows[-1]


def _draw_middle(ax: Axes, heads: list[Block], y: float, words: Mapping[str, str]) -> None:
    """Draw mu, logvar and the sampled z between them, which stands at height `y`."""
    names = {"mu": "$\\mu$", "logvar": "$\\log\\,\\sigma^2$"}
    for head in heads:
        side = 1 if head.part == "mu" else -1
        _draw_box(ax, head, names[head.part], (_MIDDLE, y + side * _REACH), _HEAD)
        _arrow(ax, (_MIDDLE, y + side * (_REACH - _HEAD[1] / 2)), (_MIDDLE, y + side * 0.27))
    circle = Circle((_MIDDLE, y), 0.27, facecolor=_tint(PINK, 0.3), edgecolor=PINK, linewidth=1.1)
    ax.add_patch(circle)
    ax.text(_MIDDLE, y, "$z$", ha="center", va="center", fontsize=12)
    formulas = "$z = \\mu + \\sigma\\,\\epsilon$\n$\\epsilon \\sim N(0, I)$"
    ax.text(
        _MIDDLE,
        y - _REACH - 0.36,
        f"{words['sampling']}\n{formulas}",
        ha="center",
        va="top",
        fontsize=7.6,
        linespacing=1.5,
    )


@_styled
def block_diagram(layers: Sequence[Layer], lang: str = "en") -> Figure:
    """Draw a VAE as boxes: the encoder downwards, z in the middle, the decoder upwards.

    Args:
        layers: in the order of execution, with output shapes and parameter counts; the parts are
            "encoder", "mu", "logvar" and "decoder". The first one, of kind "Input", is the image.
    """
    words = WORDS[lang]

    def titled(block: Block) -> tuple[Block, str]:
        detail = block.detail.replace(", stride ", words["stride"])
        return block, f"{words.get(block.kind, block.kind)} {detail}".strip()

    image, boxes = layers[0], blocks(layers[1:])
    picture = Block("", "Input", "", "", image.shape, 0)
    encoder = [titled(block) for block in boxes if block.part == "encoder"]
    decoder = [titled(block) for block in boxes if block.part == "decoder"][::-1]
    heads = [block for block in boxes if block.part in ("mu", "logvar")]
    down = [(picture, f"{words['input']}  $x$"), *encoder]
    up = [(picture, f"{words['output']}  $\\hat{{x}}$"), *decoder]

    depth = max(len(down), len(up), 5)
    height = depth * _STEP + 0.36
    fig, ax = plt.subplots(figsize=(COLUMN_IN, height), layout="none")
    ax.set_position((0, 0, 1, 1))
    ax.set(xlim=(0, COLUMN_IN), ylim=(0, height))
    ax.set_axis_off()

    top = height - 0.7
    for x, name, formula, counted in (
        (_LEFT, "encoder", "$q(z \\mid x)$", [*(block for block, _ in encoder), *heads]),
        (_RIGHT, "decoder", "$p(x \\mid z)$", [block for block, _ in decoder]),
    ):
        count = sum(block.num_parameters for block in counted)
        ax.text(x, height - 0.15, f"{words[name]}  {formula}", fontsize=9.5, **_CENTRED)
        ax.text(x, height - 0.36, words["parameters"].format(count=count), ha="center", **_SOFT)
    foot = _draw_column(ax, down, _LEFT, top, up=False)
    start = _draw_column(ax, up, _RIGHT, top, up=True)

    # z stands a little above the middle of the drawing: the formulas below it need the room
    y = (top + top - _STEP * (depth - 1)) / 2 + 0.32
    _draw_middle(ax, heads, y, words)
    lane = (_LEFT + _BOX[0] / 2 + _MIDDLE - _HEAD[0] / 2) / 2
    for head in heads:
        level = y + (_REACH if head.part == "mu" else -_REACH)
        corners = ((lane, foot), (lane, level), (_MIDDLE - _HEAD[0] / 2, level))
        _arrow(ax, (_LEFT + _BOX[0] / 2, foot), *corners)
    lane = COLUMN_IN - lane
    _arrow(ax, (_MIDDLE + 0.27, y), (lane, y), (lane, start), (_RIGHT - _BOX[0] / 2, start))
    return fig
