"""The options that all commands share: --out and --force have aliases, and no option may be abbreviated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentpng.cli import main
from latentpng.png.chunks import build
from latentpng.png.pixels import encode_pixels
from tests.support.latentpng.pictures import RGB, SIDE
from tests.support.latentpng.running import RECORD

A1111 = b"parameters\0a dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x64, Model: v1-5, Version: v1"
WRITERS = {
    "copy": ["copy", "a.png", "plain.png"],
    "embed": ["embed", "plain.png", "--noise", "noise.npy"],
    "extract": ["extract", "a.png"],
    "import": ["import", "other.png"],
    "strip": ["strip", "a.png"],
}


@pytest.fixture
def inputs(folder: Path) -> Path:
    """The current folder: an input for every command that writes."""
    plain = encode_pixels(SIDE, SIDE, RGB)
    (folder / "plain.png").write_bytes(plain)
    (folder / "other.png").write_bytes(plain[:33] + build(b"tEXt", A1111) + plain[33:])
    np.save(folder / "noise.npy", RECORD.tensor)
    return folder


@pytest.mark.parametrize("command", WRITERS)
def test_every_name_of_out_and_force_does_the_same(
    inputs: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    target = inputs / ("x.npy" if command == "extract" else "x.png")
    written = set()
    for out in ("-o", "--out", "--output"):
        for force in ("-f", "--force", "--overwrite"):
            target.write_bytes(b"mine")
            assert main([*WRITERS[command], out, target.name]) == 9
            assert target.read_bytes() == b"mine"
            assert main([*WRITERS[command], out, target.name, force]) == 0
            written.add(target.read_bytes())
    assert len(written) == 1
    assert written != {b"mine"}
    assert "--force" in capsys.readouterr().err


@pytest.mark.parametrize("command", WRITERS)
def test_help_shows_one_name_of_each_and_mentions_the_alias(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert [shown.count(name) for name in (", --out X", ", --out OUT", ", --force ")] in ([1, 0, 1], [0, 1, 1])
    for alias in ("--output", "--overwrite"):
        assert shown.count(alias) == shown.count(f"(also: {alias})") == 1


@pytest.mark.parametrize("option", ["--ou", "--outp", "--forc", "--over"])
def test_options_are_not_abbreviated(capsys: pytest.CaptureFixture[str], option: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["strip", "a.png", option, "x.png"])
    assert caught.value.code == 2
    assert f"error: unrecognized arguments: {option}" in capsys.readouterr().err
