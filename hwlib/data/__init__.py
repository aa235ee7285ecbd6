"""Data sets: any known layout, or the drawn faces, as memory-mapped uint8 arrays.

data = load_data("faces")             # drawn faces, 8,000 to train and 1,000 to test
data = load_data("path/to/celeba")    # hw4, CelebA, MNIST idx, or any folder of images
data.train.images                     # uint8 (N, H, W, C), read-only memory map

Pixels are decoded once: a set lives in `$HWLIB_CACHE/data/<place>-<key>/`. The place stands for
what was asked (layout, folder, size, crop), the key for the state of the source and of the code
that reads it: another key at the same place is a stale set. One lock a place keeps builders apart.
"""

import hashlib
import inspect
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hwlib import log
from hwlib.data.build import Reader, build_set
from hwlib.data.decode import CROPS, MIN_SIDE
from hwlib.data.layouts import find_layout
from hwlib.data.layouts.base import BadFile, Layout, PassedOver, name_bad_files
from hwlib.errors import UserError
from hwlib.fingerprint import code_of, code_of_modules
from hwlib.io import (
    cache_root,
    damaged,
    flush,
    locked,
    read_json,
    replacing_folder,
    seal,
    sha256_of,
    sweep,
    write_json,
)
from hwlib.text import Finding

MAX_IMAGE_SIZE = 1024
MANIFEST = "manifest.json"  # written last
# Modules that decide what is in a set where a layout uses them.
DECODING = ("hwlib.data.copies", "hwlib.data.decode", "hwlib.data.layouts.base", "hwlib.faces")


@dataclass(frozen=True)
class Part:
    """The training or the test images."""

    images: np.ndarray  # uint8 (N, H, W, C), a read-only memory map
    labels: np.ndarray | None  # uint8 0/1 (N, A), or None where the source has no attributes
    names: Sequence[str]  # a name an image
    factors: pd.DataFrame | None  # what drawn faces were drawn from, N rows; else None

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Data:
    """A set of images, decoded and cached."""

    spec: str
    layout: str  # "faces", "hw4", "celeba", "mnist" or "folder"
    attributes: tuple[str, ...]  # the names of the labels' columns
    train: Part
    test: Part
    fingerprint: str  # over pixels, labels and attributes: equal means equal content
    image_size: int
    channels: int
    crop: str
    left_out: tuple[BadFile, ...]  # the files that `skip_bad` left out


def load_data(
    spec: str | Path = "faces",
    image_size: int = 64,
    *,
    crop: str = "hw4",
    skip_bad: bool = False,
    progress: bool = True,
) -> Data:
    """Open a set of images, which is decoded first unless the cache has it.

    Args:
        spec: "faces" (drawn, 8,000 and 1,000), "faces:N" (N to train), or a folder whose layout is
            recognised.
        image_size: side of the square images, in pixels.
        crop: for CelebA only: "hw4", the homework's box, or "square", the centre square.
        skip_bad: leave out the images that cannot be used, instead of refusing them all.
        progress: show a progress bar on standard error while decoding.

    Raises:
        UserError: the spec, a label file or an image is wrong.
    """
    source = find_source(spec, image_size, crop)
    return open_source(source, skip_bad=skip_bad, progress=progress)


def open_source(source: "DataSource", *, skip_bad: bool, progress: bool = True) -> Data:
    """Open a set of images as `load_data` does."""
    build_if_missing(source, progress=progress)
    facts = source.facts()
    bad = tuple(BadFile(**file) for file in facts["bad"])
    if bad and not skip_bad:
        about = name_bad_files(bad, facts["num_listed"])
        raise UserError("bad_images", where=facts["where"], **about)
    return Data(
        attributes=source.attributes(),
        train=_open_part(source.folder, "train"),
        test=_open_part(source.folder, "test"),
        left_out=bad,
        **{name: getattr(source, name) for name in ("spec", "image_size", "crop")},
        **{name: facts[name] for name in ("layout", "fingerprint", "channels")},
    )


def _open_part(folder: Path, name: str) -> Part:
    labels, factors = folder / f"{name}_labels.npy", folder / f"{name}_factors.csv"
    return Part(
        images=np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False),
        labels=np.load(labels, allow_pickle=False) if labels.exists() else None,
        names=json.loads((folder / f"{name}_names.json").read_text(encoding="ascii")),
        factors=pd.read_csv(factors, keep_default_na=False) if factors.exists() else None,
    )


# ---- the cache ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class DataSource:
    """What a set is made from, and where the cache keeps it."""

    spec: str
    layout: Layout
    files: tuple[str, ...]  # the names of its image files
    image_size: int
    crop: str
    place: str  # the beginning of the names of all states of the set
    folder: Path  # the set in its present state
    notes: tuple[Finding, ...] = field(default=(), compare=False)  # on files that are passed over

    @property
    def is_cached(self) -> bool:
        """Whether the set is finished, and what is told of it as it was written."""
        return (self.folder / MANIFEST).exists() and not damaged(self.folder, MANIFEST)

    def facts(self) -> dict[str, Any]:
        """Return what is known of the finished set."""
        return read_json(self.folder / MANIFEST)

    def attributes(self) -> tuple[str, ...]:
        """Return the names of the attributes; no image is read."""
        if self.is_cached:
            return tuple(attribute["name"] for attribute in self.facts()["attributes"])
        return tuple(self.layout.list_images(self.files).labels.columns)


def find_source(spec: str | Path, image_size: int, crop: str) -> DataSource:
    """Find what set `spec` means and what state it is in, as `load_data`, but read no image."""
    if crop not in CROPS:
        raise UserError("unknown_crop", crop=repr(crop), known=list(CROPS))
    if not MIN_SIDE <= image_size <= MAX_IMAGE_SIZE:
        raise UserError("image_size", image_size=image_size, least=MIN_SIDE, most=MAX_IMAGE_SIZE)
    try:
        layout, passed = find_layout(spec), PassedOver()
        states = layout.scan(passed)
        tables = [sha256_of(path) for path in layout.label_files]
    except OSError as error:
        why = error.strerror or error
        raise UserError("unreadable", file=error.filename, why=why) from error
    code = code_of(Path(inspect.getfile(type(layout))))
    code += code_of_modules(*layout.modules, within=DECODING)
    asked = [repr(layout), image_size, crop if layout.has_crops else ""]
    place = f"{layout.name}-{_hex(asked)[:8]}"
    folder = cache_root() / "data" / f"{place}-{_hex([place, code, states, tables])[:16]}"
    files = tuple(name for name, *_ in states)
    notes = passed.notes()
    return DataSource(str(spec), layout, files, image_size, crop, place, folder, notes)


def _hex(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def build_if_missing(source: DataSource, *, progress: bool) -> None:
    """Build a set that is missing, stale or damaged beside its place, and rename it there.

    Every file is read for that: a flipped bit is another image, or another label.
    """
    if source.is_cached and not damaged(source.folder):
        return
    home, place = source.folder.parent, source.place
    home.mkdir(parents=True, exist_ok=True)
    with locked(home / f".{place}.lock", log.line("data_waits")):
        names = damaged(source.folder)
        if source.is_cached and not names:  # another process has built it meanwhile
            return
        if names:
            log.event("data_damaged", folder=source.folder, names=names)
        # What stands there is damaged, or a killed builder's.
        shutil.rmtree(source.folder, ignore_errors=True)
        sweep(home, f"{place}-*")
        with replacing_folder(source.folder) as folder:
            reader = Reader(source.layout, source.image_size, source.crop, progress)
            facts = build_set(reader, source.files, folder)
            if find_source(source.spec, source.image_size, source.crop) != source:
                raise UserError("data_changed", root=source.layout.root)
            for file in folder.iterdir():  # so that no power cut leaves a broken one
                flush(file)
            write_json(folder / MANIFEST, facts)
            seal(folder, [file.name for file in folder.iterdir()])
        for stale in set(home.glob(f"{place}-*")) - {source.folder}:
            shutil.rmtree(stale, ignore_errors=True)  # Windows keeps what is open elsewhere
