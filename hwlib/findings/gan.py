"""What is the case with an adversarial training: who is ahead, which checkpoint, what G leaves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hwlib.findings.base import MIN_RECORDS, Results, is_trial, too_few, trial
from hwlib.findings.samples import covered, is_far
from hwlib.text import Finding, finding
from hwlib.thresholds import COLLAPSED_D_LOSS, COLLAPSED_DIVERSITY, HEALTHY_D_ACCURACY

# What a D that answers one half to everything pays (Goodfellow et al. 2014, section 4.1).
GUESSED = {"d_loss": 2 * math.log(2), "g_loss": math.log(2)}
CHANCE = 0.5
MAX_GUESSING = 0.55  # D's accuracy, mean of real and generated, up to which it hardly tells
MIN_WON = 0.95  # from here on it recognises nearly every generated image
LAST_TENTH = 0.1
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
        metrics: `Run.metrics` of a GAN, an ACGAN or an InfoGAN.
        results: the run's results.
        with_claims: also say what claims C7 and C8 measure.
    """
    if is_trial(results):
        return [trial(results)]
    if len(metrics) < MIN_RECORDS:
        return [too_few(len(metrics))]
    course = _course(metrics) if with_claims else []
    return [_balance(metrics, results), *course, *_breaks(metrics, results)]


def _late(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the last tenth of the records."""
    return metrics.iloc[-max(1, round(len(metrics) * LAST_TENTH)) :]


def _level(results: Results) -> str:
    """Return how D stands over the last tenth of training: "guessing", "ahead" or "won"."""
    mean = (results["d_accuracy_real"] + results["d_accuracy_fake"]) / 2
    return "guessing" if mean <= MAX_GUESSING else "won" if mean >= MIN_WON else "ahead"


def _balance(metrics: pd.DataFrame, results: Results) -> Finding:
    """Say the losses and D's accuracies over the last tenth of training, beside chance."""
    late = _late(metrics)
    return finding(
        "gan.balance",
        d_loss=float(late["d_loss"].mean()),
        g_loss=float(late["g_loss"].mean()),
        d_guess=GUESSED["d_loss"],
        g_guess=GUESSED["g_loss"],
        real=results["d_accuracy_real"],
        fake=results["d_accuracy_fake"],
        chance=CHANCE,
        level=_level(results),
        is_far=is_far(results),
    )


def _course(metrics: pd.DataFrame) -> list[Finding]:
    """Say what claims C7 and C8 measure, of this run and without a verdict."""
    from hwlib.claims.measures import late, opposed_share  # loads torch

    names = ("d_accuracy_real", "d_accuracy_fake")
    accuracy = late(np.mean([metrics[name].to_numpy(dtype=float) for name in names], axis=0))
    low, high = HEALTHY_D_ACCURACY
    inside = float(((low <= accuracy) & (accuracy <= high)).mean())
    found = [finding("gan.band", low=low, high=high, share=inside)]
    losses = [metrics[name].to_numpy(dtype=float) for name in ("d_loss", "g_loss")]
    if all(np.ptp(late(values)) > 0 for values in losses):
        found.append(finding("gan.jumps", share=opposed_share(*losses) / 100))
    return found


def _breaks(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say whether diversity was lost, or D's loss came to zero, and what became of the KID then."""
    signs = {sign["sign"]: sign["step"] for sign in results["collapse"]}
    found = []
    scored = metrics.dropna(subset=["snapshot_kid"]) if "snapshot_kid" in metrics else None
    if "diversity_gone" in signs:
        last, is_growing = results["final_diversity"], False
        if scored is not None and len(scored) > 1:
            seen = scored["snapshot_diversity"]
            is_growing = bool(
                last > (1 + MIN_GROWTH) * seen.iloc[0] and last >= (1 - MAX_LOST) * seen.max()
            )
        found.append(
            finding(
                "gan.diversity_lost",
                step=signs["diversity_gone"],
                last=last,
                limit=COLLAPSED_DIVERSITY,
                is_growing=is_growing,
            )
        )
    if "d_loss_zero" in signs and scored is not None:
        step = signs["d_loss_zero"]
        then = scored.loc[scored["step"] <= step, "snapshot_kid"]
        after = scored.loc[scored["step"] > step, "snapshot_kid"]
        found.append(
            finding(
                "gan.loss_zero",
                step=step,
                limit=COLLAPSED_D_LOSS,
                then=float(then.iloc[-1]),
                last=float(after.iloc[-1]) if len(after) else None,
            )
        )
    return found


# ---- checkpoints ---------------------------------------------------------------------------------


def checkpoint(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say which checkpoint has the lowest KID, which is kept, and how the last one compares.

    Args:
        metrics: `Run.metrics`, with `snapshot_kid` where a checkpoint was scored.
        results: the run's results.
    """
    kids = metrics["snapshot_kid"].dropna()
    course = _checkpoint_course(metrics, results)
    return [
        finding(
            "gan.checkpoint",
            count=len(kids),
            best_step=results["best_step"],
            kept_step=results["kept_step"],
            best_kid=results["best_kid"],
            last_kid=results["last_kid"],
            course="trial" if is_trial(results) else course,
        )
    ]


def _checkpoint_course(metrics: pd.DataFrame, results: Results) -> str:
    """Return how the last checkpoint stands to the best: it is the "last", "even" or "worse"."""
    if results["best_step"] == results["num_steps"]:
        return "last"
    first = float(metrics["snapshot_kid"].dropna().iloc[0])
    best, last = results["best_kid"], results["last_kid"]
    noise = abs(results.get("kid_real", 0.0))  # two KIDs closer than this are equal
    has_risen = last - best > max(MAX_KID_RISE * best, noise)
    return "worse" if has_risen or _lost(first, results) > MAX_LOST else "even"


def _lost(first: float, results: Results) -> float:
    """Return the share of the checkpoints' improvement that the last one has lost again."""
    gained, lost = first - results["best_kid"], results["last_kid"] - results["best_kid"]
    if gained > 0:
        return lost / gained
    return math.inf if lost > 0 else 0.0


def losses_and_quality(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say that G's loss did not fall while its images came closer, where it was so.

    Compared are the first checkpoint and the best one.
    """
    if is_trial(results) or "snapshot_kid" not in metrics:
        return []
    first_row, *_ = metrics.index[metrics["snapshot_kid"].notna()]
    first_kid, best_kid = float(metrics.loc[first_row, "snapshot_kid"]), results["best_kid"]
    until_best = metrics.loc[metrics["step"] <= results["best_step"], "g_loss"]
    count = max(1, round(len(metrics) * LAST_TENTH))
    first_loss, best_loss = float(until_best.iloc[:count].mean()), float(until_best[-count:].mean())
    has_fallen = first_kid > 0 and best_kid < (1 - MIN_KID_FALL) * first_kid
    if not has_fallen or best_loss < first_loss:
        return []
    kids, losses = (first_kid, best_kid), (first_loss, best_loss)
    return [finding("gan.losses_and_quality", kids=kids, losses=losses)]


# ---- what the generator leaves -------------------------------------------------------------------


def lattice(measured: Mapping[str, Any] | None) -> list[Finding]:
    """Say that samples carry a pattern of two pixels' period; nothing where it cannot be seen.

    Args:
        measured: `explore.lattice`.
    """
    if measured is None:
        return []
    is_peak = measured["peak"] >= MIN_PEAK * max(1.0, measured["peak_real"])
    if not is_peak or measured["grey_levels"] < MIN_GREY_LEVELS:
        return []
    return [finding("gan.lattice", **measured)]


def architecture(layers: Sequence[Any]) -> list[Finding]:
    """Say where the generator follows the DCGAN; nothing where it does not.

    Args:
        layers: G's of `explore.network_layers`.
    """
    kinds = {layer.kind for layer in layers}
    is_dcgan = {"ConvTranspose2d", "BatchNorm2d"} <= kinds
    return [finding("gan.dcgan")] if is_dcgan else []


def next_steps(
    metrics: pd.DataFrame, results: Results, measured: Mapping[str, Any] | None
) -> list[Finding]:
    """Say what this run suggests to try next; nothing after a trial, or where nothing stands out.

    Args:
        metrics: `Run.metrics`.
        results: the run's results.
        measured: `explore.lattice`.
    """
    if is_trial(results) or "snapshot_kid" not in metrics:
        return []
    signs = {
        "longer": _checkpoint_course(metrics, results) == "last",
        "lattice": bool(lattice(measured)) and bool(measured and measured["is_transposed"]),
        "regularise": _level(results) == "won",
        "variety": covered(results) in ("few", "none") if "frechet" in results else False,
    }
    steps = [name for name, is_so in signs.items() if is_so]
    return [finding("gan.next_steps", steps=steps)] if steps else []
