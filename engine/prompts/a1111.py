r"""Prompts as A1111 reads them: `(x:1.2)`, `((x))`, `[x]`, `\(`, `BREAK`.

Facts from modules/prompt_parser.py of stable-diffusion-webui 1.10: round brackets multiply by 1.1 or by the number
after a colon, square ones divide by 1.1; each kind nests for itself; an unclosed bracket holds to the end, and a
closing one without its partner is text.  What means something other than weights there (words that change
between steps, two prompts at once) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.errors import InvalidRequestError
from engine.prompts.spans import Span, SpanKind, checked, number_in, quoted

_ROUND, _SQUARE = 1.1, 1 / 1.1
_TOKEN = re.compile(r"\\[()\[\]\\]|\\|:\s*([+-]?[.\d]+)\s*\)|[()\[\]:]|[^\\()\[\]:]+")
_BREAK = re.compile(r"\s*\bBREAK\b\s*")
_AND = re.compile(r"\bAND\b")
_MAX_NUMBER = 40
_INSTEAD = "write one of them alone, put a backslash before each bracket, or add --prompt-style plain"


def parse_a1111(text: str, *, is_negative: bool = False) -> tuple[Span, ...]:
    """Return the spans of a prompt.

    Args:
        text: The prompt, without tags.
        is_negative: It is a negative prompt, in which AND is a word.

    Returns:
        Text with its weights and ends of chunks; neighbours of the same weight are one span.

    Raises:
        InvalidRequestError: It holds what A1111 reads as something other than weights, or a weight is out of range.
    """
    if not is_negative and _AND.search(text):
        raise InvalidRequestError(
            "the prompt joins prompts with AND, which warmer cannot do: write and in small letters, "
            "or add --prompt-style plain"
        )
    reader = _Reader(text=text)
    for match in _TOKEN.finditer(text):
        reader.take(match)
    return checked(_merged(reader.spans()))


# The two kinds of brackets may overlap, "(a [b) c]", so each has its own tree of groups.  A group learns its factor
# when it is closed, after its parts were read, and it is created after the group around it: one pass over the groups
# in their order multiplies all of them, however deep they are.
@dataclass(slots=True)
class _Groups:
    """The brackets of one kind.

    Attributes:
        factor: What a bracket multiplies weights by if it does not say so itself.
        parents: For each group the index of the group around it, -1 at the outermost level.
        factors: For each group what it multiplies weights by.
        open: The groups that are open, the innermost last.
    """

    factor: float
    parents: list[int] = field(default_factory=list)
    factors: list[float] = field(default_factory=list)
    open: list[int] = field(default_factory=list)

    @property
    def current(self) -> int:
        return self.open[-1] if self.open else -1

    def begin(self) -> None:
        self.parents.append(self.current)
        self.factors.append(self.factor)
        self.open.append(len(self.parents) - 1)

    def end(self, factor: float | None = None) -> None:
        closed = self.open.pop()
        if factor is not None:
            self.factors[closed] = factor

    def weights(self) -> list[float]:
        """Return the weight in each group, and 1 as the last one, for the outermost level."""
        weights = [1.0] * (len(self.parents) + 1)
        for group, (parent, factor) in enumerate(zip(self.parents, self.factors, strict=True)):
            weights[group] = weights[parent] * factor
        return weights


@dataclass(slots=True)
class _Reader:
    text: str
    rounds: _Groups = field(default_factory=lambda: _Groups(factor=_ROUND))
    squares: _Groups = field(default_factory=lambda: _Groups(factor=_SQUARE))
    parts: list[tuple[str, SpanKind, int, int]] = field(default_factory=list)
    levels: list[_Level] = field(default_factory=list)
    is_escaped: bool = False

    def take(self, match: re.Match[str]) -> None:
        """Take the next piece of the text in."""
        piece, number = match[0], match[1]
        self._look_for_changes(piece, match.start())
        if piece[0] == "\\":
            self._add(piece[1:])
        elif piece == "(":
            self.rounds.begin()
        elif piece == "[":
            self.squares.begin()
        elif number is not None and self.rounds.open:
            weight = number_in(number)
            if weight is None:
                self._add(piece[:-1])
            self.rounds.end(weight)
        elif piece == ")" and self.rounds.open:
            self.rounds.end()
        elif piece == "]" and self.squares.open:
            self.squares.end()
        else:
            self._add_words(piece)

    def spans(self) -> Iterator[Span]:
        """Yield the spans, once the whole text was taken in."""
        rounds, squares = self.rounds.weights(), self.squares.weights()
        for words, kind, in_round, in_square in self.parts:
            weight = rounds[in_round] * squares[in_square]
            if kind is SpanKind.BREAK and weight != 1.0:
                raise InvalidRequestError(
                    "the prompt has BREAK inside brackets, where A1111 reads it as a word: "
                    "close the brackets before BREAK and open them again after it"
                )
            yield Span(text=words, weight=weight, kind=kind)

    def _add(self, words: str, kind: SpanKind = SpanKind.TEXT) -> None:
        self.parts.append((words, kind, self.rounds.current, self.squares.current))

    def _add_words(self, words: str) -> None:
        for number, part in enumerate(_BREAK.split(words)):
            if number:
                self._add("", SpanKind.BREAK)
            self._add(part)

    def _look_for_changes(self, piece: str, start: int) -> None:
        """Refuse [a:b:0.5] and [a|b], which are recognised by what stands directly inside the square brackets."""
        level = self.levels[-1] if self.levels else None
        was_escaped, self.is_escaped = self.is_escaped, piece == "\\"
        if piece[0] == "\\":
            return
        if piece in ("(", "["):
            self.levels.append(_Level(bracket=piece, start=start))
        elif piece[-1] == ")":
            if level and level.bracket == "(":
                self.levels.pop()
        elif piece == "]":
            if level and level.bracket == "[":
                self.levels.pop()
                level.check(self.text, start)
        elif level and piece == ":":
            level.colon = start
        elif level and "|" in piece[was_escaped:]:
            level.has_bar = True


@dataclass(slots=True)
class _Level:
    bracket: str
    start: int
    colon: int = -1
    has_bar: bool = False

    def check(self, text: str, end: int) -> None:
        shown = quoted(text[self.start : end + 1])
        if self.has_bar:
            raise InvalidRequestError(
                f"the prompt alternates between words at every step, {shown}, which warmer cannot do: {_INSTEAD}"
            )
        tail = text[self.colon + 1 : end] if self.colon >= 0 and end - self.colon <= _MAX_NUMBER else ""
        if number_in(tail) is not None:
            raise InvalidRequestError(
                f"the prompt changes its words between steps, {shown}, which warmer cannot do: {_INSTEAD}"
            )


def _merged(spans: Iterator[Span]) -> Iterator[Span]:
    """Yield spans with neighbours of the same weight as one."""
    texts: list[str] = []
    weight = 1.0
    for span in spans:
        if texts and (span.kind is not SpanKind.TEXT or span.weight != weight):
            yield Span(text="".join(texts), weight=weight)
            texts = []
        if span.kind is SpanKind.TEXT:
            texts.append(span.text)
            weight = span.weight
        else:
            yield span
    if texts:
        yield Span(text="".join(texts), weight=weight)
