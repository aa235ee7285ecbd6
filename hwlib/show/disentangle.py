"""The scores of disentanglement, a row a model, by language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from hwlib.findings.base import Results
from hwlib.findings.disentangle import known_scores
from hwlib.show.cells import NONE
from hwlib.text import LANGUAGES, section

SCORES = (
    *("mig", "sap", "dci_disentanglement", "dci_completeness", "dci_informativeness"),
    "factor_vae",
)


def disentanglement(runs: Mapping[str, Results]) -> dict[str, pd.DataFrame]:
    """Return how far latents and known factors go together, a row a run, and what chance gives.

    The last row is the mean over the runs of their codes handed to the wrong images.

    Args:
        runs: results by the name in the first column; those without `disentanglement` are left out.
    """
    known = known_scores(runs)
    names = [name for name in SCORES if any(name in scores for scores in known.values())]
    floors = [scores["floor"] for scores in known.values() if "floor" in scores]
    rows = [[label, *(_mean([scores], name) for name in names)] for label, scores in known.items()]
    tables = {}
    for lang in LANGUAGES:
        words = section("tables", lang)["disentanglement"]
        chance = [[words["by_chance"], *(_mean(floors, name) for name in names)]] if floors else []
        columns = [words["model"], *(words[name] for name in names)]
        tables[lang] = pd.DataFrame([*rows, *chance], columns=columns)
    return tables


def _mean(found: Sequence[Mapping[str, Any]], name: str) -> str:
    """Write the mean of a score over those that have it, to three decimals."""
    values = [scores[name] for scores in found if name in scores]
    return f"{sum(values) / len(values):.3f}".replace("-", "−") if values else NONE
