"""Pictures of every model in rows, to be set below one another."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from hwlib import log
from hwlib.report.entries import Entry, by_data, by_seed, entries_of, identity_of
from hwlib.report.facts import Facts
from hwlib.text import section, word

STRIP_IMAGES = 10
STRIP_GAP = 2  # pixels
COVER = (4, 8)  # rows and columns of a card's picture
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
        name: the word of its title in `compare.toml`, and the end of its anchor.
        text: sentences above it.
        strips: its rows.
    """

    name: str
    text: tuple[str, ...]
    strips: tuple[Strip, ...]


def cover(facts: Facts) -> bytes | None:
    """Return a few of a run's own pictures as one JPEG, None where it has none.

    Samples in rows; an ACGAN's pairs of one z, the label on above and off below; an InfoGAN's code
    from left to right; a study's samples, a row a weight.
    """
    (entry, *others) = entries_of([("", facts, False)])
    weights = [e for e in (entry, *others) if e.facts.job.problem == facts.job.problem]
    pairs, codes = _array(entry, "pairs"), _array(entry, "code_rows")
    if pairs is not None and pairs.ndim == 5:
        rows = list(pairs[: COVER[1]].swapaxes(0, 1))
    elif codes is not None and codes.ndim == 6:
        rows = list(codes[0, : COVER[0], : COVER[1]])
    elif len(weights) > 1:
        rows = [x[: COVER[1]] for e in weights if (x := _array(e, "samples")) is not None]
    else:
        samples = _array(entry, "samples")
        found = () if samples is None else samples
        rows = [found[i : i + COVER[1]] for i in range(0, len(found), COVER[1])]
    whole = [row for row in rows[: COVER[0]] if len(row) == min(COVER[1], len(rows[0]))]
    if not whole:
        return None
    return to_jpeg(np.concatenate([np.concatenate(list(row), axis=1) for row in whole], axis=0))


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
        language: of its words.
    """
    groups = by_seed(entries)
    firsts = [min(group, key=lambda entry: entry.facts.settings.get("seed", 0)) for group in groups]
    made = [
        ("reconstructions", _reconstructions(firsts, language)),
        ("samples", _samples(firsts, everyone, language)),
        ("pairs", _pairs(firsts, language)),
        ("codes", _codes(firsts, language)),
    ]
    seeds = [word("compare.first_seed", language)] * any(len(group) > 1 for group in groups)
    galleries = []
    for name, strips in made:
        if not strips:
            continue
        same = [same_z(firsts, language)] if name in ("samples", "pairs") and firsts[1:] else []
        note = word(f"compare.{name}_note", language, count=STRIP_IMAGES)
        galleries.append(Gallery(name, (note, *same, *seeds), tuple(strips)))
    return galleries


def same_z(entries: Sequence[Entry], language: str) -> str:
    """Return which models drew their rows from the same z: those of as many values, and one seed.

    A draw is named by the seed and by what it is for (`hwlib.runtime.generator`), whatever the
    recipe.
    """
    words = section("compare", language)
    groups: dict[tuple[object, ...], list[str]] = {}
    for entry in entries:
        settings = entry.facts.settings
        key = tuple(settings.get(name) for name in ("z_dim", "noise", "seed"))
        groups.setdefault(key, []).append(label_of(entry, entries))
    shared = {key: names for key, names in groups.items() if key[0] and len(names) > 1}
    if not shared:
        return words["own_z"]
    said = [
        word("compare.same_z", language, names=words["list"].join(names), z_dim=z_dim)
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
    strips: list[Strip] = []
    shown = None
    for entry in entries:
        originals, made = (_images(entry, n) for n in ("originals", "reconstructions"))
        if originals is None or made is None:
            continue
        if shown is None or not np.array_equal(shown, originals):
            shown = originals
            strips.append(_real(originals, language))
        alt = word("compare.reconstructions_alt", language, count=STRIP_IMAGES, model=entry.model)
        strips.append(Strip(label_of(entry, entries), entry.page, encode(made), alt))
    return strips


def _samples(entries: Sequence[Entry], everyone: Sequence[Entry], language: str) -> list[Strip]:
    """Return each model's samples; for each data set real pictures, where a run knows some."""
    strips = []
    for own in by_data(entries):
        made = [
            (entry, images) for entry in own if (images := _images(entry, "samples")) is not None
        ]
        others = (entry for entry in everyone if entry.data == own[0].data)
        real = next((x for e in others if (x := _images(e, "originals")) is not None), None)
        strips += [_real(real, language)] if made and real is not None else []
        for entry, images in made:
            alt = word("compare.strip_alt", language, count=STRIP_IMAGES, model=entry.model)
            strips.append(Strip(label_of(entry, entries), entry.page, encode(images), alt))
    return strips


def _pairs(entries: Sequence[Entry], language: str) -> list[Strip]:
    """Return pictures of the same z with an ACGAN's label on, and off."""
    strips = []
    for entry in entries:
        pairs = _images(entry, "pairs")
        if pairs is None or pairs.ndim != 5:
            continue
        results = entry.facts.results
        attribute = results["attributes"][0] if "attributes" in results else results["attribute"]
        for place, state in enumerate(("on", "off")):
            switch = word(f"compare.{state}", language, attribute=attribute)
            label = f"{label_of(entry, entries)} · {switch}"
            values = {"count": STRIP_IMAGES, "model": entry.model, "switch": switch}
            alt = word("compare.pairs_alt", language, **values)
            strips.append(Strip(label, entry.page, encode(pairs[:, place]), alt))
    return strips


def _codes(entries: Sequence[Entry], language: str) -> list[Strip]:
    """Return pictures of one z with each value of an InfoGAN's codes."""
    strips = []
    for entry in entries:
        rows = _array(entry, "code_rows")  # (codes, z, values, H, W, C)
        if rows is None or rows.ndim != 6:
            continue
        for number, images in enumerate(rows[:, 0], start=1):
            code = word("compare.code_number", language, code=number)
            label = f"{label_of(entry, entries)} · {code}"
            alt = word("compare.codes_alt", language, model=entry.model, code=code)
            strips.append(Strip(label, entry.page, encode(images), alt))
    return strips


def _real(images: np.ndarray, language: str) -> Strip:
    alt = word("compare.strip_real_alt", language, count=STRIP_IMAGES)
    return Strip(word("compare.real", language), "", encode(images), alt)


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
        log.info_once(
            f"{entry.page}: {folder.name}/samples.npz cannot be read ({error}); its pictures are"
            " left out of the comparison"
        )
        return None
    return images if images.ndim >= 4 and images.dtype == np.uint8 else None


def encode(images: np.ndarray) -> bytes:
    """Return pictures side by side as one JPEG.

    Args:
        images: uint8 (N, H, W, C), C 1 or 3.
    """
    gap = np.full((images.shape[1], STRIP_GAP, images.shape[3]), 255, np.uint8)
    return to_jpeg(np.concatenate([part for image in images for part in (gap, image)][1:], axis=1))


def to_jpeg(image: np.ndarray) -> bytes:
    """Return one picture as JPEG.

    Args:
        image: uint8 (H, W, C), C 1 or 3.
    """
    file = BytesIO()
    picture = Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image)
    picture.save(file, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return file.getvalue()
