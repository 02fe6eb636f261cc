"""What else the machine is doing is read from what the system prints, and never fails."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.machine import gpu_is_used_by_others, gpu_shares, runs_on_battery

PRINTED = """\
# gpu         pid   type     sm    mem    enc    dec    jpg    ofa    command
# Idx           #    C/G      %      %      %      %      %      %    name
    0       4242     C     37     12      -      -      -      -    python
    0       4300     G      -      -      -      -      -      -    Xorg
    1       4242     C     61      9      -      -      -      -    python
    1          -     -      -      -      -      -      -      -    -
"""


def test_the_largest_share_of_each_process_counts() -> None:
    assert gpu_shares(PRINTED) == {4242: 61, 4300: 0}


def test_columns_are_found_by_their_names() -> None:
    older = "# gpu        pid  type    mem     sm   command\n# Idx          #   C/G      %      %   name\n0 7 C 80 5 a"
    assert gpu_shares(older) == {7: 5}


@given(st.text(alphabet="# gpidsmtyeC-0123456789\n", max_size=200))
def test_no_output_is_an_error(printed: str) -> None:
    assert all(process >= 0 and share >= 0 for process, share in gpu_shares(printed).items())


@pytest.mark.parametrize(
    ("own", "visible", "is_used"), [((), (4242, 4300), True), ((4242,), (4242, 4300), False), ((), (4300,), False)]
)
def test_only_processes_of_others_that_can_be_seen_count(
    monkeypatch: pytest.MonkeyPatch, own: tuple[int, ...], visible: tuple[int, ...], is_used: bool
) -> None:
    monkeypatch.setattr(psutil, "pid_exists", lambda process: process in visible)
    answer = subprocess.CompletedProcess((), 0, stdout=PRINTED)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    assert gpu_is_used_by_others(own) is is_used


@pytest.mark.parametrize(
    "error",
    [FileNotFoundError("nvidia-smi"), subprocess.TimeoutExpired("nvidia-smi", 3), subprocess.CalledProcessError(9, "")],
)
def test_without_an_answer_the_gpu_is_free(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def run(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(subprocess, "run", run)
    assert not gpu_is_used_by_others(())


@pytest.mark.parametrize(("plugged", "is_on_battery"), [(False, True), (True, False), (None, False)])
def test_a_battery_that_is_not_plugged_in_is_used(
    monkeypatch: pytest.MonkeyPatch, plugged: bool | None, is_on_battery: bool
) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: SimpleNamespace(power_plugged=plugged), raising=False)
    assert runs_on_battery() is is_on_battery


def test_a_machine_without_a_battery_does_not_run_on_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    assert not runs_on_battery()
    monkeypatch.delattr(psutil, "sensors_battery")
    assert not runs_on_battery()
