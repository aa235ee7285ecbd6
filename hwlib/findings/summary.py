"""What a whole report found: its title page, its conclusion, and one sentence a problem.

`runs` are what a report shows, each with its `problem`, its `recipe` and its `results`.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from jinja2 import UndefinedError

from hwlib.findings.acgan import leaks, min_leak
from hwlib.findings.base import Results, is_trial
from hwlib.findings.infogan import known_nats
from hwlib.findings.kl import anchored
from hwlib.findings.samples import describe, floor_ratio, share_of_real
from hwlib.text import Finding, finding, has_word, in_languages, number, percent, section, word

MEASURED = {"frechet", "studies"}  # what a run has of which there is something to say

MAX_FOG = 0.1  # of real images' sharpness, below which no edge is left
MIN_SHARPER = 1.1  # times another model's sharpness
MAX_COLLAPSED = 0.05  # of the latents in use, below which a VAE answers with one image
MAX_IGNORED = {"leakage": 0.25, "code_accuracy": 0.2}  # of flips; Q's accuracy, at ten values


def findings(runs: Sequence[Any]) -> list[Finding]:
    """Return three to five findings for a title page, the most important first."""
    known = _facts_by_problem(runs)
    found = {problem: finding(f"summary.{problem}", run=run) for problem, run in known.items()}
    if {"vae", "gan"} <= found.keys():
        vae, gan = known["vae"], known["gan"]
        is_sharper = gan["shares"]["sharpness"] > MIN_SHARPER * vae["shares"]["sharpness"]
        found["vae"] = finding("summary.vae_and_gan", run=vae, gan=gan, is_gan_sharper=is_sharper)
        del found["gan"]
    sampled = {problem: run for problem, run in known.items() if "frechet" in run}
    protocols = [run["frechet_protocol"] for run in sampled.values()]
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


def conclusion(runs: Sequence[Any]) -> list[Finding]:
    """Return the conclusion across problems: what was expected, what failed, what is next."""
    known = _facts_by_problem(runs)
    if not known:
        return [finding("summary.nothing")]
    sampled = {problem: run for problem, run in known.items() if "frechet" in run}
    narrow = [problem for problem, run in sampled.items() if run["covered"] == "none"]
    far = [problem for problem, run in sampled.items() if run["closeness"] == "far"]
    played = {problem: run for problem, run in known.items() if "last_kid" in run}
    improving = [name for name, run in played.items() if run["last_kid"] <= run["best_kid"]]
    about = {"still_improving": improving, "narrow": [name for name in narrow if name in played]}
    return [
        *(finding(f"summary.expected_{problem}", run=run) for problem, run in sampled.items()),
        finding("summary.failed", far=far, narrow=narrow, count=len(sampled)),
        *(finding("summary.failed_fog", run=run) for run in known.values() if run.get("is_fog")),
        finding("summary.next", known=known, **about),
    ]


def _facts_by_problem(runs: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """Return the facts of each problem's first run that is more than a trial."""
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        is_new = run.problem not in found and not MEASURED.isdisjoint(run.results)
        if is_new and not is_trial(run.results):
            found[run.problem] = facts(run.results)
    return found


def facts(results: Results) -> dict[str, Any]:
    """Return a run's results and what the sentences on it are made from beside them.

    Of samples what `samples.describe` has; of an ACGAN what its labels move beside what was asked
    for; of an InfoGAN what the code tells most of; of a KL study both ends, and whether the
    sharpest samples are fog.
    """
    found = describe(results) if "frechet" in results else dict(results)
    if "leakage" in results:
        own = leaks(results).query("kind == 'own'").to_dict("records")
        found |= {"margin": min_leak(results), "own": own}
        found["is_ignored"] = results["attribute_flip_rate"] < MAX_IGNORED["leakage"]
    if "code_accuracy" in results:
        most = pd.DataFrame(known_nats(results)[1]).max()
        found |= {"name": most.idxmax() if len(most) else "", "nats": most.max()}
        found["is_ignored"] = results["code_accuracy"] < MAX_IGNORED["code_accuracy"]
    if "studies" in results:
        rows = anchored(results)
        active, sharpest = rows["active_units"], rows["sharpness"].max()
        found |= {"ends": rows.iloc[[0, -1]].to_dict("records"), "sharpest": sharpest}
        found["is_collapsed"] = active.iloc[-1] <= MAX_COLLAPSED * max(active.max(), 1)
        found["is_fog"] = sharpest < MAX_FOG
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


def table(runs: Sequence[Any]) -> dict[str, pd.DataFrame]:
    """Return the title page's table by language, a row a run and real images' own row last.

    The KL study has a number of each weight, and none that stands for all.
    """
    sampled = [run for run in runs if "frechet" in run.results]

    def write(language: str) -> pd.DataFrame:
        words = section("summary", language)
        rows = []
        for run in sampled:
            looks = (share_of_real(run.results, name) for name in ("sharpness", "diversity"))
            numbers = number(run.results["frechet"]), percent(run.results["recall"])
            numbers += tuple(percent(share, 0) for share in looks)
            own = _own(run.problem, run.results, language)
            rows.append([words["name"][run.problem], run.recipe, *numbers, own])
        for run in sampled[:1]:
            numbers = number(run.results["frechet_real"]), percent(run.results["recall_real"])
            rows.append([words["real"], "", *numbers, *[percent(1.0, 0)] * 2, ""])
        return pd.DataFrame(rows, columns=list(words["columns"].values()))

    return in_languages(write)
