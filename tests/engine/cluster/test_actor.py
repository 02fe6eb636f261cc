"""What runs on a node, without Ray: requests in, events out, in the words of the machine that asked."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cluster.actor import ActorFacts, RemoteWorker
from engine.cluster.messages import pack, unpack_event
from engine.cluster.models import weights_of
from engine.models.resolve import EMBEDDED, resolve_model
from engine.rendering.events import (
    LOADING,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    ModelReady,
    PictureRendered,
    StepDone,
)
from engine.rendering.requests import CancelJob, CancelRound, LoadModel
from latentpng import __version__
from tests.support.engine.folders import model_folder
from tests.support.engine.workers import FAKE_WORKER, LOAD, TIMEOUT_SECONDS, job_of

EMBEDDED_LOAD = replace(LOAD, model=resolve_model(EMBEDDED))


class Streamed:
    """An actor, and its events as they come."""

    def __init__(self) -> None:
        self.actor = RemoteWorker("node-b", 1, (FAKE_WORKER,))
        self.events: queue.Queue[Event] = queue.Queue()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        for messages in self.actor.events():
            for message in messages:
                self.events.put(unpack_event(message))

    def load(self, request: LoadModel) -> None:
        self.actor.request(pack(request), pack(weights_of(EMBEDDED_LOAD)))

    def until(self, kind: type[Event] | tuple[type[Event], ...]) -> list[Event]:
        seen: list[Event] = []
        while not seen or not isinstance(seen[-1], kind):
            seen.append(self.events.get(timeout=TIMEOUT_SECONDS))
        return seen


@pytest.fixture
def streamed() -> Iterator[Streamed]:
    it = Streamed()
    yield it
    it.actor.close()
    it.reader.join()


def test_the_answer_to_a_load_names_the_paths_of_the_machine_that_asked(streamed: Streamed) -> None:
    assert streamed.actor.facts() == ActorFacts(node="node-b", version=__version__, devices="")
    elsewhere = replace(EMBEDDED_LOAD, model=replace(EMBEDDED_LOAD.model, path="/elsewhere/model"))
    streamed.load(elsewhere)
    (*_, ready) = streamed.until(ModelReady)
    assert isinstance(ready, ModelReady)
    assert ready.request == elsewhere
    assert streamed.actor.facts().model == EMBEDDED


def test_the_threads_of_its_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    RemoteWorker("node-b").close()
    assert os.environ["OMP_NUM_THREADS"] == "1"
    RemoteWorker("node-b", 3).close()
    assert os.environ["OMP_NUM_THREADS"] == "3"


def test_the_gpu_that_it_was_given(streamed: Streamed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    assert streamed.actor.facts().devices == "3"


def test_jobs_are_rendered_and_cancelled(streamed: Streamed) -> None:
    streamed.load(EMBEDDED_LOAD)
    streamed.actor.request(pack(job_of(1)))
    events = streamed.until(JobDone)
    assert [event.index for event in events if isinstance(event, PictureRendered)] == [0, 1]
    streamed.actor.request(pack(job_of(2, count=1000)))
    streamed.until(StepDone)
    streamed.actor.request(pack(CancelJob(job=2)))
    assert streamed.until(JobCancelled)[-1] == JobCancelled(job=2)
    streamed.actor.request(pack(replace(job_of(3, count=1000), round_id=7)))
    streamed.until(StepDone)
    streamed.actor.request(pack(CancelRound(round_id=7)))
    assert streamed.until(JobCancelled)[-1] == JobCancelled(job=3)


def test_a_model_that_is_not_here_is_refused_and_so_are_its_jobs(streamed: Streamed, tmp_path: Path) -> None:
    request = replace(LOAD, model=resolve_model(str(model_folder(tmp_path / "lakes"))))
    weights = weights_of(request)
    (tmp_path / "lakes" / "model_index.json").unlink()
    streamed.actor.request(pack(request), pack(weights))
    refused = JobFailed(
        job=LOADING,
        failure=Failure.MODEL,
        sentence="the model 'lakes' is not known on the node node-b: copy its files there, to the same path or into a "
        "folder of models that warmer searches",
    )
    assert streamed.until(JobFailed) == [refused]
    streamed.actor.request(pack(job_of(5)))
    assert streamed.until(JobFailed) == [replace(refused, job=5)]
    streamed.load(EMBEDDED_LOAD)
    streamed.actor.request(pack(job_of(6)))
    assert isinstance(streamed.until((JobDone, JobFailed))[-1], JobDone)
