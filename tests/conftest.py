"""What the tests share: caches and runs in a temporary place, and small sets of pictures."""

import csv
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Before torch is there: of processes side by side, each with threads for all cores, none gets on.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"

import matplotlib.pyplot as plt
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image
from typer.testing import CliRunner, Result

from hwlib import cli
from hwlib.data import Data, load_data
from hwlib.errors import UserError, Worded
from hwlib.text import LANGUAGES
from hwlib.training.loop import TrainingDiverged

CELEBA_ATTRIBUTES = (
    *("5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs"),
    *("Big_Lips", "Big_Nose", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair"),
    *("Bushy_Eyebrows", "Chubby", "Double_Chin", "Eyeglasses", "Goatee", "Gray_Hair"),
    *("Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache"),
    *("Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline"),
    *("Rosy_Cheeks", "Sideburns", "Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings"),
    *("Wearing_Hat", "Wearing_Lipstick", "Wearing_Necklace", "Wearing_Necktie", "Young"),
)
FEW = {"image_size": 32, "oracle_steps": 2, "num_evals": 1}  # of `small_runs`


@pytest.fixture(scope="session", autouse=True)
def _temporary_places(tmp_path_factory):
    """Keep caches and runs away from the user's; one cache a session, so faces are drawn once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HWLIB_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("HWLIB_RUNS", str(tmp_path_factory.mktemp("runs")))
        yield


@pytest.fixture(autouse=True)
def _as_in_a_new_process(monkeypatch):
    """Forget which languages an earlier test asked for; close what a test has drawn."""
    monkeypatch.setattr("hwlib.show.page._asked", tuple(LANGUAGES))
    yield
    plt.close("all")


def load(root, image_size: int = 32, **options) -> Data:
    """Load data without a bar."""
    return load_data(root, image_size, progress=False, **options)


def mistake_of(do, *args, **kwargs) -> Worded:
    """Return the mistake that `do` raises."""
    with pytest.raises((UserError, TrainingDiverged)) as caught:
        do(*args, **kwargs)
    return caught.value


@contextmanager
def without_scores() -> Iterator[None]:
    """Leave the scores of disentanglement out: half of what a small run takes."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("evaluate_vae", "evaluate_gan"):
            patch.setattr(f"hwlib.training.{module}.disentanglement", lambda *_: {})
        yield


@pytest.fixture
def _no_scores():
    with without_scores():
        yield


@pytest.fixture(scope="session")
def small_runs(tmp_path_factory) -> dict:
    """The runs of a VAE and of a GAN, by their problems, in one folder, of small images."""
    from hwlib import fit, make_config

    folder = tmp_path_factory.mktemp("small_runs")
    with without_scores():
        return {
            problem: fit(make_config(problem, "dcgan", "faces:96", "smoke", **FEW), runs=folder)
            for problem in ("vae", "gan")
        }


@pytest.fixture
def own_cache(tmp_path, monkeypatch) -> Path:
    """A cache folder for one test alone."""
    folder = tmp_path / "own_cache"
    monkeypatch.setenv("HWLIB_CACHE", str(folder))
    return folder / "data"


@pytest.fixture(scope="session")
def photographs() -> Path:
    """The folder of real photographs, with `celeba/` and `hw4_data/`."""
    folder = os.environ.get("HWLIB_TEST_FACES")
    if not folder:
        pytest.skip("HWLIB_TEST_FACES names no folder of photographs: NOT tested on real pictures")
    return Path(folder)


@pytest.fixture
def call(monkeypatch, capfd):
    """Return a function that runs `hwlib ...` and gives exit code, stdout and stderr."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["hwlib", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return told(end.value.code or 0, *capfd.readouterr())

    return run


def told(code: int, out: str, err: str) -> tuple[int, str, str]:
    """Return what a command told, after the check that no traceback is in it."""
    assert "Traceback (most recent call last)" not in out + err, err
    return code, out, err


MAIN = "from hwlib.cli import main; main()"


def command(*words, before: str = "", **environment: str | None):
    """Run `hwlib ...` in a process of its own; return exit code, stdout and stderr.

    The modes of files hold for it even where root runs the tests.

    Args:
        words: the command.
        before: Python that runs in it first.
        environment: what it finds beside ours; None takes a variable out.
    """
    own = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "300"} | environment
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"{before}\n{MAIN}", *map(os.fspath, words)],
        env={name: value for name, value in own.items() if value is not None},
        **{"capture_output": True, "encoding": "utf-8", "errors": "replace"},
        preexec_fn=obey_modes if sys.platform == "linux" else None,
    )
    return told(done.returncode, done.stdout, done.stderr)


def obey_modes() -> None:
    """Give up root's right to read and write everything, from the next program on."""
    drop, rights = 24, (1, 2)  # PR_CAPBSET_DROP; CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    for right in rights:
        ctypes.CDLL(None).prctl(drop, right)


def invoke(app, *words) -> Result:
    """Run a part of the command line in this process; only a user's mistake may come out of it."""
    done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert isinstance(done.exception, UserError | SystemExit | None), done.exception
    told(done.exit_code, done.stdout, done.stderr)
    return done


@pytest.fixture
def outputs(monkeypatch):
    """Collect what is displayed: (data, metadata)."""
    found = []

    def display(data, *, raw, metadata=None):
        assert raw
        found.append((data, metadata or {}))

    monkeypatch.setattr("hwlib.show.page.display", display)
    monkeypatch.setenv("HWLIB_BATCH", "1")
    return found


def run_cells(*cells: str) -> NotebookNode:
    """Run cells in a kernel of their own; return the notebook with what they put out."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute()
    return notebook


@pytest.fixture(scope="session")
def browser():
    """Return a Chromium that tests open files in."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser ({', '.join(names)}): pages are NOT tested in one")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def picture(seed: int, size: tuple[int, int] = (64, 64)) -> Image.Image:
    """Return a smooth coloured picture of `size` (W, H), another one for each seed."""
    small = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BILINEAR)


@pytest.fixture
def make_hw4(tmp_path):
    """A function that writes an hw4 folder of `num_train` and `num_test` pictures."""

    def make(num_train: int = 6, num_test: int = 3, attributes=("Male", "Smiling")) -> Path:
        root = tmp_path / "hw4"
        number = 0
        for part, count in (("train", num_train), ("test", num_test)):
            (root / part).mkdir(parents=True)
            rows = []
            for _ in range(count):
                picture(number).save(root / part / f"{number:05}.png")
                rows.append([f"{number:05}.png", *(f"{number >> i & 1}.0" for i in range(2))])
                number += 1
            with open(root / f"{part}.csv", "w", newline="") as file:
                csv.writer(file).writerows([["image_name", *attributes], *rows])
        return root

    return make


@pytest.fixture
def make_celeba(tmp_path):
    """A function that writes a CelebA folder; it returns its root and labels, bool (N, 40)."""

    def make(num=20, size=(178, 218), pictures_in="img_align_celeba", missing=(), labels=None):
        root = tmp_path / "celeba"
        (root / pictures_in).mkdir(parents=True)
        if labels is None:
            labels = np.random.default_rng(7).random((num, len(CELEBA_ATTRIBUTES))) < 0.3
        lines = [str(num), " ".join(CELEBA_ATTRIBUTES) + " "]
        for i in range(num):
            name = f"{i + 1:06}.jpg"
            lines.append(f"{name} " + " ".join(f"{1 if v else -1:2}" for v in labels[i]))
            if i not in missing:
                picture(i, size).save(root / pictures_in / name, quality=95)
        (root / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")
        return root, labels

    return make
