"""What an edit changed, in plain words: "prompt: 'a cat' -> 'a dog'".

An edit is a round that moves nothing and has settings (SPEC.md, section 4).  Files come from strangers, so every phrase
is one safe line of bounded length, and there are few of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from latentpng.chunk.strict_json import json_text
from latentpng.json_fields import is_number
from latentpng.record import Json, JsonObject
from latentpng.text import plain

ABSENT = "(none)"
_MAX_VALUE = 60  # characters of one value
_MAX_NAME = 40
_MAX_PHRASES = 8
_PARTS: Mapping[str, str] = {
    "name": "model",
    "loras": "LoRA",
    "vae": "VAE",
    "embeddings": "textual inversions",
    "prediction": "prediction",
    "quantised": "quantisation",
}
"""The parts of a model that phrases name, by their keys in a file."""


def edit_words(settings: JsonObject, before: JsonObject) -> tuple[str, ...]:
    """Return a phrase for each setting that an edit changed.

    Args:
        settings: The new values, None for a setting that is left out from here on.
        before: The values that they replaced; where a key is missing, that is not known.

    Returns:
        Phrases such as "steps: 20 -> 30", the first eight of them; a last one says how many more there are.
    """
    phrases = [phrase for key in sorted(settings) for phrase in _phrases(key, settings, before)]
    hidden = len(phrases) - _MAX_PHRASES
    return (*phrases[:_MAX_PHRASES], *([f"and {hidden:,} more"] if hidden > 0 else []))


def edit_text(settings: JsonObject, before: JsonObject) -> str:
    """Return the phrases of an edit as one line."""
    return f"edit: {'; '.join(edit_words(settings, before))}"


def _phrases(key: str, settings: JsonObject, before: JsonObject) -> Iterator[str]:
    old, new = before.get(key), settings[key]
    if key == "model" and isinstance(new, Mapping):
        yield from _model_phrases(new, old if isinstance(old, Mapping) else {}, is_known=key in before)
    else:
        yield _phrase(key.replace("_", " "), old, new, is_known=key in before)


def _model_phrases(new: JsonObject, old: JsonObject, *, is_known: bool) -> Iterator[str]:
    """Yield a phrase for each part of a model that differs; digests are left out."""
    parts = [part for part in _PARTS if old.get(part) != new.get(part)]
    if not is_known:
        parts = [part for part in parts if part in new]
    for part in parts:
        yield _phrase(_PARTS[part], old.get(part), new.get(part), is_known=is_known)
    if not parts:
        yield f"model: other weights of the name {_shown(new.get('name'))}"


def _phrase(name: str, old: Json, new: Json, *, is_known: bool) -> str:
    old_text, new_text = _shown(old), _shown(new)
    if is_known and old_text == new_text:  # they have one name: then their other fields differ
        old_text, new_text = (plain(json_text(value), _MAX_VALUE) for value in (old, new))
    return f"{plain(name, _MAX_NAME)}: {f'{old_text} -> ' if is_known else ''}{new_text}"


def _shown(value: Json) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, str):
        return f"'{plain(value, _MAX_VALUE)}'"
    if isinstance(value, Mapping) and isinstance(value.get("name"), str):
        return plain(_named(value), _MAX_VALUE)
    if isinstance(value, list | tuple) and value and all(isinstance(entry, Mapping) for entry in value):
        return plain(" and ".join(_named(entry) for entry in value if isinstance(entry, Mapping)), _MAX_VALUE)
    return plain(json_text(value), _MAX_VALUE)


def _named(entry: JsonObject) -> str:
    """Return the name of an object, such as a scheduler or a LoRA, and the weight if it has one."""
    name, weight = entry.get("name"), entry.get("weight")
    return f"{name if isinstance(name, str) else json_text(entry)}{f' at {weight:g}' if is_number(weight) else ''}"
