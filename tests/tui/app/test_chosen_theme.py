"""The theme: chosen in the palette, remembered, and in force until the configuration file says something new."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.tui.driving import make_app, running
from tui.app.chosen_theme import remember_theme, theme_in_force


@pytest.mark.parametrize(
    ("then", "now", "in_force"),
    [
        ("", "", "nord"),
        ("gruvbox", "gruvbox", "nord"),
        ("gruvbox", "dracula", "dracula"),
        ("", "dracula", "dracula"),
        ("gruvbox", "", ""),
    ],
)
def test_the_last_word_counts(tmp_path: Path, then: str, now: str, in_force: str) -> None:
    path = tmp_path / "state" / "theme.json"
    assert theme_in_force(path, now) == now
    remember_theme(path, "nord", then)
    assert theme_in_force(path, now) == in_force


@pytest.mark.parametrize("content", ["", "{", "[]", '{"chosen": 3, "configured": ""}', '{"chosen": ""}'])
def test_a_damaged_file_holds_no_choice(tmp_path: Path, content: str) -> None:
    (tmp_path / "theme.json").write_text(content)
    assert theme_in_force(tmp_path / "theme.json", "nord") == "nord"


async def test_a_theme_that_is_chosen_in_the_palette_is_there_at_the_next_start(tmp_path: Path) -> None:
    async with running(make_app(tmp_path)) as driver:
        assert driver.app.theme == "textual-dark"
        await driver.press("ctrl+p")
        await driver.until(lambda: "Choose other colours; they stay for the next start." in driver.text())
        await driver.press(*"theme", "down", "enter")
        await driver.until(lambda: "textual-light" in driver.text())
        await driver.press(*"nord")
        await driver.until(lambda: "textual-light" not in driver.text() and "nord" in driver.text())
        await driver.press("down", "enter")
        await driver.until(lambda: driver.app.theme == "nord")
        await driver.until((tmp_path / "theme.json").exists)
    async with running(make_app(tmp_path)) as driver:
        assert driver.app.theme == "nord"
    async with running(make_app(tmp_path, theme="gruvbox")) as driver:
        assert driver.app.theme == "gruvbox"


async def test_a_theme_that_was_only_configured_is_not_remembered(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, theme="nord")) as driver:
        await driver.until(lambda: "is ready on" in driver.text())
        assert driver.app.theme == "nord"
    assert not (tmp_path / "theme.json").exists()


async def test_a_theme_that_is_gone_is_not_used(tmp_path: Path) -> None:
    remember_theme(tmp_path / "theme.json", "no-such-theme", "")
    async with running(make_app(tmp_path)) as driver:
        assert driver.app.theme == "textual-dark"
