"""Each layout is recognised and listed; each wrong label file is told in one line."""

from __future__ import annotations

import gzip
import shutil

import numpy as np
import pytest
from conftest import CELEBA_ATTRIBUTES, picture
from PIL import Image

from hwlib.data import load_data
from hwlib.data.layouts import recognise
from hwlib.errors import UserError


def load(root, image_size=32, **options):
    return load_data(root, image_size, progress=False, **options)


def refusal(root, **options) -> str:
    """Return the one line with which `root` is refused."""
    with pytest.raises(UserError) as caught:
        load(root, **options)
    line = str(caught.value)
    assert "\n" not in line
    return line


# ---- the layouts


def test_hw4_gives_pictures_and_labels_in_the_order_of_its_csv(make_hw4):
    root = make_hw4(6, 3)
    data = load(root, 64)
    assert (data.layout, data.channels, data.attributes) == ("hw4", 3, ("Male", "Smiling"))
    assert data.train.images.shape == (6, 64, 64, 3)
    assert data.train.images.dtype == np.uint8
    assert list(data.test.names) == ["00006.png", "00007.png", "00008.png"]
    assert data.test.labels.tolist() == [[0, 1], [1, 1], [0, 0]]
    np.testing.assert_array_equal(data.train.images[4], np.asarray(picture(4)))


def test_hw4_test_labels_follow_the_columns_of_train_csv(make_hw4):
    root = make_hw4()
    lines = (root / "test.csv").read_text().splitlines()
    swapped = [",".join([line.split(",")[i] for i in (0, 2, 1)]) for line in lines]
    before = load(root).test.labels
    (root / "test.csv").write_text("\n".join(swapped))
    np.testing.assert_array_equal(load(root).test.labels, before)


def test_hw4_with_an_empty_test_csv_tests_on_the_last_tenth(make_hw4):
    root = make_hw4(20, 0)
    data = load(root)
    assert (len(data.train), len(data.test)) == (18, 2)
    assert list(data.test.names) == ["00018.png", "00019.png"]


@pytest.mark.parametrize("size", [(178, 218), (89, 109), (45, 55)])
def test_celeba_of_any_size_is_cropped_at_the_same_place(make_celeba, size):
    root, labels = make_celeba(20, size)
    data = load(root)
    assert (data.layout, len(data.train), len(data.test)) == ("celeba", 18, 2)
    assert data.attributes == tuple(CELEBA_ATTRIBUTES)
    np.testing.assert_array_equal(np.concatenate([data.train.labels, data.test.labels]), labels)
    x, y = size[0] / 178, size[1] / 218
    box = (35 * x, 67 * y, 143 * x, 175 * y)
    name = root / "img_align_celeba" / "000003.jpg"
    with Image.open(name) as image:
        wanted = image.resize((32, 32), Image.Resampling.BICUBIC, box=box)
    np.testing.assert_array_equal(data.train.images[2], np.asarray(wanted))


def test_celeba_square_crop_is_the_centre_square(make_celeba):
    root, _ = make_celeba()
    with Image.open(root / "img_align_celeba" / "000001.jpg") as image:
        wanted = image.resize((32, 32), Image.Resampling.BICUBIC, box=(0, 20, 178, 198))
    square, tight = load(root, crop="square"), load(root)
    np.testing.assert_array_equal(square.train.images[0], np.asarray(wanted))
    assert square.fingerprint != tight.fingerprint


def test_celeba_pictures_may_lie_beside_the_list(make_celeba):
    root, _ = make_celeba(pictures_in=".")
    assert load(root).layout == "celeba"


def test_celeba_test_part_follows_the_partition_file(make_celeba):
    root, _ = make_celeba()
    lines = [f"{i + 1:06}.jpg {'012'[i % 3]}" for i in range(20)]
    (root / "list_eval_partition.txt").write_text("\n".join(lines))
    data = load(root)
    assert list(data.test.names) == [f"{i + 1:06}.jpg" for i in range(2, 20, 3)]
    assert len(data.train) == 14


def test_celeba_partition_without_test_pictures_gives_the_last_tenth(make_celeba):
    root, _ = make_celeba()
    lines = [f"{i + 1:06}.jpg 0" for i in range(20)]
    (root / "list_eval_partition.txt").write_text("\n".join(lines))
    assert list(load(root).test.names) == ["000019.jpg", "000020.jpg"]


def test_celeba_partial_copy_uses_the_pictures_that_are_there(make_celeba):
    root, labels = make_celeba(missing=(0, 5, 19))
    data = load(root)
    assert len(data.train) + len(data.test) == 17
    assert data.train.names[0] == "000002.jpg"
    np.testing.assert_array_equal(data.train.labels[4], labels[6])


def test_celeba_csv_tables_say_the_same_as_the_text_files(make_celeba):
    root, labels = make_celeba()
    rows = [",".join(map(str, np.where(row, 1, -1))) for row in labels]
    text = "\n".join(f"{i + 1:06}.jpg,{row}" for i, row in enumerate(rows))
    head = "image_id," + ",".join(CELEBA_ATTRIBUTES)
    before = load(root).fingerprint
    (root / "list_attr_celeba.txt").unlink()
    (root / "list_attr_celeba.csv").write_text(f"{head}\n{text}\n")
    assert load(root).fingerprint == before


def write_mnist(root, num_train=12, num_test=5, pattern="{}-{}-ubyte", pack=False):
    root.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    for part, count in (("train", num_train), ("t10k", num_test)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        for stem, kind, array in (
            (f"{part}-images", "idx3", images),
            (f"{part}-labels", "idx1", np.arange(count, dtype=np.uint8) % 10),
        ):
            head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
            content = head + array.tobytes()
            name = pattern.format(stem, kind) + (".gz" if pack else "")
            (root / name).write_bytes(gzip.compress(content) if pack else content)
    return root


@pytest.mark.parametrize("pattern", ["{}-{}-ubyte", "{}.{}-ubyte"])
@pytest.mark.parametrize("pack", [False, True])
def test_mnist_is_one_channel_with_one_hot_digits(tmp_path, pattern, pack):
    data = load(write_mnist(tmp_path / "mnist", pattern=pattern, pack=pack))
    assert (data.layout, data.channels) == ("mnist", 1)
    assert data.train.images.shape == (12, 32, 32, 1)
    assert data.test.images.shape == (5, 32, 32, 1)
    assert data.attributes == tuple(f"digit_{i}" for i in range(10))
    np.testing.assert_array_equal(data.train.labels.argmax(1), np.arange(12) % 10)
    assert (data.train.labels.sum(1) == 1).all()


def test_mnist_at_its_own_size_keeps_its_pixels(tmp_path):
    root = write_mnist(tmp_path / "mnist")
    raw = np.frombuffer((root / "train-images-idx3-ubyte").read_bytes()[16:], np.uint8)
    np.testing.assert_array_equal(load(root, 28).train.images.ravel(), raw)


def write_folder(root, num=40):
    for i in range(num):
        path = root / f"sub{i % 3}" / "deep" / f"{i}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(i, (48, 40)).save(path)
    return root


def test_folder_is_read_recursively_with_a_tenth_by_hash_as_test(tmp_path):
    root = write_folder(tmp_path / "pictures", 300)
    (root / "notes.txt").write_text("no picture")
    (root / ".hidden.jpg").write_bytes(b"no picture")
    data = load(root)
    assert (data.layout, data.attributes, data.train.labels) == ("folder", (), None)
    names = {*data.train.names, *data.test.names}
    assert len(names) == 300
    assert "sub1/deep/1.jpg" in names
    assert 0.08 <= len(data.test) / 300 <= 0.12


def test_folder_split_does_not_depend_on_the_other_pictures(tmp_path):
    root = write_folder(tmp_path / "pictures")
    before = set(load(root).test.names)
    picture(99).save(root / "another.png")
    (root / "sub0" / "deep" / "0.jpg").unlink()
    assert set(load(root).test.names) - {"another.png"} == before - {"sub0/deep/0.jpg"}


def test_folder_of_two_pictures_has_one_in_each_part(tmp_path):
    data = load(write_folder(tmp_path / "pictures", 2))
    assert (len(data.train), len(data.test)) == (1, 1)


def test_folder_that_links_to_itself_is_read_once(tmp_path):
    root = write_folder(tmp_path / "pictures", 5)
    (root / "sub0" / "loop").symlink_to(root)
    data = load(root)
    assert len(data.train) + len(data.test) == 5


# ---- what is refused


def test_missing_path_is_refused(tmp_path):
    assert refusal(tmp_path / "nowhere").startswith(f"{tmp_path / 'nowhere'}: no such folder; give")


def test_file_is_refused(tmp_path):
    (tmp_path / "set.zip").write_bytes(b"PK")
    assert "set.zip is a file; give the folder" in refusal(tmp_path / "set.zip")


def test_empty_folder_is_refused_and_told_what_was_looked_for(tmp_path):
    line = refusal(tmp_path)
    assert f"{tmp_path} is empty: looked for train.csv with train/ (hw4)" in line
    assert "list_attr_celeba.txt (CelebA)" in line


def test_unknown_layout_is_refused_and_told_what_was_looked_for(tmp_path):
    (tmp_path / "paper.pdf").write_bytes(b"%PDF")
    assert "holds no data that is known here: looked for train.csv" in refusal(tmp_path)


def test_single_picture_is_refused(tmp_path):
    picture(0).save(tmp_path / "only.png")
    assert "holds 1 usable picture: one to train and one to test are the least" in refusal(tmp_path)


@pytest.mark.parametrize("spec", ["faces:0", "faces:many", "faces:-3", "faces:"])
def test_wrong_number_of_faces_is_refused(spec):
    assert f"{spec}: give a number of training faces from 1 on" in refusal(spec)


def test_unknown_crop_and_size_are_refused(make_hw4):
    assert "crop 'tight' is not known; it is hw4 or square" in refusal(make_hw4(), crop="tight")
    assert "image_size 4 is not from 8 to 1024" in refusal("faces", image_size=4)


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("image_name", "file", "train.csv has no column 'image_name'; its first line holds: file,"),
        ("00003.png", "00002.png", "train.csv names 00002.png twice (lines 4 and 5)"),
        ("00001.png,1.0", "00001.png,2.0", "train.csv line 3 (00001.png): Male is '2.0'; labels"),
        ("00001.png,1.0", "00001.png,", "train.csv line 3 (00001.png): Male is ''; labels are 0"),
        ("00001.png,1.0,", "00001.png,", "train.csv line 3 has 2 cells; the first line has 3"),
        ("Smiling", "Male", "column 'Male' is there twice; leave one"),
        ("Smiling", "Sad", "train.csv and test.csv name different attributes: Sad, Smiling"),
    ],
)
def test_wrong_hw4_csv_is_refused(make_hw4, old, new, message):
    root = make_hw4()
    edit(root / "train.csv", old, new)
    assert message in refusal(root)


def test_empty_hw4_csv_is_refused(make_hw4):
    root = make_hw4()
    (root / "train.csv").write_text("")
    assert "train.csv has no column 'image_name'; its first line holds: nothing" in refusal(root)


def test_hw4_csv_that_is_no_text_is_refused(make_hw4):
    root = make_hw4()
    (root / "train.csv").write_bytes(b"image_name\xff\xfe")
    assert "train.csv is no UTF-8 text" in refusal(root)


def test_hw4_csv_of_a_spreadsheet_with_byte_order_mark_is_read(make_hw4):
    root = make_hw4()
    (root / "train.csv").write_text("\ufeff" + (root / "train.csv").read_text())
    assert len(load(root).train) == 6


@pytest.mark.parametrize("name", ["train", "test.csv"])
def test_incomplete_hw4_folder_is_refused(make_hw4, name):
    root = make_hw4()
    path = root / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    line = refusal(root)
    assert f"but not {name}: an hw4 folder holds train/, test/, train.csv and test.csv" in line


def test_hw4_row_without_picture_is_listed_or_left_out(make_hw4):
    root = make_hw4()
    (root / "train" / "00002.png").unlink()
    line = refusal(root)
    assert (
        "1 of 9 pictures cannot be used: train/00002.png is not there, but train.csv line 4" in line
    )
    assert line.endswith("or leave them out with --skip-bad (skip_bad=True)")
    data = load(root, skip_bad=True)
    assert [file.name for file in data.left_out] == ["train/00002.png"]
    assert list(data.train.names) == [f"{i:05}.png" for i in (0, 1, 3, 4, 5)]
    assert data.train.labels.tolist() == [[0, 0], [1, 0], [1, 1], [0, 0], [1, 0]]
    np.testing.assert_array_equal(load(root, 64, skip_bad=True).train.images[2], picture(3))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("20\n", "21\n", "line 1 says 21 pictures, but 20 rows follow: fetch the whole file again"),
        ("20\n", "many\n", "line 1 is 'many'; the number of pictures must stand there"),
        ("000004.jpg ", "000004.jpg 1 ", "line 6 (000004.jpg) has 41 values; the head names 40"),
        ("000004.jpg", "000003.jpg", "names 000003.jpg twice (lines 5 and 6)"),
        (" Young", "", "line 3 (000001.jpg) has 40 values; the head names 39 attributes"),
    ],
)
def test_wrong_celeba_list_is_refused(make_celeba, old, new, message):
    root, _ = make_celeba()
    edit(root / "list_attr_celeba.txt", old, new)
    assert message in refusal(root)


def test_celeba_value_other_than_one_is_refused(make_celeba):
    root, _ = make_celeba()
    lines = (root / "list_attr_celeba.txt").read_text().splitlines()
    cells = lines[4].split()
    cells[2] = "0"
    lines[4] = " ".join(cells)
    (root / "list_attr_celeba.txt").write_text("\n".join(lines))
    assert "line 5 (000003.jpg): Arched_Eyebrows is '0'; values are 1 or -1" in refusal(root)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("000001.jpg 3", "line 1 is '000001.jpg 3'; a picture's name and 0, 1 or 2 must stand"),
        ("000001.jpg 0", "does not name 000002.jpg (19 pictures in all)"),
    ],
)
def test_wrong_celeba_partition_is_refused(make_celeba, line, message):
    root, _ = make_celeba()
    (root / "list_eval_partition.txt").write_text(line)
    assert message in refusal(root)


def test_celeba_list_without_any_of_its_pictures_is_refused(make_celeba):
    root, _ = make_celeba(missing=range(20))
    assert "but no pictures: put them into img_align_celeba/ beside it" in refusal(root)
    picture(0, (178, 218)).save(root / "img_align_celeba" / "other.jpg")
    assert "none of the 20 pictures that" in refusal(root)


def test_celeba_picture_that_is_not_aligned_is_listed(make_celeba):
    root, _ = make_celeba()
    picture(0, (200, 200)).save(root / "img_align_celeba" / "000002.jpg")
    wanted = "img_align_celeba/000002.jpg is 200x200: an aligned CelebA image is 178x218"
    assert wanted in refusal(root)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: raw[:-5], "bytes of data, but its head says"),
        (lambda raw: b"\0\0\x0d\3" + raw[4:], "is no idx file of bytes in 3 dimensions"),
        (lambda raw: b"", "is no idx file of bytes in 3 dimensions"),
    ],
)
def test_wrong_idx_file_is_refused(tmp_path, change, message):
    root = write_mnist(tmp_path / "mnist")
    path = root / "train-images-idx3-ubyte"
    path.write_bytes(change(path.read_bytes()))
    assert message in refusal(root)


def test_cut_off_gzip_is_refused(tmp_path):
    root = write_mnist(tmp_path / "mnist", pack=True)
    path = root / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-100])
    assert "train-images-idx3-ubyte.gz cannot be unpacked" in refusal(root)


def test_mnist_with_a_missing_file_is_refused(tmp_path):
    root = write_mnist(tmp_path / "mnist")
    (root / "t10k-labels-idx1-ubyte").unlink()
    assert "but not t10k-labels-idx1-ubyte (or .gz): MNIST is four files" in refusal(root)


def test_mnist_with_another_number_of_labels_is_refused(tmp_path):
    root = write_mnist(tmp_path / "mnist")
    path = root / "train-labels-idx1-ubyte"
    path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 1, 1]))
    assert "holds 2 labels for 12 pictures" in refusal(root)


def test_a_home_folder_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_folder(tmp_path / "pictures", 3)
    assert recognise("~/pictures").root == (tmp_path / "pictures").resolve()
