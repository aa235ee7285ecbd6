"""Images inside a page: WebP without loss, or with as little as keeps the page small.

How much detail a report keeps is its `Detail`: `FULL` to read, `SMALL` to send.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from hwlib.images import data_address, decode, encode


@dataclass(frozen=True)
class Detail:
    """How much of its images a report keeps."""

    max_bytes: int  # of a page's images, as data addresses
    max_width: int | None  # pixels of a figure; None keeps them all
    jpeg: Mapping[str, Any]  # how a PDF's images are written as JPEG
    notebooks: bool  # whether pages lead to the executed notebooks beside them


# With its text and fonts, a page stays below 5 MB; JPEG is within about two grey levels.
FULL = Detail(
    max_bytes=4_200_000,
    max_width=None,
    jpeg={"quality": 85, "subsampling": 0, "optimize": True},
    notebooks=True,
)
# A fifth of that, to send without the notebooks: faces keep their 64 pixels, labels are legible.
SMALL = Detail(
    max_bytes=300_000, max_width=900, jpeg={"quality": 50, "optimize": True}, notebooks=False
)
QUALITIES = (90, 80, 70, 60, 50, 40)  # of WebP with loss, tried in this order
LOSSLESS = {"lossless": True, "quality": 30, "method": 2}  # six times as fast as the smallest


def addresses(images: Iterable[bytes], *, max_bytes: int = FULL.max_bytes) -> dict[bytes, str]:
    """Return each image as a data address that an `<img>` takes.

    Args:
        images: PNG files, each as often as the page has it.
        max_bytes: of all addresses together; above it images are encoded with loss, only where
            that is smaller, until they fit.
    """
    images = list(images)
    each = list(dict.fromkeys(images))
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow encodes outside of Python's lock

        def encoded(**options: int | bool) -> dict[bytes, str]:
            def address(png: bytes) -> str:
                return data_address(
                    encode(decode(png).convert("RGB"), "WEBP", **options), "image/webp"
                )

            return dict(zip(each, pool.map(address, each), strict=True))

        made = encoded(**LOSSLESS)
        for quality in QUALITIES:
            if sum(len(made[png]) for png in images) <= max_bytes:
                break
            lossy = encoded(quality=quality, method=2)
            made = {png: min(made[png], lossy[png], key=len) for png in made}
    return made
