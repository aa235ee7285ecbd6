"""What moves in a panel, written as an animation or as a strip."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from hwlib import plots
from hwlib.errors import UserError
from hwlib.explore.base import to_strip
from hwlib.images import to_image
from hwlib.io import replacing

NUM_FRAMES = 41  # of a way there; the animation goes back over the same ones
NUM_IN_STRIP = 9
HEIGHT_PX = 192  # about how high an animation is
DURATION_MS = 4_000  # of the way there

SUFFIXES = (".gif", ".mp4", ".webp", ".png")  # GIF has 256 colours an image, the others all


def save_animation(frames: np.ndarray, path: Path) -> None:
    """Write frames, uint8 (T, H, W, C), as an animation there and back without end, or as a strip.

    The suffix says the kind: `.gif`, `.mp4` and `.webp` move, `.png` is the strip.

    Raises:
        UserError: another suffix.
    """
    if path.suffix not in SUFFIXES:
        raise UserError("animation_suffix", name=path.name, known=list(SUFFIXES))
    with replacing(path) as temporary:
        if path.suffix == ".png":
            temporary.write_bytes(to_strip(frames))
            return
        large = plots.enlarge(frames, max(1, round(HEIGHT_PX / frames.shape[1])))
        there_and_back = np.concatenate([large, large[-2:0:-1]])
        write = _write_mp4 if path.suffix == ".mp4" else _write_images
        write(there_and_back, temporary, DURATION_MS // len(frames))


def export(frames: np.ndarray, folder: Path, name: str, suffix: str) -> Path:
    """Write frames as `save_animation` does, beside other files of that name; return the file.

    What a file's name may not hold becomes "_", as an attribute's name is the data's own. From the
    second file on that shows something else, a number follows the name.
    """
    with TemporaryDirectory() as fresh:
        made = Path(fresh) / f"animation{suffix}"
        save_animation(frames, made)
        content = made.read_bytes()
    name = re.sub(r"[^\w.-]", "_", name)
    path, number = folder / f"{name}{suffix}", 1
    while path.exists() and path.read_bytes() != content:
        number += 1
        path = folder / f"{name}-no{number}{suffix}"
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path


def _write_images(frames: np.ndarray, path: Path, duration_ms: int) -> None:
    """Write a GIF or WebP that begins anew without end, each image shown for `duration_ms`."""
    first, *rest = (to_image(frame) for frame in frames)
    options = {"duration": duration_ms, "loop": 0, "quality": 90}  # GIF has no quality
    first.save(path, save_all=True, append_images=rest, **options)


def _write_mp4(frames: np.ndarray, path: Path, duration_ms: int) -> None:
    """Write H.264 in the colour format that every player knows, whose sides are even."""
    import av

    height, width = (side // 2 * 2 for side in frames.shape[1:3])
    frames = np.broadcast_to(frames, (*frames.shape[:3], 3))[:, :height, :width]  # grey ones too
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=Fraction(1_000, duration_ms))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "18"}
        for frame in frames:
            pixels = np.ascontiguousarray(frame)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode())
