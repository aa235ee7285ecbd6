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

from hwlib.data.cache import DataSource, attribute_names, open_set, read_manifest, resolve_spec
from hwlib.data.decode import CROPS, MIN_SIDE
from hwlib.data.layouts.base import BadFile, name_bad_files
from hwlib.errors import UserError
from hwlib.text import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BadFile", "Data", "Part", "describe", "list_attributes", "load_data"]

MAX_IMAGE_SIZE = 1024


@dataclass(frozen=True)
class Part:
    """The training or the test images.

    images: uint8 (N, H, W, C), a read-only memory map.
    labels: uint8 0/1 (N, A), or None where the source has no attributes.
    names: a name an image, in the order of `images`.
    factors: what the drawn faces were drawn from, N rows; None for all other layouts.
    """

    images: np.ndarray
    labels: np.ndarray | None
    names: Sequence[str]
    factors: pd.DataFrame | None

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Data:
    """A set of images, decoded and cached.

    layout: "faces", "hw4", "celeba", "mnist" or "folder"; see `hwlib.data.layouts.LAYOUTS`.
    attributes: the names of the labels' columns, () where there are none.
    fingerprint: 16 hex digits over pixels, labels and attributes: equal means equal content.
    left_out: the files that `skip_bad` left out, with the reasons.
    """

    spec: str
    layout: str
    attributes: tuple[str, ...]
    train: Part
    test: Part
    fingerprint: str
    image_size: int
    channels: int
    crop: str
    left_out: tuple[BadFile, ...]


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
        UserError: the spec, a label file or an image is wrong; one line says what, where, and what
            to do.
    """
    source = _find_source(spec, image_size, crop)
    try:
        return _open(source, open_set(source, progress=progress), skip_bad=skip_bad)
    except FileNotFoundError:  # replaced by another process between two of our reads
        return _open(source, open_set(source, progress=progress), skip_bad=skip_bad)


def list_attributes(
    spec: str | Path = "faces", image_size: int = 64, *, crop: str = "hw4"
) -> tuple[str, ...]:
    """Return the names of a set's attributes without decoding it, which may take minutes.

    Raises:
        UserError: the spec or a label file is wrong.
    """
    return _find_source(spec, image_size, crop).attributes()


def describe(
    spec: str | Path, image_size: int = 64, *, crop: str = "hw4", progress: bool = True
) -> dict[str, Any]:
    """Return what `hwlib data info` shows, as plain JSON values; the set is cached on the way.

    Returns:
        layout, where, train and test (counts), image_size, channels, crop, `seen` (size and mode of
        the files, with counts), `attributes` (name, train_rate, test_rate), `constant` (names of
        attributes with one value), `bad` (name, reason), num_unlisted, unlisted (the first ten),
        notes, fingerprint, cache (the folder) and cache_bytes.

    Raises:
        UserError: the source cannot be used at all.
    """
    source = _find_source(spec, image_size, crop)
    folder = open_set(source, progress=progress)
    facts = read_manifest(folder)
    constant = [
        attribute["name"]
        for attribute in facts["attributes"]
        if attribute["train_rate"] == attribute["test_rate"] in (0, 1)
    ]
    bad = [BadFile(**file) for file in facts["bad"]]
    return facts | {
        **{"spec": str(spec), "crop": crop, "constant": constant},
        "bad": [{"name": file.name, "reason": file.reason} for file in bad],
        "notes": [Finding(**note).say("en") for note in facts["notes"]],
        "cache": str(folder),
        "cache_bytes": sum(path.stat().st_size for path in folder.iterdir()),
    }


def _find_source(spec: str | Path, image_size: int, crop: str) -> DataSource:
    if crop not in CROPS:
        raise UserError("unknown_crop", crop=repr(crop), known=list(CROPS))
    if not MIN_SIDE <= image_size <= MAX_IMAGE_SIZE:
        raise UserError("image_size", image_size=image_size, least=MIN_SIDE, most=MAX_IMAGE_SIZE)
    return resolve_spec(str(spec), image_size, crop)


def _open(source: DataSource, folder: Path, *, skip_bad: bool) -> Data:
    facts = read_manifest(folder)
    bad = tuple(BadFile(**file) for file in facts["bad"])
    if bad and not skip_bad:
        about = name_bad_files(bad, facts["num_listed"])
        raise UserError("bad_images", where=facts["where"], **about)
    return Data(
        spec=source.spec,
        layout=facts["layout"],
        attributes=attribute_names(facts),
        train=_open_part(folder, "train"),
        test=_open_part(folder, "test"),
        fingerprint=facts["fingerprint"],
        image_size=source.image_size,
        channels=facts["channels"],
        crop=source.crop,
        left_out=bad,
    )


def _open_part(folder: Path, name: str) -> Part:
    labels, factors = folder / f"{name}_labels.npy", folder / f"{name}_factors.csv"
    names = (folder / f"{name}_names.json").read_text(encoding="ascii")
    return Part(
        images=np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False),
        labels=np.load(labels, allow_pickle=False) if labels.exists() else None,
        names=json.loads(names),
        factors=_read_factors(factors) if factors.exists() else None,
    )


def _read_factors(path: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(path, keep_default_na=False)
