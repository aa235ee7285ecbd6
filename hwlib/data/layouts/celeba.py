"""CelebA: `list_attr_celeba.txt`, and the images in `img_align_celeba/` or beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from hwlib.data.layouts import base
from hwlib.data.layouts.base import Layout, ListedPart, Listing
from hwlib.errors import UserError
from hwlib.text import Finding, finding

# The authors' text files, and the same tables as Kaggle's copy gives them.
LISTS = ("list_attr_celeba.txt", "Anno/list_attr_celeba.txt", "list_attr_celeba.csv")
PARTITIONS = (
    *("list_eval_partition.txt", "Eval/list_eval_partition.txt"),
    "list_eval_partition.csv",
)
FOLDERS = ("img_align_celeba", "Img/img_align_celeba", "img_align_celeba/img_align_celeba", ".")
VALUES = {"1": 1, "-1": 0}


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
        lists = [root / name for name in LISTS if (root / name).exists()]
        if not lists:
            return None
        folders = [root / name for name in FOLDERS if base.has_images(root / name)]
        if not folders:
            raise UserError("celeba_no_images", root=root, name=lists[0].name)
        partitions = [root / name for name in PARTITIONS if (root / name).exists()]
        return cls(root, (folders[0],), (lists[0], *partitions[:1]))

    def list_images(self, names: Sequence[str]) -> Listing:
        """Take the images of the list that are here, and split them."""
        attributes, whole = self.list_all()
        there = set(names)
        here = whole.take([path in there for path in whole.items])
        count, listed = len(here.names), len(whole.names)
        if count == 0:
            example = whole.names[0] if listed else "any"
            places = {"path": self.label_files[0], "folder": self.folders[0]}
            raise UserError("celeba_none", count=listed, example=example, **places)
        base.check_two(self.root, count)
        is_test, notes = self._split(here.names)
        if count < listed:
            counts = {"here": count, "listed": listed, "list": self.label_files[0].name}
            notes = [finding("notes.partial_copy", **counts), *notes]
        unlisted = sorted(there.difference(here.items))
        train, test = here.take(~is_test), here.take(is_test)
        return Listing(attributes, train, test, unlisted=unlisted, notes=notes)

    def list_all(self) -> tuple[list[str], ListedPart]:
        """Return the attributes, and all images of `list_attr_celeba.txt` or its copy as CSV.

        Raises:
            UserError: the count in line 1 is wrong, a row has too few or many values, a value is
                neither 1 nor -1, or a name stands twice.
        """
        path = self.label_files[0]
        lines = base.read_lines(path)
        while lines and not lines[-1].strip():
            lines.pop()
        first = lines[0].strip() if lines else ""
        if path.suffix == ".csv":
            head, start = _cells(first), 1
            if head[0] != "image_id":
                raise UserError("celeba_head", path=path)
        else:
            head, start = ["image_id", *"".join(lines[1:2]).split()], 2
            if not first.isdecimal():
                raise UserError("celeba_count", path=path, found=repr(first[:40]))
            if int(first) != len(lines[2:]):
                raise UserError("celeba_rows", path=path, said=int(first), rows=len(lines[2:]))
        rows = enumerate(map(_cells, lines[start:]), start + 1)
        table = base.parse_labels(path, head, rows, VALUES)
        folder = self.folders[0].relative_to(self.root).as_posix()
        names = list(table.lines)
        paths = names if folder == "." else [f"{folder}/{name}" for name in names]
        return table.attributes, ListedPart(names, paths, table.labels)

    def _split(self, names: Sequence[str]) -> tuple[np.ndarray, list[Finding]]:
        """Return which of the images `names` are test, and what to say of it."""
        tenth = np.arange(len(names)) >= base.last_tenth(len(names))
        if len(self.label_files) == 1:
            return tenth, [finding("notes.no_partition")]
        path = self.label_files[1]
        parts: dict[str, str] = {}
        for line, text in enumerate(base.read_lines(path), 1):
            name, *part = _cells(text)
            if name and (line > 1 or name != "image_id"):
                if part not in (["0"], ["1"], ["2"]):
                    found = repr(text[:60])
                    raise UserError("celeba_split_line", path=path, line=line, found=found)
                parts[name] = part[0]
        if lost := [name for name in names if name not in parts]:
            raise UserError("celeba_split_lost", path=path, example=lost[0], count=len(lost))
        is_test = np.array([parts[name] == "2" for name in names])
        if is_test.any() and not is_test.all():
            return is_test, []
        found = {"partition": path.name, "is_all_test": bool(is_test.all())}
        return tenth, [finding("notes.one_sided_partition", **found)]


def _cells(line: str) -> list[str]:
    return line.replace(",", " ").split() or [""]
