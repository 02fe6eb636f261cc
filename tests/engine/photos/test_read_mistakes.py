"""Files that are no photograph, are broken, or are too large: one sentence that says what to do."""

from __future__ import annotations

import os
import struct
import warnings
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.photos import read
from engine.photos.kinds import why_not_read
from engine.photos.read import read_photo
from latentpng.errors import UnreadableFileError
from latentpng.foreign.containers.jpeg import MAX_SCANS, SCAN, segments_of
from latentpng.foreign.containers.pixels import decode_other
from tests.support.photos.making import empty_png, photo_file

CONVERT = "files are not read: convert it to JPEG or PNG first"


def refusal(path: Path) -> str:
    """What is said about a file, without its name."""
    with pytest.raises(UnreadableFileError) as caught:
        read_photo(path)
    name, found, sentence = str(caught.value).partition(": ")
    assert (name, found) == (str(path), ": ")
    return sentence


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "the file is empty"),
        (b"hello", "it is not a PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF or PPM"),
        (b"\0\0\0\x18ftypheic" + bytes(40), f"HEIC {CONVERT}"),
        (b"\0\0\0\x18ftypheix" + bytes(40), f"HEIC {CONVERT}"),
        (b"\0\0\0\x18ftypcrx " + bytes(40), f"Canon raw {CONVERT}"),
        (b"\0\0\0\x18ftypqt  " + bytes(40), "videos are not read: save one of its pictures as PNG first"),
        (b"\x1a\x45\xdf\xa3" + bytes(40), "videos are not read: save one of its pictures as PNG first"),
        (b"\xff\x0a" + bytes(40), f"JPEG XL {CONVERT}"),
        (b"8BPS" + bytes(40), f"Photoshop {CONVERT}"),
        (b"%PDF-1.7\n", f"PDF {CONVERT}"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", f"SVG {CONVERT}"),
        (b"PK\x03\x04" + bytes(40), "archives are not read: unpack it first"),
    ],
)
def test_what_is_no_photograph_is_named(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(data)
    assert refusal(path) == sentence


def test_without_avif_in_pillow_the_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = photo_file(tmp_path / "a.avif")
    monkeypatch.delitem(Image.OPEN, "AVIF")
    assert refusal(path) == (
        "AVIF needs Pillow 11.3 or newer, built with AVIF: upgrade it, or convert the file to JPEG or PNG"
    )


def test_a_folder_and_a_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "it cannot be read (Is a directory)"
    assert refusal(tmp_path / "gone.jpg") == "it cannot be read (No such file or directory)"


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "avif", "tif", "bmp", "gif", "ppm"])
def test_every_truncation_ends_with_our_own_error_or_a_picture(tmp_path: Path, suffix: str) -> None:
    whole = photo_file(tmp_path / f"whole.{suffix}", 16, 16).read_bytes()
    path = tmp_path / f"a.{suffix}"
    for length in range(0, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:length])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                photo = read_photo(path)
            except UnreadableFileError:
                continue
        assert len(photo.rgb) == 3 * photo.width * photo.height


@pytest.mark.parametrize(
    ("side", "found"), [(9000, "9000 x 9000"), (9600, "9600 x 9600"), (60000, "more than twice as many")]
)
def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path, side: int, found: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(empty_png(side, side))
    assert refusal(path) == f"1 to 67108864 pixels are supported, found {found}"


@pytest.mark.parametrize("options", [{"format": "WEBP", "lossless": True}, {"format": "AVIF"}, {"format": "PNG"}])
def test_a_file_of_a_few_bytes_is_not_decoded_into_millions_of_pixels(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "a.img"
    Image.new("RGB", (4097, 4097)).save(path, **options)
    size = path.stat().st_size
    found = f"found 4097 x 4097 pixels in {size} bytes; scale it down first"
    rule = "a picture of more than 16777216 pixels takes at least a byte for each 128 of them"
    assert refusal(path) == f"{rule}, {found}"
    if options["format"] != "PNG":  # which is decoded by rows there
        with pytest.raises(UnreadableFileError) as caught:
            decode_other(path)
        assert str(caught.value) == f"{path}: {rule}, {found}"


def test_a_jpeg_of_very_many_scans_is_not_decoded(tmp_path: Path) -> None:
    """A megabyte of empty scans would take minutes."""
    path = tmp_path / "a.jpg"
    Image.new("RGB", (64, 64)).save(path, progressive=True)
    data = path.read_bytes()
    scans = [segment for segment in segments_of(data, "a") if segment.marker == SCAN]
    last = data[scans[-1].start : scans[-1].end]
    for more, is_read in ((MAX_SCANS - len(scans), True), (MAX_SCANS - len(scans) + 1, False)):
        path.write_bytes(data[:-2] + last * more + data[-2:])
        if is_read:
            assert read_photo(path).rgb == decode_other(path)[2]
            continue
        assert refusal(path) == f"a JPEG of at most {MAX_SCANS} scans is decoded, found more"
        with pytest.raises(
            UnreadableFileError, match=rf": a JPEG of at most {MAX_SCANS} scans is decoded, found more$"
        ):
            decode_other(path)


def test_what_a_decoder_prints_does_not_reach_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Libtiff writes to the descriptor of standard error, past Python."""
    path = tmp_path / "a.tif"
    Image.new("RGB", (64, 64)).save(path, compression="tiff_lzw")
    data = bytearray(path.read_bytes())
    data[8:48] = b"\xff" * 40  # codes of LZW that are in no table yet
    path.write_bytes(data)
    with pytest.raises(UnreadableFileError, match="its pixels cannot be decoded"):
        read_photo(path)
    data = bytearray(photo_file(tmp_path / "b.tif").read_bytes())
    at = data.index(struct.pack("<HHI", 277, 3, 1))  # the number of samples of a pixel, which Pillow logs
    data[at + 8 : at + 10] = struct.pack("<H", 8192)
    path.write_bytes(data)
    with pytest.raises(UnreadableFileError):
        read_photo(path)
    assert capfd.readouterr() == ("", "")
    os.write(2, b"here again")
    assert capfd.readouterr().err == "here again"


@pytest.mark.parametrize("data", [b"P3 2 2 255\n" + b"0 " * 12, b"P6 2 2 7\n" + bytes(12)])
def test_a_slow_decoder_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    path = tmp_path / "a.ppm"
    path.write_bytes(data)
    assert read_photo(path).rgb == bytes(12)
    monkeypatch.setattr("engine.photos.read.MAX_SECONDS", -1.0)
    assert refusal(path) == "decoding it takes more than -1 s; convert it to PNG"


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = photo_file(tmp_path / "a.png")
    size = path.stat().st_size
    monkeypatch.setattr(read, "MAX_FILE", 10)
    assert refusal(path) == f"at most 10 bytes are read, found {size}"


def test_brands_of_other_iso_files_are_videos() -> None:
    assert why_not_read(b"\0\0\0\x18ftypisom") == "videos are not read: save one of its pictures as PNG first"
