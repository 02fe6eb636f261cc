"""The settings that were in force at an ancestor of a picture.  SPEC.md, section 4, is the law.

A file holds the settings of its own picture in full.  The edits on the way to it hold what they replaced, so the way
back to any ancestor is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from latentpng.record import Json, JsonObject, LatentRecord, Round

OF_ONE_RENDERING = frozenset({"moved_prompt", "slot", "warnings"})
"""Settings that say how the picture in the file was rendered; they do not hold for an ancestor."""


def settings_along(record: LatentRecord, ends: Collection[int]) -> dict[int, JsonObject]:
    """Return the settings that were in force at several ancestors, as `settings_at` does.

    One walk finds them all: a file may have thousands of edits.

    Args:
        record: The record of the picture.
        ends: The numbers of rounds of the ancestors.

    Raises:
        InvalidValueError: The picture has fewer rounds.
    """
    count = len(record.lineage.rounds)
    if any(not 0 <= end <= count for end in ends):
        record.lineage.ancestor(next(end for end in ends if not 0 <= end <= count))
    found: dict[int, JsonObject] = {}
    settings = {key: value for key, value in record.settings.items() if key not in OF_ONE_RENDERING}
    replaced = list(_replaced(record.lineage.rounds))
    for end in sorted(ends, reverse=True):
        while replaced and replaced[-1][0] >= end:
            _, key, value = replaced.pop()
            if value is None:
                settings.pop(key, None)
            else:
                settings[key] = value
        found[end] = record.settings if end == count else dict(settings)
    return found


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
    return settings_along(record, [rounds])[rounds]


def _replaced(rounds: tuple[Round, ...]) -> Iterator[tuple[int, str, Json]]:
    """Yield what each round replaced, in their order: its index, a key, and the value or None."""
    known: dict[str, Json] = {}
    for index, round_ in enumerate(rounds):
        for key, value in round_.settings.items():
            if key in round_.before or key in known:
                yield index, key, round_.before[key] if key in round_.before else known[key]
            known[key] = value
