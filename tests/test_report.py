"""The report engine on a small notebook: nothing here needs torch."""

import base64
import json
import re
import shutil
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

import nbformat
import pytest
import report_notebook
import typst
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from matplotlib import get_data_path
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from pypdf import PdfReader
from report_pages import flat, opened_in, pdf_text, soup

from hwlib import report
from hwlib.errors import UserError, explain
from hwlib.images import encode
from hwlib.io import sha256_of
from hwlib.report import document as documents
from hwlib.report import kernel, runner
from hwlib.report.facts import provenance
from hwlib.report.html import to_html
from hwlib.report.language import read_notebook
from hwlib.report.markup import FONTS, TEMPLATES
from hwlib.report.pdf import _compile, to_typst
from hwlib.report.runs import Facts
from hwlib.text import LANGUAGES as KNOWN
from hwlib.text import in_languages, section, word

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("zh", "en")
DAY = datetime(2000, 1, 1, tzinfo=UTC)
REST = 297 - 28 - 19  # mm of a page of `typeset` between its margins
TYPED = "hwlib report vae --recipe all --out /somewhere/build"
RECIPES = ("cellfail", "deadfail")  # that fail
parse = cache(soup)
text_of_pdf = cache(pdf_text)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One report of a good job and of jobs that fail, made once for all tests."""
    folder = tmp_path_factory.mktemp("report")
    notebooks = folder / "notebooks"
    for problem in ("vae", "gan"):
        report_notebook.write_notebook(notebooks, problem)
    jobs = [report.make_job("vae", "dcgan", notebooks=notebooks)]
    for recipe in RECIPES:
        parameters = {"break_at": recipe.removesuffix("fail")}
        jobs.append(report.make_job("gan", recipe, parameters, notebooks=notebooks))
    places = {"out": folder / "out", "runs": folder / "runs"}
    result = report.make_report(jobs, **places, about=report.About(command=TYPED))
    return result, jobs, folder


@pytest.fixture(scope="module")
def out(made) -> Path:
    return made[0].out


def ids_of(path: Path) -> list[str]:
    return [tag["id"] for tag in parse(path).find_all(id=True)]


def page_of(markdown: str, items=()) -> BeautifulSoup:
    """Return a document as HTML has it."""
    made = to_html(documents.make_document(markdown, items, "en"))
    return BeautifulSoup(made, "html.parser")


# ---------------------------------------------------------------------- jobs that fail


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        ("cellfail", r"code cell \d+: ValueError: the third batch is not finite"),
        ("deadfail", r"the kernel ended in code cell \d+: .*[Dd]ied"),
    ],
)
def test_each_failure_says_why_in_result_page_index_and_pdf(made, recipe, reason):
    result, _, _ = made
    assert [job.ok for job in result.jobs] == [True, False, False]
    job = next(job for job in result.failed if job.job.recipe == recipe)
    assert re.fullmatch(reason, job.reason)
    assert job.executed.notebook is None
    for code in LANGUAGES:
        said = section("page", code)["failed"]
        page = parse(result.out / code / f"gan-{recipe}.html")
        assert said in page.find("section", class_="failed").get_text()
        index = parse(result.out / code / "index.html")
        (card,) = index.select(f'.cards a[href="gan-{recipe}.html"]')
        assert said in card.parent.select_one(".reason").get_text()
    assert job.reason in page.get_text()
    assert flat(job.reason) in flat(text_of_pdf(result.out / "en" / "report.pdf"))


def test_a_cell_that_exits_and_a_run_without_results_fail_as_well(tmp_path):
    def why(*outputs, runs=()):
        cell = new_code_cell("use()", execution_count=1, outputs=list(outputs))
        reasons, trace = kernel.why_failed(new_notebook(cells=[cell]), runs, "", is_dead=False)
        return reasons["en"], trace

    ended = new_output("error", ename="SystemExit", evalue="0", traceback=["\x1b[31mthe last line"])
    assert why(ended) == ("code cell 1 ended the kernel: sys.exit(0)", "the last line")
    name = "gan-dcgan-00000100"
    unfinished, _ = why(runs=[str(tmp_path / name)])
    assert unfinished.startswith(f"{name} is not finished: it has no results.json")
    assert why()[0] == word("page.reasons.no_run", "en")


def test_a_notebook_needs_no_name_of_a_kernel_and_what_is_none_is_a_mistake(made, tmp_path):
    folder = made[2]
    job = report.make_job("gan", "dcgan", notebooks=folder / "notebooks")
    known = runner.check_parameters(job)
    notebook = json.loads(job.notebook.read_text(encoding="utf-8"))
    bare = report.Job("gan", "dcgan", tmp_path / "bare.ipynb", {"recipe": "dcgan"})
    bare.notebook.write_text(json.dumps(notebook | {"metadata": {}}), encoding="utf-8")
    assert runner.check_parameters(bare) == known
    for text in ("[]", "null", "{}", '{"cells": 5}', "no JSON", '{"nbformat": 4, "cells": 5}'):
        bare.notebook.write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=r"bare\.ipynb is no readable notebook"):
            runner.check_parameters(bare)


def test_nothing_of_the_readers_configuration_reaches_a_notebook(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    own = kernel.environment(tmp_path / "own")
    places = {name for name, value in own.items() if value == str(tmp_path / "own")}
    jupyters = {f"JUPYTER_{kind}_DIR" for kind in ("CONFIG", "DATA", "RUNTIME")}
    assert places == {"IPYTHONDIR", *jupyters}
    assert own["PYTHONSTARTUP"] == ""
    assert own["MPLBACKEND"].endswith("inline")
    monkeypatch.setenv("HOME", "/dev/null/home")  # nothing can be written there
    assert kernel.environment(tmp_path)["MPLCONFIGDIR"] == str(tmp_path)


def test_an_error_of_the_system_is_a_reason_in_the_words_of_each_language():
    error = OSError(28, "No space left on device", "/a/b")
    told = runner.reason("other", error=error)
    assert told == in_languages(explain(error).say)
    assert runner.reason("other", error="as it is")["zh"] == "as it is"


def test_users_mistakes_are_said_before_anything_runs(made, tmp_path):
    _, jobs, folder = made
    job = report.make_job("gan", "dcgan", {"colour": "red"}, notebooks=folder / "notebooks")
    with pytest.raises(UserError, match=r"02_gan\.ipynb has no parameter 'colour'; it has: recipe"):
        runner.check_parameters(job)
    with pytest.raises(UserError, match=r"problem 'gan' has no notebook yet: .*02_gan\.ipynb"):
        report.make_job("gan", "dcgan", notebooks=tmp_path)
    with pytest.raises(UserError, match="unknown problem 'vea'; known problems: vae, kl"):
        report.make_job("vea", "dcgan")
    with pytest.raises(UserError, match="nothing to report"):
        report.make_report([], out=tmp_path)
    with pytest.raises(UserError, match="unknown language 'fr'; known: zh, en"):
        report.make_report(jobs[:1], out=tmp_path, languages=("fr",))


# ---------------------------------------------------------------------- executed once, kept


def test_an_unchanged_job_is_not_executed_again_nor_are_its_pages_made_anew(made, capfd, tmp_path):
    """The report made again is a small one: its figures have the same size, with less detail."""
    result, jobs, folder = made
    again = tmp_path / "out"
    shutil.copytree(result.out, again)
    about = report.About("Ada & <Lovelace>", "b01", is_short=True)

    def make() -> str:
        options = {"runs": folder / "runs", "languages": ["en"], "about": about}
        assert report.make_report(jobs[:1], out=again, detail=report.SMALL, **options).ok
        return capfd.readouterr().err

    assert word("log.unchanged", "en", name="vae-dcgan") in make()
    left = sorted(path.relative_to(again).as_posix() for path in again.glob("*/*.html"))
    assert left == ["en/index.html", "en/vae-dcgan.html"]  # no old job, other language, appendix
    index = parse(again / "en" / "index.html")
    assert index.find(class_="switch") is None
    author = index.select_one(".byline .author").get_text()
    assert about.author in author
    assert about.student_id in author
    assert word("log.same", "en", language=KNOWN["en"].name) in make()

    pages = [parse(out / "en" / "vae-dcgan.html") for out in (result.out, again)]
    full, small = (page.select_one("#figure-2 img") for page in pages)
    assert (full["width"], small["width"]) == ("1680", str(report.SMALL.max_width))
    assert full.parent["style"] == small.parent["style"]
    assert len(small["src"]) < len(full["src"]) / 3
    size, less = ((out / "en" / "report.pdf").stat().st_size for out in (result.out, again))
    assert less < size / 2
    assert [bool(page.select("a[download]")) for page in pages] == [True, False]


@pytest.mark.parametrize("change", ["results", "notebook", "parameters", "data", "words"])
def test_an_executed_notebook_is_stale_when_what_it_stands_on_changes(
    made, tmp_path, make_hw4, change, monkeypatch
):
    executed = made[0].jobs[0].executed
    path = Path(shutil.copy(made[2] / "notebooks" / "01_vae.ipynb", tmp_path))
    data, words = make_hw4(), shutil.copytree(runner.TEXTS, tmp_path / "text")
    monkeypatch.setattr(runner, "TEXTS", words)
    parameters = {"recipe": "dcgan", "data": str(data)}
    job = report.Job("vae", "dcgan", path, parameters)
    target = Path(shutil.copy(executed.notebook, tmp_path / "x.ipynb"))
    record = tmp_path / "x.json"
    runs = [shutil.copytree(executed.run, tmp_path / name) for name in ("run", "other")]
    results = {str(run): sha256_of(run / "results.json") for run in runs}
    monkeypatch.setenv("HWLIB_RUNS", str(tmp_path))
    about = {"key": runner._key(job), "notebook": sha256_of(target), "runs": results}
    record.write_text(json.dumps(about))
    known = runner._unchanged(job, target, record, runner._key(job))
    assert (known.run, known.others) == (runs[0], (runs[1],))
    if change == "parameters":
        job = replace(job, parameters=parameters | {"seed": 1})
    else:
        files = {"results": runs[1] / "results.json", "notebook": path}
        files |= {"words": words / "en" / "vae.j2", "data": data / "train" / "00000.png"}
        with open(files[change], "a") as file:
            file.write("\n")
    assert runner._unchanged(job, target, record, runner._key(job)) is None


@pytest.mark.parametrize(
    "text",
    ["[]", "null", "", "[" * 100_000, '{"key": "k"}', '{"key": "k", "runs": []}', "elsewhere"],
)
def test_a_record_of_another_kind_or_of_files_elsewhere_is_none(tmp_path, text, monkeypatch):
    monkeypatch.setenv("HWLIB_RUNS", str(tmp_path / "runs"))
    target, record = tmp_path / "x.ipynb", tmp_path / "x.json"
    for folder in ("runs/a", "elsewhere/a"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "results.json").write_text("{}")
    target.write_text("{}")
    results = {str(tmp_path / "elsewhere/a"): sha256_of(tmp_path / "elsewhere/a/results.json")}
    about = {"key": "k", "notebook": sha256_of(target), "runs": results}
    record.write_text(json.dumps(about) if text == "elsewhere" else text)
    job = report.Job("vae", "dcgan", target, {})
    assert runner._unchanged(job, target, record, "k") is None
    about["runs"] = {name.replace("elsewhere", "runs"): sha for name, sha in results.items()}
    record.write_text(json.dumps(about))
    assert runner._unchanged(job, target, record, "k").run == tmp_path / "runs/a"


def test_executed_notebooks_are_clean_and_name_their_runs_the_pages_own_first(made):
    result, _, folder = made
    paths = {path.name: path for path in (result.out / "notebooks").glob("*.ipynb")}
    failed = {f"gan-{recipe}.failed.ipynb" for recipe in ("cellfail", "deadfail")}
    assert paths.keys() == {"vae-dcgan.ipynb"} | failed  # none that failed looks finished
    job = result.jobs[0].executed
    assert job.notebook == paths["vae-dcgan.ipynb"]
    notebook = nbformat.read(job.notebook, as_version=4)
    nbformat.validate(notebook)
    assert not any("papermill" in part.metadata for part in (notebook, *notebook.cells))
    for path in paths.values():
        text = path.read_text()
        assert str(folder) not in re.sub(r'"traceback": \[.*?\]', "", text, flags=re.DOTALL)
        assert "epoch 1 of 2" not in re.sub(r'"source": \[.*?\]', "", text, flags=re.DOTALL)
    record = json.loads(job.notebook.with_suffix(".json").read_text())
    names = [Path(run).name for run in record["runs"]]
    assert names == ["vae-dcgan-0123abcd", "gan-dcgan-00000200"]
    assert job.run.name == names[0]


def test_no_page_shows_where_runs_and_data_lie_on_this_machine(made):
    result, _, folder = made
    assert all(path.exists() for path in result.files)
    for path in result.files:
        is_pdf = path.suffix == ".pdf"
        text = text_of_pdf(path) if is_pdf else path.read_text(encoding="utf-8")
        assert flat(str(folder)) not in flat(text), path
    assert "…/build" in (result.out / "en" / "appendix.html").read_text()  # of the command
    assert "# Parameters" not in (result.out / "en" / "vae-dcgan.html").read_text()


# ---------------------------------------------------------------------- what a page holds


@pytest.mark.parametrize(("code", "other"), [("zh", "How to read it"), ("en", "如何閱讀")])
def test_a_page_shows_its_language_alone_what_is_printed_and_formulas_without_tex(out, code, other):
    page = soup(out / code / "vae-dcgan.html")
    main, text = page.main, page.main.get_text()
    assert other not in text
    assert "a stray print" in main.select_one("pre.output").get_text()
    assert 'SystemExit("interactive")' not in text
    assert page.find("annotation") is None
    for block in main.find_all("pre"):
        block.decompose()
    assert not re.search(r"\\[a-zA-Z]+|\$", main.get_text())


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_page_says_its_language_gives_pictures_words_and_its_links_lead_somewhere(out, code):
    problems = {"vae-dcgan.html", *(f"gan-{name}.html" for name in RECIPES)}
    for path in (out / code).glob("*.html"):
        page, ids = parse(path), ids_of(path)
        assert page.html["lang"] == KNOWN[code].tag
        assert page.title.get_text().strip()
        assert len(page.find_all("h1")) == 1
        for image in page.find_all("img"):
            assert image["alt"].strip()
            assert image["src"].startswith("data:image/")
        (switch,) = page.select(".switch a")
        assert (path.parent / switch["href"]).exists()
        assert {a["href"] for a in page.select(".bar .problems a")} == problems
        assert [a["href"] for a in page.select('.bar [aria-current="page"]')] == [path.name]
        assert page.select_one('footer a[href="#top"]')
        assert len(set(ids)) == len(ids)
        for link in page.find_all("a", href=True):
            target = link["href"]
            if target.startswith("https:"):  # the works that are cited, for who is online
                assert link.find_parent("section", class_="references")
                continue
            assert not target.startswith(("http:", "//"))
            file, _, anchor = target.partition("#")
            assert not file or (path.parent / file).exists(), target
            if anchor:
                assert anchor in (ids_of(path.parent / file) if file else ids), target
        for heading in page.main.select("h2, h3, h4"):
            if heading.find_parent(class_="failed") is None:
                link = heading.select_one(".permalink")
                assert link["href"] == f"#{heading['id']}"
                assert heading.get_text().strip() in link["aria-label"]
        for figure in page.main.select("figure[id]"):
            assert figure.select_one(".label")["href"] == f"#{figure['id']}"


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_title_page_opens_with_findings_and_the_problems(out, code):
    index = parse(out / code / "index.html")
    assert index.h1.get_text() == section("page", code)["title"]
    assert re.search(r"\d{4}", index.select_one(".byline .date").get_text())
    assert 1 <= len(index.select("section.findings > ul > li")) <= 5
    cards = [a["href"] for a in index.select(".cards a")]
    assert cards == ["vae-dcgan.html", *(f"gan-{name}.html" for name in RECIPES)]
    order = [h["id"] for h in index.select("main h2")]
    assert order[0] == "findings"
    assert order.index("problems") < order.index("conclusion")
    assert [a["href"] for a in index.select(".toc a")] == [f"#{name}" for name in order]


def test_what_all_jobs_share_stands_once_and_paths_are_not_shown(tmp_path):
    settings = {"data": str(tmp_path / "celeba"), "profile": "quick", "seed": 0, "z_dim": 8}
    job = report.Job("vae", "dcgan", tmp_path, {})
    one = Facts(job, {}, "run", {"settings": settings, "data": {"num_train": 8000}}, {})
    record = {"settings": settings | {"z_dim": 9}}
    other = replace(one, run="other", record=record, others=(replace(one, run="beside"),))
    rows = provenance([one, other], "en", notebooks=["a.ipynb", "b.ipynb"])
    shared = {texts[0] for _, texts in rows if len(set(texts)) == 1}
    assert {"vae", "dcgan", "celeba", "quick", "0"} < shared
    assert [texts for _, texts in rows if len(set(texts)) > 1] == [
        *(["a.ipynb", "b.ipynb"], ["run", "other"], ["–", "beside"], ["8,000", "–"], ["8", "9"]),
    ]


def test_a_table_of_many_columns_and_few_rows_names_each_cell_for_a_telephone():
    def page(rows: int, cell: str = "1") -> BeautifulSoup:
        lines = ["| a | b | c | d |", "|---|---|---|---|", *[f"| {cell} | 2 | 3 | 4 |"] * rows]
        return page_of("\n".join(lines))

    for few in (page(2), page(40, "words that need more than a line of a narrow column")):
        assert [td["data-label"] for td in few.select("tbody tr")[0].select("th, td")] == [*"abcd"]
        assert few.select(".scroll.stack table.stacked")
    assert not page(40).select("[data-label], .stacked")


def test_a_chart_is_drawn_from_lines_and_other_figures_from_pixels():
    png = encode(Image.new("RGB", (32, 16)))
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"/>'
    items = [
        documents.Figure("figure", name, "A caption.", png=png, width=50.0, svg=drawn)
        for name, drawn in (("chart", svg), ("faces", None))
    ]
    chart, faces = page_of("\n\n".join(map(documents.marker, range(2))), items).select(".card")
    assert chart.img["src"] == f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
    assert faces.img["src"].startswith("data:image/webp")
    assert ["chart" in card["class"] for card in (chart, faces)] == [True, False]
    assert all(card["style"] == "--width: 50%" for card in (chart, faces))


def test_formulas_keep_min_and_max_apart_and_one_that_cannot_be_set_is_shown_as_its_tex():
    page = str(page_of(r"$$\min_G \max_D V$$ and $\log p$"))
    space = '<mspace width="0.167em"></mspace>'
    assert page.count(space) == 3
    assert f"</munder>{space}<munder>" in page
    page = page_of("text $\\nosuchcommand{x}$ and $y$")
    assert [code.get_text() for code in page.select("code")] == ["\\nosuchcommand{x}"]
    assert len(page.select("math")) == 1


def test_formulas_of_a_notebook_are_set_whatever_signs_they_stand_in_but_not_in_code():
    known = ("\\begin{equation}\nx_1\n\\end{equation}", "so \\\\( x_1 \\\\)", "\\\\[\nx_1\n\\\\]")
    known += ("\\begin{align*}\nx_1 &= 1 \\\\\\\\\nx_2 &= 2\n\\end{align*}", "$x_1$", "$$\nx_1\n$$")
    cells = [new_markdown_cell(tex) for tex in known]
    cells.append(new_markdown_cell("`\\\\(a\\\\)`\n\n```\n\\begin{x}\\end{x}\n```"))
    html = to_html(read_notebook(new_notebook(cells=cells), "en"))
    page = BeautifulSoup(html, "html.parser")
    assert len(page.select("math")) == len(known)
    assert [code.get_text().strip() for code in page.select("code")] == [
        *("\\\\(a\\\\)", "\\begin{x}\\end{x}")
    ]


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("notebooks/0*.ipynb")), ids=lambda path: path.stem
)
def test_our_notebooks_have_no_formula_that_cannot_be_set_and_no_unknown_reference(path, capfd):
    notebook = nbformat.read(path, as_version=4)
    for code in LANGUAGES:
        html = to_html(read_notebook(notebook, code))
        assert "<math" in html
        page = BeautifulSoup(html, "html.parser")
        for block in page.select("details.code"):
            block.decompose()
        assert not [c for c in page.select("code") if "\\" in c.get_text()]
    assert "no reference" not in capfd.readouterr().err


@pytest.mark.parametrize("opened", ["```python\nx = 1", "<!-- x = 1", "<script>x = 1"])
def test_a_fence_or_a_comment_that_nobody_closed_costs_nothing_after_it(opened):
    cells = [new_markdown_cell(opened), new_code_cell("y = 2"), new_markdown_cell("## After")]
    document = read_notebook(new_notebook(cells=cells), "en")
    assert [text for _, _, text in document.headings] == ["After"]
    assert [item.text for item, _ in document.items] == ["y = 2"]


def test_a_table_without_markdown_is_read_from_its_html():
    data = {"text/html": "<table><tr><th>a</th></tr><tr><td>7</td></tr></table>"}
    shown = new_output("display_data", data, metadata={"hwlib": {"kind": "table"}})
    cell = new_code_cell("x", outputs=[shown])
    assert "<td>7</td>" in to_html(read_notebook(new_notebook(cells=[cell]), "en"))


@pytest.mark.parametrize(
    "kept",
    [
        *("[0,~1]", "effect −19.1 [−33.5,~−1.56] %", "+0.42 [−0.163,~+1], 801.3 nats"),
        *("margin 25 %, with λ~=~0.03", "calc(100% - 1px)", '{"a":[1,2]}'),
    ],
)
def test_no_line_ends_within_an_interval_or_a_weight(kept):
    assert documents.unbroken(kept.replace("~", " ")) == kept.replace("~", "\u00a0")


# ---------------------------------------------------------------------- PDF


def typeset(folder: Path, body: str) -> list[str]:
    """Return the text of each page of a PDF that the template makes."""
    (folder / "report.typ").write_bytes((TEMPLATES / "report.typ").read_bytes())
    main = folder / "main.typ"
    main.write_text(
        '#import "report.typ": *\n#set document(title: "t")\n'
        '#set page(paper: "a4", margin: (x: 26mm, top: 28mm, bottom: bottom-margin))\n' + body
    )
    return [page.extract_text() for page in PdfReader(BytesIO(_compile(main, DAY))).pages]


def rows(count: int, caption: str = '("1", "words")') -> str:
    """Return a table of `count` rows of 6 mm."""
    cells = ", ".join(f"[row {number}.]" for number in range(count))
    return f"#hw-table(caption: {caption}, figure(kind: table, table(columns: 1, {cells})))"


FIGURE = '#hw-figure(path: "x.png", alt: "black", label: "1", caption: [row])'  # 60 mm high
PLACED = [  # mm that are left of the page, what is set there, and its rows on each page from it on
    # A figure that nearly fits is made smaller; text flows past one that does not.
    *((100, FIGURE, [1]), (62, FIGURE, [1]), (40, FIGURE, [0, 1])),
    # Only a table too tall for what is left of many pages is broken.
    *((20, rows(4, "none"), [0, 4]), (20, rows(13, "none"), [0, 13])),
    (20, rows(60, "none"), [2, 49, 9]),
    # A long one is set tighter or moved before a few rows stand alone.
    *((200, rows(30), [30]), (155, rows(30), [30])),
    *((120, rows(30), [21, 9]), (60, rows(30), [0, 30])),
]


def test_figures_and_tables_fill_pages_and_are_not_torn_apart(tmp_path):
    Image.new("RGB", (600, 600)).save(tmp_path / "x.png")
    text = typeset(
        tmp_path,
        "\n#pagebreak()\n".join(
            f"#block(height: {REST - rest_mm}mm)[start]\n{body}\n\nmore words\n"
            for rest_mm, body, _ in PLACED
        ),
    )
    starts = [place for place, page in enumerate(text) if "start" in page]
    for start, end, (rest_mm, body, pieces) in zip(
        starts, [*starts[1:], len(text)], PLACED, strict=True
    ):
        counts = [page.count("row") for page in text[start:end]]
        assert counts == pieces + [0] * (len(counts) - len(pieces)), (rest_mm, body)
        if pieces[0] == 0 and body is FIGURE:
            assert "more words" in text[start]


def test_what_cannot_be_set_is_told_in_one_line_and_so_is_a_process_that_ends(
    tmp_path, monkeypatch
):
    main, script = tmp_path / "main.typ", tmp_path / "script.py"
    main.write_text("#nosuchword")
    with pytest.raises(documents.RenderError, match=r"^PDF: unknown variable: nosuchword"):
        _compile(main, DAY)
    monkeypatch.setattr("hwlib.report.pdf.TYPESET", script)
    for text, told in {
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)": "exit code -9",
        "print(1)\nraise ValueError('odd')": "exit code 1: ValueError: odd",
    }.items():
        script.write_text(text)
        with pytest.raises(documents.RenderError, match=f"^PDF: .* {told}"):
            _compile(main, DAY)


@pytest.mark.parametrize(("rest_mm", "count"), [(20, 8), (40, 50), (90, 8)])
def test_a_contents_list_is_not_torn_apart_and_its_numbers_can_be_searched(
    tmp_path, rest_mm, count
):
    chapters = "\n".join(f"= Chapter {number}.\ntext" for number in range(count))
    front = f"#block(height: {REST - rest_mm}mm)[front]"
    text = typeset(
        tmp_path,
        '#report(lang: "en", region: "US", title: "t", contents: "Contents", depth: 1,'
        f" date: datetime(year: 2000, month: 1, day: 1))[\n{front}\n][\n{chapters}\n]\n",
    )
    listing = next(page for page in text if "Contents" in page)
    assert all(f"Chapter {number}." in listing for number in range(count))
    assert "\u2060" not in "".join(text)


def test_symbols_that_typst_has_renamed_still_compile():
    tex = r"$a \odot b \otimes c \cap d \oplus e \ominus f$ and $\text{sect} \mid \varphi$"
    text = to_typst(documents.make_document(tex, [], "en"), "x", {})
    head = "#let hw-math(words, body) = body\n"
    assert typst.compile((head + text).encode(), ignore_system_fonts=True).startswith(b"%PDF")


def test_pdfs_have_no_blank_page_and_their_texts_with_embedded_fonts(out):
    for code in LANGUAGES:
        path = out / code / "report.pdf"
        for page in PdfReader(path).pages:
            _, *body, _ = page.extract_text().splitlines()  # between running head and page number
            assert len("".join(body)) > 20
            for font in page["/Resources"]["/Font"].values():
                inner = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
                assert any(f"/FontFile{end}" in inner for end in ("", "2", "3"))
    assert "變分自編碼器" in text_of_pdf(out / "zh" / "report.pdf").replace(" ", "")


# ---------------------------------------------------------------------- words and fonts


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_page_has_the_glyphs_of_its_chinese_in_both_weights(out, code):
    """A machine without Chinese fonts would show boxes."""
    for page in sorted((out / code).glob("*.html")):
        text = page.read_text(encoding="utf-8")
        faces = re.findall(
            r'"HW Lab TC"; font-weight: (\d+); src: url\("data:font/woff;base64,([^"]+)"', text
        )
        assert [int(weight) for weight, _ in faces] == [400, 700]
        shown = parse(page).get_text()
        chinese = {ord(c) for c in shown if "\u3000" <= c <= "\uffef"}
        assert chinese >= set(map(ord, "中文")), "the switch to Chinese at least"
        for _, data in faces:
            with TTFont(BytesIO(base64.b64decode(data))) as font:
                assert chinese <= font.getBestCmap().keys()


def test_every_character_of_our_texts_is_in_the_fonts():
    # What the Chinese font has not, like a cross, the font for code has, in PDF and in figures.
    code = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf"
    own = [FONTS / f"NotoSansCJKtc-{weight}.subset.otf" for weight in ("Regular", "Bold")]
    regular, bold, extra = (set(TTFont(file).getBestCmap()) for file in (*own, code))
    known = regular & bold | extra
    files = [path for folder in ("hwlib", "notebooks") for path in (ROOT / folder).rglob("*.*")]
    for path in files:
        if path.suffix in (".py", ".ipynb") and ".ipynb_checkpoints" not in path.parts:
            text = path.read_text(encoding="utf-8")
            missing = {c for c in text if ord(c) not in known and unicodedata.category(c)[0] != "C"}
            assert not missing, f"{path}: run tools/make_fonts.py for {sorted(missing)}"


# ---------------------------------------------------------------------- in a browser


def test_pages_open_from_disk_without_network_error_or_overflow(out, browser):
    names = ("index", "vae-dcgan", "gan-cellfail", "compare", "appendix")
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    with opened_in(browser) as open_page:
        for code, width in (("zh", 1280), ("en", 390)):
            page = open_page(out / code / "index.html", width)
            for name in names:
                page.goto((out / code / f"{name}.html").as_uri())
                assert not page.evaluate(wide), f"{name} is wider than {width} pixels"
                shown = page.evaluate("document.querySelector('main').innerText")
                assert not re.search(r"\\(frac|mathbb|mathcal|sum|mu)|\$", shown)
