"""Noise from a `.npy` or `.safetensors` file, as float16.

The file may be a stranger's: no pickle, and no memory for what a header merely claims.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np

from latentpng.chunk.strict_json import read_text
from latentpng.errors import InvalidValueError, UnreadableFileError
from latentpng.shapes import check_dims
from latentpng.text import brief, plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentpng.record import Json

    Values: TypeAlias = NDArray[np.floating[Any]]

_NPY_START = b"\x93NUMPY"
_NPY_VERSION = b"\1\0"  # 2.0 and 3.0 are for tables whose columns have long or strange names
_MAX_NPY_HEADER = 1024
_MAX_SAFETENSORS_HEADER = 2**18
_SAFETENSORS_TYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
_SLACK = 0.1  # how far mean and deviation of noise may be off, besides what chance does
_SPREADS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseFile:
    """What was read.

    noise: float16, 1 to 4 axes, finite.  axes: "" unless the file names them, as ours do.
    notes: one sentence each on what was changed, and on what does not look like noise.
    """

    noise: NDArray[np.float16]
    axes: str
    notes: tuple[str, ...]


def read_noise(path: str | os.PathLike[str]) -> NoiseFile:
    """The array of a .npy file; of a .safetensors file the tensor `noise`, or the only one.  UnreadableFileError."""
    name, axes = plain(os.fspath(path)), ""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a Path raises the same, later
            start = file.read(8)
            if start[:6] == _NPY_START:
                values = _read_npy(start[6:], file)
            else:
                values, axes = _read_safetensors(start, file)
        return _as_float16(values, axes, name)
    except InvalidValueError as error:
        raise UnreadableFileError(f"{name}: {error}") from error
    except OSError as error:
        raise UnreadableFileError(f"{name}: it cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise UnreadableFileError(f"{name}: no file has such a name") from error


def _read_npy(version: bytes, file: BinaryIO) -> Values:
    """https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0."""
    if version != _NPY_VERSION:
        raise InvalidValueError(f".npy of version 1.0 needed, found {'.'.join(map(str, version))}")
    length = int.from_bytes(file.read(2), "little")
    if length > _MAX_NPY_HEADER:
        raise InvalidValueError(f"a .npy header of at most {_MAX_NPY_HEADER} bytes needed, found {length}")
    header = file.read(length).decode("latin-1").strip()
    dtype = re.search(r"'descr': *'([<>]f[248])'", header)
    sides = re.search(r"'shape': *\(([0-9, ]*)\)", header)
    if not dtype or not sides:
        raise InvalidValueError(f"an array of float16, float32 or float64 needed, found {brief(header)}")
    if not re.search(r"'fortran_order': *False", header):
        raise InvalidValueError("C order needed (numpy.ascontiguousarray gives it), found another")
    shape = tuple(int(side) for side in re.findall("[0-9]+", sides[1]))
    values = _values(file, dtype[1], shape)
    if file.read(1):
        raise InvalidValueError("it goes on behind its values")
    return values


def _read_safetensors(start: bytes, file: BinaryIO) -> tuple[Values, str]:
    """https://github.com/huggingface/safetensors#format."""
    length = int.from_bytes(start, "little")
    header = file.read(length) if length <= _MAX_SAFETENSORS_HEADER else b""
    if not header.startswith(b"{") or len(header) < length:
        raise InvalidValueError("it is neither .npy nor .safetensors")
    try:
        tensors = read_text(header.decode())
    except UnicodeDecodeError as error:
        raise InvalidValueError(f"a header in UTF-8 needed, found byte {header[error.start]:#04x}") from error
    metadata = tensors.pop("__metadata__", {})
    axes = metadata.get("axes") if isinstance(metadata, dict) else ""
    if "noise" not in tensors and len(tensors) != 1:
        raise InvalidValueError(f"one tensor, or one that is called 'noise', needed, found {len(tensors)}")
    dtype, shape, first, end = _entry(tensors["noise"] if "noise" in tensors else next(iter(tensors.values())))
    check_dims(shape)
    values_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    if end - first != values_bytes:
        raise InvalidValueError(f"data_offsets of {values_bytes} bytes needed, found {end - first}")
    file.seek(8 + length + first)
    return _values(file, dtype, shape), axes if isinstance(axes, str) else ""


def _entry(entry: Json) -> tuple[str, tuple[int, ...], int, int]:
    """The dtype, the shape, and where the values start and end."""
    found = entry if isinstance(entry, dict) else {}
    dtype = found.get("dtype")
    if not isinstance(dtype, str) or dtype not in _SAFETENSORS_TYPES:
        raise InvalidValueError(f"a tensor of F16, F32 or F64 needed, found {brief(dtype)}")
    shape, offsets = _sizes(found.get("shape")), _sizes(found.get("data_offsets"))
    if len(offsets) != 2:
        raise InvalidValueError(f"two data_offsets needed, found {len(offsets)}")
    return _SAFETENSORS_TYPES[dtype], shape, *offsets


def _sizes(value: Json) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(size) is int and 0 <= size < 2**48 for size in value):
        raise InvalidValueError(f"shape and data_offsets are lists of whole numbers, found {brief(value)}")
    return tuple(value)


def _values(file: BinaryIO, dtype: str, shape: tuple[int, ...]) -> Values:
    """The values that stand next in the file.  The shape is checked first."""
    check_dims(shape)
    needed = math.prod(shape) * np.dtype(dtype).itemsize
    data = file.read(needed)
    if len(data) < needed:
        raise InvalidValueError(f"{needed} bytes of values needed, found {len(data)}")
    return np.frombuffer(data, dtype).reshape(shape)


def _as_float16(values: Values, axes: str, name: str) -> NoiseFile:
    """Rounded as SPEC.md says: to float32, then to float16."""
    with np.errstate(over="ignore", invalid="ignore"):
        noise = values.astype(np.float32).astype(np.float16)
    if not np.isfinite(noise).all():
        raise InvalidValueError("finite values below 65520 needed, found others")
    notes = []
    if not np.array_equal(noise.astype(values.dtype), values):
        notes.append(f"{name}: {values.dtype.name} was rounded to float16, as the format keeps it")
    mean, deviation = (float(figure) for figure in (values.mean(dtype=float), values.std(dtype=float)))
    allowed = _SLACK + _SPREADS / math.sqrt(values.size)
    if abs(mean) > allowed or abs(deviation - 1) > allowed:
        found = f"found {mean:.3g} and {deviation:.3g}"
        notes.append(f"{name}: this does not look like unit noise: mean 0 and deviation 1 expected, {found}")
    return NoiseFile(noise=noise, axes=axes, notes=tuple(notes))
