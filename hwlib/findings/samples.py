"""What is the case with a model's samples: how far from real images, how varied, whether copied.

Every word rests on an anchor that is not itself a model: real images measured the same way. What is
said is true of any model's samples, of noise, fog and copies as well.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from hwlib.findings.base import Results, grade, is_trial
from hwlib.text import Finding, finding
from hwlib.thresholds import COLLAPSED_DIVERSITY

# Of the Fréchet distance, times that of real training images (the noise floor): up to the first it
# is not to be told from real images in these features, beyond the last it is far from them.
MAX_RATIO = {"equal": 1.5, "close": 3.0, "apart": 10.0}
MIN_COVERED = {"full": 0.85, "part": 0.5, "few": 0.05}  # of recall and coverage, the lower of both
MIN_PRECISE = 0.5  # a precision that might be taken for praise; below this few fall near real ones

# What samples look like by what they have of real images' own, and its name below all of these.
# Above real images' sharpness it is noise or texture.
SHARPNESS = ({"noisy": 1.25, "real": 0.8, "blurred": 0.05}, "blank")
LOOKS = {
    "sharpness": SHARPNESS,
    "diversity": ({"more": 1.15, "real": 0.85, "less": COLLAPSED_DIVERSITY}, "collapsed"),
    "colourfulness": ({"more": 1.1, "real": 0.9}, "less"),
}

EXPECTED_COPIES = 0.01  # near copies among unseen real images, by definition
MIN_COPIES = {"many": 5 * EXPECTED_COPIES, "some": 2 * EXPECTED_COPIES}
MIN_NEAREST_RATIO = 0.7  # of the median distance to the nearest training image
SAME_GREY_LEVELS = 5.0  # RMS by which images differ that look the same

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue (ITU-R BT.601)
# Shares of the way from one image (edges correlate by 1) to what real images differ by.
MAX_ONE_FACE, MAX_FEW_FACES = 0.3, 0.6

# Before one of two models' numbers is called the larger one: of the smaller one, and by itself.
MIN_DIFFERENCE, MIN_GAP = 0.1, 0.02


def share_of_real(results: Results, name: str, images: str = "samples") -> float | None:
    """Return what samples, or "reconstructions", have of what real images have; None if unmeasured.

    `name` is one of `LOOKS`.
    """
    ours, real = results.get(f"{name}_{images}"), results.get(f"{name}_real")
    return ours / real if ours is not None and real else None


def floor_ratio(results: Results) -> float:
    """Return the Fréchet distance as a multiple of the noise floor; infinite where that is 0."""
    floor = results["frechet_real"]
    return results["frechet"] / floor if floor > 0 else float("inf")


def describe(results: Results) -> dict[str, Any]:
    """Return a run's results, and how its samples stand beside real images.

    `ratio` is the Fréchet distance in noise floors, `closeness` its name from "equal" to "far".
    `covered` says from "full" to "none" how much of the real variety they cover, by the lower of
    recall and coverage beside real images': a few samples far out raise recall, a dense cluster
    raises coverage. `precise` says what precision is worth. `shares` of what real images have, and
    the `looks` that they give, are by the names of `LOOKS`, without what was not measured;
    `reconstructions` are those of a VAE's, in sharpness.
    """
    ratio = floor_ratio(results)
    closeness = next((name for name, most in MAX_RATIO.items() if ratio <= most), "far")
    recall, coverage, precision = (
        results[name] / results[f"{name}_real"] if results[f"{name}_real"] > 0 else 1.0
        for name in ("recall", "coverage", "precision")
    )
    covered = grade(min(recall, coverage), MIN_COVERED, "none")
    is_misleading = closeness in ("apart", "far") or covered in ("few", "none")
    precise = "low" if precision < MIN_PRECISE else "misleading" if is_misleading else "real"
    every = {name: share_of_real(results, name) for name in LOOKS}
    every["reconstructions"] = share_of_real(results, "sharpness", "reconstructions")
    shares = {name: share for name, share in every.items() if share is not None}
    looks = {name: grade(share, *LOOKS.get(name, SHARPNESS)) for name, share in shares.items()}
    found = {"ratio": ratio, "closeness": closeness, "covered": covered, "precise": precise}
    return {**results, **found, "shares": shares, "looks": looks}


def say(results: Results, *names: str) -> list[Finding]:
    """Say of samples what is asked for, as far as it was measured.

    `names` are "distance" (how many times the noise floor), "variety" (how much of the real one is
    covered, and what precision says of it) and those of `LOOKS`.
    """
    run = describe(results)
    known = {"distance", "variety", *run["shares"]}
    return [finding(f"samples.{name}", run=run) for name in names if name in known]


def closest_pair(pairs: Mapping[str, Any] | None) -> list[Finding]:
    """Say whether the closest two samples are closer than real ones, by `explore.closest_pairs`."""
    if pairs is None:
        return []
    limits = {"less": pairs["high"], "real": pairs["low"], "more": SAME_GREY_LEVELS}  # alike
    level = grade(pairs["distance"], limits, "same")
    return [finding("samples.closest_pair", **pairs, level=level)]


def copies(results: Results) -> list[Finding]:
    """Say how many samples are near copies of training images, beside unseen real images.

    Blurred samples lie near many training images, so that nearness does not show copying.
    """
    if "nearest_ratio" not in results:  # as half of the test images are at no distance at all
        return [finding("samples.copies_unknown")]
    level = grade(results["near_copies"], MIN_COPIES, "none")
    if results["nearest_ratio"] < MIN_NEAREST_RATIO:
        level = "many"
    run = describe(results)
    return [finding("samples.copies", run=run, expected=EXPECTED_COPIES, level=level)]


def edge_correlation(images: np.ndarray) -> float:
    """Return the mean correlation of the edges of two images, over all pairs of uint8 (N, H, W, C).

    Edges are differences of neighbouring grey values at half the resolution: neither a tint nor a
    lattice of single pixels counts. 1 is the same edges everywhere, about 0 nothing in common.
    """
    count, height, width, channels = images.shape
    grey = images.astype(np.float32) @ (LUMA if channels == 3 else np.ones(1, np.float32))
    grey = grey[:, : height // 2 * 2, : width // 2 * 2]
    small = grey.reshape(count, height // 2, 2, width // 2, 2).mean((2, 4))
    edges = np.concatenate([np.diff(small, axis=a).reshape(count, -1) for a in (1, 2)], axis=1)
    edges -= edges.mean(1, keepdims=True)
    edges /= np.maximum(np.linalg.norm(edges, axis=1, keepdims=True), 1e-6)
    total = float(np.square(edges.sum(0)).sum()) - float(np.square(edges).sum())
    return total / (count * (count - 1))


def faces(
    results: Results, groups: Iterable[np.ndarray], real: np.ndarray, *, has_code: bool = False
) -> list[Finding]:
    """Say that different z give one face, or few; nothing where they differ as `real` images do.

    `groups` are images (N, H, W, C) that differ in z alone, one array a condition; `has_code` says
    that the condition is an InfoGAN's code.
    """
    of_real = edge_correlation(real)
    over_z = float(np.mean([edge_correlation(images) for images in groups]))
    # how far images differ: 0 for one image, 1 for as far as real images do
    share = (1 - over_z) / (1 - of_real)
    if is_trial(results) or share >= MAX_FEW_FACES:
        return []
    about = {"over_z": over_z, "real": of_real, "diversity": share_of_real(results, "diversity")}
    is_one = share < MAX_ONE_FACE
    return [finding("samples.faces", **about, is_one_face=is_one, has_code=has_code)]


def gan_vae(results: Results, vae_results: Results) -> list[Finding]:
    """Hold a GAN's samples against a VAE's: distance, sharpness, variety, colour."""
    both = [describe(each) for each in (results, vae_results)]
    found = []
    for name in ("ratio", "sharpness", "recall", "colourfulness"):
        numbers = [each["shares"].get(name, each.get(name)) for each in both]
        if None not in numbers:
            gap = numbers[0] - numbers[1]
            is_same = abs(gap) <= max(MIN_DIFFERENCE * min(numbers), MIN_GAP)
            larger = "both" if is_same else "gan" if gap > 0 else "vae"
            about = {"gan": both[0], "vae": both[1], "larger": larger}
            found.append(finding(f"samples.gan_vae_{name}", **about))
    return found
