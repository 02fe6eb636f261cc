"""The seconds left: synthetic traces of steps, and what is said about them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rendering.requests import PictureTask, RenderJob
from engine.rendering.settings import RenderSettings
from engine.search.progress import Countdown, Pace, Progress
from latentpng.record import Lineage, SeedRoot


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A batch of a trace: how many pictures, the seconds of each step, and those of decoding all of it."""

    size: int
    steps: tuple[float, ...]
    decode: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Said:
    """What was said at a time, the truth, and the time of a step of the running batch: the true one and the known."""

    left: float | None
    truth: float
    step: float
    known: float


def play(batches: tuple[Batch, ...], countdown: Countdown, start: float = 100.0) -> tuple[list[Said], Countdown]:
    """Return what is said after each event of a job, and the countdown at its end."""
    progress = Progress(total=sum(batch.size for batch in batches), running=True)
    end = start + sum(sum(batch.steps) + batch.decode for batch in batches)
    now, first, said = start, 0, []
    countdown = countdown.restarted(now)
    for batch in batches:
        indices = tuple(range(first, first + batch.size))
        first += batch.size
        for number, seconds in enumerate(batch.steps, 1):
            now += seconds
            progress.step_done(indices, number, len(batch.steps))
            countdown = countdown.after(progress, now)
            said.append(
                Said(left=countdown.left, truth=end - now, step=seconds, known=countdown.pace.step(batch.size) or 0.0)
            )
        now += batch.decode
        for index in indices:
            progress.picture_done(index)
            countdown = countdown.after(progress, now)
        said.append(
            Said(
                left=countdown.left, truth=end - now, step=batch.steps[-1], known=countdown.pace.step(batch.size) or 0.0
            )
        )
    return said, countdown


def lefts(said: list[Said]) -> list[float]:
    return [each.left for each in said if each.left is not None]


FIRST_GRID = (
    Batch(size=1, steps=(2.6, *[0.1] * 11), decode=0.2),
    Batch(size=8, steps=(0.9, *[0.4] * 11), decode=1.0),
)
"""The first grid of a session: the first step is slow, the parent comes alone, and the batch is decoded at its end."""


def test_nothing_is_said_before_a_step_was_measured() -> None:
    said, _ = play(FIRST_GRID, Countdown())
    assert said[0].left is None
    assert said[1].left is not None


def test_a_slow_first_step_is_not_taken_for_the_pace() -> None:
    said, _ = play(FIRST_GRID, Countdown())
    assert said[1].left == pytest.approx(10 * 0.1 + 0.1 + 8 * (12 * 0.1 + 0.1))


def test_what_is_said_falls_to_nothing() -> None:
    said, _ = play(FIRST_GRID, Countdown())
    assert said[-1].left == 0.0
    for before, after in pairwise(lefts(said)):
        assert after <= before + 0.4


def test_the_second_grid_is_foretold_from_its_first_step_on() -> None:
    _, countdown = play(FIRST_GRID, Countdown())
    said, _ = play((Batch(size=8, steps=(0.4,) * 12, decode=1.0),), countdown)
    assert said[0].left == pytest.approx(said[0].truth, abs=0.7)
    assert [each.left for each in said[1:]] == pytest.approx([each.truth for each in said[1:]], abs=0.7)


def test_a_different_model_or_size_starts_from_nothing() -> None:
    _, countdown = play(FIRST_GRID, Countdown())
    assert countdown.restarted(0.0).pace == countdown.pace
    assert countdown.restarted(0.0, "other").pace == Pace()


def test_batches_of_different_sizes() -> None:
    batches = (
        Batch(size=1, steps=(0.2,) * 10, decode=0.1),
        *(Batch(size=size, steps=(0.2 * size,) * 10, decode=0.1 * size) for size in (4, 3, 1)),
    )
    said, _ = play(batches, Countdown())
    assert said[-1].left == 0.0
    last = [each for each in said if each.truth < 5.0]
    assert [each.left for each in last] == pytest.approx([each.truth for each in last], abs=1.0)


def test_models_of_a_single_step_are_measured_by_it() -> None:
    batches = (Batch(size=1, steps=(0.5,), decode=0.1), Batch(size=8, steps=(2.0,), decode=0.8))
    said, _ = play(batches, Countdown())
    assert said[0].left == pytest.approx(0.5 + 8 * (0.5 + 0.5))
    assert said[-1].left == 0.0


def test_steps_that_were_reported_together_count_as_so_many() -> None:
    progress = Progress(total=1, running=True)
    countdown = Countdown().restarted(0.0)
    for now, step in ((1.0, 1), (4.0, 4), (6.0, 6)):
        progress.step_done((0,), step, 10)
        countdown = countdown.after(progress, now)
    assert countdown.left == pytest.approx(4 * 1.0 + 1.0)


def test_steps_that_were_done_before_anybody_waited_are_not_measured() -> None:
    progress, batch = Progress(total=4, running=True), (0, 1, 2, 3)
    progress.step_done(batch, 6, 12)
    progress.skipped = progress.step
    seen = Countdown().restarted(100.0).after(progress, 100.0)
    progress.step_done(batch, 7, 12)
    seen = seen.after(progress, 100.1)
    assert seen.pace == Pace(), "the rest of a step says nothing"
    progress.step_done(batch, 8, 12)
    assert seen.after(progress, 100.6).pace.step(4) == pytest.approx(0.5)
    late = Countdown().restarted(100.0).after(progress, 100.8)
    assert late.pace.step(4) == pytest.approx(0.4), "two steps that were reported together"
    progress.step_done((4,), 1, 12)
    assert progress.skipped == 0, "the next batch is waited for from its first step on"


def test_what_says_nothing_new_changes_nothing() -> None:
    progress = Progress(total=1, running=True)
    progress.step_done((0,), 2, 10)
    countdown = Countdown().restarted(0.0).after(progress, 1.0)
    assert countdown.after(progress, 50.0) is countdown
    progress.running = False
    assert countdown.after(progress, 60.0) is countdown


def test_a_machine_that_becomes_slow_is_said_a_step_at_a_time() -> None:
    said, _ = play((Batch(size=1, steps=(*[0.1] * 10, *[3.0] * 10)),), Countdown())
    lowest = lefts(said)[8]
    assert lefts(said)[9] == pytest.approx(lowest + (0.1 + 3.0) / 2)


seconds = st.floats(min_value=0.01, max_value=5.0)
batches_of_a_job = st.lists(
    st.builds(
        Batch,
        size=st.integers(1, 8),
        steps=st.lists(seconds, min_size=6, max_size=6).map(tuple),
        decode=st.floats(min_value=0.0, max_value=20.0),
    ),
    min_size=1,
    max_size=4,
).map(tuple)


@given(batches_of_a_job, batches_of_a_job)
def test_it_never_rises_by_more_than_a_step(earlier: tuple[Batch, ...], batches: tuple[Batch, ...]) -> None:
    _, countdown = play(earlier, Countdown())
    said, _ = play(batches, countdown)
    slowest = max(max(each.step, each.known) for each in said)
    for place, left in enumerate(lefts(said)):
        assert left <= min(lefts(said)[: place + 1]) + slowest + 1e-9
        assert left >= 0.0
    assert said[-1].left in (None, 0.0)


def test_drafts_that_wait_are_counted_with_their_own_steps() -> None:
    progress = Progress(total=9, running=True)
    progress.plan([job_of((0,), 12), job_of(tuple(range(1, 9)), 6)])
    progress.step_done((0,), 1, 24)  # a scheduler that takes two for each
    assert {steps: count for steps, count in progress.waiting().items() if count} == {12: 8}
    progress.step_done(tuple(range(1, 5)), 1, 12)
    assert {steps: count for steps, count in progress.waiting().items() if count} == {12: 4}


def test_pictures_that_are_read_count_as_those_of_the_running_batch() -> None:
    progress = Progress(total=4, running=True)
    progress.plan([job_of((0, 1, 2), 12)])
    progress.step_done((0,), 1, 12)
    assert progress.waiting() == {12: 3}


def test_pictures_of_later_jobs_are_added_to_the_total() -> None:
    progress = Progress(total=1)
    progress.plan([job_of((1, 2), 6)], is_more=True)
    progress.plan([job_of((0,), 12)])
    assert (progress.total, progress.planned) == (3, {0: 12, 1: 6, 2: 6})


def test_the_seconds_of_drafts_are_those_of_their_steps() -> None:
    progress = Progress(total=3, running=True)
    progress.plan([job_of((0,), 12), job_of((1, 2), 6)])
    countdown = Countdown().restarted(0.0)
    for step in range(1, 4):
        progress.step_done((0,), step, 12)
        countdown = countdown.after(progress, float(step))
    assert countdown.left == pytest.approx(9 + 1 + 2 * (6 + 1)), "nine steps, and the decoding of each takes a step"


def job_of(indices: tuple[int, ...], steps: int) -> RenderJob:
    lineage = Lineage(root=SeedRoot(seed=1))
    settings = RenderSettings(prompt="", width=8, height=8, num_inference_steps=steps, guidance_scale=1.0)
    return RenderJob(
        job=1, tasks=tuple(PictureTask(index=index, lineage=lineage) for index in indices), settings=settings
    )


def test_batches_that_are_rendered_at_once_share_what_is_left() -> None:
    """Two workers take turns in reporting: a step takes 2 s in each, and decoding none, which is not known at first."""
    progress = Progress(total=8, running=True)
    countdown = Countdown().restarted(0.0)
    said = []
    for first, second, start in (((0, 1), (2, 3), 0.0), ((4, 5), (6, 7), 8.0)):
        for step in (1, 2, 3, 4):
            for indices, late in ((first, 0.0), (second, 0.5)):
                now = start + 2.0 * step + late
                progress.step_done(indices, step, 4)
                countdown = countdown.after(progress, now)
                said.append((countdown.left, countdown.pace.step(2)))
        for index in (*first, *second):
            progress.picture_done(index)
            countdown = countdown.after(progress, start + 8.5)
    assert progress.at_once == 2
    assert {pace for _, pace in said} == {None, 2.0}
    assert [left for left, _ in said[2:8]] == [16.0, 16.0, 14.0, 14.0, 12.0, 12.0]
    assert said[-1][0] == 0.0


def test_batches_that_follow_each_other_are_not_at_once() -> None:
    halved = Progress(total=4, running=True)
    for indices in ((0, 1, 2, 3), (0, 1)):  # memory ran out with the first
        halved.step_done(indices, 1, 4)
    for index in (0, 1):
        halved.picture_done(index)
    halved.step_done((2, 3), 1, 4)
    followed = Progress(total=4, running=True, decodes=False)
    for indices in ((0, 1), (2, 3)):  # no picture of these is ever finished
        for step in (1, 2):
            followed.step_done(indices, step, 2)
    assert (halved.at_once, followed.at_once) == (1, 1)


def test_the_countdown_begins_anew_where_pictures_are_asked_for_again() -> None:
    _, before = play(FIRST_GRID, Countdown())
    assert before.lowest == 0.0
    progress = Progress(total=8, running=True, again=1)
    anew = before.after(progress, 200.0)
    assert (anew.left, anew.lowest, anew.pace) == (None, math.inf, before.pace)
    progress.step_done(tuple(range(8)), 1, 12)
    left = anew.after(progress, 200.4).left
    assert left == 11 * (before.pace.step(8) or 0.0) + before.pace.decode(8)
