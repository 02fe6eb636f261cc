"""Where `warmer` keeps its files on this machine."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def sessions_root() -> Path:
    """Return the folder that holds a folder for each session: `warmer` among the user's pictures."""
    return platformdirs.user_pictures_path() / "warmer"


def journal_path() -> Path:
    """Return the file that names the folders of sessions."""
    return platformdirs.user_state_path("warmer") / "sessions.txt"


def cache_folder() -> Path:
    """Return the folder for what can be made again: thumbnails, and what pictures record."""
    return platformdirs.user_cache_path("warmer")
