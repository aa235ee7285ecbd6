"""The drawn faces behind `load_data("faces:N")` and `hwlib data draw`."""

import csv

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from hwlib.data import load_data
from hwlib.data.commands import app
from hwlib.data.layouts import find_layout
from hwlib.faces import ATTRIBUTES, attributes_of, draw_faces, sample_factors


@pytest.fixture(scope="module")
def faces():
    return load_data("faces:300", progress=False)


def test_drawn_faces_come_with_labels_names_and_factors(faces):
    assert (faces.layout, faces.attributes) == ("faces", ATTRIBUTES)
    assert faces.train.images.shape == (300, 64, 64, 3)
    assert len(faces.test) == 64
    assert (faces.train.names[0], faces.test.names[0]) == ("00000.png", "00300.png")
    assert len(faces.train.factors) == 300
    np.testing.assert_array_equal(attributes_of(faces.test.factors), faces.test.labels)
    assert faces.attributes == ATTRIBUTES


def test_cached_faces_are_those_that_their_factors_draw(faces):
    rows = faces.train.factors.iloc[60:70].reset_index(drop=True)
    np.testing.assert_array_equal(draw_faces(rows, 64), faces.train.images[60:70])


def test_number_of_faces_decides_the_test_part():
    parts = [find_layout(f"faces{count}") for count in ("", ":300", ":4000")]
    assert [p.num_train for p in parts] == [8000, 300, 4000]
    assert [p.num_test for p in parts] == [1000, 64, 500]


def test_factors_survive_the_way_to_disk_and_back(faces):
    table = sample_factors(364, seed=0)
    pd.testing.assert_frame_equal(faces.train.factors, table.head(300), check_exact=True)


def draw(out, train, test, *options):
    counts = ["--train", str(train), "--test", str(test)]
    return CliRunner().invoke(app, ["draw", str(out), *counts, *options])


def test_drawn_folder_is_an_hw4_folder_with_factors(tmp_path):
    out = tmp_path / "out"
    result = draw(out, 12, 5, "--seed", "3")
    assert result.exit_code == 0, result.output
    assert "12 train and 5 test faces are in" in result.stdout
    assert sorted(path.name for path in out.iterdir()) == [
        *("factors.csv", "test", "test.csv", "train", "train.csv")
    ]
    assert sorted(p.name for p in (out / "test").iterdir())[0] == "00012.png"
    data = load_data(out, progress=False)
    assert (data.layout, data.attributes) == ("hw4", ATTRIBUTES)
    assert (len(data.train), len(data.test)) == (12, 5)
    table = pd.read_csv(out / "factors.csv")
    assert list(table.image_name) == [f"{i:05}.png" for i in range(17)]
    labels = np.concatenate([data.train.labels, data.test.labels])
    np.testing.assert_array_equal(attributes_of(table), labels)
    with open(out / "train.csv", newline="") as file:
        assert {cell for row in list(csv.reader(file))[1:] for cell in row[1:]} == {"0.0", "1.0"}
    assert draw(out, 1, 1).exception.key == "folder_not_empty"


def test_same_seed_draws_the_same_files_and_another_seed_others(tmp_path):
    for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        draw(tmp_path / name, 3, 1, "--seed", seed)
    contents = {
        name: [p.read_bytes() for p in sorted((tmp_path / name).rglob("*.*"))] for name in "abc"
    }
    assert contents["a"] == contents["b"]
    assert contents["a"] != contents["c"]


def test_drawn_folder_may_have_another_size(tmp_path):
    draw(tmp_path / "a", 1, 1, "--image-size", "96")
    with Image.open(tmp_path / "a" / "train" / "00000.png") as image:
        assert image.size == (96, 96)
