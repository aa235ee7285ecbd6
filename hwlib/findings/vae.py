"""What is the case with a VAE: its curves, its reconstructions, its latents, and what follows.

Samples are judged as those of any model are (`findings.samples`), the loss by `findings.losses`.
`mean_mse` is the mean test image's (`mean_image_mse`), `mu` (N, Z) are posterior means, `labels`
(N,) an attribute's 0 or 1, None where the data has none.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hwlib.claims import shapes as shape
from hwlib.claims.shapes import NEIGHBOURS, errors_removed, neighbour_accuracy
from hwlib.data.layouts import LAYOUTS
from hwlib.findings import losses
from hwlib.findings.base import MIN_CHANGE, Results, grade, is_trial, no_course, trial
from hwlib.findings.samples import SAME_GREY_LEVELS, describe
from hwlib.text import Finding, finding
from hwlib.thresholds import ACTIVE_VARIANCE

if TYPE_CHECKING:
    from hwlib.objectives import CommonForm

WINDOW = 5  # records of a running median

# The course of the KL term by the measures of claims C3 and C3', and their margins, in percent.
MIN_EARLY_FALL = 20
MIN_LATER_RISE = 10
MAX_PLATEAU_CHANGE = 5
MIN_LAST_FALL = 1  # over the last tenth: less than this is level
MIN_TREND = 0.5  # rank correlation with time, without the first tenth

MIN_OVERFIT_GAP = 0.05  # of the negative ELBO, relative, test above training
SAME_ORDER = 2.0  # MSEs, or sigmas, that differ by less than this factor agree
MIN_EXPLAINED = {"most": 0.85, "half": 0.5, "little": 0.0}  # of the mean image's squared error
FIRST_LATENTS = 10
MIN_CAUSE_SHARE = {"blur": 2 / 3, "both": 1 / 3}  # of the distance of samples
MIN_SINGLE_SHARE = 0.8  # of a latent's variance, before it is said to stand for one factor
# Of the majority-class baseline's errors removed: by a plane and by neighbours as in claim C18.
MIN_SEPARATED = {"separated": 0.5, "partly": 0.1}
MIN_NEIGHBOURS_AGREE = 0.25
MIN_SPLIT = {"apart": 0.75, "regions": MIN_NEIGHBOURS_AGREE}  # by neighbours on the map
MIN_FROM_FADE = {"features": 0.3, "between": 0.15}  # of what the two ends differ by
MAX_STEP = 2.0  # times the mean step of an interpolation, before it counts as a jump


def curves(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say how reconstruction loss and KL term went, and whether the model overfits."""
    if short := no_course(metrics, results):
        return short
    recon, kl = (metrics[f"{term}_nats"].to_numpy(dtype=float) for term in ("recon", "kl"))
    late, is_half = shape.last_change(recon), _median(recon) <= (recon[0] + recon[-1]) / 2
    is_half[0] = False  # the first record, whose median is that of the next ones as well
    half, fell = float(is_half.argmax() / (len(recon) - 1)), recon[-1] < recon[0] * (1 - MIN_CHANGE)
    at_end = {"late": late / 100, "still_falls": late < -MIN_LAST_FALL}
    ends, low, high = (kl[0], kl[-1]), _median(kl).min(), _median(kl).max()
    shapes = {
        "dip": low * (1 + MIN_CHANGE) < min(ends),
        "peak": high > max(ends) * (1 + MIN_CHANGE),
        "flat": abs(kl[-1] - kl[0]) <= MIN_CHANGE * abs(kl[0]),
        "rise": kl[-1] > kl[0],
    }
    course = next((name for name, is_so in shapes.items() if is_so), "fall")
    of_report_b = {
        "fall": shape.early_fall(kl) <= -MIN_EARLY_FALL,
        "rise": shape.later_rise(kl) >= MIN_LATER_RISE,
        "plateau": abs(shape.last_change(kl)) <= MAX_PLATEAU_CHANGE,
    }
    seen = [name for name, is_so in of_report_b.items() if is_so]
    of_kl, of_recon = (shape.trend(shape.late(values)) for values in (kl, recon))
    is_c3_prime = of_kl <= -MIN_TREND and of_recon >= MIN_TREND
    about = {"ends": ends, "turn": low if course == "dip" else high}
    return [
        finding("vae.recon_course", ends=(recon[0], recon[-1]), fell=fell, half=half, **at_end),
        finding("vae.kl_course", shape=course, **about, seen=seen, is_c3_prime=is_c3_prime),
        *gap(metrics, results),
    ]


def _median(values: np.ndarray) -> np.ndarray:
    return pd.Series(values).rolling(WINDOW, center=True, min_periods=1).median().to_numpy()


def gap(metrics: pd.DataFrame, results: Results) -> list[Finding]:
    """Say how far the test set's negative ELBO lies from the training set's: overfitting or not."""
    points = metrics.dropna(subset=["test_neg_elbo_nats"])
    if len(points) < 3:
        return []
    course, smooth = points["test_neg_elbo_nats"], _median(metrics["neg_elbo_nats"])
    train, test = float(metrics["neg_elbo_nats"].iloc[-1]), results["neg_elbo_nats"]
    best = course.idxmin()
    has_risen = course.iloc[-1] > course[best] * (1 + MIN_CHANGE)
    # where both rise, training only minimises another balance of the two terms
    trains_on = smooth[-1] <= smooth[metrics.index.get_loc(best)] * (1 + MIN_CHANGE)
    kind = "gap" if (test - train) / abs(train) > MIN_OVERFIT_GAP else "none"
    kind = "overfit" if has_risen and trains_on else kind
    turn = {"epoch": float(points["epoch"][best]), "low": course[best], "last": course.iloc[-1]}
    return [finding("vae.gap", kind=kind, train=train, test=test, **turn)]


def mean_image_mse(images: np.ndarray) -> float:
    """Return the MSE, pixels in [0, 1], of the mean of images, uint8 (N, H, W, C), for them all."""
    squares = np.einsum("nhwc,nhwc->", images, images, dtype=np.float64)  # no array of doubles
    mean = images.mean(0, dtype=np.float64)
    return float(squares / images.size - np.square(mean).mean()) / 255**2


def reconstructions(results: Results, mean_mse: float) -> Finding:
    """Say the error of the entire test set beside the mean image's, and what detail is left."""
    share = 1 - results["test_mse_01"] / mean_mse
    about = {"share": share, "level": grade(share, MIN_EXPLAINED, "worse")}
    return finding("vae.reconstructions", run=describe(results), mean_mse=mean_mse, **about)


def reported_mse(
    results: Results,
    reported: float | None,
    *,
    letter: str,
    pixel_range: Sequence[float],
    layout: str,
) -> Finding:
    """Say what the report's number can mean, and where the data allow it, how it fits this run.

    No report defines the unit of the test MSE that it has `reported`, None for none: the recipe's
    `pixel_range` suggests it. `layout` is of the run's data; the reports' were photographs.
    """
    if reported is None:
        return finding("vae.no_reported_mse", letter=letter)
    low, high = pixel_range
    natural = reported / (high - low) ** 2
    ratio = natural / results["test_mse_01"]
    is_drawn = LAYOUTS[layout].is_drawn
    is_like = LAYOUTS[layout].has_face_photographs and not is_trial(results)
    about = {"letter": letter, "reported": reported, "low": int(low), "natural": natural}
    about |= {"fits": 1 / SAME_ORDER <= ratio <= SAME_ORDER, "ratio": ratio}
    return finding("vae.reported_mse", **about, is_like=is_like, is_drawn=is_drawn)


def samples(results: Results) -> Finding:
    """Say how samples and reconstructions stand to one another in what both are measured by.

    `cause` is what keeps samples from real images, by the share of their Fréchet distance that
    reconstructed training images have: "blur" (of the decoder), "prior" (that it is not where the
    codes are), "both" or "unknown".
    """
    cause, far = "unknown", results.get("frechet_reconstructions")
    if far is not None:
        cause = grade(far / results["frechet"], MIN_CAUSE_SHARE, "prior")
    about = {"reconstructions": far, "cause": cause}
    return finding("vae.samples", run=describe(results), **about)


def probe(
    results: Results, attribute: str | None, mu: np.ndarray, labels: np.ndarray | None
) -> Finding:
    """Say how well a linear classifier, and the nearest neighbours, tell the attribute."""
    if "linear_probe_accuracy" not in results:
        return finding("vae.no_probe", attribute=attribute)
    removed = errors_removed(results["linear_probe_accuracy"], results["linear_probe_floor"])
    level = "trial" if is_trial(results) else grade(removed, MIN_SEPARATED, "not")
    about = {"neighbours": NEIGHBOURS, "by_neighbours": neighbours_removed(mu, labels)}
    about |= {"margins": (MIN_SEPARATED["separated"], MIN_NEIGHBOURS_AGREE)}
    about |= {"attribute": attribute, "removed": removed, "level": level}
    return finding("vae.probe", run=results, **about)


def neighbours_removed(points: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of the baseline's errors removed by each point's ten nearest neighbours."""
    floor = float(max(labels.mean(), 1 - labels.mean()))
    return errors_removed(neighbour_accuracy(points, labels), floor)


def map_split(xy: np.ndarray, labels: np.ndarray | None) -> list[Finding]:
    """Say whether a map (N, 2) of the latents shows the two values of an attribute apart."""
    if labels is None or labels.min() == labels.max():
        return []
    removed = neighbours_removed(xy, labels)
    level = grade(removed, MIN_SPLIT, "mixed")
    return [finding("vae.map_split", level=level, removed=removed, count=NEIGHBOURS)]


def latents(variances: np.ndarray, results: Results) -> Finding:
    """Say how many latents are in use, and how unequal they are, by `variances` (Z,) of `mu`."""
    ordered = np.sort(np.asarray(variances, dtype=float))[::-1]
    ratio = float(ordered[0] / max(ordered[max(results["active_units"], 1) - 1], 1e-12))
    first = min(FIRST_LATENTS, len(ordered))
    share = float(ordered[:first].sum() / max(ordered.sum(), 1e-12))
    about = {"total": len(ordered), "ratio": ratio, "first": first, "share": share}
    return finding("vae.latents", run=results, **about, threshold=ACTIVE_VARIANCE)


def factor_shares(mu: np.ndarray, factors: pd.DataFrame) -> pd.DataFrame:
    """Return how much of each latent's variance each known factor explains alone: (Z, F), 0 to 1.

    A column of `factors`, N rows, explains it by a straight line where it holds numbers (r²), by
    the means of its kinds where it holds names (η²).
    """
    shares, centred = {}, mu - mu.mean(0)
    for name in factors:
        x = pd.get_dummies(factors[[name]]).to_numpy(dtype=float)  # numbers stay as they are
        x = x - x.mean(0)
        fitted = x @ np.linalg.lstsq(x, centred, rcond=None)[0]
        shares[name] = np.square(fitted).sum(0) / np.maximum(np.square(centred).sum(0), 1e-12)
    return pd.DataFrame(shares)


def latent_factors(
    mu: np.ndarray, factors: pd.DataFrame | None, which: Sequence[int]
) -> list[Finding]:
    """Say which known factor, of N rows of `factors`, each of some latents follows most."""
    if factors is None:
        return []
    which = [latent for latent in which if mu[:, latent].var() > ACTIVE_VARIANCE]
    shares = factor_shares(mu, factors).iloc[which]
    names, most = shares.idxmax(axis=1), shares.max(axis=1)
    follows = list(zip(which, names, most.tolist(), strict=True))
    single = int((most >= MIN_SINGLE_SHARE).sum())
    return [finding("vae.latent_factors", follows=follows, single=single)]


def measure_path(frames: np.ndarray) -> tuple[float, float]:
    """Return how far the two ends of a path differ, and its middle from a cross-fade: their mean.

    Both are root mean squares in grey levels; `frames` are uint8 (T, H, W, C).
    """
    first, middle, last = frames[[0, len(frames) // 2, -1]].astype(float)
    differences = (last - first, middle - (first + last) / 2)
    return tuple(float(np.sqrt(np.square(one).mean())) for one in differences)


def interpolation(frames: np.ndarray) -> Finding:
    """Say whether a path between two images is a change of features, and how even it is.

    `frames` are uint8 (T, H, W, C), evenly spaced through latent space.
    """
    ends, from_fade = measure_path(frames)
    steps = np.sqrt(np.square(np.diff(frames.astype(float), axis=0)).mean(axis=(1, 2, 3)))
    largest = float(steps.max() / steps.mean()) if steps.any() else 1.0
    level = grade(from_fade / max(ends, 1e-9), MIN_FROM_FADE, "fade")
    about = {"ends": ends, "are_alike": ends < SAME_GREY_LEVELS, "from_fade": from_fade}
    about |= {"steps": len(steps), "largest": largest, "is_even": largest <= MAX_STEP}
    return finding("vae.interpolation", **about, level=level)


def overall(
    results: Results,
    metrics: pd.DataFrame,
    *,
    mean_mse: float,
    variances: np.ndarray,
    objective: "CommonForm",
) -> list[Finding]:
    """Say what was learnt from the run (question 1-6), the most important first.

    `variances` (Z,) are of `mu`; the `objective` is from `hwlib.objectives.of_run`.
    """
    if is_trial(results):
        return [trial(results)]
    run, share = describe(results), 1 - results["test_mse_01"] / mean_mse
    is_near = run["closeness"] in ("equal", "close")
    about = {"share": share, "reconstructs": share >= MIN_EXPLAINED["most"], "is_near": is_near}
    looks = {name: run["looks"][name] for name in ("reconstructions", "sharpness")}
    blurred = [name for name, look in looks.items() if look in ("blank", "blurred")]
    still_falls = shape.last_change(metrics["recon_nats"].to_numpy(dtype=float)) < -MIN_LAST_FALL
    ratio = losses.sigma_ratio(objective, results) or 1.0
    kl = "high" if ratio > SAME_ORDER else "low" if ratio < 1 / SAME_ORDER else "fits"
    return [
        finding("vae.lesson", run=run, **about),
        *([finding("vae.blur", shares=run["shares"], blurred=blurred)] if blurred else []),
        *losses.against_error(objective, results),
        latents(variances, results),
        *(found for found in gap(metrics, results) if found.values["kind"] == "overfit"),
        finding("vae.next_step", still_falls=still_falls, kl=kl),
    ]
