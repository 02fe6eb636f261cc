"""What y and Y copy reaches the terminal: by OSC 52, and inside tmux by tmux itself, whatever its settings."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.tui.driving import PROMPT, make_app, running
from tui.app.clipboard import give_to_tmux, sequence_of
from tui.graphics.terminal.capabilities import Terminal


def test_the_sequence_holds_the_bytes_of_a_name() -> None:
    name = os.fsdecode(b"a \xff.png")
    assert sequence_of(name) == f"\x1b]52;c;{base64.b64encode(os.fsencode(name)).decode()}\x07"


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_tmux_with_its_usual_settings_takes_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    socket = tmp_path / "socket"
    tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
    environment = {name: value for name, value in os.environ.items() if name != "TMUX"}
    subprocess.run([*tmux, "new-session", "-d", "sleep 60"], check=True, env=environment)
    try:
        monkeypatch.setenv("TMUX", f"{socket},0,0")
        name = os.fsdecode(b"/p/a \xff\n.png")
        assert give_to_tmux(name)
        assert subprocess.run([*tmux, "show-buffer"], check=True, capture_output=True).stdout == os.fsencode(name)
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
    assert not give_to_tmux("no server any more")


@pytest.mark.parametrize("in_tmux", [False, True])
@pytest.mark.parametrize("takes", [False, True])
async def test_a_text_is_sent_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, in_tmux: bool, takes: bool
) -> None:
    given: list[str] = []
    written: list[str] = []

    def take(text: str) -> bool:
        given.append(text)
        return takes

    monkeypatch.setattr("tui.app.clipboard.give_to_tmux", take)
    async with running(make_app(tmp_path, terminal=Terminal(in_tmux=in_tmux))) as driver:
        driver_of_textual = driver.app._driver
        assert driver_of_textual is not None
        monkeypatch.setattr(driver_of_textual, "write", written.append)
        driver.app.copy_to_clipboard("a path")
        assert driver.app.clipboard == "a path"
        expected = [] if in_tmux and takes else [sequence_of("a path")]
        await driver.until(lambda: bool(given) == in_tmux and [text for text in written if "]52" in text] == expected)
    assert given == (["a path"] if in_tmux else [])


async def test_a_candidate_that_is_not_saved_is_not_said_to_be_copied(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        driver.screen.grid.select(1)
        await driver.press("y")
        await driver.until(lambda: bool(driver.screen.notice))
        assert driver.screen.notice == (
            "the round of this picture can only be read from its file; pick it or star it with * first"
        )
        assert driver.app.clipboard == ""
        await driver.press("asterisk")
        await driver.until(lambda: driver.search.file(driver.search.node_of(1)) is not None)
        await driver.press("y")
        file = driver.search.file(driver.search.node_of(1))
        await driver.until(lambda: driver.app.clipboard.startswith("warmer render "))
        assert str(file) in driver.app.clipboard
        assert driver.screen.notice == "copied the command line that renders this picture again"
