"""A renderer whose work one Ray actor does, on the node that has its place.

It keeps the rules of a worker's client: an actor that dies takes its jobs along, which is reported, and the next load
starts another one.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable
from typing import Any, TypeAlias

from engine.cluster.actor import ActorFacts, RemoteWorker
from engine.cluster.messages import pack, unpack_event
from engine.cluster.models import Weights
from engine.cluster.places import Place
from engine.errors import WireError
from engine.rendering.events import (
    LOADING,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    ModelReady,
    RendererNoticed,
    WorkerDied,
)
from engine.rendering.requests import CancelJob, CancelRound, Job, LoadModel
from engine.worker.messages.codec import Request
from engine.worker.requesting import RequestingRenderer
from latentpng import __version__
from latentpng.text import plain

Actor: TypeAlias = Any
"""A handle of a Ray actor; its methods exist at run time only."""
NAMESPACE = "warmer"
"""Where Ray keeps the names of the actors."""
_REQUESTS, _EVENTS = "requests", "events"
"""The concurrency groups of an actor: a thread for requests and one for events, so that each keeps its order."""
_AGAIN = "it starts again with the next picture"
_SECONDS_UNTIL_TOLD = 30.0
"""Until the person is told that an actor does not start: Ray lets it wait for its GPU without an end."""


class RayMember(RequestingRenderer):
    """A Renderer that an actor works for; the actor starts with the first load."""

    def __init__(self, place: Place, weights_of: Callable[[LoadModel], Weights], program: tuple[str, ...] = ()) -> None:
        """Start nothing yet.

        Args:
            place: Where the actor runs.
            weights_of: Returns which weights a request means, at once.
            program: The module of the actor's worker process and its arguments; () for the usual one.
        """
        super().__init__(f"ray requests {place.name}")
        self._place, self._weights_of, self._program = place, weights_of, program
        self._lock = threading.Lock()
        self._actor: Actor = None
        self._readers: list[threading.Thread] = []
        self._open: list[int] = []
        self._is_closing = False

    def close(self) -> None:
        """Kill the actor, whose worker process ends with it, and join all threads."""
        with self._lock:
            self._is_closing = True
            actor = self._actor
        self._end_requests()
        _kill(actor)
        for reader in self._readers:
            reader.join()

    def _hand_on(self, request: Request) -> None:
        if isinstance(request, LoadModel):
            self._load(request)
        elif isinstance(request, CancelJob | CancelRound):
            self._cancel(request)
        else:
            self._render(request)

    def _load(self, request: LoadModel) -> None:
        with self._lock:
            if self._is_closing:
                return
            actor = self._actor = self._actor or self._start_actor()
            self._open.append(LOADING)
        _requests(actor).remote(pack(request), pack(self._weights_of(request)))

    def _render(self, job: Job) -> None:
        with self._lock:
            actor = self._actor
            if actor is not None:
                self._open.append(job.job)
        if actor is not None:
            _requests(actor).remote(pack(job))
        else:
            self._on_event(JobFailed(job=job.job, failure=Failure.CRASH, sentence="its Ray actor has ended"))

    def _cancel(self, request: CancelJob | CancelRound) -> None:
        with self._lock:
            actor = self._actor
        if actor is not None:
            _requests(actor).remote(pack(request))

    def _start_actor(self) -> Actor:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        place = self._place
        actor = ray.remote(
            num_cpus=place.num_cpus,
            num_gpus=place.num_gpus,
            concurrency_groups={_REQUESTS: 1, _EVENTS: 1},
            scheduling_strategy=NodeAffinitySchedulingStrategy(node_id=place.node.node_id, soft=False),
            namespace=NAMESPACE,
            name=f"{place.name} {uuid.uuid4().hex[:8]}",
        )(RemoteWorker).remote(place.node.name, place.threads, self._program)
        reader = threading.Thread(target=self._receive, args=(actor,), name=f"ray events {place.name}", daemon=True)
        self._readers = [*(old for old in self._readers if old.is_alive()), reader]
        reader.start()
        return actor

    def _receive(self, actor: Actor) -> None:
        """Pass on the events of an actor until it ends, and report its end."""
        import ray

        sentence = f"its Ray actor has ended; {_AGAIN}"
        try:
            self._wait_for(actor)
            for reference in _stream(actor):
                for message in ray.get(reference):
                    self._hear(unpack_event(message))
        except _RefusedError as refused:
            self._refuse(actor, str(refused))
            return
        except ray.exceptions.RayError as error:
            sentence = how_an_actor_ended(error)
        except WireError as error:
            sentence = f"its Ray actor sent what is no event ({error}) and was stopped; {_AGAIN}"
        self._report_end(actor, sentence)

    def _wait_for(self, actor: Actor) -> None:
        """Wait until an actor runs, and check that its node has the same version of this program."""
        import ray

        answer = actor.facts.remote()
        if not ray.wait([answer], timeout=_SECONDS_UNTIL_TOLD)[0]:
            what = "GPU" if self._place.num_gpus else "processor cores"
            late = f"has not started after {_SECONDS_UNTIL_TOLD:.0f} seconds; perhaps other programs use its {what}"
            self._on_event(RendererNoticed(sentence=late))
        facts: ActorFacts = ray.get(answer)
        if facts.version != __version__:
            raise _RefusedError(
                f"the node {self._place.node.name} has warmer {facts.version}, this machine has {__version__}: "
                "install the same version on both"
            )

    def _hear(self, event: Event) -> None:
        if isinstance(event, JobDone | JobCancelled | JobFailed | ModelReady):
            with self._lock, contextlib.suppress(ValueError):
                self._open.remove(LOADING if isinstance(event, ModelReady) else event.job)
        self._on_event(event)

    def _refuse(self, actor: Actor, sentence: str) -> None:
        """Report that the model cannot be loaded on this node, whose actor is of no use."""
        for job in self._forget(actor):
            self._on_event(JobFailed(job=job, failure=Failure.MODEL, sentence=sentence))

    def _report_end(self, actor: Actor, sentence: str) -> None:
        """Report the jobs that an actor took along, then that it has ended."""
        lost = self._forget(actor)
        if not self._is_closing:
            for job in lost:
                self._on_event(JobFailed(job=job, failure=Failure.CRASH, sentence=sentence))
            self._on_event(WorkerDied(sentence=sentence))

    def _forget(self, actor: Actor) -> list[int]:
        """Forget an actor, and return the jobs that it was working on; one that cannot be reached is killed."""
        with self._lock:
            lost, self._open, self._actor = self._open, [], None
        _kill(actor)
        return lost


class _RefusedError(Exception):
    """An actor runs, but cannot be used; the text says why."""


def how_an_actor_ended(error: Exception) -> str:
    """Return how an actor ended, as one sentence for the person.

    Args:
        error: What Ray raised.
    """
    import ray.exceptions as kinds

    match error:
        case kinds.ActorUnschedulableError():
            return "its node has left the Ray cluster"
        case kinds.OutOfMemoryError():
            return f"Ray killed its actor, because the memory of the node was nearly full; {_AGAIN}"
        case kinds.ActorUnavailableError():
            return f"its node could not be reached; {_AGAIN}"
        case kinds.RayTaskError():
            return f"its Ray actor failed: {_last_line(str(error))}; {_AGAIN}"
        case _:
            return f"its Ray actor died; {_AGAIN}"


def _last_line(text: str) -> str:
    return plain(next((line for line in reversed(text.splitlines()) if line.strip()), ""), 300)


def _requests(actor: Actor) -> Any:
    """The method of an actor that takes requests."""
    return actor.request.options(concurrency_group=_REQUESTS)


def _stream(actor: Actor) -> Any:
    """References to the events of an actor, as they come."""
    return actor.events.options(num_returns="streaming", concurrency_group=_EVENTS).remote()


def _kill(actor: Actor) -> None:
    import ray

    if actor is not None:
        with contextlib.suppress(ray.exceptions.RayError, ValueError):  # it is dead already, or Ray is shut down
            ray.kill(actor)
