"""The figures show what they are given, in both languages, with no glyph missing."""

import io
import itertools
from xml.etree import ElementTree

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from hwlib import explore, plots, text
from hwlib.plots import Layer
from hwlib.recipes import RECIPES, build_models

matplotlib.use("Agg")

LANGS = ("zh", "en")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3), dtype=np.uint8)


@pytest.fixture
def metrics():
    epoch = np.linspace(0.1, 5, 50)
    frame = pd.DataFrame({"epoch": epoch, "recon_nats": 300 - 20 * epoch, "kl_nats": 10 + epoch})
    for term in ("recon", "kl"):
        frame[f"test_{term}_nats"] = np.where(
            np.arange(50) % 10 == 9, frame[f"{term}_nats"], np.nan
        )
    return frame


def vae_layers(num_conv=3, z_dim=7):
    layers = [Layer("encoder", "x", "Input", "", (3, 64, 64), 0)]
    for i in range(num_conv):
        shape = (8 << i, 32 >> i, 32 >> i)
        layers.append(Layer("encoder", f"e.{i}", "Conv2d", "4×4, stride 2", shape, 100 + i))
        layers.append(Layer("encoder", f"b.{i}", "BatchNorm2d", "", shape, 2))
        layers.append(Layer("encoder", f"a.{i}", "LeakyReLU", "0.2", shape, 0))
    layers.append(Layer("encoder", "flat", "Flatten", "", (512,), 0))
    layers += [Layer(head, head, "Linear", "", (z_dim,), 9) for head in ("mu", "logvar")]
    layers.append(Layer("decoder", "un", "Unflatten", "", (z_dim, 1, 1), 0))
    for i in range(num_conv):
        shape = (8, 16 << i, 16 << i)
        layers.append(Layer("decoder", f"up.{i}", "Upsample", "×2", shape, 0))
        layers.append(Layer("decoder", f"d.{i}", "ConvTranspose2d", "4×4, stride 2", shape, 50))
    return [*layers, Layer("decoder", "tanh", "Tanh", "", (3, 64, 64), 0)]


def render(drawn) -> np.ndarray:
    fig = drawn if isinstance(drawn, Figure) else drawn.figure
    buffer = io.BytesIO()
    with plots.style():
        fig.savefig(buffer, format="png")
    return np.asarray(Image.open(buffer).convert("RGB"))


def test_an_image_grid_shows_every_pixel_exactly(images):
    rendered = render(plots.image_grid(images, columns=5))
    assert np.array_equal(rendered, plots.compose(images, 5))


def test_a_labelled_grid_shows_every_pixel_exactly(images):
    axes = plots.pairs(images[:10], images[10:], lang="zh")
    sheet = plots.compose(images, 10)
    rendered = render(axes)
    box = axes.get_position()
    left, top = round(box.x0 * rendered.shape[1]), round((1 - box.y1) * rendered.shape[0])
    part = rendered[top : top + sheet.shape[0], left : left + sheet.shape[1]]
    assert np.array_equal(part, sheet)


def test_contrast_is_never_stretched():
    dull = np.full((4, 8, 8, 3), 100, dtype=np.uint8)
    dull[:, 4:] = 110
    sheet = plots.compose(dull, 4, gap=0)
    # a smooth enlargement goes past an edge by a tenth of its height
    assert sheet.min() >= 99
    assert sheet.max() <= 111
    assert np.abs(sheet.mean() - dull.mean()) < 0.1


def test_enlarging_is_smooth_and_keeps_what_is_smooth():
    ramp = np.broadcast_to(np.arange(0, 160, 10, dtype=np.uint8)[:, None], (1, 16, 16, 16))
    large = plots.enlarge(np.ascontiguousarray(ramp[..., :3].swapaxes(1, 2)), 3)[0].astype(int)
    assert np.abs(np.diff(large, axis=0)).max() <= 5  # no steps of 10
    assert np.abs(np.diff(large, axis=1)).max() <= 5


@pytest.mark.parametrize("channels", [1, 3])
def test_once_enlarged_is_unchanged_and_the_shape_is_a_whole_multiple(images, channels):
    own = images[..., :channels]
    assert np.array_equal(plots.enlarge(own, 1), own)
    assert plots.enlarge(own, 3).shape == (20, 48, 48, channels)


def test_grey_pictures_are_drawn_grey():
    grey = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8, 1)
    sheet = plots.compose(grey, 2, factor=1, gap=0)
    assert (sheet == sheet[..., :1]).all()
    assert np.array_equal(sheet[:, :8, 0], grey[0, ..., 0])


def test_a_half_filled_row_is_white_to_its_end(images):
    sheet = plots.compose(images[:3], 2, factor=1, gap=2)
    assert (sheet[18:, 18:] == 255).all()


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((2, 8, 8, 3)), np.zeros((8, 8, 3), np.uint8), np.zeros((2, 8, 8, 2), np.uint8)],
)
def test_what_is_no_picture_is_refused(wrong):
    with pytest.raises(ValueError, match="uint8"):
        plots.image_grid(wrong)


def test_pairs_of_unequal_rows_are_refused(images):
    with pytest.raises(ValueError, match="differ in shape"):
        plots.pairs(images[:4], images[:5])


def test_an_axis_that_is_given_is_used(images):
    _, ax = plt.subplots()
    assert plots.image_grid(images, columns=5, ax=ax) is ax


def test_curves_are_drawn_in_their_own_units(metrics):
    fig = plots.learning_curves(metrics)
    for ax, term in zip(fig.axes, ("recon", "kl"), strict=True):
        line, points = ax.get_lines()
        assert np.array_equal(line.get_ydata(), metrics[f"{term}_nats"])
        assert len(points.get_xdata()) == metrics[f"test_{term}_nats"].notna().sum() == 5


def test_curves_without_test_points_have_only_lines(metrics):
    fig = plots.learning_curves(metrics[["epoch", "recon_nats", "kl_nats"]])
    assert [len(ax.get_lines()) for ax in fig.axes] == [1, 1]


@pytest.mark.parametrize(("lang", "word"), [("zh", "對數刻度"), ("en", "log scale")])
def test_a_log_axis_says_so(metrics, lang, word):
    metrics.loc[0, "recon_nats"] = 100_000.0
    recon, kl = plots.learning_curves(metrics, lang).axes
    assert recon.get_yscale() == "log"
    assert word in recon.get_title(loc="left")
    assert kl.get_yscale() == "linear"
    assert word not in kl.get_title(loc="left")


def test_points_without_an_attribute_are_grey_and_the_legend_says_why():
    ax = plots.embedding_scatter(np.random.default_rng(0).normal(size=(30, 2)))
    assert len({tuple(c) for c in ax.collections[0].get_facecolors()}) == 1
    assert ax.get_legend().get_texts()[0].get_text() == plots.words("no_attribute", "en", count=30)


def test_the_legend_counts_both_groups():
    xy, labels = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) < 12
    ax = plots.embedding_scatter(xy, labels, "Smiling", "zh")
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "微笑 (Smiling)" in texts[0]
    assert "12" in texts[0]
    assert "18" in texts[1]


def test_a_latent_is_active_above_the_threshold_only():
    ax = plots.latent_activity(np.array([0.5, 0.02, 0.01, 0.0001]))
    texts = " ".join(text.get_text() for text in ax.get_legend().get_texts())
    assert "active: 2 of 4" in texts
    assert "inactive: 2" in texts


def test_blocks_hold_every_layer_once():
    layers = vae_layers()
    boxes = plots.blocks(layers[1:])
    assert sum(box.num_parameters for box in boxes) == sum(x.num_parameters for x in layers)
    assert [box.part for box in boxes].count("encoder") == 3
    assert [box.part for box in boxes].count("decoder") == 3
    assert [box.part for box in boxes if box.part in ("mu", "logvar")] == ["mu", "logvar"]
    assert boxes[-1].extras.endswith("Tanh")


def assert_words_are_apart(fig):
    """Hold that no two words of a drawing overlap and none leaves it."""
    with plots.style():
        fig.canvas.draw()
        boxes = [text.get_window_extent() for text in fig.axes[0].texts if text.get_text()]
    assert len(boxes) > 1
    width, height = fig.canvas.get_width_height()
    for box in boxes:
        assert 0 <= box.x0 <= box.x1 <= width
        assert 0 <= box.y0 <= box.y1 <= height
    for a, b in itertools.combinations(boxes, 2):
        # line boxes hold room above and below the glyphs; a part of it may overlap
        overlap = min(a.y1, b.y1) - max(a.y0, b.y0)
        is_apart = min(a.x1, b.x1) <= max(a.x0, b.x0)
        assert is_apart or overlap < 0.3 * min(a.height, b.height)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("num_conv", [2, 5])
def test_words_of_a_block_diagram_do_not_collide_or_leave_it(lang, num_conv):
    assert_words_are_apart(plots.block_diagram(vae_layers(num_conv, z_dim=1024), lang))


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_every_recipes_block_diagram_has_room_for_its_words(recipe):
    layers = explore.layers(build_models(recipe, "vae")["vae"], image_size=64, channels=3)
    for lang in LANGS:
        assert_words_are_apart(plots.block_diagram(layers, lang))


def all_figures(images, metrics, lang):
    rng = np.random.default_rng(0)
    frames = images[:12].reshape(3, 4, *images.shape[1:])
    return {
        "curves": plots.learning_curves(metrics, lang),
        "pairs": plots.pairs(images[:10], images[10:], lang=lang),
        "grid": plots.image_grid(images),
        "scatter": plots.embedding_scatter(rng.normal(size=(9, 2)), np.arange(9) % 2, "Male", lang),
        "grey": plots.embedding_scatter(rng.normal(size=(9, 2)), None, None, lang),
        "activity": plots.latent_activity(rng.random(30), lang),
        "interpolation": plots.interpolation(frames),
        "traversal": plots.traversal(frames, [3, 1, 2], [-3, -1, 1, 3], lang=lang),
        "blocks": plots.block_diagram(vae_layers(), lang),
    }


@pytest.mark.parametrize("lang", LANGS)
def test_every_figure_is_drawn_without_a_missing_glyph(images, metrics, lang):
    for name, drawn in all_figures(images, metrics, lang).items():
        pixels = render(drawn)  # matplotlib warns of a missing glyph, and warnings are errors
        assert pixels.std() > 1, name


@pytest.mark.parametrize("lang", LANGS)
def test_no_figure_is_wider_than_the_column_or_cuts_its_labels(images, metrics, lang):
    for name, drawn in all_figures(images, metrics, lang).items():
        fig = drawn if isinstance(drawn, Figure) else drawn.figure
        assert fig.get_figwidth() <= plots.COLUMN_IN + 0.01, name
        with plots.style():
            fig.canvas.draw()
            box = fig.get_tightbbox()
        assert box.x0 > -0.03, name
        assert box.y0 > -0.03, name
        assert box.x1 < fig.get_figwidth() + 0.03, name
        assert box.y1 < fig.get_figheight() + 0.03, name


PRINTED = 158 / 160  # of a figure's size, in a report
TALLEST_IN = 205 / 25.4  # that a page has room for


def smallest_words(fig: Figure) -> float:
    """Return the size, in points, of a figure's smallest words as a report prints them."""
    scale = min(PRINTED, TALLEST_IN / fig.get_figheight())
    words = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    return scale * min(text.get_fontsize() for text in words)


@pytest.mark.parametrize("lang", LANGS)
def test_no_word_is_printed_below_seven_points(images, metrics, lang):
    for name, drawn in all_figures(images, metrics, lang).items():
        fig = drawn if isinstance(drawn, Figure) else drawn.figure
        if any(text.get_text().strip() for text in fig.findobj(Text)):
            assert smallest_words(fig) >= 7, name


def test_a_chart_is_the_same_svg_each_time_and_needs_no_font(metrics):
    first, again = (plots.to_svg(plots.learning_curves(metrics, "zh")) for _ in range(2))
    assert first == again
    assert "<text" not in first
    assert ElementTree.fromstring(first).tag.endswith("svg")


def test_a_chart_has_no_ground_and_other_colours_in_dark_mode(metrics):
    svg = plots.to_svg(plots.learning_curves(metrics))
    light, dark = svg.split("prefers-color-scheme:dark")
    assert plots.INK in light
    assert plots.INK in dark  # as what is to be another colour


def test_many_points_make_a_small_svg():
    rng = np.random.default_rng(0)
    ax = plots.embedding_scatter(rng.normal(size=(1_000, 2)), np.arange(1_000) % 3 < 1, "Male")
    assert len(plots.to_svg(ax.figure)) < 150_000


def test_grids_of_images_are_no_charts(images, metrics):
    assert not plots.is_chart(plots.image_grid(images, 5).figure)
    assert plots.is_chart(plots.learning_curves(metrics))


def test_a_missing_glyph_is_an_error():
    with plots.style():
        fig, ax = plt.subplots()
        ax.set_title("\U00013080")
        with pytest.raises(UserWarning, match="missing"):
            fig.canvas.draw()


def test_chinese_comes_from_the_font_in_the_package():
    assert plots.register_fonts()[0] == "Noto Sans CJK TC"


def test_both_languages_have_the_same_words():
    keys = {lang: set(text.section("labels", lang)) for lang in text.LANGUAGES}
    assert len(set(map(frozenset, keys.values()))) == 1


def test_drawing_leaves_matplotlibs_settings_alone(metrics):
    before = dict(plt.rcParams)
    plots.learning_curves(metrics)
    assert dict(plt.rcParams) == before
