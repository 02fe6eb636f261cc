"""How commands put a latent into a picture that exists: nothing is replaced unasked, and a signature is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentpng.commands.output import STANDARD_OUTPUT, check_target, signature_warning, standard_output
from latentpng.errors import InvalidValueError, UnwritableFileError
from latentpng.png.open import STANDARD_INPUT
from latentpng.text import plain

if TYPE_CHECKING:
    from latentpng.record import LatentRecord


def check_places(file: str, output: str | None, *, force: bool) -> None:
    """InvalidValueError, UnwritableFileError: what can be told before any work is done."""
    if file == STANDARD_INPUT:
        raise InvalidValueError("a file is needed here, found standard input")
    if output not in (None, STANDARD_OUTPUT):
        check_target(output, force=force)


def embed_into(file: str, record: LatentRecord, output: str | None, *, force: bool) -> None:
    """Write `file` with the record in it, to `output` where there is one.  UnwritableFileError, UnreadableFileError.

    A latent that says something else is replaced by force only.
    """
    from latentpng.png import files

    if not force and files.carries_another(file, record):
        raise UnwritableFileError(f"{plain(file)}: it carries another latent, and only --force replaces it")
    warn = signature_warning(file)
    if output == STANDARD_OUTPUT:
        standard_output().buffer.write(files.embedded(file, record, warn))
    else:
        files.embed_record(file, record, output, warn)
