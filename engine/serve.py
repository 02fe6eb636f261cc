"""The program of the worker that stays (`engine.kept`): it renders for every program that attaches to it.

    python -m engine.serve [--keep-alive SECONDS|forever] [--device A,B] [--ray ADDRESS] [--strict]

It takes the lock, listens on the socket, and goes on in a process of its own, so that whoever started it can connect
as soon as the first process has ended.  It imports no torch: the worker process that it owns does.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence

from engine.errors import EngineError, KeptWorkerError
from engine.kept.address import IS_RUNNING, Address, address, create_folder

_MAX_LOG_BYTES = 2**20
_BACKLOG = 64
_UMASK = 0o077


def main(words: Sequence[str] | None = None) -> int:
    """Start the worker, and return the exit code of the process that started it.

    Args:
        words: The command line; None for that of the process.
    """
    arguments = _parser().parse_args(words)
    place = address()
    try:
        create_folder(place)
        lock = locked(place)
        if lock is None:
            return IS_RUNNING
        listener = listening(place)
    except (KeptWorkerError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 (the log)
        return 1
    if os.fork():  # nothing that starts threads is imported before this
        return 0
    listener.listen(_BACKLOG)  # again: to programs, the kernel names the process that did this last
    own = identity(place)
    try:
        serve(listener, arguments, is_reachable=lambda: identity(place) == own)
    except EngineError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the log)
    finally:
        if identity(place) == own:
            place.socket.unlink(missing_ok=True)
        os.close(lock)
    return 0


def locked(place: Address) -> int | None:
    """Return the descriptor of the lock, which the running worker holds; None when another one does.

    Raises:
        OSError: The file of the lock cannot be opened.
    """
    lock = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def listening(place: Address) -> socket.socket:
    """Return a socket that listens, for whoever holds the lock: a socket file that is there was left behind.

    Raises:
        OSError: The socket cannot be created.
    """
    with contextlib.suppress(FileNotFoundError):
        place.socket.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(_UMASK)  # for the socket alone: models that are downloaded later are shared as ever
    try:
        listener.bind(str(place.socket))
    finally:
        os.umask(mask)
    listener.listen(_BACKLOG)
    return listener


def serve(listener: socket.socket, arguments: argparse.Namespace, is_reachable: Callable[[], bool]) -> None:
    """Serve programs until the end.

    Args:
        listener: The socket that programs connect to.
        arguments: The command line.
        is_reachable: Whether programs can still find the socket.

    Raises:
        EngineError: What renders cannot be made.
    """
    from engine.kept.hello import hello_of
    from engine.kept.keep_alive import KeepAlive
    from engine.kept.server import KeptServer
    from engine.renderers import RendererChoice, own_renderer

    _trim_log()
    devices = tuple(filter(None, arguments.device.split(",")))
    renderer = own_renderer(RendererChoice(devices=devices, ray=arguments.ray, strict=arguments.strict))
    hello = hello_of(devices, arguments.ray, strict=arguments.strict)
    keep_alive = KeepAlive(float(arguments.keep_alive), time.monotonic)
    server = KeptServer(renderer, listener, hello, keep_alive, is_reachable=is_reachable)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    server.run()


def identity(place: Address) -> tuple[int, int] | None:
    """Return what tells one socket file from another; None when there is none, as after the folder was removed."""
    try:
        found = os.lstat(place.socket)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _seconds(text: str) -> float:
    return float("inf") if text == "forever" else float(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine.serve", description="The worker that stays.")
    parser.add_argument("--keep-alive", type=_seconds, default="forever", metavar="SECONDS")
    parser.add_argument("--device", default="", metavar="A,B")
    parser.add_argument("--ray", default="", metavar="ADDRESS")
    parser.add_argument("--strict", action="store_true")
    return parser


def _trim_log() -> None:
    """Empty the log when it is large: standard error is a file that was opened for appending."""
    with contextlib.suppress(OSError):
        if os.fstat(2).st_size > _MAX_LOG_BYTES:
            os.ftruncate(2, 0)


if __name__ == "__main__":
    sys.exit(main())
