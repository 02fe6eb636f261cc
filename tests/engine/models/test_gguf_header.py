"""The header of GGUF files: written here by the format's description; hostile files give our own error only."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ModelError
from engine.models.fingerprints import fingerprint
from engine.models.gguf_header import BLOCKS, GgufError, read_gguf_header
from engine.models.weights import read_weights

_VALUES = 4096


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def header(version: int = 3, tensors: int = 2) -> bytes:
    """A header with properties of each kind, and two tensors: "a" of 2 x 3 and "b" of 4, as torch counts axes."""
    pairs = (
        text("general.architecture") + struct.pack("<I", 8) + text("flux"),
        text("number") + struct.pack("<II", 4, 7),
        text("flag") + struct.pack("<I?", 7, True),
        text("list") + struct.pack("<IIQ3I", 9, 4, 3, 1, 2, 3),
        text("words") + struct.pack("<IIQ", 9, 8, 2) + text("x") + text("y"),
    )
    first = text("a") + struct.pack("<IQQIQ", 2, 3, 2, 0, 0)
    second = text("b") + struct.pack("<IQIQ", 1, 4, 0, 32)
    return b"GGUF" + struct.pack("<IQQ", version, tensors, len(pairs)) + b"".join(pairs) + first + second


def test_names_and_shapes_are_read_with_the_axes_of_torch(tmp_path: Path) -> None:
    file = tmp_path / "x.gguf"
    file.write_bytes(header() + bytes(_VALUES))
    read = read_gguf_header(file)
    assert read.tensors == {"a": (2, 3), "b": (4,)}
    assert read.size == len(header())
    assert read_weights(file).parameter_count == 10


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it does not begin like a GGUF file"),
        (b"PK\3\4" + bytes(99), "it does not begin like a GGUF file"),
        (header(version=1) + bytes(_VALUES), "it has version 1 of the format"),
        (header(tensors=3) + b"\xff" * _VALUES, "a text has 18446744073709551615 bytes"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 40, 1), "it counts 1099511627776 tensors and 1 properties"),
        (header(), "it is cut short"),
        (
            header()[:-12] + struct.pack("<IQ", 99, 32) + bytes(64),
            "a tensor is quantised as type 99, which is not known",
        ),
        (header()[:-12] + struct.pack("<IQ", 2, 32) + bytes(64), "a tensor has the shape (4,)"),
        (header()[:-20] + struct.pack("<QIQ", 0, 0, 32) + bytes(64), "a tensor has the shape (0,)"),
        (header()[:-20] + struct.pack("<QIQ", 1 << 60, 0, 32) + bytes(64), "it is cut short"),
        (header().replace(text("b"), text("a")) + bytes(64), "two tensors have one name"),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("l") + struct.pack("<IIQ", 9, 7, 3 << 20) + bytes(3 << 20),
            "a list has 3145728 values",
        ),
        (
            b"GGUF"
            + struct.pack("<IQQ", 3, 0, 2)
            + 2 * (text("l") + struct.pack("<IIQ", 9, 7, 1 << 20) + bytes(1 << 20)),
            "its properties are too many",
        ),
        (header()[:-3], "it is cut short"),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, data: bytes, why: str) -> None:
    file = tmp_path / "x.gguf"
    file.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        read_weights(file)
    assert str(caught.value) == f"x.gguf is damaged or is not a GGUF file ({why}): download it again"


@settings(max_examples=200, deadline=None)
@given(
    cut=st.integers(0, len(header())),
    changes=st.lists(st.tuples(st.integers(4, len(header()) - 1), st.integers(0, 255)), max_size=4),
)
def test_hostile_headers_give_our_own_error(
    tmp_path_factory: pytest.TempPathFactory, cut: int, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(header() + bytes(64))
    for place, value in changes:
        data[place] = value
    file = tmp_path_factory.getbasetemp() / "hostile.gguf"
    file.write_bytes(data[: len(data) - cut])
    with contextlib.suppress(GgufError):
        assert read_gguf_header(file).size <= len(data)


def test_a_large_gguf_file_is_fingerprinted_by_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.gguf"
    file.write_bytes(header() + bytes(1_000_000))
    before = fingerprint(file)
    with file.open("r+b") as stream:
        stream.seek(len(header()))
        stream.write(b"\1")
    assert fingerprint(file) != before
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("the whole file is read"))
    assert fingerprint(file) != before


def test_blocks_are_those_of_the_library() -> None:
    gguf = pytest.importorskip("gguf", reason="the extra warmer[gguf] is not installed")
    known = {int(kind): sizes for kind, sizes in gguf.GGML_QUANT_SIZES.items()}
    assert BLOCKS.items() <= known.items()
