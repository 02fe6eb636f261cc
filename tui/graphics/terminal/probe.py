"""Asking the terminal what it is and what it can do, on the standard streams.

A terminal ignores questions that it does not know, so no timeout would tell "no" from "not yet", and an answer that
comes late arrives as keys.  Therefore all questions go in one write, and the last one is DA1 (`CSI c`), which every
terminal answers.  Terminals answer in order: when the answer to DA1 is there, no other will come.  What comes after the
timeout all the same is told from keys by `answers`, so the timeout cuts no answer in two.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NoReturn

from tui.graphics.terminal.answers import AnswerFilter
from tui.graphics.terminal.known import Version, version_of

_KITTY: Final = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
_NAME: Final = b"\x1b[>0q"
_SECONDARY: Final = b"\x1b[>c"
_CELL_SIZE: Final = b"\x1b[16t"
_REGISTERS: Final = b"\x1b[?1;1;0S"
_SENTINEL: Final = b"\x1b[c"

_KITTY_ANSWER: Final = re.compile(rb"\x1b_Gi=31;OK\x1b\\")
_NAME_ANSWER: Final = re.compile(rb"\x1bP>\|([A-Za-z][A-Za-z0-9_]*)([^\x1b]{0,80})")
_SECONDARY_ANSWER: Final = re.compile(rb"\x1b\[>(\d{1,6});(\d{1,8})(?:;\d*)*c")
_CELL_SIZE_ANSWER: Final = re.compile(rb"\x1b\[6;(\d{1,4});(\d{1,4})t")
_REGISTERS_ANSWER: Final = re.compile(rb"\x1b\[\?1;0;(\d{1,6})S")
_SENTINEL_ANSWER: Final = re.compile(rb"\x1b\[\?([\d;]*)c")
_REST_SECONDS: Final = 1.0
"""The timeout for the rest of an answer that has begun to arrive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What the terminal answered.

    Attributes:
        has_answered: Whether it answered at all.
        kitty: It knows kitty's graphics protocol.
        sixel: It shows sixels.
        cell: Width and height of a character in pixels; (0, 0) when unknown.
        truecolor: It shows 16 million colours.  Every terminal that tells its name does: terminals learned to tell it
            later than they learned the colours.
        name: In lower case; "" when unknown.
        version: () when unknown.
        registers: The colours that a sixel picture can have; 0 when unknown.
        firmware: The second figure of the answer to DA2, in which terminals without a name put their version.
    """

    has_answered: bool = False
    kitty: bool = False
    sixel: bool = False
    cell: tuple[int, int] = (0, 0)
    truecolor: bool = False
    name: str = ""
    version: Version = ()
    registers: int = 0
    firmware: int = 0


def on_terminal() -> bool:
    """Return whether both streams that Textual uses, standard input and standard error, are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stderr__))


def cell_size() -> tuple[int, int] | None:
    """Return width and height of a character in pixels, as the kernel knows them now.

    Returns:
        The size, or None where the terminal (or ssh) has not reported it to the kernel.
    """
    if sys.__stderr__ is None or not sys.__stderr__.isatty():
        return None
    try:
        answer = fcntl.ioctl(sys.__stderr__.fileno(), termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return None
    rows, columns, width, height = struct.unpack("HHHH", answer)
    if not rows or not columns or width < columns or height < rows:
        return None
    return width // columns, height // rows


def ask(seconds: float) -> Answers:
    """Ask all questions and wait for the answer to the last one; keys typed meanwhile are dropped.

    Args:
        seconds: The timeout.
    """
    assert sys.__stdin__ is not None  # on_terminal() has returned True
    assert sys.__stderr__ is not None
    with _raw(sys.__stdin__.fileno()) as keyboard:
        os.write(sys.__stderr__.fileno(), _KITTY + _NAME + _SECONDARY + _CELL_SIZE + _REGISTERS + _SENTINEL)
        text = _read_until_sentinel(keyboard, time.monotonic() + seconds)
        if _SENTINEL_ANSWER.search(text):
            termios.tcflush(keyboard, termios.TCIFLUSH)
        return parse(text)


def parse(text: bytes) -> Answers:
    """Parse the bytes that came back; keys may be mixed in."""
    sentinel = _SENTINEL_ANSWER.search(text)
    cell = _CELL_SIZE_ANSWER.search(text)
    name = _NAME_ANSWER.search(text)
    registers = _REGISTERS_ANSWER.search(text)
    secondary = _SECONDARY_ANSWER.search(text)
    return Answers(
        has_answered=sentinel is not None,
        kitty=_KITTY_ANSWER.search(text) is not None,
        sixel=sentinel is not None and b"4" in sentinel[1].split(b";"),
        cell=(int(cell[2]), int(cell[1])) if cell else (0, 0),
        truecolor=name is not None,
        name=name[1].decode().lower() if name else "",
        version=version_of(name[2].decode(errors="replace")) if name else (),
        registers=int(registers[1]) if registers else 0,
        firmware=int(secondary[2]) if secondary else 0,
    )


def _read_until_sentinel(keyboard: int, end: float) -> bytes:
    text, answers = b"", AnswerFilter()
    while not _SENTINEL_ANSWER.search(text):
        left = end + (_REST_SECONDS if answers.has_begun else 0.0) - time.monotonic()
        if left <= 0:
            break
        if select.select([keyboard], [], [], left)[0]:
            data = os.read(keyboard, 4096)
            if not data:
                break
            text += data
            answers.feed(data.decode("latin-1"))
    return text


@contextmanager
def _raw(keyboard: int) -> Iterator[int]:
    """Switch off echo and line buffering; at the end, also by a signal, switch back."""
    before = termios.tcgetattr(keyboard)
    changed = termios.tcgetattr(keyboard)
    changed[3] &= ~(termios.ECHO | termios.ICANON)
    handlers = {number: signal.signal(number, _end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        termios.tcsetattr(keyboard, termios.TCSANOW, changed)
        yield keyboard
    finally:
        termios.tcsetattr(keyboard, termios.TCSANOW, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)
