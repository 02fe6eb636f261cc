"""Put a latent into an existing PNG: never replace a different latent unasked, and warn about signatures."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from latentpng.commands.output import STANDARD_OUTPUT, check_target, signature_warning, tell_recovered
from latentpng.errors import InvalidValueError, UnwritableFileError
from latentpng.png.open import STANDARD_INPUT
from latentpng.text import plain

if TYPE_CHECKING:
    from latentpng.record import LatentRecord


def check_places(file: str, output: str | None, *, force: bool) -> None:
    """Check input and output before any work is done.

    Args:
        file: The PNG that gets the latent.
        output: Where the result goes, None for `file` itself.
        force: Replace an output that exists.

    Raises:
        InvalidValueError: The input is standard input.
        UnwritableFileError: The output exists and `force` is false.
    """
    if file == STANDARD_INPUT:
        raise InvalidValueError("standard input cannot be used here; name a file")
    if output is None:
        tell_recovered(file)
    elif output != STANDARD_OUTPUT:
        check_target(output, force=force)


def embed_into(file: str, record: LatentRecord, output: str | None, *, force: bool) -> None:
    """Write a PNG with a record in it.

    Args:
        file: The PNG that gets the record.
        record: The record; it replaces the same latent, and a different one only with `force`.
        output: Where the result goes, None for `file` itself, "-" for standard output.
        force: Replace a different latent.

    Raises:
        UnwritableFileError: The PNG carries a different latent and `force` is false, or the output cannot be written.
        UnreadableFileError: The PNG cannot be read.
    """
    from latentpng.png import files

    if not force and files.carries_another(file, record):
        raise UnwritableFileError(f"{plain(file)}: it carries a different latent already; add --force to replace it")
    warn = signature_warning(file)
    if output == STANDARD_OUTPUT:
        sys.stdout.buffer.write(files.embedded(file, record, warn))
    else:
        files.embed_record(file, record, output, warn, replace=force)
