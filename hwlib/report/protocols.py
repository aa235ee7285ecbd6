"""Which runs' distances may be compared: those that were measured in one way."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwlib.registry import metrics_of
from hwlib.report.entries import Entry, disambiguated
from hwlib.report.facts import metric_label, value
from hwlib.text import section, thousands, word

PROTOCOL_FACTS = {"data": "data_fingerprint"}  # names of a protocol that mean another fact
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
Difference = tuple[str, Any, Any]  # what differs, its value in one protocol, and in another


@dataclass(frozen=True)
class Protocols:
    """Runs by how their distances were measured.

    Attributes:
        same: the largest group of one protocol.
        apart: further groups, each with the protocols' differences from `same`.
        without: runs that cannot be compared, each with the word of `compare.toml` that says why.
    """

    same: tuple[Entry, ...] = ()
    apart: tuple[tuple[tuple[Entry, ...], tuple[Difference, ...]], ...] = ()
    without: tuple[tuple[Entry, str], ...] = ()


def by_protocol(entries: Sequence[Entry]) -> Protocols:
    """Sort the runs by how their distances were measured: only equals may be compared."""
    groups: list[list[Entry]] = []
    without: list[tuple[Entry, str]] = []
    for entry in entries:
        found = _protocols(entry)
        if entry.is_failed:
            without.append((entry, "failed"))
        elif not found:
            without.append((entry, "no_distance"))
        elif not all(found.values()):
            without.append((entry, "no_protocol"))
        else:
            fitting = (g for g in groups if all(_is_like(found, _protocols(e)) for e in g))
            if (group := next(fitting, None)) is None:
                groups.append(group := [])
            group.append(entry)
    same = max(groups, key=len, default=[])
    apart = [(tuple(g), _differences(g[0], same[0])) for g in groups if g is not same]
    return Protocols(tuple(same), tuple(apart), tuple(without))


def _protocols(entry: Entry) -> dict[str, Mapping[str, Any]]:
    """Return how each of a run's distances was measured; empty where that is not recorded."""
    results = entry.facts.results
    return {n: results.get(f"{n}_protocol") or {} for n in metrics_of("quality") if n in results}


def _is_like(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    both = one.keys() & other.keys()
    return bool(both) and all(one[name] == other[name] for name in both)


def _differences(one: Entry, other: Entry) -> tuple[Difference, ...]:
    """Return what differs between two protocols, each once: its name, in `one`, in `other`."""
    mine, theirs = _protocols(one), _protocols(other)
    found: dict[str, Difference] = {}
    for name in mine.keys() & theirs.keys():
        for part in mine[name].keys() | theirs[name].keys():
            pair = mine[name].get(part), theirs[name].get(part)
            if pair[0] != pair[1]:
                found.setdefault(json.dumps([part, *pair], default=str), (part, *pair))
    return tuple(found[key] for key in sorted(found))


# ---- in words ------------------------------------------------------------------------------------


def measured(entries: Sequence[Entry], language: str) -> list[str]:
    """Return how these runs were measured, and how far the feature network can be trusted."""
    protocols = _protocols(entries[0])
    labels: dict[str, dict[str, list[str]]] = {}  # of the distances, by part of protocol and text
    for name, protocol in protocols.items():
        for part, amount in protocol.items():
            texts = labels.setdefault(part, {})
            texts.setdefault(format_fact(amount, language), []).append(metric_label(name, language))
    lines = _line([_fact(part, texts, language) for part, texts in labels.items()], language)
    has_classifier = any(
        str(protocol.get("features", "")).startswith("oracle") for protocol in protocols.values()
    )
    about = next((o for e in entries if (o := e.facts.results.get("oracle"))), {})
    if has_classifier and {"accuracy", "floor"} <= about.keys():
        shares = {name: f"{100 * about[name]:.1f} %" for name in ("accuracy", "floor")}
        lines.append(word("compare.classifier", language, **shares))
    return lines


def conditions(topic: str, entries: Sequence[Entry], language: str) -> list[str]:
    """Return under which conditions the numbers of a topic were measured, as one line or none.

    Where the runs differ in one, each value stands with its runs.

    Args:
        topic: of `[topics]` in `compare.toml`.
        entries: the runs.
        language: of its words.
    """
    facts = []
    for name in CONDITIONS.get(topic, ()):
        runs: dict[str, list[Entry]] = {}
        for entry in entries:
            if (amount := _condition(name, entry)) is not None:
                amount = thousands(amount) if isinstance(amount, int) else amount
                runs.setdefault(format_fact(amount, language), []).append(entry)
        if runs:
            facts.append(_fact(name, _shortest_names(runs, entries), language))
    return _line(facts, language)


def _condition(name: str, entry: Entry) -> Any:
    """Return one condition of a run, None where it is not known."""
    facts, record = entry.facts, entry.facts.record
    known = {
        **next(iter(_protocols(entry).values()), {}),
        **{n: record.get("environment", {}).get(n) for n in ("device", "num_threads")},
        **{n: facts.settings.get(n) for n in ("image_size", "num_evals")},
        "precision": facts.results.get("precision_used"),
        "num_test": facts.results.get("num_test_images"),
        "num_attribute_samples": facts.results.get("num_attribute_samples"),
        "data_fingerprint": record.get("data", {}).get("fingerprint"),
    }
    return known.get(name)


def _shortest_names(
    runs: Mapping[str, Sequence[Entry]], entries: Sequence[Entry]
) -> dict[str, list[str]]:
    """Return the runs of each value, named as briefly as is unambiguous."""
    ways = (
        lambda entry: entry.name,
        lambda entry: entry.facts.setting("data"),
        lambda entry: f"{entry.name} · {entry.facts.setting('data')}",
        lambda entry: disambiguated(entry.name, entry, entries),
    )
    for way in ways:
        found = {text: list(dict.fromkeys(map(way, some))) for text, some in runs.items()}
        names = [name for some in found.values() for name in some]
        if len(names) == len(set(names)):
            break
    return found


def _fact(name: str, texts: Mapping[str, Sequence[str]], language: str) -> str:
    """Return one fact as words; where it has several values, each with what it is of."""
    parts = list(texts)
    separator = section("compare", language)["list"]
    if len(texts) > 1:
        parts = [
            word("compare.of", language, text=text, names=separator.join(names))
            for text, names in texts.items()
        ]
    return _label(name, language) + word("page.sep", language) + separator.join(parts)


def _line(facts: Sequence[str], language: str) -> list[str]:
    words = section("compare", language)
    return [words["protocol_line"] + words["and"].join(facts) + words["end"]] if facts else []


def _label(name: str, language: str) -> str:
    return section("facts", language).get(PROTOCOL_FACTS.get(name, name), name)


def format_fact(amount: Any, language: str) -> str:
    """Return one fact of a protocol in the words of `language`; one that is not known as it is."""
    text = value(amount)
    for name, pattern in PATTERNS.items():
        if found := re.fullmatch(pattern, text):
            values = {key: NAMES.get(part, part) for key, part in found.groupdict().items()}
            return word(f"compare.protocol.{name}", language, **values)
    return text


def format_difference(difference: Difference, language: str) -> str:
    """Return one difference of two protocols as words."""
    name, theirs, ours = difference
    values = {"theirs": format_fact(theirs, language), "ours": format_fact(ours, language)}
    return word("compare.instead", language, label=_label(name, language), **values)
