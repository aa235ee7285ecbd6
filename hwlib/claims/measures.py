"""What is measured of a finished run: pure functions, a run and its data to a number.

`MEASURES` and `CONDITIONS`, at the end, give them the names that report/claims.toml knows them by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch.nn.functional import avg_pool2d, interpolate

from hwlib.claims import curves
from hwlib.claims.base import NotApplicable
from hwlib.claims.catalogue import GROUPS
from hwlib.claims.neighbours import errors_removed, neighbour_accuracy
from hwlib.data import Data
from hwlib.metrics import majority_accuracy, sharpness
from hwlib.run import Run
from hwlib.thresholds import COLLAPSED_D_LOSS, HEALTHY_D_ACCURACY
from hwlib.training.batches import evenly_spaced_rows

Measure = Callable[[Run, Data], float]

MAX_IMAGES = 5_000  # that a mean image is taken of
MAX_TEST_IMAGES = 1_000  # that the sharpness at half the resolution is measured on
EARLY = 2 / 3  # report A: broken after about step 20,000 of 30,000
NEAR_FLOOR = 10  # times the noise floor of KID: from here down there is little left to learn
KID_NOISE = 1e-3  # a KID below this counts as this, so that ratios of it mean something


def result(name: str) -> Measure:
    """Return the measure that reads `name` from results.json."""
    return lambda run, data: float(run.results[name])


# ---- images --------------------------------------------------------------------------------------


def mean_face_distance(run: Run, data: Data) -> float:
    """Return how far samples are from the mean training image: RMS over all values, 0..255."""
    samples = run.samples["samples"].astype(np.float64)
    return float(np.sqrt(np.square(samples - mean_image(data)).mean()))


def image_spread(name: str) -> Measure:
    """Return the measure of how far a run's images `name` are from their mean, in grey levels.

    It is the RMS over images and values, 0 where all are the same.
    """
    return lambda run, data: float(np.sqrt(run.samples[name].astype(np.float64).var(0).mean()))


def mean_image(data: Data) -> np.ndarray:
    """Return the mean of at most 5,000 training images, evenly spread: float64 (H, W, C)."""
    images = data.train.images[evenly_spaced_rows(len(data.train), MAX_IMAGES)]
    return images.mean(0, dtype=np.float64)


# ---- what real images have -----------------------------------------------------------------------

# Kept by the data's fingerprint: all arms of a claim ask for the same few numbers.
_kept: dict[tuple[str, str], float] = {}


def of_data(measure: Callable[[Data], float]) -> Measure:
    """Return the measure that looks at the data alone, and only once at each."""

    def measured(run: Run, data: Data) -> float:
        key = (data.fingerprint, measure.__name__)
        if key not in _kept:
            _kept[key] = measure(data)
        return _kept[key]

    return measured


def half_sharpness(data: Data) -> float:
    """Return the sharpness of test images that keep half of their resolution.

    Each 2 x 2 block becomes its mean; bilinear interpolation brings the image back to its size.
    Images that are no sharper than these have lost the finer half of their detail: blurred.
    """
    images = data.test.images[evenly_spaced_rows(len(data.test), MAX_TEST_IMAGES)]
    x = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).float()
    half = interpolate(avg_pool2d(x, 2), size=x.shape[2:], mode="bilinear")
    return float(sharpness(half).mean())


def mean_image_sharpness(data: Data) -> float:
    """Return the sharpness of the mean training image, which has no person's features left."""
    return float(sharpness(torch.from_numpy(mean_image(data)).permute(2, 0, 1)[None]).mean())


def mean_image_error(data: Data) -> float:
    """Return the mean squared error, in [-1, 1], of the mean training image for test images."""
    images = data.test.images[evenly_spaced_rows(len(data.test), MAX_IMAGES)]
    error = np.square(images - mean_image(data)).mean()
    return float(error / 127.5**2)


def missed_coverage(run: Run, data: Data) -> float:
    """Return which share of the real images that others cover the samples miss, in percent.

    Coverage (Naeem et al. 2020) is the share of test images that have an image near.
    """
    return 100 * (1 - run.results["coverage"] / run.results["coverage_real"])


# ---- latent space --------------------------------------------------------------------------------


def avoided_errors(accuracy: float, floor: float) -> float:
    """Return which share of the majority-class baseline's errors an accuracy avoids, in percent.

    Raises:
        NotApplicable: there is one value only, and always naming it makes no error.
    """
    if floor == 1:
        raise NotApplicable("one_value")
    return 100 * errors_removed(accuracy, floor)


def probe_gain(run: Run, data: Data) -> float:
    """Return how well a linear classifier reads the attribute off the latents, in percent."""
    results = run.results
    return avoided_errors(results["linear_probe_accuracy"], results["linear_probe_floor"])


def neighbour_gain(run: Run, data: Data) -> float:
    """Return how well an image's neighbours in latent space tell its attribute, in percent.

    A map shows a split where neighbours agree.
    """
    with np.load(run.path / "latents.npz", allow_pickle=False) as arrays:
        mu, index = arrays["test_mu"], arrays["test_index"]
    labels = data.test.labels[index, data.attributes.index(run.config.attribute)].astype(int)
    return avoided_errors(neighbour_accuracy(mu, labels), majority_accuracy(labels))


# ---- curves --------------------------------------------------------------------------------------


def curve(run: Run, name: str) -> np.ndarray:
    """Return a column of metrics.jsonl, (R,) records in their order."""
    return run.metrics[name].dropna().to_numpy(dtype=float)


def of_curve(name: str, shape: Callable[[np.ndarray], float]) -> Measure:
    """Return the measure that looks at the shape of one learning curve; see `curves`."""
    return lambda run, data: shape(curve(run, name))


def late_trend(values: np.ndarray) -> float:
    """Return how steadily a curve rises after its first tenth, -1 to 1."""
    return curves.trend(curves.late(values))


def roughness(values: np.ndarray) -> float:
    """Return the mean size of the changes from record to record over the mean, in percent.

    In the second half of the training.
    """
    values = curves.second_half(values)
    return 100 * float(np.abs(np.diff(values)).mean() / values.mean())


# ---- the adversarial game ------------------------------------------------------------------------


def healthy_share(run: Run, data: Data) -> float:
    """Return in which share of the training D's accuracy lies between 60 and 75 %, in percent.

    D's accuracy is the mean of that on real and on fake images, over the steps of a record; the
    first tenth of the training is left out.

    Raises:
        NotApplicable: the training was not healthy: diversity was gone, or D's loss at 0.
    """
    if run.results["collapse"]:
        raise NotApplicable("not_healthy", seed=run.config.seed)
    accuracy = (curve(run, "d_accuracy_real") + curve(run, "d_accuracy_fake")) / 2
    return curves.share_between(accuracy, *HEALTHY_D_ACCURACY)


def opposed_jumps(run: Run, data: Data) -> float:
    """Return how often, when one loss jumps, the other falls, in percent."""
    return curves.opposed_share(curve(run, "d_loss"), curve(run, "g_loss"))


def mean_roughness(run: Run, data: Data) -> float:
    """Return by how much the losses of G and D change from record to record, in percent."""
    return float(np.mean([roughness(curve(run, name)) for name in ("d_loss", "g_loss")]))


def learning_after_zero(run: Run, data: Data) -> float:
    """Return by how much G's images still get better once D's loss is at zero, in percent.

    D's loss counts as zero from the first snapshot on before which it was below 0.05 nats on
    average. The measure is the fall of the snapshots' KID from there to the last one; images that
    get worse count as 0.

    Raises:
        NotApplicable: D's loss never came to zero, or only at the last snapshot; or the images
            were then near the noise floor, so that nothing was left to learn.
    """
    table = run.metrics
    is_snapshot = table["snapshot_kid"].notna().to_numpy()
    kids = table["snapshot_kid"].to_numpy()[is_snapshot]
    ends = np.flatnonzero(is_snapshot) + 1
    losses = table["d_loss"].to_numpy()
    means = [part.mean() for part in np.split(losses, ends)[: len(ends)]]
    at_zero = np.flatnonzero(np.array(means) < COLLAPSED_D_LOSS)
    if not len(at_zero) or at_zero[0] == len(kids) - 1:
        raise NotApplicable("no_zero", seed=run.config.seed)
    then, last = (max(float(kid), KID_NOISE) for kid in (kids[at_zero[0]], kids[-1]))
    if then < NEAR_FLOOR * max(run.results["kid_real"], KID_NOISE):
        raise NotApplicable("nothing_to_learn", seed=run.config.seed)
    return max(0.0, 100 * (1 - last / then))


def late_loss(run: Run, data: Data) -> float:
    """Return by how much the last snapshot's KID is above the best early one's, in percent.

    Early is the first two thirds of the training. The lowest of several noisy KIDs lies a little
    below the true one, which favours the claim; its margin is set well above that.
    """
    snapshots = run.metrics.dropna(subset=["snapshot_kid"])
    kids = snapshots["snapshot_kid"].to_numpy(dtype=float)
    is_early = snapshots["step"].to_numpy() <= EARLY * run.config.num_steps
    if not is_early.any():  # a run of one or two snapshots has no early one but the first
        is_early[0] = True
    early, last = (max(float(kid), KID_NOISE) for kid in (kids[is_early].min(), kids[-1]))
    return 100 * (last / early - 1)


# ---- codes ---------------------------------------------------------------------------------------


def lead_of(group: str, *, but: str = "") -> Measure:
    """Return the measure of how far a group of factors leads in what the code tells, in nats.

    It is the most that the code tells about a factor of `group`, less the most that it tells about
    any factor that is neither in it nor in the group `but`; of Q's reading of real test images.
    """
    names, left_out = GROUPS[group], GROUPS.get(but, frozenset())

    def measure(run: Run, data: Data) -> float:
        codes = run.results["code_factor_nats"]
        best = {name: max(code[name] for code in codes) for name in codes[0]}
        own = max(value for name, value in best.items() if name in names)
        return own - max(v for name, v in best.items() if name not in names | left_out)

    return measure


# ---- names ---------------------------------------------------------------------------------------

IN_RESULTS = (  # read as they are from results.json
    *("sharpness_reconstructions", "sharpness_samples", "colourfulness_samples"),
    *("diversity_samples", "diversity_real", "frechet", "frechet_real", "test_mse_11", "last_kid"),
)

MEASURES: Mapping[str, Measure] = {
    **{name: result(name) for name in IN_RESULTS},
    "sharpness_half": of_data(half_sharpness),
    "spread_reconstructions": image_spread("reconstructions"),
    "spread_originals": image_spread("originals"),
    "mean_face_distance": mean_face_distance,
    "missed_coverage": missed_coverage,
    "probe_gain": probe_gain,
    "neighbour_gain": neighbour_gain,
    "recon_trend": of_curve("recon_nats", curves.trend),
    "recon_late_trend": of_curve("recon_nats", late_trend),
    "kl_late_trend": of_curve("kl_nats", late_trend),
    "kl_early_fall": of_curve("kl_nats", curves.early_fall),
    "kl_later_rise": of_curve("kl_nats", curves.later_rise),
    "kl_last_change": of_curve("kl_nats", curves.last_change),
    "healthy_share": healthy_share,
    "opposed_jumps": opposed_jumps,
    "learning_after_zero": learning_after_zero,
    "roughness": mean_roughness,
    "late_loss": late_loss,
    "hair_lead": lead_of("hair"),
    "pose_lead": lead_of("pose", but="hair"),
}


def _share(measure: Measure, of: Measure, least: float) -> Measure:
    """Return the measure over `of`, in units of the least that it may be: 1 or more is enough."""
    return lambda run, data: measure(run, data) / of(run, data) / least


def _reach(measure: Measure, of: Measure, most: float) -> Measure:
    """Return the measure's limit, `most` times `of`, over the measure: 1 or more is enough."""
    return lambda run, data: most * of(run, data) / max(measure(run, data), 1e-12)


# What a run must have for a comparison with it to say anything: each 1 or more. A ratio of two runs
# that both fail says nothing of what a report saw.
CONDITIONS: Mapping[str, Mapping[str, Measure]] = {
    # Samples count as images of this data. Each guards against one way of not being any: noise and
    # fragments lie where no real image lies, one image over and over has no diversity, and fog is
    # blurrier than the mean image. More of any of them proves nothing.
    "sound_samples": {
        "precision": _share(result("precision"), result("precision_real"), 0.25),
        "diversity": _share(result("diversity_samples"), result("diversity_real"), 0.25),
        "sharpness": _share(result("sharpness_samples"), of_data(mean_image_sharpness), 1.0),
    },
    # Reconstructions show their image: half of the mean image's error at most.
    "reconstructs": {
        "error": _reach(result("test_mse_11"), of_data(mean_image_error), 0.5),
    },
    # Reconstructions are sharp: sharper than real images at half of their resolution.
    "sharp_reconstructions": {
        "sharpness": _share(result("sharpness_reconstructions"), of_data(half_sharpness), 1.0),
    },
    # D's loss has not come to zero, where changes relative to it lose their meaning.
    "live_loss": {
        "loss": lambda run, data: (
            float(curves.second_half(curve(run, "d_loss")).mean()) / COLLAPSED_D_LOSS
        ),
    },
}
