"""Pictures on disk: read a record, write a picture with one, put one into a PNG, take one out.

Pixels are encoded once, when a picture is written; if only chunks change, pixels are copied as they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace as replace_in
from pathlib import Path
from typing import BinaryIO, TypeAlias

from latentpng.chunk import codec
from latentpng.errors import DamagedLatentError, NoLatentError
from latentpng.noise.replay import OnProgress
from latentpng.png import carriers
from latentpng.png.atomic import write_atomically, write_new
from latentpng.png.open import open_picture
from latentpng.png.pixels import decode_pixels, digest_of_pixels, encode_pixels, pixel_digest
from latentpng.png.rewriting import Warn, copied, with_record, without
from latentpng.png.twin import front_of_twin
from latentpng.record import LatentRecord

__all__ = [
    "carries_another",
    "digest_of_picture",
    "embed_record",
    "embedded",
    "pixel_digest",
    "read_picture",
    "read_record",
    "read_record_from",
    "strip",
    "stripped",
    "write_new_picture",
    "write_picture",
]

AnyPath: TypeAlias = str | os.PathLike[str]


def read_record(path: AnyPath, on_progress: OnProgress | None = None) -> LatentRecord:
    """Return the record that a picture carries.

    Args:
        path: A PNG; "-" is standard input.
        on_progress: Called after each replayed round, if the noise has to be rebuilt.

    Raises:
        UnreadableFileError: If the file is not a whole PNG.
        NoLatentError: If it carries no latent.
        DamagedLatentError: If the latent breaks a rule of SPEC.md.
        NewerVersionError: If it needs a newer reader.
        ReplayDiffersError: If noise that had to be rebuilt is not the noise that was recorded.
    """
    with open_picture(path) as (stream, size, name):
        return read_record_from(stream, size, name, on_progress)


def read_record_from(stream: BinaryIO, size: int, name: str, on_progress: OnProgress | None = None) -> LatentRecord:
    """Return the record that an open file carries.

    Args:
        stream: The file.
        size: Its size in bytes.
        name: The start of every message.
        on_progress: Called after each replayed round, if the noise has to be rebuilt.

    Raises:
        FileError: As `read_record`.
    """
    found = carriers.find(stream, size, name, whole=True)
    context = found.context(name)
    if found.is_twin:
        return codec.record_of_twin(front_of_twin(stream, found.chunk, context), context, on_progress)
    return codec.decode_record(carriers.latent_data(stream, found.chunk, context), context, on_progress)


def read_picture(path: AnyPath) -> tuple[int, int, bytes]:
    """Return width, height and RGB bytes, row by row, of a PNG.

    Raises:
        UnreadableFileError: If it is not a whole PNG.
    """
    with open_picture(path) as (stream, size, name):
        return decode_pixels(stream, size, name)


def digest_of_picture(path: AnyPath) -> str:
    """Return `pixel_digest` of a PNG, without holding its picture.

    Raises:
        UnreadableFileError: If it is not a whole PNG.
    """
    with open_picture(path) as (stream, size, name):
        return digest_of_pixels(stream, size, name)


def write_picture(
    path: AnyPath, width: int, height: int, rgb: bytes, record: LatentRecord, *, replace: bool = True
) -> None:
    """Write a PNG that carries a record and the digest of its pixels.  The file is complete or not there at all.

    Args:
        path: The file; if it exists, it is replaced.
        width: In pixels.
        height: In pixels.
        rgb: 3 * width * height bytes, row by row.
        record: The record; its `pixels` are replaced by the digest of these pixels.
        replace: False leaves a file that exists as it is.

    Raises:
        InvalidValueError: If the sizes do not fit, or the record breaks a rule of the format.
        NameTakenError: If the file exists, and `replace` is false.
        UnwritableFileError: If the file cannot be written.
    """
    write_atomically(path, _picture_parts(width, height, rgb, record), replace=replace)


def write_new_picture(names: Iterable[Path], width: int, height: int, rgb: bytes, record: LatentRecord) -> Path:
    """Write a PNG as `write_picture` does, under the first of several names that nothing has.

    Args:
        names: The names, all in the same folder; they may go on without an end.
        width: In pixels.
        height: In pixels.
        rgb: 3 * width * height bytes, row by row.
        record: The record; its `pixels` are replaced by the digest of these pixels.

    Returns:
        The name that was free.

    Raises:
        InvalidValueError: If the sizes do not fit, or the record breaks a rule of the format.
        NameTakenError: If all names are taken.
        UnwritableFileError: If the file cannot be written.
    """
    return write_new(names, _picture_parts(width, height, rgb, record))


def _picture_parts(width: int, height: int, rgb: bytes, record: LatentRecord) -> tuple[bytes, bytes, bytes]:
    record = replace_in(record, metadata=replace_in(record.metadata, pixels=pixel_digest(rgb)))
    carried = carriers.encode_carriers(record, codec.encode_record(record), parameters=True)
    png = encode_pixels(width, height, rgb)
    first_idat = png.index(b"IDAT") - 4
    return png[:first_idat], carried, png[first_idat:]


def embed_record(
    path: AnyPath,
    record: LatentRecord,
    out: AnyPath | None = None,
    warn: Warn | None = None,
    *,
    replace: bool = True,
) -> None:
    """Put a record into an existing PNG, in place of the one that it carries.  Pixels are copied as they are.

    A `parameters` text of another tool stays, and no second one is added.

    Args:
        path: A PNG; "-" is standard input.
        record: The record.
        out: The file to write; None changes the PNG in place.
        warn: Called before a picture with a C2PA signature is changed.
        replace: False leaves an `out` that exists as it is.

    Raises:
        UnreadableFileError: If it is not a PNG with pixels.
        InvalidValueError: If the record breaks a rule of the format.
        NameTakenError: If `out` exists, and `replace` is false.
        UnwritableFileError: If the file cannot be written.
    """
    with open_picture(path) as (stream, size, name):
        parts = with_record(stream, size, name, record, warn)
        write_atomically(path if out is None else out, parts, replace=replace or out is None)


def embedded(path: AnyPath, record: LatentRecord, warn: Warn | None = None) -> bytes:
    """Return the bytes that `embed_record` writes; arguments and errors are the same."""
    with open_picture(path) as (stream, size, name):
        return b"".join(with_record(stream, size, name, record, warn))


def carries_another(path: AnyPath, record: LatentRecord) -> bool:
    """Return whether a PNG carries a latent that is damaged, newer, or says something other than a record.

    The digest of the pixels is not compared: the same latent fits an edited copy.

    Raises:
        UnreadableFileError: If it is not a PNG.
    """
    try:
        with open_picture(path) as (stream, size, name):
            front = carriers.read_front(stream, size, name)
    except NoLatentError:
        return False
    except DamagedLatentError:
        return True
    found = None if front.newer else front.parsed
    return found is None or replace_in(found, pixels="") != replace_in(record.metadata, pixels="")


def strip(
    path: AnyPath,
    out: AnyPath | None = None,
    warn: Warn | None = None,
    *,
    everything: bool = False,
    replace: bool = True,
) -> bool:
    """Remove the three carriers from a PNG, and nothing else unless `everything` is true.

    Args:
        path: A PNG; "-" is standard input.
        out: The file to write, also if nothing is removed; None changes the PNG in place, if there is something.
        warn: Called before a picture with a C2PA signature is changed that keeps it.
        everything: Remove the texts and the metadata of all tools, as `clean.cleaned` does.
        replace: False leaves an `out` that exists as it is.

    Returns:
        Whether anything was removed.

    Raises:
        UnreadableFileError: If it is not a PNG.
        NameTakenError: If `out` exists, and `replace` is false.
        UnwritableFileError: If the file cannot be written.
    """
    with open_picture(path) as (stream, size, name):
        parts, removed = without(stream, size, name, warn, everything=everything)
        if removed or out is not None:
            target = path if out is None else out
            write_atomically(target, copied(stream, parts, name), replace=replace or out is None)
        return removed


def stripped(path: AnyPath, warn: Warn | None = None, *, everything: bool = False) -> tuple[bytes, bool]:
    """Return the bytes that `strip` writes, and whether anything is removed; arguments and errors are the same."""
    with open_picture(path) as (stream, size, name):
        parts, removed = without(stream, size, name, warn, everything=everything)
        return b"".join(copied(stream, parts, name)), removed
