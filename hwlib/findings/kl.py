"""What the KL study's numbers bear out: one VAE a weight, side by side.

Anchors keep a comparison of bad weights from praising the least bad one: real images for sharpness
and diversity, the same at half resolution for blur, the noise floor for the Fréchet distance, and
the mean image for reconstructions, which is the best that a decoder can do without z. `half` is
real images' sharpness at half resolution as a share of their own, `mean_error` the mean image's
MSE (`findings.vae.mean_image_mse`), `mu` (N, Z) are posterior means.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi

from hwlib.findings.base import MIN_CHANGE, MIN_RECORDS, Results, is_trial, trial
from hwlib.findings.samples import MAX_RATIO
from hwlib.findings.vae import MIN_FROM_FADE, measure_path
from hwlib.text import Finding, finding
from hwlib.thresholds import COLLAPSED_DIVERSITY

SAME_ERROR = 0.05  # two runs that differ in the seed alone differ by less
HARD_TO_SEE = 0.1  # reconstructions whose errors differ by less look alike
NEAR_MEAN = 0.9  # of the mean image's error: such reconstructions hardly depend on z
PRIOR_SHARE = 0.99  # of the prior's z, that the ball around the origin holds
FEW_INSIDE = 0.5  # of the codes within that ball: most lie where the prior hardly draws
SAME_IMAGE = 0.05  # of the distance between two test images: their reconstructions are one
NO_CODE = 1.0  # nats: a code of less is nearly none


def share_within_prior(mu: np.ndarray) -> float:
    """Return the share of codes that lie as near to the origin as 99 % of the prior's z do."""
    return float((np.linalg.norm(mu, axis=1) < chi.ppf(PRIOR_SHARE, mu.shape[1])).mean())


def anchored(results: Results) -> pd.DataFrame:
    """Return the rows of `studies` beside real images and the noise floor, small weights first.

    Columns are those of `studies`, the index is `kl_weight`; and `sharpness`, `rebuilt` (that of
    reconstructions) and `diversity` as shares of real images', `floors`, the Fréchet distance as a
    multiple of the noise floor; `is_alike`, whether samples hardly differ from one another.
    """
    rows = pd.DataFrame(results["studies"]).set_index("kl_weight", drop=False).sort_index()
    return rows.assign(
        sharpness=rows["sharpness_samples"] / results["sharpness_real"],
        rebuilt=rows["sharpness_reconstructions"] / results["sharpness_real"],
        diversity=rows["diversity_samples"] / results["diversity_real"],
        floors=rows["frechet"] / results["frechet_real"],
        is_alike=rows["diversity_samples"] < COLLAPSED_DIVERSITY * results["diversity_real"],
    )


def _best(rows: pd.DataFrame, half: float) -> dict[str, Any]:
    """Return the sharpest and the nearest samples, and whether even these are blurred, or far."""
    sharpest, nearest = rows["sharpness"].max(), rows["floors"].min()
    flags = {"is_blurred": bool(sharpest < half), "is_far": bool(nearest > MAX_RATIO["apart"])}
    return {"sharpest": sharpest, "nearest": nearest, **flags}


def curves(metrics: Mapping[float, pd.DataFrame], results: Results) -> list[Finding]:
    """Say how the negative ELBO (beta 1) went while the weighted objective was minimised.

    `metrics` are by weight, with `objective` from `hwlib.objectives.with_objective`.
    """
    shortest = min(map(len, metrics.values()))
    if shortest < MIN_RECORDS:
        return [finding("prose.too_few", count=shortest)]
    found = []
    for weight, one in metrics.items():
        # over a twentieth: the best and the last of single batches are a matter of luck
        window = one[["objective", "neg_elbo_nats"]].rolling(max(3, len(one) // 20))
        smooth = window.median().dropna()
        first, last = float(one["objective"].iloc[0]), float(smooth["objective"].iloc[-1])
        elbo, lowest = float(smooth["neg_elbo_nats"].iloc[-1]), float(smooth["neg_elbo_nats"].min())
        has_risen = elbo > lowest * (1 + MIN_CHANGE)
        about = {"objective": (first, last), "fell": last < first * (1 - MIN_CHANGE)}
        about |= {"elbo": elbo, "lowest": lowest if has_risen else None}
        found.append(finding("kl.course", weight=weight, **about))
    if len(metrics) > 1 and not is_trial(results):
        nats = anchored(results)["neg_elbo_nats"][list(metrics)]
        about = {"weight": nats.idxmin(), "nats": nats.min(), "count": len(nats)}
        found.append(finding("kl.lowest_elbo", **about))
    return found


def growth(
    originals: np.ndarray,
    frames: Mapping[float, np.ndarray],
    steps: Sequence[int],
    images: np.ndarray,
) -> Finding:
    """Say how the error of the reconstructions that are shown fell, beside the mean image's.

    `originals` are uint8 (N or more, H, W, C), `frames` by weight (T, N, H, W, C) after each of
    `steps` (T,); the mean of `images` (M, H, W, C) is the anchor.
    """
    kept = np.stack([one[[0, -1]] for one in frames.values()]) / 255  # a weight, first and last
    real = originals[: kept.shape[2]] / 255
    error = float(np.square(real - images.mean(0, dtype=np.float64) / 255).mean())
    first, last = np.square(kept - real).mean((2, 3, 4, 5)).T
    spread = np.sqrt(kept[:, 1].var(1).mean((1, 2, 3)) / real.var(0).mean())
    rows = pd.DataFrame({"weight": list(frames), "first": first, "last": last, "spread": spread})
    return finding(
        "kl.growth",
        steps=[int(steps[0]), int(steps[-1])],
        rows=rows.to_dict("records"),
        count=len(real),
        error=error,
        no_better=list(rows["weight"][rows["last"] > NEAR_MEAN * error]),
        same=list(rows["weight"][rows["spread"] < SAME_IMAGE]),
    )


def widest_pair(originals: np.ndarray, count: int) -> int:
    """Return which of `count` pairs, images 2i and 2i + 1 of uint8 (N, H, W, C), differs most."""
    pairs = originals[: 2 * count].astype(float)
    return int(((pairs[0::2] - pairs[1::2]) ** 2).mean((1, 2, 3)).argmax())


def interpolation(frames: Mapping[float, np.ndarray], ends: np.ndarray) -> Finding:
    """Say whether the ends differ, and whether the middle is more than the average of the ends.

    `frames` by weight, uint8 (N, H, W, C), go from one image's reconstruction to the other's;
    `ends` (2, H, W, C) are the two images.
    """
    paths = {weight: measure_path(one) for weight, one in frames.items()}
    rows = pd.DataFrame.from_dict(paths, orient="index", columns=["ends", "from_fade"])
    rows = rows.assign(weight=rows.index, share=rows["from_fade"] / (rows["ends"] + 1e-9))
    real, _ = measure_path(ends)
    is_same = rows["ends"] <= SAME_IMAGE * real
    moved = rows[~is_same]
    return finding(
        "kl.interpolation",
        real=real,
        rows=rows.to_dict("records"),
        same=list(rows.index[is_same]),
        moved=moved.to_dict("records"),
        fades=list(moved.index[moved["share"] < MIN_FROM_FADE["between"]]),
    )


def samples(results: Results, half: float) -> list[Finding]:
    """Say how the prior samples of the weights that are discussed stand to real images."""
    if is_trial(results):
        return []
    rows = anchored(results).loc[results["kl_weights"]]
    about = {"rows": rows.to_dict("records"), "alike": list(rows.index[rows["is_alike"]])}
    return [finding("kl.samples", **about, best=_best(rows, half))]


def sweep(results: Results, mean_error: float) -> list[Finding]:
    """Say what a larger weight does to code, error and samples."""
    rows = anchored(results)
    if len(rows) < 2 or is_trial(results):
        return []
    every = rows.sort_values("floors").to_dict("records")
    ends = rows.iloc[[0, -1]].to_dict("records")
    return [finding("kl.sweep", ends=ends, mean_error=mean_error, best=every[0])]


def discussion(
    results: Results,
    *,
    mean_error: float,
    half: float,
    within: Mapping[float, float],
    z_dim: int,
    course_steps: int,
) -> list[Finding]:
    """Say what the KL term does in this study, the most important first.

    `within` is `share_within_prior` by weight; `course_steps` are the report's own updates.
    """
    if is_trial(results):
        return [trial(results)]
    rows = anchored(results)
    saved, best = 1 - rows["test_mse_01"] / mean_error, _best(rows, half)
    every = rows.assign(
        saved=saved,
        is_blurred=rows["sharpness"] < half,
        is_collapsed=(rows["active_units"] == 0) & (saved < 1 - NEAR_MEAN),
        is_nearly=rows["kl_nats"] < NO_CODE,
    ).to_dict("records")
    near, sharp = (min(every, key=itemgetter(name)) for name in ("floors", "test_mse_01"))
    found = []
    # the nearest of samples that are all bad is no merit
    if is_bad := best["is_blurred"] or best["is_far"]:
        found.append(finding("kl.blurred", count=len(rows), half=half, best=best))
    about = {"z_dim": z_dim, "mean_error": mean_error, "half": half}
    found.append(finding("kl.large", row=every[-1], **about))
    if every[0]["kl_weight"] == 0:
        is_lowest = every[0]["test_mse_01"] <= sharp["test_mse_01"] * (1 + SAME_ERROR)
        about = {"inside": within.get(0.0, 1.0), "is_outside": within.get(0.0, 1.0) < FEW_INSIDE}
        found.append(finding("kl.zero", row=every[0], is_lowest=is_lowest, **about))
    if not is_bad:
        more_error = near["test_mse_01"] / sharp["test_mse_01"] - 1
        about = {"more_error": more_error, "is_equal": more_error <= HARD_TO_SEE}
        found.append(finding("kl.balance", sharp=sharp, near=near, **about))
    about = {"steps": results["num_steps"], "course_steps": course_steps}
    return [*found, finding("kl.caveat", **about)]
