"""A run's tables, by language: its networks and its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from hwlib import plots, text
from hwlib.discuss.base import Results, Sentence, num, percent
from hwlib.discuss.disentangle import SCORE_NAMES, known_scores, score
from hwlib.discuss.distances import DISTANCES, EXPECTED_COPIES, NAMES, SHARES, differing
from hwlib.show.cells import NONE

Tables = dict[str, pd.DataFrame]


# ------------------------------------------------------------------------------------- networks

_LAYER_WORDS = {
    "zh": {
        "heads": ("部分", "層", "設定", "激勵函數", "輸出形狀", "參數"),
        "image": "輸入影像",
        "encoder": "編碼器",
        "decoder": "解碼器",
        "total": "合計",
        "G": "生成器 G",
        "D": "判別器 D",
        "Q": "Q",
        "input": "輸入 {name}",
        "sum": "{name} 合計",
    },
    "en": {
        "heads": ("part", "layer", "settings", "activation", "output shape", "parameters"),
        "image": "image",
        "encoder": "encoder",
        "decoder": "decoder",
        "total": "total",
        "G": "generator G",
        "D": "discriminator D",
        "Q": "Q",
        "input": "input {name}",
        "sum": "{name}, sum",
    },
}
_SYMBOLS = {"mu": "μ", "logvar": "log σ²"}


def layer_tables(layers: Sequence[plots.Layer]) -> Tables:
    """Return the layer table of a VAE, by language, with the sum as its last row.

    An activation, which changes neither shape nor parameters, stands in the row of its layer.
    """
    tables = {}
    for lang, words in _LAYER_WORDS.items():
        rows = _layer_rows(layers, lang)
        total = sum(layer.num_parameters for layer in layers)
        rows.append([words["total"], "", "", "", "", total])
        tables[lang] = pd.DataFrame(rows, columns=list(words["heads"]))
    return tables


def network_tables(networks: Mapping[str, Sequence[plots.Layer]]) -> Tables:
    """Return the layer tables of several networks below one another, a sum each and one of all.

    Args:
        networks: by name ("G", "D", "Q"), the inputs first, each a layer of kind "Input".
    """
    tables = {}
    for lang, words in _LAYER_WORDS.items():
        rows: list[list[Any]] = []
        for name, layers in networks.items():
            rows += _layer_rows(layers, lang)
            total = sum(layer.num_parameters for layer in layers)
            rows.append([words["sum"].format(name=name), "", "", "", "", total])
        total = sum(layer.num_parameters for layers in networks.values() for layer in layers)
        rows.append([words["total"], "", "", "", "", total])
        tables[lang] = pd.DataFrame(rows, columns=list(words["heads"]))
    return tables


def _layer_rows(layers: Sequence[plots.Layer], lang: str) -> list[list[Any]]:
    """Return the rows of one network; an activation joins the row before it."""
    words = _LAYER_WORDS[lang]
    rows: list[list[Any]] = []
    for layer, before in zip(layers, [None, *layers], strict=False):
        detail = plots.layer_settings(layer.detail, lang)
        shape = "×".join(str(side) for side in layer.shape)
        is_activation = layer.num_parameters == 0 and before and layer.shape == before.shape
        if layer.kind == "Input":
            is_picture = layer.name == "x" and layer.part == "encoder"
            part = words["image"] if is_picture else words["input"].format(name=layer.name)
            rows.append([part, "", detail, "", shape, 0])
        elif is_activation and before.kind != "Input":
            rows[-1][3] = f"{rows[-1][3]} {layer.kind} {detail}".strip()
        else:
            part = words.get(layer.part, _SYMBOLS.get(layer.part))
            rows.append([part, layer.kind, detail, "", shape, layer.num_parameters])
    return rows


# -------------------------------------------------------------------------------------- numbers

_LOW, _HIGH, _NEAR = "low", "high", "near"
_BETTER = {
    "zh": {_LOW: "愈低愈好", _HIGH: "愈高愈好", _NEAR: "接近真實最好"},
    "en": {_LOW: "lower is better", _HIGH: "higher is better", _NEAR: "best near real"},
}
_MORE_NAMES = {
    "sharpness": Sentence("銳利度", "sharpness"),
    "colourfulness": Sentence("色彩豐富度", "colourfulness"),
    "diversity": Sentence("多樣性", "diversity"),
    "near_copies": Sentence("近似複製", "near copies"),
    "nearest_ratio": Sentence("最近距離比", "nearest-distance ratio"),
    "closest_pair_ratio": Sentence("最像兩張的距離比", "closest-pair ratio"),
}
# Taken of pictures alone, with names of their own for samples and for real pictures.
_PICTURE_NUMBERS = ("sharpness", "colourfulness", "diversity")
_MEASURES = {
    **{name: (NAMES[name], _LOW, num) for name in DISTANCES},
    **{name: (NAMES[name], _HIGH, percent) for name in SHARES},
    "density": (NAMES["density"], _HIGH, num),
    **{name: (_MORE_NAMES[name], _NEAR, num) for name in _PICTURE_NUMBERS},
    "near_copies": (_MORE_NAMES["near_copies"], _LOW, percent),
    "nearest_ratio": (_MORE_NAMES["nearest_ratio"], _NEAR, num),
    "closest_pair_ratio": (_MORE_NAMES["closest_pair_ratio"], _NEAR, num),
}
# What real pictures give where no measurement is needed: by definition.
_OF_REAL = {
    "near_copies": percent(EXPECTED_COPIES, 0),
    "nearest_ratio": "1",
    "closest_pair_ratio": "1",
}


def _write(results: Results, key: str, write: Callable[[float], str]) -> str:
    """Write one number of the results, or that there is none."""
    return write(results[key]).replace("-", "−") if key in results else NONE


def _keys(name: str) -> tuple[str, str]:
    """Return the names of a measure's number, and of real pictures', in results.json."""
    if name in _PICTURE_NUMBERS:
        return f"{name}_samples", f"{name}_real"
    return name, f"{name}_real"


def quality_tables(results: Results) -> Tables:
    """Return how samples compare with test pictures, beside what real pictures give.

    Args:
        results: the run's; any problem with samples.
    """
    heads = {
        "zh": ("數字", "樣本", "真實影像（雜訊底線）", "怎樣較好"),
        "en": ("number", "samples", "real pictures (noise floor)", "which is better"),
    }
    tables = {}
    for lang, head in heads.items():
        rows = []
        for name, (label, reading, write) in _MEASURES.items():
            own, real = _keys(name)
            if own in results:
                floor = _OF_REAL.get(name) or _write(results, real, write)
                cells = (_write(results, own, write), floor, _BETTER[lang][reading])
                rows.append((getattr(label, lang), *cells))
        tables[lang] = pd.DataFrame(rows, columns=list(head))
    return tables


def comparison_tables(runs: Mapping[str, Results]) -> Tables:
    """Return the numbers of several runs side by side, and real pictures' beside them.

    A distance is shown of the first run, and of those others whose protocol is the very same.

    Args:
        runs: results by the name in the table's head.
    """
    names, first = list(runs), next(iter(runs.values()))
    words = {
        "zh": ("數字", "真實影像（雜訊底線）", "怎樣較好", "條件不同"),
        "en": ("number", "real pictures (noise floor)", "which is better", "other conditions"),
    }
    tables = {}
    for lang, (number, real_head, reading_head, unequal) in words.items():
        rows = []
        for name, (label, reading, write) in _MEASURES.items():
            own, real = _keys(name)
            if not any(own in results for results in runs.values()):
                continue
            has_protocol = name in (*DISTANCES, *SHARES)
            cells = [
                unequal
                if has_protocol and own in results and differing(first, results, name)
                else _write(results, own, write)
                for results in runs.values()
            ]
            floor = _OF_REAL.get(name) or _write(first, real, write)
            rows.append((getattr(label, lang), *cells, floor, _BETTER[lang][reading]))
        tables[lang] = pd.DataFrame(rows, columns=[number, *names, real_head, reading_head])
    return tables


def _seen(oracle: Mapping[str, float]) -> tuple[str, str]:
    """Write the oracle's accuracy and the majority floor."""
    return percent(oracle["accuracy"]), percent(oracle["floor"])


def oracle_tables(results: Results, attributes: Sequence[str] | None = None) -> Tables:
    """Return how well the oracle reads each attribute of unseen real pictures.

    Args:
        results: the run's.
        attributes: the ones to show; None shows all that it knows.
    """
    by = results.get("oracle", {}).get("by_attribute", {})
    shown = [name for name in (by if attributes is None else attributes) if name in by]
    heads = {
        "zh": ("屬性", "判讀網路的準確率", "一律猜多數", "平均"),
        "en": ("attribute", "oracle's accuracy", "commoner value", "mean"),
    }
    tables = {}
    for lang, (*head, mean) in heads.items():
        rows = [(plots.attribute_name(name, lang), *_seen(by[name])) for name in shown]
        if "oracle" in results and "accuracy" in results["oracle"]:
            rows.append((mean, *_seen(results["oracle"])))
        tables[lang] = pd.DataFrame(rows, columns=head)
    return tables


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


def infogan_tables(*runs: Results) -> Tables:
    """Return each code in numbers: how well it is read, what it carries, what it decides.

    Args:
        runs: the results of networks with different numbers of codes, in the table's order.
    """
    tables = {}
    for lang in text.LANGUAGES:
        words = text.section("tables", lang)["infogan"]
        heads = [words[key] for key in ("network", "part", "accuracy", "nats", "share")]
        rows = [row for results in runs for row in _code_rows(results, lang)]
        tables[lang] = pd.DataFrame(rows, columns=heads)
    return tables


def _code_rows(results: Results, lang: str) -> list[tuple[str, ...]]:
    """Return a row a code of one network, and one of its noise."""
    network = text.word("tables.infogan.num_codes", lang, count=results["num_codes"])
    shares = results.get("code_variance_share")
    rows = [
        (
            network,
            text.word("tables.infogan.code", lang, code=k + 1),
            percent(accuracy),
            f"{max(results['code_information_by'][k], 0.0):.2f}",
            percent(shares[k]) if shares else NONE,
        )
        for k, accuracy in enumerate(results["code_accuracy_by"])
    ]
    if "noise_variance_share" in results:
        share = percent(results["noise_variance_share"])
        rows.append((network, text.word("tables.infogan.noise", lang), NONE, NONE, share))
    return rows


def disentanglement(runs: Mapping[str, Results]) -> Tables:
    """Return how far latents and known factors go together, a row a run, and what chance gives.

    The last row is the mean over the runs of their codes handed to the wrong pictures.

    Args:
        runs: results by the name in the first column; those without `disentanglement` are left out.
    """
    known = known_scores(runs)
    names = [name for name in SCORE_NAMES if any(name in scores for scores in known.values())]
    floors = [scores["floor"] for scores in known.values() if "floor" in scores]
    heads = {"zh": ("模型", "因素數", "隨機配對"), "en": ("model", "factors", "by chance")}
    tables = {}
    for lang, (model, factors, chance) in heads.items():
        rows = [
            (label, len(scores["factors"]), *(_scored([scores], name) for name in names))
            for label, scores in known.items()
        ]
        if floors:
            rows.append((chance, NONE, *(_scored(floors, name) for name in names)))
        columns = [model, factors, *(getattr(SCORE_NAMES[name], lang) for name in names)]
        tables[lang] = pd.DataFrame(rows, columns=columns)
    return tables


def _scored(found: Sequence[Mapping[str, Any]], name: str) -> str:
    """Write the mean of a score over those that have it."""
    values = [scores[name] for scores in found if name in scores]
    return score(sum(values) / len(values)) if values else NONE
