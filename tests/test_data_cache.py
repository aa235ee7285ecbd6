"""The cache: built once, whole or not at all, stale when the source changes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import picture
from filelock import FileLock

import hwlib.data.cache as cache
import hwlib.data.work as work
from hwlib.data import describe, load_data
from hwlib.errors import UserError

LOAD = """
import sys, time
from hwlib.data import load_data
print("ready", flush=True)
data = load_data(sys.argv[1], 64, progress=False)
print(data.fingerprint)
"""


def load(root, **options):
    return load_data(root, 32, progress=False, **options)


def sets(home: Path) -> list[str]:
    """Return the finished sets in a cache folder."""
    return sorted(path.parent.name for path in home.glob("*/manifest.json"))


def hidden(home: Path) -> list[str]:
    return sorted(path.name for path in home.glob(".*.tmp"))


@pytest.fixture
def pictures(tmp_path) -> Path:
    """A folder of 30 pictures."""
    root = tmp_path / "pictures"
    root.mkdir()
    for i in range(30):
        picture(i).save(root / f"{i:02}.png")
    return root


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    """A folder of 1,200 pictures: enough for helper processes and for a kill half-way."""
    root = tmp_path_factory.mktemp("many")
    first = root / "0000.bmp"
    picture(0, (256, 256)).save(first)
    for i in range(1, 1200):
        (root / f"{i:04}.bmp").write_bytes(first.read_bytes()[:-3] + i.to_bytes(3, "big"))
    return root


def test_images_are_a_read_only_memory_map(pictures):
    images = load(pictures).train.images
    assert isinstance(images, np.memmap)
    assert not images.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


def test_second_load_reads_no_picture(pictures, own_cache, monkeypatch):
    first = load(pictures)
    monkeypatch.setattr(cache, "perform_all", None)
    second = load(pictures)
    assert second.fingerprint == first.fingerprint
    np.testing.assert_array_equal(second.train.images, first.train.images)
    assert list(second.test.names) == list(first.test.names)


def test_second_load_needs_no_write_access(pictures, own_cache, monkeypatch):
    load(pictures)
    monkeypatch.setattr(cache, "locked", None)
    load(pictures)


@pytest.mark.parametrize("change", ["content", "more", "fewer", "renamed", "same size and mtime"])
def test_set_is_stale_when_a_picture_changes(pictures, own_cache, change):
    before = load(pictures)
    path = pictures / "05.png"
    if change == "content":
        picture(77).save(path)
    elif change == "more":
        picture(77).save(pictures / "99.png")
    elif change == "fewer":
        path.unlink()
    elif change == "renamed":
        path.rename(pictures / "55.png")
    else:
        stat, content = path.stat(), bytearray(path.read_bytes())
        content[-20] ^= 255
        path.write_bytes(content)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    try:
        after = load(pictures, skip_bad=True)
    finally:
        assert len(sets(own_cache)) == 1  # the stale one is gone
    assert {*after.train.names, *after.test.names} | {f.name for f in after.left_out} == {
        p.name for p in pictures.iterdir()
    }
    assert after.fingerprint != before.fingerprint or change == "renamed"


def test_set_is_stale_when_a_label_changes(make_hw4, own_cache):
    root = make_hw4()
    before = load(root)
    text = (root / "train.csv").read_text()
    (root / "train.csv").write_text(text.replace("00000.png,0.0", "00000.png,1.0"))
    after = load(root)
    assert after.train.labels[0, 0] == 1
    assert after.fingerprint != before.fingerprint


def test_set_is_stale_when_the_decoding_code_changes(pictures, own_cache, monkeypatch):
    load(pictures)
    name = sets(own_cache)
    monkeypatch.setattr(cache, "code_hash", lambda *files: "another")
    load(pictures)
    assert sets(own_cache) != name


def test_fingerprint_follows_content_not_times_or_place(pictures, tmp_path, own_cache):
    before = load(pictures).fingerprint
    os.utime(pictures / "00.png")
    assert load(pictures).fingerprint == before
    pictures.rename(tmp_path / "moved")
    assert load(tmp_path / "moved").fingerprint == before


def test_each_size_has_its_own_set(pictures, own_cache):
    small, large = load(pictures), load_data(pictures, 64, progress=False)
    assert small.fingerprint != large.fingerprint
    assert len(sets(own_cache)) == 2


def test_helpers_and_one_process_give_the_same_bits(many, own_cache, monkeypatch):
    monkeypatch.setattr(work, "_num_cpus", lambda: 2)
    together = load(many).fingerprint
    for name in sets(own_cache):
        (own_cache / name / "manifest.json").unlink()
    monkeypatch.setattr(work, "_num_cpus", lambda: 1)
    assert load(many).fingerprint == together


def test_script_without_a_main_guard_can_load(many, own_cache, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(LOAD)
    done = subprocess.run(
        [sys.executable, script, many], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[0] == "ready"
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ready") == 1


def start(root: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", LOAD, root],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def test_two_processes_at_once_build_one_set(many, own_cache):
    both = [start(many), start(many)]
    answers = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert answers[0][0] == answers[1][0]
    assert len(sets(own_cache)) == 1
    assert hidden(own_cache) == []


def test_killed_build_leaves_no_set_and_the_next_one_cleans_up(many, own_cache):
    process = start(many)
    deadline = time.monotonic() + 60
    while not any(own_cache.glob(".*.tmp/test.npy")):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert sets(own_cache) == []
    assert len(hidden(own_cache)) == 1
    data = load_data(many, 64, progress=False)
    assert len(data.train) + len(data.test) == 1200
    assert all(image.any() for image in data.train.images)
    assert hidden(own_cache) == []


def test_leftovers_of_another_place_go_unless_it_is_being_built(pictures, own_cache):
    own_cache.mkdir(parents=True)
    for name in ("folder-aaaaaaaa", "folder-bbbbbbbb"):
        (own_cache / f".{name}-cccc.x1.tmp").mkdir()
    with FileLock(own_cache / ".folder-bbbbbbbb.lock"):
        load(pictures)
    assert hidden(own_cache) == [".folder-bbbbbbbb-cccc.x1.tmp"]


def test_folder_without_manifest_is_never_taken_for_a_set(pictures, own_cache):
    before = load(pictures)
    folder = own_cache / sets(own_cache)[0]
    (folder / "manifest.json").unlink()
    (folder / "train.npy").write_bytes(b"half")
    assert load(pictures).fingerprint == before.fingerprint


def test_failed_build_leaves_nothing(pictures, own_cache):
    for path in pictures.iterdir():
        path.write_bytes(b"")
    with pytest.raises(UserError, match="no picture can be used"):
        load(pictures)
    assert (sets(own_cache), hidden(own_cache)) == ([], [])


def test_source_that_changes_while_it_is_read_is_refused(pictures, own_cache, monkeypatch):
    def decode_and_disturb(*args, **options):
        picture(88).save(pictures / "00.png")
        return work.perform_all(*args, **options)

    monkeypatch.setattr(cache, "perform_all", decode_and_disturb)
    with pytest.raises(UserError, match="changed while it was read; run again when it is at rest"):
        load(pictures)
    assert sets(own_cache) == []


def test_full_disk_is_told_before_work_begins(pictures, own_cache, monkeypatch):
    usage = cache.shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UserError, match=r"has 0.0 GB free and needs .* set HWLIB_CACHE to another"):
        load(pictures)


def test_cache_that_cannot_be_written_is_told(pictures, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HWLIB_CACHE", str(tmp_path / "file"))
    with pytest.raises(UserError, match=r"cannot be written .*set HWLIB_CACHE to another folder"):
        load(pictures)


def test_label_file_that_cannot_be_read_is_told(make_hw4, monkeypatch):
    root = make_hw4()

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UserError, match=r"train\.csv cannot be read \(Permission denied\)"):
        load(root)


def test_helper_that_dies_stops_the_build(many, own_cache, monkeypatch):
    monkeypatch.setattr(work, "_num_cpus", lambda: 2)
    ask = work._Helper.ask

    def die(self, request):
        if request["start"] >= 256:
            self.process.kill()
        return ask(self, request)

    monkeypatch.setattr(work._Helper, "ask", die)
    with pytest.raises(RuntimeError, match="a helper process ended"):
        load(many)
    assert (sets(own_cache), hidden(own_cache)) == ([], [])


def test_helper_ends_when_its_parent_is_gone(many):
    helper = work._Helper()
    helper.process.stdin.close()
    assert helper.process.wait(timeout=30) == 0
    helper.close()


def test_write_error_in_a_helper_reaches_the_user(many, own_cache, monkeypatch):
    monkeypatch.setattr(work, "_num_cpus", lambda: 2)
    ask = work._Helper.ask
    monkeypatch.setattr(
        work._Helper, "ask", lambda self, request: ask(self, request | {"into": str(own_cache)})
    )
    with pytest.raises(UserError, match="cannot be written"):
        load(many)


def test_describe_is_plain_json_and_tells_what_load_gives(make_hw4, own_cache):
    root = make_hw4(6, 3)
    picture(50).save(root / "train" / "77777.png")
    (root / "test" / "00008.png").write_bytes(b"")
    facts = describe(root, 32, progress=False)
    json.dumps(facts, allow_nan=False)
    data = load(root, skip_bad=True)
    assert (facts["train"], facts["test"]) == (len(data.train), len(data.test)) == (6, 2)
    assert facts["fingerprint"] == data.fingerprint
    assert facts["bad"] == [{"name": "test/00008.png", "reason": "is empty (0 bytes)"}]
    assert (facts["num_unlisted"], facts["unlisted"]) == (1, ["train/77777.png"])
    assert facts["seen"] == {"64x64 RGB": 8}
    assert facts["attributes"][0] == {"name": "Male", "train_rate": 0.5, "test_rate": 0.5}
    assert Path(facts["cache"]).parent == own_cache


def test_constant_attribute_is_told(make_hw4, own_cache):
    root = make_hw4(1, 1)
    assert describe(root, 32, progress=False)["constant"] == ["Smiling"]
