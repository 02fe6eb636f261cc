"""What a program is told when the worker that stays ends while it waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import cast

import pytest

from engine.fake import FakeRenderer
from engine.kept.attached import LOST, AttachedRenderer
from engine.kept.link import Link, Request
from engine.rendering.events import Event, Failure, JobFailed, TurnChanged, WorkerDied
from tests.support.engine.workers import job_of


@dataclass
class ScriptedLink:
    """A connection that answers each request with these events, and ends."""

    events: list[Event]
    is_silent: bool = False
    pid: int = 0
    asked: SimpleQueue[Request | None] = field(default_factory=SimpleQueue)

    def send(self, request: Request) -> None:
        self.asked.put(request)

    def receive(self) -> Event | None:
        if len(self.events) and self.asked.get(timeout=10) is None:
            return None
        self.asked.put(job_of(1))
        return self.events.pop(0) if self.events else None

    def end(self) -> None:
        self.asked.put(None)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("told", "rest"), [([2, 1], [TurnChanged(place=0)]), ([1, 0], [])])
def test_who_waits_in_a_worker_that_ends_waits_no_longer(told: list[int], rest: list[Event]) -> None:
    script = ScriptedLink([TurnChanged(place=place) for place in told])
    link = cast("Link", script)  # a Link holds a socket, which no script needs
    heard: SimpleQueue[Event] = SimpleQueue()
    renderer = AttachedRenderer(attach=lambda _: link, make_own=FakeRenderer)
    renderer.start(heard.put)
    renderer.render(job_of(1))
    expected = [
        *(TurnChanged(place=place) for place in told),
        JobFailed(job=1, failure=Failure.CRASH, sentence=LOST),
        WorkerDied(sentence=LOST),
        *rest,
    ]
    assert [heard.get(timeout=10) for _ in expected] == expected
    renderer.close()
    assert heard.empty()
