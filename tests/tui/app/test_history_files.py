"""The other pictures in the folder of a session, whatever else lies there."""

from __future__ import annotations

import os
from pathlib import Path

from tests.engine.search.sessions import session
from tests.support.tui.scripting import warmer
from tui.app.history.files import other_files


def test_what_is_no_picture_hides_none(tmp_path: Path) -> None:
    warmer("new", "--prompt", "a lake", "--seed", 7, "--size", "64x48", "--out", tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "round.png").symlink_to(tmp_path / "round.png")
    (tmp_path / "lost.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "empty.png").touch()
    found = other_files(tmp_path, session().tree, ())
    assert [file.path.name for file in found.files] == ["a.png", "empty.png"]
    assert found.files[1].note == "it carries no noise that can be read"
