"""Pixels decoded once: one uint8 array a part on disk, built whole or not at all.

A set lives in `$HWLIB_CACHE/data/<place>-<key>/`. The place stands for what was asked (layout,
folder, size, crop), the key for the state of the source and of the code that reads it; another key
at the same place means that the set is stale. A set is built beside its place and renamed there;
one lock a place keeps two builders apart, and whoever holds it may remove what a killed one left.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock, Timeout

from hwlib.data.build import build_set
from hwlib.data.layouts import find_layout
from hwlib.data.layouts.base import Layout
from hwlib.errors import UserError
from hwlib.fingerprint import code_of, code_of_modules
from hwlib.io import locked, replacing_folder
from hwlib.text import word

MANIFEST = "manifest.json"  # written last
# Modules that decide what is in a set where a layout uses them.
DECODING = ("hwlib.data.decode", "hwlib.data.layouts.base", "hwlib.faces")


@dataclass(frozen=True)
class DataSource:
    """What a set is made from, and where the cache keeps it.

    Attributes:
        spec, image_size, crop: as they were given.
        layout: the data set where it lies.
        files: the names of its image files.
        place: the beginning of the names of all states of the set.
        folder: the set in its present state.
    """

    spec: str
    layout: Layout
    files: tuple[str, ...]
    image_size: int
    crop: str
    place: str
    folder: Path

    @property
    def is_cached(self) -> bool:
        """Whether the set is finished."""
        return (self.folder / MANIFEST).exists()

    def attributes(self) -> tuple[str, ...]:
        """Return the names of the attributes; no image is read.

        Raises:
            UserError: a label file is wrong.
        """
        if self.is_cached:
            return attribute_names(read_manifest(self.folder))
        with _reading():
            return tuple(self.layout.list_images(self.files).attributes)


def cache_folder() -> Path:
    """Return `$HWLIB_CACHE/data`, else the user's cache folder of this platform."""
    given = os.environ.get("HWLIB_CACHE")
    return (Path(given) if given else platformdirs.user_cache_path("hwlib")) / "data"


def resolve_spec(spec: str, image_size: int, crop: str) -> DataSource:
    """Find what set `spec` means and what state it is in, without reading an image.

    Raises:
        UserError: the spec is neither `faces`, `faces:N` nor a folder of a known layout.
    """
    with _reading():
        layout = find_layout(spec)
        entries = layout.scan()
        tables = [hashlib.sha256(path.read_bytes()).hexdigest() for path in layout.label_files]
    code = code_of(Path(inspect.getfile(type(layout))))
    code += code_of_modules(*layout.modules, within=DECODING)
    used_crop = crop if layout.has_crops else ""
    place = f"{layout.name}-{_hex([layout.name, *layout.asked, image_size, used_crop])[:8]}"
    folder = cache_folder() / f"{place}-{_hex([place, code, entries, tables])[:16]}"
    files = tuple(entry.name for entry in entries)
    return DataSource(spec, layout, files, image_size, crop, place, folder)


def _hex(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: OSError) -> UserError:
    return UserError("unreadable", file=error.filename, why=error.strerror or error)


def open_set(source: DataSource, *, progress: bool) -> Path:
    """Return the folder of a set, which is built first where it is missing or stale.

    Raises:
        UserError: the source is wrong, or the cache cannot be written.
    """
    if source.is_cached:
        return source.folder
    home = source.folder.parent
    try:
        home.mkdir(parents=True, exist_ok=True)
        with locked(home / f".{source.place}.lock", word("log.data_waits", "en")):
            if not source.is_cached:  # another process may have built it meanwhile
                _build(source, progress)
    except OSError as error:
        if error.filename and not str(error.filename).startswith(str(home)):
            raise _unreadable(error) from error
        raise UserError("cache_unwritable", home=home, why=error.strerror or error) from error
    return source.folder


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the facts of a finished set."""
    return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))


def attribute_names(facts: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the attributes that a manifest lists."""
    return tuple(attribute["name"] for attribute in facts["attributes"])


def _build(source: DataSource, progress: bool) -> None:
    """Build a set beside its place and rename it there; the lock of its place is held."""
    home = source.folder.parent
    _remove_leftovers(home, source.place)
    shutil.rmtree(source.folder, ignore_errors=True)  # what stands there has no manifest
    size, crop = source.image_size, source.crop
    with replacing_folder(source.folder) as folder:
        facts = build_set(
            source.layout, source.files, folder, image_size=size, crop=crop, progress=progress
        )
        if resolve_spec(source.spec, size, crop) != source:
            raise UserError("data_changed", root=source.layout.root)
        (folder / MANIFEST).write_text(json.dumps(facts, indent=1), encoding="utf-8")
    for stale in home.glob(f"{source.place}-*"):
        if stale != source.folder:
            shutil.rmtree(stale, ignore_errors=True)  # Windows keeps what another process has open


def _remove_leftovers(home: Path, place: str) -> None:
    """Remove what killed builders left, here and at every place that nobody builds at."""
    for temporary in home.glob(".*.tmp"):
        other = "-".join(temporary.name[1:].split(".")[0].split("-")[:2])
        lock = FileLock(home / f".{other}.lock", timeout=0)
        with suppress(Timeout), nullcontext() if other == place else lock:  # ours is held already
            shutil.rmtree(temporary, ignore_errors=True)
