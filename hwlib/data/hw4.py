"""Sets written in the homework's layout: its own, rebuilt from CelebA, and drawn faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from hwlib.data.build import Reader
from hwlib.data.decode import ALIGNED
from hwlib.data.layouts import CelebA, Faces, find_layout
from hwlib.data.layouts.base import ListedPart, name_bad_files
from hwlib.errors import UserError
from hwlib.faces import ATTRIBUTES
from hwlib.io import replacing_folder
from hwlib.text import Finding, finding

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


def kept_rows(attributes: Sequence[str], labels: np.ndarray) -> np.ndarray:
    """Return the rows of CelebA, of labels 0/1 (N, 40), that the homework keeps, in their order."""
    if missing := [n for n in (*WANTED, *UNWANTED, *ATTRIBUTES) if n not in attributes]:
        raise UserError("attribute_columns", known=missing)
    table = pd.DataFrame(labels.astype(bool), columns=attributes)
    keeps = table[[*WANTED]].all(axis=1) & ~table[[*UNWANTED]].any(axis=1)
    return np.flatnonzero(keeps)


def rebuild_hw4(
    celeba: str | Path, out: str | Path, *, skip_bad: bool = False, progress: bool = True
) -> Finding:
    """Write the homework's set into `out`: its names, order, labels and 64x64 crop.

    Row k of those that pass the filter is `train/k.png` below 40,000 and `test/k.png` from there
    on, with five digits. An image that is not there is left out, and its number stays free.

    Args:
        celeba: a CelebA folder, whole or partial, of aligned images of any size.
        out: a folder that is empty or not there yet.
        skip_bad: leave out images that cannot be read, instead of refusing.
        progress: show a progress bar on standard error.

    Returns:
        What was written and how it differs from the homework's set: numbers and flags, and the
        images that could not be read, `bad`.
    """
    source = find_layout(celeba)
    if not isinstance(source, CelebA):
        raise UserError("no_celeba", celeba=celeba)
    attributes, whole = source.list_all()
    kept = kept_rows(attributes, whole.labels)
    there = {name for name, *_ in source.scan()}
    numbers = np.array([k for k, row in enumerate(kept) if whole.items[row] in there], int)
    if len(numbers) == 0:
        raise UserError("no_kept_images", count=len(kept), folder=source.folders[0])
    here = whole.take(kept[numbers])
    labels = here.labels[:, [attributes.index(name) for name in ATTRIBUTES]]
    part = ListedPart([f"{k:05}.png" for k in numbers], here.items, labels)
    reader = Reader(source, IMAGE_SIZE, "hw4", progress)
    with _new_folder(out) as folder:
        num_train, num_test = (
            _write_part(folder / name, reader, part.take(rows))
            for name, rows in (("train", numbers < NUM_TRAIN), ("test", numbers >= NUM_TRAIN))
        )
        if reader.bad and not skip_bad:
            about = name_bad_files(reader.bad, len(numbers))
            raise UserError("bad_celeba", root=source.root, **about)
    flags = {
        "has_whole_list": (len(whole.names), len(kept)) == (NUM_CELEBA, NUM_KEPT),
        "has_all_images": num_train + num_test == len(kept),
        "is_full_size": set(reader.kinds) == {f"{ALIGNED[0]}x{ALIGNED[1]} RGB"},
    }
    counts = {"rows": len(whole.names), "all_rows": NUM_CELEBA, "kept": len(kept)}
    counts |= {"num_train": num_train, "num_test": num_test, "bad": reader.bad}
    sizes = sorted({kind.split()[0] for kind in reader.kinds})
    return finding("notes.rebuilt", is_exact=all(flags.values()), sizes=sizes, **flags, **counts)


def draw_hw4(
    out: str | Path,
    *,
    num_train: int,
    num_test: int,
    seed: int = 0,
    image_size: int = IMAGE_SIZE,
    progress: bool = True,
) -> None:
    """Write drawn faces into `out`, new or empty, in the hw4 layout, their factors beside them.

    The numbers of those to test on go on where the others end. The same seed gives the same faces;
    with seed 0, 8,000 and 1,000 are those of `faces`.
    """
    faces = Faces(Path("drawn"), num_train=num_train, num_test=num_test, seed=seed)
    listing, reader = faces.list_images(()), Reader(faces, image_size, "hw4", progress)
    parts = {"train": listing.train, "test": listing.test}
    with _new_folder(out) as folder:
        for name, part in parts.items():
            _write_part(folder / name, reader, part)
        table = pd.concat(part.items for part in parts.values())
        table.insert(0, "image_name", [name for part in parts.values() for name in part.names])
        table.to_csv(folder / "factors.csv", index=False, lineterminator="\n")


@contextmanager
def _new_folder(out: str | Path) -> Iterator[Path]:
    """Yield a temporary folder, which is renamed to `out`, new or empty, when all went well."""
    out = Path(out).expanduser().absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError("folder_not_empty", out=out)
    try:
        with replacing_folder(out, is_flushed=False) as folder:
            yield folder
    except OSError as error:
        raise UserError("unwritable", out=out, why=error.strerror or error) from error


def _write_part(folder: Path, reader: Reader, part: ListedPart) -> int:
    """Write a part's PNG files into `folder`, its labels beside it; return how many there are."""
    folder.mkdir()
    rows = []
    for row, pixels in reader.read(part):
        Image.fromarray(pixels).save(folder / part.names[row])
        rows.append(row)
    table = pd.DataFrame(part.labels[rows].astype(float), columns=list(ATTRIBUTES))
    table.insert(0, "image_name", [part.names[row] for row in rows])
    csv = folder.with_suffix(".csv")
    table.to_csv(csv, index=False, float_format="%.1f", lineterminator="\n")
    return len(rows)
