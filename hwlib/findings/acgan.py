"""What an ACGAN's numbers bear out: does the label do what it says, and what else does it do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from hwlib.findings.base import MIN_RECORDS, Results, is_trial
from hwlib.findings.samples import is_far
from hwlib.text import Finding, finding

CHANCE = 0.5  # half of the samples are asked to have the attribute, whatever its rate in the data
# Shares of the way from chance to what the classifier reaches on real images.
MIN_CLEAR_CONTROL, MIN_SOME_CONTROL = 0.8, 0.3
MIN_ADVANTAGE = 0.02  # a classifier that beats the majority-class baseline by less judges nothing
MIN_EFFECT = 0.05  # changes of a rate below this count as none
MIN_LEAK = 0.15  # samples that change by this much more or less than real images differ
NUM_ERRORS = 3  # standard errors that a leak exceeds where images are few
MAX_SWITCHES = 3  # switched attributes whose leaks are told one by one
MAX_LISTED = 8  # leaks that are named of many switched attributes
MAX_TEST_GAP = 0.05  # of D's attribute accuracy, training less test, before D counts as overfitted
MIN_FLATTERY = 0.2  # of D's reading above the classifier's, as correlations
LATE_SHARE = 0.1  # of the curve, that is called its end
MAX_KID_RISE = 0.25  # of the last checkpoint's KID above the one kept, as claim C12 counts it
MAX_CORRELATION_LOSS = 0.1  # of r, from the checkpoint kept to the last one


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
        """Return by how much samples change beyond what real images differ."""
        return self.samples - (self.real or 0.0)


class Leaks(NamedTuple):
    """Leaks by where they come from, the largest first.

    Attributes:
        own: samples change, real images do not, or the other way: mixed up by the network.
        exaggerated: real images differ the same way, samples more.
        from_data: samples change about as much as real images differ.
        missing: real images differ, samples change less or not at all.
        unknown: samples change; what real images do is not known.
    """

    own: list[Leak]
    exaggerated: list[Leak]
    from_data: list[Leak]
    missing: list[Leak]
    unknown: list[Leak]


def min_leak(results: Results) -> float:
    """Return the change of a rate that counts as a leak: 15 points, more where images are few."""
    pairs, test = results["num_attribute_samples"] / 2, results["num_test_images"]
    # two rates of `pairs` samples each, and two of half of the test images
    return max(MIN_LEAK, NUM_ERRORS * math.sqrt(0.5 / pairs + 1 / test))


def sort_leaks(results: Results, switched: Sequence[str] | None = None) -> Leaks:
    """Sort every attribute that a switch changes, or fails to change, beside real images.

    Args:
        results: the run's.
        switched: attributes whose switch is looked at; all of the run's where it is None.
    """
    least, real = min_leak(results), results.get("leakage_real", {})
    found = Leaks([], [], [], [], [])
    for name in switched if switched is not None else results["leakage"]:
        for other, change in results["leakage"][name].items():
            if other != name:
                leak = Leak(name, other, change, real.get(name, {}).get(other))
                if (kind := _kind(leak, least)) is not None:
                    getattr(found, kind).append(leak)
    for kind, leaks in found._asdict().items():
        by_data = kind == "from_data"
        leaks.sort(key=lambda leak, d=by_data: -abs(leak.samples if d else leak.excess))
    return found


def _kind(leak: Leak, least: float) -> str | None:
    """Return which of the `Leaks` this is; None where nothing happens that counts."""
    if leak.real is None:
        return "unknown" if abs(leak.samples) >= least else None
    if abs(leak.excess) < least:
        return "from_data" if abs(leak.samples) >= least else None
    is_same_way = leak.samples * leak.real > 0
    if abs(leak.real) > abs(leak.samples) and (is_same_way or abs(leak.samples) < MIN_EFFECT):
        return "missing"
    return "exaggerated" if is_same_way and abs(leak.real) >= least else "own"


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


def _control_of(name: str, results: Results) -> Finding:
    accuracy = results["attribute_accuracy_by"][name]
    seen = results.get("oracle", {}).get("by_attribute", {}).get(name)
    return finding(
        "acgan.control",
        attribute=name,
        count=results["num_attribute_samples"],
        accuracy=accuracy,
        flips=results["attribute_flip_rate_by"][name],
        chance=CHANCE,
        ceiling=seen["accuracy"] if seen else None,
        baseline=seen["floor"] if seen else None,
        level="trial" if is_trial(results) else control_level(accuracy, seen),
    )


def control_level(accuracy: float, seen: Mapping[str, float] | None) -> str:
    """Return how well a label works, by the classifier's reading and by what it can read at all.

    Args:
        accuracy: share of the samples that are read as asked.
        seen: the classifier's `accuracy` and majority-class baseline `floor` on real images.

    Returns:
        "clear", "partial" or "none"; "unanchored" where nothing is known of the classifier,
        "unreadable" where it hardly beats the baseline.
    """
    if seen is None:
        return "unanchored"
    if seen["accuracy"] < seen["floor"] + MIN_ADVANTAGE:
        return "unreadable"
    reached = (accuracy - CHANCE) / (seen["accuracy"] - CHANCE)
    if reached >= MIN_CLEAR_CONTROL:
        return "clear"
    return "partial" if reached >= MIN_SOME_CONTROL else "none"


def _control_of_many(results: Results) -> Finding:
    by = results["attribute_accuracy_by"]
    seen = results.get("oracle", {}).get("by_attribute", {})
    worst, best = min(by, key=by.get), max(by, key=by.get)
    known = [seen[name]["accuracy"] for name in by if name in seen]
    levels = [control_level(by[name], seen.get(name)) for name in by]
    return finding(
        "acgan.control_of_many",
        num_attributes=len(by),
        num_clear=levels.count("clear"),
        is_judged=not is_trial(results) and len(known) == len(by),
        accuracy=results["attribute_accuracy"],
        flips=results["attribute_flip_rate"],
        chance=CHANCE,
        ceiling=sum(known) / len(known) if known else None,
        worst=worst,
        worst_accuracy=by[worst],
        worst_ceiling=seen[worst]["accuracy"] if worst in seen else None,
        best=best,
        best_accuracy=by[best],
    )


# --------------------------------------------------------------------------------------- leakage


def leakage(results: Results) -> list[Finding]:
    """Say everything else that a switch changes, beside how real images differ, largest first.

    Of more than three switched attributes the largest leaks of all are named, and counted.
    """
    if is_trial(results):
        return []
    idle = [name for name, changes in results["leakage"].items() if _is_idle(name, changes)]
    found = [finding("acgan.idle", attributes=idle)] if idle else []
    switched = [name for name in results["leakage"] if name not in idle]
    if not switched:
        return found
    if len(switched) > MAX_SWITCHES:
        return [*found, *_leaks_of(switched, results)]
    return [*found, *(f for name in switched for f in _leaks_of([name], results))]


def _is_idle(name: str, changes: Mapping[str, float]) -> bool:
    """Whether the switch does not even change its own attribute."""
    return abs(changes.get(name, 1.0)) < MIN_EFFECT


def _leaks_of(switched: Sequence[str], results: Results) -> list[Finding]:
    """Say the leaks of some switches: one kind a finding, all of a single switch's leaks."""
    leaks, margin = sort_leaks(results, switched), min_leak(results)
    is_many = len(switched) > 1
    about = {"attribute": None if is_many else switched[0], "margin": margin}
    found = []
    for kind in ("own", "exaggerated", "missing", "unknown", "from_data"):
        all_of_kind: list[Leak] = getattr(leaks, kind)
        shown = all_of_kind[:MAX_LISTED] if is_many else all_of_kind
        if shown:
            listed = [leak._asdict() for leak in shown]
            count = len(all_of_kind)
            found.append(finding(f"acgan.leaks_{kind}", leaks=listed, count=count, **about))
    if not any((leaks.own, leaks.exaggerated, leaks.missing, leaks.unknown)):
        is_known = any(results.get("leakage_real", {}).get(name) for name in switched)
        found.insert(0, finding("acgan.no_leaks", is_real_known=is_known, **about))
    return found


# ---------------------------------------------------------------------------------------- curves


def curves(
    metrics: pd.DataFrame, results: Results, *, class_on_fake: bool = False
) -> list[Finding]:
    """Say how D learned the attribute, and G to show it; nothing of a trial or a short curve.

    Args:
        metrics: `Run.metrics`.
        results: the run's results.
        class_on_fake: whether D's attribute loss sums that of real images and that of G's.
    """
    if is_trial(results) or len(metrics) < MIN_RECORDS:
        return []
    late = metrics.iloc[-max(1, round(LATE_SHARE * len(metrics))) :]
    real, fake = (float(late[f"class_accuracy_{kind}"].mean()) for kind in ("real", "fake"))
    first = metrics.loc[metrics["class_accuracy_fake"] > 0.9, "step"]
    seen = results.get("oracle", {}).get("by_attribute", {})
    baselines = [seen[name]["floor"] for name in results["attributes"] if name in seen]
    test = results.get("class_accuracy_test")
    return [
        finding(
            "acgan.attribute_accuracy",
            real=real,
            fake=fake,
            chance=CHANCE,
            baseline=sum(baselines) / len(baselines) if baselines else None,
            first_step=int(first.iloc[0]) if len(first) else None,
        ),
        finding(
            "acgan.attribute_losses",
            d_loss=float(late["d_class_loss"].mean()),
            g_loss=float(late["g_class_loss"].mean()),
            d_guess=math.log(2) * (2 if class_on_fake else 1),
            g_guess=math.log(2),
        ),
        *([] if test is None else [_test_accuracy(real, test)]),
    ]


def _test_accuracy(trained: float, test: float) -> Finding:
    """Say whether D reads test images as well as those it was trained on."""
    is_overfitted = trained - test > MAX_TEST_GAP
    return finding("acgan.test_accuracy", trained=trained, test=test, is_overfitted=is_overfitted)


# ------------------------------------------------------------------------------------ checkpoint


def checkpoint(metrics: pd.DataFrame, results: Results) -> Finding:
    """Say which checkpoint is kept, and how it compares with the lowest KID and with the last.

    Args:
        metrics: `Run.metrics`, with the checkpoints' scores.
        results: the run's results.
    """
    scored = metrics.dropna(subset=["snapshot_kid"])
    kept = scored[scored["step"] == results["kept_step"]].iloc[0]
    best = scored[scored["step"] == results["best_step"]].iloc[0]
    last = scored.iloc[-1]
    has_rule = "snapshot_score" in scored  # runs of plain GANs have no r
    values = {
        f"{which}_{name}": float(row[f"snapshot_{column}"]) if has_rule else None
        for which, row in (("kept", kept), ("best", best), ("last", last))
        for name, column in (("kid", "kid"), ("r", "correlation"))
    }
    lowest = scored["snapshot_score"].min() if has_rule else scored["snapshot_kid"].min()
    score = kept["snapshot_score"] if has_rule else kept["snapshot_kid"]
    # a KID may be at or below zero, where the ratio means nothing: then only r decides
    rise = last["snapshot_kid"] / kept["snapshot_kid"] - 1 if kept["snapshot_kid"] > 0 else 0.0
    return finding(
        "acgan.checkpoint",
        count=len(scored),
        kept_step=int(kept["step"]),
        best_step=int(best["step"]),
        last_step=int(last["step"]),
        by_rule=bool(score <= lowest),
        is_lowest_kid=bool(kept["step"] == best["step"]),
        is_last=bool(kept["step"] == last["step"]),
        kid_rose=bool(rise > MAX_KID_RISE),
        r_fell=bool(has_rule and values["kept_r"] - values["last_r"] > MAX_CORRELATION_LOSS),
        is_judged=not is_trial(results),
        **values,
    )


# ------------------------------------------------------------------------------------- in the end


def learned(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say what the run teaches: whether control is clean, and how far D's own reading is off.

    Args:
        metrics: `Run.metrics`.
        results: the run's results.
    """
    if is_trial(results):
        return []
    seen = results.get("oracle", {}).get("by_attribute", {})
    by = results["attribute_accuracy_by"]
    levels = {control_level(by[name], seen.get(name)) for name in by}
    switched = [n for n, changes in results["leakage"].items() if not _is_idle(n, changes)]
    leaks = sort_leaks(results, switched)
    off = sorted([*leaks.own, *leaks.exaggerated, *leaks.missing], key=lambda x: -abs(x.excess))
    level = levels.pop() if len(levels) == 1 else "mixed"
    known = sum(len(results.get("leakage_real", {}).get(name, {name: 0})) - 1 for name in switched)
    found = [
        finding(
            "acgan.lesson",
            level=level,
            count=len(off),
            known=known,
            largest=off[0]._asdict() if off else None,
            margin=min_leak(results),
        )
    ]
    return [*found, *_judges(metrics)]


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
