"""The cell in an app: what is shown, and what is written for it."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from tests.support.tui.picture_cells import BLUE, RED, TRANSMIT, Gallery, drawn_at, plain, text, until
from tui.app.widgets.picture import PictureCell
from tui.graphics.service import Graphics
from tui.graphics.terminal.capabilities import Protocol, Terminal


async def test_blank_before_the_first_picture() -> None:
    async with Gallery("halfcell").run_test(size=(40, 30)) as pilot:
        app = pilot.app
        assert isinstance(app, Gallery)
        assert app.text(0) == " " * 20
        assert app.written == []


@pytest.mark.parametrize("protocol", ["halfcell", "quadrant", "sextant", "octant"])
async def test_plain_cells_are_text(protocol: Protocol) -> None:
    app = Gallery(protocol)
    async with app.run_test(size=(40, 30)) as pilot:
        app.cell().show(plain(RED))
        await until(pilot, lambda: app.text(0) == "#" * 20)
        app.cell().show(plain(RED, 64, 32))
        await until(pilot, lambda: app.text(0) == " " * 20)
        assert [app.text(row) for row in (1, 2, 6, 7)] == [" " * 20, "#" * 20, "#" * 20, " " * 20]
        app.cell().clear()
        assert [app.text(row) for row in range(10)] == [" " * 20] * 10
        assert app.written == []


async def test_a_cell_that_is_not_told_its_size_shows_its_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PictureCell, "on_resize", lambda _: None)
    app = Gallery("halfcell")
    async with app.run_test(size=(40, 30)) as pilot:
        cell = PictureCell("late")
        with app.batch_update():
            await app.screen.mount(cell)
            assert not cell.content_region
            cell.show(plain(RED))
        await until(pilot, lambda: cell.is_up_to_date)


async def test_shown_before_it_is_mounted() -> None:
    app = Gallery("halfcell")
    async with app.run_test(size=(40, 30)) as pilot:
        cell = PictureCell("late")
        cell.show(plain(RED))
        await app.screen.query_one(Vertical).mount(cell, before=0)
        await until(pilot, lambda: "#" in text(cell, 0))


async def test_a_new_size_is_a_new_frame() -> None:
    app = Gallery("halfcell")
    async with app.run_test(size=(40, 30)) as pilot:
        app.cell().show(plain(RED))
        await until(pilot, lambda: app.text(0) == "#" * 20)
        app.cell().styles.width, app.cell().styles.height = 10, 5
        await until(pilot, lambda: app.text(4) == "#" * 10)


async def test_kitty_keeps_one_id_and_frees_it() -> None:
    app = Gallery("kitty")
    async with app.run_test(size=(40, 30)) as pilot:
        app.cell().show(plain(RED))
        app.cell("two").show(plain(RED))
        await until(pilot, lambda: len(app.written) == 2)
        assert [written.count("\x1b_Ga=p,U=1,") for written in app.written] == [1, 1]
        first, second = TRANSMIT.findall("".join(app.written))
        assert first != second
        first_line = list(app.cell().render_line(0))
        assert first_line[0].text.startswith("\U0010eeee")
        assert first_line[0].style is not None
        assert first_line[0].style.bgcolor == app.cell().rich_style.bgcolor is not None
        app.cell().show(plain(BLUE))
        await until(pilot, lambda: len(app.written) == 3)
        assert TRANSMIT.findall(app.written[2]) == [first]
        await app.cell().remove()
        assert app.written[3:] == [f"\x1b_Ga=d,d=I,q=2,i={first}\x1b\\"]
    assert app.written[4:] == [f"\x1b_Ga=d,d=I,q=2,i={second}\x1b\\"]


async def test_kitty_text_is_not_painted_again_for_a_new_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Gallery("kitty")
    async with app.run_test(size=(40, 30)) as pilot:
        app.cell().show(plain(RED))
        await until(pilot, lambda: len(app.written) == 1)
        monkeypatch.setattr(app.cell(), "refresh", lambda *_, **__: pytest.fail("painted again"))
        app.cell().show(plain(BLUE))
        await until(pilot, lambda: len(app.written) == 2)
        monkeypatch.undo()


async def test_sixels_are_drawn_once_for_each_change_and_each_time_they_were_painted_over() -> None:
    app = Gallery("sixel")
    async with app.run_test(size=(40, 30)) as pilot:
        app.cell().show(plain(RED))
        app.cell("two").show(plain(RED))
        await until(pilot, lambda: len(drawn_at(app.written)) == 2)
        assert sorted(drawn_at(app.written)) == ["12;1", "1;1"]
        app.cell("two").show(plain(BLUE))
        await until(pilot, lambda: len(drawn_at(app.written)) == 3)
        app.query_one("#caption", Static).update("another")
        await pilot.pause(0.1)
        assert drawn_at(app.written)[2:] == ["12;1"]
        app.cell("two").refresh()
        await until(pilot, lambda: len(drawn_at(app.written)) == 4)
        app.screen.query_one(Vertical).refresh()
        await until(pilot, lambda: len(drawn_at(app.written)) == 6)
        assert drawn_at(app.written)[3:] == ["12;1", "1;1", "12;1"]


async def test_sixels_come_back_when_the_screen_over_them_is_closed() -> None:
    app = Gallery("sixel")
    async with app.run_test(size=(40, 30)) as pilot:
        app.cell().show(plain(RED))
        await until(pilot, lambda: len(drawn_at(app.written)) == 1)
        await app.push_screen(Screen())
        app.cell().show(plain(BLUE))
        await pilot.pause(0.1)
        assert len(drawn_at(app.written)) == 1
        app.pop_screen()
        await until(pilot, lambda: "#0;2;0;0;100" in app.written[-1])
        assert set(drawn_at(app.written)) == {"1;1"}


async def test_nothing_is_drawn_over_what_lies_over_a_picture_and_it_comes_back_after() -> None:
    app = Gallery("sixel")
    async with app.run_test(size=(40, 30), notifications=True) as pilot:
        app.cell("two").styles.width, app.cell("two").styles.height = 40, 18
        app.cell("two").show(plain(RED, 64, 32))
        await until(pilot, lambda: drawn_at(app.written))
        await pilot.pause(0.1)
        app.notify("over the picture", timeout=60)
        await until(pilot, lambda: app.screen.query("Toast"))
        before = len(app.written)
        app.cell("two").refresh()
        await pilot.pause(0.1)
        assert app.written[before:] == []
        app.clear_notifications()
        await until(pilot, lambda: drawn_at(app.written[before:]))


async def test_sixels_stay_out_of_the_last_line() -> None:
    app = Gallery("sixel")
    async with app.run_test(size=(40, 21)) as pilot:
        await app.query("#caption, Screen > Static").remove()
        app.cell("two").styles.height = 11
        app.cell("two").show(plain(RED, 200, 220))
        await until(pilot, lambda: app.written)
        height = re.search(r'"1;1;\d+;(\d+)', app.written[-1])
        assert height is not None
        assert int(height[1]) <= 10 * 20


async def test_a_cleared_cell_stays_clear() -> None:
    app = Gallery("sixel")
    async with app.run_test(size=(40, 30)) as pilot:
        busy = threading.Event()
        app.graphics._thread.submit(busy.wait)
        app.cell().show(plain(RED))
        await pilot.pause(0.05)  # now it waits to be encoded
        app.cell().clear()
        busy.set()
        app.cell("two").show(plain(BLUE))
        await until(pilot, lambda: drawn_at(app.written))
        assert drawn_at(app.written) == ["12;1"]


async def test_after_a_suspension_kitty_is_told_again() -> None:
    app = Gallery("kitty")
    async with app.run_test(size=(40, 30)) as pilot:
        app.cell().show(plain(RED))
        await until(pilot, lambda: len(app.written) == 1)
        app.app_resume_signal.publish(app)
        await until(pilot, lambda: len(app.written) == 2)
        assert app.written[1] == app.written[0]


def test_every_cell_has_an_id_of_its_own() -> None:
    graphics = Graphics(Terminal(protocol="kitty"))
    painters: list[Any] = [graphics.painter() for _ in range(20)]
    assert len({painter._id for painter in painters}) == 20
    graphics.close()
