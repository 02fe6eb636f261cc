"""Hostile files through the real command line, in a process of its own with limits on memory and time."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from random import Random

from tests.campaigns.files.tools import check_json, check_messages
from tests.campaigns.files.trial import Trial

_COMMANDS = (("inspect", "--json"), ("inspect",), ("verify",), ("strip", "--all"), ("import", "--out", "new.png"))
_EXPECTED = frozenset(range(12)) - {1}
_MIB = 2**20
_ADDRESS_SPACE = 2048 * _MIB
_SECONDS = 60
_ROOT = Path(__file__).parents[3]


def run_program(trial: Trial, data: bytes, random: Random) -> None:
    """Give a file to a command in a process of its own."""
    path = trial.file(data)
    words = random.choice(_COMMANDS)
    ran = subprocess.run(
        [sys.executable, "-m", "latentpng", words[0], path.name, *words[1:]],
        cwd=trial.place.folder,
        env={**os.environ, "PYTHONPATH": str(_ROOT), "HOME": str(trial.place.folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=_SECONDS,
        preexec_fn=_limit_memory,
    )
    if ran.returncode not in _EXPECTED or b"Traceback" in ran.stderr:
        trial.fault(f"{' '.join(words)} ends with exit code {ran.returncode}: {ran.stderr[-300:]!r}")
    check_messages(trial, ran.stderr)
    if "--json" in words and ran.stdout:
        check_json(trial, ran.stdout)
    else:
        trial.shown(" ".join(words), ran.stdout.decode("utf-8", "replace"))
    (trial.place.folder / "new.png").unlink(missing_ok=True)
    left = {each.name for each in trial.place.folder.iterdir()} - {path.name}
    if left:
        trial.fault(f"{' '.join(words)} leaves {sorted(left)}")


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
