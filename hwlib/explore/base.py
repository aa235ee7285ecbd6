"""What the panels share: a language, sliders and buttons, images, and a line of status.

A panel stands over a trained network in eval mode; `z_of` gives a generator's z by its number, and
`lang` is the language of the words. What a panel shows as an image is PNG.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self

import ipywidgets as widgets
import numpy as np

from hwlib import plots
from hwlib.errors import Worded
from hwlib.images import encode
from hwlib.run import Run
from hwlib.show.page import asked_languages
from hwlib.text import word

LAST_NUMBER = 999  # z are called by the numbers 0 to 999
STRIP_PX = 64  # about how wide each image of a strip is
SMALL_PX, LARGE_PX = 128, 256  # about how wide single images are
FRAME_PX = 3
FRAME_RGB = (213, 94, 0)  # the figures' orange
WARNINGS = {"smoke": "trial", "preview": "preview"}  # by profile


def words(key: str, lang: str, /, **values: Any) -> str:
    """Return the words `panels.<key>`."""
    return word(f"panels.{key}", lang, **values)


def panel_language(lang: str | None) -> str:
    """Return the language itself, or the first that the notebook asks for where it is None."""
    return lang or asked_languages()[0]


def to_png(image: np.ndarray, side: int) -> bytes:
    """Return an image, uint8 (H, W, C), as PNG, enlarged by a whole factor to about `side`."""
    factor = max(1, round(side / image.shape[0]))
    return encode(plots.enlarge(image[np.newaxis], factor)[0])


def to_strip(images: np.ndarray, *, marked: int | None = None) -> bytes:
    """Return images, uint8 (N, H, W, C), side by side as PNG; the `marked` one gets a frame."""
    images = np.broadcast_to(images, (*images.shape[:3], 3))  # grey ones too
    factor = max(1, round(STRIP_PX / images.shape[2]))
    large = plots.enlarge(images, factor)
    around = [(0, 0), (FRAME_PX, FRAME_PX), (FRAME_PX, FRAME_PX), (0, 0)]
    tiles = np.pad(large, around, constant_values=255)
    if marked is not None:
        tiles[marked] = FRAME_RGB
        tiles[marked, FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX] = large[marked]
    return encode(np.concatenate(list(tiles), axis=1))


def row(*children: widgets.Widget) -> widgets.HBox:
    """Set widgets side by side, on more lines where the window is narrow."""
    return widgets.HBox(children, layout={"flex_flow": "row wrap", "align_items": "flex-end"})


def strip() -> widgets.Image:
    """Make the place of a strip: as wide as its images, narrower only where the window is."""
    return widgets.Image(format="png", layout={"align_self": "flex-start", "max_width": "100%"})


def error_line(error: Exception | str, lang: str) -> str:
    """Return the line that says what is wrong, as HTML; screen readers read it at once."""
    text = error.say(lang) if isinstance(error, Worded) else str(error)
    return f'<strong role="alert">✗ {html.escape(text)}</strong>'


class Animation(NamedTuple):
    """Something that moves in a panel, from the state that the panel is in.

    Attributes:
        name: stem of a file.
        label: the same for a reader, in the panel's language.
        frames: takes how many images are wanted, gives uint8 (T, H, W, C) from one end to the
            other; a movement that has steps of its own gives an image for each of them.
    """

    name: str
    label: str
    frames: Callable[[int], np.ndarray]


class Panel(widgets.VBox):
    """Controls over a trained network, and the images that it makes of them.

    Attributes:
        lang: language of the words.
        status: the line that says what is known of what is shown, or what went wrong.
        image: the image that the controls make.
    """

    def __init__(self, lang: str):
        super().__init__()
        self.lang, self.status = lang, widgets.HTML()

    def animations(self) -> list[Animation]:
        """Return what moves in the panel as it stands, the way of its main slider first."""
        raise NotImplementedError

    def for_run(self, run: Run) -> Self:
        """Return the panel, with a line above it that warns of the images of a small run."""
        if name := WARNINGS.get(run.config.profile):
            line = widgets.HTML(f"<strong>{self.words(name)}</strong>")
            self.children = (line, *self.children)
        return self

    # -- what a panel is put together from

    def words(self, key: str, /, **values: Any) -> str:
        """Return the words `panels.<key>` in the panel's language."""
        return words(key, self.lang, **values)

    def slider(self, label: str, value: float, low: float, high: float, **options: Any):
        """Make a slider for any number."""
        options = {"step": 0.1, "layout": {"width": "330px"}, "description": label} | options
        return widgets.FloatSlider(value, min=low, max=high, **options)

    def share_slider(self, value: float):
        """Make the slider from A to B."""
        return self.slider(self.words("share"), value, 0, 1, step=0.02)

    def number_slider(self, name: str, value: int):
        """Make the slider that chooses a z by its number."""
        about = {"description": self.words(name), "layout": {"width": "330px"}}
        return widgets.IntSlider(value, min=0, max=LAST_NUMBER, **about)

    def image_number(self, name: str, value: int, last: int):
        """Make the field that chooses a test image by its number."""
        about = {"description": self.words(name), "layout": {"width": "160px"}}
        return widgets.BoundedIntText(value, min=0, max=last, **about)

    def choice_buttons(self, names: Sequence[str], values: Sequence[Any], **more: Any):
        """Make a button for each of some values."""
        said = [self.words(name) for name in names]
        options = list(zip(said, values, strict=True))
        return widgets.ToggleButtons(options=options, tooltips=said, **more)

    def path_buttons(self):
        """Make the choice between the straight path and the spherical one."""
        paths = ("linear", "spherical")
        return self.choice_buttons(paths, paths, style={"button_width": "84px"})

    def dropdown(self, name: str, width: str, options: Sequence[Any] = ()):
        """Make a choice among many."""
        about = {"description": self.words(name), "layout": {"width": width}}
        return widgets.Dropdown(options=options, **about)

    def button(self, name: str, icon: str, on_click: Callable[[], None]):
        """Make a button with a word and a sign."""
        layout = {"width": "150px"}
        made = widgets.Button(description=self.words(name), icon=icon, layout=layout)
        made.on_click(lambda _button: on_click())
        return made

    def help_line(self, name: str):
        """Make the line that says how the panel is used."""
        return widgets.HTML(f'<small style="opacity:.75">{self.words(name)}</small>')

    def image_row(self, captions: Sequence[str], main: int):
        """Make places for images, side by side and above their captions; `main` is `image`."""
        self._images = [widgets.Image(format="png") for _ in captions]
        self._captions = [widgets.Label(caption) for caption in captions]
        self.image = self._images[main]
        layout = {"align_items": "center", "margin": "0 3px 0 0"}
        pairs = zip(self._images, self._captions, strict=True)
        return row(*(widgets.VBox(pair, layout=layout) for pair in pairs))

    def show(self, *images: np.ndarray, start: int = 0) -> None:
        """Show images, uint8 (H, W, C), in the places from `start` on, the main one larger."""
        for place, image in zip(self._images[start:], images, strict=False):
            place.value = to_png(image, LARGE_PX if place is self.image else SMALL_PX)

    def on_change(self, react: Callable[[], None], *controls: widgets.Widget) -> None:
        """Call `react` when the value of one of the controls changes."""
        for control in controls:
            control.observe(lambda _change: react(), "value")
