"""The homework's set is rebuilt from CelebA: filter, order, numbers, labels, crop."""

import csv

import numpy as np
import pandas as pd
import pytest
from conftest import CELEBA_ATTRIBUTES, invoke, load, mistake_of, picture
from PIL import Image

import hwlib.data.hw4 as hw4
from hwlib.data.commands import app
from hwlib.data.hw4 import UNWANTED, is_kept, rebuild_hw4
from hwlib.faces import ATTRIBUTES
from hwlib.text import LANGUAGES

# Rows of a made-up list of 12: kept, or dropped for the named reason.
MADE_UP = {
    **{1: (), 2: ("Bald",), 3: (), 4: ("Young",), 5: (), 6: ("Wearing_Hat",), 7: (), 8: ()},
    **{9: ("Blurry", "Chubby"), 10: (), 11: ("5_o_Clock_Shadow",), 12: ()},
}
KEPT = [number for number, reasons in MADE_UP.items() if not reasons]


@pytest.fixture
def made_up(make_celeba):
    """A CelebA folder of 12 full-size images, seven of which the homework keeps."""
    random = np.random.default_rng(7).random((12, len(CELEBA_ATTRIBUTES)))
    labels = pd.DataFrame(random < 0.3, columns=CELEBA_ATTRIBUTES)
    labels[list(UNWANTED)] = False
    labels["Young"] = True
    for number, reasons in MADE_UP.items():
        for name in reasons:
            labels.loc[number - 1, name] ^= True
    return make_celeba(12, labels=labels.to_numpy())


def rows_of(path) -> list[list[str]]:
    with open(path, newline="") as file:
        return list(csv.reader(file))


def test_filter_is_the_homework_s_and_needs_its_columns(tmp_path):
    assert len(UNWANTED) == 16
    labels = pd.DataFrame(0, range(18), CELEBA_ATTRIBUTES)
    labels.loc[:16, "Young"] = 1
    for row, name in enumerate(UNWANTED, 1):
        labels.loc[row, name] = 1
    assert np.flatnonzero(is_kept(labels)).tolist() == [0]
    mistake = mistake_of(is_kept, labels.drop(columns="Pale_Skin"))
    assert (mistake.key, mistake.values["known"]) == ("attribute_columns", ["Pale_Skin"])
    picture(0).save(tmp_path / "a.png")
    assert mistake_of(rebuild_hw4, tmp_path, tmp_path / "out").key == "no_celeba"


def test_rebuilt_set_has_the_homework_s_names_order_and_labels(made_up, tmp_path, monkeypatch):
    monkeypatch.setattr(hw4, "NUM_TRAIN", 5)
    root, labels = made_up
    out = tmp_path / "out"
    rebuilt = rebuild_hw4(root, out)
    wanted = {"rows": 12, "kept": 7, "num_train": 5, "num_test": 2, "has_whole_list": False}
    assert {name: rebuilt.values[name] for name in wanted} == wanted
    assert sorted(p.name for p in (out / "train").iterdir()) == [f"{k:05}.png" for k in range(5)]
    assert sorted(p.name for p in (out / "test").iterdir()) == ["00005.png", "00006.png"]
    table = rows_of(out / "train.csv") + rows_of(out / "test.csv")[1:]
    assert table[0] == ["image_name", *ATTRIBUTES]
    columns = [CELEBA_ATTRIBUTES.index(name) for name in ATTRIBUTES]
    for k, number in enumerate(KEPT):
        wanted = [f"{float(v):.1f}" for v in labels[number - 1, columns]]
        assert table[k + 1] == [f"{k:05}.png", *wanted]
    data = load(out, 64)
    assert (data.layout, data.attributes) == ("hw4", ATTRIBUTES)
    assert (len(data.train), len(data.test)) == (5, 2)
    with Image.open(root / "img_align_celeba" / f"{KEPT[2]:06}.jpg") as image:  # the tight crop
        wanted = image.resize((64, 64), Image.Resampling.BICUBIC, box=(35, 67, 143, 175))
    np.testing.assert_array_equal(data.train.images[2], np.asarray(wanted))


def flags(notes) -> dict[str, bool]:
    return {name: value for name, value in notes.values.items() if isinstance(value, bool)}


def test_partial_list_and_half_size_are_said(made_up, tmp_path):
    rebuilt = rebuild_hw4(made_up[0], tmp_path / "out")
    wanted = {"has_whole_list": False, "has_all_images": True, "is_full_size": True}
    assert flags(rebuilt) == wanted
    assert all(rebuilt.say(language).count("- ") == 2 for language in LANGUAGES)
    assert mistake_of(rebuild_hw4, made_up[0], tmp_path / "out").key == "folder_not_empty"
    for path in (made_up[0] / "img_align_celeba").iterdir():
        with Image.open(path) as image:
            image.resize((89, 109)).save(path)
    (tmp_path / "half").mkdir()  # an empty folder is filled
    found = rebuild_hw4(made_up[0], tmp_path / "half").values
    assert (found["sizes"], found["is_full_size"]) == (["89x109"], False)
    assert (tmp_path / "half" / "train.csv").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_missing_images_keep_their_numbers_free(made_up, tmp_path):
    root, _ = made_up
    for number in (KEPT[0], KEPT[3]):
        (root / "img_align_celeba" / f"{number:06}.jpg").unlink()
    rebuilt = rebuild_hw4(root, tmp_path / "out")
    names = [row[0] for row in rows_of(tmp_path / "out" / "train.csv")[1:]]
    assert names == [f"{k:05}.png" for k in (1, 2, 4, 5, 6)]
    assert sorted(p.name for p in (tmp_path / "out" / "train").iterdir()) == names
    assert (rebuilt.values["num_train"], rebuilt.values["has_all_images"]) == (5, False)
    data = load(tmp_path / "out", 64)
    assert data.train.labels.shape == (3, 13)  # two of five are for testing


def test_bad_image_is_refused_or_left_out_and_told(made_up, tmp_path):
    (made_up[0] / "img_align_celeba" / f"{KEPT[1]:06}.jpg").write_bytes(b"")
    words = ["hw4", str(made_up[0]), str(tmp_path / "out")]
    error = invoke(app, *words).exception
    assert (error.key, error.values["bad"], error.values["total"]) == ("bad_celeba", 1, 7)
    assert not (tmp_path / "out").exists()
    result = invoke(app, *words, "--skip-bad")
    assert result.exit_code == 0
    assert "6 train and 0 test images (64x64) are in" in result.stdout
    assert "- left out: img_align_celeba/000003.jpg" in result.stdout
    assert rows_of(tmp_path / "out" / "train.csv")[2][0] == "00002.png"


def test_whole_set_is_said_to_be_exact(made_up, tmp_path, monkeypatch):
    monkeypatch.setattr(hw4, "NUM_CELEBA", 12)
    monkeypatch.setattr(hw4, "NUM_KEPT", len(KEPT))
    monkeypatch.setattr(hw4, "NUM_TRAIN", 5)
    root, _ = made_up
    rebuilt = rebuild_hw4(root, tmp_path / "out")
    assert all(flags(rebuilt).values())
    assert all(rebuilt.say(language).count("- ") == 1 for language in LANGUAGES)
    (root / "img_align_celeba" / f"{KEPT[0]:06}.jpg").unlink()
    assert not all(flags(rebuild_hw4(root, tmp_path / "other")).values())
