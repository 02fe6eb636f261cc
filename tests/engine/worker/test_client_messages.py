"""What the client does where a message breaks a rule: the person is told, and the next job is rendered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.rendering.events import LOADING, Failure, JobDone, JobFailed, ModelReady, WorkerDied
from engine.worker import process
from engine.worker.client import WorkerRenderer
from engine.worker.process import WorkerProcess
from tests.support.engine.workers import FAKE_WORKER, LOAD, TIMEOUT_SECONDS, Watched, is_alive, job_of


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(process, "WORKER", FAKE_WORKER)
    it = Watched()
    it.renderer.load(LOAD)
    it.until(ModelReady)
    yield it
    it.renderer.close()


def test_a_worker_that_sends_no_event_is_stopped_and_restarts(watched: Watched) -> None:
    first = watched.pid
    watched.renderer.render(job_of(1, prompt="garble"))
    sentence = (
        "the rendering process sent what is no event (what arrived is no message of this program) and was stopped; "
        "it starts again with the next picture"
    )
    assert watched.until(WorkerDied) == [
        JobFailed(job=1, failure=Failure.CRASH, sentence=sentence),
        WorkerDied(sentence=sentence),
    ]
    assert not is_alive(first)
    watched.renderer.render(job_of(2))
    assert watched.until(JobDone)[-1].job == 2  # type: ignore[union-attr]


def test_a_request_that_cannot_be_sent_fails_alone(watched: Watched) -> None:
    huge = 2**255
    watched.renderer.render(job_of(huge))
    sentence = "the request cannot be sent: RenderJob.job: a whole number has at most 32 bytes, found 33"
    assert watched.until(JobFailed) == [JobFailed(job=huge, failure=Failure.SETTINGS, sentence=sentence)]
    assert not watched.renderer._open.has_any
    watched.renderer.render(job_of(2))
    assert watched.until(JobDone)[-1].job == 2  # type: ignore[union-attr]


def test_a_cancellation_that_cannot_be_sent_is_nobodys_end(watched: Watched) -> None:
    watched.renderer.cancel(2**255)
    watched.renderer.render(job_of(2))
    ends = [event for event in watched.until(JobDone) if isinstance(event, JobDone | JobFailed)]
    assert [(type(event), event.job) for event in ends] == [(JobDone, 2)]


def test_a_load_that_cannot_be_sent_fails_and_so_does_every_job_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "WORKER", FAKE_WORKER)
    it = Watched()
    huge = replace(LOAD, micro_batch=2**255)
    it.renderer.load(huge)
    sentence = "the request cannot be sent: LoadModel.micro_batch: a whole number has at most 32 bytes, found 33"
    failed = JobFailed(job=LOADING, failure=Failure.SETTINGS, sentence=sentence)
    assert it.until(JobFailed) == [failed]
    for number in (1, 2):
        it.renderer.render(job_of(number))
        assert it.until(JobFailed) == [failed]
        assert it.until(JobFailed) == [JobFailed(job=number, failure=Failure.MODEL, sentence="no model is loaded")]
    it.renderer.load(LOAD)
    it.renderer.render(job_of(3))
    assert it.until(JobDone)[-1].job == 3  # type: ignore[union-attr]
    it.renderer.close()


def test_a_process_that_does_not_read_its_first_load_can_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "WORKER", FAKE_WORKER)
    sending, killed = threading.Event(), threading.Event()

    def send(*_: object) -> None:
        sending.set()
        assert killed.wait(TIMEOUT_SECONDS), "the connection ends with the process"

    def kill(self: WorkerProcess) -> None:
        killed.set()
        end(self)

    end = WorkerProcess.kill
    monkeypatch.setattr(WorkerProcess, "kill", kill)
    it = Watched()
    it.renderer.load(LOAD)
    it.until(ModelReady)
    monkeypatch.setattr(WorkerProcess, "send", send)
    it.process.kill()
    it.until(WorkerDied)
    killed.clear()
    it.renderer.render(job_of(1))  # a new process gets the load before the job
    assert sending.wait(TIMEOUT_SECONDS)
    closing = threading.Thread(target=WorkerRenderer.close, args=(it.renderer,), daemon=True)
    closing.start()
    closing.join(TIMEOUT_SECONDS / 10)
    assert not closing.is_alive()
