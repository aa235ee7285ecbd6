"""A report for a class: several data and seeds, jobs side by side, stopped and killed."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from filelock import FileLock
from nbformat.v4 import new_code_cell, new_notebook
from pypdf import PdfReader

from hwlib import report
from hwlib.errors import UserError
from hwlib.registry import PAGES
from hwlib.report.site import job_names

ROOT = Path(__file__).resolve().parents[1]
WAIT_S = 300  # for what comes within a few seconds where nothing else runs

# A notebook whose run is plain JSON; `wish` says what it does besides.
SETUP = """
import json, os, signal, sys, time
from pathlib import Path
from ipykernel.connect import get_connection_file
from IPython.display import display

folder = Path(runs) / f"{problem}-{recipe}-{Path(data).name}-{seed}"
folder.mkdir(parents=True, exist_ok=True)
settings = {"problem": problem, "recipe": recipe, "data": data, "profile": "quick", "seed": seed}
(folder / "config.json").write_text(json.dumps({"settings": settings}))
mine = {"threads": os.environ.get("OMP_NUM_THREADS"), "jobs": os.environ.get("HWLIB_JOBS"),
        "began": time.monotonic(), "pid": os.getpid()}
mine |= {name: json.loads(Path(get_connection_file()).read_text())[name] for name in ("transport", "ip")}
_ = (folder / "kernel.json").write_text(json.dumps(mine))  # how long it is, no page shows
"""  # noqa: E501
WORK = """
if wish == "die":
    os.kill(os.getppid(), signal.SIGKILL)
if wish == "train":
    try:
        (folder / "training").touch()
        time.sleep(600)
    except KeyboardInterrupt:
        (folder / "checkpoint").touch()
        raise
if wish == "fit":
    import hwlib
    settings = {"num_steps": 300, "checkpoint_every": 10, "num_evals": 1, "oracle_steps": 5}
    config = hwlib.make_config("vae", "elbo", "faces:96", "smoke", device="cpu", **settings)
    hwlib.fit(config, runs=Path(runs) / "trained")
while wish == "meet" and len(list(Path(runs).glob("*/kernel.json"))) < 2:
    time.sleep(0.05)
"""
END = """
(folder / "results.json").write_text(json.dumps({"num_steps": 100 + seed}))
display({"application/vnd.hwlib.run+json": {"run": str(folder)}}, raw=True)
"""


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory) -> Path:
    """The folder of that notebook, under the name of every problem."""
    folder = tmp_path_factory.mktemp("notebooks")
    for problem, page in PAGES.items():
        defaults = f'problem = "{problem}"\nrecipe = "dcgan"\ndata = "faces"\nseed = 0\n'
        parameters = new_code_cell(
            f'{defaults}runs = ""\nwish = ""', metadata={"tags": ["parameters"]}
        )
        cells = [parameters, *(new_code_cell(text.strip()) for text in (SETUP, WORK, END))]
        made = new_notebook(cells=cells)
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
        for number, cell in enumerate(made.cells):
            cell["id"] = f"cell-{number}"
        nbformat.write(made, folder / page.notebook)
    return folder


@pytest.fixture
def make(notebooks):
    """A function that makes a job of that notebook."""

    def make(problem: str, **parameters) -> report.Job:
        return report.make_job(problem, "dcgan", parameters, notebooks=notebooks)

    return make


def job(problem: str = "vae", **parameters) -> report.Job:
    return report.Job(problem, "dcgan", Path("x.ipynb"), parameters)


def wait_until(is_true: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT_S
    while not is_true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


# ---------------------------------------------------------------------- names


def test_names_tell_data_and_seeds_apart_where_there_are_several():
    both = [job(data=data, seed=seed) for data in ("/a/HW 4", "faces:96") for seed in (0, 7)]
    for jobs, names in (
        ([job(seed=3), job("gan", seed=3)], ["vae-dcgan", "gan-dcgan"]),
        ([job(seed=0), job(seed=1), job("gan")], ["vae-dcgan-s0", "vae-dcgan-s1", "gan-dcgan"]),
        (both[::2], ["vae-dcgan-hw-4", "vae-dcgan-faces-96"]),
        (both, [f"vae-dcgan-{data}-s{n}" for data in ("hw-4", "faces-96") for n in (0, 7)]),
    ):
        assert job_names(jobs) == names


def test_data_of_one_plain_name_are_told_apart_by_a_hash_and_no_job_is_there_twice():
    names = job_names([job(data=one) for one in ("/a/hw4", "/b/hw4", "/a/人臉", "/a/影像")])
    assert len(set(names)) == 4
    assert all(name.isascii() and name.startswith("vae-dcgan-") for name in names)
    with pytest.raises(UserError, match="asked for twice"):
        job_names([job(seed=1), job(seed=1)])


# ---------------------------------------------------------------------- the command line


@pytest.fixture
def asked(monkeypatch, call):
    """A function that calls `hwlib report` and returns what is asked of `make_report`."""

    def ask(*words: str) -> tuple[list[report.Job], dict]:
        found = {}

        def make_report(jobs, **options):
            found.update(options, jobs=jobs)
            return report.ReportResult(Path(), (), ())

        monkeypatch.setattr(report, "make_report", make_report)
        code, _, err = call("report", *words, "--profile", "smoke")
        assert code == 0, err
        return found.pop("jobs"), found

    return ask


def test_the_command_line_asks_for_every_seed_on_every_data_once(asked):
    data = ["--data", "faces:96", "--data", "faces:64", "--data", "faces:96"]
    jobs, _ = asked("gan", "vae", *data, "--seed", "1", "--seed", "0", "--seed", "1")
    found = [(j.problem, j.parameters["data"], j.parameters["seed"]) for j in jobs]
    assert found == [
        (problem, spec, seed)
        for problem in ("gan", "vae")
        for spec in ("faces:96", "faces:64")
        for seed in (1, 0)
    ]
    jobs, _ = asked("vae", "--data", "faces:96")
    assert [j.parameters["seed"] for j in jobs] == [0]


def test_no_more_run_side_by_side_than_there_are_jobs_and_claims_know_how_many(asked):
    small = ["--data", "faces:96", "--set", "device=cpu"]
    _, options = asked("vae", "gan", *small, "--jobs", "7")
    assert len(options["environments"]) == 2
    assert options["alone"] == {"HWLIB_JOBS": "7"}
    _, options = asked("vae", "gan", *small, "--jobs", "1")
    assert len(options["environments"]) == 1
    jobs, options = asked("claims", "--data", "faces:96", "--jobs", "3", "--seed", "4")
    assert len(options["environments"]) == 1
    assert jobs[0].parameters["seeds"] == [4, 5, 6]
    seeds = [word for seed in range(2, 6) for word in ("--seed", str(seed))]
    assert asked("claims", "--data", "faces:96", *seeds)[0][0].parameters["seeds"] == [2, 3, 4, 5]


# ---------------------------------------------------------------------- side by side


def told(folder: Path) -> list[dict]:
    """Return what each kernel noted down, in the order in which they began."""
    notes = [json.loads(path.read_text()) for path in folder.glob("*/kernel.json")]
    return sorted(notes, key=lambda note: note["began"])


def contents(out: Path) -> dict[str, str]:
    files = [path for path in sorted(out.rglob("*")) if path.suffix in (".html", ".pdf", ".ipynb")]
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.fixture(scope="module")
def reports(notebooks, tmp_path_factory):
    """A folder with a report by two jobs side by side and one by one, and what was made.

    Of those side by side each waits for the other, and notes down what it found.
    """
    folder, made, options = tmp_path_factory.mktemp("reports"), {}, {"notebooks": notebooks}
    places = [{"OMP_NUM_THREADS": count} for count in "35"]
    for count, environments in (("2", places), ("1", [{}])):
        jobs = [
            report.make_job("vae", "dcgan", {"wish": "meet", "seed": seed}, **options)
            for seed in (1, 0)
        ]
        where = {"out": folder / count, "runs": folder / "runs", "languages": ["en"]}
        made[count] = report.make_report(jobs, environments=environments, **where)
        made.setdefault("notes", told(folder / "runs"))
    return folder, made


def test_jobs_run_side_by_side_each_with_its_share_and_its_own_connection(reports):
    _, made = reports
    assert made["2"].ok
    notes = made["notes"]
    assert {note["threads"] for note in notes} == {"3", "5"}
    assert len({note["ip"] for note in notes}) == 2
    assert {note["transport"] for note in notes} == {"tcp" if sys.platform == "win32" else "ipc"}


def test_no_byte_depends_on_how_many_jobs_run_side_by_side_and_pages_say_their_seed(reports):
    out, made = reports
    assert [one.name for one in made["1"].jobs] == ["vae-dcgan-s1", "vae-dcgan-s0"]
    assert contents(out / "1") == contents(out / "2")
    folder = out / "1" / "en"
    outline = PdfReader(folder / "report.pdf").outline
    chapters = [c.title.replace("\u00a0", " ") for c in outline if not isinstance(c, list)]
    for seed in (0, 1):
        page = BeautifulSoup((folder / f"vae-dcgan-s{seed}.html").read_text(), "html.parser")
        assert f" · dcgan · Seed {seed} · " in page.title.get_text()
        assert any(chapter.endswith(f" · dcgan · Seed {seed}") for chapter in chapters)


def test_long_problems_begin_first_and_claims_last_and_a_killed_process_costs_its_page_alone(
    make, tmp_path
):
    jobs = [make("vae"), make("claims"), make("kl")]
    jobs[1] = report.Job("claims", "all", jobs[1].notebook, {"seed": 9, "wish": "die"})
    runs, alone = tmp_path / "runs", {"HWLIB_JOBS": "4"}
    options = {"languages": ["en"], "environments": [{"OMP_NUM_THREADS": "1"}], "alone": alone}
    made = report.make_report(jobs, out=tmp_path / "out", runs=runs, **options)
    began = [(note["threads"], note["jobs"]) for note in told(runs)]
    assert began == [("1", None)] * 2 + [(os.environ.get("OMP_NUM_THREADS"), "4")]
    order = sorted(runs.iterdir(), key=lambda path: (path / "kernel.json").stat().st_mtime)
    assert [path.name.split("-")[0] for path in order] == ["kl", "vae", "claims"]
    (killed,) = made.failed
    assert (killed.job.problem, "-9" in killed.reason) == ("claims", True)
    (page,) = made.out.glob(f"*/{killed.name}.html")
    assert "-9" in page.read_text()


# ---------------------------------------------------------------------- stopped and killed


@pytest.fixture
def _hears_ctrl_c():
    """Handle Ctrl-C as in a terminal; in the background it is ignored, and tests inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_hears_ctrl_c")
def test_ctrl_c_lets_every_kernel_write_its_checkpoint_and_leaves_what_was_there(
    make, reports, tmp_path, capfd
):
    runs, out = tmp_path / "runs", reports[0] / "1"
    before = contents(out)
    jobs = [make("vae", wish="train"), make("gan", wish="train"), make("acgan", wish="train")]

    def stop() -> None:
        wait_until(lambda: len(list(runs.glob("*/training"))) == 2)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        report.make_report(jobs, out=out, runs=runs, environments=[{}] * 2)
    assert {path.parent.name.split("-")[0] for path in runs.glob("*/checkpoint")} == {
        *("acgan", "vae")
    }
    assert contents(out) == before
    assert "stopping: " in capfd.readouterr().err
    for note in told(runs):
        with pytest.raises(ProcessLookupError):
            os.kill(note["pid"], 0)  # no kernel is left


REPORT = """
import sys
from pathlib import Path
from hwlib import report
notebooks, runs, out = map(Path, sys.argv[1:4])
problems = sys.argv[4:]
jobs = [report.make_job(p, "dcgan", {"wish": "fit"}, notebooks=notebooks) for p in problems]
made = report.make_report(jobs, out=out, runs=runs, languages=["en"], environments=[{}] * 2)
sys.exit(not made.ok)
"""


def test_a_report_that_is_killed_goes_on_where_it_was_and_trains_nothing_twice(notebooks, tmp_path):
    runs = tmp_path / "runs"
    words = [sys.executable, "-c", REPORT, notebooks, runs, tmp_path / "out"]
    first = subprocess.Popen([*words, "vae"], stderr=subprocess.PIPE, text=True)
    states = "trained/*/checkpoint/step-*"
    wait_until(lambda: list(runs.glob(states)))
    first.kill()  # SIGKILL: it can do nothing
    first.communicate()
    (run,) = (runs / "trained").iterdir()  # two jobs will want it, at the same time
    with FileLock(run / ".lock", timeout=WAIT_S):  # what was left stops by itself
        assert not (run / "results.json").exists()
    reached = int(max(runs.glob(states)).name.split("-")[1])
    assert 0 < reached < 300
    records = (run / "metrics.jsonl").read_bytes()  # with the time at which each was written
    assert records

    second = subprocess.run([*words, "vae", "gan"], stderr=subprocess.PIPE, text=True)
    assert second.returncode == 0, second.stderr
    assert (run / "metrics.jsonl").read_bytes().startswith(records)
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    steps = [json.loads(line)["step"] for line in lines]
    assert steps == sorted(set(steps))  # of the two jobs one trained it
    assert steps[-1] == 300
