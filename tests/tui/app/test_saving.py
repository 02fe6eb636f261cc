"""A grid is shown once the answer that led to it is on the disk, and a slow disk stops no key for long."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from engine.search.journal import Journal, write_journal
from engine.search.sessions import read_session
from tests.support.tui.driving import PROMPT, Driver, make_app, running
from tui.app.screens.search_saving import STILL_SAVING


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Return what the journals after the next call of `clear` wait for."""
    opened = threading.Event()
    opened.set()

    def write(journal: Journal, names: Iterable[str] = ()) -> str:
        opened.wait(10.0)
        return write_journal(journal, names)

    monkeypatch.setattr("engine.search.journal_writer.write_journal", write)
    return opened


async def ready(driver: Driver, gate: threading.Event) -> None:
    """Wait until the first grid is complete and saved; from then on the journal waits."""
    await driver.until_done()
    await driver.until(lambda: driver.search.saving.done() and driver.search.file(0) is not None)
    await driver.until(lambda: driver.search.saving.done())
    gate.clear()


@pytest.mark.parametrize("key", ["2", "n", "r", "asterisk"])
async def test_nothing_is_shown_before_it_is_on_the_disk(
    tmp_path: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr("tui.app.screens.search_saving.SAVING_SECONDS", 20.0)
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await ready(driver, gate)
        before, session = words_of(driver), driver.search.session
        pressing = asyncio.create_task(driver.press(key))
        await until(lambda: driver.screen.is_saving)
        assert driver.search.session is not session
        assert words_of(driver) == before
        gate.set()
        await pressing
        await driver.until(lambda: words_of(driver) != before)
        folder = driver.search.folder
        assert read_session(folder).session.place == driver.search.session.place


async def test_a_slow_disk_is_said_and_the_search_goes_on(
    tmp_path: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.app.screens.search_saving.SAVING_SECONDS", 0.05)
    async with running(make_app(tmp_path, *PROMPT), size=(160, 40)) as driver:
        await ready(driver, gate)
        await driver.press("2")
        await driver.until(lambda: driver.screen.notice == STILL_SAVING)
        await driver.until(lambda: STILL_SAVING[:60] in driver.text())
        await driver.press("3")
        await driver.until(lambda: len(driver.search.session.lineage.rounds) == 2)
        gate.set()
        await driver.until(lambda: driver.screen.notice != STILL_SAVING)
        lineage, folder = driver.search.session.lineage, driver.search.folder
    assert read_session(folder).session.lineage == lineage


def words_of(driver: Driver) -> list[str]:
    """Return the lines below the pictures: dial, status and keys.  Pictures may be drawn at any time."""
    return driver.text().splitlines()[-3:]


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true, while the app takes no messages."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the condition did not become true")
