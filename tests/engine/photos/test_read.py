"""Any photograph becomes 8-bit sRGB, upright and without transparency, and says what was done to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.photos.read import Photo, read_photo
from tests.support.photos.making import exif_of, photo_file, swapped_profile, two_colours

RED, BLUE = (255, 0, 0), (0, 0, 255)
TURNED = ("it was turned upright, as its EXIF says",)
FIRST = ("only the first picture of the file was read",)
WHITE = ("its transparent parts are white",)


def colours(photo: Photo) -> list[list[tuple[int, ...]]]:
    """The pixels, row by row."""
    values = np.frombuffer(photo.rgb, np.uint8).reshape(photo.height, photo.width, 3)
    return [[tuple(map(int, pixel)) for pixel in row] for row in values]


def near(photo: Photo, x: int, y: int, colour: tuple[int, ...], most: int = 24) -> bool:
    """Whether a pixel has nearly a colour: formats with losses change it."""
    return max(abs(a - b) for a, b in zip(colours(photo)[y][x], colour, strict=True)) <= most


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "avif", "tif", "bmp", "gif", "ppm"])
def test_every_format_is_read(tmp_path: Path, suffix: str) -> None:
    photo = read_photo(photo_file(tmp_path / f"a.{suffix}"))
    assert (photo.width, photo.height, photo.notes) == (64, 48, ())
    assert near(photo, 8, 24, RED)
    assert near(photo, 56, 24, BLUE)


@pytest.mark.parametrize(
    ("orientation", "first"),
    [(1, RED), (2, BLUE), (3, BLUE), (4, RED), (5, RED), (6, RED), (7, BLUE), (8, BLUE)],
)
def test_the_orientation_of_exif_is_applied(tmp_path: Path, orientation: int, first: tuple[int, ...]) -> None:
    two_colours().save(tmp_path / "a.png", exif=exif_of(orientation))
    photo = read_photo(tmp_path / "a.png")
    assert (photo.width, photo.height) == ((4, 2) if orientation < 5 else (2, 4))
    assert colours(photo)[0][0] == first
    assert photo.notes == (() if orientation == 1 else TURNED)


@pytest.mark.parametrize("suffix", ["jpg", "webp", "avif", "tif"])
def test_the_orientation_is_applied_in_every_format_that_has_it(tmp_path: Path, suffix: str) -> None:
    photo = read_photo(photo_file(tmp_path / f"a.{suffix}", exif=exif_of(6)))
    assert (photo.width, photo.height, photo.notes) == (48, 64, TURNED)
    assert near(photo, 24, 8, RED)
    assert near(photo, 24, 56, BLUE)


def test_broken_exif_is_no_reason_to_refuse_a_photograph(tmp_path: Path) -> None:
    photo = read_photo(photo_file(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"))
    assert (photo.width, photo.height, photo.notes) == (64, 48, ())


def test_a_colour_profile_is_converted(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), RED).save(tmp_path / "a.png", icc_profile=swapped_profile())
    photo = read_photo(tmp_path / "a.png")
    assert near(photo, 0, 0, (0, 255, 0), most=1)
    assert photo.notes == ("its colours were converted from the profile 'xRGB built-in' to sRGB",)


@pytest.mark.parametrize("mode", ["P", "RGBA", "L", "1"])
def test_a_colour_profile_is_used_in_every_mode(tmp_path: Path, mode: str) -> None:
    Image.new("RGB", (4, 4), (255, 255, 255)).convert(mode).save(tmp_path / "a.png", icc_profile=swapped_profile())
    photo = read_photo(tmp_path / "a.png")
    assert near(photo, 0, 0, (255, 255, 255), most=1)
    assert photo.notes == ("its colours were converted from the profile 'xRGB built-in' to sRGB",)


def test_a_profile_of_srgb_changes_nothing_and_is_not_mentioned(tmp_path: Path) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (4, 4), (200, 100, 50)).save(tmp_path / "a.png", icc_profile=profile)
    photo = read_photo(tmp_path / "a.png")
    assert colours(photo)[0][0] == (200, 100, 50)
    assert photo.notes == ()


def test_a_broken_profile_is_left_out_and_said(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), RED).save(tmp_path / "a.png", icc_profile=b"no profile")
    photo = read_photo(tmp_path / "a.png")
    assert colours(photo)[0][0] == RED
    assert photo.notes == ("its colour profile cannot be used, so sRGB was assumed",)


def test_cmyk_without_a_profile_is_approximate(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    photo = read_photo(tmp_path / "a.jpg")
    assert near(photo, 0, 0, RED)
    assert photo.notes == ("it is CMYK without a colour profile, so its colours are approximate",)


def test_cielab_is_converted(tmp_path: Path) -> None:
    Image.new("LAB", (2, 2), (255, 128, 128)).save(tmp_path / "a.tif")
    assert near(read_photo(tmp_path / "a.tif"), 0, 0, (255, 255, 255), most=2)


def test_of_16_bits_the_high_8_count(tmp_path: Path) -> None:
    values = np.array([[0x0000, 0x00FF, 0x0100], [0x7FFF, 0xFF00, 0xFFFF]], np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    assert [[pixel[0] for pixel in row] for row in colours(read_photo(tmp_path / "a.png"))] == [
        [0, 0, 1],
        [127, 255, 255],
    ]


@pytest.mark.parametrize(("value", "byte"), [(0.5, 128), (1.0, 255), (128.0, 128), (float("nan"), 0)])
def test_floating_grey_counts_to_one_or_to_255(tmp_path: Path, value: float, byte: int) -> None:
    Image.fromarray(np.full((2, 2), value, np.float32)).save(tmp_path / "a.tif")
    assert colours(read_photo(tmp_path / "a.tif"))[0][0] == (byte, byte, byte)


@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_is_repeated(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (2, 2), 255).save(tmp_path / "a.png")
    assert colours(read_photo(tmp_path / "a.png"))[0][0] == (255, 255, 255)


def test_alpha_becomes_white_and_is_said(tmp_path: Path) -> None:
    image = Image.new("RGBA", (3, 1), (255, 0, 0, 255))
    image.putpixel((1, 0), (255, 0, 0, 0))
    image.putpixel((2, 0), (0, 0, 0, 51))
    image.save(tmp_path / "a.png")
    photo = read_photo(tmp_path / "a.png")
    assert colours(photo) == [[RED, (255, 255, 255), (204, 204, 204)]]
    assert photo.notes == WHITE


def test_alpha_without_a_transparent_pixel_is_not_mentioned(tmp_path: Path) -> None:
    Image.new("RGBA", (2, 2), (255, 0, 0, 255)).save(tmp_path / "a.png")
    assert read_photo(tmp_path / "a.png").notes == ()


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_a_transparent_colour_of_a_palette_becomes_white(tmp_path: Path, suffix: str) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / f"a.{suffix}", transparency=0)
    photo = read_photo(tmp_path / f"a.{suffix}")
    assert colours(photo) == [[(255, 255, 255), BLUE]]
    assert photo.notes == WHITE


def test_grey_with_alpha_stays_grey(tmp_path: Path) -> None:
    Image.new("LA", (2, 2), (0, 51)).save(tmp_path / "a.png")
    photo = read_photo(tmp_path / "a.png")
    assert colours(photo)[0][0] == (204, 204, 204)
    assert photo.notes == WHITE


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tif", "avif"])
def test_of_several_pictures_the_first_is_read(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:])
    photo = read_photo(tmp_path / f"a.{suffix}")
    assert near(photo, 0, 0, RED)
    assert photo.notes == FIRST


def test_the_gain_map_of_a_jpeg_is_not_mentioned(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    frames[0].save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=frames[1:])
    assert read_photo(tmp_path / "a.jpg").notes == ()
