"""The playground: any finished run opens, its controls move, and what moves can be kept."""

import ast
import html
import io
import json
import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import papermill
import pytest
import torch
from conftest import picture
from lively import Z, lively
from PIL import Image, ImageSequence

import hwlib
from hwlib import explore, plots
from hwlib.data import decode as decode_module
from hwlib.data.decode import Unreadable, decode
from hwlib.errors import UserError
from hwlib.explore import films, play
from hwlib.explore.direction import LIMIT, unreadable_words
from hwlib.explore.words import words
from hwlib.recipes import make_config

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def vae():
    return lively("dcgan", "vae")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), dtype=np.uint8)


def numbered(number):
    return np.random.default_rng(number).standard_normal(Z).astype(np.float32)


def arrows(num=2):
    names = ("Smiling", "Male", "Bangs")[:num]
    return {name: 3 * numbered(100 + i) for i, name in enumerate(names)}


@pytest.fixture
def panel(vae, images):
    return explore.DirectionPanel(vae, images, arrows(), crop="hw4", lang="zh")


def shown(widget):
    return np.asarray(Image.open(io.BytesIO(widget.value)))


def jpeg(size, seed=0):
    buffer = io.BytesIO()
    picture(seed, size).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def drop(panel, name, content):
    """Do what the browser does when a file is dropped in."""
    file = {"name": name, "type": "", "size": len(content), "content": memoryview(content)}
    panel.upload.value = ({**file, "last_modified": datetime.now(UTC)},)


# ------------------------------------------------------------------------------------ directions


def test_a_direction_is_the_difference_of_the_two_means():
    mu = np.array([[0, 0], [2, 0], [0, 4], [2, 4.0]])
    labels = np.array([[1, 0, 1], [1, 1, 1], [0, 0, 1], [0, 1, 1]])
    found = explore.directions(mu, labels, ["A", "B", "all have it"])
    assert {name: list(way) for name, way in found.items()} == {"A": [0, -4], "B": [2, 0]}


def larger(image, factor):
    """Return an image, (H, W, C), as the panels show it."""
    return plots.enlarge(image[np.newaxis], factor)[0].astype(int)


def test_the_picture_is_the_reconstruction_with_the_direction_added(panel, vae, images):
    panel.attribute.value, panel.strength.value = "Male", -1.5
    mu = explore.encode(vae, images[:1])
    wanted = explore.decode(vae, mu - 1.5 * arrows()["Male"])[0]
    assert np.abs(shown(panel.picture) - larger(wanted, 4)).max() <= 2
    panel.strength.value = 0.0
    reconstruction = explore.decode(vae, mu)[0]
    assert np.abs(shown(panel.picture) - larger(reconstruction, 4)).max() <= 2
    assert np.abs(shown(panel._images[1]) - larger(reconstruction, 2)).max() <= 2


@pytest.mark.parametrize(
    "move",
    [
        lambda panel: setattr(panel.number, "value", 3),
        lambda panel: setattr(panel.attribute, "value", "Male"),
        lambda panel: setattr(panel.strength, "value", -2.0),
        lambda panel: drop(panel, "me.jpg", jpeg((90, 120))),
    ],
)
def test_every_control_of_the_direction_changes_the_picture(panel, move):
    before = panel.picture.value
    move(panel)
    assert panel.picture.value != before


def test_a_photograph_is_cropped_as_the_homework_crops_and_any_other_in_its_middle(tmp_path):
    for size, crop in (((178, 218), "hw4"), ((300, 200), None)):
        path = tmp_path / "photo.jpg"
        path.write_bytes(jpeg(size))
        pixels, is_aligned = explore.read_photo(path.read_bytes(), 64, crop="hw4")
        assert np.array_equal(pixels, decode(path, 64, crop=crop).pixels)
        assert is_aligned == (crop == "hw4")


def test_going_nearer_shows_a_part_of_the_same_square(tmp_path):
    content = jpeg((300, 200))
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    whole = decode(path, 128).pixels
    near, _ = explore.read_photo(content, 64, zoom=2.0, left=1.0, top=0.0)
    assert np.array_equal(near, whole[:64, 64:])


def test_an_own_photograph_is_shown_and_a_test_picture_comes_back(panel, images):
    drop(panel, "me.jpg", jpeg((178, 218)))
    assert panel.source.value == "own"
    assert "me.jpg" in panel.told.value
    assert "照作業的方式裁切" in panel.told.value
    wanted, _ = explore.read_photo(jpeg((178, 218)), 64, crop="hw4")
    assert np.array_equal(shown(panel._images[0]), larger(wanted, 2))
    panel.zoom.value = 2.0
    assert not np.array_equal(shown(panel._images[0]), larger(wanted, 2))
    panel.source.value = "test"
    assert np.array_equal(shown(panel._images[0]), larger(images[0], 2))
    assert panel.told.value == ""


@pytest.mark.parametrize("is_drawn", [True, False])
def test_who_tries_a_photograph_on_a_vae_of_drawn_faces_is_told(vae, images, is_drawn):
    panel = explore.DirectionPanel(vae, images, arrows(), is_drawn=is_drawn)
    drop(panel, "me.jpg", jpeg((90, 90)))
    assert (words("drawn", "en") in panel.told.value) is is_drawn


def test_another_photograph_is_shown_whole_first(panel):
    drop(panel, "me.jpg", jpeg((90, 90)))
    panel.zoom.value, panel.left.value = 3.0, 0.2
    drop(panel, "you.jpg", jpeg((90, 90), seed=1))
    assert (panel.zoom.value, panel.left.value) == (1.0, 0.5)
    wanted, _ = explore.read_photo(jpeg((90, 90), seed=1), 64)
    assert np.array_equal(shown(panel._images[0]), larger(wanted, 2))


def test_a_colour_photograph_is_made_grey_for_a_network_of_grey_pictures(images):
    network = lively("dcgan", "vae", channels=1)
    panel = explore.DirectionPanel(network, images[..., :1], arrows())
    drop(panel, "me.png", jpeg((64, 64)))
    colour, _ = explore.read_photo(jpeg((64, 64)), 64)
    grey = np.asarray(Image.fromarray(colour).convert("L"))
    assert np.array_equal(shown(panel._images[0]), larger(grey[..., None], 2)[..., 0])


def scale_unknown():
    buffer = io.BytesIO()
    Image.fromarray(np.ones((20, 20), np.float32)).save(buffer, "TIFF")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "zh", "en"),
    [
        (b"hello", "不是影像檔", "is no image"),
        (b"", "是空的檔案", "is empty"),
        (jpeg((5, 40)), "只有 5x40 像素，至少要 8x8", "is 5x40: at least 8x8 pixels"),
        (jpeg((400, 400))[:3000], "被截斷了", "is cut off"),
        (scale_unknown(), "像素格式（F）", "of a kind (F)"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_and_nothing_else_changes(
    vae, images, content, zh, en
):
    for lang, reason in (("zh", zh), ("en", en)):
        panel = explore.DirectionPanel(vae, images, arrows(), lang=lang)
        before = panel.picture.value
        drop(panel, "a<b.txt", content)
        assert reason in html.unescape(panel.told.value)
        assert "✗ a&lt;b.txt " in panel.told.value
        assert "\n" not in panel.told.value
        assert words("still_shown", lang) not in panel.told.value
        assert panel.source.value == "test"
        assert panel.picture.value == before


def test_a_file_that_cannot_be_used_leaves_the_photograph_before_it(panel):
    drop(panel, "me.jpg", jpeg((90, 90)))
    before = panel.picture.value
    drop(panel, "notes.txt", b"hello")
    assert panel.told.value.startswith('<strong role="alert">✗ notes.txt 不是影像檔')
    assert "；下面仍是先前的照片" in panel.told.value
    assert (panel.source.value, panel.picture.value) == ("own", before)
    panel.source.value = "test"
    panel.source.value = "own"
    assert panel.picture.value == before
    assert "me.jpg" in panel.told.value


def test_asking_for_an_own_photograph_before_there_is_one_is_told(panel):
    panel.source.value = "own"
    assert panel.source.value == "test"
    assert panel.told.value == words("no_upload", "zh")


def test_every_reason_against_a_picture_has_chinese_words():
    tree = ast.parse(Path(decode_module.__file__).read_text())
    reasons = [
        "".join(part.value if isinstance(part, ast.Constant) else "7x7" for part in parts)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Unreadable"
        for parts in [getattr(node.args[0], "values", [node.args[0]])]
    ]
    # not of a file that the browser handed over
    elsewhere = ("is not there", "may not be read", "is 7x7x7x7: an aligned")
    reasons = [r for r in reasons if not r.startswith(elsewhere)]
    assert len(reasons) >= 6
    for reason in ("is cut off (x)", "is damaged (x)", *reasons):
        if not reason.startswith("7x7"):
            words = unreadable_words(Unreadable(reason.replace("7x7x7x7", "7x7")), "zh")
            assert re.search(r"[\u4e00-\u9fff]", words), reason


# ----------------------------------------------------------------------------------------- films


def test_a_vaes_films_are_the_way_and_each_latent_from_where_the_panel_stands(vae, images):
    panel = explore.VAEPanel(vae, images, active=[3, 7])
    panel.image_a.value, panel.knobs[1].value = 2, 1.0
    way, third, seventh = explore.films_of(panel)
    assert [f.name for f in (way, third, seventh)] == ["between-2-1", "latent-3", "latent-7"]
    frames = way.frames(5)
    assert len(frames) == 5
    for share, frame in ((0.0, frames[0]), (1.0, frames[-1])):
        assert np.abs(explore.decode(vae, panel.at(share)[None])[0] - frame.astype(int)).max() <= 1
    wanted = panel.z.copy()
    wanted[7] += 3 - panel.knobs[1].value
    last = seventh.frames(3)[-1].astype(int)
    assert np.abs(explore.decode(vae, wanted[None])[0] - last).max() <= 1


def test_a_directions_film_goes_through_all_strengths(panel):
    (film,) = explore.films_of(panel)
    assert film.name == "Smiling-test-0"
    ends = panel.changed([-LIMIT, LIMIT]).astype(int)
    assert np.abs(film.frames(4)[[0, -1]] - ends).max() <= 1
    drop(panel, "me.jpg", jpeg((80, 80)))
    assert explore.films_of(panel)[0].name == "Smiling-own"


def test_a_generators_film_goes_from_one_z_to_the_other():
    G = lively("dcgan", "gan")
    panel = explore.GeneratorPanel(G, numbered)
    panel.number_b.value = 8
    (film,) = explore.films_of(panel)
    assert film.name == "z0-z8"
    ends = explore.paint(G, np.stack([numbered(0), numbered(8)])).astype(int)
    assert np.abs(film.frames(6)[[0, -1]] - ends).max() <= 1


def test_a_name_that_is_no_files_makes_no_folder_and_leads_nowhere_else(tmp_path):
    names = ("a/b-z0", "../../Male-z0", 'c:"<d>"-z0', "微笑-z0")
    kept = [films.keep_film(smooth(2), tmp_path, name, ".png") for name in names]
    assert [path.parent for path in kept] == [tmp_path] * 4
    assert [path.name for path in kept] == [
        *("a_b-z0.png", ".._.._Male-z0.png", "c___d__-z0.png", "微笑-z0.png")
    ]


@pytest.mark.parametrize(("recipe", "count"), [("dcgan", 7), ("plain", 2)])
def test_an_attributes_film_switches_it_and_leaves_the_others(recipe, count):
    G = lively(recipe, "acgan", num_labels=2)
    panel = explore.AttributePanel(G, numbered, ["Smiling", "Male"])
    panel.switches[1].value = 0
    smiling, male = explore.films_of(panel)
    assert (smiling.name, male.name) == ("Smiling-z0", "Male-z0")
    frames = smiling.frames(7)
    assert len(frames) == count  # an embedding knows nothing between off and on
    labels = np.array([[0, 0], [1, 0]])
    ends = explore.paint(G, np.stack([numbered(0)] * 2), labels).astype(int)
    assert np.abs(frames[[0, -1]] - ends).max() <= 1


def test_a_codes_film_counts_to_nine_with_the_other_code_as_it_is_set():
    G = lively("dcgan", "infogan", num_codes=2)
    panel = explore.CodePanel(G, numbered)
    panel.codes[0].value = 4
    _, second = explore.films_of(panel)
    wanted = np.stack([explore.one_hot([4, value]) for value in range(10)])
    pictures = explore.paint(G, np.stack([numbered(0)] * 10), wanted).astype(int)
    assert np.abs(second.frames(99) - pictures).max() <= 1


def test_the_studys_film_has_a_sheet_for_each_weight(images):
    numbers = {"test_mse_01": 0.01, "kl_nats": 20.0, "active_units": 9}
    studies = [{"kl_weight": weight} | numbers for weight in (1.0, 100.0, 0.0)]
    rows = np.stack([images[:4]] * 3)
    pictures = {"originals": images[:4], "reconstructions": rows, "samples": rows}
    (film,) = explore.films_of(explore.KLPanel(studies, pictures))
    assert film.frames(41).shape[0] == 3


def smooth(count):
    """Return pictures that a palette of 256 colours and a video can hold."""
    ramp = np.linspace(0, 255, count)[:, None, None, None]
    shade = np.linspace(0, 0.2, 16)[None, :, None, None]
    return (ramp * (0.8 + shade) * np.ones((1, 1, 16, 3))).astype(np.uint8)


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_a_film_goes_there_and_back_without_end(tmp_path, suffix):
    frames = smooth(5)
    explore.save_film(frames, tmp_path / f"film{suffix}")
    with Image.open(tmp_path / f"film{suffix}") as film:
        assert film.info["loop"] == 0
        found = [np.asarray(f.convert("RGB")) for f in ImageSequence.Iterator(film)]
        assert film.n_frames == 8
    assert found[0].shape == (192, 192, 3)
    for image, wanted in zip(found, frames[[0, 1, 2, 3, 4, 3, 2, 1]], strict=True):
        assert np.abs(image - larger(wanted, 12)).max() <= 12


def test_a_video_has_the_same_pictures_and_even_sides(tmp_path):
    frames = np.concatenate([smooth(5)[:, :, :1]] * 13, axis=2)[:, :13]  # 13 high, 13 wide
    explore.save_film(frames[..., :1], tmp_path / "film.mp4")
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert film.streams.video[0].codec_context.name == "h264"
        found = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(found) == 8
    assert found[0].shape[0] % 2 == found[0].shape[1] % 2 == 0
    for image, wanted in zip(found, frames[[0, 1, 2, 3, 4, 3, 2, 1]], strict=True):
        assert abs(image.mean() - wanted.mean()) < 6


def test_a_strip_holds_the_pictures_side_by_side(tmp_path):
    explore.save_film(smooth(3), tmp_path / "strip.png")
    with Image.open(tmp_path / "strip.png") as strip:
        assert strip.size == (3 * 70, 70)


def test_another_kind_of_file_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(UserError, match=r"film.avi: a film's name ends in \.gif, \.mp4"):
        explore.save_film(smooth(3), tmp_path / "film.avi")
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------ playground


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with runs of a VAE and a GAN, and a copy of the latter that tells of an ema."""
    folder = tmp_path_factory.mktemp("runs")
    vae, gan = (
        hwlib.fit(make_config(problem, "dcgan", "faces:96", "smoke"), runs=folder)
        for problem in ("vae", "gan")
    )
    copy = shutil.copytree(gan.path, folder / "gan-dcgan-0123abcd")
    record = json.loads((copy / "config.json").read_text())
    record["settings"]["ema"] = 0.5
    (copy / "config.json").write_text(json.dumps(record))
    for at, path in enumerate([vae.path, gan.path, copy]):
        os.utime(path / "results.json", (at, at))
    return folder


@pytest.fixture
def found(runs):
    return explore.finished_runs(runs)


def of(found, problem):
    return next(run for run in found if run.config.problem == problem)


def test_finished_runs_come_newest_first(found):
    assert [run.config.problem for run in found] == ["gan", "gan", "vae"]
    assert found[0].config.ema == 0.5


def test_a_folder_without_finished_runs_is_told_with_what_to_do(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UserError, match=r"no finished run in .*: run notebook 01_vae"):
            explore.finished_runs(folder)


def test_a_run_of_another_version_is_left_out_and_named(tmp_path, capsys, runs):
    (tmp_path / "good").symlink_to(of(explore.finished_runs(runs), "vae").path)
    strange = tmp_path / "vae-old-00000000"
    strange.mkdir()
    (strange / "config.json").write_text(json.dumps({"settings": {"problem": "vae", "old": 1}}))
    (strange / "results.json").write_text("{}")
    assert [run.path.name for run in explore.finished_runs(tmp_path)] == ["good"]
    assert capsys.readouterr().out == "left out, of another version of hwlib: vae-old-00000000\n"


@pytest.mark.parametrize(("lang", "seed"), [("zh", "種子 0"), ("en", "seed 0")])
def test_labels_tell_runs_apart_by_what_differs(found, lang, seed):
    labels = play.run_labels(found, lang)
    hashes = [run.path.name[-8:] for run in found]
    start = f"dcgan · faces:96 · smoke · {seed}"
    assert labels == [
        f"GAN · {start} · ema=0.5 · {hashes[0]}",
        f"GAN · {start} · ema=0.0 · {hashes[1]}",
        f"VAE · {start} · {hashes[2]}",
    ]


def test_a_studys_vaes_and_small_profiles_come_after_what_was_asked_for():
    def fake(name, problem="vae", profile="quick", studies=()):
        config = SimpleNamespace(problem=problem, profile=profile)
        rows = [{"run": member} for member in studies]
        return SimpleNamespace(path=Path(name), config=config, results={"studies": rows})

    runs = [
        fake("study", "kl", studies=["m1", "m2"]),
        fake("m1"),
        fake("small", profile="smoke"),
        fake("own"),
        fake("m2"),
        fake("full", profile="course"),
        fake("g", "gan"),
    ]
    names = [run.path.name for run in play.in_order(runs)]
    assert names.index("full") < names.index("own") < names.index("small") < names.index("m1")
    assert names.index("m1") < names.index("m2") < names.index("g")


def test_the_playground_opens_the_newest_run_or_the_one_that_is_named(found):
    assert explore.Playground(found, lang="en").run is found[0]
    vae = of(found, "vae")
    assert explore.Playground(found, chosen=vae.path.name, lang="en").run is vae
    with pytest.raises(UserError, match=r"no finished run 'x'; there are: gan-dcgan-"):
        explore.Playground(found, chosen="x", lang="en")


def test_choosing_another_run_changes_panel_and_films(found):
    playground = explore.Playground(found, lang="en")
    assert isinstance(playground.panel, explore.GeneratorPanel)
    playground.choice.value = of(found, "vae")
    assert isinstance(playground.panel, explore.VAEPanel)
    assert playground.film.options[:1] == ("A → B",)
    tabs = playground.children[1]
    assert list(tabs.titles) == ["latent space", "attribute direction"]
    tabs.selected_index = 1
    assert isinstance(playground.panel, explore.DirectionPanel)
    assert playground.film.options == ("strength",)
    assert playground.moving.name == "Bangs-test-0"


@pytest.mark.parametrize("suffix", films.SUFFIXES)
def test_the_button_keeps_what_moves_and_shows_it_with_a_link(found, suffix):
    playground = explore.Playground(found, lang="zh")
    playground.suffix.value = suffix
    playground.keep.click()
    path = playground.run.path / "play" / f"z0-z1{suffix}"
    assert path.stat().st_size > 100
    told = playground.told.value
    assert told.count(f'download="z0-z1{suffix}"') == 1
    assert str(path) in told
    kind = "video" if suffix == ".mp4" else "image"
    assert told.count(f"data:{kind}/{suffix[1:]};base64,") == 2
    assert re.search('(alt|aria-label)="剛存好的檔案', told)


def test_what_cannot_be_opened_is_one_line_and_the_choice_stays(found, monkeypatch):
    vae, gan = of(found, "vae"), of(found, "gan")
    playground = explore.Playground(found, lang="en")
    monkeypatch.setattr(vae, "record", {"data": vae.record["data"] | {"fingerprint": "other"}})
    playground.choice.value = vae
    assert "✗ faces:96 has changed since" in playground.told.value
    assert playground.children == (playground.choice, playground.told)
    with pytest.raises(UserError, match="is not open"):
        playground.save(".gif")
    playground.choice.value = gan
    assert playground.told.value == ""
    assert isinstance(playground.panel, explore.GeneratorPanel)


def test_a_run_of_which_a_file_is_missing_is_told_in_one_line(found, monkeypatch):
    def gone(_run, _lang):
        raise FileNotFoundError(2, "No such file or directory", "samples.npz")

    monkeypatch.setitem(play.PANELS, "gan", gone)
    playground = explore.Playground(found, lang="en")
    assert "samples.npz cannot be read; train it anew" in playground.told.value


def test_weights_that_do_not_fit_an_edited_recipe_are_told_in_one_line(found, monkeypatch):
    def edited(_run, _lang):
        torch.nn.Linear(2, 3).load_state_dict(torch.nn.Linear(2, 4).state_dict())

    monkeypatch.setitem(play.PANELS, "gan", edited)
    playground = explore.Playground(found, lang="en")
    assert "its weights do not fit the recipe" in playground.told.value


def test_a_folder_that_may_not_be_written_to_is_told(found, monkeypatch):
    def refuse(_frames, folder, *_):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(play, "keep_film", refuse)
    playground = explore.Playground(found, lang="en")
    playground.keep.click()
    assert "/play cannot be written to: Permission denied" in playground.told.value


@pytest.mark.parametrize("suffix", films.SUFFIXES)
def test_a_film_of_the_same_name_stays_and_the_same_film_is_kept_once(tmp_path, suffix):
    walk = smooth(3)
    kept = [films.keep_film(f, tmp_path, "walk", suffix) for f in (walk, 255 - walk, walk)]
    assert [path.name for path in kept] == [f"walk{suffix}", f"walk-no2{suffix}", f"walk{suffix}"]
    assert kept[0].read_bytes() != kept[1].read_bytes()


def test_data_without_attributes_has_no_direction(tmp_path, images):
    np.savez(tmp_path / "latents.npz", test_mu=np.zeros((6, Z)), test_index=np.arange(6))
    run = SimpleNamespace(path=tmp_path)
    for labels in (None, np.ones((6, 1), dtype=np.uint8)):
        part = SimpleNamespace(images=images, labels=labels)
        data = SimpleNamespace(test=part, attributes=("Male",), layout="folder")
        assert explore.direction_panel(run, data) is None


@pytest.mark.parametrize(("profile", "is_trial"), [("smoke", True), ("quick", False)])
def test_the_direction_of_a_trial_warns_as_every_panel_does(
    tmp_path, images, vae, profile, is_trial
):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "latents.npz", test_mu=rng.normal(size=(6, Z)), test_index=np.arange(6))
    config = make_config("vae", "dcgan", profile=profile)
    run = SimpleNamespace(path=tmp_path, config=config, load_models=lambda: {"vae": vae})
    part = SimpleNamespace(images=images, labels=np.arange(6)[:, None] % 2)
    data = SimpleNamespace(test=part, attributes=("Male",), layout="folder")
    panel = explore.direction_panel(run, data, "en")
    assert (words("trial", "en") in str(getattr(panel.children[0], "value", ""))) is is_trial
    assert explore.films_of(panel)[0].name == "Male-test-0"


def test_the_notebook_keeps_the_films_of_the_run_that_is_named(found, runs, tmp_path, monkeypatch):
    monkeypatch.setenv("HWLIB_BATCH", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    run = of(found, "vae")
    notebook = papermill.execute_notebook(
        str(ROOT / "notebooks/explore.ipynb"),
        str(tmp_path / "out.ipynb"),
        parameters={"runs": str(runs), "run": run.path.name},
        kernel_name="python3",
        progress_bar=False,
        cwd=str(tmp_path),
    )
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    (said,) = (output.text for output in outputs if output.output_type == "stream")
    assert said.split() == [str(run.path / f"play/between-0-1{s}") for s in (".gif", ".png")]
    strips = [o.metadata.hwlib for o in outputs if o.get("metadata", {}).get("hwlib")]
    assert [(strip.name, strip.lang) for strip in strips] == [
        ("play_strip", "zh"),
        ("play_strip", "en"),
    ]
    assert "9 frames" in strips[1].caption
    (way,) = explore.films_of(explore.Playground(found, chosen=run.path.name, lang="en").panel)[:1]
    ends = way.frames(2)
    with Image.open(said.split()[0]) as film:
        frames = [np.asarray(f.convert("RGB")) for f in ImageSequence.Iterator(film)]
        total = sum(f.info["duration"] for f in ImageSequence.Iterator(film))
    assert 1 < len(frames) <= 2 * films.FILM_PICTURES - 2  # Pillow joins frames that are equal
    assert total == pytest.approx(2 * films.FILM_MS, rel=0.1)
    assert np.abs(frames[0] - larger(ends[0], 3)).mean() < 4
    with Image.open(said.split()[1]) as strip:
        assert strip.size == (films.STRIP_PICTURES * 70, 70)
