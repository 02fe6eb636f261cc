"""`latentpng copy`: give an edited, resized or re-encoded copy of a picture the latent that it lost."""

from __future__ import annotations

import argparse
import dataclasses

from latentpng.commands.embedding import check_places, embed_into
from latentpng.commands.inputs import each
from latentpng.commands.output import add_output, replay_progress
from latentpng.errors import ExitCode

_PIXELS = "The digest of the pixels goes along only where TO still has these pixels."


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.description = f"{parser.description}  {_PIXELS}"
    parser.add_argument("source", metavar="FROM", help="a PNG with a latent; - is standard input")
    parser.add_argument("file", metavar="TO", help="a PNG; changed in place unless -o is there")
    add_output(
        parser, "X.png", "write a copy of TO instead; - is standard output", replaced="another latent, or an output,"
    )


def run(given: argparse.Namespace) -> ExitCode:
    """Carry the latent over."""

    def carry(file: str) -> ExitCode:
        from latentpng.png.files import read_picture, read_record
        from latentpng.png.pixels import pixel_digest

        check_places(file, given.output, force=given.force)
        record = read_record(given.source, replay_progress(given.source))
        if record.pixels and record.pixels != pixel_digest(read_picture(file)[2]):
            record = dataclasses.replace(record, metadata=dataclasses.replace(record.metadata, pixels=""))
        embed_into(file, record, given.output, force=given.force)
        return ExitCode.OK

    return each([given.file], carry, folders=False)
