"""What distances to real pictures bear out: against the noise floor, and against another model."""

from __future__ import annotations

import numpy as np

from hwlib.discuss.base import Results, Sentence, is_trial, num, percent
from hwlib.discuss.vae import samples as sharpness

DISTANCES = ("frechet", "kid")  # smaller is better
LOOKS = (
    ("sharpness", "銳利度（拉普拉斯變異數）", "sharpness (variance of the Laplacian)"),
    ("colourfulness", "色彩豐富度", "colourfulness"),
    ("diversity", "多樣性（特徵之間的平均距離）", "diversity (mean distance of features)"),
)
SHARES = ("precision", "recall", "density", "coverage")  # larger is better
NAMES = {
    "frechet": Sentence("Fréchet 距離", "Fréchet distance"),
    "kid": Sentence("KID", "KID"),
    "precision": Sentence("精確率", "precision"),
    "recall": Sentence("召回率", "recall"),
    "density": Sentence("密度", "density"),
    "coverage": Sentence("覆蓋率", "coverage"),
}
FAR = 40  # times the floor: so far from real pictures that no share of them can be trusted
LARGER = 1.05  # times another model's number, before it is called the larger one
BLURRIER = 0.9  # of the sharpness that it is held against, as the claims count it
GAP = 0.15  # of precision and coverage, each beside real pictures', before one is called the weaker
EXPECTED_COPIES = 0.01  # of fresh real pictures, by definition
NUM_SHOWN = 32  # samples among which the two most alike are sought, or all where there are fewer
SAME = 5.0  # root mean square of grey levels by which pictures differ that look the same
ALIKE = 0.5  # two samples nearer than this, beside the nearest two real pictures, are alike

FEATURES = {
    "attributes": Sentence("屬性判讀網路", "the attribute oracle"),
    "rotation": Sentence("判斷影像轉了幾度的網路", "a network that tells how a picture is turned"),
    "inception": Sentence("Inception 網路", "the Inception network"),
}


def is_far(results: Results) -> bool:
    """Whether samples are so far from real pictures that nothing measured on them decides much."""
    return "frechet" in results and results["frechet"] > FAR * results["frechet_real"]


def differing(one: Results, other: Results, name: str) -> list[str]:
    """Return in what the protocols of a distance differ between two runs; empty where comparable.

    Args:
        one: results of a run.
        other: results of another one.
        name: of the distance, e.g. "frechet".

    Returns:
        keys of the protocol, sorted; `["missing"]` where one of the two has none.
    """
    key = f"{name}_protocol"
    if key not in one or key not in other:
        return ["missing"]
    first, second = one[key], other[key]
    return sorted(k for k in first.keys() | second.keys() if first.get(k) != second.get(k))


def protocol(results: Results) -> list[Sentence]:
    """Say what the distances are taken on, and how far the network behind them can be trusted."""
    of = results["protocol"]
    oracle = results.get("oracle", {})
    kind = "inception" if of["features"].startswith("inception") else oracle.get("kind", "rotation")
    side = of["image_size"]
    found = [
        Sentence(
            f"距離以 {of['num_samples']:,} 張樣本對 {of['num_real']:,} 張測試影像計算"
            f"（{side}×{side}），特徵取自{FEATURES[kind].zh}"
            f"（`{of['features']}`），資料指紋 `{of['data']}`；"
            "只有條件完全相同的距離才能互相比較。",
            f"Distances are between {of['num_samples']:,} samples and {of['num_real']:,} test"
            f" pictures ({side}×{side}) in the features of {FEATURES[kind].en}"
            f" (`{of['features']}`), data `{of['data']}`; only distances taken under the very same"
            " conditions may be compared.",
        )
    ]
    if "accuracy" not in oracle:
        return found
    numbers = (percent(oracle["accuracy"]), percent(oracle["floor"]))
    if oracle["kind"] == "attributes":
        found.append(
            Sentence(
                f"屬性判讀網路只用真實訓練影像訓練，在沒看過的真實影像上平均答對 {numbers[0]}"
                f"（一律猜多數是 {numbers[1]}）。",
                "The oracle was trained on real training pictures alone; on real pictures that it"
                f" has not seen it is right for {numbers[0]} on average (always naming the commoner"
                f" value: {numbers[1]}).",
            )
        )
    elif kind != "inception":  # whose features owe nothing to what the oracle has learnt
        found.append(
            Sentence(
                "這份資料沒有屬性，所以特徵網路學的是影像轉了幾度；它在沒看過的影像上答對"
                f" {numbers[0]}（亂猜是 {numbers[1]}）。",
                "This data has no attributes, so the features come from telling how a picture is"
                f" turned, which it does right for {numbers[0]} of unseen ones (guessing:"
                f" {numbers[1]}).",
            )
        )
    return found


def quality(results: Results) -> list[Sentence]:
    """Say how far samples are from real pictures, beside how far real pictures are from real."""
    if "frechet" not in results:
        return []
    values = {name: num(results[name]) for name in DISTANCES}
    floors = {name: num(results[f"{name}_real"]) for name in DISTANCES}
    zh = (
        f"樣本與測試影像的 Fréchet 距離是 {values['frechet']}、KID 是 {values['kid']}；"
        f"真實訓練影像與測試影像之間也有 {floors['frechet']} 與 {floors['kid']}，這是雜訊底線"
    )
    en = (
        f"From samples to test pictures the Fréchet distance is {values['frechet']} and the KID"
        f" {values['kid']}; between real training pictures and test pictures they are"
        f" {floors['frechet']} and {floors['kid']}, the noise floor"
    )
    if is_trial(results):
        return [Sentence(zh + "。", en + ".")]
    ratio = results["frechet"] / results["frechet_real"]
    if ratio <= 1.5:
        verdict = Sentence(
            f"。Fréchet 距離只是雜訊底線的 {num(ratio)} 倍："
            "以這些特徵來看，樣本與真實影像幾乎分不出來。",
            f". That is {num(ratio)} times the floor: in these features samples can hardly be told"
            " from real pictures.",
        )
    elif is_far(results):
        verdict = Sentence(
            f"。Fréchet 距離是雜訊底線的 {num(ratio)} 倍："
            "樣本遠不像真實影像，由樣本量到的數字因此不可盡信。",
            f". The Fréchet distance is {num(ratio)} times the floor: samples are far from real"
            " pictures, and what is measured on them means little.",
        )
    else:
        verdict = Sentence(
            f"。Fréchet 距離是雜訊底線的 {num(ratio)} 倍：樣本與真實影像仍有看得見的差距。",
            f". The Fréchet distance is {num(ratio)} times the floor: samples are still some way"
            " from real pictures.",
        )
    return [Sentence(zh + verdict.zh, en + verdict.en), *_two_sides(results)]


def _two_sides(results: Results) -> list[Sentence]:
    """Say whether single pictures or their variety are the weaker side.

    What comes up to real pictures lacks nothing, however far it goes beyond them.
    """
    precision, coverage = results["precision"], results["coverage"]
    shares = [min(1.0, value / results[f"{name}_real"]) if results[f"{name}_real"] else 0.0
              for name, value in (("precision", precision), ("coverage", coverage))]  # fmt: skip
    numbers = [
        percent(value, 0)
        for value in (precision, results["precision_real"], coverage, results["coverage_real"])
    ]
    zh = (
        f"精確率（樣本像不像真的）{numbers[0]}，真實影像是 {numbers[1]}；"
        f"覆蓋率（涵蓋多少真實的變化）{numbers[2]}，真實影像是 {numbers[3]}"
    )
    en = (
        f"Precision (do samples look real?) is {numbers[0]}, that of real pictures {numbers[1]};"
        f" coverage (how much of the real variety is there?) is {numbers[2]}, that of real pictures"
        f" {numbers[3]}"
    )
    if is_far(results):
        tail = ("。", ".")
    elif shares[0] - shares[1] > GAP and shares[0] > 1 - GAP:
        tail = ("：單張像樣，但種類不足。", ": single pictures are good, variety is what lacks.")
    elif shares[0] - shares[1] > GAP:
        tail = ("：種類比單張差得更多。", ": variety lacks more than single pictures do.")
    elif shares[1] - shares[0] > GAP and shares[1] > 1 - GAP:
        tail = ("：種類夠多，但單張不夠像。", ": variety is there, single pictures are what lacks.")
    elif shares[1] - shares[0] > GAP:
        tail = ("：單張比種類差得更多。", ": single pictures lack more than variety does.")
    elif min(shares) > 1 - GAP:
        tail = ("：兩方面都接近真實影像。", ": both come near real pictures.")
    else:
        tail = ("：兩方面都還有距離，程度差不多。", ": both lack about as much.")
    return [Sentence(zh + tail[0], en + tail[1])]


def beside_real(found: list[Sentence], results: Results) -> list[Sentence]:
    """Gather what was found and what samples are beside real pictures.

    Where they are far from real pictures this comes first, so that what follows is read with it.
    """
    near = quality(results)
    found = [*near, *found] if is_far(results) else [*found, *near]
    return [*found, *pictures(results), *copies(results)]


def copies(results: Results) -> list[Sentence]:
    """Say whether samples copy training pictures, and whether two samples are alike."""
    if "near_copies" not in results:
        return []
    if "nearest_ratio" not in results:  # as half of the test pictures are at no distance at all
        found = [
            Sentence(
                "至少一半的測試影像本身就是訓練影像的複製（縮成 16×16 之後相同），"
                "所以無從判斷樣本有沒有抄襲。",
                "At least half of the test pictures are copies of training pictures themselves (the"
                " same once reduced to 16×16), so whether samples copy cannot be told.",
            )
        ]
        return found if is_trial(results) else [*found, *_alike(results)]
    share, ratio = results["near_copies"], results["nearest_ratio"]
    numbers = (percent(share), percent(EXPECTED_COPIES, 0), num(ratio))
    zh = (
        f"與訓練影像異常接近的樣本占 {numbers[0]}（沒看過的真實影像依定義是 {numbers[1]}）；"
        f"樣本到最近訓練影像的距離，中位數是測試影像的 {numbers[2]} 倍"
    )
    en = (
        f"{numbers[0]} of the samples are oddly near to a training picture (of unseen real pictures"
        f" {numbers[1]}, by definition); the median distance to the nearest one is {numbers[2]}"
        " times that of test pictures"
    )
    if is_trial(results):
        return [Sentence(zh + "。", en + ".")]
    if share > 5 * EXPECTED_COPIES or ratio < 0.7:
        tail = ("：部分樣本像是背下來的。", ": some samples look memorised.")
    elif share > 2 * EXPECTED_COPIES:
        tail = (
            "：比預期略多，值得與最近的訓練影像對照。",
            ": somewhat more than expected, worth a look.",
        )
    else:
        tail = ("：看不出抄襲訓練影像。", ": no copying is seen.")
    return [Sentence(zh + tail[0], en + tail[1]), *_alike(results)]


def nearest(pictures: np.ndarray) -> list[Sentence]:
    """Say where the samples nearest to training pictures are all one, or share a training picture.

    Args:
        pictures: uint8 (N, 2, H, W, C): sample, training picture; `nearest` of samples.npz.
    """
    count, found = len(pictures), []
    samples, train = pictures[:, 0].astype(float), pictures[:, 1]
    differences = np.sqrt(np.square(samples - samples[0]).mean((1, 2, 3)))
    if count > 1 and differences.max() < SAME:
        found.append(
            Sentence(
                f"這 {count} 張樣本看起來是同一張。",
                f"All {count} samples look like one and the same.",
            )
        )
    different = len(np.unique(train.reshape(count, -1), axis=0))
    if count > 1 and different == 1:
        found.append(
            Sentence(
                f"{count} 張樣本最近的都是同一張訓練影像。",
                f"One and the same training picture is nearest to all {count}.",
            )
        )
    elif different < count:
        found.append(
            Sentence(
                f"有些樣本最近的是同一張：下排只有 {different} 張不同的訓練影像。",
                f"Some share their nearest: only {different} different training pictures stand"
                " below.",
            )
        )
    return found


def _alike(results: Results) -> list[Sentence]:
    """Say whether two of the samples shown are alike."""
    if "closest_pair_ratio" not in results:
        return []
    ratio, of = results["closest_pair_ratio"], results["protocol"]
    samples, real = (min(NUM_SHOWN, of[name]) for name in ("num_samples", "num_real"))
    zh = (
        f"展示的 {samples} 張樣本裡，最像的兩張相距是 {real} 張真實影像裡最像兩張的 {num(ratio)} 倍"
    )
    en = (
        f"The two most alike of the {samples} samples shown are {num(ratio)} times as far apart as"
        f" the two most alike of {real} real pictures"
    )
    if ratio < ALIKE:
        return [Sentence(zh + "：有兩張相當雷同。", en + ": two of them are much alike.")]
    return [Sentence(zh + "：沒有雷同的兩張。", en + ": no two are alike.")]


def pictures(results: Results) -> list[Sentence]:
    """Say how sharp, colourful and diverse samples are beside real pictures."""
    # what is said of sharpness is a verdict: a trial has its numbers alone, as of the others, and
    # so have samples that are hardly pictures, for noise is neither sharp nor blurred
    has_verdict = not (is_trial(results) or is_far(results))
    found, looks = (sharpness(results), LOOKS[1:]) if has_verdict else ([], LOOKS)
    for name, zh, en in looks:
        if f"{name}_samples" not in results:
            continue
        ours, real = results[f"{name}_samples"], results[f"{name}_real"]
        ratio = ours / real
        numbers = (num(ours), num(real), percent(ratio, 0))
        tail = _against_real(ratio) if has_verdict else ("。", ".")
        found.append(
            Sentence(
                f"樣本的{zh}是 {numbers[0]}，真實影像是 {numbers[1]}（{numbers[2]}）{tail[0]}",
                f"The samples' {en} is {numbers[0]}, that of real pictures {numbers[1]}"
                f" ({numbers[2]}){tail[1]}",
            )
        )
    return found


def _against_real(ratio: float) -> tuple[str, str]:
    """Say whether a number is below, about at, or above real pictures'."""
    if ratio < 0.9:
        return "，偏低。", ", which is low."
    if ratio > 1.1:
        return "，偏高。", ", which is high."
    return "，相近。", ", about the same."


# --------------------------------------------------------------------------------- GAN and VAE


def gan_vae(results: Results, vae_results: Results) -> list[Sentence]:
    """Hold a GAN's samples against a VAE's: claims C5 and C6, and distances where comparable.

    Args:
        results: the GAN's.
        vae_results: the VAE's, of the same recipe and data.
    """
    is_contest = not (is_trial(results) or is_trial(vae_results))
    found = _distances(results, vae_results, is_contest=is_contest)
    if not is_contest:
        found.append(
            Sentence(
                "其中至少一方只是試跑，不足以比較。",
                "One of the two is a trial at least, so there is no verdict.",
            )
        )
        return found
    return [*found, *_c5(results, vae_results), *_c6(results, vae_results)]


def _distances(gan: Results, vae: Results, *, is_contest: bool) -> list[Sentence]:
    """Say both models' distances, or why they must not be compared."""
    wrong = differing(gan, vae, "frechet")
    if wrong:
        keys = ", ".join(f"`{key}`" for key in wrong)
        return [
            Sentence(
                f"兩者距離的量測條件不同（{keys}），因此不拿來比較。",
                f"The two distances were taken under different conditions ({keys}), so they are not"
                " compared.",
            )
        ]
    numbers = (num(gan["frechet"]), num(vae["frechet"]), num(gan["frechet_real"]))
    zh = f"同樣的條件下，Fréchet 距離是 GAN {numbers[0]}、VAE {numbers[1]}，雜訊底線 {numbers[2]}"
    en = (
        f"Under the same conditions the Fréchet distance is {numbers[0]} for the GAN,"
        f" {numbers[1]} for the VAE, and {numbers[2]} at the floor"
    )
    if not is_contest:
        return [Sentence(zh + "。", en + ".")]
    recall = (percent(gan["recall"], 0), percent(vae["recall"], 0))
    precision = (percent(gan["precision"], 0), percent(vae["precision"], 0))
    better = "GAN" if gan["frechet"] < vae["frechet"] else "VAE"
    near, far = sorted((gan["frechet"], vae["frechet"]))
    tail = (
        f"{better} 的樣本較接近真實影像。",
        f"the {better}'s samples are nearer to real pictures.",
    )
    if far <= LARGER * near:
        tail = ("兩者與真實影像的差距相近。", "both are about as near to real pictures.")
    return [
        Sentence(
            f"{zh}：{tail[0]}精確率是 {precision[0]} 對 {precision[1]}，"
            f"召回率是 {recall[0]} 對 {recall[1]}（前者 GAN，後者 VAE）。",
            f"{en}: {tail[1]} Precision is {precision[0]} against {precision[1]}, recall"
            f" {recall[0]} against {recall[1]} (GAN first).",
        )
    ]


def _c5(gan: Results, vae: Results) -> list[Sentence]:
    """Hold that VAE pictures are blurrier and nearer to the mean face (C5)."""
    sharpness = [r["sharpness_samples"] / r["sharpness_real"] for r in (gan, vae)]
    sharp = [percent(share, 0) for share in sharpness]
    is_blurrier = sharpness[1] < BLURRIER * sharpness[0]
    zh = f"銳利度相對於真實影像，GAN 是 {sharp[0]}、VAE 是 {sharp[1]}"
    en = f"Beside real pictures the GAN's sharpness is {sharp[0]} and the VAE's {sharp[1]}"
    is_nearer_to_mean = None
    if "diversity_samples" in gan and "diversity_samples" in vae:
        diversity = [r["diversity_samples"] / r["diversity_real"] for r in (gan, vae)]
        diverse = [percent(share, 0) for share in diversity]
        is_nearer_to_mean = diversity[1] < 0.95 * diversity[0]
        zh += f"；多樣性則是 {diverse[0]} 與 {diverse[1]}"
        en += f"; their diversity is {diverse[0]} and {diverse[1]}"
    if is_blurrier and is_nearer_to_mean:
        tail = (
            "：VAE 較模糊，也較像平均臉，支持 C5。",
            ": the VAE's are blurrier and nearer to the mean face, as C5 says.",
        )
    elif is_blurrier and is_nearer_to_mean is None:
        tail = ("：VAE 較模糊，支持 C5。", ": the VAE's are blurrier, as C5 says.")
    elif is_blurrier:
        tail = (
            "：VAE 較模糊，但並沒有更像平均臉，C5 只成立一半。",
            ": the VAE's are blurrier but not nearer to the mean face, so C5 holds by half.",
        )
    elif sharpness[1] < sharpness[0]:
        tail = (
            "：VAE 只模糊一些，不到 10 %，不足以支持 C5。",
            ": the VAE's are blurrier by less than 10 %, too little for C5.",
        )
    else:
        tail = ("：VAE 並沒有比較模糊，C5 不成立。", ": the VAE's are not blurrier, against C5.")
    return [Sentence(zh + tail[0], en + tail[1])]


def _c6(gan: Results, vae: Results) -> list[Sentence]:
    """Hold that GAN pictures are more colourful (C6)."""
    if "colourfulness_samples" not in gan or "colourfulness_samples" not in vae:
        return []
    ours, other = gan["colourfulness_samples"], vae["colourfulness_samples"]
    numbers = (num(ours), num(other), num(gan["colourfulness_real"]))
    zh = f"色彩豐富度是 GAN {numbers[0]}、VAE {numbers[1]}、真實影像 {numbers[2]}"
    en = (
        f"Colourfulness is {numbers[0]} for the GAN, {numbers[1]} for the VAE, {numbers[2]} for"
        " real pictures"
    )
    if ours > LARGER * other:
        tail = ("：GAN 的顏色較豐富，支持 C6。", ": the GAN's are more colourful, as C6 says.")
    elif other > LARGER * ours:
        tail = ("：反而是 VAE 較豐富，與 C6 相反。", ": the VAE's are more colourful, against C6.")
    else:
        tail = ("：兩者相近，看不出 C6。", ": about the same, so C6 does not show.")
    return [Sentence(zh + tail[0], en + tail[1])]
