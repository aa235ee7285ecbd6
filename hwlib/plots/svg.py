"""Charts as SVG that need no font, follow a page's dark mode, and are the same bytes each time."""

import re
from collections import Counter
from io import BytesIO

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from hwlib.plots.style import BLUE, GREEN, GREY, GRID, INK, ORANGE, PINK, RC, SKY, SOFT

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
    """Return a figure as SVG with a transparent ground.

    Words are outlines, so that no font is needed. A stylesheet maps the figure's colours to others
    where the reader prefers dark pages.
    """
    buffer = BytesIO()
    with mpl.rc_context(RC | {"svg.hashsalt": "hwlib", "svg.fonttype": "path"}):
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
