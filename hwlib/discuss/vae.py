"""What a VAE's numbers bear out: curves, test MSE, samples and latents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

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
    too_few,
)
from hwlib.discuss.names import named, tidy

FACE_PHOTOGRAPHS = ("hw4", "celeba")  # layouts of the pictures that the reports had
FAR_BELOW = 0.5  # a weight of the KL that is far below the ELBO's 1

# ------------------------------------------------------------------------------ learning curves


def _smooth(values: pd.Series) -> np.ndarray:
    """Return the running median over a twentieth of the curve; the two ends stay as measured."""
    window = max(3, len(values) // 20) | 1
    smooth = values.rolling(window, center=True, min_periods=1).median().to_numpy(copy=True)
    smooth[[0, -1]] = values.iloc[[0, -1]]
    return smooth


def curves(metrics: pd.DataFrame) -> list[Sentence]:
    """Say how reconstruction and KL went, and whether that bears out claims C3 and C3'.

    Args:
        metrics: `Run.metrics`.
    """
    if len(metrics) < MIN_RECORDS:
        return too_few(len(metrics))
    recon, kl = _smooth(metrics["recon_nats"]), _smooth(metrics["kl_nats"])
    measured = metrics["kl_nats"].to_numpy()
    return [*_recon_course(recon), *_kl_course(kl, measured), *_c3(recon, kl)]


def _recon_course(recon: np.ndarray) -> list[Sentence]:
    """Say whether the reconstruction loss fell, and how steadily."""
    first, last = num(recon[0]), num(recon[-1])
    if recon[-1] >= recon[0] * (1 - SMALL):
        return [
            Sentence(
                f"重建損失沒有下降：開始 {first}，結束 {last} nats。",
                f"The reconstruction loss did not fall: {first} nats at first, {last} at the end.",
            )
        ]
    half = recon[-1] + (recon[0] - recon[-1]) / 2
    share = np.argmax(recon <= half) / (len(recon) - 1)
    return [
        Sentence(
            f"重建損失由每張 {first} nats 降到 {last} nats；一半的降幅在前 {percent(share, 0)}"
            " 的訓練就完成了。",
            f"The reconstruction loss fell from {first} to {last} nats per image; half of the fall"
            f" was done after {percent(share, 0)} of the training.",
        )
    ]


def _kl_course(kl: np.ndarray, measured: np.ndarray) -> list[Sentence]:
    """Say where the KL term began, turned and ended.

    The smoothed curve decides whether there is a turn; the numbers are those the figure shows.
    """
    low, high = int(np.argmin(kl)), int(np.argmax(kl))
    lowest, highest = int(np.argmin(measured)), int(np.argmax(measured))
    first, last = num(kl[0]), num(kl[-1])
    end = len(kl) - 1
    if low not in (0, end) and kl[0] > kl[low] * (1 + SMALL) and kl[-1] > kl[low] * (1 + SMALL):
        return [
            Sentence(
                f"KL 項先由 {first} 降到 {num(measured[lowest])} nats"
                f"（訓練進行到 {percent(lowest / end, 0)} 時），再回升到 {last} nats。",
                f"The KL term first fell from {first} to {num(measured[lowest])} nats (after"
                f" {percent(lowest / end, 0)} of the training), then rose again to {last}.",
            )
        ]
    if high not in (0, end) and kl[high] > max(kl[0], kl[-1]) * (1 + SMALL):
        return [
            Sentence(
                f"KL 項先由 {first} 升到 {num(measured[highest])} nats"
                f"（訓練進行到 {percent(highest / end, 0)} 時），再降到 {last} nats。",
                f"The KL term first rose from {first} to {num(measured[highest])} nats (after"
                f" {percent(highest / end, 0)} of the training), then fell to {last}.",
            )
        ]
    if abs(kl[-1] - kl[0]) <= SMALL * abs(kl[0]):
        return [
            Sentence(
                f"KL 項幾乎不變：開始 {first}，結束 {last} nats。",
                f"The KL term hardly changed: {first} nats at first, {last} at the end.",
            )
        ]
    is_rise = kl[-1] > kl[0]
    zh, en = ("升到", "rose") if is_rise else ("降到", "fell")
    extreme = (np.maximum if is_rise else np.minimum).accumulate(kl)
    back = float(np.abs(extreme - kl).max())
    if back > SMALL * abs(kl[-1] - kl[0]):
        turned = Sentence(
            f"但不是一路如此，中途曾折返 {num(back)} nats",
            f"though not all the way: it turned back by {num(back)} nats meanwhile",
        )
    else:
        turned = Sentence("中途沒有折返", "without turning back")
    gap = ", " if turned.en.startswith("though") else " "
    return [
        Sentence(
            f"KL 項由 {first} {zh} {last} nats，{turned.zh}。",
            f"The KL term {en} from {first} to {last} nats{gap}{turned.en}.",
        )
    ]


def _late_change(values: np.ndarray) -> float:
    """Return the relative change of a curve's last tenth against the tenth that ends at 80 %."""
    tenth = max(1, len(values) // 10)
    before = values[-3 * tenth : -2 * tenth].mean()
    return float((values[-tenth:].mean() - before) / abs(before))


def _c3(recon: np.ndarray, kl: np.ndarray) -> list[Sentence]:
    """Hold reports B's and C's claims on the two curves against the run."""
    low, end = int(np.argmin(kl)), len(kl) - 1
    falls_first = 0 < low < end / 2 and kl[0] > kl[low] * (1 + SMALL)
    rises_later = kl[-1] > kl[low] * (1 + SMALL)
    late = _late_change(kl)
    is_flat = abs(late) <= SMALL
    found = []
    if falls_first and rises_later and is_flat:
        found.append(
            Sentence(
                "這正是報告 B 的觀察（C3）：KL 項先快速下降，再慢慢回升，最後趨於平穩。",
                "That is what report B saw (C3): the KL term falls fast, then rises slowly to a"
                " plateau.",
            )
        )
    else:
        zh, en = [], []
        if not falls_first and kl[0] > kl[low] * (1 + SMALL):
            zh.append(f"它一直降到訓練進行 {percent(low / end, 0)} 時")
            en.append(f"it falls until {percent(low / end, 0)} of the training")
        elif not falls_first:
            zh.append("開頭沒有先降")
            en.append("it does not fall at first")
        if falls_first and not rises_later:
            zh.append("之後沒有回升")
            en.append("it does not rise afterwards")
        if not is_flat:
            zh.append(f"結尾還沒有趨於平穩（最後兩成仍變化 {percent(late)}）")
            en.append(f"there is no plateau yet (still {percent(late)} over the last fifth)")
        found.append(
            Sentence(
                "報告 B 說 KL 項先快速下降、再慢慢回升，最後趨於平穩（C3），這次並非如此："
                f"{'，'.join(zh)}。",
                "Report B says that the KL term falls fast and then rises slowly to a plateau (C3);"
                f" not so here: {', and '.join(en)}.",
            )
        )
    third = len(kl) // 3
    kl_keeps_falling = kl[-1] < kl[third] * (1 - SMALL)
    recon_rises = recon[-1] > recon[third] * (1 + SMALL)
    if kl_keeps_falling and recon_rises:
        found.append(
            Sentence(
                "報告 C 的說法（C3'）也成立：KL 項持續下降，重建損失同時上升。",
                "Report C's claim (C3') holds: the KL term keeps falling while the reconstruction"
                " loss rises.",
            )
        )
    else:
        zh_kl, en_kl = _direction(kl[third], kl[-1])
        zh_recon, en_recon = _direction(recon[third], recon[-1])
        found.append(
            Sentence(
                "報告 C 則說 KL 項持續下降而重建損失上升（C3'），這次沒有出現："
                f"後三分之二的訓練中 KL 項{zh_kl}，重建損失{zh_recon}。",
                "Report C says that the KL term keeps falling while the reconstruction loss rises"
                f" (C3'); that does not show here: over the last two thirds the KL term {en_kl} and"
                f" the reconstruction loss {en_recon}.",
            )
        )
    return found


def _direction(before: float, after: float) -> tuple[str, str]:
    """Say which way a number went."""
    change = (after - before) / abs(before)
    if abs(change) <= SMALL:
        return "大致持平", "stays level"
    share = percent(abs(change))
    return (
        (f"上升 {share}", f"rises by {share}")
        if change > 0
        else (
            f"下降 {share}",
            f"falls by {share}",
        )
    )


def gap(metrics: pd.DataFrame, results: Results) -> list[Sentence]:
    """Say how far the test set's negative ELBO lies from the training set's: overfitting or not.

    Args:
        metrics: `Run.metrics`, whose test points show the course on some of the test images.
        results: the run's results, measured on all of them.
    """
    if "test_neg_elbo_nats" not in metrics:
        return []
    points = metrics.dropna(subset=["test_neg_elbo_nats"])
    course = points["test_neg_elbo_nats"].to_numpy()
    if len(course) < 3:
        return []
    train, test = metrics["neg_elbo_nats"].iloc[-1], results["neg_elbo_nats"]
    difference = (test - train) / abs(train)
    best = int(np.argmin(course))
    ends = (num(train), num(test))
    if best < len(course) - 1 and course[-1] > course[best] * (1 + SMALL):
        epoch = num(float(points["epoch"].iloc[best]))
        low, last = num(course[best]), num(course[-1])
        trained = _smooth(metrics["neg_elbo_nats"])
        then, now = trained[metrics.index.get_loc(points.index[best])], trained[-1]
        if now > then * (1 + SMALL):  # training minimises another balance of the two terms
            return [
                Sentence(
                    f"測試曲線的負 ELBO 在第 {epoch} 個週期降到最低 {low}，之後回升到 {last}；"
                    f"訓練影像的也一起由 {num(then)} 回升到 {num(now)}，"
                    f"所以這不是過度擬合。結束時整個測試集是 {ends[1]}。",
                    f"The test curve's negative ELBO was lowest, {low}, at epoch {epoch} and rose"
                    f" to {last} afterwards; that of the training images rose with it, from"
                    f" {num(then)} to {num(now)}, so this is no overfitting. At the end it is"
                    f" {ends[1]} on the entire test set.",
                )
            ]
        return [
            Sentence(
                f"測試曲線的負 ELBO 在第 {epoch} 個週期降到最低 {low}，之後回升到 {last}；"
                f"結束時整個測試集是 {ends[1]}，訓練集是 {ends[0]}：模型已經過度擬合。",
                f"The test curve's negative ELBO was lowest, {low}, at epoch {epoch} and rose to"
                f" {last} afterwards; at the end it is {ends[1]} on the entire test set and"
                f" {ends[0]} in training: the model overfits.",
            )
        ]
    if difference > 0.05:
        return [
            Sentence(
                f"結束時整個測試集的負 ELBO（{ends[1]}）比訓練集（{ends[0]}）"
                f"高 {percent(difference)}，"
                "但測試曲線沒有回升：有落差，還沒有過度擬合到變差。",
                f"At the end the negative ELBO of the entire test set ({ends[1]}) is"
                f" {percent(difference)} above that in training ({ends[0]}), but the test curve has"
                " not turned up: there is a gap, and no overfitting that does harm yet.",
            )
        ]
    return [
        Sentence(
            f"結束時整個測試集的負 ELBO 是 {ends[1]}、訓練集是 {ends[0]}（相差"
            f" {percent(difference)}）：看不出過度擬合。",
            f"At the end the negative ELBO is {ends[1]} on the entire test set and {ends[0]} in"
            f" training (a difference of {percent(difference)}): no overfitting is seen.",
        )
    ]


# ------------------------------------------------------------------------------ the reported MSE


class Reading(NamedTuple):
    """One way to read a reported MSE, as the mean over every value with pixels in [0, 1]."""

    zh: str
    en: str
    mse_01: float


def readings(reported: float, channels: int = 3) -> list[Reading]:
    """Return what a reported MSE would be in [0, 1], per value, under each plausible reading."""
    found = []
    for scale, factor in (("[0, 1]", 1.0), ("[-1, 1]", 0.25)):
        found += [
            Reading(
                f"像素在 {scale}，對所有數值取平均",
                f"pixels in {scale}, mean over every value",
                reported * factor,
            ),
            Reading(
                f"像素在 {scale}，三個通道加總、對像素取平均",
                f"pixels in {scale}, summed over the channels, mean over pixels",
                reported * factor / channels,
            ),
            Reading(
                f"像素在 {scale}，取平均後又除以一次通道數",
                f"pixels in {scale}, a mean divided by the channels once more",
                reported * factor * channels,
            ),
        ]
    return found


def mse_table(
    results: Results, reported: float | None, *, pixel_range: Sequence[float] | None
) -> dict[str, pd.DataFrame]:
    """Return the test MSE in both scales, and below it the report's number read in either.

    Args:
        results: the run's results.
        reported: the report's test MSE, or None.
        pixel_range: of the report's output, its natural scale; None where it does not state it.
    """
    heads = {
        "zh": ("", "MSE，像素在 [0, 1]", "MSE，像素在 [-1, 1]", "典型誤差（255 階）"),
        "en": ("", "MSE, pixels in [0, 1]", "MSE, pixels in [-1, 1]", "typical error (of 255)"),
    }
    values = [(Sentence("本次，整個測試集", "this run, entire test set"), results["test_mse_01"])]
    if reported is not None:
        for scale, low, factor in (("[-1, 1]", -1, 0.25), ("[0, 1]", 0, 1.0)):
            is_own = pixel_range is not None and low == pixel_range[0]
            zh = f"原報告，若像素在 {scale}" + ("（它的輸出範圍）" if is_own else "")
            en = f"report, if in {scale}" + (" (its output range)" if is_own else "")
            values.append((Sentence(zh, en), reported * factor))
    return {
        lang: pd.DataFrame(
            [(getattr(name, lang), m, 4 * m, 255 * float(np.sqrt(m))) for name, m in values],
            columns=list(head),
        )
        for lang, head in heads.items()
    }


def mse(
    results: Results,
    reported: float | None,
    *,
    pixel_range: Sequence[float],
    layout: str,
) -> list[Sentence]:
    """Say the test MSE in both scales, and what the report's number can mean.

    Args:
        results: the run's results.
        reported: the report's test MSE, whose unit no report defines; None where it gives none.
        pixel_range: of the recipe's output, which suggests the scale the author had.
        layout: of the run's data; the report's were photographs of faces.
    """
    ours, ours_11 = results["test_mse_01"], results["test_mse_11"]
    count = results["num_test_images"]
    grey = num(255 * np.sqrt(ours))
    found = [
        Sentence(
            f"整個測試集（{count:,} 張）的 MSE：像素在 [0, 1] 是 **{num(ours, 4)}**，在 [-1, 1] 是"
            f" **{num(ours_11, 4)}**（恰為四倍）；相當於每個數值的典型誤差為 255 階中的 {grey}"
            " 階。",
            f"The MSE of the entire test set ({count:,} images) is **{num(ours, 4)}** with pixels"
            " in"
            f" [0, 1] and **{num(ours_11, 4)}** in [-1, 1] (exactly four times as much); that is a"
            f" typical error of {grey} of 255 grey levels per value.",
        )
    ]
    if reported is None:
        found.append(
            Sentence(
                "原報告沒有列出測試 MSE，因此無從比較。",
                "The report gives no test MSE, so there is nothing to compare with.",
            )
        )
        return found
    found.append(_natural_reading(reported, pixel_range))
    return [
        *found,
        *(_no_contest(results, layout) or _fit(ours, reported, pixel_range)),
    ]


def _natural(reported: float, pixel_range: Sequence[float]) -> float:
    """Return a reported MSE in [0, 1], read as a mean over every value in the output's range."""
    low, high = pixel_range
    return reported / (high - low) ** 2


def _natural_reading(reported: float, pixel_range: Sequence[float]) -> Sentence:
    """Say what the report's number means if it is a mean over every value in its output range."""
    scale = "[0, 1]" if pixel_range[0] == 0 else "[-1, 1]"
    natural = _natural(reported, pixel_range)
    grey, shown = num(255 * np.sqrt(natural)), num(reported, 6)
    return Sentence(
        f"原報告寫的是 {shown}，沒有說明單位。這份配方的輸出範圍是 {scale}，最自然的讀法是在"
        f" {scale}"
        f" 對所有數值取平均：換算到 [0, 1] 是 {num(natural)}，典型誤差為 255 階中的 {grey} 階。",
        f"The report says {shown} and does not define its unit. The recipe's output range is"
        f" {scale},"
        f" so the natural reading is a mean over every value in {scale}: {num(natural)} in [0, 1],"
        f" a typical error of {grey} of 255 levels.",
    )


def _fit(ours: float, reported: float, pixel_range: Sequence[float]) -> list[Sentence]:
    """Say how the natural reading fits this run, and which fits best where it does not."""
    natural = _natural(reported, pixel_range)
    ratio = natural / ours
    if 0.5 <= ratio <= 2:
        return [
            Sentence(
                f"這樣讀，原報告的 MSE 是本次的 {num(ratio)} 倍，兩者同一量級，這個讀法說得通。",
                f"Read so, the report's MSE is {num(ratio)} times this run's: of the same order, so"
                " this reading makes sense.",
            )
        ]
    near = min(readings(reported), key=lambda r: abs(np.log(r.mse_01 / ours)))
    return [
        Sentence(
            f"這樣讀，原報告的 MSE 是本次的 {num(ratio)} 倍，相差兩倍以上，"
            "它的單位或訓練條件很可能不同。"
            f"各種讀法中與本次最接近的是「{near.zh}」（在 [0, 1] 是 {num(near.mse_01)}，為本次的"
            f" {num(near.mse_01 / ours)} 倍）；這只是推測，原報告沒有證實。",
            f"Read so, the report's MSE is {num(ratio)} times this run's, more than a factor of two"
            " apart, so its unit or its training may well be another. Of the readings tried the"
            f' nearest is "{near.en}" ({num(near.mse_01)} in [0, 1], {num(near.mse_01 / ours)}'
            " times ours); that is a guess which the report does not confirm.",
        )
    ]


def _no_contest(results: Results, layout: str) -> list[Sentence]:
    """Say that the two numbers belong to different tasks, where they do."""
    if is_trial(results):
        zh, en = "只是試跑", "is a trial"
    elif layout == "faces":
        zh, en = "用的是程式畫的臉", "has drawn faces"
    elif layout not in FACE_PHOTOGRAPHS:
        zh, en = "用的是別的影像", "has other pictures"
    else:
        return []
    return [
        Sentence(
            f"原報告用的是人臉照片，而且訓練完整；這次{zh}，難易不同，數字並列只為了說明單位，"
            "不能比高下。要驗證單位，請以人臉照片完整訓練。",
            f"The report's data were photographs of faces, fully trained; this run {en}, which is"
            " not equally hard. The numbers stand side by side to explain units, not to win; to"
            " test the unit, train in full on photographs of faces.",
        )
    ]


# ---------------------------------------------------------------------------- samples and latents


def samples(results: Results) -> list[Sentence]:
    """Say whether random samples are blurrier than real images (variance of the Laplacian)."""
    ours, real = results["sharpness_samples"], results["sharpness_real"]
    ratio = ours / real
    numbers = (num(ours), num(real), percent(ratio, 0 if ratio > 0.1 else 1))
    if ratio < 0.8:
        return [
            Sentence(
                f"隨機樣本比真實影像模糊：銳利度（拉普拉斯變異數）{numbers[0]} 對 {numbers[1]}，"
                f"只有真實影像的 {numbers[2]}。",
                f"The samples are blurrier than real images: sharpness (variance of the Laplacian)"
                f" {numbers[0]} against {numbers[1]}, {numbers[2]} of the real images'.",
            )
        ]
    if ratio <= 1.25:
        return [
            Sentence(
                f"以銳利度（拉普拉斯變異數）而言，隨機樣本與真實影像相近：{numbers[0]} 對"
                f" {numbers[1]}（{numbers[2]}）。",
                f"By sharpness (variance of the Laplacian) the samples are about like real images:"
                f" {numbers[0]} against {numbers[1]} ({numbers[2]}).",
            )
        ]
    return [
        Sentence(
            f"隨機樣本的拉普拉斯變異數（{numbers[0]}）反而高於真實影像（{numbers[1]}）；"
            "多出來的高頻多半是雜訊或破碎的紋理，不是細節。",
            f"The samples' variance of the Laplacian ({numbers[0]}) is even above real images'"
            f" ({numbers[1]}); high frequencies beyond theirs are rather noise or broken texture"
            " than detail.",
        )
    ]


def active(results: Results, z_dim: int, *, beta: float) -> list[Sentence]:
    """Say how many latents carry anything.

    Args:
        results: the run's results.
        z_dim: latents in all.
        beta: weight of the KL term in the loss; without one it presses on nothing.
    """
    count = results["active_units"]
    kl = num(results["kl_nats"])
    if count == z_dim:
        return [
            Sentence(
                f"{z_dim:,} 個隱變數全部活躍（μ 的變異數大於 0.01），每張影像的編碼平均用掉 {kl}"
                " nats。",
                f"All {z_dim:,} latents are active (variance of μ above 0.01); an image's code"
                f" takes {kl} nats on average.",
            )
        ]
    if count == 0:
        return [
            Sentence(
                f"{z_dim:,} 個隱變數沒有一個活躍：編碼器什麼都沒有傳給解碼器（後驗塌縮）。",
                f"None of the {z_dim:,} latents is active: the encoder tells the decoder nothing"
                " (posterior collapse).",
            )
        ]
    zh, en = (
        ("被 KL 項壓回先驗、", "are pressed to the prior by the KL term and ") if beta else ("", "")
    )
    return [
        Sentence(
            f"{z_dim:,} 個隱變數中有 {count:,} 個活躍（μ 的變異數大於 0.01），"
            f"其餘 {z_dim - count:,} 個{zh}沒有作用；每張影像的編碼平均用掉 {kl} nats。",
            f"{count:,} of {z_dim:,} latents are active (variance of μ above 0.01); the other"
            f" {z_dim - count:,} {en}do nothing. An image's code takes {kl} nats on average.",
        )
    ]


def probe(results: Results, attribute: str | None) -> list[Sentence]:
    """Say how well a straight cut through latent space tells the attribute.

    Args:
        results: the run's results.
        attribute: the one that the figure is coloured by; None where the data has none.
    """
    if attribute is None:
        return [
            Sentence(
                "這份資料沒有屬性標記，所以 t-SNE 圖不上色，也沒有線性分類器的準確率。",
                "This data has no attributes, so the t-SNE has no colours and there is no accuracy"
                " of a linear probe.",
            )
        ]
    name = named(attribute)
    if "linear_probe_accuracy" not in results:
        single = Sentence(
            f"訓練資料裡的{name.zh}只有一個值，無法訓練線性分類器。",
            f"{attribute} has a single value in the training data, so there is no linear probe.",
        )
        return [tidy(single)]
    accuracy, floor = results["linear_probe_accuracy"], results["linear_probe_floor"]
    numbers = percent(accuracy), percent(floor)
    removed = (accuracy - floor) / (1 - floor) if floor < 1 else 0.0
    zh = (
        f"以隱變數 μ 訓練的線性分類器判斷{name.zh}，測試準確率 {numbers[0]}；"
        f"一律猜多數類是 {numbers[1]}"
    )
    en = (
        f"A linear probe on μ tells {attribute} on {numbers[0]} of the test images; always naming"
        f" the commoner value gives {numbers[1]}"
    )
    if is_trial(results):
        return [tidy(Sentence(zh + "。", en + "."))]
    if removed > 0.5:
        verdict = Sentence(
            f"。只用一個平面來分，錯誤就少了 {percent(removed, 0)}：隱空間清楚地分開了這個屬性。",
            f". One flat cut removes {percent(removed, 0)} of the errors: latent space separates"
            " this attribute clearly.",
        )
    elif removed > 0.1:
        verdict = Sentence(
            f"。比亂猜好，但錯誤只少了 {percent(removed, 0)}：隱空間只部分分開這個屬性。",
            f". Better than guessing, but only {percent(removed, 0)} of the errors are gone: latent"
            " space separates this attribute in part.",
        )
    else:
        verdict = Sentence(
            "。幾乎不比亂猜好：隱空間沒有線性地分開這個屬性。",
            ". Hardly better than guessing: latent space does not separate this attribute"
            " linearly.",
        )
    return [tidy(Sentence(zh + verdict.zh, en + verdict.en)), *_c18(attribute, removed)]


def _c18(attribute: str, removed: float) -> list[Sentence]:
    """Hold reports E's and C's words on male and female against the probe."""
    if attribute != "Male":
        return []
    if removed > 0.5:
        return [
            Sentence(
                "這支持報告 E（C18：隱空間分開男女），而報告 C 看不到分界，"
                "可能只是因為 t-SNE 的二維圖藏住了它。",
                "That supports report E (C18: latent space separates male from female); report C,"
                " which saw no split, may have been misled by the two dimensions of its t-SNE.",
            )
        ]
    return [
        Sentence(
            "這較接近報告 C 的觀察（看不到清楚的男女分界），而不是報告 E 的 C18。",
            "That is nearer to report C, which saw no clear split, than to report E's C18.",
        )
    ]


def balance(results: Results, *, beta: float) -> list[Sentence]:
    """Say how the two terms of the negative ELBO stand to one another at the end.

    Args:
        results: the run's results.
        beta: weight of the KL in the loss, in the ledger's common form.
    """
    recon, kl = results["recon_nats"], results["kl_nats"]
    total = results["neg_elbo_nats"]
    share = percent(kl / total)
    found = [
        Sentence(
            f"測試集的負 ELBO 是每張 {num(total, 4)} nats：重建 {num(recon, 4)}、KL {num(kl, 4)}"
            f"（占 {share}）。",
            f"The negative ELBO of the test set is {num(total, 4)} nats per image: reconstruction"
            f" {num(recon, 4)} and KL {num(kl, 4)} ({share}).",
        )
    ]
    if kl / total > 0.5 and beta < FAR_BELOW:
        weight = num(beta)
        found.append(
            Sentence(
                f"KL 比重建項還大：以這裡的統一定義衡量，這次的損失給 KL 的權重 β 只有 {weight}，"
                "遠小於 1，"
                "編碼比 ELBO 願意付的更貴，重建因而較準，但從先驗抽出的 z 會離訓練時的 z 較遠。",
                "The KL exceeds the reconstruction term: by the common definition used here this"
                f" loss weighs the KL by a β of {weight}, far below 1, so codes cost more than the"
                " ELBO would pay; reconstructions gain, and samples from the prior lie further from"
                " the z seen in training.",
            )
        )
    elif kl / total > 0.5:
        found.append(Sentence("KL 比重建項還大。", "The KL exceeds the reconstruction term."))
    return found


def overall(results: Results, metrics: pd.DataFrame, *, z_dim: int, beta: float) -> list[Sentence]:
    """Gather what concerns the run as a whole (question 1-6), a finding a sentence.

    Args:
        results: the run's results.
        metrics: `Run.metrics`.
        z_dim: latents in all.
        beta: weight of the KL in the loss, in the ledger's common form.
    """
    if is_trial(results):
        return [
            *balance(results, beta=beta),
            Sentence(
                f"只更新了 {results['num_steps']} 次，還不能得出任何結論。",
                f"{results['num_steps']} updates bear out no conclusion.",
            ),
        ]
    found = active(results, z_dim, beta=beta)
    return [*balance(results, beta=beta), *gap(metrics, results), *found]
