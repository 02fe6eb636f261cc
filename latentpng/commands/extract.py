"""`latentpng extract`: write the initial noise of a picture, or of one of its ancestors, to a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from latentpng.arrays import FORMATS, check_suffix, tensor_file
from latentpng.commands.inputs import beside, each
from latentpng.commands.output import STANDARD_OUTPUT, add_output, replay_progress, write
from latentpng.errors import ExitCode, InvalidValueError
from latentpng.text import plain


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("file", metavar="FILE", help="the PNG; - is standard input")
    parser.add_argument(
        "--round", type=_round_number, metavar="N", help="the noise after round N (default: the last); 0 is the root"
    )
    parser.add_argument(
        "--format",
        choices=tuple(FORMATS),
        help="default: by the ending of the output's name, else npy; comfyui is a .latent file for ComfyUI's "
        "LoadLatent node, with noise of unit variance",
    )
    add_output(
        parser,
        "X.npy|X.safetensors|X.latent",
        "where to write the noise (default: the name of FILE with another ending); - is standard output",
    )


def run(given: argparse.Namespace) -> ExitCode:
    """Write the noise."""

    def extract(file: str) -> ExitCode:
        from latentpng.noise.replay import ancestor_noise
        from latentpng.png.files import read_record

        output: str | None = given.output
        suffix = FORMATS[given.format] if given.format else _suffix(output)
        on_progress = replay_progress(file)
        record = read_record(file, on_progress)
        noise = ancestor_noise(record, len(record.lineage.rounds) if given.round is None else given.round, on_progress)
        ending = suffix if given.round is None else f".round-{given.round}{suffix}"
        target = beside(file, ending) if output is None else output
        write(target, tensor_file(noise, record.axes, suffix), force=given.force)
        return ExitCode.OK

    return each([given.file], extract, folders=False)


def _suffix(output: str | None) -> str:
    """Return the suffix that decides the format; InvalidValueError for one that names none."""
    if output is None or output == STANDARD_OUTPUT:
        return ".npy"
    suffix = Path(output).suffix.lower()
    try:
        check_suffix(suffix)
    except InvalidValueError as error:
        raise InvalidValueError(f"--out {plain(output)}: {error}") from error
    return suffix


def _round_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise argparse.ArgumentTypeError(f"a round is a whole number, 0 or more, found {text!r}")
    return int(text)
