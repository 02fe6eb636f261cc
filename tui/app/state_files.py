"""Damaged files of state: set aside under another name and said once, so that a person can still mend the last of them.

Where such a file is damaged, warmer goes on as if it were empty, and writes it anew when something changes.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from tui.app import chosen_theme, hints, prompt_history

FILES = (chosen_theme.FILE, hints.FILE, prompt_history.FILE, "models.json", "start-model.json")
SUFFIX = ".damaged"


def set_aside_damaged(folder: Path) -> tuple[str, ...]:
    """Rename the damaged files of a state folder, and return a sentence about each.

    A file that may not be read or renamed is left where it is: nothing is known about it, or nothing can be done.

    Args:
        folder: The folder.
    """
    sentences = []
    for name in FILES:
        file = folder / name
        if os.path.lexists(file) and os.access(file, os.R_OK) and _is_damaged(file):
            aside = file.with_name(f"{name}{SUFFIX}")
            with contextlib.suppress(OSError):
                file.rename(aside)
                sentences.append(f"{file} was damaged; it is now called {aside.name}, and warmer begins a new one")
    return tuple(sentences)


def _is_damaged(file: Path) -> bool:
    from engine.models.json_files import read_state  # not before there is a file: the first paint waits for this

    return not isinstance(read_state(file), dict | list)
