"""Ask `warmer render --check` whether pictures still render to the same pixels.

It runs as a process of its own, because this package does not import torch.  Its JSON lines are not trusted: whatever
it prints, each file gets one answer.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from latentpng.errors import ExitCode
from latentpng.parent import Kind, Lifeline
from latentpng.text import plain

if TYPE_CHECKING:
    from latentpng.record import Json, JsonObject

PACKAGE = "tui"  # its __main__ is the command `warmer`
_MAX_FILES = 500  # for one process, because the length of a command line is limited
_MAX_MESSAGE = 400  # characters of the last line on its standard error


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The result of rendering one file again.

    Attributes:
        file: The name of the file, as it was asked for.
        exit_code: OK for the same pixels.
        problem: One sentence that names the file, "" for the same pixels.
        differing: One phrase for each recorded condition that differs from this run.
        entries: Everything that `warmer` answered.
    """

    file: str
    exit_code: ExitCode
    problem: str = ""
    differing: tuple[str, ...] = ()
    entries: JsonObject = field(default_factory=dict)

    @property
    def passed(self) -> str:
        """The check that passed, in words."""
        return "rendering bit-exact" + (f", although {'; '.join(self.differing)}" if self.differing else "")


def is_installed() -> bool:
    """Return whether `warmer` is installed for this Python, without importing any of it."""
    spec = importlib.util.find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec is not None else None
    # a folder of that name in the current directory has a spec too, but no __main__
    return any((Path(folder) / "__main__.py").is_file() for folder in folders or ())


def command(lifeline: Lifeline) -> list[str]:
    """Return the command line, up to the names of the files."""
    return [*lifeline.program(Kind.ALONE, PACKAGE), "render", "--check", "--json", "--quiet", "--"]


def render_again(files: Sequence[str]) -> Iterator[Answer]:
    """Render files again, at most 500 per process.

    Yields:
        One answer for each file, in the order in which they are ready.
    """
    for start in range(0, len(files), _MAX_FILES):
        yield from _answers(files[start : start + _MAX_FILES])


def _answers(files: Sequence[str]) -> Iterator[Answer]:
    unanswered: dict[str, list[str]] = {}  # by normalised path; a file may be named more than once
    for file in files:
        unanswered.setdefault(str(Path(file)), []).append(file)
    with tempfile.TemporaryFile() as errors, Lifeline() as lifeline:
        with subprocess.Popen(
            [*command(lifeline), *files],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment(),
            pass_fds=(lifeline.end,),
        ) as process:
            try:
                for line in process.stdout or ():
                    entries = _object(line)
                    for file in unanswered.get(str(entries.pop("path", "")), [])[:1]:
                        unanswered[str(Path(file))].remove(file)
                        yield _answer(file, entries)
                code = process.wait()
            finally:
                process.terminate()  # does nothing when the process has ended
        why = f"warmer ended without a result for this file (exit code {code}{_last_line(errors)})"
    for file in (file for same in unanswered.values() for file in same):
        yield Answer(file=file, exit_code=ExitCode.NOT_RENDERED, problem=f"{plain(file)}: {why}")


def _answer(file: str, entries: dict[str, Json]) -> Answer:
    """Return the answer that one JSON object means; an unknown exit code or a missing sentence is not trusted."""
    known = [code for code in ExitCode if code == entries.get("exit_code")]
    code = known[0] if known else ExitCode.NOT_RENDERED
    sentence, differing = entries.pop("problem", ""), entries.get("differing")
    unknown = f"{plain(file)}: warmer gave a result that this version of latentpng does not understand"
    problem = plain(sentence) if isinstance(sentence, str) and sentence else unknown
    return Answer(
        file=file,
        exit_code=code,
        problem="" if code == ExitCode.OK else problem,
        differing=tuple(plain(str(phrase)) for phrase in differing) if isinstance(differing, list) else (),
        entries=entries,
    )


def _object(line: bytes) -> dict[str, Json]:
    """Return the JSON object on a line; an empty one for anything else."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def environment() -> dict[str, str]:
    """Return this process's environment, with the folder of this package added to the child's search for modules.

    A source tree that is not installed has `warmer` there.
    """
    root = str(Path(__file__).resolve().parent.parent.parent)
    paths = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, root])}


def _last_line(errors: IO[bytes]) -> str:
    """Return the last line that the child wrote to standard error, behind a colon; "" for none."""
    errors.seek(0)
    lines = [line.strip() for line in errors.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return f": {plain(lines[-1], _MAX_MESSAGE)}" if lines else ""
