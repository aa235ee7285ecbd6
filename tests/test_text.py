"""Texts: how numbers are written, how sentences join; no language lacks what another has."""

import re

import numpy as np
import pandas
import pytest

from hwlib import text
from hwlib.text import finding

WORDS = {path.stem for path in text.ROOT.glob("*/*.toml")} - {text.ABOUT, "names"}
SENTENCES = {path.stem for path in text.ROOT.glob("*/*.j2")}


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        *[(text.percent(0.0001), "<0.1 %"), (text.percent(0.0), "0.0 %")],
        *[(text.percent(-0.123), "−12.3 %"), (text.number(0), "0")],
        *[(text.number(0.0196734), "0.0197"), (text.number(1e-5), "0.00001")],
        *[(text.number(992.3), "992"), (text.number(31_250.0), "31,250")],
        *[(text.number(-0.00045), "−0.00045"), (text.number(-1_234.5), "−1,234")],
        *[(text.number(-np.inf), "−inf"), (text.number(1234.5, 6), "1,234.5")],
        *[(text.number(1e-7, 6), "0.0000001"), (text.fixed(-1234.56, 1), "−1,234.6")],
        *[(text.signed(1.25, 1), "+1.2"), (text.signed(-0.5, 1), "−0.5")],
        *[(text.signed(0, 1), "0.0"), (text.plural(1, "epoch"), "1 epoch")],
        *[(text.plural(1_200, "epoch"), "1,200 epochs"), (text.plural("0.5", "a"), "0.5 as")],
    ],
)
def test_numbers_are_written_for_readers(written, wanted):
    assert written == wanted


def test_lines_break_between_pieces_and_never_before_a_comma():
    assert text.wrap("error in [0, 1] at λ = 1", 8) == ["error in", "[0, 1]", "at λ = 1"]
    assert text.width("z 空間") == 6  # a Chinese character is as wide as two letters
    assert text.wrap("影像影像，平均", 8) == ["影像影像，", "平均"]


def test_running_text_has_no_marks_of_emphasis():
    values = {"form": {"kl_weight": 1}, "implied": 90, "left": 19, "level": "above", "factor": 22}
    found = [finding("losses.implied_sigma", **values)]
    assert "**" in found[0].say("en")
    assert "**" not in text.say_all(found, language="en")


@pytest.mark.parametrize("name", sorted(WORDS))
def test_every_language_has_the_same_words(name):
    sections = [text.section(name, language) for language in text.LANGUAGES]
    found = [set(pandas.json_normalize(section).columns) for section in sections]
    assert all(one == found[0] for one in found), set.union(*found) - set.intersection(*found)


def macros(name, language):
    """Return the arguments of each sentence of a file."""
    module = text._module(name, language)
    found = {key: getattr(module, key) for key in dir(module) if not key.startswith("_")}
    return {key: sorted(one.arguments) for key, one in found.items() if hasattr(one, "arguments")}


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_every_language_has_the_same_sentences_made_from_the_same_values(name):
    first, *others = [macros(name, language) for language in text.LANGUAGES]
    assert first
    assert others == [first] * len(others)


@pytest.mark.parametrize("path", sorted((text.ROOT / "en").iterdir()), ids=lambda path: path.name)
def test_no_english_text_has_chinese_in_it(path):
    chinese = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
    assert not re.search(chinese, path.read_text(encoding="utf-8"))
