"""The shape of a learning curve, and how well an attribute is told by an image's neighbours.

A curve is (R,) values, a record each, in their order; its changes are in percent.
"""

import numpy as np
from scipy.stats import rankdata

WINDOW = 5  # records that a curve is smoothed over before its lowest point is looked for
WARM_UP = 0.1  # share of the training that a statement about its course leaves out
NEIGHBOURS = 10  # in latent space
JUMPS = 0.1  # share of the rises of a loss, the largest ones, that count as jumps


def late(values: np.ndarray) -> np.ndarray:
    """Return a curve without its first tenth."""
    return values[int(WARM_UP * len(values)) :]


def second_half(values: np.ndarray) -> np.ndarray:
    """Return the second half of a curve."""
    return values[len(values) // 2 :]


def tenth(values: np.ndarray, number: int) -> float:
    """Return the mean of one of ten equal parts of a curve, 0 the first, 9 the last."""
    return float(np.array_split(values, 10)[number].mean())


def lowest(values: np.ndarray) -> float:
    """Return the lowest mean of five records on end: a single one is no lowest point."""
    width = min(WINDOW, len(values))
    return float(np.convolve(values, np.full(width, 1 / width), mode="valid").min())


def trend(values: np.ndarray) -> float:
    """Return how steadily a curve rises: its rank correlation with time, -1 to 1 (Spearman)."""
    if np.ptp(values) == 0:
        return 0.0
    return float(np.corrcoef(np.arange(len(values)), rankdata(values))[0, 1])


def early_fall(values: np.ndarray) -> float:
    """Return the change from the first record to the lowest point of the first third.

    It is 0 or more where the curve rises from the start.
    """
    return 100 * (lowest(values[: max(len(values) // 3, 2)]) / float(values[0]) - 1)


def later_rise(values: np.ndarray) -> float:
    """Return the change from the curve's lowest point to its last tenth."""
    return 100 * (tenth(values, 9) / lowest(values) - 1)


def last_change(values: np.ndarray) -> float:
    """Return the change from the last tenth but one to the last; 0 on a plateau."""
    return 100 * (tenth(values, 9) / tenth(values, 8) - 1)


def roughness(values: np.ndarray) -> float:
    """Return the mean size of the changes between records over the mean, in the second half."""
    values = second_half(values)
    return 100 * float(np.abs(np.diff(values)).mean() / values.mean())


def share_between(values: np.ndarray, low: float, high: float) -> float:
    """Return in which share of a curve without its first tenth the values lie between two."""
    values = late(values)
    return 100 * float(((low <= values) & (values <= high)).mean())


def opposed_share(d_loss: np.ndarray, g_loss: np.ndarray) -> float:
    """Return in which share of the jumps of D's and of G's loss, (R,) each, the other one falls.

    Jumps are the largest tenth of the changes upwards from record to record, of each loss, the
    first tenth of the training left out. Losses that know nothing of each other give about 50.
    """
    changes = [np.diff(late(values)) for values in (d_loss, g_loss)]
    opposed: list[bool] = []
    for own, other in (changes, changes[::-1]):
        largest = np.argsort(own)[-max(1, round(JUMPS * len(own))) :]
        opposed.extend(other[largest][own[largest] > 0] < 0)
    return 100 * float(np.mean(opposed)) if opposed else 0.0


# ---- neighbours ----------------------------------------------------------------------------------


def neighbour_accuracy(mu: np.ndarray, labels: np.ndarray) -> float:
    """Return how often the majority of an image's ten nearest neighbours has its attribute right.

    Neighbours are near by their posterior means `mu` (N, Z), as on the t-SNE maps of the reports;
    `labels` (N,) are 0/1. A tie counts as the commoner value.
    """
    from sklearn.neighbors import KNeighborsClassifier  # slow to load

    labels = np.asarray(labels).astype(int)
    finder = KNeighborsClassifier(min(NEIGHBOURS, len(mu) - 1)).fit(mu, labels)
    shares = labels[finder.kneighbors(return_distance=False)].mean(1)  # each without itself
    found = np.where(shares == 0.5, labels.mean() > 0.5, shares > 0.5)
    return float((found == labels).mean())


def errors_removed(accuracy: float, floor: float) -> float:
    """Return the share of the majority-class baseline's errors that an accuracy removes.

    Below 0 is worse than the baseline; 0 also where the baseline makes no error.
    """
    return (accuracy - floor) / (1 - floor) if floor < 1 else 0.0
