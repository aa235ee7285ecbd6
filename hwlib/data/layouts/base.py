"""What every layout of data is, and what layouts share: files on disk and tables of labels."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from hwlib.data.decode import SUFFIXES, Decoded, Unreadable, decode_all
from hwlib.errors import UserError
from hwlib.text import Finding, word

HIDDEN = (".", "__MACOSX")  # begin what is no part of a set
NUM_NAMED = 10  # bad files in an error line
State = tuple[str, int, int, int]  # a file's name below the root, bytes, mtime and ctime in ns


@dataclass(frozen=True)
class BadFile:
    """An image that cannot be used: its name within the source, and which error line says why."""

    name: str
    key: str
    values: Mapping[str, Any]

    @property
    def reason(self) -> str:
        """Why, in English, to stand after the name."""
        return word(f"errors.{self.key}", "en", **self.values)


def name_bad_files(bad: Sequence[BadFile], total: int) -> dict[str, Any]:
    """Return what an error line says of bad files: the first of them, and how many there are."""
    more = max(0, len(bad) - NUM_NAMED)
    return {"files": bad[:NUM_NAMED], "bad": len(bad), "total": total, "more": more}


@dataclass(frozen=True)
class ListedPart:
    """The N images of one part, in order."""

    names: Sequence[str]
    items: Any  # what each is read from: paths relative to the root, arrays, or rows of factors
    labels: np.ndarray | None = None  # uint8 0/1 (N, A)

    def take(self, rows: Any) -> ListedPart:
        """Return the images of these rows, which are read from files."""
        kept = np.arange(len(self.names))[rows]
        names, items = ([values[row] for row in kept] for values in (self.names, self.items))
        return ListedPart(names, items, None if self.labels is None else self.labels[kept])


@dataclass(frozen=True)
class Listing:
    """What a source holds, before a pixel is read."""

    attributes: Sequence[str]
    train: ListedPart
    test: ListedPart
    bad: Sequence[BadFile] = ()
    unlisted: Sequence[str] = ()  # images that are there and no label file names
    notes: Sequence[Finding] = ()  # what a user should know


@dataclass(frozen=True)
class Layout:
    """A data set where it lies: folders of images and label files below its root.

    A subclass is a layout, and its line in `LAYOUTS` makes it known.
    """

    root: Path
    folders: tuple[Path, ...] = ()
    label_files: tuple[Path, ...] = ()

    name: ClassVar[str]  # in run folders and `hwlib data info`
    sentence: ClassVar[str] = "data.folder"  # introduces such images in a report
    channels: ClassVar[int] = 3  # of the decoded images
    has_crops: ClassVar[bool] = False  # whether the setting `crop` chooses a part of each image
    is_recursive: ClassVar[bool] = False  # whether images lie at any depth below `folders`
    is_drawn: ClassVar[bool] = False  # whether this program drew the images
    is_aligned: ClassVar[bool] = False  # whether faces lie as in the homework's crop
    has_face_photographs: ClassVar[bool] = False  # as the course reports had
    can_flip: ClassVar[bool] = True  # whether a mirror image shows the same thing
    modules: ClassVar[tuple[str, ...]] = (
        "hwlib.data.build",
    )  # of pixels and labels, beside its own

    @classmethod
    def detect(cls, root: Path) -> Self | None:
        """Return the set in the folder `root`; None where it is not of this layout."""
        raise NotImplementedError

    def list_images(self, names: Sequence[str]) -> Listing:
        """Read the label files and say which of the files `names` is in which part."""
        raise NotImplementedError

    def scan(self) -> list[State]:
        """Return the state of every image file, sorted by name; equal states mean equal content."""
        files = (file for at in self.folders for file in find_images(at, self.is_recursive))
        return sorted(file_state(self.root, file) for file in files)

    def read(self, items: Any, image_size: int, crop: str) -> Iterator[Decoded | Unreadable]:
        """Yield the images of a part's items, in order."""
        paths = (self.root / path for path in items)
        return decode_all(paths, image_size, crop=crop if self.has_crops else None)

    @property
    def asked(self) -> list[str | int]:
        """What tells this set from others of its layout, whatever state it is in."""
        return [str(self.root)]


# ---- files -------------------------------------------------------------------------------------


def find_images(folder: Path, is_recursive: bool = False) -> Iterator[str]:
    """Yield the paths of image files, folders followed once through links, hidden ones never."""

    def refuse(error: OSError) -> None:
        raise error

    done = set()
    # strings, not Path: a fifth of the time for 200,000 files
    for here, folders, names in os.walk(folder, followlinks=True, onerror=refuse):
        real = os.path.realpath(here)
        folders[:] = [name for name in folders if is_recursive and not name.startswith(HIDDEN)]
        if real in done:
            folders.clear()
            continue
        done.add(real)
        for name in names:
            if name.lower().endswith(SUFFIXES) and not name.startswith(HIDDEN):
                yield f"{here}/{name}"


def file_state(root: Path, file: str | Path) -> State:
    """Return the state of one file."""
    name = os.fspath(file)[len(str(root)) :].lstrip("/" + os.sep).replace(os.sep, "/")
    try:
        stat = os.stat(file)
    except OSError:  # a link to nowhere; reading it will say so
        return name, 0, 0, 0
    return name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text in UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UserError("not_utf8", path=path, reason=error.reason, start=error.start) from None


# ---- parts and labels --------------------------------------------------------------------------


def check_two(root: Path, num: int) -> None:
    """Raise `UserError` where there are fewer images than one for each part."""
    if num < 2:
        raise UserError("too_few_images", root=root, num=num)


def is_last_tenth(num: int) -> np.ndarray:
    """Return which of `num` images are the last tenth, bool (N,): one at least."""
    return np.arange(num) >= num - max(1, num // 10)


def parse_labels(
    path: Path,
    attributes: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str]]],
    values: Mapping[str, int],
) -> tuple[dict[str, int], np.ndarray]:
    """Read labels from rows: line numbers and cells, which are an image's name and its A labels.

    `values` is what a label's text means; the first two are offered for one that means nothing.

    Returns:
        the line of each image's name in the file's order, and uint8 0/1 (N, A).

    Raises:
        UserError: a row has too few or many labels, an image is named twice, or a label is unknown.
    """
    lines, labels = {}, []
    for line, (name, *cells) in rows:
        name = name.strip()
        about = {"path": path, "line": line, "name": name}
        if len(cells) != len(attributes):
            counts = {"labels": len(cells), "attributes": len(attributes)}
            raise UserError("label_count", **about, **counts)
        if name in lines:
            raise UserError("label_twice", first=lines[name], **about)
        lines[name] = line
        try:
            labels.append([values[cell.strip()] for cell in cells])
        except KeyError:
            wrong = next(i for i, cell in enumerate(cells) if cell.strip() not in values)
            about |= {"attribute": attributes[wrong], "value": repr(cells[wrong])}
            raise UserError("label_value", known=list(values)[:2], **about) from None
    return lines, np.array(labels, np.uint8).reshape(len(lines), len(attributes))
