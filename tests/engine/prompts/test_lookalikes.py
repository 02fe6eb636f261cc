"""What looks like a weight or a tag and is none: each is said, and no ordinary prompt is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidRequestError
from engine.prompts.reading import read_prompt

FULL_WIDTH = "brackets and colons of full width are characters"
POINT = "a weight has a point, as in 1.2"
INVOKEAI = "this is the syntax of InvokeAI; write (words:1.2)"
NOVELAI = "this is the syntax of NovelAI; write (words:1.2)"
RANDOM = "no word is chosen at random here"
WILDCARDS = "wildcards are not replaced here"
GUIDANCE = "A1111 would multiply the guidance by it; write (words:1.2)"
TAG = "the tag is never closed"
BRACKET = "the bracket is never closed"
SPACE = "ComfyUI needs a space before it"


def warnings(text: str, style: str = "a1111", *, is_negative: bool = False) -> tuple[str, ...]:
    return read_prompt(text, style, is_negative=is_negative).warnings


@pytest.mark.parametrize(
    ("text", "shown", "why"),
    [
        ("a （red hair：1.3）, b", "（red hair：1.3）", FULL_WIDTH),
        ("a （red:1.3）", "（red:1.3）", FULL_WIDTH),
        ("a (red：1.3)", "(red：1.3)", FULL_WIDTH),
        ("a (red:1.3）", "(red:1.3）", FULL_WIDTH),
        ("a (red:1,3) fox", "(red:1,3)", POINT),
        ("a (red)1.3, fox", "(red)1.3", INVOKEAI),
        ("a (red fox)++ b", "(red fox)++", INVOKEAI),
        ("1.3::red:: fox", "1.3::red::", NOVELAI),
        ("a {{red}} fox", "{{red}}", NOVELAI),
        ("a {red|blue} fox", "{red|blue}", RANDOM),
        ("a __colour__ fox", "__colour__", WILDCARDS),
        ("a <lora:ink:0.8, fox", "<lora:ink:0.8, fox", TAG),
        ("<lora:ink <lora:b:1>", "<lora:ink", TAG),
    ],
)
def test_forms_that_are_no_weights_are_said_in_both_styles(text: str, shown: str, why: str) -> None:
    for which, found in (
        ("prompt", warnings(text)),
        ("prompt", warnings(text, "comfyui")),
        ("negative prompt", warnings(text, is_negative=True)),
    ):
        assert f"'{shown}' in the {which} was read as words: {why}" in found


@pytest.mark.parametrize("text", ["best quality:1.2", "a fox :0.8 <lora:ink:1>", "16:9"])
def test_a_number_at_the_end_is_said_where_a1111_reads_it(text: str) -> None:
    assert warnings(text)[-1].endswith(f"' in the prompt was read as words: {GUIDANCE}")
    assert warnings("best quality:1.2", "comfyui") == warnings("best quality:1.2", is_negative=True) == ()


@pytest.mark.parametrize(
    ("text", "shown", "why"),
    [
        ("a (red (fox:1.2) b", "(red (fox:1.2) b", BRACKET),
        ("smile >:(, (fox:1.2), b", "(, (fox:1.2), b", BRACKET),
        ("a,embedding:easy b", "embedding:easy", SPACE),
    ],
)
def test_comfyui_reads_as_words_what_is_not_closed_or_not_apart(text: str, shown: str, why: str) -> None:
    assert warnings(text, "comfyui") == (f"'{shown}' in the prompt was read as words: {why}",)


@pytest.mark.parametrize(
    "text",
    [
        "(masterpiece, best quality:1.2), (a:1.1)(b:0.9), [c], ((d))",
        r"1girl, hatsune miku \(vocaloid\), :3, :d, ;), \(^o^\), score_9, rating_safe",
        "C++ (a)-b, time 12:30, (x)-ray, 2girls (a:1.2)1girl, {a}, a_b__c",
        "a cat, embedding:easynegative, (embedding:neg:1.2)\n",
        ",,,",
        "",
    ],
)
def test_ordinary_prompts_are_read_without_a_word(text: str) -> None:
    assert warnings(text) == warnings(text, "comfyui") == warnings(text, is_negative=True) == ()


@given(st.text("(){}（）:：<>lora_.,|+-1 ", max_size=60), st.sampled_from(("a1111", "comfyui")))
def test_any_text_is_read_or_refused(text: str, style: str) -> None:
    try:
        found = warnings(text, style)
    except InvalidRequestError:
        return
    assert all(" was " in warning for warning in found)


@pytest.mark.parametrize(
    "part", ["1", "(", "(a:1", "（a：", "{a|", "{{", "__a", "1::", ":", ": ", "<lora:", "(a)+", "+", "<"]
)
def test_long_prompts_take_linear_time(part: str) -> None:
    text = (part * 50_000)[:50_000]
    started = time.perf_counter()
    for style in ("a1111", "comfyui"):
        try:
            warnings(text, style)
        except InvalidRequestError:
            continue
    assert time.perf_counter() - started < 5.0
