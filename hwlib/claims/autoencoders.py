"""The claims about autoencoders: KL weight, layers, latents, losses."""

from __future__ import annotations

from hwlib.claims import arms
from hwlib.claims.base import CHANGE, RATIO, REGRET, VALUE, Arm, Claim, Part
from hwlib.claims.measures import (
    early_fall,
    last_change,
    later_rise,
    neighbour_gain,
    of_curve,
    picture_spread,
    probe_gain,
    result,
    trend_of,
)
from hwlib.discuss.base import Sentence

TENTH = Sentence("相差 10 % 以內，肉眼很難看出。", "A difference of less than 10 % is hard to see.")
QUARTER = Sentence(
    "這個說法很強，要相差 25 % 以上才算數。", "The claim is strong, so it takes 25 % to count."
)
DOUBLE = Sentence(
    "「沒有用」要比「差一點」多得多：距離至少加倍。",
    "Useless is far more than a little worse: the distance at least doubles.",
)
TWENTIETH = Sentence(
    "同一個設定換一個種子，均方誤差的變動通常不到 5 %。",
    "With another seed alone the squared error usually changes by less than 5 %.",
)

# ---- KL weight -----------------------------------------------------------------------------------

KL_ARMS = {"small": arms.KL_SMALL, "large": arms.KL_LARGE}
KL_PROTOCOL = Sentence(
    "elbo 的 VAE，KL 權重 ×0.03 與 ×3，其餘相同："
    "換算後正是報告 A 試過的範圍（λ 從 1e-5 到 1e-3）。",
    "The VAE of elbo with KL weights ×0.03 and ×3, all else equal: converted, just the range that"
    " report A tried (λ from 1e-5 to 1e-3).",
)
KL_NOTE = Sentence(
    "重建的是測試影像，隨機樣本看的是與測試影像的 Fréchet 距離；過大的權重另由 C4 與 C14 檢驗。",
    "Reconstructions are of test images; random samples are held against the test images by their"
    " Fréchet distance. Weights that are too large are the business of C4 and C14.",
)


def kl_parts(reconstructions: str, samples: str) -> tuple[Part, Part]:
    """Return the two measures that C1 and C1' see in opposite directions."""
    both = ("large", "small")
    return (
        Part(
            Sentence(
                "測試影像重建的銳利度，大權重相對於小權重的變化",
                "sharpness of reconstructed test images, large weight against small",
            ),
            both,
            result("sharpness_reconstructions"),
            RATIO,
            reconstructions,
            10.0,
            TENTH,
        ),
        Part(
            Sentence(
                "隨機樣本的 Fréchet 距離，大權重相對於小權重的變化",
                "Fréchet distance of random samples, large weight against small",
            ),
            both,
            result("frechet"),
            RATIO,
            samples,
            10.0,
            TENTH,
        ),
    )


C1 = Claim(
    id="C1",
    statement=Sentence(
        "KL 權重愈大，重建愈模糊，但隨機樣本愈好；權重愈小則相反。",
        "A larger KL weight blurs reconstructions but improves random samples; a smaller one does"
        " the opposite.",
    ),
    letters=("A", "B", "D"),
    protocol=KL_PROTOCOL,
    note=KL_NOTE,
    arms=KL_ARMS,
    parts=kl_parts("less", "less"),
    opposes="C1'",
)
C1_PRIME = Claim(
    id="C1'",
    statement=Sentence(
        "KL 權重愈大，重建愈好，隨機樣本愈差。",
        "A larger KL weight improves reconstructions and worsens random samples.",
    ),
    letters=("C",),
    protocol=KL_PROTOCOL,
    note=KL_NOTE,
    arms=KL_ARMS,
    parts=kl_parts("greater", "greater"),
    opposes="C1",
)
C4 = Claim(
    id="C4",
    statement=Sentence(
        "KL 權重太大時，所有影像看起來都一樣。",
        "Too large a KL weight makes all images look alike.",
    ),
    letters=("B",),
    protocol=Sentence(
        "elbo 的 VAE，KL 權重 ×100 與 ×1，其餘相同。",
        "The VAE of elbo with KL weights ×100 and ×1, all else equal.",
    ),
    note=Sentence(
        "樣本的多樣性是兩張圖特徵之間的平均距離；重建則看每張圖的像素與平均圖差多少。",
        "The diversity of samples is the mean distance between the features of two of them;"
        " reconstructions are held against their mean, value by value.",
    ),
    arms={"too_large": arms.KL_100, "one": arms.KL_1},
    parts=(
        Part(
            Sentence(
                "隨機樣本的多樣性，×100 相對於 ×1 的變化",
                "diversity of random samples, ×100 against ×1",
            ),
            ("too_large", "one"),
            result("diversity_samples"),
            RATIO,
            "less",
            25.0,
            QUARTER,
        ),
        Part(
            Sentence(
                "重建之間的差異（像素 0 到 255 的均方根），×100 相對於 ×1 的變化",
                "difference among reconstructions (RMS of pixels, 0 to 255), ×100 against ×1",
            ),
            ("too_large", "one"),
            picture_spread("reconstructions"),
            RATIO,
            "less",
            25.0,
            QUARTER,
        ),
    ),
)
C13 = Claim(
    id="C13",
    statement=Sentence(
        "KL ×0 時，VAE 就是普通的自編碼器：重建清晰，但先驗樣本沒有用。",
        "With KL ×0 the VAE is a plain autoencoder: sharp reconstructions, useless prior samples.",
    ),
    letters=("D",),
    protocol=Sentence(
        "elbo 的 VAE，KL 權重 ×0 與 ×1，其餘相同。",
        "The VAE of elbo with KL weights ×0 and ×1, all else equal.",
    ),
    note=Sentence(
        "「清晰」是與 ×1 比較，不是與真實影像比較。×1 的樣本本來就離真實影像很遠時，"
        "距離沒有多少加倍的餘地：樣本究竟如何，也要看圖。",
        "Sharp means sharper than with ×1, not as sharp as real images. Where samples of ×1 are far"
        " from real images already, the distance has little room to double: look at the samples"
        " as well.",
    ),
    arms={"zero": arms.KL_0, "one": arms.KL_1},
    parts=(
        Part(
            Sentence(
                "測試影像重建的銳利度，×0 相對於 ×1 的變化",
                "sharpness of reconstructed test images, ×0 against ×1",
            ),
            ("zero", "one"),
            result("sharpness_reconstructions"),
            RATIO,
            "greater",
            10.0,
            TENTH,
        ),
        Part(
            Sentence(
                "先驗樣本的 Fréchet 距離，×0 相對於 ×1 的變化",
                "Fréchet distance of prior samples, ×0 against ×1",
            ),
            ("zero", "one"),
            result("frechet"),
            RATIO,
            "greater",
            100.0,
            DOUBLE,
        ),
    ),
)
C14 = Claim(
    id="C14",
    statement=Sentence("KL ×100 時，一切都變模糊。", "With KL ×100 everything is blurred."),
    letters=("D",),
    protocol=Sentence(
        "elbo 的 VAE，KL 權重 ×100 與 ×1，其餘相同。",
        "The VAE of elbo with KL weights ×100 and ×1, all else equal.",
    ),
    note=Sentence(
        "「一切」指重建與隨機樣本兩者。",
        "Everything means reconstructions and random samples both.",
    ),
    arms={"hundred": arms.KL_100, "one": arms.KL_1},
    parts=tuple(
        Part(
            Sentence(f"{zh}的銳利度，×100 相對於 ×1 的變化", f"sharpness of {en}, ×100 against ×1"),
            ("hundred", "one"),
            result(measure),
            RATIO,
            "less",
            25.0,
            QUARTER,
        )
        for measure, zh, en in (
            ("sharpness_reconstructions", "測試影像重建", "reconstructed test images"),
            ("sharpness_samples", "隨機樣本", "random samples"),
        )
    ),
)

# ---- the course of training ----------------------------------------------------------------------

CURVE_ARMS: dict[str, Arm] = {"upsample": arms.VAE_B, "wide": arms.VAE_C}
CURVE_PROTOCOL = Sentence(
    "提出這兩種說法的報告的 VAE（upsample 與 wide），各看自己的學習曲線；兩個 VAE 都要如此才成立。",
    "The VAEs of the two reports that say the two things, upsample and wide, each by its learning"
    " curves; it must hold for both.",
)
CURVE_NOTE = Sentence(
    "曲線上每一點是約 1 % 訓練步數的平均，誤差與 KL 都以每張影像的 nats 計；最初幾步的變化看不到。"
    "到最低點的變化若為正，表示 KL 從一開始就上升。",
    "A point of a curve is the mean over about 1 % of the steps, error and KL in nats per image;"
    " what happens within the first few steps is not seen. A positive change to the lowest point"
    " means that the KL rose from the start.",
)
STEADY = Sentence(
    "等級相關 0.9：幾乎每一段都朝同一個方向。",
    "A rank correlation of 0.9: nearly every stretch goes the same way.",
)
TENDENCY = Sentence(
    "等級相關 0.5：有明顯的走向，中間可以有起伏。",
    "A rank correlation of 0.5: a clear tendency, with ups and downs allowed.",
)
CURVE_SHAPES = (
    (
        Sentence("重建誤差與時間的等級相關", "rank correlation of reconstruction error and time"),
        trend_of("recon_nats"),
        VALUE,
        *("less", 0.9, STEADY, ""),
    ),
    (
        Sentence(
            "KL 從第一點到前三分之一最低點（五點平滑）的變化",
            "change of the KL from its first point to the lowest of the first third, smoothed over"
            " five",
        ),
        of_curve("kl_nats", early_fall),
        CHANGE,
        *("less", 20.0),
        Sentence("「快速下降」至少要降 20 %。", "To fall fast is to fall by 20 % at least."),
        "%",
    ),
    (
        Sentence(
            "KL 從最低點到最後十分之一的變化",
            "change of the KL from its lowest point to the last tenth",
        ),
        of_curve("kl_nats", later_rise),
        CHANGE,
        *("greater", 10.0),
        Sentence("升不到 10 % 就算沒有上升。", "A rise of less than 10 % is none."),
        "%",
    ),
    (
        Sentence(
            "KL 在最後十分之一相對於前一個十分之一的變化",
            "change of the KL from the last tenth but one to the last",
        ),
        of_curve("kl_nats", last_change),
        CHANGE,
        *("equal", 5.0),
        Sentence("最後一段的變化在 5 % 以內就算平穩。", "A last stretch within 5 % is a plateau."),
        "%",
    ),
)
C3 = Claim(
    id="C3",
    statement=Sentence(
        "重建損失穩定下降；KL 先快速下降，再緩慢上升，最後趨於平穩。",
        "The reconstruction loss falls steadily; the KL term falls fast, then rises slowly to a"
        " plateau.",
    ),
    letters=("B",),
    protocol=CURVE_PROTOCOL,
    note=CURVE_NOTE,
    arms=CURVE_ARMS,
    parts=tuple(
        Part(
            Sentence(f"{name.zh}（{label}）", f"{name.en} ({label})"),
            (label,),
            measure,
            comparison,
            direction,
            margin,
            why,
            unit,
        )
        for label in CURVE_ARMS
        for name, measure, comparison, direction, margin, why, unit in CURVE_SHAPES
    ),
    opposes="C3'",
)
C3_PRIME = Claim(
    id="C3'",
    statement=Sentence(
        "KL 一路下降，而重建損失上升。",
        "The KL term keeps falling while the reconstruction loss rises.",
    ),
    letters=("C",),
    protocol=CURVE_PROTOCOL,
    note=CURVE_NOTE,
    arms=CURVE_ARMS,
    parts=tuple(
        Part(
            Sentence(
                f"{zh}與時間的等級相關，不計前十分之一（{label}）",
                f"rank correlation of {en} and time without the first tenth ({label})",
            ),
            (label,),
            trend_of(column, after_warm_up=True),
            VALUE,
            direction,
            0.5,
            TENDENCY,
        )
        for label in CURVE_ARMS
        for column, zh, en, direction in (
            ("kl_nats", "KL ", "KL", "less"),
            ("recon_nats", "重建誤差", "reconstruction error", "greater"),
        )
    ),
    opposes="C3",
)

# ---- networks and losses -------------------------------------------------------------------------

C2 = Claim(
    id="C2",
    statement=Sentence("VAE 的層數愈少，效果愈好。", "For the VAE, fewer layers work better."),
    letters=("A",),
    protocol=Sentence(
        "plain 的 VAE，編碼器與解碼器各 2、3、4 層（報告為 3 層），其餘相同；少一層都要更好。",
        "The VAE of plain with 2, 3 and 4 layers each way (the report has 3), all else equal; each"
        " layer less must do better.",
    ),
    note=Sentence(
        "「效果」是作業要求的測試集均方誤差；各組的更新次數相同，時間不一定相同。",
        "It is judged by the homework's own number, the squared error of the test set, after"
        " equally many updates, not after equal time.",
    ),
    arms={"two": arms.LAYERS_2, "three": arms.LAYERS_3, "four": arms.LAYERS_4},
    parts=tuple(
        Part(
            Sentence(
                f"測試集均方誤差（像素在 [-1, 1]），{fewer[1]} 層相對於 {more[1]} 層的變化",
                f"squared error of the test set (pixels in [-1, 1]), {fewer[1]} layers against"
                f" {more[1]}",
            ),
            (fewer[0], more[0]),
            result("test_mse_11"),
            RATIO,
            "less",
            5.0,
            TWENTIETH,
        )
        for fewer, more in ((("two", 2), ("three", 3)), (("three", 3), ("four", 4)))
    ),
)


def similar(label: str, base: str, zh: str, en: str) -> tuple[Part, Part]:
    """Return the two measures by which two VAEs are called alike: reconstructions and samples."""
    return tuple(
        Part(
            Sentence(f"{name_zh}，{zh}", f"{name_en}, {en}"),
            (label, base),
            result(measure),
            RATIO,
            "equal",
            10.0,
            TENTH,
        )
        for measure, name_zh, name_en in (
            (
                "test_mse_11",
                "測試集均方誤差（像素在 [-1, 1]）",
                "squared error of the test set (pixels in [-1, 1])",
            ),
            ("frechet", "隨機樣本的 Fréchet 距離", "Fréchet distance of random samples"),
        )
    )


C15 = Claim(
    id="C15",
    statement=Sentence(
        "隱變數的維度大小影響不大。", "The size of the latent space matters little."
    ),
    letters=("E",),
    protocol=Sentence(
        "dcgan 的 VAE，隱變數 50、100（報告）與 200 維，其餘相同。",
        "The VAE of dcgan with 50, 100 (the report's) and 200 latents, all else equal.",
    ),
    note=Sentence(
        "「影響不大」指減半或加倍時，重建與樣本的變化都在 10 % 以內；更極端的維度沒有試。",
        "To matter little is to change reconstructions and samples by less than 10 % when halved or"
        " doubled; more extreme sizes were not tried.",
    ),
    arms={"half": arms.VAE_Z50, "base": arms.VAE_Z100, "twice": arms.VAE_Z200},
    parts=(
        *similar("half", "base", "50 維相對於 100 維的變化", "50 latents against 100"),
        *similar("twice", "base", "200 維相對於 100 維的變化", "200 latents against 100"),
    ),
)
C16 = Claim(
    id="C16",
    statement=Sentence(
        "損失以加總計算，就不必調整 λ。", "Summed losses remove the need to tune lambda."
    ),
    letters=("E",),
    protocol=Sentence(
        "dcgan 的 VAE：以加總計算、λ 為 0.1、1、10；以及誤差改取平均、λ = 1"
        "（依損失對照表，相當於加總時 λ = 12,288）。",
        "The VAE of dcgan: summed losses with λ of 0.1, 1 and 10; and the error averaged with λ = 1"
        " (by the loss ledger, the sums with λ = 12,288).",
    ),
    note=Sentence(
        "λ 本來就在重建與樣本之間取捨，所以只以隨機樣本的 Fréchet 距離判定「不必調」；"
        "三者取最低，對說法略為不利。",
        "λ always trades reconstructions for samples, so the need is judged by the samples' Fréchet"
        " distance alone; taking the lowest of all goes a little against the claim.",
    ),
    arms={
        "one": arms.VAE_SUMMED,
        "tenth": arms.VAE_TENTH,
        "ten": arms.VAE_TEN,
        "averaged": arms.VAE_AVERAGED,
    },
    parts=(
        Part(
            Sentence(
                "隨機樣本的 Fréchet 距離，加總且 λ = 1 比各個 λ 中最好的高多少",
                "Fréchet distance of random samples, summed with λ = 1 above the best of all λ",
            ),
            ("one", "tenth", "ten"),
            result("frechet"),
            REGRET,
            "equal",
            10.0,
            TENTH,
        ),
        Part(
            Sentence(
                "隨機樣本的 Fréchet 距離，平均相對於加總的變化，λ = 1",
                "Fréchet distance of random samples, averaged against summed, λ = 1",
            ),
            ("averaged", "one"),
            result("frechet"),
            RATIO,
            "greater",
            25.0,
            Sentence(
                "要有 25 % 的差別，才談得上「原本需要調」。",
                "It takes 25 % to say that there was a need to tune at all.",
            ),
        ),
    ),
    needs=("colour",),
)
C17 = Claim(
    id="C17",
    statement=Sentence(
        "MSE、L1 與 BCE（sigmoid）的結果相近。", "MSE, L1 and BCE (sigmoid) give similar results."
    ),
    letters=("E",),
    protocol=Sentence(
        "dcgan 的 VAE，重建項為 MSE、L1 或 BCE，加總方式與 λ = 1 都不變。",
        "The VAE of dcgan with MSE, L1 or BCE as its reconstruction term, the sums and λ = 1 kept.",
    ),
    note=Sentence(
        "三者的尺度不同，所以 λ = 1 對 KL 的輕重也不同：報告就是這樣比的。一律以均方誤差衡量，"
        "對以 MSE 訓練的略為有利。",
        "The three have different scales, so that λ = 1 weighs the KL differently: that is how the"
        " report compared them. All are judged by the squared error, which favours the one"
        " trained with it a little.",
    ),
    arms={"mse": arms.VAE_MSE, "l1": arms.VAE_L1, "bce": arms.VAE_BCE},
    parts=(
        *similar("l1", "mse", "L1 相對於 MSE 的變化", "L1 against MSE"),
        *similar("bce", "mse", "BCE 相對於 MSE 的變化", "BCE against MSE"),
    ),
)
C18 = Claim(
    id="C18",
    statement=Sentence("隱空間把男女分開。", "The latent space separates male from female."),
    letters=("E",),
    protocol=Sentence(
        "dcgan 的 VAE，在測試集的後驗平均上讀出 Male：以一個線性分類器，"
        "以及每張圖最近的 10 個鄰居。",
        "The VAE of dcgan, Male read off the posterior means of the test set: by a linear"
        " classifier, and by each picture's 10 nearest neighbours.",
    ),
    note=Sentence(
        "0 % 是一律猜多數的一類，100 % 是全對。線性分類器看能否一刀切開；鄰居看的是 t-SNE 圖上"
        "看得見的分界，報告 C 說看不出。",
        "0 % is always guessing the commoner class, 100 % no error. The linear classifier asks"
        " whether one cut parts them; the neighbours ask for the split that a t-SNE map shows,"
        " which report C did not see.",
    ),
    arms={"vae": arms.VAE_BASE},
    parts=(
        Part(
            Sentence(
                "線性分類器減少的錯誤（相對於一律猜多數的一類）",
                "errors that a linear classifier saves (of those of always guessing the commoner"
                " class)",
            ),
            ("vae",),
            probe_gain,
            VALUE,
            "greater",
            50.0,
            Sentence(
                "至少要減少 50 % 的錯誤，才算分開。",
                "To separate is to save 50 % of the errors at least.",
            ),
            "%",
        ),
        Part(
            Sentence(
                "最近鄰居減少的錯誤（相對於一律猜多數的一類）",
                "errors that the nearest neighbours save (of those of always guessing the commoner"
                " class)",
            ),
            ("vae",),
            neighbour_gain,
            VALUE,
            "greater",
            25.0,
            Sentence(
                "減少不到 25 %，圖上就只見混在一起的點。",
                "With less than 25 % a map shows nothing but mixed points.",
            ),
            "%",
        ),
    ),
    needs=("Male",),
)

AUTOENCODERS = (C1, C1_PRIME, C2, C3, C3_PRIME, C4, C13, C14, C15, C16, C17, C18)
