"""The files of the SVG snapshots end in .svg, and no test depends on how fast the disk is.

pytest-textual-snapshot 1.0 sets the extension by a name that syrupy has changed since: its files would end in .raw,
which no viewer opens.
"""

from __future__ import annotations

from importlib import import_module

import pytest

from tui.app.screens import search_saving

import_module("pytest_textual_snapshot").SVGImageExtension.file_extension = "svg"


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the journal as long as it takes: on a loaded machine the status line would say that the disk is slow."""
    monkeypatch.setattr(search_saving, "SAVING_SECONDS", 60.0)
