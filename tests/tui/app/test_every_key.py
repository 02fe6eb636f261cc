"""A scripted session through every key: what each of them does, and that none is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.photos.making import photo_file
from tests.support.tui import key_scripts, key_scripts_dialogs, key_scripts_regions
from tests.support.tui.driving import PROMPT, make_app, running
from tests.support.tui.key_steps import Step, declared_keys, play, pressed_keys

SCRIPTS: dict[str, tuple[tuple[str, ...], Sequence[Step]]] = {
    "picks": ((*PROMPT, "--grid", "4"), key_scripts.PICKS),
    "goes": ((*PROMPT, "--grid", "4"), key_scripts.GOES),
    "search": (PROMPT, key_scripts.SEARCH),
    "regions": (PROMPT, key_scripts_regions.REGIONS),
    "screens": (PROMPT, key_scripts.SCREENS),
    "edit": (PROMPT, key_scripts_dialogs.EDIT),
    "region": (PROMPT, key_scripts_dialogs.REGION),
    "film": (PROMPT, key_scripts_dialogs.FILM),
    "files": (PROMPT, key_scripts_dialogs.FILES),
    "prompt": (PROMPT, key_scripts_dialogs.PROMPT_AND_GALLERY),
    "photo": (("{folder}/beach.png",), key_scripts_dialogs.PHOTO),
}
"""The command line of each session, and its keys."""
BEGIN: dict[str, tuple[str, ...]] = {"goes": ("v",), "screens": ("1",), "film": ("1", "2"), "files": ("1",)}
"""Keys before it."""


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
async def test_every_key_has_its_effect(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    photo_file(tmp_path / "beach.png")
    words, steps = SCRIPTS[name]
    app = make_app(tmp_path / "app", *(word.format(folder=tmp_path) for word in words))
    async with running(app, size=(80, 24) if "--grid" in words else (120, 40)) as driver:
        if words[0] == "--prompt":
            await driver.until_done()
        for key in BEGIN.get(name, ()):
            await driver.press(key)
            await driver.until_done()
        await play(driver, steps)


def test_no_key_is_forgotten() -> None:
    pressed = pressed_keys([step for _, steps in SCRIPTS.values() for step in steps])
    assert declared_keys() - pressed == set(), "every key needs a step in one of the scripts"


def test_a_key_without_a_step_is_noticed() -> None:
    steps = [step for _, steps in SCRIPTS.values() for step in steps if step.keys != ("asterisk",)]
    assert declared_keys() - pressed_keys(steps) == {("SearchScreen", "asterisk")}
