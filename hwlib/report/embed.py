"""Pictures inside a page: WebP without loss, or with as little as keeps the page small.

How much detail a report keeps is its `Detail`: `FULL` to read, `SMALL` to send.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

from PIL import Image


@dataclass(frozen=True)
class Detail:
    """How much of its pictures a report keeps.

    Attributes:
        most: characters of a page's pictures, as data addresses, at most.
        width: pixels of a figure at most; None keeps them all.
        jpeg: how a PDF's pictures are written as JPEG.
        notebooks: whether pages lead to the executed notebooks beside them.
    """

    most: int
    width: int | None
    jpeg: Mapping[str, Any]
    notebooks: bool


# With its text and fonts, a page stays below 5 MB; JPEG is within about two grey levels.
FULL = Detail(
    most=4_200_000,
    width=None,
    jpeg={"quality": 85, "subsampling": 0, "optimize": True},
    notebooks=True,
)
# A fifth of that, to send without the notebooks: faces keep their 64 pixels, labels are legible.
SMALL = Detail(most=300_000, width=900, jpeg={"quality": 50, "optimize": True}, notebooks=False)
QUALITIES = (90, 80, 70, 60, 50, 40)  # of WebP with loss, tried in this order
LOSSLESS = {"lossless": True, "quality": 30, "method": 2}  # six times as fast as the smallest


def addresses(pictures: Iterable[bytes], *, most: int = FULL.most) -> dict[bytes, str]:
    """Return each picture as a data address that an `<img>` takes.

    Args:
        pictures: PNG files, each as often as the page has it.
        most: characters of all addresses together; above it pictures lose detail, those alone that
            get smaller by it, until they fit or there is no less to take.
    """
    pictures = list(pictures)
    each = list(dict.fromkeys(pictures))
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow encodes outside of Python's lock

        def encoded(how: dict[str, int | bool]) -> dict[bytes, str]:
            return dict(zip(each, pool.map(partial(_address, how=how), each), strict=True))

        made = encoded(LOSSLESS)
        for quality in QUALITIES:
            if sum(len(made[png]) for png in pictures) <= most:
                break
            lossy = encoded({"quality": quality, "method": 2})
            made = {png: min(made[png], lossy[png], key=len) for png in made}
    return made


def _address(png: bytes, how: dict[str, int | bool]) -> str:
    """Return a picture as WebP in a data address."""
    file = BytesIO()
    with Image.open(BytesIO(png)) as picture:
        picture.convert("RGB").save(file, "WEBP", **how)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
