"""The cache: the same picture in the same box is encoded once."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from engine.rendering.events import Picture
from tui.graphics.frame import Quality
from tui.graphics.frames import FrameCache, digest, encoder_for
from tui.graphics.geometry import Box
from tui.graphics.images import to_image
from tui.graphics.terminal.capabilities import PROTOCOLS, Terminal

SIXEL = Terminal(protocol="sixel")
BOX = Box(columns=4, rows=2, cell_width=10, cell_height=20)


def plain(shade: int, width: int = 6, height: int = 4) -> Picture:
    return Picture(width=width, height=height, rgb=bytes([shade]) * (3 * width * height))


def test_the_same_pixels_are_encoded_once() -> None:
    cache = FrameCache(SIXEL)
    assert cache.frame(plain(1), BOX, "full") is cache.frame(plain(1), BOX, "full")


def test_everything_a_frame_depends_on_counts() -> None:
    cache = FrameCache(SIXEL)
    frames = [
        cache.frame(plain(1), BOX, "full"),
        cache.frame(plain(2), BOX, "full"),
        cache.frame(plain(1, 4, 6), BOX, "full"),
        cache.frame(plain(1), replace(BOX, columns=5), "full"),
        cache.frame(plain(1), replace(BOX, cell_width=9), "full"),
        cache.frame(plain(1), BOX, "best"),
        cache.frame(plain(1), BOX, "preview"),
    ]
    assert len(set(map(id, frames))) == len(frames)


def test_the_frame_used_longest_ago_goes_first() -> None:
    one = FrameCache(SIXEL).frame(plain(1), BOX, "full")
    cache = FrameCache(SIXEL, limit=2 * one.size + one.size // 2)
    first, second = (cache.frame(plain(shade), BOX, "full") for shade in (1, 2))
    assert cache.frame(plain(1), BOX, "full") is first
    cache.frame(plain(3), BOX, "full")
    assert cache.frame(plain(1), BOX, "full") is first
    assert cache.frame(plain(2), BOX, "full") is not second


def test_shape_is_part_of_the_digest() -> None:
    assert digest(plain(1, 6, 4)) != digest(plain(1, 4, 6))


def test_every_protocol_has_an_encoder() -> None:
    for protocol in PROTOCOLS:
        for truecolor in (False, True):
            for quality in get_args(Quality):
                frame = encoder_for(Terminal(protocol=protocol, truecolor=truecolor))(to_image(plain(9)), BOX, quality)
                assert frame.strips or frame.data
