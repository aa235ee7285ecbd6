"""An attribute's direction in a VAE's latent space, added to a real picture."""

from __future__ import annotations

import html
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np
from PIL import Image
from torch import nn

from hwlib import plots
from hwlib.data.decode import Unreadable
from hwlib.data.decode import decode as decode_file
from hwlib.explore.latents import decode, encode, latents
from hwlib.explore.parts import (
    captioned,
    help_line,
    problem_line,
    row,
    strip,
    to_png,
    to_strip,
    told_of_trials,
)
from hwlib.explore.words import UNREADABLE, panel_language, words
from hwlib.run import Run

if TYPE_CHECKING:
    from hwlib.data import Data

LIMIT = 3  # the strength's, either way; 1 is the whole difference of the two means
NUM_STRENGTHS = 9  # pictures of the strip
MAX_ZOOM = 4
ALIGNED_LAYOUTS = ("celeba", "hw4", "faces")  # trained on faces that sit as in the homework's crop


def directions(
    mu: np.ndarray, labels: np.ndarray, attributes: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return each attribute's direction: the mean latent of who has it less that of who has not.

    Args:
        mu: latents' means, (N, Z).
        labels: 0 or 1, (N, A).
        attributes: the A names.

    Returns:
        (Z,) by name; an attribute that all have, or none, is left out.
    """
    found = {}
    for name, column in zip(attributes, labels.T.astype(bool), strict=True):
        if column.any() and not column.all():
            found[name] = mu[column].mean(0) - mu[~column].mean(0)
    return found


def read_photo(
    content: bytes,
    size: int,
    *,
    crop: str | None = None,
    zoom: float = 1.0,
    left: float = 0.5,
    top: float = 0.5,
) -> tuple[np.ndarray, bool]:
    """Read a photograph as the data room reads its files, then go nearer where that is asked for.

    Args:
        content: the file's bytes.
        size: side S of the result, in pixels.
        crop: "hw4" or "square" for an aligned CelebA photograph; any other one gives the square in
            its middle, and with None so do all.
        zoom: 1 shows the whole of that square, 2 half its side.
        left: where the part that is shown lies, from 0 to 1.
        top: likewise.

    Returns:
        uint8 (S, S, 3); whether `crop` was used.

    Raises:
        Unreadable: it is no picture, or one that cannot be used.
    """
    side = round(size * zoom)  # so that one resizing does
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo"
        path.write_bytes(content)
        is_aligned = crop is not None
        try:
            pixels = decode_file(path, side, crop=crop).pixels
        except Unreadable:  # not an aligned one, or none at all: then the next line says so
            pixels, is_aligned = decode_file(path, side).pixels, False
    x, y = round((side - size) * left), round((side - size) * top)
    return pixels[y : y + size, x : x + size], is_aligned


class DirectionPanel(widgets.VBox):
    """A real picture, its reconstruction, and the same with an attribute's direction added.

    Attributes:
        source: "test" or "own".
        number: which test picture.
        upload: takes any photograph.
        zoom, left, top: which part of the photograph.
        attribute: whose direction.
        strength: how much of it is added; 1 is the whole difference of means.
        picture: what comes out, PNG.
        strip: the same with nine strengths, PNG.
        told: what is known of the photograph, or what is wrong with it.
        mu: the picture's latent, float32 (Z,).
    """

    def __init__(
        self,
        vae: nn.Module,
        images: np.ndarray,
        directions: Mapping[str, np.ndarray],
        *,
        crop: str | None = None,
        is_drawn: bool = False,
        lang: str = "en",
    ):
        """Build the panel.

        Args:
            vae: a trained network, in eval mode.
            images: test pictures, uint8 (N, H, W, C).
            directions: float32 (Z,) by the attribute's name.
            crop: of an aligned photograph; see `read_photo`.
            is_drawn: whether the network has seen drawn faces alone, of which who tries a
                photograph is told.
            lang: language of the words.
        """
        super().__init__()
        self.vae, self.images, self.directions = vae, images, directions
        self.crop, self.is_drawn, self.lang = crop, is_drawn, lang
        self._photo: Mapping[str, Any] | None = None  # the last upload that could be read
        self._build_controls()
        names = ("picture", "its_reconstruction", "changed")
        self._images = [widgets.Image(format="png") for _ in names]
        self.picture, self.strip = self._images[2], strip()
        self.strip_told = widgets.Label(words("strengths", self.lang, limit=LIMIT))
        labels = [widgets.Label(words(name, self.lang)) for name in names]
        self.children = [
            row(self.source, self.number, self.upload),
            self._part,
            self.told,
            row(*map(captioned, self._images, labels)),
            row(self.attribute, self.strength),
            self.strip_told,
            self.strip,
            help_line(lang, "help_direction"),
        ]
        for control in (self.source, self.number, self.zoom, self.left, self.top):
            control.observe(self._on_picture, "value")
        self.upload.observe(self._on_upload, "value")
        for control in (self.attribute, self.strength):
            control.observe(self._on_move, "value")
        self._on_picture(None)

    def _build_controls(self) -> None:
        """Make what chooses the picture, the part of it, the attribute and its strength."""
        lang = self.lang
        self.source = widgets.ToggleButtons(
            options=[(words("from_test", lang), "test"), (words("from_own", lang), "own")],
            tooltips=[words("from_test", lang), words("from_own", lang)],
        )
        self.number = widgets.BoundedIntText(
            0,
            min=0,
            max=len(self.images) - 1,
            description=words("image_number", lang),
            layout={"width": "160px"},
        )
        self.upload = widgets.FileUpload(
            accept="image/*", description=words("upload", lang), layout={"width": "170px"}
        )
        ranges = {"zoom": (1.0, 1.0, MAX_ZOOM), "left": (0.5, 0.0, 1.0), "top": (0.5, 0.0, 1.0)}
        self.zoom, self.left, self.top = (
            widgets.FloatSlider(
                value,
                min=low,
                max=high,
                step=0.02,
                description=words(name, lang),
                continuous_update=False,  # each move reads the photograph again
                layout={"width": "300px"},
            )
            for name, (value, low, high) in ranges.items()
        )
        self._part = row(self.zoom, self.left, self.top)
        self.attribute = widgets.Dropdown(
            options=[(plots.attribute_name(name, self.lang), name) for name in self.directions],
            description=words("attribute", lang),
            layout={"width": "330px"},
        )
        self.strength = widgets.FloatSlider(
            1.0,
            min=-LIMIT,
            max=LIMIT,
            step=0.1,
            description=words("strength", lang),
            readout_format="+.1f",
            layout={"width": "400px"},
        )
        self.told = widgets.HTML()

    def changed(self, strengths: Sequence[float]) -> np.ndarray:
        """Return the picture with each strength (T,) of the direction, uint8 (T, H, W, C)."""
        way = self.directions[self.attribute.value]
        return decode(self.vae, self.mu + np.outer(strengths, way).astype(np.float32))

    def _on_upload(self, _change: Any) -> None:
        """Show the photograph that was dropped in, the whole of it first, or say what is wrong."""
        if not self.upload.value:
            return
        (photo,) = self.upload.value
        try:
            self._read(photo)
        except Unreadable as error:  # the photograph before it, if there is one, stays
            problem = f"{photo['name']} {unreadable_words(error, self.lang)}"
            is_shown = self._photo is not None and self.source.value == "own"
            problem += words("still_shown", self.lang) * is_shown
            self.told.value = problem_line(problem, self.lang)
            return
        self._photo = photo
        for control, value in ((self.zoom, 1.0), (self.left, 0.5), (self.top, 0.5)):
            control.value = value
        if self.source.value == "own":
            self._on_picture(None)
        else:
            self.source.value = "own"

    def _on_picture(self, _change: Any) -> None:
        """Encode the picture that is chosen, and show it with its reconstruction."""
        self.told.value = ""
        picture = self._chosen()
        is_own = self.source.value == "own"
        self._part.layout.display = None if is_own else "none"
        self.number.layout.display = "none" if is_own else None
        self.mu = encode(self.vae, picture[np.newaxis])[0]
        self._images[0].value = to_png(picture, 128)
        self._images[1].value = to_png(decode(self.vae, self.mu[np.newaxis])[0], 128)
        self._on_move(None)

    def _chosen(self) -> np.ndarray:
        """Return the picture that is chosen, uint8 (H, W, C) as the network takes it."""
        if self.source.value == "own" and self._photo is None:
            self.source.value = "test"
            self.told.value = words("no_upload", self.lang)
        if self.source.value == "test":
            return np.asarray(self.images[self.number.value])
        part = {"zoom": self.zoom.value, "left": self.left.value, "top": self.top.value}
        pixels, is_aligned = self._read(self._photo, **part)
        told = "as_homework" if is_aligned else "as_square"
        lines = [words(told, self.lang, name=html.escape(self._photo["name"]))]
        if self.is_drawn:
            lines.append(words("drawn", self.lang))
        self.told.value = "<br>".join(lines)
        if self.images.shape[3] == 3:
            return pixels
        return np.array(Image.fromarray(pixels).convert("L"))[..., None]

    def _read(self, photo: Mapping[str, Any], **part: float) -> tuple[np.ndarray, bool]:
        """Read an uploaded file as `read_photo` does."""
        size = self.images.shape[1]
        return read_photo(bytes(photo["content"]), size, crop=self.crop, **part)

    def _on_move(self, _change: Any) -> None:
        """Show the picture with the strength that is set, and with nine of them."""
        self.picture.value = to_png(self.changed([self.strength.value])[0], 256)
        self.strip.value = to_strip(self.changed(np.linspace(-LIMIT, LIMIT, NUM_STRENGTHS)))


def unreadable_words(error: Unreadable, lang: str) -> str:
    """Say in `lang` why a picture cannot be used, to stand after the file's name."""
    for pattern, name in UNREADABLE.items():
        if found := re.fullmatch(pattern, str(error), re.DOTALL):
            return words(f"unreadable.{name}", lang, **found.groupdict())
    raise ValueError(f"no words for: {error}")


def direction_panel(run: Run, data: Data, lang: str | None = None) -> DirectionPanel | None:
    """Return the panel for a finished VAE run; None where its test pictures have no attributes.

    Args:
        run: a finished VAE run.
        data: the data it was trained on.
        lang: language of the words; the first that the notebook asks for where it is None.
    """
    lang = panel_language(lang)
    mu, index = latents(run)
    if data.test.labels is None:
        return None
    found = directions(mu, data.test.labels[index], data.attributes)
    if not found:
        return None
    crop = run.config.crop if data.layout in ALIGNED_LAYOUTS else None
    vae = run.load_models()["vae"]
    panel = DirectionPanel(
        vae, data.test.images, found, crop=crop, is_drawn=data.layout == "faces", lang=lang
    )
    return told_of_trials(panel, run, lang)
