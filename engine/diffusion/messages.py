"""Parts of messages: the first line of an error of another library, and a shape in words."""

from __future__ import annotations

from pathlib import Path

from latentpng.text import plain

_MAX_LENGTH = 300
_OF_PROGRAMS = (AssertionError, AttributeError, LookupError, NameError, TypeError, ArithmeticError, RecursionError)
"""Errors that programs make of a value that they do not expect; what they say is for programmers."""


def first_line(error: BaseException) -> str:
    """Return what an error says: one short line, without the home directory of the user."""
    lines = (str(error).strip() or type(error).__name__).splitlines()
    text = f"{lines[0]} {lines[1].strip()}" if lines[0].endswith(":") and len(lines) > 1 else lines[0]
    return plain(text.replace(str(Path.home()), "~"), _MAX_LENGTH)


def why_not_loaded(error: BaseException) -> str:
    """Return why a library could not load a model, in words for whoever did not write it."""
    if isinstance(error, _OF_PROGRAMS):
        return f"a value in its files is missing, or of another kind than its class takes ({type(error).__name__})"
    return first_line(error)


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape for a message: "4 x 16 x 16"."""
    return " x ".join(str(side) for side in shape)
