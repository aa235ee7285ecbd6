"""Sliders over frames: in HTML one strip of pictures behind a range, in PDF a film strip."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from PIL import Image

from hwlib.images import decode, encode
from hwlib.report.document import Figure, picture_name, quote

BESIDE = {True: 2, False: 6}  # frames beside one another in a film strip: rows, single pictures
MOST_FRAMES = 6  # of a slider in a film strip
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
    """A figure of sliders over frames.

    Attributes:
        png: a row for each track, its frames from left to right.
        tracks: the sliders, from above; all have as many frames.
        scale: how wide one of the frames' pixels is on the screen.
        is_wide: whether a frame is a row of pictures rather than one.
    """

    tracks: tuple[Track, ...] = ()
    scale: int = 1
    is_wide: bool = False

    @cached_property
    def frames(self) -> list[list[Image.Image]]:
        """Each track's frames."""
        strips = decode(self.png)
        width, height = (
            strips.width // len(self.tracks[0].labels),
            strips.height // len(self.tracks),
        )
        return [
            [strips.crop((x, y, x + width, y + height)) for x in range(0, strips.width, width)]
            for y in range(0, strips.height, height)
        ]

    @cached_property
    def pictures(self) -> tuple[bytes, ...]:
        """Each track's strip as PNG: frames side by side, wide ones below each other."""
        return tuple(_strip(frames, is_down=self.is_wide) for frames in self.frames)

    def html(self, place: str, addresses: Mapping[bytes, str], *, hint: str) -> str:
        """Return strips with their labels, and ranges for the script of the page.

        Args:
            place: tells the page's sliders apart.
            addresses: a data address for each of `pictures`.
            hint: what to do with a slider; shown where a script runs.
        """
        width, height = self.frames[0][0].size
        size = f'width="{width}" height="{height}"'
        parts = []
        for count, (track, strip) in enumerate(zip(self.tracks, self.pictures, strict=True)):
            title, last = html.escape(track.title, quote=True), len(track.labels) - 1
            alt = html.escape(f"{track.title}: {self.alt}", quote=True)
            name = f"slider-{place}-{count + 1}"
            labels = "".join(f"<li>{html.escape(label)}</li>" for label in track.labels)
            parts.append(
                f'<div class="track{" down" if self.is_wide else ""}">'
                f'<canvas {size} role="img" aria-label="{alt}" hidden></canvas>'
                f'<div class="reel scroll" tabindex="0" role="region" aria-label="{title}">'
                f'<img src="{addresses[strip]}" alt="{alt}"><ol>{labels}</ol></div>'
                f'<p class="range"><label for="{name}">{title}</label>'
                f'<input id="{name}" type="range" min="0" max="{last}" value="{track.start}"'
                f' autocomplete="off" hidden>'
                f'<output for="{name}" aria-live="off" hidden></output></p></div>'
            )
        style = f"--count: {len(self.frames[0])}; --width: {width * self.scale}px"
        below = f'<p class="hint" hidden>{html.escape(hint)}</p>'
        return f'<div class="tracks" style="{style}">{"".join(parts)}</div>{below}'

    def typst(self, arguments: Mapping[str, str]) -> tuple[str, dict[str, bytes]]:
        """Return a film strip of some frames with their labels as Typst, and these as files.

        Args:
            arguments: what every figure has: name, label, caption.
        """
        files: dict[str, bytes] = {}
        rows = []
        for track, frames in zip(self.tracks, self.frames, strict=True):
            cells = []
            for index in self._shown():
                png = encode(frames[index])
                name = picture_name(png)
                files[name] = png
                cells.append(f"({quote(name)}, {quote(track.labels[index])})")
            rows.append(f"({quote(track.title)}, ({', '.join(cells)},))")
        about = {"tracks": f"({', '.join(rows)},)", "columns": BESIDE[self.is_wide]}
        about |= {"alt": quote(self.alt), **arguments}
        return f"#hw-film({', '.join(f'{key}: {text}' for key, text in about.items())})", files

    def reduced(self, most: int) -> Slider:
        """Return the slider as it is: its strips are cut by their pixels, which are few."""
        return self

    def _shown(self) -> list[int]:
        """Return the frames that a film strip has: evenly spread, first and last among them."""
        width, height = self.frames[0][0].size
        beside, num_frames = BESIDE[self.is_wide], len(self.frames[0])
        row_mm = WIDTH_MM / beside * height / width + LABEL_MM
        rows = max(1, int(HEIGHT_MM / row_mm) // len(self.tracks))
        count = min(num_frames, MOST_FRAMES, rows * beside if self.is_wide else beside)
        return [round(i * (num_frames - 1) / max(1, count - 1)) for i in range(count)]


def make_slider(png: bytes, about: Mapping[str, Any], is_screen_only: bool = False) -> Slider:
    """Return the slider of a notebook's output.

    Args:
        png: its picture.
        about: its metadata, as `hwlib.show.slider` writes it.
        is_screen_only: whether another figure shows the same in print.
    """
    tracks = (Track(t["title"], tuple(t["labels"]), t["start"]) for t in about["tracks"])
    words = {name: about[name] for name in ("name", "alt", "caption", "scale", "is_wide")}
    words["is_screen_only"] = is_screen_only
    return Slider(png, width=None, tracks=tuple(tracks), **words)


def _strip(frames: list[Image.Image], *, is_down: bool) -> bytes:
    """Return frames as one PNG, side by side or below each other."""
    width, height = frames[0].size
    size = (width, height * len(frames)) if is_down else (width * len(frames), height)
    strip = Image.new(frames[0].mode, size)
    for index, frame in enumerate(frames):
        strip.paste(frame, (0, index * height) if is_down else (index * width, 0))
    return encode(strip)
