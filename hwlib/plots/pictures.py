"""Sheets of images: enlarged smoothly, contrast untouched."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from hwlib.plots.look import CANVAS_PX, COLUMN_IN, HIGHEST_IN, styled, words

KERNEL = Image.Resampling.BICUBIC
WORD_GAP_IN = 0.03
ROW_POINTS = 7.5  # size of the words beside and below a sheet


def _as_rgb(images: np.ndarray) -> np.ndarray:
    """Check pictures, uint8 (N, H, W, C), and return them as (N, H, W, 3)."""
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[3] not in (1, 3):
        raise ValueError(
            f"pictures must be uint8 (N, H, W, C) with C 1 or 3, not {images.dtype} {images.shape}"
        )
    return np.repeat(images, 3, axis=3) if images.shape[3] == 1 else images


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
        columns: pictures in a row.
        factor: whole enlargement; None chooses the one that makes the sheet about 1,200 wide.
        gap: white pixels between pictures; None is a thin line in proportion.

    Returns:
        the sheet, uint8 (rows * (H * factor + gap) - gap, likewise, 3).
    """
    images = _as_rgb(images)
    if factor is None:
        factor = max(1, round(CANVAS_PX / (columns * images.shape[2])))
    gap = max(2, round(images.shape[2] * factor / 32)) if gap is None else gap
    num, height, width = len(images), images.shape[1] * factor, images.shape[2] * factor
    rows = -(-num // columns)
    sheet = np.full(
        (rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, dtype=np.uint8
    )
    for i, image in enumerate(enlarge(images, factor)):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def text_width_in(text: str, points: float) -> float:
    """Estimate the width of `text` in inches: wide glyphs are one em, the others about half."""
    lines = text.replace("$", "").replace("\\mu", "m").split("\n")
    ems = [sum(1.0 if ord(c) > 0x2E00 else 0.5 for c in line) for line in lines]
    return max(ems) * points / 72


def _pixel_axes(
    sheet: np.ndarray, *, width_in: float, left_in=0.0, bottom_in=0.0, top_in=0.0
) -> Axes:
    """Return axes on which each pixel of `sheet` is one pixel of the figure."""
    dpi = sheet.shape[1] / (width_in - left_in)
    left, bottom, top = (round(inches * dpi) for inches in (left_in, bottom_in, top_in))
    width, height = left + sheet.shape[1], bottom + top + sheet.shape[0]
    # matplotlib cuts the size down to whole pixels: a hair more keeps the last one
    size = ((width + 1e-3) / dpi, (height + 1e-3) / dpi)
    fig = plt.figure(figsize=size, dpi=dpi, layout="none")
    box = (left / width, bottom / height, sheet.shape[1] / width, sheet.shape[0] / height)
    return fig.add_axes(box)


@styled
def draw_sheet(
    sheet: np.ndarray,
    *,
    rows: Sequence[tuple[float, str]] = (),
    columns: Sequence[tuple[float, str]] = (),
    xlabel: str | None = None,
    ylabel: str | None = None,
    sheet_in: float = COLUMN_IN,
    ax: Axes | None = None,
) -> Axes:
    """Draw a sheet of `compose` pixel by pixel, with words beside and below it.

    Args:
        sheet: uint8 (height, width, 3).
        rows: where a word stands on the left, in pixels from the top, and the word.
        columns: where a word stands below, in pixels from the left, and the word.
        xlabel: a line below the words of the columns.
        ylabel: a line left of the words of the rows, turned.
        sheet_in: the most inches that the sheet alone may be wide; it is narrower where it would
            be too high to be printed in full size.
        ax: axes to draw on (then the size is theirs); None makes a figure of the exact size.
    """
    if ax is None:
        left = max((text_width_in(word, ROW_POINTS) for _, word in rows), default=0)
        left = (left and left + 0.14) + (0.26 if ylabel else 0)
        lines = max((word.count("\n") + 1 for _, word in columns), default=0)
        bottom = 0.07 + 1.25 * ROW_POINTS / 72 * lines if columns else 0
        bottom += 0.2 if xlabel else 0
        most = (HIGHEST_IN - bottom) * sheet.shape[1] / sheet.shape[0]
        width = left + min(COLUMN_IN - left, sheet_in, most)
        ax = _pixel_axes(sheet, width_in=width, left_in=left, bottom_in=bottom)
        columns = _with_room(columns, sheet.shape[1] / (width - left))
    ax.imshow(sheet, interpolation="nearest", aspect="equal")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, pad=4)
    ax.set_yticks([place for place, _ in rows], [word for _, word in rows])
    ax.set_xticks(
        [place for place, _ in columns], [word for _, word in columns], fontsize=ROW_POINTS
    )
    if xlabel:
        ax.set_xlabel(xlabel, labelpad=2)
    if ylabel:
        ax.set_ylabel(ylabel, labelpad=6)
    return ax


def _with_room(words: Sequence[tuple[float, str]], dpi: float) -> list[tuple[float, str]]:
    """Leave out words, evenly, so that those that stay, the last among them, do not touch."""
    if len(words) < 2:
        return list(words)
    step_in = (words[1][0] - words[0][0]) / dpi
    widest = max(text_width_in(word, ROW_POINTS) for _, word in words) + WORD_GAP_IN
    every = max(1, math.ceil(widest / step_in))
    return list(words[::-1][::every][::-1])


def middles(length: int, words: Sequence[str] | None) -> list[tuple[float, str]]:
    """Pair the words of equal rows (or columns) with their middles, over `length` pixels."""
    if not words:
        return []
    step = (length + 1) / len(words)  # pixel centres are at whole numbers
    return [((i + 0.5) * step - 1, word) for i, word in enumerate(words)]


def image_grid(
    images: np.ndarray,
    columns: int = 8,
    *,
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    factor: int | None = None,
    picture_in: float = COLUMN_IN,
    ax: Axes | None = None,
) -> Axes:
    """Draw images in rows with thin gaps, contrast untouched.

    Args:
        images: uint8 (N, H, W, C), C 1 or 3.
        columns: pictures in a row.
        row_labels: a word left of each row.
        column_labels: a word below each column.
        xlabel: a line below the column labels.
        ylabel: a line left of the row labels.
        factor: whole enlargement; None chooses it.
        picture_in: the most inches that one picture may be wide.
        ax: axes to draw on (then the size is theirs); None makes a figure of the exact size.
    """
    sheet = compose(images, columns, factor=factor)
    return draw_sheet(
        sheet,
        rows=middles(sheet.shape[0], row_labels),
        columns=middles(sheet.shape[1], column_labels),
        xlabel=xlabel,
        ylabel=ylabel,
        sheet_in=columns * picture_in,
        ax=ax,
    )


def pairs(
    upper: np.ndarray,
    lower: np.ndarray,
    row_labels: Sequence[str] | None = None,
    *,
    lang: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw one row of pictures above another, uint8 (N, H, W, C) each.

    Args:
        upper: the first row.
        lower: the second row, as many pictures.
        row_labels: words for the two rows; None says test image and reconstruction in `lang`.
    """
    if upper.shape != lower.shape:
        raise ValueError(f"the rows differ in shape: {upper.shape} and {lower.shape}")
    labels = row_labels or (words("test_images", lang), words("reconstructions", lang))
    images = np.concatenate([upper, lower])
    return image_grid(images, columns=len(upper), row_labels=labels, ax=ax)


def interpolation(
    frames: np.ndarray, *, row_labels: Sequence[str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw paths through latent space, a row each, with the share of the way below.

    Args:
        frames: uint8 (rows, steps, H, W, C).
    """
    rows, steps = frames.shape[:2]
    shares = [f"{share:.0%}" for share in np.linspace(0, 1, steps)]
    images = frames.reshape(rows * steps, *frames.shape[2:])
    return image_grid(images, steps, row_labels=row_labels, column_labels=shares, ax=ax)


def traversal(
    frames: np.ndarray,
    latents: Sequence[int],
    values: Sequence[float],
    *,
    lang: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw what single latents do: a row a latent, a column a value of it.

    Args:
        frames: uint8 (len(latents), len(values), H, W, C).
        latents: index of the latent in each row.
        values: what it is set to in each column.
    """
    rows, columns = frames.shape[:2]
    return image_grid(
        frames.reshape(rows * columns, *frames.shape[2:]),
        columns,
        row_labels=[f"$z_{{{latent}}}$" for latent in latents],
        column_labels=[f"{value:+g}".replace("-", "−") if value else "0" for value in values],
        xlabel=words("value", lang),
        ax=ax,
    )
