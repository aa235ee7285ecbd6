"""The figures' one look: colours, fonts, sizes, and their words in each language."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from hwlib.text import name_of, word

COLUMN_IN = 6.3  # width of a report's text column, 16 cm
HIGHEST_IN = 3.45  # of a figure, so that a page has room for its discussion
WIDE_RATIO = 1e3  # of a log axis' ends, from which powers of ten are enough
CANVAS_PX = 1200  # about how many pixels wide a sheet of images is drawn

# Okabe and Ito's palette: told apart with every common kind of colour blindness.
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
SKY, YELLOW, PINK = "#56B4E9", "#E69F00", "#CC79A7"
# Of all words and axes; of what stands back; of lines that only guide the eye; of a grid.
INK, SOFT, GREY, GRID = "#222222", "#555555", "#8A8A8A", "#E3E3E3"
PALETTE = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY)


def words(key: str, lang: str, /, **values: Any) -> str:
    """Return the words `labels.<key>` as a figure has them."""
    return word(f"labels.{key}", lang, **values)


@functools.cache
def register_fonts() -> tuple[str, ...]:
    """Make the package's fonts known to matplotlib.

    Returns:
        the family list, first choice first; matplotlib falls back glyph by glyph along it.
    """
    folder = Path(__file__).parents[1] / "fonts"
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
        "legend.fontsize": 7.5,
        "legend.frameon": False,
        "figure.dpi": 200,
        "savefig.dpi": "figure",
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "figure.constrained_layout.use": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": INK,
        "axes.linewidth": 0.6,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.minor.width": 0.4,
        "ytick.minor.width": 0.4,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "lines.linewidth": 1.6,
        "lines.solid_capstyle": "round",
        "mathtext.fontset": "dejavusans",
        "axes.prop_cycle": plt.cycler(color=PALETTE),
    }


def style():
    """Return a context in which matplotlib has the look of the project's figures."""
    return plt.rc_context(rc_params())


def styled(draw: Callable) -> Callable:
    """Run `draw` within the project's style."""

    @functools.wraps(draw)
    def wrapped(*args, **kwargs):
        with style():
            return draw(*args, **kwargs)

    return wrapped


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


def choose_scale(ax: Axes, values: np.ndarray, lang: str, *, pad: float | None = None) -> None:
    """Use a log axis, and say so, where the first steps would flatten all the rest.

    Args:
        ax: axes whose title stands on the left.
        values: all that is drawn on them.
        lang: language of the words.
        pad: points between axes and title; None is the usual distance.
    """
    if values.size and values.min() > 0 and values.max() > 8 * np.median(values):
        ax.set_yscale("log")
        is_wide = values.max() > WIDE_RATIO * values.min()
        ax.yaxis.set_major_locator(LogLocator(subs=(1,) if is_wide else (1, 2, 5), numticks=8))
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.set_title(ax.get_title(loc="left") + words("log_axis", lang), loc="left", pad=pad)
    else:
        ax.yaxis.set_major_locator(MaxNLocator(6))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
