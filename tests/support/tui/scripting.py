"""`warmer` and its commands run as the command line would run them, against the fake renderer."""

from __future__ import annotations

from engine.fake import FakeRenderer
from tui.cli import run_command


def warmer(name: str, *arguments: object, renderer: FakeRenderer | None = None) -> int:
    """Run a command, and return its exit code."""
    return run_command(name, [*map(str, arguments), "--quiet"], lambda: renderer or FakeRenderer())
