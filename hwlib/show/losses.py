"""The conversion of the reports' VAE losses on the page."""

from __future__ import annotations

from collections.abc import Sequence

from hwlib.findings import losses
from hwlib.objectives import CommonForm, common_forms
from hwlib.show.page import table


def ledger(*runs: CommonForm, languages: Sequence[str] | None = None) -> None:
    """Show the five reports' losses in one form, in one another's terms, and their MSE.

    Args:
        runs: losses of runs, from `hwlib.objectives.of_run`; one that is a report's own has no
            row of its own.
        languages: the ones to show; those of `setup` where it is None.
    """
    listed = common_forms(*runs)
    shape = f"{listed[0].channels}×{listed[0].image_size}×{listed[0].image_size}"
    for name, tables in losses.ledger_tables(listed).items():
        table(name, tables, languages=languages, shape=shape)
