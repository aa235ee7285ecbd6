"""What is known of the reports' claims on some data, and what the five reports are.

The verdicts are those that `hwlib.claims` reached over several seeds; a run's own findings give
none, but may show these. Everywhere `data_fingerprint` is the data's, or its first eight digits,
and `runs` the folder of the runs, whose verdicts count as well; the default one where it is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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
Decided = Mapping[str, Any]  # what became of a claim

SHORT = "preview"  # the profile whose trainings are so short that it is said


def _known(data_fingerprint: str, runs: Path | str | None) -> dict[str, dict[str, Any]]:
    return known_verdicts(data_fingerprint, Path(runs) if runs else default_runs_dir())


def over_seeds(
    ids: Iterable[str], data_fingerprint: str, runs: Path | str | None = None
) -> list[Finding]:
    """Say which verdicts on these claims are known for one data set, together if as well founded.

    Args:
        ids: C1 to C22, C1' or C3'; one without a known verdict is left out.
        data_fingerprint: see above.
        runs: see above.
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
    """Say how many claims are supported, contradicted and so on, on one data set; None for none."""
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


def _tables(names: Iterable[str], rows: Callable[[str], Iterable[Iterable[str]]]) -> Tables:
    """Return a table a language, of the columns `names` and the rows that `rows` gives."""
    tables = {}
    for language in LANGUAGES:
        heads = [word(f"claims.columns.{name}", language) for name in names]
        tables[language] = pd.DataFrame(list(rows(language)), columns=heads)
    return tables


def verdict_cells(decided: Decided | None, language: str) -> tuple[str, str, str]:
    """Return a claim's verdict, the effect of the measure that decides, and its margin, in words.

    Args:
        decided: what became of the claim; None where it was not tested.
        language: of the words.
    """
    if decided is None:
        return word("claims.not_tested", language), "–", "–"
    verdict = word(f"claims.verdicts.{decided['verdict']}", language)
    if "parts" not in decided:
        return verdict, "–", "–"
    part = deciding_part(decided)
    return verdict, write_effect(part, language), write_margin(part, language)


def all_known(data_fingerprint: str, runs: Path | str | None = None) -> Tables:
    """Return a row for each claim with a known verdict on one data set, without what it says.

    That stands in `reports_table`.
    """
    known = {id: one["decided"] for id, one in _known(data_fingerprint, runs).items()}

    def rows(language: str) -> Iterable[tuple[str, ...]]:
        for id, one in known.items():
            verdict, *numbers = verdict_cells(one, language)
            measure = "–"
            if "parts" in one:
                measure = word(f"claims.{id}.parts.{deciding_part(one)['name']}", language)
            yield id, verdict, measure, *numbers

    return _tables(("id", "verdict", "measure", "effect", "margin"), rows)


def verdicts_table(decided: Mapping[str, Decided]) -> Tables:
    """Return the table of verdicts, a row a claim, in the reports' order.

    Args:
        decided: what became of the claims, by id.
    """

    def rows(language: str) -> Iterable[tuple[str, ...]]:
        for id in (id for id in CLAIMS if id in decided):
            statement, letters = word(f"claims.{id}.statement", language), CLAIMS[id].letters
            yield id, statement, ", ".join(letters), *verdict_cells(decided[id], language)

    return _tables(("id", "claim", "reports", "verdict", "effect", "margin"), rows)


def reports_table(data_fingerprint: str = "", runs: Path | str | None = None) -> Tables:
    """Return the table of the five reports: of each a row on what it did, then what it concluded.

    A conclusion of several reports stands at the first of them, which names the others. Verdicts
    stand beside them where some are known.
    """
    from hwlib.recipes import RECIPES  # which loads torch

    known = _known(data_fingerprint, runs) if data_fingerprint else {}
    names = ("id", "concluded", *(["verdict"] if known else []))

    def rows(language: str) -> Iterable[tuple[str, ...]]:
        for letter, name in sorted((recipe.letter, name) for name, recipe in RECIPES.items()):
            about = {"letter": letter, "recipe": name}
            yield (letter, sentence("claims.did", language, **about), "")[: len(names)]
            for id, claim in CLAIMS.items():
                if claim.letters[0] == letter:
                    about = {"id": id, "others": claim.letters[1:]}
                    concluded = sentence("claims.listed_claim", language, **about)
                    decided = known[id]["decided"] if id in known else None
                    verdict, *_ = verdict_cells(decided, language)
                    yield (id, concluded, verdict)[: len(names)]

    return _tables(names, rows)
