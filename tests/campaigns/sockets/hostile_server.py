"""A server that breaks the rules, seen from a program: the program goes on with a renderer of its own."""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
from random import Random

from engine.fake import FakeRenderer
from engine.kept.attached import AttachedRenderer
from engine.kept.link import Link
from engine.rendering.events import Event, JobDone, JobFailed, WorkerDied
from tests.campaigns.attack.part import Outcome
from tests.campaigns.sockets.seeds import EVENTS, mutated
from tests.campaigns.sockets.service import SECONDS
from tests.support.engine.workers import LOAD, job_of


def serve_badly(source: Random) -> Outcome:
    """Answer a program with damaged events, and look that it gets its pictures all the same."""
    near, far = socket.socketpair()
    events: queue.Queue[Event] = queue.Queue()
    links = [Link(near)]
    program = AttachedRenderer(lambda _: links.pop() if links else None, lambda: FakeRenderer(step_seconds=0.0))
    program.start(events.put)
    server = threading.Thread(target=_answer, args=(far, source))
    server.start()
    before = set(threading.enumerate())
    try:
        program.load(LOAD)
        _until(events, WorkerDied)
        program.load(LOAD)
        program.render(job_of(7))
        end = _until(events, (JobDone, JobFailed), 7)
        faults = () if isinstance(end, JobDone) else (f"its job ended with {end}",)
    except queue.Empty:
        faults = ("the program waits for ever",)
    program.close()
    server.join()
    left = {thread.name for thread in threading.enumerate()} - {thread.name for thread in before}
    return Outcome(
        kind="servers that break the rules", faults=(*faults, *(f"a thread is left: {name}" for name in left))
    )


def _answer(connection: socket.socket, source: Random) -> None:
    with connection, contextlib.suppress(OSError):
        for _ in range(source.randrange(1, 8)):
            way, frame = source.randrange(4), mutated(source.choice(EVENTS), source)[1]
            if way == 0:
                frame = source.randbytes(100)
            if way == 1:
                frame = struct.pack("<4sIQ", b"wrm1", 1, 2 ** source.randrange(64))
            connection.sendall(frame)


def _until(events: queue.Queue[Event], kinds: type | tuple[type, ...], job: int | None = None) -> Event:
    while True:
        event = events.get(timeout=SECONDS)
        if isinstance(event, kinds) and (job is None or getattr(event, "job", None) == job):
            return event
