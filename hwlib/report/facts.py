"""What made a report: the facts of its runs, machine and tools, as rows of words."""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from hwlib.registry import CLAIMS
from hwlib.report.cells import UNKNOWN, format_metric, value
from hwlib.report.runs import IDENTITY, Facts
from hwlib.text import section

NAMED = ("problem", "recipe", *IDENTITY)  # rows of their own
# Names that mean something else within their group of config.json, and what they go by here; of
# torch's version, which is among the others, there is no row.
GROUPED = {
    ("identity", "data"): "data_fingerprint",
    ("identity", "device"): "resolved_device",
    ("identity", "code"): "code_fingerprint",
    ("identity", "torch"): None,
    ("data", "fingerprint"): "data_fingerprint",
}
MEASURED = ("num_images", "train_time_s", "num_attribute_samples")  # of results.json
ENGINE = ("papermill", "nbconvert", "matplotlib", "pypandoc_binary", "typst")


def provenance(
    facts: Sequence[Facts], language: str, *, notebooks: Sequence[str]
) -> list[tuple[str, list[str]]]:
    """Return what made a report: label, and a text for each job, "–" where it has none.

    Labels come in the order of `facts.toml`, settings after them; `notebooks` are the names of the
    executed ones, empty for a job that has none.
    """
    labels = section("facts", language)
    columns = [_record(*one) for one in zip(facts, notebooks, strict=True)]
    known = set().union(*columns)
    names = [*(name for name in labels if name in known), *sorted(known - labels.keys())]
    return [(labels.get(n, n), [column.get(n, UNKNOWN) for column in columns]) for n in names]


def _record(fact: Facts, notebook: str) -> dict[str, str]:
    """Return what a job's own files say of how it was made, by names of `facts.toml`."""
    record, parameters = dict(fact.record), fact.parameters
    found: dict[str | None, Any] = dict(record.pop("settings", {}))
    for group, part in record.items():
        inner = part if isinstance(part, dict) and group != "versions" else {group: part}
        for key, amount in inner.items():
            text = format_metric(key, amount) if key.startswith("num_") else amount
            found[GROUPED.get((group, key), key)] = text
    measured = [name for name in MEASURED if name in fact.results]
    found |= {name: format_metric(name, fact.results[name]) for name in measured}
    others = [name for name in sorted(parameters) if name not in (*NAMED, "runs")]
    found |= {
        **{name: fact.setting(name) for name in IDENTITY},
        "notebook": notebook,
        "verdicts" if fact.problem == CLAIMS else "run": fact.run,
        "others": ", ".join(other.run for other in fact.others),
        "problem": fact.job.problem,
        "recipe": fact.job.recipe,
        "engine": " · ".join(f"{name} {number}" for name, number in engine().items()),
        "parameters": " · ".join(f"{name} = {value(parameters[name])}" for name in others),
    }
    texts = {name: value(amount) for name, amount in found.items() if name}
    return {name: text for name, text in texts.items() if text != UNKNOWN}


@cache
def engine() -> dict[str, str]:
    """Return the versions of what sets a report: other ones may give other bytes."""
    return {name: version(name) for name in ENGINE}
