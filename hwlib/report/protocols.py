"""Which runs' distances may be compared: those that were measured in one way."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwlib.report.entries import Entry, told_apart
from hwlib.report.facts import metric_label, value
from hwlib.text import section, word

DISTANCES = ("frechet", "kid", "precision", "recall", "density", "coverage")
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


@dataclass(frozen=True)
class Protocols:
    """Runs by how their distances were measured.

    Attributes:
        same: the largest group of one protocol.
        apart: further groups, each with the protocols' differences from `same`.
        without: runs that cannot be compared, each with the word of `compare.toml` that says why.
    """

    same: tuple[Entry, ...]
    apart: tuple[tuple[tuple[Entry, ...], tuple[tuple[str, Any, Any], ...]], ...]
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
                groups.append([entry])
            else:
                group.append(entry)
    if not groups:
        return Protocols((), (), tuple(without))
    same = max(groups, key=len)
    apart = [(tuple(g), _differences(g[0], same[0])) for g in groups if g is not same]
    return Protocols(tuple(same), tuple(apart), tuple(without))


def _protocols(entry: Entry) -> dict[str, Mapping[str, Any]]:
    results = entry.facts.results
    return {n: results.get(f"{n}_protocol") or {} for n in DISTANCES if n in results}


def _is_like(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    both = one.keys() & other.keys()
    return bool(both) and all(one[name] == other[name] for name in both)


def _differences(one: Entry, other: Entry) -> tuple[tuple[str, Any, Any], ...]:
    """Return what differs between two protocols, each once: its name, in `one`, in `other`."""
    mine, theirs = _protocols(one), _protocols(other)
    found: dict[str, tuple[str, Any, Any]] = {}
    for name in mine.keys() & theirs.keys():
        for part in mine[name].keys() | theirs[name].keys():
            pair = mine[name].get(part), theirs[name].get(part)
            if pair[0] != pair[1]:
                found.setdefault(json.dumps([part, *pair], default=str), (part, *pair))
    return tuple(found[key] for key in sorted(found))


def measured(entries: Sequence[Entry], language: str) -> list[str]:
    """Return how these runs were measured, and how far the feature network can be trusted."""
    words = section("compare", language)
    protocols = _protocols(entries[0])
    parts = dict.fromkeys(part for protocol in protocols.values() for part in protocol)
    said = words["and"].join(_part(part, protocols, language) for part in parts)
    lines = [words["protocol_line"] + said + words["end"]]
    is_oracle = any(str(p.get("features", "")).startswith("oracle") for p in protocols.values())
    oracle = next((o for e in entries if is_oracle and (o := e.facts.results.get("oracle"))), {})
    if "accuracy" in oracle and "floor" in oracle:
        shown = {name: f"{100 * oracle[name]:.1f} %" for name in ("accuracy", "floor")}
        lines.append(word("compare.classifier", language, **shown))
    return lines


# What the numbers of a topic hang on, by names of `facts.toml`.
CONDITIONS = {
    "training": ("device", "num_threads", "precision"),
    "reconstruction": ("num_test", "image_size", "data_fingerprint"),
    "attribute": ("num_attribute_samples", "features"),
    "code": ("num_samples",),
    "balance": ("num_evals",),
    "variety": ("num_samples", "num_real", "features"),
}


def conditions(topic: str, entries: Sequence[Entry], language: str) -> list[str]:
    """Return under which conditions the numbers of a topic were measured, as one line or none.

    Where the runs differ in one, each value is told with its runs.

    Args:
        topic: of `[topics]` in `compare.toml`.
        entries: the runs.
        language: of its words.
    """
    words, separator = section("compare", language), word("page.sep", language)
    said = []
    for name in CONDITIONS.get(topic, ()):
        texts: dict[str, list[Entry]] = {}
        for entry in entries:
            if (amount := _condition(name, entry)) is not None:
                text = told(f"{amount:,}" if isinstance(amount, int) else amount, language)
                texts.setdefault(text, []).append(entry)
        named = [
            word("compare.of", language, text=text, names=words["list"].join(names))
            for text, names in _shortest_names(texts, entries).items()
        ]
        if texts:
            shown = words["list"].join(named if len(texts) > 1 else texts)
            said.append(section("facts", language)[name] + separator + shown)
    return [words["protocol_line"] + words["and"].join(said) + words["end"]] if said else []


def _shortest_names(
    texts: Mapping[str, Sequence[Entry]], entries: Sequence[Entry]
) -> dict[str, list[str]]:
    """Return the runs of each value, named as briefly as tells which run has which value."""
    ways: tuple[Callable[[Entry], str], ...] = (
        lambda entry: entry.name,
        lambda entry: entry.facts.setting("data"),
        lambda entry: f"{entry.name} · {entry.facts.setting('data')}",
        lambda entry: told_apart(entry.name, entry, entries),
    )
    for way in ways:
        found = {text: list(dict.fromkeys(map(way, some))) for text, some in texts.items()}
        names = [name for some in found.values() for name in some]
        if len(names) == len(set(names)):
            break
    return found


def _condition(name: str, entry: Entry) -> Any:
    """Return one condition of a run, None where it is not known."""
    facts = entry.facts
    protocol = next(iter(_protocols(entry).values()), {})
    record = facts.record
    places = {
        "device": record.get("environment", {}),
        "num_threads": record.get("environment", {}),
        "precision": {"precision": facts.results.get("precision_used")},
        "num_test": {"num_test": facts.results.get("num_test_images")},
        "data_fingerprint": {"data_fingerprint": record.get("data", {}).get("fingerprint")},
        "image_size": facts.settings,
        "num_evals": facts.settings,
        "num_attribute_samples": facts.results,
    }
    return places.get(name, protocol).get(name)


def _part(part: str, protocols: Mapping[str, Mapping[str, Any]], language: str) -> str:
    """Return one part of the protocols as words; of each distance, where they differ in it."""
    words, texts = section("compare", language), {}
    for name, protocol in protocols.items():
        if part in protocol:
            text = told(protocol[part], language)
            texts.setdefault(text, []).append(metric_label(name, language))
    said = [
        word("compare.of", language, text=text, names=words["list"].join(names))
        for text, names in texts.items()
    ]
    label = section("facts", language).get(PROTOCOL_FACTS.get(part, part), part)
    said = words["list"].join(said if len(texts) > 1 else texts)
    return label + word("page.sep", language) + said


def told(amount: Any, language: str) -> str:
    """Return one fact of a protocol in the words of `language`; one that is not known as it is."""
    text = value(amount)
    for name, pattern in PATTERNS.items():
        if found := re.fullmatch(pattern, text):
            values = {key: NAMES.get(part, part) for key, part in found.groupdict().items()}
            return word(f"compare.protocol.{name}", language, **values)
    return text


def different(difference: tuple[str, Any, Any], language: str) -> str:
    """Return one difference of two protocols as words."""
    name, theirs, ours = difference
    label = section("facts", language).get(PROTOCOL_FACTS.get(name, name), name)
    values = {"theirs": told(theirs, language), "ours": told(ours, language)}
    return word("compare.instead", language, label=label, **values)
