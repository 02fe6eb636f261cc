"""A program and a worker that stays that breaks the rules of the connection."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace

import numpy as np

from engine.fake import FakeRenderer
from engine.kept.attached import LOST, AttachedRenderer
from engine.kept.link import Link
from engine.rendering.events import Failure, JobFailed, WorkerDied
from tests.support.engine.kept import Client
from tests.support.engine.workers import TIMEOUT_SECONDS, job_of


def test_a_worker_that_sends_no_event_and_does_not_read_holds_up_nobody() -> None:
    near, far = socket.socketpair()
    own = FakeRenderer()
    links = [Link(near)]
    client = Client(AttachedRenderer(lambda _: links.pop() if links else None, lambda: own))
    large = replace(job_of(1), root_tensor=np.zeros(2**22, dtype=np.float16))
    client.renderer.render(large)
    assert far.recv(4) == b"wrm1", "the thread that sends is in the middle of it"
    far.sendall(b"no event at all")
    assert client.until(WorkerDied) == [
        JobFailed(job=1, failure=Failure.CRASH, sentence=LOST),
        WorkerDied(sentence=LOST),
    ]
    closing = threading.Thread(target=client.renderer.close, daemon=True)
    closing.start()
    closing.join(TIMEOUT_SECONDS / 10)
    assert not closing.is_alive()
    far.close()
