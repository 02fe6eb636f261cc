"""The watchdog: how long a worker may be silent."""

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
from engine.worker.watchdog import Timeouts, Watchdog

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
TIMEOUTS = Timeouts(tick=1, load=1000, bytes_per_second=1000, most=1500, first=100, step=10, factor=4, cancel=(5, 20))


def ticks_until_expired(watchdog: Watchdog, *, is_loading: bool = False) -> int:
    """Return the number of ticks until the watchdog expires."""
    for ticks in range(1, 2000):
        if watchdog.has_expired(is_loading=is_loading, is_working=True):
            return ticks
    raise AssertionError("never")


def silent(watchdog: Watchdog, ticks: int) -> None:
    for _ in range(ticks):
        assert not watchdog.has_expired(is_loading=False, is_working=True)


def test_loading_may_take_longest_then_the_first_step() -> None:
    watchdog = Watchdog(TIMEOUTS)
    assert ticks_until_expired(watchdog, is_loading=True) == 1001
    watchdog.heard(LoadingProgressed(stage="loading weights"))
    assert ticks_until_expired(watchdog, is_loading=True) == 1001
    watchdog.heard(READY)
    assert ticks_until_expired(watchdog) == 101


def test_after_a_step_the_next_one_is_expected_soon() -> None:
    watchdog = Watchdog(TIMEOUTS)
    watchdog.heard(STEP)
    assert ticks_until_expired(watchdog) == 11


def test_after_a_long_step_the_next_one_may_take_long_too() -> None:
    watchdog = Watchdog(TIMEOUTS)
    watchdog.heard(STEP)
    silent(watchdog, 5)
    watchdog.heard(STEP)
    silent(watchdog, 20)
    watchdog.heard(PreviewRendered(job=1, index=0, picture=Picture(width=1, height=1, rgb=b"abc")))
    assert ticks_until_expired(watchdog) == 21, "a pause before a preview is not the length of a step"


@pytest.mark.parametrize("end", [READY, JobDone(job=1, seconds=1), JobCancelled(job=1)])
def test_the_next_job_has_a_pace_of_its_own(end: Event) -> None:
    watchdog = Watchdog(TIMEOUTS)
    watchdog.heard(STEP)
    silent(watchdog, 10)
    watchdog.heard(STEP)
    watchdog.heard(end)
    assert ticks_until_expired(watchdog) == 101
    watchdog.heard(end)
    watchdog.heard(STEP)
    assert ticks_until_expired(watchdog) == 11


def test_a_worker_without_work_may_be_silent_for_ever() -> None:
    watchdog = Watchdog(TIMEOUTS)
    assert not any(watchdog.has_expired(is_loading=False, is_working=False) for _ in range(5000))
    assert ticks_until_expired(watchdog) == 101, "the count begins with the request"


@pytest.mark.parametrize(("weights", "seconds"), [(0, 1000), (200_000, 1200), (10**15, 1500)])
def test_a_large_model_may_take_longer_but_not_for_ever(weights: int, seconds: int) -> None:
    watchdog = Watchdog(TIMEOUTS)
    watchdog.heard(LoadingProgressed(stage="loading weights", weights=weights))
    assert ticks_until_expired(watchdog, is_loading=True) == seconds + 1


@pytest.mark.parametrize(("load_seconds", "seconds"), [(0, 5), (12, 12), (300, 20)])
def test_a_cancellation_may_take_as_long_as_it_would_take_to_load_the_model_again(
    load_seconds: int, seconds: int
) -> None:
    watchdog = Watchdog(TIMEOUTS)
    for _ in range(load_seconds):
        assert not watchdog.has_expired(is_loading=True, is_working=True, cancelled=1), "it waits for the load"
    watchdog.heard(READY)
    silent(watchdog, 30)
    for _ in range(seconds):
        assert not watchdog.has_expired(is_loading=False, is_working=True, cancelled=1)
    assert watchdog.has_expired(is_loading=False, is_working=True, cancelled=1)
    assert (watchdog.is_unheeded, watchdog.silence_after_cancel) == (True, seconds + 1)


def test_a_cancellation_that_is_heeded_is_forgotten() -> None:
    watchdog = Watchdog(TIMEOUTS)
    for _ in range(4):
        watchdog.has_expired(is_loading=False, is_working=True, cancelled=1)
    silent(watchdog, 1)
    assert watchdog.silence_after_cancel == 0


def test_jobs_that_are_cancelled_one_after_the_other_have_their_own_time_each() -> None:
    watchdog = Watchdog(TIMEOUTS)
    for job in range(1, 5):
        for _ in range(4):
            assert not watchdog.has_expired(is_loading=False, is_working=True, cancelled=job)
        watchdog.heard(JobCancelled(job=job))
