"""InvokeAI: names and paths from its database, read only; its folders where the database cannot be read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from engine.models.places.comfyui import is_possible, yaml_object
from engine.models.places.place import Contents, Entry, Place, parts_of
from engine.models.places.scan import MAX_FILES, contents_of_place
from engine.models.shelves import Shelf
from engine.paths import is_file, is_folder

_TYPES: Mapping[str, Shelf] = MappingProxyType(
    {
        "main": Shelf.MODELS,
        "lora": Shelf.LORAS,
        "lycoris": Shelf.LORAS,
        "vae": Shelf.VAES,
        "embedding": Shelf.EMBEDDINGS,
        "t5_encoder": Shelf.TEXT_ENCODERS,
        "clip_embed": Shelf.TEXT_ENCODERS,
        "qwen3_encoder": Shelf.TEXT_ENCODERS,
    }
)
"""Types of models in InvokeAI's database, and names of its folders."""
_TABLES = ("models", "model_config")
"""The table of today and that of versions 3 and 4; both hold a model's entry as JSON in the column `config`."""
_SECONDS = 1.0
_MAX_LENGTH, _MAX_TOTAL = 1 << 20, 1 << 25
"""The bytes of an entry, and of all of them."""
_INSTRUCTIONS, _MAX_TICKS = 10_000, 1000


def invokeai_models(root: Path) -> Path | None:
    """Return the folder of the models when this is the root of InvokeAI, None otherwise."""
    settings = yaml_object(root / "invokeai.yaml")
    if not settings and not is_file(root / "databases" / "invokeai.db"):
        return None
    return root / _text(settings.get("models_dir"), "models")


def contents_of_invokeai(place: Place, models: Path) -> Contents:
    """Return what InvokeAI has.

    Args:
        place: Its root.
        models: The folder of the models, from `invokeai_models`.
    """
    settings = yaml_object(place.path / "invokeai.yaml")
    database = place.path / _text(settings.get("db_dir"), "databases") / "invokeai.db"
    entries = tuple(_entries(place, models, database)) if is_file(database) else ()
    return Contents(place=place, entries=entries) if entries else _from_folders(place, models)


def _entries(place: Place, models: Path, database: Path) -> Iterator[Entry]:
    for config in _configs(database):
        name, path, kind = config.get("name"), config.get("path"), config.get("type")
        shelf = _TYPES.get(str(kind))
        if shelf is None or not isinstance(name, str) or not isinstance(path, str) or not name or not path:
            continue
        if not is_possible(str(models / path)):
            continue
        parts = (*place.path.parts, _text(config.get("base"), ""), *parts_of(name))
        yield Entry(name=name, path=models / path, place=place, shelf=shelf, parts=parts)


def _configs(database: Path) -> list[Mapping[str, object]]:
    """The entries of the database; none when it is locked, damaged, or of a version that is not known."""
    address = f"file:{quote(str(database.absolute()))}"
    for mode in ("mode=ro", "mode=ro&immutable=1"):  # the second for a folder that cannot be written
        for table in _TABLES:
            try:
                with closing(sqlite3.connect(f"{address}?{mode}", uri=True, timeout=_SECONDS)) as connection:
                    texts = list(_column(connection, table))
            except sqlite3.Error:
                continue
            return [config for text in texts if isinstance(config := _json(text), Mapping)]
    return []


# A database is a program too: what stands for a table may be a view that never ends or that calls functions, and a
# value may have a gigabyte.
def _column(connection: sqlite3.Connection, table: str) -> Iterator[object]:
    """Yield the entries of a table; sqlite3.Error if it is none, or takes longer than a database of models does."""
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_LENGTH)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.set_progress_handler(_Ticks().is_over, _INSTRUCTIONS)
    kinds = connection.execute("SELECT type FROM sqlite_master WHERE name = ?", (table,)).fetchall()
    if kinds != [("table",)]:
        raise sqlite3.OperationalError("it is no table")
    size = 0
    for (text,) in connection.execute(f"SELECT config FROM {table} LIMIT {MAX_FILES}"):
        size += len(text) if isinstance(text, str | bytes) else 0
        if size > _MAX_TOTAL:
            raise sqlite3.DataError("its entries are too long")
        yield text


class _Ticks:
    """Ends a query that takes more instructions than reading every entry does."""

    def __init__(self) -> None:
        self._ticks = 0

    def is_over(self) -> int:
        self._ticks += 1
        return self._ticks > _MAX_TICKS


def _json(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str | bytes) else None
    except (ValueError, RecursionError):
        return None


def _from_folders(place: Place, models: Path) -> Contents:
    """What lies in `models/BASE/TYPE`, as versions before 6 store it."""
    found: list[Contents] = []
    for base in _subfolders(models):
        for folder in _subfolders(base):
            if (shelf := _TYPES.get(folder.name)) is not None:
                found.append(contents_of_place(replace(place, path=folder, shelf=shelf)))
    entries = tuple(entry for contents in found for entry in contents.entries)
    return Contents(place=place, entries=entries, is_cut=any(contents.is_cut for contents in found))


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(sub for sub in folder.iterdir() if is_folder(sub))
    except OSError:
        return []


def _text(value: object, default: str) -> str:
    return value if isinstance(value, str) and value else default
