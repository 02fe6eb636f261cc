"""Find the JSON object that a tool wrote among the texts of a picture, and compare its names whatever their case.

Programs that convert pictures move a text from one keyword to another, so most readers look at several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.tools.loosejson import read_object, read_value
from latentpng.record import Json, JsonObject

KEYWORDS = ("parameters", "metadata", "UserComment", "Comment", "ImageDescription", "Description", "XPComment")
"""The keywords under which most tools write one object."""
_QUOTED = '"'


def objects_in(texts: Texts, mark: str, keywords: Iterable[str] = KEYWORDS) -> Iterator[JsonObject]:
    """Yield the objects that stand under some keywords; an object that was encoded twice is decoded twice.

    Args:
        texts: The texts by keyword.
        mark: A part of the text without which it is not parsed, since parsing takes the time.
        keywords: Where to look, in this order.
    """
    for keyword in keywords:
        text = texts.get(keyword, "")
        if mark not in text:
            continue
        if text.lstrip().startswith(_QUOTED):
            inner = read_value(text)
            text = inner if isinstance(inner, str) else ""
        entries = read_object(text)
        if entries:
            yield entries


def by_plain_name(entries: JsonObject) -> dict[str, Json]:
    """Return entries under plain names: "Base Model" and "base-model" are "base_model". The first of a name counts."""
    found: dict[str, Json] = {}
    for name, value in entries.items():
        found.setdefault(name.strip().casefold().replace(" ", "_").replace("-", "_"), value)
    return found


def named_files(entries: Iterable[tuple[str, Json, str]]) -> list[Json]:
    """Return LoRA files in one form, which the readers of recipes understand.

    Args:
        entries: Name, weight and hash of each; "" or None for what the file does not say.
    """
    found: list[Json] = []
    for name, weight, digest in entries:
        known: dict[str, Json] = {"name": name, "weight": weight, "hash": digest}
        if name:
            found.append({key: value for key, value in known.items() if value not in (None, "")})
    return found
