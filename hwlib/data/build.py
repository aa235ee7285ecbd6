"""Write a data set's pixels, names, labels and factors into a folder."""

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
import pandas as pd
from tqdm.auto import tqdm

from hwlib.data.copies import group_copies, thumbnail
from hwlib.data.decode import Unreadable
from hwlib.data.layouts.base import BadFile, Layout, Listing, name_bad_files
from hwlib.errors import UserError
from hwlib.text import Finding, finding

NUM_UNLISTED = 10  # ignored files that the manifest names
NUM_EXAMPLES = 3  # groups of copies that it names


@dataclass(frozen=True)
class Reader:
    """Reads images of a layout, with a progress bar on standard error."""

    layout: Layout
    image_size: int
    crop: str = "hw4"
    progress: bool = True
    bad: list[BadFile] = field(default_factory=list)  # those that cannot be used
    kinds: Counter[str] = field(default_factory=Counter)  # size and mode of the others' files

    def read(self, items: Any) -> Iterator[tuple[int, np.ndarray]]:
        """Yield row and pixels of each image of a listing's items that can be used."""
        images = self.layout.read(items, self.image_size, self.crop)
        label = "drawing faces" if self.layout.is_drawn else "decoding"
        about = {"unit": " images", "mininterval": 0.5, "disable": not self.progress}
        for row, image in enumerate(tqdm(images, label, len(items), **about)):
            if isinstance(image, Unreadable):
                self.bad.append(BadFile(items[row], image.key, image.values))
            else:
                self.kinds[f"{image.size[0]}x{image.size[1]} {image.mode}"] += 1
                yield row, image.pixels


def build_set(reader: Reader, files: Sequence[str], folder: Path) -> dict[str, Any]:
    """Decode the set that `reader` reads, whose image files are `files`, into `folder`.

    Returns what its manifest says. A wrong label file, a part without an image that can be used,
    or a full disk is a UserError.
    """
    layout, listing = reader.layout, reader.layout.list_images(files)
    shape = (reader.image_size, reader.image_size, layout.channels)
    num_images, num_listed = len(listing.items), len(listing.items) + len(listing.bad)
    free, needed = shutil.disk_usage(folder).free / 1e9, num_images * math.prod(shape) * 1.1 / 1e9
    if free < needed:
        raise UserError("cache_full", folder=folder.parent, free=free, needed=needed)
    rows, groups = _write_pixels(reader, listing, folder, shape)
    if listing.split:
        is_test = listing.is_test.copy()
        is_test[rows] = listing.split(rows, groups)
        if (is_test != listing.is_test).any():  # rare: once more, with other parts
            listing, reader = (
                replace(listing, is_test=is_test),
                replace(reader, bad=[], kinds=Counter()),
            )
            rows, groups = _write_pixels(reader, listing, folder, shape)
    notes = [*listing.notes, *_tell_copies(listing, rows, groups)]
    counts, rates = {}, {}
    for name, is_part in (("train", ~listing.is_test[rows]), ("test", listing.is_test[rows])):
        labels = listing.labels.iloc[rows[is_part]]
        names = json.dumps(list(labels.index))
        (folder / f"{name}_names.json").write_text(names, encoding="ascii")
        if len(labels.columns):
            np.save(folder / f"{name}_labels.npy", np.ascontiguousarray(labels))
        if layout.is_drawn:
            listing.items.iloc[rows[is_part]].to_csv(folder / f"{name}_factors.csv", index=False)
        counts[name], rates[f"{name}_rate"] = len(labels), labels.mean()
    bad = [replace(file, name=_printable(file.name)) for file in (*listing.bad, *reader.bad)]
    if empty := [name for name, count in counts.items() if count == 0]:
        if not bad:
            raise UserError("too_few_images", root=layout.root, num=num_images)
        part = "" if num_listed == len(bad) else empty[0]
        about = name_bad_files(bad, num_listed) | {"there": listing.unlisted[:NUM_EXAMPLES]}
        raise UserError("no_usable_image", root=layout.root, part=part, **about)
    # Read, not mapped: mapped pages would count as this process's memory.
    digest = hashlib.sha256(json.dumps(list(listing.labels.columns)).encode())
    for name in ("train.npy", "train_labels.npy", "test.npy", "test_labels.npy"):
        digest.update(name.encode())
        if (folder / name).exists():
            with open(folder / name, "rb") as file:
                hashlib.file_digest(file, lambda: digest)
    return {
        **{"layout": layout.name, "where": str(layout.root)},
        **{"image_size": reader.image_size, "channels": layout.channels},
        "attributes": pd.DataFrame(rates).rename_axis("name").reset_index().to_dict("records"),
        **{**counts, "num_listed": num_listed, "bad": [asdict(file) for file in bad]},
        "num_unlisted": len(listing.unlisted),
        "unlisted": [_printable(name) for name in listing.unlisted[:NUM_UNLISTED]],
        "notes": [asdict(note) for note in notes],
        "seen": dict(reader.kinds.most_common()),
        "fingerprint": digest.hexdigest()[:16],
    }


def _write_pixels(
    reader: Reader, listing: Listing, folder: Path, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Write the images of each part that can be used as one array.

    Returns their rows in the listing, first those of the training part, and the numbers of their
    groups of copies, both int (M,).
    """
    rows, thumbnails, head = [], [], {"descr": "|u1", "fortran_order": False}
    for name, is_part in (("train", ~listing.is_test), ("test", listing.is_test)):
        part, before = np.flatnonzero(is_part), len(rows)
        # Written, not mapped: through a memory map, a full disk would kill the process.
        with open(folder / f"{name}.npy", "wb") as file:
            np.lib.format.write_array_header_1_0(file, head | {"shape": (0, *shape)})
            for row, pixels in reader.read(listing.items[is_part]):
                rows.append(part[row])
                if not reader.layout.is_drawn:
                    thumbnails.append(thumbnail(pixels))
                file.write(np.ascontiguousarray(pixels).data)
            file.seek(0)  # the head is as long for any number of rows
            whole = {"shape": (len(rows) - before, *shape)}
            np.lib.format.write_array_header_1_0(file, head | whole)
    groups = group_copies(np.array(thumbnails)) if thumbnails else np.arange(len(rows))
    return np.array(rows, int), groups


def _tell_copies(listing: Listing, rows: np.ndarray, groups: np.ndarray) -> Iterator[Finding]:
    """Yield what to say of copies among the `rows` of a listing, whose `groups` are int (M,)."""
    if (num_copies := len(rows) - len(np.unique(groups))) == 0:
        return
    is_test, sizes = listing.is_test[rows], np.bincount(groups)
    is_leaked = is_test & np.isin(groups, groups[~is_test])
    # those in both parts first
    order = np.argsort(~np.isin(np.arange(len(sizes)), groups[is_leaked]), kind="stable")
    first = [number for number in order if sizes[number] > 1][:NUM_EXAMPLES]
    items = listing.items if isinstance(listing.items[0], str) else listing.labels.index
    examples = [[_printable(items[row]) for row in rows[groups == own][:2]] for own in first]
    yield finding(
        "notes.copies",
        **{"num": num_copies, "total": len(rows), "examples": examples},
        **{"leaked": int(is_leaked.sum()), "test": int(is_test.sum())},
    )


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in name)
