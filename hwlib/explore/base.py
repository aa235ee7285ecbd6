"""What the panels share: controls that are declared, images, and what a control moves through.

A panel stands over a trained network in eval mode; `z_of` gives a generator's z by its number, and
`lang` is the language of the words, by default the first that the notebook asks for. What a panel
shows as an image is PNG.
"""

import html
from collections.abc import Callable, Mapping, Sequence
from string import Template
from typing import Any

import ipywidgets as widgets
import numpy as np
from PIL import ImageOps

from hwlib import plots
from hwlib.errors import Worded
from hwlib.images import encode, to_image
from hwlib.show.page import asked_languages
from hwlib.text import in_languages, word

LAST_NUMBER = 999  # z are called by the numbers 0 to 999
STRIP_PX = 64  # about how wide each image of a strip is
SMALL_PX, LARGE_PX = 128, 256  # about how wide single images are
FRAME_PX = 3
GAP_PX = 2  # white between the images of a sheet
FRAME_RGB = (213, 94, 0)  # the figures' orange
WARNINGS = {"smoke": "trial", "preview": "preview"}  # by profile


def words(key: str, lang: str | None = None, /, **values: Any) -> str:
    """Return the words `panels.<key>`."""
    return word(f"panels.{key}", lang or asked_languages()[0], **values)


def in_all_languages(key: str, /, **values: Any) -> dict[str, str]:
    """Return the words `panels.<key>`, by language."""
    return in_languages(lambda lang: words(key, lang, **values))


def to_strip(images: np.ndarray, *, marked: int | None = None) -> bytes:
    """Return images, uint8 (N, H, W, C), side by side as PNG; the `marked` one gets a frame."""
    large = plots.enlarge(images, max(1, round(STRIP_PX / images.shape[2])))
    frames = [FRAME_RGB if place == marked else "white" for place in range(len(large))]
    tiles = [
        ImageOps.expand(to_image(image).convert("RGB"), FRAME_PX, frame)
        for image, frame in zip(large, frames, strict=True)
    ]
    return encode(np.concatenate(tiles, axis=1))


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


class Panel(widgets.VBox):
    """Controls over a trained network, and the images that it makes of them.

    A subclass makes its controls with `control`, and says with `point(**values)` which input of the
    network values of them stand for, with `images_of(points)` what the network makes of inputs
    (T, ...), uint8 (T, H, W, C), and with `render()`, called after every change, what is shown.

    Attributes:
        lang: language of the words.
        controls: by the name that `point` knows them by.
        stems: by the name of each control that moves something, the main one first: the name of a
            file of it, in which `$name` stands for another control's value.
        status: the line that says what is known of what is shown, or what went wrong.
        places, captions: of the images in `image_row`, and what stands below them.
        image: the main one of the places.
    """

    def __init__(self, lang: str | None, profile: str = ""):
        """Make no control yet; the profile is that of the run whose network it is."""
        super().__init__()
        self.lang, self.profile = lang or asked_languages()[0], profile
        self.controls: dict[str, widgets.Widget] = {}
        self.stems: dict[str, str] = {}
        self.status = widgets.HTML()

    def values(self) -> dict[str, Any]:
        """Return what the controls say, by name."""
        return {name: control.value for name, control in self.controls.items()}

    def here(self, **changes: Any) -> np.ndarray:
        """Return the input that the controls stand for, but for some changes."""
        return self.point(**self.values() | changes)

    def stem(self, name: str) -> str:
        """Return the name of a file of what a control moves, as the others are set."""
        return Template(self.stems[name]).safe_substitute(self.values())

    def sweep(self, name: str, num: int) -> np.ndarray:
        """Return images with a control moved from end to end and the others as they are set.

        They are `num`, or one a place of a control that has so few, as uint8 (T, H, W, C).
        """
        control = self.controls[name]
        if hasattr(control, "options"):
            values = [value for _, value in control.options]
        else:
            num = 2 if control.step == control.max - control.min else num
            values = np.linspace(control.min, control.max, num)
        return self.images_of(np.stack([self.here(**{name: value}) for value in values]))

    # -- what a panel is put together from

    def lay_out(self, *lines: widgets.Widget, usage: str = "") -> None:
        """Set lines between a warning of a small run's images and how the panel is used."""
        warning = WARNINGS.get(self.profile)
        above = [widgets.HTML(f"<strong>{self.words(warning)}</strong>")] if warning else []
        below = widgets.HTML(f'<small style="opacity:.75">{self.words(usage)}</small>')
        self.children = [*above, *lines, below]
        self.render()

    def words(self, key: str, /, **values: Any) -> str:
        """Return the words `panels.<key>` in the panel's language."""
        return words(key, self.lang, **values)

    def control(
        self, kind: type, name: str, width: int = 330, *, stem: str = "", **options: Any
    ) -> Any:
        """Make a control, which is called by the words of its name if `options` describe none."""
        if "description" not in options:
            options["description"] = self.words(name)
        made = kind(**{"layout": {"width": f"{width}px"}} | options)
        made.observe(lambda _change: self.render(), "value")
        self.controls[name] = made
        self.stems |= {name: stem} if stem else {}
        return made

    def choice(self, name: str, values: Mapping[str, Any], **options: Any) -> Any:
        """Make a control of buttons, one for each of some values by what is written on it."""
        about = {"description": "", "tooltips": list(values), "layout": {}}
        about |= {"options": list(values.items())} | options
        return self.control(widgets.ToggleButtons, name, **about)

    def path_controls(self, share: float, stem: str) -> tuple[Any, Any]:
        """Make the slider from A to B, and the choice of the straight path or the spherical one."""
        paths = {self.words(name): name for name in ("linear", "spherical")}
        about = {"value": share, "max": 1, "step": 0.02}
        slider = self.control(widgets.FloatSlider, "share", stem=stem, **about)
        return slider, self.choice("path", paths, style={"button_width": "84px"})

    def button(self, name: str, icon: str, on_click: Callable[[], None]) -> widgets.Button:
        """Make a button with a word and a sign."""
        layout = {"width": "150px"}
        made = widgets.Button(description=self.words(name), icon=icon, layout=layout)
        made.on_click(lambda _button: on_click())
        return made

    def image_row(self, captions: Sequence[str], main: int) -> widgets.HBox:
        """Make places for images, side by side and above their captions; `main` is `image`."""
        self.places = [widgets.Image(format="png") for _ in captions]
        self.captions = [widgets.Label(caption) for caption in captions]
        self.image = self.places[main]
        layout = {"align_items": "center", "margin": "0 3px 0 0"}
        pairs = zip(self.places, self.captions, strict=True)
        return row(*(widgets.VBox(pair, layout=layout) for pair in pairs))

    def show(self, *images: np.ndarray) -> None:
        """Show images, uint8 (H, W, C), in their places, the main one larger."""
        for place, image in zip(self.places, images, strict=True):
            side = LARGE_PX if place is self.image else SMALL_PX
            factor = max(1, round(side / image.shape[0]))
            place.value = encode(plots.enlarge(image[np.newaxis], factor)[0])
