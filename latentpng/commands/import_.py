"""`latentpng import`: rebuild the initial noise of another tool's picture and store it in a PNG with the picture."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from latentpng.commands.embedding import check_places, embed_into
from latentpng.commands.inputs import beside, each
from latentpng.commands.output import STANDARD_OUTPUT, add_output, is_same_file, say
from latentpng.errors import ExitCode, InvalidValueError, UnwritableFileError
from latentpng.text import plain

if TYPE_CHECKING:
    from latentpng.foreign.choices import Choices

_SUFFIX = ".latent.png"
_ASSUMED = """Whatever the file does not say is assumed and reported: that the tool drew its noise on its default \
device (CUDA for the web UIs), that this GPU held all values at once, that a CPU had AVX2, and the number of channels \
that the name of the model suggests. The new file marks its noise as "unverified": only a render can show that it is \
the right noise, as `warmer render FILE --check --confirm --model MODEL` does."""
_RECIPES = "a1111, forge, sdnext, comfyui, fooocus, swarmui, invokeai, invokeai2, diffusers, sdcpp, drawthings or mochi"
"""The names in noise/recipes.py, which is not imported for a help text."""
_RANDOMNESS = (
    "generator of the noise: cpu (torch's; also on a Mac), gpu (CUDA's), nv (CUDA's, computed on the CPU) or numpy"
)
_GPU = "GPU that drew the noise: a name such as RTX 3060, or its multiprocessors x threads such as 28x1536"
_DTYPE = "dtype that was drawn: float32, float16, bfloat16, and coarse-float16 or coarse-bfloat16 of older torch"
_ARITHMETIC = """code path of torch's CPU generator; the paths differ in the last bit of some values. avx2 is the \
default: x86 processors with AVX2 or AVX-512. generic: processors without them, such as ARM and Apple silicon, and \
any processor under ATEN_CPU_CAPABILITY=default"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.description = f"{parser.description} {_ASSUMED}"
    parser.add_argument("file", metavar="FILE", help="a PNG, JPEG, WebP or AVIF with the metadata of its tool")
    parser.add_argument(
        "--as", default="", dest="tool", metavar="TOOL", help=f"follow the recipe of this tool: {_RECIPES}"
    )
    parser.add_argument("--randomness", default="", metavar="cpu|gpu|nv|numpy", help=_RANDOMNESS)
    parser.add_argument("--gpu", default="", metavar="NAME", help=_GPU)
    parser.add_argument("--channels", default=0, type=_number, metavar="N", help="latent channels: 4, 16, 32 or 128")
    parser.add_argument("--batch-index", type=_number, metavar="K", help="index of the picture in its batch, from 0")
    parser.add_argument("--batch-size", default=0, type=_number, metavar="N", help="number of pictures in that batch")
    parser.add_argument("--dtype", default="", metavar="NAME", help=_DTYPE)
    parser.add_argument("--arithmetic", default="", metavar="NAME", help=_ARITHMETIC)
    add_output(
        parser,
        "OUT.png",
        f"file to write (default: FILE with the suffix {_SUFFIX})",
        replaced="a different latent, or an output file,",
    )


def run(given: argparse.Namespace) -> ExitCode:
    """Import the picture and return the exit code."""

    def import_file(file: str) -> ExitCode:
        from latentpng.foreign.containers.pixels import is_png
        from latentpng.foreign.importing import import_picture
        from latentpng.png.files import write_picture

        if given.output == STANDARD_OUTPUT:
            raise InvalidValueError("import cannot write to standard output: name a file with --out")
        check_places(file, given.output, force=given.force)
        may_change = is_png(file)  # an unreadable file is reported before its name is used for the target
        target = beside(file, _SUFFIX) if given.output is None else given.output
        check_places(file, target, force=given.force)
        if not may_change and is_same_file(file, target):
            raise UnwritableFileError(f"{plain(target)}: this is the picture itself, and no PNG; choose another --out")
        imported = import_picture(file, _choices(given))
        if imported.is_png:
            embed_into(file, imported.record, target, force=given.force)
        else:
            size, rgb = (imported.width, imported.height), imported.rgb
            write_picture(target, *size, rgb, imported.record, replace=given.force)
        say(f"{target}: {imported.summary}")
        for warning in imported.warnings:
            say(f"{target}: {warning}")
        say(f"{target}: open it with {_command('warmer', target)}, or compare the noise with {_check(target)}")
        return ExitCode.OK

    return each([given.file], import_file, folders=False)


def _choices(given: argparse.Namespace) -> Choices:
    from latentpng.foreign.choices import Choices

    return Choices(
        tool=given.tool,
        randomness=given.randomness,
        gpu=given.gpu,
        channels=given.channels,
        batch_index=given.batch_index,
        batch_size=given.batch_size,
        dtype=given.dtype,
        arithmetic=given.arithmetic,
    )


def _check(target: str) -> str:
    """Return the command that renders the noise and compares the picture with the file's."""
    return f"{_command('warmer', 'render', target)} --check --confirm --model MODEL"


def _command(*words: str) -> str:
    """Return a command as a person can type it; a name that begins with a dash is no option."""
    return shlex.join(f"./{word}" if word.startswith("-") else word for word in words)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise argparse.ArgumentTypeError(f"must be a whole number of at most 9 digits, found {text!r}")
    return int(text)
