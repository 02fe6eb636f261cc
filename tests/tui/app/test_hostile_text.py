"""Text that a terminal would obey never reaches it, whatever is edited or copied."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from unicodedata import category

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import Input

from latentpng.png.files import read_picture, read_record, write_picture
from tests.support.tui.driving import PROMPT, TIMEOUT_SECONDS, Driver, make_app, running
from tests.support.tui.scripting import warmer
from tests.tui.app.test_command_line import words_of
from tui.app.command_line import path_of
from tui.app.screens.edit import EditScreen
from tui.app.screens.new_prompt import NewPromptScreen
from tui.app.screens.path import PathScreen
from tui.app.widgets.safe_lines import safe_strip

EVIL = "a\x1b]0;pwn\x07 lake \x1b[5m\x9b31m [bold]x[/]\u202e"


def is_safe(driver: Driver) -> bool:
    """Return whether what the screen shows holds nothing that a terminal obeys."""
    return not any(category(character) in ("Cc", "Cs") for line in driver.text().split("\n") for character in line)


def hostile_picture(folder: Path) -> Path:
    """Write a picture with a prompt that a terminal would obey."""
    path = folder / "evil.png"
    warmer("new", "--prompt", "a lake", "--seed", 7, "--size", "64x48", "--out", path)
    record, (width, height, rgb) = read_record(path), read_picture(path)
    settings = {**record.settings, "prompt": EVIL, "negative_prompt": EVIL}
    write_picture(path, width, height, rgb, replace(record, metadata=replace(record.metadata, settings=settings)))
    return path


@pytest.mark.parametrize("text", [EVIL, "\x00\x01", "a\r\nb", "\ud800", "plain ☾"])
def test_a_strip_keeps_its_width_and_loses_what_a_terminal_obeys(text: str) -> None:
    before = Strip([Segment("ab "), Segment(text)])
    found = safe_strip(before)
    assert found.cell_length == cell_len(found.text) == before.cell_length
    assert not set(found.text) & {chr(code) for code in (*range(32), *range(127, 160), 0xD800, 0x202E)}


@pytest.mark.parametrize(("key", "kind"), [("p", NewPromptScreen), ("e", EditScreen)])
async def test_the_prompt_of_a_picture_is_edited_safely(tmp_path: Path, key: str, kind: type) -> None:
    async with running(make_app(tmp_path / "s", str(hostile_picture(tmp_path)))) as driver:
        await driver.until_done()
        await driver.press(key)
        await driver.until(lambda: isinstance(driver.app.screen, kind))
        await driver.until(lambda: "lake" in driver.text() and "pwn" in driver.text())
        assert is_safe(driver)


async def test_earlier_prompts_are_walked_safely(tmp_path: Path) -> None:
    (tmp_path / "prompts.json").write_text(json.dumps([EVIL, "\ud800", "[bold]m[/"]))
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: isinstance(driver.app.focused, Input))
        line = driver.app.screen.query_one("#prompt-input", Input)
        end = time.monotonic() + TIMEOUT_SECONDS
        while line.value != "[bold]m[/":  # the prompts may be read only after the first key
            assert time.monotonic() < end
            await driver.press("up")
            assert is_safe(driver)
            driver.text().encode()


async def test_names_of_files_are_completed_safely(tmp_path: Path) -> None:
    folder = tmp_path / "names"
    folder.mkdir()
    for name in (b"a\x1b[5m.png", b"b\n.png", b"c\xff.png", b"d[bold].png"):
        (Path(os.fsdecode(os.fsencode(folder) + b"/" + name))).touch()
    os.mkfifo(folder / "e.png")
    (folder / "f.png").symlink_to(folder / "f.png")
    async with running(make_app(tmp_path / "s", *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("o")
        await driver.until(lambda: isinstance(driver.app.screen, PathScreen))
        await driver.paste(f"{folder}/")
        await driver.until(lambda: "d[bold].png" in driver.text())
        for _ in range(8):
            await driver.press("tab")
            assert is_safe(driver)
            driver.text().encode()
            await driver.press("enter")
            await driver.until_done()
            assert is_safe(driver)


@pytest.mark.parametrize("name", ["a\n rm x\n.png", "\x1b[31m!!.png", "\udcff'\\.png", "\u202egnp.png"])
def test_a_path_that_a_terminal_would_obey_is_copied_as_a_shell_takes_it(name: str) -> None:
    copied = path_of(Path("/pictures") / name)
    assert copied.isprintable()
    assert copied.encode()
    assert words_of(copied) == [f"/pictures/{name}"]
    assert "!" not in copied


def test_an_ordinary_path_is_copied_as_it_is() -> None:
    assert path_of(Path("/pictures/a lake, 'quoted' $HOME.png")) == "/pictures/a lake, 'quoted' $HOME.png"
