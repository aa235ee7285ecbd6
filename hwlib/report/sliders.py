"""Sliders over frames: in HTML one strip of images behind a range, in PDF a film strip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from PIL import Image

from hwlib.images import decode, encode
from hwlib.report.document import Figure

COLUMNS = {True: 2, False: 6}  # frames beside one another in a film strip: rows, single images
MAX_FRAMES = 6  # of a slider in a film strip
# Of a film strip: the width of the PDF's text, the most height, and a label's.
WIDTH_MM, HEIGHT_MM, LABEL_MM = 158, 135, 6


@dataclass(frozen=True)
class Track:
    """One slider: its name, what each frame is, and the number of the first one shown."""

    title: str
    labels: tuple[str, ...]
    start: int


@dataclass(frozen=True)
class Slider(Figure):
    """A figure of sliders over frames; its PNG has a row for each track, frames side by side."""

    tracks: tuple[Track, ...] = ()  # the sliders, from above; all have as many frames
    scale: int = 1  # how wide one of the frames' pixels is on the screen
    is_wide: bool = False  # whether a frame is a row of images rather than one

    @cached_property
    def frames(self) -> list[list[Image.Image]]:
        """Each track's frames."""
        strips = decode(self.png)
        width = strips.width // len(self.tracks[0].labels)
        height = strips.height // len(self.tracks)
        return [
            [strips.crop((x, y, x + width, y + height)) for x in range(0, strips.width, width)]
            for y in range(0, strips.height, height)
        ]

    @cached_property
    def images(self) -> tuple[bytes, ...]:
        """Each track's strip as PNG: frames side by side, wide ones below each other."""
        axis = 0 if self.is_wide else 1
        rows = (np.concatenate(list(map(np.asarray, row)), axis=axis) for row in self.frames)
        return tuple(encode(Image.fromarray(row)) for row in rows)

    @property
    def columns(self) -> int:
        """How many frames stand beside one another in a film strip."""
        return COLUMNS[self.is_wide]

    @property
    def film(self) -> list[list[tuple[bytes, str]]]:
        """Each track's frames in a film strip as PNG, with their labels: first and last are in."""
        width, height = self.frames[0][0].size
        num_frames = len(self.frames[0])
        row_mm = WIDTH_MM / self.columns * height / width + LABEL_MM
        rows = max(1, int(HEIGHT_MM / row_mm) // len(self.tracks)) if self.is_wide else 1
        count = min(num_frames, MAX_FRAMES, rows * self.columns)
        places = [round(i * (num_frames - 1) / max(1, count - 1)) for i in range(count)]
        return [
            [(encode(frames[i]), track.labels[i]) for i in places]
            for track, frames in zip(self.tracks, self.frames, strict=True)
        ]

    def reduced(self, max_width: int) -> Slider:
        """Return the slider as it is: its strips are cut by their pixels, which are few."""
        return self


def make_slider(png: bytes, about: Mapping[str, Any], is_screen_only: bool = False) -> Slider:
    """Return the slider of a notebook's output, whose metadata `hwlib.show.slider` writes."""
    tracks = tuple(Track(t["title"], tuple(t["labels"]), t["start"]) for t in about["tracks"])
    words = {name: about[name] for name in ("name", "alt", "caption", "scale", "is_wide")}
    return Slider(png, width=None, tracks=tracks, is_screen_only=is_screen_only, **words)
