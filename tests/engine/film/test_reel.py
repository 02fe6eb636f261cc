"""Films on disk: every container holds the frames in order, for as long as planned, whole or not at all."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import InvalidRequestError
from engine.film.frames import film_size, image_of, with_words
from engine.film.plan import FilmPlan, plan_film
from engine.film.reel import Reel
from engine.film.timing import Timing
from engine.film.way import way_of
from engine.rendering.events import Picture
from latentpng.errors import UnwritableFileError
from latentpng.record import Lineage, Round, SeedRoot
from tests.support.films import frames_of

SIZE = (48, 31)


def plan(picks: int = 2, *, edit: bool = False) -> FilmPlan:
    """Return the plan of a short film, perhaps with an edit at its end."""
    rounds = [Round(seed=number, scale=0.4) for number in range(picks)]
    if edit:
        rounds.append(Round(seed=0, scale=0.0, settings={"prompt": "x"}))
    return plan_film(way_of(Lineage(root=SeedRoot(seed=1), rounds=tuple(rounds))), Timing(between=2, fps=7.0))


def flat(number: int) -> Picture:
    """Return a picture of one grey: the number of a picture times ten."""
    return Picture(width=48, height=31, rgb=bytes([number * 10]) * (48 * 31 * 3))


def greys(path: Path) -> list[int]:
    """Return the mean grey of each frame."""
    with Image.open(path) as film:
        found = []
        for number in range(frames_of(film)):
            film.seek(number)
            found.append(round(float(np.asarray(film.convert("L")).mean())))
        return found


def durations(path: Path) -> list[int]:
    """Return how long each frame is shown, in milliseconds."""
    with Image.open(path) as film:
        found = []
        for number in range(frames_of(film)):
            film.seek(number)
            film.load()
            found.append(round(film.info["duration"]))
        return found


def filmed(path: Path, film: FilmPlan, order: list[int]) -> Reel:
    """Write a film of flat pictures that arrive in an order."""
    reel = Reel(path, film, SIZE)
    for index in order:
        reel.take(index, flat(index))
    reel.write()
    reel.close()
    return reel


@pytest.mark.parametrize(("suffix", "kind"), [("webp", "WEBP"), ("gif", "GIF"), ("apng", "PNG"), ("png", "PNG")])
def test_each_container_holds_all_frames(tmp_path: Path, suffix: str, kind: str) -> None:
    path = tmp_path / f"way.{suffix}"
    filmed(path, plan(), list(range(7)))
    with Image.open(path) as film:
        assert (film.format, film.size, frames_of(film), film.info["loop"]) == (kind, SIZE, 7, 0)
    assert greys(path) == pytest.approx([0, 10, 20, 30, 40, 50, 60], abs=2)
    assert sum(durations(path)) == pytest.approx(1000 * plan().seconds, abs=20)
    expected = [600, 143, 143, 600, 143, 143, 2400]
    assert durations(path) == pytest.approx(expected, abs=6)  # GIF counts hundredths of a second


def test_pictures_may_arrive_in_any_order(tmp_path: Path) -> None:
    order = list(range(7))
    random.Random(3).shuffle(order)
    filmed(tmp_path / "way.png", plan(), order)
    assert greys(tmp_path / "way.png") == [0, 10, 20, 30, 40, 50, 60]


def test_pictures_are_forgotten_when_their_last_frame_is_encoded(tmp_path: Path) -> None:
    reel = Reel(tmp_path / "way.png", plan(edit=True), SIZE)
    kept = []
    for index in range(len(plan(edit=True).pictures)):
        reel.take(index, flat(index))
        kept.append(len(reel._images))
    reel.close()
    assert max(kept) == 1


def test_an_edit_fades_in_pixels(tmp_path: Path) -> None:
    film = plan(0, edit=True)
    filmed(tmp_path / "way.png", film, [1, 0])
    assert greys(tmp_path / "way.png") == pytest.approx([0, 2.5, 7.5, 10], abs=1)


@pytest.mark.parametrize("suffix", ["webp", "gif", "png"])
def test_a_frame_of_real_colours_survives(tmp_path: Path, suffix: str) -> None:
    rows, columns = np.mgrid[0:31, 0:48]
    rgb = np.stack([columns * 5, rows * 8, 255 - columns * 5], axis=-1).astype(np.uint8)
    picture = Picture(width=48, height=31, rgb=rgb.tobytes())
    film = plan(1)
    reel = Reel(tmp_path / f"way.{suffix}", film, SIZE)
    for index in range(len(film.pictures)):
        reel.take(index, picture)
    reel.write()
    with Image.open(tmp_path / f"way.{suffix}") as written:
        for number in range(frames_of(written)):
            written.seek(number)
            apart = np.abs(np.asarray(written.convert("RGB")).astype(int) - rgb).mean()
            assert apart < {"webp": 6, "gif": 5, "png": 0.001}[suffix]
    reel.close()


def test_words_stand_under_the_picture(tmp_path: Path) -> None:
    reel = Reel(tmp_path / "way.png", plan(1), SIZE, words=True)
    assert reel.size == (48, 45)
    for index in range(4):
        reel.take(index, flat(20))
    reel.write()
    reel.close()
    with Image.open(tmp_path / "way.png") as film:
        assert film.size == (48, 45)
        first = np.asarray(film.convert("RGB"))
        film.seek(3)
        last = np.asarray(film.convert("RGB"))
    assert (first[:31] == 200).all()
    assert (first[31:] > 100).any()
    assert not np.array_equal(first[31:], last[31:]), "start, and pick 1"


def test_long_words_are_made_to_fit() -> None:
    image = with_words(Image.new("RGB", (40, 20)), "new negative prompt, model, prompt style, size")
    assert (np.asarray(image)[20:, [0, -1]] < 60).all(), "nothing touches the edges"


def test_nothing_is_written_when_a_film_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    reel = Reel(tmp_path / "there" / "way.webp", plan(), SIZE)
    for index in range(7):
        reel.take(index, flat(index))
    (tmp_path / "there").rmdir()
    with pytest.raises(UnwritableFileError) as error:
        reel.write()
    path = tmp_path / "there" / "way.webp"
    assert str(error.value) == f"{path}: it cannot be written (No such file or directory)"
    reel.close()


def test_the_end_of_the_name_says_the_kind() -> None:
    with pytest.raises(InvalidRequestError) as error:
        Reel(Path("way.mp4"), plan(), SIZE)
    assert str(error.value) == "way.mp4: an animation ends in .webp, .gif, .apng or .png"


def test_the_size_of_a_film() -> None:
    assert film_size(128, 128) == (512, 512)
    assert film_size(600, 400) == (600, 400)
    assert film_size(1024, 512) == (768, 384)
    assert film_size(512, 1024) == (384, 768)
    assert film_size(128, 96, 512) == (512, 384)
    assert film_size(2048, 1, 10) == (10, 1)


def test_a_picture_of_other_proportions_gets_a_margin() -> None:
    wide = Picture(width=20, height=10, rgb=b"\xff" * 600)
    pixels = np.asarray(image_of(wide, (40, 40)))
    assert (pixels[:10] == 18).all()
    assert (pixels[10:30] == 255).all()
    assert (pixels[30:] == 18).all()
