"""What renames a run, and what does not."""

import shutil
from functools import cache
from pathlib import Path

import pytest

from hwlib import fingerprint, thresholds
from hwlib.recipes import PAIRS

ROOT = Path(__file__).parents[1]


def clear():
    fingerprint.code_of_modules.cache_clear()
    fingerprint.pair_code.cache_clear()


@pytest.fixture(autouse=True)
def _forget():
    """Forget what a test has found."""
    yield
    clear()


def codes():
    """Return every pair's code as it is now."""
    clear()
    return {pair: fingerprint.pair_code(*pair) for pair in PAIRS}


def test_no_run_is_renamed_but_by_its_recipe_and_by_what_all_stand_on(tmp_path, monkeypatch):
    def edit(file, old, new):  # without an `old`, what comes at the end
        path = tmp_path / file
        text = path.read_text() if path.exists() else ""
        assert old in text, file
        path.write_text(text.replace(old, new) if old else text + new)

    def by_text(parse):  # once, as long as the file says the same
        known = cache(lambda file, text: parse(file))
        return lambda file: known(file, file.read_text())

    for name in ("_tree", "code_of"):
        monkeypatch.setattr(fingerprint, name, by_text(getattr(fingerprint, name).__wrapped__))
    python = shutil.ignore_patterns("*.otf", "*.ttf", "*.woff2", "__pycache__")
    shutil.copytree(ROOT / "hwlib", tmp_path / "hwlib", ignore=python)
    shutil.copytree(ROOT / "report" / "text", tmp_path / "report" / "text")
    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path / "hwlib")
    before = codes()
    edit("hwlib/recipes/another.py", "", "x = 1")
    edit("hwlib/recipes/__init__.py", "NAMES = (", 'NAMES = ("another", ')
    edit("hwlib/losses.py", '"""The losses: ', '"""All losses: ')
    edit("hwlib/losses.py", "import torch\n", "import torch  # tensors\n")
    edit("hwlib/plots/curves.py", "MAX_PANELS = 3", "MAX_PANELS = 4")
    edit("hwlib/data/layouts/mnist.py", "", "x = 1")
    edit("report/text/en/gan.j2", "the", "this")
    assert codes() == before
    edit("hwlib/recipes/wide.py", "MEAN_OBJECTIVE", "SUM_OBJECTIVE")
    after = codes()
    assert {p for p in PAIRS if after[p] != before[p]} == {p for p in PAIRS if p[0] == "wide"}
    for file in ("losses", "training/steps", "training/loop", "recipes/base"):
        edit(f"hwlib/{file}.py", "", "x = 1")
        before, after = after, codes()
        assert not any(after[pair] == before[pair] for pair in PAIRS)


def test_a_threshold_counts_where_it_decides_a_number(monkeypatch):
    before = codes()
    for name, counts in (("MIN_STEPS", False), ("ACTIVE_VARIANCE", True)):
        monkeypatch.setattr(thresholds, name, 7)
        pair = ("dcgan", "vae")
        assert (codes()[pair] != before[pair]) is counts


def test_files_count_by_name_and_bytes(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / ".hidden").write_text("y")
    whole = fingerprint.hash_of_files(tmp_path)
    assert whole == fingerprint.hash_of_files(tmp_path, suffixes=(".py",))
    (tmp_path / "a.py").write_text("x = 1  # one\n")
    assert whole != fingerprint.hash_of_files(tmp_path)
    without = fingerprint.hash_of_files(tmp_path, without=[tmp_path / "a.py"])
    (tmp_path / "a.py").unlink()
    assert without == fingerprint.hash_of_files(tmp_path)
