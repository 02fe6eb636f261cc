"""Seam: what tokenizers cut off.

Pipelines cut long prompts to what their text encoders read, each in its own way, and most of them say so only in the
log, which is silent here.  So the tokenizers of a pipeline are watched: what was cut is what they give without a limit.
A few pipelines cut the tokens themselves (LongCat-Image), and then only the log knows.

What tokenizers and chat templates do with a prompt is written in files of strangers, so memory and time are limited.

Assumptions, checked by tests/engine/diffusion/seams/test_tokenizers.py:
- Calling a tokenizer, also by a chat template, ends in its method `_encode_plus`, to which `truncation_strategy`,
  `padding_strategy`, `max_length` and `text` are passed by name; chat templates are filled in by `apply_chat_template`.
- What is cut is cut at the end, before the tokens that end a text.
- A pipeline writes warnings into the logger of the module that defines it, and one about a cut says "truncated".
"""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.diffusion.process_limits import limited_memory, limited_time
from engine.errors import ModelError

LOG = -1
"""In place of a tokenizer: the log of the pipeline."""
_NO = "do_not_truncate"
_MAX_MEMORY, _MAX_SECONDS = 1 << 30, 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A text that a tokenizer had to fit into a limit.

    Attributes:
        tokenizer: Tells the tokenizers of a pipeline apart; `LOG` for what the pipeline wrote into its log.
        text: The text; "" from the log.
        cut: The number of tokens that were cut off; 0 if all fitted, 1 from the log.
        rest: The beginning of what was cut off.
    """

    tokenizer: int
    text: str
    cut: int = 0
    rest: str = ""


def watch_tokenizers(pipe: Any, report: Callable[[Reading], None]) -> None:
    """Report every text that a tokenizer of a pipeline fits into a limit.

    Args:
        pipe: The pipeline; it is watched from now on.
        report: Takes what was read.
    """
    parts = [part for part in getattr(pipe, "components", {}).values() if part is not None]
    found = [*parts, *(getattr(part, "tokenizer", None) for part in parts)]
    tokenizers = {id(part): part for part in found if callable(getattr(part, "_encode_plus", None))}
    for number, tokenizer in enumerate(tokenizers.values()):
        _watch(tokenizer, number, report)
    for part in {id(part): part for part in found}.values():
        if callable(getattr(part, "apply_chat_template", None)):
            part.apply_chat_template = _limited(part.apply_chat_template)


@contextlib.contextmanager
def heard_log(pipe: Any, report: Callable[[Reading], None]) -> Iterator[None]:
    """Report what a pipeline says about cut prompts in its log while the context is open; nothing else hears it.

    Args:
        pipe: The pipeline.
        report: Takes what was cut.
    """
    ear = _Ear(report)
    modules = {kind.__module__ for kind in type(pipe).__mro__ if kind.__module__.startswith("diffusers.")}
    loggers = [logging.getLogger(module) for module in sorted(modules)]
    before = [(logger.level, logger.propagate) for logger in loggers]
    try:
        for logger in loggers:
            logger.addHandler(ear)
            logger.setLevel(logging.WARNING)
            logger.propagate = False
        yield
    finally:
        for logger, (level, propagate) in zip(loggers, before, strict=True):
            logger.removeHandler(ear)
            logger.setLevel(level)
            logger.propagate = propagate


class _Ear(logging.Handler):
    def __init__(self, report: Callable[[Reading], None]) -> None:
        super().__init__(logging.WARNING)
        self._report = report

    def emit(self, record: logging.LogRecord) -> None:
        if "truncated" in record.getMessage():
            self._report(Reading(tokenizer=LOG, text="", cut=1))


def _watch(tokenizer: Any, number: int, report: Callable[[Reading], None]) -> None:
    encode = _limited(tokenizer._encode_plus)

    @functools.wraps(encode)
    def watched(*args: Any, **kwargs: Any) -> Any:
        encoded = encode(*args, **kwargs)
        limit, text = kwargs.get("max_length"), kwargs.get("text")
        texts = [text] if isinstance(text, str) else text
        if (
            limit
            and _strategy(kwargs) != _NO
            and isinstance(texts, list)
            and all(isinstance(one, str) for one in texts)
        ):
            for one in dict.fromkeys(texts):
                report(_reading(tokenizer, encode, number, one, kwargs))
        return encoded

    tokenizer._encode_plus = watched


def _limited(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of a tokenizer that can take only so much memory and time."""

    @functools.wraps(function)
    def limited(*args: Any, **kwargs: Any) -> Any:
        try:
            with limited_memory(_MAX_MEMORY), limited_time(_MAX_SECONDS):
                return function(*args, **kwargs)
        except MemoryError as error:
            raise ModelError("the tokenizer of this model takes more than 1 GiB of memory for the prompt") from error
        except TimeoutError as error:
            raise ModelError("the tokenizer of this model takes more than 20 seconds for the prompt") from error

    return limited


def _reading(tokenizer: Any, encode: Any, number: int, text: str, kwargs: dict[str, Any]) -> Reading:
    plain = {
        **kwargs,
        "text": text,
        "padding_strategy": type(kwargs["padding_strategy"])("do_not_pad"),
        "return_tensors": None,
    }
    fitted = list(encode(**plain)["input_ids"])
    plain |= {"truncation_strategy": type(kwargs["truncation_strategy"])(_NO), "max_length": None}
    whole = list(encode(**plain)["input_ids"])
    cut = len(whole) - len(fitted)
    if cut <= 0:
        return Reading(tokenizer=number, text=text)
    same = next(
        (index for index, pair in enumerate(zip(fitted, whole, strict=False)) if pair[0] != pair[1]), len(fitted)
    )
    rest = tokenizer.decode(whole[same : same + cut], skip_special_tokens=True)
    return Reading(tokenizer=number, text=text, cut=cut, rest=str(rest))


def _strategy(kwargs: dict[str, Any]) -> str:
    strategy = kwargs.get("truncation_strategy")
    return str(getattr(strategy, "value", _NO))
