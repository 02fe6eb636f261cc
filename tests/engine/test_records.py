"""What a picture file is to a search: it carries noise, its noise can be rebuilt, or it is a photograph."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from engine.rebuilt import notice_of
from engine.records import Carrier, Photograph, carrier_of, look_at_picture, photograph_of
from engine.rendering.events import Picture
from latentpng.errors import DamagedLatentError, InvalidValueError, NoLatentError, UnreadableFileError
from latentpng.foreign import importing
from latentpng.foreign.importing import import_picture
from latentpng.png.chunks import build
from latentpng.png.files import read_record, write_picture
from latentpng.png.pixels import encode_pixels
from tests.support.latentpng.pictures import RGB, SIDE, altered
from tests.support.photos.making import photo_file

VECTORS = Path(__file__).parents[1] / "vectors"
TEXT = "a boat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 128x128"
PERLIN = TEXT.replace("Seed: 5", "Seed: 5, Variation seed strength: 0.5")
"""It records the strength of a variation without its seed."""
REFUSED = "the metadata contains the strength of a variation, but not its seed"


def png_with_text(path: Path, text: str = TEXT) -> Path:
    png = encode_pixels(SIDE, SIDE, RGB)
    path.write_bytes(png[:33] + build(b"tEXt", b"parameters\0" + text.encode()) + png[33:])
    return path


def other_with_text(path: Path, kind: str, text: str = TEXT) -> Path:
    exif, file = Image.Exif(), io.BytesIO()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf-16-be")
    Image.frombytes("RGB", (SIDE, SIDE), RGB).save(file, kind, exif=exif)
    path.write_bytes(file.getvalue())
    return path


def photograph(path: Path) -> Photograph:
    found = look_at_picture(path)
    assert isinstance(found, Photograph)
    return found


def test_a_picture_that_carries_noise_is_taken_as_it_is() -> None:
    path = VECTORS / "seeded.png"
    assert look_at_picture(path) == Carrier(record=read_record(path))


def test_a_damaged_latent_is_an_error_and_no_photograph(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    png = encode_pixels(SIDE, SIDE, RGB)
    path.write_bytes(png[:33] + build(b"laTn", b"damaged") + png[33:])
    for look in (look_at_picture, carrier_of):
        with pytest.raises(DamagedLatentError):
            look(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_noise_of_another_tool_is_rebuilt(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind.lower()}"
    path = png_with_text(path) if kind == "PNG" else other_with_text(path, kind)
    before = path.read_bytes()
    found = carrier_of(path)
    imported = import_picture(path)
    assert found == look_at_picture(path)
    assert found.record == imported.record
    assert found.shown == Picture(width=SIDE, height=SIDE, rgb=imported.rgb)
    assert found.notice == notice_of(imported)
    assert path.read_bytes() == before


def test_a_picture_whose_noise_is_refused_is_a_photograph_with_the_reason(tmp_path: Path) -> None:
    path = png_with_text(tmp_path / "a b.png", PERLIN)
    found = photograph(path)
    assert (found.prompt, found.origin, found.reason) == ("a boat", "Stable Diffusion web UI", REFUSED)
    with pytest.raises(NoLatentError) as caught:
        carrier_of(path)
    assert str(caught.value) == (
        f"{path}: it carries no noise, and the noise of Stable Diffusion web UI cannot be rebuilt ({REFUSED}): "
        f"run `warmer invert '{path}'` first, which finds noise that repeats it"
    )


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("{path}: its pixels cannot be decoded (cut short)", "its pixels cannot be decoded (cut short)"),
        ("its noise cannot be rebuilt: the sampler draws its own", "the sampler draws its own"),
        ("how x draws is not published: choose a recipe with --as, one of a, b", "how x draws is not published"),
    ],
)
def test_the_reason_is_a_clause_without_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sentence: str, reason: str
) -> None:
    path = png_with_text(tmp_path / "a.png")

    def refuse(_: Path) -> None:
        raise InvalidValueError(sentence.format(path=path))

    monkeypatch.setattr(importing, "import_picture", refuse)
    assert photograph(path).reason == reason


def test_metadata_without_a_seed_says_so(tmp_path: Path) -> None:
    found = photograph(png_with_text(tmp_path / "a.png", TEXT.replace(", Seed: 5", "")))
    assert (found.prompt, found.reason) == ("a boat", "its metadata contains no seed")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "avif", "tif", "gif"])
def test_a_photograph_says_what_to_do(tmp_path: Path, suffix: str) -> None:
    path = photo_file(tmp_path / f"a.{suffix}")
    found = photograph(path)
    assert (found.prompt, found.origin, found.reason) == ("", "", "")
    assert (found.photo.width, found.photo.height) == (64, 48)
    with pytest.raises(NoLatentError) as caught:
        carrier_of(path)
    assert str(caught.value) == (
        f"{path}: it carries no noise: run `warmer invert {path} --prompt '...'` first, which finds noise that "
        "repeats it"
    )


def test_what_is_no_picture_gets_one_plain_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("no picture")
    for look in (look_at_picture, carrier_of, photograph_of):
        with pytest.raises(UnreadableFileError) as caught:
            look(path)
        assert str(caught.value) == f"{path}: it is not a PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF or PPM"
        with pytest.raises(UnreadableFileError) as caught:
            look(tmp_path / "gone.png")
        assert str(caught.value) == f"{tmp_path / 'gone.png'}: it cannot be read (No such file or directory)"


def test_a_prompt_from_metadata_is_one_line_without_control_characters(tmp_path: Path) -> None:
    text = "a boat\nat\x1b[31m sea\nNegative prompt: x\n" + PERLIN.partition("\n")[2]
    assert photograph(png_with_text(tmp_path / "a.png", text)).prompt == "a boat at[31m sea"


def test_a_picture_of_ours_can_be_taken_as_a_photograph(tmp_path: Path) -> None:
    record = altered(read_record(VECTORS / "seeded.png"), settings={"prompt": "the sea"})
    write_picture(tmp_path / "a.png", SIDE, SIDE, RGB, record)
    found = photograph_of(tmp_path / "a.png")
    assert (found.prompt, found.photo.rgb) == ("the sea", RGB)


def test_a_picture_of_another_tool_can_be_taken_as_a_photograph(tmp_path: Path) -> None:
    found = photograph_of(png_with_text(tmp_path / "a.png"))
    assert (found.prompt, found.origin, found.reason) == ("a boat", "Stable Diffusion web UI", "")
