"""The KL study's figures show what they are given, in both languages, nothing cut."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from kl_results import ACTIVE, FRECHET, TOLD, WEIGHTS, metrics, results, study
from test_plots import assert_words_are_apart, render, smallest_words

from hwlib import plots, text

matplotlib.use("Agg")

LANGS = tuple(text.LANGUAGES)
BETAS = {weight: 4 * weight for weight in TOLD}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(0, 256, (16, 16, 16, 3), dtype=np.uint8)


def shown(ax):
    """Return the pixels of the sheet on `ax`."""
    return ax.get_images()[0].get_array()


def labels(ax, axis="y"):
    return [tick.get_text() for tick in getattr(ax, f"get_{axis}ticklabels")()]


def curves(told=TOLD):
    return {weight: metrics(weight) for weight in told}


def test_each_weight_has_its_panel_with_the_elbo_and_what_was_minimised():
    fig = plots.weight_elbo_curves(curves(), BETAS)
    for ax, weight in zip(fig.axes, TOLD, strict=True):
        frame = metrics(weight)
        trained, elbo, test = (line.get_ydata() for line in ax.get_lines())
        assert np.array_equal(elbo, frame["neg_elbo_nats"])
        assert np.allclose(trained, frame["recon_nats"] + 4 * weight * frame["kl_nats"])
        assert np.array_equal(test, frame["test_neg_elbo_nats"].dropna())
        assert f"λ = {weight:g}" in ax.get_title(loc="left")


def test_at_beta_one_the_two_curves_are_the_same():
    frame = metrics(1.0)
    frame["objective"] = frame["neg_elbo_nats"]
    ax = plots.weight_elbo_curves({1.0: frame}, {1.0: 1.0}).axes[0]
    trained, elbo = (line.get_ydata() for line in ax.get_lines()[:2])
    assert np.allclose(trained, elbo)


@pytest.mark.parametrize("count", [1, 2, 4, 5])
def test_any_number_of_weights_has_room(count):
    told = WEIGHTS[:count]
    fig = plots.weight_elbo_curves(curves(told), {w: w for w in told})
    assert sum(ax.get_visible() for ax in fig.axes) == count


def test_curves_without_test_points_are_drawn():
    frame = metrics(1.0).drop(columns=["test_neg_elbo_nats", "test_mse_11"])
    (ax,) = plots.weight_elbo_curves({1.0: frame}, {1.0: 4.0}).axes
    assert len(ax.get_lines()) == 2


@pytest.mark.parametrize("lang", LANGS)
def test_growth_has_a_block_a_weight_and_says_the_steps(pictures, lang):
    frames = {weight: np.stack([pictures[:8]] * 3) for weight in TOLD}
    ax = plots.weight_growth(pictures, frames, [90, 450, 1_900], lang)
    words = labels(ax)
    assert len(words) == 1 + 3 * len(TOLD)
    assert words[1].startswith("λ = 1\n")
    assert "1,900" in words[3]


@pytest.mark.parametrize("lang", LANGS)
def test_samples_stand_below_real_pictures(pictures, lang):
    ax = plots.weight_samples(pictures, dict.fromkeys(TOLD, pictures), lang)
    assert labels(ax)[0] == text.word("labels.kl_real", lang)
    assert labels(ax)[1:] == ["λ = 1", "λ = 100", "λ = 0"]


def test_each_weight_has_one_row_from_one_end_to_the_other(pictures):
    frames = {weight: np.roll(pictures[:9], place, 0) for place, weight in enumerate(TOLD)}
    ax = plots.weight_interpolations(frames)
    assert labels(ax) == ["λ = 1", "λ = 100", "λ = 0"]
    assert labels(ax, "x")[0] == "0%"
    assert labels(ax, "x")[-1] == "100%"
    expected = plots.compose(np.concatenate(list(frames.values())), 9)
    assert np.array_equal(shown(ax), expected)


def sweep(studies=None, told=TOLD, lang="en", **other):
    """Return the axes of a study's sweep: rate and distortion, active latents, distance."""
    given = {"z_dim": 20, "frechet_real": 5.0} | other
    return plots.weight_sweep(studies or results()["studies"], told, lang=lang, **given).axes


def test_the_rate_distortion_curve_has_a_named_point_a_weight():
    ax = sweep()[0]
    line = ax.get_lines()[0]
    assert list(line.get_xdata()) == [study(w)["kl_nats"] for w in WEIGHTS]
    assert list(line.get_ydata()) == [study(w)["recon_nats"] for w in WEIGHTS]
    assert [text.get_text() for text in ax.texts] == [plots.weight_name(w)[4:] for w in WEIGHTS]
    told = ax.get_lines()[2]
    assert set(told.get_xdata()) == {study(w)["kl_nats"] for w in TOLD}


def test_points_that_lie_together_share_their_name():
    empty = {"kl_nats": 0.0, "recon_nats": 2_700.0}
    ax = sweep(results(changed={30.0: empty, 100.0: empty})["studies"])[0]
    assert ax.texts[-1].get_text() == "30, 100"
    assert_words_are_apart(ax.figure)


@pytest.mark.parametrize("lang", LANGS)
def test_the_points_names_do_not_collide(lang):
    assert_words_are_apart(sweep(lang=lang)[0].figure)


def test_names_of_points_side_by_side_keep_a_gap():
    near = {0.0: (283.0, 678.0), 0.001: (183.0, 658.0)}  # of a run on drawn faces
    changed = {w: {"kl_nats": rate, "recon_nats": error} for w, (rate, error) in near.items()}
    ax = sweep(results(changed=changed)["studies"])[0]
    render(ax.figure)
    gap = 3 * ax.figure.dpi / 72
    boxes = {text.get_text(): text.get_window_extent() for text in ax.texts}
    if "0" in boxes:  # else they are so near that they share a name
        assert not boxes["0"].padded(gap).overlaps(boxes["0.001"].padded(gap))


def test_numbers_over_the_weight_are_those_of_the_study_and_zero_stands_apart():
    axes = sweep()
    for ax, values in zip(axes[1:], (ACTIVE, FRECHET), strict=True):
        curve = next(line for line in ax.get_lines() if len(line.get_xdata()) == 8)
        assert list(curve.get_xdata()) == list(WEIGHTS[1:])
        assert list(curve.get_ydata()) == list(values[1:])
        alone = next(
            line
            for line in ax.get_lines()
            if line.get_marker() == "o" and np.size(line.get_xdata()) == 1
        )
        assert np.ravel(alone.get_ydata())[0] == values[0]
        assert 0 < np.ravel(alone.get_xdata())[0] < WEIGHTS[1]
    render(axes[0].figure)
    assert labels(axes[1], "x")[0] == "0"


def test_the_noise_floor_stands_below_the_samples_distance():
    ax = sweep()[2]
    assert [5.0, 5.0] in [list(line.get_ydata()) for line in ax.get_lines()]
    assert ax.get_ylim()[0] < 5


def test_without_weight_zero_there_is_no_place_for_it():
    axes = sweep(results(WEIGHTS[1:], told=(1.0,))["studies"])
    render(axes[0].figure)
    assert "0" not in labels(axes[1], "x")


@pytest.mark.parametrize("weights", [(1.0,), (0.0,), (0.0, 1.0), (1.0, 3.0)])
def test_few_weights_are_drawn(weights):
    render(sweep(results(weights, told=weights)["studies"], weights)[0].figure)


def test_samples_that_were_not_measured_have_no_panel():
    found = [
        {name: part for name, part in row.items() if name != "frechet"}
        for row in results()["studies"]
    ]
    axes = sweep(found, frechet_real=None)
    render(axes[0].figure)
    assert len(axes) == 2


@pytest.mark.parametrize("lang", LANGS)
def test_no_glyph_is_missing_and_no_word_is_printed_below_seven_points(lang, pictures, recwarn):
    frames = {weight: np.stack([pictures[:9], pictures[:9]]) for weight in TOLD}
    for drawn in (
        plots.weight_elbo_curves(curves(), BETAS, lang),
        sweep(lang=lang)[0].figure,
        plots.weight_interpolations(dict.fromkeys(TOLD, pictures[:9])),
        plots.weight_growth(pictures, frames, [90, 900], lang),
        plots.weight_samples(pictures, dict.fromkeys(TOLD, pictures), lang),
    ):
        render(drawn)
        assert smallest_words(getattr(drawn, "figure", drawn)) >= 7
    assert [w for w in recwarn if "Glyph" in str(w.message)] == []
