"""Images side by side: over training, beside real ones, with labels, codes, weights changed.

A `code` is counted from 1; the options of a figure go to `image_grid`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from hwlib.plots.sheets import image_blocks, image_table
from hwlib.plots.style import attribute_name, short_name, weight_name, words
from hwlib.registry import PROBLEMS
from hwlib.text import wrap

MAX_FRAMES = 12  # columns of a growth figure: as many as a run scores snapshots
IMAGE_IN = 0.9  # the most inches of an image in a growth figure, whose rows are many
NAME_LETTERS = 14  # of an attribute on one line beside a row
BLANK = 236  # grey of a place without an image


def _symbol(letter: str, number: int) -> str:
    """Write a letter with a number as its index."""
    return f"${letter}_{{{number}}}$"


def _shares(count: int) -> list[str]:
    """Write how far along a way each of its images is."""
    return [f"{share:.0%}" for share in np.linspace(0, 1, count)]


def pairs(
    upper: np.ndarray,
    lower: np.ndarray,
    row_labels: Sequence[str] | None = None,
    *,
    lang: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw one row of images above another, uint8 (N, H, W, C) each.

    Without `row_labels` they are test images and reconstructions.
    """
    if upper.shape != lower.shape:
        raise ValueError(f"the rows differ in shape: {upper.shape} and {lower.shape}")
    labels = row_labels or (words("test_images", lang), words("reconstructions", lang))
    return image_table(np.stack([upper, lower]), row_labels=labels, ax=ax)


def nearest(images: np.ndarray, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw samples above the training images nearest to them: uint8 (N, 2, H, W, C)."""
    labels = (words("sample", lang), words("nearest", lang))
    return image_table(images.swapaxes(0, 1), row_labels=labels, ax=ax)


def interpolation(
    frames: np.ndarray, *, row_labels: Sequence[str] = (), ax: Axes | None = None
) -> Axes:
    """Draw paths through latent space, uint8 (paths, steps, H, W, C), a row each."""
    shares = _shares(frames.shape[1])
    return image_table(frames, row_labels=row_labels, column_labels=shares, ax=ax)


def traversal(
    frames: np.ndarray,
    latents: Sequence[int],
    values: Sequence[float],
    *,
    lang: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw what single latents do: uint8 (len(latents), len(values), H, W, C), a row a latent."""
    return image_table(
        frames,
        row_labels=[_symbol("z", latent) for latent in latents],
        column_labels=[f"{value:+g}".replace("-", "−") if value else "0" for value in values],
        xlabel=words("value", lang),
        ax=ax,
    )


def growth(
    frames: np.ndarray,
    steps: Sequence[int],
    problem: str = "gan",
    *,
    attribute: str | None = None,
    lang: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw how images of fixed noise grow: a row a noise, a column a step of the training.

    Args:
        frames: uint8 (T, N, H, W, C).
        steps: (T,), when each was drawn; of more than twelve, twelve are shown, first and last too.
        problem: ACGAN's rows are pairs of one noise with the label on and off, InfoGAN's are the
            values of the first code with one noise.
        attribute: the ACGAN's (first) attribute.
    """
    number = range(frames.shape[1])
    shown = np.linspace(0, len(frames) - 1, min(len(frames), MAX_FRAMES)).round().astype(int)
    condition = PROBLEMS[problem].condition
    if condition == "labels":
        keys = ("growing_on", "growing_off")
        rows = [words(keys[i % 2], lang, z=_symbol("z", i // 2 + 1)) for i in number]
    elif condition == "codes":
        rows = [words("growing_value", lang, code=_symbol("c", 1), value=i) for i in number]
    else:
        rows = [_symbol("z", i + 1) for i in number]
    is_switched = condition == "labels" and attribute is not None
    return image_table(
        frames[shown].swapaxes(0, 1),
        row_labels=rows,
        column_labels=[f"{int(steps[i]):,}" for i in shown],
        xlabel=words("step", lang),
        ylabel=attribute_name(attribute, lang) if is_switched else None,
        image_in=IMAGE_IN,
        ax=ax,
    )


def side_by_side(
    groups: Mapping[str, np.ndarray], *, columns: int = 8, rows: int = 2, ax: Axes | None = None
) -> Axes:
    """Draw rows of images of each kind, uint8 (N, H, W, C) by name, one kind below the other.

    The first `rows` times `columns` of each are shown.
    """
    blocks = [images[: rows * columns] for images in groups.values()]
    return image_blocks(blocks, columns, [[name] for name in groups], ax=ax)


# ------------------------------------------------------------------------- attributes and codes


def attribute_pairs(
    images: np.ndarray, attribute: str, *, lang: str = "en", ax: Axes | None = None
) -> Axes:
    """Draw pairs of one noise, with the attribute above, without below: uint8 (N, 2, H, W, C)."""
    return attribute_pairs_more(images[np.newaxis], [attribute], lang=lang, ax=ax)


def attribute_pairs_more(
    images: np.ndarray, attributes: Sequence[str], *, lang: str = "en", ax: Axes | None = None
) -> Axes:
    """Draw such pairs for several attributes, two rows each: uint8 (A, N, 2, H, W, C)."""
    names = ["\n".join(wrap(short_name(name, lang), NAME_LETTERS)) for name in attributes]
    labels = [[words(key, lang, attribute=name) for key in ("is_on", "is_off")] for name in names]
    blocks = [one.swapaxes(0, 1).reshape(-1, *one.shape[2:]) for one in images]
    return image_blocks(blocks, images.shape[1], labels, ax=ax)


def code_grid(
    images: np.ndarray, code: int = 1, *, lang: str = "en", ax: Axes | None = None
) -> Axes:
    """Draw what one code does: a row a noise, a column a value: uint8 (rows, 10, H, W, C)."""
    rows = [_symbol("z", i + 1) for i in range(len(images))]
    return _code_columns(images, code, lang, row_labels=rows, ax=ax)


def code_combinations(images: np.ndarray, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw every pair of values of two codes with one noise: uint8 (10, 10, H, W, C)."""
    rows, ylabel = [str(value) for value in range(len(images))], words("code_value", lang, code=1)
    return _code_columns(images, 2, lang, row_labels=rows, ylabel=ylabel, ax=ax)


def code_real(
    images: np.ndarray, code: int = 1, *, lang: str = "en", ax: Axes | None = None
) -> Axes:
    """Draw real images below the value that Q reads off them: uint8 (10, N, H, W, C).

    The surest come first; an image of zeros is none, and left pale.
    """
    is_absent = (images == 0).all(axis=(2, 3, 4), keepdims=True)
    images = np.where(is_absent, np.uint8(BLANK), images).swapaxes(0, 1)
    return _code_columns(images, code, lang, ax=ax)


def _code_columns(images: np.ndarray, code: int, lang: str, **options) -> Axes:
    """Draw a column for each value of a code."""
    values = [str(value) for value in range(images.shape[1])]
    xlabel = words("code_value", lang, code=code)
    return image_table(images, column_labels=values, xlabel=xlabel, **options)


# ---------------------------------------------------------------------------------- KL weights


def weight_growth(
    originals: np.ndarray,
    frames: Mapping[float, np.ndarray],
    steps: Sequence[int],
    lang: str = "en",
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw how reconstructions of the same test images improve, a block of rows a weight.

    Args:
        originals: uint8 (N or more, H, W, C).
        frames: by weight, uint8 (T, N, H, W, C).
        steps: (T,), after which they were made.
    """
    labels = [
        [words("kl_at_step", lang, weight=weight_name(weight), step=int(step)) for step in steps]
        for weight in frames
    ]
    made = [block.reshape(-1, *block.shape[2:]) for block in frames.values()]
    count = len(made[0]) // len(steps)
    labels = [[words("test_images", lang)], *labels]
    return image_blocks([originals[:count], *made], count, labels, ax=ax)


def weight_samples(
    originals: np.ndarray,
    samples: Mapping[float, np.ndarray],
    lang: str = "en",
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw two rows of real images, then two of samples by weight, uint8 (N, H, W, C) each."""
    named = {weight_name(weight): images for weight, images in samples.items()}
    return side_by_side({words("kl_real", lang): originals} | named, ax=ax)


def weight_interpolations(
    frames: Mapping[float, np.ndarray], lang: str = "en", *, ax: Axes | None = None
) -> Axes:
    """Draw the straight way between two test images by weight, uint8 (N, H, W, C) each.

    `lang` is of no consequence, as a row has its weight for a name.
    """
    names = [weight_name(weight) for weight in frames]
    return interpolation(np.stack(list(frames.values())), row_labels=names, ax=ax)
