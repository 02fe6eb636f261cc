"""The wire between two processes: what goes in comes out, and large things are not copied on the way."""

from __future__ import annotations

import contextlib
import random
import re
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine.errors import WireError
from engine.rendering.events import Event, JobCancelled, LoadingProgressed, Picture, PreviewRendered
from engine.rendering.requests import CancelJob, RenderJob
from engine.worker import wire
from engine.worker.messages.codec import EVENTS, REQUESTS, Codec, Request
from engine.worker.wire import Wire
from tests.support.engine.messages import bytes_of
from tests.support.engine.workers import SETTINGS

Both = tuple[Wire[Any, Any], Wire[Any, Any]]


@pytest.fixture
def ends() -> Iterator[Both]:
    one, other = socket.socketpair()
    with one, other:
        yield Wire(one), Wire(other)


def picture_of(size: int, step: int = 0) -> Picture:
    """Return a picture of so many bytes."""
    pattern = bytes(number * step % 256 for number in range(256))
    return Picture(width=size, height=1, rgb=(pattern * (size // 256 + 1))[:size])


def travelled(ends: Both, value: Any) -> Any:
    """Send a value from a thread of its own, since a large one waits for its reader, and return what arrives."""
    sender = threading.Thread(target=ends[0].send, args=(value,))
    sender.start()
    received = ends[1].receive()
    sender.join()
    return received


@pytest.mark.parametrize("size", [0, 1, 65_535, 5_000_000])
def test_a_picture_arrives_as_it_left(ends: Both, size: int) -> None:
    event = PreviewRendered(job=1, index=2, picture=picture_of(size, 1))
    arrived = travelled(ends, event)
    assert arrived == event
    assert type(arrived.picture.rgb) is bytes


def test_noise_arrives_as_it_left(ends: Both) -> None:
    noise = np.arange(1_000_000, dtype=np.float16).reshape(10, -1)
    job = RenderJob(job=1, tasks=(), settings=SETTINGS, root_tensor=noise)
    np.testing.assert_array_equal(travelled(ends, job).root_tensor, noise)


def test_threads_do_not_mix_their_values(ends: Both) -> None:
    values = [PreviewRendered(job=1, index=number, picture=picture_of(100_000, number)) for number in range(20)]
    senders = [threading.Thread(target=ends[0].send, args=(value,)) for value in values]
    for sender in senders:
        sender.start()
    assert sorted((ends[1].receive() for _ in values), key=lambda value: value.index) == values
    for sender in senders:
        sender.join()


def test_an_end_receives_only_what_it_is_told_to() -> None:
    one, other = socket.socketpair()
    with one, other:
        worker: Wire[Event, Request] = Wire(one, Codec(REQUESTS))
        program: Wire[Request, Event] = Wire(other, Codec(EVENTS))
        program.send(CancelJob(job=1))
        assert worker.receive() == CancelJob(job=1)
        worker.send(JobCancelled(job=1))
        assert program.receive() == JobCancelled(job=1)
        worker.send(CancelJob(job=1))  # type: ignore[arg-type]
        with pytest.raises(WireError, match=r", TurnChanged needed, found a message of another name$"):
            program.receive()


def test_nothing_is_sent_of_a_value_that_is_refused(ends: Both) -> None:
    with pytest.raises(WireError, match=r"^LoadingProgressed.stage: a text needed, found int$"):
        ends[0].send(LoadingProgressed(stage=1))  # type: ignore[arg-type]
    assert travelled(ends, CancelJob(job=1)) == CancelJob(job=1)


def test_a_frame_of_too_many_bytes_is_not_sent(ends: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_FRAME", 100)
    with pytest.raises(WireError, match=r"^a message has at most 100 bytes, found 159$"):
        ends[0].send(PreviewRendered(job=1, index=0, picture=picture_of(100)))


def test_a_closed_connection_is_news_and_an_error(ends: Both) -> None:
    assert not ends[1].has_news(0.01)
    ends[0].close()
    assert ends[1].has_news(0.01)
    with pytest.raises(EOFError, match=r"^the other end of the connection is gone$"):
        ends[1].receive()


def frame_of(value: object) -> bytes:
    """Return all bytes of a frame."""
    parts = bytes_of(value)
    return b"wrm1" + struct.pack(f"<I{len(parts)}Q", len(parts), *map(len, parts)) + b"".join(parts)


def test_a_frame_has_these_bytes(ends: Both) -> None:
    ends[0].send(CancelJob(job=5))
    assert ends[1]._socket.recv(100) == (
        b"wrm1" + bytes([1, 0, 0, 0]) + bytes([17, 0, 0, 0, 0, 0, 0, 0]) + b"\x92\xa9CancelJob\x81\xa3job\x05"
    )


def test_a_connection_closed_within_a_frame_is_an_error() -> None:
    frame = frame_of(PreviewRendered(job=1, index=0, picture=picture_of(20)))
    for size in range(len(frame)):
        one, other = socket.socketpair()
        with one, other:
            one.sendall(frame[:size])
            one.close()
            with pytest.raises(EOFError, match=r"^the other end of the connection is gone$"):
                Wire(other).receive()


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (b"GET / HTTP/1.1", "what arrived is no message of this program"),
        (struct.pack("<4sI", b"wrm2", 1), "what arrived is no message of this program"),
        (struct.pack("<4sI", b"wrm1", 0), "what arrived is no message of this program"),
        (struct.pack("<4sI", b"wrm1", 66), "what arrived is no message of this program"),
        (struct.pack("<4sI", b"wrm1", 2**32 - 1), "what arrived is no message of this program"),
        *[
            (
                struct.pack(f"<4sI{len(sizes)}Q", b"wrm1", len(sizes), *sizes),
                f"a message has at most 234,881,024 bytes in parts of 201,326,592 and a head of 16,777,216, "
                f"found {sum(sizes):,}",
            )
            for sizes in [(2**24 + 1,), (1, 201_326_593), (2**24, 201_326_592, 2**24, 1), (2**64 - 1,)]
        ],
    ],
)
def test_a_frame_that_breaks_a_limit_is_refused_before_it_is_read(ends: Both, start: bytes, sentence: str) -> None:
    ends[0]._socket.sendall(start)
    with pytest.raises(WireError, match=f"^{re.escape(sentence)}$"):
        ends[1].receive()


def test_an_empty_head_is_refused(ends: Both) -> None:
    ends[0]._socket.sendall(struct.pack("<4sIQ", b"wrm1", 1, 0))
    with pytest.raises(WireError, match=r"^the head of the message is no MessagePack within the limits"):
        ends[1].receive()


def test_flipped_bytes_give_a_value_or_our_own_error() -> None:
    frame = frame_of(PreviewRendered(job=1, index=0, picture=picture_of(20)))
    for place in range(len(frame)):
        one, other = socket.socketpair()
        with one, other:
            one.sendall(frame[:place] + bytes([frame[place] ^ 255]) + frame[place + 1 :])
            one.close()
            with contextlib.suppress(WireError, EOFError):
                assert isinstance(Wire(other).receive(), PreviewRendered)


def test_garbage_gives_our_own_error() -> None:
    source = random.Random(3)
    for start in (b"", b"wrm1", b"wrm1\1\0\0\0", b"wrm1\1\0\0\0\x20\0\0\0\0\0\0\0"):
        for _ in range(300):
            one, other = socket.socketpair()
            with one, other:
                one.sendall(start + source.randbytes(100))
                one.close()
                with pytest.raises((WireError, EOFError)):
                    Wire(other).receive()


def test_a_part_in_many_pieces_arrives_whole() -> None:
    one, other = socket.socketpair()
    other.settimeout(10.0)  # such a socket hands out what is there, instead of waiting for all of it
    with one, other:
        value = PreviewRendered(job=1, index=0, picture=picture_of(5_000_000))
        assert travelled((Wire(one), Wire(other)), value) == value


def test_a_wire_is_clear_while_the_other_end_reads(ends: Both) -> None:
    assert ends[0].is_clear(0.0)
    sent = 0
    while ends[0].is_clear(0.0):
        ends[0].send(PreviewRendered(job=1, index=0, picture=picture_of(10_000)))
        sent += 1
    for _ in range(sent):
        ends[1].receive()
    assert ends[0].is_clear(1.0)
