"""After a mistake nothing of the run before shows, however late JupyterLab's cells arrive."""

import ast
import json
import os
import time
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from hwlib.show.stale_cells import assigned_in, names_of_notebooks

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))

# A notebook in small: what its cells make has the names of the real ones.
PARAMETERS_CELL = 'seed = {seed}\nsettings = {settings}\nlanguages = ["zh", "en"]'
SETUP = """import hwlib
from hwlib import show
show.setup(languages)
config = hwlib.make_config("vae", "dcgan", "faces:96", "smoke", seed, **settings)"""
FIT = 'run = [config]\nresults = {"seed": run[0].seed}\nprint("trained", results["seed"])'
SHOWN = [f'print("result {i} of", results["seed"])' for i in range(4)]


def cells(seed=0, settings="{}", fit=FIT):
    return [PARAMETERS_CELL.format(seed=seed, settings=settings), SETUP, fit, *SHOWN]


@pytest.fixture(scope="module")
def kernel():
    environment = {name: value for name, value in os.environ.items() if name != "HWLIB_BATCH"}
    manager, client = start_new_kernel(kernel_name="python3", env=environment)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run_all(kernel, sources, delay=0.0):
    """Send cells as Run All does, none waiting for the one before; return status and text of each.

    Text is what a cell printed, the lines of a mistake, or the name of the error whose traceback
    it showed.
    """
    sent = []
    for source in sources:
        sent.append(kernel.execute(source))
        time.sleep(delay)
    replies = {}
    while len(replies) < len(sent):
        reply = kernel.get_shell_msg(timeout=120)
        if (parent := reply["parent_header"]["msg_id"]) in sent:  # not one on the kernel's start
            replies[parent] = reply["content"]["status"]
    printed, num_idle = dict.fromkeys(sent, ""), 0
    while num_idle < len(sent):
        message = kernel.get_iopub_msg(timeout=60)
        parent, content = message["parent_header"].get("msg_id"), message["content"]
        if parent in printed:
            lines = "\n".join(content.get("traceback", ()))
            error = lines if lines.startswith("✗") else content.get("ename", "")
            printed[parent] += content.get("text", "") + error
            num_idle += content.get("execution_state") == "idle"
    return [replies[id] for id in sent], [printed[id] for id in sent]


def assert_all_show(kernel, seed):
    statuses, texts = run_all(kernel, cells(seed))
    assert statuses == ["ok"] * len(texts)
    assert texts[2:] == [f"trained {seed}\n", *(f"result {i} of {seed}\n" for i in range(4))]


MISTAKES = {
    "a setting's name": (cells(settings='{"learning_rat": 0.001}'), 1, "✗ unknown setting"),
    "a kind of parameter": (cells(settings="5"), 1, "✗ settings = 5"),
    "no quotes": (cells(settings="smoke"), 0, "NameError"),
    "no bracket": (cells(settings="{"), 0, "SyntaxError"),
    "an error of Python's": (cells(fit="config.nothing"), 2, "AttributeError"),
    "an interrupt": (cells(fit="raise KeyboardInterrupt"), 2, "✗ stopped"),
}


@pytest.mark.parametrize(
    ("mistake", "delay"),
    [*((one, 0.5) for one in MISTAKES), ("no bracket", 0), ("an error of Python's", 0)],
)
def test_after_a_mistake_no_later_cell_shows_what_was_found_before(kernel, mistake, delay):
    assert_all_show(kernel, 0)
    sources, place, said = MISTAKES[mistake]
    statuses, texts = run_all(kernel, sources, delay)
    assert statuses[:place] == ["ok"] * place
    assert statuses[place] == "error"
    assert said in texts[place]
    assert set(statuses[place + 1 :]) <= {"aborted", "error"}
    for text in texts[place + 1 :]:
        assert text == "" or text.startswith("↑ 還沒有 `")
        assert "✗" not in text.replace("有 ✗ 或", "").replace("shows ✗", "")
    if delay == 0.5:  # so late that nothing was dropped: each cell says where to look
        assert "the cells above, from the top" in texts[-1]
    assert_all_show(kernel, 7)


def test_a_cell_that_runs_before_those_above_it_says_so_in_the_languages_asked_for(kernel):
    assert_all_show(kernel, 0)
    languages = 'languages = ["en"]\nshow.setup(languages)'
    assert run_all(kernel, [languages], 0.1) == (["ok"], [""])
    (status,), (line,) = run_all(kernel, [FIT])
    assert status == "error"
    assert line.startswith("↑ `config` does not exist yet: run the cells above")
    assert len(line.splitlines()) == 1


def test_other_names_keep_their_traceback(kernel):
    inner = "def f():\n    if 0: x = 1\n    return x\nf()"
    run_all(kernel, cells())
    for source in ("prnt(5)", "resluts", inner, "import calendar; exec('run', {})"):
        _, (text,) = run_all(kernel, ["run = 0; del run\n" + source])
        assert text in {"NameError", "UnboundLocalError"}


def test_a_readers_own_names_and_the_interrupted_cells_own_input_are_kept(kernel):
    run_all(kernel, ["mine = 5", *cells()])
    run_all(kernel, ["raise KeyboardInterrupt; run = [config]"])
    statuses, texts = run_all(kernel, [FIT, SETUP, "mine"], 0.1)
    assert statuses == ["ok"] * 3
    assert texts[0] == "trained 0\n"


# ---------------------------------------------------------------------- the notebooks as they are


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_cell_below_the_setup_needs_what_is_forgotten_before_it_shows_anything(path):
    found = [c for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "code"]
    cells = [(c["id"], "".join(c["source"])) for c in found]
    (setup,) = (place for place, (_, source) in enumerate(cells) if "show.setup(" in source)
    parameters, _ = names_of_notebooks()
    made = assigned_in(cells[setup][1])
    for id, source in cells[setup + 1 :]:
        assert assigned_in(source).isdisjoint(parameters - {"run", "settings"}), id
        for statement in ast.parse(source).body:
            names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            if names & made:  # what it shows with this name, it cannot show without
                break
            if not isinstance(statement, ast.FunctionDef):
                assert names.isdisjoint({"show", "display", "print"}), id
        else:
            pytest.fail(f"{id} needs nothing that is forgotten")
        made |= assigned_in(source)
