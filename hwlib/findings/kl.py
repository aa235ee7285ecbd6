"""What the KL study's numbers bear out: one VAE a weight, side by side.

Anchors keep a comparison of bad weights from praising the least bad one: real images for sharpness
and diversity, the same at half resolution for blur, the noise floor for the Fréchet distance, and
the mean image for reconstructions, which is the best that a decoder can do without z.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import chi

from hwlib.findings.base import (
    MIN_CHANGE,
    MIN_RECORDS,
    Results,
    is_trial,
    too_few,
    trial,
)
from hwlib.findings.samples import MAX_APART_RATIO
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
    """Return the share of codes that lie as near to the origin as 99 % of the prior's z do.

    Args:
        mu: (N, Z) posterior means.
    """
    return float((np.linalg.norm(mu, axis=1) < chi.ppf(PRIOR_SHARE, mu.shape[1])).mean())


# ------------------------------------------------------------------------------ how it was made


def made(results: Results, z_dim: int) -> Finding:
    """Say how many VAEs there are, with which weights, and what they share.

    Args:
        results: the study's.
        z_dim: latents of each VAE.
    """
    told = list(results["kl_weights"])
    return finding(
        "kl.made",
        count=len(results["studies"]),
        told=told,
        others=sorted(set(results["kl_sweep"]) - set(told)),
        z_dim=z_dim,
    )


# ------------------------------------------------------------------------------ learning curves


def ruler(betas: Mapping[float, float]) -> Finding:
    """Say by which one measure the weights are compared, and what beta is of a weight.

    Args:
        betas: by weight, the factor on the KL in what was minimised, errors in nats.
    """
    factor = next((beta / weight for weight, beta in betas.items() if weight > 0), None)
    return finding("kl.ruler", factor=factor)


def curves(metrics: Mapping[float, pd.DataFrame], results: Results) -> list[Finding]:
    """Say how the negative ELBO (beta 1) went while the weighted objective was minimised.

    Args:
        metrics: `Run.metrics` by weight, with `objective`, what was minimised; see
            `hwlib.objectives.with_objective`.
        results: the study's.
    """
    shortest = min(len(one) for one in metrics.values())
    if shortest < MIN_RECORDS:
        return [too_few(shortest)]
    found = [_course(weight, one) for weight, one in metrics.items()]
    if any(one.values["is_apart"] for one in found):
        found.append(finding("kl.gap"))
    rows = {row["kl_weight"]: row for row in results["studies"] if row["kl_weight"] in metrics}
    if len(rows) > 1 and not is_trial(results):
        best = min(rows, key=lambda weight: rows[weight]["neg_elbo_nats"])
        nats = rows[best]["neg_elbo_nats"]
        found.append(finding("kl.lowest_elbo", weight=best, nats=nats, count=len(rows)))
    return found


def _end(values: pd.Series) -> float:
    """Return the mean over the last twentieth of a curve."""
    return float(values.iloc[-max(1, len(values) // 20) :].mean())


def _running(values: pd.Series) -> np.ndarray:
    """Return the means over each twentieth of a curve."""
    return values.rolling(max(1, len(values) // 20)).mean().dropna().to_numpy()


def _course(weight: float, metrics: pd.DataFrame) -> Finding:
    """Say of one weight where the two curves began and ended, and whether they went together."""
    objective, elbo = metrics["objective"], metrics["neg_elbo_nats"]
    first, last = float(elbo.iloc[0]), _end(elbo)
    start, end = float(objective.iloc[0]), _end(objective)
    # means over a twentieth, as the end is one: the best of single batches is a matter of luck
    smooth, aims = (_running(values) for values in (elbo, objective))
    low = int(np.argmin(smooth))
    lowest = float(smooth[low])
    has_fallen = end < start * (1 - MIN_CHANGE)
    rose = last > lowest * (1 + MIN_CHANGE) and end < aims[low] * (1 - MIN_CHANGE)
    return finding(
        "kl.course",
        weight=weight,
        objective_start=start,
        objective_end=end,
        elbo_start=first,
        elbo_end=last,
        lowest=lowest,
        gap=last - end,
        objective_fell=has_fallen,
        elbo_fell=last < first * (1 - MIN_CHANGE),
        elbo_rose_again=has_fallen and rose,
        is_apart=abs(last - end) > MIN_CHANGE * max(abs(last), abs(end)),
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
    shown = originals[: next(iter(frames.values())).shape[1]] / 255
    mean_error = float(((shown - images.mean(0, dtype=np.float64) / 255) ** 2).mean())
    errors = {
        weight: [float(((kept[at] / 255 - shown) ** 2).mean()) for at in (0, -1)]
        for weight, kept in frames.items()
    }
    own = max(_spread(shown), 1e-9)
    spreads = {weight: _spread(kept[-1] / 255) / own for weight, kept in frames.items()}
    return [
        finding(
            "kl.growth",
            steps=[int(steps[0]), int(steps[-1])],
            errors=errors,
            stuck=[w for w, (a, b) in errors.items() if b > a * (1 - SAME_ERROR)],
        ),
        finding(
            "kl.beside_mean",
            count=len(shown),
            error=mean_error,
            no_better=[w for w, (_, b) in errors.items() if b > NEAR_MEAN * mean_error],
        ),
        finding(
            "kl.spread",
            spreads=spreads,
            same=[weight for weight, spread in spreads.items() if spread < SAME_IMAGE],
        ),
    ]


def _spread(images: np.ndarray) -> float:
    """Return the RMS by which images (N, H, W, C) differ from their mean."""
    return float(np.sqrt(images.var(0).mean()))


# -------------------------------------------------------------------------------------- samples


class Share(NamedTuple):
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


def shares(results: Results) -> list[Share]:
    """Return every row of the study beside real images and the noise floor, small weights first.

    Args:
        results: the study's.
    """

    def ratio(row: Study, name: str, anchor: str) -> float | None:
        return row[name] / results[anchor] if name in row and results.get(anchor) else None

    return [
        Share(
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
        results: the study's.
        data: what it was trained on, from `hwlib.load_data`.

    Returns:
        None where real images' sharpness was not measured.
    """
    from hwlib.claims.measures import half_sharpness  # loads torch

    real = results.get("sharpness_real")
    return half_sharpness(data) / real if real else None


def samples(results: Results, half: float | None) -> list[Finding]:
    """Say how the prior samples of the weights that are discussed stand to real images.

    Args:
        results: the study's.
        half: from `half_share`.
    """
    known = {share.weight: share for share in shares(results) if share.sharpness is not None}
    told = [known[weight] for weight in results["kl_weights"] if weight in known]
    if not told or is_trial(results):
        return []
    is_blurred, is_far = _anchored(told, half)
    return [
        finding(
            "kl.samples",
            shares={share.weight: share._asdict() for share in told},
            has_diversity=all(share.diversity is not None for share in told),
            has_floor=all(share.floors is not None for share in told),
            is_blurred=is_blurred,
            is_far=is_far,
            alike=[
                share.weight
                for share in told
                if share.diversity is not None and share.diversity < COLLAPSED_DIVERSITY
            ],
        )
    ]


def _anchored(known: Sequence[Share], half: float | None) -> tuple[bool, bool]:
    """Return whether even the sharpest samples are blurred, and even the nearest ones far."""
    floors = [share.floors for share in known if share.floors is not None]
    is_blurred = half is not None and max(share.sharpness for share in known) < half
    return is_blurred, bool(floors) and min(floors) > MAX_APART_RATIO


def _blurred(known: Sequence[Share], half: float | None) -> list[Finding]:
    """Say that every weight's samples are blurred, or far from real images, where that is so."""
    if not known:
        return []
    is_blurred, is_far = _anchored(known, half)
    if not (is_blurred or is_far):
        return []
    floors = [share.floors for share in known if share.floors is not None]
    return [
        finding(
            "kl.blurred",
            count=len(known),
            sharpest=max(share.sharpness for share in known),
            half=half,
            nearest=min(floors, default=None),
            is_blurred=is_blurred,
            is_far=is_far,
        )
    ]


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
    own = {weight: _rms(way[0], way[-1]) for weight, way in frames.items()}
    differing = {weight: way for weight, way in frames.items() if own[weight] > SAME_IMAGE * real}
    same = [weight for weight in frames if weight not in differing]
    found = [finding("kl.ends", real=real, ends=own, same=same)]
    if differing:
        shares = {
            weight: _rms(way[len(way) // 2], (way[0].astype(float) + way[-1]) / 2) / own[weight]
            for weight, way in differing.items()
        }
        fades = [weight for weight, share in shares.items() if share < NEAR_AVERAGE]
        found.append(finding("kl.middle", shares=shares, fades=fades))
    return found


def _rms(a: np.ndarray, b: np.ndarray) -> float:
    """Return the RMS difference of two images in grey levels."""
    return float(np.sqrt(((a.astype(float) - b) ** 2).mean()))


# ------------------------------------------------------------------------ numbers over the weight


def sweep(results: Results, mean_error: float) -> list[Finding]:
    """Say what a larger weight does to code, error, active latents and samples.

    Args:
        results: the study's.
        mean_error: of the mean image, from `findings.vae.mean_image_mse`.
    """
    rows = ordered(results)
    if len(rows) < 2 or is_trial(results):
        return []
    low, high = rows[0], rows[-1]
    longer, closer = [], []
    for a, b in itertools.pairwise(rows):
        step = (a["kl_weight"], b["kl_weight"])
        if b["kl_nats"] > max(a["kl_nats"] * (1 + SAME_ERROR), a["kl_nats"] + NO_CODE):
            longer.append(step)
        if b["test_mse_01"] < a["test_mse_01"] * (1 - SAME_ERROR):
            closer.append(step)
    found = [
        finding(
            "kl.rate",
            low=low["kl_weight"],
            high=high["kl_weight"],
            rates=[low["kl_nats"], high["kl_nats"]],
            errors=[low["test_mse_01"], high["test_mse_01"]],
            mean_error=mean_error,
            longer=longer,
            closer=closer,
        )
    ]
    known = [share for share in shares(results) if share.floors is not None]
    if len(known) > 1:
        best = min(known, key=lambda share: share.floors)
        found.append(
            finding(
                "kl.distance",
                weight=best.weight,
                floors=best.floors,
                ends=[(share.weight, share.floors) for share in (known[0], known[-1])],
                is_inside=best.weight not in (known[0].weight, known[-1].weight),
            )
        )
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
        results: the study's.
        mean_error: of the mean image, from `findings.vae.mean_image_mse`.
        half: from `half_share`.
        within: `share_within_prior` by weight, of the weights that are discussed.
        z_dim: latents of each VAE.
        course_steps: updates of the report's own schedule.
    """
    if is_trial(results):
        return [trial(results)]
    rows = ordered(results)
    if len(rows) < 2:
        return [finding("kl.alone")]
    known = [share for share in shares(results) if share.sharpness is not None]
    return [
        *_blurred(known, half),
        *_large(rows, results, mean_error, half, z_dim),
        *_zero(rows, results, mean_error, half, within),
        *_balance(rows, known, half),
        finding(
            "kl.caveat",
            steps=results["num_steps"],
            course_steps=course_steps,
            is_short=results["num_steps"] < course_steps / 2,
        ),
    ]


def _large(
    rows: Sequence[Study], results: Results, mean_error: float, half: float | None, z_dim: int
) -> list[Finding]:
    """Say what is left of code and reconstruction at the largest weight."""
    high = rows[-1]
    share = {one.weight: one for one in shares(results)}[high["kl_weight"]]
    collapsed = [row["kl_weight"] for row in rows if row["active_units"] == 0]
    left = high["test_mse_01"] / mean_error
    return [
        finding(
            "kl.large",
            weight=high["kl_weight"],
            active=high["active_units"],
            z_dim=z_dim,
            nats=high["kl_nats"],
            error=high["test_mse_01"],
            mean_error=mean_error,
            saved=1 - left,
            diversity=share.diversity,
            sharpness=share.sharpness,
            sharpness_reconstructions=share.sharpness_reconstructions,
            half=half,
            is_blurred=_is_below(half, share.sharpness, share.sharpness_reconstructions),
            collapsed=collapsed,
            is_collapsed=high["active_units"] == 0 and left > NEAR_MEAN,
            is_nearly=high["kl_nats"] < 1.0,
            is_alike=share.diversity is not None and share.diversity < COLLAPSED_DIVERSITY,
        )
    ]


def _zero(
    rows: Sequence[Study],
    results: Results,
    mean_error: float,
    half: float | None,
    within: Mapping[float, float],
) -> list[Finding]:
    """Say what becomes of codes, reconstructions and samples without the KL term."""
    zero = rows[0]
    if zero["kl_weight"] != 0:
        return []
    share = {one.weight: one for one in shares(results)}[0]
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
            sharpness=share.sharpness,
            diversity=share.diversity,
            is_blurred=_is_below(half, share.sharpness),
            is_alike=share.diversity is not None and share.diversity < COLLAPSED_DIVERSITY,
        )
    ]


def _balance(rows: Sequence[Study], known: Sequence[Share], half: float | None) -> list[Finding]:
    """Say whether the best reconstructions and the nearest samples have the same weight.

    Nothing where all samples are bad: the nearest of them is no merit.
    """
    near = [share for share in known if share.floors is not None]
    if len(near) < 2 or any(_anchored(known, half)):
        return []
    error = min(rows, key=lambda row: row["test_mse_01"])
    best = min(near, key=lambda share: share.frechet)
    at = next(row for row in rows if row["kl_weight"] == best.weight)
    return [
        finding(
            "kl.balance",
            sharp=error["kl_weight"],
            near=best.weight,
            floors=best.floors,
            more_error=at["test_mse_01"] / error["test_mse_01"] - 1,
            is_same=error["kl_weight"] == best.weight,
            is_equal=at["test_mse_01"] <= error["test_mse_01"] * (1 + HARD_TO_SEE),
        )
    ]


def _is_below(limit: float | None, *values: float | None) -> bool:
    """Whether all values are known and below a limit that is known."""
    return limit is not None and all(value is not None and value < limit for value in values)
