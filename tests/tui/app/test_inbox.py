"""The queue in front of a slow screen: it never holds an event that a newer one outdates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual.app import App
from textual.message import Message

from engine.rendering.events import (
    DraftRendered,
    Event,
    JobDone,
    Picture,
    PictureRendered,
    PreviewRendered,
    RendererNoticed,
    StepDone,
    TurnChanged,
)
from tui.app.inbox import Inbox

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


def test_a_newer_preview_replaces_the_older_one_of_the_same_picture() -> None:
    new = preview(0, b"new")
    assert taken(preview(0), preview(1), new, preview(0, job=2)) == (preview(1), new, preview(0, job=2))


def test_a_finished_picture_replaces_its_preview() -> None:
    done = PictureRendered(job=1, index=0, picture=PICTURE, record=RECORD)
    assert taken(preview(0), preview(1), done) == (preview(1), done)


def test_a_finished_draft_replaces_its_preview() -> None:
    done = DraftRendered(job=1, index=0, picture=PICTURE)
    assert taken(preview(0), preview(1), done) == (preview(1), done)


def test_only_the_newest_place_in_a_shared_renderer_is_queued() -> None:
    noticed = RendererNoticed(sentence="a worker has joined")
    assert taken(TurnChanged(place=2), noticed, TurnChanged(place=1), noticed) == (
        noticed,
        TurnChanged(place=1),
        noticed,
    )


def test_only_the_last_step_of_a_batch_is_queued() -> None:
    assert taken(step(1, 0, 1), step(1, 2), step(2, 0, 1), JobDone(job=1, seconds=1)) == (
        step(1, 2),
        step(2, 0, 1),
        JobDone(job=1, seconds=1),
    )


def test_all_other_events_are_queued_in_order() -> None:
    events = tuple(JobDone(job=1, seconds=number) for number in range(5))
    assert taken(*events, *events) == (*events, *events)


def test_the_taker_is_notified_once() -> None:
    inbox = Inbox()
    assert [inbox.put(preview(number)) for number in range(3)] == [True, False, False]
    assert len(inbox.take()) == 3
    assert inbox.take() == ()
    assert inbox.put(preview(0))


def test_a_screen_that_is_blocked_for_a_minute_costs_one_preview_for_each_picture() -> None:
    inbox = Inbox()
    for number in range(4000):
        inbox.put(preview(number % 8))
        inbox.put(step(number, *range(8)))
    assert len(inbox.take()) == 9


@dataclass
class Previewed(Message):
    """A message that replaces older previews of its picture by Textual's own means."""

    index: int

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Previewed) and message.index == self.index


class Listener(App[None]):
    """Records the messages that reach the handler."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[int] = []

    def on_previewed(self, message: Previewed) -> None:
        self.heard.append(message.index)


async def test_textual_itself_replaces_neighbours_only() -> None:
    """Why there is an inbox at all: when this fails, Textual may have learned to do its work."""
    app = Listener()
    async with app.run_test() as pilot:
        for number in range(80):
            app.post_message(Previewed(number % 8))
        await pilot.pause()
        assert len(app.heard) == 80
