"""Opening: a prompt, a picture whose model is here or not, a file that was saved, the last session."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.models.find import model_identity, remember_model
from engine.models.resolve import resolve_model
from latentpng.png.files import embed_record, read_record
from tests.support.engine.folders import model_folder
from tests.support.latentpng.pictures import altered
from tests.support.tui.driving import PROMPT, make_app, running, saved

FOREIGN = Path(__file__).parents[2] / "cases" / "foreign" / "ok-infotext" / "plain.png"


@pytest.mark.slow
async def test_a_picture_whose_model_is_not_here_offers_what_is_near(tmp_path: Path) -> None:
    near = model_folder(tmp_path / "new" / "lakes")
    choice = resolve_model(str(near))
    remember_model(choice, model_identity(choice))
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("1")
        await driver.until(lambda: len(saved(tmp_path)) == 2)
        record = read_record(saved(tmp_path)[0])
        embed_record(
            saved(tmp_path)[0],
            altered(record, settings={**record.settings, "model": {"name": "lakes", "fingerprint": "0" * 64}}),
        )
        first = driver.search
        await driver.press("o")
        await driver.until(lambda: "Open a picture: type its path" in driver.text())
        await driver.paste(str(saved(tmp_path)[0]))
        await driver.press("enter")
        await driver.until(lambda: "made with the model 'lakes', which is not known on this machine" in driver.text())
        await driver.until(lambda: "new / lakes" in driver.text())
        await driver.press("down", "enter")
        await driver.until(lambda: driver.app.stage.search is not None and driver.search is not first)
        words = "some conditions differ from when this picture was made: model lakes then, lakes now"
        await driver.until(lambda: words in " ".join(driver.text().split()))
        assert driver.app.link.model_load.request is not None
        assert driver.app.link.model_load.request.model == choice


async def test_a_picture_of_another_tool_asks_for_its_model_at_the_start(tmp_path: Path) -> None:
    renderer = FakeRenderer(noise_shape=(4, 96, 64))
    async with running(make_app(tmp_path, str(FOREIGN), renderer=renderer)) as driver:
        await driver.until(lambda: "made with the model 'plainmix', which is not known" in driver.text())
        await driver.paste("embedded")
        await driver.press("enter")
        await driver.until(lambda: driver.app.stage.search is not None)
        assert driver.search.settings.prompt == "a paper boat on a grey pond, morning haze"
        begin = "noise rebuilt from seed 41 as Stable Diffusion web UI draws it, not verified: does the first picture"
        await driver.until(lambda: begin in " ".join(driver.text().split()))
        assert "(F1: all of it)" in " ".join(driver.text().split())
        await driver.press("f1")
        await driver.until(lambda: "The key under a picture picks it." in driver.text())
        assert driver.app.current.opening is not None
        assert driver.app.current.opening.target.notice in " ".join(driver.text().split())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("ok-exif/jpeg-be.jpg", "noise rebuilt from seed 41 as Stable Diffusion web UI draws it, not verified"),
        ("ok-comfyui/webp-imagedesc.webp", "noise rebuilt from seed 41 as ComfyUI draws it, not verified"),
    ],
)
async def test_a_jpeg_or_webp_of_another_tool_is_opened_and_says_what_was_assumed(
    tmp_path: Path, file: str, words: str
) -> None:
    renderer = FakeRenderer(noise_shape=(4, 96, 64))
    async with running(make_app(tmp_path, renderer=renderer)) as driver:
        await driver.press("ctrl+o")
        await driver.until(lambda: "Open a picture: type its path" in driver.text())
        await driver.paste(str(FOREIGN.parents[1] / file))
        await driver.press("enter")
        await driver.until(lambda: "which is not known" in driver.text())
        await driver.press("escape")
        await driver.until(lambda: "Open a picture: type its path" in driver.text())
        await driver.press("enter")
        await driver.until(lambda: "which is not known" in driver.text())
        await driver.paste("embedded")
        await driver.press("enter")
        await driver.until_done()
        assert words in " ".join(driver.text().split())


@pytest.mark.slow
async def test_reopening_goes_on_from_the_file_and_undo_goes_behind_it(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        grid = driver.search.plan
        await driver.press("3")
        await driver.until_done()
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, str(saved(tmp_path)[-1]), renderer=renderer)) as driver:
        await driver.until_done()
        assert driver.search.plan.parent == grid.candidates[2]
        assert len(renderer.jobs[0].tasks) == 8, "the parent is read from the file"
        await driver.press("u")
        assert driver.search.plan == grid


@pytest.mark.slow
async def test_the_last_session_is_offered_and_resumed_where_it_stood(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("1")
        await driver.until_done()
        await driver.press("n")
        await driver.until_done()
        before = driver.search.session
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: "last search · today" in driver.text())
        await driver.press("enter")
        await driver.until_done()
        after = driver.search.session
        assert (after.lineage, after.template, after.past) == (before.lineage, before.template, before.past)


@pytest.mark.slow
async def test_a_pick_that_was_never_rendered_is_not_lost(tmp_path: Path) -> None:
    renderer = FakeRenderer(micro_batch=1)
    renderer.hold_after(1)
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until(lambda: len(saved(tmp_path)) == 1)
        await driver.press("8")
        before = driver.search.session.lineage
        assert driver.search.finished(0) is None
        renderer.release()
        await driver.app.close_all()
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: "last search · today" in driver.text())
        await driver.press("down", "enter")
        await driver.until_done()
        assert driver.search.session.lineage == before


async def test_start_screen_takes_a_prompt(tmp_path: Path) -> None:
    async with running(make_app(tmp_path)) as driver:
        await driver.press(*"a lake", "enter")
        await driver.until_done()
        assert driver.search.settings.prompt == "a lake"


@pytest.mark.parametrize("words", ["a short message", "a long message of many words " * 20])
async def test_a_long_message_names_the_key_that_shows_all_of_it(tmp_path: Path, words: str) -> None:
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: "is ready on" in driver.text())
        driver.app.stage.say(words)
        is_long = len(words) > 100
        await driver.until(lambda: words.strip()[:60] in driver.text())
        await driver.until(lambda: ("… (F1: all of it)" in " ".join(driver.text().split())) == is_long)
        await driver.press("f1")
        await driver.until(lambda: "Walk through examples that suit the model." in driver.text())
        assert (words.strip() in " ".join(driver.text().split())) == is_long
