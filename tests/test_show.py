"""What a notebook shows carries its language, its words and its place in the report."""

import io
import re
import sys
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from adversarial_results import acgan_results
from conftest import run_cells
from PIL import Image

from hwlib import explore, plots, show
from hwlib.errors import UserError
from hwlib.recipes import build_models
from hwlib.run import MISTAKE_MIME, RUN_MIME
from hwlib.show.cells import number
from hwlib.text import LANGUAGES, finding, in_languages, sentence, word

matplotlib.use("Agg")

WORDS = "infogan_pairs"  # texts of a figure that take no values


def draw(lang):
    with plots.rc_context():
        fig, ax = plt.subplots(figsize=(3.15, 2))
        ax.set_title({"zh": "標題", "en": "title"}[lang])
    return fig


def fake_run(path):
    """Return a run folder as far as `show` uses it."""
    return SimpleNamespace(path=path, figures=path / "figures")


def test_text_and_findings_are_shown_once_per_language(outputs):
    found = [finding("prose.too_few", count=3), finding("prose.trial", steps=12)]
    show.text("book.reports")
    show.sentences(found)
    show.sentences(found, bullets=True)
    said = [[one.say(lang) for one in found] for lang in ("zh", "en")]
    assert [data["text/markdown"] for data, _ in outputs] == [
        *(sentence("book.reports", lang) for lang in LANGUAGES),
        *("".join(said[0]), " ".join(said[1])),
        *("\n".join(f"- {one}" for one in some) for some in said),
    ]
    assert outputs[1][1]["hwlib"] == {"kind": "text", "lang": "en"}


def test_only_the_languages_asked_for_are_shown_and_a_reader_sees_the_caption(outputs, monkeypatch):
    show.setup(["en"])
    show.text("book.reports")
    show.table("mse", {"en": pd.DataFrame({"a": [1]})})
    show.figure("f", draw, words=WORDS)
    assert [about["hwlib"]["lang"] for _, about in outputs] == ["en"] * 3
    outputs.clear()
    monkeypatch.delenv("HWLIB_BATCH")  # a report writes the caption itself
    show.figure("f", draw, words=WORDS)
    (_, figure), (caption, about) = outputs
    assert caption["text/plain"] == figure["hwlib"]["caption"]
    assert "hwlib" not in about


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
    show.setup(["zh"])
    show.figure("fig1_2", draw, words=WORDS, run=fake_run(tmp_path))
    show.setup(["en"])
    show.figure("x", draw, words=WORDS)
    (file,) = (tmp_path / "figures").iterdir()
    pngs = [io.BytesIO(data["image/png"]) for data, _ in outputs]
    images = [Image.open(one) for one in (file, *pngs)]
    assert (file.name, images[0].format) == ("fig1_2.jpg", "JPEG")
    jpeg, zh, en = (np.asarray(image.convert("L"), dtype=float) for image in images)
    assert np.abs(en - jpeg).mean() < 0.3 * np.abs(zh - jpeg).mean()


def test_numbers_stand_right_words_left_and_ranges_are_not_broken_over_two_lines():
    frame = pd.DataFrame({"name": ["a|b", "<c>"], "count": [1234, 5], "value": [0.0001234, None]})
    markdown = show.to_markdown(frame).splitlines()
    assert markdown[1:3] == ["| :--- | ---: | ---: |", "| a\\|b | 1,234 | 0.0001234 |"]
    written = {"a": ["12", "–"], "b": ["12", "x"], "c": ["–", "–"], "d": ["<0.1 %", "1"]}
    marks = show.to_markdown(pd.DataFrame(written)).splitlines()[1]
    assert marks == "| ---: | :--- | :--- | ---: |"
    ranges = pd.DataFrame({"MSE [0, 1]": ["a b"], "effect [interval x]": ["1 [−2, 3]"]})
    html = show.to_html(frame) + show.to_html(ranges)
    for kept in (
        *('<td style="text-align:right">1,234</td>', '<td style="text-align:left">&lt;c&gt;</td>'),
        *(">MSE [0,\u00a01]</th>", ">1 [−2,\u00a03]</td>", ">a b</td>"),
    ):
        assert kept in html


def test_a_runner_hears_all_lines(monkeypatch, capsys):
    monkeypatch.setenv("HWLIB_BATCH", "1")
    with show.progress():
        print("one", file=sys.stderr)
    assert capsys.readouterr().err == "one\n"


def test_cells_are_written_for_readers():
    written = {
        **{31250: "31,250", 0.000833: "0.000833", 1e-05: "0.00001", 0.123456: "0.1235"},
        **{12345.6: "12,346", float("nan"): "–", None: "–", "64×32×32": "64×32×32", True: "True"},
    }
    assert [number(value) for value in written] == list(written.values())


def test_a_table_is_shown_as_html_and_markdown_and_a_run_folder_by_its_own_kind(outputs, tmp_path):
    frames = {"zh": pd.DataFrame({"名": ["甲"]}), "en": pd.DataFrame({"name": ["a"]})}
    show.table("mse", frames)
    for (data, about), lang in zip(outputs, ("zh", "en"), strict=True):
        assert data["text/html"].startswith("<table>")
        assert data["text/markdown"].startswith("| ")
        facts = {"kind": "table", "lang": lang, "name": "mse"}
        assert about["hwlib"] == facts | {"caption": word("tables.mse.caption", lang)}
    show.source(fake_run(tmp_path))
    data, about = outputs[-1]
    assert data[RUN_MIME] == {"run": str(tmp_path)}
    assert "hwlib" not in about


@pytest.mark.parametrize("languages", [[], "zh", ["zh", "fr"], None])
def test_an_unknown_language_is_refused_with_the_known_ones(languages):
    with pytest.raises(UserError, match='"zh", "en"'):
        show.setup(languages)


# ----------------------------------------------------------------------- in a kernel

MISTAKE = "from hwlib.errors import UserError\nraise UserError('no_such_folder', path='here')"
NO_FOLDER = UserError("no_such_folder", path="here")
STRAYED = (
    "from hwlib.training.loop import TrainingDiverged\n"
    "raise TrainingDiverged('diverged_loss', name='loss', value=None, step=5, path=None)"
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


@pytest.fixture(scope="module")
def cells(notebook):
    """What each cell of a reader put out."""
    return {cell.source: cell.outputs for cell in notebook.cells[: len(FOR_READERS)]}


def told(outputs):
    """Return the lines that a cell showed in place of a traceback."""
    (output,) = outputs
    assert (output.output_type, output.name) == ("stream", "stderr")
    return output.text


def test_a_readers_mistake_shows_no_traceback_in_the_languages_asked_for_and_a_bug_does(cells):
    for source, line in ONE_LINE.items():
        assert told(cells[source]).startswith(line)
    (bug,) = cells["1 / 0"]
    assert (bug.output_type, bug.ename) == ("error", "ZeroDivisionError")
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


# ----------------------------------------------------------------------- tables of a run


def english(tables):
    """Return the English table; both languages tabulate the same numbers."""
    found = [re.findall(r"[\d,.]*\d", show.to_markdown(tables[lang])) for lang in ("zh", "en")]
    assert sorted(found[0]) == sorted(found[1])
    return tables["en"]


def num_of(network):
    return sum(p.numel() for p in network.parameters())


def test_a_vaes_layer_table_ends_with_the_sum():
    models = build_models("dcgan", "vae", width=0.25)
    tables = show.layer_tables(explore.layers(models["vae"], image_size=64, channels=3))
    assert tables["zh"].iloc[1]["設定"] == "4×4，步幅 2"
    table = english(tables)
    assert list(table["parameters"])[:3] == [0, 784, 8_192]
    assert table["parameters"].iloc[-1] == table["parameters"][:-1].sum() == num_of(models["vae"])
    assert list(table["output shape"])[:3] == ["3×64×64", "16×32×32", "32×16×16"]
    assert list(table["activation"])[:4] == ["", "LeakyReLU 0.2", "", "LeakyReLU 0.2"]


def test_the_table_of_networks_names_inputs_joins_activations_and_sums_each_and_all():
    models = build_models("upsample", "acgan")
    layers = explore.network_layers(models, image_size=64, channels=3)
    table = english(show.layer_tables(layers))
    assert list(table["part"])[:3] == ["input z", "input c", "generator G"]
    parameters = table.set_index("part")["parameters"]
    sums = [num_of(models["G"]), num_of(models["D"])]
    assert [parameters[name] for name in ("G, sum", "D, sum", "total")] == [*sums, sum(sums)]
    by_layer = table.set_index("layer")["activation"]
    assert not {"ReLU", "LeakyReLU", "Tanh"} & set(by_layer.index)
    assert (by_layer["JoinValues"], by_layer["Unflatten"]) == ("", "ReLU")
    assert by_layer["ConvTranspose2d"].tolist() == ["", "", "", "Tanh"]


def test_each_attributes_control_stands_beside_what_the_oracle_can_see():
    table = english(show.acgan_tables(acgan_results("Smiling", "Male")))
    assert list(table.iloc[0]) == ["Smiling", "97.0 %", "93.0 %", "96.3 %", "78.0 %"]
    assert list(table.iloc[-1]) == ["mean", "94.5 %", "88.5 %", "–", "–"]
    assert len(show.acgan_tables(acgan_results("Smiling"))["en"]) == 1
