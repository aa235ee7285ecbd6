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
from hwlib.findings.claims import Verdicts
from hwlib.show.cells import to_markdown
from hwlib.show.page import figure, sentences, text
from hwlib.text import LANGUAGES, finding, section, sentence

Claims = Mapping[str, Claim]
Tables = dict[str, pd.DataFrame]  # one a language

NOT_APPLICABLE = "not_applicable"


def claims_tables(verdicts: Verdicts) -> Tables:
    """Return the table of verdicts, a row a claim, in the reports' order."""
    return findings.verdicts_table(verdicts["claims"])


def claims_markdown(verdicts: Verdicts) -> dict[str, str]:
    """Return the short table of verdicts as Markdown, by language, as a README has it."""
    return {lang: to_markdown(frame.iloc[:, :4]) for lang, frame in claims_tables(verdicts).items()}


def claims_runs(verdicts: Verdicts) -> Tables:
    """Return which run folders stand behind which claims, a row for each set of runs."""
    used: dict[str, dict[str, None]] = {}
    for id, decided in verdicts["claims"].items():
        for part in decided.get("parts", ()):
            for arm in part["arms"].values():
                used.setdefault(", ".join(arm["runs"]), {})[id] = None
    rows = [(runs, ", ".join(ids)) for runs, ids in used.items()]
    heads = {lang: section("claims", lang)["columns"] for lang in LANGUAGES}
    return {
        lang: pd.DataFrame(rows, columns=[own["runs"], own["claims"]])
        for lang, own in heads.items()
    }


def claims(ids: Sequence[str], verdicts: Verdicts, known: Claims) -> None:
    """Show claims one after another: what is said and how it is tried, figure, what was found.

    That some, or all, of `ids` were not asked for is said at the end; `known` are all claims by
    their ids, as in `hwlib.claims.CLAIMS`.
    """
    shown = [id for id in ids if id in verdicts["claims"]]
    for id in shown:
        claim, decided = known[id], verdicts["claims"][id]
        about, found = findings.about(claim, decided), findings.found(claim, decided)
        text(about.key, **about.values)
        if decided["verdict"] != NOT_APPLICABLE:
            sentences([findings.margins(decided)])
            draw = partial(plots.claim_values, id, findings.drawn_parts(decided))
            name, count = f"claim_{id.lower().replace(chr(39), '_prime')}", len(decided["parts"])
            values = {"id": id, "verdict": decided["verdict"], "found": found[:-1], "count": count}
            figure(name, draw, words="claim", **values)
        sentences(found, bullets=True)
    if not shown:
        sentences([finding("claims.not_asked", ids=list(ids))])
    elif len(shown) < len(ids):
        sentences([finding("claims.others")])


def console_table(verdicts: Verdicts, language: str = "en") -> Table:
    """Return the verdicts as a terminal's table, a row a measure, with interval and margin."""
    words, profile = section("claims", language), verdicts["profile"]
    about = {"data": verdicts["data"]["spec"], "seeds": len(verdicts["seeds"])}
    table = Table(
        title=sentence("claims.table_title", language, profile=profile, **about),
        caption=sentence("claims.warning", language, profile=profile),
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for name in ("id", "claim", "verdict", "effect", "margin"):
        justify = "right" if name in ("effect", "margin") else "left"
        no_wrap = name not in ("claim", "effect")
        table.add_column(words["columns"][name], no_wrap=no_wrap, justify=justify)
    for id, decided in verdicts["claims"].items():
        claim, verdict = CLAIMS[id], words["verdicts"][decided["verdict"]]
        statement = f"{words[id]['statement']} ({', '.join(claim.letters)})"
        table.add_row(id, statement, verdict, style="bold")
        if "reason" in decided:
            table.add_row("", findings.found(claim, decided)[0].say(language).replace("**", ""))
        for part in decided.get("parts", ()):
            name, verdict = words[id]["parts"][part["name"]], words["verdicts"][part["verdict"]]
            effect = (findings.write_effect(part, language), findings.write_margin(part, language))
            table.add_row("", name, verdict, *effect, style="dim")
    return table
