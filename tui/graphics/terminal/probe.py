"""Questions to the terminal on our own standard streams, all in one write, with a sentinel that every terminal answers.

The sentinel is DA1 (`CSI c`): terminals answer in order, so its answer says that no other will come.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

_KITTY: Final = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
_NAME: Final = b"\x1b[>0q"
_CELL_SIZE: Final = b"\x1b[16t"
_SENTINEL: Final = b"\x1b[c"

_KITTY_ANSWER: Final = re.compile(rb"\x1b_Gi=31;OK\x1b\\")
_NAME_ANSWER: Final = re.compile(rb"\x1bP>\|([A-Za-z]+)[ (]*(\d+)?(?:\.(\d+))?")
_CELL_SIZE_ANSWER: Final = re.compile(rb"\x1b\[6;(\d{1,4});(\d{1,4})t")
_SENTINEL_ANSWER: Final = re.compile(rb"\x1b\[\?([\d;]*)c")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """any: it answered at all.  cell: (width, height) in pixels, (0, 0) unknown.  name, version: "" and () unknown.

    truecolor: true for every terminal that tells its name: they learned to do that after they learned the colours.
    """

    any: bool = False
    kitty: bool = False
    sixel: bool = False
    cell: tuple[int, int] = (0, 0)
    truecolor: bool = False
    name: str = ""
    version: tuple[int, ...] = ()


def on_terminal() -> bool:
    """Whether both ends that Textual uses, standard input and standard error, are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stderr__))


def cell_size() -> tuple[int, int] | None:
    """Pixels of one cell as the kernel knows them now; None where the terminal (or ssh) does not tell it."""
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
    """Ask everything at once and wait for the sentinel, at most so many seconds; keys typed meanwhile are dropped."""
    assert sys.__stdin__ is not None  # on_terminal() was asked before
    assert sys.__stderr__ is not None
    with _raw(sys.__stdin__.fileno()) as keyboard:
        os.write(sys.__stderr__.fileno(), _KITTY + _NAME + _CELL_SIZE + _SENTINEL)
        return parse(_read_until_sentinel(keyboard, time.monotonic() + seconds))


def parse(text: bytes) -> Answers:
    """What the bytes that came back say."""
    sentinel = _SENTINEL_ANSWER.search(text)
    cell = _CELL_SIZE_ANSWER.search(text)
    name = _NAME_ANSWER.search(text)
    return Answers(
        any=sentinel is not None,
        kitty=_KITTY_ANSWER.search(text) is not None,
        sixel=sentinel is not None and b"4" in sentinel[1].split(b";"),
        cell=(int(cell[2]), int(cell[1])) if cell else (0, 0),
        truecolor=name is not None,
        name=name[1].decode().lower() if name else "",
        version=tuple(int(part) for part in name.groups()[1:] if part) if name else (),
    )


def _read_until_sentinel(keyboard: int, end: float) -> bytes:
    text = b""
    while not _SENTINEL_ANSWER.search(text) and (left := end - time.monotonic()) > 0:
        if select.select([keyboard], [], [], left)[0]:
            data = os.read(keyboard, 4096)
            if not data:
                break
            text += data
    return text


@contextmanager
def _raw(keyboard: int) -> Iterator[int]:
    """No echo, no waiting for a line; on leaving, what is still unread is thrown away."""
    before = termios.tcgetattr(keyboard)
    changed = termios.tcgetattr(keyboard)
    changed[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(keyboard, termios.TCSANOW, changed)
    try:
        yield keyboard
    finally:
        termios.tcsetattr(keyboard, termios.TCSAFLUSH, before)
