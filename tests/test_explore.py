"""The panel answers every control, and latent space is walked as the figures say."""

import contextlib
import io
import re
from types import SimpleNamespace

import ipywidgets as widgets
import numpy as np
import pandas as pd
import pytest
import torch
from lively import lively
from PIL import Image

from hwlib import explore, plots
from hwlib.errors import UserError
from hwlib.explore import live as live_module
from hwlib.recipes import PAIRS, RECIPES, build_models, make_config
from hwlib.text import LANGUAGES, section


@pytest.fixture(scope="module")
def vae():
    return lively("dcgan", "vae")


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
    rows = explore.evenly_spaced_rows(num, count)
    assert len(rows) == min(num, count)
    assert (rows[0], rows[-1]) == (0, num - 1)


def test_the_same_seed_gives_the_same_embedding():
    mu = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)
    first, again = explore.tsne(mu), explore.tsne(mu)
    assert first.shape == (12, 2)
    assert np.array_equal(first, again)


def test_a_single_latent_is_laid_out_too():
    mu = np.random.default_rng(0).normal(size=(12, 1)).astype(np.float32)
    assert np.isfinite(explore.tsne(mu)).all()


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


MOST_APART = 2  # grey levels: one of a batch's arithmetic, which enlarging can double


def larger(image):
    """Return an image as the panels show it, four times as wide and high."""
    return plots.enlarge(image[np.newaxis], 4)[0].astype(int)


def test_the_picture_is_the_decoded_latent_enlarged_by_a_whole_factor(vae, panel):
    panel.share.value = 0.0
    panel.knobs[1].value = 1.5
    expected = explore.encode(vae, panel.images[:1])[0]
    expected[7] += 1.5
    np.testing.assert_allclose(panel.z, expected, atol=1e-5)
    assert np.array_equal(shown(panel), larger(explore.decode(vae, panel.z[None])[0]))


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
    keys = [set(section("panels", lang)) for lang in LANGUAGES]
    assert all(own == keys[0] for own in keys)


# ------------------------------------------------------------------- layers of adversarial networks

ADVERSARIAL = [
    (recipe, problem)
    for recipe, problem in PAIRS
    if problem in ("gan", "acgan", "infogan") and problem in RECIPES[recipe].problems
]


@pytest.mark.parametrize(("recipe", "problem"), ADVERSARIAL)
def test_the_layers_of_adversarial_networks_hold_all_their_parameters(recipe, problem):
    models = build_models(recipe, problem, 0.125)
    found = explore.network_layers(models, image_size=64, channels=3)
    assert list(found) == list(models)
    for name, layers in found.items():
        total = sum(p.numel() for p in models[name].parameters())
        assert sum(layer.num_parameters for layer in layers) == total
        assert {layer.part for layer in layers} == {name}
    inputs = {
        name: [layer.name for layer in layers if layer.kind == "Input"]
        for name, layers in found.items()
    }
    expected = {"G": ["z"] if problem == "gan" else ["z", "c"], "D": ["x"], "Q": ["h"]}
    assert inputs == {name: expected[name] for name in models}
    assert found["G"][-1].shape == found["D"][0].shape == (3, 64, 64)


def test_spectral_norm_is_no_layer_of_its_own():
    plain, normed = (build_models("dcgan", "gan", 0.125) for _ in range(2))
    for module in list(normed["D"].modules()):
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.utils.parametrizations.spectral_norm(module)
    before, after = (
        explore.network_layers(models, image_size=64, channels=3) for models in (plain, normed)
    )
    assert after == before


def test_listing_layers_of_adversarial_networks_changes_neither_mode_nor_weights():
    models = build_models("dcgan", "infogan", 0.125)
    before = {
        (name, key): value.clone()
        for name, model in models.items()
        for key, value in model.train().state_dict().items()
    }
    explore.network_layers(models, image_size=64, channels=3)
    assert all(module.training for model in models.values() for module in model.modules())
    for (name, key), value in before.items():
        assert torch.equal(models[name].state_dict()[key], value)


@pytest.mark.parametrize(
    ("recipe", "way", "num_inputs"),
    [("plain", "JoinEmbedding", 20), ("upsample", "JoinValues", 22), ("dcgan", "JoinOneHot", 24)],
)
def test_the_way_a_label_comes_in_is_said_with_the_generators_inputs(recipe, way, num_inputs):
    G = build_models(recipe, "acgan", 0.125, z_dim=20, num_labels=2)["G"]
    found = explore.label_way(G)
    assert found.values == {"way": way, "z_dim": 20, "num_inputs": num_inputs}
    for language in LANGUAGES:
        assert f" {num_inputs} " in found.say(language)


# --------------------------------------------------------------------------- panels over generators


def numbered(noise="normal", z_dim=12):
    run = SimpleNamespace(config=make_config("gan", "dcgan", noise=noise))
    return explore.numbered(run, z_dim)


@pytest.fixture(scope="module")
def gan():
    return lively("dcgan", "gan")


@pytest.fixture
def gan_panel(gan):
    return explore.GeneratorPanel(gan, numbered(), lang="zh")


@pytest.fixture
def switches():
    G = lively("dcgan", "acgan", num_labels=2)
    return explore.AttributePanel(G, numbered(), ["Smiling", "Male"], lang="zh")


@pytest.fixture
def code_selector():
    return explore.CodePanel(lively("dcgan", "infogan", num_codes=2), numbered())


def test_a_number_is_always_the_same_z():
    assert np.array_equal(numbered()(5), numbered()(5))
    assert not np.array_equal(numbered()(5), numbered()(6))


def test_panels_draw_the_noise_that_the_run_was_trained_with():
    uniform = np.stack([numbered("uniform")(n) for n in range(200)])
    assert np.abs(uniform).max() <= 1
    assert uniform.var() == pytest.approx(1 / 3, abs=0.03)


@pytest.mark.parametrize(
    "move",
    [
        lambda panel: setattr(panel.share, "value", 0.5),
        lambda panel: setattr(panel.number, "value", 7),
        lambda panel: panel.fresh.click(),
    ],
)
def test_every_control_of_the_generators_panel_changes_the_picture(gan_panel, move):
    before = gan_panel.picture.value
    move(gan_panel)
    assert gan_panel.picture.value != before


def test_the_other_end_and_the_path_change_the_way(gan_panel):
    gan_panel.share.value = 0.5
    for control, value in ((gan_panel.number_b, 9), (gan_panel.path, "spherical")):
        picture, strip = gan_panel.picture.value, gan_panel.strip.value
        control.value = value
        assert gan_panel.picture.value != picture
        assert gan_panel.strip.value != strip


def test_the_way_begins_at_one_z_and_ends_at_the_other(gan, gan_panel):
    for share, number in ((0.0, 3), (1.0, 8)):
        gan_panel.number.value, gan_panel.number_b.value = 3, 8
        gan_panel.share.value = share
        z = numbered()(number)
        np.testing.assert_allclose(gan_panel.z, z, atol=1e-6)
        picture = explore.paint(gan, z[None])[0]
        assert np.abs(shown(gan_panel) - larger(picture)).max() <= MOST_APART


def test_the_panel_says_that_the_straight_way_is_short_in_its_middle(gan_panel):
    lengths = {}
    for path in ("linear", "spherical"):
        gan_panel.path.value, gan_panel.share.value = path, 0.5
        lengths[path] = float(re.findall(r"[\d.]+", gan_panel.length.value)[0])
    assert lengths["linear"] < lengths["spherical"]


def test_a_new_sample_is_another_one_and_is_shown(gan_panel):
    gan_panel.share.value = 0.8
    seen = {gan_panel.number.value}
    for _ in range(5):
        gan_panel.fresh.click()
        assert gan_panel.share.value == 0
        assert gan_panel.number.value not in seen
        np.testing.assert_allclose(gan_panel.z, numbered()(gan_panel.number.value))
        seen.add(gan_panel.number.value)


def test_switching_an_attribute_changes_the_picture_and_not_z(switches):
    assert list(switches.c) == [1, 1]
    before = switches.picture.value
    switches.switches[0].value = 0
    assert list(switches.c) == [0, 1]
    assert switches.number.value == 0
    assert switches.picture.value != before
    switches.switches[0].value = 1
    assert switches.picture.value == before


def test_the_attribute_panels_picture_is_that_of_its_labels(switches):
    switches.switches[1].value = 0.5
    switches.fresh.click()
    z = numbered()(switches.number.value)
    picture = explore.paint(switches.G, z[None], np.array([[1, 0.5]]))[0]
    assert np.abs(shown(switches) - larger(picture)).max() <= MOST_APART


def test_an_embedded_label_is_switched_without_anything_between():
    G = lively("plain", "acgan")
    panel = explore.AttributePanel(G, numbered(), ["Smiling"])
    assert panel.switches[0].step == 1
    before = panel.picture.value
    panel.switches[0].value = 0
    assert panel.picture.value != before


def test_choosing_a_code_changes_the_picture_and_the_other_codes_strip(code_selector):
    picture, strips = code_selector.picture.value, [s.value for s in code_selector.strips]
    code_selector.codes[0].value = 4
    assert code_selector.picture.value != picture
    assert all(s.value != old for s, old in zip(code_selector.strips, strips, strict=True))
    assert list(np.flatnonzero(code_selector.c)) == [4, 10]


def test_each_strip_holds_the_picture_at_the_chosen_value(code_selector):
    code_selector.codes[0].value, code_selector.codes[1].value = 2, 7
    picture = shown(code_selector).astype(int)
    for strip, value in zip(code_selector.strips, (2, 7), strict=True):
        sheet = np.asarray(Image.open(io.BytesIO(strip.value)))
        tile = np.split(sheet, 10, axis=1)[value]
        assert np.abs(larger(tile[3:-3, 3:-3]) - picture).max() <= MOST_APART
        assert tuple(tile[0, 0]) == (213, 94, 0)


def test_another_z_keeps_the_codes(code_selector):
    code_selector.codes[1].value = 3
    before = code_selector.picture.value
    code_selector.fresh.click()
    assert code_selector.picture.value != before
    assert [code.value for code in code_selector.codes] == [0, 3]


def test_panels_over_a_grey_generator_work():
    options = {"image_size": 32, "channels": 1}
    panel = explore.GeneratorPanel(lively("dcgan", "gan", **options), numbered())
    panel.fresh.click()
    assert shown(panel).shape == (256, 256)
    codes = explore.CodePanel(lively("dcgan", "infogan", **options), numbered())
    assert len(codes.codes) == 1
    sheet = Image.open(io.BytesIO(codes.strips[0].value))
    assert sheet.size == (700, 70)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_control_of_the_panels_over_generators_has_a_name(lang):
    panels = [
        explore.GeneratorPanel(lively("dcgan", "gan"), numbered(), lang=lang),
        explore.AttributePanel(lively("wide", "acgan"), numbered(), ["Smiling"], lang=lang),
        explore.CodePanel(lively("dcgan", "infogan", num_codes=2), numbered(), lang=lang),
    ]
    kinds = (widgets.IntSlider, widgets.FloatSlider, widgets.Button)
    for panel in panels:
        controls = [child for child in walk(panel) if isinstance(child, kinds)]
        assert len(controls) >= 3 - isinstance(panel, explore.CodePanel)
        assert all(control.description for control in controls)
        choices = [c for c in walk(panel) if isinstance(c, widgets.ToggleButtons)]
        assert all(len(choice.tooltips) == len(choice.options) for choice in choices)
        pictures = [c for c in walk(panel) if isinstance(c, widgets.Image)]
        assert all(bytes(picture.value).startswith(b"\x89PNG") for picture in pictures)


def walk(widget):
    """Yield every widget of a panel."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


@pytest.mark.parametrize(
    ("problem", "make"),
    [
        ("gan", explore.generator_panel),
        ("acgan", explore.attribute_panel),
        ("infogan", explore.code_panel),
    ],
)
@pytest.mark.parametrize(("lang", "words"), [("zh", "試跑"), ("en", "a smoke run")])
def test_the_panel_of_a_smoke_trial_warns_of_grey_pictures(problem, make, lang, words):
    def panel(profile):
        config = make_config(problem, "dcgan", profile=profile)
        models = {"G": lively("dcgan", problem)}
        results = {"attributes": ["Smiling"]}
        run = SimpleNamespace(config=config, results=results, load_models=lambda: models)
        return make(run, lang)

    trial, real = panel("smoke"), panel("quick")
    assert words in trial.children[0].value
    assert len(trial.children) == len(real.children) + 1
    assert all(words not in str(getattr(child, "value", "")) for child in walk(real))


# ----------------------------------------------------------------------------------- live curves


def adversarial_records(count, **columns):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"step": range(1, count + 1)})
    for name in ("d_loss", "g_loss", "d_accuracy_real", "d_accuracy_fake", *columns):
        frame[name] = rng.random(count)
    frame["epoch"] = frame.step / 10
    return frame.to_dict("records")


@pytest.mark.parametrize(
    ("problem", "more"),
    [
        ("gan", ()),
        ("acgan", ("d_class_loss", "g_class_loss", "class_accuracy_real", "class_accuracy_fake")),
        ("infogan", ("q_loss", "code_accuracy")),
    ],
)
def test_live_curves_know_the_problem_by_its_records(problem, more):
    rows = adversarial_records(4, **dict.fromkeys(more))
    assert live_module.problem_of(pd.DataFrame(rows)) == problem
    live = explore.LiveCurve("zh", is_shown=True)
    live(rows[:3])
    first = live.image.value
    assert bytes(first).startswith(b"\x89PNG")
    live._next_draw = 0
    rows[-1] |= {"snapshot_kid": 0.1, "snapshot_diversity": 0.9}
    live(rows)
    assert live.image.value != first


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


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_live_curves_end_at_the_last_record_even_where_training_is_stopped(error):
    rows = records(3)
    with contextlib.suppress(KeyboardInterrupt), explore.LiveCurve(is_shown=True) as live:
        live(rows)
        first = live.image.value
        rows += records(6)[3:]  # too soon to be drawn on the way
        if error:
            raise error
    assert live.image.value == live._draw(pd.DataFrame(records(6))) != first


def test_live_curves_of_a_study_end_with_its_last_network():
    with explore.LiveCurve(is_shown=True) as live:
        live(records(6))
        live(records(4))
    assert live.image.value == live._draw(pd.DataFrame(records(4)))


def test_live_curves_stay_silent_in_batch(monkeypatch):
    monkeypatch.setenv("HWLIB_BATCH", "1")
    live = explore.LiveCurve()
    live(records(3))
    assert not live.image.value
