"""How well an attribute is told by an image's neighbours, beside always naming one value."""

import numpy as np

NEIGHBOURS = 10  # in latent space


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

    0 is the baseline, 1 no error at all; below 0 is worse than the baseline. 0 where always naming
    one value makes no error.
    """
    return (accuracy - floor) / (1 - floor) if floor < 1 else 0.0
