"""Previews: the colours of latents, their sizes, and when one is due."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.diffusion.previews import Previewer, PreviewPace

LATENTS = torch.zeros(1)


def due_after(cost: float) -> list[int]:
    """Return the milliseconds at which another preview is due after one that took `cost` seconds."""
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


def test_cheap_previews_come_every_150_milliseconds() -> None:
    assert due_after(0.001) == list(range(150, 5000))


def test_expensive_previews_take_at_most_a_fortieth_of_the_time() -> None:
    assert due_after(0.05) == list(range(2000, 5000))


def test_the_colours_are_fitted_on_finished_pictures() -> None:
    rng = np.random.default_rng(0)
    latents = rng.standard_normal((2, 4, 8, 8)).astype(np.float32)
    colours = np.clip(latents[:, :3] * 30 + 120, 0, 255).round().astype(np.uint8).transpose(0, 2, 3, 1)
    large = colours.repeat(8, axis=1).repeat(8, axis=2)
    previewer = Previewer((4, 8, 8), "CHW")
    rough = previewer.pictures(latents)
    assert [(picture.width, picture.height, len(picture.rgb)) for picture in rough] == [(8, 8, 192)] * 2
    previewer.fit(latents, large)
    assert previewer.fitted
    seen = np.frombuffer(previewer.pictures(latents)[1].rgb, dtype=np.uint8).reshape(8, 8, 3)
    assert np.abs(seen.astype(int) - colours[1]).max() <= 3


@pytest.mark.parametrize(
    ("axes", "shape"), [("LC", (16, 4)), ("1HWC", (1, 6, 8, 4)), ("1CHW", (1, 4, 6, 8)), ("CHW", (2, 6, 8))]
)
def test_previews_of_every_layout_have_the_size_of_the_latents(axes: str, shape: tuple[int, ...]) -> None:
    previewer = Previewer(shape, axes)
    latents = np.random.default_rng(0).standard_normal((3, *shape)).astype(np.float32)
    previewer.fit(latents, np.zeros((3, 48, 64, 3), dtype=np.uint8))
    sizes = [(picture.width, picture.height) for picture in previewer.pictures(latents)]
    assert sizes == ([] if axes == "LC" else [(8, 6)] * 3)
    assert previewer.pictures(latents[:, :, :-1]) == ()


def test_a_model_may_provide_its_colours() -> None:
    colours = ((10.0, 0.0, 0.0), (0.0, 20.0, 0.0), (1.0, 2.0, 3.0))
    latents = np.array([[[[1.0]], [[2.0]]]], dtype=np.float32)
    brought = Previewer((2, 1, 1), "CHW", colours)
    assert brought.fitted
    assert [picture.rgb for picture in brought.pictures(latents)] == [bytes([11, 42, 3])]
    assert not Previewer((3, 1, 1), "CHW", colours).fitted, "they belong to other latents"


def test_latents_of_nan_have_a_preview() -> None:
    latents = np.full((1, 4, 2, 2), np.nan, dtype=np.float32)
    assert len(Previewer((4, 2, 2), "CHW").pictures(latents)) == 1
