"""A noise tensor as a file of its own: `.npy` for NumPy, `.safetensors` for everybody else, `.latent` for ComfyUI.

Writes only; `noisefile.py` reads.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from latentpng.errors import InvalidValueError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMATS = {"npy": ".npy", "safetensors": ".safetensors", "comfyui": ".latent"}
SUFFIXES = tuple(FORMATS.values())


def check_suffix(suffix: str) -> None:
    """InvalidValueError for a suffix that names no kind of tensor file."""
    if suffix not in SUFFIXES:
        raise InvalidValueError(f"noise is written as {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}, found {suffix!r}")


def tensor_file(noise: NDArray[np.float16], axes: str, suffix: str) -> bytes:
    """The bytes of such a file; in safetensors the tensor is called `noise`.  InvalidValueError for another suffix."""
    check_suffix(suffix)
    if suffix == ".npy":
        return _npy(noise)
    return _latent(noise, axes) if suffix == ".latent" else _safetensors({"noise": noise}, axes)


def _npy(noise: NDArray[np.float16]) -> bytes:
    import numpy as np

    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(noise, dtype="<f2"), version=(1, 0), allow_pickle=False)
    return file.getvalue()


def _latent(noise: NDArray[np.float16], axes: str) -> bytes:
    """What ComfyUI's LoadLatent reads: a batch of latents, and an empty tensor that says that they are not scaled.

    Without the empty one LoadLatent multiplies by 1 / 0.18215 (nodes.py of ComfyUI).
    """
    import numpy as np

    letters = axes.replace("1", "N")
    if len(letters) == 3:
        letters, noise = f"N{letters}", noise[np.newaxis]
    if sorted(letters) != sorted("NCHW"):
        raise InvalidValueError(f"a .latent has the axes C, H and W, and perhaps N or 1, found {axes!r}")
    ordered = noise.transpose([letters.index(letter) for letter in "NCHW"])
    return _safetensors({"latent_format_version_0": np.zeros(0, np.float16), "latent_tensor": ordered}, "NCHW")


def _safetensors(tensors: dict[str, NDArray[np.float16]], axes: str) -> bytes:
    """Length, JSON header padded to 8 bytes, values: https://github.com/huggingface/safetensors#format."""
    header: dict[str, object] = {"__metadata__": {"axes": axes}}
    values = b""
    for name, tensor in tensors.items():
        data = tensor.astype("<f2").tobytes()
        place = [len(values), len(values) + len(data)]
        header[name] = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": place}
        values += data
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + values
