"""The worker that stays as a process: how it starts, dies and is told apart, and that nothing is left of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.kept import starting
from engine.kept.address import address
from engine.kept.attached import AttachedRenderer
from engine.kept.connecting import connect
from engine.rendering.events import (
    Failure,
    JobDone,
    JobFailed,
    ModelReady,
    PictureRendered,
    RendererNoticed,
    StepDone,
    WorkerDied,
)
from tests.support.engine.kept import KEPT_SERVER
from tests.support.engine.kept_processes import (
    client,
    inner_pid,
    is_running,
    kept_folder,
    loaded,
    server_pid,
    status,
)
from tests.support.engine.workers import LOAD, comes_true, is_alive, is_zombie, job_of

LOST = "the worker that stays has ended; the next picture is rendered by a new one"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with kept_folder(tmp_path, monkeypatch) as found:
        yield found


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


def test_one_that_is_stopped_is_named_to_a_program_which_renders_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded().renderer.close()
    pid = server_pid()
    os.kill(pid, signal.SIGSTOP)
    with monkeypatch.context() as patch:
        patch.setattr("engine.kept.connecting.SECONDS", 0.05)
        it = client()
        it.renderer.load(LOAD)
        noticed = it.until(ModelReady)[0]
        it.renderer.close()
    os.kill(pid, signal.SIGCONT)
    advice = f"its process has the ID {pid}, end it with `kill -9 {pid}`"
    assert noticed == RendererNoticed(
        sentence=f"the worker that stays does not answer: nothing came within 0 seconds; {advice}: "
        "this program renders with a worker of its own"
    )
    assert server_pid() == pid


@pytest.mark.parametrize("is_busy", [True, False])
def test_one_that_is_stopped_later_is_told_and_this_program_goes_on_by_itself(
    is_busy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = loaded()
    pid, inner = server_pid(), inner_pid()
    if is_busy:
        it.renderer.render(job_of(1, count=400))
        it.until(StepDone)
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr("engine.kept.link.SILENCE_SECONDS", 0.0)
    sentence = (
        f"the worker that stays does not answer any more: its process has the ID {pid}, `kill -9 {pid}` ends it; this "
        "program goes on with a worker of its own"
    )
    *_, told, died = it.until(WorkerDied)
    failed = JobFailed(job=1, failure=Failure.CRASH, sentence=sentence)
    assert [told, died] == [
        failed if is_busy else RendererNoticed(sentence=sentence),
        WorkerDied(sentence=sentence),
    ]
    it.renderer.render(job_of(2))
    assert sum(isinstance(event, PictureRendered) for event in it.until(JobDone)) == 2
    it.renderer.close()
    os.kill(pid, signal.SIGKILL)
    assert comes_true(lambda: is_zombie(inner)), "what a stopped worker has started ends with it"
    assert comes_true(lambda: not is_running()), "all threads have ended"


def test_leaving_does_not_wait_for_one_that_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded().renderer.close()
    pid = server_pid()
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr("engine.kept.connecting.SECONDS", 1000.0)
    it = client()
    it.renderer.load(LOAD)
    renderer = it.renderer
    assert isinstance(renderer, AttachedRenderer)
    assert comes_true(lambda: renderer._connection is not None)
    renderer.close()
    assert not renderer._sender.is_alive()
    os.kill(pid, signal.SIGCONT)


def test_hang_up_does_not_end_it() -> None:
    loaded().renderer.close()
    pid = server_pid()
    os.kill(pid, signal.SIGHUP)
    assert server_pid() == pid


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


def test_closing_a_program_leaves_no_thread_of_it() -> None:
    before = threading.active_count()
    it = loaded()
    it.renderer.render(job_of(1, count=100))
    it.until(StepDone)
    it.renderer.close()
    assert threading.active_count() == before
    assert is_alive(server_pid())
