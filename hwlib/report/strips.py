"""The first samples of every model, to be set below one another."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from hwlib.report.entries import Entry
from hwlib.report.facts import Facts
from hwlib.report.words import WORDS

STRIP_IMAGES = 10
STRIP_GAP = 2  # pixels


@dataclass(frozen=True)
class Strip:
    """The first samples of a model in one picture."""

    label: str
    page: str
    png: bytes
    alt: str


def make_strips(entries: Sequence[Entry], language: str) -> tuple[Strip, ...]:
    """Return the first samples of every model; real test pictures above, where a run has some."""
    words = WORDS[language]
    strips = []
    for entry in entries:
        if (png := _strip(entry.facts, "samples")) is not None:
            alt = words["strip_alt"].format(count=STRIP_IMAGES, model=entry.model)
            strips.append(Strip(entry.model, entry.page, png, alt))
    real = next((p for e in entries if (p := _strip(e.facts, "originals")) is not None), None)
    if strips and real is not None:
        alt = words["strip_real_alt"].format(count=STRIP_IMAGES)
        strips.insert(0, Strip(words["real"], "", real, alt))
    return tuple(strips)


def _strip(facts: Facts, name: str) -> bytes | None:
    """Return the first pictures of one of a run's arrays side by side, None where it has none."""
    path = facts.folder / "samples.npz" if facts.folder else None
    if path is None or not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            images = arrays[name][:STRIP_IMAGES] if name in arrays else np.empty(0)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    if images.ndim != 4 or len(images) < STRIP_IMAGES or images.dtype != np.uint8:
        return None
    gap = np.full((*images.shape[1:2], STRIP_GAP, images.shape[3]), 255, np.uint8)
    row = np.concatenate([part for image in images for part in (gap, image)][1:], axis=1)
    file = BytesIO()
    Image.fromarray(row.squeeze(-1) if row.shape[-1] == 1 else row).save(file, "PNG", optimize=True)
    return file.getvalue()
