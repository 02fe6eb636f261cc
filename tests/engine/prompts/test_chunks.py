"""Chunks of both tools, with a tokenizer that has one token for each word and 30 tokens in a chunk."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.prompts.a1111 import parse_a1111
from engine.prompts.chunks import Chunk, Vector, Vocabulary, a1111_chunks, comfyui_chunks, unknown_embeddings
from engine.prompts.comfyui import parse_comfyui
from engine.prompts.spans import Span

START, END, PAD, COMMA = 1000, 1001, 1002, 44
LENGTH = 30


def encode(text: str) -> list[int]:
    """Give a number its value, a comma its own token, any other word the sum of its characters, beyond 2000."""
    words = text.lower().replace(",", " , ").split()
    return [COMMA if word == "," else int(word) if word.isdigit() else 2000 + sum(map(ord, word)) for word in words]


VOCABULARY = Vocabulary(
    encode=encode,
    start=START,
    end=END,
    padding=PAD,
    comma=COMMA,
    length=LENGTH,
    embeddings={"easy": 2, "very bad": 1, "very": 1, "long": 10},
)


def numbers(count: int, first: int = 100) -> str:
    return " ".join(str(first + index) for index in range(count))


def words_of(chunk: Chunk) -> list[int]:
    """Return the tokens of a chunk without start, end and padding."""
    assert len(chunk.tokens) == len(chunk.weights) == LENGTH + 2
    assert chunk.tokens[0] == START
    end = chunk.tokens.index(END)
    assert set(chunk.tokens[end + 1 :]) <= {PAD}
    assert {chunk.weights[0], *chunk.weights[end:]} == {1.0}
    return list(chunk.tokens[1:end])


def test_a_short_prompt_is_one_chunk() -> None:
    (chunk,) = a1111_chunks(parse_a1111("1 (2 3:1.5)"), VOCABULARY)
    assert words_of(chunk) == [1, 2, 3]
    assert chunk.weights[:5] == (1.0, 1.0, 1.5, 1.5, 1.0)
    assert comfyui_chunks(parse_comfyui("1 (2 3:1.5)"), VOCABULARY) == (chunk,)
    assert [words_of(chunk) for chunk in a1111_chunks((), VOCABULARY)] == [[]]
    assert [words_of(chunk) for chunk in comfyui_chunks((), VOCABULARY)] == [[]]


def test_a_long_prompt_is_cut_where_a_chunk_is_full() -> None:
    text = numbers(65)
    expected = [list(range(100, 130)), list(range(130, 160)), list(range(160, 165))]
    assert [words_of(chunk) for chunk in a1111_chunks(parse_a1111(text), VOCABULARY)] == expected
    assert [words_of(chunk) for chunk in comfyui_chunks(parse_comfyui(text), VOCABULARY)] == expected


def test_a1111_goes_back_to_a_comma_that_is_near() -> None:
    near, far = f"{numbers(12)}, {numbers(30, 200)}", f"{numbers(8)}, {numbers(30, 200)}"
    assert [len(words_of(chunk)) for chunk in a1111_chunks(parse_a1111(near), VOCABULARY)] == [13, 30]
    assert [len(words_of(chunk)) for chunk in a1111_chunks(parse_a1111(far), VOCABULARY)] == [30, 9]
    assert [len(words_of(chunk)) for chunk in comfyui_chunks(parse_comfyui(near), VOCABULARY)] == [30, 13]


def test_a_comma_that_fills_a_chunk_ends_it() -> None:
    (first, second) = a1111_chunks(parse_a1111(f"{numbers(29)}, 7"), VOCABULARY)
    assert (words_of(first)[-1], words_of(second)) == (COMMA, [7])
    (first, second) = a1111_chunks(parse_a1111(f"{numbers(30)}, 7"), VOCABULARY)
    assert words_of(second) == [COMMA, 7]


def test_break_ends_a_chunk() -> None:
    chunks = a1111_chunks(parse_a1111("1 BREAK 2 BREAK"), VOCABULARY)
    assert [words_of(chunk) for chunk in chunks] == [[1], [2]]
    assert [words_of(chunk) for chunk in a1111_chunks(parse_a1111("BREAK BREAK 1"), VOCABULARY)] == [[], [], [1]]


def test_comfyui_keeps_short_runs_of_text_together() -> None:
    short = comfyui_chunks(parse_comfyui(f"{numbers(28)} (1 2 3 4:1.2)"), VOCABULARY)
    assert [len(words_of(chunk)) for chunk in short] == [28, 4]
    long = comfyui_chunks(parse_comfyui(f"{numbers(28)} (1 2 3 4 5 6 7 8:1.2)"), VOCABULARY)
    assert [len(words_of(chunk)) for chunk in long] == [30, 6]


def test_textual_inversions_stand_for_their_words_in_a1111() -> None:
    (chunk,) = a1111_chunks(parse_a1111("1 (Easy:1.3) 2 very bad 3 very 4"), VOCABULARY)
    assert words_of(chunk) == [1, 0, 0, 2, 0, 3, 0, 4]
    assert chunk.weights[1:5] == (1.0, 1.3, 1.3, 1.0)
    assert chunk.vectors == (
        Vector(position=2, word="easy", index=0),
        Vector(position=3, word="easy", index=1),
        Vector(position=5, word="very bad", index=0),
        Vector(position=7, word="very", index=0),
    )


def test_textual_inversions_are_named_in_both() -> None:
    for spans, cut in ((parse_a1111, a1111_chunks), (parse_comfyui, comfyui_chunks)):
        (chunk,) = cut(spans("(embedding:EASY:1.3), embedding:none 5"), VOCABULARY)
        assert words_of(chunk) == [0, 0, COMMA, 5]
        assert [vector.word for vector in chunk.vectors] == ["easy", "easy"]
        assert unknown_embeddings(spans("(embedding:EASY:1.3), embedding:none 5"), frozenset(("easy",))) == ("none",)
    (chunk,) = comfyui_chunks(parse_comfyui("1 easy"), VOCABULARY)
    assert chunk.vectors == ()


def test_vectors_of_an_inversion_stay_in_one_chunk_in_a1111() -> None:
    first, second = a1111_chunks(parse_a1111(f"{numbers(25)} long"), VOCABULARY)
    assert (len(words_of(first)), len(words_of(second))) == (25, 10)
    first, second = comfyui_chunks(parse_comfyui(f"{numbers(25)} embedding:long"), VOCABULARY)
    assert (len(words_of(first)), len(words_of(second))) == (30, 5)


@given(st.lists(st.integers(50, 99).map(str) | st.just(","), max_size=200))
def test_no_token_is_lost(words: list[str]) -> None:
    text = " ".join(words)
    for chunks in (a1111_chunks((Span(text=text),), VOCABULARY), comfyui_chunks((Span(text=text),), VOCABULARY)):
        assert [token for chunk in chunks for token in words_of(chunk)] == encode(text)
        assert all(len(words_of(chunk)) <= LENGTH for chunk in chunks)
