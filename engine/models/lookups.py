"""Answers about the files of models that are remembered for a while: as long as one picture is opened.

Each edit on the way to a picture asks for its model, and mostly it is the same one: looking at its files takes
milliseconds, and there may be thousands of edits.  Outside of `remembered_lookups` every question looks again, because
files change.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")
_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("answers", default=None)


@contextmanager
def remembered_lookups() -> Iterator[None]:
    """Remember the answers of all `remembered` functions until the end of the block, in this thread alone."""
    token = _answers.set({}) if _answers.get() is None else None
    try:
        yield
    finally:
        if token is not None:
            _answers.reset(token)


def remembered(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Return a function that is not called twice with the same arguments within `remembered_lookups`.

    Args:
        function: Its arguments can be hashed, and nobody changes its result.  What it raises is not remembered.
    """

    @wraps(function)
    def answer(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        answers = _answers.get()
        if answers is None:
            return function(*args, **kwargs)
        key = function, args, tuple(sorted(kwargs.items()))
        if key not in answers:
            answers[key] = function(*args, **kwargs)
        found: _Result = answers[key]
        return found

    return answer
