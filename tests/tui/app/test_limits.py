"""A picture at a limit of the file format opens, says so, and lets one go on from an ancestor."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.fake_pictures import FakeModel
from engine.open import open_prompt
from engine.options import Options
from engine.search.running import PARENT
from latentpng.noise.replay import record_of
from latentpng.png.files import pixel_digest, write_picture
from latentpng.record import Lineage, Round, SeedRoot
from latentpng.rules import MAX_ROUNDS
from tests.support.engine.searching import Running
from tests.support.tui.driving import Driver, make_app, running

FULL = "this picture came from 4,096 rounds, and a file holds 4,096"


def full_picture(folder: Path, rounds: int = MAX_ROUNDS) -> Path:
    """Write a picture with as many rounds as a file holds."""
    begun = Running(open_prompt(Options(seed=5), "a lake"), folder / "for its settings")
    begun.finish()
    finished = begun.search.finished(PARENT)
    begun.close()
    assert finished is not None
    moves = tuple(Round(seed=number % 10, scale=0.5, of=4, marks=(0,)) for number in range(rounds))
    lineage = Lineage(root=SeedRoot(seed=1), rounds=moves)
    record, picture = finished.record, finished.picture
    noise = FakeModel(noise_shape=(4, 16, 16), axes="CHW").noise(lineage)
    written = record_of(
        lineage,
        noise,
        axes="CHW",
        settings=record.settings,
        software=record.software,
        pixels=pixel_digest(picture.rgb),
    )
    file = folder / "full.png"
    write_picture(file, picture.width, picture.height, picture.rgb, written)
    return file


async def until_shown(driver: Driver, words: str) -> None:
    await driver.until(lambda: words in driver.text())


@pytest.mark.slow  # a history of 4,096 pictures is drawn
async def test_a_full_picture_opens_and_branches_from_an_ancestor(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, str(full_picture(tmp_path))), size=(160, 40)) as driver:
        await driver.until_done()
        await until_shown(driver, FULL)
        assert driver.search.size == 1
        await driver.press(
            "1", "3", "n", "r", "right", "asterisk", "asterisk", "tab", "tab", "left_square_bracket", "enter"
        )
        assert len(driver.search.session.lineage.rounds) == MAX_ROUNDS
        await driver.press("u")
        await driver.until(lambda: driver.search.size > 1)
        await driver.until_done()
        await driver.press("2")
        await driver.until(lambda: len(driver.search.session.lineage.rounds) == MAX_ROUNDS)
        await until_shown(driver, FULL)
        await driver.press("h")
        await driver.until(lambda: driver.screen.history is not None and driver.screen.history.is_mounted)
        await driver.press("escape")
        key = driver.search.session.node.key
    async with running(make_app(tmp_path), size=(160, 40)) as driver:
        await until_shown(driver, "resume")
        await driver.press("enter")
        await driver.until_done()
        assert driver.search.session.node.key == key
        await until_shown(driver, FULL)
