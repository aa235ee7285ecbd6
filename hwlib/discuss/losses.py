"""The loss ledger in words: its tables, what their columns mean, and what follows for a run."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from hwlib import ledger as book
from hwlib.discuss.base import Results, Sentence, is_trial, num
from hwlib.ledger import GREY_LEVELS, VAE_RECIPES, Row
from hwlib.recipes import RECIPES

LANGUAGES = Sentence._fields
NONE = "–"
APART = 1.25  # sigmas that differ by less than this factor are called alike

Tables = dict[str, pd.DataFrame]

# Where the reductions of `hwlib.recipes.base` sum and where they average: of errors, of the KL.
ERROR_TERMS = {
    "mean_of_all": Sentence("所有數值平均", "mean of all values"),
    "sum_of_all": Sentence("整批加總", "sum over the batch"),
    "image_sum": Sentence("每張加總、批次平均", "image sum, batch mean"),
}
KL_TERMS = {
    "mean_of_all": Sentence("批次平均", "batch mean"),
    "sum_of_all": Sentence("整批加總", "sum over the batch"),
}
ERRORS = {
    "mse": Sentence("", ""),
    "l1": Sentence("絕對誤差，", "absolute error, "),
    "bce": Sentence("交叉熵，", "cross-entropy, "),
}
LEARNT = Sentence("σ 由訓練決定，", "σ learnt, ")
THIS_RUN = Sentence("（本次）", " (run)")

REPORT = Sentence("報告", "report")
COLUMNS = {
    "error": Sentence("誤差項", "error term"),
    "kl": Sentence("KL 項", "KL term"),
    "pixels": Sentence("像素範圍", "pixels"),
    "lambda": Sentence("λ", "λ"),
    "beta": Sentence("β", "β"),
    "sigma": Sentence("隱含的 σ", "implied σ"),
    "reported": Sentence("報告寫的 MSE", "MSE as printed"),
    "read": Sentence("讀法", "read as"),
    "error_of": Sentence("典型誤差（255 階）", "typical error (of 255)"),
}
LEARN = '`settings = {"sigma": "learned"}`'  # as it is typed in a notebook
MEANINGS = {
    "lambda": Sentence(
        "這份報告的損失給 KL 項的權重；括號內是配方名稱時，是同一個取捨用那份報告的寫法的值。",
        "The weight that this report's loss gives to its KL term; with a recipe in brackets, what"
        " the same balance would be in that report's convention.",
    ),
    "beta": Sentence(
        "共同形式的 KL 權重：每張影像的平方誤差在 [-1, 1] 加總，再加 β 倍的 KL（nats）。",
        "Weight of the KL in the common form: squared error summed over an image with pixels in"
        " [-1, 1], plus β times the KL in nats.",
    ),
    "sigma": Sentence(
        "把這個損失看成權重 1 的高斯負 ELBO 時，解碼器的標準差，以 255 階計："
        "σ = √(β/2)，像素在 [-1, 1]。",
        "The decoder's standard deviation, in grey levels of 255, if the loss is read as a Gaussian"
        " negative ELBO of weight 1: σ = √(β/2) with pixels in [-1, 1].",
    ),
    "reported": Sentence(
        "報告印出的測試 MSE，沒有註明像素範圍。",
        "The test MSE that the report prints; none says in which pixel range.",
    ),
    "mse": Sentence(
        "同一個誤差，像素在括號內的範圍。",
        "The same error with pixels in the range in brackets.",
    ),
    "error_of": Sentence(
        "MSE 的平方根，以 255 階計。", "Square root of the MSE, in grey levels of 255."
    ),
}


# --------------------------------------------------------------------------------------- tables


def _frames(heads: Sequence[Sentence], rows: Sequence[Sequence[Sentence | str]]) -> Tables:
    """Return a table a language, of cells that are sentences or the same in both."""

    def said(cell: Sentence | str, lang: str) -> str:
        return cell if isinstance(cell, str) else getattr(cell, lang)

    return {
        lang: pd.DataFrame(
            [[said(cell, lang) for cell in row] for row in rows],
            columns=[getattr(head, lang) for head in heads],
        )
        for lang in LANGUAGES
    }


def _same(text: str) -> Sentence:
    """Return words that are the same in both languages."""
    return Sentence(text, text)


def _name(recipe: str, *, is_run: bool = False) -> Sentence:
    """Name a report: its letter and its recipe."""
    name = f"{RECIPES[recipe].letter} {recipe}"
    return Sentence(name + THIS_RUN.zh, name + THIS_RUN.en) if is_run else _same(name)


def _range(pixel_range: Sequence[float]) -> str:
    """Write a range of pixels."""
    return f"[{pixel_range[0]:.0f}, {pixel_range[1]:.0f}]"


def _error_term(row: Row) -> Sentence:
    """Say what a row's error is and how it is reduced."""
    kind = ERRORS[row.reconstruction] if row.learned_sigma_01 is None else LEARNT
    how = ERROR_TERMS[row.reduce_error]
    return Sentence(kind.zh + how.zh, kind.en + how.en)


def _implied(row: Row) -> str:
    """Write the implied sigma in grey levels; with L1 the Laplace scale."""
    if row.sigma_01 is not None:
        return num(GREY_LEVELS * row.sigma_01)
    return NONE if row.laplace_01 is None else f"b = {num(GREY_LEVELS * row.laplace_01)}"


def objective_tables(rows: Sequence[Row]) -> Tables:
    """Return each objective as its report writes it, with its beta and its implied sigma."""
    heads = [REPORT, *(COLUMNS[n] for n in ("error", "kl", "pixels", "lambda", "beta", "sigma"))]
    cells = [
        (
            _name(row.recipe, is_run=row.is_run),
            _error_term(row),
            KL_TERMS[row.reduce_kl],
            _range(row.pixel_range),
            num(row.kl_weight, 4),
            num(row.beta, 4),
            _implied(row),
        )
        for row in rows
    ]
    return _frames(heads, cells)


def conversion_tables(rows: Sequence[Row]) -> Tables:
    """Return what each lambda is in the convention of every recipe."""
    heads = [REPORT, COLUMNS["lambda"], *(_same(f"λ ({recipe})") for recipe in VAE_RECIPES)]
    cells = [
        (
            _name(row.recipe, is_run=row.is_run),
            num(row.kl_weight, 4),
            *(num(row.weights[recipe], 4) for recipe in VAE_RECIPES),
        )
        for row in rows
    ]
    return _frames(heads, cells)


def reported_tables() -> Tables:
    """Return the MSE that each report prints, with pixels in [0, 1] and in [-1, 1]."""
    scales = [_same("MSE ([0, 1])"), _same("MSE ([-1, 1])")]
    heads = [REPORT, COLUMNS["reported"], COLUMNS["read"], *scales, COLUMNS["error_of"]]
    cells = []
    for one in book.reported_mses():
        scale = _range(one.range_read)
        read = (
            Sentence(f"{scale}，它的輸出範圍", f"{scale}, its output range")
            if one.is_stated
            else Sentence(f"若在 {scale}", f"if in {scale}")
        )
        numbers = (num(one.mse_01, 4), num(one.mse_11, 4), num(GREY_LEVELS * one.mse_01**0.5))
        cells.append((_name(one.recipe), num(one.reported, 6), read, *numbers))
    return _frames(heads, cells)


def ledger_tables(rows: Sequence[Row]) -> dict[str, Tables]:
    """Return the ledger's tables by name, each by language.

    Args:
        rows: from `hwlib.ledger.rows`.

    Returns:
        `ledger`, the objectives and their common form; `ledger_weights`, each lambda in the others'
        conventions; `ledger_mse`, the reported errors in both ranges.
    """
    return {
        "ledger": objective_tables(rows),
        "ledger_weights": conversion_tables(rows),
        "ledger_mse": reported_tables(),
    }


def ledger_meanings(lang: str) -> list[tuple[str, str]]:
    """Return head and meaning of the ledger's columns of numbers."""
    heads = {name: getattr(head, lang) for name, head in COLUMNS.items()} | {"mse": "MSE"}
    return [(heads[name], getattr(meaning, lang)) for name, meaning in MEANINGS.items()]


# ------------------------------------------------------------------------------------ sentences


def ledger(row: Row, results: Results) -> list[Sentence]:
    """Say what a run's lambda comes to, and how its implied sigma stands to its error.

    Args:
        row: of the run, from `hwlib.ledger.of_run`.
        results: the run's results.
    """
    said = [*_common(row), *_others(row)]
    if is_trial(results) or not row.sigma_01:
        return said
    return [*said, *_against_error(row, results), *_bits(row, results)]


def _common(row: Row) -> list[Sentence]:
    """Say the common form of the loss and the decoder that it implies."""
    weight, beta = num(row.kl_weight, 4), num(row.beta, 4)
    if row.reconstruction == "bce":
        return [
            Sentence(
                f"這次的重建項是交叉熵，沒有隱含的 σ；對每張影像加總後，λ = {weight} 是 β ="
                f" {beta}。像素是灰階而不是 0 與 1，所以它也不是嚴格的對數概似。",
                "The reconstruction term is the cross-entropy, which implies no σ; summed over an"
                f" image, λ = {weight} is β = {beta}. As pixels are grey, not 0 or 1, it is no"
                " log-likelihood in the strict sense either.",
            )
        ]
    if row.kl_weight == 0:
        return [
            Sentence(
                "λ = 0：損失裡沒有 KL，這是普通的自編碼器；隱含的 σ 是 0，談不上概似。",
                "λ = 0: there is no KL in the loss, so this is a plain autoencoder; the implied σ"
                " is 0 and there is no likelihood to speak of.",
            )
        ]
    if row.reconstruction == "l1":
        scale = num(GREY_LEVELS * row.laplace_01)
        return [
            Sentence(
                f"這次的 λ = {weight}，換成每張影像、像素在 [-1, 1] 的絕對誤差總和加 β 倍 KL，是"
                f" β = {beta}；若看成權重 1 的負 ELBO，解碼器是尺度 b 為 {scale} 階（共 255 階）的"
                "拉普拉斯分布。",
                f"This run's λ = {weight} is β = {beta} where the absolute error is summed over an"
                " image with pixels in [-1, 1]; read as a negative ELBO of weight 1, the decoder is"
                f" a Laplace distribution of scale {scale} of 255 grey levels.",
            )
        ]
    grey = num(GREY_LEVELS * row.sigma_01)
    if row.learned_sigma_01 is not None:
        own = num(GREY_LEVELS * row.learned_sigma_01)
        zh_more = "" if row.kl_weight == 1 else f"，KL 再乘以 {weight}，相當於 {grey} 階"
        en_more = "" if row.kl_weight == 1 else f"; with the KL times {weight} that is like {grey}"
        return [
            Sentence(
                f"這次的 σ 由訓練決定，結束時是 255 階中的 {own} 階{zh_more}；"
                f"換成共同形式，是 β = {beta}。",
                f"σ was learnt and ended at {own} of 255 grey levels{en_more}; in the common form"
                f" that is β = {beta}.",
            )
        ]
    return [
        Sentence(
            f"這次的 λ = {weight}，換成共同形式（每張影像、像素在 [-1, 1] 的平方誤差總和，加上 β"
            f" 倍的 KL）是 β = {beta}；若看成權重 1 的高斯負 ELBO，解碼器的 σ 是 255 階中的"
            f" {grey} 階。",
            f"This run's λ = {weight} is β = {beta} in the common form (squared error summed over"
            " an image with pixels in [-1, 1], plus β times the KL); read as a Gaussian negative"
            f" ELBO of weight 1, the decoder's σ is {grey} of 255 grey levels.",
        )
    ]


def _others(row: Row) -> list[Sentence]:
    """Say what the other reports' weights are in this recipe's convention."""
    if row.learned_sigma_01 is not None or row.reconstruction != "mse":
        return []
    here, others = row.recipe, [r for r in VAE_RECIPES if r != row.recipe]
    sizes = {"image_size": row.image_size, "channels": row.channels}
    theirs = [book.row(recipe, **sizes) for recipe in others]
    parts = [(r.recipe, num(r.kl_weight, 4), num(r.weights[here], 4)) for r in theirs]
    zh = "、".join(f"{recipe} 的 {own} 成為 {weight}" for recipe, own, weight in parts)
    en = ", ".join(f"{recipe}'s {own} becomes {weight}" for recipe, own, weight in parts)
    return [
        Sentence(
            f"改用 {here} 的寫法，其他報告的 λ 分別是：{zh}。",
            f"Written as {here} writes its loss, the other reports' λ change: {en}.",
        )
    ]


def _against_error(row: Row, results: Results) -> list[Sentence]:
    """Say how the sigma that the loss implies stands to the error that was left."""
    best = book.best_sigma_01(results["recon_nats"], row.num_values)
    ratio = row.sigma_01 / best
    implied, left = num(GREY_LEVELS * row.sigma_01), num(GREY_LEVELS * best)
    zh = f"測試集以抽樣的 z 重建，留下的誤差（方均根）是 {left} 階，而 σ 是 {implied} 階"
    en = (
        f"Reconstructed from a drawn z, the test set is left with an error of {left} grey levels"
        f" (root mean square), while σ is {implied}"
    )
    if row.learned_sigma_01 is not None and row.kl_weight == 1:
        return _learnt_well(ratio, zh, en)
    if 1 / APART <= ratio <= APART:
        return [
            Sentence(
                f"{zh}：兩者相當，這個 λ 接近由資料決定 σ 時會得到的權重。",
                f"{en}: they agree, so this λ is near the weight that a learnt σ would give.",
            )
        ]
    factor = num(max(ratio, 1 / ratio) ** 2)
    if ratio > 1:
        return [
            Sentence(
                f"{zh}：損失預期的雜訊比實際大，以這個誤差而言，KL 的權重是最合適的 σ 所給的"
                f" {factor} 倍，重建因此讓步。設定 {LEARN} 會讓訓練自己決定。",
                f"{en}: the loss expects more noise than there is, so that for this error the KL"
                f" weighs {factor} times what the best-fitting σ would give it, at the"
                f" reconstruction's cost. {LEARN} leaves that to training.",
            )
        ]
    return [
        Sentence(
            f"{zh}：損失預期的雜訊比實際小，以這個誤差而言，KL 的權重只有最合適的 σ 所給的"
            f" 1/{factor}，先驗因此讓步。設定 {LEARN} 會讓訓練自己決定。",
            f"{en}: the loss expects less noise than there is, so that for this error the KL weighs"
            f" 1/{factor} of what the best-fitting σ would give it, at the prior's cost."
            f" {LEARN} leaves that to training.",
        )
    ]


def _learnt_well(ratio: float, zh: str, en: str) -> list[Sentence]:
    """Say whether a learnt sigma has come to the error, where it belongs."""
    if 1 / APART <= ratio <= APART:
        return [
            Sentence(
                f"{zh}：σ 學到了它該在的地方，KL 的權重不必再調。",
                f"{en}: σ has come to where it belongs, and no weight of the KL is left to tune.",
            )
        ]
    if ratio > 1:
        return [
            Sentence(
                f"{zh}：σ 還沒有降到誤差的大小，訓練得不夠久。",
                f"{en}: σ has not yet come down to the error; the training was too short.",
            )
        ]
    return [
        Sentence(
            f"{zh}：σ 是由訓練影像決定的，比測試集的誤差小，模型在訓練影像上重建得較準。",
            f"{en}: σ fits the training pictures and is below the error on the test set, so the"
            " model reconstructs what it was trained on better.",
        )
    ]


def _bits(row: Row, results: Results) -> list[Sentence]:
    """Say the bound in bits per dimension, with the implied and with the best-fitting sigma."""
    best = book.best_sigma_01(results["recon_nats"], row.num_values)
    own, fitted = (
        num(
            book.bits_per_dim(
                results["recon_nats"],
                results["kl_nats"],
                num_values=row.num_values,
                sigma_01=sigma,
            )
        )
        for sigma in (row.sigma_01, best)
    )
    return [
        Sentence(
            f"以這個 σ 計算，測試集的負 ELBO（含常數）是每個像素值 {own} bits；"
            f"同樣的重建與編碼，σ 改取實際誤差，則是 {fitted} bits（像素值 0 到 255 的密度）。",
            f"With this σ the test set's negative ELBO, constant included, is {own} bits per pixel"
            f" value; the same reconstructions and codes with σ at the error that is left give"
            f" {fitted} bits (density over pixel values 0 to 255).",
        )
    ]
