"""What an ACGAN's numbers bear out: does the label do what it says, and what else does it do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from hwlib.findings.base import MIN_RECORDS, Results, end_of, grade, is_trial
from hwlib.findings.samples import is_far
from hwlib.text import Finding, finding

CHANCE = 0.5  # half of the samples are asked to have the attribute, whatever its rate in the data
# Shares of the way from chance to what the classifier reaches on real images.
MIN_CONTROL = {"clear": 0.8, "partial": 0.3}
MIN_ADVANTAGE = 0.02  # a classifier that beats the majority-class baseline by less judges nothing
MIN_EFFECT = 0.05  # changes of a rate below this count as none
MIN_LEAK = 0.15  # samples that change by this much more or less than real images differ
NUM_ERRORS = 3  # standard errors that a leak exceeds where images are few
MAX_SWITCHES = 3  # switched attributes whose leaks are said one by one
MAX_LISTED = 8  # leaks that are named of many switched attributes
MAX_TEST_GAP = 0.05  # of D's attribute accuracy, training less test, before D counts as overfitted
MIN_FLATTERY = 0.2  # of D's reading above the classifier's, as correlations
MAX_KID_RISE = 0.25  # of the last checkpoint's KID above the one kept, as claim C12 counts it
MAX_CORRELATION_LOSS = 0.1  # of r, from the checkpoint kept to the last one

# Where leaks come from, in the order of telling: "own", samples change, real images do not, or the
# other way: mixed up by the network; "exaggerated", real images differ the same way, samples more;
# "missing", real images differ, samples change less or not at all; "unknown", samples change, what
# real images do is not known; "from_data", samples change about as much as real images differ.
KINDS = ("own", "exaggerated", "missing", "unknown", "from_data")


class Leak(NamedTuple):
    """What a switch does to an attribute that is not its own, in changes of a rate.

    Attributes:
        switched: the attribute that is switched.
        name: the one that changes with it.
        samples: with minus without, the same z.
        real: real images with the switched attribute minus those without; None where unknown.
    """

    switched: str
    name: str
    samples: float
    real: float | None

    @property
    def excess(self) -> float:
        """By how much samples change beyond what real images differ."""
        return self.samples - (self.real or 0.0)


def min_leak(results: Results) -> float:
    """Return the change of a rate that counts as a leak: 15 points, more where images are few."""
    pairs, test = results["num_attribute_samples"] / 2, results["num_test_images"]
    # two rates of `pairs` samples each, and two of half of the test images
    return max(MIN_LEAK, NUM_ERRORS * math.sqrt(0.5 / pairs + 1 / test))


def sort_leaks(results: Results, switched: Sequence[str] | None = None) -> dict[str, list[Leak]]:
    """Return every attribute that a switch changes, or fails to change, by `KINDS`, largest first.

    Args:
        switched: attributes whose switch is looked at; all of the run's where it is None.
    """
    least, real = min_leak(results), results.get("leakage_real", {})
    found: dict[str, list[Leak]] = {kind: [] for kind in KINDS}
    for name in results["leakage"] if switched is None else switched:
        for other, change in results["leakage"][name].items():
            leak = Leak(name, other, change, real.get(name, {}).get(other))
            if other != name and (kind := _kind(leak, least)):
                found[kind].append(leak)
    for kind, leaks in found.items():
        size = "samples" if kind == "from_data" else "excess"
        leaks.sort(key=lambda leak, size=size: -abs(getattr(leak, size)))
    return found


def _kind(leak: Leak, least: float) -> str | None:
    """Return which of `KINDS` this is; None where nothing happens that counts."""
    is_change = abs(leak.samples) >= least
    if leak.real is None:
        return "unknown" if is_change else None
    if abs(leak.excess) < least:
        return "from_data" if is_change else None
    is_same_way = leak.samples * leak.real > 0
    if abs(leak.real) > abs(leak.samples) and (is_same_way or abs(leak.samples) < MIN_EFFECT):
        return "missing"
    return "exaggerated" if is_same_way and abs(leak.real) >= least else "own"


def deviations(
    results: Results, kinds: Sequence[str], switched: Sequence[str] | None = None
) -> list[Leak]:
    """Return the leaks of some kinds, the largest excess first; see `sort_leaks`."""
    found = sort_leaks(results, switched)
    return sorted((leak for kind in kinds for leak in found[kind]), key=lambda x: -abs(x.excess))


def objective(settings: Mapping[str, Any]) -> list[Finding]:
    """Say that D learns the attribute from generated images as well, where it does."""
    return [finding("acgan.class_on_fake")] if settings["class_on_fake"] else []


# --------------------------------------------------------------------------------------- control


def control(results: Results) -> list[Finding]:
    """Say how well the label controls each attribute; of many their mean, the worst and the best.

    The reading is held against chance, and against what the classifier reaches on real images; of
    samples far from these it is said to be less certain.
    """
    names = results["attributes"]
    is_many = len(names) > MAX_SWITCHES
    found = [_control_of_many(results)] if is_many else [_control_of(n, results) for n in names]
    if is_far(results) and not is_trial(results):
        found.append(finding("acgan.far"))
    return found


def _classifier(results: Results) -> Mapping[str, Mapping[str, float]]:
    """Return the classifier's `accuracy` and baseline `floor` on real images, by attribute."""
    return results.get("oracle", {}).get("by_attribute", {})


def control_level(accuracy: float, real: Mapping[str, float] | None) -> str:
    """Return how well a label works, by the classifier's reading and by what it can read at all.

    Args:
        accuracy: share of the samples that are read as asked.
        real: the classifier's `accuracy` and majority-class baseline `floor` on real images.

    Returns:
        "clear", "partial" or "none"; "unanchored" where nothing is known of the classifier,
        "unreadable" where it hardly beats the baseline.
    """
    if real is None:
        return "unanchored"
    if real["accuracy"] < real["floor"] + MIN_ADVANTAGE:
        return "unreadable"
    return grade((accuracy - CHANCE) / (real["accuracy"] - CHANCE), MIN_CONTROL, "none")


def _control_of(name: str, results: Results) -> Finding:
    accuracy, real = results["attribute_accuracy_by"][name], _classifier(results).get(name)
    return finding(
        "acgan.control",
        attribute=name,
        count=results["num_attribute_samples"],
        accuracy=accuracy,
        flips=results["attribute_flip_rate_by"][name],
        real=real,
        level="trial" if is_trial(results) else control_level(accuracy, real),
    )


def _control_of_many(results: Results) -> Finding:
    by, real = results["attribute_accuracy_by"], _classifier(results)
    known = [real[name]["accuracy"] for name in by if name in real]
    levels = [control_level(by[name], real.get(name)) for name in by]
    worst, best = min(by, key=by.get), max(by, key=by.get)
    return finding(
        "acgan.control_of_many",
        by=by,
        num_clear=levels.count("clear"),
        is_judged=not is_trial(results) and len(known) == len(by),
        accuracy=results["attribute_accuracy"],
        flips=results["attribute_flip_rate"],
        ceiling=sum(known) / len(known) if known else None,
        worst=worst,
        worst_ceiling=real[worst]["accuracy"] if worst in real else None,
        best=best,
    )


# --------------------------------------------------------------------------------------- leakage


def leakage(results: Results) -> list[Finding]:
    """Say everything else that a switch changes, beside how real images differ, largest first.

    Of more than three switched attributes the largest leaks of all are named, and counted.
    """
    if is_trial(results):
        return []
    working = _working(results)
    idle = [name for name in results["leakage"] if name not in working]
    is_many = len(working) > MAX_SWITCHES
    groups = [working] if is_many else [[name] for name in working]
    return [
        *([finding("acgan.idle", attributes=idle)] if idle else []),
        *(found for group in groups for found in _leaks_of(group, results)),
    ]


def _working(results: Results) -> list[str]:
    """Return the attributes whose switch changes at least the attribute itself."""
    changes = results["leakage"]
    return [name for name in changes if abs(changes[name].get(name, 1.0)) >= MIN_EFFECT]


def _leaks_of(switched: Sequence[str], results: Results) -> list[Finding]:
    """Say the leaks of some switches: one kind a finding, all of a single switch's leaks."""
    by_kind = sort_leaks(results, switched)
    attribute = switched[0] if len(switched) == 1 else None
    found = []
    if not any(leaks for kind, leaks in by_kind.items() if kind != "from_data"):
        is_known = any(results.get("leakage_real", {}).get(name) for name in switched)
        margin = min_leak(results)
        found.append(
            finding("acgan.no_leaks", attribute=attribute, margin=margin, is_real_known=is_known)
        )
    for kind, leaks in by_kind.items():
        named = [leak._asdict() for leak in leaks[: None if attribute else MAX_LISTED]]
        if leaks:
            values = {"leaks": named, "count": len(leaks), "attribute": attribute}
            found.append(finding(f"acgan.leaks_{kind}", **values))
    return found


# ---------------------------------------------------------------------------------------- curves


def curves(
    metrics: pd.DataFrame, results: Results, *, class_on_fake: bool = False
) -> list[Finding]:
    """Say how D learned the attribute, and G to show it; nothing of a trial or a short curve.

    Args:
        class_on_fake: whether D's attribute loss sums that of real images and that of G's.
    """
    if is_trial(results) or len(metrics) < MIN_RECORDS:
        return []
    end, real = end_of(metrics).mean(), _classifier(results)
    first = metrics.loc[metrics["class_accuracy_fake"] > 0.9, "step"]
    baselines = [real[name]["floor"] for name in results["attributes"] if name in real]
    trained, test = float(end["class_accuracy_real"]), results.get("class_accuracy_test")
    found = [
        finding(
            "acgan.attribute_accuracy",
            real=trained,
            fake=float(end["class_accuracy_fake"]),
            baseline=sum(baselines) / len(baselines) if baselines else None,
            first_step=int(first.iloc[0]) if len(first) else None,
        ),
        finding(
            "acgan.attribute_losses",
            d_loss=float(end["d_class_loss"]),
            g_loss=float(end["g_class_loss"]),
            d_guess=math.log(2) * (2 if class_on_fake else 1),
            g_guess=math.log(2),
        ),
    ]
    if test is not None:
        is_overfitted = trained - test > MAX_TEST_GAP
        values = {"trained": trained, "test": test, "is_overfitted": is_overfitted}
        found.append(finding("acgan.test_accuracy", **values))
    return found


# ------------------------------------------------------------------------------------ checkpoint


def checkpoint(metrics: pd.DataFrame, results: Results) -> Finding:
    """Say which checkpoint is kept, and how it compares with the lowest KID and with the last."""
    scored = metrics.dropna(subset=["snapshot_kid"]).set_index("step")
    has_rule = "snapshot_score" in scored  # runs of plain GANs have no r
    steps = {"kept": results["kept_step"], "best": results["best_step"], "last": scored.index[-1]}
    kid = {name: float(scored.loc[step, "snapshot_kid"]) for name, step in steps.items()}
    r = {
        name: float(scored.loc[step, "snapshot_correlation"]) if has_rule else None
        for name, step in steps.items()
    }
    score = scored["snapshot_score" if has_rule else "snapshot_kid"]
    # a KID may be at or below zero, where the ratio means nothing: then only r decides
    has_risen = kid["kept"] > 0 and kid["last"] / kid["kept"] - 1 > MAX_KID_RISE
    return finding(
        "acgan.checkpoint",
        count=len(scored),
        steps={name: int(step) for name, step in steps.items()},
        kid=kid,
        r=r if has_rule else None,
        by_rule=bool(score[steps["kept"]] <= score.min()),
        kid_rose=has_risen,
        r_fell=has_rule and r["kept"] - r["last"] > MAX_CORRELATION_LOSS,
        is_judged=not is_trial(results),
    )


# ------------------------------------------------------------------------------------- in the end


def learned(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say what the run teaches: whether control is clean, and how far D's own reading is off."""
    if is_trial(results):
        return []
    by, real = results["attribute_accuracy_by"], _classifier(results)
    levels = {control_level(by[name], real.get(name)) for name in by}
    deviating = deviations(results, ("own", "exaggerated", "missing"), _working(results))
    leakage_real = results.get("leakage_real", {})
    lesson = finding(
        "acgan.lesson",
        level=levels.pop() if len(levels) == 1 else "mixed",
        count=len(deviating),
        known=sum(len(leakage_real.get(name, {name: 0})) - 1 for name in _working(results)),
        largest=deviating[0]._asdict() if deviating else None,
        margin=min_leak(results),
    )
    return [lesson, *_judges(metrics)]


def _judges(metrics: pd.DataFrame) -> list[Finding]:
    """Say whether D and the classifier agree on the images of the last checkpoint.

    D's accuracy there, with half of the labels on, corresponds to a correlation of twice that
    less 1.
    """
    if "snapshot_correlation" not in metrics:
        return []
    last = metrics.dropna(subset=["snapshot_correlation"]).iloc[-1]
    own, r = float(last["class_accuracy_fake"]), float(last["snapshot_correlation"])
    is_flattered = 2 * own - 1 - r > MIN_FLATTERY
    values = {"step": int(last["step"]), "own": own, "r": r}
    return [finding("acgan.judges", **values, is_flattered=is_flattered)]
