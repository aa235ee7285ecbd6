"""What a whole report found: its title page, its conclusion, and one sentence a problem."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import pandas as pd

from hwlib.findings.acgan import Leak, min_leak, sort_leaks
from hwlib.findings.base import Results, is_trial
from hwlib.findings.samples import (
    MAX_BLURRED,
    MAX_LIKE_REAL,
    closeness,
    covered,
    floor_ratio,
    is_far,
)
from hwlib.text import LANGUAGES, Finding, finding, number, percent, word

NONE = "–"
COLUMNS = ("problem", "recipe", "frechet", "recall", "sharpness", "diversity", "own")

FOG = 0.1  # of real images' sharpness, below which no edge is left
MIN_SHARPER = 1.1  # times another model's sharpness
MEAN_IMAGE = 0.05  # of the latents, below which a VAE answers with one image
IGNORED = 0.25  # a flip rate below this: the label does little
OBEYED = 0.75  # above this the label does what it says
CHANCE = 0.1  # of Q at a code of ten values
READ = 0.5  # Q's accuracy above which the code shows in the image


class Told(Protocol):
    """One run of a report: what it is about, whose networks, its results.json."""

    problem: str
    recipe: str
    results: Results


def findings(runs: Sequence[Told]) -> list[Finding]:
    """Return three to five findings for a title page, the most important first.

    Args:
        runs: the first run of each problem, in the report's order.
    """
    by = _first(runs)
    found = _nearest(by) + _vae_and_gan(by)
    for problem, one in (("acgan", _labels), ("infogan", _codes), ("kl", _weights)):
        found += one(by[problem]) if problem in by else []
    return found[:5]


def result(problem: str, results: Results) -> Finding | None:
    """Return one sentence on a run for the list of problems; None where it has no numbers."""
    if not results or "num_steps" not in results:
        return None
    if is_trial(results):
        return finding("summary.trial", steps=results["num_steps"])
    own = {"vae": _vae, "gan": _gan, "acgan": _labels, "infogan": _codes, "kl": _weights}
    found = own[problem](results) if problem in own else []
    return found[0] if found else None


def conclusion(runs: Sequence[Told]) -> list[Finding]:
    """Return the conclusion across problems: what was expected, what failed, what is next."""
    by = _first(runs)
    if not by:
        return [finding("summary.nothing")]
    return [*_expected(by), *_failed(by), *_next(by)]


# ----------------------------------------------------------------------------- title page


By = Mapping[str, Results]


def _first(runs: Sequence[Told]) -> dict[str, Results]:
    """Return the results of each problem's first run that is more than a trial."""
    found: dict[str, Results] = {}
    for run in runs:
        if "num_steps" in run.results and not is_trial(run.results):  # claims have none
            found.setdefault(run.problem, run.results)
    return found


def _with_samples(by: By) -> By:
    return {problem: results for problem, results in by.items() if "frechet" in results}


def _same_protocol(by: By) -> bool:
    protocols = [results["frechet_protocol"] for results in by.values()]
    return all(protocol == protocols[0] for protocol in protocols)


def _nearest(by: By) -> list[Finding]:
    """Say which problem's samples are nearest to real images, and how near that is."""
    sampled = _with_samples(by)
    if len(sampled) < 2 or not _same_protocol(sampled):
        return []
    best = min(sampled, key=lambda problem: sampled[problem]["frechet"])
    results = sampled[best]
    return [
        finding(
            "summary.nearest",
            problem=best,
            ratio=floor_ratio(results),
            closeness=closeness(results),
            recall=results["recall"],
            recall_real=results["recall_real"],
        )
    ]


def _share(results: Results, name: str) -> float | None:
    """Return a look of samples as a share of real images' own."""
    if f"{name}_samples" not in results or not results.get(f"{name}_real"):
        return None
    return results[f"{name}_samples"] / results[f"{name}_real"]


def sharpness_level(share: float) -> str:
    """Return what a share of real images' sharpness says: "blurred", "real" or "noisy"."""
    if share < MAX_BLURRED:
        return "blurred"
    return "real" if share <= MAX_LIKE_REAL else "noisy"


def grey_levels(mse_01: float) -> float:
    """Return a mean squared error of pixels in [0, 1] as root mean square, of 255 levels."""
    return 255 * math.sqrt(mse_01)


def _vae(results: Results) -> list[Finding]:
    sharpness = _share(results, "sharpness")
    if sharpness is None:
        return []
    return [
        finding(
            "summary.vae",
            levels=grey_levels(results["test_mse_01"]),
            sharpness=sharpness,
            level=sharpness_level(sharpness),
        )
    ]


def _gan(results: Results) -> list[Finding]:
    if "frechet" not in results:
        return []
    return [
        finding(
            "summary.gan",
            ratio=floor_ratio(results),
            closeness=closeness(results),
            recall=results["recall"],
            recall_real=results["recall_real"],
        )
    ]


def _vae_and_gan(by: By) -> list[Finding]:
    """Say what VAE and GAN do well and badly, beside real images."""
    vae, gan = by.get("vae", {}), by.get("gan", {})
    shares = [_share(vae, "sharpness"), _share(gan, "sharpness")]
    if None in shares or "recall" not in gan:
        return (_vae(vae) if vae else []) + (_gan(gan) if gan else [])
    return [
        finding(
            "summary.vae_and_gan",
            levels=grey_levels(vae["test_mse_01"]),
            vae_sharpness=shares[0],
            gan_sharpness=shares[1],
            gan_recall=gan["recall"],
            is_gan_sharper=shares[1] > MIN_SHARPER * shares[0],
            gan_level=sharpness_level(shares[1]),
            vae_level=sharpness_level(shares[0]),
        )
    ]


def _labels(results: Results) -> list[Finding]:
    """Say whether the ACGAN's samples show the label, and the largest leak."""
    if "attribute_accuracy" not in results:
        return []
    leak = next(iter(_mixed_up(results)), None)
    return [
        finding(
            "summary.labels",
            attributes=results["attributes"],
            shown=results["attribute_accuracy"],
            flips=results["attribute_flip_rate"],
            is_ignored=results["attribute_flip_rate"] < IGNORED,
            leak=None
            if leak is None
            else {"name": leak.name, "samples": leak.samples, "real": leak.real},
        )
    ]


def _mixed_up(results: Results) -> list[Leak]:
    """Return what a switch moves beyond what real images do, the largest first."""
    found = sort_leaks(results) if "leakage" in results else None
    if found is None:
        return []
    return sorted(found.own + found.exaggerated, key=lambda leak: -abs(leak.excess))


def _codes(results: Results) -> list[Finding]:
    """Say how well Q reads the code, and how much of the image it decides."""
    if "code_accuracy" not in results:
        return []
    shares = results.get("code_variance_share") or [math.nan]
    told = {}
    for kind in ("code_factor_nats", "code_attribute_nats"):
        if results.get(kind):
            told = max((dict(each) for each in results[kind]), key=lambda d: max(d.values()))
            break
    name = max(told, key=told.get) if told else ""
    return [
        finding(
            "summary.codes",
            num_codes=results["num_codes"],
            accuracy=results["code_accuracy"],
            share=float(sum(shares)),
            has_share=bool(results.get("code_variance_share")),
            is_ignored=results["code_accuracy"] < 2 * CHANCE,
            name=name,
            nats=told.get(name, 0.0),
            most=math.log(1 / CHANCE),
        )
    ]


def _weights(results: Results) -> list[Finding]:
    """Say what the largest and the smallest KL weight do."""
    if not results.get("studies"):
        return []
    rows = sorted(results["studies"], key=lambda row: row["kl_weight"])
    low, high = rows[0], rows[-1]
    if low is high or "active_units" not in high:
        return []
    z_dim = max(row["active_units"] for row in rows)
    sharpest = max(
        (row.get("sharpness_samples", 0.0) / results["sharpness_real"] for row in rows),
        default=0.0,
    ) if results.get("sharpness_real") else math.nan  # fmt: skip
    return [
        finding(
            "summary.weights",
            low=low["kl_weight"],
            high=high["kl_weight"],
            low_levels=grey_levels(low["test_mse_01"]),
            high_levels=grey_levels(high["test_mse_01"]),
            high_active=high["active_units"],
            is_collapsed=high["active_units"] <= MEAN_IMAGE * max(z_dim, 1),
            sharpest=sharpest,
            is_fog=sharpest < FOG,
        )
    ]


# ----------------------------------------------------------------------------- conclusion


def _expected(by: By) -> list[Finding]:
    """Hold what the methods' theory lets one expect against what was measured."""
    found = []
    if "vae" in by and (sharpness := _share(by["vae"], "sharpness")) is not None:
        found.append(
            finding("summary.expected_vae", sharpness=sharpness, level=sharpness_level(sharpness))
        )
    if "gan" in by and "recall" in by["gan"]:
        results = by["gan"]
        sharpness = _share(results, "sharpness")
        if sharpness is not None:
            found.append(
                finding(
                    "summary.expected_gan",
                    sharpness=sharpness,
                    level=sharpness_level(sharpness),
                    recall=results["recall"],
                    recall_real=results["recall_real"],
                    is_narrow=covered(results) == "none",
                )
            )
    if "acgan" in by and "leakage" in by["acgan"]:
        count = len(_mixed_up(by["acgan"]))
        flips = by["acgan"]["attribute_flip_rate"]
        found.append(
            finding(
                "summary.expected_acgan",
                flips=flips,
                count=count,
                margin=min_leak(by["acgan"]),
                works=flips >= OBEYED,
            )
        )
    if "infogan" in by and by["infogan"].get("code_variance_share"):
        results = by["infogan"]
        found.append(
            finding(
                "summary.expected_infogan",
                share=float(sum(results["code_variance_share"])),
                accuracy=results["code_accuracy"],
                is_used=results["code_accuracy"] >= READ,
            )
        )
    return found


def _failed(by: By) -> list[Finding]:
    """Name the problems whose samples are far from real images, and what they lack."""
    sampled = _with_samples(by)
    far = [problem for problem, results in sampled.items() if is_far(results)]
    narrow = [problem for problem, results in sampled.items() if covered(results) == "none"]
    found = [finding("summary.failed", far=far, narrow=narrow, count=len(sampled))]
    weights = _weights(by["kl"]) if "kl" in by else []
    if weights and weights[0].values["is_fog"]:
        found.append(finding("summary.failed_fog", sharpest=weights[0].values["sharpest"]))
    return found


def _next(by: By) -> list[Finding]:
    """Say what to try next, from what was measured."""
    adversarial = {name: by[name] for name in ("gan", "acgan", "infogan") if name in by}
    still_improving = [
        name
        for name, results in adversarial.items()
        if "last_kid" in results and results["last_kid"] <= results["best_kid"]
    ]
    narrow = [
        name for name, results in _with_samples(adversarial).items() if covered(results) == "none"
    ]
    leaky = "acgan" in by and bool(_mixed_up(by["acgan"]))
    return [
        finding(
            "summary.next",
            still_improving=still_improving,
            narrow=narrow,
            is_leaky=leaky,
            is_vae_blurred="vae" in by and (_share(by["vae"], "sharpness") or 1) < MAX_BLURRED,
        )
    ]


# ---------------------------------------------------------------------------------- table


def headline(problem: str, results: Results, language: str) -> str:
    """Return the number that a run is about, for a line or a cell; empty where it has none."""
    if "frechet" in results:
        ratio = word("summary.floors", language, ratio=floor_ratio(results))
    else:
        ratio = ""
    return ", ".join(part for part in (_own(problem, results, language), ratio) if part)


def _own(problem: str, results: Results, language: str) -> str:
    """Return the number that the problem itself asks for; empty where it asks for none."""
    own = {
        "vae": ("summary.own_mse", results.get("test_mse_11")),
        "acgan": ("summary.own_flips", results.get("attribute_flip_rate")),
        "infogan": ("summary.own_code", results.get("code_accuracy")),
        "kl": ("summary.own_weights", len(results.get("studies", ())) or None),
    }
    key, value = own.get(problem, ("", None))
    return "" if value is None else word(key, language, value=value)


def table(runs: Sequence[Told]) -> dict[str, pd.DataFrame]:
    """Return the title page's table by language, a row a run and real images' own row last."""
    return {language: _table(runs, language) for language in LANGUAGES}


def _table(runs: Sequence[Told], language: str) -> pd.DataFrame:
    def head(key: str) -> str:
        return word(key, language)

    columns = [head(f"summary.columns.{name}") for name in COLUMNS]
    # the KL study has a number of each weight, and none that stands for all
    rows = [_row(run, language) for run in runs if {"frechet", "test_mse_11"} & {*run.results}]
    real = next((run.results for run in runs if "frechet_real" in run.results), None)
    if real is not None:
        distance, recall = number(real["frechet_real"]), percent(real["recall_real"])
        whole = percent(1.0, 0)
        rows.append([head("summary.real"), "", distance, recall, whole, whole, ""])
    return pd.DataFrame(rows, columns=columns)


def _row(run: Told, language: str) -> list[str]:
    results = run.results
    return [
        word(f"summary.name.{run.problem}", language),
        run.recipe,
        number(results["frechet"]) if "frechet" in results else NONE,
        percent(results["recall"]) if "recall" in results else NONE,
        *(
            NONE if (share := _share(results, name)) is None else percent(share, 0)
            for name in ("sharpness", "diversity")
        ),
        _own(run.problem, results, language),
    ]
