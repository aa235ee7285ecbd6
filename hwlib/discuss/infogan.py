"""What an InfoGAN's numbers bear out: is the code read, what does it decide, what does it mean."""

from __future__ import annotations

import math

import pandas as pd

from hwlib.discuss.base import MIN_RECORDS, Results, Sentence, is_trial, num, percent, too_few
from hwlib.discuss.distances import beside_real, is_far
from hwlib.discuss.gan import gan_curves, no_conclusion, snapshots
from hwlib.discuss.names import named, tidy

CHANCE = 0.1  # a guess among ten values
IGNORED = 0.05  # a share of the pictures' variance, or of the code, below this counts as none
TOLD = 0.05  # nats below this name nothing
# Chance alone, over few pictures, gives a 10 by 10 table about sqrt(81 / 2) / N nats either way
# (its 2 N nats are chi-squared with 81 degrees); four times that stands out among many factors.
CHANCE_NATS = 4 * math.sqrt(81 / 2)
HARDLY = 0.01  # share of the variance that is next to none left
SEEN = 0.1  # rates of an attribute that differ by less between a code's values are alike
PARTLY = Sentence("只有一部分的編碼呈現在影像裡", "only a part of the code is in the picture")
MNIST_PUBLISHED = 0.95  # Chen et al. 2016, section 7.2: an error of 5 % on MNIST's digits

# Report E's hair and pose (C22), in the attributes of photographs and the factors of drawn faces.
HAIR = {
    *("Bangs", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair", "Bald", "Receding_Hairline"),
    *("Straight_Hair", "Wavy_Hair", "hair_colour", "hair_shade", "hair_texture", "hair_style"),
    *("hair_length", "hair_volume", "hair_part", "hairline", "bangs"),
}
POSE = {"yaw", "tilt", "zoom", "shift_x"}


def infogan_curves(metrics: pd.DataFrame, results: Results) -> list[Sentence]:
    """Say how D and G stood to one another, and how fast Q learnt to read the code.

    Args:
        metrics: `Run.metrics`.
        results: the run's results.
    """
    if is_trial(results):
        return [no_conclusion(results)]
    if len(metrics) < MIN_RECORDS:
        return too_few(len(metrics))
    tenth = max(1, len(metrics) // 10)
    loss = float(metrics["q_loss"].iloc[-tenth:].mean())
    accuracy = float(metrics["code_accuracy"].iloc[-tenth:].mean())
    guess = results["code_entropy_nats"]
    numbers = (num(float(metrics["q_loss"].iloc[0])), num(loss), num(guess))
    zh = f"Q 的損失由 {numbers[0]} 到 {numbers[1]} nats，亂猜是 ln 10 = {numbers[2]}"
    en = (
        f"Q's loss went from {numbers[0]} to {numbers[1]} nats; guessing gives ln 10 = {numbers[2]}"
    )
    right = metrics.loc[metrics["code_accuracy"] > 0.9, "step"]
    if len(right):
        step = int(right.iloc[0])
        zh += f"；第 {step:,} 步首度有超過 90 % 的編碼讀得出來"
        en += f"; at step {step:,} more than 90 % of the codes were read for the first time"
    if max(guess - loss, _fano(accuracy, guess)) < IGNORED * guess:
        zh, en = zh + "：Q 沒有學會讀編碼", en + ": Q did not learn to read the code"
    return [*gan_curves(metrics, results), Sentence(zh + "。", en + ".")]


def code_reading(results: Results) -> list[Sentence]:
    """Say how well Q reads its own samples' codes, and what that proves about the picture."""
    accuracy, nats = results["code_accuracy"], results["code_information_nats"]
    entropy = results["code_entropy_nats"]
    numbers = (percent(accuracy), percent(CHANCE, 0), num(nats), num(entropy))
    share = percent(max(nats, 0.0) / entropy, 0)
    zh = (
        f"Q 從 G 的影像讀回編碼，答對 **{numbers[0]}**（亂猜是 {numbers[1]}）；互資訊至少有"
        f" **{numbers[2]} nats**，上限是 ln 10 = {numbers[3]}，等於 {share}"
    )
    en = (
        f"Q reads the code of **{numbers[0]}** of G's pictures (guessing: {numbers[1]}); the mutual"
        f" information is at least **{numbers[2]} nats** of the possible ln 10 = {numbers[3]}, that"
        f" is {share}"
    )
    if is_trial(results):
        return [Sentence(zh + "。", en + ".")]
    proven = _fano(accuracy, entropy)
    tail = _how_much(max(nats, proven) / entropy)
    if is_loose := proven > max(nats, 0.0) + IGNORED * entropy:
        zh += f"；Q 的把握與答對率不相稱，所以這個下限很鬆，由答對率可知至少有 {num(proven)} nats"
        en += (
            "; Q's sureness does not match how often it is right, so that bound is loose, and the"
            f" accuracy alone proves {num(proven)} nats"
        )
    if is_loose and tail == PARTLY:
        zh, en = f"{zh}，但仍{tail.zh}", f"{en}, yet still {tail.en}"
    else:
        zh, en = f"{zh}：{tail.zh}", f"{en}: {tail.en}"
    return [Sentence(zh + "。", en + "."), *_each_code(results)]


def _how_much(share: float) -> Sentence:
    """Say what share of the code is in the picture, or that Q finds none of it there."""
    if share > 0.9:
        return Sentence("編碼幾乎完整地呈現在影像裡", "nearly all of the code is in the picture")
    if share >= IGNORED:
        return PARTLY
    return Sentence("Q 幾乎讀不出編碼", "Q can hardly read the code")


def _fano(accuracy: float, entropy: float) -> float:
    """Return the nats of a code that reading it so rightly proves (Fano's inequality).

    Args:
        accuracy: share of the codes that are read rightly.
        entropy: of a code, whose values are equally likely.
    """
    wrong = 1 - accuracy
    unsure = -sum(p * math.log(p) for p in (wrong, accuracy) if p > 0)
    return entropy - unsure - wrong * math.log(math.expm1(entropy))


def _each_code(results: Results) -> list[Sentence]:
    """Say the accuracy of each of several codes."""
    by = results["code_accuracy_by"]
    if len(by) < 2:
        return []
    zh = "、".join(f"編碼 {k} 是 {percent(accuracy)}" for k, accuracy in enumerate(by, 1))
    en = ", ".join(f"{percent(accuracy)} for code {k}" for k, accuracy in enumerate(by, 1))
    return [Sentence(f"分開來看，{zh}。", f"Code by code that is {en}.")]


def code_share(results: Results) -> list[Sentence]:
    """Say how much of the pictures the code decides, and how much the noise: is one ignored?"""
    if "code_variance_share" not in results:
        return []
    codes, noise = results["code_variance_share"], results["noise_variance_share"]
    zh = "、".join(f"編碼 {k} 單獨決定 {percent(share)}" for k, share in enumerate(codes, 1))
    en = ", ".join(f"code {k} alone decides {percent(share)}" for k, share in enumerate(codes, 1))
    zh = f"影像的變異裡，{zh}，雜訊 z 單獨決定 {percent(noise)}"
    en = f"Of the pictures' variance {en} and the noise z alone {percent(noise)}"
    if sum(codes) + noise < 1 - HARDLY:
        zh, en = f"{zh}，其餘由它們共同決定", f"{en}; the rest they decide together"
    else:  # estimates of each, which need not come to one
        zh += "，幾乎沒有剩下要由它們共同決定的"
        en += "; hardly anything is left for them to decide together"
    if is_trial(results):
        return [Sentence(zh + "。", en + ".")]
    idle = [k for k, share in enumerate(codes, 1) if share < IGNORED]
    if noise < IGNORED:
        tail = (
            "：G 幾乎不理會雜訊，同一個編碼值畫出來的都很像。",
            ": G hardly heeds its noise, so one value of the code always looks alike.",
        )
    elif len(idle) == len(codes):
        tail = (
            "：編碼對畫面的影響很小，差異不容易用眼睛看出來。",
            ": the code moves the picture little, so its effect is hard to see.",
        )
    elif idle:
        names = "、".join(map(str, idle)), ", ".join(map(str, idle))
        tail = (
            f"：其中編碼 {names[0]} 的影響很小。",
            f": of these, code {names[1]} moves the picture little.",
        )
    else:
        tail = ("：編碼與雜訊都會改變畫面。", ": both code and noise change the picture.")
    return [Sentence(zh + tail[0], en + tail[1])]


def code_meaning(results: Results) -> list[Sentence]:
    """Say what each code turned out to mean, by what Q reads off real test pictures (C22)."""
    told = results.get("code_factor_nats") or results.get("code_attribute_nats")
    if not told:
        return [
            Sentence(
                "這份資料沒有屬性標記，所以編碼的意義只能用眼睛看。",
                "This data has no attributes, so only the eye can say what the codes mean.",
            )
        ]
    if is_trial(results):
        return [no_conclusion(results)]
    found = [_meaning_of(k, nats, results) for k, nats in enumerate(told, 1)]
    return list(map(tidy, [*found, *_c22(told, results)]))


def least_nats(results: Results) -> float:
    """Return the nats from which a code tells more than chance would, over these test pictures.

    Args:
        results: an InfoGAN's run's.

    Returns:
        0.05, or more where the test pictures are few.
    """
    return max(TOLD, CHANCE_NATS / results["num_test_images"])


def _meaning_of(code: int, nats: dict[str, float], results: Results) -> Sentence:
    """Say what one code tells about most, and next."""
    first, *others = sorted(nats, key=lambda name: -nats[name])
    least = least_nats(results)
    if nats[first] < least:
        name = named(first)
        return Sentence(
            f"Q 讀真實測試影像得到的編碼 {code}，與任何已知的特徵都幾乎無關"
            f"（最多的是{name.zh}，{num(max(nats[first], 0.0), 2)} nats）。",
            f"Read off real test pictures, code {code} goes with hardly anything that is known of"
            f" them (most with {name.en}, {num(max(nats[first], 0.0), 2)} nats).",
        )
    name = named(first)
    zh = f"Q 讀真實測試影像得到的編碼 {code}，與{name.zh}最有關，{num(nats[first], 2)} nats"
    en = (
        f"Read off real test pictures, code {code} tells most about {name.en}"
        f" ({num(nats[first], 2)} nats)"
    )
    if others and nats[others[0]] >= least:
        name = named(others[0])
        zh += f"；其次是{name.zh}，{num(nats[others[0]], 2)} nats"
        en += f", then about {name.en} ({num(nats[others[0]], 2)} nats)"
    extreme = _extremes(code, first, results)
    return Sentence(zh + extreme.zh + "。", en + extreme.en + ".")


def _extremes(code: int, told: str, results: Results) -> Sentence:
    """Say which attribute differs most between the code's values among samples.

    What the code tells most about has its rates said too where they differ and it is an attribute.
    """
    if "code_meaning" not in results:
        return Sentence("", "")
    rates = results["code_meaning"][code - 1]
    spans = {n: max(r[n] for r in rates) - min(r[n] for r in rates) for n in rates[0]}
    widest = max(spans, key=lambda name: (spans[name], name == told))
    if spans[widest] < SEEN:
        return Sentence(
            "；但各個編碼值的樣本在屬性上看不出差別",
            "; yet samples of its values do not differ in any attribute",
        )
    name, ends = named(widest), _ends_of(rates, widest)
    if widest == told or spans.get(told, 0.0) < SEEN:
        return Sentence(
            f"；樣本中差別最大的是{name.zh}，{ends.zh}",
            f"; among samples {name.en} differs most, {ends.en}",
        )
    own, its = named(told), _ends_of(rates, told)
    return Sentence(
        f"；樣本中{own.zh}的比例{its.zh}，但差別最大的是{name.zh}，{ends.zh}",
        f"; among samples the rate of {own.en} goes {its.en}, but {name.en} differs most,"
        f" {ends.en}",
    )


def _ends_of(rates: list[dict[str, float]], name: str) -> Sentence:
    """Say between which values of the code, and from what to what, an attribute's rate goes."""
    values = [rate[name] for rate in rates]
    low, high = values.index(min(values)), values.index(max(values))
    numbers = (percent(min(values), 0), percent(max(values), 0))
    return Sentence(
        f"由編碼值 {low} 的 {numbers[0]} 到編碼值 {high} 的 {numbers[1]}",
        f"from {numbers[0]} with value {low} to {numbers[1]} with value {high}",
    )


def _c22(told: list[dict[str, float]], results: Results) -> list[Sentence]:
    """Hold report E's claim, hair first and then pose, against the strongest meanings."""
    least = least_nats(results)
    best = {name: max(nats[name] for nats in told) for name in told[0]}
    hair = {name: best[name] for name in best if name in HAIR}
    if not hair or max(best.values()) < least:
        return []
    if is_far(results):  # what Q finds in real pictures it has learnt from noise
        return [
            Sentence(
                "報告 E 說編碼先抓到頭髮、再抓到姿勢（C22）：樣本離真實影像還很遠，這次無從判斷。",
                "Report E says that the code captures hair first, then pose (C22): with samples"
                " still far from real pictures that is left open.",
            )
        ]
    strongest = max(best, key=best.get)
    top = named(max(hair, key=hair.get))
    if strongest in HAIR:
        return [_c22_hair(best, top, least)]
    name = named(strongest)
    return [
        Sentence(
            f"報告 E 說編碼先抓到頭髮（C22），這次不是：最強的是{name.zh}，"
            f"{num(best[strongest], 2)} nats；頭髮裡最強的是{top.zh}，"
            f"{num(max(hair.values()), 2)} nats。",
            "Report E says that the code captures hair first (C22); not so here: the strongest is"
            f" {name.en} ({num(best[strongest], 2)} nats), and of hair {top.en}"
            f" ({num(max(hair.values()), 2)} nats).",
        )
    ]


def _c22_hair(best: dict[str, float], top: Sentence, least: float) -> Sentence:
    """Say whether pose comes next where hair comes first, or nothing that counts does."""
    rest = {name: value for name, value in best.items() if name not in HAIR}
    if not POSE & set(best):
        return Sentence(
            f"報告 E 說編碼先抓到頭髮、再抓到姿勢（C22）：這次最強的也是頭髮，{top.zh}；"
            "這份資料沒有姿勢的標記，後半無從查起。",
            "Report E says that the code captures hair first, then pose (C22): hair is the"
            f" strongest here too, {top.en}; this data does not know poses, so the rest is open.",
        )
    if max(rest.values()) < least:
        return Sentence(
            f"報告 E 說編碼先抓到頭髮、再抓到姿勢（C22）：這次只抓到頭髮，{top.zh}；"
            f"頭髮以外都不到 {num(least, 2)} nats，不算數，所以後半不成立。",
            "Report E says that the code captures hair first, then pose (C22): here it captures"
            f" hair alone, {top.en}; nothing but hair reaches the {num(least, 2)} nats that"
            " count, so the rest does not hold.",
        )
    if max(rest, key=rest.get) in POSE:
        return Sentence(
            f"報告 E 說編碼先抓到頭髮、再抓到姿勢（C22），這次正是如此：先是{top.zh}。",
            "Report E says that the code captures hair first, then pose (C22), and so it does"
            f" here: {top.en} first.",
        )
    following = named(max(rest, key=rest.get))
    return Sentence(
        f"報告 E 說編碼先抓到頭髮、再抓到姿勢（C22）：這次最強的也是頭髮，{top.zh}；"
        f"其次卻不是姿勢，而是{following.zh}。",
        "Report E says that the code captures hair first, then pose (C22): hair is the strongest"
        f" here too, {top.en}, yet next is not pose but {following.en}.",
    )


def code_classes(results: Results) -> list[Sentence]:
    """Say how well the best code's values match the classes of real test pictures (MNIST)."""
    if "code_class_accuracy" not in results:
        return []
    accuracy, matching = results["code_class_accuracy"], results["code_class_matching"]
    pairs = ", ".join(f"{value}→{name or '–'}" for value, name in enumerate(matching))
    numbers = (percent(accuracy), percent(MNIST_PUBLISHED, 0))
    zh = (
        f"把最好的編碼的十個值以匈牙利法配對到類別（{pairs}），測試影像有 **{numbers[0]}** 一致，"
        f"而訓練時從來沒有用過標籤；InfoGAN 論文在 MNIST 上是 {numbers[1]}"
    )
    en = (
        f"With the best code's ten values matched to the classes by the Hungarian method ({pairs}),"
        f" **{numbers[0]}** of the test pictures agree, though no label was used in training; the"
        f" InfoGAN paper has {numbers[1]} on MNIST"
    )
    if is_trial(results):
        return [Sentence(zh + "。", en + ".")]
    if accuracy >= 0.85:
        tail = ("：編碼自己發現了類別。", ": the code has found the classes by itself.")
    elif accuracy >= 0.5:
        tail = (
            "：有些類別被分開了，有些混在一起。",
            ": some classes are kept apart, others are mixed.",
        )
    else:
        tail = ("：編碼抓到的不是類別。", ": what the code has found is not the classes.")
    return [Sentence(zh + tail[0], en + tail[1])]


def infogan_overall(results: Results, metrics: pd.DataFrame) -> list[Sentence]:
    """Gather what concerns an InfoGAN's run as a whole but for its curves, a finding a sentence."""
    if is_trial(results):
        return [no_conclusion(results)]
    found = [
        *code_reading(results),
        *code_share(results),
        *code_meaning(results),
        *code_classes(results),
        *snapshots(metrics, results),
    ]
    return beside_real(found, results)
