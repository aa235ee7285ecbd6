"""Frames for `show.slider`: what trained networks make along a way, step by step.

Networks are in eval mode; `z_of` gives a generator's z by its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from torch import nn

from hwlib import plots
from hwlib.conditioning import CODE_SIZE
from hwlib.explore.base import words
from hwlib.explore.kl import GAP_PX, Images, Studies, by_weight, summarise, weight_sheets
from hwlib.explore.latents import (
    LatentByIndex,
    decode,
    encode,
    generate,
    has_binary_labels,
    interpolate,
    switch_attribute,
    switch_code,
    traverse,
)
from hwlib.show.sliders import Track
from hwlib.text import LANGUAGES, in_languages

SHARES = np.linspace(0, 1, 21)  # of a way: one frame every 5 %
NUM_SWITCHED = 9  # frames from off to on
NUM_Z = 4  # in a row
MAX_TRACKS = 4  # sliders beside one another


def _same(text: Any) -> dict[str, Any]:
    """Return what is the same in every language."""
    return dict.fromkeys(LANGUAGES, text)


def _way(a: np.ndarray, b: np.ndarray, path: str) -> np.ndarray:
    """Return the points of the way from latent `a` to latent `b`, (T, Z)."""
    is_spherical = path == "spherical"
    return np.stack([interpolate(a, b, share, is_spherical=is_spherical) for share in SHARES])


def _percentages() -> dict[str, list[str]]:
    """Write how far along the way each frame is."""
    return _same([f"{100 * share:.0f} %" for share in SHARES])


def interpolation_track(vae: nn.Module, images: np.ndarray) -> Track:
    """Return the straight way through latent space between two images, uint8 (2, H, W, C)."""
    z = _way(*encode(vae, images), "linear")
    return Track(decode(vae, z), _same("A → B"), _percentages())


def latent_tracks(
    vae: nn.Module, z: np.ndarray, which: Sequence[int], values: Sequence[float]
) -> list[Track]:
    """Return a slider for each of some latents; it starts at the value nearest to its own in z."""
    labels = _same([f"{value:+.1f}".replace("-", "−") if value else "0.0" for value in values])
    tracks = []
    for latent, frames in zip(which, traverse(vae, z, which, values), strict=True):
        start = int(np.abs(np.asarray(values) - z[latent]).argmin())
        tracks.append(Track(frames, _same(f"z[{latent}]"), labels, start))
    return tracks


def noise_tracks(G: nn.Module, z_of: LatentByIndex) -> list[Track]:
    """Return the straight and the spherical way between two z of a generator without labels."""
    ends = [z_of(0), z_of(1)]
    return [
        Track(generate(G, _way(*ends, path)), _words(path), _percentages())
        for path in ("linear", "spherical")
    ]


def attribute_tracks(G: nn.Module, z_of: LatentByIndex, attributes: Sequence[str]) -> list[Track]:
    """Return a slider for each attribute, the first four, from off to on over several z in a row.

    The other labels stay off. An embedding knows nothing between off and on: two frames.
    """
    values = np.linspace(0, 1, 2 if has_binary_labels(G) else NUM_SWITCHED)
    between = [f"{value:.3g}" for value in values[1:-1]]
    labels = in_languages(lambda lang: [words("off", lang), *between, words("on", lang)])
    off = np.zeros(len(attributes))
    return [
        Track(
            _rows(G, z_of, switch_attribute(off, index, values)),
            in_languages(partial(plots.attribute_name, attribute)),
            labels,
        )
        for index, attribute in enumerate(attributes[:MAX_TRACKS])
    ]


def code_tracks(G: nn.Module, z_of: LatentByIndex) -> list[Track]:
    """Return a slider for each code of an InfoGAN over several z in a row, other codes at 0."""
    num_codes = G.label_dim // CODE_SIZE
    labels = _same([str(value) for value in range(CODE_SIZE)])
    name = "code" if num_codes == 1 else "codes"
    return [
        Track(_rows(G, z_of, switch_code([0] * num_codes, k)), _words(name, code=k + 1), labels)
        for k in range(num_codes)
    ]


def weight_track(studies: Studies, images: Images) -> Track:
    """Return a slider over the KL weight: test images, their reconstructions, and samples.

    It starts at the first weight of `studies`, which is the first that the report discusses. Both
    are as `KLPanel` takes them.
    """
    order = by_weight(studies)

    def label(i: int, lang: str) -> str:
        name = plots.weight_name(studies[i]["kl_weight"])
        return words("kl_frame", lang, weight=name, told=summarise(studies[i], lang))

    labels = in_languages(lambda lang: [label(i, lang) for i in order])
    return Track(weight_sheets(studies, images), _words("kl_weight"), labels, order.index(0))


def _rows(G: nn.Module, z_of: LatentByIndex, c: np.ndarray) -> np.ndarray:
    """Generate from several z side by side with each of the labels c (T, label_dim)."""
    z = np.stack([z_of(number) for number in range(NUM_Z)])
    images = generate(G, np.tile(z, (len(c), 1)), np.repeat(c, NUM_Z, axis=0))
    rows = np.split(images, len(c))
    return np.stack([plots.compose(row, NUM_Z, factor=1, gap=GAP_PX) for row in rows])


def _words(name: str, **values: Any) -> dict[str, str]:
    """Return a word of the panels, by language."""
    return in_languages(lambda lang: words(name, lang, **values))
