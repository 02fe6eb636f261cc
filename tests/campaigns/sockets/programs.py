"""Programs that break the rules of the socket, one by one and in crowds, beside one that keeps them."""

from __future__ import annotations

import array
import contextlib
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from engine.kept.greeting import Greeting, Wants
from engine.worker.wire import Wire
from tests.campaigns.attack.part import Outcome
from tests.campaigns.sockets.seeds import REQUESTS, mutated
from tests.campaigns.sockets.service import SECONDS, Bystander, Service
from tests.support.engine.workers import LOAD, job_of

_MIB = 256.0
"""The most by which the memory of the server may grow."""
_STRANGER = 65534
_CONNECT = """
import os, socket, sys
os.setgroups([]); os.setgid({uid}); os.setuid({uid})
connection = socket.socket(socket.AF_UNIX)
connection.settimeout({seconds})
try:
    connection.connect({path!r})
    connection.sendall(bytes.fromhex({greeting!r}))
    print(len(connection.recv(100)))
except OSError as error:
    print("refused" if isinstance(error, (PermissionError, BrokenPipeError, ConnectionResetError)) else repr(error))
"""


class Programs:
    """Attacks on one server that go on with the next one of it."""

    def __init__(self, service: Service, bystander: Bystander) -> None:
        """Note how much the server takes before any attack."""
        self._service, self._bystander = service, bystander
        self.note()

    def note(self) -> None:
        """Note how much a new server takes."""
        process = self._service.process()
        self._pid, self._mib, self._descriptors = process.pid, process.memory_info().rss / 2**20, process.num_fds()

    def attack(self, source: Random) -> Outcome:
        """Try one of the attacks, and look how the server and the other program are."""
        kind, act = source.choice(self._kinds())
        missing = act(source)
        if missing:
            return Outcome(kind=kind, missing=missing)
        faults = [self._bystander.fault()]
        process = self._service.process()
        grown = process.memory_info().rss / 2**20 - self._mib
        if process.pid != self._pid:
            faults.append(f"the server ended: {self._service.said()[-500:]!r}")
            self.note()
        if grown > _MIB:
            faults.append(f"the server took {grown:.0f} MiB")
        if not self._gives_back():
            faults.append(f"{process.num_fds()} descriptors are open, at first {self._descriptors}")
        if "Traceback" in self._service.said():
            faults.append(f"a traceback in the log: {self._service.said()[-500:]!r}")
        return Outcome(kind=kind, faults=tuple(filter(None, faults)), maxima={"MiB of the server": grown})

    def _kinds(self) -> tuple[tuple[str, Callable[[Random], str]], ...]:
        return (
            ("damaged requests, sent", self._send_damaged),
            ("damaged requests, sent", self._send_damaged),
            ("damaged greetings", self._greet_badly),
            ("half messages, and slow ones", self._send_halves),
            ("programs that do not read", self._never_read),
            ("crowds of connections", self._crowd),
            ("descriptors sent along", self._send_descriptors),
            ("another user", self._come_as_stranger),
        )

    def _gives_back(self) -> bool:
        """Return whether the descriptors of connections that have ended are closed, soon."""
        process, until = self._service.process(), time.monotonic() + SECONDS
        while process.num_fds() > self._descriptors and time.monotonic() < until:
            time.sleep(0.01)
        return bool(process.num_fds() <= self._descriptors)

    def _send_damaged(self, source: Random) -> str:
        connection = self._service.greeted()
        with connection, contextlib.suppress(OSError):
            for _ in range(source.randrange(1, 6)):
                connection.sendall(mutated(source.choice(REQUESTS), source)[1])
            connection.shutdown(socket.SHUT_WR)
            _drain(connection)
        return ""

    def _greet_badly(self, source: Random) -> str:
        good = Greeting(wants=Wants.RENDER, hello=self._service.hello).to_json()
        hello = {**self._service.hello.to_json()}
        wrong: Any = source.choice(
            (1e999, -1, None, [], {}, True, "x" * 60_000, "\ud800", 2**400, [[[]]], "\x1b]0;x\x07")
        )
        hello[source.choice(tuple(hello))] = wrong
        deep = 20_000 * source.choice(("[", '{"a":'))
        texts = (
            json.dumps({**good, "hello": hello}),
            json.dumps({**good, source.choice(("wants", "keep_alive", "hello", "more")): wrong}),
            f'{{"wants": {deep}',
            f'{{"wants": "render", "hello": {{}}, "keep_alive": {"9" * 5_000}}}',
            f'{{"wants": "render", "hello": {{"protocol": 1}}, "keep_alive": {source.choice(("1e999", "NaN", "-0"))}}}',
            source.randbytes(500).decode("latin-1"),
        )
        data = source.choice(texts).encode("utf-8", "surrogatepass")
        length = len(data) if source.random() < 0.8 else source.choice((0, 1, 2**16, 2**16 + 1, 2**32 - 1))
        with self._service.connect() as connection, contextlib.suppress(OSError):
            connection.sendall(struct.pack(">I", length) + data)
            connection.shutdown(socket.SHUT_WR)
            _drain(connection)
        return ""

    def _send_halves(self, source: Random) -> str:
        connections = [self._service.connect() for _ in range(source.randrange(1, 8))]
        connections += [self._service.greeted() for _ in range(source.randrange(1, 8))]
        _, frame = mutated(source.choice(REQUESTS), source)
        huge = struct.pack("<4sIQQ", b"wrm1", 2, 10, 3 * 8192**2)
        for connection in connections:
            data = source.choice((frame, huge, b"\x00\x00\x00\x50{"))
            with contextlib.suppress(OSError):
                for byte in data[: source.randrange(1, 30)]:
                    connection.send(bytes((byte,)))
        self._bystander_goes_on()
        for connection in connections:
            connection.close()
        return ""

    def _never_read(self, source: Random) -> str:
        connection = self._service.greeted()
        connection.settimeout(1.0)
        wire: Wire[object, object] = Wire(connection)
        settings = replace(LOAD.settings, width=256, height=256)
        with contextlib.suppress(OSError):
            wire.send(replace(LOAD, settings=settings))
            for number in range(source.randrange(1, 1200)):
                wire.send(replace(job_of(number, count=4), settings=settings, previews=True))
        self._bystander_goes_on()
        wire.close()
        return ""

    def _crowd(self, source: Random) -> str:
        count = source.choice((100, 300, 1000))
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < count + 100:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 100), hard))
        crowd: list[socket.socket] = []
        with contextlib.suppress(OSError):
            for _ in range(count):
                connection = socket.socket(socket.AF_UNIX)
                crowd.append(connection)
                connection.setblocking(False)
                connection.connect(str(self._service.place.socket))
        self._bystander_goes_on()
        for connection in crowd:
            connection.close()
        return ""

    def _send_descriptors(self, source: Random) -> str:
        connection = self._service.greeted() if source.random() < 0.5 else self._service.connect()
        near, far = os.pipe()
        with connection, contextlib.suppress(OSError):
            for _ in range(source.randrange(1, 60)):
                descriptors = array.array("i", [near, far] * source.randrange(1, 50)).tobytes()
                connection.sendmsg([b"\x00"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
            self._bystander_goes_on()
        os.close(near)
        os.close(far)
        return ""

    def _come_as_stranger(self, source: Random) -> str:
        if os.getuid() != 0:
            return "only root can become another user"
        folder, greeting = self._service.place.folder, Greeting(wants=Wants.STOP, hello=self._service.hello)
        data = json.dumps(greeting.to_json()).encode()
        is_open = source.random() < 0.5  # as if the folder were not private
        rights = {path: path.stat().st_mode & 0o777 for path in (folder, self._service.place.socket)}
        above = [path for path in folder.parents if not path.stat().st_mode & 0o001]
        if is_open and any(path != self._service.place.folder.parent for path in above):
            for path in above:
                rights[path] = path.stat().st_mode & 0o777
        if is_open:
            for path in rights:
                path.chmod(0o777)
        try:
            program = _CONNECT.format(
                uid=_STRANGER,
                path=str(self._service.place.socket),
                greeting=(struct.pack(">I", len(data)) + data).hex(),
                seconds=SECONDS,
            )
            done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=False)
        finally:
            for path, mode in rights.items():
                path.chmod(mode)
        if done.stdout.strip() not in ("0", "refused"):
            raise AssertionError(f"a stranger got an answer: {done.stdout!r} {done.stderr[-300:]!r}")
        return ""

    def _bystander_goes_on(self) -> None:
        if fault := self._bystander.fault():
            raise AssertionError(f"while others break the rules: {fault}")


def _drain(connection: socket.socket) -> None:
    """Read until the server ends the connection."""
    while connection.recv(2**16):
        pass
