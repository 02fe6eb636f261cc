"""What the client does where a message breaks a rule: the person is told, and the next job is rendered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.rendering.events import Failure, JobDone, JobFailed, ModelReady, WorkerDied
from engine.worker import process
from tests.support.engine.workers import FAKE_WORKER, LOAD, Watched, is_alive, job_of


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
    assert watched.renderer._open == []
    watched.renderer.render(job_of(2))
    assert watched.until(JobDone)[-1].job == 2  # type: ignore[union-attr]
