"""A report for a class: several data and seeds, jobs side by side, stopped and killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from filelock import FileLock
from killing import newest_step
from nbformat.v4 import new_code_cell, new_notebook
from pypdf import PdfReader

from hwlib import report
from hwlib.errors import UserError
from hwlib.registry import PAGES
from hwlib.report import site
from hwlib.report.place import NEXT
from hwlib.report.runner import run_notebook
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
if wish.startswith("fit"):
    import hwlib
    from hwlib.training import loop
    loop.WATCH_SECONDS = -1
    pause = 1 if wish == "fit slowly" else 0
    settings = {"image_size": 16, "checkpoint_every": 1, "num_evals": 1, "oracle_steps": 5}
    config = hwlib.make_config("vae", "elbo", "faces:96", "smoke", device="cpu", **settings)
    hwlib.fit(config, runs=Path(runs) / "trained", watch=lambda records: time.sleep(pause))
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
    kernelspec = {"name": "python3", "display_name": "x", "language": "python"}
    for problem, page in PAGES.items():
        defaults = f'problem = "{problem}"\nrecipe = "dcgan"\ndata = "faces"\nseed = 0\n'
        cells = [
            new_code_cell(text) for text in (f'{defaults}runs = ""\nwish = ""', SETUP, WORK, END)
        ]
        cells[0].metadata.tags = ["parameters"]
        made = new_notebook(cells=cells, metadata={"kernelspec": kernelspec})
        nbformat.write(made, folder / page.notebook)
    return folder


@pytest.fixture(scope="session")
def make(notebooks):
    """A function that makes a job of that notebook."""
    return lambda problem, **given: report.make_job(problem, "dcgan", given, notebooks=notebooks)


def job(problem: str = "vae", **parameters) -> report.Job:
    return report.Job(problem, "dcgan", Path("x.ipynb"), parameters)


def wait_until(is_true: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT_S
    while not is_true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def test_names_tell_data_and_seeds_apart_where_there_are_several_and_no_job_is_there_twice():
    both = [job(data=data, seed=seed) for data in ("/a/HW 4", "faces:96") for seed in (0, 7)]
    for jobs, names in (
        ([job(seed=3), job("gan", seed=3)], ["vae-dcgan", "gan-dcgan"]),
        ([job(seed=0), job(seed=1), job("gan")], ["vae-dcgan-s0", "vae-dcgan-s1", "gan-dcgan"]),
        (both[::2], ["vae-dcgan-hw-4", "vae-dcgan-faces-96"]),
        (both, [f"vae-dcgan-{data}-s{n}" for data in ("hw-4", "faces-96") for n in (0, 7)]),
    ):
        assert job_names(jobs) == names
    # data of one plain name are told apart by a hash
    names = job_names([job(data=one) for one in ("/a/hw4", "/b/hw4", "/a/人臉", "/a/影像")])
    assert len(set(names)) == 4
    assert all(name.isascii() and name.startswith("vae-dcgan-") for name in names)
    with pytest.raises(UserError, match="asked for twice"):
        job_names([job(seed=1), job(seed=1)])


@pytest.fixture
def asked(monkeypatch, call):
    """A function that calls `hwlib report` and returns what is asked of `make_report`."""
    found = {}

    def make_report(jobs, **options):
        found.update(options, jobs=[(job.problem, job.parameters) for job in jobs])
        return report.ReportResult(Path(), (), ())

    def ask(*words: str) -> dict:
        code, _, err = call("report", *words, "--data", "faces:96", "--profile", "smoke")
        assert code == 0, err
        return found

    monkeypatch.setattr(report, "make_report", make_report)
    return ask


def test_the_command_line_asks_for_every_seed_on_every_data_once(asked):
    twice = ["--data", "faces:64", "--data", "faces:96", "--seed", "1", "--seed", "0"]
    found = asked("gan", "vae", *twice, "--seed", "1")["jobs"]
    found = [(problem, given["data"], given["seed"]) for problem, given in found]
    assert found == list(product(("gan", "vae"), ("faces:64", "faces:96"), (1, 0)))
    assert [given["seed"] for _, given in asked("vae")["jobs"]] == [0]


def test_no_more_run_side_by_side_than_there_are_jobs_and_claims_know_how_many(asked):
    for jobs in (7, 1):
        found = asked("vae", "gan", "--set", "device=cpu", "--jobs", str(jobs))
        assert len(found["environments"]) == min(2, jobs)
        assert found["alone"] == {"HWLIB_JOBS": str(jobs)}
    found = asked("claims", "--jobs", "3", "--seed", "4")
    assert len(found["environments"]) == 1
    assert found["jobs"][0][1]["seeds"] == [4, 5, 6]
    seeds = [word for seed in range(2, 6) for word in ("--seed", str(seed))]
    assert asked("claims", *seeds)["jobs"][0][1]["seeds"] == [2, 3, 4, 5]


def told(folder: Path) -> list[dict]:
    """Return what each kernel noted down, in the order in which they began."""
    notes = [json.loads(path.read_text()) for path in folder.glob("*/kernel.json")]
    return sorted(notes, key=lambda note: note["began"])


def contents(out: Path) -> dict[Path, bytes]:
    """Return the bytes of a report's pages, PDFs and notebooks by name."""
    kinds = (".html", ".pdf", ".ipynb")
    files = [path for path in out.rglob("*") if path.suffix in kinds and NEXT not in path.parts]
    return {path.relative_to(out): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def reports(make, tmp_path_factory):
    """A folder with a report by two jobs side by side and one by one, and what was made.

    Of those side by side each waits for the other, and notes down what it found.
    """
    folder, made = tmp_path_factory.mktemp("reports"), {}
    jobs = [make("vae", wish="meet", seed=seed) for seed in (1, 0)]
    for count, environments in (("2", [{"OMP_NUM_THREADS": n} for n in "35"]), ("1", [{}])):
        options = {"runs": folder / "runs", "languages": ["en"], "environments": environments}
        made[count] = report.make_report(jobs, out=folder / count, **options)
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
    make, reports, tmp_path, monkeypatch
):
    done, began = reports[1]["1"].jobs[0].executed, []

    def run_claims_alone(job, **options):
        began.append(job.problem)
        return run_notebook(job, **options) if job.problem == "claims" else done

    monkeypatch.setattr(site, "run_notebook", run_claims_alone)
    jobs = [make("vae"), make("claims"), make("kl")]
    jobs[1] = report.Job("claims", "all", jobs[1].notebook, {"seed": 9, "wish": "die"})
    runs, environments = tmp_path / "runs", [{"OMP_NUM_THREADS": "7"}]
    options = {"languages": ["en"], "environments": environments, "alone": {"HWLIB_JOBS": "4"}}
    made = report.make_report(jobs, out=tmp_path / "out", runs=runs, **options)
    assert began == ["kl", "vae", "claims"]
    (note,) = told(runs)
    assert (note["threads"], note["jobs"]) == (os.environ.get("OMP_NUM_THREADS"), "4")
    (killed,) = made.failed
    assert (killed.job.problem, "-9" in killed.reason) == ("claims", True)
    (page,) = made.out.glob(f"*/{killed.name}.html")
    assert "-9" in page.read_text()


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
notebooks, runs, out = map(Path, sys.argv[1:])
job = report.make_job("vae", "dcgan", {"wish": "fit slowly"}, notebooks=notebooks)
report.make_report([job], out=out, runs=runs, languages=["en"])
"""


def test_a_report_that_is_killed_goes_on_where_it_was_and_trains_nothing_twice(
    make, notebooks, tmp_path
):
    runs, out = tmp_path / "runs", tmp_path / "out"
    words = [sys.executable, "-c", REPORT, notebooks, runs, out]
    first = subprocess.Popen(words, stderr=subprocess.PIPE)
    wait_until(lambda: list(runs.glob("trained/*/checkpoint/step-*")))
    first.kill()  # SIGKILL: it can do nothing
    first.communicate()
    (run,) = (runs / "trained").iterdir()
    with FileLock(run / ".lock", timeout=WAIT_S):  # what was left stops by itself
        assert 0 < newest_step(run) < 12
        assert not (run / "results.json").exists()
    records = (run / "metrics.jsonl").read_bytes()  # with the time at which each was written
    assert records

    made = report.make_report([make("vae", wish="fit")], out=out, runs=runs, languages=["en"])
    assert made.ok
    assert (run / "metrics.jsonl").read_bytes().startswith(records)
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["step"] for line in lines] == list(range(1, 13))
