"""`latentpng strip`: what stays is told, and with --all nothing of any tool stays."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image
from PIL.ImageCms import ImageCmsProfile, createProfile

from latentpng.cli import main
from latentpng.foreign.containers.texts import read_texts
from latentpng.foreign.read import read_foreign
from latentpng.png.chunks import build
from latentpng.png.texts import build_text
from tests.support.foreign.samples import COMFYUI
from tests.support.foreign.samples_files import exif_of, png, png_of
from tests.support.foreign.samples_webui import A1111
from tests.support.foreign.stealth import bits_of, hide, noisy, saved
from tests.support.latentpng import independent
from tests.support.latentpng.pictures import chunk_data

ORIENTATION = 0x0112
UPRIGHT = exif_of({0x010E: "a red boat"}).removeprefix(b"Exif\0\0")
COLOURS = [build(b"gAMA", b"\0\0\xb1\x8f"), build(b"sRGB", b"\0"), build(b"pHYs", bytes(9))]
METADATA = [
    build_text("parameters", A1111.texts["parameters"]),
    build_text("prompt", "月"),
    build_text("Raw profile type exif", "\nexif\n 1\n45"),
    build_text("XML:com.adobe.xmp", "<dc:title>x</dc:title>"),
    build(b"zTXt", b"Comment\0\0damaged"),
    build(b"comf", b"workflow\0{}"),
    build(b"caBX", b"jumb"),
    build(b"laTn", chunk_data()),
]


def kinds_of(data: bytes) -> list[bytes]:
    return [kind for kind, _ in independent.png_chunks(data)]


def stripped(path: Path, *options: str) -> int:
    return main(["strip", str(path), *options])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A path for a picture."""
    return tmp_path / "a.png"


@pytest.mark.parametrize(
    ("data", "left"),
    [
        (png_of(COMFYUI.texts), "the text of ComfyUI (prompt, workflow)"),
        (png_of(A1111.texts), "the text of Stable Diffusion web UI (parameters)"),
        (png_of({"Comment": "made with GIMP", "Title": "x"}), "text of other tools (Comment, Title)"),
        (png_of({f"text {at}": "x" for at in range(9)}),
         "text of other tools (text 0, text 1, text 2, text 3, text 4, text 5, ...)"),
        (png([build(b"eXIf", exif_of({0x0132: "2025:01:01"}).removeprefix(b"Exif\0\0"))]), "metadata of other tools"),
        (png([build(b"zTXt", b"Comment\0\0damaged")]), "metadata of other tools"),
    ],
)  # fmt: skip
def test_what_stays_is_named_with_the_way_to_remove_it(
    path: Path, capsys: pytest.CaptureFixture[str], data: bytes, left: str
) -> None:
    latent = build(b"laTn", chunk_data())
    for before in (data, data[:33] + latent + data[33:]):
        path.write_bytes(before)
        assert stripped(path) == 0
        assert path.read_bytes() == data
        expected = f"latentpng: {path}: it still carries {left}: add --all to remove it too\n"
        assert capsys.readouterr() == ("", expected)
    assert stripped(path, "--all") == 0
    assert path.read_bytes() == png()
    assert capsys.readouterr() == ("", "")


def test_nothing_is_said_about_nothing_left(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_bytes(png([build(b"laTn", chunk_data()), *COLOURS]))
    assert stripped(path) == 0
    assert capsys.readouterr() == ("", "")
    assert path.read_bytes() == png(COLOURS)
    for options, carried in (((), "latent and no text of latentpng"), (("--all",), "text and no metadata of any tool")):
        assert stripped(path, *options) == 0
        expected = f"latentpng: {path}: it carries no {carried}, so there is nothing to remove\n"
        assert capsys.readouterr() == ("", expected)
        assert path.read_bytes() == png(COLOURS)


def test_all_removes_every_text_and_keeps_colours(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = png([METADATA[0], *COLOURS, *METADATA[1:], build(b"eXIf", UPRIGHT)])
    data = data[:-12] + METADATA[1] + data[-12:] + b"trailing text"
    path.write_bytes(data)
    assert stripped(path, "--all", "--out", str(path.with_name("b.png"))) == 0
    assert path.with_name("b.png").read_bytes() == png(COLOURS)
    assert stripped(path, "--all") == 0
    assert path.read_bytes() == png(COLOURS)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(10))
def test_all_keeps_the_orientation_of_exif_alone(path: Path, order: str, orientation: int) -> None:
    head = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(f"{order}IHHHIIHHIHH", 8, 2, 0x010E, 2, 4, 0x61626364, 0x0112, 3, 1, orientation, 0)
    path.write_bytes(png([build(b"eXIf", head + entries + bytes(4))]))
    assert stripped(path, "--all") == 0
    data = path.read_bytes()
    if not 2 <= orientation <= 8:
        assert data == png()
        return
    assert read_texts(path).texts == {}
    with Image.open(path) as picture:
        assert dict(picture.getexif()) == {0x0112: orientation}
    assert stripped(path, "--all") == 0
    assert path.read_bytes() == data


@pytest.mark.parametrize("exif", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b"x" * 90])
def test_damaged_exif_is_removed(path: Path, exif: bytes) -> None:
    path.write_bytes(png([build(b"eXIf", exif)]))
    assert stripped(path, "--all") == 0
    assert path.read_bytes() == png()


@pytest.mark.parametrize(("mode", "in_alpha"), [("RGBA", True), ("RGBA", False), ("RGB", False)])
def test_all_removes_a_hidden_text(path: Path, mode: str, in_alpha: bool, capsys: pytest.CaptureFixture[str]) -> None:
    plain = noisy(mode, 120, 120)
    text = A1111.texts["parameters"].encode()
    data = saved(hide(plain, bits_of(text, in_alpha=in_alpha, packed=True), in_alpha=in_alpha), dpi=(72, 72))
    data = data[: data.index(b"IDAT") - 4] + METADATA[1] + data[data.index(b"IDAT") - 4 :]
    path.write_bytes(data)
    assert stripped(path) == 0
    assert capsys.readouterr().err.endswith("(prompt, parameters): add --all to remove it too\n")
    assert path.read_bytes() == data
    assert stripped(path, "--all") == 0
    clean = path.read_bytes()
    assert read_foreign(path).tool == ""
    assert kinds_of(clean) == [b"IHDR", b"pHYs", b"IDAT", b"IEND"]
    with Image.open(io.BytesIO(clean)) as picture:
        assert picture.mode == mode
        differences = [abs(a - b) for a, b in zip(picture.tobytes(), plain.tobytes(), strict=True)]
    assert max(differences) == (0 if in_alpha else 1)
    assert stripped(path, "--all") == 0
    assert "nothing to remove" in capsys.readouterr().err


def test_all_removes_hidden_texts_of_both_kinds(path: Path) -> None:
    picture = noisy("RGBA", 120, 120)
    for in_alpha in (True, False):
        picture = hide(picture, bits_of(b"a red boat", in_alpha=in_alpha, packed=False), in_alpha=in_alpha)
    path.write_bytes(saved(picture))
    assert stripped(path, "--all") == 0
    assert read_foreign(path).notes == ()


def test_many_pixel_chunks_become_one_stream(path: Path) -> None:
    data = saved(hide(noisy("RGB"), bits_of(b"a", in_alpha=False, packed=False), in_alpha=False))
    start = data.index(b"IDAT") - 4
    pixels = data[start + 8 : -16]
    parts = [build(b"IDAT", pixels[at : at + 500]) for at in range(0, len(pixels), 500)]
    path.write_bytes(data[:start] + b"".join(parts) + data[-12:])
    assert stripped(path, "--all") == 0
    with Image.open(path) as picture:
        picture.load()


def test_a_signature_that_goes_is_not_warned_about(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = png([build(b"caBX", b"jumb"), build(b"laTn", chunk_data())])
    path.write_bytes(data)
    assert stripped(path, "--all") == 0
    assert capsys.readouterr().err == ""
    path.write_bytes(data)
    assert stripped(path) == 0
    assert capsys.readouterr().err == (
        f"latentpng: {path}: this picture has a C2PA signature, which is not valid for the new file\n"
        f"latentpng: {path}: it still carries text of other tools (C2PA): add --all to remove it too\n"
    )


@pytest.mark.parametrize(("kind", "name"), [("AVIF", "an AVIF"), ("GIF", "a GIF")])
@pytest.mark.parametrize("options", [(), ("--all",), ("--all", "--out", "x.png")])
def test_other_pictures_are_refused_by_their_kind(
    path: Path, capsys: pytest.CaptureFixture[str], kind: str, name: str, options: tuple[str, ...]
) -> None:
    data = saved(noisy("RGB"), kind)
    path.write_bytes(data)
    assert stripped(path, *options) == 3
    assert capsys.readouterr() == (
        "", f"latentpng: {path}: it is {name} picture; convert it to PNG, JPEG or WebP to strip it\n"
    )  # fmt: skip
    assert path.read_bytes() == data


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "JPEG"), ("WEBP", "WebP")])
def test_pictures_that_carry_no_latent_need_all(
    path: Path, capsys: pytest.CaptureFixture[str], kind: str, name: str
) -> None:
    data = saved(noisy("RGB"), kind)
    path.write_bytes(data)
    assert stripped(path) == 3
    assert capsys.readouterr() == (
        "", f"latentpng: {path}: it is a {name} and carries no latent; add --all to remove its metadata\n"
    )  # fmt: skip
    assert path.read_bytes() == data


TAGS = {ORIENTATION: 6, 0x010E: "a red boat", 0x0131: "a tool"}
OTHERS: dict[str, dict[str, object]] = {
    "JPEG": {"comment": b"a red boat", "quality": 95},
    "WEBP": {"lossless": True},
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("out", [None, "out"])
def test_all_metadata_of_other_pictures_goes(path: Path, kind: str, out: str | None) -> None:
    bare = saved(noisy("RGB"), kind, quality=95) if kind == "JPEG" else saved(noisy("RGB"), kind, lossless=True)
    tags = Image.Exif()
    tags.update(TAGS)
    colours = ImageCmsProfile(createProfile("sRGB")).tobytes()
    data = saved(noisy("RGB"), kind, exif=tags, icc_profile=colours, xmp=b"<dc:title>x</dc:title>", **OTHERS[kind])
    path.write_bytes(data + b"behind the end")
    target = path if out is None else path.parent / out
    assert stripped(path, "--all", *([] if out is None else ["--out", str(target)])) == 0
    clean = target.read_bytes()
    assert b"a red boat" not in clean
    assert b"a tool" not in clean
    assert b"dc:title" not in clean
    assert b"behind" not in clean
    with Image.open(io.BytesIO(clean)) as found, Image.open(io.BytesIO(bare)) as wanted:
        assert found.tobytes() == wanted.tobytes()
        assert dict(found.getexif()) == {ORIENTATION: 6}
        assert found.info["icc_profile"] == colours
    assert read_foreign(target).tool == ""


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {}), ("JPEG", {"progressive": True}), ("WEBP", {})])
def test_a_picture_without_metadata_stays_as_it_is(
    path: Path, capsys: pytest.CaptureFixture[str], kind: str, options: dict[str, bool]
) -> None:
    data = saved(noisy("RGB"), kind, **options)
    path.write_bytes(data)
    assert stripped(path, "--all") == 0
    assert path.read_bytes() == data
    assert capsys.readouterr().err == (
        f"latentpng: {path}: it carries no text and no metadata of any tool, so there is nothing to remove\n"
    )


def test_text_in_the_pixels_of_a_webp_is_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = hide(noisy("RGBA"), bits_of(b"a red boat", in_alpha=True, packed=False), in_alpha=True)
    data = saved(picture, "WEBP", lossless=True, exact=True)
    path.write_bytes(data)
    assert stripped(path, "--all") == 3
    told = "a text is hidden in its pixels, which strip removes from PNG only; convert it to PNG first"
    assert capsys.readouterr().err == f"latentpng: {path}: {told}\n"
    assert path.read_bytes() == data


@pytest.mark.parametrize("kind", OTHERS)
def test_a_damaged_picture_is_not_stripped(path: Path, kind: str) -> None:
    data = saved(noisy("RGB"), kind)
    path.write_bytes(data[:30])
    assert stripped(path, "--all") == 3
    assert path.read_bytes() == data[:30]


def test_chunks_of_unknown_programs_go_too(path: Path) -> None:
    path.write_bytes(png([*COLOURS, build(b"meTa", b"a red boat"), build(b"tIME", bytes(7))]))
    assert stripped(path, "--all") == 0
    assert kinds_of(path.read_bytes()) == [b"IHDR", b"gAMA", b"sRGB", b"pHYs", b"IDAT", b"IEND"]


def test_standard_input_is_read_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    data = png_of(A1111.texts)
    for options, out, err in (
        ((), data, b"it still carries the text of Stable Diffusion web UI (parameters): add --all to remove it too\n"),
        (("--all",), png(), b""),
    ):
        path.write_bytes(data)
        with path.open() as stream:
            monkeypatch.setattr(sys, "stdin", stream)
            assert main(["strip", "-", *options]) == 0
        captured = capfdbinary.readouterr()
        assert captured.out == out
        assert captured.err.endswith(err)


def test_a_picture_that_was_written_is_no_error_whatever_else_is_in_it(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its pixels may hide a text, and are damaged: what stays in the file cannot be told."""
    data = saved(hide(noisy("RGB"), bits_of(b"a", in_alpha=False, packed=False), in_alpha=False))
    start = data.index(b"IDAT") - 4
    cut = zlib.compress(zlib.decompress(data[start + 8 : -16])[:-100])
    path.write_bytes(data[:start] + build(b"laTn", chunk_data()) + build(b"IDAT", cut) + build(b"IEND", b""))
    target = path.with_name("b.png")
    assert main(["strip", str(path), "--out", str(target)]) == 0
    assert capsys.readouterr().err == ""
    assert kinds_of(target.read_bytes()) == [kind for kind in kinds_of(path.read_bytes()) if kind != b"laTn"]
