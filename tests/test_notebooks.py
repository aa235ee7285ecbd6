"""The notebooks are clean, complete in both languages, and run by hand as the README says."""

import ast
import itertools
import json
import math
import re
from functools import cache
from html import unescape
from pathlib import Path

import nbformat
import papermill
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbconvert import ScriptExporter
from nbformat.v4 import new_output
from PIL import Image
from traitlets.config import Config

from hwlib.faces import draw_faces, sample_factors
from hwlib.run import RUN_MIME
from hwlib.text import finding

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LANGS = ("zh", "en")
VAE, GAN, ACGAN, INFOGAN = "01_vae", "02_gan", "03_acgan", "04_infogan"
KL, TODAY = "05_kl", "07_today"
NUM_QUESTIONS = {VAE: 6, GAN: 5, ACGAN: 4, INFOGAN: 4, KL: 6}
FIGURES = {
    VAE: {"fig1_2", "fig1_3", "fig1_4", "fig1_5", "architecture"},
    GAN: {"fig2_2", "fig2_3", "architecture", "snapshot", "gan_nearest", "gan_vae"},
    ACGAN: {"fig3_2", "fig3_3", "architecture", "snapshot", "acgan_pairs", "acgan_leakage"},
    INFOGAN: {
        *("infogan_curves", "infogan_code1", "infogan_code2", "infogan_pairs", "infogan_factors"),
        *("infogan_real1", "infogan_real2", "infogan_meaning1", "infogan_meaning2"),
        "architecture",
    },
    KL: {"kl_elbo", "kl_growth", "kl_samples", "kl_interpolation", "kl_sweep"},
    TODAY: {"today_samples", "today_pairs"},
}
SLIDERS = {
    VAE: {"interpolation_slider", "traversal_slider"},
    GAN: {"gan_slider"},
    ACGAN: {"acgan_slider"},
    INFOGAN: {"infogan_slider"},
    KL: {"kl_slider"},
}
TABLES = {
    VAE: {"layers", "mse", "ledger", "ledger_weights", "ledger_mse"},
    GAN: {"networks"},
    ACGAN: {"networks", "acgan"},
    INFOGAN: {"networks"},
    KL: {"layers", "kl"},
}
PARAMETERS = ("recipe", "data", "profile", "seed", "attribute", "settings", "skip_bad", "runs")
PARAMETERS_OF = {
    "06_claims": ("ids", "data", "profile", "seeds", "skip_bad", "runs"),  # with their own settings
    "explore": ("run", "runs"),  # which trains nothing
}
CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
DATA = {"data"}  # the images themselves: no file of the homework


def read(path):
    return nbformat.read(path, as_version=4)


def tags(cell):
    return cell.metadata.get("tags", [])


# ------------------------------------------------------------------------------- as committed


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_valid_has_no_outputs_and_one_cell_of_literal_parameters(path):
    notebook = read(path)
    nbformat.validate(notebook)
    ids = [cell["id"] for cell in json.loads(path.read_text())["cells"]]
    assert len(set(ids)) == len(ids)
    assert notebook.metadata.kernelspec.name == "python3"
    (_, resources) = ScriptExporter().from_notebook_node(notebook)  # as `nbconvert --to script`
    assert resources["output_extension"] == ".py"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)
            assert len(cell.source.splitlines()) <= 15, cell.source
    (cell,) = (c for c in notebook.cells if "parameters" in tags(c))
    statements = ast.parse(cell.source).body
    for statement in statements:
        ast.literal_eval(statement.value)
    names = [statement.targets[0].id for statement in statements]
    assert names == [*PARAMETERS_OF.get(path.stem, PARAMETERS), "languages"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_prose_is_paired_says_the_same_and_asks_in_the_homeworks_order(path):
    markdown = [c for c in read(path).cells if c.cell_type == "markdown"]
    english = "\n".join(cell.source for cell in markdown[1::2])
    questions = re.findall(r"^## (\d-\d)", english, re.MULTILINE)
    count = (NUM_QUESTIONS | {"06_claims": 9}).get(path.stem, 0)
    assert questions == [f"{path.stem[1]}-{number}" for number in range(1, count + 1)]
    for chinese, english in zip(markdown[::2], markdown[1::2], strict=True):
        assert ("lang-zh" in tags(chinese), "lang-en" in tags(english)) == (True, True)
        assert chinese.metadata.pair == english.metadata.pair
        texts = (chinese.source, english.source)
        for pattern in (r"^#+ ", r"^\$\$.*\$\$$", r"\d-\d"):  # headings, formulas, questions
            found = [re.findall(pattern, text, re.MULTILINE) for text in texts]
            assert found[0] == found[1], (chinese.id, pattern)
        assert not CHINESE.search(english.source)
        for line, after in itertools.pairwise(chinese.source.splitlines()):
            # a break within a paragraph would show as a space between two characters
            assert not (line and after) or re.match(r"- |#|\$\$", after), (line, after)
        for text in texts:  # no result is typed; formulas have their own constants
            assert not re.search(r"\d+\.\d+|\d+ ?%", re.sub(r"\$\$?[^$]*\$\$?", "", text)), text


# --------------------------------------------------------------------------------- as executed


@pytest.fixture(scope="module")
def run_notebook(tmp_path_factory):
    """A function that runs a notebook; what one of them trains, the others find."""

    def run(name, **parameters):
        source = ROOT / f"notebooks/{name}.ipynb"
        if name == VAE and parameters["data"] == "faces:96":  # as a user would by hand
            target = tmp_path_factory.mktemp(name) / "out.ipynb"
            about = {"kernel_name": "python3", "progress_bar": False}
            return papermill.execute_notebook(source, target, parameters, **about)
        return run_here(read(source), parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HWLIB_RUNS", str(tmp_path_factory.mktemp("runs")))
        patch.setenv("HWLIB_BATCH", "1")
        yield run


def run_here(notebook, parameters):
    """Run a notebook in this process, which has loaded all that a kernel would load anew."""
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    try:
        for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
            with capture_output() as shown:
                shell.run_cell(cell.source).raise_error()
            kind = {"output_type": "display_data"}
            found = ({"data": one.data, "metadata": one.metadata or {}} for one in shown.outputs)
            cell.outputs = [nbformat.from_dict(kind | one) for one in found]
            if shown.stdout:
                cell.outputs.append(new_output("stream", text=shown.stdout))
            if "parameters" in tags(cell):
                shell.user_ns.update(parameters)
    finally:
        InteractiveShell.clear_instance()
    return notebook


@pytest.fixture(scope="module")
def executed(run_notebook):
    """A function that runs a notebook on drawn faces at smoke, once in all."""

    @cache
    def run(name):
        # The ACGAN not with its defaults.
        given = {"recipe": "upsample", "attribute": "Smiling,Male"} if name == ACGAN else {}
        return run_notebook(name, profile="smoke", data="faces:96", **given)

    return run


@pytest.fixture(scope="module")
def pictures_folder(tmp_path_factory):
    """A folder of pictures without attributes."""
    folder = tmp_path_factory.mktemp("pictures")
    for i, face in enumerate(draw_faces(sample_factors(150, 1), 64)):
        Image.fromarray(face).save(folder / f"{i}.png")
    return str(folder)


def outputs_of(notebook):
    """Return all that the code cells put out."""
    return [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]


def outputs(notebook, kind, lang):
    """Return the data and facts of what the notebook showed."""
    return [
        (output.data, output.metadata.hwlib)
        for output in outputs_of(notebook)
        if output.get("metadata", {}).get("hwlib", {}).get("kind") == kind
        and output.metadata.hwlib.lang == lang
    ]


def texts(notebook, lang="en"):
    """Return all that the notebook said, as one string."""
    return " ".join(data["text/markdown"] for data, _ in outputs(notebook, "text", lang))


def run_folders(notebook):
    """Return the run folders that the notebook named, the main one first."""
    found = [output.get("data", {}).get(RUN_MIME) for output in outputs_of(notebook)]
    return [Path(told["run"]) for told in found if told]


def results_of(notebook):
    """Return the results of the notebook's runs, the main one first."""
    return [json.loads((f / "results.json").read_text()) for f in run_folders(notebook)]


def test_the_gans_notebook_takes_the_vae_that_was_trained_before(executed):
    (vae,) = run_folders(executed(VAE))
    assert run_folders(executed(GAN))[1:] == [vae]
    assert list(vae.parent.glob("vae-dcgan-*")) == [vae]


@pytest.mark.parametrize("name", [GAN, ACGAN, INFOGAN])
def test_an_adversarial_smoke_run_leaves_its_results(executed, name):
    results = results_of(executed(name))[0]
    assert results["num_steps"] == 12
    assert {results["best_step"], results["kept_step"]} <= {4, 8, 12}
    assert results["best_kid"] <= results["last_kid"]
    for key in ("frechet", "kid", "precision", "recall", "density", "coverage"):
        assert results[f"{key}_protocol"]["features"].startswith("oracle:")
        assert f"{key}_real" in results


def test_an_acgans_notebook_names_each_attribute_and_says_how_g_gets_its_label(executed):
    notebook = executed(ACGAN)
    results = results_of(notebook)[0]
    names = ["Smiling", "Male"]
    assert results["attributes"] == names
    for key in ("attribute_accuracy", "attribute_flip_rate"):
        by_name = results[f"{key}_by"]
        assert list(by_name) == names
        assert results[key] == pytest.approx(sum(by_name.values()) / 2)
    assert list(results["leakage"]) == list(results["leakage_real"]) == names
    way = finding("acgan.conditioning", way="JoinValues", z_dim=128, num_inputs=130)
    for lang in LANGS:
        assert way.say(lang) in texts(notebook, lang)


def test_an_infogans_notebook_trains_one_code_first_and_then_two(executed):
    found = results_of(executed(INFOGAN))
    assert [results["num_codes"] for results in found] == [1, 2]
    for results in found:
        assert results["code_information_nats"] <= results["code_entropy_nats"]
        assert results["code_entropy_nats"] == pytest.approx(math.log(10))
        assert len(results["code_variance_share"]) == results["num_codes"]


def test_the_kl_notebook_trains_a_vae_for_each_weight_and_sets_them_side_by_side(executed):
    (folder,) = run_folders(executed(KL))
    (results,) = results_of(executed(KL))
    assert [row["kl_weight"] for row in results["studies"]] == results["kl_weights"] == [1, 100, 0]
    for row in results["studies"]:
        member = json.loads((folder.parent / row["run"] / "results.json").read_text())
        assert row["neg_elbo_nats"] == member["neg_elbo_nats"]
        assert row["disentanglement"] == member["disentanglement"]
    assert "only 12 updates" in texts(executed(KL))


@pytest.mark.parametrize("name", NUM_QUESTIONS)
def test_the_homeworks_files_are_written_under_their_names(executed, name):
    problem = name.split("_")[1]
    folders = [f for f in run_folders(executed(name)) if f.name.startswith(f"{problem}-")]
    files = [path for folder in folders for path in (folder / "figures").iterdir()]
    assert {path.name for path in files} == {f"{figure}.jpg" for figure in FIGURES[name]}
    for path in files:
        with Image.open(path) as image:
            assert image.format == "JPEG"
            assert min(image.size) > 200


NUMBER = re.compile(r"\d[\d,.]*\d|\d")
FORMULA = re.compile(r"\$[^$]*\$")
DATA_NAME = re.compile(r"(?<=[\u4e00-\u9fff]) ?[(（][A-Za-z0-9_]+[)）]")  # after its Chinese word
# What Chinese texts on figures call by its own name.
OWN_NAMES = {
    *("BatchNorm", "ReLU", "LeakyReLU", "Tanh", "Sigmoid", "GAN", "VAE", "ELBO", "KL", "KID"),
    *("MSE", "MIG", "SAP", "DCI", "FactorVAE", "SNE", "one", "hot", "ln", "nats", "epoch"),
    *("Fr", "chet"),  # Fréchet
}


def untranslated(texts, lang):
    """Return those of a figure's words that are not of its language."""
    if lang == "en":
        return [text for text in texts if CHINESE.search(text)]
    bare = {text: DATA_NAME.sub("", FORMULA.sub("", text)) for text in texts}
    return [text for text in bare if set(re.findall("[A-Za-z]{2,}", bare[text])) - OWN_NAMES]


def figure_words(facts):
    """Return what is written on a figure, or beside a slider's frames."""
    tracks = facts.get("tracks", ())
    return [*facts.get("labels", ()), *(w for t in tracks for w in (t.title, *t.labels))]


@pytest.mark.parametrize("name", [*NUM_QUESTIONS, TODAY])
def test_both_languages_show_the_same_and_every_figure_has_its_words_in_each(executed, name):
    both = {
        kind: [outputs(executed(name), kind, lang) for lang in LANGS]
        for kind in ("text", "table", "figure", "slider")
    }
    assert {facts.name for _, facts in both["figure"][0]} == FIGURES[name] | DATA
    assert {facts.name for _, facts in both["slider"][0]} == SLIDERS.get(name, set())
    for kind, pair in both.items():
        for (one, zh), (other, en) in zip(*pair, strict=True):
            assert zh.get("name") == en.get("name")
            if kind == "table":
                found = [NUMBER.findall(unescape(data["text/markdown"])) for data in (one, other)]
                assert sorted(found[0]) == sorted(found[1]), zh.name
            if kind in ("figure", "slider"):
                assert "image/png" in one
                assert CHINESE.search(zh.alt), zh.name
                assert CHINESE.search(zh.caption), zh.name
                assert untranslated(figure_words(zh), "zh") == [], zh.name
                assert untranslated([*figure_words(en), en.alt, en.caption], "en") == [], en.name
                found = [{n for w in figure_words(x) for n in NUMBER.findall(w)} for x in (zh, en)]
                assert found[0] == found[1], zh.name


@pytest.mark.parametrize("name", NUM_QUESTIONS)
def test_every_notebook_shows_its_tables_and_nothing_interactive_in_batch(executed, name):
    notebook = executed(name)
    tables = {facts.name: data["text/markdown"] for data, facts in outputs(notebook, "table", "en")}
    assert tables.keys() == TABLES[name]
    layers = tables["layers" if name in (VAE, KL) else "networks"]
    assert f"{results_of(notebook)[0]['num_parameters']:,}" in layers.splitlines()[-1]
    assert name != VAE or "0.0197" in tables["mse"]  # the report's own
    cells = [c for c in notebook.cells if "interactive" in tags(c) and c.cell_type == "code"]
    panels = [cell.outputs for cell in cells if "show.is_batch()" in cell.source]
    assert panels
    assert not any(panels)


def test_todays_page_takes_up_the_reports_runs_and_shows_images_before_one_table(executed):
    notebook = executed(TODAY)
    assert run_folders(notebook)[2] == run_folders(executed(GAN))[0]
    assert [results["num_steps"] for results in results_of(notebook)] == [4, 4, 12, 12]
    shown = [o.metadata.hwlib for o in outputs_of(notebook) if "hwlib" in o.get("metadata", {})]
    kinds = [facts.kind for facts in shown if facts.lang == "en"]
    assert kinds == ["figure", "text", "figure", "figure", "table", "text"]  # the data's first
    assert "only 4 updates" in texts(notebook)


def test_data_without_attributes_are_drawn_grey_and_said_to_have_none(
    run_notebook, pictures_folder
):
    about = {"profile": "smoke", "languages": ["zh"]}
    notebook = run_notebook(VAE, recipe="wide", data=pictures_folder, **about)
    assert "linear_probe_accuracy" not in results_of(notebook)[0]
    assert finding("vae.no_probe", attribute=None).say("zh") in texts(notebook, "zh")
    figures = {facts.name: facts for _, facts in outputs(notebook, "figure", "zh")}
    assert "資料沒有屬性標記" in figures["fig1_5"].alt
    assert set(figures) == FIGURES[VAE] | DATA


def test_an_infogan_needs_no_attributes_and_trains_one_network_where_the_codes_are_fixed(
    run_notebook, pictures_folder
):
    about = {"profile": "smoke", "languages": ["en"], "settings": {"num_codes": 1}}
    notebook = run_notebook(INFOGAN, data=pictures_folder, **about)
    (results,) = results_of(notebook)
    assert results["oracle"]["kind"] == "rotation"
    shown = {facts.name for _, facts in outputs(notebook, "figure", "en")}
    two = {"infogan_pairs", "infogan_code2", "infogan_real2"}
    meaning = {"infogan_meaning1", "infogan_meaning2", "infogan_factors"}
    assert shown == (FIGURES[INFOGAN] | DATA) - two - meaning
    assert finding("infogan.only", num_codes=1).say("en") in texts(notebook)


def test_an_infogan_of_two_codes_alone_is_shown_once_and_not_as_one_code(run_notebook, executed):
    executed(INFOGAN)  # which trains the network that is taken up here
    about = {"profile": "smoke", "languages": ["en"], "settings": {"num_codes": 2}}
    notebook = run_notebook(INFOGAN, data="faces:96", **about)
    assert len(run_folders(notebook)) == 1
    shown = [facts.name for _, facts in outputs(notebook, "figure", "en")]
    assert sorted(shown) == sorted(FIGURES[INFOGAN] | DATA)
    assert len(outputs(notebook, "slider", "en")) == 1
    ids = [cell.get("id", "") for cell in notebook.cells]
    one_code = notebook.copy()
    one_code.cells = notebook.cells[ids.index("one-code-en") : ids.index("two-codes-en")]
    for kind in ("figure", "slider", "table"):
        assert outputs(one_code, kind, "en") == []
    assert finding("infogan.only", num_codes=2).say("en") in texts(one_code)
