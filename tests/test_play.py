"""The playground: any finished run opens, its controls move, and what moves can be exported."""

import html
import io
import json
import os
import re
import shutil
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import av
import nbformat
import numpy as np
import pytest
import torch
from conftest import picture
from lively import Z, assert_same, fake_run, held_out, larger, lively, make_panel, shown, z_of
from PIL import Image, ImageSequence

from hwlib import explore
from hwlib.data.decode import Unreadable, decode
from hwlib.errors import UserError
from hwlib.explore import play, vae
from hwlib.explore.base import words
from hwlib.text import LANGUAGES

ROOT = Path(__file__).resolve().parents[1]
DIRECTIONS = {name: 3 * z_of(100 + i) for i, name in enumerate(("Smiling", "Male"))}
IMAGES = held_out()


def direction_panel(images=IMAGES, network=None, layout="hw4", lang="en"):
    data = SimpleNamespace(layout=layout, test=SimpleNamespace(images=images))
    run = fake_run("vae", network or lively("dcgan", "vae"))
    return explore.DirectionPanel(run, data, DIRECTIONS, lang)


@pytest.fixture
def panel():
    return direction_panel(lang="zh")


def jpeg(size, seed=0):
    buffer = io.BytesIO()
    picture(seed, size).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def drop(panel, name, content):
    """Do what the browser does when a file is dropped in."""
    file = {"name": name, "type": "", "size": len(content), "content": memoryview(content)}
    panel.upload.value = ({**file, "last_modified": datetime.now(UTC)},)


def assert_shows(panel, photo):
    """Assert that an image is the one that the panel starts from."""
    assert np.array_equal(shown(panel.places[0]), larger(photo, 2))


# ------------------------------------------------------------------------------------ directions


def test_the_image_is_the_reconstruction_with_the_direction_added(panel):
    panel.attribute.value = "Male"
    mu = explore.encode(panel.vae, IMAGES[:1])
    for strength in (-1.5, 0.0):
        panel.strength.value = strength
        wanted = explore.decode(panel.vae, mu + strength * DIRECTIONS["Male"])[0]
        assert_same(shown(panel.image), larger(wanted))
    assert_same(shown(panel.places[1]), larger(wanted, 2))  # of strength 0


def test_an_own_photograph_is_shown_whole_first_and_a_test_image_comes_back(panel):
    """It is cropped as the homework crops, any other in its middle."""
    before = panel.image.value
    drop(panel, "me.jpg", jpeg((178, 218)))
    assert panel.image.value != before
    assert panel.source.value == "own"
    assert panel.status.value == words("as_homework", "zh", name="me.jpg")
    assert_shows(panel, decode(jpeg((178, 218)), 64, crop="hw4").pixels)
    panel.zoom.value, panel.left.value = 2.0, 0.2
    drop(panel, "you.jpg", jpeg((300, 200), seed=1))
    assert (panel.zoom.value, panel.left.value, panel.top.value) == (1.0, 0.5, 0.5)
    assert_shows(panel, decode(jpeg((300, 200), seed=1), 64).pixels)
    panel.zoom.value, panel.left.value, panel.top.value = 2.0, 1.0, 0.0
    assert_shows(panel, decode(jpeg((300, 200), seed=1), 128).pixels[:64, 64:])
    assert panel.stem("strength") == "Smiling-own-0"
    panel.source.value = "test"
    assert_shows(panel, IMAGES[0])
    assert panel.status.value == ""


def test_a_photograph_is_made_grey_for_a_network_of_grey_images_and_that_of_drawn_faces_warns():
    panel = direction_panel(IMAGES[..., :1], lively("dcgan", "vae", channels=1), layout="faces")
    drop(panel, "me.png", jpeg((64, 64)))
    grey = np.asarray(Image.fromarray(decode(jpeg((64, 64)), 64).pixels).convert("L"))
    assert np.array_equal(shown(panel.places[0]), larger(grey[..., None], 2)[..., 0])
    assert words("drawn", "en") in panel.status.value


def test_a_file_that_cannot_be_used_is_one_line_and_what_was_shown_stays(panel):
    before = panel.image.value
    for content in (b"hello", jpeg((400, 400))[:3000]):
        with pytest.raises(Unreadable) as caught:
            decode(content, 64)
        drop(panel, "a<b.txt", content)
        reason = caught.value.say("zh")
        assert html.unescape(panel.status.value).endswith(f"✗ a<b.txt {reason}</strong>")
        assert "a&lt;b.txt" in panel.status.value
        assert (panel.source.value, panel.image.value) == ("test", before)
    panel.source.value = "own"
    assert (panel.source.value, panel.status.value) == ("test", words("no_upload", "zh"))
    drop(panel, "me.jpg", jpeg((90, 90)))
    before = panel.image.value
    drop(panel, "notes.txt", b"hello")
    assert words("still_shown", "zh") in panel.status.value
    assert (panel.source.value, panel.image.value) == ("own", before)
    panel.source.value = "test"
    panel.source.value = "own"
    assert panel.image.value == before
    assert "me.jpg" in panel.status.value


# ------------------------------------------------------------------------------------ animations


MOVING = {  # what moves a panel, with the files' names, and in how many images
    "vae": ({"share": "between-2-1", "latent-3": "latent-3", "latent-7": "latent-7"}, 5),
    "direction": ({"strength": "Smiling-test-0"}, 5),
    "gan": ({"share": "z0-z8"}, 5),
    "acgan": ({"label Smiling": "Smiling-z0", "label Male": "Male-z0"}, 5),
    # an embedding knows nothing between off and on
    "acgan plain": ({"label Smiling": "Smiling-z0", "label Male": "Male-z0"}, 2),
    "infogan": ({"code1": "code1-z0", "code2": "code2-z0"}, 10),
}
SET = {"image_a": 2, "number_b": 8, "latent-7": 1.0, "label Male": 0, "code1": 4}


@pytest.mark.parametrize("name", MOVING)
def test_what_moves_is_what_the_panel_shows_from_end_to_end_with_the_others_as_set(name):
    stems, count = MOVING[name]
    problem, *recipe = name.split()
    panel = direction_panel() if name == "direction" else make_panel(problem, "en", *recipe)
    for control in panel.controls.keys() & SET.keys():
        panel.controls[control].value = SET[control]
    assert {moved: panel.stem(moved) for moved in panel.stems} == stems
    for moved in stems:
        frames, control = panel.sweep(moved, 5), panel.controls[moved]
        assert len(frames) == count
        before = control.value
        ends = (0, 9) if name == "infogan" else (control.min, control.max)
        for frame, value in zip(frames[[0, -1]], ends, strict=True):
            control.value = value
            assert_same(shown(panel.image), larger(frame))
        control.value = before


def smooth(count):
    """Return images that a palette of 256 colours and a video can hold."""
    ramp = np.linspace(0, 255, count)[:, None, None, None]
    shade = np.linspace(0, 0.2, 16)[None, :, None, None]
    return (ramp * (0.8 + shade) * np.ones((1, 1, 16, 3))).astype(np.uint8)


def test_an_animation_goes_there_and_back_without_end_and_a_video_has_even_sides():
    frames, way = smooth(5), [0, 1, 2, 3, 4, 3, 2, 1]
    for suffix in (".gif", ".webp"):
        with Image.open(io.BytesIO(play.animate(frames, suffix))) as made:
            assert made.info["loop"] == 0
            found = [np.asarray(f.convert("RGB")) for f in ImageSequence.Iterator(made)]
        for image, wanted in zip(found, frames[way], strict=True):
            assert np.abs(image - larger(wanted, 12)).max() <= 12
    grey = np.repeat(frames[:, :13, :1, :1], 13, axis=2)  # 13 high, 13 wide
    with av.open(io.BytesIO(play.animate(grey, ".mp4"))) as made:
        assert made.streams.video[0].codec_context.name == "h264"
        found = [frame.to_ndarray(format="rgb24") for frame in made.decode(video=0)]
    assert found[0].shape[0] % 2 == found[0].shape[1] % 2 == 0
    for image, wanted in zip(found, grey[way], strict=True):
        assert abs(image.mean() - wanted.mean()) < 6


@pytest.mark.parametrize("suffix", play.SUFFIXES)
def test_a_file_of_the_same_name_stays_and_the_same_one_is_written_once(tmp_path, suffix):
    walk = smooth(3)
    paths = [explore.export(f, tmp_path, "walk", suffix) for f in (walk, 255 - walk, walk)]
    assert [path.name for path in paths] == [f"walk{suffix}", f"walk-no2{suffix}", f"walk{suffix}"]
    assert paths[0].read_bytes() != paths[1].read_bytes()
    names = {"a/b-z0": "a_b-z0", "../../微笑-z0": ".._.._微笑-z0", 'c:"<d>"-z0': "c___d__-z0"}
    for name, wanted in names.items():  # which are no files' names
        assert explore.export(walk, tmp_path, name, suffix) == tmp_path / f"{wanted}{suffix}"
    with pytest.raises(UserError) as refused:
        explore.export(walk, tmp_path, "a", ".avi")
    assert refused.value.values["known"] == list(play.SUFFIXES)
    assert len(list(tmp_path.iterdir())) == 5


# ------------------------------------------------------------------------------------ playground


@pytest.fixture(scope="module")
def runs(tmp_path_factory, small_runs):
    """A folder with runs of a VAE and a GAN, and a copy of the latter that tells of an ema."""
    folder = tmp_path_factory.mktemp("runs")
    for at, name in enumerate(("vae-dcgan-00000001", "gan-dcgan-00000002", "gan-dcgan-0000000c")):
        copy = shutil.copytree(small_runs[name[:3]].path, folder / name)
        os.utime(copy / "results.json", (at, at))
    record = json.loads((copy / "config.json").read_text())
    record["settings"]["ema"] = 0.5
    (copy / "config.json").write_text(json.dumps(record))
    (copy / "seal.json").unlink()  # of what it was
    return folder


@pytest.fixture
def found(runs):
    return explore.finished_runs(runs)


def test_finished_runs_come_newest_first_and_labels_tell_them_apart_by_what_differs(found):
    assert [run.config.problem for run in found] == ["gan", "gan", "vae"]
    for lang in LANGUAGES:
        start = f"dcgan · faces:96 · smoke · {words('seed', lang, seed=0)}"
        assert play.run_labels(found, lang) == [
            f"GAN · {start} · ema=0.5 · 0000000c",
            f"GAN · {start} · ema=0.0 · 00000002",
            f"VAE · {start} · 00000001",
        ]


def test_a_run_of_another_version_is_left_out_and_named(tmp_path, capsys, runs):
    (tmp_path / "good").symlink_to(runs / "vae-dcgan-00000001")
    strange = tmp_path / "vae-old-00000000"
    strange.mkdir()
    (strange / "config.json").write_text(json.dumps({"settings": {"problem": "vae", "old": 1}}))
    (strange / "results.json").write_text("{}")
    assert [run.path.name for run in explore.finished_runs(tmp_path)] == ["good"]
    assert capsys.readouterr().out.strip().endswith("vae-old-00000000")


def test_a_studys_vaes_and_small_profiles_come_after_what_was_asked_for():
    runs = []
    for name in ("study", "m1", "small", "own", "m2", "full", "g"):
        profile = {"small": "smoke", "full": "course"}.get(name, "quick")
        problem = {"study": "kl", "g": "gan"}.get(name, "vae")
        config = SimpleNamespace(problem=problem, profile=profile)
        results = {"studies": [{"run": "m1"}, {"run": "m2"}]} if name == "study" else {}
        runs.append(SimpleNamespace(path=Path(name), config=config, results=results))
    names = [run.path.name for run in play.in_order(runs)]
    assert names == ["full", "own", "small", "m1", "m2", "study", "g"]


def test_the_newest_run_or_the_one_that_is_named_is_opened_and_another_changes_the_panel(found):
    playground = explore.Playground(found, lang="en")
    assert playground.run is found[0]
    assert isinstance(playground.panel, explore.GeneratorPanel)
    with pytest.raises(UserError) as refused:
        explore.Playground(found, chosen="x")
    assert refused.value.values["known"] == [run.path.name for run in found]
    playground.choice.value = found[2]
    assert isinstance(playground.panel, explore.VAEPanel)
    assert playground.animation.label == words("share", "en")
    tabs = playground.children[1]
    assert list(tabs.titles) == [words(tab, "en") for tab in ("tab_walk", "tab_direction")]
    tabs.selected_index = 1
    assert isinstance(playground.panel, explore.DirectionPanel)
    assert playground.animation.options == ((words("strength", "en"), "strength"),)
    assert playground.panel.stem("strength") == "Bangs-test-0"


def test_the_button_exports_what_moves_and_shows_it_with_a_link(found, monkeypatch):
    monkeypatch.setattr(play, "NUM_FRAMES", 3)
    playground = explore.Playground(found, lang="zh")
    for suffix, kind in ((".mp4", "video"), (".webp", "image")):
        playground.suffix.value = suffix
        playground.export.click()
        path, status = playground.run.path / "play" / f"z0-z1{suffix}", playground.status.value
        assert path.stat().st_size > 100
        assert str(path) in status
        assert status.count(f'download="z0-z1{suffix}"') == 1
        assert status.count(f"data:{kind}/{suffix[1:]};base64,") == 2
        alt = re.search('(?:alt|aria-label)="([^"]*)"', status)[1]
        assert alt == words("export_alt", "zh", label=words("share", "zh"))


def mistake_of(do, *args):
    with pytest.raises(UserError) as refused:
        do(*args)
    return refused.value.key


def test_what_cannot_be_opened_is_one_line_and_the_choice_stays(found, monkeypatch):
    _, gan, vae = found
    playground = explore.Playground(found, lang="en")
    monkeypatch.setattr(vae, "record", {"data": vae.record["data"] | {"fingerprint": "other"}})
    playground.choice.value = vae
    assert "✗ faces:96" in playground.status.value
    assert playground.children == (playground.choice, playground.status)
    assert mistake_of(playground.save, ".gif") == "run_not_open"
    playground.choice.value = gan
    assert playground.status.value == ""
    assert isinstance(playground.panel, explore.GeneratorPanel)


def test_a_run_that_lacks_a_file_or_was_edited_and_a_folder_that_is_locked_are_one_line(
    found, monkeypatch
):
    playground, network = explore.Playground(found), torch.nn.Linear(2, 3)
    monkeypatch.setattr(play, "FOLDER", "results.json")  # which is no folder
    with pytest.raises(FileExistsError):
        playground.save()
    playground.export.click()
    assert "✗" in playground.status.value
    assert "results.json：File exists；" in playground.status.value
    edited = partial(network.load_state_dict, torch.nn.Linear(2, 4).state_dict())
    incomplete = partial(open, "no-samples.npz")
    for opened, key in ((edited, "run_other_networks"), (incomplete, "run_unreadable")):
        monkeypatch.setattr(play, "resolve", lambda _, opened=opened: lambda _run, _lang: opened())
        assert mistake_of(play.open_panels, found[1], "en") == key
        assert "✗" in explore.Playground(found).status.value


def test_data_has_a_direction_where_an_attribute_varies_and_that_of_a_trial_warns(
    tmp_path, monkeypatch
):
    mu = np.random.default_rng(0).normal(size=(6, Z))
    np.savez(tmp_path / "latents.npz", test_mu=mu, test_index=np.arange(6))
    run = fake_run("vae", lively("dcgan", "vae"), "smoke")
    run.path, part = tmp_path, SimpleNamespace(images=IMAGES)
    data = SimpleNamespace(test=part, attributes=("Male",), layout="folder")
    monkeypatch.setattr(vae, "data_of", lambda _run: data)
    for part.labels in (None, np.ones((6, 1), dtype=np.uint8)):
        assert explore.direction_panel(run, "en") is None
    part.labels = np.arange(6)[:, None] % 2
    panel = explore.direction_panel(run, "en")
    assert words("trial", "en") in panel.children[0].value
    assert panel.stem("strength") == "Male-test-0"
    wanted = mu[1::2].mean(0) - mu[::2].mean(0)  # with the attribute less without
    np.testing.assert_allclose(panel.directions["Male"], wanted)


def test_the_notebook_exports_what_moves_in_the_run_that_is_named(found, runs, outputs, capsys):
    run = found[2]
    given = {"runs": str(runs), "run": run.path.name, "languages": [*LANGUAGES]}
    for cell in nbformat.read(ROOT / "notebooks/explore.ipynb", as_version=4).cells:
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", ()):
            exec(cell.source, given)
    gif, strip = saved = capsys.readouterr().out.split()
    assert saved == [str(run.path / f"play/between-0-1{suffix}") for suffix in (".gif", ".png")]
    told = [about["hwlib"] for _, about in outputs if "hwlib" in about]
    assert [(one["name"], one["lang"]) for one in told] == [("play_strip", x) for x in LANGUAGES]
    first = given["frames"][0]
    with Image.open(gif) as made:
        frames = [np.asarray(f.convert("RGB")) for f in ImageSequence.Iterator(made)]
        total = sum(f.info["duration"] for f in ImageSequence.Iterator(made))
    assert 1 < len(frames) <= 2 * play.NUM_FRAMES - 2  # Pillow joins frames that are equal
    assert total == pytest.approx(2 * play.DURATION_MS, rel=0.1)
    assert np.abs(frames[0] - larger(first, 6)).mean() < 4
    with Image.open(strip) as image:
        assert image.size == (play.NUM_IN_STRIP * 70, 70)
