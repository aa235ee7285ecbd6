"""The reports' VAE losses in one form: tables by language, and what follows for a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from hwlib.findings.base import Results, is_trial
from hwlib.text import LANGUAGES, Finding, finding, number, section, word

if TYPE_CHECKING:
    from hwlib.objectives import CommonForm

# `hwlib.objectives` loads torch, which whoever only reads findings need not wait for: it is
# imported where it is used.

NONE = "–"
GREY_LEVELS = 255
MAX_ALIKE_RATIO = 1.25  # sigmas that differ by less than this factor agree

Tables = dict[str, pd.DataFrame]
Say = Callable[[str], str]  # takes a language


# ---- tables --------------------------------------------------------------------------------------


def ledger_tables(rows: Sequence[CommonForm]) -> dict[str, Tables]:
    """Return the conversion tables by name, each by language.

    Args:
        rows: from `hwlib.objectives.common_forms`.

    Returns:
        `ledger`, the losses and their common form; `ledger_weights`, each lambda in the others'
        conventions; `ledger_mse`, the reported errors in both ranges.
    """
    return {
        "ledger": _objectives(rows),
        "ledger_weights": _conversions(rows),
        "ledger_mse": _reported(),
    }


def ledger_meanings(language: str) -> list[tuple[str, str]]:
    """Return head and meaning of the columns of numbers, as a glossary has them."""
    words = section("losses", language)
    return [(words["heads"][name], said) for name, said in words["meanings"].items()]


def _tables(heads: Sequence[Say], rows: Sequence[Sequence[Say]]) -> Tables:
    """Return a table a language, of heads and cells that each take the language."""
    return {
        language: pd.DataFrame(
            [[cell(language) for cell in row] for row in rows],
            columns=[head(language) for head in heads],
        )
        for language in LANGUAGES
    }


def _word(key: str, **values: object) -> Say:
    return lambda language: word(f"losses.{key}", language, **values)


def _same(written: str) -> Say:
    return lambda language: written


def _report(recipe: str, *, is_run: bool = False) -> Say:
    """Name a report by its letter and its recipe."""
    from hwlib.recipes import RECIPES

    key = "terms.this_run" if is_run else "terms.report"
    return _word(key, letter=RECIPES[recipe].letter, recipe=recipe)


def _range(pixel_range: Sequence[float]) -> str:
    return f"[{pixel_range[0]:.0f}, {pixel_range[1]:.0f}]"


def _error_term(row: CommonForm) -> Say:
    """Say what a row's error is and how it is reduced."""
    kind = "learnt" if row.learned_sigma_01 is not None else row.reconstruction
    return lambda language: word(
        f"losses.errors.{kind}", language, how=word(f"losses.{row.reduce_error}.error", language)
    )


def _implied(row: CommonForm) -> str:
    """Write the implied sigma in grey levels; with L1 the Laplace scale."""
    if row.sigma_01 is not None:
        return number(GREY_LEVELS * row.sigma_01)
    return NONE if row.laplace_01 is None else f"b = {number(GREY_LEVELS * row.laplace_01)}"


def _objectives(rows: Sequence[CommonForm]) -> Tables:
    """Return each loss as its report writes it, with its beta and its implied sigma."""
    names = ("report", "error", "kl", "pixels", "lambda", "beta", "sigma")
    cells = [
        (
            _report(row.recipe, is_run=row.is_run),
            _error_term(row),
            _word(f"{row.reduce_kl}.kl"),
            _same(_range(row.pixel_range)),
            _same(number(row.kl_weight, 4)),
            _same(number(row.beta, 4)),
            _same(_implied(row)),
        )
        for row in rows
    ]
    return _tables([_word(f"heads.{name}") for name in names], cells)


def _conversions(rows: Sequence[CommonForm]) -> Tables:
    """Return what each lambda is in the convention of every recipe."""
    from hwlib.objectives import VAE_RECIPES

    heads = [_word(f"heads.{name}") for name in ("report", "lambda")]
    cells = [
        (
            _report(row.recipe, is_run=row.is_run),
            _same(number(row.kl_weight, 4)),
            *(_same(number(row.weights[recipe], 4)) for recipe in VAE_RECIPES),
        )
        for row in rows
    ]
    return _tables([*heads, *(_same(f"λ ({recipe})") for recipe in VAE_RECIPES)], cells)


def _reported() -> Tables:
    """Return the MSE that each report prints, with pixels in [0, 1] and in [-1, 1]."""
    from hwlib.objectives import reported_mses

    first, last = ("report", "reported", "read"), ("rmse",)
    scales = [_word("heads.mse_in", range=scale) for scale in ("[0, 1]", "[-1, 1]")]
    heads = [*map(_head, first), *scales, *map(_head, last)]
    cells = []
    for one in reported_mses():
        read = "terms.stated" if one.is_stated else "terms.unstated"
        numbers = (
            number(one.mse_01, 4),
            number(one.mse_11, 4),
            number(GREY_LEVELS * one.mse_01**0.5),
        )
        cells.append(
            (
                _report(one.recipe),
                _same(number(one.reported, 6)),
                _word(read, range=_range(one.range_read)),
                *map(_same, numbers),
            )
        )
    return _tables(heads, cells)


def _head(name: str) -> Say:
    return _word(f"heads.{name}")


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
        results: the run's.
        mean_mse: of the mean test image, pixels in [0, 1].
        reported: the report's test MSE, or None.
        letter: of the report.
        pixel_range: of the report's output, its natural range; None where it does not state it.
    """
    values = [("terms.run_mse", {}, results["test_mse_01"]), ("terms.mean_mse", {}, mean_mse)]
    if reported is not None:
        for scale, low, factor in (("[-1, 1]", -1, 0.25), ("[0, 1]", 0, 1.0)):
            if pixel_range is None or pixel_range[0] == low:
                key = "terms.reported_open" if pixel_range is None else "terms.reported_own"
                values.append((key, {"letter": letter, "range": scale}, reported * factor))
    scales = [_word("heads.mse_in", range=scale) for scale in ("[0, 1]", "[-1, 1]")]
    rows = [
        (
            _word(key, **more),
            *map(_same, (number(mse, 4), number(4 * mse, 4), number(GREY_LEVELS * mse**0.5))),
        )
        for key, more, mse in values
    ]
    return _tables([_word("heads.what"), *scales, _head("rmse")], rows)


# ---- what follows for a run ----------------------------------------------------------------------


def ledger(row: CommonForm, results: Results) -> list[Finding]:
    """Say what a run's lambda comes to, and how its implied sigma stands to its error.

    Args:
        row: of the run, from `hwlib.objectives.of_run`.
        results: the run's results.
    """
    return [common(row), *against_error(row, results)]


def common(row: CommonForm) -> Finding:
    """Say the common form of the loss, and the decoder that it implies."""
    scale = row.sigma_01 if row.laplace_01 is None else row.laplace_01
    return finding(
        "losses.common",
        kind="learnt" if row.learned_sigma_01 is not None else row.reconstruction,
        weight=row.kl_weight,
        beta=row.beta,
        grey=None if scale is None else GREY_LEVELS * scale,
    )


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
    from hwlib.objectives import best_sigma_01, bits_per_dim

    ratio = sigma_ratio(row, results)
    if ratio is None:
        return []
    best = best_sigma_01(results["recon_nats"], row.num_values)
    own_bits, best_bits = (
        bits_per_dim(
            results["recon_nats"], results["kl_nats"], num_values=row.num_values, sigma_01=sigma
        )
        for sigma in (row.sigma_01, best)
    )
    is_learnt = row.learned_sigma_01 is not None and row.kl_weight == 1
    agrees = 1 / MAX_ALIKE_RATIO <= ratio <= MAX_ALIKE_RATIO
    return [
        finding(
            "losses.learnt_sigma" if is_learnt else "losses.implied_sigma",
            implied=GREY_LEVELS * row.sigma_01,
            left=GREY_LEVELS * best,
            level="agrees" if agrees else "above" if ratio > 1 else "below",
            factor=max(ratio, 1 / ratio) ** 2,
            weight=row.kl_weight,
        ),
        finding("losses.bits", own=own_bits, best=best_bits, agrees=agrees),
    ]
