"""Records as bytes: what is written reads back, in exactly this layout, and nothing else is accepted."""

from __future__ import annotations

import dataclasses
import json
import math
import struct
import zlib

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from latentpng.chunk.codec import Codec, decode_record, encode_record
from latentpng.chunk.header import decode_front
from latentpng.chunk.metadata import metadata_to_json
from latentpng.chunk.strict_json import write_json
from latentpng.errors import (
    DamagedLatentError,
    InvalidValueError,
    LatentPngError,
    NewerVersionError,
    ReplayDiffersError,
)
from latentpng.noise.replay import digest, record_of, replay
from latentpng.record import LatentRecord, Lineage, Round, SeedRoot, TensorRoot
from tests.support.latentpng.files import PLACE, changed, large_chunk, repaired, with_metadata, with_payload
from tests.support.latentpng.pictures import altered, chunk_data, records, seeded_record, tensor_record


@given(records(), st.sampled_from(Codec))
@settings(max_examples=80, deadline=None)
def test_what_is_written_reads_back(record: LatentRecord, codec: Codec) -> None:
    if codec == Codec.RECIPE and not isinstance(record.lineage.root, SeedRoot):
        codec = Codec.SPLIT
    data = encode_record(record, codec)
    again = decode_record(data, PLACE)
    assert again == record
    assert digest(again.tensor) == digest(record.tensor)
    assert not again.tensor.flags.writeable
    assert encode_record(again, codec) == data


def test_a_file_has_exactly_these_bytes() -> None:
    lineage = Lineage(root=SeedRoot(seed=42))
    record = record_of(lineage, replay(lineage, (4,), "L"), axes="L", settings={"prompt": "é"})
    metadata = (
        b'{"base":0,"node":"65d6f1f8b5b1d92eb0f5b5a5b9e42a6e","noise":"gauss1","root":{"seed":"42"},"rounds":[],'
        b'"settings":{"prompt":"\\u00e9"}}'
    ).replace(b"65d6f1f8b5b1d92eb0f5b5a5b9e42a6e", record.node.encode())
    header = (
        b"LPNG" b"\x01\x00" b"\x00\x00"
        + len(metadata).to_bytes(4, "little") + b"\x08\x00\x00\x00"
        + b"\x01\x01\x01\x00" b"\x04\x00\x00\x00" + bytes(12)
        + bytes.fromhex(record.node)
    )  # fmt: skip
    payload = bytes.fromhex("64b8963aca377840")
    crc = zlib.crc32(header + metadata).to_bytes(4, "little")
    assert encode_record(record, Codec.RAW) == header + crc + metadata + payload


def test_a_short_split_falls_back_to_raw() -> None:
    data = encode_record(seeded_record(shape=(1, 1, 2)))
    assert decode_front(data, len(data), PLACE).codec == Codec.RAW


def test_noise_costs_less_than_one_percent_above_its_entropy() -> None:
    lineage = Lineage(root=SeedRoot(seed=1))
    record = record_of(lineage, replay(lineage, (4, 64, 64), "CHW"), axes="CHW")
    assert len(encode_record(record)) < 1.02 * 27574


def test_unknown_keys_survive_a_rewrite() -> None:
    entries = metadata_to_json(seeded_record((Round(seed=3, scale=0.5),)).metadata)
    root, steps = entries["root"], entries["rounds"]
    assert isinstance(root, dict)
    assert isinstance(steps, list)
    root["new"] = [1]
    steps[0]["new"] = {"a": None}
    entries["new"] = 1.5
    data = encode_record(seeded_record((Round(seed=3, scale=0.5),)))
    record = decode_record(with_metadata(data, write_json(entries)), PLACE)
    assert metadata_to_json(record.metadata) == entries


HEADER_RULES = [
    (0, b"X", DamagedLatentError, "the magic bytes b'LPNG' needed, found b'XPNG'"),
    (4, b"\0", DamagedLatentError, "major version 1 needed, found 0"),
    (4, b"\2", NewerVersionError, "only version 1 is supported, found 2"),
    (6, b"\2", NewerVersionError, "only the critical flag 0x01 is supported, found 0x02"),
    (6, b"\3", NewerVersionError, "only the critical flag 0x01 is supported, found 0x03"),
    (6, b"\1", DamagedLatentError, "the flag 0x01 needs more than 2097152 elements, found dimensions [2, 8, 8]"),
    (16, b"\3", NewerVersionError, "only codecs 0 to 2 are supported, found 3"),
    (17, b"\2", NewerVersionError, "only dtype 1 is supported, found 2"),
    (18, b"\0", DamagedLatentError, "1 to 4 dimensions and zeros behind them needed, found 0: [2, 8, 8, 0]"),
    (18, b"\5", DamagedLatentError, "1 to 4 dimensions and zeros behind them needed, found 5: [2, 8, 8, 0]"),
    (19, b"\1", DamagedLatentError, "byte 19 is 0, found 1"),
    (20, b"\0", DamagedLatentError, "1 to 2097152 elements needed, found dimensions [0, 8, 8]"),
    (20, b"\xff\xff\xff\xff", DamagedLatentError, "1 to 2097152 elements needed, found dimensions [4294967295, 8, 8]"),
    (32, b"\1", DamagedLatentError, "1 to 4 dimensions and zeros behind them needed, found 3: [2, 8, 8, 1]"),
    (8, b"\xff\xff\xff\xff", DamagedLatentError, "metadata has at most 262144 bytes, found 4294967295"),
]


@pytest.mark.parametrize(("offset", "new", "error", "message"), HEADER_RULES)
def test_a_header_that_breaks_a_rule_is_named(
    offset: int, new: bytes, error: type[LatentPngError], message: str
) -> None:
    with pytest.raises(error) as caught:
        decode_record(changed(chunk_data(), offset, new), PLACE)
    assert str(caught.value) == f"{PLACE}: {message}"
    assert type(caught.value) is error


def test_dimensions_are_checked_even_if_the_noise_is_newer() -> None:
    data = changed(with_metadata(chunk_data(), b'{"noise":"gauss9"}'), 20, b"\0")
    with pytest.raises(DamagedLatentError, match=r"1 to 2097152 elements needed, found dimensions \[0, 8, 8\]$"):
        decode_record(data, PLACE)


@pytest.mark.parametrize("offset", [5, 7])
def test_a_newer_minor_and_ignorable_flags_are_read(offset: int) -> None:
    assert decode_record(changed(chunk_data(), offset, b"\x7f"), PLACE) == decode_record(chunk_data(), PLACE)


def test_gaps_and_trailing_bytes_are_refused() -> None:
    data = chunk_data()
    with pytest.raises(DamagedLatentError) as caught:
        decode_record(data + b"\0", PLACE)
    assert str(caught.value) == f"{PLACE}: its header describes {len(data)} bytes, found {len(data) + 1}"


def test_the_checksum_is_checked() -> None:
    data = bytearray(chunk_data())
    data[80] ^= 1
    with pytest.raises(DamagedLatentError) as caught:
        decode_record(bytes(data), PLACE)
    assert str(caught.value) == f"{PLACE}: the checksum of header and metadata does not match"


@pytest.mark.parametrize("codec", [Codec.RAW, Codec.SPLIT])
def test_every_flipped_bit_of_the_payload_is_noticed_or_harmless(codec: Codec) -> None:
    data = chunk_data(codec)
    (length,) = struct.unpack_from("<I", data, 8)
    for offset in range(72 + length, len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[offset] ^= 1 << bit
            try:
                noise = decode_record(bytes(flipped), PLACE).tensor
            except DamagedLatentError:
                continue
            assert codec == Codec.SPLIT  # a zstd frame has bits without meaning
            assert digest(noise) == digest(decode_record(data, PLACE).tensor)


@pytest.mark.parametrize("codec", Codec)
def test_every_truncation_is_refused_even_with_lengths_that_fit(codec: Codec) -> None:
    data = chunk_data(codec)
    (length,) = struct.unpack_from("<I", data, 8)
    for end in range(len(data)):
        with pytest.raises(DamagedLatentError):
            decode_record(data[:end], PLACE)
    for end in range(72 + length, len(data)):
        shorter = changed(data[:end], 12, struct.pack("<I", end - 72 - length))
        with pytest.raises(DamagedLatentError):
            decode_record(shorter, PLACE)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_flipped_front_bytes_with_a_right_checksum_give_only_our_errors(data: st.DataObject) -> None:
    chunk = bytearray(chunk_data())
    (length,) = struct.unpack_from("<I", chunk, 8)
    for _ in range(data.draw(st.integers(1, 3))):
        chunk[data.draw(st.integers(0, 71 + length))] = data.draw(st.integers(0, 255))
    (length,) = struct.unpack_from("<I", chunk, 8)
    message = problem_of(repaired(bytes(chunk)) if length < len(chunk) else bytes(chunk))
    assert message == "" or (message.startswith(PLACE) and "\n" not in message)


def problem_of(data: bytes) -> str:
    """Return the message that a bad chunk ends in, "" for a good one."""
    try:
        decode_record(data, PLACE)
    except LatentPngError as error:
        return str(error)
    return ""


@given(st.binary(max_size=300))
def test_any_bytes_give_only_our_errors(data: bytes) -> None:
    for start in (b"", b"LPNG\1\0"):
        with pytest.raises(LatentPngError):
            decode_record(start + data, PLACE)


def test_a_frame_that_claims_a_gigabyte_costs_nothing() -> None:
    bomb = b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 2**30) + b"\x4b\0\0" * 10
    with pytest.raises(DamagedLatentError) as caught:
        decode_record(with_payload(bomb + bytes(128)), PLACE)
    assert str(caught.value) == f"{PLACE}: a zstd frame of 128 bytes needed, found one that declares 1073741824"


def test_a_frame_without_a_size_or_with_a_second_one_is_refused() -> None:
    nameless = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(128))
    twice = zstandard.ZstdCompressor().compress(bytes(128)) * 2
    for frame in (nameless, twice, b"", b"\x50\x2a\x4d\x18\0\0\0\0"):
        with pytest.raises(DamagedLatentError):
            decode_record(with_payload(frame + bytes(128)), PLACE)


def test_noise_that_is_not_finite_is_refused_both_ways() -> None:
    tensor = np.full((2, 2), np.nan, np.float16)
    record = tensor_record()
    lineage = dataclasses.replace(record.lineage, rounds=())
    bad = record_of(lineage, tensor, axes="LC", root_tensor=tensor)
    with pytest.raises(InvalidValueError, match=r"^finite noise needed, found infinity or NaN$"):
        encode_record(bad)
    zeros = np.zeros_like(tensor)
    data = encode_record(record_of(lineage, zeros, axes="LC", root_tensor=zeros), Codec.RAW)[:-8] + tensor.tobytes()
    with pytest.raises(DamagedLatentError, match=r"finite noise needed, found infinity or NaN$"):
        decode_record(repaired(data, digest_hex=digest(tensor)), PLACE)


def test_a_recipe_that_leads_to_other_noise_is_refused() -> None:
    data = changed(chunk_data(Codec.RECIPE), 36, bytes(32))
    node = seeded_record((Round(seed=3, scale=0.5, of=4, marks=(2,)),)).node
    with pytest.raises(ReplayDiffersError) as caught:
        decode_record(data, PLACE)
    assert str(caught.value) == f"{PLACE}: its lineage must lead to noise with SHA-256 {'0' * 64}, found {node}"


def test_writers_refuse_what_readers_would() -> None:
    record = seeded_record()
    with pytest.raises(InvalidValueError, match=r"^a recipe needs a seeded root"):
        encode_record(tensor_record(), Codec.RECIPE)
    with pytest.raises(InvalidValueError, match=r"^node is the SHA-256 of the stored noise"):
        encode_record(altered(record, node="0" * 64))
    with pytest.raises(InvalidValueError, match=r"^metadata has at most 262144 bytes, found \d+$"):
        encode_record(altered(record, settings={"prompt": "x" * 2**18}))
    for key in ("dims", "root", "file"):
        with pytest.raises(InvalidValueError, match=rf"^extra may not have keys of the format, found '{key}'$"):
            encode_record(altered(record, extra={key: 1}))
    for value in (math.nan, math.inf, "\ud800", object(), b"x"):
        with pytest.raises(InvalidValueError):
            encode_record(altered(record, settings={"value": value}))


def test_the_largest_noise_fits() -> None:
    lineage = Lineage(root=SeedRoot(seed=1))
    record = record_of(lineage, replay(lineage, (2**21,), "L"), axes="L")
    data = encode_record(record)
    assert len(data) < 4 * 2**20
    assert digest(decode_record(data, PLACE).tensor) == record.node
    with pytest.raises(InvalidValueError, match=r"^a latent chunk has at most 4194304 bytes, found 419"):
        encode_record(record, Codec.RAW)


def test_large_noise_is_a_recipe_that_older_readers_know_to_be_newer() -> None:
    lineage = Lineage(root=SeedRoot(seed=3))
    noise = replay(lineage, (3, 1024, 1024), "CHW")
    data = encode_record(record_of(lineage, noise, axes="CHW"))
    assert (data[5], data[6], data[16]) == (2, 1, Codec.RECIPE)
    assert len(data) < 1024
    assert np.array_equal(decode_record(data, PLACE).tensor, noise)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({6: b"\0"}, "1 to 2097152 elements needed, found dimensions [8, 1024, 1024]"),
        ({16: b"\2"}, "more than 2097152 elements are a recipe, found codec 2"),
        ({20: b"\x09"}, "1 to 8388608 elements needed, found dimensions [9, 1024, 1024]"),
    ],
)
def test_large_noise_that_breaks_a_rule_is_named(changes: dict[int, bytes], message: str) -> None:
    data = large_chunk()
    for offset, new in changes.items():
        data = changed(data, offset, new)
    with pytest.raises(DamagedLatentError) as caught:
        decode_record(data, PLACE)
    assert str(caught.value) == f"{PLACE}: {message}"


def test_large_noise_needs_a_seeded_root() -> None:
    entries = json.loads(large_chunk()[72:])
    entries |= {"base": 0, "root": {"tensor": True}}
    with pytest.raises(DamagedLatentError) as caught:
        decode_record(with_metadata(large_chunk(), json.dumps(entries).encode()), PLACE)
    message = "noise of more than 2097152 values needs a seeded root, found a tensor root"
    assert str(caught.value) == f"{PLACE}: {message}"
    noise = replay(Lineage(root=SeedRoot(seed=3)), (3, 1024, 1024), "CHW")
    with pytest.raises(InvalidValueError, match=r"^1 to 2097152 elements needed, found dimensions \[3, 1024, 1024\]$"):
        record_of(Lineage(root=TensorRoot()), noise, axes="CHW", root_tensor=noise)
