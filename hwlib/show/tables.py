"""A run's tables, by language: its networks and its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from hwlib import plots, text
from hwlib.findings.base import Results
from hwlib.show.cells import NONE
from hwlib.text import percent

Tables = dict[str, pd.DataFrame]


# ------------------------------------------------------------------------------------- networks

_HEADS = ("part", "layer", "settings", "activation", "shape", "parameters")
_SYMBOLS = {"mu": "μ", "logvar": "log σ²"}


def layer_tables(layers: Sequence[plots.Layer]) -> Tables:
    """Return the layer table of a VAE, by language, with the sum as its last row.

    An activation, which changes neither shape nor parameters, stands in the row of its layer.
    """
    tables = {}
    for lang in text.LANGUAGES:
        words = text.section("tables", lang)["layers"]
        rows = _layer_rows(layers, lang)
        total = sum(layer.num_parameters for layer in layers)
        rows.append([words["total"], "", "", "", "", total])
        tables[lang] = pd.DataFrame(rows, columns=[words[head] for head in _HEADS])
    return tables


def network_tables(networks: Mapping[str, Sequence[plots.Layer]]) -> Tables:
    """Return the layer tables of several networks below one another, a sum each and one of all.

    Args:
        networks: by name ("G", "D", "Q"), the inputs first, each a layer of kind "Input".
    """
    tables = {}
    for lang in text.LANGUAGES:
        words = text.section("tables", lang)["layers"]
        rows: list[list[Any]] = []
        for name, layers in networks.items():
            rows += _layer_rows(layers, lang)
            total = sum(layer.num_parameters for layer in layers)
            subtotal = text.word("tables.layers.subtotal", lang, name=name)
            rows.append([subtotal, "", "", "", "", total])
        total = sum(layer.num_parameters for layers in networks.values() for layer in layers)
        rows.append([words["total"], "", "", "", "", total])
        tables[lang] = pd.DataFrame(rows, columns=[words[head] for head in _HEADS])
    return tables


def _layer_rows(layers: Sequence[plots.Layer], lang: str) -> list[list[Any]]:
    """Return the rows of one network; an activation joins the row before it."""
    words = text.section("tables", lang)["layers"]
    rows: list[list[Any]] = []
    for layer, before in zip(layers, [None, *layers], strict=False):
        detail = plots.layer_settings(layer.detail, lang)
        shape = "×".join(str(side) for side in layer.shape)
        is_activation = layer.num_parameters == 0 and before and layer.shape == before.shape
        if layer.kind == "Input":
            is_image = layer.name == "x" and layer.part == "encoder"
            given = text.word("tables.layers.input", lang, name=layer.name)
            part = words["image"] if is_image else given
            rows.append([part, "", detail, "", shape, 0])
        elif is_activation and before.kind != "Input":
            rows[-1][3] = f"{rows[-1][3]} {layer.kind} {detail}".strip()
        else:
            part = words.get(layer.part, _SYMBOLS.get(layer.part))
            rows.append([part, layer.kind, detail, "", shape, layer.num_parameters])
    return rows


# -------------------------------------------------------------------------------------- numbers


def _seen(oracle: Mapping[str, float]) -> tuple[str, str]:
    """Write the oracle's accuracy and the majority floor."""
    return percent(oracle["accuracy"]), percent(oracle["floor"])


def acgan_tables(results: Results) -> Tables:
    """Return how well each attribute is controlled, beside what the classifier reads at all."""
    by = results.get("oracle", {}).get("by_attribute", {})
    rows: list[tuple[str | None, ...]] = [
        (
            name,
            percent(results["attribute_accuracy_by"][name]),
            percent(results["attribute_flip_rate_by"][name]),
            *(_seen(by[name]) if name in by else (NONE, NONE)),
        )
        for name in results["attributes"]
    ]
    if len(rows) > 1:
        means = (results["attribute_accuracy"], results["attribute_flip_rate"])
        rows.append((None, *map(percent, means), NONE, NONE))
    tables = {}
    for lang in text.LANGUAGES:
        words = text.section("tables", lang)["acgan"]
        heads = [words[key] for key in ("attribute", "accuracy", "flips", "ceiling", "baseline")]
        named = [
            (plots.attribute_name(name, lang) if name else words["mean"], *cells)
            for name, *cells in rows
        ]
        tables[lang] = pd.DataFrame(named, columns=heads)
    return tables
