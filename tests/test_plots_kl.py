"""The KL study's figures show what they are given, in both languages, nothing cut."""

import numpy as np
import pytest
from figure_checks import assert_fits, assert_words_are_apart, sheet_of, tick_labels
from kl_results import ACTIVE, FRECHET, TOLD, WEIGHTS, metrics, results, study

from hwlib import plots
from hwlib.text import LANGUAGES

LANGS = tuple(LANGUAGES)
BETAS = {weight: 4 * weight for weight in TOLD}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (16, 16, 16, 3), dtype=np.uint8)


CURVES = {weight: metrics(weight) for weight in WEIGHTS[:5] + TOLD}


def test_each_weight_has_its_panel_with_the_elbo_and_what_was_minimised():
    fig = plots.weight_elbo_curves({weight: CURVES[weight] for weight in TOLD}, BETAS)
    for ax, weight in zip(fig.axes, TOLD, strict=True):
        frame = CURVES[weight]
        trained, elbo, test = (line.get_ydata() for line in ax.get_lines())
        assert np.array_equal(elbo, frame["neg_elbo_nats"])
        assert np.allclose(trained, frame["recon_nats"] + 4 * weight * frame["kl_nats"])
        assert np.array_equal(test, frame["test_neg_elbo_nats"].dropna())
        assert f"λ = {weight:g}" in ax.get_title(loc="left")


@pytest.mark.parametrize("count", [1, 2, 5])
def test_any_number_of_weights_has_room_with_test_points_or_without(count):
    weights = WEIGHTS[:count]
    frames = {w: CURVES[w].drop(columns="test_neg_elbo_nats") for w in weights}
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


def sweep(studies, discussed=TOLD, lang="en", frechet_real=5.0):
    """Return the axes of a study's sweep, laid out: rate and distortion, latents, distance."""
    given = {"z_dim": 20, "frechet_real": frechet_real, "lang": lang}
    fig = plots.weight_sweep(studies, discussed, **given)
    with plots.rc_context():
        fig.draw_without_rendering()
    return {ax.get_subplotspec().num1: ax for ax in fig.axes}


@pytest.fixture(scope="module", params=LANGS)
def swept(request):
    """The sweep of a whole study."""
    return sweep(results()["studies"], lang=request.param)


RATE, LATENTS, DISTANCE = 0, 1, 3  # places in the grid of 2 x 2


def test_the_rate_distortion_curve_has_a_named_point_a_weight(swept):
    ax = swept[RATE]
    line, _, discussed = ax.get_lines()
    assert list(line.get_xdata()) == [study(w)["kl_nats"] for w in WEIGHTS]
    assert list(line.get_ydata()) == [study(w)["recon_nats"] for w in WEIGHTS]
    assert [text.get_text() for text in ax.texts] == [plots.weight_name(w)[4:] for w in WEIGHTS]
    assert set(discussed.get_xdata()) == {study(w)["kl_nats"] for w in TOLD}
    assert_words_are_apart(ax.figure)


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


def test_numbers_over_the_weight_are_those_of_the_study_and_zero_stands_apart(swept):
    for place, values in ((LATENTS, ACTIVE), (DISTANCE, FRECHET)):
        curve, alone = swept[place].get_lines()[:2]
        assert list(curve.get_xdata()) == list(WEIGHTS[1:])
        assert list(curve.get_ydata()) == list(values[1:])
        assert list(alone.get_ydata()) == [values[0]]
        assert list(alone.get_xdata()) == [0]
    assert tick_labels(swept[LATENTS], "x")[0] == "0"
    assert [5.0, 5.0] in [list(line.get_ydata()) for line in swept[DISTANCE].get_lines()]
    assert swept[DISTANCE].get_ylim()[0] < 5  # the noise floor


@pytest.mark.parametrize("weights", [(1.0,), (0.0,), (0.0, 1.0)])
def test_few_weights_are_drawn(weights):
    axes = sweep(results(weights, told=weights)["studies"], weights)
    assert len(axes) == 3
    assert ("0" in tick_labels(axes[LATENTS], "x")) == (0.0 in weights)


def test_samples_that_were_not_measured_have_no_panel():
    rows = results((1.0, 3.0), told=(1.0,))["studies"]
    rows = [{k: v for k, v in row.items() if k != "frechet"} for row in rows]
    assert set(sweep(rows, frechet_real=None)) == {RATE, LATENTS}


def test_the_sweep_fits_with_every_glyph(swept):
    assert_fits(swept[RATE].figure)


@pytest.mark.parametrize("lang", LANGS)
def test_every_other_figure_fits_with_every_glyph(lang, images):
    frames = {weight: np.stack([images[:9], images[:9]]) for weight in TOLD}
    assert_fits(plots.weight_elbo_curves({w: CURVES[w] for w in TOLD}, BETAS, lang))
    assert_fits(plots.weight_interpolations(dict.fromkeys(TOLD, images[:9])))
    assert_fits(plots.weight_growth(images, frames, [90, 900], lang))
    assert_fits(plots.weight_samples(images, dict.fromkeys(TOLD, images), lang))
