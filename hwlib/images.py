"""Images as bytes: arrays and Pillow images to PNG, JPEG or WebP, and to data addresses."""

import base64
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image


def to_image(pixels: np.ndarray) -> Image.Image:
    """Return an array, uint8 (H, W, C) with C 1 or 3, as a Pillow image."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def decode(content: bytes) -> Image.Image:
    """Return an image file's content as a Pillow image."""
    return Image.open(BytesIO(content))


def encode(image: np.ndarray | Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """Return an image, Pillow's or uint8 (H, W, C), as a file: "PNG", "JPEG" or "WEBP".

    `options` are those of Pillow's writer of that form.
    """
    file = BytesIO()
    (to_image(image) if isinstance(image, np.ndarray) else image).save(file, form, **options)
    return file.getvalue()


def data_address(content: bytes, kind: str) -> str:
    """Return a file's content of some media type, "image/png" say, as an address that holds it."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
