"""How well an attribute is told by an image's neighbours, beside always naming one value."""

from __future__ import annotations

import numpy as np

NEIGHBOURS = 10  # in latent space


def neighbour_accuracy(mu: np.ndarray, labels: np.ndarray) -> float:
    """Return how often the majority of an image's ten nearest neighbours has its attribute right.

    Distances are those of the posterior means, as the t-SNE maps of the reports take them; each
    image is left out of its own neighbours. A tie counts as the commoner value.

    Args:
        mu: (N, Z).
        labels: 0/1 (N,).
    """
    from sklearn.neighbors import KNeighborsClassifier  # slow to load

    labels = np.asarray(labels).astype(int)
    near = min(NEIGHBOURS, len(mu) - 1)
    finder = KNeighborsClassifier(near).fit(mu, labels)
    others = finder.kneighbors(return_distance=False)  # of the fitted points, without themselves
    shares = labels[others].mean(1)
    found = np.where(shares == 0.5, labels.mean() > 0.5, shares > 0.5)
    return float((found == labels).mean())


def errors_removed(accuracy: float, floor: float) -> float:
    """Return the share of the majority-class baseline's errors that an accuracy removes.

    0 is the baseline, 1 no error at all; below 0 is worse than the baseline. 0 where always naming
    one value makes no error.
    """
    return (accuracy - floor) / (1 - floor) if floor < 1 else 0.0
