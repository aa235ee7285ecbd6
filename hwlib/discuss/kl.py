"""What the KL study's numbers bear out: one VAE a weight, side by side."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hwlib.discuss.base import (
    MIN_RECORDS,
    SMALL,
    Results,
    Sentence,
    is_trial,
    num,
    percent,
    plural,
    too_few,
)
from hwlib.discuss.disentangle import ALIKE as SAME_SCORE
from hwlib.discuss.disentangle import disentanglement, score
from hwlib.plots.kl import SCORES

Study = Mapping[str, Any]  # a row of the study's `studies`

ALIKE = 0.75  # of the base weight's diversity; below it pictures look alike (claims: -25 %)
BLURRED = 0.75  # of the sharpness that it is held against (claims: -25 %)
AS_SHARP = 1.1  # times the lowest error: still as good as the best
NO_CODE = 0.1  # nats: codes that differ by less differ by nothing
USELESS = 2.0  # times the best KID: samples that are of no use beside the best ones


def weight(value: float) -> str:
    """Write a KL weight without exponent."""
    return np.format_float_positional(value, trim="-")


def _ordered(studies: Sequence[Study]) -> list[Study]:
    return sorted(studies, key=lambda row: row["kl_weight"])


def _listed(values: Sequence[float]) -> Sentence:
    """Write several weights as a list."""
    names = [weight(value) for value in values]
    return Sentence("、".join(names), ", ".join(names))


# ------------------------------------------------------------------------------ how it was made


def kl_made(results: Results) -> list[Sentence]:
    """Say how many VAEs the study has, with which weights, and how long they took.

    Args:
        results: the study's.
    """
    told = _listed(results["kl_weights"])
    more = [w for w in sorted(results["kl_sweep"]) if w not in results["kl_weights"]]
    count, steps = len(results["studies"]), results["num_steps"]
    seconds = num(results["train_time_s"])
    found = [
        Sentence(
            f"這項研究共訓練 {count} 個 VAE，除了 KL 權重 λ 之外設定完全相同，各更新 {steps:,} 次，"
            f"合計 {seconds} 秒。逐一討論的是 λ = {told.zh}。",
            f"The study trains {count} VAEs that differ in nothing but the KL weight λ, {steps:,}"
            f" updates each, {seconds} s in all. Those told in full have λ = {told.en}.",
        )
    ]
    if more:
        others = _listed(more)
        found.append(
            Sentence(
                f"另外 {len(more)} 個權重（{others.zh}）補足整條曲線。",
                f"For the curves over the weight it has {plural(len(more), 'weight')} more"
                f" ({others.en}).",
            )
        )
    return found


# ------------------------------------------------------------------------------ learning curves


def kl_curves(curves: Mapping[float, pd.DataFrame]) -> list[Sentence]:
    """Say how the negative ELBO of beta 1 went while the weighted objective was minimised.

    Args:
        curves: `Run.metrics` by weight, with `objective`, what was minimised; see
            `hwlib.ledger.with_objective`.
    """
    shortest = min(len(metrics) for metrics in curves.values())
    if shortest < MIN_RECORDS:
        return too_few(shortest)
    found = [_course(w, metrics) for w, metrics in curves.items()]
    if len(curves) > 1:
        ends = {w: _end(metrics["neg_elbo_nats"]) for w, metrics in curves.items()}
        best = min(ends, key=ends.get)
        found.append(
            Sentence(
                f"以 β = 1 的同一把尺衡量，這 {len(curves)} 個權重當中，訓練結束時負 ELBO 最低的是"
                f" λ = {weight(best)}（訓練影像，最後二十分之一的平均 {num(ends[best], 4)} nats）；"
                "整個測試集上的數字見 5-6。",
                f"By the one ruler of β = 1, of these {len(curves)} weights λ = {weight(best)} ends"
                f" lowest ({num(ends[best], 4)} nats on training images, the mean of the last"
                " twentieth); 5-6 has the numbers of the whole test set.",
            )
        )
    return found


def _end(values: pd.Series) -> float:
    """Return the mean over the last twentieth of a curve."""
    return float(values.iloc[-max(1, len(values) // 20) :].mean())


def _running(values: pd.Series) -> np.ndarray:
    """Return the means over each twentieth of a curve."""
    return values.rolling(max(1, len(values) // 20)).mean().dropna().to_numpy()


def _course(value: float, metrics: pd.DataFrame) -> Sentence:
    """Say of one weight where its negative ELBO and its own objective began and ended."""
    objective, elbo = metrics["objective"], metrics["neg_elbo_nats"]
    first, last = float(elbo.iloc[0]), _end(elbo)
    start, end = float(objective.iloc[0]), _end(objective)
    # means over a twentieth, as the end is one: the best of single batches is a matter of luck
    smooth, aims = (_running(values) for values in (elbo, objective))
    low = int(np.argmin(smooth))
    lowest = float(smooth[low])
    numbers = (num(first, 4), num(last, 4), num(start, 4), num(end, 4))
    zh = (
        f"λ = {weight(value)}：訓練目標由 {numbers[2]} 到 {numbers[3]}，"
        f"負 ELBO 由 {numbers[0]} 到 {numbers[1]} nats"
    )
    en = (
        f"λ = {weight(value)}: the training objective went from {numbers[2]} to {numbers[3]}, the"
        f" negative ELBO from {numbers[0]} to {numbers[1]} nats"
    )
    has_fallen = end < start * (1 - SMALL)
    if has_fallen and last > lowest * (1 + SMALL) and end < aims[low] * (1 - SMALL):
        return Sentence(
            f"{zh}；後者曾低到 {num(lowest, 4)}，之後目標繼續下降，它卻上升：兩者不是同一件事。",
            f"{en}; the latter had been as low as {num(lowest, 4)} and rose while the objective"
            " went on falling: the two are not the same.",
        )
    if not has_fallen:
        return Sentence(f"{zh}；目標沒有下降。", f"{en}; the objective did not fall.")
    if last >= first * (1 - SMALL):
        return Sentence(
            f"{zh}；目標下降，負 ELBO 沒有跟著下降。",
            f"{en}; the objective fell, the negative ELBO did not.",
        )
    return Sentence(f"{zh}；兩者一起下降。", f"{en}; both fell together.")


def kl_growth(curves: Mapping[float, pd.DataFrame]) -> list[Sentence]:
    """Say where the reconstructions' error was when first measured, and at the end.

    Args:
        curves: `Run.metrics` by weight, with `test_mse_11` where it was measured.
    """
    found = []
    for value, metrics in curves.items():
        if "test_mse_11" not in metrics:
            continue
        points = metrics.dropna(subset=["test_mse_11"])
        if len(points) < 3:
            continue
        first, last = points.iloc[0], points.iloc[-1]
        ends = num(first["test_mse_11"] / 4), num(last["test_mse_11"] / 4)
        steps = f"{int(first['step']):,}", f"{int(last['step']):,}"
        found.append(
            Sentence(
                f"λ = {weight(value)}：學習曲線所用的測試影像，MSE（像素在 [0, 1]）由第一次量測"
                f"（第 {steps[0]} 步）的 {ends[0]} 到第 {steps[1]} 步的 {ends[1]}。",
                f"λ = {weight(value)}: the MSE of the learning curve's test images (pixels in"
                f" [0, 1]) went from {ends[0]} when first measured (step {steps[0]}) to {ends[1]}"
                f" at step {steps[1]}.",
            )
        )
    return found


# -------------------------------------------------------------------------------------- samples


def kl_samples(results: Results) -> list[Sentence]:
    """Say how the prior samples of the weights told in full stand to real pictures.

    Args:
        results: the study's.
    """
    rows = {row["kl_weight"]: row for row in results["studies"]}
    told = [rows[w] for w in results["kl_weights"] if "kid" in rows[w]]
    if not told:
        return []
    found = [_sample(row, results) for row in told]
    best = min(told, key=lambda row: row["kid"])
    if len(told) > 1 and not is_trial(results):
        found.append(
            Sentence(
                f"其中 KID 最低、最像真實影像的是 λ = {weight(best['kl_weight'])}。",
                f"Of these, the samples of λ = {weight(best['kl_weight'])} have the lowest KID:"
                " they are nearest to real pictures.",
            )
        )
    return found


def _sample(row: Study, results: Results) -> Sentence:
    """Say one weight's KID, sharpness and diversity, the last two as shares of real pictures'."""
    kid = f"KID {num(row['kid'])}"
    zh, en = [kid], []
    for key, zh_name, en_name in (("sharpness", "銳利度", "sharpness"),
                                  ("diversity", "多樣性", "diversity")):  # fmt: skip
        if f"{key}_samples" in row and results.get(f"{key}_real"):
            share = percent(row[f"{key}_samples"] / results[f"{key}_real"], 0)
            zh.append(f"{zh_name}是真實影像的 {share}")
            en.append(f"{share} of the {en_name}")
    name = weight(row["kl_weight"])
    beside = f"; beside real pictures {' and '.join(en)}" if en else ""
    return Sentence(f"λ = {name}：{'，'.join(zh)}。", f"λ = {name}: {kid}{beside}.")


# ------------------------------------------------------------------------ numbers over the weight


def kl_rate(studies: Sequence[Study]) -> list[Sentence]:
    """Say whether a larger weight buys a shorter code at the price of a larger error.

    Args:
        studies: the study's rows.
    """
    ordered = _ordered(studies)
    if len(ordered) < 2:
        return []
    low, high = ordered[0], ordered[-1]
    ends = (weight(low["kl_weight"]), weight(high["kl_weight"]))
    rates = num(low["kl_nats"]), num(high["kl_nats"])
    errors = num(low["recon_nats"], 4), num(high["recon_nats"], 4)
    found = [
        Sentence(
            f"由 λ = {ends[0]} 到 {ends[1]}，編碼長度由 {rates[0]} 變為 {rates[1]} nats，"
            f"失真由 {errors[0]} 變為 {errors[1]} nats。",
            f"From λ = {ends[0]} to {ends[1]} the rate goes from {rates[0]} to {rates[1]} nats and"
            f" the distortion from {errors[0]} to {errors[1]} nats.",
        )
    ]
    if is_trial(low):
        return found
    steps = [
        (f"{weight(a['kl_weight'])} → {weight(b['kl_weight'])}", a, b)
        for a, b in itertools.pairwise(ordered)
    ]
    longer = [
        name
        for name, a, b in steps
        if b["kl_nats"] > max(a["kl_nats"] * (1 + SMALL), a["kl_nats"] + NO_CODE)
    ]
    closer = [name for name, a, b in steps if b["recon_nats"] < a["recon_nats"] * (1 - SMALL)]
    if not longer and not closer:
        found.append(
            Sentence(
                "權重每加大一級，碼就更短（或一樣短）、誤差更大（或一樣大）：正是 λ 該做的取捨。",
                "With each larger weight the code gets shorter (or stays) and the error larger (or"
                " stays): the trade that λ is there for.",
            )
        )
    else:
        told = [
            Sentence(f"λ 由 {'、'.join(names)} 時{zh}", f"from λ = {', '.join(names)} {en}")
            for names, zh, en in (
                (longer, "碼反而變長", "the code gets longer"),
                (closer, "誤差反而變小", "the error gets smaller"),
            )
            if names
        ]
        found.append(
            Sentence(
                f"但不是每一級都如此：{'，'.join(one.zh for one in told)}；"
                "網路沒有訓練到收斂，各次訓練的差異也還在。",
                f"But not at every step: {', '.join(one.en for one in told)}; the networks are not"
                " trained to the end, and runs differ.",
            )
        )
    return found


def kl_active(studies: Sequence[Study], z_dim: int) -> list[Sentence]:
    """Say at which weights all latents are in use, and at which none is.

    Args:
        studies: the study's rows.
        z_dim: latents in all.
    """
    ordered = _ordered(studies)
    counts = [row["active_units"] for row in ordered]
    low, high = ordered[0], ordered[-1]
    found = [
        Sentence(
            f"{z_dim:,} 個隱變數中，λ = {weight(low['kl_weight'])} 時有 {counts[0]:,} 個活躍，"
            f"λ = {weight(high['kl_weight'])} 時有 {counts[-1]:,} 個。",
            f"Of {z_dim:,} latents {counts[0]:,} are active with λ = {weight(low['kl_weight'])} and"
            f" {counts[-1]:,} with λ = {weight(high['kl_weight'])}.",
        )
    ]
    if is_trial(low):
        return found
    empty = [row["kl_weight"] for row in ordered if row["active_units"] == 0]
    if empty:
        names = _listed(empty)
        found.append(
            Sentence(
                f"λ = {names.zh} 時一個也沒有：後驗塌縮，解碼器只能畫平均的影像。",
                f"With λ = {names.en} there is none: the posterior has collapsed, and the decoder"
                " can only paint the mean picture.",
            )
        )
    else:
        found.append(
            Sentence(
                "沒有一個權重使隱變數全部失效。", "With none of the weights are all latents idle."
            )
        )
    return found


def kl_kid(studies: Sequence[Study]) -> list[Sentence]:
    """Say at which weight the prior samples are best, and how it goes on either side.

    Args:
        studies: the study's rows.
    """
    ordered = [row for row in _ordered(studies) if "kid" in row]
    if len(ordered) < 2 or is_trial(ordered[0]):
        return []
    best = min(ordered, key=lambda row: row["kid"])
    ends = [(weight(row["kl_weight"]), num(row["kid"])) for row in (ordered[0], best, ordered[-1])]
    if best is ordered[-1] or best is ordered[0]:
        place = ("最大", "largest") if best is ordered[-1] else ("最小", "smallest")
        other = ends[0] if best is ordered[-1] else ends[2]
        return [
            Sentence(
                f"先驗樣本的 KID 在{place[0]}的權重 λ = {ends[1][0]} 最低（{ends[1][1]}），"
                f"另一端 λ = {other[0]} 是 {other[1]}。",
                f"The prior samples' KID is lowest at the {place[1]} weight, λ = {ends[1][0]}"
                f" ({ends[1][1]}); at the other end, λ = {other[0]}, it is {other[1]}.",
            )
        ]
    return [
        Sentence(
            f"先驗樣本的 KID 在 λ = {ends[1][0]} 最低（{ends[1][1]}）；"
            f"太小（λ = {ends[0][0]}：{ends[0][1]}）或太大"
            f"（λ = {ends[2][0]}：{ends[2][1]}）都比較差。",
            f"The prior samples' KID is lowest at λ = {ends[1][0]} ({ends[1][1]}); too small a"
            f" weight (λ = {ends[0][0]}: {ends[0][1]}) or too large a one (λ = {ends[2][0]}:"
            f" {ends[2][1]}) is worse.",
        )
    ]


def kl_scores(results: Results) -> list[Sentence]:
    """Say at which weight each disentanglement score is highest, and what chance gives there.

    Args:
        results: the study's; on data without known factors, that is what is said.
    """
    rows = [row for row in _ordered(results["studies"]) if "disentanglement" in row]
    if len(rows) < 2 or is_trial(results):
        return disentanglement({f"λ = {weight(r['kl_weight'])}": r for r in results["studies"]})
    bests: dict[str, tuple[str, float, float]] = {}
    known_scores: list[str] = []
    for key, name in SCORES.items():
        known = {
            weight(row["kl_weight"]): row["disentanglement"][key]
            for row in rows
            if key in row["disentanglement"]
        }
        known_scores += [name] * bool(known)
        if known and max(known.values()) - min(known.values()) >= SAME_SCORE:
            best = max(known, key=known.get)
            floors = [row["disentanglement"]["floor"][key] for row in rows]
            bests[name] = (best, known[best], float(np.mean(floors)))
    if not bests:
        return [
            Sentence(
                f"各個權重的分數相差都不到 {SAME_SCORE:g}，分不出高下。",
                f"The weights' scores differ by less than {SAME_SCORE:g}: none is better.",
            )
        ]
    zh = "；".join(
        f"{name} 是 λ = {w}（{score(value)}，隨機配對 {score(floor)}）"
        for name, (w, value, floor) in bests.items()
    )
    en = "; ".join(
        f"{name} with λ = {w} ({score(value)}, by chance {score(floor)})"
        for name, (w, value, floor) in bests.items()
    )
    found = [Sentence(f"各分數最高的權重：{zh}。", f"Each score is highest at: {en}.")]
    if flat := [name for name in known_scores if name not in bests]:
        found.append(
            Sentence(
                f"{'、'.join(flat)} 在各個權重之間相差不到 {SAME_SCORE:g}，分不出高下。",
                f"{', '.join(flat)}: the weights differ by less than {SAME_SCORE:g}, so none is"
                " better.",
            )
        )
    if len({w for w, _, _ in bests.values()}) > 1:
        found.append(
            Sentence(
                "這些分數的最高點不在同一個權重：它們問的不是同一件事。",
                "The scores do not peak at one weight: they do not ask the same question.",
            )
        )
    return found


# ---------------------------------------------------------------------------------- the claims


def kl_overall(results: Results) -> list[Sentence]:
    """Hold the reports' claims on the KL weight against the study, a claim a sentence.

    Args:
        results: the study's.
    """
    if is_trial(results):
        return [
            Sentence(
                f"只更新了 {results['num_steps']} 次，還不能得出任何結論。",
                f"{results['num_steps']} updates bear out no conclusion.",
            )
        ]
    ordered = [row for row in _ordered(results["studies"]) if "kid" in row]
    if len(ordered) < 2:
        return [Sentence("只有一個權重，無從比較。", "A single weight leaves nothing to compare.")]
    return [
        _c1(ordered),
        *_c4(ordered, results),
        *_c13(ordered),
        *_c14(ordered, results),
        Sentence(
            "每個權重只訓練一次，換一個種子，相近的數字可能前後對調；結論是否站得住，"
            "要看以多個種子重複的檢驗（`hwlib claims C1 C4 C13 C14`）。",
            "Each weight was trained once, and with another seed close numbers may change places;"
            " whether a conclusion stands is tested over several seeds"
            " (`hwlib claims C1 C4 C13 C14`).",
        ),
    ]


def _c1(ordered: Sequence[Study]) -> Sentence:
    """Hold C1 of reports A, B and D against C1' of report C."""
    low, high = ordered[0], ordered[-1]
    best = min(ordered, key=lambda row: row["kid"])
    change = high["test_mse_01"] / low["test_mse_01"] - 1
    ends = (weight(low["kl_weight"]), weight(high["kl_weight"]))
    errors = num(low["test_mse_01"]), num(high["test_mse_01"])
    peak = weight(best["kl_weight"])
    zh = (
        f"C1（報告 A、B、D）與 C1'（報告 C）：λ 由 {ends[0]} 到 {ends[1]}，"
        f"測試 MSE 由 {errors[0]} 到 {errors[1]}"
    )
    en = (
        f"C1 (reports A, B, D) and C1' (report C): from λ = {ends[0]} to {ends[1]} the test MSE"
        f" goes from {errors[0]} to {errors[1]}"
    )
    blurs, sharpens = change > SMALL, change < -SMALL
    if blurs and best is high:
        return Sentence(
            f"{zh}，樣本的 KID 也在最大的權重最低：C1 成立，C1' 不成立。",
            f"{en}, and the samples' KID is lowest at the largest weight: C1 holds here, C1' does"
            " not.",
        )
    if blurs and best is low:
        return Sentence(
            f"{zh}，樣本的 KID 卻以最小的權重最好：重建如 C1 所說，樣本則如 C1' 所說。",
            f"{en}, while the samples' KID is best at the smallest weight: reconstructions go as C1"
            " says, samples as C1' does.",
        )
    if blurs:
        return Sentence(
            f"{zh}；樣本的 KID 在 λ = {peak} 最低，最小與最大的權重都比較高。"
            f"重建如 C1 所說；樣本從最小的權重到 λ = {peak} 如 C1 所說，再到最大的權重則相反。"
            "C1' 對重建的說法不成立。",
            f"{en}; the samples' KID is lowest at λ = {peak}, higher at either end. Reconstructions"
            f" go as C1 says; samples go as C1 says from the smallest weight to λ = {peak}, and the"
            " other way from there to the largest. What C1' says of reconstructions does not hold.",
        )
    if sharpens and best is low:
        return Sentence(
            f"{zh}，樣本的 KID 以最小的權重最好：C1' 成立，C1 不成立。",
            f"{en}, and the samples' KID is best at the smallest weight: C1' holds here, C1 does"
            " not.",
        )
    return Sentence(
        f"{zh}，樣本的 KID 在 λ = {peak} 最低：這次看不到 C1 所說的取捨，C1' 也不完全成立。",
        f"{en}, and the samples' KID is lowest at λ = {peak}: the trade of C1 does not show here,"
        " and C1' does not hold as a whole.",
    )


def _c4(ordered: Sequence[Study], results: Results) -> list[Sentence]:
    """Hold report B's claim against the largest weight: all pictures alike."""
    high, base = ordered[-1], _base(ordered, results)
    if base is None or "diversity_samples" not in high or "diversity_samples" not in base:
        return []
    change = high["diversity_samples"] / base["diversity_samples"]
    names = weight(high["kl_weight"]), weight(base["kl_weight"])
    zh = (
        f"C4（報告 B）：λ = {names[0]} 時樣本的多樣性是 λ = {names[1]} 的 {percent(change, 0)}，"
        f"活躍的隱變數有 {high['active_units']} 個"
    )
    en = (
        f"C4 (report B): with λ = {names[0]} the samples vary {percent(change, 0)} as much as with"
        f" λ = {names[1]}, and {high['active_units']} latents are active"
    )
    if change >= ALIKE:
        return [
            Sentence(f"{zh}：C4 在這個權重還看不到。", f"{en}: C4 does not show at this weight.")
        ]
    zh, en = f"{zh}：如 C4 所說，影像彼此更像", f"{en}: they look more alike, as C4 says"
    low = ordered[0]
    if "diversity_samples" in low and low["diversity_samples"] < high["diversity_samples"]:
        zh += f"；最小的權重 λ = {weight(low['kl_weight'])} 多樣性更低，那裡的原因就不是權重太大"
        en += (
            f"; the smallest weight, λ = {weight(low['kl_weight'])}, has even less diversity,"
            " which no large weight explains"
        )
    return [Sentence(f"{zh}。", f"{en}.")]


def _base(ordered: Sequence[Study], results: Results) -> Study | None:
    """Return the first of the weights told in full, unless it is the largest of all."""
    own = next((row for row in ordered if row["kl_weight"] == results["kl_weights"][0]), None)
    return None if own is ordered[-1] else own


def _c13(ordered: Sequence[Study]) -> list[Sentence]:
    """Hold report D's claim against weight 0: good reconstructions, useless samples."""
    zero = next((row for row in ordered if row["kl_weight"] == 0), None)
    if zero is None:
        return []
    lowest = min(ordered, key=lambda row: row["test_mse_01"])
    best = min(ordered, key=lambda row: row["kid"])
    is_sharp = zero["test_mse_01"] <= lowest["test_mse_01"] * AS_SHARP
    times = zero["kid"] / best["kid"] if best["kid"] > 0 else float("inf")
    is_useless = zero is not best and times >= USELESS
    errors = [num(row["test_mse_01"], 4) for row in (zero, lowest)]
    kids = [num(row["kid"]) for row in (zero, best)]
    zh = (
        f"C13（報告 D）：λ = 0 的測試 MSE 是 {errors[0]}（最低的是 λ ="
        f" {weight(lowest['kl_weight'])} 的 {errors[1]}），樣本的 KID 是 {kids[0]}"
        f"（最低的是 λ = {weight(best['kl_weight'])} 的 {kids[1]}）"
    )
    en = (
        f"C13 (report D): λ = 0 has a test MSE of {errors[0]} (lowest: {errors[1]} at λ ="
        f" {weight(lowest['kl_weight'])}) and a KID of {kids[0]} (lowest: {kids[1]} at λ ="
        f" {weight(best['kl_weight'])})"
    )
    verdicts = {
        (True, True): Sentence(
            "重建與最好的相當、樣本差得多，符合 C13",
            "it reconstructs about as well as the best and its samples are far worse, as C13 says",
        ),
        (True, False): Sentence(
            f"重建與最好的相當；KID 還不到最好的 {USELESS:g} 倍，在這裡不算「無用」",
            "it reconstructs about as well as the best, and its KID is less than"
            f" {USELESS:g} times the best, which does not count as useless here",
        ),
        (False, True): Sentence(
            "樣本差得多，但重建不如最好的",
            "its samples are far worse, but it does not reconstruct as well as the best",
        ),
        (False, False): Sentence(
            "兩半都看不到，C13 不成立", "neither half shows: C13 does not hold here"
        ),
    }
    verdict = verdicts[is_sharp, is_useless]
    return [Sentence(f"{zh}：{verdict.zh}。", f"{en}: {verdict.en}.")]


def _c14(ordered: Sequence[Study], results: Results) -> list[Sentence]:
    """Hold report D's claim against the largest weight: everything is blurred."""
    high, own = ordered[-1], _base(ordered, results)
    if own is None:
        return []
    zh, en, shares = [], [], []
    for key, zh_name, en_name in (
        ("sharpness_samples", "樣本", "samples"),
        ("sharpness_reconstructions", "重建影像", "reconstructions"),
    ):
        if key in own and key in high:
            shares.append(high[key] / own[key])
            zh.append(f"{zh_name}是 {percent(shares[-1], 0)}")
            en.append(f"{percent(shares[-1], 0)} for {en_name}")
    if not shares:
        return []
    name, base = weight(high["kl_weight"]), weight(own["kl_weight"])
    zh_text = f"C14（報告 D）：λ = {name} 的銳利度與 λ = {base} 相比，{'，'.join(zh)}"
    en_text = f"C14 (report D): beside λ = {base} the sharpness with λ = {name} is {', '.join(en)}"
    if max(shares) < BLURRED:
        return [Sentence(f"{zh_text}：全部模糊。", f"{en_text}: everything is blurred.")]
    if min(shares) < BLURRED:
        return [Sentence(f"{zh_text}：只有一半如此。", f"{en_text}: only one half is blurred.")]
    if min(shares) < 1:
        return [
            Sentence(
                f"{zh_text}：只模糊一些，不到門檻。", f"{en_text}: a little blurred, too little."
            )
        ]
    return [Sentence(f"{zh_text}：並沒有更模糊。", f"{en_text}: no more blurred.")]
