"""What happens to the renderer: said once the search has begun, never in place of a failure; who waits for others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.rendering.events import LOADING, Failure, JobFailed, RendererNoticed, TurnChanged
from engine.rendering.requests import LoadModel
from tests.support.tui.driving import PROMPT, make_app, running
from tests.support.tui.seen import words
from tui.app import phrases

JOINED, LEFT = "a worker on host b has joined", "a worker on host b has left"


class Restless(FakeRenderer):
    """A renderer whose workers come and go while it loads."""

    def load(self, request: LoadModel) -> None:
        """Load, after three sentences, two of which are the same."""
        for sentence in (JOINED, LEFT, JOINED):
            self._on_event(RendererNoticed(sentence=sentence))
        super().load(request)


async def test_what_is_said_while_the_model_loads_is_shown_when_the_search_begins(tmp_path: Path) -> None:
    app = make_app(tmp_path, *PROMPT, renderer=Restless())
    async with running(app) as driver:
        await driver.until_done()
        await driver.until(lambda: f"{JOINED}; {LEFT}" in words(driver))
        assert app.link.notices == ()


async def test_on_the_start_screen_it_is_shown_at_once_and_again_on_the_search(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app) as driver:
        await driver.until(lambda: app.link.model_load.ready is not None)
        app.link.report(RendererNoticed(sentence=JOINED))
        await driver.until(lambda: JOINED in words(driver))
        await driver.press(*"a lake", "enter")
        await driver.until_done()
        await driver.until(lambda: JOINED in words(driver))


async def test_it_joins_what_the_search_says_and_goes_with_it(tmp_path: Path) -> None:
    app = make_app(tmp_path, *PROMPT)
    async with running(app) as driver:
        await driver.until_done()
        await driver.press("space")
        said = driver.screen.notice
        for _ in range(2):
            app.link.report(RendererNoticed(sentence=JOINED))
            await driver.until(lambda: driver.screen.notice == f"{said}; {JOINED}")
        await driver.press("r")
        assert driver.screen.notice == ""


@pytest.mark.parametrize("fail", [FakeRenderer.fail_next, FakeRenderer.fail_loading], ids=["job", "load"])
async def test_a_failure_is_not_covered_and_the_news_come_after_it(
    tmp_path: Path, fail: Callable[[FakeRenderer, str], None]
) -> None:
    renderer = FakeRenderer()
    fail(renderer, "the GPU has too little memory")
    app = make_app(tmp_path, *PROMPT, renderer=renderer)
    async with running(app) as driver:
        await driver.until(lambda: "the GPU has too little memory; press r to try again" in words(driver))
        app.link.report(RendererNoticed(sentence=LEFT))
        await driver.pilot.pause(0.1)
        assert LEFT not in words(driver)
        await driver.press("r")
        await driver.until(lambda: LEFT in words(driver))


async def test_only_the_newest_sentences_are_kept_for_later(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.fail_loading("the model is damaged")
    app = make_app(tmp_path, *PROMPT, renderer=renderer)
    async with running(app) as driver:
        await driver.until(lambda: "the model is damaged" in words(driver))
        for number in range(5):
            app.link.report(RendererNoticed(sentence=f"worker {number} has left"))
        await driver.until(lambda: bool(app.link.notices))
        assert app.link.notices == ("worker 2 has left", "worker 3 has left", "worker 4 has left")


async def test_who_waits_for_others_sees_it_instead_of_steps(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    app = make_app(tmp_path, *PROMPT, renderer=renderer)
    async with running(app) as driver:
        await driver.until_done()
        renderer.hold()
        await driver.press("1")
        app.link.report(TurnChanged(place=2))
        await driver.until(lambda: "waiting: 2 requests of other programs come first" in words(driver))
        app.link.report(TurnChanged(place=0))
        await driver.until(lambda: "waiting" not in words(driver))
        app.link.report(TurnChanged(place=1))
        renderer.release()
        await driver.until_done()
        await driver.until(lambda: "press the number of the best picture" in words(driver))


class Endless(FakeRenderer):
    """Loads its first model for ever, until that is given up."""

    def load(self, request: LoadModel) -> None:
        if self.loads:
            super().load(request)
        else:
            self.loads.append(request)

    def cancel(self, job: int) -> None:
        if job == LOADING:
            self._on_event(JobFailed(job=LOADING, failure=Failure.MODEL, sentence="loading the model was stopped"))
        else:
            super().cancel(job)


async def test_a_load_that_takes_long_is_stopped_by_a_key_and_begun_again_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phrases, "SECONDS_UNTIL_STOPPABLE", 1)
    app = make_app(tmp_path, *PROMPT, renderer=Endless())
    async with running(app) as driver:
        await driver.until(lambda: "starting the renderer, 1 s; Esc stops it" in words(driver))
        await driver.press("escape")
        await driver.until(lambda: "loading the model was stopped; press r to try again" in words(driver))
        await driver.press("escape")
        assert "loading the model was stopped; press r to try again" in words(driver)
        await driver.press("r")
        await driver.until_done()
