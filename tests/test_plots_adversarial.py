"""The figures of adversarial runs show what they are given, in both languages, nothing cut."""

import copy
import math

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from adversarial_results import STEPS, acgan_results, infogan_results, metrics
from matplotlib.figure import Figure
from test_plots import assert_words_are_apart, render, smallest_words

from hwlib import plots
from hwlib.explore.networks import network_layers
from hwlib.faces.factors import ATTRIBUTES
from hwlib.plots.adversarial import UNDECIDED
from hwlib.plots.grids import BLANK
from hwlib.plots.maps import MAX_ATTRIBUTES
from hwlib.recipes import PAIRS, RECIPES, build_models

matplotlib.use("Agg")

LANGS = ("zh", "en")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def pictures(*shape):
    """Return pictures of `shape`, each of one grey of its own where there are few enough."""
    size = math.prod(shape)
    greys = (np.arange(size) % 250 + 1).astype(np.uint8).reshape(*shape, 1, 1, 1)
    return np.broadcast_to(greys, (*shape, 16, 16, 3)).copy()


def shown(ax):
    """Return the pixels of the sheet on `ax`."""
    return ax.get_images()[0].get_array()


def labels(ax, axis):
    return [tick.get_text() for tick in getattr(ax, f"get_{axis}ticklabels")()]


def lines(ax, colour):
    """Return the curves of one colour that run over all records."""
    return [ln for ln in ax.get_lines() if ln.get_color() == colour and len(ln.get_xdata()) > 20]


# ---------------------------------------------------------------------------------------- curves


def test_a_curve_without_smoothing_is_what_was_measured():
    frame = metrics()
    left, right = plots.gan_curves(frame).axes
    for ax, names in (
        (left, ("d_loss", "g_loss")),
        (right, ("d_accuracy_real", "d_accuracy_fake")),
    ):
        for name, colour in zip(names, (plots.BLUE, plots.ORANGE), strict=True):
            (line,) = lines(ax, colour)
            assert np.array_equal(line.get_xdata(), STEPS)
            assert np.array_equal(line.get_ydata(), frame[name])


def test_a_smoothed_point_is_the_mean_with_the_points_before_it():
    frame = metrics()
    measured, smooth = lines(plots.gan_curves(frame, smoothing=10).axes[0], plots.BLUE)
    loss = frame["d_loss"].to_numpy()
    assert np.array_equal(measured.get_ydata(), loss)
    assert measured.get_alpha() < 0.5
    assert smooth.get_ydata()[0] == pytest.approx(loss[0])
    assert smooth.get_ydata()[4] == pytest.approx(loss[:5].mean())
    assert smooth.get_ydata()[50] == pytest.approx(loss[40:51].mean())


def test_the_losses_of_an_undecided_d_are_marked():
    left, _ = plots.gan_curves(metrics()).axes
    levels = {ln.get_ydata()[0] for ln in left.get_lines() if len(ln.get_xdata()) == 2}
    assert {2 * math.log(2), math.log(2)} <= levels
    assert UNDECIDED["d_loss"] == 2 * UNDECIDED["g_loss"]


def test_snapshots_are_marked_and_the_best_is_the_lowest_kid():
    frame = metrics()
    scored = frame.dropna(subset=["snapshot_kid"])
    best = scored.loc[scored["snapshot_kid"].idxmin(), "step"]
    assert plots.best_snapshot(frame) == best
    left, _ = plots.gan_curves(frame).axes
    marks = [ln for ln in left.get_lines() if ln.get_marker() == "^"]
    assert np.array_equal(marks[0].get_xdata(), scored["step"])
    assert any(list(ln.get_xdata()) == [best, best] for ln in left.get_lines())


@pytest.mark.parametrize("problem", ["gan", "acgan", "infogan"])
@pytest.mark.parametrize("lang", LANGS)
def test_curves_of_the_first_records_are_drawn_before_any_snapshot(problem, lang):
    frame = metrics(2).drop(columns=["snapshot_kid", "snapshot_diversity"])
    render(plots.CURVES[problem](frame, lang))
    assert plots.best_snapshot(frame) is None


def test_a_loss_of_zero_is_drawn():
    render(plots.gan_curves(metrics(d_loss=0.0, g_loss=30.0)))


@pytest.mark.parametrize("lang", LANGS)
def test_a_loss_that_runs_away_gets_a_log_axis_that_says_so(lang):
    loss = np.where(STEPS < 1_900, 1.4, 60.0)
    left, _ = plots.gan_curves(metrics(g_loss=loss), lang).axes
    assert left.get_yscale() == "log"
    assert plots.words("log_axis", lang) in left.get_title(loc="left")


def test_accuracies_stand_on_an_axis_from_0_to_100_percent():
    for ax in (plots.gan_curves(metrics()).axes[1], plots.acgan_curves(metrics()).axes[3]):
        low, high = ax.get_ylim()
        assert low <= 0
        assert high >= 1


def test_acgan_curves_show_both_tasks():
    frame = metrics()
    axes = plots.acgan_curves(frame).axes
    found = [line.get_ydata() for ax in axes for line in lines(ax, plots.ORANGE)]
    names = ("g_loss", "d_accuracy_fake", "g_class_loss", "class_accuracy_fake")
    for values, name in zip(found, names, strict=True):
        assert np.array_equal(values, frame[name])


def levels(ax):
    """Return the heights and colours of the lines across `ax`."""
    across = [ln for ln in ax.get_lines() if len(ln.get_xdata()) == 2]
    return {(round(float(ln.get_ydata()[0]), 6), ln.get_color()) for ln in across}


def test_acgan_curves_show_guessing():
    ln2 = round(math.log(2), 6)
    losses, accuracies = plots.acgan_curves(metrics(), class_on_fake=False).axes[2:]
    assert levels(losses) == {(ln2, plots.INK)}
    assert levels(accuracies) == {(0.5, plots.INK)}
    losses, _ = plots.acgan_curves(metrics(), class_on_fake=True).axes[2:]
    assert levels(losses) == {(round(2 * math.log(2), 6), plots.BLUE), (ln2, plots.ORANGE)}
    words = [text.get_text() for text in losses.get_legend().get_texts()]
    assert words == ["D", "G", plots.words("guess_class_losses", "en")]
    assert levels(plots.acgan_curves(metrics()).axes[2]) == set()  # live: it is not known


def test_infogan_curves_show_q_beside_guessing():
    frame = metrics()
    axes = plots.infogan_curves(frame).axes
    for ax, name, guess in ((axes[2], "q_loss", math.log(10)), (axes[3], "code_accuracy", 0.1)):
        (line,) = lines(ax, plots.PINK)
        assert np.array_equal(line.get_ydata(), frame[name])
        assert any(list(ln.get_ydata()) == [guess, guess] for ln in ax.get_lines())
        assert ax.get_ylim()[0] <= guess <= ax.get_ylim()[1]


def test_a_snapshot_on_the_edge_of_the_axes_is_drawn_whole():
    frame = metrics()
    for ax in plots.snapshot_curve(frame).axes:
        curve, star = ax.get_lines()[:2]
        assert not curve.get_clip_on()
        assert not star.get_clip_on()


def test_the_snapshot_curve_shows_each_score_and_stars_the_best():
    frame = metrics()
    scored = frame.dropna(subset=["snapshot_kid"])
    kid, diversity = plots.snapshot_curve(frame, kept_step=1_000).axes
    assert np.array_equal(kid.get_lines()[0].get_ydata(), scored["snapshot_kid"])
    assert np.array_equal(diversity.get_lines()[0].get_ydata(), scored["snapshot_diversity"])
    (star,) = (ln for ln in kid.get_lines() if ln.get_marker() == "*")
    assert star.get_ydata() == scored["snapshot_kid"].min()
    named = [text.get_text() for text in kid.get_legend().get_texts()]
    assert plots.words("kept_snapshot", "en") in named


def test_the_kept_snapshot_is_marked_only_where_it_is_not_the_best():
    frame = metrics()
    fig = plots.snapshot_curve(frame, kept_step=plots.best_snapshot(frame))
    words = [text.get_text() for text in fig.axes[0].get_legend().get_texts()]
    assert "snapshot kept" not in words


def test_an_acgans_snapshots_show_how_it_listens_and_the_score_that_chooses():
    frame = metrics()
    is_scored = frame["snapshot_kid"].notna()
    listens = np.where(is_scored, np.linspace(-0.1, 0.9, len(frame)), np.nan)
    scores = np.where(is_scored, np.geomspace(200, 2, len(frame)), np.nan)
    frame = frame.assign(snapshot_correlation=listens, snapshot_score=scores)
    *_, correlation, score = plots.snapshot_curve(frame, kept_step=1_000).axes
    assert np.array_equal(correlation.get_lines()[0].get_ydata(), listens[is_scored])
    assert np.array_equal(score.get_lines()[0].get_ydata(), scores[is_scored])
    assert score.get_yscale() == "log"


# ----------------------------------------------------------------------------------------- grids


def test_growth_has_a_row_a_noise_and_a_column_a_step():
    frames = pictures(5, 8)
    ax = plots.growth(frames, [10, 20, 30, 40, 1_500])
    expected = plots.compose(frames.swapaxes(0, 1).reshape(40, 16, 16, 3), 5)
    assert np.array_equal(shown(ax), expected)
    assert labels(ax, "x") == ["10", "20", "30", "40", "1,500"]
    assert labels(ax, "y")[0] == "$z_{1}$"


def test_of_many_steps_twelve_are_shown_with_the_first_and_the_last():
    ax = plots.growth(pictures(30, 2), np.arange(1, 31) * 100)
    assert len(labels(ax, "x")) == 12
    assert labels(ax, "x")[0] == "100"
    assert labels(ax, "x")[-1] == "3,000"


def test_growth_over_few_steps_is_no_taller_than_a_page():
    fig = plots.growth(pictures(2, 8), [10, 20]).figure
    assert fig.get_figheight() < 8
    assert fig.get_figwidth() < plots.COLUMN_IN / 2


@pytest.mark.parametrize("lang", LANGS)
def test_the_rows_of_growth_say_what_is_switched(lang):
    frames = pictures(3, 8)
    switched = plots.growth(frames, [1, 2, 3], "acgan", attribute="Smiling", lang=lang)
    expected = [
        plots.words(key, lang, z=f"$z_{{{number}}}$")
        for key, number in (("growing_on", 1), ("growing_off", 1), ("growing_on", 2))
    ]
    assert labels(switched, "y")[:3] == expected
    assert "Smiling" in switched.get_ylabel()
    assert labels(plots.growth(frames, [1, 2, 3], "infogan"), "y")[7] == "$c_{1}$ = 7"


def test_each_sample_stands_above_its_nearest_training_picture():
    both = pictures(8, 2)
    ax = plots.nearest(both)
    assert np.array_equal(shown(ax), plots.compose(np.concatenate([both[:, 0], both[:, 1]]), 8))
    assert labels(ax, "y")[0] == "sample"


def test_groups_stand_below_one_another_with_their_names():
    gan, vae = pictures(20), pictures(30)[::-1]
    ax = plots.side_by_side({"GAN": gan, "VAE": vae}, columns=4, rows=2)
    sheet, upper = shown(ax), plots.compose(gan[:8], 4)
    assert np.array_equal(sheet[: len(upper)], upper)
    assert np.array_equal(sheet[-len(upper) :], plots.compose(vae[:8], 4))
    assert labels(ax, "y") == ["GAN", "VAE"]


def test_groups_of_unequal_size_are_refused():
    with pytest.raises(ValueError, match="differ in size"):
        plots.side_by_side({"a": pictures(8), "b": np.zeros((8, 8, 8, 3), np.uint8)})


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ["有\n擦口紅", "無\n擦口紅"]),
                        ("en", ["Wearing\nLipstick\nwith", "Wearing\nLipstick\nwithout"])],
)  # fmt: skip
def test_with_stands_above_without_and_the_attributes_name_beside_both(lang, words):
    pairs = pictures(10, 2)
    ax = plots.attribute_pairs(pairs, "Wearing_Lipstick", lang=lang)
    assert np.array_equal(shown(ax), plots.compose(np.concatenate([pairs[:, 0], pairs[:, 1]]), 10))
    assert labels(ax, "y") == words


def test_further_attributes_get_two_rows_each():
    ax = plots.attribute_pairs_more(pictures(3, 10, 2), ["Male", "Bangs", "Eyeglasses"])
    assert [name.split("\n")[0] for name in labels(ax, "y")[::2]] == ["Male", "Bangs", "Eyeglasses"]


def test_a_codes_values_are_the_columns():
    grid = pictures(10, 10)
    for ax in (plots.code_grid(grid, 2), plots.code_combinations(grid)):
        assert np.array_equal(shown(ax), plots.compose(grid.reshape(100, 16, 16, 3), 10))
        assert labels(ax, "x") == [str(value) for value in range(10)]
        assert ax.get_xlabel() == "value of code 2"
    assert plots.code_combinations(grid).get_ylabel() == "value of code 1"


def test_real_pictures_stand_in_the_column_of_their_value_and_absent_ones_are_pale():
    real = pictures(10, 6)
    real[3, 4:] = 0
    given = real.copy()
    expected = real.copy()
    expected[3, 4:] = BLANK
    ax = plots.code_real(real)
    sheet = plots.compose(expected.swapaxes(0, 1).reshape(60, 16, 16, 3), 10)
    assert np.array_equal(shown(ax), sheet)
    assert np.array_equal(real, given)


def test_grey_pictures_are_drawn():
    grey = pictures(10, 10)[..., :1]
    render(plots.code_grid(grey))
    render(plots.code_real(grey[:, :6]))
    render(plots.attribute_pairs(grey[:, :2], "Smiling"))


# ------------------------------------------------------------------------------------------ maps


def cells(ax):
    return [text.get_text() for text in ax.texts]


def test_each_leak_is_written_in_percentage_points_with_its_sign():
    results = acgan_results("Smiling", "Male")
    upper, lower = plots.leakage(results["leakage"], results["leakage_real"]).axes
    assert len(cells(upper)) == 2 * len(ATTRIBUTES)
    assert "+94" in cells(upper)
    assert "−10" in cells(upper)
    assert "+100" in cells(lower)
    assert labels(lower, "x")[0] == "Bangs"
    assert labels(upper, "y") == ["Smiling", "Male"]


def test_what_is_not_known_of_real_pictures_stays_empty():
    results = acgan_results("Smiling", "Male")
    real = {"Smiling": {"Smiling": 1.0, "Male": 0.2}}
    _, lower = plots.leakage(results["leakage"], real).axes
    assert cells(lower).count("–") == 2 * len(ATTRIBUTES) - 2
    render(lower)


def test_of_many_attributes_the_switched_and_the_most_changed_are_shown():
    changes = {"a7": {f"a{i}": i / 100 for i in range(40)}}
    upper, lower = plots.leakage(changes, changes).axes
    assert len(cells(upper)) == MAX_ATTRIBUTES
    assert "a7" in labels(lower, "x")
    assert "a39" in labels(lower, "x")
    assert "a2" not in labels(lower, "x")


def test_the_map_of_a_code_begins_with_the_widest_attribute_and_ends_with_the_mean():
    meaning = [{"flat": 0.5, "wide": v / 9, "some": v / 20} for v in range(10)]
    ax = plots.code_attributes(meaning).axes[0]
    assert labels(ax, "y") == ["wide", "some", "flat"]
    assert labels(ax, "x")[-1] == "mean"
    assert cells(ax)[:11] == ["0", "11", "22", "33", "44", "56", "67", "78", "89", "100", "50"]


def test_bars_of_information_begin_with_the_longest_and_are_never_negative():
    told = [{"a": 0.1, "b": 0.5, "c": -0.01}, {"a": 0.9, "b": 0.0, "c": 0.02}]
    ax = plots.code_nats(told).axes[0]
    assert labels(ax, "y") == ["a", "b", "c"]
    assert [bar.get_width() for bar in ax.patches] == [0.1, 0.5, 0.0, 0.9, 0.0, 0.02]
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == ["code 1", "code 2"]


def test_the_level_below_which_a_bar_counts_as_none_is_drawn_and_named():
    ax = plots.code_nats([{"a": 0.01, "b": 0.002}], least=0.05).axes[0]
    (line,) = [ln for ln in ax.get_lines() if list(ln.get_xdata()) == [0.05, 0.05]]
    assert "0.05" in line.get_label()
    assert ax.get_legend() is not None
    assert ax.get_xlim()[1] > 0.05
    assert plots.code_nats([{"a": 0.01, "b": 0.002}]).axes[0].get_legend() is None


def test_bars_too_short_to_write_are_left_out_but_five():
    told = [{f"a{i}": 0.1 if i < 7 else 0.001 for i in range(20)}]
    assert len(plots.code_nats(told).axes[0].patches) == 7
    assert len(plots.code_nats([{f"a{i}": 0.001 for i in range(20)}]).axes[0].patches) == 5


# --------------------------------------------------------------------------------------- diagram


def networks(recipe, problem, **options):
    return network_layers(build_models(recipe, problem, **options), image_size=64, channels=3)


ADVERSARIAL = [(r, p) for r, p in PAIRS if p in ("gan", "acgan", "infogan")]


@pytest.mark.parametrize(("recipe", "problem"), ADVERSARIAL)
def test_every_adversarial_diagram_has_room_for_its_words(recipe, problem):
    options = {"num_labels": 13} if problem == "acgan" else {}
    layers = networks(recipe, problem, **options)
    for lang in LANGS:
        assert_words_are_apart(plots.gan_diagram(layers, lang))


def words_of(fig):
    return [text.get_text() for text in fig.axes[0].texts]


def test_the_diagram_counts_every_parameter():
    layers = networks("dcgan", "infogan", num_codes=2)
    fig = plots.gan_diagram(layers)
    words = words_of(fig)
    for name in ("G", "D", "Q"):
        count = sum(layer.num_parameters for layer in layers[name])
        assert any(f"{count:,}" in word for word in words)
    counted = [int(word.replace(",", "")) for word in words if word.replace(",", "").isdigit()]
    total = sum(layer.num_parameters for part in layers.values() for layer in part)
    # shapes of one number (z, c, their join, the codes) are written the same way
    shapes = {62, 20, 82, 1, 40}
    assert sum(count for count in counted if count not in shapes) == total


def test_the_diagram_says_what_each_head_answers():
    one = words_of(plots.gan_diagram(networks("upsample", "acgan")))
    assert plots.words("answer_both", "en") in one
    two = words_of(plots.gan_diagram(networks("wide", "acgan")))
    assert {plots.words(name, "en") for name in ("answer_real", "answer_classes")} <= set(two)
    code = words_of(plots.gan_diagram(networks("dcgan", "infogan")))
    assert "code" in code
    assert any(word.startswith("Q: ") for word in code)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [("plain", "times embedding"), ("upsample", "appended"), ("dcgan", "one-hot")],
)
def test_the_diagram_says_how_the_label_comes_in(recipe, words):
    with_label = " ".join(words_of(plots.gan_diagram(networks(recipe, "acgan"))))
    assert words in with_label
    without = " ".join(words_of(plots.gan_diagram(networks(recipe, "gan"))))
    assert words not in without


def test_one_embedding_a_label_is_one_box_with_all_their_parameters():
    layers = networks("plain", "acgan", num_labels=3)
    tables = [layer for layer in layers["G"] if layer.kind == "Embedding"]
    assert len(tables) == 3
    fig = plots.gan_diagram(layers)
    assert f"{sum(table.num_parameters for table in tables):,}" in words_of(fig)


# ---------------------------------------------------------------------------------------- either


def all_figures(lang):
    attributes = ("Mouth_Slightly_Open", "Wearing_Lipstick")
    acgan, infogan = acgan_results(*attributes), infogan_results(2)
    frame = metrics()
    return {
        "gan": plots.gan_curves(frame, lang, smoothing=10),
        "acgan": plots.acgan_curves(frame, lang, class_on_fake=False),
        "both": plots.acgan_curves(frame, lang, class_on_fake=True),
        "infogan": plots.infogan_curves(frame, lang),
        "runaway": plots.acgan_curves(metrics(g_loss=np.where(STEPS < 1_900, 1, 60)), lang),
        "snapshot": plots.snapshot_curve(frame, lang, kept_step=1_000),
        "growth": plots.growth(pictures(12, 8), np.arange(12) * 25_000, lang=lang),
        "switched": plots.growth(
            pictures(12, 8), np.arange(12) * 2, "acgan", attribute=attributes[0], lang=lang
        ),
        "nearest": plots.nearest(pictures(8, 2), lang=lang),
        "groups": plots.side_by_side({"GAN": pictures(16), "VAE": pictures(16)}),
        "pairs": plots.attribute_pairs(pictures(10, 2), attributes[0], lang=lang),
        "more": plots.attribute_pairs_more(pictures(2, 10, 2), attributes, lang=lang),
        "grid": plots.code_grid(pictures(10, 10), 2, lang=lang),
        "combinations": plots.code_combinations(pictures(10, 10), lang=lang),
        "real": plots.code_real(pictures(10, 6), 1, lang=lang),
        "leakage": plots.leakage(acgan["leakage"], acgan["leakage_real"], lang),
        "meaning": plots.code_attributes(infogan["code_meaning"][0], 1, lang),
        "factors": plots.code_nats(infogan["code_factor_nats"], lang, least=0.05),
        "attributes": plots.code_nats(infogan["code_attribute_nats"][:1], lang),
        "diagram": plots.gan_diagram(networks("plain", "acgan", width=0.25), lang),
    }


@pytest.fixture(scope="module", params=LANGS)
def figures(request):
    return all_figures(request.param)


def figure_of(drawn):
    return drawn if isinstance(drawn, Figure) else drawn.figure


def test_every_figure_is_drawn_without_a_missing_glyph_or_a_cut_label(figures):
    for name, drawn in figures.items():
        fig = figure_of(drawn)
        pixels = render(drawn)  # matplotlib warns of a missing glyph, and warnings are errors
        assert pixels.std() > 1, name
        assert fig.get_figwidth() <= plots.COLUMN_IN + 0.01, name
        with plots.style():
            box = fig.get_tightbbox()
        assert box.x0 > -0.03, name
        assert box.y0 > -0.03, name
        assert box.x1 < fig.get_figwidth() + 0.03, name
        assert box.y1 < fig.get_figheight() + 0.03, name


def test_no_word_is_printed_below_seven_points(figures):
    for name, drawn in figures.items():
        assert smallest_words(figure_of(drawn)) >= 7, name


def overlap(a, b):
    """Return by how many pixels two boxes overlap, the smaller way."""
    return min(min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0))


def test_titles_legends_and_tick_labels_do_not_collide(figures):
    for name in ("gan", "acgan", "both", "infogan", "runaway", "snapshot"):
        fig = figure_of(figures[name])
        with plots.style():
            fig.canvas.draw()
        legends = [ax.get_legend().get_window_extent() for ax in fig.axes]
        titles = [
            title.get_window_extent()
            for ax in fig.axes
            for title in (ax.title, ax._left_title)
            if title.get_text()
        ]
        for i, legend in enumerate(legends):
            assert all(overlap(legend, title) < 2 for title in titles), name
            assert all(overlap(legend, other) < 2 for other in legends[i + 1 :]), name


def test_no_layer_list_is_changed_by_drawing():
    layers = networks("wide", "acgan", width=0.25)
    before = copy.deepcopy(layers)  # the layers too, lest a changed one be held against itself
    plots.gan_diagram(layers)
    assert layers == before


def test_every_recipe_of_an_adversarial_problem_is_tested():
    assert {recipe for recipe, _ in ADVERSARIAL} == set(RECIPES) - {"elbo"}
