"""Encoding: one picture in, one frame out, remembered.  Pure but for the cache; the service runs it in its thread."""

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

_Encode: TypeAlias = Callable[[Image.Image, Box, Quality], Frame]
_ENCODERS: Final[dict[Protocol, _Encode]] = {
    "kitty": kitty.encode,
    "sixel": sixel.encode,
    "halfcell": halfcell.encode,
}
_MEMORY_PER_BYTE: Final[dict[Protocol, int]] = {
    "kitty": 1,
    "sixel": 1,
    "halfcell": 64,
}  # objects for the collector to walk


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameKey:
    """What a frame depends on; `digest` is that of the pixels."""

    digest: bytes
    box: Box
    protocol: Protocol
    quality: Quality


class FrameCache:
    """The frames used last, at most `limit` bytes of them.  For one thread."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._frames: LruCache[FrameKey, Frame] = LruCache(max_size=limit)

    def frame(self, picture: Picture, box: Box, protocol: Protocol, quality: Quality) -> Frame:
        """The frame, encoded now or before.  A preview is never shown twice, so it is not kept."""
        if quality == "preview":
            return _ENCODERS[protocol](to_image(picture), box, quality)
        key = FrameKey(digest=digest(picture), box=box, protocol=protocol, quality=quality)
        if (known := self._frames.get(key)) is not None:
            return known
        made = _ENCODERS[protocol](to_image(picture), box, quality)
        self._frames.put(key, made, size=_memory(key, made))
        return made


def digest(picture: Picture) -> bytes:
    """Of the pixels and their shape."""
    shape = f"{picture.width}x{picture.height}:".encode()
    return hashlib.blake2b(shape + picture.rgb, digest_size=16).digest()


def _memory(key: FrameKey, frame: Frame) -> int:
    return frame.size * _MEMORY_PER_BYTE[key.protocol]
