"""The layouts of data that are known, and which of them a spec means."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from hwlib.data.layouts.base import Layout, PassedOver, find_images, is_hidden
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
    """Return the data set that `spec` means: drawn faces, or a folder of a layout we know.

    The folder may also be the one above such a folder, where it holds no other images.
    """
    if is_drawn(str(spec)):
        return Faces.from_spec(str(spec))
    root = user_path(spec)
    if not os.path.exists(root):  # False also where it may not be asked
        raise UserError("no_such_folder", path=spec)
    if not root.is_dir():
        raise UserError("file_for_folder", path=spec)
    root = root.resolve()
    if found := next(_detect(root), None) or _find_below(root) or Layout.detect(root):
        return found
    list(find_images(root, passed := PassedOver()))
    is_empty = not any(root.iterdir())
    raise UserError("no_known_data", path=spec, is_empty=is_empty, notes=passed.notes())


def _detect(root: Path) -> Iterator[Layout]:
    """Yield the sets in `root` of all layouts but that of any images."""
    for layout in LAYOUTS.values():
        if layout is not Layout and (found := layout.detect(root)):
            yield found


def _find_below(root: Path) -> Layout | None:
    """Return the set in the one folder of `root` that holds one, None where there is none.

    Several, or other images beside it, are a UserError.
    """
    found = []
    folders = (path for path in root.iterdir() if path.is_dir() and not is_hidden(path.name))
    for folder in sorted(folders):
        with suppress(UserError, OSError):  # an incomplete one, or closed: images like any others
            found += [*_detect(folder)][:1]
    if not found:
        return None
    below = os.path.join(found[0].root, "")
    if len(found) > 1 or not all(f"{path}/".startswith(below) for path in find_images(root)):
        raise UserError("several_sets", root=root, folders=[str(one.root) for one in found])
    return found[0]
