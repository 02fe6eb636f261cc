"""What a value of the configuration file has to be, in the words of the messages, and whether it is that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

TEXT, TEXTS, NUMBER, WHOLE = "a text", "a text or a list of texts", "a number", "a whole number"
TEXT_OR_WHOLE, TRUTH = "a text or a whole number", "true or false"
DURATION = "a number of minutes or a text"
_MAX_WHOLE = 2**63  # numbers of TOML have 64 bits; Python's parser takes any


def is_of(kind: str, value: object) -> bool:
    """Return whether a value is what one of the words above says."""
    return _KINDS[kind](value)


def listed(value: object) -> Iterator[str]:
    """Yield the texts of a text or a list of texts."""
    yield from (value,) if isinstance(value, str) else value if isinstance(value, list | tuple) else ()


def short(value: object) -> str:
    """Return a value as a message shows it: the kind of what is long, else itself."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        text = repr(value)
    except ValueError:  # a number of TOML may have any length, and Python writes none of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _is_number(value: object) -> bool:
    return isinstance(value, float) or _is_whole(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MAX_WHOLE


def _is_texts(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(text, str) for text in value))


_KINDS: Mapping[str, Callable[[object], bool]] = {
    TEXT: lambda value: isinstance(value, str),
    TEXTS: _is_texts,
    NUMBER: _is_number,
    WHOLE: _is_whole,
    TEXT_OR_WHOLE: lambda value: isinstance(value, str) or _is_whole(value),
    DURATION: lambda value: isinstance(value, str) or _is_number(value),
    TRUTH: lambda value: isinstance(value, bool),
}
