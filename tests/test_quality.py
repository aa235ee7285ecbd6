"""Metrics of samples: known answers, protocols, near copies, and Inception where it is."""

import dataclasses
import math

import numpy as np
import pytest
import torch

import hwlib
from hwlib.data import load_data
from hwlib.errors import UserError
from hwlib.metrics import diversity
from hwlib.training import quality
from hwlib.training.attribute_classifier import image_features
from hwlib.training.evaluate_gan import AcganMonitor

CPU = torch.device("cpu")


def settings(problem="vae", **overrides):
    return hwlib.make_config(problem, profile="smoke", data="faces:96", oracle_steps=3, **overrides)


@pytest.fixture(scope="module")
def data():
    return load_data("faces:96", 32, progress=False)


@pytest.fixture(scope="module")
def networks(data):
    return quality.make_feature_networks(settings(), data, CPU)


def test_test_images_as_samples_have_every_number_of_the_contract_and_are_no_copies(data, networks):
    results, _ = quality.sample_quality(np.array(data.test.images), data, networks)
    both = ["frechet", "kid", "precision", "recall", "density", "coverage"]
    names = {*both, *(f"{name}_real" for name in both), *(f"{name}_protocol" for name in both)}
    pairs = ("sharpness", "colourfulness", "diversity")
    names |= {f"{name}_{of}" for name in pairs for of in ("samples", "real")}
    names |= {"protocol", "oracle", "near_copies", "nearest_ratio", "closest_pair_ratio"}
    assert set(results) == names
    numbers = [value for value in results.values() if not isinstance(value, dict)]
    assert all(type(value) is float and math.isfinite(value) for value in numbers)
    assert results["oracle"] == networks.classifier.about
    assert networks.extractor is networks.classifier  # unless another one is asked for
    assert results["protocol"] == {
        **{"data": data.fingerprint, "crop": data.crop, "image_size": 32, "channels": 3},
        **{"num_samples": 64, "num_real": 64, "features": networks.classifier.name},
    }
    for name, estimator in quality.ESTIMATORS.items():
        assert results[f"{name}_protocol"] == results["protocol"] | {"estimator": estimator}
    assert results["frechet"] == pytest.approx(0, abs=1e-3)
    assert [results[name] for name in both[2:]] == [1, 1, 1, 1]
    assert results["frechet_real"] > 0
    for name in pairs:
        assert results[f"{name}_samples"] == pytest.approx(results[f"{name}_real"])
    assert results["near_copies"] <= 1 / 64  # a hundredth of the test images, by definition
    assert results["nearest_ratio"] == pytest.approx(1)
    assert results["closest_pair_ratio"] > 0.5


def test_copies_of_training_images_are_found_and_shown_and_no_more_than_test_images_measured(
    data, networks
):
    results, images = quality.sample_quality(data.train.images[:64], data, networks)
    assert results["near_copies"] == 1
    assert results["nearest_ratio"] < 0.01
    assert images["nearest"].shape == (8, 2, 32, 32, 3)
    assert images["nearest"].dtype == np.uint8
    np.testing.assert_array_equal(images["nearest"][:, 0], images["nearest"][:, 1])
    assert quality.num_quality_images(data) == 64
    assert quality.sample_quality(data.train.images[:80], data, networks)[0] == results


def test_one_image_for_all_and_noise_are_known_for_what_they_are(data, networks):
    same = np.repeat(data.test.images[:1], 64, axis=0)
    results, _ = quality.sample_quality(same, data, networks)
    assert results["diversity_samples"] < 1e-3 * results["diversity_real"]
    assert results["closest_pair_ratio"] < 0.01
    assert results["recall"] < 0.05
    noise = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3), dtype=np.uint8)
    results, _ = quality.sample_quality(noise, data, networks)
    for name in ("frechet", "kid"):
        assert results[name] > 2 * abs(results[f"{name}_real"])
    assert results["coverage"] < 0.2 < results["coverage_real"]


def test_the_nearest_training_image_is_found_part_by_part(data, monkeypatch):
    queries, base = quality.thumbnails(data.test.images), quality.thumbnails(data.train.images)
    found = torch.cdist(queries.double(), base.double()).min(1)
    monkeypatch.setattr(quality, "TRAIN_AT_ONCE", 7)
    distance, index = quality.nearest(queries, data.train.images)
    assert torch.equal(index, found.indices)
    torch.testing.assert_close(distance.double(), found.values, atol=1e-3, rtol=1e-4)
    # ratios to real images that are copies themselves are left out
    same = np.repeat(data.train.images[:1], 40, axis=0)
    results, _ = quality.copy_results(data.test.images, same, same)
    assert set(results) == {"near_copies"}


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


def test_too_few_images_for_a_distance_are_an_error_at_once(data):
    one = dataclasses.replace(
        data, test=dataclasses.replace(data.test, images=data.test.images[:1])
    )
    with pytest.raises(UserError) as too_few:
        quality.make_feature_networks(settings(), one, CPU)
    assert (too_few.value.key, too_few.value.values["test"]) == ("too_few_for_distances", 1)


def test_inceptions_weights_are_asked_for_by_place_and_digest(data, tmp_path, monkeypatch):
    from torchvision.models import inception_v3

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = tmp_path / "weights.pth"
    path.write_bytes(b"something else")
    for given, key in (("", "inception_missing"), (str(path), "inception_other")):
        monkeypatch.setenv("HWLIB_INCEPTION", given)
        with pytest.raises(UserError) as refused:
            quality.make_feature_networks(settings(features="inception"), data, CPU)
        assert refused.value.key == key
    torch.save(inception_v3(init_weights=False).state_dict(), path)
    monkeypatch.setattr(quality, "INCEPTION_SHA256", "")  # these are other weights
    found = quality.Inception(path)
    assert found.name.startswith("inception:")
    assert len(found.name) == len("inception:") + 16
    grey = torch.randint(0, 256, (2, 1, 16, 16), dtype=torch.uint8)
    features = found.features(grey)
    assert features.shape == (2, 2048)
    torch.testing.assert_close(features, found.features(grey.expand(-1, 3, -1, -1)))
