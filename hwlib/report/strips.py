"""Images of every model in rows, to be set below one another."""

import zipfile
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from hwlib import log
from hwlib.images import encode
from hwlib.io import damaged
from hwlib.report.runs import Facts, by_seed, grouped, identity_of, rows_of
from hwlib.text import section, word

STRIP_IMAGES = 10
GAP_PX = 2
COVER = (4, 8)  # rows and columns of a card's image
# A third of PNG's bytes, and no difference that the eye can tell.
JPEG = {"quality": 88, "subsampling": 0, "optimize": True}


class Strip(NamedTuple):
    """Images side by side in one."""

    label: str
    page: str
    jpeg: bytes
    alt: str


# ---------------------------------------------------------------------- a run's own images


def images_of(facts: Facts, name: str, count: int = 0) -> np.ndarray | None:
    """Return the first images of an array in a run's `samples.npz`, uint8; None if it has too few.

    A `count` of 0 asks for all that there are.
    """
    path = facts.folder / "samples.npz" if facts.folder else None
    if path is None or not path.exists():
        return None
    try:
        if damaged(path.parent, path.name):
            raise ValueError("it is not as it was written")
        with np.load(path, allow_pickle=False) as arrays:
            images = arrays[name] if name in arrays else np.empty(0)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        log.info_once(f"{facts.run}/samples.npz cannot be read ({error}); its images are left out")
        return None
    if images.ndim < 4 or images.dtype != np.uint8 or len(images) < count:
        return None
    return images[: count or None]


def make_sheet(rows: Sequence[np.ndarray], gap: int = GAP_PX) -> np.ndarray:
    """Return rows of images, each uint8 (N, H, W, C), as one image with white between them."""
    around = ((0, 0), (0, gap), (0, gap), (0, 0))
    padded = [np.pad(images, around, constant_values=255) for images in rows]
    sheet = np.concatenate([np.concatenate(list(images), axis=1) for images in padded])
    return sheet[: len(sheet) - gap, : sheet.shape[1] - gap]


def encode_strip(images: np.ndarray) -> bytes:
    """Return images, uint8 (N, H, W, C), side by side as one JPEG."""
    return encode(make_sheet([images]), "JPEG", **JPEG)


def cover(facts: Facts) -> bytes | None:
    """Return a few of a run's own images as one JPEG, None where it has none.

    Samples in rows; an ACGAN's pairs of one z, the label on above and off below; an InfoGAN's code
    from left to right; a study's samples, a row a weight.
    """
    num_rows, num_columns = COVER
    studies = [one for one in rows_of([facts]) if one.job.problem == facts.job.problem] or [facts]
    pairs, codes = images_of(studies[0], "pairs"), images_of(studies[0], "code_rows")
    if pairs is not None and pairs.ndim == 5:
        rows = list(pairs[:num_columns].swapaxes(0, 1))
    elif codes is not None and codes.ndim == 6:
        rows = list(codes[0, :num_rows, :num_columns])
    else:
        samples = [x for one in studies if (x := images_of(one, "samples")) is not None]
        rows = [x[:num_columns] for x in samples]
        if len(studies) == 1:
            found = samples[0] if samples else ()
            rows = [found[i : i + num_columns] for i in range(0, len(found), num_columns)]
    whole = [row for row in rows[:num_rows] if len(row) == min(num_columns, len(rows[0]))]
    return encode(make_sheet(whole, gap=0), "JPEG", **JPEG) if whole else None


# ---------------------------------------------------------------------- side by side


def make_galleries(
    runs: Sequence[Facts], everyone: Sequence[Facts], language: str
) -> list[tuple[str, tuple[str, ...], tuple[Strip, ...]]]:
    """Return the images of the models of one problem; of several seeds, those of the smallest.

    Of each kind that any has: its name, a word of `compare.toml`, what to see, and its strips.
    Reconstructions are below their test images, samples below real images of each data set, which
    any run of the report, `everyone`, may know. An ACGAN's pairs have the label on in one row and
    off in the next; an InfoGAN's code goes from 0 to 9.
    """
    groups = by_seed(runs)
    firsts = [min(group, key=lambda run: run.settings.get("seed", 0)) for group in groups]
    strips: dict[str, list[Strip]] = {
        kind: [] for kind in ("reconstructions", "samples", "pairs", "codes")
    }

    def add(kind: str, run: Facts, images: np.ndarray, part: str = "", **values: Any) -> None:
        alt = word(f"compare.{kind}_alt", language, count=STRIP_IMAGES, model=run.model, **values)
        label = " · ".join(filter(None, [label_of(run, firsts), part]))
        strips[kind].append(Strip(label, run.page, encode_strip(images), alt))

    def add_real(kind: str, images: np.ndarray) -> None:
        alt = word("compare.real_alt", language, count=STRIP_IMAGES)
        strips[kind].append(Strip(word("compare.real", language), "", encode_strip(images), alt))

    above, data = None, None
    for run in firsts:
        names = ("originals", "reconstructions", "samples", "pairs")
        real, rebuilt, samples, pairs = (images_of(run, name, STRIP_IMAGES) for name in names)
        codes = images_of(run, "code_rows")  # (codes, z, values, H, W, C)
        if real is not None and rebuilt is not None:
            if above is None or not np.array_equal(above, real):
                above = real
                add_real("reconstructions", real)
            add("reconstructions", run, rebuilt)
        if samples is not None:
            if run.data != data:
                data = run.data
                alike = [other for other in everyone if other.data == data]
                known = (images_of(other, "originals", STRIP_IMAGES) for other in alike)
                for images in [images for images in known if images is not None][:1]:
                    add_real("samples", images)
            add("samples", run, samples)
        if pairs is not None and pairs.ndim == 5:
            labels = run.results.get("attributes") or [run.results["attribute"]]
            for place, state in enumerate(("on", "off")):
                switch = word(f"compare.{state}", language, attribute=labels[0])
                add("pairs", run, pairs[:, place], switch, switch=switch)
        if codes is not None and codes.ndim == 6:
            for number, images in enumerate(codes[:, 0], start=1):
                code = word("compare.code_number", language, code=number)
                add("codes", run, images, code, code=code)
    seeds = [word("compare.first_seed", language)] * any(len(group) > 1 for group in groups)
    galleries = []
    for kind, own in strips.items():
        same = [same_z(firsts, language)] if kind in ("samples", "pairs") and firsts[1:] else []
        note = word(f"compare.{kind}_note", language, count=STRIP_IMAGES)
        if own:
            galleries.append((kind, (note, *same, *seeds), tuple(own)))
    return galleries


def same_z(entries: Sequence[Facts], language: str) -> str:
    """Return which models drew their rows from the same z: those of as many values, and one seed.

    A draw is named by the seed and by what it is for (`hwlib.runtime.generator`), whatever the
    recipe.
    """
    words = section("compare", language)
    drawn = ("z_dim", "noise", "seed")
    groups = grouped(entries, lambda entry: tuple(map(entry.settings.get, drawn)))
    said = []
    for group in groups:
        if len(group) > 1 and (z_dim := group[0].settings.get("z_dim")):
            names = words["list"].join(label_of(entry, entries) for entry in group)
            said.append(word("compare.same_z", language, names=names, z_dim=z_dim))
    return words["and"].join(said) + words["end"] if said else words["own_z"]


def label_of(entry: Facts, entries: Sequence[Facts]) -> str:
    """Return a model's name among `entries`: recipe and note, and the data where they differ."""
    data = [entry.setting("data")] * ("data" in identity_of(entries))
    return " · ".join([entry.name, *data])
