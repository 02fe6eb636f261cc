"""How a worker that stays is started and found: once, in a private folder, or with a reason why not."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.errors import InvalidRequestError, KeptWorkerError
from engine.kept import starting
from engine.kept.address import IS_RUNNING, address, create_folder
from engine.kept.connecting import connect
from engine.kept.link import attached_link
from engine.kept.peers import peer_pid
from engine.renderers import RendererChoice, needs_of, own_renderer, renderer_for
from engine.rendering.events import (
    LOADING,
    Failure,
    JobDone,
    JobFailed,
    ModelReady,
    PictureRendered,
    RendererNoticed,
)
from engine.serve import listening, locked
from engine.worker.client import WorkerRenderer
from tests.support.engine.kept import KEPT_SERVER, Client
from tests.support.engine.kept_processes import (
    LONG,
    client,
    is_running,
    kept_folder,
    loaded,
    server_pid,
    status,
)
from tests.support.engine.workers import LOAD, TIMEOUT_SECONDS, comes_true, is_zombie, job_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with kept_folder(tmp_path, monkeypatch) as found:
        yield found


def test_two_programs_that_start_it_at_once_share_one() -> None:
    barrier = threading.Barrier(4)
    found: list[Client] = []

    def start() -> None:
        barrier.wait()
        found.append(loaded())

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert status()["programs"] == 4
    for it in found:
        it.renderer.render(job_of(1))
        it.until(JobDone)
        it.renderer.close()


def test_a_socket_that_was_left_behind_is_replaced(folder: Path) -> None:
    loaded().renderer.close()
    pid = server_pid()
    os.kill(pid, signal.SIGKILL)
    assert comes_true(lambda: is_zombie(pid))
    assert (folder / "worker.sock").exists()
    assert comes_true(lambda: not is_running()), "the kernel closes a socket a moment after it ends a process"
    assert not isinstance(renderer_for(RendererChoice()), WorkerRenderer), "that takes a look with the first request"
    own = client(0.0)
    own.renderer.load(LOAD)
    assert not [event for event in own.until(ModelReady) if isinstance(event, RendererNoticed)], "nothing is amiss"
    own.renderer.close()
    it = loaded()
    assert server_pid() != pid
    it.renderer.close()


def test_a_relative_folder_is_that_of_the_program(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    monkeypatch.setenv("WARMER_RUNTIME_DIR", folder.name)
    loaded().renderer.close()
    assert (folder / "worker.sock").exists()


def test_only_one_holds_the_lock_and_the_others_end_at_once(folder: Path) -> None:
    create_folder(address())
    lock = locked(address())
    assert lock is not None
    assert locked(address()) is None
    ended = subprocess.run([sys.executable, "-m", KEPT_SERVER], check=False, timeout=TIMEOUT_SECONDS)
    assert ended.returncode == IS_RUNNING
    os.close(lock)
    assert not (folder / "worker.sock").exists()


def test_one_that_holds_the_lock_and_does_not_listen_is_not_waited_for_without_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(starting, "_SECONDS", 0.5)
    create_folder(address())
    lock = locked(address())
    assert lock is not None
    with pytest.raises(KeptWorkerError) as caught:
        attached_link(address(), needs_of(RendererChoice()), LONG)
    os.close(lock)
    assert str(caught.value) == f"a worker that stays cannot be started: exit code {IS_RUNNING}"


def test_one_that_does_not_answer_is_not_waited_for_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.kept.connecting.SECONDS", 0.05)
    create_folder(address())
    listener: socket.socket = listening(address())
    with pytest.raises(KeptWorkerError) as caught:
        attached_link(address(), needs_of(RendererChoice()), LONG)
    listener.close()
    address().socket.unlink()
    advice = f"; its process has the ID {os.getpid()}, end it with `kill -9 {os.getpid()}`"
    assert str(caught.value) == f"the worker that stays does not answer: nothing came within 0 seconds{advice}"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system refuses such a connection")
def test_programs_that_come_at_once_wait_until_they_are_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    create_folder(address())
    with contextlib.ExitStack() as opened:
        listener = opened.enter_context(listening(address()))
        listener.listen(0)
        waiting = connect(address())
        assert waiting is not None
        opened.enter_context(waiting)
        with monkeypatch.context() as patch:
            patch.setattr("engine.kept.connecting.SECONDS", 0.05)
            with pytest.raises(KeptWorkerError) as caught:
                connect(address())
        assert str(caught.value) == (
            f"{address().socket}: the worker that stays does not answer: nothing came within 0 seconds"
        )
        letting_in = threading.Timer(0.05, lambda: opened.enter_context(listener.accept()[0]))
        letting_in.start()
        late = connect(address())
        letting_in.join()
        assert late is not None
        opened.enter_context(late)
    address().socket.unlink()


def test_where_the_system_does_not_name_the_process_it_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    near, far = socket.socketpair()
    with near, far:
        assert peer_pid(near) in (os.getpid(), 0)
        monkeypatch.delattr(socket, "SO_PEERCRED", raising=False)
        assert peer_pid(near) == 0
    monkeypatch.undo()
    assert peer_pid(near) == 0, "it is closed"


def test_a_server_that_cannot_start_is_reported_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "SERVER", "tests.support.engine.no_such_module")
    with pytest.raises(KeptWorkerError) as caught:
        attached_link(address(), needs_of(RendererChoice()), LONG)
    assert str(caught.value).startswith("a worker that stays cannot be started: ")
    assert str(caught.value).endswith("No module named tests.support.engine.no_such_module")


def test_several_devices_share_the_work_of_a_worker_that_stays() -> None:
    choice = RendererChoice(devices=("cpu", "cpu"), keep_alive=LONG)
    it = Client.attached(lambda opened: attached_link(address(), needs_of(choice), LONG, opened))
    it.renderer.load(LOAD)
    it.until(ModelReady)
    it.renderer.render(job_of(1, count=8))
    found = [event.index for event in it.until(JobDone) if isinstance(event, PictureRendered)]
    assert sorted(found) == list(range(8))
    assert len(psutil.Process(server_pid()).children()) == 2
    it.renderer.close()


def test_a_server_whose_cluster_cannot_be_used_is_gone_at_once_and_the_reason_is_told(folder: Path) -> None:
    choice = RendererChoice(ray="no address", keep_alive=LONG)
    with pytest.raises(InvalidRequestError) as caught:
        renderer_for(choice)  # it is checked before a worker is looked for, and might be wrong a moment later
    it = Client.attached(
        lambda opened: attached_link(address(), needs_of(choice), LONG, opened),
        lambda: own_renderer(choice),
    )
    it.renderer.load(LOAD)
    noticed, failed = it.until(JobFailed)
    it.renderer.close()
    assert isinstance(noticed, RendererNoticed)
    assert failed == JobFailed(job=LOADING, failure=Failure.MODEL, sentence=str(caught.value))
    assert comes_true(lambda: not (folder / "worker.sock").exists())


def test_a_folder_that_others_can_enter_is_refused_and_the_program_renders_by_itself(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)
    it = client()
    it.renderer.load(LOAD)
    it.renderer.render(job_of(1))
    found = it.until(JobDone)
    assert found[0] == RendererNoticed(
        sentence=f"{folder}: the folder for the socket of the worker has the mode 0755, which lets other users in: "
        f"run `chmod 700 {folder}`: this program renders with a worker of its own"
    )
    it.renderer.close()


@pytest.mark.parametrize(
    ("choice", "is_attached"),
    [(RendererChoice(), False), (RendererChoice(keep_alive=0.0), False), (RendererChoice(keep_alive=1.0), True)],
)
def test_which_renderer_is_made_where_none_is_running(choice: RendererChoice, is_attached: bool) -> None:
    assert isinstance(renderer_for(choice), WorkerRenderer) != is_attached


def test_a_running_worker_is_used_whatever_a_program_asks_for() -> None:
    loaded().renderer.close()
    assert not isinstance(renderer_for(RendererChoice()), WorkerRenderer)
