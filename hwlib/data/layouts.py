"""Recognise the layout of a folder and list its pictures and labels.

hw4     `train.csv`, `test.csv`, `train/`, `test/`; the last tenth of train is the test part where
        `test.csv` has no rows
celeba  `list_attr_celeba.txt` and pictures in `img_align_celeba/` or beside it; test part: 2 in
        `list_eval_partition.txt`, else the last tenth
mnist   `train-images-idx3-ubyte`, its labels, and the same of `t10k`, which is the test part
folder  pictures at any depth; one tenth, chosen by a hash of the relative name, is the test part
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hwlib.data.decode import SUFFIXES
from hwlib.errors import UserError

# The authors' text files, and the same tables as Kaggle's copy gives them.
CELEBA_LISTS = ("list_attr_celeba.txt", "Anno/list_attr_celeba.txt", "list_attr_celeba.csv")
CELEBA_PARTITIONS = (
    "list_eval_partition.txt",
    "Eval/list_eval_partition.txt",
    "list_eval_partition.csv",
)
CELEBA_FOLDERS = ("img_align_celeba", "Img/img_align_celeba", "img_align_celeba/img_align_celeba")
MNIST_STEMS = ("train-images", "train-labels", "t10k-images", "t10k-labels")


@dataclass(frozen=True)
class BadFile:
    """A picture that cannot be used: its name within the source, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Source:
    """A folder whose layout is recognised; nothing is parsed yet."""

    layout: str
    root: Path
    folders: tuple[Path, ...]  # where the pictures (or idx files) lie
    label_files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Listed:
    """The pictures of one part, in order."""

    paths: Sequence[str]  # relative to the source's root; one idx file for MNIST
    names: Sequence[str]
    labels: np.ndarray | None = None  # uint8 0/1 (N, A)


@dataclass(frozen=True)
class Listing:
    """What a source holds, before a pixel is read."""

    attributes: tuple[str, ...]
    train: Listed
    test: Listed
    channels: int = 3
    bad: tuple[BadFile, ...] = ()
    unlisted: tuple[str, ...] = ()  # pictures that are there and no label file names
    notes: tuple[str, ...] = ()  # what a user should know, in sentences


@dataclass(frozen=True, order=True, slots=True)
class Entry:
    """A file and its state; two equal states mean the same content."""

    name: str  # relative to the source's root
    state: tuple[int, int, int] = field(compare=False)  # size, mtime, ctime (both in ns)


def recognise(path: str | Path) -> Source:
    """Tell the layout of the folder `path`.

    Raises:
        UserError: nothing is there, or no layout is recognised; the line says what was looked for.
    """
    root = Path(os.path.expanduser(path))
    if not os.path.exists(root):  # False also where it may not be asked
        raise UserError("no_such_folder", path=path)
    if not root.is_dir():
        raise UserError("file_for_folder", path=path)
    root = root.resolve()
    for layout in (_hw4_source, _celeba_source, _mnist_source):
        if source := layout(root):
            return source
    if next(_walk(root), None) is not None:
        return Source("folder", root, (root,))
    raise UserError("no_known_data", path=path, is_empty=not any(root.iterdir()))


def scan(source: Source) -> list[Entry]:
    """Return the state of every picture (or idx file) of `source`, sorted by name."""
    if source.layout == "mnist":
        return [_entry(source.root, path) for path in source.folders]
    recursive = source.layout == "folder"
    found = [e for folder in source.folders for e in _walk(source.root, folder, recursive)]
    return sorted(found)


def list_parts(source: Source, names: Sequence[str]) -> Listing:
    """Read the label files of `source` and say which of the files `names` is in which part.

    Raises:
        UserError: a label file is wrong, or a part would be empty.
    """
    lists = {"hw4": _list_hw4, "celeba": _list_celeba, "mnist": _list_mnist, "folder": _list_folder}
    return lists[source.layout](source, names)


# ---- files -------------------------------------------------------------------------------------


def _entry(root: Path, path: Path) -> Entry:
    stat = path.stat()
    return Entry(
        path.relative_to(root).as_posix(), (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    )


def _walk(root: Path, folder: Path | None = None, recursive: bool = True) -> Iterator[Entry]:
    """Yield the picture files in `folder`, links followed once, hidden files left aside."""
    todo, seen = [folder or root], set()
    while todo:
        here = todo.pop()
        if (real := here.resolve()) in seen:
            continue
        seen.add(real)
        with os.scandir(here) as items:
            for item in items:
                if item.name.startswith((".", "__MACOSX")):
                    continue
                if item.is_dir():
                    if recursive:
                        todo.append(Path(item.path))
                elif os.path.splitext(item.name)[1].lower() in SUFFIXES:
                    yield _dir_entry(root, item)


def _dir_entry(root: Path, item: os.DirEntry) -> Entry:
    # Strings, not Path: a fifth of the time for 200,000 files.
    name = item.path[len(str(root)) :].lstrip(os.sep).replace(os.sep, "/")
    try:
        stat = item.stat()
    except OSError:  # a link to nowhere; reading it will say so
        return Entry(name, (0, 0, 0))
    return Entry(name, (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UserError("not_utf8", path=path, reason=error.reason, start=error.start) from None


def _last_tenth(num: int) -> int:
    return num - max(1, num // 10)


def _need_two(root: Path, num: int) -> None:
    if num < 2:
        raise UserError("too_few_images", root=root, num=num)


# ---- hw4 ---------------------------------------------------------------------------------------


def _hw4_source(root: Path) -> Source | None:
    wanted = ("train.csv", "test.csv", "train", "test")
    here = [name for name in wanted if (root / name).exists()]
    if not {"train.csv", "test.csv"} & set(here):
        return None
    if missing := [name for name in wanted if name not in here]:
        raise UserError("hw4_incomplete", root=root, here=here[0], missing=missing)
    return Source(
        "hw4", root, (root / "train", root / "test"), (root / "train.csv", root / "test.csv")
    )


def _list_hw4(source: Source, names: Sequence[str]) -> Listing:
    there = set(names)
    bad: list[BadFile] = []
    parts: dict[str, Listed] = {}
    columns: dict[str, list[str]] = {}
    for part, path in zip(("train", "test"), source.label_files, strict=True):
        columns[part], rows, labels = _read_hw4_csv(path)
        keep = []
        for i, (name, line) in enumerate(rows):
            if f"{part}/{name}" in there:
                keep.append(i)
            else:
                bad.append(
                    BadFile(f"{part}/{name}", f"is not there, but {path.name} line {line} names it")
                )
        kept = [rows[i][0] for i in keep]
        parts[part] = Listed([f"{part}/{name}" for name in kept], kept, labels[keep])
    attributes = columns["train"]
    if sorted(attributes) != sorted(columns["test"]):
        differ = sorted(set(attributes) ^ set(columns["test"]))
        raise UserError("hw4_attributes_differ", root=source.root, names=differ)
    order = [columns["test"].index(name) for name in attributes]
    train, test = parts["train"], parts["test"]
    test = Listed(test.paths, test.names, test.labels[:, order])
    listed = {*train.paths, *test.paths, *(file.name for file in bad)}
    notes = []
    if not test.names and not any(file.name.startswith("test/") for file in bad):
        _need_two(source.root, len(train.names))
        at = _last_tenth(len(train.names))
        notes.append("test.csv names no picture: the last tenth of train.csv is the test part")
        test = Listed(train.paths[at:], train.names[at:], train.labels[at:])
        train = Listed(train.paths[:at], train.names[:at], train.labels[:at])
    unlisted = tuple(name for name in names if name not in listed)
    if not attributes:
        train, test = Listed(train.paths, train.names), Listed(test.paths, test.names)
    return Listing(
        tuple(attributes), train, test, bad=tuple(bad), unlisted=unlisted, notes=tuple(notes)
    )


def _read_hw4_csv(path: Path) -> tuple[list[str], list[tuple[str, int]], np.ndarray]:
    """Return the attributes, (name, line) of each row, and the labels, uint8 (N, A)."""
    table = _csv_rows(path)
    _, header = next(table, (1, []))
    header = [cell.strip() for cell in header]
    if "image_name" not in header:
        found = ", ".join(header)[:80] or "nothing"
        raise UserError("csv_no_image_name", path=path, found=found)
    if doubled := sorted({name for name in header if header.count(name) > 1}):
        raise UserError("csv_column_twice", path=path, column=doubled[0])
    at = header.index("image_name")
    attributes = [name for name in header if name != "image_name"]
    rows, cells, lines = [], [], {}
    for line, row in table:
        if len(row) != len(header):
            raise UserError("csv_cells", path=path, line=line, cells=len(row), columns=len(header))
        name = row.pop(at).strip()
        if name in lines:
            raise UserError("csv_row_twice", path=path, name=name, first=lines[name], line=line)
        lines[name] = line
        rows.append((name, line))
        cells.append(row)
    return attributes, rows, _zeros_and_ones(path, attributes, rows, cells)


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(_read_lines(path))
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise UserError("not_csv", path=path, line=reader.line_num, why=error) from None


def _zeros_and_ones(
    path: Path, attributes: list[str], rows: list[tuple[str, int]], cells: list[list[str]]
) -> np.ndarray:
    values = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "0.": 0, "1.": 1}
    labels = np.zeros((len(rows), len(attributes)), np.uint8)
    for i, row in enumerate(cells):
        for j, cell in enumerate(row):
            if (value := values.get(cell.strip())) is None:
                raise UserError(
                    "csv_label",
                    path=path,
                    line=rows[i][1],
                    image=rows[i][0],
                    attribute=attributes[j],
                    cell=repr(cell),
                )
            labels[i, j] = value
    return labels


# ---- CelebA ------------------------------------------------------------------------------------


def _celeba_source(root: Path) -> Source | None:
    lists = [root / name for name in CELEBA_LISTS if (root / name).exists()]
    if not lists:
        return None
    folders = [root / name for name in CELEBA_FOLDERS]
    here = [p for p in folders if p.is_dir() and next(_walk(root, p, False), None) is not None]
    if not here and next(_walk(root, root, False), None) is not None:
        here = [root]
    if not here:
        raise UserError("celeba_no_images", root=root, name=lists[0].name)
    partitions = [root / name for name in CELEBA_PARTITIONS if (root / name).exists()]
    return Source("celeba", root, (here[0],), (lists[0], *partitions[:1]))


def read_celeba_list(path: Path) -> tuple[list[str], list[str], np.ndarray]:
    """Read `list_attr_celeba.txt`: attributes, image names, and labels, uint8 0/1 (N, A).

    Raises:
        UserError: the count in line 1 is wrong, a row has too few or many values, a value is
            neither 1 nor -1, or a name stands twice.
    """
    attributes, rows, first_line = _celeba_table(path)
    names, labels = [], np.zeros((len(rows), len(attributes)), np.uint8)
    for i, row in enumerate(rows):
        name, *values = row.split() or [""]
        where = f"{path} line {first_line + i} ({name})"
        if len(values) != len(attributes):
            raise UserError(
                "celeba_values", where=where, values=len(values), attributes=len(attributes)
            )
        if wrong := {*values} - {"1", "-1"}:
            attribute = attributes[values.index(min(wrong))]
            raise UserError(
                "celeba_value", where=where, attribute=attribute, value=repr(min(wrong))
            )
        names.append(name)
        labels[i] = [value == "1" for value in values]
    _refuse_doubled(path, names, first_line)
    return attributes, names, labels


def _celeba_table(path: Path) -> tuple[list[str], list[str], int]:
    """Return the attributes, the rows as text, and the line that the first row stands on."""
    lines = _read_lines(path)
    while lines and not lines[-1].strip():
        lines.pop()
    if path.suffix == ".csv":
        lines = [line.replace(",", " ") for line in lines]
        if not lines or lines[0].split()[:1] != ["image_id"]:
            raise UserError("celeba_head", path=path)
        return lines[0].split()[1:], lines[1:], 2
    count = lines[0].strip() if lines else ""
    if not count.isdecimal():
        raise UserError("celeba_count", path=path, found=repr(count[:40]))
    attributes, rows = (lines[1].split() if len(lines) > 1 else []), lines[2:]
    if int(count) != len(rows):
        raise UserError("celeba_rows", path=path, said=int(count), rows=len(rows))
    return attributes, rows, 3


def _refuse_doubled(path: Path, names: list[str], first_line: int) -> None:
    if len(set(names)) == len(names):
        return
    lines: dict[str, int] = {}
    for line, name in enumerate(names, first_line):
        if name in lines:
            raise UserError("celeba_twice", path=path, name=name, first=lines[name], line=line)
        lines[name] = line


def _list_celeba(source: Source, names: Sequence[str]) -> Listing:
    path = source.label_files[0]
    attributes, listed, labels = read_celeba_list(path)
    prefix = source.folders[0].relative_to(source.root).as_posix()
    prefix = "" if prefix == "." else f"{prefix}/"
    there = set(names)
    keep = [i for i, name in enumerate(listed) if prefix + name in there]
    if not keep:
        raise UserError(
            "celeba_none",
            count=len(listed),
            path=path,
            folder=source.folders[0],
            example=listed[0] if listed else "any",
        )
    _need_two(source.root, len(keep))
    here = [listed[i] for i in keep]
    notes = []
    if len(keep) < len(listed):
        notes.append(
            f"a partial copy: {len(keep):,} of the {len(listed):,} pictures in {path.name} are "
            "here, and those are used"
        )
    is_test, note = _celeba_split(source, here)
    if note:
        notes.append(note)
    parts = []
    for chosen in (~is_test, is_test):
        rows = np.flatnonzero(chosen)
        part = [here[i] for i in rows]
        parts.append(Listed([prefix + name for name in part], part, labels[keep][rows]))
    known = {prefix + name for name in here}
    unlisted = tuple(name for name in names if name not in known)
    return Listing(tuple(attributes), *parts, unlisted=unlisted, notes=tuple(notes))


def _celeba_split(source: Source, here: list[str]) -> tuple[np.ndarray, str]:
    """Return which of the pictures `here` are test, and what to say about it."""
    tenth = np.arange(len(here)) >= _last_tenth(len(here))
    if len(source.label_files) == 1:
        return tenth, "no list_eval_partition.txt: the last tenth is the test part"
    path = source.label_files[1]
    parts = {}
    for i, line in enumerate(_read_lines(path), 1):
        cells = line.replace(",", " ").split()
        if i == 1 and cells[:1] == ["image_id"]:
            continue
        if cells and (len(cells) != 2 or cells[1] not in ("0", "1", "2")):
            raise UserError("celeba_split_line", path=path, line=i, found=repr(line[:60]))
        if cells:
            parts[cells[0]] = cells[1]
    if lost := [name for name in here if name not in parts]:
        raise UserError("celeba_split_lost", path=path, example=lost[0], count=len(lost))
    is_test = np.array([parts[name] == "2" for name in here])
    if is_test.all() or not is_test.any():
        which = "all" if is_test.all() else "none"
        note = f"{path.name} puts {which} of these pictures into the test part"
        return tenth, f"{note}: the last tenth is taken instead"
    return is_test, ""


# ---- MNIST -------------------------------------------------------------------------------------


def _mnist_source(root: Path) -> Source | None:
    for folder in (root, root / "raw", root / "MNIST" / "raw"):
        found = {}
        for stem in MNIST_STEMS:
            kind = "idx3" if "images" in stem else "idx1"
            for name in (f"{stem}-{kind}-ubyte", f"{stem}.{kind}-ubyte"):
                for path in (folder / name, folder / f"{name}.gz"):
                    if path.is_file():
                        found.setdefault(stem, path)
        if found and (missing := [stem for stem in MNIST_STEMS if stem not in found]):
            kind = "idx3" if "images" in missing[0] else "idx1"
            raise UserError(
                "mnist_incomplete",
                folder=folder,
                name=found.popitem()[1].name,
                part=missing[0],
                kind=kind,
            )
        if found:
            images, labels = MNIST_STEMS[0::2], MNIST_STEMS[1::2]
            return Source(
                "mnist", root, tuple(found[s] for s in images), tuple(found[s] for s in labels)
            )
    return None


def read_idx(path: Path, num_dims: int) -> np.ndarray:
    """Read an idx file of bytes, gzipped or not, as uint8 with `num_dims` dimensions.

    Raises:
        UserError: the file is no such idx file, or is cut off.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            content = file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError("idx_unpack", path=path, why=error) from None
    head = 4 + 4 * num_dims
    if content[:4] != bytes([0, 0, 8, num_dims]) or len(content) < head:
        raise UserError("idx_kind", path=path, num_dims=num_dims)
    shape = np.frombuffer(content[4:head], ">u4").astype(int)
    if len(content) - head != np.prod(shape):
        raise UserError("idx_size", path=path, holds=len(content) - head, says=np.prod(shape))
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)


def _list_mnist(source: Source, names: Sequence[str]) -> Listing:
    parts = []
    for name, path in zip(names, source.label_files, strict=True):
        digits = read_idx(path, 1)
        num_images = len(read_idx(source.root / name, 3))
        if len(digits) != num_images or num_images == 0:
            raise UserError("mnist_labels", path=path, labels=len(digits), images=num_images)
        if digits.max() > 9:
            at = int(np.argmax(digits > 9))
            raise UserError("mnist_digit", path=path, place=at, digit=digits[at])
        names_here = [f"{i:05}" for i in range(num_images)]
        parts.append(Listed([name], names_here, np.eye(10, dtype=np.uint8)[digits]))
    return Listing(tuple(f"digit_{i}" for i in range(10)), *parts, channels=1)


# ---- any folder --------------------------------------------------------------------------------


def _list_folder(source: Source, names: Sequence[str]) -> Listing:
    _need_two(source.root, len(names))
    hashes = [
        int(hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8], 16)
        for name in names
    ]
    is_test = [value % 10 == 0 for value in hashes]
    if all(is_test) or not any(is_test):  # few pictures: each part gets one at least
        is_test = [value == min(hashes) for value in hashes]
    parts = []
    for wanted in (False, True):
        chosen = [name for name, test in zip(names, is_test, strict=True) if test is wanted]
        parts.append(Listed(chosen, chosen))
    notes = ["no label file: no attributes, and one tenth, by a hash of the name, is the test part"]
    if (source.root / "train").is_dir() and (source.root / "test").is_dir():
        notes.append(
            "train/ and test/ are not told apart: for hw4, train.csv and test.csv are needed"
        )
    if (source.root / "img_align_celeba").is_dir():
        notes.append(
            "no list_attr_celeba.txt: taken as plain pictures, centre square, not as CelebA"
        )
    return Listing((), *parts, notes=tuple(notes))
