"""Panels over trained generators: new samples, the attribute switch, the code selector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
import torch
from torch import nn

from hwlib import plots
from hwlib.explore.latents import between
from hwlib.explore.parts import (
    LAST_NUMBER,
    button,
    captioned,
    help_line,
    number_slider,
    path_buttons,
    row,
    share_slider,
    strip,
    to_png,
    to_strip,
    told_of_trials,
)
from hwlib.explore.words import panel_language, words
from hwlib.models.gan import CODE_SIZE, JoinEmbedding
from hwlib.run import Run
from hwlib.training.batches import draw_z
from hwlib.training.generate import generate

NUM_ON_WAY = 9  # pictures of the way from one z to another
NUM_MEASURED = 100  # z whose lengths say what is usual

Numbered = Callable[[int], np.ndarray]  # gives z number n, float32 (Z,): always the same one


def paint(G: nn.Module, z: np.ndarray, c: np.ndarray | None = None) -> np.ndarray:
    """Return a generator's pictures of z (N, Z) and c (N, label_dim) as uint8 (N, H, W, C)."""
    label = None if c is None else torch.as_tensor(c, dtype=torch.float32)
    return generate(G, torch.as_tensor(z, dtype=torch.float32), label)


def one_hot(values: Sequence[int]) -> np.ndarray:
    """Return codes (K,) as G takes them: float32 (10 * K,), one 1 among each ten."""
    return np.eye(CODE_SIZE, dtype=np.float32)[list(values)].ravel()


class _NumberedPanel(widgets.VBox):
    """What the panels over a generator share: a z that is called by its number, and another one."""

    def __init__(self, G: nn.Module, z_of: Numbered, *, names: tuple[str, str], lang: str):
        """Keep the generator and make the slider and the button.

        Args:
            G: a trained generator, in eval mode.
            z_of: gives z by its number.
            names: the words of the slider and of the button.
            lang: language of the words.
        """
        super().__init__()
        self.G, self.z_of, self.lang = G, z_of, lang
        self._rng = np.random.default_rng(0)
        self.number = number_slider(lang, names[0], 0)
        self.fresh = button(lang, names[1], "random")
        self.fresh.on_click(self._on_fresh)

    def _on_fresh(self, _button: Any) -> None:
        """Go to another z than the one that is shown."""
        step = 1 + int(self._rng.integers(LAST_NUMBER))
        self.number.value = (self.number.value + step) % (LAST_NUMBER + 1)


class GeneratorPanel(_NumberedPanel):
    """New samples of a generator, and the way from one z to another.

    Attributes:
        number, number_b: which z stand at the two ends.
        fresh: the button for a new sample: another z A, and the way back at its beginning.
        share: how far from A to B.
        path: "linear" or "spherical".
        picture: the picture at that point, PNG.
        strip: the whole way in nine pictures, PNG.
        z: the point that is shown, float32 (Z,).
    """

    def __init__(self, G: nn.Module, z_of: Numbered, *, lang: str = "en"):
        """Build the panel.

        Args:
            G: a trained generator without labels, in eval mode.
            z_of: gives z by its number.
            lang: language of the words.
        """
        super().__init__(G, z_of, names=("number_a", "new_sample"), lang=lang)
        self.number_b = number_slider(lang, "number_b", 1)
        self.share = share_slider(lang, 0.0, "330px")
        self.path = path_buttons(lang)
        self.picture, self.strip = widgets.Image(format="png"), strip()
        self.length = widgets.Label()
        lengths = [np.linalg.norm(z_of(number)) for number in range(NUM_MEASURED)]
        self._usual = np.sqrt(np.square(lengths).mean())
        self._ends = [widgets.Image(format="png") for _ in range(2)]
        left, right = (
            captioned(end, widgets.Label(words("end", lang, which=which)))
            for end, which in zip(self._ends, "AB", strict=True)
        )
        self.children = [
            row(left, captioned(self.picture, self.length), right),
            self.strip,
            row(self.number, self.number_b),
            row(self.share, self.path, self.fresh),
            help_line(lang, "help_gan"),
        ]
        for control in (self.number, self.number_b, self.path):
            control.observe(self._on_way, "value")
        self.share.observe(self._on_move, "value")
        self._on_way(None)

    def at(self, share: float) -> np.ndarray:
        """Return the point at `share` of the way, float32 (Z,)."""
        ends = self.z_of(self.number.value), self.z_of(self.number_b.value)
        return between(*ends, share, is_spherical=self.path.value == "spherical")

    def _on_way(self, _change: Any) -> None:
        """Show both ends and the way between them."""
        shares = np.linspace(0, 1, NUM_ON_WAY)
        way = paint(self.G, np.stack([self.at(share) for share in shares]))
        for end, image in zip(self._ends, way[[0, -1]], strict=True):
            end.value = to_png(image, 128)
        self.strip.value = to_strip(way)
        self._on_move(None)

    def _on_move(self, _change: Any) -> None:
        """Show the point that the slider stands for, and how long its z is."""
        self.z = self.at(self.share.value)
        length = np.linalg.norm(self.z)
        self.length.value = words(
            "length", self.lang, length=f"{length:.1f}", usual=f"{self._usual:.1f}"
        )
        self.picture.value = to_png(paint(self.G, self.z[np.newaxis])[0], 256)

    def _on_fresh(self, button: Any) -> None:
        """Go to another z A and back to the beginning of the way, so that it is what is shown."""
        super()._on_fresh(button)
        self.share.value = 0.0


class AttributePanel(_NumberedPanel):
    """A switch for each attribute of an ACGAN, over a z that stays.

    Attributes:
        number: which z.
        fresh: the button for another one.
        attributes: the names of its labels.
        switches: a slider per attribute, from off (0) to on (1).
        picture: the picture with the labels as they are set, PNG.
        c: these labels, float32 (A,).
    """

    def __init__(self, G: nn.Module, z_of: Numbered, attributes: Sequence[str], *, lang="en"):
        """Build the panel.

        Args:
            G: a trained generator of an ACGAN, in eval mode.
            z_of: gives z by its number.
            attributes: names of its labels, in their order.
            lang: language of the words.
        """
        super().__init__(G, z_of, names=("number", "fresh"), lang=lang)
        self.attributes = list(attributes)
        self.switches = [self._switch(attribute) for attribute in attributes]
        is_one = len(attributes) == 1
        names = ("off", "as_set", "on") if is_one else ("all_off", "as_set", "all_on")
        self._images = [widgets.Image(format="png") for _ in names]
        labels = [widgets.Label(words(name, self.lang)) for name in names]
        self.picture = self._images[1]
        self.children = [
            row(*map(captioned, self._images, labels)),
            *self.switches,
            row(self.number, self.fresh),
            help_line(lang, "help_acgan"),
        ]
        for control in (self.number, *self.switches):
            control.observe(self._on_move, "value")
        self._on_move(None)

    def _switch(self, attribute: str) -> widgets.FloatSlider:
        """Make the slider of one attribute; an embedding knows nothing between off and on."""
        return widgets.FloatSlider(
            1.0,
            min=0,
            max=1,
            step=1 if isinstance(self.G.join, JoinEmbedding) else 0.05,
            description=plots.attribute_name(attribute, self.lang),
            layout={"width": "480px"},
            style={"description_width": "220px"},
        )

    def _on_move(self, _change: Any) -> None:
        """Show the picture with all labels off, as they are set, and all on."""
        self.c = np.array([switch.value for switch in self.switches], dtype=np.float32)
        labels = np.stack([np.zeros_like(self.c), self.c, np.ones_like(self.c)])
        pictures = paint(self.G, np.tile(self.z_of(self.number.value), (3, 1)), labels)
        for shown, picture, side in zip(self._images, pictures, (128, 256, 128), strict=True):
            shown.value = to_png(picture, side)


class CodePanel(_NumberedPanel):
    """A selector for each code of an InfoGAN, over a z that stays.

    Attributes:
        number: which z.
        fresh: the button for another one.
        codes: per code, ten buttons for its value.
        picture: the picture with the codes as they are set, PNG.
        strips: per code, this z with each of its ten values, the set one in a frame, PNG.
        c: the codes as G takes them, float32 (10 * K,).
    """

    def __init__(self, G: nn.Module, z_of: Numbered, *, lang: str = "en"):
        """Build the panel.

        Args:
            G: a trained generator of an InfoGAN, in eval mode.
            z_of: gives z by its number.
            lang: language of the words.
        """
        super().__init__(G, z_of, names=("number", "fresh"), lang=lang)
        self.picture, self.label = widgets.Image(format="png"), widgets.Label()
        num_codes = G.label_dim // CODE_SIZE
        self.codes = [self._selector(k, num_codes) for k in range(num_codes)]
        self.strips = [strip() for _ in self.codes]
        self.children = [
            row(captioned(self.picture, self.label)),
            *map(widgets.VBox, zip(self.codes, self.strips, strict=True)),
            row(self.number, self.fresh),
            help_line(lang, "help_infogan"),
        ]
        for control in (self.number, *self.codes):
            control.observe(self._on_move, "value")
        self._on_move(None)

    def _selector(self, k: int, num_codes: int) -> widgets.ToggleButtons:
        """Make the ten buttons of code `k`, each as wide as its picture in the strip."""
        name = "code" if num_codes == 1 else "codes"
        return widgets.ToggleButtons(
            options=[(str(value), value) for value in range(CODE_SIZE)],
            tooltips=[words("value", self.lang, value=value) for value in range(CODE_SIZE)],
            description=words(name, self.lang, code=k + 1),
            style={"button_width": "66px"},
        )

    def _on_move(self, _change: Any) -> None:
        """Show the picture, and per code what its other values would make of this z."""
        values = [code.value for code in self.codes]
        self.c = one_hot(values)
        rows = np.tile(self.c.reshape(-1, CODE_SIZE), (len(values), CODE_SIZE, 1, 1))
        for k in range(len(values)):
            rows[k, :, k] = np.eye(CODE_SIZE)
        labels = rows.reshape(-1, len(self.c))
        pictures = paint(self.G, np.tile(self.z_of(self.number.value), (len(labels), 1)), labels)
        strips = np.split(pictures, len(values))
        for shown, images, value in zip(self.strips, strips, values, strict=True):
            shown.value = to_strip(images, marked=value)
        self.label.value = f"c = {', '.join(map(str, values))}"
        self.picture.value = to_png(strips[0][values[0]], 256)


def numbered(run: Run, z_dim: int) -> Numbered:
    """Return what gives a run's panels z by its number: noise of the run's own kind."""
    return lambda number: draw_z(run.config, "panel", number, num=1, z_dim=z_dim)[0].numpy()


def generator_panel(run: Run, lang: str | None = None) -> GeneratorPanel:
    """Return the panel for a finished GAN run, its words in `lang`."""
    lang = panel_language(lang)
    G = run.load_models()["G"]
    return told_of_trials(GeneratorPanel(G, numbered(run, G.z_dim), lang=lang), run, lang)


def attribute_panel(run: Run, lang: str | None = None) -> AttributePanel:
    """Return the panel for a finished ACGAN run, its words in `lang`."""
    lang = panel_language(lang)
    G = run.load_models()["G"]
    panel = AttributePanel(G, numbered(run, G.z_dim), run.results["attributes"], lang=lang)
    return told_of_trials(panel, run, lang)


def code_panel(run: Run, lang: str | None = None) -> CodePanel:
    """Return the panel for a finished InfoGAN run, its words in `lang`."""
    lang = panel_language(lang)
    G = run.load_models()["G"]
    return told_of_trials(CodePanel(G, numbered(run, G.z_dim), lang=lang), run, lang)


def code_panels(runs: Sequence[Run], lang: str | None = None) -> widgets.Tab:
    """Return the panels of several finished InfoGAN runs, a tab each, their words in `lang`."""
    lang = panel_language(lang)
    titles = [words("num_codes", lang, count=run.config.num_codes) for run in runs]
    return widgets.Tab([code_panel(run, lang) for run in runs], titles=titles)
