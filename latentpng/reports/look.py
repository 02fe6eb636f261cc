"""One look at a file: the front of its latent, the metadata of another tool, or both.

Neither noise nor pixels are decoded.  The metadata of other tools is read from PNG, JPEG and WebP.  In a PNG whose
latent stands before the pixels, texts behind the pixels are not looked for.
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

OWN_TEXT, OTHER_TEXT = "parameters", "foreign"  # the carriers of a file with neither chunk nor twin
_OTHER_STARTS = (b"\xff\xd8\xff", b"RIFF")  # of JPEG, and of WebP among others


class PictureInfo(NamedTuple):
    """What a file records.

    Attributes:
        file: The name of the file, as it was asked for.
        front: The front of its latent, None if it carries none.
        foreign: The metadata of another tool, None if there is none.  If a file has nothing else, the `parameters`
            text that latentpng wrote counts, with "latentpng" as its tool.
    """

    file: str
    front: Front | None
    foreign: ForeignRecord | None

    @property
    def carrier(self) -> str:
        """Where it was read from: "chunk", "twin", "parameters" (text of latentpng) or "foreign" (of another tool)."""
        if self.front is not None:
            return self.front.carrier
        return OWN_TEXT if self.foreign is not None and self.foreign.tool == OWN_TOOL else OTHER_TEXT


def look(file: str | os.PathLike[str]) -> PictureInfo:
    """Read what a file records.

    Args:
        file: A PNG, JPEG or WebP file; "-" is standard input.

    Returns:
        The front of its latent, the metadata of another tool, or both.

    Raises:
        UnreadableFileError: The file cannot be opened, or is neither a PNG nor another picture.
        DamagedLatentError: The latent breaks a rule of SPEC.md.
        NoLatentError: The file has neither a latent nor the metadata of a known tool.
    """
    with open_picture(file) as (stream, size, name):
        found = _found(stream, size, name)
        front = None if found is None else front_of(stream, found, name)
        if found is not None and not found.other_texts:
            return PictureInfo(os.fspath(file), front, None)
        try:
            foreign = _foreign(stream, size, name, own=front is None)
        except UnreadableFileError:
            if front is None:
                raise
            foreign = None  # the latent stands before the part that is damaged or missing
        if front is None and foreign is None:
            raise NoLatentError(f"{name}: it carries no latent and no metadata of another tool")
        return PictureInfo(os.fspath(file), front, foreign)


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
    """Read the metadata of another tool; if there is none and `own` is true, the text that latentpng wrote."""
    from latentpng.foreign.containers.texts import texts_of
    from latentpng.foreign.read import foreign_from_texts, own_from_texts

    texts = texts_of(stream, size, name)
    record = foreign_from_texts(texts)
    if record.tool:
        return record
    return own_from_texts(texts) if own else None
