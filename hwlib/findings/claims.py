"""What became of the reports' claims, in a file of verdicts, or as far as it is known on some data.

The numbers and the verdicts are those that `hwlib.claims` reached over several seeds; nothing is
decided here. `verdicts` are what `hwlib.claims.decide` returns, `decided` is one claim of it, a
`part` one of its measures. Everywhere `data_fingerprint` is the data's, or its first eight digits,
and `runs` the folder of the runs, whose verdicts count as well; the default one where it is None.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hwlib.claims import statistics
from hwlib.claims.catalogue import CLAIMS, known_verdicts
from hwlib.data.layouts import is_drawn
from hwlib.findings.base import pick
from hwlib.registry import TODAYS
from hwlib.run import runs_folder
from hwlib.text import Finding, finding, in_languages, section, sentence, word

Verdicts = Mapping[str, Any]
Decided = Mapping[str, Any]
Tables = dict[str, pd.DataFrame]  # one a language

NONE = "–"
SHORT = "preview"  # the profile whose trainings are so short that it is said


def _where(verdicts: Verdicts) -> dict[str, Any]:
    """Return which images the verdicts are about, without where they lie on this machine."""
    spec = verdicts["data"]["spec"]
    return {"is_drawn": is_drawn(spec), "name": Path(spec).name}


def _count(every: Iterable[Decided]) -> dict[str, Any]:
    """Return how many claims there are, and of each verdict, in the verdicts' usual order."""
    counts = Counter(decided["verdict"] for decided in every)
    named = [(name, counts[name]) for name in statistics.VERDICTS if counts[name]]
    return {"total": counts.total(), "counts": named}


def method(verdicts: Verdicts) -> Finding:
    """Say on which images, at which size and with which seeds the claims were tried."""
    return finding("claims.method", **_where(verdicts), **pick(verdicts, "profile", "seeds"))


def counts(verdicts: Verdicts) -> Finding:
    """Say how many claims are supported, contradicted, undecided, or not applicable."""
    return finding("claims.counts", **_count(verdicts["claims"].values()))


def opposed(verdicts: Verdicts) -> list[Finding]:
    """Say of reports that contradict each other which one the measurement bears out."""
    decided, where = verdicts["claims"], _where(verdicts)
    found = []
    for id, claim in CLAIMS.items():
        if id in decided and claim.denied:
            parts = decided[id].get("parts", ())  # the last is what the other report denies
            is_denied = bool(parts) and parts[-1]["verdict"] == statistics.CONTRADICTED
            about = {"claim": claim, "verdict": decided[id]["verdict"], "is_denied": is_denied}
            found.append(finding("claims.denied", **about, **where))
        elif {id, claim.opposes} <= decided.keys() and id < claim.opposes:
            pair = [claim, CLAIMS[claim.opposes]]
            both = [decided[one.id]["verdict"] for one in pair]
            found.append(finding("claims.opposed", claims=pair, verdicts=both, **where))
    return found or [finding("claims.none_opposed")]


def found(id: str, decided: Decided) -> list[Finding]:
    """Say what was measured of a claim, a point a measure, and what follows."""
    verdict = decided["verdict"]
    if verdict == statistics.NOT_APPLICABLE:
        return [finding("claims.not_applicable", id=id, reason=decided["reason"])]
    parts = decided["parts"]
    deciding = [part["name"] for part in parts if part["verdict"] == verdict]
    about = {"verdict": verdict, "count": len(parts), "parts": deciding}
    measured = [
        finding("claims.measured", id=id, part=part, has_arms=not statistics.is_effect_alone(part))
        for part in parts
    ]
    return [*measured, finding("claims.concluded", id=id, **about)]


def overview_rows(verdicts: Verdicts) -> list[tuple[str, str, bool, float, float, float]]:
    """Return the rows of `plots.claims_overview`: what decides each claim that has measures.

    Id, verdict, whether no difference is claimed; low end, effect and high end in margins.
    """
    measured = {id: one for id, one in verdicts["claims"].items() if one.get("parts")}
    decided = {id: statistics.deciding_part(one) for id, one in measured.items()}
    return [
        (id, part["verdict"], part["direction"] == "equal", *statistics.in_margins(part))
        for id, part in decided.items()
    ]


# ---- what is known on some data ------------------------------------------------------------------


def _known(
    data_fingerprint: str, runs: Path | str | None, recipe: str = ""
) -> dict[str, dict[str, Any]]:
    return known_verdicts(data_fingerprint, runs_folder(runs), recipe)


def _ground(verdicts: Collection[Verdicts]) -> dict[str, Any]:
    """Return over how many seeds at least, and whether any of the trainings were short."""
    seeds = min(len(one["seeds"]) for one in verdicts)
    return {"seeds": seeds, "is_short": any(one["profile"] == SHORT for one in verdicts)}


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
    known = _known(data_fingerprint, runs).values()
    if not known:
        return None
    return finding("claims.summary", **_count(one["decided"] for one in known), **_ground(known))


# ---- tables --------------------------------------------------------------------------------------


def _cells(id: str, decided: Decided | None, language: str) -> dict[str, str]:
    """Return all that a row says of a claim, by its columns; `decided` is None if not tested."""
    words = section("claims", language)
    verdict = words["verdicts"][decided["verdict"]] if decided else words["not_tested"]
    cells = {"id": id, "claim": words[id]["statement"], "reports": ", ".join(CLAIMS[id].letters)}
    cells |= {"verdict": verdict, "measure": NONE, "effect": NONE, "margin": NONE}
    if decided and "parts" in decided:
        part = statistics.deciding_part(decided)
        cells["measure"] = words[id]["parts"][part["name"]]
        for name in ("effect", "margin"):
            cells[name] = sentence(f"claims.{name}", language, part=part)
    return cells


def _table(
    rows: Iterable[Mapping[str, str]], columns: Sequence[str], language: str
) -> pd.DataFrame:
    heads = [word(f"claims.columns.{name}", language) for name in columns]
    return pd.DataFrame(list(rows), columns=list(columns)).set_axis(heads, axis=1)


def verdicts_table(
    every: Mapping[str, Decided],
    columns: Sequence[str] = ("id", "claim", "reports", "verdict", "effect", "margin"),
    todays: Mapping[str, Decided] | None = None,
) -> Tables:
    """Return the table of verdicts, a row a claim, in the reports' order.

    `todays` are those on the same claims with today's recipe, as far as it can test them.
    """

    def write(language: str) -> pd.DataFrame:
        words, others = section("claims", language)["verdicts"], todays or {}
        rows = [
            _cells(id, every[id], language)
            | {"todays": words[others[id]["verdict"]] if id in others else NONE}
            for id in CLAIMS
            if id in every
        ]
        return _table(rows, columns, language)

    return in_languages(write)


def all_known(data_fingerprint: str, runs: Path | str | None = None) -> Tables:
    """Return the table of the verdicts known on one data set, with the measure that decides each.

    What the claims say stands in `reports_table`.
    """
    known, todays = (
        {id: one["decided"] for id, one in _known(data_fingerprint, runs, recipe).items()}
        for recipe in ("", TODAYS)
    )
    columns = ["id", "verdict", *["todays"] * bool(todays), "measure", "effect", "margin"]
    return verdicts_table(known, columns, todays)


def reports_table(data_fingerprint: str = "", runs: Path | str | None = None) -> Tables:
    """Return the table of the five reports: of each a row on what it did, then what it concluded.

    A conclusion of several reports stands at the first of them, which names the others. Verdicts
    stand beside them where some are known.
    """
    from hwlib.recipes import RECIPES  # which loads torch

    known = _known(data_fingerprint, runs) if data_fingerprint else {}

    def write(language: str) -> pd.DataFrame:
        rows = []
        reports = ((recipe.letter, name) for name, recipe in RECIPES.items() if recipe.letter)
        for letter, name in sorted(reports):
            did = sentence("claims.did", language, letter=letter, recipe=name)
            rows.append({"id": letter, "concluded": did, "verdict": ""})
            for id in (id for id, claim in CLAIMS.items() if claim.letters[0] == letter):
                said = sentence("claims.listed_claim", language, claim=CLAIMS[id])
                cells = _cells(id, known.get(id, {}).get("decided"), language)
                rows.append(cells | {"concluded": said})
        return _table(rows, ("id", "concluded", "verdict")[: None if known else 2], language)

    return in_languages(write)
