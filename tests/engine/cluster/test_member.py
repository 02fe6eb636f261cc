"""The member of a cluster, with a stand-in for Ray: what it tells when its actor waits, is refused, or ends."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from engine.cluster import member
from engine.cluster.actor import ActorFacts
from engine.cluster.member import RayMember
from engine.cluster.messages import Message, pack, unpack_request, unpack_weights
from engine.cluster.models import Weights, weights_of
from engine.cluster.places import Node, Place
from engine.models.resolve import EMBEDDED, resolve_model
from engine.rendering.events import (
    LOADING,
    Event,
    Failure,
    JobDone,
    JobFailed,
    ModelReady,
    RendererNoticed,
    WorkerDied,
)
from engine.rendering.requests import CancelJob, CancelRound, LoadModel
from latentpng import __version__
from tests.support.engine.workers import LOAD, TIMEOUT_SECONDS, comes_true, job_of

exceptions = pytest.importorskip("ray.exceptions")

EMBEDDED_LOAD = replace(LOAD, model=resolve_model(EMBEDDED))
PLACE = Place(node=Node(node_id="1", name="b", address="10.0.0.2", gpus=1, cpus=4), gpu=0)
READY = ModelReady(
    request=EMBEDDED_LOAD,
    noise_shape=(4, 2, 2),
    noise_axes="CHW",
    pipeline="FakePipeline",
    schedulers=(),
    device="cuda",
    dtype="float16",
)
ENDED = "its Ray actor died; it starts again with the next picture"


@dataclass
class FakeActor:
    """An actor of a stand-in for Ray: its references are the values themselves.

    Attributes:
        stream: The messages that it yields; an exception ends it.
        requests: What it was asked for.
    """

    version: str = __version__
    is_late: bool = False
    stream: queue.Queue[tuple[Message, ...] | Exception] = field(default_factory=queue.Queue)
    requests: list[tuple[Message, ...]] = field(default_factory=list)
    is_killed: threading.Event = field(default_factory=threading.Event)

    @property
    def facts(self) -> SimpleNamespace:
        return SimpleNamespace(remote=lambda: self)

    @property
    def request(self) -> SimpleNamespace:
        asked = SimpleNamespace(remote=lambda *messages: self.requests.append(messages))
        return SimpleNamespace(options=lambda **_: asked)

    @property
    def events(self) -> SimpleNamespace:
        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=self._streamed))

    def say(self, *events: Event) -> None:
        self.stream.put(tuple(pack(event) for event in events))

    def _streamed(self) -> Iterator[tuple[Message, ...]]:
        while not isinstance(messages := self.stream.get(), Exception):
            yield messages
        raise messages


class FakeRay:
    """Stands in for the module."""

    exceptions = exceptions

    @staticmethod
    def get(reference: object) -> object:
        if isinstance(reference, FakeActor):
            return ActorFacts(node="b", version=reference.version, devices="0")
        return reference

    @staticmethod
    def wait(references: list[FakeActor], timeout: float) -> tuple[list[FakeActor], list[FakeActor]]:
        assert timeout == 30
        return ([], references) if references[0].is_late else (references, [])

    @staticmethod
    def kill(actor: FakeActor) -> None:
        actor.is_killed.set()
        actor.stream.put(exceptions.ActorDiedError())


class Started:
    """A member whose actors are stand-ins."""

    def __init__(self, *actors: FakeActor) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.member = RayMember(PLACE, self._weights_of)
        waiting = iter(actors)

        def start() -> FakeActor:
            actor = next(waiting)
            reader = threading.Thread(target=self.member._receive, args=(actor,))
            self.member._readers.append(reader)
            reader.start()
            return actor

        self.member._start_actor = start  # type: ignore[method-assign]
        self.member.start(self.events.put)

    def next(self) -> Event:
        return self.events.get(timeout=TIMEOUT_SECONDS)

    @staticmethod
    def _weights_of(request: LoadModel) -> Weights:
        return weights_of(request)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Started]]:
    monkeypatch.setitem(sys.modules, "ray", FakeRay)
    monkeypatch.setattr(member, "how_an_actor_ended", lambda _: ENDED)
    opened: list[Started] = []

    def opener(*actors: FakeActor) -> Started:
        opened.append(Started(*actors))
        return opened[-1]

    yield opener
    for one in opened:
        one.member.close()


def test_requests_cross_as_messages_and_events_come_back(started: Callable[..., Started]) -> None:
    actor = FakeActor()
    one = started(actor)
    one.member.load(EMBEDDED_LOAD)
    one.member.render(job_of(1))
    one.member.cancel(1)
    one.member.cancel_round(7)
    assert comes_true(lambda: len(actor.requests) == 4)
    asked = [unpack_request(messages[0]) for messages in actor.requests]
    assert asked == [EMBEDDED_LOAD, job_of(1), CancelJob(job=1), CancelRound(round_id=7)]
    assert unpack_weights(actor.requests[0][1]) == weights_of(EMBEDDED_LOAD)
    actor.say(READY, JobDone(job=1, seconds=0.5))
    assert [one.next(), one.next()] == [READY, JobDone(job=1, seconds=0.5)]


def test_an_actor_that_dies_takes_its_jobs_along_and_the_next_load_starts_another_one(
    started: Callable[..., Started],
) -> None:
    first, second = FakeActor(), FakeActor()
    one = started(first, second)
    one.member.load(EMBEDDED_LOAD)
    one.member.render(job_of(1))
    one.member.render(job_of(2))
    assert comes_true(lambda: len(first.requests) == 3)
    first.say(READY, JobDone(job=1, seconds=0.5))
    first.stream.put(exceptions.ActorDiedError())
    assert [one.next() for _ in range(4)] == [
        READY,
        JobDone(job=1, seconds=0.5),
        JobFailed(job=2, failure=Failure.CRASH, sentence=ENDED),
        WorkerDied(sentence=ENDED),
    ]
    assert first.is_killed.is_set(), "it may only have been out of reach"
    one.member.render(job_of(3))
    assert one.next() == JobFailed(job=3, failure=Failure.CRASH, sentence="its Ray actor has ended")
    one.member.cancel(3)
    one.member.load(EMBEDDED_LOAD)
    assert comes_true(lambda: len(second.requests) == 1)


def test_an_actor_that_sends_no_event_is_stopped_and_the_next_load_starts_another_one(
    started: Callable[..., Started],
) -> None:
    first, second = FakeActor(), FakeActor()
    one = started(first, second)
    one.member.load(EMBEDDED_LOAD)
    first.stream.put(((b"nonsense",),))
    sentence = (
        "its Ray actor sent what is no event (the head of the message is no MessagePack within the limits (ExtraData)) "
        "and was stopped; it starts again with the next picture"
    )
    assert [one.next(), one.next()] == [
        JobFailed(job=LOADING, failure=Failure.CRASH, sentence=sentence),
        WorkerDied(sentence=sentence),
    ]
    assert first.is_killed.is_set()
    one.member.load(EMBEDDED_LOAD)
    second.say(READY)
    assert one.next() == READY


def test_an_actor_that_waits_for_its_gpu_says_so(started: Callable[..., Started]) -> None:
    actor = FakeActor(is_late=True)
    one = started(actor)
    one.member.load(EMBEDDED_LOAD)
    assert one.next() == RendererNoticed(
        sentence="has not started after 30 seconds; perhaps other programs use its GPU"
    )
    actor.say(READY)
    assert one.next() == READY


def test_an_actor_that_waits_for_cores_says_so(
    started: Callable[..., Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = started(FakeActor(is_late=True))
    monkeypatch.setattr(one.member, "_place", replace(PLACE, gpu=-1))
    one.member.load(EMBEDDED_LOAD)
    assert one.next() == RendererNoticed(
        sentence="has not started after 30 seconds; perhaps other programs use its processor cores"
    )


def test_a_node_with_a_different_version_is_refused(started: Callable[..., Started]) -> None:
    actor = FakeActor(version="0.0.1")
    one = started(actor)
    one.member.load(EMBEDDED_LOAD)
    assert one.next() == JobFailed(
        job=LOADING,
        failure=Failure.MODEL,
        sentence=f"the node b has warmer 0.0.1, this machine has {__version__}: install the same version on both",
    )
    assert actor.is_killed.wait(TIMEOUT_SECONDS)


def test_the_end_of_an_actor_that_was_closed_is_not_told(started: Callable[..., Started]) -> None:
    actor = FakeActor()
    one = started(actor)
    one.member.load(EMBEDDED_LOAD)
    assert comes_true(lambda: len(actor.requests) == 1)
    one.member.close()
    assert actor.is_killed.is_set()
    assert one.events.empty()
