"""Pictures inside a page: WebP without loss, or with as little as keeps the page small."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from io import BytesIO

from PIL import Image

# Characters of a page's pictures at most: with its text and font, the page stays below 5 MB.
MOST = 4_400_000
QUALITIES = (90, 80, 70, 60, 50, 40)  # of WebP with loss, tried in this order
LOSSLESS = {"lossless": True, "quality": 30, "method": 2}  # six times as fast as the smallest


def addresses(pictures: Iterable[bytes], *, most: int = MOST) -> dict[bytes, str]:
    """Return each picture as a data address that an `<img>` takes.

    Args:
        pictures: PNG files, each as often as the page has it.
        most: characters of all addresses together; above it pictures lose detail, those alone that
            get smaller by it, until they fit or there is no less to take.
    """
    pictures = list(pictures)
    made = {png: _address(png, LOSSLESS) for png in set(pictures)}
    for quality in QUALITIES:
        if sum(len(made[png]) for png in pictures) <= most:
            break
        lossy = {png: _address(png, {"quality": quality, "method": 2}) for png in made}
        made = {png: min(made[png], lossy[png], key=len) for png in made}
    return made


def _address(png: bytes, how: dict[str, int | bool]) -> str:
    """Return a picture as WebP in a data address."""
    file = BytesIO()
    with Image.open(BytesIO(png)) as picture:
        picture.convert("RGB").save(file, "WEBP", **how)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
