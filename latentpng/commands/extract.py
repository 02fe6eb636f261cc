"""`latentpng extract`: write the initial noise of a picture, or of its ancestor, to a file of its own."""

from __future__ import annotations

import argparse
from pathlib import Path

from latentpng.commands.inputs import beside, each
from latentpng.commands.output import STANDARD_OUTPUT, add_output, replay_progress, write
from latentpng.errors import ExitCode
from latentpng.tensors import FORMATS, check_suffix, tensor_file


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--round", type=_round_number, metavar="N", help="the noise after round N; 0 is the root")
    parser.add_argument(
        "--format",
        choices=tuple(FORMATS),
        help="default: what the output's name ends in, else npy; comfyui is the .latent of LoadLatent, of unit noise",
    )
    add_output(parser, "X.npy|X.safetensors|X.latent", "default: beside FILE; - is standard output")


def run(given: argparse.Namespace) -> ExitCode:
    """Write the noise."""

    def extract(file: str) -> ExitCode:
        from latentpng.noise.replay import ancestor_noise
        from latentpng.png.files import read_record

        output: str | None = given.output
        named = Path(output).suffix.lower() if output not in (None, STANDARD_OUTPUT) else ".npy"
        suffix = FORMATS[given.format] if given.format else named
        check_suffix(suffix)
        tell = replay_progress(file)
        record = read_record(file, tell)
        noise = ancestor_noise(record, len(record.lineage.rounds) if given.round is None else given.round, tell)
        ending = suffix if given.round is None else f".round-{given.round}{suffix}"
        target = beside(file, ending) if output is None else output
        write(target, tensor_file(noise, record.axes, suffix), force=given.force)
        return ExitCode.OK

    return each([given.file], extract, folders=False)


def _round_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise argparse.ArgumentTypeError(f"a round is a number from 0, found {text!r}")
    return int(text)
