"""What became of the reports' claims, from a file of verdicts, and which of two opposed is right.

The numbers and the verdicts are those of `hwlib.claims.decide`; nothing is decided here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hwlib.claims.catalogue import Claim
from hwlib.claims.statistics import (
    CONTRADICTED,
    NOT_APPLICABLE,
    VERDICTS,
    deciding_part,
    in_margins,
    is_effect_alone,
)
from hwlib.data.layouts import is_drawn
from hwlib.findings.base import pick
from hwlib.text import Finding, finding, sentence

Verdicts = Mapping[str, Any]  # what `hwlib.claims.decide` returns: the content of claims.json
Decided = Mapping[str, Any]  # one claim of it
Part = Mapping[str, Any]  # one measure of a claim


def describe_data(data: Mapping[str, str]) -> dict[str, Any]:
    """Return which images the verdicts are about, without where they lie on this machine."""
    spec = data["spec"]
    return {"is_drawn": is_drawn(spec), "name": Path(spec).name}


def count_verdicts(found: Iterable[str]) -> list[tuple[str, int]]:
    """Return how many verdicts there are of each kind that there is, in their usual order."""
    counts = Counter(found)
    return [(name, counts[name]) for name in VERDICTS if counts[name]]


def write_effect(part: Part, language: str) -> str:
    """Write a measure's mean effect and, in brackets, its interval."""
    values = pick(part, "effect", "low", "high", "unit", "is_change")
    return sentence("claims.effect", language, **values)


def write_margin(part: Part, language: str) -> str:
    """Write the least effect that counts as the claim has it: its sign says which way."""
    values = pick(part, "direction", "margin", "unit", "is_change")
    return sentence("claims.margin", language, **values)


def method(verdicts: Verdicts) -> Finding:
    """Say on which images, at which size and with which seeds the claims were tried."""
    about = pick(verdicts, "profile", "seeds")
    return finding("claims.method", **describe_data(verdicts["data"]), **about)


def counts(verdicts: Verdicts) -> Finding:
    """Say how many claims are supported, contradicted, undecided, or not applicable."""
    found = [decided["verdict"] for decided in verdicts["claims"].values()]
    return finding("claims.counts", total=len(found), counts=count_verdicts(found))


def opposed(verdicts: Verdicts, claims: Mapping[str, Claim]) -> list[Finding]:
    """Say of reports that contradict each other which one the measurement bears out."""
    decided, where = verdicts["claims"], describe_data(verdicts["data"])
    found: list[Finding] = []
    seen: set[str | None] = set()
    for id, claim in claims.items():
        if id in decided and claim.denied:
            parts = decided[id].get("parts", ())  # the last is what the other report denies
            is_denied = bool(parts) and parts[-1]["verdict"] == CONTRADICTED
            about = {"denier": claim.denied, "is_denied": is_denied, **where}
            found.append(finding("claims.denied", **_headed(claim, decided[id]), **about))
        elif id in decided and claim.opposes in decided and id not in seen:
            seen.add(claim.opposes)
            ids = (id, claim.opposes)
            letters = [claims[one].letters for one in ids]
            verdict = [decided[one]["verdict"] for one in ids]
            about = {"ids": ids, "letters": letters, "verdicts": verdict}
            found.append(finding("claims.opposed", **about, **where))
    return found or [finding("claims.none_opposed")]


def _headed(claim: Claim, decided: Decided) -> dict[str, Any]:
    return {"id": claim.id, "letters": claim.letters, "verdict": decided["verdict"]}


def about(claim: Claim, decided: Decided) -> Finding:
    """Give a claim's heading, what it says, and how it is tried."""
    return finding("claims.about", **_headed(claim, decided))


def margins(decided: Decided) -> Finding:
    """Say how large an effect counts for each measure of a claim, and why, each margin once."""
    every = {tuple(pick(p, "margin", "unit", "why").items()): None for p in decided["parts"]}
    return finding("claims.margins", margins=[dict(one) for one in every])


def found(claim: Claim, decided: Decided) -> list[Finding]:
    """Say what was measured of a claim, a point a measure, and what follows."""
    verdict = decided["verdict"]
    if verdict == NOT_APPLICABLE:
        reason = decided["reason"]
        values = {"reason": reason["name"], "values": reason["values"]}
        return [finding("claims.not_applicable", id=claim.id, **values)]
    parts = decided["parts"]
    deciding = [part["name"] for part in parts if part["verdict"] == verdict]
    values = {"id": claim.id, "verdict": verdict, "count": len(parts), "parts": deciding}
    measured = [
        finding("claims.measured", id=claim.id, part=part, has_arms=not is_effect_alone(part))
        for part in parts
    ]
    return [*measured, finding("claims.concluded", **values)]


def drawn_parts(decided: Decided) -> list[dict[str, Any]]:
    """Return a claim's measures for `plots.claim_values`: no arms where the effects say it all."""
    return [part | {"arms": {}} if is_effect_alone(part) else part for part in decided["parts"]]


def overview_rows(verdicts: Verdicts) -> list[tuple[str, str, bool, float, float, float]]:
    """Return the rows of `plots.claims_overview`: what decides each claim that has measures.

    Id, verdict, whether no difference is claimed; low end, effect and high end in margins.
    """
    decided = {id: deciding_part(one) for id, one in verdicts["claims"].items() if one.get("parts")}
    return [
        (id, part["verdict"], part["direction"] == "equal", *in_margins(part))
        for id, part in decided.items()
    ]
