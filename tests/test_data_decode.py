"""Every mode of picture is read rightly, and every bad file is told apart, in one line."""

import io
import warnings

import numpy as np
import pytest
from conftest import picture
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from hwlib.data import decode as decode_module
from hwlib.data import load_data
from hwlib.data.decode import Unreadable, decode, decode_all
from hwlib.errors import UserError
from hwlib.text import LANGUAGES, word

SIDE = 16
BROKEN = ("bad_image.cut_off", "bad_image.damaged", "bad_image.unknown")


def read(path, side=SIDE, **options):
    return decode(path, side, **options).pixels


def noise(seed=0, channels=3):
    values = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, channels), dtype=np.uint8)
    return values if channels > 1 else values[..., 0]


def test_black_and_white_becomes_rgb(tmp_path):
    bits = noise(channels=1) > 127
    Image.fromarray(bits).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path / "a.png")[..., 1], bits * 255)


@pytest.mark.parametrize(("suffix", "clear"), [("png", None), ("gif", None), ("png", 1)])
def test_palette_becomes_its_colours_and_its_clear_one_white(tmp_path, suffix, clear):
    colours = np.array([[255, 0, 0], [0, 128, 0], [3, 4, 200]], np.uint8)
    indices = np.random.default_rng(1).integers(0, 3, (SIDE, SIDE))
    image = Image.fromarray(indices.astype(np.uint8), "L")
    image.putpalette(colours.tobytes())
    image.save(tmp_path / f"a.{suffix}", **({} if clear is None else {"transparency": clear}))
    if clear is not None:
        colours[clear] = 255
    np.testing.assert_array_equal(read(tmp_path / f"a.{suffix}"), colours[indices])


def test_cmyk_becomes_rgb(tmp_path):
    cyan = Image.new("CMYK", (SIDE, SIDE), (255, 0, 0, 0))
    cyan.save(tmp_path / "a.jpg", quality=100)
    np.testing.assert_allclose(read(tmp_path / "a.jpg")[4, 4], [0, 255, 255], atol=3)


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_16_bit_grey_is_scaled_not_clipped(tmp_path, suffix):
    ramp = np.linspace(0, 65535, SIDE * SIDE).reshape(SIDE, SIDE).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / f"a.{suffix}")
    pixels = read(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(pixels[..., 0], np.round(ramp / 257.0))
    np.testing.assert_array_equal(pixels[..., 0], pixels[..., 2])


@pytest.mark.parametrize(
    ("suffix", "orientation"), [*(("png", number) for number in range(1, 9)), ("tif", 6)]
)
def test_exif_orientation_is_applied(tmp_path, suffix, orientation):
    upright = Image.fromarray(noise())
    turns = {
        **{2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE"},
        **{6: "ROTATE_90", 7: "TRANSVERSE", 8: "ROTATE_270"},
    }
    stored = upright
    if orientation in turns:
        stored = upright.transpose(Image.Transpose[turns[orientation]])
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / f"a.{suffix}", exif=exif)
    np.testing.assert_array_equal(read(tmp_path / f"a.{suffix}"), noise())


@pytest.mark.parametrize("size", [(32, 16), (16, 32)])
def test_oblong_image_gives_its_centre_square(tmp_path, size):
    values = np.zeros((size[1], size[0], 3), np.uint8)
    centre = (slice(8, 24), slice(None)) if size[1] > size[0] else (slice(None), slice(8, 24))
    values[centre] = 200
    Image.fromarray(values).save(tmp_path / "a.png")
    assert (read(tmp_path / "a.png") == 200).all()


def test_shrinking_averages_instead_of_skipping(tmp_path):
    checks = (np.indices((256, 256)).sum(0) % 2 * 255).astype(np.uint8)
    Image.fromarray(checks).save(tmp_path / "a.png")
    assert np.abs(read(tmp_path / "a.png").astype(int) - 127).max() <= 2


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=arrays(np.uint8, (SIDE, SIDE, 4)),
    mode=st.sampled_from(["L", "LA", "RGB", "RGBA"]),
    suffix=st.sampled_from(["png", "tif", "webp"]),
)
def test_any_image_of_any_mode_equals_its_composite_on_white(tmp_path, values, mode, suffix):
    channels = len(mode)
    image = Image.fromarray(values[..., :channels].squeeze(), mode)
    image.save(tmp_path / f"a.{suffix}", lossless=True, exact=True)
    colour = values[..., : 1 if mode in ("L", "LA") else 3].astype(float)
    alpha = values[..., channels - 1 : channels] / 255 if mode.endswith("A") else 1.0
    wanted = np.broadcast_to(colour * alpha + 255 * (1 - alpha), (SIDE, SIDE, 3))
    np.testing.assert_allclose(read(tmp_path / f"a.{suffix}"), wanted, atol=1)


# ---- bad files


def unreadable(path, **options) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(path, **options)
    assert all(map(caught.value.say, LANGUAGES))
    return caught.value


def encoded(kind: str, pixels=None) -> bytes:
    buffer = io.BytesIO()
    image = picture(3) if pixels is None else Image.fromarray(pixels)
    image.save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (None, "missing"),
        (b"", "empty"),
        (b"<html>404 not found</html>", "unknown"),
        (encoded("JPEG")[:-200], "cut_off"),
        (encoded("TIFF", np.zeros((SIDE, SIDE), np.float32)), "mode"),
    ],
)
def test_what_is_no_image_is_told(tmp_path, content, key):
    if content is not None:
        (tmp_path / "a.jpg").write_bytes(content)
        assert unreadable(content).key == f"bad_image.{key}"
    assert unreadable(tmp_path / "a.jpg").key == f"bad_image.{key}"


def test_tiny_image_is_told(tmp_path):
    Image.new("RGB", (7, 500)).save(tmp_path / "a.png")
    error = unreadable(tmp_path / "a.png")
    assert (error.key, error.values["size"]) == ("bad_image.small", (7, 500))


@pytest.mark.parametrize("factor", [1.2, 3])
def test_decompression_bomb_is_a_bad_file(tmp_path, monkeypatch, factor):
    Image.new("1", (3000, int(1000 * factor))).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3_000_000)
    error = unreadable(tmp_path / "a.png")
    assert (error.key, error.values["millions"]) == ("bad_image.large", 3)


def test_image_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    picture(0).save(tmp_path / "a.png")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    assert unreadable(tmp_path / "a.png").key == "bad_image.forbidden"


def test_broken_metadata_spoils_neither_picture_nor_warning_filters(tmp_path):
    before = list(warnings.filters)
    picture(3).save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40)
    assert read(tmp_path / "a.jpg").shape == (SIDE, SIDE, 3)
    assert warnings.filters == before


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP"]),
    places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    keep=st.floats(0.05, 1),
)
def test_damaged_bytes_never_raise_anything_else(tmp_path, kind, places, keep):
    content = bytearray(encoded(kind))
    for place, value in places:
        content[int(place * (len(content) - 1))] = value
    (tmp_path / "a.png").write_bytes(content[: int(len(content) * keep)])
    try:
        outcome = read(tmp_path / "a.png").shape
    except Unreadable as error:
        outcome = error.key
    others = ("bad_image.small", "bad_image.large", "bad_image.mode")
    assert outcome in ((SIDE, SIDE, 3), *BROKEN, *others)


def test_many_images_keep_their_order_and_their_errors(tmp_path, monkeypatch):
    monkeypatch.setattr(decode_module, "NUM_AHEAD", 2)
    paths = [tmp_path / f"{i}.png" for i in range(40)]
    for i, path in enumerate(paths):
        path.touch() if i % 7 == 0 else picture(i).save(path)
    found = list(decode_all(paths, SIDE))
    for i, image in enumerate(found):
        if i % 7 == 0:
            assert image.key == "bad_image.empty"
        else:
            np.testing.assert_array_equal(image.pixels, read(paths[i]))


# ---- bad files in a set


@pytest.fixture
def spoilt(tmp_path):
    """A folder of 30 images, 13 of them bad."""
    for i in range(30):
        picture(i).save(tmp_path / f"{i:02}.png")
    for i in range(12):
        (tmp_path / f"{i:02}.png").write_bytes(b"")
    Image.new("RGB", (1, 1)).save(tmp_path / "12.png")
    return tmp_path


def test_bad_files_are_listed_ten_by_name_and_counted(spoilt):
    with pytest.raises(UserError) as caught:
        load_data(spoilt, SIDE, progress=False)
    error = caught.value
    assert (error.key, error.values["where"]) == ("bad_images", str(spoilt))
    counts = {name: error.values[name] for name in ("bad", "total", "more")}
    assert counts == {"bad": 13, "total": 30, "more": 3}
    assert [file.name for file in error.values["files"]] == [f"{i:02}.png" for i in range(10)]
    for language in LANGUAGES:
        reason = word("errors.bad_image.empty", language)
        assert error.say(language).count(reason) == 10


def test_bad_files_are_left_out_and_reported(spoilt):
    data = load_data(spoilt, 64, skip_bad=True, progress=False)
    assert len(data.train) + len(data.test) == 17
    left_out = {file.name: file.key for file in data.left_out}
    assert len(left_out) == 13
    assert left_out["12.png"] == "bad_image.small"
    for part in (data.train, data.test):
        for name, image in zip(part.names, part.images, strict=True):
            np.testing.assert_array_equal(image, picture(int(name[:2])))


def test_odd_file_names_are_read(tmp_path):
    for i, name in enumerate(("a b.png", "ä.png", "臉.png", "new\nline.png", "q'\".png")):
        picture(i).save(tmp_path / name)
    (tmp_path / "臉.png").rename(tmp_path / "臉 2.PNG")
    data = load_data(tmp_path, SIDE, progress=False)
    assert {*data.train.names, *data.test.names} >= {"new\nline.png", "臉 2.PNG"}
