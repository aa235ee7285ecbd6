"""What every reader must be able to use, in both languages and forms, on a real small report.

Chromium with axe-core, the keyboard, the tags of the PDF; languages, forms and rebuilding agree.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from bs4.element import Tag
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject

from hwlib import explore, report
from hwlib.report import document
from hwlib.report.words import FACTS, LANGUAGES, WORDS
from hwlib.run import Run

ROOT = Path(__file__).resolve().parents[1]
PROBLEMS = ("vae", "gan")
COMMAND = "hwlib report vae gan --profile smoke --data faces:96"
PAGES = ("index", "compare", "vae-dcgan", "gan-dcgan", "vae-wide")
CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
NUMBER = re.compile(r"\d[\d,.]*\d|\d")


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A function that makes one report, from the same runs each time, and says where it lies.

    Its last job fails, and the VAE's page has its decoder: there is a page of every kind.
    """
    folder = tmp_path_factory.mktemp("accessible")
    given = {"profile": "smoke", "data": "faces:96"}
    jobs = [report.make_job(problem, "dcgan", given) for problem in PROBLEMS]
    jobs.append(report.make_job("vae", "wide", {"colour": "red"}))

    def make(name: str) -> Path:
        places = {"out": folder / name, "runs": folder / "runs", "cwd": folder}
        places["decoder"] = lambda path: explore.page_decoder(Run(path))
        result = report.make_report(jobs, command=COMMAND, **places)
        assert [job.name for job in result.failed] == ["vae-wide"], result.failed
        return result.out

    return make


@pytest.fixture(scope="session")
def out(made) -> Path:
    return made("out")


def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


# ---------------------------------------------------------------------- in a browser


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing_wrong_on_any_page(out, browser, code, scheme, width):
    size = {"width": width, "height": 844}
    context = browser.new_context(viewport=size, color_scheme=scheme, offline=True)
    for name in PAGES:
        page = context.new_page()
        page.goto((out / code / f"{name}.html").as_uri())
        results = Axe().run(page)
        assert results.violations_count == 0, f"{name}: {results.generate_report()}"
        page.close()
    context.close()


def test_axe_would_find_a_figure_without_words_and_faint_text(out, browser):
    page = browser.new_page()
    page.goto((out / "en" / "vae-dcgan.html").as_uri())
    page.evaluate("document.querySelector('main img').removeAttribute('alt')")
    page.evaluate("document.querySelector('h1 + dl dt').style.color = '#2a6a72'")
    found = {violation["id"] for violation in Axe().run(page).response["violations"]}
    assert found == {"image-alt", "color-contrast"}
    page.close()


FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  return {
    tag: e.tagName, place: [...document.querySelectorAll("*")].indexOf(e),
    is_outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    is_seen: box.width > 0 && box.left >= 0 && box.bottom > 0 && box.top < innerHeight,
  };
}"""
REACHABLE = """() => [...document.querySelectorAll("a[href], summary, input, .scroll")]
  .filter(e => e.checkVisibility()).map(e => [...document.querySelectorAll("*")].indexOf(e))"""


@pytest.mark.parametrize("name", ["index", "vae-dcgan", "compare"])
def test_all_that_can_be_used_is_reached_by_tab_in_order_and_shows_it(out, browser, name):
    page = browser.new_page(viewport={"width": 1280, "height": 844}, reduced_motion="reduce")
    page.goto((out / "zh" / f"{name}.html").as_uri())
    wanted, found = page.evaluate(REACHABLE), []
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["tag"] == "BODY":
            break
        assert focused["is_outlined"], focused
        assert focused["is_seen"], focused
        found.append(focused["place"])
    assert [place for place in found if place in wanted] == wanted
    page.close()


def test_the_first_key_offers_to_skip_the_menu_and_code_unfolds_by_key(out, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 844})
    page.goto((out / "en" / "vae-dcgan.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == WORDS["en"]["skip"]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    page.locator("details.code > summary").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('details.code').open")
    page.close()


def test_a_formula_wider_than_the_page_is_reached_by_key_and_fits_a_telephone(out, browser):
    path = out / "en" / "vae-dcgan.html"
    tex = "\\mathcal{L} = \\frac{1}{BCHW}\\sum(-x\\log\\hat{x} - (1 - x)\\log(1 - \\hat{x}))"
    tex += " + \\lambda\\frac{1}{B}\\sum D_\\mathrm{KL}"  # the longest objective of the recipes
    body = document.to_html(document.make_document(f"$${tex}$$", [], "en"))
    for width, is_wider in ((390, False), (300, True)):
        page = browser.new_page(viewport={"width": width, "height": 844})
        page.goto(path.as_uri())
        page.evaluate("html => { document.querySelector('main').innerHTML = html }", body)
        page.evaluate("dispatchEvent(new Event('resize'))")
        formula = page.locator("main > p")
        assert formula.evaluate("e => e.scrollWidth > e.clientWidth") == is_wider
        assert formula.evaluate("e => e.tabIndex") == (0 if is_wider else -1)
        page.close()


# ---------------------------------------------------------------------- the PDF's tags


def tags(node: object) -> Iterator[DictionaryObject]:
    """Yield every structure element below a PDF's `/K`, in reading order."""
    if isinstance(node, IndirectObject):
        node = node.get_object()
    if isinstance(node, list):
        for part in node:
            yield from tags(part)
    elif isinstance(node, DictionaryObject):
        if "/S" in node:
            yield node
        yield from tags(node.get("/K"))


def role(tag: DictionaryObject) -> str:
    return tag["/S"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_pdf_is_tagged_has_an_outline_and_says_its_language_and_title(out, code):
    reader = PdfReader(out / code / "report.pdf")
    root = reader.trailer["/Root"]
    metadata = reader.xmp_metadata.stream.get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].lower() == {"zh": "zh-tw", "en": "en-us"}[code]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == WORDS[code]["title"]
    page = soup(out / code / "vae-dcgan.html")
    page.find(id="decoder").decompose()  # the PDF cannot have it
    headings = [heading.get_text() for heading in page.select("h1, h2, h3")]
    outline = [flat(entry.title) for entry in flattened(reader.outline)]
    assert outline[1 : len(headings)] == [flat(heading) for heading in headings[1:]]


def flattened(outline: list) -> Iterator:
    for entry in outline:
        if isinstance(entry, list):
            yield from flattened(entry)
        else:
            yield entry


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_pdfs_pictures_have_words_its_tables_headers_and_its_headings_an_order(out, code):
    reader = PdfReader(out / code / "report.pdf")
    found = list(tags(reader.trailer["/Root"]["/StructTreeRoot"]["/K"]))
    alt = [tag["/Alt"] for tag in found if role(tag) == "/Figure"]
    assert all(alt)
    shown = [soup(out / code / f"{p}-dcgan.html").select("main .card img") for p in PROBLEMS]
    wanted = [image["alt"] for images in shown for image in images]
    assert len(wanted) > 10
    assert Counter(map(flat, wanted)) <= Counter(map(flat, alt))
    if code == "zh":
        assert all(CHINESE.search(words) for words in wanted)
    formulas = [tag for tag in found if role(tag) == "/Formula"]
    assert formulas
    assert all(tag.get("/Alt") for tag in formulas)
    tables = [tag for tag in found if role(tag) == "/Table"]
    assert tables
    for table in tables:
        roles = Counter(map(role, tags(table["/K"])))
        assert roles["/TH"] > 1
        assert roles["/TD"] > 1
    levels = [int(role(tag)[2]) for tag in found if re.fullmatch("/H[1-6]", role(tag))]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


# ---------------------------------------------------------------------- zh and en, HTML and PDF


def flat(text: str) -> str:
    """Return `text` without spaces, and with one sign for those that share a glyph."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("•", "·")


def numbers(tag: Tag) -> list[str]:
    """Return the numbers that a reader sees, formulas and code apart."""
    tag = BeautifulSoup(str(tag), "html.parser")
    for hidden in tag.select("math, details, code, script, style"):
        hidden.decompose()
    return NUMBER.findall(unicodedata.normalize("NFKC", tag.get_text(" ")))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_same_parts_in_both_languages(out, name):
    zh, en = (soup(out / code / f"{name}.html").find("main") for code in LANGUAGES)
    parts = "h2, h3, h4, p, li, dt, dd, table, tr, th, td, figure, img, details, input"
    counts = [Counter(tag.name for tag in page.select(parts)) for page in (zh, en)]
    assert counts[0] == counts[1]
    assert [h.get("id") for h in zh.select("[id]")] == [h.get("id") for h in en.select("[id]")]
    for same in ("math[display=block]", "pre"):
        assert [t.get_text() for t in zh.select(same)] == [t.get_text() for t in en.select(same)]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_same_numbers_in_both_languages(out, name):
    zh, en = (soup(out / code / f"{name}.html").find("main") for code in LANGUAGES)
    for one, other in zip(zh.select("tr"), en.select("tr"), strict=True):
        assert numbers(one) == numbers(other)
    # a sentence may have them in another order, and a word for a small one: "ten", "十"
    for one, other in zip(zh.select("p, li"), en.select("p, li"), strict=True):
        written = [Counter(n for n in numbers(tag) if len(n) > 1) for tag in (one, other)]
        assert written[0] == written[1], f"{one.get_text()}\n{other.get_text()}"


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_pdf_says_what_the_pages_say(out, code):
    reader = PdfReader(out / code / "report.pdf")
    text = "\n".join(page.extract_text() for page in reader.pages)
    whole = unhyphened(text)
    found: Counter[str] = Counter()
    for problem in PROBLEMS:
        main = soup(out / code / f"{problem}-dcgan.html").find("main")
        for hidden in main.select("details, math, script, .track, #decoder"):
            hidden.decompose()
        found += Counter(numbers(main))
        for part in main.find_all(string=True):
            for words in re.split(r"[\s，。：；（）]+", str(part)):  # the PDF breaks lines
                assert unhyphened(words) in whole, (problem, words)
    assert found <= Counter(NUMBER.findall(unicodedata.normalize("NFKC", text)))


def unhyphened(text: str) -> str:
    """Return `text` without spaces and hyphens: the PDF breaks lines, and some words with them."""
    return re.sub("[-\u2010\u00ad]", "", flat(text))


def read(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"), dtype=np.int16)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_pdf_shows_the_very_pictures_of_the_pages(out, code):
    reader = PdfReader(out / code / "report.pdf")
    inside = [read(image.image) for page in reader.pages for image in page.images]
    exact = 0
    for problem in PROBLEMS:
        for image in soup(out / code / f"{problem}-dcgan.html").select("main .card img"):
            with Image.open(
                BytesIO(base64.b64decode(image["src"].partition("base64,")[2]))
            ) as file:
                wanted = read(file)
            differences = [abs(p - wanted).mean() for p in inside if p.shape == wanted.shape]
            assert min(differences, default=255) < 2.5, image["alt"]  # of 255; JPEG takes a little
            exact += min(differences) == 0
    assert exact >= 5  # curves and diagrams lose nothing


# ---------------------------------------------------------------------- what made it


def hashes(folder: Path) -> dict[str, str]:
    files = [
        path for path in sorted(folder.rglob("*")) if path.suffix in (".html", ".pdf", ".ipynb")
    ]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_building_anew_from_the_run_folders_gives_the_same_bytes(made, out):
    again = made("again")
    before, after = hashes(out), hashes(again)
    assert {"en/report.pdf", "zh/vae-dcgan.html", "notebooks/gan-dcgan.ipynb"} < before.keys()
    assert after == before
    shutil.rmtree(again)


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_report_ends_with_what_made_it_and_the_notebook_to_download(out, code):
    for problem in PROBLEMS:
        main = soup(out / code / f"{problem}-dcgan.html").find("main")
        section = main.find_all(recursive=False)[-1]
        assert section["class"] == ["trust"]
        rows = {row.th.get_text(): row.td for row in section.select("tbody tr")}
        labels = FACTS[code]
        wanted = ("command", "notebook", "run", "seed", "data_fingerprint", "code_fingerprint")
        wanted += ("device", "platform", "num_threads", "versions", "engine", "train_time_s")
        assert all(rows[labels[name]].get_text(strip=True) for name in wanted)
        assert rows[labels["command"]].get_text() == COMMAND
        for package in ("python", "torch", "numpy"):
            assert f"{package} " in rows[labels["versions"]].get_text()
        assert f"typst {version('typst')}" in rows[labels["engine"]].get_text()
        link = rows[labels["notebook"]].a
        assert link.has_attr("download")
        assert (out / code / link["href"]).resolve().exists()


# ---------------------------------------------------------------------- twins in the sources


def twins(tree: ast.AST) -> Iterator[tuple[int, ast.AST | None, ast.AST | None]]:
    """Yield each place of a source that says something in Chinese or English, with both."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            named = entries(node)
        elif isinstance(node, ast.Call):
            named = {keyword.arg: keyword.value for keyword in node.keywords}
            if None in named or any(isinstance(value, ast.Starred) for value in node.args):
                continue  # made elsewhere
            if getattr(node.func, "id", "") == "Sentence":
                named = dict(zip(("zh", "en"), node.args, strict=False)) | named
        else:
            continue
        if named.keys() & {"zh", "en"}:
            yield node.lineno, named.get("zh"), named.get("en")


def entries(node: ast.Dict) -> dict[str, ast.AST]:
    pairs = zip(node.keys, node.values, strict=True)
    return {key.value: value for key, value in pairs if isinstance(key, ast.Constant)}


def literal(node: ast.AST) -> str | None:
    """Return a string as it stands in the source, with "{}" for what is put in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def faults(zh: ast.AST | None, en: ast.AST | None, place: str) -> Iterator[str]:
    """Yield what is missing, mixed up or untranslated between two twins of a source."""
    if zh is None or en is None:
        yield f"{place}: one language only"
    elif isinstance(zh, ast.Dict) and isinstance(en, ast.Dict):
        chinese, english = entries(zh), entries(en)
        # how a distance was measured is told in English where there is no better
        patterns = {key for key in chinese if "\\" in str(key)}
        for name in (chinese.keys() ^ english.keys()) - patterns:
            yield f"{place}: {name!r} in one language only"
        for name in chinese.keys() & english.keys():
            yield from faults(chinese[name], english[name], f"{place}, {name!r}")
    elif isinstance(zh, ast.Tuple | ast.List) and isinstance(en, ast.Tuple | ast.List):
        if len(zh.elts) != len(en.elts):
            yield f"{place}: {len(zh.elts)} and {len(en.elts)} texts"
        for one, other in zip(zh.elts, en.elts, strict=False):
            yield from faults(one, other, place)
    else:
        yield from text_faults(literal(zh), literal(en), place)


def text_faults(zh: str | None, en: str | None, place: str) -> Iterator[str]:
    if en and CHINESE.search(en):
        yield f"{place}: Chinese in the English '{en}'"
    if zh and not CHINESE.search(zh) and re.search("[a-z]{3,} [a-z]{2,}", zh):
        yield f"{place}: English in the Chinese '{zh}'"
    if zh and en and set(re.findall(r"{(\w+)", zh)) != set(re.findall(r"{(\w+)", en)):
        yield f"{place}: other fields in '{zh}' and '{en}'"


def test_every_text_of_the_sources_has_its_twin_in_the_other_language():
    found, count = [], 0
    for path in sorted((ROOT / "hwlib").rglob("*.py")):
        for line, zh, en in twins(ast.parse(path.read_text(encoding="utf-8"))):
            found += faults(zh, en, f"{path.relative_to(ROOT)}:{line}")
            count += 1
    assert found == []
    assert count > 500


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('WORDS = {"zh": {"a": "甲", "b": "乙"}, "en": {"a": "A"}}', "'b' in one language only"),
        ('text(zh="甲")', "one language only"),
        ('Sentence("甲")', "one language only"),
        ('Sentence("甲", "mean 乙")', "Chinese in the English"),
        ('Sentence("mean of all", "mean of all")', "English in the Chinese"),
        ('{"zh": ("甲", "乙"), "en": ("A",)}', "2 and 1 texts"),
        ('{"zh": "{count} 張", "en": "{number} images"}', "other fields"),
    ],
)
def test_a_missing_or_unlike_twin_is_found(source, fault):
    found = [text for _, zh, en in twins(ast.parse(source)) for text in faults(zh, en, "x")]
    assert any(fault in text for text in found)
