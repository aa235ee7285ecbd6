"""What is the case with a model's samples: how far from real images, how varied, whether copied.

Every word rests on an anchor that is not itself a model: real images measured the same way. What is
said is true of any model's samples, of noise, fog and copies as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hwlib.findings.base import Results
from hwlib.text import Finding, finding
from hwlib.thresholds import COLLAPSED_DIVERSITY

# Of the Fréchet distance, times that of real training images (the noise floor).
MAX_EQUAL_RATIO = 1.5  # not to be told from real images in these features
MAX_CLOSE_RATIO = 3.0
MAX_APART_RATIO = 10.0  # beyond this samples are far from real images

# Of what samples are or have, as shares of the same of real images.
MIN_COVERED = {"full": 0.85, "part": 0.5, "few": 0.05}  # of recall and coverage, the lower of both
MIN_PRECISE = 0.5  # a precision that might be taken for praise; below this few fall near real ones
MAX_BLANK = 0.05  # sharpness below this is no detail at all
MAX_BLURRED = 0.8  # below this it is blur
MAX_LIKE_REAL = 1.25  # sharpness above this is noise or texture
MAX_LESS_DIVERSE = 0.85
MIN_MORE_DIVERSE = 1.15
COLOUR_MARGIN = 0.1  # to either side of real images
MAX_SAME = 0.1  # of the closest pair's distance: two samples are one image
ALIKE_MARGIN = 0.25  # of the closest pair's distance, where one draw of real images is all there is

EXPECTED_COPIES = 0.01  # near copies among unseen real images, by definition
MANY_COPIES = 5  # times the expected share
SOME_COPIES = 2
MIN_NEAREST_RATIO = 0.7  # of the median distance to the nearest training image
SAME_GREY_LEVELS = 5.0  # RMS by which images differ that look the same
NUM_SHOWN = 32  # samples among which the closest pair is sought

MIN_DIFFERENCE = 0.05  # relative, before one model's number is called the larger one
MIN_BLUR = 0.1  # relative sharpness, before one model is called the blurrier one
MIN_RECALL_GAP = 0.02  # absolute, before one model is called the more varied one


# ---- how far from real images --------------------------------------------------------------------


def floor_ratio(results: Results) -> float:
    """Return the Fréchet distance as a multiple of the noise floor; infinite where that is 0."""
    floor = results["frechet_real"]
    return results["frechet"] / floor if floor > 0 else float("inf")


def closeness(results: Results) -> str:
    """Return how close samples are to real images: "equal", "close", "apart" or "far"."""
    ratio = floor_ratio(results)
    if ratio <= MAX_EQUAL_RATIO:
        return "equal"
    if ratio <= MAX_CLOSE_RATIO:
        return "close"
    return "apart" if ratio <= MAX_APART_RATIO else "far"


def is_far(results: Results) -> bool:
    """Whether samples were measured, and are far from real images."""
    return "frechet" in results and closeness(results) == "far"


def covered(results: Results) -> str:
    """Return how much of the real variety samples cover: "full", "part", "few" or "none".

    The lower of recall and coverage counts, each beside real images': a few samples far out raise
    recall, a dense cluster raises coverage.
    """
    share = min(_share(results, name) for name in ("recall", "coverage"))
    return next((name for name, least in MIN_COVERED.items() if share >= least), "none")


def _share(results: Results, name: str) -> float:
    real = results[f"{name}_real"]
    return results[name] / real if real > 0 else 1.0


def distance(results: Results) -> list[Finding]:
    """Say how many times the noise floor the samples are away; nothing where it is unmeasured."""
    if "frechet" not in results:
        return []
    return [
        finding(
            "samples.distance",
            frechet=results["frechet"],
            floor=results["frechet_real"],
            ratio=floor_ratio(results),
            closeness=closeness(results),
        )
    ]


def variety(results: Results) -> list[Finding]:
    """Say how much of the real variety is covered, and what precision does and does not say."""
    if "frechet" not in results:
        return []
    names = ("recall", "coverage", "precision")
    numbers = {name: results[name] for name in (*names, *(f"{name}_real" for name in names))}
    is_weak = closeness(results) in ("apart", "far") or covered(results) in ("few", "none")
    is_precise = _share(results, "precision") >= MIN_PRECISE
    precise = ("misleading" if is_weak else "real") if is_precise else "low"
    return [finding("samples.variety", **numbers, covered=covered(results), precise=precise)]


def quality(results: Results) -> list[Finding]:
    """Say how far samples are from real images, and how much of their variety they cover."""
    return [*distance(results), *variety(results)]


# ---- looks ---------------------------------------------------------------------------------------


def look_shares(results: Results) -> dict[str, float]:
    """Return sharpness, diversity and colourfulness as shares of real images', where measured."""
    shares = {}
    for name in ("sharpness", "diversity", "colourfulness"):
        ours, real = results.get(f"{name}_samples"), results.get(f"{name}_real")
        if ours is not None and real:
            shares[name] = ours / real
    return shares


def sharpness(results: Results) -> list[Finding]:
    """Say whether samples are blurred; a Laplacian variance above real images' is noise."""
    share = look_shares(results).get("sharpness")
    if share is None:
        return []
    level = sharpness_level(share)
    return [finding("samples.sharpness", share=share, level=level, is_far=is_far(results))]


def sharpness_level(share: float) -> str:
    """Name a sharpness, as a share of real images: "blank", "blurred", "real" or "noisy"."""
    if share < MAX_BLURRED:
        return "blank" if share < MAX_BLANK else "blurred"
    return "real" if share <= MAX_LIKE_REAL else "noisy"


def diversity(results: Results) -> list[Finding]:
    """Say whether samples differ from one another as much as real images do."""
    share = look_shares(results).get("diversity")
    if share is None:
        return []
    if share < COLLAPSED_DIVERSITY:
        level = "collapsed"
    elif share < MAX_LESS_DIVERSE:
        level = "less"
    else:
        level = "more" if share > MIN_MORE_DIVERSE else "real"
    return [finding("samples.diversity", share=share, level=level, is_far=is_far(results))]


def colour(results: Results) -> list[Finding]:
    """Say whether samples are as colourful as real images; nothing of grey ones."""
    share = look_shares(results).get("colourfulness")
    if share is None:
        return []
    is_like_real = abs(share - 1) <= COLOUR_MARGIN
    level = "real" if is_like_real else "less" if share < 1 else "more"
    return [finding("samples.colour", share=share, level=level, is_far=is_far(results))]


def looks(results: Results) -> list[Finding]:
    """Say how sharp, diverse and colourful samples are, as shares of real images."""
    return [*sharpness(results), *diversity(results), *colour(results)]


# ---- alike, and copied ---------------------------------------------------------------------------


def alike(results: Results, pairs: Mapping[str, Any] | None = None) -> list[Finding]:
    """Say whether the closest two of the samples shown are closer than those of real images.

    Args:
        results: the run's; used where `pairs` is None.
        pairs: `explore.closest_pairs`: the distance among the samples, and that among real images
            over many draws of as many.
    """
    if pairs is not None:
        if pairs["distance"] < SAME_GREY_LEVELS:
            level = "same"
        elif pairs["distance"] < pairs["low"]:
            level = "more"
        else:
            level = "less" if pairs["distance"] > pairs["high"] else "real"
        return [finding("samples.closest_pair", **pairs, level=level)]
    if "closest_pair_ratio" not in results:
        return []
    ratio, of = results["closest_pair_ratio"], results["protocol"]
    counts = [min(NUM_SHOWN, of[name]) for name in ("num_samples", "num_real")]
    is_like_real = abs(ratio - 1) <= ALIKE_MARGIN
    level = "real" if is_like_real else "more" if ratio < 1 else "less"
    level = "same" if ratio < MAX_SAME else level
    return [finding("samples.alike", ratio=ratio, count=counts[0], real=counts[1], level=level)]


def copies(results: Results) -> list[Finding]:
    """Say how many samples are near copies of training images, beside unseen real images.

    Blurred samples lie near many training images, so that nearness does not show copying.
    """
    if "near_copies" not in results:
        return []
    if "nearest_ratio" not in results:  # as half of the test images are at no distance at all
        return [finding("samples.copies_unknown")]
    share, ratio = results["near_copies"], results["nearest_ratio"]
    if share > MANY_COPIES * EXPECTED_COPIES or ratio < MIN_NEAREST_RATIO:
        level = "many"
    else:
        level = "some" if share > SOME_COPIES * EXPECTED_COPIES else "none"
    is_blurred = look_shares(results).get("sharpness", 1.0) < MAX_BLURRED
    values = {"share": share, "expected": EXPECTED_COPIES, "ratio": ratio}
    return [finding("samples.copies", **values, level=level, is_blurred=is_blurred)]


def nearest(pictures: np.ndarray) -> list[Finding]:
    """Say where the samples nearest to training images are all one, or share a training image.

    Args:
        pictures: uint8 (N, 2, H, W, C): sample, training image; `nearest` of samples.npz.
    """
    count = len(pictures)
    samples, train = pictures[:, 0].astype(float), pictures[:, 1]
    differences = np.sqrt(np.square(samples - samples[:1]).mean((1, 2, 3)))
    is_one = count > 1 and bool(differences.max() < SAME_GREY_LEVELS)
    num_train = len(np.unique(train.reshape(count, -1), axis=0))
    if not is_one and num_train == count:
        return []
    return [finding("samples.nearest", count=count, is_one=is_one, num_train=num_train)]


def overall(results: Results, pairs: Mapping[str, Any] | None = None) -> list[Finding]:
    """Gather what samples are beside real images, the most important first."""
    return [*quality(results), *looks(results), *alike(results, pairs), *copies(results)]


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


def winner(gan: float, vae: float, margin: float) -> str:
    """Return who has the clearly larger number: "gan", "vae", or "both" within `margin`."""
    small, large = sorted((gan, vae))
    if large <= (1 + margin) * small or large == small:
        return "both"
    return "gan" if gan > vae else "vae"


def _closer(gan: float, vae: float) -> str:
    """Return who has the clearly smaller distance: "gan", "vae", or "both"."""
    return {"gan": "vae", "vae": "gan", "both": "both"}[winner(gan, vae, MIN_DIFFERENCE)]


def gan_vae(results: Results, vae_results: Results) -> list[Finding]:
    """Hold a GAN's samples against a VAE's: distance, sharpness, variety, colour.

    Distances and shares of variety are compared where they were taken in the same way alone.

    Args:
        results: the GAN's.
        vae_results: the VAE's, of the same recipe and data.
    """
    gan, vae = results, vae_results
    wrong = differing(gan, vae, "frechet")
    found = []
    if wrong:
        found.append(finding("samples.gan_vae_unlike", keys=wrong))
    else:
        found.append(
            finding(
                "samples.gan_vae_distance",
                gan=floor_ratio(gan),
                vae=floor_ratio(vae),
                closer=_closer(gan["frechet"], vae["frechet"]),
                are_far=is_far(gan) and is_far(vae),
            )
        )
    ours, others = look_shares(gan), look_shares(vae)
    if "sharpness" in ours and "sharpness" in others:
        sharp = (ours["sharpness"], others["sharpness"])
        found.append(
            finding(
                "samples.gan_vae_sharpness",
                gan=sharp[0],
                vae=sharp[1],
                sharper=winner(*sharp, MIN_BLUR),
                gan_level=sharpness_level(sharp[0]),
                vae_level=sharpness_level(sharp[1]),
            )
        )
    if not wrong:
        recalls = (gan["recall"], vae["recall"])
        is_apart = abs(recalls[0] - recalls[1]) >= MIN_RECALL_GAP
        diverse = (ours.get("diversity"), others.get("diversity"))
        found.append(
            finding(
                "samples.gan_vae_variety",
                gan=recalls[0],
                vae=recalls[1],
                real=gan["recall_real"],
                more=winner(*recalls, MIN_DIFFERENCE) if is_apart else "both",
                are_none=covered(gan) == covered(vae) == "none",
                gan_diversity=diverse[0],
                vae_diversity=diverse[1],
            )
        )
    if "colourfulness" in ours and "colourfulness" in others:
        colours = (ours["colourfulness"], others["colourfulness"])
        more = winner(*colours, MIN_DIFFERENCE)
        found.append(finding("samples.gan_vae_colour", gan=colours[0], vae=colours[1], more=more))
    return found
