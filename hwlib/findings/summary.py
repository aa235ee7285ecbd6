"""What a whole report found: its title page, its conclusion, and one sentence a problem."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from hwlib.findings.acgan import Leak, deviations, min_leak
from hwlib.findings.base import Results, is_trial, pick, rmse_grey, share_of_real
from hwlib.findings.samples import (
    MAX_BLURRED,
    closeness,
    covered,
    floor_ratio,
    is_far,
    sharpness_level,
)
from hwlib.text import LANGUAGES, Finding, finding, number, percent, word

NONE = "–"
COLUMNS = ("problem", "recipe", "frechet", "recall", "sharpness", "diversity", "own")
# The number that a problem itself asks for, and its words.
OWN = {
    "vae": ("test_mse_11", "summary.own_mse"),
    "acgan": ("attribute_flip_rate", "summary.own_flips"),
    "infogan": ("code_accuracy", "summary.own_code"),
}

MAX_FOG = 0.1  # of real images' sharpness, below which no edge is left
MIN_SHARPER = 1.1  # times another model's sharpness
MAX_COLLAPSED = 0.05  # of the latents in use, below which a VAE answers with one image
MAX_IGNORED_FLIPS, MIN_OBEYED_FLIPS = 0.25, 0.75  # of the pairs that the label changes
MAX_IGNORED_CODE, MIN_READ_CODE = 0.2, 0.5  # Q's accuracy, at ten values


class Reported(Protocol):
    """One run of a report: what it is about, whose networks, its results.json."""

    problem: str
    recipe: str
    results: Results


By = Mapping[str, Results]  # of a problem


def findings(runs: Sequence[Reported]) -> list[Finding]:
    """Return three to five findings for a title page, the most important first.

    Args:
        runs: the first run of each problem, in the report's order.
    """
    by = _first(runs)
    found = _nearest(by) + _vae_and_gan(by)
    for problem in ("acgan", "infogan", "kl"):
        found += ABOUT[problem](by[problem]) if problem in by else []
    return found[:5]


def result(problem: str, results: Results) -> Finding | None:
    """Return one sentence on a run for the list of problems; None where it has no numbers."""
    if not results or "num_steps" not in results:
        return None
    if is_trial(results):
        return finding("summary.trial", steps=results["num_steps"])
    found = ABOUT[problem](results) if problem in ABOUT else []
    return found[0] if found else None


def conclusion(runs: Sequence[Reported]) -> list[Finding]:
    """Return the conclusion across problems: what was expected, what failed, what is next."""
    by = _first(runs)
    if not by:
        return [finding("summary.nothing")]
    return [*_expected(by), *_failed(by), _next(by)]


def _first(runs: Sequence[Reported]) -> dict[str, Results]:
    """Return the results of each problem's first run that is more than a trial."""
    found: dict[str, Results] = {}
    for run in runs:
        if "num_steps" in run.results and not is_trial(run.results):  # claims have none
            found.setdefault(run.problem, run.results)
    return found


def _with_samples(by: By) -> By:
    return {problem: results for problem, results in by.items() if "frechet" in results}


# ---------------------------------------------------------------------------- one problem


def _distance(results: Results) -> dict[str, Any]:
    """Return how near to real images samples are, and how varied."""
    ratio = {"ratio": floor_ratio(results), "closeness": closeness(results)}
    return ratio | pick(results, "recall", "recall_real")


def _detail(results: Results) -> dict[str, Any]:
    """Return the sharpness of samples as a share of real images', and its level."""
    share = share_of_real(results, "sharpness")
    return {} if share is None else {"sharpness": share, "level": sharpness_level(share)}


def _vae(results: Results) -> list[Finding]:
    if not (detail := _detail(results)):
        return []
    return [finding("summary.vae", levels=rmse_grey(results["test_mse_01"]), **detail)]


def _gan(results: Results) -> list[Finding]:
    return [finding("summary.gan", **_distance(results))] if "frechet" in results else []


def _labels(results: Results) -> list[Finding]:
    """Say whether the ACGAN's samples show the label, and the largest leak."""
    if "attribute_accuracy" not in results:
        return []
    values = pick(results, "attributes", "attribute_accuracy", "attribute_flip_rate")
    is_ignored = results["attribute_flip_rate"] < MAX_IGNORED_FLIPS
    leak = next((leak._asdict() for leak in _mixed_up(results)), None)
    return [finding("summary.labels", **values, is_ignored=is_ignored, leak=leak)]


def _mixed_up(results: Results) -> list[Leak]:
    """Return what a switch moves beyond what real images do, the largest first."""
    return deviations(results, ("own", "exaggerated")) if "leakage" in results else []


def _codes(results: Results) -> list[Finding]:
    """Say how well Q reads the code, and how much of the image it decides."""
    if "code_accuracy" not in results:
        return []
    codes = results.get("code_factor_nats") or results.get("code_attribute_nats") or [{}]
    nats = max(codes, key=lambda code: max(code.values(), default=0.0))
    name = max(nats, key=nats.get, default="")
    return [
        finding(
            "summary.codes",
            **pick(results, "num_codes", "code_accuracy"),
            shares=results.get("code_variance_share"),
            is_ignored=results["code_accuracy"] < MAX_IGNORED_CODE,
            name=name,
            nats=nats.get(name),
        )
    ]


def _weights(results: Results) -> list[Finding]:
    """Say what the largest and the smallest KL weight do."""
    rows = sorted(results.get("studies", ()), key=lambda row: row["kl_weight"])
    if len(rows) < 2 or "active_units" not in rows[-1]:
        return []
    ends = {name: row["kl_weight"] for name, row in (("low", rows[0]), ("high", rows[-1]))}
    levels = [rmse_grey(row["test_mse_01"]) for row in (rows[0], rows[-1])]
    active, most = rows[-1]["active_units"], max(row["active_units"] for row in rows)
    sharpest = math.nan
    if real := results.get("sharpness_real"):
        sharpest = max(row.get("sharpness_samples", 0.0) / real for row in rows)
    is_collapsed = active <= MAX_COLLAPSED * max(most, 1)
    flags = {"is_collapsed": is_collapsed, "is_fog": sharpest < MAX_FOG}
    values = {"levels": levels, "active": active, "sharpest": sharpest}
    return [finding("summary.weights", **ends, **values, **flags)]


ABOUT = {"vae": _vae, "gan": _gan, "acgan": _labels, "infogan": _codes, "kl": _weights}


# ----------------------------------------------------------------------------- title page


def _nearest(by: By) -> list[Finding]:
    """Say which problem's samples are nearest to real images, and how near that is."""
    sampled = _with_samples(by)
    protocols = [results["frechet_protocol"] for results in sampled.values()]
    if len(sampled) < 2 or any(protocol != protocols[0] for protocol in protocols):
        return []
    best = min(sampled, key=lambda problem: sampled[problem]["frechet"])
    return [finding("summary.nearest", problem=best, **_distance(sampled[best]))]


def _vae_and_gan(by: By) -> list[Finding]:
    """Say what VAE and GAN do well and badly, beside real images."""
    vae, gan = by.get("vae", {}), by.get("gan", {})
    details = {"vae": _detail(vae), "gan": _detail(gan)}
    if not all(details.values()) or "recall" not in gan:
        return _vae(vae) + _gan(gan)
    sharpest = MIN_SHARPER * details["vae"]["sharpness"]
    values = {"levels": rmse_grey(vae["test_mse_01"]), "recall": gan["recall"]}
    is_sharper = details["gan"]["sharpness"] > sharpest
    return [finding("summary.vae_and_gan", **details, **values, is_gan_sharper=is_sharper)]


# ----------------------------------------------------------------------------- conclusion


def _expected(by: By) -> list[Finding]:
    """Hold what the methods' theory lets one expect against what was measured."""
    vae, gan, acgan, infogan = (by.get(name, {}) for name in ("vae", "gan", "acgan", "infogan"))
    found = []
    if detail := _detail(vae):
        found.append(finding("summary.expected_vae", **detail))
    if "recall" in gan and (detail := _detail(gan)):
        recall = pick(gan, "recall", "recall_real")
        is_narrow = covered(gan) == "none"
        found.append(finding("summary.expected_gan", **detail, **recall, is_narrow=is_narrow))
    if "leakage" in acgan:
        flips, count = acgan["attribute_flip_rate"], len(_mixed_up(acgan))
        values = {"flips": flips, "count": count, "margin": min_leak(acgan)}
        works = flips >= MIN_OBEYED_FLIPS
        found.append(finding("summary.expected_acgan", **values, works=works))
    if infogan.get("code_variance_share"):
        share, accuracy = float(sum(infogan["code_variance_share"])), infogan["code_accuracy"]
        values = {"share": share, "accuracy": accuracy, "is_used": accuracy >= MIN_READ_CODE}
        found.append(finding("summary.expected_infogan", **values))
    return found


def _narrow(by: By) -> list[str]:
    """Return the problems whose samples cover almost nothing of the real variety."""
    return [name for name, results in _with_samples(by).items() if covered(results) == "none"]


def _failed(by: By) -> list[Finding]:
    """Name the problems whose samples are far from real images, and what they lack."""
    sampled = _with_samples(by)
    far = [problem for problem, results in sampled.items() if is_far(results)]
    found = [finding("summary.failed", far=far, narrow=_narrow(by), count=len(sampled))]
    fog = [each for each in _weights(by.get("kl", {})) if each.values["is_fog"]]
    return found + [finding("summary.failed_fog", sharpest=f.values["sharpest"]) for f in fog]


def _next(by: By) -> Finding:
    """Say what to try next, from what was measured."""
    adversarial = {name: by[name] for name in ("gan", "acgan", "infogan") if name in by}
    still_improving = [
        name
        for name, results in adversarial.items()
        if "last_kid" in results and results["last_kid"] <= results["best_kid"]
    ]
    sharpness = share_of_real(by.get("vae", {}), "sharpness")
    return finding(
        "summary.next",
        still_improving=still_improving,
        narrow=_narrow(adversarial),
        is_leaky=bool(_mixed_up(by.get("acgan", {}))),
        is_vae_blurred=sharpness is not None and 0 < sharpness < MAX_BLURRED,
    )


# ---------------------------------------------------------------------------------- table


def headline(problem: str, results: Results, language: str) -> str:
    """Return the number that a run is about, for a line or a cell; empty where it has none."""
    parts = [_own(problem, results, language)]
    if "frechet" in results:
        parts.append(word("summary.floors", language, ratio=floor_ratio(results)))
    return ", ".join(filter(None, parts))


def _own(problem: str, results: Results, language: str) -> str:
    """Return the number that the problem itself asks for; empty where it asks for none."""
    if results.get("studies"):
        return word("summary.own_weights", language, value=len(results["studies"]))
    name, key = OWN.get(problem, ("", ""))
    return word(key, language, value=results[name]) if results.get(name) is not None else ""


def table(runs: Sequence[Reported]) -> dict[str, pd.DataFrame]:
    """Return the title page's table by language, a row a run and real images' own row last."""
    return {language: _table(runs, language) for language in LANGUAGES}


def _table(runs: Sequence[Reported], language: str) -> pd.DataFrame:
    columns = [word(f"summary.columns.{name}", language) for name in COLUMNS]
    # the KL study has a number of each weight, and none that stands for all
    rows = [_row(run, language) for run in runs if {"frechet", "test_mse_11"} & {*run.results}]
    real = next((run.results for run in runs if "frechet_real" in run.results), None)
    if real is not None:
        distance, recall = number(real["frechet_real"]), percent(real["recall_real"])
        looks = [percent(1.0, 0)] * 2
        rows.append([word("summary.real", language), "", distance, recall, *looks, ""])
    return pd.DataFrame(rows, columns=columns)


def _row(run: Reported, language: str) -> list[str]:
    results = run.results
    looks = [share_of_real(results, name) for name in ("sharpness", "diversity")]
    return [
        word(f"summary.name.{run.problem}", language),
        run.recipe,
        number(results["frechet"]) if "frechet" in results else NONE,
        percent(results["recall"]) if "recall" in results else NONE,
        *(NONE if share is None else percent(share, 0) for share in looks),
        _own(run.problem, results, language),
    ]
