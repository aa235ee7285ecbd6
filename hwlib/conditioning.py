"""What labels and codes do to images: numbers from readings of them, pure functions."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

CODE_SIZE = 10  # values of one InfoGAN code
NUM_BINS = 10  # equally full classes that a continuous factor is cut into
NUM_SHUFFLES = 20  # shuffled codes whose information is taken off


# --- Draws ----------------------------------------------------------------------------------------


def draw_codes(num: int, num_codes: int, generator: torch.Generator) -> Tensor:
    """Draw values of `num_codes` ten-way codes, each equally likely: int64 (num, K)."""
    return torch.randint(CODE_SIZE, (num, num_codes), generator=generator)


def draw_labels(num: int, num_labels: int, generator: torch.Generator) -> Tensor:
    """Draw labels that are on with probability one half: float (num, A) of 0 and 1."""
    return torch.randint(2, (num, num_labels), generator=generator).float()


def one_hot(codes: Tensor) -> Tensor:
    """Write codes (..., K) as G takes them: float (..., K * 10), one 1 among each ten."""
    return F.one_hot(codes, CODE_SIZE).flatten(-2).float()


# --- Labels: ACGAN --------------------------------------------------------------------------------


def attribute_accuracy(readings: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the share of images that show what their label asked for (Odena et al. 2017).

    Where half of the labels are on, a generator that ignores them scores 0.5, however common the
    attribute is in its images. Readings (N, A) and labels (N, A) 0/1 give (A,) in 0..1.
    """
    return (readings.astype(bool) == labels.astype(bool)).mean(0)


def label_correlation(readings: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the correlation of readings (N, A) with labels (N, A), in any proportion: (A,).

    It is 0 where the labels are ignored, or one of the two is the same throughout; where half of
    both are on, twice the accuracy less 1.
    """
    seen, asked = (values.astype(float) - values.mean(0) for values in (readings, labels))
    scale = np.sqrt((seen**2).mean(0) * (asked**2).mean(0))
    return np.divide((seen * asked).mean(0), scale, out=np.zeros_like(scale), where=scale > 0)


def flip_rate(on: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Return the share of noises whose image has the attribute if and only if it is asked for.

    Readings with the label on and off (N, A), row by row of the same noise, give (A,) in 0..1: 0
    where the label is ignored, and 0 where it works the wrong way round.
    """
    return (on.astype(bool) & ~off.astype(bool)).mean(0)


def leakage(on: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Return how much commoner each attribute is with one label on (N, A) than off (M, A): (A,).

    The entry of the label itself is its effect, the others are what changes besides.
    """
    return on.mean(0, dtype=float) - off.mean(0, dtype=float)


# --- Codes: InfoGAN -------------------------------------------------------------------------------


def code_accuracy(logits: Tensor, codes: Tensor) -> Tensor:
    """Return how often Q's likeliest value is the code that the image was made with.

    Logits (N, K, V) of K codes of V values, and codes (N, K), give (K,): 1/V where one is ignored.
    """
    return (logits.argmax(2) == codes).double().mean(0)


def code_information(logits: Tensor, codes: Tensor) -> Tensor:
    """Return the bound L_I = H(c) + E[log Q(c|x)] on I(c; G(z, c)) (Chen et al. 2016, eq. 5).

    Logits (N, K, V) and codes (N, K), equally likely and independent, give (K,) nats, at most ln V:
    0 where Q knows nothing and says so, below 0 where it is wrong and sure.
    """
    log_q = logits.double().log_softmax(2).gather(2, codes.unsqueeze(2)).squeeze(2)  # (N, K)
    return math.log(logits.shape[2]) + log_q.mean(0)


def variance_shares(values: np.ndarray) -> tuple[float, float]:
    """Return the shares of the variance that the code alone, and the noise alone, explain.

    Rows of (Z, V, ...) images or features have the same noise, columns the same code, two of each
    at least. This is the two-way analysis of variance without repetition, summed over all of an
    image's values: y(z, c) = mean + a(z) + b(c) + e(z, c). Taking the mean square of e off those of
    a and b makes the shares unbiased. The code's ten values are all there are, the noises are a
    sample; so the denominator is the variance of images with random z and c, and what is left to 1
    is the share of e.
    """
    num_rows, num_columns = values.shape[:2]
    row_means = values.mean(1, dtype=np.float64)
    column_means = values.mean(0, dtype=np.float64)
    mean = row_means.mean(0)
    # Row by row: all of it in float64 would take eight times the images' memory.
    total = sum(float(np.square(row - mean).sum()) for row in values)
    of_rows = num_columns * float(np.square(row_means - mean).sum())
    of_columns = num_rows * float(np.square(column_means - mean).sum())
    rest = max(total - of_rows - of_columns, 0.0) / ((num_rows - 1) * (num_columns - 1))
    noise = max(of_rows / (num_rows - 1) - rest, 0.0) / num_columns
    code = max(of_columns / (num_columns - 1) - rest, 0.0) / num_rows
    code *= (num_columns - 1) / num_columns  # the variance over just these values
    variance = code + noise + rest
    return (code / variance, noise / variance) if variance else (0.0, 0.0)


def to_classes(factor: np.ndarray, num_bins: int = NUM_BINS) -> np.ndarray:
    """Number a factor's values from 0; many-valued numbers are cut into equally full classes.

    A value that many images share stays in one class, so that there may be fewer than `num_bins`.
    """
    values, numbers = np.unique(factor, return_inverse=True)
    if len(values) <= num_bins or not np.issubdtype(values.dtype, np.number):
        return numbers.astype(np.int64)
    edges = np.unique(np.quantile(factor, np.arange(1, num_bins) / num_bins))
    return np.searchsorted(edges, factor, side="right").astype(np.int64)


def mutual_information(codes: np.ndarray, classes: np.ndarray, *, seed: int = 0) -> float:
    """Return what a code tells about a factor, less what a shuffled code seems to tell.

    The plug-in estimate of I is above 0 for any finite sample; the mean over 20 shuffles of the
    code, by `seed`, is what it is for a code that tells nothing. Codes and classes (N,), from 0 on,
    give nats: about 0, on either side, where they are independent.
    """
    from sklearn.metrics import mutual_info_score

    table = contingency(codes, classes)
    rng = np.random.default_rng(seed)
    shuffled = [contingency(rng.permutation(codes), classes) for _ in range(NUM_SHUFFLES)]
    scores = [mutual_info_score(None, None, contingency=t) for t in (table, *shuffled)]
    return float(scores[0] - np.mean(scores[1:]))


def match_codes(codes: np.ndarray, classes: np.ndarray) -> tuple[float, dict[int, int]]:
    """Give each code value a class of its own so that most images agree (Kuhn 1955).

    Returned are the share of images that agree, and the matching, value to class, as far as there
    are classes.
    """
    from scipy.optimize import linear_sum_assignment

    table = contingency(codes, classes)
    values, partners = linear_sum_assignment(table, maximize=True)
    matching = dict(zip(values.tolist(), partners.tolist(), strict=True))
    return float(table[values, partners].sum() / table.sum()), matching


def contingency(codes: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Count the images of each code value and class: int64 (values, classes)."""
    table = np.zeros((int(codes.max()) + 1, int(classes.max()) + 1), np.int64)
    np.add.at(table, (codes, classes), 1)
    return table
