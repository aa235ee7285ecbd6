"""Sheets of images with words beside and below them, enlarged smoothly, contrast untouched.

Images are uint8 (..., H, W, C), C 1 or 3; a `code` is counted from 1. Options, `ax` among them, are
those of `image_blocks`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from hwlib.plots.style import COLUMN_IN, HIGHEST_IN, short_name, styled, weight_name, words
from hwlib.text import width, wrap

CANVAS_PX = 1200  # about how many pixels wide a sheet of images is drawn
WORD_GAP_IN = 0.03
WORD_POINTS = 7.5  # size of the words beside and below a sheet
MAX_FRAMES = 12  # columns of a growth figure: as many as a run scores snapshots
IMAGE_IN = 0.9  # the most inches of an image in a growth figure, whose rows are many
NAME_LETTERS = 14  # of an attribute on one line beside a row
BLANK = 236  # grey of a place without an image
Z_NAME = "$z_{{{}}}$".format  # of a latent, or a noise, by its number


def enlarge(images: np.ndarray, factor: int) -> np.ndarray:
    """Enlarge images smoothly, `factor` times both ways: uint8 (N, H, W, C) to (N, fH, fW, C)."""
    if factor == 1 or not len(images):
        return images
    num, height, width, channels = images.shape
    size = (width * factor, height * factor)
    images = images[..., 0] if channels == 1 else images
    large = [Image.fromarray(one).resize(size, Image.Resampling.BICUBIC) for one in images]
    return np.stack(large).reshape(num, size[1], size[0], channels)


def compose(
    images: np.ndarray, columns: int, *, factor: int | None = None, gap: int | None = None
) -> np.ndarray:
    """Lay images, (N, H, W, C), out in rows on white.

    A `factor` of None makes the sheet about 1,200 pixels wide; `gap` is of white pixels between
    images, and None a thin line in proportion.

    Returns:
        the sheet, uint8 (rows * (H * factor + gap) - gap, likewise, 3).
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[3] not in (1, 3):
        raise ValueError(
            f"images must be uint8 (N, H, W, C) with C 1 or 3, not {images.dtype} {images.shape}"
        )
    factor = factor or max(1, round(CANVAS_PX / (columns * images.shape[2])))
    gap = max(2, round(images.shape[2] * factor / 32)) if gap is None else gap
    large = enlarge(images, factor)
    large = np.broadcast_to(large, (*large.shape[:3], 3))  # grey ones too
    around = ((0, -len(images) % columns), (0, gap), (0, gap), (0, 0))
    cells = np.pad(large, around, constant_values=255)
    rows = [np.concatenate(row, axis=1) for row in np.split(cells, len(cells) // columns)]
    return np.concatenate(rows)[: -gap or None, : -gap or None]


@styled
def image_blocks(
    blocks: Sequence[np.ndarray],
    columns: int,
    row_labels: Sequence[Sequence[str]],
    *,
    column_labels: Sequence[str] = (),
    xlabel: str | None = None,
    ylabel: str | None = None,
    image_in: float = COLUMN_IN,
    ax: Axes | None = None,
) -> Axes:
    """Draw blocks of rows of images, pixel by pixel, with a gap between the blocks.

    Args:
        blocks: (N, H, W, C) each, `columns` images in a row.
        row_labels: of each block the words on its left, spread over its height.
        column_labels: a word below each column; evenly fewer where they would touch.
        xlabel, ylabel: a line below the column labels, and one left of the row labels, turned.
        image_in: the most inches that one image may be wide; it is narrower where the sheet would
            be too high to be printed in full size.
    """
    sheets = [compose(images, columns) for images in blocks]
    if len({sheet.shape[1] for sheet in sheets}) > 1:
        raise ValueError("the images of the blocks differ in size")
    gap, top, rows = sheets[0].shape[1] // 40, 0, {}  # the words of rows by their middles
    for one, own in zip(sheets, row_labels, strict=False):
        rows |= {top + place: word for place, word in _middles(len(one), own).items()}
        top += len(one) + gap
    gaps = [np.pad(one, ((0, gap), (0, 0), (0, 0)), constant_values=255) for one in sheets]
    sheet = np.concatenate(gaps)[: -gap or None]
    places = _middles(sheet.shape[1], column_labels)
    if ax is None:
        left = max((_width_in(word) for word in rows.values()), default=0)
        left = (left and left + 0.14) + (0.26 if ylabel else 0)
        lines = max((word.count("\n") + 1 for word in column_labels), default=0)
        bottom = (0.07 + 1.25 * WORD_POINTS / 72 * lines if lines else 0) + (0.2 if xlabel else 0)
        most = (HIGHEST_IN - bottom) * sheet.shape[1] / sheet.shape[0]
        dpi = sheet.shape[1] / min(COLUMN_IN - left, columns * image_in, most)
        # each pixel of the sheet is one pixel of the figure; matplotlib cuts the size down to whole
        # pixels: a hair more keeps the last one
        corner, pixels = np.round((left * dpi, bottom * dpi)), np.array(sheet.shape[1::-1])
        size = corner + pixels
        fig = plt.figure(figsize=(size + 1e-3) / dpi, dpi=dpi, layout="none")
        ax = fig.add_axes((*(corner / size), *(pixels / size)))
        if len(places) > 1:  # those that stay, the last among them, do not touch
            widest = max(map(_width_in, column_labels)) + WORD_GAP_IN
            step = math.ceil(widest * dpi * len(places) / sheet.shape[1])
            places = dict([*places.items()][:: -max(1, step)][::-1])
    ax.imshow(sheet, interpolation="nearest", aspect="equal")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, pad=4)
    ax.set_yticks([*rows], rows.values())
    ax.set_xticks([*places], places.values(), fontsize=WORD_POINTS)
    ax.set_xlabel(xlabel or "", labelpad=2)
    ax.set_ylabel(ylabel or "", labelpad=6)
    return ax


def image_grid(
    images: np.ndarray, columns: int = 8, *, row_labels: Sequence[str] = (), **options: Any
) -> Axes:
    """Draw images, uint8 (N, H, W, C), in rows with thin gaps, contrast untouched.

    `row_labels` has a word for each row; further options are those of `image_blocks`.
    """
    return image_blocks([images], columns, [row_labels], **options)


def image_table(images: np.ndarray, **options: Any) -> Axes:
    """Draw images by row and column, uint8 (rows, columns, H, W, C); see `image_grid`."""
    return image_grid(images.reshape(-1, *images.shape[2:]), images.shape[1], **options)


def _width_in(word: str) -> float:
    """Estimate the width of a word in inches: a wide glyph is one em, a letter about half."""
    lines = word.replace("$", "").replace("\\mu", "m").split("\n")
    return max(map(width, lines)) / 2 * WORD_POINTS / 72


def _middles(length: int, words: Sequence[str]) -> dict[float, str]:
    """Return the words of equal rows (or columns) by their middles, over `length` pixels."""
    # pixel centres are at whole numbers
    return {(i + 0.5) * (length + 1) / len(words) - 1: word for i, word in enumerate(words)}


# ------------------------------------------------------------------------- training and latents


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
    columns = [f"{value:+g}".replace("-", "−") if value else "0" for value in values]
    labels = {"row_labels": [*map(Z_NAME, latents)], "column_labels": columns}
    return image_table(frames, xlabel=words("value", lang), **labels, **options)


def growth(frames: np.ndarray, steps: Sequence[int], *, lang: str = "en", **options: Any) -> Axes:
    """Draw how images of fixed noise grow, (T, N, H, W, C): a row a noise, a column a step (T,).

    Of more than twelve steps twelve are shown, the first and the last among them.
    """
    shown = np.linspace(0, len(frames) - 1, min(len(frames), MAX_FRAMES)).round().astype(int)
    noises = [Z_NAME(i + 1) for i in range(frames.shape[1])]
    labels = {"row_labels": noises, "column_labels": [f"{int(steps[i]):,}" for i in shown]}
    labels |= {"xlabel": words("step", lang), "image_in": IMAGE_IN}
    return image_table(frames[shown].swapaxes(0, 1), **labels, **options)


def side_by_side(
    groups: Mapping[str, np.ndarray], *, columns: int = 8, rows: int = 2, **options: Any
) -> Axes:
    """Draw the first rows of images of each kind, (N, H, W, C) by name, below one another."""
    blocks = [images[: rows * columns] for images in groups.values()]
    return image_blocks(blocks, columns, [[name] for name in groups], **options)


def report_and_today(images: Sequence[np.ndarray], *, lang: str = "en", **options: Any) -> Axes:
    """Draw a report's images above those of today's recipe, and above real ones if there are any.

    Each is (N, H, W, C), or pairs (N, 2, H, W, C), whose firsts are a row and seconds the next.
    """
    rows = [one if one.ndim == 4 else np.concatenate([*one.swapaxes(0, 1)]) for one in images]
    names = [words(key, lang) for key in ("of_report", "of_today", "real")]
    return side_by_side(dict(zip(names, rows, strict=False)), **options)


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
    noises = [Z_NAME(i + 1) for i in range(len(images))]
    return _code_columns(images, code, lang, row_labels=noises, **options)


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

    Below `originals` (N or more, H, W, C) stand, by weight, frames (T, N, H, W, C) at steps (T,).
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
