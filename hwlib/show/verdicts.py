"""The reports' claims on the page: the table of verdicts, and each claim with its figure.

`verdicts` are what `hwlib.claims.decide` returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

from hwlib import plots
from hwlib.claims import CLAIMS
from hwlib.claims.catalogue import Claim
from hwlib.findings import claims as findings
from hwlib.findings.claims import Decided, Verdicts
from hwlib.findings.verdicts import verdicts_table
from hwlib.show.cells import to_markdown
from hwlib.show.page import figure, sentences, text
from hwlib.text import LANGUAGES, finding, sentence, word

Claims = Mapping[str, Claim]
Tables = dict[str, pd.DataFrame]  # one a language

NOT_APPLICABLE = "not_applicable"


def claims_tables(verdicts: Verdicts) -> Tables:
    """Return the table of verdicts, a row a claim, in the reports' order."""
    return verdicts_table(verdicts["claims"])


def claims_markdown(verdicts: Verdicts) -> dict[str, str]:
    """Return the short table of verdicts as Markdown, by language, as a README has it."""
    return {lang: to_markdown(frame.iloc[:, :4]) for lang, frame in claims_tables(verdicts).items()}


def claims_runs(verdicts: Verdicts) -> Tables:
    """Return which run folders stand behind which claims, a row for each set of runs."""
    used: dict[tuple[str, ...], dict[str, None]] = {}
    for id, decided in verdicts["claims"].items():
        for part in decided.get("parts", ()):
            for arm in part["arms"].values():
                used.setdefault(tuple(arm["runs"]), {})[id] = None
    rows = [(", ".join(runs), ", ".join(ids)) for runs, ids in used.items()]
    heads = ("runs", "claims")
    return {
        lang: pd.DataFrame(rows, columns=[word(f"claims.columns.{name}", lang) for name in heads])
        for lang in LANGUAGES
    }


def claims(ids: Sequence[str], verdicts: Verdicts, known: Claims) -> None:
    """Show claims one after another: what is said and how it is tried, figure, what was found.

    Args:
        ids: the ones to show; that some, or all, were not asked for is said at the end.
        verdicts: of these and others.
        known: every claim by its id, as in `hwlib.claims.CLAIMS`.
    """
    shown = [id for id in ids if id in verdicts["claims"]]
    for id in shown:
        _claim(known[id], verdicts["claims"][id])
    if not shown:
        sentences([finding("claims.not_asked", ids=list(ids))])
    elif len(shown) < len(ids):
        sentences([finding("claims.others")])


def _claim(claim: Claim, decided: Decided) -> None:
    """Show one claim."""
    about = findings.about(claim, decided)
    text(about.key, **about.values)
    if decided["verdict"] != NOT_APPLICABLE:
        sentences([findings.margins(decided)])
        name = f"claim_{claim.id.lower().replace(chr(39), '_prime')}"
        draw = partial(plots.claim_values, claim.id, findings.drawn_parts(decided))
        found = findings.found(claim, decided)[:-1]
        count = len(decided["parts"])
        values = {"id": claim.id, "verdict": decided["verdict"], "found": found, "count": count}
        figure(name, draw, words="claim", **values)
    sentences(findings.found(claim, decided), bullets=True)


def console_table(verdicts: Verdicts, language: str = "en") -> Table:
    """Return the verdicts as a terminal's table, a row a measure, with interval and margin."""
    data, profile = verdicts["data"]["spec"], verdicts["profile"]
    seeds = len(verdicts["seeds"])
    title = sentence("claims.table_title", language, data=data, profile=profile, seeds=seeds)
    warning = sentence("claims.warning", language, profile=profile)
    table = Table(title=title, caption=warning, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    right = {"justify": "right"}
    columns = {"id": {}, "claim": {}, "verdict": {}, "effect": right, "margin": right}
    for name, style in columns.items():
        no_wrap = name not in ("claim", "effect")
        table.add_column(word(f"claims.columns.{name}", language), no_wrap=no_wrap, **style)
    for id, decided in verdicts["claims"].items():
        claim = CLAIMS[id]
        statement = word(f"claims.{id}.statement", language)
        letters = ", ".join(claim.letters)
        verdict = word(f"claims.verdicts.{decided['verdict']}", language)
        table.add_row(id, f"{statement} ({letters})", verdict, style="bold")
        if "reason" in decided:
            table.add_row("", findings.found(claim, decided)[0].say(language).replace("**", ""))
        for part in decided.get("parts", ()):
            name = word(f"claims.{id}.parts.{part['name']}", language)
            verdict = word(f"claims.verdicts.{part['verdict']}", language)
            effect = (findings.write_effect(part, language), findings.write_margin(part, language))
            table.add_row("", name, verdict, *effect, style="dim")
    return table
