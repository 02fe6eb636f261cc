"""An independent reader, written from latentpng/SPEC.md alone: integers, struct, and loops.

It imports nothing of latentpng, and is slow and plain on purpose.  It trusts its input: `plain_reader.py` does not.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

MASK = 0xFFFFFFFF
ROOT_HALF = 0.7071067811865476
Plane = list[list[float]]


@dataclass(frozen=True)
class Latent:
    """The latent of a file.  stored: the noise in the file, None for a recipe."""

    metadata: dict[str, Any]
    dims: tuple[int, ...]
    digest: str
    stored: list[float] | None
    after_rounds: list[list[float]]


def read(path: Path) -> Latent:
    """Return the latent of a PNG with every state from the root to the last."""
    chunks = dict(png_chunks(path.read_bytes()))
    if b"laTn" in chunks:
        metadata, dims, digest, stored = read_chunk(chunks[b"laTn"])
    else:
        keyword, _, text = chunks[b"tEXt"].partition(b"\0")
        assert keyword == b"latentpng"
        metadata = json.loads(text)
        dims, digest, stored = tuple(metadata["dims"]), metadata["digest"], None
    count = math.prod(dims)
    root = metadata["root"]
    state = [half(x) for x in gauss1(int(root["seed"]), 0, count)] if "seed" in root else stored
    assert state is not None
    states = [state]
    axes = metadata.get("axes", ("L", "LC", "CHW", "NCHW")[len(dims) - 1])
    for entry in metadata["rounds"]:
        states.append(play(states[-1], entry, dims, axes))
    return Latent(metadata, dims, digest, stored, states)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and data of every chunk, with its checksum checked."""
    assert data[:8] == bytes([137, 80, 78, 71, 13, 10, 26, 10])
    at = 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(kind + body)
        yield kind, body
        at += length + 12


def read_chunk(data: bytes) -> tuple[dict[str, Any], tuple[int, ...], str, list[float] | None]:
    """Return metadata, dims, digest and the stored noise: section 3."""
    assert data[:5] == b"LPNG\1"
    (critical,) = struct.unpack_from("B", data, 6)
    length, payload_length = struct.unpack_from("<II", data, 8)
    codec, dtype, ndim, zero = data[16:20]
    dims = struct.unpack_from("<4I", data, 20)
    is_large = math.prod(dims[:ndim]) > 2**21
    assert (critical, dtype, zero) == (int(is_large), 1, 0)
    assert dims[ndim:] == (0,) * (4 - ndim)
    assert struct.unpack_from("<I", data, 68)[0] == zlib.crc32(data[:68] + data[72 : 72 + length])
    assert len(data) == 72 + length + payload_length
    metadata = json.loads(data[72 : 72 + length].decode("ascii"))
    payload, count = data[72 + length :], math.prod(dims[:ndim])
    stored = None
    if codec:
        raw = payload if codec == 1 else interleave(payload, count)
        assert hashlib.sha256(raw).digest() == data[36:68]
        stored = list(struct.unpack(f"<{count}e", raw))
    return metadata, dims[:ndim], data[36:68].hex(), stored


def interleave(payload: bytes, count: int) -> bytes:
    """Return raw float16 from codec 2: the high bytes as a zstd frame, then the low bytes."""
    import zstandard

    high = zstandard.ZstdDecompressor().decompress(payload[: len(payload) - count])
    low = payload[len(payload) - count :]
    return b"".join(bytes(pair) for pair in zip(low, high, strict=True))


def sha256(state: list[float]) -> str:
    """Return the identity of noise."""
    return hashlib.sha256(struct.pack(f"<{len(state)}e", *state)).hexdigest()


def single(x: float) -> float:
    """Round to float32."""
    return float(struct.unpack("<f", struct.pack("<f", x))[0])


def half(x: float) -> float:
    """Round to float32, then to float16."""
    return float(struct.unpack("<e", struct.pack("<e", single(x)))[0])


def philox(seed: int, stream: int, block: int) -> tuple[int, int, int, int]:
    """Return the four words of Philox4x32-10: section 5."""
    k0, k1 = seed & MASK, seed >> 32
    c0, c1, c2, c3 = block & MASK, block >> 32, stream & MASK, stream >> 32
    for turn in range(10):
        if turn:
            k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
        p, q = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (q >> 32) ^ c1 ^ k0, q & MASK, (p >> 32) ^ c3 ^ k1, p & MASK
    return c0, c1, c2, c3


def horner(coefficients: list[float], g: float) -> float:
    """Return c0 + g (c1 + g (...))."""
    value = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        value = value * g + coefficient
    return value


LOG = [1 / (2 * k + 1) for k in range(10)]
SINE = [(-1) ** k / math.factorial(2 * k + 1) for k in range(9)]
COSINE = [(-1) ** k / math.factorial(2 * k) for k in range(9)]


def box_muller(u: int, v: int) -> tuple[float, float]:
    """Return two normal values from two words: section 5, Box-Muller."""
    m, e = math.frexp(2.0 * u + 1.0)
    if m < ROOT_HALF:
        m, e = m + m, e - 1
    t = (m - 1.0) / (m + 1.0)
    log = (2.0 * t) * horner(LOG, t * t) + (e - 33) * 0.6931471805599453
    r = math.sqrt(-2.0 * log)
    p = (((v & 0x3FFFFFFF) + 0.5) * 2.0**-30 - 0.5) * 1.5707963267948966
    sine, cosine = horner(SINE, p * p) * p, horner(COSINE, p * p)
    x, y = [(cosine, sine), (-sine, cosine), (-cosine, -sine), (sine, -cosine)][v >> 30]
    return single(r * x), single(r * y)


def gauss1(seed: int, stream: int, count: int) -> list[float]:
    """Return the first values of a stream: section 5."""
    values: list[float] = []
    for block in range(-(-count // 4)):
        w0, w1, w2, w3 = philox(seed, stream, block)
        values += [*box_muller(w0, w1), *box_muller(w2, w3)]
    return values[:count]


def prompt_offset(rounds: list[dict[str, Any]], embedding: int, count: int) -> list[float]:
    """Return the offset after all rounds: section 7."""
    offset = [0.0] * count
    for entry in rounds:
        p = float(entry.get("prompt_scale", 0))
        if p:
            e = blend(entry, count, 2**32 * (embedding + 1))
            a = math.sqrt(1 - p * p)
            offset = [half(a * d + p * x) for d, x in zip(offset, e, strict=True)]
    return offset


def moved(values: list[float], offset: list[float]) -> list[float]:
    """Return one token moved by an offset: section 7, rendering."""
    mean = sum(values) / len(values)
    unit = 2 * math.sqrt(math.pi / 2) * sum(abs(value - mean) for value in values) / len(values)
    return [single(value + unit * d) for value, d in zip(values, offset, strict=True)]


def settings_at(metadata: dict[str, Any], rounds: int) -> dict[str, Any]:
    """Return the settings in force after the first rounds: section 4, edits."""
    settings = dict(metadata.get("settings", {}))
    entries = metadata["rounds"]
    for number in range(len(entries), rounds, -1):
        before = entries[number - 1].get("before", {})
        for key in entries[number - 1].get("settings", {}):
            if key not in before:
                earlier = [entry["settings"] for entry in entries[: number - 1] if key in entry.get("settings", {})]
                if not earlier:
                    continue
                before = {**before, key: earlier[-1][key]}
            settings[key] = before[key]
            if settings[key] is None:
                del settings[key]
    if rounds < len(entries):
        for key in ("slot", "moved_prompt", "warnings"):
            settings.pop(key, None)
    return settings


def blend(entry: dict[str, Any], count: int, first: int = 0) -> list[float]:
    """Return the blend of the marked candidates: section 6, steps 2 and 3."""
    k, marks = entry["of"], entry["marks"]
    draws = [gauss1(int(entry["seed"]), first + stream, count) for stream in range(k)]
    if k == 1:
        return draws[0]
    f = math.sqrt(k / (k - 1))
    divisor = math.sqrt(len(marks) * (1 - (len(marks) - 1) / (k - 1)))
    result = []
    for values in zip(*draws, strict=True):
        total = 0.0
        for value in values:
            total += value
        mean = total / k
        e = (values[marks[0]] - mean) * f
        for mark in marks[1:]:
            e += (values[mark] - mean) * f
        result.append(e / divisor if len(marks) > 1 else e)
    return result


def play(state: list[float], entry: dict[str, Any], dims: tuple[int, ...], axes: str) -> list[float]:
    """Return the state after one round: section 6."""
    s, bands = float(entry["scale"]), entry.get("bands")
    if s == 0 or (bands and not any(s * b for b in bands)):
        return state
    e = blend(entry, len(state))
    if bands:
        moved = move_planes(state, e, [s * b for b in bands], dims, axes)
    else:
        a = math.sqrt(1 - s * s)
        moved = [a * z + s * x for z, x in zip(state, e, strict=True)]
    new = [half(y) for y in moved]
    if "region" in entry:
        rows = entry["region"].split("/")
        for at, place in enumerate(product(*map(range, dims))):
            y, x = place[axes.index("H")], place[axes.index("W")]
            height, width = dims[axes.index("H")], dims[axes.index("W")]
            if rows[y * len(rows) // height][x * len(rows[0]) // width] == "0":
                new[at] = state[at]
    return new


def move_planes(z: list[float], e: list[float], scales: list[float], dims: tuple[int, ...], axes: str) -> list[float]:
    """Move every plane H x W, octave by octave."""
    h, w = axes.index("H"), axes.index("W")
    stride = [math.prod(dims[axis + 1 :]) for axis in range(len(dims))]
    others = [range(side) if axis not in (h, w) else range(1) for axis, side in enumerate(dims)]
    moved = [0.0] * len(z)
    for place in product(*others):
        start = sum(index * step for index, step in zip(place, stride, strict=True))
        at = [[start + y * stride[h] + x * stride[w] for x in range(dims[w])] for y in range(dims[h])]
        plane = move_plane([[z[i] for i in row] for row in at], [[e[i] for i in row] for row in at], scales)
        for row, values in zip(at, plane, strict=True):
            for i, value in zip(row, values, strict=True):
                moved[i] = value
    return moved


def move_plane(z: Plane, e: Plane, scales: list[float]) -> Plane:
    """Move a plane, from the finest octave to the coarsest; coefficients stay at the positions of their blocks."""
    if min(len(z), len(z[0])) <= 4:
        assert len(scales) == 1
        return [move_all(row, noise, scales[0]) for row, noise in zip(z, e, strict=True)]
    split_z, split_e = forward(z), forward(e)
    coarse_z, coarse_e = ([row[::2] for row in plane[::2]] for plane in (split_z, split_e))
    coarse = move_plane(coarse_z, coarse_e, scales[:-1])
    result = [move_all(row, noise, scales[-1]) for row, noise in zip(split_z, split_e, strict=True)]
    for y, row in enumerate(coarse):
        for x, value in enumerate(row):
            result[2 * y][2 * x] = value
    return backward(result)


def move_all(z: list[float], e: list[float], s: float) -> list[float]:
    """Return a z + s e."""
    a = math.sqrt(1 - s * s)
    return [a * p + s * q for p, q in zip(z, e, strict=True)]


def forward(plane: Plane) -> Plane:
    """Split one level in place: coarse, horizontal / vertical, diagonal replace a, b / c, d."""
    out = [list(row) for row in plane]
    height, width = len(plane), len(plane[0])
    for y, x in product(range(0, height, 2), range(0, width, 2)):
        if y + 1 < height and x + 1 < width:
            a, b, c, d = plane[y][x], plane[y][x + 1], plane[y + 1][x], plane[y + 1][x + 1]
            t, u, low, v = a + b, a - b, c + d, c - d
            out[y][x], out[y][x + 1] = (t + low) * 0.5, (u + v) * 0.5
            out[y + 1][x], out[y + 1][x + 1] = (t - low) * 0.5, (u - v) * 0.5
        elif y + 1 < height:
            out[y][x] = (plane[y][x] + plane[y + 1][x]) * ROOT_HALF
            out[y + 1][x] = (plane[y][x] - plane[y + 1][x]) * ROOT_HALF
        elif x + 1 < width:
            out[y][x] = (plane[y][x] + plane[y][x + 1]) * ROOT_HALF
            out[y][x + 1] = (plane[y][x] - plane[y][x + 1]) * ROOT_HALF
    return out


def backward(plane: Plane) -> Plane:
    """Return the inverse of `forward`."""
    out = [list(row) for row in plane]
    height, width = len(plane), len(plane[0])
    for y, x in product(range(0, height, 2), range(0, width, 2)):
        if y + 1 < height and x + 1 < width:
            coarse, horizontal, vertical, diagonal = (
                plane[y][x], plane[y][x + 1], plane[y + 1][x], plane[y + 1][x + 1],
            )  # fmt: skip
            t, low, u, v = coarse + vertical, coarse - vertical, horizontal + diagonal, horizontal - diagonal
            out[y][x], out[y][x + 1] = (t + u) * 0.5, (t - u) * 0.5
            out[y + 1][x], out[y + 1][x + 1] = (low + v) * 0.5, (low - v) * 0.5
        elif y + 1 < height:
            out[y][x] = (plane[y][x] + plane[y + 1][x]) * ROOT_HALF
            out[y + 1][x] = (plane[y][x] - plane[y + 1][x]) * ROOT_HALF
        elif x + 1 < width:
            out[y][x] = (plane[y][x] + plane[y][x + 1]) * ROOT_HALF
            out[y][x + 1] = (plane[y][x] - plane[y][x + 1]) * ROOT_HALF
    return out
