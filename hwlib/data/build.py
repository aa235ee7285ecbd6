"""Write a data set's pixels, names, labels and factors into a folder."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from hwlib.data.decode import Unreadable
from hwlib.data.layouts.base import BadFile, Layout, ListedPart, name_bad_files
from hwlib.errors import UserError

NUM_UNLISTED = 10  # ignored files that the manifest names


@dataclass(frozen=True)
class Reader:
    """Reads images of a layout, with a progress bar on standard error."""

    layout: Layout
    image_size: int
    crop: str
    progress: bool
    bad: list[BadFile] = field(default_factory=list)  # those that cannot be used
    kinds: Counter[str] = field(default_factory=Counter)  # size and mode of the others' files

    def read(self, part: ListedPart) -> Iterator[tuple[int, np.ndarray]]:
        """Yield row and pixels of each image of a part that can be used."""
        images = self.layout.read(part.items, self.image_size, self.crop)
        label, total = "drawing faces" if self.layout.is_drawn else "decoding", len(part.names)
        about = {"unit": " images", "mininterval": 0.5, "disable": not self.progress}
        for row, image in enumerate(tqdm(images, label, total, **about)):
            if isinstance(image, Unreadable):
                self.bad.append(BadFile(part.items[row], image.key, image.values))
            else:
                self.kinds[f"{image.size[0]}x{image.size[1]} {image.mode}"] += 1
                yield row, image.pixels


def build_set(
    layout: Layout,
    files: Sequence[str],
    folder: Path,
    *,
    image_size: int,
    crop: str,
    progress: bool,
) -> dict[str, Any]:
    """Decode the data set `layout`, whose image files are `files`; return what its manifest says.

    Raises:
        UserError: a label file is wrong, a part has no image that can be used, or the disk is full.
    """
    listing = layout.list_images(files)
    parts = {"train": listing.train, "test": listing.test}
    num_images, shape = sum(len(part.names) for part in parts.values()), (image_size, image_size)
    num_bytes = num_images * math.prod(shape) * layout.channels
    free, needed = shutil.disk_usage(folder).free / 1e9, num_bytes * 1.1 / 1e9
    if free < needed:
        raise UserError("cache_full", folder=folder.parent, free=free, needed=needed)
    reader = Reader(layout, image_size, crop, progress, bad=list(listing.bad))
    counts, rates = {}, []
    for name, part in parts.items():
        rows = _write_pixels(folder / f"{name}.npy", reader, part, (*shape, layout.channels))
        names = json.dumps([part.names[row] for row in rows])
        (folder / f"{name}_names.json").write_text(names, encoding="ascii")
        if part.labels is not None:
            np.save(folder / f"{name}_labels.npy", part.labels[rows])
            rates.append(part.labels[rows].mean(0).tolist() if rows else [])
        if layout.is_drawn:
            part.items.to_csv(folder / f"{name}_factors.csv", index=False)
        counts[name] = len(rows)
    bad = [replace(file, name=_printable(file.name)) for file in reader.bad]
    num_listed = num_images + len(listing.bad)
    if empty := [name for name, count in counts.items() if count == 0]:
        part = "" if num_listed == len(bad) else empty[0]
        about = name_bad_files(bad, num_listed)
        raise UserError("no_usable_image", root=layout.root, part=part, **about)
    attributes = [
        {"name": name, "train_rate": train, "test_rate": test}
        for name, train, test in zip(listing.attributes, *rates, strict=True)
    ]
    return {
        **{"layout": layout.name, "where": str(layout.root), "image_size": image_size},
        **{"channels": layout.channels, "attributes": attributes},
        **{**counts, "num_listed": num_listed, "bad": [asdict(file) for file in bad]},
        "num_unlisted": len(listing.unlisted),
        "unlisted": [_printable(name) for name in listing.unlisted[:NUM_UNLISTED]],
        "notes": [asdict(note) for note in listing.notes],
        "seen": dict(reader.kinds.most_common()),
        "fingerprint": content_fingerprint(folder, listing.attributes),
    }


def _write_pixels(
    path: Path, reader: Reader, part: ListedPart, shape: tuple[int, ...]
) -> list[int]:
    """Write the images of a part that can be used as one array, and return their rows."""
    rows = []
    # Written, not mapped: through a memory map, a full disk would kill the process.
    with open(path, "wb") as file:
        for is_done in (False, True):  # the head is as long for any number of rows
            file.seek(0)
            head = {"descr": "|u1", "fortran_order": False, "shape": (len(rows), *shape)}
            np.lib.format.write_array_header_1_0(file, head)
            for row, pixels in () if is_done else reader.read(part):
                rows.append(row)
                file.write(np.ascontiguousarray(pixels).data)
    return rows


def content_fingerprint(folder: Path, attributes: Sequence[str]) -> str:
    """Return 16 hex digits of the SHA-256 over pixels, labels and the attributes' names."""
    digest = hashlib.sha256(json.dumps(list(attributes)).encode())
    for name in ("train.npy", "train_labels.npy", "test.npy", "test_labels.npy"):
        digest.update(name.encode())
        if (folder / name).exists():
            # Read, not mapped: mapped pages would count as this process's memory.
            with open(folder / name, "rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()[:16]


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in name)
