"""The notebooks are clean, complete in both languages, and run by hand as the README says."""

import ast
import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from hwlib.data.faces import draw_faces, sample_factors

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LANGS = ("zh", "en")
QUESTIONS = ("1-1", "1-2", "1-3", "1-4", "1-5", "1-6")
HOMEWORK_FILES = {"fig1_2.jpg", "fig1_3.jpg", "fig1_4.jpg", "fig1_5.jpg"}
FIGURES = {name.removesuffix(".jpg") for name in HOMEWORK_FILES} | {
    "architecture",
    "latent_activity",
    "interpolation",
    "traversal",
}
RUN_MIME = "application/vnd.hwlib.run+json"


def read(path):
    return nbformat.read(path, as_version=4)


def tags(cell):
    return cell.metadata.get("tags", [])


def prose(notebook, lang):
    """Return the prose of one language by its pair id."""
    cells = [c for c in notebook.cells if f"lang-{lang}" in tags(c)]
    return {cell.metadata["pair"]: cell.source for cell in cells}


# ------------------------------------------------------------------------------- as committed


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


def test_there_is_a_notebook():
    assert NOTEBOOKS[0].name == "01_vae.ipynb"


def test_a_notebook_is_valid_and_has_ids(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)
    ids = [cell["id"] for cell in json.loads(path.read_text())["cells"]]
    assert len(set(ids)) == len(ids)
    assert notebook.metadata.kernelspec.name == "python3"


def test_a_notebook_is_committed_without_outputs(path):
    for cell in read(path).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_the_one_parameters_cell_holds_literals_only(path):
    (cell,) = (c for c in read(path).cells if "parameters" in tags(c))
    for statement in ast.parse(cell.source).body:
        assert isinstance(statement, ast.Assign)
        ast.literal_eval(statement.value)


def test_prose_is_paired_in_both_languages_in_the_same_order(path):
    notebook = read(path)
    assert list(prose(notebook, "zh")) == list(prose(notebook, "en"))
    markdown = [c for c in notebook.cells if c.cell_type == "markdown"]
    for chinese, english in zip(markdown[::2], markdown[1::2], strict=True):
        assert "lang-zh" in tags(chinese)
        assert "lang-en" in tags(english)
        assert chinese.metadata.pair == english.metadata.pair


def test_both_languages_have_the_same_headings_and_formulas(path):
    notebook = read(path)
    chinese, english = prose(notebook, "zh"), prose(notebook, "en")
    for pair, text in chinese.items():
        for pattern in (r"^#+ ", r"^\$\$.*\$\$$", r"\d-\d"):
            found = [re.findall(pattern, t, re.MULTILINE) for t in (text, english[pair])]
            assert found[0] == found[1], (pair, pattern)
        assert not re.search(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", english[pair])


def test_no_chinese_paragraph_is_broken_into_lines(path):
    # a break within a paragraph would show as a space between two characters
    for text in prose(read(path), "zh").values():
        for line, after in itertools.pairwise(text.splitlines()):
            assert not (line and after) or re.match(r"- |#|\$\$", after), (line, after)


def test_no_result_is_typed_in_prose(path):
    for lang in LANGS:
        for text in prose(read(path), lang).values():
            words = re.sub(r"\$\$?[^$]*\$\$?", "", text)  # formulas have their own constants
            assert not re.search(r"\d+\.\d+|\d+ ?%", words), words


def test_cells_are_short(path):
    for cell in read(path).cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 15, cell.source


def test_questions_stand_in_the_homeworks_order():
    for lang in LANGS:
        text = "\n".join(prose(read(NOTEBOOKS[0]), lang).values())
        assert tuple(re.findall(r"^## (1-\d)", text, re.MULTILINE)) == QUESTIONS


def test_every_figure_is_followed_by_how_to_read_it(path):
    cells = [c for c in read(path).cells if "lang-zh" not in tags(c)]
    for cell, after in itertools.pairwise(cells):
        if cell.cell_type == "code" and re.search(r"^figure\(", cell.source, re.MULTILINE):
            assert after.source.startswith("**How to read it.**"), cell.source


# --------------------------------------------------------------------------------- as executed


def execute(folder, places, *parameters, **more):
    """Run the notebook by papermill, as a user would by hand; return the process and its output."""
    output = folder / "out.ipynb"
    given = [word for name, value in more.items() for word in ("-p", name, value)]
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(NOTEBOOKS[0]), output]
    environment = os.environ | places | {"HWLIB_BATCH": "1", "IPYTHONDIR": str(folder)}
    done = subprocess.run(
        [*map(str, command), *given, *parameters],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done, read(output)


def outputs(notebook, kind, lang):
    """Return the data and facts of what the notebook showed."""
    return [
        (output.data, output.metadata.hwlib)
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.get("metadata", {}).get("hwlib", {}).get("kind") == kind
        and output.metadata.hwlib.lang == lang
    ]


def run_folder(notebook):
    (found,) = (
        output.data[RUN_MIME]["run"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if RUN_MIME in output.get("data", {})
    )
    return Path(found)


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    return {"HWLIB_RUNS": str(folder / "runs")}


@pytest.fixture(scope="module")
def on_faces(tmp_path_factory, places):
    folder = tmp_path_factory.mktemp("faces")
    done, notebook = execute(folder, places, profile="smoke", data="faces:96")
    assert done.returncode == 0, done.stderr[-3000:]
    return notebook


@pytest.fixture(scope="module")
def on_a_folder(tmp_path_factory, places):
    folder = tmp_path_factory.mktemp("folder")
    (folder / "pictures").mkdir()
    for i, face in enumerate(draw_faces(sample_factors(150, 1), 64)):
        Image.fromarray(face).save(folder / "pictures" / f"{i}.png")
    done, notebook = execute(
        folder, places, profile="smoke", data=str(folder / "pictures"), recipe="wide"
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return notebook


def test_a_smoke_run_leaves_its_results(on_faces):
    results = json.loads((run_folder(on_faces) / "results.json").read_text())
    assert results["num_test_images"] == 64
    assert results["test_mse_11"] == pytest.approx(4 * results["test_mse_01"])
    assert results["neg_elbo_nats"] == pytest.approx(results["recon_nats"] + results["kl_nats"])
    assert results["linear_probe_attribute"] == "Male"
    assert 0 <= results["linear_probe_accuracy"] <= 1
    assert results["sharpness_real"] > 0


def test_the_homeworks_files_are_written_under_their_names(on_faces):
    figures = run_folder(on_faces) / "figures"
    assert {path.name for path in figures.iterdir()} >= HOMEWORK_FILES
    for path in figures.iterdir():
        with Image.open(path) as image:
            assert image.format == "JPEG"
            assert min(image.size) > 200


def test_every_figure_is_shown_in_both_languages_with_its_words(on_faces):
    for lang in LANGS:
        found = outputs(on_faces, "figure", lang)
        assert {facts.name for _, facts in found} == FIGURES
        for data, facts in found:
            assert "image/png" in data
            assert facts.alt
            assert facts.caption


def test_both_languages_show_the_same_outputs_and_numbers(on_faces):
    for kind in ("text", "table", "figure"):
        pairs = zip(outputs(on_faces, kind, "zh"), outputs(on_faces, kind, "en"), strict=True)
        for (chinese, about), (english, same) in pairs:
            assert about.get("name") == same.get("name")
            if kind == "table":
                number = re.compile(r"[\d,.]*\d")
                found = [number.findall(d["text/markdown"]) for d in (chinese, english)]
                assert sorted(found[0]) == sorted(found[1])


def test_the_layer_table_counts_what_the_results_count(on_faces):
    tables = {facts.name: data["text/markdown"] for data, facts in outputs(on_faces, "table", "en")}
    results = json.loads((run_folder(on_faces) / "results.json").read_text())
    assert f"{results['num_parameters']:,}" in tables["layers"].splitlines()[-1]
    assert "0.0197" in tables["mse"]


def test_nothing_interactive_is_shown_in_batch(on_faces):
    for cell in on_faces.cells:
        if "interactive" in tags(cell) and cell.cell_type == "code":
            assert cell.outputs == []


def test_data_without_attributes_are_drawn_grey_and_said_to_have_none(on_a_folder):
    results = json.loads((run_folder(on_a_folder) / "results.json").read_text())
    assert "linear_probe_accuracy" not in results
    texts = " ".join(data["text/markdown"] for data, _ in outputs(on_a_folder, "text", "en"))
    assert "This data has no attributes" in texts
    captions = {facts.name: facts.caption for _, facts in outputs(on_a_folder, "figure", "zh")}
    assert "資料沒有屬性標記" in captions["fig1_5"]
    assert set(captions) == FIGURES


def test_an_unknown_attribute_fails_and_names_the_known_ones(tmp_path, places, on_faces):
    done, notebook = execute(
        tmp_path, places, profile="smoke", data="faces:96", attribute="Moustache"
    )
    assert done.returncode != 0
    (error,) = (
        output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error"
    )
    assert error.ename == "UserError"
    assert "Moustache" in error.evalue
    assert "Smiling" in error.evalue
