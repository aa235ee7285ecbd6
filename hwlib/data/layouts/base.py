"""What every layout of data is, and what layouts share: files on disk and tables of labels."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from hwlib.data.decode import SUFFIXES, Decoded, Unreadable, decode_all
from hwlib.errors import UserError
from hwlib.text import Finding, finding, word

# Folders of a system or a network drive; many hold thumbnails. Names with a dot are hidden, too.
SYSTEM_FOLDERS = {
    *("__macosx", "@eadir", "@recycle", "#recycle", "#snapshot", "$recycle.bin", "lost+found"),
    "system volume information",
}
RUN_FILES = ({"config.json", "metrics.jsonl"}, {"config.json", "results.json"})  # of this program
TABLES = ("train.csv", "list_attr_celeba.txt", "list_attr_celeba.csv")
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
    # Where the source does not say which images are for testing: returns it anew, bool (M,), for M
    # rows, of which those of one group, int (M,), are copies.
    split: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None

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
        """Say which of the image `files` is in which part, and what its labels are."""
        names, notes = pd.Index(files, dtype=object), [finding("notes.no_labels")]
        if (self.root / "train").is_dir() and (self.root / "test").is_dir():
            notes.append(finding("notes.parts_without_tables"))
        if (self.root / "img_align_celeba").is_dir():
            notes.append(finding("notes.celeba_without_list"))
        for table in (above / name for above in self.root.parents[:2] for name in TABLES):
            if table.exists():
                notes.append(finding("notes.table_above", table=str(table)))
        labels, split = pd.DataFrame(index=names), partial(split_by_hash, names)
        return Listing(labels, names, split_by_hash(names), notes=notes, split=split)

    def scan(self, passed: "PassedOver | None" = None) -> list[State]:
        """Return the state of every image file, sorted by name; equal states mean equal content."""
        states = []
        for path in (file for at in self.images for file in find_images(at, passed)):
            name = path[len(str(self.root)) :].lstrip("/" + os.sep).replace(os.sep, "/")
            try:
                stat = os.stat(path)
                states.append((name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
            except OSError:  # a link to nowhere; reading it will say so
                states.append((name, 0, 0, 0))
        if passed:
            seen = (path for path in self.label_files if {*path.parents} & {*self.images})
            passed.kinds.subtract(path.suffix.lower() for path in seen)
        return sorted(states)

    def read(self, items: Any, image_size: int, crop: str) -> Iterator[Decoded | Unreadable]:
        """Yield the images of a part's items, in order."""
        paths = (self.root / path for path in items)
        return decode_all(paths, image_size, crop=crop if self.has_crops else None)


# ---- files -------------------------------------------------------------------------------------


@dataclass
class PassedOver:
    """What lies among the images of a set and is no part of it."""

    kinds: Counter[str] = field(default_factory=Counter)  # files not read, by their endings
    # Images in hidden folders and those of systems, by the folder's name; hidden ones: ".*".
    hidden: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)  # images in folders of runs, by path
    links: list[str] = field(default_factory=list)  # to a folder that the set itself lies in

    def notes(self) -> tuple[Finding, ...]:
        """Return what a user should know of it."""
        told = {
            "notes.not_read": dict((+self.kinds).most_common()),
            "notes.hidden": dict(+self.hidden),
            "notes.runs": dict(+self.runs),
            "notes.links_above": self.links,
        }
        return tuple(finding(key, found=found) for key, found in told.items() if found)


def find_images(place: Path, passed: PassedOver | None = None) -> Iterator[str]:
    """Yield the paths of image files, or `place`, a file; `passed` collects what is passed over.

    Links are followed, but never twice, and never to a folder that `place` lies in. A folder that
    may not be read is yielded too: reading it says why.
    """
    if place.is_file():
        yield str(place)
        return
    passed = passed or PassedOver()
    top, done, closed = os.path.realpath(place), set(), []
    # strings, not Path: a fifth of the time for 200,000 files
    for here, folders, names in os.walk(place, followlinks=True, onerror=closed.append):
        real = os.path.realpath(here)
        if top.startswith(os.path.join(real, "")):
            passed.links.append(here)
        elif any(own <= {*names} for own in RUN_FILES):
            passed.runs[here] += _count_images(here)
        elif real not in done:
            done.add(real)
            for name in filter(is_hidden, folders):
                passed.hidden[name] += _count_images(f"{here}/{name}")
            folders[:] = [name for name in folders if not is_hidden(name)]
            for name in names:
                is_image = name.lower().endswith(SUFFIXES)
                if is_hidden(name):
                    passed.hidden[".*"] += is_image
                elif is_image:
                    yield f"{here}/{name}"
                else:
                    passed.kinds[os.path.splitext(name)[1].lower()] += 1
            continue
        folders.clear()
    for error in closed:
        if error.filename in (None, str(place)):
            raise error
        yield error.filename


def is_hidden(name: str) -> bool:
    """Whether a folder or a file of this name is no part of a set."""
    return name.startswith(".") or name.lower() in SYSTEM_FOLDERS


def _count_images(folder: str) -> int:
    files = (name for _, _, names in os.walk(folder) for name in names)
    return sum(name.lower().endswith(SUFFIXES) for name in files)


# ---- parts and labels --------------------------------------------------------------------------


def least_in_part(num: int) -> int:
    """Return how many of `num` images each part needs: two, where there are so many.

    Distances between sets of images need two.
    """
    return min(2, num // 2)


def is_last_tenth(num: int) -> np.ndarray:
    """Return which of `num` images are the last tenth, bool (N,): two at least."""
    return np.arange(num) >= num - max(least_in_part(num), num // 10)


def split_by_hash(
    names: Sequence[str], rows: np.ndarray | None = None, groups: np.ndarray | None = None
) -> np.ndarray:
    """Return which images are the test part, bool (N,): a tenth, by a hash of the name.

    So other files change nothing for one. Where a part would be too small for distances, the
    lowest hashes are the test part.

    Args:
        names: of all images.
        rows: those that count, (N,); all by default.
        groups: int (N,); images of one group stay together, and the shortest name decides.
    """
    names = list(names) if rows is None else [names[row] for row in rows]
    digests = (hashlib.sha256(name.encode("utf-8", "surrogateescape")) for name in names)
    hashes = np.array([int(digest.hexdigest()[:8], 16) for digest in digests])
    if groups is not None:
        order = sorted(range(len(names)), key=lambda row: (len(names[row]), names[row]))
        _, first, inverse = np.unique(groups[order], return_index=True, return_inverse=True)
        hashes[order] = hashes[order][first][inverse]
    is_test, least = hashes % 10 == 0, least_in_part(len(names))
    if min(is_test.sum(), (~is_test).sum()) < least:
        is_test = hashes <= np.sort(hashes)[least - 1]
    if groups is not None and (~is_test).sum() < least:  # nearly all show the same
        return split_by_hash(names)
    return is_test


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
        if "names" not in options:  # pandas renames a column that is there twice, or has no name
            heads = pd.read_csv(path, header=None, nrows=1, **read).iloc[0]
            if unnamed := (np.flatnonzero(heads == "") + 1).tolist():
                raise UserError("column_unnamed", path=path, number=unnamed[0], names_in=names_in)
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
