"""The wording of every sentence, in tests/golden/<language>.txt: a change is seen as a diff."""

import re

import pytest
from golden_cases import GOLDEN, cases, written

from hwlib import text

# What notebooks, pages and commands say themselves, not found: no run makes it be said.
NOT_FOUND = ("recipes", "metrics", "book", "notes")
HELPERS = {"kl.weight", "kl.weights", "summary.called", "summary.all_called"}
HELPERS |= {"claims.about", "claims.effect", "claims.margin"}
NUMBER = re.compile(r"\d[\d,.]*\d|\d")
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


@pytest.fixture(scope="module")
def said():
    return cases()


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_the_wording_is_the_golden_files(said, language):
    golden = (GOLDEN / f"{language}.txt").read_text(encoding="utf-8")
    assert written(said, language) == golden, (
        "the wording changed: run `python tests/golden_cases.py` and look at the diff"
    )


def bare(finding, language):
    """Return a sentence without marks, citations and headings."""
    return re.sub(r" ?\[@[\w; @]+\]|[$*#]", "", finding.say(language))


def test_every_language_says_the_same_numbers(said):
    for one in said:
        found = [set(NUMBER.findall(bare(one, language))) for language in text.LANGUAGES]
        # a count of one, two or three may be a word in one of them, 0 the end of a range
        assert set.union(*found) - set.intersection(*found) <= {"0", "1", "2", "3"}, one


def test_every_sentence_is_whole_and_in_its_language(said):
    for one in said:
        zh, en = bare(one, "zh"), bare(one, "en")
        assert CHINESE.search(zh), one
        assert "None" not in zh, zh
        assert not CHINESE.search(en), en
        for wrong in ("  ", "..", "。。", "，，", "、。", "Undefined"):
            assert wrong not in zh, zh
            assert wrong not in en, en
        assert not re.search(r" [，。；：、]|[，。；：、] (?![A-Z])|（ | ）", zh), zh
        assert not re.search(r" [,.;:]|\( | \)|[a-z)%][.:;,!?][A-Za-z]{2}", en), en


def test_every_sentence_is_said_by_some_run(said):
    names = {path.stem for path in text.ROOT.glob("en/*.j2")} - set(NOT_FOUND)
    known = set()
    for name in names:
        source = (text.ROOT / "en" / f"{name}.j2").read_text(encoding="utf-8")
        macros = re.findall(r"macro ([a-z]\w*)\(", source)
        inner = {macro for macro in macros if re.search(rf"(?<!macro )\b{macro}\(", source)}
        known |= {f"{name}.{macro}" for macro in macros if macro not in inner}
    assert known - {one.key for one in said} <= HELPERS
