r"""Prompts as ComfyUI reads them: `(x:1.2)`, `(x)`, `\(`, `embedding:name`; square brackets are text.

Facts from comfy/sd1_clip.py of ComfyUI 0.3: brackets without a number multiply by 1.1; a number replaces the weight of
the brackets around it instead of multiplying it; an unclosed bracket is text together with all that follows it, but if
the last character closes a bracket, what stands between these two counts as in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.prompts.spans import Span, SpanKind, checked, number_in

_FACTOR = 1.1
_PIECE = re.compile(r"\\[()]|.", re.DOTALL)
_EMBEDDING = re.compile(r"(?:^|[ \n])embedding:([^\s,]+)")
_UNREAD = re.compile(r"embedding:[^\s,]+")
_MAX_NUMBER = 40


def parse_comfyui(text: str) -> tuple[Span, ...]:
    """Return the spans of a prompt: text and textual inversions, with their weights.

    Raises:
        InvalidRequestError: A weight is out of range.
    """
    return checked(span for weighted in _weighted(text) for span in _with_embeddings(weighted))


def unread_bracket(text: str) -> str:
    """Return the text from the first bracket on that is never closed and so is a character; "" without one."""
    pieces = _PIECE.findall(text)
    found = (
        "".join(pieces[index : here.end])
        for here in _ranges(pieces)
        for index in range(here.start, here.end)
        if pieces[index] == "("
    )
    return next(found, "")


def unread_embedding(text: str) -> str:
    """Return the first `embedding:name` that is words because no space is before it; "" without one."""
    for span in parse_comfyui(text):
        if span.kind is SpanKind.TEXT and (match := _UNREAD.search(span.text)):
            return match[0]
    return ""


@dataclass(frozen=True, slots=True)
class _Range:
    """Pieces `start` to `end` of the text; `is_read` when they hold no brackets any more."""

    start: int
    end: int
    weight: float
    is_read: bool = False


# ComfyUI calls itself for the inside of each bracket.  Here ranges wait on a stack, the next one of the text on top,
# and the partner of each bracket and the last colon before each piece are found beforehand: deep nesting costs no more
# than a flat text, and cannot exhaust Python's stack.
def _ranges(pieces: list[str]) -> Iterator[_Range]:
    partners, colons = _partners(pieces), _last_colons(pieces)
    waiting = [_Range(0, len(pieces), 1.0)]
    while waiting:
        here = waiting.pop()
        if here.is_read:
            yield here
            continue
        parts = list(_parts(pieces, partners, here))
        waiting += [part if part.is_read else _inside(pieces, colons, part) for part in reversed(parts)]


def _weighted(text: str) -> Iterator[Span]:
    pieces = _PIECE.findall(text)
    for here in _ranges(pieces):
        yield Span(text="".join(piece[-1] for piece in pieces[here.start : here.end]), weight=here.weight)


def _parts(pieces: list[str], partners: list[int], here: _Range) -> Iterator[_Range]:
    """Yield the parts of a range: text, and brackets with what they enclose."""
    begun = position = here.start
    closed_too_often = 0
    while position < here.end:
        piece = pieces[position]
        if piece == ")":
            closed_too_often += 1
        elif piece == "(" and closed_too_often:
            closed_too_often -= 1
        elif piece == "(":
            if begun < position:
                yield _Range(begun, position, here.weight, is_read=True)
            partner = partners[position]
            is_closed = position < partner < here.end
            end = partner + 1 if is_closed else here.end
            is_group = end - position >= 2 and pieces[end - 1] == ")"
            yield _Range(position, end, here.weight, is_read=not is_group)
            begun = position = end
            continue
        position += 1
    if begun < here.end:
        yield _Range(begun, here.end, here.weight, is_read=True)


def _inside(pieces: list[str], colons: list[int], group: _Range) -> _Range:
    """Return what a bracket encloses, without its number, and its weight."""
    start, end = group.start + 1, group.end - 1
    colon = colons[end]
    if start < colon and end - colon <= _MAX_NUMBER:
        weight = number_in("".join(pieces[colon + 1 : end]))
        if weight is not None:
            return _Range(start, colon, weight)
    return _Range(start, end, group.weight * _FACTOR)


def _partners(pieces: list[str]) -> list[int]:
    """Return for each opening bracket the index of the one that closes it; -1 for all other pieces."""
    partners, opened = [-1] * len(pieces), list[int]()
    for index, piece in enumerate(pieces):
        if piece == "(":
            opened.append(index)
        elif piece == ")" and opened:
            partners[opened.pop()] = index
    return partners


def _last_colons(pieces: list[str]) -> list[int]:
    """Return for each index that of the last colon before it; -1 without one."""
    last, colons = -1, []
    for index, piece in enumerate(pieces):
        colons.append(last)
        last = index if piece == ":" else last
    return [*colons, last]


def _with_embeddings(span: Span) -> Iterator[Span]:
    end = 0
    for match in _EMBEDDING.finditer(span.text):
        yield Span(text=span.text[end : match.start()], weight=span.weight)
        yield Span(text=match[1], weight=span.weight, kind=SpanKind.EMBEDDING)
        end = match.end()
    yield Span(text=span.text[end:], weight=span.weight)
