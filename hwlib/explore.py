"""Looking into a trained VAE: its layers, its latent space, and a panel of sliders over it."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython import get_ipython
from IPython.display import display
from PIL import Image
from torch import nn

from hwlib import plots
from hwlib.errors import UserError
from hwlib.plots import Layer
from hwlib.run import Run
from hwlib.training.evaluate import spread as spread
from hwlib.training.steps import to_range, to_uint8

if TYPE_CHECKING:
    from hwlib.data import Data

WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "image_a": "影像 A",
        "image_b": "影像 B",
        "share": "A → B",
        "path": "路徑",
        "linear": "直線",
        "spherical": "球面",
        "random": "隨機抽樣",
        "reset": "滑桿歸零",
        "original": "原圖 {which}",
        "reconstruction": "重建 {which}",
        "between": "A 與 B 之間",
        "sample": "隨機樣本",
        "latent": "z[{latent}]",
        "help": "每支滑桿替一個隱變數加上 −3 到 3，依活躍程度排列。按 Tab 換下一個，方向鍵微調。",
    },
    "en": {
        "image_a": "image A",
        "image_b": "image B",
        "share": "A → B",
        "path": "path",
        "linear": "linear",
        "spherical": "spherical",
        "random": "random sample",
        "reset": "sliders to 0",
        "original": "original {which}",
        "reconstruction": "reconstruction {which}",
        "between": "between A and B",
        "sample": "random sample",
        "latent": "z[{latent}]",
        "help": "Each slider adds −3 to 3 to one latent, most active first. "
        "Tab moves on, arrow keys move a slider.",
    },
}


# --------------------------------------------------------------------------------------- layers


def layers(vae: nn.Module, *, image_size: int, channels: int) -> list[Layer]:
    """List a VAE's layers in the order of execution, as torchinfo sees them.

    Args:
        vae: a network with `encoder`, `mu`, `logvar` and `decoder`.
        image_size: side of the pictures.
        channels: 3 for colour, 1 for grey.

    Returns:
        the image as a layer of kind "Input", then every layer without sub-layers.
    """
    from torchinfo import summary

    x = torch.zeros(1, channels, image_size, image_size)
    was_training = vae.training
    report = summary(vae, input_data=[x, torch.zeros(1, vae.z_dim)], mode="eval", verbose=0)
    vae.train(was_training)
    found = [Layer("encoder", "x", "Input", "", tuple(x.shape[1:]), 0)]
    for info in report.summary_list:
        if info.is_leaf_layer and info.depth > 0:
            path = _path(info)
            shape = tuple(info.output_size[1:])
            detail = _detail(info.module)
            name = ".".join(path)
            found.append(Layer(path[0], name, info.class_name, detail, shape, info.num_params))
    return found


def _path(info: Any) -> list[str]:
    """Return the attribute names that lead to a layer, below the network."""
    names = []
    while info.depth > 0:
        names.append(info.var_name)
        info = info.parent_info
    return names[::-1]


def _detail(module: nn.Module) -> str:
    """Say the setting of a layer that matters to a reader."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        (height, width), stride = module.kernel_size, module.stride[0]
        return f"{height}×{width}" + (f", stride {stride}" if stride > 1 else "")
    if isinstance(module, nn.AvgPool2d | nn.MaxPool2d):
        return f"{module.kernel_size}×{module.kernel_size}"
    if isinstance(module, nn.LeakyReLU):
        return f"{module.negative_slope:g}"
    return "×2" if type(module).__name__ == "Upsample" else ""


# --------------------------------------------------------------------------------- latent space


@torch.no_grad()
def encode(vae: nn.Module, images: np.ndarray) -> np.ndarray:
    """Return the latents' means of pictures: uint8 (N, H, W, C) to float32 (N, Z)."""
    x = to_range(torch.from_numpy(np.array(images)).permute(0, 3, 1, 2), vae.pixel_range)
    return vae.encode(x)[0].numpy()


@torch.no_grad()
def decode(vae: nn.Module, z: np.ndarray) -> np.ndarray:
    """Return the pictures of latents: (N, Z) to uint8 (N, H, W, C), clipped, never rescaled."""
    return to_uint8(vae.decode(torch.as_tensor(z, dtype=torch.float32)), vae.pixel_range).numpy()


def between(a: np.ndarray, b: np.ndarray, share: float, *, is_spherical: bool) -> np.ndarray:
    """Return the point at `share` of the way from latent `a` to latent `b`, (Z,) each.

    The spherical path keeps to the lengths that the two ends have (Shoemake 1985, with the length
    interpolated); for ends in line with the origin it is the straight one.
    """
    straight = (1 - share) * a + share * b
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if not is_spherical or min(lengths) == 0:
        return straight
    cosine = np.clip(a @ b / (lengths[0] * lengths[1]), -1, 1)
    angle = np.arccos(cosine)
    if np.sin(angle) < 1e-4:
        return straight
    direction = np.sin((1 - share) * angle) * a / lengths[0]
    direction = (direction + np.sin(share * angle) * b / lengths[1]) / np.sin(angle)
    return (((1 - share) * lengths[0] + share * lengths[1]) * direction).astype(a.dtype)


def latents(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return the latents that the run kept, and which test images they belong to.

    Returns:
        means, float32 (N, Z); numbers of the test images, (N,).
    """
    with np.load(run.path / "latents.npz", allow_pickle=False) as arrays:
        return arrays["test_mu"], arrays["test_index"]


def most_active(mu: np.ndarray, count: int) -> list[int]:
    """Return the latents, of (N, Z), whose mean varies most over images, most active first."""
    return [int(i) for i in np.argsort(-mu.var(0), kind="stable")[:count]]


def traverse(
    vae: nn.Module, z: np.ndarray, which: Sequence[int], values: Sequence[float]
) -> np.ndarray:
    """Decode a latent with one of its variables at a time set to each value.

    Args:
        z: (Z,), where the others stay.
        which: variables, a row each.
        values: what they are set to, a column each.

    Returns:
        uint8 (len(which), len(values), H, W, C).
    """
    grid = np.tile(np.asarray(z, dtype=np.float32), (len(which), len(values), 1))
    for row, latent in enumerate(which):
        grid[row, :, latent] = values
    frames = decode(vae, grid.reshape(-1, grid.shape[-1]))
    return frames.reshape(len(which), len(values), *frames.shape[1:])


def tsne(mu: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Lay latents out in the plane, neighbours beside neighbours (van der Maaten & Hinton 2008).

    Args:
        mu: (N, Z).
        seed: of the descent.

    Returns:
        (N, 2); the axes, and distances between groups, have no unit.
    """
    from sklearn.manifold import TSNE

    points = np.asarray(mu, dtype=np.float32)
    perplexity = min(30.0, (len(points) - 1) / 3)
    return TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(points)


def attribute_labels(data: Data, attribute: str | None, index: np.ndarray) -> np.ndarray | None:
    """Return the labels of `attribute` of the test images `index` (N,), 0/1 (N,).

    Returns:
        None where there is no attribute to show.

    Raises:
        UserError: the data does not have this attribute.
    """
    if attribute is None or data.test.labels is None:
        return None
    if attribute not in data.attributes:
        known = ", ".join(data.attributes)
        raise UserError(f"attribute '{attribute}' is not in {data.spec}; it has: {known}")
    return np.asarray(data.test.labels[index, data.attributes.index(attribute)])


# ---------------------------------------------------------------------------------- live curves


def _is_watched() -> bool:
    """Whether a person looks at a notebook: a kernel, and not a runner's."""
    return get_ipython() is not None and not os.environ.get("HWLIB_BATCH")


class LiveCurve:
    """The learning curves so far, redrawn in place while `fit` runs; nothing in batch.

    Pass it as `hwlib.fit(config, watch=LiveCurve())`.
    """

    def __init__(self, lang: str = "en", *, is_shown: bool | None = None):
        """Prepare the widget; it appears with the first curve.

        Args:
            lang: language of the words.
            is_shown: whether to draw; None finds out whether a person looks.
        """
        self.lang = lang
        self.is_shown = _is_watched() if is_shown is None else is_shown
        self.image = widgets.Image(format="png", layout={"max_width": "760px"})
        self._next_draw = 0.0

    def __call__(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Show the curves of `records`, the rows of metrics.jsonl so far."""
        now = time.monotonic()
        if not self.is_shown or len(records) < 2 or now < self._next_draw:
            return
        is_first = not self.image.value
        self.image.value = self._draw(pd.DataFrame(list(records)))
        if is_first:
            display(self.image)
        # drawing takes at most a twentieth of the time that training has
        self._next_draw = now + 20 * (time.monotonic() - now)

    def _draw(self, metrics: pd.DataFrame) -> bytes:
        """Draw the curves as a small PNG."""
        fig = plots.learning_curves(metrics, self.lang)
        buffer = io.BytesIO()
        try:
            with plots.style():
                fig.savefig(buffer, format="png", dpi=120)
        finally:
            plt.close(fig)
        return buffer.getvalue()


# ---------------------------------------------------------------------------------------- panel


def to_png(image: np.ndarray, side: int) -> bytes:
    """Return one picture, uint8 (H, W, C), as PNG, enlarged by a whole factor to about `side`."""
    factor = max(1, round(side / image.shape[0]))
    pixels = plots.enlarge(image[np.newaxis], factor)[0]
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(buffer, "PNG")
    return buffer.getvalue()


class VAEPanel(widgets.VBox):
    """Sliders over a trained VAE: between two test images, along its latents, and random samples.

    Attributes:
        image_a, image_b: numbers of the two test images.
        share: how far from A to B.
        path: "linear" or "spherical".
        knobs: one slider per active latent; its value is added to the latent.
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
        self.vae, self.images, self.words = vae, images, WORDS[lang]
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
        words, last = self.words, len(self.images) - 1
        narrow = {"width": "160px"}
        self.image_a = widgets.BoundedIntText(
            0, min=0, max=last, description=words["image_a"], layout=narrow
        )
        self.image_b = widgets.BoundedIntText(
            min(1, last), min=0, max=last, description=words["image_b"], layout=narrow
        )
        self.share = widgets.FloatSlider(
            0.5, min=0, max=1, step=0.02, description=words["share"], layout={"width": "320px"}
        )
        self.path = widgets.ToggleButtons(
            options=[(words["linear"], "linear"), (words["spherical"], "spherical")],
            tooltips=[words["linear"], words["spherical"]],
            style={"button_width": "76px"},
        )
        self.knobs = [
            widgets.FloatSlider(
                0.0,
                min=-3,
                max=3,
                step=0.1,
                description=words["latent"].format(latent=latent),
                readout_format="+.1f",
                layout={"width": "330px"},
            )
            for latent in active
        ]
        self._active = list(active)
        icons = {"random": "random", "reset": "crosshairs"}
        self.random, self.reset = (
            widgets.Button(description=words[name], icon=icon, layout={"width": "150px"})
            for name, icon in icons.items()
        )
        self._between = widgets.HBox([self.image_a, self.image_b, self.share, self.path])
        self._buttons = widgets.HBox([self.random, self.reset])
        grid = {"grid_template_columns": "repeat(2, max-content)", "grid_gap": "0 12px"}
        self._knobs = widgets.GridBox(self.knobs, layout=grid)
        self._help = widgets.HTML(f'<small style="opacity:.75">{words["help"]}</small>')
        for row in (self._between, self._buttons):
            row.layout.flex_flow = "row wrap"

    def _build_pictures(self) -> None:
        """Make the row of pictures: A, its reconstruction, the result, B's reconstruction, B."""
        words = self.words
        names = (
            words["original"].format(which="A"),
            words["reconstruction"].format(which="A"),
            words["between"],
            words["reconstruction"].format(which="B"),
            words["original"].format(which="B"),
        )
        self._images = [widgets.Image(format="png") for _ in names]
        self._labels = [widgets.Label(name) for name in names]
        self.picture = self._images[2]
        columns = [
            widgets.VBox(pair, layout={"align_items": "center", "margin": "0 6px 0 0"})
            for pair in zip(self._images, self._labels, strict=True)
        ]
        layout = {"align_items": "flex-end", "flex_flow": "row wrap"}
        self._pictures = widgets.HBox(columns, layout=layout)

    # -- what happens

    def _mean(self, index: int) -> np.ndarray:
        """Return the latent mean of a test image, (Z,), encoded once."""
        if index not in self._mu:
            self._mu[index] = encode(self.vae, self.images[index : index + 1])[0]
        return self._mu[index]

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
        if self._sample is None:
            ends = self._mean(self.image_a.value), self._mean(self.image_b.value)
            is_spherical = self.path.value == "spherical"
            self.z = between(*ends, self.share.value, is_spherical=is_spherical).copy()
        else:
            self.z = self._sample.copy()
        for latent, knob in zip(self._active, self.knobs, strict=True):
            self.z[latent] += knob.value
        self._labels[2].value = self.words["between" if self._sample is None else "sample"]
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


def vae_panel(run: Run, data: Data, lang: str = "en", *, num_knobs: int = 8) -> VAEPanel:
    """Return the panel for a finished run.

    Args:
        run: a finished VAE run.
        data: the data it was trained on.
        lang: language of the words.
        num_knobs: sliders along latents, most active first.
    """
    vae = run.load_models()["vae"]
    active = most_active(latents(run)[0], min(num_knobs, vae.z_dim))
    return VAEPanel(vae, data.test.images, active=active, lang=lang)
