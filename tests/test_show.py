"""What a notebook shows carries its language, its words and its place in the report."""

import io
import re
import sys

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from adversarial_results import acgan_results
from conftest import run_cells
from PIL import Image

from hwlib import plots, show
from hwlib.errors import UserError
from hwlib.plots import Layer
from hwlib.run import MISTAKE_MIME, RUN_MIME
from hwlib.show.cells import number
from hwlib.text import LANGUAGES, finding, in_languages, sentence, word

matplotlib.use("Agg")

FOUND = [finding("prose.too_few", count=3), finding("prose.trial", steps=12)]
WORDS = "infogan_pairs"  # texts of a figure that take no values


class FakeRun:
    """A run folder as far as `show` uses it."""

    def __init__(self, path):
        self.path = path
        self.figures = path / "figures"


def draw(lang):
    with plots.rc_context():
        fig, ax = plt.subplots(figsize=(3.15, 2))
        ax.set_title({"zh": "標題", "en": "title"}[lang])
    return fig


def test_text_and_findings_are_shown_once_per_language(outputs):
    show.text("book.reports")
    show.sentences(FOUND)
    show.sentences(FOUND, bullets=True)
    said = [[one.say(lang) for one in FOUND] for lang in ("zh", "en")]
    assert [data["text/markdown"] for data, _ in outputs] == [
        *(sentence("book.reports", lang) for lang in LANGUAGES),
        *("".join(said[0]), " ".join(said[1])),
        *("\n".join(f"- {one}" for one in some) for some in said),
    ]
    assert outputs[1][1]["hwlib"] == {"kind": "text", "lang": "en"}


def test_only_the_languages_asked_for_are_shown(outputs):
    show.setup(["en"])
    show.text("book.reports")
    show.table("mse", {"en": pd.DataFrame({"a": [1]})})
    show.figure("f", draw, words=WORDS)
    assert [about["hwlib"]["lang"] for _, about in outputs] == ["en"] * 3


def test_a_figure_carries_its_words_in_each_language(outputs):
    plt.close("all")
    show.figure("fig1_2", draw, words=WORDS)
    assert plt.get_fignums() == []  # they are closed
    for (data, about), lang in zip(outputs, ("zh", "en"), strict=True):
        facts = about["hwlib"]
        assert facts["kind"] == "figure"
        assert (facts["name"], facts["lang"], facts["width"]) == ("fig1_2", lang, 50)
        for part in ("alt", "caption"):
            assert facts[part] == word(f"figures.{WORDS}.{part}", lang)
        image = Image.open(io.BytesIO(data["image/png"]))
        assert image.format == "PNG"
        assert image.width == 630
    assert outputs[0][0]["image/png"] != outputs[1][0]["image/png"]


def test_the_homeworks_file_has_english_labels(outputs, tmp_path):
    run = FakeRun(tmp_path)
    show.setup(["zh"])
    show.figure("fig1_2", draw, words=WORDS, run=run)
    assert [path.name for path in run.figures.iterdir()] == ["fig1_2.jpg"]
    image = Image.open(run.figures / "fig1_2.jpg")
    assert image.format == "JPEG"
    file = np.asarray(image.convert("L"), dtype=float)
    drawn = {}
    for lang in ("zh", "en"):
        outputs.clear()
        show.setup([lang])
        show.figure("x", draw, words=WORDS)
        png = Image.open(io.BytesIO(outputs[0][0]["image/png"])).convert("L")
        drawn[lang] = np.abs(np.asarray(png, dtype=float) - file).mean()
    assert drawn["en"] < 0.3 * drawn["zh"]


def test_a_reader_of_the_notebook_sees_the_caption_and_a_report_does_not(outputs, monkeypatch):
    monkeypatch.delenv("HWLIB_BATCH")
    show.setup(["en"])
    show.figure("f", draw, words=WORDS)
    (_, figure), (caption, about) = outputs
    assert "hwlib" in figure
    assert caption["text/plain"] == figure["hwlib"]["caption"]
    assert "hwlib" not in about


def test_numbers_stand_right_and_words_left():
    frame = pd.DataFrame({"name": ["a|b", "<c>"], "count": [1234, 5], "value": [0.0001234, None]})
    markdown = show.to_markdown(frame).splitlines()
    assert markdown[1:3] == ["| :--- | ---: | ---: |", "| a\\|b | 1,234 | 0.0001234 |"]
    html = show.to_html(frame)
    assert '<td style="text-align:right">1,234</td>' in html
    assert '<td style="text-align:left">&lt;c&gt;</td>' in html
    written = {"a": ["12", "–"], "b": ["12", "x"], "c": ["–", "–"], "d": ["<0.1 %", "1"]}
    marks = show.to_markdown(pd.DataFrame(written)).splitlines()[1]
    assert marks == "| ---: | :--- | :--- | ---: |"


def test_a_range_of_pixels_or_an_interval_is_not_broken_over_two_lines():
    html = show.to_html(pd.DataFrame({"MSE [0, 1]": ["a b"], "effect [interval x]": ["1 [−2, 3]"]}))
    for kept in (">MSE [0,\u00a01]</th>", ">1 [−2,\u00a03]</td>", ">a b</td>"):
        assert kept in html


def test_a_runner_hears_all_lines(monkeypatch, capsys):
    monkeypatch.setenv("HWLIB_BATCH", "1")
    with show.progress():
        print("one", file=sys.stderr)
    assert capsys.readouterr().err == "one\n"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (31250, "31,250"),
        (0.000833, "0.000833"),
        (1e-05, "0.00001"),
        (0.123456, "0.1235"),
        (12345.6, "12,346"),
        (float("nan"), "–"),
        (None, "–"),
        ("64×32×32", "64×32×32"),
        (True, "True"),
    ],
)
def test_cells_are_written_for_readers(value, written):
    assert number(value) == written


def test_a_table_is_shown_as_html_and_markdown(outputs):
    frames = {"zh": pd.DataFrame({"名": ["甲"]}), "en": pd.DataFrame({"name": ["a"]})}
    show.table("mse", frames)
    for (data, about), lang in zip(outputs, ("zh", "en"), strict=True):
        assert data["text/html"].startswith("<table>")
        assert data["text/markdown"].startswith("| ")
        facts = {"kind": "table", "lang": lang, "name": "mse"}
        assert about["hwlib"] == facts | {"caption": word("tables.mse.caption", lang)}


def test_a_vaes_layer_table_ends_with_the_sum():
    layers = [
        Layer("encoder", "x", "Input", "", (3, 8, 8), 0),
        Layer("encoder", "c", "Conv2d", "3×3, stride 2", (4, 4, 4), 112),
        Layer("encoder", "a", "LeakyReLU", "0.2", (4, 4, 4), 0),
        Layer("mu", "mu", "Linear", "", (2,), 130),
    ]
    tables = show.layer_tables(layers)
    assert list(tables["en"]["parameters"]) == [0, 112, 130, 242]
    assert tables["zh"].iloc[1]["設定"] == "3×3，步幅 2"
    assert list(tables["en"]["output shape"]) == ["3×8×8", "4×4×4", "2", ""]
    assert list(tables["en"]["activation"]) == ["", "LeakyReLU 0.2", "", ""]


def test_the_run_folder_is_told_by_its_own_kind_of_output(outputs, tmp_path):
    show.source(FakeRun(tmp_path))
    assert outputs[0][0][RUN_MIME] == {"run": str(tmp_path)}
    assert "hwlib" not in outputs[0][1]


@pytest.mark.parametrize("languages", [["de"], [], "zh", ["zh", "fr"], None, 5])
def test_an_unknown_language_is_refused_with_the_known_ones(languages):
    with pytest.raises(UserError, match='"zh", "en"'):
        show.setup(languages)


# ----------------------------------------------------------------------- in a kernel

MISTAKE = "from hwlib.errors import UserError\nraise UserError('no_such_folder', path='here')"
NO_FOLDER = UserError("no_such_folder", path="here")
STRAYED = (
    "from hwlib.training.loop import TrainingDiverged\n"
    "raise TrainingDiverged('diverged_loss', name='loss', value=None, step=5)"
)
ONE_LINE = {
    MISTAKE: f"✗ {NO_FOLDER.say('en')}\n",
    STRAYED: "✗ loss is not finite at step 5",
    "raise KeyboardInterrupt": "✗ stopped",
    "skip_bad = 'no'; show.setup()": "✗ skip_bad = 'no': write True or False",
    "skip_bad, runs = False, 5; show.setup()": "✗ runs = 5: give the path of a folder",
    "runs, settings = '', 'z_dim=5'; show.setup()": "✗ settings = 'z_dim=5': write them as",
    "settings = None; show.setup()": "✗ settings = None: write them as",
    "settings = {1: 2}; show.setup()": "✗ settings = {1: 2}: write them as",
    "settings = {'seed': 3}; show.setup()": "✗ settings: seed has a line of its own",
}
ASKED = (["zh", "en"], ["zh"], ["en"])
WORK = """import sys, time
from hwlib import show
from tqdm.auto import tqdm
with show.progress():
    for i in range(3):
        print(f"claims: run {i}", file=sys.stderr, flush=True)
        for _ in tqdm(range(2)): pass
        time.sleep(0.1)
    raise ValueError('as ever')"""
FOR_READERS = [
    "import os\nfrom hwlib import show\nlanguages = ['en']\nshow.setup()",
    *ONE_LINE,
    "1 / 0",
    *(f"languages = {some}\n{MISTAKE}" for some in ASKED),
    WORK,
]
FOR_A_RUNNER = ["os.environ['HWLIB_BATCH'] = '1'\nsettings = {}\nshow.setup()", MISTAKE]


@pytest.fixture(scope="module")
def notebook():
    """Cells that went wrong in one kernel, which a reader watches and then a runner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("HWLIB_BATCH", raising=False)
        return run_cells(*FOR_READERS, *FOR_A_RUNNER)


@pytest.fixture
def cells(notebook):
    """What each cell of a reader put out."""
    return {cell.source: cell.outputs for cell in notebook.cells[: len(FOR_READERS)]}


def told(outputs):
    """Return the lines that a cell showed in place of a traceback."""
    (output,) = outputs
    assert (output.output_type, output.name) == ("stream", "stderr")
    return output.text


def test_what_a_reader_does_wrong_or_stops_shows_no_traceback_and_a_bug_of_ours_does(cells):
    for source, line in ONE_LINE.items():
        assert told(cells[source]).startswith(line)
    (bug,) = cells["1 / 0"]
    assert (bug.output_type, bug.ename) == ("error", "ZeroDivisionError")


def test_a_mistake_is_told_in_the_languages_that_the_notebook_asks_for(cells):
    zh, en = (f"✗ {NO_FOLDER.say(language)}\n" for language in ("zh", "en"))
    found = [told(cells[f"languages = {some}\n{MISTAKE}"]) for some in ASKED]
    assert found == [zh + en, zh, en]


def test_while_work_goes_on_a_reader_sees_its_newest_line_alone_and_errors_as_ever(cells, notebook):
    kinds = [o.get("ename", o.output_type) for o in cells[WORK]]
    assert kinds == ["display_data", "ValueError"]
    widgets = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    (place,) = [w["state"] for w in widgets.values() if w["model_name"] == "OutputModel"]
    line, bar = place["outputs"]
    assert (line["name"], line["text"]) == ("stdout", "claims: run 2\n")
    assert "application/vnd.jupyter.widget-view+json" in bar["data"]


def test_a_users_mistake_is_an_error_for_a_runner(notebook):
    told_in_all, error = notebook.cells[-1].outputs
    assert told_in_all.data[MISTAKE_MIME] == in_languages(NO_FOLDER.say)
    assert (error.output_type, error.ename) == ("error", "UserError")
    assert "no such folder" in error.evalue


# ----------------------------------------------------------------------- tables of adversarial runs


def networks():
    return {
        "G": [
            Layer("G", "z", "Input", "", (8,), 0),
            Layer("G", "c", "Input", "", (1,), 0),
            Layer("G", "join", "JoinValues", "", (9,), 0),
            Layer("G", "layers.0", "Linear", "", (64,), 640),
            Layer("G", "layers.1", "ReLU", "", (64,), 0),
            Layer("G", "layers.2", "Unflatten", "", (4, 4, 4), 0),
            Layer("G", "layers.3", "ConvTranspose2d", "4×4, stride 2", (3, 8, 8), 192),
        ],
        "D": [
            Layer("D", "x", "Input", "", (3, 8, 8), 0),
            Layer("D", "trunk.0", "Conv2d", "4×4, stride 2", (4, 4, 4), 196),
            Layer("D", "trunk.1", "LeakyReLU", "0.2", (4, 4, 4), 0),
            Layer("D", "head", "Linear", "", (1,), 65),
        ],
    }


def test_the_table_of_networks_names_inputs_joins_activations_and_sums_each_and_all():
    tables = show.layer_tables(networks())
    table = tables["en"].set_index("part")["parameters"]
    assert [table[f"{name}"] for name in ("G, sum", "D, sum", "total")] == [832, 261, 1_093]
    assert tables["zh"].iloc[-1, -1] == 1_093
    assert list(tables["en"]["part"])[:3] == ["input z", "input c", "generator G"]
    by_layer = tables["en"].set_index("layer")["activation"]
    assert "ReLU" not in by_layer.index
    assert by_layer["Linear"].tolist() == ["ReLU", ""]
    assert by_layer["Conv2d"] == "LeakyReLU 0.2"


def test_each_attributes_control_stands_beside_what_the_oracle_can_see():
    table = show.acgan_tables(acgan_results("Smiling", "Male"))["en"]
    assert list(table.iloc[0]) == ["Smiling", "97.0 %", "93.0 %", "96.3 %", "78.0 %"]
    assert list(table.iloc[-1]) == ["mean", "94.5 %", "88.5 %", "–", "–"]
    assert len(show.acgan_tables(acgan_results("Smiling"))["en"]) == 1


@pytest.mark.parametrize(
    "tables",
    [
        lambda: show.layer_tables(networks()),
        lambda: show.acgan_tables(acgan_results("Smiling", "Male")),
    ],
)
def test_both_languages_tabulate_the_same_numbers(tables):
    found = {
        lang: sorted(re.findall(r"[\d,.]*\d", show.to_markdown(table)))
        for lang, table in tables().items()
    }
    assert found["zh"] == found["en"]
