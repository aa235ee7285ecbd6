"""Ten kinds of messy folder: `hwlib data info` tells all that a teaching assistant would check."""

import csv
import gzip
import json
import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from conftest import load, mistake_of, picture
from PIL import Image, PngImagePlugin
from typer.testing import CliRunner

from hwlib.data import decode as decode_module
from hwlib.data import find_source
from hwlib.data.commands import app
from hwlib.data.copies import group_copies, thumbnail
from hwlib.data.decode import decode
from hwlib.data.layouts.mnist import read_idx
from hwlib.errors import UserError
from hwlib.faces import draw_faces, sample_factors
from hwlib.recipes import make_config
from hwlib.run import Run
from hwlib.text import LANGUAGES, Finding

HEIC = b"\0\0\0\x18ftypheic" + bytes(64)


@pytest.fixture(scope="module")
def faces() -> list[Image.Image]:
    """Forty drawn faces, all different."""
    return [Image.fromarray(face) for face in draw_faces(sample_factors(40, 11), 64)]


@pytest.fixture
def fill(tmp_path, faces):
    """A function that writes a folder of so many different faces, and returns it."""

    def write(num: int = 20, name: str = "mine", suffix: str = "png") -> Path:
        root = tmp_path / name
        root.mkdir(parents=True, exist_ok=True)
        for number, face in enumerate(faces[:num]):
            face.save(root / f"{number:02}.{suffix}")
        return root

    return write


def told(root: Path, *, code: int = 0) -> str:
    """Return what `hwlib data info` prints or answers, in one line."""
    result = CliRunner().invoke(app, ["info", str(root)], env={"COLUMNS": "200"})
    if isinstance(result.exception, UserError):
        assert code == 2
        assert all("\n" not in result.exception.say(language) for language in LANGUAGES)
        return str(result.exception)
    assert result.exit_code == code, result.output
    return " ".join(result.stdout.split())


def counts(root: Path) -> tuple[int, int]:
    data = load(root, 64, skip_bad=True)
    return len(data.train), len(data.test)


# ---- 1. a network drive, a Mac, a phone


def test_thumbnails_and_hidden_files_are_left_out_and_counted(fill):
    root = fill()
    for name, num in (("@eaDir/00.png", 3), (".thumbnails", 2), (".@__thumb", 1), ("__MACOSX", 4)):
        (root / name).mkdir(parents=True)
        for number in range(num):
            picture(number).save(root / name / f"thumb{number}.jpg")
    (root / "._00.png").write_bytes(b"\0\5\x16\7")
    (root / ".DS_Store").touch()
    line = told(root)
    for part in ("3 images in @eaDir", "2 images in .thumbnails", "1 image in .@__thumb"):
        assert part in line
    assert "4 images in __MACOSX" in line
    assert "1 image in .*" in line
    assert "not read" not in line
    assert counts(root) == (18, 2)


# ---- 2. files of other kinds


def test_files_that_are_not_read_are_counted_by_kind_and_avif_is_read(fill):
    root = fill(20, suffix="avif")
    for number in range(9):
        (root / f"IMG_{number}.HEIC").write_bytes(HEIC)
    for name in ("a.svg", "b.svg", "film.MOV", "README", "raw.cr2"):
        (root / name).touch()
    line = told(root)
    assert "14 other files are not read: 9 x .heic, 2 x .svg, 1 x " in line
    for kind in (".mov", ".cr2", "no ending"):
        assert f"1 x {kind}" in line
    assert "20 x 64x64 RGB" in line


def test_a_folder_without_one_image_that_is_read_says_what_it_holds(fill):
    root = fill(0)
    for number in range(9):
        (root / f"IMG_{number}.HEIC").write_bytes(HEIC)
    assert "9 other files are not read: 9 x .heic" in told(root, code=2)


def test_a_heic_file_that_is_called_jpg_is_named_as_such(fill):
    root = fill()
    (root / "IMG.jpg").write_bytes(HEIC)
    assert "IMG.jpg is no image that can be read (its content is of kind heic)" in told(
        root, code=2
    )


# ---- 3. the same picture twice


def test_copies_of_any_size_stay_in_one_part_and_are_told(fill, faces):
    root = fill(40)
    before = {*load(root, 64).test.names}
    for number, face in enumerate(faces):
        if number % 3 == 0:
            shutil.copy(root / f"{number:02}.png", root / f"{number:02} (1).png")
        elif number % 3 == 1:
            face.resize((32, 32), Image.Resampling.LANCZOS).save(root / f"{number:02}_small.png")
        else:
            face.save(root / f"{number:02}_again.jpg", quality=75)
    line = told(root)
    assert "40 of the 80 images are copies of another one" in line
    assert "00 (1).png = 00.png" in line
    assert "no test image is also in the training part" in line
    data = load(root, 64)
    names = [{name[:2] for name in part.names} for part in (data.train, data.test)]
    assert not names[0] & names[1]
    assert len(data.train) + len(data.test) == 80
    assert before <= {*data.test.names}  # the first of each decides, as if it were alone


def test_test_images_that_are_also_training_images_are_told_where_tables_say_the_parts(make_hw4):
    root = make_hw4(20, 4)
    for number in (0, 1, 2):
        shutil.copy(root / "train" / f"{number:05}.png", root / "test" / f"{20 + number:05}.png")
    line = told(root)
    assert "3 of the 24 images are copies of another one" in line
    assert "train/00000.png = test/00020.png" in line
    assert "3 of the 4 test images are also in the training part" in line


def test_one_picture_over_and_over_is_told_and_still_split(fill, faces):
    root = fill(0)
    for number in range(30):
        faces[0].save(root / f"{number}.png")
    line = told(root)
    assert "29 of the 30 images are copies" in line
    assert "test images are also in the training part" in line
    assert min(counts(root)) >= 2


def test_different_pictures_are_no_copies():
    pixels = draw_faces(sample_factors(300, 3), 64)
    groups = group_copies(np.stack([thumbnail(image) for image in pixels]))
    assert len(np.unique(groups)) == 300
    stroke = np.zeros((2, 28, 28, 1), np.uint8)  # two digits that differ by a leaning of the pen
    stroke[0, 4:24, 13:16] = 255
    stroke[1, 4:14, 14:17], stroke[1, 14:24, 12:15] = 255, 255
    assert len(np.unique(group_copies(np.stack([thumbnail(each) for each in stroke])))) == 2


# ---- 4. the folder above, the folder below


def test_the_folder_above_is_taken_for_the_one_set_in_it(make_hw4, make_celeba, tmp_path):
    celeba, _ = make_celeba()
    (tmp_path / "one").mkdir()
    celeba.rename(tmp_path / "one" / "celeba")
    line = told(tmp_path / "one")
    assert "layout celeba" in line
    assert f"where {tmp_path}/one/celeba" in line
    assert load(tmp_path / "one").fingerprint == load(tmp_path / "one" / "celeba").fingerprint
    (tmp_path / "two").mkdir()
    make_hw4().rename(tmp_path / "two" / "hw4")
    assert f"layout hw4 where {tmp_path}/two/hw4" in told(tmp_path / "two")


def test_two_sets_below_or_other_images_beside_one_are_asked_about(make_hw4, fill, tmp_path):
    make_hw4()
    fill(3, "photographs")
    line = told(tmp_path, code=2)
    assert "holds a data set and other images; give the folder that you mean" in line
    shutil.rmtree(tmp_path / "photographs")
    shutil.copytree(tmp_path / "hw4", tmp_path / "again")
    line = told(tmp_path, code=2)
    assert (
        f"several data sets; give the folder that you mean: {tmp_path}/again, {tmp_path}/hw4"
        in line
    )


def test_the_folder_below_is_plain_images_and_names_the_table_above(make_hw4, make_celeba):
    root, _ = make_celeba()
    assert f"{root}/list_attr_celeba.txt lies above" in told(root / "img_align_celeba")
    root = make_hw4()
    assert f"{root}/train.csv lies above" in told(root / "train")


# ---- 5. runs in the data folder


def test_figures_of_a_run_in_the_data_folder_are_no_training_images(fill):
    root = fill()
    before = load(root, 64).fingerprint
    for name, written in (("vae-dcgan-1", "metrics.jsonl"), ("kl-elbo-2", "results.json")):
        run = Run.create(root / "runs", make_config("vae"), name=name, facts={})
        (run.path / written).touch()
        run.figures.mkdir()
        picture(1).save(run.figures / "fig1_4.jpg")
    line = told(root)
    assert "left out: 2 images in 2 folders of trained runs" in line
    assert load(root, 64).fingerprint == before


# ---- 6. few images


@pytest.mark.parametrize("num", [4, 5, 8, 13, 20])
def test_few_images_make_two_parts_of_two_or_more(fill, make_hw4, num):
    train, test = counts(fill(num))
    assert (train + test, test) == (num, 2)
    root = make_hw4(num, 1)
    table = root / "test.csv"
    table.write_text(table.read_text().splitlines()[0])
    (root / "test" / f"{num:05}.png").unlink()
    assert counts(root) == (num - 2, 2)


def test_images_that_cannot_be_used_do_not_empty_a_part(fill):
    root = fill(12)
    for name in load(root, 64).test.names:
        (root / name).write_bytes(b"")
    train, test = counts(root)
    assert (train + test, test) == (10, 2)


# ---- 7. links


def test_links_to_themselves_to_nowhere_and_upwards_spoil_nothing(fill):
    root = fill()
    (root / "self.png").symlink_to("self.png")
    (root / "gone.png").symlink_to("nowhere.png")
    (root / "one").symlink_to("other")
    (root / "other").symlink_to("one")
    (root / "again").symlink_to(".")
    (root / "up").symlink_to("..")
    os.mkfifo(root / "pipe.png")
    line = told(root, code=2)
    assert "3 cannot be used" in line
    assert "self.png cannot be read (Too many levels of symbolic links)" in line
    assert "gone.png is a link to nowhere.png, which is not there" in line
    assert "pipe.png is no image" in line
    assert f"not followed, as they lead to a folder above: {root}/up" in line
    assert counts(root) == (18, 2)


# ---- 8. large, hostile, damaged


def test_metadata_of_megabytes_spoils_no_picture(fill, faces):
    root = fill()
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", "x" * 5_000_000, zip=True)
    texts.add_text("parameters", "y" * 5_000_000, zip=True)
    faces[30].save(root / "edited.png", pnginfo=texts)
    assert "bad files none" in told(root)
    np.testing.assert_array_equal(decode(root / "edited.png", 64).pixels, faces[30])


def test_texts_that_unpack_without_end_are_refused(tmp_path, faces):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("bomb", "x" * (PngImagePlugin.MAX_TEXT_MEMORY + 1), zip=True)
    faces[0].save(tmp_path / "bomb.png", pnginfo=texts)
    assert (tmp_path / "bomb.png").stat().st_size < 200_000
    with pytest.raises(decode_module.Unreadable) as caught:
        decode(tmp_path / "bomb.png", 64)
    assert caught.value.key == "bad_image.damaged"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_colours_made_rgb_in_bands_are_those_of_the_whole(tmp_path, monkeypatch, mode):
    values = np.random.default_rng(0).integers(0, 256, (70, 50, 4), dtype=np.uint8)
    image = Image.fromarray(values).convert("RGB" if mode in ("P", "CMYK", "1") else "RGBA")
    if mode == "I;16":
        image = Image.fromarray(values.view(np.uint16)[..., 0].copy())
    suffix = "tif" if mode == "CMYK" else "png"
    kept = {"transparency": 3} if mode in ("P", "L") else {}
    image.convert(mode).save(tmp_path / f"a.{suffix}", **kept)
    whole = decode(tmp_path / f"a.{suffix}", 32)
    assert whole.mode == mode
    monkeypatch.setattr(decode_module, "BAND", 150)
    monkeypatch.setattr(decode_module, "LARGE", 10)
    np.testing.assert_array_equal(decode(tmp_path / f"a.{suffix}", 32).pixels, whole.pixels)


def test_large_images_are_decoded_one_at_a_time(tmp_path, monkeypatch):
    busy, most, to_rgb = Counter(), [], decode_module._to_rgb

    def watched(image):
        busy["now"] += 1
        most.append(busy["now"])
        try:
            return to_rgb(image)
        finally:
            busy["now"] -= 1

    monkeypatch.setattr(decode_module, "_to_rgb", watched)
    monkeypatch.setattr(decode_module, "LARGE", 100)
    monkeypatch.setattr(decode_module.os, "cpu_count", lambda: 8)
    picture(0, (300, 300)).save(tmp_path / "a.png")
    assert len(list(decode_module.decode_all([tmp_path / "a.png"] * 40, 64))) == 40
    assert most == [1] * 40


def idx(shape, content: bytes) -> bytes:
    return bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes() + content


def test_idx_file_is_read_to_the_size_that_its_head_says(tmp_path):
    path = tmp_path / "t10k-images-idx3-ubyte.gz"
    for shape, content, why in (
        ((2, 3, 3), bytes(18), None),
        ((2, 3, 3), bytes(50_000_000), "18 bytes and more follow"),
        ((2, 3, 3), bytes(17), "18 bytes and 17 follow"),
        ((2**20, 2**10, 2**10), bytes(17), "over 2,147,483,648"),
    ):
        path.write_bytes(gzip.compress(idx(shape, content), 1))
        if why is None:
            assert read_idx(path, 3).shape == shape
        else:
            assert why in str(mistake_of(read_idx, path, 3))


# ---- 9. what may not be read


def test_files_and_folders_that_may_not_be_read_are_named(fill, monkeypatch):
    root = fill()
    (root / "closed").mkdir()
    picture(50).save(root / "closed" / "inside.png")
    scandir, opened = os.scandir, open
    closed = (f"{root}/closed", f"{root}/03.png")

    def refuse(act):
        def guarded(path, *args, **kwargs):
            if str(path) in closed:
                raise PermissionError(13, "Permission denied", str(path))
            return act(path, *args, **kwargs)

        return guarded

    monkeypatch.setattr(os, "scandir", refuse(scandir))  # the tests' user may be root
    monkeypatch.setattr("builtins.open", refuse(opened))
    line = told(root, code=2)
    assert "2 cannot be used" in line
    for name in ("closed", "03.png"):
        assert f"{name} may not be read (permission denied)" in line
    assert sum(counts(root)) == 19


# ---- 10. tables by hand, other editions


def test_table_with_the_index_of_pandas_is_refused_with_the_cause(make_hw4):
    root = make_hw4()
    with open(root / "train.csv", newline="") as file:
        rows = list(csv.reader(file))
    for head, start in (("", True), ("image_name", False)):
        with open(root / "train.csv", "w", newline="") as file:
            index = [""] if start else []
            body = [[*([n] if start else []), *row] for n, row in enumerate(rows[1:])]
            names = rows[0] if head != "image_name" else ["", *rows[0][1:]]
            csv.writer(file).writerows([[*index, *names], *body])
        line = told(root, code=2)
        assert "column 1 has no name; pandas writes its index so: use to_csv(index=False)" in line


def test_train_in_train_is_read_and_images_beside_the_parts_are_told(make_hw4):
    root = make_hw4()
    before = load(root, 64).fingerprint
    for part in ("train", "test"):
        (root / part).rename(root / "moved")
        (root / part).mkdir()
        (root / "moved").rename(root / part / part)
    (root / "validation").mkdir()
    picture(90).save(root / "validation" / "extra.png")
    line = told(root)
    assert "ignored 1 images without labels: validation/extra.png" in line
    assert load(root, 64).fingerprint == before


def test_names_that_fit_no_file_are_told_beside_those_that_are_there(make_hw4):
    root = make_hw4()
    for path in [*root.glob("t*/*.png")]:
        path.rename(path.with_suffix(".bmp"))
    line = told(root, code=2)
    assert "train/00000.png is not there, but train.csv line 2 names it" in line
    assert "what is there has other names: test/00006.bmp, test/00007.bmp" in line


def test_png_edition_of_celeba_is_read_with_the_list_of_jpg_names(make_celeba):
    root, labels = make_celeba(missing=(3,))
    for path in [*(root / "img_align_celeba").iterdir()]:
        with Image.open(path) as image:
            image.save(path.with_suffix(".png"))
        path.unlink()
    (root / "img_align_celeba").rename(root / "img_align_celeba_png")
    assert "a partial copy: 19 of the 20 images" in told(root)
    data = load(root)
    found = np.concatenate([data.train.labels, data.test.labels])
    np.testing.assert_array_equal(found, np.delete(labels, 3, 0))


# ---- all of it


def test_what_is_told_is_told_in_every_language_and_to_programs(fill, faces):
    root = fill()
    faces[0].save(root / "00 (1).png")
    (root / "a.heic").touch()
    (root / "up").symlink_to("..")
    for name in ("@eaDir", "runs"):
        (root / name).mkdir()
        picture(0).save(root / name / "a.png")
    for name in ("config.json", "results.json"):
        (root / "runs" / name).touch()
    facts = json.loads(CliRunner().invoke(app, ["info", str(root), "--json"]).stdout)
    source = find_source(root, 64, "hw4")
    notes = [*source.notes, *(Finding(**note) for note in source.facts()["notes"])]
    assert facts["notes"] == [note.say("en") for note in notes]
    assert len(notes) == 6
    for part in ("1 x .heic", "00 (1).png = 00.png", "@eaDir", f"{root}/runs", f"{root}/up"):
        for language in LANGUAGES:
            assert sum(part in note.say(language) for note in notes) == 1
