"""The loss ledger on the page."""

from __future__ import annotations

from collections.abc import Sequence

from hwlib import discuss
from hwlib.ledger import Row, rows
from hwlib.show.page import LANGUAGES, table


def ledger(*runs: Row, languages: Sequence[str] = LANGUAGES) -> None:
    """Show the five reports' objectives in one form, in one another's terms, and their MSE.

    Args:
        runs: objectives of runs, from `hwlib.ledger.of_run`; one that is a report's own has no row
            of its own.
        languages: the ones to show.
    """
    listed = rows(*runs)
    shape = f"{listed[0].channels}×{listed[0].image_size}×{listed[0].image_size}"
    for name, tables in discuss.ledger_tables(listed).items():
        table(name, tables, languages=languages, **discuss.words(name, shape=shape))
