"""The real worker with torch and diffusers: stages of loading, cancelled jobs, killed processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.models.find import find_model
from engine.models.resolve import defaults_of, resolve_model
from engine.rendering.events import (
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    PictureRendered,
    PreviewRendered,
    StepDone,
    WorkerDied,
)
from engine.rendering.requests import EmbeddingChoice, LoadModel, ModelChoice, RenderJob
from engine.rendering.settings import SchedulerSettings
from tests.support.engine.tiny import SETTINGS, TASKS, save_tiny
from tests.support.engine.workers import ROOT, Watched, comes_true, is_alive, is_zombie

JOB = RenderJob(job=1, tasks=TASKS, settings=SETTINGS)
LONG = replace(SETTINGS, num_inference_steps=900)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelChoice:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    it = Watched()
    yield it
    it.renderer.close()


@pytest.mark.slow
def test_the_real_worker_from_a_failed_load_to_a_killed_process(watched: Watched, tiny: ModelChoice) -> None:
    """All in one process, since each start costs seconds."""
    _a_missing_model_is_reported(watched, tiny)
    _a_model_loads_in_stages(watched, tiny)
    _the_same_model_is_not_loaded_twice(watched, tiny)
    _textual_inversions_change_alone(watched, tiny)
    _a_job_renders(watched)
    _wrong_settings_fail_the_job_alone(watched)
    _a_long_job_is_cancelled_and_the_next_runs(watched)
    _a_killed_worker_is_started_again(watched)


def _a_missing_model_is_reported(watched: Watched, tiny: ModelChoice) -> None:
    gone = replace(tiny, path=f"{tiny.path}-gone", name="gone")
    watched.renderer.load(LoadModel(model=gone, settings=SETTINGS, device="cpu"))
    events = watched.until(JobFailed)
    assert _stages(events)[:2] == ["importing torch", "importing diffusers"]
    failed = events[-1]
    assert failed == JobFailed(
        job=-1,
        failure=Failure.MODEL,
        sentence="there is no folder or file for the model 'gone': it was moved or deleted",
    )
    watched.renderer.render(JOB)
    assert [watched.until(JobFailed)[-1] for _ in range(2)] == [failed, replace(failed, job=1)]


def _stages(events: list[Event]) -> list[str]:
    return [event.stage for event in events if isinstance(event, LoadingProgressed)]


def _a_model_loads_in_stages(watched: Watched, tiny: ModelChoice) -> None:
    watched.renderer.load(LoadModel(model=tiny, settings=SETTINGS, device="cpu"))
    events = watched.until(ModelReady)
    assert _stages(events) == ["loading weights"], "the packages were imported for the model before"
    ready = events[-1]
    assert isinstance(ready, ModelReady)
    assert (ready.noise_shape, ready.noise_axes) == ((4, 16, 16), "CHW")
    assert (ready.pipeline, ready.device, ready.dtype) == ("StableDiffusionPipeline", "cpu", "float32")
    assert "EulerAncestralDiscreteScheduler" in ready.schedulers
    assert ready.batch == 8
    assert find_model({"name": "", "fingerprint": ready.fingerprint}).name == "tiny"
    assert (ready.software["device"], ready.software["threads"]) == ("cpu", 1)


def _the_same_model_is_not_loaded_twice(watched: Watched, tiny: ModelChoice) -> None:
    """At the largest size, at which the shape of the noise is found without rendering."""
    largest = replace(SETTINGS, width=8192, height=4096)
    watched.renderer.load(LoadModel(model=tiny, settings=largest, device="cpu"))
    events = watched.until(ModelReady)
    assert LoadingProgressed(stage="loading weights") not in events
    ready = events[-1]
    assert isinstance(ready, ModelReady)
    assert (ready.noise_shape, ready.noise_axes) == ((4, 2048, 4096), "CHW")


def _textual_inversions_change_alone(watched: Watched, tiny: ModelChoice) -> None:
    for embeddings in ((EmbeddingChoice(path="", word="easynegative"),), ()):
        model = replace(tiny, embeddings=embeddings)
        watched.renderer.load(LoadModel(model=model, settings=SETTINGS, device="cpu"))
        assert LoadingProgressed(stage="loading weights") not in watched.until(ModelReady)


def _a_job_renders(watched: Watched) -> None:
    watched.renderer.render(replace(JOB, previews=True))
    events = watched.until(JobDone)
    pictures = [event for event in events if isinstance(event, PictureRendered)]
    assert [event.index for event in pictures] == [0, 1, 2]
    previews = [event.index for event in events if isinstance(event, PreviewRendered)]
    assert previews == [0, 1, 2] * (len(previews) // 3), "how many there are depends on how quick the machine is"
    assert previews
    assert find_model(pictures[0].record.settings["model"]).name == "tiny"


def _wrong_settings_fail_the_job_alone(watched: Watched) -> None:
    settings = replace(SETTINGS, scheduler=SchedulerSettings(name="FlowMatchLCMScheduler"))
    watched.renderer.render(replace(JOB, settings=settings))
    failed = watched.until(JobFailed)[-1]
    assert isinstance(failed, JobFailed)
    assert (failed.job, failed.failure) == (1, Failure.SETTINGS)


def _a_long_job_is_cancelled_and_the_next_runs(watched: Watched) -> None:
    watched.renderer.render(replace(JOB, job=2, settings=LONG))
    watched.until(StepDone)
    watched.renderer.cancel(2)
    watched.renderer.render(replace(JOB, job=3))
    assert watched.until(JobCancelled)[-1] == JobCancelled(job=2)
    assert watched.until(JobDone)[-1].job == 3  # type: ignore[union-attr]


def _a_killed_worker_is_started_again(watched: Watched) -> None:
    watched.renderer.render(replace(JOB, job=4, settings=LONG))
    watched.until(StepDone)
    os.kill(watched.pid, signal.SIGKILL)
    failed, died = [event for event in watched.until(WorkerDied) if not isinstance(event, StepDone)]
    assert isinstance(failed, JobFailed)
    assert isinstance(died, WorkerDied)
    assert (failed.job, failed.failure, failed.sentence) == (4, Failure.CRASH, died.sentence)
    watched.renderer.render(replace(JOB, job=5))
    assert watched.until(JobDone)[-1].job == 5  # type: ignore[union-attr]


@pytest.mark.slow
def test_a_parent_killed_in_mid_step_leaves_no_worker() -> None:
    """With the embedded model at a size at which one step takes seconds."""
    program = """
        from dataclasses import replace
        from engine.worker.client import WorkerRenderer
        from engine.rendering.events import ModelReady, StepDone
        from engine.models.resolve import defaults_of, resolve_model
        from engine.rendering.requests import LoadModel, RenderJob
        from tests.support.engine.tiny import TASKS
        import threading
        model = resolve_model("")
        settings = replace(defaults_of(model).settings("a lake"), width=512, height=512)
        loaded = threading.Event()
        renderer = WorkerRenderer()
        renderer.start(lambda event: loaded.set() if isinstance(event, ModelReady) else None)
        renderer.load(LoadModel(model=model, settings=settings, device="cpu"))
        loaded.wait()
        renderer.render(RenderJob(job=1, tasks=TASKS, settings=settings))
        threading.Event().wait(0.5)
        print(renderer._process.pid, flush=True)
        threading.Event().wait()
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    with parent.stdout as lines:
        pid = int(lines.readline())
        assert is_alive(pid)
        parent.kill()
        parent.wait()
    assert comes_true(lambda: is_zombie(pid), 5.0)


def test_the_embedded_model_has_its_defaults() -> None:
    model = resolve_model("")
    defaults = defaults_of(model)
    assert (defaults.width, defaults.height, defaults.num_inference_steps, defaults.guidance_scale, defaults.scale) == (
        128,
        128,
        6,
        2.5,
        0.7,
    )
    assert defaults.scheduler.name == "UniPCMultistepScheduler"
    assert len(defaults.prompts) >= 6
    assert (Path(model.path) / "unet").is_dir()
