"""One picture file becomes one uint8 array: every mode read rightly, every bad file told apart."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

SUFFIXES = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp"),
        *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"),
    )
)
# Pillow would also try formats that run other programs (EPS) or that match any bytes (TGA).
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
MIN_SIDE = 8

ALIGNED = (178, 218)  # width and height of CelebA's aligned images
HW4_BOX = (35, 67, 143, 175)  # left, top, right, bottom of the homework's 108x108 crop of them
CROPS = ("hw4", "square")

ORIENTATION = 0x0112  # EXIF tag
# What Pillow's decoders raise on damaged bytes, found by fuzzing (tests/test_data_decode.py).
DAMAGE = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, AttributeError),
    *(OverflowError, RuntimeError, MemoryError, struct.error, zlib.error),
)


class Unreadable(Exception):
    """A picture that cannot be used; the text says why, to stand after the file's name.

    Attributes:
        key: the reason's name in `panels.unreadable`, for a file that a reader hands over.
        values: what its words take.
    """

    def __init__(self, text: str, key: str = "", **values: str):
        super().__init__(text)
        self.key, self.values = key, values


class Decoded(NamedTuple):
    """The pixels, uint8 (S, S, 3), and what the file held."""

    pixels: np.ndarray
    size: tuple[int, int]
    mode: str


def decode(path: str | Path, image_size: int, *, crop: str | None = None) -> Decoded:
    """Read one picture as an RGB square.

    The picture is turned upright by its EXIF orientation, made RGB (alpha over white), cropped, and
    scaled with Pillow's bicubic filter, which averages when it shrinks.

    Args:
        path: the file; its content, not its suffix, says the format.
        image_size: side S of the result, in pixels.
        crop: None for the centre square of any picture; "hw4" or "square" for the homework's box or
            the centre square of an aligned CelebA image of any size.

    Raises:
        Unreadable: the file is no picture, is damaged or too small, or `crop` is given and the
            picture has not the aligned proportions.
    """
    try:
        if os.path.getsize(path) == 0:
            raise Unreadable("is empty (0 bytes)", "empty")
        with warnings.catch_warnings():
            # Broken metadata says nothing about the pixels; a decompression bomb does.
            warnings.simplefilter("ignore", UserWarning)
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with open(path, "rb") as file, Image.open(file, formats=FORMATS) as picture:
                size, mode = picture.size, picture.mode
                if min(size) < MIN_SIDE:
                    found, least = f"{size[0]}x{size[1]}", f"{MIN_SIDE}x{MIN_SIDE}"
                    text = f"is {found}: at least {least} pixels are needed"
                    raise Unreadable(text, "small", found=found, least=least)
                rgb = _to_rgb(picture)
                box = _centre_square(rgb.size) if crop is None else aligned_box(crop, rgb.size)
                rgb = rgb.resize((image_size, image_size), Image.Resampling.BICUBIC, box=box)
                return Decoded(np.asarray(rgb), size, mode)
    except FileNotFoundError:
        raise Unreadable("is not there") from None
    except PermissionError:
        raise Unreadable("may not be read (permission denied)") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        limit = (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise Unreadable(f"is too large (over {limit} million pixels)", "large") from None
    except UnidentifiedImageError:
        text = "is no picture (its content is of no known format)"
        raise Unreadable(text, "unknown") from None
    except DAMAGE as error:
        text = " ".join(str(error).split()) or type(error).__name__
        key = "cut_off" if "truncated" in text.lower() else "damaged"
        raise Unreadable(f"is {key.replace('_', ' ')} ({text})", key) from None


def aligned_box(crop: str, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of `crop` in an aligned CelebA image of `size` (W, H).

    Raises:
        Unreadable: `size` has not the proportions 178:218, to one pixel.
    """
    width, height = size
    if abs(width * ALIGNED[1] - height * ALIGNED[0]) > ALIGNED[1]:
        raise Unreadable(
            f"is {width}x{height}: an aligned CelebA image is 178x218 or in proportion"
        )
    if crop == "square":
        return _centre_square(size)
    x, y = width / ALIGNED[0], height / ALIGNED[1]
    return HW4_BOX[0] * x, HW4_BOX[1] * y, HW4_BOX[2] * x, HW4_BOX[3] * y


def resize_grey(images: np.ndarray, image_size: int) -> np.ndarray:
    """Scale grey images, uint8 (N, H, W), to uint8 (N, S, S, 1) with the filter of `decode`."""
    scaled = np.empty((len(images), image_size, image_size, 1), np.uint8)
    for row, image in zip(scaled, images, strict=True):
        picture = Image.fromarray(image)
        row[..., 0] = picture.resize((image_size, image_size), Image.Resampling.BICUBIC)
    return scaled


def _centre_square(size: tuple[int, int]) -> tuple[float, float, float, float]:
    side = min(size)
    left, top = (size[0] - side) / 2, (size[1] - side) / 2
    return left, top, left + side, top + side


def _to_rgb(picture: Image.Image) -> Image.Image:
    """Return `picture` upright, in 8-bit RGB, alpha composited on white."""
    if picture.mode == "F" or (picture.mode == "I" and picture.format not in ("PNG", "PPM")):
        text = f"has {picture.mode!r} pixels, whose scale is unknown: save it with 8 bits a channel"
        raise Unreadable(text, "mode", found=picture.mode)
    if picture.mode.startswith("I"):
        rgb = _from_16_bit(picture)
    elif picture.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        rgb = Image.alpha_composite(white, rgba).convert("RGB")
    else:
        rgb = picture.convert("RGB")
    turn = TURNS.get(_orientation(picture))
    return rgb if turn is None else rgb.transpose(turn)


def _from_16_bit(picture: Image.Image) -> Image.Image:
    """Scale 16-bit grey, 0..65535, to 0..255; `convert` would clip it at 255."""
    grey = np.asarray(picture).astype(np.int64)
    scaled = np.clip((grey * 255 + 32767) // 65535, 0, 255).astype(np.uint8)
    if isinstance(clear := picture.info.get("transparency"), int):
        scaled[grey == clear] = 255
    return Image.fromarray(scaled).convert("RGB")


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _orientation(picture: Image.Image) -> int:
    try:
        return picture.getexif().get(ORIENTATION, 1)
    except DAMAGE:  # broken metadata beside good pixels
        return 1
