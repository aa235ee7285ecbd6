"""The KL study's figures show what they are given, in both languages, nothing cut."""

import numpy as np
import pytest
from figure_checks import (
    assert_fits,
    assert_words_are_apart,
    close_figures,  # noqa: F401
    sheet_of,
    tick_labels,
)
from kl_results import ACTIVE, FRECHET, TOLD, WEIGHTS, metrics, results, study

from hwlib import plots
from hwlib.text import LANGUAGES

LANGS = tuple(LANGUAGES)
BETAS = {weight: 4 * weight for weight in TOLD}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (16, 16, 16, 3), dtype=np.uint8)


def curves(weights=TOLD):
    return {weight: metrics(weight) for weight in weights}


def test_each_weight_has_its_panel_with_the_elbo_and_what_was_minimised():
    fig = plots.weight_elbo_curves(curves(), BETAS)
    for ax, weight in zip(fig.axes, TOLD, strict=True):
        frame = metrics(weight)
        trained, elbo, test = (line.get_ydata() for line in ax.get_lines())
        assert np.array_equal(elbo, frame["neg_elbo_nats"])
        assert np.allclose(trained, frame["recon_nats"] + 4 * weight * frame["kl_nats"])
        assert np.array_equal(test, frame["test_neg_elbo_nats"].dropna())
        assert f"λ = {weight:g}" in ax.get_title(loc="left")


@pytest.mark.parametrize("count", [1, 2, 4, 5])
def test_any_number_of_weights_has_room_with_test_points_or_without(count):
    weights = WEIGHTS[:count]
    frames = {w: one.drop(columns="test_neg_elbo_nats") for w, one in curves(weights).items()}
    fig = plots.weight_elbo_curves(frames, {w: w for w in weights})
    assert [len(ax.get_lines()) for ax in fig.axes if ax.get_visible()] == [2] * count


@pytest.mark.parametrize("lang", LANGS)
def test_rows_of_images_have_the_weights_and_the_steps_beside_them(images, lang):
    frames = {weight: np.stack([images[:8]] * 3) for weight in TOLD}
    words = tick_labels(plots.weight_growth(images, frames, [90, 450, 1_900], lang))
    assert len(words) == 1 + 3 * len(TOLD)
    assert words[1].startswith("λ = 1\n")
    assert "1,900" in words[3]
    names = ["λ = 1", "λ = 100", "λ = 0"]
    samples = plots.weight_samples(images, dict.fromkeys(TOLD, images), lang)
    assert tick_labels(samples) == [plots.words("kl_real", lang), *names]
    ways = {weight: np.roll(images[:9], place, 0) for place, weight in enumerate(TOLD)}
    ax = plots.weight_interpolations(ways)
    assert tick_labels(ax) == names
    assert tick_labels(ax, "x")[::8] == ["0%", "100%"]
    assert np.array_equal(sheet_of(ax), plots.compose(np.concatenate(list(ways.values())), 9))


def sweep(studies=None, discussed=TOLD, lang="en", **other):
    """Return the axes of a study's sweep, laid out: rate and distortion, latents, distance."""
    given = {"z_dim": 20, "frechet_real": 5.0} | other
    fig = plots.weight_sweep(studies or results()["studies"], discussed, lang=lang, **given)
    with plots.rc_context():
        fig.draw_without_rendering()
    return {ax.get_subplotspec().num1: ax for ax in fig.axes}


RATE, LATENTS, DISTANCE = 0, 1, 3  # places in the grid of 2 x 2


def test_the_rate_distortion_curve_has_a_named_point_a_weight():
    ax = sweep()[RATE]
    line, _, discussed = ax.get_lines()
    assert list(line.get_xdata()) == [study(w)["kl_nats"] for w in WEIGHTS]
    assert list(line.get_ydata()) == [study(w)["recon_nats"] for w in WEIGHTS]
    assert [text.get_text() for text in ax.texts] == [plots.weight_name(w)[4:] for w in WEIGHTS]
    assert set(discussed.get_xdata()) == {study(w)["kl_nats"] for w in TOLD}


def test_points_that_lie_together_share_their_name():
    empty = {"kl_nats": 0.0, "recon_nats": 2_700.0}
    ax = sweep(results(changed={30.0: empty, 100.0: empty})["studies"])[RATE]
    assert ax.texts[-1].get_text() == "30, 100"
    assert_words_are_apart(ax.figure)


def test_names_of_points_side_by_side_keep_a_gap():
    near = {0.0: (283.0, 678.0), 0.001: (183.0, 658.0)}  # of a run on drawn faces
    changed = {w: {"kl_nats": rate, "recon_nats": error} for w, (rate, error) in near.items()}
    ax = sweep(results(changed=changed)["studies"])[RATE]
    gap = 3 * ax.figure.dpi / 72
    boxes = {text.get_text(): text.get_window_extent() for text in ax.texts}
    if "0" in boxes:  # else they are so near that they share a name
        assert not boxes["0"].padded(gap).overlaps(boxes["0.001"].padded(gap))


def test_numbers_over_the_weight_are_those_of_the_study_and_zero_stands_apart():
    axes = sweep()
    for place, values in ((LATENTS, ACTIVE), (DISTANCE, FRECHET)):
        curve, alone = axes[place].get_lines()[:2]
        assert list(curve.get_xdata()) == list(WEIGHTS[1:])
        assert list(curve.get_ydata()) == list(values[1:])
        assert list(alone.get_ydata()) == [values[0]]
        assert 0 < alone.get_xdata()[0] < WEIGHTS[1]
    assert tick_labels(axes[LATENTS], "x")[0] == "0"
    assert [5.0, 5.0] in [list(line.get_ydata()) for line in axes[DISTANCE].get_lines()]
    assert axes[DISTANCE].get_ylim()[0] < 5  # the noise floor
    without = sweep(results(WEIGHTS[1:], told=(1.0,))["studies"])
    assert "0" not in tick_labels(without[LATENTS], "x")


@pytest.mark.parametrize("weights", [(1.0,), (0.0,), (0.0, 1.0), (1.0, 3.0)])
def test_few_weights_are_drawn(weights):
    assert len(sweep(results(weights, told=weights)["studies"], weights)) == 3


def test_samples_that_were_not_measured_have_no_panel():
    rows = [{k: v for k, v in row.items() if k != "frechet"} for row in results()["studies"]]
    assert set(sweep(rows, frechet_real=None)) == {RATE, LATENTS}


@pytest.mark.parametrize("lang", LANGS)
def test_every_figure_fits_with_every_glyph(lang, images):
    frames = {weight: np.stack([images[:9], images[:9]]) for weight in TOLD}
    swept = sweep(lang=lang)[RATE].figure
    assert_words_are_apart(swept)
    for drawn in (
        plots.weight_elbo_curves(curves(), BETAS, lang),
        swept,
        plots.weight_interpolations(dict.fromkeys(TOLD, images[:9])),
        plots.weight_growth(images, frames, [90, 900], lang),
        plots.weight_samples(images, dict.fromkeys(TOLD, images), lang),
    ):
        assert_fits(drawn)
