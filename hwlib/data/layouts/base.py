"""What every layout of data is, and what layouts share: files on disk and tables of labels."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from hwlib.data.decode import SUFFIXES, Decoded, Unreadable, decode_all
from hwlib.errors import UserError
from hwlib.text import Finding, finding, word

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
class Listing:
    """The N images of a source, in order, before a pixel is read."""

    labels: pd.DataFrame  # uint8 0/1 (N, A): its rows are the images' names, its columns attributes
    items: Any  # what each is read from: paths below the root, arrays, or rows of factors
    is_test: np.ndarray  # bool (N,)
    bad: Sequence[BadFile] = ()  # images that label files name and that are not there
    unlisted: Sequence[str] = ()  # images that are there and no label file names
    notes: Sequence[Finding] = ()  # what a user should know

    def parts(self) -> Iterator[tuple[str, pd.DataFrame, Any]]:
        """Yield the name, labels and items of each part."""
        for name, rows in (("train", ~self.is_test), ("test", self.is_test)):
            yield name, self.labels[rows], self.items[rows]


@dataclass(frozen=True)
class Layout:
    """A data set where it lies: as it stands here, any folder of images, without labels.

    A subclass is another layout, and its line in `LAYOUTS` makes it known.
    """

    root: Path
    # Folders of image files at any depth, or files of many images. What these and the label files
    # hold is the set's state, and no part of its `repr`, by which the cache tells sets apart.
    images: tuple[Path, ...] = field(default=(), repr=False)
    label_files: tuple[Path, ...] = field(default=(), repr=False)

    name: ClassVar[str] = "folder"  # in run folders and `hwlib data info`
    sentence: ClassVar[str] = "data.folder"  # introduces such images in a report
    channels: ClassVar[int] = 3  # of the decoded images
    has_crops: ClassVar[bool] = False  # whether the setting `crop` chooses a part of each image
    is_drawn: ClassVar[bool] = False  # whether this program drew the images
    is_aligned: ClassVar[bool] = False  # whether faces lie as in the homework's crop
    has_face_photographs: ClassVar[bool] = False  # as the course reports had
    can_flip: ClassVar[bool] = True  # whether a mirror image shows the same thing
    modules: ClassVar = ("hwlib.data.build",)  # what decides pixels and labels, beside its own

    @classmethod
    def detect(cls, root: Path) -> Self | None:
        """Return the set in the folder `root`; None where it is not of this layout."""
        return cls(root, (root,)) if any(find_images(root)) else None

    def list_images(self, files: Sequence[str]) -> Listing:
        """Say which of the image `files` is in which part, and what its labels are.

        Without label files a tenth, by a hash of the name, is the test part: other files change
        nothing for one.
        """
        digests = [hashlib.sha256(name.encode("utf-8", "surrogateescape")) for name in files]
        hashes = np.array([int(digest.hexdigest()[:8], 16) for digest in digests])
        is_test = hashes % 10 == 0
        if is_test.all() or not is_test.any():  # few images: each part gets one at least
            is_test = hashes == hashes.min()
        notes = [finding("notes.no_labels")]
        if (self.root / "train").is_dir() and (self.root / "test").is_dir():
            notes.append(finding("notes.parts_without_tables"))
        if (self.root / "img_align_celeba").is_dir():
            notes.append(finding("notes.celeba_without_list"))
        names = pd.Index(files, dtype=object)
        return Listing(pd.DataFrame(index=names), names, is_test, notes=notes)

    def scan(self) -> list[State]:
        """Return the state of every image file, sorted by name; equal states mean equal content."""
        states = []
        for path in (file for at in self.images for file in find_images(at)):
            name = path[len(str(self.root)) :].lstrip("/" + os.sep).replace(os.sep, "/")
            try:
                stat = os.stat(path)
                states.append((name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
            except OSError:  # a link to nowhere; reading it will say so
                states.append((name, 0, 0, 0))
        return sorted(states)

    def read(self, items: Any, image_size: int, crop: str) -> Iterator[Decoded | Unreadable]:
        """Yield the images of a part's items, in order."""
        paths = (self.root / path for path in items)
        return decode_all(paths, image_size, crop=crop if self.has_crops else None)


# ---- files -------------------------------------------------------------------------------------


def find_images(place: Path) -> Iterator[str]:
    """Yield the paths of image files, or `place`, a file; links are followed, but never twice."""

    def refuse(error: OSError) -> None:
        raise error

    if place.is_file():
        yield str(place)
        return
    done = set()
    # strings, not Path: a fifth of the time for 200,000 files
    for here, folders, names in os.walk(place, followlinks=True, onerror=refuse):
        real = os.path.realpath(here)
        folders[:] = [name for name in folders if not name.startswith(HIDDEN)]
        if real in done:
            folders.clear()
            continue
        done.add(real)
        for name in names:
            if name.lower().endswith(SUFFIXES) and not name.startswith(HIDDEN):
                yield f"{here}/{name}"


# ---- parts and labels --------------------------------------------------------------------------


def is_last_tenth(num: int) -> np.ndarray:
    """Return which of `num` images are the last tenth, bool (N,): one at least."""
    return np.arange(num) >= num - max(1, num // 10)


def read_table(
    path: Path, known: Sequence[str], *, names_in: str, first: int = 2, **options: Any
) -> pd.DataFrame:
    """Read a table of labels, in UTF-8, as text, with the images' names as its index.

    Args:
        path: the file, whose first row is in line `first`.
        known: what a label may be.
        names_in: the column of the names.
        options: of `pandas.read_csv`.

    Raises:
        UserError: it is no table, has a column twice, lacks the names, names an image twice, or has
            an unknown label.
    """
    read = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"} | options
    try:
        table = pd.read_csv(path, **read)
        if not isinstance(table.index, pd.RangeIndex):
            raise ValueError("its rows are longer than its head")
        if "names" not in options:  # pandas renames a column that is there twice
            heads = pd.read_csv(path, header=None, nrows=1, **read).iloc[0]
            if (is_twice := heads.duplicated()).any():
                raise ValueError(f"column '{heads[is_twice].iloc[0]}' is there twice")
    except ValueError as error:  # empty or no UTF-8, too
        raise UserError("bad_table", path=path, why=" ".join(str(error).split())) from None
    if names_in not in table:
        found = ", ".join(map(str, table.columns))[:80]
        raise UserError("no_names", path=path, column=names_in, found=found)
    table = table.set_index(names_in)
    if (is_twice := table.index.duplicated()).any():
        name = table.index[is_twice][0]
        one, other, *_ = (np.flatnonzero(table.index == name) + first).tolist()
        raise UserError("label_twice", path=path, name=name, first=one, line=other)
    if len(wrong := np.argwhere(~table.isin(known).to_numpy())):
        row, column = wrong[0].tolist()
        about = {"line": first + row, "name": table.index[row], "attribute": table.columns[column]}
        value = repr(table.iat[row, column])
        raise UserError("label_value", path=path, value=value, known=known, **about)
    return table
