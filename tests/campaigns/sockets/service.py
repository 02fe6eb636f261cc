"""The worker that stays as a process of its own, with the fake renderer, and programs that keep the rules."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

from engine.kept.address import Address
from engine.kept.greeting import Greeting, Wants
from engine.kept.hello import hello_of
from engine.kept.lines import receive_object, send_object
from engine.rendering.events import Event, JobDone, PictureRendered
from engine.worker.messages.codec import EVENTS, Codec, Request
from engine.worker.wire import Wire
from tests.support.engine.kept import KEPT_SERVER
from tests.support.engine.workers import LOAD, ROOT, job_of

SECONDS = 30.0
"""The most that an answer takes on a busy machine."""


class Service:
    """A server in a folder.

    Attributes:
        place: Where its socket is.
        hello: What its programs say they need.
    """

    def __init__(self, folder: Path) -> None:
        """Start it."""
        self.place, self._log = Address(folder=folder / "run"), folder / "log"
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "WARMER_RUNTIME_DIR": str(self.place.folder),
            "OMP_NUM_THREADS": "1",
        }
        os.environ["OMP_NUM_THREADS"] = "1"
        self.hello = hello_of()
        self.spawn().wait()

    def spawn(self, **others: str) -> subprocess.Popen[bytes]:
        """Run the program that becomes the server, with more environment variables; it ends once the server listens."""
        command = [sys.executable, "-P", "-m", KEPT_SERVER, "--keep-alive", "forever"]
        environment = {**self._environment, **others}
        with self._log.open("ab") as log:
            return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def said(self) -> str:
        """Return the log."""
        return self._log.read_text("utf-8", "replace")

    def connect(self) -> socket.socket:
        """Return a bare connection, when there is room for one."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(SECONDS)
        until = time.monotonic() + SECONDS
        while True:
            try:
                connection.connect(str(self.place.socket))
            except BlockingIOError:
                if time.monotonic() > until:
                    connection.close()
                    raise
                time.sleep(0.01)
            except OSError:
                connection.close()
                raise
            else:
                return connection

    def greeted(self) -> socket.socket:
        """Return a connection whose handshake is done.

        Raises:
            OSError: There is no server, or it does not answer.
            ConnectionError: It turns this program away.
        """
        connection = self.connect()
        send_object(connection, Greeting(wants=Wants.RENDER, hello=self.hello).to_json())
        if reason := receive_object(connection).get("reason"):
            connection.close()
            raise ConnectionError(str(reason))
        return connection

    def status(self) -> dict[str, object]:
        """Return what the server says of itself."""
        with self.connect() as connection:
            send_object(connection, Greeting(wants=Wants.STATUS, hello=self.hello).to_json())
            return dict(receive_object(connection))

    def process(self) -> psutil.Process:
        """Return the process of the server."""
        return psutil.Process(int(str(self.status()["pid"])))

    def processes(self) -> list[psutil.Process]:
        """Return all processes of this folder that are alive."""
        found = []
        for each in psutil.process_iter():
            try:
                is_ours = each.environ().get("WARMER_RUNTIME_DIR") == str(self.place.folder)
                if is_ours and each.status() != psutil.STATUS_ZOMBIE:
                    found.append(each)
            except psutil.Error:
                continue
        return found

    def left(self) -> list[int]:
        """Return which processes are left some time after the server has ended."""
        until = time.monotonic() + SECONDS
        while (found := self.processes()) and time.monotonic() < until:
            time.sleep(0.02)
        return [each.pid for each in found]

    def close(self) -> None:
        """Kill whatever is left."""
        for each in self.processes():
            each.send_signal(signal.SIGKILL)
        self.left()


class Bystander:
    """A program that keeps the rules, and has to get its pictures whatever others do."""

    def __init__(self, service: Service) -> None:
        """Attach, and load the model."""
        self._service = service
        self._attach()

    def _attach(self) -> None:
        self._wire: Wire[Request, Event] = Wire(self._service.greeted(), Codec(EVENTS))
        self._wire.send(LOAD)

    def fault(self) -> str:
        """Return what keeps this program from its pictures; "" for nothing.  It attaches again after a fault."""
        try:
            self._wire.send(job_of(1))
            pictures = 0
            while not isinstance(event := self._wire.receive(), JobDone):
                pictures += isinstance(event, PictureRendered)
        except (OSError, EOFError) as error:
            self.attach_again()
            return f"a program that keeps the rules gets no pictures: {error!r}"
        return "" if pictures == 2 else f"a program that keeps the rules got {pictures} pictures of 2"

    def attach_again(self) -> None:
        """Attach to a new server."""
        self.close()
        self._attach()

    def close(self) -> None:
        """Leave."""
        self._wire.close()
