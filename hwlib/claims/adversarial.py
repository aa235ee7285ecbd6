"""The claims about adversarial networks: beside the VAE, in training, noise, labels, codes."""

from __future__ import annotations

from hwlib.claims import arms
from hwlib.claims.autoencoders import TENTH
from hwlib.claims.base import CHANGE, EXCESS, RATIO, VALUE, Claim, Part
from hwlib.claims.measures import (
    healthy_share,
    late_loss,
    lead_of,
    learning_after_zero,
    mean_face_distance,
    opposed_jumps,
    result,
    roughness,
)
from hwlib.discuss.base import Sentence
from hwlib.discuss.infogan import HAIR, POSE

TWENTIETH = Sentence(
    "「改善」不問大小，但變化不到 5 % 不值得一提。",
    "Any improvement would do, but less than 5 % is not worth a word.",
)
MORE_COLOUR = Sentence(
    "「較鮮豔」不問多少，但差別不到 5 % 不值得一提。",
    "Any gain in colour would do, but less than 5 % is not worth a word.",
)
CLEARER = Sentence(
    "「較清晰」不問多少，但差別不到 5 % 不值得一提。",
    "Any gain in sharpness would do, but less than 5 % is not worth a word.",
)

# ---- GAN and VAE ---------------------------------------------------------------------------------

BOTH = {"vae": arms.VAE_BASE, "gan": arms.GAN_BASE}
BOTH_PROTOCOL = Sentence(
    "dcgan 的 VAE 與 GAN，同樣的資料，訓練時間在同一個數量級。",
    "The VAE and the GAN of dcgan, the same data, training times of the same order.",
)
C5 = Claim(
    id="C5",
    statement=Sentence(
        "VAE 的影像比 GAN 的模糊，也更接近平均臉。",
        "VAE images are blurrier than GAN images, and nearer to the mean face.",
    ),
    letters=("A", "B", "C", "E"),
    protocol=BOTH_PROTOCOL,
    note=Sentence(
        "銳利度是亮度的拉普拉斯變異數，會把雜訊也算成清晰；平均臉是訓練影像的平均。",
        "Sharpness is the variance of the luma's Laplacian, to which noise is sharp as well; the"
        " mean face is the mean of training images.",
    ),
    arms=BOTH,
    parts=(
        Part(
            Sentence(
                "隨機樣本的銳利度，VAE 相對於 GAN 的變化",
                "sharpness of random samples, VAE against GAN",
            ),
            ("vae", "gan"),
            result("sharpness_samples"),
            RATIO,
            "less",
            10.0,
            TENTH,
        ),
        Part(
            Sentence(
                "隨機樣本與平均臉的距離（像素 0 到 255 的均方根），VAE 相對於 GAN 的變化",
                "distance of random samples from the mean face (RMS of pixels, 0 to 255), VAE"
                " against GAN",
            ),
            ("vae", "gan"),
            mean_face_distance,
            RATIO,
            "less",
            10.0,
            TENTH,
        ),
    ),
)
C6 = Claim(
    id="C6",
    statement=Sentence("GAN 的影像色彩較鮮豔。", "GAN images are more colourful."),
    letters=("B", "C"),
    protocol=BOTH_PROTOCOL,
    note=Sentence(
        "色彩豐富度依 Hasler 與 Süsstrunk (2003)；更鮮豔不等於更接近真實影像。",
        "Colourfulness is that of Hasler and Süsstrunk (2003); more of it is not nearer to real"
        " images.",
    ),
    arms=BOTH,
    parts=(
        Part(
            Sentence(
                "隨機樣本的色彩豐富度，GAN 相對於 VAE 的變化",
                "colourfulness of random samples, GAN against VAE",
            ),
            ("gan", "vae"),
            result("colourfulness_samples"),
            RATIO,
            "greater",
            5.0,
            MORE_COLOUR,
        ),
    ),
    needs=("colour",),
)

# ---- the game ------------------------------------------------------------------------------------

GAN_PROTOCOL = Sentence(
    "dcgan 的 GAN，看它的學習曲線，不計前十分之一。",
    "The GAN of dcgan by its learning curves, without their first tenth.",
)
C7 = Claim(
    id="C7",
    statement=Sentence(
        "GAN 訓練正常時，判別器的準確率保持在 60 % 到 75 % 之間。",
        "In healthy GAN training D's accuracy stays between 60 % and 75 %.",
    ),
    letters=("B",),
    protocol=GAN_PROTOCOL,
    note=Sentence(
        "準確率取真實與生成影像的平均。「正常」指多樣性沒有消失，判別器的損失也沒有降到零；"
        "有一次訓練不正常，就不適用。報告 B 自己的 GAN 沒有試。",
        "The accuracy is the mean of that on real and on fake images. Healthy means that diversity"
        " was not gone and D's loss not at zero; a training that is not healthy makes the claim not"
        " applicable. Report B's own GAN is not tried.",
    ),
    arms={"gan": arms.GAN_BASE},
    parts=(
        Part(
            Sentence(
                "判別器準確率在 60 % 到 75 % 之間的訓練時間比例",
                "share of the training in which D's accuracy lies between 60 % and 75 %",
            ),
            ("gan",),
            healthy_share,
            VALUE,
            "greater",
            80.0,
            Sentence(
                "「保持」指大部分時間，這裡取 80 %。",
                "To stay is to be there most of the time: 80 %.",
            ),
            "%",
        ),
    ),
)
C8 = Claim(
    id="C8",
    statement=Sentence(
        "生成器與判別器的損失，一個跳升，另一個就下降。",
        "When one of the losses of G and D jumps, the other falls.",
    ),
    letters=("B",),
    protocol=GAN_PROTOCOL,
    note=Sentence(
        "跳升指每條曲線相鄰兩點的上升中最大的 10 %；兩者無關時約有 50 % 反向，"
        "遠低於 50 % 表示兩個損失反而一起上升。"
        "報告 B 自己的 GAN 沒有試。",
        "Jumps are the largest 10 % of each curve's rises from point to point; losses that have"
        " nothing to do with each other would give about 50 %; far below 50 % the two rise"
        " together. Report B's own GAN is not tried.",
    ),
    arms={"gan": arms.GAN_BASE},
    parts=(
        Part(
            Sentence(
                "一個損失跳升時，另一個下降的比率",
                "share of one loss's jumps in which the other falls",
            ),
            ("gan",),
            opposed_jumps,
            VALUE,
            "greater",
            75.0,
            Sentence(
                "75 % 介於無關（50 %）與必然（100 %）的正中間。",
                "75 % is half way from no connection (50 %) to certainty (100 %).",
            ),
            "%",
        ),
    ),
)
C9 = Claim(
    id="C9",
    statement=Sentence(
        "判別器的損失降到 0（準確率 1）之後，生成器就學不到東西。",
        "When D's loss reaches 0 (accuracy 1), G can no longer learn.",
    ),
    letters=("C",),
    protocol=Sentence(
        "dcgan 的 GAN，判別器的通道數是生成器的 4 倍，使它的損失很快降到零；之後看 KID 還降多少。",
        "The GAN of dcgan with 4 times as many channels in D as in G, so that D's loss soon comes"
        " to zero; from there on, by how much KID still falls.",
    ),
    note=Sentence(
        "「零」指兩次快照之間平均低於 0.05 nats。之後損失若又升回來，正表示生成器還在學。"
        "報告 C 自己的 GAN 沒有試。",
        "Zero is a mean below 0.05 nats between two snapshots. Should the loss come back later,"
        " then G has learnt. Report C's own GAN is not tried.",
    ),
    arms={"beaten": arms.GAN_BEATEN},
    parts=(
        Part(
            Sentence(
                "判別器損失降到零之後，KID 還下降的比率",
                "fall of KID after D's loss has come to zero",
            ),
            ("beaten",),
            learning_after_zero,
            VALUE,
            "equal",
            10.0,
            Sentence(
                "KID 的下降不到 10 %，就算沒有學到。", "A fall of less than 10 % is no learning."
            ),
            "%",
        ),
    ),
)

# ---- labels --------------------------------------------------------------------------------------

C10 = Claim(
    id="C10",
    statement=Sentence(
        "判別器的濾波器減半，ACGAN 的訓練較穩定。",
        "Halving D's filters steadies ACGAN training.",
    ),
    letters=("B",),
    protocol=Sentence(
        "upsample 的 ACGAN，判別器的通道數減半（報告）或不減，其餘相同；看訓練的後半。",
        "The ACGAN of upsample with half of D's filters (the report) or all of them, all else"
        " equal; the second half of the training.",
    ),
    note=Sentence(
        "起伏是損失逐點變化的平均大小除以損失的平均，兩個網路取平均；平穩不等於影像較好。",
        "Roughness is the mean size of a loss's changes from point to point over its mean, averaged"
        " over both networks; steadier is not better images.",
    ),
    arms={"half": arms.ACGAN_HALF, "full": arms.ACGAN_FULL},
    parts=(
        Part(
            Sentence(
                "損失的起伏，減半相對於不減的變化",
                "roughness of the losses, half of the filters against all",
            ),
            ("half", "full"),
            roughness,
            RATIO,
            "less",
            10.0,
            Sentence(
                "起伏的差別不到 10 %，曲線上看不出。",
                "Less than 10 % cannot be seen in a curve.",
            ),
            "%",
        ),
    ),
    needs=("Smiling",),
)
C11 = Claim(
    id="C11",
    statement=Sentence("批次正規化會讓 ACGAN 訓練失敗。", "Batch norm makes ACGAN training fail."),
    letters=("A",),
    protocol=Sentence(
        "plain 的 ACGAN，各層之間加上批次正規化或不加（報告），其餘相同。",
        "The ACGAN of plain with batch norm between its layers or without (the report), all else"
        " equal.",
    ),
    note=Sentence(
        "另外三份報告的 ACGAN 都有批次正規化；這裡只問報告 A 自己的網路。"
        "執行資料夾留下的是最好的快照；訓練失敗與否，要看最後一個。",
        "The ACGANs of the other three reports have batch norm; the question here is report A's own"
        " networks. A run keeps its best snapshot; a training that fails shows in its last one.",
    ),
    arms={"on": arms.ACGAN_ON, "off": arms.ACGAN_OFF},
    parts=(
        Part(
            Sentence(
                "最後快照的 KID，有批次正規化相對於沒有的變化",
                "KID of the last snapshot, with batch norm against without",
            ),
            ("on", "off"),
            result("last_kid"),
            RATIO,
            "greater",
            50.0,
            Sentence(
                "「失敗」是差很多，不是差一點：KID 要高 50 %。",
                "To fail is to be much worse, not a little: a KID 50 % higher.",
            ),
        ),
    ),
    needs=("Smiling",),
)
C12 = Claim(
    id="C12",
    statement=Sentence(
        "ACGAN 訓練到後期會崩潰，所以早期的快照比最後的好。",
        "ACGAN training collapses late, so an early snapshot is better than the last.",
    ),
    letters=("A",),
    protocol=Sentence(
        "plain 的 ACGAN（報告的網路），最後一個快照的 KID 與前三分之二訓練中最好的一個相比。",
        "The ACGAN of plain (the report's networks), the last snapshot's KID against the best of"
        " the first two thirds of the training.",
    ),
    note=Sentence(
        "報告訓練 30,000 步，約在 20,000 步之後崩潰。規模 quick 只走其中十分之一，"
        "更晚才出現的崩潰看不到。",
        "The report trained for 30,000 steps and saw it break after about 20,000. Profile quick"
        " goes a tenth of the way: a collapse that comes later is not seen.",
    ),
    arms={"off": arms.ACGAN_OFF},
    parts=(
        Part(
            Sentence(
                "最後快照的 KID 比早期最好的高多少",
                "KID of the last snapshot above the best early one's",
            ),
            ("off",),
            late_loss,
            CHANGE,
            "greater",
            25.0,
            Sentence(
                "從幾個有雜訊的 KID 中挑最低，本身就會差上幾個百分點；25 % 遠大於這個誤差。",
                "Choosing the lowest of several noisy KIDs makes some percent by itself; 25 % is"
                " well above that.",
            ),
            "%",
        ),
    ),
    needs=("Smiling",),
)

# ---- tricks --------------------------------------------------------------------------------------


DISTANCE = Sentence(
    "與測試影像的 Fréchet 距離", "the Fréchet distance of samples from the test images"
)


def trick_protocol(zh: str, en: str, by: Sentence = DISTANCE) -> Sentence:
    """Return the protocol of a change to the GAN of dcgan, judged `by` the best snapshot's."""
    return Sentence(
        f"dcgan 的 GAN，{zh}，其餘相同；看最好的快照{by.zh}。",
        f"The GAN of dcgan {en}, all else equal; by {by.en}, at the best snapshot.",
    )


NOISE_NOTE = Sentence(
    "GAN 換一個種子，距離就可能差上 10 %：少數幾個種子只能看出大的差別。",
    "With another seed alone a GAN's distance may change by 10 %: a few seeds show large"
    " differences only.",
)
C19 = Claim(
    id="C19",
    statement=Sentence("左右翻轉能改善 GAN。", "Horizontal flips improve the GAN."),
    letters=("E",),
    protocol=trick_protocol("訓練影像隨機左右翻轉或不翻轉", "with or without random flips"),
    note=NOISE_NOTE,
    arms={"flip": arms.GAN_FLIP, "none": arms.GAN_PLAIN},
    parts=(
        Part(
            Sentence(
                "樣本的 Fréchet 距離，翻轉相對於不翻轉的變化",
                "Fréchet distance of samples, flips against none",
            ),
            ("flip", "none"),
            result("frechet"),
            RATIO,
            "less",
            5.0,
            TWENTIETH,
        ),
    ),
)
C20 = Claim(
    id="C20",
    statement=Sentence(
        "均勻雜訊與高斯雜訊一樣好。", "Uniform noise works as well as Gaussian noise."
    ),
    letters=("E",),
    protocol=trick_protocol(
        "z 取 [-1, 1] 的均勻分布或標準常態分布", "with z uniform in [-1, 1] or standard normal"
    ),
    note=NOISE_NOTE,
    arms={"uniform": arms.GAN_UNIFORM, "normal": arms.GAN_NORMAL},
    parts=(
        Part(
            Sentence(
                "樣本的 Fréchet 距離，均勻雜訊相對於高斯雜訊的變化",
                "Fréchet distance of samples, uniform noise against Gaussian",
            ),
            ("uniform", "normal"),
            result("frechet"),
            RATIO,
            "equal",
            10.0,
            TENTH,
        ),
    ),
)
C21 = Claim(
    id="C21",
    statement=Sentence(
        "生成器每更新一次，判別器更新兩次，影像較清晰。",
        "Two D updates per G update make clearer images.",
    ),
    letters=("E",),
    protocol=trick_protocol(
        "生成器更新次數相同，每次之前判別器更新 2 次或 1 次",
        "with equally many updates of G, and 2 or 1 of D before each",
        by=Sentence(
            "的銳利度，以及與測試影像的 Fréchet 距離",
            "the sharpness of samples and their Fréchet distance from the test images",
        ),
    ),
    note=Sentence(
        "判別器更新 2 次的一組看過 2 倍的影像，訓練時間也較長。雜訊也會使銳利度變高，"
        "所以距離不得變差。",
        "The arm with 2 updates of D sees 2 times as many images and takes longer. Noise is sharp"
        " as well, so the distance must not get worse.",
    ),
    arms={"two": arms.GAN_TWO, "one": arms.GAN_ONE},
    parts=(
        Part(
            Sentence(
                "隨機樣本的銳利度，2 次相對於 1 次的變化",
                "sharpness of random samples, 2 updates against 1",
            ),
            ("two", "one"),
            result("sharpness_samples"),
            RATIO,
            "greater",
            5.0,
            CLEARER,
        ),
        Part(
            Sentence(
                "樣本的 Fréchet 距離，2 次比 1 次高多少（較低算 0）",
                "Fréchet distance of samples, 2 updates above 1 (lower is 0)",
            ),
            ("two", "one"),
            result("frechet"),
            EXCESS,
            "equal",
            10.0,
            TENTH,
        ),
    ),
)

# ---- codes ---------------------------------------------------------------------------------------

LEAD = Sentence(
    "領先不到 0.05 nats，換一個種子就可能反過來。",
    "A lead of less than 0.05 nats may turn round with another seed.",
)
C22 = Claim(
    id="C22",
    statement=Sentence(
        "InfoGAN 的編碼先學會頭髮（髮型、髮量、髮色），再學會姿勢。",
        "InfoGAN's code captures hair (style, volume, colour) first, then pose.",
    ),
    letters=("E",),
    protocol=Sentence(
        "dcgan 的 InfoGAN，Q 讀真實測試影像得到的編碼，與畫出這些臉的因素之間的互資訊。",
        "The InfoGAN of dcgan: mutual information of the code that Q reads in real test images and"
        " the factors that those faces were drawn from.",
    ),
    note=Sentence(
        "這裡把「先學會」理解成「編碼透露最多」。頭髮的因素與性別相關，所以髮型的資訊也帶有性別。",
        '"First" is taken to mean the factor that the code tells most about. Factors of hair go'
        " along with sex, so that what tells of a hair style tells of sex as well.",
    ),
    arms={"infogan": arms.INFOGAN},
    parts=(
        Part(
            Sentence(
                "編碼對頭髮因素的資訊，領先其他任何因素多少",
                "what the code tells of a factor of hair, above any other factor",
            ),
            ("infogan",),
            lead_of(HAIR, over=lambda name: True),
            VALUE,
            "greater",
            0.05,
            LEAD,
            "nats",
        ),
        Part(
            Sentence(
                "編碼對姿勢因素的資訊，領先頭髮以外的任何其他因素多少",
                "what the code tells of a factor of pose, above any other factor but hair",
            ),
            ("infogan",),
            lead_of(POSE, over=lambda name: name not in HAIR),
            VALUE,
            "greater",
            0.05,
            LEAD,
            "nats",
        ),
    ),
    needs=("factors",),
)

ADVERSARIAL = (C5, C6, C7, C8, C9, C10, C11, C12, C19, C20, C21, C22)
