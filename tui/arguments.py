"""The options that `warmer` and its commands share, as argparse sees them, and the frozen values made from them.

`parse` is the only function that sees an `argparse.Namespace`.  The engine resolves the values (`engine.target`).
Imports next to nothing: the first paint and --help wait for this.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine.options import DTYPES, Options
from tui.option_values import device, duration, prediction, region, size, whole_number

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Values = TypeVar("Values", bound=DataclassInstance)
else:
    Values = TypeVar("Values")

BAND_NAMES = ("all", "tilt", "layout", "detail")
MEMORY_NAMES = ("auto", "resident", "offload", "group", "8bit", "4bit")
STYLE_NAMES = ("a1111", "comfyui", "plain")
AXIS_NAMES = ("noise", "prompt", "both")
CARRIERS = "which carries its noise, or is of another tool that recorded a seed (PNG, JPEG, WebP or AVIF)"
"""What the commands that begin with noise take, for their help texts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputArguments:
    """What all commands share besides `Options`.

    Attributes:
        json: Print a JSON object for each result.
        quiet: Show no progress.
        force: Replace files that exist.
    """

    json: bool = False
    quiet: bool = False
    force: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AppArguments:
    """What only the app is asked for.

    Attributes:
        file: The picture to continue from.
        prompt: The prompt to begin with instead of the start screen; with a picture, what it is to show instead; with
            a photograph, what it shows.
        out: The folder of the session; None for a new one.
        graphics: The protocol that draws pictures, or "auto"; "" leaves it to the configuration file.
        grid: Pictures along a side of the grid, "2", "3" or "4", or "auto".
        keep: Which pictures are saved, "picked" or "all".
        first: How the first grids of a new prompt are drawn, "varied" or "plain"; "" leaves it to the configuration
            file.
        ahead: How many grids are rendered ahead of an answer: "off", "auto" or a number; "" leaves it to the
            configuration file.
        draft: Begin with drafts; False leaves it to the configuration file.
        picture_memory: MiB of the pictures that are kept in memory; 0 for the usual number.  Only the configuration
            file names it.
        theme: The name of a theme of the app; "" for the usual one.  Only the configuration file names it.
    """

    file: Path | None = None
    prompt: str | None = None
    out: Path | None = None
    graphics: str = ""
    grid: str = "auto"
    keep: str = "picked"
    first: str = ""
    ahead: str = ""
    draft: bool = False
    picture_memory: int = 0
    theme: str = ""


def parse(parser: argparse.ArgumentParser, arguments: Sequence[str], kind: type[Values]) -> tuple[Options, Values]:
    """Parse a command line into the shared options and the command's own.

    Args:
        parser: The parser; the names of its arguments are the fields of `Options` and of `kind`.
        arguments: The words after the command's name.
        kind: The frozen dataclass of the command's own arguments.

    Returns:
        The options and the command's own arguments.  An argument that was not given leaves the field's default; one
        that both have is the command's own: the prompt of a new picture must not change those that are opened later.

    Raises:
        SystemExit: The arguments are wrong; argparse has printed why.
    """
    namespace = parser.parse_args(arguments)
    own = _values(kind, namespace)
    given = frozenset(name for name, value in vars(namespace).items() if value is not None and value is not False)
    for name in (field.name for field in fields(kind)):
        setattr(namespace, name, None)
    return replace(_values(Options, namespace), given=given), own


def _values(kind: type[Values], namespace: argparse.Namespace) -> Values:
    named = {field.name: getattr(namespace, field.name, None) for field in fields(kind)}
    given = {name: value for name, value in named.items() if value is not None}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})


def add_render_options(
    parser: argparse.ArgumentParser, *, opens_picture: bool = False, fixed_guidance: bool = False
) -> None:
    """Add the options that say what pictures show, how they are rendered, and by which model.

    Args:
        parser: The parser of a command.
        opens_picture: The command continues from a picture, so that the defaults are those of the picture.
        fixed_guidance: The command renders at guidance 1 only.
    """
    group = parser.add_argument_group("pictures")
    _add_picture_options(group, opens_picture=opens_picture, fixed_guidance=fixed_guidance)
    group.add_argument("--seed", type=whole_number, metavar="N", help="a number from 0 to 2^64 - 1 (default: random)")
    add_model_options(parser, opens_picture=opens_picture)


def add_edit_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that change what a picture shows while its noise stays, and those that say how it is rendered."""
    group = parser.add_argument_group("the same noise, rendered in a different way")
    group.add_argument("--prompt", metavar="P", help="what the picture is to show instead (default: the picture's)")
    _add_picture_options(group, opens_picture=True, fixed_guidance=False)
    add_model_options(parser, opens_picture=True)


def _add_picture_options(group: argparse._ArgumentGroup, *, opens_picture: bool, fixed_guidance: bool) -> None:
    default = _default(opens_picture)
    group.add_argument("--negative", dest="negative_prompt", metavar="TEXT", help="what the picture should not show")
    group.add_argument(
        "--size",
        type=size,
        metavar="WxH",
        help=f"width and height in pixels, for example 1024x768 ({default})",
    )
    group.add_argument(
        "--steps",
        dest="num_inference_steps",
        type=int,
        metavar="N",
        help=f"number of denoising steps ({default})",
    )
    group.add_argument(
        "--guidance",
        dest="guidance_scale",
        type=float,
        metavar="G",
        help="guidance scale: only 1 is possible here"
        if fixed_guidance
        else f"guidance scale: how strictly the prompt is followed ({default})",
    )
    add_scheduler_option(group, opens_picture=opens_picture)
    group.add_argument(
        "--prompt-style",
        choices=STYLE_NAMES,
        help="how weights such as (moon:1.2) and long prompts are read: as A1111 or ComfyUI does, or not at all "
        f"(plain) ({'default: as in the picture, else ' if opens_picture else 'default: '}what suits the model)",
    )
    group.add_argument(
        "--clip-skip",
        type=int,
        metavar="N",
        help=f"layer of the CLIP text encoder, counted from the end: 1 is the last, 2 the one before ({default})",
    )


def add_model_options(
    parser: argparse.ArgumentParser,
    *,
    opens_picture: bool = False,
    keep_alive: str = "what the configuration file says, else 0",
) -> None:
    """Add the options that say which model is loaded, and how it runs.

    Args:
        parser: The parser of a command.
        opens_picture: As above.
        keep_alive: What the help says about the default of --keep-alive.
    """
    group = parser.add_argument_group("model")
    _add_weights_options(group, opens_picture)
    _add_running_options(group, keep_alive)
    if opens_picture:
        group.add_argument(
            "--allow-large",
            action="store_true",
            help="render what a picture asks for, even if its size or its steps are far beyond those of its model",
        )


def _add_weights_options(group: argparse._ArgumentGroup, opens_picture: bool) -> None:
    own = "the one that comes with warmer"
    model = f"the picture's, else {own}" if opens_picture else own
    group.add_argument(
        "--profile", metavar="NAME", help="take the settings of this profile in the configuration file (warmer config)"
    )
    loras, vae = ("those of the picture", "that of the picture") if opens_picture else ("none", "none")
    group.add_argument(
        "--model",
        metavar="M",
        help="the name of a model on this machine (warmer models), a .safetensors file, a diffusers folder, or, with "
        f"--download, the id of a model on the Hugging Face hub (default: {model})",
    )
    group.add_argument(
        "--config",
        metavar="DIR",
        help="a diffusers folder that describes a single file of a family that warmer does not know",
    )
    group.add_argument(
        "--prediction",
        type=prediction,
        metavar="P",
        help="what a single file predicts, epsilon or v (default: what its family and its keys say)",
    )
    group.add_argument(
        "--text-encoder",
        dest="text_encoders",
        action="append",
        metavar="FILE",
        help="a text encoder that a single file lacks; may be repeated (default: found in its ComfyUI folders)",
    )
    group.add_argument("--download", action="store_true", help="fetch --model from the Hugging Face hub")
    group.add_argument(
        "--lora",
        dest="loras",
        action="append",
        metavar="FILE[:W]",
        help="a LoRA file and its weight, 1 if left out; may be repeated; the word none stands for no LoRA "
        f"(default: {loras})",
    )
    group.add_argument(
        "--vae",
        metavar="V",
        help=f"a VAE: a folder or a .safetensors file; the word none stands for the model's own (default: {vae})",
    )
    group.add_argument(
        "--preview-vae", metavar="V", help="a tiny autoencoder that draws the previews: a folder or a .safetensors file"
    )


def _add_running_options(group: argparse._ArgumentGroup, keep_alive: str) -> None:
    group.add_argument(
        "--device",
        metavar="D",
        type=device,
        help="auto, cpu, cuda, cuda:1 or mps; several such as cuda:0,cuda:1 share the work (default: auto)",
    )
    group.add_argument(
        "--ray",
        metavar="R",
        help="render on the workers of a Ray cluster: its address, HOST:PORT, or auto for that of this machine "
        "(needs the extra warmer[ray])",
    )
    group.add_argument(
        "--dtype",
        choices=DTYPES,
        help="the number format that the model computes in (default: auto, which suits the device)",
    )
    group.add_argument(
        "--attention",
        metavar="A",
        help='an attention back-end of diffusers, for example "flash" or "sage" (default: auto, torch\'s own)',
    )
    group.add_argument(
        "--memory",
        choices=MEMORY_NAMES,
        help="where weights are kept (GPU, CPU offload) or how they are quantised (default: auto, which is what fits)",
    )
    group.add_argument(
        "--compile",
        action="store_true",
        help="slow first picture, then faster; output is not bit-identical to uncompiled",
    )
    exclusive = group.add_mutually_exclusive_group()
    exclusive.add_argument("--batch", type=int, metavar="N", help="maximum batch size (default: what fits)")
    exclusive.add_argument(
        "--strict",
        action="store_true",
        help="render one picture at a time, so that no other picture of its batch can change a bit of it; slower",
    )
    add_keep_alive_option(group, keep_alive)


def add_keep_alive_option(group: argparse._ActionsContainer, default: str) -> None:
    """Add --keep-alive.

    Args:
        group: What it is added to.
        default: What the help says about its default.
    """
    group.add_argument(
        "--keep-alive",
        type=duration,
        metavar="TIME",
        help="how long a worker keeps the model after this and all other programs have ended, for example 10m, 90s or "
        f"2h; see `warmer worker` (default: {default})",
    )


def add_scheduler_option(parser: argparse._ActionsContainer, *, opens_picture: bool = False) -> None:
    """Add --scheduler; the arguments are as above."""
    parser.add_argument(
        "--scheduler",
        metavar="S",
        help=f'for example "Euler a", "DPM++ 2M Karras" or a class name of diffusers ({_default(opens_picture)})',
    )


def add_bands_option(parser: argparse._ActionsContainer) -> None:
    """Add --bands."""
    parser.add_argument(
        "--bands",
        choices=BAND_NAMES,
        help="how much moves at which level of detail: all levels alike, coarse ones more than fine ones (tilt), only "
        "the coarse half (layout) or only the fine half (detail) (default: all)",
    )


def add_region_option(parser: argparse._ActionsContainer) -> None:
    """Add --region."""
    parser.add_argument(
        "--region",
        type=region,
        metavar="R",
        help="the part of the picture that moves, while the rest of the noise stays: left, right, top, bottom, tl, tr, "
        "bl, br, several joined by +, cells of three by three in reading order (3x3:1+5), a box X,Y,W,H in "
        "percent, or rows of 0 and 1 (10/00); outside:R moves everything else (default: the whole picture)",
    )


def add_axis_option(parser: argparse._ActionsContainer) -> None:
    """Add --axis."""
    parser.add_argument(
        "--axis",
        choices=AXIS_NAMES,
        help="what moves: the initial noise, the embedding of the prompt (for distilled models, whose pictures hardly "
        "depend on their noise), or both (default: as in the picture's last round, else noise)",
    )


def add_out_option(parser: argparse._ActionsContainer, metavar: str, text: str, *, required: bool = False) -> None:
    """Add --out under all its names.

    Args:
        parser: The parser of a command that writes pictures.
        metavar: The form of the output's name, as the help shows it.
        text: What the help says about it.
        required: Refuse a command line without it.
    """
    names = parser.add_mutually_exclusive_group(required=required)
    names.add_argument("-o", "--out", type=Path, metavar=metavar, help=f"{text} (also: --output)")
    names.add_argument("--output", dest="out", type=Path, help=argparse.SUPPRESS)


def add_force_option(parser: argparse._ActionsContainer) -> None:
    """Add --force under all its names."""
    parser.add_argument("-f", "--force", action="store_true", help="replace files that exist (also: --overwrite)")
    parser.add_argument("--overwrite", dest="force", action="store_true", help=argparse.SUPPRESS)


def _default(opens_picture: bool) -> str:
    return "default: the picture's, else the model's" if opens_picture else "default: the model's"
