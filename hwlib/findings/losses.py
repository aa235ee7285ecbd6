"""The reports' VAE losses in one form: tables by language, and what follows for a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from hwlib.findings.base import GREY_LEVELS, Results, is_trial, rmse_grey
from hwlib.text import LANGUAGES, Finding, finding, number, word

if TYPE_CHECKING:
    from hwlib.objectives import CommonForm

# `hwlib.objectives` loads torch, which whoever only reads findings need not wait for: it is
# imported where it is used.

NONE = "–"
MAX_ALIKE_RATIO = 1.25  # sigmas that differ by less than this factor agree
RANGES = {-1: "[-1, 1]", 0: "[0, 1]"}  # of pixels, by their lower end

Tables = dict[str, pd.DataFrame]


# ---- tables --------------------------------------------------------------------------------------


def ledger_tables(rows: Sequence[CommonForm]) -> dict[str, Tables]:
    """Return the conversion tables by name, each by language.

    Args:
        rows: from `hwlib.objectives.common_forms`.

    Returns:
        `ledger`, the losses and their common form; `ledger_weights`, each lambda in the others'
        conventions; `ledger_mse`, the reported errors in both ranges.
    """
    makers = {"ledger": _objectives, "ledger_weights": _conversions, "ledger_mse": _reported}
    return {
        name: {language: make(rows, _words(language)) for language in LANGUAGES}
        for name, make in makers.items()
    }


Say = Callable[..., str]  # words of losses.toml by their key


def _words(language: str) -> Say:
    return lambda key, **values: word(f"losses.{key}", language, **values)


def _table(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(list(map(list, rows)), columns=list(heads))


def _heads(say: Say, *names: str) -> list[str]:
    return [say(f"heads.{name}") for name in names]


def _mse_heads(say: Say) -> list[str]:
    return [say("heads.mse_in", range=RANGES[low]) for low in (0, -1)] + _heads(say, "rmse")


def _mse_cells(mse_01: float) -> list[str]:
    """Write an MSE with pixels in [0, 1], in [-1, 1], and its root in grey levels."""
    return [number(mse_01, 4), number(4 * mse_01, 4), number(rmse_grey(mse_01))]


def _report(say: Say, recipe: str, *, is_run: bool = False) -> str:
    """Name a report by its letter and its recipe."""
    from hwlib.recipes import RECIPES

    key = "terms.this_run" if is_run else "terms.report"
    return say(key, letter=RECIPES[recipe].letter, recipe=recipe)


def _implied(row: CommonForm) -> str:
    """Write the implied sigma in grey levels; with L1 the Laplace scale."""
    if row.sigma_01 is not None:
        return number(GREY_LEVELS * row.sigma_01)
    return NONE if row.laplace_01 is None else f"b = {number(GREY_LEVELS * row.laplace_01)}"


def _kind(row: CommonForm) -> str:
    return "learnt" if row.learned_sigma_01 is not None else row.reconstruction


def _objectives(rows: Sequence[CommonForm], say: Say) -> pd.DataFrame:
    """Return each loss as its report writes it, with its beta and its implied sigma."""
    cells = [
        (
            _report(say, row.recipe, is_run=row.is_run),
            say(f"errors.{_kind(row)}", how=say(f"{row.reductions[0]}.error")),
            say(f"{row.reductions[1]}.kl"),
            RANGES[int(row.pixel_range[0])],
            number(row.kl_weight, 4),
            number(row.beta, 4),
            _implied(row),
        )
        for row in rows
    ]
    return _table(cells, _heads(say, "report", "error", "kl", "pixels", "lambda", "beta", "sigma"))


def _conversions(rows: Sequence[CommonForm], say: Say) -> pd.DataFrame:
    """Return what each lambda is in the convention of every recipe."""
    from hwlib.objectives import VAE_RECIPES

    cells = []
    for row in rows:
        weights = (row.kl_weight, *(row.weights[recipe] for recipe in VAE_RECIPES))
        report = _report(say, row.recipe, is_run=row.is_run)
        cells.append([report, *(number(weight, 4) for weight in weights)])
    own = (f"λ ({recipe})" for recipe in VAE_RECIPES)
    return _table(cells, [*_heads(say, "report", "lambda"), *own])


def _reported(_: Sequence[CommonForm], say: Say) -> pd.DataFrame:
    """Return the MSE that each report prints, with pixels in [0, 1] and in [-1, 1]."""
    from hwlib.objectives import reported_mses

    cells = []
    for one in reported_mses():
        key = "terms.stated" if one.is_stated else "terms.unstated"
        read = say(key, range=RANGES[int(one.range_read[0])])
        printed = number(one.reported, 6)
        cells.append([_report(say, one.recipe), printed, read, *_mse_cells(one.mse_01)])
    return _table(cells, _heads(say, "report", "reported", "read") + _mse_heads(say))


def mse_tables(
    results: Results,
    mean_mse: float,
    reported: float | None,
    *,
    letter: str,
    pixel_range: Sequence[float] | None,
) -> Tables:
    """Return the test MSE in both ranges beside the mean image's and what the report prints.

    Args:
        mean_mse: of the mean test image, pixels in [0, 1].
        reported: the report's test MSE, or None.
        letter: of the report.
        pixel_range: of the report's output, its natural range; None where it does not state it.
    """
    ranges = RANGES if pixel_range is None else {low: RANGES[low] for low in pixel_range[:1]}
    key = "terms.reported_open" if pixel_range is None else "terms.reported_own"
    tables = {}
    for language in LANGUAGES:
        say = _words(language)
        errors = {say("terms.run_mse"): results["test_mse_01"], say("terms.mean_mse"): mean_mse}
        for low, name in ranges.items() if reported is not None else ():
            errors[say(key, letter=letter, range=name)] = reported / (1 - low) ** 2
        cells = [[what, *_mse_cells(mse)] for what, mse in errors.items()]
        tables[language] = _table(cells, _heads(say, "what") + _mse_heads(say))
    return tables


# ---- what follows for a run ----------------------------------------------------------------------


def common(row: CommonForm) -> Finding:
    """Say the common form of the loss, and the decoder that it implies.

    Args:
        row: of the run, from `hwlib.objectives.of_run`.
    """
    scale = row.sigma_01 if row.laplace_01 is None else row.laplace_01
    grey = None if scale is None else GREY_LEVELS * scale
    kind = _kind(row)
    return finding("losses.common", kind=kind, weight=row.kl_weight, beta=row.beta, grey=grey)


def sigma_ratio(row: CommonForm, results: Mapping[str, float]) -> float | None:
    """Return the sigma that the loss implies over the one that fits the error best.

    Returns:
        None where the loss implies none, or the run is a trial.
    """
    from hwlib.objectives import best_sigma_01

    if is_trial(results) or not row.sigma_01:
        return None
    return row.sigma_01 / best_sigma_01(results["recon_nats"], row.num_values)


def against_error(row: CommonForm, results: Results) -> list[Finding]:
    """Say how the sigma that the loss implies stands to the error that was left, and its bound.

    Nothing where the loss implies no sigma, or the run is a trial.
    """
    from hwlib.objectives import bits_per_dim

    ratio = sigma_ratio(row, results)
    if ratio is None:
        return []
    best = row.sigma_01 / ratio
    nats = results["recon_nats"], results["kl_nats"]
    own_bits, best_bits = (
        bits_per_dim(*nats, num_values=row.num_values, sigma_01=sigma)
        for sigma in (row.sigma_01, best)
    )
    agrees = 1 / MAX_ALIKE_RATIO <= ratio <= MAX_ALIKE_RATIO
    level = "agrees" if agrees else "above" if ratio > 1 else "below"
    values = {"implied": GREY_LEVELS * row.sigma_01, "left": GREY_LEVELS * best, "level": level}
    if row.learned_sigma_01 is not None and row.kl_weight == 1:
        sigma = finding("losses.learnt_sigma", **values)
    else:
        costs = {"factor": max(ratio, 1 / ratio) ** 2, "weight": row.kl_weight}
        sigma = finding("losses.implied_sigma", **values, **costs)
    return [sigma, finding("losses.bits", own=own_bits, best=best_bits, agrees=agrees)]
