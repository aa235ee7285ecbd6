"""The figures' one look: colours, fonts, sizes, and the words in both languages."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

COLUMN_IN = 6.3  # width of a report's text column, 16 cm
CANVAS_PX = 1200  # about how many pixels wide a sheet of pictures is drawn

# Okabe and Ito's palette: told apart with every common kind of colour blindness.
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
SKY, YELLOW, PINK, INK, GREY = "#56B4E9", "#E69F00", "#CC79A7", "#222222", "#8A8A8A"
PALETTE = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY)

WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "Conv2d": "卷積",
        "ConvTranspose2d": "轉置卷積",
        "Linear": "全連接",
        "stride": "，步幅 ",
        "epoch": "訓練週期（epoch）",
        "recon": "重建損失（nats／張）",
        "kl": "KL 散度（nats／張）",
        "log_axis": "，對數刻度",
        "train": "訓練",
        "test": "測試",
        "test_images": "測試影像",
        "reconstructions": "重建影像",
        "attribute_is": "{attribute}：是（{count:,} 張）",
        "attribute_is_not": "{attribute}：否（{count:,} 張）",
        "no_attribute": "資料沒有屬性標記，因此不上色（{count:,} 張）",
        "tsne_1": "t-SNE 第 1 軸（無單位）",
        "tsne_2": "t-SNE 第 2 軸（無單位）",
        "latent_rank": "隱變數（依活躍程度排序）",
        "variance": "各影像 $\\mu$ 的變異數",
        "active": "活躍：{active:,} / {total:,} 維",
        "inactive": "不活躍：{inactive:,} 維",
        "threshold": "門檻 0.01",
        "encoder": "編碼器",
        "decoder": "解碼器",
        "input": "影像",
        "output": "重建影像",
        "parameters": "參數 {count:,} 個",
        "sampling": "重新參數化",
        "value": "$\\mu$ 改成的數值",
        "step": "訓練步數",
        "losses": "對抗損失",
        "undecided": "D 分不出來時",
        "d_accuracy": "D 的準確率",
        "on_real": "真實影像",
        "on_fake": "生成影像",
        "healthy": "60–75 %",
        "best_snapshot": "KID 最低",
        "kept_snapshot": "採用的快照",
        "class_losses": "屬性損失",
        "guess_class_loss": "亂猜：ln 2",
        "guess_class_losses": "亂猜：2 ln 2 與 ln 2",
        "guess_class_accuracy": "亂猜：50 %",
        "class_accuracy": "D 判斷屬性的準確率",
        "q_loss": "Q 的損失（nats／碼）",
        "guess_loss": "亂猜：ln 10",
        "code_accuracy": "Q 讀出編碼的準確率",
        "guess_accuracy": "亂猜：10 %",
        "snapshot_kid": "快照的 KID（愈低愈好）",
        "snapshot_diversity": "快照的多樣性／真實影像",
        "snapshot_correlation": "要求與所見標籤的相關係數 r",
        "snapshot_score": "KID / r⁴（採用最低的）",
        "as_real": "與真實影像相同",
        "sample": "樣本",
        "nearest": "最近的\n訓練影像",
        "is_on": "{attribute}\n開",
        "is_off": "{attribute}\n關",
        "code_value": "編碼 {code} 的值",
        "growing_value": "$c_1$ = {value}",
        "growing_on": "$z_{{{number}}}$ 開",
        "growing_off": "$z_{{{number}}}$ 關",
        "leakage_samples": "樣本：同一組 $z$ 打開減去關掉",
        "leakage_real": "真實影像：有減去沒有",
        "points": "百分點",
        "mean": "平均",
        "nats": "互資訊（nats）",
        "least_nats": "不到 {least} nats：不算數",
        "generator": "生成器",
        "discriminator": "判別器",
        "given_z": "雜訊",
        "given_c": "條件",
        "made": "生成影像",
        "real_or_made": "真實或生成",
        "answer_real": "真假",
        "answer_classes": "屬性",
        "answer_both": "真假與屬性",
        "answer_q": "編碼",
        "and": "，",
        "before_q": "Q：",
        "JoinValues": "接在 $z$ 後面",
        "JoinOneHot": "化成 one-hot 接在 $z$ 後面",
        "Embedding": "嵌入後與 $z$ 相乘",
        "code": "編碼 {code}",
        "kl_trained": "訓練目標（誤差 + β KL）",
        "kl_neg_elbo": "負 ELBO（β = 1）",
        "kl_neg_elbo_test": "負 ELBO，測試",
        "kl_nats_axis": "nats／張",
        "kl_at_step": "{weight}\n第 {step:,} 步",
        "kl_real": "真實影像",
        "kl_straight": "直線",
        "kl_spherical": "球面",
        "kl_sweep": "其他權重",
        "kl_told": "逐一討論的權重",
        "kl_rate": "編碼長度：KL（nats／張）",
        "kl_distortion": "失真：重建誤差（nats／張）",
        "kl_weight": "KL 權重 λ（對數刻度，0 另立）",
        "kl_active": "活躍的隱變數（共 {total:,} 個）",
        "kl_kid": "先驗樣本的 KID（愈低愈好）",
        "kl_score": "解開的程度（愈高愈好）",
        "log_scale": "對數刻度",
        "effect": "效果",
        "in_unit": "（{unit}）",
        "verdict_supported": "成立",
        "verdict_contradicted": "不成立",
        "verdict_undecided": "未定",
        "claims_differ": "說有差別的量測",
        "claims_equal": "說沒有差別的量測",
        "in_margins": "效果除以門檻（上圖往右是說法的方向；2 以外為對數刻度）",
        "claimed_band": "成立的範圍",
    },
    "en": {
        "Conv2d": "Conv",
        "ConvTranspose2d": "ConvT",
        "Linear": "Linear",
        "stride": ", stride ",
        "epoch": "epoch",
        "recon": "reconstruction (nats per image)",
        "kl": "KL divergence (nats per image)",
        "log_axis": ", log scale",
        "train": "train",
        "test": "test",
        "test_images": "test image",
        "reconstructions": "reconstruction",
        "attribute_is": "{attribute}: yes ({count:,} images)",
        "attribute_is_not": "{attribute}: no ({count:,} images)",
        "no_attribute": "the data has no attributes, so no colours ({count:,} images)",
        "tsne_1": "t-SNE axis 1 (no unit)",
        "tsne_2": "t-SNE axis 2 (no unit)",
        "latent_rank": "latent variable, most active first",
        "variance": "variance of $\\mu$ over images",
        "active": "active: {active:,} of {total:,}",
        "inactive": "inactive: {inactive:,}",
        "threshold": "threshold 0.01",
        "encoder": "Encoder",
        "decoder": "Decoder",
        "input": "image",
        "output": "reconstruction",
        "parameters": "{count:,} parameters",
        "sampling": "reparameterisation",
        "value": "value that $\\mu$ is set to",
        "step": "training step",
        "losses": "adversarial losses",
        "undecided": "D undecided",
        "d_accuracy": "D's accuracy",
        "on_real": "real",
        "on_fake": "generated",
        "healthy": "60–75 %",
        "best_snapshot": "lowest KID",
        "kept_snapshot": "snapshot kept",
        "class_losses": "attribute losses",
        "guess_class_loss": "guessing: ln 2",
        "guess_class_losses": "guessing: 2 ln 2, ln 2",
        "guess_class_accuracy": "guessing: 50 %",
        "class_accuracy": "D's accuracy at attributes",
        "q_loss": "Q's loss (nats per code)",
        "guess_loss": "guessing: ln 10",
        "code_accuracy": "Q's accuracy at codes",
        "guess_accuracy": "guessing: 10 %",
        "snapshot_kid": "KID of snapshots (low is good)",
        "snapshot_diversity": "diversity, real pictures = 1",
        "snapshot_correlation": "labels asked and shown: correlation r",
        "snapshot_score": "KID / r⁴ (the lowest is kept)",
        "as_real": "as real pictures",
        "sample": "sample",
        "nearest": "nearest in\ntraining",
        "is_on": "{attribute}\non",
        "is_off": "{attribute}\noff",
        "code_value": "value of code {code}",
        "growing_value": "$c_1$ = {value}",
        "growing_on": "$z_{{{number}}}$ on",
        "growing_off": "$z_{{{number}}}$ off",
        "leakage_samples": "samples: the same $z$, on minus off",
        "leakage_real": "real pictures: with it minus without it",
        "points": "percentage points",
        "mean": "mean",
        "nats": "mutual information (nats)",
        "least_nats": "below {least} nats: counts as none",
        "generator": "Generator",
        "discriminator": "Discriminator",
        "given_z": "noise",
        "given_c": "given",
        "made": "generated image",
        "real_or_made": "real or generated",
        "answer_real": "real or not",
        "answer_classes": "attributes",
        "answer_both": "real or not, attributes",
        "answer_q": "code",
        "and": ", ",
        "before_q": "Q: ",
        "JoinValues": "$c$ appended to $z$",
        "JoinOneHot": "one-hot $c$ appended to $z$",
        "Embedding": "$z$ times embedding of $c$",
        "code": "code {code}",
        "kl_trained": "what was minimised (error + β KL)",
        "kl_neg_elbo": "negative ELBO (β = 1)",
        "kl_neg_elbo_test": "negative ELBO, test",
        "kl_nats_axis": "nats per image",
        "kl_at_step": "{weight}\nstep {step:,}",
        "kl_real": "real images",
        "kl_straight": "straight",
        "kl_spherical": "spherical",
        "kl_sweep": "further weights",
        "kl_told": "weights told in full",
        "kl_rate": "rate: KL (nats per image)",
        "kl_distortion": "distortion: error (nats per image)",
        "kl_weight": "KL weight λ (log scale, 0 apart)",
        "kl_active": "active latents (of {total:,})",
        "kl_kid": "KID of prior samples (low is good)",
        "kl_score": "disentanglement (high is good)",
        "log_scale": "log scale",
        "effect": "effect",
        "in_unit": " ({unit})",
        "verdict_supported": "supported",
        "verdict_contradicted": "contradicted",
        "verdict_undecided": "undecided",
        "claims_differ": "a difference is claimed",
        "claims_equal": "no difference is claimed",
        "in_margins": "effect over margin (above: to the right as claimed; log scale beyond 2)",
        "claimed_band": "where a claim holds",
    },
}

# CelebA's forty attributes, the homework's thirteen among them, in Taiwan's usual words.
ATTRIBUTES_ZH = {
    "5_o_Clock_Shadow": "鬍渣",
    "Arched_Eyebrows": "彎眉",
    "Attractive": "迷人",
    "Bags_Under_Eyes": "眼袋",
    "Bald": "禿頭",
    "Bangs": "瀏海",
    "Big_Lips": "厚唇",
    "Big_Nose": "大鼻子",
    "Black_Hair": "黑髮",
    "Blond_Hair": "金髮",
    "Blurry": "影像模糊",
    "Brown_Hair": "棕髮",
    "Bushy_Eyebrows": "濃眉",
    "Chubby": "圓胖",
    "Double_Chin": "雙下巴",
    "Eyeglasses": "戴眼鏡",
    "Goatee": "山羊鬍",
    "Gray_Hair": "灰白髮",
    "Heavy_Makeup": "濃妝",
    "High_Cheekbones": "高顴骨",
    "Male": "男性",
    "Mouth_Slightly_Open": "嘴巴微張",
    "Mustache": "小鬍子",
    "Narrow_Eyes": "細長眼",
    "No_Beard": "沒有鬍子",
    "Oval_Face": "鵝蛋臉",
    "Pale_Skin": "皮膚蒼白",
    "Pointy_Nose": "尖鼻子",
    "Receding_Hairline": "髮際線後退",
    "Rosy_Cheeks": "臉頰紅潤",
    "Sideburns": "鬢角",
    "Smiling": "微笑",
    "Straight_Hair": "直髮",
    "Wavy_Hair": "捲髮",
    "Wearing_Earrings": "戴耳環",
    "Wearing_Hat": "戴帽子",
    "Wearing_Lipstick": "擦口紅",
    "Wearing_Necklace": "戴項鍊",
    "Wearing_Necktie": "打領帶",
    "Young": "年輕",
}

# The drawn faces' factors.
FACTORS_ZH = {
    "masculinity": "性別特徵",
    "age": "年齡",
    "skin_tone": "膚色深淺",
    "skin_undertone": "膚色冷暖",
    "freckles": "雀斑",
    "face_width": "臉寬",
    "face_length": "臉長",
    "jaw": "下顎",
    "chin": "下巴",
    "cheekbones": "顴骨",
    "hair_colour": "髮色",
    "hair_shade": "髮色深淺",
    "hair_texture": "髮質",
    "hair_style": "髮型",
    "hair_length": "頭髮長度",
    "hair_volume": "髮量",
    "hair_part": "分線位置",
    "hairline": "髮際線",
    "bangs": "瀏海",
    "brow_thickness": "眉毛粗細",
    "brow_arch": "眉形",
    "brow_height": "眉毛高低",
    "eye_size": "眼睛大小",
    "eye_spacing": "眼距",
    "eye_tilt": "眼尾高低",
    "eye_colour": "眼睛顏色",
    "eye_open": "睜眼程度",
    "gaze_x": "視線左右",
    "gaze_y": "視線上下",
    "nose_width": "鼻寬",
    "nose_length": "鼻長",
    "mouth_width": "嘴寬",
    "mouth_open": "嘴巴張開",
    "smile": "笑容",
    "lip_fullness": "嘴唇厚度",
    "lipstick": "口紅",
    "lipstick_hue": "口紅色相",
    "makeup": "妝容濃淡",
    "makeup_hue": "妝容色相",
    "beard": "鬍子",
    "glasses": "眼鏡",
    "earrings": "耳環",
    "yaw": "左右轉頭",
    "tilt": "側傾",
    "zoom": "遠近",
    "shift_x": "左右位置",
    "light_x": "光源左右",
    "light_contrast": "明暗對比",
    "light_warmth": "光線冷暖",
    "background": "背景樣式",
    "background_hue": "背景色相",
    "background_lightness": "背景明暗",
    "clothes": "衣服樣式",
    "clothes_hue": "衣服色相",
    "clothes_lightness": "衣服明暗",
    "detail": "細部變化",
}


@functools.cache
def register_fonts() -> tuple[str, ...]:
    """Make the package's fonts known to matplotlib.

    Returns:
        the family list, first choice first; matplotlib falls back glyph by glyph along it.
    """
    folder = Path(__file__).parents[1] / "fonts"
    families = []
    for path in sorted([*folder.glob("*.otf"), *folder.glob("*.ttf")]):
        font_manager.fontManager.addfont(path)
        families.append(font_manager.get_font(str(path)).family_name)
    return (*dict.fromkeys(families), "DejaVu Sans")


def rc_params() -> dict[str, Any]:
    """Return the settings of matplotlib that make up the figures' one look."""
    return {
        "font.family": list(register_fonts()),
        "font.size": 8.5,
        "axes.titlesize": 9,
        "axes.labelsize": 8.5,
        "xtick.labelsize": 7.5,
        "ytick.labelsize": 7.5,
        "legend.fontsize": 8,
        "legend.frameon": False,
        "figure.dpi": 200,
        "savefig.dpi": "figure",
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "figure.constrained_layout.use": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#555555",
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": "#555555",
        "ytick.color": "#555555",
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#E3E3E3",
        "grid.linewidth": 0.6,
        "lines.linewidth": 1.6,
        "lines.solid_capstyle": "round",
        "mathtext.fontset": "dejavusans",
        "axes.prop_cycle": plt.cycler(color=PALETTE),
    }


def style():
    """Return a context in which matplotlib has the look of the project's figures."""
    return plt.rc_context(rc_params())


def styled(draw: Callable) -> Callable:
    """Run `draw` within the project's style."""

    @functools.wraps(draw)
    def wrapped(*args, **kwargs):
        with style():
            return draw(*args, **kwargs)

    return wrapped


def labels(fig: Figure) -> list[str]:
    """Return the words that can be read on a drawn figure, each once: what is to be translated."""
    texts = (text for text in fig.findobj(Text) if text.get_visible())
    return list(dict.fromkeys(text.get_text() for text in texts if text.get_text().strip()))


def attribute_name(attribute: str, lang: str) -> str:
    """Return `attribute` in the words of `lang`, with the data's own name kept."""
    if lang == "zh" and attribute in ATTRIBUTES_ZH:
        return f"{ATTRIBUTES_ZH[attribute]} ({attribute})"
    return attribute


def choose_scale(ax: Axes, values: np.ndarray, lang: str, *, pad: float | None = None) -> None:
    """Use a log axis, and say so, where the first steps would flatten all the rest.

    Args:
        ax: axes whose title stands on the left.
        values: all that is drawn on them.
        lang: language of the words.
        pad: points between axes and title; None is the usual distance.
    """
    if values.size and values.min() > 0 and values.max() > 8 * np.median(values):
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.set_title(ax.get_title(loc="left") + WORDS[lang]["log_axis"], loc="left", pad=pad)
    else:
        ax.yaxis.set_major_locator(MaxNLocator(6))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
