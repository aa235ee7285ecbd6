"""`hwlib data ...` as a user meets it."""

from __future__ import annotations

import json

from conftest import CELEBA_ATTRIBUTES, picture
from typer.testing import CliRunner

from hwlib.data.commands import app
from hwlib.text import finding


def call(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


def test_info_tells_layout_counts_sizes_attributes_and_cache(make_hw4, tmp_path):
    result = call("info", make_hw4(6, 3))
    assert result.exit_code == 0
    for text in ("hw4", "6 images", "3 images", "9 x 64x64 RGB", "Male", "50.0%", "cache"):
        assert text in result.stdout
    assert "bad files    none" in result.stdout
    facts = json.loads(call("info", tmp_path / "hw4", "--json", "--image-size", 32).stdout)
    assert (facts["layout"], facts["train"], facts["image_size"]) == ("hw4", 6, 32)


def test_info_names_bad_and_ignored_files_and_exits_with_2(make_hw4):
    root = make_hw4(6, 3)
    (root / "train" / "00001.png").write_bytes(b"GIF")
    (root / "train" / "00002.png").unlink()
    picture(0).save(root / "test" / "more.png")
    result = call("info", root)
    assert result.exit_code == 2
    for text in ("2 files cannot be used", "train/00001.png", "train/00002.png", "test/more.png"):
        assert text in result.stdout


def test_info_says_that_a_copy_is_partial(make_celeba):
    root, _ = make_celeba(missing=(1, 2))
    result = call("info", root, "--crop", "square")
    assert "celeba (crop square)" in result.stdout
    counts = {"here": 18, "listed": 20, "list": "list_attr_celeba.txt"}
    assert finding("notes.partial_copy", **counts).say("en") in result.stdout


def test_hw4_says_what_it_wrote(make_celeba, tmp_path):
    root, _ = make_celeba(12)
    row = " ".join("1" if name == "Young" else "-1" for name in CELEBA_ATTRIBUTES)
    lines = [f"{i + 1:06}.jpg {row}" for i in range(12)]
    text = "\n".join(["12", " ".join(CELEBA_ATTRIBUTES), *lines])
    (root / "list_attr_celeba.txt").write_text(text)
    (root / "img_align_celeba" / "000002.jpg").write_bytes(b"")
    assert call("hw4", root, tmp_path / "out").exception.key == "bad_celeba"
    result = call("hw4", root, tmp_path / "out", "--skip-bad")
    assert result.exit_code == 0
    assert "11 train and 0 test images (64x64) are in" in result.stdout
    assert "- left out: img_align_celeba/000002.jpg" in result.stdout
