"""Damaged messages: every truncation, every flipped bit and garbage give a value that is whole, or our own error."""

from __future__ import annotations

import random

import msgpack
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import WireError
from engine.rendering.events import Picture, PictureRendered
from engine.worker.messages.codec import EVENTS, REQUESTS, Codec
from latentpng.noise.replay import record_of
from latentpng.record import Lineage, Round, TensorRoot
from tests.support.engine.messages import MESSAGES, bytes_of, messages

NOISE = np.arange(128, dtype=np.float16).reshape(2, 8, 8)
RENDERED = PictureRendered(
    job=1,
    index=0,
    picture=Picture(width=1, height=1, rgb=b"abc"),
    record=record_of(
        Lineage(root=TensorRoot(source={"a": [1, (2.5, None)], "b": 2**70}), rounds=(Round(seed=1, scale=0.5),)),
        NOISE,
        axes="CHW",
        root_tensor=NOISE,
        settings={"prompt": "a lake"},
        software={},
        pixels="",
    ),
)
GARBAGE = 20_000


def decoded_or_refused(parts: list[bytes]) -> bool:
    """Decode parts that may be damaged; return whether they gave a value, which is whole then."""
    try:
        value = Codec().decode(parts)
    except WireError:
        return False
    assert type(value) in (*REQUESTS, *EVENTS)
    return bool(bytes_of(value))


def test_every_truncation_of_a_head_is_refused() -> None:
    head, *beside = bytes_of(RENDERED)
    assert decoded_or_refused([head, *beside])
    assert not any(decoded_or_refused([head[:size], *beside]) for size in range(len(head)))


def test_every_flipped_bit_of_a_head_gives_a_value_or_our_own_error() -> None:
    head, *beside = bytes_of(RENDERED)
    for place in range(len(head)):
        for bit in range(8):
            decoded_or_refused([head[:place] + bytes([head[place] ^ 1 << bit]) + head[place + 1 :], *beside])


@given(messages, st.data())
def test_any_damaged_message_gives_a_value_or_our_own_error(value: object, data: st.DataObject) -> None:
    head, *beside = bytes_of(value)
    place, flip = data.draw(st.integers(0, len(head) - 1)), data.draw(st.integers(1, 255))
    decoded_or_refused([head[:place] + bytes([head[place] ^ flip]) + head[place + 1 :], *beside])
    decoded_or_refused([head[:place] + head[place + 1 :], *beside])
    assert not decoded_or_refused([head, *beside, b"more"])
    for number in range(len(beside)):
        without = [*beside[:number], beside[number][:-1], *beside[number + 1 :]]
        assert beside[number] == b"" or not decoded_or_refused([head, *without])
        assert not decoded_or_refused([head, *beside[:number]])


def test_garbage_gives_our_own_error() -> None:
    source = random.Random(7)
    names = sorted(cls.__name__ for cls in MESSAGES)
    for _ in range(GARBAGE):
        junk = source.randbytes(source.randrange(1, 60))
        assert not decoded_or_refused([junk])
        assert not decoded_or_refused([b"\x92" + msgpack.packb(source.choice(names)) + junk, junk])
