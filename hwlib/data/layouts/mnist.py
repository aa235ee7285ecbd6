"""MNIST: idx files of images and labels, gzipped or not; `t10k` is the test part."""

import gzip
import math
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from PIL import Image

from hwlib.data.decode import Decoded
from hwlib.data.layouts.base import Layout, Listing
from hwlib.errors import UserError

KINDS = {
    **{"train-images": "idx3", "t10k-images": "idx3"},
    **{"train-labels": "idx1", "t10k-labels": "idx1"},
}


MAX_BYTES = 2**31  # of one file; EMNIST's largest has 0.55 GB


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
            found = {
                stem: path
                for stem, kind in KINDS.items()
                for gz in (".gz", "")  # the unpacked one counts
                for path in folder.glob(f"{stem}[.-]{kind}-ubyte{gz}")
            }
            paths = tuple(found.values())
            if missing := [stem for stem in KINDS if paths and stem not in found]:
                about = {"name": paths[0].name, "part": missing[0], "kind": KINDS[missing[0]]}
                raise UserError("mnist_incomplete", folder=folder, **about)
            if paths:
                return cls(root, paths[:2], paths[2:])
        return None

    def list_images(self, files: Sequence[str]) -> Listing:
        """Read all four files."""
        parts, names = [], []
        for path, at in zip(self.label_files, self.images, strict=True):
            digits, images = read_idx(path, 1), read_idx(at, 3)
            if len(digits) != len(images) or len(images) == 0 or digits.max() > 9:
                about = {"labels": len(digits), "images": len(images)}
                raise UserError("mnist_labels", path=path, most=digits.max(initial=0), **about)
            names += [f"{i:05}" for i in range(len(images))]
            parts.append((np.eye(10, dtype=np.uint8)[digits], images))
        labels, images = (np.concatenate(both) for both in zip(*parts, strict=True))
        table = pd.DataFrame(labels, names, [f"digit_{i}" for i in range(10)])
        return Listing(table, images, np.arange(len(images)) >= len(parts[0][1]))

    def read(self, items: Any, image_size: int, crop: str) -> Iterator[Decoded]:
        """Scale the digits, which stay grey."""
        for pixels in items:
            image = Image.fromarray(pixels)
            square = image.resize((image_size, image_size), Image.Resampling.BICUBIC)
            yield Decoded(np.asarray(square)[..., None], image.size, image.mode)


def read_idx(path: Path, num_dims: int) -> np.ndarray:
    """Read an idx file of bytes, gzipped or not, as uint8 with `num_dims` dimensions.

    No more is read than its head says, for a small .gz can unpack to more than the memory holds.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            head = file.read(4 + 4 * num_dims)
            kind, *shape = np.frombuffer(head, ">u4", 1 + num_dims).tolist()
            if kind != (8 << 8) + num_dims:  # 8 stands for bytes
                raise ValueError(f"it begins with {head[:4]!r}")
            if (size := math.prod(shape)) > MAX_BYTES:
                raise ValueError(f"its head says {size:,} bytes, over {MAX_BYTES:,}")
            content = file.read(size + 1)
        if len(content) != size:
            more = "more" if len(content) > size else f"{len(content):,}"
            raise ValueError(f"its head says {size:,} bytes and {more} follow")
        return np.frombuffer(content, np.uint8).reshape(shape)
    except (OSError, EOFError, MemoryError, ValueError, zlib.error) as error:
        raise UserError("idx_damaged", path=path, num_dims=num_dims, why=error) from None
