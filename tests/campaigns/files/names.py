"""File names of strangers: with line breaks, escapes, changes of direction, markup, and bytes that are no text."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

from latentpng.errors import ExitCode
from tests.campaigns.files.readers import takes_long
from tests.campaigns.files.seeds import seeds
from tests.campaigns.files.tools import check_json, check_messages, run_command
from tests.campaigns.files.trial import Trial

_PIECES = (
    b"a", b" ", b"\n", b"\r", b"\t", b"\x1b[2J", b"\x1b]0;t\x07", b"\x9b2J", b"\xc2\x9b31m", b"\xff\xfe",
    b"\xed\xa0\x80", "\u202e".encode(), "\u2066".encode(), "\u2028".encode(), "\ufeff".encode(), "\U000e0001".encode(),
    b"[red]x[ red]", b"[@click=app.quit]x", b"--force", b"-", b"$(id)", b"`id`", b"';id;'", b"\\", b"~", b"%s", b"{0}",
    b"\x7f", b"\x08", "e\u0301".encode(), "\U0001f469\u200d\U0001f680".encode(), b"..", b"=cmd",
)  # fmt: skip
_COMMANDS = (
    ("inspect",), ("inspect", "--json"), ("inspect", "--short"), ("verify",), ("verify", "--json"), ("tree",),
    ("tree", "--json"), ("diff",), ("strip", "--all"), ("import",), ("extract",), ("copy",),
)  # fmt: skip
_OF_FOLDERS = ("inspect", "verify", "tree")
_OF_TWO = ("diff", "copy")
_MAX_NAME = 200  # bytes


class OddNames:
    """Gives good files under odd names to the commands, alone and in a folder with an odd name."""

    def __init__(self, folder: Path) -> None:
        """Make the good files, each of which is written into this folder to look at what it costs."""
        path, self._seeds = folder / "hostile.png", list[bytes]()
        for data in seeds():
            path.write_bytes(data)
            self._seeds += [] if takes_long(path) else [data]

    def __call__(self, trial: Trial, random: Random) -> None:
        """Try one name."""
        words = random.choice(_COMMANDS)
        folder = trial.place.folder / os.fsdecode(b"in" + _name(random))
        trial.data = name = _name(random)
        path = folder / os.fsdecode(name)
        folder.mkdir()
        path.write_bytes(random.choice(self._seeds))
        is_folder = words[0] in _OF_FOLDERS and random.random() < 0.3
        self._run(trial, words, [str(folder if is_folder else path)] * (2 if words[0] in _OF_TWO else 1))
        for left in folder.iterdir():
            left.unlink()
        folder.rmdir()
        outside = sorted(each.name for each in trial.place.folder.iterdir())
        if outside:
            trial.fault(f"{' '.join(words)} of {name!r} leaves {outside}")
        for each in outside:
            Path(trial.place.folder, each).unlink()

    def _run(self, trial: Trial, words: tuple[str, ...], files: list[str]) -> None:
        code, out, err = run_command(trial, [*words, *files])
        if code in (-1, ExitCode.INTERNAL):
            trial.fault(f"{' '.join(words)} of {trial.data!r} ends with exit code {code}")
        check_messages(trial, err)
        if "--json" not in words:
            trial.shown(" ".join(words), out.decode("utf-8", "replace"))
            return
        for line in out.splitlines(keepends=True):
            check_json(trial, line)


def _name(random: Random) -> bytes:
    """Return a name that the file system takes."""
    return b"".join(random.choice(_PIECES) for _ in range(random.randrange(1, 8)))[:_MAX_NAME] + b".png"
