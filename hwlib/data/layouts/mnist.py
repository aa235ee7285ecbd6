"""MNIST: idx files of images and labels, gzipped or not; `t10k` is the test part."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from PIL import Image

from hwlib.data.decode import Decoded
from hwlib.data.layouts.base import Layout, ListedPart, Listing, State, file_state
from hwlib.errors import UserError

KINDS = {
    **{"train-images": "idx3", "t10k-images": "idx3"},
    **{"train-labels": "idx1", "t10k-labels": "idx1"},
}


class Mnist(Layout):
    """Its attributes are the ten digits, one-hot."""

    name = "mnist"
    sentence = "data.mnist"
    channels = 1
    can_flip = False  # a digit's mirror image is another sign

    @classmethod
    def detect(cls, root: Path) -> Self | None:
        """Look for the four files, here or where torchvision puts them."""
        for folder in (root, root / "raw", root / "MNIST" / "raw"):
            found = {}
            for stem, kind in KINDS.items():
                names = [f"{stem}{dot}{kind}-ubyte{gz}" for dot in "-." for gz in ("", ".gz")]
                if paths := [folder / name for name in names if (folder / name).is_file()]:
                    found[stem] = paths[0]
            paths = tuple(found.values())
            if missing := [stem for stem in KINDS if paths and stem not in found]:
                about = {"name": paths[0].name, "part": missing[0], "kind": KINDS[missing[0]]}
                raise UserError("mnist_incomplete", folder=folder, **about)
            if paths:
                return cls(root, paths[:2], paths[2:])
        return None

    def scan(self) -> list[State]:
        """Return the state of both files of images."""
        return [file_state(self.root, path) for path in self.folders]

    def list_images(self, names: Sequence[str]) -> Listing:
        """Read all four files."""
        parts = []
        for name, path in zip(names, self.label_files, strict=True):
            digits, images = read_idx(path, 1), read_idx(self.root / name, 3)
            if len(digits) != len(images) or len(images) == 0:
                raise UserError("mnist_labels", path=path, labels=len(digits), images=len(images))
            if digits.max() > 9:
                place = int(np.argmax(digits > 9))
                raise UserError("mnist_digit", path=path, place=place, digit=digits[place])
            numbers = [f"{i:05}" for i in range(len(images))]
            parts.append(ListedPart(numbers, images, np.eye(10, dtype=np.uint8)[digits]))
        return Listing([f"digit_{i}" for i in range(10)], *parts)

    def read(self, items: Any, image_size: int, crop: str) -> Iterator[Decoded]:
        """Scale the digits, which stay grey."""
        for pixels in items:
            image = Image.fromarray(pixels)
            square = image.resize((image_size, image_size), Image.Resampling.BICUBIC)
            yield Decoded(np.asarray(square)[..., None], image.size, image.mode)


def read_idx(path: Path, num_dims: int) -> np.ndarray:
    """Read an idx file of bytes, gzipped or not, as uint8 with `num_dims` dimensions."""
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
