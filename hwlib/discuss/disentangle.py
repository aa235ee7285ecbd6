"""What the scores of disentanglement bear out, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hwlib.discuss.base import Results, Sentence, is_trial, percent
from hwlib.discuss.names import named, tidy

SCORE_NAMES = {
    "mig": Sentence("MIG", "MIG"),
    "sap": Sentence("SAP", "SAP"),
    "dci_disentanglement": Sentence("DCI 解開", "DCI disentanglement"),
    "dci_completeness": Sentence("DCI 集中", "DCI completeness"),
    "dci_informativeness": Sentence("DCI 資訊", "DCI informativeness"),
    "factor_vae": Sentence("FactorVAE", "FactorVAE"),
}
GAPS = ("mig", "sap")  # how far the best latent is ahead of the next: nothing where there is one
LATENT, CODE = Sentence("隱變數", "latent"), Sentence("編碼", "code")
CLEAR = 0.05  # a score has to be this much above chance, of the way from chance to 1
APART = 0.5  # a gap from which a latent is in charge of a factor by itself
ALIKE = 0.02  # scores of two runs that differ by less are alike

Scores = Mapping[str, Any]


def score(value: float) -> str:
    """Write a score to three decimals."""
    return f"{value:.3f}".replace("-", "−")


def disentanglement(runs: Mapping[str, Results]) -> list[Sentence]:
    """Say which factors the latents of each run keep apart, and which run does so best.

    Args:
        runs: results by the name that a sentence has them under; one run goes without its name.
    """
    known = known_scores(runs)
    if not known:
        return [
            Sentence(
                "這份資料沒有記錄影像由哪些因素構成，所以沒有解開因素的分數；程式畫的臉才有。",
                "This data does not know what its pictures are made from, so there are no scores of"
                " disentanglement; drawn faces have them.",
            )
        ]
    if any(is_trial(run) for run in runs.values()):
        fewest = min(run["num_steps"] for run in runs.values())
        return [
            Sentence(
                f"只更新了 {fewest:,} 次，這些分數還不能得出任何結論。",
                f"{fewest:,} updates: these scores bear out no conclusion.",
            )
        ]
    alone = len(known) == 1
    found = [
        tidy(
            _of_one(
                scores,
                Sentence("", "") if alone else Sentence(name, name),
                CODE if "num_codes" in runs[name] else LATENT,  # as an InfoGAN's are called
            )
        )
        for name, scores in known.items()
    ]
    return found if alone else [*found, *_best(known)]


def known_scores(runs: Mapping[str, Results]) -> dict[str, Scores]:
    """Return the scores of the runs that have any; those of a single latent without the gaps.

    Args:
        runs: results by name.
    """
    known = {name: run["disentanglement"] for name, run in runs.items() if "disentanglement" in run}
    return {
        name: _without_gaps(scores) if scores["num_latents"] == 1 else scores
        for name, scores in known.items()
    }


def _without_gaps(scores: Scores) -> Scores:
    """Return the scores without MIG and SAP, here and by chance."""
    kept = {name: value for name, value in scores.items() if name not in GAPS}
    if "floor" in kept:
        floor = {name: value for name, value in kept["floor"].items() if name not in GAPS}
        kept["floor"] = floor
    return kept


def above_chance(scores: Scores, name: str) -> float:
    """Return the share of the way from chance to 1 that a score has come; below 0 if not at all."""
    chance = scores["floor"][name]
    return (scores[name] - chance) / (1 - chance) if chance < 1 else 0.0


def _of_one(scores: Scores, label: Sentence, noun: Sentence) -> Sentence:
    """Say what one run's codes keep apart, and what limits them.

    Args:
        scores: the run's.
        label: the run's name, or nothing.
        noun: what one of its codes is called.
    """
    count, num_factors = scores["num_latents"], len(scores["factors"])
    said = _only(scores, noun) if count == 1 else _gaps(scores, noun)
    zh = f"{label.zh}：{said.zh}" if label.zh else said.zh
    en = f"{label.en}: {said.en}" if label.en else said.en
    if count < num_factors:
        if count == 1:
            zh += f"。一個{noun.zh}最多只能管一個因素"
            en += f". A single {noun.en} can be in charge of one factor at most"
        else:
            zh += f"。{noun.zh}只有 {count} 個，最多只能各管一個因素"
            en += f". There are but {count} {noun.en}s, a factor each at most"
        zh += f"，FactorVAE 分數因此不超過 {score(count / num_factors)}"
        en += f", so the FactorVAE score cannot exceed {score(count / num_factors)}"
    return Sentence(zh + "。", en + ".")


def _only(scores: Scores, noun: Sentence) -> Sentence:
    """Say what a single code tells most about: without a second, `mig_by` is all that it tells."""
    told, num_factors = scores["mig_by"], len(scores["factors"])
    first = max(told, key=told.get)
    name, share = named(first), percent(told[first])
    zh = f"只有一個{noun.zh}，沒有第二名可比，所以不看 MIG 與 SAP；它"
    en = f"With one {noun.en} there is no second, hence neither MIG nor SAP; it tells"
    if told[first] < CLEAR:
        zh += f"與 {num_factors} 個因素都幾乎無關，最多的是{name.zh}"
        en += f" hardly anything about any of the {num_factors} factors, most about {name.en}"
    else:
        zh += f"最能說明的因素是{name.zh}"
        en += f" most about {name.en}"
    return Sentence(f"{zh}，說明了這個因素 {share} 的熵", f"{en}, {share} of that factor's entropy")


def _gaps(scores: Scores, noun: Sentence) -> Sentence:
    """Say how far the best of several codes is ahead of the next."""
    numbers = score(scores["mig"]), score(scores["floor"]["mig"])
    gaps, num_factors = scores["mig_by"], len(scores["factors"])
    first = max(gaps, key=gaps.get)
    name, gap = named(first), score(gaps[first])
    own = [factor for factor in gaps if gaps[factor] >= APART]
    zh = f"MIG 是 {numbers[0]}，把編碼配給別張影像則是 {numbers[1]}"
    en = f"MIG is {numbers[0]}, and {numbers[1]} with the codes handed to the wrong pictures"
    if above_chance(scores, "mig") < CLEAR:
        return Sentence(
            f"{zh}：沒有哪個{noun.zh}專管 {num_factors} 個因素中的任何一個",
            f"{en}: no {noun.en} is in charge of any of the {num_factors} factors by itself",
        )
    return Sentence(
        f"{zh}；最專屬於單一{noun.zh}的因素是{name.zh}，差距 {gap}，"
        f"{num_factors} 個因素中有 {len(own)} 個的差距過半",
        f"{en}; the factor most a {noun.en}'s own is {name.en}, with a gap of {gap}, and"
        f" {len(own)} of {num_factors} factors have a gap of a half or more",
    )


def _best(known: Mapping[str, Scores]) -> list[Sentence]:
    """Say which run has the best of each score, and whether the scores agree."""
    shared = [name for name in SCORE_NAMES if all(name in scores for scores in known.values())]
    best = {name: max(known, key=lambda label, n=name: known[label][n]) for name in shared}
    values = {name: [scores[name] for scores in known.values()] for name in shared}
    telling = [
        name
        for name in shared
        if max(values[name]) - min(values[name]) >= ALIKE
        and max(above_chance(scores, name) for scores in known.values()) > 0
    ]
    if not telling:
        return [
            Sentence(
                f"各次訓練都有的分數彼此差不到 {ALIKE:g}，或都不比隨機配對高，分不出高下。",
                f"The scores that all runs have differ by less than {ALIKE:g}, or are no better"
                " than chance: none is better than another.",
            )
        ]
    if len(telling) == 1:
        (name,) = telling
        return [
            Sentence(
                f"只有 {SCORE_NAMES[name].zh} 分得出高下：最高的是 {best[name]}。",
                f"Only {SCORE_NAMES[name].en} tells the runs apart: it is highest with"
                f" {best[name]}.",
            )
        ]
    zh = "、".join(f"{SCORE_NAMES[name].zh} 是 {best[name]}" for name in telling)
    en = ", ".join(f"{SCORE_NAMES[name].en} with {best[name]}" for name in telling)
    agree = len({best[name] for name in telling}) == 1
    tail = (
        ("，各分數的答案一致。", ": the scores agree.")
        if agree
        else (
            "；各分數問的不是同一件事，答案也不一致。",
            ": they ask for different things, and differ.",
        )
    )
    return [Sentence(f"分數最高的：{zh}{tail[0]}", f"Highest are {en}{tail[1]}")]
