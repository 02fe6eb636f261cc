"""Keys that were typed into a dialog do nothing in the search behind it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from textual import events

from tests.support.tui.driving import PROMPT, Driver, make_app, running
from tui.app.key_guard import QUIET_SECONDS, KeyGuard
from tui.app.screens.search import SearchScreen


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = time.monotonic() + 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("tui.app.screens.search.time", clock)
    return clock


def burst(driver: Driver, *keys: str) -> None:
    """Put keys into the app's queue at once, as a person does who types faster than screens change."""
    for key in keys:
        character = key if len(key) == 1 else {"enter": "\r", "escape": "\x1b"}.get(key)
        driver.app.post_message(events.Key(key, character))


async def open_dialog(driver: Driver, key: str = "o") -> None:
    await driver.until_done()
    await driver.press(key)
    await driver.until(lambda: driver.app.screen is not driver.screen and driver.app.focused is not None)


def test_the_rule() -> None:
    guard = KeyGuard().closed_dialog(10.0)
    assert guard.is_typed_ahead(10.0 + QUIET_SECONDS / 2)
    assert not guard.is_typed_ahead(10.0 + QUIET_SECONDS)
    later = guard.after_key(10.2)
    assert later.is_typed_ahead(10.4)  # the burst goes on
    assert guard.after_key(11.0) == guard  # a key that counts does not begin the wait anew
    assert not KeyGuard().is_typed_ahead(0.0)


@pytest.mark.parametrize("key", ["o", "p", "e"])
async def test_keys_after_escape_do_nothing(tmp_path: Path, clock: Clock, key: str) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await open_dialog(driver, key)
        session = driver.search.session
        burst(driver, "escape", "3", "n", "r", "u", "q", "b", "space", "right_square_bracket", "enter", "v")
        await driver.until(lambda: driver.app.screen is driver.screen)
        await driver.press("2")
        assert driver.app.screen is driver.screen
        assert driver.search.session == session
        assert driver.screen.marks == ()
        clock.now += QUIET_SECONDS
        await driver.press("2")
        assert driver.search.session.lineage.rounds[-1].marks == (1,)


async def test_keys_after_enter_do_nothing(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await open_dialog(driver, "s")
        session = driver.search.session
        await driver.paste("mine.png")
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen is driver.screen)
        burst(driver, "1", "n", "q")
        await driver.press("1")
        assert driver.search.session == session
        clock.now += QUIET_SECONDS
        await driver.press("1")
        assert driver.search.session.lineage.rounds[-1].marks == (0,)


async def test_each_ignored_key_begins_the_wait_anew(tmp_path: Path, clock: Clock) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await open_dialog(driver)
        session = driver.search.session
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen is driver.screen)
        for _ in range(5):
            clock.now += 0.8 * QUIET_SECONDS
            await driver.press("1")
        assert driver.search.session == session


@pytest.mark.usefixtures("clock")
async def test_screens_without_a_text_do_not_hold_keys_back(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        for key in ("v", "question_mark", "i", "h"):
            await driver.press(key)
            await driver.until(lambda: not isinstance(driver.app.screen, SearchScreen))
            await driver.press("escape")
            await driver.until(lambda: driver.app.screen is driver.screen)
            assert not driver.screen.ignores_keys
        await driver.press("1")
        assert driver.search.session.lineage.rounds[-1].marks == (0,)
