"""A panel of sliders over a trained VAE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np
from torch import nn

from hwlib.explore.latents import between, decode, encode, latents, most_active
from hwlib.explore.parts import (
    button,
    captioned,
    help_line,
    path_buttons,
    row,
    share_slider,
    to_png,
    told_of_trials,
)
from hwlib.explore.words import panel_language, words
from hwlib.run import Run

if TYPE_CHECKING:
    from hwlib.data import Data

KNOB_LIMIT = 3  # a slider adds so much to its latent, either way


class VAEPanel(widgets.VBox):
    """Sliders over a trained VAE: between two test images, along its latents, and random samples.

    Attributes:
        image_a, image_b: numbers of the two test images.
        share: how far from A to B.
        path: "linear" or "spherical".
        knobs: one slider per active latent; its value is added to the latent.
        active: these latents.
        random, reset: buttons.
        picture: the decoded picture, PNG.
        z: the latent that it shows, float32 (Z,).
    """

    def __init__(
        self,
        vae: nn.Module,
        images: np.ndarray,
        *,
        active: Sequence[int],
        lang: str = "en",
        seed: int = 0,
    ):
        """Build the panel.

        Args:
            vae: a trained network, in eval mode.
            images: test pictures, uint8 (N, H, W, C).
            active: latents that get a slider, most active first.
            lang: language of the words.
            seed: of the random samples.
        """
        super().__init__()
        self.vae, self.images, self.lang = vae, images, lang
        self._rng = np.random.default_rng(seed)
        self._sample: np.ndarray | None = None
        self._mu: dict[int, np.ndarray] = {}
        self._build_controls(active)
        self._build_pictures()
        self.children = [self._pictures, self._between, self._buttons, self._knobs, self._help]
        for control in (self.image_a, self.image_b):
            control.observe(self._on_images, "value")
        for control in (self.share, self.path):
            control.observe(self._on_way, "value")
        for knob in self.knobs:
            knob.observe(self._on_move, "value")
        self.random.on_click(self._on_random)
        self.reset.on_click(self._on_reset)
        self._on_images(None)

    # -- widgets

    def _build_controls(self, active: Sequence[int]) -> None:
        """Make sliders, switches and buttons."""
        lang, last = self.lang, len(self.images) - 1
        narrow = {"width": "160px"}
        self.image_a = widgets.BoundedIntText(
            0, min=0, max=last, description=words("image_a", lang), layout=narrow
        )
        self.image_b = widgets.BoundedIntText(
            min(1, last), min=0, max=last, description=words("image_b", lang), layout=narrow
        )
        self.share = share_slider(lang, 0.5, "320px")
        self.path = path_buttons(lang)
        self.knobs = [
            widgets.FloatSlider(
                0.0,
                min=-KNOB_LIMIT,
                max=KNOB_LIMIT,
                step=0.1,
                description=words("latent", lang, latent=latent),
                readout_format="+.1f",
                layout={"width": "330px"},
            )
            for latent in active
        ]
        self.active = list(active)
        icons = {"random": "random", "reset": "crosshairs"}
        self.random, self.reset = (button(lang, name, icon) for name, icon in icons.items())
        self._between = row(self.image_a, self.image_b, self.share, self.path)
        self._buttons = row(self.random, self.reset)
        grid = {"grid_template_columns": "repeat(2, max-content)", "grid_gap": "0 12px"}
        self._knobs = widgets.GridBox(self.knobs, layout=grid)
        self._help = help_line(lang, "help")

    def _build_pictures(self) -> None:
        """Make the row of pictures: A, its reconstruction, the result, B's reconstruction, B."""
        lang = self.lang
        names = (
            words("original", lang, which="A"),
            words("reconstruction", lang, which="A"),
            words("between", lang),
            words("reconstruction", lang, which="B"),
            words("original", lang, which="B"),
        )
        self._images = [widgets.Image(format="png") for _ in names]
        self._labels = [widgets.Label(name) for name in names]
        self.picture = self._images[2]
        self._pictures = row(*map(captioned, self._images, self._labels))

    # -- what happens

    def _mean(self, index: int) -> np.ndarray:
        """Return the latent mean of a test image, (Z,), encoded once."""
        if index not in self._mu:
            self._mu[index] = encode(self.vae, self.images[index : index + 1])[0]
        return self._mu[index]

    def at(self, share: float) -> np.ndarray:
        """Return the point at `share` of the way from A to B, moved as the sliders say, (Z,)."""
        ends = self._mean(self.image_a.value), self._mean(self.image_b.value)
        return self._moved(between(*ends, share, is_spherical=self.path.value == "spherical"))

    def _moved(self, z: np.ndarray) -> np.ndarray:
        """Return a copy of `z`, (Z,), with the values of the sliders added to their latents."""
        z = z.copy()
        for latent, knob in zip(self.active, self.knobs, strict=True):
            z[latent] += knob.value
        return z

    def _on_images(self, _change: Any) -> None:
        """Show the two test images and their reconstructions, then the way between them."""
        for index, (original, reconstruction) in (
            (self.image_a.value, self._images[:2]),
            (self.image_b.value, self._images[:2:-1]),
        ):
            original.value = to_png(np.asarray(self.images[index]), 128)
            mean = self._mean(index)
            reconstruction.value = to_png(decode(self.vae, mean[np.newaxis])[0], 128)
        self._sample = None
        self._on_move(None)

    def _on_move(self, _change: Any) -> None:
        """Decode and show the point that the controls stand for."""
        is_between = self._sample is None
        self.z = self.at(self.share.value) if is_between else self._moved(self._sample)
        self._labels[2].value = words("between" if self._sample is None else "sample", self.lang)
        self.picture.value = to_png(decode(self.vae, self.z[np.newaxis])[0], 256)

    def _on_random(self, _button: Any) -> None:
        """Draw z from the prior, N(0, I)."""
        self._sample = self._rng.standard_normal(self.vae.z_dim).astype(np.float32)
        self._on_move(None)

    def _on_way(self, _change: Any) -> None:
        """Leave a random sample for the way between the two images."""
        self._sample = None
        self._on_move(None)

    def _on_reset(self, _button: Any) -> None:
        """Set all sliders of latents to zero."""
        for knob in self.knobs:
            knob.value = 0.0


def vae_panel(run: Run, data: Data, lang: str | None = None, *, num_knobs: int = 8) -> VAEPanel:
    """Return the panel for a finished run.

    Args:
        run: a finished VAE run.
        data: the data it was trained on.
        lang: language of the words; the first that the notebook asks for where it is None.
        num_knobs: sliders along latents, most active first.
    """
    lang = panel_language(lang)
    vae = run.load_models()["vae"]
    active = most_active(latents(run)[0], min(num_knobs, vae.z_dim))
    panel = VAEPanel(vae, data.test.images, active=active, lang=lang)
    return told_of_trials(panel, run, lang)
