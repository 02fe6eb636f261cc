"""Decides what the one renderer does for several programs, and which program each event belongs to.

One job or load is handed to the renderer at a time, so that each decision is made with all that is known.  Everything
here runs in one thread, which also hands over the events of the renderer: there are no locks.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

from engine.kept.members import Member, Running
from engine.kept.turns import BY_HAND, Entry, Turns, as_inner, names
from engine.rendering.events import (
    LOADING,
    DraftRendered,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    PictureRendered,
    PictureUnreadable,
    RendererNoticed,
    TurnChanged,
    WorkerDied,
)
from engine.rendering.renderer import Renderer
from engine.rendering.requests import CancelJob, CancelRound, Job, LoadModel, RenderJob
from engine.worker.messages.codec import Request

MAX_REQUESTS = 1000
"""The most requests of a program that are queued."""
MAX_REQUEST_BYTES = 2**29
"""The most bytes of a program's requests that are queued; one photograph has at most 3/8 of them."""
_TOO_MANY = f"the worker that stays queues at most {MAX_REQUESTS:,} requests of a program: wait until some are done"
_TOO_MUCH = (
    f"the worker that stays queues at most {MAX_REQUEST_BYTES // 2**20} MiB of requests of a program: wait until some "
    "are done"
)


class Dispatcher:
    """Serves programs with one renderer.

    Attributes:
        ready: What the renderer has said about the loaded model, the newest last; empty when none is loaded.
    """

    def __init__(self, renderer: Renderer) -> None:
        """Begin without programs.

        Args:
            renderer: What renders; its events go to `event`.
        """
        self.ready: list[ModelReady] = []
        self._renderer = renderer
        self._members: dict[int, Member] = {}
        self._turns = Turns()
        self._running: Running | None = None
        self._sent: dict[tuple[int, int], set[int]] = {}
        self._numbers = itertools.count(1)

    @property
    def programs(self) -> int:
        """How many programs are attached."""
        return len(self._members)

    @property
    def requests(self) -> int:
        """How many requests are in the queue or being worked on."""
        return len(self._turns) + (self._running is not None)

    def join(self, client: int, send: Callable[[Event], None]) -> None:
        """Serve one more program.

        Args:
            client: A number that no other program had.
            send: Takes its events; never blocks.
        """
        self._members[client] = Member(send=send)

    def leave(self, client: int) -> None:
        """Forget a program: its queued requests are dropped, and its running job is cancelled."""
        self._members.pop(client, None)
        self._turns.leave(client)
        self._sent = {key: sent for key, sent in self._sent.items() if key[0] != client}
        running = self._running
        if running is not None and running.client == client and running.entry is not None:
            running.entry = None
            if running.loading is None:
                self._renderer.cancel(running.number)
        self._advance()

    def request(self, client: int, request: Request, size: int = 0) -> None:
        """Take in a request of a program, which took so many bytes; one of a program that has left is ignored."""
        if client not in self._members:
            return
        if isinstance(request, CancelJob | CancelRound):
            self._cancel(client, request)
        elif sentence := self._refusal(client, size):
            job = LOADING if isinstance(request, LoadModel) else request.job
            self._members[client].send(JobFailed(job=job, failure=Failure.SETTINGS, sentence=sentence))
        elif not self._is_answered(client, request):
            entry = self._turns.put(client, request, size)
            self._interrupt_for(entry)
        self._advance()

    def _refusal(self, client: int, size: int) -> str:
        """Return why one more request of a program is not queued; "" when it is."""
        if self._turns.waiting(client) >= MAX_REQUESTS:
            return _TOO_MANY
        return _TOO_MUCH if self._turns.size(client) + size > MAX_REQUEST_BYTES else ""

    def event(self, event: Event) -> None:
        """Take in an event of the renderer."""
        match event:
            case ModelReady():
                self._loaded(event)
            case LoadingProgressed():
                self._to_running(event)
            case JobFailed(job=job) if job == LOADING:
                self._load_failed(event)
            case WorkerDied():
                self.ready.clear()
                self._to_all(event)
            case RendererNoticed():
                self._to_all(event)
            case TurnChanged():
                pass  # places are given here
            case _:
                self._of_job(event)
        self._advance()

    def say_alive(self) -> None:
        """Tell every program its place again, so that those that hear nothing know that this process is stopped."""
        for member in self._members.values():
            member.send(TurnChanged(place=member.place))

    def _is_answered(self, client: int, request: LoadModel | Job) -> bool:
        """Answer a load of what is loaded already, even while another program is served."""
        ready = self._ready_for(request) if isinstance(request, LoadModel) else None
        is_served = self._running is not None and self._running.client == client
        if ready is None or not isinstance(request, LoadModel) or self._turns.waiting(client) or is_served:
            return False
        member = self._members[client]
        member.requested = member.loaded = request
        member.send(replace(ready, request=request))
        return True

    def _ready_for(self, request: LoadModel) -> ModelReady | None:
        return next((ready for ready in self.ready if ready.request.load_key == request.load_key), None)

    def _is_loaded(self, request: LoadModel) -> bool:
        return bool(self.ready) and self.ready[-1].request.model_key == request.model_key

    def _cancel(self, client: int, request: CancelJob | CancelRound) -> None:
        cancelled = list(self._turns.cancel(client, request))
        running = self._running
        if running is not None and running.client == client and running.entry is not None:
            work = running.entry.work
            if running.loading is not None and isinstance(request, CancelJob) and request.job == LOADING:
                self._renderer.cancel(LOADING)
            elif not isinstance(work, LoadModel) and names(request, work):
                if running.loading is not None or running.is_interrupted:
                    cancelled.append(work.job)
                    running.entry = None
                else:
                    self._renderer.cancel(running.number)
        for job in cancelled:
            self._sent.pop((client, job), None)
            self._members[client].send(JobCancelled(job=job))

    def _interrupt_for(self, entry: Entry) -> None:
        """Stop the work ahead of another program for a request of a higher priority; it is rendered again later."""
        running = self._running
        if running is None or running.client == entry.client or running.loading is not None or running.entry is None:
            return
        if isinstance(running.entry.work, RenderJob) and running.entry.priority < min(BY_HAND, entry.priority):
            running.is_interrupted = True
            self._renderer.cancel(running.number)

    def _held(self) -> tuple[int, ...]:
        """Return the programs whose work ahead would take the model away from another program that is attached."""
        needs = {
            client: member.model is not None and self._is_loaded(member.model)
            for client, member in self._members.items()
        }
        return tuple(client for client, fits in needs.items() if not fits and any(needs.values()))

    def _advance(self) -> None:
        """Begin what comes next if the renderer is free, and tell the programs their places."""
        while self._running is None and (entry := self._turns.take(self._held())) is not None:
            self._begin(entry)
        running = self._running
        places = self._turns.places(self._held()) if running is not None else {}
        for client, member in self._members.items():
            is_waiting = client in places and running is not None and running.client != client
            place = 1 + places[client] if is_waiting else 0
            if place != member.place:
                member.place = place
                member.send(TurnChanged(place=place))

    def _begin(self, entry: Entry) -> None:
        member, work = self._members[entry.client], entry.work
        if isinstance(work, LoadModel):
            member.requested = work
            ready = self._ready_for(work)
            if ready is not None:
                member.loaded = work
                member.send(replace(ready, request=work))
                return
            self._load(entry, work)
        elif (model := member.model) is None:
            member.send(JobFailed(job=work.job, failure=Failure.MODEL, sentence="no model is loaded yet"))
        elif self._is_loaded(model):
            self._render(entry, work)
        else:
            self._load(entry, model)

    def _load(self, entry: Entry, request: LoadModel) -> None:
        self._running = Running(client=entry.client, entry=entry, loading=request)
        self._renderer.load(request)

    def _render(self, entry: Entry, job: Job) -> None:
        number = next(self._numbers)
        self._running = Running(client=entry.client, entry=entry, number=number)
        self._renderer.render(as_inner(job, number))

    def _loaded(self, event: ModelReady) -> None:
        """Note the loaded model; one that nobody asked for belongs to a worker that was started again."""
        same = [ready for ready in self.ready if ready.request.model_key == event.request.model_key]
        self.ready[:] = [ready for ready in same if ready.request.load_key != event.request.load_key]
        self.ready.append(event)
        self._to_running(event)
        running = self._running
        if running is None or running.loading is None:
            return
        if member := self._members.get(running.client):
            member.loaded = running.loading
        self._running = None
        if running.entry is not None and not isinstance(running.entry.work, LoadModel):
            self._render(running.entry, running.entry.work)

    def _load_failed(self, event: JobFailed) -> None:
        self.ready.clear()
        self._to_running(event)
        running = self._running
        if running is None or running.loading is None:
            return
        self._running = None
        if running.entry is not None and not isinstance(running.entry.work, LoadModel):
            self._members[running.client].send(replace(event, job=running.entry.work.job))

    def _of_job(self, event: Event) -> None:
        """Pass on an event of the running job under the number that its program gave it."""
        running = self._running
        if running is None or isinstance(event, _WITHOUT_JOB) or event.job != running.number:
            return
        is_over = isinstance(event, JobDone | JobCancelled | JobFailed)
        if is_over:
            self._running = None
        entry = running.entry
        if entry is None or isinstance(entry.work, LoadModel):
            return
        key = entry.client, entry.work.job
        if running.is_interrupted and isinstance(event, JobCancelled):
            self._turns.put_back(entry)
            return
        if isinstance(event, PictureRendered | DraftRendered):
            sent = self._sent.setdefault(key, set())
            if event.index in sent:
                return
            sent.add(event.index)
        if is_over:
            self._sent.pop(key, None)
        self._members[entry.client].send(replace(event, job=entry.work.job))

    def _to_running(self, event: Event) -> None:
        member = self._members.get(self._running.client) if self._running is not None else None
        if member is not None:
            member.send(event)

    def _to_all(self, event: Event) -> None:
        for member in self._members.values():
            member.send(event)


_WITHOUT_JOB = LoadingProgressed | ModelReady | WorkerDied | RendererNoticed | TurnChanged | PictureUnreadable
