"""What the panels are put together from: pictures as PNG, sliders, buttons, rows."""

from __future__ import annotations

import html
from typing import TypeVar

import ipywidgets as widgets
import numpy as np

from hwlib import plots
from hwlib.errors import Worded
from hwlib.explore.words import words
from hwlib.images import encode
from hwlib.run import Run

Panel = TypeVar("Panel", bound=widgets.Box)

LAST_NUMBER = 999  # z are called by the numbers 0 to 999
STRIP_PX = 64  # about how wide each picture of a strip is
FRAME_PX = 3
FRAME_RGB = (213, 94, 0)  # the figures' orange


def to_png(image: np.ndarray, side: int) -> bytes:
    """Return one picture, uint8 (H, W, C), as PNG, enlarged by a whole factor to about `side`."""
    factor = max(1, round(side / image.shape[0]))
    return encode(plots.enlarge(image[np.newaxis], factor)[0])


def to_strip(images: np.ndarray, *, marked: int | None = None) -> bytes:
    """Return pictures, uint8 (N, H, W, C), side by side as PNG.

    Args:
        images: from left to right.
        marked: the one that gets a frame; None is none.
    """
    images = np.broadcast_to(images, (*images.shape[:3], 3))  # grey ones too
    around = [(0, 0), (FRAME_PX, FRAME_PX), (FRAME_PX, FRAME_PX), (0, 0)]
    factor = max(1, round(STRIP_PX / images.shape[2]))
    tiles = np.pad(plots.enlarge(images, factor), around, constant_values=255)
    if marked is not None:
        inner = tiles[marked, FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX].copy()
        tiles[marked] = FRAME_RGB
        tiles[marked, FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX] = inner
    return to_png(np.concatenate(list(tiles), axis=1), 0)


def strip() -> widgets.Image:
    """Make the place of a strip: as wide as its pictures, narrower only where the window is."""
    return widgets.Image(format="png", layout={"align_self": "flex-start", "max_width": "100%"})


def number_slider(lang: str, name: str, value: int) -> widgets.IntSlider:
    """Make the slider that chooses a z by its number."""
    return widgets.IntSlider(
        value, min=0, max=LAST_NUMBER, description=words(name, lang), layout={"width": "330px"}
    )


def share_slider(lang: str, value: float, width: str) -> widgets.FloatSlider:
    """Make the slider from A to B."""
    return widgets.FloatSlider(
        value, min=0, max=1, step=0.02, description=words("share", lang), layout={"width": width}
    )


def path_buttons(lang: str) -> widgets.ToggleButtons:
    """Make the choice between the straight path and the spherical one."""
    return widgets.ToggleButtons(
        options=[(words("linear", lang), "linear"), (words("spherical", lang), "spherical")],
        tooltips=[words("linear", lang), words("spherical", lang)],
        style={"button_width": "84px"},
    )


def button(lang: str, name: str, icon: str) -> widgets.Button:
    """Make a button with a word and a sign."""
    return widgets.Button(description=words(name, lang), icon=icon, layout={"width": "150px"})


def help_line(lang: str, name: str) -> widgets.HTML:
    """Make the line that says how a panel is used."""
    return widgets.HTML(f'<small style="opacity:.75">{words(name, lang)}</small>')


def problem_line(problem: Exception | str, lang: str) -> str:
    """Return the line that says what is wrong, as HTML; screen readers read it at once.

    Args:
        problem: the line, or the mistake that has one.
        lang: the panel's language.
    """
    text = problem.say(lang) if isinstance(problem, Worded) else str(problem)
    return f'<strong role="alert">✗ {html.escape(text)}</strong>'


def told_of_trials(panel: Panel, run: Run, lang: str) -> Panel:
    """Put a line above a panel that warns of the pictures of a small run; return the panel."""
    names = {"smoke": "trial", "preview": "preview"}
    if name := names.get(run.config.profile):
        panel.children = (widgets.HTML(f"<strong>{words(name, lang)}</strong>"), *panel.children)
    return panel


def captioned(picture: widgets.Image, label: widgets.Label) -> widgets.VBox:
    """Set a label below a picture."""
    layout = {"align_items": "center", "margin": "0 3px 0 0"}
    return widgets.VBox([picture, label], layout=layout)


def row(*children: widgets.Widget) -> widgets.HBox:
    """Set widgets side by side, on more lines where the window is narrow."""
    return widgets.HBox(children, layout={"flex_flow": "row wrap", "align_items": "flex-end"})
