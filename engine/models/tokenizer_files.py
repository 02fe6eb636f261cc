"""The files of a tokenizer, checked before a library reads them: sizes, kinds of steps, and what can grow.

A tokenizer is a small program: it replaces, splits and repeats text by what its files say, in native code that nothing
interrupts.  Steps that real tokenizers have are allowed, with limits on what each can add.  No torch, no tokenizers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.tokenizer_rules import MAX_TEMPLATE, template_problem
from engine.models.tokenizer_steps import (
    WrongTokenizerError,
    as_object,
    as_text,
    check_numbers,
    check_steps,
    is_index,
    refuse,
)
from engine.paths import is_file, open_regular
from latentpng.json_fields import is_number
from latentpng.text import brief

_MIB = 1 << 20
_MAX_BYTES: Mapping[str, int] = {
    "tokenizer.json": 40 * _MIB,
    "tokenizer_config.json": 4 * _MIB,
    "special_tokens_map.json": _MIB,
    "added_tokens.json": _MIB,
    "vocab.json": 16 * _MIB,
    "merges.txt": 16 * _MIB,
    "vocab.txt": 16 * _MIB,
    "tekken.json": 40 * _MIB,
    "chat_template.jinja": MAX_TEMPLATE,
    "chat_template.json": 2 * MAX_TEMPLATE,
}
_MAX_MODEL_BYTES = 16 * _MIB
"""Of a sentencepiece or tiktoken model."""
_MAX_PIECES, _MAX_MERGES, _MAX_PIECE, _MAX_ADDED, _MAX_TEMPLATES = 1 << 19, 1 << 20, 512, 1 << 14, 32
_MAX_SCORE = 1e29
_MODELS = ("BPE", "Unigram", "WordPiece", "WordLevel")
_OUTSIDE = (
    "gguf_file",
    "merges",
    "post_processor",
    "tokenizer_object",
    "tokenizer_padding",
    "tokenizer_truncation",
    "vocab",
)
"""Arguments of the classes that no configuration of a real tokenizer gives; some of them name other files."""


def check_tokenizer(folder: Path) -> None:
    """Refuse a tokenizer that could exhaust memory, run for ever, or read files elsewhere.

    Args:
        folder: Its folder; files that are missing are left to the library.

    Raises:
        ModelError: The message names the file.
    """
    file = folder
    try:
        for file in sorted(folder.iterdir()):
            _check_size(file)
        for name, check in _CHECKS.items():
            file = folder / name
            if is_file(file):
                check(_json(file))
        for file in _templates(folder):
            refuse(template_problem(_text(file)))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ModelError(f"{file.parent.name}/{file.name} cannot be read: {why or error}") from error
    except WrongTokenizerError as error:
        raise ModelError(f"{file.parent.name}/{file.name} cannot be used: {error}; download the model again") from error


def _check_size(file: Path) -> None:
    most = _MAX_BYTES.get(file.name, _MAX_MODEL_BYTES if file.suffix in (".model", ".tiktoken") else 0)
    size = file.stat().st_size if most else 0
    if size > most:
        raise WrongTokenizerError(f"it has {size:,} bytes, where at most {most:,} are read")


def _json(file: Path) -> Any:
    try:
        return json.loads(_text(file))
    except (ValueError, RecursionError) as error:
        raise WrongTokenizerError("it is no JSON") from error


def _text(file: Path) -> str:
    with open_regular(file) as stream:
        return stream.read(_MAX_BYTES.get(file.name, _MAX_MODEL_BYTES) + 1).decode("utf-8")


def _templates(folder: Path) -> Iterator[Path]:
    yield from (file for file in (folder / "chat_template.jinja",) if is_file(file))
    yield from sorted((folder / "additional_chat_templates").glob("*.jinja"))


def _check_tokenizer_json(value: Any) -> None:
    fields = as_object(value)
    check_numbers(fields.get("truncation"))
    check_numbers(fields.get("padding"))
    for name in ("normalizer", "pre_tokenizer", "decoder", "post_processor"):
        check_steps(name, fields.get(name))
    _check_added(fields.get("added_tokens"))
    _check_model(as_object(fields.get("model")))


def _check_added(value: Any) -> None:
    if not isinstance(value, list | None) or len(value or ()) > _MAX_ADDED:
        raise WrongTokenizerError(f"it adds more than {_MAX_ADDED:,} tokens")
    for token in map(as_object, value or ()):
        content = as_text(token.get("content"))
        if not content or len(content) > _MAX_PIECE:
            raise WrongTokenizerError(f"it adds a token of {len(content):,} characters")
        check_numbers(token.get("id"))


def _check_model(model: Mapping[str, Any]) -> None:
    kind, pieces, merges = model.get("type", "BPE"), model.get("vocab"), model.get("merges", [])
    if kind not in _MODELS or not isinstance(pieces, dict | list) or not isinstance(merges, list):
        raise WrongTokenizerError(f"the model {brief(kind)} is not known")
    if len(pieces) > _MAX_PIECES or len(merges) > _MAX_MERGES:
        raise WrongTokenizerError(f"it has {len(pieces):,} pieces and {len(merges):,} merges")
    if model.get("dropout"):
        raise WrongTokenizerError("it drops merges at random")
    rest = {key: value for key, value in model.items() if key not in ("vocab", "merges", "type", "dropout")}
    check_numbers(rest)
    if any(isinstance(value, str) and len(value) > _MAX_PIECE for value in rest.values()):
        raise WrongTokenizerError("one of its settings is too long")
    if isinstance(pieces, dict):
        wrong = (name for name, number in pieces.items() if len(name) > _MAX_PIECE or not is_index(number))
    else:
        wrong = (entry for entry in pieces if not _is_scored(entry))
    if (piece := next(iter(wrong), None)) is not None:
        raise WrongTokenizerError(f"its piece {brief(piece)} is too long or has no number")


def _is_scored(entry: Any) -> bool:
    if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[0], str) or len(entry[0]) > _MAX_PIECE:
        return False
    return is_number(entry[1]) and abs(entry[1]) < _MAX_SCORE


def _check_config(value: Any) -> None:
    fields = as_object(value)
    outside = next((key for key in fields if key in _OUTSIDE or key.startswith("_")), "")
    if outside:
        raise WrongTokenizerError(f"it sets {brief(outside)}, which no tokenizer needs")
    if fields.get("init_inputs"):
        raise WrongTokenizerError("it sets 'init_inputs', which no tokenizer needs")
    for key, each in fields.items():
        if key == "chat_template":
            for text in _template_texts(each):
                refuse(template_problem(text))
        else:
            check_numbers(each)
            _check_lengths(each)


def _template_texts(value: Any) -> Iterator[str]:
    named = value if isinstance(value, list) else [value] if value is not None else []
    for each in named[:_MAX_TEMPLATES]:
        yield as_text(each.get("template") if isinstance(each, dict) else each)


def _check_vocabulary(value: Any) -> None:
    fields = as_object(value)
    if len(fields) > _MAX_PIECES or not all(map(is_index, fields.values())):
        raise WrongTokenizerError(f"it is no table of at most {_MAX_PIECES:,} numbers")


def _check_lengths(value: Any) -> None:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict | list) and len(each) > _MAX_ADDED:
            raise WrongTokenizerError(f"it has a list of {len(each):,} values")
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and len(each) > 8 * _MAX_PIECE:
            raise WrongTokenizerError(f"it has a text of {len(each):,} characters")


_CHECKS: Mapping[str, Callable[[Any], None]] = {
    "tokenizer.json": _check_tokenizer_json,
    "tokenizer_config.json": _check_config,
    "special_tokens_map.json": _check_lengths,
    "added_tokens.json": _check_vocabulary,
    "vocab.json": _check_vocabulary,
}
