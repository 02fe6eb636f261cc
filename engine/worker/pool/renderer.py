"""Several renderers behind one: whole micro-batches are dealt out, and a member that dies gives its own back.

Bits depend on (n, slot), never on which member rendered a picture, so every task is dealt with its slot.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from functools import partial

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
    PhotoInverted,
    PictureRendered,
    PreviewRendered,
    RendererNoticed,
    StepDone,
    WorkerDied,
)
from engine.rendering.renderer import Renderer
from engine.rendering.requests import Job, LoadModel
from engine.worker.pool.dealing import Dealing
from engine.worker.pool.deals import batch_size
from engine.worker.pool.members import Member, Members


# One thread does everything, one thing at a time: the methods, and the events of the members, which come from their own
# threads, only put calls into its inbox.  So no state needs a lock, and no member is called from its own thread.
class PoolRenderer:
    """A Renderer whose members, renderers themselves, share the work.  Members may join and leave at any time."""

    def __init__(self, *, is_strict: bool = False) -> None:
        """Begin without members: what is asked for waits for the first one.

        Args:
            is_strict: Refuse members that differ from the first one in their model, software or device model.
        """
        self._on_event: Callable[[Event], None] = _ignore
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="pool", daemon=True)
        self._lock = threading.Lock()
        self._renderers: list[Renderer] = []
        self._closers: list[threading.Thread] = []
        self._is_closed = False
        self._dealing = Dealing()
        self._members = Members(self._emit, is_strict=is_strict)

    def add(self, name: str, member: Renderer, device: str = "auto") -> None:
        """Add a member, and start it; it loads the model that was requested last, and takes part once it is ready.

        Args:
            name: Its name in messages, for example "cuda:1" or "host-2 cuda:0"; no two members share one.
            member: A renderer that is not started yet.
            device: The device of its loads; "auto" leaves the one that is requested.
        """
        with self._lock:
            if self._is_closed:
                return
            self._renderers.append(member)
        one = Member(name=name, renderer=member, device=device)
        self._inbox.put(partial(self._members.join, one))
        member.start(lambda event: self._inbox.put(partial(self._hear, one, event)))

    def remove(self, name: str, sentence: str) -> None:
        """Take a member out, and close it; what it was working on goes to the others.

        Args:
            name: Its name; one that is not there is ignored.
            sentence: Why, for the person; "" says nothing.
        """
        self._inbox.put(partial(self._leave, name, sentence))

    def start(self, on_event: Callable[[Event], None]) -> None:
        """Start to work, as `Renderer.start`."""
        self._on_event = on_event
        self._thread.start()

    def load(self, request: LoadModel) -> None:
        """Load a model in every member, as `Renderer.load`; ready as soon as the first one is."""
        self._inbox.put(partial(self._dealing.put, request))

    def render(self, job: Job) -> None:
        """Render a job, as `Renderer.render`."""
        self._inbox.put(partial(self._render, job))

    def cancel(self, job: int) -> None:
        """Stop a job within one step, or the load in all members."""
        if job == LOADING:
            self._inbox.put(self._members.give_up_load)
        else:
            self._inbox.put(lambda: self._cancel(self._dealing.cancel(job)))

    def cancel_round(self, round_id: int) -> None:
        """Stop every job of a round."""
        self._inbox.put(lambda: self._cancel(self._dealing.cancel_round(round_id)))

    def close(self) -> None:
        """Stop all work, and close every member."""
        with self._lock:
            self._is_closed = True
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join()
        for renderer in list(self._renderers):
            self._close_member(renderer)
        for closer in self._closers:
            closer.join()

    def _work(self) -> None:
        while (call := self._inbox.get()) is not None and not self._is_closed:
            call()
            self._go_on()

    def _emit(self, event: Event) -> None:
        self._on_event(event)

    def _render(self, job: Job) -> None:
        if not self._dealing.has_load and not self._members.has_load:
            self._emit(JobFailed(job=job.job, failure=Failure.MODEL, sentence="no model is loaded yet"))
            return
        if not self._dealing.has_load and self._members.have_failed:
            self._members.retry()
        self._dealing.put(job)

    def _leave(self, name: str, sentence: str) -> None:
        member = self._members.leave(name, sentence)
        if member is not None:
            self._dealing.left(name)
            self._close_member(member.renderer)

    def _close_member(self, renderer: Renderer) -> None:
        """Close a member beside everything else: it may wait for its threads, one of which may wait for this one."""
        closer = threading.Thread(target=renderer.close, name="pool closes a member", daemon=True)
        with self._lock:
            self._renderers.remove(renderer)
            self._closers = [*(old for old in self._closers if old.is_alive()), closer]
        closer.start()

    def _cancel(self, dealt: tuple[tuple[str, int], ...]) -> None:
        for name, number in dealt:
            if member := self._members.get(name):
                member.renderer.cancel(number)

    # A member that crashed has to load the model again before it gets more work.  It is asked to when there is work
    # that the others do not take at once: a worker that died for want of memory is not started again for nothing.
    def _go_on(self) -> None:
        """Do what can be done by now: begin with loads, deal, and tell the caller what has ended."""
        has_changed = True
        while has_changed:
            if failed := self._members.verdict():
                self._dealing.fail_all(failed.failure, failed.sentence)
            load = self._dealing.next_load() if self._members.is_answered else None
            if load is not None:
                self._members.begin(load)
            self._deal()
            if self._dealing.is_waiting:
                self._members.wake()
            ended = self._dealing.ended()
            for event in ended:
                self._emit(event)
            has_changed = load is not None or bool(ended)

    def _deal(self) -> None:
        taking_part = self._members.taking_part
        for member in taking_part:
            others = [other.name for other in taking_part if other is not member]
            if self._dealing.is_idle(member.name) and (deal := self._dealing.deal(member.name, others, self._size)):
                member.renderer.render(deal.request)

    def _size(self, pictures: int) -> int:
        return batch_size(
            pictures,
            micro_batch=self._members.micro_batch,
            batches=[member.ready.batch for member in self._members.taking_part if member.ready],
            members=len(self._members.able),
        )

    def _hear(self, member: Member, event: Event) -> None:
        """Take in an event of a member."""
        if self._members.get(member.name) is not member:
            return  # it has left
        match event:
            case ModelReady():
                self._members.answered(member, event)
            case LoadingProgressed():
                self._members.progressed(event)
            case JobFailed(job=job) if job == LOADING:
                if self._members.refused(member, event):
                    self._dealing.left(member.name)
            case JobFailed(failure=Failure.CRASH):
                self._members.crashed(member, event.sentence)
                self._cancel(self._dealing.crashed(event.job, event.sentence))
            case JobFailed(job=job):
                self._cancel(self._dealing.failed(job, event.failure, event.sentence))
            case JobDone(job=job) | JobCancelled(job=job):
                self._dealing.done(job)
            case WorkerDied(sentence=sentence):
                self._members.died(member, sentence, is_idle=self._dealing.is_idle(member.name))
            case RendererNoticed(sentence=sentence):
                self._emit(RendererNoticed(sentence=f"{member.name}: {sentence}"))
            case StepDone() | PreviewRendered() | DraftRendered() | PictureRendered() | PhotoInverted():
                if passed := self._dealing.arrived(event):
                    self._emit(passed)
            case _:
                pass  # the place of a member in the queue of a shared worker is of no use to the person


def _ignore(event: Event) -> None:
    """Stand in for the callback until `start`."""
