"""The numbers on samples: known answers, protocols, near copies, and Inception where it is."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from conftest import picture

import hwlib
from hwlib.data import load_data
from hwlib.errors import UserError
from hwlib.recipes import build_models
from hwlib.training import quality as room
from hwlib.training.evaluate import finish_vae
from hwlib.training.oracle import oracle_features
from hwlib.training.quality import (
    ESTIMATORS,
    Inception,
    copy_numbers,
    make_tools,
    nearest,
    num_quality_images,
    sample_quality,
    snapshot_scorer,
    thumbnails,
)

CPU = torch.device("cpu")


def settings(**overrides):
    return hwlib.make_config("vae", profile="smoke", data="faces:96", oracle_steps=3, **overrides)


@pytest.fixture(scope="module")
def data():
    return load_data("faces:96", 32, progress=False)


@pytest.fixture(scope="module")
def tools(data):
    return make_tools(settings(), data, CPU)


@pytest.fixture(scope="module")
def of_test(data, tools):
    """The numbers of samples that are the test pictures themselves."""
    return sample_quality(np.array(data.test.images), data, tools)[0]


@pytest.fixture(scope="module")
def of_train(data, tools):
    """The numbers and pictures of samples that are copies of training pictures."""
    return sample_quality(data.train.images[:64], data, tools)


def test_every_number_of_the_contract_is_there_and_finite(of_test, data, tools):
    both = ["frechet", "kid", "precision", "recall", "density", "coverage"]
    names = {*both, *(f"{name}_real" for name in both), *(f"{name}_protocol" for name in both)}
    pairs = ("sharpness", "colourfulness", "diversity")
    names |= {f"{name}_{of}" for name in pairs for of in ("samples", "real")}
    names |= {"protocol", "oracle", "near_copies", "nearest_ratio", "closest_pair_ratio"}
    assert set(of_test) == names
    numbers = [value for value in of_test.values() if not isinstance(value, dict)]
    assert all(type(value) is float and math.isfinite(value) for value in numbers)
    assert of_test["oracle"] == tools.oracle.about


def test_test_pictures_as_samples_are_like_the_test_pictures(of_test):
    assert of_test["frechet"] == pytest.approx(0, abs=1e-3)
    for name in ("precision", "recall", "coverage", "density"):
        assert of_test[name] == 1
    assert of_test["frechet_real"] > 0
    for name in ("sharpness", "colourfulness", "diversity"):
        assert of_test[f"{name}_samples"] == pytest.approx(of_test[f"{name}_real"])


def test_test_pictures_as_samples_are_no_copies(of_test):
    assert of_test["near_copies"] <= 1 / 64  # a hundredth of the test pictures, by definition
    assert of_test["nearest_ratio"] == pytest.approx(1)
    assert of_test["closest_pair_ratio"] > 0.5


def test_copies_of_training_pictures_are_found_and_shown_beside_them(of_train):
    results, pictures = of_train
    assert results["near_copies"] == 1
    assert results["nearest_ratio"] < 0.01
    assert pictures["nearest"].shape == (8, 2, 32, 32, 3)
    assert pictures["nearest"].dtype == np.uint8
    np.testing.assert_array_equal(pictures["nearest"][:, 0], pictures["nearest"][:, 1])


def test_one_picture_for_all_samples_has_no_diversity_and_covers_nothing(data, tools):
    same = np.repeat(data.test.images[:1], 64, axis=0)
    results, _ = sample_quality(same, data, tools)
    assert results["diversity_samples"] < 1e-3 * results["diversity_real"]
    assert results["closest_pair_ratio"] < 0.01
    assert results["recall"] < 0.05
    assert results["coverage"] < 0.2


def test_noise_is_farther_from_the_test_pictures_than_training_pictures_are(data, tools):
    noise = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3), dtype=np.uint8)
    results, _ = sample_quality(noise, data, tools)
    for name in ("frechet", "kid"):
        assert results[name] > 2 * abs(results[f"{name}_real"])
    assert results["coverage"] < 0.2 < results["coverage_real"]


def test_the_same_samples_give_the_same_numbers(data, tools, of_train):
    torch.rand(3)
    assert sample_quality(data.train.images[:64], data, tools)[0] == of_train[0]


def test_only_as_many_samples_as_test_pictures_are_measured(data, tools, of_train):
    assert num_quality_images(data) == 64
    assert sample_quality(data.train.images[:80], data, tools)[0] == of_train[0]
    with pytest.raises(ValueError, match="64 samples are needed, not 63"):
        sample_quality(data.train.images[:63], data, tools)


def test_grey_pictures_have_no_colourfulness_in_the_results(data, tools):
    grey = np.array(data.test.images[..., :1])
    results = room.look(grey, grey)
    assert set(results) == {"sharpness_samples", "sharpness_real"}


# ---- protocols ----------------------------------------------------------------------------------


def test_every_distance_carries_its_protocol(of_test, data, tools):
    shared = of_test["protocol"]
    assert shared == {
        "data": data.fingerprint,
        "crop": data.crop,
        "image_size": 32,
        "channels": 3,
        "num_samples": 64,
        "num_real": 64,
        "features": f"oracle:{tools.oracle.about['fingerprint']}",
    }
    for name, estimator in ESTIMATORS.items():
        assert of_test[f"{name}_protocol"] == shared | {"estimator": estimator}


# ---- near copies --------------------------------------------------------------------------------


def test_the_nearest_training_picture_is_found_part_by_part(data, monkeypatch):
    queries = thumbnails(data.test.images)
    base = thumbnails(data.train.images)
    found = torch.cdist(queries.double(), base.double()).min(1)
    monkeypatch.setattr(room, "TRAIN_AT_ONCE", 7)
    distance, index = nearest(queries, data.train.images)
    assert torch.equal(index, found.indices)
    torch.testing.assert_close(distance.double(), found.values, atol=1e-3, rtol=1e-4)


def test_training_pictures_pass_in_parts():
    class Counted:
        """Two hundred thousand pictures that exist only in the part that is asked for."""

        shape, asked = (200_000, 16, 16, 1), 0

        def __len__(self):
            return self.shape[0]

        def __getitem__(self, rows):
            type(self).asked = max(self.asked, rows.stop - rows.start)
            return np.full((len(range(*rows.indices(len(self)))), *self.shape[1:]), 9, np.uint8)

    distance, index = nearest(torch.zeros(3, 256), Counted())
    assert Counted.asked == room.TRAIN_AT_ONCE
    assert index.tolist() == [0, 0, 0]  # the first of equals
    assert distance.tolist() == pytest.approx([16 * (0.5 - 9 / 255)] * 3, rel=1e-4)


def test_thumbnails_are_means_of_squares():
    image = np.zeros((1, 32, 32, 1), np.uint8)
    image[0, :2, :2] = [[[0], [51]], [[102], [51]]]
    small = thumbnails(image)
    assert small.shape == (1, 256)
    assert small[0, 0].item() == pytest.approx(51 / 255 - 0.5)
    assert small[0, 1].item() == -0.5


def test_ratios_to_real_pictures_that_are_copies_themselves_are_left_out(data):
    same = np.repeat(data.train.images[:1], 40, axis=0)
    results, _ = copy_numbers(data.test.images, same, same)
    assert set(results) == {"near_copies"}


# ---- snapshots ----------------------------------------------------------------------------------


def test_snapshots_are_scored_against_training_pictures_alone(data, tools):
    blind = dataclasses.replace(
        data, test=dataclasses.replace(data.test, images=np.zeros_like(data.test.images))
    )
    scores = [
        snapshot_scorer(of, tools.oracle, num=48).score(oracle_features(tools.oracle, images))
        for of, images in ((data, data.test.images), (blind, data.test.images))
    ]
    assert scores[0] == scores[1]


def test_a_snapshot_like_the_training_pictures_scores_better_than_noise(data, tools):
    scorer = snapshot_scorer(data, tools.oracle, num=96)

    def score(images):
        return scorer.score(oracle_features(tools.oracle, images))

    kid, diversity_ratio = score(data.train.images)
    assert diversity_ratio == pytest.approx(1)
    noise = np.random.default_rng(0).integers(0, 256, (96, 32, 32, 3), dtype=np.uint8)
    assert score(noise)[0] > kid + 0.1
    collapsed = np.repeat(data.train.images[:1], 96, axis=0)
    assert score(collapsed)[1] < 1e-3


# ---- tools and finished runs --------------------------------------------------------------------


def test_the_oracle_is_the_extractor_unless_another_is_asked_for(tools):
    assert tools.extractor is tools.oracle


def test_too_few_pictures_for_a_distance_are_told_at_once(tmp_path):
    for number in range(5):
        picture(number, (16, 16)).save(tmp_path / f"{number}.png")
    few = load_data(tmp_path, 16, progress=False)
    one = dataclasses.replace(few, test=dataclasses.replace(few.test, images=few.test.images[:1]))
    with pytest.raises(UserError, match="1 test pictures; distances between sets need two"):
        make_tools(settings(), one, CPU)


def test_missing_inception_weights_are_told_with_the_place_to_put_them(data, tmp_path, monkeypatch):
    monkeypatch.delenv("HWLIB_INCEPTION", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError) as missing:
        make_tools(settings(features="inception"), data, CPU)
    line = str(missing.value)
    assert str(tmp_path / "hub" / "checkpoints" / room.INCEPTION_FILE) in line
    assert "features=oracle needs nothing" in line
    assert "\n" not in line


def test_another_file_is_not_taken_for_inception(data, tmp_path, monkeypatch):
    (tmp_path / "weights.pth").write_bytes(b"something else")
    monkeypatch.setenv("HWLIB_INCEPTION", str(tmp_path / "weights.pth"))
    with pytest.raises(UserError, match=f"is not torchvision's {room.INCEPTION_FILE}"):
        make_tools(settings(features="inception"), data, CPU)


def test_inception_features_are_named_by_their_file(data, tmp_path, monkeypatch):
    from torchvision.models import inception_v3

    net = inception_v3(init_weights=False)
    path = tmp_path / "weights.pth"
    torch.save(net.state_dict(), path)
    monkeypatch.setattr(room, "INCEPTION_SHA256", "")  # these are other weights
    found = Inception(path)
    assert found.name.startswith("inception:")
    assert len(found.name) == len("inception:") + 16
    grey = torch.randint(0, 256, (2, 1, 16, 16), dtype=torch.uint8)
    features = found.features(grey)
    assert features.shape == (2, 2048)
    torch.testing.assert_close(features, found.features(grey.expand(-1, 3, -1, -1)))


def test_a_finished_vae_has_the_quality_of_its_samples(data, tools):
    config = settings(image_size=32, attribute="Smiling")
    models = build_models("dcgan", "vae", 0.125, z_dim=config.z_dim, image_size=32, channels=3)
    results, pictures, _ = finish_vae(models, data, config, tools)
    assert {"test_mse_11", "frechet", "kid_protocol", "sharpness_samples"} <= set(results)
    assert pictures["nearest"].shape == (8, 2, 32, 32, 3)
    assert pictures["samples"].shape == (64, 32, 32, 3)


def test_the_floor_of_a_snapshots_kid_needs_two_pictures_in_each_half(data, tools):
    assert 0 < snapshot_scorer(data, tools.oracle, num=96).floor() < 1
    assert snapshot_scorer(data, tools.oracle, num=3).floor() == 0
