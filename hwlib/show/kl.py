"""The KL study's numbers, a row a weight, by language."""

from __future__ import annotations

import pandas as pd

from hwlib.discuss.base import Results, Sentence, num
from hwlib.discuss.kl import weight
from hwlib.show.cells import NONE
from hwlib.show.tables import Tables

_COLUMNS = {
    "kl_weight": Sentence("λ", "λ"),
    "test_mse_01": Sentence("MSE [0, 1]", "MSE [0, 1]"),
    "recon_nats": Sentence("重建誤差", "error"),
    "kl_nats": Sentence("KL", "KL"),
    "neg_elbo_nats": Sentence("負 ELBO", "negative ELBO"),
    "active_units": Sentence("活躍", "active"),
    "kid": Sentence("KID", "KID"),
    "sharpness_reconstructions": Sentence("重建銳利度", "sharpness, reconstructed"),
    "sharpness_samples": Sentence("樣本銳利度", "sharpness, sampled"),
    "diversity_samples": Sentence("樣本多樣性", "diversity"),
}
_REAL = {
    "kl_weight": Sentence("真實影像", "real images"),
    "kid": "kid_real",
    "sharpness_samples": "sharpness_real",
    "diversity_samples": "diversity_real",
}


def kl_tables(results: Results) -> Tables:
    """Return the study's numbers, small weights first, and what is known of real pictures below.

    Args:
        results: the study's.
    """
    studies = sorted(results["studies"], key=lambda row: row["kl_weight"])
    names = [name for name in _COLUMNS if any(name in row for row in studies)]
    tables = {}
    for lang in Sentence._fields:
        rows = [
            [weight(row["kl_weight"]), *(_cell(row, name) for name in names[1:])] for row in studies
        ]
        rows.append(
            [
                getattr(_REAL["kl_weight"], lang),
                *(_cell(results, _REAL.get(name, "")) for name in names[1:]),
            ]
        )
        tables[lang] = pd.DataFrame(rows, columns=[getattr(_COLUMNS[n], lang) for n in names])
    return tables


def _cell(results: Results, name: str) -> str:
    """Write one number, an empty cell where there is none."""
    return num(results[name]) if name in results else NONE
