"""The app over SSH: a client that is killed, a link that stalls, and tmux that is left and entered again."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from tests.campaigns.attack.part import Outcome, Part, Room
from tests.campaigns.sessions import processes, remains
from tests.campaigns.ssh.server import Server, missing, program, server
from tests.campaigns.terminals.stalls import picks_in, prepare
from tests.support.terminal.fake_terminal import FakeTerminal

_SECONDS: Final = 60.0
"""For what never happens when it fails: it is long, because a loaded machine is slow."""
_MAX_GROWTH_MIB: Final = 64
_STALLS: Final = {True: (2.0,), False: (20.0, 60.0, 300.0)}
_GRAPHICS: Final[dict[str, dict[str, Any]]] = {
    "sextant": {},
    "kitty": {"kitty": True, "name": b"kitty(0.41.0)"},
    "sixel": {"device_attributes": b"\x1b[?62;4;22c"},
}
_KINDS: Final = ("client killed", "link stalled", "client stopped", "tmux")


class _Session:
    """The app at the other end of a connection."""

    def __init__(self, server: Server, home: Path, number: int) -> None:
        self.server, self.home, self.faults = server, home, list[str]()
        self.maxima: dict[str, float] = {}
        self.graphics = list(_GRAPHICS)[number % len(_GRAPHICS)]
        words = ["--graphics", self.graphics, "--prompt", "lake", "--seed", str(number), "--out", str(home / "out")]
        self.remote = program(home, processes.mark(home), *words)
        self.terminal: FakeTerminal

    def connect(self, remote: str, term: str = "xterm-256color", rows: int = 40, columns: int = 120) -> None:
        """Run a command on the server."""
        words = self.server.command(remote, term=term)
        self.terminal = FakeTerminal(words, rows=rows, columns=columns, **_GRAPHICS[self.graphics])

    def until(self, condition: Callable[[], bool], what: str, *, reads: bool = True) -> bool:
        """Wait for something; a fault if it does not happen."""
        end = time.monotonic() + _SECONDS
        while not condition():
            if time.monotonic() > end:
                written = b"".join(data for _, data in self.terminal.log)[-200:]
                self.faults.append(f"{what}: not within {_SECONDS:g} s; the last was {written!r}")
                return False
            self.terminal.read(0.02) if reads else time.sleep(0.02)
        return True

    def pick(self, *, reads: bool = True) -> None:
        """Pick, and wait until it is on the disk."""
        wanted = max(0, picks_in(self.home / "out")) + 1
        os.write(self.terminal.fd, b"2")
        self.until(lambda: picks_in(self.home / "out") >= wanted, f"pick {wanted} on the disk", reads=reads)

    def app(self) -> psutil.Process | None:
        """Return the process of the app."""
        found = [psutil.Process(pid) for pid in processes.started(self.home)]
        apps = [process for process in found if "tests.support.terminal.streaming_warmer" in process.cmdline()]
        return apps[0] if apps else None

    def has_begun(self) -> bool:
        """Wait for the first grid and pick from it."""
        if not self.until(lambda: picks_in(self.home / "out") == 0, "the first grid"):
            return False
        self.terminal.read(0.5)
        self.pick()
        return not self.faults


def _kill_client(session: _Session, draw: random.Random, stall: float) -> None:
    """Kill the client in the middle of a grid: the app ends by itself."""
    del stall
    session.terminal.read(draw.uniform(0.0, 0.5))
    os.kill(session.terminal.pid, signal.SIGKILL)
    begun = time.monotonic()
    session.until(lambda: not processes.started(session.home), "the end of the app", reads=False)
    session.maxima["s to end"] = time.monotonic() - begun


def _stall(session: _Session, draw: random.Random, seconds: float) -> None:
    """Let the link, or the client, carry nothing for a while, and go on."""
    del draw
    app = session.app()
    if app is None:
        session.faults.append("the app is not there")
        return
    before, end = app.memory_info().rss, time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.2)
        growth = (app.memory_info().rss - before) / 2**20
        session.maxima["MiB grown"] = max(growth, session.maxima.get("MiB grown", 0.0))
    if session.maxima["MiB grown"] > _MAX_GROWTH_MIB:
        session.faults.append(f"it has grown by {session.maxima['MiB grown']:.0f} MiB")


def _stall_link(session: _Session, draw: random.Random, seconds: float) -> None:
    session.server.link.carries.clear()
    try:
        _stall(session, draw, seconds)
        if draw.random() < 0.5:  # it ends without its terminal
            _terminate(session)
    finally:
        session.server.link.carries.set()


def _stop_client(session: _Session, draw: random.Random, seconds: float) -> None:
    os.kill(session.terminal.pid, signal.SIGSTOP)
    try:
        _stall(session, draw, seconds)
        if draw.random() < 0.5:
            _terminate(session)
    finally:
        os.kill(session.terminal.pid, signal.SIGCONT)


def _terminate(session: _Session) -> None:
    app = session.app()
    if app is not None:
        begun = time.monotonic()
        app.terminate()
        session.until(lambda: session.app() is None, "the end by SIGTERM without a reader", reads=False)
        session.maxima["s to end"] = time.monotonic() - begun


def _go_on(session: _Session) -> None:
    """Pick once more, where the app still runs, and quit."""
    if session.app() is None:
        return
    session.pick()
    os.write(session.terminal.fd, b"\x03")
    session.until(lambda: not processes.started(session.home), "the end of the app")


def _tmux(session: _Session, draw: random.Random) -> None:
    """Leave tmux and enter it again, from a terminal of a different size and name."""
    name = f"attack-{session.home.name}-{os.getpid()}"
    tmux = ["tmux", "-L", name, "-f", "/dev/null"]
    try:
        session.connect(shlex.join([*tmux, "new-session", session.remote]))
        if session.has_begun():
            for _ in range(2):
                subprocess.run([*tmux, "detach-client"], check=False, capture_output=True)
                session.terminal.read(0.3)
                os.kill(session.terminal.pid, signal.SIGKILL)
                os.waitpid(session.terminal.pid, 0)
                term = draw.choice(("xterm", "screen-256color", "vt100", "xterm-256color"))
                session.connect(shlex.join([*tmux, "attach"]), term, draw.randrange(12, 60), draw.randrange(40, 200))
                session.terminal.read(0.5)
                session.pick()
            _go_on(session)
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)


@dataclass(frozen=True, slots=True)
class Ssh:
    """The attack."""

    room: Room
    server: Server | None

    def __call__(self, number: int) -> Outcome:
        """Try a case: connect, pick, be disturbed, and look at what is there."""
        kind = _KINDS[number % len(_KINDS)]
        if self.server is None or (kind == "tmux" and not shutil.which("tmux")):
            return Outcome(kind=kind, missing=missing() or "tmux is not installed")
        draw, home = random.Random(f"ssh {number}"), self.room.scratch / f"case-{number}"
        prepare(home)
        session = _Session(self.server, home, number)
        try:
            if kind == "tmux":
                _tmux(session, draw)
            else:
                session.connect(session.remote)
                if session.has_begun():
                    blow = {"client killed": _kill_client, "link stalled": _stall_link, "client stopped": _stop_client}
                    blow[kind](session, draw, draw.choice(_STALLS[self.room.is_quick]))
                    _go_on(session) if kind != "client killed" else None
        finally:
            session.terminal.close(signal.SIGKILL)
            os.close(session.terminal.fd)
        session.faults += processes.orphans(home) + remains.broken_pictures(home)
        if picks_in(home / "out") < 1:
            session.faults.append(f"the pick is lost: {remains.journals_of(home / 'out')}")
        faults = tuple(f"case {number} ({session.graphics}): {fault}" for fault in session.faults)
        if faults:
            shutil.copytree(home, self.room.kept / home.name, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(home)
        return Outcome(kind=kind, faults=faults, maxima=session.maxima)


@contextmanager
def begin(room: Room) -> Iterator[Ssh]:
    """Start the server, if this machine has one."""
    if missing():
        yield Ssh(room, None)
        return
    with server(room.scratch / "server") as running:
        yield Ssh(room, running)


PART = Part(begin=begin, cases=120, quick_cases=4)
