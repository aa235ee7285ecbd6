"""What the KL study's numbers bear out: one VAE a weight, side by side.

Anchors keep a comparison of bad weights from praising the least bad one: real images for sharpness
and diversity, the same at half resolution for blur, the noise floor for the Fréchet distance, and
the mean image for reconstructions, which is the best that a decoder can do without z. `half` is
real images' sharpness at half resolution (`half_share`), `mean_error` the mean image's MSE
(`findings.vae.mean_image_mse`), `mu` (N, Z) are posterior means.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi

from hwlib.findings.base import MIN_CHANGE, MIN_RECORDS, Results, is_trial, too_few, trial
from hwlib.findings.samples import MAX_RATIO
from hwlib.text import Finding, finding
from hwlib.thresholds import COLLAPSED_DIVERSITY

Study = Mapping[str, Any]  # a row of the study's `studies`

SAME_ERROR = 0.05  # two runs that differ in the seed alone differ by less
NO_CODE = 0.1  # nats: codes that differ by less differ by nothing
HARD_TO_SEE = 0.1  # reconstructions whose errors differ by less look alike
NEAR_MEAN = 0.9  # of the mean image's error: such reconstructions hardly depend on z
PRIOR_SHARE = 0.99  # of the prior's z, that the ball around the origin holds
FEW_INSIDE = 0.5  # of the codes within that ball: most lie where the prior hardly draws
SAME_IMAGE = 0.05  # of the distance between two test images: their reconstructions are one
NEAR_AVERAGE = 0.15  # of the ends' distance: a middle this near their average is a cross-fade


# -------------------------------------------------------------------------------------- anchors


def share_within_prior(mu: np.ndarray) -> float:
    """Return the share of codes that lie as near to the origin as 99 % of the prior's z do."""
    return float((np.linalg.norm(mu, axis=1) < chi.ppf(PRIOR_SHARE, mu.shape[1])).mean())


@dataclass(frozen=True)
class Anchored:
    """A study's row beside its anchors; None where the study does not know it.

    Attributes:
        weight: lambda.
        sharpness: of samples, as a share of real images'.
        sharpness_reconstructions: the same of reconstructions.
        diversity: of samples, as a share of real images'.
        frechet: of samples.
        floors: the same as a multiple of the noise floor.
    """

    weight: float
    sharpness: float | None
    sharpness_reconstructions: float | None
    diversity: float | None
    frechet: float | None
    floors: float | None

    @property
    def is_alike(self) -> bool:
        """Whether samples hardly differ from one another."""
        return self.diversity is not None and self.diversity < COLLAPSED_DIVERSITY


def anchored(results: Results) -> list[Anchored]:
    """Return every row of the study beside real images and the noise floor, small weights first."""

    def ratio(row: Study, name: str, anchor: str) -> float | None:
        return row[name] / results[anchor] if name in row and results.get(anchor) else None

    return [
        Anchored(
            row["kl_weight"],
            ratio(row, "sharpness_samples", "sharpness_real"),
            ratio(row, "sharpness_reconstructions", "sharpness_real"),
            ratio(row, "diversity_samples", "diversity_real"),
            row.get("frechet"),
            ratio(row, "frechet", "frechet_real"),
        )
        for row in ordered(results)
    ]


def ordered(results: Results) -> list[Study]:
    """Return the study's rows, small weights first."""
    return sorted(results["studies"], key=lambda row: row["kl_weight"])


def half_share(results: Results, data: Any) -> float | None:
    """Return which share of their sharpness real images keep at half resolution.

    Args:
        data: what it was trained on, from `hwlib.load_data`.

    Returns:
        None where real images' sharpness was not measured.
    """
    from hwlib.claims.measures import RealImages  # loads torch

    real = results.get("sharpness_real")
    return RealImages(data).half_sharpness / real if real else None


def _level(known: Sequence[Anchored], half: float | None) -> dict[str, Any]:
    """Return the sharpest and the nearest samples, and whether even these are blurred, or far."""
    sharpest = max(one.sharpness for one in known)
    nearest = min((one.floors for one in known if one.floors is not None), default=None)
    is_far = nearest is not None and nearest > MAX_RATIO["apart"]
    best = {"sharpest": sharpest, "nearest": nearest}
    return best | {"is_blurred": half is not None and sharpest < half, "is_far": is_far}


# ------------------------------------------------------------------------------ how it was made


def made(results: Results, z_dim: int) -> Finding:
    """Say how many VAEs there are, with which weights, and what they share."""
    weights = list(results["kl_weights"])
    others = sorted(set(results["kl_sweep"]) - set(weights))
    count = len(results["studies"])
    return finding("kl.made", count=count, weights=weights, others=others, z_dim=z_dim)


def common_unit(betas: Mapping[float, float]) -> Finding:
    """Say by which one measure the weights are compared, and what beta is of a weight.

    Args:
        betas: by weight, the factor on the KL in what was minimised, errors in nats.
    """
    factor = next((beta / weight for weight, beta in betas.items() if weight > 0), None)
    return finding("kl.common_unit", factor=factor)


# ------------------------------------------------------------------------------ learning curves


def curves(metrics: Mapping[float, pd.DataFrame], results: Results) -> list[Finding]:
    """Say how the negative ELBO (beta 1) went while the weighted objective was minimised.

    Args:
        metrics: `Run.metrics` by weight, with `objective`, what was minimised; see
            `hwlib.objectives.with_objective`.
    """
    shortest = min(len(one) for one in metrics.values())
    if shortest < MIN_RECORDS:
        return [too_few(shortest)]
    found = [_course(weight, one) for weight, one in metrics.items()]
    if any(one.values["is_apart"] for one in found):
        found.append(finding("kl.gap"))
    nats = {r["kl_weight"]: r["neg_elbo_nats"] for r in results["studies"]}
    nats = {weight: value for weight, value in nats.items() if weight in metrics}
    if len(nats) > 1 and not is_trial(results):
        best = min(nats, key=nats.get)
        found.append(finding("kl.lowest_elbo", weight=best, nats=nats[best], count=len(nats)))
    return found


def _course(weight: float, metrics: pd.DataFrame) -> Finding:
    """Say of one weight where the two curves began and ended, and whether they went together."""
    # means over a twentieth: the best and the last of single batches are a matter of luck
    width = max(1, len(metrics) // 20)
    curves = metrics[["objective", "neg_elbo_nats"]]
    start = curves.iloc[0].to_dict()
    end = curves.iloc[-width:].mean().to_dict()
    aims, smooth = curves.rolling(width).mean().dropna().to_numpy().T
    low = int(np.argmin(smooth))
    aim, elbo = end["objective"], end["neg_elbo_nats"]
    has_fallen = aim < start["objective"] * (1 - MIN_CHANGE)
    rose = elbo > smooth[low] * (1 + MIN_CHANGE) and aim < aims[low] * (1 - MIN_CHANGE)
    return finding(
        "kl.course",
        weight=weight,
        objective=(start["objective"], aim),
        elbo=(start["neg_elbo_nats"], elbo),
        lowest=float(smooth[low]),
        objective_fell=has_fallen,
        elbo_fell=elbo < start["neg_elbo_nats"] * (1 - MIN_CHANGE),
        elbo_rose_again=bool(has_fallen and rose),
        is_apart=abs(elbo - aim) > MIN_CHANGE * max(abs(elbo), abs(aim)),
    )


# ------------------------------------------------------------------------------ reconstructions


def growth(
    originals: np.ndarray,
    frames: Mapping[float, np.ndarray],
    steps: Sequence[int],
    images: np.ndarray,
) -> list[Finding]:
    """Say how the error of the reconstructions that are shown fell, beside the mean image's.

    Args:
        originals: uint8 (N or more, H, W, C).
        frames: by weight, uint8 (T, N, H, W, C), the reconstructions after each of `steps`.
        steps: (T,).
        images: uint8 (M, H, W, C), whose mean is the anchor.
    """
    real = originals[: next(iter(frames.values())).shape[1]] / 255
    mean_error = float(((real - images.mean(0, dtype=np.float64) / 255) ** 2).mean())
    errors = {
        weight: [float(((kept[at] / 255 - real) ** 2).mean()) for at in (0, -1)]
        for weight, kept in frames.items()
    }
    own = max(_spread(real), 1e-9)
    spreads = {weight: _spread(kept[-1] / 255) / own for weight, kept in frames.items()}
    ends = [int(steps[0]), int(steps[-1])]
    stuck = [w for w, (a, b) in errors.items() if b > a * (1 - SAME_ERROR)]
    no_better = [w for w, (_, b) in errors.items() if b > NEAR_MEAN * mean_error]
    same = [weight for weight, spread in spreads.items() if spread < SAME_IMAGE]
    return [
        finding("kl.growth", steps=ends, errors=errors, stuck=stuck),
        finding("kl.beside_mean", count=len(real), error=mean_error, no_better=no_better),
        finding("kl.spread", spreads=spreads, same=same),
    ]


def _spread(images: np.ndarray) -> float:
    """Return the RMS by which images (N, H, W, C) differ from their mean."""
    return float(np.sqrt(images.var(0).mean()))


# -------------------------------------------------------------------------------- interpolation


def widest_pair(originals: np.ndarray, count: int) -> int:
    """Return which of `count` pairs, images 2i and 2i + 1 of uint8 (N, H, W, C), differs most."""
    pairs = originals[: 2 * count].astype(float)
    return int(((pairs[0::2] - pairs[1::2]) ** 2).mean((1, 2, 3)).argmax())


def interpolation(frames: Mapping[float, np.ndarray], ends: np.ndarray) -> list[Finding]:
    """Say whether the ends differ, and whether the middle is more than the average of the ends.

    Args:
        frames: by weight, uint8 (N, H, W, C), from one image's reconstruction to the other's.
        ends: uint8 (2, H, W, C), the two images.
    """
    real = _rms(ends[0], ends[1])
    own = {weight: _rms(path[0], path[-1]) for weight, path in frames.items()}
    same = [weight for weight in frames if own[weight] <= SAME_IMAGE * real]
    found = [finding("kl.ends", real=real, ends=own, same=same)]
    shares = {
        weight: _rms(path[len(path) // 2], (path[0].astype(float) + path[-1]) / 2) / own[weight]
        for weight, path in frames.items()
        if weight not in same
    }
    if shares:
        fades = [weight for weight, share in shares.items() if share < NEAR_AVERAGE]
        found.append(finding("kl.middle", shares=shares, fades=fades))
    return found


def _rms(a: np.ndarray, b: np.ndarray) -> float:
    """Return the RMS difference of two images in grey levels."""
    return float(np.sqrt(((a.astype(float) - b) ** 2).mean()))


# ------------------------------------------------------------------------ samples and the sweep


def samples(results: Results, half: float | None) -> list[Finding]:
    """Say how the prior samples of the weights that are discussed stand to real images."""
    known = {one.weight: one for one in anchored(results) if one.sharpness is not None}
    discussed = [known[weight] for weight in results["kl_weights"] if weight in known]
    if not discussed or is_trial(results):
        return []
    level = _level(discussed, half)
    return [
        finding(
            "kl.samples",
            rows=[asdict(one) for one in discussed],
            has_diversity=all(one.diversity is not None for one in discussed),
            has_floor=all(one.floors is not None for one in discussed),
            is_blurred=level["is_blurred"],
            is_far=level["is_far"],
            alike=[one.weight for one in discussed if one.is_alike],
        )
    ]


def sweep(results: Results, mean_error: float) -> list[Finding]:
    """Say what a larger weight does to code, error, active latents and samples."""
    rows = ordered(results)
    if len(rows) < 2 or is_trial(results):
        return []
    longer, closer = [], []
    for a, b in itertools.pairwise(rows):
        step = (a["kl_weight"], b["kl_weight"])
        if b["kl_nats"] > max(a["kl_nats"] * (1 + SAME_ERROR), a["kl_nats"] + NO_CODE):
            longer.append(step)
        if b["test_mse_01"] < a["test_mse_01"] * (1 - SAME_ERROR):
            closer.append(step)
    ends = rows[0], rows[-1]
    against = {"longer": longer, "closer": closer}
    found = [finding("kl.rate", ends=ends, mean_error=mean_error, **against)]
    floors = {one.weight: one.floors for one in anchored(results) if one.floors is not None}
    if len(floors) > 1:
        found.append(finding("kl.distance", floors=floors, best=min(floors, key=floors.get)))
    return found


# ----------------------------------------------------------------------------------- discussion


def discussion(
    results: Results,
    *,
    mean_error: float,
    half: float | None,
    within: Mapping[float, float],
    z_dim: int,
    course_steps: int,
) -> list[Finding]:
    """Say what the KL term does in this study, the most important first.

    Args:
        within: `share_within_prior` by weight, of the weights that are discussed.
        course_steps: updates of the report's own schedule.
    """
    if is_trial(results):
        return [trial(results)]
    rows = ordered(results)
    if len(rows) < 2:
        return [finding("kl.alone")]
    steps = results["num_steps"]
    about = {"steps": steps, "course_steps": course_steps, "is_short": steps < course_steps / 2}
    every = anchored(results)
    return [
        *_blurred([one for one in every if one.sharpness is not None], half),
        _large(rows, every[-1], mean_error, half, z_dim),
        *_zero(rows, every[0], mean_error, half, within),
        *_balance(rows, [one for one in every if one.sharpness is not None], half),
        finding("kl.caveat", **about),
    ]


def _blurred(known: Sequence[Anchored], half: float | None) -> list[Finding]:
    """Say that every weight's samples are blurred, or far from real images, where that is so."""
    if not known:
        return []
    level = _level(known, half)
    is_bad = level["is_blurred"] or level["is_far"]
    return [finding("kl.blurred", count=len(known), half=half, **level)] if is_bad else []


def _large(
    rows: Sequence[Study], high: Anchored, mean_error: float, half: float | None, z_dim: int
) -> Finding:
    """Say what is left of code and reconstruction at the largest weight."""
    row = rows[-1]
    is_mean_image = row["test_mse_01"] > NEAR_MEAN * mean_error
    return finding(
        "kl.large",
        row=row,
        z_dim=z_dim,
        mean_error=mean_error,
        saved=1 - row["test_mse_01"] / mean_error,
        own=asdict(high),
        half=half,
        is_blurred=_is_below(half, high.sharpness, high.sharpness_reconstructions),
        collapsed=[row["kl_weight"] for row in rows if row["active_units"] == 0],
        is_collapsed=row["active_units"] == 0 and is_mean_image,
        is_nearly=row["kl_nats"] < 1.0,
        is_alike=high.is_alike,
    )


def _zero(
    rows: Sequence[Study],
    own: Anchored,
    mean_error: float,
    half: float | None,
    within: Mapping[float, float],
) -> list[Finding]:
    """Say what becomes of codes, reconstructions and samples without the KL term."""
    zero = rows[0]
    if zero["kl_weight"] != 0:
        return []
    lowest = min(rows, key=lambda row: row["test_mse_01"])
    inside = within.get(0.0)
    return [
        finding(
            "kl.zero",
            saved=1 - zero["test_mse_01"] / mean_error,
            is_lowest=zero["test_mse_01"] <= lowest["test_mse_01"] * (1 + SAME_ERROR),
            lowest=lowest["kl_weight"],
            lowest_saved=1 - lowest["test_mse_01"] / mean_error,
            nats=zero["kl_nats"],
            inside=inside,
            is_outside=inside is not None and inside < FEW_INSIDE,
            own=asdict(own),
            is_poor=_is_below(half, own.sharpness) and own.is_alike,
        )
    ]


def _balance(rows: Sequence[Study], known: Sequence[Anchored], half: float | None) -> list[Finding]:
    """Say whether the best reconstructions and the nearest samples have the same weight.

    Nothing where all samples are bad: the nearest of them is no merit.
    """
    near = [one for one in known if one.floors is not None]
    if len(near) < 2 or _blurred(known, half):
        return []
    error = min(rows, key=lambda row: row["test_mse_01"])
    best = min(near, key=lambda one: one.frechet)
    at = next(row for row in rows if row["kl_weight"] == best.weight)
    return [
        finding(
            "kl.balance",
            sharp=error["kl_weight"],
            near=best.weight,
            floors=best.floors,
            more_error=at["test_mse_01"] / error["test_mse_01"] - 1,
            is_equal=at["test_mse_01"] <= error["test_mse_01"] * (1 + HARD_TO_SEE),
        )
    ]


def _is_below(limit: float | None, *values: float | None) -> bool:
    """Whether all values are known and below a limit that is known."""
    return limit is not None and all(value is not None and value < limit for value in values)
