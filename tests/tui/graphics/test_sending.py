"""When the pictures of cells are sent: the newest first, previews when there is time, all colours when idle."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from tests.support.tui.picture_cells import (
    BLUE,
    GRADIENT,
    RED,
    Gallery,
    drawn_at,
    fine_pictures,
    pictures,
    plain,
    until,
)
from tui.graphics import service
from tui.graphics.pacing import Pace
from tui.graphics.service import ASK_CURSOR, Graphics
from tui.graphics.terminal.capabilities import Protocol
from tui.graphics.wanted import Cell


@pytest.mark.parametrize("protocol", ["kitty", "sixel"])
async def test_the_newest_picture_wins_while_the_terminal_is_busy(protocol: Protocol) -> None:
    app = Gallery(protocol, paced=True)
    async with app.run_test(size=(40, 30)) as pilot:
        app.cell().show(plain(RED))
        await until(pilot, lambda: ASK_CURSOR in app.written)
        app.graphics.on_cursor_position()  # it answers: from now on it is waited for
        app.cell().show(plain((1, 1, 1)), preview=True)
        await until(pilot, lambda: app.written.count(ASK_CURSOR) == 2)
        before = len(app.written)
        for shade in range(2, 9):
            app.cell().show(plain((shade, shade, shade)), preview=True)
        app.cell("two").show(plain(BLUE))
        app.cell().show(plain((9, 9, 9)), preview=True)
        await pilot.pause(0.1)
        assert app.written[before:] == []
        app.graphics.on_cursor_position()
        await until(pilot, lambda: app.written.count(ASK_CURSOR) == 3)
        assert len(app.written[before:]) == 3  # the preview, the finished picture, one question


async def test_previews_wait_for_their_bytes_and_finished_pictures_do_not() -> None:
    app = Gallery("sixel")
    async with app.run_test(size=(40, 30)) as pilot:
        app.graphics._pace = app.graphics._pace.sent(10**9, time.monotonic(), asked=False)
        app.cell().show(plain(RED), preview=True)
        app.cell("two").show(plain(BLUE))
        await until(pilot, lambda: drawn_at(app.written))
        await pilot.pause(0.1)
        assert drawn_at(app.written) == ["12;1"]
        app.cell().show(plain(BLUE))
        await until(pilot, lambda: len(drawn_at(app.written)) == 2)


async def test_previews_that_wait_do_not_keep_a_finished_picture_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    send, calls = Graphics._send, itertools.count()

    async def send_seldom(graphics: Graphics, cells: list[Cell]) -> None:
        assert next(calls) < 20, "frames are tried again and again, and nothing else is done"
        await send(graphics, cells)

    monkeypatch.setattr(Graphics, "_send", send_seldom)
    monkeypatch.setattr(service, "AT_ONCE", 1)
    app = Gallery("sixel")
    async with app.run_test(size=(40, 30)) as pilot:
        app.graphics._pace = app.graphics._pace.sent(10**9, time.monotonic(), asked=False)
        app.cell().show(plain(RED), preview=True)
        app.cell("two").show(plain(BLUE))
        await until(pilot, lambda: drawn_at(app.written))
        assert drawn_at(app.written) == ["12;1"]


@pytest.mark.parametrize("protocol", ["kitty", "sixel"])
async def test_an_idle_terminal_that_is_near_gets_all_colours(
    protocol: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "REFINE_SECONDS", 0.05)
    app = Gallery(protocol, paced=True)
    async with app.run_test(size=(40, 30)) as pilot:
        app.graphics._pace = Pace(answers=True, speed=1e9)
        app.cell().show(GRADIENT)
        await until(pilot, lambda: app.written.count(ASK_CURSOR) == 1)
        assert not app.graphics.is_idle
        app.graphics.on_cursor_position()
        await until(pilot, lambda: app.written.count(ASK_CURSOR) == 2)
        full, best = (written for written in app.written if written != ASK_CURSOR)
        assert len(best) > 1.5 * len(full)
        app.graphics.on_cursor_position()
        await until(pilot, lambda: app.graphics.is_idle)
        assert app.cell().is_up_to_date


@pytest.mark.parametrize("protocol", ["kitty", "sixel"])
async def test_a_slow_terminal_gets_all_colours_of_one_picture_that_is_looked_at(
    protocol: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "REFINE_SECONDS", 0.05)
    app = Gallery(protocol)
    async with app.run_test(size=(40, 30)) as pilot:
        app.cell().show(GRADIENT)
        app.cell("two").show(GRADIENT, refined=True)
        await until(pilot, lambda: fine_pictures(app))
        await until(pilot, lambda: app.graphics.is_idle)
        assert len(fine_pictures(app)) == 1


async def test_what_is_new_is_not_followed_by_what_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "REFINE_SECONDS", 0.05)
    app = Gallery("kitty")
    async with app.run_test(size=(40, 30)) as pilot:
        busy = threading.Event()
        app.cell().show(GRADIENT, refined=True)
        await until(pilot, lambda: len(pictures(app)) == 1)
        app.graphics._thread.submit(busy.wait)
        await until(pilot, lambda: app.graphics._thread._work_queue.qsize() == 1)  # the refined one waits
        app.cell().show(plain(BLUE))
        busy.set()
        await until(pilot, lambda: app.cell().is_up_to_date and app.graphics.is_idle)
        assert len(pictures(app)) == 2


async def test_tmux_at_the_other_end_of_ssh_is_not_taken_for_near() -> None:
    app = Gallery("kitty", over_tmux=True)
    async with app.run_test(size=(40, 30)) as pilot:
        app.graphics._pace = Pace(answers=True, speed=1e9)
        app.cell().show(GRADIENT)
        await until(pilot, lambda: len(pictures(app)) == 1)
        assert app.graphics.is_idle


async def test_a_picture_that_is_shown_already_is_not_sent_again() -> None:
    app = Gallery("kitty")
    async with app.run_test(size=(40, 30)) as pilot:
        app.cell().show(GRADIENT, preview=True)
        await until(pilot, lambda: app.cell().is_up_to_date and app.graphics.is_idle)
        app.cell().show(GRADIENT, preview=True)
        assert app.graphics.is_idle
        app.cell().show(GRADIENT)
        app.cell().show(GRADIENT)
        assert not app.graphics.is_idle
        await until(pilot, lambda: app.graphics.is_idle)
        assert len(pictures(app)) == 2
