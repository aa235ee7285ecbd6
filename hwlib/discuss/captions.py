"""Alternative text and captions of figures and tables, by name."""

from __future__ import annotations

from typing import Any

from hwlib.discuss.base import Sentence

CAPTIONS: dict[str, dict[str, Sentence]] = {
    "architecture": {
        "alt": Sentence(
            "VAE 方塊圖：左欄由上而下是編碼器各層，中間是 μ、log σ² 與抽樣得到的 z，"
            "右欄由下而上是解碼器各層，"
            "每個方塊標有輸出形狀與參數量。",
            "Block diagram of the VAE: the encoder's layers run down the left column, μ, log σ² and"
            " the"
            " sampled z stand in the middle, the decoder's layers run up the right column; each box"
            " gives its output shape and parameters.",
        ),
        "caption": Sentence(
            "{recipe} 的 VAE 架構。方塊右上是輸出形狀（通道×高×寬），右下是參數量。",
            "The VAE of {recipe}. Upper right in each box: output shape (channels×height×width);"
            " lower right: parameters.",
        ),
    },
    "fig1_2": {
        "alt": Sentence(
            "兩張折線圖，橫軸是訓練週期：左邊是重建損失，右邊是 KL 散度；線是訓練集，點是測試集。"
            "{facts}",
            "Two line charts over epochs: reconstruction loss on the left, KL divergence on the"
            " right; lines are training, points the test set. {facts}",
        ),
        "caption": Sentence(
            "VAE 的學習曲線：重建損失與 KL 散度，單位是每張影像的 nats，兩圖的縱軸不同。",
            "Learning curves of the VAE: reconstruction loss and KL divergence in nats per image;"
            " the two vertical axes differ.",
        ),
    },
    "fig1_3": {
        "alt": Sentence(
            "上排是十張測試影像，下排是 VAE 對同一張影像的重建。",
            "Ten test images in the upper row, the VAE's reconstruction of each below it.",
        ),
        "caption": Sentence(
            "十張測試影像與其重建；整個測試集的 MSE：[0, 1] 為 {mse_01}，[-1, 1] 為 {mse_11}。",
            "Ten test images and their reconstructions; MSE of the entire test set: {mse_01} in [0,"
            " 1], {mse_11} in [-1, 1].",
        ),
    },
    "fig1_4": {
        "alt": Sentence(
            "四列八行共 32 張隨機樣本，由標準常態抽出的 z 解碼而成。",
            "32 random samples in four rows of eight, decoded from z drawn from the standard"
            " normal.",
        ),
        "caption": Sentence(
            "32 張隨機樣本，z 由先驗 N(0, I) 抽出，未經挑選。",
            "32 random samples with z drawn from the prior N(0, I), none picked by hand.",
        ),
    },
    "fig1_5": {
        "alt": Sentence(
            "測試影像隱變數的 t-SNE 散佈圖，共 {count:,} 點。{facts}",
            "Scatter plot of the t-SNE of {count:,} test images' latents. {facts}",
        ),
        "caption": Sentence(
            "測試影像的隱變數 μ 以 t-SNE 降到二維。{facts}",
            "Latents μ of test images, brought to two dimensions by t-SNE. {facts}",
        ),
    },
    "latent_activity": {
        "alt": Sentence(
            "長條圖：各隱變數 μ 的變異數由大到小排列，並以橫線標出 0.01 的門檻；{total:,} 個中有"
            " {active:,} 個在門檻之上。",
            "Bars: the variance of each latent's μ from large to small, with a line at the"
            " threshold of 0.01; {active:,} of {total:,} are above it.",
        ),
        "caption": Sentence(
            "各隱變數的活躍程度：μ 在 {count:,} 張測試影像間的變異數，縱軸為對數刻度。",
            "How active each latent is: the variance of μ over {count:,} test images, on a log"
            " axis.",
        ),
    },
    "interpolation": {
        "alt": Sentence(
            "{rows} 列影像，每列由一張測試影像的重建漸變為另一張的重建。",
            "{rows} rows of pictures; each turns from one test image's reconstruction into"
            " another's.",
        ),
        "caption": Sentence(
            "隱空間中的直線內插：最左與最右是兩張測試影像的重建，百分比是走過的路程。",
            "Straight paths through latent space: the ends are two test images' reconstructions,"
            " the percentage is the share of the way.",
        ),
    },
    "traversal": {
        "alt": Sentence(
            "{rows} 列影像，每列只改變一個隱變數，由左到右從 −3 到 3。",
            "{rows} rows of pictures; in each a single latent goes from −3 on the left to 3 on the"
            " right.",
        ),
        "caption": Sentence(
            "最活躍的 {rows} 個隱變數各自從 −3 變到 3，其餘固定在同一張測試影像的 μ。",
            "The {rows} most active latents, each going from −3 to 3 while the others stay at one"
            " test image's μ.",
        ),
    },
    "layers": {
        "caption": Sentence(
            "{recipe} 的 VAE 各層：輸出形狀（通道×高×寬）與參數量，由 torchinfo 量得。",
            "The layers of the VAE of {recipe}: output shapes (channels×height×width) and"
            " parameters, as torchinfo counts them.",
        ),
    },
    "mse": {
        "caption": Sentence(
            "整個測試集的 MSE；原報告沒有說明像素範圍，因此兩種讀法並列。",
            "MSE of the entire test set beside the report's number, whose pixel range it does not"
            " say.",
        ),
    },
}


def words(name: str, **facts: Any) -> dict[str, dict[str, str]]:
    """Return a figure's or table's `alt` and `caption`, by language.

    Args:
        name: its name, e.g. "fig1_2".
        facts: what its words mention; a `Sentence` gives each language its own.
    """
    found = {}
    for kind, sentence in CAPTIONS[name].items():
        found[kind] = {
            lang: template.format(**{k: _in(lang, v) for k, v in facts.items()}).strip()
            for lang, template in sentence._asdict().items()
        }
    return found


def _in(lang: str, fact: Any) -> Any:
    """Return a fact in one language."""
    return getattr(fact, lang) if isinstance(fact, Sentence) else fact


def colours(attribute: str | None) -> Sentence:
    """Say what the points of the t-SNE are coloured by."""
    if attribute is None:
        return Sentence(
            "資料沒有屬性標記，因此不上色。", "The data has no attributes, so there are no colours."
        )
    return Sentence(f"顏色代表屬性 {attribute}。", f"The colour shows the attribute {attribute}.")
