"""Figures of VAEs and studies show what they are given, in both languages, no glyph missing."""

from functools import partial
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from figure_checks import assert_fits, assert_words_are_apart, legend_of, render, sheet_of
from figure_checks import tick_labels as ticks
from kl_results import ACTIVE, FRECHET, TOLD, WEIGHTS, results, study
from kl_results import metrics as study_metrics

from hwlib import explore, plots
from hwlib.recipes import RECIPES, build_models
from hwlib.text import LANGUAGES

LANGS = tuple(LANGUAGES)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3), dtype=np.uint8)


@pytest.fixture
def metrics():
    epoch = np.linspace(0.1, 5, 50)
    frame = pd.DataFrame({"epoch": epoch, "recon_nats": 300 - 20 * epoch, "kl_nats": 10 + epoch})
    for term in ("recon", "kl"):
        is_test = np.arange(50) % 10 == 9
        frame[f"test_{term}_nats"] = frame[f"{term}_nats"].where(is_test)
    return frame


def test_a_readers_settings_of_matplotlib_change_no_figure(metrics, images):
    def drawn():
        fig = plots.learning_curves(metrics, "en")
        return render(fig), render(plots.image_grid(images)), plots.to_svg(fig)

    before = drawn()
    odd = {"axes.facecolor": "gray", "text.usetex": True, "font.size": 20, "lines.marker": "x"}
    with plt.rc_context(odd | {"image.interpolation": "bilinear", "savefig.bbox": "tight"}):
        after = drawn()
    assert all(np.array_equal(one, other) for one, other in zip(before[:2], after[:2], strict=True))
    assert before[2] == after[2]


def test_a_grid_shows_every_pixel_exactly_and_refuses_what_is_no_image(images):
    assert np.array_equal(render(plots.image_grid(images, columns=5)), plots.compose(images, 5))
    axes = plots.pairs(images[:10], images[10:], lang="zh")
    sheet, rendered, box = plots.compose(images, 10), render(axes), axes.get_position()
    left, top = round(box.x0 * rendered.shape[1]), round((1 - box.y1) * rendered.shape[0])
    part = rendered[top : top + sheet.shape[0], left : left + sheet.shape[1]]
    assert np.array_equal(part, sheet)
    for wrong in (images / 255, images[0], images[..., :2]):
        with pytest.raises(ValueError, match="uint8"):
            plots.image_grid(wrong)
    with pytest.raises(ValueError, match="differ in shape"):
        plots.pairs(images[:4], images[:5])


def test_enlarging_is_smooth_and_stretches_no_contrast():
    dull = np.full((4, 8, 8, 3), 100, dtype=np.uint8)
    dull[:, 4:] = 110
    sheet = plots.compose(dull, 4, gap=0)
    # a smooth enlargement goes past an edge by a tenth of its height
    assert 99 <= sheet.min() <= sheet.max() <= 111
    assert np.abs(sheet.mean() - dull.mean()) < 0.1
    ramp = np.broadcast_to(np.arange(0, 160, 10, dtype=np.uint8)[:, None], (1, 16, 16, 16))
    large = plots.enlarge(np.ascontiguousarray(ramp[..., :3].swapaxes(1, 2)), 3)[0].astype(int)
    for axis in (0, 1):
        assert np.abs(np.diff(large, axis=axis)).max() <= 5  # no steps of 10
    # grey images are grey, and a row half full is white to its end
    grey = np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8, 1)
    sheet = plots.compose(grey, 2, factor=1, gap=2)
    assert (sheet == sheet[..., :1]).all()
    assert np.array_equal(sheet[:8, :8, 0], grey[0, ..., 0])
    assert plots.enlarge(grey, 3).shape == (3, 24, 24, 1)
    assert (sheet[10:, 10:] == 255).all()


def test_an_axis_that_is_given_is_used_and_grids_of_images_are_no_charts(images):
    _, axes = plt.subplots(1, 3)
    assert plots.image_grid(images, columns=5, ax=axes[0]) is axes[0]
    assert plots.latent_activity(np.ones(3), ax=axes[1]) is axes[1]
    assert plots.code_nats([{"a": 0.1}], ax=axes[2]) is axes[2]
    assert not plots.is_chart(plots.image_grid(images, 5).figure)
    assert plots.is_chart(plots.code_attributes([{"a": 0.1}, {"a": 0.9}]).figure)


def test_curves_are_drawn_in_their_own_units_with_test_points_where_there_are_some(metrics):
    fig = plots.learning_curves(metrics)
    for ax, term in zip(fig.axes, ("recon", "kl"), strict=True):
        line, points = ax.get_lines()
        assert np.array_equal(line.get_ydata(), metrics[f"{term}_nats"])
        assert len(points.get_xdata()) == metrics[f"test_{term}_nats"].notna().sum() == 5
    assert plots.is_chart(fig)
    fig = plots.learning_curves(metrics[["epoch", "recon_nats", "kl_nats"]])
    assert [len(ax.get_lines()) for ax in fig.axes] == [1, 1]


def test_legends_count_both_groups_of_points_or_latents_and_say_why_others_are_grey():
    xy, labels = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) < 12
    ax = plots.embedding_scatter(xy, labels, "Smiling", "zh")
    assert np.array_equal(ax.collections[0].get_offsets(), xy)
    yes, no = legend_of(ax)
    assert "微笑 (Smiling)" in yes
    assert "12" in yes
    assert "18" in no
    ax = plots.embedding_scatter(xy)
    assert len({tuple(colour) for colour in ax.collections[0].get_facecolors()}) == 1
    assert legend_of(ax) == [plots.words("no_attribute", "en", count=30)]
    # a latent is active above the threshold only
    active, inactive, _ = legend_of(plots.latent_activity(np.array([0.5, 0.02, 0.01, 0.0001])))
    assert active == plots.words("active", "en", active=2, total=4)
    assert inactive == plots.words("inactive", "en", inactive=2)


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_a_block_diagram_holds_every_layer_once_and_has_room_for_its_words(recipe):
    with torch.device("meta"):  # shapes alone cost nothing
        layers = explore.layers(build_models(recipe, "vae")["vae"], image_size=64, channels=3)
    boxes = plots.diagram.boxes_of(layers[1:], "en")
    assert sum(box.num_parameters for box in boxes) == sum(x.num_parameters for x in layers)
    parts = [box.part for box in boxes]
    assert parts == sorted(parts, key=("encoder", "mu", "logvar", "decoder").index)
    assert parts.count("mu") == parts.count("logvar") == 1
    assert boxes[-1].extras.split()[-1] in ("Tanh", "Sigmoid")
    for lang in LANGS:
        assert_words_are_apart(plots.block_diagram(layers, lang))


@pytest.mark.parametrize("lang", LANGS)
def test_every_figure_fits_with_every_glyph(images, metrics, lang):
    frames, xy = images[:12].reshape(3, 4, *images.shape[1:]), np.arange(18).reshape(9, 2)
    assert_fits(plots.learning_curves(metrics, lang))
    assert_fits(plots.pairs(images[:10], images[10:], lang=lang))
    assert_fits(plots.embedding_scatter(xy, np.arange(9) % 2, "Male", lang))
    assert_fits(plots.embedding_scatter(xy, None, None, lang))
    assert_fits(plots.latent_activity(np.arange(30) / 30, lang))
    assert_fits(plots.interpolation(frames))
    assert_fits(plots.traversal(frames, [0, 7, 65], [-2, 0, 0.5, 2], lang=lang))


def test_a_chart_is_the_same_small_svg_each_time_needs_no_font_and_follows_dark_mode():
    xy = np.random.default_rng(0).normal(size=(1_000, 2))
    draw = partial(plots.embedding_scatter, xy, np.arange(1_000) % 3 < 1, "Male", "zh")
    first, again = (plots.to_svg(draw().figure) for _ in range(2))
    assert first == again
    assert len(first) < 150_000
    assert "<text" not in first
    assert plots.style.FAMILIES[0] == "Noto Sans CJK TC"  # the font in the package
    assert ElementTree.fromstring(first).tag.endswith("svg")
    light, dark = first.split("prefers-color-scheme:dark")
    assert plots.style.INK in light
    assert plots.style.INK in dark  # as what is to be another colour


BETAS = {weight: 4 * weight for weight in TOLD}
CURVES = {weight: study_metrics(weight) for weight in WEIGHTS[:5] + TOLD}
RATE, LATENTS, DISTANCE = 0, 1, 3  # places in the grid of 2 x 2


def test_each_of_any_number_of_weights_has_its_panel_with_the_elbo_and_what_was_minimised():
    fig = plots.weight_elbo_curves({weight: CURVES[weight] for weight in TOLD}, BETAS)
    for ax, weight in zip(fig.axes, TOLD, strict=True):
        frame = CURVES[weight]
        trained, elbo, test = (line.get_ydata() for line in ax.get_lines())
        assert np.array_equal(elbo, frame["neg_elbo_nats"])
        assert np.allclose(trained, frame["recon_nats"] + 4 * weight * frame["kl_nats"])
        assert np.array_equal(test, frame["test_neg_elbo_nats"].dropna())
        assert f"λ = {weight:g}" in ax.get_title(loc="left")
    for weights in (WEIGHTS[:1], WEIGHTS[:2], WEIGHTS[:5]):
        frames = {w: CURVES[w].drop(columns="test_neg_elbo_nats") for w in weights}
        fig = plots.weight_elbo_curves(frames, {w: w for w in weights})
        assert [len(ax.get_lines()) for ax in fig.axes if ax.get_visible()] == [2] * len(weights)


@pytest.mark.parametrize("lang", LANGS)
def test_figures_of_studies_fit_and_have_the_weights_and_the_steps_beside_them(images, lang):
    names = ["λ = 1", "λ = 100", "λ = 0"]
    frames = {weight: np.stack([images[:8]] * 3) for weight in TOLD}
    growth = plots.weight_growth(images, frames, [90, 450, 1_900], lang)
    assert len(ticks(growth)) == 1 + 3 * len(TOLD)
    assert ticks(growth)[1].startswith("λ = 1\n")
    assert "1,900" in ticks(growth)[3]
    samples = plots.weight_samples(images, dict.fromkeys(TOLD, images), lang)
    assert ticks(samples) == [plots.words("kl_real", lang), *names]
    ways = {weight: np.roll(images[:9], place, 0) for place, weight in enumerate(TOLD)}
    ax = plots.weight_interpolations(ways)
    assert ticks(ax) == names
    assert ticks(ax, "x")[::8] == ["0%", "100%"]
    assert np.array_equal(sheet_of(ax), plots.compose(np.concatenate(list(ways.values())), 9))
    curves = plots.weight_elbo_curves({w: CURVES[w] for w in TOLD}, BETAS, lang)
    for drawn in (growth, samples, ax, curves):
        assert_fits(drawn)


def sweep(studies, discussed=TOLD, lang="en", frechet_real=5.0):
    """Return the axes of a study's sweep, laid out: rate and distortion, latents, distance."""
    given = {"z_dim": 20, "frechet_real": frechet_real, "lang": lang}
    fig = plots.weight_sweep(studies, discussed, **given)
    with plots.rc_context():
        fig.draw_without_rendering()
    return {ax.get_subplotspec().num1: ax for ax in fig.axes}


@pytest.mark.parametrize("lang", LANGS)
def test_the_sweep_names_each_point_and_shows_the_studys_numbers_with_zero_apart(lang):
    axes = sweep(results()["studies"], lang=lang)
    ax = axes[RATE]
    line, _, discussed = ax.get_lines()
    assert list(line.get_xdata()) == [study(w)["kl_nats"] for w in WEIGHTS]
    assert list(line.get_ydata()) == [study(w)["recon_nats"] for w in WEIGHTS]
    assert [text.get_text() for text in ax.texts] == [plots.weight_name(w)[4:] for w in WEIGHTS]
    assert set(discussed.get_xdata()) == {study(w)["kl_nats"] for w in TOLD}
    for place, values in ((LATENTS, ACTIVE), (DISTANCE, FRECHET)):
        curve, alone = axes[place].get_lines()[:2]
        assert list(curve.get_xdata()) == list(WEIGHTS[1:])
        assert list(curve.get_ydata()) == list(values[1:])
        assert (list(alone.get_xdata()), list(alone.get_ydata())) == ([0], [values[0]])
    assert ticks(axes[LATENTS], "x")[0] == "0"
    assert [5.0, 5.0] in [list(line.get_ydata()) for line in axes[DISTANCE].get_lines()]
    assert axes[DISTANCE].get_ylim()[0] < 5  # the noise floor
    assert_words_are_apart(ax.figure)
    assert_fits(ax.figure)


def test_points_that_lie_together_share_their_name_and_those_side_by_side_keep_a_gap():
    empty = {"kl_nats": 0.0, "recon_nats": 2_700.0}
    near = {0.0: (283.0, 678.0), 0.001: (183.0, 658.0)}  # of a run on drawn faces
    changed = {w: {"kl_nats": rate, "recon_nats": error} for w, (rate, error) in near.items()}
    ax = sweep(results(changed={30.0: empty, 100.0: empty, **changed})["studies"])[RATE]
    assert ax.texts[-1].get_text() == "30, 100"
    assert_words_are_apart(ax.figure)
    gap = 3 * ax.figure.dpi / 72
    boxes = {text.get_text(): text.get_window_extent() for text in ax.texts}
    if "0" in boxes:  # else they are so near that they share a name
        assert not boxes["0"].padded(gap).overlaps(boxes["0.001"].padded(gap))


@pytest.mark.parametrize("weights", [(1.0,), (0.0,), (0.0, 1.0)])
def test_few_weights_are_drawn_and_samples_that_were_not_measured_have_no_panel(weights):
    table = pd.DataFrame(results(weights, told=weights)["studies"])
    is_measured = len(weights) == 1
    rows = table if is_measured else table.drop(columns="frechet")
    axes = sweep(rows.to_dict("records"), weights, frechet_real=5.0 if is_measured else None)
    assert set(axes) == ({RATE, LATENTS, DISTANCE} if is_measured else {RATE, LATENTS})
    assert ("0" in ticks(axes[LATENTS], "x")) == (0.0 in weights)
