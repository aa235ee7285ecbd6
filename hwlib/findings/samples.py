"""What is the case with a model's samples: how far from real images, how varied, whether copied.

Every word rests on an anchor that is not itself a model: real images measured the same way. What is
said is true of any model's samples, of noise, fog and copies as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from hwlib.findings.base import Results, grade, is_trial, pick, share_of_real
from hwlib.text import Finding, finding
from hwlib.thresholds import COLLAPSED_DIVERSITY

# Of the Fréchet distance, times that of real training images (the noise floor): up to the first it
# is not to be told from real images in these features, beyond the last it is far from them.
MAX_RATIO = {"equal": 1.5, "close": 3.0, "apart": 10.0}
MIN_COVERED = {"full": 0.85, "part": 0.5, "few": 0.05}  # of recall and coverage, the lower of both
MIN_PRECISE = 0.5  # a precision that might be taken for praise; below this few fall near real ones

# What samples look like by what they have of real images' own, and its name below all of these.
# Above real images' sharpness it is noise or texture.
MIN_SHARPNESS = {"noisy": 1.25, "real": 0.8}
LOOKS = {
    "sharpness": ({**MIN_SHARPNESS, "blurred": 0.05}, "blank"),
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


def floor_ratio(results: Results) -> float:
    """Return the Fréchet distance as a multiple of the noise floor; infinite where that is 0."""
    floor = results["frechet_real"]
    return results["frechet"] / floor if floor > 0 else float("inf")


def closeness(results: Results) -> str:
    """Return how close samples are to real images: "equal", "close", "apart" or "far"."""
    ratio = floor_ratio(results)
    return next((name for name, most in MAX_RATIO.items() if ratio <= most), "far")


def is_far(results: Results) -> bool:
    """Whether samples are far from real images."""
    return closeness(results) == "far"


def covered(results: Results) -> str:
    """Return how much of the real variety samples cover: "full", "part", "few" or "none".

    The lower of recall and coverage counts, each beside real images': a few samples far out raise
    recall, a dense cluster raises coverage.
    """
    share = min(_share(results, name) for name in ("recall", "coverage"))
    return grade(share, MIN_COVERED, "none")


def _share(results: Results, name: str) -> float:
    real = results[f"{name}_real"]
    return results[name] / real if real > 0 else 1.0


def sharpness_level(share: float) -> str:
    """Name a sharpness, as a share of real images' own: "blurred", "real" or "noisy"."""
    return grade(share, MIN_SHARPNESS, "blurred")


def distance(results: Results) -> list[Finding]:
    """Say how many times the noise floor the samples are away."""
    about = {"ratio": floor_ratio(results), "closeness": closeness(results)}
    return [finding("samples.distance", **pick(results, "frechet", "frechet_real"), **about)]


def variety(results: Results) -> list[Finding]:
    """Say how much of the real variety is covered, and what precision does and does not say."""
    names = ("recall", "coverage", "precision")
    values = pick(results, *names, *(f"{name}_real" for name in names))
    level, precise = covered(results), "real"
    if _share(results, "precision") < MIN_PRECISE:
        precise = "low"
    elif closeness(results) in ("apart", "far") or level in ("few", "none"):
        precise = "misleading"
    return [finding("samples.variety", **values, covered=level, precise=precise)]


def look(results: Results, name: str) -> list[Finding]:
    """Say how sharp, diverse or colourful samples are beside real images; nothing of grey ones."""
    share = share_of_real(results, name)
    if share is None:
        return []
    level = grade(share, *LOOKS[name])
    return [finding(f"samples.{name}", share=share, level=level, is_far=is_far(results))]


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
    share, ratio = results["near_copies"], results["nearest_ratio"]
    level = "many" if ratio < MIN_NEAREST_RATIO else grade(share, MIN_COPIES, "none")
    is_blurred = sharpness_level(share_of_real(results, "sharpness")) == "blurred"
    about = {"expected": EXPECTED_COPIES, "level": level, "is_blurred": is_blurred}
    return [finding("samples.copies", share=share, ratio=ratio, **about)]


def edge_correlation(images: np.ndarray) -> float:
    """Return the mean correlation of the edges of two images, over all pairs.

    Edges are differences of neighbouring grey values at half the resolution: neither a tint nor a
    lattice of single pixels counts.

    Args:
        images: uint8 (N, H, W, C), N at least 2.

    Returns:
        1 where all images have the same edges, about 0 where they have nothing in common.
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
    """Say that different z give one face, or few; nothing where they differ as real images do.

    Args:
        groups: images (N, H, W, C) that differ in z alone, one array a condition.
        real: the test images.
        has_code: whether the condition is an InfoGAN's code.
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
    both = (results, vae_results)
    shares = {name: [share_of_real(each, name) for each in both] for name in LOOKS}
    measures = {
        "distance": [floor_ratio(each) for each in both],
        "sharpness": shares["sharpness"],
        "variety": [each["recall"] for each in both],
        "colour": shares["colourfulness"],
    }
    more = {
        "distance": {"are_far": all(map(is_far, both))},
        "sharpness": {"level": grade(max(shares["sharpness"]), *LOOKS["sharpness"])},
        "variety": {"real": results["recall_real"], "diversity": shares["diversity"]},
    }
    found = []
    for name, (gan, vae) in measures.items():
        if gan is not None:
            is_same = abs(gan - vae) <= max(MIN_DIFFERENCE * min(gan, vae), MIN_GAP)
            larger = "both" if is_same else "gan" if gan > vae else "vae"
            about = {"gan": gan, "vae": vae, "larger": larger} | more.get(name, {})
            found.append(finding(f"samples.gan_vae_{name}", **about))
    return found
