"""Block diagrams of networks: a box a layer with weights, with what follows it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from hwlib.plots.look import BLUE, COLUMN_IN, GREEN, GREY, ORANGE, PINK, WORDS, styled


class Layer(NamedTuple):
    """One layer of a network as the layer table shows it."""

    part: str  # "encoder", "mu", "logvar" or "decoder"
    name: str  # attribute path inside the network
    kind: str  # class name, e.g. "Conv2d"
    detail: str  # e.g. "4×4, stride 2"
    shape: tuple[int, ...]  # of the output, without the batch
    num_parameters: int


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


@styled
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
