"""Images inside a page: WebP without loss, or with as little as keeps the page small.

How much detail a report keeps is its `Detail`: `FULL` to read, `SMALL` to send.
"""

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
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
FULL = Detail(4_200_000, None, {"quality": 85, "subsampling": 0, "optimize": True}, notebooks=True)
# A fifth of that, to send without the notebooks: faces keep their 64 pixels, labels are legible.
SMALL = Detail(300_000, 900, {"quality": 50, "optimize": True}, notebooks=False)
PNG = b"\x89PNG"
# WebP, tried in this order; the first, without loss, is six times as fast as the smallest such one.
FORMS = (
    {"lossless": True, "quality": 30, "method": 2},
    *({"quality": quality, "method": 2} for quality in (90, 80, 70, 60, 50, 40)),
)


def addresses(images: Iterable[bytes], *, max_bytes: int = FULL.max_bytes) -> dict[bytes, str]:
    """Return each image as a data address that an `<img>` takes.

    Args:
        images: PNG and SVG files, each as often as the page has it; SVG is kept as it is.
        max_bytes: of all addresses together; above it images are encoded with loss, only where
            that is smaller, until they fit.
    """
    images = list(images)
    made = {i: data_address(i, "image/svg+xml") for i in images if not i.startswith(PNG)}
    pngs = [image for image in dict.fromkeys(images) if image not in made]

    def webp(png: bytes, options: Mapping[str, int | bool]) -> str:
        return data_address(encode(decode(png).convert("RGB"), "WEBP", **options), "image/webp")

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow encodes outside of Python's lock
        for options in FORMS:
            for png, address in zip(pngs, pool.map(webp, pngs, repeat(options)), strict=True):
                made[png] = min(made.get(png, address), address, key=len)
            if sum(len(made[image]) for image in images) <= max_bytes:
                break
    return made
