"""Block diagrams of networks: a box a layer with weights, with what follows it."""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

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


class Box(NamedTuple):
    """One box of a diagram: a layer with weights and what follows it, or an input."""

    title: str
    shape: tuple[int, ...]
    extras: str = ""
    num_parameters: int = 0
    kind: str = "Input"
    part: str = ""


_SILENT = ("Flatten", "Unflatten", "Identity", "Dropout")
_SHORT = {"BatchNorm2d": "BatchNorm", "BatchNorm1d": "BatchNorm", "AvgPool2d": "AvgPool"}
# Layers with weights, each of which leads a box, and its colour.
_TINTS = {"Conv2d": style.BLUE, "ConvTranspose2d": style.ORANGE, "Linear": style.GREEN}
_TINT = 0.16  # how opaque a box is
_POINTS = 7.5  # of all words in boxes
# Inches.
_TOP, _FOOT = 0.47, 0.03  # above the first box and below the last one
_GAP = 0.085  # at least, between two boxes
_MAX_STEP, _MAX_HEIGHT = 0.5, 0.36


def layer_settings(detail: str, lang: str) -> str:
    """Write a layer's settings, such as "4×4, stride 2", in the words of a language."""
    size, between, stride = detail.partition(", stride ")
    return size + words("and", lang) + words("stride", lang, stride=stride) if between else detail


def boxes_of(layers: Sequence[Layer], lang: str, before: str = "") -> list[Box]:
    """Gather layers into boxes: one with weights and all that follow; upsampling joins the next."""
    groups: list[list[Layer]] = []
    for layer in layers:
        last = groups[-1] if groups else []
        leads = layer.kind in _TINTS or layer.kind.startswith("Upsample")
        # what reshapes the latents before the first weights belongs to the box of those weights
        has_lead = any(other.kind in _TINTS for other in last)
        if last and last[0].part == layer.part and not (leads and has_lead):
            last.append(layer)
        else:
            groups.append([layer])
    boxes = []
    for group in groups:
        lead = next((layer for layer in group if layer.kind in _TINTS), group[0])
        extras = [
            f"{_SHORT.get(layer.kind, layer.kind)} {layer.detail}".strip()
            for layer in group
            if layer is not lead and layer.kind not in _SILENT
        ]
        kind = words(lead.kind, lang) if lead.kind in _TINTS else lead.kind
        title = f"{before}{kind} {layer_settings(lead.detail, lang)}".strip()
        images = [layer.shape for layer in group[group.index(lead) :] if len(layer.shape) == 3]
        count = sum(layer.num_parameters for layer in group)
        shape = images[-1] if images else lead.shape
        boxes.append(Box(title, shape, ", ".join(extras), count, lead.kind, lead.part))
    return boxes


class _Canvas:
    """Axes in inches on which boxes of one `height` stand in rows, `step` apart, from `top` on."""

    def __init__(self, depth: int, lang: str):
        self.lang = lang
        self.step = min(_MAX_STEP, (style.HIGHEST_IN - _TOP - _FOOT + _GAP) / depth)
        self.height = min(_MAX_HEIGHT, self.step - _GAP)
        self.total = _TOP + self.step * (depth - 1) + self.height + _FOOT
        self.top = self.total - _TOP - self.height / 2
        size = (style.COLUMN_IN, self.total)
        self.fig, self.ax = plt.subplots(figsize=size, layout="none")
        self.ax.set(position=(0, 0, 1, 1), xlim=(0, size[0]), ylim=(0, size[1]))
        self.ax.set_axis_off()

    def write(self, x: float, y: float, text: str, **options) -> None:
        """Write words, in the size of all boxes."""
        self.ax.text(x, y, text, **{"va": "center", "fontsize": _POINTS} | options)

    def head(self, x: float, name: str, formula: str, below: str = "parameters", **counts) -> None:
        """Name a column, and count its parameters below."""
        title, below = f"{words(name, self.lang)}  {formula}", words(below, self.lang, **counts)
        self.write(x, self.total - 0.15, title, ha="center", fontsize=9.5)
        self.write(x, self.total - 0.36, below, ha="center", color=style.SOFT)

    def box(self, box: Box, x: float, y: float, width: float) -> None:
        """Draw a box with its layer, what follows it, its output shape and its parameters."""
        colour, height = _TINTS.get(box.kind, style.GREY), self.height
        look = {"facecolor": to_rgba(colour, _TINT), "edgecolor": colour, "linewidth": 0.9}
        corner, shape = (x - width / 2, y - height / 2), "round,pad=0,rounding_size=0.06"
        self.ax.add_patch(FancyBboxPatch(corner, width, height, boxstyle=shape, **look))
        left, right, shift = x - width / 2 + 0.07, x + width / 2 - 0.07, height * 0.23
        upper = y + shift if box.extras or box.num_parameters else y
        self.write(left, upper, box.title, fontweight="bold")
        self.write(right, upper, "×".join(map(str, box.shape)), ha="right")
        self.write(left, y - shift, box.extras, color=style.SOFT)
        if box.num_parameters:
            self.write(right, y - shift, f"{box.num_parameters:,}", ha="right", color=style.SOFT)

    def arrow(self, *corners: tuple[float, float]) -> None:
        """Draw a line through `corners` with a head at its end."""
        head = "-|>,head_length=3.5,head_width=2"
        line = {"color": style.SOFT, "linewidth": 1}
        self.ax.add_patch(FancyArrowPatch(path=Path(corners), arrowstyle=head, **line))

    def column(
        self, boxes: Sequence[Box], x: float, top: float, width: float, *, up: bool = False
    ) -> float:
        """Draw boxes below one another, arrows between neighbours; return the lowest one's y."""
        places = [top - self.step * i for i in range(len(boxes))]
        for box, y in zip(boxes, places, strict=True):
            self.box(box, x, y, width)
        for above, below in itertools.pairwise(places):
            ends = (x, above - self.height / 2), (x, below + self.height / 2)
            self.arrow(*(ends[::-1] if up else ends))
        return places[-1]


# -------------------------------------------------------------------------------------------- VAE

_WIDTH, _HEAD_WIDTH = 2.3, 0.98
_LEFT, _MIDDLE, _RIGHT = 1.19, style.COLUMN_IN / 2, style.COLUMN_IN - 1.19
_RADIUS = 0.25  # of z
_REACH = 0.6  # from z to mu and to logvar
_FORMULAS = "$z = \\mu + \\sigma\\,\\epsilon$\n$\\epsilon \\sim N(0, I)$"


@styled
def block_diagram(layers: Sequence[Layer], lang: str = "en") -> Figure:
    """Draw a VAE as boxes: the encoder downwards, z in the middle, the decoder upwards.

    Args:
        layers: in the order of execution, with output shapes and parameter counts; the parts are
            "encoder", "mu", "logvar" and "decoder". The first one, of kind "Input", is the image.
    """
    boxes, image = boxes_of(layers[1:], lang), layers[0].shape
    encoder, decoder = ([b for b in boxes if b.part == part] for part in ("encoder", "decoder"))
    heads = [box for box in boxes if box.part in ("mu", "logvar")]
    down = [Box(f"{words('input', lang)}  $x$", image), *encoder]
    up = [Box(f"{words('output', lang)}  $\\hat{{x}}$", image), *decoder[::-1]]

    canvas = _Canvas(max(len(down), len(up), 5), lang)
    for x, name, formula, counted in (
        (_LEFT, "encoder", "$q(z \\mid x)$", [*encoder, *heads]),
        (_RIGHT, "decoder", "$p(x \\mid z)$", decoder),
    ):
        canvas.head(x, name, formula, count=sum(box.num_parameters for box in counted))
    foot = canvas.column(down, _LEFT, canvas.top, _WIDTH)
    start = canvas.column(up, _RIGHT, canvas.top, _WIDTH, up=True)

    # z stands above the middle of the drawing: the formulas below it need the room
    y = (canvas.total - _TOP) / 2 + 0.27
    look = {"facecolor": to_rgba(style.PINK, 2 * _TINT), "edgecolor": style.PINK, "linewidth": 1.1}
    canvas.ax.add_patch(Circle((_MIDDLE, y), _RADIUS, **look))
    canvas.write(_MIDDLE, y, "$z$", ha="center", fontsize=12)
    below, text = y - _REACH - canvas.height / 2 - 0.1, f"{words('sampling', lang)}\n{_FORMULAS}"
    canvas.write(_MIDDLE, below, text, ha="center", va="top", linespacing=1.5)
    side = _MIDDLE - _HEAD_WIDTH / 2
    lane = (_LEFT + _WIDTH / 2 + side) / 2
    for head in heads:
        sign, name = (1, "\\mu") if head.part == "mu" else (-1, "\\log\\,\\sigma^2")
        level = y + sign * _REACH
        canvas.box(head._replace(title=f"${name}$"), _MIDDLE, level, _HEAD_WIDTH)
        canvas.arrow((_MIDDLE, level - sign * canvas.height / 2), (_MIDDLE, y + sign * _RADIUS))
        canvas.arrow((_LEFT + _WIDTH / 2, foot), (lane, foot), (lane, level), (side, level))
    lane = style.COLUMN_IN - lane
    corners = ((lane, y), (lane, start), (_RIGHT - _WIDTH / 2, start))
    canvas.arrow((_MIDDLE + _RADIUS, y), *corners)
    return canvas.fig


# ------------------------------------------------------------------------ generator, discriminator

_GAN_WIDTH, _INPUT_WIDTH = 2.5, 1.19
_GAN_LEFT, _GAN_RIGHT = _GAN_WIDTH / 2 + 0.03, style.COLUMN_IN - _GAN_WIDTH / 2 - 0.03
_FEED, _BUS = 2.98, 3.48  # where G's images, and the features for the heads, go upwards


def _heads(networks: Mapping[str, Sequence[Layer]], lang: str) -> list[list[Box]]:
    """Return the boxes of each head upon D's trunk: D's own one or two, and the InfoGAN's Q.

    Heads that stand side by side have names ("head.real"); the layers of one have numbers.
    """
    groups: dict[str, list[Layer]] = {}
    for layer in networks["D"]:
        if layer.name.startswith("head"):
            answer = "classes" if layer.name.startswith("head.classes") else "real"
            groups.setdefault(f"answer_{answer}", []).append(layer)
    if [*groups] == ["answer_real"] and groups["answer_real"][-1].shape[0] > 1:
        groups = {"answer_both": groups["answer_real"]}
    if "Q" in networks:
        groups["answer_q"] = [layer for layer in networks["Q"] if layer.kind != "Input"]
    columns = []
    for answer, layers in groups.items():
        before = words("before_q", lang) if answer == "answer_q" else ""
        *first, last = boxes_of(layers, lang, before)
        extras = ", ".join(filter(None, (last.extras, words(answer, lang))))
        columns.append([*first, last._replace(extras=extras)])
    return columns


@styled
def gan_diagram(networks: Mapping[str, Sequence[Layer]], lang: str = "en") -> Figure:
    """Draw a GAN as boxes: G down the left, D down the right, its heads (and Q) at its foot.

    Args:
        networks: by name "G", "D" and, for an InfoGAN, "Q": the inputs as layers of kind "Input",
            then the layers in the order of execution; D's own are named "trunk..." and "head...".
    """
    inputs = [layer for layer in networks["G"] if layer.kind == "Input"]
    join = [layer for layer in networks["G"] if layer.name.startswith("join")]
    rest = networks["G"][len(inputs) + len(join) :]
    left = [*boxes_of(rest, lang), Box(words("made", lang), rest[-1].shape)]
    if join:  # where z and c meet; one embedding a label is one box
        count = sum(layer.num_parameters for layer in join)
        left.insert(0, Box(words(join[0].kind, lang), join[0].shape, num_parameters=count))
    image = Box(f"{words('input', lang)}  $x$", networks["D"][0].shape, words("real_or_made", lang))
    trunk = [layer for layer in networks["D"] if layer.name.startswith("trunk")]
    right, heads = [image, *boxes_of(trunk, lang)], _heads(networks, lang)

    canvas = _Canvas(max(len(left) + 1, len(right) + sum(map(len, heads))), lang)
    counts = {name: sum(x.num_parameters for x in layers) for name, layers in networks.items()}
    given = "$G(z, c)$" if inputs[1:] else "$G(z)$"
    canvas.head(_GAN_LEFT, "generator", given, count=counts.pop("G"))
    formula, below = "$D(x)$", {"count": counts["D"]}
    if "Q" in counts:
        formula, below = "$D(x)$, $Q(c \\mid x)$", {"below": "parameters_of_both", **counts}
    canvas.head(_GAN_RIGHT, "discriminator", formula, **below)

    top, half = canvas.top, canvas.height / 2
    shift = (_GAN_WIDTH - _INPUT_WIDTH) / 2 if inputs[1:] else 0
    for layer, x in zip(inputs, (_GAN_LEFT - shift, _GAN_LEFT + shift), strict=False):
        title = f"{words('given_' + layer.name, lang)}  ${layer.name}$"
        canvas.box(Box(title, layer.shape), x, top, _INPUT_WIDTH)
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
