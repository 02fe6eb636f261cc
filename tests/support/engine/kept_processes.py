"""The worker that stays as a process, seen from tests: its folder, its processes, and programs that attach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from engine.kept import starting
from engine.kept.address import address
from engine.kept.connecting import ask_status, connect, stop
from engine.kept.link import attached_link
from engine.renderers import RendererChoice, needs_of, own_renderer
from engine.rendering.events import ModelReady
from engine.worker import process
from latentpng.record import JsonObject
from tests.support.engine.kept import KEPT_SERVER, Client
from tests.support.engine.workers import FAKE_WORKER, LOAD, comes_true

LONG = 600.0


def kept_processes(folder: Path) -> list[int]:
    """The processes of a worker that stays, and what they have started: they have the folder in their environment."""
    found = []
    for each in psutil.process_iter(["pid", "cmdline"]):
        words = each.info["cmdline"] or []
        try:
            is_ours = KEPT_SERVER in words or FAKE_WORKER in words
            if is_ours and each.environ().get("WARMER_RUNTIME_DIR") == str(folder):
                found.append(each.pid)
        except psutil.Error:
            continue
    return found


def status() -> JsonObject:
    connection = connect(address())
    assert connection is not None
    with connection:
        return ask_status(connection, needs_of(RendererChoice()))


def is_running() -> bool:
    if connection := connect(address()):
        connection.close()
    return connection is not None


def server_pid() -> int:
    pid = status()["pid"]
    assert isinstance(pid, int)
    return pid


def inner_pid() -> int:
    (child,) = psutil.Process(server_pid()).children()
    pid: int = child.pid
    return pid


def client(keep_alive: float = LONG) -> Client:
    """A program as every command makes it; its own worker is the fake one."""
    return Client.attached(
        lambda opened: attached_link(address(), needs_of(RendererChoice()), keep_alive, opened),
        lambda: own_renderer(RendererChoice()),
    )


def loaded(keep_alive: float = LONG) -> Client:
    it = client(keep_alive)
    it.renderer.load(LOAD)
    it.until(ModelReady)
    return it


@contextmanager
def kept_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for the socket; afterwards there is no process left of whatever a test has started."""
    monkeypatch.setenv("WARMER_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr(starting, "SERVER", KEPT_SERVER)
    monkeypatch.setattr(process, "WORKER", FAKE_WORKER)
    yield tmp_path / "run"
    if connection := connect(address()):
        with connection:
            stop(connection, needs_of(RendererChoice()))
    assert comes_true(lambda: not kept_processes(tmp_path / "run")), "nothing is left"
