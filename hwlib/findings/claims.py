"""What became of the reports' claims, from a file of verdicts, and which of two opposed is right.

The numbers and the verdicts are those of `hwlib.claims.decide`; nothing is decided here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

from hwlib.claims.base import CONTRADICTED, NOT_APPLICABLE, VERDICTS
from hwlib.claims.statistics import deciding_part, in_margins, is_effect_alone
from hwlib.text import Finding, finding, sentence

Verdicts = Mapping[str, Any]  # what `hwlib.claims.decide` returns: the content of claims.json
Decided = Mapping[str, Any]  # one claim of it
Part = Mapping[str, Any]  # one measure of a claim


class Claim(Protocol):
    """What is told of a claim; `hwlib.claims.CLAIMS` holds such objects."""

    id: str
    letters: Sequence[str]
    opposes: str | None
    denied: str | None


def describe_data(data: Mapping[str, str]) -> dict[str, Any]:
    """Return which images the verdicts are about, without where they lie on this machine.

    Args:
        data: the verdicts' `data`, with `spec`.
    """
    spec = data["spec"]
    return {"is_drawn": spec.partition(":")[0] == "faces", "name": Path(spec).name}


def count_verdicts(found: Iterable[str]) -> list[tuple[str, int]]:
    """Return how many verdicts there are of each kind that there is, in their usual order."""
    counts = Counter(found)
    return [(name, counts[name]) for name in VERDICTS if counts[name]]


def write_effect(part: Part, language: str) -> str:
    """Write a measure's mean effect and, in brackets, its interval."""
    values = {name: part[name] for name in ("effect", "low", "high", "unit", "is_change")}
    return sentence("claims.effect", language, **values)


def write_margin(part: Part, language: str) -> str:
    """Write the least effect that counts as the claim has it: its sign says which way."""
    values = {name: part[name] for name in ("direction", "margin", "unit", "is_change")}
    return sentence("claims.margin", language, **values)


# ------------------------------------------------------------------------------- all of them


def method(verdicts: Verdicts) -> Finding:
    """Say on which images, at which size and with which seeds the claims were tried.

    Args:
        verdicts: what `hwlib.claims.decide` returns.
    """
    about = {"profile": verdicts["profile"], "seeds": verdicts["seeds"]}
    return finding("claims.method", **describe_data(verdicts["data"]), **about)


def counts(verdicts: Verdicts) -> Finding:
    """Say how many claims are supported, contradicted, undecided, or not applicable.

    Args:
        verdicts: what `hwlib.claims.decide` returns.
    """
    found = [decided["verdict"] for decided in verdicts["claims"].values()]
    return finding("claims.counts", total=len(found), counts=count_verdicts(found))


def opposed(verdicts: Verdicts, claims: Mapping[str, Claim]) -> list[Finding]:
    """Say of reports that contradict each other which one the measurement bears out.

    Args:
        verdicts: what `hwlib.claims.decide` returns.
        claims: every claim by its id, as in `hwlib.claims.CLAIMS`.
    """
    decided, where = verdicts["claims"], describe_data(verdicts["data"])
    found: list[Finding] = []
    for id in claims:
        if id not in decided:
            continue
        claim, other = claims[id], claims[id].opposes
        if claim.denied:
            found.append(_denied(claim, decided[id], where))
        elif other in decided and list(claims).index(id) < list(claims).index(other):
            pair = (id, other)
            values = {
                "ids": pair,
                "letters": [claims[one].letters for one in pair],
                "verdicts": [decided[one]["verdict"] for one in pair],
            }
            found.append(finding("claims.opposed", **values, **where))
    return found or [finding("claims.none_opposed")]


def _denied(claim: Claim, decided: Decided, where: Mapping[str, Any]) -> Finding:
    """Weigh a claim against a report that denies what its last measure is about."""
    parts = decided.get("parts", ())
    return finding(
        "claims.denied",
        id=claim.id,
        letters=claim.letters,
        denier=claim.denied,
        verdict=decided["verdict"],
        is_denied=bool(parts) and parts[-1]["verdict"] == CONTRADICTED,
        **where,
    )


# ------------------------------------------------------------------------------- one of them


def about(claim: Claim, decided: Decided) -> Finding:
    """Give a claim's heading, what it says, and how it is tried.

    Args:
        claim: of `hwlib.claims.CLAIMS`.
        decided: what became of it.
    """
    return _headed("claims.about", claim, decided)


def title(claim: Claim, decided: Decided) -> Finding:
    """Give a claim's heading: its id, its reports, its verdict."""
    return _headed("claims.title", claim, decided)


def _headed(key: str, claim: Claim, decided: Decided) -> Finding:
    return finding(key, id=claim.id, letters=claim.letters, verdict=decided["verdict"])


def margins(decided: Decided) -> Finding:
    """Say how large an effect counts for each measure of a claim, and why, each margin once.

    Args:
        decided: what became of the claim; not one that is not applicable.
    """
    found = {
        (part["margin"], part["unit"], part["why"]): {
            "margin": part["margin"],
            "unit": part["unit"],
            "why": part["why"],
        }
        for part in decided["parts"]
    }
    return finding("claims.margins", margins=list(found.values()))


def found(claim: Claim, decided: Decided) -> list[Finding]:
    """Say what was measured of a claim, a point a measure, and what follows.

    Args:
        claim: of `hwlib.claims.CLAIMS`.
        decided: what became of it.
    """
    verdict = decided["verdict"]
    if verdict == NOT_APPLICABLE:
        reason = decided["reason"]
        values = {"reason": reason["name"], "values": reason["values"]}
        return [finding("claims.not_applicable", id=claim.id, **values)]
    parts = decided["parts"]
    concluded = finding(
        "claims.concluded",
        id=claim.id,
        verdict=verdict,
        count=len(parts),
        parts=[part["name"] for part in parts if part["verdict"] == verdict],
    )
    return [*(_measured(claim.id, part) for part in parts), concluded]


def _measured(id: str, part: Part) -> Finding:
    """Say one measure: the effect, its interval, each arm's mean, where it lies, the verdict."""
    arms: list[dict[str, Any]] = []
    if not is_effect_alone(part):
        arms = [
            {"label": label, "mean": fmean(arm["values"]), "is_reference": arm["is_reference"]}
            for label, arm in part["arms"].items()
        ]
    real = part["beside"]
    names = ("value_unit", "effect", "low", "high", "unit", "is_change", "margin", "place")
    return finding(
        "claims.measured",
        id=id,
        part=part["name"],
        arms=arms,
        real={"name": real["name"], "mean": fmean(real["values"])} if real else None,
        verdict=part["verdict"],
        unsound=_unsound(part["reason"]),
        **{name: part[name] for name in names},
    )


def _unsound(reason: Mapping[str, Any] | None) -> Any:
    """Return why the runs decide nothing: "trial", or which arms lack what; None where they do."""
    if reason is None or reason["name"] == "trial":
        return reason and "trial"
    arms = [
        {"label": label, "unmet": [what for what, share in shares.items() if share < 1]}
        for label, shares in reason["shares"].items()
    ]
    return {"name": reason["name"], "arms": [arm for arm in arms if arm["unmet"]]}


# ------------------------------------------------------------------------------- to be drawn


def drawn_parts(decided: Decided) -> list[dict[str, Any]]:
    """Return a claim's measures for `plots.claim_values`: no arms where the effects say it all.

    Args:
        decided: what became of the claim; not one that is not applicable.
    """
    return [
        {**part, "arms": {}} if is_effect_alone(part) else dict(part) for part in decided["parts"]
    ]


def overview_rows(verdicts: Verdicts) -> list[tuple[str, str, bool, float, float, float]]:
    """Return the rows of `plots.claims_overview`, a claim each: what decides it, in margins.

    Args:
        verdicts: what `hwlib.claims.decide` returns.

    Returns:
        Id, verdict, whether no difference is claimed, interval's low end, effect, high end; claims
        without measures are left out.
    """
    rows = []
    for id, decided in verdicts["claims"].items():
        if decided.get("parts"):
            part = deciding_part(decided)
            is_equal = part["direction"] == "equal"
            rows.append((id, part["verdict"], is_equal, *in_margins(part)))
    return rows
