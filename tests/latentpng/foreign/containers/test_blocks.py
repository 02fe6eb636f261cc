"""Texts of EXIF, XMP, IPTC, C2PA and comments, in every kind of picture that can have them."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from latentpng.errors import UnreadableFileError
from latentpng.foreign.containers.c2pa import c2pa_texts
from latentpng.foreign.containers.exif import exif_texts
from latentpng.foreign.containers.iptc import photoshop_texts
from latentpng.foreign.containers.texts import texts_of
from latentpng.foreign.containers.xmp import xmp_texts
from latentpng.png.chunks import build
from latentpng.png.texts import build_text
from tests.support.foreign.samples_files import exif_of, jpeg_of, png, webp_of
from tests.support.latentpng.pictures import RGB, SIDE

XMP = b"<rdf:Description xmp:CreatorTool='A tool'><dc:title>x</dc:title></rdf:Description>"
MANIFEST = b"\x00\x00\x00\x40jumb....c2pa\x74claim_generator_info\xa1\x64name\x67ChatGPT"
C2PA_ID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def texts_in(data: bytes) -> dict[str, str]:
    return dict(texts_of(io.BytesIO(data), len(data), "a").texts)


def avif(**options: bytes) -> bytes:
    file = io.BytesIO()
    Image.frombytes("RGB", (SIDE, SIDE), RGB).save(file, "AVIF", **options)
    return file.getvalue()


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(data), kind) + data


WITH_EXIF: dict[str, Callable[[bytes], bytes]] = {
    "PNG": lambda data: png([build(b"eXIf", data.removeprefix(b"Exif\0\0"))]),
    "JPEG": lambda data: jpeg_of([(0xE1, data)]),
    "WebP": lambda data: webp_of([(b"EXIF", data)]),
    "AVIF": lambda data: avif(exif=data),
}
WITH_XMP: dict[str, Callable[[bytes], bytes]] = {
    "PNG": lambda data: png([build_text("XML:com.adobe.xmp", data.decode())]),
    "JPEG": lambda data: jpeg_of([(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + data)]),
    "WebP": lambda data: webp_of([(b"XMP ", data)]),
    "AVIF": lambda data: avif(xmp=data),
}
WITH_MANIFEST: dict[str, Callable[[bytes], bytes]] = {
    "PNG": lambda data: png([build(b"caBX", data)]),
    "JPEG": lambda data: jpeg_of([(0xEB, b"JP\0\1\0\0\0\1" + data)]),
    "WebP": lambda data: webp_of([(b"C2PA", data)]),
    "AVIF": lambda data: avif() + box(b"uuid", C2PA_ID + data),
}


@pytest.mark.parametrize("kind", WITH_EXIF)
def test_every_tag_that_tools_use_is_read(kind: str) -> None:
    tags = {
        0x010D: "DocumentName", 0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0131: "Software",
        0x013B: "Artist", 0x8298: "Copyright",
    }  # fmt: skip
    wide = {0x9C9B: "XPTitle", 0x9C9C: "XPComment", 0x9C9E: "XPKeywords", 0x9C9F: "XPSubject"}
    exif = exif_of({**tags, **{tag: f"{name}\0".encode("utf-16-le") for tag, name in wide.items()}})
    found = texts_in(WITH_EXIF[kind](exif))
    assert found == {name: name for name in (*tags.values(), *wide.values())}


@pytest.mark.parametrize("kind", WITH_EXIF)
@pytest.mark.parametrize("tag", [0x010F, 0x0110, 0x010E, 0x010C, 0x010B, 0x013B, 0x8298, 0x9003])
def test_a_graph_is_read_from_any_tag(kind: str, tag: int) -> None:
    for start, keyword in (("prompt:", "prompt"), ("Workflow: ", "workflow"), ("extra_data:", "extra_data")):
        found = texts_in(WITH_EXIF[kind](exif_of({tag: f'{start}{{"nodes": []}}'})))
        assert found == {keyword: '{"nodes": []}'}


def test_a_prompt_with_a_colon_is_no_graph() -> None:
    assert texts_in(jpeg_of([(0xE1, exif_of({0x010E: "style:{red|blue} boat"}))])) == {
        "ImageDescription": "style:{red|blue} boat"
    }
    assert exif_texts(exif_of({0x0132: "2025:01:01"})) == {}


def test_comments_of_cameras_are_no_texts() -> None:
    exif = exif_of({0x010E: "   "}, {0x9286: b"ASCII\0\0\0" + b" " * 9, 0x927C: b"Nikon\0\2\x10\xff"})
    assert exif_texts(exif) == {}
    assert exif_texts(exif_of({}, {0x927C: b"fooocus\0"})) == {"MakerNote": "fooocus"}


@pytest.mark.parametrize("tag", [0x9286, 0x9C9C])
def test_utf_8_under_the_mark_of_unicode_is_read_as_it_was_meant(tag: int) -> None:
    mark = b"UNICODE\0" if tag == 0x9286 else b""
    for value in ("a red bôat, 月", "Steps: 3", "a" * 9):
        assert list(exif_texts(exif_of({}, {tag: mark + value.encode()})).values()) == [value]


def test_many_entries_that_name_the_same_bytes_cost_no_memory() -> None:
    value = b'a:{"' + b" " * 2**16
    number = 512
    entries = b"".join(struct.pack("<HHII", 1000 + at, 7, len(value), 12 + 12 * number) for at in range(number))
    found = exif_texts(b"II*\0\x08\0\0\0" + struct.pack("<H", number) + entries + bytes(2) + value)
    assert sum(map(len, found.values())) <= len(value) + 12 * number


@pytest.mark.parametrize("kind", WITH_XMP)
def test_xmp_is_read_from_elements_and_attributes(kind: str) -> None:
    assert texts_in(WITH_XMP[kind](XMP)) == {"CreatorTool": "A tool", "Title": "x"}


@pytest.mark.parametrize(
    ("packet", "texts"),
    [
        ('<a iptcExt:DigitalSourceType="http://x/trained"/>', {"DigitalSourceType": "http://x/trained"}),
        ("<a><Iptc4xmpExt:DigitalSourceType>y</Iptc4xmpExt:DigitalSourceType></a>", {"DigitalSourceType": "y"}),
        ('<a photoshop:Credit = "Made &amp; sent"/>', {"Credit": "Made & sent"}),
        ("<dc:description xml:lang='x'><rdf:Alt><rdf:li>a boat</rdf:li></rdf:Alt></dc:description>",
         {"Description": "a boat", "Caption": "a boat"}),
        ('<a TC260:AIGC="{&quot;Label&quot;:&quot;1&quot;}"/>', {"AIGC": '{"Label":"1"}'}),
        ("<dc:title>a</dc:title><dc:title>b</dc:title>", {"Title": "a"}),
        ('<xmp:CreatorTool xmp:CreatorTool="b"/>', {"CreatorTool": "b"}),
        ('<a nonxmp:CreatorTool="b"/>', {}),
        ("<xmp:CreatorTool", {}),
        ('<a xmp:CreatorTool="', {}),
        ("</xmp:CreatorTool" * 10**5, {}),
        ("<xmp:CreatorTool>" * 10**5, {}),
    ],
)  # fmt: skip
def test_properties_are_elements_or_attributes(packet: str, texts: dict[str, str]) -> None:
    assert xmp_texts(packet) == texts


def records(*entries: tuple[int, int, bytes]) -> bytes:
    return b"".join(struct.pack(">BBBH", 0x1C, record, number, len(data)) + data for record, number, data in entries)


def resource(kind: int, data: bytes, name: bytes = b"") -> bytes:
    padded = bytes([len(name)]) + name + b"\0" * ((len(name) + 1) % 2)
    return b"8BIM" + struct.pack(">H", kind) + padded + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)


def test_the_caption_of_iptc_is_read() -> None:
    iptc = records((1, 90, b"\x1b%G"), (2, 120, "a bôat".encode()), (2, 65, b"Tool 1"), (2, 80, b"me"), (2, 120, b"b"))
    data = b"Photoshop 3.0\0" + resource(1005, b"odd", b"name") + resource(0x0404, iptc)
    expected = {"Caption": "a bôat", "Software": "Tool 1", "Artist": "me"}
    assert texts_in(jpeg_of([(0xED, data)])) == expected
    parts = [(0xED, b"Photoshop 3.0\0" + part) for part in (data[14:40], data[40:])]
    assert texts_in(jpeg_of(parts)) == expected
    for end in range(len(data)):
        assert photoshop_texts(data[:end]).items() <= expected.items()


def test_a_long_caption_of_iptc_has_its_length_behind() -> None:
    long = struct.pack(">BBBHI", 0x1C, 2, 120, 0x8004, 70_000) + b"x" * 70_000
    assert photoshop_texts(long) == {"Caption": "x" * 70_000}
    assert photoshop_texts(struct.pack(">BBBH", 0x1C, 2, 120, 0xFFFF) + b"x" * 9) == {}


@pytest.mark.parametrize("kind", WITH_MANIFEST)
def test_a_manifest_names_its_generator(kind: str) -> None:
    assert texts_in(WITH_MANIFEST[kind](MANIFEST)) == {"C2PA": "ChatGPT"}


def test_a_manifest_of_a_jpeg_goes_on_in_further_segments() -> None:
    data = MANIFEST + b"x" * 40
    parts = [b"JP\0\1\0\0\0\1" + data[:48], b"JP\0\1\0\0\0\2" + data[:8] + data[48:]]
    assert texts_in(jpeg_of([(0xEB, part) for part in parts])) == {"C2PA": "ChatGPT"}


def text(value: str) -> bytes:
    """Return a text of CBOR."""
    data = value.encode()
    return (bytes([0x60 + len(data)]) if len(data) < 24 else bytes([0x78, len(data)])) + data


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"", "unknown"),
        (text("claim_generator") + text("Adobe_Firefly adobe_c2pa/0.7.6 c2pa-rs/0.25.2"), "Adobe Firefly"),
        (text("claim_generator") + text("Microsoft_Responsible_AI/1.0"), "Microsoft Responsible AI"),
        (text("claim_generator_info") + b"\x81\xa2" + text("version") + text("1") + text("name") + text("Aviary"),
         "Aviary"),
        (text("softwareAgent") + text("Bing Image Creator"), "Bing Image Creator"),
        (text("softwareAgent") + b"\xa1" + text("name") + text("GPT-4o"), "GPT-4o"),
        (b'{"claim_generator": "Truepic_Lens/2", "softwareAgent":"Sora"}', "Truepic Lens; Sora"),
        (b'{"author":[{"@type":"Organization","name":"OpenAI"},{"@type":"Person","name":"me"}]}', "OpenAI"),
        (b"made with Google Generative AI", "Google Generative AI"),
        (b"xx Adobe_Firefly xx Soraya xFirefly", "Adobe Firefly"),
        (b"".join(b"\x06\x03\x55\x04\x0a" + kind + bytes([len(name)]) + name for kind, name in
                  ((b"\x0c", b"An issuer"), (b"\x13", b"A signer"))), "A signer"),
        (text("claim_generator") + text("evil\x1b[31m"), "unknown"),
        (text("claim_generator") + b"\x7f" * 300, "unknown"),
        (text("softwareAgent") + b"\x81" + (b"\x64name\x81" * 10**5), "unknown"),
        (b"".join(text("softwareAgent") + text(f"agent {at}.") for at in range(100)),
         "; ".join(f"agent {at}." for at in range(8))),
    ],
)  # fmt: skip
def test_names_of_a_manifest_are_found_by_their_keys(data: bytes, names: str) -> None:
    assert c2pa_texts(data)["C2PA"] == names


def test_the_source_type_of_a_manifest_is_the_last_part_of_its_address() -> None:
    for data in (b"digitalSourceType\x78\x46http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia\0",
                 b"trainedAlgorithmicMedia"):  # fmt: skip
        assert c2pa_texts(data)["DigitalSourceType"] == "trainedAlgorithmicMedia"
    assert c2pa_texts(b"digitalsourcetype/digitalCapture")["DigitalSourceType"] == "digitalCapture"


def gif(*blocks: bytes) -> bytes:
    colours = bytes(6)
    return b"GIF89a\1\0\1\0\x80\0\0" + colours + b"".join(blocks) + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;"


def test_the_comment_of_a_gif_is_read_before_its_first_frame() -> None:
    comment = b"!\xfe" + b"\xff" + b"a" * 255 + b"\2bc\0"
    data = gif(b"!\xf9\4\0\0\0\0\0", comment, b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0")
    assert texts_in(data) == {"Comment": "a" * 255 + "bc"}
    assert texts_in(gif()) == {}
    file = io.BytesIO()
    Image.new("P", (9, 9)).save(file, "GIF", comment=b"a red boat")
    assert texts_in(file.getvalue()) == {"Comment": "a red boat"}
    for end in range(13, len(data)):
        assert set(texts_in(data[:end])) <= {"Comment"}
    assert len(texts_in(gif(b"!\xfe" + b"\1x" * 10**5 + b"\0"))["Comment"]) < 5000


def test_avif_is_read_whichever_brand_comes_first() -> None:
    data = avif(exif=exif_of({0x0131: "x"}))
    length = int.from_bytes(data[:4], "big")
    assert (data[8:12], data[16:20]) == (b"avif", b"avif")
    general = data[:8] + b"mif1" + data[12:]
    assert length < 64
    assert texts_in(general) == {"Software": "x"}


def test_heif_is_refused_by_its_name() -> None:
    data = box(b"ftyp", b"heic\0\0\0\0mif1heic") + bytes(100)
    with pytest.raises(UnreadableFileError) as caught:
        texts_in(data)
    assert str(caught.value) == (
        "a: it is a HEIF picture, which is not supported; convert it to PNG, JPEG, WebP or AVIF"
    )


def test_every_truncation_of_an_avif_is_one_sentence_or_its_texts() -> None:
    data = avif(exif=exif_of({0x0131: "x"}))
    for end in range(64, len(data), 7):
        assert found_or_problem(data[:end]) in ({}, {"Software": "x"}, "a: it is an AVIF picture, but a damaged one")


def found_or_problem(data: bytes) -> dict[str, str] | str:
    try:
        return texts_in(data)
    except UnreadableFileError as error:
        return str(error)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["", "8BIM\4\4\0\0", "\x1c\2\x78", "\x74claim_generator_info"]))
def test_any_bytes_are_read_or_not(data: bytes, head: str) -> None:
    whole = head.encode("latin-1") + data
    photoshop_texts(whole)
    assert c2pa_texts(whole)["C2PA"].isprintable()
    xmp_texts(whole.decode("latin-1"))
