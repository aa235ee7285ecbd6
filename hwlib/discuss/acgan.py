"""What an ACGAN's numbers bear out: does the label do what it says, and what else does it do."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from hwlib.config import Config
from hwlib.discuss.base import MIN_RECORDS, Results, Sentence, is_trial, percent, too_few
from hwlib.discuss.distances import beside_real
from hwlib.discuss.gan import gan_curves, is_sound, no_conclusion, snapshots
from hwlib.discuss.names import named, tidy
from hwlib.recipes import get_problem

CHANCE = 0.5  # half of the labels are on: a generator that ignores them is right this often
NO_CHANGE = 0.05  # changes of an attribute's rate below this count as none
MORE = 0.10  # a change beyond the data's by this much is the network's own
FROM_CLEAR, FROM_PARTLY = 0.85, 0.65  # accuracies
BLIND = 0.02  # an oracle that beats the majority by less can judge nothing
CLEARER = 0.005  # beyond the oracle's accuracy on real pictures, before samples count as clearer
MAX_NAMED = 3  # attributes that sentences speak of one by one

Changes = Mapping[str, Mapping[str, float]]


def points(change: float) -> str:
    """Write a change of a rate in percentage points, with its sign."""
    written = f"{100 * change:+.0f}".replace("-", "−")
    return "0" if written[1:] == "0" else written


def acgan_curves(metrics: pd.DataFrame, results: Results) -> list[Sentence]:
    """Say how the two tasks went: real or generated, and which attribute.

    Args:
        metrics: `Run.metrics`.
        results: the run's results.
    """
    if is_trial(results):
        return [no_conclusion(results)]
    if len(metrics) < MIN_RECORDS:
        return too_few(len(metrics))
    return [*gan_curves(metrics, results), *_class_course(metrics, results)]


def _class_course(metrics: pd.DataFrame, results: Results) -> list[Sentence]:
    """Say how D and G came to agree on the attribute."""
    tenth = max(1, len(metrics) // 10)
    late = metrics.iloc[-tenth:]
    real, fake = late["class_accuracy_real"].mean(), late["class_accuracy_fake"].mean()
    half = metrics.loc[metrics["class_accuracy_fake"] > 0.9, "step"]
    numbers = (percent(float(real)), percent(float(fake)))
    found = [
        Sentence(
            f"屬性方面，最後一成的訓練裡 D 在真實影像上答對 {numbers[0]}，G 畫的影像有"
            f" {numbers[1]} 被 D 讀成指定的屬性。",
            f"As to the attribute, over the last tenth of training D is right for {numbers[0]} of"
            f" real pictures, and reads {numbers[1]} of G's as they were asked for.",
        )
    ]
    if len(half):
        step = int(half.iloc[0])
        found.append(
            Sentence(
                f"G 的影像在第 {step:,} 步首度有超過 90 % 讓 D 讀對。",
                f"D first read more than 90 % of G's pictures right at step {step:,}.",
            )
        )
    if "class_accuracy_test" in results:
        found.append(_class_test(float(real), results["class_accuracy_test"]))
    return found


def _class_test(trained: float, test: float) -> Sentence:
    """Say whether D has learnt the attribute, or the training pictures by heart."""
    numbers = (percent(test), percent(trained))
    if trained - test > 0.05:
        return Sentence(
            f"D 在測試影像上只答對 {numbers[0]}，比訓練時的 {numbers[1]} 低："
            "它背下了一部分訓練影像，給 G 的屬性訊號也就沒那麼可靠。",
            f"On test pictures D is right for {numbers[0]} only, below its {numbers[1]} in"
            " training: it knows some training pictures by heart, so what it tells G is less"
            " reliable.",
        )
    return Sentence(
        f"D 在測試影像上也答對 {numbers[0]}，與訓練時相當：看不出它只是背下訓練影像。",
        f"On test pictures D is right for {numbers[0]} too, about as in training: no sign that it"
        " only knows the training pictures by heart.",
    )


def control(results: Results) -> list[Sentence]:
    """Say how well the label controls each attribute, by the oracle; of many, the mean.

    The oracle's own accuracy on real pictures is how much could be seen at all.
    """
    names = results["attributes"]
    if len(names) > MAX_NAMED:
        means = percent(results["attribute_accuracy"]), percent(results["attribute_flip_rate"])
        return [
            Sentence(
                f"{len(names)} 個屬性平均，樣本有 **{means[0]}** 與標籤相符（不理會標籤的生成器只有"
                f" {percent(CHANCE, 0)}）；同一個 z 由關切到開，有 **{means[1]}** 跟著由無變有。",
                f"Over {len(names)} attributes, **{means[0]}** of the samples are as asked for (a"
                f" generator that ignores labels: {percent(CHANCE, 0)}); with the same z the"
                f" reading follows the switch from off to on for **{means[1]}**.",
            )
        ]
    found = []
    for name in names:
        zh, en = _control_numbers(name, results)
        tail = ("。", ".") if is_trial(results) else _control_verdict(name, results)
        found.append(tidy(Sentence(zh + tail[0], en + tail[1])))
    return found


def _control_numbers(name: str, results: Results) -> tuple[str, str]:
    """Say the accuracy and the flip rate of one attribute."""
    accuracy = percent(results["attribute_accuracy_by"][name])
    flips = percent(results["attribute_flip_rate_by"][name])
    quoted, count = named(name), results["num_attribute_samples"]
    zh = (
        f"{quoted.zh}：{count:,} 張樣本（一半開、一半關）中，屬性判讀網路讀到的有 **{accuracy}**"
        f" 與標籤相符（不理會標籤的生成器只有 {percent(CHANCE, 0)}）；"
        f"同一個 z 由關切到開，有 **{flips}** 跟著由無變有"
    )
    en = (
        f"{quoted.en}: of {count:,} samples (half on, half off) the oracle reads **{accuracy}** as"
        f" asked for (a generator that ignores the label: {percent(CHANCE, 0)}); with the same z"
        f" the reading follows the switch from off to on for **{flips}**"
    )
    return zh, en


def _control_verdict(name: str, results: Results) -> tuple[str, str]:
    """Hold one attribute's accuracy against what the oracle can see on real pictures."""
    accuracy = results["attribute_accuracy_by"][name]
    oracle = results.get("oracle", {}).get("by_attribute", {}).get(name)
    tails = ("：控制得很清楚。", ": clear control.")
    if accuracy < FROM_PARTLY:
        tails = ("：標籤幾乎沒有作用。", ": the label hardly does anything.")
    elif accuracy < FROM_CLEAR:
        tails = ("：標籤有作用，但不夠可靠。", ": the label works, but not reliably.")
    if oracle is None:
        return tails
    numbers = (percent(oracle["accuracy"]), percent(oracle["floor"]))
    zh = f"。判讀網路在真實影像上對這個屬性答對 {numbers[0]}（一律猜多數是 {numbers[1]}）"
    en = (
        f". On real pictures it is right about this attribute for {numbers[0]} (always naming the"
        f" commoner value: {numbers[1]})"
    )
    if oracle["accuracy"] < oracle["floor"] + BLIND:
        return (
            f"{zh}，幾乎不比猜的準，所以上面的數字不可靠。",
            f"{en}, hardly better than guessing, so the numbers above are not to be relied on.",
        )
    if accuracy >= FROM_CLEAR and accuracy > oracle["accuracy"] + CLEARER:
        return (
            f"{zh}，樣本比它還高：G 畫得比真實影像更典型。",
            f"{en}, less than for the samples: G's are more typical than real pictures.",
        )
    return zh + tails[0], en + tails[1]


def leakage(results: Results) -> list[Sentence]:
    """Say what else changes when an attribute is switched, beside how real pictures differ.

    Of many switched attributes, those that change others most.
    """
    if is_trial(results):
        return [no_conclusion(results)]
    others = {
        name: {other: change for other, change in changes.items() if other != name}
        for name, changes in results["leakage"].items()
    }
    idle = [name for name in others if abs(results["leakage"][name].get(name, 1.0)) < NO_CHANGE]
    others = {name: changes for name, changes in others.items() if changes and name not in idle}
    real = results.get("leakage_real", {})
    worst = sorted(others, key=lambda name: -max(map(abs, others[name].values())))[:MAX_NAMED]
    shown = [name for name in others if name in worst]
    found = [s for name in shown for s in _strongest(name, others[name], real.get(name, {}))]
    return [*_idle(idle), *map(tidy, found), *_in_all(others, real)]


def _idle(names: list[str]) -> list[Sentence]:
    """Say which labels do not even change their own attribute, so that nothing can leak."""
    if not names:
        return []
    zh = "、".join(named(name).zh.strip() for name in names)
    return [
        tidy(
            Sentence(
                f"切換{zh}時，連它自己都幾乎不變，談不上洩漏。",
                f"Switching {', '.join(names)} hardly changes even that, so there is no leak to"
                " speak of.",
            )
        )
    ]


def _strongest(name: str, changes: dict[str, float], real: dict[str, float]) -> list[Sentence]:
    """Say which other attribute changes most with the switch, and whether the data explains it."""
    other = max(changes, key=lambda key: abs(changes[key]))
    change, switched, moved = changes[other], named(name), named(other)
    if abs(change) < NO_CHANGE:
        return [
            Sentence(
                f"切換{switched.zh}時，其他屬性都幾乎不變（最多的是{moved.zh}，"
                f"{points(change)} 個百分點）。",
                f"When {switched.en} is switched the others hardly change (most of all {moved.en},"
                f" {points(change)} percentage points).",
            )
        ]
    zh = f"切換{switched.zh}時，洩漏最多的是{moved.zh}：{points(change)} 個百分點"
    en = f"When {switched.en} is switched {moved.en} leaks most: {points(change)} percentage points"
    if other not in real:
        return [Sentence(zh + "。", en + ".")]
    there = real[other]
    zh += f"；真實影像中，有與沒有{switched.zh}的影像在這一項本來就相差 {points(there)} 個百分點"
    en += f"; real pictures with and without it differ by {points(there)}"
    if change * there < 0 and abs(there) >= NO_CHANGE:
        tail = (
            "：方向和資料相反，是 G 自己造成的。",
            ": the other way round, so it is G's own doing.",
        )
    elif abs(change) > abs(there) + MORE:
        tail = ("：G 把資料的相關放大了。", ": G exaggerates what the data has.")
    elif abs(change) < abs(there) - MORE:
        tail = (
            "：比資料的相關小，G 把一部分分開了。",
            ": less than in the data, so G keeps them apart in part.",
        )
    else:
        tail = ("：與資料的相關大致相同，G 照著學。", ": much as in the data, which G follows.")
    return [Sentence(zh + tail[0], en + tail[1])]


def _in_all(changes: Changes, real: Changes) -> list[Sentence]:
    """Say whether leaks in all follow the differences that real pictures have."""
    cells = [(a, b) for a in changes for b in changes[a] if b in real.get(a, {})]
    ours = np.array([changes[a][b] for a, b in cells])
    data = np.array([real[a][b] for a, b in cells])
    if len(cells) < 5 or np.abs(ours).max() < NO_CHANGE or not data.std():
        return []
    r = float(np.corrcoef(ours, data)[0, 1])
    written = f"{r:.2f}".replace("-", "−")
    total = percent(float(np.abs(ours).mean() / np.abs(data).mean()), 0)
    zh = (
        f"整體而言（{len(cells)} 格，不含切換的屬性本身），洩漏與資料差異的相關係數是 {written}，"
        f"平均大小是資料差異的 {total}"
    )
    en = (
        f"Over all ({len(cells)} cells, without the switched attribute itself) what leaks"
        f" correlates with the data's differences by {written}, and its mean size is {total} of"
        " theirs"
    )
    if r > 0.7:
        return [Sentence(zh + "：洩漏來自資料。", en + ": the leaks come from the data.")]
    return [
        Sentence(zh + "：資料只解釋了一部分。", en + ": the data explains them in part at most.")
    ]


def hardest(results: Results) -> list[Sentence]:
    """Say which of several attributes obeys its label worst, and which best."""
    by = results["attribute_accuracy_by"]
    if len(by) < 2 or is_trial(results):
        return []
    worst, best = min(by, key=by.get), max(by, key=by.get)
    if by[best] - by[worst] < 0.02:
        return [
            Sentence(
                f"{len(by)} 個屬性的控制程度相同（準確率 {percent(by[worst])} 到"
                f" {percent(by[best])}）。",
                f"The {len(by)} attributes are controlled to the same degree (accuracy"
                f" {percent(by[worst])} to {percent(by[best])}).",
            )
        ]
    low, high = named(worst), named(best)
    found = (
        f"{len(by)} 個屬性裡最難控制的是{low.zh}，準確率 {percent(by[worst])}；"
        f"最容易的是{high.zh}，{percent(by[best])}",
        f"Of the {len(by)} attributes {low.en} is the hardest to control ({percent(by[worst])}) and"
        f" {high.en} the easiest ({percent(by[best])})",
    )
    oracle = results.get("oracle", {}).get("by_attribute", {})
    if worst in oracle and best in oracle:
        seen = (percent(oracle[worst]["accuracy"]), percent(oracle[best]["accuracy"]))
        is_hard_to_see = oracle[worst]["accuracy"] < oracle[best]["accuracy"] - 0.02
        tail = (
            ("，前者本來就較難判讀", ", and the former is harder to see as well")
            if is_hard_to_see
            else ("，差別不在判讀的難易", ", which is not for want of seeing it")
        )
        found = (
            f"{found[0]}；判讀網路在真實影像上對兩者答對 {seen[0]} 與 {seen[1]}{tail[0]}",
            f"{found[1]}; on real pictures the oracle is right for {seen[0]} and"
            f" {seen[1]}{tail[1]}",
        )
    return [tidy(Sentence(found[0] + "。", found[1] + "."))]


def _has_batch_norm(config: Config) -> bool:
    """Return whether the run's networks have it: a setting may put it in, or take it away."""
    if config.batch_norm == "recipe":
        return get_problem(config.recipe, config.problem).has_batch_norm
    return config.batch_norm == "on"


def _batch_norm(config: Config | None, metrics: pd.DataFrame, results: Results) -> list[Sentence]:
    """Hold report A's claim that batch norm makes ACGAN training fail (C11) against this run."""
    if config is None or not _has_batch_norm(config) or "snapshot_kid" not in metrics:
        return []
    if is_sound(metrics, results) and results["attribute_accuracy"] >= FROM_CLEAR:
        return [
            Sentence(
                "報告 A 說批次正規化會讓 ACGAN 訓練失敗（C11）；這個網路有批次正規化，"
                "訓練卻順利，屬性也控制得住，所以這次不成立。",
                "Report A says that batch norm makes ACGAN training fail (C11); this network has"
                " it, trained soundly and controls the attribute, so that does not hold here.",
            )
        ]
    return [
        Sentence(
            "報告 A 說批次正規化會讓 ACGAN 訓練失敗（C11）；這個網路有批次正規化，"
            "這次也確實不順利，但單憑一次訓練不能斷定原因就是它。",
            "Report A says that batch norm makes ACGAN training fail (C11); this network has it and"
            " did have trouble, though a single run cannot tell that this is why.",
        )
    ]


def acgan_overall(
    results: Results, metrics: pd.DataFrame, *, config: Config | None = None
) -> list[Sentence]:
    """Gather what concerns an ACGAN's run as a whole but for its curves, a finding a sentence.

    Args:
        results: the run's results.
        metrics: `Run.metrics`.
        config: the run's, for the claims that turn on its layers.
    """
    if is_trial(results):
        return [no_conclusion(results)]
    found = [
        *control(results),
        *hardest(results),
        *leakage(results),
        *snapshots(metrics, results),
        *_batch_norm(config, metrics, results),
    ]
    return beside_real(found, results)
