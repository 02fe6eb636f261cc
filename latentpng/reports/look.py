"""One look at a picture's file: the front of its latent, what another tool wrote, or both.

Decodes neither tensor nor pixels.  Other tools' texts are read from PNG, JPEG and WebP; beside a latent that stands
before the pixels, only those that stand there too are noticed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from latentpng.chunk.header import Front
from latentpng.errors import NoLatentError, UnreadableFileError
from latentpng.png.carriers import Found, find, front_of
from latentpng.png.open import open_picture
from latentpng.png.parameters import OWN_TOOL

if TYPE_CHECKING:
    from latentpng.foreign.record import ForeignRecord

OWN_TEXT, OTHER_TEXT = "parameters", "foreign"  # what is shown of a file with neither chunk nor twin
_OTHER_STARTS = (b"\xff\xd8\xff", b"RIFF")  # JPEG, and WebP among others


class Seen(NamedTuple):
    """What a file shows: the front of its latent, what another tool wrote, or both.  None for what is not there.

    foreign: our own `parameters` text too, its tool "latentpng", where nothing else is left.
    """

    file: str
    front: Front | None
    foreign: ForeignRecord | None

    @property
    def carrier(self) -> str:
        """Where it was read: "chunk", "twin", or else "parameters" (our text), "foreign" (that of another tool)."""
        if self.front is not None:
            return self.front.carrier
        return OWN_TEXT if self.foreign is not None and self.foreign.tool == OWN_TOOL else OTHER_TEXT


def look(file: str | os.PathLike[str]) -> Seen:
    """UnreadableFileError, DamagedLatentError; NoLatentError when there is neither a latent nor a tool's text."""
    with open_picture(file) as (stream, size, name):
        found = _found(stream, size, name)
        front = None if found is None else front_of(stream, found, name)
        if found is not None and not found.other_texts:
            return Seen(os.fspath(file), front, None)
        try:
            foreign = _foreign(stream, size, name, own=front is None)
        except UnreadableFileError:
            if front is None:
                raise
            foreign = None  # the latent stands in front of what is damaged, or cut off
        if front is None and foreign is None:
            raise NoLatentError(f"{name}: it carries no latent, and no text of another tool")
        return Seen(os.fspath(file), front, foreign)


def _found(stream: BinaryIO, size: int, name: str) -> Found | None:
    try:
        return find(stream, size, name, whole=False)
    except NoLatentError:
        return None
    except UnreadableFileError:
        stream.seek(0)
        if stream.read(4).startswith(_OTHER_STARTS):
            return None
        raise


def _foreign(stream: BinaryIO, size: int, name: str, *, own: bool) -> ForeignRecord | None:
    """own: our own text counts too, where no other is there."""
    from latentpng.foreign.containers.texts import texts_of
    from latentpng.foreign.read import foreign_from_texts, own_from_texts

    texts = texts_of(stream, size, name)
    record = foreign_from_texts(texts)
    if record.tool:
        return record
    return own_from_texts(texts) if own else None
