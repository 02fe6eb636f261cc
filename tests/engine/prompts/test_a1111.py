"""The syntax of A1111: laws for any text, and the same weights as by a plainer, slower derivation."""

from __future__ import annotations

import contextlib
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidRequestError
from engine.prompts.a1111 import parse_a1111
from engine.prompts.spans import Span, SpanKind

BREAK = Span(text="", kind=SpanKind.BREAK)
WORDS = st.text("abc ,.", max_size=20)
BRACKETED = st.text("ab()[]\\ ", max_size=40)


def spans(*parts: tuple[str, float]) -> tuple[Span, ...]:
    return tuple(Span(text=text, weight=weight) for text, weight in parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("a cat", spans(("a cat", 1.0))),
        ("a (cat:1.2) b", spans(("a ", 1.0), ("cat", 1.2), (" b", 1.0))),
        ("(cat : 1.2 )", spans(("cat ", 1.2))),
        ("((cat))", spans(("cat", 1.1 * 1.1))),
        ("[cat]", spans(("cat", 1 / 1.1))),
        ("(a (b:1.5):2)", spans(("a ", 2.0), ("b", 3.0))),
        ("(a [b) c]", spans(("a ", 1.1), ("b", 1.1 / 1.1), (" c", 1 / 1.1))),
        (r"a \(b\) \[c\] \\ d\e", spans(("a (b) [c] \\ de", 1.0))),
        ("a (b", spans(("a ", 1.0), ("b", 1.1))),
        ("a) b] c:1.2)", spans(("a) b] c:1.2)", 1.0))),
        ("a:b, c: d", spans(("a:b, c: d", 1.0))),
        ("(a:1.2.3)", spans(("a:1.2.3", 1.1))),
        ("(a:.5)(b:-1)(c:+2.)", spans(("a", 0.5), ("b", -1.0), ("c", 2.0))),
        ("(a:1)b", spans(("ab", 1.0))),
        ("(a|b) c|d", spans(("a|b", 1.1), (" c|d", 1.0))),
        (r"[a\|b]", spans(("a|b", 1 / 1.1))),
        ("[a:b]", spans(("a:b", 1 / 1.1))),
        ("[(a:1.1)]", spans(("a", 1.1 * (1 / 1.1)))),
        ("time 12:30", spans(("time 12:30", 1.0))),
        ("outBREAKs AND", spans(("outBREAKs AND", 1.0))),
    ],
)
def test_brackets_weigh_what_they_enclose(text: str, expected: tuple[Span, ...]) -> None:
    assert parse_a1111(text, is_negative=True) == expected


def test_break_ends_a_chunk_and_takes_the_spaces_around_it() -> None:
    assert parse_a1111("a BREAK  b,BREAK(c:1.2)") == (
        *spans(("a", 1.0)),
        BREAK,
        *spans(("b,", 1.0)),
        BREAK,
        *spans(("c", 1.2)),
    )
    assert parse_a1111("(a BREAK b:1)") == (*spans(("a", 1.0)), BREAK, *spans(("b", 1.0)))


INSTEAD = "write one of them alone, put a backslash before each bracket, or add --prompt-style plain"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "a cat AND a dog",
            "the prompt joins prompts with AND, which warmer cannot do: write and in small letters, "
            "or add --prompt-style plain",
        ),
        (
            "a [cat:dog:0.5]",
            f"the prompt changes its words between steps, '[cat:dog:0.5]', which warmer cannot do: {INSTEAD}",
        ),
        ("[cat: 10 ]", f"the prompt changes its words between steps, '[cat: 10 ]', which warmer cannot do: {INSTEAD}"),
        (
            "[(a:1.2):(b:1.3):.5]",
            f"the prompt changes its words between steps, '[(a:1.2):(b:1.3):.5]', which warmer cannot do: {INSTEAD}",
        ),
        (
            "([red|(blue:1.2)] car)",
            f"the prompt alternates between words at every step, '[red|(blue:1.2)]', which warmer cannot do: {INSTEAD}",
        ),
        (
            "(a BREAK b)",
            "the prompt has BREAK inside brackets, where A1111 reads it as a word: "
            "close the brackets before BREAK and open them again after it",
        ),
        ("(a:100.5)", "the prompt gives 'a' the weight 100.5: weights are numbers from -100 to 100"),
        ("(" * 60 + "a", "the prompt gives 'a' the weight 304.482: weights are numbers from -100 to 100"),
    ],
)
def test_what_is_no_weight_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_a1111(text)
    assert str(caught.value) == sentence


@given(st.text(max_size=200) | st.text("()[]:|\\ .5aBREAKND", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_a1111(text)
    except InvalidRequestError:
        return
    assert all(abs(span.weight) <= 100.0 for span in found)


@given(WORDS)
def test_plain_words_weigh_one(text: str) -> None:
    assert parse_a1111(text) == (spans((text, 1.0)) if text else ())


@given(st.text("ab ()[]\\", max_size=40))
def test_an_escaped_text_is_read_as_it_is(text: str) -> None:
    escaped = re.sub(r"([()\[\]\\])", r"\\\1", text)
    assert "".join(span.text for span in parse_a1111(escaped)) == text


@given(st.lists(st.sampled_from((0.5, 1.25, 2.0)), max_size=6))
def test_weights_of_nested_brackets_multiply(weights: list[float]) -> None:
    text = "(" * len(weights) + "a" + "".join(f":{weight})" for weight in weights)
    product = 1.0
    for weight in weights:
        product *= weight
    assert parse_a1111(text) == spans(("a", product))


def characters_with_weights(text: str) -> list[tuple[str, float]]:
    """Weigh each character alone: by all pairs of brackets around it, each kind of which is paired for itself."""
    marks = re.findall(r"\\[()\[\]\\]|\\|[^\\]", text)
    factors = {"(": 1.1, "[": 1 / 1.1}
    closing = {"(": ")", "[": "]"}
    enclosed: list[tuple[int, int, float]] = []
    paired: set[int] = set()
    for kind, partner in closing.items():
        for start, mark in enumerate(marks):
            if mark != kind:
                continue
            depth, end = 0, len(marks)
            for index in range(start, len(marks)):
                depth += (marks[index] == kind) - (marks[index] == partner)
                if depth == 0:
                    end = index
                    break
            enclosed.append((start, end, factors[kind]))
            paired |= {start, end}
    weighted = []
    for index, mark in enumerate(marks):
        if index in paired or mark == "\\":
            continue
        weight = 1.0
        for start, end, factor in enclosed:
            weight *= factor if start < index < end else 1.0
        weighted.append((mark[-1], weight))
    return weighted


@given(BRACKETED)
def test_each_character_has_the_weight_of_the_brackets_around_it(text: str) -> None:
    found = [(character, span.weight) for span in parse_a1111(text) for character in span.text]
    expected = characters_with_weights(text)
    assert [character for character, _ in found] == [character for character, _ in expected]
    assert [weight for _, weight in found] == pytest.approx([weight for _, weight in expected])


@pytest.mark.parametrize("part", ["(", "[", "[(", "(a:0.9", "([a:1)", "a:", "[a:", "\\", "(a)", ": ", "a|"])
def test_long_and_deep_prompts_take_linear_time(part: str) -> None:
    text = (part * 100_000)[:100_000]
    started = time.perf_counter()
    with contextlib.suppress(InvalidRequestError):
        parse_a1111(text)
    assert time.perf_counter() - started < 5.0
