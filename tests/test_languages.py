"""A language is a folder: a third one is made by copying English, and no text is without a use."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from hwlib import text

ROOT = Path(__file__).parents[1]
PLACEHOLDER = "§"
FILE_ENDINGS = (
    "py",
    "json",
    "toml",
    "npz",
    "html",
    "j2",
    "ipynb",
    "pdf",
    "jsonl",
    "jinja",
    "js",
    "typ",
    "css",
)
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


def test_a_third_language_is_a_folder_and_gives_a_page(third):
    page = BeautifulSoup((third / "vae-dcgan.html").read_text(encoding="utf-8"), "html.parser")
    assert page.html["lang"] == "fr"
    assert "Fig-FR" in page.get_text()  # its own words
    assert "Problem 1" in page.get_text()  # prose that the notebook has in English
    assert not re.search(r"[\u3400-\u9fff]", page.main.get_text())
    assert len(page.find_all("figure")) > 5


def test_a_third_language_gives_a_pdf(third):
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
    patterns = set()
    for source in code():
        try:
            tree = ast.parse(source)
        except SyntaxError:  # a template or a table
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    one.value if isinstance(one, ast.Constant) else PLACEHOLDER
                    for one in node.values
                ]
                name = "".join(map(str, parts))
                fixed = name.replace(PLACEHOLDER, "")
                if re.fullmatch(rf"[\w.{PLACEHOLDER}']+", name) and len(fixed) >= MIN_FIXED:
                    patterns.add(re.escape(name).replace(PLACEHOLDER, r"[\w']+"))
    return re.compile("|".join(sorted(patterns)))


def is_used(name: str, others: str) -> bool:
    """Whether code, or another text, asks for a text by its whole name or by its last part."""
    last = name.rpartition(".")[2]
    if made_up().fullmatch(name) or made_up().fullmatch(last):
        return True
    pattern = re.compile(rf"(?<![\w]){re.escape(last)}(?![\w])")
    return any(pattern.search(source) for source in (*code(), others))


def words_of(section: dict, path: tuple[str, ...]) -> list[str]:
    """Return the dotted names of all words of a section."""
    if isinstance(section, dict):
        return [name for key, more in section.items() for name in words_of(more, (*path, key))]
    return [".".join(path)]


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_no_text_is_without_a_use(language):
    folder = text.ROOT / language
    sentences = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.j2")}
    tables = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.toml")}
    asked = "\n".join(
        re.findall(r"\{[{%].*?[%}]\}", "\n".join([*sentences.values(), *tables.values()]))
    )
    calls = re.sub(r"\{%-? macro \w+", "", asked)
    unused = []
    for stem, source in sentences.items():
        macros = re.findall(r"\{%-? macro (\w+)\(", source)
        unused += [m for m in (f"{stem}.{one}" for one in macros) if not is_used(m, calls)]
    for stem, source in tables.items():
        if stem not in (text.ABOUT, "names"):  # names are those of data, whatever it is
            unused += [w for w in words_of(tomllib.loads(source), (stem,)) if not is_used(w, calls)]
    assert unused == []


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_no_text_that_code_names_is_missing(language):
    """Every literal of the form "file.name", where such a file of texts exists, has its text."""
    folder = text.ROOT / language
    sentences = {path.stem for path in folder.glob("*.j2")}
    tables = {path.stem for path in folder.glob("*.toml")} - {text.ABOUT}
    missing = []
    for source in code():
        for stem, rest in re.findall(r"""(?<![\w./])["'](\w+)\.([\w.']+?)["'](?![\w/])""", source):
            is_file = rest.rpartition(".")[2] in FILE_ENDINGS
            if is_file or stem not in sentences | tables:
                continue
            in_table = stem in tables and text.has_word(f"{stem}.{rest}", language)
            in_section = stem in tables and _is_section(f"{stem}.{rest}", language)
            in_macros = stem in sentences and _has_macro(stem, rest, language)
            if not (in_table or in_section or in_macros):
                missing.append(f"{stem}.{rest}")
    assert missing == []


def _is_section(key: str, language: str) -> bool:
    name, *path = key.split(".")
    found = text.section(name, language)
    for part in path:
        found = found.get(part, "") if isinstance(found, dict) else ""
    return isinstance(found, dict)


def _has_macro(stem: str, name: str, language: str) -> bool:
    return f"macro {name}(" in (text.ROOT / language / f"{stem}.j2").read_text(encoding="utf-8")
