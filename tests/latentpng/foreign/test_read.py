"""The records of every tool, read from whole files of every kind that the tool writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from latentpng.errors import UnreadableFileError
from latentpng.foreign.read import foreign_from_texts, read_foreign
from latentpng.foreign.record import ForeignRecord
from latentpng.png.chunks import build
from latentpng.png.files import write_picture
from tests.support.foreign.samples import (
    COMFYUI,
    DRAWTHINGS,
    DRAWTHINGS_XMP,
    NOVELAI,
    NOVELAI_TEXTS,
    SAMPLES,
    SWARMUI,
)
from tests.support.foreign.samples_files import (
    USER_COMMENT,
    exif_chunk,
    exif_of,
    jpeg_of,
    picture,
    png,
    png_of,
    unicode_comment,
    webp_of,
)
from tests.support.foreign.samples_webui import A1111, FOOOCUS, SDCPP, Sample
from tests.support.latentpng.pictures import RGB, SIDE, seeded_record

FORMATS = ("JPEG", "WEBP")


def read(path: Path, data: bytes) -> ForeignRecord:
    """Write a file and read it."""
    path.write_bytes(data)
    return read_foreign(path)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_every_tool_is_read_from_a_png(sample: Sample, tmp_path: Path) -> None:
    assert read(tmp_path / "a.png", png_of(sample.texts)) == sample.record


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("order", ["be", "le"])
def test_web_ui_writes_utf_16_into_exif(kind: str, order: str, tmp_path: Path) -> None:
    text = A1111.texts["parameters"].replace("boat", "bâteau 舟")
    found = read(tmp_path / "a", picture(kind, exif_of({}, {USER_COMMENT: unicode_comment(text, order)})))
    assert found.prompt == "a red bâteau 舟,\non a lake"
    assert (found.tool, found.seed, found.randomness) == ("a1111", 4294967295, "cpu")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("mark", [b"", b"ASCII\0\0\0", bytes(8)])
def test_a_comment_is_read_with_every_mark_that_tools_put_before_it(kind: str, mark: bytes, tmp_path: Path) -> None:
    comment = mark + A1111.texts["parameters"].encode()
    assert read(tmp_path / "a", picture(kind, exif_of({}, {USER_COMMENT: comment}))) == A1111.record


@pytest.mark.parametrize("kind", FORMATS)
def test_a_comment_under_the_mark_of_jis_is_japanese(kind: str, tmp_path: Path) -> None:
    text = A1111.texts["parameters"].replace("boat", "舟")
    japanese = b"JIS\0\0\0\0\0" + text.encode("iso2022_jp") + b"\0"
    assert read(tmp_path / "a", picture(kind, exif_of({}, {USER_COMMENT: japanese}))).prompt == "a red 舟,\non a lake"
    broken = b"JIS\0\0\0\0\0" + "a red bâteau".encode()
    assert read(tmp_path / "a", picture(kind, exif_of({}, {USER_COMMENT: broken}))) == ForeignRecord()


@pytest.mark.parametrize("kind", FORMATS)
def test_comfyui_writes_into_the_tags_of_a_camera(kind: str, tmp_path: Path) -> None:
    for prompt_tag, workflow_tag, title in ((0x0110, 0x010F, str), (0x010F, 0x010E, str.capitalize)):
        tags: dict[int, str | bytes] = {
            prompt_tag: f"{title('prompt')}:{COMFYUI.texts['prompt']}",
            workflow_tag: f"{title('workflow')}:{COMFYUI.texts['workflow']}",
        }
        assert read(tmp_path / "a", picture(kind, exif_of(tags))) == COMFYUI.record


@pytest.mark.parametrize("kind", FORMATS)
def test_fooocus_and_swarmui_write_into_exif(kind: str, tmp_path: Path) -> None:
    fooocus = exif_of(
        {0x0131: "Fooocus v2.5.0"},
        {USER_COMMENT: FOOOCUS.texts["parameters"].encode(), 0x927C: b"fooocus"},
    )
    assert read(tmp_path / "a", picture(kind, fooocus)) == FOOOCUS.record
    swarmui = exif_of({}, {USER_COMMENT: unicode_comment(SWARMUI.texts["parameters"], "le")})
    assert read(tmp_path / "a", picture(kind, swarmui)) == SWARMUI.record
    before = exif_of({0x0110: SWARMUI.texts["parameters"]})
    assert read(tmp_path / "a", picture(kind, before)) == SWARMUI.record


def test_novelai_writes_one_object_into_exif(tmp_path: Path) -> None:
    comment = b"ASCII\0\0\0" + json.dumps(NOVELAI_TEXTS).encode()
    assert read(tmp_path / "a.webp", picture("WEBP", exif_of({}, {USER_COMMENT: comment}))) == NOVELAI.record


def test_xmp_is_read_wherever_it_stands(tmp_path: Path) -> None:
    packet = DRAWTHINGS_XMP.encode()
    jpeg = jpeg_of([(0xE0, b"JFIF\0"), (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)])
    assert read(tmp_path / "a.jpg", jpeg) == DRAWTHINGS.record
    assert read(tmp_path / "a.webp", webp_of([(b"VP8 ", b"odd"), (b"XMP ", packet)])) == DRAWTHINGS.record
    escaped = SDCPP.texts["parameters"].replace('"', "&quot;")
    element = f"<x><sdcpp:parameters>{escaped}</sdcpp:parameters></x>".encode()
    assert read(tmp_path / "a.webp", webp_of([(b"XMP ", element)])) == SDCPP.record


def test_a_comment_segment_of_a_jpeg_is_a_comment(tmp_path: Path) -> None:
    text = A1111.texts["parameters"].encode()
    assert read(tmp_path / "a.jpg", jpeg_of([(0xFE, text)])) == A1111.record


def test_the_exif_of_a_png_counts_after_its_texts(tmp_path: Path) -> None:
    exif = exif_chunk(exif_of({}, {USER_COMMENT: unicode_comment(A1111.texts["parameters"])}).removeprefix(b"Exif\0\0"))
    assert read(tmp_path / "a.png", png([exif])) == A1111.record
    other = A1111.texts["parameters"].replace("a red boat", "a blue boat").encode()
    found = read(tmp_path / "a.png", png([exif, build(b"tEXt", b"parameters\0" + other)]))
    assert found.prompt == "a blue boat,\non a lake"


def test_utf_8_in_a_latin_1_text_is_read_as_it_was_meant(tmp_path: Path) -> None:
    text = A1111.texts["parameters"].replace("boat", "bâteau")
    for spelled in (text.encode(), text.encode("latin-1")):
        found = read(tmp_path / "a.png", png([build(b"tEXt", b"parameters\0" + spelled)]))
        assert found.prompt == "a red bâteau,\non a lake"


def test_an_animated_picture_of_comfyui_has_its_graph_in_a_chunk_of_its_own(tmp_path: Path) -> None:
    chunk = build(b"comf", b"prompt\0" + COMFYUI.texts["prompt"].encode("latin-1"))
    assert read(tmp_path / "a.png", png([chunk])) == COMFYUI.record


def test_texts_behind_the_pixels_are_read(tmp_path: Path) -> None:
    data = png()
    chunk = build(b"tEXt", b"parameters\0" + A1111.texts["parameters"].encode("latin-1"))
    assert read(tmp_path / "a.png", data[:-12] + chunk + data[-12:]) == A1111.record


def test_text_written_by_latentpng_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_picture(path, SIDE, SIDE, RGB, seeded_record())
    assert b"Version: latentpng 1" in path.read_bytes()
    assert read_foreign(path) == ForeignRecord()


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"workflow": "{}"},
        {"Comment": "Created with GIMP", "Software": "GIMP"},
        {"invokeai_metadata": "[]", "sd-metadata": "", "Dream": ""},
    ],
)
def test_texts_of_no_tool_are_ignored(texts: dict[str, str]) -> None:
    assert foreign_from_texts(texts) == ForeignRecord()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "it is not a PNG, JPEG, WebP, AVIF or GIF, it is empty"),
        (b"GIF89a", "a GIF header of 13 bytes is needed, the file ends at 6"),
        (b"RIFF\4\0\0\0WAVE", "it is not a PNG, JPEG, WebP, AVIF or GIF"),
        (b"\xff\xd8\xff\xe1", "a JPEG segment is needed at byte 2, found b'\\xff\\xe1'"),
        (b"\xff\xd8\xff\xe1\0\1", "a JPEG segment is needed at byte 2, found b'\\xff\\xe1\\x00\\x01'"),
        (b"\xff\xd8\xff\xe1\0\x09Exif\0", "a JPEG segment is needed at byte 2, found b'\\xff\\xe1\\x00\\t'"),
        (b"\xff\xd8\xff\xe0\0\2abcd", "a JPEG segment is needed at byte 6, found b'abcd'"),
        (b"RIFF\x08\0\0\0WEBPEXIF", "a WebP chunk is needed at byte 12, found b'EXIF'"),
        (
            b"RIFF\x08\0\0\0WEBPEXIF\xff\xff\xff\xff",
            "a WebP chunk is needed at byte 12, found b'EXIF\\xff\\xff\\xff\\xff'",
        ),
        (png()[:40], "it ends at byte 40, before its last chunk (IEND)"),
    ],
)
def test_files_that_are_not_pictures_are_reported_in_one_sentence(data: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(UnreadableFileError) as caught:
        read(path, data)
    assert str(caught.value) == f"{path}: {problem}"


def test_a_flipped_bit_in_a_text_is_told(tmp_path: Path) -> None:
    data = png_of(A1111.texts)
    at = data.index(b"4294967295")
    found = read(tmp_path / "a.png", data[:at] + b"5" + data[at + 1 :])
    assert (found.seed, found.notes) == (5294967295, ("the checksum of its text 'parameters' is wrong",))
