"""Which runs' distances may be compared: those that were measured in one way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hwlib.registry import metrics_of
from hwlib.report.cells import metric_label, value
from hwlib.report.runs import Facts
from hwlib.text import section, word

# How distances were measured: what results.json says, by the words for it in `compare.toml`.
PATTERNS = {
    "classifier": r"oracle:(?P<id>\w+)",
    "inception": r"inception:(?P<id>\w+)",
    "frechet": r"Gaussians with covariances over N - 1",
    "kid": r"unbiased MMD\^2 of the kernel \(x\.y/F \+ 1\)\^3, all pictures at once",
    "neighbours": r"(?P<count>\d+) nearest neighbours \((?P<author>\w+) et al\. (?P<year>\d+)\)",
}
NAMES = {"Kynkaanniemi": "Kynkäänniemi"}  # results.json keeps to ASCII


def by_protocol(runs: Sequence[Facts]) -> tuple[list[list[Facts]], list[tuple[Facts, str]]]:
    """Sort the runs by how their distances were measured: only equals may be compared.

    Returns:
        the groups of one protocol each, the largest first, and the runs that cannot be compared,
        each with the word of `compare.toml` that says why.
    """
    groups: list[list[Facts]] = []
    without: list[tuple[Facts, str]] = []
    for run in runs:
        found = _protocols(run)
        if run.is_failed or not found:
            without.append((run, "failed" if run.is_failed else "no_distance"))
        elif not all(found.values()):
            without.append((run, "no_protocol"))
        else:
            fitting = (g for g in groups if all(_is_like(found, _protocols(one)) for one in g))
            if (group := next(fitting, None)) is None:
                groups.append(group := [])
            group.append(run)
    return sorted(groups, key=len, reverse=True), without


def _protocols(run: Facts) -> dict[str, Mapping[str, Any]]:
    """Return how each of a run's distances was measured; empty where that is not recorded."""
    names = [name for name in metrics_of("quality") if name in run.results]
    return {name: run.results.get(f"{name}_protocol") or {} for name in names}


def _is_like(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    both = one.keys() & other.keys()
    return bool(both) and all(one[name] == other[name] for name in both)


def differences(one: Facts, other: Facts, language: str) -> list[str]:
    """Return what differs between the protocols of two runs, each once, as words."""
    mine, theirs = _protocols(one), _protocols(other)
    found = {
        (part, mine[name].get(part), theirs[name].get(part))
        for name in mine.keys() & theirs.keys()
        for part in mine[name].keys() | theirs[name].keys()
        if mine[name].get(part) != theirs[name].get(part)
    }
    labels = _labels(language)
    return [
        word(
            "compare.instead",
            language,
            label=labels.get(part, part),
            theirs=format_fact(theirs, language),
            ours=format_fact(ours, language),
        )
        for part, theirs, ours in sorted(found, key=str)
    ]


def measured(runs: Sequence[Facts], language: str) -> list[str]:
    """Return how these runs were measured, and how far the feature network can be trusted."""
    labels, protocols = _labels(language), _protocols(runs[0])
    parts: dict[str, dict[str, list[str]]] = {}  # of the metrics, by label and text
    for name, protocol in protocols.items():
        for part, amount in protocol.items():
            texts = parts.setdefault(labels.get(part, part), {})
            texts.setdefault(format_fact(amount, language), []).append(metric_label(name, language))
    lines = [word("compare.protocol_line", language, facts=parts)] if parts else []
    features = [str(protocol.get("features", "")) for protocol in protocols.values()]
    about = next((o for run in runs if (o := run.results.get("oracle"))), {})
    is_own = any(re.fullmatch(PATTERNS["classifier"], name) for name in features)
    if is_own and {"accuracy", "floor"} <= about.keys():
        shares = {name: f"{100 * about[name]:.1f} %" for name in ("accuracy", "floor")}
        lines.append(word("compare.classifier", language, **shares))
    return lines


def _labels(language: str) -> dict[str, str]:
    """Return what the parts of a protocol are called."""
    facts = section("facts", language)
    return {**facts, "data": facts["data_fingerprint"]}


def format_fact(amount: Any, language: str) -> str:
    """Return one fact of a protocol in the words of `language`; one that is not known as it is."""
    text = value(amount)
    for name, pattern in PATTERNS.items():
        if found := re.fullmatch(pattern, text):
            values = {key: NAMES.get(part, part) for key, part in found.groupdict().items()}
            return word(f"compare.protocol.{name}", language, **values)
    return text
