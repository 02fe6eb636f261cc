"""What becomes of a request to load a model, event by event."""

from __future__ import annotations

from dataclasses import replace

from engine.rendering.events import (
    Failure,
    JobDone,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    RendererNoticed,
    TurnChanged,
)
from engine.rendering.requests import LoadModel, ModelChoice
from engine.rendering.settings import RenderSettings
from tui.app.model_load import ModelLoad

SETTINGS = RenderSettings(prompt="a lake", width=64, height=64, num_inference_steps=3, guidance_scale=1.0)
REQUEST = LoadModel(model=ModelChoice(path="/m", name="m"), settings=SETTINGS, device="auto", dtype="auto")
OTHER = replace(REQUEST, device="cpu")


def ready(request: LoadModel) -> ModelReady:
    return ModelReady(
        request=request,
        noise_shape=(4, 8, 8),
        noise_axes="CHW",
        pipeline="P",
        schedulers=(),
        device="cpu",
        dtype="float32",
    )


def test_loading_reports_its_stages_and_ends() -> None:
    load = ModelLoad(request=REQUEST).after(LoadingProgressed(stage="importing torch"))
    assert load == ModelLoad(request=REQUEST, stage="importing torch")
    assert load.after(ready(REQUEST)) == ModelLoad(request=REQUEST, ready=ready(REQUEST))


def test_the_answer_to_another_request_is_not_taken_for_this_one() -> None:
    load = ModelLoad(request=REQUEST, stage="loading weights")
    assert load.after(ready(OTHER)) == ModelLoad(request=REQUEST)


def test_a_failure_ends_what_was_ready() -> None:
    failed = JobFailed(job=-1, failure=Failure.MODEL, sentence="it is damaged")
    load = ModelLoad(request=REQUEST, ready=ready(REQUEST)).after(failed)
    assert load == ModelLoad(request=REQUEST, failure="it is damaged")
    assert load.after(ready(REQUEST)).failure == ""


def test_jobs_change_nothing() -> None:
    load = ModelLoad(request=REQUEST, stage="loading weights")
    assert load.after(JobDone(job=3, seconds=1.0)) is load
    assert load.after(JobFailed(job=3, failure=Failure.MEMORY, sentence="too large")) is load


def test_the_same_model_is_not_requested_twice_unless_it_failed() -> None:
    assert not ModelLoad().serves(REQUEST)
    assert ModelLoad(request=REQUEST).serves(REQUEST)
    assert not ModelLoad(request=REQUEST).serves(OTHER)
    assert not ModelLoad(request=REQUEST, failure="it is damaged").serves(REQUEST)


def test_the_place_in_a_shared_renderer_lasts_until_it_changes() -> None:
    load = ModelLoad(request=REQUEST).after(TurnChanged(place=2))
    assert load.words == "waiting: 2 requests of other programs come first"
    assert load.after(LoadingProgressed(stage="loading weights")).words == load.words
    assert load.after(ready(REQUEST)) == ModelLoad(request=REQUEST, ready=ready(REQUEST), place=2)
    failed = JobFailed(job=-1, failure=Failure.MODEL, sentence="it is damaged")
    assert load.after(failed) == ModelLoad(request=REQUEST, failure="it is damaged", place=2)
    assert load.after(TurnChanged(place=0)) == ModelLoad(request=REQUEST)
    assert load.after(RendererNoticed(sentence="a worker has joined")) is load
