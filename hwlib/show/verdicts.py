"""The reports' claims on the page: the table of verdicts, and each claim with its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from hwlib import plots
from hwlib.discuss.base import Sentence
from hwlib.discuss.claims import (
    NOT_APPLICABLE,
    VERDICTS,
    Claim,
    Decided,
    Verdicts,
    claim_found,
    claim_margins,
    claim_title,
    claim_words,
    interval,
)
from hwlib.show.cells import NONE, to_markdown
from hwlib.show.page import LANGUAGES, figure, sentences, text
from hwlib.show.tables import Tables

Claims = Mapping[str, Claim]
OTHERS = Sentence(
    "這一組的其他結論，這次沒有要求判定。",
    "The other claims of this section were not asked for this time.",
)


def claims_tables(verdicts: Verdicts, claims: Claims, *, with_effects: bool = True) -> Tables:
    """Return the table of verdicts, a row a claim, in the reports' order.

    Args:
        verdicts: what `hwlib.claims.decide` returns.
        claims: every claim by its id, as in `hwlib.claims.CLAIMS`.
        with_effects: add the mean effect of the measure that decides, its interval in brackets.
    """
    heads = {
        "zh": ("編號", "結論", "報告", "判定", "效果 [區間]"),
        "en": ("id", "claim", "report", "verdict", "effect [interval]"),
    }
    tables = {}
    for lang, head in heads.items():
        rows = []
        for id, decided in _in_order(verdicts, claims):
            effect = interval(plots.deciding_part(decided)) if "parts" in decided else NONE
            claim, said = claims[id], getattr(VERDICTS[decided["verdict"]], lang)
            rows.append(
                (id, getattr(claim.statement, lang), ", ".join(claim.letters), said, effect)
            )
        frame = pd.DataFrame(rows, columns=list(head))
        tables[lang] = frame if with_effects else frame.drop(columns=head[-1])
    return tables


def _in_order(verdicts: Verdicts, claims: Claims) -> list[tuple[str, Decided]]:
    """Return what was decided in the order of `claims`, whatever order it was asked for in."""
    decided = verdicts["claims"]
    return [(id, decided[id]) for id in claims if id in decided]


def claims_markdown(verdicts: Verdicts, claims: Claims) -> dict[str, str]:
    """Return the short table of verdicts as Markdown, by language, as a README has it.

    Args:
        verdicts: what `hwlib.claims.decide` returns.
        claims: every claim by its id, as in `hwlib.claims.CLAIMS`.
    """
    tables = claims_tables(verdicts, claims, with_effects=False)
    return {lang: to_markdown(frame) for lang, frame in tables.items()}


def claims_runs(verdicts: Verdicts) -> Tables:
    """Return which run folders stand behind which claims, a row for each set of runs.

    Args:
        verdicts: what `hwlib.claims.decide` returns.
    """
    used: dict[tuple[str, ...], dict[str, None]] = {}
    for id, decided in verdicts["claims"].items():
        for part in decided.get("parts", ()):
            for arm in part["arms"].values():
                used.setdefault(tuple(arm["runs"]), {})[id] = None
    heads = {"zh": ("執行資料夾", "用到它的結論"), "en": ("run folders", "claims that use them")}
    rows = [(", ".join(runs), ", ".join(ids)) for runs, ids in used.items()]
    return {lang: pd.DataFrame(rows, columns=list(head)) for lang, head in heads.items()}


def claims(
    ids: Sequence[str],
    verdicts: Verdicts,
    known: Claims,
    *,
    languages: Sequence[str] = LANGUAGES,
) -> None:
    """Show claims one after another: what is said and how it is tried, figure, what was found.

    Args:
        ids: the ones to show; that some, or all, were not asked for is said at the end.
        verdicts: what `hwlib.claims.decide` returns.
        known: every claim by its id, as in `hwlib.claims.CLAIMS`.
        languages: the ones to show.
    """
    shown = [id for id in ids if id in verdicts["claims"]]
    for id in shown:
        _claim(known[id], verdicts["claims"][id], languages)
    if len(shown) < len(ids):
        sentences([OTHERS if shown else _not_asked(ids)], languages=languages)


def _not_asked(ids: Sequence[str]) -> Sentence:
    zh, en = "、".join(ids), ", ".join(ids)
    return Sentence(
        f"這次沒有要求判定這一組（{zh}）。", f"None of these ({en}) was asked for this time."
    )


def _claim(claim: Claim, decided: Decided, languages: Sequence[str]) -> None:
    """Show one claim."""
    title = claim_title(claim, decided)
    told = {
        lang: f"### {getattr(title, lang)}\n\n**{getattr(claim.statement, lang)}**"
        for lang in LANGUAGES
    }
    text(**told, languages=languages)
    sentences([claim.protocol, claim.note], languages=languages)
    if decided["verdict"] != NOT_APPLICABLE:
        sentences(claim_margins(decided), languages=languages)
        name = f"claim_{claim.id.lower().replace(chr(39), '_prime')}"
        draw = partial(plots.claim_values, decided["parts"])
        figure(name, draw, **claim_words(claim, decided), languages=languages)
    sentences(claim_found(claim, decided), bullets=True, languages=languages)
