"""The one style of all figures: colours, fonts, sizes, axes, and their words; charts as SVG."""

import re
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.text import Text
from matplotlib.ticker import LogLocator, NullFormatter

from hwlib.text import name_of, word

COLUMN_IN = 6.3  # width of a report's text column, 16 cm
HIGHEST_IN = 3.45  # of a figure, so that a page has room for its discussion

# Okabe and Ito's palette: told apart with every common kind of colour blindness.
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
SKY, YELLOW, PINK = "#56B4E9", "#E69F00", "#CC79A7"
# Of all words and axes; of what stands back; of lines that only guide the eye; of a grid.
INK, SOFT, GREY, GRID = "#222222", "#555555", "#8A8A8A", "#E3E3E3"
PALETTE = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY)
DASHED = (0, (4, 3))
DOTS = {"linestyle": "none", "marker": "o", "markersize": 4.5}
DOTS |= {"markeredgecolor": "white", "markeredgewidth": 0.6}


# matplotlib falls back glyph by glyph along the families, the package's own first.
_FONTS = sorted((Path(__file__).parents[1] / "fonts").glob("*.otf"))
for _path in _FONTS:
    font_manager.fontManager.addfont(_path)
FAMILIES = list(dict.fromkeys(font_manager.get_font(str(p)).family_name for p in _FONTS))

_INKED = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
_THIN = ("axes.linewidth", "grid.linewidth", "xtick.major.width", "ytick.major.width")
RC = {
    **dict.fromkeys(_INKED, INK),
    **dict.fromkeys(_THIN, 0.6),
    **dict.fromkeys(("xtick.minor.width", "ytick.minor.width"), 0.4),
    **dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), 7.5),
    **dict.fromkeys(("figure.facecolor", "savefig.facecolor"), "white"),
    "font.family": [*FAMILIES, "DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": plt.cycler(color=PALETTE),
    "figure.dpi": 200,
    "figure.constrained_layout.use": True,
    "grid.color": GRID,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "mathtext.fontset": "dejavusans",
    "savefig.dpi": "figure",
}


def rc_context(**more: Any):
    """Return a context, which may decorate a function, with the figures' style and more settings.

    It stands on matplotlib's own defaults: a reader's matplotlibrc or style changes no figure.
    """
    return plt.style.context(["default", RC | more])


styled = rc_context()


def words(key: str, lang: str, /, **values: Any) -> str:
    """Return the words `labels.<key>` as a figure has them."""
    return word(f"labels.{key}", lang, **values)


def labels(fig: Figure) -> list[str]:
    """Return the words that can be read on a drawn figure, each once: what is to be translated."""
    texts = (text for text in fig.findobj(Text) if text.get_visible())
    return list(dict.fromkeys(text.get_text() for text in texts if text.get_text().strip()))


def attribute_name(name: str, lang: str) -> str:
    """Return an attribute's or a factor's name in the words of `lang`, the data's own kept."""
    words = short_name(name, lang)
    return words if words.replace(" ", "_") == name else f"{words} ({name})"


def short_name(name: str, lang: str) -> str:
    """Return an attribute's or a factor's name as briefly as a figure needs it."""
    return name_of(name, language=lang).replace("_", " ")


def weight_name(weight: float) -> str:
    """Return a KL weight as a figure has it, without exponent."""
    return f"λ = {plain(weight)}"


def plain(value: float) -> str:
    """Write a number without exponent."""
    return np.format_float_positional(value, trim="-")


def plain_number(value: float, _: Any = None) -> str:
    """Write a number beside an axis: to six digits, thousands separated."""
    return f"{value:,.6g}".replace("-", "−")


def use_log_scale(ax: Axes, which: str, *, subs: Sequence[int] = (1, 2, 5), num_ticks=8) -> None:
    """Make the axis "x" or "y" logarithmic, with plain numbers at `subs` times powers of ten."""
    ax.set(**{f"{which}scale": "log"})
    axis = getattr(ax, f"{which}axis")
    axis.set_major_locator(LogLocator(subs=subs, numticks=num_ticks))
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(plain_number)


def legend_above(ax: Axes, **options: Any) -> None:
    """Name the lines between title and axes, where the names can hide no part of a curve."""
    place = {"loc": "lower left", "bbox_to_anchor": (-0.02, 0.985), "borderaxespad": 0.2}
    tight = {"handlelength": 1.1, "handletextpad": 0.35, "columnspacing": 0.8}
    ax.legend(**{"ncols": 4, **place, **tight, **options})


def make_axes(height_in: float, *, width: float = 1) -> Axes:
    """Return the axes of a new figure of one panel, in columns wide."""
    return plt.subplots(figsize=(width * COLUMN_IN, height_in))[1]


# ---- charts as SVG ------------------------------------------------------------------------------

# What each colour becomes on a dark page; white lines around marks become the page's ground.
DARK = {
    INK: "#e4e9e9",
    SOFT: "#b3bdc0",
    GREY: "#9aa3a6",
    GRID: "#333d41",
    BLUE: "#4aa8e0",
    ORANGE: "#f08a4b",
    GREEN: "#2fc79a",
    PINK: "#d996bb",
    SKY: "#7cc7f2",
    "#ffffff": "#14191b",
}
MIN_USES = 4  # a style that stands so often gets a name
DECIMALS = 2  # of coordinates, in points

_STYLE = re.compile(r' style="([^"]*)"')
_COORDINATES = re.compile(r' (?:d|x|y|points)="[^"]*"')
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_UNNEEDED = re.compile(
    r"\A.*?(?=<svg)|\s*<metadata>.*?</metadata>|\s*<!--.*?-->|(?<=>)\s+(?=<)", re.DOTALL
)


def is_chart(fig: Figure) -> bool:
    """Whether a figure is made of lines and words alone, not of images."""
    images = fig.findobj(AxesImage)
    return not any(np.ndim(image.get_array()) == 3 for image in images)


def to_svg(fig: Figure) -> str:
    """Return a figure as SVG with a transparent ground, the same bytes each time.

    Words are outlines, so that no font is needed. A stylesheet maps the figure's colours to others
    where the reader prefers dark pages.
    """
    buffer = BytesIO()
    with rc_context(**{"svg.hashsalt": "hwlib", "svg.fonttype": "path"}):
        fig.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = _UNNEEDED.sub("", buffer.getvalue().decode())

    def rounded(found: re.Match) -> str:
        short = _NUMBER.sub(lambda number: f"{float(number[0]):.{DECIMALS}f}", found[0])
        return short.replace("\n", "")

    svg = _COORDINATES.sub(rounded, svg)
    # a style that stands often gets a name, the shortest names to those that stand most often
    often = [(n, css) for css, n in Counter(_STYLE.findall(svg)).items() if n >= MIN_USES]
    names = {css: f"s{i}" for i, (_, css) in enumerate(sorted(often, reverse=True))}
    svg = _STYLE.sub(
        lambda found: f' class="{names[found[1]]}"' if found[1] in names else found[0], svg
    )
    rules, dark = [f".{name}{{{css}}}" for css, name in names.items()], []
    for light, other in DARK.items():
        for part in ("fill", "stroke"):
            written = f"{part}: {light.lower()}"
            classes = [f".{name}" for css, name in names.items() if written in css.split("; ")]
            selectors = ",".join([f'[style*="{written}"]', *classes])
            dark.append(f"{selectors}{{{part}:{other}!important}}")
    rules.append(f"@media(prefers-color-scheme:dark){{{''.join(dark)}}}")
    return svg.replace("</defs>", f"</defs><style>{''.join(rules)}</style>", 1)
