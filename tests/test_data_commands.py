"""`hwlib data ...` as a user meets it."""

import json

from conftest import picture
from typer.testing import CliRunner

from hwlib.data import load_data
from hwlib.data.commands import app
from hwlib.text import finding


def call(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


def test_info_tells_layout_counts_sizes_attributes_and_cache(make_hw4):
    result = call("info", make_hw4(6, 3))
    assert result.exit_code == 0
    for text in ("hw4", "6 images", "3 images", "9 x 64x64 RGB", "Male: 50.0 % of train", "cache"):
        assert text in result.stdout
    assert "bad files    none" in result.stdout


def test_info_names_bad_and_ignored_files_for_readers_and_programs_and_exits_with_2(make_hw4):
    root = make_hw4(6, 3)
    (root / "test" / "00008.png").write_bytes(b"")
    (root / "train" / "00002.png").unlink()
    picture(0).save(root / "train" / "more.png")
    result = call("info", root)
    assert result.exit_code == 2
    for text in ("2 cannot be used", "test/00008.png", "train/00002.png", "train/more.png"):
        assert text in result.stdout
    facts = json.loads(call("info", root, "--json", "--image-size", 32).stdout)
    data = load_data(root, 32, skip_bad=True, progress=False)
    assert (facts["train"], facts["test"]) == (len(data.train), len(data.test)) == (5, 2)
    assert (facts["layout"], facts["fingerprint"]) == ("hw4", data.fingerprint)
    assert facts["bad"] == [{"name": file.name, "reason": file.reason} for file in data.left_out]
    assert (facts["num_unlisted"], facts["unlisted"]) == (1, ["train/more.png"])
    assert facts["seen"] == {"64x64 RGB": 7}
    assert facts["attributes"][0] == {"name": "Male", "train_rate": 0.6, "test_rate": 0.5}
    assert facts["constant"] == []


def test_info_tells_a_constant_attribute(make_hw4):
    facts = json.loads(call("info", make_hw4(1, 1), "--json").stdout)
    assert facts["constant"] == ["Smiling"]


def test_info_says_that_a_copy_is_partial(make_celeba):
    root, _ = make_celeba(missing=(1, 2))
    result = call("info", root, "--crop", "square")
    assert "celeba (crop square)" in result.stdout
    counts = {"here": 18, "listed": 20, "list": "list_attr_celeba.txt"}
    assert finding("notes.partial_copy", **counts).say("en") in result.stdout
