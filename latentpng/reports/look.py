"""One look at a file: the front of its latent, the metadata of another tool, or both.

Noise is not decoded.  The metadata of other tools is read from PNG, JPEG, WebP, AVIF and GIF.  In a PNG whose latent
stands before the pixels, texts behind the pixels are not looked for.  Text that is hidden in the pixels is looked for
only in files without a latent whose other texts are not understood.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from latentpng.chunk.header import Front
from latentpng.errors import NoLatentError, UnreadableFileError
from latentpng.png.carriers import Found, find, front_of
from latentpng.png.kinds import PNG, READ, START_BYTES, kind_of
from latentpng.png.open import open_picture
from latentpng.png.parameters import OWN_TOOL

if TYPE_CHECKING:
    from latentpng.foreign.read import Reading
    from latentpng.foreign.record import ForeignRecord

OWN_TEXT, OTHER_TEXT = "parameters", "foreign"  # the carriers of a file with neither chunk nor twin


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
        file: A PNG, JPEG, WebP, AVIF or GIF file; "-" is standard input.

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
        if front is None:
            return PictureInfo(os.fspath(file), None, _foreign_alone(stream, size, name))
        try:
            reading = _reading(stream, size, name, in_pixels=False)
        except UnreadableFileError:  # the latent stands before the part that is damaged or missing
            return PictureInfo(os.fspath(file), front, None)
        return PictureInfo(os.fspath(file), front, reading.record if reading.is_recognised else None)


def _found(stream: BinaryIO, size: int, name: str) -> Found | None:
    try:
        return find(stream, size, name, whole=False)
    except NoLatentError:
        return None
    except UnreadableFileError:
        stream.seek(0)
        start = stream.read(START_BYTES)
        if not start or kind_of(start) == PNG:
            raise
        if not kind_of(start):
            raise UnreadableFileError(f"{name}: it is not a {READ}") from None
        return None


def _foreign_alone(stream: BinaryIO, size: int, name: str) -> ForeignRecord:
    """Read the metadata of another tool; if there is none, the text that latentpng wrote.

    Raises:
        NoLatentError: There is neither; the message has the notes on texts that were not read.
    """
    from latentpng.foreign.read import own_from_texts

    reading = _reading(stream, size, name, in_pixels=True)
    if reading.is_recognised:
        return reading.record
    own = own_from_texts(reading.texts)
    if own is None:
        notes = "".join(f"; {note}" for note in reading.record.notes)
        raise NoLatentError(f"{name}: it carries no latent and no metadata of another tool{notes}")
    return own


def _reading(stream: BinaryIO, size: int, name: str, *, in_pixels: bool) -> Reading:
    from latentpng.foreign.read import reading_of

    return reading_of(stream, size, name, in_pixels=in_pixels)
