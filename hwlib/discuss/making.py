"""How a run was trained, and what differs from the report's own schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hwlib.discuss.base import Results, Sentence, num

_OPTIMIZERS = {"adam": "Adam", "rmsprop": "RMSprop"}
_RECONSTRUCTIONS = {
    "mse": ("平方誤差", "squared error"),
    "l1": ("絕對誤差", "absolute error"),
    "bce": ("二元交叉熵", "binary cross-entropy"),
}


def schedule(
    settings: Mapping[str, Any], reported: Mapping[str, Any], results: Results
) -> list[Sentence]:
    """Say how the run was trained and what differs from the report's own schedule.

    Args:
        settings: the run's settings.
        reported: the settings of the recipe's `course` profile.
        results: the run's results.
    """
    name = _OPTIMIZERS[settings["optimizer"]]
    rate, batch = num(settings["learning_rate"]), settings["batch_size"]
    steps, epochs, images = results["num_steps"], num(results["num_epochs"]), results["num_images"]
    zh_error, en_error = _RECONSTRUCTIONS[settings["reconstruction"]]
    weight = num(settings["kl_weight"])
    seconds, speed = num(results["train_time_s"]), num(results["images_per_s"])
    return [
        Sentence(
            f"重建項採用{zh_error}，λ = {weight}；以 {name} 訓練，學習率 {rate}，批次大小 {batch}，"
            f"共更新 {steps:,} 次（{epochs} 個訓練週期、{images:,} 張影像）。",
            f"The reconstruction term is the {en_error}, λ = {weight}; trained with {name},"
            f" learning rate {rate}, batches of {batch}, {steps:,} updates in all ({epochs} epochs,"
            f" {images:,} images).",
        ),
        Sentence(
            f"訓練花了 {seconds} 秒，每秒 {speed} 張影像。",
            f"Training took {seconds} s, {speed} images per second.",
        ),
        *_shortened(settings, reported),
    ]


def _shortened(settings: Mapping[str, Any], reported: Mapping[str, Any]) -> list[Sentence]:
    """Say where the run is smaller than the report's own."""
    names = {"width": ("通道數倍率", "channel factor"), "num_steps": ("更新次數", "updates")}
    changed = [key for key in names if settings[key] != reported[key]]
    profile, found = settings["profile"], []
    if changed:
        steps = {key: f"{_plain(reported[key])} → {_plain(settings[key])}" for key in changed}
        zh = "、".join(f"{names[key][0]} {steps[key]}" for key in changed)
        en = ", ".join(f"{names[key][1]} {steps[key]}" for key in changed)
        found.append(
            Sentence(
                f"與原報告的規模不同之處：{zh}；網路結構相同。"
                "要跑原報告的完整設定，把 profile 改成 course。",
                f"What differs in size from the report's own: {en}; the structure is the same."
                " Profile course runs the report's.",
            )
        )
    if profile == "smoke":
        found.append(
            Sentence(
                "**注意：smoke 只用幾秒鐘確認流程跑得通，以下的數字與圖沒有意義。**",
                "**Note: smoke only checks in seconds that everything runs; the numbers and"
                " pictures below mean nothing.**",
            )
        )
    return found


def _plain(value: float) -> str:
    """Write a setting."""
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
