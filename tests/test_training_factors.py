"""Codes of images as they are drawn, and their scores on data whose factors are known."""

import dataclasses
import json
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

import hwlib
from hwlib.disentangle import SCORES
from hwlib.faces.factors import FACTORS
from hwlib.models.vae import VAE
from hwlib.training import evaluate_gan
from hwlib.training.batches import evenly_spaced_rows
from hwlib.training.evaluate_gan import draw_read_codes
from hwlib.training.evaluate_vae import posterior_draws, posterior_means
from hwlib.training.factors import FACE_FACTORS, MIN_IMAGES, disentanglement

CONFIG = hwlib.make_config("vae", profile="smoke", data="faces:96", device="cpu")
QUANTITIES = [name for name in FACE_FACTORS if name != "hair_colour"]


@pytest.fixture(scope="module")
def data():
    return hwlib.load_data("faces:96")


def perfect(data, images, part):
    """Read the quantities off the table instead of the images."""
    table = {"train": data.train, "test": data.test}[part].factors
    return table.loc[evenly_spaced_rows(len(table), len(images)), QUANTITIES].to_numpy()


def test_a_perfect_reader_is_told_from_chance(data):
    found = disentanglement(partial(perfect, data), data)["disentanglement"]
    assert found["factors"] == list(FACE_FACTORS)
    assert set(FACE_FACTORS) <= set(FACTORS)
    assert found["num_latents"] == len(QUANTITIES)
    for name in SCORES:
        assert found[name] > found["floor"][name] + 0.1, name
    assert json.loads(json.dumps(found)) == found


def test_there_are_no_scores_without_factors_or_with_too_few_images(data):
    few = data.test.factors.iloc[: MIN_IMAGES - 1]
    for name, factors in (("train", None), ("test", few)):
        part = dataclasses.replace(getattr(data, name), factors=factors)
        changed = dataclasses.replace(data, **{name: part})
        assert disentanglement(partial(perfect, data), changed) == {}


def vae(logvar):
    """A VAE that reads two pixels and is equally sure of every image."""
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, 4))
    made = VAE(encoder, nn.Identity(), num_features=4, z_dim=2, pixel_range=(0, 1)).eval()
    nn.init.zeros_(made.logvar.weight)
    nn.init.constant_(made.logvar.bias, logvar)
    return made


def test_posterior_draws_are_the_means_where_it_is_sure_and_noise_where_it_collapsed(data):
    sure, images = vae(-30.0), data.test.images
    means = posterior_means(sure, images).numpy()
    np.testing.assert_allclose(posterior_draws(sure, CONFIG, images, "test"), means, atol=1e-5)
    made, images = vae(0.0), np.repeat(data.train.images, 6, axis=0)
    nn.init.zeros_(made.mu.weight)
    nn.init.zeros_(made.mu.bias)
    drawn = posterior_draws(made, CONFIG, images, "train")
    assert drawn.shape == (576, 2)
    assert drawn.std() == pytest.approx(1, abs=0.1)
    assert np.array_equal(drawn, posterior_draws(made, CONFIG, images, "train"))
    assert not np.allclose(drawn, posterior_draws(made, CONFIG, images, "test"))


def test_infogans_codes_are_drawn_with_qs_probabilities(monkeypatch):
    likely = torch.zeros(3_000, 2, 10)
    likely[:, 0, 7] = 50.0  # the first code is sure, the second knows nothing
    monkeypatch.setattr(evaluate_gan, "read_codes", lambda models, images: likely)
    codes = draw_read_codes({}, CONFIG, np.zeros((3_000, 1, 1, 3), np.uint8), "test")
    assert codes.shape == (3_000, 2)
    assert (codes[:, 0] == 7).all()
    np.testing.assert_allclose(np.bincount(codes[:, 1]) / 3_000, 0.1, atol=0.03)
