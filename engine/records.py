"""What a picture file is to a search: it carries its noise, its noise can be rebuilt, or it is a photograph.

A file that carries noise is taken as it is.  For a picture of another tool the noise is rebuilt from the recorded seed,
if that can be done.  Everything else that shows a picture is a photograph, whose noise has to be found by inversion.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.photos.read import Photo, read_photo
from engine.rendering.events import Picture
from latentpng.errors import FileError, LatentPngError, NoLatentError, UnreadableFileError
from latentpng.png.open import STANDARD_INPUT
from latentpng.record import LatentRecord
from latentpng.text import plain

if TYPE_CHECKING:
    from latentpng.foreign.record import ForeignRecord

MAX_PROMPT = 4000
"""Characters of a prompt that are taken from the metadata of a photograph."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Carrier:
    """A picture that carries its noise, or whose noise was rebuilt.

    Attributes:
        record: Its record; one of an import is marked as "unverified".
        notice: What was rebuilt and assumed, from `engine.rebuilt`; "" for a picture that carries its noise.
        shown: The file's own picture, where the noise was rebuilt; else None.
    """

    record: LatentRecord
    notice: str = ""
    shown: Picture | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Photograph:
    """A picture without noise.

    Attributes:
        path: Its file.
        photo: Its pixels.
        prompt: The prompt in its metadata, on one line, or what a person typed; "" for none.
        origin: The tool or service that wrote its metadata; "" for none that is known.
        reason: Why its noise cannot be rebuilt, although there is metadata of a tool, as a clause; else "".
        has_noise: Whether it carries its noise; known only where a picture is taken for a photograph on purpose.
    """

    path: Path
    photo: Photo
    prompt: str = ""
    origin: str = ""
    reason: str = ""
    has_noise: bool = False


def look_at_picture(path: Path) -> Carrier | Photograph:
    """Return what a picture file is to a search.

    Args:
        path: A file of any format that `engine.photos.read` reads.

    Returns:
        A carrier when there is noise to begin with, else a photograph.

    Raises:
        FileError: The file cannot be read, its latent is damaged, or it is no picture.
    """
    from latentpng.png.files import read_record

    try:
        return Carrier(record=read_record(path))
    except (NoLatentError, UnreadableFileError):
        if str(path) == STANDARD_INPUT:  # it has been read to its end
            raise
    from latentpng.foreign.tools.unknown import TOOL as UNKNOWN

    foreign = _foreign(path)
    if foreign is None or foreign.tool in ("", UNKNOWN):
        return _photograph(path, foreign, "")
    if foreign.seed is None:
        return _photograph(path, foreign, foreign.unknown_noise or "its metadata contains no seed")
    from engine.rebuilt import notice_of
    from latentpng.foreign.importing import import_picture

    try:
        imported = import_picture(path)
    except LatentPngError as error:
        return _photograph(path, foreign, _reason(str(error), path))
    return Carrier(
        record=imported.record,
        notice=notice_of(imported),
        shown=Picture(width=imported.width, height=imported.height, rgb=imported.rgb),
    )


def carrier_of(path: Path) -> Carrier:
    """Return a picture that carries its noise, or whose noise can be rebuilt.

    Args:
        path: As for `look_at_picture`.

    Raises:
        FileError: As `look_at_picture`; for a photograph NoLatentError, which says how to invert it.
    """
    found = look_at_picture(path)
    if isinstance(found, Carrier):
        return found
    why = "it carries no noise"
    if found.reason:
        why = f"{why}, and the noise of {found.origin} cannot be rebuilt ({found.reason})"
    prompt = "" if found.prompt else " --prompt '...'"
    raise NoLatentError(
        f"{path}: {why}: run `warmer invert {shlex.quote(str(path))}{prompt}` first, which finds noise that repeats it"
    )


def photograph_of(path: Path) -> Photograph:
    """Return any picture as a photograph, also one that carries its noise.

    Args:
        path: As for `look_at_picture`; "-" is standard input, of which only the pixels are read.

    Returns:
        Its pixels, with the prompt in its record or in its metadata.

    Raises:
        UnreadableFileError: The file cannot be read, or is no picture.
    """
    if str(path) == STANDARD_INPUT:  # it can be read only once
        return _photograph(path, None, "")
    own = _own_record(path)
    if own is None:
        return _photograph(path, _foreign(path), "")
    prompt = own.settings.get("prompt", "")
    found = _photograph(path, _foreign(path), "", own=prompt if isinstance(prompt, str) else "")
    return replace(found, has_noise=True)


def _photograph(path: Path, foreign: ForeignRecord | None, reason: str, own: str = "") -> Photograph:
    from latentpng.foreign.ingredients import ingredients_of
    from latentpng.foreign.names import TOOL_NAMES

    photo = read_photo(path)
    if foreign is None:
        return Photograph(path=path, photo=photo, prompt=plain(own, MAX_PROMPT).strip())
    return Photograph(
        path=path,
        photo=photo,
        prompt=plain(own or ingredients_of(foreign).prompt, MAX_PROMPT).strip(),
        origin=plain(foreign.made_by or TOOL_NAMES.get(foreign.tool, foreign.tool), MAX_PROMPT),
        reason=reason,
    )


def _reason(sentence: str, path: Path) -> str:
    """Return why noise cannot be rebuilt, as a clause without the file and the options of `latentpng import`."""
    for start in (f"{plain(str(path))}: ", "its noise cannot be rebuilt: "):
        sentence = sentence.removeprefix(start)
    return sentence.partition(": choose ")[0]


def _foreign(path: Path) -> ForeignRecord | None:
    """Return what another tool wrote into a file; None when there is no text in it that can be read."""
    from latentpng.foreign.read import read_foreign

    try:
        return read_foreign(path)
    except FileError:
        return None


def _own_record(path: Path) -> LatentRecord | None:
    """Return the record of a picture that carries its noise; None for any other file."""
    from latentpng.png.files import read_record

    try:
        return read_record(path)
    except FileError:
        return None
