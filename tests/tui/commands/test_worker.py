"""`warmer worker`, and what the other commands say about a worker that stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import InvalidRequestError, KeptWorkerError, ModelError
from engine.fake import FakeRenderer
from engine.kept import starting
from engine.kept.address import address
from engine.kept.connecting import connect, stop
from engine.kept.hello import hello_of
from engine.rendering.events import RendererNoticed, TurnChanged
from engine.rendering.requests import Job
from latentpng.errors import ExitCode
from tests.support.engine.kept import KEPT_SERVER
from tests.support.engine.workers import comes_true
from tui.cli import run_command
from tui.exit_codes import NO_WORKER, exit_code_of


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WARMER_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr(starting, "SERVER", KEPT_SERVER)
    yield
    if connection := connect(address()):
        with connection:
            stop(connection, hello_of())


def worker(*words: str) -> int:
    return run_command("worker", words, FakeRenderer)


def test_where_none_is_running_stop_and_status_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    for action in ("stop", "status"):
        assert worker(action) == NO_WORKER
        assert capsys.readouterr().out == "no worker stays on this machine\n"
        assert worker(action, "--json") == NO_WORKER
        assert json.loads(capsys.readouterr().out) == {"running": False}


def test_it_is_started_with_a_model_shown_and_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    assert worker("start", "--quiet") == ExitCode.OK
    shown = capsys.readouterr().out
    pid = re.match(r"process   (\d+), warmer ", shown)
    assert pid is not None
    lines = shown.splitlines()
    assert lines[1] == "model     embedded on cpu, float32"
    assert re.fullmatch(r"memory    [\d,]+ MiB", lines[2])
    assert lines[4:] == [
        "requests  0",
        "stays     until it is stopped",
        f"log       {starting.log_path()}",
    ]
    assert worker("start", "--quiet", "--json") == ExitCode.OK
    again = json.loads(capsys.readouterr().out)
    assert (again["running"], again["pid"], again["model"], again["keep_alive"]) == (
        True,
        int(pid[1]),
        "embedded",
        None,
    )
    assert worker("stop") == ExitCode.OK
    assert capsys.readouterr().out == f"the worker that stayed, process {pid[1]}, has ended\n"
    assert worker("status") == NO_WORKER


def test_it_stays_as_long_as_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    worker("start", "--keep-alive", "90m", "--quiet")
    assert comes_true(lambda: worker("status") == ExitCode.OK and "ends in" in capsys.readouterr().out)
    worker("status")
    lines = capsys.readouterr().out.splitlines()
    assert lines[3:-1] == [
        "programs  0",
        "requests  0",
        "stays     1 h 30 min after its use",
        "ends in   1 h 30 min",
    ]
    worker("stop", "--json")
    assert json.loads(capsys.readouterr().out)["stopped"] is True


def test_what_makes_no_sense_starts_nothing() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        worker("start", "--keep-alive", "0")
    assert str(caught.value) == "--keep-alive 0 would end the worker at once: name a longer time, or leave it out"
    with pytest.raises(ModelError):
        worker("start", "--model", "no such model")
    assert connect(address()) is None


def test_a_time_that_is_none_is_refused_with_what_was_expected(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        worker("start", "--keep-alive", "soon")
    assert capsys.readouterr().err.endswith(
        'argument --keep-alive: expected a time such as "10m", "90s", "2h" or "0", or a number of minutes, at most '
        "a week, found 'soon'\n"
    )


def test_a_worker_that_does_not_fit_is_an_error_of_its_own() -> None:
    worker("start", "--quiet")
    with pytest.raises(KeptWorkerError) as caught:
        worker("start", "--device", "cpu,cpu", "--quiet")
    assert exit_code_of(caught.value) == NO_WORKER


def test_a_command_says_what_the_renderer_notices_and_how_many_come_before_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Telling(FakeRenderer):
        def render(self, job: Job) -> None:
            self._on_event(RendererNoticed(sentence="a new worker"))
            for place in (2, 1, 0):
                self._on_event(TurnChanged(place=place))
            super().render(job)

    words = ["--prompt", "a lake", "--seed", "7", "--out", str(tmp_path / "a.png")]
    assert run_command("new", words, Telling) == ExitCode.OK
    assert capsys.readouterr().err.splitlines()[-4:] == [
        "a new worker",
        "waiting for 2 requests of other programs",
        "waiting for 1 request of other programs",
        "it is this program's turn",
    ]
    assert run_command("new", [*words, "--force", "--quiet"], Telling) == ExitCode.OK
    assert capsys.readouterr().err == "a new worker\n", "what it notices is no progress"
