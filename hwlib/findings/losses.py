"""The reports' VAE losses in one form: tables by language, and what follows for a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from hwlib.findings.base import GREY_LEVELS, Results, is_trial, rmse_grey
from hwlib.text import Finding, finding, in_languages, number, word

if TYPE_CHECKING:
    from hwlib.objectives import CommonForm

# `hwlib.objectives` loads torch, which whoever only reads findings need not wait for: it is
# imported where it is used.

NONE = "–"
MAX_ALIKE_RATIO = 1.25  # sigmas that differ by less than this factor agree
RANGES = {-1: "[−1, 1]", 0: "[0, 1]"}  # of pixels, by their lower end

Tables = dict[str, pd.DataFrame]
Say = Callable[..., str]  # words of losses.toml by their key


def ledger_tables(rows: Sequence[CommonForm]) -> dict[str, Tables]:
    """Return the conversion tables of `hwlib.objectives.common_forms` by name, each by language.

    `ledger` has the losses and their common form, `ledger_weights` each lambda in the others'
    conventions, `ledger_mse` the reported errors in both ranges.
    """
    makers = {"ledger": _objectives, "ledger_weights": _conversions, "ledger_mse": _reported}
    return {
        name: in_languages(lambda language, make=make: pd.DataFrame(make(rows, _words(language))))
        for name, make in makers.items()
    }


def _words(language: str) -> Say:
    return lambda key, **values: word(f"losses.{key}", language, **values)


def _report(say: Say, recipe: str, *, is_run: bool = False) -> dict[str, str]:
    """Name a report by its letter and its recipe: the first cell of a row."""
    from hwlib.recipes import RECIPES

    key = "terms.this_run" if is_run else "terms.report"
    return {say("heads.report"): say(key, letter=RECIPES[recipe].letter, recipe=recipe)}


def _kind(row: CommonForm) -> str:
    return "learnt" if row.learned_sigma_01 is not None else row.reconstruction


def _objectives(rows: Sequence[CommonForm], say: Say) -> Iterator[dict[str, str]]:
    """Yield each loss as its report writes it, with its beta and its implied sigma.

    That is in grey levels; with L1 the Laplace scale.
    """
    for row in rows:
        implied = NONE if row.sigma_01 is None else number(GREY_LEVELS * row.sigma_01)
        if row.laplace_01 is not None:
            implied = f"b = {number(GREY_LEVELS * row.laplace_01)}"
        yield {
            **_report(say, row.recipe, is_run=row.is_run),
            say("heads.error"): say(f"errors.{_kind(row)}", how=say(f"{row.reductions[0]}.error")),
            say("heads.kl"): say(f"{row.reductions[1]}.kl"),
            say("heads.pixels"): RANGES[int(row.pixel_range[0])],
            say("heads.lambda"): number(row.kl_weight, 4),
            say("heads.beta"): number(row.beta, 4),
            say("heads.sigma"): implied,
        }


def _conversions(rows: Sequence[CommonForm], say: Say) -> Iterator[dict[str, str]]:
    """Yield what each lambda is in the convention of every recipe."""
    for row in rows:
        weights = {say("heads.lambda"): row.kl_weight}
        weights |= {f"λ ({recipe})": weight for recipe, weight in row.weights.items()}
        cells = {head: number(weight, 4) for head, weight in weights.items()}
        yield _report(say, row.recipe, is_run=row.is_run) | cells


def _reported(_: Sequence[CommonForm], say: Say) -> Iterator[dict[str, str]]:
    """Yield the MSE that each report prints, with pixels in [0, 1] and in [-1, 1]."""
    from hwlib.objectives import reported_mses

    for one in reported_mses():
        key = "terms.stated" if one.is_stated else "terms.unstated"
        yield {
            **_report(say, one.recipe),
            say("heads.reported"): number(one.reported, 6),
            say("heads.read"): say(key, range=RANGES[int(one.range_read[0])]),
            **_mse_cells(say, one.mse_01),
        }


def _mse_cells(say: Say, mse_01: float) -> dict[str, str]:
    """Write an MSE with pixels in [0, 1], in [-1, 1], and its root in grey levels."""
    return {
        say("heads.mse_in", range=RANGES[0]): number(mse_01, 4),
        say("heads.mse_in", range=RANGES[-1]): number(4 * mse_01, 4),
        say("heads.rmse"): number(rmse_grey(mse_01)),
    }


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
        pixel_range: of the report's output; None where it does not state it.
    """
    lows = RANGES if pixel_range is None else [int(pixel_range[0])]
    key = "terms.reported_open" if pixel_range is None else "terms.reported_own"

    def write(language: str) -> pd.DataFrame:
        say = _words(language)
        errors = {say("terms.run_mse"): results["test_mse_01"], say("terms.mean_mse"): mean_mse}
        for low in lows if reported is not None else ():
            errors[say(key, letter=letter, range=RANGES[low])] = reported / (1 - low) ** 2
        rows = [{say("heads.what"): what, **_mse_cells(say, mse)} for what, mse in errors.items()]
        return pd.DataFrame(rows)

    return in_languages(write)


def common(row: CommonForm) -> Finding:
    """Say the common form of a run's loss, and the decoder that it implies."""
    scale = row.sigma_01 if row.laplace_01 is None else row.laplace_01
    grey = None if scale is None else GREY_LEVELS * scale
    kind = _kind(row)
    return finding("losses.common", kind=kind, weight=row.kl_weight, beta=row.beta, grey=grey)


def sigma_ratio(row: CommonForm, results: Results) -> float | None:
    """Return the sigma that the loss implies over the one that fits the error best, if any."""
    from hwlib.objectives import best_sigma_01

    if is_trial(results) or not row.sigma_01:
        return None
    return row.sigma_01 / best_sigma_01(results["recon_nats"], row.num_values)


def against_error(row: CommonForm, results: Results) -> list[Finding]:
    """Say how the sigma that the loss implies stands to the error that was left.

    Nothing where the loss implies no sigma, or the run is a trial.
    """
    ratio = sigma_ratio(row, results)
    if ratio is None:
        return []
    agrees = 1 / MAX_ALIKE_RATIO <= ratio <= MAX_ALIKE_RATIO
    level = "agrees" if agrees else "above" if ratio > 1 else "below"
    implied = GREY_LEVELS * row.sigma_01
    values = {"implied": implied, "left": implied / ratio, "level": level}
    if row.learned_sigma_01 is not None and row.kl_weight == 1:
        return [finding("losses.learnt_sigma", **values)]
    costs = {"factor": max(ratio, 1 / ratio) ** 2, "weight": row.kl_weight}
    return [finding("losses.implied_sigma", **values, **costs)]
