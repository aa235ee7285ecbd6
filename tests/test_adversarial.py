"""What is measured of adversarial networks, on networks whose answers are known."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from hwlib import conditioning
from hwlib.config import Config
from hwlib.data import Data, Part
from hwlib.registry import PROBLEMS, resolve
from hwlib.training import evaluate_gan
from hwlib.training.attribute_classifier import read_images
from hwlib.training.batches import draw_inputs, generate
from hwlib.training.evaluate_gan import (
    GanMonitor,
    codes_of,
    compare_with_known,
    label_pairs,
    surest_images,
    update_batch_norm,
)
from hwlib.training.identity import attribute_columns
from hwlib.training.quality import FeatureNetworks
from hwlib.training.updates import State

SIZE = 16
NAMES = ("Red", "Green", "Blue")


def settings(problem: str, **changes) -> Config:
    """Settings that name draws; nothing here trains."""
    return Config.create(
        **{"problem": problem, "recipe": "dcgan", "num_steps": 1, "batch_size": 2}
        | {"learning_rate": 1e-3, "z_dim": 4, "image_size": SIZE, "seed": 0}
        | changes
    )


def monitor_of(problem, data=None, networks=None, **changes) -> GanMonitor:
    """Return a problem's monitor that has not looked at training images."""
    monitor = object.__new__(resolve(PROBLEMS[problem].monitor))
    monitor.config, monitor.data = settings(problem, **changes), data
    monitor.networks = networks or FeatureNetworks(FakeClassifier(), None)
    if problem == "acgan" and data:
        monitor.test_labels = attribute_columns(data.test.labels, data, monitor.config)
    return monitor


class FakeG(nn.Module):
    """A generator without weights to learn: `draw` maps z and c to three levels in [-1, 1]."""

    pixel_range = (-1.0, 1.0)

    def __init__(self, draw, label_dim: int, z_dim: int = 4):
        super().__init__()
        self.draw, self.label_dim, self.z_dim = draw, label_dim, z_dim
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, z, c=None):
        assert (0 if c is None else c.shape[1]) == self.label_dim
        return self.draw(z, c).view(-1, 3, 1, 1).expand(-1, 3, SIZE, SIZE) + self.weight


class FakeClassifier(nn.Module):
    """A classifier that reads an attribute where its colour is brighter than the middle."""

    def __init__(self, attributes=NAMES):
        super().__init__()
        self.attributes, self.about = attributes, {}
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        colours = x.float().mean((2, 3)) - 127.5 + self.weight
        return colours, colours


class FakeD(nn.Module):
    """A discriminator whose trunk is the mean colour, and whose classes are its first ones."""

    def __init__(self, num_classes: int = 1):
        super().__init__()
        self.num_classes = num_classes
        self.weight = nn.Parameter(torch.zeros(1))

    def trunk(self, x):
        return x.mean((2, 3)) + self.weight

    def forward(self, x):
        return self.trunk(x)[:, 0], self.trunk(x)[:, : self.num_classes]


class LevelReader(nn.Module):
    """A Q that reads code k off the level of colour k: -1 is value 0, +1 value 9."""

    def __init__(self, num_codes: int, sure: float = 500.0):
        super().__init__()
        self.num_codes, self.sure = num_codes, sure

    def forward(self, features):
        levels = torch.linspace(-1, 1, 10)
        return -self.sure * (features[:, : self.num_codes, None] - levels).square()


def level(c, k: int):
    """Return the level of code k in one-hot codes: -1 for value 0, +1 for value 9."""
    return codes_of(c)[:, k] / 4.5 - 1


def flat_images(levels: np.ndarray) -> np.ndarray:
    """Return flat images (N, 16, 16, 3) of these colours (N, 3) in 0..255."""
    return np.broadcast_to(levels[:, None, None], (len(levels), SIZE, SIZE, 3)).astype(np.uint8)


def data_of(labels, images, factors=None, attributes=NAMES) -> Data:
    """Return data whose training and test images are the same."""
    part = Part(images, labels, [], factors)
    return Data("stub", "folder", attributes, part, part, "0" * 16, SIZE, 3, "hw4", ())


@pytest.fixture
def labelled() -> Data:
    """300 flat images whose colours are their attributes; Green goes with Red half the time."""
    rng = np.random.default_rng(0)
    red = rng.random(300) < 0.2
    labels = np.stack([red, red & (rng.random(300) < 0.5), rng.random(300) < 0.5], 1)
    return data_of(labels.astype(np.uint8), flat_images(np.where(labels, 200, 50)))


@pytest.fixture
def no_quality(monkeypatch):
    """Leave the distances between sets of images out; the samples that came are kept here."""
    came = []

    def keep(samples, data, networks):
        came.append(samples)
        nearest = np.zeros((8, 2, *samples.shape[1:]), np.uint8)
        return {"frechet": 1.0}, {"samples": samples[:64], "nearest": nearest}

    monkeypatch.setattr(evaluate_gan, "sample_quality", keep)
    monkeypatch.setattr(evaluate_gan, "num_quality_images", lambda data: 300)
    return came


# --- images -------------------------------------------------------------------------------------


def ignoring(z, c=None):
    return z[:, :3].tanh()


def test_generated_images_are_bytes_in_the_order_of_their_noise():
    levels = torch.linspace(-1, 1, 600).view(-1, 1).repeat(1, 4)
    images = generate(FakeG(lambda z, c: z[:, :3], 0), levels)
    assert images.shape == (600, SIZE, SIZE, 3)
    assert images.dtype == np.uint8
    assert images[[0, -1], 0, 0, 0].tolist() == [0, 255]
    assert (np.diff(images[:, 0, 0, 0].astype(int)) >= 0).all()
    again = generate(FakeG(lambda z, c: z[:, :3], 0), levels.view(300, 2, 4))
    assert np.array_equal(again, images.reshape(300, 2, SIZE, SIZE, 3))
    uniform, c = draw_inputs(FakeG(ignoring, 0), settings("gan", noise="uniform"), "x", num=2_000)
    assert c is None
    assert uniform.std().item() == pytest.approx(1 / math.sqrt(3), abs=0.02)


def test_labels_after_real_images_have_their_rates_whatever_the_number(labelled):
    labels, num = labelled.test.labels, 777
    _, c = draw_inputs(FakeG(ignoring, 3), settings("acgan"), "x", num=num, labels=labels)
    assert c.shape == (num, 3)
    assert c.dtype == torch.float32
    assert np.abs(c.numpy().mean(0) - labels.mean(0)).max() < 0.06
    rows = {tuple(row) for row in labels.tolist()}
    assert {tuple(row) for row in c.int().tolist()} <= rows  # no mixture that does not occur
    by_class = np.sort(labels, axis=0)
    _, c = draw_inputs(FakeG(ignoring, 3), settings("acgan"), "x", num=num, labels=by_class)
    assert 0 < c[: num // 2, 0].mean() < 1  # they come mixed


# --- while training goes on -----------------------------------------------------------------------


class Noisy(FakeG):
    """A generator that adds noise to its images when it is not in eval mode."""

    def forward(self, z, c=None):
        x = super().forward(z, c)
        return x + torch.rand_like(x) if self.training else x


def test_a_snapshot_is_the_average_of_g_in_eval_mode_where_there_is_one(labelled):
    bright, dark = (Noisy(lambda z, c, v=v: torch.full((len(z), 3), v), 0) for v in (1.0, -1.0))
    monitor = monitor_of("gan")
    monitor.real_diversity = 1.0
    monitor.real = read_images(FakeClassifier(), labelled.train.images)[1]
    state = State({"G": bright, "G_ema": dark.train()}, {}, step=3)
    before = torch.get_rng_state()
    record = monitor.evaluate(state)
    assert record.keys() == {"snapshot_kid", "snapshot_diversity"}
    assert not state.frames[0].any()
    assert (state.best_step, state.best_score) == (3, record["snapshot_kid"])
    monitor.evaluate(state)
    assert torch.equal(*state.frames)
    assert torch.equal(before, torch.get_rng_state())
    assert dark.training


def test_progress_shows_the_first_label_on_and_off_or_the_first_codes_values():
    G = FakeG(lambda z, c: torch.stack([z[:, 0].tanh(), 2 * c[:, 0] - 1, 2 * c[:, 1] - 1], 1), 2)
    frame = generate(G, *monitor_of("acgan").progress_inputs(G))[:, 0, 0]
    assert frame[:, 1].tolist() == [255, 0] * 4
    assert np.array_equal(frame[0::2, [0, 2]], frame[1::2, [0, 2]])
    assert len(set(frame[0::2, 0].tolist())) == 4
    G = FakeG(lambda z, c: torch.stack([level(c, 0), level(c, 1), z[:, 0].tanh()], 1), 20)
    frame = generate(G, *monitor_of("infogan", num_codes=2).progress_inputs(G))[:, 0, 0]
    assert frame[:, 0].tolist() == [round(v * 255 / 9) for v in range(8)]
    assert len(np.unique(frame[:, 1:], axis=0)) == 1


# --- ACGAN ----------------------------------------------------------------------------------------


def measure_labels(draw, data, attribute="Red", D=None, networks=None):
    monitor = monitor_of("acgan", data, networks, attribute=attribute)
    num = len(monitor.config.attributes)
    return monitor.measure({"G": FakeG(draw, num), "D": D or FakeD(num)})


def obeying(z, c):
    """Red follows the first label; Green goes with it; Blue is the noise's."""
    red = 2 * c[:, 0] - 1
    return torch.stack([red, red, z[:, 0].sign()], 1)


def test_a_label_that_works_is_measured_with_what_goes_along(labelled, no_quality):
    results, images = measure_labels(obeying, labelled)
    assert results["attribute"] == "Red"
    assert results["attributes"] == ["Red"]
    assert results["attribute_accuracy"] == results["attribute_flip_rate"] == 1
    assert results["num_attribute_samples"] == 1_000
    assert results["leakage"] == {"Red": {"Red": 1.0, "Green": 1.0, "Blue": 0.0}}
    red, *others = labelled.test.labels.T.astype(bool)
    real = results["leakage_real"]["Red"]
    together = [other[red].mean() - other[~red].mean() for other in others]
    assert list(real.values()) == pytest.approx([1, *together])
    # The samples that are compared with the test images have their labels.
    readings, _ = read_images(FakeClassifier(), no_quality[0])
    assert readings[:, 0].mean() == pytest.approx(red.mean())
    assert images["pairs"].shape == (10, 2, SIZE, SIZE, 3)
    assert images["pairs"][:, :, 0, 0, 0].tolist() == [[255, 0]] * 10
    assert "pairs_more" not in images
    labels = np.zeros((40, 3), np.uint8)  # an attribute that no test image has
    data = data_of(labels, flat_images(np.full((40, 3), 50)))
    assert measure_labels(ignoring, data)[0]["leakage_real"] == {}


def test_several_labels_are_switched_one_by_one(labelled, no_quality):
    def draw(z, c):  # Blue obeys, Red does not
        return torch.stack([z[:, 0].sign(), z[:, 1].tanh(), 2 * c[:, 0] - 1], 1)

    config = settings("acgan", attribute="Blue,Red")
    colours = label_pairs(FakeG(lambda z, c: 2 * c[:, [0, 1, 1]] - 1, 2), config, label=1) > 127
    assert colours[:, 0, 0, 0, 1].all()
    assert not colours[:, 1, 0, 0, 1].any()
    assert np.array_equal(colours[:, 0, ..., 0], colours[:, 1, ..., 0])
    assert abs(colours[:, 0, ..., 0].mean() - 0.5) < 0.1  # the other is on half the time
    results, images = measure_labels(draw, labelled, "Blue,Red")
    assert results["attribute"] == "Blue,Red"
    assert results["attribute_accuracy_by"] == {"Blue": 1.0, "Red": 0.5}
    assert results["attribute_flip_rate_by"] == {"Blue": 1.0, "Red": 0.0}
    assert results["attribute_accuracy"] == 0.75
    assert results["attribute_flip_rate"] == 0.5
    assert results["leakage"].keys() == results["leakage_real"].keys() == {"Blue", "Red"}
    assert results["leakage"]["Red"]["Blue"] == 0
    assert images["pairs_more"].shape == (1, 10, 2, SIZE, SIZE, 3)


@pytest.mark.parametrize(
    ("kids", "correlations", "floor", "best"),
    [
        ([0.5, 0.01, 0.4], [0.2, 0.5, 0.9], 0.5, 2),  # 1 without the floor
        ([3.0, 1.0, 1.2], [0.9, 0.5, 0.8], 0.0, 2),  # 1 by KID alone
        ([3.0, 1.0, 2.0], [-0.2, 0.0, 0.05], 0.0, 1),  # labels without effect weigh alike
    ],
)
def test_an_acgans_score_weighs_kid_and_labels(kids, correlations, floor, best, monkeypatch):
    monitor, values = monitor_of("acgan", attribute="Red"), iter(correlations)
    monitor.kid_floor = floor
    monkeypatch.setattr(conditioning, "label_correlation", lambda *_: np.array([next(values)]))
    readings, asked = np.zeros((4, 3), bool), torch.zeros(4, 1)
    scores = [monitor.score(kid, readings, asked)[0] for kid in kids]
    assert int(np.argmin(scores)) == best


# --- InfoGAN --------------------------------------------------------------------------------------


def unlabelled() -> Data:
    return data_of(None, flat_images(np.full((40, 3), 128)), attributes=())


def measure_codes(draw, data, num_codes=1, networks=None, D=None, Q=None):
    monitor = monitor_of("infogan", data, networks, num_codes=num_codes)
    models = {"G": FakeG(draw, 10 * num_codes), "D": D or FakeD()}
    return monitor.measure(models | {"Q": Q or LevelReader(num_codes)})


def telling(z, c):
    """Red is the code's level, the rest is dark."""
    return torch.stack([level(c, 0), *[-torch.ones(len(z))] * 2], 1)


def test_a_code_that_decides_all_is_read_and_explains_all(no_quality):
    results, images = measure_codes(telling, unlabelled())
    assert results["num_codes"] == 1
    assert results["code_accuracy"] == 1
    assert results["code_information_nats"] == pytest.approx(math.log(10), abs=0.01)
    assert results["code_entropy_nats"] == math.log(10)
    assert results["code_variance_share"] == pytest.approx([1])
    assert results["noise_variance_share"] == pytest.approx(0)
    rows = images["code_rows"]
    assert rows.shape == (1, 10, 10, SIZE, SIZE, 3)
    assert (rows[0, :, :, 0, 0, 0] == [round(v * 255 / 9) for v in range(10)]).all()
    assert "code_pairs" not in images
    (meaning,) = results["code_meaning"]
    assert [rates["Red"] for rates in meaning] == [0.0] * 5 + [1.0] * 5
    assert all(rates["Green"] == 0 for rates in meaning)


def test_with_two_codes_each_one_and_the_noise_get_their_own_share(no_quality):
    def draw(z, c):
        return torch.stack([level(c, 0), 0.5 * level(c, 1), z[:, 0].sign() / 2], 1)

    networks = FeatureNetworks(FakeClassifier(()), None)
    results, images = measure_codes(draw, unlabelled(), 2, networks)
    absent = {"code_meaning", "code_attribute_nats", "code_factor_nats", "code_class_accuracy"}
    assert not absent & results.keys()  # the classifier reads quarter turns, the data says nothing
    levels = torch.linspace(-1, 1, 10).var(correction=0).item()
    first, second, noise = levels, levels / 4, 0.25
    # One code's layout: the other code, fixed in each row, varies with the noise.
    total = first + second + noise
    shares = [first / total, second / total]
    assert results["code_variance_share"] == pytest.approx(shares, abs=0.02)
    assert results["noise_variance_share"] == pytest.approx(noise / total, abs=0.02)
    assert results["code_accuracy_by"][0] == 1
    assert len(results["code_information_by"]) == 2
    assert images["code_rows"].shape == (2, 10, 10, SIZE, SIZE, 3)
    pairs = images["code_pairs"][:, :, 0, 0].astype(int)
    assert (pairs[:, :, 0] == pairs[:, :1, 0]).all()  # the first code runs down
    assert (np.diff(pairs[:, 0, 0]) > 0).all()
    assert (np.diff(pairs[0, :, 1]) > 0).all()  # the second runs across
    assert len(np.unique(pairs[:, :, 2])) == 1  # one noise


def test_codes_are_compared_with_labels_and_factors(no_quality):
    rng = np.random.default_rng(0)
    value = rng.permutation(np.arange(1_000) % 10)
    labels = np.stack([value >= 5, rng.random(1_000) < 0.5, np.zeros(1_000)], 1).astype(np.uint8)
    hair = pd.Categorical(np.where(value % 2, "long", "short"))
    numbers = {"pose": value + rng.random(1_000), "light": rng.normal(size=1_000)}
    factors = pd.DataFrame(numbers | {"hair": hair})
    # Q reads these values off the images.
    levels = flat_images(np.stack([value * 255 / 9, *[np.zeros(1_000)] * 2], 1))
    data = data_of(labels, levels, factors)
    results, _ = measure_codes(telling, data)
    nats = results["code_attribute_nats"][0]
    assert nats.keys() == {"Red", "Green"}  # nobody is Blue: nothing to tell
    assert nats["Red"] == pytest.approx(math.log(2), abs=0.01)
    assert nats["Green"] == pytest.approx(0, abs=0.01)
    known = results["code_factor_nats"][0]
    assert known["pose"] == pytest.approx(math.log(10), abs=0.1)
    assert known["hair"] == pytest.approx(math.log(2), abs=0.01)
    assert known["light"] == pytest.approx(0, abs=0.02)
    assert "code_class_accuracy" not in results


def test_the_best_code_is_matched_and_values_without_a_class_say_so():
    classes = np.arange(60) % 3
    codes = np.stack([np.zeros(60, int), 2 * classes], 1)
    data = data_of(np.eye(3, dtype=np.uint8)[classes], None, attributes=("a", "b", "c"))
    numbers = compare_with_known(codes, np.arange(60), data)
    assert numbers["code_class_accuracy"] == 1
    assert numbers["code_class_matching"] == ["a", "", "b", "", "c", *[""] * 5]


def test_the_surest_images_come_first_and_missing_ones_are_black():
    images = flat_images(np.repeat(np.arange(1, 9)[:, None] * 20, 3, 1))
    logits = torch.zeros(4, 1, 10)
    logits[:, 0, 3] = torch.tensor([5.0, 900.0, 0.0, 700.0])
    logits[2, 0, 8] = 1.0
    found = surest_images(logits, images, np.array([0, 2, 4, 6]))
    assert found.shape == (1, 10, 6, SIZE, SIZE, 3)
    # 900 and 700 are both certain beyond float64: the earlier one stands first.
    assert found[0, 3, :, 0, 0, 0].tolist() == [60, 140, 20, 0, 0, 0]
    assert found[0, 8, :, 0, 0, 0].tolist() == [100, 0, 0, 0, 0, 0]
    assert not found[0, [0, 1, 2, 4, 5, 6, 7, 9]].any()


# --- batch norm's statistics ----------------------------------------------------------------------


class NormReader(FakeD):
    """A reader that normalises the colours that it sees, and drops some while it trains."""

    def __init__(self, mean: float, num_classes: int = 1):
        super().__init__(num_classes)
        self.norm = nn.BatchNorm1d(3, affine=False)
        self.norm.running_mean += mean
        self.dropout = nn.Dropout(0.9)
        self.eval()

    def trunk(self, x):
        return self.dropout(self.norm(super().trunk(x)))


def test_batch_norms_statistics_become_those_of_the_images():
    D = NormReader(mean=7.0)
    x = torch.randn(500, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 + 3
    update_batch_norm(D, run=lambda: [D.trunk(batch) for batch in x.split(250)])
    colours = x.mean((2, 3))
    torch.testing.assert_close(D.norm.running_mean, colours.mean(0))
    torch.testing.assert_close(D.norm.running_var, colours.var(0), rtol=0.02, atol=0)
    assert D.norm.momentum == 0.1
    assert not any(module.training for module in D.modules())
    update_batch_norm(FakeD(), run=lambda: pytest.fail("networks without batch norm are run"))


class LineReader(LevelReader):
    """A Q for levels that were normalised: it multiplies by their standard deviation again."""

    def forward(self, features):
        return super().forward(features * torch.linspace(-1, 1, 10).std(correction=0))


def test_a_code_is_read_whatever_the_running_average_was(no_quality):
    found = [
        measure_codes(telling, unlabelled(), D=NormReader(mean), Q=LineReader(1))[0]
        for mean in (0.0, 5.0)
    ]
    assert found[0] == found[1]
    assert found[0]["code_accuracy"] > 0.99


def test_the_class_heads_accuracy_is_that_of_real_images_statistics(no_quality):
    # Half of the real images are red; none of the generator's is.
    labels = np.tile([[0], [1]], (100, 1)).astype(np.uint8)
    data = data_of(labels, flat_images(np.repeat(50 + 100 * labels, 3, 1)), attributes=("Red",))
    networks = FeatureNetworks(FakeClassifier(("Red",)), None)
    others = {"D": NormReader(5.0), "networks": networks}
    results, _ = measure_labels(lambda z, c: -torch.ones(len(z), 3), data, **others)
    assert results["class_accuracy_test"] == 1
