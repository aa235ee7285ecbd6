"""What adversarial curves and snapshots bear out: balance, jumps, collapse, late breaks."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from hwlib.discuss.base import (
    MIN_RECORDS,
    Results,
    Sentence,
    is_trial,
    num,
    percent,
    plural,
    too_few,
)
from hwlib.discuss.distances import beside_real, is_far
from hwlib.plots.adversarial import HEALTHY
from hwlib.plots.adversarial import UNDECIDED as UNDECIDED_LOSSES

UNDECIDED = UNDECIDED_LOSSES["d_loss"]  # D answers one half to every picture
CLEAR = 0.3  # correlations below this count as none
LOST = 0.1  # share of the improvement that a run may lose again without being called broken
TENTH = 0.1
NO_LOSS = 0.05  # D's mean loss between two snapshots that a run counts as zero
NO_DIVERSITY = 0.3  # of real pictures'; below it a run counts samples' diversity as gone


def gan_curves(metrics: pd.DataFrame, results: Results) -> list[Sentence]:
    """Say how D and G stood to one another, and hold claims C7, C8 and C9 against it.

    Args:
        metrics: `Run.metrics` of a GAN, an ACGAN or an InfoGAN.
        results: the run's results.
    """
    if is_trial(results):
        return [no_conclusion(results)]
    if len(metrics) < MIN_RECORDS:
        return too_few(len(metrics))
    return [
        *_ends(metrics),
        *_balance(metrics, results),
        *_jumps(metrics),
        *_collapse(metrics, results),
    ]


def _late(values: pd.Series) -> float:
    """Return the mean over the last tenth of a curve."""
    return float(values.iloc[-max(1, round(len(values) * TENTH)) :].mean())


def _ends(metrics: pd.DataFrame) -> list[Sentence]:
    """Say where the two losses ended, beside those of a D that cannot tell at all."""
    d_loss, g_loss = _late(metrics["d_loss"]), _late(metrics["g_loss"])
    numbers = (num(d_loss), num(g_loss), num(UNDECIDED), num(UNDECIDED / 2))
    if d_loss >= 0.95 * UNDECIDED:
        zh, en = " D 幾乎分不出真假", "D can hardly tell real from generated"
    elif d_loss <= 0.25 * UNDECIDED:
        zh, en = " D 遠遠領先", "D is far ahead"
    else:
        zh, en = " D 仍分得出一部分真假", "D still tells some of them apart"
    return [
        Sentence(
            f"最後一成的訓練裡，D 的損失平均是 {numbers[0]}、G 是 {numbers[1]}；"
            f"若 D 完全分不出真假，兩者會是 {numbers[2]} 與 {numbers[3]}，所以{zh}。",
            f"Over the last tenth of training D's loss is {numbers[0]} and G's {numbers[1]}; with a"
            f" D that cannot tell at all they would be {numbers[2]} and {numbers[3]}, so {en}.",
        )
    ]


def is_sound(metrics: pd.DataFrame, results: Results) -> bool:
    """Whether training neither collapsed nor lost again what its samples had gained."""
    has_lost = _lost(metrics, results) > LOST or _is_deaf(metrics, results)
    return not _signs(metrics, results) and not has_lost


def _listening(metrics: pd.DataFrame, results: Results) -> tuple[float, float] | None:
    """Return how labels asked for and seen correlate: of the ACGAN's G kept, and at the end."""
    if "snapshot_correlation" not in metrics:
        return None
    scored = metrics.dropna(subset=["snapshot_correlation"])
    listens = scored["snapshot_correlation"]
    (kept,) = listens[scored["step"] == results["kept_step"]]
    return float(kept), float(listens.iloc[-1])


def _is_deaf(metrics: pd.DataFrame, results: Results) -> bool:
    """Whether an ACGAN's G no longer listened to its label at the end, which KID does not see."""
    listening = _listening(metrics, results)
    return listening is not None and listening[1] < listening[0] - CLEAR


def _signs(metrics: pd.DataFrame, results: Results) -> dict[str, int]:
    """Return when each sign of collapse was seen; diversity that still grew was not lost."""
    signs = {sign["sign"]: sign["step"] for sign in results["collapse"]}
    if "snapshot_diversity" in metrics:
        diversity = metrics["snapshot_diversity"].dropna()
        has_grown = diversity.iloc[-1] > (1 + CLEAR) * diversity.iloc[0]
        is_high = results["final_diversity"] >= NO_DIVERSITY / 2
        if is_high and has_grown and diversity.iloc[-1] >= (1 - LOST) * diversity.max():
            signs.pop("diversity_gone", None)
    return signs


def _lost(metrics: pd.DataFrame, results: Results) -> float:
    """Return the share of the snapshots' improvement that the last one has lost again."""
    first = float(metrics["snapshot_kid"].dropna().iloc[0])
    gained = first - results["best_kid"]
    lost = results["last_kid"] - results["best_kid"]
    return lost / gained if gained > 0 else (math.inf if lost > 0 else 0.0)


def _balance(metrics: pd.DataFrame, results: Results) -> list[Sentence]:
    """Say D's accuracy, and whether report B's band of healthy training holds here (C7)."""
    real, fake = results["d_accuracy_real"], results["d_accuracy_fake"]
    mean = (real + fake) / 2
    low, high = HEALTHY
    if low <= mean <= high:
        zh = "落在報告 B 所說的 60–75 % 之內"
        en = "within the 60–75 % of report B"
    elif mean > high:
        zh, en = (
            "高於報告 B 所說的 60–75 %，D 占上風",
            "above report B's 60–75 %, so D has the upper hand",
        )
    else:
        zh, en = (
            "低於報告 B 所說的 60–75 %，G 占上風",
            "below report B's 60–75 %, so G has the upper hand",
        )
    curve = (metrics["d_accuracy_real"] + metrics["d_accuracy_fake"]) / 2
    inside = curve.between(low, high)
    share = percent(float(inside.mean()), 0)
    course = Sentence(
        f"整條曲線有 {share} 的點落在這個範圍", f"{share} of the curve's points lie in it"
    )
    if not inside.any():
        course = Sentence(
            "整條曲線沒有任何一點落在這個範圍", "none of the curve's points lie in it"
        )
    numbers = (percent(real), percent(fake), percent(mean))
    found = [
        Sentence(
            f"同一段時間 D 的準確率，在真實影像上是 {numbers[0]}、生成影像上是 {numbers[1]}，"
            f"平均 {numbers[2]}，{zh}；{course.zh}。",
            f"D's accuracy over the same time is {numbers[0]} on real and {numbers[1]} on generated"
            f" pictures, {numbers[2]} on average, {en}; {course.en}.",
        )
    ]
    return [*found, *_c7(metrics, results, is_inside=low <= mean <= high)]


def _c7(metrics: pd.DataFrame, results: Results, *, is_inside: bool) -> list[Sentence]:
    """Hold report B's band against whether this training was sound."""
    if "snapshot_kid" not in metrics:
        return []
    first = num(float(metrics["snapshot_kid"].dropna().iloc[0]))
    numbers = (first, num(results["last_kid"]))
    sound = is_sound(metrics, results)
    zh_kid = f"快照的 KID 由 {numbers[0]} 到 {numbers[1]}"
    en_kid = f"the snapshots' KID went from {numbers[0]} to {numbers[1]}"
    if _is_deaf(metrics, results):
        heard = [num(value, 2) for value in _listening(metrics, results)]
        zh_kid += f"，標籤的相關係數由採用時的 {heard[0]} 掉到 {heard[1]}"
        en_kid += f", the labels' correlation fell from {heard[0]}, where kept, to {heard[1]}"
    if is_far(results):
        ratio = num(results["frechet"] / results["frechet_real"])
        return [_c7_open(Sentence(zh_kid, en_kid), ratio, is_sound=sound)]
    if sound and is_inside:
        return [
            Sentence(
                f"訓練也確實健康（{zh_kid}，沒有崩潰的徵兆），與報告 B 的說法（C7）相符。",
                f"Training was sound as well ({en_kid}, with no sign of collapse), which agrees"
                " with report B (C7).",
            )
        ]
    if sound:
        return [
            Sentence(
                f"但訓練仍然健康（{zh_kid}，沒有崩潰的徵兆）：這次不支持 C7，"
                "準確率不在這個範圍也能訓練得好。",
                f"Yet training was sound ({en_kid}, with no sign of collapse): C7 does not hold"
                " here, for it went well outside that band.",
            )
        ]
    if is_inside:
        return [
            Sentence(
                f"但訓練並不健康（{zh_kid}）：準確率落在這個範圍，不保證訓練順利（C7）。",
                f"Yet training was not sound ({en_kid}): that band is no warrant (C7).",
            )
        ]
    return [
        Sentence(
            f"訓練也確實不健康（{zh_kid}），與 C7 相符：離開這個範圍時出了問題。",
            f"Training was not sound either ({en_kid}), which agrees with C7: out of the band, in"
            " trouble.",
        )
    ]


def _c7_open(kid: Sentence, ratio: str, *, is_sound: bool) -> Sentence:
    """Leave report B's band open where samples are too far from real pictures to tell."""
    if is_sound:
        return Sentence(
            f"沒有崩潰的徵兆（{kid.zh}），但樣本離真實影像還很遠"
            f"（Fréchet 距離是雜訊底線的 {ratio} 倍），"
            "訓練得好不好還不能下定論，C7 也就無從判斷。",
            f"There is no sign of collapse ({kid.en}), but the samples are still far from real"
            f" pictures (a Fréchet distance {ratio} times the noise floor), so whether"
            " training went well, and with it C7, is left open.",
        )
    return Sentence(
        f"樣本離真實影像還很遠（{kid.zh}，Fréchet 距離是雜訊底線的 {ratio} 倍），"
        "看不出準確率與訓練好壞的關係，C7 也就無從判斷。",
        f"The samples are still far from real pictures ({kid.en}, and the Fréchet distance is"
        f" {ratio} times the noise floor), so they cannot show what D's accuracy has to do with"
        " sound training, and C7 is left open.",
    )


def _jumps(metrics: pd.DataFrame) -> list[Sentence]:
    """Say whether one loss falls where the other jumps (C8)."""
    late = metrics.iloc[round(len(metrics) * TENTH) :]
    d_steps, g_steps = np.diff(late["d_loss"]), np.diff(late["g_loss"])
    if not d_steps.std() or not g_steps.std():
        return []
    r = float(np.corrcoef(d_steps, g_steps)[0, 1])
    count = max(3, round(len(g_steps) * TENTH))
    jumps = np.argsort(-g_steps)[:count]
    opposite = percent(float((d_steps[jumps] < 0).mean()), 0)
    r_written = f"{r:.2f}".replace("-", "−")
    zh = (
        f"兩條損失的逐點變化，相關係數是 {r_written}；G 的損失跳升最多的 {count} 處，D 的損失有"
        f" {opposite} 同時下降"
    )
    en = (
        f"From point to point the two losses change with a correlation of {r_written}; at the"
        f" {count} highest jumps of G's loss, D's loss falls in {opposite}"
    )
    if r < -CLEAR:
        return [
            Sentence(
                f"{zh}：與報告 B 的觀察（C8：一個跳升，另一個就下降）相符。",
                f"{en}: as report B saw (C8: when one jumps, the other falls).",
            )
        ]
    if r > CLEAR:
        return [
            Sentence(
                f"{zh}：兩者反而同升同降，與報告 B 的 C8 相反。",
                f"{en}: they rise and fall together, the opposite of report B's C8.",
            )
        ]
    return [
        Sentence(
            f"{zh}：看不出報告 B 所說的此起彼落（C8）。",
            f"{en}: report B's to and fro (C8) does not show.",
        )
    ]


def _collapse(metrics: pd.DataFrame, results: Results) -> list[Sentence]:
    """Say which signs of collapse were seen, and hold report C's claim (C9) against them."""
    signs = _signs(metrics, results)
    found = []
    if "diversity_gone" in signs:
        step, left = signs["diversity_gone"], percent(results["final_diversity"], 0)
        found.append(
            Sentence(
                f"**模式崩潰的徵兆：第 {step:,} 步時樣本已失去多樣性；結束時的多樣性是真實影像的"
                f" {left}。**",
                f"**A sign of mode collapse: at step {step:,} the samples had lost their diversity;"
                f" at the end it is {left} of real pictures'.**",
            )
        )
    if "d_loss_zero" in signs:
        found += _c9(metrics, signs["d_loss_zero"])
    elif not found:
        lowest, left = metrics["d_loss"].min(), percent(results["final_diversity"], 0)
        found.append(
            Sentence(
                f"沒有崩潰的徵兆：D 的損失最低是 {num(lowest)}，沒有停在 0"
                f"（報告 C 的 C9 沒有發生），結束時樣本的多樣性是真實影像的 {left}。",
                f"No sign of collapse: D's loss was {num(lowest)} at its lowest and did not stay at"
                f" 0 (report C's C9 did not come up); at the end the samples are {left} as diverse"
                " as real pictures.",
            )
        )
    return found


def _c9(metrics: pd.DataFrame, step: int) -> list[Sentence]:
    """Say what became of the samples after D's loss had reached zero."""
    scored = metrics.dropna(subset=["snapshot_kid"])
    before = scored.loc[scored["step"] <= step, "snapshot_kid"]
    after = scored.loc[scored["step"] > step, "snapshot_kid"]
    zh = f"**第 {step:,} 步時 D 的損失已降到 0（低於 {NO_LOSS}）**"
    en = f"**By step {step:,} D's loss had come down to 0 (below {NO_LOSS})**"
    if after.empty:
        return [Sentence(f"{zh}，之後沒有別的快照。", f"{en}; no snapshot follows.")]
    numbers = (num(float(before.min())), num(float(after.min())))
    if after.min() < before.min():
        return [
            Sentence(
                f"{zh}，但之後最好的快照 KID 是 {numbers[1]}，仍優於之前的 {numbers[0]}："
                "G 還在學，與報告 C 的 C9 不符。",
                f"{en}; yet the best snapshot after it has a KID of {numbers[1]}, better than"
                f" {numbers[0]} before: G went on learning, against report C's C9.",
            )
        ]
    return [
        Sentence(
            f"{zh}，之後最好的快照 KID 是 {numbers[1]}，再也沒有贏過之前的 {numbers[0]}："
            "正如報告 C 所說（C9），G 學不下去了。",
            f"{en}; the best snapshot after it has a KID of {numbers[1]}, never again as good as"
            f" {numbers[0]} before: as report C says (C9), G could no longer learn.",
        )
    ]


def snapshots(metrics: pd.DataFrame, results: Results) -> list[Sentence]:
    """Say which snapshot is the best, and whether the run broke late (C12).

    Args:
        metrics: `Run.metrics`, with `snapshot_kid` where a snapshot was scored.
        results: the run's results.
    """
    best, last, kept = results["best_step"], results["num_steps"], results["kept_step"]
    count = int(metrics["snapshot_kid"].count())
    spent = percent(results["snapshot_share"])
    kids = (num(results["best_kid"]), num(results["last_kid"]))
    cost = Sentence(
        f"全程評分 {count} 個快照，共占時間的 {spent}；採用的是第 {kept:,} 步的網路。",
        f"{plural(count, 'snapshot')} {'was' if count == 1 else 'were'} scored in {spent} of all"
        f" time; the networks kept are those of step {kept:,}.",
    )
    if is_trial(results):
        return [cost]
    chosen = _chosen(metrics, results)
    has_lost = _lost(metrics, results) > LOST
    if has_lost:
        zh = f"KID 最低的快照在第 {best:,} 步（{kids[0]}），之後變差，結束時是 {kids[1]}"
        en = (
            f"The lowest KID is that of step {best:,} ({kids[0]}); it got worse afterwards and"
            f" ended at {kids[1]}"
        )
    elif best == last:
        zh = f"KID 最低的就是最後一個快照（{kids[0]}）"
        en = f"The lowest KID is that of the last snapshot ({kids[0]})"
    else:
        zh = f"KID 最低的快照在第 {best:,} 步（{kids[0]}），最後一個（{kids[1]}）差不多一樣好"
        en = (
            f"The lowest KID is that of step {best:,} ({kids[0]}), and the last snapshot"
            f" ({kids[1]}) is about as good"
        )
    if is_far(results):
        course = Sentence(
            f"{zh}；但樣本離真實影像還很遠，有沒有報告 A 所說的後期崩壞（C12）無從判斷。",
            f"{en}; but the samples are still far from real pictures, so whether there was a late"
            " break as in report A (C12) is left open.",
        )
    elif has_lost:
        course = Sentence(
            f"{zh}：正如報告 A 所說（C12），較早的快照比最後的好，所以值得邊訓練邊留下最好的。",
            f"{en}: as report A says (C12), an earlier snapshot beats the last, so keeping the best"
            " on the way is worth it.",
        )
    elif _is_deaf(metrics, results):
        course = Sentence(
            f"{zh}；但 KID 看不出 G 聽不聽標籤，而它在結尾已經不聽了："
            "正如報告 A 所說（C12），較早的快照比最後的好。",
            f"{en}; but KID does not see whether G listens to its label, and at the end it no"
            " longer does: as report A says (C12), an earlier snapshot beats the last.",
        )
    elif best == last:
        course = Sentence(
            f"{zh}：沒有報告 A 所說的後期崩壞（C12），再訓練下去可能還會進步。",
            f"{en}: no late break as in report A (C12), and longer training might still help.",
        )
    else:
        course = Sentence(
            f"{zh}：沒有報告 A 所說的後期崩壞（C12）。",
            f"{en}: no late break as in report A (C12).",
        )
    return [course, cost, *chosen]


def _chosen(metrics: pd.DataFrame, results: Results) -> list[Sentence]:
    """Say how well the ACGAN's G that is kept listens, beside the snapshots' range."""
    listening = _listening(metrics, results)
    if listening is None:
        return []
    listens = metrics["snapshot_correlation"]
    kept, last = (num(value, 2) for value in listening)
    ends = [num(float(value), 2) for value in (listens.min(), listens.max())]
    return [
        Sentence(
            f"採用的網路，要求的標籤與判讀網路看到的相關係數是 {kept}，最後一個快照是 {last}；"
            f"各快照在 {ends[0]} 到 {ends[1]} 之間。",
            "Of the networks kept, labels asked for and labels that the oracle sees correlate by"
            f" {kept}, of the last snapshot by {last}; the snapshots range from {ends[0]} to"
            f" {ends[1]}.",
        )
    ]


def gan_overall(results: Results, metrics: pd.DataFrame) -> list[Sentence]:
    """Gather what concerns a GAN's run as a whole, its curves included, a finding a sentence."""
    if is_trial(results):
        return [no_conclusion(results)]
    return beside_real([*gan_curves(metrics, results), *snapshots(metrics, results)], results)


def no_conclusion(results: Results) -> Sentence:
    """Say that a trial bears out nothing."""
    return Sentence(
        f"只更新了 {results['num_steps']} 次，還不能得出任何結論。",
        f"{results['num_steps']} updates bear out no conclusion.",
    )
