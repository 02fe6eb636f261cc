"""The tensor of a `laTn` chunk as bytes.  SPEC.md, section 3, is the law.

float16 noise has 13.46 bits of information per value: its high bytes (sign, exponent, two bits of the fraction)
compress, and its low bytes do not.
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

_LEVEL = 1  # higher levels of zstd gain nothing on noise


def encode_tensor(noise: Noise, codec: Codec) -> bytes:
    """Return the payload that holds noise.

    Args:
        noise: float16, finite, any shape.
        codec: How to store it; RECIPE gives b"".

    Raises:
        InvalidValueError: If the noise is not finite.
    """
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


def decode_tensor(payload: bytes, codec: int, dims: tuple[int, ...], digest: str, context: str) -> Noise:
    """Return the noise that a payload holds.

    Args:
        payload: The payload.
        codec: RAW or SPLIT.
        dims: The shape of the noise.
        digest: SHA-256 (hex) of the noise.
        context: The start of every message.

    Returns:
        float16, read-only, of the given shape, finite.

    Raises:
        DamagedLatentError: If the payload is not exactly that noise.
    """
    count = math.prod(dims)
    if codec == Codec.RAW and len(payload) != 2 * count:
        raise DamagedLatentError(f"{context}: a payload of {2 * count} bytes needed, found {len(payload)}")
    raw = payload if codec == Codec.RAW else _join_planes(payload, count, context)
    found = hashlib.sha256(raw).hexdigest()
    if found != digest:
        raise DamagedLatentError(f"{context}: noise with SHA-256 {digest} needed, found {found}")
    noise = np.frombuffer(raw, "<f2").astype(np.float16, copy=False).reshape(dims)
    if not np.isfinite(noise).all():
        raise DamagedLatentError(f"{context}: finite noise needed, found infinity or NaN")
    noise.flags.writeable = False
    return noise


def _join_planes(payload: bytes, count: int, context: str) -> bytes:
    """Return raw float16 from one zstd frame of the high bytes that is followed by the low bytes as they are."""
    frame, low = payload[: max(0, len(payload) - count)], payload[-count:]
    if len(low) != count or not frame:
        raise DamagedLatentError(f"{context}: a payload of more than {count} bytes needed, found {len(payload)}")
    planes = np.empty((count, 2), np.uint8)
    planes[:, 0] = np.frombuffer(low, np.uint8)
    planes[:, 1] = np.frombuffer(_decompress(frame, count, context), np.uint8)
    return planes.tobytes()


def _decompress(frame: bytes, count: int, context: str) -> bytes:
    import zstandard

    # The decompressor takes as much memory as the frame declares, whatever limit it is given, and a frame of 32 KB may
    # declare a gigabyte.  So the declared size is compared first.
    try:
        declared = zstandard.get_frame_parameters(frame).content_size
        if declared != count:
            raise DamagedLatentError(
                f"{context}: a zstd frame of {count} bytes needed, found one that declares {declared}"
            )
        high = zstandard.ZstdDecompressor().decompress(frame, max_output_size=count, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise DamagedLatentError(f"{context}: one whole zstd frame needed, found a damaged one ({error})") from error
    if len(high) != count:
        raise DamagedLatentError(f"{context}: {count} high bytes needed, found {len(high)}")
    return high
