"""Tables by language: networks, how well labels are controlled, the KL study, the losses."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from hwlib import plots
from hwlib.findings import kl, losses
from hwlib.findings.base import Results
from hwlib.objectives import CommonForm, common_forms
from hwlib.registry import PAGES, TODAY, metrics
from hwlib.run import Run
from hwlib.show.cells import NONE
from hwlib.show.page import table
from hwlib.text import LANGUAGES, number, percent, section, word

Tables = dict[str, pd.DataFrame]
Cell = Any  # a number or a text, or the name of words

LAYER_HEADS = ("part", "layer", "settings", "activation", "shape", "parameters")
ACGAN_HEADS = ("attribute", "accuracy", "flips", "ceiling", "baseline")
PRIOR_HEADS = ("images", "frechet", "kid")
SYMBOLS = {"mu": "μ", "logvar": "log σ²"}
KL_HEADS = (
    *("weight", "error", "nats", "active"),
    *("sharpness_reconstructions", "sharpness_samples", "diversity", "frechet"),
)


def _tables(
    name: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    own_words: Callable[[str], Mapping[str, str]] = lambda lang: {},
) -> Tables:
    """Return a table by language: in the words of the section `name`, and in its `own_words`."""
    table, tables = pd.DataFrame(rows, columns=heads), {}
    for lang in LANGUAGES:
        words = {**section("tables", lang)[name], **own_words(lang)}
        tables[lang] = table.map(lambda cell, words=words: words.get(cell, cell))
        tables[lang].columns = [words[head] for head in heads]
    return tables


def layer_tables(networks: Sequence[plots.Layer] | Mapping[str, Sequence[plots.Layer]]) -> Tables:
    """Return the layer table of a network, or of several below one another, with the sum of all.

    An activation, which changes neither shape nor parameters, stands in the row of its layer.

    Args:
        networks: the inputs first, each a layer of kind "Input"; of several by name ("G", "D",
            "Q"), which then have a sum each.
    """
    networks = networks if isinstance(networks, Mapping) else {"": networks}
    rows, sums, inputs, details = [], {}, set(), set()
    for name, layers in networks.items():
        for layer, before in zip(layers, [None, *layers], strict=False):
            details.add(layer.detail)
            shape, num = "×".join(map(str, layer.shape)), layer.num_parameters
            is_activation = num == 0 and before and layer.shape == before.shape
            if layer.kind == "Input":
                inputs.add(layer.name)
                is_image = layer.name == "x" and layer.part == "encoder"
                kind = "image" if is_image else f"input {layer.name}"
                rows.append([kind, "", layer.detail, "", shape, 0])
            elif is_activation and before.kind != "Input":
                rows[-1][3] = f"{rows[-1][3]} {layer.kind} {layer.detail}".strip()
            else:
                rows.append([layer.part, layer.kind, layer.detail, "", shape, num])
        sums[name] = sum(layer.num_parameters for layer in layers)
        if name:
            rows.append([f"sum {name}", "", "", "", "", sums[name]])
    rows.append(["total", "", "", "", "", sum(sums.values())])

    def own_words(lang: str) -> dict[str, str]:
        key = "tables.layers"
        return {
            **{detail: plots.layer_settings(detail, lang) for detail in details},
            **{f"input {name}": word(f"{key}.input", lang, name=name) for name in inputs},
            **{f"sum {name}": word(f"{key}.subtotal", lang, name=name) for name in sums},
            **SYMBOLS,
        }

    return _tables("layers", LAYER_HEADS, rows, own_words)


def acgan_tables(results: Results) -> Tables:
    """Return how well each attribute is controlled, beside what the classifier reads at all."""
    read, names = results.get("oracle", {}).get("by_attribute", {}), results["attributes"]
    rows = []
    for name in names:
        measured = (results[f"attribute_{of}_by"][name] for of in ("accuracy", "flip_rate"))
        known = [percent(read[name][of]) if name in read else NONE for of in ("accuracy", "floor")]
        rows.append([name, *map(percent, measured), *known])
    if len(names) > 1:
        means = (results["attribute_accuracy"], results["attribute_flip_rate"])
        rows.append(["mean", *map(percent, means), NONE, NONE])
    return _tables(
        "acgan",
        ACGAN_HEADS,
        rows,
        lambda lang: {name: plots.attribute_name(name, lang) for name in names},
    )


def prior_tables(results: Results) -> Tables:
    """Return how far samples of either prior are from real images, beside reconstructions."""
    rows = [
        [name, *(number(results[f"{key}{end}"]) for key in PRIOR_HEADS[1:])]
        for name, end in (
            *(("standard", "_normal"), ("fitted", "")),
            *(("reconstructions", "_reconstructions"), ("real", "_real")),
        )
    ]
    return _tables("priors", PRIOR_HEADS, rows)


def kl_tables(results: Results, mean_error: float) -> Tables:
    """Return the study's numbers, small weights first, with the mean image and real images below.

    Args:
        results: the study's.
        mean_error: MSE of the mean image, pixels in [0, 1].
    """
    rows = [
        [
            *(number(row["kl_weight"], 6), number(row["test_mse_01"])),
            *(number(row["kl_nats"]), str(row["active_units"])),
            *(f"{100 * row['rebuilt']:.1f}", f"{100 * row['sharpness']:.1f}"),
            *(f"{100 * row['diversity']:.0f}", number(row["frechet"])),
        ]
        for row in kl.anchored(results).to_dict("records")
    ]
    nothing = [NONE] * (len(KL_HEADS) - 2)
    rows.append(["mean_image", number(mean_error), *nothing])
    rows.append(["real", *nothing, number(results["frechet_real"])])
    return _tables("kl", KL_HEADS, rows)


def today_tables(own: Mapping[str, Run], todays: Mapping[str, Run]) -> Tables:
    """Return a report's runs beside those of today's recipe, by problem, and real images last."""
    names = ("train_time_s", *PAGES[TODAY].overview)

    def written(name: str, amount: float | None) -> str:
        form = percent if metrics()[name].format == "percent" else number
        return NONE if amount is None else form(amount)

    rows = []
    for problem, run in ((problem, runs[problem]) for problem in own for runs in (own, todays)):
        rows.append([problem, run.config.recipe, *(written(n, run.results.get(n)) for n in names)])
    real = next(iter(own.values())).results
    rows.append(["real", "", *(written(n, real.get(metrics()[n].real)) for n in names)])
    heads = ("model", "recipe", *names)
    return _tables("today", heads, rows, lambda lang: section("summary", lang)["name"])


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
