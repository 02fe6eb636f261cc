"""Headers of safetensors files: ours takes nothing that the library refuses, and says what is wrong in one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random
from typing import Any

import pytest
from safetensors import SafetensorError, safe_open

from engine.errors import ModelError
from engine.models.safetensors_header import HeaderError, read_safetensors_header
from engine.models.weights import read_weights
from tests.campaigns.models.header_changes import change_header, write

TENSOR: dict[str, Any] = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
DATA = bytes(8)
AGAIN = ": download it again"
SHAPE = "the shape of a tensor is no list of at most 8 sizes"
OFFSETS = "the data_offsets of a tensor are not two positions in the file"


def sentence_of(file: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read_weights(file)
    return str(caught.value)


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ({"a": []}, "a tensor is not described by its dtype, shape and data_offsets"),
        ({"a": {"dtype": "F32", "shape": [2]}}, "a tensor is not described by its dtype, shape and data_offsets"),
        ({"a": {**TENSOR, "dtype": "F31"}}, "the dtype of a tensor is not known"),
        ({"a": {**TENSOR, "dtype": ["F32"]}}, "the dtype of a tensor is not known"),
        ({"a": {**TENSOR, "shape": [2.0]}}, SHAPE),
        ({"a": {**TENSOR, "shape": [True, 2]}}, SHAPE),
        ({"a": {**TENSOR, "shape": [1] * 9}}, SHAPE),
        ({"a": {**TENSOR, "shape": [-2]}}, SHAPE),
        ({"a": {**TENSOR, "shape": [2**62, 2**62]}}, SHAPE),
        ({"a": {**TENSOR, "shape": [3]}}, "the data_offsets of a tensor do not fit its shape"),
        (
            {"a": {**TENSOR, "data_offsets": ["0", "8"]}},
            "the data_offsets of a tensor are not two positions in the file",
        ),
        ({"a": {**TENSOR, "data_offsets": [-8, 0]}}, OFFSETS),
        ({"a": {**TENSOR, "data_offsets": [0]}}, OFFSETS),
        ({"a": {**TENSOR, "data_offsets": [8, 0]}}, "the data_offsets of a tensor do not fit its shape"),
        ({"a": TENSOR, "b": TENSOR}, "tensors overlap, or there are bytes between them"),
        ({"a": {**TENSOR, "data_offsets": [8, 16]}}, "tensors overlap, or there are bytes between them"),
        ({"a": TENSOR, "__metadata__": {"x": 1}}, "its metadata are no texts"),
        ({"a": TENSOR, "__metadata__": []}, "its metadata are no texts"),
        ({"\n": TENSOR}, "the name of a tensor has control characters, or is longer than 512 characters"),
        ({"a" * 513: TENSOR}, "the name of a tensor has control characters, or is longer than 512 characters"),
    ],
)
def test_a_header_that_breaks_a_rule_is_refused_by_the_rule(tmp_path: Path, header: Any, rule: str) -> None:
    file = tmp_path / "mix.safetensors"
    write(file, header, DATA)
    assert sentence_of(file) == f"mix.safetensors cannot be used, because {rule}{AGAIN}"


@pytest.mark.parametrize(
    "text", [b"[]", b"{ ", b"null", b'{"a":1,"a":2}', b"[" * 100_000, b"\xff\xff", b'{"a":' + b"9" * 5000]
)
def test_what_is_no_object_is_no_safetensors_file(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "mix.safetensors"
    write(file, text, DATA)
    assert sentence_of(file) == "mix.safetensors is not a safetensors file, whatever its name says"


def test_a_header_of_many_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mix.safetensors"
    file.write_bytes((90_000_000).to_bytes(8, "little") + b"{}")
    os.truncate(file, 100_000_000)
    rule = "its header of 90,000,000 bytes is larger than 16,777,216"
    assert sentence_of(file) == f"mix.safetensors cannot be used, because {rule}{AGAIN}"


def test_the_number_of_tensors_is_bounded(tmp_path: Path) -> None:
    file = tmp_path / "mix.safetensors"
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    write(file, {str(number): empty for number in range(2**16 + 1)}, b"")
    rule = "it has 65,537 tensors, more than 65,536"
    assert sentence_of(file) == f"mix.safetensors cannot be used, because {rule}{AGAIN}"


@pytest.mark.parametrize("where", ["pipe", "device"])
def test_only_regular_files_are_opened(tmp_path: Path, where: str) -> None:
    file = tmp_path / "mix.safetensors"
    if where == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/zero")
    assert sentence_of(file) == "mix.safetensors cannot be read: it is a folder, a pipe or a device"


def test_the_library_knows_every_dtype_and_its_size(tmp_path: Path) -> None:
    from engine.models import safetensors_header

    file = tmp_path / "mix.safetensors"
    for dtype, bits in safetensors_header._BITS.items():
        write(file, {"a": {"dtype": dtype, "shape": [8], "data_offsets": [0, bits]}}, bytes(bits))
        assert read_safetensors_header(file).tensors == {"a": (8,)}
        with safe_open(file, framework="np") as opened:
            assert list(opened.keys()) == ["a"]


def test_what_passes_here_passes_in_the_library_with_the_same_shapes(tmp_path: Path) -> None:
    good, file = tmp_path / "good.safetensors", tmp_path / "mix.safetensors"
    other = {"dtype": "F16", "shape": [1, 3, 2], "data_offsets": [8, 20]}
    passed = 0
    for seed in range(400):
        write(good, {"__metadata__": {"format": "pt"}, "a": TENSOR, "b": other}, bytes(20))
        file.write_bytes(good.read_bytes())
        draw = Random(seed)
        if draw.random() < 0.5:
            data = bytearray(file.read_bytes())
            data[draw.randrange(len(data))] = draw.randrange(256)
            file.write_bytes(data)
        else:
            change_header(file, draw)
        try:
            ours = read_safetensors_header(file)
        except HeaderError:
            continue
        passed += 1
        with safe_open(file, framework="np") as opened:  # it may not raise SafetensorError
            assert {name: tuple(opened.get_slice(name).get_shape()) for name in list(opened.keys())} == ours.tensors
            assert (opened.metadata() or {}) == ours.metadata
    assert passed > 20


def test_a_repeated_name_is_refused_although_the_library_takes_one_of_both(tmp_path: Path) -> None:
    file = tmp_path / "mix.safetensors"
    entry = json.dumps(TENSOR)
    write(file, f'{{"a":{entry},"a":{entry}}}'.encode(), DATA)
    try:
        with safe_open(file, framework="np") as opened:
            assert list(opened.keys()) == ["a"]
    except SafetensorError:
        pass  # a later version may refuse it too
    with pytest.raises(HeaderError):
        read_safetensors_header(file)
