"""A picture of another tool is not refused without a word about what to do."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from engine.records import record_of_picture
from latentpng.errors import NoLatentError, UnreadableFileError
from latentpng.png.chunks import build
from latentpng.png.pixels import encode_pixels
from tests.support.latentpng.pictures import RGB, SIDE

TEXT = "a boat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x64"
HINT = (
    "it carries no noise, but Stable Diffusion web UI wrote its settings into it: "
    "run 'latentpng import {path}' first, which rebuilds the noise from its seed"
)


def test_the_import_is_named_for_a_png(tmp_path: Path) -> None:
    path, png = tmp_path / "a.png", encode_pixels(SIDE, SIDE, RGB)
    path.write_bytes(png[:33] + build(b"tEXt", b"parameters\0" + TEXT.encode()) + png[33:])
    with pytest.raises(NoLatentError) as caught:
        record_of_picture(path)
    assert str(caught.value) == f"{path}: {HINT.format(path=path)}"


def test_the_import_is_named_for_a_jpeg(tmp_path: Path) -> None:
    path, file = tmp_path / "a.jpg", io.BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + TEXT.encode("utf-16-be")
    Image.frombytes("RGB", (SIDE, SIDE), RGB).save(file, "JPEG", exif=exif)
    path.write_bytes(file.getvalue())
    with pytest.raises(UnreadableFileError) as caught:
        record_of_picture(path)
    assert str(caught.value) == f"{path}: {HINT.format(path=path)}"


def test_other_files_keep_their_own_error(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode_pixels(SIDE, SIDE, RGB))
    with pytest.raises(NoLatentError) as caught:
        record_of_picture(path)
    assert str(caught.value) == f"{path}: it carries no latent"
    with pytest.raises(UnreadableFileError):
        record_of_picture(tmp_path / "gone.png")
