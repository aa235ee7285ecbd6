"""Images side by side: over training, beside real ones, with labels, codes, weights changed.

Images are uint8 (..., H, W, C); a `code` is counted from 1. Options, `ax` among them, are those of
`image_blocks`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from hwlib.plots.sheets import image_blocks, image_table
from hwlib.plots.style import short_name, weight_name, words
from hwlib.text import wrap

MAX_FRAMES = 12  # columns of a growth figure: as many as a run scores snapshots
IMAGE_IN = 0.9  # the most inches of an image in a growth figure, whose rows are many
NAME_LETTERS = 14  # of an attribute on one line beside a row
BLANK = 236  # grey of a place without an image


def _noises(count: int) -> list[str]:
    """Name the first noises: z with its number as its index."""
    return [f"$z_{{{i + 1}}}$" for i in range(count)]


def pairs(upper: np.ndarray, lower: np.ndarray, *, lang: str = "en", **options: Any) -> Axes:
    """Draw a row of test images above one of their reconstructions, (N, H, W, C) each."""
    if upper.shape != lower.shape:
        raise ValueError(f"the rows differ in shape: {upper.shape} and {lower.shape}")
    labels = (words("test_images", lang), words("reconstructions", lang))
    return image_table(np.stack([upper, lower]), row_labels=labels, **options)


def nearest(images: np.ndarray, *, lang: str = "en", **options: Any) -> Axes:
    """Draw samples above the training images nearest to them: (N, 2, H, W, C)."""
    labels = (words("sample", lang), words("nearest", lang))
    return image_table(images.swapaxes(0, 1), row_labels=labels, **options)


def interpolation(frames: np.ndarray, **options: Any) -> Axes:
    """Draw paths through latent space, (paths, steps, H, W, C), a row each."""
    shares = [f"{share:.0%}" for share in np.linspace(0, 1, frames.shape[1])]
    return image_table(frames, column_labels=shares, **options)


def traversal(
    frames: np.ndarray,
    latents: Sequence[int],
    values: Sequence[float],
    *,
    lang: str = "en",
    **options: Any,
) -> Axes:
    """Draw what single latents do: (latents, values, H, W, C), a row a latent, a column a value."""
    rows = [f"$z_{{{latent}}}$" for latent in latents]
    columns = [f"{value:+g}".replace("-", "−") if value else "0" for value in values]
    options |= {"row_labels": rows, "column_labels": columns, "xlabel": words("value", lang)}
    return image_table(frames, **options)


def growth(frames: np.ndarray, steps: Sequence[int], *, lang: str = "en", **options: Any) -> Axes:
    """Draw how images of fixed noise grow: a row a noise, a column a step of the training.

    Args:
        frames: (T, N, H, W, C).
        steps: (T,), when each was drawn; of more than twelve, twelve are shown, first and last too.
    """
    shown = np.linspace(0, len(frames) - 1, min(len(frames), MAX_FRAMES)).round().astype(int)
    options |= {"row_labels": _noises(frames.shape[1]), "xlabel": words("step", lang)}
    options |= {"column_labels": [f"{int(steps[i]):,}" for i in shown], "image_in": IMAGE_IN}
    return image_table(frames[shown].swapaxes(0, 1), **options)


def side_by_side(
    groups: Mapping[str, np.ndarray], *, columns: int = 8, rows: int = 2, **options: Any
) -> Axes:
    """Draw the first rows of images of each kind, (N, H, W, C) by name, below one another."""
    blocks = [images[: rows * columns] for images in groups.values()]
    return image_blocks(blocks, columns, [[name] for name in groups], **options)


# ------------------------------------------------------------------------- attributes and codes


def attribute_pairs(images: np.ndarray, attribute: str, **options: Any) -> Axes:
    """Draw pairs of one noise, with the attribute above, without below: (N, 2, H, W, C)."""
    return attribute_pairs_more(images[np.newaxis], [attribute], **options)


def attribute_pairs_more(
    images: np.ndarray, attributes: Sequence[str], *, lang: str = "en", **options: Any
) -> Axes:
    """Draw such pairs for several attributes, two rows each: (A, N, 2, H, W, C)."""
    names = ["\n".join(wrap(short_name(name, lang), NAME_LETTERS)) for name in attributes]
    labels = [[words(key, lang, attribute=name) for key in ("is_on", "is_off")] for name in names]
    blocks = [one.swapaxes(0, 1).reshape(-1, *one.shape[2:]) for one in images]
    return image_blocks(blocks, images.shape[1], labels, **options)


def code_grid(images: np.ndarray, code: int = 1, *, lang: str = "en", **options: Any) -> Axes:
    """Draw what one code does: a row a noise, a column a value: (rows, 10, H, W, C)."""
    return _code_columns(images, code, lang, row_labels=_noises(len(images)), **options)


def code_combinations(images: np.ndarray, *, lang: str = "en", **options: Any) -> Axes:
    """Draw every pair of values of two codes with one noise: (10, 10, H, W, C)."""
    options |= {"row_labels": [*map(str, range(len(images)))]}
    return _code_columns(images, 2, lang, ylabel=words("code_value", lang, code=1), **options)


def code_real(images: np.ndarray, code: int = 1, *, lang: str = "en", **options: Any) -> Axes:
    """Draw real images below the value that Q reads off them: (10, N, H, W, C).

    The surest come first; an image of zeros is none, and left pale.
    """
    is_absent = (images == 0).all(axis=(2, 3, 4), keepdims=True)
    images = np.where(is_absent, np.uint8(BLANK), images).swapaxes(0, 1)
    return _code_columns(images, code, lang, **options)


def _code_columns(images: np.ndarray, code: int, lang: str, **options: Any) -> Axes:
    """Draw a column for each value of a code."""
    options |= {"column_labels": [*map(str, range(images.shape[1]))]}
    return image_table(images, xlabel=words("code_value", lang, code=code), **options)


# ---------------------------------------------------------------------------------- KL weights


def weight_growth(
    originals: np.ndarray,
    frames: Mapping[float, np.ndarray],
    steps: Sequence[int],
    lang: str = "en",
    **options: Any,
) -> Axes:
    """Draw how reconstructions of the same test images improve, a block of rows a weight.

    Args:
        originals: (N or more, H, W, C).
        frames: by weight, (T, N, H, W, C).
        steps: (T,), after which they were made.
    """
    blocks, labels = [], [[words("test_images", lang)]]
    for weight, one in frames.items():
        about = {"weight": weight_name(weight)}
        labels.append([words("kl_at_step", lang, **about, step=int(step)) for step in steps])
        blocks.append(one.reshape(-1, *one.shape[2:]))
    count = len(blocks[0]) // len(steps)
    return image_blocks([originals[:count], *blocks], count, labels, **options)


def weight_samples(
    originals: np.ndarray, samples: Mapping[float, np.ndarray], lang: str = "en", **options: Any
) -> Axes:
    """Draw two rows of real images, then two of samples by weight, (N, H, W, C) each."""
    named = {weight_name(weight): images for weight, images in samples.items()}
    return side_by_side({words("kl_real", lang): originals} | named, **options)


def weight_interpolations(
    frames: Mapping[float, np.ndarray], lang: str = "en", **options: Any
) -> Axes:
    """Draw the straight way between two test images by weight, (N, H, W, C) each.

    `lang` is of no consequence, as a row has its weight for a name.
    """
    names = [weight_name(weight) for weight in frames]
    return interpolation(np.stack(list(frames.values())), row_labels=names, **options)
