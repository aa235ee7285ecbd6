"""What comes from outside is text, on pages and in the PDF: none of it runs, all of it is read."""

import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import adversarial_results
import pandas as pd
import pytest
import report_notebook
from bs4 import BeautifulSoup
from hostile import expected, folded, printed, strings
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from pypdf import PdfReader
from report_notebook import notebook, prose
from report_pages import opened_in

from hwlib import show
from hwlib.findings import acgan
from hwlib.report.book import About, Book, Page, page_title
from hwlib.report.html import SCRIPTS, files_of, render, script
from hwlib.report.language import read_notebook
from hwlib.report.pdf import render_pdf
from hwlib.report.runner import Job
from hwlib.report.runs import Facts
from hwlib.text import caption, legible, word

NAMES = strings()
PLACES = ("author", "student_id", "command", "data", "setting", "run", "reason", "trace")
# What no page of ours has, in any place.
ACTIVE = "iframe, object, embed, applet, base, frame, video, audio, meta[http-equiv=refresh]"
ADDRESS = re.compile(r"https?://\S+|mailto:\S+|(?:[\w-]+\.(?:html|pdf))?(?:#[\w.-]+)?", re.ASCII)
ATTRIBUTES_OF = "e => [...e.attributes].map(a => a.name)"


def at(place: str) -> str:
    """Return the text that is planted in a place which holds one alone: a dozen of them."""
    start = 20 * PLACES.index(place)
    return " ".join(NAMES[start : start + 12])


def facts(problem: str, **more: Any) -> Facts:
    """Return a run whose data, settings and results have hostile names."""
    data = f"/data/{at('data').replace('/', '⁄')}"
    settings = {"problem": problem, "recipe": "dcgan", "data": data, "seed": 0}
    settings |= {f"key {name}": 1 for name in NAMES[:40]} | {"own": at("setting")}
    results = report_notebook.results_of(problem)
    rates = {"accuracy": 0.75, "floor": 0.5}
    results["oracle"] |= rates | {"by_attribute": dict.fromkeys(NAMES, rates)}
    record = {"settings": settings, "data": {"fingerprint": "0", "channels": 3}}
    parameters = {"data": data, "runs": "/r"}
    job = Job(problem, "dcgan", Path("x.ipynb"), parameters)
    return Facts(job, parameters, at("run"), record, results, **more)


def planted(language: str, captioned: Sequence[str]) -> NotebookNode:
    """Return a notebook with hostile names in every output of ours, in prose and in own cells."""

    def shown(kind: str, data: dict[str, str], **about: str) -> NotebookNode:
        metadata = {"hwlib": {"kind": kind, "lang": language, **about}}
        return new_output("display_data", data, metadata=metadata)

    def table(name: str, frame: pd.DataFrame) -> NotebookNode:
        said = caption("tables.today.caption", language, todays=NAMES[3])
        return shown("table", {"text/markdown": show.to_markdown(frame)}, name=name, caption=said)

    said = []
    for start in range(0, len(NAMES), 3):
        results = adversarial_results.acgan_results(*NAMES[start : start + 3])
        read = next(iter(results["oracle"]["by_attribute"].values()))
        results["oracle"]["by_attribute"] = dict.fromkeys(NAMES, read)
        said.append(f"- {acgan.control(results).say(language)}")
    outputs = [
        shown("text", {"text/markdown": "\n".join(said)}),
        table("cells", pd.DataFrame([[f"cell {name}", "0.5"] for name in NAMES])),
        table("heads", pd.DataFrame([NAMES[:20]], columns=[f"head {n}" for n in NAMES[:20]])),
    ]
    for number, name in enumerate(captioned):
        about = {"name": f"f{number}", "alt": word("figures.fig3_3.alt", language, attribute=name)}
        about["caption"] = caption("figures.fig3_3.caption", language, attribute=f"caption {name}")
        outputs.append(shown("figure", {"image/png": report_notebook.png(size=(4, 4))}, **about))
    own = new_output("stream", name="stdout", text="\n".join(f"printed {n}" for n in NAMES[:50]))
    return notebook(
        prose(f"# title {NAMES[0]}"),
        new_code_cell("\n".join(map(legible, NAMES)), outputs=outputs),
        *(prose(f"prose {name}") for name in NAMES),
        new_code_cell("x", outputs=[own]),
        title="",
    )


def book_of(language: str, captioned: Sequence[str]) -> Book:
    """Return a book of a page with hostile names in every place, and of one that failed."""
    run = facts("acgan")
    document = read_notebook(planted(language, captioned), language)
    title = page_title(document, run, language)
    small = read_notebook(notebook(prose(NAMES[19])), language)
    failed = {"document": None, "reason": at("reason"), "trace": at("trace")}
    pages = [
        Page("acgan-dcgan", title, run, document, label=NAMES[9]),
        Page("vae-dcgan", NAMES[11], facts("vae"), label=NAMES[13], **failed),
        Page("acgan-other", title, facts("acgan", note=NAMES[15]), small, label=NAMES[17]),
    ]
    return Book(pages, language, About(at("author"), at("student_id"), at("command")))


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    folder, book = tmp_path_factory.mktemp("hostile"), book_of("en", NAMES)
    for file in files_of(book):
        (folder / file).write_text(render(book, file, languages=["en"]), encoding="utf-8")
    return {file: folder / file for file in files_of(book)}


def test_there_are_more_than_two_hundred_strings():
    assert len(set(NAMES)) == len(NAMES) > 200


def test_nothing_runs_in_a_browser_and_every_part_of_a_page_is_ours(pages, browser):
    """A page that tried to run anything, and was stopped by its policy, would be an error, too."""
    own = {str(script(name)) for name in SCRIPTS}
    with opened_in(browser) as open_page:
        for path in pages.values():
            page = open_page(path)
            page.evaluate("addEventListener('x', () => 0); scrollTo(0, document.body.scrollHeight)")
            assert page.evaluate("typeof pwned") == "undefined"
            assert page.locator(ACTIVE).count() == 0
            assert {*page.locator("script").all_text_contents()} <= own
            assert page.locator("link").count() == page.locator("link[rel=icon]").count()
            assert page.locator("form:not([method=dialog])").count() == 0
            names = page.evaluate(f"[...document.querySelectorAll('*')].flatMap({ATTRIBUTES_OF})")
            assert not [name for name in names if name.startswith("on")]
            links = page.evaluate("[...document.links].map(a => a.getAttribute('href'))")
            assert [address for address in links if not ADDRESS.fullmatch(address)] == []
            for image in page.evaluate("[...document.images].map(i => i.getAttribute('src'))"):
                assert image.startswith("data:image/")


def test_a_script_that_got_into_a_page_would_not_run_and_would_be_seen(pages, browser, tmp_path):
    text = pages["acgan-dcgan.html"].read_text(encoding="utf-8")
    added = (
        '<script>document.title = "ran"</script><p onclick="document.title = 1">click</p></main>'
    )
    (tmp_path / "page.html").write_text(text.replace("</main>", added), encoding="utf-8")
    context = browser.new_context(offline=True)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.goto((tmp_path / "page.html").as_uri())
    title = page.title()
    page.get_by_text("click", exact=True).click()
    assert page.title() == title
    assert title != "ran"
    assert sum("Content Security Policy" in text for text in said) == 2
    context.close()


def test_every_name_can_be_read_on_the_pages_in_every_place(pages):
    found = {
        n: BeautifulSoup(p.read_text(encoding="utf-8"), "html.parser") for n, p in pages.items()
    }
    text = {name: folded(page.get_text()) for name, page in found.items()}
    chapter = text["acgan-dcgan.html"]
    lost = []
    for name in NAMES:
        wanted = expected(name)
        seen = [f"cell{wanted}" in chapter, f"caption{wanted}" in chapter]
        seen += [wanted in text["appendix.html"]]  # the table of the classifier
        seen += [chapter.count(wanted) >= 4]  # with the sentence, and the code of the cell
        lost += [] if all(seen) else [(name, seen)]
    assert lost == []
    lost = [name for name in NAMES[:50] if expected(f"printed {name}") not in chapter]
    lost += [name for name in NAMES[:20] if expected(f"head {name}") not in chapter]
    lost += [name for name in NAMES[:40] if expected(f"key {name}") not in text["appendix.html"]]
    assert lost == []
    where = dict.fromkeys(("author", "student_id"), "index.html")
    where |= dict.fromkeys(("reason", "trace"), "vae-dcgan.html")
    where |= dict.fromkeys(("command", "setting", "run"), "appendix.html")
    assert [p for p, file in where.items() if expected(at(p)) not in text[file]] == []
    alt = folded(" ".join(image["alt"] for image in found["acgan-dcgan.html"].select("img")))
    assert [name for name in NAMES if expected(name) not in alt] == []


def test_every_name_is_printed_in_the_pdf_as_it_stands():
    book = book_of("zh", NAMES[::60])
    reader = PdfReader(BytesIO(render_pdf(book)))
    text = printed("".join(page.extract_text() for page in reader.pages))
    places = [at(place) for place in ("author", "reason")]
    assert [name for name in (*NAMES, *places) if printed(name) not in text] == []
    marks = [mark.get_object() for page in reader.pages for mark in page.get("/Annots", ())]
    addresses = [mark["/A"]["/URI"] for mark in marks if "/URI" in mark.get("/A", {})]
    assert not {"/OpenAction", "/AA"} & reader.trailer["/Root"].keys()
    assert not [page for page in reader.pages if "/AA" in page]
    assert [address for address in addresses if not ADDRESS.fullmatch(address)] == []
