"""The worker process from outside: requests and events, how it dies and restarts, and that nothing is left of it."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.rendering.events import (
    LOADING,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    ModelReady,
    PictureRendered,
    RendererNoticed,
    StepDone,
    WorkerDied,
)
from engine.rendering.renderer import Renderer
from engine.rendering.requests import ModelChoice
from engine.worker import process
from engine.worker.client import WorkerRenderer
from engine.worker.watchdog import Timeouts
from tests.support.engine.workers import (
    FAKE_WORKER,
    LOAD,
    ROOT,
    SETTINGS,
    TIMEOUT_SECONDS,
    Watched,
    comes_true,
    is_alive,
    job_of,
)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(process, "WORKER", FAKE_WORKER)
    it = Watched()
    yield it
    it.renderer.close()


def test_it_is_a_renderer() -> None:
    renderer: Renderer = WorkerRenderer()
    renderer.close()


def test_requests_go_out_and_events_come_in(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.renderer.render(job_of(1))
    events = watched.until(JobDone)
    assert [event.index for event in events if isinstance(event, PictureRendered)] == [0, 1]
    assert any(isinstance(event, ModelReady) for event in events)


def test_a_job_is_cancelled_and_the_next_one_runs(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.renderer.render(job_of(1, count=60))
    watched.until(StepDone)
    watched.renderer.cancel(1)
    watched.renderer.render(job_of(2))
    assert watched.until(JobCancelled)[-1] == JobCancelled(job=1)
    watched.until(JobDone)


def test_a_killed_worker_is_reported_and_restarts(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.renderer.render(job_of(1, count=60))
    watched.renderer.render(job_of(2))
    watched.until(StepDone)
    first = watched.pid
    os.kill(first, signal.SIGKILL)
    sentence = (
        "the rendering process was killed, probably because the system ran out of memory; "
        "it starts again with the next picture"
    )
    assert [event for event in watched.until(WorkerDied) if not isinstance(event, StepDone | PictureRendered)] == [
        JobFailed(job=1, failure=Failure.CRASH, sentence=sentence),
        JobFailed(job=2, failure=Failure.CRASH, sentence=sentence),
        WorkerDied(sentence=sentence),
    ]
    assert not is_alive(first)
    watched.renderer.render(job_of(3))
    events = watched.until(JobDone)
    assert any(isinstance(event, ModelReady) for event in events), "the last model is loaded again"
    assert events[-1].job == 3  # type: ignore[union-attr]
    assert watched.pid != first


def test_a_job_loads_again_what_could_not_be_loaded_after_the_restart(watched: Watched, tmp_path: Path) -> None:
    file = tmp_path / "model"
    file.touch()
    watched.renderer.load(replace(LOAD, model=ModelChoice(path=str(file), name="fake")))
    watched.renderer.render(job_of(1, prompt="kill"))
    watched.until(WorkerDied)
    file.unlink()
    sentence = "there is no folder or file for the model 'fake'"
    for number in (2, 3):
        watched.renderer.render(job_of(number))
        failures = [*watched.until(JobFailed), *watched.until(JobFailed)]
        assert [event for event in failures if isinstance(event, JobFailed)] == [
            JobFailed(job=job, failure=Failure.MODEL, sentence=sentence) for job in (-1, number)
        ]
    file.touch()
    for number in (4, 5):
        watched.renderer.render(job_of(number))
        events = watched.until(JobDone)
        assert events[-1].job == number  # type: ignore[union-attr]
        assert any(isinstance(event, ModelReady) for event in events) == (number == 4), "one load is enough"


def test_a_failed_load_does_not_replace_the_one_that_jobs_use(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.until(ModelReady)
    bad = replace(LOAD, settings=replace(SETTINGS, width=8))
    watched.renderer.load(bad)
    assert watched.until(JobFailed)[-1] == JobFailed(job=-1, failure=Failure.MODEL, sentence="no pictures of this size")
    watched.renderer.render(job_of(1))
    assert [event.request for event in watched.until(JobDone) if isinstance(event, ModelReady)] == [LOAD]
    watched.renderer.load(bad)
    watched.until(JobFailed)
    watched.renderer.render(job_of(2, prompt="kill"))
    watched.until(WorkerDied)
    watched.renderer.render(job_of(3))
    assert [event.request for event in watched.until(JobDone) if isinstance(event, ModelReady)] == [LOAD]


@pytest.mark.parametrize("how", ["hang", "stop"])
def test_a_silent_worker_is_given_up_and_restarts(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "WORKER", FAKE_WORKER)
    watched = Watched(Timeouts(tick=0.02, load=TIMEOUT_SECONDS, first=1.0, step=1.0, factor=1.0))
    watched.renderer.load(LOAD)
    watched.until(ModelReady)
    first, log = watched.pid, watched.log
    watched.renderer.render(job_of(1, prompt=how))
    watched.renderer.render(job_of(2))
    events = watched.until(WorkerDied)
    sentence = events[-1].sentence  # type: ignore[union-attr]
    assert sentence == (
        f"the rendering process did not answer for 1 seconds and was stopped ({log} shows what it was doing); "
        "it starts again with the next picture"
    )
    assert [event for event in events if isinstance(event, JobFailed)] == [
        JobFailed(job=number, failure=Failure.CRASH, sentence=sentence) for number in (1, 2)
    ]
    assert not is_alive(first)
    assert ("in obey" in log.read_text()) == (how == "hang"), "a stopped process cannot write its stacks"
    watched.renderer.render(job_of(3))
    assert watched.until(JobDone)[-1].job == 3  # type: ignore[union-attr]
    watched.renderer.close()


def test_a_worker_that_does_not_heed_a_cancellation_starts_again_with_what_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "WORKER", FAKE_WORKER)
    watched = Watched(Timeouts(tick=0.02, cancel=(0.5, 0.5)))
    watched.renderer.load(LOAD)
    watched.until(ModelReady)
    first = watched.pid
    watched.renderer.render(replace(job_of(1, prompt="native"), round_id=1))
    watched.renderer.render(replace(job_of(2), round_id=2))
    watched.renderer.cancel_round(1)
    events = watched.until(JobDone)
    assert events[:2] == [
        JobCancelled(job=1),
        RendererNoticed(
            sentence="the rendering process did not stop within 1 seconds, in the middle of a long step, and was "
            "ended; it starts again with the next picture"
        ),
    ]
    assert any(isinstance(event, ModelReady) for event in events)
    assert events[-1].job == 2  # type: ignore[union-attr]
    assert not is_alive(first)
    watched.renderer.close()


def test_a_load_is_given_up_and_the_next_one_is_not(watched: Watched) -> None:
    watched.renderer.load(replace(LOAD, model=ModelChoice(path="", name="slow")))
    assert comes_true(lambda: watched.renderer._process is not None and "native" in watched.log.read_text())
    first = watched.pid
    watched.renderer.render(job_of(1))
    watched.renderer.cancel(LOADING)
    failures = [*watched.until(JobFailed), *watched.until(JobFailed)]
    assert failures == [
        JobFailed(job=job, failure=Failure.MODEL, sentence="loading the model was stopped") for job in (LOADING, 1)
    ]
    assert not is_alive(first)
    watched.renderer.cancel(LOADING)  # nothing is being loaded any more
    watched.renderer.load(LOAD)
    watched.renderer.render(job_of(2))
    assert watched.until(JobDone)[-1].job == 2  # type: ignore[union-attr]


def test_an_idle_worker_may_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "WORKER", FAKE_WORKER)
    watched = Watched(Timeouts(tick=0.01, load=TIMEOUT_SECONDS, first=0.02, step=0.02, factor=1.0))
    watched.renderer.load(LOAD)
    watched.until(ModelReady)
    with pytest.raises(queue.Empty):
        watched.events.get(timeout=0.3)
    watched.renderer.close()


def test_jobs_overtake_by_priority_and_a_round_is_cancelled_as_one(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.renderer.render(replace(job_of(1, count=60), round_id=1))
    watched.until(StepDone)
    for number, priority, round_ in ((2, -1, 2), (3, 0, 1), (4, 0, 3)):
        watched.renderer.render(replace(job_of(number), priority=priority, round_id=round_))
    watched.renderer.cancel_round(1)
    ends = [watched.until((JobCancelled, JobDone))[-1] for _ in range(4)]
    assert {(type(end), end.job) for end in ends[:2]} == {(JobCancelled, 1), (JobCancelled, 3)}  # type: ignore[union-attr]
    assert [(type(end), end.job) for end in ends[2:]] == [(JobDone, 4), (JobDone, 2)]  # type: ignore[union-attr]


def test_the_last_output_of_a_worker_that_ends_by_itself_is_reported(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.until(ModelReady)
    log = watched.log
    watched.renderer.render(job_of(1, prompt="exit"))
    assert watched.until(WorkerDied)[-1] == WorkerDied(
        sentence=f"the rendering process ended with exit code 3: ImportError: no torch here (its output is in {log}); "
        "it starts again with the next picture"
    )


def test_a_crash_names_the_signal(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.until(ModelReady)
    log = watched.log
    watched.renderer.render(job_of(1, prompt="die"))
    assert watched.until(WorkerDied)[-1] == WorkerDied(
        sentence=f"the rendering process crashed with SIGABRT (its output is in {log}); "
        "it starts again with the next picture"
    )


def test_a_job_without_a_model_fails(watched: Watched) -> None:
    watched.renderer.render(job_of(1))
    sentence = "no model is loaded yet"
    assert watched.until(JobFailed) == [JobFailed(job=1, failure=Failure.MODEL, sentence=sentence)]


def test_nothing_of_the_worker_reaches_the_terminal(watched: Watched, capfd: pytest.CaptureFixture[str]) -> None:
    watched.renderer.load(LOAD)
    watched.renderer.render(job_of(1, prompt="chat"))
    watched.until(JobDone)
    assert capfd.readouterr() == ("", "")
    assert watched.log.read_text() == "a line on standard output\nread from standard input: ''\n"


def test_the_worker_has_a_session_of_its_own(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.until(ModelReady)
    assert os.getpgid(watched.pid) != os.getpgid(0)
    assert os.getsid(watched.pid) == watched.pid


@pytest.mark.parametrize("prompt", ["a lake", "hang"])
def test_close_leaves_nothing_behind(watched: Watched, prompt: str) -> None:
    watched.renderer.load(LOAD)
    watched.renderer.render(job_of(1, prompt=prompt, count=60))
    watched.until(ModelReady)
    pid = watched.pid
    watched.renderer.close()  # returns although a hanging job never would
    assert not is_alive(pid)
    assert not any(thread.is_alive() for thread in (*watched.renderer._readers, watched.renderer._sender))
    assert not any(isinstance(event, WorkerDied | JobFailed) for event in list(watched.events.queue))


def test_close_twice_and_close_before_start_are_fine() -> None:
    renderer = WorkerRenderer()
    renderer.close()
    renderer.close()


def test_logs_do_not_pile_up(watched: Watched, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = tmp_path / "warmer" / "log"
    folder.mkdir(parents=True)
    for number in range(20):
        (folder / f"worker-{number}.log").write_text("old")
    watched.renderer.load(LOAD)
    watched.until(ModelReady)
    assert len(list(folder.iterdir())) == 5


def test_a_log_that_cannot_be_written_is_no_error(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    watched.renderer.load(LOAD)
    watched.until(ModelReady)


def test_the_client_imports_neither_torch_nor_diffusers_nor_textual() -> None:
    program = (
        "import sys, engine.worker.client, engine.models.resolve, engine.fake, engine.compare\n"
        "print([name for name in ('torch', 'diffusers', 'transformers', 'textual') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


def test_a_process_that_cannot_be_started_is_reported(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    watched.renderer.load(LOAD)
    watched.renderer.render(job_of(4))
    sentence = "the rendering process could not be started: No such file or directory"
    events = [*watched.until(JobFailed), *watched.until(JobFailed)]
    assert events == [JobFailed(job=job, failure=Failure.CRASH, sentence=sentence) for job in (-1, 4)]


def test_the_log_of_a_worker_stays_when_the_next_one_starts(watched: Watched) -> None:
    watched.renderer.load(LOAD)
    watched.until(ModelReady)
    log = watched.log
    watched.renderer.render(job_of(1, prompt="exit"))
    watched.until(WorkerDied)
    watched.renderer.render(job_of(2))
    watched.until(JobDone)
    assert "ImportError: no torch here" in log.read_text()
