"""What tests of figures share: rendering, reading off what is drawn, and whether all of it fits."""

import io
import itertools

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from hwlib import plots

matplotlib.use("Agg")

PRINTED = 158 / 160  # of a figure's size, in a report
TALLEST_IN = 205 / 25.4  # that a page has room for


def render(drawn: Figure | Axes) -> np.ndarray:
    """Draw a figure; return its pixels."""
    buffer = io.BytesIO()
    with plots.rc_context():
        drawn.figure.savefig(buffer, format="png")
    return np.asarray(Image.open(buffer).convert("RGB"))


def sheet_of(ax: Axes) -> np.ndarray:
    """Return the pixels of the sheet on `ax`."""
    return ax.get_images()[0].get_array()


def tick_labels(ax: Axes, axis: str = "y") -> list[str]:
    """Return the words beside or below `ax`."""
    return [tick.get_text() for tick in getattr(ax, f"get_{axis}ticklabels")()]


def legend_of(ax: Axes) -> list[str]:
    """Return the words of a legend."""
    return [text.get_text() for text in ax.get_legend().get_texts()]


def assert_fits(drawn: Figure | Axes) -> None:
    """Hold that no glyph is missing, no label is cut, and all can be read in the column."""
    fig = drawn.figure
    with plots.rc_context():
        fig.draw_without_rendering()  # a missing glyph is a warning, and warnings are errors
        box = fig.get_tightbbox()
    words = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    printed = min(PRINTED, TALLEST_IN / fig.get_figheight())
    assert all(printed * text.get_fontsize() >= 7 for text in words)
    assert fig.get_figwidth() <= plots.COLUMN_IN + 0.01
    assert min(box.x0, box.y0) > -0.03
    assert box.x1 < fig.get_figwidth() + 0.03
    assert box.y1 < fig.get_figheight() + 0.03


def assert_words_are_apart(fig: Figure) -> None:
    """Hold that no two words of a drawing overlap and none leaves it."""
    with plots.rc_context():
        fig.draw_without_rendering()
        boxes = [text.get_window_extent() for text in fig.axes[0].texts if text.get_text()]
    assert len(boxes) > 1
    width, height = fig.canvas.get_width_height()
    for box in boxes:
        assert 0 <= box.x0 <= box.x1 <= width
        assert 0 <= box.y0 <= box.y1 <= height
    for a, b in itertools.combinations(boxes, 2):
        # line boxes hold room above and below the glyphs; a part of it may overlap
        overlap = min(a.y1, b.y1) - max(a.y0, b.y0)
        is_apart = min(a.x1, b.x1) <= max(a.x0, b.x0)
        assert is_apart or overlap < 0.3 * min(a.height, b.height)
