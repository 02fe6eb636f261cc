"""`latentpng copy`: copy a latent into an edited, resized or re-encoded copy of its picture, which has lost it."""

from __future__ import annotations

import argparse
import dataclasses

from latentpng.commands.embedding import check_places, embed_into
from latentpng.commands.inputs import each
from latentpng.commands.output import add_output, replay_progress
from latentpng.errors import ExitCode

_PIXELS = "The digest of the pixels is copied only if both files have the same pixels."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = f"{parser.description} {_PIXELS}"
    parser.add_argument("source", metavar="FROM", help="the PNG with the latent; - is standard input")
    parser.add_argument("file", metavar="TO", help="the PNG that gets it; changed in place unless --out is given")
    add_output(
        parser,
        "X.png",
        "write the result to this file and leave TO as it is; - is standard output",
        replaced="a different latent, or an output file,",
    )


def run(given: argparse.Namespace) -> ExitCode:
    """Copy the latent."""

    def copy(file: str) -> ExitCode:
        from latentpng.png.files import digest_of_picture, read_record

        check_places(file, given.output, force=given.force)
        record = read_record(given.source, replay_progress(given.source))
        if record.pixels and record.pixels != digest_of_picture(file):
            record = dataclasses.replace(record, metadata=dataclasses.replace(record.metadata, pixels=""))
        embed_into(file, record, given.output, force=given.force)
        return ExitCode.OK

    return each([given.file], copy, folders=False)
