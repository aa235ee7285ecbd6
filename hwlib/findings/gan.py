"""What is the case with an adversarial training: who is ahead, which checkpoint, what G leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hwlib.claims.curves import late, opposed_share, share_between
from hwlib.findings.base import Results, end_of, grade, is_trial, no_course, pick
from hwlib.findings.samples import covered, is_far
from hwlib.text import Finding, finding
from hwlib.thresholds import COLLAPSED_D_LOSS, COLLAPSED_DIVERSITY, HEALTHY_D_ACCURACY

# Of D's accuracy, the mean of real and generated images; below, it hardly tells them apart.
MIN_ACCURACY = {"won": 0.95, "ahead": 0.55}
MAX_KID_RISE = 0.25  # of the last checkpoint's KID above the lowest, as claim C12 counts it
MAX_LOST = 0.1  # share of the improvement that the last checkpoint may have lost again
MIN_GROWTH = 0.3  # relative, of diversity, before it counts as growing
MIN_KID_FALL = 0.5  # relative, before a fall is set beside the losses
MIN_PEAK = 1.5  # of the spectrum at a period of two pixels, times that of real images
MIN_GREY_LEVELS = 2.0  # RMS of such a pattern that the eye can see


# ---- the game ------------------------------------------------------------------------------------


def game(metrics: pd.DataFrame, results: Results, *, with_claims: bool = True) -> list[Finding]:
    """Say where losses and accuracies ended beside chance, and how they moved.

    Args:
        metrics: of a GAN, an ACGAN or an InfoGAN.
        with_claims: also say what claims C7 and C8 measure.
    """
    if short := no_course(metrics, results):
        return short
    end = end_of(metrics)
    balance = finding(
        "gan.balance",
        d_loss=float(end["d_loss"].mean()),
        g_loss=float(end["g_loss"].mean()),
        real=results["d_accuracy_real"],
        fake=results["d_accuracy_fake"],
        level=_level(results),
        is_far=is_far(results),
    )
    course = _course(metrics) if with_claims else []
    return [balance, *course, *_breaks(metrics, results)]


def _level(results: Results) -> str:
    """Return how D stands over the last tenth of training: "guessing", "ahead" or "won"."""
    mean = (results["d_accuracy_real"] + results["d_accuracy_fake"]) / 2
    return grade(mean, MIN_ACCURACY, "guessing")


def _course(metrics: pd.DataFrame) -> list[Finding]:
    """Say what claims C7 and C8 measure, of this run and without a verdict."""
    columns = {name: column.to_numpy(dtype=float) for name, column in metrics.items()}
    accuracy = (columns["d_accuracy_real"] + columns["d_accuracy_fake"]) / 2
    low, high = HEALTHY_D_ACCURACY
    inside = share_between(accuracy, low, high) / 100
    found = [finding("gan.band", low=low, high=high, share=inside)]
    losses = columns["d_loss"], columns["g_loss"]
    if all(np.ptp(late(values)) > 0 for values in losses):
        found.append(finding("gan.jumps", share=opposed_share(*losses) / 100))
    return found


def _breaks(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say whether diversity was lost, or D's loss came to zero, and what became of the KID then."""
    steps = {sign["sign"]: sign["step"] for sign in results["collapse"]}
    scored = metrics.dropna(subset=["snapshot_kid"]) if "snapshot_kid" in metrics else None
    found = []
    if "diversity_gone" in steps:
        last, is_growing = results["final_diversity"], False
        if scored is not None and len(scored) > 1:
            before = scored["snapshot_diversity"]
            has_grown = last > (1 + MIN_GROWTH) * before.iloc[0]
            is_growing = bool(has_grown and last >= (1 - MAX_LOST) * before.max())
        values = {"step": steps["diversity_gone"], "last": last, "limit": COLLAPSED_DIVERSITY}
        found.append(finding("gan.diversity_lost", **values, is_growing=is_growing))
    if "d_loss_zero" in steps and scored is not None:
        step = steps["d_loss_zero"]
        then = scored.loc[scored["step"] <= step, "snapshot_kid"]
        after = scored.loc[scored["step"] > step, "snapshot_kid"]
        kids = {"then": float(then.iloc[-1]), "last": float(after.iloc[-1]) if len(after) else None}
        found.append(finding("gan.loss_zero", step=step, limit=COLLAPSED_D_LOSS, **kids))
    return found


# ---- checkpoints ---------------------------------------------------------------------------------


def checkpoint(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say which checkpoint has the lowest KID, which is kept, and how the last one compares."""
    kids = metrics["snapshot_kid"].dropna()
    course = "trial" if is_trial(results) else _checkpoint_course(metrics, results)
    values = pick(results, "best_step", "kept_step", "best_kid", "last_kid")
    return [finding("gan.checkpoint", count=len(kids), **values, course=course)]


def _checkpoint_course(metrics: pd.DataFrame, results: Results) -> str:
    """Return how the last checkpoint stands to the best: it is the "last", "even" or "worse"."""
    if results["best_step"] == results["num_steps"]:
        return "last"
    best, last = results["best_kid"], results["last_kid"]
    gained, lost = float(metrics["snapshot_kid"].dropna().iloc[0]) - best, last - best
    noise = abs(results.get("kid_real", 0.0))  # two KIDs closer than this are equal
    has_risen = lost > max(MAX_KID_RISE * best, noise)
    return "worse" if has_risen or lost > MAX_LOST * max(gained, 0) else "even"


def losses_and_quality(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say that G's loss did not fall while its images came closer, where it was so.

    Compared are the first checkpoint and the best one.
    """
    if is_trial(results) or "snapshot_kid" not in metrics:
        return []
    kids = float(metrics["snapshot_kid"].dropna().iloc[0]), results["best_kid"]
    until_best = metrics.loc[metrics["step"] <= results["best_step"], "g_loss"]
    count = len(end_of(metrics))
    losses = float(until_best.iloc[:count].mean()), float(until_best[-count:].mean())
    has_fallen = kids[0] > 0 and kids[1] < (1 - MIN_KID_FALL) * kids[0]
    if not has_fallen or losses[1] < losses[0]:
        return []
    return [finding("gan.losses_and_quality", kids=kids, losses=losses)]


# ---- what the generator leaves -------------------------------------------------------------------


def lattice(measured: Mapping[str, Any] | None) -> list[Finding]:
    """Say that samples carry a pattern of two pixels' period; nothing where it cannot be seen.

    Args:
        measured: `explore.lattice`.
    """
    if measured is None or measured["grey_levels"] < MIN_GREY_LEVELS:
        return []
    is_peak = measured["peak"] >= MIN_PEAK * max(1.0, measured["peak_real"])
    values = pick(measured, "peak", "peak_real", "is_transposed")
    return [finding("gan.lattice", **values)] if is_peak else []


def architecture(layers: Sequence[Any]) -> list[Finding]:
    """Say where the generator follows the DCGAN; nothing where it does not.

    Args:
        layers: G's of `explore.network_layers`.
    """
    is_dcgan = {"ConvTranspose2d", "BatchNorm2d"} <= {layer.kind for layer in layers}
    return [finding("gan.dcgan")] if is_dcgan else []


def next_steps(
    metrics: pd.DataFrame, results: Results, measured: Mapping[str, Any] | None
) -> list[Finding]:
    """Say what this run suggests to try next; nothing after a trial, or where nothing stands out.

    Args:
        measured: `explore.lattice`.
    """
    if is_trial(results) or "snapshot_kid" not in metrics:
        return []
    signs = {
        "longer": _checkpoint_course(metrics, results) == "last",
        "lattice": any(found.values["is_transposed"] for found in lattice(measured)),
        "regularise": _level(results) == "won",
        "variety": "frechet" in results and covered(results) in ("few", "none"),
    }
    steps = [name for name, is_so in signs.items() if is_so]
    return [finding("gan.next_steps", steps=steps)] if steps else []
