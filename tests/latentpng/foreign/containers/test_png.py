"""Texts of PNG files: every keyword, wrong checksums, profiles of ImageMagick, and the limits, which are named."""

from __future__ import annotations

import io
import zlib

import pytest

from latentpng.errors import UnreadableFileError
from latentpng.foreign.containers.found import MAX_NUMBER, MAX_TEXT, MAX_TEXTS, FoundTexts
from latentpng.foreign.containers.texts import texts_of
from latentpng.png.chunks import build
from latentpng.png.texts import build_text
from tests.support.foreign.samples_files import USER_COMMENT, exif_of, png

IPTC = b"\x1c\x02\x78\0\x0aa red boat"


def found_in(*chunks: bytes) -> FoundTexts:
    data = png(chunks)
    return texts_of(io.BytesIO(data), len(data), "a")


def with_wrong_checksum(chunk: bytes) -> bytes:
    return chunk[:-4] + bytes(4)


def profile(name: str, data: bytes) -> str:
    """Return a profile as ImageMagick writes it: 72 digits a line."""
    digits = data.hex()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    return "\n".join(["", name, f"{len(data):8}", *lines, ""])


def test_every_keyword_is_read_and_its_first_text_counts() -> None:
    texts = [build_text(keyword, text) for keyword, text in (("Odd name", "a"), ("prompt", "月"), ("Odd name", "b"))]
    found = found_in(*texts, build(b"zTXt", b"x\0\0" + zlib.compress(b"y")), build(b"comf", b"workflow\0{}"))
    assert dict(found.texts) == {"Odd name": "a", "prompt": "月", "x": "y", "workflow": "{}"}
    assert found.notes == ()


def test_the_text_of_our_own_latent_is_left_out() -> None:
    assert found_in(build_text("latentpng", "{}")) == FoundTexts()


@pytest.mark.parametrize(
    ("chunk", "name", "keyword"),
    [
        (build_text("prompt", "a"), "text 'prompt'", "prompt"),
        (build_text("prompt", "月"), "text 'prompt'", "prompt"),
        (build(b"zTXt", b"prompt\0\0" + zlib.compress(b"y")), "text 'prompt'", "prompt"),
        (build(b"comf", b"prompt\0{}"), "text 'prompt'", "prompt"),
        (build(b"eXIf", exif_of({0x0131: "x"})), "EXIF", "Software"),
        (build(b"caBX", b"jumb"), "C2PA manifest", "C2PA"),
    ],
)
def test_a_text_with_a_wrong_checksum_is_read_and_named(chunk: bytes, name: str, keyword: str) -> None:
    right, wrong = found_in(chunk), found_in(with_wrong_checksum(chunk))
    assert keyword in right.texts
    assert (wrong.texts, wrong.notes) == (right.texts, (f"the checksum of its {name} is wrong",))


@pytest.mark.parametrize(
    ("name", "data", "texts"),
    [
        ("exif", exif_of({}, {USER_COMMENT: b"ASCII\0\0\0a red boat"}), {"UserComment": "a red boat"}),
        ("APP1", exif_of({0x010E: "a red boat"}), {"ImageDescription": "a red boat"}),
        ("APP1", b"http://ns.adobe.com/xap/1.0/\0<dc:title>x</dc:title>", {"Title": "x"}),
        ("XMP", b"<dc:title>x</dc:title>", {"Title": "x"}),
        ("xmp", b"<dc:title>x</dc:title>", {"Title": "x"}),
        ("iptc", b"8BIM\4\4\0\0\0\0\0\x0f" + IPTC, {"Caption": "a red boat"}),
        ("iptc", IPTC, {"Caption": "a red boat"}),
        ("8bim", b"8BIM\4\4\0\0\0\0\0\x0f" + IPTC, {"Caption": "a red boat"}),
    ],
)
def test_a_profile_of_imagemagick_is_read_as_what_it_was(name: str, data: bytes, texts: dict[str, str]) -> None:
    keyword = f"Raw profile type {name}"
    for kind, chunk in (
        ("tEXt", build_text(keyword, profile(name, data))),
        ("zTXt", build(b"zTXt", keyword.encode() + b"\0\0" + zlib.compress(profile(name, data).encode()))),
    ):
        assert dict(found_in(chunk).texts) == texts, kind


def test_a_profile_may_have_a_name_of_several_words_and_lines_of_any_length() -> None:
    data = exif_of({0x010E: "a red boat"})
    digits = data.hex()
    lines = "\r\n".join(digits[at : at + 35] for at in range(0, len(digits), 35))
    found = found_in(build_text("Raw profile type APP1", f"\ngeneric profile\n{len(data):8}\n{lines}\n"))
    assert (dict(found.texts), found.notes) == ({"ImageDescription": "a red boat"}, ())


@pytest.mark.parametrize(
    "text",
    ["", "\nexif\n", "\nexif\n 2\n", "\nexif\n 9\n4578", "\nexif\n 2\n4x", "\nexif\n 2\n457", "\nexif\n -1\n45",
     "\nexif\n ²\n45", "\nexif\n 99999999999\n45"],
)  # fmt: skip
def test_a_malformed_profile_is_named(text: str) -> None:
    found = found_in(build_text("Raw profile type exif", text))
    assert dict(found.texts) == {}
    assert found.notes == ("its text 'Raw profile type exif' is damaged",)


def test_a_colour_profile_is_a_text_like_any() -> None:
    assert list(found_in(build_text("Raw profile type icc", "\nicc\n 1\n00")).texts) == ["Raw profile type icc"]


def test_text_chunks_count_before_exif_and_exif_before_xmp() -> None:
    xmp = build_text(
        "XML:com.adobe.xmp", "<tiff:Software>c</tiff:Software><tiff:Make>c</tiff:Make><dc:title>c</dc:title>"
    )
    exif = build(b"eXIf", exif_of({0x0131: "b", 0x010F: "b"}))
    found = found_in(xmp, exif, build_text("Software", "a"))
    assert dict(found.texts) == {"Software": "a", "Make": "b", "Title": "c"}


@pytest.mark.parametrize(
    "chunk",
    [
        build(b"zTXt", b"prompt\0\0" + zlib.compress(b" " * (MAX_TEXT + 1))),
        build(b"zTXt", b"prompt\0\0" + zlib.compress(b"a")[:-1]),
        build(b"zTXt", b"prompt\0\1"),
        build(b"iTXt", b"prompt\0\1\0\0\0x"),
        build(b"iTXt", b"prompt\0\0\0\0\0\xff"),
    ],
)
def test_a_text_that_cannot_be_read_is_named(chunk: bytes) -> None:
    found = found_in(chunk, build_text("parameters", "x"))
    assert dict(found.texts) == {"parameters": "x"}
    assert found.notes == ("its text 'prompt' is damaged, or longer than the 8,388,608 bytes that are read",)


def test_a_text_that_is_too_long_is_named_with_its_length() -> None:
    longest = build(b"tEXt", b"prompt\0" + b" " * (MAX_TEXT - 7))
    assert len(found_in(longest).texts["prompt"]) == MAX_TEXT - 7
    longer = build(b"tEXt", b"prompt\0" + b" " * (MAX_TEXT - 6))
    found = found_in(longer, build_text("parameters", "x"))
    assert dict(found.texts) == {"parameters": "x"}
    assert found.notes == ("its text 'prompt' of 8,388,609 bytes is longer than the 8,388,608 that are read",)


def test_inflated_texts_count_with_the_length_that_they_have() -> None:
    half = zlib.compress(b" " * (MAX_TEXTS // 2))
    found = found_in(*(build(b"zTXt", name + b"\0\0" + half) for name in (b"a", b"b", b"c")))
    assert list(found.texts) == ["a", "b"]
    assert found.notes == (
        f"its text 'c' of {len(half) + 3:,} bytes is not read, because at most 16,777,216 of a file are",
    )


def test_many_texts_are_read_up_to_a_number() -> None:
    found = found_in(*(build_text(f"text {number}", "x") for number in range(MAX_NUMBER + 10)))
    assert len(found.texts) == MAX_NUMBER
    assert found.notes == ("more than 512 texts are not read",)


def test_a_cut_file_is_unreadable() -> None:
    data = png([build_text("prompt", "x")])
    with pytest.raises(UnreadableFileError, match=r"^a: chunk tEXt ends at byte 53, the file ends at 50$"):
        texts_of(io.BytesIO(data[:50]), 50, "a")
