"""The warm-up: one picture of two steps behind everything else, that nobody sees and that stops for what is real."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from tests.support.tui.driving import PROMPT, Driver, make_app, running, saved
from tui.app.screens.start import StartScreen
from tui.app.warm_up import STEPS


async def type_prompt(driver: Driver, prompt: str) -> None:
    await driver.paste(prompt)
    await driver.press("enter")


async def test_it_begins_when_the_model_is_ready_and_happens_once(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, renderer=renderer)) as driver:
        await driver.until(lambda: len(renderer.jobs) == 1)
        (job,) = renderer.jobs
        assert (len(job.tasks), job.tasks[0].slot, job.previews) == (1, (1, 0), False)
        assert (job.settings.num_inference_steps, job.priority) == (STEPS, -100)
        assert (job.settings.width, job.settings.guidance_scale) == (128, 2.5)
        await type_prompt(driver, "a lake")
        await driver.until_done()
        assert isinstance(renderer.jobs[1].priority, int)
        assert [len(each.tasks) for each in renderer.jobs] == [1, 9]


async def test_it_is_cancelled_as_soon_as_a_prompt_is_entered(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.hold()
    async with running(make_app(tmp_path, renderer=renderer)) as driver:
        await driver.until(lambda: len(renderer.jobs) == 1)
        await type_prompt(driver, "a lake")
        await driver.until(lambda: renderer.jobs[0].job in renderer.cancels)
        await driver.until(lambda: len(renderer.jobs) == 2)
        renderer.release()
        await driver.until_done()
        await driver.until(lambda: len(saved(tmp_path)) == 1)


async def test_it_is_cancelled_when_another_model_is_loaded(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.hold()
    async with running(make_app(tmp_path, renderer=renderer)) as driver:
        await driver.until(lambda: len(renderer.jobs) == 1)
        driver.app.link.load(replace(renderer.loads[0], dtype="bfloat16"))
        assert renderer.cancels == [renderer.jobs[0].job]
        renderer.release()
        await driver.until(lambda: len(renderer.jobs) == 2)


@pytest.mark.parametrize("sentence", ["there is not enough memory for one picture", "unexpected error: ValueError: no"])
async def test_a_warm_up_that_fails_is_not_heard_of(tmp_path: Path, sentence: str) -> None:
    renderer = FakeRenderer()
    renderer.fail_next(sentence)
    async with running(make_app(tmp_path, renderer=renderer)) as driver:
        await driver.until(lambda: len(renderer.jobs) == 1 and driver.app.link._warm_up._job == 0)
        assert isinstance(driver.app.stage.main, StartScreen)
        assert sentence not in driver.text()
        await type_prompt(driver, "a lake")
        await driver.until_done()
        assert driver.search.failure == ""


async def test_a_search_from_the_command_line_has_none(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until_done()
    assert [len(job.tasks) for job in renderer.jobs] == [9]
