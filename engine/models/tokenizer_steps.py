"""The steps of a tokenizer, and how much each can add to a text.  No torch, no tokenizers."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from engine.models.tokenizer_rules import pattern_problem
from latentpng.json_fields import is_integer, is_number
from latentpng.text import brief

_MAX_NUMBER, _NO_LIMIT = 1 << 21, 1e29
"""The largest length and index; a length beyond the second number stands for none."""
_MAX_STEPS, _MAX_GROWTH, _MAX_REPLACED, _MAX_TEMPLATE_ITEMS = 32, 64, 128, 32
_PLAIN = frozenset(
    (
        "BPEDecoder",
        "BertNormalizer",
        "BertPreTokenizer",
        "BertProcessing",
        "ByteFallback",
        "ByteLevel",
        "CTC",
        "CharDelimiterSplit",
        "Digits",
        "Fuse",
        "Lowercase",
        "Metaspace",
        "NFC",
        "NFD",
        "NFKC",
        "NFKD",
        "Nmt",
        "Punctuation",
        "RobertaProcessing",
        "Strip",
        "StripAccents",
        "UnicodeScripts",
        "Whitespace",
        "WhitespaceSplit",
        "WordPiece",
    )
)
"""Steps that neither repeat a text nor run an expression."""


class WrongTokenizerError(ValueError):
    """A tokenizer asks for something that is not allowed; the message is a clause."""


def check_steps(name: str, value: Any) -> None:
    """Refuse a normalizer, pre-tokenizer, post-processor or decoder that can do more than those of real models.

    Args:
        name: Which of them, for the message.
        value: What the file says.

    Raises:
        WrongTokenizerError: It has an unknown step, or one that adds too much.
    """
    steps = list(_steps(value))
    if len(steps) > _MAX_STEPS:
        raise WrongTokenizerError(f"{name} has {len(steps)} steps, where at most {_MAX_STEPS} are allowed")
    growth = math.prod(_growth(step) for step in steps)
    if growth > _MAX_GROWTH:
        raise WrongTokenizerError(f"{name} makes texts up to {growth:,} times as long")


def _steps(value: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield the steps of a part of a tokenizer; sequences are flattened."""
    if value is None:
        return
    step = as_object(value)
    if step.get("type") != "Sequence":
        yield step
        return
    inner: Any = next(
        (step[key] for key in ("normalizers", "pretokenizers", "processors", "decoders") if key in step), []
    )
    if depth > 2 or not isinstance(inner, list) or len(inner) > _MAX_STEPS:
        raise WrongTokenizerError("its steps are nested too deeply")
    for each in inner:
        yield from _steps(each, depth + 1)


def _growth(step: Mapping[str, Any]) -> int:
    """Return by how much a step can lengthen a text.

    Raises:
        WrongTokenizerError: It is of an unknown kind, or it can do more than that.
    """
    kind = step.get("type")
    if isinstance(kind, str) and kind in _PLAIN:
        check_numbers({key: each for key, each in step.items() if key != "type"})
        return 1
    if kind in ("Replace", "Split"):
        _check_pattern(step.get("pattern"))
    if kind in ("Replace", "Prepend"):
        return max(1, len(as_text(step.get("content" if kind == "Replace" else "prepend"))))
    if kind == "Precompiled":
        _check_charsmap(step.get("precompiled_charsmap"))
    elif kind == "TemplateProcessing":
        _check_template_processing(step)
    elif kind != "Split":
        raise WrongTokenizerError(f"the step {brief(kind)} is not allowed")
    return 1


def _check_pattern(value: Any) -> None:
    pattern = as_object(value)
    if "Regex" in pattern:
        refuse(pattern_problem(as_text(pattern["Regex"])))
    elif not as_text(pattern.get("String")):
        raise WrongTokenizerError("it replaces the empty text")


# The map of sentencepiece: the size of a trie, the trie, and then texts that end in NUL, each of which replaces one
# character.  The trie is an array of 32 bits; an index out of it ends the process.
def _check_charsmap(value: Any) -> None:
    try:
        data = base64.b64decode(as_text(value or ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WrongTokenizerError("its map of characters is damaged") from error
    size = struct.unpack_from("<I", data)[0] if len(data) >= 4 else 0
    if data and (len(data) < 4 or size % 4 or size > len(data) - 4):
        raise WrongTokenizerError("its map of characters is damaged")
    longest = max(map(len, data[4 + size :].split(b"\0")), default=0)
    if longest > _MAX_REPLACED:
        raise WrongTokenizerError(f"its map replaces a character by {longest:,} bytes")


def _check_template_processing(step: Mapping[str, Any]) -> None:
    single, tokens = step.get("single"), as_object(step.get("special_tokens", {}))
    if not isinstance(single, list) or len(single) > _MAX_TEMPLATE_ITEMS or len(tokens) > _MAX_TEMPLATE_ITEMS:
        raise WrongTokenizerError(f"its template has more than {_MAX_TEMPLATE_ITEMS} parts")
    if sum("Sequence" in as_object(part) for part in single) > 1:
        raise WrongTokenizerError("its template repeats the text")
    for token in tokens.values():
        ids = as_object(token).get("ids", [])
        if not isinstance(ids, list) or len(ids) > _MAX_TEMPLATE_ITEMS:
            raise WrongTokenizerError(f"its template has more than {_MAX_TEMPLATE_ITEMS} parts")
        check_numbers(ids)


def check_numbers(value: Any) -> None:
    """Refuse numbers that could be lengths no memory holds, however deep they are."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif is_number(each) and not (abs(each) <= _MAX_NUMBER or _NO_LIMIT < each < math.inf):
            raise WrongTokenizerError(f"the number {brief(each)} is too large")


def is_index(value: Any) -> bool:
    """Return whether a value is the number of a piece."""
    return is_integer(value) and 0 <= value <= _MAX_NUMBER


def as_object(value: Any) -> Mapping[str, Any]:
    """Return a value that has to be an object; anything else raises WrongTokenizerError."""
    if not isinstance(value, dict):
        raise WrongTokenizerError(f"{brief(value)} stands where an object is needed")
    return value


def as_text(value: Any) -> str:
    """Return a value that has to be a text; anything else raises WrongTokenizerError."""
    if not isinstance(value, str):
        raise WrongTokenizerError(f"{brief(value)} stands where a text is needed")
    return value


def refuse(problem: str) -> None:
    """Raise WrongTokenizerError with a problem, if there is one."""
    if problem:
        raise WrongTokenizerError(problem)
