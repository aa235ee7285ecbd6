"""What is the case with a VAE: its curves, its reconstructions, its latents, and what follows.

Samples are judged as those of any model are (`findings.samples`), the loss by `findings.losses`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from hwlib.findings.base import MIN_CHANGE, MIN_RECORDS, Results, is_trial, too_few, trial
from hwlib.findings.samples import (
    MAX_BLURRED,
    MAX_LIKE_REAL,
    SAME_GREY_LEVELS,
    closeness,
    floor_ratio,
)
from hwlib.text import Finding, finding
from hwlib.thresholds import ACTIVE_VARIANCE

FACE_PHOTOGRAPHS = ("hw4", "celeba")  # layouts of the images that the course reports had
GREY_LEVELS = 255
AT_ONCE = 1_000  # images whose squared deviations are in memory

# The course of the KL term by the measures of claims C3 and C3', and their margins.
MIN_EARLY_FALL = 0.2
MIN_LATER_RISE = 0.1
MAX_PLATEAU_CHANGE = 0.05
MIN_LAST_FALL = 0.01  # over the last tenth: less than this is level
MIN_TREND = 0.5  # rank correlation with time, without the first tenth
WARM_UP = 0.1
SMOOTHED_RECORDS = 5

MIN_OVERFIT_GAP = 0.05  # of the negative ELBO, relative, test above training
SAME_ORDER = 2.0  # MSEs that differ by less than this factor may share a unit
MIN_EXPLAINED = {"most": 0.85, "half": 0.5}  # of the squared error that the mean image leaves
FIRST_LATENTS = 10
MIN_CAUSE_SHARE = {"blur": 2 / 3, "both": 1 / 3}  # of the distance of samples
MIN_SINGLE_SHARE = 0.8  # of a latent's variance, before it is said to stand for one factor
MIN_SEPARATED = 0.5  # of the majority-class baseline's errors removed (claim C18)
MIN_PARTLY_SEPARATED = 0.1
MIN_NEIGHBOURS_AGREE = 0.25  # of the same errors, by the ten nearest neighbours (claim C18)
MIN_MAP_REMOVED = (
    0.75  # of the same, by a line or by neighbours on the map, before it shows a split
)
NEIGHBOURS = 10
MIN_FROM_FADE = {"features": 0.3, "between": 0.15}  # of what the two ends differ by
MAX_STEP = 2.0  # times the mean step of a way, before it counts as a jump


# ---- learning curves -----------------------------------------------------------------------------


def curves(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say how reconstruction loss and KL term went, and whether the model overfits.

    Args:
        metrics: `Run.metrics`.
        results: `Run.results`.
    """
    if is_trial(results):
        return [trial(results)]
    if len(metrics) < MIN_RECORDS:
        return [too_few(len(metrics))]
    recon, kl = (metrics[f"{term}_nats"].to_numpy(dtype=float) for term in ("recon", "kl"))
    return [_recon_course(recon), _kl_course(kl, recon), *gap(metrics, results)]


def _median(values: np.ndarray) -> np.ndarray:
    """Return the running median over a twentieth of the curve; the two ends stay as measured."""
    window = max(3, len(values) // 20) | 1
    smooth = pd.Series(values).rolling(window, center=True, min_periods=1).median()
    smooth.iloc[[0, -1]] = values[[0, -1]]
    return smooth.to_numpy()


def _tenth(values: np.ndarray, number: int) -> float:
    """Return the mean of one of ten equal parts of a curve, 0 the first, 9 the last."""
    return float(np.array_split(values, 10)[number].mean())


def _means(values: np.ndarray) -> np.ndarray:
    """Return means over five records, (R,) -> (R - 4,)."""
    width = min(SMOOTHED_RECORDS, len(values))
    return np.convolve(values, np.full(width, 1 / width), mode="valid")


def last_change(values: np.ndarray) -> float:
    """Return the relative change from the last tenth but one to the last."""
    return _tenth(values, 9) / _tenth(values, 8) - 1


def early_fall(values: np.ndarray) -> float:
    """Return the relative change from the first record to the first third's lowest, smoothed."""
    third = _means(values[: max(len(values) // 3, 2)])
    return float(third.min()) / float(values[0]) - 1


def later_rise(values: np.ndarray) -> float:
    """Return the relative change from the smoothed curve's lowest point to its last tenth."""
    return _tenth(values, 9) / float(_means(values).min()) - 1


def trend(values: np.ndarray) -> float:
    """Return the rank correlation of a curve with time without its first tenth, -1 to 1."""
    late = values[int(WARM_UP * len(values)) :]
    if np.ptp(late) == 0:
        return 0.0
    return float(np.corrcoef(np.arange(len(late)), pd.Series(late).rank())[0, 1])


def _recon_course(recon: np.ndarray) -> Finding:
    """Say whether the reconstruction loss fell, how early, and whether it still falls."""
    smooth = _median(recon)
    half = smooth[-1] + (smooth[0] - smooth[-1]) / 2
    return finding(
        "vae.recon_course",
        first=smooth[0],
        last=smooth[-1],
        fell=smooth[-1] < smooth[0] * (1 - MIN_CHANGE),
        half=float(np.argmax(smooth <= half) / (len(smooth) - 1)),
        late=last_change(recon),
        still_falls=last_change(recon) < -MIN_LAST_FALL,
    )


def _kl_course(kl: np.ndarray, recon: np.ndarray) -> Finding:
    """Say where the KL term began, turned and ended, by the measures of claims C3 and C3'."""
    smooth = _median(kl)
    low, high, end = int(np.argmin(smooth)), int(np.argmax(smooth)), len(kl) - 1
    first, last = float(smooth[0]), float(smooth[-1])
    ends = min(first, last), max(first, last)
    if low not in (0, end) and smooth[low] * (1 + MIN_CHANGE) < ends[0]:
        shape, turn = "dip", low
    elif high not in (0, end) and smooth[high] > ends[1] * (1 + MIN_CHANGE):
        shape, turn = "peak", high
    elif abs(last - first) <= MIN_CHANGE * abs(first):
        shape, turn = "flat", end
    else:
        shape, turn = ("rise" if last > first else "fall"), end
    trends = trend(kl), trend(recon)
    return finding(
        "vae.kl_course",
        shape=shape,
        first=first,
        last=last,
        turn=float(smooth[turn]),
        turn_share=turn / end,
        falls_fast=early_fall(kl) <= -MIN_EARLY_FALL,
        rises_later=later_rise(kl) >= MIN_LATER_RISE,
        is_plateau=abs(last_change(kl)) <= MAX_PLATEAU_CHANGE,
        late=last_change(kl),
        is_c3_prime=trends[0] <= -MIN_TREND and trends[1] >= MIN_TREND,
    )


def gap(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say how far the test set's negative ELBO lies from the training set's: overfitting or not.

    Args:
        metrics: `Run.metrics`, whose test points show the course on some of the test images.
        results: the run's results, measured on all of them.
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
    difference = (test - train) / abs(train)
    if has_risen and smooth[-1] > then * (1 + MIN_CHANGE):
        kind = "both"  # training minimises another balance of the two terms
    elif has_risen:
        kind = "overfit"
    else:
        kind = "gap" if difference > MIN_OVERFIT_GAP else "none"
    return [
        finding(
            "vae.gap",
            kind=kind,
            train=train,
            test=test,
            difference=difference,
            epoch=float(points["epoch"].iloc[best]),
            low=float(course[best]),
            last=float(course[-1]),
        )
    ]


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


def rmse_grey(mse_01: float) -> float:
    """Return the root of an MSE, in grey levels of 255."""
    return GREY_LEVELS * float(np.sqrt(mse_01))


def explained(results: Results, mean_mse: float) -> float:
    """Return the share of the mean image's squared error that the reconstructions remove."""
    return 1 - results["test_mse_01"] / mean_mse if mean_mse else 0.0


def reconstructions(results: Results, mean_mse: float) -> list[Finding]:
    """Say the error of the entire test set beside the mean image's, and what detail is left.

    Args:
        results: `Run.results`.
        mean_mse: of the mean test image, from `mean_image_mse`.
    """
    share = explained(results, mean_mse)
    level = next((name for name, least in MIN_EXPLAINED.items() if share >= least), "little")
    found = [
        finding(
            "vae.reconstructions",
            grey=rmse_grey(results["test_mse_01"]),
            mean_grey=rmse_grey(mean_mse),
            share=share,
            level="worse" if share <= 0 else level,
            count=results["num_test_images"],
        )
    ]
    if detail := _detail(results, "reconstructions"):
        found.append(finding("vae.detail", share=detail[0], level=detail[1]))
    return found


def _detail(results: Results, images: str) -> tuple[float, str] | None:
    """Return the sharpness of `images` as a share of real images', and whether that is blur."""
    ours, real = results.get(f"sharpness_{images}"), results.get("sharpness_real")
    if ours is None or not real:
        return None
    share = ours / real
    return (
        share,
        "blurred" if share < MAX_BLURRED else "real" if share <= MAX_LIKE_REAL else "noisy",
    )


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
        results: the run's results.
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
    is_like = layout in FACE_PHOTOGRAPHS and not is_trial(results)
    nearest = min(readings(reported), key=lambda reading: abs(np.log(reading.mse_01 / ours)))
    return finding(
        "vae.reported_mse",
        letter=letter,
        reported=reported,
        low=int(low),
        grey=rmse_grey(natural),
        ratio=natural / ours,
        is_like=is_like,
        is_drawn=layout == "faces",
        fits=1 / SAME_ORDER <= natural / ours <= SAME_ORDER,
        nearest_low=nearest.low,
        nearest_over=nearest.over,
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
    return next((name for name, least in MIN_CAUSE_SHARE.items() if share >= least), "prior")


def samples(results: Results, reconstruction_frechet: float | None = None) -> list[Finding]:
    """Say how samples and reconstructions stand to one another in what both are measured by.

    Args:
        results: `Run.results`.
        reconstruction_frechet: the Fréchet distance from reconstructed training images to test
            images, by the run's own protocol; None where it was not measured.
    """
    found = []
    if reconstruction_frechet is not None and "frechet" in results:
        found.append(
            finding(
                "vae.sample_share",
                reconstructions=reconstruction_frechet,
                cause=sample_cause(reconstruction_frechet / results["frechet"]),
            )
        )
    details = _detail(results, "samples"), _detail(results, "reconstructions")
    if all(details):
        (ours, level), (theirs, _) = details
        found.append(finding("vae.sample_detail", share=ours, level=level, beside=theirs))
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
        results: the run's results.
        attribute: the one that the figure is coloured by; None where the data has none.
        mu: (N, Z) posterior means of test images, for the neighbours.
        labels: 0/1 (N,), of `attribute`.
    """
    if attribute is None:
        return [finding("vae.no_probe")]
    if "linear_probe_accuracy" not in results:
        return [finding("vae.one_class", attribute=attribute)]
    accuracy, floor = results["linear_probe_accuracy"], results["linear_probe_floor"]
    count = results["num_test_images"]
    removed = _removed(accuracy, floor)
    if is_trial(results):
        level = "trial"
    elif removed >= MIN_SEPARATED:
        level = "separated"
    else:
        level = "partly" if removed >= MIN_PARTLY_SEPARATED else "not"
    found = [
        finding(
            "vae.probe",
            attribute=attribute,
            accuracy=accuracy,
            floor=floor,
            errors=round((1 - accuracy) * count),
            floor_errors=round((1 - floor) * count),
            count=count,
            removed=removed,
            level=level,
        )
    ]
    if mu is not None and labels is not None and level != "trial":
        found.append(_neighbours(mu, labels, attribute))
    return found


def _removed(accuracy: float, floor: float) -> float:
    """Return the share of the majority-class baseline's errors that an accuracy removes."""
    return (accuracy - floor) / (1 - floor) if floor < 1 else 0.0


def neighbours_removed(mu: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of the baseline's errors removed by each image's ten nearest neighbours.

    Distances are those of the posterior means; an image is none of its own neighbours.

    Args:
        mu: (N, Z).
        labels: 0/1 (N,).
    """
    labels = np.asarray(labels).astype(int)
    near = min(NEIGHBOURS, len(mu) - 1)
    squares = np.square(mu).sum(1)
    distances = squares[:, None] + squares - 2 * mu @ mu.T
    np.fill_diagonal(distances, np.inf)
    others = np.argpartition(distances, near - 1, axis=1)[:, :near]
    shares = labels[others].mean(1)
    told = np.where(shares == 0.5, labels.mean() > 0.5, shares > 0.5)
    floor = max(labels.mean(), 1 - labels.mean())
    return _removed(float((told == labels).mean()), float(floor))


def _neighbours(mu: np.ndarray, labels: np.ndarray, attribute: str) -> Finding:
    """Say how well neighbours in latent space tell the attribute; for Male, beside claim C18."""
    return finding(
        "vae.neighbours",
        removed=neighbours_removed(mu, labels),
        is_male=attribute == "Male",
        count=NEIGHBOURS,
        margins=(MIN_SEPARATED, MIN_NEIGHBOURS_AGREE),
    )


def map_split(xy: np.ndarray, labels: np.ndarray | None) -> list[Finding]:
    """Say whether a map of the latents shows the two values of an attribute apart.

    Args:
        xy: (N, 2), the map.
        labels: 0/1 (N,), or None.
    """
    if labels is None or labels.min() == labels.max() or len(xy) <= NEIGHBOURS:
        return []
    by_neighbours = neighbours_removed(xy, labels)
    if line_removed(xy, labels) >= MIN_MAP_REMOVED:
        level = "halves"
    elif by_neighbours >= MIN_MAP_REMOVED:
        level = "islands"
    else:
        level = "regions" if by_neighbours >= MIN_NEIGHBOURS_AGREE else "mixed"
    return [finding("vae.map_split", level=level, removed=by_neighbours, count=NEIGHBOURS)]


def line_removed(xy: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of the baseline's errors that the least-squares line on a map removes.

    Args:
        xy: (N, 2).
        labels: 0/1 (N,).
    """
    labels = np.asarray(labels).astype(bool)
    x = np.column_stack([np.ones(len(xy)), xy])
    weights, *_ = np.linalg.lstsq(x, np.where(labels, 1.0, -1.0), rcond=None)
    right = float(((x @ weights > 0) == labels).mean())
    return _removed(right, float(max(labels.mean(), 1 - labels.mean())))


def latents(variances: np.ndarray, results: Results) -> Finding:
    """Say how many latents are in use, and how unequal they are.

    Args:
        variances: (Z,), of the posterior mean over test images.
        results: `Run.results`; it counts the active ones over the entire test set.
    """
    ordered = np.sort(np.asarray(variances, dtype=float))[::-1]
    total, active = len(ordered), results["active_units"]
    in_use = ordered[: max(active, 1)]
    first = min(FIRST_LATENTS, total)
    smallest = max(float(in_use[-1]), 1e-12)
    return finding(
        "vae.latents",
        total=total,
        active=active,
        kl=results["kl_nats"],
        largest=float(in_use[0]),
        smallest=smallest,
        decades=float(np.log10(max(in_use[0], 1e-12) / smallest)),
        first=first,
        share=float(ordered[:first].sum() / ordered.sum()) if ordered.sum() else 0.0,
        equal_share=first / total,
        threshold=ACTIVE_VARIANCE,
    )


def factor_shares(mu: np.ndarray, factors: pd.DataFrame) -> pd.DataFrame:
    """Return how much of each latent's variance each known factor explains alone: (Z, F), 0 to 1.

    A number explains it by a straight line (r²), a kind by the means of its kinds (η²).

    Args:
        mu: (N, Z) posterior means.
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
        mu: (N, Z) posterior means.
        factors: N rows, what is known of the images; None where nothing is.
        which: the latents, most active first.
    """
    if factors is None or not len(factors.columns):
        return []
    which = [latent for latent in which if mu[:, latent].var() > ACTIVE_VARIANCE]
    if not which:
        return [finding("vae.no_latent")]
    shares = factor_shares(mu, factors).iloc[which]
    follows = [
        {"latent": int(latent), "factor": row.idxmax(), "share": float(row.max())}
        for latent, (_, row) in zip(which, shares.iterrows(), strict=True)
    ]
    single = sum(one["share"] >= MIN_SINGLE_SHARE for one in follows)
    return [finding("vae.latent_factors", follows=follows, single=single)]


def way(frames: np.ndarray) -> Finding:
    """Say whether a way between two images is a change of features, and how even it is.

    Beside the middle frame stands what a cross-fade would be: the mean of the two ends.

    Args:
        frames: uint8 (T, H, W, C), evenly spaced through latent space.
    """
    images = frames.astype(np.float64)
    steps = np.sqrt(np.square(np.diff(images, axis=0)).mean(axis=(1, 2, 3)))
    fade = (images[0] + images[-1]) / 2
    ends = float(np.sqrt(np.square(images[-1] - images[0]).mean()))
    from_fade = float(np.sqrt(np.square(images[len(images) // 2] - fade).mean()))
    level = next(
        (name for name, least in MIN_FROM_FADE.items() if from_fade >= least * ends), "fade"
    )
    return finding(
        "vae.way",
        ends=ends,
        are_alike=ends < SAME_GREY_LEVELS,
        from_fade=from_fade,
        level=level,
        steps=len(steps),
        largest=float(steps.max() / steps.mean()) if steps.any() else 1.0,
        is_even=bool(not steps.any() or steps.max() <= MAX_STEP * steps.mean()),
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
        results: the run's results.
        metrics: `Run.metrics`.
        mean_mse: of the mean test image, from `mean_image_mse`.
        variances: (Z,), of the posterior mean over test images.
        sigma: what is said of the sigma that the loss implies, from `losses.against_error`.
        sigma_ratio: that sigma over the one that fits the error best, from `losses.sigma_ratio`;
            None where there is none.
        reconstruction_frechet: as in `samples`.
    """
    if is_trial(results):
        return [trial(results)]
    share = explained(results, mean_mse)
    recon = metrics["recon_nats"].to_numpy(dtype=float)
    still_falls = len(recon) >= MIN_RECORDS and last_change(recon) < -MIN_LAST_FALL
    overfits = [found for found in gap(metrics, results) if found.values["kind"] == "overfit"]
    return [
        *_lesson(results, share, reconstruction_frechet),
        *_blur(results),
        *sigma,
        latents(variances, results),
        *overfits,
        finding(
            "vae.next_step",
            still_falls=still_falls,
            too_much_kl=sigma_ratio is not None and sigma_ratio > SAME_ORDER,
            too_little_kl=sigma_ratio is not None and sigma_ratio < 1 / SAME_ORDER,
        ),
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
            closeness=closeness(results),
            ratio=floor_ratio(results),
            cause=cause,
        )
    ]


def _blur(results: Results) -> list[Finding]:
    """Say that images are blurred, where they are, and why."""
    details = [_detail(results, images) for images in ("reconstructions", "samples")]
    if not all(details):
        return []
    (recon, recon_level), (sample, sample_level) = details
    if "blurred" not in (recon_level, sample_level):
        return []
    return [
        finding(
            "vae.blur",
            reconstructions=recon,
            samples=sample,
            both=recon_level == sample_level == "blurred",
            only_samples=recon_level != "blurred",
        )
    ]


def colours(attribute: str | None) -> dict[str, Any]:
    """Return what the texts of the t-SNE take: what its points are coloured by."""
    return {"attribute": attribute}
