"""What attributes and factors are called in a sentence."""

from __future__ import annotations

from hwlib.discuss.base import Sentence
from hwlib.text import section

KNOWN = section("names", Sentence._fields[0])


def named(name: str) -> Sentence:
    """Return the name of an attribute or a factor as a sentence has it, the data's own kept.

    A name without Chinese words stands between spaces, as Latin letters do in Chinese.
    """
    return Sentence(f"{KNOWN[name]}（{name}）" if name in KNOWN else f" {name} ", name)


def tidy(sentence: Sentence) -> Sentence:
    """Take away the spaces that such a name leaves at the ends and before Chinese punctuation."""
    zh = sentence.zh.strip()
    for mark in "，。；：、（）":
        zh = zh.replace(f" {mark}", mark).replace(f"{mark} ", mark)
    return Sentence(zh, sentence.en)
