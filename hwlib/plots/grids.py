"""What G makes, side by side: over training, beside real pictures, with labels, codes switched."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from hwlib.plots.look import attribute_name, short_name, words
from hwlib.plots.pictures import compose, draw_sheet, image_grid, middles, pairs

MAX_FRAMES = 12  # columns of a growth figure: as many as a run scores snapshots
PICTURE_IN = 0.9  # the most inches of a picture in a growth figure, whose rows are many
NAME_LETTERS = 14  # of an attribute on one line beside a row
BLANK = 236  # grey of a place without a picture


def growth(
    frames: np.ndarray,
    steps: Sequence[int],
    problem: str = "gan",
    *,
    attribute: str | None = None,
    lang: str = "en",
) -> Axes:
    """Draw how pictures of fixed noise grow: a row a noise, a column a step of the training.

    Args:
        frames: uint8 (T, N, H, W, C).
        steps: (T,), when each was drawn; of more than twelve, twelve are shown, first and last too.
        problem: ACGAN's rows are pairs of one noise with the label on and off, InfoGAN's are the
            values of the first code with one noise.
        attribute: the ACGAN's (first) attribute.
        lang: language of the words.
    """
    num = frames.shape[1]
    shown = np.unique(np.linspace(0, len(frames) - 1, min(len(frames), MAX_FRAMES)).round())
    shown = shown.astype(int)
    images = frames[shown].swapaxes(0, 1).reshape(-1, *frames.shape[2:])
    is_switched = problem == "acgan" and attribute is not None
    return image_grid(
        images,
        columns=len(shown),
        row_labels=_growing_rows(num, problem, lang),
        column_labels=[f"{int(steps[i]):,}" for i in shown],
        xlabel=words("step", lang),
        ylabel=attribute_name(attribute, lang) if is_switched else None,
        picture_in=PICTURE_IN,
    )


def _growing_rows(num: int, problem: str, lang: str) -> list[str]:
    """Name the rows of a growth figure."""
    if problem == "acgan":
        keys = ("growing_on", "growing_off")
        return [words(keys[i % 2], lang, z=_symbol("z", i // 2 + 1)) for i in range(num)]
    if problem == "infogan":
        return [words("growing_value", lang, code=_symbol("c", 1), value=i) for i in range(num)]
    return [_symbol("z", i + 1) for i in range(num)]


def _symbol(letter: str, number: int) -> str:
    """Write a letter with a number as its index."""
    return f"${letter}_{{{number}}}$"


def nearest(pictures: np.ndarray, *, lang: str = "en") -> Axes:
    """Draw samples above the training pictures that are nearest to them.

    Args:
        pictures: uint8 (N, 2, H, W, C): sample, training picture.
    """
    labels = (words("sample", lang), words("nearest", lang))
    return pairs(pictures[:, 0], pictures[:, 1], labels, lang=lang)


def stack_sheets(sheets: Sequence[np.ndarray], gap: int) -> tuple[np.ndarray, list[int]]:
    """Put sheets of one width below one another; return the whole and where each begins."""
    white = np.full((gap, sheets[0].shape[1], 3), 255, dtype=np.uint8)
    parts = [part for sheet in sheets for part in (sheet, white)][:-1]
    heights = [sheet.shape[0] + gap for sheet in sheets]
    return np.concatenate(parts), [sum(heights[:i]) for i in range(len(sheets))]


def side_by_side(
    groups: Mapping[str, np.ndarray], *, columns: int = 8, rows: int = 2, ax: Axes | None = None
) -> Axes:
    """Draw rows of pictures of each kind, one kind below the other, with its name on the left.

    Args:
        groups: by name, uint8 (N, H, W, C); the first `rows` times `columns` are shown.
        columns: pictures in a row.
        rows: rows of each kind.
    """
    sheets = [compose(images[: rows * columns], columns) for images in groups.values()]
    if len({sheet.shape[1] for sheet in sheets}) > 1:
        raise ValueError("the pictures of the groups differ in size")
    sheet, tops = stack_sheets(sheets, gap=sheets[0].shape[1] // 40)
    heights = [one.shape[0] for one in sheets]
    places = [top + height / 2 for top, height in zip(tops, heights, strict=True)]
    return draw_sheet(sheet, rows=list(zip(places, groups, strict=True)), ax=ax)


def attribute_pairs(pictures: np.ndarray, attribute: str, *, lang: str = "en") -> Axes:
    """Draw pairs of the same noise: with the attribute above, without it below.

    Args:
        pictures: uint8 (N, 2, H, W, C), on first.
        attribute: its name in the data.
        lang: language of the words.
    """
    return attribute_pairs_more(pictures[np.newaxis], [attribute], lang=lang)


def attribute_pairs_more(
    pictures: np.ndarray, attributes: Sequence[str], *, lang: str = "en"
) -> Axes:
    """Draw such pairs for several attributes, two rows each.

    Args:
        pictures: uint8 (A, N, 2, H, W, C), on first.
        attributes: (A,) names in the data.
        lang: language of the words.
    """
    num = pictures.shape[1]
    sheets = [
        compose(one.swapaxes(0, 1).reshape(-1, *one.shape[2:]), columns=num) for one in pictures
    ]
    sheet, tops = stack_sheets(sheets, gap=sheets[0].shape[1] // 40)
    rows = []
    for one, top, attribute in zip(sheets, tops, attributes, strict=True):
        name = "\n".join(textwrap.wrap(short_name(attribute, lang), NAME_LETTERS))
        labels = [words(key, lang, attribute=name) for key in ("is_on", "is_off")]
        rows += [(top + place, word) for place, word in middles(one.shape[0], labels)]
    return draw_sheet(sheet, rows=rows)


def code_grid(pictures: np.ndarray, code: int = 1, *, lang: str = "en") -> Axes:
    """Draw what one code does: a row a noise, a column a value of the code.

    Args:
        pictures: uint8 (rows, 10, H, W, C).
        code: which code, counted from 1.
        lang: language of the words.
    """
    rows, columns = pictures.shape[:2]
    return image_grid(
        pictures.reshape(-1, *pictures.shape[2:]),
        columns,
        row_labels=[_symbol("z", i + 1) for i in range(rows)],
        column_labels=[str(value) for value in range(columns)],
        xlabel=words("code_value", lang, code=code),
    )


def code_combinations(pictures: np.ndarray, *, lang: str = "en") -> Axes:
    """Draw every pair of values of two codes with one noise.

    Args:
        pictures: uint8 (10, 10, H, W, C): first code, second code.
    """
    rows, columns = pictures.shape[:2]
    return image_grid(
        pictures.reshape(-1, *pictures.shape[2:]),
        columns,
        row_labels=[str(value) for value in range(rows)],
        column_labels=[str(value) for value in range(columns)],
        xlabel=words("code_value", lang, code=2),
        ylabel=words("code_value", lang, code=1),
    )


def code_real(pictures: np.ndarray, code: int = 1, *, lang: str = "en") -> Axes:
    """Draw real pictures below the value that Q reads off them, a column a value.

    Args:
        pictures: uint8 (10, N, H, W, C), surest first; one of zeros is none, and left pale.
        code: which code, counted from 1.
        lang: language of the words.
    """
    columns, rows = pictures.shape[:2]
    is_absent = (pictures == 0).all(axis=(2, 3, 4), keepdims=True)
    images = np.where(is_absent, np.uint8(BLANK), pictures).swapaxes(0, 1)
    return image_grid(
        images.reshape(rows * columns, *pictures.shape[2:]),
        columns,
        column_labels=[str(value) for value in range(columns)],
        xlabel=words("code_value", lang, code=code),
    )
