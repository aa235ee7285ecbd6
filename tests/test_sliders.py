"""Sliders over frames: live in Jupyter, offline in a real browser, as a film strip in PDF."""

import base64
from dataclasses import replace
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import pytest
import torch
from lively import lively, z_of
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import expect
from pypdf import PdfReader
from report_pages import opened_in, tags

from hwlib import explore, plots, report, show
from hwlib.conditioning import one_hot
from hwlib.images import decode
from hwlib.recipes import build_models
from hwlib.report import runner, site
from hwlib.report.book import Book, Page
from hwlib.report.html import render
from hwlib.report.language import read_notebook
from hwlib.report.log import RunLog
from hwlib.report.pdf import render_pdf
from hwlib.report.runs import Facts
from hwlib.show import sliders
from hwlib.text import word

LANGS = ("zh", "en")
NAME = "infogan_pairs"  # of texts that take no values
ALT, CAPTION = (
    {lang: word(f"figures.{NAME}.{part}", lang) for lang in LANGS} for part in ("alt", "caption")
)
NUM_WAY, NUM_CODES = 11, 10
WIDTH = 262  # pixels of a frame of codes


def same(words):
    return dict.fromkeys(LANGS, words)


def smooth(seed, num, height=64, width=64, channels=3):
    """Return frames that blend from one smooth picture into another, uint8 (num, H, W, C)."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (2, 4, 4, channels), dtype=np.uint8)
    ends = np.repeat(np.repeat(small, height // 4, axis=1), -(-width // 4), axis=2)[:, :, :width]
    share = np.linspace(0, 1, num)[:, None, None, None]
    return ((1 - share) * ends[0] + share * ends[1]).astype(np.uint8)


def way(start=0):
    labels = same([f"{10 * i} %" for i in range(NUM_WAY)])
    return show.Track(smooth(0, NUM_WAY), same("A → B"), labels, start)


def codes(seed):
    names = {"zh": "值", "en": "value"}.items()
    labels = {lang: [f"{name} {i}" for i in range(NUM_CODES)] for lang, name in names}
    title = {"zh": f"編碼 {seed}", "en": f"code {seed}"}
    return show.Track(smooth(seed, NUM_CODES, width=WIDTH), title, labels)


GREY = show.Track(smooth(3, 3, channels=1), same("z[3]"), same(["−3.0", "0.0", "+3.0"]))
TRACKS = {"way": [way(start=2)], "codes": [codes(1), codes(2)], "grey": [GREY]}
SHOWN = [track for tracks in TRACKS.values() for track in tracks]


# ------------------------------------------------------------------------------- in a notebook


def test_the_strip_holds_every_frame_and_each_language_its_labels(outputs):
    show.slider("s", TRACKS["codes"], words=NAME)
    for (data, metadata), lang in zip(outputs, LANGS, strict=True):
        about = metadata["hwlib"]
        strip = np.asarray(decode(data["image/png"]))
        rows = [np.concatenate(list(track.frames), axis=1) for track in TRACKS["codes"]]
        assert np.array_equal(strip, np.concatenate(rows))
        assert (about["kind"], about["lang"], about["alt"]) == ("slider", lang, ALT[lang])
        assert [t["labels"] for t in about["tracks"]] == [codes(1).labels[lang]] * 2


def test_frames_without_a_label_or_of_another_shape_are_refused(outputs):
    short = way()._replace(labels=same(["0 %"]))
    told = {"not as many labels as frames, 11": [short], "same shape": [way(), codes(1)]}
    for line, tracks in told.items():
        with pytest.raises(ValueError, match=line):
            show.slider("s", tracks, words=NAME)
    assert outputs == []


def test_in_jupyter_the_slider_is_live(outputs, monkeypatch):
    monkeypatch.delenv("HWLIB_BATCH")
    panels = []
    monkeypatch.setattr(sliders, "display", panels.append)
    monkeypatch.setattr("hwlib.show.page._asked", ("en",))
    show.slider("s", TRACKS["codes"], words=NAME)
    (panel,) = panels
    (picture, chosen, told) = panel.children[1].children
    assert isinstance(chosen, widgets.SelectionSlider)
    assert (chosen.description, chosen.index) == ("code 2", 0)
    assert (chosen.readout, told.value) == (False, "value 0")  # which has no room for words
    chosen.label = "value 7"
    assert told.value == "value 7"
    shown = np.asarray(decode(picture.value))
    scale = shown.shape[1] // WIDTH
    assert np.array_equal(shown, plots.enlarge(TRACKS["codes"][1].frames[7:8], scale)[0])
    ((caption, _),) = outputs
    assert caption["text/plain"] == CAPTION["en"]


# ------------------------------------------------------------------------------ what is painted


def test_the_way_begins_and_ends_at_the_two_reconstructions():
    vae = lively("elbo", "vae")
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    track = explore.interpolation_track(vae, images)
    ends = explore.decode(vae, explore.encode(vae, images))
    assert np.abs(track.frames[[0, -1]].astype(int) - ends).max() <= 1
    assert track.labels["zh"][0] == "0 %"
    assert track.labels["en"][-1] == "100 %"


def test_a_latents_slider_starts_at_the_value_nearest_to_its_own():
    vae, z = lively("elbo", "vae"), np.zeros(12, dtype=np.float32)
    z[[3, 5]] = 1.1, -9
    values = np.linspace(-3, 3, 13)
    tracks = explore.latent_tracks(vae, z, [3, 5], values)
    assert [track.title["en"] for track in tracks] == ["z[3]", "z[5]"]
    assert [track.labels["en"][track.start] for track in tracks] == ["+1.0", "−3.0"]
    z[3] = values[0]
    assert np.array_equal(tracks[0].frames[0], explore.decode(vae, z[None])[0])


def test_the_two_ways_of_noise_have_the_same_ends_and_differ_between_them():
    linear, spherical = explore.noise_tracks(lively("dcgan", "gan"), z_of)
    assert np.array_equal(linear.frames[0], spherical.frames[0])
    assert np.abs(linear.frames[-1].astype(int) - spherical.frames[-1]).max() <= 1
    assert not np.array_equal(linear.frames[10], spherical.frames[10])
    assert (linear.title["zh"], spherical.title["zh"]) == ("直線", "球面")


def test_each_attribute_goes_from_off_to_on_and_each_code_through_its_values_alone():
    G = lively("dcgan", "acgan", num_labels=2)
    tracks = explore.attribute_tracks(G, z_of, ["Smiling", "Male"])
    assert np.array_equal(tracks[0].frames[0], tracks[1].frames[0])
    assert not np.array_equal(tracks[0].frames[-1], tracks[1].frames[-1])
    on = explore.generate(G, z_of(2)[None], np.array([[0, 1]]))[0]
    assert np.array_equal(tracks[1].frames[-1][:, 2 * 66 : 2 * 66 + 64], on)
    assert tracks[1].labels["zh"] == ["無", *map(str, np.arange(1, 8) / 8), "有"]
    (embedded,) = explore.attribute_tracks(lively("plain", "acgan"), z_of, ["Smiling"])
    assert embedded.labels["en"] == ["without", "with"]  # it knows nothing between
    assert len(embedded.frames) == 2
    G = lively("dcgan", "infogan", num_codes=2)
    first, second = explore.code_tracks(G, z_of)
    assert np.array_equal(first.frames[0], second.frames[0])
    seven = explore.generate(G, z_of(0)[None], one_hot(torch.tensor([[0, 7]])))[0]
    assert np.array_equal(second.frames[7][:, :64], seven)
    assert (first.title["zh"], second.title["en"]) == ("編碼 1", "code 2")
    (only,) = explore.code_tracks(lively("dcgan", "infogan"), z_of)
    assert only.title["en"] == "code"


def test_the_weights_slider_orders_them_and_starts_at_the_first_that_is_told():
    numbers = {"test_mse_01": 0.01, "kl_nats": 20.0, "active_units": 5}
    studies = [{"kl_weight": weight} | numbers for weight in (1, 100, 0)]
    for count in (8, 2):
        pictures = {
            "originals": smooth(0, count),
            "reconstructions": np.stack([smooth(i, count) for i in (1, 2, 3)]),
            "samples": np.stack([smooth(i, 8) for i in (4, 5, 6)]),
        }
        track = explore.weight_track(studies, pictures)
        starts = [label.split(":")[0] for label in track.labels["en"]]
        assert starts == ["λ = 0", "λ = 1", "λ = 100"]
        assert track.start == 1
        assert track.frames.shape[1:3] == (3 * 66 - 2, min(4, count) * 66 - 2)  # a row each
        middle = track.frames[0][66:130]  # the second band
        assert np.array_equal(middle[:, :64], pictures["reconstructions"][2][0])


# ---------------------------------------------------------------------------------- in a report


def notebook_of(figures):
    """Return an executed notebook that shows sliders, by their names."""
    shown = []

    def display(data, *, raw, metadata):
        image = base64.b64encode(data["image/png"]).decode()
        shown.append(new_output("display_data", data | {"image/png": image}, metadata=metadata))

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HWLIB_BATCH", "1")
        patch.setattr(show.page, "display", display)
        for name, tracks in figures.items():
            show.slider(name, tracks, words=NAME)
    titles = [
        new_markdown_cell(f"# {title}", metadata={"tags": [f"lang-{lang}"]})
        for lang, title in (("zh", "滑桿"), ("en", "Sliders"))
    ]
    return new_notebook(cells=[*titles, new_code_cell("show()", outputs=shown)])


def write_pages(folder, notebook, lang, **decoders):
    """Write a page for each decoder, by its name; return the book."""
    facts = Facts(report.Job("vae", "dcgan", Path("x"), {}), {}, "run", {"settings": {}}, {})
    page = Page("vae-dcgan", "Sliders", facts, read_notebook(notebook, lang))
    book = Book([replace(page, name=name, decoder=own) for name, own in decoders.items()], lang)
    for name in decoders:
        text = render(book, f"{name}.html", languages=LANGS)
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return book


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """One page a language with all sliders, and the Chinese PDF, as files of a folder."""
    folder, notebook = tmp_path_factory.mktemp("sliders"), notebook_of(TRACKS)
    books = {lang: write_pages(folder, notebook, lang, **{lang: None}) for lang in LANGS}
    (folder / "zh.pdf").write_bytes(render_pdf(books["zh"]))
    return folder


@pytest.fixture
def opened(browser):
    with opened_in(browser) as open_page:
        yield open_page


def drawn(track):
    """Return what a track's canvas shows, uint8 (H, W, 3)."""
    track.locator("canvas").wait_for()
    address = track.locator("canvas").evaluate("canvas => canvas.toDataURL()")
    return np.asarray(decode(base64.b64decode(address.partition(",")[2])).convert("RGB"))


def colour(frame):
    """Return a frame in three colours, as a screen shows a grey one too."""
    return np.broadcast_to(frame, (*frame.shape[:2], 3))


@pytest.mark.parametrize("lang", LANGS)
def test_each_slider_opens_at_its_start_with_name_label_and_words(pages, opened, lang):
    page = opened(pages / f"{lang}.html")
    labels = page.locator("figure:has(.tracks) .label").all_text_contents()
    assert labels == [f"{word('page.figure', lang)} {number}" for number in (1, 2, 3)]
    assert page.locator(".track").count() == len(SHOWN)
    for number, track in enumerate(SHOWN):
        part = page.locator(".track").nth(number)
        slider = part.get_by_role("slider", name=track.title[lang])
        assert slider.input_value() == str(track.start)
        assert slider.get_attribute("aria-valuetext") == track.labels[lang][track.start]
        assert part.locator("output").text_content() == track.labels[lang][track.start]
        assert ALT[lang] in part.get_by_role("img").get_attribute("aria-label")
        assert np.array_equal(drawn(part), colour(track.frames[track.start]))


def test_the_keyboard_alone_moves_every_slider_to_every_frame(pages, opened):
    page = opened(pages / "en.html")
    page.locator("canvas").last.wait_for()
    for number, track in enumerate(SHOWN):
        part = page.locator(".track").nth(number)
        page.keyboard.press("Tab")
        while not part.locator("input").evaluate("e => e === document.activeElement"):
            assert page.evaluate("document.activeElement !== document.body"), "never reached by Tab"
            page.keyboard.press("Tab")
        page.keyboard.press("Home")
        for index, frame in enumerate(track.frames):
            assert np.array_equal(drawn(part), colour(frame))
            assert part.locator("output").text_content() == track.labels["en"][index]
            page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowLeft")
        assert np.array_equal(drawn(part), colour(track.frames[-2]))


def test_the_mouse_or_a_finger_moves_a_slider_and_leaves_the_others(pages, opened):
    page = opened(pages / "en.html", width=390, has_touch=True, is_mobile=True)
    way, first, second = (page.locator(".track").nth(i) for i in range(3))
    box, before = way.locator("input").bounding_box(), drawn(second)
    way.locator("input").tap(position={"x": box["width"] - 4, "y": box["height"] / 2})
    assert way.locator("output").text_content() == "100 %"
    slider = first.locator("input")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, middle, steps=4)
    page.mouse.up()
    assert first.locator("output").text_content() == "value 9"
    assert np.array_equal(drawn(first), codes(1).frames[9])
    assert np.array_equal(drawn(second), before)
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(wide)


def test_without_a_script_the_film_strip_with_all_labels_is_there(pages, opened):
    page = opened(pages / "zh.html", java_script_enabled=False)
    assert page.locator("canvas").first.is_hidden()
    assert page.locator(".track input").first.is_hidden()
    for number, track in enumerate(SHOWN):
        reel = page.locator(".reel").nth(number)
        assert reel.get_by_role("img").is_visible()
        assert ALT["zh"] in reel.get_by_role("img").get_attribute("alt")
        assert reel.get_by_role("listitem").all_text_contents() == track.labels["zh"]
        assert reel.get_attribute("tabindex") == "0"


def test_the_pdf_has_a_film_strip_with_labels_and_alternative_text(pages):
    pdf = PdfReader(pages / "zh.pdf")
    text = "".join(page.extract_text() for page in pdf.pages)
    for label in ("0 %", "40 %", "100 %"):  # of six frames
        assert label in text
    has_room = [value in (0, 3, 6, 9) for value in range(NUM_CODES)]  # two share the strip's height
    counts = [text.count(label) for label in codes(1).labels["zh"]]
    assert counts == [2 * room for room in has_room]
    assert CAPTION["zh"] in text.replace("\n", "")
    found = tags(pdf.trailer["/Root"]["/StructTreeRoot"]["/K"])
    assert ALT["zh"] in [tag["/Alt"] for tag in found if "/Alt" in tag]


def test_a_page_full_of_pictures_stays_below_5_mb(tmp_path):
    noisy = np.random.default_rng(0).integers(0, 256, (20, 11, 88, 88, 3), dtype=np.uint8)
    tracks = [way()._replace(frames=frames) for frames in noisy]
    figures = {f"s{i}": tracks[i : i + 4] for i in range(0, 20, 4)}
    write_pages(tmp_path, notebook_of(figures), "en", full=None)
    text = (tmp_path / "full.html").read_text(encoding="utf-8")
    assert text.count("<canvas") == len(tracks)
    assert 2_000_000 < len(text.encode()) < 5_000_000


# ------------------------------------------------------------------------------- the decoder


class FakeRun:
    """A finished run of a VAE with weights that were not learnt."""

    def __init__(self, folder, recipe, **options):
        self.path = folder
        torch.manual_seed(1)
        self.vae = build_models(recipe, "vae", **{"width": 0.125} | options)["vae"]
        self.mu = np.random.default_rng(0).normal(size=(12, self.vae.z_dim))
        with torch.no_grad():
            for layer in self.vae.decoder.modules():  # large enough that pictures differ
                if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d | torch.nn.ConvTranspose2d):
                    layer.weight.normal_(0, (4 / layer.weight[0].numel()) ** 0.5)
            for _ in range(10):  # statistics of batch norm that are not the usual ones
                self.vae.decode(torch.randn(8, self.vae.z_dim))
        self.vae.eval()
        np.savez(folder / "latents.npz", test_mu=self.mu, test_index=2 * np.arange(12))

    def load_models(self):
        return {"vae": self.vae}


@pytest.mark.parametrize(
    ("recipe", "width"),
    [("plain", 0.125), ("upsample", 0.125), ("wide", 0.125), ("elbo", 0.5), ("dcgan", 0.25)],
)
def test_the_pages_decoder_paints_what_torch_paints(opened, tmp_path, recipe, width):
    run = FakeRun(tmp_path, recipe, width=width, z_dim=64, image_size=32)
    write_pages(tmp_path, notebook_of({}), "en", decoder=explore.page_decoder(run))
    page = opened(tmp_path / "decoder.html")
    section = page.locator("#decoder")

    def painted(z):
        """Return torch's picture of a latent, and hold that the page's is the same."""
        wanted = explore.decode(run.vae, z[np.newaxis])[0].astype(int)
        assert np.abs(drawn(section) - wanted).max() <= 2
        return wanted

    before = painted(run.mu[0])
    z, knob = run.mu[0].copy(), explore.most_active(run.mu, 8)[2]
    page.get_by_label(f"z[{knob}]").press("End")
    z[knob] += 3
    expect(page.locator(f"output[for=decoder-{knob}]")).to_have_text("+3.0")
    assert np.abs(painted(z) - before).max() > 8
    page.get_by_role("button", name="sliders to 0").click()
    page.get_by_label("start: test image").press("ArrowRight")
    expect(page.locator("output[for=decoder-start]")).to_have_text("3")
    painted(run.mu[1])


def test_the_decoder_stands_in_the_pages_language_and_only_with_a_script(opened, tmp_path):
    decoder = explore.page_decoder(FakeRun(tmp_path, "elbo", z_dim=2, image_size=32))
    write_pages(tmp_path, notebook_of({}), "zh", zh=decoder)
    for is_scripted in (True, False):
        page = opened(tmp_path / "zh.html", java_script_enabled=is_scripted)
        assert page.locator("#decoder").is_visible() == is_scripted
        assert "解碼器" in page.locator("#decoder h2").text_content()
        assert page.locator("#decoder .range").count() == 3  # where it starts, and two latents


def test_a_decoder_that_is_too_large_is_left_out_and_said_to_be(tmp_path):
    decoder = explore.page_decoder(FakeRun(tmp_path, "dcgan", width=1))
    write_pages(tmp_path, notebook_of({}), "en", large=decoder)
    text = (tmp_path / "large.html").read_text()
    assert "a page has room for 937,500" in text
    assert "decoder-facts" not in text
    run = FakeRun(tmp_path, "elbo", image_size=32)
    run.vae.decoder.append(torch.nn.GELU())  # which no page knows
    with pytest.raises(TypeError, match="GELU"):
        explore.page_decoder(run)


def test_a_decoder_that_fails_costs_no_page(tmp_path, capsys):
    def broken(path):
        raise FileNotFoundError(2, "No such file or directory", str(path / "latents.npz"))

    job, executed = report.Job("vae", "dcgan", tmp_path, {}), runner.Executed(tmp_path, tmp_path)
    one = site.JobResult(job, "vae-dcgan", Facts(job, {}), executed)
    site._add_decoder(one, broken, RunLog([one.name]))
    assert one.decoder is None
    assert "vae-dcgan: no decoder in its page: " in capsys.readouterr().err


def test_decoders_are_asked_for_where_there_is_one(call, make_hw4):
    code, _, err = call("report", "gan", "--decoder", "--profile", "smoke", "--data", make_hw4())
    assert code == 2
    assert "--decoder goes with problem vae" in err
