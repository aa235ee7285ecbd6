"""Pictures of every model in rows, to be set below one another."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image

from hwlib.processes import say
from hwlib.report.entries import Entry, by_data, by_seed, identity_of
from hwlib.report.words import WORDS

STRIP_IMAGES = 10
STRIP_GAP = 2  # pixels
QUALITY = 88  # of JPEG: a third of PNG's bytes, and no difference that the eye can tell


@dataclass(frozen=True)
class Strip:
    """Pictures side by side in one."""

    label: str
    page: str
    jpeg: bytes
    alt: str


@dataclass(frozen=True)
class Gallery:
    """Strips of one kind: what of, what to know of it, and the rows.

    Attributes:
        name: key of `WORDS` of its title, and the end of its anchor.
        text: sentences above it.
        strips: its rows.
    """

    name: str
    text: tuple[str, ...]
    strips: tuple[Strip, ...]


def make_galleries(
    entries: Sequence[Entry], everyone: Sequence[Entry], language: str
) -> list[Gallery]:
    """Return the pictures of the models of one problem; of several seeds, those of the smallest.

    Reconstructions are of test pictures, which stand above them. Samples are the first ones that
    the run kept. An ACGAN's pairs have the label on in one row and off in the next; an InfoGAN's
    code goes from 0 to 9. Rows of a kind that no run has are left out.

    Args:
        entries: runs of the problem.
        everyone: all runs of the report, any of which may know the test pictures.
        language: a key of `LANGUAGES`.
    """
    words = WORDS[language]
    groups = by_seed(entries)
    firsts = [min(group, key=lambda entry: entry.facts.settings.get("seed", 0)) for group in groups]
    made = [
        ("reconstructions", _reconstructions(firsts, language)),
        ("samples", _samples(firsts, everyone, language)),
        ("pairs", _pairs(firsts, language)),
        ("codes", _codes(firsts, language)),
    ]
    seeds = [words["first_seed"]] * any(len(group) > 1 for group in groups)
    galleries = []
    for name, strips in made:
        if not strips:
            continue
        same = [same_z(firsts, language)] if name in ("samples", "pairs") and firsts[1:] else []
        note = words[f"{name}_note"].format(count=STRIP_IMAGES)
        galleries.append(Gallery(name, (note, *same, *seeds), tuple(strips)))
    return galleries


def same_z(entries: Sequence[Entry], language: str) -> str:
    """Return which models drew their rows from the same z: those of as many values, and one seed.

    A draw is named by the seed and by what it is for (`hwlib.runtime.generator`), whatever the
    recipe.
    """
    words = WORDS[language]
    groups: dict[tuple[object, ...], list[str]] = {}
    for entry in entries:
        settings = entry.facts.settings
        key = tuple(settings.get(name) for name in ("z_dim", "noise", "seed"))
        groups.setdefault(key, []).append(label_of(entry, entries))
    shared = {key: names for key, names in groups.items() if key[0] and len(names) > 1}
    if not shared:
        return words["own_z"]
    said = [
        words["same_z"].format(names=words["list"].join(names), z_dim=z_dim)
        for (z_dim, *_), names in shared.items()
    ]
    return words["and"].join(said) + words["end"]


def label_of(entry: Entry, entries: Sequence[Entry]) -> str:
    """Return a model's name among `entries`: recipe and note, and the data where they differ."""
    return " · ".join(
        [entry.name, *[entry.facts.setting("data")] * ("data" in identity_of(entries))]
    )


def _reconstructions(entries: Sequence[Entry], language: str) -> list[Strip]:
    """Return each model's reconstructions, below the test pictures wherever these are others."""
    words = WORDS[language]
    strips: list[Strip] = []
    shown = None
    for entry in entries:
        originals, made = (_images(entry, n) for n in ("originals", "reconstructions"))
        if originals is None or made is None:
            continue
        if shown is None or not np.array_equal(shown, originals):
            shown = originals
            strips.append(_real(originals, language))
        alt = words["reconstructions_alt"].format(count=STRIP_IMAGES, model=entry.model)
        strips.append(Strip(label_of(entry, entries), entry.page, encode(made), alt))
    return strips


def _samples(entries: Sequence[Entry], everyone: Sequence[Entry], language: str) -> list[Strip]:
    """Return each model's samples; for each data set real pictures, where a run knows some."""
    words = WORDS[language]
    strips = []
    for own in by_data(entries):
        made = [
            (entry, images) for entry in own if (images := _images(entry, "samples")) is not None
        ]
        others = (entry for entry in everyone if entry.data == own[0].data)
        real = next((x for e in others if (x := _images(e, "originals")) is not None), None)
        strips += [_real(real, language)] if made and real is not None else []
        for entry, images in made:
            alt = words["strip_alt"].format(count=STRIP_IMAGES, model=entry.model)
            strips.append(Strip(label_of(entry, entries), entry.page, encode(images), alt))
    return strips


def _pairs(entries: Sequence[Entry], language: str) -> list[Strip]:
    """Return pictures of the same z with an ACGAN's label on, and off."""
    words = WORDS[language]
    strips = []
    for entry in entries:
        pairs = _images(entry, "pairs")
        if pairs is None or pairs.ndim != 5:
            continue
        results = entry.facts.results
        attribute = results["attributes"][0] if "attributes" in results else results["attribute"]
        for place, state in enumerate(("on", "off")):
            switch = words[state].format(attribute=attribute)
            label = f"{label_of(entry, entries)} · {switch}"
            alt = words["pairs_alt"].format(count=STRIP_IMAGES, model=entry.model, switch=switch)
            strips.append(Strip(label, entry.page, encode(pairs[:, place]), alt))
    return strips


def _codes(entries: Sequence[Entry], language: str) -> list[Strip]:
    """Return pictures of one z with each value of an InfoGAN's codes."""
    words = WORDS[language]
    strips = []
    for entry in entries:
        rows = _array(entry, "code_rows")  # (codes, z, values, H, W, C)
        if rows is None or rows.ndim != 6:
            continue
        for number, images in enumerate(rows[:, 0], start=1):
            code = words["code_number"].format(code=number)
            label = f"{label_of(entry, entries)} · {code}"
            alt = words["codes_alt"].format(model=entry.model, code=code)
            strips.append(Strip(label, entry.page, encode(images), alt))
    return strips


def _real(images: np.ndarray, language: str) -> Strip:
    words = WORDS[language]
    alt = words["strip_real_alt"].format(count=STRIP_IMAGES)
    return Strip(words["real"], "", encode(images), alt)


def _images(entry: Entry, name: str) -> np.ndarray | None:
    """Return the first pictures of one of a run's arrays, None where it has not so many."""
    images = _array(entry, name)
    return images[:STRIP_IMAGES] if images is not None and len(images) >= STRIP_IMAGES else None


def _array(entry: Entry, name: str) -> np.ndarray | None:
    """Return one of a run's arrays of pictures, None where it has none that can be read."""
    folder = entry.facts.folder
    path = folder / "samples.npz" if folder else None
    if path is None or not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            images = arrays[name] if name in arrays else np.empty(0)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        _tell(
            f"{entry.page}: {folder.name}/samples.npz cannot be read ({error}); its pictures are"
            " left out of the comparison"
        )
        return None
    return images if images.ndim >= 4 and images.dtype == np.uint8 else None


@cache
def _tell(line: str) -> None:
    """Say a line once, however many strips it is about."""
    say(line)


def encode(images: np.ndarray) -> bytes:
    """Return pictures side by side as one JPEG.

    Args:
        images: uint8 (N, H, W, C), C 1 or 3.
    """
    gap = np.full((images.shape[1], STRIP_GAP, images.shape[3]), 255, np.uint8)
    row = np.concatenate([part for image in images for part in (gap, image)][1:], axis=1)
    file = BytesIO()
    picture = Image.fromarray(row.squeeze(-1) if row.shape[-1] == 1 else row)
    picture.save(file, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return file.getvalue()
