"""Sets written in the homework's layout, and its own, rebuilt from CelebA."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from hwlib.data.build import Reader
from hwlib.data.decode import ALIGNED
from hwlib.data.layouts import CelebA, find_layout
from hwlib.data.layouts.base import Listing, name_bad_files
from hwlib.data.layouts.hw4 import NAMES_IN
from hwlib.errors import UserError
from hwlib.faces import ATTRIBUTES
from hwlib.io import replacing_folder, user_path
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


def is_kept(labels: pd.DataFrame) -> np.ndarray:
    """Return which rows of CelebA's labels 0/1 (N, 40) the homework keeps, bool (N,)."""
    if missing := [n for n in (*WANTED, *UNWANTED, *ATTRIBUTES) if n not in labels]:
        raise UserError("attribute_columns", known=missing)
    kept = (labels[[*WANTED]] == 1).all(axis=1) & (labels[[*UNWANTED]] == 0).all(axis=1)
    return kept.to_numpy()


def rebuild_hw4(celeba: str | Path, out: str | Path, *, skip_bad: bool = False) -> Finding:
    """Write the homework's set into `out`: its names, order, labels and 64x64 crop.

    Row k of those that pass the filter is `train/k.png` below 40,000 and `test/k.png` from there
    on, with five digits. An image that is not there is left out, and its number stays free.

    Args:
        celeba: a CelebA folder, whole or partial, of aligned images of any size.
        out: a folder that is empty or not there yet.
        skip_bad: leave out images that cannot be read, instead of refusing.

    Returns:
        What was written and how it differs from the homework's set: numbers and flags, and the
        images that could not be read, `bad`.
    """
    source = find_layout(celeba)
    if not isinstance(source, CelebA):
        raise UserError("no_celeba", celeba=celeba)
    there = [name for name, *_ in source.scan()]
    whole, items = source.list_all(there)
    rows, there = is_kept(whole), set(there)
    kept = items[rows]
    numbers = np.array([k for k, item in enumerate(kept) if item in there], int)
    if len(numbers) == 0:
        raise UserError("no_kept_images", count=len(kept), folder=source.images[0])
    labels = whole.loc[rows, [*ATTRIBUTES]].iloc[numbers]
    labels.index = [f"{k:05}.png" for k in numbers]
    listing = Listing(labels, kept[numbers], numbers >= NUM_TRAIN)
    reader = Reader(source, IMAGE_SIZE)
    num_train, num_test = write_hw4(reader, listing, out, skip_bad=skip_bad)
    return finding(
        "notes.rebuilt",
        has_whole_list=(len(whole), len(kept)) == (NUM_CELEBA, NUM_KEPT),
        has_all_images=num_train + num_test == len(kept),
        is_full_size=set(reader.kinds) == {f"{ALIGNED[0]}x{ALIGNED[1]} RGB"},
        sizes=sorted({kind.split()[0] for kind in reader.kinds}),
        rows=len(whole),
        all_rows=NUM_CELEBA,
        kept=len(kept),
        num_train=num_train,
        num_test=num_test,
        bad=reader.bad,
    )


def write_hw4(
    reader: Reader, listing: Listing, out: str | Path, *, skip_bad: bool = False
) -> list[int]:
    """Write a listing in the homework's layout into `out`, new or empty, all of it or nothing.

    The factors of drawn faces are `factors.csv`. Returns how many images are in train and in test.
    """
    out, counts = user_path(out), []
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError("folder_not_empty", out=out)
    csv = {"index_label": NAMES_IN, "lineterminator": "\n"}
    with replacing_folder(out) as folder:
        for part, labels, items in listing.parts():
            (folder / part).mkdir()
            rows = []
            for row, pixels in reader.read(items):
                Image.fromarray(pixels).save(folder / part / labels.index[row])
                rows.append(row)
            table = labels.iloc[rows].astype(float)
            table.to_csv(folder / f"{part}.csv", float_format="%.1f", **csv)
            counts.append(len(rows))
        if reader.layout.is_drawn:
            factors = listing.items.set_axis(listing.labels.index)
            factors.to_csv(folder / "factors.csv", **csv)
        if reader.bad and not skip_bad:
            about = name_bad_files(reader.bad, len(listing.items))
            raise UserError("bad_celeba", root=reader.layout.root, **about)
    return counts
