"""The theme that was chosen in the command palette: remembered in the state folder for the next start.

The configuration file names a theme too.  The one that spoke last is in force: a choice holds until the file names a
different theme than it did when the choice was made.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from textual.app import App
from textual.theme import Theme

from engine.paths import is_there

FILE = "theme.json"


def theme_in_force(path: Path, configured: str) -> str:
    """Return the name of the theme to begin with, "" for the usual one.

    Args:
        path: The file of the choice; one that is missing or damaged holds no choice.
        configured: The theme that the configuration file names, or "".
    """
    if not is_there(path):
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


class ThemeMemory:
    """The theme of an app: the one in force at its start, and a choice that is kept."""

    def __init__(self, app: App[Any], path: Path, configured: str) -> None:
        """Prepare.

        Args:
            app: The app.
            path: The file of the choice.
            configured: The theme that the configuration file names, or "".
        """
        self._app, self._path, self._configured, self._in_use = app, path, configured, ""

    def begin(self) -> None:
        """Use the theme in force, and keep the one that is chosen from now on."""
        theme = theme_in_force(self._path, self._configured)
        if theme in self._app.available_themes:
            self._app.theme = theme
        self._in_use = self._app.theme
        self._app.theme_changed_signal.subscribe(self._app, self._keep, immediate=True)

    def _keep(self, theme: Theme) -> None:
        if theme.name != self._in_use:
            self._in_use = theme.name
            remember_theme(self._path, theme.name, self._configured)
