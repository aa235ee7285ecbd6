"""How far each latent is in charge of one known factor: four published scores, pure functions.

All take codes (N, Z), what a network writes for each image, and factors, an array (N, F) or a
table, what the images were drawn from. Floats are quantities; whole numbers, bools and text are
categorical. A factor that does not vary is left out; if none varies, that is a ValueError.

Every score is 1 for a code that holds each factor in a latent of its own, and about 0, for
`factor_vae_score` 1/F, for one that knows nothing. They look for different things, and Locatello et
al. 2019 found that they order models differently.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import entr

from hwlib.conditioning import to_classes

DCI = ("disentanglement", "completeness", "informativeness")
CODE_BINS = 20  # equally full bins of a latent, as many as Chen et al. 2018 have of equal width
NUM_TREES = 10  # of each forest (Eastwood & Williams 2018 have 10 too)
MIN_LEAF = 5  # images in a leaf at least: finer leaves fit noise, which counts as importance
FOREST_LATENTS = 64  # a forest reads these many latents at most
NUM_VOTES = 800  # of the FactorVAE score's training; as many judge it (Kim & Mnih 2018)
VOTE_ROWS = 64  # images behind a vote (Kim & Mnih 2018: 100 and 200)
SCORES = ("mig", "sap", *(f"dci_{x}" for x in DCI), "factor_vae")
SEED = 0  # of forests, votes and the shuffle

Factors = np.ndarray | pd.DataFrame
Part = tuple[np.ndarray, Factors]  # codes and factors


def scores(codes: np.ndarray, factors: Factors, held_out: Part) -> dict[str, Any]:
    """Return all scores as they stand in results.json, beside what they are by chance.

    They are `SCORES` by name (those of `dci` that apply), `mig_by` factor, `factors` (the names of
    those that vary), `num_latents`, `num_pictures`, and `floor`: the same scores of the same codes
    handed out to the wrong images. `held_out` is for `dci`.
    """
    found = []
    for rows in (slice(None), np.random.default_rng(SEED).permutation(len(codes))):
        part = codes[rows], factors
        gaps = mig(*part)
        dcis = {f"dci_{name}": score for name, score in dci(*part, held_out).items()}
        own = {"mig": float(np.mean(list(gaps.values()))), "sap": sap(*part), **dcis}
        found.append((own | {"factor_vae": factor_vae_score(*part)}, gaps))
    (own, gaps), (floor, _) = found
    about = {"mig_by": gaps, "factors": list(gaps), "num_latents": codes.shape[1]}
    return own | about | {"num_pictures": len(codes), "floor": floor}


def mig(codes: np.ndarray, factors: Factors) -> dict[str, float]:
    """Return the mutual information gap of each factor that varies, by its name or column's number.

    The information of the best latent about a factor less that of the second best, over the
    factor's entropy (Chen et al. 2018, equation 6, which averages it over factors). Unlike there,
    bins of latents are equally full instead of equally wide, so that scale and outliers do not
    matter, as are the ten classes of quantities among the factors. Entropies are corrected for the
    number of images (Miller 1955), so that independent codes tell about 0 nats. A gap is 0..1: 0
    where a factor stands in two latents alike; where Z is 1 the second best tells nothing.
    """
    codes, known = _validate(codes, factors)
    bins, gaps = _bin(codes), {}
    for name, factor in known.items():
        table = _tables(bins, _classes(factor))
        gaps[name] = _gap(_information(table)) / float(_entropy(table[:1].sum(1))[0])
    return gaps


def sap(codes: np.ndarray, factors: Factors) -> float:
    """Return the separated attribute predictability (Kumar et al. 2018, section 3).

    How much better the best single latent predicts a factor than the second best, averaged over
    factors. For quantities the prediction is linear and its score R^2; for classes each of the
    latent's twenty bins (a categorical code's values) names the class that it holds most of for its
    size, and the score is balanced accuracy. Unlike there it is 0 for guesses, so that a perfect
    code has 1, and thresholds lie at the bins' edges instead of being searched for. It is 0..1;
    where Z is 1 the second best scores 0.
    """
    codes, known = _validate(codes, factors)
    bins = _bin(codes)
    found = [
        _r_squared(codes, x) if _is_quantity(x) else _balanced_accuracy(_tables(bins, _classes(x)))
        for x in known.values()
    ]
    return float(np.mean([_gap(values) for values in found]))


def dci(codes: np.ndarray, factors: Factors, held_out: Part) -> dict[str, float]:
    """Return disentanglement, completeness and informativeness (Eastwood & Williams 2018, sec. 2).

    A forest (ten extremely randomised trees for the paper's random forest, at a third of the time)
    predicts each factor from all latents; its importances, which sum to 1 for a factor, make the
    matrix R (Z, F). Disentanglement: 1 less the entropy, to base F, of each latent's row, averaged
    by the rows' sums. Completeness: 1 less the entropy, to base Z, of each factor's column,
    averaged. Informativeness, unlike the paper's error, is how well the images `held_out` are
    predicted, averaged over factors: R^2 of quantities, Cohen's kappa of classes, 0 where it is
    below. A categorical code is read as one-hot, and counts as one latent. Of more than 64 latents
    forests read the 64 with the most information about any factor, and Z is 64. All are 0..1; there
    is disentanglement of two factors or more, completeness of two latents or more.
    """
    codes, known = _validate(codes, factors)
    test_codes, test_known = _validate(*held_out, constant=True)
    chosen = np.arange(codes.shape[1])
    if len(chosen) > FOREST_LATENTS:
        bins = _bin(codes)
        tables = (_tables(bins, _classes(factor)) for factor in known.values())
        most = np.stack([_information(table) for table in tables]).max(0)
        chosen = np.sort(np.argsort(-most, kind="stable")[:FOREST_LATENTS])
    (inputs, owner), (test_inputs, _) = (
        _inputs(some[:, chosen], like=codes[:, chosen]) for some in (codes, test_codes)
    )
    shares, found = [], []
    for name, factor in known.items():
        importances, score = _forest(inputs, factor, test_inputs, test_known[name])
        shares.append(np.bincount(owner, importances, len(chosen)))
        found.append(score)
    R = np.stack(shares, 1)  # (Z, F)
    numbers = {"informativeness": float(np.mean(found))}
    if R.shape[1] > 1:
        weights = R.sum(1) / max(R.sum(), 1e-12)  # codes that do not vary have no importance
        numbers["disentanglement"] = float(weights @ _concentration(R))
    if codes.shape[1] > 1:
        numbers["completeness"] = float(_concentration(R.T).mean())
    return numbers


def factor_vae_score(codes: np.ndarray, factors: Factors) -> float:
    """Return the FactorVAE score (Kim & Mnih 2018, section 3).

    Images that share one factor's value are drawn; the latent that varies least among them, next
    to its variance over all images, casts a vote for that factor. Each latent then stands for the
    factor that it voted for most, and the score is the share of as many new votes that this gets
    right. For categorical codes variance is Gini's, as in the paper. Unlike there, images are found
    among those given: a quantity counts as shared within one of its ten classes, and 64 images, or
    a twentieth of all where that is less, make a vote. A class with fewer is not asked for, and
    latents that do not vary have no vote. It is 1/F for codes that know nothing, at most Z/F.
    """
    codes, known = _validate(codes, factors)
    num_rows = max(2, min(VOTE_ROWS, len(codes) // 20))
    asked = []
    for classes in map(_classes, known.values()):
        members = [np.flatnonzero(classes == value) for value in np.unique(classes)]
        if large := [rows for rows in members if len(rows) >= num_rows]:
            asked.append(large)
    if not asked:
        raise ValueError(f"no class has the {num_rows} images that make a vote")
    codes = codes[:, (codes != codes[:1]).any(0)]
    if not codes.shape[1]:
        return 1 / len(asked)
    rng = np.random.default_rng(SEED)
    whole, votes = _variances(codes), np.zeros((2, codes.shape[1], len(asked)), int)
    for half in np.repeat([0, 1], NUM_VOTES):
        k = rng.integers(len(asked))
        members = asked[k][rng.integers(len(asked[k]))]
        rows = rng.choice(members, num_rows, replace=False)
        votes[half, np.argmin(_variances(codes[rows]) / whole), k] += 1
    stands_for = votes[0].argmax(1)
    return float(votes[1][np.arange(len(stands_for)), stands_for].sum() / NUM_VOTES)


# ---- codes and factors ---------------------------------------------------------------------------


def _validate(
    codes: np.ndarray, factors: Factors, *, constant: bool = False
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return codes, and each factor by name; those that do not vary only if `constant`."""
    table = factors if isinstance(factors, pd.DataFrame) else pd.DataFrame(np.asarray(factors))
    codes = np.asarray(codes)
    if codes.ndim != 2 or len(codes) != len(table) or not codes.size:
        raise ValueError(f"codes {codes.shape} and factors {table.shape} must be (N, Z) and (N, F)")
    if _is_quantity(codes) and not np.isfinite(codes).all():
        raise ValueError("codes must be finite")
    known = {str(name): table[name].to_numpy() for name in table.columns}
    known = {name: x for name, x in known.items() if constant or (x != x[0]).any()}
    if not known:
        raise ValueError("no factor varies")
    return codes, known


def _is_quantity(values: np.ndarray) -> bool:
    return values.dtype.kind == "f"


def _classes(values: np.ndarray) -> np.ndarray:
    """Number the classes from 0, a quantity's ten: int64 (N,)."""
    return to_classes(values) if _is_quantity(values) else np.unique(values, return_inverse=True)[1]


def _bin(codes: np.ndarray) -> np.ndarray:
    """Number the values of each latent, or its equally full bins: int64 (N, Z)."""
    if not _is_quantity(codes):
        return np.stack([_classes(z) for z in codes.T], 1)
    bins = np.zeros(codes.shape, np.int64)
    for edges in np.quantile(codes, np.arange(1, CODE_BINS) / CODE_BINS, axis=0):
        bins += codes >= edges
    num_values = 1 + (np.diff(np.sort(codes, axis=0), axis=0) > 0).sum(0)
    for few in np.flatnonzero(num_values <= CODE_BINS):  # else a rare value would join another
        bins[:, few] = to_classes(codes[:, few], CODE_BINS)
    return bins


def _tables(bins: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Count the images of each bin and class, for each latent: (Z, bins, classes)."""
    shape = bins.shape[1], int(bins.max()) + 1, int(classes.max()) + 1
    cells = (np.arange(shape[0]) * shape[1] + bins) * shape[2] + classes[:, None]
    return np.bincount(cells.ravel(), minlength=np.prod(shape)).reshape(shape)


def _gap(values: np.ndarray) -> float:
    """Return the largest value less the next; 0 stands for the next where there is none."""
    *_, second, first = np.sort(np.append(values, 0.0) if len(values) == 1 else values)
    return float(first) - float(second)


# ---- one latent, one factor ----------------------------------------------------------------------


def _entropy(counts: np.ndarray) -> np.ndarray:
    """Return the entropy of each row's counts, corrected by Miller's term: (Z, cells) -> (Z,)."""
    total = counts.sum(1, keepdims=True)
    return entr(counts / total).sum(1) + ((counts > 0).sum(1) - 1) / (2 * total[:, 0])


def _information(tables: np.ndarray) -> np.ndarray:
    """Return the mutual information of bin and class: counts (Z, bins, classes) -> (Z,) nats."""
    both = tables.reshape(len(tables), -1)
    found = _entropy(tables.sum(1)) + _entropy(tables.sum(2)) - _entropy(both)
    return np.maximum(found, 0.0)


def _r_squared(codes: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Return R^2 of a quantity by each latent, (Z,): of a line, or of a mean for each value."""
    y = (factor - factor.mean()) / factor.std()
    if not _is_quantity(codes):
        values = [_classes(z) for z in codes.T]
        between = [np.square(np.bincount(z, y)) @ (1 / np.bincount(z)) for z in values]
        return np.array(between) / len(y)
    spread = codes.std(0)
    products = (codes - codes.mean(0)).T @ y / len(y)
    return np.square(np.divide(products, spread, out=np.zeros_like(spread), where=spread > 0))


def _balanced_accuracy(tables: np.ndarray) -> np.ndarray:
    """Return balanced accuracy, 0 for guesses, of naming a class by the bin: (Z, B, C) -> (Z,)."""
    rates = tables / tables.sum(1, keepdims=True)  # of each class, the share in each bin
    num_classes = tables.shape[2]
    accuracy = rates.max(2).sum(1) / num_classes
    return (accuracy - 1 / num_classes) / (1 - 1 / num_classes)


# ---- all latents, one factor ---------------------------------------------------------------------


def _inputs(codes: np.ndarray, like: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what a forest reads, float32 (N, I), and the latent that each column belongs to.

    A categorical code has a column for each of its values in `like`.
    """
    if _is_quantity(codes):
        return codes.astype(np.float32), np.arange(codes.shape[1])
    values = [np.unique(z) for z in like.T]
    columns = [z[:, None] == v for z, v in zip(codes.T, values, strict=True)]
    owner = np.repeat(np.arange(len(values)), [len(v) for v in values])
    return np.concatenate(columns, 1).astype(np.float32), owner


def _forest(
    inputs: np.ndarray, factor: np.ndarray, test_inputs: np.ndarray, test: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return the importance of each input for a factor, and how well the unseen is predicted."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.metrics import cohen_kappa_score, r2_score

    # Every split may look at every latent: one that has nothing to choose from but latents without
    # information would make them important.
    options = {"n_estimators": NUM_TREES, "min_samples_leaf": MIN_LEAF, "random_state": SEED}
    options |= {"max_features": None}
    if _is_quantity(factor):
        forest, judge = ExtraTreesRegressor(**options), r2_score
    else:
        forest, judge = ExtraTreesClassifier(**options), cohen_kappa_score
    forest.fit(inputs, factor)
    # Where all that is to be predicted is alike, neither score is defined, and nothing is shown.
    has_score = (test != test[0]).any()
    score = judge(test, forest.predict(test_inputs)) if has_score else 0.0
    return forest.feature_importances_, max(float(score), 0.0)


def _concentration(shares: np.ndarray) -> np.ndarray:
    """Return 1 less the entropy of each row's shares, to the base of its length; 0 of no shares."""
    total = shares.sum(1, keepdims=True)
    parts = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
    found = 1 - entr(parts).sum(1) / np.log(shares.shape[1])
    return np.where((total[:, 0] > 0) & (found > 0), found, 0.0)  # rounding goes below 0


def _variances(codes: np.ndarray) -> np.ndarray:
    """Return the variance of each latent, Gini's for a categorical code: (N, Z) -> (Z,)."""
    if _is_quantity(codes):
        return codes.var(0)
    counts = [np.unique(z, return_counts=True)[1] for z in codes.T]
    return np.array([1 - np.square(count / len(codes)).sum() for count in counts])
