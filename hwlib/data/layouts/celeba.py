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
        lists, partitions, folders = (
            [root / name for name in names if (root / name).exists()]
            for names in (LISTS, PARTITIONS, FOLDERS)
        )
        if not lists:
            return None
        with_images = [folder for folder in folders if any(base.find_images(folder))]
        if not with_images:
            raise UserError("celeba_no_images", root=root, name=lists[0].name)
        return cls(root, (with_images[0],), (lists[0], *partitions[:1]))

    def list_images(self, names: Sequence[str]) -> Listing:
        """Take the images of the list that are here, and split them."""
        attributes, whole = self.list_all()
        there = set(names)
        here = whole.take([path in there for path in whole.items])
        count, listed, path = len(here.names), len(whole.names), self.label_files[0]
        if count == 0:
            about = {"path": path, "folder": self.folders[0], "count": listed}
            raise UserError("celeba_none", example=[*whole.names, "any"][0], **about)
        base.check_two(self.root, count)
        is_test, notes = self._split(here.names)
        if count < listed:
            counts = {"here": count, "listed": listed, "list": path.name}
            notes = [finding("notes.partial_copy", **counts), *notes]
        unlisted = sorted(there.difference(here.items))
        train, test = here.take(~is_test), here.take(is_test)
        return Listing(attributes, train, test, unlisted=unlisted, notes=notes)

    def list_all(self) -> tuple[list[str], ListedPart]:
        """Return the attributes, and all images of `list_attr_celeba.txt` or its copy as CSV."""
        path = self.label_files[0]
        lines = base.read_lines(path)
        while lines and not lines[-1].strip():
            lines.pop()
        first, *others = lines or [""]
        if path.suffix == ".csv":
            (head, *attributes), start = _cells(first), 1
            if head != "image_id":
                raise UserError("celeba_head", path=path)
        else:
            attributes, start = "".join(others[:1]).split(), 2
            if not first.strip().isdecimal():
                raise UserError("celeba_count", path=path, found=repr(first.strip()[:40]))
            if int(first) != len(lines[2:]):
                raise UserError("celeba_rows", path=path, said=int(first), rows=len(lines[2:]))
        rows = enumerate(map(_cells, lines[start:]), start + 1)
        found, labels = base.parse_labels(path, attributes, rows, VALUES)
        folder = self.folders[0].relative_to(self.root)
        paths = [name if folder == Path() else f"{folder.as_posix()}/{name}" for name in found]
        return attributes, ListedPart(list(found), paths, labels)

    def _split(self, names: Sequence[str]) -> tuple[np.ndarray, list[Finding]]:
        """Return which of the images `names` are test, and what to say of it."""
        if len(self.label_files) == 1:
            return base.is_last_tenth(len(names)), [finding("notes.no_partition")]
        path, parts = self.label_files[1], {}
        for line, text in enumerate(base.read_lines(path), 1):
            name, *part = _cells(text)
            if name and (line > 1 or name != "image_id"):
                if part not in (["0"], ["1"], ["2"]):
                    about = {"path": path, "line": line, "found": repr(text[:60])}
                    raise UserError("celeba_split_line", **about)
                parts[name] = part[0]
        if lost := [name for name in names if name not in parts]:
            raise UserError("celeba_split_lost", path=path, example=lost[0], count=len(lost))
        is_test = np.array([parts[name] == "2" for name in names])
        if is_test.any() and not is_test.all():
            return is_test, []
        found = {"partition": path.name, "is_all_test": bool(is_test.all())}
        note = finding("notes.one_sided_partition", **found)
        return base.is_last_tenth(len(names)), [note]


def _cells(line: str) -> list[str]:
    return line.replace(",", " ").split() or [""]
