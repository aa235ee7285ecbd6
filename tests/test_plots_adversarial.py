"""The figures of adversarial runs show what they are given, in both languages, nothing cut."""

import math

import numpy as np
import pytest
import torch
from adversarial_results import STEPS, acgan_results, infogan_results, metrics
from figure_checks import assert_fits, assert_words_are_apart, legend_of, sheet_of
from figure_checks import tick_labels as ticks

from hwlib import plots
from hwlib.explore.networks import network_layers
from hwlib.faces.factors import ATTRIBUTES
from hwlib.plots.grids import BLANK
from hwlib.plots.maps import MAX_ATTRIBUTES
from hwlib.recipes import build_models
from hwlib.text import LANGUAGES

LANGS = tuple(LANGUAGES)


def images(*shape):
    """Return images of `shape`, each of one grey of its own where there are few enough."""
    greys = (np.arange(math.prod(shape)) % 250 + 1).astype(np.uint8).reshape(*shape, 1, 1, 1)
    return np.broadcast_to(greys, (*shape, 16, 16, 3)).copy()


def lines(ax, colour):
    """Return the curves of one colour that run over all records."""
    return [ln for ln in ax.get_lines() if ln.get_color() == colour and len(ln.get_xdata()) > 20]


def levels(ax):
    """Return the heights and colours of the lines across `ax`."""
    across = [ln for ln in ax.get_lines() if len(ln.get_xdata()) == 2]
    return {(round(float(ln.get_ydata()[0]), 6), ln.get_color()) for ln in across}


GAN = "d_loss g_loss | d_accuracy_real d_accuracy_fake"
ACGAN = f"{GAN} | d_class_loss g_class_loss | class_accuracy_real class_accuracy_fake"
INFOGAN = f"{GAN} | q_loss | code_accuracy"


def test_each_panel_shows_its_columns_as_they_were_measured():
    frame = metrics()
    for draw, columns in ((plots.acgan_curves, ACGAN), (plots.infogan_curves, INFOGAN)):
        for ax, panel in zip(draw(frame).axes, columns.split(" | "), strict=True):
            colours = (plots.style.BLUE, plots.style.ORANGE)
            if " " not in panel:
                colours = (plots.style.PINK,)
            for name, colour in zip(panel.split(), colours, strict=True):
                (line,) = lines(ax, colour)
                assert np.array_equal(line.get_xdata(), STEPS)
                assert np.array_equal(line.get_ydata(), frame[name])
            if "accuracy" in panel:
                assert ax.get_ylim()[0] <= 0 < 1 <= ax.get_ylim()[1]


def test_a_smoothed_point_is_the_mean_with_the_points_before_it():
    frame = metrics()
    measured, smooth = lines(plots.gan_curves(frame, smoothing=10).axes[0], plots.style.BLUE)
    loss = frame["d_loss"].to_numpy()
    assert np.array_equal(measured.get_ydata(), loss)
    assert measured.get_alpha() < 0.5
    for at, mean in ((0, loss[0]), (4, loss[:5].mean()), (50, loss[40:51].mean())):
        assert smooth.get_ydata()[at] == pytest.approx(mean)


def test_what_guessing_gives_is_marked():
    ln2, twice, ln10 = (round(math.log(value), 6) for value in (2, 4, 10))
    both = {(twice, plots.style.BLUE), (ln2, plots.style.ORANGE)}
    frame = metrics()
    assert levels(plots.gan_curves(frame).axes[0]) >= both
    live, apart, summed = (
        plots.acgan_curves(frame, class_on_fake=known).axes for known in (None, False, True)
    )
    assert levels(live[2]) == set()  # it is not known
    assert levels(apart[2]) == {(ln2, plots.style.INK)}
    assert levels(apart[3]) == {(0.5, plots.style.INK)}
    assert levels(summed[2]) == both
    assert legend_of(summed[2]) == ["D", "G", plots.words("guess_class_losses", "en")]
    _, _, loss, accuracy = plots.infogan_curves(frame).axes
    assert levels(loss) == {(ln10, plots.style.INK)}
    assert levels(accuracy) == {(0.1, plots.style.INK)}
    assert loss.get_ylim()[0] == 0 < ln10 < loss.get_ylim()[1]


def test_snapshots_are_marked_if_there_are_any_and_the_best_is_the_lowest_kid():
    frame = metrics()
    scored = frame.dropna(subset=["snapshot_kid"])
    best = scored.loc[scored["snapshot_kid"].idxmin(), "step"]
    assert plots.best_snapshot(frame) == best
    left, _ = plots.gan_curves(frame).axes
    (marks,) = [ln for ln in left.get_lines() if ln.get_marker() == "^"]
    assert np.array_equal(marks.get_xdata(), scored["step"])
    assert any(list(ln.get_xdata()) == [best, best] for ln in left.get_lines())
    early = metrics(2).drop(columns=["snapshot_kid", "snapshot_diversity"])
    assert plots.best_snapshot(early) is None
    assert_fits(plots.infogan_curves(early, "zh"))


def test_a_loss_that_runs_away_gets_a_log_axis_and_a_loss_of_zero_does_not():
    running_away = metrics(g_loss=np.where(STEPS < 1_900, 1.4, 60.0))
    for frame, scale in ((running_away, "log"), (metrics(d_loss=0.0, g_loss=30.0), "linear")):
        ax = plots.gan_curves(frame).axes[0]
        assert ax.get_yscale() == scale
        assert (plots.words("log_axis", "en") in ax.get_title(loc="left")) == (scale == "log")


def test_the_snapshot_curve_shows_each_score_whole_and_stars_the_best():
    frame, kept = metrics(), plots.words("kept_snapshot", "en")
    best, scored = plots.best_snapshot(frame), frame.dropna(subset=["snapshot_kid"])
    for drawn in (frame, frame.drop(columns=["snapshot_correlation", "snapshot_score"])):
        shown = [name for name in drawn if name.startswith("snapshot_")]
        axes = plots.snapshot_curve(drawn, kept_step=1_000).axes
        for ax, name in zip(axes, shown, strict=True):
            (curve,), (star,) = (
                [ln for ln in ax.get_lines() if ln.get_marker() == marker] for marker in "o*"
            )
            assert np.array_equal(curve.get_ydata(), scored[name])
            assert star.get_xdata() == best
            assert not curve.get_clip_on() | star.get_clip_on()  # the last one stands on the edge
        assert kept in legend_of(axes[0])
    same = plots.snapshot_curve(frame, kept_step=best).axes[0]
    assert kept not in legend_of(same)  # it is the best one


def assert_rows(ax, rows):
    """Hold that a figure shows images (rows, columns, H, W, C) as they are."""
    flat = rows.reshape(-1, *rows.shape[2:])
    assert np.array_equal(sheet_of(ax), plots.compose(flat, rows.shape[1]))


def test_growth_has_a_row_a_noise_and_a_column_a_step():
    frames = images(5, 8)
    ax = plots.growth(frames, [10, 20, 30, 40, 1_500])
    assert_rows(ax, frames.swapaxes(0, 1))
    assert ticks(ax, "x") == ["10", "20", "30", "40", "1,500"]
    assert ticks(ax)[0] == "$z_{1}$"
    # of many steps twelve are shown, and few are no taller than a page
    names = ticks(plots.growth(images(30, 2), np.arange(1, 31) * 100), "x")
    assert (len(names), names[0], names[-1]) == (12, "100", "3,000")
    fig = plots.growth(images(2, 8), [10, 20]).figure
    assert fig.get_figheight() < 8
    assert fig.get_figwidth() < plots.COLUMN_IN / 2
    assert_fits(plots.growth(images(12, 8), np.arange(12) * 25_000, lang="zh"))


def test_groups_stand_below_one_another_with_their_names():
    gan, vae = images(20), images(30)[::-1]
    ax = plots.side_by_side({"GAN": gan, "VAE": vae}, columns=4, rows=2)
    sheet, upper = sheet_of(ax), plots.compose(gan[:8], 4)
    assert np.array_equal(sheet[: len(upper)], upper)
    assert np.array_equal(sheet[-len(upper) :], plots.compose(vae[:8], 4))
    assert ticks(ax) == ["GAN", "VAE"]
    assert_fits(ax)
    with pytest.raises(ValueError, match="differ in size"):
        plots.side_by_side({"a": images(8), "b": np.zeros((8, 8, 8, 3), np.uint8)})


def test_with_stands_above_without_and_the_attributes_name_beside_both():
    pairs, words = images(10, 2), ["Wearing\nLipstick\nwith", "Wearing\nLipstick\nwithout"]
    ax = plots.attribute_pairs(pairs, "Wearing_Lipstick")
    assert_rows(ax, pairs.swapaxes(0, 1))
    assert ticks(ax) == words
    more = plots.attribute_pairs_more(images(2, 10, 2), ["Male", "Wearing_Lipstick"])
    assert ticks(more)[2:] == words


def test_a_codes_values_are_the_columns_and_an_absent_image_is_pale():
    grid = images(10, 10)
    for ax in (plots.code_grid(grid, 2), plots.code_combinations(grid)):
        assert_rows(ax, grid)
        assert ticks(ax, "x") == [str(value) for value in range(10)]
        assert ax.get_xlabel() == plots.words("code_value", "en", code=2)
    assert plots.code_combinations(grid).get_ylabel() == plots.words("code_value", "en", code=1)
    real = images(10, 6)
    real[3, 4:] = 0
    given, expected = real.copy(), real.copy()
    expected[3, 4:] = BLANK
    assert_rows(plots.code_real(real), expected.swapaxes(0, 1))
    assert np.array_equal(real, given)
    assert_rows(plots.code_real(real[..., :1]), expected.swapaxes(0, 1)[..., :1])
    assert_fits(plots.code_real(real, 1, lang="zh"))


def cells(ax):
    return [text.get_text() for text in ax.texts]


def test_each_leak_has_its_sign_and_what_is_not_known_of_real_images_stays_empty():
    results = acgan_results("Smiling", "Male")
    fig = plots.leakage(results["leakage"], {"Smiling": {"Smiling": 1.0, "Male": 0.2}})
    upper, lower = fig.axes
    assert len(cells(upper)) == 2 * len(ATTRIBUTES)
    assert {"+94", "−10"} <= set(cells(upper))
    assert "+100" in cells(lower)
    assert cells(lower).count("–") == 2 * len(ATTRIBUTES) - 2
    assert ticks(lower, "x")[0] == "Bangs"
    assert ticks(upper) == ["Smiling", "Male"]
    assert_fits(fig)
    # of many attributes those that changed most are shown
    changes = {"a7": {f"a{i}": i / 100 for i in range(40)}}
    upper, lower = plots.leakage(changes, changes).axes
    assert len(cells(upper)) == MAX_ATTRIBUTES
    assert {"a7", "a39"} <= set(ticks(lower, "x"))
    assert "a2" not in ticks(lower, "x")


def test_the_map_of_a_code_begins_with_the_widest_attribute_and_ends_with_the_mean():
    meaning = [{"flat": 0.5, "wide": v / 9, "some": v / 20} for v in range(10)]
    ax = plots.code_attributes(meaning)
    assert ticks(ax) == ["wide", "some", "flat"]
    assert ticks(ax, "x")[-1] == plots.words("mean", "en")
    assert cells(ax)[:11] == ["0", "11", "22", "33", "44", "56", "67", "78", "89", "100", "50"]


def test_bars_of_information_begin_with_the_longest_and_those_too_short_are_left_out_but_five():
    ax = plots.code_nats([{"a": 0.1, "b": 0.5, "c": -0.01}, {"a": 0.9, "b": 0.0, "c": 0.02}])
    assert ticks(ax) == ["a", "b", "c"]
    bars = [[bar.get_width() for bar in container] for container in ax.containers]
    assert bars == [[0.1, 0.5, 0.0], [0.9, 0.0, 0.02]]
    assert legend_of(ax) == ["code 1", "code 2"]
    for num_long, shown in ((7, 7), (0, 5)):
        nats = {f"a{i}": 0.1 if i < num_long else 0.001 for i in range(20)}
        (bars,) = plots.code_nats([nats]).containers
        assert len(bars) == shown
    # the level below which a bar counts as none is drawn and named
    nats = [{"a": 0.01, "b": 0.002}]
    ax = plots.code_nats(nats, least=0.05)
    (line,) = [ln for ln in ax.get_lines() if list(ln.get_xdata()) == [0.05, 0.05]]
    assert "0.05" in line.get_label()
    assert ax.get_xlim()[1] > 0.05
    with plots.rc_context():
        ax.figure.draw_without_rendering()
    assert overlap(ax.get_legend().get_window_extent(), ax.get_window_extent()) < 2  # beside it
    assert plots.code_nats(nats).get_legend() is None


def networks(recipe, problem, **options):
    with torch.device("meta"):  # shapes alone cost nothing
        return network_layers(build_models(recipe, problem, **options), image_size=64, channels=3)


def words_of(layers):
    return [text.get_text() for text in plots.gan_diagram(layers).axes[0].texts]


def test_the_diagram_counts_every_parameter_and_one_embedding_a_label_in_one_box():
    layers = networks("dcgan", "infogan", num_codes=2)
    words = words_of(layers)
    counts = {name: sum(x.num_parameters for x in part) for name, part in layers.items()}
    for count in counts.values():
        assert any(f"{count:,}" in word for word in words)
    numbers = [int(word.replace(",", "")) for word in words if word.replace(",", "").isdigit()]
    # shapes of one number (z, c, their join, the codes) are written the same way
    assert sum(n for n in numbers if n not in {62, 20, 82, 1, 40}) == sum(counts.values())
    layers = networks("plain", "acgan", num_labels=3)
    tables = [layer.num_parameters for layer in layers["G"] if layer.kind == "Embedding"]
    assert len(tables) == 3
    assert f"{sum(tables):,}" in words_of(layers)


def test_diagrams_say_how_labels_come_in_and_what_each_head_answers_and_have_room_for_it():
    labels = {"num_labels": 13}
    for recipe, problem, options, keys in (
        ("plain", "gan", {}, []),
        ("plain", "acgan", labels, ["Embedding"]),
        ("upsample", "acgan", labels, ["JoinValues", "answer_both"]),
        ("wide", "acgan", labels, ["answer_real", "answer_classes"]),
        ("dcgan", "acgan", labels, ["JoinOneHot"]),
        ("dcgan", "infogan", {}, ["answer_q"]),
    ):
        layers = networks(recipe, problem, **options)
        for lang in LANGS:
            fig = plots.gan_diagram(layers, lang)
            assert_words_are_apart(fig)
            words = [text.get_text() for text in fig.axes[0].texts]
            assert {plots.words(key, lang) for key in keys} <= set(words)
            begin = plots.words("before_q", lang)
            assert any(word.startswith(begin) for word in words) == (problem == "infogan")


@pytest.mark.parametrize("lang", LANGS)
def test_every_figure_fits_with_every_glyph(lang):
    names, infogan = ["Mouth_Slightly_Open", "Wearing_Lipstick"], infogan_results(2)
    acgan = acgan_results(*names)
    assert_fits(plots.nearest(images(8, 2), lang=lang))
    assert_fits(plots.attribute_pairs_more(images(2, 10, 2), names, lang=lang))
    assert_fits(plots.code_combinations(images(10, 10), lang=lang))
    assert_fits(plots.leakage(acgan["leakage"], acgan["leakage_real"], lang))
    assert_fits(plots.code_attributes(infogan["code_meaning"][0], 1, lang))
    assert_fits(plots.code_nats(infogan["code_factor_nats"], lang, least=0.05))


def overlap(a, b):
    """Return by how many pixels two boxes overlap, the smaller way."""
    return min(min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0))


@pytest.mark.parametrize("lang", LANGS)
def test_curves_fit_and_their_titles_and_legends_do_not_collide(lang):
    running_away = metrics(g_loss=np.where(STEPS < 1_900, 1, 60))
    for fig in (
        plots.acgan_curves(running_away, lang, class_on_fake=True),
        plots.infogan_curves(metrics(), lang, smoothing=10),
        plots.snapshot_curve(metrics(), lang, kept_step=1_000),
    ):
        assert_fits(fig)
        legends = [ax.get_legend().get_window_extent() for ax in fig.axes]
        titles = [ax._left_title.get_window_extent() for ax in fig.axes]
        for i, legend in enumerate(legends):
            assert all(overlap(legend, other) < 2 for other in [*titles, *legends[i + 1 :]])
