"""What `warmer render --check` says of files: a process of its own is asked, since this package needs no torch.

Knows that command by its JSON lines alone, and believes none of them more than it has to.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from latentpng.errors import ExitCode
from latentpng.text import plain

if TYPE_CHECKING:
    from latentpng.record import Json, JsonObject

_PACKAGE = "tui"  # its __main__ is the command `warmer`
_MOST_FILES = 500  # of one process: a command line has a limit
_LONGEST = 400  # of what it says in the end


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What was found out about one file.

    problem: one sentence that names the file, "" for the same pixels.
    differing: a phrase for each recorded condition that is another here.  entries: all that was answered.
    """

    file: str
    exit_code: ExitCode
    problem: str = ""
    differing: tuple[str, ...] = ()
    entries: JsonObject = field(default_factory=dict)

    @property
    def passed(self) -> str:
        """The check that held, in words."""
        return "rendering bit-exact" + (f", although {'; '.join(self.differing)}" if self.differing else "")


def is_installed() -> bool:
    """Return whether `warmer` is installed for this Python, without importing any of it."""
    spec = importlib.util.find_spec(_PACKAGE)
    folders = spec.submodule_search_locations if spec is not None else None
    # a folder of that name in the current directory has a spec too, but no __main__
    return any((Path(folder) / "__main__.py").is_file() for folder in folders or ())


def command() -> list[str]:
    """What is run, before the names of the files.  -P: a module in a folder of pictures is not ours."""
    return [sys.executable, "-P", "-m", _PACKAGE, "render", "--check", "--json", "--quiet", "--"]


def render_again(files: Sequence[str]) -> Iterator[Answer]:
    """An answer for each file, in the order in which they come; also when there is none in the end."""
    for start in range(0, len(files), _MOST_FILES):
        yield from _answers(files[start : start + _MOST_FILES])


def _answers(files: Sequence[str]) -> Iterator[Answer]:
    waiting: dict[str, list[str]] = {}
    for file in files:
        waiting.setdefault(str(Path(file)), []).append(file)
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            [*command(), *files], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=_environment()
        ) as process:
            try:
                for line in process.stdout or ():
                    entries = _object(line)
                    for file in waiting.get(str(entries.pop("path", "")), [])[:1]:
                        waiting[str(Path(file))].remove(file)
                        yield _answer(file, entries)
                code = process.wait()
            finally:
                process.terminate()  # nothing when it is over
        why = f"rendering ended without an answer (exit code {code}{_last_line(said)})"
    for file in (file for same in waiting.values() for file in same):
        yield Answer(file=file, exit_code=ExitCode.NOT_RENDERED, problem=f"{plain(file)}: {why}")


def _answer(file: str, entries: dict[str, Json]) -> Answer:
    known = [code for code in ExitCode if code == entries.get("exit_code")]
    code = known[0] if known else ExitCode.NOT_RENDERED
    said, differing = entries.pop("problem", ""), entries.get("differing")
    problem = plain(said) if isinstance(said, str) and said else f"{plain(file)}: not understood what was found"
    return Answer(
        file=file,
        exit_code=code,
        problem="" if code == ExitCode.OK else problem,
        differing=tuple(plain(str(phrase)) for phrase in differing) if isinstance(differing, list) else (),
        entries=entries,
    )


def _object(line: bytes) -> dict[str, Json]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _environment() -> dict[str, str]:
    """Ours, in which the child finds what stands beside this package, installed or not."""
    root = str(Path(__file__).resolve().parent.parent.parent)
    paths = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, root])}


def _last_line(said: IO[bytes]) -> str:
    said.seek(0)
    lines = [line.strip() for line in said.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return f": {plain(lines[-1], _LONGEST)}" if lines else ""
