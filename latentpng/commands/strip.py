"""`latentpng strip`: remove what the format adds to a PNG, in place or in a copy."""

from __future__ import annotations

import argparse

from latentpng.commands.inputs import each
from latentpng.commands.output import (
    STANDARD_OUTPUT,
    add_output,
    check_target,
    say,
    signature_warning,
    standard_output,
)
from latentpng.errors import ExitCode
from latentpng.png.open import STANDARD_INPUT


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "file", metavar="FILE", help="the PNG; changed in place unless --out is given; - is standard input"
    )
    add_output(parser, "X.png", "write the result to this file and leave FILE as it is; - is standard output")


def run(given: argparse.Namespace) -> ExitCode:
    """Remove noise, lineage and settings."""
    output: str | None = given.output
    if given.file == STANDARD_INPUT and output is None:
        output = STANDARD_OUTPUT

    def strip(file: str) -> ExitCode:
        from latentpng.png import files

        warn = signature_warning(file)
        if output == STANDARD_OUTPUT:
            data, carried = files.stripped(file, warn)
            standard_output().buffer.write(data)
        else:
            if output is not None:
                check_target(output, force=given.force)
            carried = files.strip(file, output, warn)
        if not carried:
            say(f"{file}: it carries no latent and no text of latentpng, so there is nothing to remove")
        return ExitCode.OK

    return each([given.file], strip, folders=False)
