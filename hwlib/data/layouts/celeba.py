"""CelebA: `list_attr_celeba.txt`, and the images in `img_align_celeba/` or beside it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from hwlib.data.layouts import base
from hwlib.data.layouts.base import Layout, Listing
from hwlib.errors import UserError
from hwlib.text import Finding, finding

# The authors' text files, and the same tables as Kaggle's copy gives them.
LISTS = ("list_attr_celeba.txt", "Anno/list_attr_celeba.txt", "list_attr_celeba.csv")
PARTITIONS = (
    *("list_eval_partition.txt", "Eval/list_eval_partition.txt"),
    "list_eval_partition.csv",
)
FOLDERS = (
    *("img_align_celeba/img_align_celeba", "img_align_celeba", "Img/img_align_celeba"),
    *("img_align_celeba_png", "Img/img_align_celeba_png", "."),
)
NAMES_IN = "image_id"  # the column of the CSV tables


class CelebA(Layout):
    """The test part is 2 in `list_eval_partition.txt`, else the last tenth."""

    name = "celeba"
    sentence = "data.celeba"
    has_crops = True
    is_aligned = True
    has_face_photographs = True

    @classmethod
    def detect(cls, root: Path) -> Self | None:
        """Look for the list of attributes, and images beside it."""
        lists, partitions, folders = (
            [root / name for name in names if (root / name).exists()]
            for names in (LISTS, PARTITIONS, FOLDERS)
        )
        if not lists:
            return None
        place = next((folder for folder in folders if any(base.find_images(folder))), root)
        return cls(root, (place,), (lists[0], *partitions[:1]))

    def list_images(self, files: Sequence[str]) -> Listing:
        """Take the images of the list that are here, and split them."""
        whole, items = self.list_all(files)
        there = set(files)
        is_here = np.array([item in there for item in items], bool)
        here, listed, path = int(is_here.sum()), len(items), self.label_files[0]
        if here == 0:
            about = {"path": path, "folder": self.images[0], "count": listed, "there": files[:3]}
            raise UserError("celeba_none", example=[*whole.index, "any"][0], **about)
        labels, items = whole[is_here], items[is_here]
        is_test, notes = self._split(labels.index)
        if here < listed:
            counts = {"here": here, "listed": listed, "list": path.name}
            notes = [finding("notes.partial_copy", **counts), *notes]
        unlisted = sorted(there.difference(items))
        return Listing(labels, items, is_test, unlisted=unlisted, notes=notes)

    def list_all(self, files: Sequence[str]) -> tuple[pd.DataFrame, np.ndarray]:
        """Return the labels of all images of the list, and their paths.

        Where none of the image `files` has a name of the list, the endings do not count: the PNG
        edition comes with the list of the JPEG one.
        """
        path, about = self.label_files[0], {}
        if path.suffix == ".txt":
            with open(path, encoding="utf-8-sig", errors="replace") as file:
                said, heads = file.readline().strip(), file.readline().split()
                rows = sum(not line.isspace() for line in file)
            if said != str(rows):
                raise UserError("celeba_rows", path=path, said=said[:40], rows=rows)
            about = {"first": 3, "skiprows": 2, "names": [NAMES_IN, *heads], "sep": r"\s+"}
        table = base.read_table(path, ("1", "-1"), names_in=NAMES_IN, **about)
        folder = self.images[0].relative_to(self.root)
        items = [(folder / name).as_posix() for name in table.index]
        if set(files).isdisjoint(items):
            named = {os.path.splitext(name)[0]: name for name in files}
            items = [named.get(os.path.splitext(item)[0], item) for item in items]
        return (table == "1").astype(np.uint8), np.array(items, object)

    def _split(self, names: pd.Index) -> tuple[np.ndarray, list[Finding]]:
        """Return which of the images `names` are test, and what to say of it."""
        if len(self.label_files) == 1:
            return base.is_last_tenth(len(names)), [finding("notes.no_partition")]
        path, about = self.label_files[1], {}
        if path.suffix == ".txt":
            about = {"first": 1, "names": [NAMES_IN, "partition"], "sep": r"\s+"}
        parts = base.read_table(path, ("0", "1", "2"), names_in=NAMES_IN, **about)
        if len(lost := names.difference(parts.index, sort=False)):
            raise UserError("celeba_split_lost", path=path, example=lost[0], count=len(lost))
        is_test = parts.loc[names, "partition"].to_numpy() == "2"
        if is_test.any() and not is_test.all():
            return is_test, []
        found = {"partition": path.name, "is_all_test": bool(is_test.all())}
        note = finding("notes.one_sided_partition", **found)
        return base.is_last_tenth(len(names)), [note]
