"""Which runs' distances may be compared: those that were measured in one way."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hwlib.registry import metrics_of
from hwlib.report.cells import metric_label, value
from hwlib.report.runs import Facts, disambiguated
from hwlib.text import section, thousands, word

# How distances were measured: what results.json says, by the words for it in `compare.toml`.
PATTERNS = {
    "classifier": r"oracle:(?P<id>\w+)",
    "inception": r"inception:(?P<id>\w+)",
    "frechet": r"Gaussians with covariances over N - 1",
    "kid": r"unbiased MMD\^2 of the kernel \(x\.y/F \+ 1\)\^3, all pictures at once",
    "neighbours": r"(?P<count>\d+) nearest neighbours \((?P<author>\w+) et al\. (?P<year>\d+)\)",
}
NAMES = {"Kynkaanniemi": "Kynkäänniemi"}  # results.json keeps to ASCII
# What the numbers of a topic depend on, by names of `facts.toml`.
CONDITIONS = {
    "training": ("device", "num_threads", "precision"),
    "reconstruction": ("num_test", "image_size", "data_fingerprint"),
    "attribute": ("num_attribute_samples", "features"),
    "code": ("num_samples",),
    "balance": ("num_evals",),
    "variety": ("num_samples", "num_real", "features"),
}
Texts = dict[str, list[str]]  # what a fact is, and of which runs or metrics


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
        if run.is_failed:
            without.append((run, "failed"))
        elif not found:
            without.append((run, "no_distance"))
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
    said = []
    for part, *pair in sorted(found, key=str):
        ours, other_ones = (format_fact(amount, language) for amount in pair)
        label = _label(part, language)
        said.append(word("compare.instead", language, label=label, theirs=ours, ours=other_ones))
    return said


# ---- in words ------------------------------------------------------------------------------------


def measured(runs: Sequence[Facts], language: str) -> list[str]:
    """Return how these runs were measured, and how far the feature network can be trusted."""
    parts: dict[str, Texts] = {}
    protocols = _protocols(runs[0])
    for name, protocol in protocols.items():
        for part, amount in protocol.items():
            metrics = parts.setdefault(part, {}).setdefault(format_fact(amount, language), [])
            metrics.append(metric_label(name, language))
    lines = _line(parts, language)
    features = [str(protocol.get("features", "")) for protocol in protocols.values()]
    about = next((o for run in runs if (o := run.results.get("oracle"))), {})
    if (
        any(name.startswith("oracle") for name in features)
        and {"accuracy", "floor"} <= about.keys()
    ):
        shares = {name: f"{100 * about[name]:.1f} %" for name in ("accuracy", "floor")}
        lines.append(word("compare.classifier", language, **shares))
    return lines


def conditions(topic: str, runs: Sequence[Facts], language: str) -> list[str]:
    """Return under which conditions a topic's numbers were measured, as one line or none.

    Where the runs differ in one, each value stands with its runs.
    """
    parts: dict[str, dict[str, list[Facts]]] = {}
    for run in runs:
        environment = run.record.get("environment", {})
        known = {
            **next(iter(_protocols(run).values()), {}),
            **{n: environment.get(n) for n in ("device", "num_threads")},
            **{n: run.settings.get(n) for n in ("image_size", "num_evals")},
            "precision": run.results.get("precision_used"),
            "num_test": run.results.get("num_test_images"),
            "num_attribute_samples": run.results.get("num_attribute_samples"),
            "data_fingerprint": run.record.get("data", {}).get("fingerprint"),
        }
        for name in CONDITIONS.get(topic, ()):
            if (amount := known.get(name)) is not None:
                amount = thousands(amount) if isinstance(amount, int) else amount
                text = format_fact(amount, language)
                parts.setdefault(name, {}).setdefault(text, []).append(run)
    named = {n: _shortest_names(parts[n], runs) for n in CONDITIONS.get(topic, ()) if n in parts}
    return _line(named, language)


def _shortest_names(own: Mapping[str, Sequence[Facts]], runs: Sequence[Facts]) -> Texts:
    """Return the runs of each value, named as briefly as is unambiguous."""
    ways: tuple[Callable[[Facts], str], ...] = (
        lambda run: run.name,
        lambda run: run.setting("data"),
        lambda run: f"{run.name} · {run.setting('data')}",
        lambda run: disambiguated(run.name, run, runs),
    )
    for way in ways:
        found = {text: list(dict.fromkeys(map(way, some))) for text, some in own.items()}
        if len(set().union(*found.values())) == sum(map(len, found.values())):
            break
    return found


def _line(parts: Mapping[str, Texts], language: str) -> list[str]:
    """Return facts as one line; where one has several values, each with what it is of."""
    facts = [(_label(part, language), texts) for part, texts in parts.items()]
    return [word("compare.protocol_line", language, facts=facts)] if facts else []


def _label(part: str, language: str) -> str:
    name = "data_fingerprint" if part == "data" else part  # what "data" is to a protocol
    return section("facts", language).get(name, part)


def format_fact(amount: Any, language: str) -> str:
    """Return one fact of a protocol in the words of `language`; one that is not known as it is."""
    text = value(amount)
    for name, pattern in PATTERNS.items():
        if found := re.fullmatch(pattern, text):
            values = {key: NAMES.get(part, part) for key, part in found.groupdict().items()}
            return word(f"compare.protocol.{name}", language, **values)
    return text
