"""Write a data set's pixels, names, labels and factors into a folder."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from tqdm.auto import tqdm

from hwlib.data.decode import Unreadable
from hwlib.data.layouts.base import BadFile, Layout, ListedPart, name_bad_files
from hwlib.errors import UserError

NUM_UNLISTED = 10  # ignored files that the manifest names


def build_set(
    layout: Layout,
    files: Sequence[str],
    folder: Path,
    *,
    image_size: int,
    crop: str,
    progress: bool,
) -> dict[str, Any]:
    """Decode the data set `layout`, whose image files are `files`, into `folder`.

    Returns:
        What the manifest says of it, as JSON values.

    Raises:
        UserError: a label file is wrong, a part has no image that can be used, or the disk is full.
    """
    listing = layout.list_images(files)
    parts = {"train": listing.train, "test": listing.test}
    num_images = sum(len(part.names) for part in parts.values())
    shape = (image_size, image_size, layout.channels)
    _check_space(folder, num_images * math.prod(shape))
    bad, kinds = list(listing.bad), Counter[str]()
    counts, rates = {}, {}
    for name, part in parts.items():
        rows = []
        with open(folder / f"{name}.npy", "wb") as file:
            # Written, not mapped: through a memory map, a full disk would kill the process.
            _write_head(file, (len(part.names), *shape))
            for row, pixels in read_part(layout, part, image_size, crop, bad, kinds, progress):
                rows.append(row)
                file.write(np.ascontiguousarray(pixels).data)
            file.seek(0)
            _write_head(file, (len(rows), *shape))
        if layout.is_drawn:
            part.items.to_csv(folder / f"{name}_factors.csv", index=False)
        counts[name], rates[name] = len(rows), _save_labels(folder, name, part, rows)
    bad = [replace(file, name=_printable(file.name)) for file in bad]
    num_listed = num_images + len(listing.bad)
    for name, count in counts.items():
        if count == 0:
            part = "" if num_listed == len(bad) else name
            about = name_bad_files(bad, num_listed)
            raise UserError("no_usable_image", root=layout.root, part=part, **about)
    attributes = [
        {"name": name, "train_rate": train, "test_rate": test}
        for name, train, test in zip(listing.attributes, *rates.values(), strict=True)
    ]
    return {
        **{"layout": layout.name, "where": str(layout.root), "image_size": image_size},
        **{"channels": layout.channels, "attributes": attributes},
        **{**counts, "num_listed": num_listed, "bad": [asdict(file) for file in bad]},
        "num_unlisted": len(listing.unlisted),
        "unlisted": [_printable(name) for name in listing.unlisted[:NUM_UNLISTED]],
        **{"notes": [asdict(note) for note in listing.notes], "seen": dict(kinds.most_common())},
        "fingerprint": content_fingerprint(folder, listing.attributes),
    }


def read_part(
    layout: Layout,
    part: ListedPart,
    image_size: int,
    crop: str,
    bad: list[BadFile],
    kinds: Counter[str],
    progress: bool,
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield row and pixels of each image that can be used, and count its size and mode in `kinds`.

    The others go to `bad`. A progress bar on standard error shows how far it is.
    """
    images = layout.read(part.items, image_size, crop)
    label = "drawing faces" if layout.is_drawn else "decoding"
    total = len(part.names)
    bar = tqdm(images, label, total, unit=" images", mininterval=0.5, disable=not progress)
    for row, image in enumerate(bar):
        if isinstance(image, Unreadable):
            bad.append(BadFile(part.items[row], image.key, image.values))
        else:
            kinds[f"{image.size[0]}x{image.size[1]} {image.mode}"] += 1
            yield row, image.pixels


def _write_head(file: BinaryIO, shape: tuple[int, ...]) -> None:
    """Write the head of a .npy file, which is as long for any number of rows."""
    head = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, head)


def _save_labels(folder: Path, name: str, part: ListedPart, rows: list[int]) -> list[float]:
    """Write names and labels of a part's rows, and return the attributes' rates."""
    names = json.dumps([part.names[row] for row in rows])
    (folder / f"{name}_names.json").write_text(names, encoding="ascii")
    if part.labels is None:
        return []
    labels = part.labels[rows]
    np.save(folder / f"{name}_labels.npy", labels)
    return labels.mean(0).tolist() if rows else []


def _check_space(folder: Path, num_bytes: int) -> None:
    free, needed = shutil.disk_usage(folder).free / 1e9, num_bytes * 1.1 / 1e9
    if free < needed:
        raise UserError("cache_full", folder=folder.parent, free=free, needed=needed)


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
