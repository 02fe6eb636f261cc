"""Programs that break the rules: each is turned away or given up, and the worker that stays serves the others."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from engine.errors import KeptWorkerError
from engine.fake import FakeRenderer
from engine.kept import connecting, peers, program, server
from engine.kept.greeting import Greeting, Wants
from engine.kept.lines import receive_object, send_object
from engine.kept.link import attached_link
from engine.kept.outbox import Outbox
from engine.rendering.events import (
    Event,
    JobDone,
)
from engine.worker.messages.codec import Request
from engine.worker.wire import Wire
from tests.support.engine.kept import (
    HELLO,
    Running,
    attach_error,
    clients,
    greeted,
    is_given_up,
    is_usable,
    running,
)
from tests.support.engine.workers import LOAD, TIMEOUT_SECONDS, comes_true, job_of


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "run", FakeRenderer(step_seconds=0.001)) as it:
        yield it


def waits(event: threading.Event) -> None:
    assert event.wait(TIMEOUT_SECONDS)


def test_garbage_in_place_of_a_greeting_is_turned_away(run: Running) -> None:
    source = random.Random(1)
    for size in (1, 4, 8, 100, 70_000):
        connection = run.connect()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(source.randbytes(size))
            connection.shutdown(socket.SHUT_WR)
        assert is_given_up(connection)
    assert is_usable(run)


def test_garbage_and_oversized_frames_end_the_connection_alone(run: Running) -> None:
    source = random.Random(2)
    frames = [source.randbytes(64), struct.pack("<4sI", b"wrm1", 2**31), struct.pack("<Q", 2**62), bytes(4096)]
    frames.append(struct.pack("<4sIQ", b"wrm1", 1, 2**40))
    for frame in frames:
        connection = greeted(run)
        connection.sendall(frame)
        connection.shutdown(socket.SHUT_WR)
        assert is_given_up(connection)
    assert is_usable(run)


def test_half_a_frame_keeps_nobody_waiting(run: Running) -> None:
    connection = greeted(run)
    connection.sendall(struct.pack("<4sIQ", b"wrm1", 1, 100) + b"half")
    assert is_usable(run)
    connection.shutdown(socket.SHUT_WR)
    assert is_given_up(connection)


def test_half_a_greeting_keeps_nobody_waiting(run: Running) -> None:
    connection = run.connect()
    connection.sendall(b"\x00\x00")
    assert is_usable(run)
    connection.close()


def test_a_program_that_never_reads_is_given_up_and_holds_up_nobody(
    run: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "Outbox", partial(Outbox, max_bytes=200_000))
    link = attached_link(run.place, HELLO, 0.0)
    assert link is not None
    link.send(LOAD)
    wide = replace(job_of(1, count=40), settings=replace(LOAD.settings, width=128, height=128), previews=True)
    link.send(wide)
    with clients(run, 1) as (client,):
        client.renderer.render(job_of(1))
        client.until(JobDone)
    assert comes_true(lambda: run.status()["programs"] == 0)
    link.close()


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_program_that_sends_many_requests_holds_up_nobody(run: Running, *, is_stopped: bool) -> None:
    is_free = threading.Event()
    connection = greeted(run)
    assert comes_true(lambda: run.server._dispatcher.programs == 1)
    run.server._messages.put(lambda: waits(is_free))
    wire: Wire[Request, Event] = Wire(connection)
    wire.send(LOAD)
    for number in range(1, 30):
        wire.send(job_of(number))
    assert comes_true(lambda: run.server._messages.qsize() == 4)
    time.sleep(0.05)
    assert run.server._messages.qsize() == 4, "the others stay in the connection"
    if is_stopped:
        run.server.stop()
    is_free.set()
    if not is_stopped:
        ends: list[int] = []
        while len(ends) < 29:
            if isinstance(event := wire.receive(), JobDone):
                ends.append(event.job)
        assert ends == list(range(1, 30))
        assert is_usable(run)
    connection.close()


def test_another_user_is_turned_away_without_an_answer(run: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "peer_uid", lambda _: os.getuid() + 1)
    connection = run.connect()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        send_object(connection, Greeting(wants=Wants.STOP, hello=HELLO).to_json())
        assert connection.recv(1) == b""
    connection.close()
    monkeypatch.undo()
    assert is_usable(run)


def test_a_program_does_not_talk_to_the_worker_of_another_user(run: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(connection: socket.socket) -> None:
        raise KeptWorkerError(f"the socket {connection.getpeername()} belongs to someone else")

    monkeypatch.setattr(connecting, "check_peer", refuse)
    assert attach_error(lambda: attached_link(run.place, HELLO, 0.0)) == (
        f"the socket {run.place.socket} belongs to someone else"
    )


def test_the_number_of_programs_is_limited(run: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_PROGRAMS", 2)
    with clients(run, 2):
        assert attach_error(lambda: attached_link(run.place, HELLO, 0.0)) == (
            "a worker that stays is running, but 2 programs use it already (`warmer worker stop` ends it)"
        )


def test_the_number_of_programs_is_limited_also_for_those_that_come_at_once(
    run: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_PROGRAMS", 2)
    is_free = threading.Event()
    run.server._messages.put(lambda: waits(is_free))  # nobody has joined yet
    first = [greeted(run), greeted(run)]
    third = run.connect()
    send_object(third, Greeting(wants=Wants.RENDER, hello=HELLO).to_json())
    assert receive_object(third)["reason"] == "2 programs use it already"
    is_free.set()
    for connection in (*first, third):
        connection.close()
    assert comes_true(lambda: run.server._admitted == 0)
    assert is_usable(run)


def test_a_program_that_cannot_be_accepted_yet_is_accepted_later(
    run: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accept, failures = socket.socket.accept, [OSError(errno.EMFILE, "Too many open files")]

    def fail_once(listener: socket.socket) -> tuple[socket.socket, object]:
        if failures:
            raise failures.pop()
        return accept(listener)

    monkeypatch.setattr(socket.socket, "accept", fail_once)
    assert is_usable(run)
    assert "no program can connect: [Errno 24] Too many open files\n" in capsys.readouterr().err
