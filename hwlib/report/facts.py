"""What a run's own files say, as rows of words: the key numbers, and what made the report."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hwlib.registry import CLAIMS, VERDICT_COUNTS, metrics
from hwlib.report.runner import Job
from hwlib.text import fixed, section, thousands, word

IDENTITY = ("data", "profile", "seed")
NAMED = ("problem", "recipe", *IDENTITY)  # rows of their own
# Names that mean something else within their group of config.json, and what they go by here.
GROUPED = {
    ("identity", "data"): "data_fingerprint",
    ("identity", "device"): "resolved_device",
    ("identity", "code"): "code_fingerprint",
    ("data", "fingerprint"): "data_fingerprint",
}
ENGINE = ("papermill", "nbconvert", "matplotlib", "pypandoc_binary", "typst")
SIGNIFICANT_DIGITS = 3
MAX_DECIMALS = 4


@dataclass(frozen=True)
class Facts:
    """`config.json` and `results.json` of a run; both empty where the job has none.

    Attributes:
        folder: where the run lies, None where there is none.
        others: what further runs of the job say.
    """

    job: Job
    parameters: Mapping[str, Any]
    run: str
    record: Mapping[str, Any]
    results: Mapping[str, Any]
    folder: Path | None = None
    others: tuple[Facts, ...] = ()

    @property
    def problem(self) -> str:
        """The run's own problem: a job may use runs of another one."""
        return self.settings.get("problem", self.job.problem)

    @property
    def recipe(self) -> str:
        """The run's own recipe."""
        return self.settings.get("recipe", self.job.recipe)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The run's settings, else the job's parameters.

        The data's name and the profile are the job's: a run may have been made under others.
        """
        asked = {n: self.parameters[n] for n in ("data", "profile") if n in self.parameters}
        return {**(self.record.get("settings") or self.parameters), **asked}

    def setting(self, name: str) -> str:
        """Return a setting as text, '–' where it is not known."""
        amount = self.settings.get(name, "–")
        return value(Path(amount).name if name == "data" else amount)  # a path's name says enough


def read_facts(
    job: Job, run: Path | None, parameters: Mapping[str, Any], others: Sequence[Path] = ()
) -> Facts:
    """Return what the folder `run` says, and the `others`; where there is none, `parameters`.

    A `run` that is a file of verdicts says how many there are of each kind.
    """
    if run is None:
        return Facts(job, parameters, "", {}, {})
    if job.problem == CLAIMS:
        return _read_verdicts(job, run, parameters)
    record, results = (
        json.loads((run / name).read_text()) if (run / name).exists() else {}
        for name in ("config.json", "results.json")
    )
    further = tuple(read_facts(job, other, parameters) for other in others)
    return Facts(job, parameters, run.name, record, results, run, further)


def _read_verdicts(job: Job, path: Path, parameters: Mapping[str, Any]) -> Facts:
    """Return what a file of verdicts says, with what all the runs behind it have in common."""
    verdicts = json.loads(path.read_text())
    settings = {"problem": job.problem, "recipe": job.recipe, "data": verdicts["data"]["spec"]}
    settings |= {"profile": verdicts["profile"], "seed": verdicts["seeds"]}
    asked = parameters.get("ids") or verdicts["claims"]  # the file may hold more than was asked for
    claims = [verdicts["claims"][id] for id in asked]
    runs = dict.fromkeys(
        run
        for claim in claims
        for part in claim.get("parts", ())
        for arm in part["arms"].values()
        for run in arm["runs"]
    )
    files = [path.parent / run / "config.json" for run in runs]
    shared = _common([json.loads(file.read_text()) for file in files if file.exists()])
    shared.pop("settings", None)
    counts = Counter(claim["verdict"] for claim in claims)
    results = {name: counts[name.removeprefix("num_")] for name in VERDICT_COUNTS}
    return Facts(job, parameters, path.name, {"settings": settings, **shared}, results)


def _common(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what all `records` say alike, within their groups too."""
    if not records:
        return {}
    first, *rest = records
    found: dict[str, Any] = {}
    for name, part in first.items():
        parts = [part, *(record.get(name) for record in rest)]
        if all(isinstance(p, Mapping) for p in parts):
            if inner := _common(parts):
                found[name] = inner
        elif all(p == part for p in parts):
            found[name] = part
    return found


def metric_label(name: str, language: str) -> str:
    """Return what a metric is called, its unit in brackets where the number does not say it."""
    metric = section("metrics", language)[name]
    if not metric["unit"]:
        return metric["label"]
    return word("page.with_unit", language, label=metric["label"], unit=metric["unit"])


def profile_name(profile: str, language: str) -> str:
    """Return what a profile is called; its own name where it has no other."""
    return section("page", language)["profiles"].get(profile, profile)


def format_metric(name: str, amount: Any) -> str:
    """Return a metric as text, the same in every language; of a list each, with commas."""
    if isinstance(amount, list | tuple) and amount:
        return ", ".join(format_metric(name, part) for part in amount)
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return value(amount)
    kind = format_of(name)
    if kind == "percent":
        return f"{100 * amount:.1f} %"
    if kind == "digits":
        return significant(amount)
    if kind == "count" or isinstance(amount, int):
        return thousands(round(amount))
    if kind == "mse":
        return f"{amount:.5f}"
    return f"{amount:,.1f}" if abs(amount) >= 100 else f"{amount:.4g}"


def format_of(name: str) -> str:
    """Return how a metric is written, as `hwlib.registry.Metric` says; "number" by default."""
    known = metrics().get(name)
    return known.format if known else "number"


def significant(amount: float) -> str:
    """Return `amount` with three digits that count, as a decimal number of few decimals."""
    size = math.floor(math.log10(abs(amount))) if amount else 0
    return fixed(amount, min(MAX_DECIMALS, max(0, SIGNIFICANT_DIGITS - 1 - size)))


def value(amount: Any) -> str:
    """Return any JSON value as one line of text."""
    if amount in (None, "", {}, [], ()):
        return "–"
    if isinstance(amount, Mapping):
        return " · ".join(f"{name} {value(part)}" for name, part in amount.items())
    if isinstance(amount, list | tuple):
        return ", ".join(map(value, amount))
    if isinstance(amount, float):
        return f"{amount:.6g}"
    if isinstance(amount, str) and Path(amount).is_absolute():
        return Path(amount).name  # where it lies on this machine is no reader's business
    return str(amount)


def subtitle(fact: Facts, language: str) -> list[tuple[str, str]]:
    """Return what stands under a page's title: recipe, data, profile, seed."""
    labels = section("facts", language)
    recipe = [(labels["recipe"], fact.job.recipe)] if fact.problem != CLAIMS else []
    return [
        *recipe,  # each claim has its own
        (labels["data"], fact.setting("data")),
        (labels["profile"], profile_name(fact.setting("profile"), language)),
        (labels["seed"], fact.setting("seed")),
    ]


def provenance(
    facts: Sequence[Facts], language: str, *, notebooks: Sequence[str]
) -> list[tuple[str, list[str]]]:
    """Return what made a report: label, and a text for each job, "–" where it has none.

    Args:
        facts: of the jobs.
        language: of the labels, which come in the order of `facts.toml`, settings after them.
        notebooks: names of the executed notebooks, empty for a job that has none.
    """
    labels = section("facts", language)
    columns = [
        {
            name: value(part)
            for name, part in _record(*one).items()
            if part not in (None, "", {}, [])
        }
        for one in zip(facts, notebooks, strict=True)
    ]
    known = set().union(*columns)
    names = [*(name for name in labels if name in known), *sorted(known - labels.keys())]
    return [(labels.get(n, n), [column.get(n, "–") for column in columns]) for n in names]


def _record(fact: Facts, notebook: str) -> dict[str, Any]:
    """Return what a job's own files say of how it was made, by names of `facts.toml`."""
    settings, parameters = fact.record.get("settings", {}), fact.parameters
    found = {name: part for name, part in settings.items() if name not in NAMED}
    for group, part in fact.record.items():
        if group == "settings":
            continue
        inner = part if isinstance(part, Mapping) and group != "versions" else {group: part}
        for key, amount in inner.items():
            if (group, key) != ("identity", "torch"):  # it is among the versions
                text = format_metric(key, amount) if key.startswith("num_") else amount
                found[GROUPED.get((group, key), key)] = text
    for name in ("num_images", "train_time_s"):
        if name in fact.results:
            found[name] = format_metric(name, fact.results[name])
    others = [name for name in sorted(parameters) if name not in (*NAMED, "runs")]
    return found | {
        **{name: fact.setting(name) for name in IDENTITY},
        "notebook": notebook,
        "verdicts" if fact.problem == CLAIMS else "run": fact.run,
        "others": ", ".join(other.run for other in fact.others),
        "problem": fact.job.problem,
        "recipe": fact.job.recipe,
        "engine": " · ".join(f"{name} {number}" for name, number in engine().items()),
        "parameters": " · ".join(f"{name} = {value(parameters[name])}" for name in others),
    }


@cache
def engine() -> dict[str, str]:
    """Return the versions of what sets a report: other ones may give other bytes."""
    return {name: version(name) for name in ENGINE}
