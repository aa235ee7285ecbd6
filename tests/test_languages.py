"""A language is a folder: a third one is made by copying English, and no text is without a use."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from conftest import CELEBA_ATTRIBUTES
from pypdf import PdfReader
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

# ------------------------------------------------------------------------- a third language


@pytest.fixture(scope="module")
def third(tmp_path_factory) -> Path:
    """A report in a language that is a copy of the English folder, with one word of its own."""
    texts = tmp_path_factory.mktemp("texts")
    shutil.copytree(text.ROOT, texts, dirs_exist_ok=True)
    shutil.copytree(texts / "en", texts / "fr")
    about = texts / "fr" / "language.toml"
    own = {"order = 2": "order = 3", '"en"': '"fr"', '"US"': '"FR"', '"English"': '"français"'}
    words = about.read_text(encoding="utf-8")
    for old, new in own.items():
        assert old in words
        words = words.replace(old, new)
    about.write_text(words, encoding="utf-8")
    page = texts / "fr" / "page.toml"
    page.write_text(page.read_text(encoding="utf-8").replace('"Figure"', '"Fig-FR"'))
    out = tmp_path_factory.mktemp("report")
    asked = ["vae", "--profile", "smoke", "--data", "faces:96", "--lang", "fr", "--out", str(out)]
    asked += ["--set", "num_steps=2", "--set", "oracle_steps=2", "--set", "num_evals=1"]
    code = "import sys; from hwlib.cli import main; sys.argv[0] = 'hwlib'; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "report", *asked],
        env=os.environ | {"HWLIB_TEXT": str(texts), "HWLIB_JOBS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return out / "fr"


def test_a_third_language_is_a_folder_and_gives_a_page_and_a_pdf(third):
    page = BeautifulSoup((third / "vae-dcgan.html").read_text(encoding="utf-8"), "html.parser")
    assert page.html["lang"] == "fr"
    assert "Fig-FR" in page.get_text()  # its own words
    assert "Problem 1" in page.get_text()  # prose that the notebook has in English
    assert not re.search(r"[\u3400-\u9fff]", page.main.get_text())
    assert len(page.find_all("figure")) > 5
    pdf = PdfReader(third / "report.pdf")
    words = "".join(page.extract_text() for page in pdf.pages)
    assert "Fig-FR" in words
    assert pdf.trailer["/Root"]["/Lang"].startswith("fr")


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


def is_used(name: str, others: str) -> bool:
    """Whether code, or another text, asks for a text by its whole name or by its last part."""
    last = name.rpartition(".")[2]
    if made_up().fullmatch(name) or made_up().fullmatch(last):
        return True
    pattern = re.compile(rf"(?<![\w]){re.escape(last)}(?![\w])")
    return any(pattern.search(source) for source in (*code(), others))


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
