"""What a newcomer is told: once per machine, on the first grids and about the terminal."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.fake import FakeRenderer
from engine.rendering.requests import LoadModel, ModelChoice
from engine.rendering.settings import RenderSettings
from tests.support.tui.driving import PROMPT, Driver, make_app, running
from tui.app.hints import KEEP_ALIVE, LESSONS, SLOW_LOAD_SECONDS, Hints
from tui.app.renderer_link import RendererLink
from tui.graphics.terminal.capabilities import Terminal
from tui.graphics.terminal.hints import graphics_hint

PLAIN = Terminal()
XTERM = Terminal(protocol="halfcell", name="xterm", version=(379,))

SETTINGS = RenderSettings(prompt="a lake", width=64, height=64, num_inference_steps=3, guidance_scale=1.0)
LOAD = LoadModel(model=ModelChoice(path="/m", name="m"), settings=SETTINGS, device="auto", dtype="auto")


def says(driver: Driver, sentence: str) -> bool:
    return sentence in " ".join(driver.text().split())


def test_each_lesson_comes_once_and_fits_a_row() -> None:
    assert LESSONS == (
        "press the number of the picture that is closest to what you have in mind",
        "is no picture better than the parent? press n: the next ones are more like it",
        "nothing is lost: u takes a step back, U takes it again, and ? shows all keys",
        "is one picture best on the left and a different one on the right? press x",
    )
    assert max(map(len, LESSONS)) < 79


def test_lessons_are_counted_per_machine(tmp_path: Path) -> None:
    path = tmp_path / "state" / "hints.json"
    assert [Hints(path, PLAIN).next_lesson() for _ in range(6)] == [*LESSONS, "", ""]


def test_a_sentence_about_the_terminal_comes_once_and_changes_no_lesson(tmp_path: Path) -> None:
    hints = Hints(tmp_path / "hints.json", PLAIN)
    assert [hints.once(sentence) for sentence in ("one", "one", "two", "one")] == ["one", "", "two", ""]
    assert hints.next_lesson() == LESSONS[0]
    assert hints.once("two") == ""


@pytest.mark.parametrize("content", ["", "[]", '{"grids": "many", "graphics": 3}', '{"grids": -1, "graphics": [1]}'])
def test_a_damaged_file_means_that_nothing_was_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "hints.json").write_text(content)
    hints = Hints(tmp_path / "hints.json", PLAIN)
    assert hints.next_lesson() == LESSONS[0]
    assert hints.once("one") == "one"


def test_a_folder_that_cannot_be_made_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    hints = Hints(tmp_path / "state" / "hints.json", PLAIN)
    assert [hints.next_lesson(), hints.next_lesson()] == [LESSONS[0], LESSONS[0]]


async def test_the_first_grids_teach_and_a_mark_hides_the_lesson(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, is_first_start=True), size=(80, 24)) as driver:
        for lesson, key in zip(LESSONS, ("1", "n", "r", "r"), strict=True):
            await driver.until_done()
            await driver.until(partial(says, driver, lesson))
            await driver.press(key)
        await driver.until_done()
        await driver.until(lambda: "press the number of the best picture, n if none is better" in driver.text())
    async with running(make_app(tmp_path / "again", *PROMPT, is_first_start=True)) as driver:
        await driver.until_done()
        await driver.until(lambda: LESSONS[0] in driver.text())
        await driver.press("left", "space")
        await driver.until(lambda: "press Enter to pick the marked candidate" in driver.text())


async def test_what_makes_pictures_finer_is_said_once_before_the_lessons(tmp_path: Path) -> None:
    for sentence in (graphics_hint(XTERM), LESSONS[0], LESSONS[1]):
        async with running(make_app(tmp_path, *PROMPT, is_first_start=True, terminal=XTERM)) as driver:
            await driver.until_done()
            await driver.until(partial(says, driver, sentence))


def test_advice_comes_once_and_after_the_first_lesson(tmp_path: Path) -> None:
    hints = Hints(tmp_path / "hints.json", PLAIN)
    assert [hints.next("advice") for _ in range(3)] == [LESSONS[0], "advice", LESSONS[1]]
    assert Hints(tmp_path / "hints.json", PLAIN).next("advice") == LESSONS[2]


@pytest.mark.parametrize(
    ("seconds", "keep_alive", "is_told"), [(9.0, None, True), (9.0, 60.0, False), (1.0, None, False)]
)
async def test_who_waits_for_a_model_is_told_how_it_stays_loaded(
    tmp_path: Path, seconds: float, keep_alive: float | None, is_told: bool
) -> None:
    app = make_app(tmp_path, *PROMPT)
    app._options = replace(app._options, keep_alive=keep_alive)
    assert SLOW_LOAD_SECONDS == 5.0
    async with running(app) as driver:
        await driver.until_done()
        app.link.load_seconds = seconds
        await driver.press("r")
        await driver.until_done()
        last = KEEP_ALIVE if is_told else "press the number of the best picture, n if none is better, u to undo"
        await driver.until(partial(says, driver, last))


def test_how_long_a_load_took_is_measured_until_the_model_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("tui.app.renderer_link.time", SimpleNamespace(monotonic=lambda: now[0]))
    renderer = FakeRenderer(threaded=False)
    link = RendererLink(lambda: renderer, notify=lambda: None)
    link.start()
    link.load(LOAD)
    now[0] = 107.0
    link.take()
    now[0] = 150.0
    link.take()
    assert link.load_seconds == 7.0
