"""Textual's driver, except that it never waits for the terminal, stops and goes on at any moment, and notices its end.

It relies on these private parts of Textual, and on what its public ones do:

- `LinuxDriver.write` is the only way in which Textual writes; `close` is called when application mode is over, also
  before a suspension; `start_application_mode` may follow.
- `LinuxDriver._file`: the stream that it writes to, standard error.
- `LinuxDriver._get_terminal_size`: asks standard output, which need not be the terminal.
- `LinuxDriver.run_input_thread` reads the keyboard and hands on what `XTermParser` makes of it, until `exit_event`.
- `Driver.send_message` is how what was typed reaches the app, by `App._post_message`.
- `App._exception`: what the app failed with; `App._exit_renderables`: what it prints in the end, its traceback too.
- `App._display`: called with every update that is to be painted.
- `Screen._compositor._dirty_regions`: what has to be painted; it is, soon after a widget is in `Screen._dirty_widgets`.
- `Screen._compositor_refresh`: composes and paints what is dirty, and changes nothing else.

tests/tui/graphics/output/test_seams.py has a test for each.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Literal, TextIO, TypeAlias, cast

from textual._compositor import ChopsUpdate
from textual._xterm_parser import XTermParser
from textual.app import App, ScreenStackError
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Region
from textual.message import Message
from textual.screen import Screen

from tui.graphics.output.writer import Writer
from tui.graphics.terminal.answers import AnswerFilter

MAX_TYPED_AHEAD = 32
"""Messages that may wait in the queue of the app before more is read from the keyboard."""
_READ_BYTES = 4096
_TICK_SECONDS = 0.1
_UNDECIDED_SECONDS = 0.05
"""How long it takes until what may begin an answer of the terminal is a key; on top of it, Textual waits by itself."""
_QUEUE_SECONDS = 0.005
_Mode: TypeAlias = Literal["new", "running", "suspended", "over"]


class TerminalDriver(LinuxDriver):
    """Writes through a `Writer`; see the module.

    Attributes:
        room_callbacks: Called in the event loop when the terminal was behind and is not any more.
    """

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._stream = cast("TextIO", self._file)
        self.room_callbacks: list[Callable[[], None]] = []
        self._writer: Writer | None = None
        self._farewell: list[bytes] | None = None
        self._posted: Future[bool] | None = None
        self._mode: _Mode = "new"
        self._hold_back_while_behind()
        # In place of the handlers of the base class: those run in the middle of anything, and start anew what a signal
        # that cannot be handled (SIGSTOP) has left running.
        self._loop.add_signal_handler(signal.SIGTSTP, self._stop)
        self._loop.add_signal_handler(signal.SIGCONT, self._go_on)

    @property
    def is_behind(self) -> bool:
        """Whether the terminal has not read what it was sent, so that nothing should be sent that can wait."""
        return self._writer is None or self._writer.is_behind

    def write(self, data: str) -> None:
        """Send whole escape sequences; return at once."""
        encoded = data.encode(self._stream.encoding, self._stream.errors or "strict")
        if self._farewell is not None:
            self._farewell.append(encoded)
        if self._writer is not None:
            self._writer.write(encoded)

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        self._writer = Writer(
            self._stream.fileno(),
            on_room=lambda: self._in_loop(self._have_room),
            on_gone=lambda: self._in_loop(self._lose_terminal),
        )
        self._farewell = None
        self._mode = "running"
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        """Leave the terminal as it was found."""
        self._farewell = []
        if self._mouse_pixels:  # the base class leaves it on
            self.write("\x1b[?1016l")
        super().stop_application_mode()
        if self._mode == "running":
            self._mode = "over"

    def close(self) -> None:
        """Wait until the terminal has taken everything, or until it turns out that it does not read."""
        super().close()
        if self._app._exception is not None:
            self._app._exit_renderables.clear()  # `run` raises it
        writer, self._writer = self._writer, None
        if writer is None or writer.close(b"".join(self._farewell or [])) or self._mode == "suspended":
            return
        _discard_what_goes_to(self._stream.fileno())

    def suspend_application_mode(self) -> None:
        """Leave the terminal to other programs for a while."""
        self._mode = "suspended"
        super().suspend_application_mode()

    def run_input_thread(self) -> None:
        """Read the keyboard until the end, or until it is gone; what is no UTF-8 ends nothing."""
        decode = getincrementaldecoder("utf-8")("replace").decode
        parser, answers, text = XTermParser(self._debug), AnswerFilter(), ""
        while not self.exit_event.is_set():
            seconds = _UNDECIDED_SECONDS if answers.is_undecided or text else _TICK_SECONDS
            if select.select([self.fileno], [], [], seconds)[0]:
                try:
                    data = os.read(self.fileno, _READ_BYTES)
                except OSError:
                    data = b""
                if not data:
                    self._in_loop(self._lose_terminal)
                    return
                text = answers.feed(decode(data))
            else:
                text = answers.release()
            if text:
                try:
                    self._hand_on(parser.feed(text))
                except Exception:  # the parser does not check the numbers in sequences, and fails in many ways
                    parser = XTermParser(self._debug)
            self._hand_on(parser.tick())

    def _hand_on(self, messages: Iterable[Message]) -> None:
        """Hand on what was typed, as fast as the app takes it: what ends the app has to wait for few keys only."""
        for number, message in enumerate(messages, 1):
            self.process_message(message)
            arrived = self._posted if number % MAX_TYPED_AHEAD == 0 else None
            while self._app.message_queue_size > MAX_TYPED_AHEAD or (arrived is not None and not arrived.done()):
                if self.exit_event.wait(_QUEUE_SECONDS):
                    return

    def send_message(self, message: Message) -> None:
        """Put a message into the queue of the app."""
        self._posted = asyncio.run_coroutine_threadsafe(self._app._post_message(message), loop=self._loop)

    def _get_terminal_size(self) -> tuple[int, int]:
        if os.isatty(1):
            return super()._get_terminal_size()
        with suppress(OSError):
            columns, rows = os.get_terminal_size(self._stream.fileno())
            return columns or 80, rows or 25
        return 80, 25

    def _stop(self) -> None:
        """Handle SIGTSTP: stop the process, and leave the terminal in order meanwhile."""
        if self._mode == "running":
            self.suspend_application_mode()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _go_on(self) -> None:
        """Handle SIGCONT: take the terminal over again, whether it was left in order before or not (SIGSTOP)."""
        if self._mode not in ("running", "suspended"):
            return
        if not _is_in_foreground(self.fileno):
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        if self._mode == "running":
            self.suspend_application_mode()
        self.start_application_mode()
        self._show_everything_again()

    def _in_loop(self, call: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(call)

    def _have_room(self) -> None:
        """Paint what was not painted while the terminal was behind."""
        if self._mode != "running" or self._writer is None:
            return
        if self._writer.take_loss():
            self._show_everything_again()
        for call in self.room_callbacks:
            call()
        with suppress(ScreenStackError):  # the app ends
            screen = self._app.screen
            if screen._compositor._dirty_regions:
                screen._dirty_widgets.add(screen)
                screen.check_idle()

    def _show_everything_again(self) -> None:
        self.send_message(self.SignalResume())  # pictures are sent again
        with suppress(ScreenStackError):
            self._app.screen.refresh()

    def _lose_terminal(self) -> None:
        """End the thread that reads the keyboard, and the app as by SIGHUP."""
        self.exit_event.set()
        os.kill(os.getpid(), signal.SIGHUP)

    def _hold_back_while_behind(self) -> None:
        """Have the app paint nothing while the terminal is behind."""
        display = self._app._display

        def display_or_hold_back(screen: Screen[Any], renderable: object) -> None:
            if not hold_back(self._app, screen, renderable):
                display(screen, cast(Any, renderable))

        setattr(self._app, "_display", display_or_hold_back)  # noqa: B010 (mypy rightly minds a method being replaced)


def run(app: App[Any]) -> None:
    """Run an app to its end.

    Raises:
        Exception: Whatever the app did not handle; Textual alone would print its traceback.
    """
    app.run()
    if app._exception is not None:
        raise app._exception


def hold_back(app: App[Any], screen: Screen[Any], renderable: object) -> bool:
    """Keep an update for later if the terminal is behind; return whether it is."""
    driver = app._driver
    if not isinstance(driver, TerminalDriver) or not driver.is_behind:
        return False
    dirty = screen._compositor._dirty_regions
    if isinstance(renderable, ChopsUpdate):
        dirty.update(Region(left, y, right - left, 1) for y, left, right in renderable.spans)
    elif renderable is not None:
        dirty.add(screen.size.region)
    _compose_when_there_is_room(app, screen)
    return True


def _compose_when_there_is_room(app: App[Any], screen: Screen[Any]) -> None:
    """Have a screen compose nothing while the terminal is behind: else all that is dirty is composed over and over."""
    if "_compositor_refresh" in vars(screen):
        return
    refresh = screen._compositor_refresh

    def refresh_or_wait() -> None:
        if is_behind(app):
            screen._dirty_widgets.clear()  # as Textual does; the compositor knows their regions by now
        else:
            refresh()

    setattr(screen, "_compositor_refresh", refresh_or_wait)  # noqa: B010 (as above)


def on_room(app: App[Any], callback: Callable[[], None]) -> None:
    """Call back whenever the terminal was behind and is not any more."""
    if isinstance(app._driver, TerminalDriver):
        app._driver.room_callbacks.append(callback)


def is_behind(app: App[Any]) -> bool:
    """Return whether the terminal has not read what it was sent; those of tests always have."""
    return isinstance(app._driver, TerminalDriver) and app._driver.is_behind


def _is_in_foreground(terminal: int) -> bool:
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:  # it is not the terminal of a shell with job control
        return True


def _discard_what_goes_to(terminal: int) -> None:
    """Point the standard streams that lead to a terminal to the null device: whoever writes there waits for ever."""
    device = os.fstat(terminal).st_rdev
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        if os.fstat(stream).st_rdev == device and device:
            os.dup2(null, stream)
    os.close(null)
