"""A search that is resumed in the app walks back the steps that it took before."""

from __future__ import annotations

from pathlib import Path

from engine.fake import FakeRenderer
from engine.search.running import PARENT
from latentpng.png.files import read_record
from latentpng.record import SeedRoot
from tests.support.tui.driving import PROMPT, Driver, make_app, running, saved

ROOT = SeedRoot(seed=7)


async def until_at(driver: Driver, rounds: int) -> None:
    """Wait until the parent has so many rounds and the grid is finished."""
    await driver.until(lambda: len(driver.search.session.lineage.rounds) == rounds)
    await driver.until_done()


async def test_undo_after_resuming_walks_the_same_steps_and_renders_no_parent_again(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("2")
        await until_at(driver, 1)
        await driver.press("r")
        await driver.until_done()
        await driver.press("left_square_bracket")
        await driver.until_done()
        await driver.press("1")
        await until_at(driver, 2)
        past = (*driver.search.session.past, driver.search.session.place)
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, renderer=renderer)) as driver:
        await driver.until(lambda: "resume" in driver.text())
        await driver.press("enter")
        await driver.until_done()
        assert driver.search.session.place == past[-1]
        for place in reversed(past[:-1]):
            before = driver.search.session
            await driver.press("u")
            await driver.until(lambda before=before: driver.search.session is not before)  # type: ignore[misc]
            assert driver.search.session.place == place
            await driver.until_done()
    rendered = [task for job in renderer.jobs for task in job.tasks if task.lineage.root == ROOT]
    assert rendered
    assert [task for task in rendered if task.index == PARENT] == []
    assert {len(read_record(path).lineage.rounds) for path in saved(tmp_path)} == {0, 1, 2}


async def test_a_session_that_cannot_be_resumed_says_why_and_the_start_screen_stays(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.until(lambda: any(tmp_path.glob("pictures/*/session.json")))
    (journal,) = tmp_path.glob("pictures/*/session.json")
    text = journal.read_text()
    async with running(make_app(tmp_path), size=(160, 40)) as driver:
        await driver.until(lambda: "resume" in driver.text())
        journal.write_text(text.splitlines()[0] + '\n"nodes":[]}')
        await driver.press("enter")
        await driver.until(lambda: "this session cannot be continued" in driver.text())
