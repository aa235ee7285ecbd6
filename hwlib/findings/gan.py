"""What is the case with an adversarial training: who is ahead, which checkpoint, what G leaves."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hwlib.claims.shapes import opposed_share, share_between
from hwlib.findings.base import Results, end_of, grade, is_trial, no_course
from hwlib.findings.samples import describe
from hwlib.text import Finding, finding
from hwlib.thresholds import COLLAPSED_D_LOSS, COLLAPSED_DIVERSITY, HEALTHY_D_ACCURACY

# Of D's accuracy, the mean of real and generated images; below, it hardly tells them apart.
MIN_ACCURACY = {"won": 0.95, "ahead": 0.55}
COLLAPSED = {"diversity_gone": COLLAPSED_DIVERSITY, "d_loss_zero": COLLAPSED_D_LOSS}
MAX_KID_RISE = 0.25  # of the last checkpoint's KID above the lowest, as claim C12 counts it
MIN_PEAK = 1.5  # of the spectrum at a period of two pixels, times that of real images
MIN_GREY_LEVELS = 2.0  # RMS of such a pattern that the eye can see


def game(metrics: pd.DataFrame, results: Results, *, with_claims: bool = True) -> list[Finding]:
    """Say where an adversarial run's losses and accuracies ended beside chance, and how they moved.

    With `with_claims` also what claims C7 and C8 measure.
    """
    if short := no_course(metrics, results):
        return short
    run = {**describe(results), **end_of(metrics)[["d_loss", "g_loss"]].mean()}
    found = [finding("gan.balance", run=run, level=_level(results))]
    if with_claims:
        columns = ("d_accuracy_real", "d_accuracy_fake", "d_loss", "g_loss")
        real, fake, *losses = metrics[list(columns)].to_numpy(dtype=float).T
        low, high = HEALTHY_D_ACCURACY
        inside = share_between((real + fake) / 2, low, high) / 100
        found.append(finding("gan.band", low=low, high=high, share=inside))
        found.append(finding("gan.jumps", share=opposed_share(*losses) / 100))
    kid = metrics.set_index("step")["snapshot_kid"].dropna()
    for sign in results["collapse"]:
        about = {"step": sign["step"], "then": float(kid.loc[: sign["step"]].iloc[-1])}
        limit = COLLAPSED[sign["sign"]]
        found.append(finding(f"gan.{sign['sign']}", run=results, limit=limit, **about))
    return found


def _level(results: Results) -> str:
    """Return how D stands over the last tenth of training: "guessing", "ahead" or "won"."""
    mean = (results["d_accuracy_real"] + results["d_accuracy_fake"]) / 2
    return grade(mean, MIN_ACCURACY, "guessing")


def checkpoint(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say which checkpoint has the lowest KID, which is kept, and how the last one compares."""
    best, last = results["best_kid"], results["last_kid"]
    # two KIDs that differ by less than the noise floor are equal
    has_risen = last - best > max(MAX_KID_RISE * best, abs(results["kid_real"]))
    course = "last" if _is_last(results) else "worse" if has_risen else "even"
    course = "trial" if is_trial(results) else course
    count = metrics["snapshot_kid"].count()
    return [finding("gan.checkpoint", run=results, count=count, course=course)]


def _is_last(results: Results) -> bool:
    return results["best_step"] == results["num_steps"]


def lattice(measured: Mapping[str, Any] | None) -> list[Finding]:
    """Say that samples carry a visible pattern of two pixels' period, by `explore.lattice`."""
    if measured is None or measured["grey_levels"] < MIN_GREY_LEVELS:
        return []
    is_peak = measured["peak"] >= MIN_PEAK * max(1.0, measured["peak_real"])
    return [finding("gan.lattice", measured=measured)] if is_peak else []


def next_steps(results: Results, measured: Mapping[str, Any] | None) -> list[Finding]:
    """Say what this run, and `explore.lattice`, suggest to try next; nothing after a trial."""
    signs = {
        "longer": _is_last(results),
        "lattice": bool(lattice(measured)) and measured["is_transposed"],
        "regularise": _level(results) == "won",
        "variety": describe(results)["covered"] in ("few", "none"),
    }
    steps = [name for name, is_so in signs.items() if is_so and not is_trial(results)]
    return [finding("gan.next_steps", steps=steps)] if steps else []
