"""The cell in an app: what is shown, and what is written for it."""

from __future__ import annotations

import itertools
import random
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from engine.rendering.events import Picture
from tui.app.widgets.picture import PictureCell
from tui.graphics import service
from tui.graphics.pacing import Pace
from tui.graphics.service import ASK_CURSOR, Graphics
from tui.graphics.terminal.capabilities import Protocol, Terminal
from tui.graphics.wanted import Cell

RED, BLUE = (255, 0, 0), (0, 0, 255)
GRAIN = random.Random(1).randbytes(3 * 200 * 200)
GRADIENT = Picture(
    width=200,
    height=200,
    rgb=bytes((place // 600 + place % 600 // 5 + grain % 8) % 256 for place, grain in enumerate(GRAIN)),
)
TRANSMIT = re.compile(r"\x1b_Ga=t,f=100,q=2,i=(\d+),")


def plain(colour: tuple[int, int, int], width: int = 32, height: int = 32) -> Picture:
    return Picture(width=width, height=height, rgb=bytes(colour) * (width * height))


class Gallery(App[None]):
    """Two cells of 20 x 10 cells of 10 x 20 pixels, captions under them; `written` is what went past Textual."""

    CSS = "PictureCell { width: 20; height: 10; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, protocol: Protocol, *, paced: bool = False, over_tmux: bool = False) -> None:
        super().__init__()
        self.written: list[str] = []
        terminal = Terminal(protocol=protocol, paced=paced, in_tmux=over_tmux, remote=over_tmux)
        self.graphics = Graphics(terminal, write=self.written.append)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield PictureCell("one")
            yield Static("one", id="caption", markup=False)
            yield PictureCell("two")
        yield Static("the last line", markup=False)

    def on_unmount(self) -> None:
        self.graphics.close()

    def cell(self, name: str = "one") -> PictureCell:
        return self.screen_stack[0].query_one(f"#{name}", PictureCell)

    def text(self, row: int) -> str:
        """A # for each cell of a row that has the colour of a picture, and a space for each other."""
        return text(self.cell(), row)


def text(cell: PictureCell, row: int) -> str:
    def is_picture(style: Style | None) -> bool:
        return style is not None and style.bgcolor not in (None, cell.rich_style.bgcolor)

    strip = cell.render_line(row)
    return "".join(("#" if is_picture(segment.style) else " ") * len(segment.text) for segment in strip)


def fine_pictures(app: Gallery) -> list[str]:
    """Return those that took clearly more than the smallest one: they have all colours."""
    found = pictures(app)
    return [picture for picture in found if len(picture) > 1.5 * min(map(len, found))]


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    for _ in range(500):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError("it never came true")


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


def drawn_at(written: list[str]) -> list[str]:
    """The places of the sixels written, row;column, one for each drawing."""
    return [place for text in written for place in re.findall(r"\x1b7\x1b\[(\d+;\d+)H\x1bP", text)]


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


def pictures(app: Gallery) -> list[str]:
    return [written for written in app.written if written != ASK_CURSOR]
