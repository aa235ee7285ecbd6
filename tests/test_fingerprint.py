"""What renames a run, and what does not."""

import shutil
from pathlib import Path

import pytest

import hwlib
from hwlib import fingerprint, thresholds
from hwlib.recipes import PAIRS
from hwlib.training.identity import identify

ROOT = Path(__file__).parents[1]


def clear():
    for cached in ("code_of", "code_of_modules", "pair_code", "_tree"):
        getattr(fingerprint, cached).cache_clear()


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the code, whose fingerprints are asked for until the test ends."""
    python = shutil.ignore_patterns("*.otf", "*.ttf", "*.woff2", "__pycache__")
    shutil.copytree(ROOT / "hwlib", tmp_path / "hwlib", ignore=python)
    shutil.copytree(ROOT / "report" / "text", tmp_path / "report" / "text")
    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path / "hwlib")
    clear()
    yield tmp_path
    clear()


def codes():
    """Return every pair's code as it is now."""
    clear()
    return {pair: fingerprint.pair_code(*pair) for pair in PAIRS}


def edit(copy, file, old, new):
    """Replace a text of a copied file, or write a new file."""
    text = (copy / file).read_text() if old else ""
    assert old in text, file
    (copy / file).write_text(text.replace(old, new) if old else new)


def test_what_decides_no_result_renames_no_run(copy):
    before, nothing = codes(), "import annotations\n"
    edit(copy, "hwlib/recipes/mini.py", "", "x = 1")
    edit(copy, "hwlib/recipes/__init__.py", '"dcgan")', '"dcgan", "mini")')
    edit(copy, "hwlib/losses.py", '"""The losses: ', '"""All losses: ')
    edit(copy, "hwlib/losses.py", "import torch\n", "import torch  # tensors\n")
    edit(copy, "hwlib/plots/curves.py", "MAX_PANELS = 3", "MAX_PANELS = 4")
    edit(copy, "hwlib/data/layouts/mnist.py", nothing, f"{nothing}\nx = 1\n")
    edit(copy, "report/text/en/gan.j2", "the", "this")
    assert codes() == before


def test_a_recipes_file_renames_its_own_runs_alone_and_what_all_stand_on_renames_all(copy):
    before = codes()
    edit(copy, "hwlib/recipes/wide.py", "MEAN_OBJECTIVE", "SUM_OBJECTIVE")
    after = codes()
    assert {p for p in PAIRS if after[p] != before[p]} == {p for p in PAIRS if p[0] == "wide"}
    first = "from __future__ import annotations\n"
    for file in ("losses", "training/steps", "training/loop", "recipes/base"):
        edit(copy, f"hwlib/{file}.py", first, f"{first}\nx = 1\n")
        before, after = after, codes()
        assert not any(after[pair] == before[pair] for pair in PAIRS)


def test_a_threshold_counts_where_it_decides_a_number(monkeypatch):
    clear()
    before = fingerprint.pair_code("dcgan", "vae")
    for name, counts in (("MIN_STEPS", False), ("ACTIVE_VARIANCE", True)):
        monkeypatch.setattr(thresholds, name, 7)
        clear()
        assert (fingerprint.pair_code("dcgan", "vae") != before) is counts
    monkeypatch.undo()
    clear()


def test_the_name_of_a_gpus_run_is_known_without_one():
    data = hwlib.load_data("faces:96")
    config = hwlib.make_config("vae", profile="smoke", device="cuda")
    _, facts, name = identify(config, data, device="cuda", precision="bfloat16")
    assert (facts["device"], facts["precision"]) == ("cuda", "bfloat16")
    assert name == f"vae-dcgan-{config.model_copy(update={'attribute': 'Male'}).hash8(**facts)}"


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
