"""A language is a folder: nothing is missing in it, and no text is without a use."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
from conftest import CELEBA_ATTRIBUTES
from test_text import leaves

from hwlib import text
from hwlib.faces import ATTRIBUTES, FACTORS

ROOT = Path(__file__).parents[1]
FILE_ENDINGS = {
    *("py", "json", "toml", "npz", "html", "j2", "ipynb"),
    *("pdf", "jsonl", "jinja", "js", "typ", "css"),
}
CODE = ("hwlib/**/*.py", "hwlib/report/templates/*", "docs/*.py")  # what asks for texts
MIN_FIXED = 3  # letters that a made-up name must have of its own to count as a use

# --------------------------------------------------------- nothing missing, nothing without use


@cache
def code() -> tuple[str, ...]:
    """Return all code that can ask for a text: the package's, the notebooks', the templates'."""
    files = [path for where in CODE for path in sorted(ROOT.glob(where))]
    found = [path.read_text(encoding="utf-8") for path in files if path.is_file()]
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found += ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return (*found, (ROOT / "report" / "claims.toml").read_text(encoding="utf-8"))


@cache
def made_up() -> re.Pattern:
    """Return a pattern of the names that code makes up: f"claims.{id}.title" and the like."""
    written = {name for source in code() for name in re.findall(r'f"([^"\n]+)"', source)}
    parts = [re.split(r"\{[^{}]*\}", name) for name in written]
    names = [p for p in parts if re.fullmatch(rf"[\w.']{{{MIN_FIXED},}}", "".join(p))]
    return re.compile("|".join(sorted(r"[\w']+".join(map(re.escape, p)) for p in names)))


@cache
def words_in(*sources: str) -> frozenset[str]:
    """Return all words of some texts, "C1" and "C1'" for two."""
    patterns = (r"\w+", r"\w+'(?!\w)")
    return frozenset(w for text in sources for p in patterns for w in re.findall(p, text))


def is_used(name: str, others: str) -> bool:
    """Whether code, or another text, asks for a text by its whole name or by its last part."""
    last = name.rpartition(".")[2]
    if made_up().fullmatch(name) or made_up().fullmatch(last):
        return True
    return last in words_in(*code()) or last in words_in(others)


@cache
def named(language: str) -> frozenset[str]:
    """Return the dotted names of a language's words and sentences."""
    folder, names = text.ROOT / language, set()
    for path in folder.glob("*.j2"):
        macros = re.findall(r"\{%-? macro (\w+)\(", path.read_text(encoding="utf-8"))
        names |= {f"{path.stem}.{macro}" for macro in macros}
    for path in set(folder.glob("*.toml")) - {folder / f"{text.ABOUT}.toml"}:
        names |= leaves(text.section(path.stem, language), (path.stem,))
    return frozenset(names)


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_no_text_is_without_a_use(language):
    sources = [path.read_text(encoding="utf-8") for path in (text.ROOT / language).iterdir()]
    asked = "\n".join(re.findall(r"\{[{%].*?[%}]\}", "\n".join(sources)))
    calls = re.sub(r"\{%-? macro \w+", "", asked)
    ours = {n for n in named(language) if not n.startswith("names.")}  # of data, whatever it is
    assert {name for name in ours if not is_used(name, calls)} == set()


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_no_text_that_code_names_is_missing(language):
    """Every literal of the form "file.name", where such a file of texts exists, has its text."""
    files = {name.partition(".")[0] for name in named(language)}
    literal = re.compile(r"""(?<![\w./])["']((\w+)\.[\w.']*?(\w+)'?)["'](?![\w/])""")
    asked = {
        name
        for source in code()
        for name, file, ending in literal.findall(source)
        if file in files and ending not in FILE_ENDINGS
    }
    known = "\n".join(sorted(named(language)))
    missing = {n for n in asked if not re.search(rf"^{re.escape(n)}(\.|$)", known, re.MULTILINE)}
    assert missing == set()


# ----------------------------------------------------------------- names of attributes and factors


def test_chinese_has_a_name_for_all_forty_attributes_and_every_factor():
    names = text.section("names", "zh")
    assert {*CELEBA_ATTRIBUTES, *ATTRIBUTES, *FACTORS} <= set(names)
    assert all("\u4e00" <= char <= "\u9fff" for name in CELEBA_ATTRIBUTES for char in names[name])


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_no_two_attributes_and_no_two_factors_share_a_name(language):
    for names in (CELEBA_ATTRIBUTES, FACTORS):
        assert len({text.name_of(name, language=language) for name in names}) == len(names)
    assert text.name_of("Left_Handed", language=language) == "Left_Handed"  # of no language
