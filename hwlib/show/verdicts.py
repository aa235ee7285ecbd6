"""The reports' claims on the page: the table of verdicts, and each claim with its figure.

`verdicts` are what `hwlib.claims.decide` returns.
"""

from collections.abc import Sequence
from functools import partial

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

from hwlib import plots
from hwlib.claims import CLAIMS
from hwlib.findings import claims as findings
from hwlib.findings.claims import Verdicts
from hwlib.show.cells import to_markdown
from hwlib.show.page import figure, sentences, text
from hwlib.text import finding, in_languages, plain, say_all, section, sentence, word

Tables = dict[str, pd.DataFrame]  # one a language


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
    heads = ("claims.columns.runs", "claims.columns.claims")
    return in_languages(lambda lang: pd.DataFrame(rows, columns=[word(h, lang) for h in heads]))


def claims(ids: Sequence[str], verdicts: Verdicts) -> None:
    """Show claims one after another: what is said and how it is tried, figure, what was found.

    That some, or all, of `ids` were not asked for is said at the end.
    """
    shown = [id for id in ids if id in verdicts["claims"]]
    for id in shown:
        decided = verdicts["claims"][id]
        found = findings.found(id, decided)
        text("claims.about", claim=CLAIMS[id], decided=decided)
        if parts := decided.get("parts"):
            text("claims.margins", parts=parts)
            draw = partial(plots.claim_values, id, parts)
            name = f"claim_{id.lower().replace(chr(39), '_prime')}"
            values = {"id": id, "verdict": decided["verdict"], "found": found[:-1]}
            figure(name, draw, words="claim", **values, count=len(parts))
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
        title=plain(sentence("claims.table_title", language, profile=profile, **about)),
        caption=plain(sentence("claims.warning", language, profile=profile)),
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for name in ("id", "claim", "verdict", "effect", "margin"):
        justify = "right" if name in ("effect", "margin") else "left"
        no_wrap = name not in ("claim", "effect")
        table.add_column(words["columns"][name], no_wrap=no_wrap, justify=justify)
    for id, decided in verdicts["claims"].items():
        verdict = words["verdicts"][decided["verdict"]]
        statement = f"{words[id]['statement']} ({', '.join(CLAIMS[id].letters)})"
        table.add_row(id, statement, verdict, style="bold")
        if "reason" in decided:
            table.add_row("", say_all(findings.found(id, decided)[0], language=language))
        for part in decided.get("parts", ()):
            name, verdict = words[id]["parts"][part["name"]], words["verdicts"][part["verdict"]]
            effect = (sentence(f"claims.{of}", language, part=part) for of in ("effect", "margin"))
            table.add_row("", name, verdict, *effect, style="dim")
    return table
