"""The contact sheet: its grid, its pictures, and that it claims to be no picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import InvalidRequestError
from engine.film.plan import FilmPlan, plan_film
from engine.film.sheet import MAX_SHEET_SIDE, ContactSheet, grid_of
from engine.film.timing import Timing
from engine.film.way import way_of
from engine.rendering.events import Picture
from latentpng.errors import NoLatentError
from latentpng.png.files import read_record
from latentpng.record import Lineage, Round, SeedRoot


def plan(picks: int) -> FilmPlan:
    """Return the plan of a sheet."""
    lineage = Lineage(root=SeedRoot(seed=1), rounds=tuple(Round(seed=each, scale=0.4) for each in range(picks)))
    return plan_film(way_of(lineage), Timing(), film=False, sheet=True)


@pytest.mark.parametrize(
    ("count", "width", "height", "grid"),
    [
        (2, 100, 100, (2, 1)),
        (4, 100, 100, (2, 2)),
        (9, 100, 100, (3, 3)),
        (9, 150, 100, (3, 3)),
        (12, 100, 150, (6, 2)),
    ],
)
def test_the_grid_follows_the_proportions(count: int, width: int, height: int, grid: tuple[int, int]) -> None:
    assert grid_of(count, width, height) == grid


def test_no_grid_has_an_empty_row() -> None:
    for count in range(1, 65):
        for width, height in ((100, 100), (200, 100), (100, 200)):
            columns, rows = grid_of(count, width, height)
            assert columns * (rows - 1) < count <= columns * rows


def test_the_pictures_stand_in_reading_order(tmp_path: Path) -> None:
    sheet = ContactSheet(tmp_path / "sheet.png", plan(3), (80, 80))
    for index in (2, 0, 3, 1):
        sheet.take(index, Picture(width=8, height=8, rgb=bytes([50 * index + 50]) * 192))
    sheet.write()
    with Image.open(tmp_path / "sheet.png") as image:
        pixels = np.asarray(image)
    assert pixels.shape == (2 * (80 + 14 + 2) + 2, 2 * (80 + 2) + 2, 3)
    assert [int(pixels[y, x, 0]) for y in (40, 136) for x in (40, 122)] == [50, 100, 150, 200]
    assert (pixels[83:95] > 100).any(), "words"


def test_the_sheet_carries_no_latent(tmp_path: Path) -> None:
    sheet = ContactSheet(tmp_path / "sheet.png", plan(1), (16, 16))
    for index in range(2):
        sheet.take(index, Picture(width=8, height=8, rgb=b"\0" * 192))
    sheet.write()
    with pytest.raises(NoLatentError):
        read_record(tmp_path / "sheet.png")


def test_a_sheet_of_many_large_pictures_has_a_bounded_size() -> None:
    many = plan(80)
    sheet = ContactSheet(Path("sheet.png"), many, (1024, 1024))
    for index in range(len(many.pictures)):
        sheet.take(index, Picture(width=8, height=8, rgb=b"\0" * 192))
    assert MAX_SHEET_SIDE * 0.7 < max(sheet.image().size) < MAX_SHEET_SIDE * 1.1


def test_a_sheet_is_a_png() -> None:
    with pytest.raises(InvalidRequestError) as error:
        ContactSheet(Path("sheet.jpg"), plan(1), (16, 16))
    assert str(error.value) == "sheet.jpg: a contact sheet is a PNG, its name has to end in .png"
