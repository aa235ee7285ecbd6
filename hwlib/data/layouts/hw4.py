"""The homework's layout: `train.csv`, `test.csv`, and the images in `train/` and `test/`."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from hwlib.data.layouts import base
from hwlib.data.layouts.base import BadFile, Layout, ListedPart, Listing
from hwlib.errors import UserError
from hwlib.text import finding

PARTS = ("train", "test")
VALUES = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "0.": 0, "1.": 1}


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
        return cls(root, tuple(root / part for part in PARTS), tables)

    def list_images(self, names: Sequence[str]) -> Listing:
        """Read both tables; their columns may stand in another order."""
        there, bad, parts, heads = set(names), [], [], []
        for part, path in zip(PARTS, self.label_files, strict=True):
            attributes, lines, labels = _read_csv(path)
            heads.append(attributes)
            if differ := sorted({*attributes} ^ {*heads[0]}):
                raise UserError("hw4_attributes_differ", root=self.root, names=differ)
            columns = [attributes.index(name) for name in heads[0]]
            paths = [f"{part}/{name}" for name in lines]
            listed = ListedPart(list(lines), paths, labels[:, columns] if columns else None)
            is_here = np.array([path in there for path in paths], bool)
            parts.append(listed.take(is_here))
            bad += [
                BadFile(path, "bad_image.unlisted", {"csv": f"{part}.csv", "line": line})
                for path, line in zip(paths, lines.values(), strict=True)
                if path not in there
            ]
        (train, test), notes = parts, []
        unlisted = sorted(there - {*train.items, *test.items})
        if not lines:  # in test.csv
            base.check_two(self.root, len(train.names))
            is_test = base.is_last_tenth(len(train.names))
            train, test = train.take(~is_test), train.take(is_test)
            notes = [finding("notes.test_csv_empty")]
        return Listing(heads[0], train, test, bad, unlisted, notes)


def _read_csv(path: Path) -> tuple[list[str], dict[str, int], np.ndarray]:
    """Return a table's attributes, and what `parse_labels` gives."""
    reader = csv.reader(base.read_lines(path))
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise UserError("not_csv", path=path, line=reader.line_num, why=error) from None
    head = [cell.strip() for cell in rows[0][1]] if rows else []
    if "image_name" not in head:
        found = ", ".join(head)[:80] or "nothing"
        raise UserError("csv_no_image_name", path=path, found=found)
    if twice := sorted({name for name in head if head.count(name) > 1}):
        raise UserError("csv_column_twice", path=path, column=twice[0])
    at = head.index("image_name")
    order = [at, *range(at), *range(at + 1, len(head))]
    attributes, width = [head[i] for i in order[1:]], len(head)
    rows = [(n, [row[i] for i in order] if len(row) == width else row) for n, row in rows[1:]]
    return attributes, *base.parse_labels(path, attributes, rows, VALUES)
