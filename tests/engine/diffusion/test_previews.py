"""What keeps rendering quick: when a preview is due."""

from __future__ import annotations

import torch

from engine.diffusion.previews import PreviewPace

LATENTS = torch.zeros(1)


def due_after(cost: float) -> list[int]:
    """Milliseconds after its beginning at which a preview that took `cost` seconds is followed by another."""
    now = 0.0
    pace = PreviewPace(lambda: now)
    assert pace.is_due, "the first one comes at once"
    with pace.measured(LATENTS):
        now = cost
    due = []
    for milliseconds in range(round(cost * 1000), 5000):
        now = milliseconds / 1000
        due += [milliseconds] if pace.is_due else []
    return due


def test_cheap_previews_come_as_often_as_the_eye_follows() -> None:
    assert due_after(0.001) == list(range(150, 5000))


def test_dear_previews_take_a_fortieth_of_the_time_at_most() -> None:
    assert due_after(0.05) == list(range(2000, 5000))
