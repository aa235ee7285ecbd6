"""The reports' VAE losses in one form: tables by language, and what follows for a run."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from hwlib.findings.base import GREY_LEVELS, Results, is_trial
from hwlib.text import Finding, finding, in_languages, number, rmse_grey, section, word

if TYPE_CHECKING:
    from hwlib.objectives import CommonForm

# `hwlib.objectives` loads torch, which whoever only reads findings need not wait for: it is
# imported where it is used.

NONE = "–"
MAX_ALIKE_RATIO = 1.25  # sigmas that differ by less than this factor agree
RANGES = {-1: "[−1, 1]", 0: "[0, 1]"}  # of pixels, by their lower end

Tables = dict[str, pd.DataFrame]
Cell = str | tuple[str, dict[str, Any]]  # as it stands, or a key of losses.toml and its values


def _write(rows: Sequence[Mapping[str, Cell]]) -> Tables:
    """Return a table a language; heads without words in losses.toml stand as they are."""

    def write(language: str) -> pd.DataFrame:
        def say(cell: Cell) -> str:
            return cell if isinstance(cell, str) else word(f"losses.{cell[0]}", language, **cell[1])

        heads = section("losses", language)["heads"]
        said = [[say(cell) for cell in row.values()] for row in rows]
        return pd.DataFrame(said, columns=[heads.get(head, head) for head in rows[0]])

    return in_languages(write)


def ledger_tables(forms: Sequence["CommonForm"]) -> dict[str, Tables]:
    """Return the conversion tables of `hwlib.objectives.common_forms` by name, each by language.

    `ledger` has the losses as their reports write them with the common form's beta and implied
    sigma (in grey levels; with L1 the Laplace scale), `ledger_weights` each lambda in the others'
    conventions, `ledger_mse` the reported errors in both ranges.
    """
    from hwlib.objectives import reported_mses
    from hwlib.recipes import RECIPES

    def report(recipe: str, key: str = "report") -> dict[str, Cell]:
        return {"report": (f"terms.{key}", {"letter": RECIPES[recipe].letter, "recipe": recipe})}

    ledger, weights, reported = [], [], []
    for form in forms:
        grey = _grey_scale(form)
        implied = NONE if grey is None else number(grey)
        own = report(form.recipe, "this_run" if form.is_run else "report")
        own_weight = {"lambda": number(form.kl_weight, 4)}
        others = {f"λ ({recipe})": number(w, 4) for recipe, w in form.weights.items()}
        weights.append({**own, **own_weight, **others})
        ledger.append(
            {
                **own,
                "error": (f"errors.{_kind(form)}", {"how": form.reductions[0]}),
                "kl": (f"{form.reductions[1]}.kl", {}),
                "pixels": RANGES[int(form.pixel_range[0])],
                **own_weight,
                "beta": number(form.beta, 4),
                "sigma": implied if form.laplace_01 is None else f"b = {implied}",
            }
        )
    for one in reported_mses():
        key = "terms.stated" if one.is_stated else "terms.unstated"
        read = (key, {"range": RANGES[int(one.range_read[0])]})
        cells = {"reported": number(one.reported, 6), "read": read, **_mse_cells(one.mse_01)}
        reported.append({**report(one.recipe), **cells})
    tables = {"ledger": ledger, "ledger_weights": weights, "ledger_mse": reported}
    return {name: _write(rows) for name, rows in tables.items()}


def _kind(form: "CommonForm") -> str:
    return "learnt" if form.learned_sigma_01 is not None else form.reconstruction


def _grey_scale(form: "CommonForm") -> float | None:
    """Return the sigma that a loss implies, or its Laplace scale, in grey levels; None for none."""
    scale = form.sigma_01 if form.laplace_01 is None else form.laplace_01
    return None if scale is None else GREY_LEVELS * scale


def _mse_cells(mse_01: float) -> dict[str, Cell]:
    """Write an MSE with pixels in [0, 1], in [-1, 1], and its root in grey levels."""
    errors = {"mse_01": number(mse_01, 4), "mse_11": number(4 * mse_01, 4)}
    return {**errors, "rmse": number(rmse_grey(mse_01))}


def mse_tables(
    results: Results,
    mean_mse: float,
    reported: float | None,
    *,
    letter: str,
    pixel_range: Sequence[float] | None,
) -> Tables:
    """Return the test MSE in both ranges beside the mean image's and what the report prints.

    `mean_mse` is for pixels in [0, 1]; `pixel_range`, of the report's output, is None if unstated.
    """
    errors = [("run_mse", {}, results["test_mse_01"]), ("mean_mse", {}, mean_mse)]
    key = "reported_open" if pixel_range is None else "reported_own"
    for low in RANGES if pixel_range is None else [int(pixel_range[0])]:
        if reported is not None:
            about = {"letter": letter, "range": RANGES[low]}
            errors.append((key, about, reported / (1 - low) ** 2))
    return _write(
        [{"what": (f"terms.{key}", about), **_mse_cells(mse)} for key, about, mse in errors]
    )


def common(form: "CommonForm") -> Finding:
    """Say the common form of a run's loss, and the decoder that it implies."""
    return finding("losses.common", kind=_kind(form), form=form, grey=_grey_scale(form))


def sigma_ratio(form: "CommonForm", results: Results) -> float | None:
    """Return the sigma that the loss implies over the one that fits the error best, if any."""
    if is_trial(results) or not form.sigma_01:
        return None
    # an error is most probable under its root mean square (Rybkin et al. 2021)
    return form.sigma_01 / (math.sqrt(results["recon_nats"] / form.num_values) / 2)


def against_error(form: "CommonForm", results: Results) -> list[Finding]:
    """Say how the sigma that the loss implies stands to the error that was left.

    Nothing where the loss implies no sigma, or the run is a trial.
    """
    ratio = sigma_ratio(form, results)
    if ratio is None:
        return []
    agrees = 1 / MAX_ALIKE_RATIO <= ratio <= MAX_ALIKE_RATIO
    level = "agrees" if agrees else "above" if ratio > 1 else "below"
    is_learnt = form.learned_sigma_01 is not None and form.kl_weight == 1
    key = "losses.learnt_sigma" if is_learnt else "losses.implied_sigma"
    implied, factor = GREY_LEVELS * form.sigma_01, max(ratio, 1 / ratio) ** 2
    about = {"implied": implied, "left": implied / ratio, "factor": factor}
    return [finding(key, form=form, level=level, **about)]
