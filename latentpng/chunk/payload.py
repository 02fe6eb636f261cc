"""The tensor of a `laTn` chunk as bytes.  SPEC.md, "Payload", is the law.

fp16 noise has 13.46 bits a value: its high bytes (sign, exponent, two bits) compress, its low bytes do not.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from latentpng.chunk.header import Codec
from latentpng.errors import DamagedLatentError, InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Noise: TypeAlias = NDArray[np.float16]
    Plane: TypeAlias = NDArray[np.uint8]

_LEVEL = 1  # higher levels buy nothing on noise


def encode_tensor(noise: Noise, codec: Codec) -> bytes:
    """noise: float16, finite.  InvalidValueError when it is not."""
    if not np.isfinite(noise).all():
        raise InvalidValueError("finite noise needed, found infinity or NaN")
    if codec == Codec.RECIPE:
        return b""
    raw = np.ascontiguousarray(noise, dtype="<f2").tobytes()
    if codec == Codec.RAW:
        return raw
    import zstandard

    planes = np.frombuffer(raw, np.uint8).reshape(-1, 2)
    frame = zstandard.ZstdCompressor(level=_LEVEL).compress(planes[:, 1].tobytes())
    return frame + planes[:, 0].tobytes()


def decode_tensor(payload: bytes, codec: int, dims: tuple[int, ...], digest: str, place: str) -> Noise:
    """float16, read-only, of shape dims.  DamagedLatentError when it is not exactly what the digest says."""
    count = math.prod(dims)
    if codec == Codec.RAW and len(payload) != 2 * count:
        raise DamagedLatentError(f"{place}: a payload of {2 * count} bytes needed, found {len(payload)}")
    raw = payload if codec == Codec.RAW else _join_planes(payload, count, place)
    found = hashlib.sha256(raw).hexdigest()
    if found != digest:
        raise DamagedLatentError(f"{place}: noise with SHA-256 {digest} needed, found {found}")
    noise = np.frombuffer(raw, "<f2").astype(np.float16, copy=False).reshape(dims)
    if not np.isfinite(noise).all():
        raise DamagedLatentError(f"{place}: finite noise needed, found infinity or NaN")
    noise.flags.writeable = False
    return noise


def _join_planes(payload: bytes, count: int, place: str) -> bytes:
    """One zstd frame of the high bytes, then the low bytes as they are."""
    frame, low = payload[: max(0, len(payload) - count)], payload[-count:]
    if len(low) != count or not frame:
        raise DamagedLatentError(f"{place}: a payload of more than {count} bytes needed, found {len(payload)}")
    planes = np.empty((count, 2), np.uint8)
    planes[:, 0] = np.frombuffer(low, np.uint8)
    planes[:, 1] = np.frombuffer(_decompress(frame, count, place), np.uint8)
    return planes.tobytes()


def _decompress(frame: bytes, count: int, place: str) -> bytes:
    """The size a frame declares is compared before memory is taken: a frame of 32 KB may claim a gigabyte."""
    import zstandard

    try:
        declared = zstandard.get_frame_parameters(frame).content_size
        if declared != count:
            raise DamagedLatentError(
                f"{place}: a zstd frame of {count} bytes needed, found one that declares {declared}"
            )
        high = zstandard.ZstdDecompressor().decompress(frame, max_output_size=count, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise DamagedLatentError(f"{place}: one whole zstd frame needed, found a damaged one ({error})") from error
    if len(high) != count:
        raise DamagedLatentError(f"{place}: {count} high bytes needed, found {len(high)}")
    return high
