"""Panels over trained VAEs: sliders of latents, an attribute's direction, a study's KL weight."""

import html
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

import ipywidgets as widgets
import numpy as np
from PIL import Image

from hwlib import plots
from hwlib.data import Data
from hwlib.data.decode import Unreadable
from hwlib.data.decode import decode as decode_photo
from hwlib.data.layouts import LAYOUTS
from hwlib.explore.base import GAP_PX, Panel, error_line, in_all_languages, row, strip, to_strip
from hwlib.explore.latents import data_of, decode, encode, interpolate, latents, most_active
from hwlib.plots.style import plain
from hwlib.run import Run
from hwlib.show.sliders import Track
from hwlib.text import in_languages, word

LIMIT = 3  # a slider adds so much to its latent, or of a direction, either way
LIMITS = {"min": -LIMIT, "max": LIMIT, "readout_format": "+.1f"}
NUM_KNOBS = 8
NUM_STRENGTHS = 9  # images of the strip
MAX_ZOOM = 4
WHOLE = {"zoom": 1.0, "left": 0.5, "top": 0.5}  # of a photograph: all of its square


class VAEPanel(Panel):
    """Sliders over a run's VAE: between two test images, along its latents, and random samples.

    `z` (Z,) is the latent that is shown; what `knobs` say is added to the `active` latents.
    """

    def __init__(self, run: Run, lang: str | None = None):
        super().__init__(lang, run.config.profile)
        self.vae, self.images = run.load_models()["vae"], data_of(run).test.images
        self.active = most_active(latents(run)[0], NUM_KNOBS)
        self.images_of = partial(decode, self.vae)
        self._mean = cache(lambda number: encode(self.vae, self.images[number : number + 1])[0])
        self._rng = np.random.default_rng(0)
        self._sample, self._place = None, None  # a random z, and where on the way it was drawn
        about = {"max": len(self.images) - 1}
        self.image_a = self.control(widgets.BoundedIntText, "image_a", 160, **about)
        about["value"] = min(1, about["max"])
        self.image_b = self.control(widgets.BoundedIntText, "image_b", 160, **about)
        self.share, self.path = self.path_controls(0.5, "between-$image_a-$image_b")
        self.knobs = []
        for latent in self.active:
            name, about = f"latent-{latent}", {"description": self.words("latent", latent=latent)}
            about |= LIMITS | {"stem": name}
            self.knobs.append(self.control(widgets.FloatSlider, name, **about))
        self.random = self.button("random", "random", self._on_random)
        self.reset = self.button("reset", "crosshairs", self._on_reset)
        names = ("original", "reconstruction")
        a, b = ([self.words(name, which=which) for name in names] for which in "AB")
        grid = {"grid_template_columns": "repeat(2, max-content)", "grid_gap": "0 12px"}
        self.lay_out(
            self.image_row([*a, "", *b[::-1]], main=2),
            row(self.image_a, self.image_b, self.share, self.path),
            row(self.random, self.reset),
            widgets.GridBox(self.knobs, layout=grid),
            usage="help",
        )

    def point(self, image_a, image_b, share, path, **knobs) -> np.ndarray:
        """Return the point of the way, or the random sample, moved as the sliders say: (Z,)."""
        z = self._sample
        if z is None or self._place != (image_a, image_b, share, path):
            ends = self._mean(image_a), self._mean(image_b)
            z = interpolate(*ends, share, is_spherical=path == "spherical")
        z = z.copy()
        z[self.active] += list(knobs.values())
        return z

    def render(self) -> None:
        """Show the test images, their reconstructions, and what is between them or a sample."""
        a, b = self.image_a.value, self.image_b.value
        if self._place != (place := (a, b, self.share.value, self.path.value)):
            self._place, self._sample = place, None
        self.captions[2].value = self.words("between" if self._sample is None else "sample")
        self.z = self.here()
        ends = self.images_of(np.stack([self._mean(a), self._mean(b)]))
        shown = (ends[0], *self.images_of(self.z[np.newaxis]), ends[1])
        self.show(self.images[a], *shown, self.images[b])

    def _on_random(self) -> None:
        """Draw z from the prior, N(0, I)."""
        self._sample = self._rng.standard_normal(self.vae.z_dim).astype(np.float32)
        self.render()

    def _on_reset(self) -> None:
        for knob in self.knobs:
            knob.value = 0.0


# ---- an attribute's direction ------------------------------------------------------------------


def read_photo(
    content: bytes, size: int, crop: str | None = None, *, zoom=1.0, left=0.5, top=0.5
) -> tuple[np.ndarray, bool]:
    """Read a photograph as the data room reads its files, then go nearer where that is asked for.

    `crop` is "hw4" or "square" for an aligned CelebA photograph; any other one gives the square in
    its middle, and with None so do all. Of that square `zoom` 1 shows the whole, 2 half its side;
    `left` and `top` say where that part lies, from 0 to 1.

    Returns:
        uint8 (S, S, 3), S being `size`; whether `crop` was used.
    """
    side = round(size * zoom)  # so that one resizing does
    is_aligned = crop is not None
    try:
        pixels = decode_photo(content, side, crop=crop).pixels
    except Unreadable:  # not an aligned one, or none at all: then the next line says so
        pixels, is_aligned = decode_photo(content, side).pixels, False
    x, y = round((side - size) * left), round((side - size) * top)
    return pixels[y : y + size, x : x + size], is_aligned


class DirectionPanel(Panel):
    """A real image, its reconstruction, and the same with an attribute's direction added.

    The image is a test image or any photograph, its latent `mu` (Z,); `strip` has nine strengths.
    """

    def __init__(
        self, run: Run, data: Data, directions: Mapping[str, np.ndarray], lang: str | None = None
    ):
        """Build the panel over a run's VAE, its data, and (Z,) by the attribute's name."""
        super().__init__(lang, run.config.profile)
        self.vae, self.images = run.load_models()["vae"], data.test.images
        self.directions, self.images_of = directions, partial(decode, self.vae)
        layout = LAYOUTS[data.layout]
        self.crop = run.config.crop if layout.is_aligned else None
        self.is_drawn = layout.is_drawn
        self._name, self._read = "", None  # of the last upload that could be read
        self._look: list[Any] = []  # what the image that is shown was made from
        sources = {self.words(f"from_{name}"): name for name in ("test", "own")}
        self.source = self.choice("source", sources)
        about = {"description": self.words("image_number"), "max": len(self.images) - 1}
        self.number = self.control(widgets.BoundedIntText, "number", 160, **about)
        about = {"description": self.words("upload"), "layout": {"width": "170px"}}
        self.upload = widgets.FileUpload(accept="image/*", **about)
        self.upload.observe(lambda _change: self._on_upload(), "value")
        about = {"step": 0.02, "continuous_update": False}  # a move reads the photograph again
        self.zoom = self.control(widgets.FloatSlider, "zoom", 300, min=1, max=MAX_ZOOM, **about)
        about |= {"value": 0.5, "max": 1}
        self.left, self.top = (
            self.control(widgets.FloatSlider, name, 300, **about) for name in ("left", "top")
        )
        self._part = row(self.zoom, self.left, self.top)
        names = [(plots.attribute_name(name, self.lang), name) for name in directions]
        self.attribute = self.control(widgets.Dropdown, "attribute", options=names)
        about = LIMITS | {"value": 1, "stem": "$attribute-$source-$number"}
        self.strength = self.control(widgets.FloatSlider, "strength", 400, **about)
        self.strip = strip()
        captions = [self.words(name) for name in ("picture", "its_reconstruction", "changed")]
        self.lay_out(
            row(self.source, self.number, self.upload),
            self._part,
            self.status,
            self.image_row(captions, main=2),
            row(self.attribute, self.strength),
            widgets.Label(self.words("strengths", limit=LIMIT)),
            self.strip,
            usage="help_direction",
        )

    def point(self, attribute, strength, **_image) -> np.ndarray:
        """Return the image's latent with a strength of the direction, (Z,)."""
        return self.mu + strength * self.directions[attribute]

    def render(self) -> None:
        """Show the image, its reconstruction, and the direction: as much as is set, and the way."""
        if self.source.value == "own" and not self._read:
            self.source.value = "test"  # which renders
            self.status.value = self.words("no_upload")
            return
        look = [self.values()[name] for name in ("source", "number", *WHOLE)]
        if look != self._look:
            self._look = look
            self._start()
        self.show(self._image, *self.images_of(np.stack([self.mu, self.here()])))
        self.strip.value = to_strip(self.sweep("strength", NUM_STRENGTHS))

    def _start(self) -> None:
        """Take the image that is chosen, and say what is known of it."""
        is_own, lines = self.source.value == "own", []
        self._part.layout.display = None if is_own else "none"
        self.number.layout.display = "none" if is_own else None
        self._image = self.images[self.number.value]
        if is_own:
            part = {name: self.controls[name].value for name in WHOLE}
            self._image, is_aligned = self._read(**part)
            if self.images.shape[3] == 1:
                self._image = np.array(Image.fromarray(self._image).convert("L"))[..., None]
            name = html.escape(self._name)
            lines = [self.words("as_homework" if is_aligned else "as_square", name=name)]
            lines += [self.words("drawn")] if self.is_drawn else []
        self.status.value = "<br>".join(lines)
        self.mu = encode(self.vae, self._image[np.newaxis])[0]

    def _on_upload(self) -> None:
        """Show the photograph that was dropped in, the whole of it first, or say what is wrong."""
        for photo in self.upload.value:
            read = partial(read_photo, bytes(photo["content"]), self.images.shape[1], self.crop)
            try:
                read()
            except Unreadable as error:  # the photograph before it, if there is one, stays
                line = f"{photo['name']} {error.say(self.lang)}"
                if self.source.value == "own":
                    line += self.words("still_shown")
                self.status.value = error_line(line, self.lang)
                return
            self._name, self._read, self._look = photo["name"], read, []
            for name, value in (WHOLE | {"source": "own"}).items():
                self.controls[name].value = value
            self.render()


def direction_panel(run: Run, lang: str | None = None) -> DirectionPanel | None:
    """Return the panel for a finished VAE run; None where no attribute of its test images varies.

    A direction is the mean latent of who has the attribute less that of who has not.
    """
    data, (mu, index), directions = data_of(run), latents(run), {}
    if data.test.labels is not None:
        labels = data.test.labels[index].astype(bool)
        for name, has_it in zip(data.attributes, labels.T, strict=True):
            if has_it.any() and not has_it.all():
                directions[name] = mu[has_it].mean(0) - mu[~has_it].mean(0)
    return DirectionPanel(run, data, directions, lang) if directions else None


# ---- the KL study ------------------------------------------------------------------------------

NUM_SHOWN = 8  # samples in the panel
NUM_IN_ROW = 4  # images in each row of a sheet

# A study's rows, and its images in their order, uint8: `originals` (N, H, W, C), `reconstructions`
# (S, N, H, W, C) and `samples` (S, M, H, W, C).
Studies, Images = Sequence[Mapping[str, Any]], Mapping[str, np.ndarray]


def by_weight(studies: Studies) -> list[int]:
    """Return the places of the rows in the order of their weights."""
    return sorted(range(len(studies)), key=lambda i: studies[i]["kl_weight"])


def weight_sheets(images: Images, places: Sequence[int]) -> np.ndarray:
    """Return a sheet for each of some rows: test images, reconstructions, samples."""
    count = min(NUM_IN_ROW, len(images["originals"]))  # so that each band is one row
    sheets = []
    for i in places:
        bands = (images["originals"], images["reconstructions"][i], images["samples"][i])
        rows = np.concatenate([band[:count] for band in bands])
        sheets.append(plots.compose(rows, count, factor=1, gap=GAP_PX))
    return np.stack(sheets)


class KLPanel(Panel):
    """A slider over a study's KL weight that swaps reconstructions, and samples of the same z.

    The value of `weight` is the place among the study's rows.
    """

    def __init__(self, run: Run, lang: str | None = None):
        super().__init__(lang, run.config.profile)
        self.studies, self.images = run.results["studies"], run.samples
        self.images_of = partial(weight_sheets, self.images)
        order = by_weight(self.studies)
        about = {"options": [(plain(self.studies[i]["kl_weight"]), i) for i in order]}
        about |= {"value": 0}  # the first of the rows: the first weight that the report discusses
        about |= {"style": {"description_width": "initial"}, "stem": "kl-weights"}
        self.weight = self.control(widgets.SelectionSlider, "kl_weight", 420, **about)
        self.strips = {name: strip() for name in ("originals", "reconstructions", "samples")}
        self.strips["originals"].value = to_strip(self.images["originals"])
        lines = [widgets.HBox([self.weight, self.status])]
        for name, place in self.strips.items():
            lines += (widgets.Label(self.words(f"kl_{name}")), place)
        self.lay_out(*lines, usage="help_kl")

    def point(self, kl_weight: int) -> np.ndarray:
        """Return the place of the weight's row."""
        return np.array(kl_weight)

    def render(self) -> None:
        """Show the chosen weight's images and numbers."""
        chosen = self.weight.value
        self.strips["reconstructions"].value = to_strip(self.images["reconstructions"][chosen])
        self.strips["samples"].value = to_strip(self.images["samples"][chosen][:NUM_SHOWN])
        self.status.value = self.words("kl_told", **self.studies[chosen])


def weight_track(studies: Studies, images: Images) -> Track:
    """Return a slider over the KL weight: test images, their reconstructions, and samples.

    It starts at the first weight of `studies`, which is the first that the report discusses.
    """
    order = by_weight(studies)

    def label(row: Mapping[str, Any], lang: str) -> str:
        name, told = plots.weight_name(row["kl_weight"]), word("panels.kl_told", lang, **row)
        return word("panels.kl_frame", lang, weight=name, told=told)

    labels = in_languages(lambda lang: [label(studies[i], lang) for i in order])
    sheets, title = weight_sheets(images, order), in_all_languages("kl_weight")
    return Track(sheets, title, labels, order.index(0))
