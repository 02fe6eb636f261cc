"""The worker that stays as a process: how it starts, dies and is told apart, and that nothing is left of it."""

from __future__ import annotations

import os
import shutil
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
from engine.kept.connecting import ask_status, connect, stop
from engine.kept.link import attached_link
from engine.renderers import RendererChoice, needs_of, own_renderer, renderer_for
from engine.rendering.events import (
    LOADING,
    Failure,
    JobDone,
    JobFailed,
    ModelReady,
    PictureRendered,
    RendererNoticed,
    StepDone,
    WorkerDied,
)
from engine.serve import listening, locked
from engine.worker import process
from engine.worker.client import WorkerRenderer
from latentpng.record import JsonObject
from tests.support.engine.kept import KEPT_SERVER, Client
from tests.support.engine.workers import FAKE_WORKER, LOAD, TIMEOUT_SECONDS, comes_true, is_alive, is_zombie, job_of

LONG = 600.0
LOST = "the worker that stays has ended; the next picture is rendered by a new one"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for the socket; afterwards there is no process left of whatever a test has started."""
    monkeypatch.setenv("WARMER_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr(starting, "SERVER", KEPT_SERVER)
    monkeypatch.setattr(process, "WORKER", FAKE_WORKER)
    yield tmp_path / "run"
    if connection := connect(address()):
        with connection:
            stop(connection, needs_of(RendererChoice()))
    assert comes_true(lambda: not kept_processes(tmp_path / "run")), "nothing is left"


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
        lambda: attached_link(address(), needs_of(RendererChoice()), keep_alive), lambda: own_renderer(RendererChoice())
    )


def loaded(keep_alive: float = LONG) -> Client:
    it = client(keep_alive)
    it.renderer.load(LOAD)
    it.until(ModelReady)
    return it


def test_the_model_stays_when_a_program_has_ended_and_the_next_one_finds_it(folder: Path) -> None:
    first = loaded()
    pid = server_pid()
    first.renderer.close()
    second = client(0.0)
    second.renderer.load(LOAD)
    second.renderer.render(job_of(1))
    found = second.until(JobDone)
    assert isinstance(found[0], ModelReady), "nothing is loaded"
    assert sum(isinstance(event, PictureRendered) for event in found) == 2
    assert server_pid() == pid
    second.renderer.close()
    assert (folder.stat().st_mode & 0o777, (folder / "worker.sock").stat().st_mode & 0o077) == (0o700, 0)


def test_it_has_neither_the_terminal_nor_the_folder_nor_the_session_of_the_program() -> None:
    it = loaded()
    pid = server_pid()
    assert os.getsid(pid) != os.getsid(0)
    assert psutil.Process(pid).cwd() == "/"
    opened = {str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in range(3)}
    assert opened == {os.devnull, str(starting.log_path())}
    assert psutil.Process(pid).ppid() != os.getpid()
    it.renderer.close()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the umask of a process")
def test_its_socket_is_private_and_other_files_have_the_rights_of_the_program(folder: Path) -> None:
    def umask(pid: int) -> str:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(line for line in lines if line.startswith("Umask:"))

    loaded().renderer.close()
    assert (folder / "worker.sock").stat().st_mode & 0o777 == 0o700
    assert umask(server_pid()) == umask(inner_pid()) == umask(os.getpid())


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


def test_killing_a_program_in_the_middle_of_a_grid_leaves_the_worker_usable() -> None:
    program = (
        "import sys, threading\n"
        "from engine.kept import starting\n"
        "from engine.renderers import RendererChoice, renderer_for\n"
        "from engine.rendering.events import StepDone\n"
        "from tests.support.engine.workers import LOAD, job_of\n"
        f"starting.SERVER = {KEPT_SERVER!r}\n"
        "renderer = renderer_for(RendererChoice(keep_alive=600.0))\n"
        "renderer.start(lambda event: isinstance(event, StepDone) and print('step', flush=True))\n"
        "renderer.load(LOAD)\n"
        "renderer.render(job_of(1, count=400))\n"
        "threading.Event().wait()\n"
    )
    for number in (signal.SIGKILL, signal.SIGTERM):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as doomed:
            assert doomed.stdout is not None
            assert doomed.stdout.readline() == "step\n"
            waiting = loaded()
            waiting.renderer.render(job_of(1))
            doomed.send_signal(number)
            assert sum(isinstance(event, PictureRendered) for event in waiting.until(JobDone)) == 2
            waiting.renderer.close()
    assert comes_true(lambda: status()["programs"] == 0)


def test_killing_the_inner_worker_is_told_to_all_and_the_next_job_starts_it_again() -> None:
    first, second = loaded(), loaded()
    first.renderer.render(job_of(1, count=200))
    first.until(StepDone)
    os.kill(inner_pid(), signal.SIGKILL)
    sentence = (
        "the rendering process was killed, probably because the system ran out of memory; it starts again with the "
        "next picture"
    )
    *_, failed, died = first.until(WorkerDied)
    assert isinstance(failed, JobFailed)
    assert (failed.job, failed.sentence, died) == (1, sentence, WorkerDied(sentence=sentence))
    assert second.until(WorkerDied)[-1] == WorkerDied(sentence=sentence)
    for it in (second, first):
        it.renderer.render(job_of(2))
        assert sum(isinstance(event, PictureRendered) for event in it.until(JobDone)) == 2
        it.renderer.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_end_of_the_server_is_told_and_the_next_request_starts_a_new_one(number: signal.Signals) -> None:
    it = loaded()
    it.renderer.render(job_of(1, count=200))
    it.until(StepDone)
    pid, inner = server_pid(), inner_pid()
    os.kill(pid, number)
    *_, failed, died = it.until(WorkerDied)
    assert isinstance(failed, JobFailed)
    assert (failed.job, failed.sentence, died) == (1, LOST, WorkerDied(sentence=LOST))
    assert comes_true(lambda: is_zombie(pid) and is_zombie(inner)), "its worker process ends with it"
    it.renderer.render(job_of(2))
    found = it.until(JobDone)
    assert found[0] == RendererNoticed(sentence="this program renders with a new worker that stays")
    assert sum(isinstance(event, PictureRendered) for event in found) == 2, "the model was loaded again by itself"
    assert server_pid() != pid
    it.renderer.close()


def test_a_program_that_does_not_ask_for_one_goes_on_with_a_worker_of_its_own() -> None:
    loaded().renderer.close()
    it = loaded(keep_alive=0.0)
    os.kill(server_pid(), signal.SIGKILL)
    assert it.until(WorkerDied)[-1] == WorkerDied(sentence=LOST)
    it.renderer.render(job_of(2))
    found = it.until(JobDone)
    assert found[0] == RendererNoticed(
        sentence="no worker that stays is running any more: this program renders with a worker of its own"
    )
    assert sum(isinstance(event, PictureRendered) for event in found) == 2
    it.renderer.close()
    assert connect(address()) is None


def test_hang_up_does_not_end_it() -> None:
    loaded().renderer.close()
    pid = server_pid()
    os.kill(pid, signal.SIGHUP)
    assert server_pid() == pid


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


def test_it_removes_its_socket_when_it_ends(folder: Path) -> None:
    loaded(keep_alive=1.0).renderer.close()
    assert comes_true(lambda: not (folder / "worker.sock").exists()), "nobody has used it for a second"
    assert (folder / "worker.lock").exists()


def test_one_that_cannot_be_found_any_more_ends_with_its_last_program(folder: Path) -> None:
    it = loaded()
    pid = server_pid()
    shutil.rmtree(folder)  # as the folder of a session, when the user logs out
    it.renderer.render(job_of(1))
    it.until(JobDone)
    assert not is_zombie(pid)
    it.renderer.close()
    assert comes_true(lambda: is_zombie(pid))


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
    assert str(caught.value) == "the worker that stays does not answer: nothing came within 0 seconds"


def test_a_server_that_cannot_start_is_reported_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "SERVER", "tests.support.engine.no_such_module")
    with pytest.raises(KeptWorkerError) as caught:
        attached_link(address(), needs_of(RendererChoice()), LONG)
    assert str(caught.value).startswith("a worker that stays cannot be started: ")
    assert str(caught.value).endswith("No module named tests.support.engine.no_such_module")


def test_several_devices_share_the_work_of_a_worker_that_stays() -> None:
    choice = RendererChoice(devices=("cpu", "cpu"), keep_alive=LONG)
    it = Client.attached(lambda: attached_link(address(), needs_of(choice), LONG))
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
        lambda: attached_link(address(), needs_of(choice), LONG),
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


def test_closing_a_program_leaves_no_thread_of_it() -> None:
    before = threading.active_count()
    it = loaded()
    it.renderer.render(job_of(1, count=100))
    it.until(StepDone)
    it.renderer.close()
    assert threading.active_count() == before
    assert is_alive(server_pid())
