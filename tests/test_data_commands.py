"""`hwlib data ...` as a user meets it, and the faces that it draws."""

import csv
import json

import numpy as np
import pandas as pd
from conftest import invoke, load, picture
from PIL import Image

from hwlib.data.commands import app
from hwlib.data.layouts import find_layout
from hwlib.faces import ATTRIBUTES, attributes_of, draw_faces, sample_factors
from hwlib.text import finding


def call(*arguments):
    return invoke(app, *arguments)


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
    data = load(root, skip_bad=True)
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


# ---- drawn faces


def test_faces_come_with_labels_names_and_the_factors_that_draw_them():
    faces = load("faces:300", 64)
    assert (faces.layout, faces.attributes) == ("faces", ATTRIBUTES)
    assert faces.train.images.shape == (300, 64, 64, 3)
    assert len(faces.test) == 64
    assert (faces.train.names[0], faces.test.names[0]) == ("00000.png", "00300.png")
    np.testing.assert_array_equal(attributes_of(faces.test.factors), faces.test.labels)
    rows = faces.train.factors.iloc[60:70].reset_index(drop=True)
    np.testing.assert_array_equal(draw_faces(rows, 64), faces.train.images[60:70])
    table = sample_factors(364, seed=0)  # they survive the way to disk and back
    pd.testing.assert_frame_equal(faces.train.factors, table.head(300), check_exact=True)


def test_number_of_faces_decides_the_test_part():
    parts = [find_layout(f"faces{count}") for count in ("", ":300", ":4000")]
    assert [p.num_train for p in parts] == [8000, 300, 4000]
    assert [p.num_test for p in parts] == [1000, 64, 500]


def draw(out, train, test, *options):
    return call("draw", out, "--train", train, "--test", test, *options)


def test_drawn_folder_is_an_hw4_folder_with_factors(tmp_path):
    out = tmp_path / "out"
    result = draw(out, 12, 5, "--seed", "3")
    assert result.exit_code == 0, result.output
    assert "12 train and 5 test faces are in" in result.stdout
    assert sorted(path.name for path in out.iterdir()) == [
        *("factors.csv", "test", "test.csv", "train", "train.csv")
    ]
    assert sorted(p.name for p in (out / "test").iterdir())[0] == "00012.png"
    data = load(out, 64)
    assert (data.layout, data.attributes) == ("hw4", ATTRIBUTES)
    assert (len(data.train), len(data.test)) == (12, 5)
    table = pd.read_csv(out / "factors.csv")
    assert list(table.image_name) == [f"{i:05}.png" for i in range(17)]
    labels = np.concatenate([data.train.labels, data.test.labels])
    np.testing.assert_array_equal(attributes_of(table), labels)
    with open(out / "train.csv", newline="") as file:
        assert {cell for row in list(csv.reader(file))[1:] for cell in row[1:]} == {"0.0", "1.0"}
    assert draw(out, 1, 1).exception.key == "folder_not_empty"


def test_same_seed_and_size_draw_the_same_files_and_others_others(tmp_path):
    contents = []
    for name, seed, size in (("a", 5, 64), ("b", 5, 64), ("c", 6, 64), ("d", 5, 96)):
        draw(tmp_path / name, 3, 1, "--seed", seed, "--image-size", size)
        files = sorted((tmp_path / name).rglob("*.*"))
        contents.append([path.read_bytes() for path in files])
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]
    with Image.open(tmp_path / "d" / "train" / "00000.png") as image:
        assert image.size == (96, 96)
