"""A run's tables, by language: its networks and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from hwlib import plots

_LAYER_WORDS = {
    "zh": {
        "heads": ("部分", "層", "設定", "激勵函數", "輸出形狀", "參數"),
        "image": "輸入影像",
        "encoder": "編碼器",
        "decoder": "解碼器",
        "total": "合計",
    },
    "en": {
        "heads": ("part", "layer", "settings", "activation", "output shape", "parameters"),
        "image": "image",
        "encoder": "encoder",
        "decoder": "decoder",
        "total": "total",
    },
}
_SYMBOLS = {"mu": "μ", "logvar": "log σ²"}


def layer_tables(layers: Sequence[plots.Layer]) -> dict[str, pd.DataFrame]:
    """Return the layer table of a network, by language, with the sum as its last row.

    An activation, which changes neither shape nor parameters, stands in the row of its layer.
    """
    tables = {}
    for lang, words in _LAYER_WORDS.items():
        rows: list[list[Any]] = []
        for layer, before in zip(layers, [None, *layers], strict=False):
            detail = layer.detail.replace(", stride ", plots.WORDS[lang]["stride"])
            is_image = layer.kind == "Input"
            if before and layer.num_parameters == 0 and layer.shape == before.shape:
                rows[-1][3] = f"{rows[-1][3]} {layer.kind} {detail}".strip()
                continue
            part = words["image"] if is_image else words.get(layer.part, _SYMBOLS.get(layer.part))
            shape = "×".join(str(side) for side in layer.shape)
            kind = "" if is_image else layer.kind
            rows.append([part, kind, detail, "", shape, layer.num_parameters])
        total = sum(layer.num_parameters for layer in layers)
        rows.append([words["total"], "", "", "", "", total])
        tables[lang] = pd.DataFrame(rows, columns=list(words["heads"]))
    return tables
