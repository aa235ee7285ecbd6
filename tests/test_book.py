"""The report as a book: its parts, one numbering, references, and what a reader added."""

import os
import re
from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_output
from pypdf import PdfReader
from report_notebook import SVG, figure, notebook, png, prose, table

from hwlib.report.book import About, Book, Page, page_title
from hwlib.report.document import references
from hwlib.report.html import _subset, font_faces, to_html
from hwlib.report.language import MAX_PRINTED_LINES, read_notebook
from hwlib.report.pdf import NO_GLYPH, render_pdf
from hwlib.report.runner import make_job
from hwlib.report.runs import Facts, read_facts
from hwlib.text import LANGUAGES

RARE = "王翊婷 😀 ✓ 👩🏽‍🔬"  # two of them in no font of the PDF, and an emoji of several signs


def page(made, problem: str = "vae", language: str = "en", recipe: str = "dcgan") -> Page:
    """Return a job's page of an executed notebook."""
    facts = Facts(make_job(problem, recipe), {"data": "faces"}, "", {}, {})
    document = read_notebook(made, language)
    return Page(f"{problem}-{recipe}", page_title(document, facts, language), facts, document)


def two_problems(language: str = "en") -> list[Page]:
    """Return two chapters that refer to each other and cite works."""
    appendices = [
        table("layers", tags=("appendix-layers",)),
        table("ledger", tags=("appendix-losses",)),
    ]
    first = notebook(
        prose("The data.", tags=("data",)),
        prose("## 1-1 What?\n\nA VAE [@kingma2014], seen in {fig:fig1_2} and {table:layers}."),
        figure("fig1_2", caption="Beside {fig:fig2_2} [@higgins2017]."),
        *appendices,
        title="# Problem 1",
    )
    second = notebook(
        prose("## 2-1 What?\n\nA GAN [@goodfellow2014; @kingma2014] beside {fig:fig1_2}."),
        figure("fig2_2", svg=SVG),
        *deepcopy(appendices),
        title="# Problem 2",
    )
    return [page(first, "vae", language), page(second, "gan", language)]


@pytest.fixture(scope="module")
def book() -> Book:
    return Book(two_problems(), "en", About("Ada Lovelace", "B1815"))


def texts_of(book: Book) -> dict[str, str]:
    """Return each part's text as HTML has it."""
    html = {part.name: to_html(part.document) for part in book.parts if part.document}
    return {name: BeautifulSoup(text, "html.parser").get_text() for name, text in html.items()}


@pytest.fixture(scope="module")
def texts(book) -> dict[str, str]:
    return texts_of(book)


def test_the_parts_of_a_book_come_in_order_and_each_appendix_once_or_in_a_short_one_never(book):
    names = [part.name for part in book.parts]
    assert names == [
        *("data", "reports", "vae-dcgan", "gan-dcgan", "conclusion", "references"),
        *("appendix-losses", "appendix-layers"),
    ]
    assert [part.title[:10] for part in book.appendices] == ["Appendix A", "Appendix B"]
    # of the first problem that has it; a table a problem
    kinds = [[item.kind for item, _ in part.document.items] for part in book.appendices]
    assert kinds == [["table"], ["table"] * 2]
    short = Book(two_problems(), "en", About(is_short=True))
    assert [part.name for part in short.parts] == names[:-2]


def test_figures_and_tables_are_numbered_once_through_the_whole_book(book):
    figures = [n for part in book.problems for n in part.document.figure_numbers.values()]
    assert figures == [1, 2]
    items = [one for part in book.parts if part.document for one in part.document.items]
    tables = [number for item, number in items if item.kind == "table"]
    assert tables == list(range(1, len(tables) + 1))


def test_a_name_in_text_or_caption_becomes_the_figures_number_and_a_link(book, texts):
    vae, gan = book.problems
    html = to_html(vae.document, address=lambda anchor: f"{book.place(anchor).name}#{anchor}")
    links = {a.get_text(): a["href"] for a in BeautifulSoup(html, "html.parser").select("a.ref")}
    assert links["Figure\u00a01"] == "vae-dcgan#figure-1"
    assert links["Figure\u00a02"] == "gan-dcgan#figure-2"
    assert re.fullmatch(r"appendix-layers#table-\d", links[next(n for n in links if "Table" in n)])
    assert "Figure\u00a01" in texts[gan.name]


def test_references_are_the_cited_ones_in_their_order_with_links_both_ways(book, texts):
    assert "VAE [1], seen in" in texts["vae-dcgan"]
    assert "GAN [3, 1] beside" in texts["gan-dcgan"]
    cited = ["kingma2014", "higgins2017", "goodfellow2014"]
    part, listed = book.place("references"), texts["references"]
    places = [listed.index(references()[key]["title"]) for key in cited]
    assert places == sorted(places)
    assert "Odena" not in listed
    html = to_html(part.document)
    for key in cited:
        assert book.place(f"ref-{key}") is part
        assert f'href="#cite-{key}"' in html
        assert book.place(f"cite-{key}").kind == "problem"


def test_a_book_can_be_made_again_from_the_same_pages(texts):
    pages = two_problems()
    assert Book(pages[1:], "en").problems[0].document.figure_numbers == {"fig2_2": 1}
    assert texts_of(Book(pages, "en")) == texts


def test_an_unknown_reference_stays_as_it_stands_and_an_unknown_figure_costs_its_number(capfd):
    made = Book([page(notebook(prose("As [@kingma2014] and [@nobody1900] say.")))], "en")
    shown = BeautifulSoup(to_html(made.problems[0].document), "html.parser").get_text()
    assert "As [1] and [@nobody1900] say." in shown
    assert re.search("cell-1.*nobody1900", capfd.readouterr().err)
    made = Book([page(notebook(prose("See {fig:fig9_9}.")))], "en")
    assert "See fig9_9." in to_html(made.problems[0].document)
    assert "fig9_9" in capfd.readouterr().err


def test_every_reference_says_who_when_what_and_where():
    for key, work in references().items():
        assert re.fullmatch(r"[a-z]+\d{4}", key)
        assert key.endswith(str(work["year"]))
        assert work["url"].startswith("https://")
        assert all(work[name] for name in ("authors", "title", "where"))


# ---------------------------------------------------------------------- title page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_title_page_has_author_date_and_findings(language, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    book = Book([], language, About("Ada", "B1"))
    shown = f"{book.author} {book.day}"
    assert all(word in shown for word in ("Ada", "B1", "2023", "14"))
    assert book.findings.ast
    assert Book([], language).author == ""


def test_the_date_is_that_of_the_newest_run_so_that_rebuilding_keeps_it(tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    pages = []
    for day in (3, 9):
        run = tmp_path / str(day)
        run.mkdir()
        for name in ("config.json", "results.json"):
            (run / name).write_text("{}")
        moment = datetime(2026, 5, day, 12, tzinfo=UTC).timestamp()
        os.utime(run / "results.json", (moment, moment))
        pages.append(Page("", "", read_facts(make_job("vae", "dcgan"), run, {}), None))
    assert Book(pages, "en").date.date().isoformat() == "2026-05-09"


def test_the_fonts_of_a_page_are_the_same_bytes_at_any_time(monkeypatch):
    made = []
    for second in ("1700000000", "1800000000"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", second)
        _subset.cache_clear()
        made.append(font_faces("\u4e2d\u6587"))
    assert made[0] == made[1] != ""


# ---------------------------------------------------------------------- a reader's own


def own_cells() -> list:
    """Return what readers put into their notebooks."""
    outputs = [
        new_output("stream", name="stdout", text="my own number is 42\n"),
        new_output("stream", name="stderr", text="100% 12/12\n"),
        new_output("display_data", {"image/png": png(), "text/plain": "<Figure>"}),
        new_output("execute_result", {"text/plain": "0.125"}, execution_count=1),
        new_output("execute_result", {"text/plain": "<Axes: >"}, execution_count=1),
    ]
    pasted = {"a.png": {"image/png": png((200, 0, 0))}}
    return [
        prose("Mine:\n\n![a screenshot](attachment:a.png)", attachments=pasted),
        new_code_cell("print(6 * 7)", outputs=outputs),
        figure("fig1_2"),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_pasted_pictures_prints_and_plots_are_shown_without_a_number(language):
    document = read_notebook(notebook(*own_cells()), language)
    own = [figure.alt for figure in document.figures if not figure.name]
    assert len(own) == 2
    assert "a screenshot" in own
    assert document.figure_numbers == {"fig1_2": 1}
    printed = [item.text for item, _ in document.items if item.kind == "printed"]
    assert printed == ["my own number is 42", "0.125"]
    html = to_html(document)
    parts = ("my own number is 42", "<img", "12/12", "Axes")
    assert [html.count(part) for part in parts] == [1, 3, 0, 0]


def test_a_long_print_is_cut_in_its_middle_and_says_so():
    text = "".join(f"line {number}\n" for number in range(1000))
    cell = new_code_cell("x", outputs=[new_output("stream", name="stdout", text=text)])
    items = read_notebook(notebook(cell), "en").items
    (printed,) = [item for item, _ in items if item.kind == "printed"]
    lines = printed.text.split("\n")
    assert len(lines) == MAX_PRINTED_LINES + 1
    assert (lines[0], lines[-1]) == ("line 0", "line 999")
    assert str(1000 - MAX_PRINTED_LINES) in printed.text


def test_a_pasted_picture_that_cannot_be_read_costs_only_itself(capfd):
    pasted = {"b.png": {"image/png": "bm9uZQ=="}}
    made = notebook(prose("![my words](attachment:b.png)", attachments=pasted), figure("fig1_2"))
    html = to_html(read_notebook(made, "en"))
    assert "my words" in html
    assert 'id="figure-1"' in html
    assert "b.png" in capfd.readouterr().err


# ---------------------------------------------------------------------- PDF


@pytest.fixture(scope="module")
def pdf(tmp_path_factory) -> PdfReader:
    """The PDF of a book with everything that is hard to set."""
    hard = notebook(
        prose(f"## 1-1 What?\n\n{RARE}\n\nCites [@kingma2014], sees {{fig:fig1_2}}."),
        *own_cells(),
        figure("tall", svg=SVG),
        table("layers", tags=("appendix-layers",)),
        title="# Problem 1: 翊",
    )
    made = Book([page(hard), *two_problems()[1:]], "en", About(RARE, "B1"))
    return PdfReader(BytesIO(render_pdf(made)))


def test_a_character_without_a_glyph_costs_itself_alone_and_links_lead_to_places(pdf):
    """Typst refuses a link to a place that is not there, so each one counted leads somewhere."""
    text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    wanted = f"王{NO_GLYPH}婷 {NO_GLYPH} ✓ {NO_GLYPH}", "U+7FCA", "U+1F600", "my own number is 42"
    assert [part for part in (*wanted, "[1]") if part not in text] == []
    marks = [mark.get_object() for page in pdf.pages for mark in page.get("/Annots", ())]
    marks = [mark for mark in marks if not isinstance(mark.get("/Dest", ""), str)]
    assert len(marks) >= 4 + 3  # [1], Figure 1 and the second problem's; the references' back


def test_the_appendices_begin_a_page(pdf):
    titles = [entry for entry in pdf.outline if not isinstance(entry, list)]
    first = next(entry for entry in titles if entry.title.startswith("Appendix"))
    place = pdf.get_destination_page_number(first)
    assert 3 <= place < len(pdf.pages)
    assert "Appendix" not in " ".join(page.extract_text() for page in pdf.pages[2:place])
