"""The prompts that were used: newest first, each once, bounded, and never in the way."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tui.app.prompt_history import MAX_CHARACTERS, MAX_PROMPTS, read_prompts, remember_prompt


def test_the_newest_comes_first_and_none_comes_twice(tmp_path: Path) -> None:
    path = tmp_path / "state" / "prompts.json"
    for prompt in ("a lake", "a fox", " a lake ", "", "  ", "a hill"):
        remember_prompt(path, prompt)
    assert read_prompts(path) == ("a hill", "a lake", "a fox")


def test_the_number_and_the_length_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "prompts.json"
    path.write_text(json.dumps([str(number) for number in range(MAX_PROMPTS)]))
    remember_prompt(path, "x" * (MAX_CHARACTERS + 1))
    assert read_prompts(path)[0] == "0"
    remember_prompt(path, "x" * MAX_CHARACTERS)
    assert len(read_prompts(path)) == MAX_PROMPTS
    assert read_prompts(path)[-1] == str(MAX_PROMPTS - 2)


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"null", b"\xff", b"[" * 100_000, b'[1, null, ["a lake"]]'])
def test_a_damaged_file_holds_no_prompts_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "prompts.json"
    path.write_bytes(content)
    assert read_prompts(path) == ()
    remember_prompt(path, "a lake")
    assert read_prompts(path) == ("a lake",)


def test_a_folder_that_cannot_be_made_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    remember_prompt(tmp_path / "state" / "prompts.json", "a lake")
    assert read_prompts(tmp_path / "state" / "prompts.json") == ()


def test_what_is_known_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "prompts.json"
    remember_prompt(path, "a lake")
    before = path.stat().st_ino
    remember_prompt(path, "a lake")
    assert path.stat().st_ino == before


def test_a_pipe_a_device_and_a_huge_file_hold_no_prompts(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**30)
    for name in ("pipe", "device", "huge"):
        assert read_prompts(tmp_path / name) == ()
        remember_prompt(tmp_path / name, "a lake")
