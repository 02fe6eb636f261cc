"""A pool of real processes: one is killed in mid-grid, a job is cancelled, and nothing is left after close."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.models.resolve import defaults_of, resolve_model
from engine.options import Options
from engine.renderers import choice_of, own_renderer
from engine.rendering.events import (
    Event,
    JobCancelled,
    JobDone,
    ModelReady,
    Picture,
    PictureRendered,
    RendererNoticed,
    StepDone,
)
from engine.rendering.renderer import Renderer
from engine.rendering.requests import LoadModel, RenderJob
from engine.worker import process
from engine.worker.client import WorkerRenderer
from engine.worker.pool.devices import names_of, pool_of_devices, threads_each
from engine.worker.pool.renderer import PoolRenderer
from engine.worker.process import worker_environment
from latentpng.record import Json, LatentRecord
from tests.support.engine.workers import FAKE_WORKER, LOAD, TIMEOUT_SECONDS, is_alive, is_zombie, job_of

KILLED = (
    "the rendering process was killed, probably because the system ran out of memory; "
    "it starts again with the next picture"
)


class Watched:
    """A started renderer that keeps its events."""

    def __init__(self, renderer: Renderer) -> None:
        self.renderer = renderer
        self.events: queue.Queue[Event] = queue.Queue()
        renderer.start(self.events.put)

    def until(self, kind: type[Event]) -> list[Event]:
        """Wait for the first event of this kind, and return it with all events before it."""
        seen: list[Event] = []
        while not seen or not isinstance(seen[-1], kind):
            seen.append(self.events.get(timeout=TIMEOUT_SECONDS))
        return seen


def processes(pool: PoolRenderer) -> dict[str, int]:
    """Return the process IDs of the workers of a pool that run, by the names of the members."""
    found = {}
    for name, member in pool._members._members.items():
        assert isinstance(member.renderer, WorkerRenderer)
        if running := member.renderer._process:
            found[name] = running.pid
    return found


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[PoolRenderer]:
    monkeypatch.setattr(process, "WORKER", FAKE_WORKER)
    before = set(threading.enumerate())
    it = pool_of_devices(("cpu", "cpu"))
    yield it
    it.close()
    assert set(threading.enumerate()) <= before


def pictures(events: list[Event]) -> dict[int, PictureRendered]:
    """Return the pictures by their indices; each may arrive only once."""
    rendered = [event for event in events if isinstance(event, PictureRendered)]
    assert len({event.index for event in rendered}) == len(rendered)
    return {event.index: event for event in rendered}


def test_two_processes_share_a_grid_and_nothing_is_left_of_them(pool: PoolRenderer) -> None:
    watched = Watched(pool)
    pool.load(LOAD)
    pool.render(job_of(1, count=8))
    events = watched.until(JobDone)
    (ready,) = (event for event in events if isinstance(event, ModelReady))
    assert (ready.request, ready.device) == (LOAD, "cpu, cpu")
    assert {index: event.record.settings["slot"] for index, event in pictures(events).items()} == {
        index: [4, index % 4] for index in range(8)
    }
    running = processes(pool)
    assert set(running) == {"cpu (1)", "cpu (2)"}
    pool.close()
    assert not any(is_alive(pid) and not is_zombie(pid) for pid in running.values())


def test_a_worker_that_is_killed_in_mid_grid_loses_no_picture(pool: PoolRenderer) -> None:
    watched = Watched(pool)
    pool.load(LOAD)
    pool.render(job_of(1, count=60))
    events = watched.until(PictureRendered)
    name = pool._members.taking_part[0].name  # the other one may still be loading
    victim = processes(pool)[name]
    os.kill(victim, signal.SIGKILL)
    events += watched.until(JobDone)
    assert set(pictures(events)) == set(range(60))
    assert RendererNoticed(sentence=f"{name}: {KILLED}") in events
    pool.render(job_of(2, count=60))
    assert set(pictures(watched.until(JobDone))) == set(range(60))
    assert processes(pool)[name] != victim, "it has started again"


def test_a_grid_on_two_processes_is_cancelled_within_a_step(pool: PoolRenderer) -> None:
    watched = Watched(pool)
    pool.load(LOAD)
    pool.render(job_of(1, count=60))
    watched.until(StepDone)
    pool.cancel(1)
    rest = watched.until(JobCancelled)
    assert rest[-1] == JobCancelled(job=1)
    assert len(pictures(rest)) < 50
    pool.render(job_of(2))
    assert set(pictures(watched.until(JobDone))) == {0, 1}


def test_close_while_everything_works(pool: PoolRenderer) -> None:
    watched = Watched(pool)
    pool.load(LOAD)
    pool.render(job_of(1, prompt="hang"))
    pool.render(job_of(2, count=60))
    watched.until(ModelReady)
    running = processes(pool)
    pool.close()
    pool.close()
    assert not any(is_alive(pid) and not is_zombie(pid) for pid in running.values())


def test_close_before_start_is_fine() -> None:
    pool_of_devices(("cpu", "cpu")).close()


def test_several_devices_make_a_pool_and_one_does_not() -> None:
    for devices, kind in (("cpu,cpu", PoolRenderer), ("cpu", WorkerRenderer), ("auto", WorkerRenderer)):
        renderer = own_renderer(choice_of(Options(device=devices)))
        assert type(renderer) is kind
        renderer.close()


def test_strict_reaches_the_pool() -> None:
    for strict in (False, True):
        pool = own_renderer(choice_of(Options(device="cpu,cpu", strict=strict)))
        assert isinstance(pool, PoolRenderer)
        assert pool._members._is_strict is strict
        pool.close()


def test_devices_that_are_named_more_than_once_get_numbers() -> None:
    assert names_of(("cuda:0", "cpu", "cpu")) == ("cuda:0", "cpu (1)", "cpu (2)")


@pytest.mark.parametrize(
    ("devices", "cores", "threads"),
    [
        (("cpu", "cpu"), 2, 1),
        (("cpu", "cpu", "cpu"), 8, 2),
        (("cpu", "cpu"), 1, 1),
        (("cpu",), 8, 0),
        (("cuda:0", "cuda:1"), 8, 0),
    ],
)
def test_workers_on_the_cpu_share_its_cores(devices: tuple[str, ...], cores: int, threads: int) -> None:
    assert threads_each(devices, cores) == threads


def test_the_share_of_a_worker_is_its_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert worker_environment(3)["OMP_NUM_THREADS"] == "3"
    assert "OMP_NUM_THREADS" not in worker_environment()
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert worker_environment(3)["OMP_NUM_THREADS"] == "7", "what the user says wins"


@pytest.mark.slow
@pytest.mark.torch
def test_two_workers_give_the_bits_of_one_also_after_a_death() -> None:
    """With the model that ships: the same slots, the same bits, whoever rendered them, beside whatever neighbours."""
    model = resolve_model("")
    settings = replace(defaults_of(model).settings("a red sun over a lake"), num_inference_steps=4)
    load = LoadModel(model=model, settings=settings, device="cpu")
    job = replace(job_of(1, count=6), settings=settings)
    pool = pool_of_devices(("cpu", "cpu"))
    watched = Watched(pool)
    pool.load(load)
    watched.until(ModelReady)
    pool.render(job)
    shared = pictures(watched.until(JobDone))
    pool.render(replace(job, job=2))
    events = watched.until(StepDone)
    os.kill(processes(pool)["cpu (1)"], signal.SIGKILL)
    after_death = pictures([*events, *watched.until(JobDone)])
    pool.close()
    assert slots_of(shared) == slots_of(after_death) == {index: [3, index % 3] for index in range(6)}
    one = Watched(WorkerRenderer(threads=1))
    one.renderer.load(load)
    tasks = tuple(replace(task, slot=(3, task.index % 3)) for task in job.tasks)
    together = answers(one, replace(job, tasks=tasks))
    one_by_one = [answers(one, replace(job, tasks=(task,))) for task in tasks[:2]]
    one.renderer.close()
    assert [picture for alone in one_by_one for picture in alone] == together[:2]
    for rendered in (shared, after_death):
        assert [(rendered[index].picture, rendered[index].record) for index in range(6)] == together


def slots_of(rendered: dict[int, PictureRendered]) -> dict[int, Json]:
    """Return the recorded slot of each picture."""
    return {index: event.record.settings["slot"] for index, event in rendered.items()}


def answers(watched: Watched, job: RenderJob) -> list[tuple[Picture, LatentRecord]]:
    """Return the pictures of a job in the order of their indices."""
    watched.renderer.render(job)
    return [(event.picture, event.record) for _, event in sorted(pictures(watched.until(JobDone)).items())]
