"""The app while it chooses the first candidates of a new prompt."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.configuration.read import VARIABLE
from engine.fake import FakeRenderer
from engine.options import Options
from engine.search.running import PARENT
from tests.support.tui.driving import PROMPT, Driver, make_app, running
from tui.app.widgets.grid import GridCell
from tui.arguments import AppArguments
from tui.cli import main

VARIED = (*PROMPT, "--first", "varied")


def shown(driver: Driver, index: int) -> object:
    return next(cell for cell in driver.screen.query(GridCell) if cell.index == index).picture.picture


async def until_choosing(driver: Driver) -> None:
    await driver.until(lambda: driver.app.stage.search is not None and driver.app.stage.search.search is not None)
    await driver.until(lambda: not driver.search.progress.decodes)


async def test_the_status_says_what_is_chosen_and_the_grid_then_shows_it(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.hold_after(1)
    async with running(make_app(tmp_path, *VARIED, renderer=renderer)) as driver:
        await until_choosing(driver)
        await driver.until(lambda: "choosing 8 of 12 starts that differ most" in driver.text())
        assert "of the grid" not in driver.text()
        before = driver.search.plan
        renderer.release()
        await driver.until_done()
        assert driver.search.plan != before
        await driver.until(lambda: "press the number of the best picture" in driver.text())
        for index in range(driver.search.size):
            finished = driver.search.finished(index)
            assert finished is not None
            assert shown(driver, index) == finished.picture


async def test_marks_stay_with_the_pictures_that_stay(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.hold_after(1)
    async with running(make_app(tmp_path, *VARIED, renderer=renderer)) as driver:
        await until_choosing(driver)
        await driver.screen.action_undo()  # there is nothing to undo: it says so, and nothing ends
        for index in range(1, 4):
            driver.screen.grid.select(index)
            driver.screen.action_mark()
        marked = [driver.search.plan.candidates[index - 1] for index in driver.screen.marks]
        assert len(marked) == 3
        renderer.release()
        await driver.until_done()
        now = [driver.search.plan.candidates[index - 1] for index in driver.screen.marks]
        assert now == [lineage for lineage in marked if lineage in driver.search.plan.candidates]


async def test_a_pick_meanwhile_picks_what_is_shown(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.hold_after(1)
    async with running(make_app(tmp_path, *VARIED, renderer=renderer)) as driver:
        await until_choosing(driver)
        picked = driver.search.plan.candidates[driver.screen.grid.order[2] - 1]
        await driver.press("3")
        renderer.release()
        await driver.until_done()
        assert driver.search.session.lineage == picked
        assert "choosing" not in driver.text()


@pytest.mark.parametrize("keys", [("q",), ("p",), ("r", "n", "u"), ("h", "escape"), ("e", "escape"), ("v", "escape")])
async def test_other_keys_are_safe_meanwhile(tmp_path: Path, keys: tuple[str, ...]) -> None:
    renderer = FakeRenderer()
    renderer.hold_after(1)
    async with running(make_app(tmp_path, *VARIED, renderer=renderer)) as driver:
        await until_choosing(driver)
        await driver.press(*keys)
        renderer.release()
        if keys[0] not in "qp":
            await driver.until_done()
            assert driver.search.pool == 0
            assert driver.search.finished(PARENT) is not None


async def test_plain_grids_choose_nothing(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, "--first", "plain", renderer=renderer)) as driver:
        await driver.until_done()
        assert [job.stop_after for job in renderer.jobs if job.stop_after] == []
        assert driver.search.session.template.of == 8


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ([], "", "varied"),
        ([], 'first = "plain"\n', "plain"),
        (["--first", "varied"], 'first = "plain"\n', "varied"),
        (["--first", "plain"], "", "plain"),
    ],
)
def test_the_option_comes_before_the_configuration_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], text: str, expected: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    seen: list[AppArguments] = []

    def run(options: Options, arguments: AppArguments, *, changed: bool) -> int:
        del options, changed
        seen.append(arguments)
        return 0

    monkeypatch.setenv(VARIABLE, str(file))
    monkeypatch.setattr("tui.app.launch.run_app", run)
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert (ended.value.code, [each.first for each in seen]) == (0, [expected])
