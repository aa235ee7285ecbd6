"""What is known of the reports' claims on some data, and what the five reports are.

The verdicts are those that `hwlib.claims` reached over several seeds; a run's own findings give
none, but may show these. Everywhere `data_fingerprint` is the data's, or its first eight digits,
and `runs` the folder of the runs, whose verdicts count as well; the default one where it is None.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from hwlib.claims.catalogue import CLAIMS
from hwlib.claims.files import known_verdicts
from hwlib.claims.statistics import deciding_part
from hwlib.findings.claims import count_verdicts, write_effect, write_margin
from hwlib.run import default_runs_dir
from hwlib.text import Finding, finding, in_languages, sentence, word

Tables = dict[str, pd.DataFrame]  # one a language
Decided = Mapping[str, Any]  # what became of a claim

NONE = "–"
SHORT = "preview"  # the profile whose trainings are so short that it is said


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
