"""The syntax of ComfyUI: laws for any text, and the same weights as by a plainer, recursive derivation."""

from __future__ import annotations

import contextlib
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidRequestError
from engine.prompts.comfyui import parse_comfyui
from engine.prompts.spans import Span, SpanKind


def spans(*parts: tuple[str, float]) -> tuple[Span, ...]:
    return tuple(Span(text=text, weight=weight) for text, weight in parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("a cat", spans(("a cat", 1.0))),
        ("a (cat:1.2) b", spans(("a ", 1.0), ("cat", 1.2), (" b", 1.0))),
        ("((cat))", spans(("cat", 1.1 * 1.1))),
        ("[cat] BREAK", spans(("[cat] BREAK", 1.0))),
        ("(a (b:1.5):2)", spans(("a ", 2.0), ("b", 1.5))),
        ("((b:1.5))", spans(("b", 1.5))),
        ("(a:b:1.2)", spans(("a:b", 1.2))),
        ("(:1.2)", spans((":1.2", 1.1))),
        ("(a:big)", spans(("a:big", 1.1))),
        (r"a \(b\) \\ [", spans((r"a (b) \\ [", 1.0))),
        ("a (b (c:1.2) d", spans(("a ", 1.0), ("(b (c:1.2) d", 1.0))),
        ("a (b (c:1.2)", spans(("a ", 1.0), ("b ", 1.2), ("(c", 1.2))),
        ("a) (b) (c)", spans(("a) (b) (c)", 1.0))),
        ("a) ((b))", spans(("a) (", 1.0), ("b", 1.1), (")", 1.0))),
    ],
)
def test_brackets_weigh_what_they_enclose(text: str, expected: tuple[Span, ...]) -> None:
    assert parse_comfyui(text) == expected


def test_textual_inversions_are_named_at_the_beginning_of_a_word() -> None:
    name = Span(text="neg/easy_v1.2", kind=SpanKind.EMBEDDING)
    assert parse_comfyui("embedding:neg/easy_v1.2, b") == (name, *spans((", b", 1.0)))
    assert parse_comfyui("a (embedding:x:1.3)\nembedding:y") == (
        *spans(("a ", 1.0)),
        Span(text="x", weight=1.3, kind=SpanKind.EMBEDDING),
        Span(text="y", kind=SpanKind.EMBEDDING),
    )
    assert parse_comfyui("a,embedding:x embedding:") == spans(("a,embedding:x embedding:", 1.0))


def test_a_weight_out_of_range_is_refused() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_comfyui("(a cat:-101)")
    assert str(caught.value) == "the prompt gives 'a cat' the weight -101: weights are numbers from -100 to 100"


@given(st.text(max_size=200) | st.text("()[]:\\ .5a", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidRequestError):
        parse_comfyui(text)


@given(st.text("abc[] ,", max_size=20))
def test_plain_words_weigh_one(text: str) -> None:
    assert parse_comfyui(text) == (spans((text, 1.0)) if text else ())


@given(st.text("ab ()[]", max_size=40))
def test_an_escaped_text_is_read_as_it_is(text: str) -> None:
    escaped = re.sub(r"([()])", r"\\\1", text)
    assert "".join(span.text for span in parse_comfyui(escaped)) == text


def recursively(text: str, weight: float) -> list[tuple[str, float]]:
    """Cut off the first part, weigh it, go on with the rest; brackets that are escaped are other characters here."""
    if not text:
        return []
    for end in range(len(text) + 1):
        depths = [text[:index].count("(") - text[:index].count(")") for index in range(end + 1)]
        if text[0] == "(" and end and depths[end] == 0:
            return [*inside(text[:end], weight), *recursively(text[end:], weight)]
        if text[0] != "(" and end < len(text) and text[end] == "(" and depths[end] == 0:
            return [(text[:end], weight), *recursively(text[end:], weight)]
    return inside(text, weight)


def inside(text: str, weight: float) -> list[tuple[str, float]]:
    if not (len(text) >= 2 and text[0] == "(" and text[-1] == ")"):
        return [(text, weight)]
    words, colon, number = text[1:-1].rpartition(":")
    if words and colon and re.fullmatch(r"\d*\.\d+|\d+\.?", number):
        return recursively(words, float(number))
    return recursively(text[1:-1], weight * 1.1)


@given(st.text("ab():.5", max_size=30))
def test_the_same_is_found_as_by_recursion(text: str) -> None:
    expected = [part for part in recursively(text, 1.0) if part[0]]
    found = [(span.text, span.weight) for span in parse_comfyui(text)]
    assert [words for words, _ in found] == [words for words, _ in expected]
    assert [weight for _, weight in found] == pytest.approx([weight for _, weight in expected])


@pytest.mark.parametrize("part", ["(", ")", "()", "(a:0.9", "((a:1)", ":", "(a", " embedding:a", "\\("])
def test_long_and_deep_prompts_take_linear_time(part: str) -> None:
    text = (part * 100_000)[:100_000]
    started = time.perf_counter()
    with contextlib.suppress(InvalidRequestError):
        parse_comfyui(text)
        parse_comfyui(text + ")" * 50_000)
    assert time.perf_counter() - started < 5.0
