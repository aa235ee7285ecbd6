"""Tables by language: networks, how well labels are controlled, the KL study, the losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from hwlib import plots
from hwlib.findings import kl, losses
from hwlib.findings.base import Results
from hwlib.objectives import CommonForm, common_forms
from hwlib.show.cells import NONE
from hwlib.show.page import table
from hwlib.text import LANGUAGES, number, percent, section, word

Tables = dict[str, pd.DataFrame]

LAYER_HEADS = ("part", "layer", "settings", "activation", "shape", "parameters")
SYMBOLS = {"mu": "μ", "logvar": "log σ²"}
KL_COLUMNS = (
    *("weight", "error", "nats", "active"),
    *("sharpness_reconstructions", "sharpness_samples", "diversity", "frechet"),
)


# ------------------------------------------------------------------------------------- networks


def layer_tables(layers: Sequence[plots.Layer]) -> Tables:
    """Return the layer table of a VAE, by language, with the sum as its last row.

    An activation, which changes neither shape nor parameters, stands in the row of its layer.
    """
    return network_tables({"": layers})


def network_tables(networks: Mapping[str, Sequence[plots.Layer]]) -> Tables:
    """Return the layer tables of several networks below one another, a sum each and one of all.

    Args:
        networks: by name ("G", "D", "Q"), the inputs first, each a layer of kind "Input"; one
            without a name has no sum of its own.
    """
    tables = {}
    for lang in LANGUAGES:
        words = section("tables", lang)["layers"]
        rows: list[list[Any]] = []
        total = 0
        for name, layers in networks.items():
            rows += _layer_rows(layers, lang)
            own = sum(layer.num_parameters for layer in layers)
            total += own
            if name:
                subtotal = word("tables.layers.subtotal", lang, name=name)
                rows.append([subtotal, "", "", "", "", own])
        rows.append([words["total"], "", "", "", "", total])
        tables[lang] = pd.DataFrame(rows, columns=[words[head] for head in LAYER_HEADS])
    return tables


def _layer_rows(layers: Sequence[plots.Layer], lang: str) -> list[list[Any]]:
    """Return the rows of one network; an activation joins the row before it."""
    words = section("tables", lang)["layers"]
    rows: list[list[Any]] = []
    for layer, before in zip(layers, [None, *layers], strict=False):
        detail = plots.layer_settings(layer.detail, lang)
        shape = "×".join(map(str, layer.shape))
        is_activation = layer.num_parameters == 0 and before and layer.shape == before.shape
        if layer.kind == "Input":
            is_image = layer.name == "x" and layer.part == "encoder"
            given = word("tables.layers.input", lang, name=layer.name)
            rows.append([words["image"] if is_image else given, "", detail, "", shape, 0])
        elif is_activation and before.kind != "Input":
            rows[-1][3] = f"{rows[-1][3]} {layer.kind} {detail}".strip()
        else:
            part = words.get(layer.part, SYMBOLS.get(layer.part))
            rows.append([part, layer.kind, detail, "", shape, layer.num_parameters])
    return rows


# -------------------------------------------------------------------------------------- results


def acgan_tables(results: Results) -> Tables:
    """Return how well each attribute is controlled, beside what the classifier reads at all."""
    by = results.get("oracle", {}).get("by_attribute", {})
    rows: list[list[str | None]] = []
    for name in results["attributes"]:
        measured = (results[f"attribute_{of}_by"][name] for of in ("accuracy", "flip_rate"))
        read = [percent(by[name][of]) if name in by else NONE for of in ("accuracy", "floor")]
        rows.append([name, *map(percent, measured), *read])
    if len(rows) > 1:
        means = (results["attribute_accuracy"], results["attribute_flip_rate"])
        rows.append([None, *map(percent, means), NONE, NONE])
    tables = {}
    for lang in LANGUAGES:
        words = section("tables", lang)["acgan"]
        heads = [words[key] for key in ("attribute", "accuracy", "flips", "ceiling", "baseline")]
        named = [
            [plots.attribute_name(name, lang) if name else words["mean"], *cells]
            for name, *cells in rows
        ]
        tables[lang] = pd.DataFrame(named, columns=heads)
    return tables


def kl_tables(results: Results, mean_error: float) -> Tables:
    """Return the study's numbers, small weights first, with the mean image and real images below.

    Args:
        results: the study's.
        mean_error: MSE of the mean image, pixels in [0, 1].
    """
    rows: list[dict[str, Any]] = []
    for study, share in zip(kl.ordered(results), kl.anchored(results), strict=True):
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
    below = {"mean_image": {"error": number(mean_error)}}
    if "frechet_real" in results:
        below["real"] = {"frechet": number(results["frechet_real"])}
    tables = {}
    for lang in LANGUAGES:
        heads = section("tables", lang)["kl"]
        own = [*rows, *({"weight": heads[name]} | row for name, row in below.items())]
        names = [name for name in KL_COLUMNS if any(row.get(name, NONE) != NONE for row in own)]
        cells = [[row.get(name, NONE) for name in names] for row in own]
        tables[lang] = pd.DataFrame(cells, columns=[heads[name] for name in names])
    return tables


def _share(value: float | None, digits: int) -> str:
    return NONE if value is None else f"{100 * value:.{digits}f}"


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
