"""The processes that commands start end when the command is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.engine.workers import ROOT, comes_true, is_zombie

_SPREAD = """
from latentpng.commands.parallel import spread
from tests.support.latentpng.sleeper import sleep
if __name__ == "__main__":
    with spread(sleep, ["stop", "sleep"], 2) as results:
        list(results)
"""
_ALONE = """
import subprocess, sys
from latentpng.parent import Kind, Lifeline
with Lifeline() as lifeline:
    words = [lifeline.program(Kind.ALONE, "tests.support.latentpng.sleeper") + [how] for how in ("stop", "sleep")]
    running = [subprocess.Popen(each, pass_fds=(lifeline.end,)) for each in words]
    [each.wait() for each in running]
"""
_FREE = """
import subprocess
from latentpng.parent import Kind, Lifeline
with Lifeline() as lifeline:
    words = lifeline.program(Kind.STARTING, "tests.support.latentpng.sleeper") + ["sleep"]
    with subprocess.Popen(words, pass_fds=(lifeline.end,), start_new_session=True) as running:
        input()
        lifeline.set_free()
        print("free", flush=True)
        running.wait()
"""


def started(folder: Path, program: str, count: int) -> tuple[subprocess.Popen[str], list[int]]:
    """Run a program, and return it with the process IDs that its children print."""
    file = folder / "program.py"
    file.write_text(program)
    command = [sys.executable, str(file)]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert running.stdout is not None
    return running, [int(running.stdout.readline()) for _ in range(count)]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a stopped process outlives its parent")
@pytest.mark.parametrize("program", [_SPREAD, _ALONE], ids=["spread", "alone"])
def test_children_end_when_their_command_is_killed(program: str, tmp_path: Path) -> None:
    running, children = started(tmp_path, program, 2)
    running.kill()
    running.communicate()
    assert comes_true(lambda: all(map(is_zombie, children)))


@pytest.mark.parametrize("is_free", [False, True])
def test_what_is_set_free_outlives_its_parent(is_free: bool, tmp_path: Path) -> None:
    running, (child,) = started(tmp_path, _FREE, 1)
    assert running.stdin is not None
    assert running.stdout is not None
    if is_free:
        running.stdin.write("\n")
        running.stdin.flush()
        assert running.stdout.readline() == "free\n"
    running.kill()
    if is_free:
        running.wait()
        assert not is_zombie(child)
        subprocess.run(["kill", "-9", str(child)], check=True)
    running.communicate()
    assert comes_true(lambda: is_zombie(child))
