"""Hostile changes of a safetensors file: its header, its length, or its end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random
from typing import Any

from tests.campaigns.models.json_changes import NUMBERS, OTHERS, TEXTS

_SIZES = (0, 1, 7, 2**20, 2**31, 2**40, 2**62, -1)


def change_header(file: Path, draw: Random) -> str:
    """Damage a safetensors file, and return how in a few words."""
    data = file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header, tensors = json.loads(data[8 : 8 + length]), data[8 + length :]
    change = draw.choice(
        (_entry, _entry, _shape, _offsets, _dtype, _more, _metadata, _name, _length, _cut, _large, _other)
    )
    return f"{file.name}: {change(file, header, tensors, draw)}"


def write(file: Path, header: Any, tensors: bytes) -> None:
    """Write a file with a header that may be anything."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode("utf-8", "surrogatepass")
    file.write_bytes(len(text).to_bytes(8, "little") + text + tensors)


def _some(header: Any, draw: Random) -> tuple[str, Any]:
    name = draw.choice([key for key in header if key != "__metadata__"])
    return name, header[name]


def _entry(file: Path, header: Any, tensors: bytes, draw: Random) -> str:
    name, entry = _some(header, draw)
    key = draw.choice(("dtype", "shape", "data_offsets"))
    if draw.random() < 0.3:
        del entry[key]
    else:
        entry[key] = draw.choice((*OTHERS, *NUMBERS, *TEXTS))
    if draw.random() < 0.2:
        header[name] = draw.choice((*OTHERS, *NUMBERS))
    write(file, header, tensors)
    return f"{key} of {name}"


def _shape(file: Path, header: Any, tensors: bytes, draw: Random) -> str:
    """Change a shape so that the number of bytes stays right, or does not."""
    name, entry = _some(header, draw)
    shape = entry["shape"]
    entry["shape"] = draw.choice(
        (shape[::-1], [1, *shape], [*shape, 1], [1] * 40 + shape, [*shape, draw.choice(_SIZES)], [2**32, 2**32, *shape])
    )
    write(file, header, tensors)
    return f"shape of {name}"


def _offsets(file: Path, header: Any, tensors: bytes, draw: Random) -> str:
    name, entry = _some(header, draw)
    begin, end = entry["data_offsets"]
    other = _some(header, draw)[1]["data_offsets"]
    entry["data_offsets"] = draw.choice(
        ([end, begin], [begin + 1, end + 1], [-begin - 1, end], [begin, 2**63], other, [str(begin), str(end)], [begin])
    )
    write(file, header, tensors)
    return f"data_offsets of {name}"


def _dtype(file: Path, header: Any, tensors: bytes, draw: Random) -> str:
    name, entry = _some(header, draw)
    entry["dtype"] = draw.choice(
        ("F64", "F16", "BF16", "BOOL", "U8", "I64", "F4", "F8_E4M3", "C64", "X", "f32", "F32 ")
    )
    write(file, header, tensors)
    return f"dtype of {name}"


def _more(file: Path, header: Any, tensors: bytes, draw: Random) -> str:
    """Add tensors without values, which cost nothing but their names."""
    count, end = draw.choice((1, 1000, 30_000, 100_000)), len(tensors)
    entry = {"dtype": "F32", "shape": [0, draw.choice(_SIZES[:-1])], "data_offsets": [end, end]}
    header |= {f"{draw.choice(('', 'unet.', 'lora_unet_'))}more.{number}.weight": entry for number in range(count)}
    write(file, header, tensors)
    return f"{count} more tensors"


def _metadata(file: Path, header: Any, tensors: bytes, draw: Random) -> str:
    header["__metadata__"] = draw.choice(
        (
            *OTHERS,
            {"format": 1},
            {"format": draw.choice(TEXTS)},
            {"x": "y" * 12_000_000},
            {str(number): "z" for number in range(100_000)},
            {"_quantization_metadata": draw.choice(('{"layers":[]}', "[" * 4000, '{"layers":{"a":{"format":[]}}}'))},
            {"modelspec.prediction_type": draw.choice(TEXTS)},
        )
    )
    write(file, header, tensors)
    return "metadata"


def _name(file: Path, header: Any, tensors: bytes, draw: Random) -> str:
    name, entry = _some(header, draw)
    del header[name]
    new = draw.choice((*TEXTS, name * 100, f"{name}.comfy_quant", name.replace("weight", "scale_weight"), "scaled_fp8"))
    header[new] = entry
    write(file, header, tensors)
    return f"{name} is named {new[:40]!r}"


def _length(file: Path, header: Any, tensors: bytes, draw: Random) -> str:
    length = draw.choice((0, 1, 2, 8, len(tensors), 2**24, 2**27, 2**40, 2**64 - 1))
    text = json.dumps(header).encode()
    file.write_bytes(length.to_bytes(8, "little") + text + tensors)
    return f"header length {length}"


def _cut(file: Path, header: Any, tensors: bytes, draw: Random) -> str:
    write(file, header, tensors)
    size = file.stat().st_size
    os.truncate(file, draw.choice((0, 4, 8, 9, size // 2, size - 1, size + 1, size + 2**32)))
    return "another size"


def _large(file: Path, header: Any, tensors: bytes, draw: Random) -> str:
    """Make a header of many megabytes, of spaces, of one text, or of names."""
    size = draw.choice((2**22, 2**24, 90_000_000))
    text = json.dumps(header).encode()
    header_bytes = draw.choice((text + b" " * size, text[:-1] + b',"x":"' + b"y" * size + b'"}', b"[" * size))
    write(file, header_bytes, tensors)
    return f"header of {size} bytes"


def _other(file: Path, header: Any, tensors: bytes, draw: Random) -> str:  # noqa: ARG001 (all targets are called alike)
    """Write something else than a header."""
    what = draw.choice((b"[]", b"null", b"{", b"{}", b'{"a":{}}', b"\xff\xfe", b'{"a":1,"a":2}', draw.randbytes(500)))
    write(file, what, tensors)
    return f"header {what[:10]!r}"
