"""Fingerprints: which weights these are, by names, sizes, configurations and samples; and digests of whole files.

Results are cached in the user's cache directory by path, size and time, so that large files are not read again.
Losing the cache costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path

from platformdirs import user_cache_path

from engine.models.files import ModelFiles
from engine.models.gguf_header import read_gguf_header
from engine.models.json_files import read_state, write_state
from engine.models.lookups import remembered
from engine.models.model_root import INDEX
from engine.models.weights import GGUF_SUFFIX
from latentpng.errors import FileError
from latentpng.lru import LruCache

_MAX_ENTRIES = 10_000
_FILE = "digests.json"
_SETTLED_SECONDS = 2.0
"""A file that changed less than this ago may change again within one tick of the disk's clock: it is not cached."""
_HEADER_LIMIT = 100_000_000
"""The largest header of a safetensors file, in bytes, as in the library itself."""
_SAMPLES, _SAMPLE_BYTES = 16, 4096
_READ_BYTES = 1 << 20
_SAVE_SECONDS = 5.0
_READ = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken", "*.bpe", "*.spm")
"""What libraries read in a model's folder; `engine.diffusion.seams.sealed` lets them open nothing else there."""
_DIGEST = "sha256"
"""The kind of the entries for whole files."""
_DATA = "data"
"""The kind of the entries for all behind the header."""
_COMPUTED: LruCache[str, str] = LruCache(max_entries=1000)
"""What this process computed: the file of the cache may be on a disk that cannot be written."""


def model_fingerprint(files: ModelFiles) -> str:
    """Return the fingerprint of a model; that of a single file also covers the configuration it is read with.

    Raises:
        OSError: A file cannot be read.
    """
    if files.checkpoint is None:
        return path_fingerprint(files.path)
    lacking = [weights for part in files.lacking for weights in identity_files(part)]
    read = [files.path, *_config_files(files.folder), *lacking, *files.text_encoder_files]
    return _cached("single", read, lambda: checkpoint_fingerprint(files))


@remembered
def path_fingerprint(path: Path) -> str:
    """Return the cached `fingerprint` of a folder or a file.

    Raises:
        OSError: A file cannot be read.
    """
    return _cached("fingerprint", identity_files(path), lambda: fingerprint(path))


def file_digest(file: Path) -> str:
    """Return the SHA-256 (hexadecimal) of a whole file, cached.

    Raises:
        OSError: The file cannot be read.
    """
    return _cached(_DIGEST, [file], lambda: _digest(file))


def is_digest_known(file: Path, *, behind_header: bool = False) -> bool:
    """Return whether a digest is in the cache; otherwise computing it takes a second for each GB, or ten.

    Args:
        file: The file.
        behind_header: Ask for `data_digest` instead of `file_digest`.

    Raises:
        OSError: The file cannot be read.
    """
    return _known(_key(_DATA if behind_header else _DIGEST, _stats([file]))) is not None


def compute_digests(files: Iterable[Path], on_read: Callable[[int], None]) -> Generator[tuple[Path, str], None, None]:
    """Compute the SHA-256 of many files, and yield each as soon as it is known; "" for a file that cannot be read.

    They are put into the cache every few seconds, and when the iteration ends, for whatever reason.

    Args:
        files: The files.
        on_read: Called with the number of bytes that were just read.
    """
    unsaved: dict[str, str] = {}
    saved = time.monotonic()
    try:
        for file in files:
            try:
                stats = _stats([file])
                digest = _digest(file, on_read)
            except OSError:
                yield file, ""
                continue
            if _is_settled(stats):
                unsaved[_key(_DIGEST, stats)] = digest
            yield file, digest
            if time.monotonic() - saved > _SAVE_SECONDS:
                _save(unsaved)
                unsaved, saved = {}, time.monotonic()
    finally:
        _save(unsaved)


def known_digests(files: Iterable[Path]) -> dict[Path, str]:
    """Return the SHA-256 of those files whose digest is in the cache; nothing is computed."""
    entries = _cache_entries()
    found: dict[Path, str] = {}
    for file in files:
        with contextlib.suppress(OSError):
            known = entries.get(_key(_DIGEST, _stats([file])))
            if isinstance(known, str):
                found[file] = known
    return found


def _digest(file: Path, on_read: Callable[[int], None] = lambda _: None) -> str:
    total, buffer = hashlib.sha256(), bytearray(_READ_BYTES)
    view = memoryview(buffer)
    with file.open("rb", buffering=0) as stream:
        while size := stream.readinto(buffer):
            total.update(view[:size])
            on_read(size)
    return total.hexdigest()


def data_digest(file: Path) -> str:
    """Return the SHA-256 (hexadecimal) of all behind the header of a safetensors file, cached.

    Other tools identify LoRA files by it, because it stays when the metadata in the header changes.

    Raises:
        OSError: The file cannot be read.
    """

    def compute() -> str:
        with file.open("rb") as stream:
            stream.seek(8 + min(int.from_bytes(stream.read(8), "little"), _HEADER_LIMIT))
            return hashlib.file_digest(stream, "sha256").hexdigest()

    return _cached(_DATA, [file], compute)


def early_digest(file: Path) -> str:
    """Return the hash by which the first versions of A1111 named a model: 8 hexadecimal digits.

    They are the first ones of the SHA-256 of the 65,536 bytes at offset 1,048,576.

    Raises:
        OSError: The file cannot be read.
    """
    with file.open("rb") as stream:
        stream.seek(0x100000)
        return hashlib.sha256(stream.read(0x10000)).hexdigest()[:8]


def fingerprint(path: Path) -> str:
    """Compute the fingerprint of a folder or a file, from all that decides what it computes.

    SHA-256 over relative names, sizes, JSON files, and samples of the weights: of each safetensors file the header and
    16 pieces of 4 KiB at even distances, the last one included.  Another training or another precision changes it; a
    copy in another folder does not.  It does not prove that every byte is the same.

    Args:
        path: A diffusers folder, the folder of one component, or one file.

    Returns:
        64 hexadecimal digits.  They stand in pictures, so this computation never changes.
    """
    total = hashlib.sha256()
    for file in identity_files(path):
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        total.update(json.dumps([name, file.stat().st_size]).encode("ascii"))
        for part in _samples(file) if file.suffix in (".safetensors", GGUF_SUFFIX) else (file.read_bytes(),):
            total.update(part)
    return total.hexdigest()


def checkpoint_fingerprint(files: ModelFiles) -> str:
    """Compute the fingerprint of a single file, its configuration, and the components that it lacks.

    Files of text encoders come last, so that a model without any keeps the fingerprint that earlier versions recorded.
    """
    total = hashlib.sha256(fingerprint(files.path).encode("ascii"))
    for small in _config_files(files.folder):
        name = small.relative_to(files.folder).as_posix()
        total.update(json.dumps([name, small.stat().st_size]).encode("ascii"))
        total.update(small.read_bytes())
    for part in (*files.lacking, *files.text_encoder_files):
        total.update(fingerprint(part).encode("ascii"))
    return total.hexdigest()


def identity_files(path: Path) -> list[Path]:
    """Return the files that decide what a model, or one component, computes: no examples, no notes, no defaults."""
    if path.is_file():
        return [path]
    is_model = (path / INDEX).is_file()
    found = (file for pattern in _READ for file in path.glob(f"**/{pattern}") if file.is_file())
    visible = (file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts))
    return sorted(file for file in visible if not is_model or file.parent != path or file.name == INDEX)


def _config_files(folder: Path) -> list[Path]:
    return [file for file in identity_files(folder) if ".safetensors" not in file.name]


def _samples(file: Path) -> Iterator[bytes]:
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = _header_length(file, stream.read(8))
        yield stream.read(min(length, _HEADER_LIMIT))
        room = max(0, size - 8 - length - _SAMPLE_BYTES)
        for number in range(_SAMPLES):
            stream.seek(8 + length + room * number // (_SAMPLES - 1))
            yield stream.read(_SAMPLE_BYTES)


def _header_length(file: Path, start: bytes) -> int:
    """Return the bytes of a header after the first eight."""
    if file.suffix != GGUF_SUFFIX:
        return int.from_bytes(start, "little")
    return max(0, read_gguf_header(file).size - len(start))


def _cached(kind: str, files: Iterable[Path], compute: Callable[[], str]) -> str:
    stats = _stats(files)
    key = _key(kind, stats)
    known = _known(key)
    if known is not None:
        return known
    digest = compute()
    if _is_settled(stats):
        _COMPUTED.put(key, digest)
        _save({key: digest})
    return digest


def _known(key: str) -> str | None:
    known = _cache_entries().get(key) or _COMPUTED.get(key)
    return known if isinstance(known, str) else None


def _is_settled(stats: list[tuple[str, os.stat_result]]) -> bool:
    return max((stat.st_mtime for _, stat in stats), default=0.0) < time.time() - _SETTLED_SECONDS


def _save(digests: Mapping[str, str]) -> None:
    """Add to the cache file, which is read again: another process may have added to it meanwhile."""
    if digests:
        entries = {**_cache_entries(), **digests}
        with contextlib.suppress(OSError, FileError):
            write_state(_cache_file(), dict(list(entries.items())[-_MAX_ENTRIES:]))


def _stats(files: Iterable[Path]) -> list[tuple[str, os.stat_result]]:
    return [(str(file.absolute()), file.stat()) for file in files]


def _key(kind: str, stats: list[tuple[str, os.stat_result]]) -> str:
    text = json.dumps([kind, *((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)])
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _cache_entries() -> dict[str, object]:
    state = read_state(_cache_file())
    return state if isinstance(state, dict) else {}


def _cache_file() -> Path:
    return user_cache_path("warmer", appauthor=False) / _FILE
