"""GGUF files that say what no program would write."""

from __future__ import annotations

import struct
from pathlib import Path
from random import Random

from tests.campaigns.models.odd_values import odd_bytes, odd_name, odd_number


def make_gguf(prepared: Path, draw: Random, folder: Path) -> str:  # noqa: ARG001 (all targets are called alike)
    """Write a GGUF file with something wrong."""
    made = [draw.choice(("text", "list", "texts", "number")) for _ in range(draw.randint(0, 4))]
    data = struct.pack("<IQQ", draw.choice((3, 3, 3, 2, 9)), draw.choice((2, 2, 2, 0, odd_number(draw))), len(made))
    for number, kind in enumerate(made):
        data += _text(f"general.{number}" if draw.random() < 0.9 else odd_name(draw)) + _property(kind, draw)
    for name in ("a", draw.choice(("b", "b", "a", odd_name(draw)))):
        shape = [draw.choice((32, 256, 0, 1, 1 << 20, odd_number(draw))) for _ in range(draw.choice((1, 2, 2, 3, 9)))]
        quantised = draw.choice((0, 1, 2, 8, 12, 30, 99, odd_number(draw) % (1 << 32)))
        if draw.random() < 0.6:  # as it should be
            shape, quantised = [256, draw.choice((1, 2, 1000))], draw.choice((0, 1, 2, 8, 12, 14, 30, 41))
        data += _text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        data += struct.pack("<IQ", quantised, draw.choice((0, 0, 32, odd_number(draw))))
    data += bytes(draw.choice((0, 100, 1 << 16, 1 << 22, 1 << 22)))
    (folder / "model.gguf").write_bytes(b"GGUF" + odd_bytes(draw, data))
    return "+".join(made) or "no properties"


def load_gguf(folder: Path) -> None:
    """Read a GGUF file as the worker does, after the check of its header."""
    import torch

    from engine.diffusion.gguf import read_gguf
    from engine.models.contents import contents_of
    from engine.models.weights import read_weights

    file = folder / "model.gguf"
    contents_of(read_weights(file))
    read_gguf(file, torch.bfloat16)


def _property(kind: str, draw: Random) -> bytes:
    count = draw.choice((0, 1, 1000, 100_000, odd_number(draw)))
    values = min(count, 200_000)
    if kind == "text":
        return struct.pack("<I", 8) + _text(odd_name(draw))
    if kind == "list":
        return struct.pack("<IIQ", 9, 4, count) + bytes(4 * values)
    if kind == "texts":
        return struct.pack("<IIQ", 9, 8, count) + _text("x") * values
    return struct.pack("<IQ", draw.choice((4, 10, 99)), 7)


def _text(value: str) -> bytes:
    data = value.encode("utf-8", "replace")
    return struct.pack("<Q", len(data)) + data
