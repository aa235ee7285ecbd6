"""The report engine on a small notebook: nothing here needs torch."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shutil
import subprocess
import sys
import unicodedata
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import report_notebook
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from matplotlib import get_data_path
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from pypdf import PdfReader

from hwlib import report
from hwlib.errors import UserError
from hwlib.report import document as documents
from hwlib.report import language, runner, words
from hwlib.report.facts import Facts, trust
from hwlib.report.html import TEMPLATES
from hwlib.report.pdf import FONTS, _compile

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("zh", "en")
COMMAND = "hwlib report vae --recipe all --out …/build"
TYPED = "hwlib report vae --recipe all --out /somewhere/build"
BROKEN = {"cell": "cellfail", "exit": "exitfail", "dead": "deadfail", "results": "runfail"}


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """One report of a good job and of every way to fail, made once for all tests."""
    folder = tmp_path_factory.mktemp("report")
    notebooks = folder / "notebooks"
    report_notebook.write(notebooks)
    jobs = [report.make_job("vae", "dcgan", notebooks=notebooks)]
    jobs += [
        report.make_job("vae", recipe, {"break_at": kind}, notebooks=notebooks)
        for kind, recipe in BROKEN.items()
    ]
    jobs.append(report.make_job("vae", "unknown", {"colour": "red"}, notebooks=notebooks))
    result = report.make_report(jobs, out=folder / "out", runs=folder / "runs", command=TYPED)
    return result, jobs, folder


@pytest.fixture(scope="session")
def out(made) -> Path:
    return made[0].out


def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def flat(text: str) -> str:
    """Return `text` without spaces, and with one sign for those that share a glyph."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("•", "·")


def pdf_text(path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and path.suffix in (".html", ".pdf")
    }


# ---------------------------------------------------------------------- jobs that fail


def test_a_complete_job_is_complete_beside_five_failed_ones(made):
    result, _, _ = made
    assert [job.ok for job in result.jobs] == [True, False, False, False, False, False]
    assert not result.ok
    assert len(result.failed) == 5
    assert all(path.exists() for path in result.files)


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        ("cellfail", r"code cell \d+: ValueError: the third batch is not finite"),
        ("exitfail", r"code cell \d+ ended the kernel: sys\.exit\(0\)"),
        ("deadfail", r"the kernel ended in code cell \d+: .*[Dd]ied"),
        ("runfail", r"vae-runfail-0123abcd is not finished: it has no results\.json"),
        ("unknown", r"01_vae\.ipynb has no parameter 'colour'; it has: recipe, data, .*"),
    ],
)
def test_each_failure_says_why_in_result_page_index_and_pdf(made, recipe, reason):
    result, _, _ = made
    job = next(job for job in result.jobs if job.job.recipe == recipe)
    assert re.fullmatch(reason, job.reason)
    assert job.notebook is None
    for code in LANGUAGES:
        page = soup(result.out / code / f"vae-{recipe}.html")
        failed = page.find("section", class_="failed").get_text()
        assert words.WORDS[code]["failed"] in failed
        row = soup(result.out / code / "index.html").find(
            "a", href=f"vae-{recipe}.html", string=True
        )
        assert words.WORDS[code]["failed"] in row.find_parent("tr").get_text()
    page = soup(result.out / "en" / f"vae-{recipe}.html")
    assert job.reason in page.get_text()
    assert flat(job.reason) in flat(pdf_text(result.out / "en" / "report.pdf"))


def test_a_failed_cell_shows_its_traceback_in_a_folded_block(out):
    details = soup(out / "zh" / "vae-cellfail.html").find("section", class_="failed").details
    assert not details.has_attr("open")
    assert 'raise ValueError("the third batch is not finite")' in details.pre.get_text()


def test_a_failed_job_leaves_no_executed_notebook_that_looks_finished(out):
    names = {path.name for path in (out / "notebooks").glob("*.ipynb")}
    assert "vae-dcgan.ipynb" in names
    assert names - {"vae-dcgan.ipynb"} == {
        f"vae-{recipe}.failed.ipynb" for recipe in ("cellfail", "exitfail", "deadfail", "runfail")
    }


def test_a_problem_without_a_notebook_is_the_users_mistake(tmp_path):
    with pytest.raises(UserError, match=r"problem 'gan' has no notebook yet: .*02_gan\.ipynb"):
        report.make_job("gan", "dcgan", notebooks=tmp_path)
    with pytest.raises(UserError, match="unknown problem 'vea'; known problems: vae, kl"):
        report.make_job("vea", "dcgan")


def test_nothing_to_report_and_unknown_languages_are_the_users_mistake(made, tmp_path):
    _, jobs, _ = made
    with pytest.raises(UserError, match="nothing to report"):
        report.make_report([], out=tmp_path)
    with pytest.raises(UserError, match="unknown language 'fr'; known: zh, en"):
        report.make_report(jobs[:1], out=tmp_path, languages=("fr",))


def test_every_problem_of_the_settings_has_a_notebook_name():
    assert set(report.NOTEBOOKS) == set(runner.PROBLEMS)


# ---------------------------------------------------------------------- executed once, kept


def test_an_unchanged_job_is_not_executed_again_and_gives_the_same_bytes(made, capfd, tmp_path):
    result, jobs, folder = made
    again = tmp_path / "out"
    shutil.copytree(result.out / "notebooks", again / "notebooks")
    report.make_report(jobs[:1], out=again, runs=folder / "runs", command=COMMAND)
    first = hashes(again)
    assert "unchanged, its executed notebook is used again" in capfd.readouterr().err
    for path in again.rglob("*.html"):
        path.unlink()
    report.make_report(jobs[:1], out=again, runs=folder / "runs", command=COMMAND)
    assert hashes(again) == first
    capfd.readouterr()
    report.make_report(jobs[:1], out=again, runs=folder / "runs", command=COMMAND)
    assert "zh: unchanged" in capfd.readouterr().err


def test_only_the_languages_asked_for_are_rendered_and_no_page_of_old_jobs_stays(made, tmp_path):
    result, jobs, folder = made
    again = tmp_path / "out"
    shutil.copytree(result.out, again)
    report.make_report(jobs[:1], out=again, runs=folder / "runs", languages=("en",))
    left = sorted(path.relative_to(again).as_posix() for path in again.glob("*/*.html"))
    assert left == ["en/index.html", "en/vae-dcgan.html"]
    assert soup(again / "en" / "index.html").find(class_="switch") is None


@pytest.mark.parametrize("change", ["results", "notebook", "parameters"])
def test_an_executed_notebook_is_stale_when_what_it_stands_on_changes(made, tmp_path, change):
    result, _, folder = made
    path = tmp_path / "01_vae.ipynb"
    shutil.copy(folder / "notebooks" / "01_vae.ipynb", path)
    run = tmp_path / "run"
    shutil.copytree(result.jobs[0].run, run)
    job = report.Job("vae", "dcgan", path, {"recipe": "dcgan"})
    target, record = tmp_path / "x.ipynb", tmp_path / "x.json"
    shutil.copy(result.jobs[0].notebook, target)
    results = runner._sha(run / "results.json")
    record.write_text(json.dumps({"key": runner._key(job), "run": str(run), "results": results}))
    assert runner._unchanged(target, record, runner._key(job)) is not None
    if change == "results":
        (run / "results.json").write_text("{}")
    elif change == "notebook":
        path.write_text(path.read_text() + "\n")
    else:
        job = report.Job("vae", "dcgan", path, {"recipe": "dcgan", "seed": 1})
    assert runner._unchanged(target, record, runner._key(job)) is None


def test_the_executed_notebook_is_valid_and_free_of_paths_and_times(made):
    result, _, folder = made
    notebook = nbformat.read(result.jobs[0].notebook, as_version=4)
    nbformat.validate(notebook)
    assert "papermill" not in notebook.metadata
    assert not any("papermill" in cell.metadata for cell in notebook.cells)
    for path in (result.out / "notebooks").glob("*.ipynb"):
        text = path.read_text()
        assert str(folder) not in re.sub(r'"traceback": \[.*?\]', "", text, flags=re.DOTALL)
        assert "epoch 1 of 2" not in re.sub(r'"source": \[.*?\]', "", text, flags=re.DOTALL)


def test_executing_again_gives_the_same_bytes(made, tmp_path):
    result, _, _ = made
    done = result.jobs[0]
    job = runner.Job("vae", "dcgan", done.job.notebook, {**done.job.parameters})
    job.parameters["runs"] = str(done.run.parent)
    again = runner.run_notebook(job, name="again", folder=tmp_path)
    assert again.notebook.read_bytes() == done.notebook.read_bytes()


def test_no_page_shows_where_runs_and_data_lie_on_this_machine(made):
    result, _, folder = made
    for path in [*result.out.glob("*/*.html"), *result.out.glob("*/*.pdf")]:
        text = pdf_text(path) if path.suffix == ".pdf" else path.read_text(encoding="utf-8")
        assert flat(str(folder)) not in flat(text), path
    assert "# Parameters" not in (result.out / "en" / "vae-dcgan.html").read_text()
    failed = soup(result.out / "en" / "vae-cellfail.html").find("section", class_="trust")
    assert "break_at = cell" in failed.get_text()
    assert "runs" not in failed.get_text()


def test_the_kernels_progress_reaches_our_standard_error(tmp_path, capfd):
    progress = runner.Progress("vae-dcgan", sys.stderr)
    progress.write("epoch 1\repoch 2\nepo")
    progress.write("ch 3\n")
    assert capfd.readouterr().err.splitlines() == [
        *(f"[vae-dcgan] epoch {number}" for number in (1, 2, 3))
    ]


# ---------------------------------------------------------------------- what a page holds


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_page_drops_the_other_language_streams_and_interactive_cells(out, code):
    text = soup(out / code / "vae-dcgan.html").find("main").get_text()
    other = {"zh": "How to read it", "en": "如何閱讀"}[code]
    assert other not in text
    assert "a stray print" not in text.replace('print("a stray print', "")
    assert 'SystemExit("interactive")' not in text


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_page_says_its_language_and_gives_every_picture_words(out, code):
    for path in (out / code).glob("*.html"):
        page = soup(path)
        assert page.html["lang"] == words.LANGUAGES[code].tag
        assert page.title.get_text().strip()
        assert len(page.find_all("h1")) == 1
        for image in page.find_all("img"):
            assert image["alt"].strip()
            assert image["src"].startswith("data:image/")
        switch = {a["hreflang"]: a["href"] for a in page.select(".switch a")}
        for target in switch.values():
            assert (path.parent / target).exists()
        assert len(switch) == 1


@pytest.mark.parametrize("code", LANGUAGES)
def test_links_and_anchors_of_every_page_lead_somewhere(out, code):
    for path in (out / code).glob("*.html"):
        page = soup(path)
        ids = [tag["id"] for tag in page.find_all(id=True)]
        assert len(set(ids)) == len(ids)
        for link in page.find_all("a", href=True):
            target = link["href"]
            if target.startswith("#"):
                assert target[1:] in ids
            else:
                assert (path.parent / target).exists(), target


@pytest.mark.parametrize("code", LANGUAGES)
def test_headings_go_down_one_level_at_a_time(out, code):
    for path in (out / code).glob("*.html"):
        levels = [int(tag.name[1]) for tag in soup(path).find_all(re.compile(r"^h[1-6]$"))]
        assert levels[0] == 1
        assert all(b <= a + 1 for a, b in pairwise(levels))


def test_both_languages_have_the_same_figures_tables_sections_and_numbers(out):
    pages = {code: soup(out / code / "vae-dcgan.html").find("main") for code in LANGUAGES}
    for selector in ("figure img", "figure table", "h2", "h3", "math", "details.code"):
        counts = {code: len(page.select(selector)) for code, page in pages.items()}
        assert counts["zh"] == counts["en"] > 0, selector
    numbers = {
        code: [re.findall(r"\d[\d,.]*\d", tag.get_text()) for tag in page.select("table, strong")]
        for code, page in pages.items()
    }
    assert numbers["zh"] == numbers["en"]
    anchors = {code: [h["id"] for h in page.select("h2, h3")] for code, page in pages.items()}
    assert anchors["zh"] == anchors["en"]


def test_the_pdf_has_the_numbers_and_captions_of_the_page(out):
    for code in LANGUAGES:
        page = soup(out / code / "vae-dcgan.html").find("main")
        text = flat(pdf_text(out / code / "report.pdf"))
        captions = [flat(tag.get_text()) for tag in page.find_all("figcaption")]
        assert len(captions) == 5
        for part in [*captions, *(flat(cell.get_text()) for cell in page.select("figure td"))]:
            assert part in text


def test_the_summary_shows_the_key_numbers_and_links_to_each_page(out):
    row = soup(out / "en" / "index.html").find("a", href="vae-dcgan.html", string=True)
    text = row.find_parent("tr").get_text(" ", strip=True)
    for shown in ("dcgan", "faces", "quick", "0.00491", "0.01965", "1,200", "4,286,531", "93.4"):
        assert shown in text


def test_the_trust_section_names_command_versions_and_fingerprint(out):
    for code in LANGUAGES:
        text = soup(out / code / "vae-dcgan.html").find("section", class_="trust").get_text()
        for shown in (COMMAND, "9f86d081884c7d65", "python 3.11", "learning_rate = 0.001"):
            assert shown in text


def test_groups_of_the_runs_record_are_opened_and_paths_are_not_shown(tmp_path):
    record = {
        "settings": {"data": str(tmp_path / "celeba"), "profile": "quick", "seed": 0},
        "identity": {"data": "73e4a6d3aaa86d0c", "device": "cpu", "torch": "2.15.0"},
        "data": {"fingerprint": "73e4a6d3aaa86d0c", "num_train": 8000},
        "environment": {"versions": {"python": "3.11", "torch": "2.15.0"}, "device": "a processor"},
    }
    job = report.Job("vae", "dcgan", tmp_path, {})
    rows = trust(Facts(job, {}, "run", record, {}), "en", command="hwlib", notebook="n.ipynb")
    assert rows == [
        *(("Command", "hwlib"), ("Notebook", "n.ipynb"), ("Run folder", "run")),
        *(("Problem", "vae"), ("Recipe", "dcgan"), ("Data", "celeba"), ("Profile", "quick")),
        *(("Seed", "0"), ("Data fingerprint", "73e4a6d3aaa86d0c"), ("Training images", "8,000")),
        *(("Hardware", "a processor"), ("Device", "cpu")),
        ("Versions", "python 3.11 · torch 2.15.0"),
    ]


def test_formulas_are_mathml_without_their_tex(out):
    for code in LANGUAGES:
        page = (out / code / "vae-dcgan.html").read_text(encoding="utf-8")
        assert "<annotation" not in page
        main = soup(out / code / "vae-dcgan.html").find("main")
        for block in main.find_all("pre"):
            block.decompose()
        assert not re.search(r"\\[a-zA-Z]+|\$", main.get_text())


def test_a_formula_that_cannot_be_set_names_itself():
    made = documents.make_document("text $\\nosuchcommand{x}$", [], "en")
    with pytest.raises(documents.RenderError, match=r"formula cannot be set: .*nosuchcommand"):
        documents.to_html(made)


def test_an_unclosed_fence_is_an_error_and_not_a_lost_figure():
    cells = [new_markdown_cell("```python\nx = 1"), new_code_cell("y = 2")]
    with pytest.raises(documents.RenderError, match="is not closed"):
        language.read_notebook(new_notebook(cells=cells), "en")


def test_a_table_without_markdown_is_read_from_its_html():
    data = {"text/html": "<table><tr><th>a</th></tr><tr><td>7</td></tr></table>"}
    shown = new_output("display_data", data, metadata={"hwlib": {"kind": "table"}})
    cell = new_code_cell("x", outputs=[shown])
    made = language.read_notebook(new_notebook(cells=[cell]), "en")
    assert "<td>7</td>" in documents.to_html(made)


def test_symbols_that_typst_has_renamed_still_compile():
    import typst

    tex = r"$a \odot b \otimes c \cap d \oplus e \ominus f$ and $\text{sect} \mid \varphi$"
    made = documents.make_document(tex, [], "en")
    text, _ = documents.to_typst(made, prefix="x")
    head = "#let hw-math(words, body) = body\n"
    assert typst.compile((head + text).encode(), ignore_system_fonts=True).startswith(b"%PDF")


# ---------------------------------------------------------------------- PDF


def test_no_line_ends_within_an_interval(out):
    for path in out.glob("*/*.html"):
        text = path.read_text(encoding="utf-8")
        assert "[0, 1]" not in text
        assert "[−1, 1]" not in text
    assert "MSE [0,\u00a01]" in (out / "en" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_pdf_is_tagged_a2u_with_outline_and_its_language(out, code):
    reader = PdfReader(out / code / "report.pdf")
    metadata = reader.xmp_metadata.stream.get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].lower() == {"zh": "zh-tw", "en": "en-us"}[code]
    titles = [item.title for item in reader.outline if not isinstance(item, list)]
    assert report_notebook.TITLE[code].removeprefix("# ") in titles


@pytest.mark.parametrize(("rest_mm", "pages"), [(100, 1), (85, 1), (60, 2)])
def test_a_figure_that_nearly_fits_its_page_is_made_smaller_and_no_hole_is_left(
    tmp_path, rest_mm, pages
):
    Image.new("RGB", (600, 600)).save(tmp_path / "x.png")  # 88 mm high where there is room
    (tmp_path / "report.typ").write_bytes((TEMPLATES / "report.typ").read_bytes())
    main = tmp_path / "main.typ"
    main.write_text(
        '#import "report.typ": *\n#set document(title: "t")\n'
        '#set page(paper: "a4", margin: (x: 26mm, top: 28mm, bottom: bottom-margin))\n'
        f"#block(height: {297 - 28 - 26 - rest_mm}mm)[text]\n"
        '#hw-figure(path: "x.png", alt: "black", label: "1", caption: "black")\n'
    )
    assert len(PdfReader(BytesIO(_compile(main))).pages) == pages


def test_the_chinese_pdf_holds_chinese_text_with_embedded_fonts(out):
    reader = PdfReader(out / "zh" / "report.pdf")
    text = "".join(page.extract_text() for page in reader.pages)
    for shown in ("目錄", "變分自編碼器", "重參數化", "這份報告如何產生", "圖1", "表1"):
        assert shown in text.replace(" ", "")
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert any(f"/FontFile{end}" in inner for end in ("", "2", "3"))


def test_a_character_without_a_glyph_fails_its_own_job_only(made, tmp_path):
    result, jobs, folder = made
    shutil.copytree(result.out / "notebooks", tmp_path / "out" / "notebooks")
    prepared = tmp_path / "out" / "notebooks" / "vae-dcgan.ipynb"
    notebook = nbformat.read(prepared, as_version=4)
    notebook.cells[0].source += " 龘"
    nbformat.write(notebook, prepared)
    again = report.make_report(jobs[:1], out=tmp_path / "out", runs=folder / "runs")
    assert not again.ok
    assert "龘" in again.failed[0].reason
    assert (tmp_path / "out" / "zh" / "report.pdf").exists()
    assert "龘" not in pdf_text(tmp_path / "out" / "en" / "report.pdf")


# ---------------------------------------------------------------------- words and fonts


def test_every_language_has_every_word():
    for table in (words.WORDS, words.REASONS, words.PROBLEMS, words.PROFILES, words.METRICS):
        assert table.keys() == words.LANGUAGES.keys()
        keys = [set(table[code]) for code in words.LANGUAGES]
        assert all(these == keys[0] for these in keys)
    assert set(words.FACTS["zh"]) == set(words.FACTS["en"])
    for code in words.LANGUAGES:
        fields = {k: set(re.findall(r"{\w+}", v)) for k, v in words.REASONS[code].items()}
        assert fields == {k: set(re.findall(r"{\w+}", v)) for k, v in words.REASONS["en"].items()}


def texts() -> dict[str, str]:
    """Every text of ours that can come into a report, a page or a figure."""
    folders = ("hwlib", "notebooks")
    files = [p for f in folders for s in ("*.py", "*.ipynb") for p in (ROOT / f).rglob(s)]
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in files
        if ".ipynb_checkpoints" not in path.parts
    }


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_every_character_of_our_texts_is_in_the_font(weight):
    # What the Chinese font has not, like a cross, the font for code has, in PDF and in figures.
    files = [
        FONTS / f"NotoSansCJKtc-{weight}.subset.otf",
        Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf",
    ]
    known = set()
    for file in files:
        with TTFont(file) as font:
            known |= set(font.getBestCmap())
    for name, text in texts().items():
        missing = {c for c in text if ord(c) not in known and unicodedata.category(c)[0] != "C"}
        assert not missing, f"{name}: run hwlib/fonts/make_fonts.py for {sorted(missing)}"


def test_the_fonts_are_small_and_carry_their_licence():
    sizes = {path.name: path.stat().st_size for path in FONTS.glob("*.subset.*")}
    assert len(sizes) == 3
    assert max(sizes.values()) < 1_500_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text()


# ---------------------------------------------------------------------- imports


def test_the_report_engine_names_no_torch_and_only_its_own_rooms():
    allowed = {"hwlib.config", "hwlib.errors", "hwlib.report", "hwlib.run"}
    for path in (ROOT / "hwlib" / "report").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] not in ("torch", "torchvision"), path
                if name.startswith("hwlib"):
                    assert ".".join(name.split(".")[:2]) in allowed, f"{path} imports {name}"


def test_importing_the_report_engine_loads_no_torch():
    code = "import sys, hwlib.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---------------------------------------------------------------------- in a browser


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser ({', '.join(names)}): pages are NOT tested in one")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()


# Contrast of every text on its ground, by the formula of WCAG 2.2; the smallest one found.
CONTRAST = """() => {
  const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  const parse = s => (s.match(/[\\d.]+/g) || []).map(Number);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  let worst = [99, ""];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.getClientRects().length) continue;
    const pair = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < worst[0]) worst = [ratio, walker.currentNode.data.trim().slice(0, 60)];
  }
  return worst;
}"""
PAGES = [f"{c}/{n}" for c in LANGUAGES for n in ("index", "vae-dcgan", "vae-cellfail")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_open_from_disk_without_network_error_or_overflow(out, browser, scheme):
    for width, height in ((1280, 900), (390, 844)):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, offline=True
        )
        for name in PAGES:
            page, requests, errors = context.new_page(), [], []
            page.on("request", lambda request, found=requests: found.append(request.url))
            page.on("console", lambda message, found=errors: found.append(message.text))
            page.on("pageerror", lambda error, found=errors: found.append(str(error)))
            page.goto((out / f"{name}.html").as_uri())
            assert [u for u in requests if not u.startswith(("file:", "data:"))] == []
            assert errors == []
            wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not page.evaluate(wide), f"{name} is wider than {width} pixels"
            ratio, text = page.evaluate(CONTRAST)
            assert ratio >= 4.5, f"{name}, {scheme}: contrast {ratio:.2f} of '{text}'"
            shown = page.evaluate("document.querySelector('main').innerText")
            assert not re.search(r"\\(frac|mathbb|mathcal|sum|mu)|\$", shown)
            page.close()
        context.close()


def test_every_page_is_small(out):
    assert max(path.stat().st_size for path in out.glob("*/*.html")) < 5_000_000
