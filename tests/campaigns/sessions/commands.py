"""Commands that write files, killed at a random moment: whole files or none, and the same command works afterwards."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tests.campaigns.sessions import processes, remains
from tests.campaigns.sessions.forked import run
from tests.campaigns.sessions.witnessed import run_command, settle_in
from tests.support.photos.making import photo_file

_SOURCE, _PHOTO = "source.png", "photo.jpg"
COMMANDS: dict[str, tuple[str, ...]] = {
    "vary": ("vary", _SOURCE, "--out", "out", "--count", "6"),
    "render": ("render", _SOURCE, "--out", "out/again.png"),
    "film": ("film", _SOURCE, "--out", "out/way.webp", "--sheet", "out/sheet.png", "--frames", "6"),
    "invert": ("invert", _PHOTO, "--prompt", "a lake", "--out", "out/found.png"),
}
_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Commands:
    """The attack on commands.

    Attributes:
        sources: A folder with a picture of some rounds and a photograph.
        seconds: How long each command takes when nobody ends it.
    """

    sources: Path
    seconds: dict[str, float]

    def try_one(self, home: Path, draw: random.Random, name: str) -> list[str]:
        """Kill a command, look at what it left, and run it again; return what was broken."""
        shutil.copytree(self.sources, home)
        before = _contents(home)
        pid = _begin(home, COMMANDS[name], draw.choice(("thread", "process")))
        time.sleep(draw.uniform(0.0, 1.2 * self.seconds[name]))
        number = draw.choice(_SIGNALS)
        os.kill(pid, number)
        found = [] if _code_of(pid) is not None else [f"it does not end on {number.name}"]
        found += processes.orphans(home)
        found += [f"{file} was changed" for file, data in before.items() if (home / file).read_bytes() != data]
        found += remains.broken_pictures(home)
        code = _code_of(_begin(home, (*COMMANDS[name], "--force"), "thread"))
        if code != 0:
            found.append(f"after {number.name}, the same command ends with the code {code}: {_said(home)}")
        return [*found, *remains.leftovers(home), *remains.broken_pictures(home), *processes.orphans(home)]


def prepare(folder: Path) -> Commands:
    """Make what the commands read, and measure how long they take.

    Args:
        folder: An empty folder.
    """
    sources = folder / "sources"
    (sources / "tmp").mkdir(parents=True)
    photo_file(sources / _PHOTO)
    made: tuple[str, ...] = ("new", "--prompt", "a lake", "--seed", "1", "--out", _SOURCE)
    for number in range(3):
        _run(sources, made)
        if number:
            name = max(path.name for path in (sources / f"step{number}").glob("*.png"))
            shutil.move(sources / f"step{number}" / name, sources / _SOURCE)
            (sources / f"step{number}").rmdir()
        made = ("vary", _SOURCE, "--out", f"step{number + 1}", "--mark", "1", "--seed", "5")
    seconds = {}
    for command, words in COMMANDS.items():
        begun = time.monotonic()
        _run(sources, words)
        seconds[command] = time.monotonic() - begun
        shutil.rmtree(sources / "out")
    return Commands(sources, seconds)


def _begin(home: Path, words: Sequence[str], renderer: str) -> int:
    """Begin a command in a process of its own, and return its process ID."""

    def begin() -> None:
        settle_in(home, processes.mark(home))
        run_command(words, renderer)

    return _forked(lambda: run(begin), home / "said.txt")


def _forked(program: Callable[[], NoReturn], output: Path) -> int:
    pid = os.fork()
    if not pid:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for stream in (1, 2):
            os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
        program()
    return pid


def _run(home: Path, words: Sequence[str]) -> None:
    code = _code_of(_begin(home, words, "thread"))
    if code != 0:
        raise RuntimeError(f"{' '.join(words)} ended with the code {code}: {_said(home)}")


def _code_of(pid: int) -> int | None:
    """Wait for the end of a process; None where it does not end, and is killed."""
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def _said(home: Path) -> str:
    return (home / "said.txt").read_text("utf-8", "replace")[-400:]


def _contents(home: Path) -> dict[str, bytes]:
    return {name: (home / name).read_bytes() for name in (_SOURCE, _PHOTO)}
