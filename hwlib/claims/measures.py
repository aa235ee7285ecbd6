"""What is measured of a finished run, beside the real images: each measure is one number.

`MEASURES`, at the end, has the names that report/claims.toml knows them by; any other name is a
number of results.json.
"""

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import avg_pool2d, interpolate

from hwlib.claims import shapes
from hwlib.claims.catalogue import GROUPS, NotApplicable
from hwlib.claims.shapes import errors_removed, neighbour_accuracy
from hwlib.data import Data
from hwlib.metrics import majority_accuracy, sharpness
from hwlib.run import Run, read_latents
from hwlib.thresholds import COLLAPSED_D_LOSS, HEALTHY_D_ACCURACY
from hwlib.training.batches import evenly_spaced_rows

MAX_IMAGES = 5_000  # that a mean image is taken of
MAX_TEST_IMAGES = 1_000  # that the sharpness at half the resolution is measured on
EARLY = 2 / 3  # report A: broken after about step 20,000 of 30,000
NEAR_FLOOR = 10  # times the noise floor of KID: from here down there is little left to learn
KID_NOISE = 1e-3  # a KID below this counts as this, so that ratios of it mean something


class RealImages:
    """What the images that runs learned from have, each measured once."""

    def __init__(self, data: Data):
        self.data = data

    @cached_property
    def mean_image(self) -> np.ndarray:
        """The mean of at most 5,000 training images, evenly spread: float64 (H, W, C)."""
        rows = evenly_spaced_rows(len(self.data.train), MAX_IMAGES)
        return self.data.train.images[rows].mean(0, dtype=np.float64)

    @cached_property
    def mean_sharpness(self) -> float:
        """The sharpness of the mean training image, which has no person's features left."""
        return float(sharpness(torch.from_numpy(self.mean_image).permute(2, 0, 1)[None]).mean())

    @cached_property
    def mean_error(self) -> float:
        """The mean squared error, in [-1, 1], of the mean training image for test images."""
        images = self.data.test.images[evenly_spaced_rows(len(self.data.test), MAX_IMAGES)]
        return float(np.square(images - self.mean_image).mean() / 127.5**2)

    @cached_property
    def half_sharpness(self) -> float:
        """The sharpness of test images that keep half of their resolution, at their full size.

        Images that are no sharper than these have lost the finer half of their detail: blurred.
        """
        images = self.data.test.images[evenly_spaced_rows(len(self.data.test), MAX_TEST_IMAGES)]
        x = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).float()
        half = interpolate(avg_pool2d(x, 2), size=x.shape[2:], mode="bilinear")
        return float(sharpness(half).mean())


Measure = Callable[[Run, RealImages], float]


def measure(name: str, run: Run, real: RealImages) -> float:
    """Return a measure of a finished run by its name."""
    return MEASURES[name](run, real) if name in MEASURES else float(run.results[name])


def curve(run: Run, name: str) -> np.ndarray:
    """Return a column of metrics.jsonl, (R,) records in their order."""
    return run.metrics[name].dropna().to_numpy(dtype=float)


# ---- images and latents --------------------------------------------------------------------------


def mean_face_distance(run: Run, real: RealImages) -> float:
    """Return how far samples are from the mean training image: RMS over all values, 0..255."""
    samples = run.samples["samples"].astype(np.float64)
    return float(np.sqrt(np.square(samples - real.mean_image).mean()))


def spread(images: np.ndarray) -> float:
    """Return how far images (N, H, W, C) are from their mean: RMS over all values, 0..255."""
    return float(np.sqrt(images.astype(np.float64).var(0).mean()))


def neighbour_gain(run: Run, real: RealImages) -> float:
    """Return how well an image's neighbours in latent space tell its attribute, in percent."""
    mu, index = read_latents(run.path)
    column = real.data.attributes.index(run.config.attribute)
    labels = real.data.test.labels[index, column].astype(int)
    accuracy = neighbour_accuracy(mu, labels)
    return 100 * errors_removed(accuracy, majority_accuracy(labels))


def lead(run: Run, group: str, *, but: str | None = None) -> float:
    """Return how far a group of factors leads in what Q reads in real test images, in nats.

    That is the most about a factor of `group`, less the most about one neither in it nor in `but`.
    """
    best = pd.DataFrame(run.results["code_factor_nats"]).max()
    others = best.drop([*GROUPS[group], *GROUPS.get(but, ())])
    return float(best[GROUPS[group]].max() - others.max())


# ---- the adversarial game ------------------------------------------------------------------------


def healthy_share(run: Run, real: RealImages) -> float:
    """Return in which share of the training D's accuracy lies between 60 and 75 %, in percent.

    It is the mean over real and fake images, without the first tenth of the training. Where
    diversity was gone, or D's loss at 0, the training was not healthy: NotApplicable.
    """
    if run.results["collapse"]:
        raise NotApplicable("not_healthy", seed=run.config.seed)
    accuracy = (curve(run, "d_accuracy_real") + curve(run, "d_accuracy_fake")) / 2
    return shapes.share_between(accuracy, *HEALTHY_D_ACCURACY)


def learning_after_zero(run: Run, real: RealImages) -> float:
    """Return by how much the snapshots' KID still falls once D's loss is at zero, in percent.

    That is from the first snapshot on before which the loss was below 0.05 nats on average; a rise
    counts as 0. NotApplicable where the loss never came to zero, or only at the last snapshot, or
    where the images were near the noise floor then, so that nothing was left to learn.
    """
    table = run.metrics
    # a stretch of the training ends with each snapshot
    stretches = table["snapshot_kid"].notna().shift(fill_value=False).cumsum()
    scored = table.groupby(stretches).agg({"d_loss": "mean", "snapshot_kid": "last"}).dropna()
    kids = scored["snapshot_kid"][scored["d_loss"].lt(COLLAPSED_D_LOSS).cummax()]
    if len(kids) < 2:
        raise NotApplicable("no_zero", seed=run.config.seed)
    then, last = kids.clip(lower=KID_NOISE).iloc[[0, -1]]
    if then < NEAR_FLOOR * max(run.results["kid_real"], KID_NOISE):
        raise NotApplicable("nothing_to_learn", seed=run.config.seed)
    return max(0.0, 100 * (1 - last / then))


def late_loss(run: Run, real: RealImages) -> float:
    """Return by how much the last snapshot's KID is above the best early one's, in percent.

    Early is the first two thirds of the training. The lowest of several noisy KIDs lies a little
    below the true one, which favours the claim; its margin is set well above that.
    """
    kids = run.metrics.dropna(subset=["snapshot_kid"]).set_index("step")["snapshot_kid"]
    early = kids[kids.index <= max(kids.index[0], EARLY * run.config.num_steps)]
    return float(100 * (max(kids.iloc[-1], KID_NOISE) / max(early.min(), KID_NOISE) - 1))


# ---- names ---------------------------------------------------------------------------------------


def _of_curves(shape: Callable[[np.ndarray], float], *names: str) -> Measure:
    """Return the mean of what learning curves have; see `shapes`."""
    return lambda run, real: float(np.mean([shape(curve(run, name)) for name in names]))


MEASURES: Mapping[str, Measure] = {
    "sharpness_half": lambda run, real: real.half_sharpness,
    "sharpness_mean_image": lambda run, real: real.mean_sharpness,
    "error_mean_image": lambda run, real: real.mean_error,
    "late_d_loss": lambda run, real: shapes.second_half(curve(run, "d_loss")).mean(),
    "spread_reconstructions": lambda run, real: spread(run.samples["reconstructions"]),
    "spread_originals": lambda run, real: spread(run.samples["originals"]),
    "mean_face_distance": mean_face_distance,
    # of the test images near which other real images lie (Naeem et al. 2020), in percent
    "missed_coverage": lambda run, real: (
        100 * (1 - run.results["coverage"] / run.results["coverage_real"])
    ),
    # of the errors of always naming the commoner value, those that a linear classifier avoids
    "probe_gain": lambda run, real: (
        100
        * errors_removed(run.results["linear_probe_accuracy"], run.results["linear_probe_floor"])
    ),
    "neighbour_gain": neighbour_gain,
    "recon_trend": _of_curves(shapes.trend, "recon_nats"),
    "recon_late_trend": lambda run, real: shapes.trend(shapes.late(curve(run, "recon_nats"))),
    "kl_late_trend": lambda run, real: shapes.trend(shapes.late(curve(run, "kl_nats"))),
    "kl_early_fall": _of_curves(shapes.early_fall, "kl_nats"),
    "kl_later_rise": _of_curves(shapes.later_rise, "kl_nats"),
    "kl_last_change": _of_curves(shapes.last_change, "kl_nats"),
    "healthy_share": healthy_share,
    "opposed_jumps": lambda run, real: shapes.opposed_share(
        curve(run, "d_loss"), curve(run, "g_loss")
    ),
    "learning_after_zero": learning_after_zero,
    "roughness": _of_curves(shapes.roughness, "d_loss", "g_loss"),
    "late_loss": late_loss,
    "hair_lead": lambda run, real: lead(run, "hair"),
    "pose_lead": lambda run, real: lead(run, "pose", but="hair"),
}
