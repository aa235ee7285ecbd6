"""Frames behind a slider: live in Jupyter; in batch one strip of pictures, which reports set."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import ipywidgets as widgets
import numpy as np
from IPython.display import display

from hwlib import plots
from hwlib.images import encode
from hwlib.show.page import Words, asked_languages, emit, figure_texts, is_batch, show_caption

FRAME_PX = (560, 400)  # how wide all frames beside one another are on the screen, how high one is
MOST_BESIDE = 4
WIDE = 1.2  # a frame of this proportion is a row of pictures, and has no other beside it


class Track(NamedTuple):
    """What one slider moves through.

    Attributes:
        frames: uint8 (T, H, W, C), C 1 or 3.
        title: what the slider is called, by language.
        labels: what each of the T frames is, by language.
        start: the frame that is shown first.
    """

    frames: np.ndarray
    title: Words
    labels: Mapping[str, Sequence[str]]
    start: int = 0


def slider(
    name: str,
    tracks: Sequence[Track],
    *,
    words: str | None = None,
    alt: Words | None = None,
    caption: Words | None = None,
    languages: Sequence[str] | None = None,
    **values: Any,
) -> None:
    """Show sliders over frames that were made before.

    In Jupyter they are live; in batch they are one picture, a row a slider, from which the report
    makes a slider in HTML and a film strip in PDF. Its caption and its alternative text are
    `figures.<words>.caption` and `.alt`.

    Args:
        name: the figure's name, e.g. "interpolation_slider".
        tracks: the sliders; all have as many frames, of the same shape.
        words: the name of its texts where that is not the figure's own.
        alt: the alternative text itself by language, where it has no name.
        caption: the line below it by language, where it has no name.
        languages: the ones to show; those of `setup` where it is None.
        values: what its texts take.

    Raises:
        ValueError: frames of unequal shapes, or not as many labels as frames.
    """
    frames = _frames(tracks)
    scale = _scale(frames)
    strip = encode(np.concatenate([np.concatenate(list(row), axis=1) for row in frames]))
    for lang in languages or asked_languages():
        said = figure_texts(words or name, lang, values, alt=alt, caption=caption)
        if is_batch():
            about = {"kind": "slider", "lang": lang, "name": name, "scale": scale}
            about |= {"is_wide": _is_wide(frames), **said}
            about["tracks"] = [
                {"title": t.title[lang], "labels": list(t.labels[lang]), "start": t.start}
                for t in tracks
            ]
            data = {"image/png": strip, "text/plain": said["alt"]}
            emit(data, about, **{"image/png": {"alt": said["alt"]}})
        else:
            display(widgets.VBox([slider_panel(track, lang, scale=scale) for track in tracks]))
        show_caption(said["caption"])


def slider_panel(track: Track, lang: str, *, scale: int = 1) -> widgets.VBox:
    """Return a track as a live slider below its image, enlarged `scale` times."""
    pictures = [encode(frame) for frame in plots.enlarge(track.frames, scale)]
    picture = widgets.Image(value=pictures[track.start], format="png")
    picture.layout = {"align_self": "flex-start", "max_width": "100%"}
    chosen = widgets.SelectionSlider(
        options=[(label, number) for number, label in enumerate(track.labels[lang])],
        value=track.start,
        description=track.title[lang],
        readout=False,  # its box is narrow, and cuts what is longer than a number
        layout={"width": "100%", "max_width": "560px"},
        style={"description_width": "initial"},
    )
    told = widgets.HTML(html.escape(track.labels[lang][track.start]))

    def on_frame(change: Mapping[str, Any]) -> None:
        picture.value = pictures[change["new"]]
        told.value = html.escape(track.labels[lang][change["new"]])

    chosen.observe(on_frame, "value")
    return widgets.VBox([picture, chosen, told])


def _frames(tracks: Sequence[Track]) -> np.ndarray:
    """Check all tracks' frames, and return them as (K, T, H, W, C)."""
    shapes = {track.frames.shape for track in tracks}
    if len(shapes) != 1:
        raise ValueError(f"sliders beside one another need frames of one shape, not {shapes}")
    for track in tracks:
        for labels in track.labels.values():
            if len(labels) != len(track.frames):
                raise ValueError(f"{len(labels)} labels for {len(track.frames)} frames")
    return np.stack([track.frames for track in tracks])


def _is_wide(frames: np.ndarray) -> bool:
    """Whether each of the frames (K, T, H, W, C) is a row of pictures."""
    return frames.shape[3] >= WIDE * frames.shape[2]


def _scale(frames: np.ndarray) -> int:
    """Return how wide a pixel of frames (K, T, H, W, C) is on the screen."""
    num_tracks, _, height, width = frames.shape[:4]
    beside = 1 if _is_wide(frames) else min(num_tracks, MOST_BESIDE)
    return max(1, min(FRAME_PX[0] // (width * beside), FRAME_PX[1] // height))
