"""The screens as pictures: SVG snapshots under __snapshots__, reviewed like code.

A screen that differs fails and leaves `snapshot_report.html` with both pictures side by side.  When the change is
meant, look at the report, then run `pytest tests/tui/app/test_snapshots.py --snapshot-update` and commit the pictures.

Nothing in them depends on the machine: pictures are flat colours computed from their noise, sessions have fixed names,
the cursor does not blink, and every picture of a screen is taken in a state that lasts.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias

import pytest
from PIL import Image
from textual.pilot import Pilot
from textual.widgets import Input

from engine.fake import FakeRenderer
from engine.fake_pictures import Noise
from engine.rendering.events import Failure, Picture
from tests.support.tui.driving import Driver, make_app, running
from tui.app.app import WarmerApp
from tui.app.screens import search_view
from tui.app.widgets.film_cell import FilmCell
from tui.app.widgets.picture import PictureCell
from tui.app.widgets.prompt_line import PromptLine

Compare: TypeAlias = Callable[..., bool]
Play: TypeAlias = Callable[[Driver], Awaitable[None]]

SESSION = "2026-01-02 a red sun over a lake"
NOON = datetime(2026, 1, 2, 12).timestamp()
"""When earlier sessions were left: so long ago that the gallery says the date."""
LARGE, SMALL, NARROW = (120, 40), (80, 24), (44, 16)


def flat(noise: Noise, axes: str, width: int, height: int, strength: float = 1.0) -> Picture:  # noqa: ARG001
    """One colour from the bits of the noise: floating point arithmetic differs between processors."""
    colour = hashlib.sha256(noise.tobytes()).digest()[:3]
    return Picture(width=width, height=height, rgb=colour * (width * height))


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the search screen; pictures are flat."""
    clock = Clock()
    monkeypatch.setattr("tui.app.screens.search_view.time", clock)
    monkeypatch.setattr("engine.fake_pictures.paint", flat)
    return clock


def search(folder: Path, *words: str, renderer: FakeRenderer | None = None) -> WarmerApp:
    """The app on a search with a fixed seed and folder."""
    out = str(folder / "pictures" / SESSION)
    return make_app(folder, "--prompt", "a red sun over a lake", "--seed", "7", "--out", out, *words, renderer=renderer)


def check_snapshot(compare: Compare, app: WarmerApp, play: Play, size: tuple[int, int]) -> None:
    """Play with the app until it is in the state to be shown, and compare it with its snapshot."""

    async def run_before(pilot: Pilot[Any]) -> None:
        driver = Driver(app, pilot)
        await play(driver)
        for each in app.screen.query(Input):
            each.cursor_blink = False
        await driver.until(lambda: all(cell.is_up_to_date for cell in app.screen.query(PictureCell)))
        await pilot.pause()

    assert compare(app, terminal_size=size, run_before=run_before), (
        "the screen differs from its snapshot: open snapshot_report.html to compare them; "
        "if the change is meant, run this file with --snapshot-update and commit the new picture"
    )


async def until_at_rest(driver: Driver) -> None:
    """Wait for the whole grid, and for the line that says what to do next."""
    await driver.until_done()
    await driver.until(lambda: "press the number of the best picture" in driver.text())
    await until_the_filmstrip_is_filled(driver)


async def until_the_filmstrip_is_filled(driver: Driver) -> None:
    """Wait for the small pictures of the history."""
    await driver.until(lambda: all(cell.has_picture for cell in driver.screen.query(FilmCell)))


async def play_one_round(driver: Driver) -> None:
    await until_at_rest(driver)
    await driver.press("2")
    await until_at_rest(driver)
    await driver.until(lambda: len(driver.screen.search.session.lineage.rounds if driver.screen.search else ()) == 1)


def earlier_session(folder: Path) -> None:
    """Leave a session on the disk, as an earlier run of the app does."""

    async def play() -> None:
        async with running(search(folder)) as driver:
            await play_one_round(driver)
            await driver.until(lambda: len(list(folder.glob("pictures/*/*.png"))) == 2)

    asyncio.run(play())
    for number, file in enumerate(sorted((folder / "pictures" / SESSION).iterdir())):
        os.utime(file, (NOON + number, NOON + number))


def test_start(snap_compare: Compare, tmp_path: Path) -> None:
    async def play(driver: Driver) -> None:
        await driver.until(lambda: "is ready on cpu" in driver.text())
        await driver.until(lambda: "nothing was saved yet" in driver.text() and "windmill" in driver.text())

    check_snapshot(snap_compare, make_app(tmp_path), play, SMALL)


async def until_gallery(driver: Driver) -> None:
    """Wait until the gallery shows all of an earlier session, with its pictures."""
    await driver.until(lambda: "is ready on cpu" in driver.text())
    await driver.until(lambda: bool(driver.app.screen.query_one(PromptLine).examples))
    await driver.until(lambda: "1 search and 2 pictures  " in driver.text())
    cells = list(driver.app.screen.query(PictureCell))
    await driver.until(lambda: sum(cell._picture is not None for cell in cells) == 4)


@pytest.mark.parametrize("size", [LARGE, SMALL])
def test_start_with_a_session(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    earlier_session(tmp_path)
    check_snapshot(snap_compare, make_app(tmp_path), until_gallery, size)


def test_gallery(snap_compare: Compare, tmp_path: Path) -> None:
    async def play(driver: Driver) -> None:
        await until_gallery(driver)
        await driver.press("down", "down")
        await driver.until(lambda: "Enter goes on from this picture" in driver.text())

    earlier_session(tmp_path)
    check_snapshot(snap_compare, make_app(tmp_path), play, SMALL)


def test_new_prompt(snap_compare: Compare, tmp_path: Path) -> None:
    async def play(driver: Driver) -> None:
        await until_at_rest(driver)
        await driver.press("p")
        await driver.until(lambda: "the new search starts from a fresh seed" in driver.text())

    check_snapshot(snap_compare, search(tmp_path), play, SMALL)


def test_grid(snap_compare: Compare, tmp_path: Path) -> None:
    check_snapshot(snap_compare, search(tmp_path), play_one_round, LARGE)


def test_rendering(snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_view, "time", SimpleNamespace(monotonic=lambda: 0.0))  # a slow machine says the same
    renderer = FakeRenderer()
    renderer.hold_after(4)  # the parent, which has a batch of its own, and a batch of candidates

    async def play(driver: Driver) -> None:
        await driver.until(lambda: driver.app.stage.search is not None and driver.app.stage.search.search is not None)
        await driver.until(lambda: sum(driver.search.finished(index) is not None for index in range(9)) == 4)
        await driver.press("left", "space")  # a mark writes the status line again
        await driver.until(lambda: "44% of the grid, about 1 s left" in driver.text())
        await until_the_filmstrip_is_filled(driver)

    check_snapshot(snap_compare, search(tmp_path, "--batch", "3", renderer=renderer), play, LARGE)


def test_marks(snap_compare: Compare, tmp_path: Path) -> None:
    async def play(driver: Driver) -> None:
        await until_at_rest(driver)
        await driver.press("left", "space", "up", "space")
        await driver.until(lambda: "press Enter to blend the 2 marked candidates" in driver.text())

    check_snapshot(snap_compare, search(tmp_path), play, SMALL)


def test_help(snap_compare: Compare, tmp_path: Path) -> None:
    async def play(driver: Driver) -> None:
        await until_at_rest(driver)
        await driver.press("question_mark")
        await driver.until(lambda: "WHAT YOU DO HERE" in driver.text())

    check_snapshot(snap_compare, search(tmp_path), play, LARGE)


def test_photograph(snap_compare: Compare, tmp_path: Path) -> None:
    path = tmp_path / "beach.png"
    Image.new("RGBA", (400, 300), (200, 120, 60, 128)).save(path)

    async def play(driver: Driver) -> None:
        await driver.until(lambda: "press Enter to begin" in driver.text())
        await driver.until(lambda: driver.app.link.model_load.ready is not None)
        await driver.press("f3", "f4", "down", "right")
        await driver.until(lambda: "all of it, its edges drawn out" in driver.text())

    check_snapshot(snap_compare, make_app(tmp_path, str(path), "--prompt", "a beach at dusk"), play, SMALL)


def test_viewer(snap_compare: Compare, tmp_path: Path) -> None:
    async def play(driver: Driver) -> None:
        await until_at_rest(driver)
        await driver.press("v", "right", "tab")
        await driver.until(lambda: "the parent, in place of candidate 1" in driver.text())

    check_snapshot(snap_compare, search(tmp_path), play, SMALL)


@pytest.mark.parametrize("size", [LARGE, SMALL], ids=["pane", "grid"])
def test_compare(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    async def play(driver: Driver) -> None:
        await play_one_round(driver)
        driver.screen.grid.select(5)
        await driver.press("tab")
        await driver.until(lambda: "Tab flips back" in driver.text())

    check_snapshot(snap_compare, search(tmp_path), play, size)


@pytest.mark.parametrize("size", [LARGE, SMALL], ids=["pane", "grid"])
def test_difference(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    async def play(driver: Driver) -> None:
        await play_one_round(driver)
        driver.screen.grid.select(5)
        await driver.press("asterisk")
        await driver.until(lambda: "candidate 5 is kept, with a star" in driver.text())
        await driver.press("d")
        await driver.until(lambda: "of the picture changes in candidate 5" in driver.text())
        await until_the_filmstrip_is_filled(driver)

    check_snapshot(snap_compare, search(tmp_path), play, size)


@pytest.mark.parametrize("size", [LARGE, SMALL], ids=["pane", "grid"])
def test_asking(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    async def play(driver: Driver) -> None:
        await play_one_round(driver)
        await driver.press("x", "x", "3", "plus", "5", "3")
        await driver.until(lambda: "bottom left quarter (3 of 4)" in driver.text())

    check_snapshot(snap_compare, search(tmp_path), play, size)


@pytest.mark.parametrize("size", [LARGE, SMALL], ids=["pane", "grid"])
def test_asked(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    async def play(driver: Driver) -> None:
        await play_one_round(driver)
        await driver.press("x", "x", "3", "n", "5", "3")
        await driver.until(lambda: "Enter picks this" in driver.text())

    check_snapshot(snap_compare, search(tmp_path), play, size)


def test_narrow(snap_compare: Compare, tmp_path: Path) -> None:
    check_snapshot(snap_compare, search(tmp_path), play_one_round, NARROW)


def test_error(snap_compare: Compare, tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.fail_next("there is not enough GPU memory for 8 pictures of 1024x1024 in one batch", Failure.MEMORY)

    async def play(driver: Driver) -> None:
        await driver.until(lambda: "press r to try again" in " ".join(driver.text().split()))

    check_snapshot(snap_compare, search(tmp_path, renderer=renderer), play, SMALL)


def test_a_model_that_cannot_be_loaded(snap_compare: Compare, tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.fail_loading("models/lakes/unet: the weights file is damaged")

    async def play(driver: Driver) -> None:
        await driver.until(lambda: "open another picture" in " ".join(driver.text().split()))

    check_snapshot(snap_compare, search(tmp_path, renderer=renderer), play, SMALL)


def test_open(snap_compare: Compare, tmp_path: Path) -> None:
    async def play(driver: Driver) -> None:
        await play_one_round(driver)
        await driver.until(lambda: len(list(tmp_path.glob("pictures/*/*.png"))) == 2)
        await driver.press("o")
        await driver.until(lambda: "001-round0.png" in driver.text())
        await driver.paste("no-such-picture.png")
        await driver.press("enter")
        await driver.until(lambda: "No such file" in driver.text())

    check_snapshot(snap_compare, search(tmp_path), play, SMALL)
