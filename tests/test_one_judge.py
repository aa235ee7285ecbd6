"""A report's claim has one judge, `hwlib.claims`: nothing else gives a verdict on one."""

import ast
import json
import re
from pathlib import Path

import pytest

from hwlib.claims import VERDICTS
from hwlib.text import LANGUAGES, word

ROOT = Path(__file__).parents[1]
TEXTS = ROOT / "report" / "text"
OWN = ("claims", "verdicts")  # what may speak of verdicts: files of words, and modules

NUMBER = re.compile(r"(?<![\w#])C\d{1,2}(?:['\u2032]|\b)(?!\w)")
# What a verdict on a claim would be worded with, beside the verdicts' own words.
JUDGING = {
    "en": r"\b(?:supports?|supported|contradict(?:s|ed)|undecided|holds?|fails?|refut|confirm|"
    r"disprove|borne out|bears? out|agrees? with|consistent with|does not count|is (?:true|false)|"
    r"is (?:right|wrong))",
    "zh": "成立|未定|支持|相符|否定|證實|反駁|不符|推翻|屬實",
}


def sentences_of(text):
    """Yield the stretches of a text that a claim's number and a verdict would share.

    They are the macros of a Jinja file, and the entries of a TOML file.
    """
    yield from re.split(r"\{%-? endmacro|\n(?=\w+ = )", text)


def is_judging(text, language):
    words = [word(f"claims.verdicts.{verdict}", language) for verdict in VERDICTS]
    words = "|".join(map(re.escape, words))
    return re.search(f"{words}|{JUDGING.get(language, words)}", text)


def judged(text):
    """Return stretches of a text, in any language, that name a claim and give a verdict."""
    return [
        one
        for one in sentences_of(text)
        if NUMBER.search(one) and any(is_judging(one, language) for language in LANGUAGES)
    ]


def test_a_verdict_on_a_claim_would_be_found():
    assert judged("This supports report E (C18).")
    assert judged("Report C's claim (C3') holds.")
    assert judged("量測支持報告 E（C18）。")
    assert judged("λ = 0 的樣本不成人臉，與 C13 相符。")
    assert judged("two codes: C7 does not hold here")
    assert not judged("D's accuracy is between 60 % and 75 % (C7) in 12 % of the training.")
    assert not judged("The colour #C13AFF supports nothing; C3PO holds.")


# The one sentence on what the numbers are: C1' and C3' say the opposite of C1 and C3.
ABOUT_THE_LIST = {"book.j2": ("C1 to C22", "C1 到 C22")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_but_the_claims_own_judges_a_claim(language):
    found = []
    for path in sorted((TEXTS / language).glob("*.*")):
        if path.stem in OWN:
            continue
        excused = ABOUT_THE_LIST.get(path.name, ())
        found += [
            (path.name, one.strip()[:200])
            for one in judged(path.read_text(encoding="utf-8"))
            if not any(words in one for words in excused)
        ]
    assert found == []


def test_no_notebook_judges_a_claim_in_its_prose():
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                found += [(path.name, one[:200]) for one in judged("".join(cell["source"]))]
    assert found == []


def strings(path):
    """Return every string of a module but its docstrings, and what it imports from."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    own = [n.value for n in nodes if isinstance(n, ast.Constant) and id(n) not in docs]
    modules = [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    return [value for value in own if isinstance(value, str)], modules


def test_no_module_judges_a_claim_in_words_of_its_own():
    found = []
    for path in sorted((ROOT / "hwlib").rglob("*.py")):
        if path.parent.name != "claims":
            found += [(path.name, one[:200]) for text in strings(path)[0] for one in judged(text)]
    assert found == []


# A finding may measure as a claim does, and give its margin; it draws no conclusion from them.
CONCLUDING = ("hwlib.claims.deciding", "hwlib.claims.statistics")


def test_findings_measure_as_the_judge_does_but_conclude_nothing():
    for path in sorted((ROOT / "hwlib" / "findings").glob("*.py")):
        if path.stem not in OWN:
            values, modules = strings(path)
            assert not {*modules} & {*CONCLUDING}, path.name
            assert not {*values} & {*VERDICTS}, f"{path.name} has verdicts of its own"
