"""What every sentence of a discussion must hold to, in both languages."""

import re


def assert_same_numbers(sentences):
    for sentence in sentences:
        # names such as C3, 32-bit words or [-1, 1] stand in both; words for numbers in neither
        zh, en = (re.findall(r"\d[\d,.]*\d|\d", text) for text in sentence)
        assert sorted(zh) == sorted(en), sentence


def assert_each_in_its_language(sentences):
    for sentence in sentences:
        assert re.search(r"[\u4e00-\u9fff]", sentence.zh)
        assert not re.search(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", sentence.en)
        assert sentence.zh.rstrip("*").endswith("。")
        assert sentence.en.rstrip("*").endswith(".")


def assert_tidy(sentences):
    for sentence in sentences:
        assert not re.search(r"  | [，。；：、]|[，。；：、] |（ | ）", sentence.zh), sentence.zh
        assert not re.search(r"  | [,.;:]|\( | \)", sentence.en), sentence.en
        # a Latin letter or a number stands off from Chinese, as everywhere in the lab
        assert not re.search(r"[\u4e00-\u9fff][A-Za-z0-9]", sentence.zh), sentence.zh
