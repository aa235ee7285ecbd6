"""What every reader must be able to use, in both languages and forms, on a real small report."""

import base64
import copy
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from collections import Counter
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import FEW
from pypdf import PdfReader
from report_pages import flat, opened_in, parse, pdf_text, soup, tags

from hwlib import explore, report
from hwlib.images import decode
from hwlib.report.document import make_document
from hwlib.report.html import to_html
from hwlib.run import Run
from hwlib.text import LANGUAGES, ROOT, section, word

PROBLEMS = ("vae", "gan")
COMMAND = "hwlib report vae gan --profile smoke --data faces:96"
PAGES = ("index", "compare", "appendix", "vae-dcgan", "gan-dcgan", "vae-wide")
CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
NUMBER = re.compile(r"\d[\d,.]*\d|\d")
VAE = "en/vae-dcgan"


@pytest.fixture(scope="module")
def made(tmp_path_factory, small_runs):
    """A function that makes one report, of the same finished runs each time, in a folder.

    Its last job fails, and the VAE's page has its decoder: there is a page of every kind.
    """
    folder, runs = tmp_path_factory.mktemp("accessible"), small_runs["vae"].path.parent
    given = {"profile": "smoke", "data": "faces:96", "settings": FEW}
    jobs = [report.make_job(problem, "dcgan", given) for problem in PROBLEMS]
    jobs.append(report.make_job("vae", "wide", {"colour": "red"}))

    def make(name: str) -> Path:
        result = report.make_report(
            jobs,
            out=folder / name,
            runs=runs,
            about=report.About(command=COMMAND),
            decoder=lambda path: explore.page_decoder(Run(path)),
        )
        assert [job.name for job in result.failed] == ["vae-wide"], result.failed
        return result.out

    return make


@pytest.fixture(scope="module")
def out(made) -> Path:
    return made("out")


# ---------------------------------------------------------------------- in a browser


@pytest.fixture
def opened(out, browser):
    """A function that opens a page of the report, and gives it."""
    with opened_in(browser) as open_page:
        yield lambda name=VAE, **more: open_page(out / f"{name}.html", **more)


@pytest.mark.parametrize(
    ("code", "scheme", "width", "left_out"),
    [("zh", "light", 1280, "gan-dcgan"), ("en", "dark", 390, "vae-dcgan")],
)
def test_axe_finds_nothing_wrong_on_any_kind_of_page(opened, code, scheme, width, left_out):
    for name in set(PAGES) - {left_out}:
        results = Axe().run(opened(f"{code}/{name}", width=width, color_scheme=scheme))
        assert results.violations_count == 0, f"{name}: {results.generate_report()}"


def test_axe_would_find_a_figure_without_words_and_faint_text(opened):
    page = opened("en/vae-wide")
    wrong = """<img src="data:,"><p style="color: #777; background: #666">faint</p>"""
    page.evaluate("html => { document.querySelector('main').innerHTML = html }", wrong)
    found = {violation["id"] for violation in Axe().run(page).response["violations"]}
    assert {"image-alt", "color-contrast"} <= found


FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  return {
    tag: e.tagName, place: [...document.querySelectorAll("*")].indexOf(e),
    is_outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    is_seen: box.width > 0 && box.left >= 0 && box.bottom > 0 && box.top < innerHeight,
  };
}"""
REACHABLE = """() => [...document.querySelectorAll("a[href], summary, input, button, .scroll")]
  .filter(e => e.checkVisibility()).map(e => [...document.querySelectorAll("*")].indexOf(e))"""


@pytest.mark.parametrize("name", ["index", "vae-dcgan", "compare"])
def test_all_that_can_be_used_is_reached_by_tab_in_order_and_shows_it(opened, name):
    page = opened(f"zh/{name}", reduced_motion="reduce")
    wanted, found = page.evaluate(REACHABLE), []
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["tag"] == "BODY":
            break
        assert (focused["is_outlined"], focused["is_seen"]) == (True, True), focused
        found.append(focused["place"])
    assert [place for place in found if place in wanted] == wanted


def test_the_first_key_offers_to_skip_the_menu_and_code_unfolds_by_key(opened):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == word("page.skip", "en")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    code = page.locator("details.code > summary").first
    assert not code.is_visible()
    page.locator(".show-code").focus()
    page.keyboard.press("Enter")
    assert page.locator(".show-code").get_attribute("aria-pressed") == "true"
    code.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('details.code').open")


def test_a_formula_wider_than_the_page_is_reached_by_key_and_fits_a_telephone(opened):
    tex = "\\mathcal{L} = \\frac{1}{BCHW}\\sum(-x\\log\\hat{x} - (1 - x)\\log(1 - \\hat{x}))"
    tex += " + \\lambda\\frac{1}{B}\\sum D_\\mathrm{KL}"  # the longest objective of the recipes
    body = to_html(make_document(f"$${tex}$$", [], "en"))
    page = opened(width=390)
    page.evaluate("html => { document.querySelector('main').innerHTML = html }", body)
    for width, is_wider in ((390, False), (300, True)):
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate("dispatchEvent(new Event('resize'))")
        formula = page.locator("main > p")
        assert formula.evaluate("e => e.scrollWidth > e.clientWidth") == is_wider
        assert formula.evaluate("e => e.tabIndex") == (0 if is_wider else -1)
        assert formula.evaluate("e => getComputedStyle(e).overflowX") == "auto"
        shade = formula.evaluate("e => getComputedStyle(e).backgroundImage")
        assert "linear-gradient" in shade  # that it can be scrolled


def test_a_figure_is_enlarged_and_closed_by_key_and_the_focus_returns(opened):
    page = opened(width=390, reduced_motion="reduce")
    button, box = page.locator(".card .enlarge").first, page.locator("dialog.lightbox")
    name = page.locator("figure .label").first.text_content()
    assert button.get_attribute("aria-label") == word("page.enlarge", "en", label=name)
    for key in ("Escape", "Enter"):  # which presses the button that has the focus: close
        button.focus()
        page.keyboard.press("Enter")
        assert box.is_visible()
        small, large = (page.locator(f"{which} img").first for which in (".card", ".whole"))
        assert large.get_attribute("alt") == small.get_attribute("alt")
        assert large.bounding_box()["width"] > 1.25 * small.bounding_box()["width"]
        assert page.evaluate("document.activeElement.closest('dialog') !== null")
        if key == "Escape":
            assert Axe().run(page).violations_count == 0
        page.keyboard.press(key)
        assert not box.is_visible()
        assert page.evaluate("document.activeElement.className") == "enlarge"


def test_another_language_opens_at_the_same_place(opened):
    page = opened(height=600, reduced_motion="reduce")
    ids = page.evaluate("[...document.querySelectorAll('main h2[id]')].map(e => e.id)")
    page.evaluate(f"document.getElementById('{ids[2]}').scrollIntoView()")
    box = page.locator(".switch a").bounding_box()  # as a hand does it, without scrolling first
    page.mouse.click(box["x"] + 5, box["y"] + 5)
    page.wait_for_url("**/zh/vae-dcgan.html#*")
    assert page.url.endswith(f"#{ids[2]}")
    top = page.evaluate(f"document.getElementById('{ids[2]}').getBoundingClientRect().top")
    assert 0 <= top < 100  # below the bar


def test_a_table_of_many_columns_is_pairs_of_name_and_value_on_a_telephone(opened):
    page = opened("en/index", width=390)
    table = page.locator("section.findings table.stacked").first  # of runs with samples
    assert table.evaluate("e => e.scrollWidth <= e.parentElement.clientWidth")
    shown = table.locator("td").first.evaluate("e => getComputedStyle(e, '::before').content")
    assert shown.strip('"') == table.locator("td").first.get_attribute("data-label")


# ---------------------------------------------------------------------- the PDF's tags


def titles(entries):
    """Yield the titles of a PDF's outline, of all levels."""
    for entry in entries:
        yield from titles(entry) if isinstance(entry, list) else [flat(entry.title)]


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
    assert reader.metadata.title == word("page.title", code)
    headings = parse(out / code / "vae-dcgan.html").main.select("h2, h3")
    wanted = [flat(tag.get_text()) for tag in headings if tag.get("id") != "decoder-title"]
    outline = list(titles(reader.outline))
    first = outline.index(wanted[0])
    assert outline[first : first + len(wanted)] == wanted


def test_the_pdfs_pictures_have_words_its_tables_headers_and_its_headings_an_order(out):
    reader = PdfReader(out / "zh" / "report.pdf")
    found = list(tags(reader.trailer["/Root"]["/StructTreeRoot"]["/K"]))
    alt = [tag["/Alt"] for tag in found if tag["/S"] == "/Figure"]
    assert all(alt)
    shown = [parse(out / "zh" / f"{p}-dcgan.html").main.select(".card img") for p in PROBLEMS]
    wanted = [image["alt"] for images in shown for image in images]
    assert len(wanted) > 10
    assert Counter(map(flat, wanted)) <= Counter(map(flat, alt))
    assert all(CHINESE.search(words) for words in wanted)
    formulas = [tag for tag in found if tag["/S"] == "/Formula"]
    assert formulas
    assert all(tag.get("/Alt") for tag in formulas)
    tables = [tag for tag in found if tag["/S"] == "/Table"]
    assert tables
    for table in tables:
        roles = Counter(tag["/S"] for tag in tags(table["/K"]))
        assert min(roles["/TH"], roles["/TD"]) > 1
    levels = [int(tag["/S"][2]) for tag in found if re.fullmatch("/H[1-6]", tag["/S"])]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


# ---------------------------------------------------------------------- zh and en, HTML and PDF


def numbers(tag):
    """Return the numbers that a reader sees, formulas and code apart."""
    hidden = ["math", "details", "code", "script", "style"]
    texts = [text for text in tag.find_all(string=True) if not text.find_parent(hidden)]
    return NUMBER.findall(unicodedata.normalize("NFKC", " ".join(texts)))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_same_parts_and_numbers_in_both_languages(out, name):
    zh, en = (parse(out / code / f"{name}.html").main for code in LANGUAGES)
    parts = "h2, h3, h4, p, li, dt, dd, table, tr, th, td, figure, img, details, input"
    assert [tag.name for tag in zh.select(parts)] == [tag.name for tag in en.select(parts)]
    assert [h.get("id") for h in zh.select("[id]")] == [h.get("id") for h in en.select("[id]")]
    for same in ("math[display=block]", "pre"):
        assert [t.get_text() for t in zh.select(same)] == [t.get_text() for t in en.select(same)]
    for one, other in zip(zh.select("tr"), en.select("tr"), strict=True):
        assert numbers(one) == numbers(other)
    # a sentence may have them in another order, and a word for a small one: "ten", "十"
    for one, other in zip(zh.select("p, li"), en.select("p, li"), strict=True):
        written = [Counter(n for n in numbers(tag) if len(n) > 1) for tag in (one, other)]
        assert written[0] == written[1], f"{one.get_text()}\n{other.get_text()}"


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_pdf_says_what_the_pages_say(out, code):
    def unhyphened(words):  # the PDF breaks lines, and some words with them
        return re.sub("[-\u2010\u00ad]", "", flat(words))

    text = pdf_text(out / code / "report.pdf")
    whole, found = unhyphened(text), Counter()
    # a figure without a number is for the screen alone
    on_screen = "details, math, script, .track, .hint, #decoder, figure:not([id])"
    for problem in PROBLEMS:
        main = copy.copy(parse(out / code / f"{problem}-dcgan.html").main)
        for hidden in main.select(on_screen):
            hidden.decompose()
        found += Counter(numbers(main))
        for part in main.find_all(string=True):
            for words in re.split(r"[\s，。：；（）]+", str(part)):
                assert unhyphened(words) in whole, (problem, words)
    assert found <= Counter(NUMBER.findall(unicodedata.normalize("NFKC", text)))


def test_the_pdf_shows_the_very_pictures_of_the_pages(out):
    reader = PdfReader(out / "zh" / "report.pdf")
    images = [image.image for page in reader.pages for image in page.images]
    inside = [np.asarray(image.convert("RGB"), dtype=np.int16) for image in images]
    for problem in PROBLEMS:
        main = parse(out / "zh" / f"{problem}-dcgan.html").main
        for image in main.select(".card:not(.chart) img"):
            content = base64.b64decode(image["src"].partition("base64,")[2])
            wanted = np.asarray(decode(content).convert("RGB"), dtype=np.int16)
            differences = [abs(p - wanted).mean() for p in inside if p.shape == wanted.shape]
            assert min(differences, default=255) < 2.5, image["alt"]  # of 255; JPEG takes a little


# ---------------------------------------------------------------------- a third language


def test_a_third_language_is_a_folder_and_gives_a_page_and_a_pdf(out, small_runs, tmp_path):
    """Its folder is a copy of the English one, with one word of its own.

    Nothing is trained for it, and what its notebook shows in the other languages is the same.
    """
    texts, runs = tmp_path / "texts", small_runs["vae"].path.parent
    shutil.copytree(ROOT, texts)
    shutil.copytree(texts / "en", texts / "fr")
    own = {"order = 2": "order = 3", '"en"': '"fr"', '"US"': '"FR"', '"English"': '"français"'}
    for file, words in {"language": own, "page": {'"Figure"': '"Fig-FR"'}}.items():
        path = texts / "fr" / f"{file}.toml"
        content = path.read_text(encoding="utf-8")
        assert all(old in content for old in words)
        for old, new in words.items():
            content = content.replace(old, new)
        path.write_text(content, encoding="utf-8")
    asked = ["report", "gan", *COMMAND.split()[4:], "--lang", "fr"]
    asked += [part for name, value in FEW.items() for part in ("--set", f"{name}={value}")]
    asked += ["--runs", runs, "--out", tmp_path / "out"]
    known = set(runs.iterdir())
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from hwlib.cli import main; main()", *asked],
        env=os.environ | {"HWLIB_TEXT": str(texts), "HWLIB_JOBS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert set(runs.iterdir()) == known
    page, pdf = soup(tmp_path / "out/fr/gan-dcgan.html"), tmp_path / "out/fr/report.pdf"
    assert page.html["lang"] == "fr"
    assert "Fig-FR" in page.get_text()  # its own words
    assert "Problem 2" in page.get_text()  # prose that the notebook has in English
    assert not re.search(r"[\u3400-\u9fff]", page.main.get_text())
    assert len(page.find_all("figure")) > 5
    assert "Fig-FR" in pdf_text(pdf)
    assert PdfReader(pdf).trailer["/Root"]["/Lang"].startswith("fr")
    shown = []
    for folder in (out, tmp_path / "out"):
        cells = nbformat.read(folder / "notebooks" / "gan-dcgan.ipynb", 4).cells
        found = [output for cell in cells for output in cell.get("outputs", ())]
        about = [output.get("metadata", {}).get("hwlib", {}) for output in found]
        shown.append([o for o, a in zip(found, about, strict=True) if a.get("lang") in LANGUAGES])
    assert len(shown[0]) > 20
    assert shown[0] == shown[1]


# ---------------------------------------------------------------------- what made it


def test_rendering_anew_gives_the_same_bytes(made, out):
    again = out.with_name("again")
    shutil.copytree(out, again)
    (again / "en" / "index.html").unlink()
    made("again")
    files = [p for p in out.rglob("*") if p.suffix in (".html", ".pdf", ".ipynb")]
    assert {out / "en/report.pdf", out / "notebooks/gan-dcgan.ipynb"} < set(files)
    for path in files:
        assert path.read_bytes() == (again / path.relative_to(out)).read_bytes(), path
    assert len(files) == sum(p.suffix in (".html", ".pdf", ".ipynb") for p in again.rglob("*"))


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_appendix_says_what_made_it_and_pages_have_their_notebooks_to_download(out, code):
    appendix = parse(out / code / "appendix.html").main
    text = appendix.find(id="appendix-provenance").parent.get_text(" ")
    labels = section("facts", code)
    wanted = ("command", "notebook", "run", "seed", "data_fingerprint", "code_fingerprint")
    wanted += ("device", "platform", "num_threads", "versions", "engine", "train_time_s")
    told = [COMMAND, "python ", "torch ", "numpy ", f"typst {version('typst')}"]
    assert [words for words in (*told, *(labels[n] for n in wanted)) if words not in text] == []
    for problem in PROBLEMS:
        (link,) = parse(out / code / f"{problem}-dcgan.html").select(".bar a[download]")
        assert (out / code / link["href"]).resolve().exists()
