"""Panels over trained generators: new samples, the attribute switch, the code selector."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import ipywidgets as widgets
import numpy as np
import torch
from torch import nn

from hwlib import plots
from hwlib.conditioning import CODE_SIZE, one_hot
from hwlib.explore.base import (
    LAST_NUMBER,
    Animation,
    Panel,
    panel_language,
    row,
    strip,
    to_strip,
    words,
)
from hwlib.explore.latents import (
    LatentByIndex,
    generate,
    has_binary_labels,
    interpolate,
    latent_by_index,
    switch_attribute,
    switch_code,
)
from hwlib.run import Run

NUM_ON_WAY = 9  # images of the way from one z to another
NUM_MEASURED = 100  # z whose lengths say what is usual


class _IndexedPanel(Panel):
    """What the panels over a generator share: a z that is called by its number, and another one.

    Attributes:
        number: which z.
        fresh: the button for another one.
    """

    NAMES = ("number", "fresh")  # the words of the slider and of the button

    def __init__(self, G: nn.Module, z_of: LatentByIndex, lang: str):
        super().__init__(lang)
        self.G, self.z_of = G, z_of
        self._rng = np.random.default_rng(0)
        self.number = self.number_slider(self.NAMES[0], 0)
        self.fresh = self.button(self.NAMES[1], "random", self._on_fresh)

    @classmethod
    def of_run(cls, run: Run, lang: str | None = None, **options: Any):
        """Return the panel for a finished run."""
        G = run.load_models()["G"]
        z_of = latent_by_index(run, G.z_dim)
        return cls(G, z_of, lang=panel_language(lang), **options).for_run(run)

    def _generate(self, c: np.ndarray) -> np.ndarray:
        """Return the images of z with each of the labels c (N, label_dim)."""
        return generate(self.G, np.tile(self.z_of(self.number.value), (len(c), 1)), c)

    def _on_fresh(self) -> None:
        """Go to another z than the one that is shown."""
        step = 1 + int(self._rng.integers(LAST_NUMBER))
        self.number.value = (self.number.value + step) % (LAST_NUMBER + 1)


class GeneratorPanel(_IndexedPanel):
    """New samples of a generator without labels, and the way from one z to another.

    Attributes:
        number, number_b: which z stand at the two ends.
        fresh: the button for a new sample: another z A, and the way back at its beginning.
        share, path: how far from A to B; "linear" or "spherical".
        length: how long the z is.
        strip: the whole way in nine images.
        z: the point that is shown, float32 (Z,).
    """

    NAMES = ("number_a", "new_sample")

    def __init__(self, G: nn.Module, z_of: LatentByIndex, *, lang: str = "en"):
        super().__init__(G, z_of, lang)
        self.number_b = self.number_slider("number_b", 1)
        self.share, self.path, self.strip = self.share_slider(0.0), self.path_buttons(), strip()
        lengths = [np.linalg.norm(z_of(number)) for number in range(NUM_MEASURED)]
        self._usual = np.sqrt(np.square(lengths).mean())
        ends = [self.words("end", which=which) for which in "AB"]
        self.children = [
            self.image_row([ends[0], "", ends[1]], main=1),
            self.strip,
            row(self.number, self.number_b),
            row(self.share, self.path, self.fresh),
            self.help_line("help_gan"),
        ]
        self.length = self._captions[1]
        self.on_change(self._on_way, self.number, self.number_b, self.path)
        self.on_change(self._on_move, self.share)
        self._on_way()

    def animations(self) -> list[Animation]:
        """The way from one z to the other."""
        ends = f"z{self.number.value}-z{self.number_b.value}"
        return [Animation(ends, self.words("share"), self._way)]

    def at(self, share: float) -> np.ndarray:
        """Return the point at `share` of the way, float32 (Z,)."""
        ends = self.z_of(self.number.value), self.z_of(self.number_b.value)
        return interpolate(*ends, share, is_spherical=self.path.value == "spherical")

    def _way(self, num: int) -> np.ndarray:
        """Return images of the way from A to B."""
        return generate(self.G, np.stack([self.at(share) for share in np.linspace(0, 1, num)]))

    def _on_way(self) -> None:
        """Show both ends and the way between them."""
        way = self._way(NUM_ON_WAY)
        self.show(way[0])
        self.show(way[-1], start=2)
        self.strip.value = to_strip(way)
        self._on_move()

    def _on_move(self) -> None:
        """Show the point that the slider stands for, and how long its z is."""
        self.z = self.at(self.share.value)
        length = {"length": f"{np.linalg.norm(self.z):.1f}", "usual": f"{self._usual:.1f}"}
        self.length.value = self.words("length", **length)
        self.show(generate(self.G, self.z[np.newaxis])[0], start=1)

    def _on_fresh(self) -> None:
        """Go to another z A and back to the beginning of the way, so that it is what is shown."""
        super()._on_fresh()
        self.share.value = 0.0


class AttributePanel(_IndexedPanel):
    """A switch for each attribute of an ACGAN, over a z that stays.

    Attributes:
        attributes: the names of its labels, in their order.
        switches: a slider per attribute, from off (0) to on (1).
        c: the labels as they are set, float32 (A,).
    """

    def __init__(self, G: nn.Module, z_of: LatentByIndex, attributes: Sequence[str], *, lang="en"):
        super().__init__(G, z_of, lang)
        self.attributes = list(attributes)
        look = {"layout": {"width": "480px"}, "style": {"description_width": "220px"}}
        look["step"] = 1 if has_binary_labels(G) else 0.05
        names = [plots.attribute_name(attribute, lang) for attribute in attributes]
        self.switches = [self.slider(name, 1.0, 0, 1, **look) for name in names]
        keys = ("off", "as_set", "on") if len(names) == 1 else ("all_off", "as_set", "all_on")
        self.children = [
            self.image_row([self.words(key) for key in keys], main=1),
            *self.switches,
            row(self.number, self.fresh),
            self.help_line("help_acgan"),
        ]
        self.on_change(self._on_move, self.number, *self.switches)
        self._on_move()

    def animations(self) -> list[Animation]:
        """Each attribute from off to on, the others as they are set."""

        def switch(k: int, num: int) -> np.ndarray:
            values = np.linspace(0, 1, 2 if has_binary_labels(self.G) else num)
            return self._generate(switch_attribute(self.c, k, values))

        named = zip(self.attributes, self.switches, strict=True)
        return [
            Animation(f"{name}-z{self.number.value}", slider.description, partial(switch, k))
            for k, (name, slider) in enumerate(named)
        ]

    def _on_move(self) -> None:
        """Show the image with all labels off, as they are set, and all on."""
        self.c = np.array([switch.value for switch in self.switches], dtype=np.float32)
        self.show(*self._generate(np.stack([0 * self.c, self.c, np.ones_like(self.c)])))


class CodePanel(_IndexedPanel):
    """A selector for each code of an InfoGAN, over a z that stays.

    Attributes:
        codes: per code, ten buttons for its value.
        strips: per code, this z with each of its ten values, the set one in a frame.
        c: the codes as G takes them, float32 (10 * K,).
    """

    def __init__(self, G: nn.Module, z_of: LatentByIndex, *, lang: str = "en"):
        super().__init__(G, z_of, lang)
        num_codes = G.label_dim // CODE_SIZE
        name = "code" if num_codes == 1 else "codes"
        self.codes = [
            widgets.ToggleButtons(
                options=[(str(value), value) for value in range(CODE_SIZE)],
                tooltips=[self.words("value", value=value) for value in range(CODE_SIZE)],
                description=self.words(name, code=k + 1),
                style={"button_width": "66px"},  # each as wide as its image in the strip
            )
            for k in range(num_codes)
        ]
        self.strips = [strip() for _ in self.codes]
        self.children = [
            self.image_row([""], main=0),
            *map(widgets.VBox, zip(self.codes, self.strips, strict=True)),
            row(self.number, self.fresh),
            self.help_line("help_infogan"),
        ]
        self.on_change(self._on_move, self.number, *self.codes)
        self._on_move()

    def animations(self) -> list[Animation]:
        """Each code through its ten values, the others as they are set."""
        z = f"z{self.number.value}"
        return [
            Animation(f"code{k + 1}-{z}", code.description, partial(self._count, k))
            for k, code in enumerate(self.codes)
        ]

    def _count(self, k: int, _num: int = CODE_SIZE) -> np.ndarray:
        """Return the images of each value of code `k`."""
        return self._generate(switch_code([code.value for code in self.codes], k))

    def _on_move(self) -> None:
        """Show the image, and per code what its other values would make of this z."""
        values = [code.value for code in self.codes]
        self.c = one_hot(torch.tensor([values]))[0].numpy()
        ways = [self._count(k) for k in range(len(values))]
        for place, images, value in zip(self.strips, ways, values, strict=True):
            place.value = to_strip(images, marked=value)
        self._captions[0].value = f"c = {', '.join(map(str, values))}"
        self.show(ways[0][values[0]])


# Each takes a finished run and the language, and gives its panel.
generator_panel, code_panel = GeneratorPanel.of_run, CodePanel.of_run


def attribute_panel(run: Run, lang: str | None = None) -> AttributePanel:
    """Return the panel for a finished ACGAN run, its words in `lang`."""
    return AttributePanel.of_run(run, lang, attributes=run.results["attributes"])


def code_panels(runs: Sequence[Run], lang: str | None = None) -> widgets.Tab:
    """Return the panels of several finished InfoGAN runs, a tab each, their words in `lang`."""
    counts = [run.config.num_codes for run in runs]
    titles = [words("num_codes", panel_language(lang), count=count) for count in counts]
    return widgets.Tab([code_panel(run, lang) for run in runs], titles=titles)
