"""The edit panel by keys: what it shows, what it suggests, what it applies, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.message import Message
from textual.widgets import Input, OptionList, TextArea

from engine.fake import FakeRenderer
from latentpng.png.files import read_record
from tests.support.engine.folders import model_folder, tensors
from tests.support.tui.driving import PROMPT, Driver, make_app, running, saved
from tui.app.messages import EditPrepared
from tui.app.prompt_history import read_prompts, remember_prompt
from tui.app.screens.edit import APPLYING, INVITATION, NOTHING_CHANGED, EditScreen
from tui.app.widgets.edit_row import EditRow
from tui.app.widgets.line import TextLine

SMALL = (80, 24)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory with a model, and two LoRA files in the folders of ComfyUI."""
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("HF_HOME", str(home / "hf"))
    model_folder(home / "ComfyUI" / "models" / "checkpoints" / "lakes")
    for name in ("ink", "moss"):
        tensors(home / "ComfyUI" / "models" / "loras" / f"{name}.safetensors", ("unet.lora_up.weight",))
    return home


async def open_panel(driver: Driver) -> EditScreen:
    """Wait for the first grid, and open the panel with all its names."""
    await driver.until_done()
    await driver.press("e")
    await driver.until(lambda: isinstance(driver.app.screen, EditScreen))
    panel = driver.app.screen
    assert isinstance(panel, EditScreen)
    await driver.until(lambda: "edit-lora" in panel._suggestions and panel.focused is not None)
    return panel


async def write(driver: Driver, field: str, text: str) -> None:
    """Put a text into a field in place of what it holds."""
    widget = driver.app.screen.query_one(f"#edit-{field}")
    widget.focus()
    await driver.until(lambda: widget.has_focus)
    if isinstance(widget, TextArea):
        widget.text = text
    else:
        await driver.paste(text)


def status(panel: EditScreen) -> str:
    return panel.query_one("#status", TextLine).words


def marks(panel: EditScreen) -> dict[str, tuple[str | None, bool]]:
    """Return the rows that are marked: what the picture has, and whether the text is wrong."""
    rows = {(row.field.id or "").removeprefix("edit-"): (row.before, row.is_wrong) for row in panel.query(EditRow)}
    return {name: mark for name, mark in rows.items() if mark != (None, False)}


def listed(panel: EditScreen) -> list[str]:
    options = panel.query_one(OptionList)
    return [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)]


async def test_the_panel_fits_80_columns_and_24_rows(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=SMALL) as driver:
        panel = await open_panel(driver)
        for widget in (*panel.query(EditRow), panel.query_one(OptionList), panel.query_one("#status")):
            assert widget.region.height
            assert panel.region.contains_region(widget.region)
        assert status(panel) == INVITATION
        assert panel.typed.prompt == "a red sun over a lake"
        assert (panel.typed.steps, panel.typed.guidance, panel.typed.size) == ("6", "2.5", "128x128")
        assert (panel.typed.scheduler, panel.typed.model, panel.typed.loras) == ("UniPC", "embedded", ("",))


async def test_other_words_and_steps_keep_the_noise_and_are_a_step_of_the_history(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer), size=SMALL) as driver:
        panel = await open_panel(driver)
        await write(driver, "prompt", "a blue moon")
        await write(driver, "steps", "20")
        await driver.until(lambda: marks(panel) == {"prompt": ("a red sun over a lake", False), "steps": ("6", False)})
        assert "● steps" in driver.text()
        assert "was 6" in driver.text()
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen is driver.screen)
        await driver.until_done()
        settings = driver.search.settings
        assert (settings.prompt, settings.num_inference_steps) == ("a blue moon", 20)
        assert len(driver.search.session.lineage.rounds) == 1
        assert driver.search.session.lineage.rounds[-1].scale == 0.0
        await driver.until(lambda: len(saved(tmp_path)) == 2)
        await driver.until_keys_count()
        await driver.press("u")
        await driver.until(lambda: driver.search.settings.prompt == "a red sun over a lake")
    first, second = map(read_record, saved(tmp_path))
    assert first.settings["prompt"] == "a red sun over a lake"
    assert (second.settings["prompt"], second.settings["steps"]) == ("a blue moon", 20)
    assert (second.lineage.root, second.settings["guidance"]) == (first.lineage.root, first.settings["guidance"])
    assert len(renderer.loads) == 1
    assert read_prompts(tmp_path / "prompts.json") == ("a blue moon", "a red sun over a lake")


async def test_a_second_edit_keeps_the_first_and_what_the_command_line_said(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, "--steps", "30", "--guidance", "4")) as driver:
        await open_panel(driver)
        await write(driver, "steps", "20")
        await driver.press("ctrl+s")
        await driver.until(lambda: driver.app.screen is driver.screen)
        await driver.until_keys_count()
        await open_panel(driver)
        await write(driver, "prompt", "a fox")
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen is driver.screen)
        settings = driver.search.settings
        assert (settings.prompt, settings.num_inference_steps, settings.guidance_scale) == ("a fox", 20, 4.0)


async def test_nothing_changed_and_escape(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        panel = await open_panel(driver)
        await driver.press("enter")
        assert status(panel) == NOTHING_CHANGED == "nothing changed"
        await write(driver, "steps", "20")
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen is driver.screen)
        assert driver.search.session.lineage.rounds == ()
        assert driver.search.settings.num_inference_steps == 6


async def test_a_wrong_field_is_marked_and_gets_the_focus(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        panel = await open_panel(driver)
        await write(driver, "steps", "0")
        await driver.until(lambda: status(panel) == "steps is a number from 1 to 1000, found 0")
        assert marks(panel) == {"steps": ("6", True)}
        assert "! steps" in driver.text()
        await driver.press("tab", "enter")
        assert panel.focused is panel.query_one("#edit-steps")
        assert status(panel) == "steps is a number from 1 to 1000, found 0"
        await write(driver, "steps", "13")
        await driver.until(lambda: status(panel) == INVITATION)
        assert marks(panel) == {"steps": ("6", False)}


async def test_the_field_with_the_focus_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        panel = await open_panel(driver)
        await write(driver, "steps", "0")
        await write(driver, "size", "big")
        size = "a size is WIDTHxHEIGHT, for example 512x512, found 'big'"
        await driver.until(lambda: status(panel) == size)
        panel.query_one("#edit-steps").focus()
        await driver.until(lambda: status(panel) == "steps is a number from 1 to 1000, found 0")
        panel.query_one("#edit-guidance").focus()
        await driver.until(lambda: panel.focused is panel.query_one("#edit-guidance"))
        assert status(panel) == "steps is a number from 1 to 1000, found 0"


async def test_an_edit_that_fails_leaves_the_panel_and_what_was_typed(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        panel = await open_panel(driver)
        await write(driver, "model", "gone")
        await write(driver, "prompt", "a fox")
        await driver.press("enter")
        await driver.until(lambda: status(panel).startswith("there is no folder or file 'gone', and no model of this"))
        assert driver.app.screen is panel
        assert (panel.typed.model, panel.typed.prompt) == ("gone", "a fox")
        assert driver.search.session.lineage.rounds == ()
        await write(driver, "model", "embedded")
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen is driver.screen)
        assert driver.search.settings.prompt == "a fox"


async def test_a_parent_that_is_still_rendering_is_edited_when_it_is_finished(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.hold()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until(lambda: bool(renderer.jobs))
        await driver.until(lambda: driver.screen.search is not None)
        await driver.press("e")
        await driver.until(lambda: isinstance(driver.app.screen, EditScreen))
        panel = driver.app.screen
        assert isinstance(panel, EditScreen)
        await write(driver, "prompt", "a fox")
        await driver.press("enter")
        await driver.until(lambda: status(panel) == "the parent is still rendering; edit it when it is finished")
        renderer.release()
        await driver.until(lambda: driver.search.finished(0) is not None)
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen is driver.screen)
        assert driver.search.settings.prompt == "a fox"


async def test_before_the_model_is_ready_there_is_no_panel(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.fail_loading("no space")
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until(lambda: "no space" in driver.text())
        await driver.press("e")
        assert driver.screen.notice == "the model is still loading; edit the picture as soon as it is ready"
        assert driver.app.screen is driver.screen


async def test_the_arrows_walk_through_earlier_prompts_and_back(tmp_path: Path) -> None:
    for prompt in ("a hill", "two\nlines"):
        remember_prompt(tmp_path / "prompts.json", prompt)
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        panel = await open_panel(driver)
        await driver.press("!")
        walk = []
        for key in ("up", "up", "up", "down", "down", "down"):
            await driver.press(key)
            walk.append(panel.typed.prompt)
        red, two = "a red sun over a lake", "two\nlines"
        assert walk == [red, two, "a hill", two, red, f"{red}!"]


async def test_a_long_prompt_wraps_and_the_arrows_move_in_it_first(tmp_path: Path) -> None:
    remember_prompt(tmp_path / "prompts.json", "a hill")
    async with running(make_app(tmp_path, "--prompt", "word " * 40, "--seed", "7"), size=SMALL) as driver:
        panel = await open_panel(driver)
        area = panel.query_one("#edit-prompt", TextArea)
        assert area.wrapped_document.height > 2
        await driver.press("up")
        assert panel.typed.prompt.startswith("word word")
        for _ in range(area.wrapped_document.height):
            await driver.press("up")
        assert panel.typed.prompt == "a hill"


async def test_a_scheduler_is_chosen_from_the_list(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        panel = await open_panel(driver)
        await write(driver, "scheduler", "euler")
        await driver.until(lambda: listed(panel) == ["Euler", "Euler a", "Euler Karras"])
        await driver.press("down", "down", "up", "down", "enter")
        assert panel.typed.scheduler == "Euler a"
        assert driver.app.screen is panel
        await driver.press("down", "escape")
        assert panel.query_one(OptionList).highlighted is None
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen is driver.screen)
        assert driver.search.settings.scheduler.name == "EulerAncestralDiscreteScheduler"


async def test_a_model_is_chosen_from_the_list_and_loaded(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        panel = await open_panel(driver)
        await write(driver, "model", "")
        await driver.until(lambda: len(listed(panel)) == 2)
        await driver.press("down", "down", "enter")
        assert panel.typed.model == "lakes"
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen is driver.screen)
        await driver.until(lambda: len(renderer.loads) == 2)
        await driver.until_done()
    assert [load.model.name for load in renderer.loads] == ["embedded", "lakes"]
    assert renderer.loads[1].settings.prompt == "a red sun over a lake"


async def test_loras_are_lines_with_weights(tmp_path: Path, home: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        panel = await open_panel(driver)
        await write(driver, "lora-0", "in 0.5")
        await driver.until(lambda: listed(panel) == ["ink   ~/ComfyUI/models/loras"])
        await driver.press("down", "enter")
        assert panel.typed.loras == ("ink 0.5", "")
        await write(driver, "lora-1", "snow")
        await driver.press("shift+tab")
        await driver.until(lambda: "there is no file 'snow'" in status(panel))
        assert marks(panel)["lora-1"] == ("", True)
        await write(driver, "lora-1", "moss")
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen is driver.screen)
        await driver.until(lambda: len(renderer.loads) == 2)
    folder = home / "ComfyUI" / "models" / "loras"
    assert [(Path(lora.path), lora.weight) for lora in renderer.loads[1].model.loras] == [
        (folder / "ink.safetensors", 0.5),
        (folder / "moss.safetensors", 1.0),
    ]


async def test_typing_a_lora_adds_one_more_line(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), SMALL) as driver:
        panel = await open_panel(driver)
        field = panel.query_one("#edit-lora-0", Input)
        for text in ("i", "in", "ink"):  # faster than a line is mounted
            field.value = text
            panel.on_input_changed(Input.Changed(field, text))
        assert panel.typed.loras == ("ink", "")
        await driver.pilot.pause()
        assert panel.typed.loras == ("ink", "")


@pytest.mark.parametrize("lines", [1, 2, 5])
async def test_what_is_said_stays_on_a_small_screen_with_many_loras(tmp_path: Path, lines: int) -> None:
    async with running(make_app(tmp_path, *PROMPT), SMALL) as driver:
        panel = await open_panel(driver)
        for number in range(lines):
            await write(driver, f"lora-{number}", "ink")
        await driver.until(lambda: len(panel.query("EditRow")) == 8 + lines)
        await driver.until(lambda: INVITATION in driver.text())
        assert "ink   ~/ComfyUI/models/loras" in driver.text()
        field = panel.query_one(f"#edit-lora-{lines - 1}")
        await driver.until(lambda: panel.find_widget(field).visible_region.height == 1)


async def test_a_panel_that_was_closed_applies_nothing(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        panel = await open_panel(driver)
        await write(driver, "prompt", "a fox")
        panel.action_apply()
        assert status(panel) == APPLYING
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen is driver.screen)
        await driver.until(lambda: not [each for each in driver.app.workers if each.group == "edit"])
        await driver.pilot.pause()
        assert driver.search.session.lineage.rounds == ()


async def test_an_edit_is_not_applied_for_a_panel_that_was_opened_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[EditPrepared] = []
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        panel, post = await open_panel(driver), driver.app.post_message

        def post_others(message: Message) -> bool:
            if not isinstance(message, EditPrepared):
                return post(message)
            late.append(message)
            return True

        monkeypatch.setattr(driver.app, "post_message", post_others)
        await write(driver, "prompt", "a fox")
        panel.action_apply()
        await driver.until(lambda: len(late) == 1)
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen is driver.screen)
        await driver.until_keys_count()
        second = await open_panel(driver)
        assert second is not panel
        await driver.app.on_edit_prepared(late[0])
        assert driver.app.screen is second
        assert status(second) == INVITATION
        assert driver.search.session.lineage.rounds == ()


async def test_help_says_what_the_keys_of_the_panel_do(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        panel = await open_panel(driver)
        await driver.press("f1")
        await driver.until(lambda: "The noise of the picture stays, and its settings change" in driver.text())
        await driver.press("escape")
        assert driver.app.screen is panel


async def test_digits_and_letters_typed_into_the_panel_do_not_reach_the_grid(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        panel = await open_panel(driver)
        before = driver.search.session
        await driver.press("1", "n", "q", "u")
        assert panel.typed.prompt == "a red sun over a lake1nqu"
        assert driver.search.session is before
