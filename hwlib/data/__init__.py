"""The data room: any known layout, or the drawn faces, as memory-mapped uint8 arrays.

data = load_data("faces")             # drawn faces, 8,000 to train and 1,000 to test
data = load_data("path/to/celeba")    # hw4, CelebA, MNIST idx, or any folder of pictures
data.train.images                     # uint8 (N, H, W, C), read-only memory map
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwlib.data.cache import (
    Names,
    Recipe,
    attributes_of_set,
    bad_values,
    open_set,
    read_manifest,
    recipe_for,
)
from hwlib.data.decode import CROPS, MIN_SIDE
from hwlib.data.layouts import BadFile
from hwlib.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BadFile", "Data", "Part", "describe", "list_attributes", "load_data"]

MAX_IMAGE_SIZE = 1024


@dataclass(frozen=True)
class Part:
    """The train or the test pictures.

    images: uint8 (N, H, W, C), a read-only memory map.
    labels: uint8 0/1 (N, A), or None where the source has no attributes.
    names: a name a picture, in the order of `images`.
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
    """A set of pictures, decoded and cached.

    layout: "faces", "hw4", "celeba", "mnist" or "folder".
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
    """Open a set of pictures, decoding it first where the cache has it not.

    Args:
        spec: "faces" (drawn, 8,000 and 1,000), "faces:N" (N to train), or a folder whose layout is
            recognised.
        image_size: side of the square pictures, in pixels.
        crop: for CelebA only: "hw4", the homework's box, or "square", the centre square.
        skip_bad: leave out the pictures that cannot be used, instead of refusing them all.
        progress: show a progress bar on standard error while decoding.

    Raises:
        UserError: the spec, a label file or a picture is wrong; one line says what, where, and what
            to do.
    """
    recipe = _recipe(spec, image_size, crop)
    try:
        return _open(recipe, open_set(recipe, progress=progress), skip_bad=skip_bad)
    except FileNotFoundError:  # replaced by another process between two of our reads
        return _open(recipe, open_set(recipe, progress=progress), skip_bad=skip_bad)


def list_attributes(
    spec: str | Path = "faces", image_size: int = 64, *, crop: str = "hw4"
) -> tuple[str, ...]:
    """Return the names of a set's attributes without decoding it, which may take minutes.

    Raises:
        UserError: the spec or a label file is wrong.
    """
    return attributes_of_set(_recipe(spec, image_size, crop))


def describe(
    spec: str | Path, image_size: int = 64, *, crop: str = "hw4", progress: bool = True
) -> dict[str, Any]:
    """Tell what `hwlib data info` shows, as plain JSON values; the set is cached on the way.

    Returns:
        layout, where, train and test (counts), image_size, channels, crop, `seen` (size and mode of
        the files, with counts), `attributes` (name, train_rate, test_rate), `constant` (names of
        attributes with one value), `bad` (name, reason), num_unlisted, unlisted (the first ten),
        notes, fingerprint, cache (the folder) and cache_bytes.

    Raises:
        UserError: the source cannot be used at all.
    """
    recipe = _recipe(spec, image_size, crop)
    folder = open_set(recipe, progress=progress)
    facts = read_manifest(folder)
    rates = {}
    for part in ("train", "test"):
        path = folder / f"{part}_labels.npy"
        rates[part] = np.load(path, allow_pickle=False).mean(0) if path.exists() else []
    attributes = [
        {"name": name, "train_rate": float(train), "test_rate": float(test)}
        for name, train, test in zip(
            facts["attributes"], rates["train"], rates["test"], strict=True
        )
    ]
    constant = [
        a["name"]
        for a in attributes
        if a["train_rate"] == a["test_rate"] and a["train_rate"] in (0, 1)
    ]
    size = sum(path.stat().st_size for path in folder.iterdir())
    return facts | {
        **{"spec": str(spec), "crop": crop, "attributes": attributes, "constant": constant},
        **{"cache": str(folder), "cache_bytes": size},
    }


def _recipe(spec: str | Path, image_size: int, crop: str) -> Recipe:
    if crop not in CROPS:
        raise UserError("unknown_crop", crop=repr(crop), known=list(CROPS))
    if not MIN_SIDE <= image_size <= MAX_IMAGE_SIZE:
        raise UserError("image_size", image_size=image_size, least=MIN_SIDE, most=MAX_IMAGE_SIZE)
    return recipe_for(str(spec), image_size, crop)


def _open(recipe: Recipe, folder: Path, *, skip_bad: bool) -> Data:
    facts = read_manifest(folder)
    bad = tuple(BadFile(**file) for file in facts["bad"])
    if bad and not skip_bad:
        values = bad_values(bad, facts["num_listed"])
        raise UserError("bad_images", where=facts["where"], **values)
    return Data(
        spec=recipe.spec,
        layout=facts["layout"],
        attributes=tuple(facts["attributes"]),
        train=_open_part(folder, "train", facts),
        test=_open_part(folder, "test", facts),
        fingerprint=facts["fingerprint"],
        image_size=recipe.image_size,
        channels=facts["channels"],
        crop=recipe.crop,
        left_out=bad,
    )


def _open_part(folder: Path, name: str, facts: dict[str, Any]) -> Part:
    labels, factors = folder / f"{name}_labels.npy", folder / f"{name}_factors.npz"
    table = None
    if factors.exists():
        from hwlib.data.tables import load_table

        table = load_table(factors)
    return Part(
        images=np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False),
        labels=np.load(labels, allow_pickle=False) if labels.exists() else None,
        names=Names(folder / f"{name}_names.json", facts[name]),
        factors=table,
    )
