"""What is known of the reports' claims on some data, and what the five reports are.

The verdicts are those that `hwlib.claims` reached over several seeds; a run's own findings give
none, but may show these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from hwlib.claims.catalogue import CLAIMS
from hwlib.claims.files import known_verdicts
from hwlib.claims.statistics import deciding_part
from hwlib.findings.claims import count_verdicts, write_effect, write_margin
from hwlib.run import default_runs_dir
from hwlib.text import LANGUAGES, Finding, finding, sentence, word

Tables = dict[str, pd.DataFrame]  # one a language

SHORT = "preview"  # the profile whose trainings are so short that it is said


def _known(data_fingerprint: str, runs: Path | str | None) -> dict[str, dict[str, Any]]:
    return known_verdicts(data_fingerprint, Path(runs) if runs else default_runs_dir())


def over_seeds(
    ids: Iterable[str], data_fingerprint: str, runs: Path | str | None = None
) -> list[Finding]:
    """Say which verdicts on these claims are known for one data set, together if as well founded.

    Args:
        ids: C1 to C22, C1' or C3'; one without a known verdict is left out.
        data_fingerprint: the data's, or its first eight digits.
        runs: folder of the runs, whose verdicts count as well; the default one where it is None.
    """
    known = _known(data_fingerprint, runs)
    alike: dict[tuple[int, bool], list[tuple[str, str]]] = {}
    for id in ids:
        if one := known.get(id):
            ground = (len(one["seeds"]), one["profile"] == SHORT)
            alike.setdefault(ground, []).append((id, one["decided"]["verdict"]))
    return [
        finding("claims.over_seeds", known=verdicts, seeds=seeds, is_short=is_short)
        for (seeds, is_short), verdicts in alike.items()
    ]


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
    """Return a row for each claim with a known verdict on one data set, without what it says.

    That stands in `reports_table`.

    Args:
        data_fingerprint: the data's, or its first eight digits.
        runs: folder of the runs, whose verdicts count as well; the default one where it is None.
    """
    verdicts = _known(data_fingerprint, runs)
    decided = {id: verdicts[id]["decided"] for id in CLAIMS if id in verdicts}
    names = ("id", "verdict", "measure", "effect", "margin")
    tables = {}
    for language in LANGUAGES:
        rows = []
        for id, one in decided.items():
            verdict, *numbers = verdict_cells(one, language)
            rows.append((id, verdict, _measure(id, one, language), *numbers))
        tables[language] = _table(language, names, rows)
    return tables


def _measure(id: str, decided: Mapping[str, Any], language: str) -> str:
    """Return the name of the measure that decides a claim."""
    if "parts" not in decided:
        return "–"
    return word(f"claims.{id}.parts.{deciding_part(decided)['name']}", language)


def verdicts_table(decided: Mapping[str, Mapping[str, Any]]) -> Tables:
    """Return the table of verdicts, a row a claim, in the reports' order.

    Args:
        decided: what became of the claims, by id.
    """
    names = ("id", "claim", "reports", "verdict", "effect", "margin")
    return {
        language: _table(
            language,
            names,
            (
                (
                    id,
                    _statement(id, language),
                    ", ".join(CLAIMS[id].letters),
                    *verdict_cells(decided[id], language),
                )
                for id in CLAIMS
                if id in decided
            ),
        )
        for language in LANGUAGES
    }


def reports_table(data_fingerprint: str = "", runs: Path | str | None = None) -> Tables:
    """Return the table of the five reports: of each a row on what it did, then what it concluded.

    A conclusion of several reports stands at the first of them, which names the others. Verdicts
    stand beside them where some are known.

    Args:
        data_fingerprint: of the data that verdicts are to be on.
        runs: folder of the runs, whose verdicts count as well; the default one where it is None.
    """
    from hwlib.recipes import RECIPES  # which loads torch

    known = _known(data_fingerprint, runs) if data_fingerprint else {}
    decided = {id: one["decided"] for id, one in known.items()}
    names = ("id", "concluded", *(["verdict"] if decided else []))
    letters = sorted((recipe.letter, name) for name, recipe in RECIPES.items())
    tables = {}
    for language in LANGUAGES:
        rows = []
        for letter, name in letters:
            did = sentence("claims.did", language, letter=letter, recipe=name)
            rows.append((letter, did, ""))
            rows += [
                (
                    id,
                    sentence("claims.listed_claim", language, id=id, others=claim.letters[1:]),
                    verdict_cells(decided.get(id), language)[0],
                )
                for id, claim in CLAIMS.items()
                if claim.letters[0] == letter
            ]
        tables[language] = _table(language, names, (row[: len(names)] for row in rows))
    return tables
