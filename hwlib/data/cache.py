"""Pixels decoded once: one uint8 array a part on disk, built whole or not at all.

A set lives in `$HWLIB_CACHE/data/<layout>-<place>-<key>/`. `place` stands for what was asked
(folder, size, crop), `key` for the state of the source and of the code that reads it; another key
at the same place means that the set is stale. A set is built in a hidden folder beside its place,
its `manifest.json` written last, and renamed into place; one lock a place keeps two builders apart,
and whoever holds it may remove what a killed builder left.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from filelock import FileLock, Timeout

from hwlib.data.layouts import BadFile, Entry, Listed, Source, list_parts, recognise, scan
from hwlib.data.work import CHUNK, perform_all
from hwlib.errors import UserError
from hwlib.fingerprint import code_of
from hwlib.io import locked, replacing_folder

HERE = Path(__file__).resolve().parent
FACES = HERE.parent / "faces"
FILES = ("data/decode.py", "data/layouts.py", "data/cache.py", "data/work.py")
PARTS = ("train", "test")
NUM_SHOWN = 10  # names of bad files in a message
FACES_SEED = 0
FACES_DEFAULT = (8000, 1000)
FACES_MIN_TEST = 64
WAITING = "another process is preparing this data; waiting for it"


class Names(Sequence):
    """The names of a part's pictures, read from a JSON file when the first one is asked for."""

    def __init__(self, path: Path, num_names: int):
        self._path, self._num_names = path, num_names

    @cached_property
    def _all(self) -> list[str]:
        return json.loads(self._path.read_text(encoding="ascii"))

    def __len__(self) -> int:
        return self._num_names

    def __getitem__(self, index):
        return self._all[index]

    def __repr__(self) -> str:
        return f"Names({self._num_names:,} names)"


@dataclass(frozen=True)
class Recipe:
    """What a set is made from, and how to make it."""

    spec: str
    layout: str
    where: str  # the source's folder, or the spec of drawn faces
    place: str  # 8 hex: what was asked
    key: str  # 16 hex: the state of the source and of the code
    image_size: int
    crop: str
    build: Callable[[Path, bool], dict[str, Any]]  # (folder, progress) -> facts for the manifest
    attributes: Callable[[], tuple[str, ...]]  # their names, from the label files alone


def cache_folder() -> Path:
    """Return `$HWLIB_CACHE/data`, else the user's cache folder of this platform."""
    given = os.environ.get("HWLIB_CACHE")
    return (Path(given) if given else platformdirs.user_cache_path("hwlib")) / "data"


# ---- what to build ------------------------------------------------------------------------------


def recipe_for(spec: str, image_size: int, crop: str) -> Recipe:
    """Tell what set `spec` means and what state it is in, without reading a picture.

    Raises:
        UserError: the spec is neither `faces`, `faces:N` nor a folder of a known layout.
    """
    if spec == "faces" or spec.startswith("faces:"):
        return _faces_recipe(spec, image_size, crop)
    try:
        return _files_recipe(spec, image_size, crop)
    except OSError as error:
        raise _unreadable(error) from error


def _files_recipe(spec: str, image_size: int, crop: str) -> Recipe:
    source = recognise(spec)
    entries = scan(source)
    used_crop = crop if source.layout == "celeba" else ""
    place = _hex([source.layout, str(source.root), image_size, used_crop], 8)
    key = _state(source, entries)
    names = [entry.name for entry in entries]

    def build(folder: Path, progress: bool) -> dict[str, Any]:
        facts = _build_from_files(source, names, folder, image_size, crop, progress)
        if _state(source, scan(source)) != key:
            raise UserError("data_changed", root=source.root)
        return facts

    def attributes() -> tuple[str, ...]:
        return list_parts(source, names).attributes

    asked = (spec, source.layout, str(source.root), place, key, image_size, crop)
    return Recipe(*asked, build=build, attributes=attributes)


def _state(source: Source, entries: Sequence[Entry]) -> str:
    """Return 16 hex digits over the state of the pictures, the label files and the code."""
    digest = hashlib.sha256(code_hash(*FILES).encode())
    for entry in entries:
        line = f"{entry.name}\0{entry.state}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    for path in source.label_files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def num_faces(spec: str) -> tuple[int, int]:
    """Return how many faces `faces` or `faces:N` holds: train, test."""
    if spec == "faces":
        return FACES_DEFAULT
    count = spec.removeprefix("faces:")
    if not count.isdecimal() or not 1 <= int(count) <= 10**7:
        raise UserError("num_faces", spec=spec)
    return int(count), max(int(count) // 8, FACES_MIN_TEST)


def drawing_files() -> list[str]:
    """Return the files that decide how a drawn face looks."""
    files = [*FACES.glob("*.py"), *FACES.glob("*.json")]
    return sorted(str(path.relative_to(HERE.parent)) for path in files)


def _faces_recipe(spec: str, image_size: int, crop: str) -> Recipe:
    num_train, num_test = num_faces(spec)
    place = _hex(["faces", num_train, num_test, FACES_SEED, image_size], 8)
    key = _hex([place, code_hash("data/cache.py", "data/work.py", *drawing_files())], 16)

    def build(folder: Path, progress: bool) -> dict[str, Any]:
        return _build_faces(folder, num_train, num_test, image_size, progress)

    def attributes() -> tuple[str, ...]:
        from hwlib.faces.factors import ATTRIBUTES

        return ATTRIBUTES

    asked = (spec, "faces", spec, place, key, image_size, crop)
    return Recipe(*asked, build=build, attributes=attributes)


@lru_cache
def code_hash(*files: str) -> str:
    """Return a hash over the syntax trees of files of this package: comments change nothing."""
    digest = hashlib.sha256()
    for name in files:
        file = HERE.parent / name
        text = code_of(file) if name.endswith(".py") else file.read_text(encoding="utf-8")
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()


def _hex(values: list[Any], digits: int) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:digits]


# ---- opening ------------------------------------------------------------------------------------


def open_set(recipe: Recipe, *, progress: bool) -> Path:
    """Return the folder of the set `recipe`, built first where it is missing or stale.

    Raises:
        UserError: the source is wrong, or the cache cannot be written.
    """
    home, stem, folder = _place_of(recipe)
    if is_whole(folder):
        return folder
    try:
        home.mkdir(parents=True, exist_ok=True)
        with locked(home / f".{stem}.lock", WAITING):
            if not is_whole(folder):  # another process may have built it meanwhile
                _build(recipe, home, stem, folder, progress)
    except OSError as error:
        if error.filename and not str(error.filename).startswith(str(home)):
            raise _unreadable(error) from error
        raise UserError("cache_unwritable", home=home, why=error.strerror or error) from error
    return folder


def attributes_of_set(recipe: Recipe) -> tuple[str, ...]:
    """Return the names of the attributes that `recipe` has, reading no picture.

    Raises:
        UserError: a label file is wrong.
    """
    try:
        return tuple(read_manifest(_place_of(recipe)[2])["attributes"])
    except FileNotFoundError:
        pass  # no such set yet
    try:
        return recipe.attributes()
    except OSError as error:
        raise _unreadable(error) from error


def _place_of(recipe: Recipe) -> tuple[Path, str, Path]:
    """Return the cache, the stem of all states of the set, and the folder of this one."""
    home, stem = cache_folder(), f"{recipe.layout}-{recipe.place}"
    return home, stem, home / f"{stem}-{recipe.key}"


def _unreadable(error: OSError) -> UserError:
    return UserError("unreadable", file=error.filename, why=error.strerror or error)


def is_whole(folder: Path) -> bool:
    """Whether `folder` is a finished set: its manifest, written last, is there."""
    return (folder / "manifest.json").exists()


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the facts of a finished set."""
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def _build(recipe: Recipe, home: Path, stem: str, folder: Path, progress: bool) -> None:
    """Build a set beside its place and rename it there; the lock of `stem` is held."""
    _remove_leftovers(home, stem)
    with replacing_folder(folder) as temporary:
        facts = recipe.build(temporary, progress)
        facts["fingerprint"] = content_fingerprint(temporary, facts["attributes"])
        manifest = temporary / "manifest.json"
        manifest.write_text(json.dumps(facts, indent=1), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)  # what stands there has no manifest
    for stale in home.glob(f"{stem}-*"):
        if stale != folder:
            shutil.rmtree(stale, ignore_errors=True)  # Windows keeps what another process has open


def _remove_leftovers(home: Path, stem: str) -> None:
    """Remove what killed builders left, here and at every place that nobody builds at."""
    for temporary in home.glob(".*.tmp"):
        other = temporary.name[1:].split(".")[0].rpartition("-")[0]
        if other == stem:
            shutil.rmtree(temporary, ignore_errors=True)
            continue
        try:
            with FileLock(home / f".{other}.lock", timeout=0):
                shutil.rmtree(temporary, ignore_errors=True)
        except Timeout:
            continue


# ---- building -----------------------------------------------------------------------------------


def _build_from_files(
    source: Source,
    names: Sequence[str],
    folder: Path,
    image_size: int,
    crop: str,
    progress: bool,
) -> dict[str, Any]:
    """Write the arrays of a source on disk into `folder` and return the manifest's facts."""
    listing = list_parts(source, names)
    parts = {"train": listing.train, "test": listing.test}
    total = sum(len(part.names) for part in parts.values())
    num_listed = total + len(listing.bad)
    shape = (image_size, image_size, listing.channels)
    _need_space(folder, total * int(np.prod(shape)))
    for name, part in parts.items():
        _new_array(folder / f"{name}.npy", (len(part.names), *shape))
    requests = _requests(source, parts, folder, image_size, crop)
    outcome = perform_all(requests, total, label="decoding", progress=progress)
    bad = list(listing.bad)
    counts = {}
    for name, part in parts.items():
        rows = sorted((row, reason) for where, row, reason in outcome.bad if where == name)
        bad += [BadFile(part.paths[row], reason) for row, reason in rows]
        counts[name] = _save_part(folder, name, part, [row for row, _ in rows])
    bad = [BadFile(_printable(file.name), file.reason) for file in bad]
    for name in PARTS:
        if counts[name] == 0:
            part = "" if num_listed == len(bad) else name
            values = bad_values(bad, num_listed)
            raise UserError("no_usable_image", root=source.root, part=part, **values)
    return {
        **{"layout": source.layout, "where": str(source.root), "image_size": image_size},
        **{"channels": listing.channels, "attributes": list(listing.attributes), **counts},
        **{"num_listed": num_listed, "bad": [asdict(file) for file in bad]},
        "num_unlisted": len(listing.unlisted),
        "unlisted": [_printable(name) for name in listing.unlisted[:NUM_SHOWN]],
        **{"notes": list(listing.notes), "seen": dict(outcome.seen.most_common())},
    }


def _requests(
    source: Source, parts: dict[str, Listed], folder: Path, image_size: int, crop: str
) -> Iterator[dict[str, Any]]:
    """Yield requests of `CHUNK` pictures each."""
    used_crop = crop if source.layout == "celeba" else None
    for name, part in parts.items():
        into = str(folder / f"{name}.npy")
        for start in range(0, len(part.names), CHUNK):
            count = min(CHUNK, len(part.names) - start)
            request = {"part": name, "into": into, "start": start, "count": count}
            request |= {"image_size": image_size}
            if source.layout == "mnist":
                yield request | {"do": "idx", "path": str(source.root / part.paths[0])}
            else:
                paths = [str(source.root / path) for path in part.paths[start : start + count]]
                yield request | {"do": "decode", "paths": paths, "crop": used_crop}


def _save_part(folder: Path, name: str, part: Listed, bad_rows: list[int]) -> int:
    """Write a part's names and labels, take its bad rows out, and return how many are left."""
    keep = np.ones(len(part.names), bool)
    keep[bad_rows] = False
    if bad_rows and keep.any():
        _keep_rows(folder / f"{name}.npy", np.flatnonzero(keep))
    names = [part.names[row] for row in np.flatnonzero(keep)]
    (folder / f"{name}_names.json").write_text(json.dumps(names), encoding="ascii")
    if part.labels is not None:
        np.save(folder / f"{name}_labels.npy", part.labels[keep])
    return int(keep.sum())


def _keep_rows(path: Path, rows: np.ndarray) -> None:
    whole = np.load(path, mmap_mode="r", allow_pickle=False)
    kept = path.with_name(f"kept_{path.name}")
    with open(kept, "wb") as file:
        header = np.lib.format.header_data_from_array_1_0(whole)
        header["shape"] = (len(rows), *whole.shape[1:])
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(rows), CHUNK):
            file.write(whole[rows[start : start + CHUNK]].tobytes())
    del whole
    os.replace(kept, path)


def _build_faces(
    folder: Path, num_train: int, num_test: int, image_size: int, progress: bool
) -> dict[str, Any]:
    """Draw faces into the arrays of a set and return the manifest's facts."""
    from hwlib.data.tables import save_table
    from hwlib.faces import ATTRIBUTES, attributes_of

    _need_space(folder, (num_train + num_test) * image_size**2 * 3)
    tables = dict(zip(PARTS, sample_parts(num_train, num_test, FACES_SEED), strict=True))
    first_number = {"train": 0, "test": num_train}
    for name, table in tables.items():
        save_table(folder / f"{name}_factors.npz", table)
        np.save(folder / f"{name}_labels.npy", attributes_of(table))
        names = [f"{first_number[name] + i:05}.png" for i in range(len(table))]
        (folder / f"{name}_names.json").write_text(json.dumps(names), encoding="ascii")
        _new_array(folder / f"{name}.npy", (len(table), image_size, image_size, 3))

    def requests() -> Iterator[dict[str, Any]]:
        for name, table in tables.items():
            into, factors = str(folder / f"{name}.npy"), str(folder / f"{name}_factors.npz")
            for start in range(0, len(table), CHUNK):
                count = min(CHUNK, len(table) - start)
                request = {"do": "draw", "into": into, "factors": factors, "start": start}
                yield request | {"count": count, "image_size": image_size}

    total = num_train + num_test
    perform_all(requests(), total, label="drawing faces", progress=progress)
    return {
        **{"layout": "faces", "where": "drawn", "image_size": image_size, "channels": 3},
        **{"attributes": list(ATTRIBUTES), "train": num_train, "test": num_test},
        **{"num_listed": total, "bad": [], "num_unlisted": 0, "unlisted": []},
        **{"notes": [], "seen": {f"{image_size}x{image_size} RGB": total}},
    }


def sample_parts(num_train: int, num_test: int, seed: int):
    """Return the tables of factors of the train and the test part, cut from one table."""
    from hwlib.faces import sample_factors

    table = sample_factors(num_train + num_test, seed)
    return table.iloc[:num_train], table.iloc[num_train:].reset_index(drop=True)


def _new_array(path: Path, shape: tuple[int, ...]) -> None:
    """Make a .npy file of zeros without holding it in memory."""
    if shape[0] == 0:
        np.save(path, np.empty(shape, np.uint8))
        return
    array = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    del array


def _need_space(folder: Path, num_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < num_bytes * 1.1:
        raise UserError(
            "cache_full",
            folder=folder.parent,
            free=free / 1e9,
            needed=num_bytes * 1.1 / 1e9,
        )


def content_fingerprint(folder: Path, attributes: Sequence[str]) -> str:
    """Return 16 hex digits of the SHA-256 over pixels, labels and the attributes' names."""
    digest = hashlib.sha256(json.dumps(list(attributes)).encode())
    for name in ("train.npy", "train_labels.npy", "test.npy", "test_labels.npy"):
        digest.update(name.encode())
        if not (folder / name).exists():
            continue
        # Read, not mapped: mapped pages would count as this process's memory.
        with open(folder / name, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]


def bad_values(bad: Sequence[BadFile], total: int) -> dict[str, Any]:
    """Return what a line on bad files names: the first ten of them, and how many there are."""
    return {
        "bad": len(bad),
        "total": total,
        "which": "; ".join(f"{file.name} {file.reason}" for file in bad[:NUM_SHOWN]),
        "more": max(0, len(bad) - NUM_SHOWN),
    }


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in name)
