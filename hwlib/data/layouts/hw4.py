"""The homework's layout: `train.csv`, `test.csv`, and the images in `train/` and `test/`."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Self

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
        tables = [_read_csv(path) for path in self.label_files]
        attributes = tables[0].attributes
        if differ := sorted({*attributes} ^ {*tables[1].attributes}):
            raise UserError("hw4_attributes_differ", root=self.root, names=differ)
        there, bad, parts = set(names), [], []
        for part, table in zip(PARTS, tables, strict=True):
            paths = [f"{part}/{name}" for name in table.lines]
            columns = [table.attributes.index(name) for name in attributes]
            labels = table.labels[:, columns] if attributes else None
            is_here = [path in there for path in paths]
            parts.append(ListedPart(list(table.lines), paths, labels).take(is_here))
            bad += [
                BadFile(path, "bad_image.unlisted", {"csv": f"{part}.csv", "line": line})
                for path, line in zip(paths, table.lines.values(), strict=True)
                if path not in there
            ]
        train, test = parts
        unlisted = sorted(there - {*train.items, *test.items})
        if tables[1].lines:
            return Listing(attributes, train, test, bad, unlisted)
        base.check_two(self.root, len(train.names))
        at = base.last_tenth(len(train.names))
        train, test = train.take(slice(at)), train.take(slice(at, None))
        return Listing(attributes, train, test, bad, unlisted, [finding("notes.test_csv_empty")])


def _read_csv(path: Path) -> base.LabelTable:
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
    return base.parse_labels(path, head, rows[1:], VALUES, name_column=at)
