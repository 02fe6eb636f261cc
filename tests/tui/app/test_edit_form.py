"""From the texts of the edit panel to an edit: only what differs, checked in the engine's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.edit import Edit
from engine.models.schedulers import scheduler_settings
from engine.rendering.requests import LoraChoice, ModelChoice
from engine.rendering.settings import RenderSettings
from tui.app.edits.form import Typed, changed_fields, edit_of, lora_line, lora_option, problems, typed_of

SETTINGS = RenderSettings(
    prompt="a lake\nat dusk",
    negative_prompt="text",
    width=832,
    height=1216,
    num_inference_steps=25,
    guidance_scale=6.5,
    scheduler=scheduler_settings("DPM++ 2M Karras"),
)
MODEL = ModelChoice(
    path="/m/pony.safetensors",
    name="pony",
    loras=(LoraChoice(path="/l/ink.safetensors", weight=0.8), LoraChoice(path="/l/moss.safetensors")),
)
TYPED = Typed(
    prompt="a lake\nat dusk",
    negative="text",
    steps="25",
    guidance="6.5",
    size="832x1216",
    scheduler="DPM++ 2M Karras",
    model="pony",
    loras=("ink 0.8", "moss 1"),
)


def with_text(field: str, text: str | tuple[str, ...]) -> Typed:
    """Return the texts of the picture with one that was typed anew."""
    entries: dict[str, Any] = {field: text}
    return replace(TYPED, **entries)


def test_the_texts_of_a_picture_ask_for_nothing() -> None:
    assert typed_of(SETTINGS, MODEL) == TYPED
    assert changed_fields(TYPED, SETTINGS, MODEL) == ()
    assert edit_of(TYPED, SETTINGS, MODEL) == Edit()


@pytest.mark.parametrize(
    ("field", "text", "edit"),
    [
        ("prompt", "a fox ", Edit(prompt="a fox")),
        ("prompt", "", Edit(prompt="")),
        ("negative", "", Edit(negative_prompt="")),
        ("steps", " 30", Edit(num_inference_steps=30)),
        ("guidance", "7", Edit(guidance_scale=7.0)),
        ("size", "512 x 512".replace(" ", ""), Edit(size=(512, 512))),
        ("scheduler", "Euler a", Edit(scheduler="Euler a")),
        ("scheduler", "", Edit(scheduler="")),
        ("model", " other ", Edit(model="other")),
        ("loras", ("ink 0.5", "moss 1", ""), Edit(loras=("/l/ink.safetensors:0.5", "/l/moss.safetensors:1"))),
        ("loras", ("moss 1",), Edit(loras=("/l/moss.safetensors:1",))),
        ("loras", ("", ""), Edit(loras=("none",))),
        (
            "loras",
            ("ink 0.8", "moss 1", "snow"),
            Edit(loras=("/l/ink.safetensors:0.8", "/l/moss.safetensors:1", "snow")),
        ),
    ],
)
def test_only_what_differs_is_in_the_edit(field: str, text: str | tuple[str, ...], edit: Edit) -> None:
    typed = with_text(field, text)
    assert changed_fields(typed, SETTINGS, MODEL) == (field,)
    assert problems(typed, SETTINGS, MODEL) == {}
    assert edit_of(typed, SETTINGS, MODEL) == edit


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("prompt", "a lake\nat dusk  "),
        ("steps", " 25 "),
        ("scheduler", "DPM++ 2M Karras "),
        ("loras", ("ink 0.8 ", "moss 1")),
    ],
)
def test_spaces_around_a_text_change_nothing(field: str, text: str | tuple[str, ...]) -> None:
    assert edit_of(with_text(field, text), SETTINGS, MODEL) == Edit()


@pytest.mark.parametrize(("field", "text"), [("guidance", "6.50"), ("steps", "025"), ("scheduler", "dpm++ 2m KARRAS")])
def test_the_same_value_written_otherwise_changes_nothing(field: str, text: str) -> None:
    assert edit_of(with_text(field, text), SETTINGS, MODEL) == Edit()


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("steps", "0", "steps is a number from 1 to 1000, found 0"),
        ("steps", "many", "steps is a number from 1 to 1000, found 'many'"),
        ("steps", "2.5", "steps is a number from 1 to 1000, found '2.5'"),
        ("steps", "", "steps is a number from 1 to 1000, found ''"),
        ("guidance", "7,5", "guidance is a number from 0 to 100, found '7,5'"),
        ("guidance", "nan", "guidance is a number from 0 to 100, found nan"),
        ("guidance", "-1", "guidance is a number from 0 to 100, found -1.0"),
        ("size", "big", "a size is WIDTHxHEIGHT, for example 512x512, found 'big'"),
        ("size", "513x512", "width and height are multiples of 8, found '513x512'"),
        ("size", "16384x8", "width is a number from 8 to 8192, found 16384"),
        (
            "scheduler",
            "Eulr",
            "there is no scheduler 'Eulr'; similar names are 'Euler', 'Euler a', 'EDMEuler'",
        ),
        ("model", " ", "no model is named; 'embedded' is the small one that comes with warmer"),
        ("prompt", "x" * 100_001, "the prompt is at most 100,000 characters, found 100,001"),
    ],
)
def test_a_wrong_text_has_the_engines_sentence(field: str, text: str, sentence: str) -> None:
    assert problems(with_text(field, text), SETTINGS, MODEL) == {field: sentence}


def test_a_value_of_the_picture_that_could_not_be_typed_is_no_problem() -> None:
    odd = replace(SETTINGS, width=500, scheduler=replace(SETTINGS.scheduler, name="UnheardOfScheduler"))
    typed = replace(typed_of(odd, MODEL), steps="30")
    assert typed.scheduler == "UnheardOf, use_karras_sigmas=true" or typed.scheduler.startswith("UnheardOf")
    assert edit_of(typed, odd, MODEL) == Edit(num_inference_steps=30)


def test_control_characters_are_not_shown_and_not_taken_for_a_change() -> None:
    odd = replace(SETTINGS, prompt="a \x1b]0;title\x07lake\nat\u202e dusk")
    assert typed_of(odd, MODEL).prompt == "a ]0;titlelake\nat dusk"
    assert edit_of(typed_of(odd, MODEL), odd, MODEL) == Edit()


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("ink 0.8", ("ink", "0.8")),
        ("my ink  -1", ("my ink", "-1")),
        ("ink", ("ink", "")),
        ("ink:0.8", ("ink:0.8", "")),
        ("ink strong", ("ink strong", "")),
        ("ink 0,8", ("ink", "0,8")),
        ("ink .5", ("ink", ".5")),
        ("2", ("2", "")),
    ],
)
def test_the_last_word_of_a_line_is_the_weight_if_it_is_a_number(line: str, parts: tuple[str, str]) -> None:
    assert lora_line(line) == parts


def test_two_files_of_one_name_are_told_apart_by_their_paths() -> None:
    model = replace(
        MODEL, loras=(LoraChoice(path="/a/ink.safetensors"), LoraChoice(path="/b/ink.safetensors", weight=2))
    )
    lines = typed_of(SETTINGS, model).loras
    assert lines == ("/a/ink.safetensors 1", "/b/ink.safetensors 2")
    assert [lora_option(line, model) for line in lines] == ["/a/ink.safetensors:1", "/b/ink.safetensors:2"]
