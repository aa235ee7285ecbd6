"""Sentences made from a run's numbers, in both languages by one call.

Each function takes results or metrics and says what they bear out; where they say the opposite, the
sentence says the opposite. Nothing here is typed in advance but the words.
"""

from hwlib.discuss.base import Sentence, is_trial, num, percent, together
from hwlib.discuss.captions import colours, words
from hwlib.discuss.losses import ledger, ledger_meanings, ledger_tables
from hwlib.discuss.making import schedule
from hwlib.discuss.vae import (
    active,
    balance,
    curves,
    gap,
    mse,
    mse_table,
    overall,
    probe,
    readings,
    samples,
)

__all__ = [
    "Sentence",
    "active",
    "balance",
    "colours",
    "curves",
    "gap",
    "is_trial",
    "ledger",
    "ledger_meanings",
    "ledger_tables",
    "mse",
    "mse_table",
    "num",
    "overall",
    "percent",
    "probe",
    "readings",
    "samples",
    "schedule",
    "together",
    "words",
]
