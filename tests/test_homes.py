"""Shared machines, odd homes and locales: a command works, or says in one line what to do."""

import os
import stat
from pathlib import Path

import pytest
from conftest import FEW, command, picture, without_scores

import hwlib
from hwlib import show
from hwlib.run import Run

SPEC = "faces:96"
SMOKE = ["--profile", "smoke", "--data", SPEC, "--device", "cpu"]
SMALL = [word for name, value in FEW.items() for word in ("--set", f"{name}={value}")]
TRAIN = ["train", "vae", *SMOKE, *SMALL, "--set", "num_steps=2"]
VAE = ("vae", None, SPEC, "smoke")
# In a container that runs under any user id, whose home is on a network without locks.
POOR = """
import errno, fcntl, os, pwd
os.umask(0o022)
def refuse(*_):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
def nobody(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")
fcntl.flock, pwd.getpwuid = refuse, nobody
"""
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
HOMELESS = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "USER", "LOGNAME"))


def last_line(text: str) -> str:
    return text.splitlines()[-1]


def test_a_run_is_made_without_home_user_locks_or_utf8_and_others_may_read_it(tmp_path):
    places = {"HWLIB_CACHE": str(tmp_path / "cache"), "HWLIB_RUNS": str(tmp_path / "runs")}
    code, out, err = command(*TRAIN, before=POOR, **ASCII, **HOMELESS, **places)
    assert code == 0, err
    assert err.count("has no locks") == 3  # of the images, of the classifier, of the run
    run = Run(last_line(out))
    assert run.results["num_steps"] == 2
    made = [*run.path.rglob("*"), *(tmp_path / "cache").rglob("*")]
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in made}
    closed = {n: oct(mode) for n, mode in modes.items() if mode not in (0o644, 0o755)}
    assert (len(made) > 10, closed) == (True, {})
    assert [p for p in made if ".tmp" in p.name] == []


@pytest.mark.parametrize("home", [{}, {"HOME": "/dev/null/home"}])
def test_a_home_that_is_missing_or_cannot_be_written_names_the_way_out(home):
    where = HOMELESS | home | {"HWLIB_CACHE": None}
    code, _, err = command("data", "info", SPEC, before=POOR, **where)
    assert code == 2
    assert "HWLIB_CACHE" in last_line(err)


def test_a_report_begins_without_a_home(tmp_path):
    """Jupyter asks for one when it is imported."""
    words = ["report", "vae", *SMOKE[:4], "--lang", "fr", "--out", tmp_path, "--runs", tmp_path]
    code, _, err = command(*words, before=POOR, **HOMELESS)
    assert (code, last_line(err)) == (2, "hwlib: unknown language 'fr'; known: zh, en")


def test_a_name_that_the_locale_cannot_write_is_refused_everywhere_in_one_line(tmp_path):
    folder = tmp_path / "臉"
    folder.mkdir()
    for number in range(3):
        picture(number).save(folder / f"{number}.png")
    for words in (
        ["data", "info", folder],
        ["train", "vae", "--data", folder],
        [*TRAIN, "--runs", folder],
    ):
        code, _, err = command(*words, **ASCII)
        assert code == 2
        assert "PYTHONUTF8=1" in last_line(err)
    code, _, err = command("data", "info", folder, "--image-size", "16")
    assert code == 0, err
    bad = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    Path(bad).mkdir()
    for words in (["data", "info", bad], [*TRAIN, "--runs", bad], ["sample", bad, tmp_path / "a"]):
        code, _, err = command(*words)
        assert code == 2
        assert last_line(err).endswith("is not in the encoding utf-8; rename the folder")


# --------------------------------------------------------------------------- another user's runs


@pytest.fixture
def of_another(tmp_path, monkeypatch):
    """A finished run, and the place where it, one that was stopped and the cache are read-only."""
    place = tmp_path / "another"
    for name in ("CACHE", "RUNS"):
        monkeypatch.setenv(f"HWLIB_{name}", str(place / name.lower()))
    configs = [hwlib.make_config(*VAE, seed, device="cpu", **FEW) for seed in (0, 1)]
    with without_scores():
        made = hwlib.fit(configs[0])

    def stop(_records):
        raise KeyboardInterrupt

    monkeypatch.setattr("hwlib.training.loop.WATCH_SECONDS", -1)
    with pytest.raises(KeyboardInterrupt):
        hwlib.fit(configs[1], watch=stop)
    places = [p for p in (place, *place.rglob("*")) if p.is_dir()]
    for folder in places:
        folder.chmod(0o555)
    for file in place.rglob(".lock"):
        file.chmod(0o444)
    yield made, place
    for folder in places:
        folder.chmod(0o755)


def test_another_users_finished_run_is_found_and_sampled_and_an_unfinished_one_is_one_line(
    of_another, tmp_path
):
    run, place = of_another
    before = {p: p.stat().st_mtime_ns for p in place.rglob("*")}
    train = ["train", "vae", *SMOKE, *SMALL]
    code, out, err = command(*train)
    assert code == 0, err
    assert last_line(out) == str(run.path)
    code, _, err = command("sample", run.path, tmp_path / "images", "--num", "2")
    assert code == 0, err
    assert sorted(p.name for p in (tmp_path / "images").iterdir()) == ["0.png", "1.png"]
    for words in ([*train, "--seed", "1"], [*train, "--seed", "2"]):
        code, _, err = command(*words)
        assert code == 2
        assert last_line(err).startswith(f"hwlib: {place / 'runs'}/vae-dcgan-")
        assert "Permission denied; name a folder that you may write to (--runs" in last_line(err)
    assert before == {p: p.stat().st_mtime_ns for p in place.rglob("*")}


def test_no_figure_file_is_written_into_a_run_that_is_only_read(small_runs, monkeypatch, outputs):
    run = Run(small_runs["vae"].path)
    figure = run.figures / "gan_slider.jpg"

    def draw(_lang):
        return hwlib.plots.image_grid(run.samples["samples"][:4])

    for can_write in (False, True):
        monkeypatch.setattr("hwlib.run.can_write", lambda _, can_write=can_write: can_write)
        show.figure("gan_slider", draw, run=run, words="data", count=4)
        assert figure.exists() is can_write
    figure.unlink()
