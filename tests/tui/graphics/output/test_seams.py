"""The private parts of Textual that tui/graphics/output/seams.py uses: one test for each assumption.

When one fails after an update of Textual, its message says what has changed; that file is the only one to mend.
"""

from __future__ import annotations

import inspect
import sys
from importlib.metadata import version
from typing import Any, cast

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from tui.graphics.output import seams
from tui.graphics.output.seams import TerminalDriver


def broken(assumption: str) -> str:
    return f"Textual {version('textual')} breaks an assumption of tui/graphics/output/seams.py: {assumption}"


class FakeWriter:
    """A writer that is behind when it is told so."""

    is_behind = True

    def write(self, data: bytes) -> None: ...

    def take_loss(self) -> bool:
        return False


class Page(App[None]):
    """Two lines; it keeps what it paints."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.painted: list[object] = []
        display = self._display

        def keep(screen: Screen[Any], renderable: object) -> None:
            if renderable is not None:
                self.painted.append(renderable)
            display(screen, cast("Any", renderable))

        setattr(self, "_display", keep)  # noqa: B010 (as the seam does)

    def compose(self) -> ComposeResult:
        yield Static("one", id="one")
        yield Static("two", id="two")


def stalled_driver(app: App[None]) -> tuple[TerminalDriver, FakeWriter]:
    """Put a driver under an app whose terminal does not read; nothing is written to it."""
    driver = object.__new__(TerminalDriver)
    writer = FakeWriter()
    assert hasattr(app, "_driver"), broken("App._driver is the driver")
    driver.__dict__ |= {
        "_app": app,
        "_writer": writer,
        "_stream": sys.__stderr__,
        "_mode": "running",
        "_farewell": None,
    }
    driver.room_callbacks = []
    return driver, writer


async def test_what_is_not_painted_while_the_terminal_is_behind_is_painted_when_there_is_room() -> None:
    app = Page()
    async with app.run_test(size=(20, 8)) as pilot:
        before, (driver, writer) = app._driver, stalled_driver(app)
        driver._hold_back_while_behind()
        app._driver = driver
        try:
            app.painted.clear()
            for number in range(200):
                app.query_one("#two", Static).update(f"change {number}", layout=False)
                await pilot.pause(0.01)
                if "_compositor_refresh" in vars(app.screen) and number > 2:
                    break
            assert app.painted == []
            dirty = app.screen._compositor._dirty_regions
            assert any(region.y <= 1 < region.bottom for region in dirty), broken(
                "App._display is called with every update, and Compositor._dirty_regions holds what is to be painted"
            )
            rooms: list[str] = []
            seams.on_room(app, lambda: rooms.append("room"))
            writer.is_behind = False
            driver._have_room()
            assert rooms == ["room"]
            for _ in range(200):
                await pilot.pause(0.01)
                if app.painted:
                    break
            assert app.painted, broken("a widget in Screen._dirty_widgets has Compositor._dirty_regions painted")
        finally:
            app._driver = before


async def test_nothing_is_held_back_without_a_terminal() -> None:
    app = Page()
    async with app.run_test(size=(20, 8)):
        assert not seams.is_behind(app)
        assert not seams.hold_back(app, app.screen, None)


def test_the_error_that_ends_an_app_is_raised_and_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    class Faulty(Page):
        def on_mount(self) -> None:
            raise ZeroDivisionError("a fault")

    app = Faulty()
    app.run = lambda: App.run(app, headless=True)  # type: ignore[method-assign, assignment, misc]
    with pytest.raises(ZeroDivisionError, match="a fault"):
        seams.run(app)
    assert hasattr(app, "_exit_renderables"), broken("App._exit_renderables is printed at the end")
    capsys.readouterr()


def test_the_driver_of_textual_is_what_ours_stands_on() -> None:
    source = inspect.getsource(LinuxDriver)
    assert "self._file = sys.__stderr__" in source, broken("LinuxDriver._file is standard error")
    reading = inspect.getsource(LinuxDriver.run_input_thread)
    assert "XTermParser(self._debug)" in reading, broken("XTermParser makes messages of what was typed")
    assert "while not self.exit_event.is_set()" in reading, broken("exit_event ends the thread that reads the keyboard")
    assert "self._app._post_message(message)" in inspect.getsource(LinuxDriver.send_message), broken(
        "App._post_message puts a message into the queue of the app"
    )
    assert "self._writer_thread" not in source.replace(inspect.getsource(LinuxDriver.write), "").replace(
        inspect.getsource(LinuxDriver.close), ""
    ).replace("self._writer_thread: WriterThread | None = None", "").replace(
        "self._writer_thread = WriterThread(self._file)", ""
    ).replace("self._writer_thread.start()", ""), broken("LinuxDriver writes through its method `write` alone")
    assert "self._mouse_pixels" in source, broken("LinuxDriver._mouse_pixels says whether mode 1016 is on")
    own = inspect.getsource(Driver)
    assert all(f"self.{name} = " in own for name in ("_app", "_loop", "_debug")), broken("Driver._app, _loop, _debug")
    assert "self._get_terminal_size()" in source, broken("LinuxDriver._get_terminal_size tells the size")


def test_a_window_of_any_size_that_a_terminal_claims_is_bounded() -> None:
    driver, _ = stalled_driver(Page())
    driver.cursor_origin = None
    sent: list[Message] = []
    setattr(driver, "send_message", sent.append)  # noqa: B010 (as the seam does)
    for event in XTermParser().feed("\x1b[48;99999;99999;1;1t\x1b[48;40;120;800;1200t"):
        driver.process_message(event)
    sizes = [event.size for event in sent if isinstance(event, events.Resize)]
    assert sizes == [Size(seams.MAX_COLUMNS, seams.MAX_ROWS), Size(120, 40)], broken(
        "Driver.process_message gets the sizes that the terminal reports in band"
    )


def test_our_private_names_are_not_textuals() -> None:
    own = {name for name in vars(TerminalDriver) if name.startswith("_") and not name.startswith("__")}
    assert own & set(dir(LinuxDriver)) - {"_abc_impl"} == {"_get_terminal_size"}
    assert {"_writer", "_mode", "_stream", "_farewell"} & set(inspect.getsource(LinuxDriver).split()) == set()
