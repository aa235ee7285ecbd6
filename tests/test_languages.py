"""A language is a folder: nothing is missing in it, and no text is without a use."""

import json
import re
from functools import cache
from pathlib import Path

import pandas
import pytest
from conftest import CELEBA_ATTRIBUTES

from hwlib import text
from hwlib.faces import ATTRIBUTES, FACTORS

ROOT = Path(__file__).parents[1]
FILE_ENDINGS = {
    *("py", "json", "toml", "npz", "html", "j2", "ipynb"),
    *("pdf", "jsonl", "jinja", "js", "typ", "css"),
}
CODE = ("hwlib/**/*.py", "hwlib/report/templates/*", "docs/*.py", "report/claims.toml")
MIN_FIXED = 3  # letters that a made-up name must have of its own to count as a use


@cache
def code() -> str:
    """Return all code that can ask for a text: the package's, the notebooks', the templates'."""
    files = [path for where in CODE for path in sorted(ROOT.glob(where)) if path.is_file()]
    found = [path.read_text(encoding="utf-8") for path in files]
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found += ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return "\n".join(found)


def words_in(source: str) -> set[str]:
    """Return all words of a text, "C1" and "C1'" for two."""
    return {word for pattern in (r"\w+", r"\w+'(?!\w)") for word in re.findall(pattern, source)}


@cache
def named(language: str) -> set[str]:
    """Return the dotted names of a language's words and sentences."""
    folder, names = text.ROOT / language, set()
    for path in folder.glob("*.j2"):
        macros = re.findall(r"\{%-? macro (\w+)\(", path.read_text(encoding="utf-8"))
        names |= {f"{path.stem}.{macro}" for macro in macros}
    for path in set(folder.glob("*.toml")) - {folder / f"{text.ABOUT}.toml"}:
        words = pandas.json_normalize(text.section(path.stem, language)).columns
        names |= {f"{path.stem}.{name}" for name in words}
    return names


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_no_text_is_without_a_use(language):
    """Code, or another text, asks for each by its whole name or by its last part."""
    sources = [path.read_text(encoding="utf-8") for path in (text.ROOT / language).iterdir()]
    asked = "\n".join(re.findall(r"\{[{%].*?[%}]\}", "\n".join(sources)))
    used = words_in(code()) | words_in(re.sub(r"\{%-? macro \w+", "", asked))
    # what code makes up: f"claims.{id}.title" and the like
    parts = [re.split(r"\{[^{}]*\}", name) for name in set(re.findall(r'f"([^"\n]+)"', code()))]
    parts = [p for p in parts if re.fullmatch(rf"[\w.']{{{MIN_FIXED},}}", "".join(p))]
    made_up = re.compile("|".join(r"[\w']+".join(map(re.escape, p)) for p in parts))
    unused = set()
    for name in named(language):
        last = name.rpartition(".")[2]
        if not (last in used or made_up.fullmatch(name) or made_up.fullmatch(last)):
            unused.add(name)
    assert {name for name in unused if not name.startswith("names.")} == set()  # of any data


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_no_text_that_code_names_is_missing(language):
    """Every literal of the form "file.name", where such a file of texts exists, has its text."""
    files = {name.partition(".")[0] for name in named(language)}
    literal = re.compile(r"""(?<![\w./])["']((\w+)\.[\w.']*?(\w+)'?)["'](?![\w/])""")
    found = literal.findall(code())
    asked = {n for n, file, ending in found if file in files and ending not in FILE_ENDINGS}
    known = "\n".join(sorted(named(language)))
    missing = {n for n in asked if not re.search(rf"^{re.escape(n)}(\.|$)", known, re.MULTILINE)}
    assert missing == set()


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_each_attribute_and_factor_has_a_name_of_its_own(language):
    for names in (CELEBA_ATTRIBUTES, ATTRIBUTES, FACTORS):
        assert len({text.name_of(name, language=language) for name in names}) == len(names)
    assert text.name_of("Left_Handed", language=language) == "Left_Handed"  # of no language
    if language == "zh":
        known = text.section("names", "zh")
        assert {*CELEBA_ATTRIBUTES, *ATTRIBUTES, *FACTORS} <= set(known)
        assert all("\u4e00" <= c <= "\u9fff" for name in CELEBA_ATTRIBUTES for c in known[name])
