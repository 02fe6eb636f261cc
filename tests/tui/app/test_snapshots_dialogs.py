"""Snapshots of the screens over a search: see `test_snapshots`, whose rules hold here too.

Paths of the machine are shown as paths under /home/me.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, TextArea

from engine.search.running import Search
from tests.support.tui.driving import Driver
from tests.tui.app.test_snapshots import (  # noqa: F401 (clock is a fixture)
    LARGE,
    SMALL,
    Compare,
    check_snapshot,
    clock,
    play_one_round,
    search,
    until_at_rest,
)
from tui.app import info
from tui.app.history.rows import Row
from tui.app.screens.film import FilmScreen
from tui.app.screens.history import HistoryScreen
from tui.app.screens.info import InfoScreen

HOME = "/home/me"


async def play_with_files(driver: Driver, folder: Path) -> None:
    await play_one_round(driver)
    await driver.until(lambda: len(list(folder.glob("pictures/*/*.png"))) == 2)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_history(snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    facts = HistoryScreen._facts
    monkeypatch.setattr(HistoryScreen, "_facts", lambda screen, row: _masked(facts, screen, row, tmp_path))

    async def play(driver: Driver) -> None:
        await play_with_files(driver, tmp_path)
        await driver.press("u")
        await driver.until(lambda: "went back one step" in driver.text())
        await driver.press("h")
        await driver.until(lambda: isinstance(driver.app.screen, HistoryScreen) and "002-round1.png" in driver.text())

    check_snapshot(snap_compare, search(tmp_path), play, size)


def test_info(snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info_of = info.info_of

    def shown(search: Search, index: int) -> tuple[tuple[str, str], ...]:
        return tuple((name, value.replace(str(tmp_path), HOME)) for name, value in info_of(search, index))

    monkeypatch.setattr("tui.app.info.info_of", shown)

    async def play(driver: Driver) -> None:
        await play_with_files(driver, tmp_path)
        await driver.press("i")
        await driver.until(lambda: isinstance(driver.app.screen, InfoScreen))

    check_snapshot(snap_compare, search(tmp_path), play, LARGE)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_edit(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    async def play(driver: Driver) -> None:
        await until_at_rest(driver)
        await driver.press("e", *" at dusk", "tab", "tab", "ctrl+u", "8")
        await driver.until(lambda: "was 6" in driver.text() and "● prompt" in driver.text())
        for area in driver.app.screen.query(TextArea):
            area.cursor_blink = False

    check_snapshot(snap_compare, search(tmp_path), play, size)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_region(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    async def play(driver: Driver) -> None:
        await until_at_rest(driver)
        await driver.press("m", "right", "plus")
        await driver.until(lambda: "only the inside of the frame varies, 44% of the picture" in driver.text())

    check_snapshot(snap_compare, search(tmp_path), play, size)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_part_varies(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    async def play(driver: Driver) -> None:
        await until_at_rest(driver)
        await driver.press("m", "5", "o", "enter")
        await driver.until(lambda: "everything but a region of 11% varies" in driver.text())
        await until_at_rest(driver)

    check_snapshot(snap_compare, search(tmp_path), play, size)


def test_film(snap_compare: Compare, tmp_path: Path) -> None:
    async def play(driver: Driver) -> None:
        await play_with_files(driver, tmp_path)
        await driver.press("E")
        await driver.until(lambda: isinstance(driver.app.screen, FilmScreen))
        driver.app.screen.query_one(Input).value = f"{HOME}/way.webp"
        await driver.until(lambda: "press Enter to begin" in driver.text())

    check_snapshot(snap_compare, search(tmp_path), play, SMALL)


def test_save(snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr("tui.app.copies.Path.cwd", lambda: Path(HOME))

    async def play(driver: Driver) -> None:
        await play_one_round(driver)
        await driver.press("s")
        await driver.until(lambda: "the picture that is saved" in driver.text())

    check_snapshot(snap_compare, search(tmp_path), play, SMALL)


def test_palette(snap_compare: Compare, tmp_path: Path) -> None:
    async def play(driver: Driver) -> None:
        await until_at_rest(driver)
        await driver.press("ctrl+p")
        await driver.until(lambda: "Compare (Tab)" in driver.text())
        await driver.pilot.pause()

    check_snapshot(snap_compare, search(tmp_path), play, LARGE)


def _masked(facts: object, screen: HistoryScreen, row: Row, folder: Path) -> str:
    assert callable(facts)
    return str(facts(screen, row)).replace(str(folder), HOME)
