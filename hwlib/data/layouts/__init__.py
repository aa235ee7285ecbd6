"""The layouts of data that are known, and which of them a spec means."""

import os
from collections.abc import Mapping
from pathlib import Path

from hwlib.data.layouts.base import Layout
from hwlib.data.layouts.celeba import CelebA
from hwlib.data.layouts.faces import Faces, is_drawn
from hwlib.data.layouts.hw4 import Hw4
from hwlib.data.layouts.mnist import Mnist
from hwlib.errors import UserError
from hwlib.io import user_path

# The first one that a folder fits is taken; Layout itself fits whatever holds an image.
LAYOUTS: Mapping[str, type[Layout]] = {
    layout.name: layout for layout in (Faces, Hw4, CelebA, Mnist, Layout)
}


def find_layout(spec: str | Path) -> Layout:
    """Return the data set that `spec` means: drawn faces, or a folder of a layout we know."""
    if is_drawn(str(spec)):
        return Faces.from_spec(str(spec))
    root = user_path(spec)
    if not os.path.exists(root):  # False also where it may not be asked
        raise UserError("no_such_folder", path=spec)
    if not root.is_dir():
        raise UserError("file_for_folder", path=spec)
    root = root.resolve()
    for layout in LAYOUTS.values():
        if found := layout.detect(root):
            return found
    raise UserError("no_known_data", path=spec, is_empty=not any(root.iterdir()))
