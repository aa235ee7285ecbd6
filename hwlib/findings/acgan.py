"""What an ACGAN's numbers bear out: does the label do what it says, and what else does it do."""

import math

import numpy as np
import pandas as pd

from hwlib.findings.base import MIN_RECORDS, Results, end_of, first_above, grade, is_trial
from hwlib.text import Finding, finding

CHANCE = 0.5  # half of the samples are asked to have the attribute, whatever its rate in the data
# Shares of the way from chance to what the classifier reaches on real images.
MIN_CONTROL = {"clear": 0.8, "partial": 0.3}
MIN_ADVANTAGE = 0.02  # a classifier that beats the majority-class baseline by less judges nothing
MIN_EFFECT = 0.05  # changes of a rate below this count as none
MIN_LEAK = 0.15  # samples that change by this much more or less than real images differ
NUM_ERRORS = 3  # standard errors that a leak exceeds where images are few
MAX_SWITCHES = 3  # attributes whose control is said one by one
MAX_LISTED = 8  # leaks that are named of many
MAX_TEST_GAP = 0.05  # of D's attribute accuracy, training less test, before D counts as overfitted
MIN_FLATTERY = 0.2  # of D's reading above the classifier's, as correlations
MAX_KID_RISE = 0.25  # of the last checkpoint's KID above the one kept, as claim C12 counts it
MAX_CORRELATION_LOSS = 0.1  # of r, from the checkpoint kept to the last one

# Where leaks come from: "own", samples change more than real images differ: mixed up by the
# network; "missing", real images differ, samples change less or not at all; "from_data", samples
# change about as much as real images differ.
KINDS = ("own", "missing", "from_data")


def min_leak(results: Results) -> float:
    """Return the change of a rate that counts as a leak: 15 points, more where images are few."""
    pairs, test = results["num_attribute_samples"] / 2, results["num_test_images"]
    # two rates of `pairs` samples each, and two of half of the test images
    return max(MIN_LEAK, NUM_ERRORS * math.sqrt(0.5 / pairs + 1 / test))


def leaks(results: Results) -> pd.DataFrame:
    """Return what each switch does to the other attributes beside real images, the largest first.

    Returns:
        A row a switch and attribute of which real images are known: `switched`, `name`; `samples`
        and `real`, the changes of its rate, with minus without; `excess`, the difference of both;
        `kind`, one of `KINDS`, or "" where nothing happens that counts.
    """
    of = [
        (switched, name, change, results["leakage_real"].get(switched, {}).get(name))
        for switched, changes in results["leakage"].items()
        for name, change in changes.items()
        if name != switched
    ]
    rows = pd.DataFrame(of, columns=["switched", "name", "samples", "real"])
    rows = rows.astype({"samples": float, "real": float}).dropna()
    samples, real, least = rows["samples"], rows["real"], min_leak(results)
    excess = samples - real
    deviates = excess.abs() >= least
    falls_short = (samples * real > 0) | (samples.abs() < MIN_EFFECT)
    is_missing = deviates & (real.abs() > samples.abs()) & falls_short
    kinds = [is_missing, deviates, samples.abs() >= least]
    kind = np.select(kinds, ["missing", "own", "from_data"], "")
    rows = rows.assign(excess=excess, kind=kind)
    return rows.sort_values("excess", key=lambda excess: -excess.abs(), kind="stable")


def control(results: Results) -> Finding:
    """Say how well the label controls each attribute; of many their mean, the worst and the best.

    The reading is held against chance, and against what the classifier reaches on real images: a
    label is "unreadable" where it hardly beats the majority-class baseline there.
    """
    flips, rows = results["attribute_flip_rate_by"], []
    for name, accuracy in results["attribute_accuracy_by"].items():
        real, level = results["oracle"]["by_attribute"][name], "unreadable"
        if real["accuracy"] >= real["floor"] + MIN_ADVANTAGE:
            share = (accuracy - CHANCE) / (real["accuracy"] - CHANCE)
            level = grade(share, MIN_CONTROL, "none")
        about = {"attribute": name, "accuracy": accuracy, "flips": flips[name]}
        rows.append(about | {"real": real, "level": level})
    flags = {"is_many": len(rows) > MAX_SWITCHES, "is_judged": not is_trial(results)}
    return finding("acgan.control", run=results, rows=rows, **flags)


def leakage(results: Results) -> list[Finding]:
    """Say everything else that a switch changes, beside how real images differ, largest first."""
    if is_trial(results):
        return []
    found, rows, is_one = [], leaks(results), len(results["leakage"]) == 1
    if len(rows) and not rows["kind"].isin(["own", "missing"]).any():
        found.append(finding("acgan.no_leaks", is_one=is_one, margin=min_leak(results)))
    for kind in KINDS:
        of_kind = rows[rows["kind"] == kind].to_dict("records")
        if of_kind:
            about = {"leaks": of_kind[:MAX_LISTED], "count": len(of_kind), "is_one": is_one}
            found.append(finding(f"acgan.leaks_{kind}", **about))
    return found


def curves(
    metrics: pd.DataFrame, results: Results, *, class_on_fake: bool = False
) -> list[Finding]:
    """Say how D learned the attribute, and G to show it; nothing of a trial or a short curve.

    With `class_on_fake` D's attribute loss sums that of real images and that of G's.
    """
    if is_trial(results) or len(metrics) < MIN_RECORDS:
        return []
    end, real = end_of(metrics).mean(), results["oracle"]["by_attribute"]
    test = results["class_accuracy_test"]
    about = {"first_step": first_above(metrics, "class_accuracy_fake"), "test": test}
    about["baseline"] = float(np.mean([real[name]["floor"] for name in results["attributes"]]))
    about["is_overfitted"] = bool(end["class_accuracy_real"] - test > MAX_TEST_GAP)
    guess = math.log(2)
    about |= {"d_guess": guess * (2 if class_on_fake else 1), "g_guess": guess}
    return [finding("acgan.curves", end=end.to_dict(), **about)]


def checkpoint(metrics: pd.DataFrame, results: Results) -> Finding:
    """Say which checkpoint is kept, and how it compares with the lowest KID and with the last."""
    scored = metrics.dropna(subset=["snapshot_kid"]).set_index("step", drop=False)
    steps = [results["kept_step"], results["best_step"], scored.index[-1]]
    kept, best, last = scored.loc[steps].to_dict("records")
    r_lost = kept["snapshot_correlation"] - last["snapshot_correlation"]
    # a KID may be at or below zero, where the ratio means nothing: then only r decides
    kid = kept["snapshot_kid"]
    flags = {
        "by_rule": kept["snapshot_score"] <= scored["snapshot_score"].min(),
        "kid_rose": kid > 0 and last["snapshot_kid"] / kid - 1 > MAX_KID_RISE,
        "r_fell": r_lost > MAX_CORRELATION_LOSS,
        "is_judged": not is_trial(results),
    }
    about = {"count": len(scored), "kept": kept, "best": best, "last": last}
    return finding("acgan.checkpoint", **about, **flags)


def learned(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say what the run teaches: whether control is clean, and how far D's own reading is off.

    D's accuracy at the last checkpoint, with half of the labels on, corresponds to a correlation of
    twice that less 1.
    """
    if is_trial(results):
        return []
    levels = {row["level"] for row in control(results).values["rows"]}
    rows = leaks(results)
    deviating = rows[rows["kind"].isin(["own", "missing"])].to_dict("records")
    about = {"leaks": deviating, "known": len(rows), "margin": min_leak(results)}
    level = levels.pop() if len(levels) == 1 else "mixed"
    last = metrics.dropna(subset=["snapshot_correlation"]).iloc[-1]
    own = 2 * last["class_accuracy_fake"] - 1
    is_flattered = bool(own - last["snapshot_correlation"] > MIN_FLATTERY)
    judges = finding("acgan.judges", last=last.to_dict(), is_flattered=is_flattered)
    return [finding("acgan.lesson", level=level, **about), judges]
