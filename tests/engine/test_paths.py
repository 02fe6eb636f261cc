"""Paths that may come from anywhere: opening one never hangs, and fails with an OSError alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.paths import open_regular


def test_a_regular_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    with open_regular(tmp_path / "a") as stream:
        assert stream.read() == b"abc"


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 5000, "nowhere", ".", "pipe", "/dev/null"], ids=range(7))
def test_what_is_no_regular_file_is_refused(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError):  # noqa: PT011 (the system has its own words for most of them)
        open_regular(tmp_path / name)
