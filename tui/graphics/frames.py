"""Encoding behind a cache: one picture in, one frame out.  The service runs it in its thread."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from PIL import Image

from engine.rendering.events import Picture
from latentpng.lru import LruCache
from tui.graphics.frame import Frame, Quality
from tui.graphics.geometry import Box
from tui.graphics.images import to_image
from tui.graphics.protocols import cells, kitty, sixel
from tui.graphics.terminal.capabilities import Terminal

CACHE_BYTES: Final = 64 * 1024 * 1024
"""Memory for encoded frames."""

Encode: TypeAlias = Callable[[Image.Image, Box, Quality], Frame]

_MEMORY_OF_CELLS: Final = 64
"""Plain cells are Segment and Style objects, many times larger than what they send."""


def encoder_for(terminal: Terminal) -> Encode:
    """Return the function that encodes pictures for a terminal."""
    if terminal.protocol == "kitty":
        return kitty.encode
    if terminal.protocol == "sixel":
        return partial(sixel.encode, registers=terminal.registers)
    return partial(cells.encode if terminal.truecolor else cells.encode_in_256, blocks=terminal.protocol)


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameKey:
    """Everything that a frame depends on; `digest` is that of the pixels."""

    digest: bytes
    box: Box
    quality: Quality


class FrameCache:
    """An LRU cache of at most `limit` bytes of frames, for use in one thread."""

    def __init__(self, terminal: Terminal, limit: int = CACHE_BYTES) -> None:
        self._frames: LruCache[FrameKey, Frame] = LruCache(max_size=limit)
        self._encode = encoder_for(terminal)
        self._memory = 1 if terminal.protocol in ("kitty", "sixel") else _MEMORY_OF_CELLS

    def frame(self, picture: Picture, box: Box, quality: Quality) -> Frame:
        """Return the frame of a picture, from the cache or encoded now.

        Args:
            picture: The picture.
            box: The room for it.
            quality: A preview is never shown twice, so it is not cached.
        """
        if quality == "preview":
            return self._encode(to_image(picture), box, quality)
        key = FrameKey(digest=digest(picture), box=box, quality=quality)
        if (known := self._frames.get(key)) is not None:
            return known
        made = self._encode(to_image(picture), box, quality)
        self._frames.put(key, made, size=made.size * self._memory)
        return made


def digest(picture: Picture) -> bytes:
    """Return the BLAKE2b digest of the pixels and their shape, 16 bytes."""
    shape = f"{picture.width}x{picture.height}:".encode()
    return hashlib.blake2b(shape + picture.rgb, digest_size=16).digest()
