"""Frames behind a slider: live in Jupyter; in batch one strip of images, which reports set."""

import html
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import ipywidgets as widgets
import numpy as np
from IPython.display import display

from hwlib import plots
from hwlib.images import encode
from hwlib.show.page import asked_languages, emit, figure_texts, is_batch, show_caption

FRAME_PX = (560, 400)  # how wide all frames beside one another are on the screen, how high one is
MOST_BESIDE = 4
WIDE = 1.2  # a frame of this proportion is a row of images, and has no other beside it


class Track(NamedTuple):
    """What one slider moves through."""

    frames: np.ndarray  # uint8 (T, H, W, C), C 1 or 3
    title: Mapping[str, str]  # by language
    labels: Mapping[str, Sequence[str]]  # of each of the T frames, by language
    start: int = 0  # the frame that is shown first


def slider(name: str, tracks: Sequence[Track], *, words: str | None = None, **values: Any) -> None:
    """Show sliders over frames that were made before, with texts as `show.figure` has them.

    In Jupyter they are live; in batch they are one image, a row a slider, from which the report
    makes a slider in HTML and a film strip in PDF.
    """
    for track in tracks:
        if {*map(len, track.labels.values())} != {len(track.frames)}:
            raise ValueError(f"not as many labels as frames, {len(track.frames)}")
    frames = np.stack([track.frames for track in tracks])  # (K, T, H, W, C)
    num_tracks, _, height, width = frames.shape[:4]
    is_wide = width >= WIDE * height
    beside = 1 if is_wide else min(num_tracks, MOST_BESIDE)
    scale = max(1, min(FRAME_PX[0] // (width * beside), FRAME_PX[1] // height))
    strip = encode(np.concatenate([np.concatenate(list(row), axis=1) for row in frames]))
    for lang in asked_languages():
        said = figure_texts(words or name, lang, values)
        if not is_batch():
            display(widgets.VBox([slider_panel(track, lang, scale=scale) for track in tracks]))
            show_caption(said["caption"])
            continue
        titles = [
            {"title": t.title[lang], "labels": list(t.labels[lang]), "start": t.start}
            for t in tracks
        ]
        about = {"kind": "slider", "lang": lang, "name": name, "scale": scale, "tracks": titles}
        data = {"image/png": strip, "text/plain": said["alt"]}
        shown = {"image/png": {"alt": said["alt"]}}
        emit(data, about | {"is_wide": is_wide, **said}, **shown)


def slider_panel(track: Track, lang: str, *, scale: int = 1) -> widgets.VBox:
    """Return a track as a live slider below its image, enlarged `scale` times."""
    frames = [encode(frame) for frame in plots.enlarge(track.frames, scale)]
    image = widgets.Image(format="png", layout={"align_self": "flex-start", "max_width": "100%"})
    label = widgets.HTML()
    chosen = widgets.SelectionSlider(
        options=[(label, number) for number, label in enumerate(track.labels[lang])],
        value=track.start,
        description=track.title[lang],
        readout=False,  # its box is narrow, and cuts what is longer than a number
        layout={"width": "100%", "max_width": "560px"},
        style={"description_width": "initial"},
    )

    def show_frame(number: int) -> None:
        image.value = frames[number]
        label.value = html.escape(track.labels[lang][number])

    chosen.observe(lambda change: show_frame(change["new"]), "value")
    show_frame(track.start)
    return widgets.VBox([image, chosen, label])
