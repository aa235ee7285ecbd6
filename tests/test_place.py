"""A report takes the place of another at once: killed, locked, with manifests that lie."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from conftest import mistake_of

from hwlib.report import place
from hwlib.report.place import LOCK, MANIFEST, NEXT, held, publish, read_manifest, write_manifest

BEFORE = {"en/index.html": "old", "en/gone.html": "old", "zh/index.html": "old"}
AFTER = {"en/index.html": "new", "en/vae.html": "new", "en/same.html": "same"}
OWN = {NEXT, LOCK}  # no part of what a reader sees


def about(files: dict[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"key": "k", "sha256": text} for name, text in files.items()}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def shown(out: Path) -> dict[str, str]:
    """Return what a reader finds in the folder."""
    files = (path for path in out.rglob("*") if path.is_file())
    names = {path.relative_to(out).as_posix(): path for path in files}
    return {n: p.read_text() for n, p in names.items() if n.partition("/")[0] not in OWN}


def make(root: Path, own: dict[str, str]) -> Path:
    """Write a report, and a reader's own files in its folder."""
    out = root / "out"
    same = {"en/same.html": "same", "notebooks/vae.ipynb": "old"}
    write(out, BEFORE | same | own)
    write_manifest(out, about(BEFORE | {"en/same.html": "same"}))
    return out


def replace_report(out: Path) -> None:
    """Build the next report, and let it take the place of the present one."""
    with held(out):
        new = {name: text for name, text in AFTER.items() if text == "new"}
        write(out / NEXT, new | {"notebooks/vae.ipynb": "new"})
        publish(out, about(AFTER))


def swap(out: Path, kill_at: int) -> int:
    """Do it in another process, killed at its nth operation on files; return its exit status."""
    child = os.fork()
    if child == 0:
        left = iter(range(kill_at))

        def watch(event: str, _: object) -> None:
            is_file = event.startswith(("os.", "shutil.", "ctypes.")) or event == "open"
            if is_file and event != "os.kill" and next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(watch)
            replace_report(out)
            os._exit(0)
        finally:  # an error, which the test takes for no kill
            os._exit(1)
    return os.waitpid(child, 0)[1]


@pytest.mark.parametrize(
    ("own", "has_call", "stride"),
    [
        ({}, True, 1),
        ({"en/mine.txt": "mine"}, True, 5),
        ({"mine.txt": "mine"}, True, 3),
        ({}, False, 3),
        ({"mine.txt": "mine"}, False, 5),
    ],
)
def test_a_kill_at_any_moment_leaves_the_old_report_or_the_new_one(
    tmp_path, monkeypatch, own, has_call, stride
):
    """Where a reader's own files lie beside the languages, each language is swapped by itself.

    Without the system call for it there is a moment without a folder, which the next report mends.
    """
    if not has_call:
        monkeypatch.setattr(place, "SWAP", 1 << 20)  # a flag that no system knows
    is_whole = has_call and all("/" in name for name in own)
    status, kill_at, seen = 1, 0, []
    while status:
        out = make(tmp_path / str(kill_at), own)
        old = shown(out)
        status = swap(out, kill_at)
        found = shown(out)
        new = AFTER | own | {"notebooks/vae.ipynb": "new", MANIFEST: found.get(MANIFEST)}
        seen.append(found)
        assert found in (old, new) or not is_whole, kill_at
        if status:  # the same command again
            assert os.WIFSIGNALED(status)
            replace_report(out)
        assert own.items() <= shown(out).items()
        assert shown(out).keys() == new.keys()
        assert AFTER.items() <= shown(out).items()
        assert not list(out.parent.glob(".*")), kill_at
        kill_at += stride
    assert old in seen
    assert seen[-1] == new != old
    assert kill_at > 40


def test_a_second_report_into_a_folder_at_the_same_time_gets_one_line(tmp_path):
    with held(tmp_path):
        mistake = mistake_of(held(tmp_path).__enter__)
    assert (mistake.key, mistake.values["out"]) == ("report_busy", tmp_path)
    assert "\n" not in str(mistake)
    with held(tmp_path):
        pass


@pytest.mark.parametrize(
    "name",
    [
        *("../victim.html", "en/../../victim.html", "..", "/etc/victim.html", "en/../victim.html"),
        *("victim.html", "notebooks/victim.ipynb", "en/a/victim.html", "", "en/", "./victim.html"),
        *("en\\..\\victim.html", "en/.html", "en/victim.txt", "link/victim.html", "en/\0.html"),
    ],
)
def test_a_manifest_names_pages_below_its_own_folder_and_nothing_else(tmp_path, name):
    out, elsewhere = tmp_path / "a" / "out", tmp_path / "elsewhere"
    victims = ("../victim.html", "../../victim.html", "victim.html", "notebooks/victim.ipynb")
    victims += ("en/a/victim.html", "en/victim.txt", "en/.html")
    write(out, dict.fromkeys(victims, "mine"))
    write(elsewhere, {"victim.html": "mine"})
    (out / "link").symlink_to(elsewhere)
    known = {name: {"key": "k", "sha256": "s"}, "en/old.html": {"key": "k", "sha256": "s"}}
    write(out, {"en/old.html": "old", MANIFEST: json.dumps(known)})
    assert read_manifest(out).keys() == {"en/old.html"}
    with held(out):
        write(out / NEXT, {"en/index.html": "new"})
        publish(out, about({"en/index.html": "new"}))
    assert all((out / victim).read_text() == "mine" for victim in victims)
    assert (elsewhere / "victim.html").read_text() == "mine"
    assert not (out / "en/old.html").exists()
    assert (out / "en/index.html").read_text() == "new"


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "null", "1", '"text"', "", "{", "[" * 100_000, '{"en/a.html": null}', "\0"),
        *('{"en/a.html": []}', '{"en/a.html": {}}', '{"en/a.html": {"key": 1, "sha256": null}}'),
    ],
)
def test_a_manifest_of_another_kind_is_none(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text)
    assert read_manifest(tmp_path) == {}
    with held(tmp_path):
        write(tmp_path / NEXT, {"en/index.html": "new"})
        publish(tmp_path, about({"en/index.html": "new"}))
    assert read_manifest(tmp_path).keys() == {"en/index.html"}


def test_a_folder_of_another_user_beside_the_report_is_left_alone(tmp_path, monkeypatch):
    out = make(tmp_path, {})
    planted = tmp_path / f".out.0{place.NEW}"
    write(planted, {"notebooks/vae.ipynb": "theirs"})
    monkeypatch.setattr(place.os, "getuid", lambda: -1)
    replace_report(out)
    assert planted.exists()
    assert shown(out)["notebooks/vae.ipynb"] == "new"
