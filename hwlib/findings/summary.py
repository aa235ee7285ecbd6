"""What a whole report found: its title page, its conclusion, and one sentence a problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import pandas as pd
from jinja2 import UndefinedError

from hwlib.findings.acgan import leaks, min_leak
from hwlib.findings.base import Results, is_trial, pick, rmse_grey, share_of_real
from hwlib.findings.infogan import known_nats
from hwlib.findings.kl import anchored
from hwlib.findings.samples import closeness, covered, floor_ratio, is_far, sharpness_level
from hwlib.text import Finding, finding, has_word, in_languages, number, percent, word

NONE = "–"
COLUMNS = ("problem", "recipe", "frechet", "recall", "sharpness", "diversity", "own")

MEASURED = {"frechet", "studies"}  # what a run has of which there is something to say

MAX_FOG = 0.1  # of real images' sharpness, below which no edge is left
MIN_SHARPER = 1.1  # times another model's sharpness
MAX_COLLAPSED = 0.05  # of the latents in use, below which a VAE answers with one image
MAX_IGNORED_FLIPS = 0.25  # of the pairs that the label changes
MAX_IGNORED_CODE = 0.2  # Q's accuracy, at ten values


class Reported(Protocol):
    """One run of a report: what it is about, whose networks, its results.json."""

    problem: str
    recipe: str
    results: Results


def findings(runs: Sequence[Reported]) -> list[Finding]:
    """Return three to five findings for a title page, the most important first."""
    by = _first(runs)
    sampled = _with_samples(by)
    known = {problem: facts(results) for problem, results in by.items()}
    found = {problem: finding(f"summary.{problem}", run=own) for problem, own in known.items()}
    if {"vae", "gan"} <= found.keys():
        vae, gan = known["vae"], known["gan"]
        is_sharper = gan["sharpness"] > MIN_SHARPER * vae["sharpness"]
        found["vae"] = finding("summary.vae_and_gan", run=vae, gan=gan, is_gan_sharper=is_sharper)
        del found["gan"]
    protocols = [results["frechet_protocol"] for results in sampled.values()]
    if len(sampled) < 2 or any(protocol != protocols[0] for protocol in protocols):
        return list(found.values())
    best = min(sampled, key=lambda problem: sampled[problem]["frechet"])
    return [finding("summary.nearest", problem=best, run=known[best]), *found.values()]


def result(problem: str, results: Results) -> Finding | None:
    """Return one sentence on a run for the list of problems; None where it has no numbers."""
    if "num_steps" in results and is_trial(results):
        return finding("summary.trial", steps=results["num_steps"])
    is_known = not MEASURED.isdisjoint(results)
    return finding(f"summary.{problem}", run=facts(results)) if is_known else None


def conclusion(runs: Sequence[Reported]) -> list[Finding]:
    """Return the conclusion across problems: what was expected, what failed, what is next."""
    by = _first(runs)
    if not by:
        return [finding("summary.nothing")]
    sampled = _with_samples(by)
    known = {problem: facts(results) for problem, results in by.items()}
    expected = [finding(f"summary.expected_{problem}", run=known[problem]) for problem in sampled]
    narrow = [problem for problem, results in sampled.items() if covered(results) == "none"]
    far = [problem for problem, results in sampled.items() if is_far(results)]
    is_fog, sharpest = (known.get("kl", {}).get(name) for name in ("is_fog", "sharpest"))
    still_improving = [
        problem
        for problem, results in by.items()
        if "last_kid" in results and results["last_kid"] <= results["best_kid"]
    ]
    return [
        *expected,
        finding("summary.failed", far=far, narrow=narrow, count=len(sampled)),
        *([finding("summary.failed_fog", sharpest=sharpest)] if is_fog else []),
        finding(
            "summary.next",
            still_improving=still_improving,
            narrow=[problem for problem in narrow if "last_kid" in by[problem]],
            is_leaky=bool(known.get("acgan", {}).get("leak")),
            is_vae_blurred=known.get("vae", {}).get("level") == "blurred",
        ),
    ]


def _first(runs: Iterable[Reported]) -> dict[str, Results]:
    """Return the results of each problem's first run that is more than a trial."""
    found: dict[str, Results] = {}
    for run in runs:
        if not MEASURED.isdisjoint(run.results) and not is_trial(run.results):
            found.setdefault(run.problem, run.results)
    return found


def _with_samples(by: Mapping[str, Results]) -> dict[str, Results]:
    return {problem: results for problem, results in by.items() if "frechet" in results}


def facts(results: Results) -> dict[str, Any]:
    """Return what the sentences on a run are made from, by what its results.json has.

    Of samples how near, varied and sharp they are; of a VAE the RMSE in grey levels; of an ACGAN
    how well the label works, and the largest leak; of an InfoGAN how well Q reads the code, and
    what it tells most of; of a KL study both ends, and the sharpest samples.
    """
    found: dict[str, Any] = {}
    if "frechet" in results:
        sharpness = share_of_real(results, "sharpness")
        found |= pick(results, "recall", "recall_real")
        found |= {"ratio": floor_ratio(results), "closeness": closeness(results)}
        found |= {"covered": covered(results), "sharpness": sharpness}
        found |= {"level": sharpness_level(sharpness)}
    if "test_mse_01" in results:
        found["grey"] = rmse_grey(results["test_mse_01"])
    if "leakage" in results:
        rows = leaks(results)
        own, flips = rows[rows["kind"] == "own"], results["attribute_flip_rate"]
        found |= {"attributes": results["attributes"], "flips": flips}
        found |= {"accuracy": results["attribute_accuracy"], "margin": min_leak(results)}
        found |= {"is_ignored": flips < MAX_IGNORED_FLIPS, "count": len(own)}
        found["leak"] = own.iloc[0].to_dict() if len(own) else None
    if "code_accuracy" in results:
        accuracy, shares = results["code_accuracy"], results["code_variance_share"]
        most = pd.DataFrame(known_nats(results)[1]).max()
        found |= {"num_codes": results["num_codes"], "accuracy": accuracy, "shares": shares}
        found |= {"is_ignored": accuracy < MAX_IGNORED_CODE}
        found |= {"name": most.idxmax() if len(most) else "", "nats": most.max()}
    if "studies" in results:
        rows = anchored(results)
        active, sharpest = int(rows["active_units"].iloc[-1]), rows["sharpness"].max()
        found["weights"] = list(rows.index[[0, -1]])
        found["greys"] = [rmse_grey(mse) for mse in rows["test_mse_01"].iloc[[0, -1]]]
        found["is_collapsed"] = active <= MAX_COLLAPSED * max(rows["active_units"].max(), 1)
        found |= {"active": active, "sharpest": sharpest, "is_fog": sharpest < MAX_FOG}
    return found


def headline(problem: str, results: Results, language: str) -> str:
    """Return the number that a run is about, for a line or a cell; empty where it has none."""
    parts = [_own(problem, results, language)]
    if "frechet" in results:
        parts.append(word("summary.floors", language, ratio=floor_ratio(results)))
    return ", ".join(filter(None, parts))


def _own(problem: str, results: Results, language: str) -> str:
    """Return the number that the problem itself asks for; empty where there is none."""
    key = f"summary.own.{problem}"
    try:
        return word(key, language, **results) if has_word(key, language) else ""
    except UndefinedError:  # a run of an older kind has not got it
        return ""


def table(runs: Sequence[Reported]) -> dict[str, pd.DataFrame]:
    """Return the title page's table by language, a row a run and real images' own row last.

    The KL study has a number of each weight, and none that stands for all.
    """
    sampled = [run for run in runs if "frechet" in run.results]

    def write(language: str) -> pd.DataFrame:
        rows = [
            [
                word(f"summary.name.{run.problem}", language),
                run.recipe,
                number(run.results["frechet"]),
                percent(run.results["recall"]),
                percent(share_of_real(run.results, "sharpness"), 0),
                percent(share_of_real(run.results, "diversity"), 0),
                _own(run.problem, run.results, language),
            ]
            for run in sampled
        ]
        if sampled:
            real = sampled[0].results
            distance, recall = number(real["frechet_real"]), percent(real["recall_real"])
            looks = [percent(1.0, 0)] * 2
            rows.append([word("summary.real", language), "", distance, recall, *looks, ""])
        return pd.DataFrame(rows, columns=[word(f"summary.columns.{c}", language) for c in COLUMNS])

    return in_languages(write)
