"""Lines on a user's mistakes in Chinese, for who reads a notebook in Chinese.

The line is written once, in English, where the mistake is noticed; this is its translation, by its
pattern. The command line, and what a notebook seldom meets, speak English alone.
"""

from __future__ import annotations

import re

_MEANT = r"(?: \(did you mean (?P<near>.+?)\?\))?"
_MEANT_ZH = "（是不是 {near}？）"

# English pattern, with the names of what is kept; Chinese words.
LINES_ZH: dict[str, str] = {
    rf"unknown recipe '(?P<name>.*?)'{_MEANT}; (?P<problem>\S+) has: (?P<known>.*)": (
        "沒有「{name}」這份報告{near}；{problem} 可以選：{known}"
    ),
    r"unknown claim '(?P<name>.*?)'; known: (?P<known>.*)": (
        "沒有「{name}」這條結論；可以選：{known}"
    ),
    r"report '(?P<recipe>.*)' has no problem '(?P<problem>.*)'; these have it: (?P<known>.*)": (
        "報告 {recipe} 沒有做 {problem} 這一題；做了這一題的是：{known}"
    ),
    rf"unknown setting '(?P<name>.*?)'{_MEANT}; problem (?P<problem>\S+) knows (?P<known>.*)": (
        "沒有「{name}」這個設定{near}；{problem} 可以設定：{known}"
    ),
    r"setting (?P<name>\S+) plays no part in \S+ (?P<where>\S+), only in (?P<known>.*)": (
        "{where} 用不到 {name} 這個設定；用得到的只有：{known}"
    ),
    r"setting (?P<name>\S+) = (?P<value>.*): input should be (?P<rule>.*)": (
        "設定 {name} = {value} 不對：應該是{rule}"
    ),
    rf"attribute '(?P<name>.*?)'{_MEANT} is not in (?:the data )?(?P<data>.*); it has: "
    r"(?P<known>.*)": "資料 {data} 沒有「{name}」這個屬性{near}；它有：{known}",
    r"the ACGAN learns attributes and the data (?P<data>.*) has none;.*": (
        "ACGAN 要學屬性，資料 {data} 卻沒有屬性標記：請換有屬性的資料，或改訓練 GAN、InfoGAN"
    ),
    r"attribute is empty; the ACGAN learns one or more of: (?P<known>.*)": (
        "attribute 是空的；ACGAN 至少要學一個屬性，可以選：{known}"
    ),
    r"attribute '(?P<name>.*)' is (?P<value>[01]) in every training picture of (?P<data>.*);.*": (
        "資料 {data} 的訓練影像，屬性「{name}」全部都是 {value}，沒有東西可學：請換一個有變化的屬性"
    ),
    r"(?P<data>.*): give a number of training faces from 1 on, as in .*": (
        "{data} 不對：冒號後面請寫訓練影像的張數（1 以上的整數），例如 faces:2000"
    ),
    r"(?P<path>.*): no such folder; give .*": (
        "找不到資料夾 {path}：請給 'faces'、'faces:張數'，或影像資料夾的完整路徑"
    ),
    r"(?P<path>.*) is a file; give the folder that holds the data": (
        "{path} 是檔案：請給放資料的那個資料夾"
    ),
    r"(?P<path>.*) is empty: looked for .*": "{path} 是空的資料夾",
    r"(?P<path>.*) holds no data that is known here: looked for .*": (
        "{path} 裡沒有認得的資料：hw4 要有 train.csv 與 train/，CelebA 要有 list_attr_celeba.txt，"
        "MNIST 要有 train-images-idx3-ubyte，其他則要有影像檔（.jpg、.png 等）"
    ),
    r"(?P<path>.*) holds (?P<count>\d+) usable pictures?: one to train and one to test .*": (
        "{path} 只有 {count} 張可用的影像：訓練與測試至少要各一張"
    ),
    r"(?P<where>.*): (?P<bad>[\d,]+) of (?P<all>[\d,]+) pictures cannot be used: (?P<which>.*); "
    r"mend or remove them, or leave them out with .*": (
        "{where}：{all} 張影像中有 {bad} 張不能用（{which}）。請修好或刪掉，"
        "或設 skip_bad = True 略過它們"
    ),
    r"(?P<data>.*) has (?P<train>\d+) training and (?P<test>\d+) test pictures; distances .*": (
        "{data} 有 {train} 張訓練影像、{test} 張測試影像，各要兩張以上才量得出距離：請多放一些"
    ),
    r"features=inception needs .*: put (?P<file>\S+) at (?P<path>.*), or name its place in .*": (
        "features=inception 要用 torchvision 的權重：請把 {file} 放到 {path}，"
        "或改用不需要它的 features=oracle"
    ),
    r"recipe upsample shapes .* so z_dim = (?P<value>\d+) must be a multiple of (?P<n>\d+); .*": (
        "設定 z_dim = {value} 不對：報告 upsample 的 z_dim 必須是 {n} 的倍數"
    ),
    r"languages = (?P<value>.*): give a list with .*": (
        'languages = {value} 不對：請寫成 ["zh", "en"]、["zh"] 或 ["en"]'
    ),
    r"settings = (?P<value>.*): write them as (?P<example>.*), or \{\}": (
        "settings = {value} 不對：請寫成 {example}，不改就寫 {{}}"
    ),
    r"settings: (?P<names>.*) has a line of its own above it": (
        "settings 裡的 {names} 在上面自有一行，請寫在那裡"
    ),
    r"runs = (?P<value>.*): give the path of a folder in quotes, .*": (
        'runs = {value} 不對：請把資料夾的路徑放在引號裡，不指定就寫 ""'
    ),
    r"skip_bad = (?P<value>.*): write True or False": "skip_bad = {value} 不對：請寫 True 或 False",
    r"device '(?P<name>.*)' is not on this machine; here: (?P<known>.*), or 'auto'": (
        "這台機器沒有 {name}；可以用：{known}，或 'auto'"
    ),
    r"there is no finished run in (?P<folder>.*): run notebook .*": (
        "{folder} 裡還沒有訓練完成的網路：請先執行筆記本 01_vae，或把 runs 改成有的資料夾"
    ),
    r"there is no finished run '(?P<name>.*)'; there are: (?P<known>.*)": (
        "沒有叫做「{name}」的訓練結果；有的是：{known}"
    ),
    r"(?P<data>.*) has changed since (?P<run>\S+) learnt from it: train it anew": (
        "{run} 訓練之後，資料 {data} 已經變了：請重新訓練"
    ),
    r"(?P<run>\S+): (?P<file>.*) cannot be read; train it anew": (
        "{run}：{file} 讀不出來，請重新訓練"
    ),
    r"(?P<folder>.*) cannot be written to: (?P<why>.*)": "{folder} 不能寫入：{why}",
    r"a verdict needs (?P<least>\d+) seeds or more, not (?P<count>\d+); .*": (
        "每條結論至少要用 {least} 個種子，這裡只有 {count} 個：再少就看不出運氣的影響"
    ),
    r"(?P<name>\S+) is not finite at step (?P<step>[\d,]+); the last good .*": (
        "訓練發散：第 {step} 步的 {name} 不是有限的數。之前的存檔還在；請把 learning_rate 調小"
    ),
    r"(?P<name>\S+) is (?P<value>\S+) at step (?P<step>[\d,]+); the last good .*": (
        "訓練發散：第 {step} 步的 {name} 到了 {value}。之前的存檔還在；請把 learning_rate 調小"
    ),
    r"a weight is not finite after step (?P<step>[\d,]+); .*": (
        "訓練發散：第 {step} 步之後有權重不是有限的數。之前的存檔還在；請把 learning_rate 調小"
    ),
    r"stopped at step (?P<step>[\d,]+) of (?P<all>[\d,]+); .*": (
        "停在第 {step} 步（共 {all} 步）；再執行一次就從這裡接續"
    ),
    r"stopped": "已停止",
}

# What a setting's value has to be, in the words of pydantic.
RULES_ZH: dict[str, str] = {
    r"greater than or equal to (?P<n>\S+)": "大於或等於 {n} 的數",
    r"greater than (?P<n>\S+)": "大於 {n} 的數",
    r"less than or equal to (?P<n>\S+)": "小於或等於 {n} 的數",
    r"less than (?P<n>\S+)": "小於 {n} 的數",
    r"a multiple of (?P<n>\S+)": " {n} 的倍數",
    r"a valid integer.*": "整數",
    r"a valid number.*": "數字",
    r"a finite number": "有限的數",
    r"a valid boolean.*": " True 或 False",
    r"a valid string": "文字（放在引號裡）",
    r"a valid tuple": "好幾個值，例如 [0.5, 0.999]",
    r"(?P<n>'.*') or (?P<last>'.*')": " {n} 或 {last}",
}


def in_chinese(line: str) -> str | None:
    """Return the line on a mistake in Traditional Chinese; None where there are no words for it.

    Args:
        line: as an exception has it, in English.
    """
    return _told(line, LINES_ZH)


def _told(line: str, lines: dict[str, str]) -> str | None:
    for pattern, words in lines.items():
        if found := re.fullmatch(pattern, line, re.DOTALL):
            kept = {name: value or "" for name, value in found.groupdict().items()}
            if kept.get("near"):
                kept["near"] = _MEANT_ZH.format(near=kept["near"])
            if "rule" in kept:
                kept["rule"] = _told(kept["rule"], RULES_ZH) or f" {kept['rule']}"
            for names in ("known", "names", "n"):
                kept[names] = kept.get(names, "").replace(", ", "、")
            return words.format(**kept)
    return None
