"""All claims by their id, in the order of the reports' list, as `report/claims.toml` has them."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hwlib.claims.base import COMPARISONS, Arm, Claim

PATH = Path(__file__).parents[2] / "report" / "claims.toml"


def read_claims(path: Path = PATH) -> dict[str, Claim]:
    """Return every claim of a file like `report/claims.toml`, by id.

    Raises:
        ValueError: an entry that names what is not there, lacks what it needs, or has too much.
    """
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        arms = {name: _arm(given, found["bases"]) for name, given in found["arms"].items()}
        claims = {id: _claim(id, given, arms) for id, given in found["claims"].items()}
    except KeyError as error:
        raise ValueError(f"there is no {error}") from None
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


def _arm(given: Mapping[str, Any], bases: Mapping[str, Mapping[str, Any]]) -> Arm:
    """Return an arm: its base with what is its own."""
    own = dict(given)
    base, overrides = bases[own.pop("base")], own.pop("set", {})
    return Arm(**{**base, **own}, overrides=overrides)


def _claim(id: str, given: Mapping[str, Any], arms: Mapping[str, Arm]) -> Claim:
    claim = Claim(
        **{**given, "arms": {label: arms[a] for label, a in given["arms"].items()}}, id=id
    )
    used = {label for part in claim.parts for label in (*part.arms, *part.reference)}
    if used != claim.arms.keys():
        raise ValueError(f"{id} has arms {sorted(claim.arms)} and measures {sorted(used)}")
    if len({part.name for part in claim.parts}) < len(claim.parts):
        raise ValueError(f"{id} has two parts of one name")
    if unknown := {part.comparison for part in claim.parts} - COMPARISONS.keys():
        raise ValueError(f"{id} has unknown comparisons: {sorted(unknown)}")
    return claim


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
