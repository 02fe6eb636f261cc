"""The wire between two processes: what goes in comes out, and large things are not copied on the way."""

from __future__ import annotations

import pickle
import socket
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine.rendering.events import Picture, PreviewRendered
from engine.worker.wire import Wire

Both = tuple[Wire[Any, Any], Wire[Any, Any]]


@pytest.fixture
def ends() -> Iterator[Both]:
    one, other = socket.socketpair()
    with one, other:
        yield Wire(one), Wire(other)


def travelled(ends: Both, value: Any) -> Any:
    """Send a value from a thread of its own, since a large one waits for its reader, and return what arrives."""
    sender = threading.Thread(target=ends[0].send, args=(value,))
    sender.start()
    received = ends[1].receive()
    sender.join()
    return received


@pytest.mark.parametrize("size", [0, 1, 65_535, 5_000_000])
def test_a_picture_arrives_as_it_left(ends: Both, size: int) -> None:
    picture = Picture(width=size, height=1, rgb=bytes(range(256)) * (size // 256) + bytes(size % 256))
    event = PreviewRendered(job=1, index=2, picture=picture)
    arrived = travelled(ends, event)
    assert arrived == event
    assert type(arrived.picture.rgb) is bytes


def test_noise_arrives_as_it_left(ends: Both) -> None:
    noise = np.arange(1_000_000, dtype=np.float16).reshape(10, -1)
    arrived = travelled(ends, {"noise": noise, "part": noise[:, ::2]})
    np.testing.assert_array_equal(arrived["noise"], noise)
    np.testing.assert_array_equal(arrived["part"], noise[:, ::2])


def test_more_parts_than_a_system_takes_at_once(ends: Both) -> None:
    pictures = [Picture(width=1, height=1, rgb=bytes([number % 256] * 3)) for number in range(3000)]
    assert travelled(ends, pictures) == pictures


def test_pixels_lie_beside_the_pickle() -> None:
    beside: list[pickle.PickleBuffer] = []
    picture = Picture(width=100, height=100, rgb=bytes(30_000))
    head = pickle.dumps(picture, protocol=5, buffer_callback=beside.append)
    assert len(head) < 200
    assert [buffer.raw().nbytes for buffer in beside] == [30_000]
    assert pickle.loads(head, buffers=[picture.rgb]).rgb is picture.rgb, "what arrives is not copied again"
    assert pickle.loads(pickle.dumps(picture, protocol=4)) == picture


def test_threads_do_not_mix_their_values(ends: Both) -> None:
    values = [bytes([number]) * 100_000 for number in range(20)]
    senders = [threading.Thread(target=ends[0].send, args=(value,)) for value in values]
    for sender in senders:
        sender.start()
    assert sorted(ends[1].receive() for _ in values) == values
    for sender in senders:
        sender.join()


def test_a_closed_connection_is_news_and_an_error(ends: Both) -> None:
    assert not ends[1].has_news(0.01)
    ends[0].close()
    assert ends[1].has_news(0.01)
    with pytest.raises(EOFError, match=r"^the other end of the connection is gone$"):
        ends[1].receive()


def test_a_connection_closed_within_a_value_is_an_error(ends: Both) -> None:
    ends[0]._socket.sendall((1).to_bytes(8, "little") + (50).to_bytes(8, "little") + b"half")
    ends[0].close()
    with pytest.raises(EOFError, match=r"^the other end of the connection is gone$"):
        ends[1].receive()


def test_a_wire_is_clear_while_the_other_end_reads(ends: Both) -> None:
    assert ends[0].is_clear(0.0)
    sent = 0
    while ends[0].is_clear(0.0):
        ends[0].send(bytes(10_000))
        sent += 1
    for _ in range(sent):
        ends[1].receive()
    assert ends[0].is_clear(1.0)
