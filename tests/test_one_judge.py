"""A report's claim has one judge, `hwlib.claims`: nothing else gives a verdict on one."""

import ast
import json
import re
from pathlib import Path

from hwlib.claims import VERDICTS
from hwlib.text import LANGUAGES, word

ROOT = Path(__file__).parents[1]
OWN = ("claims", "verdicts")  # what may speak of verdicts: files of words, and modules

NUMBER = re.compile(r"(?<![\w#])C\d{1,2}(?:['\u2032]|\b)(?!\w)")
# What a verdict on a claim would be worded with, beside the verdicts' own words.
JUDGING = {
    "en": r"\b(?:supports?|supported|contradict(?:s|ed)|undecided|holds?|fails?|refut|confirm|"
    r"disprove|borne out|bears? out|agrees? with|consistent with|does not count|is (?:true|false)|"
    r"is (?:right|wrong))",
    "zh": "成立|未定|支持|相符|否定|證實|反駁|不符|推翻|屬實",
}
# The one sentence on what the numbers are: C1' and C3' say the opposite of C1 and C3.
ON_THE_LIST = ("C1 to C22", "C1 到 C22")
# A finding may measure as a claim does, and give its margin; it draws no conclusion from them.
CONCLUDING = {"hwlib.claims.deciding", "hwlib.claims.statistics"}


def is_judging(text, language):
    words = [word(f"claims.verdicts.{verdict}", language) for verdict in VERDICTS]
    words = "|".join(map(re.escape, words))
    return re.search(f"{words}|{JUDGING.get(language, words)}", text)


def judged(text):
    """Return stretches of a text, in any language, that name a claim and give a verdict.

    Stretches are the macros of a Jinja file, and the entries of a TOML file.
    """
    return [
        one
        for one in re.split(r"\{%-? endmacro|\n(?=\w+ = )", text)
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


def test_no_text_but_the_claims_own_judges_a_claim():
    paths = [path for path in (ROOT / "report" / "text").glob("*/*.*") if path.stem not in OWN]
    assert len(paths) > 20
    for path in paths:
        for one in judged(path.read_text(encoding="utf-8")):
            is_list = path.name == "book.j2" and any(words in one for words in ON_THE_LIST)
            assert is_list, (path.name, one)


def test_no_notebook_judges_a_claim_in_its_prose():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert cell["cell_type"] != "markdown" or not judged("".join(cell["source"])), path


def test_no_module_judges_a_claim_and_findings_conclude_nothing():
    for path in (ROOT / "hwlib").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        own = [n.value for n in nodes if isinstance(n, ast.Constant) and id(n) not in docs]
        strings = [value for value in own if isinstance(value, str)]
        modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        if path.parent.name != "claims":
            assert [one for text in strings for one in judged(text)] == [], path.name
        if path.parent.name == "findings" and path.stem not in OWN:
            assert not modules & CONCLUDING, path.name
            assert not {*strings} & {*VERDICTS}, f"{path.name} has verdicts of its own"
