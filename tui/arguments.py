"""The options that `warmer` and its scripts share, as argparse sees them; what they mean is told by `tui.options`.

Imports nothing but argparse: the first paint and --help wait for this.
"""

from __future__ import annotations

import argparse
import re

BAND_NAMES = ("all", "tilt", "layout", "detail")
MEMORY_NAMES = ("auto", "resident", "offload", "group", "8bit", "4bit")
AXIS_NAMES = ("noise", "prompt", "both")


def add_render_options(parser: argparse.ArgumentParser) -> None:
    """How pictures are rendered: as in `warmer new`, everywhere."""
    group = parser.add_argument_group("pictures")
    group.add_argument("--negative", metavar="TEXT", help="what the picture should not show")
    group.add_argument(
        "--size", type=size, metavar="WxH", help="pixels, for example 1024x768 (default: the model's own)"
    )
    group.add_argument("--steps", type=int, metavar="N", help="denoising steps (default: the model's)")
    group.add_argument(
        "--guidance", type=float, metavar="G", help="guidance scale: how strictly the prompt is followed"
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
