"""The KL study's numbers, a row a weight, by language."""

from __future__ import annotations

from typing import Any

import pandas as pd

from hwlib.findings import kl
from hwlib.findings.base import Results
from hwlib.show.cells import NONE
from hwlib.text import LANGUAGES, number, section

Tables = dict[str, pd.DataFrame]

_COLUMNS = (
    *("weight", "error", "nats", "active"),
    *("sharpness_reconstructions", "sharpness_samples", "diversity", "frechet"),
)


def kl_tables(results: Results, mean_error: float) -> Tables:
    """Return the study's numbers, small weights first, with the mean image and real images below.

    Args:
        results: the study's.
        mean_error: MSE of the mean image, pixels in [0, 1].
    """
    shares = {share.weight: share for share in kl.shares(results)}
    rows: list[dict[str, Any]] = []
    for study in kl.ordered(results):
        share = shares[study["kl_weight"]]
        rows.append(
            {
                "weight": number(study["kl_weight"], 6),
                "error": number(study["test_mse_01"]),
                "nats": number(study["kl_nats"]),
                "active": str(study["active_units"]),
                "sharpness_reconstructions": _share(share.sharpness_reconstructions, 1),
                "sharpness_samples": _share(share.sharpness, 1),
                "diversity": _share(share.diversity, 0),
                "frechet": NONE if share.frechet is None else number(share.frechet),
            }
        )
    rows.append({"error": number(mean_error)})
    if "frechet_real" in results:
        rows.append({"frechet": number(results["frechet_real"])})
    names = [name for name in _COLUMNS if any(row.get(name, NONE) != NONE for row in rows)]
    tables = {}
    for lang in LANGUAGES:
        heads = section("tables", lang)["kl"]
        rows[len(shares)]["weight"] = heads["mean_image"]
        if len(rows) > len(shares) + 1:
            rows[-1]["weight"] = heads["real"]
        cells = [[row.get(name, NONE) for name in names] for row in rows]
        tables[lang] = pd.DataFrame(cells, columns=[heads[name] for name in names])
    return tables


def _share(value: float | None, digits: int) -> str:
    return NONE if value is None else f"{100 * value:.{digits}f}"
