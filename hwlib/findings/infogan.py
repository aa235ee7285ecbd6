"""What an InfoGAN's numbers bear out: is the code read, what does it decide, what does it mean."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from hwlib.findings.base import MIN_RECORDS, Results, end_of, first_above, grade, is_trial
from hwlib.text import Finding, finding

# Shares of a code's entropy that is proven to be in the image, and of the images' variance.
MIN_CODE = {"full": 0.9, "part": 0.05}
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


def curves(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say where Q's loss began and ended, beside guessing; nothing of a trial or a short curve."""
    if is_trial(results) or len(metrics) < MIN_RECORDS:
        return []
    end, guess = end_of(metrics).mean().to_dict(), results["code_entropy_nats"]
    proven = max(guess - end["q_loss"], proven_nats(end["code_accuracy"], guess))
    about = {"first": float(metrics["q_loss"].iloc[0]), "end": end, "guess": guess}
    about |= {"first_step": first_above(metrics, "code_accuracy")}
    is_learned = proven >= MIN_CODE["part"] * guess
    return [finding("infogan.curves", **about, is_learned=is_learned)]


def reading(results: Results) -> list[Finding]:
    """Say how well Q reads its own samples' codes, what that proves, and what codes and z decide.

    The latter is the share of the images' variance that each decides by itself.
    """
    entropy, is_judged = results["code_entropy_nats"], not is_trial(results)
    proven = proven_nats(results["code_accuracy"], entropy)
    nats = max(results["code_information_nats"], proven, 0.0)
    level = grade(nats / entropy, MIN_CODE, "none") if is_judged else "trial"
    codes, noise = results["code_variance_share"], results["noise_variance_share"]
    idle = [k for k, share in enumerate(codes, 1) if share < MIN_VARIANCE]
    about = {"idle": idle, "is_noise_idle": noise < MIN_VARIANCE, "is_judged": is_judged}
    return [
        finding("infogan.reading", run=results, nats=nats, level=level),
        finding("infogan.shares", codes=codes, noise=noise, **about),
    ]


def proven_nats(accuracy: float, entropy: float) -> float:
    """Return the nats of a code that reading it so often right proves (Fano's inequality).

    Its values are equally likely, so that its `entropy` is the logarithm of their number.
    """
    wrong = 1 - accuracy
    unsure = -sum(p * math.log(p) for p in (wrong, accuracy) if p > 0)
    return entropy - unsure - wrong * math.log(math.expm1(entropy))


def spans(rates: Sequence[Mapping[str, float]], num: int = NUM_READ) -> pd.DataFrame:
    """Return how each attribute's rate varies over a code's values, the widest first.

    `rates` are {attribute: rate} of each value, an item of `code_meaning`, from `num` samples each.
    A row an attribute: `name`; its `low` and `high` rate at `low_value` and `high_value`; `width`,
    high less low; `expected`, that by chance; `is_meant`, whether it is well beyond.
    """
    frame = pd.DataFrame(rates)
    error = (frame.mean() * (1 - frame.mean()) / num) ** 0.5
    rows = frame.agg(["min", "max", "idxmin", "idxmax"]).T
    rows = rows.set_axis(["low", "high", "low_value", "high_value"], axis=1)
    rows = rows.astype({"low_value": int, "high_value": int})
    rows = rows.assign(width=rows["high"] - rows["low"], expected=EXPECTED_RANGE * error)
    rows["is_meant"] = rows["width"] >= (RANGE_99 * error).clip(lower=MIN_SPAN)
    rows = rows.sort_values("width", ascending=False, kind="stable")
    return rows.rename_axis("name").reset_index()


def rates(results: Results, code: int) -> list[Finding]:
    """Say which attributes a code, counted from 1, moves most, with the rates' range."""
    if "code_meaning" not in results or is_trial(results):
        return []
    rows = spans(results["code_meaning"][code - 1])
    meant = rows[rows["is_meant"]]
    named = (meant if len(meant) else rows)[:MAX_NAMED].to_dict("records")
    about = {"num_meant": len(meant), "num_known": len(rows), "num_codes": results["num_codes"]}
    return [finding("infogan.rates", code=code, spans=named, **about)]


def two_codes(results: Results) -> list[Finding]:
    """Say whether two codes move different things or the same, by the rates of attributes.

    Their overlap is 0 where they move different things, 1 where one moves all that the narrower one
    moves.
    """
    if results["num_codes"] != 2 or "code_meaning" not in results or is_trial(results):
        return []
    found = [spans(code).set_index("name", drop=False) for code in results["code_meaning"]]
    # how far each code moves each attribute's rate, 0 where no more than chance
    moved = pd.concat([code["width"] * code["is_meant"] for code in found], axis=1, keys=[1, 2])
    both, sums = moved.min(axis=1).sort_values(ascending=False), moved.sum()
    overlap = float(both.sum() / sums.min()) if sums.min() > 0 else 0.0
    idle = list(sums.index[sums == 0])
    level = "idle" if idle else grade(overlap, MIN_OVERLAP, "shared")
    about = {"tops": [code.iloc[0].to_dict() for code in found], "idle": idle, "overlap": overlap}
    shared = list(both.index[both > 0][:MAX_NAMED])
    return [finding("infogan.two_codes", **about, both=shared, level=level)]


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
    about = {"kind": kind, "least": least, "entropy": results["code_entropy_nats"]}
    for code, nats in enumerate(codes, 1):
        ranked = pd.Series(nats).sort_values(ascending=False).clip(lower=0)
        named = ranked[ranked >= least][:MAX_NAMED]
        values = {"nats": (named if len(named) else ranked[:1]).to_dict(), "is_any": len(named) > 0}
        about |= {"code": code, "num_codes": results["num_codes"]}
        found.append(finding("infogan.information", **about, **values))
    return found


def classes(results: Results) -> list[Finding]:
    """Say how well the best code's values match the classes of real test images (MNIST)."""
    if "code_class_accuracy" not in results:
        return []
    accuracy = results["code_class_accuracy"]
    level = "trial" if is_trial(results) else grade(accuracy, MIN_MATCHED, "none")
    return [finding("infogan.classes", run=results, level=level)]
