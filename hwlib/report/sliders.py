"""Sliders over frames: in HTML one strip of images behind a range, in PDF a film strip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

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
    def frames(self) -> np.ndarray:
        """Each track's frames, uint8 (K, T, H, W, C)."""
        strips = np.asarray(decode(self.png))
        height = len(strips) // len(self.tracks)
        shape = (len(self.tracks), height, len(self.tracks[0].labels), -1, strips[0, 0].size)
        return strips.reshape(shape).swapaxes(1, 2)

    @cached_property
    def images(self) -> tuple[bytes, ...]:
        """Each track's strip as PNG: frames side by side, wide ones below each other."""
        axis = 0 if self.is_wide else 1
        return tuple(encode(np.concatenate(list(row), axis=axis)) for row in self.frames)

    @property
    def film(self) -> list[list[tuple[bytes, str]]]:
        """Each track's frames in a film strip as PNG, with their labels: first and last are in."""
        num_tracks, num_frames, height, width = self.frames.shape[:4]
        columns = COLUMNS[self.is_wide]
        row_mm = WIDTH_MM / columns * height / width + LABEL_MM
        rows = max(1, int(HEIGHT_MM / row_mm) // num_tracks) if self.is_wide else 1
        count = min(num_frames, MAX_FRAMES, rows * columns)
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
