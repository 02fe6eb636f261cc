"""A noise tensor as a file of its own: `.npy` for NumPy, `.safetensors` for everybody else.  Writes only."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from latentpng.errors import InvalidValue

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = (".npy", ".safetensors")


def check_suffix(suffix: str) -> None:
    """InvalidValue for a suffix that names no kind of tensor file."""
    if suffix not in SUFFIXES:
        raise InvalidValue(f"noise is written as {' or '.join(SUFFIXES)}, found {suffix!r}")


def tensor_file(noise: NDArray[np.float16], axes: str, suffix: str) -> bytes:
    """The bytes of such a file; in safetensors the tensor is called `noise`.  InvalidValue for another suffix."""
    check_suffix(suffix)
    return _npy(noise) if suffix == ".npy" else _safetensors(noise, axes)


def _npy(noise: NDArray[np.float16]) -> bytes:
    import numpy as np

    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(noise, dtype="<f2"), version=(1, 0), allow_pickle=False)
    return file.getvalue()


def _safetensors(noise: NDArray[np.float16], axes: str) -> bytes:
    """Length, JSON header padded to 8 bytes, values: https://github.com/huggingface/safetensors#format."""
    header = {
        "__metadata__": {"axes": axes},
        "noise": {"dtype": "F16", "shape": list(noise.shape), "data_offsets": [0, noise.nbytes]},
    }
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + noise.astype("<f2").tobytes()
