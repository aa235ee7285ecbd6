"""What moves in a panel, as pictures in order: to keep as a film or as a strip."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import ipywidgets as widgets
import numpy as np
from PIL import Image

from hwlib import plots
from hwlib.errors import UserError
from hwlib.explore.direction import LIMIT, DirectionPanel
from hwlib.explore.frames import weight_track
from hwlib.explore.gan import AttributePanel, CodePanel, GeneratorPanel, one_hot, paint
from hwlib.explore.kl import KLPanel
from hwlib.explore.latents import decode
from hwlib.explore.parts import to_strip
from hwlib.explore.vae import KNOB_LIMIT, VAEPanel
from hwlib.explore.words import words
from hwlib.io import replacing
from hwlib.models.gan import CODE_SIZE

FILM_PICTURES = 41  # of a way there; the film goes back over the same ones
STRIP_PICTURES = 9
FILM_PX = 192  # about how high a film is
FILM_MS = 4_000  # of the way there

SUFFIXES = (".gif", ".mp4", ".webp", ".png")  # GIF has 256 colours a picture, the others all


class Film(NamedTuple):
    """Something that moves in a panel, from the state that the panel is in.

    name: stem of a file, which `keep_film` makes one that every system takes.
    label: the same for a reader, in the panel's language.
    frames: takes how many pictures are wanted, gives uint8 (T, H, W, C) from one end to the other;
        a movement that has steps of its own gives a picture for each of them.
    """

    name: str
    label: str
    frames: Callable[[int], np.ndarray]


def films_of(panel: widgets.Widget) -> list[Film]:
    """Return what moves in a panel, the way that its main slider goes first."""
    return FILMS[type(panel)](panel)


def save_film(frames: np.ndarray, path: Path) -> None:
    """Write pictures as a film that goes there and back without end, or as a strip.

    Args:
        frames: uint8 (T, H, W, C), in order.
        path: its suffix says the kind: `.gif`, `.mp4` and `.webp` move, `.png` is the strip.

    Raises:
        UserError: another suffix.
    """
    if path.suffix not in SUFFIXES:
        raise UserError("film_name", name=path.name, known=list(SUFFIXES))
    with replacing(path) as temporary:
        if path.suffix == ".png":
            temporary.write_bytes(to_strip(frames))
            return
        large = plots.enlarge(frames, max(1, round(FILM_PX / frames.shape[1])))
        tour = np.concatenate([large, large[-2:0:-1]])
        write = _write_mp4 if path.suffix == ".mp4" else _write_moving_picture
        write(tour, temporary, FILM_MS // len(frames))


def keep_film(frames: np.ndarray, folder: Path, name: str, suffix: str) -> Path:
    """Write pictures as `save_film` does, beside other films of that name; return the file.

    Args:
        frames: uint8 (T, H, W, C), in order.
        folder: for the file.
        name: stem; what a file's name may not hold becomes "_", as an attribute's name is the
            data's own; from the second film on that shows something else, a number follows it.
        suffix: kind of file.
    """
    with TemporaryDirectory() as fresh:
        film = Path(fresh) / f"film{suffix}"
        save_film(frames, film)
        written = film.read_bytes()
    name = re.sub(r"[^\w.-]", "_", name)
    path, number = folder / f"{name}{suffix}", 1
    while path.exists() and path.read_bytes() != written:
        number += 1
        path = folder / f"{name}-no{number}{suffix}"
    with replacing(path) as temporary:
        temporary.write_bytes(written)
    return path


def _write_moving_picture(frames: np.ndarray, path: Path, duration_ms: int) -> None:
    """Write a GIF or WebP that begins anew without end, each picture shown for `duration_ms`."""
    pictures = [Image.fromarray(f[..., 0] if f.shape[2] == 1 else f) for f in frames]
    options = {"duration": duration_ms, "loop": 0, "quality": 90}  # GIF has no quality
    pictures[0].save(path, save_all=True, append_images=pictures[1:], **options)


def _write_mp4(frames: np.ndarray, path: Path, duration_ms: int) -> None:
    """Write H.264 in the colour format that every player knows, whose sides are even."""
    import av

    height, width = (side // 2 * 2 for side in frames.shape[1:3])
    frames = np.broadcast_to(frames, (*frames.shape[:3], 3))[:, :height, :width]  # grey ones too
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=Fraction(1_000, duration_ms))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "18"}
        for frame in frames:
            pixels = np.ascontiguousarray(frame)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        film.mux(stream.encode())


def _of_vae(panel: VAEPanel) -> list[Film]:
    """Between the two test pictures, and along each latent that has a slider."""

    def way(num: int) -> np.ndarray:
        return decode(panel.vae, np.stack([panel.at(share) for share in np.linspace(0, 1, num)]))

    def along(latent: int, knob: widgets.FloatSlider) -> Callable[[int], np.ndarray]:
        def frames(num: int) -> np.ndarray:
            z = np.tile(panel.z, (num, 1))
            z[:, latent] += np.linspace(-KNOB_LIMIT, KNOB_LIMIT, num) - knob.value
            return decode(panel.vae, z)

        return frames

    ends = f"between-{panel.image_a.value}-{panel.image_b.value}"
    return [
        Film(ends, words("share", panel.lang), way),
        *(
            Film(f"latent-{latent}", knob.description, along(latent, knob))
            for latent, knob in zip(panel.active, panel.knobs, strict=True)
        ),
    ]


def _of_direction(panel: DirectionPanel) -> list[Film]:
    """From the least strength of the attribute's direction to the most."""

    def frames(num: int) -> np.ndarray:
        return panel.changed(np.linspace(-LIMIT, LIMIT, num))

    source = f"test-{panel.number.value}" if panel.source.value == "test" else "own"
    return [Film(f"{panel.attribute.value}-{source}", words("strength", panel.lang), frames)]


def _of_generator(panel: GeneratorPanel) -> list[Film]:
    """The way from one z to the other."""

    def frames(num: int) -> np.ndarray:
        return paint(panel.G, np.stack([panel.at(share) for share in np.linspace(0, 1, num)]))

    ends = f"z{panel.number.value}-z{panel.number_b.value}"
    return [Film(ends, words("share", panel.lang), frames)]


def _of_attributes(panel: AttributePanel) -> list[Film]:
    """Each attribute from off to on, the others as they are set."""

    def switching(k: int) -> Callable[[int], np.ndarray]:
        def frames(num: int) -> np.ndarray:
            num = 2 if panel.switches[k].step == 1 else num  # nothing between off and on
            c = np.tile(panel.c, (num, 1))
            c[:, k] = np.linspace(0, 1, num)
            return paint(panel.G, np.tile(panel.z_of(panel.number.value), (num, 1)), c)

        return frames

    return [
        Film(f"{name}-z{panel.number.value}", switch.description, switching(k))
        for k, (name, switch) in enumerate(zip(panel.attributes, panel.switches, strict=True))
    ]


def _of_codes(panel: CodePanel) -> list[Film]:
    """Each code through its ten values, the others as they are set."""

    def counting(k: int) -> Callable[[int], np.ndarray]:
        def frames(_num: int) -> np.ndarray:
            values = [[code.value for code in panel.codes] for _ in range(CODE_SIZE)]
            for value, row in enumerate(values):
                row[k] = value
            z = np.tile(panel.z_of(panel.number.value), (CODE_SIZE, 1))
            return paint(panel.G, z, np.stack([one_hot(row) for row in values]))

        return frames

    return [
        Film(f"code{k + 1}-z{panel.number.value}", code.description, counting(k))
        for k, code in enumerate(panel.codes)
    ]


def _of_weights(panel: KLPanel) -> list[Film]:
    """A sheet for each KL weight, small weights first: pictures, reconstructions, samples."""

    def frames(_num: int) -> np.ndarray:
        return weight_track(panel.studies, panel.pictures).frames

    return [Film("kl-weights", words("kl_weight", panel.lang), frames)]


FILMS: dict[type, Callable[[Any], list[Film]]] = {
    VAEPanel: _of_vae,
    DirectionPanel: _of_direction,
    GeneratorPanel: _of_generator,
    AttributePanel: _of_attributes,
    CodePanel: _of_codes,
    KLPanel: _of_weights,
}
