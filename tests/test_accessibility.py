"""What every reader must be able to use, in both languages and forms, on a real small report.

Chromium with axe-core, the keyboard, the tags of the PDF; languages, forms and rebuilding agree.
"""

from __future__ import annotations

import base64
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
from report_pages import flat, hashes, pdf_text, soup

from hwlib import explore, report
from hwlib.report.document import make_document
from hwlib.report.html import to_html
from hwlib.run import Run
from hwlib.text import LANGUAGES, section, word

PROBLEMS = ("vae", "gan")
COMMAND = "hwlib report vae gan --profile smoke --data faces:96"
PAGES = ("index", "compare", "appendix", "vae-dcgan", "gan-dcgan", "vae-wide")
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
        places = {"out": folder / name, "runs": folder / "runs"}
        places["decoder"] = lambda path: explore.page_decoder(Run(path))
        result = report.make_report(jobs, about=report.About(command=COMMAND), **places)
        assert [job.name for job in result.failed] == ["vae-wide"], result.failed
        return result.out

    return make


@pytest.fixture(scope="session")
def out(made) -> Path:
    return made("out")


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
    page.evaluate("document.querySelector('.masthead dl dt').style.color = '#2a6a72'")
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
REACHABLE = """() => [...document.querySelectorAll("a[href], summary, input, button, .scroll")]
  .filter(e => e.checkVisibility()).map(e => [...document.querySelectorAll("*")].indexOf(e))"""


@pytest.mark.parametrize("name", ["index", "vae-dcgan", "compare", "appendix"])
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
    page.close()


def test_a_formula_wider_than_the_page_is_reached_by_key_and_fits_a_telephone(out, browser):
    path = out / "en" / "vae-dcgan.html"
    tex = "\\mathcal{L} = \\frac{1}{BCHW}\\sum(-x\\log\\hat{x} - (1 - x)\\log(1 - \\hat{x}))"
    tex += " + \\lambda\\frac{1}{B}\\sum D_\\mathrm{KL}"  # the longest objective of the recipes
    body = to_html(make_document(f"$${tex}$$", [], "en"))
    for width, is_wider in ((390, False), (300, True)):
        page = browser.new_page(viewport={"width": width, "height": 844})
        page.goto(path.as_uri())
        page.evaluate("html => { document.querySelector('main').innerHTML = html }", body)
        page.evaluate("dispatchEvent(new Event('resize'))")
        formula = page.locator("main > p")
        assert formula.evaluate("e => e.scrollWidth > e.clientWidth") == is_wider
        assert formula.evaluate("e => e.tabIndex") == (0 if is_wider else -1)
        assert formula.evaluate("e => getComputedStyle(e).overflowX") == "auto"
        shade = formula.evaluate("e => getComputedStyle(e).backgroundImage")
        assert "linear-gradient" in shade  # that it can be scrolled
        page.close()


@pytest.mark.parametrize("key", ["Escape", "Enter"])
def test_a_figure_is_enlarged_and_closed_by_key_and_the_focus_returns(out, browser, key):
    page = browser.new_page(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    page.goto((out / "en" / "vae-dcgan.html").as_uri())
    button = page.locator(".card .enlarge").first
    name = page.locator("figure .label").first.text_content()
    assert button.get_attribute("aria-label") == word("page.enlarge", "en", label=name)
    button.focus()
    page.keyboard.press("Enter")
    box = page.locator("dialog.lightbox")
    assert box.is_visible()
    small, large = (page.locator(f"{which} img").first for which in (".card", ".whole"))
    assert large.get_attribute("alt") == small.get_attribute("alt")
    assert large.bounding_box()["width"] > 1.25 * small.bounding_box()["width"]
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    assert Axe().run(page).violations_count == 0
    page.keyboard.press(key)  # Enter presses the button that has the focus: close
    assert not box.is_visible()
    assert page.evaluate("document.activeElement.className") == "enlarge"
    page.close()


def test_another_language_opens_at_the_same_place(out, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 600}, reduced_motion="reduce")
    page.goto((out / "en" / "vae-dcgan.html").as_uri())
    ids = page.evaluate("[...document.querySelectorAll('main h2[id]')].map(e => e.id)")
    page.evaluate(f"document.getElementById('{ids[2]}').scrollIntoView()")
    box = page.locator(".switch a").bounding_box()  # as a hand does it, without scrolling first
    page.mouse.click(box["x"] + 5, box["y"] + 5)
    page.wait_for_url("**/zh/vae-dcgan.html#*")
    assert page.url.endswith(f"#{ids[2]}")
    top = page.evaluate(f"document.getElementById('{ids[2]}').getBoundingClientRect().top")
    assert 0 <= top < 100  # below the bar
    page.close()


def test_a_table_of_many_columns_is_pairs_of_name_and_value_on_a_telephone(out, browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((out / "en" / "index.html").as_uri())
    table = page.locator("section.findings table.stacked").first  # of runs with samples
    assert table.evaluate("e => e.scrollWidth <= e.parentElement.clientWidth")
    shown = table.locator("td").first.evaluate("e => getComputedStyle(e, '::before').content")
    assert shown.strip('"') == table.locator("td").first.get_attribute("data-label")
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
    assert reader.metadata.title == word("page.title", code)
    page = soup(out / code / "vae-dcgan.html")
    page.find(id="decoder").decompose()  # the PDF cannot have it
    headings = [flat(heading.get_text()) for heading in page.select("h2, h3")]
    outline = [flat(entry.title) for entry in flattened(reader.outline)]
    first = outline.index(headings[0])
    assert outline[first : first + len(headings)] == headings


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
    text = pdf_text(out / code / "report.pdf")
    whole = unhyphened(text)
    found: Counter[str] = Counter()
    for problem in PROBLEMS:
        main = soup(out / code / f"{problem}-dcgan.html").find("main")
        # a figure without a number is for the screen alone
        for hidden in main.select(
            "details, math, script, .track, .hint, #decoder, figure:not([id])"
        ):
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
    for problem in PROBLEMS:
        for image in soup(out / code / f"{problem}-dcgan.html").select(
            "main .card:not(.chart) img"
        ):
            with Image.open(
                BytesIO(base64.b64decode(image["src"].partition("base64,")[2]))
            ) as file:
                wanted = read(file)
            differences = [abs(p - wanted).mean() for p in inside if p.shape == wanted.shape]
            assert min(differences, default=255) < 2.5, image["alt"]  # of 255; JPEG takes a little


# ---------------------------------------------------------------------- what made it


def test_building_anew_from_the_run_folders_gives_the_same_bytes(made, out):
    again = made("again")
    before, after = hashes(out), hashes(again)
    assert {"en/report.pdf", "zh/vae-dcgan.html", "notebooks/gan-dcgan.ipynb"} < before.keys()
    assert after == before
    shutil.rmtree(again)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_appendix_says_what_made_it_and_pages_have_their_notebooks_to_download(out, code):
    text = soup(out / code / "appendix.html").find(id="appendix-provenance").parent.get_text(" ")
    labels = section("facts", code)
    wanted = ("command", "notebook", "run", "seed", "data_fingerprint", "code_fingerprint")
    wanted += ("device", "platform", "num_threads", "versions", "engine", "train_time_s")
    assert all(labels[name] in text for name in wanted)
    assert COMMAND in text
    for package in ("python", "torch", "numpy"):
        assert f"{package} " in text
    assert f"typst {version('typst')}" in text
    for problem in PROBLEMS:
        (link,) = soup(out / code / f"{problem}-dcgan.html").select(".bar a[download]")
        assert (out / code / link["href"]).resolve().exists()
