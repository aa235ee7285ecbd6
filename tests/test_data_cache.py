"""The cache: built once, whole or not at all, stale when the source or its code changes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import load, mistake_of, picture

import hwlib.data as cache
import hwlib.data.build as build
import hwlib.data.decode as decode
from hwlib import fingerprint
from hwlib.data import find_source
from hwlib.data.layouts import LAYOUTS
from hwlib.data.layouts.base import Layout, Listing
from hwlib.errors import explain

LOAD = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
from hwlib.data import load_data
print(load_data(sys.argv[1], 64, progress=False).fingerprint)
"""


def sets(home: Path) -> list[str]:
    """Return the finished sets in a cache folder."""
    return sorted(path.parent.name for path in home.glob("*/manifest.json"))


def hidden(home: Path) -> list[Path]:
    return list(home.glob(".*.tmp"))


@pytest.fixture
def images(tmp_path) -> Path:
    """A folder of 30 images."""
    root = tmp_path / "images"
    root.mkdir()
    for i in range(30):
        picture(i).save(root / f"{i:02}.png")
    return root


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    """A folder of 300 images: enough for a kill half-way."""
    root = tmp_path_factory.mktemp("many")
    first = root / "0000.bmp"
    picture(0, (256, 256)).save(first)
    for i in range(1, 300):
        (root / f"{i:04}.bmp").write_bytes(first.read_bytes()[:-3] + i.to_bytes(3, "big"))
    return root


def test_second_load_reads_no_image_writes_nothing_and_needs_a_manifest(
    images, own_cache, monkeypatch
):
    first = load(images)
    assert isinstance(first.train.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        first.train.images[0] = 0
    with monkeypatch.context() as patch:
        patch.setattr(cache, "build_set", None)
        patch.setattr(cache, "locked", None)
        second = load(images)
    assert second.fingerprint == first.fingerprint
    np.testing.assert_array_equal(second.train.images, first.train.images)
    assert second.test.names == first.test.names
    folder = own_cache / sets(own_cache)[0]
    (folder / "manifest.json").unlink()
    (folder / "train.npy").write_bytes(b"half")
    assert load(images).fingerprint == first.fingerprint


@pytest.mark.parametrize("change", ["content", "more", "fewer", "renamed", "same size and mtime"])
def test_set_is_stale_when_an_image_changes(images, own_cache, change):
    before = load(images)
    path = images / "05.png"
    if change == "content":
        picture(77).save(path)
    elif change == "more":
        picture(77).save(images / "99.png")
    elif change == "fewer":
        path.unlink()
    elif change == "renamed":
        path.rename(images / "55.png")
    else:
        stat, content = path.stat(), bytearray(path.read_bytes())
        content[-20] ^= 255
        path.write_bytes(content)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    after = load(images, skip_bad=True)
    assert len(sets(own_cache)) == 1  # the stale one is gone
    assert {*after.train.names, *after.test.names} | {f.name for f in after.left_out} == {
        p.name for p in images.iterdir()
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


@pytest.mark.parametrize(
    ("changed", "is_folder_stale", "are_faces_stale"),
    [
        ("layouts/base.py", True, True),
        ("data/build.py", True, True),
        ("data/copies.py", True, True),
        ("data/decode.py", True, True),
        ("faces/drawing.py", False, True),
        ("layouts/hw4.py", False, False),
        ("data/__init__.py", False, False),
    ],
)
def test_only_the_code_that_reads_a_set_makes_it_stale(
    images, monkeypatch, changed, is_folder_stale, are_faces_stale
):
    before = [cache.find_source(spec, 32, "hw4") for spec in (str(images), "faces:1")]
    of_file = fingerprint.code_of

    def code_of(file):
        return of_file(file) + "x" * file.as_posix().endswith(changed)

    for module in (fingerprint, cache):
        monkeypatch.setattr(module, "code_of", code_of)
    monkeypatch.setattr(cache, "code_of_modules", fingerprint.code_of_modules.__wrapped__)
    after = [cache.find_source(source.spec, 32, "hw4") for source in before]
    assert [source.place for source in after] == [source.place for source in before]
    is_stale = [old.folder != new.folder for old, new in zip(before, after, strict=True)]
    assert is_stale == [is_folder_stale, are_faces_stale]


class Array(Layout):
    """A layout of these tests: one array of images, whose mean is their label."""

    name = "array"
    can_flip = False

    @classmethod
    def detect(cls, root):
        path = root / "images.npy"
        return cls(root, (root,), (path,)) if path.exists() else None

    def list_images(self, files):
        images = np.load(self.label_files[0])
        labels = pd.DataFrame({"Bright": images.mean((1, 2, 3)) > 127}).astype(np.uint8)
        return Listing(labels, images, np.arange(len(images)) < 2)

    def read(self, items, image_size, crop):
        for pixels in items:
            yield decode.Decoded(pixels, pixels.shape[1::-1], "RGB")


def test_a_layout_is_one_class_and_one_line_and_redecodes_no_other(
    images, tmp_path, own_cache, monkeypatch
):
    load(images)
    monkeypatch.setattr("hwlib.data.layouts.LAYOUTS", {"array": Array, **LAYOUTS})
    arrays = np.random.default_rng(0).integers(0, 256, (9, 32, 32, 3), dtype=np.uint8)
    (tmp_path / "array").mkdir()
    np.save(tmp_path / "array" / "images.npy", arrays)
    assert find_source(tmp_path / "array", 32, "hw4").attributes() == ("Bright",)
    data = load(tmp_path / "array")
    assert (data.layout, data.attributes, len(data.test)) == ("array", ("Bright",), 2)
    np.testing.assert_array_equal(data.train.images, arrays[2:])
    monkeypatch.setattr(cache, "build_set", None)
    load(images)


def test_fingerprint_follows_content_and_size_not_times_or_place(images, tmp_path, own_cache):
    before = load(images).fingerprint
    os.utime(images / "00.png")
    assert load(images).fingerprint == before
    assert load(images, 64).fingerprint != before
    assert len(sets(own_cache)) == 2  # each size has its own
    images.rename(tmp_path / "moved")
    assert load(tmp_path / "moved").fingerprint == before


def start(root: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", LOAD, root],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True},
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def test_two_processes_at_once_build_one_set(many, own_cache):
    both = [start(many), start(many)]
    answers = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert answers[0][0] == answers[1][0]
    assert (len(sets(own_cache)), hidden(own_cache)) == (1, [])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_build_leaves_no_set_and_the_next_one_cleans_up(many, own_cache, how):
    process = start(many)
    deadline = time.monotonic() + 60
    while not any(own_cache.glob(".*.tmp/train.npy")):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)
    process.send_signal(how)
    process.communicate(timeout=60)
    assert sets(own_cache) == []
    assert len(hidden(own_cache)) == (how == signal.SIGKILL)
    data = load(many, 64)
    assert len(data.train) + len(data.test) == 300
    assert all(image.any() for image in data.train.images)
    assert hidden(own_cache) == []


def no_image(images, patch):
    for path in images.iterdir():
        path.write_bytes(b"")


def change_meanwhile(images, patch):
    def decode_and_disturb(*args):
        picture(88).save(images / "00.png")
        return build.build_set(*args)

    patch.setattr(cache, "build_set", decode_and_disturb)


def full_disk(images, patch):
    usage = build.shutil.disk_usage("/")._replace(free=1000)
    patch.setattr(build.shutil, "disk_usage", lambda _: usage)
    patch.setattr(Layout, "read", None)  # told before work begins


@pytest.mark.parametrize(
    ("spoil", "key"),
    [(no_image, "no_usable_image"), (change_meanwhile, "data_changed"), (full_disk, "cache_full")],
)
def test_failed_build_is_told_and_leaves_nothing(images, own_cache, monkeypatch, spoil, key):
    spoil(images, monkeypatch)
    assert mistake_of(load, images).key == key
    assert (sets(own_cache), hidden(own_cache)) == ([], [])


def test_files_that_cannot_be_written_or_read_are_told(images, make_hw4, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HWLIB_CACHE", str(tmp_path / "file"))
    with pytest.raises(NotADirectoryError) as caught:
        load(images)
    assert explain(caught.value).values | {"why": ""} == {
        **{"path": str(tmp_path / "file" / "data"), "why": "", "way": "place", "is_cache": True}
    }
    assert "HWLIB_CACHE" in str(explain(caught.value))
    monkeypatch.undo()
    root = make_hw4()

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(cache, "sha256_of", refuse)
    error = mistake_of(load, root)
    assert (error.key, error.values["file"]) == ("unreadable", str(root / "train.csv"))
