"""The options that `warmer` and its commands share, as argparse sees them, and the frozen values made from them.

`parse` is the only function that sees an `argparse.Namespace`.  The engine resolves the values (`engine.target`).
Imports next to nothing: the first paint and --help wait for this.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine.options import Options

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Values = TypeVar("Values", bound=DataclassInstance)
else:
    Values = TypeVar("Values")

BAND_NAMES = ("all", "tilt", "layout", "detail")
MEMORY_NAMES = ("auto", "resident", "offload", "group", "8bit", "4bit")
AXIS_NAMES = ("noise", "prompt", "both")


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputArguments:
    """What all commands share besides `Options`.

    Attributes:
        json: Print a JSON object for each result.
        quiet: Show no progress.
        overwrite: Replace files that exist.
    """

    json: bool = False
    quiet: bool = False
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AppArguments:
    """What only the app is asked for.

    Attributes:
        file: The picture to continue from.
        prompt: The prompt to begin with instead of the start screen.
        out: The folder of the session; None for a new one.
        graphics: The protocol that draws pictures, or "auto".
        grid: Pictures along a side of the grid, "2", "3" or "4", or "auto".
        keep: Which pictures are saved, "picked" or "all".
    """

    file: Path | None = None
    prompt: str | None = None
    out: Path | None = None
    graphics: str = "auto"
    grid: str = "auto"
    keep: str = "picked"


def parse(parser: argparse.ArgumentParser, arguments: Sequence[str], kind: type[Values]) -> tuple[Options, Values]:
    """Parse a command line into the shared options and the command's own.

    Args:
        parser: The parser; the names of its arguments are the fields of `Options` and of `kind`.
        arguments: The words after the command's name.
        kind: The frozen dataclass of the command's own arguments.

    Returns:
        The options and the command's own arguments.  An argument that was not given leaves the field's default.

    Raises:
        SystemExit: The arguments are wrong; argparse has printed why.
    """
    namespace = parser.parse_args(arguments)
    return _values(Options, namespace), _values(kind, namespace)


def _values(kind: type[Values], namespace: argparse.Namespace) -> Values:
    named = {field.name: getattr(namespace, field.name, None) for field in fields(kind)}
    given = {name: value for name, value in named.items() if value is not None}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})


def add_render_options(parser: argparse.ArgumentParser) -> None:
    """How pictures are rendered: as in `warmer new`, everywhere."""
    group = parser.add_argument_group("pictures")
    group.add_argument("--negative", dest="negative_prompt", metavar="TEXT", help="what the picture should not show")
    group.add_argument(
        "--size", type=size, metavar="WxH", help="pixels, for example 1024x768 (default: the model's own)"
    )
    group.add_argument(
        "--steps", dest="num_inference_steps", type=int, metavar="N", help="denoising steps (default: the model's)"
    )
    group.add_argument(
        "--guidance",
        dest="guidance_scale",
        type=float,
        metavar="G",
        help="guidance scale: how strictly the prompt is followed",
    )
    add_scheduler_option(group)
    group.add_argument("--seed", type=whole_number, metavar="N", help="0 to 2^64 - 1; drawn by chance when left out")
    add_model_options(parser)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Which model, and where it runs."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model", default="", metavar="M", help="a diffusers folder or a .safetensors file; else built in"
    )
    group.add_argument(
        "--config", default="", metavar="DIR", help="a diffusers folder that describes a .safetensors file"
    )
    group.add_argument("--download", action="store_true", help="let --model be a hub id, and fetch it")
    group.add_argument(
        "--lora",
        dest="loras",
        action="append",
        metavar="FILE[:W]",
        help="a LoRA file and its weight (default: 1), or none; may be given again",
    )
    group.add_argument("--vae", default="", metavar="V", help="a folder or a .safetensors file, or none: its own")
    group.add_argument("--preview-vae", default="", metavar="DIR", help="a tiny autoencoder that draws the previews")
    group.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda, cuda:1 or mps (default: auto)")
    group.add_argument("--dtype", default="auto", choices=("auto", "float32", "float16", "bfloat16"))
    group.add_argument(
        "--attention", default="auto", metavar="A", help='a back-end of diffusers, for example "flash" or "sage"'
    )
    group.add_argument(
        "--memory",
        default="auto",
        choices=MEMORY_NAMES,
        help="where weights wait, or how small they are stored (default: what fits)",
    )
    group.add_argument(
        "--compile",
        action="store_true",
        help="compile the repeated blocks of the model: the first picture waits for it, the rest is faster; other bits "
        "than without",
    )
    together = group.add_mutually_exclusive_group()
    together.add_argument("--batch", type=int, default=0, metavar="N", help="most pictures rendered at once")
    together.add_argument(
        "--strict", action="store_true", help="one picture at a time: no neighbour can change a bit of it; slower"
    )


def add_scheduler_option(parser: argparse._ActionsContainer) -> None:
    """How the steps are chosen and computed."""
    parser.add_argument("--scheduler", metavar="S", help='for example "Euler a", "DPM++ 2M Karras", or a class name')


def add_bands_option(parser: argparse._ActionsContainer) -> None:
    """Which octaves move."""
    parser.add_argument(
        "--bands", choices=BAND_NAMES, help="what moves: everything, coarse more than fine, or one half"
    )


def add_axis_option(parser: argparse._ActionsContainer) -> None:
    """Noise, prompt or both."""
    parser.add_argument(
        "--axis",
        choices=AXIS_NAMES,
        help="what varies: the initial noise, the prompt's embedding (for distilled models, whose pictures hardly "
        "depend on their noise), or both (default: as in the picture's last round, else noise)",
    )


def size(text: str) -> tuple[int, int]:
    """argparse type of --size."""
    match = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text.strip())
    if not match:
        raise argparse.ArgumentTypeError(f"a size is WIDTHxHEIGHT, for example 512x512, found {text!r}")
    width, height = int(match[1]), int(match[2])
    if width % 8 or height % 8 or not width or not height:
        raise argparse.ArgumentTypeError(f"width and height are multiples of 8, found {text!r}")
    return width, height


def whole_number(text: str) -> int:
    """argparse type of --seed."""
    if not re.fullmatch(r"\d{1,20}", text.strip()) or int(text) >= 2**64:
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 to 2^64 - 1, found {text!r}")
    return int(text)


def fraction(text: str) -> float:
    """argparse type of --scale."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(f"a scale is a number above 0 and at most 1, found {text!r}")
    return value


def count(text: str) -> int:
    """argparse type of --count."""
    if not re.fullmatch(r"\d{1,5}", text.strip()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a count is a whole number from 1, found {text!r}")
    return int(text)
