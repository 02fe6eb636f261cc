"""Encoding behind a cache: one picture in, one frame out.  The service runs it in its thread."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from PIL import Image

from engine.rendering.events import Picture
from latentpng.lru import LruCache
from tui.graphics.frame import Frame, Quality, to_image
from tui.graphics.geometry import Box
from tui.graphics.protocols import halfcell, kitty, sixel
from tui.graphics.terminal.capabilities import Protocol

CACHE_BYTES: Final = 64 * 1024 * 1024
"""Memory for encoded frames."""

_Encode: TypeAlias = Callable[[Image.Image, Box, Quality], Frame]
_ENCODERS: Final[dict[Protocol, _Encode]] = {
    "kitty": kitty.encode,
    "sixel": sixel.encode,
    "halfcell": halfcell.encode,
}
# Half-cells are Segment and Style objects, many times larger than what they send, and the garbage collector walks them.
_MEMORY_PER_BYTE: Final[dict[Protocol, int]] = {"kitty": 1, "sixel": 1, "halfcell": 64}


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameKey:
    """Everything that a frame depends on; `digest` is that of the pixels."""

    digest: bytes
    box: Box
    protocol: Protocol
    quality: Quality


class FrameCache:
    """An LRU cache of at most `limit` bytes of frames, for use in one thread."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._frames: LruCache[FrameKey, Frame] = LruCache(max_size=limit)

    def frame(self, picture: Picture, box: Box, protocol: Protocol, quality: Quality) -> Frame:
        """Return the frame of a picture, from the cache or encoded now.

        Args:
            picture: The picture.
            box: The room for it.
            protocol: How the terminal shows pictures.
            quality: "preview" is smaller and rougher; a preview is never shown twice, so it is not cached.
        """
        if quality == "preview":
            return _ENCODERS[protocol](to_image(picture), box, quality)
        key = FrameKey(digest=digest(picture), box=box, protocol=protocol, quality=quality)
        if (known := self._frames.get(key)) is not None:
            return known
        made = _ENCODERS[protocol](to_image(picture), box, quality)
        self._frames.put(key, made, size=_memory(key, made))
        return made


def digest(picture: Picture) -> bytes:
    """Return the BLAKE2b digest of the pixels and their shape, 16 bytes."""
    shape = f"{picture.width}x{picture.height}:".encode()
    return hashlib.blake2b(shape + picture.rgb, digest_size=16).digest()


def _memory(key: FrameKey, frame: Frame) -> int:
    return frame.size * _MEMORY_PER_BYTE[key.protocol]
