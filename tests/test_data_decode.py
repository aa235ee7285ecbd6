"""Every mode of picture is read rightly, and every bad file is told apart, in one line."""

import io
import warnings

import numpy as np
import pytest
from conftest import load, mistake_of, picture
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from hwlib.data import decode as decode_module
from hwlib.data.decode import Unreadable, decode, decode_all
from hwlib.text import LANGUAGES, word

SIDE = 16
NOISE = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
BROKEN = ("bad_image.cut_off", "bad_image.damaged", "bad_image.unknown")


def read(path):
    return decode(path, SIDE).pixels


def test_black_and_white_and_cmyk_become_rgb(tmp_path):
    bits = NOISE[..., 0] > 127
    Image.fromarray(bits).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path / "a.png")[..., 1], bits * 255)
    Image.new("CMYK", (SIDE, SIDE), (255, 0, 0, 0)).save(tmp_path / "a.jpg", quality=100)
    np.testing.assert_allclose(read(tmp_path / "a.jpg")[4, 4], [0, 255, 255], atol=3)


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


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_16_bit_grey_is_scaled_not_clipped(tmp_path, suffix):
    ramp = np.linspace(0, 65535, SIDE * SIDE).reshape(SIDE, SIDE).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / f"a.{suffix}")
    pixels = read(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(pixels[..., 0], np.round(ramp / 257.0))
    np.testing.assert_array_equal(pixels[..., 0], pixels[..., 2])


def test_exif_orientation_is_applied(tmp_path):
    turns = {
        **{2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE"},
        **{6: "ROTATE_90", 7: "TRANSVERSE", 8: "ROTATE_270"},
    }
    exif = Image.Exif()
    for orientation, turn in turns.items():
        exif[0x0112] = orientation
        stored = Image.fromarray(NOISE).transpose(Image.Transpose[turn])
        for suffix in ("png", "tif"):
            stored.save(tmp_path / f"a.{suffix}", exif=exif)
            np.testing.assert_array_equal(read(tmp_path / f"a.{suffix}"), NOISE, turn)


def test_oblong_image_gives_its_centre_square_and_shrinking_averages(tmp_path):
    values = np.zeros((32, 16, 3), np.uint8)
    values[8:24] = 200
    checks = (np.indices((256, 256)).sum(0) % 2 * 255).astype(np.uint8)
    for name, pixels in (("high", values), ("wide", values.swapaxes(0, 1)), ("checks", checks)):
        Image.fromarray(np.ascontiguousarray(pixels)).save(tmp_path / f"{name}.png")
    assert (read(tmp_path / "high.png") == 200).all()
    assert (read(tmp_path / "wide.png") == 200).all()
    assert np.abs(read(tmp_path / "checks.png").astype(int) - 127).max() <= 2


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


def unreadable(path) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(path)
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


def test_what_is_too_small_too_large_or_forbidden_is_told(tmp_path, monkeypatch):
    Image.new("RGB", (7, 500)).save(tmp_path / "a.png")
    error = unreadable(tmp_path / "a.png")
    assert (error.key, error.values["size"]) == ("bad_image.small", (7, 500))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3_000_000)
    for height in (1_200, 3_000):  # where Pillow warns, and where it raises
        Image.new("1", (3_000, height)).save(tmp_path / "a.png")
        error = unreadable(tmp_path / "a.png")
        assert (error.key, error.values["millions"]) == ("bad_image.large", 3)

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
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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


def test_bad_files_are_listed_ten_by_name_and_counted_or_left_out_and_reported(tmp_path):
    for i in range(30):
        picture(i).save(tmp_path / f"{i:02}.png")
    for i in range(12):
        (tmp_path / f"{i:02}.png").write_bytes(b"")
    Image.new("RGB", (1, 1)).save(tmp_path / "12.png")
    error = mistake_of(load, tmp_path, SIDE)
    assert (error.key, error.values["where"]) == ("bad_images", str(tmp_path))
    assert [error.values[name] for name in ("bad", "total", "more")] == [13, 30, 3]
    assert [file.name for file in error.values["files"]] == [f"{i:02}.png" for i in range(10)]
    for language in LANGUAGES:
        reason = word("errors.bad_image.empty", language)
        assert error.say(language).count(reason) == 10
    data = load(tmp_path, 64, skip_bad=True)
    assert len(data.train) + len(data.test) == 17
    left_out = {file.name: file.key for file in data.left_out}
    assert (len(left_out), left_out["12.png"]) == (13, "bad_image.small")
    for part in (data.train, data.test):
        for name, image in zip(part.names, part.images, strict=True):
            np.testing.assert_array_equal(image, picture(int(name[:2])))


def test_odd_file_names_are_read(tmp_path):
    for i, name in enumerate(("a b.png", "ä.png", "臉.png", "new\nline.png", "q'\".png")):
        picture(i).save(tmp_path / name)
    (tmp_path / "臉.png").rename(tmp_path / "臉 2.PNG")
    data = load(tmp_path, SIDE)
    assert {*data.train.names, *data.test.names} >= {"new\nline.png", "臉 2.PNG"}
