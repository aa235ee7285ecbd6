"""What is the case with a model's samples: how far from real images, how varied, whether copied.

Every word rests on an anchor that is not itself a model: real images measured the same way. What is
said is true of any model's samples, of noise, fog and copies as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hwlib.findings.base import Results, grade, pick, share_of_real
from hwlib.text import Finding, finding
from hwlib.thresholds import COLLAPSED_DIVERSITY

# Of the Fréchet distance, times that of real training images (the noise floor): up to the first it
# is not to be told from real images in these features, beyond the last it is far from them.
MAX_RATIO = {"equal": 1.5, "close": 3.0, "apart": 10.0}

# Of what samples are or have, as shares of the same of real images.
MIN_COVERED = {"full": 0.85, "part": 0.5, "few": 0.05}  # of recall and coverage, the lower of both
MIN_PRECISE = 0.5  # a precision that might be taken for praise; below this few fall near real ones
MAX_BLANK = 0.05  # sharpness below this is no detail at all
MAX_BLURRED = 0.8  # below this it is blur
MAX_LIKE_REAL = 1.25  # sharpness above this is noise or texture
MAX_LESS_DIVERSE, MIN_MORE_DIVERSE = 0.85, 1.15
COLOUR_MARGIN = 0.1  # to either side of real images
MAX_SAME = 0.1  # of the closest pair's distance: two samples are one image
ALIKE_MARGIN = 0.25  # of the closest pair's distance, where one draw of real images is all there is

EXPECTED_COPIES = 0.01  # near copies among unseen real images, by definition
MANY_COPIES, SOME_COPIES = 5, 2  # times the expected share
MIN_NEAREST_RATIO = 0.7  # of the median distance to the nearest training image
SAME_GREY_LEVELS = 5.0  # RMS by which images differ that look the same
NUM_SHOWN = 32  # samples among which the closest pair is sought

MIN_DIFFERENCE = 0.05  # relative, before one model's number is called the larger one
MIN_BLUR = 0.1  # relative sharpness, before one model is called the blurrier one
MIN_RECALL_GAP = 0.02  # absolute, before one model is called the more varied one


def _beside(value: float, low: float, high: float, names: tuple[str, str, str]) -> str:
    """Return the name for a value below, between or above two limits, both of them between."""
    return names[0] if value < low else names[1] if value <= high else names[2]


# ---- how far from real images --------------------------------------------------------------------


def floor_ratio(results: Results) -> float:
    """Return the Fréchet distance as a multiple of the noise floor; infinite where that is 0."""
    floor = results["frechet_real"]
    return results["frechet"] / floor if floor > 0 else float("inf")


def closeness(results: Results) -> str:
    """Return how close samples are to real images: "equal", "close", "apart" or "far"."""
    ratio = floor_ratio(results)
    return next((name for name, most in MAX_RATIO.items() if ratio <= most), "far")


def is_far(results: Results) -> bool:
    """Whether samples were measured, and are far from real images."""
    return "frechet" in results and closeness(results) == "far"


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


def distance(results: Results) -> list[Finding]:
    """Say how many times the noise floor the samples are away; nothing where it is unmeasured."""
    if "frechet" not in results:
        return []
    values = pick(results, "frechet", "frechet_real")
    ratio = floor_ratio(results)
    return [finding("samples.distance", **values, ratio=ratio, closeness=closeness(results))]


def variety(results: Results) -> list[Finding]:
    """Say how much of the real variety is covered, and what precision does and does not say."""
    if "frechet" not in results:
        return []
    names = [
        f"{name}{real}" for name in ("recall", "coverage", "precision") for real in ("", "_real")
    ]
    level = covered(results)
    is_weak = closeness(results) in ("apart", "far") or level in ("few", "none")
    is_precise = _share(results, "precision") >= MIN_PRECISE
    precise = ("misleading" if is_weak else "real") if is_precise else "low"
    values = pick(results, *names)
    return [finding("samples.variety", **values, covered=level, precise=precise)]


def quality(results: Results) -> list[Finding]:
    """Say how far samples are from real images, and how much of their variety they cover."""
    return [*distance(results), *variety(results)]


# ---- looks ---------------------------------------------------------------------------------------


def sharpness_level(share: float) -> str:
    """Name a sharpness, as a share of real images' own: "blurred", "real" or "noisy"."""
    return _beside(share, MAX_BLURRED, MAX_LIKE_REAL, ("blurred", "real", "noisy"))


def sharpness(results: Results) -> list[Finding]:
    """Say whether samples are blurred; a Laplacian variance above real images' is noise."""
    share = share_of_real(results, "sharpness")
    if share is None:
        return []
    level = "blank" if share < MAX_BLANK else sharpness_level(share)
    return [finding("samples.sharpness", share=share, level=level, is_far=is_far(results))]


def diversity(results: Results) -> list[Finding]:
    """Say whether samples differ from one another as much as real images do."""
    share = share_of_real(results, "diversity")
    if share is None:
        return []
    level = _beside(share, MAX_LESS_DIVERSE, MIN_MORE_DIVERSE, ("less", "real", "more"))
    level = "collapsed" if share < COLLAPSED_DIVERSITY else level
    return [finding("samples.diversity", share=share, level=level, is_far=is_far(results))]


def colour(results: Results) -> list[Finding]:
    """Say whether samples are as colourful as real images; nothing of grey ones."""
    share = share_of_real(results, "colourfulness")
    if share is None:
        return []
    level = _beside(share - 1, -COLOUR_MARGIN, COLOUR_MARGIN, ("less", "real", "more"))
    return [finding("samples.colour", share=share, level=level, is_far=is_far(results))]


def looks(results: Results) -> list[Finding]:
    """Say how sharp, diverse and colourful samples are, as shares of real images."""
    return [*sharpness(results), *diversity(results), *colour(results)]


# ---- alike, and copied ---------------------------------------------------------------------------


def closest_pair(results: Results, pairs: Mapping[str, Any] | None = None) -> list[Finding]:
    """Say whether the closest two of the samples shown are closer than those of real images.

    Args:
        results: the run's; used where `pairs` is None.
        pairs: `explore.closest_pairs`: the distance among the samples, and that among real images
            over many draws of as many.
    """
    names = ("more", "real", "less")  # alike
    if pairs is not None:
        gap = pairs["distance"]
        level = (
            "same" if gap < SAME_GREY_LEVELS else _beside(gap, pairs["low"], pairs["high"], names)
        )
        return [finding("samples.closest_pair", **pairs, level=level)]
    if "closest_pair_ratio" not in results:
        return []
    ratio, of = results["closest_pair_ratio"], results["protocol"]
    count, real = (min(NUM_SHOWN, of[name]) for name in ("num_samples", "num_real"))
    level = _beside(ratio - 1, -ALIKE_MARGIN, ALIKE_MARGIN, names)
    level = "same" if ratio < MAX_SAME else level
    return [finding("samples.alike", ratio=ratio, count=count, real=real, level=level)]


def copies(results: Results) -> list[Finding]:
    """Say how many samples are near copies of training images, beside unseen real images.

    Blurred samples lie near many training images, so that nearness does not show copying.
    """
    if "near_copies" not in results:
        return []
    if "nearest_ratio" not in results:  # as half of the test images are at no distance at all
        return [finding("samples.copies_unknown")]
    share, ratio = results["near_copies"], results["nearest_ratio"]
    least = {"many": MANY_COPIES * EXPECTED_COPIES, "some": SOME_COPIES * EXPECTED_COPIES}
    level = next((name for name, limit in least.items() if share > limit), "none")
    level = "many" if ratio < MIN_NEAREST_RATIO else level
    sharp = share_of_real(results, "sharpness")
    is_blurred = sharp is not None and sharp < MAX_BLURRED
    values = {"share": share, "expected": EXPECTED_COPIES, "ratio": ratio}
    return [finding("samples.copies", **values, level=level, is_blurred=is_blurred)]


def nearest(images: np.ndarray) -> list[Finding]:
    """Say where the samples nearest to training images are all one, or share a training image.

    Args:
        images: uint8 (N, 2, H, W, C): sample, training image; `nearest` of samples.npz.
    """
    count = len(images)
    samples, train = images[:, 0].astype(float), images[:, 1]
    differences = np.sqrt(np.square(samples - samples[:1]).mean((1, 2, 3)))
    is_one = count > 1 and bool(differences.max() < SAME_GREY_LEVELS)
    num_train = len(np.unique(train.reshape(count, -1), axis=0))
    if not is_one and num_train == count:
        return []
    return [finding("samples.nearest", count=count, is_one=is_one, num_train=num_train)]


def overall(results: Results, pairs: Mapping[str, Any] | None = None) -> list[Finding]:
    """Gather what samples are beside real images, the most important first."""
    return [*quality(results), *looks(results), *closest_pair(results, pairs), *copies(results)]


# ---- two models ----------------------------------------------------------------------------------


def differing(one: Results, other: Results, name: str) -> list[str]:
    """Return in what the protocols of a metric differ between two runs; empty where comparable.

    Args:
        one: results of a run.
        other: results of another one.
        name: of the metric, e.g. "frechet".

    Returns:
        keys of the protocol, sorted; `["missing"]` where one of the two has none.
    """
    key = f"{name}_protocol"
    if key not in one or key not in other:
        return ["missing"]
    first, second = one[key], other[key]
    return sorted(k for k in first.keys() | second.keys() if first.get(k) != second.get(k))


def larger(gan: float, vae: float, margin: float) -> str:
    """Return who has the clearly larger number: "gan", "vae", or "both" within `margin`."""
    small, large = sorted((gan, vae))
    if large <= (1 + margin) * small or large == small:
        return "both"
    return "gan" if gan > vae else "vae"


def gan_vae(results: Results, vae_results: Results) -> list[Finding]:
    """Hold a GAN's samples against a VAE's: distance, sharpness, variety, colour.

    Distances and shares of variety are compared where they were taken in the same way alone.

    Args:
        results: the GAN's.
        vae_results: the VAE's, of the same recipe and data.
    """
    wrong = differing(results, vae_results, "frechet")
    if wrong:
        found = [finding("samples.gan_vae_unlike", keys=wrong)]
    else:
        farther = larger(results["frechet"], vae_results["frechet"], MIN_DIFFERENCE)
        ratios = {"gan": floor_ratio(results), "vae": floor_ratio(vae_results)}
        are_far = is_far(results) and is_far(vae_results)
        found = [finding("samples.gan_vae_distance", **ratios, farther=farther, are_far=are_far)]
    shares = {
        name: {who: share_of_real(of, name) for who, of in (("gan", results), ("vae", vae_results))}
        for name in ("sharpness", "diversity", "colourfulness")
    }
    is_known = {name: None not in own.values() for name, own in shares.items()}
    if is_known["sharpness"]:
        own = shares["sharpness"]
        sharper, are_blank = larger(*own.values(), MIN_BLUR), max(own.values()) < MAX_BLANK
        is_noisy = sharpness_level(own.get(sharper, 1.0)) == "noisy"
        values = {"sharper": sharper, "is_noisy": is_noisy, "are_blank": are_blank}
        found.append(finding("samples.gan_vae_sharpness", **own, **values))
    if not wrong:
        recalls = {"gan": results["recall"], "vae": vae_results["recall"]}
        is_apart = abs(recalls["gan"] - recalls["vae"]) >= MIN_RECALL_GAP
        found.append(
            finding(
                "samples.gan_vae_variety",
                **recalls,
                real=results["recall_real"],
                more=larger(*recalls.values(), MIN_DIFFERENCE) if is_apart else "both",
                are_none=covered(results) == covered(vae_results) == "none",
                diversity=shares["diversity"] if is_known["diversity"] else None,
            )
        )
    if is_known["colourfulness"]:
        own = shares["colourfulness"]
        more = larger(*own.values(), MIN_DIFFERENCE)
        found.append(finding("samples.gan_vae_colour", **own, more=more))
    return found
