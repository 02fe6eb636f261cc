"""An SSH server of our own on the loopback, with keys made for it, and a proxy that can stop carrying."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_SSHD: Final = "/usr/sbin/sshd"
_SECONDS: Final = 10.0


def missing() -> str:
    """Return why there can be no server on this machine; "" when there can."""
    wanted = {"sshd": shutil.which("sshd") or Path(_SSHD).exists(), "ssh": shutil.which("ssh")}
    absent = [name for name, found in {**wanted, "ssh-keygen": shutil.which("ssh-keygen")}.items() if not found]
    return f"{' and '.join(absent)} not installed" if absent else ""


@dataclass(slots=True)
class Link:
    """A proxy to the server, which carries bytes or holds them."""

    port: int
    target: int
    carries: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        """Carry connections until the listener is closed."""
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            with suppress(OSError):
                far = socket.create_connection(("127.0.0.1", self.target))
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                self.carries.wait()
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """The server and the way to it.

    Attributes:
        link: The proxy in between.
        options: The words that `ssh` needs to reach the server by it.
    """

    link: Link
    options: tuple[str, ...]

    def command(self, remote: str, *, term: str = "xterm-256color") -> list[str]:
        """Return the words that run a command of the shell on the server, in a terminal."""
        return ["env", f"TERM={term}", "ssh", "-tt", *self.options, "127.0.0.1", remote]


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """Run a server whose files are in a folder."""
    folder.mkdir(parents=True)
    folder.chmod(0o700)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized_keys")
    port, own = _free_port(), _free_port()
    lines = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "PidFile": folder / "pid",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "ClientAliveInterval": 0,
    }
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where sshd separates its privileges
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen([_SSHD, "-D", "-e", "-f", folder / "config"], stdout=log, stderr=log)
    link = Link(port=own, target=port)
    link.carries.set()
    listener = socket.create_server(("127.0.0.1", own))
    threading.Thread(target=link.serve, args=(listener,), daemon=True).start()
    options = {
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "LogLevel": "ERROR",
        "BatchMode": "yes",
    }
    words = (word for name, value in options.items() for word in ("-o", f"{name}={value}"))
    try:
        _wait_for(port, daemon, folder)
        yield Server(link=link, options=("-F", "/dev/null", "-p", str(own), "-i", str(folder / "user"), *words))
    finally:
        link.carries.set()
        listener.close()
        daemon.terminate()
        daemon.wait()


def program(home: Path, mark: dict[str, str], *words: str) -> str:
    """Return the command for the server's shell that runs the app with a home directory of its own."""
    root = Path(__file__).parents[3]
    variables = {"HOME": str(home), "PYTHONPATH": str(root), "TMPDIR": str(home / "tmp"), **mark}
    start = [sys.executable, "-m", "tests.support.terminal.streaming_warmer", "60", "0.02", *words]
    return f"cd '{root}' && exec env {' '.join(f'{k}={v}' for k, v in variables.items())} {' '.join(start)}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for(port: int, daemon: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end and daemon.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise RuntimeError(f"sshd does not answer: {(folder / 'log').read_text()}")
