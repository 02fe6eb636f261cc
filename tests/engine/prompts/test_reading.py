"""Prompts as a whole: tags, warnings, and what of a plain prompt looks as if it had weights."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidRequestError
from engine.prompts.reading import check_prompts, plain_warning, read_prompt
from engine.prompts.spans import Span, SpanKind, number_in
from engine.prompts.tags import Tag, find_tags, without_tags
from engine.rendering.settings import RenderSettings

SETTINGS = RenderSettings(prompt="a", width=64, height=64, num_inference_steps=4, guidance_scale=3.0)


def test_tags_have_names_and_weights() -> None:
    assert find_tags("a <lora:ink:0.8> b <lyco: Neg/Ink 2 :1:.5><hypernet:h> <lora:x:strong> < lora:y:1> <z>") == (
        Tag(text="<lora:ink:0.8>", kind="lora", name="ink", weights=(0.8,)),
        Tag(text="<lyco: Neg/Ink 2 :1:.5>", kind="lyco", name="Neg/Ink 2", weights=(1.0, 0.5)),
        Tag(text="<hypernet:h>", kind="hypernet", name="h"),
        Tag(text="<lora:x:strong>", kind="lora", name="x", weights=None),
    )


def test_tags_have_weights_by_name_and_what_only_extensions_read() -> None:
    tags = find_tags(
        "<lora:a:0.8:lbw=OUTALL:stop=20><lora:b:te=0.5:unet=1><lora:c:UNet=.5><lora:d:1:OUTALL><lora:e:lbw=X>"
        "<lora:f:0.8:0.5:8><lora:g:1:te=x><lora:h:>"
    )
    assert [(tag.name, tag.weights, tag.others) for tag in tags] == [
        ("a", (0.8,), ("lbw=OUTALL", "stop=20")),
        ("b", (0.5, 1.0), ()),
        ("c", (1.0, 0.5), ()),
        ("d", (1.0,), ("OUTALL",)),
        ("e", (), ("lbw=X",)),
        ("f", (0.8, 0.5), ("8",)),
        ("g", None, ()),
        ("h", None, ()),
    ]


def test_tags_are_taken_out_and_the_rest_stays() -> None:
    text = "<lora:ink:0.8> a cat , <lora:b:1>b <lora:ink:0.8>"
    first, *_ = find_tags(text)
    assert without_tags(text, (first,)) == "a cat , <lora:b:1>b"
    assert without_tags(" a ", ()) == " a "


def test_a1111_leaves_out_tags_that_nothing_was_loaded_for() -> None:
    reading = read_prompt("a <lora:ink:0.8><hypernet:h:1><lora:b:x><wildcard:c>", "a1111")
    assert reading.spans == (Span(text="a"),)
    assert reading.warnings == (
        "unknown LoRA 'ink' in the prompt: it was left out",
        "'<hypernet:h:1>' in the prompt was left out: hypernetworks are not supported",
        "'<lora:b:x>' in the prompt was left out: its weight is not a number",
        "'<wildcard:c>' in the prompt was left out: tags of the kind 'wildcard' are not supported",
    )


def test_tags_are_words_in_a_negative_prompt_and_in_comfyui() -> None:
    negative = read_prompt("a <lora:ink:0.8>", "a1111", is_negative=True)
    assert negative.spans == (Span(text="a <lora:ink:0.8>"),)
    assert negative.warnings == ("'<lora:ink:0.8>' in the negative prompt was read as words",)
    reading = read_prompt("a <lora:ink:0.8> embedding:x", "comfyui")
    assert reading.spans == (Span(text="a <lora:ink:0.8>"), Span(text="x", kind=SpanKind.EMBEDDING))
    assert reading.warnings == ("'<lora:ink:0.8>' in the prompt was read as words",)


def test_both_prompts_are_checked_and_named() -> None:
    check_prompts(replace(SETTINGS, prompt="[a:b:0.5] AND", negative_prompt="(", prompt_style="plain"))
    check_prompts(replace(SETTINGS, prompt="[a|b] AND BREAK", prompt_style="comfyui"))
    check_prompts(replace(SETTINGS, negative_prompt="a AND b", prompt_style="a1111"))
    with pytest.raises(InvalidRequestError) as caught:
        check_prompts(replace(SETTINGS, negative_prompt="[a|b]", prompt_style="a1111"))
    assert str(caught.value) == (
        "the negative prompt alternates between words at every step, '[a|b]', which warmer cannot do: "
        "write one of them alone, put a backslash before each bracket, or add --prompt-style plain"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a (cat:1.2)", "(cat:1.2)"),
        ("((cat))", "(("),
        ("a [[cat]]", "[["),
        ("a BREAK b", "BREAK"),
        ("a <lora:ink:0.8>", "<lora:ink:0.8>"),
        ("embedding:neg, b", "embedding:neg"),
    ],
)
def test_what_looks_like_weights_is_named_in_a_plain_prompt(text: str, shown: str) -> None:
    assert plain_warning(text, "why") == f"'{shown}' in the prompt was read as words: why"
    assert plain_warning(text, "why", is_negative=True) == f"'{shown}' in the negative prompt was read as words: why"


@pytest.mark.parametrize("text", ["", "a cat (old) at 12:30", "a [cat]", r"a \(cat:1.2\)", "time: (12:30 pm)", "a < b"])
def test_ordinary_brackets_are_not_named(text: str) -> None:
    assert plain_warning(text, "why") == ""


@given(st.text("(:<[\\ .1a>", max_size=50) | st.text(max_size=50))
def test_any_plain_prompt_can_be_looked_at(text: str) -> None:
    plain_warning(text, "why")
    assert "".join(without_tags(text, find_tags(text)).split()) in "".join(text.split()) or find_tags(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.2", 1.2), (" -.5 ", -0.5), ("+2.", 2.0), ("", None), (".", None), ("+-1", None), ("1e3", None), ("nan", None)],
)
def test_numbers_are_those_that_people_write(text: str, number: float | None) -> None:
    assert number_in(text) == number
    assert number_in("1" * 41) is None
    assert number_in("٣") is None
