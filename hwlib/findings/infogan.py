"""What an InfoGAN's numbers bear out: is the code read, what does it decide, what does it mean."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from hwlib.findings.base import MIN_RECORDS, Results, is_trial
from hwlib.findings.samples import is_far
from hwlib.text import Finding, finding

NUM_VALUES = 10  # of a code
CHANCE = 1 / NUM_VALUES
LATE_SHARE = 0.1  # of the curve, that is called its end

# Shares of a code's entropy that is proven to be in the image, and of the images' variance.
MIN_FULL_CODE, MIN_SOME_CODE = 0.9, 0.05
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
MAX_SHARED, MIN_REPEATED = 0.25, 0.6  # overlap of two codes: they share the work, they repeat it
MNIST_PUBLISHED = 0.95  # Chen et al. 2016, section 7.2: an error of 5 % on MNIST's digits
MIN_MATCHED, MIN_PARTLY_MATCHED = 0.85, 0.5

# Report E's hair and pose (C22), in the attributes of photographs and the factors of drawn faces.
HAIR = {
    *("Bangs", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair", "Bald", "Receding_Hairline"),
    *("Straight_Hair", "Wavy_Hair", "hair_colour", "hair_shade", "hair_texture", "hair_style"),
    *("hair_length", "hair_volume", "hair_part", "hairline", "bangs"),
}
POSE = {"yaw", "tilt", "zoom", "shift_x"}


# ---------------------------------------------------------------------------------------- curves


def curves(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say where Q's loss began and ended, beside guessing; nothing of a trial or a short curve.

    Args:
        metrics: `Run.metrics`.
        results: the run's results.
    """
    if is_trial(results) or len(metrics) < MIN_RECORDS:
        return []
    late = metrics.iloc[-max(1, round(LATE_SHARE * len(metrics))) :]
    right = metrics.loc[metrics["code_accuracy"] > 0.9, "step"]
    loss, accuracy = float(late["q_loss"].mean()), float(late["code_accuracy"].mean())
    guess = results["code_entropy_nats"]
    proven = max(guess - loss, proven_nats(accuracy, guess))
    return [
        finding(
            "infogan.curves",
            first=float(metrics["q_loss"].iloc[0]),
            last=loss,
            guess=guess,
            accuracy=accuracy,
            chance=CHANCE,
            first_step=int(right.iloc[0]) if len(right) else None,
            is_learned=proven >= MIN_SOME_CODE * guess,
        )
    ]


# --------------------------------------------------------------------------------------- reading


def reading(results: Results) -> Finding:
    """Say how well Q reads its own samples' codes, and what that proves about the image."""
    accuracy, nats = results["code_accuracy"], max(results["code_information_nats"], 0.0)
    entropy = results["code_entropy_nats"]
    proven = proven_nats(accuracy, entropy)
    share = max(nats, proven) / entropy
    level = "full" if share >= MIN_FULL_CODE else "part" if share >= MIN_SOME_CODE else "none"
    return finding(
        "infogan.reading",
        accuracy=accuracy,
        by=results["code_accuracy_by"],
        chance=CHANCE,
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
            jointly=max(0.0, 1 - sum(codes) - noise),
            idle=[k for k, share in enumerate(codes, 1) if share < MIN_VARIANCE],
            is_noise_idle=noise < MIN_VARIANCE,
            is_judged=not is_trial(results),
        )
    ]


# --------------------------------------------------------------------------------------- meaning


class Span(NamedTuple):
    """How an attribute's rate varies over a code's values.

    Attributes:
        name: the attribute.
        low, high: the lowest and the highest rate.
        low_value, high_value: the code's values that have them.
        expected: what high less low is by chance, as many samples read of each value.
        limit: what chance exceeds once in a hundred.
    """

    name: str
    low: float
    high: float
    low_value: int
    high_value: int
    expected: float
    limit: float

    @property
    def width(self) -> float:
        """Return the difference of the two rates."""
        return self.high - self.low

    @property
    def is_meant(self) -> bool:
        """Whether the rate varies by more than chance, and by enough to be seen."""
        return self.width >= max(self.limit, MIN_SPAN)


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
        error = math.sqrt(mean * (1 - mean) / num)
        ends = (values.index(low), values.index(high))
        found.append(Span(name, low, high, *ends, EXPECTED_RANGE * error, RANGE_99 * error))
    return sorted(found, key=lambda span: -span.width)


def rates(results: Results, code: int) -> list[Finding]:
    """Say which attributes a code moves most, with the rates' range and that by chance.

    Args:
        results: the run's.
        code: which one, counted from 1.
    """
    if "code_meaning" not in results:
        return []
    if is_trial(results):
        return []
    found = spans(results["code_meaning"][code - 1])
    meant = [span for span in found if span.is_meant]
    shown = (meant or found)[:MAX_NAMED]
    return [
        finding(
            "infogan.rates",
            code=code,
            num_codes=results["num_codes"],
            spans=[{**span._asdict(), "width": span.width} for span in shown],
            num_meant=len(meant),
            num_known=len(found),
        )
    ]


def far(results: Results) -> list[Finding]:
    """Say that readings of samples far from real images are uncertain; nothing of others."""
    if is_trial(results) or not is_far(results):
        return []
    return [finding("infogan.far")]


def min_nats(results: Results) -> float:
    """Return the nats from which a code tells more than chance would, over these test images.

    Args:
        results: an InfoGAN's run's.

    Returns:
        0.05, or more where the test images are few.
    """
    return max(MIN_NATS, CHANCE_NATS / results["num_test_images"])


def told_by(results: Results) -> tuple[str, list[Mapping[str, float]]]:
    """Return what codes are held against, "factors" or "attributes", and the nats of each code."""
    if results.get("code_factor_nats"):
        return "factors", results["code_factor_nats"]
    return "attributes", results.get("code_attribute_nats") or []


def information(results: Results) -> list[Finding]:
    """Say what each code tells of real images as Q reads it, in nats above shuffled labels."""
    _, told = told_by(results)
    if not told:
        return [finding("infogan.no_attributes")]
    return [] if is_trial(results) else [_told(results, k) for k in range(1, len(told) + 1)]


def _told(results: Results, code: int) -> Finding:
    """Say what one code, counted from 1, tells most about."""
    kind, told = told_by(results)
    nats, least = told[code - 1], min_nats(results)
    ranked = sorted(nats, key=lambda name: -nats[name])
    above = [name for name in ranked if nats[name] >= least]
    return finding(
        "infogan.information",
        code=code,
        num_codes=results["num_codes"],
        kind=kind,
        told=[
            {"name": name, "nats": max(nats[name], 0.0)}
            for name in (above or ranked[:1])[:MAX_NAMED]
        ],
        num_above=len(above),
        least=least,
        entropy=results["code_entropy_nats"],
    )


def hair_and_pose(results: Results) -> list[Finding]:
    """Say what the codes tell of hair, of pose and of all else: claim C22's measure, no verdict."""
    kind, told = told_by(results)
    if not told or is_trial(results):
        return []
    best = {name: max(code[name] for code in told) for name in told[0]}
    groups = {
        "hair": {name: nats for name, nats in best.items() if name in HAIR},
        "pose": {name: nats for name, nats in best.items() if name in POSE},
        "other": {name: nats for name, nats in best.items() if name not in HAIR | POSE},
    }
    if not groups["hair"]:
        return []
    values: dict[str, Any] = {}
    for group, members in groups.items():
        first = max(members, key=members.get) if members else None
        values[group] = first
        values[f"{group}_nats"] = max(members[first], 0.0) if first else None
    return [finding("infogan.hair_and_pose", kind=kind, least=min_nats(results), **values)]


# ------------------------------------------------------------------------------------- two codes


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
    shared = overlap(*moved)
    if not all(sum(code.values()) for code in moved):
        level = "idle"
    elif shared < MAX_SHARED:
        level = "shared"
    else:
        level = "repeated" if shared >= MIN_REPEATED else "partly"
    both = sorted(
        (name for name in moved[0] if min(code[name] for code in moved) > 0),
        key=lambda name: -min(code[name] for code in moved),
    )
    return [
        finding(
            "infogan.two_codes",
            tops=[
                {"name": code[0].name, "low": code[0].low, "high": code[0].high} for code in found
            ],
            idle=[k for k, code in enumerate(moved, 1) if not sum(code.values())],
            overlap=shared,
            both=both[:MAX_NAMED],
            level=level,
        )
    ]


def classes(results: Results) -> list[Finding]:
    """Say how well the best code's values match the classes of real test images (MNIST)."""
    if "code_class_accuracy" not in results:
        return []
    accuracy = results["code_class_accuracy"]
    levels = ((MIN_MATCHED, "found"), (MIN_PARTLY_MATCHED, "part"), (-math.inf, "none"))
    level = next(name for least, name in levels if accuracy >= least)
    return [
        finding(
            "infogan.classes",
            accuracy=accuracy,
            pairs=[f"{v}→{name or '–'}" for v, name in enumerate(results["code_class_matching"])],
            published=MNIST_PUBLISHED,
            level="trial" if is_trial(results) else level,
        )
    ]
