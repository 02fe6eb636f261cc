"""Events for a program that reads slowly: nothing waits, previews go first, and memory is bounded."""

from __future__ import annotations

import threading

from engine.kept.outbox import Outbox, size_of
from engine.rendering.events import (
    DraftRendered,
    Event,
    JobDone,
    Picture,
    PictureRendered,
    PreviewRendered,
    StepDone,
)
from tests.engine.kept.test_dispatcher import RECORD

PIXELS = Picture(width=10, height=10, rgb=bytes(300))
DONE = JobDone(job=1, seconds=1.0)


def preview(index: int, job: int = 1) -> PreviewRendered:
    return PreviewRendered(job=job, index=index, picture=PIXELS)


def picture(index: int) -> PictureRendered:
    return PictureRendered(job=1, index=index, picture=PIXELS, record=RECORD)


def all_of(outbox: Outbox) -> list[Event]:
    outbox.put(DONE)
    found: list[Event] = []
    while not found or found[-1] != DONE:
        event = outbox.take()
        assert event is not None
        found.append(event)
    return found[:-1]


def test_events_come_out_in_their_order_and_a_newer_preview_or_step_replaces_an_older_one() -> None:
    outbox = Outbox()
    steps = [StepDone(job=1, indices=(0, 1), step=step, steps=3) for step in (1, 2)]
    for event in (steps[0], preview(0), preview(1), steps[1], preview(0), picture(0)):
        assert outbox.put(event)
    assert all_of(outbox) == [preview(1), steps[1], picture(0)], "a picture outdates its preview"
    outbox.put(preview(0))
    outbox.put(DraftRendered(job=1, index=0, picture=PIXELS))
    assert all_of(outbox) == [DraftRendered(job=1, index=0, picture=PIXELS)]


def test_previews_are_dropped_before_pictures_pile_up_and_then_the_program_is_given_up() -> None:
    size = size_of(picture(0))
    outbox = Outbox(max_bytes=4 * size, max_preview_bytes=2 * size)
    assert outbox.put(preview(7))
    assert outbox.put(picture(0))
    assert outbox.put(picture(1))
    assert outbox.put(preview(8))
    assert outbox.put(picture(2))
    assert outbox.put(picture(3))
    assert not outbox.put(picture(4))
    assert all_of(outbox) == [picture(index) for index in range(5)]


def test_what_was_taken_counts_no_more() -> None:
    size = size_of(picture(0))
    outbox = Outbox(max_bytes=2 * size)
    for index in range(20):
        assert outbox.put(picture(index))
        assert outbox.take() == picture(index)


def test_closing_ends_the_wait() -> None:
    outbox = Outbox()
    found: list[Event | None] = []
    thread = threading.Thread(target=lambda: found.append(outbox.take()))
    thread.start()
    outbox.close()
    thread.join(10)
    assert (found, outbox.take()) == ([None], None)
    full = Outbox(max_bytes=0)
    assert not full.put(DONE)
    full.close()
    assert full.put(DONE), "what nobody takes is not kept"
