"""What waits for a slow screen: nothing that is outdated."""

from __future__ import annotations

from typing import Any

from engine.rendering.events import Event, JobDone, Picture, PictureRendered, PreviewRendered, StepDone
from engine.worker.inbox import Inbox

PICTURE = Picture(width=1, height=1, rgb=b"abc")
RECORD: Any = None


def preview(index: int, colour: bytes = b"abc", job: int = 1) -> PreviewRendered:
    return PreviewRendered(job=job, index=index, picture=Picture(width=1, height=1, rgb=colour))


def step(number: int, *indices: int) -> StepDone:
    return StepDone(job=1, indices=indices, step=number, steps=9)


def taken(*events: Event) -> tuple[Event, ...]:
    inbox = Inbox()
    for event in events:
        inbox.put(event)
    return inbox.take()


def test_a_newer_preview_takes_the_place_of_the_one_before() -> None:
    new = preview(0, b"new")
    assert taken(preview(0), preview(1), new, preview(0, job=2)) == (preview(1), new, preview(0, job=2))


def test_a_picture_takes_the_place_of_its_preview() -> None:
    done = PictureRendered(job=1, index=0, picture=PICTURE, record=RECORD)
    assert taken(preview(0), preview(1), done) == (preview(1), done)


def test_of_the_steps_of_a_batch_the_last_one_counts() -> None:
    assert taken(step(1, 0, 1), step(1, 2), step(2, 0, 1), JobDone(job=1, seconds=1)) == (
        step(1, 2),
        step(2, 0, 1),
        JobDone(job=1, seconds=1),
    )


def test_other_events_all_wait_and_in_order() -> None:
    events = tuple(JobDone(job=1, seconds=number) for number in range(5))
    assert taken(*events, *events) == (*events, *events)


def test_the_taker_is_told_once() -> None:
    inbox = Inbox()
    assert [inbox.put(preview(number)) for number in range(3)] == [True, False, False]
    assert len(inbox.take()) == 3
    assert inbox.take() == ()
    assert inbox.put(preview(0))


def test_a_screen_that_stands_still_for_a_minute_costs_one_preview_a_picture() -> None:
    inbox = Inbox()
    for number in range(4000):
        inbox.put(preview(number % 8))
        inbox.put(step(number, *range(8)))
    assert len(inbox.take()) == 9
