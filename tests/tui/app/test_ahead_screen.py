"""Working ahead on the screen: what is looked at is told once the cursor rests, and a sign says what is ready."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.rendering.events import JobDone
from engine.search.running import PARENT, Search
from tests.support.tui.driving import PROMPT, Driver, make_app, running
from tests.support.tui.seen import picture, shown
from tui.app.screens import search_ahead
from tui.app.screens.search_ahead import READY_LESSON
from tui.app.widgets.grid import PictureGrid

Looks = list[tuple[int, tuple[int, ...]]]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """What the search was told, one look after the other."""
    looks: Looks = []
    monkeypatch.setattr(Search, "look_at", lambda _, index, marks=(): looks.append((index, marks)))
    return looks


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The indices of the pictures whose grids are there."""
    ready: set[int] = set()
    monkeypatch.setattr(Search, "is_ready", lambda _, index: index in ready)
    return ready


@pytest.fixture
def rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor has rested after a moment that no test can fall below."""
    monkeypatch.setattr(search_ahead, "REST_SECONDS", 0.01)


def caption(driver: Driver, index: int) -> str:
    """What stands under a picture where there is much room."""
    return driver.screen.caption(index).words(60)


@pytest.mark.parametrize("drafts", [(), ("--draft",)])
async def test_a_pick_whose_grid_is_ready_is_answered_without_rendering(
    tmp_path: Path, drafts: tuple[str, ...]
) -> None:
    renderer = FakeRenderer()
    app = make_app(tmp_path, *PROMPT, "--ahead", "2", "--first", "plain", *drafts, renderer=renderer)
    async with running(app) as driver:
        await driver.until(lambda: app.stage.search is not None and driver.screen.search is not None)
        await driver.until(lambda: all(driver.screen.rendered(index) for index in range(driver.search.size)))
        driver.screen.grid.select(3)
        await driver.until(lambda: driver.screen.is_ready(3))
        await driver.until(lambda: "3 ready" in driver.text())
        assert shown(driver, 3) is picture(driver, 3), "a draft was finished on the way"
        renderer.hold()
        await driver.press("3")
        assert driver.search.session.lineage.rounds[-1].marks == (2,)
        assert all(driver.screen.rendered(index) for index in range(9)), "nothing can be rendered meanwhile"
        assert not driver.search.progress.running
        renderer.release()


async def test_the_status_does_not_count_what_is_rendered_ahead(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, "--ahead", "2", "--first", "plain", renderer=renderer)) as driver:
        renderer.hold_after(9)
        await driver.until_done()
        await driver.until(lambda: renderer.jobs[-1].priority < 0)
        await driver.until(lambda: "press the number of the best picture, n if none is better" in driver.text())
        assert [caption(driver, index) for index in range(9)] == ["parent", *map(str, range(1, 9))]
        renderer.release()


async def test_a_complete_grid_is_looked_at_once(tmp_path: Path, looks: Looks) -> None:
    renderer = FakeRenderer()
    renderer.hold()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until(lambda: driver.app.stage.search is not None and driver.screen.search is not None)
        assert looks == []
        renderer.release()
        await driver.until(lambda: bool(looks))
        await driver.until_done()
        assert looks == [(PARENT, ())]
        await driver.press("2")
        await driver.until(lambda: len(looks) == 2)
        await driver.until_done()
        await driver.press("u")
        await driver.until(lambda: looks == [(PARENT, ())] * 3)


async def test_only_where_the_cursor_rests_is_looked_at(tmp_path: Path, looks: Looks) -> None:
    assert search_ahead.REST_SECONDS == 0.25
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until(lambda: bool(looks))
        for _ in range(3):  # keys would take longer than the cursor has to rest on a busy machine
            driver.screen.action_move(1, 0)
        await driver.until(lambda: len(looks) > 1)
        assert looks[1:] == [(3, ())]


@pytest.mark.usefixtures("rest")
async def test_a_mark_is_told_at_once(tmp_path: Path, looks: Looks) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until(lambda: bool(looks))
        await driver.press("right")
        await driver.until(lambda: looks[1:] == [(1, ())])
        await driver.press("space")
        assert looks[2:] == [(1, (1,))]
        await driver.press("right")
        await driver.until(lambda: looks[3:] == [(2, (1,))])


@pytest.mark.usefixtures("rest")
async def test_the_picture_of_the_viewer_is_looked_at(tmp_path: Path, looks: Looks) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until(lambda: bool(looks))
        await driver.press("v", "n")
        await driver.until(lambda: looks[1:] == [(1, ())])


@pytest.mark.usefixtures("rest")
async def test_nothing_is_guessed_while_regions_ask(tmp_path: Path, looks: Looks, ready: set[int]) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until(lambda: bool(looks))
        ready.update((PARENT, 1))
        driver.app.link.report(JobDone(job=0, seconds=1.0))
        await driver.until(lambda: caption(driver, 1) == "1 ready")
        await driver.press("x", "right", "right")
        await driver.pilot.pause(0.1)
        assert looks == [(PARENT, ())]
        assert (caption(driver, PARENT), caption(driver, 1)) == ("parent", "1")


@pytest.mark.parametrize(("size", "parent"), [((100, 40), "parent · n is ready"), ((80, 24), "9 parent ready")])
async def test_the_sign_stands_where_the_next_grid_is_there(
    tmp_path: Path, ready: set[int], size: tuple[int, int], parent: str
) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=size) as driver:
        await driver.until_done()
        assert [caption(driver, index) for index in (1, 2)] == ["1", "2"]
        ready.update((PARENT, 2))
        driver.app.link.report(JobDone(job=0, seconds=1.0))
        await driver.until(lambda: "2 ready" in driver.text())
        assert [caption(driver, index) for index in (PARENT, 1, 2)] == [parent, "1", "2 ready"]
        await driver.until(lambda: parent in driver.text())


async def test_what_is_ready_is_not_looked_for_before_the_grid_is_painted_or_while_it_is_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[bool, bool]] = []
    async with running(make_app(tmp_path, *PROMPT)) as driver:

        def note(search: Search, *_: object) -> bool:
            asked.append((driver.screen._is_painted, search.progress.running))
            return False

        monkeypatch.setattr(Search, "look_at", note)
        monkeypatch.setattr(Search, "is_ready", note)
        for key in ("1", "u", "U"):
            await driver.until_done()
            await driver.press(key)
        await driver.until_done()
        await driver.until(lambda: bool(asked))
    assert set(asked) == {(True, False)}


@pytest.mark.usefixtures("looks")
async def test_the_search_is_told_how_many_candidates_fit_into_the_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    monkeypatch.setattr(Search, "set_count", lambda _, candidates: counts.append(candidates))
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        assert set(counts) == {8}
        await driver.pilot.resize_terminal(44, 16)
        fit = driver.screen.pictures_that_fit - 1
        assert fit != 8
        await driver.until(lambda: counts[-1] == fit)


async def test_the_sign_goes_where_drafts_count_no_more(tmp_path: Path, ready: set[int]) -> None:
    renderer = FakeRenderer()
    app = make_app(tmp_path, *PROMPT, "--draft", "--first", "plain", renderer=renderer)
    async with running(app) as driver:
        await driver.until(lambda: app.stage.search is not None and driver.screen.search is not None)
        await driver.until(lambda: all(driver.screen.rendered(index) for index in range(driver.search.size)))
        ready.update((1, 2))
        driver.app.link.report(JobDone(job=0, seconds=1.0))
        await driver.until(lambda: caption(driver, 2) == "2 draft ready")
        renderer.hold()
        ready.remove(2)
        await driver.press("D")
        assert (caption(driver, 1), caption(driver, 2)) == ("1 draft ready", "2 draft")
        renderer.release()


async def test_nothing_is_ready_while_a_model_is_loaded(tmp_path: Path, ready: set[int]) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        ready.add(1)
        driver.app.link.report(JobDone(job=0, seconds=1.0))
        await driver.until(lambda: caption(driver, 1) == "1 ready")
        driver.search._model.is_loading = True
        driver.screen.take(JobDone(job=0, seconds=1.0))
        assert caption(driver, 1) == "1"
        driver.search._model.is_loading = False


async def test_what_comes_late_looks_for_no_widgets_of_a_screen_that_goes(tmp_path: Path, looks: Looks) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until(lambda: bool(looks))
        screen = driver.screen
        await screen.query(PictureGrid).remove()
        screen._was_complete = False
        screen._look()
        screen._after_paint()
        assert looks == [(PARENT, ())]


async def test_a_stage_that_shows_something_else_has_no_sign(tmp_path: Path, ready: set[int]) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=(120, 40)) as driver:
        await driver.until_done()
        ready.update((PARENT, 1))
        await driver.press("r")
        await driver.until_done()
        await driver.until(lambda: driver.screen.is_ready(1))
        await driver.press("right", "tab")
        assert caption(driver, PARENT) == "candidate 1"
        assert caption(driver, 1) == "1 ready"


async def test_the_sign_is_explained_once_when_it_appears(tmp_path: Path, ready: set[int]) -> None:
    for is_told in (True, False):
        async with running(make_app(tmp_path, *PROMPT, is_first_start=not is_told)) as driver:
            ready.clear()
            await driver.until_done()
            await driver.until(lambda: "press the number of the best picture" in driver.text())
            assert READY_LESSON not in driver.text()
            ready.add(1)
            await driver.press("r")
            await driver.until_done()
            said = READY_LESSON if is_told else "press the number of the best picture"
            await driver.until(partial(_says, driver, said))
            assert (READY_LESSON in driver.text()) is is_told


def test_the_lesson_fits_a_row() -> None:
    assert READY_LESSON == '"ready" under a picture means that its next grid is rendered already'
    assert len(READY_LESSON) < 79


def _says(driver: Driver, sentence: str) -> bool:
    return sentence in driver.text()
