"""Pictures on disk: what is written reads back, nothing else changes, and a file is there whole or not at all."""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from latentpng.errors import InvalidValueError, NoLatentError, UnwritableFileError
from latentpng.noise.replay import digest
from latentpng.png.atomic import TEMPORARY_PREFIX, write_atomically
from latentpng.png.chunks import SIGNATURE, build
from latentpng.png.files import embed_record, pixel_digest, read_picture, read_record, strip, stripped, write_picture
from latentpng.png.pixels import encode_pixels
from latentpng.png.twin import TWIN
from latentpng.record import LatentRecord, Round
from latentpng.reports.show import inspect_file, lines
from latentpng.reports.verify import verify_file
from tests.support.latentpng import independent
from tests.support.latentpng.pictures import RGB, SIDE, altered, records, seeded_record, tensor_record

STEP = Round(seed=3, scale=0.5, of=4, marks=(2,))


def kinds(path: Path) -> list[bytes]:
    """The types of a PNG's chunks."""
    return [kind for kind, _ in independent.png_chunks(path.read_bytes())]


def texts(path: Path) -> dict[bytes, bytes]:
    """Keyword and the rest of each text chunk."""
    found = [
        data.partition(b"\0") for kind, data in independent.png_chunks(path.read_bytes()) if kind in (b"tEXt", b"iTXt")
    ]
    return {keyword: rest for keyword, _, rest in found}


def with_chunk(path: Path, kind: bytes, data: bytes) -> None:
    """Put a chunk behind IHDR."""
    png = path.read_bytes()
    path.write_bytes(png[:33] + build(kind, data) + png[33:])


@given(records())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_written_picture_reads_back(tmp_path: Path, record: LatentRecord) -> None:
    path = tmp_path / "a.png"
    write_picture(path, SIDE, SIDE, RGB, record)
    again = read_record(path)
    assert (again.lineage, again.settings, again.extra) == (record.lineage, record.settings, record.extra)
    assert digest(again.tensor) == digest(record.tensor)
    assert again.pixels == pixel_digest(RGB)
    assert read_picture(path) == (SIDE, SIDE, RGB)
    assert verify_file(path).problem == ""
    before = path.read_bytes()
    embed_record(path, again)
    assert path.read_bytes() == before
    assert strip(path)
    assert path.read_bytes() == encode_pixels(SIDE, SIDE, RGB)


def test_our_chunks_stand_directly_before_the_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_picture(path, SIDE, SIDE, RGB, seeded_record((STEP,)))
    assert kinds(path) == [b"IHDR", b"tEXt", b"tEXt", b"laTn", b"IDAT", b"IEND"]
    assert texts(path)[b"parameters"] == b"a cat\nSteps: 4, Seed: 7, Variations: 1, Version: latentpng 1"


def test_the_twin_alone_rebuilds_the_noise(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    record = seeded_record((STEP,))
    write_picture(path, SIDE, SIDE, RGB, record)
    parts = [(kind, data) for kind, data in independent.png_chunks(path.read_bytes()) if kind != b"laTn"]
    path.write_bytes(SIGNATURE + b"".join(build(kind, data) for kind, data in parts))
    again = read_record(path)
    assert (again.lineage, again.node, digest(again.tensor)) == (record.lineage, record.node, digest(record.tensor))
    assert verify_file(path).line == (
        f"{path}: good (noise of 2 x 8 x 8, rebuilt from the text, lineage of 1 round, pixels)"
    )
    length = len(dict(independent.png_chunks(path.read_bytes()))[b"tEXt"])
    assert (
        lines(inspect_file(path))[0]
        == f"carrier          twin: noise not stored, rebuilt from the lineage; version 1.0, {length} bytes"
    )


def test_the_twin_of_a_tensor_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_picture(path, SIDE, SIDE, RGB, tensor_record())
    parts = [(kind, data) for kind, data in independent.png_chunks(path.read_bytes()) if kind != b"laTn"]
    path.write_bytes(SIGNATURE + b"".join(build(kind, data) for kind, data in parts))
    with pytest.raises(NoLatentError) as caught:
        read_record(path)
    assert str(caught.value) == (
        f"{path}: latent text at byte 33: the laTn chunk that stored its noise is missing, and no seed can rebuild it"
    )


def test_strip_leaves_everything_else(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    png = encode_pixels(SIDE, SIDE, RGB)
    foreign = build(b"tEXt", b"parameters\0a dog\nSteps: 3, Version: v1.9") + build(b"zTXt", b"Comment\0\0x")
    plain = png[:33] + foreign + png[33:] + b"trailing"
    path.write_bytes(plain)
    embed_record(path, seeded_record())
    assert kinds_of(path.read_bytes()[:-8]) == [b"IHDR", b"tEXt", b"zTXt", b"tEXt", b"laTn", b"IDAT", b"IEND"]
    assert strip(path)
    assert path.read_bytes() == plain
    assert not strip(path)


def kinds_of(data: bytes) -> list[bytes]:
    """The types of the chunks in these bytes."""
    return [kind for kind, _ in independent.png_chunks(data)]


def test_strip_finds_what_other_tools_made_of_our_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    png = encode_pixels(SIDE, SIDE, RGB)
    path.write_bytes(png)
    with_chunk(path, b"iTXt", TWIN.encode() + b"\0\0\0\0\0{}")
    with_chunk(path, b"iTXt", "parameters\0\0\0\0\0日\nVersion: latentpng 1".encode())
    with_chunk(path, b"laTn", b"broken")
    copy = tmp_path / "b.png"
    assert strip(path, copy)
    assert copy.read_bytes() == png != path.read_bytes()
    assert not strip(copy, tmp_path / "c.png")
    assert (tmp_path / "c.png").read_bytes() == png


def test_a_prompt_beyond_latin_1_goes_into_itxt(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    record = seeded_record()
    lunar = altered(record, settings={"prompt": "月\0"}, software={})
    write_picture(path, SIDE, SIDE, RGB, lunar)
    assert kinds(path)[1] == b"iTXt"
    assert texts(path)[b"parameters"] == b"\0\0\0\0" + "月\nSeed: 7, Version: latentpng 1".encode()
    assert read_record(path).settings["prompt"] == "月\0"


def test_the_warning_about_a_signature_comes_before_the_file_changes_and_only_then(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    seen: list[bytes] = []

    def warn() -> None:
        seen.append(path.read_bytes())

    path.write_bytes(encode_pixels(SIDE, SIDE, RGB))
    embed_record(path, seeded_record(), warn=warn)
    strip(path, warn=warn)
    with_chunk(path, b"caBX", b"manifest")
    strip(path, warn=warn)
    assert seen == []
    signed = path.read_bytes()
    embed_record(path, seeded_record(), warn=warn)
    embedded = path.read_bytes()
    assert stripped(path, warn) == (signed, True)
    strip(path, warn=warn)
    assert seen == [signed, embedded, embedded]
    assert path.read_bytes() == signed


def test_nothing_is_left_behind_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnwritableFileError) as caught:
        write_picture(path, SIDE, SIDE, RGB, seeded_record())
    assert str(caught.value) == f"{path}: it cannot be written (No space left on device)"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]
    assert path.read_bytes() == b"old"


def test_the_file_is_new_until_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append([entry.name for entry in tmp_path.iterdir()]))
    write_atomically(tmp_path / "a.png", (b"x",))
    names, _ = seen  # the folder is flushed too
    assert len(names) == 1
    assert names[0].startswith(TEMPORARY_PREFIX)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_permissions_and_links_survive_a_rewrite(tmp_path: Path) -> None:
    path, link = tmp_path / "a.png", tmp_path / "link.png"
    write_picture(path, SIDE, SIDE, RGB, seeded_record())
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~_umask()
    path.chmod(0o640)
    link.symlink_to(path)
    assert strip(link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_private_picture_is_private_while_it_is_rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    path.chmod(0o600)
    modes: list[int] = []

    def parts() -> Iterator[bytes]:
        modes.extend(stat.S_IMODE(entry.stat().st_mode) for entry in tmp_path.iterdir())
        yield b"new"

    monkeypatch.setattr(os, "fsync", lambda _: None)
    write_atomically(path, parts())
    assert modes == [0o600, 0o600]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no" / "a.png"
    with pytest.raises(UnwritableFileError) as caught:
        write_picture(path, SIDE, SIDE, RGB, seeded_record())
    assert str(caught.value) == f"{path}: it cannot be written (No such file or directory)"


def test_an_invalid_file_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnwritableFileError) as caught:
        write_picture(tmp_path / "a\0.png", SIDE, SIDE, RGB, seeded_record())
    assert str(caught.value) == f"{tmp_path}/a.png: this is not a valid file name"


def test_pixels_that_are_no_picture_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError) as caught:
        write_picture(tmp_path / "a.png", 3, 3, RGB, seeded_record())
    assert str(caught.value) == "1 to 67108864 pixels of 3 bytes needed, found 3 x 3 in 192 bytes"


@pytest.mark.parametrize(
    ("depth", "colour", "row", "expected"),
    [
        (8, 0, b"\x00\x80", [0, 0, 0, 128, 128, 128]),
        (1, 0, b"\x40", [0, 0, 0, 255, 255, 255]),
        (2, 0, b"\x60", [85, 85, 85, 170, 170, 170]),
        (16, 0, b"\x80\xff\x01\x02", [128, 128, 128, 1, 1, 1]),
        (8, 4, b"\x10\x00\x20\xff", [16, 16, 16, 32, 32, 32]),
        (8, 6, b"\x01\x02\x03\x00\x04\x05\x06\xff", [1, 2, 3, 4, 5, 6]),
        (16, 2, b"\x01\xff\x02\xff\x03\xff\x04\x00\x05\x00\x06\x00", [1, 2, 3, 4, 5, 6]),
        (8, 3, b"\x01\x00", [4, 5, 6, 1, 2, 3]),
    ],
)
def test_every_kind_of_pixel_becomes_rgb_as_the_specification_says(
    tmp_path: Path, depth: int, colour: int, row: bytes, expected: list[int]
) -> None:
    path = tmp_path / "a.png"
    header = struct.pack(">IIBBBBB", 2, 1, depth, colour, 0, 0, 0)
    palette = build(b"PLTE", bytes(range(1, 7))) if colour == 3 else b""
    pixels = build(b"IDAT", zlib.compress(b"\0" + row))
    path.write_bytes(SIGNATURE + build(b"IHDR", header) + palette + pixels + build(b"IEND", b""))
    width, height, rgb = read_picture(path)
    assert (width, height, list(rgb)) == (2, 1, expected)
