"""The theme that was chosen in the command palette: remembered in the state folder for the next start.

The configuration file names a theme too.  The one that spoke last is in force: a choice holds until the file names a
different theme than it did when the choice was made.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

FILE = "theme.json"


def theme_in_force(path: Path, configured: str) -> str:
    """Return the name of the theme to begin with, "" for the usual one.

    Args:
        path: The file of the choice; one that is missing or damaged holds no choice.
        configured: The theme that the configuration file names, or "".
    """
    if not path.exists():
        return configured
    from engine.models.json_files import read_state  # not before there is a file: the first paint waits for this

    state = read_state(path)
    entries = state if isinstance(state, dict) else {}
    chosen, then = entries.get("chosen"), entries.get("configured")
    return chosen if isinstance(chosen, str) and chosen and then == configured else configured


def remember_theme(path: Path, chosen: str, configured: str) -> None:
    """Keep a choice; a file that cannot be written is ignored: nothing depends on it.

    Args:
        path: The file.
        chosen: The theme that was chosen.
        configured: The theme that the configuration file names, or "".
    """
    from engine.models.json_files import write_state
    from latentpng.errors import FileError

    with contextlib.suppress(OSError, FileError):
        write_state(path, {"chosen": chosen, "configured": configured})
