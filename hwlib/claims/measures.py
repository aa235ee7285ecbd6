"""What is measured of a finished run: pure functions, a run and its data to a number."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from scipy import stats

from hwlib.claims.base import Measure, NotApplicable
from hwlib.data import Data
from hwlib.discuss.base import Sentence
from hwlib.discuss.gan import HEALTHY
from hwlib.metrics import majority_floor
from hwlib.run import Run
from hwlib.training.batches import spread
from hwlib.training.snapshots import NO_LOSS

MAX_IMAGES = 5_000  # that a mean picture is taken of
NEIGHBOURS = 10  # in latent space
WINDOW = 5  # records that a curve is smoothed over before its lowest point is looked for
WARM_UP = 0.1  # share of the training that a statement about its course leaves out
JUMPS = 0.1  # share of the rises of a loss, the largest ones, that count as jumps
EARLY = 2 / 3  # report A: broken after about step 20,000 of 30,000
KID_NOISE = 1e-3  # a KID below this counts as this, so that ratios of it mean something


def result(name: str) -> Measure:
    """Return the measure that reads `name` from results.json."""

    def measure(run: Run, data: Data) -> float:
        return float(run.results[name])

    return measure


# ---- pictures ------------------------------------------------------------------------------------


def mean_face_distance(run: Run, data: Data) -> float:
    """Return how far samples are from the mean training picture: RMS over all values, 0..255."""
    samples = run.samples["samples"].astype(np.float64)
    return float(np.sqrt(np.square(samples - mean_picture(data)).mean()))


def picture_spread(name: str) -> Measure:
    """Return the measure of how unlike one another a run's pictures `name` are.

    It is the RMS, over pictures and values, of what they differ from their mean picture: grey
    levels, 0 where all are the same.
    """

    def measure(run: Run, data: Data) -> float:
        pictures = run.samples[name].astype(np.float64)
        return float(np.sqrt(np.square(pictures - pictures.mean(0)).mean()))

    return measure


def mean_picture(data: Data) -> np.ndarray:
    """Return the mean of at most 5,000 training pictures, evenly spread: float64 (H, W, C)."""
    images = data.train.images[spread(len(data.train), MAX_IMAGES)]
    return images.mean(0, dtype=np.float64)


# ---- latent space --------------------------------------------------------------------------------


def above_floor(accuracy: float, floor: float) -> float:
    """Return which share of the guesses' errors an accuracy saves, in percent.

    0 is always naming the commoner value, 100 no error at all; below 0 is worse than that.

    Raises:
        NotApplicable: there is one value only, and always naming it makes no error.
    """
    if floor == 1:
        raise NotApplicable(
            Sentence("測試影像的屬性全都相同。", "All test pictures have the same attribute.")
        )
    return 100 * (accuracy - floor) / (1 - floor)


def probe_gain(run: Run, data: Data) -> float:
    """Return how well a straight cut through latent space tells the attribute: `above_floor`."""
    results = run.results
    return above_floor(results["linear_probe_accuracy"], results["linear_probe_floor"])


def neighbour_gain(run: Run, data: Data) -> float:
    """Return how well a picture's ten nearest neighbours in latent space tell its attribute.

    Distances are those of the posterior means, as the t-SNE maps of the reports take them; each
    picture is left out of its own neighbours. A map shows a split where neighbours agree.

    Returns:
        Percent, as `above_floor`.
    """
    from sklearn.neighbors import KNeighborsClassifier

    with np.load(run.path / "latents.npz", allow_pickle=False) as arrays:
        mu, index = arrays["test_mu"], arrays["test_index"]
    labels = data.test.labels[index, data.attributes.index(run.config.attribute)].astype(int)
    near = min(NEIGHBOURS, len(mu) - 1)
    finder = KNeighborsClassifier(near).fit(mu, labels)
    others = finder.kneighbors(return_distance=False)  # of the fitted points, without themselves
    shares = labels[others].mean(1)
    told = np.where(shares == 0.5, labels.mean() > 0.5, shares > 0.5)
    return above_floor(float((told == labels).mean()), majority_floor(labels))


# ---- curves --------------------------------------------------------------------------------------


def curve(run: Run, name: str) -> np.ndarray:
    """Return a column of metrics.jsonl, (R,) records in their order."""
    return run.metrics[name].dropna().to_numpy(dtype=float)


def trend(values: np.ndarray) -> float:
    """Return how steadily a curve rises: its rank correlation with time, -1 to 1 (Spearman)."""
    if np.ptp(values) == 0:
        return 0.0
    return float(stats.spearmanr(np.arange(len(values)), values).statistic)


def smoothed(values: np.ndarray) -> np.ndarray:
    """Return means over five records, so that a single one is no lowest point.

    (R,) -> (R - 4,); a curve of five records or fewer becomes its mean, (1,).
    """
    width = min(WINDOW, len(values))
    return np.convolve(values, np.full(width, 1 / width), mode="valid")


def late(values: np.ndarray) -> np.ndarray:
    """Return a curve without its first tenth."""
    return values[int(WARM_UP * len(values)) :]


def tenth(values: np.ndarray, number: int) -> float:
    """Return the mean of one of ten equal parts of a curve, 0 the first, 9 the last."""
    return float(np.array_split(values, 10)[number].mean())


def trend_of(name: str, *, after_warm_up: bool = False) -> Measure:
    """Return the measure `trend` of a learning curve."""

    def measure(run: Run, data: Data) -> float:
        values = curve(run, name)
        return trend(late(values) if after_warm_up else values)

    return measure


def early_fall(values: np.ndarray) -> float:
    """Return the change from the first record to the lowest of the first third, in percent.

    The lowest is of the smoothed curve; 0 or more where the curve rises from the start.
    """
    third = smoothed(values[: max(len(values) // 3, 2)])
    return 100 * (float(third.min()) / float(values[0]) - 1)


def later_rise(values: np.ndarray) -> float:
    """Return the change from the curve's lowest point, smoothed, to its last tenth, in percent."""
    return 100 * (tenth(values, 9) / float(smoothed(values).min()) - 1)


def last_change(values: np.ndarray) -> float:
    """Return the change from the last tenth but one to the last, in percent; 0 on a plateau."""
    return 100 * (tenth(values, 9) / tenth(values, 8) - 1)


def of_curve(name: str, shape: Callable[[np.ndarray], float]) -> Measure:
    """Return the measure that looks at the shape of one learning curve."""

    def measure(run: Run, data: Data) -> float:
        return shape(curve(run, name))

    return measure


# ---- the adversarial game ------------------------------------------------------------------------


def healthy_share(run: Run, data: Data) -> float:
    """Return in which share of the training D's accuracy lies between 60 and 75 %, in percent.

    D's accuracy is the mean of that on real and on fake pictures, over the steps of a record; the
    first tenth of the training is left out.

    Raises:
        NotApplicable: the training was not healthy: diversity was gone, or D's loss at 0.
    """
    if run.results["collapse"]:
        raise NotApplicable(
            Sentence(
                f"種子 {run.config.seed} 的訓練並不正常：多樣性消失，或判別器的損失降到零。",
                f"With seed {run.config.seed} the training was not healthy: diversity was gone, or"
                " D's loss was at zero.",
            )
        )
    accuracy = late((curve(run, "d_accuracy_real") + curve(run, "d_accuracy_fake")) / 2)
    low, high = HEALTHY
    return 100 * float(((low <= accuracy) & (accuracy <= high)).mean())


def opposed_jumps(run: Run, data: Data) -> float:
    """Return how often, when one loss jumps, the other falls, in percent; see `opposed_share`."""
    return opposed_share(curve(run, "d_loss"), curve(run, "g_loss"))


def opposed_share(d_loss: np.ndarray, g_loss: np.ndarray) -> float:
    """Return in which share of one loss's jumps the other one falls, in percent.

    Jumps are the largest tenth of the changes upwards from record to record, of each loss, the
    first tenth of the training left out. Losses that know nothing of each other give about 50.

    Args:
        d_loss: (R,) of D, a value a record.
        g_loss: (R,) of G.
    """
    changes = [np.diff(late(values)) for values in (d_loss, g_loss)]
    opposed: list[bool] = []
    for own, other in (changes, changes[::-1]):
        num = max(1, round(JUMPS * len(own)))
        jumps = [row for row in np.argsort(own)[-num:] if own[row] > 0]
        opposed += [bool(other[row] < 0) for row in jumps]
    return 100 * float(np.mean(opposed)) if opposed else 0.0


def learning_after_zero(run: Run, data: Data) -> float:
    """Return by how much G's pictures still get better once D's loss is at zero, in percent.

    D's loss counts as zero from the first snapshot on before which it was below 0.05 nats on
    average. What is told is the fall of the snapshots' KID from there to the last one; pictures
    that get worse count as 0.

    Raises:
        NotApplicable: D's loss never came to zero, or only at the last snapshot.
    """
    table = run.metrics
    is_snapshot = table["snapshot_kid"].notna().to_numpy()
    kids = table["snapshot_kid"].to_numpy()[is_snapshot]
    ends = np.flatnonzero(is_snapshot) + 1
    losses = table["d_loss"].to_numpy()
    means = [part.mean() for part in np.split(losses, ends)[: len(ends)]]
    at_zero = np.flatnonzero(np.array(means) < NO_LOSS)
    if not len(at_zero) or at_zero[0] == len(kids) - 1:
        raise NotApplicable(
            Sentence(
                f"種子 {run.config.seed} 的訓練中，判別器的損失沒有及早降到零，條件沒有出現。",
                f"With seed {run.config.seed} D's loss did not come to zero before the end, so the"
                " claim's condition was not met.",
            )
        )
    then, last = (max(float(kid), KID_NOISE) for kid in (kids[at_zero[0]], kids[-1]))
    return max(0.0, 100 * (1 - last / then))


def roughness(run: Run, data: Data) -> float:
    """Return by how much the losses of G and D change from record to record, in percent.

    The mean size of the changes over the mean of the loss, in the second half of the training; the
    mean of both networks' values.
    """
    rough = []
    for name in ("d_loss", "g_loss"):
        values = curve(run, name)
        values = values[len(values) // 2 :]
        rough.append(float(np.abs(np.diff(values)).mean() / values.mean()))
    return 100 * float(np.mean(rough))


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


def lead_of(group: Iterable[str], *, over: Callable[[str], bool]) -> Measure:
    """Return the measure of how far one group of factors leads in what the code tells, in nats.

    It is the most that the code tells about a factor of `group`, less the most that it tells about
    a factor for which `over` holds; of Q's reading of real test pictures.
    """
    names = set(group)

    def measure(run: Run, data: Data) -> float:
        codes = run.results["code_factor_nats"]
        best = {name: max(code[name] for code in codes) for name in codes[0]}
        own = max(value for name, value in best.items() if name in names)
        return own - max(value for name, value in best.items() if name not in names and over(name))

    return measure
