"""What is the case with a VAE: its curves, its reconstructions, its latents, and what follows.

Samples are judged as those of any model are (`findings.samples`), the loss by `findings.losses`.
`mean_mse` is the mean test image's (`mean_image_mse`), `mu` (N, Z) are posterior means, `labels`
(N,) an attribute's 0 or 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from hwlib.claims import curves as shape
from hwlib.claims.neighbours import NEIGHBOURS, errors_removed, neighbour_accuracy
from hwlib.data.layouts import LAYOUTS
from hwlib.findings.base import (
    GREY_LEVELS,
    MIN_CHANGE,
    MIN_RECORDS,
    Results,
    grade,
    is_trial,
    no_course,
    rmse_grey,
    share_of_real,
    trial,
)
from hwlib.findings.samples import SAME_GREY_LEVELS, closeness, floor_ratio, sharpness_level
from hwlib.text import Finding, finding
from hwlib.thresholds import ACTIVE_VARIANCE

RECONSTRUCTIONS = ("sharpness", "reconstructions")  # as `share_of_real` takes them
AT_ONCE = 1_000  # images whose squared deviations are in memory

# The course of the KL term by the measures of claims C3 and C3', and their margins, in percent.
MIN_EARLY_FALL = 20
MIN_LATER_RISE = 10
MAX_PLATEAU_CHANGE = 5
MIN_LAST_FALL = 1  # over the last tenth: less than this is level
MIN_TREND = 0.5  # rank correlation with time, without the first tenth

MIN_OVERFIT_GAP = 0.05  # of the negative ELBO, relative, test above training
SAME_ORDER = 2.0  # MSEs that differ by less than this factor may share a unit
MIN_EXPLAINED = {"most": 0.85, "half": 0.5}  # of the squared error that the mean image leaves
FIRST_LATENTS = 10
MIN_CAUSE_SHARE = {"blur": 2 / 3, "both": 1 / 3}  # of the distance of samples
MIN_SINGLE_SHARE = 0.8  # of a latent's variance, before it is said to stand for one factor
# Of the majority-class baseline's errors removed: by a plane and by neighbours as in claim C18.
MIN_SEPARATED = {"separated": 0.5, "partly": 0.1}
MIN_NEIGHBOURS_AGREE = 0.25
MIN_MAP_REMOVED = 0.75  # by a line or by neighbours on the map, before it shows a split
MIN_FROM_FADE = {"features": 0.3, "between": 0.15}  # of what the two ends differ by
MAX_STEP = 2.0  # times the mean step of an interpolation, before it counts as a jump


# ---- learning curves -----------------------------------------------------------------------------


def curves(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say how reconstruction loss and KL term went, and whether the model overfits."""
    if short := no_course(metrics, results):
        return short
    recon, kl = (metrics[f"{term}_nats"].to_numpy(dtype=float) for term in ("recon", "kl"))
    return [_recon_course(recon), _kl_course(kl, recon), *gap(metrics, results)]


def _median(values: np.ndarray) -> np.ndarray:
    """Return the running median over a twentieth of the curve; the two ends stay as measured."""
    window = max(3, len(values) // 20) | 1
    smooth = pd.Series(values).rolling(window, center=True, min_periods=1).median()
    smooth.iloc[[0, -1]] = values[[0, -1]]
    return smooth.to_numpy()


def _recon_course(recon: np.ndarray) -> Finding:
    """Say whether the reconstruction loss fell, how early, and whether it still falls."""
    smooth, late = _median(recon), shape.last_change(recon)
    half = smooth[-1] + (smooth[0] - smooth[-1]) / 2
    return finding(
        "vae.recon_course",
        first=smooth[0],
        last=smooth[-1],
        fell=smooth[-1] < smooth[0] * (1 - MIN_CHANGE),
        half=float(np.argmax(smooth <= half) / (len(smooth) - 1)),
        late=late / 100,
        still_falls=late < -MIN_LAST_FALL,
    )


def _kl_course(kl: np.ndarray, recon: np.ndarray) -> Finding:
    """Say where the KL term began, turned and ended, by the measures of claims C3 and C3'."""
    smooth = _median(kl)
    low, high, end = int(np.argmin(smooth)), int(np.argmax(smooth)), len(kl) - 1
    first, last = float(smooth[0]), float(smooth[-1])
    if low not in (0, end) and smooth[low] * (1 + MIN_CHANGE) < min(first, last):
        course, turn = "dip", low
    elif high not in (0, end) and smooth[high] > max(first, last) * (1 + MIN_CHANGE):
        course, turn = "peak", high
    elif abs(last - first) <= MIN_CHANGE * abs(first):
        course, turn = "flat", end
    else:
        course, turn = ("rise" if last > first else "fall"), end
    trends = [shape.trend(shape.late(values)) for values in (kl, recon)]
    return finding(
        "vae.kl_course",
        shape=course,
        first=first,
        last=last,
        turn=float(smooth[turn]),
        falls_fast=shape.early_fall(kl) <= -MIN_EARLY_FALL,
        rises_later=shape.later_rise(kl) >= MIN_LATER_RISE,
        is_plateau=abs(shape.last_change(kl)) <= MAX_PLATEAU_CHANGE,
        is_c3_prime=trends[0] <= -MIN_TREND and trends[1] >= MIN_TREND,
    )


def gap(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say how far the test set's negative ELBO lies from the training set's: overfitting or not.

    Args:
        metrics: the run's, whose test points show the course on some of the test images.
    """
    if "test_neg_elbo_nats" not in metrics:
        return []
    points = metrics.dropna(subset=["test_neg_elbo_nats"])
    course = points["test_neg_elbo_nats"].to_numpy()
    if len(course) < 3:
        return []
    train, test = float(metrics["neg_elbo_nats"].iloc[-1]), results["neg_elbo_nats"]
    best = int(np.argmin(course))
    smooth = _median(metrics["neg_elbo_nats"].to_numpy())
    then = float(smooth[metrics.index.get_loc(points.index[best])])
    has_risen = best < len(course) - 1 and course[-1] > course[best] * (1 + MIN_CHANGE)
    if has_risen and smooth[-1] > then * (1 + MIN_CHANGE):
        kind = "both"  # training minimises another balance of the two terms
    elif has_risen:
        kind = "overfit"
    else:
        kind = "gap" if (test - train) / abs(train) > MIN_OVERFIT_GAP else "none"
    values = {"low": float(course[best]), "last": float(course[-1])}
    epoch = float(points["epoch"].iloc[best])
    return [finding("vae.gap", kind=kind, train=train, test=test, epoch=epoch, **values)]


# ---- reconstructions and the MSE -----------------------------------------------------------------


def mean_image_mse(images: np.ndarray) -> float:
    """Return the MSE, pixels in [0, 1], of the one image that is best for all: their mean.

    Args:
        images: uint8 (N, H, W, C).
    """
    mean = images.mean(0, dtype=np.float64).astype(np.float32)
    parts = range(0, len(images), AT_ONCE)
    total = sum(
        float(np.square(images[i : i + AT_ONCE] - mean).sum(dtype=np.float64)) for i in parts
    )
    return total / images.size / GREY_LEVELS**2


def explained(results: Results, mean_mse: float) -> float:
    """Return the share of the mean image's squared error that the reconstructions remove."""
    return 1 - results["test_mse_01"] / mean_mse if mean_mse else 0.0


def reconstructions(results: Results, mean_mse: float) -> list[Finding]:
    """Say the error of the entire test set beside the mean image's, and what detail is left."""
    share, detail = explained(results, mean_mse), share_of_real(results, *RECONSTRUCTIONS)
    found = [
        finding(
            "vae.reconstructions",
            grey=rmse_grey(results["test_mse_01"]),
            mean_grey=rmse_grey(mean_mse),
            share=share,
            level="worse" if share <= 0 else grade(share, MIN_EXPLAINED, "little"),
            count=results["num_test_images"],
        )
    ]
    if detail is not None:
        found.append(finding("vae.detail", share=detail, level=sharpness_level(detail)))
    return found


class Reading(NamedTuple):
    """One way to read a reported MSE.

    Attributes:
        low: of the range of pixels, 0 or -1; the upper end is 1.
        over: what the mean is taken over: "values", "pixels" (summed over the channels), or "twice"
            (a mean that is divided by the channels once more).
        mse_01: what it is as a mean over every value with pixels in [0, 1].
    """

    low: int
    over: str
    mse_01: float


def readings(reported: float, channels: int = 3) -> list[Reading]:
    """Return what a reported MSE would be in [0, 1], per value, under each plausible reading."""
    ways = {"values": 1.0, "pixels": 1 / channels, "twice": float(channels)}
    return [
        Reading(low, over, reported * factor * times)
        for low, factor in ((0, 1.0), (-1, 0.25))
        for over, times in ways.items()
    ]


def reported_mse(
    results: Results,
    reported: float | None,
    *,
    letter: str,
    pixel_range: Sequence[float],
    layout: str,
) -> Finding:
    """Say what the report's number can mean, and where the data allow it, how it fits this run.

    Args:
        reported: the report's test MSE, whose unit no report defines; None where it gives none.
        letter: of the report.
        pixel_range: of the recipe's output, which suggests the range that the author had.
        layout: of the run's data; the reports' were photographs of faces.
    """
    if reported is None:
        return finding("vae.no_reported_mse", letter=letter)
    low, high = pixel_range
    natural = reported / (high - low) ** 2
    ours = results["test_mse_01"]
    nearest = min(readings(reported), key=lambda reading: abs(np.log(reading.mse_01 / ours)))
    return finding(
        "vae.reported_mse",
        letter=letter,
        reported=reported,
        low=int(low),
        grey=rmse_grey(natural),
        ratio=natural / ours,
        is_like=LAYOUTS[layout].has_face_photographs and not is_trial(results),
        is_drawn=LAYOUTS[layout].is_drawn,
        fits=1 / SAME_ORDER <= natural / ours <= SAME_ORDER,
        nearest=nearest._asdict(),
        nearest_ratio=nearest.mse_01 / ours,
    )


# ---- samples beside reconstructions --------------------------------------------------------------


def sample_cause(share: float) -> str:
    """Return what keeps samples from real images, by reconstructions' share of their distance.

    Args:
        share: the distance from reconstructed test images over that from samples.

    Returns:
        "blur" (of the decoder), "prior" (that it is not where the codes are), or "both".
    """
    return grade(share, MIN_CAUSE_SHARE, "prior")


def samples(results: Results, reconstruction_frechet: float | None = None) -> list[Finding]:
    """Say how samples and reconstructions stand to one another in what both are measured by.

    Args:
        reconstruction_frechet: the Fréchet distance from reconstructed training images to test
            images, by the run's own protocol; None where it was not measured.
    """
    found = []
    if reconstruction_frechet is not None and "frechet" in results:
        cause = sample_cause(reconstruction_frechet / results["frechet"])
        values = {"reconstructions": reconstruction_frechet, "cause": cause}
        found.append(finding("vae.sample_share", **values))
    ours, theirs = share_of_real(results, "sharpness"), share_of_real(results, *RECONSTRUCTIONS)
    if None not in (ours, theirs):
        values = {"share": ours, "level": sharpness_level(ours), "beside": theirs}
        found.append(finding("vae.sample_detail", **values))
    return found


# ---- latent space --------------------------------------------------------------------------------


def probe(
    results: Results,
    attribute: str | None,
    mu: np.ndarray | None = None,
    labels: np.ndarray | None = None,
) -> list[Finding]:
    """Say how well a linear classifier, and the nearest neighbours, tell the attribute.

    What a map of the latents shows is not said here, but by `map_split`.

    Args:
        attribute: the one that the figure is coloured by; None where the data has none.
        mu: (N, Z) posterior means of test images, for the neighbours.
        labels: 0/1 (N,), of `attribute`.
    """
    if attribute is None:
        return [finding("vae.no_probe")]
    if "linear_probe_accuracy" not in results:
        return [finding("vae.one_class", attribute=attribute)]
    accuracy, floor = results["linear_probe_accuracy"], results["linear_probe_floor"]
    removed = errors_removed(accuracy, floor)
    level = "trial" if is_trial(results) else grade(removed, MIN_SEPARATED, "not")
    values = {"accuracy": accuracy, "floor": floor, "count": results["num_test_images"]}
    found = [finding("vae.probe", attribute=attribute, **values, removed=removed, level=level)]
    if mu is not None and labels is not None and level != "trial":
        own = {"removed": neighbours_removed(mu, labels), "is_male": attribute == "Male"}
        margins = MIN_SEPARATED["separated"], MIN_NEIGHBOURS_AGREE
        found.append(finding("vae.neighbours", **own, count=NEIGHBOURS, margins=margins))
    return found


def _floor(labels: np.ndarray) -> float:
    return float(max(labels.mean(), 1 - labels.mean()))


def neighbours_removed(mu: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of the baseline's errors removed by each image's ten nearest neighbours."""
    return errors_removed(neighbour_accuracy(mu, labels), _floor(labels))


def map_split(xy: np.ndarray, labels: np.ndarray | None) -> list[Finding]:
    """Say whether a map of the latents shows the two values of an attribute apart.

    Args:
        xy: (N, 2), the map.
        labels: 0/1 (N,), or None.
    """
    if labels is None or labels.min() == labels.max() or len(xy) <= NEIGHBOURS:
        return []
    removed = neighbours_removed(xy, labels)
    limits = {"islands": MIN_MAP_REMOVED, "regions": MIN_NEIGHBOURS_AGREE}
    is_halved = line_removed(xy, labels) >= MIN_MAP_REMOVED
    level = "halves" if is_halved else grade(removed, limits, "mixed")
    return [finding("vae.map_split", level=level, removed=removed, count=NEIGHBOURS)]


def line_removed(xy: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of the baseline's errors that the least-squares line on a map removes.

    Args:
        xy: (N, 2).
    """
    labels = np.asarray(labels).astype(bool)
    x = np.column_stack([np.ones(len(xy)), xy])
    weights, *_ = np.linalg.lstsq(x, np.where(labels, 1.0, -1.0), rcond=None)
    return errors_removed(float(((x @ weights > 0) == labels).mean()), _floor(labels))


def latents(variances: np.ndarray, results: Results) -> Finding:
    """Say how many latents are in use, and how unequal they are.

    Args:
        variances: (Z,), of the posterior mean over test images.
        results: the run's; they count the active ones over the entire test set.
    """
    ordered = np.sort(np.asarray(variances, dtype=float))[::-1]
    total, active = len(ordered), results["active_units"]
    first = min(FIRST_LATENTS, total)
    largest, smallest = float(ordered[0]), max(float(ordered[: max(active, 1)][-1]), 1e-12)
    return finding(
        "vae.latents",
        total=total,
        active=active,
        kl=results["kl_nats"],
        largest=largest,
        smallest=smallest,
        decades=float(np.log10(max(largest, 1e-12) / smallest)),
        first=first,
        share=float(ordered[:first].sum() / ordered.sum()) if ordered.sum() else 0.0,
        threshold=ACTIVE_VARIANCE,
    )


def factor_shares(mu: np.ndarray, factors: pd.DataFrame) -> pd.DataFrame:
    """Return how much of each latent's variance each known factor explains alone: (Z, F), 0 to 1.

    A number explains it by a straight line (r²), a kind by the means of its kinds (η²).

    Args:
        factors: N rows, a column a factor: numbers, or names of kinds.
    """
    centred = mu - mu.mean(0)
    total = np.maximum(np.square(centred).sum(0), 1e-12)
    shares = {}
    for name, column in factors.items():
        if pd.api.types.is_numeric_dtype(column):
            x = column.to_numpy(dtype=float)
            x = x - x.mean()
            shares[name] = np.square(x @ centred) / max(np.square(x).sum(), 1e-12) / total
        else:
            means = pd.DataFrame(centred).groupby(column.to_numpy()).transform("mean").to_numpy()
            shares[name] = np.square(means).sum(0) / total
    return pd.DataFrame(shares)


def latent_factors(
    mu: np.ndarray, factors: pd.DataFrame | None, which: Sequence[int]
) -> list[Finding]:
    """Say which known factor each of some latents follows most.

    Args:
        factors: N rows, what is known of the images; None where nothing is.
        which: the latents, most active first.
    """
    if factors is None or not len(factors.columns):
        return []
    which = [latent for latent in which if mu[:, latent].var() > ACTIVE_VARIANCE]
    if not which:
        return [finding("vae.no_latent")]
    shares = factor_shares(mu, factors).iloc[which]
    names, most = shares.idxmax(axis=1), shares.max(axis=1)
    follows = list(zip(which, names, most.tolist(), strict=True))
    single = int((most >= MIN_SINGLE_SHARE).sum())
    return [finding("vae.latent_factors", follows=follows, single=single)]


def interpolation(frames: np.ndarray) -> Finding:
    """Say whether a path between two images is a change of features, and how even it is.

    Beside the middle frame stands what a cross-fade would be: the mean of the two ends.

    Args:
        frames: uint8 (T, H, W, C), evenly spaced through latent space.
    """
    images = frames.astype(np.float64)
    steps = np.sqrt(np.square(np.diff(images, axis=0)).mean(axis=(1, 2, 3)))
    fade = (images[0] + images[-1]) / 2
    ends = float(np.sqrt(np.square(images[-1] - images[0]).mean()))
    from_fade = float(np.sqrt(np.square(images[len(images) // 2] - fade).mean()))
    largest = float(steps.max() / steps.mean()) if steps.any() else 1.0
    return finding(
        "vae.interpolation",
        ends=ends,
        are_alike=ends < SAME_GREY_LEVELS,
        from_fade=from_fade,
        level=grade(from_fade / ends if ends else 0.0, MIN_FROM_FADE, "fade"),
        steps=len(steps),
        largest=largest,
        is_even=largest <= MAX_STEP,
    )


# ---- the run as a whole --------------------------------------------------------------------------


def overall(
    results: Results,
    metrics: pd.DataFrame,
    *,
    mean_mse: float,
    variances: np.ndarray,
    sigma: Sequence[Finding] = (),
    sigma_ratio: float | None = None,
    reconstruction_frechet: float | None = None,
) -> list[Finding]:
    """Say what was learnt from the run (question 1-6), the most important first.

    Args:
        variances: (Z,), of the posterior mean over test images.
        sigma: what is said of the sigma that the loss implies, from `losses.against_error`.
        sigma_ratio: that sigma over the one that fits the error best, from `losses.sigma_ratio`;
            None where there is none.
        reconstruction_frechet: as in `samples`.
    """
    if is_trial(results):
        return [trial(results)]
    recon = metrics["recon_nats"].to_numpy(dtype=float)
    next_step = finding(
        "vae.next_step",
        still_falls=len(recon) >= MIN_RECORDS and shape.last_change(recon) < -MIN_LAST_FALL,
        too_much_kl=sigma_ratio is not None and sigma_ratio > SAME_ORDER,
        too_little_kl=sigma_ratio is not None and sigma_ratio < 1 / SAME_ORDER,
    )
    return [
        *_lesson(results, explained(results, mean_mse), reconstruction_frechet),
        *_blur(results),
        *sigma,
        latents(variances, results),
        *(found for found in gap(metrics, results) if found.values["kind"] == "overfit"),
        next_step,
    ]


def _lesson(results: Results, share: float, reconstruction_frechet: float | None) -> list[Finding]:
    """Say which of the two tasks, reconstructing and generating, the model solves, and why."""
    if "frechet" not in results:
        return []
    cause = "unknown"
    if reconstruction_frechet is not None:
        cause = sample_cause(reconstruction_frechet / results["frechet"])
    return [
        finding(
            "vae.lesson",
            share=share,
            reconstructs=share >= MIN_EXPLAINED["most"],
            is_near=closeness(results) in ("equal", "close"),
            ratio=floor_ratio(results),
            cause=cause,
        )
    ]


def _blur(results: Results) -> list[Finding]:
    """Say that images are blurred, where they are, and why."""
    shares = {
        images: share_of_real(results, "sharpness", images)
        for images in ("reconstructions", "samples")
    }
    if None in shares.values():
        return []
    blurred = [images for images, share in shares.items() if sharpness_level(share) == "blurred"]
    return [finding("vae.blur", **shares, blurred=blurred)] if blurred else []
