"""Files of ours: whole or not there, with the system's own modes, names and locks."""

import errno
import json
import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import mistake_of
from filelock import FileLock
from safetensors.torch import load_file

from hwlib import io, log
from hwlib.errors import UserError, Worded, explain
from hwlib.models import weights
from hwlib.run import runs_folder
from hwlib.text import LANGUAGES


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def write_folder(path: Path) -> None:
    with io.replacing_folder(path) as folder:
        (folder / "a").write_bytes(b"a")


WRITERS = {
    "bytes": lambda path: io.write_bytes(path, b"a"),
    "json": lambda path: io.write_json(path, {"a": 1}),
    "arrays": lambda path: io.write_arrays(path, {"a": np.zeros(2)}),
    "tensors": lambda path: weights.save_tensors(path, {"a": torch.zeros(2)}),
    "folder": write_folder,
}


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
@pytest.mark.parametrize("kind", WRITERS)
def test_modes_are_the_systems_whoever_writes(kind, umask, tmp_path):
    before = os.umask(umask)
    try:
        WRITERS[kind](tmp_path / "made")
        weights.save_sealed(tmp_path, "sealed", {"a": torch.zeros(2)}, {})
        with io.locked(tmp_path / "lock", "waiting"):
            pass
    finally:
        os.umask(before)
    made = tmp_path / "made"
    assert mode_of(made) == (0o777 if made.is_dir() else 0o666) & ~umask
    (sealed,) = tmp_path.glob("sealed-*")
    assert mode_of(sealed) == mode_of(tmp_path / "lock") == 0o666 & ~umask
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".tmp")] == []


@pytest.mark.parametrize("kind", WRITERS)
def test_a_write_that_fails_names_its_place_and_leaves_what_was_there(kind, tmp_path, monkeypatch):
    made = tmp_path / "made"
    if kind != "folder":
        made.write_bytes(b"before")

    def fill(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    with pytest.raises(OSError, match="No space left") as caught:
        WRITERS[kind](made)
    assert Path(caught.value.filename) == made
    assert [p.name for p in tmp_path.iterdir()] == (["made"] if kind != "folder" else [])
    assert kind == "folder" or made.read_bytes() == b"before"


def test_an_error_that_safetensors_tells_as_text_is_the_systems(tmp_path, monkeypatch):
    def fill(*_):
        text = 'I/O error: No space left on device (os error 28) at path "x"'
        raise weights.SafetensorError(text)

    monkeypatch.setattr(weights, "save_file", fill)
    with pytest.raises(OSError, match="No space left") as caught:
        weights.save_tensors(tmp_path / "w", {"a": torch.zeros(2)})
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(tmp_path / "w"))
    monkeypatch.undo()
    weights.save_tensors(tmp_path / "w", {"a": torch.ones(2)}, {"about": "it"})
    assert load_file(tmp_path / "w")["a"].tolist() == [1, 1]


def test_text_is_utf8_and_a_name_that_is_none_keeps_its_bytes(tmp_path):
    name = os.fsdecode(b"\xe8\x87\x89\xff")
    io.write_json(tmp_path / "a", {"name": name, "臉": 1})
    assert json.loads((tmp_path / "a").read_bytes().replace(b"\xff", b"")) == {
        "name": "臉",
        "臉": 1,
    }
    assert io.read_json(tmp_path / "a")["name"] == name


# ---------------------------------------------------------------------------------------- names


def test_a_home_is_filled_in_at_every_place_that_takes_a_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert io.user_path("~/runs") == runs_folder("~/runs") == tmp_path / "runs"
    monkeypatch.setenv("HWLIB_RUNS", "~/mine")
    monkeypatch.setenv("HWLIB_CACHE", "~/cache")
    assert (runs_folder(), io.cache_root()) == (tmp_path / "mine", tmp_path / "cache")
    assert io.user_path("faces~1") == Path("faces~1")
    for unknown in ("~nobody.of.this.name", "~nobody.of.this.name/runs"):
        assert mistake_of(io.user_path, unknown).key == "no_home"


def test_without_a_home_the_way_out_is_named(monkeypatch):
    def none(_):
        raise RuntimeError

    monkeypatch.delenv("HWLIB_CACHE")
    monkeypatch.setattr(io.platformdirs, "user_cache_path", none)
    assert "HWLIB_CACHE" in str(mistake_of(io.cache_root))


def test_a_name_that_is_not_of_this_encoding_is_refused(monkeypatch):
    bad = os.fsdecode(b"/a/\xff")
    assert mistake_of(io.user_path, bad).values["path"] == "/a/\\udcff"
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    assert "PYTHONUTF8" in str(mistake_of(io.user_path, bad))


# ---------------------------------------------------------------------------------------- locks


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_told_once_and_work_goes_on(number, tmp_path, monkeypatch):
    lines, done = [], []

    def none(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(FileLock, "_acquire", none)
    monkeypatch.setattr(log, "info", lines.append)
    log.info_once.cache_clear()
    for _ in range(2):
        with io.locked(tmp_path / ".lock", "waiting"):
            done.append(1)
    assert len(done) == 2
    assert lines == [log.line("no_locks", folder=tmp_path)]


def test_another_error_of_a_lock_names_it(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(FileLock, "_acquire", fail)
    with pytest.raises(OSError, match="Input") as caught, io.locked(tmp_path / ".lock", "waiting"):
        pass
    assert Path(caught.value.filename) == tmp_path / ".lock"


# ---------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("number", "is_mistake", "said"),
    [
        (errno.ENOSPC, False, "make room there, or name another folder (--runs or HWLIB_RUNS"),
        (errno.EDQUOT, False, "make room"),
        (errno.EROFS, True, "a folder that you may write to"),
        (errno.EACCES, True, "a folder that you may write to"),
        (errno.ENOTDIR, True, "name a folder to write to"),
        (errno.ENAMETOOLONG, True, "name a folder to write to"),
        (errno.ENOENT, False, "moved or removed"),
        (errno.EMFILE, False, "ulimit -n"),
        (errno.EIO, False, "check that disk"),
    ],
)
def test_an_error_of_the_system_is_told_with_its_path_and_the_way_out(number, is_mistake, said):
    told = explain(OSError(number, os.strerror(number), "/a/b"))
    assert isinstance(told, UserError) is is_mistake
    assert str(told).startswith(f"/a/b: {os.strerror(number)}; ")
    assert said in str(told)
    lines = {told.say(language) for language in LANGUAGES}
    assert len(lines) == len(LANGUAGES)
    assert all("\n" not in line for line in lines)


def test_what_has_words_of_its_own_keeps_them_and_no_place_is_made_up(tmp_path, monkeypatch):
    own = Worded("stopped")
    assert explain(own) is own
    assert str(explain(TimeoutError("it took too long"))) == "it took too long"
    assert str(explain(OSError(errno.ENOSPC, "full"))).startswith("full; make room")
    monkeypatch.setenv("HWLIB_CACHE", str(tmp_path / "cache"))
    for path in (tmp_path / "cache" / "data", tmp_path):
        assert "(HWLIB_CACHE)" in str(explain(OSError(errno.ENOSPC, "full", str(path))))
    assert "--runs" in str(explain(OSError(errno.ENOSPC, "full", str(tmp_path / "runs"))))
