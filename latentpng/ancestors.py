"""The settings that were in force at an ancestor of a picture.  SPEC.md, section 4, is the law.

A file holds the settings of its own picture in full.  The edits on the way to it hold what they replaced, so the way
back to any ancestor is known.
"""

from __future__ import annotations

from collections.abc import Iterator

from latentpng.record import Json, JsonObject, LatentRecord, Round

OF_ONE_RENDERING = frozenset({"moved_prompt", "slot", "warnings"})
"""Settings that say how the picture in the file was rendered; they do not hold for an ancestor."""


def settings_at(record: LatentRecord, rounds: int) -> JsonObject:
    """Return the settings that were in force at an ancestor.

    Args:
        record: The record of the picture.
        rounds: The number of rounds of the ancestor; 0 is the root, all of them the picture itself.

    Returns:
        The settings.  What an edit replaced without recording it stays as it is in the picture.

    Raises:
        InvalidValueError: The picture has fewer rounds.
    """
    record.lineage.ancestor(rounds)
    if rounds == len(record.lineage.rounds):
        return record.settings
    settings = {key: value for key, value in record.settings.items() if key not in OF_ONE_RENDERING}
    for key, value in reversed(list(_replaced(record.lineage.rounds, rounds))):
        if value is None:
            settings.pop(key, None)
        else:
            settings[key] = value
    return settings


def _replaced(rounds: tuple[Round, ...], first: int) -> Iterator[tuple[str, Json]]:
    """Yield what each round from index `first` on replaced, in their order: a key, and its value or None."""
    known: dict[str, Json] = {}
    for index, round_ in enumerate(rounds):
        for key, value in round_.settings.items():
            if index >= first and (key in round_.before or key in known):
                yield key, round_.before[key] if key in round_.before else known[key]
            known[key] = value
