"""The homework's layout: `train.csv`, `test.csv`, and the images in `train/` and `test/`."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from hwlib.data.layouts import base
from hwlib.data.layouts.base import BadFile, Layout, Listing
from hwlib.errors import UserError
from hwlib.text import finding

PARTS = ("train", "test")
NAMES_IN = "image_name"
OFF, ON = ("0", "0.0", "0."), ("1", "1.0", "1.")


class Hw4(Layout):
    """The last tenth of train is the test part where `test.csv` has no rows."""

    name = "hw4"
    sentence = "data.hw4"
    is_aligned = True
    has_face_photographs = True

    @classmethod
    def detect(cls, root: Path) -> Self | None:
        """Look for both tables and both folders."""
        wanted = ("train.csv", "test.csv", *PARTS)
        here = [name for name in wanted if (root / name).exists()]
        if not {"train.csv", "test.csv"} & set(here):
            return None
        if missing := [name for name in wanted if name not in here]:
            raise UserError("hw4_incomplete", root=root, here=here[0], missing=missing)
        tables = tuple(root / f"{part}.csv" for part in PARTS)
        return cls(root, (root,), tables)

    def list_images(self, files: Sequence[str]) -> Listing:
        """Read both tables; their columns may stand in another order."""
        train, test = (
            base.read_table(path, (*OFF, *ON), names_in=NAMES_IN, skipinitialspace=True)
            for path in self.label_files
        )
        if differ := sorted(train.columns.symmetric_difference(test.columns)):
            raise UserError("hw4_attributes_differ", root=self.root, names=differ)
        table, there, notes = pd.concat([train, test], keys=PARTS), set(files), []
        items = np.array([_find_item(part, name, there) for part, name in table.index], object)
        is_here = np.array([item in there for item in items], bool)
        lines = np.concatenate([np.arange(2, len(part) + 2) for part in (train, test)])
        bad = [
            BadFile(item, "bad_image.unlisted", {"csv": f"{item.split('/')[0]}.csv", "line": line})
            for item, line in zip(items[~is_here], lines[~is_here].tolist(), strict=True)
        ]
        labels, items = table[is_here].isin(ON).astype(np.uint8).droplevel(0), items[is_here]
        is_test = np.array([item.startswith("test/") for item in items], bool)
        if test.index.empty:
            is_test, notes = base.is_last_tenth(len(items)), [finding("notes.test_csv_empty")]
        return Listing(labels, items, is_test, bad, sorted(there.difference(items)), notes)


def _find_item(part: str, name: str, there: Collection[str]) -> str:
    """Return where an image lies: in train/train/, too, for so some tools unpack train.zip."""
    item, nested = f"{part}/{name}", f"{part}/{part}/{name}"
    return nested if item not in there and nested in there else item
