"""Tokens in chunks, as A1111 and ComfyUI cut long prompts for a CLIP text encoder, which reads 75 of them at a time.

Facts from modules/sd_hijack_clip.py of stable-diffusion-webui 1.10 and comfy/sd1_clip.py of ComfyUI 0.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.prompts.spans import Span, SpanKind

_BACKTRACK = 20
"""A1111 looks for a comma in this many tokens before the end of a chunk, and begins the next chunk after it."""
_LARGE_GROUP = 8
"""ComfyUI cuts runs of text from this many tokens on wherever a chunk ends; it moves shorter ones to the next chunk."""
_EMBEDDING = re.compile(r"\bembedding:([^\s,]+)")
_STANDS_FOR_VECTOR = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """What one tokenizer knows.

    Attributes:
        encode: Returns the tokens of a text, without those of its start and end.
        start: The token before a text.
        end: The token after it.
        padding: The token that fills up a text.
        comma: The token of a comma; -1 if there is none.
        length: The number of tokens of a chunk, without start and end.
        embeddings: The number of vectors of each textual inversion, by its word in lower case.
    """

    encode: Callable[[str], list[int]]
    start: int
    end: int
    padding: int
    comma: int
    length: int
    embeddings: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Vector:
    """A place in a chunk whose token embedding is replaced by a vector of a textual inversion.

    Attributes:
        position: The index of the token in the chunk.
        word: The word of the textual inversion, in lower case.
        index: Which of its vectors.
    """

    position: int
    word: str
    index: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """What a text encoder reads at once.

    Attributes:
        tokens: With start, end and padding.
        weights: One for each token; 1 for start, end and padding.
        vectors: Where textual inversions stand.
    """

    tokens: tuple[int, ...]
    weights: tuple[float, ...]
    vectors: tuple[Vector, ...] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    number: int
    weight: float
    vector: tuple[str, int] | None = None


def a1111_chunks(spans: tuple[Span, ...], vocabulary: Vocabulary) -> tuple[Chunk, ...]:
    """Return the chunks of a prompt as A1111 cuts it; at least one.

    Args:
        spans: The prompt.
        vocabulary: The tokenizer's.
    """
    size, chunks, current = vocabulary.length, list[list[_Token]](), list[_Token]()
    comma = -1  # the index of the last comma in the current chunk
    for group in _a1111_groups(spans, vocabulary):
        if not group:  # the end of a chunk
            chunks.append(current)
            current, comma = [], -1
            continue
        is_comma = group[0].vector is None and group[0].number == vocabulary.comma
        if is_comma:
            comma = len(current)
        elif len(current) == size and comma >= 0 and size - comma <= _BACKTRACK:
            chunks.append(current[: comma + 1])
            current, comma = current[comma + 1 :], -1
        if len(current) + len(group) > size:
            chunks.append(current)
            current, comma = [], -1
        current += group
    if current or not chunks:
        chunks.append(current)
    return tuple(_chunk(tokens, vocabulary) for tokens in chunks)


def comfyui_chunks(spans: tuple[Span, ...], vocabulary: Vocabulary) -> tuple[Chunk, ...]:
    """Return the chunks of a prompt as ComfyUI cuts it; at least one.

    Args:
        spans: The prompt.
        vocabulary: The tokenizer's.
    """
    size, chunks, current = vocabulary.length, list[list[_Token]](), list[_Token]()
    for span in spans:
        group = _vectors(span, vocabulary) if span.kind is SpanKind.EMBEDDING else _tokens(span.text, span, vocabulary)
        is_large = len(group) >= _LARGE_GROUP
        while len(current) + len(group) > size:
            room = size - len(current) if is_large else 0
            chunks.append([*current, *group[:room]])
            current, group = [], group[room:]
        current += group
    return tuple(_chunk(tokens, vocabulary) for tokens in [*chunks, current])


def unknown_embeddings(spans: tuple[Span, ...], words: frozenset[str]) -> tuple[str, ...]:
    """Return the names after `embedding:` in a prompt that are none of these words, which are in lower case."""
    named = [span.text for span in spans if span.kind is SpanKind.EMBEDDING]
    named += [name for span in spans if span.kind is SpanKind.TEXT for name in _EMBEDDING.findall(span.text)]
    return tuple(dict.fromkeys(name for name in named if name.lower() not in words))


def _a1111_groups(spans: tuple[Span, ...], vocabulary: Vocabulary) -> Iterator[list[_Token]]:
    """Yield what is not cut: single tokens, the vectors of one textual inversion, and [] for the end of a chunk."""
    words = _words_by_token(vocabulary)
    for span in spans:
        if span.kind is SpanKind.BREAK:
            yield []
            continue
        end = 0
        for match in _EMBEDDING.finditer(span.text):
            yield from _found_words(_tokens(span.text[end : match.start()], span, vocabulary), words, vocabulary)
            if vectors := _vectors(Span(text=match[1], weight=span.weight), vocabulary):
                yield vectors
            end = match.end()
        yield from _found_words(_tokens(span.text[end:], span, vocabulary), words, vocabulary)


def _words_by_token(vocabulary: Vocabulary) -> dict[int, list[tuple[tuple[int, ...], str]]]:
    """Return the tokens of each textual inversion's word by the first of them, the longest first."""
    found: dict[int, list[tuple[tuple[int, ...], str]]] = {}
    for word in vocabulary.embeddings:
        tokens = tuple(vocabulary.encode(word))
        if tokens:
            found.setdefault(tokens[0], []).append((tokens, word))
    return {first: sorted(words, key=lambda word: -len(word[0])) for first, words in found.items()}


def _found_words(
    tokens: list[_Token], words: dict[int, list[tuple[tuple[int, ...], str]]], vocabulary: Vocabulary
) -> Iterator[list[_Token]]:
    """Yield tokens one by one, and in place of the word of a textual inversion all its vectors."""
    position = 0
    while position < len(tokens):
        for written, word in words.get(tokens[position].number, ()):
            if tuple(token.number for token in tokens[position : position + len(written)]) == written:
                yield _vectors(Span(text=word, weight=tokens[position].weight), vocabulary)
                position += len(written)
                break
        else:
            yield [tokens[position]]
            position += 1


def _tokens(text: str, span: Span, vocabulary: Vocabulary) -> list[_Token]:
    return [_Token(number, span.weight) for number in vocabulary.encode(text)] if text.strip() else []


def _vectors(span: Span, vocabulary: Vocabulary) -> list[_Token]:
    word = span.text.lower()
    count = vocabulary.embeddings.get(word, 0)
    return [_Token(_STANDS_FOR_VECTOR, span.weight, (word, index)) for index in range(count)]


def _chunk(tokens: list[_Token], vocabulary: Vocabulary) -> Chunk:
    room = vocabulary.length - len(tokens)
    padding = (vocabulary.padding,) * room
    return Chunk(
        tokens=(vocabulary.start, *(token.number for token in tokens), vocabulary.end, *padding),
        weights=(1.0, *(token.weight for token in tokens), *(1.0,) * (1 + room)),
        vectors=tuple(
            Vector(position=position, word=token.vector[0], index=token.vector[1])
            for position, token in enumerate(tokens, 1)
            if token.vector is not None
        ),
    )
