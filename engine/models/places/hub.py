"""The cache of the Hugging Face hub: `models--ORG--NAME` with snapshots, found by the id `ORG/NAME`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.models.places.place import Contents, Entry, Place
from engine.models.places.scan import contents_of_place
from engine.paths import is_folder

ORIGIN = "Hugging Face cache"
_PREFIX = "models--"


def hub_cache() -> Path:
    """Return the folder of the cache, as huggingface_hub chooses it; it is not imported, which takes long."""
    for name, below in (("HF_HUB_CACHE", ""), ("HUGGINGFACE_HUB_CACHE", ""), ("HF_HOME", "hub")):
        if os.environ.get(name):
            return _expanded(os.environ[name]) / below
    return _expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface" / "hub"


def contents_of_hub(place: Place) -> Contents:
    """Return what the cache holds: whole models by their ids, and files by the id and their own names."""
    found = [_repository(place, folder) for folder in _repositories(place.path)]
    return Contents(
        place=place,
        entries=tuple(entry for contents in found for entry in contents.entries),
        is_cut=any(contents.is_cut for contents in found),
    )


def _repository(place: Place, folder: Path) -> Contents:
    owner_and_name = tuple(folder.name.removeprefix(_PREFIX).split("--"))
    hub_id = "/".join(owner_and_name)
    whole = Entry(name=hub_id, path=folder, place=place, shelf=None, parts=owner_and_name)
    snapshot = _snapshot(folder)
    found = contents_of_place(Place(path=snapshot, shelf=None, origin=place.origin))
    if not found.entries:  # also what holds no weights at all, a tokenizer for example
        return Contents(place=place, entries=(replace(whole, is_partial=True),) if _was_stopped(folder) else ())
    if found.entries[0].path == snapshot:
        return Contents(place=place, entries=(replace(whole, path=snapshot),))
    files = tuple(_named(entry, place, owner_and_name, snapshot) for entry in found.entries)
    alone = tuple(replace(whole, path=entry.path) for entry in found.entries if len(found.entries) == 1)
    return Contents(place=place, entries=(*alone, *files), is_cut=found.is_cut)


def _named(entry: Entry, place: Place, owner_and_name: tuple[str, ...], snapshot: Path) -> Entry:
    below = entry.path.relative_to(snapshot).parts
    return replace(entry, name=f"{'/'.join(owner_and_name)}/{entry.name}", place=place, parts=(*owner_and_name, *below))


def _snapshot(folder: Path) -> Path:
    """The snapshot that `main` means, else the newest one; the folder `snapshots` when there is none."""
    snapshots = folder / "snapshots"
    try:
        main = snapshots / (folder / "refs" / "main").read_text("ascii").strip()
        if main.parent == snapshots and is_folder(main):
            return main
    except (OSError, ValueError):
        pass
    try:
        return max(snapshots.iterdir(), key=lambda path: path.stat().st_mtime_ns, default=snapshots)
    except OSError:
        return snapshots


def _was_stopped(folder: Path) -> bool:
    """Whether a download did not come to its end."""
    try:
        return any((folder / "blobs").glob("*.incomplete"))
    except OSError:
        return False


def _repositories(cache: Path) -> Iterator[Path]:
    try:
        folders = sorted(cache.glob(f"{_PREFIX}*"))
    except OSError:
        return
    yield from folders


def _expanded(text: str) -> Path:
    return Path(os.path.expandvars(os.path.expanduser(text)))  # noqa: PTH111 (Path's raises for unknown users)
