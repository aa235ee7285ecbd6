"""Block diagrams of networks: a box a layer with weights, with what follows it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from hwlib.plots.look import (
    BLUE,
    COLUMN_IN,
    GREEN,
    GREY,
    HIGHEST_IN,
    ORANGE,
    PINK,
    SOFT,
    styled,
    words,
)


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


_TINT = 0.16  # how opaque a box is
_LEADS = ("Conv2d", "ConvTranspose2d", "Linear")
_SILENT = ("Flatten", "Unflatten", "Identity", "Dropout")
_SHORT = {"BatchNorm2d": "BatchNorm", "BatchNorm1d": "BatchNorm", "AvgPool2d": "AvgPool"}
_TINTS = {"Conv2d": BLUE, "ConvTranspose2d": ORANGE, "Linear": GREEN}
_POINTS = 7.5  # of all words in boxes
_SOFT = {"fontsize": _POINTS, "color": SOFT, "va": "center"}
_CENTRED = {"ha": "center", "va": "center"}
# Inches.
_TOP, _FOOT = 0.47, 0.03  # above the first box and below the last one
_ARROW = 0.085  # at least, between two boxes
_MOST_STEP, _MOST_HEIGHT = 0.5, 0.36
_WIDTH, _HEAD_WIDTH = 2.3, 0.98
_LEFT, _MIDDLE, _RIGHT = 1.19, COLUMN_IN / 2, COLUMN_IN - 1.19
_RADIUS = 0.25  # of z
_REACH = 0.6  # from z to mu and to logvar


class _Rows(NamedTuple):
    """How boxes stand below one another, in inches: from middle to middle, and how high each is."""

    step: float
    height: float


def _rows_for(depth: int) -> _Rows:
    """Return the rows by which `depth` boxes fit a figure that is printed in full size."""
    step = min(_MOST_STEP, (HIGHEST_IN - _TOP - _FOOT + _ARROW) / depth)
    return _Rows(step, min(_MOST_HEIGHT, step - _ARROW))


def _canvas(depth: int) -> tuple[Figure, Axes, float, _Rows]:
    """Make a figure for `depth` boxes; return its axes, in inches, its height, and its rows."""
    rows = _rows_for(depth)
    height = _TOP + rows.step * (depth - 1) + rows.height + _FOOT
    fig, ax = plt.subplots(figsize=(COLUMN_IN, height), layout="none")
    ax.set_position((0, 0, 1, 1))
    ax.set(xlim=(0, COLUMN_IN), ylim=(0, height))
    ax.set_axis_off()
    return fig, ax, height, rows


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


def _draw_box(
    ax: Axes, block: Block, title: str, centre: tuple[float, float], size: tuple[float, float]
) -> None:
    """Draw one box with its layer, what follows it, its output shape and its parameters."""
    (x, y), (width, height) = centre, size
    colour = _TINTS.get(block.kind, GREY)
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=to_rgba(colour, _TINT),
            edgecolor=colour,
            linewidth=0.9,
        )
    )
    left, right, shift = x - width / 2 + 0.07, x + width / 2 - 0.07, height * 0.23
    upper = y + shift if block.extras or block.num_parameters else y
    ax.text(left, upper, title, va="center", fontsize=_POINTS, fontweight="bold")
    shape = "×".join(str(side) for side in block.shape)
    ax.text(right, upper, shape, va="center", ha="right", fontsize=_POINTS)
    ax.text(left, y - shift, block.extras, **_SOFT)
    if block.num_parameters:
        ax.text(right, y - shift, f"{block.num_parameters:,}", ha="right", **_SOFT)


def _arrow(ax: Axes, *corners: tuple[float, float]) -> None:
    """Draw a line through `corners`, in inches, with a head at its end."""
    ax.plot(*zip(*corners, strict=True), color=SOFT, linewidth=1, solid_joinstyle="round")
    head = FancyArrowPatch(
        *corners[-2:],
        arrowstyle="-|>,head_length=3.5,head_width=2",
        shrinkA=0,
        shrinkB=0,
        color=SOFT,
        linewidth=1,
    )
    ax.add_patch(head)


def _draw_column(
    ax: Axes,
    column: list[tuple[Block, str]],
    x: float,
    top: float,
    *,
    up: bool,
    width: float,
    rows: _Rows,
) -> float:
    """Draw boxes below one another with arrows between neighbours; return the lowest one's y."""
    places = [top - rows.step * i for i in range(len(column))]
    for (block, title), y in zip(column, places, strict=True):
        _draw_box(ax, block, title, (x, y), (width, rows.height))
    half = rows.height / 2
    for above, below in itertools.pairwise(places):
        ends = (x, above - half), (x, below + half)
        _arrow(ax, *(ends[::-1] if up else ends))
    return places[-1]


def _draw_middle(ax: Axes, heads: list[Block], y: float, lang: str, height: float) -> None:
    """Draw mu, logvar and the sampled z between them, which stands at height `y`."""
    names = {"mu": "$\\mu$", "logvar": "$\\log\\,\\sigma^2$"}
    for head in heads:
        side = 1 if head.part == "mu" else -1
        size = (_HEAD_WIDTH, height)
        _draw_box(ax, head, names[head.part], (_MIDDLE, y + side * _REACH), size)
        _arrow(ax, (_MIDDLE, y + side * (_REACH - height / 2)), (_MIDDLE, y + side * _RADIUS))
    circle = Circle(
        (_MIDDLE, y), _RADIUS, facecolor=to_rgba(PINK, 2 * _TINT), edgecolor=PINK, linewidth=1.1
    )
    ax.add_patch(circle)
    ax.text(_MIDDLE, y, "$z$", ha="center", va="center", fontsize=12)
    formulas = "$z = \\mu + \\sigma\\,\\epsilon$\n$\\epsilon \\sim N(0, I)$"
    ax.text(
        _MIDDLE,
        y - _REACH - height / 2 - 0.1,
        f"{words('sampling', lang)}\n{formulas}",
        ha="center",
        va="top",
        fontsize=_POINTS,
        linespacing=1.5,
    )


@styled
def block_diagram(layers: Sequence[Layer], lang: str = "en") -> Figure:
    """Draw a VAE as boxes: the encoder downwards, z in the middle, the decoder upwards.

    Args:
        layers: in the order of execution, with output shapes and parameter counts; the parts are
            "encoder", "mu", "logvar" and "decoder". The first one, of kind "Input", is the image.
    """

    image, boxes = layers[0], blocks(layers[1:])
    picture = Block("", "Input", "", "", image.shape, 0)
    encoder = [_titled(block, lang) for block in boxes if block.part == "encoder"]
    decoder = [_titled(block, lang) for block in boxes if block.part == "decoder"][::-1]
    heads = [block for block in boxes if block.part in ("mu", "logvar")]
    down = [(picture, f"{words('input', lang)}  $x$"), *encoder]
    up = [(picture, f"{words('output', lang)}  $\\hat{{x}}$"), *decoder]

    fig, ax, height, rows = _canvas(max(len(down), len(up), 5))
    top = height - _TOP - rows.height / 2
    for x, name, formula, counted in (
        (_LEFT, "encoder", "$q(z \\mid x)$", [*(block for block, _ in encoder), *heads]),
        (_RIGHT, "decoder", "$p(x \\mid z)$", [block for block, _ in decoder]),
    ):
        count = sum(block.num_parameters for block in counted)
        ax.text(x, height - 0.15, f"{words(name, lang)}  {formula}", fontsize=9.5, **_CENTRED)
        ax.text(x, height - 0.36, words("parameters", lang, count=count), ha="center", **_SOFT)
    foot = _draw_column(ax, down, _LEFT, top, up=False, width=_WIDTH, rows=rows)
    start = _draw_column(ax, up, _RIGHT, top, up=True, width=_WIDTH, rows=rows)

    # z stands above the middle of the drawing: the formulas below it need the room
    y = (height - _TOP) / 2 + 0.27
    _draw_middle(ax, heads, y, lang, rows.height)
    lane = (_LEFT + _WIDTH / 2 + _MIDDLE - _HEAD_WIDTH / 2) / 2
    for head in heads:
        level = y + (_REACH if head.part == "mu" else -_REACH)
        corners = ((lane, foot), (lane, level), (_MIDDLE - _HEAD_WIDTH / 2, level))
        _arrow(ax, (_LEFT + _WIDTH / 2, foot), *corners)
    lane = COLUMN_IN - lane
    _arrow(ax, (_MIDDLE + _RADIUS, y), (lane, y), (lane, start), (_RIGHT - _WIDTH / 2, start))
    return fig


# ------------------------------------------------------------------------ generator, discriminator

_GAN_WIDTH, _SMALL_WIDTH = 2.5, 1.19
_GAN_LEFT, _GAN_RIGHT = _GAN_WIDTH / 2 + 0.03, COLUMN_IN - _GAN_WIDTH / 2 - 0.03
_FEED, _BUS = 2.98, 3.48  # where G's pictures, and the features for the heads, go upwards
_ANSWERS = {"D": "answer_real", "real": "answer_real", "classes": "answer_classes", "Q": "answer_q"}


def _heads(networks: Mapping[str, Sequence[Layer]]) -> dict[str, list[Block]]:
    """Return the boxes of each head upon D's trunk: D's own one or two, and the InfoGAN's Q.

    Heads that stand side by side have names ("head.real"); the layers of one have numbers.
    """
    head = [layer for layer in networks["D"] if layer.name.startswith("head")]
    names = [name for name in ("real", "classes") if any(f"head.{name}" in x.name for x in head)]
    found = {name: blocks([x for x in head if f"head.{name}" in x.name]) for name in names}
    found = found or {"D": blocks(head)}
    if "Q" in networks:
        found["Q"] = blocks([layer for layer in networks["Q"] if layer.kind != "Input"])
    return found


def _answer(name: str, box: Block, lang: str) -> Block:
    """Write beside a head's last layer what it answers."""
    key = "answer_both" if name == "D" and box.shape[0] > 1 else _ANSWERS[name]
    extras = ", ".join(filter(None, (box.extras, words(key, lang))))
    return box._replace(extras=extras)


def layer_settings(detail: str, lang: str) -> str:
    """Write a layer's settings, such as "4×4, stride 2", in the words of a language."""
    size, between, stride = detail.partition(", stride ")
    return size + words("and", lang) + words("stride", lang, stride=stride) if between else detail


def _titled(block: Block, lang: str, before: str = "") -> tuple[Block, str]:
    """Return a box with its title in a language."""
    kind = words(block.kind, lang) if block.kind in _LEADS else block.kind
    return block, f"{before}{kind} {layer_settings(block.detail, lang)}".strip()


def _draw_inputs(ax: Axes, inputs: Sequence[Layer], y: float, lang: str, rows: _Rows) -> None:
    """Draw z, and c beside it where G has labels or codes, above G's first box."""
    half, room = _SMALL_WIDTH / 2, (_GAN_WIDTH - 2 * _SMALL_WIDTH) / 2
    places = [_GAN_LEFT] if len(inputs) == 1 else [_GAN_LEFT - half - room, _GAN_LEFT + half + room]
    for layer, x in zip(inputs, places, strict=True):
        block = Block("", "Input", "", "", layer.shape, 0)
        title = f"{words('given_' + layer.name, lang)}  ${layer.name}$"
        _draw_box(ax, block, title, (x, y), (_SMALL_WIDTH, rows.height))
        _arrow(ax, (x, y - rows.height / 2), (x, y - rows.step + rows.height / 2))


def _joining(layer: Layer) -> Block:
    """Return the box in which z and c meet."""
    return Block("", layer.kind, "", "", layer.shape, layer.num_parameters)


@styled
def gan_diagram(networks: Mapping[str, Sequence[Layer]], lang: str = "en") -> Figure:
    """Draw a GAN as boxes: G down the left, D down the right, its heads (and Q) at its foot.

    Args:
        networks: by name "G", "D" and, for an InfoGAN, "Q": the inputs as layers of kind "Input",
            then the layers in the order of execution; D's own are named "trunk..." and "head...".
        lang: language of the words.
    """
    inputs = [layer for layer in networks["G"] if layer.kind == "Input"]
    made = [layer for layer in networks["G"] if layer.kind != "Input"]
    join = [layer for layer in made if layer.name.startswith("join")]
    left = [
        *(
            (
                Block("", layer.kind, "", "", layer.shape, layer.num_parameters),
                words(layer.kind, lang),
            )
            for layer in join[:1]
        ),
        *(_titled(block, lang) for block in blocks(made[len(join) :])),
        (Block("", "Input", "", "", made[-1].shape, 0), words("made", lang)),
    ]
    if len(join) > 1:  # one embedding a label
        total = sum(layer.num_parameters for layer in join)
        left[0] = left[0][0]._replace(num_parameters=total), left[0][1]
    trunk = [layer for layer in networks["D"] if layer.name.startswith("trunk")]
    picture = Block("", "Input", "", words("real_or_made", lang), networks["D"][0].shape, 0)
    right = [(picture, f"{words('input', lang)}  $x$"), *(_titled(b, lang) for b in blocks(trunk))]
    heads = _heads(networks)

    depth = max(len(left) + 1, len(right) + sum(map(len, heads.values())))
    fig, ax, height, rows = _canvas(depth)
    top = height - _TOP - rows.height / 2
    _draw_gan_titles(ax, networks, height, lang)
    _draw_inputs(ax, inputs, top, lang, rows)
    boxes = {"up": False, "width": _GAN_WIDTH, "rows": rows}
    foot = _draw_column(ax, left, _GAN_LEFT, top - rows.step, **boxes)
    end = _draw_column(ax, right, _GAN_RIGHT, top, **boxes)
    _draw_heads(ax, heads, end, lang, rows)
    near, far = _GAN_LEFT + _GAN_WIDTH / 2, _GAN_RIGHT - _GAN_WIDTH / 2
    _arrow(ax, (near, foot), (_FEED, foot), (_FEED, top), (far, top))
    return fig


def _draw_gan_titles(
    ax: Axes, networks: Mapping[str, Sequence[Layer]], height: float, lang: str
) -> None:
    """Name the two columns and count their parameters."""
    has_c = any(layer.name == "c" for layer in networks["G"])
    counts = {name: sum(x.num_parameters for x in layers) for name, layers in networks.items()}
    counted = words("parameters", lang, count=counts["D"])
    formula = "$D(x)$"
    if "Q" in counts:
        formula = "$D(x)$, $Q(c \\mid x)$"
        counted = words("parameters_of_both", lang, D=counts["D"], Q=counts["Q"])
    for x, name, formula_, count in (
        (_GAN_LEFT, "generator", "$G(z, c)$" if has_c else "$G(z)$",
         words("parameters", lang, count=counts["G"])),
        (_GAN_RIGHT, "discriminator", formula, counted),
    ):  # fmt: skip
        ax.text(x, height - 0.15, f"{words(name, lang)}  {formula_}", fontsize=9.5, **_CENTRED)
        ax.text(x, height - 0.36, count, ha="center", **_SOFT)


def _draw_heads(
    ax: Axes, heads: Mapping[str, list[Block]], end: float, lang: str, rows: _Rows
) -> None:
    """Draw the heads below one another, each fed by the trunk that ends at height `end`."""
    half, left = rows.height / 2, _GAN_RIGHT - _GAN_WIDTH / 2
    y = end
    for i, (name, boxes) in enumerate(heads.items()):
        boxes = [*boxes[:-1], _answer(name, boxes[-1], lang)]
        start = y - rows.step
        before = words("before_q", lang) if name == "Q" else ""
        column = [_titled(box, lang, before) for box in boxes]
        y = _draw_column(ax, column, _GAN_RIGHT, start, up=False, width=_GAN_WIDTH, rows=rows)
        if i == 0:
            _arrow(ax, (_GAN_RIGHT, end - half), (_GAN_RIGHT, start + half))
        else:
            _arrow(ax, (left, end), (_BUS, end), (_BUS, start), (left, start))
