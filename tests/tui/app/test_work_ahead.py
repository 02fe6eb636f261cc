"""How many grids are rendered ahead: what was asked for, and what the machine can spare."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Collection
from pathlib import Path

import pytest

from engine.errors import KeptWorkerError
from engine.kept.hello import Hello
from engine.options import Options
from engine.search.ahead import AUTO_GRIDS
from engine.search.running import Search
from latentpng.record import JsonObject
from tests.support.tui.driving import PROMPT, make_app, running
from tui.app import work_ahead
from tui.app.work import in_idle_thread
from tui.app.work_ahead import grids_ahead, has_time_to_spare, kept_process, own_processes
from tui.arguments import AppArguments
from tui.cli import main


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the search was told, one number after the other."""
    told: list[int] = []
    monkeypatch.setattr(Search, "set_ahead", lambda _, grids: told.append(grids))
    return told


def test_a_number_counts_and_auto_needs_time_to_spare() -> None:
    for choice, spare, busy in (("", 0, 0), ("off", 0, 0), ("auto", AUTO_GRIDS, 0), ("1", 1, 1), ("64", 64, 64)):
        assert grids_ahead(choice, is_spare=True) == spare
        assert grids_ahead(choice, is_spare=False) == busy


@pytest.mark.parametrize(
    ("device", "on_battery", "is_used", "expected"),
    [
        ("cuda:0", False, False, True),
        ("cuda:0", True, False, False),
        ("cuda:0", False, True, False),
        ("cpu", False, True, True),
        ("cpu", True, False, False),
    ],
)
def test_the_machine_has_time_on_mains_and_while_nobody_else_uses_its_gpu(
    monkeypatch: pytest.MonkeyPatch, device: str, on_battery: bool, is_used: bool, expected: bool
) -> None:
    asked: list[Collection[int]] = []

    def is_used_by_others(own: Collection[int]) -> bool:
        asked.append(own)
        return is_used

    monkeypatch.setattr("engine.machine.runs_on_battery", lambda: on_battery)
    monkeypatch.setattr("engine.machine.gpu_is_used_by_others", is_used_by_others)
    assert has_time_to_spare(device) is expected
    assert all(os.getpid() in own for own in asked)
    assert bool(asked) == (device != "cpu" and not on_battery)


def test_the_worker_is_a_process_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        monkeypatch.setattr(work_ahead, "kept_process", lambda: 0)
        assert own_processes() >= {os.getpid(), child.pid}
        monkeypatch.setattr(work_ahead, "kept_process", lambda: 2**30)  # it has just ended
        assert own_processes() >= {os.getpid(), child.pid, 2**30}
        child.communicate(b"\n")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [({"pid": 7}, 7), ({}, 0), (ConnectionResetError(), 0), (KeptWorkerError("it does not answer"), 0)],
)
def test_the_worker_that_stays_is_asked_for_its_process(
    monkeypatch: pytest.MonkeyPatch, answer: JsonObject | Exception, expected: int
) -> None:
    def ask(connection: socket.socket, hello: Hello) -> JsonObject:
        del connection, hello
        if isinstance(answer, Exception):
            raise answer
        return answer

    ours, theirs = socket.socketpair()
    monkeypatch.setattr("engine.kept.connecting.connect", lambda _: ours)
    monkeypatch.setattr("engine.kept.connecting.ask_status", ask)
    with theirs:
        assert kept_process() == expected
    assert ours.fileno() == -1, "the connection is closed"
    monkeypatch.setattr("engine.kept.connecting.connect", lambda _: None)
    assert kept_process() == 0


async def test_a_number_is_told_at_once_and_the_machine_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[int]
) -> None:
    asked: list[str] = []

    def asks(device: str) -> bool:
        asked.append(device)
        return True

    monkeypatch.setattr(work_ahead, "has_time_to_spare", asks)
    async with running(make_app(tmp_path, *PROMPT, "--ahead", "3")) as driver:
        await driver.until_done()
        assert (told, asked) == ([3], [])


async def test_auto_follows_the_machine_until_the_search_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[int]
) -> None:
    answers, asked = [True, False, True], []

    def asks(device: str) -> bool:
        asked.append(device)
        return answers[min(len(asked), len(answers)) - 1]

    monkeypatch.setattr(work_ahead, "has_time_to_spare", asks)
    monkeypatch.setattr(work_ahead, "ASK_SECONDS", 0.05)
    async with running(make_app(tmp_path, *PROMPT, "--ahead", "auto")) as driver:
        await driver.until(lambda: len(told) >= 3)
        await driver.app.action_gallery()
        number = len(asked)
        await driver.pilot.pause(0.2)
        assert (told[:3], asked[0], number) == ([AUTO_GRIDS, 0, AUTO_GRIDS], "cpu", len(asked))


async def test_what_the_machine_answers_for_a_search_that_was_left_counts_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[int]
) -> None:
    async with running(make_app(tmp_path, *PROMPT, "--ahead", "auto")) as driver:

        def leave(device: str) -> bool:
            driver.app._work_ahead.end()
            return bool(device)

        monkeypatch.setattr(work_ahead, "has_time_to_spare", leave)
        await driver.until_done()
        await driver.app.workers.wait_for_complete()
        assert told == []


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ([], "", ("auto", False, 0)),
        ([], 'ahead = "off"\ndraft = true\npicture_memory = 64\n', ("off", True, 64)),
        (["--ahead", "2", "--draft"], "ahead = 5\ndraft = false\n", ("2", True, 0)),
    ],
)
def test_the_options_come_before_the_configuration_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], text: str, expected: tuple[str, bool, int]
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    seen: list[AppArguments] = []

    def run(options: Options, arguments: AppArguments, *, changed: bool) -> int:
        del options, changed
        seen.append(arguments)
        return 0

    monkeypatch.setenv("WARMER_CONFIG", str(file))
    monkeypatch.setattr("tui.app.launch.run_app", run)
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    assert [(each.ahead, each.draft, each.picture_memory) for each in seen] == [expected]


@pytest.mark.parametrize("word", ["on", "0", "65", "-1", "1.5"])
def test_a_mistake_in_the_option_says_what_is_possible(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([f"--ahead={word}"])
    assert ended.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == (
        f"warmer: error: argument --ahead: ahead is off, auto or a whole number from 1 to 64, found '{word}'"
    )


def test_the_end_of_the_app_does_not_wait_for_what_the_machine_is_asked() -> None:
    is_asked, may_answer = threading.Event(), threading.Event()

    def ask() -> bool:
        is_asked.set()
        return may_answer.wait()

    async def leave() -> None:
        asking = asyncio.create_task(in_idle_thread(ask))
        while not is_asked.is_set():
            await asyncio.sleep(0)
        asking.cancel()

    asyncio.run(leave())
    assert not may_answer.is_set()
    may_answer.set()


async def test_what_goes_wrong_in_an_idle_thread_reaches_whoever_waits() -> None:
    def fail() -> None:
        raise OSError("no answer")

    with pytest.raises(OSError, match="no answer"):
        await in_idle_thread(fail)
