"""Metrics of samples: known answers, protocols, near copies, and Inception where it is."""

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
from hwlib.metrics import diversity
from hwlib.training import quality as room
from hwlib.training.attribute_classifier import image_features
from hwlib.training.evaluate_gan import AcganMonitor
from hwlib.training.quality import (
    ESTIMATORS,
    Inception,
    copy_results,
    make_feature_networks,
    nearest,
    num_quality_images,
    sample_quality,
    thumbnails,
)

CPU = torch.device("cpu")


def settings(problem="vae", **overrides):
    return hwlib.make_config(problem, profile="smoke", data="faces:96", oracle_steps=3, **overrides)


@pytest.fixture(scope="module")
def data():
    return load_data("faces:96", 32, progress=False)


@pytest.fixture(scope="module")
def networks(data):
    return make_feature_networks(settings(), data, CPU)


@pytest.fixture(scope="module")
def of_test(data, networks):
    """The numbers of samples that are the test images themselves."""
    return sample_quality(np.array(data.test.images), data, networks)[0]


@pytest.fixture(scope="module")
def of_train(data, networks):
    """The numbers and images of samples that are copies of training images."""
    return sample_quality(data.train.images[:64], data, networks)


def test_every_number_of_the_contract_is_there_and_finite(of_test, data, networks):
    both = ["frechet", "kid", "precision", "recall", "density", "coverage"]
    names = {*both, *(f"{name}_real" for name in both), *(f"{name}_protocol" for name in both)}
    pairs = ("sharpness", "colourfulness", "diversity")
    names |= {f"{name}_{of}" for name in pairs for of in ("samples", "real")}
    names |= {"protocol", "oracle", "near_copies", "nearest_ratio", "closest_pair_ratio"}
    assert set(of_test) == names
    numbers = [value for value in of_test.values() if not isinstance(value, dict)]
    assert all(type(value) is float and math.isfinite(value) for value in numbers)
    assert of_test["oracle"] == networks.classifier.about
    assert networks.extractor is networks.classifier  # unless another one is asked for
    assert of_test["protocol"] == {
        **{"data": data.fingerprint, "crop": data.crop, "image_size": 32, "channels": 3},
        **{"num_samples": 64, "num_real": 64, "features": networks.classifier.name},
    }
    for name, estimator in ESTIMATORS.items():
        assert of_test[f"{name}_protocol"] == of_test["protocol"] | {"estimator": estimator}


def test_test_images_as_samples_are_like_the_test_images_and_no_copies(of_test):
    assert of_test["frechet"] == pytest.approx(0, abs=1e-3)
    for name in ("precision", "recall", "coverage", "density"):
        assert of_test[name] == 1
    assert of_test["frechet_real"] > 0
    for name in ("sharpness", "colourfulness", "diversity"):
        assert of_test[f"{name}_samples"] == pytest.approx(of_test[f"{name}_real"])
    assert of_test["near_copies"] <= 1 / 64  # a hundredth of the test images, by definition
    assert of_test["nearest_ratio"] == pytest.approx(1)
    assert of_test["closest_pair_ratio"] > 0.5


def test_copies_of_training_images_are_found_and_shown_beside_them(of_train):
    results, images = of_train
    assert results["near_copies"] == 1
    assert results["nearest_ratio"] < 0.01
    assert images["nearest"].shape == (8, 2, 32, 32, 3)
    assert images["nearest"].dtype == np.uint8
    np.testing.assert_array_equal(images["nearest"][:, 0], images["nearest"][:, 1])


def test_one_image_for_all_and_noise_are_known_for_what_they_are(data, networks):
    same = np.repeat(data.test.images[:1], 64, axis=0)
    results, _ = sample_quality(same, data, networks)
    assert results["diversity_samples"] < 1e-3 * results["diversity_real"]
    assert results["closest_pair_ratio"] < 0.01
    assert results["recall"] < 0.05
    noise = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3), dtype=np.uint8)
    results, _ = sample_quality(noise, data, networks)
    for name in ("frechet", "kid"):
        assert results[name] > 2 * abs(results[f"{name}_real"])
    assert results["coverage"] < 0.2 < results["coverage_real"]


def test_only_as_many_samples_as_test_images_are_measured(data, networks, of_train):
    assert num_quality_images(data) == 64
    assert sample_quality(data.train.images[:80], data, networks)[0] == of_train[0]


# ---- near copies --------------------------------------------------------------------------------


def test_the_nearest_training_image_is_found_part_by_part(data, monkeypatch):
    queries, base = thumbnails(data.test.images), thumbnails(data.train.images)
    found = torch.cdist(queries.double(), base.double()).min(1)
    monkeypatch.setattr(room, "TRAIN_AT_ONCE", 7)
    distance, index = nearest(queries, data.train.images)
    assert torch.equal(index, found.indices)
    torch.testing.assert_close(distance.double(), found.values, atol=1e-3, rtol=1e-4)


def test_ratios_to_real_images_that_are_copies_themselves_are_left_out(data):
    same = np.repeat(data.train.images[:1], 40, axis=0)
    results, _ = copy_results(data.test.images, same, same)
    assert set(results) == {"near_copies"}


# ---- snapshots ----------------------------------------------------------------------------------


def test_snapshots_are_scored_against_training_images_with_a_floor_of_two_in_each_half(data):
    config = settings("acgan", attribute="Male")
    monitor = AcganMonitor(data, config, CPU)
    features = image_features(monitor.networks.extractor, data.train.images)
    assert torch.equal(monitor.real, features)
    assert monitor.real_diversity == diversity(features)
    assert 0 < monitor.kid_floor < 1
    part = data.train
    few = dataclasses.replace(part, images=part.images[:3], labels=part.labels[:3])
    assert AcganMonitor(dataclasses.replace(data, train=few), config, CPU).kid_floor == 0


# ---- networks and finished runs ---------------------------------------------------------------


def test_too_few_images_for_a_distance_are_an_error_at_once(tmp_path):
    for number in range(5):
        picture(number, (16, 16)).save(tmp_path / f"{number}.png")
    few = load_data(tmp_path, 16, progress=False)
    one = dataclasses.replace(few, test=dataclasses.replace(few.test, images=few.test.images[:1]))
    with pytest.raises(UserError) as too_few:
        make_feature_networks(settings(), one, CPU)
    assert (too_few.value.key, too_few.value.values["test"]) == ("too_few_for_distances", 1)


def test_inceptions_weights_are_asked_for_by_place_and_digest(data, tmp_path, monkeypatch):
    from torchvision.models import inception_v3

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = tmp_path / "weights.pth"
    path.write_bytes(b"something else")
    for given, key in (("", "inception_missing"), (str(path), "inception_other")):
        monkeypatch.setenv("HWLIB_INCEPTION", given)
        with pytest.raises(UserError) as refused:
            make_feature_networks(settings(features="inception"), data, CPU)
        assert refused.value.key == key
    torch.save(inception_v3(init_weights=False).state_dict(), path)
    monkeypatch.setattr(room, "INCEPTION_SHA256", "")  # these are other weights
    found = Inception(path)
    assert found.name.startswith("inception:")
    assert len(found.name) == len("inception:") + 16
    grey = torch.randint(0, 256, (2, 1, 16, 16), dtype=torch.uint8)
    features = found.features(grey)
    assert features.shape == (2, 2048)
    torch.testing.assert_close(features, found.features(grey.expand(-1, 3, -1, -1)))
