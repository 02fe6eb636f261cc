"""`latentpng strip`: remove from a PNG what the format adds, or the metadata of all tools, in place or in a copy.

The metadata of all tools is removed from JPEG and WebP too.
"""

from __future__ import annotations

import argparse
import io
import sys
from contextlib import suppress
from typing import BinaryIO

from latentpng.commands.inputs import each
from latentpng.commands.output import (
    STANDARD_OUTPUT,
    add_output,
    check_target,
    say,
    signature_warning,
    tell_recovered,
)
from latentpng.errors import ExitCode, UnreadableFileError
from latentpng.png.open import STANDARD_INPUT

_OTHERS = frozenset({"JPEG", "WebP"})  # pictures without a latent, as `kinds` names them
_KEYWORDS_SHOWN = 6
_MAX_KEYWORD = 40
_EPILOG = """\
Without --all, FILE is a PNG, and only what latentpng wrote is removed: noise, lineage and settings.

With --all it may be a JPEG or WebP too. Texts, EXIF except for the orientation, XMP, IPTC, the chunks of ComfyUI's
animations, C2PA manifests, the chunks of unknown programs, and bytes behind the end of the picture are removed. Of a
PNG, text that is hidden in the lowest bits of pixels is overwritten. Colour profiles and everything else that changes
how the picture looks stay; pixels are not encoded again, except those that hide a text.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument(
        "file", metavar="FILE", help="the picture; changed in place unless --out is given; - is standard input"
    )
    parser.add_argument(
        "-a",
        "--all",
        dest="everything",
        action="store_true",
        help="remove the texts and the metadata of all tools, hidden texts among them",
    )
    add_output(parser, "OUT", "write the result to this file and leave FILE as it is; - is standard output")


def run(given: argparse.Namespace) -> ExitCode:
    """Remove noise, lineage and settings, or all metadata."""
    output: str | None = given.output
    everything: bool = given.everything
    if given.file == STANDARD_INPUT and output is None:
        output = STANDARD_OUTPUT

    def strip(file: str) -> ExitCode:
        if output is None:
            tell_recovered(file)
        kind = _checked_kind(file, everything=everything)
        strip_kind = _stripped_other if kind in _OTHERS else _stripped
        data, removed = strip_kind(file, output, force=given.force, everything=everything)
        left = "" if everything else _what_stays(output or file, data)
        if left:
            kept = file if output in (None, STANDARD_OUTPUT) else output
            say(f"{kept}: it still carries {left}: add --all to remove it too")
        elif not removed:
            carried = "text and no metadata of any tool" if everything else "latent and no text of latentpng"
            say(f"{file}: it carries no {carried}, so there is nothing to remove")
        return ExitCode.OK

    return each([given.file], strip, folders=False)


def _stripped(file: str, output: str | None, *, force: bool, everything: bool) -> tuple[bytes, bool]:
    """Write the stripped picture.

    Returns:
        Its bytes if they went to standard output, and whether anything was removed.
    """
    from latentpng.png import files

    warn = signature_warning(file)
    if output == STANDARD_OUTPUT:
        data, removed = files.stripped(file, warn, everything=everything)
        sys.stdout.buffer.write(data)
        return data, removed
    if output is not None:
        check_target(output, force=force)
    return b"", files.strip(file, output, warn, everything=everything, replace=force)


def _stripped_other(file: str, output: str | None, *, force: bool, everything: bool) -> tuple[bytes, bool]:
    """Write the stripped JPEG or WebP; the result is that of `_stripped`."""
    del everything
    from latentpng.foreign.containers.clean import cleaned_other
    from latentpng.png.atomic import write_atomically
    from latentpng.png.open import open_picture

    if output not in (None, STANDARD_OUTPUT):
        check_target(output, force=force)
    with open_picture(file) as (stream, size, name):
        data, removed = cleaned_other(stream, size, name)
    if output == STANDARD_OUTPUT:
        sys.stdout.buffer.write(data)
    elif removed or output is not None:
        write_atomically(file if output is None else output, [data], replace=force or output is None)
    return (data if output == STANDARD_OUTPUT else b""), removed


def _checked_kind(file: str, *, everything: bool) -> str:
    """Return the kind of a picture that can be stripped, and "" for what is read as a PNG.

    Raises:
        UnreadableFileError: It is a picture of any other kind, or cannot be opened.
    """
    from latentpng.png.kinds import PNG, START_BYTES, kind_of
    from latentpng.png.open import open_picture

    if file == STANDARD_INPUT:  # it can be read only once
        return ""
    with open_picture(file) as (stream, _, name):
        kind = kind_of(stream.read(START_BYTES))
    if kind in ("", PNG) or (kind in _OTHERS and everything):
        return kind
    if kind in _OTHERS:
        raise UnreadableFileError(f"{name}: it is a {kind} and carries no latent; add --all to remove its metadata")
    article = "an" if kind[0] == "A" else "a"
    raise UnreadableFileError(f"{name}: it is {article} {kind} picture; convert it to PNG, JPEG or WebP to strip it")


def _what_stays(file: str, data: bytes) -> str:
    """Return the metadata of other tools that a stripped picture carries, as a noun phrase.

    It is "" if there is none, or if the file cannot be read again: the picture is written, so that is no failure.

    Args:
        file: The picture.
        data: Its bytes, if it was written to standard output.
    """
    from latentpng.png.open import open_picture

    with suppress(UnreadableFileError):
        if data:
            return _described(io.BytesIO(data), len(data), file)
        with open_picture(file) as (stream, size, name):
            return _described(stream, size, name)
    return ""


def _described(stream: BinaryIO, size: int, name: str) -> str:
    from latentpng.foreign.names import TOOL_NAMES
    from latentpng.foreign.read import reading_of
    from latentpng.foreign.tools.unknown import TOOL as UNKNOWN
    from latentpng.png.clean import cleaned

    reading = reading_of(stream, size, name)
    if not reading.texts:
        return "metadata of other tools" if cleaned(stream, size, name).is_changed else ""
    words = [keyword[:_MAX_KEYWORD] for keyword in list(reading.texts)[:_KEYWORDS_SHOWN]]
    more = ", ..." if len(reading.texts) > _KEYWORDS_SHOWN else ""
    known = "" if reading.record.tool == UNKNOWN else TOOL_NAMES.get(reading.record.tool, "")
    tool = reading.record.made_by or known
    return f"{f'the text of {tool}' if tool else 'text of other tools'} ({', '.join(words)}{more})"
