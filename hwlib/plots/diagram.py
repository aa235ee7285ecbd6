"""Block diagrams of networks: a box a layer with weights, with what follows it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from hwlib.plots import style
from hwlib.plots.style import styled, words


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


Titled = tuple[Block, str]

_TINT = 0.16  # how opaque a box is
_LEADS = ("Conv2d", "ConvTranspose2d", "Linear")
_SILENT = ("Flatten", "Unflatten", "Identity", "Dropout")
_SHORT = {"BatchNorm2d": "BatchNorm", "BatchNorm1d": "BatchNorm", "AvgPool2d": "AvgPool"}
_TINTS = {"Conv2d": style.BLUE, "ConvTranspose2d": style.ORANGE, "Linear": style.GREEN}
_POINTS = 7.5  # of all words in boxes
# Inches.
_TOP, _FOOT = 0.47, 0.03  # above the first box and below the last one
_GAP = 0.085  # at least, between two boxes
_MAX_STEP, _MAX_HEIGHT = 0.5, 0.36


def blocks(layers: Sequence[Layer]) -> list[Block]:
    """Gather layers into boxes: one with weights and all that follow; upsampling joins the next."""
    boxes: list[list[Layer]] = []
    waiting: list[Layer] = []
    for layer in layers:
        is_same_part = boxes and boxes[-1][0].part == layer.part
        if layer.kind.startswith("Upsample"):
            waiting.append(layer)
        elif is_same_part and (layer.kind not in _LEADS or not _has_lead(boxes[-1])):
            # what reshapes the latents before the first weights belongs to the box of those weights
            boxes[-1].append(layer)
        else:
            boxes.append([*waiting, layer])
            waiting = []
    return [_block(box) for box in boxes]


def _has_lead(box: Sequence[Layer]) -> bool:
    """Whether a layer with weights of its own is in the box."""
    return any(layer.kind in _LEADS for layer in box)


def _block(box: Sequence[Layer]) -> Block:
    """Describe one box by its first layer with weights."""
    lead = next((layer for layer in box if layer.kind in _LEADS), box[0])
    extras = [
        f"{_SHORT.get(layer.kind, layer.kind)} {layer.detail}".strip()
        for layer in box
        if layer is not lead and layer.kind not in _SILENT
    ]
    images = [layer.shape for layer in box[box.index(lead) :] if len(layer.shape) == 3]
    shape = images[-1] if images else lead.shape
    count = sum(layer.num_parameters for layer in box)
    return Block(lead.part, lead.kind, lead.detail, ", ".join(extras), shape, count)


def layer_settings(detail: str, lang: str) -> str:
    """Write a layer's settings, such as "4×4, stride 2", in the words of a language."""
    size, between, stride = detail.partition(", stride ")
    return size + words("and", lang) + words("stride", lang, stride=stride) if between else detail


def _titled(block: Block, lang: str, before: str = "") -> Titled:
    """Return a box with its title in a language."""
    kind = words(block.kind, lang) if block.kind in _LEADS else block.kind
    return block, f"{before}{kind} {layer_settings(block.detail, lang)}".strip()


def _plain(shape: tuple[int, ...], *, extras: str = "", count: int = 0) -> Block:
    """Return a box of no layer with weights, such as an input."""
    return Block("", "Input", "", extras, shape, count)


class _Canvas:
    """Axes in inches on which boxes stand in rows, as many as there is room for on paper.

    Attributes:
        fig: the figure.
        top: middle of the first row; `step` below it the next one.
        height: of a box.
    """

    def __init__(self, depth: int, lang: str):
        self.lang = lang
        self.step = min(_MAX_STEP, (style.HIGHEST_IN - _TOP - _FOOT + _GAP) / depth)
        self.height = min(_MAX_HEIGHT, self.step - _GAP)
        self.total = _TOP + self.step * (depth - 1) + self.height + _FOOT
        self.top = self.total - _TOP - self.height / 2
        size = (style.COLUMN_IN, self.total)
        self.fig, self.ax = plt.subplots(figsize=size, layout="none")
        self.ax.set_position((0, 0, 1, 1))
        self.ax.set(xlim=(0, style.COLUMN_IN), ylim=(0, self.total))
        self.ax.set_axis_off()

    def write(self, x: float, y: float, text: str, **options) -> None:
        """Write words, in the size of all boxes."""
        self.ax.text(x, y, text, **{"va": "center", "fontsize": _POINTS} | options)

    def head(self, x: float, name: str, formula: str, count: str) -> None:
        """Name a column, and count its parameters below."""
        title = f"{words(name, self.lang)}  {formula}"
        self.write(x, self.total - 0.15, title, ha="center", fontsize=9.5)
        self.write(x, self.total - 0.36, count, ha="center", color=style.SOFT)

    def box(self, titled: Titled, x: float, y: float, width: float) -> None:
        """Draw a box with its layer, what follows it, its output shape and its parameters."""
        (block, title), height = titled, self.height
        colour = _TINTS.get(block.kind, style.GREY)
        look = {"facecolor": to_rgba(colour, _TINT), "edgecolor": colour, "linewidth": 0.9}
        corner, shape = (x - width / 2, y - height / 2), "round,pad=0,rounding_size=0.06"
        self.ax.add_patch(FancyBboxPatch(corner, width, height, boxstyle=shape, **look))
        left, right, shift = x - width / 2 + 0.07, x + width / 2 - 0.07, height * 0.23
        upper = y + shift if block.extras or block.num_parameters else y
        self.write(left, upper, title, fontweight="bold")
        self.write(right, upper, "×".join(map(str, block.shape)), ha="right")
        self.write(left, y - shift, block.extras, color=style.SOFT)
        if block.num_parameters:
            self.write(right, y - shift, f"{block.num_parameters:,}", ha="right", color=style.SOFT)

    def arrow(self, *corners: tuple[float, float]) -> None:
        """Draw a line through `corners` with a head at its end."""
        line = {"color": style.SOFT, "linewidth": 1}
        self.ax.plot(*zip(*corners, strict=True), solid_joinstyle="round", **line)
        head = "-|>,head_length=3.5,head_width=2"
        shrink = {"shrinkA": 0, "shrinkB": 0}
        self.ax.add_patch(FancyArrowPatch(*corners[-2:], arrowstyle=head, **shrink, **line))

    def column(
        self, boxes: Sequence[Titled], x: float, top: float, width: float, *, up: bool = False
    ) -> float:
        """Draw boxes below one another, arrows between neighbours; return the lowest one's y."""
        places = [top - self.step * i for i in range(len(boxes))]
        for titled, y in zip(boxes, places, strict=True):
            self.box(titled, x, y, width)
        half = self.height / 2
        for above, below in itertools.pairwise(places):
            ends = (x, above - half), (x, below + half)
            self.arrow(*(ends[::-1] if up else ends))
        return places[-1]


# -------------------------------------------------------------------------------------------- VAE

_WIDTH, _HEAD_WIDTH = 2.3, 0.98
_LEFT, _MIDDLE, _RIGHT = 1.19, style.COLUMN_IN / 2, style.COLUMN_IN - 1.19
_RADIUS = 0.25  # of z
_REACH = 0.6  # from z to mu and to logvar


@styled
def block_diagram(layers: Sequence[Layer], lang: str = "en") -> Figure:
    """Draw a VAE as boxes: the encoder downwards, z in the middle, the decoder upwards.

    Args:
        layers: in the order of execution, with output shapes and parameter counts; the parts are
            "encoder", "mu", "logvar" and "decoder". The first one, of kind "Input", is the image.
    """
    boxes = blocks(layers[1:])
    encoder, decoder = ([b for b in boxes if b.part == part] for part in ("encoder", "decoder"))
    heads = [block for block in boxes if block.part in ("mu", "logvar")]
    image = _plain(layers[0].shape)
    down = [(image, f"{words('input', lang)}  $x$"), *(_titled(b, lang) for b in encoder)]
    up = [(image, f"{words('output', lang)}  $\\hat{{x}}$")]
    up += [_titled(block, lang) for block in decoder[::-1]]

    canvas = _Canvas(max(len(down), len(up), 5), lang)
    for x, name, formula, counted in (
        (_LEFT, "encoder", "$q(z \\mid x)$", [*encoder, *heads]),
        (_RIGHT, "decoder", "$p(x \\mid z)$", decoder),
    ):
        count = sum(block.num_parameters for block in counted)
        canvas.head(x, name, formula, words("parameters", lang, count=count))
    foot = canvas.column(down, _LEFT, canvas.top, _WIDTH)
    start = canvas.column(up, _RIGHT, canvas.top, _WIDTH, up=True)

    # z stands above the middle of the drawing: the formulas below it need the room
    y = (canvas.total - _TOP) / 2 + 0.27
    _draw_z(canvas, y)
    lane, side = (_LEFT + _WIDTH / 2 + _MIDDLE - _HEAD_WIDTH / 2) / 2, _MIDDLE - _HEAD_WIDTH / 2
    for head in heads:
        sign, name = (1, "\\mu") if head.part == "mu" else (-1, "\\log\\,\\sigma^2")
        level = y + sign * _REACH
        canvas.box((head, f"${name}$"), _MIDDLE, level, _HEAD_WIDTH)
        canvas.arrow((_MIDDLE, level - sign * canvas.height / 2), (_MIDDLE, y + sign * _RADIUS))
        canvas.arrow((_LEFT + _WIDTH / 2, foot), (lane, foot), (lane, level), (side, level))
    lane = style.COLUMN_IN - lane
    corners = ((lane, y), (lane, start), (_RIGHT - _WIDTH / 2, start))
    canvas.arrow((_MIDDLE + _RADIUS, y), *corners)
    return canvas.fig


def _draw_z(canvas: _Canvas, y: float) -> None:
    """Draw the sampled z in the middle, and how it is sampled below logvar's box."""
    look = {"facecolor": to_rgba(style.PINK, 2 * _TINT), "edgecolor": style.PINK, "linewidth": 1.1}
    canvas.ax.add_patch(Circle((_MIDDLE, y), _RADIUS, **look))
    canvas.write(_MIDDLE, y, "$z$", ha="center", fontsize=12)
    formulas = "$z = \\mu + \\sigma\\,\\epsilon$\n$\\epsilon \\sim N(0, I)$"
    text = f"{words('sampling', canvas.lang)}\n{formulas}"
    below = y - _REACH - canvas.height / 2 - 0.1
    canvas.write(_MIDDLE, below, text, ha="center", va="top", linespacing=1.5)


# ------------------------------------------------------------------------ generator, discriminator

_GAN_WIDTH, _INPUT_WIDTH = 2.5, 1.19
_GAN_LEFT, _GAN_RIGHT = _GAN_WIDTH / 2 + 0.03, style.COLUMN_IN - _GAN_WIDTH / 2 - 0.03
_FEED, _BUS = 2.98, 3.48  # where G's images, and the features for the heads, go upwards
_ANSWERS = {"D": "answer_real", "real": "answer_real", "classes": "answer_classes", "Q": "answer_q"}


def _heads(networks: Mapping[str, Sequence[Layer]], lang: str) -> list[list[Titled]]:
    """Return the boxes of each head upon D's trunk: D's own one or two, and the InfoGAN's Q.

    Heads that stand side by side have names ("head.real"); the layers of one have numbers.
    """
    head = [layer for layer in networks["D"] if layer.name.startswith("head")]
    found = {name: [x for x in head if f"head.{name}" in x.name] for name in ("real", "classes")}
    found = {name: layers for name, layers in found.items() if layers} or {"D": head}
    if "Q" in networks:
        found["Q"] = [layer for layer in networks["Q"] if layer.kind != "Input"]
    columns = []
    for name, layers in found.items():
        boxes = blocks(layers)
        last = boxes[-1]
        key = "answer_both" if name == "D" and last.shape[0] > 1 else _ANSWERS[name]
        extras = ", ".join(filter(None, (last.extras, words(key, lang))))
        before = words("before_q", lang) if name == "Q" else ""
        boxes = [*boxes[:-1], last._replace(extras=extras)]
        columns.append([_titled(box, lang, before) for box in boxes])
    return columns


def _generator(layers: Sequence[Layer], lang: str) -> list[Titled]:
    """Return G's boxes, and the image at their foot; where z and c meet is the first one."""
    join = [layer for layer in layers if layer.name.startswith("join")]
    rest = layers[len(join) :]
    boxes = [_titled(block, lang) for block in blocks(rest)]
    if join:  # one embedding a label is one box
        count = sum(layer.num_parameters for layer in join)
        boxes = [(_plain(join[0].shape, count=count), words(join[0].kind, lang)), *boxes]
    return [*boxes, (_plain(rest[-1].shape), words("made", lang))]


@styled
def gan_diagram(networks: Mapping[str, Sequence[Layer]], lang: str = "en") -> Figure:
    """Draw a GAN as boxes: G down the left, D down the right, its heads (and Q) at its foot.

    Args:
        networks: by name "G", "D" and, for an InfoGAN, "Q": the inputs as layers of kind "Input",
            then the layers in the order of execution; D's own are named "trunk..." and "head...".
    """
    inputs = [layer for layer in networks["G"] if layer.kind == "Input"]
    left = _generator(networks["G"][len(inputs) :], lang)
    trunk = [layer for layer in networks["D"] if layer.name.startswith("trunk")]
    image = _plain(networks["D"][0].shape, extras=words("real_or_made", lang))
    right = [(image, f"{words('input', lang)}  $x$"), *(_titled(b, lang) for b in blocks(trunk))]
    heads = _heads(networks, lang)

    canvas = _Canvas(max(len(left) + 1, len(right) + sum(map(len, heads))), lang)
    counts = {name: sum(x.num_parameters for x in layers) for name, layers in networks.items()}
    formulas = ("$G(z, c)$" if len(inputs) > 1 else "$G(z)$", "$D(x)$")
    counted = [words("parameters", lang, count=counts[name]) for name in ("G", "D")]
    if "Q" in counts:
        formulas = (formulas[0], "$D(x)$, $Q(c \\mid x)$")
        counted[1] = words("parameters_of_both", lang, D=counts["D"], Q=counts["Q"])
    canvas.head(_GAN_LEFT, "generator", formulas[0], counted[0])
    canvas.head(_GAN_RIGHT, "discriminator", formulas[1], counted[1])

    top, half = canvas.top, canvas.height / 2
    shift = (_GAN_WIDTH - _INPUT_WIDTH) / 2 if len(inputs) > 1 else 0
    for layer, x in zip(inputs, (_GAN_LEFT - shift, _GAN_LEFT + shift), strict=False):
        title = f"{words('given_' + layer.name, lang)}  ${layer.name}$"
        canvas.box((_plain(layer.shape), title), x, top, _INPUT_WIDTH)
        canvas.arrow((x, top - half), (x, top - canvas.step + half))
    foot = canvas.column(left, _GAN_LEFT, top - canvas.step, _GAN_WIDTH)
    end = canvas.column(right, _GAN_RIGHT, top, _GAN_WIDTH)
    near, far = _GAN_LEFT + _GAN_WIDTH / 2, _GAN_RIGHT - _GAN_WIDTH / 2
    canvas.arrow((near, foot), (_FEED, foot), (_FEED, top), (far, top))

    y = end
    for i, column in enumerate(heads):  # below one another, each fed by the trunk's end
        start = y - canvas.step
        y = canvas.column(column, _GAN_RIGHT, start, _GAN_WIDTH)
        if i == 0:
            canvas.arrow((_GAN_RIGHT, end - half), (_GAN_RIGHT, start + half))
        else:
            canvas.arrow((far, end), (_BUS, end), (_BUS, start), (far, start))
    return canvas.fig
