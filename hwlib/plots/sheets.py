"""Sheets of images with words beside and below them: enlarged smoothly, contrast untouched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from hwlib.plots.style import COLUMN_IN, HIGHEST_IN, styled
from hwlib.text import width

CANVAS_PX = 1200  # about how many pixels wide a sheet of images is drawn
WORD_GAP_IN = 0.03
WORD_POINTS = 7.5  # size of the words beside and below a sheet


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
    factor = factor or max(1, round(CANVAS_PX / (columns * images.shape[2])))
    gap = max(2, round(images.shape[2] * factor / 32)) if gap is None else gap
    height, width = images.shape[1] * factor + gap, images.shape[2] * factor + gap
    rows = -(-len(images) // columns)
    cells = np.full((rows * columns, height, width, 3), 255, dtype=np.uint8)
    cells[: len(images), : height - gap, : width - gap] = enlarge(images, factor)
    sheet = cells.reshape(rows, columns, height, width, 3).swapaxes(1, 2)
    return sheet.reshape(rows * height, columns * width, 3)[: -gap or None, : -gap or None]


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
        blocks: uint8 (N, H, W, C) each, C 1 or 3.
        columns: images in a row.
        row_labels: of each block the words on its left, spread over its height.
        column_labels: a word below each column; evenly fewer where they would touch.
        xlabel: a line below the column labels.
        ylabel: a line left of the row labels, turned.
        image_in: the most inches that one image may be wide; it is narrower where the sheet would
            be too high to be printed in full size.
        ax: axes to draw on (then the size is theirs); None makes a figure of the exact size.
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
