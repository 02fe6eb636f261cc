"""Seam: what tokenizers cut off.

Pipelines cut long prompts to what their text encoders read, each in its own way, and most of them say so only in the
log, which is silent here.  So the tokenizers of a pipeline are watched: what was cut is what they give without a limit.

Assumptions, checked by tests/engine/diffusion/seams/test_tokenizers.py:
- Calling a tokenizer, also by a chat template, ends in its method `_encode_plus`, to which `truncation_strategy`,
  `padding_strategy`, `max_length` and `text` are passed by name.
- What is cut is cut at the end, before the tokens that end a text.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_NO = "do_not_truncate"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A text that a tokenizer had to fit into a limit.

    Attributes:
        tokenizer: Tells the tokenizers of a pipeline apart.
        text: The text.
        cut: The number of tokens that were cut off; 0 if all fitted.
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


def _watch(tokenizer: Any, number: int, report: Callable[[Reading], None]) -> None:
    encode = tokenizer._encode_plus

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
