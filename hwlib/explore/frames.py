"""Frames for `show.slider`: what trained networks paint along a way, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import nn

from hwlib import plots
from hwlib.explore.gan import Numbered, one_hot, paint
from hwlib.explore.kl import kl_told
from hwlib.explore.latents import between, decode, encode, traverse
from hwlib.explore.words import words
from hwlib.models.gan import CODE_SIZE, JoinEmbedding
from hwlib.show.sliders import Track
from hwlib.text import LANGUAGES

NUM_STEPS = 21  # of a way: one every 5 %
NUM_SWITCHED = 9  # from off to on
NUM_Z = 4  # in a row
MOST_TRACKS = 4  # sliders beside one another
GAP_PX = 2  # white between the pictures of one frame


def way_track(vae: nn.Module, images: np.ndarray) -> Track:
    """Return the straight way through latent space between two pictures.

    Args:
        vae: a trained network, in eval mode.
        images: uint8 (2, H, W, C), the two ends.
    """
    shares = np.linspace(0, 1, NUM_STEPS)
    ends = encode(vae, images)
    z = np.stack([between(*ends, share, is_spherical=False) for share in shares])
    return Track(decode(vae, z), _same("A → B"), _percentages(shares))


def latent_tracks(
    vae: nn.Module, z: np.ndarray, which: Sequence[int], values: Sequence[float]
) -> list[Track]:
    """Return a slider for each of some latents; it starts at the value nearest to the latent's own.

    Args:
        vae: a trained network, in eval mode.
        z: (Z,), where the other latents stay.
        which: latents that get a slider.
        values: what they are set to.
    """
    labels = [f"{value:+.1f}".replace("-", "−") if value else "0.0" for value in values]
    return [
        Track(
            frames,
            _same(f"z[{latent}]"),
            _same(labels),
            int(np.abs(np.asarray(values) - z[latent]).argmin()),
        )
        for latent, frames in zip(which, traverse(vae, z, which, values), strict=True)
    ]


def noise_tracks(G: nn.Module, z_of: Numbered, *, numbers: tuple[int, int] = (0, 1)) -> list[Track]:
    """Return the straight and the spherical way between two z of a generator without labels.

    Args:
        G: a trained generator, in eval mode.
        z_of: gives z by its number.
        numbers: of the two z.
    """
    shares, (a, b) = np.linspace(0, 1, NUM_STEPS), map(z_of, numbers)
    labels = _percentages(shares)
    tracks = []
    for name in ("linear", "spherical"):
        z = np.stack([between(a, b, share, is_spherical=name == "spherical") for share in shares])
        tracks.append(Track(paint(G, z), _words(name), labels))
    return tracks


def attribute_tracks(G: nn.Module, z_of: Numbered, attributes: Sequence[str]) -> list[Track]:
    """Return a slider for each attribute, the first four, from off to on over several z in a row.

    The other labels stay off. An embedding knows nothing between off and on: two frames.

    Args:
        G: a trained generator of an ACGAN, in eval mode.
        z_of: gives z by its number.
        attributes: names of its labels, in their order.
    """
    values = np.linspace(0, 1, 2 if isinstance(G.join, JoinEmbedding) else NUM_SWITCHED)
    names = {0.0: "off", 1.0: "on"}
    labels = {
        lang: [words(names[value], lang) if value in names else f"{value:.3g}" for value in values]
        for lang in LANGUAGES
    }
    tracks = []
    for index, attribute in enumerate(attributes[:MOST_TRACKS]):
        c = np.zeros((len(values), len(attributes)), dtype=np.float32)
        c[:, index] = values
        title = {lang: plots.attribute_name(attribute, lang) for lang in LANGUAGES}
        tracks.append(Track(_rows(G, z_of, c), title, labels))
    return tracks


def code_tracks(G: nn.Module, z_of: Numbered) -> list[Track]:
    """Return a slider for each code of an InfoGAN over several z in a row; other codes stay at 0.

    Args:
        G: a trained generator of an InfoGAN, in eval mode.
        z_of: gives z by its number.
    """
    num_codes = G.label_dim // CODE_SIZE
    labels = _same([str(value) for value in range(CODE_SIZE)])
    tracks = []
    for k in range(num_codes):
        codes = np.zeros((CODE_SIZE, num_codes), dtype=int)
        codes[:, k] = range(CODE_SIZE)
        c = np.stack([one_hot(values) for values in codes])
        title = _words("code" if num_codes == 1 else "codes", code=k + 1)
        tracks.append(Track(_rows(G, z_of, c), title, labels))
    return tracks


def weight_track(studies: Sequence[Mapping[str, Any]], pictures: Mapping[str, np.ndarray]) -> Track:
    """Return a slider over the KL weight: test pictures, their reconstructions, and samples.

    It starts at the first weight of `studies`, which is the first that the report tells of.

    Args:
        studies: the study's rows.
        pictures: its samples; see `KLPanel`.
    """
    order = sorted(range(len(studies)), key=lambda i: studies[i]["kl_weight"])
    count = min(NUM_Z, len(pictures["originals"]))  # so that each band is one row
    bands = [
        [
            pictures["originals"][:count],
            pictures["reconstructions"][i][:count],
            pictures["samples"][i][:count],
        ]
        for i in order
    ]
    frames = [plots.compose(np.concatenate(rows), count, factor=1, gap=GAP_PX) for rows in bands]
    names = [plots.weight_name(studies[i]["kl_weight"]) for i in order]
    labels = {
        lang: [
            words("kl_frame", lang, weight=name, told=kl_told(studies[i], lang))
            for i, name in zip(order, names, strict=True)
        ]
        for lang in LANGUAGES
    }
    return Track(np.stack(frames), _words("kl_weight"), labels, order.index(0))


def _rows(G: nn.Module, z_of: Numbered, c: np.ndarray) -> np.ndarray:
    """Paint several z side by side with each of the labels c (T, label_dim): uint8 frames."""
    z = np.stack([z_of(number) for number in range(NUM_Z)])
    pictures = paint(G, np.tile(z, (len(c), 1)), np.repeat(c, NUM_Z, axis=0))
    rows = np.split(pictures, len(c))
    return np.stack([plots.compose(row, NUM_Z, factor=1, gap=GAP_PX) for row in rows])


def _percentages(shares: np.ndarray) -> dict[str, list[str]]:
    """Write how far along the way each frame is."""
    return _same([f"{100 * share:.0f} %" for share in shares])


def _same(said: Any) -> dict[str, Any]:
    """Return what is the same in every language."""
    return dict.fromkeys(LANGUAGES, said)


def _words(name: str, **facts: Any) -> dict[str, str]:
    """Return a word of the panels, by language."""
    return {lang: words(name, lang, **facts) for lang in LANGUAGES}
