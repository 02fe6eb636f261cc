"""Noise as a file of its own: `.npy` for NumPy, `.safetensors` for everybody else, `.latent` for ComfyUI.

All three are written, and `.npy` and `.safetensors` are read.  A file that is read may be hostile: no pickle is
loaded, and no memory is taken for what a header merely claims.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np

from latentpng.chunk.strict_json import read_text
from latentpng.errors import InvalidValueError, UnreadableFileError
from latentpng.json_fields import JsonFields, is_integer
from latentpng.shapes import MAX_STORED, check_dims
from latentpng.text import brief, plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentpng.record import Json

    Noise: TypeAlias = NDArray[np.float16]
    Values: TypeAlias = NDArray[np.floating[Any]]

FORMATS = {"npy": ".npy", "safetensors": ".safetensors", "comfyui": ".latent"}
SUFFIXES = tuple(FORMATS.values())

_NPY_START = b"\x93NUMPY"
_NPY_VERSION = b"\1\0"  # 2.0 and 3.0 are for tables whose columns have long or strange names
_MAX_NPY_HEADER = 1024
_MAX_SAFETENSORS_HEADER = 2**18
_MAX_OFFSET = 2**48
_SAFETENSORS_TYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
_SLACK = 0.1  # how far mean and standard deviation of noise may be off, besides what chance does
_SPREADS = 4  # of chance: standard deviations of the mean


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseFile:
    """The noise of a file.

    Attributes:
        noise: float16, 1 to 4 axes, finite.
        axes: One letter per axis; "" if the file does not name them.
        notes: One sentence each about what was changed, and about what does not look like noise.
    """

    noise: Noise
    axes: str
    notes: tuple[str, ...]


def check_suffix(suffix: str) -> None:
    """Raise InvalidValueError for a suffix that names no kind of noise file."""
    if suffix not in SUFFIXES:
        raise InvalidValueError(f"noise is written as {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}, found {suffix!r}")


def tensor_file(noise: Noise, axes: str, suffix: str) -> bytes:
    """Return the bytes of a noise file.

    Args:
        noise: float16, 1 to 4 axes.
        axes: One letter per axis.
        suffix: ".npy", ".safetensors" (the tensor is called `noise`) or ".latent".

    Raises:
        InvalidValueError: For another suffix, or axes that a .latent cannot have.
    """
    check_suffix(suffix)
    if suffix == ".npy":
        return _npy_file(noise)
    return _latent_file(noise, axes) if suffix == ".latent" else _safetensors_file({"noise": noise}, axes)


def read_noise(path: str | os.PathLike[str]) -> NoiseFile:
    """Read the array of a .npy file, or the tensor `noise` (else the only one) of a .safetensors file.

    Raises:
        UnreadableFileError: If the file cannot be read, or holds no such array.
    """
    name, axes = plain(os.fspath(path)), ""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a Path raises the same, later
            start = file.read(8)
            if start[:6] == _NPY_START:
                values = _read_npy(start[6:], file)
            else:
                values, axes = _read_safetensors(start, file)
        return _noise_file(values, axes, name)
    except InvalidValueError as error:
        raise UnreadableFileError(f"{name}: {error}") from error
    except OSError as error:
        raise UnreadableFileError(f"{name}: it cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise UnreadableFileError(f"{name}: this is not a valid file name") from error


def _npy_file(noise: Noise) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(noise, dtype="<f2"), version=(1, 0), allow_pickle=False)
    return file.getvalue()


def _latent_file(noise: Noise, axes: str) -> bytes:
    """Return what ComfyUI's LoadLatent reads: a batch of latents, and an empty tensor that marks them as unscaled.

    Without the empty tensor LoadLatent multiplies by 1 / 0.18215 (nodes.py of ComfyUI).
    """
    letters = axes.replace("1", "N")
    if len(letters) == 3:
        letters, noise = f"N{letters}", noise[np.newaxis]
    if sorted(letters) != sorted("NCHW"):
        raise InvalidValueError(f"a .latent has the axes C, H and W, and perhaps N or 1, found {axes!r}")
    ordered = noise.transpose([letters.index(letter) for letter in "NCHW"])
    return _safetensors_file({"latent_format_version_0": np.zeros(0, np.float16), "latent_tensor": ordered}, "NCHW")


def _safetensors_file(tensors: dict[str, Noise], axes: str) -> bytes:
    """Length, JSON header padded to 8 bytes, values: https://github.com/huggingface/safetensors#format."""
    header: dict[str, object] = {"__metadata__": {"axes": axes}}
    values = b""
    for name, tensor in tensors.items():
        data = tensor.astype("<f2").tobytes()
        offsets = [len(values), len(values) + len(data)]
        header[name] = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": offsets}
        values += data
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + values


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
        raise InvalidValueError("C order needed, found Fortran order; numpy.ascontiguousarray converts it")
    shape = tuple(int(side) for side in re.findall("[0-9]+", sides[1]))
    values = _next_values(file, dtype[1], shape)
    if file.read(1):
        raise InvalidValueError("unexpected bytes follow the values")
    return values


def _read_safetensors(start: bytes, file: BinaryIO) -> tuple[Values, str]:
    """Return the values and the axes: https://github.com/huggingface/safetensors#format."""
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
        raise InvalidValueError(f"one tensor, or one named 'noise', needed, found {len(tensors)}")
    dtype, shape, first, end = _entry(tensors["noise"] if "noise" in tensors else next(iter(tensors.values())))
    check_dims(shape, MAX_STORED)
    values_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    if end - first != values_bytes:
        raise InvalidValueError(f"data_offsets of {values_bytes} bytes needed, found {end - first}")
    file.seek(8 + length + first)
    return _next_values(file, dtype, shape), axes if isinstance(axes, str) else ""


def _entry(entry: Json) -> tuple[str, tuple[int, ...], int, int]:
    """Return the dtype, the shape, and where the values start and end."""
    fields = JsonFields(entry if isinstance(entry, dict) else {})
    dtype = fields.value("dtype", None)
    if not isinstance(dtype, str) or dtype not in _SAFETENSORS_TYPES:
        raise InvalidValueError(f"a tensor of F16, F32 or F64 needed, found {brief(dtype)}")
    shape, offsets = _sizes(fields, "shape"), _sizes(fields, "data_offsets")
    if len(offsets) != 2:
        raise InvalidValueError(f"two data_offsets needed, found {len(offsets)}")
    return _SAFETENSORS_TYPES[dtype], shape, *offsets


def _sizes(fields: JsonFields, key: str) -> tuple[int, ...]:
    sizes = fields.array(key)
    whole = tuple(size for size in sizes if is_integer(size) and 0 <= size < _MAX_OFFSET)
    if len(whole) != len(sizes):
        raise InvalidValueError(f"{key} is a list of whole numbers from 0 to 2^48 - 1, found {brief(sizes)}")
    return whole


def _next_values(file: BinaryIO, dtype: str, shape: tuple[int, ...]) -> Values:
    """Read the values that stand next in the file; the shape is checked before memory is taken."""
    check_dims(shape, MAX_STORED)
    needed = math.prod(shape) * np.dtype(dtype).itemsize
    data = file.read(needed)
    if len(data) < needed:
        raise InvalidValueError(f"{needed} bytes of values needed, found {len(data)}")
    return np.frombuffer(data, dtype).reshape(shape)


def _noise_file(values: Values, axes: str, name: str) -> NoiseFile:
    """Round as SPEC.md says, to float32 and then to float16, and look whether the values are unit noise."""
    with np.errstate(over="ignore", invalid="ignore"):
        noise = values.astype(np.float32).astype(np.float16)
    if not np.isfinite(noise).all():
        raise InvalidValueError("finite values below 65520 needed, found larger ones, infinity or NaN")
    notes = []
    if not np.array_equal(noise.astype(values.dtype), values):
        notes.append(f"{name}: {values.dtype.name} was rounded to float16, the precision of the format")
    mean, deviation = (float(figure) for figure in (values.mean(dtype=float), values.std(dtype=float)))
    allowed = _SLACK + _SPREADS / math.sqrt(values.size)
    if abs(mean) > allowed or abs(deviation - 1) > allowed:
        found = f"found {mean:.3g} and {deviation:.3g}"
        notes.append(f"{name}: this does not look like unit noise: mean 0 and standard deviation 1 expected, {found}")
    return NoiseFile(noise=noise, axes=axes, notes=tuple(notes))
