"""Files that are cut, flipped, bloated or absurd: they end in our errors alone, one sentence that names the file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from latentpng.errors import DamagedLatentError, ExitCode, FileError, NoLatentError, UnreadableFileError
from latentpng.png.chunks import SIGNATURE, build
from latentpng.png.files import embed_record, read_picture, read_record, strip, write_picture
from latentpng.png.twin import TWIN
from latentpng.record import Round
from latentpng.reports.show import inspect_file
from latentpng.reports.verify import verify_file
from tests.support.latentpng import independent
from tests.support.latentpng.files import memory_of, png_of
from tests.support.latentpng.pictures import RGB, SIDE, chunk_data, seeded_record

READERS: tuple[Callable[[Path], object], ...] = (read_record, read_picture, inspect_file)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    write_picture(path, SIDE, SIDE, RGB, seeded_record((Round(seed=3, scale=0.5, of=4, marks=(2,)),), (1, 4, 4)))
    return path


def problem_of(reader: Callable[[Path], object], path: Path) -> str:
    """Return the message that reading ends in, "" if it succeeds."""
    try:
        reader(path)
    except FileError as error:
        return str(error)
    return ""


def test_every_truncation_ends_in_one_sentence(picture: Path) -> None:
    data = picture.read_bytes()
    for end in range(len(data)):
        picture.write_bytes(data[:end])
        for reader in (read_record, read_picture, strip):
            message = problem_of(reader, picture)
            assert message.startswith(f"{picture}: "), end
            assert "\n" not in message
        report = verify_file(picture)
        assert report.exit_code == ExitCode.UNREADABLE
        assert report.problem.startswith(f"{picture}: ")


def test_every_flipped_byte_is_noticed_or_harmless(picture: Path) -> None:
    data = picture.read_bytes()
    record, pixels = read_record(picture), read_picture(picture)
    for offset in range(len(data)):
        mask = 1 << offset % 8
        picture.write_bytes(data[:offset] + bytes([data[offset] ^ mask]) + data[offset + 1 :])
        assert problem_of(read_record, picture) or read_record(picture) == record
        assert problem_of(read_picture, picture) or read_picture(picture) == pixels
        assert problem_of(inspect_file, picture) or inspect_file(picture).parsed is not None
        report = verify_file(picture)
        assert report.problem, f"byte {offset} with {mask:#x} flipped"
        assert report.line.startswith(f"{picture}: ")
        assert "\n" not in report.line


def test_two_chunks_that_differ_are_an_error_and_two_that_do_not_are_one(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_of((b"laTn", chunk_data()), (b"laTn", chunk_data())))
    assert read_record(path).lineage.rounds[0].seed == 3
    other = chunk_data().replace(b"a cat", b"a dog")
    path.write_bytes(png_of((b"laTn", chunk_data()), (b"laTn", other)))
    for reader in (read_record, inspect_file):
        with pytest.raises(DamagedLatentError) as caught:
            reader(path)
        first, second = 33, 33 + 12 + len(other)
        assert (
            str(caught.value)
            == f"{path}: one latent chunk needed, found two that differ, at bytes {first} and {second}"
        )


def test_a_chunk_before_the_pixels_counts_before_one_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    data = png_of((b"laTn", chunk_data()))
    other = chunk_data().replace(b"a cat", b"a dog")
    path.write_bytes(data[:-12] + build(b"laTn", other) + data[-12:])
    assert read_record(path).settings["prompt"] == "a cat"
    path.write_bytes(png_of()[:-12] + build(b"laTn", chunk_data()) + data[-12:])
    assert read_record(path).settings["prompt"] == "a cat"
    assert inspect_file(path).metadata["settings"] == {"prompt": "a cat", "steps": 4}


def test_a_damaged_chunk_is_not_hidden_by_its_twin(picture: Path) -> None:
    data = picture.read_bytes()
    at = data.index(b"laTn") + 90
    picture.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    with pytest.raises(DamagedLatentError):
        read_record(picture)


def test_a_text_that_inflates_for_ever_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    bomb = zlib.compress(b" " * 10**8)
    for kind, head in ((b"zTXt", b"\0\0"), (b"iTXt", b"\0\1\0\0\0")):
        path.write_bytes(png_of((kind, TWIN.encode() + head + bomb)))
        with pytest.raises(DamagedLatentError) as caught:
            read_record(path)
        assert str(caught.value) == (
            f"{path}: latent text at byte 33: "
            "a text of at most 263168 characters needed, found a longer or malformed one"
        )


def test_other_texts_are_never_inflated(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_of((b"zTXt", b"Comment\0\0" + zlib.compress(b" " * 10**8)), (b"iCCP", b"x\0\0bad")))
    assert read_picture(path) == (SIDE, SIDE, RGB)
    assert strip(path) is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "JSON needed, found an error at 0 (Expecting value)"),
        (b"{}", "version is a list of two whole numbers, 0 to 255"),
        (b'{"version":[1,-5]}', "version is a list of two whole numbers, 0 to 255"),
        (b'{"version":[256,0]}', "version is a list of two whole numbers, 0 to 255"),
        (b'{"version":[1,true]}', "version is a list of two whole numbers, 0 to 255"),
        (b'{"version":[1.0,0]}', "version is a list of two whole numbers, 0 to 255"),
        (b'{"version":[0,9]}', "major version 1 needed, found 0"),
        (b'{"version":[1,0]}', "dims are a list of 1 to 4 whole numbers"),
        (b'{"version":[1,0],"dims":[1,true]}', "dims are a list of 1 to 4 whole numbers"),
        (b'{"version":[1,0],"dims":[8]}', "digest and dtype are texts"),
        (
            b'{"version":[1,0],"dims":[8],"dtype":"float16","digest":"x"}',
            "digest is a SHA-256 in 64 lower-case hexadecimal digits, found 'x'",
        ),
        (
            b'{"version":[1,0],"dims":[8],"dtype":"float16","digest":"' + b"0" * 64 + b'"}',
            "rounds is missing",
        ),
        (
            b'{"noise":"new","version":[1,0],"dims":[8,0],"dtype":"float16","digest":"' + b"0" * 64 + b'"}',
            "1 to 8388608 elements needed, found dimensions [8, 0]",
        ),
    ],
)
def test_a_twin_that_breaks_a_rule_is_named(tmp_path: Path, text: bytes, message: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_of((b"tEXt", TWIN.encode() + b"\0" + text)))
    with pytest.raises(DamagedLatentError) as caught:
        read_record(path)
    assert str(caught.value) == f"{path}: latent text at byte 33: {message}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is not a PNG, it is empty"),
        (b"GIF89a" + bytes(100), "it is not a PNG"),
        (SIGNATURE, "it ends at byte 8, before its last chunk (IEND)"),
        (SIGNATURE + build(b"IDAT", b""), "one IHDR of 13 bytes comes first, found b'IDAT' at 8"),
        (
            SIGNATURE + struct.pack(">I", 2**31) + b"IHDR",
            "a PNG chunk needed at byte 8, found b'\\x80\\x00\\x00\\x00IHDR'",
        ),
        (SIGNATURE + struct.pack(">I", 13) + b"IHDR", "chunk IHDR ends at byte 33, the file ends at 16"),
    ],
)
def test_a_file_that_is_not_a_png_ends_in_one_sentence(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)
    for reader in (*READERS, strip):
        with pytest.raises(UnreadableFileError) as caught:
            reader(path)
        assert str(caught.value) == f"{path}: {message}"


def test_a_picture_of_a_billion_pixels_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    header = struct.pack(">IIBBBBB", 40000, 40000, 8, 2, 0, 0, 0)
    path.write_bytes(SIGNATURE + build(b"IHDR", header) + build(b"IDAT", zlib.compress(b"")) + build(b"IEND", b""))
    with pytest.raises(UnreadableFileError) as caught:
        read_picture(path)
    assert str(caught.value) == f"{path}: 1 to 67108864 pixels are supported, found 40000 x 40000"


def test_a_long_unknown_chunk_costs_no_memory(tmp_path: Path) -> None:
    path, length = tmp_path / "a.png", 2**26
    data = png_of((b"laTn", chunk_data()))
    checksum = zlib.crc32(bytes(length), zlib.crc32(b"huGe")).to_bytes(4, "big")
    with path.open("wb") as file:
        file.write(data[:33] + struct.pack(">I", length) + b"huGe")
        file.seek(length, 1)
        file.write(checksum + data[33:])
    assert memory_of(lambda: verify_file(path)) < 2**24
    assert verify_file(path).problem == ""
    assert memory_of(lambda: strip(path, tmp_path / "b.png")) < 2**24
    assert (tmp_path / "b.png").stat().st_size == path.stat().st_size - 12 - len(chunk_data())
    assert memory_of(lambda: embed_record(path, seeded_record())) < 2**24
    assert read_picture(path) == (SIDE, SIDE, RGB)


def test_more_pixel_data_than_pixels_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    data = png_of()
    with path.open("wb") as file:
        file.write(data[:33] + struct.pack(">I", 2**30) + b"IDAT")
        file.seek(2**30, 1)
        file.write(bytes(4) + data[33:])
    with pytest.raises(UnreadableFileError) as caught:
        read_picture(path)
    assert str(caught.value) == f"{path}: its chunks hold more data than 8 x 8 pixels need"


def test_pixels_that_stop_early_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for rows in (b"", bytes(25 * 8 - 1)):
        parts = [
            (kind, zlib.compress(rows) if kind == b"IDAT" else data) for kind, data in independent.png_chunks(png_of())
        ]
        path.write_bytes(SIGNATURE + b"".join(build(kind, data) for kind, data in parts))
        with pytest.raises(UnreadableFileError, match="its pixels cannot be decoded"):
            read_picture(path)


def test_many_chunks_cost_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_of(*[(b"laTn", chunk_data())] * 1000))
    assert memory_of(lambda: read_record(path)) < 2**17
    path.write_bytes(png_of(*[(b"laTn", chunk_data())] * 1000, (b"laTn", b"x")))
    with pytest.raises(DamagedLatentError, match="found two that differ"):
        read_record(path)


def test_an_endless_stream_is_refused() -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("this system has no /dev/zero")
    with pytest.raises(
        UnreadableFileError,
        match=r"^/dev/zero: a regular file needed, found a pipe or device; use - for standard input$",
    ):
        inspect_file("/dev/zero")


def test_nothing_is_embedded_into_a_png_without_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(SIGNATURE + build(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)) + build(b"IEND", b""))
    with pytest.raises(UnreadableFileError, match=r"a\.png: it has no pixels \(IDAT\)$"):
        embed_record(path, seeded_record())
    with pytest.raises(NoLatentError):
        read_record(path)


@pytest.mark.parametrize("name", ["missing.png", ".", "x\0.png", "y" * 300])
def test_an_invalid_file_name_ends_in_one_sentence(tmp_path: Path, name: str) -> None:
    for reader in (*READERS, strip):
        with pytest.raises(UnreadableFileError) as caught:
            reader(tmp_path / name)
        assert "\0" not in str(caught.value)
    assert verify_file(tmp_path / name).exit_code == ExitCode.UNREADABLE
