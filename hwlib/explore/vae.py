"""A panel of sliders over a trained VAE."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import ipywidgets as widgets
import numpy as np
from torch import nn

from hwlib.explore.base import Animation, Panel, panel_language, row
from hwlib.explore.latents import data_of, decode, encode, interpolate, latents, most_active
from hwlib.run import Run

KNOB_LIMIT = 3  # a slider adds so much to its latent, either way
NUM_KNOBS = 8


class VAEPanel(Panel):
    """Sliders over a trained VAE: between two test images, along its latents, and random samples.

    Attributes:
        image_a, image_b: numbers of the two test images.
        share, path: how far from A to B; "linear" or "spherical".
        active: latents that have a slider, most active first.
        knobs: these sliders; what they say is added to the latent.
        random, reset: buttons.
        z: the latent that is shown, float32 (Z,).
    """

    def __init__(
        self, vae: nn.Module, images: np.ndarray, *, active: Sequence[int], lang: str = "en"
    ):
        """Build the panel over test images, uint8 (N, H, W, C)."""
        super().__init__(lang)
        self.vae, self.images, self.active = vae, images, list(active)
        self._rng = np.random.default_rng(0)
        self._sample: np.ndarray | None = None
        self._mu: dict[int, np.ndarray] = {}
        last = len(images) - 1
        self.image_a = self.image_number("image_a", 0, last)
        self.image_b = self.image_number("image_b", min(1, last), last)
        self.share, self.path = self.share_slider(0.5), self.path_buttons()
        limits = {"low": -KNOB_LIMIT, "high": KNOB_LIMIT, "readout_format": "+.1f"}
        self.knobs = [
            self.slider(self.words("latent", latent=latent), 0.0, **limits) for latent in active
        ]
        self.random = self.button("random", "random", self._on_random)
        self.reset = self.button("reset", "crosshairs", self._on_reset)
        grid = {"grid_template_columns": "repeat(2, max-content)", "grid_gap": "0 12px"}
        left, right = (
            [self.words(name, which=which) for name in ("original", "reconstruction")]
            for which in "AB"
        )
        self.children = [
            self.image_row([*left, self.words("between"), *right[::-1]], main=2),
            row(self.image_a, self.image_b, self.share, self.path),
            row(self.random, self.reset),
            widgets.GridBox(self.knobs, layout=grid),
            self.help_line("help"),
        ]
        self.on_change(self._on_images, self.image_a, self.image_b)
        self.on_change(self._on_way, self.share, self.path)
        self.on_change(self._on_move, *self.knobs)
        self._on_images()

    def animations(self) -> list[Animation]:
        """Between the two test images, and along each latent that has a slider."""

        def way(num: int) -> np.ndarray:
            return decode(self.vae, np.stack([self.at(share) for share in np.linspace(0, 1, num)]))

        def along(latent: int, knob: widgets.FloatSlider, num: int) -> np.ndarray:
            z = np.tile(self.z, (num, 1))
            z[:, latent] += np.linspace(-KNOB_LIMIT, KNOB_LIMIT, num) - knob.value
            return decode(self.vae, z)

        ends = f"between-{self.image_a.value}-{self.image_b.value}"
        return [
            Animation(ends, self.words("share"), way),
            *(
                Animation(f"latent-{latent}", knob.description, partial(along, latent, knob))
                for latent, knob in zip(self.active, self.knobs, strict=True)
            ),
        ]

    def at(self, share: float) -> np.ndarray:
        """Return the point at `share` of the way from A to B, moved as the sliders say, (Z,)."""
        ends = self._mean(self.image_a.value), self._mean(self.image_b.value)
        is_spherical = self.path.value == "spherical"
        return self._moved(interpolate(*ends, share, is_spherical=is_spherical))

    def _mean(self, index: int) -> np.ndarray:
        """Return the latent mean of a test image, (Z,), encoded once."""
        if index not in self._mu:
            self._mu[index] = encode(self.vae, self.images[index : index + 1])[0]
        return self._mu[index]

    def _moved(self, z: np.ndarray) -> np.ndarray:
        """Return a copy of `z`, (Z,), with the values of the sliders added to their latents."""
        z = z.copy()
        for latent, knob in zip(self.active, self.knobs, strict=True):
            z[latent] += knob.value
        return z

    def _on_images(self) -> None:
        """Show the two test images and their reconstructions, then the way between them."""
        indices = [self.image_a.value, self.image_b.value]
        a, b = (np.asarray(self.images[index]) for index in indices)
        made = decode(self.vae, np.stack([self._mean(index) for index in indices]))
        self.show(a, made[0])
        self.show(made[1], b, start=3)
        self._on_way()

    def _on_way(self) -> None:
        """Leave a random sample for the way between the two images."""
        self._sample = None
        self._on_move()

    def _on_move(self) -> None:
        """Decode and show the point that the controls stand for."""
        is_between = self._sample is None
        self.z = self.at(self.share.value) if is_between else self._moved(self._sample)
        self._captions[2].value = self.words("between" if is_between else "sample")
        self.show(decode(self.vae, self.z[np.newaxis])[0], start=2)

    def _on_random(self) -> None:
        """Draw z from the prior, N(0, I)."""
        self._sample = self._rng.standard_normal(self.vae.z_dim).astype(np.float32)
        self._on_move()

    def _on_reset(self) -> None:
        """Set all sliders of latents to zero."""
        for knob in self.knobs:
            knob.value = 0.0


def vae_panel(run: Run, lang: str | None = None) -> VAEPanel:
    """Return the panel for a finished VAE run."""
    data = data_of(run)
    vae = run.load_models()["vae"]
    active = most_active(latents(run)[0], min(NUM_KNOBS, vae.z_dim))
    panel = VAEPanel(vae, data.test.images, active=active, lang=panel_language(lang))
    return panel.for_run(run)
