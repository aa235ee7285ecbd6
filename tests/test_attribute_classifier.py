"""The attribute classifier: what it is, how it is kept, and that real training images teach it."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import picture

from hwlib.data import load_data
from hwlib.metrics import majority_accuracy
from hwlib.training import attribute_classifier as room
from hwlib.training.attribute_classifier import get_classifier, image_features, read_images

CPU = torch.device("cpu")
STEPS = 3


@pytest.fixture(scope="module")
def data():
    return load_data("faces:96", 32, progress=False)


@pytest.fixture(scope="module")
def classifier(data):
    return get_classifier(data, steps=STEPS)


@pytest.fixture
def folder(tmp_path):
    """Pictures without attributes."""
    root = tmp_path / "images"
    root.mkdir()
    for number in range(40):
        picture(number, (16, 16)).save(root / f"{number:02}.png")
    return load_data(root, 16, progress=False)


def test_images_of_every_size_give_features_and_logits():
    for size, channels in ((16, 1), (28, 1), (48, 3), (64, 3), (256, 3)):
        sizes = SimpleNamespace(image_size=size, channels=channels, attributes=("a", "b"))
        x = torch.randint(0, 256, (2, channels, size, size), dtype=torch.uint8)
        logits, features = room.Classifier(sizes).eval()(x)
        assert (logits.shape, features.shape) == ((2, 2), (2, room.CHANNELS[-1]))
        assert features.dtype == torch.float32


def test_every_attribute_is_read_and_accuracy_and_floor_are_those_of_the_test_images(
    data, classifier
):
    assert classifier.attributes == data.attributes
    readings, features = read_images(classifier, data.test.images)
    assert readings.dtype == bool
    assert torch.equal(features, image_features(classifier, data.test.images))
    x = torch.from_numpy(np.array(data.test.images)).permute(0, 3, 1, 2)
    assert np.array_equal(readings, (classifier(x)[0] > 0).numpy())
    right = readings == data.test.labels
    for column, name in enumerate(data.attributes):
        known = classifier.about["by_attribute"][name]
        assert known["accuracy"] == right[:, column].mean()
        assert known["floor"] == majority_accuracy(data.test.labels[:, column])
    assert classifier.about["kind"] == "attributes"
    assert classifier.about["accuracy"] == pytest.approx(right.mean())
    assert set(classifier.about) == {"kind", "accuracy", "floor", "by_attribute", "fingerprint"}
    assert classifier.name == f"oracle:{classifier.about['fingerprint']}"
    features = image_features(classifier, data.train.images).double()
    torch.testing.assert_close(features.mean(0), torch.zeros(192).double(), atol=1e-4, rtol=0)
    std = features.std(0, correction=0)
    assert (std < 1.001).all()  # features that hardly speak stay below 1
    assert std.median() == pytest.approx(1, abs=1e-4)


def test_training_images_alone_decide_the_bits_which_the_second_call_reads_from_the_cache(
    data, classifier, monkeypatch
):
    black = dataclasses.replace(data.test, images=np.zeros_like(data.test.images))
    torch.rand(7)
    before = torch.get_rng_state()
    again = room.train_classifier(dataclasses.replace(data, test=black), steps=STEPS, device=CPU)
    assert torch.equal(before, torch.get_rng_state())  # no global random number is used
    for name, tensor in classifier.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
    monkeypatch.setattr(room, "train_classifier", None)  # it must not be trained again
    again = get_classifier(data, steps=STEPS)
    assert again.about == classifier.about
    for name, tensor in classifier.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
    assert not again.training
    assert not any(weight.requires_grad for weight in again.parameters())


def test_of_a_damaged_cache_the_classifier_is_trained_again(own_cache, folder, capfd):
    first = get_classifier(folder, steps=1)
    begins, done = capfd.readouterr().err.splitlines()  # progress is two lines in batch
    assert f"{len(folder.train)} images, 1 step" in begins
    assert "25.0 %" in done
    path = next((own_cache.parent / "oracles").glob("*.safetensors"))
    content = bytearray(path.read_bytes())
    content[-20] ^= 4
    path.write_bytes(content)
    again = get_classifier(folder, steps=1)
    assert again.about == first.about
    assert torch.equal(again.head.weight, first.head.weight)
    assert str(path) in capfd.readouterr().err


@pytest.mark.usefixtures("own_cache")
def test_two_that_ask_at_once_train_it_once(folder, monkeypatch):
    train, calls = room.train_classifier, []

    def counted(*args, **settings):
        calls.append(args)
        return train(*args, **settings)

    monkeypatch.setattr(room, "train_classifier", counted)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: get_classifier(folder, steps=1).about, range(2))
    assert len(calls) == 1
    assert one == other


@pytest.mark.usefixtures("own_cache")
def test_without_attributes_the_classifier_reads_quarter_turns(folder):
    turner = get_classifier(folder, steps=2)
    assert turner.attributes == ()
    assert (turner.about["kind"], turner.about["floor"]) == ("rotation", 0.25)
    assert turner.about["by_attribute"] == {}
    x = torch.from_numpy(np.array(folder.test.images)).permute(0, 3, 1, 2)
    assert turner(x)[0].shape == (len(folder.test), 4)
    assert read_images(turner, folder.test.images)[0].shape == (len(folder.test), 0)
    right = [(turner(x.rot90(k, (2, 3)))[0].argmax(1) == k).double().mean() for k in range(4)]
    assert turner.about["accuracy"] == pytest.approx(float(np.mean(right)))


def test_each_image_is_turned_and_shifted_by_its_own_number_and_borders_are_repeated():
    x = torch.arange(4 * 9, dtype=torch.uint8).view(4, 1, 3, 3)
    turned = room.turn_images(x, torch.tensor([2, 0, 1, 3]))
    for i, k in enumerate((2, 0, 1, 3)):
        assert torch.equal(turned[i], x[i].rot90(k, (1, 2)))
    shifted = room.shift_images(x[:2], torch.tensor([[1, 0], [0, -2]]))
    assert shifted[0, 0].tolist() == [[0, 1, 2], [0, 1, 2], [3, 4, 5]]  # one down
    assert shifted[1, 0].tolist() == [[11, 11, 11], [14, 14, 14], [17, 17, 17]]  # two to the left


def test_a_little_training_beats_the_floor_on_photographs(photographs):
    hw4 = load_data(photographs / "hw4_data")
    about = get_classifier(hw4, steps=80).about
    smiling = about["by_attribute"]["Smiling"]
    assert smiling["accuracy"] > smiling["floor"] + 0.1
    assert about["accuracy"] > about["floor"] + 0.05
