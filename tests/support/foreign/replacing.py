"""Replace one part of a JSON value by a wrong one, to see that readers take it for absent."""

from __future__ import annotations

from latentpng.record import Json


def replaced(value: Json, wrong: Json, counter: list[int]) -> Json:
    """Return the value with one part replaced: the part at which the counter reaches 0."""
    counter[0] -= 1
    if counter[0] == 0:
        return wrong
    if isinstance(value, dict):
        return {key: replaced(inner, wrong, counter) for key, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, wrong, counter) for inner in value]
    return value
