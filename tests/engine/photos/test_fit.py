"""A photograph of one shape becomes a picture of another: cut, padded, stretched, or in a size of its own shape."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.photos.fit import Fit, fitted, size_for
from engine.photos.read import Photo
from tests.support.photos.making import two_colours

WIDE = Photo(width=40, height=20, rgb=two_colours(40, 20).tobytes())


def pixels(how: Fit, size: tuple[int, int], photo: Photo = WIDE) -> NDArray[np.uint8]:
    return np.frombuffer(fitted(photo, size, how), np.uint8).reshape(size[1], size[0], 3)


@pytest.mark.parametrize("how", list(Fit))
def test_the_size_is_the_one_that_was_asked_for(how: Fit) -> None:
    for size in ((16, 16), (8, 64), (64, 8)):
        assert pixels(how, size).shape == (size[1], size[0], 3)


def test_crop_cuts_both_sides_off() -> None:
    photo = Photo(width=40, height=20, rgb=two_colours(40, 20).tobytes())
    image = pixels(Fit.CROP, (20, 20), photo)
    assert (image[:, :9] == (255, 0, 0)).all()
    assert (image[:, 11:] == (0, 0, 255)).all()


def test_pad_repeats_the_border_to_the_edges() -> None:
    image = pixels(Fit.PAD, (40, 40))
    assert (image[:, :19] == (255, 0, 0)).all()
    assert (image[:, 21:] == (0, 0, 255)).all()


def test_stretch_shows_all_of_it() -> None:
    image = pixels(Fit.STRETCH, (20, 20))
    assert (image[:, :7] == (255, 0, 0)).all()
    assert (image[:, 13:] == (0, 0, 255)).all()


@pytest.mark.parametrize("how", list(Fit))
def test_a_photograph_of_this_size_stays_as_it_is(how: Fit) -> None:
    assert fitted(WIDE, (40, 20), how) == WIDE.rgb


@pytest.mark.parametrize("how", [Fit.CROP, Fit.PAD, Fit.STRETCH])
def test_only_shape_changes_the_size(how: Fit) -> None:
    assert size_for(WIDE, (512, 512), how) == (512, 512)


@pytest.mark.parametrize(
    ("photo", "size", "found"),
    [
        ((4032, 3024), (512, 512), (576, 448)),
        ((3024, 4032), (512, 512), (448, 576)),
        ((4032, 3024), (1024, 1024), (1152, 896)),
        ((4032, 3024), (128, 128), (144, 112)),
        ((10000, 10), (512, 512), (896, 320)),
        ((1, 60000), (128, 128), (72, 224)),
    ],
)
def test_shape_keeps_the_shape_and_about_the_pixels(
    photo: tuple[int, int], size: tuple[int, int], found: tuple[int, int]
) -> None:
    assert size_for(Photo(width=photo[0], height=photo[1], rgb=b""), size, Fit.SHAPE) == found


@pytest.mark.parametrize("how", list(Fit))
@pytest.mark.parametrize("photo", [(2000, 1), (1, 2000), (1, 1)])
def test_the_most_elongated_photographs_can_be_fitted(how: Fit, photo: tuple[int, int]) -> None:
    image = Photo(width=photo[0], height=photo[1], rgb=bytes(3 * photo[0] * photo[1]))
    assert len(fitted(image, (64, 64), how)) == 3 * 64 * 64
