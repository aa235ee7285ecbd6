"""What every layout of data is, and what layouts share: files on disk and tables of labels."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from hwlib.data.decode import SUFFIXES, Decoded, Unreadable, decode_all
from hwlib.errors import UserError
from hwlib.text import Finding, word

NUM_NAMED = 10  # bad files in an error line


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


class Entry(NamedTuple):
    """A file's name below the root and its state; two equal states mean the same content."""

    name: str
    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0


@dataclass(frozen=True)
class ListedPart:
    """The images of one part, in order.

    Attributes:
        names: N names.
        items: what each is read from: paths relative to the root, arrays, or rows of factors.
        labels: uint8 0/1 (N, A), or None.
    """

    names: Sequence[str]
    items: Any
    labels: np.ndarray | None = None

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
    """A data set where it lies; a subclass is a layout, and its line in `LAYOUTS` makes it known.

    Attributes:
        root: the set's folder.
        folders: where its images lie.
        label_files: what says what the images show.
        name: what the layout is called, in run folders and by `hwlib data info`.
        sentence: introduces such images in a report.
        channels: of the decoded images.
        has_crops: whether the setting `crop` chooses a part of each image.
        is_recursive: whether images lie at any depth below `folders`.
        is_drawn: whether this program drew the images.
        is_aligned: whether faces lie in the frame as in the homework's crop.
        has_face_photographs: whether the images are of the kind that the course reports had.
        can_flip: whether a mirror image shows the same thing.
        modules: what decides pixels and labels beside the layout's own file.
    """

    root: Path
    folders: tuple[Path, ...] = ()
    label_files: tuple[Path, ...] = ()

    name: ClassVar[str]
    sentence: ClassVar[str] = "data.folder"
    channels: ClassVar[int] = 3
    has_crops: ClassVar[bool] = False
    is_recursive: ClassVar[bool] = False
    is_drawn: ClassVar[bool] = False
    is_aligned: ClassVar[bool] = False
    has_face_photographs: ClassVar[bool] = False
    can_flip: ClassVar[bool] = True
    modules: ClassVar[tuple[str, ...]] = ("hwlib.data.build",)

    @classmethod
    def detect(cls, root: Path) -> Self | None:
        """Return the set in the folder `root`; None where it is not of this layout.

        Raises:
            UserError: it is, and something that belongs to it is missing.
        """
        raise NotImplementedError

    def list_images(self, names: Sequence[str]) -> Listing:
        """Read the label files and say which of the files `names` is in which part.

        Raises:
            UserError: a label file is wrong, or a part would be empty.
        """
        raise NotImplementedError

    def scan(self) -> list[Entry]:
        """Return the state of every image file, sorted by name."""
        walks = (walk_images(self.root, path, self.is_recursive) for path in self.folders)
        return sorted(entry for walk in walks for entry in walk)

    def read(self, items: Any, image_size: int, crop: str) -> Iterator[Decoded | Unreadable]:
        """Yield the images of a part's items, in order."""
        paths = (self.root / path for path in items)
        return decode_all(paths, image_size, crop=crop if self.has_crops else None)

    @property
    def asked(self) -> list[str | int]:
        """What tells this set from others of its layout, whatever state it is in."""
        return [str(self.root)]


# ---- files -------------------------------------------------------------------------------------


def walk_images(root: Path, folder: Path, is_recursive: bool = False) -> Iterator[Entry]:
    """Yield the image files in `folder`, links followed once, hidden files left aside."""
    todo, done = [folder], set()
    while todo:
        here = todo.pop()
        if (real := here.resolve()) in done:
            continue
        done.add(real)
        with os.scandir(here) as items:
            for item in items:
                if item.name.startswith((".", "__MACOSX")):
                    continue
                if item.is_dir():
                    if is_recursive:
                        todo.append(Path(item.path))
                elif os.path.splitext(item.name)[1].lower() in SUFFIXES:
                    yield make_entry(root, item)


def make_entry(root: Path, file: os.DirEntry | Path) -> Entry:
    """Return the state of one file."""
    # Strings, not Path: a fifth of the time for 200,000 files.
    name = os.fspath(file)[len(str(root)) :].lstrip(os.sep).replace(os.sep, "/")
    try:
        stat = file.stat()
    except OSError:  # a link to nowhere; reading it will say so
        return Entry(name)
    return Entry(name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def has_images(folder: Path, is_recursive: bool = False) -> bool:
    """Whether `folder` is there and holds an image file."""
    return folder.is_dir() and any(walk_images(folder, folder, is_recursive))


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text.

    Raises:
        UserError: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UserError("not_utf8", path=path, reason=error.reason, start=error.start) from None


# ---- parts and labels --------------------------------------------------------------------------


def check_two(root: Path, num: int) -> None:
    """Raise `UserError` where there are fewer images than one for each part."""
    if num < 2:
        raise UserError("too_few_images", root=root, num=num)


def last_tenth(num: int) -> int:
    """Return where the last tenth of `num` images begins."""
    return num - max(1, num // 10)


class LabelTable(NamedTuple):
    """A table of labels: a column an attribute, a row an image."""

    attributes: list[str]
    lines: dict[str, int]  # an image's name -> the line it stands on, in the file's order
    labels: np.ndarray  # uint8 0/1 (N, A)


def parse_labels(
    path: Path,
    head: Sequence[str],
    rows: Iterable[tuple[int, list[str]]],
    values: Mapping[str, int],
    *,
    name_column: int = 0,
) -> LabelTable:
    """Read a table of labels from its cells.

    Args:
        path: its file, for error lines.
        head: the columns' names.
        rows: line numbers and cells.
        values: what a label's text means; the first two are offered for one that means nothing.
        name_column: of the images' names.

    Raises:
        UserError: a row has too few or many labels, an image is named twice, or a label is unknown.
    """
    attributes = [name for name in head if name != head[name_column]]
    lines: dict[str, int] = {}
    labels = []
    for line, cells in rows:
        about = {"path": path, "line": line, "name": cells[0]}
        if len(cells) != len(head):
            counts = {"labels": len(cells) - 1, "attributes": len(attributes)}
            raise UserError("label_count", **about, **counts)
        about["name"] = name = cells.pop(name_column).strip()
        if name in lines:
            raise UserError("label_twice", first=lines[name], **about)
        lines[name] = line
        try:
            labels.append([values[cell.strip()] for cell in cells])
        except KeyError:
            wrong = next(i for i, cell in enumerate(cells) if cell.strip() not in values)
            about |= {"attribute": attributes[wrong], "value": repr(cells[wrong])}
            raise UserError("label_value", known=list(values)[:2], **about) from None
    array = np.array(labels, np.uint8).reshape(len(lines), len(attributes))
    return LabelTable(attributes, lines, array)
