"""Every command without some of its standard streams, with full ones, and with readers that go away."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.campaigns.attack.part import Outcome
from tests.campaigns.terminals.stalls import prepare

_ROOT: Final = Path(__file__).parents[3]
_PICTURE: Final = _ROOT / "tests" / "vectors" / "seeded.png"
_WARMER: Final = (
    "from tests.campaigns.sessions.witnessed import run_command as r\nimport sys; r(sys.argv[1:], 'thread')"
)
_LATENTPNG: Final = "from latentpng.cli import main; import sys; sys.exit(main(sys.argv[1:]))"
_COMMANDS: Final = tuple(
    (program, words)
    for program, lines in (
        (
            _LATENTPNG,
            (
                *("--help", "--version", "inspect a.png", "inspect --json .", "verify .", "verify -", "tree ."),
                *("extract a.png -o -", "extract a.png", "strip -", "strip a.png -o b.png", "diff a.png c.png"),
                *("copy a.png c.png -o b.png", "import a.png", "inspect no.png", "no-such-command", "embed"),
            ),
        ),
        (
            _WARMER,
            (
                *("--help", "--version", "", "a.png", "models", "models --json", "config", "doctor --quick --json"),
                *("new --prompt x --json --out new", "vary a.png --json --out new", "render a.png --out b.png"),
                *("render a.png --check --json", "film a.png", "invert a.png", "worker status", "new", "--scale x"),
            ),
        ),
    )
    for words in lines
)
_STREAMS: Final = (
    *("<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- 2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"),
    *(">/dev/full 2>&1", "</dev/null", "| head -c 1", "2>&1 | head -c 1", "| true", "2>&1 >&- | true"),
)
_CODES: Final = frozenset({*range(13), 130, 141}) - {1}


def streams(number: int, home: Path) -> Outcome:
    """Run one command with some of its streams missing."""
    program, words = _COMMANDS[number % len(_COMMANDS)]
    redirection = _STREAMS[(number // len(_COMMANDS) + 5 * number) % len(_STREAMS)]
    prepare(home)
    work = home / "work"
    work.mkdir()
    for name in ("a.png", "c.png"):
        shutil.copy(_PICTURE, work / name)
    ran = _run(program, words, redirection, work, home)
    shown = ran.stdout + ran.stderr
    faults = []
    code = int((home / "code").read_text() or -1)
    if code not in _CODES:
        faults.append(f"it ended with {code}: {shown[-300:]!r}")
    if b"Traceback" in shown or b"internal error" in shown or b"Exception ignored" in shown:
        faults.append(f"it showed a fault of its own: {shown[-300:]!r}")
    if "--json" in words and not ("2>&1" in redirection or "head" in redirection):
        faults += [f"among its results: {line[:100]!r}" for line in ran.stdout.splitlines() if not _is_json(line)]
    if "head" not in redirection and (work / "a.png").read_bytes() != _PICTURE.read_bytes():
        faults.append("a picture that it was to read was changed")
    name = "warmer" if program is _WARMER else "latentpng"
    return Outcome(
        kind=f"streams of {name}",
        faults=tuple(f"case {number} ({name} {words} {redirection}): {fault}" for fault in faults),
    )


def _run(program: str, words: str, redirection: str, work: Path, home: Path) -> subprocess.CompletedProcess[bytes]:
    before, bar, after = redirection.partition("|")
    line = f"( '{sys.executable}' -c \"$0\" {words} {before}; echo $? >'{home}/code' ) {bar}{after}"
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "WARMER_"))}
    variables |= {"HOME": str(home), "PYTHONPATH": str(_ROOT), "TMPDIR": str(home / "tmp")}
    return subprocess.run(
        ["sh", "-c", line, program], cwd=work, env=variables, capture_output=True, timeout=120, check=False
    )


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
