"""The worker process: its environment, and the sentences for its ends."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys

import pytest

from engine.worker.process import how_it_ended, worker_environment

AGAIN = "; it starts again with the next picture"
LOG = f" (its output is in LOG){AGAIN}"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator is glibc's")
def test_the_worker_keeps_the_memory_that_it_frees() -> None:
    program = (
        "import resource\n"
        "def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "def use(): return len([b'x' * 3_000_000 for _ in range(4)])\n"
        "use()\n"
        "before = faults()\n"
        "for _ in range(9): use()\n"
        "print(faults() - before)"
    )
    fresh, kept = (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
        for environment in ({}, worker_environment())
    )
    assert int(fresh.stdout) > 9 * 6_000_000 // resource.getpagesize(), "without the settings, memory is returned"
    assert int(kept.stdout) < 1000


def test_the_users_settings_of_the_allocator_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "131072")
    assert worker_environment()["MALLOC_TRIM_THRESHOLD_"] == "131072"


@pytest.mark.parametrize(
    ("code", "last", "sentence"),
    [
        (-9, "x", f"the rendering process was killed, probably because the system ran out of memory{AGAIN}"),
        (-11, "x", f"the rendering process crashed with SIGSEGV{LOG}"),
        (-250, "", f"the rendering process crashed with signal 250{LOG}"),
        (1, "", f"the rendering process ended with exit code 1{LOG}"),
        (1, "ImportError: x", f"the rendering process ended with exit code 1: ImportError: x{LOG}"),
    ],
)
def test_every_end_has_its_sentence(code: int, last: str, sentence: str) -> None:
    assert how_it_ended(code, last, "LOG") == sentence


def test_without_a_log_no_log_is_named() -> None:
    for code, silence in ((-11, 0.0), (1, 0.0), (-9, 5.0)):
        assert how_it_ended(code, "", os.devnull, silence).endswith("it starts again with the next picture")


def test_long_silence_is_reported_in_minutes() -> None:
    assert how_it_ended(-9, "x", "LOG", 120.4) == (
        "the rendering process did not answer for 2 minutes and was stopped (LOG shows what it was doing); "
        "it starts again with the next picture"
    )
