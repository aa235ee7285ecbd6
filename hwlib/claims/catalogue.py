"""All claims by their id, in the order of the reports' list, as `report/claims.toml` has them."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from hwlib.claims.base import COMPARISONS, DIRECTIONS, Arm, Claim, Part

PATH = Path(__file__).parents[2] / "report" / "claims.toml"
_LISTS = ("arms", "reference", "any", "all")  # a part's fields that are lists in the file


def read_claims(path: Path = PATH) -> dict[str, Claim]:
    """Return every claim of a file like `report/claims.toml`, by id.

    Raises:
        ValueError: an entry that names what is not there, lacks what it needs, or has too much.
    """
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    arms = {name: _arm(name, given, found["bases"]) for name, given in found["arms"].items()}
    claims = {id: _claim(id, given, arms) for id, given in found["claims"].items()}
    for id, claim in claims.items():
        if claim.opposes and claims[claim.opposes].opposes != id:
            raise ValueError(f"{id} opposes {claim.opposes}, which does not oppose it")
    return dict(sorted(claims.items(), key=_place))


def read_groups(path: Path = PATH) -> dict[str, frozenset[str]]:
    """Return the groups of drawn faces' factors that claims speak of, by name."""
    groups = tomllib.loads(path.read_text(encoding="utf-8"))["groups"]
    return {name: frozenset(factors) for name, factors in groups.items()}


def _place(item: tuple[str, Claim]) -> tuple[int, str]:
    """Return where a claim stands: C1, C1', C2, ..."""
    id = item[0]
    return int(id[1:].rstrip("'")), id


def _arm(name: str, given: Mapping[str, Any], bases: Mapping[str, Mapping[str, Any]]) -> Arm:
    """Return an arm: its base with what is its own."""
    if extra := given.keys() - {"base", "seconds", "set"}:
        raise ValueError(f"arm {name} has unknown entries: {sorted(extra)}")
    if given["base"] not in bases:
        raise ValueError(f"arm {name} has an unknown base: {given['base']}")
    base = dict(bases[given["base"]])
    seconds = given.get("seconds", base.pop("seconds"))
    return Arm(**{**base, "seconds": seconds}, overrides=given.get("set", {}))


def _claim(id: str, given: Mapping[str, Any], arms: Mapping[str, Arm]) -> Claim:
    known = {field.name for field in fields(Claim)} - {"id"}
    if extra := given.keys() - known:
        raise ValueError(f"{id} has unknown entries: {sorted(extra)}")
    if unknown := set(given["arms"].values()) - arms.keys():
        raise ValueError(f"{id} has unknown arms: {sorted(unknown)}")
    parts = tuple(_part(id, part, given["arms"]) for part in given["parts"])
    if len({part.name for part in parts}) < len(parts):
        raise ValueError(f"{id} has two parts of one name")
    if unused := given["arms"].keys() - {n for p in parts for n in (*p.arms, *p.reference)}:
        raise ValueError(f"{id} measures nothing of {sorted(unused)}")
    return Claim(
        id=id,
        letters=tuple(given["letters"]),
        arms={label: arms[name] for label, name in given["arms"].items()},
        parts=parts,
        opposes=given.get("opposes"),
        denied=given.get("denied"),
        needs=tuple(given.get("needs", ())),
    )


def _part(id: str, given: Mapping[str, Any], labels: Mapping[str, str]) -> Part:
    where = f"{id}, part {given.get('name')}"
    try:
        part = Part(**{n: tuple(v) if n in _LISTS else v for n, v in given.items()})
    except TypeError as error:
        raise ValueError(f"{where}: {error}") from None
    if unknown := {*part.arms, *part.reference} - labels.keys():
        raise ValueError(f"{where} has unknown arms: {sorted(unknown)}")
    if part.comparison not in COMPARISONS:
        raise ValueError(f"{where} has an unknown comparison: {part.comparison}")
    if part.direction not in DIRECTIONS:
        raise ValueError(f"{where} has an unknown direction: {part.direction}")
    if not part.margin > 0:
        raise ValueError(f"{where}: a margin is the least effect that counts, above 0")
    return part


CLAIMS: Mapping[str, Claim] = read_claims()
GROUPS: Mapping[str, frozenset[str]] = read_groups()


def rule_of(claim: Claim) -> str:
    """Return 8 hex digits over all that decides a claim: its arms, measures and margins.

    A verdict that was reached by another rule is no verdict on this claim.
    """
    rule = asdict(claim)
    for arm in rule["arms"].values():
        del arm["seconds"]  # which only the estimate of the time left is made from
    for part in rule["parts"]:
        del part["why"]
    written = json.dumps(rule, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:8]
