"""The renderer of a Ray cluster: a pool with a member for each GPU of its nodes.  It runs in the driver process."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable

from engine.cluster.address import Cluster
from engine.cluster.member import NAMESPACE, RayMember
from engine.cluster.models import Weights, weights_of
from engine.cluster.places import Place
from engine.cluster.security import check_cluster, check_reachable
from engine.cluster.watch import NodeWatch
from engine.errors import EngineError, RenderError
from engine.rendering.events import LOADING, Event, Failure, JobFailed, LoadingProgressed, RendererNoticed
from engine.rendering.requests import Job, LoadModel
from engine.worker.pool.renderer import PoolRenderer


class RayRenderer:
    """A Renderer whose work the nodes of a Ray cluster share.

    One thread takes the requests in their order: it finds out which weights a load means before the members are asked,
    and connects to the cluster with the first load.
    """

    def __init__(
        self,
        cluster: Cluster,
        on_lost: Callable[[], None],
        *,
        is_strict: bool = False,
        on_cpu: bool = False,
        program: tuple[str, ...] = (),
    ) -> None:
        """Connect to nothing yet.

        Args:
            cluster: The cluster.
            on_lost: Called once the cluster cannot be reached any more; nothing can be done with this renderer then.
            is_strict: Refuse workers that differ in what pictures depend on.
            on_cpu: Render on processors even if there are GPUs.
            program: The module of the worker processes and its arguments; () for the usual one.
        """
        self._cluster, self._on_lost, self._on_cpu, self._program = cluster, on_lost, on_cpu, program
        self._on_event: Callable[[Event], None] = _ignore
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ray inbox", daemon=True)
        self._pool = PoolRenderer(is_strict=is_strict)
        self._watch: NodeWatch | None = None
        self._weights: dict[Hashable, Weights] = {}

    def start(self, on_event: Callable[[Event], None]) -> None:
        """Start to work, as `Renderer.start`."""
        self._on_event = on_event
        self._pool.start(on_event)
        self._thread.start()

    def load(self, request: LoadModel) -> None:
        """Load a model on every node, as `Renderer.load`; ready as soon as the first one is."""
        self._inbox.put(lambda: self._load(request))

    def render(self, job: Job) -> None:
        """Render a job, as `Renderer.render`."""
        self._inbox.put(lambda: self._pool.render(job))

    def cancel(self, job: int) -> None:
        """Stop a job within one step."""
        self._inbox.put(lambda: self._pool.cancel(job))

    def cancel_round(self, round_id: int) -> None:
        """Stop every job of a round."""
        self._inbox.put(lambda: self._pool.cancel_round(round_id))

    def close(self) -> None:
        """Stop all work, end the actors, and leave the cluster."""
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join()
        if self._watch is not None:
            self._watch.stop()
        self._pool.close()
        if self._watch is not None:
            import ray

            ray.shutdown()

    def _work(self) -> None:
        while (call := self._inbox.get()) is not None:
            call()

    def _load(self, request: LoadModel) -> None:
        try:
            self._weights[_key(request)] = weights_of(request)
            if self._watch is None:
                self._on_event(LoadingProgressed(stage="connecting to the Ray cluster"))
                self._watch = self._connect()
        except EngineError as error:
            failure = Failure.CRASH if isinstance(error, RenderError) else Failure.MODEL
            self._on_event(JobFailed(job=LOADING, failure=failure, sentence=str(error)))
        else:
            self._pool.load(request)

    def _connect(self) -> NodeWatch:
        check_cluster(self._cluster)
        import ray

        try:
            ray.init(address=self._cluster.address, namespace=NAMESPACE, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise RenderError(
                f"the Ray cluster at {self._cluster.address} cannot be used: {_first_line(str(error))}"
            ) from error
        watch = NodeWatch(
            self._pool,
            self._member_at,
            self._rows,
            notice=lambda sentence: self._on_event(RendererNoticed(sentence=sentence)),
            on_lost=self._on_lost,
            on_cpu=self._on_cpu,
        )
        watch.start()
        return watch

    def _rows(self) -> list[dict[str, object]]:
        """Return what Ray knows of its nodes; OSError where the head is gone, for which Ray would wait a minute."""
        import ray

        check_reachable(self._cluster)
        rows: list[dict[str, object]] = ray.nodes()
        return rows

    def _member_at(self, place: Place) -> RayMember:
        return RayMember(place, self._weights_of, self._program)

    def _weights_of(self, request: LoadModel) -> Weights:
        return self._weights[_key(request)]


def _key(request: LoadModel) -> Hashable:
    """Requests with the same key mean the same weights; a member's own request differs in its device."""
    return request.model, request.memory, request.preview_vae


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason is known")


def _ignore(event: Event) -> None:
    """Stand in for the callback until `start`."""
