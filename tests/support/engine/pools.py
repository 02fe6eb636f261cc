"""A pool without its thread, and members that do what a test says, so that any order of events can be played."""

from __future__ import annotations

from collections.abc import Callable

from engine.fake_pictures import paint
from engine.rendering.events import (
    LOADING,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    PictureRendered,
    WorkerDied,
)
from engine.rendering.renderer import Renderer
from engine.rendering.requests import Job, LoadModel, PictureTask, RenderJob
from engine.worker.pool.renderer import PoolRenderer
from latentpng.noise.replay import record_of, replay
from latentpng.record import JsonObject
from tests.support.engine.workers import LOAD

SHAPE, AXES = (1, 4, 4), "CHW"
DIED = "the rendering process was killed"


class HandMember:
    """A renderer that answers when a test says so.

    Attributes:
        loads: The loads that it has not answered.
        model: The model that it has; None without any.
        job: What it works on; None without anything.
        dealt: Everything that it was ever asked to render.
        cancelled: The numbers of what was to be cancelled.
        is_closed: True after `close`.
    """

    def __init__(self, *, batch: int = 8, device: str = "cpu", fingerprint: str = "", **software: str) -> None:
        self.loads: list[LoadModel] = []
        self.model: LoadModel | None = None
        self.job: Job | None = None
        self.dealt: list[RenderJob] = []
        self.cancelled: list[int] = []
        self.is_closed = False
        self._todo: list[PictureTask] = []
        self._batch, self._device, self._fingerprint = batch, device, fingerprint
        self._software: JsonObject = software
        self._tell: Callable[[Event], None] = lambda _: None

    def start(self, on_event: Callable[[Event], None]) -> None:
        """Take the callback."""
        self._tell = on_event

    def load(self, request: LoadModel) -> None:
        """Note a load."""
        self.loads.append(request)

    def render(self, job: Job) -> None:
        """Note a job; a pool gives one at a time, and only to a member that has a model."""
        assert self.model is not None
        assert self.job is None
        self.job = job
        if isinstance(job, RenderJob):
            self.dealt.append(job)
            self._todo = list(job.tasks)

    def cancel(self, job: int) -> None:
        """Note what is to be cancelled."""
        self.cancelled.append(job)

    def cancel_round(self, round_id: int) -> None:
        """Not used by a pool, which cancels each deal by its number."""
        raise NotImplementedError

    def close(self) -> None:
        """Note that this was called."""
        self.is_closed = True

    @property
    def number(self) -> int:
        """The number of what it works on."""
        assert self.job is not None
        return self.job.job

    def progress(self, stage: str) -> None:
        """Report a stage of loading."""
        self._tell(LoadingProgressed(stage=stage))

    def ready(self) -> None:
        """Answer the oldest load."""
        self.model = self.loads.pop(0)
        self._tell(
            ModelReady(
                request=self.model,
                noise_shape=SHAPE,
                noise_axes=AXES,
                pipeline="FakePipeline",
                schedulers=(),
                device=self._device,
                dtype="float32",
                batch=self._batch,
                identity={"fingerprint": self._fingerprint},
                software=self._software,
            )
        )

    def refuse(self, sentence: str, failure: Failure = Failure.MODEL) -> None:
        """Fail the oldest load."""
        self.loads.pop(0)
        self.model = None
        self._tell(JobFailed(job=LOADING, failure=failure, sentence=sentence))

    def picture(self) -> bool:
        """Finish the next picture; return False when there is none."""
        if not self._todo:
            return False
        assert isinstance(self.job, RenderJob)
        task = self._todo.pop(0)
        noise = replay(task.lineage, SHAPE, AXES)
        settings = {"slot": list(task.slot)}
        record = record_of(task.lineage, noise, axes=AXES, root_tensor=None, settings=settings, software={}, pixels="")
        picture = paint(noise, AXES, 8, 8)
        self._tell(PictureRendered(job=self.number, index=task.index, picture=picture, record=record))
        return True

    def tell(self, event: Event) -> None:
        """Send any event."""
        self._tell(event)

    def end(self) -> None:
        """End the job: cancelled if it was to be, else done, after all its pictures."""
        number = self.number
        if number in self.cancelled:
            self._tell(JobCancelled(job=number))
        else:
            while self.picture():
                pass
            self._tell(JobDone(job=number, seconds=1.0))
        self.job, self._todo = None, []

    def fail(self, sentence: str, failure: Failure = Failure.MEMORY) -> None:
        """Fail the job."""
        number, self.job, self._todo = self.number, None, []
        self._tell(JobFailed(job=number, failure=failure, sentence=sentence))

    def die(self, sentence: str = DIED) -> None:
        """Lose the worker: whatever was begun fails."""
        lost = [LOADING] * len(self.loads) + ([self.number] if self.job else [])
        self.loads, self.model, self.job, self._todo = [], None, None, []
        for job in lost:
            self._tell(JobFailed(job=job, failure=Failure.CRASH, sentence=sentence))
        self._tell(WorkerDied(sentence=sentence))


class HandPool(PoolRenderer):
    """A pool without its thread: `settle` does what its inbox asks for.

    Attributes:
        events: What the caller was told.
    """

    def __init__(self, *, is_strict: bool = False) -> None:
        super().__init__(is_strict=is_strict)
        self.events: list[Event] = []
        self._on_event = self.events.append

    def join(self, name: str, member: Renderer, device: str = "auto") -> None:
        """Add a member at once."""
        self.add(name, member, device)
        self.settle()

    def settle(self) -> None:
        """Do everything that is to be done by now."""
        while not self._inbox.empty():
            call = self._inbox.get()
            assert call is not None
            call()
            self._go_on()

    def told(self) -> list[Event]:
        """Return the events since the last call."""
        self.settle()
        events, self.events[:] = list(self.events), []
        return events


def pool_of(*members: HandMember, is_strict: bool = False, load: bool = True) -> HandPool:
    """Return a pool of members "a", "b" and so on, whose model is loaded, and forget what was told until then."""
    pool = HandPool(is_strict=is_strict)
    for name, member in zip("abc", members, strict=False):
        pool.join(name, member)
    if load:
        pool.load(LOAD)
        pool.settle()
        for member in members:
            member.ready()
    pool.told()
    return pool


def indices(member: HandMember) -> list[tuple[int, ...]]:
    """Return the indices of the pictures of everything that a member was ever dealt."""
    return [tuple(task.index for task in job.tasks) for job in member.dealt]


def ends(events: list[Event]) -> list[Event]:
    """Return the last events of jobs and failed loads."""
    return [event for event in events if isinstance(event, JobDone | JobCancelled | JobFailed)]


def pictures(events: list[Event]) -> list[tuple[int, int]]:
    """Return the job and the index of each picture."""
    return [(event.job, event.index) for event in events if isinstance(event, PictureRendered)]
