"""Starts the app: asks the terminal what it can do first, and says afterwards where the pictures are."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engine.client import WorkerRenderer
from engine.errors import InvalidRequest
from engine.store import read_journal
from tui.graphics.capabilities import detect, set_truecolor
from tui.opening import open_picture, open_prompt
from tui.options import target_for_prompt
from tui.places import journal_path, sessions_root


def run_app(options: argparse.Namespace) -> int:
    """Runs the app to its end; the exit code.  Raises the errors of opening before anything is drawn."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InvalidRequest("warmer needs a terminal; in scripts use `warmer new`, `warmer vary` and `warmer render`")
    target = target_for_prompt(options, "")
    opening = None
    if options.file is not None:
        opening = open_picture(options, options.file)
    elif options.prompt is not None:
        opening = open_prompt(options, options.prompt)
    terminal = detect(options.graphics)
    set_truecolor(terminal)
    from tui.app import WarmerApp  # Textual reads the environment when it is imported
    from tui.graphics.service import Graphics

    app = WarmerApp(
        renderer=WorkerRenderer(),
        graphics=Graphics(terminal),
        options=options,
        target=target,
        sessions=sessions_root(),
        journal_path=journal_path(),
        opening=opening,
        journal=read_journal(journal_path()),
    )
    app.run()
    for folder in app.saved_to:
        if any(Path(folder).glob("*.png")):
            print(folder)  # noqa: T201 (the result: where the pictures are)
    return app.return_code or 0
