"""Latent space: codes, a generator's inputs, ways between two points, and frames along them.

Networks are in eval mode; `z_of` gives a generator's z by its number.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from hwlib import plots
from hwlib.conditioning import CODE_SIZE, one_hot
from hwlib.data import Data, load_data
from hwlib.errors import UserError
from hwlib.explore.base import GAP_PX, in_all_languages, words
from hwlib.models.gan import JoinEmbedding
from hwlib.run import Run, read_latents
from hwlib.show.sliders import Track
from hwlib.text import LANGUAGES, in_languages, signed
from hwlib.training.batches import draw_z, to_range, to_uint8
from hwlib.training.batches import generate as generate_images

CENTRAL_SHARE = 0.1  # of the test images, those nearest to their mean image

SHARES = np.linspace(0, 1, 21)  # of a way: one frame every 5 %
NUM_SWITCHED = 9  # frames from off to on
NUM_Z = 4  # in a row
MAX_TRACKS = 4  # sliders beside one another


@torch.no_grad()
def encode(vae: nn.Module, images: np.ndarray) -> np.ndarray:
    """Return the latents' means of images: uint8 (N, H, W, C) to float32 (N, Z)."""
    x = to_range(torch.from_numpy(np.array(images)).permute(0, 3, 1, 2), vae.pixel_range)
    return vae.encode(x)[0].numpy()


@torch.no_grad()
def decode(vae: nn.Module, z: np.ndarray) -> np.ndarray:
    """Return the images of latents: (N, Z) to uint8 (N, H, W, C), clipped, never rescaled."""
    return to_uint8(vae.decode(torch.as_tensor(z, dtype=torch.float32)), vae.pixel_range).numpy()


def interpolate(
    a: np.ndarray, b: np.ndarray, share: float | np.ndarray, *, is_spherical: bool
) -> np.ndarray:
    """Return the point at `share` of the way from latent `a` to latent `b`, (Z,) each.

    Shares (T,) give (T, Z). The spherical path keeps to the lengths that the two ends have
    (Shoemake 1985, with the length interpolated); for ends in line with the origin it is straight.
    """
    share, lengths = np.asarray(share)[..., np.newaxis], (np.linalg.norm(a), np.linalg.norm(b))
    cosine = a @ b / (lengths[0] * lengths[1]) if all(lengths) else 1
    angle = np.arccos(np.clip(cosine, -1, 1))
    if not is_spherical or np.sin(angle) < 1e-4:
        return (1 - share) * a + share * b
    direction = np.sin((1 - share) * angle) * a / lengths[0]
    direction = (direction + np.sin(share * angle) * b / lengths[1]) / np.sin(angle)
    return (((1 - share) * lengths[0] + share * lengths[1]) * direction).astype(a.dtype)


def latents(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return the latents' means that a run kept, float32 (N, Z), and their test images, (N,)."""
    return read_latents(run.path)


def most_active(mu: np.ndarray, count: int) -> list[int]:
    """Return the latents, of (N, Z), whose mean varies most over images, most active first."""
    return [int(i) for i in np.argsort(-mu.var(0), kind="stable")[:count]]


def tsne(mu: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Lay latents (N, Z) out in the plane, (N, 2), neighbours beside neighbours.

    Axes, and distances between groups, have no unit (t-SNE: van der Maaten & Hinton 2008).
    """
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(mu) - 1) / 3)
    start = "pca" if mu.shape[1] > 1 else "random"  # one latent has one principal axis
    layout = TSNE(perplexity=perplexity, init=start, random_state=seed)
    return layout.fit_transform(np.asarray(mu, dtype=np.float32))


# -------------------------------------------------------------------------------- generators

LatentByIndex = Callable[[int], np.ndarray]


def latent_by_index(run: Run, z_dim: int) -> LatentByIndex:
    """Return what gives z by its number, always the same (Z,): noise of the run's own kind."""
    return lambda index: draw_z(run.config, "panel", index, num=1, z_dim=z_dim)[0].numpy()


def generate(G: nn.Module, z: np.ndarray, c: np.ndarray | None = None) -> np.ndarray:
    """Return a generator's images of z (N, Z) and c (N, label_dim) as uint8 (N, H, W, C)."""
    label = None if c is None else torch.as_tensor(c, dtype=torch.float32)
    return generate_images(G, torch.as_tensor(z, dtype=torch.float32), label)


def has_binary_labels(G: nn.Module) -> bool:
    """Whether a generator embeds its labels, and so knows nothing between off and on."""
    return isinstance(G.join, JoinEmbedding)


# ------------------------------------------------------------------------------ test images


def data_of(run: Run) -> Data:
    """Open the images that a run learnt from, which must be the same as then."""
    facts, config = run.record["data"], run.config
    options = {"crop": config.crop, "skip_bad": bool(facts["num_left_out"])}
    data = load_data(config.data, config.image_size, **options)
    if data.fingerprint != facts["fingerprint"]:
        raise UserError("data_since_run", data=config.data, run=run.path.name)
    return data


def attribute_labels(data: Data, attribute: str | None, index: np.ndarray) -> np.ndarray | None:
    """Return the labels of an attribute, 0/1 (N,), of the test images `index`; None without one."""
    if attribute is None or data.test.labels is None:
        return None
    return np.asarray(data.test.labels[index, data.attributes.index(attribute)])


def central_pair(mu: np.ndarray, images: np.ndarray) -> tuple[int, int]:
    """Return two ordinary images that differ: where a figure of latents starts, and ends.

    The first of `images`, uint8 (N, H, W, C), is the one nearest to their mean; the second is, of
    the tenth nearest to it, the one whose latents `mu` (N, Z) are furthest from the first's.
    """
    mean = images.mean(0, dtype=np.float64)
    errors = np.array([np.square(image - mean).mean() for image in images])
    central = np.argsort(errors, kind="stable")[: max(2, round(CENTRAL_SHARE * len(images)))]
    away = np.square(mu[central] - mu[central[0]]).sum(1)
    return int(central[0]), int(central[np.argmax(away)])


# ------------------------------------------------------------------------ frames for `show.slider`


def _same(text: Any) -> dict[str, Any]:
    """Return what is the same in every language."""
    return dict.fromkeys(LANGUAGES, text)


PERCENTAGES = _same([f"{100 * share:.0f} %" for share in SHARES])


def interpolation_track(vae: nn.Module, images: np.ndarray) -> Track:
    """Return the straight way through latent space between two images, uint8 (2, H, W, C)."""
    z = interpolate(*encode(vae, images), SHARES, is_spherical=False)
    return Track(decode(vae, z), _same("A → B"), PERCENTAGES)


def latent_tracks(
    vae: nn.Module, z: np.ndarray, which: Sequence[int], values: Sequence[float]
) -> list[Track]:
    """Return a slider that sets each of some latents of z (Z,); it starts nearest to its own."""
    tracks, labels = [], _same([signed(value, 1) for value in values])
    for latent in which:
        row = np.tile(np.asarray(z, dtype=np.float32), (len(values), 1))
        row[:, latent] = values
        start = int(np.abs(np.asarray(values) - z[latent]).argmin())
        tracks.append(Track(decode(vae, row), _same(f"z[{latent}]"), labels, start))
    return tracks


def noise_tracks(G: nn.Module, z_of: LatentByIndex) -> list[Track]:
    """Return the straight and the spherical way between two z of a generator without labels."""
    tracks = []
    for path in ("linear", "spherical"):
        z = interpolate(z_of(0), z_of(1), SHARES, is_spherical=path == "spherical")
        tracks.append(Track(generate(G, z), in_all_languages(path), PERCENTAGES))
    return tracks


def attribute_tracks(G: nn.Module, z_of: LatentByIndex, attributes: Sequence[str]) -> list[Track]:
    """Return a slider for each attribute, the first four, from off to on over several z in a row.

    The other labels stay off. An embedding knows nothing between off and on: two frames.
    """
    values = np.linspace(0, 1, 2 if has_binary_labels(G) else NUM_SWITCHED)
    between = [f"{value:.3g}" for value in values[1:-1]]
    labels = in_languages(lambda lang: [words("off", lang), *between, words("on", lang)])
    tracks = []
    for name, only in zip(attributes[:MAX_TRACKS], np.eye(len(attributes)), strict=False):
        title = in_languages(partial(plots.attribute_name, name))
        tracks.append(Track(_rows(G, z_of, np.outer(values, only)), title, labels))
    return tracks


def code_tracks(G: nn.Module, z_of: LatentByIndex) -> list[Track]:
    """Return a slider for each code of an InfoGAN over several z in a row, other codes at 0."""
    num_codes = G.label_dim // CODE_SIZE
    labels, name = _same([*map(str, range(CODE_SIZE))]), "code" if num_codes == 1 else "codes"
    tracks = []
    for k in range(num_codes):
        codes = torch.zeros(CODE_SIZE, num_codes, dtype=int)
        codes[:, k] = torch.arange(CODE_SIZE)
        title = in_all_languages(name, code=k + 1)
        tracks.append(Track(_rows(G, z_of, one_hot(codes).numpy()), title, labels))
    return tracks


def _rows(G: nn.Module, z_of: LatentByIndex, c: np.ndarray) -> np.ndarray:
    """Generate from several z side by side with each of the labels c (T, label_dim)."""
    z = np.stack([z_of(number) for number in range(NUM_Z)])
    images = generate(G, np.tile(z, (len(c), 1)), np.repeat(c, NUM_Z, axis=0))
    rows = np.split(images, len(c))
    return np.stack([plots.compose(row, NUM_Z, factor=1, gap=GAP_PX) for row in rows])
