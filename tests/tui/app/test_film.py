"""Export of the way from the app, driven by keys: what is asked, rendered, written, cancelled and refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from textual.widgets import Input

from engine.fake import FakeRenderer
from engine.rendering.events import Failure
from engine.search.running import Search
from engine.search.variants import Variant
from latentpng.record import Round
from tests.support.films import frames_of
from tests.support.tui.driving import PROMPT, Driver, make_app, running, saved
from tui.app.film.state import FilmOffer, FilmState, duration_words, offer_words, state_words
from tui.app.screens.film import FilmScreen
from tui.app.widgets.line import TextLine

OFFER = FilmOffer(pictures=27, rendered=24, notice="1 picture is left out")


@asynccontextmanager
async def exporting(folder: Path, renderer: FakeRenderer, *keys: str) -> AsyncIterator[Driver]:
    """Begin a search, press keys (two picks without any), and open the export."""
    async with running(make_app(folder, *PROMPT, "--size", "64x48", renderer=renderer)) as driver:
        await driver.until_done()
        for key in keys or ("1", "2"):
            await driver.press(key)
            await driver.until_done()
        await export(driver)
        yield driver


async def export(driver: Driver) -> None:
    """Open the export of the way."""
    await driver.press("E")
    await driver.until(lambda: isinstance(driver.app.screen, FilmScreen) or driver.screen.notice != "")
    await driver.pilot.pause()


def film_screen(driver: Driver) -> FilmScreen:
    """Return the screen of the export."""
    screen = driver.app.screen
    assert isinstance(screen, FilmScreen)
    return screen


def words(driver: Driver, line: str) -> str:
    """Return what a line of the export says."""
    return film_screen(driver).query_one(f"#{line}", TextLine).words


async def test_an_animation_of_two_picks(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with exporting(tmp_path, renderer) as driver:
        folder = saved(tmp_path)[0].parent
        path = film_screen(driver).query_one(Input).value
        assert path == str(folder / "way.webp")
        where = "27 pictures, 24 to be rendered in about 1 s · the animation lasts 5 s"
        assert words(driver, "where") == where
        assert words(driver, "status") == "press Enter to begin"
        session = driver.search.session
        await driver.press("enter")
        await driver.until(lambda: driver.screen.notice != "")
        assert driver.screen.notice == f"saved the way here as {path}"
        assert driver.search.session == session
        job = renderer.jobs[-1]
        assert (len(job.tasks), job.priority, job.previews) == (24, -1, False)
    with Image.open(path) as film:
        assert (film.format, film.size, frames_of(film)) == ("WEBP", (512, 384), 27)


async def test_what_is_rendered_ahead_stands_aside_once_the_film_has_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer, seen = FakeRenderer(), list[int]()
    monkeypatch.setattr(Search, "stand_aside", lambda _: seen.append(renderer.jobs[-1].priority))
    async with exporting(tmp_path, renderer) as driver:
        await driver.press("enter")
        await driver.until(lambda: driver.screen.notice != "")
    assert seen == [-1]


async def test_a_contact_sheet_renders_nothing_that_is_there(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with exporting(tmp_path, renderer) as driver:
        jobs = len(renderer.jobs)
        await driver.press("f2")
        assert words(driver, "where") == "3 pictures, all of them are there"
        assert film_screen(driver).query_one(Input).value.endswith("/way.png")
        await driver.press("enter")
        await driver.until(lambda: driver.screen.notice != "")
        assert len(renderer.jobs) == jobs
    assert (saved(tmp_path)[0].parent / "way.png").is_file()


async def test_both_and_fewer_frames(tmp_path: Path) -> None:
    async with exporting(tmp_path, FakeRenderer()) as driver:
        await driver.press("f2", "f2", "f3", "f3")
        assert words(driver, "where").startswith("15 pictures, 12 to be rendered")
        await driver.press("enter")
        await driver.until(lambda: driver.screen.notice != "")
        folder = saved(tmp_path)[0].parent
        film, sheet = folder / "way.webp", folder / "way-sheet.png"
        assert driver.screen.notice == f"saved the way here as {film} and {sheet}"
    assert film.is_file()
    assert sheet.is_file()


async def test_escape_cancels_and_escape_again_goes_back(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with exporting(tmp_path, renderer) as driver:
        renderer.hold_after(3)
        await driver.press("enter")
        await driver.until(lambda: words(driver, "status").startswith("━━"))
        assert words(driver, "status").endswith(" of 24 pictures, about 1 s left; Esc cancels")
        assert all(each.disabled for each in film_screen(driver).query("Input, ChoiceLine"))
        await driver.press("escape")
        assert words(driver, "status") == "press Enter to begin"
        assert renderer.cancels[-1] == renderer.jobs[-1].job
        renderer.release()
        await driver.press("escape")
        assert driver.app.screen is driver.screen
        await driver.until(lambda: not driver.screen.ignores_keys)
        await driver.press("1")
        await driver.until_done()
        assert len(driver.search.session.lineage.rounds) == 3, "the search goes on"
    assert sorted(path.suffix for path in saved(tmp_path)[0].parent.iterdir() if "way" in path.name) == []


async def test_no_key_of_the_dialog_acts_on_the_grid(tmp_path: Path) -> None:
    async with exporting(tmp_path, FakeRenderer()) as driver:
        session = driver.search.session
        await driver.press("1", "n", "u", "q", "r", "escape")
        assert driver.search.session == session


async def test_the_grid_goes_on_while_the_dialog_is_open(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with exporting(tmp_path, renderer) as driver:
        await driver.press("escape")
        await driver.until(lambda: not driver.screen.ignores_keys)
        renderer.hold_after(1)
        await driver.press("1")
        await driver.until(lambda: driver.search.progress.running)
        await export(driver)
        await driver.press("enter")
        renderer.release()
        await driver.until(lambda: driver.screen.notice != "")
        assert all(driver.search.finished(index) for index in range(driver.search.size))


async def test_a_file_that_exists_needs_a_second_enter(tmp_path: Path) -> None:
    async with exporting(tmp_path, FakeRenderer()) as driver:
        path = tmp_path / "mine.gif"
        path.write_bytes(b"old")
        await driver.press("tab", "tab")
        film_screen(driver).query_one(Input).value = str(path)
        await driver.press("enter")
        assert words(driver, "status") == f"{path} already exists; press Enter again to replace it"
        await driver.press("f3", "enter", "enter")
        await driver.until(lambda: driver.screen.notice != "")
        with Image.open(path) as film:
            assert film.format == "GIF"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "type the name of the file first"),
        ("{0}/way.mp4", "{0}/way.mp4: an animation ends in .webp, .gif, .apng or .png"),
        ("{0}/journal.json/x.webp", "{0}/journal.json/x.webp: {0}/journal.json is not a folder"),
        ("{0}", "{0}: an animation ends in .webp, .gif, .apng or .png"),
    ],
)
async def test_a_wrong_name_is_said_in_the_dialog(tmp_path: Path, typed: str, sentence: str) -> None:
    renderer = FakeRenderer()
    async with exporting(tmp_path, renderer) as driver:
        jobs = len(renderer.jobs)
        film_screen(driver).query_one(Input).value = typed.format(tmp_path)
        await driver.press("enter")
        assert words(driver, "status") == sentence.format(tmp_path)
        assert len(renderer.jobs) == jobs


async def test_a_failure_is_said_and_can_be_tried_again(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with exporting(tmp_path, renderer) as driver:
        renderer.fail_next("too little memory", Failure.MEMORY)
        await driver.press("enter")
        await driver.until(lambda: words(driver, "status").startswith("too little"))
        assert words(driver, "status") == "too little memory; change the choices, or press Enter to try again"
        await driver.press("enter")
        await driver.until(lambda: driver.screen.notice.startswith("saved"))


async def test_a_picture_without_picks_has_no_way(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, renderer=FakeRenderer())) as driver:
        await driver.until_done()
        await export(driver)
        assert driver.screen.notice == "there is no way to show yet: pick a picture first"


async def test_a_picture_that_is_still_rendering_has_to_be_waited_for(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.hold()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until(lambda: driver.screen.search is not None)
        await export(driver)
        assert driver.screen.notice == "this picture is still rendering; export the way to it when it is finished"


async def test_what_another_model_rendered_is_shown_but_not_rendered(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, "--size", "64x48", renderer=renderer)) as driver:
        await driver.until_done()
        await driver.press("1")
        await driver.until_done()
        variant = driver.search.variant
        larger = replace(variant.load, settings=replace(variant.settings, width=128, height=128))
        driver.search.edit(Round(seed=0, scale=0.0, settings={"width": 128, "height": 128}), Variant(load=larger), 3)
        await driver.until(lambda: not driver.search.is_loading)
        await driver.until_done()
        await export(driver)
        assert words(driver, "where") == "3 pictures, all of them are there · the animation lasts 5 s"
        await driver.press("enter")
        await driver.until(lambda: driver.screen.notice.startswith("saved"))
        with Image.open(driver.search.folder / "way.webp") as film:
            assert (film.size, frames_of(film)) == ((512, 512), 27)


async def test_other_words_are_rendered_with_the_loaded_model(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, "--size", "64x48", renderer=renderer)) as driver:
        await driver.until_done()
        await driver.press("1")
        await driver.until_done()
        load = replace(driver.search.variant.load, settings=replace(driver.search.settings, prompt="a fox"))
        driver.search.edit(Round(seed=0, scale=0.0, settings={"prompt": "a fox"}), Variant(load=load), 8)
        await driver.screen.show_round()
        await driver.until_done()
        await driver.press("2")
        await driver.until_done()
        await export(driver)
        assert words(driver, "where").startswith("28 pictures, 24 to be rendered")
        await driver.press("enter")
        await driver.until(lambda: driver.screen.notice.startswith("saved"))
        jobs = [(job.settings.prompt, len(job.tasks)) for job in renderer.jobs if job.priority == -1]
        assert jobs[-2:] == [("a red sun over a lake", 12), ("a fox", 12)]


async def test_quitting_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with exporting(tmp_path, renderer) as driver:
        renderer.hold_after(3)
        await driver.press("enter")
        await driver.until(lambda: film_screen(driver).state.done >= 3)
        await driver.press("ctrl+c")
    assert renderer.closed
    assert [path for path in saved(tmp_path)[0].parent.iterdir() if path.suffix != ".png"] in (
        [],
        [saved(tmp_path)[0].parent / "session.json"],
    )


def test_the_words_of_the_offer() -> None:
    offer = FilmOffer(pictures=27, rendered=24, seconds=5.2, wait=200.0)
    assert offer_words(offer) == "27 pictures, 24 to be rendered in about 3 min · the animation lasts 5 s"
    assert offer_words(FilmOffer(pictures=3)) == "3 pictures, all of them are there"
    assert offer_words(FilmOffer(problem="there is no way")) == "there is no way"
    assert [duration_words(seconds) for seconds in (0.1, 89.0, 91.0, 5400.0, 7000.0)] == [
        "1 s", "89 s", "2 min", "1 h 30 min", "1 h 57 min",
    ]  # fmt: skip


def test_the_words_of_the_state() -> None:
    assert state_words(OFFER, FilmState(), 0.0) == "1 picture is left out; press Enter to begin"
    assert state_words(FilmOffer(problem="there is no way"), FilmState(), 0.0) == ""
    busy = FilmState(is_busy=True, done=6.0, total=24)
    assert state_words(OFFER, busy, 10.0) == "━━━━━─────────────── 6 of 24 pictures, about 30 s left; Esc cancels"
    assert (
        state_words(OFFER, FilmState(is_busy=True, total=2), 0.0) == "──────────────────── 0 of 2 pictures; Esc cancels"
    )
    assert state_words(OFFER, FilmState(is_busy=True, done=2.0, total=2), 1.0) == "writing the file; Esc cancels"
