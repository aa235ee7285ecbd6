"""What an InfoGAN's numbers bear out: is the code read, what does it decide, what does it mean."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from hwlib.findings.base import MIN_RECORDS, Results, end_of, grade, is_trial
from hwlib.findings.samples import is_far
from hwlib.text import Finding, finding

# Shares of a code's entropy that is proven to be in the image, and of the images' variance.
MIN_CODE = {"full": 0.9, "part": 0.05}
MAX_LOOSE_BOUND = 0.05  # of the entropy, before the bound by Q's certainty is called loose
MIN_VARIANCE = 0.05

NUM_READ = 100  # samples behind each rate of `code_meaning`
EXPECTED_RANGE = 3.078  # of ten normal draws, in standard deviations
RANGE_99 = 5.157  # what that range exceeds once in a hundred
MIN_SPAN = 0.1  # of a rate over the code's values, before it means something
MIN_NATS = 0.05
# Chance alone, over N images, gives a 10 by 10 table about sqrt(81 / 2) / N nats either way (its
# 2 N nats are chi-squared with 81 degrees); four times that stands out among many factors.
CHANCE_NATS = 4 * math.sqrt(81 / 2)
MAX_NAMED = 3  # attributes or factors that a sentence names of a code
MIN_OVERLAP = {"repeated": 0.6, "partly": 0.25}  # of two codes; below they share the work
MIN_MATCHED = {"found": 0.85, "part": 0.5}  # of the test images' classes

# Report E's hair and pose (C22), in the attributes of photographs and the factors of drawn faces.
HAIR = {
    *("Bangs", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair", "Bald", "Receding_Hairline"),
    *("Straight_Hair", "Wavy_Hair", "hair_colour", "hair_shade", "hair_texture", "hair_style"),
    *("hair_length", "hair_volume", "hair_part", "hairline", "bangs"),
}
POSE = {"yaw", "tilt", "zoom", "shift_x"}


# ------------------------------------------------------------------------------ is the code read


def curves(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say where Q's loss began and ended, beside guessing; nothing of a trial or a short curve."""
    if is_trial(results) or len(metrics) < MIN_RECORDS:
        return []
    end = end_of(metrics)
    right = metrics.loc[metrics["code_accuracy"] > 0.9, "step"]
    loss, accuracy = float(end["q_loss"].mean()), float(end["code_accuracy"].mean())
    guess = results["code_entropy_nats"]
    proven = max(guess - loss, proven_nats(accuracy, guess))
    return [
        finding(
            "infogan.curves",
            first=float(metrics["q_loss"].iloc[0]),
            last=loss,
            guess=guess,
            accuracy=accuracy,
            first_step=int(right.iloc[0]) if len(right) else None,
            is_learned=proven >= MIN_CODE["part"] * guess,
        )
    ]


def reading(results: Results) -> Finding:
    """Say how well Q reads its own samples' codes, and what that proves about the image."""
    accuracy, nats = results["code_accuracy"], max(results["code_information_nats"], 0.0)
    entropy = results["code_entropy_nats"]
    proven = proven_nats(accuracy, entropy)
    level = grade(max(nats, proven) / entropy, MIN_CODE, "none")
    return finding(
        "infogan.reading",
        accuracy=accuracy,
        by=results["code_accuracy_by"],
        nats=nats,
        entropy=entropy,
        proven=proven,
        is_loose=proven > nats + MAX_LOOSE_BOUND * entropy,
        level="trial" if is_trial(results) else level,
    )


def proven_nats(accuracy: float, entropy: float) -> float:
    """Return the nats of a code that reading it so often right proves (Fano's inequality).

    Args:
        accuracy: share of the codes that are read right.
        entropy: of a code, whose values are equally likely.
    """
    wrong = 1 - accuracy
    unsure = -sum(p * math.log(p) for p in (wrong, accuracy) if p > 0)
    return entropy - unsure - wrong * math.log(math.expm1(entropy))


def shares(results: Results) -> list[Finding]:
    """Say how much of the images' variance each code and the noise decide by themselves."""
    if "code_variance_share" not in results:
        return []
    codes, noise = results["code_variance_share"], results["noise_variance_share"]
    return [
        finding(
            "infogan.shares",
            codes=codes,
            noise=noise,
            idle=[k for k, share in enumerate(codes, 1) if share < MIN_VARIANCE],
            is_noise_idle=noise < MIN_VARIANCE,
            is_judged=not is_trial(results),
        )
    ]


# ---------------------------------------------------------------- what it changes in samples


class Span(NamedTuple):
    """How an attribute's rate varies over a code's values.

    Attributes:
        name: the attribute.
        low, high: the lowest and the highest rate.
        low_value, high_value: the code's values that have them.
        width: high less low.
        expected: what the width is by chance, as many samples read of each value.
        is_meant: whether the rate varies by more than chance, and by enough to be seen.
    """

    name: str
    low: float
    high: float
    low_value: int
    high_value: int
    width: float
    expected: float
    is_meant: bool


def spans(rates: list[Mapping[str, float]], num: int = NUM_READ) -> list[Span]:
    """Return how each attribute's rate varies over a code's values, the widest first.

    Args:
        rates: a dict a value of the code, {attribute: rate}; an item of `code_meaning`.
        num: samples of each value.
    """
    found = []
    for name in rates[0]:
        values = [rate[name] for rate in rates]
        low, high, mean = min(values), max(values), sum(values) / len(values)
        width, error = high - low, math.sqrt(mean * (1 - mean) / num)
        ends = (low, high, values.index(low), values.index(high), width)
        is_meant = width >= max(RANGE_99 * error, MIN_SPAN)
        found.append(Span(name, *ends, EXPECTED_RANGE * error, is_meant))
    return sorted(found, key=lambda span: -span.width)


def rates(results: Results, code: int) -> list[Finding]:
    """Say which attributes a code, counted from 1, moves most, with the rates' range."""
    if "code_meaning" not in results or is_trial(results):
        return []
    found = spans(results["code_meaning"][code - 1])
    meant = [span for span in found if span.is_meant]
    named = [span._asdict() for span in (meant or found)[:MAX_NAMED]]
    counts = {"num_meant": len(meant), "num_known": len(found)}
    which = {"code": code, "num_codes": results["num_codes"]}
    return [finding("infogan.rates", **which, spans=named, **counts)]


def far(results: Results) -> list[Finding]:
    """Say that readings of samples far from real images are uncertain; nothing of others."""
    return [] if is_trial(results) or not is_far(results) else [finding("infogan.far")]


def overlap(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Return how much two codes move the same things: 0 none, 1 all that the narrower one moves.

    Args:
        first: {attribute: how far the first code moves its rate}; 0 where no more than chance.
        second: the same of the second code.
    """
    least = min(sum(first.values()), sum(second.values()))
    return sum(min(first[name], second[name]) for name in first) / least if least > 0 else 0.0


def two_codes(results: Results) -> list[Finding]:
    """Say whether two codes move different things or the same, by the rates of attributes."""
    if results["num_codes"] != 2 or "code_meaning" not in results or is_trial(results):
        return []
    found = [spans(code) for code in results["code_meaning"]]
    moved = [{s.name: s.width if s.is_meant else 0.0 for s in code} for code in found]
    both = {name: min(code[name] for code in moved) for name in moved[0]}
    shared = overlap(*moved)
    idle = [k for k, code in enumerate(moved, 1) if not sum(code.values())]
    ranked = sorted((name for name, width in both.items() if width > 0), key=lambda n: -both[n])
    return [
        finding(
            "infogan.two_codes",
            tops=[code[0]._asdict() for code in found],
            idle=idle,
            overlap=shared,
            both=ranked[:MAX_NAMED],
            level="idle" if idle else grade(shared, MIN_OVERLAP, "shared"),
        )
    ]


# ----------------------------------------------------------- what it says about real images


def min_nats(results: Results) -> float:
    """Return the nats from which a code tells more than chance: 0.05, more where images are few."""
    return max(MIN_NATS, CHANCE_NATS / results["num_test_images"])


def known_nats(results: Results) -> tuple[str, list[Mapping[str, float]]]:
    """Return what codes are held against, "factors" or "attributes", and the nats of each code."""
    if results.get("code_factor_nats"):
        return "factors", results["code_factor_nats"]
    return "attributes", results.get("code_attribute_nats") or []


def information(results: Results) -> list[Finding]:
    """Say what each code tells of real images as Q reads it, in nats above shuffled labels."""
    kind, codes = known_nats(results)
    if not codes:
        return [finding("infogan.no_attributes")]
    if is_trial(results):
        return []
    found, least = [], min_nats(results)
    for code, nats in enumerate(codes, 1):
        ranked = sorted(nats, key=lambda name, nats=nats: -nats[name])
        above = [name for name in ranked if nats[name] >= least]
        named = {name: max(nats[name], 0.0) for name in (above or ranked[:1])[:MAX_NAMED]}
        which = {"code": code, "num_codes": results["num_codes"], "kind": kind}
        limits = {"least": least, "entropy": results["code_entropy_nats"]}
        values = {"nats": named, "is_any": bool(above)}
        found.append(finding("infogan.information", **which, **values, **limits))
    return found


def hair_and_pose(results: Results) -> list[Finding]:
    """Say what the codes tell of hair, of pose and of all else: claim C22's measure, no verdict."""
    _, codes = known_nats(results)
    if not codes or is_trial(results):
        return []
    best = {name: max(code[name] for code in codes) for name in codes[0]}
    groups = {"hair": HAIR, "pose": POSE, "other": best.keys() - HAIR - POSE}
    firsts: dict[str, Any] = {}
    for group, members in groups.items():
        name = max((n for n in best if n in members), key=best.get, default=None)
        firsts[group] = name and {"name": name, "nats": max(best[name], 0.0)}
    return [finding("infogan.hair_and_pose", **firsts)] if firsts["hair"] else []


def classes(results: Results) -> list[Finding]:
    """Say how well the best code's values match the classes of real test images (MNIST)."""
    if "code_class_accuracy" not in results:
        return []
    accuracy = results["code_class_accuracy"]
    level = "trial" if is_trial(results) else grade(accuracy, MIN_MATCHED, "none")
    matching = results["code_class_matching"]
    return [finding("infogan.classes", accuracy=accuracy, matching=matching, level=level)]
