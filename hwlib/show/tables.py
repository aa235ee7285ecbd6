"""Tables by language: networks, how well labels are controlled, the KL study, the losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
Words = Mapping[str, Any]  # of a section of `tables.toml`

LAYER_HEADS = ("part", "layer", "settings", "activation", "shape", "parameters")
ACGAN_HEADS = ("attribute", "accuracy", "flips", "ceiling", "baseline")
SYMBOLS = {"mu": "μ", "logvar": "log σ²"}
KL_HEADS = (
    *("weight", "error", "nats", "active"),
    *("sharpness_reconstructions", "sharpness_samples", "diversity", "frechet"),
)


def _tables(name: str, heads: Sequence[str], rows: Callable[[str, Words], list[Any]]) -> Tables:
    """Return a table by language, its heads and what `rows` takes from the section `name`."""
    words = {lang: section("tables", lang)[name] for lang in LANGUAGES}
    return {
        lang: pd.DataFrame(rows(lang, own), columns=[own[head] for head in heads])
        for lang, own in words.items()
    }


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
    sums = {name: sum(one.num_parameters for one in own) for name, own in networks.items()}

    def rows(lang: str, words: Words) -> list[Any]:
        found = []
        for name, layers in networks.items():
            found += _layer_rows(layers, lang, words)
            if name:
                subtotal = word("tables.layers.subtotal", lang, name=name)
                found.append([subtotal, "", "", "", "", sums[name]])
        return [*found, [words["total"], "", "", "", "", sum(sums.values())]]

    return _tables("layers", LAYER_HEADS, rows)


def _layer_rows(layers: Sequence[plots.Layer], lang: str, words: Words) -> list[list[Any]]:
    """Return the rows of one network; an activation joins the row before it."""
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


def acgan_tables(results: Results) -> Tables:
    """Return how well each attribute is controlled, beside what the classifier reads at all."""
    read = results.get("oracle", {}).get("by_attribute", {})
    found = []
    for name in results["attributes"]:
        measured = (results[f"attribute_{of}_by"][name] for of in ("accuracy", "flip_rate"))
        known = [percent(read[name][of]) if name in read else NONE for of in ("accuracy", "floor")]
        found.append([name, *map(percent, measured), *known])
    means = list(map(percent, (results["attribute_accuracy"], results["attribute_flip_rate"])))

    def rows(lang: str, words: Words) -> list[Any]:
        named = [[plots.attribute_name(name, lang), *cells] for name, *cells in found]
        mean = [words["mean"], *means, NONE, NONE]
        return [*named, mean] if len(named) > 1 else named

    return _tables("acgan", ACGAN_HEADS, rows)


def kl_tables(results: Results, mean_error: float) -> Tables:
    """Return the study's numbers, small weights first, with the mean image and real images below.

    Args:
        results: the study's.
        mean_error: MSE of the mean image, pixels in [0, 1].
    """
    found = [
        [
            *(number(row["kl_weight"], 6), number(row["test_mse_01"])),
            *(number(row["kl_nats"]), str(row["active_units"])),
            *(f"{100 * row['rebuilt']:.1f}", f"{100 * row['sharpness']:.1f}"),
            *(f"{100 * row['diversity']:.0f}", number(row["frechet"])),
        ]
        for row in kl.anchored(results).to_dict("records")
    ]
    nothing = [NONE] * (len(KL_HEADS) - 2)
    real = number(results["frechet_real"])

    def rows(lang: str, words: Words) -> list[Any]:
        mean_image = [words["mean_image"], number(mean_error), *nothing]
        return [*found, mean_image, [words["real"], NONE, *nothing[1:], real]]

    return _tables("kl", KL_HEADS, rows)


def ledger(*runs: CommonForm) -> None:
    """Show the five reports' losses in one form, in one another's terms, and their MSE.

    Args:
        runs: losses of runs, from `hwlib.objectives.of_run`; one that is a report's own has no
            row of its own.
    """
    listed = common_forms(*runs)
    shape = f"{listed[0].channels}×{listed[0].image_size}×{listed[0].image_size}"
    for name, tables in losses.ledger_tables(listed).items():
        table(name, tables, shape=shape)
