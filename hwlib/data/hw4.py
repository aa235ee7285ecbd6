"""The homework's set, rebuilt from CelebA; and any set of pictures written in the hw4 layout."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwlib.data.cache import bad_values, sample_parts
from hwlib.data.layouts import BadFile, read_celeba_list, recognise, scan
from hwlib.data.work import CHUNK, perform_all
from hwlib.errors import UserError
from hwlib.io import replacing_folder

ATTRIBUTES = (
    *("Bangs", "Big_Lips", "Black_Hair", "Blond_Hair", "Brown_Hair", "Heavy_Makeup"),
    *("High_Cheekbones", "Male", "Mouth_Slightly_Open", "Smiling", "Straight_Hair", "Wavy_Hair"),
    "Wearing_Lipstick",
)
WANTED = ("Young",)
UNWANTED = (
    *("5_o_Clock_Shadow", "Bald", "Blurry", "Chubby", "Double_Chin", "Eyeglasses", "Gray_Hair"),
    *("Narrow_Eyes", "Pale_Skin", "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks"),
    *("Wearing_Earrings", "Wearing_Hat", "Wearing_Necklace", "Wearing_Necktie"),
)
NUM_CELEBA = 202_599
NUM_KEPT = 42_621
NUM_TRAIN = 40_000
IMAGE_SIZE = 64


@dataclass(frozen=True)
class Rebuilt:
    """What `rebuild_hw4` wrote.

    num_rows: rows of CelebA's list. num_kept: those that pass the filter, each with its number.
    num_train, num_test: pictures written. left_out: those that were there but could not be read.
    is_exact: whether this is the homework's whole set. notes: what a user should know.
    """

    num_rows: int
    num_kept: int
    num_train: int
    num_test: int
    left_out: tuple[BadFile, ...]
    is_exact: bool
    notes: tuple[str, ...]


def kept_rows(attributes: Sequence[str], labels: np.ndarray) -> np.ndarray:
    """Return the rows of CelebA that the homework keeps, in the original order.

    Args:
        attributes: the names of CelebA's 40 columns.
        labels: uint8 0/1 (N, 40).

    Raises:
        UserError: an attribute that the filter or the homework needs is not there.
    """
    if missing := [n for n in (*WANTED, *UNWANTED, *ATTRIBUTES) if n not in attributes]:
        raise UserError("attribute_columns", known=missing)
    column = {name: labels[:, i] for i, name in enumerate(attributes)}
    keep = np.all([column[name] == 1 for name in WANTED], axis=0)
    return np.flatnonzero(keep & np.all([column[name] == 0 for name in UNWANTED], axis=0))


def rebuild_hw4(
    celeba: str | Path, out: str | Path, *, skip_bad: bool = False, progress: bool = True
) -> Rebuilt:
    """Write the homework's set into `out`: its names, order, labels and 64x64 crop.

    Row k of those that pass the filter is `train/k.png` below 40,000 and `test/k.png` from there
    on, with five digits. A picture that is not there is left out, and its number stays free.

    Args:
        celeba: a CelebA folder, whole or partial, of aligned images of any size.
        out: a folder that is empty or not there yet.
        skip_bad: leave out pictures that cannot be read, instead of refusing.
        progress: show a progress bar on standard error.

    Raises:
        UserError: `celeba` is no CelebA folder, a picture cannot be read, or `out` is not empty.
    """
    source = recognise(celeba)
    if source.layout != "celeba":
        raise UserError("no_celeba", celeba=celeba)
    attributes, names, labels = read_celeba_list(source.label_files[0])
    kept = kept_rows(attributes, labels)
    columns = [list(attributes).index(name) for name in ATTRIBUTES]
    prefix = source.folders[0].relative_to(source.root)
    there = {entry.name for entry in scan(source)}
    numbers = [k for k, row in enumerate(kept) if (prefix / names[row]).as_posix() in there]
    if not numbers:
        raise UserError("no_kept_images", count=len(kept), folder=source.folders[0])
    paths = {k: str(source.folders[0] / names[kept[k]]) for k in numbers}
    with new_folder(out) as folder:
        outcome = perform_all(
            _png_requests(folder, numbers, paths), len(numbers), label="cropping", progress=progress
        )
        bad = {numbers[row]: reason for _, row, reason in sorted(outcome.bad)}
        left_out = tuple(BadFile(names[kept[k]], reason) for k, reason in bad.items())
        if left_out and not skip_bad:
            values = bad_values(left_out, len(numbers))
            raise UserError("bad_celeba", root=source.root, **values)
        numbers = [k for k in numbers if k not in bad]
        rows = {k: labels[kept[k], columns] for k in numbers}
        _write_csvs(folder, rows, NUM_TRAIN)
    num_test = sum(k >= NUM_TRAIN for k in numbers)
    notes, is_exact = _judge(len(names), len(kept), len(numbers), num_test, outcome.seen)
    return Rebuilt(
        num_rows=len(names),
        num_kept=len(kept),
        num_train=len(numbers) - num_test,
        num_test=num_test,
        left_out=left_out,
        is_exact=is_exact,
        notes=notes,
    )


def _judge(
    num_rows: int, num_kept: int, num_written: int, num_test: int, seen: Iterable[str]
) -> tuple[tuple[str, ...], bool]:
    """Say how near the written set is to the homework's."""
    notes = []
    whole_list = num_rows == NUM_CELEBA and num_kept == NUM_KEPT
    if not whole_list:
        notes.append(
            f"the list is not CelebA's whole one ({num_rows:,} of {NUM_CELEBA:,} rows): its "
            f"{num_kept:,} kept rows are numbered in its own order"
        )
    if num_written < num_kept:
        notes.append(
            f"a partial copy: {num_written:,} of the {num_kept:,} kept pictures are here; the "
            "numbers of the others stay free"
        )
    full_size = set(seen) == {"178x218 RGB"}
    if not full_size:
        sizes = ", ".join(sorted({text.split()[0] for text in seen}))
        notes.append(f"the pictures are {sizes}, not 178x218: other pixels than the homework's")
    if num_test == 0:
        notes.append("no test picture: hwlib will test on the last tenth of train.csv")
    is_exact = whole_list and num_written == num_kept and full_size
    if is_exact:
        notes.append(
            f"the homework's exact set of {NUM_KEPT:,} by name, order and labels; its crop, "
            "108x108 at (35, 67), is an estimate"
        )
    return tuple(notes), is_exact


def draw_hw4(
    out: str | Path,
    *,
    num_train: int,
    num_test: int,
    seed: int = 0,
    image_size: int = IMAGE_SIZE,
    progress: bool = True,
) -> None:
    """Write drawn faces into `out` in the hw4 layout, with their factors in `factors.csv`.

    Args:
        out: a folder that is empty or not there yet.
        num_train, num_test: faces to draw; the test part's numbers go on where train's end.
        seed: the same seed gives the same faces; with seed 0, 8,000 and 1,000 are those of `faces`.
        image_size: side of the pictures, in pixels.
        progress: show a progress bar on standard error.

    Raises:
        UserError: `out` is not empty.
    """
    import pandas as pd

    from hwlib.data.tables import save_table
    from hwlib.faces import attributes_of

    table = pd.concat(sample_parts(num_train, num_test, seed), ignore_index=True)
    with new_folder(out) as folder:
        factors = folder / "factors.npz"
        save_table(factors, table)

        def requests() -> Iterator[dict]:
            for start in range(0, len(table), CHUNK):
                numbers = range(start, min(start + CHUNK, len(table)))
                request = {"do": "draw_png", "factors": str(factors), "start": start}
                request |= {"count": len(numbers), "image_size": image_size}
                yield request | {"pngs": [_png(folder, k, num_train) for k in numbers]}

        perform_all(requests(), len(table), label="drawing faces", progress=progress)
        factors.unlink()
        _write_csvs(folder, dict(enumerate(attributes_of(table))), num_train)
        table.insert(0, "image_name", [f"{k:05}.png" for k in range(len(table))])
        table.to_csv(folder / "factors.csv", index=False, lineterminator="\n")


# ---- writing the layout -------------------------------------------------------------------------


@contextmanager
def new_folder(out: str | Path) -> Iterator[Path]:
    """Yield a temporary folder with `train/` and `test/`, renamed to `out` when all went well.

    Raises:
        UserError: `out` is there and is not an empty folder, or it cannot be written.
    """
    out = Path(os.path.expanduser(out)).absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError("folder_not_empty", out=out)
    try:
        with replacing_folder(out, is_flushed=False) as folder:
            (folder / "train").mkdir()
            (folder / "test").mkdir()
            yield folder
    except OSError as error:
        raise UserError("unwritable", out=out, why=error.strerror or error) from error


def _png(folder: Path, number: int, num_train: int) -> str:
    return str(folder / ("train" if number < num_train else "test") / f"{number:05}.png")


def _png_requests(folder: Path, numbers: list[int], paths: dict[int, str]) -> Iterator[dict]:
    for start in range(0, len(numbers), CHUNK):
        chunk = numbers[start : start + CHUNK]
        yield {
            **{"do": "decode_png", "start": start, "count": len(chunk), "crop": "hw4"},
            "image_size": IMAGE_SIZE,
            "paths": [paths[k] for k in chunk],
            "pngs": [_png(folder, k, NUM_TRAIN) for k in chunk],
        }


def _write_csvs(folder: Path, labels: dict[int, np.ndarray], num_train: int) -> None:
    """Write `train.csv` and `test.csv`: a row a number, labels as 0.0 and 1.0."""
    for part in ("train", "test"):
        with open(folder / f"{part}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["image_name", *ATTRIBUTES])
            for number, row in labels.items():
                if (number < num_train) == (part == "train"):
                    writer.writerow([f"{number:05}.png", *(f"{float(v):.1f}" for v in row)])
