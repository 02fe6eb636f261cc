"""Standard input and output of the commands; FIFOs and devices as inputs; streams that are closed or full."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from latentpng.cli import main
from latentpng.noise.replay import digest
from latentpng.png.pixels import encode_pixels
from tests.support.latentpng.pictures import RGB, SIDE
from tests.support.latentpng.running import COMMAND, ENVIRONMENT, RECORD, run


@pytest.mark.parametrize(
    "command", ["inspect", "verify", "tree", "extract", "strip", "copy", "diff", "embed", "import"]
)
def test_a_fifo_or_a_device_is_refused(folder: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    """Nothing writes to the FIFO, so a command that opened it like a file would block for ever."""
    os.mkfifo(folder / "pipe")
    np.save(folder / "noise.npy", RECORD.tensor)
    needed = "a regular file needed, found a pipe or device; use - for standard input"
    further = {"copy": ["a.png"], "diff": ["a.png"], "embed": ["--noise", "noise.npy"]}.get(command, [])
    for name in ("pipe", "/dev/null"):
        assert main([command, name, *further]) == 3
        out, err = capsys.readouterr()
        told = out if command == "verify" else err
        assert told == f"{'' if command == 'verify' else 'latentpng: '}{name}: {needed}\n"


def test_standard_input_is_no_folder(folder: Path) -> None:
    data = (folder / "a.png").read_bytes()
    (folder / "-").mkdir()
    ran = subprocess.run(
        [*COMMAND, "verify", "-"], input=data, cwd=folder, env=ENVIRONMENT, capture_output=True, timeout=60, check=False
    )
    assert ran.stdout == b"standard input: good (noise of 2 x 8 x 8, lineage of 2 rounds, pixels)\n"


def test_a_pipe_is_read_and_written(folder: Path) -> None:
    data = (folder / "a.png").read_bytes()
    code, out, err = run("extract", "-", stdin=data)
    assert (code, err) == (0, "")
    assert digest(np.load(io.BytesIO(out))) == RECORD.node
    code, out, err = run("strip", "-", stdin=data)
    assert (code, out, err) == (0, encode_pixels(SIDE, SIDE, RGB), "")
    assert run("verify", "-", stdin=b"") == (3, b"standard input: it is not a PNG, it is empty\n", "")


@pytest.mark.parametrize("named", [["a.png"] * 300, ["many"]])
def test_a_closed_pipe_is_quiet(folder: Path, named: list[str]) -> None:
    (folder / "many").mkdir()
    for number in range(300):
        (folder / "many" / f"{number}.png").symlink_to(folder / "a.png")
    with subprocess.Popen(
        [*COMMAND, "inspect", *named], cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 141


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("inspect a.png >&-", 9, "latentpng: standard output: it cannot be written (Bad file descriptor)\n"),
        ("inspect . >/dev/full", 9, "latentpng: standard output: it cannot be written (No space left on device)\n"),
        ("inspect a.png >/dev/full", 9, "latentpng: standard output: it cannot be written (No space left on device)\n"),
        (
            "extract a.png -o - >/dev/full",
            9,
            "latentpng: standard output: it cannot be written (No space left on device)\n",
        ),
        ("inspect - <&-", 3, "latentpng: standard input: it is closed\n"),
        ("inspect - </dev/null", 3, "latentpng: standard input: it is not a PNG, it is empty\n"),
        ("inspect ''", 3, "latentpng: '': this is not a valid file name\n"),
        ("inspect no.png 2>&-", 3, ""),
        (f"inspect {'y' * 300}", 3, f"latentpng: {'y' * 300}: it cannot be read (File name too long)\n"),
    ],
)
def test_streams_that_are_not_there(folder: Path, command: str, code: int, message: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    shell = ["sh", "-c", f"'{sys.executable}' -m latentpng {command}"]
    ran = subprocess.run(shell, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr) == (code, message)
