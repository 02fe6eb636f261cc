"""Run the command as a process, and the record of the picture that it is tried on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import latentpng
from latentpng.record import Round
from tests.support.latentpng.pictures import seeded_record

STEPS = (Round(seed=3, scale=0.5, of=4, marks=(2, 0)), Round(seed=4, scale=0.25, bands=(1.0, 0.5), region="01/11"))
RECORD = seeded_record(STEPS)
COMMAND = [sys.executable, "-m", "latentpng"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(latentpng.__file__).parents[1])}


def run(*arguments: str, stdin: bytes = b"") -> tuple[int, bytes, str]:
    """Run the command as a process and return its exit code, standard output and standard error."""
    ran = subprocess.run(
        [*COMMAND, *arguments], input=stdin, capture_output=True, env=ENVIRONMENT, timeout=60, check=False
    )
    return ran.returncode, ran.stdout, ran.stderr.decode()
