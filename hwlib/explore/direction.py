"""An attribute's direction in a VAE's latent space, added to a real image."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
from PIL import Image
from torch import nn

from hwlib import plots
from hwlib.data.decode import Unreadable
from hwlib.data.decode import decode as decode_file
from hwlib.data.layouts import LAYOUTS
from hwlib.explore.base import (
    Animation,
    Panel,
    error_line,
    panel_language,
    row,
    strip,
    to_strip,
)
from hwlib.explore.latents import data_of, decode, encode, latents
from hwlib.run import Run

LIMIT = 3  # the strength's, either way; 1 is the whole difference of the two means
NUM_STRENGTHS = 9  # images of the strip
MAX_ZOOM = 4


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
    return {
        name: mu[has_it].mean(0) - mu[~has_it].mean(0)
        for name, has_it in zip(attributes, labels.T.astype(bool), strict=True)
        if has_it.any() and not has_it.all()
    }


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
        left, top: where the part that is shown lies, from 0 to 1.

    Returns:
        uint8 (S, S, 3); whether `crop` was used.

    Raises:
        Unreadable: it is no image, or one that cannot be used.
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


class DirectionPanel(Panel):
    """A real image, its reconstruction, and the same with an attribute's direction added.

    Attributes:
        source, number, upload: "test" or "own"; which test image; takes any photograph.
        zoom, left, top: which part of the photograph.
        attribute, strength: whose direction; how much of it is added, 1 is all of it.
        strip: the image with nine strengths.
        mu: its latent, float32 (Z,).
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
            images: test images, uint8 (N, H, W, C).
            directions: float32 (Z,) by the attribute's name.
            crop: of an aligned photograph; see `read_photo`.
            is_drawn: whether the network was trained on drawn faces; the status warns of it.
            lang: language of the words.
        """
        super().__init__(lang)
        self.vae, self.images, self.directions = vae, images, directions
        self.crop, self.is_drawn = crop, is_drawn
        self._photo: Mapping[str, Any] | None = None  # the last upload that could be read
        self.source = self.choice_buttons(("from_test", "from_own"), ("test", "own"))
        self.number = self.image_number("image_number", 0, len(images) - 1)
        self.upload = widgets.FileUpload(
            accept="image/*", description=self.words("upload"), layout={"width": "170px"}
        )
        # each move reads the photograph again
        look = {"step": 0.02, "continuous_update": False, "layout": {"width": "300px"}}
        self.zoom = self.slider(self.words("zoom"), 1.0, 1.0, MAX_ZOOM, **look)
        self.left, self.top = (
            self.slider(self.words(name), 0.5, 0.0, 1.0, **look) for name in ("left", "top")
        )
        self._part = row(self.zoom, self.left, self.top)
        named = [(plots.attribute_name(name, lang), name) for name in directions]
        self.attribute = self.dropdown("attribute", "330px", named)
        look = {"readout_format": "+.1f", "layout": {"width": "400px"}}
        self.strength = self.slider(self.words("strength"), 1.0, -LIMIT, LIMIT, **look)
        self.strip = strip()
        names = ("picture", "its_reconstruction", "changed")
        self.children = [
            row(self.source, self.number, self.upload),
            self._part,
            self.status,
            self.image_row([self.words(name) for name in names], main=2),
            row(self.attribute, self.strength),
            widgets.Label(self.words("strengths", limit=LIMIT)),
            self.strip,
            self.help_line("help_direction"),
        ]
        self.on_change(self._on_image, self.source, self.number, self.zoom, self.left, self.top)
        self.on_change(self._on_upload, self.upload)
        self.on_change(self._on_move, self.attribute, self.strength)
        self._on_image()

    def animations(self) -> list[Animation]:
        """From the least strength of the attribute's direction to the most."""
        source = f"test-{self.number.value}" if self.source.value == "test" else "own"
        return [Animation(f"{self.attribute.value}-{source}", self.words("strength"), self._way)]

    def _way(self, num: int) -> np.ndarray:
        """Return the image with so many strengths, the least first."""
        return self.changed(np.linspace(-LIMIT, LIMIT, num))

    def changed(self, strengths: Sequence[float]) -> np.ndarray:
        """Return the image with each strength (T,) of the direction, uint8 (T, H, W, C)."""
        direction = self.directions[self.attribute.value]
        return decode(self.vae, self.mu + np.outer(strengths, direction).astype(np.float32))

    def _on_upload(self) -> None:
        """Show the photograph that was dropped in, the whole of it first, or say what is wrong."""
        if not self.upload.value:
            return
        (photo,) = self.upload.value
        is_own = self.source.value == "own"
        try:
            self._read(photo)
        except Unreadable as error:  # the photograph before it, if there is one, stays
            line = f"{photo['name']} {error.say(self.lang)}"
            if self._photo is not None and is_own:
                line += self.words("still_shown")
            self.status.value = error_line(line, self.lang)
            return
        self._photo = photo
        for control, value in ((self.zoom, 1.0), (self.left, 0.5), (self.top, 0.5)):
            control.value = value
        self.source.value = "own"
        if is_own:  # else the change above has shown it
            self._on_image()

    def _on_image(self) -> None:
        """Encode the image that is chosen, and show it with its reconstruction."""
        self.status.value = ""
        image = self._chosen()
        is_own = self.source.value == "own"
        self._part.layout.display = None if is_own else "none"
        self.number.layout.display = "none" if is_own else None
        self.mu = encode(self.vae, image[np.newaxis])[0]
        self.show(image, decode(self.vae, self.mu[np.newaxis])[0])
        self._on_move()

    def _chosen(self) -> np.ndarray:
        """Return the image that is chosen, uint8 (H, W, C) as the network takes it."""
        if self.source.value == "own" and self._photo is None:
            self.source.value = "test"
            self.status.value = self.words("no_upload")
        if self.source.value == "test":
            return np.asarray(self.images[self.number.value])
        part = {"zoom": self.zoom.value, "left": self.left.value, "top": self.top.value}
        pixels, is_aligned = self._read(self._photo, **part)
        name = html.escape(self._photo["name"])
        lines = [self.words("as_homework" if is_aligned else "as_square", name=name)]
        if self.is_drawn:
            lines.append(self.words("drawn"))
        self.status.value = "<br>".join(lines)
        if self.images.shape[3] == 3:
            return pixels
        return np.array(Image.fromarray(pixels).convert("L"))[..., None]

    def _read(self, photo: Mapping[str, Any], **part: float) -> tuple[np.ndarray, bool]:
        """Read an uploaded file as `read_photo` does."""
        size = self.images.shape[1]
        return read_photo(bytes(photo["content"]), size, crop=self.crop, **part)

    def _on_move(self) -> None:
        """Show the image with the strength that is set, and with nine of them."""
        self.show(self.changed([self.strength.value])[0], start=2)
        self.strip.value = to_strip(self._way(NUM_STRENGTHS))


def direction_panel(run: Run, lang: str | None = None) -> DirectionPanel | None:
    """Return the panel for a finished VAE run; None where its test images have no attributes."""
    data, (mu, index) = data_of(run), latents(run)
    labels = data.test.labels
    found = {} if labels is None else directions(mu, labels[index], data.attributes)
    if not found:
        return None
    layout = LAYOUTS[data.layout]
    about = {
        "crop": run.config.crop if layout.is_aligned else None,
        "is_drawn": layout.is_drawn,
        "lang": panel_language(lang),
    }
    vae = run.load_models()["vae"]
    return DirectionPanel(vae, data.test.images, found, **about).for_run(run)
