"""Real photographs, where `HWLIB_TEST_FACES` names a folder with `celeba/` and `hw4_data/`."""

import numpy as np
import pandas as pd
import pytest

from hwlib.data import load_data
from hwlib.data.hw4 import is_kept
from hwlib.faces import ATTRIBUTES


@pytest.fixture(scope="module")
def celeba(photographs):
    return load_data(photographs / "celeba", progress=False)


@pytest.fixture(scope="module")
def hw4(photographs):
    return load_data(photographs / "hw4_data", progress=False)


def kept(data):
    """Return the rows that the homework keeps."""
    return np.flatnonzero(is_kept(pd.DataFrame(whole(data, "labels"), columns=data.attributes)))


def whole(data, name):
    return np.concatenate([getattr(data.train, name), getattr(data.test, name)])


def test_photographs_are_listed_whole(photographs, celeba, hw4):
    assert (celeba.layout, len(celeba.attributes)) == ("celeba", 40)
    assert (hw4.layout, hw4.attributes) == ("hw4", ATTRIBUTES)
    num_files = len(list((photographs / "celeba").rglob("*.jpg")))
    assert len(celeba.train) + len(celeba.test) == num_files
    assert len(hw4.train) == len(list((photographs / "hw4_data" / "train").glob("*.png")))
    assert len(hw4.test) == len(list((photographs / "hw4_data" / "test").glob("*.png")))


def test_filter_finds_the_homework_s_rows_and_labels(celeba, hw4):
    labels = whole(celeba, "labels")
    rows = kept(celeba)[: len(whole(hw4, "labels"))]
    columns = [celeba.attributes.index(name) for name in ATTRIBUTES]
    np.testing.assert_array_equal(labels[rows][:, columns], whole(hw4, "labels"))


def test_crop_and_filter_give_the_pixels_of_the_hw4_sample(celeba, hw4):
    wanted = whole(hw4, "images")
    ours = whole(celeba, "images")[kept(celeba)[: len(wanted)]]
    error = np.mean((ours.astype(np.float32) - wanted) ** 2) / 255**2
    assert error < 1e-6
