"""Data sets: any known layout, or the drawn faces, as memory-mapped uint8 arrays.

data = load_data("faces")             # drawn faces, 8,000 to train and 1,000 to test
data = load_data("path/to/celeba")    # hw4, CelebA, MNIST idx, or any folder of images
data.train.images                     # uint8 (N, H, W, C), read-only memory map
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwlib.data.cache import DataSource, build_if_missing, find_source
from hwlib.data.layouts.base import BadFile, name_bad_files
from hwlib.errors import UserError
from hwlib.text import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BadFile", "Data", "Part", "describe", "find_source", "load_data", "open_source"]


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


def open_source(source: DataSource, *, skip_bad: bool, progress: bool = True) -> Data:
    """Open a set of images as `load_data` does."""
    try:
        return _open(source, skip_bad=skip_bad, progress=progress)
    except FileNotFoundError:  # replaced by another process between two of our reads
        return _open(source, skip_bad=skip_bad, progress=progress)


def describe(
    spec: str | Path, image_size: int = 64, *, crop: str = "hw4", progress: bool = True
) -> dict[str, Any]:
    """Return what `hwlib data info` shows, as plain JSON values; the set is cached on the way.

    They are spec, layout, where, train and test (counts), image_size, channels, crop, `seen` (size
    and mode of the files, with counts), `attributes` (name, train_rate, test_rate), `constant`
    (attributes with one value), `bad` (name, reason), num_listed, num_unlisted, unlisted (the first
    ten), notes, fingerprint, cache (the folder) and cache_bytes.
    """
    source = find_source(spec, image_size, crop)
    build_if_missing(source, progress=progress)
    facts = source.facts()
    rates = {own["name"]: {own["train_rate"], own["test_rate"]} for own in facts["attributes"]}
    bad = [BadFile(**file) for file in facts["bad"]]
    return facts | {
        **{"spec": source.spec, "crop": crop, "cache": str(source.folder)},
        "constant": [name for name, both in rates.items() if both in ({0}, {1})],
        "bad": [{"name": file.name, "reason": file.reason} for file in bad],
        "notes": [Finding(**note).say("en") for note in facts["notes"]],
        "cache_bytes": sum(path.stat().st_size for path in source.folder.iterdir()),
    }


def _open(source: DataSource, *, skip_bad: bool, progress: bool) -> Data:
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
    table = None
    if factors.exists():
        import pandas as pd

        table = pd.read_csv(factors, keep_default_na=False)
    return Part(
        images=np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False),
        labels=np.load(labels, allow_pickle=False) if labels.exists() else None,
        names=json.loads((folder / f"{name}_names.json").read_text(encoding="ascii")),
        factors=table,
    )
