"""How a run was trained, and what differs from the report's own schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hwlib.discuss.base import Results, Sentence, num, plural
from hwlib.discuss.captions import NETWORKS

_OPTIMIZERS = {"adam": "Adam", "rmsprop": "RMSprop"}
_RECONSTRUCTIONS = {
    "mse": ("平方誤差", "squared error"),
    "l1": ("絕對誤差", "absolute error"),
    "bce": ("二元交叉熵", "binary cross-entropy"),
}
_OPTIONS = {
    "noise": ("均勻分布的 z", "uniform z"),
    "flip": ("左右翻轉一半的訓練影像", "half of the training pictures mirrored"),
    "d_width": ("D 的通道數乘以 {d_width:g}", "D's channels times {d_width:g}"),
    "joint_batch": (
        "真實與生成影像放在同一個批次",
        "real and generated pictures in one batch",
    ),
    "label_smoothing": ("標籤平滑 {label_smoothing:g}", "label smoothing {label_smoothing:g}"),
    "spectral_norm": ("頻譜正規化", "spectral norm"),
    "r1": ("R1 梯度懲罰 {r1:g}", "R1 penalty {r1:g}"),
    "augment": ("可微分的資料擴增", "differentiable augmentation"),
    "ema": ("G 權重的移動平均 {ema:g}", "moving average of G's weights {ema:g}"),
}

_SIZES = {
    "width": ("通道數倍率", "channel factor"),
    "num_steps": ("更新次數", "updates"),
    "batch_size": ("批次大小", "batch size"),
    "learning_rate": ("學習率", "learning rate"),
}
# What else builds the networks; the rest that does stands among the options.
_STRUCTURE = {
    "z_dim": ("隱變數", "latents"),
    "num_layers": ("層數", "layers"),
    "image_size": ("影像邊長", "side of the images"),
    "batch_norm": ("批次正規化", "batch norm"),
    "num_codes": ("碼", "codes"),
}


def schedule(
    settings: Mapping[str, Any], reported: Mapping[str, Any], results: Results
) -> list[Sentence]:
    """Say how the run was trained and what differs from the report's own schedule.

    Of an adversarial run also which options it took.

    Args:
        settings: the run's settings.
        reported: the settings of the recipe's `course` profile.
        results: the run's results.
    """
    name = _OPTIMIZERS[settings["optimizer"]]
    rate, batch = num(settings["learning_rate"]), settings["batch_size"]
    steps, epochs, images = results["num_steps"], num(results["num_epochs"]), results["num_images"]
    seconds, speed = num(results["train_time_s"]), num(results["images_per_s"])
    loss = _adversarial(settings) if settings["problem"] in NETWORKS else _elbo(settings)
    return [
        Sentence(
            f"{loss.zh}；以 {name} 訓練，學習率 {rate}，批次大小 {batch}，"
            f"共更新 {steps:,} 次（{epochs} 個訓練週期、{images:,} 張影像）。",
            f"{loss.en}; trained with {name},"
            f" learning rate {rate}, batches of {batch}, {plural(steps, 'update')} in all"
            f" ({plural(epochs, 'epoch')}, {plural(images, 'image')}).",
        ),
        *_options(settings),
        Sentence(
            f"訓練花了 {seconds} 秒，每秒 {speed} 張影像。",
            f"Training took {seconds} s, {speed} images per second.",
        ),
        *_shortened(settings, reported),
    ]


def _elbo(settings: Mapping[str, Any]) -> Sentence:
    """Say a VAE's loss."""
    zh_error, en_error = _RECONSTRUCTIONS[settings["reconstruction"]]
    weight = num(settings["kl_weight"])
    if settings.get("sigma") == "learned":
        return Sentence(
            f"重建項是 σ 由訓練決定的高斯負對數概似，λ = {weight}",
            f"The reconstruction term is a Gaussian's negative log-likelihood whose σ is learnt,"
            f" λ = {weight}",
        )
    return Sentence(
        f"重建項採用{zh_error}，λ = {weight}",
        f"The reconstruction term is the {en_error}, λ = {weight}",
    )


def _adversarial(settings: Mapping[str, Any]) -> Sentence:
    """Say the losses of an adversarial problem."""
    zh, en = "D 與 G 的損失都是二元交叉熵", "Both D's and G's loss is the binary cross-entropy"
    if settings["problem"] == "acgan":
        weight = num(settings["class_weight"])
        zh += f"，屬性的交叉熵權重為 {weight}"
        en += f", the attribute's cross-entropy weighs {weight}"
    if settings["problem"] == "infogan":
        weight = num(settings["code_weight"])
        zh += f"，Q 的交叉熵權重為 {weight}"
        en += f", Q's cross-entropy weighs {weight}"
    updates = settings["d_updates"]
    if updates > 1:
        zh += f"，G 每更新一次，D 更新 {updates} 次"
        en += f", with {updates} updates of D for each of G"
    return Sentence(zh, en)


def _options(settings: Mapping[str, Any]) -> list[Sentence]:
    """Say which options an adversarial run took beside the plain ones."""
    if settings["problem"] not in NETWORKS:
        return []
    taken = [
        Sentence(zh.format(**settings), en.format(**settings))
        for name, (zh, en) in _OPTIONS.items()
        if settings[name] not in (False, 0, 0.0, "normal")
        and (name, settings[name]) != ("d_width", 1.0)
    ]
    if not taken:
        return []
    return [
        Sentence(
            f"另外採用：{'、'.join(option.zh for option in taken)}。",
            f"Taken besides: {', '.join(option.en for option in taken)}.",
        )
    ]


def _shortened(settings: Mapping[str, Any], reported: Mapping[str, Any]) -> list[Sentence]:
    """Say where the run is smaller than the report's own, or its networks are others."""
    profile, found = settings["profile"], []
    size, structure = (_changed(names, settings, reported) for names in (_SIZES, _STRUCTURE))
    if size:
        zh, en = ("", "") if structure else ("；網路結構相同", "; the structure is the same")
        found.append(
            Sentence(
                f"與原報告的規模不同之處：{size.zh}{zh}。",
                f"What differs in size from the report's own: {size.en}{en}.",
            )
        )
    if settings["width"] != reported["width"]:
        times = num(settings["width"] / reported["width"])
        found.append(
            Sentence(
                f"下文若提到通道數，指的是原報告的規模；這次每層是它的 {times} 倍，以結構圖為準。",
                "Numbers of channels named below are those of the report's own size; here each"
                f" layer has {times} times as many, as the diagram of the networks shows.",
            )
        )
    if structure:
        found.append(
            Sentence(
                f"網路本身也與原報告不同：{structure.zh}。",
                f"The networks themselves are not the report's: {structure.en}.",
            )
        )
    if found and profile != "course":
        found.append(
            Sentence(
                "要跑原報告的完整設定，把 profile 改成 course，不另加設定。",
                "Profile course, without settings of your own, runs the report's.",
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
    if profile == "look":
        found.append(
            Sentence(
                "**注意：look 只用小網路訓練一下，圖片粗糙；要可以比較的數字，請用 quick。**",
                "**Note: look trains small networks for a moment, and pictures are rough; for"
                " numbers to compare take quick.**",
            )
        )
    return found


def _changed(
    names: Mapping[str, tuple[str, str]], settings: Mapping[str, Any], reported: Mapping[str, Any]
) -> Sentence | None:
    """List which of the settings `names` are not the report's."""
    changed = [key for key in names if settings.get(key) != reported.get(key)]
    if not changed:
        return None
    steps = {key: f"{_plain(reported[key])} → {_plain(settings[key])}" for key in changed}
    return Sentence(
        "、".join(f"{names[key][0]} {steps[key]}" for key in changed),
        ", ".join(f"{names[key][1]} {steps[key]}" for key in changed),
    )


def _plain(value: float | str) -> str:
    """Write a setting."""
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
