"""Which weights these are, without reading them again: digests kept by path, size and time in the user's cache.

A digest is found again only while no file has changed; losing the cache costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from platformdirs import user_cache_path

from engine.models.keeping import read_json_file, write_json_file
from engine.models.weights import config_files, fingerprint, parts_beside, single_file_fingerprint, weight_files

_MOST = 1000
_FILE = "digests.json"
_SETTLED_SECONDS = 2.0
"""A file that changed just now may change again within one tick of the disk's clock: its digest is not kept."""


def model_fingerprint(path: Path) -> str:
    """`engine.models.weights.fingerprint` of a folder or a file.  OSError."""
    return _kept("fingerprint", weight_files(path), lambda: fingerprint(path))


def single_fingerprint(file: Path, config: Path) -> str:
    """`engine.models.weights.single_file_fingerprint`.  OSError."""
    beside = [weights for part in parts_beside(file, config) for weights in weight_files(part)]
    files = [file, *config_files(config), *beside]
    return _kept("single", files, lambda: single_file_fingerprint(file, config))


def file_digest(file: Path) -> str:
    """SHA-256 (hex) over all of a file.  OSError."""

    def computed() -> str:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    return _kept("sha256", [file], computed)


def _kept(kind: str, files: Iterable[Path], compute: Callable[[], str]) -> str:
    stats = [(str(file.absolute()), file.stat()) for file in files]
    text = json.dumps([kind, *((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)])
    key = hashlib.sha256(text.encode("ascii")).hexdigest()
    place = user_cache_path("warmer", appauthor=False) / _FILE
    entries = read_json_file(place)
    kept = entries.get(key) if isinstance(entries, dict) else None
    if isinstance(kept, str):
        return kept
    digest = compute()
    newest = max((stat.st_mtime for _, stat in stats), default=0.0)
    if newest < time.time() - _SETTLED_SECONDS:
        before = entries if isinstance(entries, dict) else {}
        with contextlib.suppress(OSError):
            write_json_file(place, dict([*before.items(), (key, digest)][-_MOST:]))
    return digest
