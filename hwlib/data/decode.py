"""Decode one image file to a uint8 RGB square, or raise `Unreadable` with the reason."""

import math
import os
import stat
import struct
import warnings
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from hwlib.errors import Worded

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".avif"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"),
)
# Pillow would also try formats that run other programs (EPS) or that match any bytes (TGA).
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "AVIF", "TIFF", "PPM")
MIN_SIDE = 8
# A small file can hold a huge image, so memory is kept to 8 bytes a pixel of one such image: those
# over LARGE pixels wait for one another, and colours become RGB a BAND of pixels at a time. Over
# Pillow's own limit, 89 million pixels, none is decoded.
LARGE, BAND = 2**24, 2**22
DECODING_LARGE = Lock()
# Pillow's limit for one text in a PNG is 1 MB, less than some editors write; this is its limit for
# all of one file.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY
NUM_AHEAD = 32  # images a thread that wait to be asked for

ALIGNED = (178, 218)  # width and height of CelebA's aligned images
HW4_BOX = (35, 67, 143, 175)  # left, top, right, bottom of the homework's 108x108 crop of them
CROPS = ("hw4", "square")

# What Pillow's decoders raise on damaged bytes, found by fuzzing (tests/test_data_decode.py).
DAMAGE = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, AttributeError),
    *(OverflowError, RuntimeError, MemoryError, struct.error, zlib.error),
)


class Unreadable(Worded, Exception):
    """An image that cannot be used; the line says why, to stand after the file's name."""


class Decoded(NamedTuple):
    """The pixels, uint8 (S, S, C), and the size and mode that the file has."""

    pixels: np.ndarray
    size: tuple[int, int]
    mode: str


def decode(file: str | Path | bytes, image_size: int, *, crop: str | None = None) -> Decoded:
    """Read one image as an RGB square.

    The image is turned upright by its EXIF orientation, made RGB (alpha over white), cropped, and
    scaled with Pillow's bicubic filter, which averages when it shrinks.

    Args:
        file: its path, or its content, which alone says the format.
        image_size: side S of the result, in pixels.
        crop: None for the centre square of any image; "hw4" or "square" for the homework's box or
            the centre square of an aligned CelebA image of any size.

    Raises:
        Unreadable: the file is no image, is damaged or too small, or `crop` is given and the image
            has not the aligned proportions.
    """
    (image,) = decode_all([file], image_size, crop=crop)
    if isinstance(image, Unreadable):
        raise image
    return image


def decode_all(
    files: Iterable[str | Path | bytes], image_size: int, *, crop: str | None = None
) -> Iterator[Decoded | Unreadable]:
    """Decode images side by side and yield them in order; see `decode`.

    Threads do, for Pillow lets others run while it works. Files are taken only a little ahead of
    what is asked for, so that memory stays flat and Ctrl-C ends it soon.
    """
    num_threads, waiting = os.cpu_count() or 1, deque()
    with warnings.catch_warnings(), ThreadPoolExecutor(num_threads) as threads:
        warnings.simplefilter("ignore", UserWarning)  # of broken metadata
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for file in files:
            waiting.append(threads.submit(_decode, file, image_size, crop))
            if len(waiting) > NUM_AHEAD * num_threads:
                yield waiting.popleft().result()
        yield from (future.result() for future in waiting)


def _decode(file: str | Path | bytes, image_size: int, crop: str | None) -> Decoded | Unreadable:
    try:
        # opening a pipe would wait for ever
        if not isinstance(file, bytes) and stat.S_ISFIFO(os.stat(file).st_mode):
            return Unreadable("bad_image.unknown", kind="")
        with BytesIO(file) if isinstance(file, bytes) else open(file, "rb") as content:
            if not (head := content.read(12)):
                return Unreadable("bad_image.empty")
            image = Image.open(content, formats=FORMATS)
            size, mode = image.size, image.mode
            if min(size) < MIN_SIDE:
                return Unreadable("bad_image.small", size=size, least=MIN_SIDE)
            with DECODING_LARGE if math.prod(size) > LARGE else nullcontext():
                rgb = _to_rgb(image)
                box = _crop_box(rgb.size, crop)
                rgb = rgb.resize((image_size, image_size), Image.Resampling.BICUBIC, box=box)
            return Decoded(np.asarray(rgb), size, mode)
    except Unreadable as error:
        return error
    except FileNotFoundError:
        if os.path.islink(file):
            return Unreadable("bad_image.link", target=os.readlink(file))
        return Unreadable("bad_image.missing")
    except PermissionError:
        return Unreadable("bad_image.forbidden")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Unreadable("bad_image.large", millions=(Image.MAX_IMAGE_PIXELS or 0) // 10**6)
    except UnidentifiedImageError:
        kind = head[8:].decode("ascii", "replace") if head[4:8] == b"ftyp" else ""
        return Unreadable("bad_image.unknown", kind=kind)
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno:  # the system's, not Pillow's
            return Unreadable("bad_image.unreadable", why=error.strerror)
        why = " ".join(str(error).split()) or type(error).__name__
        kind = "cut_off" if "truncated" in why.lower() else "damaged"
        return Unreadable(f"bad_image.{kind}", why=why)


def _crop_box(size: tuple[int, int], crop: str | None) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of `crop` in an image of `size` (W, H)."""
    width, height = size
    # aligned images have the proportions 178:218, to one pixel
    if crop and abs(width * ALIGNED[1] - height * ALIGNED[0]) > ALIGNED[1]:
        raise Unreadable("bad_image.not_aligned", size=size, aligned=ALIGNED)
    if crop == "hw4":
        x, y = width / ALIGNED[0], height / ALIGNED[1]
        return HW4_BOX[0] * x, HW4_BOX[1] * y, HW4_BOX[2] * x, HW4_BOX[3] * y
    side = min(size)
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side


def _to_rgb(image: Image.Image) -> Image.Image:
    """Return `image` upright, in 8-bit RGB, alpha composited on white."""
    if image.mode == "F" or (image.mode == "I" and image.format not in ("PNG", "PPM")):
        raise Unreadable("bad_image.mode", mode=image.mode)
    image.load()
    with suppress(*DAMAGE):  # broken metadata beside good pixels
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    (width, height), rgb = image.size, Image.new("RGB", image.size)
    rows = max(1, BAND // width)
    for top in range(0, height, rows):
        band = image.crop((0, top, width, min(top + rows, height)))
        rgb.paste(_band_to_rgb(band), (0, top))
    return rgb


def _band_to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey: `convert` would clip 0..65535 at 255
        grey = np.asarray(image).astype(np.int64)
        scaled = np.clip((grey * 255 + 32767) // 65535, 0, 255).astype(np.uint8)
        if isinstance(clear := image.info.get("transparency"), int):
            scaled[grey == clear] = 255
        return Image.fromarray(scaled).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return image.convert("RGB")
