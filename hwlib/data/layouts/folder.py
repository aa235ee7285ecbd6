"""Any folder of images, at any depth, without labels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from hwlib.data.layouts.base import Layout, ListedPart, Listing, check_two, find_images
from hwlib.text import finding


class Folder(Layout):
    """One tenth, chosen by a hash of the relative name, is the test part."""

    name = "folder"
    is_recursive = True

    @classmethod
    def detect(cls, root: Path) -> Self | None:
        """Look for an image."""
        return cls(root, (root,)) if any(find_images(root, is_recursive=True)) else None

    def list_images(self, names: Sequence[str]) -> Listing:
        """Split by names alone: other files change nothing for one."""
        check_two(self.root, len(names))
        digests = [hashlib.sha256(name.encode("utf-8", "surrogateescape")) for name in names]
        hashes = np.array([int(digest.hexdigest()[:8], 16) for digest in digests])
        is_test = hashes % 10 == 0
        if is_test.all() or not is_test.any():  # few images: each part gets one at least
            is_test = hashes == hashes.min()
        notes = [finding("notes.no_labels")]
        if (self.root / "train").is_dir() and (self.root / "test").is_dir():
            notes.append(finding("notes.parts_without_tables"))
        if (self.root / "img_align_celeba").is_dir():
            notes.append(finding("notes.celeba_without_list"))
        whole = ListedPart(names, names)
        return Listing((), whole.take(~is_test), whole.take(is_test), notes=notes)
