"""Where things are on this machine."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def sessions_root() -> Path:
    """The folder that holds a folder per session: `warmer` among the user's pictures."""
    return platformdirs.user_pictures_path() / "warmer"


def journal_path() -> Path:
    """Where the last session's journal is kept."""
    return platformdirs.user_state_path("warmer") / "last-session.json"
