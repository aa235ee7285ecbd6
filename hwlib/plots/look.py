"""The figures' one look: colours, fonts, sizes, and the words in both languages."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib import font_manager

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
        "attribute": "{name} ({attribute})",
        "attribute_is": "{attribute}：是（{count:,} 張）",
        "attribute_is_not": "{attribute}：否（{count:,} 張）",
        "no_attribute": "資料沒有屬性標記，因此不上色（{count:,} 張）",
        "tsne_1": "t-SNE 第一軸（無單位）",
        "tsne_2": "t-SNE 第二軸（無單位）",
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
    },
}

# The homework's thirteen attributes in Taiwan's usual words.
ATTRIBUTES_ZH = {
    "Bangs": "瀏海",
    "Big_Lips": "厚唇",
    "Black_Hair": "黑髮",
    "Blond_Hair": "金髮",
    "Brown_Hair": "棕髮",
    "Heavy_Makeup": "濃妝",
    "High_Cheekbones": "高顴骨",
    "Male": "男性",
    "Mouth_Slightly_Open": "嘴巴微張",
    "Smiling": "微笑",
    "Straight_Hair": "直髮",
    "Wavy_Hair": "捲髮",
    "Wearing_Lipstick": "擦口紅",
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


def attribute_name(attribute: str, lang: str) -> str:
    """Return `attribute` in the words of `lang`, with the data's own name kept."""
    if lang == "zh" and attribute in ATTRIBUTES_ZH:
        return WORDS["zh"]["attribute"].format(name=ATTRIBUTES_ZH[attribute], attribute=attribute)
    return attribute
