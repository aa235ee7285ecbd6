"""What is known of the reports' claims on some data, and what the five reports are.

The verdicts are those that `hwlib.claims` reached over several seeds; a run's own findings give
none, but may show these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from hwlib.claims.base import UNDECIDED
from hwlib.claims.catalogue import CLAIMS
from hwlib.claims.files import known_verdicts
from hwlib.claims.statistics import deciding_part
from hwlib.findings.claims import count_verdicts, write_effect, write_margin
from hwlib.run import default_runs_dir
from hwlib.text import LANGUAGES, Finding, finding, sentence, word

Tables = dict[str, pd.DataFrame]  # one a language

SHORT = "look"  # the profile whose trainings are so short that it is said


def _known(data_fingerprint: str, runs: Path | str | None) -> dict[str, dict[str, Any]]:
    return known_verdicts(data_fingerprint, Path(runs) if runs else default_runs_dir())


def known(id: str, data_fingerprint: str, runs: Path | str | None = None) -> Finding | None:
    """Return the verdict on a claim that is known for one data set; None where none is.

    Args:
        id: C1 to C22, C1' or C3'.
        data_fingerprint: the data's, or its first eight digits.
        runs: folder of the runs, whose verdicts count as well; the default one where it is None.
    """
    verdicts = _known(data_fingerprint, runs).get(id)
    if verdicts is None:
        return None
    decided = verdicts["decided"]
    return finding(
        "claims.known",
        id=id,
        letters=CLAIMS[id].letters,
        verdict=decided["verdict"],
        seeds=len(verdicts["seeds"]),
        is_short=verdicts["profile"] == SHORT,
        reason=_reason(decided),
    )


def _reason(decided: Mapping[str, Any]) -> str:
    """Return the name of what keeps a claim undecided, where it is not chance alone; else ""."""
    if decided["verdict"] != UNDECIDED:
        return ""
    reasons = [part["reason"]["name"] for part in decided["parts"] if part["reason"]]
    return reasons[0] if reasons else ""


def known_of(
    ids: Iterable[str], data_fingerprint: str, runs: Path | str | None = None
) -> list[Finding]:
    """Return the verdicts on these claims that are known for one data set; see `known`."""
    found = (known(id, data_fingerprint, runs) for id in ids)
    return [one for one in found if one is not None]


def over_seeds(
    ids: Iterable[str], data_fingerprint: str, runs: Path | str | None = None
) -> list[Finding]:
    """Say the verdicts on these claims that are known for one data set, a sentence for each count
    of seeds; see `known`.
    """
    by_seeds: dict[int, list[tuple[str, str]]] = {}
    for each in known_of(ids, data_fingerprint, runs):
        seeds = by_seeds.setdefault(each.values["seeds"], [])
        seeds.append((each.values["id"], each.values["verdict"]))
    return [finding("claims.over_seeds", known=known, seeds=n) for n, known in by_seeds.items()]


def summary(data_fingerprint: str, runs: Path | str | None = None) -> Finding | None:
    """Say how many claims are supported, contradicted and so on, on one data set; None for none.

    Args:
        data_fingerprint: the data's, or its first eight digits.
        runs: folder of the runs, whose verdicts count as well; the default one where it is None.
    """
    verdicts = _known(data_fingerprint, runs).values()
    if not verdicts:
        return None
    return finding(
        "claims.summary",
        total=len(verdicts),
        counts=count_verdicts(one["decided"]["verdict"] for one in verdicts),
        seeds=min(len(one["seeds"]) for one in verdicts),
        is_short=any(one["profile"] == SHORT for one in verdicts),
    )


# --------------------------------------------------------------------------------------- tables


def _table(language: str, names: Iterable[str], rows: Iterable[Iterable[str]]) -> pd.DataFrame:
    heads = [word(f"claims.columns.{name}", language) for name in names]
    return pd.DataFrame(list(rows), columns=heads)


def _statement(id: str, language: str) -> str:
    return word(f"claims.{id}.statement", language)


def verdict_cells(decided: Mapping[str, Any] | None, language: str) -> tuple[str, str, str]:
    """Return a claim's verdict, the effect of the measure that decides, and its margin, in words.

    Args:
        decided: what became of the claim; None where it was not tested.
        language: of the words.
    """
    if decided is None:
        return word("claims.not_tested", language), "–", "–"
    said = word(f"claims.verdicts.{decided['verdict']}", language)
    if "parts" not in decided:
        return said, "–", "–"
    part = deciding_part(decided)
    return said, write_effect(part, language), write_margin(part, language)


def all_known(data_fingerprint: str, runs: Path | str | None = None) -> Tables:
    """Return the table of all claims with what is known of each on one data set.

    Args:
        data_fingerprint: the data's, or its first eight digits.
        runs: folder of the runs, whose verdicts count as well; the default one where it is None.
    """
    verdicts = _known(data_fingerprint, runs)
    return verdicts_table({id: one["decided"] for id, one in verdicts.items()})


def verdicts_table(decided: Mapping[str, Mapping[str, Any]], *, all_claims: bool = True) -> Tables:
    """Return the table of verdicts, a row a claim, in the reports' order.

    Args:
        decided: what became of the claims, by id.
        all_claims: give those that were not tested a row as well.
    """
    names = ("id", "claim", "reports", "verdict", "effect", "margin")
    ids = [id for id in CLAIMS if all_claims or id in decided]
    return {
        language: _table(
            language,
            names,
            (
                (
                    id,
                    _statement(id, language),
                    ", ".join(CLAIMS[id].letters),
                    *verdict_cells(decided.get(id), language),
                )
                for id in ids
            ),
        )
        for language in LANGUAGES
    }


def claims_list() -> Tables:
    """Return the table of what the reports claim, a row a claim, without any verdict."""
    return {
        language: _table(
            language,
            ("id", "claim", "reports"),
            (
                (id, _statement(id, language), ", ".join(claim.letters))
                for id, claim in CLAIMS.items()
            ),
        )
        for language in LANGUAGES
    }


def reports_table() -> Tables:
    """Return the table of the five reports: of each a row on what it did, then what it concluded.

    A conclusion of several reports stands at the first of them, which names the others.
    """
    from hwlib.recipes import RECIPES  # which loads torch

    recipes = sorted(RECIPES.values(), key=lambda recipe: recipe.letter)
    tables = {}
    for language in LANGUAGES:
        rows = []
        for recipe in recipes:
            letter = recipe.letter
            about = sentence("claims.report", language, letter=letter, recipe=recipe.name)
            rows.append((about, "", sentence("claims.does", language, letter=letter)))
            rows += [
                (", ".join(claim.letters), id, _statement(id, language))
                for id, claim in CLAIMS.items()
                if claim.letters[0] == letter
            ]
        tables[language] = _table(language, ("report", "id", "concluded"), rows)
    return tables
