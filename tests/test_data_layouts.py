"""Each layout is recognised and listed; each wrong label file is refused with the reason."""

import gzip
import shutil

import numpy as np
import pytest
from conftest import CELEBA_ATTRIBUTES, load, mistake_of, picture
from PIL import Image

from hwlib.text import LANGUAGES


def refusal(root, key: str, **options) -> dict:
    """Return the values of the one line, named `key`, with which `root` is refused."""
    mistake = mistake_of(load, root, **options)
    assert mistake.key == key
    assert not any("\n" in mistake.say(language) for language in LANGUAGES)
    return mistake.values


# ---- the layouts


def test_hw4_gives_images_and_labels_in_the_order_of_its_csv(make_hw4):
    root = make_hw4(6, 3)
    table = root / "train.csv"
    table.write_text("\ufeff" + table.read_text())  # a spreadsheet's byte order mark
    data = load(root, 64)
    assert (data.layout, data.channels, data.attributes) == ("hw4", 3, ("Male", "Smiling"))
    assert data.train.images.shape == (6, 64, 64, 3)
    assert data.train.images.dtype == np.uint8
    assert list(data.test.names) == ["00006.png", "00007.png", "00008.png"]
    assert data.test.labels.tolist() == [[0, 1], [1, 1], [0, 0]]
    np.testing.assert_array_equal(data.train.images[4], np.asarray(picture(4)))


def test_hw4_test_labels_follow_the_columns_of_train_csv_and_may_be_none(make_hw4):
    root = make_hw4(20, 3)
    lines = (root / "test.csv").read_text().splitlines()
    swapped = [",".join([line.split(",")[i] for i in (0, 2, 1)]) for line in lines]
    before = load(root).test.labels
    (root / "test.csv").write_text("\n".join(swapped))
    np.testing.assert_array_equal(load(root).test.labels, before)
    (root / "test.csv").write_text(lines[0])
    data = load(root)  # the last tenth of train
    assert (len(data.train), list(data.test.names)) == (18, ["00018.png", "00019.png"])


@pytest.mark.parametrize(
    ("size", "folder"),
    [((178, 218), "img_align_celeba"), ((89, 109), "."), ((45, 55), "Img/img_align_celeba")],
)
def test_celeba_of_any_size_and_place_is_cropped_at_the_same_place(make_celeba, size, folder):
    root, labels = make_celeba(20, size, folder)
    data = load(root)
    assert (data.layout, len(data.train), len(data.test)) == ("celeba", 18, 2)
    assert data.attributes == tuple(CELEBA_ATTRIBUTES)
    np.testing.assert_array_equal(np.concatenate([data.train.labels, data.test.labels]), labels)
    x, y = size[0] / 178, size[1] / 218
    box = (35 * x, 67 * y, 143 * x, 175 * y)
    with Image.open(root / folder / "000003.jpg") as image:
        wanted = image.resize((32, 32), Image.Resampling.BICUBIC, box=box)
    np.testing.assert_array_equal(data.train.images[2], np.asarray(wanted))


def test_celeba_square_crop_is_the_centre_square_of_the_images_that_are_there(make_celeba):
    root, labels = make_celeba(missing=(0, 5, 19))
    with Image.open(root / "img_align_celeba" / "000002.jpg") as image:
        wanted = image.resize((32, 32), Image.Resampling.BICUBIC, box=(0, 20, 178, 198))
    square, tight = load(root, crop="square"), load(root)
    np.testing.assert_array_equal(square.train.images[0], np.asarray(wanted))
    assert square.fingerprint != tight.fingerprint
    assert len(tight.train) + len(tight.test) == 17
    assert tight.train.names[0] == "000002.jpg"
    np.testing.assert_array_equal(tight.train.labels[4], labels[6])


@pytest.mark.parametrize(
    ("parts", "wanted"), [("012", range(3, 21, 3)), ("000", (19, 20)), ("222", (19, 20))]
)
def test_celeba_test_part_follows_the_partition_file_where_it_names_two_parts(
    make_celeba, parts, wanted
):
    root, _ = make_celeba()
    lines = [f"{i + 1:06}.jpg {parts[i % 3]}" for i in range(20)]
    (root / "list_eval_partition.txt").write_text("\n".join(lines))
    data = load(root)
    assert list(data.test.names) == [f"{i:06}.jpg" for i in wanted]
    assert len(data.train) == 20 - len(wanted)


def test_celeba_csv_tables_say_the_same_as_the_text_files(make_celeba):
    root, labels = make_celeba()
    rows = [",".join(map(str, np.where(row, 1, -1))) for row in labels]
    text = "\n".join(f"{i + 1:06}.jpg,{row}" for i, row in enumerate(rows))
    head = "image_id," + ",".join(CELEBA_ATTRIBUTES)
    before = load(root).fingerprint
    (root / "list_attr_celeba.txt").unlink()
    (root / "list_attr_celeba.csv").write_text(f"{head}\n{text}\n")
    assert load(root).fingerprint == before


def write_mnist(root, pattern="{}-{}-ubyte", pack=False):
    root.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    for part, count in (("train", 12), ("t10k", 5)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = np.arange(count, dtype=np.uint8) % 10
        for name, kind, array in (("images", "idx3", images), ("labels", "idx1", labels)):
            head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
            content = head + array.tobytes()
            path = root / (pattern.format(f"{part}-{name}", kind) + (".gz" if pack else ""))
            path.write_bytes(gzip.compress(content) if pack else content)
    return root


@pytest.mark.parametrize(("pattern", "pack"), [("{}-{}-ubyte", False), ("{}.{}-ubyte", True)])
def test_mnist_is_one_channel_with_one_hot_digits_and_keeps_its_pixels(tmp_path, pattern, pack):
    data = load(write_mnist(tmp_path / "mnist", pattern=pattern, pack=pack), 28)
    assert (data.layout, data.channels) == ("mnist", 1)
    assert data.test.images.shape == (5, 28, 28, 1)
    raw = np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)
    np.testing.assert_array_equal(data.train.images[..., 0], raw)
    assert data.attributes == tuple(f"digit_{i}" for i in range(10))
    np.testing.assert_array_equal(data.train.labels.argmax(1), np.arange(12) % 10)
    assert (data.train.labels.sum(1) == 1).all()


def write_folder(root, num):
    for i in range(num):
        path = root / f"sub{i % 3}" / "deep" / f"{i}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(i, (48, 40)).save(path)
    return root


def test_folder_is_read_recursively_and_a_tenth_is_test_by_each_images_own_hash(tmp_path):
    root = write_folder(tmp_path / "pictures", 300)
    (root / "notes.txt").write_text("no picture")
    (root / ".hidden.jpg").write_bytes(b"no picture")
    data = load(root)
    assert (data.layout, data.attributes, data.train.labels) == ("folder", (), None)
    names = {*data.train.names, *data.test.names}
    assert len(names) == 300
    assert "sub1/deep/1.jpg" in names
    assert 0.08 <= len(data.test) / 300 <= 0.12
    before = set(data.test.names)
    picture(99).save(root / "another.png")
    (root / "sub0" / "deep" / "0.jpg").unlink()
    assert set(load(root).test.names) - {"another.png"} == before - {"sub0/deep/0.jpg"}


@pytest.mark.parametrize(("num", "num_test"), [(2, 1), (3, 1), (4, 2), (20, 2)])
def test_folder_that_links_to_itself_is_read_once_and_few_images_give_both_parts(
    tmp_path, monkeypatch, num, num_test
):
    monkeypatch.setenv("HOME", str(tmp_path))
    root = write_folder(tmp_path / "pictures", num)
    (root / "sub0" / "loop").symlink_to(root)
    data = load("~/pictures")
    assert (len(data.train), len(data.test)) == (num - num_test, num_test)


# ---- what is refused


def test_what_is_no_data_set_is_refused(tmp_path):
    refusal(tmp_path / "nowhere", "no_such_folder")
    assert refusal(tmp_path, "no_known_data")["is_empty"]
    (tmp_path / "set.zip").write_bytes(b"PK")
    refusal(tmp_path / "set.zip", "file_for_folder")
    assert not refusal(tmp_path, "no_known_data")["is_empty"]
    picture(0).save(tmp_path / "only.png")
    assert refusal(tmp_path, "too_few_images")["num"] == 1
    refusal(tmp_path, "unknown_crop", crop="tight")
    refusal("faces", "image_size", image_size=4)
    for spec in ("faces:0", "faces:many", "faces:-3", "faces:"):
        refusal(spec, "num_faces")


def hw4(old, new, key, **values):
    return ("hw4", "train.csv", old, new, key, values)


def celeba(old, new, key, **values):
    return ("celeba", "list_attr_celeba.txt", old, new, key, values)


def partition(new, key, **values):
    return ("celeba", "list_eval_partition.txt", "", new, key, values)


TWO_LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 2, 1, 1])


def mnist(file, change, key, **values):
    return ("mnist", f"{file}-ubyte", "", change, key, values)


@pytest.mark.parametrize(
    ("layout", "file", "old", "new", "key", "values"),
    [
        hw4("image_name", "file", "no_names", found="file, Male, Smiling"),
        hw4("00003.png", "00002.png", "label_twice", name="00002.png", first=4, line=5),
        hw4("00001.png,1.0", "00001.png,2.0", "label_value", attribute="Male", value="'2.0'"),
        hw4("00001.png,1.0", "00001.png,", "label_value", line=3, name="00001.png"),
        hw4("00001.png,1.0,", "00001.png,", "label_value", line=3, attribute="Smiling"),
        hw4("00001.png,1.0,", "00001.png,1.0,1.0,", "bad_table"),
        hw4("Smiling", "Sad", "hw4_attributes_differ", names=["Sad", "Smiling"]),
        hw4("Smiling", "Male", "bad_table", why="column 'Male' is there twice"),
        hw4("", b"", "bad_table"),
        hw4("", b"image_name\xff\xfe", "bad_table"),
        celeba("20\n", "21\n", "celeba_rows", said="21", rows=20),
        celeba("20\n", "many\n", "celeba_rows", said="many"),
        celeba("000004.jpg ", "000004.jpg 1 ", "bad_table"),
        celeba("000004.jpg", "000003.jpg", "label_twice", first=5, line=6),
        celeba(" Young", "", "bad_table"),
        celeba("3.jpg  1", "3.jpg 0", "label_value", line=5, attribute="5_o_Clock_Shadow"),
        partition(b"000001.jpg 3", "label_value", line=1, value="'3'"),
        partition(b"000001.jpg 0", "celeba_split_lost", example="000002.jpg", count=19),
        mnist("train-images-idx3", lambda raw: raw[:-5], "idx_damaged"),
        mnist("train-images-idx3", lambda raw: b"\0\0\x0d\3" + raw[4:], "idx_damaged"),
        mnist("train-images-idx3", b"", "idx_damaged"),
        mnist("t10k-labels-idx1", None, "mnist_incomplete", part="t10k-labels", kind="idx1"),
        mnist("train-labels-idx1", TWO_LABELS, "mnist_labels", labels=2, images=12),
    ],
)
def test_wrong_file_is_refused(request, tmp_path, layout, file, old, new, key, values):
    if layout == "mnist":
        root = write_mnist(tmp_path / "mnist")
    else:
        made = request.getfixturevalue(f"make_{layout}")()
        root = made[0] if layout == "celeba" else made
    path = root / file
    if new is None:
        path.unlink()
    elif old:
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
    else:
        path.write_bytes(new(path.read_bytes()) if callable(new) else new)
    found = refusal(root, key)
    assert {name: found[name] for name in values} == values


def test_cut_off_gzip_is_refused(tmp_path):
    root = write_mnist(tmp_path / "mnist", pack=True)
    path = root / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-100])
    refusal(root, "idx_damaged")


def test_incomplete_hw4_folder_is_refused(make_hw4):
    root = make_hw4()
    (root / "test.csv").unlink()
    assert refusal(root, "hw4_incomplete")["missing"] == ["test.csv"]
    shutil.rmtree(root / "train")
    assert refusal(root, "hw4_incomplete")["missing"] == ["test.csv", "train"]


def test_hw4_row_without_image_is_listed_or_left_out(make_hw4):
    root = make_hw4()
    (root / "train" / "00002.png").unlink()
    found = refusal(root, "bad_images")
    assert (found["bad"], found["total"]) == (1, 9)
    (file,) = found["files"]
    assert (file.name, file.key) == ("train/00002.png", "bad_image.unlisted")
    assert file.values == {"csv": "train.csv", "line": 4}
    data = load(root, 64, skip_bad=True)
    assert [file.name for file in data.left_out] == ["train/00002.png"]
    assert list(data.train.names) == [f"{i:05}.png" for i in (0, 1, 3, 4, 5)]
    assert data.train.labels.tolist() == [[0, 0], [1, 0], [1, 1], [0, 0], [1, 0]]
    np.testing.assert_array_equal(data.train.images[2], picture(3))


def test_celeba_without_its_images_or_with_others_is_refused(make_celeba):
    root, _ = make_celeba(missing=range(20))
    refusal(root, "celeba_none")
    picture(0, (178, 218)).save(root / "img_align_celeba" / "other.jpg")
    assert refusal(root, "celeba_none")["count"] == 20
    for number in (1, 2):
        picture(0, (200, 200)).save(root / "img_align_celeba" / f"{number:06}.jpg")
    file = refusal(root, "no_usable_image")["files"][0]
    assert (file.key, file.values["size"]) == ("bad_image.not_aligned", (200, 200))
