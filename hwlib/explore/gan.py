"""Panels over trained generators: new samples, the attribute switch, the code selector."""

from collections.abc import Sequence
from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from hwlib import plots
from hwlib.conditioning import CODE_SIZE
from hwlib.explore.base import LAST_NUMBER, Panel, row, strip, to_strip, words
from hwlib.explore.latents import generate, has_binary_labels, interpolate, latent_by_index
from hwlib.run import Run

NUM_ON_WAY = 9  # images of the way from one z to another
NUM_MEASURED = 100  # z whose lengths say what is usual


class _IndexedPanel(Panel):
    """What the panels over a run's generator share: a z called by its number, and another one."""

    def __init__(self, run: Run, lang: str | None = None, names: tuple[str, str] = ()):
        super().__init__(lang, run.config.profile)
        self.G, self._rng = run.load_models()["G"], np.random.default_rng(0)
        self.z_of = latent_by_index(run, self.G.z_dim)
        number, fresh = names or ("number", "fresh")
        about = {"description": self.words(number), "max": LAST_NUMBER}
        self.number = self.control(widgets.IntSlider, "number", **about)
        self.fresh = self.button(fresh, "random", self._on_fresh)

    def point(self, number, **labels) -> np.ndarray:
        """Return z and, behind it, the labels as G takes them, (Z + label_dim,)."""
        return np.concatenate([self.z_of(number), np.float32(list(labels.values()))])

    def images_of(self, points: np.ndarray) -> np.ndarray:
        z, c = np.split(points, [self.G.z_dim], axis=1)
        return generate(self.G, z, c if self.G.label_dim else None)

    def _on_fresh(self) -> None:
        """Go to another z than the one that is shown."""
        step = 1 + int(self._rng.integers(LAST_NUMBER))
        self.number.value = (self.number.value + step) % (LAST_NUMBER + 1)


class GeneratorPanel(_IndexedPanel):
    """New samples of a generator without labels, and the way from one z to another.

    `z` (Z,) is the point that is shown, `strip` the whole way in nine images.
    """

    def __init__(self, run: Run, lang: str | None = None):
        super().__init__(run, lang, ("number_a", "new_sample"))
        self.number_b = self.control(widgets.IntSlider, "number_b", value=1, max=LAST_NUMBER)
        self.share, self.path = self.path_controls(0.0, "z$number-z$number_b")
        self.strip = strip()
        self._way = lru_cache(1)(lambda *_ends: self.sweep("share", NUM_ON_WAY))
        lengths = [np.linalg.norm(self.z_of(number)) for number in range(NUM_MEASURED)]
        self._usual = np.sqrt(np.square(lengths).mean())
        a, b = (self.words("end", which=which) for which in "AB")
        self.lay_out(
            self.image_row([a, "", b], main=1),
            self.strip,
            row(self.number, self.number_b),
            row(self.share, self.path, self.fresh),
            usage="help_gan",
        )

    def point(self, number, number_b, share, path) -> np.ndarray:
        """Return the point at `share` of the way, (Z,)."""
        ends = self.z_of(number), self.z_of(number_b)
        return interpolate(*ends, share, is_spherical=path == "spherical")

    def render(self) -> None:
        """Show both ends, the way, and the point on it with the length of its z."""
        way = self._way(self.number.value, self.number_b.value, self.path.value)
        self.strip.value = to_strip(way)
        self.z = self.here()
        length = np.linalg.norm(self.z)
        self.captions[1].value = self.words("length", length=length, usual=self._usual)
        self.show(way[0], *self.images_of(self.z[np.newaxis]), way[-1])

    def _on_fresh(self) -> None:
        """Go to another z A and back to the beginning of the way, so that it is what is shown."""
        super()._on_fresh()
        self.share.value = 0.0


class AttributePanel(_IndexedPanel):
    """A switch for each attribute of an ACGAN, from off (0) to on (1), over a z that stays."""

    def __init__(self, run: Run, lang: str | None = None):
        super().__init__(run, lang)
        about = {"width": 480, "style": {"description_width": "220px"}}
        about |= {"value": 1, "max": 1, "step": 1 if has_binary_labels(self.G) else 0.05}
        self.switches = []
        for name in run.results["attributes"]:
            about |= {"description": plots.attribute_name(name, self.lang)}
            about |= {"stem": f"{name}-z$number"}
            self.switches.append(self.control(widgets.FloatSlider, f"label {name}", **about))
        is_one = len(self.switches) == 1
        keys = ("off", "as_set", "on") if is_one else ("all_off", "as_set", "all_on")
        self.lay_out(
            self.image_row([self.words(key) for key in keys], main=1),
            *self.switches,
            row(self.number, self.fresh),
            usage="help_acgan",
        )

    def render(self) -> None:
        """Show the image with all labels off, as they are set, and all on."""
        points = np.stack([self.here()] * 3)
        points[::2, self.G.z_dim :] = [[0], [1]]
        self.show(*self.images_of(points))


class CodePanel(_IndexedPanel):
    """Ten buttons for each code of an InfoGAN, and this z with each value in `strips`."""

    def __init__(self, run: Run, lang: str | None = None):
        super().__init__(run, lang)
        num_codes = self.G.label_dim // CODE_SIZE
        values = {str(value): value for value in range(CODE_SIZE)}
        about = {"tooltips": [self.words("value", value=value) for value in values]}
        about["style"] = {"button_width": "66px"}  # each as wide as its image in the strip
        self.codes = []
        for code in range(1, num_codes + 1):
            about |= {"stem": f"code{code}-z$number"}
            about |= {"description": self.words("code" if num_codes == 1 else "codes", code=code)}
            self.codes.append(self.choice(f"code{code}", values, **about))
        self.strips = [strip() for _ in self.codes]
        self.lay_out(
            self.image_row([""], main=0),
            *map(widgets.VBox, zip(self.codes, self.strips, strict=True)),
            row(self.number, self.fresh),
            usage="help_infogan",
        )

    def point(self, number, **codes) -> np.ndarray:
        """Return z and, behind it, the codes as one-hot vectors, (Z + label_dim,)."""
        one_hot = np.eye(CODE_SIZE, dtype=np.float32)[list(codes.values())]
        return np.concatenate([self.z_of(number), one_hot.ravel()])

    def render(self) -> None:
        """Show the image, and per code what its other values would make of this z."""
        values = [code.value for code in self.codes]
        ways = [self.sweep(name, CODE_SIZE) for name in self.stems]
        for place, images, value in zip(self.strips, ways, values, strict=True):
            place.value = to_strip(images, marked=value)
        self.captions[0].value = f"c = {', '.join(map(str, values))}"
        self.show(ways[0][values[0]])


def code_panels(runs: Sequence[Run], lang: str | None = None) -> widgets.Tab:
    """Return the panels of several finished InfoGAN runs, a tab each, their words in `lang`."""
    titles = [words("num_codes", lang, count=run.config.num_codes) for run in runs]
    return widgets.Tab([CodePanel(run, lang) for run in runs], titles=titles)
