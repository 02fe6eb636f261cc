"""What runs on a node: a Ray actor around an ordinary worker process.  Imports no Ray: Ray makes an actor of the class.

Its methods run in two threads, one for requests and one that streams the events, so that each keeps its order.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.cluster.messages import Message, pack, unpack_request, unpack_weights
from engine.cluster.models import Weights, relocated
from engine.errors import EngineError
from engine.rendering.events import LOADING, Event, Failure, JobFailed, ModelReady
from engine.rendering.requests import CancelJob, CancelRound, Job, LoadModel, ModelChoice
from engine.worker.client import WorkerRenderer
from latentpng import __version__
from latentpng.errors import LatentPngError


@dataclass(frozen=True, kw_only=True, slots=True)
class ActorFacts:
    """What an actor tells of itself.

    Attributes:
        node: The name of its node.
        version: The version of warmer there.
        devices: The GPUs that Ray gave it, as CUDA_VISIBLE_DEVICES names them; "" for none.
        model: The name of the model that it has loaded; "" for none.
    """

    node: str
    version: str
    devices: str
    model: str = ""


class RemoteWorker:
    """One worker process on the node that Ray chose, with the GPU that Ray gave it."""

    def __init__(self, node: str, threads: int = 0, program: tuple[str, ...] = ()) -> None:
        """Start nothing but the threads; the worker process starts with the first load.

        Args:
            node: The name of its node, for messages.
            threads: How many threads compute on the CPU of the node; 0 leaves it to Ray.
            program: The module of the worker process and its arguments; () for the usual one.
        """
        self._node = node
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        if threads:
            os.environ["OMP_NUM_THREADS"] = str(threads)  # Ray sets it to 1 for an actor with a GPU
        self._renderer = WorkerRenderer(program=program)
        self._renderer.start(self._events.put)
        self._asked: dict[tuple[ModelChoice, str], LoadModel] = {}
        self._refusal: JobFailed | None = None
        self._model = ""

    def facts(self) -> ActorFacts:
        """Return what this actor is, as soon as it runs."""
        return ActorFacts(
            node=self._node,
            version=__version__,
            devices=os.environ.get("CUDA_VISIBLE_DEVICES", ""),
            model=self._model,
        )

    def request(self, message: Message, weights: Message = ()) -> None:
        """Do what a message asks for.

        Args:
            message: A request, as `pack` makes it of it.
            weights: For a load, which weights its paths mean where it comes from.
        """
        match unpack_request(message):
            case LoadModel() as request:
                self._load(request, unpack_weights(weights))
            case CancelJob(job=job):
                self._renderer.cancel(job)
            case CancelRound(round_id=round_id):
                self._renderer.cancel_round(round_id)
            case job:
                self._render(job)

    def events(self) -> Iterator[tuple[Message, ...]]:
        """Yield all events as they come, several at a time where they come fast, until `close`."""
        while True:
            arrived = [self._events.get()]
            while not self._events.empty():
                arrived.append(self._events.get())
            yield tuple(pack(self._as_asked(event)) for event in arrived if event is not None)
            if None in arrived:
                return

    def close(self) -> None:
        """Kill the worker process, and end the stream of events."""
        self._renderer.close()
        self._events.put(None)

    def _load(self, request: LoadModel, weights: Weights) -> None:
        """Load a model from the files of this node."""
        try:
            here = relocated(request, weights, self._node)
        except (EngineError, LatentPngError, OSError) as error:
            self._refusal = JobFailed(job=LOADING, failure=Failure.MODEL, sentence=str(error))
            self._events.put(self._refusal)
            return
        self._refusal = None
        self._asked[here.model, here.preview_vae] = request
        self._renderer.load(here)

    def _render(self, job: Job) -> None:
        """Render a job; one that follows a load which was refused fails like it."""
        if self._refusal is not None:
            self._events.put(replace(self._refusal, job=job.job))
        else:
            self._renderer.render(job)

    def _as_asked(self, event: Event) -> Event:
        """The answer to a load names the request as it was asked for, with the paths of the program's machine."""
        if not isinstance(event, ModelReady):
            return event
        here = event.request
        asked = self._asked[here.model, here.preview_vae]
        self._model = asked.model.name
        return replace(event, request=replace(here, model=asked.model, preview_vae=asked.preview_vae))
