"""What is known of a picture, and the page that shows it."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.open import open_prompt
from engine.options import Options
from engine.rendering.requests import EmbeddingChoice, LoraChoice, ModelChoice
from engine.search.answers import Confined
from engine.search.running import PARENT, Search, Variant
from latentpng.record import Json, JsonObject
from tests.engine.search.sessions import by_region
from tests.support.engine.searching import Running
from tests.support.tui.driving import PROMPT, Driver, make_app, running
from tui.app.info import info_of
from tui.app.screens.info import InfoScreen


def record_as(monkeypatch: pytest.MonkeyPatch, search: Search, settings: JsonObject, software: JsonObject) -> None:
    """Let the finished parent have a record that says this."""
    finished = search.finished(PARENT)
    assert finished is not None
    metadata = replace(finished.record.metadata, settings=settings, software=software)
    known = replace(finished, record=replace(finished.record, metadata=metadata))
    monkeypatch.setattr(search, "finished", lambda index: known if index == PARENT else None)


async def test_a_finished_parent_tells_what_its_record_says(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, "--negative", "people")) as driver:
        await driver.until_done()
        await driver.press("2")
        await driver.until_done()
        await driver.until(lambda: driver.search.file(1) is not None)
        assert driver.search.star(PARENT)
        last = driver.search.session.lineage.rounds[-1]
        step_seed = driver.search.settings.step_seed
        rows = info_of(driver.search, PARENT)
        assert [name for name, _ in rows[4:6]] == ["pipeline", "fingerprint"]
        assert (*rows[:4], *rows[6:]) == (
            ("picture", "the parent, starred"),
            ("prompt", "a red sun over a lake"),
            ("negative prompt", "people"),
            ("model", "embedded"),
            ("size", "128 x 128"),
            ("steps", "6"),
            ("scheduler", "UniPCMultistep"),
            ("guidance", "2.5"),
            ("noise", "seed 7"),
            ("round seed", f"{last.seed}, candidate 2 of 8"),
            ("step seed", str(step_seed)),
            ("batch slot", "picture 2 of a batch of 4"),
            ("picks", "1, 1 round from the start"),
            ("scale", "scale 0.7 keeps 71% of its parent"),
            ("since start", "71% of the first noise is left in the parent"),
            ("next round", "scale 0.7 (very different), everything varies"),
            ("device", "fake"),
            ("dtype", "float32"),
            ("file", str(driver.search.folder / "002-round1.png")),
            ("command", f"warmer render {shlex.quote(str(driver.search.folder / '002-round1.png'))}"),
        )


async def test_a_candidate_that_is_not_rendered_tells_what_it_will_be_rendered_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until_done()
        renderer.hold()
        await driver.press("1")
        search = driver.search
        model = ModelChoice(
            path="/models/pony.safetensors",
            name="pony",
            loras=(LoraChoice(path="/l/ink.safetensors", weight=0.8), LoraChoice(path="/l/film.safetensors")),
            vae="/v/clear.safetensors",
            embeddings=(EmbeddingChoice(path="/e/easy.safetensors", word="easynegative"),),
        )
        variant = Variant(load=replace(search.variant.load, model=model, device="cuda:1"))
        monkeypatch.setattr(Search, "variant", property(lambda _: variant))
        rows = dict(info_of(search, 3))
        monkeypatch.undo()
        renderer.release()
    assert rows["picture"] == "a candidate of round 2, not rendered yet"
    assert (rows["model"], rows["LoRA"], rows["VAE"]) == ("pony", "ink 0.8, film 1", "clear")
    assert rows["embeddings"] == "easynegative"
    assert rows["picks"] == "2, 2 rounds from the start"
    assert rows["file"] == "not saved: a candidate is saved when it is picked or starred"
    assert rows["device"] == "cuda:1"
    assert not {"batch slot", "dtype", "software", "warnings"} & set(rows)


async def test_a_candidate_that_is_starred_names_its_file(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        assert driver.search.star(4)
        await driver.until(lambda: driver.search.file(1) is not None)
        rows = dict(info_of(driver.search, 4))
    assert rows["picture"] == "a candidate of round 1, starred"
    assert rows["file"] == str(driver.search.folder / "002-round1.png")
    assert "since start" not in rows


@pytest.mark.parametrize("wrong", [None, 3, -1.5, True, "text", [], ["x", {}], {"name": 3, "loras": 4, "vae": []}])
async def test_a_record_of_a_stranger_can_hold_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: Json
) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        keys = ("prompt", "negative_prompt", "model", "width", "height", "steps", "scheduler", "guidance", "slot")
        more = ("step_seed", "prompt_style", "clip_skip", "warnings", "dtype", "guidance_rescale")
        record_as(monkeypatch, driver.search, dict.fromkeys((*keys, *more), wrong), {"device": wrong, "torch": wrong})
        rows = info_of(driver.search, PARENT)
        await driver.app.push_screen(InfoScreen(rows))
        await driver.until(lambda: "the parent" in driver.text())
    assert all(isinstance(value, str) and value for _, value in rows)


async def test_everything_that_a_record_can_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        settings: dict[str, Json] = {
            "prompt": "a lake",
            "guidance": 6.0,
            "guidance_rescale": 0.7,
            "prompt_style": "a1111",
            "clip_skip": 2,
            "scheduler": {"name": "EulerDiscreteScheduler", "options": {"use_karras_sigmas": True}},
            "slot": [1, 0],
            "dtype": "float16",
            "warnings": ["the prompt is too long", "and more"],
            "model": {
                "name": "pony",
                "pipeline": "StableDiffusionXLPipeline",
                "fingerprint": "abc",
                "quantised": "8bit",
                "prediction": "v_prediction",
                "vae": {"name": "clear"},
                "loras": [{"name": "ink", "weight": 0.5}],
                "embeddings": [{"name": "easynegative"}],
            },
        }
        record_as(monkeypatch, driver.search, settings, {"device": "cuda", "device_name": "A GPU", "torch": "2.9"})
        rows = info_of(driver.search, PARENT)
    assert rows[1:16] == (
        ("prompt", "a lake"),
        ("model", "pony"),
        ("pipeline", "StableDiffusionXLPipeline"),
        ("fingerprint", "abc"),
        ("quantised", "8bit"),
        ("prediction", "v_prediction"),
        ("LoRA", "ink 0.5"),
        ("VAE", "clear"),
        ("embeddings", "easynegative"),
        ("scheduler", "EulerDiscrete, use_karras_sigmas"),
        ("guidance", "6"),
        ("guidance rescale", "0.7"),
        ("prompt style", "a1111"),
        ("clip skip", "2"),
        ("noise", "seed 7"),
    )
    found = dict(rows)
    assert (found["batch slot"], found["device"]) == ("alone in its batch", "cuda, A GPU")
    assert (found["dtype"], found["software"]) == ("float16", "torch 2.9")
    assert found["warnings"] == "the prompt is too long; and more"


async def shown(driver: Driver, rows: tuple[tuple[str, str], ...]) -> InfoScreen:
    screen = InfoScreen(rows)
    await driver.app.push_screen(screen)
    await driver.pilot.pause()
    return screen


@pytest.mark.parametrize("key", ["escape", "i", "q"])
async def test_the_page_wraps_long_values_and_closes(tmp_path: Path, key: str) -> None:
    async with running(make_app(tmp_path), (44, 16)) as driver:
        below = driver.app.screen
        await shown(driver, (("prompt", "a lake " * 6), ("model", "[b]pony[/b]\x1b]0;x\x07")))
        lines = [line.rstrip() for line in driver.text().splitlines()]
        assert lines[1:4] == [
            " prompt            a lake a lake a lake a",
            "                   lake a lake a lake",
            " model             [b]pony[/b]]0;x",
        ]
        await driver.press(key)
        assert driver.app.screen is below


def test_a_pick_by_region_is_told_as_one_step(tmp_path: Path) -> None:
    searching = Running(open_prompt(Options(seed=5), "a lake"), tmp_path / "s")
    searching.finish()
    seed = searching.search.session.template.seed
    searching.tell(by_region(("left", 2), ("br", (0, 1)), asked=3))
    rows = dict(info_of(searching.search, PARENT))
    assert rows["round seed"] == f"{seed}, 2 regions: 3 left half, 1+2 bottom right of 3"
    assert rows["picks"] == "1, 2 rounds from the start"
    assert rows["scale"] == "scale 0.7 keeps 79% of its parent"
    assert rows["since start"] == "79% of the first noise is left in the parent"
    searching.tell(Confined(region="10"))
    seed = searching.search.session.template.seed
    assert dict(info_of(searching.search, 1))["round seed"] == f"{seed}, candidate 1 of 3, left half"
    searching.close()


async def test_a_page_that_is_too_long_scrolls_by_keys(tmp_path: Path) -> None:
    async with running(make_app(tmp_path), (80, 24)) as driver:
        await shown(driver, tuple((f"row {number}", "value") for number in range(60)))
        assert "row 59" not in driver.text()
        await driver.press("end")
        await driver.until(lambda: "row 59" in driver.text())


async def test_y_copies_the_command_and_shift_y_the_path(tmp_path: Path) -> None:
    async with running(make_app(tmp_path)) as driver:
        await shown(driver, (("model", "m"), ("file", "/p/a b.png"), ("command", "warmer render '/p/a b.png'")))
        await driver.press("y")
        assert driver.app.clipboard == "warmer render '/p/a b.png'"
        assert " copied warmer render '/p/a b.png'" in driver.text()
        await driver.press("Y")
        assert driver.app.clipboard == "/p/a b.png"
        assert " copied /p/a b.png" in driver.text()


async def test_nothing_is_copied_of_a_picture_that_is_not_saved(tmp_path: Path) -> None:
    async with running(make_app(tmp_path)) as driver:
        await shown(driver, (("file", "not saved yet"),))
        for key in ("y", "Y"):
            await driver.press(key)
            assert driver.app.clipboard == ""
            assert " this picture is not saved yet: pick it or star it with * first" in driver.text()
