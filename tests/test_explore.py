"""The panels answer every control, and latent space is walked as the figures say."""

import contextlib
import re

import ipywidgets as widgets
import numpy as np
import pandas as pd
import pytest
import torch
from lively import Z, assert_same, held_out, larger, lively, make_panel, shown, vae_panel, z_of

from hwlib import explore
from hwlib.explore import live
from hwlib.recipes import RECIPES, build_models
from hwlib.registry import PROBLEMS, resolve
from hwlib.text import section

SIZES = {"image_size": 64, "channels": 3}
CONTROLS = {"vae": 7, "gan": 4, "acgan": 4, "infogan": 2}  # of a panel
INPUTS = {"G": ["z", "c"], "D": ["x"], "Q": ["h"]}


# ---------------------------------------------------------------------------------------- layers


def num_parameters(layers):
    return sum(layer.num_parameters for layer in layers)


@pytest.mark.parametrize(
    ("recipe", "problem"),
    [(name, p) for name, recipe in RECIPES.items() for p in recipe.problems if p != "kl"],
)
def test_the_layers_hold_all_parameters_in_the_order_of_execution(recipe, problem):
    models = build_models(recipe, problem, 0.125)
    counts = {name: sum(p.numel() for p in model.parameters()) for name, model in models.items()}
    if problem == "vae":
        layers = explore.layers(models["vae"], **SIZES)
        assert num_parameters(layers) == counts["vae"]
        assert layers[0].shape == layers[-1].shape == (3, 64, 64)
        parts = [layer.part for layer in layers]
        assert parts == sorted(parts, key=("encoder", "mu", "logvar", "decoder").index)
        heads = [layer.shape for layer in layers if layer.part in ("mu", "logvar")]
        assert heads == [(models["vae"].z_dim,)] * 2
        return
    found = explore.network_layers(models, **SIZES)
    assert {name: num_parameters(layers) for name, layers in found.items()} == counts
    expected = INPUTS | ({"G": ["z"]} if problem == "gan" else {})
    for name, layers in found.items():
        assert {layer.part for layer in layers} == {name}
        assert [layer.name for layer in layers if layer.kind == "Input"] == expected[name]
    assert found["G"][-1].shape == found["D"][0].shape == (3, 64, 64)


def test_spectral_norm_is_no_layer_of_its_own():
    plain, normed = (build_models("dcgan", "gan", 0.125) for _ in range(2))
    for module in list(normed["D"].modules()):
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.utils.parametrizations.spectral_norm(module)
    before, after = (explore.network_layers(models, **SIZES) for models in (plain, normed))
    assert after == before


@pytest.mark.parametrize(
    ("recipe", "way", "num_inputs"),
    [("plain", "JoinEmbedding", 20), ("upsample", "JoinValues", 22), ("dcgan", "JoinOneHot", 24)],
)
def test_the_way_a_label_comes_in_is_said_with_the_generators_inputs(recipe, way, num_inputs):
    G = build_models(recipe, "acgan", 0.125, z_dim=20, num_labels=2)["G"]
    found = explore.conditioning_method(G)
    assert found.values == {"way": way, "z_dim": 20, "num_inputs": num_inputs}


# --------------------------------------------------------------------------------- latent space


def test_both_paths_begin_and_end_at_the_two_latents_and_the_spherical_one_keeps_the_length():
    a, b = np.random.default_rng(0).normal(size=(2, 8)).astype(np.float32)
    right, up = 2 * np.eye(2)
    for is_spherical, length in ((True, 2), (False, 2**0.5)):
        way = explore.interpolate(a, b, np.array([0.0, 1.0]), is_spherical=is_spherical)
        np.testing.assert_allclose(way, [a, b], atol=1e-6)
        middle = explore.interpolate(right, up, 0.5, is_spherical=is_spherical)
        assert np.linalg.norm(middle) == pytest.approx(length)
    for end in (0 * a, 2 * a, -a):  # in line with the origin
        assert np.isfinite(explore.interpolate(a, end, 0.3, is_spherical=True)).all()


def test_decoding_maps_the_networks_range_without_stretching():
    class Constant(torch.nn.Module):
        z_dim, pixel_range = 2, (-1.0, 1.0)

        def decode(self, z):
            return z[:, :1, None, None].expand(-1, 3, 4, 4)

    images = explore.decode(Constant(), np.array([[-2.0, 0], [-1, 0], [0, 0], [1, 0], [3, 0]]))
    assert [int(image[0, 0, 0]) for image in images] == [0, 0, 128, 255, 255]
    assert images.std(axis=(1, 2, 3)).max() == 0


def test_latents_are_ordered_by_their_variance_and_laid_out_alike_by_the_same_seed():
    mu = np.random.default_rng(0).normal(size=(200, 4)) * np.array([0.1, 3, 1, 2])
    assert explore.most_active(mu, 3) == [1, 3, 2]
    first, again = explore.tsne(mu[:12]), explore.tsne(mu[:12])
    assert first.shape == (12, 2)
    assert np.array_equal(first, again)
    assert np.isfinite(explore.tsne(mu[:12, :1])).all()  # of a single latent


# ---------------------------------------------------------------------------------------- panels


def walk(widget):
    """Yield every widget of a panel."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


@pytest.mark.parametrize(("problem", "count"), CONTROLS.items())
def test_every_control_has_a_name_every_image_is_drawn_and_a_trial_is_warned_of(problem, count):
    panel = make_panel(problem)
    found = list(walk(panel))
    kinds = (widgets.IntSlider, widgets.FloatSlider, widgets.BoundedIntText, widgets.Button)
    controls = [one for one in found if isinstance(one, kinds)]
    assert len(controls) == count
    assert all(control.description for control in controls)
    choices = [one for one in found if isinstance(one, widgets.ToggleButtons)]
    assert all(len(choice.tooltips) == len(choice.options) for choice in choices)
    images = [one for one in found if isinstance(one, widgets.Image)]
    assert all(bytes(image.value).startswith(b"\x89PNG") for image in images)
    if problem == "gan":
        warning, *others = make_panel(problem, "zh", profile="smoke").children
        assert section("panels", "zh")["trial"] in warning.value
        assert len(others) == len(panel.children)


def test_the_image_is_the_decoded_latent_enlarged_or_a_new_sample_and_reset_takes_sliders_back():
    panel = make_panel("vae")
    seen = [panel.image.value]
    for _ in range(2):
        panel.random.click()
        assert panel.image.value not in seen
        seen.append(panel.image.value)
    panel.share.value, panel.knobs[1].value = 0.0, 1.5
    expected = explore.encode(panel.vae, panel.images[:1])[0]
    expected[7] += 1.5
    np.testing.assert_allclose(panel.z, expected, atol=1e-5)
    image = explore.decode(panel.vae, panel.z[None])[0]
    assert np.array_equal(shown(panel.image), larger(image))
    panel.reset.click()
    panel.share.value = 0.5
    assert (panel.knobs[1].value, panel.image.value) == (0, seen[0])


def test_panels_over_grey_images_work_and_over_a_single_one():
    options = {"image_size": 32, "channels": 1}
    grey = held_out()[:3, ::2, ::2, :1]
    of_vae = vae_panel(lively("plain", "vae", **options), grey, [0])
    of_vae.random.click()
    of_gan = make_panel("gan", **options)
    of_gan.fresh.click()
    for panel in (of_vae, of_gan):
        assert shown(panel.image).shape == (256, 256)
    codes = make_panel("infogan", num_codes=1, **options)
    assert len(codes.codes) == 1
    assert shown(codes.strips[0]).shape[:2] == (70, 700)
    panel = vae_panel(images=held_out()[:1])
    panel.share.value = 1.0
    assert shown(panel.image).shape == (256, 256, 3)


def test_the_way_of_a_generator_goes_from_one_z_to_the_other_each_of_the_runs_own_noise():
    uniform = np.stack([z_of(n, "uniform") for n in range(200)])
    assert np.abs(uniform).max() <= 1
    assert uniform.var() == pytest.approx(1 / 3, abs=0.03)
    panel = make_panel("gan")
    panel.number.value, panel.number_b.value = 3, 8
    for share, number in ((0.0, 3), (1.0, 8)):
        panel.share.value = share
        np.testing.assert_allclose(panel.z, z_of(number), atol=1e-6)
        assert_same(shown(panel.image), larger(explore.generate(panel.G, z_of(number)[None])[0]))
    panel.share.value = 0.5
    lengths = []
    for control, value in ((panel.number_b, 9), (panel.path, "spherical")):
        image, strip = panel.image.value, panel.strip.value
        control.value = value
        assert panel.image.value != image
        assert panel.strip.value != strip
        lengths.append(float(re.findall(r"[\d.]+", panel.captions[1].value)[0]))
    assert lengths[0] < lengths[1]  # the straight way is short in its middle
    for _ in range(2):
        before = panel.number.value
        panel.fresh.click()
        assert panel.share.value == 0
        assert panel.number.value != before
        np.testing.assert_allclose(panel.z, z_of(panel.number.value))


def test_switching_an_attribute_changes_the_image_and_not_z():
    panel = make_panel("acgan")
    before = panel.image.value
    panel.switches[0].value = 0
    assert list(panel.here()[Z:]) == [0, 1]
    assert panel.number.value == 0
    panel.switches[0].value = 1
    assert panel.image.value == before
    panel.switches[1].value = 0.5
    panel.fresh.click()
    z = z_of(panel.number.value)
    wanted = explore.generate(panel.G, z[None], np.array([[1, 0.5]]))[0]
    assert_same(shown(panel.image), larger(wanted))


def test_each_strip_holds_the_image_at_the_chosen_value():
    panel = make_panel("infogan")
    strips = [strip.value for strip in panel.strips]
    panel.codes[0].value, panel.codes[1].value = 2, 7
    assert list(np.flatnonzero(panel.here()[Z:])) == [2, 17]
    image = shown(panel.image)
    for strip, before, value in zip(panel.strips, strips, (2, 7), strict=True):
        assert strip.value != before
        tile = np.split(shown(strip), 10, axis=1)[value]
        assert_same(larger(tile[3:-3, 3:-3].astype(np.uint8)), image)
        assert tuple(tile[0, 0]) == (213, 94, 0)
    panel.fresh.click()
    assert [code.value for code in panel.codes] == [2, 7]


# ----------------------------------------------------------------------------------- live curves

COLUMNS = {
    "vae": ("recon_nats", "kl_nats"),
    "gan": ("d_loss", "g_loss", "d_accuracy_real"),
    "acgan": ("d_loss", "g_loss", "d_class_loss", "class_accuracy_real"),
    "infogan": ("d_loss", "g_loss", "q_loss", "code_accuracy"),
}


def records(count, columns=COLUMNS["vae"]):
    frame = pd.DataFrame({"step": range(1, count + 1)}).assign(epoch=lambda f: f.step / 10)
    return frame.assign(**dict.fromkeys(columns, frame.step / 3)).to_dict("records")


def test_live_curves_know_the_problem_by_its_records():
    for problem, columns in COLUMNS.items():
        metrics = pd.DataFrame(records(4, columns))
        assert live.curves_of(metrics) is resolve(PROBLEMS[problem].curves)


def test_live_curves_are_redrawn_in_place_and_end_at_the_last_record_even_of_a_stopped_training(
    monkeypatch,
):
    def draw(metrics, _lang):
        return metrics.plot(y="recon_nats", figsize=(1, 1)).figure

    def drawn(rows):
        once = explore.LiveCurve(is_shown=True)
        once(rows)
        return once.image.value

    monkeypatch.setattr(live, "curves_of", lambda _metrics: draw)  # which costs little
    rows, curve = records(3), explore.LiveCurve(is_shown=True)
    with contextlib.suppress(KeyboardInterrupt), curve:
        curve(rows)
        assert (first := curve.image.value) == drawn(rows)
        rows += records(6)[3:]
        curve(rows)  # at once: not drawn again, lest drawing take the time of training
        assert curve.image.value == first
        curve._next_draw = 0
        curve(rows)
        assert curve.image.value == drawn(rows) != first
        rows += records(9)[6:]  # which `fit` does, before it shows them
        raise KeyboardInterrupt
    assert curve.image.value == drawn(records(9))
    with curve:
        curve(records(4))  # of a study's next network
    assert curve.image.value == drawn(records(4))


def test_live_curves_are_drawn_but_stay_silent_in_batch(monkeypatch):
    monkeypatch.setenv("HWLIB_BATCH", "1")
    silent, drawing = explore.LiveCurve("zh"), explore.LiveCurve("zh", is_shown=True)
    for curve, start in ((silent, b""), (drawing, b"\x89PNG")):
        curve(records(3))
        assert bytes(curve.image.value)[:4] == start
