"""Where two pictures differ, as heat."""

from __future__ import annotations

import numpy as np
import pytest

from engine.rendering.events import Picture
from tui.app.difference import difference

SIDE = 128


def picture(pixels: np.ndarray) -> Picture:
    return Picture(width=pixels.shape[1], height=pixels.shape[0], rgb=pixels.astype(np.uint8).tobytes())


def brightness(shown: Picture) -> np.ndarray:
    pixels = np.frombuffer(shown.rgb, dtype=np.uint8).reshape(shown.height, shown.width, 3)
    return np.asarray(pixels.astype(float).sum(axis=-1))


def grey(level: int = 100) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), level)


def test_equal_pictures_do_not_differ() -> None:
    found = difference(picture(grey()), picture(grey()))
    assert found.share == 0.0
    assert np.ptp(brightness(found.picture)) == 0.0


def test_the_part_that_changes_is_hot_and_counted() -> None:
    changed = grey()
    changed[32:96, :64] = 180
    found = difference(picture(grey()), picture(changed))
    assert found.share == pytest.approx(0.25, abs=0.03)
    heat = brightness(found.picture)
    assert heat[48:80, 16:48].min() > 2 * heat[:, 96:].max()


def test_a_small_change_is_drawn_as_clearly_as_a_large_one() -> None:
    small, large = grey(), grey()
    small[32:96, 32:96] += 6
    large[32:96, 32:96] += 120
    first, second = (difference(picture(grey()), picture(each)) for each in (small, large))
    assert brightness(first.picture)[64, 64] > 0.8 * brightness(second.picture)[64, 64]
    assert first.share < 0.01 < second.share


def test_single_pixels_are_noise() -> None:
    rng = np.random.default_rng(7)
    noise = grey() + rng.integers(-6, 7, size=(SIDE, SIDE, 3))
    assert difference(picture(grey()), picture(noise)).share < 0.01


def test_a_change_of_colour_alone_is_seen() -> None:
    red, green = grey(), grey()
    red[:, :64] = (160, 80, 80)
    green[:, :64] = (80, 121, 80)  # as bright as the red
    assert difference(picture(red), picture(green)).share == pytest.approx(0.5, abs=0.05)


def test_sizes_may_differ_and_large_pictures_are_reduced() -> None:
    large = picture(np.full((600, 1200, 3), 90))
    found = difference(picture(grey(90)), large)
    assert (found.picture.width, found.picture.height) == (384, 192)
    assert found.share == 0.0


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (2000, 1)])
def test_odd_shapes(size: tuple[int, int]) -> None:
    width, height = size
    found = difference(picture(np.zeros((height, width, 3))), picture(np.full((height, width, 3), 255)))
    assert found.share == 1.0
