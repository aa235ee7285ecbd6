"""What became of the reports' claims, in a file of verdicts, or as far as it is known on some data.

The numbers and the verdicts are those that `hwlib.claims` reached over several seeds; nothing is
decided here. Everywhere `data_fingerprint` is the data's, or its first eight digits, and `runs` the
folder of the runs, whose verdicts count as well; the default one where it is None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from hwlib.claims.catalogue import CLAIMS, Claim
from hwlib.claims.files import known_verdicts
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
from hwlib.run import default_runs_dir
from hwlib.text import Finding, finding, in_languages, sentence, word

Verdicts = Mapping[str, Any]  # what `hwlib.claims.decide` returns: the content of claims.json
Decided = Mapping[str, Any]  # one claim of it
Part = Mapping[str, Any]  # one measure of a claim
Tables = dict[str, pd.DataFrame]  # one a language

NONE = "–"
SHORT = "preview"  # the profile whose trainings are so short that it is said


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


def _known(data_fingerprint: str, runs: Path | str | None) -> dict[str, dict[str, Any]]:
    return known_verdicts(data_fingerprint, Path(runs) if runs else default_runs_dir())


def over_seeds(
    ids: Iterable[str], data_fingerprint: str, runs: Path | str | None = None
) -> list[Finding]:
    """Say which verdicts on these claims are known for one data set."""
    known = _known(data_fingerprint, runs)
    verdicts = {id: known[id] for id in ids if id in known}
    if not verdicts:
        return []
    named = [(id, one["decided"]["verdict"]) for id, one in verdicts.items()]
    return [finding("claims.over_seeds", known=named, **_ground(verdicts.values()))]


def summary(data_fingerprint: str, runs: Path | str | None = None) -> Finding | None:
    """Say how many claims are supported, contradicted and so on, on one data set; None for none."""
    verdicts = _known(data_fingerprint, runs).values()
    if not verdicts:
        return None
    counts = count_verdicts(one["decided"]["verdict"] for one in verdicts)
    return finding("claims.summary", total=len(verdicts), counts=counts, **_ground(verdicts))


def _ground(verdicts: Collection[Mapping[str, Any]]) -> dict[str, Any]:
    """Return over how many seeds at least, and whether any of the trainings were short."""
    seeds = min(len(one["seeds"]) for one in verdicts)
    return {"seeds": seeds, "is_short": any(one["profile"] == SHORT for one in verdicts)}


def _tables(names: Iterable[str], rows: Callable[[str], Iterable[Iterable[str]]]) -> Tables:
    """Return a table a language, of the columns `names` and the rows that `rows` gives."""
    return in_languages(
        lambda language: pd.DataFrame(
            list(rows(language)), columns=[word(f"claims.columns.{n}", language) for n in names]
        )
    )


def verdict_cells(decided: Decided | None, language: str) -> tuple[str, str, str, str]:
    """Return a claim's verdict, the measure that decides, its effect and its margin, in words.

    `decided` is None where the claim was not tested.
    """
    key = "verdicts." + decided["verdict"] if decided else "not_tested"
    verdict = word(f"claims.{key}", language)
    if decided is None or "parts" not in decided:
        return verdict, NONE, NONE, NONE
    part = deciding_part(decided)
    return verdict, part["name"], write_effect(part, language), write_margin(part, language)


def all_known(data_fingerprint: str, runs: Path | str | None = None) -> Tables:
    """Return a row for each claim with a known verdict on one data set, without what it says.

    That stands in `reports_table`.
    """
    known = _known(data_fingerprint, runs)

    def rows(language: str) -> Iterable[tuple[str, ...]]:
        for id, one in known.items():
            verdict, part, *numbers = verdict_cells(one["decided"], language)
            name = part if part == NONE else word(f"claims.{id}.parts.{part}", language)
            yield id, verdict, name, *numbers

    return _tables(("id", "verdict", "measure", "effect", "margin"), rows)


def verdicts_table(decided: Mapping[str, Decided]) -> Tables:
    """Return the table of verdicts, a row a claim, in the reports' order."""

    def rows(language: str) -> Iterable[tuple[str, ...]]:
        for id in (id for id in CLAIMS if id in decided):
            verdict, _, *numbers = verdict_cells(decided[id], language)
            statement, letters = word(f"claims.{id}.statement", language), CLAIMS[id].letters
            yield id, statement, ", ".join(letters), verdict, *numbers

    return _tables(("id", "claim", "reports", "verdict", "effect", "margin"), rows)


def reports_table(data_fingerprint: str = "", runs: Path | str | None = None) -> Tables:
    """Return the table of the five reports: of each a row on what it did, then what it concluded.

    A conclusion of several reports stands at the first of them, which names the others. Verdicts
    stand beside them where some are known.
    """
    from hwlib.recipes import RECIPES  # which loads torch

    known = _known(data_fingerprint, runs) if data_fingerprint else {}

    def rows(language: str) -> Iterable[tuple[str, ...]]:
        for letter, name in sorted((recipe.letter, name) for name, recipe in RECIPES.items()):
            yield letter, sentence("claims.did", language, letter=letter, recipe=name), ""
            for id, claim in CLAIMS.items():
                if claim.letters[0] == letter:
                    others = claim.letters[1:]
                    concluded = sentence("claims.listed_claim", language, id=id, others=others)
                    verdict, *_ = verdict_cells(known.get(id, {}).get("decided"), language)
                    yield id, concluded, verdict

    tables = _tables(("id", "concluded", "verdict"), rows)
    return {language: frame if known else frame.iloc[:, :2] for language, frame in tables.items()}
