"""`latentpng strip`: remove from a PNG what the format adds, or the metadata of all tools, in place or in a copy."""

from __future__ import annotations

import argparse
import io
from typing import BinaryIO

from latentpng.commands.inputs import each
from latentpng.commands.output import (
    STANDARD_OUTPUT,
    add_output,
    check_target,
    say,
    signature_warning,
    standard_output,
)
from latentpng.errors import ExitCode, UnreadableFileError
from latentpng.png.open import STANDARD_INPUT

_KEYWORDS_SHOWN = 6
_MAX_KEYWORD = 40
_EPILOG = """\
--all removes every text chunk, EXIF except for the orientation, XMP, IPTC, the chunks of ComfyUI's animations, C2PA
manifests, text that is hidden in the lowest bits of pixels, and bytes behind the end of the picture. Colour profiles
and everything else that changes how the picture looks stay.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument(
        "file", metavar="FILE", help="the PNG; changed in place unless --out is given; - is standard input"
    )
    parser.add_argument(
        "-a",
        "--all",
        dest="everything",
        action="store_true",
        help="remove the texts and the metadata of other tools too, hidden ones among them",
    )
    add_output(parser, "X.png", "write the result to this file and leave FILE as it is; - is standard output")


def run(given: argparse.Namespace) -> ExitCode:
    """Remove noise, lineage and settings, or all metadata."""
    output: str | None = given.output
    everything: bool = given.everything
    if given.file == STANDARD_INPUT and output is None:
        output = STANDARD_OUTPUT

    def strip(file: str) -> ExitCode:
        _check_kind(file)
        data, removed = _stripped(file, output, force=given.force, everything=everything)
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
        standard_output().buffer.write(data)
        return data, removed
    if output is not None:
        check_target(output, force=force)
    return b"", files.strip(file, output, warn, everything=everything)


def _check_kind(file: str) -> None:
    """Check that a file is no other kind of picture.

    Raises:
        UnreadableFileError: It is a JPEG, WebP, AVIF, HEIF or GIF, or cannot be opened.
    """
    from latentpng.png.kinds import PNG, START_BYTES, kind_of
    from latentpng.png.open import open_picture

    if file == STANDARD_INPUT:  # it can be read only once
        return
    with open_picture(file) as (stream, _, name):
        kind = kind_of(stream.read(START_BYTES))
    if kind not in ("", PNG):
        raise UnreadableFileError(f"{name}: strip changes PNG files only, and this is a {kind} file")


def _what_stays(file: str, data: bytes) -> str:
    """Return the metadata of other tools that a stripped picture carries, as a noun phrase; "" if there is none.

    Args:
        file: The picture.
        data: Its bytes, if it was written to standard output.
    """
    from latentpng.png.open import open_picture

    if data:
        return _described(io.BytesIO(data), len(data), file)
    with open_picture(file) as (stream, size, name):
        return _described(stream, size, name)


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
