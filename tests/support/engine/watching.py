"""Watches a process for what no model may make it do: unpickle, connect, start programs, open files elsewhere.

Python reports these as audit events, whoever does them in Python; a hook cannot be removed, so it serves one process.
Files that native code opens are not reported.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

_FORBIDDEN = (
    "pickle.find_class",
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
    "ctypes.dlopen",
    "webbrowser.open",
    "urllib.Request",
    "http.client.connect",
)
_SYSTEM = ("/proc", "/sys", "/dev/null", "/dev/urandom", "/etc/localtime", "/usr/share/zoneinfo")
"""What the interpreter and the libraries read of the system."""


class Watch:
    """What a process did, from the moment at which it is begun.

    Attributes:
        faults: A few words for each forbidden event.
        opened: The files below the inputs that were opened by Python.
    """

    def __init__(self, inputs: Iterable[Path], caches: Iterable[Path] = ()) -> None:
        """Prepare a watch.

        Args:
            inputs: The folders that may be read; no program code may be in them.
            caches: The folders that may also be written.
        """
        self.faults: list[str] = []
        self.opened: set[Path] = set()
        self._inputs = tuple(str(Path(folder).resolve()) for folder in inputs)
        programs = [sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), str(Path(__file__).parents[3])]
        self._allowed = tuple(os.path.realpath(str(folder)) for folder in (*programs, *caches)) + _SYSTEM
        self._is_on = False

    def begin(self) -> None:
        """Watch from now on."""
        self._is_on = True
        sys.addaudithook(self._hear)

    def end(self) -> None:
        """Watch no longer."""
        self._is_on = False

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._is_on:
            return
        if event == "open":
            self._hear_open(arguments[0])
        elif event in _FORBIDDEN:
            self.faults.append(f"{event} {str(arguments)[:200]}")

    def _hear_open(self, name: object) -> None:
        if isinstance(name, int) or not isinstance(name, str | bytes):
            return
        self._is_on = False  # what follows looks at files itself
        try:
            path = os.path.realpath(os.fsdecode(name))
        finally:
            self._is_on = True
        if _is_below(path, self._inputs):
            self.opened.add(Path(os.path.abspath(os.fsdecode(name))))  # noqa: PTH100 (links are kept)
            if path.endswith((".py", ".pyc", ".so", ".bin", ".pt", ".pth", ".ckpt", ".pkl")):
                self.faults.append(f"opened {path[-200:]}")
        elif not _is_below(path, self._allowed):
            self.faults.append(f"opened {path[-200:]}, which is outside")


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}{os.sep}") for folder in folders)
