"""The worker keeps its rules for the inversion of a photograph: order, cancel, silence, restart."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.rendering.events import (
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    ModelReady,
    PhotoInverted,
    PreviewRendered,
    StepDone,
    WorkerDied,
)
from engine.rendering.requests import CancelJob, CancelRound, InvertJob
from engine.worker import process
from engine.worker.queue import JobQueue
from engine.worker.watchdog import Timeouts
from tests.support.engine.workers import FAKE_WORKER, LOAD, SETTINGS, TIMEOUT_SECONDS, Watched, job_of

RGB = bytes(range(256)) * 3


def inversion(number: int, prompt: str = "a lake", priority: int = 0, round_id: int = 0) -> InvertJob:
    settings = replace(SETTINGS, prompt=prompt, guidance_scale=1.0)
    return InvertJob(
        job=number,
        width=16,
        height=16,
        rgb=RGB,
        settings=settings,
        previews=True,
        priority=priority,
        round_id=round_id,
    )


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(process, "WORKER", FAKE_WORKER)
    it = Watched()
    yield it
    it.renderer.close()


def test_a_photograph_goes_out_and_its_noise_comes_back(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.renderer.render(inversion(1))
    events = watched.until(JobDone)
    (found,) = [event for event in events if isinstance(event, PhotoInverted)]
    assert (found.job, found.picture.width, found.picture.height, bytes(found.picture.rgb)) == (1, 16, 16, RGB)
    assert found.record.root_tensor is not None
    assert [event.step for event in events if isinstance(event, StepDone)] == [1, 2, 3]
    assert any(isinstance(event, PreviewRendered) for event in events)


def test_an_inversion_is_cancelled_and_the_next_job_runs(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.renderer.render(job_of(1, count=60))
    watched.renderer.render(inversion(2))
    watched.until(StepDone)
    watched.renderer.cancel(2)
    watched.renderer.cancel(1)
    watched.renderer.render(inversion(3))
    events = watched.until(PhotoInverted)
    assert {event.job for event in events if isinstance(event, JobCancelled)} == {1, 2}
    assert isinstance(events[-1], PhotoInverted)
    assert events[-1].job == 3


def test_a_running_inversion_is_cancelled_with_its_round(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.until(ModelReady)
    os.kill(watched.pid, signal.SIGSTOP)  # so that the cancellation is there before its first step is done
    watched.renderer.render(inversion(1, round_id=7))
    watched.renderer.cancel_round(7)
    os.kill(watched.pid, signal.SIGCONT)
    events = watched.until(JobCancelled)
    assert events[-1] == JobCancelled(job=1)
    assert not any(isinstance(event, PhotoInverted) for event in events)


def test_an_inversion_without_a_model_fails(watched: Watched) -> None:
    watched.renderer.render(inversion(1))
    assert watched.until(JobFailed)[-1] == JobFailed(job=1, failure=Failure.MODEL, sentence="no model is loaded yet")


def test_a_crash_fails_the_inversion_and_the_next_one_finds_its_model_again(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.renderer.render(inversion(1, prompt="kill"))
    failed, died = watched.until(WorkerDied)[-2:]
    assert isinstance(failed, JobFailed)
    assert isinstance(died, WorkerDied)
    assert (failed.job, failed.failure, failed.sentence) == (1, Failure.CRASH, died.sentence)
    watched.renderer.render(inversion(2))
    events = watched.until(JobDone)
    assert any(isinstance(event, ModelReady) for event in events)
    assert any(isinstance(event, PhotoInverted) for event in events)


def test_a_silent_inversion_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "WORKER", FAKE_WORKER)
    watched = Watched(Timeouts(tick=0.02, load=TIMEOUT_SECONDS, first=1.0, step=1.0, factor=1.0))
    watched.renderer.load(LOAD)
    watched.renderer.render(inversion(1, prompt="hang"))
    (failed,) = [event for event in watched.until(WorkerDied) if isinstance(event, JobFailed)]
    assert failed.job == 1
    assert failed.sentence.startswith("the rendering process did not answer for 1 seconds and was stopped")
    watched.renderer.render(inversion(2))
    watched.until(PhotoInverted)
    watched.renderer.close()


def test_inversions_and_renderings_share_one_order(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.renderer.render(job_of(1, count=2))
    watched.renderer.render(inversion(2))
    watched.renderer.render(replace(job_of(3, count=1), priority=-1))
    watched.renderer.render(inversion(4, priority=1))
    done = [event.job for _ in range(4) for event in watched.until(JobDone) if isinstance(event, JobDone)]
    assert sorted(done) == [1, 2, 3, 4]
    assert done.index(2) < done.index(3)


def test_the_queue_reports_a_cancelled_inversion_first() -> None:
    for request in (CancelJob(job=2), CancelRound(round_id=5)):
        jobs = JobQueue()
        for job in (inversion(1), inversion(2, priority=-9, round_id=5), inversion(3, priority=9)):
            jobs.put(job)
        jobs.cancel(request)
        found = [work.job for _ in range(3) if isinstance(work := jobs.get(), InvertJob)]
        assert found == [2, 3, 1]
        assert jobs.is_cancelled(2)
        jobs.done(2)
        assert not jobs.is_cancelled(2)
