"""Sheets of images with words beside and below them: enlarged smoothly, contrast untouched."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from hwlib.plots.style import CANVAS_PX, COLUMN_IN, HIGHEST_IN, styled
from hwlib.text import width

KERNEL = Image.Resampling.BICUBIC
WORD_GAP_IN = 0.03
WORD_POINTS = 7.5  # size of the words beside and below a sheet

Place = tuple[float, str]  # pixels from the sheet's top or left edge, and the word there


def enlarge(images: np.ndarray, factor: int) -> np.ndarray:
    """Enlarge images smoothly, `factor` times both ways: uint8 (N, H, W, C) to (N, fH, fW, C)."""
    if factor == 1 or not len(images):
        return images
    height, width, channels = images.shape[1:]
    size = (width * factor, height * factor)
    large = [
        np.asarray(Image.fromarray(image[..., 0] if channels == 1 else image).resize(size, KERNEL))
        for image in images
    ]
    return np.stack(large).reshape(len(images), size[1], size[0], channels)


def compose(
    images: np.ndarray, columns: int, *, factor: int | None = None, gap: int | None = None
) -> np.ndarray:
    """Lay images out in rows on white.

    Args:
        images: uint8 (N, H, W, C), C 1 or 3.
        columns: images in a row.
        factor: whole enlargement; None chooses the one that makes the sheet about 1,200 wide.
        gap: white pixels between images; None is a thin line in proportion.

    Returns:
        the sheet, uint8 (rows * (H * factor + gap) - gap, likewise, 3).
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[3] not in (1, 3):
        raise ValueError(
            f"images must be uint8 (N, H, W, C) with C 1 or 3, not {images.dtype} {images.shape}"
        )
    if factor is None:
        factor = max(1, round(CANVAS_PX / (columns * images.shape[2])))
    gap = max(2, round(images.shape[2] * factor / 32)) if gap is None else gap
    height, width = images.shape[1] * factor + gap, images.shape[2] * factor + gap
    rows = -(-len(images) // columns)
    sheet = np.full((rows * height - gap, columns * width - gap, 3), 255, dtype=np.uint8)
    for i, image in enumerate(enlarge(images, factor)):
        top, left = i // columns * height, i % columns * width
        sheet[top : top + height - gap, left : left + width - gap] = image
    return sheet


@styled
def image_blocks(
    blocks: Sequence[np.ndarray],
    columns: int,
    row_labels: Sequence[Sequence[str]],
    *,
    column_labels: Sequence[str] = (),
    xlabel: str | None = None,
    ylabel: str | None = None,
    factor: int | None = None,
    image_in: float = COLUMN_IN,
    ax: Axes | None = None,
) -> Axes:
    """Draw blocks of rows of images, pixel by pixel, with a gap between the blocks.

    Args:
        blocks: uint8 (N, H, W, C) each, C 1 or 3.
        columns: images in a row.
        row_labels: of each block the words on its left, spread over its height.
        column_labels: a word below each column; evenly fewer where they would touch.
        xlabel: a line below the column labels.
        ylabel: a line left of the row labels, turned.
        factor: whole enlargement; None chooses it.
        image_in: the most inches that one image may be wide; it is narrower where the sheet would
            be too high to be printed in full size.
        ax: axes to draw on (then the size is theirs); None makes a figure of the exact size.
    """
    sheets = [compose(images, columns, factor=factor) for images in blocks]
    if len({sheet.shape[1] for sheet in sheets}) > 1:
        raise ValueError("the images of the blocks differ in size")
    gap = sheets[0].shape[1] // 40
    white = np.full((gap, sheets[0].shape[1], 3), 255, dtype=np.uint8)
    sheet = np.concatenate([part for one in sheets for part in (one, white)][:-1])
    tops = np.cumsum([0, *(len(one) + gap for one in sheets)])
    rows = [
        (top + place, word)
        for one, top, words in zip(sheets, tops, row_labels, strict=False)
        for place, word in _middles(len(one), words)
    ]
    places = _middles(sheet.shape[1], column_labels)
    if ax is None:
        left = max((_width_in(word) for _, word in rows), default=0)
        left = (left and left + 0.14) + (0.26 if ylabel else 0)
        lines = max((word.count("\n") + 1 for word in column_labels), default=0)
        bottom = 0.07 + 1.25 * WORD_POINTS / 72 * lines if lines else 0
        bottom += 0.2 if xlabel else 0
        most = (HIGHEST_IN - bottom) * sheet.shape[1] / sheet.shape[0]
        dpi = sheet.shape[1] / min(COLUMN_IN - left, columns * image_in, most)
        ax = _pixel_axes(sheet, dpi=dpi, left_in=left, bottom_in=bottom)
        places = _with_room(places, dpi)
    ax.imshow(sheet, interpolation="nearest", aspect="equal")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, pad=4)
    ax.set_yticks([place for place, _ in rows], [word for _, word in rows])
    ax.set_xticks([at for at, _ in places], [word for _, word in places], fontsize=WORD_POINTS)
    ax.set_xlabel(xlabel or "", labelpad=2)
    ax.set_ylabel(ylabel or "", labelpad=6)
    return ax


def image_grid(
    images: np.ndarray, columns: int = 8, *, row_labels: Sequence[str] = (), **options
) -> Axes:
    """Draw images, uint8 (N, H, W, C), in rows with thin gaps, contrast untouched.

    `row_labels` has a word for each row; further options are those of `image_blocks`.
    """
    return image_blocks([images], columns, [row_labels], **options)


def image_table(images: np.ndarray, **options) -> Axes:
    """Draw images by row and column, uint8 (rows, columns, H, W, C); see `image_grid`."""
    return image_grid(images.reshape(-1, *images.shape[2:]), images.shape[1], **options)


def _width_in(word: str) -> float:
    """Estimate the width of a word in inches: a wide glyph is one em, a letter about half."""
    lines = word.replace("$", "").replace("\\mu", "m").split("\n")
    return max(map(width, lines)) / 2 * WORD_POINTS / 72


def _pixel_axes(sheet: np.ndarray, *, dpi: float, left_in: float, bottom_in: float) -> Axes:
    """Return axes on which each pixel of `sheet` is one pixel of the figure."""
    left, bottom = round(left_in * dpi), round(bottom_in * dpi)
    width, height = left + sheet.shape[1], bottom + sheet.shape[0]
    # matplotlib cuts the size down to whole pixels: a hair more keeps the last one
    size = ((width + 1e-3) / dpi, (height + 1e-3) / dpi)
    fig = plt.figure(figsize=size, dpi=dpi, layout="none")
    box = (left / width, bottom / height, sheet.shape[1] / width, sheet.shape[0] / height)
    return fig.add_axes(box)


def _middles(length: int, words: Sequence[str]) -> list[Place]:
    """Pair the words of equal rows (or columns) with their middles, over `length` pixels."""
    # pixel centres are at whole numbers
    return [((i + 0.5) * (length + 1) / len(words) - 1, word) for i, word in enumerate(words)]


def _with_room(words: Sequence[Place], dpi: float) -> Sequence[Place]:
    """Leave out words, evenly, so that those that stay, the last among them, do not touch."""
    if len(words) < 2:
        return words
    step_in = (words[1][0] - words[0][0]) / dpi
    widest = max(_width_in(word) for _, word in words) + WORD_GAP_IN
    return words[:: -max(1, math.ceil(widest / step_in))][::-1]
