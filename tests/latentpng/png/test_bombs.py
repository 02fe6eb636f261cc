"""Small files that would cost much time or memory, and files that say a thing twice or in the wrong place."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from latentpng.chunk.codec import Codec, decode_record
from latentpng.errors import DamagedLatentError, LatentPngError, NoLatentError, UnreadableFileError
from latentpng.png.carriers import MAX_PARAMETERS
from latentpng.png.chunks import MAX_CHUNKS, SIGNATURE, build
from latentpng.png.files import embed_record, read_picture, read_record, strip
from latentpng.png.twin import TWIN
from latentpng.reports.show import inspect_file
from latentpng.reports.verify import verify_file
from tests.support.latentpng import independent
from tests.support.latentpng.files import PLACE, changed, memory_of, png_of, with_metadata, with_payload
from tests.support.latentpng.pictures import chunk_data, seeded_record

ELEMENTS = 128  # of the noise in chunk_data()
TEXT_AT = f"latent text at byte {len(SIGNATURE) + 25}"
CHUNK_AT = f"latent chunk at byte {len(SIGNATURE) + 25}"


def embed(path: Path) -> None:
    """Embed a record."""
    embed_record(path, seeded_record())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a hostile file may be put."""
    return tmp_path / "a.png"


def message_of(action: Callable[[], object], kind: type[LatentPngError]) -> str:
    """Return the message of an error of exactly this kind."""
    with pytest.raises(kind) as caught:
        action()
    assert type(caught.value) is kind
    return str(caught.value)


def frame_of(declared: int, *blocks: tuple[int, int, bytes]) -> bytes:
    """Return a zstd frame (RFC 8878, 3.1.1) that declares a size; blocks: kind (0 raw, 1 repeated), size, data."""
    head = struct.pack("<IBQ", 0xFD2FB528, 0xE0, declared)
    last = len(blocks) - 1
    return head + b"".join(
        struct.pack("<I", (size << 3) | (kind << 1) | (number == last))[:3] + data
        for number, (kind, size, data) in enumerate(blocks)
    )


REPEATED = (1, 2**17, b"\0")  # four bytes that stand for 128 KiB


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            frame_of(2**62, REPEATED),
            f"a zstd frame of {ELEMENTS} bytes needed, found one that declares {2**62}",
        ),
        (
            frame_of(1, (0, 1, b"x")),
            f"a zstd frame of {ELEMENTS} bytes needed, found one that declares 1",
        ),
        (
            zstandard.ZstdCompressor(write_content_size=False).compress(bytes(ELEMENTS)),
            f"a zstd frame of {ELEMENTS} bytes needed, found one that declares {2**64 - 1}",
        ),
        (
            frame_of(ELEMENTS, *[REPEATED] * 2**14),
            "one whole zstd frame needed, found a damaged one (decompression error: Destination buffer is too small)",
        ),
        (
            frame_of(ELEMENTS, (0, 1, b"x")),
            "one whole zstd frame needed, found a damaged one (decompression error: Data corruption detected)",
        ),
        (
            zstandard.ZstdCompressor().compress(bytes(ELEMENTS)) * 2,
            "one whole zstd frame needed, found a damaged one "
            "(compressed input contains 17 bytes of unused data, which is disallowed)",
        ),
    ],
)
def test_a_frame_that_declares_much_or_little(frame: bytes, message: str) -> None:
    data = with_payload(frame + bytes(ELEMENTS))
    assert message_of(lambda: decode_record(data, PLACE), DamagedLatentError) == f"{PLACE}: {message}"
    assert memory_of(lambda: message_of(lambda: decode_record(data, PLACE), DamagedLatentError)) < 2**19


@pytest.mark.parametrize("claimed", [2**31 - 1, 2**31, 2**32 - 1])
def test_lengths_of_gigabytes_take_no_memory(path: Path, claimed: int) -> None:
    data = chunk_data()
    (metadata,) = struct.unpack_from("<I", data, 8)
    number = struct.pack("<I", claimed)
    cases = {
        changed(data, 12, number): f"its header describes {72 + metadata + claimed} bytes, found {len(data)}",
        changed(data, 20, number * 3): f"1 to 2097152 elements needed, found dimensions {[claimed] * 3}",
        changed(data, 8, number): f"metadata has at most 262144 bytes, found {claimed}",
    }
    for latent, message in cases.items():
        path.write_bytes(png_of((b"laTn", latent)))
        for reader in (read_record, inspect_file):
            found = message_of(lambda reader=reader: reader(path), DamagedLatentError)  # type: ignore[misc]
            assert found == f"{path}: {CHUNK_AT}: {message}"
        assert memory_of(lambda: verify_file(path)) < 2**18


@pytest.mark.parametrize("kind", [b"laTn", b"tEXt", b"IDAT", b"IEND", b"tiNy"])
def test_a_chunk_of_gigabytes_that_is_not_there(path: Path, kind: bytes) -> None:
    data = png_of()
    path.write_bytes(data[:33] + struct.pack(">I", 2**31 - 1) + kind + data[33:])
    message = f"{path}: chunk {kind.decode()} ends at byte {33 + 12 + 2**31 - 1}, the file ends at {len(data) + 8}"
    for action in (read_record, read_picture, inspect_file, strip, embed):
        assert message_of(lambda action=action: action(path), UnreadableFileError) == message  # type: ignore[misc]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [b"tiNy", b"tEXt", b"laTn", b"IDAT"])
def test_a_million_tiny_chunks_are_not_walked(path: Path, kind: bytes) -> None:
    data = png_of()
    path.write_bytes(data[:33] + build(kind, b"") * 10**6 + data[33:])
    message = f"{path}: at most {MAX_CHUNKS} chunks are supported, found more"
    for action in (read_record, inspect_file, strip) if kind == b"tiNy" else (read_record,):
        assert message_of(lambda action=action: action(path), UnreadableFileError) == message  # type: ignore[misc]


def test_as_many_chunks_as_may_be_are_read(path: Path) -> None:
    data = png_of((b"laTn", chunk_data()))
    path.write_bytes(data[:33] + build(b"tiNy", b"") * (MAX_CHUNKS - 4) + data[33:])
    assert read_record(path) == decode_record(chunk_data(), PLACE)
    path.write_bytes(data[:33] + build(b"tiNy", b"") * (MAX_CHUNKS - 3) + data[33:])
    with pytest.raises(UnreadableFileError):
        read_record(path)


@pytest.mark.parametrize(("kind", "head"), [(b"zTXt", b"\0\0"), (b"iTXt", b"\0\1\0\0\0")])
def test_parameters_that_inflate_for_ever_are_not_ours(path: Path, kind: bytes, head: bytes) -> None:
    bomb = build(kind, b"parameters" + head + zlib.compress(b" " * 10**8))
    data = png_of((b"laTn", chunk_data()))
    path.write_bytes(data[:33] + bomb + data[33:])
    assert memory_of(lambda: strip(path)) < 2**23
    assert path.read_bytes() == data[:33] + bomb + png_of()[33:]
    embed(path)
    texts = [text for kind, text in independent.png_chunks(path.read_bytes()) if kind == b"tEXt"]
    assert [text.partition(b"\0")[0] for text in texts] == [TWIN.encode()]


def test_ten_thousand_texts_to_inflate_are_refused(path: Path) -> None:
    text = (b"zTXt", b"parameters\0\0" + zlib.compress(b" " * 500000))
    path.write_bytes(png_of(*[text] * 10000, (b"laTn", chunk_data())))
    message = f"{path}: at most {MAX_PARAMETERS} texts named 'parameters' are supported, found more"
    for action in (strip, embed):
        assert message_of(lambda action=action: action(path), UnreadableFileError) == message  # type: ignore[misc]
    assert read_record(path) == decode_record(chunk_data(), PLACE)
    path.write_bytes(png_of(*[text] * MAX_PARAMETERS, (b"laTn", chunk_data())))
    assert strip(path)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"[" * 200000, "at most 32 nested values, found more"),
        (b'{"a":' * 40000, "at most 32 nested values, found more"),
        (b"9" * 200000, "a number has at most 40 characters, found 200000"),
        (b"0." + b"9" * 200000, "a number has at most 40 characters, found 200002"),
        (b"1e" + b"9" * 200000, "a number has at most 40 characters, found 200002"),
        (b"1e309", "finite numbers only, found 1e309"),
    ],
)
def test_deep_and_long_json_in_a_file(path: Path, value: bytes, message: str) -> None:
    json = b'{"base":0,"settings":{"a":' + value + b"}}"
    files = (
        (CHUNK_AT, (b"laTn", with_metadata(chunk_data(), json))),
        (TEXT_AT, (b"tEXt", TWIN.encode() + b"\0" + json)),
        (TEXT_AT, (b"zTXt", TWIN.encode() + b"\0\0" + zlib.compress(json))),
    )
    for place, carrier in files:
        path.write_bytes(png_of(carrier))
        for reader in (read_record, inspect_file):
            found = message_of(lambda reader=reader: reader(path), DamagedLatentError)  # type: ignore[misc]
            assert found == f"{path}: {place}: {message}"


def test_of_several_twins_the_first_counts(path: Path) -> None:
    path.write_bytes(png_of())
    embed(path)
    chunks = independent.png_chunks(path.read_bytes())
    twin = next(data for kind, data in chunks if kind == b"tEXt" and data.startswith(b"latentpng\0"))
    other = twin.replace(b"a cat", b"a dog")
    for texts, prompt in (((twin, other), "a cat"), ((other, twin), "a dog")):
        path.write_bytes(png_of(*[(b"tEXt", text) for text in texts]))
        assert read_record(path).settings["prompt"] == prompt
        assert inspect_file(path).metadata["settings"] == {"prompt": prompt, "steps": 4}
        assert strip(path)
        assert path.read_bytes() == png_of()


def test_a_second_header_is_no_png(path: Path) -> None:
    data = png_of()
    path.write_bytes(data[:33] + data[8:])
    message = f"{path}: one IHDR of 13 bytes comes first, found b'IHDR' at 33"
    for action in (read_record, read_picture, strip):
        assert message_of(lambda action=action: action(path), UnreadableFileError) == message  # type: ignore[misc]


def test_what_follows_the_end_is_ignored(path: Path) -> None:
    plain = png_of() + build(b"laTn", chunk_data()) + build(b"IEND", b"") + b"\0" * 100
    path.write_bytes(plain)
    assert message_of(lambda: read_record(path), NoLatentError) == f"{path}: it carries no latent"
    assert message_of(lambda: inspect_file(path), NoLatentError) == f"{path}: it carries no latent"
    assert strip(path) is False
    embed(path)
    assert verify_file(path).problem == ""
    assert path.read_bytes().endswith(plain[len(png_of()) :])


def test_a_twin_behind_the_pixels_counts_only_without_a_chunk(path: Path) -> None:
    broken = build(b"tEXt", TWIN.encode() + b"\0{}")
    data = png_of((b"laTn", chunk_data()))
    path.write_bytes(data[:-12] + broken + data[-12:])
    assert read_record(path).settings["prompt"] == "a cat"
    path.write_bytes(png_of()[:-12] + broken + data[-12:])
    assert message_of(lambda: read_record(path), DamagedLatentError) == (
        f"{path}: latent text at byte {len(png_of()) - 12}: version is a list of two whole numbers, 0 to 255"
    )


@pytest.mark.parametrize("colour", [0, 2, 3, 4, 6])
def test_a_few_bytes_are_not_decoded_into_millions_of_pixels(path: Path, colour: int) -> None:
    header = struct.pack(">IIBBBBB", 8192, 8192, 8, colour, 0, 0, 0)
    path.write_bytes(SIGNATURE + build(b"IHDR", header) + build(b"IDAT", zlib.compress(b"")) + build(b"IEND", b""))
    message = f"{path}: its chunks hold less data than 8192 x 8192 pixels need"
    assert message_of(lambda: read_picture(path), UnreadableFileError) == message
    assert memory_of(lambda: message_of(lambda: read_picture(path), UnreadableFileError)) < 2**18


@pytest.mark.parametrize("header", [(1, 1, 8, 2, 0, 9, 0), (1, 1, 3, 2, 0, 0, 0), (1, 1, 8, 5, 0, 0, 0)])
def test_a_header_that_no_png_has_is_one_sentence(path: Path, header: tuple[int, ...]) -> None:
    pixels = build(b"IDAT", zlib.compress(bytes(4)))
    path.write_bytes(SIGNATURE + build(b"IHDR", struct.pack(">IIBBBBB", *header)) + pixels + build(b"IEND", b""))
    message = f"{path}: its pixels cannot be decoded (its header is invalid)"
    assert message_of(lambda: read_picture(path), UnreadableFileError) == message


def test_a_picture_of_one_colour_is_decoded_however_well_it_compresses(path: Path) -> None:
    grey = bytes(3 * 1000 * 1000)
    pixels = b"".join(b"\0" + grey[:3000] for _ in range(1000))
    header = struct.pack(">IIBBBBB", 1000, 1000, 8, 2, 0, 0, 0)
    path.write_bytes(
        SIGNATURE + build(b"IHDR", header) + build(b"IDAT", zlib.compress(pixels, 9)) + build(b"IEND", b"")
    )
    assert path.stat().st_size < len(pixels) // 900
    assert read_picture(path) == (1000, 1000, grey)


def test_the_payload_of_a_recipe_is_refused_before_it_is_replayed() -> None:
    recipe = chunk_data(Codec.RECIPE)
    data = changed(recipe + b"x", 12, struct.pack("<I", 1))
    assert message_of(lambda: decode_record(data, PLACE), DamagedLatentError) == (
        f"{PLACE}: a recipe has no payload, found 1 bytes"
    )
