"""The panel answers every control, and latent space is walked as the figures say."""

import io

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from hwlib import explore
from hwlib.errors import UserError
from hwlib.recipes import RECIPES, build_models


@pytest.fixture(scope="module")
def vae():
    torch.manual_seed(0)
    network = build_models("dcgan", "vae", 0.125, z_dim=12)["vae"].eval()
    with torch.no_grad():  # fresh weights are so small that every picture looks alike
        for weights in network.parameters():
            weights.mul_(4)
    return network


@pytest.fixture(scope="module")
def images():
    pictures = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), dtype=np.uint8)
    pictures.setflags(write=False)  # as the cache's memory map is
    return pictures


@pytest.fixture
def panel(vae, images):
    return explore.VAEPanel(vae, images, active=[3, 7], lang="zh")


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_the_layers_of_every_recipe_hold_all_its_parameters(recipe):
    network = build_models(recipe, "vae", 0.25)["vae"]
    layers = explore.layers(network, image_size=64, channels=3)
    assert sum(layer.num_parameters for layer in layers) == sum(
        p.numel() for p in network.parameters()
    )
    assert layers[0].shape == layers[-1].shape == (3, 64, 64)
    parts = [layer.part for layer in layers]
    assert parts == sorted(parts, key=("encoder", "mu", "logvar", "decoder").index)
    heads = [layer for layer in layers if layer.part in ("mu", "logvar")]
    assert [layer.shape for layer in heads] == [(network.z_dim,)] * 2


def test_listing_layers_changes_neither_mode_nor_weights():
    network = build_models("dcgan", "vae", 0.125)["vae"].train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    explore.layers(network, image_size=64, channels=3)
    assert network.training
    assert all(torch.equal(before[k], v) for k, v in network.state_dict().items())


def test_both_paths_begin_and_end_at_the_two_images():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 8)).astype(np.float32)
    for is_spherical in (False, True):
        for share, end in ((0.0, a), (1.0, b)):
            point = explore.between(a, b, share, is_spherical=is_spherical)
            np.testing.assert_allclose(point, end, atol=1e-6)


def test_the_spherical_path_keeps_the_length_and_the_straight_one_does_not():
    a, b = np.array([2.0, 0.0]), np.array([0.0, 2.0])
    assert np.linalg.norm(explore.between(a, b, 0.5, is_spherical=True)) == pytest.approx(2)
    assert np.linalg.norm(explore.between(a, b, 0.5, is_spherical=False)) == pytest.approx(2**0.5)


@pytest.mark.parametrize("b", [np.zeros(3), np.array([2.0, 0, 0]), np.array([-1.0, 0, 0])])
def test_ends_in_line_with_the_origin_have_a_finite_path(b):
    point = explore.between(np.array([1.0, 0, 0]), b, 0.3, is_spherical=True)
    assert np.isfinite(point).all()


def test_decoding_maps_the_networks_range_without_stretching():
    class Constant(torch.nn.Module):
        z_dim, pixel_range = 2, (-1.0, 1.0)

        def decode(self, z):
            return z[:, :1, None, None].expand(-1, 3, 4, 4)

    pictures = explore.decode(Constant(), np.array([[-2.0, 0], [-1, 0], [0, 0], [1, 0], [3, 0]]))
    assert [int(p[0, 0, 0]) for p in pictures] == [0, 0, 128, 255, 255]
    assert pictures.std(axis=(1, 2, 3)).max() == 0


def test_a_traversal_sets_one_latent_and_leaves_the_others(vae):
    z = np.linspace(-1, 1, 12, dtype=np.float32)
    frames = explore.traverse(vae, z, [4, 9], [-3, 0, 3])
    assert frames.shape == (2, 3, 64, 64, 3)
    wanted = z.copy()
    wanted[9] = 3
    assert np.abs(frames[1, 2].astype(int) - explore.decode(vae, wanted[None])[0]).max() <= 1


def test_latents_are_ordered_by_their_variance():
    mu = np.random.default_rng(0).normal(size=(200, 4)) * np.array([0.1, 3, 1, 2])
    assert explore.most_active(mu, 3) == [1, 3, 2]


@pytest.mark.parametrize(("num", "count"), [(1, 5), (5, 5), (7, 3), (2_000, 1_000)])
def test_rows_are_spread_from_the_first_to_the_last(num, count):
    rows = explore.spread(num, count)
    assert len(rows) == min(num, count)
    assert (rows[0], rows[-1]) == (0, num - 1)


def test_the_same_seed_gives_the_same_embedding():
    mu = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)
    first, again = explore.tsne(mu), explore.tsne(mu)
    assert first.shape == (12, 2)
    assert np.array_equal(first, again)


class FakeData:
    spec = "folder"
    attributes = ("Male", "Smiling")

    class test:
        labels = np.array([[0, 1], [1, 1], [0, 0]], dtype=np.uint8)


def test_labels_are_those_of_the_attribute():
    assert list(explore.attribute_labels(FakeData, "Smiling", np.array([0, 2]))) == [1, 0]
    assert explore.attribute_labels(FakeData, None, np.array([0])) is None


def test_an_attribute_that_the_data_lacks_is_refused_with_the_known_ones():
    with pytest.raises(UserError, match="'Bangs' is not in folder; it has: Male, Smiling"):
        explore.attribute_labels(FakeData, "Bangs", np.array([0]))


# ----------------------------------------------------------------------------------------- panel


def shown(panel):
    return np.asarray(Image.open(io.BytesIO(panel.picture.value)))


@pytest.mark.parametrize(
    "move",
    [
        lambda panel: setattr(panel.share, "value", 0.9),
        lambda panel: setattr(panel.path, "value", "spherical"),
        lambda panel: setattr(panel.knobs[0], "value", 2.5),
        lambda panel: setattr(panel.image_a, "value", 4),
        lambda panel: setattr(panel.image_b, "value", 5),
        lambda panel: panel.random.click(),
    ],
)
def test_every_control_changes_the_picture(panel, move):
    before = panel.picture.value
    move(panel)
    assert panel.picture.value != before


def test_the_picture_is_the_decoded_latent_enlarged_by_a_whole_factor(vae, panel):
    panel.share.value = 0.0
    panel.knobs[1].value = 1.5
    expected = explore.encode(vae, panel.images[:1])[0]
    expected[7] += 1.5
    np.testing.assert_allclose(panel.z, expected, atol=1e-5)
    assert np.array_equal(shown(panel)[::4, ::4], explore.decode(vae, panel.z[None])[0])


def test_reset_takes_the_sliders_back(panel):
    before = panel.picture.value
    panel.knobs[0].value = 2.0
    panel.reset.click()
    assert panel.knobs[0].value == 0
    assert panel.picture.value == before


def test_each_random_sample_is_new_and_the_way_slider_leaves_it(panel):
    before = panel.picture.value
    panel.random.click()
    first = panel.picture.value
    panel.random.click()
    assert panel.picture.value not in (before, first)
    panel.share.value = 0.6
    panel.share.value = 0.5
    assert panel.picture.value == before


def test_sliders_dragged_fast_end_where_they_stop(panel):
    for value in np.linspace(-3, 3, 60):
        panel.knobs[0].value = float(value)
        panel.share.value = float((value + 3) / 6)
    assert panel.z[3] == pytest.approx(panel._mean(1)[3] + 3, abs=1e-5)


def test_a_panel_over_grey_pictures_works():
    network = build_models("plain", "vae", 0.25, z_dim=8, image_size=32, channels=1)["vae"].eval()
    grey = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 1), dtype=np.uint8)
    panel = explore.VAEPanel(network, grey, active=[0])
    panel.random.click()
    assert shown(panel).shape == (256, 256)


def test_a_panel_over_a_single_picture_works(vae, images):
    panel = explore.VAEPanel(vae, images[:1], active=[0])
    panel.share.value = 1.0
    assert shown(panel).shape == (256, 256, 3)


def test_every_control_of_the_panel_has_a_name(panel):
    controls = [panel.image_a, panel.image_b, panel.share, *panel.knobs, panel.random, panel.reset]
    assert all(control.description for control in controls)


def test_both_languages_of_the_panel_have_the_same_words():
    assert set(explore.WORDS["zh"]) == set(explore.WORDS["en"])


# ----------------------------------------------------------------------------------- live curves


def records(count):
    frame = pd.DataFrame({"step": range(1, count + 1)})
    frame["epoch"], frame["recon_nats"], frame["kl_nats"] = frame.step / 10, 99.0, frame.step
    return frame.to_dict("records")


def test_live_curves_are_redrawn_in_place():
    live = explore.LiveCurve("zh", is_shown=True)
    live(records(3))
    first = live.image.value
    assert bytes(first).startswith(b"\x89PNG")
    live._next_draw = 0
    live(records(6))
    assert live.image.value != first


def test_live_curves_take_a_small_share_of_the_time():
    live = explore.LiveCurve(is_shown=True)
    live(records(3))
    first = live.image.value
    live(records(6))  # at once: not drawn again
    assert live.image.value == first


def test_live_curves_stay_silent_in_batch(monkeypatch):
    monkeypatch.setenv("HWLIB_BATCH", "1")
    live = explore.LiveCurve()
    live(records(3))
    assert not live.image.value
