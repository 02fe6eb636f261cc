"""The worker that stays with several programs at once: real sockets, the fake renderer, hostile programs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.kept.keep_alive import KeepAlive
from engine.kept.starting import log_path
from engine.rendering.events import (
    JobCancelled,
    JobDone,
    ModelReady,
    PictureRendered,
    PreviewRendered,
    RendererNoticed,
    StepDone,
    TurnChanged,
    WorkerDied,
)
from engine.rendering.requests import RenderJob
from tests.support.engine.kept import (
    HELLO,
    Running,
    clients,
    is_usable,
    running,
)
from tests.support.engine.workers import LOAD, comes_true, job_of


@pytest.fixture
def renderer() -> FakeRenderer:
    return FakeRenderer(step_seconds=0.001)


@pytest.fixture
def run(tmp_path: Path, renderer: FakeRenderer) -> Iterator[Running]:
    with running(tmp_path / "run", renderer) as it:
        yield it


def _has_more(jobs: list[RenderJob], before: int) -> bool:
    return len(jobs) > before


@pytest.mark.parametrize("count", [1, 2, 4])
def test_every_program_gets_its_own_pictures_whatever_numbers_it_uses(run: Running, count: int) -> None:
    with clients(run, count) as programs:
        for client in programs:
            for number in (1, 2, 3):
                client.renderer.render(replace(job_of(number, count=3), round_id=1))
        for client in programs:
            found = [event for number in (1, 2, 3) for event in client.until(JobDone)]
            pictures = [(event.job, event.index) for event in found if isinstance(event, PictureRendered)]
            assert pictures == [(number, index) for number in (1, 2, 3) for index in range(3)]
    assert len(run.renderer.loads) == 1, "what is loaded is not loaded again"


def test_a_program_that_waits_sees_its_place(run: Running, renderer: FakeRenderer) -> None:
    with clients(run, 3) as (first, second, third):
        renderer.hold()
        first.renderer.render(job_of(1))
        assert comes_true(lambda: bool(renderer.jobs))
        second.renderer.render(job_of(1))
        assert second.until(TurnChanged)[-1] == TurnChanged(place=1)
        third.renderer.render(job_of(1))
        assert third.until(TurnChanged)[-1] == TurnChanged(place=2)
        renderer.release()
        assert [event.place for event in third.until(JobDone) if isinstance(event, TurnChanged)] == [1, 0]


def test_a_program_that_dies_in_the_middle_of_a_grid_leaves_the_worker_to_the_others(
    run: Running, renderer: FakeRenderer
) -> None:
    for victim in range(4):
        with clients(run, 4) as programs:
            renderer.hold()
            before = len(renderer.jobs)
            for client in programs:
                client.renderer.render(job_of(1, count=6))
            assert comes_true(partial(_has_more, renderer.jobs, before))
            programs[victim].renderer.close()
            renderer.release()
            for client in (each for each in programs if each is not programs[victim]):
                found = [event for event in client.until(JobDone) if isinstance(event, PictureRendered)]
                assert [event.index for event in found] == list(range(6))
            programs[victim] = run.client()
    assert comes_true(lambda: run.status()["programs"] == 0)


def test_cancelling_stops_jobs_in_the_queue_and_the_running_one(run: Running, renderer: FakeRenderer) -> None:
    with clients(run, 1) as (client,):
        renderer.hold()
        for number in (1, 2, 3):
            client.renderer.render(replace(job_of(number), round_id=number))
        assert comes_true(lambda: bool(renderer.jobs))
        client.renderer.cancel(2)
        assert client.until(JobCancelled)[-1] == JobCancelled(job=2)
        client.renderer.cancel_round(1)
        assert client.until(JobCancelled)[-1] == JobCancelled(job=1)
        renderer.release()
        assert [event.job for event in client.until(JobDone) if isinstance(event, JobDone)] == [3]


def test_the_end_of_the_inner_worker_is_told_to_all_and_the_next_job_goes_on(
    run: Running, renderer: FakeRenderer
) -> None:
    with clients(run, 2) as (first, second):
        renderer.die_next("the process was killed")
        first.renderer.render(job_of(1))
        for client in (first, second):
            assert client.until(WorkerDied)[-1] == WorkerDied(sentence="the process was killed")
        second.renderer.render(job_of(1))
        assert any(isinstance(event, ModelReady) for event in second.until(JobDone)), "it is loaded again"
    assert len(renderer.loads) == 2


def test_a_program_that_needs_something_else_renders_with_a_worker_of_its_own_and_says_why(run: Running) -> None:
    own = FakeRenderer()
    client = run.client(replace(HELLO, version="9.9"), lambda: own)
    client.renderer.load(LOAD)
    client.renderer.render(job_of(1))
    found = client.until(JobDone)
    assert found[0] == RendererNoticed(
        sentence="a worker that stays is running, but it is of version "
        f"{HELLO.version}, and this program of 9.9 (`warmer worker stop` ends it): "
        "this program renders with a worker of its own"
    )
    assert (own.loads, [job.job for job in own.jobs], run.renderer.loads) == ([LOAD], [1], [])
    client.renderer.close()
    assert own.closed


def test_it_ends_when_nobody_has_used_it_for_long_enough(tmp_path: Path) -> None:
    now = [0.0]
    with running(tmp_path / "run", FakeRenderer(), KeepAlive(60.0, lambda: now[0])) as it:
        with clients(it, 1):
            now[0] = 1000.0
            assert is_usable(it)
        assert comes_true(lambda: it.status()["left"] == 60.0), "both programs have left"
        now[0] = 1059.0
        assert it.status()["left"] == 1.0
        now[0] = 1000.0 + 10_000.0
        it.thread.join(20)
        assert not it.thread.is_alive()
        assert it.renderer.closed


def test_stopping_it_ends_every_program_and_the_renderer(tmp_path: Path) -> None:
    with running(tmp_path / "run", FakeRenderer(step_seconds=0.01)) as it:
        client = it.client()
        client.renderer.load(LOAD)
        client.until(ModelReady)
        client.renderer.render(job_of(4, count=8))
        client.until(StepDone)
        it.server.stop()
        it.thread.join(20)
    assert client.until(WorkerDied)[-1] == WorkerDied(
        sentence="the worker that stays has ended; the next picture is rendered by a new one"
    )
    client.renderer.close()


def test_previews_reach_the_program_and_the_status_tells_what_is_going_on(run: Running, renderer: FakeRenderer) -> None:
    with clients(run, 1) as (client,):
        renderer.hold_after(1)
        job: RenderJob = replace(job_of(1, count=1), previews=True)
        client.renderer.render(job)
        client.renderer.render(replace(job, job=2))
        assert any(isinstance(event, PreviewRendered) for event in client.until(JobDone))
        assert comes_true(lambda: run.status()["requests"] == 1)
        status = run.status()
        told = {name: status[name] for name in ("pid", "version", "model", "device", "dtype", "programs", "keep_alive")}
        assert told == {
            "pid": os.getpid(),
            "version": HELLO.version,
            "model": "fake",
            "device": "cpu",
            "dtype": "float32",
            "programs": 1,
            "keep_alive": None,
        }
        assert (status["left"], isinstance(status["memory"], int)) == (None, True)
        assert status["log"] == str(log_path()), "that of the server, whatever the home of the program is"
        renderer.release()
        client.until(JobDone)
