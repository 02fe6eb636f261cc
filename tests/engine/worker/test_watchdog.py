"""How long silence is borne."""

from __future__ import annotations

import pytest

from engine.rendering.events import (
    Event,
    JobCancelled,
    JobDone,
    LoadingProgressed,
    ModelReady,
    Picture,
    PreviewRendered,
    StepDone,
)
from engine.rendering.requests import LoadModel, ModelChoice
from engine.rendering.settings import RenderSettings
from engine.worker.watchdog import Patience, Watch

SETTINGS = RenderSettings(prompt="a lake", width=64, height=64, num_inference_steps=2, guidance_scale=1.0)
STEP = StepDone(job=1, indices=(0,), step=1, steps=2)
READY = ModelReady(
    request=LoadModel(model=ModelChoice(path="", name="a"), settings=SETTINGS),
    noise_shape=(4, 8, 8),
    noise_axes="CHW",
    pipeline="P",
    schedulers=(),
    device="cpu",
    dtype="float32",
)
PATIENCE = Patience(tick=1, load=1000, first=100, step=10, factor=4)


def borne(watch: Watch, *, is_loading: bool = False) -> int:
    """Ticks until it is over."""
    for ticks in range(1, 2000):
        if watch.is_over(is_loading=is_loading, is_working=True):
            return ticks
    raise AssertionError("never")


def silent(watch: Watch, ticks: int) -> None:
    for _ in range(ticks):
        assert not watch.is_over(is_loading=False, is_working=True)


def test_loading_may_take_longest_then_the_first_step() -> None:
    watch = Watch(PATIENCE)
    assert borne(watch, is_loading=True) == 1001
    watch.heard(LoadingProgressed(stage="loading weights"))
    assert borne(watch, is_loading=True) == 1001
    watch.heard(READY)
    assert borne(watch) == 101


def test_after_a_step_the_next_one_is_expected_soon() -> None:
    watch = Watch(PATIENCE)
    watch.heard(STEP)
    assert borne(watch) == 11


def test_where_steps_take_long_the_next_one_may_too() -> None:
    watch = Watch(PATIENCE)
    watch.heard(STEP)
    silent(watch, 5)
    watch.heard(STEP)
    silent(watch, 20)
    watch.heard(PreviewRendered(job=1, index=0, picture=Picture(width=1, height=1, rgb=b"abc")))
    assert borne(watch) == 21, "the pause that was no step's does not count"


@pytest.mark.parametrize("end", [READY, JobDone(job=1, seconds=1), JobCancelled(job=1)])
def test_another_job_may_be_larger_and_has_a_pace_of_its_own(end: Event) -> None:
    watch = Watch(PATIENCE)
    watch.heard(STEP)
    silent(watch, 10)
    watch.heard(STEP)
    watch.heard(end)
    assert borne(watch) == 101
    watch.heard(end)
    watch.heard(STEP)
    assert borne(watch) == 11


def test_who_is_asked_for_nothing_may_be_silent_for_ever() -> None:
    watch = Watch(PATIENCE)
    assert not any(watch.is_over(is_loading=False, is_working=False) for _ in range(5000))
    assert borne(watch) == 101, "the count begins with the request"
